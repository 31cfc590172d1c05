//! Demands of an app that is a program: to have a granted folder whole, for as long as the program runs. What it does there
//! nobody sees one by one, so that each folder is one demand, decided before the program is started.

use super::Demand;
use crate::{AppGrants, Basis, Broker, Folder, Lease};
use protocol::{
    AppName, FileAccess, GrantState, Labels, Line, OwnerId, RunId, Scope, ScopeWord, Sentence, Timestamp, sentence,
};

/// A demand on a whole folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomDemand {
    access: FileAccess,
    folder: Folder,
}

impl RoomDemand {
    /// For reading alone, or for changing as well.
    pub fn access(&self) -> FileAccess {
        self.access
    }

    /// The folder, as it was granted.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    fn scope(&self) -> Scope {
        Scope::File { access: self.access, folders: vec![] }
    }
}

impl Demand for RoomDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::File
    }

    fn line(&self) -> Line {
        self.scope().line()
    }

    fn sentence(&self) -> Sentence {
        match self.access {
            FileAccess::Read => sentence::ask_room_read(&self.folder.path),
            FileAccess::Write => sentence::ask_room_write(&self.folder.path),
        }
    }

    fn labels(&self) -> Labels {
        // Who may change what is there sees it as well.
        Labels::PRIVATE
    }

    fn always_asks(&self) -> Option<Sentence> {
        None
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let grant =
            grants.effective(&line, now, Some(lease.run())).filter(|grant| grant.folders.contains(&self.folder));
        let grant = grant.ok_or_else(|| sentence::rule_outside(&self.folder.path, &line))?;
        Ok((grant.state, Basis::Grant { id: grant.id, rule: sentence::rule_grant(&line, &self.folder.path) }))
    }

    fn command(&self, lease: &Lease) -> String {
        format!("oikos grant {} {}=allow", lease.app(), self.line())
    }
}

impl Broker {
    /// The folders that a program of this run's app would have, each still to be decided. Those that the owner blocked are
    /// not among them: the program is started without.
    pub fn rooms(&self, lease: &Lease, now: Timestamp) -> Vec<RoomDemand> {
        rooms(&self.grants_of(lease), now, Some(lease.run()))
    }

    /// Whether a program of this run's app has a way out at all: each connection is decided by itself.
    pub fn has_way_out(&self, lease: &Lease, now: Timestamp) -> bool {
        has_way_out(&self.grants_of(lease), now, Some(lease.run()))
    }

    /// The most that a program of an app may have now, in whatever run: its folders, and whether it has a way out.
    pub fn rooms_of(&self, owner: OwnerId, app: &AppName, now: Timestamp) -> (Vec<RoomDemand>, bool) {
        let grants = self.grants(owner, app);
        (rooms(&grants, now, None), has_way_out(&grants, now, None))
    }
}

fn rooms(grants: &AppGrants, now: Timestamp, run: Option<RunId>) -> Vec<RoomDemand> {
    let mut rooms = Vec::new();
    for access in [FileAccess::Read, FileAccess::Write] {
        let grant = grants.effective(&Scope::File { access, folders: vec![] }.line(), now, run);
        let grant = grant.filter(|grant| grant.state != GrantState::Block);
        let folders = grant.into_iter().flat_map(|grant| &grant.folders);
        rooms.extend(folders.map(|folder| RoomDemand { access, folder: folder.clone() }));
    }
    rooms
}

fn has_way_out(grants: &AppGrants, now: Timestamp, run: Option<RunId>) -> bool {
    let line = Scope::Network { rules: vec![] }.line();
    grants.holding(&line, now, run).iter().any(|grant| grant.state != GrantState::Block)
}
