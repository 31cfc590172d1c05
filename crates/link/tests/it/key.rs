//! Keys are made once and looked at each time.

#![expect(clippy::unwrap_used, reason = "tests")]

use link::{DeveloperKey, DeviceKey, KeyError};
use protocol::{ErrorCode, sha256};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};
use testkit::{TempHome, TestEntropy};

fn device(home: &TempHome) -> Result<DeviceKey, KeyError> {
    DeviceKey::open_or_create(home.path(), &TestEntropy::new())
}

fn key_path(home: &TempHome) -> PathBuf {
    home.path().join("keys/device.key")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_key_is_made_once_and_private() {
    let home = TempHome::new();
    let first = device(&home).unwrap();
    assert_eq!(device(&home).unwrap().public_key(), first.public_key());
    assert_eq!((mode(&key_path(&home)), mode(&home.path().join("keys"))), (0o600, 0o700));
    assert_eq!(fs::read_dir(home.path().join("keys")).unwrap().count(), 1);
    let digest = sha256(first.public_key().as_bytes()).to_string();
    assert_eq!(first.device_id().to_string(), digest[..32]);
    assert_ne!(device(&TempHome::new()).unwrap().public_key(), first.public_key());
}

#[test]
fn what_a_killed_process_left_is_no_key() {
    let home = TempHome::new();
    fs::create_dir_all(home.path().join("keys")).unwrap();
    fs::write(home.path().join("keys/device.key.new"), "oikos device key 1\n00").unwrap();
    device(&home).unwrap();
    assert_eq!(fs::read_dir(home.path().join("keys")).unwrap().count(), 1);
}

#[test]
fn a_damaged_key_is_refused_and_stays_as_it_is() {
    let home = TempHome::new();
    device(&home).unwrap();
    let good = fs::read(key_path(&home)).unwrap();
    let check = |damaged: Vec<u8>| {
        fs::write(key_path(&home), &damaged).unwrap();
        let error = device(&home).unwrap_err();
        assert!(matches!(error, KeyError::Damaged { what: "device", .. }), "{error}");
        assert_eq!(error.code(), ErrorCode::HomeUnusable);
        assert_eq!(fs::read(key_path(&home)).unwrap(), damaged);
    };
    check(vec![]);
    check(good[..good.len() / 2].to_vec());
    check([&good[..], b"\n"].concat());
    check(String::from_utf8(good.clone()).unwrap().replace("device", "developer").into_bytes());
    check(vec![b'0'; 1_000_000]);
    for place in 0..good.len() {
        let mut damaged = good.clone();
        damaged[place] = if damaged[place] == b'0' { b'1' } else { b'0' };
        check(damaged);
    }
    fs::write(key_path(&home), &good).unwrap();
    device(&home).unwrap();
}

#[test]
fn a_key_that_others_can_open_is_refused() {
    let home = TempHome::new();
    device(&home).unwrap();
    for open in [0o640, 0o604, 0o620, 0o666] {
        fs::set_permissions(key_path(&home), fs::Permissions::from_mode(open)).unwrap();
        let error = device(&home).unwrap_err();
        assert!(matches!(error, KeyError::NotPrivate { mode, .. } if mode == open), "{error}");
        assert!(error.hint().contains("chmod 600"));
    }
    fs::set_permissions(key_path(&home), fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(key_path(&home), home.beside().join("moved")).unwrap();
    symlink(home.beside().join("moved"), key_path(&home)).unwrap();
    assert!(matches!(device(&home), Err(KeyError::File { .. })));
}

#[test]
fn threads_that_come_together_get_one_key() {
    let home = TempHome::new();
    let keys: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| device(&home))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect()
    });
    // Without the home's lock one may be disturbed, but nobody ever holds a key that is not in the file.
    let written = device(&home).unwrap().public_key();
    assert!(keys.iter().all(|key| key.public_key() == written));
}

#[test]
fn derived_keys_differ_by_label_and_device_and_last() {
    let (home, other) = (TempHome::new(), TempHome::new());
    let key = device(&home).unwrap();
    let derive = |key: &DeviceKey, label| *key.derive(label).expose();
    assert_eq!(derive(&key, "aot"), derive(&device(&home).unwrap(), "aot"));
    assert_ne!(derive(&key, "aot"), derive(&key, "snapshot"));
    assert_ne!(derive(&key, "aot"), derive(&device(&other).unwrap(), "aot"));
}

#[test]
fn a_package_is_signed_with_its_name_and_version() {
    let home = TempHome::new();
    let key = DeveloperKey::open_or_create(home.path(), &TestEntropy::new()).unwrap();
    let (name, version, digest) = ("notes".parse().unwrap(), "1.2.3".parse().unwrap(), sha256(b"package"));
    let signature = key.sign_package(&name, &version, digest);
    let public = key.public_key();
    assert_eq!(signature.verify(&public, &name, &version, digest), Ok(()));
    let read = serde_json::from_str::<link::PackageSignature>(&serde_json::to_string(&signature).unwrap()).unwrap();
    assert_eq!(read, signature);
    for (name, version, digest) in
        [("note", "1.2.3", digest), ("notes", "1.2.4", digest), ("notes", "1.2.3", sha256(b"other"))]
    {
        let (name, version) = (name.parse().unwrap(), version.parse().unwrap());
        assert!(signature.verify(&public, &name, &version, digest).is_err());
    }
    let stranger = DeveloperKey::open_or_create(TempHome::new().path(), &TestEntropy::new()).unwrap();
    assert!(signature.verify(&stranger.public_key(), &name, &version, digest).is_err());
    assert!(stranger.sign_package(&name, &version, digest).verify(&public, &name, &version, digest).is_err());
    let fingerprint = key.fingerprint();
    assert_eq!(fingerprint.len(), 19);
    assert_eq!(fingerprint.replace(' ', ""), sha256(public.as_bytes()).to_string()[..16]);
}
