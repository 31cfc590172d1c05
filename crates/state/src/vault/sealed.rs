//! The vault in a file of the home: one for each owner, sealed under a key that lies elsewhere or under a passphrase. A
//! change writes a new file and puts it in the place of the old one; between two moments there is the one or the other.
//!
//! What is kept in memory is the key. Secrets are read from the file when they are used, and overwritten after that.

use super::{
    SEALED_BYTES_MAX, Vault, VaultChange, VaultEntry, VaultError, VaultLock, VaultName, VaultState, apply, key, rows,
    seal::{COST, Head, Opener, SealFault, VERSION, Way},
};
use crate::{HomeLock, files};
use parking_lot::Mutex;
use protocol::{Entropy, OwnerId, SecretText, Timestamp};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// The vaults' folder in the home.
const FOLDER: &str = "vault";
/// How often at most a use is written down: each of them writes the whole file.
const USED_EVERY_MS: u64 = 3_600_000;

/// What a passphrase is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassphraseFor {
    /// To open what is sealed.
    Opening,
    /// To seal from now on.
    Sealing,
}

/// Gives the passphrase, if anybody does.
pub type PassphraseSource = Arc<dyn Fn(PassphraseFor) -> Result<Option<SecretText>, VaultError> + Send + Sync>;

/// How a vault is opened and sealed.
#[derive(Clone, Default)]
pub struct VaultSetup {
    /// Where its key lies, outside of the home.
    pub key_file: Option<PathBuf>,
    /// Who gives the passphrase of what is sealed under one.
    pub passphrase: Option<PassphraseSource>,
    /// Whether what is written is sealed under a passphrase. Where nothing is said of it, it stays as it is, and begins with
    /// a key.
    pub seals_by_passphrase: Option<bool>,
}

impl VaultSetup {
    /// Makes the folder in which the key lies, or is going to, for nobody else to read. Gives it.
    pub fn prepare(&self) -> io::Result<Option<PathBuf>> {
        let Some(folder) = self.key_file.as_deref().and_then(Path::parent) else { return Ok(None) };
        files::folder_create(folder)?;
        Ok(Some(folder.to_owned()))
    }
}

/// Secrets with their values, sorted by name.
type Rows = Vec<(VaultEntry, SecretText)>;

/// The vault in files.
pub struct SealedVault {
    home: PathBuf,
    setup: VaultSetup,
    entropy: Arc<dyn Entropy>,
    /// The key that was used last. Held while a file is read or written: one change at a time.
    opener: Mutex<Option<Opener>>,
    /// Uses that are not written down yet.
    used: Mutex<HashMap<(OwnerId, VaultName), Timestamp>>,
}

impl SealedVault {
    /// The vaults of a home. Looks at nothing yet: who needs no secret needs no key.
    pub fn new(lock: &HomeLock, setup: VaultSetup, entropy: Arc<dyn Entropy>) -> Self {
        let home = lock.home().to_owned();
        Self { home, setup, entropy, opener: Mutex::default(), used: Mutex::default() }
    }

    fn path(&self, owner: OwnerId) -> PathBuf {
        self.home.join(FOLDER).join(format!("{owner}.sealed"))
    }

    /// Opens an owner's file. `None`: there is none.
    fn read(&self, owner: OwnerId, known: &mut Option<Opener>) -> Result<Option<Rows>, VaultError> {
        let path = self.path(owner);
        let Some(bytes) = file_read(&path)? else { return Ok(None) };
        let fault = |fault| self.fault(&path, fault);
        let head = Head::read(&bytes).map_err(fault)?;
        let opener = match known.take().filter(|known| known.fits(&head)) {
            Some(known) => known,
            None => self.opener(&path, &head)?,
        };
        let plain = opener.open(&bytes, owner).map_err(fault)?;
        let rows = rows::decode(&plain).ok_or_else(|| fault(SealFault::Damaged("what it seals is not a vault's")))?;
        *known = Some(opener);
        Ok(Some(rows))
    }

    /// The key of a file.
    fn opener(&self, path: &Path, head: &Head) -> Result<Opener, VaultError> {
        match head.way {
            Way::KeyFile => {
                let key_file = key::place(self.setup.key_file.as_deref())?;
                let opener = Opener::of_key(key::read(&key_file, path, &self.home)?);
                if !opener.fits(head) {
                    return Err(VaultError::KeyWrong { path: key_file, vault: path.to_owned() });
                }
                Ok(opener)
            }
            Way::Passphrase(cost, salt) => {
                let passphrase = self.passphrase(PassphraseFor::Opening)?;
                let opener = Opener::of_passphrase(passphrase.expose(), cost, salt);
                opener.filter(|opener| opener.fits(head)).ok_or(VaultError::PassphraseWrong)
            }
        }
    }

    /// The key that is sealed with: the one that opened the file, where that is of the wanted kind.
    fn sealer(&self, path: &Path, known: Option<Opener>) -> Result<Opener, VaultError> {
        let has_passphrase = |known: &Opener| known.way() != Way::KeyFile;
        let as_it_is = known.as_ref().is_some_and(has_passphrase);
        let wants_passphrase = self.setup.seals_by_passphrase.unwrap_or(as_it_is);
        if let Some(known) = known.filter(|known| has_passphrase(known) == wants_passphrase) {
            return Ok(known);
        }
        if !wants_passphrase {
            let key_file = key::place(self.setup.key_file.as_deref())?;
            return Ok(Opener::of_key(key::read_or_create(&key_file, path, &self.home, &*self.entropy)?));
        }
        let passphrase = self.passphrase(PassphraseFor::Sealing)?;
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        Opener::of_passphrase(passphrase.expose(), COST, salt).ok_or(VaultError::PassphraseMissing)
    }

    fn passphrase(&self, wanted: PassphraseFor) -> Result<SecretText, VaultError> {
        let source = self.setup.passphrase.as_ref().ok_or(VaultError::PassphraseMissing)?;
        source(wanted)?.filter(|given| !given.expose().is_empty()).ok_or(VaultError::PassphraseMissing)
    }

    fn write(&self, owner: OwnerId, known: &mut Option<Opener>, rows: &Rows) -> Result<(), VaultError> {
        let path = self.path(owner);
        let opener = self.sealer(&path, known.take())?;
        let mut nonce = [0; 24];
        self.entropy.fill(&mut nonce);
        let plain = rows::encode(rows);
        let sealed = opener.seal(&plain, owner, nonce);
        // What does not open again must not take the place of what does.
        opener.open(&sealed, owner).map_err(|fault| self.fault(&path, fault))?;
        *known = Some(opener);
        file_replace(&path, &sealed).map_err(|source| VaultError::file("writing", &path, source))
    }

    fn fault(&self, path: &Path, fault: SealFault) -> VaultError {
        match fault {
            SealFault::Damaged(what) => VaultError::Damaged { path: path.to_owned(), what },
            SealFault::Newer(found) => VaultError::Newer { found, known: VERSION },
            SealFault::OtherKey => {
                VaultError::KeyWrong { path: self.setup.key_file.clone().unwrap_or_default(), vault: path.to_owned() }
            }
        }
    }

    /// Writes last uses into rows that are about to be written.
    fn used_fill(&self, owner: OwnerId, rows: &mut Rows) {
        let used = self.used.lock();
        for (entry, _) in rows {
            entry.used_at = used.get(&(owner, entry.name.clone())).copied().max(entry.used_at);
        }
    }

    /// Notes a use. Where the last one that is written down is long past, this one is written.
    fn used_note(&self, owner: OwnerId, name: &VaultName, at: Timestamp, known: &mut Option<Opener>, mut rows: Rows) {
        self.used.lock().insert((owner, name.clone()), at);
        let written = rows.iter().find(|(entry, _)| entry.name == *name).and_then(|(entry, _)| entry.used_at);
        if written.is_some_and(|written| at.since_ms(written) < USED_EVERY_MS) {
            return;
        }
        self.used_fill(owner, &mut rows);
        if let Err(error) = self.write(owner, known, &rows) {
            tracing::warn!(%error, "when a secret was used could not be written down");
        }
    }
}

impl Vault for SealedVault {
    fn list(&self, owner: OwnerId) -> Result<Vec<VaultEntry>, VaultError> {
        let mut rows = self.read(owner, &mut self.opener.lock())?.unwrap_or_default();
        self.used_fill(owner, &mut rows);
        Ok(rows.into_iter().map(|(entry, _)| entry).collect())
    }

    fn get(
        &self,
        owner: OwnerId,
        name: &VaultName,
        used: Option<Timestamp>,
    ) -> Result<Option<(VaultEntry, SecretText)>, VaultError> {
        let mut known = self.opener.lock();
        let mut rows = self.read(owner, &mut known)?.unwrap_or_default();
        let Ok(at) = rows.binary_search_by(|(entry, _)| entry.name.cmp(name)) else { return Ok(None) };
        let Some(used) = used else { return Ok(Some(rows.swap_remove(at))) };
        let (entry, value) = &rows[at];
        let found = (entry.clone(), SecretText::new(value.expose().to_owned()));
        self.used_note(owner, name, used, &mut known, rows);
        Ok(Some(found))
    }

    fn change(&self, owner: OwnerId, changes: Vec<VaultChange>) -> Result<Vec<VaultChange>, VaultError> {
        let mut known = self.opener.lock();
        let mut rows = self.read(owner, &mut known)?.unwrap_or_default();
        let names: Vec<VaultName> = changes.iter().map(|change| change.name().clone()).collect();
        let back = apply(&mut rows, changes)?;
        if !back.is_empty() {
            // What is kept anew under an old name was not used yet.
            self.used.lock().retain(|(whose, name), _| *whose != owner || !names.contains(name));
            self.used_fill(owner, &mut rows);
            self.write(owner, &mut known, &rows)?;
        }
        Ok(back)
    }

    fn state(&self, owner: OwnerId) -> Result<VaultState, VaultError> {
        let mut known = self.opener.lock();
        let Some(rows) = self.read(owner, &mut known)? else {
            return Ok(VaultState { lock: VaultLock::Absent, entries: 0 });
        };
        let lock = match known.as_ref().map(Opener::way) {
            Some(Way::Passphrase(..)) => VaultLock::Passphrase,
            _ => VaultLock::KeyFile(self.setup.key_file.clone().unwrap_or_default()),
        };
        Ok(VaultState { lock, entries: rows.len() })
    }
}

/// A file's bytes, at most as many as a vault has. `None`: it is not there.
fn file_read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    let failed = |source| VaultError::file("reading", path, source);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Zeroizing::new(Vec::new());
    // One byte more than may be, so that what is too long is seen to be.
    file.take(SEALED_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Puts a file in the place of another, so that there is always one of them, whole.
fn file_replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("it has no folder"))?;
    files::folder_create(folder)?;
    let staged = files::staged(path);
    // Left over from a process that was ended here.
    files::remove_if_there(&staged)?;
    let mut file = files::file_create_new(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fail::fail_point!("vault::after_stage", |_| std::process::abort());
    fs::rename(&staged, path)?;
    fail::fail_point!("vault::after_rename", |_| std::process::abort());
    files::folder_sync(folder)
}
