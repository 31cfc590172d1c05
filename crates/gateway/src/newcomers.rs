//! Connections by which nobody was let in yet. Who may come in shows it within moments; who stays without it makes room
//! for others, so that no crowd of strangers, from one address or from many, keeps anybody out.

use crate::auth::peer_of;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};
use tokio::sync::oneshot;

/// From one address: a page opens six, and a storm of pages behind one proxy comes back at once.
const OF_ONE_MAX: usize = 256;
/// From all of them: what their buffers take at most stays in tens of megabytes.
const ALL_MAX: usize = 1_024;

/// All of them, the one that came first in front.
#[derive(Debug, Default)]
pub(crate) struct Newcomers(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    by_age: BTreeMap<u64, (IpAddr, oneshot::Sender<()>)>,
    by_peer: HashMap<IpAddr, BTreeSet<u64>>,
}

/// One of them. Dropped when somebody is let in by it, or when it ends.
#[derive(Debug)]
pub(crate) struct Newcomer {
    all: Arc<Newcomers>,
    id: u64,
}

impl Newcomers {
    /// Somebody came. The second says so when they have to go, and nothing otherwise.
    pub(crate) fn enter(self: &Arc<Self>, from: IpAddr) -> (Newcomer, oneshot::Receiver<()>) {
        let peer = peer_of(from);
        let mut waiting = self.0.lock();
        let of_peer = waiting.by_peer.get(&peer).filter(|ids| ids.len() >= OF_ONE_MAX).and_then(BTreeSet::first);
        let oldest = of_peer.copied().or_else(|| {
            let is_full = waiting.by_age.len() >= ALL_MAX;
            waiting.by_age.first_key_value().map(|(id, _)| *id).filter(|_| is_full)
        });
        let is_told = oldest.and_then(|id| waiting.leave(id)).map(|goes| goes.send(()).is_ok());
        if is_told == Some(false) {
            tracing::trace!("a connection that was to make room was ending by itself");
        }
        let id = waiting.next;
        waiting.next += 1;
        let (goes, has_to_go) = oneshot::channel();
        waiting.by_age.insert(id, (peer, goes));
        waiting.by_peer.entry(peer).or_default().insert(id);
        (Newcomer { all: self.clone(), id }, has_to_go)
    }
}

impl Waiting {
    fn leave(&mut self, id: u64) -> Option<oneshot::Sender<()>> {
        let (peer, goes) = self.by_age.remove(&id)?;
        if let Some(ids) = self.by_peer.get_mut(&peer) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_peer.remove(&peer);
            }
        }
        Some(goes)
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        self.all.0.lock().leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + number).to_be_bytes())
    }

    #[test]
    fn the_oldest_of_an_address_goes_and_of_others_none() {
        let all = Arc::new(Newcomers::default());
        let mut other = all.enter(address(2));
        let mut crowd: Vec<_> = (0..OF_ONE_MAX).map(|_| all.enter(address(1))).collect();
        assert!(crowd.iter_mut().all(|(_, goes)| goes.try_recv().is_err()));
        crowd.push(all.enter(address(1)));
        assert!(crowd[0].1.try_recv().is_ok());
        assert!(crowd[1..].iter_mut().chain([&mut other]).all(|(_, goes)| goes.try_recv().is_err()));
    }

    #[test]
    fn the_oldest_of_all_goes_where_all_come_from_elsewhere_and_who_left_counts_no_more() {
        let all = Arc::new(Newcomers::default());
        let mut crowd: Vec<_> = (0..u32::try_from(ALL_MAX).unwrap_or(0)).map(|from| all.enter(address(from))).collect();
        drop(crowd.remove(7));
        crowd.push(all.enter(address(0)));
        assert!(crowd.iter_mut().all(|(_, goes)| goes.try_recv().is_err()));
        crowd.push(all.enter(address(9_000)));
        assert!(crowd[0].1.try_recv().is_ok());
        assert!(crowd[1..].iter_mut().all(|(_, goes)| goes.try_recv().is_err()));
        drop(crowd);
        let waiting = all.0.lock();
        assert!(waiting.by_age.is_empty() && waiting.by_peer.is_empty());
    }
}
