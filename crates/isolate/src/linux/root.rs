//! A machine of its own, of the parts of this one that the policy grants: a new root in memory, and in it the system's
//! programs, the grants under their own names, a `/proc` of its own processes, a few devices.
//!
//! Everything is opened before anything is covered, and mounted by its handle: no path is looked up twice.

use super::{
    place, raw,
    system::{PROC_COVERED, PROGRAMS, SCRATCH_BYTES_MAX, SETTINGS, devices, made_settings},
    wire::{Fault, Step},
};
use crate::Plan;
use rustix::{
    fs::CWD,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
        fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_change, move_mount, open_tree, unmount,
    },
    process::{chdir, getegid, geteuid, pivot_root},
};
use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

/// Folders that the new root can be built in; what they hold is not lost, it is covered in this namespace only.
const STAGES: &[&str] = &["/tmp", "/mnt", "/run", "/var"];

const PLAIN: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
const READ_ONLY: u64 = PLAIN | libc::MOUNT_ATTR_RDONLY;
const DEVICE: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC;

/// Something of this machine, and where it goes in the other one.
struct Piece {
    at: PathBuf,
    mount: OwnedFd,
    is_folder: bool,
}

/// Replaces the root of this mount namespace, which is nobody else's.
pub(crate) fn replace(plan: &Plan) -> Result<(), Fault> {
    // What is mounted in here must not appear outside.
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).step("making the mounts private")?;
    let pieces = pieces(plan)?;
    let links = links()?;
    let root = memory("0755", 1 << 20, MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)?;
    let stage = Path::new(STAGES.iter().find(|stage| Path::new(stage).is_dir()).unwrap_or(&"/tmp"));
    attach(&root, stage)?;

    for name in ["dev", "etc", "proc", "tmp"] {
        folder(stage, Path::new(name))?;
    }
    let scratch = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    attach(&memory("1777", SCRATCH_BYTES_MAX, scratch)?, &stage.join("tmp"))?;
    folder(stage, Path::new("dev/shm"))?;
    attach(&memory("1777", SCRATCH_BYTES_MAX, scratch)?, &stage.join("dev/shm"))?;
    for (at, to) in links {
        std::os::unix::fs::symlink(&to, stage.join(&at)).step(format!("linking /{}", at.display()))?;
    }
    for (at, to) in [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")] {
        std::os::unix::fs::symlink(to, stage.join("dev").join(at)).step(format!("linking /dev/{at}"))?;
    }
    let home = plan.policy.home.to_string_lossy();
    for (at, text) in made_settings(geteuid().as_raw(), getegid().as_raw(), &home) {
        fs::write(stage.join(&at[1..]), text).step(format!("writing {at}"))?;
    }
    // Shorter ones first: what is granted inside of what is granted is mounted over it.
    for piece in pieces {
        let at = piece.at.strip_prefix("/").unwrap_or(&piece.at);
        if piece.is_folder {
            folder(stage, at)?;
        } else {
            file(stage, at)?;
        }
        attach(&piece.mount, &stage.join(at))?;
    }
    processes(stage)?;
    raw::mount_attributes_add(root.as_fd(), READ_ONLY, false).step("closing the root to writing")?;

    // Both roots on one place, then the upper one, which is the old one, is taken off.
    chdir(stage).step("entering the new root")?;
    pivot_root(".", ".").step("taking the new root")?;
    unmount(".", UnmountFlags::DETACH).step("leaving the old root")?;
    chdir("/").step("entering the new root")
}

fn pieces(plan: &Plan) -> Result<Vec<Piece>, Fault> {
    let policy = &plan.policy;
    let mut pieces = Vec::new();
    for path in PROGRAMS.iter().chain(SETTINGS) {
        if !fs::symlink_metadata(path).is_ok_and(|found| PROGRAMS.contains(path) && found.is_symlink())
            && let Some((file, is_folder)) = place::open_if_there(path)?
        {
            pieces.push(piece(Path::new(path), &file, is_folder, READ_ONLY)?);
        }
    }
    for (path, _) in devices(plan) {
        if let Some((file, is_folder)) = place::open_if_there(path)? {
            pieces.push(piece(Path::new(path), &file, is_folder, DEVICE)?);
        }
    }
    let read = policy.read.iter().chain(&policy.code).map(|path| (path, READ_ONLY));
    let written = policy.write.iter().chain([&policy.home]).map(|path| (path, PLAIN));
    for (path, attributes) in read.chain(written) {
        let (file, is_folder) = place::open(path)?;
        pieces.push(piece(path, &file, is_folder, attributes)?);
    }
    pieces.sort_by_key(|piece| piece.at.components().count());
    Ok(pieces)
}

/// A copy of the mount there, with all beneath it, that is nowhere yet.
fn piece(path: &Path, file: &OwnedFd, is_folder: bool, attributes: u64) -> Result<Piece, Fault> {
    let step = || format!("taking {}", path.display());
    let copy = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_EMPTY_PATH;
    let mount = open_tree(file, "", copy).step(step())?;
    raw::mount_attributes_add(mount.as_fd(), attributes, true).step(step())?;
    Ok(Piece { at: path.to_owned(), mount, is_folder })
}

/// Where the system's folders are links into `/usr`, as on most systems by now.
fn links() -> Result<Vec<(PathBuf, PathBuf)>, Fault> {
    let mut links = Vec::new();
    for path in PROGRAMS {
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            let to = fs::read_link(path).step(format!("reading {path}"))?;
            links.push((PathBuf::from(&path[1..]), to));
        }
    }
    Ok(links)
}

/// A file system in memory.
fn memory(mode: &str, bytes_max: u64, attributes: MountAttrFlags) -> Result<OwnedFd, Fault> {
    let step = "making a file system in memory";
    let made = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).step(step)?;
    fsconfig_set_string(made.as_fd(), "mode", mode).step(step)?;
    fsconfig_set_string(made.as_fd(), "size", bytes_max.to_string()).step(step)?;
    fsconfig_create(made.as_fd()).step(step)?;
    fsmount(made.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).step(step)
}

/// A `/proc` of the processes of this namespace, closed to writing: as root's, some of it would change the machine.
fn processes(stage: &Path) -> Result<(), Fault> {
    let step = "making /proc";
    let made = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC).step(step)?;
    fsconfig_create(made.as_fd()).step(step)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let mount = fsmount(made.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).step(step)?;
    attach(&mount, &stage.join("proc"))?;
    // An empty file and no device: what is written to a device is no matter of the mount that it is seen by.
    let nothing = stage.join("dev/nothing");
    file(stage, Path::new("dev/nothing"))?;
    let empty = OwnedFd::from(fs::File::open(&nothing).step("covering parts of /proc")?);
    for path in PROC_COVERED {
        let at = stage.join(&path[1..]);
        if at.exists() {
            attach(&piece(Path::new(path), &empty, false, READ_ONLY | libc::MOUNT_ATTR_NOEXEC)?.mount, &at)?;
        }
    }
    fs::remove_file(&nothing).step("covering parts of /proc")
}

fn attach(mount: &OwnedFd, at: &Path) -> Result<(), Fault> {
    move_mount(mount, "", CWD, at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).step(format!("mounting {}", at.display()))
}

fn folder(stage: &Path, at: &Path) -> Result<(), Fault> {
    fs::create_dir_all(stage.join(at)).step(format!("making /{}", at.display()))
}

fn file(stage: &Path, at: &Path) -> Result<(), Fault> {
    if let Some(above) = at.parent() {
        folder(stage, above)?;
    }
    match fs::OpenOptions::new().write(true).create_new(true).open(stage.join(at)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()).step(format!("making /{}", at.display())),
    }
}
