//! What a machine keeps a program to is on its card before and in the run's record after, and what it cannot keep is refused
//! with what would mend it: with the real box, on machines that lack one thing and another.

use crate::kit::{Oikos, Said, app_folder};
use protocol::{BoxFact, BoxHold};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

const PROGRAM: &str = "probe-program";

/// A machine that lacks some of what boxes are made of.
struct Lacking<'a> {
    oikos: &'a Oikos,
    hidden: &'static str,
}

impl Lacking<'_> {
    /// The last line of what it prints.
    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        let mut command = self.oikos.command(&[words, &["--json"]].concat());
        if !self.hidden.is_empty() {
            command.env("FAILPOINTS", format!("boxes::hidden=return({})", self.hidden));
        }
        let said = Said::of(command.output().unwrap());
        serde_json::from_str(said.out.lines().last().unwrap_or("null")).unwrap_or_else(|_| panic!("{}", said.err))
    }
}

/// `full namespaces, Landlock`, … of each fact that was told.
fn told(facts: &[BoxFact]) -> BTreeMap<&'static str, String> {
    let row = |fact: &BoxFact| {
        let said = fact.sentence.to_string();
        let by = said.rsplit_once('(').and_then(|(_, by)| by.split_once(')')).map_or("", |(by, _)| by);
        let told = match fact.hold {
            BoxHold::Full => format!("full {by}"),
            BoxHold::Part => format!("part {by}"),
            BoxHold::None => "none".to_owned(),
        };
        (fact.concern.word(), told)
    };
    facts.iter().map(row).collect()
}

#[track_caller]
fn facts(told: &Value) -> Vec<BoxFact> {
    serde_json::from_value(told.clone()).unwrap_or_else(|error| panic!("{error}: {told}"))
}

#[test]
fn a_card_says_what_this_machine_keeps_and_what_it_cannot_is_refused_with_the_fix() {
    let is_root = rustix::process::geteuid().is_root();
    // Root's processes are counted by a control group or by nobody.
    let uncounted = if is_root { "none" } else { "full namespaces, seccomp, Landlock, rlimits" };
    let whole = [
        "full namespaces, Landlock",
        "full namespaces, seccomp",
        "full namespaces, seccomp, Landlock, cgroup",
        "full cgroup",
    ];
    let no_wall = "part Landlock, seccomp, cgroup";
    check("", whole, true);
    check("Landlock", [&whole[0][..15], whole[1], "full namespaces, seccomp, cgroup", whole[3]], true);
    check("seccomp", [whole[0], "part namespaces", "part namespaces, Landlock, cgroup", whole[3]], true);
    check("cgroup", [whole[0], whole[1], uncounted, "part rlimits, seccomp"], !is_root);
    let wrapped = whole.map(|fact| fact.replace("namespaces", "bubblewrap"));
    check("namespaces", [&wrapped[0], &wrapped[1], &wrapped[2], &wrapped[3]], true);
    // It asks for hosts, and without a network of its own who may speak with the proxy may speak with all.
    check("namespaces+bubblewrap", ["part Landlock", "none", no_wall, whole[3]], false);
    check("namespaces+bubblewrap+Landlock", ["none", "none", "none", whole[3]], false);
}

/// The program without what it does when it is installed: then its card is seen, whatever becomes of a run.
fn without_hook(oikos: &Oikos) -> PathBuf {
    let (from, to) = (app_folder(PROGRAM), oikos.files().join(PROGRAM));
    fs::create_dir_all(to.join("src")).unwrap();
    for file in ["action-schema.json", "src/main.mjs"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let manifest = fs::read_to_string(from.join("kimai.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest.as_object_mut().unwrap().remove("hooks").expect("it has one");
    fs::write(to.join("kimai.json"), manifest.to_string()).unwrap();
    to
}

/// Installs a program and runs it on a machine that lacks these: with the card's facts, or not at all.
#[track_caller]
fn check(hidden: &'static str, [files, network, processes, memory]: [&str; 4], is_started: bool) {
    let oikos = Oikos::new();
    let machine = Lacking { oikos: &oikos, hidden };
    let source = without_hook(&oikos);
    let installed = machine.json(&["app", "install", source.to_str().unwrap(), "--yes"]);
    let on_card = facts(&installed["card"]["facts"]);
    let expected = [("files", files), ("network", network), ("processes", processes), ("memory", memory)];
    let expected: BTreeMap<_, _> = expected.map(|(concern, fact)| (concern, fact.to_owned())).into();
    assert_eq!(told(&on_card), expected, "without {hidden}");
    let lacking = on_card.iter().filter(|fact| fact.hold != BoxHold::Full);
    let fixes: Vec<String> = lacking.map(|fact| fact.fix.as_ref().expect("a fix").to_string()).collect();

    let ended = machine.json(&["run", PROGRAM, "look"]);
    if is_started {
        assert_eq!(ended["type"], "STREAM_END", "without {hidden}: {ended}");
        assert_eq!(told(&facts(&ended["facts"])), expected, "without {hidden}");
    } else {
        let failure = &ended["failure"];
        assert_eq!(failure["code"], "box_refused", "without {hidden}: {ended}");
        let hint = failure["hint"].as_str().unwrap();
        assert!(fixes.iter().any(|fix| hint.contains(fix.as_str())), "without {hidden}: {fixes:?} in {hint}");
    }
}
