//! What apps must not be able to do. After each attempt the next run goes as ever.

use crate::house::{Brought, FakeHost, House, RUNTIME};
use broker::LeaseEnd;
use kernel::runner::{GuestFailure, GuestPiece, GuestValue};
use protocol::{ErrorCode, Limits};
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering::SeqCst};

/// Limits under which an attack ends soon.
fn short() -> Limits {
    Limits { cpu_ms: 300, ..Limits::default() }
}

/// Runs an attack in a house of its own and looks that the house still stands.
fn attack(guest: &str, action: &str, input: Value, limits: Limits) -> Brought {
    attack_with(guest, action, input, limits, FakeHost::new())
}

fn attack_with(guest: &str, action: &str, input: Value, limits: Limits, host: Arc<FakeHost>) -> Brought {
    let house = House::new();
    let brought = house.run_with(guest, action, input, limits, host);
    house.is_well();
    assert_eq!(house.runner.status().live_runs, 0);
    assert_eq!(house.runner.status().guest_memory_bytes, 0);
    brought
}

#[test]
fn loops_end_with_their_cpu_time() {
    for action in ["forever", "regex", "microtasks", "generator", "async_generator", "sort", "after_the_end"] {
        let brought = attack("loops", action, json!(null), short());
        assert_eq!(brought.ended(), LeaseEnd::CpuLimit, "{action}");
        let used_ms = brought.lease.guest_cpu_us() / 1000;
        assert!((300..400).contains(&used_ms), "{action} used {used_ms} ms of 300");
    }
}

#[test]
fn loops_of_ever_larger_numbers_end_too() {
    let result = attack("loops", "bigint", json!(null), short()).result;
    let ended = matches!(
        result,
        Err(GuestFailure::Ended(LeaseEnd::CpuLimit | LeaseEnd::MemoryLimit) | GuestFailure::Threw { .. })
    );
    assert!(ended, "{result:?}");
}

#[test]
fn bombs_reach_their_memory_and_no_further() {
    let limits = Limits { memory_bytes: 32 << 20, cpu_ms: 60_000, ..Limits::default() };
    for action in ["array", "bytes", "strings", "map"] {
        let brought = attack("bombs", action, json!(null), limits.clone());
        assert_eq!(brought.ended(), LeaseEnd::MemoryLimit, "{action}");
        assert!(brought.memory_bytes <= 32 << 20, "{action} had {}", brought.memory_bytes);
    }
    // The engine has a bound of its own for one string.
    let brought = attack("bombs", "string", json!(null), limits.clone());
    let over = match &brought.result {
        Err(GuestFailure::Ended(LeaseEnd::MemoryLimit)) => true,
        Err(GuestFailure::Threw { message, .. }) => message.contains("string too long"),
        _ => false,
    };
    assert!(over, "{:?}", brought.result);
    // An app may catch it and go on.
    for action in ["caught_bytes", "caught_array"] {
        let brought = attack("bombs", action, json!(null), limits.clone());
        assert_eq!(brought.result.unwrap().summary.as_deref(), Some("InternalError: out of memory"), "{action}");
    }
}

#[test]
fn recursion_is_an_error_that_the_app_can_catch() {
    let deep = "RangeError: Maximum call stack size exceeded";
    for action in ["plain", "parse", "parse_objects", "getters", "stringify"] {
        let brought = attack("recursion", action, json!(null), Limits::default());
        assert_eq!(brought.result, Ok(GuestValue { summary: Some(deep.to_owned()), ..Default::default() }), "{action}");
    }
    let depth = attack("recursion", "depth", json!(null), Limits::default()).data().as_u64().unwrap();
    assert!(depth > 500, "an honest app may recurse deeper than {depth}");
    let (message, _) = attack("recursion", "uncaught", json!(null), Limits::default()).threw();
    assert_eq!(message, deep);
}

#[test]
fn recursion_inside_of_the_engine_harms_nobody() {
    for action in ["regex", "code", "clone", "flat", "text", "result"] {
        let brought = attack("recursion", action, json!(null), Limits { cpu_ms: 60_000, ..Limits::default() });
        let known = matches!(brought.result, Ok(_) | Err(GuestFailure::Threw { .. } | GuestFailure::Trapped(_)));
        assert!(known, "{action}: {:?}", brought.result);
    }
}

#[test]
fn floods_of_log_lines_are_cut_and_the_run_goes_on() {
    // 1 GB in lines of 8,000 characters.
    let limits = Limits { cpu_ms: 60_000, ..Limits::default() };
    let brought = attack("floods", "log", json!({ "lines": 125_000 }), limits.clone());
    assert_eq!(brought.result.as_ref().unwrap().summary.as_deref(), Some("still here"));
    let kept: usize = brought.lines().iter().map(|(_, line)| line.len()).sum();
    assert!(kept as u64 <= limits.log_bytes, "{kept}");
    assert!(brought.lease.log_dropped() > 100_000);
}

#[test]
fn floods_of_timers_and_calls_meet_the_bound_on_operations() {
    let host = FakeHost::new();
    let brought = attack_with("floods", "timers", json!({ "count": 10_000 }), Limits::default(), host.clone());
    assert_eq!(brought.data(), json!({ "ok": 256, "operation_limit": 9_744 }));
    assert_eq!(host.under_way_most.load(SeqCst), 256);
    assert_eq!(host.under_way.load(SeqCst), 0);
    let brought = attack("floods", "timers_cleared", json!({ "count": 10_000 }), Limits::default());
    assert_eq!(brought.result.unwrap().summary.as_deref(), Some("fine"));
    // 100,000 promises and errors are the app's own memory.
    let limits = Limits { memory_bytes: 512 << 20, cpu_ms: 60_000, ..Limits::default() };
    let data = attack("floods", "operations", json!({ "count": 100_000 }), limits).data();
    assert_eq!(data, json!({ "ok": 256, "operation_limit": 99_744 }));
}

#[test]
fn floods_of_arguments_are_refused_before_they_are_copied() {
    let large = "too_large";
    let data = attack("floods", "arguments_huge", json!(null), Limits::default()).data();
    assert_eq!(data, json!(vec![large; 7]));
    let data = attack("floods", "arguments_many", json!(null), Limits::default()).data();
    assert_eq!(data["ok"].as_u64().unwrap() + data["operation_limit"].as_u64().unwrap_or(0), 20);
}

#[test]
fn floods_of_chunks_are_streamed_until_the_bound() {
    let host = Arc::new(FakeHost { forgets: true, ..FakeHost::default() });
    let limits = Limits { cpu_ms: 60_000, ..Limits::default() };
    let brought = attack_with("floods", "chunks", json!({ "count": 1_000_000 }), limits.clone(), host.clone());
    assert_eq!(brought.result.unwrap().summary.as_deref(), Some("all"));
    assert_eq!(host.piece_count.load(SeqCst), 1_000_000);

    let host = Arc::new(FakeHost { forgets: true, ..FakeHost::default() });
    let limits = Limits { stream_bytes: 10 << 20, ..limits };
    let brought = attack_with("floods", "stream", json!(null), limits, host.clone());
    assert_eq!(brought.ended(), LeaseEnd::StreamLimit);
    assert_eq!(host.piece_count.load(SeqCst), 10);

    assert_eq!(attack("floods", "result", json!(null), Limits::default()).threw().1, Some(ErrorCode::TooLarge));
    assert_eq!(attack("floods", "huge_piece", json!(null), Limits::default()).threw().1, Some(ErrorCode::TooLarge));
}

#[test]
fn prototypes_changed_by_an_app_change_nothing_for_the_host() {
    let host = FakeHost::new();
    let brought = attack_with("prototypes", "pollute", json!({}), Limits::default(), host.clone());
    assert_eq!(brought.data(), json!({ "value": { "mine": 1 }, "code": "not_found", "own": true, "uuid": 36 }));
    assert_eq!(host.storage.lock().get("k").map(Vec::as_slice), Some(&br#"{"mine":1}"#[..]));
    let data = GuestPiece::Data { topic: "t".to_owned(), payload: json!({ "a": 1 }), renderer: None };
    assert!(brought.pieces.contains(&data), "{:?}", brought.pieces);
    assert_eq!(attack("prototypes", "frozen", json!(null), Limits::default()).data(), json!([]));
    let brought = attack("prototypes", "then_broken", json!(null), Limits::default());
    assert_eq!(brought.result.unwrap().summary.as_deref(), Some("went on"));
}

#[test]
fn prototypes_have_no_say_in_which_function_is_called() {
    let house = House::new();
    for name in ["__proto__", "constructor", "toString"] {
        assert_eq!(house.run("prototypes", name, json!(null)).result.unwrap().summary.as_deref(), Some("hidden"));
        assert_eq!(house.run("echo", name, json!(null)).result, Err(GuestFailure::NoSuchExport), "{name}");
    }
    house.is_well();
}

#[test]
fn escapes_find_nothing_to_reach() {
    let data = attack("escapes", "tries", json!(null), Limits::default()).data();
    let text = |key: &str| data[key].as_str().map(str::to_owned).unwrap_or_else(|| data[key].to_string());
    assert_eq!(text("process"), "ReferenceError: process is not defined");
    assert_eq!(text("require"), "ReferenceError: require is not defined");
    assert_eq!(text("fetched"), "ReferenceError: fetch is not defined");
    for key in ["fs", "own", "up", "evaled_import"] {
        assert!(text(key).starts_with("TypeError: import() does nothing while an app runs"), "{key}: {}", text(key));
    }
    assert_eq!(data["evaled"], json!(2));
    assert_eq!(attack("escapes", "absent", json!(null), Limits::default()).data(), json!([]));
    let value = attack("escapes", "collected", json!(null), Limits::default()).result.unwrap();
    assert_eq!(value.summary.as_deref(), Some("undefined"));
    assert!(attack("escapes", "stack", json!(null), Limits::default()).result.is_ok());
    // An error that only looks like one of the host's is the app's own.
    let (message, code) = attack("escapes", "forged", json!(null), Limits::default()).threw();
    assert_eq!((message.as_str(), code), ("OikosError: forged", None));
}

#[test]
fn escapes_have_these_names_to_try() {
    let data = House::new().run("escapes", "globals", json!(null)).data();
    let names: Vec<_> = data.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let ours = "AbortController AbortSignal TextDecoder TextEncoder clearInterval clearTimeout console crypto \
                setInterval setTimeout structuredClone";
    for name in ours.split_whitespace() {
        assert!(names.contains(&name), "{name} is missing");
    }
    // Whatever a new engine brings along is looked at by a person first.
    let language = "AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean DOMException DataView DisposableStack \
                    Date Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity \
                    Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise \
                    Proxy QuotaExceededError RangeError ReferenceError Reflect RegExp Set String SuppressedError Symbol(Symbol.toStringTag) Symbol SyntaxError \
                    TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet \
                    atob btoa decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis \
                    isFinite isNaN parseFloat parseInt queueMicrotask undefined unescape";
    let unknown: Vec<_> = names
        .iter()
        .filter(|name| !ours.split_whitespace().chain(language.split_whitespace()).any(|known| known == **name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn results_that_bite_are_errors_of_their_run() {
    let check = |action: &str, expected: &str| {
        let (message, _) = attack("results", action, json!(null), Limits::default()).threw();
        assert!(message.contains(expected), "{action}: {message}");
    };
    check("cycle", "circular");
    check("getter", "from a getter");
    check("proxy", "from a proxy");
    check("functions", "cannot be written as JSON");
    check("symbols", "cannot be written as JSON");
    check("bigint", "BigInt");
    check("throws_nothing", "undefined");
    check("throws_trap", "cannot be shown");
    check("throws_long", "xxx");
    check("broken_iterator", "no object");
    assert_eq!(attack("results", "to_json_loops", json!(null), short()).ended(), LeaseEnd::CpuLimit);
    let data = |action: &str| attack("results", action, json!(null), Limits::default()).data();
    assert_eq!(data("proxy_plain"), json!({ "a": 1 }));
    assert_eq!(data("to_json"), json!("instead"));
    assert_eq!(data("fake_promise"), json!({}));
    assert_eq!(data("numbers"), json!([null, null, 0, 1e300, 0.1]));
    assert_eq!(data("almost"), json!({ "data": 1, "summary": 5 }));
    assert!(matches!(
        attack("results", "rejects", json!(null), Limits::default()).result,
        Err(GuestFailure::Threw { .. })
    ));
    let (message, _) = attack("results", "throws_long", json!(null), Limits::default()).threw();
    assert!(message.chars().count() <= 4096);
}

/// Everything above in one process, and then again: what it leaves behind is the pool.
#[test]
fn all_attacks_leave_the_memory_as_it_was() {
    let house = House::new();
    let limits = Limits { cpu_ms: 300, memory_bytes: 64 << 20, ..Limits::default() };
    let round = || {
        for (guest, actions) in [
            ("loops", &["forever", "regex", "microtasks", "async_generator", "bigint"][..]),
            ("bombs", &["array", "bytes", "string", "strings", "map", "caught_bytes"]),
            ("recursion", &["plain", "parse", "getters", "clone", "regex", "code"]),
            ("prototypes", &["pollute", "then_broken"]),
            ("escapes", &["tries", "collected"]),
            ("results", &["cycle", "throws_trap", "to_json_loops"]),
        ] {
            for action in actions {
                house.run_with(guest, action, json!({}), limits.clone(), FakeHost::new());
            }
        }
        for (action, count) in [("timers", 1_000), ("operations", 10_000), ("chunks", 10_000)] {
            let host = Arc::new(FakeHost { forgets: true, ..FakeHost::default() });
            house.run_with("floods", action, json!({ "count": count }), limits.clone(), host);
        }
        // A full pool, so that "before" and "after" have the same slots touched.
        let image = house.image("waiting");
        let runs: Vec<_> = (0..8)
            .map(|_| {
                let call = house.call("wait_long", &json!({ "ms": 50 }), Limits::default());
                RUNTIME.spawn(house.start(&image, call, FakeHost::new()))
            })
            .collect();
        for run in runs {
            RUNTIME.block_on(run).unwrap();
        }
    };
    house.is_well();
    let before = resident_bytes();
    round();
    house.is_well();
    let after = resident_bytes();
    // Hot slots keep 1 MiB each; 10 MB for the allocator of this process.
    let allowed = 8 * (1 << 20) + 10_000_000;
    assert!(after <= before + allowed, "{before} bytes before, {after} after");
    round();
    let later = resident_bytes();
    assert!(later <= after + 10_000_000, "{after} bytes after one round, {later} after two");
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
