//! `cargo xtask conformance`: the official suite of the Model Context Protocol, on both sides and in both revisions.
//!
//! As a server, oikos is asked where everybody asks it: at its door, with a key, for tools, resources and prompts of apps that are
//! MCP servers themselves. So the suite's questions go through the door, the kernel, the broker, the box and our client, and the
//! answers come back the same way and stand in the log. As a client, the program that the suite starts is our client.

mod figures; // what the suite says at its end
mod forward; // the suite knows of no keys
mod inspector; // what the official inspector sees
mod stage; // an oikos with the fixtures in it

use crate::{
    node::{self, Found, Packages},
    shell::{self, House, Result, oikos_file},
};
use figures::Figures;
use stage::Stage;
use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Which suite, to the letter.
const PACKAGE: &str = "xtask/conformance";
/// Where it lies among the packages.
const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
/// What may fail, a line each, with why: `SIDE SCENARIO: reason`.
const EXPECTED: &str = "xtask/conformance/expected-failures.txt";
/// The programs that the suite meets.
const PROGRAMS: [&str; 3] = ["oikos", "conformance-server", "conformance-client"];

/// Which of the two ends of a conversation is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// What is gone through, and how many checks of it passed when this was written: a suite that looks at less than it did says
/// nothing.
const RUNS: &[(Side, &str, u64)] = &[
    (Side::Server, "2025-11-25", 84),
    (Side::Server, "2026-07-28", 197),
    (Side::Client, "2025-11-25", 324),
    (Side::Client, "2026-07-28", 473),
];

impl Side {
    const fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Server, Self::Client].into_iter().find(|side| side.word() == word)
    }
}

/// What came of it.
pub(crate) enum Outcome {
    /// Everything that has to pass did.
    Held,
    /// Nothing was asked: the suite or its Node could not be fetched.
    NotReached(String),
}

/// Builds what the suite meets.
pub(crate) fn build(house: &House) -> Result<()> {
    let mut words = vec!["build", "--quiet", "--workspace", "--all-features"];
    words.extend(PROGRAMS.iter().flat_map(|program| ["--bin", program]));
    shell::run(house.cargo(&words))
}

/// Goes through the suite with the programs of the tests, or of [`build`]: both lie in the same place.
pub(crate) fn run(house: &House, side: Option<Side>, revision: Option<&str>) -> Result<Outcome> {
    let is_meant = |run: &&(Side, &str, u64)| {
        side.is_none_or(|side| side == run.0) && revision.is_none_or(|revision| revision == run.1)
    };
    let runs: Vec<_> = RUNS.iter().filter(is_meant).collect();
    if runs.is_empty() {
        let known: Vec<_> = RUNS.iter().map(|(_, revision, _)| *revision).collect();
        return Err(format!("the suite knows no such revision; it has {}", known.join(", ")).into());
    }
    let suite = match Suite::find(house)? {
        Ok(suite) => suite,
        Err(why) => return Ok(Outcome::NotReached(why)),
    };
    let expected = fs::read_to_string(house.root().join(EXPECTED)).unwrap_or_default();
    let mut table = "\n".to_owned();
    let mut wrongs = Vec::new();
    for (side, revision, least) in runs {
        let title = format!("{} {revision}", side.word());
        println!("-- {title}");
        let figures = suite.go_through(*side, revision)?;
        table.push_str(&figures.table(&title));
        let wrong = figures.wrongs(&expected_of(&expected, *side)?, *least);
        wrongs.extend(wrong.into_iter().map(|wrong| format!("{title}: {wrong}")));
    }
    println!("{table}");
    if !wrongs.is_empty() {
        return Err(format!("what the suite saw is not as it has to be:\n  {}", wrongs.join("\n  ")).into());
    }
    if side != Some(Side::Client) && revision.is_none() {
        match Tool::find(house, inspector::PACKAGE)? {
            Ok(inspector) => inspector::look(house, &inspector)?,
            Err(why) => return Ok(Outcome::NotReached(why)),
        }
    }
    Ok(Outcome::Held)
}

/// Something that others wrote in JavaScript, fetched once, with the Node that it needs.
struct Tool {
    node: PathBuf,
    /// Where programs are looked for, so that this Node is found first.
    path: OsString,
    /// With its packages.
    folder: PathBuf,
}

impl Tool {
    /// What a folder of this repository names. `Err` says why it could not be fetched.
    fn find(house: &House, package: &str) -> Result<std::result::Result<Self, String>> {
        let node = match node::find_new(house)? {
            Found::Node(node) => node,
            Found::NotReached(why) => return Ok(Err(format!("Node could not be fetched:\n{why}"))),
        };
        let folder = house.root().join(package);
        let name = folder.file_name().ok_or("a package has a name")?;
        let target = house.target()?.join("tools").join(name);
        fs::create_dir_all(&target)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(folder.join(file), target.join(file))?;
        }
        if let Packages::NotReached(why) = node.packages(house, &target)? {
            return Ok(Err(format!("{} could not be fetched:\n{why}", name.display())));
        }
        Ok(Ok(Self { node: node.program(), path: node.path()?, folder: target }))
    }
}

/// Scenarios of a side that may fail, and why.
fn expected_of(text: &str, side: Side) -> Result<BTreeMap<&str, &str>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut expected = BTreeMap::new();
    for line in lines {
        let parts = line.split_once(": ").and_then(|(what, why)| Some((what.split_once(' ')?, why)));
        let ((of, scenario), why) =
            parts.ok_or_else(|| format!("{EXPECTED}: `{line}` is not SIDE SCENARIO: reason"))?;
        if Side::parse(of).ok_or_else(|| format!("{EXPECTED}: `{of}` is no side"))? == side {
            expected.insert(scenario, why);
        }
    }
    Ok(expected)
}

/// The suite, and what it looks at.
struct Suite {
    node: PathBuf,
    script: PathBuf,
    /// Of the programs.
    debug: PathBuf,
    /// Where it leaves what it saw, for whoever wants to know more.
    results: PathBuf,
}

impl Suite {
    fn find(house: &House) -> Result<std::result::Result<Self, String>> {
        let Tool { node, folder, path: _ } = match Tool::find(house, PACKAGE)? {
            Ok(tool) => tool,
            Err(why) => return Ok(Err(why)),
        };
        let target = house.target()?;
        Ok(Ok(Self {
            node,
            script: folder.join(SUITE),
            debug: target.join("debug"),
            results: target.join("conformance"),
        }))
    }

    fn go_through(&self, side: Side, revision: &str) -> Result<Figures> {
        let results = self.results.join(format!("{}-{revision}", side.word()));
        // What was seen the last time is of no use any more.
        drop(fs::remove_dir_all(&results));
        fs::create_dir_all(&results)?;
        let program = |name: &str| self.debug.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        match side {
            Side::Client => {
                let command = program("conformance-client").to_string_lossy().into_owned();
                self.asks(side, revision, &["--command", &command], &results)
            }
            Side::Server => {
                let name = format!("conformance-{revision}");
                let stage = Stage::set(&self.debug.join(oikos_file()), &program("conformance-server"), &name)?;
                let figures = self.asks(side, revision, &["--url", &stage.url()], &results)?;
                stage.end()?;
                Ok(figures)
            }
        }
    }

    fn asks(&self, side: Side, revision: &str, whom: &[&str], results: &Path) -> Result<Figures> {
        let said = results.join("said.txt");
        let mut command = Command::new(&self.node);
        command.arg(&self.script).arg(side.word()).args(whom).args(["--requirements", revision, "-o"]).arg(results);
        command.current_dir(results).stdin(Stdio::null()).stdout(fs::File::create(&said)?);
        // It may end with what it found wrong: what it counted says more.
        let status = command.stderr(fs::File::create(results.join("complained.txt"))?).status()?;
        let text = fs::read_to_string(&said)?;
        Figures::read(&text)
            .ok_or_else(|| format!("the suite came to no end ({status}): {} has what it said", said.display()).into())
    }
}

/// For whoever says why nothing was asked.
pub(crate) fn not_reached(why: &str) -> String {
    let last = why.lines().last().unwrap_or_default();
    format!(
        "nothing was asked: the official suite is not here yet and could not be fetched ({last}); it needs the network once"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_fail_is_listed_with_why() {
        let text = "# remarks\n\nclient auth/dpop: keys are not bound here\nserver ping: never\n";
        let of = |side| expected_of(text, side).expect("is whole");
        assert_eq!(of(Side::Client), BTreeMap::from([("auth/dpop", "keys are not bound here")]));
        assert_eq!(of(Side::Server).len(), 1);
        assert!(expected_of("client auth/dpop", Side::Client).is_err());
        assert!(expected_of("both ping: no", Side::Client).is_err());
    }
}
