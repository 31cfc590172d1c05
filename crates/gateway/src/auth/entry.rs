//! Browsers that are let in where an app answers. Who is let in here has the page, or a program, make an address that lets
//! one browser in, once and within a minute; what stands in it comes after the `#`, which browsers send to nobody. What the
//! browser gets for it is a cookie of that app's own origin. It is good for that app and for nothing else, ends with what
//! its maker came in by, and none of it is kept: who starts oikos again opens the app again.

use super::{Credential, Kind, Revocation};
use parking_lot::Mutex;
use protocol::{AppName, Clock, Digest, Entropy, OwnerId, ShownOnce, Timestamp};
use std::collections::VecDeque;
use subtle::ConstantTimeEq as _;

/// How long an address that lets a browser in can be used.
pub const ENTRY_LIFE_MS: u64 = 60_000;
/// How long a browser stays let in.
pub const VISIT_LIFE_MS: u64 = 12 * 3_600_000;
/// Addresses of an owner that wait at once; one more forgets the oldest.
const ENTRIES_MAX: usize = 8;
/// Browsers of an owner that are let in at once, of all apps; one more forgets the oldest.
pub const VISITS_MAX: usize = 64;

/// An address that can still be used.
#[derive(Clone)]
struct Entry {
    digest: Digest,
    owner: OwnerId,
    app: AppName,
    place: String,
    revocation: Revocation,
    expires_at: Timestamp,
}

/// A browser that was let in.
#[derive(Clone)]
pub(crate) struct Visit {
    digest: Digest,
    pub(crate) owner: OwnerId,
    pub(crate) app: AppName,
    expires_at: Timestamp,
    revocation: Revocation,
}

impl Visit {
    /// Until when it holds.
    pub(super) fn revocation(&self) -> Revocation {
        self.revocation.clone().until(self.expires_at)
    }
}

/// What a browser gets that is let in.
pub(crate) struct LetIn {
    /// For its cookie.
    pub(crate) cookie: ShownOnce,
    /// Where it goes.
    pub(crate) place: String,
}

/// All addresses that wait, and all browsers that were let in, oldest first.
#[derive(Default)]
pub(super) struct Entries {
    waiting: Mutex<VecDeque<Entry>>,
    visits: Mutex<VecDeque<Visit>>,
}

impl Entries {
    /// Makes what stands in an address, and says until when it can be used.
    pub(super) fn make(
        &self,
        (owner, app): (OwnerId, AppName),
        place: String,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> (ShownOnce, Timestamp) {
        let credential = Credential::generate(Kind::Entry, entropy);
        let now = clock.now();
        let expires_at = now.plus_ms(ENTRY_LIFE_MS);
        let (digest, revocation) = (credential.digest(), Revocation::never());
        let mut waiting = self.waiting.lock();
        waiting.retain(|entry| now < entry.expires_at);
        make_room(&mut waiting, ENTRIES_MAX, |entry| entry.owner == owner);
        waiting.push_back(Entry { digest, owner, app, place, revocation, expires_at });
        (credential.text(), expires_at)
    }

    /// Has an address, and whoever comes in by it, end with something.
    pub(super) fn bind(&self, digest: &Digest, revocation: &Revocation) {
        let mut waiting = self.waiting.lock();
        if let Some(entry) = waiting.iter_mut().find(|entry| is_same(&entry.digest, digest)) {
            entry.revocation = revocation.clone();
        }
    }

    /// Whether there is such an address now, for this app.
    pub(super) fn find(&self, digest: &Digest, is_for: impl Fn(OwnerId, &AppName) -> bool, now: Timestamp) -> bool {
        let waiting = self.waiting.lock();
        let found = waiting.iter().find(|entry| is_same(&entry.digest, digest));
        found.is_some_and(|entry| {
            now < entry.expires_at && !entry.revocation.is_over(now) && is_for(entry.owner, &entry.app)
        })
    }

    /// Uses an address up and lets a browser in. Of two that try, one is.
    pub(super) fn admit(&self, digest: &Digest, now: Timestamp, entropy: &dyn Entropy) -> Option<LetIn> {
        let entry = {
            let mut waiting = self.waiting.lock();
            let place = waiting.iter().position(|entry| is_same(&entry.digest, digest))?;
            waiting.remove(place)?
        };
        let Entry { owner, app, place, revocation, .. } = entry;
        let credential = Credential::generate(Kind::Visit, entropy);
        let expires_at = now.plus_ms(VISIT_LIFE_MS);
        let mut visits = self.visits.lock();
        visits.retain(|visit| now < visit.expires_at && !visit.revocation.is_over(now));
        make_room(&mut visits, VISITS_MAX, |visit| visit.owner == owner);
        visits.push_back(Visit { digest: credential.digest(), owner, app, expires_at, revocation });
        Some(LetIn { cookie: credential.text(), place })
    }

    /// Who was let in by a cookie.
    pub(super) fn visit(&self, digest: &Digest, now: Timestamp) -> Option<Visit> {
        let visits = self.visits.lock();
        let found = visits.iter().find(|visit| is_same(&visit.digest, digest))?;
        (now < found.expires_at && !found.revocation.is_over(now)).then(|| found.clone())
    }
}

fn is_same(one: &Digest, other: &Digest) -> bool {
    one.0.ct_eq(&other.0).into()
}

/// Forgets the oldest of somebody's, so that there is room for one.
fn make_room<T>(all: &mut VecDeque<T>, most: usize, is_own: impl Fn(&T) -> bool) {
    if all.iter().filter(|known| is_own(known)).count() >= most
        && let Some(oldest) = all.iter().position(is_own)
    {
        all.remove(oldest);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{super::Revoker, *};
    use testkit::{TestClock, TestEntropy};

    fn digest(kind: Kind, text: &ShownOnce) -> Digest {
        Credential::read(kind, text.expose()).unwrap().digest()
    }

    #[test]
    fn an_address_lets_one_browser_in_within_its_minute() {
        let (clock, entropy, entries) = (TestClock::new(), TestEntropy::seeded(3), Entries::default());
        let notes: AppName = "notes".parse().unwrap();
        let make = || {
            let (text, _) = entries.make((OwnerId(1), notes.clone()), "/a".to_owned(), &clock, &entropy);
            digest(Kind::Entry, &text)
        };
        let is_notes = |owner: OwnerId, app: &AppName| owner == OwnerId(1) && app.as_str() == "notes";
        let entry = make();
        assert!(entries.find(&entry, is_notes, clock.now()));
        assert!(!entries.find(&entry, |_, _| false, clock.now()), "only where it is for");
        let let_in = entries.admit(&entry, clock.now(), &entropy).unwrap();
        assert_eq!(let_in.place, "/a");
        assert!(entries.admit(&entry, clock.now(), &entropy).is_none(), "once");
        let cookie = digest(Kind::Visit, &let_in.cookie);
        assert!(entries.visit(&cookie, clock.now()).is_some_and(|visit| visit.app == notes));
        let late = make();
        clock.advance_ms(ENTRY_LIFE_MS);
        assert!(!entries.find(&late, is_notes, clock.now()));
        clock.advance_ms(VISIT_LIFE_MS);
        assert!(entries.visit(&cookie, clock.now()).is_none());
    }

    #[test]
    fn who_was_let_in_goes_with_who_let_them_in() {
        let (clock, entropy, entries) = (TestClock::new(), TestEntropy::seeded(4), Entries::default());
        let notes: AppName = "notes".parse().unwrap();
        let login = Revoker::new();
        let make = || {
            let (text, _) = entries.make((OwnerId(1), notes.clone()), "/".to_owned(), &clock, &entropy);
            let entry = digest(Kind::Entry, &text);
            entries.bind(&entry, &login.revocation(None));
            entry
        };
        let let_in = entries.admit(&make(), clock.now(), &entropy).unwrap();
        let (cookie, waits) = (digest(Kind::Visit, &let_in.cookie), make());
        let visit = entries.visit(&cookie, clock.now()).unwrap();
        login.revoke();
        assert!(entries.visit(&cookie, clock.now()).is_none());
        assert!(visit.revocation().is_over(clock.now()), "what is under way as well");
        assert!(!entries.find(&waits, |_, _| true, clock.now()));
    }

    #[test]
    fn neither_grows_without_end() {
        let (clock, entropy, entries) = (TestClock::new(), TestEntropy::seeded(5), Entries::default());
        let notes: AppName = "notes".parse().unwrap();
        let make = |owner| {
            let (text, _) = entries.make((owner, notes.clone()), "/".to_owned(), &clock, &entropy);
            digest(Kind::Entry, &text)
        };
        let other = make(OwnerId(2));
        let first = make(OwnerId(1));
        for _ in 0..ENTRIES_MAX {
            make(OwnerId(1));
        }
        assert!(!entries.find(&first, |_, _| true, clock.now()) && entries.find(&other, |_, _| true, clock.now()));
        for _ in 0..VISITS_MAX + 5 {
            let entry = make(OwnerId(1));
            entries.admit(&entry, clock.now(), &entropy).unwrap();
        }
        assert_eq!(entries.visits.lock().len(), VISITS_MAX);
    }
}
