//! The same file by Python's `csv` and SQLite: a generated table with everything that makes tables hard, and the same
//! sums in the end.
//!
//! Python reads the file and SQLite keeps it in columns of INTEGER, REAL and TEXT, short rows filled with NULL, further
//! fields dropped. Where there is a `sqlite3` program, its own `.import` is asked as well. The one thing to map: an
//! empty field is an empty text there, which is no number, so extremes of number columns are taken over numbers only.

use crate::{csv, support::House};
use kernel::host_call::{CsvAggregate, CsvCall, CsvMeasure, CsvMeasureKind, CsvOptions};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};
use testkit::TestEntropy;

const SCRIPT: &str = r#"
import csv, json, shutil, sqlite3, subprocess, sys
path, by = sys.argv[1], sys.argv[2]
columns = [("id", "INTEGER"), ("amount", "REAL"), ("city", "TEXT"), ("note", "TEXT"), ("mixed", "TEXT"), ("signed", "INTEGER")]
csv.field_size_limit(1 << 30)
if by == "python":
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        assert header == [name for name, _ in columns], header
        rows = [(row or [""])[:6] + [None] * (6 - max(len(row), 1)) for row in reader]
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (%s)" % ", ".join("%s %s" % column for column in columns))
    encode = lambda field: field if field is None else field.encode("utf-8", "surrogateescape").decode("latin-1")
    db.executemany("INSERT INTO t VALUES (?,?,?,?,?,?)", [[encode(field) for field in row] for row in rows])
    ask = lambda query: list(db.execute(query).fetchone())
    ask_all = lambda query: [list(row) for row in db.execute(query)]
else:
    program = shutil.which("sqlite3")
    if program is None:
        print("null")
        sys.exit()
    create = "CREATE TABLE t (%s);" % ", ".join("%s %s" % column for column in columns)
    import tempfile, os
    base = os.path.join(tempfile.mkdtemp(), "t.db")
    subprocess.run([program, base], input=create + "\n.import --csv --skip 1 '%s' t\n" % path, text=True, check=True, stderr=subprocess.DEVNULL)
    db = sqlite3.connect(base)
    db.text_factory = lambda raw: raw.decode("latin-1")
    ask = lambda query: list(db.execute(query).fetchone())
    ask_all = lambda query: [list(row) for row in db.execute(query)]
out = {"rows": ask("SELECT count(*) FROM t")[0], "columns": {}}
for name, _ in columns:
    out["columns"][name] = dict(zip(
        ["count", "distinct", "empty", "numbers", "sum", "min", "max"],
        ask(f"""SELECT count({name}), count(DISTINCT {name}), count(*) FILTER (WHERE {name} = ''),
            count(*) FILTER (WHERE typeof({name}) IN ('integer', 'real')),
            sum({name}) FILTER (WHERE typeof({name}) IN ('integer', 'real')),
            min({name}) FILTER (WHERE typeof({name}) IN ('integer', 'real')),
            max({name}) FILTER (WHERE typeof({name}) IN ('integer', 'real')) FROM t""")))
out["groups"] = ask_all("""SELECT city, count(*), sum(id) FILTER (WHERE typeof(id) = 'integer'),
    sum(amount) FILTER (WHERE typeof(amount) = 'real') FROM t GROUP BY city""")
print(json.dumps(out))
"#;

/// A table with a mark at its start, quoted newlines, short, long and empty rows, odd numbers and odd bytes.
fn generate(entropy: &TestEntropy, rows: u64) -> Vec<u8> {
    let mut out = b"\xef\xbb\xbfid,amount,city,note,mixed,signed\r\n".to_vec();
    let pick = |from: &[&str]| from[entropy.below(from.len() as u64) as usize].to_owned();
    for row in 0..rows {
        let ending: &[u8] = if entropy.below(2) == 0 { b"\r\n" } else { b"\n" };
        if entropy.below(50) == 0 {
            out.extend_from_slice(ending);
            continue;
        }
        let amount = match entropy.below(12) {
            0 => String::new(),
            1 => pick(&["1e3", "1.50", "1.5", "0.0", "-0.0", ".5", "5.", "+2.25", "1E-2"]),
            2 => pick(&["n/a", "12abc", "1,5", "0x1F", "-"]),
            _ => format!("{}.{:02}", entropy.below(100_000) as i64 - 20_000, entropy.below(100)),
        };
        let city = pick(&["Oslo", "Łódź", "", "Rome, IT", "New \"York\"", "two\nlines", "a\r\nb"]);
        let note =
            format!("{} {}", pick(&["plain", "x,y", "\"q\"", "ü", "long text of several words"]), entropy.below(700));
        let mixed = match entropy.below(3) {
            0 => entropy.below(40).to_string(),
            1 => format!("{:02}", entropy.below(40)),
            _ => pick(&["yes", "no", "1.0", "01.0"]),
        };
        let signed = format!("{}{}", pick(&["", "-"]), entropy.below(1 << 40));
        let mut fields: Vec<Vec<u8>> =
            [(row + 1).to_string(), amount, city, note, mixed, signed].map(String::into_bytes).to_vec();
        if entropy.below(100) == 0 {
            fields[3] = b"odd \xff\xfe byte".to_vec();
        }
        match entropy.below(20) {
            0 => fields.truncate(1 + entropy.below(5) as usize),
            1 => fields.extend((0..=entropy.below(3)).map(|_| b"extra".to_vec())),
            _ => {}
        }
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if field.iter().any(|byte| b",\"\r\n".contains(byte)) || entropy.below(10) == 0 {
                out.push(b'"');
                out.extend(field.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 })));
                out.push(b'"');
            } else {
                out.extend_from_slice(field);
            }
        }
        out.extend_from_slice(ending);
    }
    out
}

fn ask(path: &Path, by: &str) -> Value {
    let output = Command::new("python3").args(["-c", SCRIPT]).arg(path).arg(by).output().expect("python3 is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// As close as sums of doubles have to be.
fn is_near(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-300),
        _ => one.is_null() && other.is_null(),
    }
}

fn compare(house: &House, path: &Path, expected: &Value) {
    let lease = house.lease();
    let options = CsvOptions { delimiter: Some(",".into()), ..CsvOptions::default() };
    let table = csv::handle(&csv::open(house, &lease, options));
    let found = house.csv(&lease, CsvCall::Statistics { table, columns: None }).json();
    assert_eq!(found["rows"], expected["rows"]);
    for column in found["columns"].as_array().expect("columns") {
        let name = column["name"].as_str().expect("a name");
        let expected = &expected["columns"][name];
        assert_eq!(column["count"], expected["count"], "{name}");
        assert_eq!(column["empty"], expected["empty"], "{name}");
        // A column of texts tells 01 from 1; one of numbers does not.
        let is_text = ["city", "note", "mixed"].contains(&name);
        let distinct = if is_text { &column["distinctText"] } else { &column["distinctValues"] };
        assert_eq!(*distinct, expected["distinct"], "{name}");
        if !is_text {
            assert_eq!(column["numeric"], expected["numbers"], "{name}");
            for extreme in ["min", "max", "sum"] {
                assert!(is_near(&column[extreme], &expected[extreme]), "{name} {extreme}: {column} {expected}");
            }
        }
        // In a table of one row a column may have nothing at all.
        if ["id", "signed"].contains(&name) && expected["numbers"] != 0 {
            assert_eq!(column["type"], "integer");
            assert_eq!(column["sumText"], expected["sum"].to_string(), "{name}: whole numbers exactly");
        }
    }
    let measure = |measure, column: Option<&str>| CsvMeasure { measure, column: column.map(str::to_owned) };
    let request = CsvAggregate {
        group_by: vec!["city".into()],
        measures: vec![
            measure(CsvMeasureKind::Count, None),
            measure(CsvMeasureKind::Sum, Some("id")),
            measure(CsvMeasureKind::Sum, Some("amount")),
        ],
        limit: None,
    };
    let found = house.csv(&lease, CsvCall::Aggregate { table, request }).json();
    let groups = expected["groups"].as_array().expect("groups");
    assert_eq!(found["groups"], groups.len());
    for group in found["result"].as_array().expect("groups") {
        // The script hands texts over byte by byte.
        let key =
            group["key"][0].as_str().map_or(Value::Null, |key| json!(key.bytes().map(char::from).collect::<String>()));
        let expected = groups.iter().find(|row| row[0] == key).unwrap_or_else(|| panic!("no group {key}"));
        assert_eq!((&group["values"][0], &group["values"][1]), (&expected[1], &expected[2]), "{key}");
        assert!(is_near(&group["values"][2], &expected[3]), "{key}: {group} {expected}");
    }
    house.run_end(&lease, true);
    drop(fs::remove_file(path));
}

#[test]
fn sums_equal_those_of_python_and_sqlite() {
    let entropy = TestEntropy::new();
    for rows in [1, 7, 400, 20_000] {
        for by in ["python", "sqlite"] {
            let house = House::new();
            let path = house.folder.join("t.csv");
            fs::write(&path, generate(&entropy, rows)).expect("a file");
            let expected = ask(&path, by);
            if expected.is_null() {
                continue;
            }
            compare(&house, &path, &expected);
        }
    }
}
