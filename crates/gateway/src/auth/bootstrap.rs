//! The first key of a household that nobody sits at: a server that was just installed. Its first start shows a token, once
//! in its life; whoever has it makes one API key with it, within a day. Afterwards keys are made at a terminal.

use super::{
    Authenticator, Credential, Kind,
    authenticator::{invalid, local_caller, used_once},
    key::{commit_failure, json, store_failure},
    note,
};
use crate::Refusal;
use http::request::Parts;
use protocol::{
    Caller, Digest, Door, ErrorCode, Failure, Labels, OwnerId, Right, ShownOnce, Timestamp, TokenName, api::TokenView,
    sentence,
};
use serde::{Deserialize, Serialize};
use state::{Batch, Durability, Key, Space};
use std::net::IpAddr;
use subtle::ConstantTimeEq as _;

/// How long it can be used.
pub const BOOTSTRAP_LIFE_MS: u64 = 86_400_000;

/// Stays for ever once somebody was told, so that there is never a second one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    digest: Digest,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
}

fn row_key() -> Key {
    Key::new(OwnerId::LOCAL, Space::Token, "bootstrap")
}

impl Authenticator {
    /// Whether there never was a bootstrap token, and nobody has a key.
    pub fn bootstrap_is_due(&self) -> Result<bool, Failure> {
        let is_known = self.store.get(&row_key()).map_err(store_failure)?.is_some();
        Ok(!is_known && !self.keys.any(self.clock.now()))
    }

    /// Makes the bootstrap token, if it is due. To be shown to whoever starts oikos.
    pub fn bootstrap_make(&self) -> Result<Option<ShownOnce>, Failure> {
        if !self.bootstrap_is_due()? {
            return Ok(None);
        }
        let now = self.clock.now();
        let credential = Credential::generate(Kind::Bootstrap, &*self.entropy);
        let record = Record { digest: credential.digest(), expires_at: now.plus_ms(BOOTSTRAP_LIFE_MS), used_at: None };
        let mut batch = Batch::new();
        batch.expect(&row_key(), None).put(&row_key(), json(&record), Labels::NONE);
        note(&mut batch, now, &local_caller(OwnerId::LOCAL, self.device, false), sentence::bootstrap_made());
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        Ok(Some(credential.text()))
    }

    /// Forgets a bootstrap token that nobody could be told: the next start makes another.
    pub fn bootstrap_forget(&self) -> Result<(), Failure> {
        let mut batch = Batch::new();
        batch.delete(&row_key());
        self.store.commit(batch, Durability::Synced).map(drop).map_err(commit_failure)
    }

    /// Whether there is anything by which somebody could come in.
    pub fn lets_anybody_in(&self) -> bool {
        let now = self.clock.now();
        let row = self.store.get(&row_key()).ok().flatten();
        let record = row.and_then(|row| serde_json::from_slice::<Record>(&row.value).ok());
        let is_open = record.is_some_and(|record| record.used_at.is_none() && now < record.expires_at);
        is_open || self.keys.any(now) || self.logins.any(now)
    }

    /// Makes the first API key with it: the body of a request whose head is `parts`. Uses it up.
    pub fn bootstrap_use(
        &self,
        parts: &Parts,
        address: IpAddr,
        token: &str,
        name: TokenName,
        rights: &[Right],
    ) -> Result<(TokenView, ShownOnce), Refusal> {
        self.guards().check(parts)?;
        let now = self.clock.now();
        let row = self.store.get(&row_key()).ok().flatten();
        let open = row.and_then(|row| Some((row.revision, serde_json::from_slice::<Record>(&row.value).ok()?)));
        let open = open.filter(|(_, record)| record.used_at.is_none() && now < record.expires_at);
        let find = |digest: &Digest| open.filter(|(_, record)| record.digest.0.ct_eq(&digest.0).into());
        let ((revision, record), _) = self.looked_up("bootstrap", Kind::Bootstrap, token, address, find, used_once)?;
        let mut batch = Batch::new();
        let used = Record { used_at: Some(now), ..record };
        batch.expect(&row_key(), Some(revision)).put(&row_key(), json(&used), Labels::NONE);
        let caller = Caller { door: Door::Key, ..local_caller(OwnerId::LOCAL, self.device, false) };
        let words: Vec<String> = rights.iter().map(ToString::to_string).collect();
        let said = sentence::token_made_first(name.as_str(), words);
        let made = self.keys.make_said(&caller, name, rights, None, &*self.clock, &*self.entropy, Some((batch, said)));
        made.map_err(|failure| match failure.code {
            // Somebody else was quicker with the same token.
            ErrorCode::Conflict => invalid(),
            _ => Refusal::from(failure),
        })
    }
}
