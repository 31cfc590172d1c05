//! Claude Code's own program reads what `connect` wrote. It is not part of this repository: the test runs where
//! `OIKOS_CLAUDE_CODE` names the program (npm `@anthropic-ai/claude-code`), and says so where it does not.

use crate::{connecting::program, support::fixture};
use mcp::{
    connect::{Before, connect, disconnect},
    import::Client,
};
use std::process::Command;

#[test]
fn claude_code_reads_what_connect_wrote() {
    let Some(claude) = std::env::var_os("OIKOS_CLAUDE_CODE") else {
        println!("skipped: OIKOS_CLAUDE_CODE does not name Claude Code's program");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".claude.json");
    let ask = || {
        let told = Command::new(&claude)
            .args(["mcp", "get", "oikos"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("DISABLE_AUTOUPDATER", "1")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .current_dir(home.path())
            .output()
            .unwrap();
        String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr)
    };
    for before in [None, Some(fixture("claude-code/claude.json"))] {
        let written =
            connect(Client::ClaudeCode, ".claude.json", before.as_deref(), &program()).unwrap().bytes.unwrap();
        std::fs::write(&file, &written).unwrap();
        let told = ask();
        for word in ["oikos:", "User config", "Type: stdio", "Command: /usr/local/bin/oikos", "Args: mcp serve"] {
            assert!(told.contains(word), "no '{word}' in {told}");
        }
        // It writes its own notes into the file meanwhile; what we wrote can still be taken out.
        let noted = std::fs::read(&file).unwrap();
        let out = disconnect(Client::ClaudeCode, ".claude.json", &noted, Before::Unknown, &program()).unwrap();
        std::fs::write(&file, out.bytes.unwrap()).unwrap();
        let told = ask();
        assert!(told.contains("No MCP server") || told.contains("not found"), "{told}");
    }
}
