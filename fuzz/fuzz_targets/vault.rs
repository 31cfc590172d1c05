#![no_main]

#[path = "../targets/state.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::vault(bytes));
