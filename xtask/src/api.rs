//! `cargo xtask api`: does a running oikos answer as `docs/openapi.json` says it does?
//!
//! schemathesis reads the description and asks everything in it: what it allows, what it forbids, and things with each
//! other. It fails on an answer that is not described, on one that is described otherwise, and on a fault of oikos itself.
//! What it asks about is there: apps, runs, a question, a schedule, keys, a browser.

mod http; // asking by hand
mod stage; // an oikos with something in it

use crate::{
    python::{Environment, environment},
    shell::{self, House, Result, oikos_file},
};
use serde_json::{Value, json};
use stage::{Page, Stage};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// What is installed, to the letter.
const REQUIREMENTS: &str = "xtask/schemathesis.txt";
/// How it reads bytes.
const HOOKS: &str = "xtask/schemathesis_hooks.py";
/// The same cases each time, as far as ids allow: a change of this file's cases is a change of this number.
const SEED: u32 = 7;
/// Cases for each operation in each phase that makes them up.
const EXAMPLES: u32 = 25;
/// Longest answer: everything asked is small, and nothing that is asked waits for a person.
const ANSWER_SECONDS: u32 = 10;
/// Events of a run that are looked at.
const EVENTS: u32 = 50;
/// Who asks. What asks for no credential is left out: by it somebody gets what lets them in, so wrong ones are counted
/// against where they come from, and after a few of them nobody is let in from there for a while.
const KEY: &str = "key";
/// What no key may do, whoever has it; a page of the owner may.
const PAGE: &str = "page";
/// Apart from the rest: beside the list of logins a page signs itself out, and nothing else is tried then.
const PAGE_SIGNING_OUT: &str = "page-signing-out";
const SIGNING_OUT: &str = "login_revoke";

/// What came of it.
pub(crate) enum Outcome {
    /// Everything was answered as it is described.
    Held,
    /// Nothing was asked: schemathesis could not be fetched.
    NotReached(String),
}

/// Asks the binary of the tests, or of `cargo xtask codegen`: both lie in the same place.
pub(crate) fn run(house: &House) -> Result<Outcome> {
    let target = house.target()?;
    let programs = match environment(&target.join("tools/schemathesis"), &house.root().join(REQUIREMENTS))? {
        Environment::Ready(programs) => programs,
        Environment::NotReached(why) => return Ok(Outcome::NotReached(why)),
    };
    let stage = Stage::set(&target.join("debug").join(oikos_file()), &house.root().join("apps"))?;
    let description: Value = serde_json::from_str(&fs::read_to_string(house.root().join("docs/openapi.json"))?)?;
    let operations = operations(&description);
    let described = stage.folder().join("described.json");
    fs::write(&described, with_examples(description, &stage).to_string())?;
    for who in [KEY, PAGE, PAGE_SIGNING_OUT] {
        let names: Vec<_> = operations.iter().filter(|(_, by)| *by == who).map(|(name, _)| name).collect();
        if names.is_empty() {
            return Err(format!("docs/openapi.json has nothing that is asked as a {who}").into());
        }
        println!("-- as a {who}; operations: {}", names.len());
        let folder = stage.folder().join(who);
        fs::create_dir(&folder)?;
        fs::write(folder.join("schemathesis.toml"), set_up(&stage, who, &house.root().join(HOOKS)))?;
        let mut command = Command::new(programs.join("schemathesis"));
        // It leaves files where it stands.
        command
            .current_dir(&folder)
            .stdin(Stdio::null())
            .args(["--config-file", "schemathesis.toml", "run"])
            .arg(&described);
        command.args(["--url", stage.url(), "--no-color"]);
        for name in names {
            command.args(["--include-operation-id", name]);
        }
        shell::run(command)?;
    }
    stage.end()?;
    Ok(Outcome::Held)
}

/// Each operation, and as who it is asked: by a key where that may, because most programs have one.
fn operations(description: &Value) -> Vec<(String, &'static str)> {
    let items = description["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let operations = items.filter_map(Value::as_object).flat_map(|item| item.values());
    let asked = operations.filter_map(|operation| {
        let name = operation["operationId"].as_str()?;
        let ways = operation.get("security").unwrap_or(&description["security"]).as_array()?;
        let takes = |scheme: &str| ways.iter().any(|way| way.get(scheme).is_some());
        let by = match name {
            SIGNING_OUT => PAGE_SIGNING_OUT,
            _ if takes("key") => KEY,
            _ if takes("page") => PAGE,
            _ => return None,
        };
        Some((name.to_owned(), by))
    });
    asked.collect()
}

/// What is only a remark of schemathesis and no fault: what was taken away in one phase is not there in the next.
const MAY_BE_REMARKED: [&str; 1] = ["missing_test_data"];
/// All its other remarks. They are as good as failures: they say that something was not tried, or not compared.
const REMARKS: [&str; 12] = [
    "base_url_mismatch",
    "dictionary_mismatch",
    "method_not_allowed",
    "missing_auth",
    "missing_deserializer",
    "rate_limited",
    "timeout_units",
    "unmatched_filter",
    "unresolvable_reference",
    "unsupported_regex",
    "unused_openapi_auth",
    "validation_mismatch",
];
/// What a form cannot say, each by its operation: what an action takes, which is in the app's own schema; whether a folder
/// is an app, or a file a server; whether a text is a key, a host or a publisher's word. Of these, what fits the form may be
/// refused. All else of them is checked.
const SAID_ELSEWHERE: [&str; 7] =
    ["run_start", "app_offer", "import_list", "import_offer", "key_add", "publisher_trust", "publisher_import"];

/// What it should try, in its own words.
fn set_up(stage: &Stage, who: &str, hooks: &Path) -> String {
    let mut text = format!(
        "hooks = {}\nseed = {SEED}\nrequest-timeout = {ANSWER_SECONDS}\n\
         [warnings]\ndisplay = {}\nfail-on = {}\n[cache]\nenabled = false\n\
         [generation]\nmax-examples = {EXAMPLES}\ndatabase = \"none\"\n\
         # Of a run that has ended all is there; of the log, whatever comes next may be long in coming.\n\
         [[operations]]\ninclude-operation-id = \"run_follow\"\nmax-stream-events = {EVENTS}\n\
         [[operations]]\ninclude-operation-id = \"log_follow\"\nmax-stream-events = 1\n\
         # What is too large is told apart from what is wrong.\n\
         [[operations]]\ninclude-operation-id = \"file_hand\"\n\
         checks.negative_data_rejection.expected-statuses = [\"400\", \"409\", \"413\", \"415\"]\n",
        json!(hooks),
        json!([&REMARKS[..], &MAY_BE_REMARKED].concat()),
        json!(REMARKS),
    );
    let expected: Vec<_> = REMARKS.iter().filter(|remark| **remark != "validation_mismatch").collect();
    for operation in SAID_ELSEWHERE {
        text.push_str(&format!(
            "[[operations]]\ninclude-operation-id = \"{operation}\"\n\
             checks.positive_data_acceptance.enabled = false\n\
             warnings = {{ display = {0}, fail-on = {0} }}\n",
            json!(expected),
        ));
    }
    // Not among the words of the command, which are shown when it fails.
    let mut headers = vec![("origin", stage.url().to_owned())];
    if who == KEY {
        headers = vec![("authorization", format!("Bearer {}", stage.key()))];
    } else {
        let Page { cookie, login, secret } = stage.page();
        headers.extend([("cookie", format!("{cookie}={login}")), ("oikos-page", secret.clone())]);
    }
    text.push_str("[headers]\n");
    for (name, value) in headers {
        text.push_str(&format!("{name} = {}\n", json!(value)));
    }
    let mut parameters = String::from("[parameters]\n");
    for (name, values) in stage.things() {
        let dictionary = name.replace('.', "_");
        text.push_str(&format!("[dictionaries.{dictionary}]\nvalues = {}\n", json!(values)));
        parameters.push_str(&format!("\"{name}\" = {{ dictionary = \"{dictionary}\", probability = 0.5 }}\n"));
    }
    text + &parameters
}

/// The description with an example for everything that names something: of what there is, and, where it is taken away, of
/// what nothing else needs.
fn with_examples(mut description: Value, stage: &Stage) -> Value {
    // It is let in by what its set-up says. Of what lets in it would try wrong ones too, and after some of them nothing is
    // answered any more; each route is asked without any, and with wrong ones, by gateway/tests/it/access.rs.
    if let Some(description) = description.as_object_mut() {
        description.remove("security");
    }
    let items = description["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in items.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        let Some(name) = operation["operationId"].as_str().map(str::to_owned) else { continue };
        if let Some(operation) = operation.as_object_mut() {
            operation.remove("security");
        }
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let called = parameter["name"].as_str().unwrap_or_default().to_owned();
            if let Some(example) = stage.example(&name, &called) {
                parameter["example"] = json!(example);
            }
        }
        if let Some(body) = stage.body(&name) {
            operation["requestBody"]["content"]["application/json"]["example"] = body;
        }
    }
    description
}

/// For whoever says why nothing was asked.
pub(crate) fn not_reached(why: &str) -> String {
    let last = why.lines().last().unwrap_or_default();
    format!(
        "nothing was asked: schemathesis is not here yet and could not be fetched ({last}); it needs the network once"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_is_asked_by_who_may() {
        let description = json!({
            "security": [{ "key": [] }, { "login": [], "page": [] }],
            "paths": {
                "/a": { "get": { "operationId": "a" }, "put": { "operationId": "b", "security": [{ "page": [] }] } },
                "/c": { "post": { "operationId": "sign_in", "security": [] } },
                "/d": { "delete": { "operationId": "login_revoke", "security": [{ "page": [] }] } },
            }
        });
        let asked = [("a", KEY), ("b", PAGE), ("login_revoke", PAGE_SIGNING_OUT)];
        assert_eq!(operations(&description), asked.map(|(name, by)| (name.to_owned(), by)));
    }
}
