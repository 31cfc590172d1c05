//! What a home holds, read from the disk without oikos, and what must hold after every abrupt end.

use crate::kit::Oikos;
use rusqlite::Connection;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// What its owner cares about: it must be as it was, or as it was meant to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Name → version, digest, whether enabled.
    pub(super) apps: BTreeMap<String, String>,
    /// App → its switches, without ids and times.
    pub(super) grants: BTreeMap<String, String>,
    /// Name → text, in the folder that apps may use.
    pub(super) files: BTreeMap<String, String>,
    /// App and key → value, but for the notes.
    pub(super) stored: BTreeMap<String, String>,
    /// App → the version that a rollback goes back to, and its storage then.
    pub(super) before: BTreeMap<String, String>,
    /// The notes' texts.
    pub(super) notes: BTreeSet<String>,
    /// Fingerprint → what is known of a publisher, without times.
    pub(super) publishers: BTreeMap<String, String>,
    /// App → to whom its name belongs.
    pub(super) pins: BTreeMap<String, String>,
    /// The person's own keys, each with its two halves, and how many statements led to it.
    pub(super) keys: BTreeMap<String, usize>,
    /// Name of a secret → what its owner wrote beside it. Nobody reads the secret itself again.
    pub(super) secrets: BTreeMap<String, String>,
}

/// The store as it is on the disk: a copy, because opening it would already put it in order.
pub(super) struct Store {
    connection: Connection,
    _folder: tempfile::TempDir,
}

/// An entry of the log.
pub(super) struct Entry {
    pub(super) seq: i64,
    pub(super) hash: Vec<u8>,
    pub(super) record: Value,
}

impl Store {
    pub(super) fn copy(oikos: &Oikos) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["store.db", "store.db-wal"] {
            let from = oikos.home().join(name);
            if from.exists() {
                fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        let connection = Connection::open(folder.path().join("store.db")).unwrap();
        Self { connection, _folder: folder }
    }

    /// Takes spaces out of the store itself, so that what is never forgotten can be tried again.
    pub(super) fn forget(oikos: &Oikos, spaces: &[&str]) {
        let connection = Connection::open(oikos.home().join("store.db")).unwrap();
        for space in spaces {
            connection.execute("DELETE FROM kv WHERE space = ?1", [space]).unwrap();
        }
    }

    /// The rows of a space: key → value.
    pub(super) fn rows(&self, space: &str) -> BTreeMap<String, Vec<u8>> {
        let mut rows = self.connection.prepare("SELECT key, value FROM kv WHERE space = ?1").unwrap();
        let rows = rows.query_map([space], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub(super) fn json(&self, space: &str) -> BTreeMap<String, Value> {
        self.rows(space).into_iter().map(|(key, value)| (key, serde_json::from_slice(&value).unwrap())).collect()
    }

    /// The labels that stand in a space.
    pub(super) fn labels(&self, space: &str) -> Vec<i64> {
        let mut rows = self.connection.prepare("SELECT labels FROM kv WHERE space = ?1").unwrap();
        rows.query_map([space], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    pub(super) fn log(&self) -> Vec<Entry> {
        let mut rows = self.connection.prepare("SELECT seq, hash, body FROM log ORDER BY seq").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))).unwrap();
        rows.map(Result::unwrap)
            .map(|(seq, hash, body)| Entry { seq, hash, record: serde_json::from_slice(&body).unwrap() })
            .collect()
    }

    /// Effects that were announced and have no end in the log.
    pub(super) fn open_intents(&self) -> usize {
        self.rows("intent").len()
    }

    /// Effects whose end is told as unknown.
    pub(super) fn unknown_outcomes(&self) -> usize {
        self.log().iter().filter(|entry| entry.record["state"] == "unknown").count()
    }
}

impl State {
    pub(super) fn of(oikos: &Oikos, store: &Store) -> Self {
        let apps = store.json("app").into_iter().map(|(name, record)| {
            (name, format!("{} {} {} {}", record["version"], record["digest"], record["enabled"], record["setup"]))
        });
        let grants = store.json("grant").into_iter().map(|(name, mut grants)| {
            for grant in grants["grants"].as_array_mut().unwrap() {
                let grant = grant.as_object_mut().unwrap();
                grant.remove("id");
                grant.remove("at");
            }
            (name, grants.to_string())
        });
        let mut stored = BTreeMap::new();
        let mut notes = BTreeSet::new();
        for (key, value) in store.rows("storage") {
            let text = String::from_utf8_lossy(&value).into_owned();
            match key.strip_prefix("notes/") {
                Some(key) if key.starts_with("note/") => {
                    let note: Value = serde_json::from_str(&text).unwrap();
                    notes.insert(note["text"].as_str().unwrap().to_owned());
                }
                // An index can be made again.
                Some(_) => {}
                None => {
                    stored.insert(key, text);
                }
            }
        }
        let mut before: BTreeMap<String, String> =
            store.json("version").into_iter().map(|(name, row)| (name, row["record"]["version"].to_string())).collect();
        let kept = store.rows("checkpoint").into_iter();
        before.extend(kept.map(|(key, value)| (key, String::from_utf8_lossy(&value).into_owned())));
        let told = |space: &str| {
            let records = store.json(space).into_iter().map(|(key, mut record)| {
                record.as_object_mut().unwrap().remove("since");
                (key, record.to_string())
            });
            records.collect()
        };
        Self {
            apps: apps.collect(),
            grants: grants.collect(),
            files: files(&oikos.files()),
            stored,
            before,
            notes,
            publishers: told("publisher"),
            pins: told("pin"),
            keys: keys(oikos),
            secrets: secrets(oikos),
        }
    }
}

/// Path → text of a folder's files. What is hidden because it is not finished is not there yet.
pub(super) fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(".unfinished-") {
            continue;
        }
        if entry.path().is_dir() {
            // An empty folder counts, too.
            files.insert(format!("{name}/"), String::new());
            let inside = self::files(&entry.path());
            files.extend(inside.into_iter().map(|(path, text)| (format!("{name}/{path}"), text)));
        } else {
            files.insert(name, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned());
        }
    }
    files
}

/// What is known of the secrets of a home that has any.
fn secrets(oikos: &Oikos) -> BTreeMap<String, String> {
    if !oikos.home().join("vault").exists() {
        return BTreeMap::new();
    }
    let keys = oikos.json(&["key", "list"]);
    let each = keys.as_array().unwrap().iter();
    each.map(|key| (key["name"].as_str().unwrap().to_owned(), key["note"].to_string())).collect()
}

/// The keys of the person who uses it. Each is whole and private, and none is left half-made.
fn keys(oikos: &Oikos) -> BTreeMap<String, usize> {
    let folder = oikos.publishers();
    let own = oikos.json(&["publisher", "list"])["own"].as_array().unwrap().clone();
    let mut keys = BTreeMap::new();
    for key in own {
        let name = key["name"].as_str().unwrap();
        let secret = folder.join(format!("{name}.key"));
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600, "{}", secret.display());
        assert!(fs::read_to_string(folder.join(format!("{name}.pub"))).unwrap().contains(key["key"].as_str().unwrap()));
        let statements = fs::read_to_string(folder.join(format!("{name}.successor"))).unwrap_or_default();
        keys.insert(name.to_owned(), statements.lines().filter(|line| line.starts_with("old: ")).count());
    }
    keys
}

/// Opens the home as the next command would, looks at everything, and gives what it holds.
#[track_caller]
pub(super) fn recover(oikos: &Oikos) -> State {
    let cut_off = Store::copy(oikos);
    let doctor = oikos.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "doctor is not content:\n{}{}", doctor.out, doctor.err);
    let store = Store::copy(oikos);
    // What was left open is told as unknown, neither more nor less.
    assert_eq!(store.unknown_outcomes(), cut_off.unknown_outcomes() + cut_off.open_intents());
    for (space, prefix) in [("intent", ""), ("run", "live/"), ("question", "")] {
        let left: Vec<String> = store.rows(space).into_keys().filter(|key| key.starts_with(prefix)).collect();
        assert!(left.is_empty(), "{space} still has {left:?}");
    }
    check_log(&store);
    check_blobs(oikos, &store);
    check_trash(oikos, &store);
    let state = State::of(oikos, &store);
    let staged: Vec<&String> = state.files.keys().filter(|name| name.starts_with(".oikos-")).collect();
    assert!(staged.is_empty(), "staged files are left: {staged:?}");
    state
}

/// Every announced effect has exactly one end.
fn check_log(store: &Store) {
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    for entry in store.log() {
        let change = match entry.record["event"].as_str().unwrap() {
            "intent" => 1,
            "outcome" => -1,
            _ => continue,
        };
        *open.entry(format!("{}/{}", entry.record["run"], entry.record["effect"])).or_default() += change;
    }
    open.retain(|_, count| *count != 0);
    assert!(open.is_empty(), "effects without exactly one end: {open:?}");
}

/// An archive for each app and for each version that a rollback goes back to, and no other.
fn check_blobs(oikos: &Oikos, store: &Store) {
    let digest = |record: &Value| record["digest"].as_str().unwrap().to_owned();
    let mut needed: BTreeSet<String> = store.json("app").values().map(digest).collect();
    needed.extend(store.json("version").values().map(|row| digest(&row["record"])));
    let folders = fs::read_dir(oikos.home().join("blobs")).unwrap().map(|entry| entry.unwrap().path());
    let found: BTreeSet<String> = folders
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, needed, "archives on the disk, archives of apps");
}

/// What can be taken back is in the trash as it was, and nothing is there that nobody knows of.
fn check_trash(oikos: &Oikos, store: &Store) {
    let trash = oikos.home().join("trash");
    let mut known = BTreeSet::new();
    for (key, row) in store.json("trash") {
        assert_ne!(row["state"], "pending", "{key}");
        let change = &row["change"];
        if change["kind"] == "moved" {
            // It has another name, and nothing of it is kept.
            assert!(change["trash"].is_null(), "{change}");
            continue;
        }
        let place = change["trash"].as_str().unwrap();
        known.insert(place.to_owned());
        let is_kept = row["state"] == "done" && change["kind"] != "created";
        if is_kept {
            let kept = fs::read(trash.join(place)).unwrap_or_else(|error| panic!("{place} of {change}: {error}"));
            assert_eq!(protocol::sha256(&kept).to_string(), change["before"]["digest"].as_str().unwrap(), "{change}");
        }
    }
    let Ok(folders) = fs::read_dir(&trash) else { return };
    for folder in folders.map(Result::unwrap) {
        for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let place = format!("{}/{}", folder.file_name().display(), file.file_name().display());
            assert!(known.contains(&place), "{place} is in the trash and nobody knows why");
        }
    }
}
