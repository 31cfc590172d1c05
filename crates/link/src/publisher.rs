//! A publisher's secret key, in the text form of minisign, plain or under a passphrase.

use crate::{
    MINISIGN_FILE_BYTES_MAX, PublicKey, PublisherKey, Secret, Signature,
    minisign::{UNTRUSTED, signature_file},
    sign,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use blake2::{Blake2b, Digest as _, digest::consts::U32};
use ed25519_dalek::SigningKey;
use protocol::Entropy;
use std::fmt;
use zeroize::Zeroizing;

/// A secret key's file in base64: algorithms, salt, cost, and 104 bytes of number, key and checksum.
const FILE_BYTES: usize = 158;
/// Number, seed and public half, checksum: what a passphrase covers.
const COVERED_BYTES: usize = 104;
const ALGORITHM: &[u8] = b"Ed";
const KDF_SCRYPT: &[u8] = b"Sc";
const KDF_NONE: &[u8] = &[0, 0];
const CHECKSUM: &[u8] = b"B2";
/// scrypt with N = 2^17, r = 8, p = 1 in the terms of libsodium: 128 MiB and about half a second, which a small
/// machine can spare. Stock minisign takes 1 GiB and reads either.
const OPERATIONS: u64 = 1 << 22;
const MEMORY_BYTES: u64 = 1 << 27;
/// What stock minisign asks for; a file that asks for more was not made by it.
const OPERATIONS_MAX: u64 = 1 << 25;
const MEMORY_BYTES_MAX: u64 = 1 << 30;
/// What libsodium never goes below.
const OPERATIONS_MIN: u64 = 1 << 15;

/// Why a secret key's file gives no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyFault {
    /// Not in minisign's form.
    #[error("it is no minisign secret key: {0}")]
    Unreadable(&'static str),
    /// It needs a passphrase, and none was given.
    #[error("it is protected by a passphrase")]
    PassphraseMissing,
    /// Another passphrase than the one it was written with, or a damaged file: the two look the same.
    #[error("the passphrase does not open it")]
    PassphraseWrong,
}

/// A publisher's secret key.
pub struct PublisherSecret {
    id: [u8; 8],
    key: SigningKey,
}

impl PublisherSecret {
    /// A new key. Its number is made from the key, so that it says something.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed);
        let key = SigningKey::from_bytes(&seed);
        Self { id: sign::public_key(&key).key_id(), key }
    }

    /// The public half.
    pub fn public_key(&self) -> PublisherKey {
        PublisherKey::new(self.id, sign::public_key(&self.key))
    }

    /// A signature's file over these bytes. Line breaks in comments become spaces: a comment is one line.
    pub fn sign(&self, bytes: &[u8], untrusted: &str, trusted: &str) -> String {
        let one_line = |text: &str| text.replace(['\n', '\r'], " ");
        let make = |bytes: &[u8]| -> Signature { sign::sign(&self.key, bytes) };
        signature_file(self.id, &make, bytes, &one_line(untrusted), &one_line(trusted))
    }

    /// The key's file, as stock minisign reads it.
    pub fn to_file(&self, passphrase: Option<&Secret<String>>, entropy: &dyn Entropy) -> Secret<String> {
        let mut covered = Zeroizing::new([0; COVERED_BYTES]);
        covered[..8].copy_from_slice(&self.id);
        covered[8..40].copy_from_slice(self.key.as_bytes());
        covered[40..72].copy_from_slice(sign::public_key(&self.key).as_bytes());
        let checksum = checksum(&covered);
        covered[72..].copy_from_slice(&checksum);
        let mut file = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
        file.extend_from_slice(ALGORITHM);
        let (kdf, salt, cost) = match passphrase {
            None => (KDF_NONE, [0; 32], [0; 16]),
            Some(passphrase) => {
                let mut salt = [0; 32];
                entropy.fill(&mut salt);
                let mut cost = [0; 16];
                cost[..8].copy_from_slice(&OPERATIONS.to_le_bytes());
                cost[8..].copy_from_slice(&MEMORY_BYTES.to_le_bytes());
                if let Some(stream) = stream(passphrase, &salt, OPERATIONS, MEMORY_BYTES) {
                    cover(&mut covered, &stream);
                }
                (KDF_SCRYPT, salt, cost)
            }
        };
        for part in [kdf, CHECKSUM, &salt, &cost, &*covered] {
            file.extend_from_slice(part);
        }
        let what = if passphrase.is_some() { "encrypted secret key" } else { "secret key without a passphrase" };
        let encoded = Zeroizing::new(STANDARD.encode(&*file));
        // Room for all of it at once: a text that grows leaves copies behind.
        let mut text = String::with_capacity(MINISIGN_FILE_BYTES_MAX);
        for part in [UNTRUSTED, "minisign ", what, "\n", &encoded, "\n"] {
            text.push_str(part);
        }
        Secret::new(text)
    }

    /// Reads a key's file.
    pub fn read_file(bytes: &[u8], passphrase: Option<&Secret<String>>) -> Result<Self, SecretKeyFault> {
        let unreadable = SecretKeyFault::Unreadable;
        if bytes.len() > MINISIGN_FILE_BYTES_MAX {
            return Err(unreadable("it is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable("it is not text"))?;
        let mut lines = text.lines();
        if !lines.next().is_some_and(|line| line.starts_with(UNTRUSTED)) {
            return Err(unreadable("its first line is no untrusted comment"));
        }
        let line = lines.next().ok_or(unreadable("its second line is missing"))?;
        if lines.next().is_some() {
            return Err(unreadable("it has more than two lines"));
        }
        let file = Zeroizing::new(STANDARD.decode(line).map_err(|_| unreadable("it is not base64"))?);
        if file.len() != FILE_BYTES {
            return Err(unreadable("it has another length"));
        }
        if file[..2] != *ALGORITHM || file[4..6] != *CHECKSUM {
            return Err(unreadable("it is of another algorithm than Ed25519"));
        }
        let mut covered = Zeroizing::new([0; COVERED_BYTES]);
        covered.copy_from_slice(&file[54..]);
        let is_covered = match &file[2..4] {
            KDF_NONE => false,
            KDF_SCRYPT => true,
            _ => return Err(unreadable("its passphrase is used in an unknown way")),
        };
        if is_covered {
            let passphrase = passphrase.ok_or(SecretKeyFault::PassphraseMissing)?;
            let number = |at: usize| {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&file[at..at + 8]);
                u64::from_le_bytes(bytes)
            };
            let stream = stream(passphrase, &file[6..38], number(38), number(46))
                .ok_or(unreadable("its passphrase asks for more work than minisign ever does"))?;
            cover(&mut covered, &stream);
        }
        let wrong = if is_covered { SecretKeyFault::PassphraseWrong } else { unreadable("its checksum is wrong") };
        // Stock minisign leaves the checksum of a key without passphrase empty.
        let is_checksum_absent = !is_covered && covered[72..].iter().all(|byte| *byte == 0);
        if !is_checksum_absent && covered[72..] != checksum(&covered) {
            return Err(wrong);
        }
        let (mut id, mut seed) = ([0; 8], Zeroizing::new([0; 32]));
        id.copy_from_slice(&covered[..8]);
        seed.copy_from_slice(&covered[8..40]);
        let key = SigningKey::from_bytes(&seed);
        if *sign::public_key(&key).as_bytes() != covered[40..72] {
            return Err(wrong);
        }
        Ok(Self { id, key })
    }
}

impl fmt::Debug for PublisherSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublisherSecret({})", self.public_key().fingerprint())
    }
}

impl PublicKey {
    /// What people compare of a publisher's key.
    pub fn publisher_fingerprint(&self) -> crate::Fingerprint {
        let mut half = [0; 16];
        half.copy_from_slice(&self.digest().0[..16]);
        crate::Fingerprint(half)
    }
}

/// Over what the checksum goes: the algorithm, the number, the key.
fn checksum(covered: &[u8; COVERED_BYTES]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(ALGORITHM);
    hash.update(&covered[..72]);
    hash.finalize().into()
}

fn cover(covered: &mut [u8; COVERED_BYTES], stream: &[u8; COVERED_BYTES]) {
    covered.iter_mut().zip(stream).for_each(|(byte, other)| *byte ^= other);
}

/// The bytes that a passphrase becomes. `None` where the cost is more than ours to spend.
fn stream(
    passphrase: &Secret<String>,
    salt: &[u8],
    operations: u64,
    memory_bytes: u64,
) -> Option<Zeroizing<[u8; COVERED_BYTES]>> {
    if operations > OPERATIONS_MAX || memory_bytes > MEMORY_BYTES_MAX {
        return None;
    }
    let (log_n, r, p) = scrypt_cost(operations, memory_bytes);
    let params = scrypt::Params::new(log_n, r, p).ok()?;
    let mut stream = Zeroizing::new([0; COVERED_BYTES]);
    scrypt::scrypt(passphrase.expose().as_bytes(), salt, &params, &mut *stream).ok()?;
    Some(stream)
}

/// libsodium's `pickparams`: how its two costs become scrypt's three.
fn scrypt_cost(operations: u64, memory_bytes: u64) -> (u8, u32, u32) {
    const R: u64 = 8;
    let operations = operations.max(OPERATIONS_MIN);
    let log_above = |max: u64| (1..63_u8).find(|log| 1_u64 << log > max / 2).unwrap_or(62);
    if operations < memory_bytes / 32 {
        return (log_above(operations / (R * 4)), R as u32, 1);
    }
    let log_n = log_above(memory_bytes / (R * 128));
    let rp = ((operations / 4) >> log_n).min(0x3fff_ffff);
    (log_n, R as u32, ((rp / R) as u32).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_what_libsodium_makes_of_it() {
        // What stock minisign writes: N = 2^20, r = 8, p = 1.
        assert_eq!(scrypt_cost(33_554_432, 1_073_741_824), (20, 8, 1));
        assert_eq!(scrypt_cost(OPERATIONS, MEMORY_BYTES), (17, 8, 1));
        // libsodium's "interactive".
        assert_eq!(scrypt_cost(524_288, 16_777_216), (14, 8, 1));
        // More operations than memory: p grows.
        assert_eq!(scrypt_cost(33_554_432, 16_777_216), (14, 8, 64));
        assert_eq!(scrypt_cost(0, 0).2, u32::try_from((OPERATIONS_MIN / 4) >> 1).unwrap_or_default() / 8);
    }
}
