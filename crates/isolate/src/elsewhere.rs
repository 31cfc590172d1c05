//! Systems on which nothing is started: what can be said of them without trying, and the same face as on Linux, so that
//! whoever calls this crate is written once.

use crate::{Abilities, System};
use std::{ffi::OsString, io, path::Path, process::ExitCode};

/// How the helper would be started.
#[derive(Clone, Debug)]
pub struct Launcher(());

impl Launcher {
    /// This program itself, as it runs.
    pub fn this(_: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self(())
    }
}

/// The helper, which has nothing to do here.
pub fn init_main<'a>(_: impl IntoIterator<Item = &'a str>) -> ExitCode {
    ExitCode::FAILURE
}

impl Abilities {
    /// Looks, once; here the kind of system is all that there is to see.
    pub async fn probe(_: &Launcher, _: &Path) -> io::Result<Self> {
        Ok(Self::none(match std::env::consts::OS {
            "macos" => System::MacOs,
            "windows" => System::Windows,
            _ => System::Other,
        }))
    }
}
