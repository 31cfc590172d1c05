//! No room to write: values are refused, reading goes on, and room that was made is used.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Disk, chain_length, home::say_skipped};
use protocol::{ErrorCode, Labels, OwnerId};
use state::{
    Batch, BlobError, BlobStore, Durability, HomeLock, Key, MemoryStore, Space, SqliteStore, Store, StoreOptions,
};
use std::{path::Path, process::Command};
use testkit::{TempHome, TestClock};

fn key(number: u64) -> Key {
    Key::new(OwnerId::LOCAL, Space::Storage, format!("app/{number}"))
}

fn put(store: &dyn Store, number: u64, bytes: usize) -> Result<state::Committed, state::CommitError> {
    let mut batch = Batch::new();
    batch.put(&key(number), vec![1; bytes], Labels::NONE).append(OwnerId::LOCAL, vec![2; 100]);
    store.commit(batch, Durability::Saved)
}

#[test]
fn a_store_at_its_limit_refuses_and_goes_on() {
    let disk = Disk::new();
    let lock = disk.lock();
    let options = StoreOptions { bytes_max: Some(1024 * 1024) };
    let store = SqliteStore::open_with(&lock, &TestClock::new(), options).unwrap();
    let (error, number) =
        (0..).find_map(|number| put(&store, number, 50_000).err().map(|error| (error, number))).unwrap();
    assert_eq!(error.code(), ErrorCode::DiskFull, "{error}");
    assert!(error.hint().is_some() && number > 5);
    // The refused batch left nothing, neither value nor log entry, and the chain goes on where it was.
    assert_eq!(chain_length(&store), number);
    assert_eq!(store.get(&key(number)).unwrap(), None);
    assert_eq!(store.get(&key(0)).unwrap().unwrap().value.len(), 50_000);
    // A lazy batch that is lost is counted, and its neighbours are not lost.
    let mut large = Batch::new();
    large.put(&key(number), vec![1; 500_000], Labels::NONE);
    store.commit(large, Durability::Lazy).unwrap();
    let mut small = Batch::new();
    small.delete(&key(0)).delete(&key(1));
    store.commit(small, Durability::Lazy).unwrap();
    store.flush().unwrap();
    assert_eq!((store.lazy_failures(), store.get(&key(0)).unwrap()), (1, None));
    let committed = put(&store, number, 50_000).unwrap();
    assert_eq!(committed.log[0].0, number + 1);
    assert_eq!(chain_length(&store), number + 1);
}

#[test]
fn the_memory_store_refuses_alike() {
    let store = MemoryStore::new();
    put(&store, 1, 10).unwrap();
    store.set_disk_full(true);
    assert_eq!(put(&store, 2, 10).unwrap_err().code(), ErrorCode::DiskFull);
    check_ways_out(&store);
    store.set_disk_full(false);
    put(&store, 2, 10).unwrap();
}

/// What a person needs to get out of a full disk works: reading, removing, the log, and Stop.
fn check_ways_out(store: &dyn Store) {
    assert!(store.get(&key(1)).unwrap().is_some());
    let mut batch = Batch::new();
    batch.append(OwnerId::LOCAL, b"stopped".to_vec()).delete(&key(1));
    store.commit(batch, Durability::Synced).unwrap();
    let mut batch = Batch::new();
    batch.put(&Key::new(OwnerId::LOCAL, Space::Run, "1"), b"ended".to_vec(), Labels::NONE).use_reserve();
    store.commit(batch, Durability::Saved).unwrap();
}

#[test]
fn a_disk_that_fills_up_refuses_early() {
    let Some(mount) = Mount::new("48m") else {
        say_skipped("this process may not mount a small disk");
        return;
    };
    let lock = HomeLock::acquire(&mount.home.beside().join("disk/home"), &TestClock::new()).unwrap();
    let store = SqliteStore::open(&lock, &TestClock::new()).unwrap();
    let blobs = BlobStore::open(&lock).unwrap();
    put(&store, 1, 10).unwrap();
    assert!(store.free_space_ok());
    let kept = blobs.put(b"kept").unwrap();
    // A blob larger than the room: refused while some is still left, and nothing of it stays.
    let error = blobs.put(&vec![9; 30 * 1024 * 1024]).unwrap_err();
    assert!(matches!(error, BlobError::DiskFull), "{error}");
    assert!(store.free_space_ok());
    std::fs::write(mount.home.beside().join("disk/other"), vec![0; 20 * 1024 * 1024]).unwrap();
    assert!(!store.free_space_ok());
    assert_eq!(put(&store, 2, 10).unwrap_err().code(), ErrorCode::DiskFull);
    assert_eq!(blobs.put(b"more").unwrap_err().code(), ErrorCode::DiskFull);
    assert_eq!(blobs.get(kept).unwrap(), b"kept");
    check_ways_out(&store);
    // To the last byte: the store says so and survives it.
    let fill = std::fs::write(mount.home.beside().join("disk/all"), vec![0; 40 * 1024 * 1024]);
    assert!(fill.is_err());
    let refused = (0..10_000).find_map(|number| {
        let mut batch = Batch::new();
        batch.put(&key(number), vec![1; 100_000], Labels::NONE).use_reserve();
        store.commit(batch, Durability::Saved).err()
    });
    assert_eq!(refused.unwrap().code(), ErrorCode::DiskFull);
    assert!(store.log_tail(OwnerId::LOCAL).unwrap().is_some());
    std::fs::remove_file(mount.home.beside().join("disk/all")).unwrap();
    std::fs::remove_file(mount.home.beside().join("disk/other")).unwrap();
    put(&store, 2, 10).unwrap();
    chain_length(&store);
    drop((store, blobs, lock));
}

/// A small disk of its own, where the machine allows it.
struct Mount {
    home: TempHome,
}

impl Mount {
    fn new(size: &str) -> Option<Self> {
        let home = TempHome::new();
        let path = home.beside().join("disk");
        std::fs::create_dir(&path).unwrap();
        let options = format!("size={size},mode=700");
        let mount = run("mount", &["-t", "tmpfs", "-o", &options, "oikos-test"], &path);
        mount.then_some(Self { home })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[], &self.home.beside().join("disk"));
    }
}

fn run(program: &str, args: &[&str], path: &Path) -> bool {
    let output = Command::new(program).args(args).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}
