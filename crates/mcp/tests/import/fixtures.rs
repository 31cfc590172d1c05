//! What clients write, as it is found, planned and settled.

use crate::support::{facts, fixture, machine, planned, roots, show};
use mcp::import::{
    Action, Client, Dialect, Imported, Proposal, Settled, System, app_name, clients, page, plan, read_manifest,
    read_server_json, scan, settle,
};
use std::collections::BTreeMap;

/// Ann's machine with every client's files on it.
fn full() -> mcp::import::MachineInMemory {
    let mut machine = machine();
    for (path, file) in [
        ("/home/ann/.config/Claude/claude_desktop_config.json", "claude-desktop/claude_desktop_config.json"),
        (
            "/home/ann/.config/Claude/Claude Extensions/local.mcpb.author.my-extension/manifest.json",
            "bundle/manifest.json",
        ),
        ("/home/ann/.claude.json", "claude-code/claude.json"),
        ("/home/ann/projects/website/.mcp.json", "claude-code/mcp.json"),
        ("/home/ann/projects/website/.cursor/mcp.json", "cursor/mcp.json"),
        ("/home/ann/.config/Code/User/mcp.json", "vscode/mcp.json"),
        ("/home/ann/.codeium/windsurf/mcp_config.json", "windsurf/mcp_config.json"),
        ("/home/ann/.config/zed/settings.json", "zed/settings.json"),
    ] {
        machine.files.insert(path.to_owned(), fixture(file));
    }
    machine.files.insert(
        "/home/ann/.config/Claude/Claude Extensions Settings/local.mcpb.author.my-extension.json".to_owned(),
        br#"{"isEnabled": false}"#.to_vec(),
    );
    machine.files.insert(
        "/home/ann/.config/Claude/Claude Extensions/local.mcpb.author.my-extension/server/index.js".to_owned(),
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

fn planned_all() -> Vec<Proposal> {
    planned_from(&[])
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
            let imported = Imported { content: proposal.content, origins: proposal.origins() };
            (proposal.app.clone(), Some(imported))
        })
        .collect();
    let again = settle(planned_all(), &installed);
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

/// What the manifests say passes the package's own reading, but for `entry`, whose new forms come with the runner.
#[test]
fn manifests_are_valid() {
    let mut seen = 0;
    for settled in settled(&[]) {
        if settled.action == Action::Refuse {
            assert!(settled.proposal.finish(None).is_none());
            continue;
        }
        let mut manifest: serde_json::Value = serde_json::from_str(&settled.proposal.kimai_json).unwrap();
        manifest["entry"] = serde_json::json!({ "command": ["node"] });
        let files = BTreeMap::from([("kimai.json".to_owned(), manifest.to_string().into_bytes())]);
        let packed = package::pack(&files).unwrap();
        if let Err(error) = package::Package::open(packed) {
            panic!("{}: {error}\n{}", settled.proposal.app, settled.proposal.kimai_json);
        }
        seen += 1;
    }
    assert!(seen >= 12, "{seen}");
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
        let home = if system == System::Windows { "C:\\Users\\ann" } else { "/home/ann" };
        let roots =
            mcp::import::Roots { system, home: home.to_owned(), config: config.map(str::to_owned), projects: vec![] };
        let paths: Vec<String> =
            clients().iter().filter(|place| place.is_connected).flat_map(|place| place.resolve(&roots)).collect();
        assert_eq!(paths, expected);
    };
    check(
        System::Linux,
        Some("/home/ann/.cfg"),
        &[
            "/home/ann/.cfg/Claude/claude_desktop_config.json",
            "/home/ann/.claude.json",
            "/home/ann/.cursor/mcp.json",
            "/home/ann/.cfg/Code/User/mcp.json",
            "/home/ann/.codeium/windsurf/mcp_config.json",
            "/home/ann/.cfg/zed/settings.json",
        ],
    );
    check(
        System::MacOs,
        None,
        &[
            "/home/ann/Library/Application Support/Claude/claude_desktop_config.json",
            "/home/ann/.claude.json",
            "/home/ann/.cursor/mcp.json",
            "/home/ann/Library/Application Support/Code/User/mcp.json",
            "/home/ann/.codeium/windsurf/mcp_config.json",
            "/home/ann/.config/zed/settings.json",
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
