//! kill -9 at random moments of a long life: nothing that was acknowledged is ever lost.

use super::household::{State, Store, recover};
use crate::kit::{Oikos, Said, app_folder};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    process::Stdio,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How many processes are killed while they work.
const KILLS: usize = 200;
/// Kills are aimed at the time that a command takes as measured in this run, and a little beyond its end.
const AIM_PERCENT: u64 = 110;

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// A change of a file that can be taken back.
struct Written {
    run: String,
    path: String,
    before: Option<String>,
    after: Option<String>,
}

/// One command, and what the home holds once it is done.
struct Step {
    kind: &'static str,
    words: Vec<String>,
    says: String,
    new: State,
    writes: Option<(String, Option<String>, Option<String>)>,
    undoes: bool,
}

#[test]
fn kill_200_random_moments() {
    let seed = match std::env::var("OIKOS_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() % 1_000_000).unwrap(),
    };
    println!("OIKOS_TEST_SEED={seed}");
    let started = Instant::now();
    let mut random = Random(seed);
    let oikos = Oikos::new();
    for app in ["scribe", "counter", "notes"] {
        oikos.install(app, &[]);
    }
    oikos.ok(&["grant", "scribe", "file=allow:."]);
    let mut state = recover(&oikos);
    let mut written: Vec<Written> = Vec::new();
    let mut took: BTreeMap<&str, Duration> = BTreeMap::new();
    let mut last_entry = None;
    let (mut kills, mut steps, mut kept, mut gone) = (0, 0, 0, 0);
    while kills < KILLS {
        steps += 1;
        assert!(steps < 4 * KILLS, "too few commands were still under way when they were to be killed");
        let step = step(&oikos, &mut random, &state, &written, steps);
        let case = format!("step {steps} of seed {seed}: {:?}", step.words);
        let usual = took.get(step.kind).copied();
        let aim = usual.map(|usual| {
            let most = u64::try_from(usual.as_micros()).unwrap() * AIM_PERCENT / 100;
            // The later of two: most of a command's time goes by before it changes anything.
            Duration::from_micros(random.below(most).max(random.below(most)))
        });
        let began = Instant::now();
        let said = run(&oikos, &step.words, aim);
        if said.code == 0 {
            // The mean of the last few, so that a machine that gets slower or faster is followed.
            let now = began.elapsed();
            took.entry(step.kind).and_modify(|usual| *usual = (*usual * 3 + now) / 4).or_insert(now);
        } else {
            assert_eq!(said.code, -1, "{case} failed: {}{}", said.out, said.err);
            kills += 1;
        }
        let found = recover(&oikos);
        assert!(found == state || found == step.new, "{case}: {found:#?} is neither {state:#?} nor {:#?}", step.new);
        let is_acknowledged = said.code == 0 || said.out.contains(&step.says);
        assert!(!is_acknowledged || found == step.new, "{case}: acknowledged and lost: {found:#?}");
        if said.code != 0 {
            if found == step.new { kept += 1 } else { gone += 1 }
        }
        last_entry = Some(check_log_grows(&oikos, last_entry, &case));
        if found == step.new && step.undoes {
            written.pop();
        }
        if found != state
            && let Some((path, before, after)) = step.writes
        {
            written.push(Written { run: oikos.last_run(), path, before, after });
        }
        state = found;
    }
    oikos.ok(&["log", "--verify"]);
    println!(
        "{kills} kills in {steps} steps, {} ms: {kept} had happened, {gone} had not",
        started.elapsed().as_millis()
    );
    let took: Vec<String> = took.iter().map(|(kind, took)| format!("{kind} {} ms", took.as_millis())).collect();
    println!("a step took: {}", took.join(", "));
}

/// What was in the log once stays there.
fn check_log_grows(oikos: &Oikos, before: Option<(i64, Vec<u8>)>, case: &str) -> (i64, Vec<u8>) {
    let log = Store::copy(oikos).log();
    if let Some((seq, hash)) = before {
        let same = log.iter().find(|entry| entry.seq == seq);
        assert!(same.is_some_and(|entry| entry.hash == hash), "{case}: entry {seq} of the log is gone");
    }
    let last = log.into_iter().next_back().unwrap();
    (last.seq, last.hash)
}

/// Chooses the next command.
fn step(oikos: &Oikos, random: &mut Random, state: &State, written: &[Written], number: usize) -> Step {
    let mut new = state.clone();
    let plain = |kind, words: &[&str], says: &str, new| Step {
        kind,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        says: says.to_owned(),
        new,
        writes: None,
        undoes: false,
    };
    match random.below(10) {
        0 => {
            let source = app_folder("looper");
            if new.apps.remove("looper").is_some() {
                new.grants.remove("looper");
                return plain("remove an app", &["app", "remove", "looper"], "removed looper", new);
            }
            new.apps.insert("looper".to_owned(), looper(oikos));
            new.grants.insert("looper".to_owned(), json!({ "requested": [], "grants": [] }).to_string());
            plain("install", &["app", "install", source.to_str().unwrap(), "--yes"], "installed looper", new)
        }
        1 => {
            let was = new.grants["counter"].clone();
            let (to, from) = if was.contains(r#""allow""#) { ("block", "allow") } else { ("allow", "block") };
            new.grants.insert("counter".to_owned(), was.replace(&format!("\"{from}\""), &format!("\"{to}\"")));
            plain("grant", &["grant", "counter", &format!("storage={to}")], "storage", new)
        }
        2 | 3 if state.grants["counter"].contains(r#""allow""#) => {
            let by = i64::try_from(random.below(100)).unwrap() + 1;
            let count = new.stored.get("counter/count").map_or(0, |count| count.parse().unwrap()) + by;
            new.stored.insert("counter/count".to_owned(), count.to_string());
            let input = json!({ "by": by }).to_string();
            plain("store", &["run", "counter", "bump", "--input", &input, "--json"], "STREAM_END", new)
        }
        4 => {
            let text = format!("note {number}");
            let input = json!({ "text": text }).to_string();
            new.notes.insert(text);
            plain("note", &["run", "notes", "add", "--input", &input, "--json"], "STREAM_END", new)
        }
        5 if !state.files.is_empty() => {
            let names: Vec<&String> = state.files.keys().collect();
            let name = (*random.pick(&names)).clone();
            let before = new.files.remove(&name);
            let input = json!({ "path": format!("files/{name}") }).to_string();
            let step = plain("remove a file", &["run", "scribe", "remove", "--input", &input], "removed", new);
            Step { writes: Some((name, before, None)), ..step }
        }
        6 | 7 if written.last().is_some_and(|last| state.files.get(&last.path) == last.after.as_ref()) => {
            let last = written.last().unwrap();
            match &last.before {
                Some(text) => new.files.insert(last.path.clone(), text.clone()),
                None => new.files.remove(&last.path),
            };
            Step { undoes: true, ..plain("undo", &["undo", &last.run], &last.path, new) }
        }
        _ => {
            let name = (*random.pick(&["a.txt", "b.txt", "c.txt", "d.txt"])).to_owned();
            // From nothing to more than fits into one page.
            let text = format!("{number} ").repeat(usize::try_from(random.below(3000)).unwrap() + 1);
            let before = new.files.insert(name.clone(), text.clone());
            let input = json!({ "path": format!("files/{name}"), "text": text }).to_string();
            let step = plain("write", &["run", "scribe", "write", "--input", &input], "wrote", new);
            Step { writes: Some((name, before, Some(text))), ..step }
        }
    }
}

/// What the store says of the looper once it is installed.
fn looper(oikos: &Oikos) -> String {
    let archive = oikos.home().with_file_name("looper.aisapp");
    if !archive.exists() {
        oikos.ok(&["app", "pack", app_folder("looper").to_str().unwrap(), "--out", archive.to_str().unwrap()]);
    }
    let digest = protocol::sha256(&fs::read(archive).unwrap());
    format!("\"1.0.0\" \"{digest}\" true null")
}

/// Runs a command, and kills it after a while unless it has ended by then.
fn run(oikos: &Oikos, words: &[String], aim: Option<Duration>) -> Said {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut child = oikos.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(aim) = aim {
        // The one place that waits for time: the moment is the point.
        std::thread::sleep(aim);
        child.kill().unwrap();
    }
    Said::of(child.wait_with_output().unwrap())
}
