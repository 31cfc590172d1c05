//! The process ends in the middle of a change, at every named point. Afterwards the file is the old or the new one,
//! nothing staged is left, and nothing that a person had is lost.

use crate::support::{House, TestScene};
use kernel::{effect::Change, host_call::FileCall};
use protocol::EffectState;
use std::{fs, path::PathBuf, process::Command};
use testkit::TempHome;

/// Tells a child of this test which folder to work in.
const FOLDER: &str = "EFFECTS_CRASH_FOLDER";

/// What a child does before it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Create,
    Replace,
    Remove,
    Move,
    UndoCreate,
    UndoReplace,
    UndoRemove,
    UndoMove,
}

impl Work {
    const ALL: [Self; 8] = [
        Self::Create,
        Self::Replace,
        Self::Remove,
        Self::Move,
        Self::UndoCreate,
        Self::UndoReplace,
        Self::UndoRemove,
        Self::UndoMove,
    ];

    fn is_undo(self) -> bool {
        matches!(self, Self::UndoCreate | Self::UndoReplace | Self::UndoRemove | Self::UndoMove)
    }

    fn points(self) -> &'static [&'static str] {
        match self {
            Self::Create | Self::Replace => &[
                "file_write::after_intent",
                "file_write::after_stage",
                "file_write::after_trash",
                "file_write::after_rename",
            ],
            Self::Remove => &["file_remove::after_intent", "file_remove::after_trash", "file_remove::after_rename"],
            Self::Move => &["file_move::after_intent", "file_move::after_folders", "file_move::after_rename"],
            Self::UndoCreate | Self::UndoMove => &["undo::after_intent", "undo::after_rename"],
            Self::UndoReplace | Self::UndoRemove => &["undo::after_intent", "undo::after_stage", "undo::after_rename"],
        }
    }
}

/// Run by [`every_point`] in a process of its own; does nothing otherwise.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let work =
        Work::ALL[fs::read_to_string(folder.join("work-number")).expect("work").parse::<usize>().expect("a number")];
    // A home that outlives the process: the folder of the parent.
    let house = House::standing(&folder);
    let lease = house.lease();
    let scene: TestScene = house.scene(&lease);
    let keep = folder.join("change.json");
    let at = keep.clone();
    *scene.on_intent.lock() =
        Some(Box::new(move |change| fs::write(at, serde_json::to_vec(change).expect("JSON")).expect("a file")));
    let call = match work {
        Work::Create | Work::Replace | Work::UndoCreate | Work::UndoReplace => {
            FileCall::Write { path: "work/f".into(), body: b"new".to_vec() }
        }
        Work::Remove | Work::UndoRemove => FileCall::Remove { path: "work/f".into() },
        Work::Move | Work::UndoMove => FileCall::Move { path: "work/f".into(), to: "work/made/too/g".into() },
    };
    let scenario = (!work.is_undo()).then(fail::FailScenario::setup);
    house.call(&*house.effects.file, call, &scene).done();
    drop(scenario);
    if work.is_undo() {
        let change: Change = serde_json::from_slice(&fs::read(keep).expect("a change")).expect("JSON");
        let _scenario = fail::FailScenario::setup();
        house.effects.undo.undo(&change).expect("taken back");
    }
    panic!("the point was not reached");
}

#[test]
fn every_point() {
    for (number, work) in Work::ALL.into_iter().enumerate() {
        for point in work.points() {
            crash(number, work, point);
        }
    }
}

fn crash(number: usize, work: Work, point: &str) {
    let home = TempHome::new();
    let folder = home.beside();
    fs::create_dir(folder.join("work")).expect("a folder");
    fs::create_dir(folder.join("home")).expect("a home");
    let file = folder.join("work/f");
    if !matches!(work, Work::Create | Work::UndoCreate) {
        fs::write(&file, "old").expect("a file");
    }
    fs::write(folder.join("work-number"), number.to_string()).expect("a file");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["crash::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env("FAILPOINTS", format!("{point}=return"))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{work:?} {point}: {said}");
    let change: Change =
        serde_json::from_slice(&fs::read(folder.join("change.json")).expect("a change")).expect("JSON");

    let house = House::standing(folder);
    let state = house.effects.undo.recover(&change).expect("it looks");
    let now = fs::read(&file).ok();
    let (before, after): (Option<&[u8]>, Option<&[u8]>) = match work {
        Work::Create | Work::UndoCreate => (None, Some(b"new")),
        Work::Replace | Work::UndoReplace => (Some(b"old"), Some(b"new")),
        Work::Remove | Work::UndoRemove | Work::Move | Work::UndoMove => (Some(b"old"), None),
    };
    let expected = match state {
        EffectState::Done => after,
        EffectState::NotDone => before,
        EffectState::Unknown => panic!("{work:?} {point}: neither old nor new: {now:?}"),
    };
    assert_eq!(now.as_deref(), expected, "{work:?} {point}");
    let happened = point.ends_with("after_rename");
    assert_eq!(state == EffectState::Done, happened != work.is_undo(), "{work:?} {point}: {state:?}");
    let moved = matches!(work, Work::Move | Work::UndoMove) && state == EffectState::Done;
    let names = house.names();
    assert!(names.iter().all(|name| name == if moved { "made" } else { "f" }), "{work:?} {point}: {names:?}");
    if moved {
        assert_eq!(fs::read(folder.join("work/made/too/g")).expect("moved"), b"old");
    }
    // Doing it twice changes nothing.
    assert_eq!(house.effects.undo.recover(&change), Ok(state));
    if state == EffectState::Done {
        // What happened can be taken back.
        house.effects.undo.undo(&change).expect("taken back");
        assert_eq!(fs::read(&file).ok().as_deref(), before, "{work:?} {point}");
    }
}
