//! Paths in an entry: what they lead to, and which folder a server would have to have for it.

use super::{
    clients::{Roots, System},
    machine::{About, Machine},
    notice::{Notice, quote},
};

/// What a folder is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) writes: bool,
    /// Where it is named.
    pub(crate) source: String,
}

/// A path that an entry names.
pub(crate) struct NamedPath {
    /// As the program has to have it: its home is another than the person's.
    pub(crate) path: String,
    pub(crate) folder: String,
    pub(crate) warnings: Vec<Notice>,
}

/// How paths are read.
pub(crate) struct Paths<'a> {
    pub(crate) roots: &'a Roots,
    pub(crate) machine: &'a dyn Machine,
    /// Where relative ones begin.
    pub(crate) base: Option<String>,
}

/// Folders of a home in which keys and passwords are.
const SENSITIVE: [&str; 13] = [
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker",
    ".config",
    ".netrc",
    ".azure",
    ".password-store",
    ".mozilla",
    ".oikos",
    "Library",
    "AppData",
];

impl Paths<'_> {
    /// A text as an absolute path, if it is a path.
    pub(crate) fn absolute(&self, written: &str) -> Option<String> {
        let separator = self.roots.system.separator();
        if is_absolute(written, self.roots.system) {
            return Some(written.to_owned());
        }
        if written == "~" {
            return Some(self.roots.home.clone());
        }
        if let Some(rest) = written.strip_prefix("~/") {
            return Some(self.roots.join(&self.roots.home, rest));
        }
        let is_relative = ["./", "../", ".\\", "..\\"].iter().any(|start| written.starts_with(start)) || written == ".";
        let base = self.base.as_deref().filter(|_| is_relative)?;
        // Said in full, so that it means the same wherever it is started.
        let mut parts: Vec<&str> = base.trim_end_matches(separator).split(separator).collect();
        for part in written.split(['/', '\\']) {
            match part {
                "" | "." => {}
                ".." if parts.len() > 1 => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Some(parts.join(&separator.to_string()))
    }

    /// What a text leads to, if it is a path.
    pub(crate) fn read(&self, written: &str) -> Option<NamedPath> {
        let path = self.absolute(written)?;
        let mut warnings = Vec::new();
        let (parent, name) = split(&path, self.roots.system);
        let folder = match self.machine.about(&path) {
            Some(About { is_folder: true, .. }) => path.clone(),
            Some(_) => parent.to_owned(),
            None if name.rfind('.').is_some_and(|at| at > 0) => parent.to_owned(),
            None => {
                warnings.push(Notice::new("path_missing", format!("{} is not there", quote(&path))));
                path.clone()
            }
        };
        let folder = if folder.is_empty() { path.clone() } else { folder };
        if folder == parent && !name.is_empty() {
            warnings.push(
                Notice::new("folder_of_file", format!("for the file {} its whole folder is asked for", quote(&path)))
                    .hint("put it in a folder of its own, or pick another folder on the card"),
            );
        }
        if protocol::is_wide_folder(&folder) || folder == self.roots.home {
            warnings.push(
                Notice::new(
                    "folder_wide",
                    format!("the folder {} holds far more than one server needs", quote(&folder)),
                )
                .hint("name the folders that it is for instead"),
            );
        }
        let below_home = folder.strip_prefix(&self.roots.home).unwrap_or_default();
        if let Some(part) = below_home.split(['/', '\\']).find(|part| SENSITIVE.contains(part)) {
            warnings.push(Notice::new(
                "folder_sensitive",
                format!("the folder {} is in {part}, where keys and passwords are kept", quote(&folder)),
            ));
        }
        Some(NamedPath { path, folder, warnings })
    }
}

/// Whether a text is an absolute path on this system.
pub(crate) fn is_absolute(written: &str, system: System) -> bool {
    match system {
        System::Windows => {
            let bytes = written.as_bytes();
            (bytes.len() >= 3 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'\\' | b'/'))
                || written.starts_with("\\\\")
        }
        // `//` begins what is no path; `/` with a space is an option of something else.
        _ => written.starts_with('/') && !written.starts_with("//") && !written.contains('\n'),
    }
}

/// A path as its folder and its last part.
pub(crate) fn split(path: &str, system: System) -> (&str, &str) {
    let is_separator = |c: char| c == '/' || (system == System::Windows && c == '\\');
    let trimmed = path.trim_end_matches(is_separator);
    trimmed.rfind(is_separator).map_or(("", trimmed), |at| (&trimmed[..at.max(1)], &trimmed[at + 1..]))
}
