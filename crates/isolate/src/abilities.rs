//! What a machine can do, as it was found by doing it once. Plain data: `probe` makes it, `plan` reads it, tests hide parts.

use protocol::{Sentence, sentence};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Something that keeps a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adapter {
    /// User, mount, process, network, IPC and name namespaces that we make ourselves.
    Namespaces,
    /// The same, made by `bwrap`, where only it may.
    Bubblewrap,
    /// Rules over files, ports and signals that a process lays upon itself.
    Landlock,
    /// Which system calls there are.
    Seccomp,
    /// Bounds over a whole tree of processes.
    Cgroup,
    /// Bounds over each process. Always there, never enough alone.
    Rlimits,
    /// macOS: `sandbox-exec`.
    Seatbelt,
    /// Windows: bounds over a tree of processes.
    JobObjects,
}

impl Adapter {
    /// All of them, in the order in which they are said.
    pub const ALL: &[Self] = &[
        Self::Namespaces,
        Self::Bubblewrap,
        Self::Landlock,
        Self::Seccomp,
        Self::Cgroup,
        Self::Rlimits,
        Self::Seatbelt,
        Self::JobObjects,
    ];

    /// Its name, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Bubblewrap => "bubblewrap",
            Self::Landlock => "Landlock",
            Self::Seccomp => "seccomp",
            Self::Cgroup => "cgroup",
            Self::Rlimits => "rlimits",
            Self::Seatbelt => "Seatbelt",
            Self::JobObjects => "Job Objects",
        }
    }

    /// Whether what speaks to this system by this adapter has been run by anybody who wrote it.
    pub const fn was_run(self) -> bool {
        !matches!(self, Self::Seatbelt | Self::JobObjects)
    }
}

/// The kind of system, which decides what else is worth looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Linux, with all of the adapters that were run.
    Linux,
    /// macOS. Written, never run here.
    MacOs,
    /// Windows. Written, never run here.
    Windows,
    /// Another one, on which nothing is started.
    Other,
}

/// What keeps an adapter from working, where the reason is one that a person can mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// It is not there.
    Absent,
    /// A test said that it is not there.
    Hidden,
    /// AppArmor lets only programs it knows make user namespaces.
    AppArmor,
    /// `kernel.unprivileged_userns_clone` is 0.
    CloneOff,
    /// `user.max_user_namespaces` is 0.
    NoneLeft,
    /// Another one: where it stopped, and with which error.
    At(String),
}

/// Whether an adapter works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// It was used, and did what it should.
    Works,
    /// It does not.
    Fails(Obstacle),
}

impl Ability {
    /// Whether it works.
    pub fn works(&self) -> bool {
        *self == Self::Works
    }
}

/// A place in the tree of control groups where we can make groups of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CgroupPlace {
    /// One tree for all controllers.
    V2 {
        /// The folder in which groups are made.
        folder: PathBuf,
        /// Whether groups there bound memory.
        memory: bool,
        /// Whether groups there bound processes.
        processes: bool,
    },
    /// A tree for each controller.
    V1 {
        /// The folder in which groups that bound memory are made.
        memory: Option<PathBuf>,
        /// The folder in which groups that bound processes are made.
        processes: Option<PathBuf>,
    },
}

impl CgroupPlace {
    pub(crate) fn bounds_memory(&self) -> bool {
        matches!(self, Self::V2 { memory: true, .. } | Self::V1 { memory: Some(_), .. })
    }

    pub(crate) fn bounds_processes(&self) -> bool {
        matches!(self, Self::V2 { processes: true, .. } | Self::V1 { processes: Some(_), .. })
    }
}

/// What this machine can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// Which kind of system it is.
    pub system: System,
    /// Whether we can make namespaces.
    pub namespaces: Ability,
    /// Whether `bwrap` can.
    pub bubblewrap: Ability,
    /// Where `bwrap` is.
    pub bubblewrap_program: Option<PathBuf>,
    /// The version of Landlock's interface; 0 where there is none, or where its rules could not be laid.
    pub landlock: u8,
    /// Whether filters of system calls can be installed.
    pub seccomp: bool,
    /// Whether what such a filter refuses is told to us. It keeps nothing.
    #[serde(default)]
    pub watch: bool,
    /// Where control groups can be made.
    pub cgroup: Option<CgroupPlace>,
    /// Whether we run as root, whose processes the system does not count.
    pub is_root: bool,
}

/// The first Landlock that keeps signals and abstract sockets in.
pub(crate) const LANDLOCK_SCOPES: u8 = 6;

impl Abilities {
    /// A machine that can do nothing: where every policy is refused.
    pub fn none(system: System) -> Self {
        Self {
            system,
            namespaces: Ability::Fails(Obstacle::Absent),
            bubblewrap: Ability::Fails(Obstacle::Absent),
            bubblewrap_program: None,
            landlock: 0,
            seccomp: false,
            watch: false,
            cgroup: None,
            is_root: false,
        }
    }

    /// The same machine, if it had not this adapter. What keeps a fact on another one cannot be tested otherwise.
    #[must_use]
    pub fn without(mut self, adapter: Adapter) -> Self {
        match adapter {
            Adapter::Namespaces => self.namespaces = Ability::Fails(Obstacle::Hidden),
            Adapter::Bubblewrap => self.bubblewrap = Ability::Fails(Obstacle::Hidden),
            Adapter::Landlock => self.landlock = 0,
            Adapter::Seccomp => (self.seccomp, self.watch) = (false, false),
            Adapter::Cgroup => self.cgroup = None,
            // Part of every system that is supported at all; without them there is none.
            Adapter::Rlimits | Adapter::Seatbelt | Adapter::JobObjects => {
                self = Self { is_root: self.is_root, ..Self::none(System::Other) };
            }
        }
        self
    }

    /// Whether an adapter can be used.
    pub fn has(&self, adapter: Adapter) -> bool {
        match adapter {
            Adapter::Namespaces => self.namespaces.works(),
            Adapter::Bubblewrap => self.bubblewrap.works(),
            Adapter::Landlock => self.landlock > 0,
            Adapter::Seccomp => self.seccomp,
            Adapter::Cgroup => {
                self.cgroup.as_ref().is_some_and(|place| place.bounds_memory() || place.bounds_processes())
            }
            Adapter::Rlimits => self.system == System::Linux || self.system == System::MacOs,
            Adapter::Seatbelt => self.system == System::MacOs,
            Adapter::JobObjects => self.system == System::Windows,
        }
    }

    /// What would make namespaces work, as one thing that a person does.
    pub(crate) fn namespaces_fix(&self) -> Sentence {
        match &self.namespaces {
            Ability::Fails(Obstacle::CloneOff) => {
                sentence::isolate_fix_command("sudo sysctl -w kernel.unprivileged_userns_clone=1")
            }
            Ability::Fails(Obstacle::NoneLeft) => {
                sentence::isolate_fix_command("sudo sysctl -w user.max_user_namespaces=15000")
            }
            Ability::Fails(Obstacle::AppArmor) if self.bubblewrap_program.is_some() => {
                sentence::isolate_fix_command("sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
            }
            // Installed, and kept from working too: by the container that all this runs in, as a rule.
            _ if self.bubblewrap_program.is_some() => sentence::isolate_fix_container(),
            _ => sentence::isolate_fix_command("sudo apt install bubblewrap"),
        }
    }
}
