//! How fast a table is gone through, beside Python's `csv` and SQLite on the same file in the same run.
//!
//! ```text
//! cargo run --release -p effects --example csv_scan [FILE [GROUP_COLUMN SUM_COLUMN]]
//! ```
//!
//! Without a file, a seeded one of about 100 MB with ten columns is made: whole numbers, prices, dates, few and many
//! different texts, quoted line breaks, ragged rows. All three compute count, sum, smallest, largest and distinct of
//! each column, and a sum by group; ours finds types, quantiles, histogram and outliers beside that. The sums are
//! compared. Every line has wall time, CPU time and the memory of its process at its highest.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement, run by a person")]

use broker::{AppGrants, Broker, Decision, Grant, Lease};
use kernel::{
    effect::{Change, EffectError, Effects, Scene},
    host_call::{CsvAggregate, CsvCall, CsvMeasure, CsvMeasureKind, CsvOptions, HostAnswer},
};
use protocol::{
    AppName, Caller, Clock as _, DeviceId, Door, ErrorCode, FileAccess, GrantDuration, GrantId, GrantState, Limits,
    OwnerId, Rights, RunId, Scope, Sentence, Timestamp, Zone,
};
use serde_json::Value;
use std::{
    error::Error,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};
use testkit::{TempHome, TestClock, TestEntropy};

/// One million rows of a hundred bytes.
const ROWS: u64 = 1_000_000;
const SEED: u64 = 42;

fn main() -> Result<(), Box<dyn Error>> {
    let home = TempHome::new();
    std::fs::create_dir(home.path())?;
    let mut words = std::env::args().skip(1);
    let (path, group_by, sum) = match words.next() {
        Some(path) => (std::fs::canonicalize(path)?, words.next(), words.next()),
        None => {
            let path = home.beside().join("seeded.csv");
            generate(&path)?;
            (path, Some("city".to_owned()), Some("quantity".to_owned()))
        }
    };
    let bytes = std::fs::metadata(&path)?.len();
    println!("{} ({:.1} MB)", path.display(), bytes as f64 / 1e6);
    let desk = Desk::new(&home, &path)?;

    let table = desk.call(CsvCall::Open { path: desk.named.clone(), options: CsvOptions::default() })?;
    let handle = u32::try_from(table["table"].as_u64().unwrap_or(0))?;
    let columns: Vec<String> = serde_json::from_value(table["columns"].clone())?;
    println!("{:28} {:>8} {:>8} {:>9} {:>9}", "", "wall s", "CPU s", "MB/s", "peak MB");
    let statistics =
        measured("oikos statistics", bytes, || desk.call(CsvCall::Statistics { table: handle, columns: None }))?;
    let group_by = group_by.unwrap_or_else(|| columns[0].clone());
    let sum = sum.unwrap_or_else(|| columns[columns.len() - 1].clone());
    let request = CsvAggregate {
        group_by: vec![group_by.clone()],
        measures: vec![CsvMeasure { measure: CsvMeasureKind::Sum, column: Some(sum.clone()) }],
        limit: None,
    };
    measured("oikos aggregate", bytes, || desk.call(CsvCall::Aggregate { table: handle, request: request.clone() }))?;
    for (name, script) in [("python csv", PYTHON), ("sqlite3 (.import, queries)", SQLITE)] {
        let output = Command::new("python3").args(["-c", script]).arg(&path).arg(&group_by).arg(&sum).output()?;
        if !output.status.success() {
            println!("{name}: {}", String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("failed"));
            continue;
        }
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let number = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
        line(name, bytes, number("wall_s"), number("cpu_s"), number("peak_bytes"));
        if name == "python csv" {
            compare(&statistics, &answer);
        }
    }
    Ok(())
}

fn compare(statistics: &Value, answer: &Value) {
    let mut differences = 0;
    for column in statistics["columns"].as_array().into_iter().flatten() {
        let name = column["name"].as_str().unwrap_or_default();
        let other = &answer["columns"][name];
        let exact = column["count"] == other["count"] && column["distinctText"] == other["distinct"];
        let (ours, theirs) = (column["sum"].as_f64().unwrap_or(0.0), other["sum"].as_f64().unwrap_or(0.0));
        if !exact || (ours - theirs).abs() > 1e-9 * ours.abs().max(1e-300) {
            differences += 1;
            println!("DIFFERENT {name}: {column} {other}");
        }
    }
    println!("{:28} {differences} columns differ from Python's count, distinct and sum", "");
}

fn measured(
    name: &str,
    bytes: u64,
    work: impl FnOnce() -> Result<Value, Box<dyn Error>>,
) -> Result<Value, Box<dyn Error>> {
    let (start, cpu) = (Instant::now(), cpu_s());
    let answer = work()?;
    line(name, bytes, start.elapsed().as_secs_f64(), cpu_s() - cpu, peak_bytes());
    Ok(answer)
}

fn line(name: &str, bytes: u64, wall_s: f64, cpu_s: f64, peak_bytes: f64) {
    let rate = bytes as f64 / 1e6 / wall_s;
    println!("{name:28} {wall_s:8.2} {cpu_s:8.2} {rate:9.1} {:9.1}", peak_bytes / 1e6);
}

fn cpu_s() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn peak_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1024.0
}

/// A broker with one grant, and the families.
struct Desk {
    broker: Broker,
    effects: Effects,
    lease: Lease,
    named: String,
    /// Nothing is sent here; the families are built with it.
    _runtime: tokio::runtime::Runtime,
}

/// Whom nothing here asks.
struct Nobody;

impl effects::Workers for Nobody {
    fn work(&self, _: effects::Work<'_>, _: &Lease, _: &mut effects::OnFrame<'_>) -> Result<(), EffectError> {
        Err(EffectError::guest(ErrorCode::BoxRefused, "nobody starts workers here"))
    }
}

impl effects::Programs for Nobody {
    fn run(&self, _: effects::Order<'_>, _: &Lease, _: &mut dyn FnMut()) -> Result<effects::Outcome, EffectError> {
        Err(EffectError::guest(ErrorCode::BoxRefused, "nobody starts programs here"))
    }
}

impl Desk {
    fn new(home: &TempHome, path: &Path) -> Result<Self, Box<dyn Error>> {
        let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(SEED));
        let runtime = tokio::runtime::Runtime::new()?;
        let effects = effects::build(effects::EffectsConfig {
            trash: home.path().join("trash"),
            scratch: home.path().join("scratch"),
            shelf: home.path().join("handed"),
            protected: vec![],
            store: Arc::new(state::MemoryStore::new()),
            entropy: Arc::new(entropy.clone()),
            client: Arc::new(egress::Client::new(egress::ClientConfig::default())?),
            runtime: runtime.handle().clone(),
            workers: Arc::new(Nobody),
            programs: Arc::new(Nobody),
        });
        let folder: PathBuf = path.parent().unwrap_or(Path::new("/")).into();
        let folder = effects.places.folder(&folder.to_string_lossy())?;
        let scope = Scope::File { access: FileAccess::Read, folders: vec![] };
        let grant = Grant {
            id: GrantId::new(&clock, &entropy),
            line: scope.line(),
            scope: scope.clone(),
            state: GrantState::Allow,
            duration: GrantDuration::Always,
            folders: vec![folder],
            bound: None,
            at: clock.now(),
        };
        let broker = Broker::new(Zone::Local, vec![]);
        let app: AppName = "csv-scan".parse()?;
        broker.grants_load(OwnerId::LOCAL, &app, AppGrants { requested: vec![scope], grants: vec![grant] });
        let caller = Caller {
            owner: OwnerId::LOCAL,
            device: DeviceId(Default::default()),
            door: Door::Socket,
            rights: Rights::OWNER,
            client: None,
        };
        let lease = broker.lease_open(caller, &app, RunId::new(&clock, &entropy), Limits::default(), 0);
        Ok(Self { broker, effects, lease, named: path.to_string_lossy().into_owned(), _runtime: runtime })
    }

    fn call(&self, call: CsvCall) -> Result<Value, Box<dyn Error>> {
        let demand = self.effects.csv.demand(&self.lease, &call)?;
        let permit = match demand.map(|demand| self.broker.decide(&self.lease, demand, Timestamp(0))) {
            Some(Decision::Permit(permit)) => Some(permit),
            Some(other) => return Err(format!("not allowed: {other:?}").into()),
            None => None,
        };
        match self.effects.csv.perform(permit, call, &Quiet(self.lease.clone()))?.answer {
            HostAnswer::JsonText(text) => Ok(serde_json::from_slice(&text)?),
            HostAnswer::Json(value) => Ok(value),
            HostAnswer::Bytes(_) | HostAnswer::Redirect(_) => Err("no JSON".into()),
        }
    }
}

/// A scene that nobody watches.
struct Quiet(Lease);

impl Scene for Quiet {
    fn lease(&self) -> &Lease {
        &self.0
    }
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn fresh_name(&self) -> String {
        "0".repeat(32)
    }
    fn storage_quota_bytes(&self) -> u64 {
        0
    }
    fn intent(&self, _: Sentence, _: &Change) -> Result<(), EffectError> {
        Ok(())
    }

    fn intent_send(&self, _: Sentence, _: protocol::Digest) -> Result<(), EffectError> {
        Ok(())
    }
    fn secret_sending(&self, _: &str, _: &str) -> Result<(), EffectError> {
        Ok(())
    }
    fn refuse(&self, denied: broker::Denied) -> EffectError {
        EffectError::guest(denied.code, denied.message())
    }
    fn is_still_allowed(&self, _: &broker::NetworkDemand) -> bool {
        true
    }
    fn progress(&self, _: Sentence, _: u64, _: Option<u64>) {}
}

fn generate(path: &Path) -> Result<(), Box<dyn Error>> {
    let entropy = TestEntropy::seeded(SEED);
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    out.write_all("\u{feff}id,day,city,product,quantity,price,mail,paid,note,code\r\n".as_bytes())?;
    for row in 0..ROWS {
        let bits = entropy.next_u64();
        let part = |shift: u32, end: u64| (bits >> shift) % end;
        if part(0, 500) == 0 {
            write!(out, "{row},2026-01-01,short\r\n")?;
            continue;
        }
        write!(
            out,
            "{row},20{:02}-{:02}-{:02},city {},product {},{},{}.{:02},user{}@example.org,{},",
            part(1, 27),
            part(4, 12) + 1,
            part(8, 28) + 1,
            part(12, 100),
            part(20, 5_000),
            part(32, 1_000),
            part(36, 10_000),
            part(50, 100),
            part(16, 300_000),
            if part(9, 2) == 0 { "true" } else { "false" },
        )?;
        match part(40, 20) {
            0 => write!(out, "\"two\nlines, \"\"quoted\"\"\"")?,
            1 => {}
            kind => write!(out, "some words {kind}")?,
        }
        write!(out, ",{bits:016x}")?;
        if part(5, 300) == 0 {
            write!(out, ",too,long")?;
        }
        write!(out, "\r\n")?;
    }
    Ok(out.flush()?)
}

/// Reads with `csv` and computes what a person would.
const PYTHON: &str = r#"
import csv, json, resource, sys, time
path, group_by, group_sum = sys.argv[1:]
start = time.time()
csv.field_size_limit(1 << 30)
with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
    reader = csv.reader(file)
    names = next(reader)
    width = len(names)
    counts, sums, distinct, low, high = [0] * width, [0] * width, [set() for _ in names], [None] * width, [None] * width
    groups, by, of = {}, names.index(group_by), names.index(group_sum)
    for row in reader:
        row = (row or [""])[:width]
        for place, field in enumerate(row):
            counts[place] += 1
            distinct[place].add(field)
            try:
                number = int(field)
            except ValueError:
                try:
                    number = float(field)
                except ValueError:
                    continue
            if number != number or number in (float("inf"), float("-inf")):
                continue
            sums[place] += number
            if low[place] is None or number < low[place]: low[place] = number
            if high[place] is None or number > high[place]: high[place] = number
        if len(row) > max(by, of):
            try: groups[row[by]] = groups.get(row[by], 0) + float(row[of])
            except ValueError: pass
usage = resource.getrusage(resource.RUSAGE_SELF)
columns = {name: {"count": counts[i], "sum": sums[i], "distinct": len(distinct[i])} for i, name in enumerate(names)}
print(json.dumps({"wall_s": time.time() - start, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": usage.ru_maxrss * 1024, "columns": columns}))
"#;

/// Imports with the `sqlite3` program into a file, and asks.
const SQLITE: &str = r#"
import csv, json, os, resource, subprocess, sys, tempfile, time
path, group_by, group_sum = sys.argv[1:]
with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
    names = next(csv.reader(file))
quote = lambda name: '"' + name.replace('"', '""') + '"'
queries = ["SELECT " + ", ".join(f"count({c}), sum({c}), min({c}), max({c}), count(DISTINCT {c})" for c in [quote(name)]) + " FROM t;" for name in names]
queries.append(f"SELECT {quote(group_by)}, sum({quote(group_sum)}) FROM t GROUP BY 1;")
with tempfile.TemporaryDirectory() as folder:
    start = time.time()
    script = "PRAGMA journal_mode=OFF;\nPRAGMA synchronous=OFF;\nCREATE TABLE t (%s);\n.import --csv --skip 1 '%s' t\n%s\n" % (", ".join(quote(name) + " NUMERIC" for name in names), path, "\n".join(queries))
    subprocess.run(["sqlite3", os.path.join(folder, "t.db")], input=script, text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.time() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": usage.ru_maxrss * 1024}))
"#;
