//! Which file of this machine a command means, and what it needs beside itself to run.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Interpreters keep their libraries beside them, a few folders up: those of `~/.nvm/versions/node/v24/bin/node` are in
/// `~/.nvm/versions/node/v24`.
const PROGRAM_FOLDER: &str = "bin";

/// Where managers of versions keep scripts that choose one.
const SHIMS: &str = "shims";

/// A program of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The file itself, with no link on the way.
    pub(crate) program: PathBuf,
    /// What it needs beside what every program has.
    pub(crate) beside: Option<PathBuf>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lacking {
    /// Nothing has this name.
    #[error("{0} is not installed on this machine, or not where programs are looked for ({1})")]
    Nowhere(String, String),
    /// It is there and cannot be started.
    #[error("{0} cannot be started: {1}")]
    Unusable(String, String),
}

/// Finds a program: a full path is that file, a bare name is looked for in these folders, and anything else is a file of the
/// app's own code.
pub(crate) fn find(command: &str, code: &Path, folders: &[PathBuf]) -> Result<Found, Lacking> {
    if command.starts_with('/') {
        return look(Path::new(command)).map_err(|error| Lacking::Unusable(command.to_owned(), reason(&error)));
    }
    if command.contains('/') {
        let own = code.join(command.trim_start_matches("./"));
        return look(&own).map_err(|error| Lacking::Unusable(command.to_owned(), reason(&error)));
    }
    let mut unusable = None;
    // What a manager of versions puts in front starts another program by rules that lie elsewhere: not what was looked at.
    let is_usable = |folder: &&PathBuf| folder.is_absolute() && !folder.ends_with(SHIMS);
    for folder in folders.iter().filter(is_usable) {
        match look(&folder.join(command)) {
            Ok(found) => return Ok(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => unusable = unusable.or(Some(Lacking::Unusable(command.to_owned(), reason(&error)))),
        }
    }
    let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    Err(unusable.unwrap_or_else(|| Lacking::Nowhere(command.to_owned(), looked.join(":"))))
}

fn look(path: &Path) -> io::Result<Found> {
    let program = fs::canonicalize(path)?;
    let metadata = fs::metadata(&program)?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(io::Error::other("it is no file that can be executed"));
    }
    if metadata.permissions().mode() & 0o002 != 0 {
        return Err(io::Error::other("anybody on this machine may change it"));
    }
    let folder = program.parent().filter(|folder| folder.ends_with(PROGRAM_FOLDER));
    let beside = folder.and_then(Path::parent).filter(|beside| !is_the_systems(beside)).map(Path::to_owned);
    Ok(Found { program, beside })
}

/// Whether every program has it anyway.
fn is_the_systems(folder: &Path) -> bool {
    ["/usr", "/bin", "/lib", "/nix/store", "/gnu/store"].iter().any(|system| folder.starts_with(system))
        || folder.parent().is_none()
}

fn reason(error: &io::Error) -> String {
    protocol::text::shorten(&error.to_string(), 200)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn program(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_name_a_path_and_a_file_of_the_app() {
        let room = tempfile::tempdir().unwrap();
        let room = fs::canonicalize(room.path()).unwrap();
        let (code, first, second) = (room.join("code"), room.join("first"), room.join("node/v24/bin"));
        program(&second.join("node"), 0o755);
        program(&code.join("bin/serve"), 0o700);
        program(&first.join("plain"), 0o644);
        program(&first.join("open"), 0o777);
        std::os::unix::fs::symlink(second.join("node"), first.join("js")).unwrap();
        let folders = vec![first.clone(), second.clone(), "relative".into()];
        let check = |command: &str, expected: Result<(&Path, Option<&Path>), &str>| match (
            find(command, &code, &folders),
            expected,
        ) {
            (Ok(found), Ok((program, beside))) => {
                assert_eq!((found.program.as_path(), found.beside.as_deref()), (program, beside), "{command}");
            }
            (Err(lacking), Err(part)) => assert!(lacking.to_string().contains(part), "{lacking}"),
            (found, _) => panic!("{command}: {found:?}"),
        };
        let node = second.join("node");
        check("node", Ok((&node, second.parent())));
        check("js", Ok((&node, second.parent())));
        check(node.to_str().unwrap(), Ok((&node, second.parent())));
        check("bin/serve", Ok((&code.join("bin/serve"), Some(&code))));
        check("./bin/serve", Ok((&code.join("bin/serve"), Some(&code))));
        check("plain", Err("no file that can be executed"));
        check("open", Err("anybody on this machine may change it"));
        check("absent", Err("is not installed on this machine"));
        check("bin/absent", Err("cannot be started"));
        check("/bin", Err("no file that can be executed"));
    }
}
