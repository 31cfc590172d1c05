//! Demands on an app's own key-value store.

use super::Demand;
use crate::{AppGrants, Basis, Lease};
use protocol::{GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, sentence};

/// What is done to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageVerb {
    /// Read a value.
    Get,
    /// Write a value.
    Set,
    /// Forget a value.
    Delete,
    /// List keys.
    List,
}

/// A demand on the app's own store. Another app's store cannot even be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageDemand {
    /// What is done.
    pub verb: StorageVerb,
    /// The key, or the prefix that is listed.
    pub key: String,
}

impl StorageDemand {
    fn scope() -> Scope {
        Scope::Storage { quota_bytes: 0 }
    }

    /// The quota that holds for an app: what its owner granted, 0 without a grant.
    pub fn quota_bytes(grants: &AppGrants, now: Timestamp) -> u64 {
        match grants.effective(&Self::scope().line(), now, None).map(|grant| &grant.scope) {
            Some(Scope::Storage { quota_bytes }) => *quota_bytes,
            _ => 0,
        }
    }
}

impl Demand for StorageDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::Storage
    }

    fn line(&self) -> Line {
        Self::scope().line()
    }

    fn sentence(&self) -> Sentence {
        sentence::ask_storage(&self.line())
    }

    fn labels(&self) -> Labels {
        // What a value brings with it stands beside the value; the effect joins it.
        Labels::NONE
    }

    fn always_asks(&self) -> Option<Sentence> {
        None
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let grant =
            grants.effective(&line, now, Some(lease.run())).ok_or_else(|| sentence::rule_not_asked_for(&line))?;
        Ok((grant.state, Basis::Grant { id: grant.id, rule: sentence::rule_grant_plain(&line) }))
    }

    fn command(&self, lease: &Lease) -> String {
        format!("oikos grant {} storage=allow", lease.app())
    }
}
