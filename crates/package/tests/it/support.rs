//! A small honest app, and one function that says what a package is refused with.

use package::{Package, PackageError, pack};
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

/// The honest app with some files changed; an empty text removes the file.
pub(crate) fn app(changes: &[(&str, &str)]) -> Files {
    let mut files = Files::new();
    let base = [("manifest.json", MANIFEST), ("action-schema.json", ACTIONS), ("bot-logic.js", LOGIC)];
    for (path, text) in base.iter().chain(changes) {
        if text.is_empty() {
            files.remove(*path);
        } else {
            files.insert((*path).to_owned(), text.as_bytes().to_vec());
        }
    }
    files
}

pub(crate) fn open(files: &Files) -> Result<Package, PackageError> {
    Package::open(pack(files)?)
}

/// What a person is told about the honest app with these changes; "ok" when it is accepted.
pub(crate) fn told(changes: &[(&str, &str)]) -> String {
    match open(&app(changes)) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("[{}]\n{error}", error.code()),
    }
}
