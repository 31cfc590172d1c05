//! What the owner sets for an app: values that fit the schema of its package, shown to its runs. A snapshot has none of
//! them, because `env` cannot be read while an app is activated: so a change holds from the next run on, and what was
//! frozen stays as it is. Secrets are in the vault, and `secrets` knows which there are.

use crate::{
    Kernel,
    apps::LoadedApp,
    journal,
    run::{internal, store_failure},
    secrets::{Secrets, handles_fill, is_at},
};
use package::{InputError, Settings};
use protocol::{
    AppName, AuditEvent, Caller, ErrorCode, Failure, Labels, OwnerId, Right, api::SettingView, sentence, text,
};
use serde_json::{Map, Value};
use state::{Batch, Key, Space};
use std::sync::Arc;

/// What the values of one app may take, as JSON: settings are words and numbers, not data.
pub const SETTINGS_BYTES_MAX: usize = 64 << 10;

/// What is shown of a name that somebody else chose.
const PLACE_CHARS_SHOWN: usize = 60;

type Values = Map<String, Value>;

/// The key of what was set for an app.
pub(crate) fn settings_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Setting, format!("app/{app}"))
}

/// What holds: what was set, else what the package says.
fn in_force(settings: &Settings, set: &Values) -> Values {
    let open = settings.fields.iter().filter(|field| !field.is_secret);
    open.filter_map(|field| {
        let value = set.get(&field.name).or(field.default.as_ref())?;
        Some((field.name.clone(), value.clone()))
    })
    .collect()
}

/// Whether values may hold. Secrets are not among them: what the package asks of these was looked at when they were set.
fn check(settings: &Settings, values: &Values) -> Result<(), InputError> {
    let mut whole = values.clone();
    let secrets = || settings.fields.iter().filter(|field| field.is_secret);
    for secret in secrets().filter(|field| field.is_required) {
        whole.insert(secret.name.clone(), Value::String(String::new()));
    }
    settings.check(&Value::Object(whole)).or_else(|mut error| {
        error.faults.retain(|fault| !secrets().any(|secret| is_at(&fault.pointer, &secret.name)));
        if error.faults.is_empty() { Ok(()) } else { Err(error) }
    })
}

/// Why what was set does not fit, for whoever sets it.
fn refused(app: &AppName, error: &InputError) -> Failure {
    let said = error.faults.iter().map(|fault| match fault.pointer.strip_prefix('/') {
        Some(place) => format!("{}: {}", text::shorten(place, PLACE_CHARS_SHOWN), fault.message),
        None => fault.message.clone(),
    });
    let said: Vec<String> = said.collect();
    Failure::new(ErrorCode::InvalidInput, format!("settings of {app}: {}", said.join("\n"))).hint(hint(app))
}

/// Why nothing can run. It names settings and never a value: whoever starts a run need not be one who may see them, and
/// what begins by itself says so in the log.
fn unfit(app: &AppName, settings: &Settings, values: &Values, error: &InputError) -> Failure {
    let needed = settings.fields.iter().filter(|field| field.is_required && !field.is_secret);
    let missing: Vec<&str> = needed.map(|field| &*field.name).filter(|name| !values.contains_key(*name)).collect();
    let places = error.faults.iter().filter_map(|fault| fault.pointer.strip_prefix('/'));
    let mut wrong: Vec<&str> = places.filter_map(|place| place.split('/').next()).collect();
    wrong.dedup();
    let why = match (&missing[..], &wrong[..]) {
        ([], []) => "what is set does not fit together".to_owned(),
        ([], wrong) => format!("what is set does not fit: {}", wrong.join(", ")),
        (missing, _) => format!("it has to be set first: {}", missing.join(", ")),
    };
    Failure::new(ErrorCode::InvalidInput, format!("{app} cannot run: {why}")).hint(hint(app))
}

/// Why nothing can run without a secret.
fn secret_missing(app: &AppName, missing: &[&str]) -> Failure {
    let message = format!("{app} cannot run: it has to be set first: {}", missing.join(", "));
    let first = text::shorten(missing.first().unwrap_or(&"NAME"), PLACE_CHARS_SHOWN);
    Failure::new(ErrorCode::InvalidInput, message).hint(format!("oikos app settings {app} --secret {first}"))
}

fn hint(app: &AppName) -> String {
    format!("oikos app settings {app} shows what can be set")
}

impl Kernel {
    /// An app's settings, with what holds now.
    pub async fn setting_list(self: &Arc<Self>, caller: &Caller, app: &AppName) -> Result<Vec<SettingView>, Failure> {
        self.require(caller, Right::Read)?;
        let loaded = self.app_load(caller.owner, app).await?;
        self.settings_shown(caller.owner, &loaded)
    }

    /// Sets some of an app's settings; null goes back to what the package says. All of it holds, or nothing.
    pub async fn setting_set(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        changes: Values,
    ) -> Result<Vec<SettingView>, Failure> {
        self.require(&caller, Right::Manage)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            let _changing = kernel.changing.lock();
            // Another version may run by now, with other settings.
            let loaded = kernel.app_again(caller.owner, &loaded)?;
            kernel.settings_change(&caller, &loaded, changes)?;
            kernel.settings_shown(caller.owner, &loaded)
        })
        .await
        .map_err(|_| internal("the settings could not be changed"))?
    }

    /// Whoever calls this holds `changing`.
    fn settings_change(&self, caller: &Caller, app: &LoadedApp, changes: Values) -> Result<(), Failure> {
        let name = &app.record.name;
        let settings = app.package.settings();
        for field in changes.keys() {
            match settings.and_then(|settings| settings.field(field)) {
                // Whoever gives a secret lets an app in somewhere.
                Some(known) if known.is_secret => self.require_word(caller, Right::Manage)?,
                Some(_) => {}
                None => {
                    let shown = text::shorten(field, PLACE_CHARS_SHOWN);
                    let names: Vec<&str> =
                        settings.iter().flat_map(|known| &known.fields).map(|known| &*known.name).collect();
                    let has = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                    let failure = Failure::new(ErrorCode::NotFound, format!("{name} has no setting '{shown}'"));
                    return Err(failure.hint(format!("it has: {has}")));
                }
            }
        }
        let Some(settings) = settings.filter(|_| !changes.is_empty()) else { return Ok(()) };
        let mut set = self.settings_stored(caller.owner, name)?;
        let names: Vec<String> = changes.keys().cloned().collect();
        let mut secrets = Vec::new();
        for (field, value) in changes {
            if settings.field(&field).is_some_and(|known| known.is_secret) {
                secrets.push((field, value));
                continue;
            }
            match value {
                Value::Null => drop(set.remove(&field)),
                value => drop(set.insert(field, value)),
            }
        }
        let held = in_force(settings, &set);
        check(settings, &held).map_err(|error| refused(name, &error))?;
        let row = serde_json::to_vec(&set).unwrap_or_default();
        if row.len() > SETTINGS_BYTES_MAX {
            let most = protocol::Arg::Bytes(SETTINGS_BYTES_MAX as u64);
            return Err(Failure::new(ErrorCode::TooLarge, format!("the settings of {name} are larger than {most}")));
        }
        let mut batch = Batch::new();
        let key = settings_key(caller.owner, name);
        if set.is_empty() {
            batch.delete(&key);
        } else {
            batch.put(&key, row, Labels::NONE);
        }
        // Which, and not to what: a value may be somebody's address.
        let said = sentence::settings_changed(names);
        let said = journal::record(self.clock.now(), caller, AuditEvent::App, Some(name), said);
        journal::append(&mut batch, caller.owner, &said);
        let known = self.secrets_stored(caller.owner, name)?;
        let takes_back = secrets.iter().any(|(field, _)| known.contains_key(field));
        let changes = self.secrets_change(caller.owner, name, settings, &held, secrets, &mut batch)?;
        self.vault_commit(caller.owner, changes, batch)?;
        if takes_back {
            self.programs_take_back(caller.owner, name);
        }
        Ok(())
    }

    fn settings_stored(&self, owner: OwnerId, app: &AppName) -> Result<Values, Failure> {
        let entry = self.store.get(&settings_key(owner, app)).map_err(store_failure)?;
        let Some(entry) = entry else { return Ok(Values::new()) };
        serde_json::from_slice(&entry.value).map_err(|error| {
            Failure::new(ErrorCode::StoreDamaged, format!("the settings of {app} cannot be read"))
                .log(error.to_string())
        })
    }

    fn settings_shown(&self, owner: OwnerId, app: &LoadedApp) -> Result<Vec<SettingView>, Failure> {
        let Some(settings) = app.package.settings() else { return Ok(Vec::new()) };
        let set = self.settings_stored(owner, &app.record.name)?;
        let secrets = self.secrets_stored(owner, &app.record.name)?;
        let values = in_force(settings, &set);
        let shown = settings.fields.iter().map(|field| SettingView {
            name: field.name.clone(),
            title: field.title.clone(),
            description: field.description.clone(),
            schema: settings.schema["properties"][&field.name].clone(),
            value: values.get(&field.name).cloned(),
            is_set: if field.is_secret { secrets.contains_key(&field.name) } else { set.contains_key(&field.name) },
            key: secrets.get(&field.name).and_then(|kept| kept.key().cloned()),
            is_secret: field.is_secret,
            is_required: field.is_required,
        });
        Ok(shown.collect())
    }

    /// What a run is shown; of a secret, how to speak of it. Fails where the app cannot do without something that nobody has
    /// set, and where what was set does not fit a newer version.
    pub(crate) fn settings_of(&self, owner: OwnerId, app: &LoadedApp) -> Result<Option<Values>, Failure> {
        let Some(settings) = app.package.settings() else { return Ok(None) };
        let name = &app.record.name;
        let mut values = in_force(settings, &self.settings_stored(owner, name)?);
        check(settings, &values).map_err(|error| unfit(name, settings, &values, &error))?;
        let secrets = match settings.fields.iter().any(|field| field.is_secret) {
            true => self.secrets_stored(owner, name)?,
            false => Secrets::new(),
        };
        let needed = settings.fields.iter().filter(|field| field.is_secret && field.is_required);
        let missing: Vec<&str> = needed.map(|field| &*field.name).filter(|name| !secrets.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(secret_missing(name, &missing));
        }
        handles_fill(settings, &secrets, &mut values);
        Ok(Some(values))
    }

    /// The same for a hook, which has to be called whatever is not set yet, and is told nothing then.
    pub(crate) fn settings_of_hook(&self, owner: OwnerId, app: &LoadedApp) -> Option<Values> {
        self.settings_of(owner, app).ok().flatten()
    }
}
