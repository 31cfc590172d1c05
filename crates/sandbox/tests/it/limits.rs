//! Stop, fairness, bounds, overflow.

use crate::house::{FakeHost, House, RUNTIME, config};
use broker::LeaseEnd;
use kernel::runner::{GuestFailure, GuestPiece};
use protocol::Limits;
use sandbox::JsRunnerConfig;
use serde_json::json;
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};
use testkit::wait_until;

/// An app whose card grants much.
fn generous() -> Limits {
    Limits { cpu_ms: 60_000, ..Limits::default() }
}

#[test]
fn two_endless_loops_on_two_threads_leave_room_and_stop_at_once() {
    let house = House::new();
    let loops = house.image("loops");
    let (mut leases, mut runs) = (Vec::new(), Vec::new());
    for action in ["forever", "regex"] {
        let call = house.call(action, &json!(null), generous());
        leases.push(call.lease.clone());
        runs.push(RUNTIME.spawn(house.start(&loops, call, FakeHost::new())));
    }
    wait_until("both loops to compute", || leases.iter().all(|lease| lease.guest_cpu_us() > 20_000));
    for _ in 0..5 {
        let brought = house.run("echo", "echo", json!({ "n": 1 }));
        assert_eq!(brought.data(), json!({ "n": 1 }));
        assert!(brought.took < Duration::from_secs(1), "a third run took {:?}", brought.took);
    }
    let stopped = Instant::now();
    for lease in &leases {
        lease.end(LeaseEnd::Stopped);
    }
    for run in runs {
        assert_eq!(RUNTIME.block_on(run).unwrap().ended(), LeaseEnd::Stopped);
    }
    assert!(stopped.elapsed() < Duration::from_secs(1), "stopping took {:?}", stopped.elapsed());
    house.is_well();
    wait_until("all slots to be free", || house.runner.status().hot_slots_free == 8);
}

#[test]
fn a_guest_that_waits_stops_at_once_and_its_calls_with_it() {
    let (house, host) = (House::new(), FakeHost::new());
    let call = house.call("together", &json!(null), Limits::default());
    let lease = call.lease.clone();
    let image = house.image("waiting");
    let call_long = house.call("wait_long", &json!({ "ms": 3_600_000 }), Limits::default());
    let lease_long = call_long.lease.clone();
    let run = RUNTIME.spawn(house.start(&image, call_long, host.clone()));
    wait_until("the timer", || host.under_way.load(SeqCst) == 1);
    let stopped = Instant::now();
    lease_long.end(LeaseEnd::Stopped);
    assert_eq!(RUNTIME.block_on(run).unwrap().ended(), LeaseEnd::Stopped);
    assert!(stopped.elapsed() < Duration::from_secs(1));
    assert_eq!(host.under_way.load(SeqCst), 0, "its host calls are cancelled");
    // A lease that has ended before the run begins.
    lease.end(LeaseEnd::Stopped);
    let brought = RUNTIME.block_on(house.start(&image, call, FakeHost::new()));
    assert_eq!(brought.ended(), LeaseEnd::Stopped);
    house.is_well();
}

#[test]
fn a_guest_that_rests_because_nobody_reads_stops_too() {
    let house = House::new();
    let host = Arc::new(FakeHost { full_after: 1, ..FakeHost::default() });
    let call = house.call("words", &json!({ "count": 5 }), Limits::default());
    let lease = call.lease.clone();
    let run = RUNTIME.spawn(house.start(&house.image("streaming"), call, host.clone()));
    wait_until("the guest to rest", || host.waits.load(SeqCst) == 1);
    lease.end(LeaseEnd::Stopped);
    let brought = RUNTIME.block_on(run).unwrap();
    assert_eq!(brought.ended(), LeaseEnd::Stopped);
    assert_eq!(brought.pieces, [GuestPiece::Text("w0 ".to_owned())]);
}

#[test]
fn dropping_the_future_drops_the_guest() {
    let (house, host) = (House::new(), FakeHost::new());
    for (guest, action) in [("loops", "forever"), ("waiting", "wait_long")] {
        let call = house.call(action, &json!({ "ms": 3_600_000 }), generous());
        let lease = call.lease.clone();
        let run = RUNTIME.spawn(house.start(&house.image(guest), call, host.clone()));
        wait_until("the guest to compute", || lease.guest_cpu_us() > 0);
        run.abort();
        wait_until("the guest to be gone", || house.runner.status().live_runs == 0);
        assert_eq!(house.runner.status().guest_memory_bytes, 0);
        assert_eq!(lease.check(), Ok(()));
    }
    assert_eq!(host.under_way.load(SeqCst), 0);
    house.is_well();
}

#[test]
fn closing_the_sandbox_ends_its_runs() {
    let house = House::new();
    let mut runs = Vec::new();
    for (guest, action) in [("loops", "forever"), ("waiting", "wait_long")] {
        let call = house.call(action, &json!({ "ms": 3_600_000 }), generous());
        let lease = call.lease.clone();
        runs.push(RUNTIME.spawn(house.start(&house.image(guest), call, FakeHost::new())));
        wait_until("the guest to compute", || lease.guest_cpu_us() > 0);
    }
    drop(house);
    for run in runs {
        assert_eq!(RUNTIME.block_on(run).unwrap().ended(), LeaseEnd::Shutdown);
    }
}

#[test]
fn guests_beyond_the_hot_slots_overflow_with_the_same_result() {
    // One slot, held by a run that waits: all others live in the engine without slots, from the same compiled file.
    let house = House::with(JsRunnerConfig { hot_slots: 1, ..config() });
    let waiting = house.image("waiting");
    let call = house.call("wait_long", &json!({ "ms": 3_600_000 }), Limits::default());
    let holder = call.lease.clone();
    let hot = house.run("effects", "bytes", json!(null)).data();
    // An answer comes before the slot is made new.
    wait_until("the slot to be free", || house.runner.status().hot_slots_free == 1);
    let run = RUNTIME.spawn(house.start(&waiting, call, FakeHost::new()));
    wait_until("the slot to be taken", || house.runner.status().hot_slots_free == 0 && holder.guest_cpu_us() > 0);
    assert!(house.runner.status().pooled);
    assert_eq!(house.run("effects", "bytes", json!(null)).data(), hot);
    assert_eq!(house.run("loops", "forever", json!(null)).ended(), LeaseEnd::CpuLimit);
    let many: Vec<_> = (0..50)
        .map(|_| {
            let call = house.call("together", &json!(null), Limits::default());
            RUNTIME.spawn(house.start(&waiting, call, FakeHost::new()))
        })
        .collect();
    for run in many {
        assert_eq!(RUNTIME.block_on(run).unwrap().data(), json!(["a", "b", "c"]));
    }
    holder.end(LeaseEnd::Stopped);
    assert_eq!(RUNTIME.block_on(run).unwrap().ended(), LeaseEnd::Stopped);
}

#[test]
fn a_larger_bound_than_a_hot_slot_holds_is_held_too() {
    let house = House::new();
    let bytes = json!({ "bytes": 200 << 20 });
    let limits = Limits { memory_bytes: 256 << 20, ..Limits::default() };
    let brought = house.run_with("bombs", "fill", bytes.clone(), limits, FakeHost::new());
    assert_eq!(brought.data(), json!(200 << 20));
    assert!(brought.memory_bytes > 200 << 20);
    let brought = house.run("bombs", "fill", bytes);
    assert_eq!(brought.ended(), LeaseEnd::MemoryLimit);
}

#[test]
fn a_bound_below_what_a_guest_needs_is_a_memory_limit() {
    let house = House::new();
    let limits = Limits { memory_bytes: 100_000, ..Limits::default() };
    assert_eq!(house.run_with("echo", "echo", json!(1), limits, FakeHost::new()).ended(), LeaseEnd::MemoryLimit);
    house.is_well();
}

#[test]
fn all_guests_together_have_one_bound() {
    // What a guest begins with; see xtask.
    const GUEST_BYTES: u64 = 11 << 16;
    let house = House::with(JsRunnerConfig { guest_memory_bytes_max: 3 * GUEST_BYTES + 1000, ..config() });
    let image = house.image("waiting");
    let runs: Vec<_> = (0..3)
        .map(|_| {
            let call = house.call("wait_long", &json!({ "ms": 3_600_000 }), Limits::default());
            let lease = call.lease.clone();
            let run = RUNTIME.spawn(house.start(&image, call, FakeHost::new()));
            wait_until("the guest to compute", || lease.guest_cpu_us() > 0);
            (lease, run)
        })
        .collect();
    wait_until("three guests", || house.runner.status().guest_memory_bytes == 3 * GUEST_BYTES);
    let brought = house.run("waiting", "signal", json!(null));
    assert_eq!(brought.result, Err(GuestFailure::NoRoom));
    assert_eq!(brought.lease.check(), Ok(()), "it is not the run's fault");
    for (lease, run) in runs {
        lease.end(LeaseEnd::Stopped);
        RUNTIME.block_on(run).unwrap();
    }
    assert_eq!(house.run("waiting", "signal", json!(null)).data(), json!([true, false, true]));
    // One guest that grows into the bound of all.
    let brought = house.run("bombs", "fill", json!({ "bytes": 50 << 20 }));
    assert_eq!(brought.result, Err(GuestFailure::NoRoom));
}

#[test]
fn an_idle_sandbox_does_not_wake() {
    let house = House::new();
    house.is_well();
    let switches = || -> u64 {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .filter(|task| {
                let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
                name.starts_with("guest")
            })
            .map(|task| {
                let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
                let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap_or_default();
                line.split_whitespace().nth(1).and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
            })
            .sum()
    };
    // The fast tick lingers for some ticks after the last run.
    let mut before = switches();
    wait_until("the threads to rest", || {
        RUNTIME.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
        let now = switches();
        let rests = now == before;
        before = now;
        rests
    });
    house.is_well();
}

#[test]
fn parallel_runs_share_the_threads() {
    let house = Arc::new(House::new());
    let image = house.image("echo");
    let runs: Vec<_> = (0..2_000)
        .map(|n| {
            let call = house.call("echo", &json!({ "n": n }), Limits::default());
            RUNTIME.spawn(house.start(&image, call, FakeHost::new()))
        })
        .collect();
    for (n, run) in runs.into_iter().enumerate() {
        assert_eq!(RUNTIME.block_on(run).unwrap().data(), json!({ "n": n }));
    }
    wait_until("all to be gone", || house.runner.status().live_runs == 0);
    wait_until("all slots to be free", || house.runner.status().hot_slots_free == 8);
    assert_eq!(house.runner.status().guest_memory_bytes, 0);
}
