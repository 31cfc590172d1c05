//! Apps that come with oikos: the folders of `apps/`, inside this program.

use kernel::Starters;
use package::{is_packed, pack};
use protocol::{AppName, Failure};
use rust_embed::RustEmbed;
use std::collections::{BTreeMap, BTreeSet};

#[derive(RustEmbed)]
#[folder = "../../apps"]
struct Apps;

/// What is inside this program.
pub(crate) struct Inside;

impl Starters for Inside {
    fn names(&self) -> Vec<AppName> {
        let paths = Apps::iter();
        let folders = paths.filter_map(|path| path.split_once('/').and_then(|(folder, _)| folder.parse().ok()));
        folders.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn archive(&self, name: &AppName) -> Option<Result<Vec<u8>, Failure>> {
        let within = |path: &str| path.strip_prefix(name.as_str())?.strip_prefix('/').map(str::to_owned);
        let files: BTreeMap<String, Vec<u8>> = Apps::iter()
            .filter_map(|path| {
                Some((within(&path).filter(|within| is_packed(within))?, Apps::get(&path)?.data.into_owned()))
            })
            .collect();
        let packed = || pack(&files).map_err(|error| Failure::from(package::PackageError::from(error)));
        (!files.is_empty()).then(packed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use package::Package;
    use std::path::Path;

    #[test]
    fn each_is_what_its_folder_would_be_packed_to() {
        let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps");
        let names = Inside.names();
        assert!(names.len() >= 7, "{names:?}");
        for name in names {
            let inside = Package::read_bytes(Inside.archive(&name).unwrap().unwrap()).unwrap();
            let folder = Package::read_folder(&apps.join(name.as_str())).unwrap();
            assert_eq!((inside.name(), inside.digest()), (&name, folder.digest()));
            assert!(inside.signature().is_none(), "what is signed is official, and needs no badge of ours");
        }
        assert!(Inside.archive(&"nothing".parse().unwrap()).is_none());
        assert!(Inside.archive(&"note".parse().unwrap()).is_none(), "a part of a name is no name");
    }
}
