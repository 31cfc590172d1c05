//! Packages that wait for a yes, and those that are read to be shown: bounded for each owner, so that one holds up no
//! other, and in all, so that memory and threads are.

use crate::signer::Consent;
use package::Package;
use parking_lot::Mutex;
use protocol::{Card, Digest, ErrorCode, Failure, OfferId, OwnerId};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Offers of one owner that wait for a yes at once; older ones are forgotten.
const OFFERS_OF_OWNER_MAX: usize = 16;
/// What their archives may take in memory: the largest package twice.
const OFFERS_OF_OWNER_BYTES_MAX: usize = 2 * package::ARCHIVE_BYTES_MAX;
/// Offers of all owners.
const OFFERS_MAX: usize = 64;
/// What the archives of all of them may take.
const OFFERS_BYTES_MAX: usize = 4 * package::ARCHIVE_BYTES_MAX;
/// Packages that are fetched or read for one owner at once: a person looks at one card at a time.
const READS_OF_OWNER_MAX: usize = 4;
/// The same for all owners: each may take as much memory as the largest package, and a slow source takes minutes.
const READS_MAX: usize = 8;

/// A verified package that waits for a yes.
pub(crate) struct Offer {
    pub(crate) id: OfferId,
    pub(crate) owner: OwnerId,
    /// The folder or archive that it was read from.
    pub(crate) source: String,
    pub(crate) package: Package,
    pub(crate) card: Card,
    pub(crate) consent: Consent,
    /// The archive of the version that was installed when the card was made: what the yes is about.
    pub(crate) base: Option<Digest>,
}

impl Offer {
    fn bytes(&self) -> usize {
        self.package.archive_bytes().len()
    }
}

type Reads = Arc<Mutex<BTreeMap<OwnerId, usize>>>;

#[derive(Default)]
pub(crate) struct Offers {
    /// The oldest first.
    kept: Mutex<VecDeque<Offer>>,
    reads: Reads,
}

/// A place among those whose packages are read. Given back when it is dropped.
pub(crate) struct Reading {
    reads: Reads,
    owner: OwnerId,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut reads = self.reads.lock();
        if let Some(count) = reads.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                reads.remove(&self.owner);
            }
        }
    }
}

impl Offers {
    /// A place to read a package in, if there is one now. Nobody waits for it: what others read may take minutes.
    pub(crate) fn read_begin(&self, owner: OwnerId) -> Result<Reading, Failure> {
        let mut reads = self.reads.lock();
        let of_owner = reads.get(&owner).copied().unwrap_or_default();
        let busy = |message: String| {
            Err(Failure::new(ErrorCode::HostBusy, message).hint("try again when one of them was read"))
        };
        if of_owner >= READS_OF_OWNER_MAX {
            return busy(format!(
                "{of_owner} packages are being read for you, and that is as many as are read at once"
            ));
        }
        if reads.values().sum::<usize>() >= READS_MAX {
            return busy(format!("{READS_MAX} packages are being read for all owners together, and no more at once"));
        }
        reads.insert(owner, of_owner + 1);
        Ok(Reading { reads: self.reads.clone(), owner })
    }

    /// Keeps an offer. Where there are too many, the oldest of whoever has too much goes.
    pub(crate) fn keep(&self, offer: Offer) {
        let mut kept = self.kept.lock();
        kept.push_back(offer);
        while let Some(owner) = too_much(&kept) {
            let oldest = kept.iter().position(|offer| offer.owner == owner);
            if oldest.and_then(|place| kept.remove(place)).is_none() {
                return;
            }
        }
    }

    /// An offer that still stands. It can be taken once.
    pub(crate) fn take(&self, owner: OwnerId, id: OfferId) -> Option<Offer> {
        let mut kept = self.kept.lock();
        let place = kept.iter().position(|known| known.id == id && known.owner == owner)?;
        kept.remove(place)
    }
}

/// Who has to give up an offer: who has more than one owner may, or the most of all where all together have too much.
fn too_much(kept: &VecDeque<Offer>) -> Option<OwnerId> {
    let mut held: BTreeMap<OwnerId, (usize, usize)> = BTreeMap::new();
    for offer in kept {
        let (bytes, count) = held.entry(offer.owner).or_default();
        *bytes += offer.bytes();
        *count += 1;
    }
    let over = |bytes, bytes_max, count, count_max| bytes > bytes_max || count > count_max;
    let beyond = held
        .iter()
        .find(|(_, (bytes, count))| over(*bytes, OFFERS_OF_OWNER_BYTES_MAX, *count, OFFERS_OF_OWNER_MAX))
        .map(|(owner, _)| *owner);
    let bytes = held.values().map(|(bytes, _)| bytes).sum();
    beyond.or_else(|| {
        let most = held.iter().max_by_key(|(_, held)| **held).map(|(owner, _)| *owner);
        most.filter(|_| over(bytes, OFFERS_BYTES_MAX, kept.len(), OFFERS_MAX))
    })
}
