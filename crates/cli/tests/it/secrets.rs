//! A planted secret is where it was sent, and nowhere else: not in a byte of the home, in what anybody was told, in what
//! watches over the process, or in what other programs see of it; also after the process was killed.

use crate::{
    kit::{Oikos, Said, app_folder},
    observing::{figures, logged, up_with},
    process::Process,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
};

const SENT: &str = "canary-sent-7f3e9a1c";
pub(crate) const OWN: &str = "canary-own-55d0b8e2";
pub(crate) const KEPT: &str = "canary-kept-c41f6d90";

/// Answers with what it was told, and remembers it.
fn echo() -> (SocketAddr, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(String::new()));
    let hears = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), mut head) = (stream, String::new()) else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
            hears.lock().unwrap().push_str(&head);
            let said = format!("you said: {head}");
            let status =
                if head.contains("/to-evil") { "302 Found\r\nlocation: http://127.0.0.2:9/x" } else { "200 OK" };
            let length = said.len();
            drop(write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}"));
        }
    });
    (address, heard)
}

pub(crate) fn say(oikos: &Oikos, words: &[&str], input: &str) -> Said {
    let mut child =
        oikos.command(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Said::of(child.wait_with_output().unwrap())
}

/// The forms in which a secret could lie somewhere.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let wide: Vec<u8> = bytes.iter().flat_map(|byte| [*byte, 0]).collect();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    vec![
        bytes.to_vec(),
        wide,
        reversed,
        digits.clone().into_bytes(),
        digits.to_uppercase().into_bytes(),
        list.into_bytes(),
    ]
}

#[track_caller]
pub(crate) fn absent(what: &str, bytes: &[u8]) {
    for secret in [SENT, OWN, KEPT] {
        for form in forms(secret) {
            assert!(!bytes.windows(form.len()).any(|window| window == form), "{secret} is in {what}");
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[track_caller]
pub(crate) fn absent_below(folder: &Path) -> usize {
    let mut found = Vec::new();
    files(folder, &mut found);
    found.iter().for_each(|file| absent(&file.display().to_string(), &std::fs::read(file).unwrap()));
    found.len()
}

fn write_app(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let settings = json!({ "type": "object", "properties": { "token": { "type": "string", "secret": true } } });
    for (name, text) in [
        ("manifest.json", json!({ "id": "keyring", "name": "Keyring", "version": "1.0.0", "settings": settings }).to_string()),
        ("action-schema.json", json!({ "send": { "input": { "type": "object" } } }).to_string()),
        (
            "permissions.json",
            json!({
                "network": true, "storage": true, "ai": false,
                "secret": [{ "name": "github", "hosts": ["127.0.0.1"] }, { "name": "token", "hosts": ["127.0.0.1"] }],
            })
            .to_string(),
        ),
        (
            "bot-logic.js",
            r#"export async function send({ url, secret, fail }, ctx) {
                 console.log(JSON.stringify(ctx.env));
                 const response = await ctx.tools.http.fetch(url, { headers: { authorization: `Bearer {{secret:${secret}}}` } });
                 const said = await response.text();
                 await ctx.storage.set("said", said);
                 if (fail) throw new Error(`failed with ${said}`);
                 return { data: { said }, summary: said };
               }"#
                .to_owned(),
        ),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn a_planted_secret_is_where_it_was_sent_and_nowhere_else() {
    let oikos = Oikos::new();
    let (address, heard) = echo();
    let app = oikos.files().join("keyring");
    write_app(&app);
    let mut told = Vec::new();
    let mut tell = |said: Said| {
        told.push(format!("{}{}", said.out, said.err));
        said
    };
    let trace = "[log]\nlevel = \"trace\"\nformat = \"json\"\n";
    let (up, door) = up_with(&oikos, trace);
    let near = format!("network=allow:{address}");
    let evil = "network=allow:127.0.0.2:9";
    let grants = ["--grant", &near, "--grant", evil, "--grant", "secret=allow"];
    tell(oikos.ok(&[&["app", "install", app.to_str().unwrap(), "--yes"], &grants[..]].concat()));
    tell(oikos.ok(&["app", "install", app_folder("counter").to_str().unwrap(), "--yes"]));
    let host = address.to_string();
    assert_eq!(tell(say(&oikos, &["key", "add", "github", "--host", &host], SENT)).code, 0);
    assert_eq!(tell(say(&oikos, &["key", "add", "deploy", "--json", "--stdin"], KEPT)).code, 0);
    assert_eq!(tell(say(&oikos, &["app", "settings", "keyring", "--secret", "token"], OWN)).code, 0);
    // What goes wrong with one says nothing of it.
    assert_eq!(tell(say(&oikos, &["key", "add", "github", "--host", &host], KEPT)).code, 1);
    assert_eq!(tell(say(&oikos, &["key", "add", "two", "--host", "a.org", "--stdin"], &format!("{KEPT}\nx"))).code, 2);
    let send = |url: &str, secret: &str, fail: bool| {
        let input = json!({ "url": url, "secret": secret, "fail": fail }).to_string();
        oikos.run(&["run", "keyring", "send", "--input", &input, "--json"])
    };
    let here = format!("http://{address}/a");
    for (secret, fail) in [("github", false), ("token", false), ("github", true)] {
        let said = tell(send(&here, secret, fail));
        assert!(said.code == i32::from(fail) && said.out.contains("Bearer «secret»"), "{}{}", said.out, said.err);
    }
    // To nobody else: another host, a redirect, an address, a key that is not this app's to ask for.
    let evil = format!("http://{address}/to-evil");
    for (url, secret) in
        [("http://127.0.0.2:9/", "github"), (&*evil, "github"), ("http://127.0.0.1:9/", "token"), (&*here, "deploy")]
    {
        let said = tell(send(url, secret, false));
        assert_ne!(said.code, 0, "{url} {secret}: {}", said.out);
    }
    let heard_by_host = heard.lock().unwrap().clone();
    assert_eq!(heard_by_host.matches(SENT).count(), 3, "{heard_by_host}");
    assert_eq!(heard_by_host.matches(OWN).count(), 1, "{heard_by_host}");
    assert!(!heard_by_host.contains(KEPT) && !heard_by_host.contains("{{"), "{heard_by_host}");
    for words in [
        &["key", "list"] as &[&str],
        &["key", "list", "--json"],
        &["app", "settings", "keyring"],
        &["app", "settings", "keyring", "--json"],
        &["app", "info", "keyring", "--json"],
        &["log", "--limit", "1000"],
        &["log", "--json", "--limit", "1000"],
        &["run", "--list", "--json"],
        &["doctor", "--json"],
        &["metrics"],
        &["grant", "keyring", "--json"],
    ] {
        tell(oikos.run(words));
    }
    let log = oikos.ok(&["log", "--limit", "1000"]).out;
    assert!(log.contains(&format!("had your secret github sent to {address}")), "{log}");
    let key = crate::observing::key(&oikos);
    for path in ["/api/v1/keys", "/api/v1/apps/keyring/settings", "/api/v1/log?limit=1000", "/metrics"] {
        let message =
            format!("GET {path} HTTP/1.1\r\nhost: {door}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n");
        let (status, body) = crate::doors::say(TcpStream::connect(&door).unwrap(), &message);
        assert_eq!(status, 200, "{path}: {body}");
        absent(path, body.as_bytes());
    }
    // What other programs see of the process.
    let service: Value = oikos.json(&["daemon", "status"]);
    let pid = service["pid"].as_u64().unwrap_or_else(|| panic!("{service}"));
    for what in ["cmdline", "environ"] {
        absent(what, &std::fs::read(format!("/proc/{pid}/{what}")).unwrap());
    }
    assert!(figures(&oikos.ok(&["metrics"]).out).len() > 5);
    // As it is while it runs, as a kill leaves it, and as the next one finds it.
    assert!(absent_below(&oikos.home()) > 10);
    up.kill();
    assert!(absent_below(&oikos.home()) > 10);
    let (again, _) = up_with(&oikos, trace);
    let said = tell(send(&here, "github", false));
    assert!(said.code == 0 && heard.lock().unwrap().matches(SENT).count() == 4, "{}{}", said.out, said.err);
    again.interrupt();
    assert_eq!(again.end().code, 0);
    let log = logged(&oikos.home());
    assert!(log.contains("keyring"), "the search finds what is there");
    absent("the log file", log.as_bytes());
    absent_below(&oikos.home());
    absent_below(&oikos.person());
    told.iter().for_each(|said| absent(said, said.as_bytes()));
    let remove = oikos.ok(&["app", "remove", "keyring", "--erase"]);
    absent("the end", remove.out.as_bytes());
}

/// The passphrase is asked for where a person is; from a file where none is; without it, apps go on and secrets stay.
#[test]
fn a_vault_under_a_passphrase_opens_for_who_has_it() {
    let oikos = Oikos::new();
    let file = oikos.files().join("passphrase");
    crate::kit::write_secret(&file, "correct horse\n");
    let config = format!("[vault]\npassphrase_file = \"{}\"\n", file.display());
    let (up, _) = up_with(&oikos, &config);
    assert_eq!(say(&oikos, &["key", "add", "github", "--host", "a.org"], SENT).code, 0);
    let doctor = oikos.run(&["doctor"]).out;
    assert!(doctor.contains("1 secret, sealed under a passphrase"), "{doctor}");
    up.interrupt();
    assert_eq!(up.end().code, 0);
    // Nobody is here to be asked.
    let said = oikos.run(&["key", "list"]);
    assert!(said.code == 2 && said.err.contains("sealed under a passphrase"), "{}", said.err);
    assert_eq!(oikos.run(&["app", "list"]).code, 0);
    let mut asked = Process::at_terminal(&oikos, &["key", "list"]);
    asked.wait_for("Passphrase of the vault:");
    asked.type_line("correct house");
    asked.wait_for("the passphrase is another one");
    drop(asked.end_whenever());
    let mut asked = Process::at_terminal(&oikos, &["key", "list"]);
    asked.wait_for("Passphrase of the vault:");
    asked.type_line("correct horse");
    asked.wait_for("a.org");
    assert_eq!(asked.end_whenever().code, 0);
    // A file that others can read is no secret any more.
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (up, _) = up_with(&oikos, &config);
    let said = oikos.run(&["key", "list"]);
    assert!(said.code == 1 && said.err.contains("chmod 600"), "{}", said.err);
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert!(absent_below(&oikos.home()) > 5);
}
