//! Files for a run: by their path, and handed over as bytes.

use crate::{FileId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file or folder that a person named for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedPath {
    /// The input field it fills.
    pub name: String,
    /// Its absolute path.
    pub path: String,
}

/// A file that was handed over before, named for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedHanded {
    /// The input field it fills.
    pub name: String,
    /// It.
    pub handed: FileId,
}

/// What a person hands over for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "a file has a name, and either a path or, in handed, the id of a file that was handed over"
)]
pub enum NamedFile {
    /// What lies on the answering machine.
    Path(NamedPath),
    /// What was handed over before.
    Handed(NamedHanded),
}

impl NamedFile {
    /// The input field it fills.
    pub fn name(&self) -> &str {
        match self {
            Self::Path(named) => &named.name,
            Self::Handed(named) => &named.name,
        }
    }
}

impl From<NamedPath> for NamedFile {
    fn from(named: NamedPath) -> Self {
        Self::Path(named)
    }
}

/// A file that was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileView {
    /// What to name it by.
    pub id: FileId,
    /// How who handed it over calls it: foreign text.
    pub name: String,
    /// Its size: as it was said, and once it is whole, as it is.
    pub size_bytes: u64,
    /// How much of it has come. A run can use it when all has.
    pub received_bytes: u64,
    /// Whether a run uses it just now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_used: bool,
    /// When it was handed over.
    pub handed_at: Timestamp,
    /// When it goes, unless it is used before.
    pub expires_at: Timestamp,
}
