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
use stage::Stage;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// What is installed, to the letter.
const REQUIREMENTS: &str = "xtask/schemathesis.txt";
/// The same cases each time, as far as ids allow: a change of this file's cases is a change of this number.
const SEED: u32 = 7;
/// Cases for each operation in each phase that makes them up.
const EXAMPLES: u32 = 25;
/// Longest answer: everything asked is small, and nothing that is asked waits for a person.
const ANSWER_SECONDS: u32 = 10;
/// Events of a run that are looked at.
const EVENTS: u32 = 50;
/// What is left out, and why: by these somebody gets what lets them in, so wrong ones are counted against where they come
/// from. After a few of them nobody is let in from there for a while, and nothing else would be tried.
const LEFT_OUT: [&str; 2] = ["sign_in", "bootstrap"];
/// What no key may do, whoever has it; a page of the owner may. Asked in a run of their own, as that page.
const FOR_PAGES: [&str; 11] = [
    "app_install",
    "app_offer",
    "approval_answer",
    "grant_set",
    "login_link",
    "login_list",
    "login_revoke",
    "publisher_trust",
    "token_list",
    "token_new",
    "token_revoke",
];
/// Apart from the rest: beside the list of logins it signs out the very page that asks, and nothing else is tried then.
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
    let all = operations(&description);
    let by_key: Vec<_> =
        all.iter().filter(|name| !is_one_of(name, &LEFT_OUT) && !is_one_of(name, &FOR_PAGES)).collect();
    let (signing_out, by_page): (Vec<_>, Vec<_>) =
        all.iter().filter(|name| is_one_of(name, &FOR_PAGES)).partition(|name| *name == SIGNING_OUT);
    if by_page.len() + signing_out.len() != FOR_PAGES.len()
        || by_key.len() + FOR_PAGES.len() + LEFT_OUT.len() != all.len()
    {
        return Err("the lists in xtask/src/api.rs name operations that docs/openapi.json has not".into());
    }
    let described = stage.folder().join("described.json");
    fs::write(&described, with_examples(description, &stage).to_string())?;
    let rounds = [
        ("key", by_key, stage.key_headers()),
        ("page", by_page, stage.page_headers()),
        ("page-signing-out", signing_out, stage.page_headers()),
    ];
    for (who, names, headers) in rounds {
        println!("-- as a {who}; operations: {}", names.len());
        let folder = stage.folder().join(who);
        fs::create_dir(&folder)?;
        fs::write(folder.join("schemathesis.toml"), set_up(&stage, &headers))?;
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

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.contains(&name)
}

fn operations(description: &Value) -> Vec<String> {
    let items = description["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let operations = items.filter_map(Value::as_object).flat_map(|item| item.values());
    operations.filter_map(|operation| operation["operationId"].as_str().map(str::to_owned)).collect()
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
/// is an app; whether a text is a key. Of these, what fits the form may be refused. All else of them is checked.
const SAID_ELSEWHERE: [&str; 3] = ["run_start", "app_offer", "publisher_trust"];

/// What it should try, in its own words.
fn set_up(stage: &Stage, headers: &[(&str, String)]) -> String {
    let mut text = format!(
        "seed = {SEED}\nrequest-timeout = {ANSWER_SECONDS}\n\
         [warnings]\ndisplay = {}\nfail-on = {}\n[cache]\nenabled = false\n\
         [generation]\nmax-examples = {EXAMPLES}\ndatabase = \"none\"\n\
         # Of a run that has ended all is there; of the log, whatever comes next may be long in coming.\n\
         [[operations]]\ninclude-operation-id = \"run_follow\"\nmax-stream-events = {EVENTS}\n\
         [[operations]]\ninclude-operation-id = \"log_follow\"\nmax-stream-events = 1\n",
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
    let items = description["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in items.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        let Some(name) = operation["operationId"].as_str().map(str::to_owned) else { continue };
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

/// The folder of a run that went wrong is of interest; that of one that went well is not.
fn forget(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        println!("{} could not be removed: {error}", folder.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_their_names() {
        let description =
            json!({ "paths": { "/a": { "get": { "operationId": "a" }, "put": { "operationId": "b" } } } });
        assert_eq!(operations(&description), ["a", "b"]);
    }
}
