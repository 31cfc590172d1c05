//! What must hold for any bytes that a stranger puts into a package. Used by the fuzzers, and by the tests of
//! crates/package, which try the corpus again.

use package::{Archive, Package, PackageError, Schedule, pack};
use std::collections::BTreeMap;

const MANIFEST: &[u8] = br#"{ "id": "fuzzed", "name": "Fuzzed", "version": "1.0.0" }"#;
const ACTIONS: &[u8] = br#"{ "go": { "input": { "type": "object" } } }"#;
const LOGIC: &[u8] = b"export async function go(payload, ctx) {}\n";

/// Messages are for terminals: short, and without characters that move a cursor or turn a line around.
fn told(error: &PackageError) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < 64 << 10, "a message of {} bytes", text.len());
    let shown = |c: char| c == '\n' || c == '\t' || !protocol::text::is_deceptive(c);
    assert!(text.chars().all(shown), "a message with control characters: {text:?}");
    assert_eq!(error.code().exit(), 4);
}

/// The honest app with one file replaced.
fn with(path: &str, bytes: &[u8]) -> Option<Package> {
    let files: BTreeMap<String, Vec<u8>> =
        [("manifest.json", MANIFEST), ("action-schema.json", ACTIONS), ("bot-logic.js", LOGIC), (path, bytes)]
            .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
            .into();
    let packed = match pack(&files) {
        Ok(packed) => packed,
        // More than a package may hold.
        Err(_) => return None,
    };
    Package::open(packed).inspect_err(told).ok()
}

/// An archive: whatever is accepted is exactly what packing its files gives.
pub(crate) fn archive(bytes: &[u8]) {
    match Archive::open(bytes).and_then(Archive::verify) {
        Err(error) => told(&error.into()),
        Ok(verified) => {
            let files: BTreeMap<String, Vec<u8>> =
                verified.archive().files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
            assert!(files.keys().all(|path| package::check_path(path).is_ok()));
            assert_eq!(pack(&files).as_deref(), Ok(bytes), "an archive has one form");
            if let Err(error) = Package::load(verified) {
                told(&error);
            }
        }
    }
}

/// A manifest.
pub(crate) fn manifest(bytes: &[u8]) {
    if let Some(package) = with("manifest.json", bytes) {
        assert!(package.name().as_str().parse::<protocol::AppName>().is_ok());
        drop(package.suspicious_texts());
    }
}

/// Tools, in YAML: anchors, tags and several documents may be in it, and what is accepted has a form for models.
pub(crate) fn yaml(bytes: &[u8]) {
    if let Some(package) = with("llm-tool.yaml", bytes) {
        for tool in package.tools() {
            assert!(tool.parameters.is_object(), "parameters are a schema");
        }
    }
}

/// What an app asks for: the grammar of scopes.
pub(crate) fn scopes(bytes: &[u8]) {
    if let Some(package) = with("permissions.json", bytes) {
        let mut lines: Vec<String> =
            package.requests().iter().map(|asked| asked.request.scope.line().to_string()).collect();
        let asked = lines.len();
        lines.sort();
        lines.dedup();
        assert_eq!(lines.len(), asked, "each request is one switch");
    }
}

/// Schemas of actions, which strangers write and the owner's input is checked with.
pub(crate) fn actions(bytes: &[u8]) {
    if let Some(package) = with("action-schema.json", bytes) {
        for action in package.actions() {
            for input in [serde_json::json!({}), serde_json::json!({ "a": [1, "b", null] })] {
                if let Err(error) = action.check_input(&input) {
                    assert!(error.to_string().len() < 64 << 10);
                }
            }
        }
    }
}

/// Five fields of cron: what is accepted comes, and comes again.
pub(crate) fn cron(bytes: &[u8]) {
    let Some(schedule) = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<Schedule>().ok()) else { return };
    let mut now = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    for _ in 0..3 {
        let Some(next) = schedule.next(&now) else { break };
        assert!(next > now, "{schedule} goes on from {now} to {next}");
        assert_eq!(schedule.previous(&next).as_ref(), Some(&next), "{schedule} is not found from behind");
        now = next;
    }
}

/// The reader of imports and exports.
pub(crate) fn script(bytes: &[u8]) {
    drop(with("bot-logic.js", bytes));
}
