//! What authors write, and what they are told.

use crate::support::{EVERY_KEY, app, app_of, manifest_with, open, told};
use package::{Cause, Dependency, Entry, Form, Hook, Package, SCHEMAS};
use protocol::{FileAccess, HostRule, LimitChanges, Scope, Zone, limit};
use serde_json::Value;

/// A snapshot of what a person sees, without the code that made it.
macro_rules! shown {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

#[test]
fn an_honest_app_is_read() {
    let package = open(&app(&[])).unwrap();
    let manifest = package.manifest();
    assert_eq!(package.name().as_str(), "seo-writer");
    assert_eq!(manifest.version.to_string(), "1.2.3");
    assert_eq!(manifest.zones, [Zone::Local]);
    assert_eq!(manifest.limits, LimitChanges::default());
    assert!(package.warnings().is_empty(), "{:?}", package.warnings());
    assert!(package.suspicious_texts().is_empty());
    let action = &package.actions()[0];
    assert_eq!((action.name.as_str(), action.title.as_str()), ("generate", "Generate"));
    let fields: Vec<_> =
        action.file_fields.iter().map(|f| (f.name.as_str(), f.access, f.is_folder, f.is_required)).collect();
    assert_eq!(fields, [("data", FileAccess::Read, false, false), ("out", FileAccess::Write, true, false)]);
    assert_eq!(package.digest(), protocol::sha256(package.archive_bytes()));
}

#[test]
fn every_optional_key_is_read_the_same_in_both_forms() {
    let [mini_app, plugin] = Form::ALL.map(|form| {
        let changes = [(form.manifest(), manifest_with(form, EVERY_KEY))];
        let package = open(&app_of(form, &changes.each_ref().map(|(path, text)| (*path, text.as_str())))).unwrap();
        assert_eq!(package.form(), form);
        let manifest = package.manifest();
        assert_eq!(manifest.zones, [Zone::Cloud, Zone::Local]);
        assert_eq!(manifest.limits.cpu_ms, Some(60_000));
        assert_eq!(manifest.entry, Entry::Module("bot-logic.js".to_owned()));
        assert!(manifest.engines_oikos.is_some() && manifest.publisher.is_some());
        let triggers: Vec<_> = package.triggers().iter().map(|trigger| &trigger.cause).collect();
        let [Cause::Message(pattern), Cause::Events(topics), Cause::Schedule(schedule)] = triggers[..] else {
            panic!("{triggers:?}")
        };
        assert_eq!((pattern.as_str(), pattern.groups_count()), ("^Search(.*)", 1));
        assert_eq!(pattern.groups("Search bread"), Some(vec![Some(" bread")]));
        assert_eq!(pattern.groups("search bread"), None);
        assert_eq!(*topics, ["user.image"]);
        assert_eq!(schedule.as_str(), "0 8 * * 1-5");
        assert!(package.triggers().iter().all(|trigger| trigger.target.as_ref().unwrap().as_str() == "generate"));
        assert_eq!(package.hooks()[&Hook::Postinstall].as_str(), "setup");
        assert_eq!(package.hooks().keys().copied().collect::<Vec<_>>(), Hook::ALL);
        assert_eq!(package.routes()[0].to_string(), "GET /feed");
        assert_eq!(package.dependencies(), [Dependency::Mcp("local_fs".to_owned())]);
        let settings = package.settings().unwrap();
        let (key, city) = (settings.field("key").unwrap(), settings.field("city").unwrap());
        assert!(key.is_secret && !key.is_required && city.is_required && !city.is_secret);
        assert_eq!((key.title.as_str(), city.title.as_str()), ("Key", "city"));
        assert_eq!(city.default, Some("Athens".into()));
        assert!(settings.check(&serde_json::json!({"city": "Rome"})).is_ok());
        assert!(settings.check(&serde_json::json!({"city": 7})).is_err());
        let lines: Vec<_> = package.requests().iter().map(|asked| asked.request.scope.line().to_string()).collect();
        assert_eq!(
            lines,
            ["ai", "clipboard.read", "clipboard.write", "event.chat", "mcp.local_fs", "network", "storage"]
        );
        assert!(package.requests().iter().all(|asked| !asked.is_implied));
        package
    });
    // Everything that anybody can ask of the one is as in the other.
    assert_eq!(format!("{:?}", mini_app.manifest()), format!("{:?}", plugin.manifest()));
    assert_eq!(mini_app.requests(), plugin.requests());
    assert_eq!(mini_app.code(), plugin.code());
    assert_eq!(format!("{:?}", mini_app.actions()), format!("{:?}", plugin.actions()));
    let warnings = |package: &Package| {
        package.warnings().iter().map(|warning| warning.to_string().replace("kimai", "manifest")).collect::<Vec<_>>()
    };
    assert_eq!(warnings(&mini_app), warnings(&plugin));
}

/// What is asked for: the same in both forms, and in the manifest as in a file of its own.
fn scopes(permissions: &str) -> Vec<Scope> {
    let keys = format!("\"permissions\": {permissions}");
    let all = Form::ALL.map(|form| {
        let manifest = manifest_with(form, &keys);
        [[("permissions.json", permissions)], [(form.manifest(), &manifest)]].map(|changes| {
            let package = open(&app_of(form, &changes)).unwrap_or_else(|error| panic!("{error}"));
            package.requests().iter().filter(|r| !r.is_implied).map(|r| r.request.scope.clone()).collect::<Vec<_>>()
        })
    });
    let [[first, ..], ..] = &all;
    assert!(all.iter().flatten().all(|scopes| scopes == first), "{all:?}");
    first.clone()
}

#[test]
fn what_it_depends_on_of_servers_has_a_switch() {
    let scopes = |permissions: &str| -> Vec<Scope> {
        let manifest = manifest_with(Form::MiniApp, r#""dependencies": ["mcp.search", "mcp.code.read"]"#);
        let package = open(&app(&[("manifest.json", &manifest), ("permissions.json", permissions)])).unwrap();
        package.requests().iter().map(|asked| asked.request.scope.clone()).collect()
    };
    let alias = |server: &str, tools: &[&str]| Scope::Mcp {
        server: server.to_owned(),
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        alias: true,
    };
    let asked = scopes(r#"{ "ai": false, "storage": false }"#);
    assert_eq!(asked, [alias("code.read", &[]), alias("search", &[])]);
    // What else is said of such a name goes with it, and a server that is named is that server.
    let asked = scopes(
        r#"{ "ai": false, "storage": false,
             "mcp": [{ "server": "search", "tools": ["find"] }, { "server": "github" }] }"#,
    );
    let github = Scope::Mcp { server: "github".to_owned(), tools: vec![], alias: false };
    assert_eq!(asked, [alias("code.read", &[]), github, alias("search", &["find"])]);
    // Who says no to servers asks for none.
    assert!(scopes(r#"{ "ai": false, "storage": false, "mcp": false }"#).is_empty());
}

#[test]
fn every_scope_is_decoded() {
    let text = str::to_owned;
    let read = |folders: &[&str]| Scope::File {
        access: FileAccess::Read,
        folders: folders.iter().map(|f| (*f).to_owned()).collect(),
    };
    let write = Scope::File { access: FileAccess::Write, folders: vec![] };
    // S2's own example.
    assert_eq!(
        scopes(r#"{"fileSystem": {"read": true, "write": false}, "network": false, "clipboard": false}"#),
        [read(&[])]
    );
    for alias in ["file", "fs", "filesystem", "fileSystem"] {
        assert_eq!(scopes(&format!("[\"{alias}\"]")), [read(&[]), write.clone()]);
    }
    assert_eq!(
        scopes(r#"{"file": {"read": true, "folders": ["~/notes"], "reason": "to read"}}"#),
        [read(&["~/notes"])]
    );
    assert_eq!(scopes(r#"{"file": {}}"#), []);
    for (quota, quota_bytes) in [("\"10 MB\"", 10_000_000), ("\"10 MiB\"", 10 << 20), ("4096", 4096)] {
        assert_eq!(scopes(&format!("{{\"storage\": {{\"quota\": {quota}}}}}")), [Scope::Storage { quota_bytes }]);
    }
    assert_eq!(scopes(r#"{"storage": true}"#), [Scope::Storage { quota_bytes: limit::STORAGE_BYTES }]);
    assert_eq!(scopes("[\"network\"]"), [Scope::Network { rules: vec![] }]);
    assert_eq!(
        scopes(
            r#"{"network": {"hosts": ["API.x.com", {"host": "y.org", "port": 8443, "methods": ["GET"], "paths": ["/v1/"]}]}}"#
        ),
        [Scope::Network {
            rules: vec![
                HostRule { host: text("api.x.com"), ..HostRule::default() },
                HostRule {
                    host: text("y.org"),
                    port: Some(8443),
                    methods: vec![text("GET")],
                    paths: vec![text("/v1/")],
                    by_owner: false
                },
            ]
        }]
    );
    assert_eq!(
        scopes(r#"{"shell": {"commands": [["git", "status"]]}}"#),
        [Scope::Shell { commands: vec![vec![text("git"), text("status")]] }]
    );
    assert_eq!(scopes("[\"docker\"]"), [Scope::Shell { commands: vec![vec![text("docker"), text("*")]] }]);
    assert_eq!(scopes(r#"{"clipboard": {"read": true}}"#), [Scope::Clipboard { access: FileAccess::Read }]);
    assert_eq!(scopes(r#"["gpu", "view"]"#), [Scope::Gpu, Scope::View]);
    assert_eq!(
        scopes(r#"{"ai": {"models": ["small"], "budget": 0.5}}"#),
        [Scope::Ai { models: vec![text("small")], budget_micros: Some(500_000) }]
    );
    assert_eq!(
        scopes(r#"{"mcp": [{"server": "github", "tools": ["search"]}, {"server": "fs"}]}"#),
        [
            Scope::Mcp { server: text("fs"), tools: vec![], alias: false },
            Scope::Mcp { server: text("github"), tools: vec![text("search")], alias: false }
        ]
    );
    assert_eq!(
        scopes(r#"{"event": {"listen": ["user.message"], "publish": ["app.x.*"]}}"#),
        [Scope::Event { publish: vec![text("app.x.*")], listen: vec![text("user.message")] }]
    );
    assert_eq!(
        scopes(r#"{"secret": {"name": "key", "hosts": ["API.x.com"]}}"#),
        [Scope::Secret { name: text("key"), hosts: vec![text("api.x.com")] }]
    );
}

#[test]
fn implied_scopes_can_be_declined_and_agreement_is_needed() {
    let lines = |changes: &[(&str, &str)]| -> Vec<String> {
        open(&app(changes)).unwrap().requests().iter().map(|r| r.request.scope.line().to_string()).collect()
    };
    assert_eq!(lines(&[]), ["ai", "storage"]);
    assert_eq!(lines(&[("permissions.json", r#"{"ai": false, "storage": false}"#)]), [""; 0]);
    let manifest = r#"{"id": "two", "name": "Two", "version": "1.0.0", "permissions": {"fs": {"read": true}}}"#;
    assert_eq!(
        lines(&[("manifest.json", manifest), ("permissions.json", r#"{"file": {"read": true, "write": false}}"#)]),
        ["ai", "file.read", "storage"]
    );
    assert!(
        told(&[("manifest.json", manifest), ("permissions.json", "[\"file\"]")]).contains("asks for something else")
    );
}

#[test]
fn manifest_errors_are_told_with_line_and_caret() {
    shown!(told(&[(
        "manifest.json",
        "{\n  \"id\": \"SEO\",\n  \"name\": 7,\n  \"version\": \"1.0\",\n  \"descripton\": \"typo\",\n  \"runtime\": [\"locl\"],\n  \
         \"permissions\": { \"netwrk\": true, \"file\": { \"reed\": true } },\n  \"limits\": { \"cpu_ms\": 700000 },\n  \
         \"hooks\": { \"activate\": \"a-b\" }\n}\n"
    )]));
}

#[test]
fn several_files_are_told_at_once() {
    shown!(told(&[
        ("manifest.json", "{ \"name\": \"x\" }"),
        ("permissions.json", "[\"networ\", \"file\", \"file\"]"),
        (
            "action-schema.json",
            "{\n \"do it\": { \"input\": { \"type\": \"object\" } },\n \"run\": { \"inputs\": {} }\n}"
        ),
        ("ui-schema.json", "{ \"generat\": { \"ordr\": [] } }"),
        ("bot-logic.js", "import _ from 'lodash'\n"),
    ]));
}

#[test]
fn json_errors_are_told() {
    shown!(told(&[("manifest.json", "{\n  \"id\": \"a\",\n  // why\n  \"name\": \"b\",\n}")]));
    shown!(told(&[("manifest.json", "{\n  \"id\": \"ab\",\n  \"id\": \"cd\",\n  \"name\": \"b\"\n}")]));
}

#[test]
fn actions_and_hints_are_checked_against_each_other() {
    shown!(told(&[("ui-schema.json", "{ \"generat\": {}, \"generate\": { \"order\": [\"topc\"] } }")]));
    shown!(told(&[(
        "action-schema.json",
        "{ \"generate\": { \"input\": { \"type\": \"object\",\n  \"properties\": {\n    \"a\": { \"type\": \"string\", \"format\": \"input-fil\" },\n    \
         \"b\": { \"type\": \"number\", \"format\": \"input-file\" },\n    \
         \"c\": { \"type\": \"array\", \"items\": { \"type\": \"string\", \"format\": \"output-file\" } },\n    \"d\": { \"typ\": \"string\" } } } } }"
    )]));
}

#[test]
fn modules_are_told_with_file_and_line() {
    shown!(told(&[
        (
            "bot-logic.js",
            "import _ from 'lodash'\nimport { x } from './lib/util'\nimport y from './lib/utl.js'\nimport '../up.js'\n\
             import z from 'helper'\nexport { a } from \"node:fs\"\nexport function generate() { return import(name) }\n"
        ),
        ("lib/util.js", "import './more.js'"),
        ("helper.js", "// import 'nothing'"),
        ("tools.js", "import './lib/util.js'"),
    ]));
}

#[test]
fn warnings_stop_nothing() {
    let package = open(&app(&[
        ("manifest.json", r#"{"id": "old", "name": "Old"}"#),
        ("bot-logic.js", "const fs = require('fs')\nfunction generate() {}\nmodule.exports = { generate }\n"),
        ("tools.js", "export function generat() {}"),
        ("llm-tool.yaml", "name: generat\nparameters: { type: object }"),
    ]))
    .unwrap();
    let warnings: Vec<_> = package.warnings().iter().map(ToString::to_string).collect();
    shown!(warnings.join("\n"));
    assert_eq!(package.manifest().version.to_string(), "0.0.0");
}

#[test]
fn the_form_decides() {
    shown!(told(&[("kimai.json", "{}")]));
    shown!(told(&[("kimai.json", "{}"), ("manifest.json", ""), ("bot-logic.js", "")]));
    shown!(told(&[("manifest.json", "")]));
    shown!(told(&[("bot-logic.js", ""), ("bot-logi.js", "x"), ("action-schema.json", "")]));
}

#[test]
fn scopes_without_a_plain_form_ask_for_details() {
    for (permissions, expected) in [
        ("[\"mcp\"]", "expected 'network'"),
        ("{\"mcp\": true}", "name the server"),
        ("{\"event\": true}", "name the topics"),
        ("{\"secret\": true}", "name the secret"),
        ("{\"secret\": {\"name\": \"k\"}}", "the key 'hosts' is missing"),
        ("{\"network\": {\"hosts\": [\"*.com\"]}}", "an exact host name"),
        ("{\"network\": {\"hosts\": [\"*\"]}}", "an exact host name"),
        ("{\"network\": {\"hosts\": [\"a.*.com\"]}}", "an exact host name"),
        ("{\"network\": {\"hosts\": [{\"host\": \"x.com\", \"by_owner\": true}]}}", "unknown key 'by_owner'"),
        ("{\"secret\": {\"name\": \"k\", \"hosts\": [\"*.x.com\"]}}", "an exact host name"),
        ("{\"network\": {\"hosts\": [\"http://x.com\"]}}", "an exact host name"),
        ("{\"network\": {\"hosts\": []}}", "at least 1 entries"),
        ("{\"storage\": {\"quota\": \"2 GiB\"}}", "from 1 byte to 1 GiB"),
        ("{\"storage\": {\"quota\": \"lots\"}}", "a size such as"),
        ("{\"shell\": {\"commands\": [\"git status\"]}}", "expected an array"),
        ("{\"shell\": {\"commands\": [[\"*\"]]}}", "cannot be '*'"),
        ("{\"docker\": {\"commands\": [[\"sh\"]]}}", "begins with \"docker\""),
        ("{\"file\": {\"folders\": [\"/\"]}}", "neither"),
        ("{\"file\": true, \"fs\": true}", "asked for twice"),
        ("{\"mcp\": [{\"server\": \"a\"}, {\"server\": \"a\"}]}", "'mcp.a' is asked for twice"),
        ("{\"root\": true}", "unknown key 'root'"),
        ("true", "expected an array or an object"),
        ("{\"file\": {\"read\": true, \"reason\": \"\"}}", "expected some text"),
    ] {
        let told = told(&[("permissions.json", permissions)]);
        assert!(told.contains(expected) && told.contains("permissions.json:1:"), "{permissions}\n{told}");
    }
}

#[test]
fn texts_that_deceive_are_found_and_shown_escaped() {
    let package = open(&app(&[
        ("manifest.json", "{\"id\": \"ok\", \"name\": \"Pay\u{202e}lap\", \"version\": \"1.0.0\"}"),
        ("permissions.json", "{\"file\": {\"read\": true, \"reason\": \"a\u{200b}b\"}}"),
    ]))
    .unwrap();
    let found: Vec<_> = package.suspicious_texts().into_iter().map(|t| format!("{}: {}", t.what, t.shown)).collect();
    assert_eq!(found, ["title: Pay\\u{202e}lap", "reason for file.read: a\\u{200b}b"]);
    let told = told(&[("manifest.json", "{\"id\": \"ok\", \"name\": \"x\", \"\u{1b}[2J\u{202e}\": 1}")]);
    assert!(told.contains("\\u{1b}[2J\\u{202e}") && !told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told}");
}

#[test]
fn long_lists_of_errors_are_cut() {
    let keys: String = (0..5000).map(|index| format!("\"k{index}\": 0,\n")).collect();
    let told = told(&[("manifest.json", &format!("{{ {keys} \"id\": \"ab\", \"name\": \"x\" }}"))]);
    assert_eq!(told.matches("unknown key").count(), 20);
    assert!(told.contains("more"), "{told}");
}

#[test]
fn hostile_files_end_soon() {
    let value = |key: &str, inner: &str| {
        format!("{{\"{key}\": {{\"input\": {{\"type\": \"object\", \"properties\": {{{inner}}}}}}}}}")
    };
    let wrong: String = (0..60_000).map(|index| format!("\"{index}\":1,")).collect();
    let imports = "import 'a'\n".repeat(100_000);
    for changes in [
        [("action-schema.json", value(&"k".repeat(400_000), &format!("{wrong}\"x\":1")))],
        [("action-schema.json", value("generate", &format!("{wrong}\"x\":1")))],
        [("manifest.json", "[".repeat(1 << 20))],
        [("manifest.json", format!("[{}0]", "0,".repeat(500_000)))],
        [("bot-logic.js", imports)],
        [("permissions.json", format!("[{}\"file\"]", "\"file\",".repeat(100_000)))],
    ] {
        let changes: Vec<_> = changes.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let started = std::time::Instant::now();
        let told = told(&changes);
        assert!(told.starts_with("[package_"), "{told}");
        assert!(started.elapsed().as_secs() < 20, "{} took {:?}", changes[0].0, started.elapsed());
    }
}

#[test]
fn published_schemas_are_the_ones_that_check() {
    let published = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    for (name, text) in SCHEMAS {
        let path = published.join(name);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{name}: run the tests with UPDATE_SCHEMAS=1");
    }
}

#[test]
fn schema_bounds_are_the_protocol_s() {
    let schema = |name: &str| -> Value {
        let (_, text) = SCHEMAS.iter().find(|(known, _)| *known == name).unwrap();
        serde_json::from_str(text).unwrap()
    };
    let manifest = schema("manifest.schema.json");
    let maximum = |key: &str| manifest.pointer(&format!("/$defs/limits/properties/{key}/maximum")).unwrap().as_u64();
    assert_eq!(maximum("cpu_ms"), Some(limit::GUEST_CPU_MS_MAX));
    assert_eq!(maximum("wall_ms"), Some(limit::WALL_MS_LOCAL));
    assert_eq!(maximum("memory_bytes"), Some(limit::MEMORY_BYTES_MAX));
    let permissions = schema("permissions.schema.json");
    let quota = permissions.pointer("/properties/storage/properties/quota/maximum").unwrap();
    assert_eq!(quota.as_u64(), Some(package::STORAGE_BYTES_MAX));
    for word in protocol::ScopeWord::ALL {
        assert!(permissions.pointer(&format!("/properties/{}", word.word())).is_some(), "{}", word.word());
    }
}

#[test]
fn a_plugin_may_hold_whatever_a_mini_app_may_but_its_own_words() {
    let schema = |form: &str| -> serde_json::Map<String, Value> {
        let (_, text) = SCHEMAS.iter().find(|(name, _)| name.starts_with(form)).unwrap();
        serde_json::from_str::<Value>(text).unwrap()["properties"].as_object().unwrap().clone()
    };
    let (mini_app, plugin) = (schema("manifest."), schema("kimai."));
    let only_there: Vec<_> = mini_app.keys().filter(|key| !plugin.contains_key(*key)).collect();
    assert_eq!(only_there, ["category", "developer", "id"]);
    assert!(plugin.keys().all(|key| mini_app.contains_key(key)));
    for (key, property) in plugin.iter().filter(|(key, _)| !matches!(key.as_str(), "$schema" | "name")) {
        let text = mini_app[key].to_string().replace("#/", "manifest.schema.json#/");
        assert_eq!(text, property.to_string());
    }
}

#[test]
fn errors_become_failures() {
    let error = Package::open(Vec::new()).unwrap_err();
    let failure = protocol::Failure::from(error);
    assert_eq!(failure.code, protocol::ErrorCode::PackageUnreadable);
    assert!(failure.message.contains("too short"));
}
