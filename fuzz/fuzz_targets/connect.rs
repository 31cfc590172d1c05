#![no_main]

#[path = "../targets/egress.rs"]
#[expect(dead_code, reason = "each program uses one target of the file")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::connect(bytes));
