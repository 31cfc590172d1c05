//! A secret that a program is given: it has it, and nothing that is kept or told has it, whatever the program does with it
//! short of hiding it on purpose. Taken out of the vault, it is taken from the program.

use crate::{
    kit::{Oikos, Said, app_folder},
    observing::{logged, up_with},
    program_apps::nodes,
    secrets::{KEPT, OWN, absent, absent_below, say},
};
use protocol::sha256;
use serde_json::{Value, json};
use std::{fs, path::Path};
use testkit::wait_until;

const PROGRAM: &str = "probe-keeper";

/// The program of the other tests, with a secret in its environment.
fn write_app(folder: &Path) {
    let probe = app_folder("probe-program");
    fs::create_dir_all(folder.join("src")).unwrap();
    for file in ["src/main.mjs", "action-schema.json"] {
        fs::copy(probe.join(file), folder.join(file)).unwrap();
    }
    let mut manifest: Value = serde_json::from_slice(&fs::read(probe.join("kimai.json")).unwrap()).unwrap();
    manifest["name"] = PROGRAM.into();
    manifest["entry"]["environment"] = json!({ "TOKEN": { "setting": "token", "prefix": "Bearer " } });
    manifest["settings"] = json!({
        "type": "object", "required": ["token"],
        "properties": { "token": { "type": "string", "secret": true, "minLength": 8 } }
    });
    fs::write(folder.join("kimai.json"), manifest.to_string()).unwrap();
}

fn run(oikos: &Oikos, action: &str, input: &Value) -> Said {
    oikos.run(&["run", PROGRAM, action, "--input", &input.to_string(), "--json"])
}

fn last(said: &Said) -> Value {
    serde_json::from_str(said.out.lines().last().unwrap_or("null")).unwrap()
}

/// What only a program can say that has the value.
fn digest_of(secret: &str) -> String {
    sha256(format!("Bearer {secret}").as_bytes()).to_string()
}

#[test]
fn a_program_has_its_secret_and_nothing_else_has() {
    let oikos = Oikos::new();
    let app = oikos.files().join(PROGRAM);
    write_app(&app);
    let mut told = Vec::new();
    let mut tell = |said: Said| {
        told.push(format!("{}{}", said.out, said.err));
        said
    };
    let trace = "[log]\nlevel = \"trace\"\nformat = \"json\"\n";
    let (up, door) = up_with(&oikos, trace);
    let card = tell(oikos.ok(&["app", "install", app.to_str().unwrap(), "--yes", "--grant", "file=block"]));
    assert!(card.out.contains("read secrets that you set for it: token"), "{}", card.out);
    let refused = tell(run(&oikos, "look", &json!({})));
    assert!(refused.code == 2 && refused.out.contains("--secret token"), "{}{}", refused.out, refused.err);
    assert_eq!(tell(say(&oikos, &["key", "add", "deploy", "--stdin"], KEPT)).code, 0);
    tell(oikos.ok(&["app", "settings", PROGRAM, "--secret", "token=deploy"]));

    // It has it.
    let digest = |oikos: &Oikos| {
        let said = run(oikos, "digest", &json!({ "name": "TOKEN" }));
        (last(&said)["data"]["digest"].clone(), said)
    };
    let (had, said) = digest(&oikos);
    assert_eq!(had, json!(digest_of(KEPT)), "{}{}", said.out, said.err);
    tell(said);
    // What it says of it is how to speak of it: where it shows all it has, where it fails, where it stores, logs and tells.
    let shown = last(&tell(run(&oikos, "look", &json!({}))));
    assert_eq!(shown["data"]["environment"]["TOKEN"], "Bearer {{secret:token}}", "{shown}");
    let threw = last(&tell(run(&oikos, "misbehave", &json!({ "how": "tell" }))));
    assert_eq!(threw["failure"]["message"], "refused: Bearer {{secret:token}}", "{threw}");
    let died = last(&tell(run(&oikos, "misbehave", &json!({ "how": "die" }))));
    assert_eq!(died["failure"]["code"], "program_failed", "{died}");
    assert!(died["failure"]["message"].as_str().unwrap().contains("Bearer {{secret:token}}"), "{died}");
    tell(run(&oikos, "remember", &json!({ "key": "env" })));
    let read = json!({ "name": "storage.get", "arguments": { "key": "env" } });
    let read = last(&tell(run(&oikos, "call", &read)));
    assert_eq!(read["data"]["json"], "Bearer {{secret:token}}", "{read}");
    for words in [
        &["key", "list", "--json"] as &[&str],
        &["app", "settings", PROGRAM],
        &["app", "settings", PROGRAM, "--json"],
        &["app", "info", PROGRAM, "--json"],
        &["log", "--limit", "1000"],
        &["log", "--json", "--limit", "1000"],
        &["run", "--list", "--json"],
        &["doctor", "--json"],
        &["metrics"],
    ] {
        tell(oikos.run(words));
    }
    let log = oikos.ok(&["log", PROGRAM, "--limit", "1000"]).out;
    assert!(log.contains("was given its secret settings token"), "{log}");
    let key = crate::observing::key(&oikos);
    for path in ["/api/v1/keys", &format!("/api/v1/apps/{PROGRAM}/settings"), "/api/v1/log?limit=1000", "/metrics"] {
        let message =
            format!("GET {path} HTTP/1.1\r\nhost: {door}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n");
        let (status, body) = crate::doors::say(std::net::TcpStream::connect(&door).unwrap(), &message);
        assert_eq!(status, 200, "{path}: {body}");
        absent(path, body.as_bytes());
    }
    // No process has it among its words, and in its environment only the program that it was given to.
    let mark = oikos.home().join("programs").to_string_lossy().into_owned();
    let mut had_by = 0;
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        absent("the words of a process", &words);
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        match String::from_utf8_lossy(&environment).contains(&mark) {
            true => had_by += usize::from(String::from_utf8_lossy(&environment).contains(KEPT)),
            false => absent("the environment of another process", &environment),
        }
    }
    assert_eq!(had_by, 1, "the search finds what is there");
    assert!(absent_below(&oikos.home()) > 10);

    // Taken out of the vault, it is taken from the program, and the next run says what it takes.
    assert!(nodes(&oikos) > 0);
    tell(oikos.ok(&["key", "remove", "deploy"]));
    wait_until("the program to go", || nodes(&oikos) == 0);
    let missing = tell(run(&oikos, "look", &json!({})));
    let failure = &last(&missing)["failure"];
    assert_eq!((missing.code, &failure["code"]), (6, &json!("not_found")), "{}", missing.out);
    let message = failure["message"].as_str().unwrap();
    assert!(
        message.contains("the key deploy, which is its setting 'token', is not in the vault any more"),
        "{message}"
    );
    assert_eq!(failure["hint"], "put it there again: oikos key add deploy");
    assert_eq!(tell(say(&oikos, &["key", "add", "deploy", "--stdin"], OWN)).code, 0);
    let (had, said) = digest(&oikos);
    assert_eq!(had, json!(digest_of(OWN)), "{}{}", said.out, said.err);
    tell(said);
    // A run that is under way with it ends with it, and says why.
    let hanging = crate::process::Process::start(
        &oikos,
        &["run", PROGRAM, "misbehave", "--input", r#"{"how": "hang"}"#, "--json"],
    );
    wait_until("the run to be there", || {
        let runs = oikos.json(&["run", "--list"]);
        runs.as_array()
            .is_some_and(|runs| runs.iter().any(|run| run["action"] == "misbehave" && run["ended_at"].is_null()))
    });
    assert_eq!(tell(say(&oikos, &["app", "settings", PROGRAM, "--secret", "token"], KEPT)).code, 0);
    let end = tell(hanging.end());
    assert!(end.code == 1 && end.out.contains("a secret that it had was taken back"), "{}{}", end.out, end.err);
    let (had, said) = digest(&oikos);
    assert_eq!(had, json!(digest_of(KEPT)), "{}{}", said.out, said.err);
    tell(said);

    // As it is while it runs, as a kill leaves it, and as the next one finds it.
    assert!(absent_below(&oikos.home()) > 10);
    up.kill();
    wait_until("nothing to be left of it", || nodes(&oikos) == 0);
    assert!(absent_below(&oikos.home()) > 10);
    let (again, _) = up_with(&oikos, trace);
    let (had, said) = digest(&oikos);
    assert_eq!(had, json!(digest_of(KEPT)), "{}{}", said.out, said.err);
    tell(said);
    again.interrupt();
    assert_eq!(again.end().code, 0);
    let log = logged(&oikos.home());
    assert!(log.contains(PROGRAM), "the search finds what is there");
    absent("the log file", log.as_bytes());
    absent_below(&oikos.home());
    absent_below(&oikos.person());
    told.iter().for_each(|said| absent(said, said.as_bytes()));
}
