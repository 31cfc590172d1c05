//! The two forms in which an app's source may be written.

use crate::schema::Schema;
use std::fmt;

/// How an app's source is written. Both make one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A folder with `manifest.json`, `action-schema.json`, `bot-logic.js`.
    MiniApp,
    /// A folder with `kimai.json`, `package.json`, `llm-tool.yaml`, `src/index.js`.
    Plugin,
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MiniApp, Self::Plugin];

    /// The file that says who the app is, and by which a folder is known to be of this form.
    pub const fn manifest(self) -> &'static str {
        match self {
            Self::MiniApp => "manifest.json",
            Self::Plugin => "kimai.json",
        }
    }

    /// The module that is started where the manifest names none.
    pub const fn entry(self) -> &'static str {
        match self {
            Self::MiniApp => "bot-logic.js",
            Self::Plugin => "src/index.js",
        }
    }

    /// The manifest's key that holds the app's name.
    pub(crate) const fn name_key(self) -> &'static str {
        match self {
            Self::MiniApp => "id",
            Self::Plugin => "name",
        }
    }

    /// The schema of the manifest.
    pub(crate) const fn schema(self) -> Schema {
        match self {
            Self::MiniApp => Schema::Manifest,
            Self::Plugin => Schema::Plugin,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MiniApp => "mini-app",
            Self::Plugin => "plugin",
        })
    }
}
