//! Looks through all places of the table, on this machine and for these projects.

use super::{
    bundle::{MANIFEST_BYTES_MAX, MANIFEST_FILE, read_manifest},
    clients::{Base, Client, Holding, Location, Roots, clients},
    found::Found,
    machine::Machine,
    plan::{Facts, plan},
    read::{Read, read_client_file},
    settle::{Imported, Settled, settle},
    text::{FILE_BYTES_MAX, Fault},
};
use protocol::{AppName, text};
use std::collections::BTreeMap;

/// The most folders that are looked into where a client has one for each thing.
const FOLDERS_MAX: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The servers, in the order of the table and the files.
    pub found: Vec<Found>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// The files that were there.
    pub files: Vec<(Client, String)>,
}

/// Reads the configurations of these clients; of all where none is named.
pub fn scan(machine: &dyn Machine, roots: &Roots, only: &[Client]) -> Scan {
    let mut scan = Scan::default();
    for location in clients().iter().filter(|location| only.is_empty() || only.contains(&location.client)) {
        for path in location.resolve(roots) {
            let project = project_of(location, roots, &path);
            match location.holding {
                Holding::File(key) => scan.file(machine, location, key, &path, project.as_deref()),
                Holding::Folders(file, key) => {
                    for folder in scan.names(machine, &path) {
                        let file = roots.join(&roots.join(&path, &folder), file);
                        scan.file(machine, location, key, &file, None);
                    }
                }
                Holding::Bundles => {
                    for folder in scan.names(machine, &path) {
                        scan.bundle(machine, roots, location.client, &roots.join(&path, &folder), &path, &folder);
                    }
                }
            }
        }
    }
    scan
}

/// What an import of all that was found would do. `installed` is as for [`settle`].
pub fn propose(found: &[Found], facts: &Facts<'_>, installed: &BTreeMap<AppName, Option<Imported>>) -> Vec<Settled> {
    settle(found.iter().map(|found| plan(found, facts)).collect(), installed)
}

/// The folder of the project that a project's file is in.
fn project_of(location: &Location, roots: &Roots, path: &str) -> Option<String> {
    let (base, rest) = location.paths[roots.system as usize]?;
    if base != Base::Project {
        return None;
    }
    roots.projects.iter().find(|project| roots.join(project, rest) == path).cloned()
}

impl Scan {
    fn file(&mut self, machine: &dyn Machine, location: &Location, key: &str, path: &str, project: Option<&str>) {
        let bytes = match machine.file(path, FILE_BYTES_MAX) {
            Ok(None) => return,
            Ok(Some(bytes)) => bytes,
            Err(error) => return self.faults.push(Fault::new(path, None, error.to_string())),
        };
        self.files.push((location.client, path.to_owned()));
        let Read { found, faults } = read_client_file(location, key, path, project, &bytes);
        self.found.extend(found);
        self.faults.extend(faults);
    }

    fn names(&mut self, machine: &dyn Machine, path: &str) -> Vec<String> {
        match machine.names(path) {
            Ok(names) => names.into_iter().take(FOLDERS_MAX).collect(),
            Err(error) => {
                self.faults.push(Fault::new(path, None, error.to_string()));
                Vec::new()
            }
        }
    }

    /// A bundle that Claude Desktop has unpacked. Whether it is on is said in a file of its own beside the folder.
    fn bundle(&mut self, machine: &dyn Machine, roots: &Roots, client: Client, folder: &str, above: &str, id: &str) {
        let path = roots.join(folder, MANIFEST_FILE);
        let bytes = match machine.file(&path, MANIFEST_BYTES_MAX) {
            Ok(None) => return,
            Ok(Some(bytes)) => bytes,
            Err(error) => return self.faults.push(Fault::new(&path, None, error.to_string())),
        };
        self.files.push((client, path.clone()));
        match read_manifest(&path, &bytes, roots.system, Some(folder)) {
            Ok(mut found) => {
                let switch = format!("{above} Settings{}{}.json", roots.system.separator(), text::escape(id));
                found.is_disabled = machine
                    .file(&switch, MANIFEST_BYTES_MAX)
                    .ok()
                    .flatten()
                    .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
                    .is_some_and(|settings| settings["isEnabled"] == false);
                self.found.push(found);
            }
            Err(fault) => self.faults.push(fault),
        }
    }
}
