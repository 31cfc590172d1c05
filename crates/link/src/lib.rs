//! Who this oikos is: the key of the device, the key of the developer at it, and what they sign. And who others are:
//! publishers' keys, signatures and successor statements, in the text forms of minisign.
//!
//! The device's and the developer's key are made at first use, lie in `keys/` of the home folder for nobody else to
//! read, and are never written over. Publishers' secret keys lie in a folder of their own, which outlives the home. No
//! type here prints a secret, nothing here sends one, and nothing here decides whom to trust.
//!
//! ```
//! use link::DeviceKey;
//! use testkit::{TempHome, TestEntropy};
//! let home = TempHome::new();
//! let key = DeviceKey::open_or_create(home.path(), &TestEntropy::seeded(1))?;
//! let signature = key.sign(b"the end of the log");
//! assert!(key.public_key().verify(b"the end of the log", &signature).is_ok());
//! assert!(key.public_key().verify(b"another end", &signature).is_err());
//! # Ok::<(), link::KeyError>(())
//! ```

mod developer; // the key that signs what is installed from a folder
mod device; // the key that this oikos is known by
mod error; // what can go wrong with a key
mod file; // private files that are written once, or only at their end
mod head; // the ends of audit logs, signed and kept outside the store
mod minisign; // publishers' public keys and signatures, as minisign writes them
mod publisher; // publishers' secret keys, as minisign writes them
mod publisher_folder; // where an author's own keys lie
mod secret; // what cannot be printed
mod sign; // public keys and signatures
mod successor; // an old key names the one that comes after it

pub use developer::{DeveloperKey, PackageSignature};
pub use device::DeviceKey;
pub use error::{HeadError, KeyError};
pub use head::{HEAD_FILE_BYTES_MAX, HeadFile, Heads};
pub use minisign::{
    Fingerprint, KeyId, MINISIGN_FILE_BYTES_MAX, MinisignFault, MinisignSignature, PublisherKey, PublisherKeyError,
};
pub use publisher::{PublisherSecret, SecretKeyFault};
pub use publisher_folder::{OwnKey, PublisherFolder, PublisherFolderError};
pub use secret::Secret;
pub use sign::{PublicKey, Signature, SignatureInvalid};
pub use successor::{SUCCESSORS_MAX, Successor, SuccessorError};

/// Where a test ends the process on purpose. Nothing unless built with the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), expect(unused_variables, reason = "the macro is empty without the feature"))]
fn crash_point(name: &'static str) {
    fail::fail_point!(name, |_| std::process::abort());
}
