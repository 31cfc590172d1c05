//! Tables.

use crate::support::{House, Outcome};
use broker::Lease;
use kernel::{
    effect::Said,
    host_call::{CsvAggregate, CsvCall, CsvMeasure, CsvMeasureKind, CsvOptions, HostAnswer},
};
use proptest::prelude::*;
use protocol::{ErrorCode, FileAccess, limit::HOST_RESULT_BYTES_MAX};
use serde_json::{Value, json};
use std::fs;

pub(crate) fn open(house: &House, lease: &Lease, options: CsvOptions) -> Value {
    house.csv(lease, CsvCall::Open { path: "work/t.csv".into(), options }).json()
}

pub(crate) fn table(house: &House, lease: &Lease, text: &[u8]) -> u32 {
    fs::write(house.folder.join("t.csv"), text).expect("a file");
    handle(&open(house, lease, CsvOptions::default()))
}

pub(crate) fn handle(answer: &Value) -> u32 {
    answer["table"].as_u64().expect("a handle") as u32
}

pub(crate) fn all_rows(house: &House, lease: &Lease, table: u32, limit: u32) -> Vec<Value> {
    let mut rows = Vec::new();
    loop {
        let answer = house.csv(lease, CsvCall::Rows { table, limit: Some(limit) }).json();
        rows.extend(answer["rows"].as_array().expect("rows").iter().cloned());
        if answer["done"] == true {
            return rows;
        }
    }
}

fn statistics(house: &House, lease: &Lease, table: u32) -> Value {
    house.csv(lease, CsvCall::Statistics { table, columns: None }).json()
}

fn measure(measure: CsvMeasureKind, column: Option<&str>) -> CsvMeasure {
    CsvMeasure { measure, column: column.map(str::to_owned) }
}

#[test]
fn a_table_says_what_it_is() {
    let house = House::new();
    let lease = house.lease();
    let text = "\u{feff}name;price;price;\r\nx;1,5;2;3\r\n";
    fs::write(house.folder.join("t.csv"), text).expect("a file");
    let answer = open(&house, &lease, CsvOptions::default());
    assert_eq!(
        answer,
        json!({ "table": 1, "columns": ["name", "price", "price_2", "column_4"], "delimiter": ";", "header": true, "bytes": text.len() })
    );
    assert_eq!(all_rows(&house, &lease, handle(&answer), 10), [json!(["x", "1,5", "2", "3"])]);
    let options = CsvOptions { delimiter: Some(",".into()), header: Some(false), ..CsvOptions::default() };
    let answer = open(&house, &lease, options);
    assert_eq!((&answer["columns"], &answer["header"]), (&json!(["column_1"]), &json!(false)));
    let rows = all_rows(&house, &lease, handle(&answer), 10);
    assert_eq!(rows, [json!(["name;price;price;"]), json!(["x;1"])]);
    for bad in ["", ",,", "é", "\"", "\n", "\r"] {
        let options = CsvOptions { delimiter: Some(bad.into()), ..CsvOptions::default() };
        let call = CsvCall::Open { path: "work/t.csv".into(), options };
        assert_eq!(house.csv(&lease, call).code(), ErrorCode::InvalidInput, "{bad:?}");
    }
    let empty = table(&house, &lease, b"");
    assert_eq!(all_rows(&house, &lease, empty, 10), [Value::Null; 0]);
    assert_eq!(statistics(&house, &lease, empty)["rows"], 0);
}

#[test]
fn rows_come_in_batches() {
    let house = House::new();
    let lease = house.lease();
    let text: String = (0..5_000).map(|row| format!("{row},\"line\nbreak\"\r\n")).collect();
    let table = table(&house, &lease, format!("n,text\r\n{text}").as_bytes());
    for limit in [1, 7, 10_000] {
        let lease_of_its_own = house.lease();
        let table = handle(&open(&house, &lease_of_its_own, CsvOptions::default()));
        let rows = all_rows(&house, &lease_of_its_own, table, limit);
        assert_eq!(rows.len(), 5_000);
        assert!(rows.iter().enumerate().all(|(index, row)| *row == json!([index.to_string(), "line\nbreak"])));
        house.run_end(&lease_of_its_own, true);
    }
    // Past the end there is nothing, and no error.
    assert_eq!(all_rows(&house, &lease, table, 10_000).len(), 5_000);
    let answer = house.csv(&lease, CsvCall::Rows { table, limit: None }).json();
    assert_eq!(answer, json!({ "rows": [], "done": true }));
}

#[test]
fn ragged_rows_are_evened_out_and_counted() {
    let house = House::new();
    let lease = house.lease();
    let table = table(&house, &lease, b"a,b,c\n1,2,3\n1\n1,2,3,4,5\n\n,,\n\xff,x,\xc3\xa9\n");
    assert_eq!(
        all_rows(&house, &lease, table, 100),
        [
            json!(["1", "2", "3"]),
            json!(["1", null, null]),
            json!(["1", "2", "3"]),
            json!(["", null, null]),
            json!(["", "", ""]),
            json!(["\u{fffd}", "x", "é"]),
        ]
    );
    let statistics = statistics(&house, &lease, table);
    assert_eq!(statistics["rows"], 6);
    assert_eq!(statistics["ragged"], json!({ "short": 2, "long": 1, "blank": 1 }));
    assert_eq!(statistics["invalidUtf8"], 1);
    let column = &statistics["columns"][0];
    assert_eq!((&column["count"], &column["empty"], &column["missing"]), (&json!(6), &json!(2), &json!(0)));
    let column = &statistics["columns"][1];
    assert_eq!((&column["count"], &column["missing"], &column["distinct"]), (&json!(4), &json!(2), &json!(3)));
}

#[test]
fn statistics_tell_a_column() {
    let house = House::new();
    let lease = house.lease();
    let mut text = "id,price,word,day,ok\n".to_owned();
    for row in 1..=1_000 {
        let price = if row == 500 { 1e6 } else { f64::from(row % 100) + 0.5 };
        let word = ["red", "green", "green", ""][row as usize % 4];
        text.push_str(&format!("{row},{price},{word},2026-01-{:02},{}\n", row % 28 + 1, row % 2 == 0));
    }
    let table = table(&house, &lease, text.as_bytes());
    let scene = house.scene(&lease);
    let outcome = house.call(&*house.effects.csv, CsvCall::Statistics { table, columns: None }, &scene);
    let Outcome::Done(done) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(&done.said, Some(Said::Once(said)) if said.to_string().contains("1000 rows")), "{:?}", done.said);
    assert!(!scene.progress.lock().is_empty());
    let answer = Outcome::Done(done).json();
    let columns = &answer["columns"];
    let types: Vec<&str> = (0..5).map(|place| columns[place]["type"].as_str().expect("a type")).collect();
    assert_eq!(types, ["integer", "float", "text", "date", "boolean"]);
    assert_eq!(columns[0]["sum"], 500_500);
    assert_eq!(columns[0]["sumText"], "500500");
    assert_eq!(columns[0]["distinct"], 1_000);
    assert_eq!(columns[0]["quantiles"], json!({ "p25": 250.75, "p50": 500.5, "p75": 750.25, "approximate": false }));
    let counts: u64 =
        columns[0]["histogram"]["counts"].as_array().expect("bars").iter().filter_map(Value::as_u64).sum();
    assert_eq!(counts, 1_000);
    let outliers = &columns[1]["outliers"];
    assert_eq!((&outliers["method"], &outliers["count"]), (&json!("iqr"), &json!(1)));
    assert_eq!(outliers["examples"], json!([{ "row": 500, "value": "1000000" }]));
    assert_eq!(
        columns[2]["top"],
        json!([{ "value": "green", "count": 500 }, { "value": "", "count": 250 }, { "value": "red", "count": 250 }])
    );
    assert_eq!((&columns[2]["minText"], &columns[2]["maxText"]), (&json!("green"), &json!("red")));
    assert_eq!(columns[3]["minText"], "2026-01-01");
    let some = CsvCall::Statistics { table, columns: Some(vec!["word".into(), "id".into()]) };
    let answer = house.csv(&lease, some).json();
    assert_eq!((&answer["columns"][0]["name"], &answer["columns"][1]["name"]), (&json!("word"), &json!("id")));
    let none = CsvCall::Statistics { table, columns: Some(vec!["nope".into()]) };
    let error = house.csv(&lease, none).error();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.message.contains("id, price, word"), "{}", error.message);
}

#[test]
fn whole_numbers_stay_exact() {
    let house = House::new();
    let lease = house.lease();
    let text = "n,m\n9007199254740993,170141183460469231731\n9223372036854775807,1\n-1,\n";
    let table = table(&house, &lease, text.as_bytes());
    let answer = statistics(&house, &lease, table);
    assert_eq!(answer["columns"][0]["sumText"], "9232379236109516799");
    assert_eq!(answer["columns"][0]["type"], "integer");
    assert_eq!(answer["columns"][1]["maxText"], "170141183460469231731");
    assert_eq!(answer["columns"][1]["sumText"], "170141183460469231732");
}

#[test]
fn groups_are_summed() {
    let house = House::new();
    let lease = house.lease();
    let table = table(&house, &lease, b"city,n,x\nA,1,0.5\nB,10,x\nA,2,\nB,20,1.5\n,5,1\nC\nA,3,2\n");
    let request = CsvAggregate {
        group_by: vec!["city".into()],
        measures: vec![
            measure(CsvMeasureKind::Sum, Some("n")),
            measure(CsvMeasureKind::Count, None),
            measure(CsvMeasureKind::Count, Some("x")),
            measure(CsvMeasureKind::Mean, Some("x")),
            measure(CsvMeasureKind::Max, Some("n")),
        ],
        limit: None,
    };
    let answer = house.csv(&lease, CsvCall::Aggregate { table, request: request.clone() }).json();
    assert_eq!(
        answer,
        json!({
            "groups": 4, "truncated": false, "rows": 7, "nonNumeric": 1, "ragged": { "short": 1, "long": 0, "blank": 0 },
            "result": [
                { "key": ["B"], "values": [30, 2, 2, 1.5, 20], "texts": ["30", "2", "2", "1.5", "20"] },
                { "key": ["A"], "values": [6, 3, 3, 1.25, 3], "texts": ["6", "3", "3", "1.25", "3"] },
                { "key": [""], "values": [5, 1, 1, 1, 5], "texts": ["5", "1", "1", "1", "5"] },
                { "key": ["C"], "values": [null, 1, 0, null, null], "texts": [null, "1", "0", null, null] },
            ]
        })
    );
    let answer =
        house.csv(&lease, CsvCall::Aggregate { table, request: CsvAggregate { limit: Some(1), ..request } }).json();
    assert_eq!((&answer["truncated"], &answer["groups"]), (&json!(true), &json!(4)));
    assert_eq!(answer["result"].as_array().map(Vec::len), Some(1));
    let answer = house.csv(&lease, CsvCall::Aggregate { table, request: CsvAggregate::default() }).json();
    assert_eq!(answer["result"], json!([{ "key": [], "values": [7], "texts": ["7"] }]));
    let bad = CsvAggregate { measures: vec![measure(CsvMeasureKind::Sum, None)], ..CsvAggregate::default() };
    assert_eq!(house.csv(&lease, CsvCall::Aggregate { table, request: bad }).code(), ErrorCode::InvalidInput);
}

#[test]
fn too_many_groups_are_said() {
    let house = House::new();
    let lease = house.lease();
    let text: String = (0..1_100_000).map(|row| format!("{row}\n")).collect();
    let table = table(&house, &lease, format!("n\n{text}").as_bytes());
    let request = CsvAggregate { group_by: vec!["n".into()], ..CsvAggregate::default() };
    let error = house.csv(&lease, CsvCall::Aggregate { table, request }).error();
    assert_eq!(error.code, ErrorCode::TooLarge);
    assert!(error.message.contains("more groups"), "{}", error.message);
}

#[test]
fn a_file_that_changes_is_a_conflict() {
    let house = House::new();
    let lease = house.lease();
    let path = house.folder.join("t.csv");
    let table = table(&house, &lease, b"a,b\n1,2\n3,4\n");
    house.csv(&lease, CsvCall::Rows { table, limit: Some(1) }).done();
    fs::write(&path, "a,b\n1,2\n3,4\n5,6\n").expect("changed");
    for call in [
        CsvCall::Rows { table, limit: None },
        CsvCall::Statistics { table, columns: None },
        CsvCall::Aggregate { table, request: CsvAggregate::default() },
    ] {
        assert_eq!(house.csv(&lease, call).code(), ErrorCode::Conflict);
    }
    // Replaced by another file: the table is of the one that was opened.
    let table = handle(&open(&house, &lease, CsvOptions::default()));
    fs::write(house.folder.join("new"), "x\n").expect("a file");
    fs::rename(house.folder.join("new"), &path).expect("renamed");
    assert_eq!(all_rows(&house, &lease, table, 10).len(), 3);
}

#[test]
fn a_name_that_stands_for_something_else_now_is_a_conflict() {
    let house = House::new();
    let lease = house.lease();
    for name in ["one", "two"] {
        fs::write(house.folder.join(name), "a\n1\n").expect("a file");
    }
    let path = house.hand_over(&lease, "data", &house.folder.join("one"), FileAccess::Read, false);
    let call = CsvCall::Open { path, options: CsvOptions::default() };
    let table = handle(&house.csv(&lease, call).json());
    house.hand_over(&lease, "data", &house.folder.join("two"), FileAccess::Read, false);
    assert_eq!(house.csv(&lease, CsvCall::Rows { table, limit: None }).code(), ErrorCode::Conflict);
}

#[test]
fn answers_stay_within_their_bound() {
    let house = House::new();
    let lease = house.lease();
    // Control characters take six bytes each in JSON.
    let wide = "\u{1}".repeat(100_000);
    let text: String = (0..40).map(|row| format!("{row},{wide}\n")).collect();
    let huge = "x".repeat(HOST_RESULT_BYTES_MAX);
    let table = table(&house, &lease, format!("a,b\n{text}41,\"{huge}\"\n42,end\n").as_bytes());
    let mut rows = 0;
    let mut too_large = 0;
    loop {
        match house.csv(&lease, CsvCall::Rows { table, limit: Some(10_000) }) {
            Outcome::Done(done) => {
                let HostAnswer::JsonText(text) = &done.answer else { panic!("text") };
                assert!(text.len() <= HOST_RESULT_BYTES_MAX);
                let answer = Outcome::Done(done).json();
                rows += answer["rows"].as_array().expect("rows").len();
                if answer["done"] == true {
                    break;
                }
            }
            failed => {
                assert_eq!(failed.code(), ErrorCode::TooLarge);
                too_large += 1;
            }
        }
    }
    assert_eq!((rows, too_large), (41, 1));
    let columns = (0..4_096).map(|column| format!("{column}{}", "c".repeat(2_000))).collect::<Vec<_>>().join(",");
    fs::write(house.folder.join("t.csv"), columns).expect("a file");
    let call = CsvCall::Open { path: "work/t.csv".into(), options: CsvOptions::default() };
    assert_eq!(house.csv(&lease, call).code(), ErrorCode::TooLarge);
    assert!(lease.take_handle().is_some());
}

#[test]
fn bombs_are_said() {
    let house = House::new();
    let lease = house.lease();
    let mut text = b"a,b\n1,\"".to_vec();
    text.resize(40 << 20, b'x');
    let bomb = table(&house, &lease, &text);
    for call in [CsvCall::Statistics { table: bomb, columns: None }, CsvCall::Rows { table: bomb, limit: None }] {
        let error = house.csv(&lease, call).error();
        assert_eq!(error.code, ErrorCode::TooLarge);
        assert!(error.message.contains("quote that is never closed"), "{}", error.message);
    }
    fs::write(house.folder.join("t.csv"), ",".repeat(1 << 20)).expect("a file");
    let call = CsvCall::Open { path: "work/t.csv".into(), options: CsvOptions::default() };
    let error = house.csv(&lease, call).error();
    assert!(error.message.contains("4096 fields"), "{}", error.message);
}

#[test]
fn what_does_not_fit_into_memory_is_still_exact() {
    let house = House::new();
    let lease = house.lease();
    // Five columns of a million values each: 80 MB of marks in 64 MiB.
    let mut text = "a,b,c,d,e\n".to_owned();
    for row in 0..1_000_000_u64 {
        let spread = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        text.push_str(&format!("{row},{spread:x}g,{},v{},w{row}\n", row / 2, spread >> 40));
    }
    let distinct_d: std::collections::HashSet<u64> =
        (0..1_000_000_u64).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).collect();
    let table = table(&house, &lease, text.as_bytes());
    let before = lease.host_bytes();
    let answer = statistics(&house, &lease, table);
    let distinct: Vec<u64> = (0..5).filter_map(|place| answer["columns"][place]["distinct"].as_u64()).collect();
    assert_eq!(distinct, [1_000_000, 1_000_000, 500_000, distinct_d.len() as u64, 1_000_000]);
    assert!(lease.host_bytes() - before > 2 * text.len() as u64 + (64 << 20), "it had to spill");
    assert_eq!(crate::support::names_of(&house.home.path().join("scratch")), [""; 0], "the scratch file has no name");
}

#[test]
fn passes_of_one_run_take_turns() {
    let house = House::new();
    let lease = house.lease();
    let table = table(&house, &lease, format!("a\n{}", "1\n".repeat(200_000)).as_bytes());
    std::thread::scope(|scope| {
        let passes: Vec<_> =
            (0..6).map(|_| scope.spawn(|| statistics(&house, &lease, table)["columns"][0]["sum"].clone())).collect();
        for pass in passes {
            assert_eq!(pass.join().expect("no panic"), 200_000);
        }
    });
}

#[test]
fn small_texts_need_no_permit() {
    let house = House::new();
    let nobody = house.lease_of(&"nobody".parse().expect("a name"), protocol::Limits::default());
    let call = CsvCall::Parse { text: "a,b\n1,2\n".into(), options: CsvOptions::default() };
    assert_eq!(house.csv(&nobody, call).json()["rows"], json!([["1", "2"]]));
    let rows = vec![vec![json!("x,y"), json!(1)]];
    let call = CsvCall::Stringify { rows, options: CsvOptions::default() };
    assert_eq!(house.csv(&nobody, call).json(), "\"x,y\",1\n");
    let call = CsvCall::Parse { text: ",".repeat(10_000), options: CsvOptions::default() };
    assert_eq!(house.csv(&nobody, call).code(), ErrorCode::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_table_or_an_error(text in proptest::collection::vec(prop_oneof![
        Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b'1'), Just(b'.'), Just(b'-'), Just(b';'), any::<u8>()
    ], 0..400)) {
        let house = House::new();
        let lease = house.lease();
        let table = table(&house, &lease, &text);
        let answer = statistics(&house, &lease, table);
        let rows = all_rows(&house, &lease, table, 3);
        prop_assert_eq!(answer["rows"].as_u64(), Some(rows.len() as u64));
        let request = CsvAggregate::default();
        let groups = house.csv(&lease, CsvCall::Aggregate { table, request }).json();
        prop_assert_eq!(&groups["rows"], &answer["rows"]);
        for column in answer["columns"].as_array().into_iter().flatten() {
            let number = |name: &str| column[name].as_u64().unwrap_or(u64::MAX);
            prop_assert_eq!(number("count") + number("missing"), rows.len() as u64);
            prop_assert_eq!(number("empty") + number("numeric") + number("nonNumeric"), number("count"));
            prop_assert!(number("distinctValues") <= number("distinctText"));
        }
    }
}
