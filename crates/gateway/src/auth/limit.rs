//! How often one may be wrong, by address, by address and credential, and by the beginning of a credential whoever sends
//! it; in memory that does not grow, however many addresses an attacker has.
//!
//! `governor` counts requests, in a map with a row for each key that was ever seen. Here only wrong credentials count, a
//! lock-out gets longer each time, and the table is as large on the first day as under attack, so it is our own.
//!
//! What a lock-out must not do is shut out the owner, who shares an address (the machine's own) with every script of
//! theirs. So the same wrong credential again counts as one guess: a script with a revoked key locks out that key, not the
//! address. And a credential that was right from an address before is let in there all the same, see
//! [`super::Keys`].

use parking_lot::Mutex;
use protocol::Entropy;
use siphasher::sip::SipHasher13;
use std::{
    hash::Hasher as _,
    net::{IpAddr, Ipv6Addr},
};

/// Wrong guesses from one address before it is locked out: a person who mistypes needs three.
pub const FAILURES_FREE: u32 = 10;
/// The same for credentials with one beginning, from wherever they come.
pub const PREFIX_FAILURES_FREE: u32 = 20;
/// The first lock-out; it doubles with each guess after it.
pub const LOCK_FIRST_MS: u64 = 1_000;
/// No lock-out is longer.
pub const LOCK_MAX_MS: u64 = 900_000;
/// A row without a failure for so long after its lock-out is forgotten.
const FORGET_MS: u64 = 900_000;
/// Rows of the table, in sets: some 400 KB, allocated once.
const SETS: usize = 1_024;
const WAYS: usize = 8;
/// Credentials that an address sent last, which count once.
const GUESSES: usize = 4;

/// One attempt: from where, with what. Holds no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    peer: u64,
    pair: u64,
    prefix: u64,
    guess: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// 0: nobody's.
    key: u64,
    failed_ms: u64,
    locked_until_ms: u64,
    failures: u32,
    guesses: [u32; GUESSES],
}

impl Row {
    fn is_forgotten(&self, now_ms: u64) -> bool {
        self.key == 0 || now_ms > self.locked_until_ms.max(self.failed_ms).saturating_add(FORGET_MS)
    }

    fn is_locked(&self, now_ms: u64) -> bool {
        now_ms < self.locked_until_ms
    }

    /// Counts a failure, and locks where it is one too many.
    fn fail(&mut self, free: u32, now_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        self.failed_ms = now_ms;
        let Some(beyond) = self.failures.checked_sub(free) else { return };
        let lock_ms = 2_u64.checked_pow(beyond).and_then(|by| by.checked_mul(LOCK_FIRST_MS)).unwrap_or(LOCK_MAX_MS);
        self.locked_until_ms = now_ms + lock_ms.min(LOCK_MAX_MS);
    }
}

/// Counts wrong credentials.
pub struct Limiter {
    // Nobody outside knows it, so nobody can aim at the rows of another.
    hash_key: [u8; 16],
    rows: Mutex<Box<[Row]>>,
}

/// What counts as one address: all of IPv4, and of IPv6 the network that one subscriber has.
pub fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

impl Limiter {
    /// Nobody has failed yet.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut hash_key = [0; 16];
        entropy.fill(&mut hash_key);
        Self { hash_key, rows: Mutex::new(vec![Row::default(); SETS * WAYS].into_boxed_slice()) }
    }

    /// An attempt from an address with what was sent as a credential. `path` tells the ways of signing in apart, so that
    /// wrong links do not lock out keys.
    pub fn attempt(&self, path: &str, address: IpAddr, credential: &str) -> Try {
        let peer = match peer_of(address) {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let path = path.as_bytes();
        let whole = self.hash(&[b"guess", credential.as_bytes()]);
        let prefix = super::credential::prefix_of(credential).as_bytes();
        Try {
            peer: self.hash(&[b"peer", path, &peer]),
            pair: self.hash(&[b"pair", path, &peer, credential.as_bytes()]),
            prefix: self.hash(&[b"prefix", path, prefix]),
            guess: whole as u32,
        }
    }

    /// How long this attempt would have to wait, if it may not be made now. It is not to be looked at before that.
    pub fn locked_ms(&self, attempt: &Try, now_ms: u64) -> Option<u64> {
        let rows = self.rows.lock();
        [attempt.peer, attempt.pair, attempt.prefix]
            .iter()
            .filter_map(|key| find(&rows, *key))
            .filter(|row| row.is_locked(now_ms))
            .map(|row| row.locked_until_ms - now_ms)
            .max()
    }

    /// It was wrong. How many were from there, where that has just locked the address out.
    pub fn failed(&self, attempt: &Try, now_ms: u64) -> Option<u32> {
        let mut rows = self.rows.lock();
        touch(&mut rows, attempt.pair, now_ms).fail(FAILURES_FREE, now_ms);
        touch(&mut rows, attempt.prefix, now_ms).fail(PREFIX_FAILURES_FREE, now_ms);
        let peer = touch(&mut rows, attempt.peer, now_ms);
        if peer.guesses.contains(&attempt.guess) {
            return None;
        }
        peer.guesses.rotate_right(1);
        peer.guesses[0] = attempt.guess;
        peer.fail(FAILURES_FREE, now_ms);
        (peer.failures == FAILURES_FREE).then_some(peer.failures)
    }

    fn hash(&self, parts: &[&[u8]]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        // 0 says that a row is nobody's.
        hasher.finish().max(1)
    }
}

fn set_of(key: u64) -> std::ops::Range<usize> {
    let set = (key % SETS as u64) as usize * WAYS;
    set..set + WAYS
}

fn find(rows: &[Row], key: u64) -> Option<&Row> {
    rows[set_of(key)].iter().find(|row| row.key == key)
}

/// The row of a key. Where its set is full, the one goes that matters least: forgotten, then not locked out and with the
/// fewest failures, then the one whose lock-out ends first.
fn touch(rows: &mut [Row], key: u64, now_ms: u64) -> &mut Row {
    let set = &mut rows[set_of(key)];
    let known = set.iter().position(|row| row.key == key && !row.is_forgotten(now_ms));
    let place = known.unwrap_or_else(|| {
        let worth = |row: &Row| (!row.is_forgotten(now_ms), row.is_locked(now_ms), row.locked_until_ms, row.failures);
        let least = (0..WAYS).min_by_key(|place| (set[*place].key != key, worth(&set[*place]))).unwrap_or(0);
        set[least] = Row { key, ..Row::default() };
        least
    });
    &mut set[place]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use testkit::TestEntropy;

    const HOME: &str = "127.0.0.1";

    fn limiter() -> Limiter {
        Limiter::new(&TestEntropy::seeded(1))
    }

    /// Tries a wrong credential at this moment. `Err`: it was not even looked at, and has to wait so long.
    fn guess(limiter: &Limiter, from: &str, credential: &str, now_ms: u64) -> Result<(), u64> {
        let attempt = limiter.attempt("key", from.parse().unwrap(), credential);
        match limiter.locked_ms(&attempt, now_ms) {
            Some(wait_ms) => Err(wait_ms),
            None => {
                limiter.failed(&attempt, now_ms);
                Ok(())
            }
        }
    }

    #[test]
    fn who_guesses_is_locked_out_for_longer_and_longer_also_at_home() {
        let limiter = limiter();
        let looked_at = (0..1_000).filter(|n| guess(&limiter, HOME, &format!("oikos_{n:064x}"), 5).is_ok()).count();
        assert_eq!(looked_at, FAILURES_FREE as usize);
        assert_eq!(guess(&limiter, HOME, "oikos_other", 5), Err(LOCK_FIRST_MS));
        let (mut now_ms, mut waits) = (5, Vec::new());
        for n in 0..14 {
            let wait_ms = guess(&limiter, HOME, &format!("next {n}"), now_ms).unwrap_err();
            waits.push(wait_ms);
            now_ms += wait_ms;
            assert_eq!(guess(&limiter, HOME, &format!("then {n}"), now_ms), Ok(()));
        }
        assert_eq!(waits[..4], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(waits.last(), Some(&LOCK_MAX_MS));
        // Another address is not concerned, and this one neither, once it has been quiet.
        assert_eq!(guess(&limiter, "192.0.2.1", "x", now_ms), Ok(()));
        assert_eq!(guess(&limiter, HOME, "y", now_ms + LOCK_MAX_MS + FORGET_MS + 1), Ok(()));
        assert_eq!(guess(&limiter, HOME, "z", now_ms + LOCK_MAX_MS + FORGET_MS + 1), Ok(()));
    }

    #[test]
    fn a_script_with_an_old_key_locks_out_that_key_and_not_the_address() {
        let limiter = limiter();
        let looked_at = (0..1_000).filter(|_| guess(&limiter, HOME, "oikos_old", 5).is_ok()).count();
        assert_eq!(looked_at, FAILURES_FREE as usize);
        assert_eq!(guess(&limiter, HOME, "oikos_mistyped", 5), Ok(()));
    }

    #[test]
    fn one_key_is_not_tried_from_many_addresses() {
        let limiter = limiter();
        let from = |n: u32| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        let of = |n: u32| format!("oikos_0123abcd{n:056x}");
        let looked_at = (0..10_000).filter(|n| guess(&limiter, &from(*n), &of(*n), 5).is_ok()).count();
        assert_eq!(looked_at, PREFIX_FAILURES_FREE as usize);
    }

    #[test]
    fn an_address_is_what_one_subscriber_has() {
        let same = |a: &str, b: &str| peer_of(a.parse().unwrap()) == peer_of(b.parse().unwrap());
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9") && !same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
        assert!(!same("::1", "::2") && !same("::1", "127.0.0.1"));
    }

    #[test]
    fn a_million_addresses_do_not_fill_memory_nor_free_who_is_locked_out() {
        let limiter = limiter();
        for n in 0..FAILURES_FREE {
            guess(&limiter, HOME, &format!("guess {n}"), 5).unwrap();
        }
        // Long enough that it is still locked out when all others have come.
        for n in 0..8 {
            let attempt = limiter.attempt("key", HOME.parse().unwrap(), &format!("more {n}"));
            limiter.failed(&attempt, 5);
        }
        for n in 0..1_000_000_u32 {
            let from =
                IpAddr::from([n.to_be_bytes()[0] | 0x20, n.to_be_bytes()[1], n.to_be_bytes()[2], n.to_be_bytes()[3]]);
            let attempt = limiter.attempt("key", from, &n.to_string());
            limiter.failed(&attempt, 6);
        }
        assert_eq!(limiter.rows.lock().len() * size_of::<Row>(), SETS * WAYS * size_of::<Row>());
        assert!(SETS * WAYS * size_of::<Row>() <= 400 << 10);
        assert!(guess(&limiter, HOME, "again", 7).is_err());
    }

    proptest! {
        #[test]
        fn however_they_are_spread_guesses_stay_few(steps in prop::collection::vec((0_u64..2_000, any::<u32>()), 1..300)) {
            let limiter = limiter();
            let (mut now_ms, mut seen) = (1, std::collections::HashSet::new());
            for (step_ms, credential) in steps {
                now_ms += step_ms;
                if guess(&limiter, HOME, &format!("guess {credential}"), now_ms).is_ok() {
                    seen.insert(credential);
                }
            }
            // Ten at once, then one in 1 s, 2 s, 4 s …
            let looked_at = seen.len();
            let beyond = looked_at.saturating_sub(FAILURES_FREE as usize);
            prop_assert!(beyond == 0 || ((1 << beyond) - 1) * LOCK_FIRST_MS <= now_ms + LOCK_FIRST_MS, "{looked_at} in {now_ms} ms");
        }
    }
}
