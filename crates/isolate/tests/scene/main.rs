//! The programs that tests put into the box: one that attacks everything around it and tells what gave way, some that take more
//! than they may, and one that stays. The first word says which.

#![expect(clippy::print_stdout, reason = "what it found is what it says")]
#![expect(clippy::disallowed_methods, reason = "what its environment is, is one of the things that it tells")]

#[cfg(target_os = "linux")]
mod attacks;
#[cfg(target_os = "linux")]
mod behind;
#[cfg(target_os = "linux")]
mod bombs;
#[cfg(target_os = "linux")]
mod household;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["attack", prey] => attacks::all(prey),
        ["flood", call, count] => attacks::flood(call, count),
        ["bomb", kind] => bombs::set_off(kind),
        ["household", words @ ..] => household::keep(words),
        ["look-behind", words @ ..] => behind::look(words),
        ["cycles", words @ ..] => household::cycles(words),
        ["stay"] => household::stay(),
        ["echo"] => household::echo(),
        ["proxy", port] => household::ask_proxy(port),
        ["code", code] => return ExitCode::from(code.parse::<u8>().unwrap_or(99)),
        _ => return ExitCode::from(98),
    }
    ExitCode::SUCCESS
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
