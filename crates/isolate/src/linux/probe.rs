//! What this machine can do, found out by doing it: each adapter starts a program that does nothing, on the same way that
//! every other program takes. A list of kernel versions would be wrong in the first container.

use super::{
    NOTHING, raw,
    spawn::{Confined, Launcher, SpawnError, spawn},
    told::Refused,
    wire::Step,
};
use crate::{Abilities, Ability, Bounds, CgroupPlace, Deed, Ended, Obstacle, Plan, Policy, System, plan, plan::Base};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Who else makes the namespaces that we may not.
const BUBBLEWRAP: &str = "bwrap";
/// Where an owner's search path may not lead, and where it is nevertheless.
const USUAL: &str = "/usr/local/bin:/usr/bin:/bin";
/// The step that is ours.
const TRYING: &str = "trying it";
/// How long one try may take.
const TRY_MS_MAX: u64 = 5_000;
/// Begins the names of our control groups; the number of their keeper is the rest.
const GROUP: &str = "oikos-";
/// The group in which we are ourselves, where the one around it was handed over to us. No administrator calls one so.
const OURSELVES: &str = "oikos-itself";

impl Abilities {
    /// Looks, once: takes a few milliseconds, starts up to seven programs that do nothing, leaves nothing behind. `room` is a
    /// folder of ours to do it in.
    pub async fn probe(launcher: &Launcher, room: &Path) -> io::Result<Self> {
        let home = room.canonicalize()?;
        // Gone where another version was put in its place: that says nothing about the machine.
        let program = launcher.program.canonicalize()?;
        let mut abilities = Self {
            is_root: rustix::process::geteuid().is_root(),
            bubblewrap_program: find(BUBBLEWRAP),
            ..Self::none(System::Linux)
        };
        let tried = Tried { launcher, program: &program, home: &home };
        // Each by itself on everybody's machine, and with those before it that worked: in the end that is the way of rules
        // alone, and what of it fails is not put down to the ways that are tried after it.
        for place in places() {
            let with = Self { cgroup: Some(place), ..abilities.clone() };
            if tried.works(&with, Base::Shared).await.is_ok() {
                abilities = with;
                break;
            }
        }
        let with = Self { seccomp: filters(), ..abilities.clone() };
        if with.seccomp && tried.works(&with, Base::Shared).await.is_ok() {
            abilities = with;
        }
        // Only one may listen: in a container that listens itself we hear nothing.
        let with = Self { watch: abilities.seccomp && tells(), ..abilities.clone() };
        if with.watch && tried.works(&with, Base::Shared).await.is_ok() {
            abilities = with;
        }
        let with = Self { landlock: raw::landlock_version(), ..abilities.clone() };
        if with.landlock > 0 && tried.works(&with, Base::Shared).await.is_ok() {
            abilities = with;
        }
        abilities.namespaces = match tried.works(&abilities, Base::Namespaces).await {
            Ok(()) => Ability::Works,
            Err(error) => Ability::Fails(obstacle(&error)),
        };
        if let Some(program) = abilities.bubblewrap_program.clone() {
            abilities.bubblewrap = match tried.works(&abilities, Base::Bubblewrap { program }).await {
                Ok(()) => Ability::Works,
                Err(error) => Ability::Fails(Obstacle::At(error.to_string())),
            };
        }
        Ok(abilities)
    }
}

struct Tried<'a> {
    launcher: &'a Launcher,
    program: &'a Path,
    home: &'a Path,
}

impl Tried<'_> {
    /// With what was found already, on this base.
    async fn works(&self, abilities: &Abilities, base: Base) -> Result<(), SpawnError> {
        let mut policy = Policy::new(self.program, self.home);
        let words = self.launcher.words.iter().map(|word| word.to_string_lossy().into_owned());
        policy.arguments = words.chain([NOTHING.to_owned()]).collect();
        policy.read = vec![self.program.to_owned()];
        policy.watched = abilities.watch;
        policy.bounds = Bounds { memory_bytes_max: 64 << 20, processes_max: 8, ..Bounds::default() };
        // Whether a way works is another question than whether all that a start demands is there beside it: root's processes
        // counted, memory bounded. So it is the plan of a machine that has that, with what this one has in its place.
        let whole = Abilities { namespaces: Ability::Works, seccomp: true, is_root: false, ..abilities.clone() };
        let plan = plan(&policy, &whole).map_err(|refusal| io::Error::other(refusal.to_string())).step(TRYING)?;
        let plan = Plan { base, seccomp: abilities.seccomp, watch: abilities.watch, ..plan };
        let mut confined = spawn(&plan, self.launcher, Vec::new()).await?;
        let ended = match confined.wait_for(Duration::from_millis(TRY_MS_MAX)).await {
            Some(Ended::Exit { code: 0 }) if hears(&confined) => Ok(()),
            Some(Ended::Exit { code: 0 }) => Err(io::Error::other("what it tried was not told")),
            Some(ended) => Err(io::Error::other(ended.to_string())),
            None => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        Ok(ended.step(TRYING)?)
    }
}

/// Whether the kernel takes filters and knows the answers that ours give.
fn filters() -> bool {
    let known = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    ["kill_process", "errno", "allow"].iter().all(|action| known.split_whitespace().any(|one| one == *action))
}

/// Whether it knows an answer that asks somebody else.
fn tells() -> bool {
    let known = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    known.split_whitespace().any(|one| one == "user_notif")
}

/// Whether what the program that does nothing tries was told, if it was to be.
fn hears(confined: &Confined) -> bool {
    let told = |refused: &Refused| std::iter::from_fn(|| refused.take()).any(|tried| tried.deed == Deed::Keyring);
    confined.refused.as_ref().is_none_or(told)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).chain(env::split_paths(USUAL)).collect();
    let places = folders.iter().filter(|folder| folder.is_absolute()).map(|folder| folder.join(program));
    places.into_iter().find_map(|place| place.canonicalize().ok().filter(|place| place.is_file()))
}

fn obstacle(error: &SpawnError) -> Obstacle {
    let setting = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let is = |path: &str, value: &str| setting(path).is_some_and(|text| text == value);
    if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        Obstacle::CloneOff
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        Obstacle::NoneLeft
    } else if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        Obstacle::AppArmor
    } else {
        Obstacle::At(error.to_string())
    }
}

/// Where groups could be made, the better place first: in the group that we are in ourselves.
fn places() -> Vec<CgroupPlace> {
    let ours = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut places = Vec::new();
    let mut first = (None, None);
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(at), Some(kind), Some(options)) = (words.next(), words.next(), words.next()) else { continue };
        let has = |controller: &str| options.split(',').any(|option| option == controller);
        match kind {
            "cgroup2" => places.extend(second_version(at, &ours)),
            "cgroup" if has("memory") => first.0 = first_version(at, &ours, "memory"),
            "cgroup" if has("pids") => first.1 = first_version(at, &ours, "pids"),
            _ => {}
        }
    }
    let (memory, processes) = first;
    if memory.is_some() || processes.is_some() {
        places.push(CgroupPlace::V1 { memory, processes });
    }
    places
}

/// The folder of our own group, and what it hands on to groups inside. Where we are in it ourselves, nothing: a group has
/// members or hands on. A service with `Delegate=yes` makes itself a group of its own first ([`settle`]).
fn second_version(at: &str, ours: &str) -> Option<CgroupPlace> {
    let own = ours.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mut folder = Path::new(at).join(own);
    // Who looked before us, or we ourselves, went a step inside: the group that was handed over is the one around it.
    if let Some(around) = folder.parent().filter(|around| folder.ends_with(OURSELVES) && hands_on(around)) {
        folder = around.to_owned();
    }
    sweep(&folder);
    // A group that is handed over to us says so by being writable.
    if !hands_on(&folder) {
        settle(&folder);
    }
    let (memory, processes) = handed_on(&folder);
    (memory || processes).then_some(CgroupPlace::V2 { folder, memory, processes })
}

fn hands_on(folder: &Path) -> bool {
    handed_on(folder) != (false, false)
}

/// Whether groups inside of this one bound memory, and processes.
fn handed_on(folder: &Path) -> (bool, bool) {
    let text = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
    let has = |controller: &str| text.split_whitespace().any(|one| one == controller);
    (has("memory"), has("pids"))
}

/// Moves this process into a group inside of its own, so that its own can hand on bounds. Does nothing unless the group was
/// handed over to us and nobody else is in it.
fn settle(folder: &Path) {
    let members = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let alone = members.lines().eq([std::process::id().to_string()]);
    let controllers = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
    let wanted: Vec<_> = controllers
        .split_whitespace()
        .filter(|one| matches!(*one, "memory" | "pids"))
        .map(|one| format!("+{one}"))
        .collect();
    let itself = folder.join(OURSELVES);
    if !alone || wanted.is_empty() || (fs::create_dir(&itself).is_err() && !itself.is_dir()) {
        return;
    }
    let settled = fs::write(itself.join("cgroup.procs"), std::process::id().to_string())
        .and_then(|()| fs::write(folder.join("cgroup.subtree_control"), wanted.join(" ")));
    if settled.is_err() {
        // As it was; a group that hands nothing on is no worse than none.
        fs::write(folder.join("cgroup.procs"), std::process::id().to_string()).ok();
        fs::remove_dir(itself).ok();
    }
}

fn first_version(at: &str, ours: &str, controller: &str) -> Option<PathBuf> {
    let own = ours.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (names, path) = (parts.next()?, parts.next()?);
        names.split(',').any(|name| name == controller).then_some(path)
    })?;
    let folder = Path::new(at).join(own.trim_start_matches('/'));
    sweep(&folder);
    // Whether groups can be made here is found out by making one.
    let trial = folder.join(format!("{GROUP}{}", std::process::id()));
    fs::create_dir(&trial).and_then(|()| fs::remove_dir(&trial)).is_ok().then_some(folder)
}

/// Removes what keepers left that were killed themselves. A group with somebody in it cannot be removed, and one whose keeper
/// lives is about to be used.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let keeper =
            name.to_str().and_then(|name| name.strip_prefix(GROUP)).and_then(|number| number.parse::<u32>().ok());
        if keeper.is_some_and(|keeper| !Path::new(&format!("/proc/{keeper}")).is_dir()) {
            fs::remove_dir(entry.path()).ok();
        }
    }
}
