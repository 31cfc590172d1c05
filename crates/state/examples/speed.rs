//! What a batch costs on this machine: `cargo run -p state --example speed`.

#![expect(clippy::unwrap_used, reason = "a measurement stops where it fails")]
#![expect(clippy::print_stdout, reason = "a measurement for a person")]

use protocol::{Labels, OwnerId};
use state::{Batch, Durability, HomeLock, Key, Space, SqliteStore, Store};
use std::time::{Duration, Instant};
use testkit::{TempHome, TestClock};

/// The batch of a run that only read: two log lines and the run's row.
fn batch(number: u64) -> Batch {
    let mut batch = Batch::new();
    let key = Key::new(OwnerId::LOCAL, Space::Run, format!("0193c8a2-7f3e-7a10-9b1c-{number:012x}"));
    batch.append(OwnerId::LOCAL, vec![b'a'; 350]).append(OwnerId::LOCAL, vec![b'b'; 350]).put(
        &key,
        vec![b'c'; 300],
        Labels::PRIVATE,
    );
    batch
}

/// CPU time of the whole process, both threads of the store with it.
fn cpu() -> Duration {
    // schedstat is per thread; summing over all threads gives nanoseconds.
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let total = tasks.map(|task| {
        let path = task.unwrap().path().join("schedstat");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0)
    });
    Duration::from_nanos(total.sum())
}

fn main() {
    let (home, clock) = (TempHome::new(), TestClock::new());
    let lock = HomeLock::acquire(home.path(), &clock).unwrap();
    let store = SqliteStore::open(&lock, &clock).unwrap();
    for (name, durability, count) in [
        ("lazy", Durability::Lazy, 50_000u64),
        ("saved", Durability::Saved, 5_000),
        ("synced", Durability::Synced, 300),
        ("lazy again", Durability::Lazy, 50_000),
    ] {
        let (start, cpu_start) = (Instant::now(), cpu());
        let mut waits: Vec<_> = (0..count)
            .map(|number| {
                let batch = batch(number);
                let start = Instant::now();
                store.commit(batch, durability).unwrap();
                start.elapsed()
            })
            .collect();
        store.flush().unwrap();
        let (wall, cpu) = (start.elapsed(), cpu() - cpu_start);
        waits.sort_unstable();
        println!(
            "{name:<10} {count:>6} batches: CPU {:>6.1} µs each, {:>8.0} per second, wait p50 {:>7.1} µs, p99 {:>7.1} µs",
            cpu.as_secs_f64() * 1e6 / count as f64,
            count as f64 / wall.as_secs_f64(),
            waits[waits.len() / 2].as_secs_f64() * 1e6,
            waits[waits.len() * 99 / 100].as_secs_f64() * 1e6,
        );
    }
    let key = Key::new(OwnerId::LOCAL, Space::Run, format!("0193c8a2-7f3e-7a10-9b1c-{:012x}", 7));
    let start = Instant::now();
    for _ in 0..20_000 {
        store.get(&key).unwrap().unwrap();
    }
    println!("get                       {:>6.1} µs each", start.elapsed().as_secs_f64() * 1e6 / 20_000.0);
    let mut batch = Batch::new();
    for number in 0..10_000 {
        batch.put(&Key::new(OwnerId::LOCAL, Space::Storage, format!("app/{number}")), vec![0; 100], Labels::NONE);
    }
    store.commit(batch, Durability::Saved).unwrap();
    let start = Instant::now();
    for _ in 0..1_000 {
        assert!(store.sum_bytes(OwnerId::LOCAL, Space::Storage, "app/").unwrap() > 0);
    }
    println!("sum_bytes of 10,000 keys  {:>6.1} µs each", start.elapsed().as_secs_f64() * 1e6 / 1_000.0);
}
