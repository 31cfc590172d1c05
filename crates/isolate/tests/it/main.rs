//! The contract of the box, held against programs that break it: on this machine, with its adapters hidden one by one.

#![expect(clippy::print_stderr, reason = "how soon and how large are figures that a passing test has too")]

#[cfg(target_os = "linux")]
mod attacks; // everything a program could try, and the honest things beside it
#[cfg(target_os = "linux")]
mod bounds; // programs that take more than they may
#[cfg(target_os = "linux")]
mod ends; // how it ends: by itself, by us, with us
#[cfg(target_os = "linux")]
mod leaks; // what two hundred of them leave behind
#[cfg(target_os = "linux")]
mod ordinary; // all of it again as an ordinary user, where the tests run as root
mod plans; // which facts are kept by what, and what is refused. Pure
#[cfg(target_os = "linux")]
mod probe; // what the machine can do, each way by itself
#[cfg(target_os = "linux")]
mod scene; // what there is around a program
#[cfg(target_os = "linux")]
mod watched; // what is told of what a program tries
