//! Which settings of an app are secrets, and where each is kept: not here. The store has their names and never a value.

use crate::{
    Kernel,
    handles::handle_text,
    run::store_failure,
    vault::{bound_elsewhere, value_check, vault_failure},
};
use package::Settings;
use protocol::{AppName, ErrorCode, Failure, KeyName, OwnerId, SecretText, text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::{Batch, Key, Space, VaultChange, VaultEntry, VaultName};
use std::collections::BTreeMap;

/// What stands before an app's name in the key of its secrets.
const SECRETS_PREFIX: &str = "secrets/";

/// Where a secret setting is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kept {
    /// As one of its own.
    Vault,
    /// As this key.
    Key(KeyName),
}

/// An app's secret settings that are set, by name.
pub(crate) type Secrets = BTreeMap<String, Kept>;

impl Kept {
    /// The key that it is.
    pub(crate) fn key(&self) -> Option<&KeyName> {
        match self {
            Self::Vault => None,
            Self::Key(name) => Some(name),
        }
    }

    /// What it is called in the vault.
    pub(crate) fn vault_name(&self, app: &AppName, setting: &str) -> VaultName {
        match self {
            Self::Vault => VaultName::setting(app, setting),
            Self::Key(name) => VaultName::Key(name.clone()),
        }
    }
}

/// The key of an app's secrets.
pub(crate) fn secrets_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Setting, format!("{SECRETS_PREFIX}{app}"))
}

/// What an app's runs are shown in the place of its secrets: how to speak of them.
pub(crate) fn handles_fill(settings: &Settings, secrets: &Secrets, values: &mut Map<String, Value>) {
    for field in settings.fields.iter().filter(|field| field.is_secret && secrets.contains_key(&field.name)) {
        values.insert(field.name.clone(), Value::String(handle_text(&field.name)));
    }
}

/// What an owner says of a secret setting.
enum Said {
    Value(SecretText),
    Key(KeyName),
    Nothing,
}

impl Said {
    /// Takes it out of what was sent.
    fn read(app: &AppName, setting: &str, value: Value) -> Result<Self, Failure> {
        let shown = text::shorten(setting, 60);
        match value {
            Value::Null => Ok(Self::Nothing),
            Value::String(value) => Ok(Self::Value(SecretText::new(value))),
            Value::Object(mut object) if object.len() == 1 && object.contains_key("key") => {
                let name = object.remove("key").unwrap_or_default();
                let name = name.as_str().and_then(|name| name.parse().ok());
                name.map(Self::Key).ok_or_else(|| {
                    Failure::new(ErrorCode::InvalidInput, format!("'{shown}': this is no name of a key"))
                        .hint("oikos key list shows yours")
                })
            }
            _ => Err(Failure::new(
                ErrorCode::InvalidInput,
                format!("'{shown}' of {app} is a secret, and that is a text"),
            )),
        }
    }
}

impl Kernel {
    /// An app's secret settings that are set.
    pub(crate) fn secrets_stored(&self, owner: OwnerId, app: &AppName) -> Result<Secrets, Failure> {
        let entry = self.store.get(&secrets_key(owner, app)).map_err(store_failure)?;
        let Some(entry) = entry else { return Ok(Secrets::new()) };
        serde_json::from_slice(&entry.value).map_err(|error| {
            Failure::new(ErrorCode::StoreDamaged, format!("the secret settings of {app} cannot be read"))
                .log(error.to_string())
        })
    }

    /// The secret settings that are set of each app that has some.
    pub(crate) fn secrets_all(&self, owner: OwnerId) -> Result<Vec<(AppName, Secrets)>, Failure> {
        let rows =
            self.store.scan(owner, Space::Setting, SECRETS_PREFIX, None, crate::SCAN_MAX).map_err(store_failure)?;
        let read = |(key, entry): (String, state::Entry)| {
            let app = key.strip_prefix(SECRETS_PREFIX)?.parse().ok()?;
            Some((app, serde_json::from_slice(&entry.value).unwrap_or_default()))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// What is to be done for new values of an app's secret settings: in the vault, and in the store. Whoever calls this
    /// holds `changing`.
    pub(crate) fn secrets_change(
        &self,
        owner: OwnerId,
        app: &AppName,
        settings: &Settings,
        in_force: &Map<String, Value>,
        said: Vec<(String, Value)>,
        batch: &mut Batch,
    ) -> Result<Vec<VaultChange>, Failure> {
        let mut secrets = self.secrets_stored(owner, app)?;
        let mut changes = Vec::new();
        if said.is_empty() {
            return Ok(changes);
        }
        for (setting, value) in said {
            let before = secrets.remove(&setting);
            let after = match Said::read(app, &setting, value)? {
                Said::Nothing => None,
                Said::Key(name) => {
                    self.key_fits(owner, &name)?;
                    Some((Kept::Key(name), None))
                }
                Said::Value(value) => {
                    value_check(&value, false)?;
                    secret_fits(app, settings, in_force, &setting, &value)?;
                    Some((Kept::Vault, Some(value)))
                }
            };
            if before == Some(Kept::Vault) && !matches!(after, Some((Kept::Vault, _))) {
                changes.push(VaultChange::Remove(VaultName::setting(app, &setting)));
            }
            let Some((kept, value)) = after else { continue };
            if let Some(value) = value {
                let entry = VaultEntry::new(VaultName::setting(app, &setting), self.clock.now());
                changes.push(VaultChange::Put(entry, value));
            }
            secrets.insert(setting, kept);
        }
        let key = secrets_key(owner, app);
        match secrets.is_empty() {
            true => batch.delete(&key),
            false => batch.put(&key, serde_json::to_vec(&secrets).unwrap_or_default(), protocol::Labels::NONE),
        };
        Ok(changes)
    }

    /// Whether a key can be a setting: a program that has it can send it anywhere.
    fn key_fits(&self, owner: OwnerId, name: &KeyName) -> Result<(), Failure> {
        let known = self.vault.list(owner).map_err(vault_failure)?;
        match known.iter().find(|entry| entry.name == VaultName::Key(name.clone())) {
            None => Err(Failure::new(ErrorCode::NotFound, format!("there is no key called {name}"))
                .hint("oikos key list shows yours")),
            Some(entry) if !entry.hosts.is_empty() => Err(bound_elsewhere(entry)),
            Some(_) => Ok(()),
        }
    }

    /// What takes an app's secrets out of the vault. A vault that does not open is no reason to keep an app: then they stay
    /// sealed, and the log says so.
    pub(crate) fn secrets_erase(&self, owner: OwnerId, app: &AppName) -> Result<(), Failure> {
        if !self.secrets_stored(owner, app).is_ok_and(|secrets| secrets.values().any(|kept| *kept == Kept::Vault)) {
            return Ok(());
        }
        let known = self.vault.list(owner).map_err(vault_failure)?;
        let own = known.into_iter().map(|entry| entry.name).filter(|name| name.is_of(app));
        self.vault.change(owner, own.map(VaultChange::Remove).collect()).map(drop).map_err(vault_failure)
    }
}

/// Whether a value is what the package asks for. What is wrong is said without the value.
fn secret_fits(
    app: &AppName,
    settings: &Settings,
    in_force: &Map<String, Value>,
    setting: &str,
    value: &SecretText,
) -> Result<(), Failure> {
    let mut whole = in_force.clone();
    whole.insert(setting.to_owned(), Value::String(value.expose().to_owned()));
    let is_its_own = |pointer: &str| is_at(pointer, setting);
    match settings.check(&Value::Object(whole)) {
        Err(error) if error.faults.iter().any(|fault| is_its_own(&fault.pointer)) => {
            let shown = text::shorten(setting, 60);
            let message = format!("'{shown}' of {app} does not have the length or the form that the package asks for");
            Err(Failure::new(ErrorCode::InvalidInput, message))
        }
        _ => Ok(()),
    }
}

/// Whether a JSON Pointer leads to a property of this name, or into it.
pub(crate) fn is_at(pointer: &str, property: &str) -> bool {
    let first = pointer.strip_prefix('/').and_then(|rest| rest.split('/').next());
    first.is_some_and(|first| first.replace("~1", "/").replace("~0", "~") == property)
}
