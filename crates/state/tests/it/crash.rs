//! The end of a process at any moment: what was acknowledged is there, the chain holds, nothing is half.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Disk, chain_length};
use protocol::{Labels, OwnerId};
use state::{Batch, BlobStore, Durability, HomeLock, Key, Space, SqliteStore, Store};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdout, Command, Stdio},
};
use testkit::{TestClock, TestEntropy};

const HOME_VARIABLE: &str = "OIKOS_TEST_CHILD_HOME";

/// This test binary again, running one ignored test as a process of its own.
pub(crate) struct Child {
    process: std::process::Child,
    lines: BufReader<ChildStdout>,
}

impl Child {
    pub(crate) fn start(test: &str, home: &Path, variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(HOME_VARIABLE, home)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Reads acknowledgements until there are `count`, or the child has ended. Gives the last.
    pub(crate) fn acknowledged(&mut self, count: u64) -> u64 {
        let (mut last, mut line) = (0, String::new());
        while last < count {
            line.clear();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                break;
            }
            if let Some(number) = line.strip_prefix("acknowledged ").filter(|_| line.ends_with('\n')) {
                last = number.trim().parse().unwrap();
            }
        }
        last
    }

    /// Ends it as kill -9 does, and gives the last acknowledgement that it still wrote.
    pub(crate) fn kill(&mut self) -> u64 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.acknowledged(u64::MAX)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub(crate) fn acknowledge(number: u64) {
    // Not println!: the harness could keep that back.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\nacknowledged {number}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

fn key(number: u64) -> Key {
    Key::new(OwnerId::LOCAL, Space::Storage, format!("app/{number:08}"))
}

/// Commits as fast as it can until it is killed: with each number one value, one log entry and, as neighbours in the
/// same group, lazy entries that nobody waits for. Does nothing but as a child of the other tests.
#[test]
fn child_commits() {
    let Some(home) = std::env::var_os(HOME_VARIABLE) else { return };
    #[cfg(feature = "failpoints")]
    let _scenario = fail::FailScenario::setup();
    let lock = HomeLock::acquire(Path::new(&home), &TestClock::new()).unwrap();
    let blobs = BlobStore::open(&lock).unwrap();
    let store = SqliteStore::open(&lock, &TestClock::new()).unwrap();
    let first = store.scan(OwnerId::LOCAL, Space::Storage, "app/", None, usize::MAX).unwrap().len() as u64 + 1;
    for number in first.. {
        let digest = number.is_multiple_of(16).then(|| blobs.put(&number.to_le_bytes()).unwrap());
        let mut lazy = Batch::new();
        lazy.append(OwnerId::LOCAL, b"lazy".to_vec());
        store.commit(lazy, Durability::Lazy).unwrap();
        let mut batch = Batch::new();
        let value = digest.map_or(vec![], |digest| digest.0.to_vec());
        batch.put(&key(number), value, Labels::NONE).append(OwnerId::LOCAL, format!("saved {number}").into_bytes());
        let durability = if number.is_multiple_of(10) { Durability::Synced } else { Durability::Saved };
        store.commit(batch, durability).unwrap();
        acknowledge(number);
    }
}

/// Opens what a killed process left behind and looks at everything.
#[track_caller]
fn check_home(disk: &Disk, acknowledged: u64) -> u64 {
    let (store, lock) = disk.open();
    let values = store.scan(OwnerId::LOCAL, Space::Storage, "app/", None, usize::MAX).unwrap();
    let saved = values.len() as u64;
    assert!(saved >= acknowledged, "{acknowledged} were acknowledged and {saved} are there");
    // Value and log entry of a batch are both there or both not.
    let bodies = store.log_read(OwnerId::LOCAL, 1, usize::MAX).unwrap().into_iter().filter_map(|row| row.body);
    let bodies: Vec<_> = bodies.filter(|body| body.starts_with(b"saved ")).collect();
    let expected: Vec<_> = (1..=saved).map(|number| format!("saved {number}").into_bytes()).collect();
    assert_eq!(bodies, expected);
    assert!(values.iter().map(|(key, _)| key).eq((1..=saved).map(|number| key(number).key).collect::<Vec<_>>().iter()));
    chain_length(&store);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let blobs = BlobStore::open(&lock).unwrap();
    for (name, entry) in values.iter().filter(|(_, entry)| !entry.value.is_empty()) {
        let digest = protocol::Digest(entry.value[..].try_into().unwrap());
        let number: u64 = name.strip_prefix("app/").unwrap().parse().unwrap();
        assert_eq!(blobs.get(digest).unwrap(), number.to_le_bytes());
    }
    blobs.list().unwrap().into_iter().for_each(|digest| drop(blobs.get(digest).unwrap()));
    saved
}

#[test]
fn kill_loses_nothing_that_was_acknowledged() {
    let disk = Disk::new();
    let entropy = TestEntropy::new();
    let mut saved = 0;
    for _ in 0..12 {
        let mut child = Child::start("crash::child_commits", disk.home.path(), &[]);
        let until = saved + 1 + entropy.below(150);
        let acknowledged = child.acknowledged(until);
        assert!(acknowledged >= until, "the child ended by itself after {acknowledged}");
        let acknowledged = acknowledged.max(child.kill());
        saved = check_home(&disk, acknowledged);
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn the_end_at_each_fail_point_is_before_or_after_never_between() {
    for point in ["state::before_commit", "state::after_commit", "blob::before_rename", "blob::after_rename"] {
        let disk = Disk::new();
        let mut saved = 0;
        for hits in [0, 3, 20] {
            // The child first opens the store; the point fires after some harmless passes.
            let actions = format!("{point}={hits}*off->return");
            let mut child = Child::start("crash::child_commits", disk.home.path(), &[("FAILPOINTS", &actions)]);
            let acknowledged = child.acknowledged(u64::MAX).max(saved);
            saved = check_home(&disk, acknowledged);
        }
    }
}
