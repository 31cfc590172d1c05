//! What a program tries past all that it may ask for, heard from its box and told to the runs that it works for.

use super::warden::ProgramWarden;
use broker::FileVerb;
use isolate::{Bounds, Deed, Refused, Tried};
use kernel::program::{KeptFrom, Terms};
use parking_lot::Mutex;
use protocol::{Arg, Sentence, sentence};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where nobody grants folders: what lies there is the system's.
const SYSTEM: &[&str] =
    &["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var"];

/// Hears one program.
pub(crate) struct Ear {
    refused: Refused,
    warden: Arc<ProgramWarden>,
    terms: Arc<Terms>,
    bounds: Bounds,
    never: Vec<PathBuf>,
    /// Who takes what there is takes all of it, and has told it when they let go.
    turn: Mutex<()>,
}

impl Ear {
    /// Listens until there is nothing to hear any more.
    pub(crate) fn listen(
        refused: Refused,
        warden: Arc<ProgramWarden>,
        terms: Arc<Terms>,
        bounds: Bounds,
        never: Vec<PathBuf>,
    ) -> Arc<Self> {
        let ear = Arc::new(Self { refused, warden, terms, bounds, never, turn: Mutex::default() });
        let listening = ear.clone();
        tokio::spawn(async move {
            while listening.refused.ready().await {
                listening.hear();
            }
        });
        ear
    }

    /// Tells all that was tried until now. What a program tried before it said something is here when that is heard.
    pub(crate) fn hear(&self) {
        let _turn = self.turn.lock();
        while let Some(tried) = self.refused.take() {
            let target = tried.target.map(|target| self.terms.unsaid.text(target));
            self.warden.kept_from(&kept_from(Tried { target, ..tried }, &self.bounds, &self.never));
        }
    }

    /// A run has ended.
    pub(crate) fn look(&self) {
        self.refused.look();
    }

    /// A further run is served: it hears of all of it again.
    pub(crate) fn anew(&self) {
        self.refused.anew();
    }
}

/// What was tried, in words, and what the box says to it.
fn kept_from(Tried { deed, target, times }: Tried, bounds: &Bounds, never: &[PathBuf]) -> KeptFrom {
    let named = |of: fn(String) -> Sentence, others: fn() -> Sentence| target.clone().map_or_else(others, of);
    let (files, closed) = (sentence::rule_box_files, sentence::rule_box_closed);
    let (processes, network) = (sentence::rule_box_processes, sentence::rule_box_network);
    let (what, rule, verb) = match deed {
        Deed::Read => (named(sentence::ask_file_read, sentence::tried_files), files(), Some(FileVerb::Read)),
        Deed::List => (named(sentence::tried_list, sentence::tried_files), files(), Some(FileVerb::List)),
        Deed::Write => (named(sentence::ask_file_write, sentence::tried_files), files(), Some(FileVerb::Write)),
        Deed::Change => (named(sentence::tried_change, sentence::tried_files), files(), Some(FileVerb::Write)),
        Deed::Process => (named(sentence::tried_process, sentence::tried_processes), processes(), None),
        Deed::Signal => (named(sentence::tried_signal, sentence::tried_signals), processes(), None),
        Deed::Connect => (named(sentence::ask_connect, sentence::tried_connect), network(), None),
        Deed::Socket => (named(sentence::tried_socket, sentence::tried_connect), closed(), None),
        Deed::Trace => (sentence::tried_trace(), processes(), None),
        Deed::Mount => (sentence::tried_mount(), closed(), None),
        Deed::Keyring => (sentence::tried_keyring(), closed(), None),
        Deed::IoUring => (sentence::tried_io_uring(), closed(), None),
        Deed::Namespace => (sentence::tried_namespace(), closed(), None),
        Deed::Kernel => (sentence::tried_kernel(target.clone().unwrap_or_default()), closed(), None),
        Deed::Machine => (sentence::tried_machine(target.clone().unwrap_or_default()), closed(), None),
        Deed::Terminal => (sentence::tried_terminal(), closed(), None),
        Deed::Processes => (sentence::tried_count(bounds.processes_max), sentence::rule_box_bounds(), None),
        Deed::Memory => {
            let bytes = Arg::Bytes(bounds.memory_bytes_max);
            (sentence::tried_memory(bytes), sentence::rule_box_bounds(), None)
        }
    };
    let path = verb.zip(target).filter(|(_, path)| path.starts_with('/'));
    match path {
        Some((_, path)) if is_in(&path, never) => {
            KeptFrom { what, rule: sentence::rule_protected(path), file: None, times }
        }
        // One that was cut off is the path of nothing.
        Some((verb, path)) if !is_in(&path, SYSTEM) && !path.ends_with('…') => {
            KeptFrom { what, rule, file: Some((verb, path)), times }
        }
        _ => KeptFrom { what, rule, file: None, times },
    }
}

fn is_in(path: &str, places: &[impl AsRef<Path>]) -> bool {
    places.iter().any(|place| Path::new(path).starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(deed: Deed, target: Option<&str>) -> (String, String, Option<(FileVerb, String)>) {
        let tried = Tried { deed, target: target.map(str::to_owned), times: 1 };
        let KeptFrom { what, rule, file, .. } = kept_from(tried, &Bounds::default(), &["/srv/oikos".into()]);
        (what.to_string(), rule.to_string(), file)
    }

    #[test]
    fn what_a_grant_could_be_about_is_the_brokers_to_answer() {
        let (what, rule, file) = said(Deed::Read, Some("/home/ada/.ssh/id"));
        assert_eq!((&*what, file), ("read /home/ada/.ssh/id", Some((FileVerb::Read, "/home/ada/.ssh/id".to_owned()))));
        assert_eq!(rule, "its box shows only its own folder and what you granted");
        let (_, rule, file) = said(Deed::Write, Some("/srv/oikos/store.db"));
        assert_eq!((&*rule, file), ("/srv/oikos/store.db belongs to oikos itself and can never be granted", None));
        for system in ["/etc/shadow", "/dev/kvm", "/proc/kcore"] {
            assert_eq!(said(Deed::Read, Some(system)).2, None);
        }
    }

    #[test]
    fn each_is_said_in_plain_words() {
        assert_eq!(said(Deed::Signal, Some("4")).0, "send a signal to the process 4");
        assert_eq!(said(Deed::Connect, Some("192.0.2.1:80")).0, "connect to 192.0.2.1:80");
        assert_eq!(said(Deed::Processes, None).0, "have more than 128 processes at once");
        assert_eq!(said(Deed::Memory, None).0, "use more memory than 512.0 MiB");
        assert_eq!(said(Deed::Change, None).0, "open or change further files");
    }
}
