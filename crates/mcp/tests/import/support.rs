//! A machine in memory, and proposals as people read them.

use mcp::import::{Facts, Found, Hidden, Machine, MachineInMemory, Proposal, PythonTool, Roots, System, plan};
use std::fmt::Write as _;

/// A file of `tests/import/fixtures`.
pub(crate) fn fixture(path: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/fixtures");
    std::fs::read(folder.join(path)).unwrap()
}

pub(crate) fn roots() -> Roots {
    Roots {
        system: System::Linux,
        home: "/home/ada".to_owned(),
        config: None,
        projects: vec!["/home/ada/projects/website".to_owned()],
    }
}

/// Ann's machine.
pub(crate) fn machine() -> MachineInMemory {
    let mut machine = MachineInMemory::default();
    for file in [
        "/home/ada/Desktop/a.txt",
        "/home/ada/Documents/a.txt",
        "/home/ada/projects/website/index.html",
        "/home/ada/projects/website/tools/mcp_server.py",
        "/home/ada/weather/.venv/bin/python",
        "/home/ada/weather/.venv/pyvenv.cfg",
        "/home/ada/weather/pyproject.toml",
        "/home/ada/weather/server.py",
        "/home/ada/weather-data/cache.db",
        "/home/ada/data/notes.db",
        "/home/ada/tools/build/index.js",
        "/home/ada/tools/package.json",
        "/home/ada/Downloads/server",
        "/home/ada/open/server",
    ] {
        machine.files.insert(file.to_owned(), Vec::new());
    }
    let variables = b"# for the server\nAPI_KEY=CANARYofTheFile012345\nLOG_LEVEL=debug\n".to_vec();
    machine.files.insert("/home/ada/projects/website/.env".to_owned(), variables);
    machine.open_to_all.push("/home/ada/open".to_owned());
    for program in ["node", "python", "python3", "git"] {
        machine.programs.insert(program.to_owned(), format!("/usr/bin/{program}"));
    }
    machine.variables.insert("API_KEY".to_owned(), Hidden::new("CANARYfromTheEnvironment1"));
    machine
}

pub(crate) fn facts<'a>(machine: &'a dyn Machine, roots: &'a Roots) -> Facts<'a> {
    Facts { roots, machine, python: PythonTool::Uv }
}

pub(crate) fn planned(found: &Found) -> Proposal {
    let (machine, roots) = (machine(), roots());
    plan(found, &facts(&machine, &roots))
}

/// A proposal as a page that a person reads.
pub(crate) fn show(proposal: &Proposal) -> String {
    let mut out = String::new();
    for source in &proposal.sources {
        let client = source.client.map_or("no client".to_owned(), |client| client.to_string());
        writeln!(out, "# {} → {} ({client}, {}, line {})", proposal.name, proposal.app, source.scope, source.line)
            .unwrap();
    }
    if proposal.is_disabled_there {
        writeln!(out, "disabled there").unwrap();
    }
    for (word, notices) in [("refused", &proposal.refusals), ("warning", &proposal.warnings)] {
        for notice in notices {
            writeln!(out, "{word} {}: {}", notice.code, notice.message).unwrap();
            if let Some(hint) = &notice.hint {
                writeln!(out, "    hint: {hint}").unwrap();
            }
        }
    }
    if let Some(program) = &proposal.program {
        writeln!(out, "program {program}, its code in {:?}", proposal.program_folders).unwrap();
    }
    for setting in &proposal.settings {
        writeln!(
            out,
            "setting {} ({}, in {}): secret {}, required {}, value {}",
            setting.name, setting.title, setting.place, setting.is_secret, setting.is_required, setting.has_value
        )
        .unwrap();
    }
    for ask in &proposal.asks {
        let scope = serde_json::to_string(&ask.scope).unwrap();
        writeln!(out, "asks {scope} because {}", ask.reason.as_deref().unwrap_or("–")).unwrap();
    }
    if let Some(resolve) = &proposal.resolve {
        writeln!(out, "pin {}", serde_json::to_string(resolve).unwrap()).unwrap();
    }
    if let Some(container) = &proposal.container {
        writeln!(out, "container {}", serde_json::to_string(container).unwrap()).unwrap();
    }
    out.push_str(&proposal.kimai_json);
    out
}
