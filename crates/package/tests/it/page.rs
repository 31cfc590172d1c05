//! Apps of the browser: one document, and nothing that would run here.

use crate::support::{Files, open};
use package::{Code, Entry, Package, VIEW_BYTES_MAX};
use protocol::{Scope, Zone};

const HTML: &str = "<!doctype html><title>Dice</title><button>Roll</button>\n";
const MANIFEST: &str = r#"{
  "id": "dice",
  "name": "Dice",
  "version": "1.0.0",
  "runtime": ["browser"]
}"#;

/// An app of the browser with some files changed; an empty text removes the file.
fn page(changes: &[(&str, &str)]) -> Files {
    let mut files = Files::new();
    for (path, text) in [("manifest.json", MANIFEST), ("index.html", HTML)].iter().chain(changes) {
        files.insert((*path).to_owned(), text.as_bytes().to_vec());
    }
    files.retain(|_, text| !text.is_empty());
    files
}

fn read(changes: &[(&str, &str)]) -> Package {
    open(&page(changes)).unwrap_or_else(|error| panic!("{error}"))
}

fn told(changes: &[(&str, &str)]) -> String {
    match open(&page(changes)) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("[{}]\n{error}", error.code()),
    }
}

/// The manifest with one more line.
fn with(line: &str) -> String {
    MANIFEST.replace("[\"browser\"]", &format!("[\"browser\"],\n  {line}"))
}

#[test]
fn a_manifest_and_a_document_are_an_app() {
    let package = read(&[]);
    assert_eq!(package.manifest().zones, [Zone::Browser]);
    assert_eq!(package.manifest().entry, Entry::Page("index.html".to_owned()));
    assert_eq!(*package.code(), Code::Page("index.html".to_owned()));
    assert_eq!((package.actions().len(), package.tools().len(), package.hooks().len()), (0, 0, 0));
    assert_eq!(package.warnings(), []);
    // No model and no store, as other mini-apps have: they would be of no use to it.
    let [view] = package.requests() else { panic!("{:?}", package.requests()) };
    assert_eq!((&view.request.scope, view.is_implied), (&Scope::View, true));
}

#[test]
fn it_may_say_which_document_and_why() {
    let package = read(&[
        ("manifest.json", &with(r#""entry": "views/table.html""#)),
        ("permissions.json", r#"{ "view": { "reason": "It is a game." }, "ai": false }"#),
        ("views/table.html", HTML),
    ]);
    assert_eq!(*package.code(), Code::Page("views/table.html".to_owned()));
    let [view] = package.requests() else { panic!("{:?}", package.requests()) };
    assert_eq!((view.request.reason.as_deref(), view.is_implied), (Some("It is a game."), false));
}

#[test]
fn the_other_form_may_be_one_too() {
    let kimai = r#"{ "name": "dice", "version": "1.0.0", "runtime": ["browser"] }"#;
    let package = read(&[("manifest.json", ""), ("kimai.json", kimai)]);
    assert_eq!(*package.code(), Code::Page("index.html".to_owned()));
    assert_eq!(package.requests().len(), 1);
}

#[test]
fn an_app_with_code_here_that_lists_the_browser_too_stays_one() {
    for zones in [r#"["local", "browser"]"#, r#"["browser", "local"]"#] {
        let package = read(&[
            ("manifest.json", &MANIFEST.replace("[\"browser\"]", zones)),
            ("action-schema.json", r#"{ "roll": { "input": { "type": "object" } } }"#),
            ("bot-logic.js", "export async function roll(payload, ctx) {}\n"),
        ]);
        assert!(matches!(package.code(), Code::Script { .. }), "{zones}");
        assert_eq!(package.actions().len(), 1);
    }
}

#[test]
fn whatever_would_need_code_here_is_refused_at_its_place() {
    let told = |line: &str| told(&[("manifest.json", &with(line))]);
    insta::assert_snapshot!("page_hooks", told(r#""hooks": { "postinstall": "setup" }"#));
    for line in [
        r#""trigger": { "schedule": "0 8 * * 1-5" }"#,
        r#""routes": [{ "method": "GET", "path": "/feed" }]"#,
        r#""dependencies": ["mcp.search"]"#,
        r#""settings": { "type": "object", "properties": { "key": { "type": "string", "secret": true } } }"#,
        r#""limits": { "cpu_ms": 60000 }"#,
        r#""renderer": "table""#,
    ] {
        let key = line.split('"').nth(1).unwrap();
        let said = told(line);
        assert!(
            said.contains(&format!(
                "manifest.json:6:3: an app of the browser has no code on this machine, and \"{key}\""
            )),
            "{said}"
        );
        assert!(said.contains("^^^"), "{said}");
    }
}

#[test]
fn files_for_code_are_refused_and_files_beside_the_page_are_of_no_use() {
    let actions = ("action-schema.json", r#"{ "roll": { "input": { "type": "object" } } }"#);
    insta::assert_snapshot!("page_code", told(&[actions, ("bot-logic.js", "export const roll = () => 4\n")]));
    for path in ["action-schema.json", "ui-schema.json", "llm-tool.yaml", "tools.js", "bot-logic.js"] {
        let said = told(&[(path, "{}")]);
        assert!(
            said.contains(&format!(
                "manifest.json:5:3: an app of the browser has no code on this machine, and {path} "
            )),
            "{said}"
        );
    }
    let warnings = read(&[("game.js", "x"), ("look.css", "x"), ("README.md", "x")]);
    let warnings: Vec<String> = warnings.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("loads no other file, and so not game.js"), "{warnings:?}");
}

#[test]
fn it_asks_for_nothing_but_its_page() {
    insta::assert_snapshot!(
        "page_asks",
        told(&[(
            "permissions.json",
            "{\n  \"storage\": true,\n  \"network\": { \"hosts\": [\"a.example\"] },\n  \"ai\": false\n}"
        )])
    );
    let said = told(&[("permissions.json", r#"{ "view": false }"#)]);
    assert!(said.contains("permissions.json:1:3: an app of the browser is its page"), "{said}");
    let said = told(&[("manifest.json", &with(r#""permissions": ["view", "shell"]"#))]);
    assert!(said.contains("manifest.json:6:27: ") && said.contains("'shell'"), "{said}");
}

#[test]
fn its_entry_is_a_document_that_is_there_and_can_be_drawn() {
    insta::assert_snapshot!("page_missing", told(&[("index.html", ""), ("index2.html", HTML)]));
    insta::assert_snapshot!(
        "page_module",
        told(&[("manifest.json", &with(r#""entry": "main.js""#)), ("main.js", "x")])
    );
    let not_page = MANIFEST.replace("\"runtime\": [\"browser\"]", "\"entry\": \"index.html\"");
    let said = told(&[("manifest.json", &not_page)]);
    assert!(said.contains("manifest.json:5:12: only an app of the browser"), "{said}");
    let largest = "x".repeat(VIEW_BYTES_MAX);
    assert_eq!(told(&[("index.html", &largest)]), "ok");
    let said = told(&[("index.html", &format!("{largest}x"))]);
    assert!(said.starts_with("[package_code_invalid]\nindex.html: this page is larger than 4 MiB"), "{said}");
    let mut files = page(&[]);
    files.insert("index.html".to_owned(), b"\xff\xfe".to_vec());
    assert!(open(&files).unwrap_err().to_string().contains("index.html: this page is not UTF-8"));
}

#[test]
fn a_mistake_elsewhere_in_its_manifest_is_the_only_one_told() {
    let said = told(&[("manifest.json", &with(r#""colour": "red""#))]);
    assert!(said.contains("'colour'") && !said.contains("action-schema"), "{said}");
    let said = told(&[("manifest.json", &with(r#""engines": { "oikos": "what" }"#)), ("index.html", "")]);
    assert!(said.contains("index.html: this file is missing") && !said.contains("bot-logic"), "{said}");
}
