//! A package that is a program, made ready: its files are there, its program is found, and the language is known.

use super::find::Found;
use kernel::program::{Dialect, ProgramSource};
use std::{path::PathBuf, sync::Arc};

/// What each start of the program begins with.
pub(crate) struct Prepared {
    pub(crate) source: Arc<ProgramSource>,
    pub(crate) found: Found,
    pub(crate) code: PathBuf,
    pub(crate) dialect: Arc<dyn Dialect>,
    /// The names under which it is called beside its actions and tools.
    pub(crate) exports: Vec<String>,
}
