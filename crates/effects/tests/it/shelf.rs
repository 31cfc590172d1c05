//! Files whose bytes were handed over, on a real disk.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::support::House;
use kernel::effect::Shelf;
use protocol::{ErrorCode, FileId, OwnerId};
use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _};

const ADA: OwnerId = OwnerId::LOCAL;
const BEN: OwnerId = OwnerId(2);

fn id(number: u8) -> FileId {
    format!("0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b{number:02x}").parse().unwrap()
}

fn all(shelf: &dyn Shelf, owner: OwnerId, file: FileId) -> Vec<u8> {
    shelf.open(owner, file).unwrap().read(0, 1 << 20).unwrap()
}

#[test]
fn bytes_are_there_as_they_came_and_only_for_their_owner() {
    let house = House::new();
    let shelf = &*house.effects.shelf;
    shelf.make(ADA, id(1)).unwrap();
    assert_eq!(shelf.bytes(ADA, id(1)), Ok(Some(0)));
    shelf.write(ADA, id(1), 0, b"abc").unwrap();
    shelf.write(ADA, id(1), 3, &[0, 255]).unwrap();
    shelf.settle(ADA, id(1)).unwrap();
    assert_eq!(all(shelf, ADA, id(1)), [b'a', b'b', b'c', 0, 255]);
    assert_eq!(shelf.bytes(ADA, id(1)), Ok(Some(5)));
    let mut open = shelf.open(ADA, id(1)).unwrap();
    assert_eq!(open.read(1, 2).unwrap(), b"bc");
    assert_eq!(shelf.bytes(BEN, id(1)), Ok(None));
    let missing = |file| shelf.open(BEN, file).map(drop).unwrap_err();
    assert_eq!(missing(id(1)).code, ErrorCode::NotFound);
    let (folder, name) = shelf.place(ADA, id(1)).unwrap();
    assert_eq!(name, id(1).to_string());
    let found = fs::metadata(format!("{}/{name}", folder.path)).unwrap();
    assert_eq!((found.mode() & 0o777, found.len()), (0o600, 5));
    assert_eq!(fs::metadata(&folder.path).unwrap().mode() & 0o777, 0o700);
    // What is read goes on being there, whatever becomes of the file.
    shelf.remove(ADA, id(1)).unwrap();
    assert_eq!(open.read(0, 9).unwrap().len(), 5);
    assert_eq!(shelf.bytes(ADA, id(1)), Ok(None));
    shelf.remove(ADA, id(1)).unwrap();
}

/// Whoever can write there is the person; a link in it still leads nowhere.
#[test]
fn a_link_is_not_followed() {
    let house = House::new();
    let shelf = &*house.effects.shelf;
    let (folder, _) = shelf.place(ADA, id(1)).unwrap();
    let elsewhere = format!("{}/../../elsewhere", folder.path);
    fs::write(&elsewhere, "secret").unwrap();
    std::os::unix::fs::symlink(&elsewhere, format!("{}/{}", folder.path, id(1))).unwrap();
    assert_eq!(shelf.open(ADA, id(1)).map(drop).unwrap_err().code, ErrorCode::FileUnusable);
    assert!(shelf.write(ADA, id(1), 0, b"x").is_err());
    assert!(shelf.bytes(ADA, id(1)).is_err());
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "secret");
}

#[test]
fn a_sweep_leaves_what_is_kept() {
    let house = House::new();
    let shelf = &*house.effects.shelf;
    shelf.sweep(&BTreeSet::new()).unwrap();
    for (owner, file) in [(ADA, id(1)), (ADA, id(2)), (BEN, id(1))] {
        shelf.make(owner, file).unwrap();
    }
    let (folder, _) = shelf.place(ADA, id(1)).unwrap();
    fs::write(format!("{}/.oikos-0.tmp", folder.path), "staged").unwrap();
    shelf.sweep(&BTreeSet::from([(ADA, id(2)), (BEN, id(1))])).unwrap();
    let left: Vec<_> = fs::read_dir(&folder.path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [id(2).to_string().as_str()]);
    assert_eq!(shelf.bytes(BEN, id(1)), Ok(Some(0)));
}
