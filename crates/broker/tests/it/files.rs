//! Paths: what is covered, and what never is.

use crate::Scene;
use broker::{Decision, FileDemand, FileVerb, scopes::file::is_run_by_others};
use proptest::prelude::*;
use protocol::{FileAccess, GrantDuration, GrantState, Labels, Timestamp, Zone};

fn reader() -> Scene {
    Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me/notes", "/srv/notes", "/home/me"])
}

#[track_caller]
fn check(scene: &Scene, verb: FileVerb, path: &str, expected: &str) {
    assert_eq!(scene.decide(FileDemand::new(verb, path)), expected, "{verb:?} {path:?}");
}

#[test]
fn a_path_is_covered_by_the_folder_it_names() {
    let scene = reader();
    check(&scene, FileVerb::Read, "notes/todo.txt", "yes: grant file.read for /home/me/notes");
    check(&scene, FileVerb::Read, "notes-2/todo.txt", "yes: grant file.read for /srv/notes");
    check(&scene, FileVerb::Read, "/srv/notes/a//b/./c", "yes: grant file.read for /srv/notes");
    check(&scene, FileVerb::Read, "/home/me/notes/a", "yes: grant file.read for /home/me/notes");
    check(&scene, FileVerb::List, "notes", "yes: grant file.read for /home/me/notes");
}

#[test]
fn what_lies_outside_is_refused_with_the_command_that_would_allow_it() {
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me/notes"]);
    check(
        &scene,
        FileVerb::Read,
        "/etc/passwd",
        "no: not allowed to read /etc/passwd: /etc/passwd is outside what file.read was granted for; to allow it: oikos \
         grant tester file.read=allow:/etc",
    );
    for path in [
        "/home/me/notes-of-others/a",
        "/home/me/notes/../secret",
        "notes/../../etc/passwd",
        "..",
        "../notes",
        "elsewhere/a",
        "picked:data",
        "picked:../../etc/passwd",
        "notes/\0",
        "//..//home",
        "~/notes/a",
        "C:\\Windows",
    ] {
        let decision = scene.decide(FileDemand::new(FileVerb::Read, path));
        assert!(decision.starts_with("no: "), "{path:?}: {decision}");
    }
    // What lies at the top of the disk has no folder that one would want to grant.
    let top = scene.decide(FileDemand::new(FileVerb::Read, "/passwd"));
    assert!(top.ends_with("to allow it: oikos grant tester file.read=allow:FOLDER"), "{top}");
    for (length, expected) in [(255, "yes: "), (256, "no: ")] {
        let path = format!("notes/{}", "a".repeat(length));
        assert!(scene.decide(FileDemand::new(FileVerb::Read, path)).starts_with(expected), "{length}");
    }
}

#[test]
fn reading_is_not_writing_and_writing_is_not_reading() {
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me/notes"]);
    check(
        &scene,
        FileVerb::Write,
        "/home/me/notes/a",
        "no: not allowed to write to /home/me/notes/a: the app never asked for file.write",
    );
    let scene = Scene::new(Zone::Local).file(FileAccess::Write, GrantState::Allow, &["/home/me/notes"]);
    check(&scene, FileVerb::Write, "notes/a", "yes: grant file.write for /home/me/notes");
    check(&scene, FileVerb::Remove, "notes/a", "yes: grant file.write for /home/me/notes");
    assert_eq!(scene.decide(FileDemand::moving("notes/a", "notes/b")), "yes: grant file.write for /home/me/notes");
    for verb in [FileVerb::Read, FileVerb::List] {
        assert!(scene.decide(FileDemand::new(verb, "notes/a")).starts_with("no: "));
    }
}

#[test]
fn a_move_needs_both_of_its_ends() {
    let check = |scene: &Scene, from: &str, to: &str, expected: &str| {
        assert_eq!(scene.decide(FileDemand::moving(from, to)), expected, "{from} {to}");
    };
    let scene = Scene::new(Zone::Local).file(FileAccess::Write, GrantState::Allow, &["/home/me/notes", "/srv/notes"]);
    check(&scene, "notes/a", "notes-2/b", "yes: grant file.write for /home/me/notes, /srv/notes");
    for (from, to, outside) in [
        ("notes/a", "/etc/cron.d/a", "/etc/cron.d/a"),
        ("/etc/passwd", "notes/a", "/etc/passwd"),
        ("notes/a", "notes/../../a", "notes/../../a"),
        ("notes/a", "picked:out", "picked:out"),
    ] {
        let said = scene.decide(FileDemand::moving(from, to));
        let rule = format!("{outside} is outside what file.write was granted for");
        assert!(said.starts_with("no: ") && said.contains(&rule), "{from} {to}: {said}");
    }
    // What other programs load is asked for at either end.
    for (from, to) in [("notes/a", "notes/.git/hooks/pre-commit"), ("notes/.bashrc", "notes/a")] {
        let said = scene.decide(FileDemand::moving(from, to));
        assert!(said.starts_with("ask: move /home/me/") && said.contains("other programs"), "{from} {to}: {said}");
    }
    let asked = Scene::new(Zone::Local).file(FileAccess::Write, GrantState::Ask, &["/home/me/notes"]);
    check(&asked, "notes/a", "notes/b", "ask: move /home/me/notes/a to /home/me/notes/b");
    // A folder that was handed over is enough for both, and with it a grant decides for the other end.
    let asked = asked.pick("out", "/tmp/out", None, FileAccess::Write);
    check(&asked, "picked:out/a", "picked:out/b", "yes: you handed it over as out");
    check(&asked, "picked:out/a", "notes/b", "ask: move /tmp/out/a to /home/me/notes/b");
    check(&asked, "notes/a", "picked:out/b", "ask: move /home/me/notes/a to /tmp/out/b");
}

#[test]
fn states_are_held() {
    let with = |state| Scene::new(Zone::Local).file(FileAccess::Read, state, &["/home/me/notes"]);
    check(&with(GrantState::Ask), FileVerb::Read, "notes/a", "ask: read /home/me/notes/a");
    check(
        &with(GrantState::Block),
        FileVerb::Read,
        "notes/a",
        "no: not allowed to read /home/me/notes/a: file.read is blocked; to allow it: oikos grant tester \
         file.read=allow",
    );
    let nothing_chosen = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &[]);
    check(
        &nothing_chosen,
        FileVerb::Read,
        "notes/a",
        "no: not allowed to read notes/a: file.read has no folder yet; to allow it: oikos grant tester \
         file.read=allow:FOLDER",
    );
}

#[test]
fn the_cloud_never_sees_a_file() {
    let scene = Scene::new(Zone::Cloud).file(FileAccess::Read, GrantState::Allow, &["/home/me/notes"]);
    check(&scene, FileVerb::Read, "notes/a", "no: not allowed to read notes/a: zone cloud never allows file");
    let handed = Scene::new(Zone::Cloud).pick("data", "/tmp", Some("a.csv"), FileAccess::Read);
    assert!(handed.decide(FileDemand::new(FileVerb::Read, "picked:data")).starts_with("no: "));
}

#[test]
fn the_home_of_oikos_is_out_of_reach_also_beneath_a_granted_folder() {
    let scene = reader();
    for path in
        ["/home/me/.local/share/oikos", "/home/me/.local/share/oikos/keys/device.key", "me/.local/share/oikos/x"]
    {
        let decision = scene.decide(FileDemand::new(FileVerb::Read, path));
        assert!(decision.contains("belongs to oikos itself and can never be granted"), "{decision}");
        assert!(!decision.contains("to allow it"), "{decision}");
    }
    check(&scene, FileVerb::Read, "/home/me/.local/share/oikos-notes", "yes: grant file.read for /home/me");
    assert!(scene.broker.is_protected("/home/me/.local/share/oikos/blobs", 0, 0));
    // Another name for the same folder.
    assert!(scene.broker.is_protected("/mnt/elsewhere", 9, 9));
    // The same number on another disk, and another number on the same, are other folders.
    assert!(!scene.broker.is_protected("/mnt/elsewhere", 8, 9));
    assert!(!scene.broker.is_protected("/mnt/elsewhere", 9, 8));
    assert_eq!(scene.broker.protected().len(), 1);
    assert!(!scene.broker.is_protected("/home/me/.local/share", 0, 0));
    let handed = broker::Picked {
        name: "data".into(),
        folder: broker::Folder { path: "/home/me/.local/share/oikos/keys".into(), device: 0, inode: 0 },
        file: Some("device.key".into()),
        access: FileAccess::Read,
        called: None,
    };
    assert!(scene.broker.hand_over(&scene.lease, handed).is_err());
}

/// A file whose bytes were handed over lies beneath what belongs to oikos. Its handle leads to it, and nothing else does.
#[test]
fn bytes_that_were_handed_over_are_one_file_and_no_way_into_what_belongs_to_oikos() {
    let home = "/home/me/.local/share/oikos";
    let picked = |file: Option<&str>| broker::Picked {
        name: "data".into(),
        folder: crate::scene::folder(&format!("{home}/handed/1")),
        file: file.map(str::to_owned),
        access: FileAccess::Read,
        called: Some("sales.csv".into()),
    };
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me"]);
    assert!(scene.broker.hand_over(&scene.lease, picked(None)).is_err(), "never a folder of it");
    scene.broker.hand_over(&scene.lease, picked(Some("0193"))).unwrap();
    check(&scene, FileVerb::Read, "picked:data", "yes: you handed it over as data");
    for path in ["picked:data/0194", "picked:data/../0194"] {
        assert!(scene.decide(FileDemand::new(FileVerb::Read, path)).starts_with("no: "), "{path}");
    }
    let by_path = scene.decide(FileDemand::new(FileVerb::Read, format!("{home}/handed/1/0193")));
    assert!(by_path.starts_with("no: ") && by_path.contains("belongs to oikos"), "{by_path}");
    assert!(scene.decide(FileDemand::new(FileVerb::Write, "picked:data")).starts_with("no: "), "only to read");
    let demand = FileDemand::new(FileVerb::Read, "picked:data");
    let Decision::Permit(permit) = scene.broker.decide(&scene.lease, demand, crate::scene::NOW) else {
        panic!("what was handed over is permitted");
    };
    let target = permit.demand().target().unwrap();
    assert_eq!(target.shown(), "sales.csv", "nobody is told where oikos keeps it");
    assert_eq!(target.path(), format!("{home}/handed/1/0193"));
}

#[test]
fn what_a_person_hands_over_is_the_grant_for_exactly_that() {
    let scene = Scene::new(Zone::Local).pick("data", "/home/me/Downloads", Some("sales.csv"), FileAccess::Read).pick(
        "out",
        "/home/me/out",
        None,
        FileAccess::Write,
    );
    check(&scene, FileVerb::Read, "picked:data", "yes: you handed it over as data");
    check(&scene, FileVerb::Write, "picked:out/a/b.txt", "yes: you handed it over as out");
    check(
        &scene,
        FileVerb::Write,
        "picked:data",
        "no: not allowed to write to picked:data: data was handed over for reading only",
    );
    for (verb, path) in [
        (FileVerb::Read, "picked:data/other.csv"),
        (FileVerb::Read, "picked:data/../other.csv"),
        (FileVerb::Read, "/home/me/Downloads/other.csv"),
        (FileVerb::Read, "/home/me/Downloads/sales.csv"),
        (FileVerb::Read, "picked:out/a"),
        (FileVerb::Write, "picked:out/../x"),
        (FileVerb::Read, "picked:"),
    ] {
        let decision = scene.decide(FileDemand::new(verb, path));
        assert!(decision.starts_with("no: "), "{path}: {decision}");
    }
    // The grant is the run's: another run of the same app has nothing.
    let other = Scene::new(Zone::Local);
    assert!(other.decide(FileDemand::new(FileVerb::Read, "picked:data")).starts_with("no: "));
}

/// What an app finds when it lists what lies above all of its folders.
#[track_caller]
fn check_roots(folders: &[&str], path: &str, expected: Option<&[&str]>) {
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, folders);
    let demand = FileDemand::new(FileVerb::List, path);
    let Decision::Permit(permit) = scene.broker.decide(&scene.lease, demand, crate::scene::NOW) else {
        panic!("{path:?} is listed");
    };
    let names = permit.demand().roots();
    let names = names.as_ref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(names.as_deref(), expected, "{path:?}");
    // Either the names of the folders, or what lies in a folder.
    assert_eq!(permit.demand().target().is_none(), expected.is_some());
}

#[test]
fn above_its_folders_an_app_finds_their_names() {
    let folders = ["/home/me/notes", "/srv/notes", "/home/me"];
    for path in ["", ".", "/", "./."] {
        check_roots(&folders, path, Some(&["notes", "notes-2", "me"]));
    }
    let alike = ["/home/me/notes", "/srv/notes", "/opt/notes", "/mnt/notes"];
    check_roots(&alike, "", Some(&["notes", "notes-2", "notes-3", "notes-4"]));
    check_roots(&folders, "notes", None);
    check_roots(&folders, "/srv/notes", None);
    // With the whole disk, `/` is a folder like others; without a slash there is still a name to begin with.
    check_roots(&["/"], "/", None);
    check_roots(&["/"], "", Some(&["root"]));
    check_roots(&["/", "/home"], ".", Some(&["root", "home"]));
    check(&reader(), FileVerb::List, "", "yes: grant file.read for /home/me/notes, /srv/notes, /home/me");
    // Only listing: there is nothing to read or write above all folders.
    for verb in [FileVerb::Read, FileVerb::Write, FileVerb::Remove] {
        let scene = reader().file(FileAccess::Write, GrantState::Allow, &["/home/me/notes"]);
        assert!(scene.decide(FileDemand::new(verb, "")).starts_with("no: "), "{verb:?}");
    }
}

#[test]
fn a_handle_names_what_was_picked() {
    let picked = broker::Picked {
        name: "data".into(),
        folder: crate::scene::folder("/home/me/Downloads"),
        file: Some("sales.csv".into()),
        access: FileAccess::Read,
        called: None,
    };
    let scene = Scene::new(Zone::Local);
    scene.broker.hand_over(&scene.lease, picked.clone()).unwrap();
    assert_eq!(picked.handle(), "picked:data");
    let demand = FileDemand::new(FileVerb::Read, picked.handle());
    let Decision::Permit(permit) = scene.broker.decide(&scene.lease, demand, crate::scene::NOW) else {
        panic!("what was picked is permitted");
    };
    assert!(permit.demand().is_picked());
    let target = permit.demand().target().unwrap();
    assert_eq!((target.root.name.as_str(), target.root.kind), ("data", broker::RootKind::File));
    assert_eq!(target.shown(), "/home/me/Downloads/sales.csv");
    let demand = FileDemand::new(FileVerb::Read, "/home/me/Downloads/sales.csv");
    assert!(!demand.is_picked());
}

#[test]
fn a_permit_brings_its_labels() {
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me/notes"]).pick(
        "data",
        "/tmp",
        Some("a.csv"),
        FileAccess::Read,
    );
    assert_eq!(scene.lease.labels(), Labels::NONE);
    assert!(scene.decide(FileDemand::new(FileVerb::Read, "/etc/passwd")).starts_with("no"));
    assert_eq!(scene.lease.labels(), Labels::NONE);
    scene.decide(FileDemand::new(FileVerb::Read, "notes/a"));
    assert_eq!(scene.lease.labels(), Labels::PRIVATE);
    scene.decide(FileDemand::new(FileVerb::Read, "picked:data"));
    assert_eq!(scene.lease.labels(), Labels::PRIVATE.join(Labels::STRANGER));
}

#[test]
fn a_temporary_grant_ends_and_goes_before_the_standing_one() {
    let mut scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Ask, &["/home/me/notes"]);
    let until = GrantDuration::Until(Timestamp(2_000_000));
    scene.grant(crate::scene::file(FileAccess::Read), GrantState::Allow, &["/home/me/notes"], until);
    let at = |now| scene.broker.decide(&scene.lease, FileDemand::new(FileVerb::Read, "notes/a"), Timestamp(now));
    assert!(matches!(at(1_999_999), Decision::Permit(_)));
    assert!(matches!(at(2_000_000), Decision::Ask(_)));
}

#[test]
fn a_grant_without_a_request_is_worth_nothing() {
    let mut scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me/notes"]);
    scene.grants.requested.clear();
    scene.load();
    assert!(scene.decide(FileDemand::new(FileVerb::Read, "notes/a")).contains("never asked for file.read"));
}

#[test]
fn what_other_programs_run_is_asked_for_each_time() {
    let scene = Scene::new(Zone::Local).file(FileAccess::Write, GrantState::Allow, &["/home/me"]);
    check(
        &scene,
        FileVerb::Write,
        "me/project/.git/hooks/pre-commit",
        "ask: write to /home/me/project/.git/hooks/pre-commit, which other programs execute or load (each time)",
    );
    for path in [
        ".bashrc",
        ".BASHRC",
        ".zshrc ",
        ".config/autostart/x.desktop",
        ".ssh/authorized_keys",
        "p/package.json",
        "p/.mcp.json",
        "p/.vscode/tasks.json",
        "p/Makefile",
        "p/.envrc",
        "a.desktop",
        "run.bat.",
        "x.ps1:stream",
        "Library/LaunchAgents/com.x.plist",
        ".config/systemd/user/x.service",
        "p/.git/config",
        "p/conftest.py",
        ".local/bin/ls",
        "p/node_modules/x/index.js",
    ] {
        assert!(is_run_by_others(&format!("/home/me/{path}")), "{path}");
        let decision = scene.decide(FileDemand::new(FileVerb::Remove, format!("me/{path}")));
        assert!(decision.starts_with("ask: "), "{path}: {decision}");
    }
    for path in ["notes.txt", "git/hooks.txt", "bashrc", "package.json.txt", "desktop", "a.desktop.txt", "makefile.md"]
    {
        assert!(!is_run_by_others(&format!("/home/me/{path}")), "{path}");
    }
    // Reading them is no different from reading anything else.
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &["/home/me"]);
    check(&scene, FileVerb::Read, "me/.bashrc", "yes: grant file.read for /home/me");
}

#[test]
fn an_ended_lease_allows_nothing() {
    let scene = reader();
    scene.lease.end(broker::LeaseEnd::Stopped);
    check(
        &scene,
        FileVerb::Read,
        "notes/a",
        "no: not allowed to read notes/a: the run has ended: the owner stopped it",
    );
}

proptest! {
    /// Whatever an app writes as a path, what is permitted lies beneath a granted folder and outside of oikos' home.
    #[test]
    fn nothing_outside_is_ever_permitted(path in r"(/|\.\.?|notes|me|home|srv|etc|picked:|data|\.local|share|oikos|x|\\|\x00| ){0,12}") {
        let scene = reader().pick("data", "/tmp/handed", None, FileAccess::Read);
        let demand = FileDemand::new(FileVerb::Read, path);
        if let Decision::Permit(permit) = scene.broker.decide(&scene.lease, demand, crate::scene::NOW) {
            let target = permit.demand().target().expect("a permit has a target");
            let shown = target.shown();
            prop_assert!(target.names.iter().all(|name| name != ".." && name != "." && !name.contains('/') && !name.contains('\0')));
            let roots = ["/home/me", "/srv/notes", "/tmp/handed"];
            let is_inside = roots.iter().any(|root| shown == *root || shown.starts_with(&format!("{root}/")));
            prop_assert!(is_inside, "{}", shown);
            prop_assert!(!shown.starts_with("/home/me/.local/share/oikos"), "{}", shown);
        }
    }
}
