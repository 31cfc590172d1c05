//! Our server in clients' files, and out of them.

use crate::support::fixture;
use mcp::{
    connect::{Before, Entry, connect, disconnect, is_connected},
    import::{Client, Hidden, Holding, connected, read_client_file},
};

pub(crate) fn program() -> Entry {
    Entry::Program { command: "/usr/local/bin/oikos".to_owned(), args: vec!["mcp".to_owned(), "serve".to_owned()] }
}

fn address() -> Entry {
    Entry::Address { url: "http://127.0.0.1:7070/mcp".to_owned(), key: Hidden::new("CANARYkey0123456789") }
}

/// Connects, looks, and takes it out again.
fn check(client: Client, before: Option<&[u8]>, entry: &Entry) -> String {
    let file = "/home/ada/config.json";
    let edited = connect(client, file, before, entry).unwrap();
    assert!(edited.is_changed());
    assert_eq!(edited.backup_name.is_some(), before.is_some());
    let bytes = edited.bytes.unwrap();
    assert!(is_connected(client, file, &bytes).unwrap());
    let again = connect(client, file, Some(&bytes), entry).unwrap();
    assert!(!again.is_changed() && again.backup_name.is_none() && again.bytes.as_ref() == Some(&bytes));
    assert!(!edited.diff.contains("CANARY"), "{}", edited.diff);

    // The client's own reading: our server, and all others as before.
    let place = connected(client);
    let Holding::File(key) = place.holding else { panic!("a file") };
    let names = |bytes: &[u8]| -> Vec<String> {
        let read = read_client_file(place, key, file, None, bytes);
        assert!(read.faults.is_empty(), "{:?}", read.faults);
        read.found.into_iter().map(|found| found.name).filter(|name| name != "oikos").collect()
    };
    assert_eq!(names(&bytes), before.map(names).unwrap_or_default());

    let known = before.map_or(Before::Nothing, Before::Bytes);
    let back = disconnect(client, file, &bytes, known, entry).unwrap();
    assert_eq!(back.bytes.as_deref(), before);
    let alone = disconnect(client, file, &bytes, Before::Unknown, entry).unwrap().bytes.unwrap();
    assert!(!is_connected(client, file, &alone).unwrap());
    assert_eq!(names(&alone), before.map(names).unwrap_or_default());
    if let Some(before) = before {
        assert_eq!(
            String::from_utf8_lossy(&alone),
            String::from_utf8_lossy(before),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_clients_fixture_is_edited_in_place() {
    for (client, path) in [
        (Client::ClaudeDesktop, "claude-desktop/claude_desktop_config.json"),
        (Client::ClaudeCode, "claude-code/claude.json"),
        (Client::Cursor, "cursor/mcp.json"),
        (Client::VsCode, "vscode/mcp.json"),
        (Client::Windsurf, "windsurf/mcp_config.json"),
        (Client::Zed, "zed/settings.json"),
    ] {
        let before = fixture(path);
        check(client, Some(&before), &program());
        check(client, None, &program());
        let edited = connect(client, "/c.json", Some(&before), &program()).unwrap();
        insta::assert_snapshot!(format!("diff_{}", client.word()), edited.diff);
        if client != Client::ClaudeDesktop {
            check(client, Some(&before), &address());
        }
    }
    assert!(connect(Client::ClaudeDesktop, "/c.json", None, &address()).is_err());
}

#[test]
fn forms_of_files_are_kept() {
    for before in [
        "{}",
        "{}\n",
        "{\n}\n",
        "",
        "\n",
        "{\"a\":1}",
        "{ \"a\": 1 }\n",
        "{\n\t\"a\": 1\n}\n",
        "{\r\n    \"a\": 1\r\n}\r\n",
        "\u{feff}{\n  \"a\": 1\n}",
        "{\n  \"mcpServers\": {}\n}\n",
        "{\"mcpServers\":{}}",
        "{\n  \"mcpServers\": {\n  }\n}",
        "{\n  \"mcpServers\": {\n    \"b\": {\"command\": \"x\"}\n  },\n  \"z\": [1, 2]\n}\n",
        "{\"mcpServers\": {\"b\": {\"command\": \"x\"}}, \"z\": null}",
    ] {
        let after = check_form(Client::Windsurf, before);
        assert!(after.contains("\"oikos\""), "{after}");
    }
    for before in [
        "// head\n{\n  // first\n  \"servers\": {\n    // none yet\n  }, // tail\n}\n// end\n",
        "{\n  \"servers\": {\n    \"b\": {\"command\": \"x\"}, // about b\n    /* after */\n  }\n}\n",
        "{\n  \"servers\": {\n    \"b\": {\"command\": \"x\"} // about b\n  }\n}\n",
        "/* only */ {\"a\": /* one */ 1, /* two */}",
    ] {
        let after = check_form(Client::VsCode, before);
        for comment in [
            "// head",
            "// first",
            "// none yet",
            "// tail",
            "// end",
            "// about b",
            "/* after */",
            "/* only */",
            "/* one */",
        ] {
            assert_eq!(before.contains(comment), after.contains(comment), "{after}");
        }
    }
}

/// As [`check`] but for the way back without the backup, which may give another of two forms that connect to the same.
fn check_form(client: Client, before: &str) -> String {
    let file = "/home/ada/config.json";
    let bytes = connect(client, file, Some(before.as_bytes()), &program()).unwrap().bytes.unwrap();
    let back = disconnect(client, file, &bytes, Before::Bytes(before.as_bytes()), &program()).unwrap();
    assert_eq!(back.bytes.as_deref(), Some(before.as_bytes()));
    let alone = disconnect(client, file, &bytes, Before::Unknown, &program()).unwrap().bytes.unwrap();
    assert!(!is_connected(client, file, &alone).unwrap(), "{}", String::from_utf8_lossy(&alone));
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.starts_with('\u{feff}'), before.starts_with('\u{feff}'));
    if before.contains('\r') {
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    }
    assert!(crate::random::is_only_added(before, &text), "{before}\n→\n{text}");
    text
}

#[test]
fn an_entry_of_another_form_is_replaced() {
    let before = br#"{"mcpServers": {"oikos": {"command": "/old/oikos"}, "b": {"command": "x"}}}"#;
    let edited = connect(Client::ClaudeDesktop, "/c.json", Some(before), &program()).unwrap();
    let text = String::from_utf8(edited.bytes.unwrap()).unwrap();
    assert!(
        text.contains("/usr/local/bin/oikos")
            && !text.contains("/old/oikos")
            && text.contains(r#""b": {"command": "x"}"#),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let fault = |client: Client, text: &str, expected: &str| {
        let fault = connect(client, "/c.json", Some(text.as_bytes()), &program()).unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault}");
        assert!(!fault.contains("CANARY"), "{fault}");
        fault
    };
    let shown = fault(Client::ClaudeDesktop, "{\n  \"env\": {\"TOKEN\": \"CANARY\" \"x\": 1}\n}", "/c.json:2:");
    insta::assert_snapshot!("fault_with_caret", shown);
    fault(Client::ClaudeDesktop, "{\"a\": 1,}", "not JSON");
    fault(Client::ClaudeCode, "// no\n{}", "not JSON");
    fault(Client::VsCode, "[]", "does not hold an object");
    fault(Client::VsCode, "{\"servers\": []}", "not an object");
    fault(Client::VsCode, "{\"servers\": null}", "null");
    fault(Client::VsCode, "{\"servers\": {}, \"servers\": {}}", "twice");
    fault(Client::VsCode, "{\"servers\": {\"oikos\": {}, \"oikos\": {}}}", "twice");
    fault(Client::VsCode, &"[".repeat(100_000), "deeper");
    assert!(disconnect(Client::VsCode, "/c.json", b"{", Before::Unknown, &program()).is_err());
    let none = disconnect(Client::VsCode, "/c.json", b"{ }", Before::Unknown, &program()).unwrap();
    assert!(!none.is_changed() && none.bytes.as_deref() == Some(b"{ }"));
}
