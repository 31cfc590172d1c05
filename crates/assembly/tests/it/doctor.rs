//! Damaged parts, and signed ends.

use crate::{Household, household::ask};
use assembly::{Client, break_text};
use protocol::api::{ChainBreak, ChainReport, DoctorCheck, Reply, Request};
use std::{
    fs,
    path::{Path, PathBuf},
};

async fn checks(client: &Client) -> Vec<DoctorCheck> {
    match ask(client, Request::Doctor).await.unwrap() {
        Reply::Doctor { checks } => checks,
        other => panic!("{other:?}"),
    }
}

async fn wrong(client: &Client) -> Vec<String> {
    checks(client).await.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

async fn verified(client: &Client) -> ChainReport {
    match ask(client, Request::LogVerify).await.unwrap() {
        Reply::Verified { report } => report,
        other => panic!("{other:?}"),
    }
}

fn heads(household: &Household) -> PathBuf {
    household.home().join("audit-heads.jsonl")
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_that_is_well_says_so_and_its_end_is_signed_once() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    assert_eq!(wrong(&client).await, [""; 0]);
    let report = verified(&client).await;
    assert_eq!((report.breaks.as_slice(), report.signed_seq), ([].as_slice(), None));
    client.close().await;
    assert_eq!(lines(&heads(&household)), 1);
    // Nothing happened, so there is nothing to sign.
    household.client().await.close().await;
    assert_eq!(lines(&heads(&household)), 1);
    let client = household.client().await;
    let report = verified(&client).await;
    assert_eq!((report.breaks.as_slice(), report.signed_seq), ([].as_slice(), Some(report.entries)));
    let names: Vec<_> = checks(&client).await.into_iter().map(|check| check.name).collect();
    assert_eq!(names, ["home", "room", "clock", "store", "log", "effects", "last end", "vault", "app idler"]);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_is_gone_or_changed_is_found() {
    for is_gone in [true, false] {
        let household = Household::new();
        let client = household.client().await;
        household.install(&client).await;
        client.close().await;
        let blob = files(&household.home().join("blobs")).pop().unwrap();
        if is_gone {
            fs::remove_file(&blob).unwrap();
        } else {
            let mut bytes = fs::read(&blob).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            let mut permissions = fs::metadata(&blob).unwrap().permissions();
            #[expect(clippy::permissions_set_readonly_false, reason = "a test's own file")]
            permissions.set_readonly(false);
            fs::set_permissions(&blob, permissions).unwrap();
            fs::write(&blob, bytes).unwrap();
        }
        let client = household.client().await;
        assert_eq!(wrong(&client).await, ["app idler"]);
        let found = checks(&client).await.pop().unwrap();
        assert!(found.hint.unwrap().contains("install it again"), "{}", found.finding);
        // And that helps.
        household.install(&client).await;
        assert_eq!(wrong(&client).await, [""; 0]);
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_this_device_did_not_sign_is_found() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    client.close().await;
    // Another device's head, of another home.
    let other = Household::new();
    let client = other.client().await;
    other.install(&client).await;
    client.close().await;
    let theirs = fs::read_to_string(heads(&other)).unwrap();
    let mine = fs::read_to_string(heads(&household)).unwrap();
    fs::write(heads(&household), format!("{theirs}{mine}no head at all\n")).unwrap();
    let client = household.client().await;
    assert_eq!(
        verified(&client).await.breaks,
        [ChainBreak::HeadRefused { line: 1 }, ChainBreak::HeadRefused { line: 3 }]
    );
    assert_eq!(wrong(&client).await, ["log"]);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_of_the_log_is_found_and_never_signed() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    client.close().await;
    let signed = fs::read_to_string(heads(&household)).unwrap();
    let mut flipped = 0;
    for path in files(household.home()) {
        let mut bytes = fs::read(&path).unwrap();
        let word = b"\"app_installed\"";
        let Some(place) = bytes.windows(word.len()).position(|window| window == word) else { continue };
        bytes[place + 1] ^= 1;
        fs::write(&path, bytes).unwrap();
        flipped += 1;
    }
    assert_eq!(flipped, 1);
    for _ in 0..2 {
        let client = household.client().await;
        let found = verified(&client).await;
        assert_eq!(found.breaks, [ChainBreak::BodyChanged { seq: 1 }]);
        assert_eq!(break_text(&found.breaks[0]), "entry 1 was changed: its body is not what its digest says");
        assert_eq!(wrong(&client).await, ["log"]);
        client.close().await;
    }
    assert_eq!(fs::read_to_string(heads(&household)).unwrap(), signed);
}

/// A device key that was replaced makes all heads those of a stranger, and all apps unsigned: nothing runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_does_not_inherit_trust() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    client.close().await;
    let keys = household.home().join("keys");
    assert!(!files(&keys).is_empty());
    for key in files(&keys) {
        fs::remove_file(key).unwrap();
    }
    let client = household.client().await;
    assert_eq!(wrong(&client).await, ["log", "app idler"]);
    let start = crate::household::start("talk", serde_json::json!({ "count": 1 }));
    assert_eq!(ask(&client, start).await.unwrap_err().code, protocol::ErrorCode::AppStopped);
    client.close().await;
}

/// Every file beneath a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
