//! Wait for a state, not for time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a test waits before it says that the state will not come. Long, because a busy machine is not a fault.
pub const WAIT_DEADLINE: Duration = Duration::from_secs(30);

/// How long between two looks: short enough not to be felt.
const WAIT_STEP: Duration = Duration::from_millis(2);

/// Looks until `is_so` holds.
///
/// # Panics
/// After [`WAIT_DEADLINE`], with `what` in the message.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_until_some(what, || is_so().then_some(()));
}

/// Looks until `look` finds something, and gives it back.
///
/// # Panics
/// After [`WAIT_DEADLINE`], with `what` in the message.
pub fn wait_until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < WAIT_DEADLINE, "waited {} s in vain for: {what}", WAIT_DEADLINE.as_secs());
        #[allow(
            clippy::disallowed_methods,
            reason = "this is the one place that looks again and again, with a deadline"
        )]
        thread::sleep(WAIT_STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_comes_later() {
        let mut looks = 0;
        let found = wait_until_some("the third look", || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(found, 3);
    }
}
