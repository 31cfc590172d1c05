//! Bytes that only a key opens: XChaCha20-Poly1305 over a padded text, behind a head that says how. Pure; whoever calls
//! this has read the file and makes the randomness.
//!
//! ```text
//! 12  "oikos vault\0"        8  mark of the key
//!  2  version               24  nonce
//!  1  kind: key, passphrase  4  length of what follows
//!  1  zero                   …  sealed: 4 length, rows, zeroes; 16 tag
//! 12  Argon2: memory, passes, lanes
//! 16  salt                  32  SHA-256 of all before
//! ```
//!
//! All before what is sealed, and the owner, are its associated data: a file under another owner's name, or with another
//! head, does not open. The last 32 bytes are no secret and prove nothing to a stranger; they tell a damaged file from a
//! wrong key.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use protocol::{OwnerId, sha256};
use zeroize::Zeroizing;

const MAGIC: &[u8; 12] = b"oikos vault\0";
/// The version of the form.
pub(super) const VERSION: u16 = 1;
const HEAD_BYTES: usize = 80;
const TAG_BYTES: usize = 16;
const SUM_BYTES: usize = 32;
/// The least that is sealed: with few secrets, the length says nothing of them.
const PADDED_BYTES_MIN: usize = 4 << 10;
/// The largest file: all secrets that there can be, each as long as it may be.
pub const SEALED_BYTES_MAX: usize = (16 << 20) + HEAD_BYTES + TAG_BYTES + SUM_BYTES;

/// What a passphrase costs whoever guesses: RFC 9106's second choice, with one lane because nobody waits on several.
pub(super) const COST: Cost = Cost { memory_kib: 64 << 10, passes: 3, lanes: 1 };
/// What a file may ask for: at most four times that, so that a forged one does not use up the machine; and not so little
/// that guessing gets cheap.
const MEMORY_KIB: std::ops::RangeInclusive<u32> = (8 << 10)..=(256 << 10);
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 4;

/// What a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// How a key is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is random, and kept.
    KeyFile,
    /// It is made of a passphrase.
    Passphrase(Cost, [u8; 16]),
}

/// A key that opens and seals.
pub(super) struct Opener {
    way: Way,
    key: Zeroizing<[u8; 32]>,
}

/// Why bytes do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SealFault {
    /// They are not what was written.
    Damaged(&'static str),
    /// Another form.
    Newer(u16),
    /// Another key sealed them.
    OtherKey,
}

impl Opener {
    /// With a key that is kept.
    pub(super) fn of_key(key: Zeroizing<[u8; 32]>) -> Self {
        Self { way: Way::KeyFile, key }
    }

    /// With a passphrase: takes a good part of a second, as it should. `None` where no machine can do that.
    pub(super) fn of_passphrase(passphrase: &str, cost: Cost, salt: [u8; 16]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(key.len())).ok()?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.as_bytes(), &salt, &mut *key).ok()?;
        Some(Self { way: Way::Passphrase(cost, salt), key })
    }

    pub(super) fn way(&self) -> Way {
        self.way
    }

    /// Tells keys apart, and says nothing of this one: it is random, or as slow to guess as the passphrase anyway.
    fn mark(&self) -> [u8; 8] {
        const WHAT: &[u8; 19] = b"oikos vault mark 1\0";
        let mut marked = Zeroizing::new([0; WHAT.len() + 32]);
        marked[..WHAT.len()].copy_from_slice(WHAT);
        marked[WHAT.len()..].copy_from_slice(&*self.key);
        let mut mark = [0; 8];
        mark.copy_from_slice(&sha256(&*marked).0[..8]);
        mark
    }

    /// Whether this key sealed them.
    pub(super) fn fits(&self, head: &Head) -> bool {
        self.way == head.way && self.mark() == head.mark
    }

    /// Seals. The nonce must be a fresh one each time.
    pub(super) fn seal(&self, plain: &[u8], owner: OwnerId, nonce: [u8; 24]) -> Vec<u8> {
        let padded = padded_bytes(plain.len());
        let sealed = padded + TAG_BYTES;
        let mut bytes = Vec::with_capacity(HEAD_BYTES + sealed + SUM_BYTES);
        let (kind, cost, salt) = match self.way {
            Way::KeyFile => (1, Cost { memory_kib: 0, passes: 0, lanes: 0 }, [0; 16]),
            Way::Passphrase(cost, salt) => (2, cost, salt),
        };
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[kind, 0]);
        for number in [cost.memory_kib, cost.passes, cost.lanes] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&salt);
        bytes.extend_from_slice(&self.mark());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&(sealed as u32).to_le_bytes());
        let data = associated(&bytes, owner);
        bytes.extend_from_slice(&(plain.len() as u32).to_le_bytes());
        bytes.extend_from_slice(plain);
        bytes.resize(HEAD_BYTES + padded, 0);
        let body = &mut bytes[HEAD_BYTES..];
        match self.cipher().encrypt_inout_detached(&nonce.into(), &data, body.into()) {
            Ok(tag) => bytes.extend_from_slice(&tag),
            // Only of texts that are 256 GiB long. Nothing of this one may get out.
            Err(_) => bytes.truncate(HEAD_BYTES),
        }
        let sum = sha256(&bytes);
        bytes.extend_from_slice(&sum.0);
        bytes
    }

    /// Opens.
    pub(super) fn open(&self, bytes: &[u8], owner: OwnerId) -> Result<Zeroizing<Vec<u8>>, SealFault> {
        let head = Head::read(bytes)?;
        if !self.fits(&head) {
            return Err(SealFault::OtherKey);
        }
        let (body, tag) = bytes[HEAD_BYTES..bytes.len() - SUM_BYTES].split_at(head.sealed_bytes - TAG_BYTES);
        let tag: [u8; TAG_BYTES] = tag.try_into().map_err(|_| SealFault::Damaged("its seal is cut off"))?;
        let data = associated(&bytes[..HEAD_BYTES], owner);
        let mut plain = Zeroizing::new(body.to_vec());
        self.cipher()
            .decrypt_inout_detached(&head.nonce.into(), &data, plain.as_mut_slice().into(), &tag.into())
            .map_err(|_| SealFault::Damaged("its seal does not hold"))?;
        let count = plain.first_chunk().map_or(0, |count| u32::from_le_bytes(*count) as usize);
        let rows = plain.get(4..).and_then(|rest| rest.split_at_checked(count));
        match rows {
            Some((rows, rest)) if rest.iter().all(|byte| *byte == 0) => Ok(Zeroizing::new(rows.to_vec())),
            _ => Err(SealFault::Damaged("what it seals has no end")),
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

/// How long a text is once it is padded: a power of two.
fn padded_bytes(plain: usize) -> usize {
    (4 + plain).next_power_of_two().max(PADDED_BYTES_MIN)
}

fn associated(head: &[u8], owner: OwnerId) -> Vec<u8> {
    [head, &owner.0.to_be_bytes()].concat()
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) way: Way,
    mark: [u8; 8],
    nonce: [u8; 24],
    sealed_bytes: usize,
}

impl Head {
    /// Reads it, where the file is whole.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SealFault> {
        use SealFault::Damaged;
        let short = Damaged("it is too short");
        if !bytes.starts_with(MAGIC) {
            let is_cut = MAGIC.starts_with(bytes);
            return Err(if is_cut { short } else { Damaged("it does not begin as a vault does") });
        }
        let head = bytes.first_chunk::<HEAD_BYTES>().ok_or(short)?;
        let version = u16::from_le_bytes([head[12], head[13]]);
        let (all, sum) = bytes.split_at(bytes.len().saturating_sub(SUM_BYTES));
        if sha256(all).0 != *sum {
            return Err(Damaged("its sum is not that of its bytes"));
        }
        if version != VERSION {
            return Err(SealFault::Newer(version));
        }
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (mut salt, mut mark, mut nonce) = ([0; 16], [0; 8], [0; 24]);
        salt.copy_from_slice(&head[28..44]);
        mark.copy_from_slice(&head[44..52]);
        nonce.copy_from_slice(&head[52..76]);
        let cost = Cost { memory_kib: number(16), passes: number(20), lanes: number(24) };
        let is_fair = MEMORY_KIB.contains(&cost.memory_kib)
            && (1..=PASSES_MAX).contains(&cost.passes)
            && (1..=LANES_MAX).contains(&cost.lanes);
        let way = match (head[14], head[15]) {
            (1, 0) if cost.memory_kib | cost.passes | cost.lanes == 0 && salt == [0; 16] => Way::KeyFile,
            (2, 0) if is_fair => Way::Passphrase(cost, salt),
            (2, 0) => return Err(Damaged("what its passphrase should cost is out of bounds")),
            _ => return Err(Damaged("its head makes no sense")),
        };
        let sealed_bytes = number(76) as usize;
        if sealed_bytes < PADDED_BYTES_MIN + TAG_BYTES || bytes.len() != HEAD_BYTES + sealed_bytes + SUM_BYTES {
            return Err(Damaged("it is not as long as it says"));
        }
        Ok(Self { way, mark, nonce, sealed_bytes })
    }
}

/// What must hold for any bytes that are called a vault: they are refused, or open to just what was sealed. The first 32
/// bytes are the key, and the file is tried as it is and as if it were whole. For fuzzers.
pub fn seal_check(bytes: &[u8]) {
    let Some((key, file)) = bytes.split_first_chunk::<32>() else { return };
    let opener = Opener::of_key(Zeroizing::new(*key));
    let whole = [file, &sha256(file).0].concat();
    for file in [file, &whole] {
        if let Ok(head) = Head::read(file) {
            // Nobody but the key's holder makes a seal that holds.
            let opened = opener.open(file, OwnerId::LOCAL);
            assert!(opener.fits(&head) || opened.is_err(), "opened with another key");
        }
    }
    let sealed = opener.seal(file, OwnerId::LOCAL, [7; 24]);
    assert_eq!(opener.open(&sealed, OwnerId::LOCAL).as_deref().map(Vec::as_slice), Ok(file), "it opens again");
    assert!(opener.open(&sealed, OwnerId(2)).is_err(), "it is one owner's");
    let at = usize::from(key[0]) * sealed.len() / 256;
    let mut flipped = sealed;
    flipped[at] ^= 1 << (key[1] % 8);
    assert!(opener.open(&flipped, OwnerId::LOCAL).is_err(), "one bit is another file");
}
