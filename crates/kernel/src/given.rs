//! What a program, or a server elsewhere, gets of its app's settings: the text of each, and of secrets what is in the vault.
//! Only what its manifest names, only while a run needs it; and the run's log says which secrets it was given.

use crate::{
    Kernel,
    apps::LoadedApp,
    effect::Said,
    run::{Run, internal},
    runner::GuestFailure,
    secrets::Kept,
    unsaid::Unsaid,
    vault::{bound_elsewhere, vault_failure},
};
use package::{Code, Settings};
use protocol::{AppName, ErrorCode, Failure, OwnerId, SecretText, sentence, text};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What is shown of a setting's name.
const SETTING_CHARS_SHOWN: usize = 60;

/// What it gets.
#[derive(Default)]
pub(crate) struct Given {
    /// Each text by its name.
    pub(crate) texts: BTreeMap<String, SecretText>,
    /// Which of them it is not to say.
    pub(crate) unsaid: Unsaid,
    /// Whether there are any.
    pub(crate) has_secrets: bool,
}

/// What a manifest says of it.
fn written(code: &Code) -> Option<&BTreeMap<String, package::Given>> {
    match code {
        Code::Program(program) => Some(&program.environment),
        Code::Server(server) => Some(&server.headers),
        Code::Script { .. } | Code::Component(_) | Code::Page(_) => None,
    }
}

/// The secret settings that are named there.
fn secrets_named(written: &BTreeMap<String, package::Given>, settings: Option<&Settings>) -> BTreeSet<String> {
    let named = written.values().filter_map(|given| match given {
        package::Given::Setting { setting, .. } => Some(setting),
        package::Given::Text(_) => None,
    });
    let is_secret =
        |setting: &&String| settings.and_then(|known| known.field(setting)).is_some_and(|one| one.is_secret);
    named.filter(is_secret).cloned().collect()
}

/// Why nothing can run without a secret that was there.
fn secret_gone(app: &AppName, setting: &str, kept: &Kept) -> Failure {
    let shown = text::shorten(setting, SETTING_CHARS_SHOWN);
    let (what, command) = match kept.key() {
        Some(key) => (format!("the key {key}, which is its setting '{shown}',"), format!("oikos key add {key}")),
        None => (format!("its setting '{shown}'"), format!("oikos app settings {app} --secret {shown}")),
    };
    let message = format!("{app} cannot run: {what} is not in the vault any more");
    Failure::new(ErrorCode::NotFound, message).hint(format!("put it there again: {command}"))
}

impl Kernel {
    /// What the guest of a run gets. A hook is called whatever is not there: it is told nothing of that.
    pub(crate) async fn given(self: &Arc<Self>, run: &Arc<Run>, is_hook: bool) -> Result<Given, GuestFailure> {
        let app = &run.app;
        let Some(written) = written(app.package.code()) else { return Ok(Given::default()) };
        let named = secrets_named(written, app.package.settings());
        let secrets = match named.is_empty() {
            true => BTreeMap::new(),
            false => {
                let (kernel, of) = (self.clone(), run.clone());
                let found =
                    tokio::task::spawn_blocking(move || kernel.secrets_given(of.owner(), &of.app, &named, is_hook));
                let found = found.await.unwrap_or_else(|_| Err(internal("a secret could not be had")));
                found.map_err(|failure| GuestFailure::Failed(Box::new(failure)))?
            }
        };
        let settings = self.settings_of_hook(run.owner(), app).unwrap_or_default();
        let text = |given: &package::Given| match given {
            package::Given::Text(text) => Some(text.clone()),
            package::Given::Setting { setting, prefix } if is_secret(app, setting) => {
                secrets.get(setting).map(|secret| [prefix, secret.expose()].concat())
            }
            package::Given::Setting { setting, prefix } => match settings.get(setting)? {
                Value::String(text) => Some(format!("{prefix}{text}")),
                Value::Null => None,
                other => Some(format!("{prefix}{other}")),
            },
        };
        let texts = written.iter().filter_map(|(name, given)| Some((name.clone(), SecretText::new(text(given)?))));
        if !secrets.is_empty() {
            let names: Vec<String> = secrets.keys().cloned().collect();
            run.notes.add(Said::Once(sentence::secret_given(names)), None);
        }
        Ok(Given {
            texts: texts.collect(),
            unsaid: Unsaid::of_settings(secrets.iter().map(|(setting, secret)| (&**setting, secret))),
            has_secrets: !secrets.is_empty(),
        })
    }

    /// An app's secret settings of these names, as far as they are set. Blocks.
    fn secrets_given(
        &self,
        owner: OwnerId,
        app: &LoadedApp,
        named: &BTreeSet<String>,
        is_hook: bool,
    ) -> Result<BTreeMap<String, SecretText>, Failure> {
        let app = &app.record.name;
        let mut given = BTreeMap::new();
        let secrets = self.secrets_stored(owner, app)?;
        for (setting, kept) in secrets.into_iter().filter(|(setting, _)| named.contains(setting)) {
            match self.secret_had(owner, app, &setting, &kept) {
                Ok(value) => drop(given.insert(setting, value)),
                Err(failure) if is_hook => {
                    tracing::info!(%app, code = %failure.code, "a hook is called without a secret of its app");
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(given)
    }

    fn secret_had(&self, owner: OwnerId, app: &AppName, setting: &str, kept: &Kept) -> Result<SecretText, Failure> {
        let name = kept.vault_name(app, setting);
        match self.vault.get(owner, &name, Some(self.clock.now())).map_err(vault_failure)? {
            // Its owner may have bound it to hosts since.
            Some((entry, _)) if !entry.hosts.is_empty() => Err(bound_elsewhere(&entry)),
            Some((_, value)) => Ok(value),
            None => Err(secret_gone(app, setting, kept)),
        }
    }
}

fn is_secret(app: &LoadedApp, setting: &str) -> bool {
    app.package.settings().and_then(|settings| settings.field(setting)).is_some_and(|field| field.is_secret)
}
