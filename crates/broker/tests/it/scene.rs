//! An app with a run and grants.

use broker::{AppGrants, Broker, Decision, Demand, Folder, Grant, Lease, Picked, ProtectedFolder, Resolve};
use protocol::{
    AppName, Caller, DeviceId, Door, FileAccess, GrantDuration, GrantId, GrantState, Limits, OwnerId, Rights, RunId,
    Scope, Timestamp, Zone,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{Wake, Waker},
};
use testkit::{TestClock, TestEntropy};

pub(crate) const NOW: Timestamp = Timestamp(1_000_000);

pub(crate) struct Scene {
    pub(crate) broker: Broker,
    pub(crate) lease: Lease,
    pub(crate) grants: AppGrants,
    pub(crate) clock: TestClock,
    pub(crate) entropy: TestEntropy,
}

pub(crate) fn caller(door: Door) -> Caller {
    Caller { owner: OwnerId::LOCAL, device: DeviceId(Default::default()), door, rights: Rights::OWNER, client: None }
}

pub(crate) fn folder(path: &str) -> Folder {
    Folder { path: path.to_owned(), device: 1, inode: path.len() as u64 }
}

impl Scene {
    pub(crate) fn new(zone: Zone) -> Self {
        let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(7));
        let home = ProtectedFolder { path: "/home/me/.local/share/oikos".into(), device: 9, inode: 9 };
        let broker = Broker::new(zone, vec![home]);
        let app: AppName = "tester".parse().unwrap();
        let run = RunId::new(&clock, &entropy);
        let lease = broker.lease_open(caller(Door::Terminal), &app, run, Limits::default(), 0);
        Self { broker, lease, grants: AppGrants::default(), clock, entropy }
    }

    pub(crate) fn grant(
        &mut self,
        scope: Scope,
        state: GrantState,
        folders: &[&str],
        duration: GrantDuration,
    ) -> GrantId {
        let id = GrantId::new(&self.clock, &self.entropy);
        if !self.grants.requested.contains(&scope) {
            self.grants.requested.push(scope.clone());
        }
        let folders = folders.iter().map(|path| folder(path)).collect();
        self.grants.set(Grant { id, line: scope.line(), scope, state, duration, folders, bound: None, at: NOW });
        self.load();
        id
    }

    pub(crate) fn load(&self) {
        self.broker.grants_load(OwnerId::LOCAL, self.lease.app(), self.grants.clone());
    }

    pub(crate) fn file(mut self, access: FileAccess, state: GrantState, folders: &[&str]) -> Self {
        self.grant(file(access), state, folders, GrantDuration::Always);
        self
    }

    pub(crate) fn pick(self, name: &str, path: &str, file: Option<&str>, access: FileAccess) -> Self {
        let picked =
            Picked { name: name.into(), folder: folder(path), file: file.map(str::to_owned), access, called: None };
        self.broker.hand_over(&self.lease, picked).unwrap();
        self
    }

    /// The decision in one line.
    pub(crate) fn decide<D: Demand + Resolve>(&self, demand: D) -> String {
        match self.broker.decide(&self.lease, demand, NOW) {
            Decision::Permit(permit) => format!("yes: {}", permit.basis().rule()),
            Decision::Denied(denied) => format!("no: {}", denied.message()),
            Decision::Ask(ask) => format!("ask: {}{}", ask.sentence, if ask.may_last { "" } else { " (each time)" }),
        }
    }
}

pub(crate) fn file(access: FileAccess) -> Scope {
    Scope::File { access, folders: vec![] }
}

/// How often a future that was waited for said that it has news.
pub(crate) struct Wakes(AtomicU32);

impl Wakes {
    pub(crate) fn counted() -> (Arc<Self>, Waker) {
        let wakes = Arc::new(Self(AtomicU32::new(0)));
        (wakes.clone(), wakes.into())
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}
