//! Bounds, clocks and ends.

use crate::{
    Scene,
    scene::{Wakes, caller},
};
use broker::LeaseEnd;
use protocol::{Door, Limits, RunId, Zone, api::HostUse};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

fn lease(limits: Limits) -> (Scene, broker::Lease) {
    let scene = Scene::new(Zone::Local);
    let run = RunId::new(&scene.clock, &scene.entropy);
    let app = "limited".parse().unwrap();
    let lease = scene.broker.lease_open(caller(Door::Socket), &app, run, limits, 0);
    (scene, lease)
}

#[track_caller]
fn check(limits: Limits, spend: impl Fn(&broker::Lease) -> Result<(), LeaseEnd>, expected: Result<(), LeaseEnd>) {
    let (_scene, lease) = lease(limits);
    assert_eq!(spend(&lease), expected);
    assert_eq!(lease.check(), expected);
}

#[test]
fn every_bound_is_reached_and_not_before() {
    let limits = Limits { cpu_ms: 10, host_cpu_ms: 10, host_bytes: 10, stream_bytes: 10, ..Limits::default() };
    check(limits.clone(), |lease| lease.charge_guest_cpu_us(10_000), Ok(()));
    check(limits.clone(), |lease| lease.charge_guest_cpu_us(10_001), Err(LeaseEnd::CpuLimit));
    check(limits.clone(), |lease| lease.charge_host_cpu_us(10_000), Ok(()));
    check(limits.clone(), |lease| lease.charge_host_cpu_us(10_001), Err(LeaseEnd::HostLimit));
    check(limits.clone(), |lease| lease.charge_host_bytes(10), Ok(()));
    check(limits.clone(), |lease| lease.charge_host_bytes(11), Err(LeaseEnd::HostLimit));
    check(limits.clone(), |lease| lease.charge_stream_bytes(10), Ok(()));
    check(limits.clone(), |lease| lease.charge_stream_bytes(11), Err(LeaseEnd::StreamLimit));
    check(limits, |lease| lease.charge_guest_cpu_us(u64::MAX), Err(LeaseEnd::CpuLimit));
}

#[test]
fn what_was_used_can_be_read() {
    let (_scene, lease) = lease(Limits::default());
    for _ in 0..2 {
        lease.charge_guest_cpu_us(1_500).unwrap();
        lease.charge_host_cpu_us(2_500).unwrap();
        lease.charge_host_bytes(3_500).unwrap();
    }
    assert_eq!((lease.guest_cpu_us(), lease.host_cpu_us(), lease.host_bytes()), (3_000, 5_000, 7_000));
}

#[test]
fn a_lease_knows_what_it_was_opened_with() {
    let limits = Limits { cpu_ms: 4_321, ..Limits::default() };
    let scene = Scene::new(Zone::Cloud);
    let run = RunId::new(&scene.clock, &scene.entropy);
    let app = "limited".parse().unwrap();
    let lease = scene.broker.lease_open(caller(Door::Socket), &app, run, limits.clone(), 0);
    // No more than the zone gives.
    let limits = limits.within(Zone::Cloud);
    assert_eq!((lease.run(), lease.app(), lease.zone(), lease.limits()), (run, &app, Zone::Cloud, &limits));
    assert_eq!(lease.caller().door, Door::Socket);
}

#[test]
fn every_end_has_its_code_and_its_sentence() {
    use protocol::ErrorCode;
    let limits = Limits {
        wall_ms: 60_000,
        idle_ms: 30_000,
        cpu_ms: 2_000,
        memory_bytes: 64 << 20,
        stream_bytes: 1 << 20,
        host_cpu_ms: 5_000,
        host_bytes: 1 << 30,
        ..Limits::default()
    };
    for (end, code, message) in [
        (LeaseEnd::Finished, ErrorCode::LeaseRevoked, "the run has come to its end"),
        (LeaseEnd::Stopped, ErrorCode::Stopped, "the owner stopped it"),
        (LeaseEnd::Shutdown, ErrorCode::Stopped, "oikos is shutting down"),
        (LeaseEnd::Timeout, ErrorCode::Timeout, "it took longer than 1 min"),
        (LeaseEnd::Idle, ErrorCode::Timeout, "it made no progress for 30 s"),
        (LeaseEnd::CpuLimit, ErrorCode::CpuLimit, "it used up its 2 s of computing"),
        (LeaseEnd::MemoryLimit, ErrorCode::MemoryLimit, "it used up its 64.0 MiB of memory"),
        (LeaseEnd::StreamLimit, ErrorCode::StreamLimit, "it streamed more than 1.0 MiB"),
        (
            LeaseEnd::HostLimit,
            ErrorCode::HostLimit,
            "the work done for it reached a limit (5 s of computing, 1.0 GiB moved)",
        ),
    ] {
        let (_scene, lease) = lease(limits.clone());
        assert_eq!(lease.end(end), end);
        assert_eq!(lease.check(), Err(end));
        assert_eq!(lease.end(LeaseEnd::Finished), end);
        assert_eq!((end.code(), end.message(&limits).as_str()), (code, message));
    }
}

#[test]
fn the_first_reason_stays() {
    let (_scene, lease) = lease(Limits::default());
    assert_eq!(lease.end(LeaseEnd::Stopped), LeaseEnd::Stopped);
    assert_eq!(lease.end(LeaseEnd::Timeout), LeaseEnd::Stopped);
    assert_eq!(lease.check(), Err(LeaseEnd::Stopped));
}

#[test]
fn clocks_stand_still_while_a_person_is_asked() {
    const SECOND: u64 = 1_000_000_000;
    let limits = Limits { wall_ms: 10_000, idle_ms: 5_000, ..Limits::default() };
    let (_scene, lease) = lease(limits);
    lease.progress(4 * SECOND);
    lease.sweep(4 * SECOND);
    lease.pause(4 * SECOND);
    lease.pause(5 * SECOND);
    lease.sweep(500 * SECOND);
    assert_eq!(lease.wall_ms(500 * SECOND), 4_000);
    lease.resume(501 * SECOND);
    lease.sweep(502 * SECOND);
    lease.resume(504 * SECOND);
    assert_eq!(lease.wall_ms(504 * SECOND), 4_000);
    lease.sweep(508 * SECOND);
    assert_eq!(lease.check(), Ok(()));
    lease.sweep(509 * SECOND);
    assert_eq!(lease.check(), Err(LeaseEnd::Idle));
}

#[test]
fn the_wall_clock_ends_a_run_that_never_rests() {
    const SECOND: u64 = 1_000_000_000;
    let (_scene, lease) = lease(Limits { wall_ms: 10_000, idle_ms: 5_000, ..Limits::default() });
    for second in 1..10 {
        lease.progress(second * SECOND);
        lease.sweep(second * SECOND);
        assert_eq!(lease.check(), Ok(()));
    }
    lease.progress(10 * SECOND);
    lease.sweep(10 * SECOND);
    assert_eq!(lease.check(), Err(LeaseEnd::Timeout));
}

#[test]
fn operations_and_handles_are_given_back() {
    let (_scene, lease) = lease(Limits { operations: 2, handles: 1, ..Limits::default() });
    let first = lease.take_operation().unwrap();
    let _second = lease.take_operation().unwrap();
    assert!(lease.take_operation().is_none());
    drop(first);
    assert!(lease.take_operation().is_some());
    let handle = lease.take_handle().unwrap();
    assert!(lease.take_handle().is_none());
    drop(handle);
    assert!(lease.take_handle().is_some());
}

#[test]
fn log_lines_over_the_limit_are_counted_and_the_run_goes_on() {
    let (_scene, lease) = lease(Limits { log_bytes: 10, ..Limits::default() });
    assert!(lease.admit_log(8));
    assert!(!lease.admit_log(8));
    assert!(lease.admit_log(2));
    assert!(!lease.admit_log(1));
    assert_eq!((lease.log_dropped(), lease.check()), (2, Ok(())));
}

#[test]
fn whoever_waits_for_the_end_wakes() {
    let (scene, lease) = lease(Limits::default());
    let (wakes, waker) = Wakes::counted();
    let mut context = Context::from_waker(&waker);
    let mut ended = pin!(lease.ended());
    assert!(ended.as_mut().poll(&mut context).is_pending());
    assert!(ended.as_mut().poll(&mut context).is_pending());
    scene.broker.lease_close(lease.run());
    assert_eq!(wakes.count(), 1);
    assert_eq!(ended.as_mut().poll(&mut context), Poll::Ready(LeaseEnd::Finished));
    let open: Vec<_> = scene.broker.leases().iter().map(broker::Lease::run).collect();
    assert_eq!(open, [scene.lease.run()]);
}

/// A lease may stand for days, and thousands wait for its end and then do not.
#[test]
fn whoever_waits_no_more_is_forgotten() {
    let (_scene, lease) = lease(Limits::default());
    let (wakes, waker) = Wakes::counted();
    let mut context = Context::from_waker(&waker);
    for _ in 0..100 {
        let mut ended = pin!(lease.ended());
        assert!(ended.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(Arc::strong_count(&wakes), 2, "ours, and the one in the context");
    let mut ended = pin!(lease.ended());
    assert!(ended.as_mut().poll(&mut context).is_pending());
    lease.end(LeaseEnd::Stopped);
    assert_eq!(wakes.count(), 1);
}

#[test]
fn what_is_exchanged_is_counted_by_host_and_bounded_in_number() {
    let (_scene, lease) = lease(Limits::default());
    lease.sent_to("a.org", 9);
    lease.sent_more_to("a.org", 1);
    lease.received_from("a.org", 20);
    lease.sent_to("a.org", 1);
    for number in 0..40 {
        lease.sent_to(&format!("h{number}.org"), 1);
        lease.received_from(&format!("h{number}.org"), 2);
    }
    let exchanged = lease.exchanged();
    assert_eq!(exchanged.len(), 33);
    let of = |host: Option<&str>, requests, bytes_out, bytes_in| HostUse {
        host: host.map(str::to_owned),
        requests,
        bytes_out,
        bytes_in,
    };
    assert_eq!(exchanged[0], of(Some("a.org"), 2, 11, 20));
    assert_eq!(exchanged[31], of(Some("h30.org"), 1, 1, 2));
    assert_eq!(exchanged[32], of(None, 9, 9, 18), "none is lost");
    assert_eq!(
        exchanged[0].sentence().to_string(),
        "exchanged with a.org: 2 requests, 11 bytes sent, 20 bytes received"
    );
    assert_eq!(
        exchanged[32].sentence().to_string(),
        "exchanged with further hosts: 9 requests, 9 bytes sent, 18 bytes received"
    );
}
