//! Runs app code. The `js` sandbox: QuickJS-NG compiled to WebAssembly, one compiled program for all apps, and for each
//! app an image of its memory after activation. A run begins from the image and ends with nothing left of it.
//!
//! A guest has one exit, the [`GuestHost`](kernel::runner::GuestHost) that its run is started with. There are no files,
//! no network, no clock and no randomness but the run's own; nothing here decides what an app may do.
//!
//! * `engine/` holds the program (`shim.c`, QuickJS-NG by way of `cargo xtask engine`) and `prelude.js`, the world that
//!   apps find.
//! * An image is plain data, a delta against that world; no machine code is made per app (`docs/adr/0002`). A guest that
//!   came to its end rests in its slot with the world in its memory again, each byte, for the next run of any app.
//! * Guests are polled on threads of their own, interrupted every few milliseconds, charged for thread CPU time, and
//!   dropped where their lease ends. The ticker also looks at the wall and idle clocks of all runs
//!   ([`Lease::sweep`](broker::Lease::sweep)), so whoever starts runs need not.
//! * Log lines and streamed bytes are handed to the host as they come; the host admits and charges them.
//!
//! ```no_run
//! use sandbox::{JsRunner, JsRunnerConfig};
//! # fn example(clock: std::sync::Arc<dyn protocol::Clock>, cache_key: [u8; 32]) -> Result<(), sandbox::JsRunnerError> {
//! let runner = JsRunner::new(JsRunnerConfig::new("cache/js".into(), cache_key, clock))?;
//! assert_eq!(runner.status().live_runs, 0);
//! # Ok(())
//! # }
//! ```

mod account; // what a guest computes is charged, and it is dropped where its lease ends
mod cache; // a private folder of files that only this device can have written
mod delta; // an app's image: how its memory differs from everyone's
mod deserialize; // the one place where bytes become native code
mod engine; // wasmtime as we use it
mod guest; // one guest from its beginning to its end
mod imports; // everything that a guest can call
mod memory; // what guests may have of the machine's memory

mod operations; // a run's host calls under way
mod process; // programs in a box
mod random; // a run's randomness, from its seed
mod runner; // the sandbox as the kernel sees it
mod split; // the engine's program taken apart
mod threads; // the threads that guests run on
mod ticker; // the thread that lets guests be interrupted
mod value; // what a guest hands out

pub use process::{
    FoundProgram, IDLE_MS_MAX, Machine, OTHERS_WAITED_MS, ProgramConfig, ProgramRunner, ProgramStatus, find_program,
};
pub use runner::{GUEST_MEMORY_BYTES_MAX, HOT_SLOTS_PER_CORE, JsRunner, JsRunnerConfig, JsRunnerError, JsRunnerStatus};
