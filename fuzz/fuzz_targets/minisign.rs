#![no_main]

#[path = "../targets/link.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::minisign(bytes));
