//! Who holds a home.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::crash::Child;
use protocol::ErrorCode;
use state::{HomeLock, LockError, SqliteStore};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};
use testkit::{TempHome, TestClock};

fn acquire(path: &Path) -> Result<HomeLock, LockError> {
    HomeLock::acquire(path, &TestClock::new())
}

#[track_caller]
fn check(home: &Path, expected: &str, hint: &str) {
    let error = acquire(home).unwrap_err();
    assert_eq!(error.code(), ErrorCode::HomeUnusable);
    let home = fs::canonicalize(home).unwrap_or(home.to_owned());
    let shown = |text: String| text.replace(&*home.to_string_lossy(), "HOME");
    assert_eq!((shown(error.to_string()).as_str(), shown(error.hint()).as_str()), (expected, hint));
}

#[test]
fn one_process_at_a_time() {
    let home = TempHome::new();
    let lock = acquire(home.path()).unwrap();
    let error = acquire(home.path()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::HomeLocked);
    let me = format!("another oikos (pid {}, since 2026-01-01 00:00:00 UTC) holds ", std::process::id());
    assert!(error.to_string().starts_with(&me), "{error}");
    drop(lock);

    let mut child = Child::start("crash::child_commits", home.path(), &[]);
    child.acknowledged(1);
    let error = acquire(home.path()).unwrap_err();
    assert!(error.to_string().contains(&format!("(pid {},", child.pid())), "{error}");
    assert!(error.hint().contains(&format!("kill {}", child.pid())));
    child.kill();
    acquire(home.path()).unwrap();
}

#[test]
fn a_new_home_is_private() {
    let home = TempHome::new();
    let path = home.path().join("deeper/still");
    let lock = acquire(&path).unwrap();
    let store = SqliteStore::open(&lock, &TestClock::new()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(home.path()), mode(&path)), (0o700, 0o700));
    for entry in fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(store);
}

#[test]
fn a_home_that_is_not_private_is_refused() {
    let home = TempHome::new();
    fs::create_dir(home.path()).unwrap();
    for (mode, shown) in [(0o770, "770"), (0o702, "702"), (0o777, "777")] {
        fs::set_permissions(home.path(), fs::Permissions::from_mode(mode)).unwrap();
        let expected = format!("OIKOS_HOME HOME can be written to by other users (mode {shown})");
        check(home.path(), &expected, "chmod 700 'HOME'");
    }
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    acquire(home.path()).unwrap();
    assert!(!home.path().join("store.db").exists());
}

#[test]
fn a_home_of_another_user_is_refused() {
    if !may_give_away() {
        say_skipped("only root can give a folder away");
        return;
    }
    let home = TempHome::new();
    fs::create_dir(home.path()).unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(home.path(), Some(65_534), None).unwrap();
    let expected = "OIKOS_HOME HOME belongs to another user (id 65534)";
    check(home.path(), expected, "set OIKOS_HOME to a folder of your own");
}

#[test]
fn links_are_followed_but_not_in_circles() {
    let home = TempHome::new();
    let real = home.beside().join("real");
    symlink(&real, home.path()).unwrap();
    check(home.path(), "creating HOME failed", "set OIKOS_HOME to a folder of your own");
    fs::create_dir(&real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(acquire(home.path()).unwrap().home(), fs::canonicalize(&real).unwrap());
    let (a, b) = (home.beside().join("a"), home.beside().join("b"));
    symlink(&a, &b).unwrap();
    symlink(&b, &a).unwrap();
    check(&a, "opening HOME failed", "its links lead in a circle; set OIKOS_HOME to a real folder");
    let file = home.beside().join("file");
    fs::write(&file, "").unwrap();
    check(&file, "OIKOS_HOME HOME is not a folder", "set OIKOS_HOME to a folder of your own");
}

#[test]
fn links_inside_the_home_are_not_followed() {
    let home = TempHome::new();
    let elsewhere = home.beside().join("elsewhere");
    let lock = acquire(home.path()).unwrap();
    symlink(&elsewhere, home.path().join("store.db")).unwrap();
    let error = SqliteStore::open(&lock, &TestClock::new()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::HomeUnusable);
    drop(lock);
    fs::remove_file(home.path().join("lock")).unwrap();
    symlink(&elsewhere, home.path().join("lock")).unwrap();
    assert_eq!(acquire(home.path()).unwrap_err().code(), ErrorCode::HomeUnusable);
    assert!(!elsewhere.exists());
}

/// Whether this process may give files away, as the kernel sees it.
pub(crate) fn may_give_away() -> bool {
    let home = TempHome::new();
    let probe = home.beside().join("probe");
    fs::write(&probe, "").unwrap();
    std::os::unix::fs::chown(&probe, Some(65_534), None).is_ok()
}

/// Says why a test shows nothing here.
#[expect(clippy::print_stderr, reason = "a person should see that a test did not run")]
pub(crate) fn say_skipped(why: &str) {
    eprintln!("skipped: {why}");
}
