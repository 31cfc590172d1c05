//! The way from a granted folder to a file: by open handles, one name at a time, never through a link.
//!
//! The folder is opened by its path once, and must then still be the one that was granted, by device and number. From
//! there each name is opened beneath the handle before it and nothing is followed, so whoever renames or links folders
//! meanwhile can make the walk fail, but not lead it elsewhere. Each folder on the way is compared with those that
//! belong to oikos: another name for one of them (a bind mount, another case) is recognised as well.

#![expect(clippy::disallowed_methods, reason = "the one place that opens a granted folder by its path")]

use broker::{Folder, ProtectedFolder};
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use kernel::host_call::GuestError;
use protocol::{ErrorCode, sentence};
use rustix::{
    fs::{OFlags, RenameFlags},
    io::Errno,
};
use std::{fs::File, io, path::Path};

/// Why a walk did not arrive. Names are those of the walk, not the system's.
#[derive(Debug)]
pub(crate) enum WalkError {
    /// The folder is not the one that was granted.
    RootChanged,
    /// There is nothing of this name.
    NotFound { name: Option<String> },
    /// A link; links are not followed.
    IsLink { name: String },
    /// A file where a folder should be.
    NotAFolder { name: String },
    /// A folder, a device, a pipe … where a file should be.
    NotAFile { name: String, is: &'static str },
    /// It belongs to oikos itself.
    Protected,
    /// Not a file that somebody stored, but a window into the system.
    Pseudo,
    /// The system refused.
    System(io::Error),
}

impl WalkError {
    /// As the guest sees it. `named`: the path as the guest named it; `root`: the granted folder.
    pub(crate) fn guest(&self, named: &str, root: &str) -> GuestError {
        let shown = protocol::text::shorten(named, 300);
        let name = |name: &str| protocol::text::shorten(name, 100);
        match self {
            Self::RootChanged => GuestError::new(ErrorCode::PermissionDenied, sentence::rule_changed(root).to_string()),
            Self::NotFound { name: None } => {
                GuestError::new(ErrorCode::NotFound, format!("{shown}: there is no such file"))
            }
            Self::NotFound { name: Some(folder) } => {
                GuestError::new(ErrorCode::NotFound, format!("{shown}: there is no folder '{}'", name(folder)))
            }
            Self::IsLink { name: link } => GuestError::new(
                ErrorCode::FileUnusable,
                format!("{shown}: '{}' is a link, and links are not followed", name(link)),
            ),
            Self::NotAFolder { name: file } => {
                GuestError::new(ErrorCode::FileUnusable, format!("{shown}: '{}' is not a folder", name(file)))
            }
            Self::NotAFile { name: thing, is } => {
                GuestError::new(ErrorCode::FileUnusable, format!("{shown}: '{}' is {is}, not a file", name(thing)))
            }
            Self::Protected => {
                GuestError::new(ErrorCode::PermissionDenied, sentence::rule_protected(named).to_string())
            }
            Self::Pseudo => GuestError::new(
                ErrorCode::FileUnusable,
                format!("{shown}: this is a window into the system, not a stored file"),
            ),
            Self::System(error) => crate::common::system_error(named, error),
        }
    }
}

/// Walks. Knows what belongs to oikos itself.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    protected: Vec<ProtectedFolder>,
}

impl Walker {
    pub(crate) fn new(protected: Vec<ProtectedFolder>) -> Self {
        Self { protected }
    }

    /// The granted folder itself.
    pub(crate) fn root(&self, folder: &Folder) -> Result<Dir, WalkError> {
        let dir =
            Dir::open_ambient_dir(&folder.path, cap_std::ambient_authority()).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => WalkError::RootChanged,
                _ => WalkError::System(error),
            })?;
        let metadata = dir.dir_metadata().map_err(WalkError::System)?;
        if (metadata.dev(), metadata.ino()) != (folder.device, folder.inode) {
            return Err(WalkError::RootChanged);
        }
        self.check_folder(&dir, &metadata)?;
        Ok(dir)
    }

    /// A folder beneath the granted one.
    pub(crate) fn folder(&self, folder: &Folder, names: &[String]) -> Result<Dir, WalkError> {
        let mut dir = self.root(folder)?;
        for name in names {
            dir = self.step(&dir, name)?;
        }
        Ok(dir)
    }

    /// One folder further.
    fn step(&self, dir: &Dir, name: &str) -> Result<Dir, WalkError> {
        let next = dir.open_dir_nofollow(name).map_err(|error| folder_error(dir, name, error))?;
        let metadata = next.dir_metadata().map_err(WalkError::System)?;
        self.check_folder(&next, &metadata)?;
        Ok(next)
    }

    /// The folder that holds the last name, and that name.
    pub(crate) fn parent<'a>(&self, folder: &Folder, names: &'a [String]) -> Result<(Dir, &'a str), WalkError> {
        let Some((name, above)) = names.split_last() else {
            return Err(WalkError::NotAFile { name: last_name(&folder.path), is: "a folder" });
        };
        Ok((self.folder(folder, above)?, name))
    }

    /// As [`Walker::parent`], for a file whose folders need not all be there: the innermost one that is, the names of
    /// those that are missing, and the last name.
    pub(crate) fn way<'a>(
        &self,
        folder: &Folder,
        names: &'a [String],
    ) -> Result<(Dir, &'a [String], &'a str), WalkError> {
        let Some((name, above)) = names.split_last() else {
            return Err(WalkError::NotAFile { name: last_name(&folder.path), is: "a folder" });
        };
        let mut dir = self.root(folder)?;
        for (index, step) in above.iter().enumerate() {
            match self.step(&dir, step) {
                Ok(next) => dir = next,
                Err(WalkError::NotFound { .. }) => return Ok((dir, &above[index..], name)),
                Err(error) => return Err(error),
            }
        }
        Ok((dir, &[], name))
    }

    /// Makes a folder in a folder, and opens it.
    pub(crate) fn make(&self, dir: &Dir, name: &str) -> Result<Dir, WalkError> {
        dir.create_dir(name).map_err(WalkError::System)?;
        self.step(dir, name)
    }

    /// A regular file beneath the granted folder, opened for reading.
    pub(crate) fn file(&self, folder: &Folder, names: &[String]) -> Result<(File, Stat), WalkError> {
        let (dir, name) = self.parent(folder, names)?;
        file_open(&dir, name)
    }

    fn check_folder(&self, dir: &Dir, metadata: &Metadata) -> Result<(), WalkError> {
        let is_protected = self.protected.iter().any(|own| (own.device, own.inode) == (metadata.dev(), metadata.ino()));
        if is_protected {
            return Err(WalkError::Protected);
        }
        check_stored(dir)
    }
}

fn last_name(path: &str) -> String {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("/").to_owned()
}

fn folder_error(dir: &Dir, name: &str, error: io::Error) -> WalkError {
    if error.kind() == io::ErrorKind::NotFound {
        return WalkError::NotFound { name: Some(name.to_owned()) };
    }
    // Only for a better message: the walk has ended.
    match dir.symlink_metadata(name) {
        Ok(metadata) if metadata.is_symlink() => WalkError::IsLink { name: name.to_owned() },
        Ok(metadata) if !metadata.is_dir() => WalkError::NotAFolder { name: name.to_owned() },
        _ => WalkError::System(error),
    }
}

/// What identifies a file and its state at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Stat {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            mode: metadata.mode() & 0o777,
            user: metadata.uid(),
            group: metadata.gid(),
        }
    }

    /// The state of an open file.
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        let metadata = Metadata::from_file(file)?;
        Ok(Self::of(&metadata))
    }

    /// Whether it is the same file with the same content as far as the system tells. A link more or less, or another
    /// mode, is no change of content.
    pub(crate) fn is_same_content(&self, other: &Self) -> bool {
        (self.device, self.inode, self.bytes, self.modified) == (other.device, other.inode, other.bytes, other.modified)
    }
}

/// Opens a regular file for reading. A pipe or a device is opened without waiting for its other end, looked at and
/// closed again.
pub(crate) fn file_open(dir: &Dir, name: &str) -> Result<(File, Stat), WalkError> {
    // What is no regular file is not even opened where that can be seen before: opening some devices does something.
    match stat(dir, name).map_err(WalkError::System)? {
        None => return Err(WalkError::NotFound { name: None }),
        Some(found) => found.check_file(name)?,
    }
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = dir.open_with(name, &options).map_err(|error| match stat(dir, name) {
        Ok(Some(found)) => found.check_file(name).err().unwrap_or(WalkError::System(error)),
        Ok(None) => WalkError::NotFound { name: None },
        Err(_) => WalkError::System(error),
    })?;
    let metadata = file.metadata().map_err(WalkError::System)?;
    Found(metadata.clone()).check_file(name)?;
    let file = file.into_std();
    check_stored(&file)?;
    Ok((file, Stat::of(&metadata)))
}

/// What a name stands for, without following it; `None` if for nothing.
pub(crate) fn stat(dir: &Dir, name: &str) -> io::Result<Option<Found>> {
    match dir.symlink_metadata(name) {
        Ok(metadata) => Ok(Some(Found(metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a name stands for.
pub(crate) struct Found(Metadata);

impl Found {
    pub(crate) fn stat(&self) -> Stat {
        Stat::of(&self.0)
    }

    /// Whether it is a regular file.
    pub(crate) fn check_file(&self, name: &str) -> Result<(), WalkError> {
        use cap_std::fs::FileTypeExt as _;
        let file_type = self.0.file_type();
        let is = match () {
            () if file_type.is_file() => return Ok(()),
            () if file_type.is_symlink() => return Err(WalkError::IsLink { name: name.to_owned() }),
            () if file_type.is_dir() => "a folder",
            () if file_type.is_fifo() => "a pipe",
            () if file_type.is_socket() => "a socket",
            () if file_type.is_block_device() || file_type.is_char_device() => "a device",
            () => "something else",
        };
        Err(WalkError::NotAFile { name: name.to_owned(), is })
    }
}

/// Makes a new file for writing that only its owner can read. Returns also the mode that a new file has here by the
/// person's own settings, without the right to execute it.
pub(crate) fn file_create_new(dir: &Dir, name: &str) -> io::Result<(File, u32)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).follow(FollowSymlinks::No).mode(0o644);
    let file = dir.open_with(name, &options)?.into_std();
    let mode = Stat::of_file(&file)?.mode & 0o644;
    mode_set(&file, 0o600)?;
    Ok((file, mode))
}

/// Sets who may read and write an open file.
pub(crate) fn mode_set(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Gives a new name to a file, unless there is something of that name.
pub(crate) fn rename_new(from_dir: &Dir, from: &str, to_dir: &Dir, to: &str) -> io::Result<()> {
    match rename_with(from_dir, from, to_dir, to, RenameFlags::NOREPLACE) {
        Err(error) if is_unknown(error) => {
            from_dir.hard_link(from, to_dir, to)?;
            from_dir.remove_file(from)
        }
        other => Ok(other?),
    }
}

/// Lets two files change names. `false`: this file system cannot.
pub(crate) fn rename_exchange(dir: &Dir, one: &str, other: &str) -> io::Result<bool> {
    match rename_with(dir, one, dir, other, RenameFlags::EXCHANGE) {
        Err(error) if is_unknown(error) => Ok(false),
        done => Ok(done.map(|()| true)?),
    }
}

/// Renames in a way that not every file system knows. A test gives the system's answer.
fn rename_with(from_dir: &Dir, from: &str, to_dir: &Dir, to: &str, flags: RenameFlags) -> Result<(), Errno> {
    fail::fail_point!("rename_with", |number: Option<String>| {
        let number = number.and_then(|number| number.parse().ok());
        Err(number.map_or(Errno::IO, Errno::from_raw_os_error))
    });
    rustix::fs::renameat_with(from_dir, from, to_dir, to, flags)
}

fn is_unknown(error: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP].contains(&error)
}

/// Waits until what was created, renamed or removed in a folder is on the disk.
pub(crate) fn folder_sync(dir: &Dir) -> io::Result<()> {
    // A handle that only walks cannot be synced; this one is the same folder, opened to be read.
    dir.open(".")?.sync_all()
}

/// Opens a folder of oikos itself, and makes it if it is not there.
pub(crate) fn own_folder(path: &Path) -> io::Result<Dir> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    Dir::open_ambient_dir(path, cap_std::ambient_authority())
}

/// A folder of oikos itself, if it is there.
pub(crate) fn own_folder_there(path: &Path) -> io::Result<Option<Dir>> {
    match Dir::open_ambient_dir(path, cap_std::ambient_authority()) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A path as the system resolves it for a person: links and all.
pub(crate) fn canonical(path: &Path) -> io::Result<std::path::PathBuf> {
    path.canonicalize()
}

/// Refuses file systems whose files are made up by the kernel as they are read: processes' memory and settings,
/// devices, control files. A grant for files never means these, and `/proc/self` would be oikos itself.
#[cfg(target_os = "linux")]
fn check_stored(handle: &impl std::os::fd::AsFd) -> Result<(), WalkError> {
    /// From linux/magic.h: proc, sysfs, devpts, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, pstore, selinuxfs,
    /// efivarfs, configfs, binfmt_misc.
    const MADE_UP: [u64; 14] = [
        0x9fa0,
        0x6265_6572,
        0x1cd1,
        0x27_e0eb,
        0x6367_7270,
        0x6462_6720,
        0x7472_6163,
        0x7363_6673,
        0xcafe_4a11,
        0x6165_676c,
        0xf97c_ff8c,
        0xde5e_81e4,
        0x6265_6570,
        0x4249_4e4d,
    ];
    let found = rustix::fs::fstatfs(handle).map_err(|error| WalkError::System(error.into()))?;
    let magic = found.f_type as u64 & 0xffff_ffff;
    if MADE_UP.contains(&magic) { Err(WalkError::Pseudo) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
fn check_stored(_: &impl std::os::fd::AsFd) -> Result<(), WalkError> {
    Ok(())
}

/// A folder that a person named, opened to see what it is.
pub(crate) fn folder_for_person(path: &Path) -> Result<Dir, WalkError> {
    let dir = Dir::open_ambient_dir(path, cap_std::ambient_authority()).map_err(WalkError::System)?;
    check_stored(&dir)?;
    Ok(dir)
}
