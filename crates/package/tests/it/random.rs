//! Manifests, tools and npm files that nobody would write: they are refused or read, and reading them ends.

use crate::support::{Files, app_of, open};
use package::{Form, Gravity, PackageError, lint, read_cases};
use proptest::{collection, prelude::*, sample};
use serde_json::{Map, Value, json};

/// Keys that mean something somewhere, and some that mean nothing or too much.
const KEYS: &[&str] = &[
    "id",
    "name",
    "version",
    "description",
    "developer",
    "category",
    "runtime",
    "permissions",
    "dependencies",
    "trigger",
    "regex",
    "events",
    "schedule",
    "action",
    "renderer",
    "entry",
    "command",
    "hooks",
    "postinstall",
    "activate",
    "health",
    "routes",
    "method",
    "path",
    "settings",
    "type",
    "properties",
    "required",
    "secret",
    "default",
    "pattern",
    "$ref",
    "$defs",
    "allOf",
    "limits",
    "cpu_ms",
    "engines",
    "oikos",
    "publisher",
    "function",
    "parameters",
    "strict",
    "author",
    "scripts",
    "network",
    "file",
    "event",
    "listen",
    "__proto__",
    "constructor",
    "toString",
    "",
    "a/b",
    "~",
    "\u{202e}",
    "$schema",
];
const TEXTS: &[&str] = &[
    "",
    "seo-writer",
    "1.2.3",
    "0.0.0-x",
    "local",
    "cloud",
    "CLOUD_HOSTED",
    "mcp.local_fs",
    "user.message",
    "app.x.*",
    "generate",
    "^Search(.*)",
    "(?=a)",
    "(a{900}){900}",
    "0 8 * * 1-5",
    "0 0 30 2 *",
    "src/index.js",
    "bot-logic.js",
    "../x.js",
    "app.wasm",
    "object",
    "string",
    "input-file",
    "function",
    "#",
    "#/$defs/a",
    ">=0.1",
    ">=9",
    "network",
    "file",
    "GET",
    "/x",
    "\0",
    "\u{202e}",
    "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
    "__proto__",
    "2 GiB",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => sample::select(TEXTS).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => prop_oneof![Just(0), Just(1), Just(60_000), any::<i64>()].prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::vec((sample::select(KEYS), inner), 0..5).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

/// A manifest with everything in it.
fn full(form: Form) -> Value {
    let text = crate::support::manifest_with(form, crate::support::EVERY_KEY);
    serde_json::from_str(&text).unwrap()
}

/// How many values there are in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts another value at the place of this number, counted as [`count`] does.
fn replace(value: &mut Value, place: &mut usize, other: &Value) {
    if *place == 0 {
        *value = other.clone();
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let inside: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return,
    };
    for inner in inside {
        replace(inner, place, other);
        if *place == usize::MAX {
            return;
        }
    }
}

/// What a person reads holds nothing that could move a cursor or turn a line around.
fn check_escaped(told: &str) -> Result<(), TestCaseError> {
    let is_fine = |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    prop_assert!(told.chars().all(is_fine), "{told:?}");
    Ok(())
}

/// Reads it twice: what is told is the same, and it is escaped. What is accepted is whole. An author is told of an error
/// wherever an install would refuse.
fn check(files: &Files) -> Result<(), TestCaseError> {
    let remarks = lint(files, &["notes"]);
    for remark in &remarks {
        check_escaped(&remark.to_string())?;
    }
    let has_error = remarks.iter().any(|remark| remark.gravity == Gravity::Error);
    prop_assert!(has_error || open(files).is_ok());
    match open(files) {
        Err(error) => {
            let told = error.to_string();
            prop_assert!(!told.is_empty() && told.len() < 200_000);
            check_escaped(&told)?;
            prop_assert_eq!(open(files).unwrap_err().to_string(), told);
            prop_assert!(matches!(error, PackageError::Content(_)), "{}", error);
        }
        Ok(package) => {
            for trigger in package.triggers() {
                let target = trigger.target.as_ref();
                prop_assert!(target.is_none_or(|name| package.callable(name).is_some()));
            }
            prop_assert!(package.callables().count() <= package.actions().len() + package.tools().len());
            prop_assert!(!package.manifest().zones.is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_honest_manifest_with_one_value_changed(
        form in sample::select(Form::ALL.to_vec()), place in any::<sample::Index>(), other in any_value(),
    ) {
        let mut manifest = full(form);
        let mut at = place.index(count(&manifest));
        replace(&mut manifest, &mut at, &other);
        check(&app_of(form, &[(form.manifest(), &manifest.to_string())]))?;
    }

    #[test]
    fn a_manifest_of_known_words(form in sample::select(Form::ALL.to_vec()), members in collection::vec((sample::select(KEYS), any_value()), 0..8)) {
        check(&app_of(form, &[(form.manifest(), &object(members).to_string())]))?;
    }

    #[test]
    fn a_package_json_of_known_words(members in collection::vec((sample::select(KEYS), any_value()), 0..8)) {
        for form in Form::ALL {
            check(&app_of(form, &[("package.json", &object(members.clone()).to_string())]))?;
        }
    }

    #[test]
    fn tools_of_known_words(
        place in any::<sample::Index>(), other in any_value(), members in collection::vec((sample::select(KEYS), any_value()), 0..6),
    ) {
        let mut tools = json!([
            { "name": "a", "description": "A", "parameters": { "type": "object", "properties": { "x": { "pattern": "^a" } } } },
            { "type": "function", "function": { "name": "b", "strict": true } }
        ]);
        let mut at = place.index(count(&tools));
        replace(&mut tools, &mut at, &other);
        // JSON is YAML, but for a control character or two.
        for tools in [tools, object(members)] {
            check(&app_of(Form::Plugin, &[("llm-tool.yaml", &tools.to_string())]))?;
        }
    }

    #[test]
    fn cases_with_one_value_changed(place in any::<sample::Index>(), other in any_value(), bytes in collection::vec(any::<u8>(), 0..80)) {
        let mut cases = json!([
            { "case": "a", "run": "greet", "input": { "x": 1 }, "files": { "data": "a/b.txt" }, "folder": "inbox" },
            { "case": "b", "run": "greet", "expect": { "error": "invalid_input", "message": "x", "summary": "[..]",
                "data": [1], "effects": ["x"], "files": { "a": null, "b": "x" } } }
        ]);
        let mut at = place.index(count(&cases));
        replace(&mut cases, &mut at, &other);
        for text in [cases.to_string().into_bytes(), bytes] {
            match read_cases("tests/a.json", &text) {
                // A path leads nowhere but into the folder of the cases.
                Ok(cases) => for path in cases.iter().flat_map(|case| case.files.values().chain(&case.folder)) {
                    prop_assert!(path.split('/').all(|name| !name.is_empty() && name != ".."), "{path}");
                },
                Err(findings) => for finding in findings {
                    check_escaped(&finding.to_string())?;
                },
            }
        }
    }

    #[test]
    fn bytes_in_any_file(
        path in sample::select(vec!["manifest.json", "kimai.json", "package.json", "llm-tool.yaml", "permissions.json", "tools.js"]),
        bytes in collection::vec(any::<u8>(), 0..80),
    ) {
        for form in Form::ALL {
            let mut files = app_of(form, &[]);
            if Form::ALL.iter().all(|other| other == &form || other.manifest() != path) {
                files.insert(path.to_owned(), bytes.clone());
                check(&files)?;
            }
        }
    }
}
