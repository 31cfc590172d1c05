//! What a worker could do at worst, for tests of what comes of it. Only in builds that test crashes.

use crate::work::frame_write;
use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

/// Does it.
#[expect(clippy::disallowed_methods, reason = "waits for its end, which comes from outside")]
pub(crate) fn fall(ill: &str) -> ExitCode {
    let mut output = io::stdout().lock();
    match ill {
        "hang" => std::thread::sleep(Duration::from_secs(3_600)),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "bomb" => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                held.push(vec![u8::try_from(held.len() % 251).unwrap_or_default() | 1; 1 << 20]);
                std::hint::black_box(&held);
            }
        }
        "crash" => {
            // The first is taken for a stack that is full, and lets the next one through.
            for _ in 0..2 {
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::SEGV).ok();
            }
        }
        "garbage" => output.write_all(b"\x07\0\0\0garbage and more of it").unwrap_or_default(),
        "huge" => output.write_all(&[0xff; 64]).unwrap_or_default(),
        "cut" => output.write_all(&[200, 0, 0, 0, b'{']).unwrap_or_default(),
        "flood" => {
            let page = format!("{{\"page\":{{\"page\":1,\"text\":\"{}\"}}}}", "x".repeat(100_000));
            while frame_write(&mut output, page.as_bytes()).is_ok() {}
        }
        // It ends well and has said nothing.
        _ => {}
    }
    ExitCode::SUCCESS
}
