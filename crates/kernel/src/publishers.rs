//! Publishers: whom the owner trusts, to whom a name belongs, which key came after which.

use crate::{
    Kernel, journal,
    run::{commit_failure, store_failure},
    signer::{Consent, Known, PinRecord, PublisherRecord, Signer, decide, label},
};
use link::{Fingerprint, PublisherKey, Successor};
use package::Package;
use protocol::{
    AppName, AuditEvent, AuditRecord, Caller, ErrorCode, Failure, Labels, OwnerId, PublisherName, Right, Sentence,
    api::PublisherView, sentence, text,
};
use serde::de::DeserializeOwned;
use state::{Batch, Durability, Key, Space};

impl Kernel {
    /// Who signed a package, if that is who may; nothing is written.
    pub(crate) fn signer_of(
        &self,
        owner: OwnerId,
        package: &Package,
        consent: &Consent,
    ) -> Result<Option<Signer>, Failure> {
        let known = self.known(owner, Some(package.name()))?;
        decide(package, &known, consent).map_err(Failure::from)
    }

    /// What is known of publishers, and to whom this name belongs.
    fn known(&self, owner: OwnerId, app: Option<&AppName>) -> Result<Known, Failure> {
        let entries = self.store.scan(owner, Space::Publisher, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        let publishers = entries
            .into_iter()
            .map(|(key, entry)| read(&entry.value, || format!("the record of publisher {key}")))
            .collect::<Result<_, _>>()?;
        let pin = match app {
            None => None,
            Some(app) => self.store.get(&Key::new(owner, Space::Pin, app.as_str())).map_err(store_failure)?,
        };
        let pin =
            pin.map(|entry| read(&entry.value, || "the record of whom a name belongs to".to_owned())).transpose()?;
        Ok(Known { official: self.official, publishers, pin })
    }

    /// Writes down, with an install, whose the name is from now on. The caller holds `changing`.
    pub(crate) fn signer_write(
        &self,
        batch: &mut Batch,
        caller: &Caller,
        package: &Package,
        signer: &Signer,
    ) -> Result<(), Failure> {
        let (owner, app, now) = (caller.owner, package.name(), self.clock.now());
        let known = self.known(owner, Some(app))?;
        for pair in signer.chain.windows(2) {
            self.succession_write(batch, caller, &known, &pair[0], &pair[1]);
        }
        let record = known.publishers.iter().find(|record| record.fingerprint == signer.key.fingerprint());
        let is_official = self.official.key() == signer.key.key();
        if !is_official {
            let before = record.cloned().unwrap_or(PublisherRecord {
                fingerprint: signer.key.fingerprint(),
                key: None,
                name: None,
                since: now,
                succeeded_by: None,
            });
            put_publisher(
                batch,
                owner,
                &PublisherRecord { key: Some(signer.key), name: signer.name.clone(), ..before },
            );
            if record.is_none() && signer.chain.is_empty() {
                let said = sentence::publisher_trusted(signer.label());
                journal::append(batch, owner, &self.publisher_record(caller, None, said));
            }
        }
        let version = &package.manifest().version;
        let newest = match &known.pin {
            Some(pin) if version.cmp_precedence(&pin.newest).is_lt() => pin.newest.clone(),
            _ => version.clone(),
        };
        let is_bound = known.pin.as_ref().is_some_and(|pin| pin.publisher.key() == signer.key.key());
        let since = known.pin.as_ref().map_or(now, |pin| pin.since);
        put(batch, &Key::new(owner, Space::Pin, app.as_str()), &PinRecord { publisher: signer.key, newest, since });
        if !is_bound {
            let said = sentence::publisher_pinned(signer.label());
            journal::append(batch, owner, &self.publisher_record(caller, Some(app), said));
        }
        Ok(())
    }

    /// Writes down that one key came after another, unless that is known.
    fn succession_write(
        &self,
        batch: &mut Batch,
        caller: &Caller,
        known: &Known,
        old: &PublisherKey,
        new: &PublisherKey,
    ) {
        let now = self.clock.now();
        let find = |key: &PublisherKey| known.publishers.iter().find(|known| known.fingerprint == key.fingerprint());
        let fresh = |key: &PublisherKey| PublisherRecord {
            fingerprint: key.fingerprint(),
            key: Some(*key),
            name: None,
            since: now,
            succeeded_by: None,
        };
        let before = find(old).cloned().unwrap_or_else(|| fresh(old));
        if before.succeeded_by.is_some() {
            return;
        }
        if find(new).is_none() {
            put_publisher(batch, caller.owner, &PublisherRecord { name: before.name.clone(), ..fresh(new) });
        }
        put_publisher(batch, caller.owner, &PublisherRecord { succeeded_by: Some(*new), key: Some(*old), ..before });
        let said = sentence::publisher_succeeded(known.label(old), new.fingerprint().to_string());
        journal::append(batch, caller.owner, &self.publisher_record(caller, None, said));
    }

    fn publisher_commit(&self, batch: Batch) -> Result<(), Failure> {
        crate::crash_point("publisher::before_commit");
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        crate::crash_point("publisher::after_commit");
        Ok(())
    }

    fn publisher_record(&self, caller: &Caller, app: Option<&AppName>, said: Sentence) -> AuditRecord {
        journal::record(self.clock.now(), caller, AuditEvent::Publisher, app, said)
    }

    /// Publishers that the owner knows, the project's own key first.
    pub fn publisher_list(&self, caller: &Caller) -> Result<Vec<PublisherView>, Failure> {
        self.require(caller, Right::Read)?;
        let known = self.known(caller.owner, None)?;
        let pins = self.store.scan(caller.owner, Space::Pin, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        let mut owned: Vec<(AppName, Fingerprint)> = Vec::with_capacity(pins.len());
        for (name, entry) in pins {
            let pin: PinRecord = read(&entry.value, || format!("the record of whom {name} belongs to"))?;
            if let Ok(name) = name.parse() {
                owned.push((name, pin.publisher.fingerprint()));
            }
        }
        let apps = |key: Fingerprint| -> Vec<AppName> {
            owned.iter().filter(|(_, of)| *of == key).map(|(name, _)| name.clone()).collect()
        };
        let official = self.official.fingerprint();
        let successor = |record: &PublisherRecord| record.succeeded_by.map(|key| key.fingerprint().to_string());
        let mut views = vec![PublisherView {
            name: None,
            fingerprint: official.to_string(),
            key: Some(self.official.to_string()),
            official: true,
            apps: apps(official),
            succeeded_by: known.publishers.iter().find(|record| record.fingerprint == official).and_then(successor),
            since: None,
        }];
        let mut others: Vec<&PublisherRecord> =
            known.publishers.iter().filter(|record| record.fingerprint != official).collect();
        others.sort_by_key(|record| {
            (record.name.is_none(), record.name.clone(), record.succeeded_by.is_some(), record.fingerprint)
        });
        views.extend(others.into_iter().map(|record| PublisherView {
            name: record.name.clone(),
            fingerprint: record.fingerprint.to_string(),
            key: record.key.map(|key| key.to_string()),
            official: false,
            apps: apps(record.fingerprint),
            succeeded_by: successor(record),
            since: Some(record.since),
        }));
        Ok(views)
    }

    fn publisher_view(&self, caller: &Caller, key: Fingerprint) -> Result<PublisherView, Failure> {
        let found = self.publisher_list(caller)?.into_iter().find(|view| view.fingerprint == key.to_string());
        found
            .ok_or_else(|| Failure::new(ErrorCode::PublisherNotFound, format!("the publisher {key} is not known here")))
    }

    /// Trusts a publisher from now on, by its key or its fingerprint, or gives one that is trusted a name.
    pub fn publisher_trust(
        &self,
        caller: &Caller,
        publisher: &str,
        name: Option<PublisherName>,
    ) -> Result<PublisherView, Failure> {
        self.require_word(caller, Right::Manage)?;
        let (fingerprint, key, given) = read_publisher(publisher)?;
        let _changing = self.changing.lock();
        let known = self.known(caller.owner, None)?;
        let record = known.publishers.iter().find(|record| record.fingerprint == fingerprint);
        if fingerprint == self.official.fingerprint() {
            return self.publisher_view(caller, fingerprint);
        }
        if let Some(by) = record.and_then(|record| record.succeeded_by) {
            let message = format!("{fingerprint} named {} as its successor", known.label(&by));
            return Err(Failure::new(ErrorCode::PublisherSuperseded, message).hint("trust the successor"));
        }
        // What the owner says counts more than what the key's file says, and what holds counts more than that.
        let held = record.and_then(|record| record.name.clone());
        let name = name.or(held).or(given);
        if let Some(name) = &name
            && let Some(holder) = known.name_holder(name, &[fingerprint])
        {
            let message = format!("{fingerprint} cannot be called '{name}': that is {}", holder.fingerprint);
            return Err(Failure::new(ErrorCode::PublisherNameTaken, message).hint("give it another name: --name NAME"));
        }
        let before = record.cloned().unwrap_or(PublisherRecord {
            fingerprint,
            key: None,
            name: None,
            since: self.clock.now(),
            succeeded_by: None,
        });
        let after = PublisherRecord { key: key.or(before.key), name, ..before };
        let mut batch = Batch::new();
        put_publisher(&mut batch, caller.owner, &after);
        let said = sentence::publisher_trusted(label(after.name.as_ref(), fingerprint));
        journal::append(&mut batch, caller.owner, &self.publisher_record(caller, None, said));
        self.publisher_commit(batch)?;
        self.publisher_view(caller, fingerprint)
    }

    /// Learns from statements that publishers changed their keys. Only what begins with a known key is of interest.
    pub fn publisher_import(&self, caller: &Caller, statements: &str) -> Result<PublisherView, Failure> {
        self.require_word(caller, Right::Manage)?;
        let statements = Successor::read_all(statements.as_bytes()).map_err(|error| {
            Failure::from_error(ErrorCode::SuccessorInvalid, &error).hint("ask the publisher for the whole file")
        })?;
        let _changing = self.changing.lock();
        let mut newest = None;
        // One after the other: what the first says is known when the second is looked at.
        for statement in &statements {
            let (old, new) = (statement.old(), statement.new_key());
            let known = self.known(caller.owner, None)?;
            let record = known.publishers.iter().find(|record| record.fingerprint == old.fingerprint());
            if record.is_none() && self.official.key() != old.key() {
                let message = format!("the statement is by {}, which is not known here", old.fingerprint());
                return Err(Failure::new(ErrorCode::PublisherNotFound, message)
                    .hint(format!("a statement says only what its old key is worth: oikos publisher trust {old}")));
            }
            match record.and_then(|record| record.succeeded_by) {
                Some(by) if by.key() != new.key() => {
                    let message = format!(
                        "{} already named {} as its successor, and this statement names {}",
                        known.label(old),
                        known.label(&by),
                        new.fingerprint()
                    );
                    return Err(Failure::new(ErrorCode::SuccessorInvalid, message)
                        .hint("one of the two is not from who you think; ask the publisher in another way"));
                }
                Some(_) => {}
                None => {
                    let mut batch = Batch::new();
                    self.succession_write(&mut batch, caller, &known, old, new);
                    self.publisher_commit(batch)?;
                }
            }
            newest = Some(new.fingerprint());
        }
        let newest = newest.ok_or_else(|| Failure::new(ErrorCode::SuccessorInvalid, "there is no statement in it"))?;
        self.publisher_view(caller, newest)
    }
}

/// A fingerprint, a key in one line, or a key's file with the name that it gives.
fn read_publisher(text: &str) -> Result<(Fingerprint, Option<PublisherKey>, Option<PublisherName>), Failure> {
    if let Ok(fingerprint) = text.trim().parse::<Fingerprint>() {
        return Ok((fingerprint, None, None));
    }
    let read = match text.trim().lines().count() {
        0 | 1 => text.trim().parse::<PublisherKey>().map(|key| (key, None)),
        _ => PublisherKey::read_file(text.as_bytes()),
    };
    let (key, name) = read.map_err(|error| {
        let failure = Failure::from_error(ErrorCode::KeyUnreadable, &error);
        Failure { message: format!("'{}' cannot be trusted: {error}", text::shorten(text.trim(), 80)), ..failure }
            .hint("give a minisign public key (56 characters that begin with RW), its file, or a fingerprint")
    })?;
    Ok((key.fingerprint(), Some(key), name))
}

fn put_publisher(batch: &mut Batch, owner: OwnerId, record: &PublisherRecord) {
    put(batch, &Key::new(owner, Space::Publisher, record.fingerprint.to_string()), record);
}

fn put(batch: &mut Batch, key: &Key, record: &impl serde::Serialize) {
    // A record is made of texts and numbers: it always has a JSON form.
    batch.put(key, serde_json::to_vec(record).unwrap_or_default(), Labels::NONE);
}

fn read<T: DeserializeOwned>(bytes: &[u8], what: impl Fn() -> String) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::new(ErrorCode::StoreDamaged, format!("{} cannot be read", what())).log(error.to_string())
    })
}
