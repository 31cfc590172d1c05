//! Programs as guests: a process in a box that serves the runs of one app, for one owner, on the same terms. Beside its one
//! exit, which is that of every guest, a program has the folders that it was given and a way out through the proxy; what it
//! may have was decided before it started (`kernel::program`), and a box that cannot be had is no start.
//!
//! It lives on between runs, so what one run told it, it may tell the next: the labels of all runs that it served are joined,
//! and what lies in its home keeps them when it ends.

mod child; // one program that runs
mod ear; // what it tries past all that it may ask for
mod find; // which file of this machine a command means
mod logs; // what it says to whoever looks after it
mod memory; // what outlives a program
mod plugin; // oikos' own methods
mod policy; // from terms to what the box keeps. Pure
mod restart; // when it may be started again. Pure
mod rpc; // messages. Pure
mod runner; // programs as the kernel sees them
mod said; // the last of what it complained of
mod shared; // which program serves which run
mod source; // a package made ready
mod unpack; // its files as a folder
mod warden; // whose connections it makes

pub use find::{FoundProgram, find_program};
pub use runner::ProgramRunner;
pub use shared::{IDLE_MS_MAX, Machine, OTHERS_WAITED_MS, ProgramConfig, ProgramStatus};
