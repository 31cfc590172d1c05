//! The key that signs what is installed from an unsigned folder or archive. What it signs is trusted on this device
//! only, wears a badge, and pins no name.

use crate::{KeyError, PublicKey, Signature, SignatureInvalid, file, sign};
use ed25519_dalek::SigningKey;
use protocol::{AppName, Digest, Entropy};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};

/// The developer's key at this device.
pub struct DeveloperKey(SigningKey);

impl DeveloperKey {
    /// Reads the developer's key from the home folder, or makes it at first use. The caller holds the home's lock.
    pub fn open_or_create(home: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        file::key_open_or_create(home, "developer", entropy).map(Self)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        sign::public_key(&self.0)
    }

    /// The key as people compare it.
    pub fn fingerprint(&self) -> String {
        self.public_key().fingerprint()
    }

    /// Says that the owner agreed to these bytes under this name and version.
    pub fn sign_package(&self, name: &AppName, version: &Version, digest: Digest) -> PackageSignature {
        let signature = sign::sign(&self.0, &signed_bytes(name, version, digest));
        PackageSignature { publisher: self.public_key(), signature }
    }
}

impl fmt::Debug for DeveloperKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeveloperKey({})", self.fingerprint())
    }
}

/// A signature over a package's name, version and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageSignature {
    /// The key that signed. That it is in here is no reason to trust it.
    pub publisher: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl PackageSignature {
    /// Whether `publisher` signed this package under this name and version. The publisher comes from the caller,
    /// never from the signature itself.
    pub fn verify(
        &self,
        publisher: &PublicKey,
        name: &AppName,
        version: &Version,
        digest: Digest,
    ) -> Result<(), SignatureInvalid> {
        publisher.verify(&signed_bytes(name, version, digest), &self.signature)
    }
}

/// Neither a name nor a version holds a zero byte, so no two packages give the same bytes.
fn signed_bytes(name: &AppName, version: &Version, digest: Digest) -> Vec<u8> {
    let mut bytes = format!("oikos local package 1\0{name}\0{version}\0").into_bytes();
    bytes.extend_from_slice(&digest.0);
    bytes
}
