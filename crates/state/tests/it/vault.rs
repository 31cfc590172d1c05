//! Secrets in their sealed file: kept, opened by their key alone, never lost by what goes wrong, never printed.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../../fuzz/targets/state.rs"]
mod targets;

use super::crash::Child;
use proptest::prelude::*;
use protocol::{ErrorCode, OwnerId, SecretText, Timestamp};
use state::{
    HomeLock, MemoryVault, SECRET_BYTES_MAX, SealedVault, VAULT_ENTRIES_MAX, Vault, VaultChange, VaultEntry,
    VaultError, VaultLock, VaultName, VaultSetup,
};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::Arc,
};
use testkit::{TempHome, TestClock, TestEntropy};

const ME: OwnerId = OwnerId::LOCAL;
const CANARY: &str = "canary-canary-canary";

struct House {
    home: TempHome,
    lock: HomeLock,
    keys: PathBuf,
}

impl House {
    fn new() -> Self {
        let home = TempHome::new();
        let lock = HomeLock::acquire(home.path(), &TestClock::new()).unwrap();
        let keys = home.beside().join("config/keys");
        Self { home, lock, keys }
    }

    fn key_file(&self) -> PathBuf {
        self.keys.join("device.key")
    }

    fn file(&self, owner: OwnerId) -> PathBuf {
        self.lock.home().join(format!("vault/{owner}.sealed"))
    }

    /// The vault as another process finds it.
    fn vault(&self) -> SealedVault {
        self.vault_with(VaultSetup { key_file: Some(self.key_file()), ..VaultSetup::default() })
    }

    fn vault_with(&self, setup: VaultSetup) -> SealedVault {
        SealedVault::new(&self.lock, setup, Arc::new(TestEntropy::new()))
    }

    /// Under a passphrase, whatever it was under before.
    fn under(&self, passphrase: Option<&str>) -> SealedVault {
        let passphrase = passphrase.map(str::to_owned);
        self.vault_with(VaultSetup {
            key_file: Some(self.key_file()),
            passphrase: Some(Arc::new(move |_| Ok(passphrase.clone().map(SecretText::new)))),
            seals_by_passphrase: Some(true),
        })
    }
}

fn key(name: &str) -> VaultName {
    VaultName::Key(name.parse().unwrap())
}

fn setting(app: &str, setting: &str) -> VaultName {
    VaultName::setting(&app.parse().unwrap(), setting)
}

fn put(name: VaultName, value: &str) -> VaultChange {
    VaultChange::Put(VaultEntry::new(name, Timestamp(1)), SecretText::new(value.to_owned()))
}

fn value(vault: &dyn Vault, owner: OwnerId, name: &VaultName) -> Option<String> {
    vault.get(owner, name, None).unwrap().map(|(_, value)| value.expose().to_owned())
}

fn names(vault: &dyn Vault, owner: OwnerId) -> Vec<String> {
    vault.list(owner).unwrap().iter().map(|entry| entry.name.to_string()).collect()
}

/// What every vault does.
fn contract(vault: &dyn Vault) {
    let other = OwnerId(2);
    assert_eq!(names(vault, ME), [""; 0]);
    assert!(vault.change(ME, vec![VaultChange::Remove(key("none"))]).unwrap().is_empty());
    let mut entry = VaultEntry::new(key("github"), Timestamp(5));
    entry.hosts = vec!["api.github.com".into()];
    entry.note = "for the bot ü".into();
    let changes =
        vec![VaultChange::Put(entry.clone(), SecretText::new("one".into())), put(setting("notes", "a/b"), "")];
    let back = vault.change(ME, changes).unwrap();
    assert_eq!(names(vault, ME), ["github", "app/notes/a/b"]);
    assert_eq!(vault.list(ME).unwrap()[0], entry);
    assert_eq!(value(vault, ME, &key("github")).as_deref(), Some("one"));
    assert_eq!(value(vault, ME, &setting("notes", "a/b")).as_deref(), Some(""));
    assert_eq!((value(vault, other, &key("github")), names(vault, other).len()), (None, 0));
    // What it was is what the answer brings back.
    let again =
        vault.change(ME, vec![put(key("github"), "two"), VaultChange::Remove(setting("notes", "a/b"))]).unwrap();
    assert_eq!((value(vault, ME, &key("github")).as_deref(), names(vault, ME).len()), (Some("two"), 1));
    vault.change(ME, again).unwrap();
    assert_eq!(vault.list(ME).unwrap()[0], entry);
    assert_eq!(value(vault, ME, &key("github")).as_deref(), Some("one"));
    vault.change(ME, back).unwrap();
    assert_eq!(names(vault, ME), [""; 0]);
    // All or nothing.
    let long = put(key("long"), &"x".repeat(SECRET_BYTES_MAX + 1));
    let error = vault.change(ME, vec![put(key("short"), "x"), long]).unwrap_err();
    assert_eq!((error.code(), names(vault, ME).len()), (ErrorCode::TooLarge, 0));
    let many = |count: usize| (0..count).map(|index| put(key(&format!("k{index}")), "x")).collect();
    let error = vault.change(ME, many(VAULT_ENTRIES_MAX + 1)).unwrap_err();
    assert_eq!((error.code(), names(vault, ME).len()), (ErrorCode::QuotaExceeded, 0));
    // A use is seen, and a new value has none.
    vault.change(ME, vec![put(key("a"), "x")]).unwrap();
    assert_eq!(vault.list(ME).unwrap()[0].used_at, None);
    vault.get(ME, &key("a"), Some(Timestamp(7))).unwrap().unwrap();
    vault.get(ME, &key("a"), Some(Timestamp(9))).unwrap().unwrap();
    assert_eq!(vault.list(ME).unwrap()[0].used_at, Some(Timestamp(9)));
    vault.change(ME, vec![put(key("a"), "y")]).unwrap();
    assert_eq!(vault.list(ME).unwrap()[0].used_at, None);
}

#[test]
fn every_vault_keeps_the_contract() {
    contract(&MemoryVault::new());
    contract(&House::new().vault());
    contract(&House::new().under(Some("correct horse")));
}

#[test]
fn what_is_kept_is_there_for_the_next_process_and_private() {
    let house = House::new();
    assert!(!house.keys.exists(), "who needs no secret has no key");
    house.vault().list(ME).unwrap();
    assert!(!house.keys.exists());
    house.vault().change(ME, vec![put(key("github"), CANARY)]).unwrap();
    house.vault().change(OwnerId(2), vec![put(key("github"), "another")]).unwrap();
    assert_eq!(value(&house.vault(), ME, &key("github")).as_deref(), Some(CANARY));
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&house.key_file()), mode(&house.keys), mode(&house.file(ME))), (0o600, 0o700, 0o600));
    let state = house.vault().state(ME).unwrap();
    assert_eq!((state.lock, state.entries), (VaultLock::KeyFile(house.key_file()), 1));
    // Each time with another nonce, and of a length that says nothing.
    let first = fs::read(house.file(ME)).unwrap();
    house.vault().change(ME, vec![put(key("second"), &"long ".repeat(500))]).unwrap();
    let second = fs::read(house.file(ME)).unwrap();
    assert_eq!(first.len(), second.len());
    assert_ne!(first[52..76], second[52..76]);
    assert!(!first.windows(6).any(|bytes| bytes == &CANARY.as_bytes()[..6]));
    // The other owner's file does not open as mine.
    fs::copy(house.file(OwnerId(2)), house.file(ME)).unwrap();
    assert_eq!(house.vault().list(ME).unwrap_err().code(), ErrorCode::VaultDamaged);
}

#[test]
fn uses_are_written_down_now_and_then() {
    const HOUR: i64 = 3_600_000;
    let house = House::new();
    house.vault().change(ME, vec![put(key("a"), "x"), put(key("b"), "y")]).unwrap();
    let vault = house.vault();
    let used = |vault: &SealedVault| vault.list(ME).unwrap()[0].used_at;
    vault.get(ME, &key("a"), Some(Timestamp(HOUR))).unwrap();
    let written = fs::read(house.file(ME)).unwrap();
    vault.get(ME, &key("a"), Some(Timestamp(HOUR + 5))).unwrap();
    assert_eq!(fs::read(house.file(ME)).unwrap(), written, "not each time");
    assert_eq!((used(&vault), used(&house.vault())), (Some(Timestamp(HOUR + 5)), Some(Timestamp(HOUR))));
    vault.get(ME, &key("a"), Some(Timestamp(3 * HOUR))).unwrap();
    assert_eq!(used(&house.vault()), Some(Timestamp(3 * HOUR)));
}

/// What goes wrong says what, and nothing is lost by it: once it is put right, all is there.
#[track_caller]
fn check(house: &House, code: ErrorCode, says: &str, hints: &str) {
    let files = || (fs::read(house.file(ME)).ok(), fs::read(house.key_file()).ok());
    let before = files();
    for error in [
        house.vault().list(ME).unwrap_err(),
        house.vault().change(ME, vec![put(key("new"), "x")]).unwrap_err(),
        house.vault().get(ME, &key("github"), Some(Timestamp(1))).unwrap_err(),
    ] {
        let (message, hint) = (error.to_string(), error.hint());
        assert_eq!(error.code(), code, "{message}");
        assert!(message.contains(says) && hint.contains(hints), "{message}\n{hint}");
        assert!(!format!("{message}{hint}{error:?}").contains("canary"));
    }
    assert_eq!(files(), before);
}

#[test]
fn a_key_that_is_gone_or_another_is_said_plainly() {
    let house = House::new();
    house.vault().change(ME, vec![put(key("github"), CANARY)]).unwrap();
    let known = fs::read(house.key_file()).unwrap();
    fs::remove_file(house.key_file()).unwrap();
    check(&house, ErrorCode::VaultLocked, "its key is not at", "neither can oikos: apps go on");
    let other = House::new();
    other.vault().change(ME, vec![put(key("x"), "x")]).unwrap();
    fs::copy(other.key_file(), house.key_file()).unwrap();
    check(&house, ErrorCode::VaultLocked, "another one than sealed it", "put the right key back");
    for wrong in [&known[..known.len() - 3], b"", &[known.as_slice(), b"\n"].concat(), &[0xff; 3000]] {
        fs::write(house.key_file(), wrong).unwrap();
        check(&house, ErrorCode::VaultLocked, "damaged, or no key", "To start anew, move it away");
    }
    fs::write(house.key_file(), &known).unwrap();
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(house.key_file(), fs::Permissions::from_mode(mode)).unwrap();
        check(&house, ErrorCode::VaultLocked, "can be opened by other users", "chmod 600");
    }
    fs::set_permissions(house.key_file(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(value(&house.vault(), ME, &key("github")).as_deref(), Some(CANARY));
    // Started anew, as the hint says.
    fs::remove_file(house.key_file()).unwrap();
    fs::rename(house.file(ME), house.lock.home().join("vault/old")).unwrap();
    house.vault().change(ME, vec![put(key("github"), "new")]).unwrap();
    assert_eq!(value(&house.vault(), ME, &key("github")).as_deref(), Some("new"));
}

#[test]
fn a_key_never_lies_in_the_home() {
    let house = House::new();
    let home = house.lock.home().to_owned();
    symlink(&home, house.home.beside().join("link")).unwrap();
    for place in [home.join("device.key"), home.join("keys/a/b/device.key"), house.home.beside().join("link/k/d.key")] {
        let vault = house.vault_with(VaultSetup { key_file: Some(place.clone()), ..VaultSetup::default() });
        let error = vault.change(ME, vec![put(key("a"), "x")]).unwrap_err();
        assert!(matches!(&error, VaultError::KeyInside { .. }), "{error}");
        assert!(!place.exists() && !house.file(ME).exists());
        assert!(error.hint().contains("key_file"));
    }
    let error = house.vault_with(VaultSetup::default()).change(ME, vec![put(key("a"), "x")]).unwrap_err();
    assert!(matches!(error, VaultError::NoPlace));
    // A link in the place of the key is not followed, and what is no file is none.
    fs::create_dir_all(&house.keys).unwrap();
    fs::write(house.home.beside().join("elsewhere"), "oikos vault key 1\n").unwrap();
    symlink(house.home.beside().join("elsewhere"), house.key_file()).unwrap();
    assert_eq!(house.vault().change(ME, vec![put(key("a"), "x")]).unwrap_err().code(), ErrorCode::HomeUnusable);
    fs::remove_file(house.key_file()).unwrap();
    fs::create_dir(house.key_file()).unwrap();
    assert_eq!(house.vault().change(ME, vec![put(key("a"), "x")]).unwrap_err().code(), ErrorCode::HomeUnusable);
    assert!(!house.file(ME).exists());
}

#[test]
fn a_damaged_file_is_said_to_be_one_wherever_it_is_damaged() {
    let house = House::new();
    house.vault().change(ME, vec![put(key("github"), CANARY)]).unwrap();
    let whole = fs::read(house.file(ME)).unwrap();
    for at in (0..100).chain((100..whole.len()).step_by(97)).chain(whole.len() - 40..whole.len()) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        fs::write(house.file(ME), &bytes).unwrap();
        let error = house.vault().list(ME).unwrap_err();
        assert_eq!(error.code(), ErrorCode::VaultDamaged, "byte {at}: {error}");
    }
    for length in (0..100).chain((100..whole.len()).step_by(131)) {
        fs::write(house.file(ME), &whole[..length]).unwrap();
        let error = house.vault().list(ME).unwrap_err();
        assert_eq!(error.code(), ErrorCode::VaultDamaged, "{length} bytes: {error}");
    }
    fs::write(house.file(ME), &whole[..whole.len() - 1]).unwrap();
    check(&house, ErrorCode::VaultDamaged, "is damaged", "from a backup of OIKOS_HOME");
    // A newer form, whole by its own words, is told apart.
    let mut newer = whole[..whole.len() - 32].to_vec();
    newer[12] = 9;
    newer.extend(protocol::sha256(&newer).0);
    fs::write(house.file(ME), &newer).unwrap();
    check(&house, ErrorCode::StoreNewer, "version 9", "newer oikos");
    fs::write(house.file(ME), &whole).unwrap();
    assert_eq!(value(&house.vault(), ME, &key("github")).as_deref(), Some(CANARY));
}

#[test]
fn a_passphrase_opens_what_it_sealed_and_nothing_else_does() {
    let house = House::new();
    house.under(Some("correct horse")).change(ME, vec![put(key("github"), CANARY)]).unwrap();
    assert!(!house.key_file().exists());
    assert_eq!(value(&house.under(Some("correct horse")), ME, &key("github")).as_deref(), Some(CANARY));
    assert_eq!(house.under(Some("correct horse")).state(ME).unwrap().lock, VaultLock::Passphrase);
    for (given, says) in [(Some("correct house"), "another one"), (None, "under a passphrase"), (Some(""), "under a")] {
        let error = house.under(given).list(ME).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PassphraseWrong);
        assert!(error.to_string().contains(says), "{error}");
    }
    // Who only has the place of a key is asked for the passphrase all the same.
    assert!(matches!(house.vault().list(ME).unwrap_err(), VaultError::PassphraseMissing));
    // What it costs to guess is bounded, whatever the file says: nobody makes oikos use up a machine.
    let whole = fs::read(house.file(ME)).unwrap();
    for cost in [[u32::MAX, 3, 1], [1, 3, 1], [1 << 16, u32::MAX, 1], [1 << 16, 3, 1 << 20], [1 << 16, 0, 1]] {
        let mut bytes = whole[..whole.len() - 32].to_vec();
        bytes[16..28].copy_from_slice(&cost.map(u32::to_le_bytes).concat());
        bytes.extend(protocol::sha256(&bytes).0);
        fs::write(house.file(ME), &bytes).unwrap();
        let error = house.under(Some("correct horse")).list(ME).unwrap_err();
        assert_eq!(error.code(), ErrorCode::VaultDamaged, "{cost:?}: {error}");
    }
    fs::write(house.file(ME), &whole).unwrap();
    // From one to the other, and back: the next change seals anew.
    let source = house.under(Some("correct horse"));
    let to_key = house.vault_with(VaultSetup {
        key_file: Some(house.key_file()),
        passphrase: Some(Arc::new(|_| Ok(Some(SecretText::new("correct horse".into()))))),
        seals_by_passphrase: Some(false),
    });
    // Who says nothing of it leaves it as it is.
    let as_it_is = house.vault_with(VaultSetup {
        key_file: Some(house.key_file()),
        passphrase: Some(Arc::new(|_| Ok(Some(SecretText::new("correct horse".into()))))),
        seals_by_passphrase: None,
    });
    as_it_is.change(ME, vec![put(key("a"), "x")]).unwrap();
    assert_eq!(as_it_is.state(ME).unwrap().lock, VaultLock::Passphrase);
    assert!(!house.key_file().exists());
    as_it_is.change(ME, vec![VaultChange::Remove(key("a"))]).unwrap();
    to_key.change(ME, vec![put(key("b"), "x")]).unwrap();
    assert_eq!(value(&house.vault(), ME, &key("github")).as_deref(), Some(CANARY));
    source.change(ME, vec![put(key("c"), "x")]).unwrap();
    assert!(matches!(house.vault().list(ME).unwrap_err(), VaultError::PassphraseMissing));
    assert_eq!(names(&house.under(Some("correct horse")), ME), ["b", "c", "github"]);
}

#[test]
fn nothing_prints_a_secret() {
    let house = House::new();
    let change = put(key("github"), CANARY);
    assert!(!format!("{change:?} {change:#?}").contains("canary"));
    let vault = house.vault();
    vault.change(ME, vec![change]).unwrap();
    let found = vault.get(ME, &key("github"), None).unwrap();
    let back = vault.change(ME, vec![VaultChange::Remove(key("github"))]).unwrap();
    let told = format!("{found:?} {back:?} {:?} {:?}", vault.list(ME), vault.state(ME));
    assert!(told.contains("«secret»") && !told.contains("canary"), "{told}");
    let memory = MemoryVault::new();
    memory.change(ME, vec![put(key("github"), CANARY)]).unwrap();
    assert!(!format!("{memory:?}").contains("canary"));
}

/// Keeps secrets as fast as it can until it is ended. Does nothing but as a child of the test below.
#[test]
fn child_keeps_secrets() {
    let Some(home) = std::env::var_os("OIKOS_TEST_CHILD_HOME") else { return };
    #[cfg(feature = "failpoints")]
    let _scenario = fail::FailScenario::setup();
    let lock = HomeLock::acquire(Path::new(&home), &TestClock::new()).unwrap();
    let key_file = std::env::var_os("OIKOS_TEST_KEY").map(PathBuf::from);
    let setup = VaultSetup { key_file, ..VaultSetup::default() };
    let vault = SealedVault::new(&lock, setup, Arc::new(TestEntropy::new()));
    let first = vault.list(ME).unwrap().len();
    for number in first..VAULT_ENTRIES_MAX {
        vault.change(ME, vec![put(key(&format!("k{number:04}")), &number.to_string())]).unwrap();
        super::crash::acknowledge(number as u64 + 1);
    }
}

#[test]
fn a_process_that_is_killed_leaves_all_that_was_kept() {
    let home = TempHome::new();
    let key_file = home.beside().join("keys/device.key");
    for round in 1..=12 {
        let variables = [("OIKOS_TEST_KEY", key_file.to_str().unwrap())];
        let mut child = Child::start("vault::child_keeps_secrets", home.path(), &variables);
        let before = child.acknowledged(round * 7);
        let acknowledged = child.kill().max(before) as usize;
        let lock = HomeLock::acquire(home.path(), &TestClock::new()).unwrap();
        let setup = VaultSetup { key_file: Some(key_file.clone()), ..VaultSetup::default() };
        let vault = SealedVault::new(&lock, setup, Arc::new(TestEntropy::new()));
        let kept = vault.list(ME).unwrap().len();
        assert!(acknowledged > 0 && kept >= acknowledged, "{acknowledged} were acknowledged, {kept} are there");
        for number in 0..kept {
            assert_eq!(value(&vault, ME, &key(&format!("k{number:04}"))), Some(number.to_string()));
        }
    }
}

/// What the fuzzers found worth keeping, tried again. `fuzz/` says how the corpus grows.
#[test]
fn the_corpus_is_tried_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/vault");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().for_each(|file| targets::vault(&fs::read(file).unwrap()));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_open_to_what_was_sealed(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        is_headed in any::<bool>(),
    ) {
        let mut bytes = bytes;
        if is_headed && bytes.len() > 60 {
            bytes[32..47].copy_from_slice(b"oikos vault\0\x01\0\x01");
        }
        targets::vault(&bytes);
    }

    #[test]
    fn any_secrets_come_back_as_they_were(
        given in prop::collection::btree_map("[a-z0-9][a-z0-9._-]{0,20}", (".{0,80}", ".{0,40}"), 0..12),
    ) {
        let house = House::new();
        let change = |(name, (value, note)): (&String, &(String, String))| {
            let entry = VaultEntry { note: note.clone(), ..VaultEntry::new(key(name), Timestamp(3)) };
            VaultChange::Put(entry, SecretText::new(value.clone()))
        };
        house.vault().change(ME, given.iter().map(change).collect()).unwrap();
        let vault = house.vault();
        prop_assert_eq!(vault.list(ME).unwrap().len(), given.len());
        for (name, (expected, note)) in &given {
            let (entry, value) = vault.get(ME, &key(name), None).unwrap().unwrap();
            prop_assert_eq!((value.expose(), &entry.note), (expected.as_str(), note));
        }
    }
}
