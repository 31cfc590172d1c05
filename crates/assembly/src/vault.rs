//! How a household's vault is opened: by a key that lies beside the person's configuration, or by a passphrase from a file or
//! from whoever sits at the terminal.

use crate::{Config, Oikos, doctor::check, files};
use protocol::{Caller, DeviceId, SecretText, api::DoctorCheck, text};
use state::{PassphraseFor, PassphraseSource, VaultError, VaultLock, VaultSetup};
use std::{fmt, path::Path, path::PathBuf, sync::Arc};

/// A passphrase is shorter.
const FILE_BYTES_MAX: usize = 4 << 10;
const HINT: &str = "[vault] passphrase_file in the configuration file names it";

/// What opens a household's vault.
#[derive(Clone, Debug, Default)]
pub struct VaultKeys {
    /// Where keys of the person at this machine lie, one for each home: never in a home, and never granted to an app.
    pub keys: Option<PathBuf>,
    /// Where this home's key lies instead.
    pub key_file: Option<PathBuf>,
    /// A file whose first line is the passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// Whether it is sealed under a passphrase; as it is, where nothing is said of it.
    pub is_under_passphrase: Option<bool>,
    /// Whom to ask for a passphrase that is in no file.
    pub ask: Option<AskVaultPassphrase>,
}

/// Asks a person for the vault's passphrase: for a new one, where the first argument says so.
#[derive(Clone)]
pub struct AskVaultPassphrase(Arc<dyn Fn(bool) -> Option<SecretText> + Send + Sync>);

impl AskVaultPassphrase {
    /// By this.
    pub fn new(ask: impl Fn(bool) -> Option<SecretText> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl fmt::Debug for AskVaultPassphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskVaultPassphrase")
    }
}

/// The set-up of the vault of this device.
pub(crate) fn setup(config: &Config, device: DeviceId) -> VaultSetup {
    let keys = &config.vault;
    let usual = keys.keys.as_ref().map(|folder| folder.join(format!("{device}.key")));
    VaultSetup {
        key_file: keys.key_file.clone().or(usual),
        passphrase: passphrase(keys),
        seals_by_passphrase: keys.is_under_passphrase,
    }
}

fn passphrase(keys: &VaultKeys) -> Option<PassphraseSource> {
    if let Some(path) = keys.passphrase_file.clone() {
        return Some(Arc::new(move |_| from_file(&path).map(Some)));
    }
    let AskVaultPassphrase(ask) = keys.ask.clone()?;
    Some(Arc::new(move |wanted| Ok(ask(wanted == PassphraseFor::Sealing))))
}

/// The first line of a private file.
fn from_file(path: &Path) -> Result<SecretText, VaultError> {
    let written = files::read_secret(path, FILE_BYTES_MAX, HINT).map_err(|failure| VaultError::PassphraseFile {
        message: failure.message,
        hint: failure.hint.unwrap_or_else(|| HINT.to_owned()),
    })?;
    let written = SecretText::new(written);
    let first = written.expose().lines().next().unwrap_or_default();
    Ok(SecretText::new(first.to_owned()))
}

/// How the caller's vault is, and what to do about it.
pub(crate) fn row(oikos: &Oikos, caller: &Caller) -> DoctorCheck {
    match oikos.vault.state(caller.owner) {
        Ok(state) => {
            let secrets = text::count(state.entries, "secret");
            let finding = match state.lock {
                VaultLock::Absent => "nothing is in it".to_owned(),
                VaultLock::KeyFile(path) => {
                    format!("{secrets}, sealed under the key at {}", text::escape(&path.to_string_lossy()))
                }
                VaultLock::Passphrase => format!("{secrets}, sealed under a passphrase"),
            };
            check("vault", true, finding, None)
        }
        Err(error) => check("vault", false, error.to_string(), Some(&error.hint())),
    }
}

impl Oikos {
    /// Opens the first owner's vault, if there is one: whoever is to be asked for its passphrase is there now.
    pub fn vault_open(&self) -> Result<(), protocol::Failure> {
        self.vault.state(protocol::OwnerId::LOCAL).map(drop).map_err(|error| {
            let hint = error.hint();
            protocol::Failure::from_error(error.code(), &error).hint(hint)
        })
    }
}
