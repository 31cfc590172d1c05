//! What oikos and a program say to each other: events, what nobody wants any more, goodbyes, and streams, whose reader may be slow
//! without anybody else hearing of it. The program is a real one.

use crate::{kit::Oikos, process::Process};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use testkit::{wait_until, wait_until_some};

const PROGRAM: &str = "talker";
/// How many pieces it says when it floods.
const FLOOD: usize = 800;

/// A household that is up, with the program in it.
struct House {
    oikos: Oikos,
    _up: Process,
}

impl House {
    fn new() -> Self {
        let oikos = Oikos::new();
        let up = Process::start(&oikos, &["up", "--no-doors", "--json"]);
        up.wait_for("pid");
        oikos.install(PROGRAM, &[]);
        Self { oikos, _up: up }
    }

    #[track_caller]
    fn data(&self, action: &str) -> Value {
        let end = self.oikos.json(&["run", PROGRAM, action]);
        assert_eq!(end["type"], "STREAM_END", "{action}: {end}");
        end["data"].clone()
    }

    fn start(&self, action: &str) -> Process {
        Process::start(&self.oikos, &["run", PROGRAM, action, "--json"])
    }

    /// What its program has written down.
    fn journal(&self) -> String {
        fs::read_to_string(self.home().join("journal")).unwrap_or_default()
    }

    fn home(&self) -> PathBuf {
        self.oikos.home().join("programs/1").join(PROGRAM).join("home")
    }

    /// Has it say a lot for a run whose viewer has stopped to read.
    fn flood(&self) -> Process {
        let flooding = self.start("flood");
        flooding.wait_for("ready");
        flooding.pause();
        fs::write(self.home().join("go"), "").unwrap();
        wait_until("the flood", || self.journal().contains("flooding"));
        flooding
    }
}

#[test]
fn a_program_hears_the_events_that_its_manifest_names() {
    let house = House::new();
    let card = house.oikos.ok(&["grant", PROGRAM]).out;
    assert!(card.contains("start by itself at events, and read them: home.door.*"), "{card}");
    house.oikos.ok(&["emit", "home.door.front", "--payload", r#"{"who": "the postman"}"#]);
    house.oikos.ok(&["emit", "home.window", "--payload", "{}"]);
    let heard = wait_until_some("the event", || {
        let heard = house.data("look")["heard"].clone();
        (heard != json!([])).then_some(heard)
    });
    let payload = json!({ "who": "the postman" });
    let expected = json!([{ "topic": "home.door.front", "payload": payload, "sender": heard[0]["sender"], "app": PROGRAM, "hasCall": true }]);
    assert_eq!(heard, expected);
    assert!(!heard[0]["sender"].is_null(), "{heard}");
    // It is a run like any other.
    let log = house.oikos.ok(&["log", PROGRAM]).out;
    assert!(log.contains("by itself: event home.door.front"), "{log}");
}

#[test]
fn what_nobody_wants_any_more_is_said_both_ways() {
    let house = House::new();
    // The program takes back what it asked for.
    let gave_up = house.data("give_up");
    assert_eq!(gave_up["error"]["data"]["code"], "stopped", "{gave_up}");
    // The owner stops a run: its program hears that, tidies up, and serves the next.
    let waiting = house.start("wait");
    waiting.wait_for("waiting");
    let run = house.oikos.last_run();
    house.oikos.ok(&["stop", &run]);
    assert_eq!(waiting.end().code, 7);
    wait_until("it to hear that", || house.journal() == "cancelled\n");
    house.data("look");
    // Nobody needs it: it is told, and answers, before it is ended.
    house.oikos.ok(&["app", "disable", PROGRAM]);
    wait_until("its goodbye", || house.journal() == "cancelled\ndeactivated\n");
    wait_until("its end", || crate::program_apps::nodes(&house.oikos) == 0);
}

#[test]
fn a_piece_that_is_said_as_a_request_has_an_answer() {
    let house = House::new();
    let said = house.oikos.ok(&["run", PROGRAM, "stream", "--json"]).out;
    let end: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let answers = end["data"].as_array().unwrap();
    assert_eq!(answers[..2], [json!({}), json!({})], "{end}");
    for (answer, why) in
        [(&answers[2], "a piece is a text, or has a topic"), (&answers[3], "no such call is under way")]
    {
        assert!(answer["error"]["message"].as_str().is_some_and(|message| message.contains(why)), "{why}: {end}");
    }
    assert!(said.contains("one, ") && said.contains(r#""two":2"#) && !said.contains("for nobody"), "{said}");
}

#[test]
fn a_run_that_nobody_reads_holds_up_no_other() {
    let house = House::new();
    let pouring = house.start("pour");
    pouring.wait_for("#1 ");
    pouring.pause();
    // Each of these is a run of the same program, and has its answer while the other's stream is full.
    const SAME: usize = 5;
    let (mut last, mut times) = (Value::Null, 0);
    wait_until("the stream to be full", || {
        let poured = house.data("look")["poured"].clone();
        times = if poured == last { times + 1 } else { 0 };
        last = poured;
        times == SAME
    });
    let of = |name: &str| last[name].as_u64().unwrap();
    assert_eq!(of("asked"), of("answered") + 1, "{last}");
    house.data("calm");
    // Who reads again has all of it.
    pouring.resume();
    let poured = pouring.end();
    assert_eq!(poured.code, 0, "{}", poured.err);
    assert!((1..=of("asked")).all(|at| poured.out.contains(&format!("#{at} "))));
}

#[test]
fn a_flood_that_nobody_reads_waits_and_comes_whole() {
    let house = House::new();
    let flooding = house.flood();
    flooding.resume();
    let flooded = flooding.end();
    assert_eq!(flooded.code, 0, "{}", flooded.err);
    let mut rest = flooded.out.as_str();
    for at in 0..FLOOD {
        let found = rest.find(&format!("#{at} ")).unwrap_or_else(|| panic!("the piece {at} is not in its place"));
        rest = &rest[found..];
    }
}

#[test]
fn a_flood_that_nobody_reads_ends_when_others_would_wait_for_it() {
    let house = House::new();
    let flooding = house.flood();
    house.data("look");
    flooding.resume();
    let flooded = flooding.end();
    assert!(flooded.code == 5 && flooded.out.contains("host_limit"), "{} {}", flooded.code, flooded.err);
    assert_eq!(house.data("look")["heard"], json!([]));
}
