#![no_main]

#[path = "../targets/gateway.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::doors(bytes));
