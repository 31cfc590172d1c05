//! The one place where bytes become native code.

#![expect(unsafe_code, reason = "compiled code can only be loaded by promising that it was compiled here")]

use wasmtime::{Engine, Module};

/// Bytes of a compiled module whose MAC was just verified.
///
/// Only [`SealedFolder`](crate::cache::SealedFolder) hands such bytes out, and only this process or an earlier one of
/// the same device, holding the same key, wrote them.
pub(crate) struct VerifiedCode(pub(crate) Vec<u8>);

/// Loads a compiled module.
pub(crate) fn module_load(engine: &Engine, code: VerifiedCode) -> wasmtime::Result<Module> {
    // SAFETY: `Module::deserialize` demands bytes that `Module::serialize` made. The MAC over exactly these bytes, which
    // lie in our memory and cannot change under us, was verified under a key that only this device has; what is written
    // under it is only ever the output of `Module::serialize` (engine.rs). Another wasmtime or other settings are
    // refused by wasmtime itself, and have another name in the cache besides.
    unsafe { Module::deserialize(engine, &code.0) }
}
