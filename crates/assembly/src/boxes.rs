//! What this machine keeps programs to: found out by trying, kept for a moment, told by doctor. Nothing here starts a
//! program.

use crate::{apart::NoBox, doctor::check};
use futures_util::{FutureExt as _, future::BoxFuture};
use isolate::{
    Abilities, Ability, Adapter, CgroupPlace, Concern, Launcher, Network, Obstacle, Plan, Policy, System, outlook, plan,
};
use protocol::{Clock, api::DoctorCheck, sentence, text};
use sandbox::Machine;
use std::{ffi::OsString, io, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::timeout};

/// The first word of a process that keeps a program in its box, instead of being an oikos.
const KEEPER: &str = "--keeper";
/// What was found holds for so long: whoever asks in a loop starts no crowd of processes, and whoever mended something and
/// looks again sees it.
const FOUND_MS_MAX: u64 = 2_000;
/// How long finding out may take. It takes some ten milliseconds.
const LOOK_MS_MAX: u64 = 10_000;
/// The most of a reason that is the system's own.
const REASON_CHARS_MAX: usize = 200;

/// How this program starts itself as the keeper of another one. Good only where its `main` calls [`keeper_main`].
pub fn keeper() -> Launcher {
    Launcher::this([KEEPER])
}

/// For the first line of `main`: keeps a program, if that is what this process was started for. No thread may have been
/// started before. `words` are those behind the program's own name.
pub fn keeper_main(words: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut words = words.into_iter();
    if words.next()? != KEEPER {
        return None;
    }
    let rest: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    Some(isolate::init_main(rest.iter().map(String::as_str)))
}

/// What this machine can do, for whoever starts programs in a box or tells of it.
pub(crate) struct Boxes {
    keeper: Option<Launcher>,
    /// A folder to try it in.
    room: PathBuf,
    clock: Arc<dyn Clock>,
    /// The last answer, and when that was.
    found: Mutex<Option<(u64, Arc<Abilities>)>>,
}

impl Boxes {
    pub(crate) fn new(keeper: Option<Launcher>, room: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { keeper, room, clock, found: Mutex::default() }
    }

    /// Rows for doctor. None where this process cannot keep programs, which is not the machine's fault.
    pub(crate) async fn checks(&self) -> Vec<DoctorCheck> {
        let Some(keeper) = &self.keeper else { return Vec::new() };
        match self.look(keeper).await {
            Ok(abilities) => rows(&abilities),
            Err(error) => {
                let finding = format!("what it keeps could not be found out: {}", reason(&error.to_string()));
                vec![check("box", false, finding, Some("restart oikos, and look at the disk of OIKOS_HOME"))]
            }
        }
    }

    /// How a policy is kept here, and who keeps it. What was found out once holds for what can be kept; before anything is refused
    /// it is looked again, since somebody may have mended it.
    pub(crate) async fn plan(&self, policy: &Policy) -> Result<(Plan, Launcher), NoBox> {
        let keeper = self.keeper.as_ref().ok_or(NoBox::Nobody)?;
        let known = self.found.lock().await.as_ref().map(|(_, abilities)| abilities.clone());
        if let Some(Ok(plan)) = known.map(|abilities| plan(policy, &abilities)) {
            return Ok((plan, keeper.clone()));
        }
        let abilities = self.look(keeper).await.map_err(NoBox::NotFound)?;
        let plan = plan(policy, &abilities).map_err(NoBox::Refused)?;
        Ok((plan, keeper.clone()))
    }

    async fn look(&self, keeper: &Launcher) -> io::Result<Arc<Abilities>> {
        let mut found = self.found.lock().await;
        if let Some((at, abilities)) = &*found
            && self.clock.monotonic_ns().saturating_sub(*at) < FOUND_MS_MAX * 1_000_000
        {
            return Ok(abilities.clone());
        }
        std::fs::create_dir_all(&self.room)?;
        let look = timeout(Duration::from_millis(LOOK_MS_MAX), Abilities::probe(keeper, &self.room));
        let abilities = look.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let abilities = Arc::new(without_hidden(abilities));
        *found = Some((self.clock.monotonic_ns(), abilities.clone()));
        Ok(abilities)
    }
}

/// The same machine without what a test hides, such as `namespaces+cgroup`.
fn without_hidden(abilities: Abilities) -> Abilities {
    fail::fail_point!("boxes::hidden", |names: Option<String>| {
        let names = names.unwrap_or_default();
        let is_hidden = |adapter: &&Adapter| names.split('+').any(|name| name == adapter.name());
        Adapter::ALL.iter().filter(is_hidden).fold(abilities.clone(), |machine, adapter| machine.without(*adapter))
    });
    abilities
}

impl Machine for Boxes {
    fn abilities(&self) -> BoxFuture<'_, io::Result<Arc<Abilities>>> {
        async move {
            match &self.keeper {
                Some(keeper) => self.look(keeper).await,
                None => Err(io::Error::other("this process cannot keep programs in a box")),
            }
        }
        .boxed()
    }
}

/// What it is made of, and what a program gets that has a folder, hosts, and the usual bounds. A lack is no ill health: what
/// cannot be kept is not started, and all else goes on.
fn rows(abilities: &Abilities) -> Vec<DoctorCheck> {
    if abilities.system != System::Linux {
        let fix = sentence::isolate_fix_linux().to_string();
        return vec![check(
            "box",
            true,
            "no program is kept in on this kind of system, so none is started",
            Some(&fix),
        )];
    }
    let mut policy = Policy::new("/usr/bin/program", "/srv/program");
    policy.network = Network::OnlyProxy { port: 1 };
    let mut rows = vec![check("box", true, made_of(abilities), None)];
    for one in outlook(&policy, abilities) {
        let name = format!("box {}", one.concern.word());
        let (finding, hint) = match one.fact {
            Ok(fact) => (fact.sentence.to_string(), one.better),
            Err(unkept) => {
                // One that asks for no host is kept from the network where its files are kept from it.
                let whose = if one.concern == Concern::Network { "programs with hosts" } else { "programs" };
                (format!("{whose} are refused: {}", unkept.sentence), Some(unkept.fix))
            }
        };
        rows.push(check(&name, true, finding, hint.map(|hint| hint.to_string()).as_deref()));
    }
    rows
}

/// Each adapter that a Linux could have.
fn made_of(abilities: &Abilities) -> String {
    let (mut has, mut lacks) = (Vec::new(), Vec::new());
    for adapter in Adapter::ALL.iter().copied().filter(|adapter| adapter.was_run()) {
        let name = adapter.name();
        match (abilities.has(adapter), detail(adapter, abilities)) {
            (true, None) => has.push(name.to_owned()),
            (true, Some(detail)) => has.push(format!("{name} ({detail})")),
            (false, None) => lacks.push(name.to_owned()),
            (false, Some(detail)) => lacks.push(format!("{name} ({detail})")),
        }
    }
    match lacks.is_empty() {
        true => format!("made of {}", has.join(", ")),
        false => format!("made of {}; without {}", has.join(", "), lacks.join(", ")),
    }
}

/// Which one it is, or why it does not work.
fn detail(adapter: Adapter, abilities: &Abilities) -> Option<String> {
    match adapter {
        Adapter::Namespaces => obstacle(&abilities.namespaces),
        Adapter::Bubblewrap if abilities.bubblewrap_program.is_none() => Some("not installed".to_owned()),
        Adapter::Bubblewrap => obstacle(&abilities.bubblewrap),
        Adapter::Landlock if abilities.landlock == 0 => Some("not in this kernel, or switched off".to_owned()),
        Adapter::Landlock => Some(format!("version {}", abilities.landlock)),
        Adapter::Seccomp if !abilities.seccomp => Some("not in this kernel, or switched off".to_owned()),
        Adapter::Seccomp if !abilities.watch => Some("which does not tell here what a program was refused".to_owned()),
        Adapter::Cgroup => Some(match &abilities.cgroup {
            None => "none is ours to divide".to_owned(),
            Some(CgroupPlace::V1 { memory, processes }) => groups(1, memory.is_some(), processes.is_some()),
            Some(CgroupPlace::V2 { memory, processes, .. }) => groups(2, *memory, *processes),
        }),
        Adapter::Seccomp | Adapter::Rlimits | Adapter::Seatbelt | Adapter::JobObjects => None,
    }
}

fn groups(version: u8, memory: bool, processes: bool) -> String {
    match (memory, processes) {
        (true, true) => format!("version {version}"),
        (true, false) => format!("version {version}, of memory only"),
        (false, true) => format!("version {version}, of processes only"),
        (false, false) => format!("version {version}, which bounds nothing here"),
    }
}

fn obstacle(ability: &Ability) -> Option<String> {
    let Ability::Fails(obstacle) = ability else { return None };
    Some(match obstacle {
        Obstacle::Absent => "not there".to_owned(),
        Obstacle::Hidden => "hidden by a test".to_owned(),
        Obstacle::AppArmor => "AppArmor lets only programs that it knows have them".to_owned(),
        Obstacle::CloneOff => "switched off by kernel.unprivileged_userns_clone".to_owned(),
        Obstacle::NoneLeft => "switched off by user.max_user_namespaces".to_owned(),
        Obstacle::At(said) => reason(said),
    })
}

/// What the system said, on one line and no longer than a person reads.
fn reason(said: &str) -> String {
    text::shorten(said, REASON_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn whole() -> Abilities {
        Abilities {
            namespaces: Ability::Works,
            bubblewrap: Ability::Works,
            bubblewrap_program: Some("/usr/bin/bwrap".into()),
            landlock: 7,
            seccomp: true,
            watch: true,
            cgroup: Some(CgroupPlace::V2 { folder: "/sys/fs/cgroup/oikos".into(), memory: true, processes: true }),
            ..Abilities::none(System::Linux)
        }
    }

    fn told(abilities: &Abilities) -> String {
        rows(abilities).iter().fold(String::new(), |mut text, row| {
            writeln!(text, "{:<14} {}", row.name, row.finding).ok();
            if let Some(hint) = &row.hint {
                writeln!(text, "{:<14} → {hint}", "").ok();
            }
            text
        })
    }

    #[test]
    fn what_a_machine_keeps_is_told_with_what_would_make_it_better() {
        let bare = || Abilities { namespaces: Ability::Fails(Obstacle::AppArmor), ..whole() };
        let fails = |said: &str| Ability::Fails(Obstacle::At(said.to_owned()));
        let machines = [
            ("everything", whole()),
            (
                "a desktop with AppArmor and without bubblewrap",
                Abilities { bubblewrap: fails(""), bubblewrap_program: None, cgroup: None, ..bare() },
            ),
            (
                "a container that may do little",
                Abilities {
                    namespaces: fails("making namespaces: Operation not permitted"),
                    bubblewrap: fails("bwrap: No permissions\nto create a new namespace"),
                    landlock: 0,
                    cgroup: None,
                    is_root: true,
                    ..whole()
                },
            ),
            (
                "groups of processes alone",
                Abilities { cgroup: Some(CgroupPlace::V1 { memory: None, processes: Some("/x".into()) }), ..whole() },
            ),
            ("a machine that can do nothing", Abilities::none(System::Linux)),
            ("a container that listens itself", Abilities { watch: false, ..whole() }),
            ("macOS", Abilities::none(System::MacOs)),
        ];
        let text: String = machines.iter().map(|(name, machine)| format!("{name}\n{}\n", told(machine))).collect();
        insta::assert_snapshot!("boxes", text);
        assert!(machines.iter().all(|(_, machine)| rows(machine).iter().all(|row| row.ok)), "no lack is ill health");
    }

    #[test]
    fn only_its_own_word_makes_a_keeper() {
        let main = |words: &[&str]| keeper_main(words.iter().map(OsString::from));
        assert!(main(&[]).is_none() && main(&["doctor", "--keeper"]).is_none() && main(&["keeper"]).is_none());
        // With words that mean nothing it ends, and is no oikos.
        assert!(main(&["--keeper", "doctor"]).is_some());
    }
}
