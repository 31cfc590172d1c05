//! Apps of the browser: packages whose `runtime` is `["browser"]` and nothing else. Such an app is one HTML document, which
//! runs in the owner's browser, in a frame that reaches nothing. It has no code on this machine, so a package that says
//! otherwise is refused, key by key and file by file.

use crate::{
    archive::Archive,
    code::TOOLS_MODULE,
    document::{Document, Part, escape_segment},
    finding::{FINDINGS_MAX, Finding},
    form::Form,
    package::{ACTIONS_FILE, TOOLS_FILE, UI_FILE, missing_file},
    warning::Warning,
};
use protocol::{ErrorCode, ScopeWord, text};
use serde_json::Value;

/// The document that is opened where the manifest names none.
pub(crate) const PAGE_ENTRY: &str = "index.html";
/// Largest document that a frame draws. A library that draws maps takes a third of it.
pub const VIEW_BYTES_MAX: usize = 4 << 20;

/// What a manifest says about code that runs here.
const KEYS: [&str; 7] = ["trigger", "hooks", "routes", "dependencies", "settings", "limits", "renderer"];

/// Whether a manifest is one of an app of the browser.
pub(crate) fn is_page(file: &Document<'_>) -> bool {
    let zones = file.value.get("runtime").and_then(Value::as_array);
    matches!(zones.map(Vec::as_slice), Some([Value::String(zone)]) if zone == "browser")
}

/// What of a package would need code on this machine.
pub(crate) fn check_page(
    form: Form,
    archive: &Archive,
    manifest: &Document<'_>,
    permissions: Option<&Document<'_>>,
) -> Vec<Finding> {
    const LOCAL_TOO: &str = "remove it, or add \"local\" to \"runtime\"";
    let none_for = |what: &str| format!("an app of the browser has no code on this machine, and {what}");
    let hint = || Some(LOCAL_TOO.to_owned());
    let mut findings: Vec<Finding> = KEYS
        .into_iter()
        .filter(|key| manifest.value.get(key).is_some())
        .map(|key| {
            let message = none_for(&format!("\"{key}\" is about such code"));
            manifest.finding_with(&format!("/{key}"), Part::Key, message, hint())
        })
        .collect();
    let files = [ACTIONS_FILE, UI_FILE, TOOLS_FILE, TOOLS_MODULE, form.entry()];
    findings.extend(files.into_iter().filter(|path| archive.file(path).is_some()).map(|path| {
        manifest.finding_with("/runtime", Part::Key, none_for(&format!("{path} is for such code")), hint())
    }));
    for (file, base) in [(Some(manifest), "/permissions"), (permissions, "")] {
        findings.extend(file.into_iter().flat_map(|file| check_asked(file, base)));
    }
    findings
}

/// It is its view and asks for nothing else: nothing could be given to it.
fn check_asked(file: &Document<'_>, base: &str) -> Vec<Finding> {
    let words: Vec<(&str, String, Part, bool)> = match file.value.pointer(base) {
        Some(Value::Object(words)) => words
            .iter()
            .map(|(word, asked)| {
                (word.as_str(), format!("{base}/{}", escape_segment(word)), Part::Key, *asked != Value::Bool(false))
            })
            .collect(),
        Some(Value::Array(words)) => words
            .iter()
            .enumerate()
            .filter_map(|(index, word)| Some((word.as_str()?, format!("{base}/{index}"), Part::Value, true)))
            .collect(),
        _ => Vec::new(),
    };
    let wrong = words.into_iter().filter_map(|(word, at, part, is_wanted)| {
        let message = match (ScopeWord::from_word(word)?, is_wanted) {
            (ScopeWord::View, true) => return None,
            (ScopeWord::View, false) => "an app of the browser is its page, and cannot do without it".to_owned(),
            (_, true) => format!("an app of the browser has no code on this machine, and its page cannot use '{word}'"),
            (_, false) => return None,
        };
        Some(file.finding_with(&at, part, message, Some("remove it".to_owned())))
    });
    wrong.take(FINDINGS_MAX).collect()
}

/// Checks the document that is opened, and warns of what it cannot load.
pub(crate) fn read_page(
    form: Form,
    path: &str,
    archive: &Archive,
    warnings: &mut Vec<Warning>,
) -> Result<(), Vec<Finding>> {
    let Some(bytes) = archive.file(path) else { return Err(vec![missing_file(form, path, archive)]) };
    let wrong = |message: String, suggestion: &str| {
        let file = path.to_owned();
        let suggestion = Some(suggestion.to_owned());
        Err(vec![Finding { code: ErrorCode::PackageCodeInvalid, file, place: None, message, suggestion }])
    };
    if bytes.len() > VIEW_BYTES_MAX {
        let message =
            format!("this page is larger than {} MiB, which is the most that a frame draws", VIEW_BYTES_MAX >> 20);
        return wrong(message, "carry less inside it");
    }
    if std::str::from_utf8(bytes).is_err() {
        return wrong("this page is not UTF-8".to_owned(), "save it as UTF-8");
    }
    let is_loaded_elsewhere =
        |path: &&str| [".js", ".mjs", ".css", ".wasm"].iter().any(|ending| path.ends_with(ending));
    let beside = archive.files().map(|(path, _)| path).filter(is_loaded_elsewhere);
    warnings.extend(beside.map(|beside| {
        let message = format!("a page in a frame loads no other file, and so not {}", text::shorten(beside, 120));
        Warning::in_file(path, message).hint("put what it needs inside the page")
    }));
    Ok(())
}
