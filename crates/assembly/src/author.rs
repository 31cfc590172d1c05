//! What authors do with the folder of an app: make one, look for what to mend, try it, work on it while it runs.

mod dev; // reloading while somebody edits
mod example; // an honest input, from a schema
mod hostile; // inputs that nobody means well with
mod new; // a folder that works
mod trial; // cases and hostile inputs, run
mod workshop; // an oikos for a few minutes

pub use dev::{DevEvent, Reloaded, app_dev};
pub use new::{SourceForm, app_new};
pub use package::{Gravity, Remark};
pub use trial::{CaseResult, HostileResult, TrialReport, app_test};

use package::{lint, read_case_files, read_cases, read_folder};
use protocol::{AppName, Failure};
use serde::Serialize;
use std::path::Path;

/// What was found in an app's folder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LintReport {
    /// What was noticed, errors first.
    pub remarks: Vec<Remark>,
    /// How many of them are errors.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many are only good to know.
    pub notes: usize,
}

impl LintReport {
    fn of(remarks: Vec<Remark>) -> Self {
        let count = |gravity| remarks.iter().filter(|remark| remark.gravity == gravity).count();
        let (errors, warnings, notes) = (count(Gravity::Error), count(Gravity::Warning), count(Gravity::Note));
        Self { remarks, errors, warnings, notes }
    }

    /// Whether nothing is to be mended.
    pub fn is_clean(&self) -> bool {
        self.errors + self.warnings == 0
    }
}

/// Looks at an app's folder, its cases included. `installed` are the apps beside which it will stand.
pub fn app_lint(folder: &Path, installed: &[AppName]) -> Result<LintReport, Failure> {
    let files = read_folder(folder).map_err(package::PackageError::from).map_err(Failure::from)?.files;
    let names: Vec<&str> = installed.iter().map(AppName::as_str).collect();
    let mut remarks = lint(&files, &names);
    let cases = read_case_files(folder).map_err(package::PackageError::from).map_err(Failure::from)?;
    for (name, bytes) in &cases {
        remarks.extend(read_cases(name, bytes).err().iter().flat_map(|findings| Remark::of_findings(findings)));
    }
    Ok(LintReport::of(remarks))
}
