//! What an owner sees before an install: what the app MAY do, what it will ASK, what it can NEVER do, its LIMIT.
//! Anything the card does not show is blocked.

use crate::{AppName, Digest, GrantState, Line, PublisherName, Scope, Sentence, Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much harm a line can do; computed, never the author's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskySeverity {
    /// Stays inside the app.
    Low,
    /// Touches what the owner chose.
    Medium,
    /// Can read widely, change or send.
    High,
}

/// One switch of the card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardLine {
    /// The switch's name, as `--grant` takes it.
    pub line: Line,
    /// Exactly what is covered.
    pub scope: Scope,
    /// What `--yes` would set.
    pub state: GrantState,
    /// How much harm it can do.
    pub severity: RiskySeverity,
    /// What it means, in words.
    pub sentence: Sentence,
    /// What still has to be said before the line works, such as which folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Sentence>,
    /// The author's reason, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whose signature a package carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "badge")]
pub enum Badge {
    /// Unsigned: after a yes, signed by this device's developer key and trusted on this device only.
    LocalDeveloper {
        /// The developer key's fingerprint.
        fingerprint: String,
    },
    /// Signed by a publisher whom the owner trusts. The key is the publisher; no package can say so of itself.
    Publisher {
        /// How the owner calls the publisher, if they do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publisher: Option<PublisherName>,
        /// The fingerprint of the publisher's key.
        fingerprint: String,
    },
    /// Signed by the project's own key, which is in the binary.
    Official {
        /// The fingerprint of that key.
        fingerprint: String,
    },
    /// Inside the program itself: it comes with oikos. No package can say so of itself.
    System,
}

/// What an upgrade changes, as its card shows it: nothing but this is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardChange {
    /// Switches that are new, or cover more than they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// What else is more than before: a publisher, a dependency, a hook, a limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Sentence>,
    /// Switches that it no longer asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Line>,
    /// Whether nothing that was granted goes on: it comes from somebody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_anew: bool,
}

impl CardChange {
    /// Whether the owner has to agree before the version may take over.
    pub fn needs_consent(&self) -> bool {
        self.is_anew || !self.lines.is_empty() || !self.more.is_empty()
    }
}

/// One of the four things that are kept of a program, or are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// What it sees and changes of the owner's files.
    Files,
    /// Whom it reaches.
    Network,
    /// Which other programs it sees, stops or listens to; how many it starts; and that none of them outlives it.
    Processes,
    /// How much memory it takes from others.
    Memory,
}

impl Concern {
    /// Its name, in messages and commands.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Memory => "memory",
        }
    }
}

/// How far one of them is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoxHold {
    /// As it was granted, and no more.
    Full,
    /// With the exception that its sentence names.
    Part,
    /// Not at all: the program is not started on this machine.
    None,
}

/// One of the four, as this machine keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxFact {
    /// Of what.
    pub concern: Concern,
    /// How far.
    pub hold: BoxHold,
    /// In words, with what keeps it.
    pub sentence: Sentence,
    /// What a person can do to have it in full; absent where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Sentence>,
}

/// The card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// The app's name.
    pub app: AppName,
    /// The version that would be installed.
    pub version: String,
    /// The version that is installed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_from: Option<String>,
    /// What is different from that version; absent where there is none, or it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<CardChange>,
    /// The author's title.
    pub title: String,
    /// The author's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who the package says made it. A claim, not a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer: Option<String>,
    /// Whose signature it carries.
    #[serde(flatten)]
    pub badge: Badge,
    /// Who signed it and why that holds, in words; absent for what is not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Sentence>,
    /// SHA-256 of the archive.
    pub digest: Digest,
    /// Files in the package.
    pub files: usize,
    /// Where it runs.
    pub zones: Vec<Zone>,
    /// The switches, by state: Allow is MAY, Ask is ASK, Block is shown under NEVER.
    pub lines: Vec<CardLine>,
    /// What it may do with files that the person hands over, if it takes any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<Sentence>,
    /// Which requests it answers, if it answers any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Sentence>,
    /// What it may do with secrets that are set for it, if there can be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Sentence>,
    /// What it can never do.
    pub never: Vec<Sentence>,
    /// Its bounds.
    pub limits: Vec<Sentence>,
    /// Risky pairs and other things to look at twice.
    pub warnings: Vec<Sentence>,
    /// How this machine would keep its program to all that: files, network, processes and memory. Empty for what is no
    /// program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<BoxFact>,
    /// What it asks for that this version does not have yet.
    pub unavailable: Vec<Sentence>,
    /// What it needs beside itself and is not there: it installs, and what needs it fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Sentence>,
    /// What its author should know: nothing that stops an install.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
