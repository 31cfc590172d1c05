//! What a box shows and what it does not, for telling what a program tried. By names alone: what a name leads to is looked at by
//! the walls, and what is said here decides nothing.
//!
//! Honest programs try names all the time: libraries in folders where they are not, settings that nobody made. So a name
//! is told only where the machine has something by it, or where something would be changed by it.

use super::system::{PROC_COVERED, PROGRAMS, SETTINGS, devices, made_settings};
use crate::{Deed, Plan};
use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2},
    io::Errno,
    process::getpid,
};
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Component, Path, PathBuf},
};

/// What programs look for on every machine and do without. Nothing there is anybody's, but for [`SECRETS`].
const QUIET: &[&str] = &[
    "/etc",
    "/sys",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix",
    "/gnu",
    "/run",
    "/var/cache",
    "/var/lib",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/console",
    "/dev/shm",
];
/// What of these is an administrator's.
const SECRETS: &[&str] = &["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh"];
/// What every libc asks for the names of users, where somebody answers.
const QUIET_SOCKETS: &[&str] = &["/run/nscd/socket", "/run/systemd/userdb/io.systemd.DynamicUser"];
/// Where programs write what they have worked out, if they can.
const QUIET_WRITES: &[&str] = &["/var/cache", "/dev/tty", "/dev/ptmx", "/dev/pts"];
/// Names for the same, wherever they lie.
const WORKED_OUT: &[&str] = &["__pycache__"];
/// What of a process says more than that it is there.
const OF_A_PROCESS: &[&str] = &["environ", "mem", "root", "cwd", "fd", "maps", "map_files", "ns", "auxv", "task"];
/// File systems of this machine itself, where to look for a name asks nobody else.
const LOCAL: &[&str] =
    &["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "overlay", "devtmpfs"];
/// How far up from a process its keeper is looked for.
const ANCESTORS_MAX: usize = 64;

/// Who tries something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who(pub(crate) u32);

/// What a box shows.
#[derive(Debug)]
pub(crate) struct Sight {
    shown: Vec<PathBuf>,
    written: Vec<PathBuf>,
    /// Room of its own, by names that the machine has too.
    scratch: &'static [&'static str],
    is_apart: bool,
    /// Where file systems begin, and whether they are of this machine.
    mounts: Vec<(PathBuf, bool)>,
}

impl Sight {
    /// Of a plan, on this machine.
    pub(crate) fn new(plan: &Plan) -> Self {
        let policy = &plan.policy;
        let is_apart = plan.base.is_apart();
        let mut written: Vec<PathBuf> = policy.write.iter().chain([&policy.home]).cloned().collect();
        written.extend(devices(plan).filter(|(_, is_written)| *is_written).map(|(path, _)| path.into()));
        let scratch: &[&str] = if is_apart { &["/tmp", "/dev/shm"] } else { &[] };
        let mut shown = written.clone();
        shown.extend(policy.read.iter().chain(&policy.code).cloned());
        shown.extend(PROGRAMS.iter().chain(SETTINGS).map(PathBuf::from));
        shown.extend(devices(plan).map(|(path, _)| path.into()));
        if is_apart {
            shown.extend(made_settings(0, 0, "").map(|(path, _)| path.into()));
        }
        let mounts = mounts(&fs::read_to_string("/proc/self/mountinfo").unwrap_or_default());
        Self { shown, written, scratch, is_apart, mounts }
    }

    /// A path that was to be opened. What is told of it, if anything is.
    pub(crate) fn opened(&self, who: Who, path: &Path, flags: u64) -> Option<(Deed, String)> {
        let has = |flag: libc::c_int| flags & u64::from(flag.unsigned_abs()) != 0;
        let is_written =
            flags & u64::from(libc::O_ACCMODE.unsigned_abs()) != 0 || has(libc::O_CREAT) || has(libc::O_TRUNC);
        if is_written {
            return self.changed(who, path, Deed::Write, has(libc::O_CREAT));
        }
        let path = plain(path)?;
        if let Ok(beneath) = path.strip_prefix("/proc") {
            return self.of_processes(who, beneath, &path);
        }
        if !is_somebodys(&path) || !self.hides(who, &path) {
            return None;
        }
        let deed = if has(libc::O_DIRECTORY) { Deed::List } else { Deed::Read };
        Some((deed, path.to_string_lossy().into_owned()))
    }

    /// A path that was to be written to, removed, moved or made.
    pub(crate) fn changed(&self, who: Who, path: &Path, deed: Deed, makes: bool) -> Option<(Deed, String)> {
        let path = plain(path)?;
        if let Ok(beneath) = path.strip_prefix("/proc") {
            let is_a_process = beneath.components().next().is_some_and(|first| {
                let first = first.as_os_str().to_string_lossy();
                first.ends_with("self") || first.parse::<u32>().is_ok()
            });
            return match is_a_process {
                true => self.of_processes(who, beneath, &path),
                false => Some((deed, path.to_string_lossy().into_owned())),
            };
        }
        let is_under = |place: &&str| path.starts_with(place);
        let is_worked_out = path.components().any(|part| WORKED_OUT.iter().any(|name| part.as_os_str() == *name));
        if self.written.iter().any(|place| path.starts_with(place))
            || (path.starts_with("/dev/fd") || path.starts_with("/dev/std"))
            || QUIET_WRITES.iter().any(is_under)
            || is_worked_out
        {
            return None;
        }
        if self.scratch.iter().any(is_under) && !self.is_shown(&path) {
            // What it makes there is its own, but for what would lie in a folder that only the machine has.
            let at = if makes { path.parent()? } else { path.as_path() };
            return self.hides(who, at).then(|| (deed, path.to_string_lossy().into_owned()));
        }
        // A folder that is there already is made by those who do not look first.
        let is_made_again = makes && deed == Deed::Change && (self.shows(&path) || self.is_there(&path));
        if is_made_again || !makes && !self.is_there(&path) {
            return None;
        }
        Some((deed, path.to_string_lossy().into_owned()))
    }

    /// A process that was to be looked at or sent a signal.
    pub(crate) fn process(&self, who: Who, number: i32, signal: Option<i32>) -> Option<(Deed, String)> {
        let deed = if signal.is_some() { Deed::Signal } else { Deed::Process };
        if number <= 1 {
            // The first one of its own machine is oikos's. To ask whether it is there is no harm.
            let is_meant = number == 1 && self.is_apart && signal.is_some_and(|signal| signal != 0);
            return is_meant.then(|| (deed, number.to_string()));
        }
        let is_others = !self.is_its_own(who, number) && Path::new(&format!("/proc/{number}")).exists();
        is_others.then(|| (deed, number.to_string()))
    }

    /// An address that was to be reached.
    pub(crate) fn reached(
        &self,
        who: Who,
        address: &[u8],
        folder: impl FnOnce() -> Option<PathBuf>,
    ) -> Option<(Deed, String)> {
        let (family, rest) = address.split_first_chunk::<2>()?;
        let target = match i32::from(u16::from_ne_bytes(*family)) {
            libc::AF_UNIX => match rest.split_first()? {
                (0, name) => {
                    let name = String::from_utf8_lossy(name);
                    let name = format!("@{}", name.trim_end_matches('\0'));
                    let listening = fs::read_to_string("/proc/net/unix").unwrap_or_default();
                    // Those of its own it may reach, and nobody else knows of them.
                    listening.lines().any(|line| line.ends_with(&*name)).then_some(name)?
                }
                _ => {
                    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
                    let path = Path::new(std::str::from_utf8(&rest[..end]).ok()?);
                    let path = if path.is_absolute() { path.to_owned() } else { folder()?.join(path) };
                    let path = plain(&path)?;
                    let is_told = !QUIET_SOCKETS.iter().any(|quiet| path == Path::new(quiet)) && self.hides(who, &path);
                    is_told.then(|| path.to_string_lossy().into_owned())?
                }
            },
            libc::AF_INET => {
                let (port, rest) = rest.split_first_chunk::<2>()?;
                let host = Ipv4Addr::from(*rest.first_chunk::<4>()?);
                outside(host.into(), u16::from_be_bytes(*port))?
            }
            libc::AF_INET6 => {
                let (port, rest) = rest.split_first_chunk::<2>()?;
                let host = Ipv6Addr::from(*rest.get(4..)?.first_chunk::<16>()?);
                outside(host.to_canonical(), u16::from_be_bytes(*port))?
            }
            _ => return None,
        };
        Some((Deed::Connect, target))
    }

    /// What lies in `/proc`: its own processes, others', and what is about the machine.
    fn of_processes(&self, who: Who, beneath: &Path, whole: &Path) -> Option<(Deed, String)> {
        let mut parts = beneath.components().map(|part| part.as_os_str().to_string_lossy());
        let first = parts.next()?;
        let Ok(number) = first.parse::<i32>() else {
            let is_covered = PROC_COVERED.iter().any(|covered| whole.starts_with(covered)) && whole.exists();
            return is_covered.then(|| (Deed::Read, whole.to_string_lossy().into_owned()));
        };
        let says_more = parts.next().is_some_and(|what| OF_A_PROCESS.contains(&&*what));
        if number == 1 && self.is_apart {
            return says_more.then(|| (Deed::Process, first.into_owned()));
        }
        self.process(who, number, None)
    }

    /// Whether the machine has something there that the box does not show.
    fn hides(&self, who: Who, path: &Path) -> bool {
        let is_scratch = self.scratch.iter().any(|place| path.starts_with(place));
        !self.shows(path) && self.is_there(path) && !(is_scratch && is_in_box(who, path))
    }

    fn shows(&self, path: &Path) -> bool {
        // What its folders lie in is there, with nothing else in it.
        self.is_shown(path) || self.is_apart && self.shown.iter().any(|place| place.starts_with(path))
    }

    fn is_shown(&self, path: &Path) -> bool {
        self.shown.iter().any(|place| path.starts_with(place))
    }

    /// Whether a process is one of the box.
    fn is_its_own(&self, who: Who, number: i32) -> bool {
        if self.is_apart {
            return Path::new(&format!("/proc/{}/root/proc/{number}", who.0)).exists();
        }
        let keeper = getpid().as_raw_nonzero().get();
        let mut process = number;
        for _ in 0..ANCESTORS_MAX {
            if process == keeper {
                return true;
            }
            match parent(process) {
                Some(parent) if parent > 1 => process = parent,
                _ => return false,
            }
        }
        false
    }

    /// Whether the machine has something by this name, as far as that can be found out without asking anybody else: what
    /// lies on another one may be there.
    fn is_there(&self, path: &Path) -> bool {
        let beneath = self.mounts.iter().filter(|(mount, _)| path.starts_with(mount));
        let is_local = beneath.max_by_key(|(mount, _)| mount.as_os_str().len()).is_some_and(|(_, is_local)| *is_local);
        if !is_local {
            return true;
        }
        let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        !matches!(
            openat2(CWD, path, flags, Mode::empty(), resolve),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG)
        )
    }
}

/// Whether there is something by this name in the room that a box has for itself.
fn is_in_box(who: Who, path: &Path) -> bool {
    let folder = OFlags::PATH | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let Ok(root) = open(format!("/proc/{}/root", who.0), folder, Mode::empty()) else { return false };
    let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
    openat2(root, path, flags, Mode::empty(), resolve).is_ok()
}

/// Whether what lies there may be somebody's.
fn is_somebodys(path: &Path) -> bool {
    let is_under = |place: &&str| path.starts_with(place);
    path.parent().is_some() && (SECRETS.iter().any(is_under) || !QUIET.iter().any(is_under))
}

/// An address that is not its own machine's.
fn outside(host: IpAddr, port: u16) -> Option<String> {
    let is_own = host.is_loopback() || host.is_unspecified();
    (!is_own).then(|| match host {
        IpAddr::V4(host) => format!("{host}:{port}"),
        IpAddr::V6(host) => format!("[{host}]:{port}"),
    })
}

/// A path in which each name is meant once: `..` is taken as a word, without looking where links lead.
fn plain(path: &Path) -> Option<PathBuf> {
    if !path.is_absolute() {
        return None;
    }
    let mut plain = PathBuf::from("/");
    for part in path.components() {
        match part {
            // On every machine with both, one is a link to the other.
            Component::Normal(name) if name == "run" && plain == Path::new("/var") => plain = PathBuf::from("/run"),
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => _ = plain.pop(),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Some(plain)
}

fn parent(process: i32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind its name, which is anything in brackets.
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn mounts(text: &str) -> Vec<(PathBuf, bool)> {
    let mount = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let at = before.split(' ').nth(4)?.replace("\\040", " ");
        Some((PathBuf::from(at), LOCAL.contains(&after.split(' ').next()?)))
    };
    text.lines().filter_map(mount).collect()
}
