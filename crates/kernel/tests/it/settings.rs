//! What the owner sets for an app: checked against its schema, told to its runs, and to nobody else.

use crate::{
    House,
    guests::said,
    house::{ended, owner, owner_of, script},
};
use protocol::{Caller, Door, ErrorCode, Failure, OwnerId, Right, Rights, api::SettingView};
use serde_json::{Map, Value, json};
use state::{Space, Store as _};
use std::collections::BTreeMap;

fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["city"],
        "properties": {
            "city": { "type": "string", "title": "City", "minLength": 1, "maxLength": 40 },
            "days": { "type": "integer", "minimum": 1, "maximum": 14, "default": 3 },
            "words": { "type": "array", "items": { "type": "string" } },
            "key": { "type": "string", "secret": true },
        }
    })
}

async fn install(house: &House, caller: Caller, version: &str, settings: Option<Value>) {
    let mut manifest = json!({ "id": "weather", "name": "Weather", "version": version });
    if let Some(settings) = settings {
        manifest["settings"] = settings;
    }
    let files: BTreeMap<String, Vec<u8>> = [
        ("manifest.json", manifest.to_string()),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("permissions.json", json!({ "storage": true, "ai": false }).to_string()),
        ("bot-logic.js", "export async function go(payload, ctx) {}\n".to_owned()),
    ]
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .into();
    let archive = house.archive("weather", &package::pack(&files).unwrap());
    let (offer, _) = house.offer(caller, &archive).await.unwrap();
    house.kernel.app_install(caller, offer, vec![]).await.unwrap();
}

async fn set(house: &House, caller: Caller, changes: Value) -> Result<Vec<SettingView>, Failure> {
    let Value::Object(changes) = changes else { panic!("an object") };
    house.kernel.setting_set(caller, "weather".parse().unwrap(), changes).await
}

/// What a run sees.
async fn seen(house: &House, caller: Caller) -> Result<Value, Failure> {
    let viewer = house.start_as(caller, "weather", "go", json!({}), None, &[]).await?;
    let report = ended(viewer).await.1;
    Ok(serde_json::from_str(report.text.as_deref().unwrap()).unwrap())
}

async fn weather() -> House {
    let house = House::new();
    install(&house, owner(), "1.0.0", Some(schema())).await;
    house.script("go", |guest| async move { said(guest.env()["settings"].to_string()) });
    house
}

#[tokio::test]
async fn what_is_set_is_what_the_next_run_sees() {
    let house = weather().await;
    let refused = seen(&house, owner()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidInput);
    assert!(refused.message.contains("city") && refused.hint.unwrap().contains("oikos app settings weather"));
    let shown = set(&house, owner(), json!({ "city": "Graz" })).await.unwrap();
    let rows: Vec<_> = shown.iter().map(|row| (&*row.name, row.value.clone(), row.is_set, row.is_secret)).collect();
    let expected = [
        ("city", Some(json!("Graz")), true, false),
        ("days", Some(json!(3)), false, false),
        ("key", None, false, true),
        ("words", None, false, false),
    ];
    let mut sorted = rows.clone();
    sorted.sort_by_key(|row| row.0);
    assert_eq!(sorted, expected);
    assert_eq!(seen(&house, owner()).await.unwrap(), json!({ "city": "Graz", "days": 3 }));
    set(&house, owner(), json!({ "days": 7, "words": ["rain", "wind"] })).await.unwrap();
    assert_eq!(seen(&house, owner()).await.unwrap(), json!({ "city": "Graz", "days": 7, "words": ["rain", "wind"] }));
    set(&house, owner(), json!({ "days": null, "words": null })).await.unwrap();
    assert_eq!(seen(&house, owner()).await.unwrap(), json!({ "city": "Graz", "days": 3 }));
    // Which were changed is told, and not to what.
    let told: Vec<String> = house.log().iter().map(|record| record.sentence.to_string()).collect();
    assert!(told.iter().any(|told| told.contains("you changed its settings city")), "{told:?}");
    assert!(!told.iter().any(|told| told.contains("Graz")), "{told:?}");
}

#[tokio::test]
async fn what_does_not_fit_changes_nothing() {
    let house = weather().await;
    set(&house, owner(), json!({ "city": "Graz", "days": 2 })).await.unwrap();
    let before = house.log().len();
    let check = async |changes: Value, code: ErrorCode, says: &str| {
        let failure = set(&house, owner(), changes.clone()).await.unwrap_err();
        assert_eq!(failure.code, code, "{changes}: {failure:?}");
        let told = format!("{} {}", failure.message, failure.hint.unwrap_or_default());
        assert!(told.contains(says), "{changes}: {told}");
        assert!(!told.contains("hunter2") || code == ErrorCode::NotFound, "{told}");
    };
    check(json!({ "days": 0 }), ErrorCode::InvalidInput, "days").await;
    check(json!({ "days": "3" }), ErrorCode::InvalidInput, "days").await;
    check(json!({ "days": 5, "city": "" }), ErrorCode::InvalidInput, "city").await;
    check(json!({ "city": null }), ErrorCode::InvalidInput, "city").await;
    check(json!({ "city": "x".repeat(41) }), ErrorCode::InvalidInput, "city").await;
    check(json!({ "days": 5, "town": "Graz" }), ErrorCode::NotFound, "it has: ").await;
    check(json!({ "__proto__": {} }), ErrorCode::NotFound, "no setting").await;
    check(json!({ "a\u{202e}b\n": 1 }), ErrorCode::NotFound, "no setting").await;
    check(json!({ "key": 5 }), ErrorCode::InvalidInput, "that is a text").await;
    check(json!({ "key": "" }), ErrorCode::InvalidInput, "at least one").await;
    check(json!({ "key": "hunter2", "days": 0 }), ErrorCode::InvalidInput, "days").await;
    check(json!({ "key": { "key": "hunter2" } }), ErrorCode::NotFound, "no key called").await;
    check(json!({ "key": { "key": "HUNTER 2" } }), ErrorCode::InvalidInput, "no name of a key").await;
    let long: Vec<String> = (0..10_000).map(|number| format!("word {number}")).collect();
    check(json!({ "words": long }), ErrorCode::TooLarge, "larger than").await;
    assert_eq!(seen(&house, owner()).await.unwrap(), json!({ "city": "Graz", "days": 2 }));
    let told = house.log();
    assert!(told.iter().skip(before).all(|record| record.run.is_some()), "nothing of it was written");
    assert!(!format!("{told:?}").contains("hunter2"));
}

#[tokio::test]
async fn settings_are_one_owners_and_need_the_right() {
    let house = weather().await;
    let other = owner_of(OwnerId(2));
    assert_eq!(set(&house, other, json!({ "city": "Linz" })).await.unwrap_err().code, ErrorCode::AppNotFound);
    install(&house, other, "1.0.0", Some(schema())).await;
    set(&house, owner(), json!({ "city": "Graz" })).await.unwrap();
    set(&house, other, json!({ "city": "Linz" })).await.unwrap();
    assert_eq!(seen(&house, owner()).await.unwrap()["city"], "Graz");
    assert_eq!(seen(&house, other).await.unwrap()["city"], "Linz");
    let reader = Caller { door: Door::Key, rights: Rights::of(&[Right::Read, Right::Run]), ..script() };
    assert_eq!(set(&house, reader, json!({ "city": "Wien" })).await.unwrap_err().code, ErrorCode::PermissionDenied);
    assert!(house.kernel.setting_list(&reader, &"weather".parse().unwrap()).await.is_ok());
    let runner = Caller { rights: Rights::of(&[Right::Run]), ..reader };
    let listed = house.kernel.setting_list(&runner, &"weather".parse().unwrap()).await;
    assert_eq!(listed.unwrap_err().code, ErrorCode::PermissionDenied);
}

#[tokio::test]
async fn settings_outlive_upgrades_and_go_with_the_data() {
    let house = weather().await;
    set(&house, owner(), json!({ "city": "Graz", "days": 9 })).await.unwrap();
    // The newer version wants less of it.
    let mut smaller = schema();
    smaller["properties"]["days"]["maximum"] = json!(5);
    install(&house, owner(), "1.1.0", Some(smaller)).await;
    let refused = seen(&house, owner()).await.unwrap_err();
    assert!(refused.message.contains("days"), "it is said, not guessed: {refused:?}");
    set(&house, owner(), json!({ "days": 4 })).await.unwrap();
    assert_eq!(seen(&house, owner()).await.unwrap(), json!({ "city": "Graz", "days": 4 }));
    // One without any gets none, and what was set stays for one that has them again.
    install(&house, owner(), "1.2.0", None).await;
    assert_eq!(seen(&house, owner()).await.unwrap(), Value::Null);
    let nothing = set(&house, owner(), json!({ "city": "Wien" })).await.unwrap_err();
    assert!(nothing.hint.unwrap().contains("nothing"));
    install(&house, owner(), "1.3.0", Some(schema())).await;
    assert_eq!(seen(&house, owner()).await.unwrap(), json!({ "city": "Graz", "days": 4 }));
    let rows = |house: &House| house.store.scan(OwnerId::LOCAL, Space::Setting, "app/", None, 10).unwrap().len();
    assert_eq!(rows(&house), 1);
    house.kernel.app_remove(owner(), "weather".parse().unwrap(), true).await.unwrap();
    assert_eq!(rows(&house), 0);
}

/// An empty change is none.
#[tokio::test]
async fn nothing_changed_is_nothing_told() {
    let house = weather().await;
    let before = house.log().len();
    house.kernel.setting_set(owner(), "weather".parse().unwrap(), Map::new()).await.unwrap();
    assert_eq!(house.log().len(), before);
}
