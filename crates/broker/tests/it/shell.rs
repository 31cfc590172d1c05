//! Which programs run, with which folders, and when a person is asked.

use crate::{Scene, scene::NOW};
use broker::{Decision, Demand as _, Program, ShellDemand};
use protocol::{FileAccess, GrantDuration, GrantState, Labels, Scope, Zone};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn running(state: GrantState, patterns: &[&[&str]]) -> Scene {
    let mut scene = Scene::new(Zone::Local);
    let commands = patterns.iter().map(|pattern| words(pattern)).collect();
    scene.grant(Scope::Shell { commands }, state, &[], GrantDuration::Always);
    scene
}

fn program(path: &str) -> Program {
    Program { named: path.to_owned(), path: path.to_owned(), device: 1, inode: 7 }
}

fn demand(command: &[&str]) -> ShellDemand {
    ShellDemand::new(words(command), program(&format!("/usr/bin/{}", command[0])), None, false, b"")
}

fn in_folder(command: &[&str], folder: &str, write: bool) -> ShellDemand {
    ShellDemand::new(words(command), program("/usr/bin/git"), Some(folder.to_owned()), write, b"")
}

#[test]
fn a_granted_pattern_runs_and_what_is_not_listed_does_not() {
    let scene = running(GrantState::Allow, &[&["git", "log", "--oneline", "*"], &["python3", "*"]]);
    assert_eq!(scene.decide(demand(&["git", "log", "--oneline", "main"])), "yes: grant shell");
    // What a shell would do with it is no matter: there is none.
    assert_eq!(scene.decide(demand(&["git", "log", "--oneline", "$(id); rm -rf ~"])), "yes: grant shell");
    for (command, shown, open) in [
        (&["git", "log", "--oneline", "--output=/home/me/x"][..], "git log --oneline '--output=/home/me/x'", ""),
        (&["git", "push"], "git push", ""),
        (&["sh", "-c", "id"], "sh -c id", ", which does whatever these words say"),
    ] {
        let what = format!("run {shown} (the program /usr/bin/{}){open}", command[0]);
        let expected = format!("no: not allowed to {what}: {shown} is not among the commands of shell");
        assert_eq!(scene.decide(demand(command)), expected);
    }
}

#[test]
fn the_states_of_the_switch() {
    let ls: &[&[&str]] = &[&["ls"]];
    assert_eq!(running(GrantState::Ask, ls).decide(demand(&["ls"])), "ask: run ls (the program /usr/bin/ls)");
    let blocked = running(GrantState::Block, ls).decide(demand(&["ls"]));
    let expected = "no: not allowed to run ls (the program /usr/bin/ls): shell is blocked; to allow it: oikos grant tester shell=allow";
    assert_eq!(blocked, expected);
    let nothing = Scene::new(Zone::Local);
    nothing.load();
    assert!(nothing.decide(demand(&["ls"])).ends_with("the app never asked for shell"));
    for zone in [Zone::Cloud, Zone::Browser] {
        let mut elsewhere = Scene::new(zone);
        let scope = Scope::Shell { commands: vec![words(&["ls"])] };
        elsewhere.grant(scope, GrantState::Allow, &[], GrantDuration::Always);
        assert!(elsewhere.decide(demand(&["ls"])).contains("never allows shell"), "{zone}");
    }
}

#[test]
fn a_person_is_asked_each_time_where_no_pattern_says_what_happens() {
    // Any program.
    let any = running(GrantState::Allow, &[]);
    let open = "which does whatever these words say (each time)";
    assert_eq!(any.decide(demand(&["ls"])), format!("ask: run ls (the program /usr/bin/ls), {open}"));
    // One that runs what it is told, by its name or by the file that it is.
    let told = running(GrantState::Allow, &[&["python3", "*"], &["tool"]]);
    let asked = told.decide(demand(&["python3", "x.py"]));
    assert_eq!(asked, format!("ask: run python3 x.py (the program /usr/bin/python3), {open}"));
    let link = Program { named: "/usr/bin/tool".into(), ..program("/usr/bin/python3.11") };
    let asked = told.decide(ShellDemand::new(words(&["tool"]), link, None, false, b""));
    assert_eq!(asked, format!("ask: run tool (the program /usr/bin/python3.11), {open}"));
}

#[test]
fn what_has_read_both_is_shown_before_a_program_gets_it() {
    let scene = running(GrantState::Allow, &[&["ls"]]);
    scene.lease.join_labels(Labels::PRIVATE);
    let given = || ShellDemand::new(words(&["ls"]), program("/usr/bin/ls"), None, false, b"the secret");
    assert_eq!(scene.decide(given()), "yes: grant shell");
    // It has no files, and so what it says is not the owner's.
    assert!(scene.lease.labels().contains(Labels::STRANGER));
    assert_eq!(scene.decide(given()), "ask: run ls (the program /usr/bin/ls) (each time)");
    match scene.broker.decide(&scene.lease, given(), NOW) {
        Decision::Ask(ask) => assert_eq!(ask.demand().content().as_deref(), Some("the secret")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_has_the_folders_that_need_no_question_and_no_other() {
    let room = |scene: &Scene, demand: ShellDemand| match scene.broker.decide(&scene.lease, demand, NOW) {
        Decision::Permit(permit) => {
            let room = permit.demand().room().clone();
            let paths = |folders: &[broker::Folder]| folders.iter().map(|one| one.path.clone()).collect::<Vec<_>>();
            (paths(&room.read), paths(&room.write), room.start.map(|start| start.path()))
        }
        other => panic!("{other:?}"),
    };
    let status: &[&[&str]] = &[&["git", "status"]];
    let scene = running(GrantState::Allow, status).file(FileAccess::Read, GrantState::Allow, &["/srv/a", "/srv/b"]);
    assert_eq!(room(&scene, demand(&["git", "status"])), (words(&["/srv/a", "/srv/b"]), vec![], None));
    assert!(scene.lease.labels().contains(Labels::PRIVATE.join(Labels::STRANGER)), "it prints what it found");
    let scene = running(GrantState::Allow, status).file(FileAccess::Read, GrantState::Allow, &["/srv/a", "/srv/b"]);
    let start = Some("/srv/b/deep".to_owned());
    let found = room(&scene, in_folder(&["git", "status"], "b/deep", false));
    assert_eq!(found, (words(&["/srv/a", "/srv/b"]), vec![], start));
    // Those about which the owner wants to be asked are not there.
    let scene = running(GrantState::Allow, status).file(FileAccess::Read, GrantState::Ask, &["/srv/a"]);
    assert_eq!(room(&scene, demand(&["git", "status"])), (vec![], vec![], None));
    let refused = scene.decide(in_folder(&["git", "status"], "a", false));
    let rule = "a program has only folders that need no question each time, and a is none of them";
    assert!(refused.starts_with("no: ") && refused.ends_with(rule), "{refused}");
    // One that was handed over is.
    let scene = running(GrantState::Allow, status).pick("here", "/srv/p", None, FileAccess::Read);
    let found = room(&scene, in_folder(&["git", "status"], "picked:here", false));
    assert_eq!(found, (words(&["/srv/p"]), vec![], Some("/srv/p".into())));
    let outside = scene.decide(in_folder(&["git", "status"], "/etc", false));
    assert!(outside.starts_with("no: "), "{outside}");
}

#[test]
fn changing_files_is_asked_each_time_and_names_the_folders() {
    let commit: &[&[&str]] = &[&["git", "commit"]];
    let both = |scene: Scene| {
        scene.file(FileAccess::Read, GrantState::Allow, &["/srv/a"]).file(
            FileAccess::Write,
            GrantState::Allow,
            &["/srv/a"],
        )
    };
    let scene = both(running(GrantState::Allow, commit));
    assert_eq!(scene.decide(in_folder(&["git", "commit"], "a", false)), "yes: grant shell");
    let scene = both(running(GrantState::Allow, commit));
    let asked = scene.decide(in_folder(&["git", "commit"], "a", true));
    let expected = "ask: run git commit (the program /usr/bin/git), which may change what is in /srv/a, and nothing of that can be undone (each time)";
    assert_eq!(asked, expected);
    let scene = running(GrantState::Allow, commit).file(FileAccess::Read, GrantState::Allow, &["/srv/a"]);
    let refused = scene.decide(in_folder(&["git", "commit"], "a", true));
    assert!(refused.starts_with("no: ") && refused.contains("file.write has no folder yet"), "{refused}");
}

#[test]
fn what_the_app_could_have_written_and_what_holds_oikos_is_never_run_or_seen() {
    let own = running(GrantState::Allow, &[&["/srv/a/tool"]]).file(FileAccess::Write, GrantState::Ask, &["/srv/a"]);
    let refused = own.decide(ShellDemand::new(words(&["/srv/a/tool"]), program("/srv/a/tool"), None, false, b""));
    let rule = "/srv/a/tool lies in /srv/a, where the app itself may write, so it could be anything";
    assert!(refused.starts_with("no: ") && refused.ends_with(rule), "{refused}");
    let linked = Program { named: "/srv/a/tool".into(), ..program("/usr/bin/ls") };
    let refused = own.decide(ShellDemand::new(words(&["/srv/a/tool"]), linked, None, false, b""));
    assert!(refused.starts_with("no: "), "{refused}");
    let home = running(GrantState::Allow, &[&["ls"]]).file(FileAccess::Read, GrantState::Allow, &["/home/me"]);
    let refused = home.decide(demand(&["ls"]));
    let rule = "/home/me holds what belongs to oikos itself, so no program can have all of it";
    assert!(refused.starts_with("no: ") && refused.ends_with(rule), "{refused}");
}
