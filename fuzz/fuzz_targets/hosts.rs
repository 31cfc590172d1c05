#![no_main]

#[path = "../targets/broker.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::hosts(bytes));
