//! A small honest app in both forms, and one function that says what a package is refused with.

use package::{Form, Package, PackageError, pack};
use std::collections::BTreeMap;

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) const MANIFEST: &str = r#"{
  "id": "seo-writer",
  "name": "SEO Writer",
  "version": "1.2.3",
  "description": "Writes texts that are found.",
  "developer": "Ada",
  "category": "writing"
}"#;
pub(crate) const ACTIONS: &str = r#"{
  "generate": {
    "title": "Generate",
    "input": {
      "type": "object",
      "required": ["topic"],
      "additionalProperties": false,
      "properties": {
        "topic": { "type": "string", "minLength": 1 },
        "tone": { "enum": ["plain", "formal"] },
        "data": { "type": "string", "format": "input-file" },
        "out": { "type": "string", "format": "output-folder" }
      }
    }
  }
}"#;
pub(crate) const LOGIC: &str = "export async function generate(payload, ctx) {\n  return payload.topic\n}\n";

/// The plugin's manifest says in one more key where its code is, so that both forms have the same files beside it.
pub(crate) const PLUGIN: &str = r#"{
  "name": "seo-writer",
  "version": "1.2.3",
  "description": "Writes texts that are found.",
  "entry": "bot-logic.js"
}"#;

/// Every optional key of a manifest, in both forms.
pub(crate) const EVERY_KEY: &str = r#"
  "$schema": "x", "description": "Does it all.",
  "runtime": ["cloud", "LOCAL_SELF_HOSTED"], "dependencies": ["mcp.local_fs"],
  "trigger": { "regex": "^Search(.*)", "events": ["user.image"], "schedule": "0 8 * * 1-5", "action": "generate" },
  "renderer": "search-cards", "entry": "bot-logic.js",
  "hooks": { "postinstall": "setup", "activate": "begin", "preupgrade": "before", "postupgrade": "after",
             "health": "well", "deactivate": "end", "preuninstall": "clean" },
  "routes": [{ "method": "GET", "path": "/feed" }],
  "settings": { "type": "object", "required": ["city"], "properties": {
    "key": { "type": "string", "secret": true, "title": "Key" }, "city": { "type": "string", "default": "Athens" } } },
  "limits": { "cpu_ms": 60000, "memory_bytes": 268435456 },
  "engines": { "oikos": ">=0.1, <2" }, "publisher": "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
  "permissions": { "network": true, "clipboard": true, "ai": true, "storage": true }"#;

/// The honest mini-app with some files changed; an empty text removes the file.
pub(crate) fn app(changes: &[(&str, &str)]) -> Files {
    app_of(Form::MiniApp, changes)
}

/// The honest app in one form with some files changed; an empty text removes the file.
pub(crate) fn app_of(form: Form, changes: &[(&str, &str)]) -> Files {
    let manifest = match form {
        Form::MiniApp => MANIFEST,
        Form::Plugin => PLUGIN,
    };
    let base = [(form.manifest(), manifest), ("action-schema.json", ACTIONS), ("bot-logic.js", LOGIC)];
    let mut files = Files::new();
    for (path, text) in base.iter().chain(changes) {
        if text.is_empty() {
            files.remove(*path);
        } else {
            files.insert((*path).to_owned(), text.as_bytes().to_vec());
        }
    }
    files
}

/// A manifest of one form with these further keys, on its second line.
pub(crate) fn manifest_with(form: Form, keys: &str) -> String {
    match form {
        Form::MiniApp => {
            format!("{{ \"id\": \"seo-writer\", \"name\": \"seo-writer\", \"version\": \"1.2.3\",\n{keys} }}")
        }
        Form::Plugin if keys.contains("\"entry\"") => {
            format!("{{ \"name\": \"seo-writer\", \"version\": \"1.2.3\",\n{keys} }}")
        }
        Form::Plugin => {
            format!("{{ \"name\": \"seo-writer\", \"version\": \"1.2.3\", \"entry\": \"bot-logic.js\",\n{keys} }}")
        }
    }
}

pub(crate) fn open(files: &Files) -> Result<Package, PackageError> {
    Package::open(pack(files)?)
}

/// What a person is told about the honest app with these changes; "ok" when it is accepted. Where no change is to a file
/// of one form alone, the same is told in the other form.
pub(crate) fn told(changes: &[(&str, &str)]) -> String {
    let said = told_of(Form::MiniApp, changes);
    let has_own = changes.iter().any(|(path, text)| {
        Form::ALL.iter().any(|form| form.manifest() == *path) || (*path == "action-schema.json" && text.is_empty())
    });
    if !has_own {
        assert_eq!(as_mini_app(&told_of(Form::Plugin, changes)), said);
    }
    said
}

/// What a person is told about the honest app with further keys in its manifest, the same in both forms.
pub(crate) fn told_with(keys: &str, changes: &[(&str, &str)]) -> String {
    let [said, of_plugin] = Form::ALL.map(|form| {
        let manifest = manifest_with(form, keys);
        let mut changes = changes.to_vec();
        changes.push((form.manifest(), &manifest));
        told_of(form, &changes)
    });
    assert_eq!(as_mini_app(&of_plugin), said);
    said
}

/// The warnings about the honest app with further keys in its manifest, the same in both forms.
pub(crate) fn warned_with(keys: &str, changes: &[(&str, &str)]) -> String {
    let [said, of_plugin] = Form::ALL.map(|form| {
        let manifest = manifest_with(form, keys);
        let mut changes = changes.to_vec();
        changes.push((form.manifest(), &manifest));
        let package = open(&app_of(form, &changes)).unwrap_or_else(|error| panic!("{error}"));
        package.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    });
    assert_eq!(as_mini_app(&of_plugin), said);
    said
}

fn told_of(form: Form, changes: &[(&str, &str)]) -> String {
    match open(&app_of(form, changes)) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("[{}]\n{error}", error.code()),
    }
}

fn as_mini_app(told: &str) -> String {
    told.replace("kimai.json", "manifest.json").replace("a plugin needs", "a mini-app needs")
}
