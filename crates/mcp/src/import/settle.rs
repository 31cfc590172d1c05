//! Many proposals as one list: the same from two clients is one app, two of one name are two, and what is installed already
//! is not installed again.

use super::{name::other_name, proposal::Proposal};
use protocol::{AppName, Digest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an import would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Install a new app.
    Install,
    /// Nothing: it is there, from the same entry.
    Keep,
    /// Upgrade the app that this server became before: the entry says something else now.
    Update,
    /// Nothing can be done; the refusals say why.
    Refuse,
}

/// The file of a package that says from which entry it was made.
pub const IMPORT_FILE: &str = "install/import.json";

/// What an earlier import left, in [`IMPORT_FILE`] of the app's package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// [`Proposal::content`] of then.
    pub content: Digest,
    /// [`Proposal::origins`] of then.
    pub origins: Vec<String>,
    /// What a person had answered to what was open, none of it a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Vec<String>>,
}

impl Imported {
    /// What an import of this leaves.
    pub fn of(proposal: &Proposal) -> Self {
        Self { content: proposal.content, origins: proposal.origins(), answers: proposal.parts.answers.clone() }
    }

    /// Reads it; none where it is something else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = serde_json::to_string_pretty(self).expect("data has a JSON form");
        text.push('\n');
        text.into_bytes()
    }
}

/// A proposal with what is to be done.
#[derive(Clone, Debug, Serialize)]
pub struct Settled {
    /// What is to be done.
    pub action: Action,
    /// The app.
    #[serde(flatten)]
    pub proposal: Proposal,
}

/// Settles names. `installed` has every app there is; none for those that were not imported. A server keeps the app that it
/// became before. Of new ones that want one name the first has it, in the order of the table, so that the same
/// configurations always give the same names.
pub fn settle(proposals: Vec<Proposal>, installed: &BTreeMap<AppName, Option<Imported>>) -> Vec<Settled> {
    let mut settled: Vec<Settled> = Vec::new();
    for mut proposal in proposals {
        match settled.iter_mut().find(|known| known.proposal.is_same(&proposal)) {
            Some(same) => {
                same.proposal.is_disabled_there &= proposal.is_disabled_there;
                same.proposal.sources.append(&mut proposal.sources);
            }
            None => settled.push(Settled { action: Action::Install, proposal }),
        }
    }
    let mut taken: BTreeSet<AppName> = BTreeSet::new();
    let mut is_named = vec![false; settled.len()];
    // One place may name several ways to the same server: what is there just as it is said comes before what has changed.
    let unchanged_first = |is_unchanged: bool, all: usize| (0..all).map(move |at| (is_unchanged, at));
    let all = settled.len();
    for (is_unchanged, at) in unchanged_first(true, all).chain(unchanged_first(false, all)) {
        let (one, is_named) = (&mut settled[at], &mut is_named[at]);
        if *is_named {
            continue;
        }
        let origins = one.proposal.origins();
        let content = one.proposal.content;
        let is_from = |app: &Imported| {
            app.origins.iter().any(|origin| origins.contains(origin)) && (!is_unchanged || app.content == content)
        };
        let known = installed
            .iter()
            .filter_map(|(name, app)| Some((name, app.as_ref()?)))
            .find(|(name, app)| is_from(app) && !taken.contains(*name));
        one.action = match known {
            _ if !one.proposal.refusals.is_empty() => Action::Refuse,
            None => Action::Install,
            Some((_, app)) if app.content == one.proposal.content => Action::Keep,
            Some(_) => Action::Update,
        };
        if let Some((name, _)) = known {
            taken.insert(name.clone());
            one.proposal.rename(name.clone());
            *is_named = true;
        }
    }
    for (one, _) in settled.iter_mut().zip(is_named).filter(|(_, is_named)| !is_named) {
        let origins = one.proposal.origins();
        let is_free = |app: &AppName| !taken.contains(app) && !installed.contains_key(app);
        let wanted = one.proposal.app.clone();
        let mut name = wanted.clone();
        let mut number = 1;
        while !is_free(&name) {
            // Told apart by where it is, which stays when the entry changes.
            name = other_name(&wanted, &format!("{} {number}", origins.first().map_or("", String::as_str)));
            number += 1;
        }
        taken.insert(name.clone());
        if name != wanted {
            one.proposal.rename(name);
        }
    }
    settled
}
