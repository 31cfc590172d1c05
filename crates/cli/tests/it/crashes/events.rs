//! What was told is heard once, and what the clock starts is started at most once, wherever the process ends.

use super::{
    household::{Store, recover},
    points::points_in_sources,
};
use crate::kit::Oikos;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const HOUR_MS: i64 = 3_600_000;

/// Waits for a state, not for time.
#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `oikos up`, until dropped.
struct Up(Child);

impl Up {
    fn start(oikos: &Oikos, fail_points: &str) -> Self {
        let mut command = oikos.command(&["up", "--no-doors"]);
        command.env("FAILPOINTS", fail_points).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// It was killed by its fail point.
    #[track_caller]
    fn dies(mut self) {
        let status = until("the process to end", || self.0.try_wait().unwrap());
        assert_eq!(status.code(), None, "it was not killed: {status}");
    }

    /// As a service manager ends it.
    #[track_caller]
    fn end(mut self) {
        let id = i32::try_from(self.0.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let status = until("the process to end", || self.0.try_wait().unwrap());
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn stored(oikos: &Oikos, key: &str) -> Value {
    Store::copy(oikos).json("storage").remove(key).unwrap_or(Value::Null)
}

fn waiting(oikos: &Oikos) -> usize {
    Store::copy(oikos).rows("event").keys().filter(|key| key.starts_with("waiting/")).count()
}

/// The storage that a hearing writes and that it was heard are one commit: whatever happens in between, each event that
/// was kept is counted once.
#[test]
fn kill_while_an_event_is_heard_and_it_counts_once() {
    let oikos = Oikos::new();
    oikos.install("doorbell", &[]);
    let points = points_in_sources();
    let mut kills = 0;
    for point in points.iter().filter(|point| point.starts_with("event::") || point.starts_with("state::")) {
        for passed in 0..12 {
            let before = stored(&oikos, "doorbell/rings").as_array().map_or(0, Vec::len);
            assert_eq!(waiting(&oikos), 0);
            let mut command = oikos.command(&["emit", "home.door.front"]);
            command.env("FAILPOINTS", format!("{point}={passed}*off->return"));
            let is_killed = command.output().unwrap().status.code().is_none();
            kills += usize::from(is_killed);
            let heard = stored(&oikos, "doorbell/rings").as_array().map_or(0, Vec::len) - before;
            let left = waiting(&oikos);
            assert!(heard + left <= 1, "{point} after {passed}: heard {heard} times, and {left} wait");
            if !is_killed {
                assert_eq!((heard, left), (1, 0), "{point} after {passed}: it was acknowledged");
                break;
            }
            recover(&oikos);
            // The next one that hears anything hears what waits.
            oikos.ok(&["emit", "home.door.next"]);
            let after = stored(&oikos, "doorbell/rings").as_array().map_or(0, Vec::len);
            assert_eq!(after, before + heard + left + 1, "{point} after {passed}");
        }
    }
    assert!(kills >= 4, "{kills} kills");
    println!("{kills} kills");
}

/// What a run stores and what it tells are one commit.
#[test]
fn kill_a_run_that_tells_and_it_did_both_or_nothing() {
    let oikos = Oikos::new();
    oikos.install("doorbell", &[]);
    for point in ["event::before_commit", "event::after_commit"] {
        oikos.ok(&["emit", "nobody.listens"]);
        let before = stored(&oikos, "doorbell/rung").as_u64().unwrap_or(0);
        let mut command = oikos.command(&["run", "doorbell", "ring"]);
        let status = command.env("FAILPOINTS", format!("{point}=return")).output().unwrap().status;
        assert_eq!(status.code(), None, "{point}");
        recover(&oikos);
        let rung = stored(&oikos, "doorbell/rung").as_u64().unwrap_or(0) - before;
        assert_eq!((rung, waiting(&oikos)), if point.contains("before") { (0, 0) } else { (1, 1) }, "{point}");
    }
}

/// As if an app had been installed an hour ago.
fn backdate(oikos: &Oikos, app: &str) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let past = i64::try_from(now.as_millis()).unwrap() - HOUR_MS;
    let row = json!({ "over": [[past, past]] }).to_string();
    let connection = Connection::open(oikos.home().join("store.db")).unwrap();
    let changed = connection
        .execute("UPDATE kv SET value = ?1 WHERE space = 'schedule' AND key = ?2", (row.into_bytes(), app))
        .unwrap();
    assert_eq!(changed, 1);
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
}

fn times(oikos: &Oikos, app: &str) -> usize {
    stored(oikos, &format!("{app}/times")).as_array().map_or(0, Vec::len)
}

#[test]
fn kill_while_the_clock_starts_an_app_and_no_time_starts_it_twice() {
    let points = points_in_sources();
    let points: Vec<&String> = points.iter().filter(|point| point.starts_with("schedule::")).collect();
    assert_eq!(points, ["schedule::after_claim", "schedule::after_run", "schedule::before_claim"]);
    for (point, expected) in points.into_iter().zip([0, 1, 1]) {
        let oikos = Oikos::new();
        oikos.install("clockwork", &[]);
        backdate(&oikos, "clockwork");
        Up::start(&oikos, &format!("{point}=return")).dies();
        recover(&oikos);
        let started = times(&oikos, "clockwork");
        assert!(started <= 1, "{point}: {started}");
        // Another one that is due too, and looked at after it: when that was started, this one was looked at again.
        oikos.install("witness", &[]);
        backdate(&oikos, "witness");
        let up = Up::start(&oikos, "");
        until("the other app to be started", || (times(&oikos, "witness") == 1).then_some(()));
        let is_over = || {
            let runs = oikos.json(&["run", "--list"]);
            runs.as_array().unwrap().iter().all(|run| !run["ended_at"].is_null()).then_some(())
        };
        until("all runs to end", is_over);
        up.end();
        assert_eq!(times(&oikos, "clockwork"), expected, "{point}");
        let list = oikos.json(&["schedule", "list"]);
        let last = &list[0]["last"];
        // What was claimed and lost is told as it is.
        assert_eq!(last["ended_at"].is_null(), expected == 0, "{point}: {last}");
    }
}

/// The real clock, set forward and back under the real binary. Only where `faketime` is on the PATH.
#[test]
fn a_clock_that_is_set_back_starts_nothing_twice() {
    // The library by itself: the program waits for a child, which a kill would leave behind.
    let library = std::process::Command::new("faketime").args(["now", "printenv", "LD_PRELOAD"]).output();
    let Some(library) = library.ok().and_then(|said| String::from_utf8(said.stdout).ok()) else {
        println!("faketime is not on the PATH: nothing was looked at");
        return;
    };
    let oikos = Oikos::new();
    let at = |moment: &str, words: &[&str]| {
        let mut command = oikos.command(words);
        command.env("LD_PRELOAD", library.trim()).env("FAKETIME", format!("@{moment}"));
        command
    };
    let app = crate::kit::app_folder("clockwork");
    let install = ["app", "install", app.to_str().unwrap(), "--yes"];
    assert!(at("2031-03-04 07:52:00", &install).output().unwrap().status.success());
    // Ahead of a time, past it, back before it and past it again, then on to the next one.
    for (moment, expected) in
        [("2031-03-04 07:54:57", 1), ("2031-03-04 07:54:57", 1), ("2031-03-04 07:59:57", 2), ("2031-03-04 07:54:57", 2)]
    {
        let mut command = at(moment, &["up", "--no-doors"]);
        let up = Up(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let started = Instant::now();
        // Long enough to pass the time and to look twice after it.
        until("the clock to pass", || (started.elapsed() > Duration::from_secs(15)).then_some(()));
        drop(up);
        assert_eq!(times(&oikos, "clockwork"), expected, "from {moment}");
    }
}
