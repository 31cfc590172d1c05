//! What a confined program may have. Plain data, made by the caller; whether a machine can keep it is `plan.rs`'s question.

use protocol::{Concern, Sentence, sentence};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

/// The longest argument or value of the environment, and the most of both together. The kernel allows 128 KiB for one and more
/// in all.
const WORDS_BYTES_MAX: usize = 96 << 10;
/// The largest policy as JSON, in which some characters are six: with a plan around it, it crosses one socket in one piece.
pub const POLICY_BYTES_MAX: usize = 128 << 10;
/// The most folders and files that a policy grants: each is a mount.
pub const GRANTS_MAX: usize = 64;
/// What every program needs to exist at all; a bound below this is a mistake of the caller.
const MEMORY_BYTES_MIN: u64 = 4 << 20;

/// The program, and all that it may have. What is not named here it has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The program itself, by its full path. It is never looked for, and no shell reads it.
    pub program: PathBuf,
    /// Its arguments, each as it is.
    pub arguments: Vec<String>,
    /// Where it starts. Must be in what it may read.
    pub folder: PathBuf,
    /// Its whole environment; `HOME` and `TMPDIR` are added and cannot be set here.
    pub environment: BTreeMap<String, String>,
    /// A folder of its own, which it reads and writes and no other program has.
    pub home: PathBuf,
    /// Folders of its own that it reads and executes and cannot change, wherever they lie: its code.
    #[serde(default)]
    pub code: Vec<PathBuf>,
    /// Files and folders that it reads and executes, besides what the system keeps in `/usr` and its like.
    pub read: Vec<PathBuf>,
    /// Files and folders that it reads and writes.
    pub write: Vec<PathBuf>,
    /// What no grant may hold or lie in, but for [`home`](Self::home): OIKOS_HOME. By full paths, like all that is granted.
    pub never: Vec<PathBuf>,
    /// What it reaches of the network.
    pub network: Network,
    /// How much it uses.
    pub bounds: Bounds,
    /// Whether what it tries and is refused is told, where the machine can tell it. It is kept from it either way.
    #[serde(default)]
    pub watched: bool,
    /// Facts that must be kept in full. A machine that keeps one of them only partly is refused; without being named here, a
    /// partly kept fact is only said.
    pub in_full: Vec<Concern>,
}

/// What of the network a program reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Nothing.
    None,
    /// One address of a network of its own, `127.0.0.1` and this port. Who listens there is the starter: see
    /// [`Confined::proxy`](crate::Confined::proxy).
    OnlyProxy {
        /// The port, free to choose: nobody else is on that network.
        port: u16,
    },
}

/// How much a program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Memory, of all its processes together where a control group can be had, else of each.
    pub memory_bytes_max: u64,
    /// Processes and threads at once.
    pub processes_max: u32,
    /// Time of a processor for each process, for what is not meant to stay.
    pub cpu_seconds_max: Option<u32>,
    /// Open files of each process.
    pub open_files_max: u32,
    /// The largest file that it writes.
    pub file_bytes_max: u64,
}

impl Default for Bounds {
    /// What an ordinary server in Node or Python does well with.
    fn default() -> Self {
        Self {
            memory_bytes_max: 512 << 20,
            processes_max: 128,
            cpu_seconds_max: None,
            open_files_max: 1024,
            file_bytes_max: 1 << 30,
        }
    }
}

impl Policy {
    /// A policy that grants nothing but the program's own home, to start from.
    pub fn new(program: impl Into<PathBuf>, home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: home.clone(),
            environment: BTreeMap::new(),
            home,
            code: Vec::new(),
            read: Vec::new(),
            write: Vec::new(),
            never: Vec::new(),
            network: Network::None,
            bounds: Bounds::default(),
            watched: false,
            in_full: Vec::new(),
        }
    }

    /// What is wrong with the policy itself, on whatever machine.
    pub(crate) fn fault(&self) -> Option<Sentence> {
        let grants = || self.read.iter().chain(&self.write);
        let places = grants().chain(&self.code).chain(&self.never).chain([&self.program, &self.folder, &self.home]);
        if let Some(place) = places.into_iter().find(|place| !is_plain(place)) {
            return Some(sentence::isolate_fault_path(place.to_string_lossy().into_owned()));
        }
        let collides = |grant: &&PathBuf| {
            self.never.iter().any(|never| grant.starts_with(never) || never.starts_with(grant)) && !self.is_own(grant)
        };
        if let Some(grant) = grants().find(collides) {
            return Some(sentence::isolate_fault_never(grant.to_string_lossy().into_owned()));
        }
        // The home is where the caller keeps homes, beneath OIKOS_HOME mostly; it must not be all of it.
        let own = self.code.iter().chain([&self.home]);
        if let Some(own) = own.into_iter().find(|own| self.never.iter().any(|never| never.starts_with(own))) {
            return Some(sentence::isolate_fault_never(own.to_string_lossy().into_owned()));
        }
        // What it changes is never its code.
        let holds_code =
            |grant: &&PathBuf| self.code.iter().any(|code| code.starts_with(grant) || grant.starts_with(code));
        if let Some(grant) = self.write.iter().chain([&self.home]).find(holds_code) {
            return Some(sentence::isolate_fault_never(grant.to_string_lossy().into_owned()));
        }
        if grants().chain(&self.code).count() > GRANTS_MAX {
            return Some(sentence::isolate_fault_much("grants", GRANTS_MAX));
        }
        let words = self.arguments.iter().chain(self.environment.keys()).chain(self.environment.values());
        if words.clone().map(String::len).sum::<usize>() > WORDS_BYTES_MAX {
            return Some(sentence::isolate_fault_much("bytes of arguments and environment", WORDS_BYTES_MAX));
        }
        // All paths are text by now, so that it can be written.
        if serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len()) > POLICY_BYTES_MAX {
            return Some(sentence::isolate_fault_much("bytes of words and paths as JSON", POLICY_BYTES_MAX));
        }
        let is_name = |name: &String| !name.is_empty() && !name.contains('=') && !matches!(&**name, "HOME" | "TMPDIR");
        if let Some(word) = words.clone().find(|word| word.contains('\0')) {
            return Some(sentence::isolate_fault_word(word));
        }
        if let Some(name) = self.environment.keys().find(|name| !is_name(name)) {
            return Some(sentence::isolate_fault_word(name));
        }
        let bounds = &self.bounds;
        let useless = bounds.memory_bytes_max < MEMORY_BYTES_MIN
            || bounds.processes_max == 0
            || bounds.open_files_max < 16
            || bounds.cpu_seconds_max == Some(0)
            || self.network == Network::OnlyProxy { port: 0 };
        useless.then(sentence::isolate_fault_bounds)
    }

    /// Whether this is in the home, which is the program's own wherever it lies.
    fn is_own(&self, place: &Path) -> bool {
        place.starts_with(&self.home)
    }
}

/// A path from the root that means one place: no `..`, no link of words, text that can be shown.
fn is_plain(path: &Path) -> bool {
    path.is_absolute()
        && path.to_str().is_some_and(|text| !text.contains('\0') && !text.contains("//") && !text.contains("/./"))
        && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
        && path.parent().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(change: impl FnOnce(&mut Policy)) -> Option<String> {
        let mut policy = Policy::new("/usr/bin/node", "/srv/oikos/homes/files");
        policy.never = vec!["/srv/oikos".into()];
        change(&mut policy);
        policy.fault().map(|fault| fault.to_string())
    }

    #[test]
    fn an_honest_policy_has_no_fault() {
        assert_eq!(fault(|_| {}), None);
        assert_eq!(fault(|policy| policy.write = vec!["/srv/notes".into(), "/srv/oikos/homes/files/a".into()]), None);
    }

    #[test]
    fn what_no_grant_may_hold_is_refused_from_both_sides() {
        for place in ["/srv/oikos", "/srv", "/srv/oikos/homes/other", "/srv/oikos/homes"] {
            let expected = Some(format!("{place} can never be granted"));
            assert_eq!(fault(|policy| policy.read = vec![place.into()]), expected);
            assert_eq!(fault(|policy| policy.write = vec![place.into()]), expected);
        }
        assert!(fault(|policy| policy.home = "/srv".into()).is_some());
        assert!(fault(|policy| policy.home = "/srv/oikos".into()).is_some());
        // A neighbour by name is no neighbour by place.
        assert_eq!(fault(|policy| policy.read = vec!["/srv/oikos-notes".into()]), None);
    }

    #[test]
    fn paths_that_mean_two_places_are_refused() {
        for place in ["notes", "/srv/../etc", "/", "", "/srv/./notes", "/srv//notes"] {
            assert!(fault(|policy| policy.write = vec![place.into()]).is_some(), "{place}");
            assert!(fault(|policy| policy.program = place.into()).is_some(), "{place}");
            assert!(fault(|policy| policy.never = vec![place.into()]).is_some(), "{place}");
        }
    }

    #[test]
    fn what_is_just_enough_is_enough() {
        assert_eq!(fault(|policy| policy.bounds.memory_bytes_max = MEMORY_BYTES_MIN), None);
        assert_eq!(fault(|policy| policy.bounds.processes_max = 1), None);
        assert_eq!(fault(|policy| policy.bounds.open_files_max = 16), None);
        assert_eq!(fault(|policy| policy.bounds.cpu_seconds_max = Some(1)), None);
        assert_eq!(fault(|policy| policy.network = Network::OnlyProxy { port: 1 }), None);
        assert_eq!(fault(|policy| policy.arguments = vec!["a".repeat(WORDS_BYTES_MAX)]), None);
        assert_eq!(fault(|policy| policy.read = vec!["/srv/x".into(); GRANTS_MAX]), None);
        assert_eq!(fault(|policy| _ = policy.environment.insert("A".into(), "B=C".into())), None);
        assert!(fault(|policy| policy.bounds.open_files_max = 15).is_some());
        assert!(fault(|policy| policy.bounds.memory_bytes_max = MEMORY_BYTES_MIN - 1).is_some());
        assert!(fault(|policy| _ = policy.environment.insert("A".into(), "a\0b".into())).is_some());
        assert_eq!(Concern::Files.word(), "files");
    }

    #[test]
    fn what_is_larger_when_it_is_handed_over_is_measured_so() {
        // Within the bound on words, and three times the bound on what crosses the socket.
        let controls = "\u{1}".repeat(WORDS_BYTES_MAX / 2);
        let much = Some(format!("more bytes of words and paths as JSON than {POLICY_BYTES_MAX}"));
        assert_eq!(fault(|policy| policy.arguments = vec![controls.clone()]), much);
        assert_eq!(fault(|policy| _ = policy.environment.insert("A".into(), controls)), much);
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(4_000)));
        assert_eq!(fault(|policy| policy.read = vec![long.clone(); GRANTS_MAX]), much);
        assert_eq!(fault(|policy| policy.never = vec![long.clone(); GRANTS_MAX]), much);
    }

    #[test]
    fn bounds_that_bound_nothing_and_words_that_end_early_are_refused() {
        assert!(fault(|policy| policy.bounds.processes_max = 0).is_some());
        assert!(fault(|policy| policy.bounds.memory_bytes_max = 1).is_some());
        assert!(fault(|policy| policy.bounds.cpu_seconds_max = Some(0)).is_some());
        assert!(fault(|policy| policy.network = Network::OnlyProxy { port: 0 }).is_some());
        assert!(fault(|policy| policy.arguments = vec!["a\0b".into()]).is_some());
        assert!(fault(|policy| policy.arguments = vec!["a".repeat(WORDS_BYTES_MAX + 1)]).is_some());
        for name in ["HOME", "TMPDIR", "A=B", ""] {
            assert!(fault(|policy| _ = policy.environment.insert(name.into(), "x".into())).is_some(), "{name}");
        }
        assert!(fault(|policy| policy.read = vec!["/srv/x".into(); GRANTS_MAX + 1]).is_some());
    }
}
