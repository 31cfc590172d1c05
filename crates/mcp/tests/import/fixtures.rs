//! What clients write, as it is found, planned and settled.

use crate::support::{facts, fixture, machine, planned, roots, show};
use mcp::import::{
    Action, Client, Dialect, IMPORT_FILE, Imported, Pin, Proposal, Resolve, Settled, System, app_name, clients, page,
    plan, propose, read_manifest, read_server_json, scan, settle,
};
use std::{collections::BTreeMap, fmt::Write as _};

/// Ann's machine with every client's files on it.
fn full() -> mcp::import::MachineInMemory {
    let mut machine = machine();
    for (path, file) in [
        ("/home/ada/.config/Claude/claude_desktop_config.json", "claude-desktop/claude_desktop_config.json"),
        (
            "/home/ada/.config/Claude/Claude Extensions/local.mcpb.author.my-extension/manifest.json",
            "bundle/manifest.json",
        ),
        ("/home/ada/.claude.json", "claude-code/claude.json"),
        ("/home/ada/projects/website/.mcp.json", "claude-code/mcp.json"),
        ("/home/ada/projects/website/.cursor/mcp.json", "cursor/mcp.json"),
        ("/home/ada/.config/Code/User/mcp.json", "vscode/mcp.json"),
        ("/home/ada/.codeium/windsurf/mcp_config.json", "windsurf/mcp_config.json"),
        ("/home/ada/.config/zed/settings.json", "zed/settings.json"),
    ] {
        machine.files.insert(path.to_owned(), fixture(file));
    }
    machine.files.insert(
        "/home/ada/.config/Claude/Claude Extensions Settings/local.mcpb.author.my-extension.json".to_owned(),
        br#"{"isEnabled": false}"#.to_vec(),
    );
    machine.files.insert(
        "/home/ada/.config/Claude/Claude Extensions/local.mcpb.author.my-extension/server/index.js".to_owned(),
        Vec::new(),
    );
    machine
}

fn planned_from(only: &[Client]) -> Vec<Proposal> {
    let (machine, roots) = (full(), roots());
    let scan = scan(&machine, &roots, only);
    assert!(scan.faults.is_empty(), "{:?}", scan.faults);
    scan.found.iter().map(|found| plan(found, &facts(&machine, &roots))).collect()
}

fn settled(only: &[Client]) -> Vec<Settled> {
    settle(planned_from(only), &BTreeMap::new())
}

fn pages(list: &[Settled]) -> String {
    list.iter().map(|settled| show(&settled.proposal)).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_clients_servers_become_apps() {
    for client in Client::ALL {
        insta::assert_snapshot!(format!("client_{}", client.word()), pages(&settled(&[client])));
    }
}

#[test]
fn a_server_json_offers_each_way_to_run_it() {
    let read = read_server_json("server.json", &fixture("registry/server.json"));
    assert!(read.faults.is_empty());
    let shown: Vec<String> = read.found.iter().map(|found| show(&planned(found))).collect();
    insta::assert_snapshot!("server_json", shown.join("\n"));
}

#[test]
fn a_bundle_becomes_an_app() {
    let bytes = fixture("bundle/manifest.json");
    let found = read_manifest("x.mcpb/manifest.json", &bytes, System::Linux, None).unwrap();
    insta::assert_snapshot!("bundle_packed", show(&planned(&found)));
    let old = String::from_utf8(bytes).unwrap().replace("manifest_version\": \"0.3", "dxt_version\": \"0.1");
    assert!(read_manifest("x.dxt/manifest.json", old.as_bytes(), System::Linux, None).is_ok());
    let new = old.replace("\"0.1\"", "\"0.9\"");
    let fault = read_manifest("x.dxt/manifest.json", new.as_bytes(), System::Linux, None).unwrap_err();
    assert!(fault.to_string().contains("versions") || fault.message.contains("0.9"), "{fault}");
}

#[test]
fn no_secret_comes_out() {
    let list = settled(&[]);
    let mut said = format!("{list:?}{}", serde_json::to_string(&list).unwrap());
    said.push_str(&pages(&list));
    let (machine, roots) = (full(), roots());
    said.push_str(&format!("{:?}", scan(&machine, &roots, &[])));
    assert!(!said.contains("CANARY"), "{}", &said[said.find("CANARY").unwrap().saturating_sub(200)..][..400]);
    let offered: Vec<&str> = list
        .iter()
        .flat_map(|settled| &settled.proposal.settings)
        .filter_map(|setting| setting.value.as_ref())
        .map(mcp::import::Hidden::expose)
        .collect();
    assert!(offered.iter().filter(|value| value.contains("CANARY")).count() >= 7, "{}", offered.len());
}

#[test]
fn the_same_entry_of_two_clients_is_one_app() {
    let list = settled(&[]);
    let filesystem: Vec<&Proposal> =
        list.iter().map(|settled| &settled.proposal).filter(|proposal| proposal.name == "filesystem").collect();
    assert_eq!(filesystem.len(), 1);
    assert_eq!(filesystem[0].sources.len(), 2);
    let remote: Vec<String> = list
        .iter()
        .filter(|settled| settled.proposal.name == "remote")
        .map(|settled| settled.proposal.app.to_string())
        .collect();
    assert_eq!(remote.len(), 2);
    assert!(remote[0] == "remote" && remote[1].starts_with("remote-"), "{remote:?}");
    let names: std::collections::BTreeSet<_> = list.iter().map(|settled| settled.proposal.app.clone()).collect();
    assert_eq!(names.len(), list.len());
}

#[test]
fn importing_again_changes_nothing() {
    let (first, second) = (settled(&[]), settled(&[]));
    let bytes = |list: &[Settled]| serde_json::to_string(list).unwrap();
    assert_eq!(bytes(&first), bytes(&second));
    let installed: BTreeMap<_, _> = first
        .iter()
        .map(|Settled { proposal, .. }| {
            let imported = Imported::of(proposal);
            (proposal.app.clone(), Some(imported))
        })
        .collect();
    let (machine, roots) = (full(), roots());
    let again = propose(&scan(&machine, &roots, &[]).found, &facts(&machine, &roots), &installed);
    assert!(again.iter().all(|settled| matches!(settled.action, Action::Keep | Action::Refuse)));
    let names = |list: &[Settled]| list.iter().map(|settled| settled.proposal.app.clone()).collect::<Vec<_>>();
    assert_eq!(names(&again), names(&first));
    // An entry that changed is an update of the app that it became, also where that has not the name that it asks for.
    for one in &first {
        let mut changed = one.proposal.clone();
        changed.content = protocol::sha256(b"something else");
        let settled = settle(vec![changed], &installed);
        assert!(matches!(settled[0].action, Action::Update | Action::Refuse));
        assert_eq!(settled[0].proposal.app, one.proposal.app);
    }
    // An app of that name that nobody imported keeps it.
    let foreign = BTreeMap::from([(first[0].proposal.app.clone(), None)]);
    let beside = settle(vec![first[0].proposal.clone()], &foreign);
    assert_eq!(beside[0].action, Action::Install);
    assert_ne!(beside[0].proposal.app, first[0].proposal.app);
}

/// What pinning leaves for a package of this name, so that the package can be finished.
fn pinned(proposal: &Proposal) -> Option<Pin> {
    let (machine, roots) = (full(), roots());
    let made = match proposal.resolve.as_ref()? {
        Resolve::Npm { name, .. } => {
            serde_json::json!({ "lockfileVersion": 3, "packages": { format!("node_modules/{name}"): {
            "version": "1.2.3", "integrity": "sha512-x", "bin": { "run": "dist/index.js" },
        } } })
            .to_string()
        }
        Resolve::PyPi { name, .. } => format!("{name}==1.2.3 --hash=sha256:{}\n", "a".repeat(64)),
        Resolve::Image { .. } | Resolve::Bundle { .. } => return None,
    };
    Some(proposal.pin(made.as_bytes(), &facts(&machine, &roots)).unwrap())
}

#[test]
fn finished_packages_are_valid() {
    let manifest = fixture("bundle/manifest.json");
    let mut bundle = read_manifest("x.mcpb/manifest.json", &manifest, System::Linux, None).unwrap();
    bundle.bundle = Some(protocol::sha256(b"the bundle"));
    let mut all: Vec<Proposal> = settled(&[]).into_iter().map(|settled| settled.proposal).collect();
    let registry = read_server_json("server.json", &fixture("registry/server.json")).found;
    all.extend(registry.iter().chain([&bundle]).map(planned));
    let (mut seen, mut text) = (0, String::new());
    for proposal in all {
        let pin = pinned(&proposal);
        let Some(finished) = proposal.finish(pin.as_ref(), "/srv/oikos/homes/0/app/home") else {
            assert!(!proposal.refusals.is_empty() || pin.is_none(), "{}", proposal.app);
            continue;
        };
        let packed = package::pack(&finished.files).unwrap();
        let opened = match package::Package::open(packed) {
            Ok(opened) => opened,
            Err(error) => panic!("{}: {error}\n{}", proposal.app, proposal.kimai_json),
        };
        // What the owner is asked is what the manifest says, and nothing beside it.
        let mut asked: Vec<_> = opened.requests().iter().map(|request| request.request.clone()).collect();
        let mut wanted = proposal.asks.clone();
        for list in [&mut asked, &mut wanted] {
            list.sort_by_key(|request| request.scope.line());
        }
        assert_eq!(asked, wanted, "{}", proposal.app);
        assert_eq!(opened.manifest().version.to_string(), finished.version);
        assert_eq!(Imported::read(&finished.files[IMPORT_FILE]), Some(Imported::of(&proposal)));
        assert_eq!(finished.install.is_empty(), proposal.steps.is_empty(), "{}", proposal.app);
        writeln!(text, "# {} {} ({})", finished.app, finished.version, finished.title).unwrap();
        finished.note.iter().for_each(|line| writeln!(text, "{line}").unwrap());
        seen += 1;
    }
    assert!(seen >= 18, "{seen}");
    insta::assert_snapshot!("notes", text);
}

#[test]
fn a_server_with_a_file_of_its_own_keeps_it_in_its_home() {
    let list = settled(&[Client::ClaudeDesktop]);
    let memory = list.iter().map(|settled| &settled.proposal).find(|proposal| proposal.name == "memory").unwrap();
    let finished = memory.finish(pinned(memory).as_ref(), "/srv/oikos/homes/0/memory/home").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&finished.files["kimai.json"]).unwrap();
    assert_eq!(manifest["entry"]["environment"]["MEMORY_FILE_PATH"], "/srv/oikos/homes/0/memory/home/memory.jsonl");
    assert_eq!(manifest.get("permissions"), None);
}

#[test]
fn a_bundle_starts_what_it_brings_and_nothing_else() {
    let check = |kind: &str, command: &str, expected: Result<&str, &str>| {
        let manifest = serde_json::json!({
            "manifest_version": "0.4", "name": "x", "version": "1.0.0", "description": "d", "author": { "name": "a" },
            "server": { "type": kind, "entry_point": "bin/x", "mcp_config": { "command": command, "args": ["run"] } },
        });
        let bytes = manifest.to_string();
        let found = read_manifest("x.mcpb/manifest.json", bytes.as_bytes(), System::Linux, None).unwrap();
        let proposal = planned(&found);
        let refused = proposal.refusals.first().map(|refusal| refusal.code);
        assert_eq!(refused, expected.err(), "{command}");
        if let Ok(started) = expected {
            assert_eq!(proposal.program.as_deref(), Some(started), "{command}");
        }
    };
    check("binary", "${__dirname}/bin/x", Ok("install/bin/x"));
    check("binary", "./bin/x", Ok("install/bin/x"));
    for outside in ["/usr/bin/env-of-mine", "../x", "${__dirname}/../x", "${HOME}/bin/x"] {
        check("node", outside, Err("program_of_bundle"));
    }
    check("uv", "uv", Err("uv_of_bundle"));
}

#[test]
fn what_is_asked_for_is_answered_before() {
    let bytes = String::from_utf8(fixture("bundle/manifest.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&bytes).unwrap();
    let option = manifest["user_config"]["allowed_directories"].as_object_mut().unwrap();
    option.remove("default");
    option.insert("required".to_owned(), true.into());
    let bytes = manifest.to_string();
    let mut found = read_manifest("x.mcpb/manifest.json", bytes.as_bytes(), System::Linux, None).unwrap();
    let before = planned(&found);
    assert_eq!(before.refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), ["value_needed"]);
    assert!(!found.answer("nobody", vec![]) && !found.answer("api_key", vec!["one".to_owned(), "two".to_owned()]));
    let unlocked = before.content;
    assert!(found.answer("api_key", vec!["CANARY".to_owned()]));
    // A secret is for the vault, and changes nothing else.
    assert_eq!(planned(&found).content, unlocked);
    assert!(found.answer("allowed_directories", vec!["/home/ada/Documents".to_owned()]));
    let after = planned(&found);
    let key = after.settings.iter().find(|setting| setting.name == "api_key").unwrap();
    assert_eq!(key.value.as_ref().map(mcp::import::Hidden::expose), Some("CANARY"));
    let asked: Vec<(&str, bool, bool)> =
        after.questions.iter().map(|asked| (asked.name.as_str(), asked.is_secret, asked.has_answer)).collect();
    assert_eq!(asked, [("allowed_directories", false, true), ("api_key", true, true), ("max_file_size", false, true)]);
    let kept = Imported::of(&after);
    assert_eq!(kept.answers["allowed_directories"], ["/home/ada/Documents"]);
    assert!(!format!("{kept:?}{after:?}").contains("CANARY"));
    assert!(after.refusals.is_empty(), "{:?}", after.refusals);
    assert!(after.kimai_json.contains("\"/home/ada/Documents\"") && !after.kimai_json.contains("/home/ada/Desktop"));
}

#[test]
fn an_environment_of_pythons_brings_its_packages() {
    let (mut machine, roots) = (machine(), roots());
    for (file, text) in [
        ("/home/ada/weather/.venv/pyvenv.cfg", "home = /home/ada/.local/python/bin\nversion = 3.12.4\n"),
        ("/home/ada/weather/.venv/lib/python3.12/site-packages/own.pth", "import os\n/home/ada/weather/src\n/gone\n"),
        ("/home/ada/weather/src/weather.py", ""),
    ] {
        machine.files.insert(file.to_owned(), text.as_bytes().to_vec());
    }
    let entry = serde_json::json!({ "command": "/home/ada/weather/.venv/bin/python", "args": ["-m", "weather"], "env": { "PYTHONPATH": "/x" } });
    let proposal = plan(&crate::launching::found(&entry), &facts(&machine, &roots));
    assert!(proposal.refusals.is_empty(), "{:?}", proposal.refusals);
    let manifest: serde_json::Value = serde_json::from_str(&proposal.kimai_json).unwrap();
    assert_eq!(
        manifest["entry"]["environment"]["PYTHONPATH"],
        "/home/ada/weather/.venv/lib/python3.12/site-packages:/home/ada/weather/src:/x"
    );
    let folders = &manifest["permissions"]["file"];
    for folder in ["/home/ada/weather/.venv", "/home/ada/weather/src", "/home/ada/.local/python"] {
        assert!(folders["folders"].as_array().unwrap().contains(&folder.into()), "{folders}");
    }
    assert_eq!(folders.get("write"), None);
}

#[test]
fn every_place_is_told_and_each_client_can_be_connected() {
    for client in Client::ALL {
        assert_eq!(Client::from_word(client.word()), Some(client));
        assert_eq!(clients().iter().filter(|place| place.client == client && place.is_connected).count(), 1);
    }
    for place in clients() {
        assert!(place.source.starts_with("https://"), "{place:?}");
        assert!(place.dialect == Dialect::Comments || place.client != Client::Zed);
    }
    let check = |system: System, config: Option<&str>, expected: &[&str]| {
        let home = if system == System::Windows { "C:\\Users\\ann" } else { "/home/ada" };
        let roots =
            mcp::import::Roots { system, home: home.to_owned(), config: config.map(str::to_owned), projects: vec![] };
        let paths: Vec<String> =
            clients().iter().filter(|place| place.is_connected).flat_map(|place| place.resolve(&roots)).collect();
        assert_eq!(paths, expected);
    };
    check(
        System::Linux,
        Some("/home/ada/.cfg"),
        &[
            "/home/ada/.cfg/Claude/claude_desktop_config.json",
            "/home/ada/.claude.json",
            "/home/ada/.cursor/mcp.json",
            "/home/ada/.cfg/Code/User/mcp.json",
            "/home/ada/.codeium/windsurf/mcp_config.json",
            "/home/ada/.cfg/zed/settings.json",
        ],
    );
    check(
        System::MacOs,
        None,
        &[
            "/home/ada/Library/Application Support/Claude/claude_desktop_config.json",
            "/home/ada/.claude.json",
            "/home/ada/.cursor/mcp.json",
            "/home/ada/Library/Application Support/Code/User/mcp.json",
            "/home/ada/.codeium/windsurf/mcp_config.json",
            "/home/ada/.config/zed/settings.json",
        ],
    );
    check(
        System::Windows,
        Some("C:\\Users\\ann\\AppData\\Roaming"),
        &[
            "C:\\Users\\ann\\AppData\\Roaming\\Claude\\claude_desktop_config.json",
            "C:\\Users\\ann\\.claude.json",
            "C:\\Users\\ann\\.cursor\\mcp.json",
            "C:\\Users\\ann\\AppData\\Roaming\\Code\\User\\mcp.json",
            "C:\\Users\\ann\\.codeium\\windsurf\\mcp_config.json",
            "C:\\Users\\ann\\AppData\\Roaming\\Zed\\settings.json",
        ],
    );
    insta::assert_snapshot!("places", page());
}

#[test]
fn names_are_cleaned_and_stay_apart() {
    for (given, expected, is_same) in [
        ("filesystem", "filesystem", true),
        ("brave search", "brave-search", false),
        ("uiTesting", "ui-testing", false),
        ("GitHub", "github", false),
        ("io.github.user/weather", "weather", false),
        ("__proto__", "proto", false),
        ("3d-print", "mcp-3d-print", false),
        ("x", "mcp-x", false),
        ("a/b\u{202e}c", "b-c", false),
    ] {
        let (name, same) = app_name(given);
        assert_eq!((name.to_string().as_str(), same), (expected, is_same), "{given}");
    }
    assert_ne!(app_name("日本").0, app_name("中国").0);
    assert_ne!(app_name(&"a".repeat(100)).0, app_name(&"a".repeat(101)).0);
}
