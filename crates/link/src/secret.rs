//! What cannot be printed.

use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A value that shows as `«secret»` wherever it is printed, has no serialized form, and is overwritten when dropped.
///
/// ```
/// let secret = link::Secret::new(*b"hunter2");
/// assert_eq!(format!("{secret} {secret:?}"), "«secret» «secret»");
/// ```
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}
