//! Claude Code's own program, from npm, beside an oikos that was put into its configuration: it reads what was written there, starts
//! it, and is answered. It has no account here and needs none for that, and it is told to stay off the network.

use crate::{
    node::{Node, Packages},
    served::Served,
    shell::{House, Result},
};
use std::{
    ffi::OsString,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

/// Which one, to the letter.
const PACKAGE: &str = "xtask/claude-code";
/// What starts it where no package runs anything of its own while it is installed.
const SCRIPT: &str = "node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs";
/// By which name of a client oikos knows it.
const CLIENT: &str = "claude-code";
/// What it is told beside where its person's home is: it tells nobody of itself, and waits longer than a busy machine needs.
const SURROUNDINGS: &[(&str, &str)] = &[
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("MCP_TIMEOUT", "60000"),
];

/// The program.
pub(crate) struct ClaudeCode {
    node: PathBuf,
    script: PathBuf,
    path: OsString,
}

impl ClaudeCode {
    /// Fetched once. The error within says why that did not work.
    pub(crate) fn find(house: &House, node: &Node) -> Result<std::result::Result<Self, String>> {
        let folder = house.target()?.join("tools/claude-code");
        fs::create_dir_all(&folder)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(house.root().join(PACKAGE).join(name), folder.join(name))?;
        }
        match node.packages(house, &folder)? {
            Packages::NotReached(why) => Ok(Err(why)),
            Packages::Here => Ok(Ok(Self { node: node.program(), script: folder.join(SCRIPT), path: node.path()? })),
        }
    }

    /// Oikos is put into its configuration, found there and spoken with, and taken out again.
    pub(crate) fn meets(&self, served: &Served) -> Result<()> {
        let file = served.person().join(".claude.json");
        let change = served.oikos(&["mcp", "connect", CLIENT])?;
        if change["is_written"] != true || !file.is_file() {
            return Err(format!("oikos mcp connect {CLIENT} did not write {}: {change}", file.display()).into());
        }
        let known = self.ask(served, &["mcp", "get", "oikos"])?;
        for word in ["Scope: User config", "Connected", "Type: stdio", "mcp serve"] {
            if !known.contains(word) {
                return Err(format!("Claude Code does not say {word:?} of oikos, but:\n{known}").into());
            }
        }
        let listed = self.ask(served, &["mcp", "list"])?;
        if !listed.lines().any(|line| line.starts_with("oikos: ") && line.ends_with("Connected")) {
            return Err(format!("Claude Code does not list oikos as connected, but:\n{listed}").into());
        }
        println!("  Claude Code is connected");
        // It has written notes of its own into the file meanwhile, which stay.
        served.oikos(&["mcp", "connect", CLIENT, "--undo"])?;
        let listed = self.ask(served, &["mcp", "list"])?;
        match listed.contains("oikos") {
            false => Ok(()),
            true => Err(format!("Claude Code still knows oikos after it was taken out:\n{listed}").into()),
        }
    }

    fn ask(&self, served: &Served, words: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.node);
        command.arg(&self.script).args(words).current_dir(served.person()).stdin(Stdio::null());
        command.env_clear().env("PATH", &self.path).env("HOME", served.person()).envs(SURROUNDINGS.iter().copied());
        let output = command.output()?;
        Ok([output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat())
    }
}
