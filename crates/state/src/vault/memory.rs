//! A vault for tests, and for homes that live for minutes: it forgets all with its process.

use super::{Vault, VaultChange, VaultEntry, VaultError, VaultLock, VaultName, VaultState, apply};
use parking_lot::Mutex;
use protocol::{OwnerId, SecretText, Timestamp};
use std::collections::BTreeMap;

/// The vault in memory.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<BTreeMap<OwnerId, Vec<(VaultEntry, SecretText)>>>);

impl MemoryVault {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Vault for MemoryVault {
    fn list(&self, owner: OwnerId) -> Result<Vec<VaultEntry>, VaultError> {
        Ok(self.0.lock().get(&owner).into_iter().flatten().map(|(entry, _)| entry.clone()).collect())
    }

    fn get(
        &self,
        owner: OwnerId,
        name: &VaultName,
        used: Option<Timestamp>,
    ) -> Result<Option<(VaultEntry, SecretText)>, VaultError> {
        let mut owners = self.0.lock();
        let row = owners.get_mut(&owner).and_then(|rows| rows.iter_mut().find(|(entry, _)| entry.name == *name));
        Ok(row.map(|(entry, value)| {
            let found = entry.clone();
            entry.used_at = used.max(entry.used_at);
            (found, SecretText::new(value.expose().to_owned()))
        }))
    }

    fn change(&self, owner: OwnerId, changes: Vec<VaultChange>) -> Result<Vec<VaultChange>, VaultError> {
        let mut owners = self.0.lock();
        let rows = owners.entry(owner).or_default();
        // As a whole or not at all: what fits no bound is tried on a copy.
        let mut tried: Vec<_> =
            rows.iter().map(|(entry, value)| (entry.clone(), SecretText::new(value.expose().to_owned()))).collect();
        let back = apply(&mut tried, changes)?;
        *rows = tried;
        Ok(back)
    }

    fn state(&self, owner: OwnerId) -> Result<VaultState, VaultError> {
        let entries = self.0.lock().get(&owner).map_or(0, Vec::len);
        Ok(VaultState { lock: VaultLock::Absent, entries })
    }
}
