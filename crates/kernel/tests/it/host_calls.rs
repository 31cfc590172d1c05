//! What a guest sends, and what it is taken for.

use kernel::host_call::{
    CsvAggregate, CsvCall, CsvMeasure, CsvMeasureKind, CsvOptions, FileCall, HostCall, MCP_ARGUMENT_BYTES_MAX, McpCall,
    PATH_BYTES_MAX, PdfCall, STORAGE_KEY_BYTES_MAX, ShellCall, StorageCall,
};
use proptest::prelude::*;
use protocol::{ErrorCode, FileAccess, limit::HOST_ARGUMENT_BYTES_MAX};
use serde_json::json;

#[track_caller]
fn check(name: &str, arguments: &str, expected: HostCall) {
    assert_eq!(HostCall::decode(name, arguments.as_bytes(), b"body".to_vec()), Ok(expected), "{name} {arguments}");
}

#[track_caller]
fn check_refused(name: &str, arguments: &str, code: ErrorCode, message: &str) {
    let error = HostCall::decode(name, arguments.as_bytes(), Vec::new()).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (code, message), "{name} {arguments}");
}

#[test]
fn each_name_is_one_call() {
    let path = || "notes/a".to_owned();
    let key = || "k".to_owned();
    let body = b"body".to_vec();
    let at = r#"{"path": "notes/a"}"#;
    check("file.read", at, HostCall::File(FileCall::Read { path: path(), from: None, to: None }));
    let range = r#"{"path": "notes/a", "from": 3, "to": 7}"#;
    check("file.read", range, HostCall::File(FileCall::Read { path: path(), from: Some(3), to: Some(7) }));
    check("file.readText", at, HostCall::File(FileCall::ReadText { path: path() }));
    check("file.write", at, HostCall::File(FileCall::Write { path: path(), body: body.clone() }));
    check("file.list", at, HostCall::File(FileCall::List { path: path() }));
    check("file.remove", at, HostCall::File(FileCall::Remove { path: path() }));
    let moved = r#"{"path": "notes/a", "to": "notes/b"}"#;
    check("file.move", moved, HostCall::File(FileCall::Move { path: path(), to: "notes/b".to_owned() }));
    let pick =
        |access, folder, purpose: &str| HostCall::File(FileCall::Pick { access, folder, purpose: purpose.into() });
    check("file.pick", "{}", pick(FileAccess::Read, false, ""));
    let asked = r#"{"access": "write", "folder": true, "purpose": "to keep\u202e it"}"#;
    check("file.pick", asked, pick(FileAccess::Write, true, "to keep\\u{202e} it"));
    check("storage.get", r#"{"key": "k"}"#, HostCall::Storage(StorageCall::Get { key: key() }));
    check("storage.set", r#"{"key": "k"}"#, HostCall::Storage(StorageCall::Set { key: key(), value: body }));
    check("storage.delete", r#"{"key": "k"}"#, HostCall::Storage(StorageCall::Delete { key: key() }));
    let list =
        |prefix: &str, after, limit| HostCall::Storage(StorageCall::List { prefix: prefix.into(), after, limit });
    check("storage.list", "{}", list("", None, None));
    check("storage.list", r#"{"prefix": "p", "after": "k", "limit": 9}"#, list("p", Some(key()), Some(9)));
    check("timer", r#"{"ms": 12}"#, HostCall::Timer { ms: 12 });
    for feature in ["ai.generateText", "clipboard.write", "knowledge.search"] {
        check(feature, "whatever", HostCall::NotAvailable { feature: feature.to_owned() });
    }
}

#[test]
fn pages_and_commands_are_bounded() {
    let pdf = |from, to| HostCall::Pdf(PdfCall { path: "a".into(), from, to });
    check("pdf.text", r#"{"path": "a"}"#, pdf(None, None));
    check("pdf.text", r#"{"path": "a", "from": 2, "to": 3}"#, pdf(Some(2), Some(3)));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let plain =
        ShellCall { command: words(&["ls"]), input: b"body".to_vec(), folder: None, write: false, timeout_ms: None };
    check("shell.run", r#"{"command": ["ls"]}"#, HostCall::Shell(plain.clone()));
    let asked = r#"{"command": ["git", "log", "$(id)"], "folder": "work", "write": true, "timeoutMs": 5}"#;
    let full = ShellCall {
        command: words(&["git", "log", "$(id)"]),
        folder: Some("work".into()),
        write: true,
        timeout_ms: Some(5),
        ..plain
    };
    check("shell.run", asked, HostCall::Shell(full));
    let many = serde_json::json!({ "command": vec!["x"; 65] }).to_string();
    let long = serde_json::json!({ "command": ["x", "y".repeat(17 << 10)] }).to_string();
    for (name, arguments, code) in [
        ("pdf.text", r#"{"path": "a", "from": -1}"#, ErrorCode::InvalidInput),
        ("pdf.text", r#"{"path": "a", "from": 1.5}"#, ErrorCode::InvalidInput),
        ("pdf.text", "{}", ErrorCode::InvalidInput),
        ("shell.run", "{}", ErrorCode::InvalidInput),
        ("shell.run", r#"{"command": "ls -l"}"#, ErrorCode::InvalidInput),
        ("shell.run", r#"{"command": []}"#, ErrorCode::InvalidInput),
        ("shell.run", r#"{"command": ["a\u0000b"]}"#, ErrorCode::InvalidInput),
        ("shell.run", r#"{"command": ["ls"], "environment": {}}"#, ErrorCode::InvalidInput),
        ("shell.run", &many, ErrorCode::InvalidInput),
        ("shell.run", &long, ErrorCode::TooLarge),
    ] {
        let decoded = HostCall::decode(name, arguments.as_bytes(), vec![]);
        assert_eq!(decoded.map_err(|error| error.code), Err(code), "{name} {}", &arguments[..arguments.len().min(80)]);
    }
}

#[test]
fn calls_of_tools_are_bounded() {
    let call = |arguments: serde_json::Value| {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        HostCall::Mcp(McpCall::Call { server: "github".to_owned(), tool: "read-file".to_owned(), arguments })
    };
    check("mcp.call", r#"{"server": "github", "tool": "read-file"}"#, call(json!({})));
    let given = r#"{"server": "github", "tool": "read-file", "arguments": {"b": 1, "a": [null]}}"#;
    check("mcp.call", given, call(json!({ "b": 1, "a": [null] })));
    check("mcp.list", "{}", HostCall::Mcp(McpCall::List));
    let of =
        |server: &str, said: &str| json!({ "server": server, "tool": "x", "arguments": { "said": said } }).to_string();
    for (arguments, code) in [
        ("{}".to_owned(), ErrorCode::InvalidInput),
        (r#"{"server": "a", "tool": ""}"#.to_owned(), ErrorCode::InvalidInput),
        (r#"{"server": "a", "tool": "b", "arguments": [1]}"#.to_owned(), ErrorCode::InvalidInput),
        (r#"{"server": "a", "tool": "b", "caller": "c"}"#.to_owned(), ErrorCode::InvalidInput),
        (of(&"a".repeat(257), ""), ErrorCode::InvalidInput),
        (of("a", &"x".repeat(MCP_ARGUMENT_BYTES_MAX)), ErrorCode::TooLarge),
    ] {
        let decoded = HostCall::decode("mcp.call", arguments.as_bytes(), vec![]);
        assert_eq!(decoded.map_err(|error| error.code), Err(code), "{}", &arguments[..arguments.len().min(80)]);
    }
}

#[test]
fn each_csv_name_is_one_call() {
    let plain = CsvOptions::default();
    let options = CsvOptions { delimiter: Some(";".to_owned()), header: Some(false), escape_formulas: true };
    let said = r#"{"delimiter": ";", "header": false, "escapeFormulas": true}"#;
    check("csv.open", r#"{"path": "a"}"#, HostCall::Csv(CsvCall::Open { path: "a".into(), options: plain.clone() }));
    let open = format!(r#"{{"path": "a", "options": {said}}}"#);
    check("csv.open", &open, HostCall::Csv(CsvCall::Open { path: "a".into(), options: options.clone() }));
    check("csv.rows", r#"{"table": 1}"#, HostCall::Csv(CsvCall::Rows { table: 1, limit: None }));
    check("csv.rows", r#"{"table": 1, "limit": 2}"#, HostCall::Csv(CsvCall::Rows { table: 1, limit: Some(2) }));
    let columns = Some(vec!["x".to_owned()]);
    let statistics = r#"{"table": 1, "columns": ["x"]}"#;
    check("csv.statistics", statistics, HostCall::Csv(CsvCall::Statistics { table: 1, columns }));
    let request = CsvAggregate {
        group_by: vec!["g".to_owned()],
        measures: vec![
            CsvMeasure { measure: CsvMeasureKind::Count, column: None },
            CsvMeasure { measure: CsvMeasureKind::Mean, column: Some("x".to_owned()) },
        ],
        limit: Some(5),
    };
    check(
        "csv.aggregate",
        r#"{"table": 1, "request": {"groupBy": ["g"], "measures": [{"measure": "count"}, {"measure": "mean", "column": "x"}], "limit": 5}}"#,
        HostCall::Csv(CsvCall::Aggregate { table: 1, request }),
    );
    let all = HostCall::Csv(CsvCall::Aggregate { table: 1, request: CsvAggregate::default() });
    check("csv.aggregate", r#"{"table": 1}"#, all);
    check("csv.close", r#"{"table": 1}"#, HostCall::Csv(CsvCall::Close { table: 1 }));
    let parse = format!(r#"{{"text": "a,b", "options": {said}}}"#);
    check("csv.parse", &parse, HostCall::Csv(CsvCall::Parse { text: "a,b".into(), options }));
    let rows = vec![vec![json!("a"), json!(1)]];
    check("csv.stringify", r#"{"rows": [["a", 1]]}"#, HostCall::Csv(CsvCall::Stringify { rows, options: plain }));
}

#[test]
fn what_is_not_a_call_is_an_error_that_the_guest_may_see() {
    check_refused("file.chmod", "{}", ErrorCode::NotFound, "there is no host call 'file.chmod'");
    check_refused("a\u{202e}", "{}", ErrorCode::NotFound, "there is no host call 'a\\u{202e}'");
    check_refused("timer", "{}", ErrorCode::InvalidInput, "timer: missing field `ms` at line 1 column 2");
    check_refused(
        "file.list",
        r#"{"path": "a", "follow": true}"#,
        ErrorCode::InvalidInput,
        "file.list: unknown field `follow`, expected `path` at line 1 column 22",
    );
    for (name, arguments) in [
        ("file.read", "{\"path\": \"a\", \"from\": -1}"),
        ("file.read", ""),
        ("storage.get", "[]"),
        ("timer", "{\"ms\": 1.5}"),
        ("csv.rows", "{\"table\": 4294967296}"),
        ("file.readText", "\u{0}"),
    ] {
        let error = HostCall::decode(name, arguments.as_bytes(), Vec::new()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidInput, "{name} {arguments}: {error}");
    }
}

#[test]
fn every_bound_is_reached_and_not_before() {
    let path = |bytes: usize| json!({ "path": "p".repeat(bytes) }).to_string();
    for name in ["file.read", "file.readText", "file.write", "file.list", "file.remove", "csv.open"] {
        let decode = |bytes: usize| HostCall::decode(name, path(bytes).as_bytes(), Vec::new()).map(drop);
        assert_eq!(decode(PATH_BYTES_MAX), Ok(()), "{name}");
        assert_eq!(decode(PATH_BYTES_MAX + 1).unwrap_err().to_string(), "a path may have at most 4096 bytes", "{name}");
    }
    for name in ["storage.get", "storage.set", "storage.delete"] {
        let decode = |bytes: usize| {
            let key = json!({ "key": "k".repeat(bytes) }).to_string();
            HostCall::decode(name, key.as_bytes(), Vec::new()).map(drop)
        };
        assert_eq!((decode(1), decode(STORAGE_KEY_BYTES_MAX)), (Ok(()), Ok(())), "{name}");
        for bytes in [0, STORAGE_KEY_BYTES_MAX + 1] {
            assert_eq!(decode(bytes).unwrap_err().to_string(), "a storage key has 1 to 512 bytes", "{name}");
        }
    }
    let fill = |bytes: usize| format!("{{\"ms\": 1}}{}", " ".repeat(bytes - 9));
    let decode = |arguments: usize, body: usize| {
        HostCall::decode("timer", fill(arguments).as_bytes(), vec![0; body]).map_err(|error| error.to_string())
    };
    let timer = Ok(HostCall::Timer { ms: 1 });
    let too_large = Err("timer: a call may carry at most 4194304 bytes".to_owned());
    assert_eq!(decode(HOST_ARGUMENT_BYTES_MAX, HOST_ARGUMENT_BYTES_MAX), timer);
    assert_eq!(decode(HOST_ARGUMENT_BYTES_MAX + 1, 0), too_large);
    assert_eq!(decode(9, HOST_ARGUMENT_BYTES_MAX + 1), too_large);
}

proptest! {
    #[test]
    fn whatever_a_guest_sends_is_a_call_or_an_error(
        name in r"(file\.(read|write|pick|list)|storage\.(get|set|list)|csv\.(open|rows|aggregate|parse)|timer|\PC{0,8})",
        arguments in prop_oneof![
            r#"\{"(path|key|ms|table|rows|text)": ("\PC{0,20}"|-?[0-9]{1,24}|null|\[\[*\]*)\}"#.prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..60),
        ],
    ) {
        if let Err(error) = HostCall::decode(&name, &arguments, Vec::new()) {
            prop_assert!(error.message.len() < 1_000);
            prop_assert!(error.message.chars().all(|c| !protocol::text::is_deceptive(c)), "{:?}", error.message);
        }
    }
}
