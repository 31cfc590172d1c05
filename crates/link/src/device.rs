//! The key that this oikos is known by.

use crate::{KeyError, PublicKey, Secret, Signature, file, sign};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, KeyInit, Mac};
use protocol::{AuditHead, ChainHash, DeviceId, Entropy, OwnerId, Timestamp};
use std::{fmt, path::Path};

/// The Ed25519 key of this device. Its public half is the device's identity.
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Reads the device's key from the home folder, or makes it at first use. The caller holds the home's lock.
    pub fn open_or_create(home: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        file::key_open_or_create(home, "device", entropy).map(Self)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        sign::public_key(&self.0)
    }

    /// The device's id.
    pub fn device_id(&self) -> DeviceId {
        self.public_key().device_id()
    }

    /// Signs bytes. They begin with what they are for, so that a signature for one purpose is none for another.
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        sign::sign(&self.0, bytes)
    }

    /// Signs the end of an owner's audit log.
    pub fn sign_head(&self, owner: OwnerId, seq: u64, hash: ChainHash, at: Timestamp) -> AuditHead {
        let signature = self.sign(&AuditHead::signed_bytes(owner, seq, hash, at)).to_string();
        AuditHead { owner, seq, hash, at, signature }
    }

    /// A key for one purpose, which tells nothing about this key nor about those for other purposes. The same on each
    /// start. Cache files are authenticated with one, so only bytes that this device wrote are loaded.
    pub fn derive(&self, label: &str) -> Secret<[u8; 32]> {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of every length");
        mac.update(b"oikos derive 1\0");
        mac.update(label.as_bytes());
        Secret::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.device_id())
    }
}
