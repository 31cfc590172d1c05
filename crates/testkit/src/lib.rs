//! What tests hand in where the product hands in the machine: a clock that stands until it is moved, randomness from
//! a printed seed, a home folder that goes away, and waiting for a state instead of for time.
//!
//! Never a dependency of the product, only of tests.
//!
//! ```
//! use protocol::{Clock, RunId};
//! use testkit::{TestClock, TestEntropy};
//! let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(7));
//! let first = RunId::new(&clock, &entropy);
//! clock.advance_ms(1);
//! assert!(first < RunId::new(&clock, &entropy));
//! assert_eq!(clock.now().since_ms(TestClock::START), 1);
//! ```

mod clock; // time that stands until a test moves it
mod entropy; // randomness from a seed
mod home; // a home folder that goes away
mod wait; // wait for a state, not for time

pub use clock::TestClock;
pub use entropy::{SEED_VARIABLE, TestEntropy};
pub use home::TempHome;
pub use wait::{WAIT_DEADLINE, wait_until, wait_until_some};
