//! Apps that come with oikos: packages inside the program, named instead of a path.

use crate::{Kernel, run::internal};
use package::Package;
use protocol::{AppName, Caller, ErrorCode, Failure, Right, api::StarterView};

/// Apps inside the program. Whoever puts the parts together knows them.
pub trait Starters: Send + Sync {
    /// Their names, in order.
    fn names(&self) -> Vec<AppName>;

    /// The archive of one; `None` where there is none of this name.
    fn archive(&self, name: &AppName) -> Option<Result<Vec<u8>, Failure>>;
}

/// What a source names that is neither an address nor a path.
pub(crate) fn starter_named(source: &str) -> Option<AppName> {
    source.parse().ok()
}

/// Reads one. It is checked as any package is.
pub(crate) fn starter_read(starters: &dyn Starters, name: &AppName) -> Result<Package, Failure> {
    let archive = starters.archive(name).ok_or_else(|| {
        Failure::new(ErrorCode::NotFound, format!("no app '{name}' comes with oikos"))
            .hint("oikos app starters lists those that do; a folder or an archive is named by its whole path")
    })??;
    let package = Package::read_bytes(archive)?;
    match package.name() == name {
        true => Ok(package),
        false => Err(internal("an app that comes with oikos is not the one of its name")),
    }
}

impl Kernel {
    /// Apps that come with oikos and run in this zone, with what is installed of them. Reads each of them.
    pub fn app_starters(&self, caller: &Caller) -> Result<Vec<StarterView>, Failure> {
        self.require(caller, Right::Read)?;
        let mut starters = Vec::new();
        for name in self.starters.names() {
            let package = starter_read(&*self.starters, &name)?;
            if self.zone_check(&package, true).is_err() {
                continue;
            }
            let manifest = package.manifest();
            starters.push(StarterView {
                title: manifest.title.clone(),
                description: manifest.description.clone(),
                version: manifest.version.to_string(),
                installed: self.app_record(caller.owner, &name).ok().map(|record| record.version.to_string()),
                name,
            });
        }
        Ok(starters)
    }
}
