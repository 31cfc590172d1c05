//! What must hold for any bytes that are called a vault. Used by the fuzzers, and by the tests of crates/state, which try the
//! corpus again.

/// A sealed file with a key before it, and what a sealed file holds.
pub(crate) fn vault(bytes: &[u8]) {
    state::seal_check(bytes);
    state::rows_check(bytes);
}
