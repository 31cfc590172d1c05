//! Files that somebody made to do harm.

use crate::{
    launching::found,
    support::{machine, planned, roots},
};
use mcp::import::{
    Client, Form, MachineInMemory, Read, System, clients, read_bundle, read_client_file, read_manifest,
    read_server_json, scan,
};
use serde_json::json;

fn read(client: Client, text: &[u8]) -> Read {
    let place = clients().iter().find(|place| place.client == client && place.is_connected).unwrap();
    let mcp::import::Holding::File(key) = place.holding else { panic!("a file") };
    read_client_file(place, key, "/f.json", None, text)
}

fn check(text: &[u8], expected: &str) {
    let read = read(Client::VsCode, text);
    let faults: Vec<String> =
        read.faults.iter().chain(read.found.iter().flat_map(|found| &found.faults)).map(ToString::to_string).collect();
    let said = faults.join("\n");
    assert!(if expected.is_empty() { said.is_empty() } else { said.contains(expected) }, "{said}\nwanted: {expected}");
    assert!(!said.contains("CANARY"), "{said}");
}

#[test]
fn files_are_read_within_bounds() {
    check(b"", "");
    check(b"{}", "");
    check(b"null", "does not hold an object");
    check(&vec![b' '; 10 << 20], "larger than 8.0 MiB");
    check(&b"[".repeat(1 << 20), "deeper than 64 levels");
    check(&b"{\"a\":".repeat(200_000), "deeper than 64 levels");
    // Nesting behind what only looks like a string or the end of a comment.
    check(&[b"/*\"*/".as_slice(), &b"[".repeat(100_000)].concat(), "deeper");
    check(&[b"//\"\r".as_slice(), &b"[".repeat(100_000)].concat(), "deeper");
    check(&[b"\"\\\\\" ".as_slice(), &b"[".repeat(100_000)].concat(), "deeper");
    check(b"{\"a\": \"\xff\"}", "not UTF-8");
    check(b"{\"a\": \"\0\"}", "NUL");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\\u0000\"}}}", "");
    check(b"{\"servers\": 1}", "not an object");
    check(b"{\"servers\": {}, \"servers\": {}}", "twice");
    check(b"{\"servers\": {\"a\": {}, \"a\": {}}}", "twice");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\", \"command\": \"CANARY\"}}}", "twice");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\", \"env\": {\"A\": \"1\", \"A\": \"CANARY\"}}}}", "twice");
    check(b"{\"servers\": {\"a\": {\"command\": [\"CANARY\"]}}}", "not a text");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\", \"args\": \"CANARY\"}}}", "not a list");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\", \"args\": [{}]}}}", "a text is expected");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\", \"url\": \"CANARY\"}}}", "both");
    check(b"{\"servers\": {\"a\": {}}}", "neither");
    check(b"{\"servers\": {\"a\": \"CANARY\"}}", "a server is an object");
    check(b"{\"servers\": {\"a\": {\"url\": \"https://x\", \"type\": \"ws\"}}}", "no way to speak");
    check(b"{\"servers\": {\"a\": {\"url\": \"https://x\", \"headersHelper\": \"CANARY\"}}}", "a program is started");
    check(b"{\"servers\": {\"a\": {\"command\": \"x\"} \"CANARY\"}}", "not JSON");
    check(b"{\"servers\": {\"a\": {\"env\": {\"K\": \"ok CANARY", "not JSON");
    let many: String = (0..600).map(|number| format!("\"s{number}\": {{\"command\": \"x\"}},")).collect();
    check(format!("{{\"servers\": {{{many}}}}}").as_bytes(), "more than 500");
}

#[test]
fn faults_have_a_place_and_no_value() {
    let read = read(
        Client::VsCode,
        b"{\n  \"servers\": {\n    \"a\": {\"command\": 7, \"env\": {\"TOKEN\": \"CANARY\"}}\n  }\n}",
    );
    insta::assert_snapshot!("fault_of_an_entry", read.found[0].faults[0].to_string());
}

#[test]
fn names_and_words_that_deceive_are_shown_as_they_are() {
    let text = json!({ "servers": { "a\u{202e}gpj": { "command": "npx", "args": ["name", "two\nlines", "\u{200b}x"] }, "__proto__": { "command": "npx", "args": ["n1"] } } });
    let read = read(Client::VsCode, text.to_string().as_bytes());
    let shown: Vec<_> = read.found.iter().map(planned).collect();
    let proto = shown.iter().find(|proposal| proposal.name == "__proto__").unwrap();
    assert_eq!(proto.app.to_string(), "proto");
    let turned = shown.iter().find(|proposal| proposal.name != "__proto__").unwrap();
    assert_eq!(turned.name, "a\\u{202e}gpj");
    assert!(turned.refusals.is_empty());
    assert_eq!(turned.warnings.iter().filter(|warning| warning.code == "word_deceptive").count(), 2);
    assert!(!serde_json::to_string(&turned.warnings).unwrap().contains('\u{200b}'));
    assert!(turned.kimai_json.contains("\"two\\nlines\""));
}

#[test]
fn words_that_no_program_can_be_given_are_refused() {
    for (entry, code) in [
        (json!({ "command": "npx", "args": ["name", "a\u{0}b"] }), "word_refused"),
        (json!({ "command": "npx", "args": ["name", "x".repeat(1_001)] }), "word_too_long"),
        (json!({ "command": "a\nb" }), "command_refused"),
        (json!({ "command": "" }), "command_refused"),
        (
            json!({ "command": "npx", "args": (0..100).map(|n| if n == 0 { "name".to_owned() } else { n.to_string() }).collect::<Vec<_>>() }),
            "command_too_long",
        ),
        (json!({ "command": "npx", "args": ["name"], "env": { "LD_PRELOAD": "/x.so" } }), "variable_refused"),
        (
            json!({ "command": "npx", "args": ["name"], "env": { "NODE_OPTIONS": "--require=/x.js" } }),
            "variable_refused",
        ),
        (json!({ "command": "npx", "args": ["name"], "env": { "A B": "x" } }), "variable_refused"),
        (json!({ "url": "javascript:alert(1)" }), "address_refused"),
        (json!({ "url": "https://" }), "address_refused"),
        (json!({ "url": "https://example.com/mcp", "headers": { "X": "a\r\nHost: evil" } }), "header_refused"),
        (json!({ "url": "https://example.com/mcp", "headers": { "Host": "evil" } }), "header_refused"),
        (json!({ "url": "https://example.com/`calc`" }), "address_refused"),
    ] {
        let proposal = planned(&found(&entry));
        assert_eq!(proposal.refusals.first().map(|refusal| refusal.code), Some(code), "{entry}");
        assert!(proposal.finish(None, "/home/ada/box").is_none());
    }
}

#[test]
fn a_machine_that_cannot_be_looked_at_is_told() {
    struct Broken;
    impl mcp::import::Machine for Broken {
        fn file(&self, _: &str, _: usize) -> Result<Option<Vec<u8>>, mcp::import::LookError> {
            Err(mcp::import::LookError("the disk is broken".to_owned()))
        }
        fn names(&self, _: &str) -> Result<Vec<String>, mcp::import::LookError> {
            Err(mcp::import::LookError("the disk is broken".to_owned()))
        }
        fn about(&self, _: &str) -> Option<mcp::import::About> {
            None
        }
        fn program(&self, _: &str) -> Option<String> {
            None
        }
        fn variable(&self, _: &str) -> Option<mcp::import::Hidden> {
            None
        }
    }
    let scan_result = scan(&Broken, &roots(), &[Client::Zed]);
    assert_eq!(scan_result.faults.len(), 2);
    assert!(scan(&MachineInMemory::default(), &roots(), &[]).found.is_empty());
    let mut machine = machine();
    machine.files.insert("/home/ada/.config/zed/settings.json".to_owned(), b"{".to_vec());
    assert_eq!(scan(&machine, &roots(), &[Client::Zed]).faults.len(), 1);
}

/// A file of a zip archive as an attacker writes it.
struct Zipped<'a> {
    name: &'a str,
    bytes: &'a [u8],
    mode: u32,
    local_name: Option<&'a str>,
    size: Option<u32>,
}

impl<'a> Zipped<'a> {
    fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, bytes, mode: 0o100644, local_name: None, size: None }
    }
}

fn zip(files: &[Zipped<'_>]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for file in files {
        let at = out.len() as u32;
        let mut common = Vec::new();
        for half in [20_u16, 0, 0, 0, 33] {
            common.extend(half.to_le_bytes());
        }
        common.extend(crc32fast::hash(file.bytes).to_le_bytes());
        common.extend((file.bytes.len() as u32).to_le_bytes());
        common.extend(file.size.unwrap_or(file.bytes.len() as u32).to_le_bytes());
        common.extend((file.name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(file.local_name.unwrap_or(file.name).as_bytes());
        out.extend(file.bytes);
        central.extend(b"PK\x01\x02\x14\x03");
        central.extend(&common);
        central.extend([0; 6]);
        central.extend((file.mode << 16).to_le_bytes());
        central.extend(at.to_le_bytes());
        central.extend(file.name.as_bytes());
    }
    let at = out.len() as u32;
    out.extend(&central);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((files.len() as u16).to_le_bytes());
    out.extend((files.len() as u16).to_le_bytes());
    out.extend((central.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    out
}

const MANIFEST: &[u8] = br#"{"manifest_version": "0.2", "name": "x", "version": "1.0.0", "description": "d", "author": {"name": "a"},
    "server": {"type": "node", "entry_point": "server/index.js", "mcp_config": {"command": "node", "args": ["${__dirname}/server/index.js"]}}}"#;

fn bundle(more: Zipped<'_>) -> Result<(), String> {
    let bytes = zip(&[Zipped::new("manifest.json", MANIFEST), Zipped::new("server/index.js", b"1"), more]);
    read_bundle("x.mcpb", &bytes, System::Linux).map(drop).map_err(|fault| fault.to_string())
}

#[test]
fn bundles_are_unpacked_with_care() {
    let fine = zip(&[
        Zipped::new("manifest.json", MANIFEST),
        Zipped { mode: 0o100755, ..Zipped::new("server/index.js", b"run()") },
    ]);
    let (found, opened) = read_bundle("x.mcpb", &fine, System::Linux).unwrap();
    assert!(found.faults.is_empty() && matches!(found.form, Form::Program(_)));
    let files: Vec<_> = opened.unpacked().map(Result::unwrap).collect();
    assert_eq!(files[1], ("server/index.js", true, b"run()".to_vec()));

    let proposal = planned(&found);
    assert!(proposal.refusals.is_empty(), "{:?}", proposal.refusals);
    let files = proposal.finish(None, "/home/ada/box").unwrap().files;
    assert_eq!(files["install/bundle.sha256"], format!("{}\n", protocol::sha256(&fine)).into_bytes());

    let signature = [b"MCPB_SIG_V1".as_slice(), &4_u32.to_le_bytes(), b"pkcs", b"MCPB_SIG_END"].concat();
    assert!(read_bundle("x.mcpb", &[fine.clone(), signature].concat(), System::Linux).unwrap().1.is_signed);

    for (name, why) in [
        ("../x", "lead out"),
        ("a/../../x", "lead out"),
        ("/etc/x", "lead out"),
        ("C:/x", "lead out"),
        ("a\\..\\x", "lead out"),
        ("server/INDEX.js", "twice"),
        ("manifest.json", "twice"),
        ("server/index.js/x", "a file and a folder"),
        ("nul.txt", "device"),
        ("a\u{202e}b", "characters"),
        ("a/./b", "lead out"),
        ("x.", "lead out"),
        ("a//b", "lead out"),
    ] {
        let said = bundle(Zipped::new(name, b"x")).unwrap_err();
        assert!(said.contains(why), "{name}: {said}");
    }
    assert!(bundle(Zipped { mode: 0o120777, ..Zipped::new("l", b"/etc/passwd") }).unwrap_err().contains("link"));
    assert!(bundle(Zipped { mode: 0o020666, ..Zipped::new("d", b"") }).unwrap_err().contains("plain file"));
    assert!(bundle(Zipped { local_name: Some("m"), ..Zipped::new("l", b"x") }).unwrap_err().contains("not the same"));
    assert!(bundle(Zipped { size: Some(2 << 30), ..Zipped::new("b", b"x") }).unwrap_err().contains("packed"));
    let (_, damaged) = {
        let mut bytes = fine.clone();
        let at = bytes.windows(5).position(|window| window == b"run()").unwrap();
        bytes[at] = b'R';
        read_bundle("x.mcpb", &bytes, System::Linux).unwrap()
    };
    assert!(damaged.unpacked().any(|file| file.is_err()));
    for cut in [0, 1, 21, fine.len() / 2, fine.len() - 1] {
        assert!(read_bundle("x.mcpb", &fine[..cut], System::Linux).is_err());
    }
    let without = zip(&[Zipped::new("a.js", b"")]);
    assert!(read_bundle("x.mcpb", &without, System::Linux).unwrap_err().message.contains("manifest.json"));
    let missing = zip(&[Zipped::new("manifest.json", MANIFEST)]);
    assert!(!read_bundle("x.mcpb", &missing, System::Linux).unwrap().0.faults.is_empty());
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    // 16 MiB of zeros, as DEFLATE packs them: beyond any ratio of code or data.
    let packed = miniz_oxide::deflate::compress_to_vec(&vec![0; 16 << 20], 9);
    let mut bytes =
        zip(&[Zipped::new("manifest.json", MANIFEST), Zipped { size: Some(16 << 20), ..Zipped::new("b", &packed) }]);
    // The method, in both headers of the second file.
    let local = bytes.windows(4).rposition(|window| window == b"PK\x03\x04").unwrap();
    let central = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[local + 8] = 8;
    bytes[central + 10] = 8;
    let said = read_bundle("x.mcpb", &bytes, System::Linux).unwrap_err().to_string();
    assert!(said.contains("fill the disk"), "{said}");
    // One that lies about its size stops at that size.
    for at in [local + 22, central + 24] {
        bytes[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    let (_, opened) = read_bundle("x.mcpb", &bytes, System::Linux).unwrap();
    assert!(opened.unpacked().any(|file| file.is_err_and(|why| why.contains("larger than it says"))));
}

#[test]
fn manifests_that_lead_out_are_refused() {
    let manifest = |entry: &str, command: &str| {
        let text = json!({ "manifest_version": "0.3", "name": "x", "version": "1.0.0", "server": { "type": "node", "entry_point": entry, "mcp_config": { "command": command, "args": [] } } });
        planned(&read_manifest("m", text.to_string().as_bytes(), System::Linux, None).unwrap())
    };
    for entry in ["../x.js", "/etc/x.js", "a/../../x.js", "C:\\x.js"] {
        assert!(!manifest(entry, "node").refusals.is_empty(), "{entry}");
    }
    assert_eq!(manifest("x.js", "sh").refusals[0].code, "shell_refused");
    let text = json!({ "manifest_version": "0.3", "name": "x", "server": { "type": "node", "entry_point": "x.js", "mcp_config": { "command": "node", "args": ["${__dirname}/x.js", "${user_config.a}", "${user_config.gone}"] } }, "user_config": { "a": { "type": "string", "title": "A", "description": "", "default": "${user_config.a}", "required": true } } });
    let proposal = planned(&read_manifest("m", text.to_string().as_bytes(), System::Linux, None).unwrap());
    assert_eq!(proposal.refusals[0].code, "variable_unknown");
    assert!(proposal.kimai_json.contains("${user_config.a}"));
}

#[test]
fn descriptions_of_a_registry_are_bounded() {
    for (text, expected) in [
        ("", "empty"),
        ("[]", "object"),
        ("{}", "no \"name\""),
        ("{\"name\": \"a/b\"}", "no package"),
        ("{\"name\": \"a\", \"name\": \"b\"}", "twice"),
        (&"{".repeat(100_000), "deeper"),
        (
            r#"{"name": "a/b", "packages": [{"registryType": "npm", "identifier": "CANARY", "registryBaseUrl": "https://evil.example"}]}"#,
            "another registry",
        ),
        (r#"{"name": "a/b", "status": "deleted", "remotes": [{"url": "https://x"}]}"#, "withdrawn"),
        (
            r#"{"name": "a/b", "packages": [{"registryType": "npm", "identifier": "x", "transport": {"type": "streamable-http"}}]}"#,
            "serves a port",
        ),
    ] {
        let read = read_server_json("s.json", text.as_bytes());
        let said: Vec<String> = read
            .faults
            .iter()
            .chain(read.found.iter().flat_map(|found| &found.faults))
            .map(ToString::to_string)
            .collect();
        assert!(said.join("\n").contains(expected), "{said:?} wanted {expected}");
    }
    let host = r#"{"name": "a/b", "packages": [{"registryType": "oci", "identifier": "x/y", "version": "1", "runtimeArguments": [{"type": "named", "name": "--network", "value": "host"}]}]}"#;
    let read = read_server_json("s.json", host.as_bytes());
    assert_eq!(planned(&read.found[0]).refusals[0].code, "flag_refused");
}
