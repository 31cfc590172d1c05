//! A planted secret is nowhere to be seen: not in what types print, not in what errors say, not in files that others
//! get to see.

#![expect(clippy::unwrap_used, reason = "tests")]

use link::{DeveloperKey, DeviceKey, HeadFile, Secret};
use protocol::{ChainHash, Entropy, OwnerId, Timestamp, sha256};
use std::{error::Error, fmt::Debug, fs, os::unix::fs::PermissionsExt};
use testkit::TempHome;

/// Randomness that is the canary.
struct Canary;

const CANARY: &[u8; 32] = b"canary-canary-canary-canary-cana";

impl Entropy for Canary {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(CANARY.iter().cycle()).for_each(|(byte, canary)| *byte = *canary);
    }
}

/// No form in which eight bytes of the canary could be printed.
#[track_caller]
fn check(text: &str) {
    let hex: String = CANARY[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{:?}", &CANARY[..8]);
    for form in ["canary", &hex, &hex.to_uppercase(), list.trim_matches(['[', ']']), "Y2FuYXJ5"] {
        assert!(!text.contains(form), "{text}");
    }
}

#[track_caller]
fn check_debug(value: &dyn Debug) {
    check(&format!("{value:?}"));
    check(&format!("{value:#?}").replace(['\n', ' '], ""));
    check(&format!("{value:x?}").replace(", ", ""));
}

#[test]
fn nothing_prints_a_key() {
    let home = TempHome::new();
    let device = DeviceKey::open_or_create(home.path(), &Canary).unwrap();
    let developer = DeveloperKey::open_or_create(home.path(), &Canary).unwrap();
    let heads = HeadFile::new(home.path());
    let head = device.sign_head(OwnerId::LOCAL, 1, ChainHash::GENESIS, Timestamp(0));
    heads.append(&head).unwrap();
    let package = developer.sign_package(&"notes".parse().unwrap(), &"1.0.0".parse().unwrap(), sha256(b"package"));
    let secret = Secret::new(*CANARY);
    let values: [&dyn Debug; 10] = [
        &device,
        &developer,
        &device.public_key(),
        &device.sign(b"bytes"),
        &device.derive("cache"),
        &secret,
        &heads,
        &heads.read(&device.public_key()).unwrap(),
        &head,
        &package,
    ];
    values.into_iter().for_each(check_debug);
    check(&format!("{secret} {} {}", device.public_key(), developer.fingerprint()));
    check(&serde_json::to_string(&package).unwrap());
    check(&fs::read_to_string(home.path().join("audit-heads.jsonl")).unwrap());

    // The test itself can see: the file does hold it.
    let path = home.path().join("keys/device.key");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("63616e617279"));

    fs::write(&path, text.replace("key 1", "key 2")).unwrap();
    check_error(&DeviceKey::open_or_create(home.path(), &Canary).unwrap_err());
    fs::write(&path, &text[..text.len() - 3]).unwrap();
    check_error(&DeviceKey::open_or_create(home.path(), &Canary).unwrap_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    check_error(&DeviceKey::open_or_create(home.path(), &Canary).unwrap_err());
}

#[track_caller]
fn check_error(error: &link::KeyError) {
    check_debug(error);
    check(&error.to_string());
    check(&error.hint());
    let mut cause = error.source();
    while let Some(inner) = cause {
        check(&inner.to_string());
        cause = inner.source();
    }
}
