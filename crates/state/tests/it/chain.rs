//! The log under many writers.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Disk, chain_length};
use protocol::{Labels, OwnerId};
use state::{Batch, CommitError, Durability, Key, Space, Store};
use std::{collections::BTreeSet, sync::Mutex};

const THREADS: u64 = 8;
const BATCHES: u64 = 60;

#[test]
fn eight_threads_make_one_chain_and_a_failing_batch_fails_alone() {
    let disk = Disk::new();
    let (store, lock) = disk.open();
    let places = Mutex::new(BTreeSet::new());
    let absent = Key::new(OwnerId::LOCAL, Space::Setting, "absent");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, places, absent) = (&store, &places, &absent);
            scope.spawn(move || {
                for number in 0..BATCHES {
                    let mut batch = Batch::new();
                    let key = Key::new(OwnerId::LOCAL, Space::Run, format!("{thread}/{number}"));
                    let text = format!("{thread} {number}");
                    batch.append(OwnerId::LOCAL, text.clone().into_bytes()).put(&key, text.into(), Labels::NONE);
                    match number % 4 {
                        0 => drop(store.commit(batch, Durability::Lazy).unwrap()),
                        1 => {
                            batch.expect(absent, Some(1));
                            let error = store.commit(batch, Durability::Saved).unwrap_err();
                            assert!(matches!(error, CommitError::PreconditionFailed { .. }), "{error}");
                        }
                        2 => {
                            let committed = store.commit(batch, Durability::Saved).unwrap();
                            places.lock().unwrap().insert(committed.log[0].0);
                        }
                        _ => {
                            let committed = store.commit(batch, Durability::Synced).unwrap();
                            places.lock().unwrap().insert(committed.log[0].0);
                        }
                    }
                }
            });
        }
    });
    let expected = THREADS * BATCHES * 3 / 4;
    assert_eq!(chain_length(&store), expected);
    assert_eq!(places.into_inner().unwrap().len() as u64, THREADS * BATCHES / 2);
    assert_eq!(store.scan(OwnerId::LOCAL, Space::Run, "", None, usize::MAX).unwrap().len() as u64, expected);
    drop((store, lock));
    let (store, _lock) = disk.open();
    assert_eq!(chain_length(&store), expected);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn lazy_batches_are_written_without_anyone_asking() {
    let disk = Disk::new();
    let (store, _lock) = disk.open();
    let mut batch = Batch::new();
    batch.append(OwnerId::LOCAL, b"read a file".to_vec());
    store.commit(batch, Durability::Lazy).unwrap();
    // Another connection sees only what is committed.
    let wal = disk.home.path().join("store.db-wal");
    let before = std::fs::metadata(&wal).unwrap().len();
    testkit::wait_until("the lazy batch is in the write-ahead log", || {
        let length = std::fs::metadata(&wal).unwrap().len();
        length > before || std::fs::read(&wal).unwrap().windows(11).any(|bytes| bytes == b"read a file")
    });
}
