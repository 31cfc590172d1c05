//! Starts a program in a box: what it sees of the files, the network, other processes and the memory is what its policy says,
//! or it is not started.
//!
//! A [`Policy`] says what a program may have. [`Abilities::probe`] finds out once what this machine can keep, by doing it.
//! [`plan`] makes of both a [`Plan`] with four [`Facts`] (files, network, processes, memory), each with what keeps it and how
//! far, or a [`Refusal`] that names what cannot be kept and the one thing to do about it. [`spawn`] carries a plan out.
//!
//! Never here: a decision about what a program may have (that is the broker's), a program started with less than its plan says,
//! an environment that was inherited, a shell.
//!
//! A policy can ask to be told what its program tries and is refused ([`Policy::watched`]); where the machine can tell it, it comes
//! as [`Tried`] from the started program.
//!
//! Between oikos and each program stands a *keeper*, a small process from the same binary ([`init_main`]) that does what cannot
//! be done in a process with threads, and that ends everything when oikos is gone, however it went.
//!
//! ```
//! use isolate::{Abilities, Policy, System, plan};
//!
//! let policy = Policy::new("/usr/bin/node", "/srv/oikos/homes/files");
//! let refused = plan(&policy, &Abilities::none(System::Linux)).unwrap_err();
//! assert!(refused.to_string().starts_with("your files cannot be kept from it on this machine"));
//! assert_eq!(refused.fixes()[0].to_string(), "run sudo apt install bubblewrap");
//! ```

mod abilities; // what a machine can do. Pure
#[cfg(not(target_os = "linux"))]
mod elsewhere; // on other systems nothing is started
mod facts; // the four facts, refusals, how it ended. Pure
mod job_objects; // Windows: bounds. Pure, written, never run here
#[cfg(target_os = "linux")]
mod linux; // all of it on Linux
mod plan; // from policy and abilities to a plan or a refusal. Pure
mod policy; // what a program may have. Pure
mod seatbelt; // macOS: the text of its rules. Pure, written, never run here
mod tried; // what a program tried and was refused. Pure

pub use abilities::{Abilities, Ability, Adapter, CgroupPlace, Obstacle, System};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Launcher, init_main};
pub use facts::{Ended, Fact, Facts, Hold, Refusal, Unkept};
pub use job_objects::{JobLimits, job_limits};
#[cfg(target_os = "linux")]
pub use linux::{Confined, Launcher, PASSED_MAX, Refused, SpawnError, init_main, spawn};
pub use plan::{Outlook, Plan, outlook, plan};
pub use policy::{Bounds, GRANTS_MAX, Network, POLICY_BYTES_MAX, Policy};
pub use protocol::Concern;
pub use seatbelt::profile as seatbelt_profile;
pub use tried::{Deed, Tried};
