//! The store as the other parts use it.

mod blob; // bytes by digest
mod chain; // the log under many writers
mod contract; // one suite for both stores
mod crash; // the end of a process at any moment
mod damage; // files that are not what they were
mod fixture; // stores of every release
mod full; // no room to write
mod home; // who holds a home
mod vault; // secrets in their sealed file

use state::{ChainCheck, HomeLock, SqliteStore, Store};
use testkit::{TempHome, TestClock};

/// A store on disk that can be closed and opened again.
struct Disk {
    home: TempHome,
}

impl Disk {
    fn new() -> Self {
        Self { home: TempHome::new() }
    }

    fn lock(&self) -> HomeLock {
        HomeLock::acquire(self.home.path(), &TestClock::new()).expect("nobody else holds this home")
    }

    fn open(&self) -> (SqliteStore, HomeLock) {
        let lock = self.lock();
        (SqliteStore::open(&lock, &TestClock::new()).expect("the store opens"), lock)
    }
}

/// Follows the chain of the local owner to its end and gives its length.
#[track_caller]
fn chain_length(store: &dyn Store) -> u64 {
    let owner = protocol::OwnerId::LOCAL;
    let mut check = ChainCheck::new(owner, []);
    let mut next = 1;
    loop {
        let rows = store.log_read(owner, next, 100).expect("the log can be read");
        let Some(last) = rows.last() else { break };
        next = last.seq + 1;
        rows.iter().for_each(|row| check.row(row).expect("the chain holds"));
    }
    let (seq, hash) = check.end().expect("no head was given");
    let tail = store.log_tail(owner).expect("the log can be read");
    assert_eq!(tail, (seq > 0).then_some((seq, hash)));
    seq
}
