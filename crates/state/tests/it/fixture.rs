//! Stores of every release, opened by this one. `tests/fixtures/README.md` says how the next is made.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Disk, chain_length};
use protocol::{Labels, OwnerId};
use state::{Batch, Durability, Key, STORE_VERSION, Space, Store};
use std::{fs, path::PathBuf};

/// Set, the fixture of this version is written into the source tree first.
const WRITE_VARIABLE: &str = "OIKOS_TEST_WRITE_FIXTURE";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn fill(store: &dyn Store) {
    for (place, space) in Space::ALL.iter().enumerate() {
        let mut batch = Batch::new();
        let key = Key::new(OwnerId::LOCAL, *space, format!("notes/{place}"));
        batch
            .put(&key, format!("value of {space}").into_bytes(), Labels::PRIVATE)
            .append(OwnerId::LOCAL, place.to_string().into());
        batch.put(&Key::new(OwnerId(2), *space, "größe"), vec![0; 2000], Labels::NONE);
        store.commit(batch, Durability::Saved).unwrap();
    }
    let mut batch = Batch::new();
    batch.prune_log(OwnerId::LOCAL, 3).append(OwnerId(2), b"other owner".to_vec());
    store.commit(batch, Durability::Saved).unwrap();
}

#[test]
fn stores_of_every_release_open() {
    if std::env::var_os(WRITE_VARIABLE).is_some() {
        write_fixture();
    }
    let fixtures = (1..=STORE_VERSION).map(|version| folder().join(format!("store-v{version}.db")));
    for fixture in fixtures {
        let disk = Disk::new();
        drop(disk.lock());
        fs::copy(&fixture, disk.home.path().join("store.db"))
            .unwrap_or_else(|_| panic!("{} is missing", fixture.display()));
        let (store, _lock) = disk.open();
        // A space that came later is in no older store.
        let value = |space: Space, key: &str| store.scan(OwnerId::LOCAL, space, key, None, 1).unwrap().pop();
        let (key, entry) = value(Space::App, "notes/").unwrap();
        assert_eq!((key.as_str(), entry.labels), ("notes/0", Labels::PRIVATE));
        assert_eq!(entry.value, b"value of app");
        assert_eq!(store.sum_bytes(OwnerId(2), Space::App, "gr").unwrap(), 2007);
        assert_eq!(store.sum_bytes(OwnerId::LOCAL, Space::Storage, "notes/").unwrap(), 7 + 16);
        let rows = store.log_read(OwnerId::LOCAL, 1, 4).unwrap();
        assert_eq!((rows[2].body.as_deref(), rows[3].body.as_deref()), (None, Some(&b"3"[..])));
        let before = chain_length(&store);
        assert!(before >= 10);
        fill(&store);
        assert_eq!(chain_length(&store), before + Space::ALL.len() as u64);
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

fn write_fixture() {
    let disk = Disk::new();
    let (store, lock) = disk.open();
    fill(&store);
    drop((store, lock));
    let target = folder().join(format!("store-v{STORE_VERSION}.db"));
    fs::copy(disk.home.path().join("store.db"), target).unwrap();
}
