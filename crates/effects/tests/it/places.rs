//! What a person means by a path.

use crate::support::House;
use protocol::{ErrorCode, FileAccess};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
};

#[test]
fn folders_are_made_canonical() {
    let house = House::new();
    symlink(&house.folder, house.home.beside().join("link")).expect("a link");
    fs::write(house.folder.join("file"), "").expect("a file");
    let root = house.home.beside().to_str().expect("UTF-8");
    let canonical = fs::canonicalize(&house.folder).expect("there");
    let metadata = fs::metadata(&house.folder).expect("there");
    for path in ["work", "work/", "./work", "link", "work/../work"] {
        let folder = house.effects.places.folder(&format!("{root}/{path}")).expect("a folder");
        assert_eq!(folder.path, canonical.to_str().expect("UTF-8"));
        assert_eq!((folder.device, folder.inode), (metadata.dev(), metadata.ino()));
    }
    let check = |path: &str, expected: ErrorCode| {
        let error = house.effects.places.folder(path).expect_err(path);
        assert_eq!(error.code, expected, "{}", error.message);
    };
    check(&format!("{root}/work/file"), ErrorCode::FileUnusable);
    check(&format!("{root}/nowhere"), ErrorCode::NotFound);
    let error = house.effects.places.folder(&format!("{root}/work/file")).expect_err("a file");
    assert!(error.message.ends_with("/work/file: this is not a folder"), "{}", error.message);
    check("work", ErrorCode::InvalidInput);
    check("", ErrorCode::InvalidInput);
}

#[test]
fn files_are_picked_where_they_really_are() {
    let house = House::new();
    fs::write(house.folder.join("real"), "x").expect("a file");
    symlink("real", house.folder.join("link")).expect("a link");
    symlink("nowhere", house.folder.join("dangling")).expect("a link");
    let path = |name: &str| house.folder.join(name).to_str().expect("UTF-8").to_owned();
    let picked = |name: &str, access| house.effects.places.picked(&path(name), access, false);
    let here = house.effects.places.folder(&path("")).expect("a folder");
    for name in ["real", "link"] {
        assert_eq!(picked(name, FileAccess::Read), Ok((here.clone(), Some("real".to_owned()))), "{name}");
    }
    assert_eq!(picked("new", FileAccess::Write), Ok((here.clone(), Some("new".to_owned()))));
    for (name, access, code) in [
        ("new", FileAccess::Read, ErrorCode::NotFound),
        ("dangling", FileAccess::Write, ErrorCode::FileUnusable),
        ("nowhere/new", FileAccess::Write, ErrorCode::NotFound),
        ("real/new", FileAccess::Write, ErrorCode::FileUnusable),
        ("new/", FileAccess::Write, ErrorCode::FileUnusable),
        ("..", FileAccess::Read, ErrorCode::FileUnusable),
        ("", FileAccess::Read, ErrorCode::FileUnusable),
    ] {
        let error = picked(name, access).expect_err(name);
        assert_eq!(error.code, code, "{name}: {}", error.message);
    }
    assert_eq!(house.effects.places.picked(&path(""), FileAccess::Read, true), Ok((here, None)));
    assert!(house.effects.places.picked(&path("real"), FileAccess::Read, true).is_err());
}
