//! The product's main job: csv-insights on a large file as bad as real ones, beside `sqlite3` on the same file.
//!
//! `bench/csv/make.py` writes the file with Python's `csv`. `sqlite3` imports it by itself; where it is not installed,
//! the same import is done here, into the same SQLite that oikos is built with, by a reader that shares no code with
//! the product. `BIG_CSV_BYTES=110000000` makes the file a large one.

use crate::kit::Oikos;
use rusqlite::{Connection, types::Value as Sql};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What CI goes through; enough for every column to spill, for both kinds of line ends and all kinds of raggedness.
const BYTES: u64 = 20_000_000;
/// What a run's guest may hold.
const GUEST_BYTES_MAX: u64 = 128 << 20;
/// What the whole process may hold: marks 64 MiB, values 32, samples 16, and the rest of oikos.
const HOST_BYTES_MAX: u64 = 320 << 20;
/// Two ways to add up the same fractions.
const RELATIVE: f64 = 1e-9;

const COLUMNS: [(&str, &str); 9] = [
    ("id", "INTEGER"),
    ("city", "TEXT"),
    ("price", "REAL"),
    ("amount", "INTEGER"),
    ("measured", "REAL"),
    ("code", "TEXT"),
    ("day", "TEXT"),
    ("open", "TEXT"),
    ("note", "TEXT"),
];

#[test]
fn big_csv_agrees_with_sqlite() {
    let oikos = Oikos::new();
    oikos.install("csv-insights", &[]);
    let file = make(&oikos.files());
    let (chunks, end, host_bytes) = analyze(&oikos, &file);

    assert_eq!(end["type"], "STREAM_END", "{end}");
    let steps = chunks.iter().filter(|chunk| chunk["type"].as_str().is_some_and(|kind| kind == "progress")).count();
    assert!(steps >= 3, "{steps} steps of progress came on the stream");
    let guest = end["usage"]["memory_bytes"].as_u64().unwrap();
    assert!(guest <= GUEST_BYTES_MAX, "the guest held {guest} bytes");
    assert!(host_bytes <= HOST_BYTES_MAX, "the process held {host_bytes} bytes");

    let table = import(&oikos.files(), &file);
    columns_agree(&end["data"]["statistics"], &table);
    groups_agree(&end["data"]["groups"], &table);
}

#[test]
fn big_csv_reader_of_this_test_reads_as_sqlite3_does() {
    // The fallback is only as good as its likeness to the tool that it stands for.
    if !has_sqlite3() {
        return;
    }
    let oikos = Oikos::new();
    let file = oikos.files().join("odd.csv");
    std::fs::write(
        &file,
        "\u{feff}id,city,price,amount,measured,code,day,open,note\r\n1,\"a \"\"b\"\",\r\nc\",1.50,,x\n\n\r\n2,,,,,,,,\"\",more\n\
         3,a\"b,2\r\n4,\" x \",1e3, 7 ,-0",
    )
    .unwrap();
    let rows = |table: &Connection| -> Vec<Vec<Sql>> {
        let mut all = table.prepare("SELECT * FROM t ORDER BY rowid").unwrap();
        let rows = all.query_map([], |row| (0..COLUMNS.len()).map(|index| row.get(index)).collect()).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(rows(&import_here(&file)), rows(&import_by_tool(&oikos.files(), &file)));
}

// ---- the two sides ----

fn make(folder: &Path) -> PathBuf {
    let file = folder.join("big.csv");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/csv/make.py");
    let bytes = std::env::var("BIG_CSV_BYTES").unwrap_or_else(|_| BYTES.to_string());
    let made = Command::new("python3").arg(script).arg(&file).args([&bytes, "7"]).status().unwrap();
    assert!(made.success());
    file
}

/// All chunks, the end, and the most memory that the process held.
fn analyze(oikos: &Oikos, file: &Path) -> (Vec<Value>, Value, u64) {
    let out = oikos.files().join("out.jsonl");
    let handed = format!("data={}", file.display());
    let input = r#"{"group_by": ["city"], "measures": ["count", "sum amount", "sum price", "min measured", "max id"]}"#;
    let mut process = oikos
        .command(&["run", "csv-insights", "analyze", "--file", &handed, "--input", input, "--json"])
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    // The high-water mark only rises, and is gone with the process: the last look is what it was, or nearly so.
    let mut most = 0;
    let status = loop {
        most = most.max(high_water_bytes(process.id()));
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    let text = std::fs::read_to_string(out).unwrap();
    assert!(status.success(), "{text}");
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap();
    (lines, end, most)
}

/// What Linux says; elsewhere nothing is known.
fn high_water_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) << 10
}

fn has_sqlite3() -> bool {
    Command::new("sqlite3").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn import(folder: &Path, file: &Path) -> Connection {
    if has_sqlite3() { import_by_tool(folder, file) } else { import_here(file) }
}

fn create() -> String {
    let columns: Vec<String> = COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    format!("CREATE TABLE t ({});", columns.join(", "))
}

fn import_by_tool(folder: &Path, file: &Path) -> Connection {
    let database = folder.join("table.db");
    let status = Command::new("sqlite3")
        .arg(&database)
        .arg(create())
        .arg(format!(".import --csv --skip 1 '{}' t", file.display()))
        // It tells every row that is too short or too long.
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    Connection::open(database).unwrap()
}

/// `.import --csv --skip 1`: short rows are filled with NULL, further fields are dropped.
fn import_here(file: &Path) -> Connection {
    let bytes = std::fs::read(file).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut table = Connection::open_in_memory().unwrap();
    table.execute_batch(&create()).unwrap();
    let all = table.transaction().unwrap();
    {
        let mut insert = all.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").unwrap();
        for mut row in records(text.trim_start_matches('\u{feff}')).into_iter().skip(1) {
            row.truncate(COLUMNS.len());
            let missing = std::iter::repeat_n(Sql::Null, COLUMNS.len() - row.len());
            let fields: Vec<Sql> = row.into_iter().map(Sql::Text).chain(missing).collect();
            insert.execute(rusqlite::params_from_iter(fields)).unwrap();
        }
    }
    all.commit().unwrap();
    table
}

/// As the shell of SQLite splits: a quote counts at the start of a field only, `""` inside is a quote, LF and CRLF end
/// a row.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut rest) = (Vec::new(), Vec::new(), text);
    while !rest.is_empty() {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let end = quoted.find('"').unwrap_or(quoted.len());
                field.push_str(&quoted[..end]);
                quoted = quoted.get(end + 1..).unwrap_or("");
                match quoted.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        quoted = after;
                    }
                    None => break,
                }
            }
            rest = quoted.strip_prefix("\r\n").map_or(quoted, |_| &quoted[1..]);
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            let (mut plain, after) = rest.split_at(end);
            if after.starts_with('\n') {
                plain = plain.strip_suffix('\r').unwrap_or(plain);
            }
            field.push_str(plain);
            rest = after;
        }
        row.push(field);
        match rest.strip_prefix(',') {
            Some("") => {
                row.push(String::new());
                rest = "";
            }
            Some(after) => {
                rest = after;
                continue;
            }
            None => rest = rest.strip_prefix('\n').unwrap_or(""),
        }
        rows.push(std::mem::take(&mut row));
    }
    rows
}

// ---- the same questions to both ----

fn one(table: &Connection, question: &str) -> Sql {
    table.query_row(question, [], |row| row.get(0)).unwrap()
}

#[track_caller]
fn same(what: &str, ours: &Value, theirs: &Sql) {
    let same = match (ours, theirs) {
        (Value::Null, Sql::Null) => true,
        (Value::Number(ours), Sql::Integer(theirs)) => ours.as_i64() == Some(*theirs),
        // Exact numbers come as text, because JavaScript's stop at 16 digits.
        (Value::String(ours), Sql::Integer(theirs)) => *ours == theirs.to_string(),
        (Value::String(ours), Sql::Text(theirs)) => ours == theirs,
        (Value::String(ours), Sql::Real(theirs)) => {
            let ours: f64 = ours.parse().unwrap();
            (ours - theirs).abs() <= RELATIVE * theirs.abs()
        }
        _ => false,
    };
    assert!(same, "{what}: csv-insights {ours}, sqlite {theirs:?}");
}

fn columns_agree(statistics: &Value, table: &Connection) {
    same("rows", &statistics["rows"], &one(table, "SELECT count(*) FROM t"));
    let ragged = &statistics["ragged"];
    for kind in ["short", "long", "blank"] {
        assert!(ragged[kind].as_u64().unwrap() > 0, "the file has no {kind} rows");
    }
    let ours = statistics["columns"].as_array().unwrap();
    assert_eq!(ours.len(), COLUMNS.len());
    for (column, (name, kind)) in ours.iter().zip(COLUMNS) {
        assert_eq!(column["name"], name);
        let ask = |what: &str| one(table, &format!("SELECT {what} FROM t"));
        same(&format!("count {name}"), &column["count"], &ask(&format!("count({name})")));
        same(&format!("missing {name}"), &column["missing"], &ask(&format!("count(*) - count({name})")));
        same(&format!("empty {name}"), &column["empty"], &ask(&format!("count(*) FILTER (WHERE {name} = '')")));
        same(&format!("distinct {name}"), &column["distinct"], &ask(&format!("count(DISTINCT {name})")));
        let filled = match kind {
            "TEXT" => format!("{name} <> ''"),
            _ => format!("typeof({name}) IN ('integer', 'real')"),
        };
        // Long texts are cut where they are shown, so the largest of those is looked at by its beginning.
        let (least, most) = (format!("min({name})"), format!("max({name})"));
        let ask = |what: &str| ask(&format!("{what} FILTER (WHERE {filled})"));
        if name != "note" {
            same(&format!("min {name}"), &column["minText"], &ask(&least));
            same(&format!("max {name}"), &column["maxText"], &ask(&most));
        }
        if kind != "TEXT" {
            same(&format!("sum {name}"), &column["sumText"], &ask(&format!("sum({name})")));
        }
    }
}

fn groups_agree(groups: &Value, table: &Connection) {
    let mut asked = table
        .prepare(
            "SELECT city, count(*), sum(amount) FILTER (WHERE typeof(amount) = 'integer'),
                sum(price) FILTER (WHERE typeof(price) = 'real'), min(measured) FILTER (WHERE typeof(measured) = 'real'),
                max(id) FILTER (WHERE typeof(id) = 'integer')
             FROM t GROUP BY city",
        )
        .unwrap();
    let theirs = asked.query_map([], |row| (0..6).map(|index| row.get(index)).collect()).unwrap();
    let theirs: Vec<Vec<Sql>> = theirs.collect::<Result<_, _>>().unwrap();
    let ours = groups["rows"].as_array().unwrap();
    assert_eq!(ours.len(), theirs.len());
    for theirs in &theirs {
        let key = match &theirs[0] {
            Sql::Text(city) => Value::String(city.clone()),
            _ => Value::Null,
        };
        let ours = ours.iter().find(|row| row[0] == key).unwrap_or_else(|| panic!("no group {key}"));
        for (index, measure) in ["count", "sum amount", "sum price", "min measured", "max id"].iter().enumerate() {
            same(&format!("{measure} of {key}"), &ours[index + 1], &theirs[index + 1]);
        }
    }
}
