//! An app's switches: how they stand, and what the owner says of them.

use crate::{AppName, CardLine, GrantDuration, GrantId, GrantState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the owner says about one switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineChoice {
    /// A switch or a whole family: `file.read`, `file`, `storage`.
    pub line: String,
    /// What to set it to.
    pub state: GrantState,
    /// What to narrow it to: for files, an absolute folder; for `network`, a host; for `mcp`, `SERVER/TOOL`. Several choices for a line add up.
    /// For a name of the app's own for a server, such as `mcp.search`: what it stands for, `SERVER` or `SERVER/TOOL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// For `network`: of the hosts that it asks for and those that hold, only these, each as the card shows it. What is
    /// left out holds no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// The grant that this was said of, where somebody looked at it before: if another holds by now, nothing is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<GrantId>,
}

impl LineChoice {
    /// Sets a switch, or a family of them.
    pub fn new(line: impl Into<String>, state: GrantState) -> Self {
        Self { line: line.into(), state, target: None, only: None, of: None }
    }

    /// Narrows it to a target.
    #[must_use]
    pub fn target(self, target: Option<String>) -> Self {
        Self { target, ..self }
    }
}

/// One switch as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GrantView {
    /// The card's line with the state that holds now.
    #[serde(flatten)]
    pub line: CardLine,
    /// How long it holds.
    pub duration: GrantDuration,
    /// The grant; absent where the owner said nothing of this switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// For a name of the app's own for a server: what the owner says that it stands for, `SERVER` or `SERVER/TOOL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
}

/// The switches of one app, in a list of all apps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppGrantsView {
    /// The app.
    pub app: AppName,
    /// The author's title.
    pub title: String,
    /// Whether it may run.
    pub enabled: bool,
    /// Its switches; absent where they cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<GrantView>>,
}
