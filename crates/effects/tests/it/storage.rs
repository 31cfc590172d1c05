//! Keys and values.

use crate::support::{House, Outcome};
use broker::Lease;
use kernel::{effect::Said, host_call::StorageCall};
use protocol::{AppName, ErrorCode, Labels, Limits, OwnerId, limit::HOST_RESULT_BYTES_MAX};
use serde_json::{Value, json};
use state::{Batch, Durability, Key, Space, Store};

fn get(house: &House, lease: &Lease, key: &str) -> Value {
    house.storage(lease, StorageCall::Get { key: key.into() }).json()
}

fn set(house: &House, lease: &Lease, key: &str, value: &str) -> Outcome {
    house.storage(lease, StorageCall::Set { key: key.into(), value: value.into() })
}

fn delete(house: &House, lease: &Lease, key: &str) -> Value {
    house.storage(lease, StorageCall::Delete { key: key.into() }).json()
}

fn list(house: &House, lease: &Lease, prefix: &str, after: Option<&str>, limit: Option<u32>) -> Value {
    let call = StorageCall::List { prefix: prefix.into(), after: after.map(str::to_owned), limit };
    house.storage(lease, call).json()
}

#[test]
fn a_run_sees_what_it_wrote_and_others_only_what_was_kept() {
    let house = House::new();
    let (writer, reader) = (house.lease(), house.lease());
    set(&house, &writer, "a", r#"{"n":1}"#).done();
    assert_eq!(get(&house, &writer, "a"), json!({ "n": 1 }));
    assert_eq!(get(&house, &reader, "a"), Value::Null);
    house.run_end(&writer, true);
    assert_eq!(get(&house, &reader, "a"), json!({ "n": 1 }));
    // A run that failed leaves nothing.
    let failed = house.lease();
    set(&house, &failed, "a", "2").done();
    assert_eq!(delete(&house, &failed, "a"), true);
    assert_eq!(get(&house, &failed, "a"), Value::Null);
    assert_eq!(delete(&house, &failed, "a"), false);
    set(&house, &failed, "b", "2").done();
    house.run_end(&failed, false);
    assert_eq!(get(&house, &reader, "a"), json!({ "n": 1 }));
    assert_eq!(get(&house, &reader, "b"), Value::Null);
    let deletes = house.lease();
    assert_eq!(delete(&house, &deletes, "a"), true);
    house.run_end(&deletes, true);
    assert_eq!(get(&house, &reader, "a"), Value::Null);
}

#[test]
fn lists_merge_what_is_stored_and_what_is_held_back() {
    let house = House::new();
    let first = house.lease();
    for index in (0..300).step_by(2) {
        set(&house, &first, &format!("k/{index:03}"), "0").done();
    }
    set(&house, &first, "other", "0").done();
    house.run_end(&first, true);
    let lease = house.lease();
    for index in (1..300).step_by(2) {
        set(&house, &lease, &format!("k/{index:03}"), "0").done();
    }
    for index in (0..300).step_by(10) {
        assert_eq!(delete(&house, &lease, &format!("k/{index:03}")), true);
    }
    let expected: Vec<String> = (0..300).filter(|index| index % 10 != 0).map(|index| format!("k/{index:03}")).collect();
    assert_eq!(list(&house, &lease, "k/", None, None), json!(expected));
    assert_eq!(list(&house, &lease, "k/", None, Some(3)), json!(["k/001", "k/002", "k/003"]));
    assert_eq!(list(&house, &lease, "k/", Some("k/009"), Some(2)), json!(["k/011", "k/012"]));
    assert_eq!(list(&house, &lease, "k/", Some("k/298"), None), json!(["k/299"]));
    assert_eq!(list(&house, &lease, "o", Some("a"), None), json!(["other"]));
    assert_eq!(list(&house, &lease, "k/", Some("l"), None), json!([]));
    assert_eq!(list(&house, &lease, "z", None, Some(0)), json!([]));
    let mut pages = Vec::new();
    loop {
        let page = list(&house, &lease, "", pages.last().map(String::as_str), Some(7));
        let page: Vec<String> = serde_json::from_value(page).expect("texts");
        if page.is_empty() {
            break;
        }
        pages.extend(page);
    }
    assert_eq!(pages, [expected, vec!["other".to_owned()]].concat());
}

#[test]
fn apps_do_not_see_each_other() {
    let house = House::new();
    let lease = house.lease();
    set(&house, &lease, "mine", "1").done();
    house.run_end(&lease, true);
    let stored = house.store.scan(OwnerId::LOCAL, Space::Storage, "", None, 10).expect("a scan");
    assert_eq!(stored.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["table-app/mine"]);
    // An app whose name begins like ours.
    let mut batch = Batch::new();
    for key in ["table-app2/x", "table-ap/x", "table-app-/x"] {
        batch.put(&Key::new(OwnerId::LOCAL, Space::Storage, key), b"1".to_vec(), Labels::NONE);
    }
    house.store.commit(batch, Durability::Saved).expect("a commit");
    let lease = house.lease();
    assert_eq!(list(&house, &lease, "", None, None), json!(["mine"]));
    assert_eq!(get(&house, &lease, "../table-app2/x"), Value::Null);
    let other: AppName = "table-app2".parse().expect("a name");
    let lease = house.lease_of(&other, Limits::default());
    assert!(matches!(house.storage(&lease, StorageCall::Get { key: "x".into() }), Outcome::Denied(_)));
}

#[test]
fn values_have_to_be_json_and_fit() {
    let house = House::new();
    let lease = house.lease();
    let deep = "[".repeat(100_000);
    for bad in ["", "{", "nope", "1 2", "\u{1}", &deep] {
        assert_eq!(set(&house, &lease, "k", bad).code(), ErrorCode::InvalidInput);
    }
    let call = StorageCall::Set { key: "k".into(), value: vec![b'"', 0xff, b'"'] };
    assert_eq!(house.storage(&lease, call).code(), ErrorCode::InvalidInput);
    let large = format!("\"{}\"", "x".repeat(HOST_RESULT_BYTES_MAX));
    assert_eq!(set(&house, &lease, "k", &large).code(), ErrorCode::TooLarge);
    assert_eq!(get(&house, &lease, "k"), Value::Null);
    set(&house, &lease, "k", "null").done();
    assert_eq!(get(&house, &lease, "k"), Value::Null);
    assert_eq!(delete(&house, &lease, "k"), true);
}

#[test]
fn the_quota_holds_across_runs_under_way() {
    let house = House::new();
    let value = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let first = house.lease();
    set(&house, &first, "a", &value(600 << 10)).done();
    let error = set(&house, &first, "b", &value(600 << 10)).error();
    assert_eq!(error.code, ErrorCode::QuotaExceeded);
    assert!(error.message.contains("600.0 KiB of 1.0 MiB"), "{}", error.message);
    // What replaces something counts for what it adds.
    set(&house, &first, "a", &value(900 << 10)).done();
    set(&house, &first, "a", &value(500 << 10)).done();
    // Another run at the same time does not get the quota a second time.
    let second = house.lease();
    assert_eq!(set(&house, &second, "c", &value(600 << 10)).code(), ErrorCode::QuotaExceeded);
    set(&house, &second, "c", &value(400 << 10)).done();
    house.run_end(&first, true);
    assert_eq!(set(&house, &second, "d", &value(300 << 10)).code(), ErrorCode::QuotaExceeded);
    house.run_end(&second, true);
    let third = house.lease();
    assert_eq!(set(&house, &third, "d", &value(300 << 10)).code(), ErrorCode::QuotaExceeded);
    assert_eq!(delete(&house, &third, "a"), true);
    set(&house, &third, "d", &value(300 << 10)).done();
    house.run_end(&third, true);
    assert_eq!(list(&house, &house.lease(), "", None, None), json!(["c", "d"]));
    let used = house.store.sum_bytes(OwnerId::LOCAL, Space::Storage, "table-app/").expect("a sum");
    assert!(used <= 1 << 20, "{used}");
}

#[test]
fn labels_stay_with_values() {
    let house = House::new();
    std::fs::write(house.folder.join("a"), "x").expect("a file");
    let lease = house.lease();
    set(&house, &lease, "before", "1").done();
    house.read(&lease, "work/a").done();
    house.run_end(&lease, true);
    let reader = house.lease();
    let call = StorageCall::Get { key: "before".into() };
    // The whole run is labelled: what was written before the file was read is written at the run's end.
    assert_eq!(house.storage(&reader, call).done().labels, Labels::PRIVATE);
    let call = StorageCall::List { prefix: String::new(), after: None, limit: None };
    assert_eq!(house.storage(&reader, call).done().labels, Labels::PRIVATE);
    let call = StorageCall::Get { key: "none".into() };
    assert_eq!(house.storage(&reader, call).done().labels, Labels::NONE);
}

#[test]
fn the_log_counts_keys() {
    let house = House::new();
    let lease = house.lease();
    let done = set(&house, &lease, "k", "[1,2]").done();
    let said = Said::Storage { verb: broker::StorageVerb::Set, keys: 1, bytes: 5 };
    assert_eq!(done.said, Some(said));
}
