//! Taking changes back.

use crate::support::House;
use kernel::effect::{Change, UndoError};
use protocol::EffectState;
use std::{fs, os::unix::fs::PermissionsExt as _};

fn done(outcome: crate::support::Outcome) -> Change {
    outcome.done().change.expect("it changed something")
}

#[test]
fn every_change_can_be_taken_back() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    fs::write(path("over"), "old").expect("a file");
    fs::set_permissions(path("over"), fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::write(path("gone"), "old too").expect("a file");
    let lease = house.lease();
    let changes = [
        done(house.write(&lease, "work/made", b"new")),
        done(house.write(&lease, "work/over", b"new")),
        done(house.write(&lease, "work/over", b"newer")),
        done(house.remove(&lease, "work/gone")),
    ];
    house.run_end(&lease, true);
    assert_eq!(house.names(), ["made", "over"]);
    let undo = &house.effects.undo;
    for change in changes.iter().rev() {
        assert_eq!(undo.undo_check(change), Ok(()), "{change:?}");
        undo.undo(change).expect("taken back");
        // Twice does nothing more.
        assert!(undo.undo(change).is_err());
    }
    assert_eq!(house.names(), ["gone", "over"]);
    assert_eq!(fs::read(path("over")).expect("there"), b"old");
    assert_eq!(fs::metadata(path("over")).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(path("gone")).expect("there"), b"old too");
    // What the run had made is not destroyed either.
    let mut kept: Vec<Vec<u8>> = house.trash().iter().map(|path| fs::read(path).expect("kept")).collect();
    kept.sort();
    assert_eq!(kept, [b"new".to_vec(), b"new".to_vec(), b"newer".to_vec()]);
}

#[test]
fn moves_can_be_taken_back() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    for name in ["a", "b"] {
        fs::write(path(name), name).expect("a file");
    }
    let lease = house.lease();
    let changes = [
        done(house.rename(&lease, "work/a", "work/2026/11/a")),
        done(house.rename(&lease, "work/b", "work/2026/11/b")),
    ];
    let undo = &house.effects.undo;
    // Edited, gone, or the old name taken: nothing happens.
    let there = path("2026/11/b");
    let conflict = |at: &str| {
        let expected = Err(UndoError::Conflict { path: path(at).to_str().expect("UTF-8").to_owned() });
        assert_eq!(undo.undo_check(&changes[1]), expected);
        assert_eq!(undo.undo(&changes[1]).map(drop), expected);
    };
    fs::write(&there, "edited").expect("a file");
    conflict("2026/11/b");
    fs::remove_file(&there).expect("it is there");
    conflict("2026/11/b");
    fs::write(&there, "b").expect("a file");
    fs::write(path("b"), "another").expect("a file");
    conflict("b");
    fs::remove_file(path("b")).expect("it is there");
    assert_eq!(undo.recover(&changes[1]), Ok(EffectState::Done));
    for (change, name) in changes.iter().zip(["a", "b"]).rev() {
        assert_eq!(undo.undo_check(change), Ok(()));
        let said = undo.undo(change).expect("taken back").to_string();
        assert_eq!(said, format!("moved {0}/2026/11/{name} back to {0}/{name}", house.folder.display()));
        assert!(undo.undo(change).is_err(), "twice does nothing more");
        assert_eq!(undo.recover(change), Ok(EffectState::NotDone));
    }
    // The folders that were made for them are gone too.
    assert_eq!(house.names(), ["a", "b"]);
    // But not what the owner put there since.
    let change = done(house.rename(&lease, "work/a", "work/kept/a"));
    fs::write(path("kept/own"), "own").expect("a file");
    undo.undo(&change).expect("taken back");
    assert_eq!(house.names(), ["a", "b", "kept"]);
    // A file system without such renames gives the new name first; the old one still counts.
    fs::hard_link(path("a"), path("kept/a")).expect("a link");
    assert_eq!(undo.recover(&change), Ok(EffectState::NotDone));
    assert!(!path("kept/a").exists() && path("a").exists());
    fs::write(path("kept/a"), "another").expect("a file");
    assert_eq!(undo.recover(&change), Ok(EffectState::Unknown));
}

#[test]
fn what_changed_since_is_a_conflict() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    fs::write(path("over"), "old").expect("a file");
    fs::write(path("gone"), "old").expect("a file");
    let lease = house.lease();
    let (made, over, gone) = (
        done(house.write(&lease, "work/made", b"new")),
        done(house.write(&lease, "work/over", b"new")),
        done(house.remove(&lease, "work/gone")),
    );
    fs::write(path("made"), "edited").expect("a file");
    fs::write(path("over"), "edited").expect("a file");
    fs::write(path("gone"), "again").expect("a file");
    for change in [&made, &over, &gone] {
        for result in [house.effects.undo.undo_check(change), house.effects.undo.undo(change).map(drop)] {
            assert_eq!(result, Err(UndoError::Conflict { path: change.path() }));
        }
    }
    fs::remove_file(path("over")).expect("removed");
    fs::remove_file(path("made")).expect("removed");
    fs::create_dir(path("made")).expect("a folder");
    for change in [&made, &over] {
        assert_eq!(house.effects.undo.undo(change), Err(UndoError::Conflict { path: change.path() }));
    }
    assert_eq!(fs::read(path("gone")).expect("there"), b"again");
    assert_eq!(house.trash().len(), 2);
}

#[test]
fn a_lost_trash_or_folder_is_said() {
    let house = House::new();
    fs::write(house.folder.join("over"), "old").expect("a file");
    let lease = house.lease();
    let change = done(house.write(&lease, "work/over", b"new"));
    let kept = house.trash().remove(0);
    fs::write(&kept, "tampered").expect("a file");
    assert!(matches!(house.effects.undo.undo(&change), Err(UndoError::Failed { .. })));
    fs::remove_file(&kept).expect("emptied");
    let missing = Err(UndoError::TrashMissing { path: change.path() });
    assert_eq!(house.effects.undo.undo_check(&change), missing);
    assert_eq!(house.effects.undo.undo(&change).map(drop), missing);
    assert_eq!(fs::read(house.folder.join("over")).expect("there"), b"new");
    fs::rename(&house.folder, house.home.beside().join("elsewhere")).expect("moved");
    fs::create_dir(&house.folder).expect("a folder");
    let changed = UndoError::FolderChanged { path: change.path() };
    assert_eq!(house.effects.undo.undo_check(&change), Err(changed.clone()));
    assert_eq!(house.effects.undo.recover(&change), Err(changed));
}

#[test]
fn recovery_cleans_up_and_tells_old_from_new() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    fs::write(path("over"), "old").expect("a file");
    let lease = house.lease();
    let change = done(house.write(&lease, "work/over", b"new"));
    let stage = path(change.stage.as_deref().expect("a stage"));
    let recover = || house.effects.undo.recover(&change).expect("it looks");
    fs::write(&stage, "half").expect("a file");
    assert_eq!(recover(), EffectState::Done);
    assert_eq!(house.names(), ["over"]);
    fs::write(path("over"), "neither").expect("a file");
    assert_eq!(recover(), EffectState::Unknown);
    assert_eq!(house.trash().len(), 1);
    fs::write(path("over"), "old").expect("a file");
    assert_eq!(recover(), EffectState::NotDone);
    assert_eq!(house.trash().len(), 0, "the old file is where it was");
    let removed = done(house.remove(&lease, "work/over"));
    assert_eq!(house.effects.undo.recover(&removed), Ok(EffectState::Done));
    house.effects.undo.undo(&removed).expect("taken back");
    assert_eq!(house.effects.undo.recover(&removed), Ok(EffectState::NotDone));
}
