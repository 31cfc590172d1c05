//! Does a log still tell what it told? Rows are looked at one by one, so a log of any length needs no memory.

use crate::LogRow;
use protocol::{ChainHash, OwnerId, sha256};

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// A place is missing.
    #[error("entry {expected} is missing: the next one found is {found}")]
    Gap {
        /// The place that should have come.
        expected: u64,
        /// The place that came.
        found: u64,
    },
    /// A body is not the one that was written.
    #[error("entry {seq} was changed: its text is not the one that was written")]
    BodyChanged {
        /// Its place.
        seq: u64,
    },
    /// A hash does not follow from the entry and the one before.
    #[error("entry {seq} was changed, or one before it was replaced: its hash does not follow")]
    HashChanged {
        /// Its place.
        seq: u64,
    },
    /// The chain ends before a head that was signed.
    #[error("the log ends at entry {found}, but entry {expected} was signed: its end was cut off")]
    TailCut {
        /// The signed place.
        expected: u64,
        /// The last place there is.
        found: u64,
    },
    /// The chain has another hash at a place that was signed.
    #[error("entry {seq} has another hash than the one that was signed")]
    HeadDiffers {
        /// Its place.
        seq: u64,
    },
}

/// Follows one owner's chain from its first entry.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    owner: OwnerId,
    seq: u64,
    hash: ChainHash,
    signed: std::collections::VecDeque<(u64, ChainHash)>,
}

impl ChainCheck {
    /// A check of this owner's chain against heads whose signatures were already verified.
    pub fn new(owner: OwnerId, signed_heads: impl IntoIterator<Item = (u64, ChainHash)>) -> Self {
        let mut signed: Vec<_> = signed_heads.into_iter().filter(|(seq, _)| *seq > 0).collect();
        signed.sort_by_key(|(seq, _)| *seq);
        Self { owner, seq: 0, hash: ChainHash::GENESIS, signed: signed.into() }
    }

    /// A check that goes on after an entry whose place and hash are known to be right.
    pub fn after(owner: OwnerId, seq: u64, hash: ChainHash) -> Self {
        Self { owner, seq, hash, signed: std::collections::VecDeque::new() }
    }

    /// The next row. After a fault the check goes on from this row as it is, so a later row shows its own faults only.
    pub fn row(&mut self, row: &LogRow) -> Result<(), ChainFault> {
        let expected = self.seq + 1;
        let follows = self.hash.next(self.owner, row.seq, row.body_digest) == row.hash;
        (self.seq, self.hash) = (row.seq, row.hash);
        let mut is_signed_otherwise = false;
        while let Some((seq, hash)) = self.signed.pop_front_if(|(seq, _)| *seq <= row.seq) {
            is_signed_otherwise |= seq == row.seq && hash != row.hash;
        }
        if row.seq != expected {
            return Err(ChainFault::Gap { expected, found: row.seq });
        }
        if row.body.as_ref().is_some_and(|body| sha256(body) != row.body_digest) {
            return Err(ChainFault::BodyChanged { seq: row.seq });
        }
        if !follows {
            return Err(ChainFault::HashChanged { seq: row.seq });
        }
        if is_signed_otherwise {
            return Err(ChainFault::HeadDiffers { seq: row.seq });
        }
        Ok(())
    }

    /// No row is left. Gives the place and hash that the chain ends with.
    pub fn end(&self) -> Result<(u64, ChainHash), ChainFault> {
        match self.signed.back() {
            Some((expected, _)) => Err(ChainFault::TailCut { expected: *expected, found: self.seq }),
            None => Ok((self.seq, self.hash)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Digest;

    fn rows(count: u64) -> Vec<LogRow> {
        let mut hash = ChainHash::GENESIS;
        (1..=count)
            .map(|seq| {
                let body = format!("entry {seq}").into_bytes();
                let body_digest = sha256(&body);
                hash = hash.next(OwnerId::LOCAL, seq, body_digest);
                LogRow { seq, hash, body_digest, body: Some(body) }
            })
            .collect()
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Vec<LogRow>), expected: Result<u64, ChainFault>) {
        let mut rows = rows(5);
        let heads = [(3, rows[2].hash), (5, rows[4].hash)];
        change(&mut rows);
        let mut check = ChainCheck::new(OwnerId::LOCAL, heads);
        let found = rows.iter().try_for_each(|row| check.row(row)).and_then(|()| check.end()).map(|(seq, _)| seq);
        assert_eq!(found, expected);
    }

    #[test]
    fn finds_what_was_done_to_a_log() {
        check(|_| {}, Ok(5));
        check(|rows| rows.iter_mut().for_each(|row| row.body = None), Ok(5));
        check(|rows| drop(rows.remove(1)), Err(ChainFault::Gap { expected: 2, found: 3 }));
        check(|rows| drop(rows.remove(0)), Err(ChainFault::Gap { expected: 1, found: 2 }));
        check(|rows| rows[3].body = Some(b"other".to_vec()), Err(ChainFault::BodyChanged { seq: 4 }));
        check(|rows| rows[1].body_digest = Digest([7; 32]), Err(ChainFault::BodyChanged { seq: 2 }));
        check(|rows| rows[2].hash = ChainHash::GENESIS, Err(ChainFault::HashChanged { seq: 3 }));
        check(|rows| rows.truncate(4), Err(ChainFault::TailCut { expected: 5, found: 4 }));
        check(|rows| rows.clear(), Err(ChainFault::TailCut { expected: 5, found: 0 }));
        check(|rows| rows.swap(0, 1), Err(ChainFault::Gap { expected: 1, found: 2 }));
    }

    #[test]
    fn goes_on_after_a_known_entry() {
        let rows = rows(5);
        let mut check = ChainCheck::after(OwnerId::LOCAL, 3, rows[2].hash);
        assert_eq!(check.row(&rows[3]), Ok(()));
        assert_eq!(check.row(&rows[4]), Ok(()));
        let mut check = ChainCheck::after(OwnerId::LOCAL, 3, rows[1].hash);
        assert_eq!(check.row(&rows[3]), Err(ChainFault::HashChanged { seq: 4 }));
        let mut check = ChainCheck::after(OwnerId::LOCAL, 3, rows[2].hash);
        assert_eq!(check.row(&rows[4]), Err(ChainFault::Gap { expected: 4, found: 5 }));
    }

    #[test]
    fn finds_a_log_that_was_written_anew() {
        let mut check = ChainCheck::new(OwnerId::LOCAL, [(2, ChainHash::GENESIS)]);
        let rows = rows(2);
        assert_eq!(check.row(&rows[0]), Ok(()));
        assert_eq!(check.row(&rows[1]), Err(ChainFault::HeadDiffers { seq: 2 }));
        // Each of two signatures over one place counts, whatever order they come in.
        let heads = [(2, rows[0].hash), (1, rows[0].hash), (2, ChainHash::GENESIS)];
        let mut check = ChainCheck::new(OwnerId::LOCAL, heads);
        assert_eq!(check.row(&rows[0]), Ok(()));
        assert_eq!(check.row(&rows[1]), Err(ChainFault::HeadDiffers { seq: 2 }));
    }

    #[test]
    fn the_head_of_nothing_asks_for_nothing() {
        let check = ChainCheck::new(OwnerId::LOCAL, [(0, ChainHash::GENESIS)]);
        assert_eq!(check.end(), Ok((0, ChainHash::GENESIS)));
    }
}
