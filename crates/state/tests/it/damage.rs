//! Files that are not what they were: a clear error, never a panic, and never a wrong value from the log.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::Disk;
use protocol::{ErrorCode, Labels, OwnerId};
use state::{Batch, ChainCheck, Durability, Key, Space, SqliteStore, Store, StoreError};
use std::{fs, path::PathBuf};
use testkit::{TestClock, TestEntropy};

/// A closed store with some hundred rows.
fn filled() -> (Disk, PathBuf) {
    let disk = Disk::new();
    let (store, lock) = disk.open();
    for number in 0..200 {
        let mut batch = Batch::new();
        let key = Key::new(OwnerId::LOCAL, Space::Storage, format!("app/{number}"));
        batch.put(&key, vec![b'v'; 200], Labels::NONE).append(OwnerId::LOCAL, format!("entry {number}").into_bytes());
        store.commit(batch, Durability::Lazy).unwrap();
    }
    store.flush().unwrap();
    drop((store, lock));
    let path = disk.home.path().join("store.db");
    assert!(!path.with_extension("db-wal").exists(), "closing moves everything into one file");
    (disk, path)
}

/// Opens and reads everything, as `oikos doctor` and `oikos log --verify` do.
fn read_all(disk: &Disk) -> Result<Vec<String>, StoreError> {
    let lock = disk.lock();
    let store = SqliteStore::open(&lock, &TestClock::new())?;
    let mut faults = store.check()?;
    store.scan(OwnerId::LOCAL, Space::Storage, "", None, usize::MAX)?;
    store.sum_bytes(OwnerId::LOCAL, Space::Storage, "")?;
    let mut check = ChainCheck::new(OwnerId::LOCAL, []);
    for row in store.log_read(OwnerId::LOCAL, 0, usize::MAX)? {
        if let Err(fault) = check.row(&row) {
            faults.push(fault.to_string());
            break;
        }
    }
    let mut batch = Batch::new();
    batch.append(OwnerId::LOCAL, b"one more".to_vec());
    match store.commit(batch, Durability::Synced) {
        Ok(_) => Ok(faults),
        Err(state::CommitError::Store(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn check_refused(damage: impl FnOnce(&mut Vec<u8>)) {
    let (disk, path) = filled();
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let error = read_all(&disk).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreDamaged, "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    assert_eq!(read_all(&filled().0).unwrap(), Vec::<String>::new());
    check_refused(|bytes| bytes[..100].fill(0xa5));
    check_refused(|bytes| bytes[4096..8192].fill(0));
    check_refused(|bytes| bytes.truncate(bytes.len() / 2));
    check_refused(|bytes| bytes.truncate(50));
    check_refused(|bytes| *bytes = b"just some text that somebody put here ".repeat(200));
}

#[test]
fn random_bytes_anywhere_never_panic() {
    let (disk, path) = filled();
    let whole = fs::read(&path).unwrap();
    let entropy = TestEntropy::new();
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..=entropy.below(4) {
            let place = usize::try_from(entropy.below(bytes.len() as u64)).unwrap();
            bytes[place] = entropy.next_u64().to_le_bytes()[0];
        }
        fs::write(&path, &bytes).unwrap();
        drop(read_all(&disk));
    }
}

#[test]
fn the_log_locates_a_flipped_byte_a_removed_row_and_a_cut_tail() {
    let change = |sql: &str| {
        let (disk, path) = filled();
        let (store, lock) = disk.open();
        let head = store.log_tail(OwnerId::LOCAL).unwrap().unwrap();
        drop((store, lock));
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let (store, _lock) = disk.open();
        let mut check = ChainCheck::new(OwnerId::LOCAL, [head]);
        let rows = store.log_read(OwnerId::LOCAL, 0, usize::MAX).unwrap();
        rows.iter().try_for_each(|row| check.row(row)).and_then(|()| check.end()).unwrap_err().to_string()
    };
    assert_eq!(
        change("UPDATE log SET body = CAST('entry 77' AS BLOB) WHERE seq = 77"),
        "entry 77 was changed: its text is not the one that was written"
    );
    assert_eq!(change("DELETE FROM log WHERE seq = 50"), "entry 50 is missing: the next one found is 51");
    assert_eq!(
        change("DELETE FROM log WHERE seq > 190"),
        "the log ends at entry 190, but entry 200 was signed: its end was cut off"
    );
}
