//! An author's own keys: made once, private, never written over.

#![expect(clippy::unwrap_used, reason = "tests")]

use link::{PublisherFolder, PublisherFolderError, Secret, SecretKeyFault, Successor};
use protocol::{ErrorCode, PublisherName};
use std::{fs, os::unix::fs::PermissionsExt};
use testkit::{TempHome, TestEntropy};

fn name(text: &str) -> PublisherName {
    text.parse().unwrap()
}

#[test]
fn a_key_is_made_once_and_private() {
    let (home, entropy) = (TempHome::new(), TestEntropy::new());
    let folder = PublisherFolder::new(home.beside().join("config/oikos/publishers"));
    assert_eq!(folder.list().unwrap(), []);
    let key = folder.create(&name("ada"), None, &entropy).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(folder.path()), mode(&folder.secret_path(&name("ada")))), (0o700, 0o600));
    let before = fs::read(folder.secret_path(&name("ada"))).unwrap();
    let again = folder.create(&name("ada"), None, &entropy).unwrap_err();
    assert_eq!(again.code(), ErrorCode::PublisherExists);
    assert_eq!(fs::read(folder.secret_path(&name("ada"))).unwrap(), before);
    assert_eq!(folder.open(&name("ada"), None).unwrap().public_key(), key);
    let list: Vec<_> = folder.list().unwrap().into_iter().map(|own| (own.name.to_string(), own.key)).collect();
    assert_eq!(list, [("ada".to_owned(), key)]);
    // Nothing but the two files.
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["ada.key", "ada.pub"]);
}

#[test]
fn what_was_begun_is_brought_to_its_end() {
    let (home, entropy) = (TempHome::new(), TestEntropy::new());
    let folder = PublisherFolder::new(home.beside().join("keys"));
    let at = |file: &str| folder.path().join(file);
    let key = folder.create(&name("ada"), None, &entropy).unwrap();
    // Ended after the secret half got its name.
    fs::rename(at("ada.pub"), at("ada.pub.new")).unwrap();
    fs::hard_link(at("ada.key"), at("ada.key.new")).unwrap();
    assert_eq!(folder.list().unwrap().len(), 1);
    assert_eq!(folder.public(&name("ada")).unwrap(), key);
    assert!(!at("ada.key.new").exists() && !at("ada.pub.new").exists());
    // Ended before: there is no key, and the name is free.
    fs::rename(at("ada.pub"), at("ada.pub.new")).unwrap();
    fs::rename(at("ada.key"), at("ada.key.new")).unwrap();
    assert_eq!(folder.list().unwrap(), []);
    assert_eq!(folder.public(&name("ada")).unwrap_err().code(), ErrorCode::PublisherNotFound);
    let other = folder.create(&name("ada"), None, &entropy).unwrap();
    assert_ne!(other, key);
    assert_eq!(folder.public(&name("ada")).unwrap(), other);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    // A secret key alone is told, and stays.
    fs::remove_file(at("ada.pub")).unwrap();
    assert_eq!(folder.public(&name("ada")).unwrap_err().code(), ErrorCode::PublisherNotFound);
    assert!(at("ada.key").exists());
}

#[test]
fn one_at_a_time_makes_keys() {
    let (home, entropy) = (TempHome::new(), TestEntropy::new());
    let folder = PublisherFolder::new(home.beside());
    let held = fs::File::open(folder.path()).unwrap();
    held.lock().unwrap();
    let error = folder.create(&name("ada"), None, &entropy).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileUnusable);
    drop(held);
    folder.create(&name("ada"), None, &entropy).unwrap();
}

#[test]
fn a_passphrase_is_asked_for() {
    let (home, entropy) = (TempHome::new(), TestEntropy::new());
    let folder = PublisherFolder::new(home.beside());
    let key = folder.create(&name("ada"), Some(&Secret::new("open".to_owned())), &entropy).unwrap();
    let open = |given: &str| folder.open(&name("ada"), Some(&Secret::new(given.to_owned())));
    assert_eq!(open("open").unwrap().public_key(), key);
    let fault = |error| match error {
        PublisherFolderError::Secret { fault, .. } => fault,
        other => panic!("{other}"),
    };
    assert_eq!(fault(open("closed").unwrap_err()), SecretKeyFault::PassphraseWrong);
    assert_eq!(fault(folder.open(&name("ada"), None).unwrap_err()), SecretKeyFault::PassphraseMissing);
    // Its public half needs none.
    assert_eq!(folder.public(&name("ada")).unwrap(), key);
}

#[test]
fn what_cannot_be_used_says_so() {
    let (home, entropy) = (TempHome::new(), TestEntropy::new());
    let folder = PublisherFolder::new(home.beside());
    let refused = |folder: &PublisherFolder, who: &str| folder.open(&name(who), None).map(drop).unwrap_err();
    assert_eq!(refused(&folder, "bob").code(), ErrorCode::PublisherNotFound);
    folder.create(&name("ada"), None, &entropy).unwrap();
    let path = folder.secret_path(&name("ada"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = refused(&folder, "ada");
    assert_eq!(error.code(), ErrorCode::FileUnusable);
    assert!(error.to_string().contains("can be opened by other users") && error.hint().contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, "x").unwrap();
    assert_eq!(refused(&folder, "ada").code(), ErrorCode::KeyUnreadable);
    // A public half alone is the rest of a key that is kept elsewhere.
    fs::remove_file(&path).unwrap();
    assert_eq!(folder.create(&name("ada"), None, &entropy).unwrap_err().code(), ErrorCode::PublisherExists);
}

#[test]
fn statements_add_up_from_key_to_key() {
    let (home, entropy) = (TempHome::new(), TestEntropy::new());
    let folder = PublisherFolder::new(home.beside());
    let keys = ["one", "two", "three"].map(|who| folder.create(&name(who), None, &entropy).unwrap());
    let succeed =
        |old: &str, new: &str| folder.succeed(&name(old), &folder.open(&name(old), None).unwrap(), &name(new));
    assert_eq!(folder.successors(&name("two")).unwrap(), None);
    let first = succeed("one", "two").unwrap();
    assert_eq!(succeed("one", "two").unwrap(), first, "saying the same again changes nothing");
    succeed("two", "three").unwrap();
    let all = Successor::read_all(&folder.successors(&name("three")).unwrap().unwrap()).unwrap();
    let pairs: Vec<_> = all.iter().map(|said| (*said.old(), *said.new_key())).collect();
    assert_eq!(pairs, [(keys[0], keys[1]), (keys[1], keys[2])]);
    assert_eq!(succeed("one", "three").unwrap_err().code(), ErrorCode::PublisherExists);
}
