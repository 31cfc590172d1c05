//! What can be demanded, one file per family, and the rules that all families share.

pub mod event;
pub mod file;
pub mod mcp;
pub mod network;
pub mod room;
pub mod secret;
pub mod shell;
pub mod storage;

use crate::{AppGrants, Basis, Lease};
use protocol::{GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, Zone, sentence};

/// One effect that a run wants. Sealed: the families are listed here and nowhere else.
pub trait Demand: sealed::Sealed + Clone + std::fmt::Debug + Send + 'static {
    /// The family.
    fn word(&self) -> ScopeWord;
    /// The switch that governs it.
    fn line(&self) -> Line;
    /// What is wanted, as the rest of "wants to …".
    fn sentence(&self) -> Sentence;
    /// What data the effect brings into the run.
    fn labels(&self) -> Labels;
    /// A reason why a person is asked even though the owner allowed the line.
    fn always_asks(&self) -> Option<Sentence>;
    /// The exact content that would leave, where a person has to see it before they say yes.
    fn content(&self) -> Option<String> {
        None
    }
    /// Finds what the demand rests on, or the rule that refuses it. Looks at targets, not at states.
    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence>;
    /// The one command that would allow it.
    fn command(&self, lease: &Lease) -> String;
    /// The one command after which a person would not have to be asked each time, where there is one.
    fn command_once_asked(&self, _: &Lease) -> Option<String> {
        None
    }
    /// What a yes that lasts is a yes to: all of the switch, or less of it.
    fn lasting(&self, standing: &Scope) -> Scope {
        standing.clone()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::event::EventDemand {}
    impl Sealed for super::file::FileDemand {}
    impl Sealed for super::mcp::McpDemand {}
    impl Sealed for super::network::NetworkDemand {}
    impl Sealed for super::room::RoomDemand {}
    impl Sealed for super::secret::SecretDemand {}
    impl Sealed for super::shell::ShellDemand {}
    impl Sealed for super::storage::StorageDemand {}
}

/// The broker's answer before targets are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go ahead.
    Allow,
    /// A person decides.
    Ask,
    /// No, whatever anybody says: the zone forbids it.
    ZoneDenies,
    /// No: the owner blocked it, or never granted it.
    Deny,
}

/// Whether a family may be used in a zone under a state. `None` means that the owner never granted it. This is the
/// whole authority table; every decision goes through it.
pub fn verdict(word: ScopeWord, zone: Zone, state: Option<GrantState>) -> Verdict {
    let zone_allows = match (zone, word) {
        (Zone::Local, _) => true,
        (Zone::Cloud, ScopeWord::File | ScopeWord::Shell) => false,
        // Somebody else's servers have neither the owner's clipboard nor their graphics processor.
        (Zone::Cloud, ScopeWord::Clipboard | ScopeWord::Gpu) => false,
        (Zone::Cloud, _) => true,
        // A browser-zone app has no server code: nothing it asks the host for exists.
        (Zone::Browser, _) => false,
    };
    if !zone_allows {
        return Verdict::ZoneDenies;
    }
    match (state, word) {
        (None | Some(GrantState::Block), _) => Verdict::Deny,
        // Touching what a person copies and pastes is never a standing yes: each call is shown. So is a program that no pattern
        // names, or that does whatever it is told: its demand always asks.
        (Some(_), ScopeWord::Clipboard) => Verdict::Ask,
        (Some(GrantState::Ask), _) => Verdict::Ask,
        (Some(GrantState::Allow), _) => Verdict::Allow,
    }
}

/// The rule behind a verdict that is a no.
pub(crate) fn refusal(verdict: Verdict, word: ScopeWord, zone: Zone, line: &Line) -> Sentence {
    match verdict {
        Verdict::ZoneDenies => sentence::rule_zone(zone, word.word()),
        _ => sentence::rule_blocked(line),
    }
}
