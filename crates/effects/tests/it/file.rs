//! Files, and what is done to trick them.

use crate::support::{House, Outcome, names_of};
use kernel::{effect::Said, host_call::FileCall};
use protocol::{ErrorCode, FileAccess, Labels, limit::HOST_RESULT_BYTES_MAX};
use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("Linux").uid() == 0
}

// ---- honest ----

#[test]
fn a_granted_file_can_be_read() {
    let house = House::new();
    fs::create_dir(house.folder.join("sub")).expect("a folder");
    fs::write(house.folder.join("sub/a.txt"), "hello").expect("a file");
    let lease = house.lease();
    let absolute = house.folder.join("sub/a.txt").to_str().expect("UTF-8").to_owned();
    for path in ["work/sub/a.txt", "work//./sub/a.txt", &absolute] {
        assert_eq!(house.read(&lease, path).bytes(), b"hello", "{path}");
    }
    let range = |from, to| house.file(&lease, FileCall::Read { path: "work/sub/a.txt".into(), from, to }).bytes();
    assert_eq!(range(Some(1), Some(3)), b"el");
    assert_eq!(range(Some(4), Some(100)), b"o");
    assert_eq!(range(Some(5), None), b"");
    assert_eq!(range(Some(u64::MAX), None), b"");
    assert_eq!(range(Some(3), Some(1)), b"");
    assert!(lease.labels().contains(Labels::PRIVATE));
    assert!(lease.host_bytes() >= 15);
    let done = house.read(&lease, "work/sub/a.txt").done();
    assert_eq!(done.said, Some(Said::Read { what: absolute, bytes: 5 }));
}

#[test]
fn large_files_are_read_in_ranges() {
    let house = House::new();
    let bytes = HOST_RESULT_BYTES_MAX + 10;
    fs::write(house.folder.join("big"), vec![7; bytes]).expect("a file");
    let lease = house.lease();
    assert_eq!(house.read(&lease, "work/big").bytes().len(), HOST_RESULT_BYTES_MAX);
    let rest = FileCall::Read { path: "work/big".into(), from: Some(HOST_RESULT_BYTES_MAX as u64), to: None };
    assert_eq!(house.file(&lease, rest).bytes().len(), 10);
    let all = FileCall::Read { path: "work/big".into(), from: Some(0), to: Some(bytes as u64) };
    assert_eq!(house.file(&lease, all).code(), ErrorCode::TooLarge);
    assert_eq!(house.file(&lease, FileCall::ReadText { path: "work/big".into() }).code(), ErrorCode::TooLarge);
}

#[test]
fn the_granted_folder_is_no_file() {
    let house = House::new();
    let lease = house.lease();
    for path in ["work", "work/", house.folder.to_str().expect("UTF-8")] {
        let refused = house.read(&lease, path).error();
        assert_eq!(refused.code, ErrorCode::FileUnusable);
        assert_eq!(refused.message, format!("{path}: 'work' is a folder, not a file"));
    }
}

#[test]
fn text_is_checked() {
    let house = House::new();
    let lease = house.lease();
    let text = |body: &[u8]| {
        fs::write(house.folder.join("t"), body).expect("a file");
        house.file(&lease, FileCall::ReadText { path: "work/t".into() })
    };
    assert_eq!(text("grün\n".as_bytes()).json(), "grün\n");
    assert_eq!(text("\u{feff}x".as_bytes()).json(), "x");
    assert_eq!(text(b"").json(), "");
    let error = text(b"ab\xff").error();
    assert_eq!(error.code, ErrorCode::FileUnusable);
    assert!(error.message.contains("byte 2"), "{}", error.message);
}

#[test]
fn a_file_can_be_written_and_replaced() {
    let house = House::new();
    let lease = house.lease();
    let created = house.write(&lease, "work/new.txt", b"one").done();
    assert!(matches!(created.said, Some(Said::Once(said)) if said.code == "file_created"));
    let path = house.folder.join("new.txt");
    assert_eq!(fs::read(&path).expect("it is there"), b"one");
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o111, 0, "never executable");
    assert_eq!(house.trash().len(), 0);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let replaced = house.write(&lease, "work/new.txt", b"two").done();
    assert!(matches!(replaced.said, Some(Said::Once(said)) if said.code == "file_overwrote"));
    assert_eq!(fs::read(&path).expect("it is there"), b"two");
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o640, "the mode stays");
    let trash = house.trash();
    assert_eq!(trash.len(), 1);
    assert_eq!(fs::read(&trash[0]).expect("kept"), b"one");
    assert!(trash[0].parent().expect("a folder").ends_with(lease.run().to_string()));
    assert_eq!(fs::metadata(house.home.path().join("trash")).expect("there").permissions().mode() & 0o777, 0o700);
    assert_eq!(house.names(), ["new.txt"], "nothing staged is left");
}

#[test]
fn a_new_file_is_as_open_as_its_owner_wants_new_files_to_be() {
    let house = House::new();
    let lease = house.lease();
    let mode_under = |mask: u32, name: &str| {
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
        house.write(&lease, format!("work/{name}"), b"x").done();
        rustix::process::umask(mask);
        fs::metadata(house.folder.join(name)).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode_under(0o022, "for-all-to-read"), 0o644);
    assert_eq!(mode_under(0o077, "for-nobody-else"), 0o600);
    assert_eq!(mode_under(0o000, "not-for-all-to-write"), 0o644);
}

/// Network drives and old file systems know neither how to rename without replacing nor how to exchange two names.
#[cfg(feature = "failpoints")]
#[test]
fn a_file_system_that_only_renames_is_enough() {
    let _scenario = fail::FailScenario::setup();
    let house = House::new();
    let lease = house.lease();
    let answer = |errno: rustix::io::Errno| {
        fail::cfg("rename_with", &format!("return({})", errno.raw_os_error())).expect("a fail point");
    };
    for errno in [rustix::io::Errno::INVAL, rustix::io::Errno::NOSYS, rustix::io::Errno::NOTSUP] {
        answer(errno);
        house.write(&lease, "work/a", b"one").done();
        house.write(&lease, "work/a", b"two").done();
        assert_eq!(fs::read(house.folder.join("a")).expect("written"), b"two");
        house.remove(&lease, "work/a").done();
        assert_eq!(house.names(), [""; 0]);
    }
    assert_eq!(house.trash().len(), 6, "each old file is kept");

    // Any other answer is no reason to try another way.
    fs::write(house.folder.join("b"), "old").expect("a file");
    let kept = house.trash().len();
    answer(rustix::io::Errno::IO);
    house.write(&lease, "work/new", b"x").error();
    house.write(&lease, "work/b", b"x").error();
    house.remove(&lease, "work/b").error();
    assert_eq!(fs::read(house.folder.join("b")).expect("untouched"), b"old");
    assert_eq!(house.names(), ["b"]);
    assert_eq!(house.trash().len(), kept);
}

#[test]
fn a_file_can_be_removed() {
    let house = House::new();
    fs::write(house.folder.join("old"), "content").expect("a file");
    let lease = house.lease();
    house.remove(&lease, "work/old").done();
    assert_eq!(house.names(), [""; 0]);
    assert_eq!(fs::read(&house.trash()[0]).expect("kept"), b"content");
    let error = house.remove(&lease, "work/old").error();
    assert_eq!(error.code, ErrorCode::NotFound);
}

#[test]
fn a_file_can_be_moved() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    fs::write(path("a"), "content").expect("a file");
    fs::set_permissions(path("a"), fs::Permissions::from_mode(0o640)).expect("a mode");
    let lease = house.lease();
    house.rename(&lease, "work/a", "work/b").done();
    assert_eq!(house.names(), ["b"]);
    // Folders on the way are made.
    house.rename(&lease, "work/b", "work/2026/11/c").done();
    assert_eq!(fs::read(path("2026/11/c")).expect("moved"), b"content");
    assert_eq!(fs::metadata(path("2026/11/c")).expect("moved").permissions().mode() & 0o777, 0o640);
    assert_eq!(house.names(), ["2026"]);
    assert_eq!(house.rename(&lease, "work/b", "work/d").code(), ErrorCode::NotFound);
    assert!(house.trash().is_empty());
}

#[test]
fn a_move_overwrites_nothing_and_leaves_nothing_half_done() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    fs::write(path("a"), "a").expect("a file");
    fs::write(path("b"), "b").expect("a file");
    fs::create_dir(path("folder")).expect("a folder");
    symlink("b", path("link")).expect("a link");
    let lease = house.lease();
    let check = |from: &str, to: &str, code: ErrorCode| {
        assert_eq!(house.rename(&lease, format!("work/{from}"), format!("work/{to}")).code(), code, "{from} {to}");
        assert_eq!(house.names(), ["a", "b", "folder", "link"]);
    };
    check("a", "b", ErrorCode::Conflict);
    check("a", "a", ErrorCode::Conflict);
    check("a", "link", ErrorCode::Conflict);
    check("a", "folder", ErrorCode::Conflict);
    check("a", "b/inside", ErrorCode::FileUnusable);
    check("a", "link/inside", ErrorCode::FileUnusable);
    check("a", "1/2/3/4/5/6/7/8/9/a", ErrorCode::InvalidInput);
    check("a", &format!("new/{}", "n".repeat(256)), ErrorCode::PermissionDenied);
    check("folder", "other", ErrorCode::FileUnusable);
    check("link", "other", ErrorCode::FileUnusable);
    check("", "other", ErrorCode::FileUnusable);
    check("a", "", ErrorCode::FileUnusable);
    // Something comes up in the last moment, and the folders that were made for it go again.
    let scene = house.scene(&lease);
    let late = path("late");
    *scene.on_intent.lock() = Some(Box::new(move |_| fs::write(late, "somebody's").expect("a file")));
    let call = FileCall::Move { path: "work/a".into(), to: "work/late".into() };
    assert_eq!(house.call(&*house.effects.file, call, &scene).code(), ErrorCode::Conflict);
    fs::remove_file(path("late")).expect("it is there");
    let scene = house.scene(&lease);
    let gone = path("a");
    *scene.on_intent.lock() = Some(Box::new(move |_| fs::remove_file(gone).expect("it is there")));
    let call = FileCall::Move { path: "work/a".into(), to: "work/x/y/a".into() };
    assert_eq!(house.call(&*house.effects.file, call, &scene).code(), ErrorCode::Conflict);
    assert_eq!(house.names(), ["b", "folder", "link"]);
    // One file that was handed over keeps its name.
    let one = house.hand_over(&lease, "one", &path("b"), FileAccess::Write, false);
    assert_eq!(house.rename(&lease, &one, "work/c").code(), ErrorCode::FileUnusable);
    assert_eq!(fs::read(path("b")).expect("untouched"), b"b");
}

#[test]
fn folders_are_listed_in_order() {
    let house = House::new();
    fs::create_dir(house.folder.join("sub")).expect("a folder");
    fs::write(house.folder.join("b.txt"), "12345").expect("a file");
    symlink("/etc", house.folder.join("a-link")).expect("a link");
    fs::write(house.folder.join("new\nline\u{202e}"), "").expect("a file");
    fs::write(house.folder.join(OsStr::from_bytes(b"raw\xff")), "x").expect("a file");
    let lease = house.lease();
    let answer = house.list(&lease, "work").json();
    assert_eq!(answer["truncated"], false);
    let entries: Vec<(&str, &str, u64)> = answer["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().expect("text");
            (text("name"), text("kind"), entry["bytes"].as_u64().expect("a number"))
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("a-link", "link", 0),
            ("b.txt", "file", 5),
            ("new\nline\u{202e}", "file", 0),
            ("raw\u{fffd}", "file", 1),
            ("sub", "folder", 0)
        ]
    );
    assert_eq!(answer["entries"][3]["unreachable"], true);
    assert!(answer["entries"][1]["modifiedMs"].as_u64().is_some_and(|ms| ms > 1_600_000_000_000));
    for path in ["", "/", ".", "./"] {
        let answer = house.list(&lease, path).json();
        assert_eq!(answer["entries"].as_array().map(Vec::len), Some(1), "{path:?}");
        assert_eq!(answer["entries"][0]["name"], "work");
        assert_eq!(answer["entries"][0]["kind"], "folder");
    }
    assert_eq!(house.list(&lease, "work/b.txt").code(), ErrorCode::FileUnusable);
    assert_eq!(house.list(&lease, "work/none").code(), ErrorCode::NotFound);
}

#[test]
fn huge_folders_are_cut_and_say_so() {
    let house = House::new();
    for index in 0..10_050 {
        fs::write(house.folder.join(format!("{index:05}")), "").expect("a file");
    }
    let answer = house.list(&house.lease(), "work").json();
    let entries = answer["entries"].as_array().expect("a list");
    assert_eq!((entries.len(), &answer["truncated"]), (10_000, &true.into()));
    assert_eq!((&entries[0]["name"], &entries[9_999]["name"]), (&"00000".into(), &"09999".into()));
}

#[test]
fn longest_names_work() {
    let house = House::new();
    let lease = house.lease();
    let name = "n".repeat(255);
    house.write(&lease, format!("work/{name}"), b"x").done();
    assert_eq!(house.read(&lease, format!("work/{name}")).bytes(), b"x");
    house.remove(&lease, format!("work/{name}")).done();
}

// ---- hostile ----

#[test]
fn paths_that_lead_out_are_denied() {
    let house = House::new();
    fs::write(house.home.beside().join("secret"), "s").expect("a file");
    let lease = house.lease();
    let beside = house.home.beside().join("secret").to_str().expect("UTF-8").to_owned();
    let through = format!("{}/../secret", house.folder.to_str().expect("UTF-8"));
    for path in [
        "work/../secret",
        "../secret",
        "/etc/passwd",
        "/proc/self/environ",
        &beside,
        &through,
        "other/x",
        "work/a\0b",
        "picked:none",
        "..",
        "work/..",
    ] {
        for outcome in [
            house.read(&lease, path),
            house.write(&lease, path, b"x"),
            house.remove(&lease, path),
            house.rename(&lease, path, "work/moved"),
            house.rename(&lease, "work/own", path),
            house.list(&lease, path),
        ] {
            assert!(
                matches!(&outcome, Outcome::Denied(denied) if denied.code == ErrorCode::PermissionDenied),
                "{path}: {outcome:?}"
            );
        }
    }
    assert_eq!(fs::read(house.home.beside().join("secret")).expect("untouched"), b"s");
}

#[test]
fn links_are_not_followed() {
    let house = House::new();
    let outside = house.home.beside().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("secret"), "s").expect("a file");
    fs::create_dir(house.folder.join("real")).expect("a folder");
    fs::write(house.folder.join("real/own"), "o").expect("a file");
    symlink(outside.join("secret"), house.folder.join("to-file")).expect("a link");
    symlink(&outside, house.folder.join("to-folder")).expect("a link");
    symlink("real", house.folder.join("inside")).expect("a link");
    symlink("nowhere", house.folder.join("dangling")).expect("a link");
    let lease = house.lease();
    for path in ["work/to-file", "work/to-folder/secret", "work/inside/own", "work/dangling"] {
        for outcome in [house.read(&lease, path), house.write(&lease, path, b"x"), house.remove(&lease, path)] {
            let error = outcome.error();
            assert_eq!(error.code, ErrorCode::FileUnusable, "{path}: {}", error.message);
            assert!(error.message.contains("links are not followed"), "{}", error.message);
        }
    }
    for path in ["work/to-folder", "work/inside"] {
        assert_eq!(house.list(&lease, path).code(), ErrorCode::FileUnusable, "{path}");
    }
    assert_eq!(fs::read(outside.join("secret")).expect("untouched"), b"s");
    assert_eq!(names_of(&outside), ["secret"]);
}

#[test]
fn only_regular_files_are_opened() {
    let house = House::new();
    let path = |name: &str| house.folder.join(name);
    assert!(Command::new("mkfifo").arg(path("pipe")).status().expect("mkfifo").success());
    let _socket = UnixListener::bind(path("socket")).expect("a socket");
    fs::create_dir(path("folder")).expect("a folder");
    let mut cases = vec![("pipe", "a pipe"), ("socket", "a socket"), ("folder", "a folder")];
    let device =
        Command::new("mknod").arg(path("device")).args(["c", "1", "3"]).stderr(std::process::Stdio::null()).status();
    if device.is_ok_and(|status| status.success()) {
        cases.push(("device", "a device"));
    }
    let lease = house.lease();
    for (name, is) in cases {
        let named = format!("work/{name}");
        for outcome in [house.read(&lease, &named), house.write(&lease, &named, b"x"), house.remove(&lease, &named)] {
            let error = outcome.error();
            assert_eq!(error.code, ErrorCode::FileUnusable);
            assert!(error.message.contains(is), "{}", error.message);
        }
    }
    assert_eq!(house.write(&lease, "work", b"x").code(), ErrorCode::FileUnusable, "the granted folder itself");
    assert_eq!(house.remove(&lease, "work").code(), ErrorCode::FileUnusable);
}

#[test]
fn windows_into_the_system_are_no_files() {
    let house = House::new();
    let error = house.effects.places.folder("/proc/self").expect_err("it is no folder to grant");
    assert_eq!(error.code, ErrorCode::FileUnusable);
    assert!(house.effects.places.picked("/proc/self/environ", FileAccess::Read, false).is_err());
    assert!(house.effects.places.picked("/dev/null", FileAccess::Write, false).is_err());
    house.grant_folder(Path::new("/"));
    let lease = house.lease();
    for path in ["/proc/self/environ", "/proc/self/mem", "/sys/kernel/uevent_seqnum"] {
        let error = house.read(&lease, path).error();
        assert!([ErrorCode::FileUnusable, ErrorCode::NotFound].contains(&error.code), "{path}: {}", error.message);
    }
    assert!(house.list(&lease, "/").json()["entries"].as_array().is_some_and(|entries| entries.len() > 3));
}

#[test]
fn missing_things_say_what_is_missing() {
    let house = House::new();
    let lease = house.lease();
    let message = house.read(&lease, "work/a.txt").error().message;
    assert!(message.contains("no such file"), "{message}");
    let error = house.write(&lease, "work/no/such/a.txt", b"x").error();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.message.contains("no folder 'no'"), "{}", error.message);
    fs::write(house.folder.join("file"), "").expect("a file");
    let message = house.read(&lease, "work/file/inside").error().message;
    assert!(message.contains("'file' is not a folder"), "{message}");
}

#[test]
fn a_replaced_folder_is_not_the_granted_one() {
    let house = House::new();
    let other = house.home.beside().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("a"), "not yours").expect("a file");
    let lease = house.lease();
    let check = |what: &str| {
        for outcome in [house.read(&lease, "work/a"), house.write(&lease, "work/a", b"x"), house.list(&lease, "work")] {
            let error = outcome.error();
            assert_eq!(error.code, ErrorCode::PermissionDenied, "{what}");
            assert!(error.message.contains("no longer the folder"), "{what}: {}", error.message);
        }
    };
    fs::rename(&house.folder, house.home.beside().join("moved")).expect("moved");
    check("gone");
    symlink(&other, &house.folder).expect("a link");
    check("a link");
    fs::remove_file(&house.folder).expect("removed");
    fs::rename(&other, &house.folder).expect("moved");
    check("another one");
    assert_eq!(fs::read(house.folder.join("a")).expect("untouched"), b"not yours");
}

#[test]
fn a_home_beneath_a_granted_folder_stays_closed() {
    let house = House::new();
    fs::write(house.home.path().join("store.db"), "keys").expect("a file");
    house.grant_folder(house.home.beside());
    let lease = house.lease();
    let root = house.home.beside().to_str().expect("UTF-8").to_owned();
    for outcome in [
        house.read(&lease, format!("{root}/home/store.db")),
        house.write(&lease, format!("{root}/home/x"), b"x"),
        house.list(&lease, format!("{root}/home")),
    ] {
        assert_eq!(outcome.code(), ErrorCode::PermissionDenied);
    }
    // By another name as well, which only its number gives away.
    let other_name = house.home.beside().join("other-name");
    fs::create_dir(&other_name).expect("a folder");
    let mounted = is_root()
        && Command::new("mount")
            .arg("--bind")
            .arg(house.home.path())
            .arg(&other_name)
            .status()
            .is_ok_and(|s| s.success());
    if mounted {
        let outcomes = [
            house.read(&lease, format!("{root}/other-name/store.db")),
            house.write(&lease, format!("{root}/other-name/x"), b"x"),
            house.list(&lease, format!("{root}/other-name")),
        ];
        assert!(Command::new("umount").arg(&other_name).status().expect("umount").success());
        for outcome in outcomes {
            assert_eq!(outcome.code(), ErrorCode::PermissionDenied);
        }
    }
    assert_eq!(names_of(house.home.path()), ["store.db"]);
}

#[test]
fn one_file_that_was_handed_over_is_all_there_is() {
    let house = House::new();
    let folder = house.home.beside().join("elsewhere");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("given"), "g").expect("a file");
    fs::write(folder.join("sibling"), "s").expect("a file");
    let lease = house.lease();
    let read = house.hand_over(&lease, "data", &folder.join("given"), FileAccess::Read, false);
    let write = house.hand_over(&lease, "out", &folder.join("result"), FileAccess::Write, false);
    assert_eq!(house.read(&lease, &read).bytes(), b"g");
    assert!(lease.labels().contains(Labels::PRIVATE.join(Labels::STRANGER)));
    house.write(&lease, &write, b"r").done();
    assert_eq!(fs::read(folder.join("result")).expect("written"), b"r");
    for path in [format!("{read}/../sibling"), format!("{read}/sibling"), "picked:dat".into(), "picked:data2".into()] {
        assert_eq!(house.read(&lease, &path).code(), ErrorCode::PermissionDenied, "{path}");
    }
    for path in [format!("{write}/sibling"), format!("{write}/../sibling"), read.clone()] {
        assert_eq!(house.write(&lease, &path, b"x").code(), ErrorCode::PermissionDenied, "{path}");
    }
    assert_eq!(house.read(&lease, &write).code(), ErrorCode::PermissionDenied, "for writing only");
    assert!(house.list(&lease, &read).code() == ErrorCode::FileUnusable);
    // Another run has nothing of it.
    assert_eq!(house.read(&house.lease(), &read).code(), ErrorCode::PermissionDenied);
    assert_eq!(names_of(&folder), ["given", "result", "sibling"]);
    let handle = house.hand_over(&lease, "all", &folder, FileAccess::Read, true);
    assert_eq!(house.read(&lease, format!("{handle}/sibling")).bytes(), b"s");
    assert_eq!(house.list(&lease, &handle).json()["entries"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_race_with_links_never_leads_out() {
    const TRIES: usize = 2_000;
    // On a busy machine one side may win for long.
    const TRIES_MAX: usize = 100 * TRIES;
    let house = House::new();
    let outside = house.home.beside().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("f"), "SECRET").expect("a file");
    fs::create_dir(house.folder.join("real")).expect("a folder");
    fs::write(house.folder.join("real/f"), "own").expect("a file");
    fs::create_dir(house.folder.join("d")).expect("a folder");
    fs::write(house.folder.join("d/f"), "own").expect("a file");
    symlink(&outside, house.folder.join("link")).expect("a link");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // `d` is now the folder, now a link that leads out.
            let (d, aside, link) = (house.folder.join("d"), house.folder.join("aside"), house.folder.join("link"));
            while !stop.load(Ordering::Relaxed) {
                drop(fs::rename(&d, &aside));
                drop(fs::rename(&link, &d));
                drop(fs::rename(&d, &link));
                drop(fs::rename(&aside, &d));
                // The others may have but one processor to come in between.
                std::thread::yield_now();
            }
        });
        let (mut reads, mut writes) = (0, 0);
        for index in 0..TRIES_MAX {
            if index >= TRIES && reads > 0 && writes > 0 {
                break;
            }
            let lease = house.lease();
            if let Outcome::Done(done) = house.read(&lease, "work/d/f") {
                assert_ne!(Outcome::Done(done).bytes(), b"SECRET");
                reads += 1;
            }
            if index % 4 == 0
                && let Outcome::Done(_) = house.write(&lease, "work/d/g", b"written by the app")
            {
                writes += 1;
            }
            house.run_end(&lease, true);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(reads > 0 && writes > 0, "both sides won sometimes: {reads} reads, {writes} writes");
    });
    assert_eq!(names_of(&outside), ["f"]);
    assert_eq!(fs::read(outside.join("f")).expect("untouched"), b"SECRET");
}

#[test]
fn somebody_elses_change_in_between_is_not_lost() {
    let house = House::new();
    let path = house.folder.join("a");
    let lease = house.lease();
    let race = |call: FileCall, happens: Box<dyn FnOnce() + Send>| {
        let scene = house.scene(&lease);
        *scene.on_intent.lock() = Some(Box::new(|_| happens()));
        house.call(&*house.effects.file, call, &scene)
    };
    let write = || FileCall::Write { path: "work/a".into(), body: b"the app's".to_vec() };
    let theirs = |path: &Path| {
        let path = path.to_owned();
        Box::new(move || {
            let beside = path.with_extension("theirs");
            fs::write(&beside, "somebody's").expect("a file");
            fs::rename(beside, path).expect("renamed");
        })
    };
    // Created while ours was about to be.
    assert_eq!(race(write(), theirs(&path)).code(), ErrorCode::Conflict);
    assert_eq!(fs::read(&path).expect("theirs"), b"somebody's");
    // Replaced, changed and removed while it was about to be replaced.
    assert_eq!(race(write(), theirs(&path)).code(), ErrorCode::Conflict);
    let changed = path.clone();
    let append = Box::new(move || fs::write(changed, "somebody's more").expect("a file"));
    assert_eq!(race(write(), append).code(), ErrorCode::Conflict);
    let remove = FileCall::Remove { path: "work/a".into() };
    assert_eq!(race(remove, theirs(&path)).code(), ErrorCode::Conflict);
    assert_eq!(fs::read(&path).expect("theirs"), b"somebody's");
    let gone = path.clone();
    let outcome = race(write(), Box::new(move || fs::remove_file(gone).expect("removed")));
    assert_eq!(outcome.code(), ErrorCode::Conflict);
    assert_eq!(house.names(), [""; 0], "nothing staged is left");
    assert!(house.trash().is_empty(), "nothing is kept of what did not happen");
}

#[test]
fn a_stop_in_the_middle_leaves_the_old_file() {
    let house = House::new();
    fs::write(house.folder.join("a"), "old").expect("a file");
    for call in [
        FileCall::Write { path: "work/a".into(), body: b"new".to_vec() },
        FileCall::Remove { path: "work/a".into() },
        FileCall::Move { path: "work/a".into(), to: "work/new/b".into() },
    ] {
        let lease = house.lease();
        let scene = house.scene(&lease);
        let stopped = lease.clone();
        *scene.on_intent.lock() = Some(Box::new(move |_| {
            stopped.end(broker::LeaseEnd::Stopped);
        }));
        let outcome = house.call(&*house.effects.file, call, &scene);
        assert!(matches!(outcome, Outcome::Failed(kernel::effect::EffectError::Ended(broker::LeaseEnd::Stopped))));
    }
    assert_eq!(fs::read(house.folder.join("a")).expect("there"), b"old");
    assert_eq!(house.names(), ["a"]);
    assert_eq!(house.trash().len(), 0);
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    if !is_root() {
        return;
    }
    let house = House::new();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "none"]).arg(&house.folder).status();
    if !mounted.is_ok_and(|status| status.success()) {
        return;
    }
    house.grant_folder(&house.folder);
    let lease = house.lease();
    house.write(&lease, "work/a", b"old").done();
    let outcome = house.write(&lease, "work/a", &vec![1; 1 << 20]);
    let new = house.write(&lease, "work/b", &vec![1; 1 << 20]);
    let (names, old) = (house.names(), fs::read(house.folder.join("a")).expect("there"));
    // The trash is on another file system here, so both ways of keeping are copies.
    let removed = house.remove(&lease, "work/a");
    let left = house.names();
    assert!(Command::new("umount").arg(&house.folder).status().expect("umount").success());
    assert_eq!((outcome.code(), new.code()), (ErrorCode::DiskFull, ErrorCode::DiskFull));
    assert_eq!((names, old.as_slice()), (vec!["a".to_owned()], &b"old"[..]));
    removed.done();
    assert_eq!(left, [""; 0]);
    assert_eq!(fs::read(&house.trash()[0]).expect("kept"), b"old");
}
