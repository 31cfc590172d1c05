//! Public keys and signatures: Ed25519, checked strictly, so that one message has one signature of one key.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use protocol::{AuditHead, DeviceId, Digest, NameError, sha256};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A signature that does not fit: other bytes, another key, or no signature at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit these bytes and this key")]
pub struct SignatureInvalid;

macro_rules! hex_bytes {
    ($($(#[$doc:meta])* $name:ident [$length:literal] = $what:literal, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $length]);

        impl $name {
            /// From its bytes.
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let mut bytes = [0; $length];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| NameError {
                    what: $what,
                    given: protocol::text::shorten(text, 80),
                    rule: $rule,
                })?;
                Ok(Self(bytes))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}

hex_bytes! {
    /// The public half of a key; shown and stored as 64 hexadecimal digits. It may be no key at all: that shows when
    /// it verifies nothing.
    PublicKey [32] = "public key", "64 hexadecimal digits";
    /// An Ed25519 signature; shown and stored as 128 hexadecimal digits.
    Signature [64] = "signature", "128 hexadecimal digits";
}

impl PublicKey {
    /// Whether this key signed these bytes. Weak keys and the second form of a signature are refused, because with
    /// them "signed" would not mean "by whoever has the secret, and just this".
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> Result<(), SignatureInvalid> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureInvalid)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(bytes, &signature).map_err(|_| SignatureInvalid)
    }

    /// Whether the device with this key signed this head of an audit log.
    pub fn verify_head(&self, head: &AuditHead) -> Result<(), SignatureInvalid> {
        let signature = head.signature.parse().map_err(|_| SignatureInvalid)?;
        self.verify(&AuditHead::signed_bytes(head.owner, head.seq, head.hash, head.at), &signature)
    }

    /// SHA-256 of the key.
    pub fn digest(&self) -> Digest {
        sha256(&self.0)
    }

    /// What a minisign file calls the key: the first eight bytes of its digest.
    pub fn key_id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&self.digest().0[..8]);
        id
    }

    /// The key id as people compare it: sixteen digits in groups of four.
    pub fn fingerprint(&self) -> String {
        let digits = hex::encode(self.key_id());
        [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]].join(" ")
    }

    /// The id of the device that has this key: the first sixteen bytes of its digest.
    pub fn device_id(&self) -> DeviceId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.digest().0[..16]);
        DeviceId(uuid::Uuid::from_bytes(id))
    }
}

pub(crate) fn public_key(key: &SigningKey) -> PublicKey {
    PublicKey(key.verifying_key().to_bytes())
}

pub(crate) fn sign(key: &SigningKey, bytes: &[u8]) -> Signature {
    Signature(key.sign(bytes).to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_standard_says() {
        // RFC 8032, section 7.1, test 2.
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let mut secret = [0; 32];
        hex::decode_to_slice(seed, &mut secret).expect("64 digits");
        let key = SigningKey::from_bytes(&secret);
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(public_key(&key).to_string(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(sign(&key, b"r").to_string(), expected);
        assert_eq!(expected.parse::<Signature>().map(|read| read.to_string()).as_deref(), Ok(expected));
        assert_eq!(public_key(&key).verify(b"r", &sign(&key, b"r")), Ok(()));
    }

    #[test]
    fn what_is_not_signed_is_refused() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let (public, good) = (public_key(&key), sign(&key, b"message"));
        let flipped = |place: usize| {
            let mut bytes = *good.as_bytes();
            bytes[place] ^= 1;
            Signature(bytes)
        };
        for place in 0..64 {
            assert_eq!(public.verify(b"message", &flipped(place)), Err(SignatureInvalid), "{place}");
        }
        assert_eq!(public.verify(b"massage", &good), Err(SignatureInvalid));
        let other = public_key(&SigningKey::from_bytes(&[2; 32]));
        assert_eq!(other.verify(b"message", &good), Err(SignatureInvalid));
        // The neutral point as key and as commitment "signs" everything, unless looked at strictly.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(PublicKey(neutral).verify(b"message", &Signature(signature)), Err(SignatureInvalid));
        assert_eq!(PublicKey([0xff; 32]).verify(b"message", &good), Err(SignatureInvalid));
        // s + L, the second form of a signature.
        let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
        let mut second = *good.as_bytes();
        let mut carry = 0;
        for (place, add) in hex::decode(order).expect("64 digits").into_iter().enumerate() {
            let sum = u16::from(second[32 + place]) + u16::from(add) + carry;
            (second[32 + place], carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert_eq!(public.verify(b"message", &Signature(second)), Err(SignatureInvalid));
    }
}
