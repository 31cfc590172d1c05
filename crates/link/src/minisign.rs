//! Publishers' public keys and signatures, in the text forms of minisign: what stock `minisign` writes is read here,
//! and what is written here it reads. Only prehashed signatures are taken.

use crate::{PublicKey, Signature};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use blake2::{Blake2b512, Digest as _};
use protocol::{NameError, PublisherName, text};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What minisign calls Ed25519 in a key, and in a signature over the bytes themselves.
const ALGORITHM: &[u8; 2] = b"Ed";
/// A signature over the BLAKE2b-512 of the bytes.
const ALGORITHM_PREHASHED: &[u8; 2] = b"ED";
pub(crate) const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
/// How a public key's file gives the publisher's name.
const NAME_COMMENT: &str = "publisher ";
/// A signature or key file is four lines at most, and stock minisign stops reading a comment at 8 KiB. A package's
/// comments are short; whatever is longer was not made for it.
pub const MINISIGN_FILE_BYTES_MAX: usize = 4 * 1024;

/// Why a signature is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MinisignFault {
    /// Not in minisign's form.
    #[error("{0}")]
    Unreadable(&'static str),
    /// Over the bytes themselves instead of their hash.
    #[error("it is of minisign's old kind, which is not prehashed")]
    Legacy,
    /// It says that another key made it.
    #[error("it was made with another key")]
    OtherKey,
    /// It is not of these bytes.
    #[error("it does not fit these bytes and this key")]
    Invalid,
    /// The trusted comment is not the one that was signed.
    #[error("its trusted comment was changed after it was signed")]
    CommentChanged,
}

/// Text that is no publisher's key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublisherKeyError {
    /// Not in minisign's form.
    #[error("this is no minisign public key: {0}")]
    Unreadable(&'static str),
    /// The file gives the key a name that it may not have.
    #[error("the key calls its publisher '{given}', but a {rule}")]
    Name {
        /// The name, escaped.
        given: String,
        /// What a name is.
        rule: NameError,
    },
}

/// A publisher's public key: an Ed25519 key with the number that minisign gives it. The number helps to find the key
/// and proves nothing: anybody can make a key of any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublisherKey {
    id: [u8; 8],
    key: PublicKey,
}

impl PublisherKey {
    pub(crate) const fn new(id: [u8; 8], key: PublicKey) -> Self {
        Self { id, key }
    }

    /// The Ed25519 key. Two publisher keys are the same publisher if this is the same.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What people compare.
    pub fn fingerprint(&self) -> Fingerprint {
        self.key.publisher_fingerprint()
    }

    /// The number as minisign shows it.
    pub fn id(&self) -> KeyId {
        KeyId(self.id)
    }

    /// Whether a text, such as a manifest's `publisher`, is this key or its fingerprint.
    pub fn is_named_by(&self, text: &str) -> bool {
        match text.parse::<Fingerprint>() {
            Ok(fingerprint) => fingerprint == self.fingerprint(),
            Err(_) => text.parse::<Self>().is_ok_and(|named| named.key == self.key),
        }
    }

    /// Whether this key made this signature over these bytes and its trusted comment.
    pub fn verify(&self, bytes: &[u8], signature: &MinisignSignature) -> Result<(), MinisignFault> {
        if signature.id != KeyId(self.id) {
            return Err(MinisignFault::OtherKey);
        }
        self.key.verify(&prehash(bytes), &signature.signature).map_err(|_| MinisignFault::Invalid)?;
        self.key
            .verify(&comment_bytes(&signature.signature, &signature.comment), &signature.comment_signature)
            .map_err(|_| MinisignFault::CommentChanged)
    }

    /// The key's file, as stock minisign reads it.
    pub fn to_file(&self, name: Option<&PublisherName>) -> String {
        match name {
            Some(name) => format!("{UNTRUSTED}{NAME_COMMENT}{name}\n{self}\n"),
            None => format!("{UNTRUSTED}minisign public key {}\n{self}\n", self.id()),
        }
    }

    /// Reads a key's file: the key, and the name that the file gives its publisher.
    pub fn read_file(bytes: &[u8]) -> Result<(Self, Option<PublisherName>), PublisherKeyError> {
        let unreadable = PublisherKeyError::Unreadable;
        let mut lines = lines(bytes).map_err(unreadable)?;
        let comment = lines.next().and_then(|line| line.strip_prefix(UNTRUSTED));
        let comment = comment.ok_or(unreadable("its first line is no untrusted comment"))?;
        let line = lines.next().ok_or(unreadable("its second line is missing"))?;
        if lines.next().is_some() {
            return Err(unreadable("it has more than two lines"));
        }
        let name = match comment.strip_prefix(NAME_COMMENT) {
            None => None,
            Some(given) => {
                Some(given.parse().map_err(|rule| PublisherKeyError::Name { given: text::shorten(given, 80), rule })?)
            }
        };
        Ok((key_parse(line).map_err(unreadable)?, name))
    }
}

fn key_parse(text: &str) -> Result<PublisherKey, &'static str> {
    let bytes: [u8; 42] = decode(text).ok_or("it is not 42 bytes in base64")?;
    let [first, second, rest @ ..] = bytes;
    if [first, second] != *ALGORITHM {
        return Err("it is of another algorithm than Ed25519");
    }
    let (mut id, mut key) = ([0; 8], [0; 32]);
    id.copy_from_slice(&rest[..8]);
    key.copy_from_slice(&rest[8..]);
    Ok(PublisherKey { id, key: PublicKey::from_bytes(key) })
}

impl fmt::Display for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode([&ALGORITHM[..], &self.id, self.key.as_bytes()].concat()))
    }
}

impl FromStr for PublisherKey {
    type Err = PublisherKeyError;
    fn from_str(text: &str) -> Result<Self, PublisherKeyError> {
        key_parse(text.trim()).map_err(PublisherKeyError::Unreadable)
    }
}

impl TryFrom<String> for PublisherKey {
    type Error = PublisherKeyError;
    fn try_from(text: String) -> Result<Self, PublisherKeyError> {
        text.parse()
    }
}

impl From<PublisherKey> for String {
    fn from(key: PublisherKey) -> Self {
        key.to_string()
    }
}

/// A key's number: what a signature says about who made it. Shown as minisign shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(pub(crate) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

/// What people compare and `--trust` takes: the first half of the SHA-256 of a key. Nobody can make a second key to a
/// given one (2^128 tries).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub(crate) [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pair) in self.0.chunks(2).enumerate() {
            let dash = if index == 0 { "" } else { "-" };
            write!(f, "{dash}{}", hex::encode(pair))?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = NameError;
    /// Upper and lower case are one; dashes, colons and spaces between the digits are left out, wherever they are.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':' | ' ')).collect();
        let mut bytes = [0; 16];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| NameError {
            what: "fingerprint",
            given: text::shorten(text, 80),
            rule: "32 hexadecimal digits, as in 0123-4567-89ab-cdef-0123-4567-89ab-cdef",
        })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// A minisign signature, as it is in its file. Nothing here says that it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinisignSignature {
    id: KeyId,
    signature: Signature,
    comment: String,
    comment_signature: Signature,
}

impl MinisignSignature {
    /// Reads a signature's file.
    pub fn read_file(bytes: &[u8]) -> Result<Self, MinisignFault> {
        let unreadable = MinisignFault::Unreadable;
        let mut lines = lines(bytes).map_err(unreadable)?;
        if !lines.next().is_some_and(|line| line.starts_with(UNTRUSTED)) {
            return Err(unreadable("its first line is no untrusted comment"));
        }
        let made: [u8; 74] =
            lines.next().and_then(decode).ok_or(unreadable("its second line is not 74 bytes in base64"))?;
        let comment = lines.next().and_then(|line| line.strip_prefix(TRUSTED));
        let comment = comment.ok_or(unreadable("its third line is no trusted comment"))?.to_owned();
        let comment_signature: [u8; 64] =
            lines.next().and_then(decode).ok_or(unreadable("its fourth line is not 64 bytes in base64"))?;
        if lines.next().is_some() {
            return Err(unreadable("it has more than four lines"));
        }
        let [first, second, rest @ ..] = made;
        match [first, second] {
            algorithm if algorithm == *ALGORITHM_PREHASHED => {}
            algorithm if algorithm == *ALGORITHM => return Err(MinisignFault::Legacy),
            _ => return Err(unreadable("it is of another algorithm than Ed25519")),
        }
        let (mut id, mut signature) = ([0; 8], [0; 64]);
        id.copy_from_slice(&rest[..8]);
        signature.copy_from_slice(&rest[8..]);
        Ok(Self {
            id: KeyId(id),
            signature: Signature::from_bytes(signature),
            comment,
            comment_signature: Signature::from_bytes(comment_signature),
        })
    }

    /// The number of the key that is said to have made it.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What was signed beside the bytes. Trusted only after [`PublisherKey::verify`].
    pub fn trusted_comment(&self) -> &str {
        &self.comment
    }
}

/// A signature's file. `sign` is the secret half of the key with this number; comments are of one line.
pub(crate) fn signature_file(
    id: [u8; 8],
    sign: &dyn Fn(&[u8]) -> Signature,
    bytes: &[u8],
    untrusted: &str,
    trusted: &str,
) -> String {
    let signature = sign(&prehash(bytes));
    let comment_signature = sign(&comment_bytes(&signature, trusted));
    let made = STANDARD.encode([&ALGORITHM_PREHASHED[..], &id, signature.as_bytes()].concat());
    let comment_made = STANDARD.encode(comment_signature.as_bytes());
    format!("{UNTRUSTED}{untrusted}\n{made}\n{TRUSTED}{trusted}\n{comment_made}\n")
}

fn prehash(bytes: &[u8]) -> [u8; 64] {
    Blake2b512::digest(bytes).into()
}

fn comment_bytes(signature: &Signature, comment: &str) -> Vec<u8> {
    [signature.as_bytes(), comment.as_bytes()].concat()
}

/// The lines of a small file of ASCII or UTF-8 text. A last line may lack its end, and a line may end as on Windows.
fn lines(bytes: &[u8]) -> Result<std::str::Lines<'_>, &'static str> {
    if bytes.len() > MINISIGN_FILE_BYTES_MAX {
        return Err("it is longer than any file of minisign");
    }
    std::str::from_utf8(bytes).map(str::lines).map_err(|_| "it is not text")
}

/// Exactly `LENGTH` bytes in base64, in their one form.
fn decode<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
