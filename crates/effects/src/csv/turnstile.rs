//! Who may go through a file now. A pass holds memory outside the guest's limit, so one run makes one at a time, and
//! all runs together a few.

use broker::{Lease, LeaseEnd};
use kernel::effect::Scene;
use parking_lot::{Condvar, Mutex};
use protocol::{RunId, sentence};
use std::{collections::HashSet, time::Duration};

/// How long a waiting call sleeps before it looks at its lease again.
const WAIT_STEP: Duration = Duration::from_millis(20);

/// Lets a few through at once.
pub(crate) struct Turnstile {
    inside: Mutex<HashSet<RunId>>,
    inside_max: usize,
    left: Condvar,
}

/// One that is through; makes room when it goes.
pub(crate) struct Turn<'a> {
    turnstile: &'a Turnstile,
    run: RunId,
}

impl Turnstile {
    pub(crate) fn new(inside_max: usize) -> Self {
        Self { inside: Mutex::default(), inside_max, left: Condvar::new() }
    }

    /// Waits for a turn; the end of the lease ends the waiting, so its wall clock is the deadline.
    pub(crate) fn enter(&self, lease: &Lease, scene: &dyn Scene) -> Result<Turn<'_>, LeaseEnd> {
        let run = lease.run();
        let mut inside = self.inside.lock();
        loop {
            lease.check()?;
            if !inside.contains(&run) && inside.len() < self.inside_max {
                inside.insert(run);
                return Ok(Turn { turnstile: self, run });
            }
            self.left.wait_for(&mut inside, WAIT_STEP);
            scene.progress(sentence::progress_waiting(), 0, None);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turnstile.inside.lock().remove(&self.run);
        self.turnstile.left.notify_all();
    }
}
