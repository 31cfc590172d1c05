//! Files that are handed over as bytes: what runs get of them, whose they are, when they go.

use crate::{
    House,
    guests::{said, seen, threw},
    house::{ASKS, allowed, ended, next, owner, owner_of, script},
    world::OTHER,
};
use kernel::FILE_LIFE_MS;
use protocol::{Caller, Door, ErrorCode, FileId, OwnerId, Right, Rights};
use state::Space;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A whole file of an owner.
fn handed(house: &House, caller: Caller, name: &str, text: &str) -> FileId {
    let file = house.kernel.file_hand(&caller, name, text.len() as u64).unwrap().id;
    let view = house.kernel.file_append(&caller, file, 0, text.as_bytes()).unwrap();
    assert_eq!((view.received_bytes, view.size_bytes), (text.len() as u64, text.len() as u64));
    file
}

fn taken(house: &House, file: FileId) -> Result<String, ErrorCode> {
    let mut open = house.kernel.file_take(&owner(), file).map_err(|failure| failure.code)?;
    Ok(String::from_utf8(open.read(0, 1_000).unwrap()).unwrap())
}

#[tokio::test]
async fn a_run_reads_what_was_handed_over_and_writes_what_can_be_taken_and_undone() {
    let house = House::new();
    house.scribe().await;
    let data = handed(&house, owner(), "../../etc/sales.csv", "a,b\n");
    let out = handed(&house, owner(), "notes.md", "");
    house.script("go", |guest| async move {
        assert_eq!(guest.input()["data"], "picked:data");
        assert_eq!(guest.env()["files"], serde_json::json!({ "data": "sales.csv", "out": "notes.md" }));
        let text = guest.read("picked:data").await.map_err(threw)?;
        guest.write("picked:out", &text.to_uppercase()).await.map_err(threw)?;
        // It is one file each, for what it was named for.
        for other in ["picked:data/x", "picked:nothing", "/oikos-home/handed/1", "handed"] {
            assert_eq!(seen(guest.read(other).await.unwrap_err()).code, ErrorCode::PermissionDenied, "{other}");
        }
        assert_eq!(seen(guest.write("picked:data", "x").await.unwrap_err()).code, ErrorCode::PermissionDenied);
        said("")
    });
    // From afar too: no path is named.
    let afar = Caller { door: Door::Key, rights: Rights::of(&[Right::Read, Right::Run]), ..owner() };
    let (_, report) = ended(house.start_handed(afar, &[("data", data), ("out", out)]).await.unwrap()).await;
    assert_eq!(report.summary.failure, None);
    assert_eq!(taken(&house, out).unwrap(), "A,B\n");
    let view = house.kernel.file_list(&owner()).unwrap().into_iter().find(|view| view.id == out).unwrap();
    assert_eq!((view.size_bytes, view.received_bytes, view.is_used), (4, 4, false));
    let steps = house.kernel.undo(owner(), report.summary.run).await.unwrap();
    assert_eq!(steps[0].to_string(), "put back the old notes.md");
    assert_eq!(taken(&house, out).unwrap(), "");
    assert_eq!(taken(&house, data).unwrap(), "a,b\n");
}

#[tokio::test]
async fn what_a_run_takes_away_comes_back_with_it() {
    let house = House::new();
    house.scribe().await;
    let out = handed(&house, owner(), "notes.md", "old");
    house.script("go", |guest| async move {
        guest.remove("picked:out").await.map_err(threw)?;
        said("")
    });
    let (_, report) = ended(house.start_handed(owner(), &[("out", out)]).await.unwrap()).await;
    assert_eq!(taken(&house, out), Err(ErrorCode::NotFound));
    house.kernel.undo(owner(), report.summary.run).await.unwrap();
    assert_eq!(taken(&house, out).unwrap(), "old");
}

#[tokio::test]
async fn another_owner_and_who_lacks_the_right_get_nothing() {
    let house = House::new();
    house.scribe().await;
    house.install_as(owner_of(OTHER), "scribe", "1.0.0", ASKS, allowed()).await.unwrap();
    house.script("go", |_| async { said("") });
    let (kernel, other) = (&house.kernel, owner_of(OTHER));
    let file = handed(&house, owner(), "a.csv", "mine");
    assert!(kernel.file_list(&other).unwrap().is_empty());
    let not_found = [
        kernel.file_append(&other, file, 0, b"mine").map(drop),
        kernel.file_take(&other, file).map(drop),
        kernel.file_forget(&other, file),
        house.start_handed(other, &[("data", file)]).await.map(drop),
    ];
    for result in not_found {
        assert_eq!(result.unwrap_err().code, ErrorCode::NotFound);
    }
    let reader = Caller { rights: Rights::of(&[Right::Read]), ..script() };
    assert_eq!(kernel.file_list(&reader).unwrap().len(), 1);
    let nobody = Caller { rights: Rights::of(&[Right::Manage]), ..script() };
    let denied = [
        kernel.file_hand(&reader, "a", 0).map(drop),
        kernel.file_append(&reader, file, 0, b"mine").map(drop),
        kernel.file_take(&reader, file).map(drop),
        kernel.file_forget(&reader, file),
        kernel.file_list(&nobody).map(drop),
    ];
    for result in denied {
        assert_eq!(result.unwrap_err().code, ErrorCode::PermissionDenied);
    }
    assert_eq!(taken(&house, file).unwrap(), "mine");
}

#[tokio::test]
async fn pieces_come_in_order_and_again() {
    let house = House::new();
    let me = owner();
    let file = house.kernel.file_hand(&me, "a.csv", 6).unwrap().id;
    let append = |at: u64, bytes: &[u8]| {
        let said = house.kernel.file_append(&me, file, at, bytes);
        said.map(|view| view.received_bytes).map_err(|failure| (failure.code, failure.hint.unwrap_or_default()))
    };
    let go_on = |at: u64| Err((ErrorCode::Conflict, format!("go on at {at}")));
    assert_eq!(append(3, b"def"), go_on(0));
    assert_eq!(append(0, b"abc"), Ok(3));
    assert_eq!(append(0, b"abc"), Ok(3), "the same again changes nothing");
    assert_eq!(append(1, b"b"), Ok(3));
    assert_eq!(append(0, b"abX"), go_on(3), "other bytes at the same place");
    assert_eq!(append(2, b"cd"), go_on(3));
    let early = house.start_handed(owner(), &[("data", file)]).await.map(drop).unwrap_err();
    assert_eq!(early.code, ErrorCode::AppNotFound);
    house.scribe().await;
    house.script("go", |_| async { said("") });
    let early = house.start_handed(owner(), &[("data", file)]).await.map(drop).unwrap_err();
    assert_eq!((early.code, early.hint.as_deref()), (ErrorCode::Conflict, Some("go on at 3")));
    assert_eq!(append(3, b"defg").unwrap_err().0, ErrorCode::Conflict, "more than was said");
    assert_eq!(append(3, b"def"), Ok(6));
    assert_eq!(append(3, b"def"), Ok(6));
    assert_eq!(taken(&house, file).unwrap(), "abcdef");
}

#[tokio::test]
async fn a_file_stays_while_a_run_uses_it_and_goes_an_hour_after() {
    let house = House::new();
    house.scribe().await;
    let file = handed(&house, owner(), "a.csv", "mine");
    let gate = Arc::new(Semaphore::new(0));
    let shut = gate.clone();
    house.script("go", move |guest| {
        let gate = shut.clone();
        async move {
            guest.text("begun").await?;
            gate.acquire().await.unwrap().forget();
            guest.read("picked:data").await.map_err(threw)?;
            said("")
        }
    });
    let mut viewer = house.start_handed(owner(), &[("data", file)]).await.unwrap();
    next(&mut viewer).await;
    let hour = u64::try_from(FILE_LIFE_MS).unwrap();
    house.clock.advance_ms(3 * hour);
    house.kernel.files_expire();
    assert!(house.kernel.file_list(&owner()).unwrap()[0].is_used);
    assert_eq!(house.kernel.file_forget(&owner(), file).unwrap_err().code, ErrorCode::Conflict);
    gate.add_permits(1);
    let (_, report) = ended(viewer).await;
    assert_eq!(report.summary.failure, None);
    // Whoever hears of the end may forget it, or have the whole hour.
    let view = &house.kernel.file_list(&owner()).unwrap()[0];
    assert!(!view.is_used);
    house.clock.advance_ms(hour - 1);
    house.kernel.files_expire();
    assert_eq!(house.world.text(&format!("/oikos-home/handed/1/{file}")).as_deref(), Some("mine"));
    house.clock.advance_ms(1);
    assert_eq!(taken(&house, file), Err(ErrorCode::NotFound), "whether it was taken away yet or not");
    house.kernel.files_expire();
    assert_eq!(house.world.text(&format!("/oikos-home/handed/1/{file}")), None);
    assert!(house.store.keys(OwnerId::LOCAL, Space::HandedFile).is_empty());
}

#[tokio::test]
async fn what_is_whole_outlives_the_process_and_what_is_half_does_not() {
    let mut house = House::new();
    let whole = handed(&house, owner(), "a.csv", "mine");
    let half = house.kernel.file_hand(&owner(), "b.csv", 5).unwrap().id;
    house.kernel.file_append(&owner(), half, 0, b"hal").unwrap();
    let lost = handed(&house, owner(), "c.csv", "lost");
    house.world.files.lock().remove(&format!("/oikos-home/handed/1/{lost}"));
    house.world.put("/oikos-home/handed/1/.oikos-staged.tmp", "x");
    house.restart();
    house.kernel.files_recover().unwrap();
    let names: Vec<_> = house.kernel.file_list(&owner()).unwrap().into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["a.csv"]);
    assert_eq!(taken(&house, whole).unwrap(), "mine");
    let left: Vec<String> = house.world.files.lock().keys().cloned().collect();
    assert_eq!(left, [format!("/oikos-home/handed/1/{whole}")]);
    house.clock.advance_ms(u64::try_from(FILE_LIFE_MS).unwrap());
    house.restart();
    house.kernel.files_recover().unwrap();
    assert!(house.kernel.file_list(&owner()).unwrap().is_empty());
    assert!(house.world.files.lock().is_empty());
}
