//! Many servers at once, and one many times: what is left when oikos is killed, and what stays of each that came and went. They are
//! real programs in their boxes, with children that they do not look after.

use crate::{
    doors::say,
    kit::{Oikos, app_folder},
    process::Process,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::net::UnixStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};
use testkit::{wait_until, wait_until_some};

const APP: &str = "villager";
/// What the app's program is made of: itself, and the three that it leaves to themselves.
const FAMILY: usize = 4;

const SERVERS: usize = 30;
/// How long anything of them may be there when oikos is not any more.
const GONE_WITHIN: Duration = Duration::from_secs(2);

const CYCLES: usize = 200;
/// From here on nothing is done for the first time.
const SETTLED: usize = 50;
/// How much more may stay of each start and stop.
const GROWTH_KB_MAX: f64 = 10.0;

/// A household that is up.
struct House {
    oikos: Oikos,
    up: Process,
    number: i32,
}

impl House {
    fn new() -> Self {
        let oikos = Oikos::new();
        let up = Process::start(&oikos, &["up", "--no-doors", "--json"]);
        up.wait_for("pid");
        let said: Value = serde_json::from_str(up.out().lines().next().unwrap()).unwrap();
        let number = said["pid"].as_i64().unwrap().try_into().unwrap();
        Self { oikos, up, number }
    }

    /// A server of this name, installed and accepted.
    fn settle(&self, name: &str) {
        let (from, folder) = (app_folder(APP), self.oikos.files().join(name));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::copy(from.join("src/main.sh"), folder.join("src/main.sh")).unwrap();
        let mut manifest: Value = serde_json::from_slice(&fs::read(from.join("kimai.json")).unwrap()).unwrap();
        manifest["name"] = json!(name);
        fs::write(folder.join("kimai.json"), manifest.to_string()).unwrap();
        self.oikos.ok(&["app", "install", folder.to_str().unwrap(), "--yes"]);
        self.oikos.ok(&["mcp", "look", name]);
        self.oikos.ok(&["mcp", "accept", name]);
    }

    /// Asks at the socket, as any program of the same user may.
    #[track_caller]
    fn post(&self, path: &str, body: &str) -> String {
        let stream = UnixStream::connect(self.oikos.home().join("socket")).unwrap();
        let length = body.len();
        let (status, said) = say(
            stream,
            &format!(
                "POST {path} HTTP/1.1\r\nhost: oikos\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            ),
        );
        assert_eq!(status, 200, "{path}: {said}");
        said
    }

    #[track_caller]
    fn greet(&self, name: &str) {
        let said = self.post("/api/v1/runs", &json!({ "app": name, "action": "greet", "input": {} }).to_string());
        assert!(said.contains("Good day."), "{said}");
    }
}

/// How many processes each server has, by the home that each has of its own.
fn families(oikos: &Oikos) -> BTreeMap<String, usize> {
    let mark = format!("HOME={}", oikos.home().join("programs").display());
    let mut families = BTreeMap::new();
    for process in processes() {
        let environment = fs::read(format!("/proc/{}/environ", process.number)).unwrap_or_default();
        let environment = String::from_utf8_lossy(&environment);
        if let Some(home) = environment.split('\0').find(|entry| entry.starts_with(&mark)) {
            *families.entry(home.to_owned()).or_default() += 1;
        }
    }
    families
}

/// A process of this machine. A number is used again, but not with the same moment of its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    number: i32,
    started: u64,
}

struct Row {
    number: i32,
    parent: i32,
    started: u64,
}

/// All processes that run. One that has ended and whose parent has not asked yet how is none.
fn processes() -> Vec<Row> {
    let numbers = fs::read_dir("/proc").unwrap().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(row).collect()
}

fn row(number: i32) -> Option<Row> {
    let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // Behind the name, which may have anything in it: state, parent, and the moment of the start as the twentieth.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let is_over = matches!(*fields.first()?, "Z" | "X");
    let row = Row { number, parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? };
    (!is_over).then_some(row)
}

/// All that a process has started, and what those have.
fn started_by(root: i32) -> BTreeSet<Known> {
    let rows = processes();
    let (mut numbers, mut found) = (vec![root], BTreeSet::new());
    while let Some(parent) = numbers.pop() {
        for row in rows.iter().filter(|row| row.parent == parent) {
            if found.insert(Known { number: row.number, started: row.started }) {
                numbers.push(row.number);
            }
        }
    }
    found
}

/// How much later than it asked for somebody is woken on this machine, all in all, until told to end: what a machine that is busy
/// with other things takes from everybody.
fn lateness(until: &AtomicBool) -> Duration {
    let step = Duration::from_millis(5);
    let mut late = Duration::ZERO;
    while !until.load(Ordering::Relaxed) {
        let begun = Instant::now();
        thread::park_timeout(step);
        late += begun.elapsed().saturating_sub(step);
    }
    late
}

#[test]
fn a_kill_of_oikos_leaves_nothing_of_thirty_servers() {
    let house = House::new();
    let names: Vec<String> = (0..SERVERS).map(|at| format!("{APP}-{at}")).collect();
    for name in &names {
        house.settle(name);
        house.greet(name);
    }
    wait_until("all of them and theirs to be there", || {
        let families = families(&house.oikos);
        families.len() == SERVERS && families.values().all(|count| *count == FAMILY)
    });
    let known = started_by(house.number);
    // With a keeper for each, and where there is a machine of its own the first one in it.
    assert!(known.len() >= SERVERS * (FAMILY + 1), "{} processes", known.len());
    let is_there = |known: &Known| row(known.number).is_some_and(|row| row.started == known.started);
    assert!(known.iter().all(is_there), "they come and go by themselves");

    let House { oikos, up, .. } = house;
    let over = AtomicBool::new(false);
    let (took, late) = thread::scope(|scope| {
        let late = scope.spawn(|| lateness(&over));
        let killed = Instant::now();
        up.kill();
        wait_until("nothing to be left of them", || !known.iter().any(is_there));
        let took = killed.elapsed();
        over.store(true, Ordering::Relaxed);
        (took, late.join().unwrap())
    });
    println!("{} processes gone {took:?} after the kill, woken {late:?} late meanwhile", known.len());
    assert!(took <= GONE_WITHIN + late, "{took:?}, {late:?} of it not theirs");
    // Nor of what they may have started when nobody looked.
    assert_eq!(families(&oikos), BTreeMap::new());
}

/// Descriptors of a process by what they are of. Files by their names: the same file twice is two.
fn descriptors(number: i32) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{number}/fd")).unwrap().flatten() {
        // One that is closed at this moment is none.
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let target = target.to_string_lossy();
        // `socket:[4711]` and `pipe:[4712]` are each their own.
        let kind = target.split_once(":[").map_or(&*target, |(kind, _)| kind);
        let is_unnamed = ["socket", "pipe"].contains(&kind);
        *kinds.entry(if is_unnamed { kind.to_owned() } else { target.into_owned() }).or_default() += 1;
    }
    kinds
}

/// The same once nothing of what was done is under way any more.
fn settled(number: i32) -> BTreeMap<String, usize> {
    const SAME: usize = 20;
    let (mut last, mut times) = (BTreeMap::new(), 0);
    wait_until_some("the descriptors to settle", || {
        let found = descriptors(number);
        times = if found == last { times + 1 } else { 0 };
        last = found;
        (times == SAME).then(|| last.clone())
    })
}

fn resident_kb(number: i32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{number}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How steeply the line rises that is nearest to these, one step apart.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let (mut above, mut below) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let away = at as f64 - middle;
        above += away * (value - mean);
        below += away * away;
    }
    above / below
}

#[test]
fn the_slope_of_a_line_is_its_own() {
    for (values, expected) in [
        (&[1.0, 1.0, 1.0][..], 0.0),
        (&[0.0, 2.0, 4.0, 6.0], 2.0),
        (&[5.0, 3.0], -2.0),
        (&[0.0, 9.0, 0.0, 9.0, 0.0], 0.0),
    ] {
        assert!((slope(values) - expected).abs() < 1e-9, "{values:?}");
    }
}

#[test]
fn a_server_that_comes_and_goes_leaves_nothing_with_oikos() {
    let house = House::new();
    house.settle(APP);
    let (mut before, mut resident) = (BTreeMap::new(), Vec::with_capacity(CYCLES));
    for cycle in 1..=CYCLES {
        house.greet(APP);
        wait_until("the server and its own to be there", || families(&house.oikos).values().eq([&FAMILY]));
        house.post(&format!("/api/v1/apps/{APP}/disable"), "");
        wait_until("the server to go", || started_by(house.number).is_empty() && families(&house.oikos).is_empty());
        house.post(&format!("/api/v1/apps/{APP}/enable"), "");
        resident.push(resident_kb(house.number));
        if cycle == SETTLED {
            before = settled(house.number);
        }
    }
    let growth = slope(&resident[SETTLED..]);
    let (first, middle, last) = (resident[0], resident[SETTLED - 1], resident[CYCLES - 1]);
    println!(
        "resident after 1, {SETTLED} and {CYCLES} cycles: {first}, {middle} and {last} kB; {growth:.2} kB a cycle"
    );
    assert_eq!(settled(house.number), before, "descriptors after {SETTLED} and after {CYCLES} cycles");
    assert!(growth <= GROWTH_KB_MAX, "{growth:.2} kB stay of each cycle: {resident:?}");
}
