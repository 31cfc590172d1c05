//! The page of `oikos up`: out of the binary, and in front of the person who asked for it.

use crate::{
    doors::{say, up},
    kit::Oikos,
    process::Process,
};
use serde_json::{Value, json};
use std::{
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use testkit::wait_until_some;

/// Whether the binary was built when there was a page to put into it: the tests build it, after the page.
fn has_page() -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist/index.html").is_file()
}

fn get(address: &str, path: &str) -> (u16, String) {
    let message = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    say(TcpStream::connect(address).unwrap(), &message)
}

#[test]
fn the_page_comes_out_of_the_binary_or_the_binary_says_how_to_get_it() {
    let oikos = Oikos::new();
    let (_up, address) = up(&oikos);
    for path in ["/", "/apps/notes"] {
        let (status, body) = get(&address, path);
        match has_page() {
            true => assert!(status == 200 && body.contains("<script") && body.contains("/assets/"), "{status} {body}"),
            false => assert!(status == 404 && body.contains("cargo xtask ui"), "{status} {body}"),
        }
    }
    assert_eq!(get(&address, "/assets/no-such-file.js").0, 404);
    let elsewhere = "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(say(TcpStream::connect(&address).unwrap(), elsewhere), (421, String::new()));
}

/// A desktop whose browser notes what it was shown, or cannot be started.
struct Desktop {
    shown: PathBuf,
    programs: PathBuf,
}

impl Desktop {
    fn new(oikos: &Oikos, ends_with: u8) -> Self {
        let (shown, programs) = (oikos.files().join("shown"), oikos.files().join("programs"));
        std::fs::create_dir_all(&programs).unwrap();
        let program = programs.join("xdg-open");
        let script =
            format!("#!/bin/sh\n[ {ends_with} = 0 ] && echo \"$1\" >> '{}'\nexit {ends_with}\n", shown.display());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { shown, programs }
    }

    fn command(&self, oikos: &Oikos, words: &[&str]) -> Command {
        let mut command = oikos.command(words);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.programs.display())).env("DISPLAY", ":7");
        command
    }

    /// The link that the browser was shown last, of so many.
    #[track_caller]
    fn link(&self, count: usize) -> String {
        wait_until_some("the browser is shown a link", || {
            let shown = std::fs::read_to_string(&self.shown).ok()?;
            shown.lines().nth(count - 1).filter(|_| shown.ends_with('\n')).map(str::to_owned)
        })
    }
}

/// Signs in as the page does with what stands behind the `#` of the address that it was opened by.
fn sign_in(link: &str) -> (u16, Value) {
    let (origin, secret) = link.split_once("/#").unwrap();
    let address = origin.strip_prefix("http://").unwrap();
    let body = json!({ "link": secret }).to_string();
    let message = format!(
        "POST /api/v1/sign-in HTTP/1.1\r\nhost: {address}\r\norigin: {origin}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, body) = say(TcpStream::connect(address).unwrap(), &message);
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn open_shows_the_page_signed_in_and_again_while_it_is_up() {
    let oikos = Oikos::new();
    let desktop = Desktop::new(&oikos, 0);
    let up = Process::start_as(desktop.command(&oikos, &["up", "--open", "--port", "0"]));
    let link = desktop.link(1);
    up.wait_for("the page is in your browser");
    assert!(link.starts_with("http://127.0.0.1:") && link.contains("/#oikoslink_"), "{link}");
    let (status, signed) = sign_in(&link);
    assert!(status == 200 && signed["page"].as_str().unwrap().starts_with("oikospage_"), "{status} {signed}");
    assert_eq!(sign_in(&link).0, 401, "a link is good once");
    let again = desktop.command(&oikos, &["up", "--open"]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success() && said.contains("oikos is up already"), "{said}");
    let other = desktop.link(2);
    assert_ne!(other, link);
    assert_eq!(sign_in(&other).0, 200);
    // No link is said where it went to the browser.
    assert!(!said.contains("oikoslink_") && !String::from_utf8_lossy(&again.stdout).contains("oikoslink_"));
    assert!(!up.out().contains("oikoslink_"), "{}", up.out());
}

#[test]
fn without_a_browser_a_person_gets_the_link_and_a_script_does_not() {
    let oikos = Oikos::new();
    let desktop = Desktop::new(&oikos, 3);
    let up = Process::start_as(desktop.command(&oikos, &["up", "--open", "--port", "0"]));
    up.wait_for("no browser could be started here; oikos login link makes a link for one");
    assert!(!up.out().contains("oikoslink_"), "{}", up.out());
    let person = Process::at_terminal_as(desktop.command(&oikos, &["up", "--open"]));
    person.wait_for("/#oikoslink_");
    let said = person.end().out;
    let link = said.split_whitespace().find(|word| word.contains("/#oikoslink_")).unwrap();
    assert_eq!(sign_in(link).0, 200, "{said}");
    assert!(!desktop.shown.exists());
}
