//! Who is an owner here. The first is who sits at the machine and makes the others; each has apps, grants, keys, a log and
//! a clock of their own, and hears nothing of the rest.

use crate::{
    Kernel, journal,
    run::{commit_failure, store_failure},
};
use protocol::{
    AuditEvent, Caller, ErrorCode, Failure, Labels, OwnerId, OwnerName, Right, Timestamp, api::OwnerView, sentence,
};
use serde::{Deserialize, Serialize};
use state::{Batch, Durability, Key, Space};

/// Owners of one oikos: a family or a team. For more there is the server mode.
pub const OWNERS_MAX: usize = 64;
/// What the first owner is called.
const FIRST: &str = "first";

/// What is kept of an owner who came later. Rows are never removed, so that a number is never given twice.
#[derive(Serialize, Deserialize)]
struct Row {
    id: OwnerId,
    name: OwnerName,
    since: Timestamp,
}

fn row_key(id: OwnerId) -> Key {
    Key::new(OwnerId::LOCAL, Space::Owner, format!("{:010}", id.0))
}

impl Kernel {
    /// Makes an owner. Only the first one does that, in their own word.
    pub fn owner_new(&self, caller: &Caller, name: OwnerName) -> Result<OwnerView, Failure> {
        self.require_word(caller, Right::Manage)?;
        if caller.owner != OwnerId::LOCAL {
            return Err(Failure::new(ErrorCode::PermissionDenied, "owners are made by the first one")
                .hint("ask whoever sits at the machine: oikos owner new NAME"));
        }
        let _changing = self.changing.lock();
        let rows = self.owner_rows()?;
        if name.as_str() == FIRST || rows.iter().any(|row| row.name == name) {
            return Err(Failure::new(ErrorCode::OwnerExists, format!("there is an owner called {name} already"))
                .hint("oikos owner list"));
        }
        if rows.len() + 1 >= OWNERS_MAX {
            return Err(Failure::new(ErrorCode::QuotaExceeded, format!("there are {OWNERS_MAX} owners already")));
        }
        let last = rows.iter().map(|row| row.id).max().unwrap_or(OwnerId::LOCAL);
        let row = Row { id: OwnerId(last.0 + 1), name, since: self.clock.now() };
        let key = row_key(row.id);
        let mut batch = Batch::new();
        batch.expect(&key, None).put(&key, serde_json::to_vec(&row).unwrap_or_default(), Labels::NONE);
        let says = |said| journal::record(row.since, caller, AuditEvent::Access, None, said);
        journal::append(&mut batch, caller.owner, &says(sentence::owner_made(row.name.as_str())));
        journal::append(&mut batch, row.id, &says(sentence::owner_begun(row.name.as_str())));
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        self.owners_changed.notify_waiters();
        Ok(OwnerView { id: row.id, name: row.name, since: Some(row.since) })
    }

    /// Owners: the first one sees all, each other one themselves.
    pub fn owner_list(&self, caller: &Caller) -> Result<Vec<OwnerView>, Failure> {
        self.require(caller, Right::Read)?;
        let name = FIRST.parse().map_err(|error| Failure::from_error(ErrorCode::Internal, &error))?;
        let mut views = vec![OwnerView { id: OwnerId::LOCAL, name, since: None }];
        let rows = self.owner_rows()?;
        views.extend(rows.into_iter().map(|row| OwnerView { id: row.id, name: row.name, since: Some(row.since) }));
        views.retain(|view| caller.owner == OwnerId::LOCAL || view.id == caller.owner);
        Ok(views)
    }

    /// All owners, the first one first.
    pub fn owner_ids(&self) -> Result<Vec<OwnerId>, Failure> {
        let others = self.owner_rows()?.into_iter().map(|row| row.id);
        Ok(std::iter::once(OwnerId::LOCAL).chain(others).collect())
    }

    /// The owner of a name.
    pub fn owner_named(&self, name: &OwnerName) -> Result<OwnerId, Failure> {
        if name.as_str() == FIRST {
            return Ok(OwnerId::LOCAL);
        }
        self.owner_rows()?.into_iter().find(|row| row.name == *name).map(|row| row.id).ok_or_else(|| {
            Failure::new(ErrorCode::OwnerNotFound, format!("there is no owner called {name}")).hint("oikos owner list")
        })
    }

    /// Comes back when there is an owner more than when this was called, also if that was before it is waited for.
    pub fn owner_added(&self) -> impl Future<Output = ()> + '_ {
        self.owners_changed.notified()
    }

    fn owner_rows(&self) -> Result<Vec<Row>, Failure> {
        let rows = self.store.scan(OwnerId::LOCAL, Space::Owner, "", None, OWNERS_MAX).map_err(store_failure)?;
        // One that cannot be read must not look like one that is not there: its archives would be swept away.
        let read = |(key, entry): (String, state::Entry)| {
            serde_json::from_slice(&entry.value).map_err(|error| {
                Failure::new(ErrorCode::StoreDamaged, format!("the owner {key} cannot be read")).log(error.to_string())
            })
        };
        rows.into_iter().map(read).collect()
    }
}
