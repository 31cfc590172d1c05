//! Secrets: the owner keeps and forgets them, apps have them sent or get them as their settings. What is said of it names
//! them and never holds one.

use crate::{
    Kernel,
    handles::{HeldSecrets, handles_of},
    host::{permit_ask, refuse},
    host_call::{GuestError, HostError, HttpCall},
    journal,
    run::{Run, commit_failure, internal},
    secrets::Kept,
};
use broker::{Decision, SecretBound, SecretDemand, WebUrl, secret_host_read};
use protocol::{
    AppName, AuditEvent, Caller, ErrorCode, Failure, GrantState, KeyName, OwnerId, Right, Scope, SecretText, ShownOnce,
    api::KeyView, sentence,
};
use state::{Batch, Durability, SECRET_NOTE_BYTES_MAX, VaultChange, VaultEntry, VaultError, VaultName};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A vault's error, for whoever asked for something of theirs.
pub(crate) fn vault_failure(error: VaultError) -> Failure {
    let hint = error.hint();
    Failure::from_error(error.code(), &error).hint(hint)
}

impl Kernel {
    /// Keeps a secret. It is the owner's own word, as everything is that lets others in.
    pub fn key_add(
        &self,
        caller: &Caller,
        name: KeyName,
        value: ShownOnce,
        hosts: &[String],
        note: String,
        replace: bool,
    ) -> Result<KeyView, Failure> {
        self.require_word(caller, Right::Manage)?;
        let (owner, value) = (caller.owner, SecretText::from(value));
        let hosts: BTreeSet<String> =
            hosts.iter().map(|host| secret_host_read(host)).collect::<Result<_, _>>().map_err(|error| {
                Failure::from_error(ErrorCode::Usage, &error).hint("write HOST, HOST:PORT or *.HOST")
            })?;
        value_check(&value, !hosts.is_empty())?;
        if note.len() > SECRET_NOTE_BYTES_MAX {
            let message = format!("a note may have {SECRET_NOTE_BYTES_MAX} bytes");
            return Err(Failure::new(ErrorCode::TooLarge, message));
        }
        let _changing = self.changing.lock();
        let vault_name = VaultName::Key(name.clone());
        let known = self.vault.list(owner).map_err(vault_failure)?;
        let is_known = known.iter().any(|entry| entry.name == vault_name);
        if is_known && !replace {
            return Err(Failure::new(ErrorCode::Conflict, format!("there is a key called {name} already"))
                .hint(format!("oikos key add {name} --replace puts another value in its place")));
        }
        let entry =
            VaultEntry { hosts: hosts.into_iter().collect(), note, ..VaultEntry::new(vault_name, self.clock.now()) };
        let said = match (is_known, entry.hosts.is_empty()) {
            (false, false) => sentence::key_added(name.as_str(), entry.hosts.clone()),
            (false, true) => sentence::key_added_plain(name.as_str()),
            (true, false) => sentence::key_replaced(name.as_str(), entry.hosts.clone()),
            (true, true) => sentence::key_replaced_plain(name.as_str()),
        };
        let mut batch = Batch::new();
        let said = journal::record(self.clock.now(), caller, AuditEvent::Access, None, said);
        journal::append(&mut batch, owner, &said);
        self.vault_commit(owner, vec![VaultChange::Put(entry.clone(), value)], batch)?;
        self.key_take_back(owner, &name)?;
        Ok(self.key_view(entry, &self.key_users(owner)?))
    }

    /// Secrets, without their values.
    pub fn key_list(&self, caller: &Caller) -> Result<Vec<KeyView>, Failure> {
        self.require(caller, Right::Read)?;
        let entries = self.vault.list(caller.owner).map_err(vault_failure)?;
        let users = self.key_users(caller.owner)?;
        Ok(entries.into_iter().map(|entry| self.key_view(entry, &users)).collect())
    }

    /// Forgets a secret.
    pub fn key_remove(&self, caller: &Caller, name: &KeyName) -> Result<(), Failure> {
        self.require_word(caller, Right::Manage)?;
        let _changing = self.changing.lock();
        let vault_name = VaultName::Key(name.clone());
        let known = self.vault.list(caller.owner).map_err(vault_failure)?;
        if !known.iter().any(|entry| entry.name == vault_name) {
            let failure = Failure::new(ErrorCode::NotFound, format!("there is no key called {name}"));
            return Err(failure.hint("oikos key list shows yours"));
        }
        let mut batch = Batch::new();
        let said = sentence::key_removed(name.as_str());
        let said = journal::record(self.clock.now(), caller, AuditEvent::Access, None, said);
        journal::append(&mut batch, caller.owner, &said);
        self.vault_commit(caller.owner, vec![VaultChange::Remove(vault_name)], batch)?;
        self.key_take_back(caller.owner, name)
    }

    /// What a key was is nothing any more: programs that know it as a setting are ended.
    fn key_take_back(&self, owner: OwnerId, name: &KeyName) -> Result<(), Failure> {
        for (app, secrets) in self.secrets_all(owner)? {
            if secrets.values().any(|kept| kept.key() == Some(name)) {
                self.programs_take_back(owner, &app);
            }
        }
        Ok(())
    }

    /// Changes the vault, and the store with it. Where the store refuses, the vault is put back.
    pub(crate) fn vault_commit(&self, owner: OwnerId, changes: Vec<VaultChange>, batch: Batch) -> Result<(), Failure> {
        let back = match changes.is_empty() {
            // Whoever changes no secret needs no vault.
            true => Vec::new(),
            false => self.vault.change(owner, changes).map_err(vault_failure)?,
        };
        crate::crash_point("vault::before_commit");
        self.store.commit(batch, Durability::Synced).map(drop).map_err(|error| {
            if !back.is_empty()
                && let Err(error) = self.vault.change(owner, back)
            {
                tracing::error!(%error, "a change of the vault could not be taken back");
            }
            commit_failure(error)
        })
    }

    fn key_view(&self, entry: VaultEntry, users: &BTreeMap<String, BTreeSet<AppName>>) -> KeyView {
        let apps = match &entry.name {
            VaultName::Key(name) => users.get(name.as_str()).into_iter().flatten().cloned().collect(),
            VaultName::Setting { app, .. } => vec![app.clone()],
        };
        let VaultEntry { name, hosts, note, created_at, used_at } = entry;
        KeyView { name: name.to_string(), hosts, note, apps, created_at, used_at }
    }

    /// Apps that may use a key, by the key's name: its scope is not blocked, or a setting of theirs is that key.
    fn key_users(&self, owner: OwnerId) -> Result<BTreeMap<String, BTreeSet<AppName>>, Failure> {
        let mut users: BTreeMap<String, BTreeSet<AppName>> = BTreeMap::new();
        let now = self.clock.now();
        for (app, grants) in self.grants_stored_all(owner)? {
            let Ok(app) = app.parse::<AppName>() else { continue };
            for scope in &grants.requested {
                let Scope::Secret { name, .. } = scope else { continue };
                let grant = grants.effective(&scope.line(), now, None);
                if grant.is_some_and(|grant| grant.state != GrantState::Block) {
                    users.entry(name.clone()).or_default().insert(app.clone());
                }
            }
        }
        for (app, secrets) in self.secrets_all(owner)? {
            for key in secrets.values().filter_map(Kept::key) {
                users.entry(key.to_string()).or_default().insert(app.clone());
            }
        }
        Ok(users)
    }
}

/// Whether a value can be kept, and sent in a header if that is what it is for. Nothing is said of what it is.
pub(crate) fn value_check(value: &SecretText, is_sent: bool) -> Result<(), Failure> {
    let value = value.expose();
    if value.is_empty() {
        return Err(Failure::new(ErrorCode::InvalidInput, "a secret has at least one character"));
    }
    if value.len() > state::SECRET_BYTES_MAX {
        let most = protocol::Arg::Bytes(state::SECRET_BYTES_MAX as u64);
        return Err(Failure::new(ErrorCode::TooLarge, format!("a secret has at most {most}")));
    }
    if is_sent && !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let message = "what is sent to a host is one line of plain characters, as a header takes it";
        return Err(Failure::new(ErrorCode::InvalidInput, message));
    }
    Ok(())
}

/// A key that goes to its hosts is not handed to a program, which could send it anywhere.
pub(crate) fn bound_elsewhere(entry: &VaultEntry) -> Failure {
    let (name, hosts) = (&entry.name, entry.hosts.join(", "));
    let message = format!("the key {name} goes to {hosts} and nowhere else, so it is no setting of an app");
    Failure::new(ErrorCode::PermissionDenied, message)
        .hint("give the setting a value of its own, or add a key without --host")
}

/// The secrets that a request speaks of, each decided for the host that it goes to.
pub(crate) async fn secrets_for_request(
    kernel: &Arc<Kernel>,
    run: &Arc<Run>,
    call: &HttpCall,
) -> Result<HeldSecrets, HostError> {
    let mut held = BTreeMap::new();
    for name in handles_of(call)? {
        let url = WebUrl::parse(&call.url)
            .map_err(|error| GuestError::new(ErrorCode::InvalidInput, format!("http.fetch: {error}")))?;
        let (looking, whose) = (kernel.clone(), run.clone());
        let called = name.clone();
        let found = tokio::task::spawn_blocking(move || looking.secret_find(&whose, &called)).await;
        let (vault_name, bound) = found.map_err(|_| internal_guest())??;
        let demand = SecretDemand { name: name.clone(), url, bound };
        let permit = match kernel.broker.decide(&run.lease, demand, kernel.clock.now()) {
            Decision::Permit(permit) => permit,
            Decision::Denied(denied) => return Err(refuse(kernel, run, *denied)),
            Decision::Ask(ask) => permit_ask(kernel, run, *ask).await?,
        };
        let (taking, owner) = (kernel.clone(), run.owner());
        let taken = tokio::task::spawn_blocking(move || {
            // What the permit was for, and no other.
            let _permit = permit;
            taking.vault.get(owner, &vault_name, Some(taking.clock.now()))
        });
        let taken = taken.await.map_err(|_| internal_guest())?.map_err(|error| locked(&name, &error))?;
        let Some((_, value)) = taken else { return Err(absent(&name).into()) };
        held.insert(name, value);
    }
    Ok(HeldSecrets::new(held))
}

impl Kernel {
    /// What an app means by a name: the setting of its own, else the key of its owner.
    fn secret_find(&self, run: &Run, name: &str) -> Result<(VaultName, SecretBound), GuestError> {
        let (owner, app) = (run.owner(), run.lease.app());
        let secrets =
            self.secrets_stored(owner, app).map_err(|failure| GuestError::new(failure.code, failure.message))?;
        let kept = secrets.get(name);
        let vault_name = match kept {
            Some(kept) => kept.vault_name(app, name),
            None => VaultName::Key(name.parse().map_err(|_| absent(name))?),
        };
        if kept == Some(&Kept::Vault) {
            return Ok((vault_name, SecretBound::Card));
        }
        let entries = self.vault.list(owner).map_err(|error| locked(name, &error))?;
        match entries.into_iter().find(|entry| entry.name == vault_name) {
            // A setting that is a key goes where the card says, unless its owner has bound it to hosts since.
            Some(entry) if kept.is_some() && entry.hosts.is_empty() => Ok((vault_name, SecretBound::Card)),
            Some(entry) => Ok((vault_name, SecretBound::Hosts(entry.hosts))),
            // Of what it never asked for, the broker says that. What there is or not is not told.
            None if !self.asks_for_secret(run, name) => Ok((vault_name, SecretBound::Hosts(Vec::new()))),
            None => Err(absent(name)),
        }
    }

    fn asks_for_secret(&self, run: &Run, name: &str) -> bool {
        let grants = self.broker.grants_of(&run.lease);
        grants.requested.iter().any(|scope| matches!(scope, Scope::Secret { name: asked, .. } if asked == name))
    }
}

/// What an app reads of a vault that does not open: where its key lies is none of its business.
fn locked(name: &str, error: &VaultError) -> GuestError {
    tracing::warn!(code = %error.code(), "a secret could not be had");
    let shown = protocol::text::shorten(name, 80);
    GuestError::new(error.code(), format!("the secret {shown} cannot be had: the vault does not open (oikos doctor)"))
}

fn absent(name: &str) -> GuestError {
    let shown = protocol::text::shorten(name, 80);
    let message =
        format!("there is no secret {shown} in the vault; to put it there: oikos key add {shown} --host HOST");
    GuestError::new(ErrorCode::NotFound, message)
}

fn internal_guest() -> GuestError {
    let failure = internal("oikos failed while it worked on this call");
    GuestError::new(failure.code, failure.message)
}
