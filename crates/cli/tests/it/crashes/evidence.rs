//! A log that somebody changed: the proof fails and names the place, and holds again once the log is as it was.

use crate::kit::Oikos;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{fs, io::Write, path::PathBuf};

/// A home with some history, and its store as it was then.
struct Evidence {
    oikos: Oikos,
    kept: PathBuf,
    last: i64,
}

impl Evidence {
    fn new() -> Self {
        let oikos = Oikos::new();
        oikos.install("counter", &[]);
        for _ in 0..3 {
            oikos.ok(&["run", "counter", "bump"]);
        }
        let kept = oikos.home().with_file_name("store.kept");
        let evidence = Self { oikos, kept, last: 0 };
        let last = evidence.change("SELECT max(seq) FROM log", |row| row);
        fs::copy(evidence.store(), &evidence.kept).unwrap();
        Self { last, ..evidence }
    }

    fn store(&self) -> PathBuf {
        self.oikos.home().join("store.db")
    }

    /// What somebody with a SQLite tool could do. Gives the first column of the answer, or the rows changed.
    fn change(&self, sql: &str, answer: fn(i64) -> i64) -> i64 {
        let connection = Connection::open(self.store()).unwrap();
        let result = if sql.starts_with("SELECT") {
            connection.query_row(sql, [], |row| row.get(0)).unwrap()
        } else {
            i64::try_from(connection.execute(sql, []).unwrap()).unwrap()
        };
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
        connection.close().unwrap();
        answer(result)
    }

    /// Puts the store back as it was, as from a backup.
    fn restore(&self) {
        for name in ["store.db-wal", "store.db-shm"] {
            drop(fs::remove_file(self.oikos.home().join(name)));
        }
        fs::copy(&self.kept, self.store()).unwrap();
    }

    /// Changes the store, and expects the proof to say exactly where. Then puts it back, and the proof holds.
    #[track_caller]
    fn check(&self, sql: &str, rows: i64, expected: &[Value], says: &str) {
        assert_eq!(self.change(sql, |rows| rows), rows, "{sql}");
        // Twice: looking must not change what is seen.
        for _ in 0..2 {
            let said = self.oikos.run(&["log", "--verify", "--json"]);
            assert_eq!(said.code, 1, "{sql}: {}{}", said.out, said.err);
            let report: Value = serde_json::from_str(&said.out).unwrap();
            assert_eq!(report["breaks"], json!(expected), "{sql}");
        }
        let said = self.oikos.run(&["log", "--verify"]);
        assert!(said.code == 1 && said.out.contains(says), "{sql}: {}", said.out);
        let doctor = self.oikos.run(&["doctor"]);
        assert!(doctor.code == 1 && doctor.out.contains(says), "{sql}: {}", doctor.out);
        self.restore();
        let said = self.oikos.run(&["log", "--verify"]);
        assert_eq!(said.code, 0, "{sql}, then restored: {}", said.out);
    }
}

#[test]
fn a_changed_log_is_located() {
    let evidence = Evidence::new();
    let last = evidence.last;
    // A byte of a text, in the middle and at the end.
    for seq in [4, last] {
        let flip = format!(
            "UPDATE log SET body = CAST(replace(CAST(body AS TEXT), 'event', 'evenT') AS BLOB) WHERE seq = {seq}"
        );
        let expected = json!({ "break": "body_changed", "seq": seq });
        evidence.check(&flip, 1, &[expected], &format!("entry {seq} was changed"));
    }
    // A byte of a text, and its digest made to fit.
    let other = "UPDATE log SET body_digest = (SELECT body_digest FROM log WHERE seq = 2), \
                 body = (SELECT body FROM log WHERE seq = 2) WHERE seq = 5";
    let expected = json!({ "break": "hash_mismatch", "seq": 5 });
    evidence.check(other, 1, &[expected], "entry 5 does not follow");
    // A byte of a hash: the entry, and the one that follows from it.
    let flip = "UPDATE log SET hash = CAST(x'ff' || substr(hash, 2) AS BLOB) WHERE seq = 3";
    let expected = [3, 4].map(|seq| json!({ "break": "hash_mismatch", "seq": seq }));
    evidence.check(flip, 1, &expected, "entry 3 does not follow");
    // A row in the middle.
    let expected = json!({ "break": "missing", "from_seq": 5, "to_seq": 5 });
    evidence.check("DELETE FROM log WHERE seq = 5", 1, &[expected], "entry 5 is missing");
    // The first rows.
    let expected = json!({ "break": "missing", "from_seq": 1, "to_seq": 2 });
    evidence.check("DELETE FROM log WHERE seq <= 2", 2, &[expected], "entries 1 to 2 are missing");
    // The end.
    let expected = json!({ "break": "tail_cut", "last_seq": last - 2, "signed_seq": last });
    let cut = format!("DELETE FROM log WHERE seq > {}", last - 2);
    evidence.check(&cut, 2, &[expected], &format!("it ends at entry {}, but entry {last} was signed", last - 2));
    // Everything.
    let expected = json!({ "break": "tail_cut", "last_seq": 0, "signed_seq": last });
    evidence.check("DELETE FROM log", last, &[expected], &format!("entry {last} was signed"));
}

#[test]
fn a_changed_end_is_located_and_can_be_restored() {
    let evidence = Evidence::new();
    let last = evidence.last;
    let flip = format!("UPDATE log SET hash = CAST(x'ff' || substr(hash, 2) AS BLOB) WHERE seq = {last}");
    let expected = json!({ "break": "hash_mismatch", "seq": last });
    evidence.check(&flip, 1, &[expected], &format!("entry {last} does not follow"));
}

#[test]
fn a_cut_end_stays_known_when_the_log_grows_again() {
    let evidence = Evidence::new();
    let last = evidence.last;
    evidence.change(&format!("DELETE FROM log WHERE seq > {}", last - 2), |rows| rows);
    evidence.oikos.ok(&["run", "counter", "bump"]);
    let said = evidence.oikos.run(&["log", "--verify"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains(&format!("entry {last} is not the one that this device signed")), "{}", said.out);
}

#[test]
fn a_torn_last_line_of_the_signed_heads_is_tolerated() {
    let evidence = Evidence::new();
    let path = evidence.oikos.home().join("audit-heads.jsonl");
    let whole = fs::read(&path).unwrap();
    let torn = &whole[..whole.len() / 2];
    // As a power cut leaves it: the beginning of one more line.
    for torn in [&b"{\"owner\":"[..], torn.rsplit(|byte| *byte == b'\n').next().unwrap(), &[0, 0, 0, 0]] {
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(torn).unwrap();
        evidence.oikos.ok(&["log", "--verify"]);
        // The next head is not glued to it.
        evidence.oikos.ok(&["run", "counter", "bump"]);
        evidence.oikos.ok(&["log", "--verify"]);
        assert!(fs::read(&path).unwrap().ends_with(b"\n"));
    }
    // A whole line that this device did not sign is told.
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"owner\":1}\n").unwrap();
    let said = evidence.oikos.run(&["log", "--verify"]);
    assert!(said.code == 1 && said.out.contains("of audit-heads.jsonl is not one"), "{}", said.out);
}
