//! Programs outside: what one of them has read stays with it for an hour, in whichever of its runs that was. A model that reads a
//! private file by one tool and a stranger's page by another may have been told there what to send by a third.

use crate::{
    Kernel,
    run::{Run, commit_failure, store_failure},
    runner::{GuestEnd, GuestFailure},
    servers::denied,
};
use broker::{Demand as _, McpDemand};
use futures_util::{FutureExt as _, future::BoxFuture};
use parking_lot::Mutex;
use protocol::{
    AppName, Arg, Caller, ClientId, ErrorCode, Failure, Labels, OwnerId, QuestionKind, Timestamp, Verbatim, sentence,
};
use serde::{Deserialize, Serialize};
use state::{Batch, Durability, Key, Space};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How long what a program has read stays with it, from the last time that it read something.
const KEPT_MS: u64 = 3_600_000;
/// Its row is written anew only where it holds for so much longer; after an abrupt end it holds for that much more.
const WRITTEN_EVERY_MS: u64 = 60_000;
/// Programs that are remembered without a look into the store.
const CLIENTS_MAX: usize = 256;

/// What is asked at each key that somebody presses, and so of no person.
const COMPLETION: &str = "completion/complete";

/// What stands in both: nobody else may know of it without a person's yes.
const BOTH: Labels = Labels::PRIVATE.join(Labels::STRANGER);

/// What one program has read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Reads {
    /// Until when it counts.
    until: Timestamp,
    /// Where it read it: each app with the labels of what it said.
    by: BTreeMap<AppName, Labels>,
}

impl Reads {
    /// It has read something. Whether the row is to be written anew.
    fn add(&mut self, app: &AppName, labels: Labels, now: Timestamp) -> bool {
        if labels == Labels::NONE {
            return false;
        }
        if self.until <= now {
            self.by.clear();
        }
        let known = self.by.entry(app.clone()).or_default();
        let is_new = !known.contains(labels);
        *known = known.join(labels);
        let until = now.plus_ms(KEPT_MS);
        let is_later = self.until < until;
        if is_new || is_later {
            self.until = self.until.max(until.plus_ms(WRITTEN_EVERY_MS));
        }
        is_new || is_later
    }

    fn labels(&self, now: Timestamp) -> Labels {
        self.of(now, |_| true)
    }

    /// What meets in what it sends to an app: a stranger's words, wherever it read them, and what is private, where the app did
    /// not tell it that itself.
    fn sent_to(&self, app: &AppName, now: Timestamp) -> Labels {
        let is_private = self.of(now, |by| by != app).contains(Labels::PRIVATE);
        let is_strange = self.labels(now).contains(Labels::STRANGER);
        let private = if is_private { Labels::PRIVATE } else { Labels::NONE };
        private.join(if is_strange { Labels::STRANGER } else { Labels::NONE })
    }

    fn of(&self, now: Timestamp, is_meant: impl Fn(&AppName) -> bool) -> Labels {
        if self.until <= now {
            return Labels::NONE;
        }
        let meant = self.by.iter().filter(|(by, _)| is_meant(by));
        meant.fold(Labels::NONE, |all, (_, labels)| all.join(*labels))
    }
}

/// What programs have read, as the store has it too.
#[derive(Debug, Default)]
pub(crate) struct Clients(Mutex<HashMap<(OwnerId, ClientId), Reads>>);

/// Which programs see what a run says, while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Readers(Mutex<Vec<ClientId>>);

impl Readers {
    pub(crate) fn add(&self, client: ClientId) {
        let mut readers = self.0.lock();
        if !readers.contains(&client) {
            readers.push(client);
        }
    }

    fn has(&self, client: ClientId) -> bool {
        self.0.lock().contains(&client)
    }
}

/// What a program brings into a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    /// All that it has read.
    pub(crate) all: Labels,
    /// Of that, what meets in what it sends to this app.
    sent: Labels,
}

impl Carried {
    /// Whether a person has to see what is sent to a server.
    pub(crate) fn asks(self) -> bool {
        self.sent.contains(BOTH)
    }
}

/// What is about to be sent to a server.
#[derive(Debug)]
pub(crate) struct ToServer {
    /// To what of it, in words.
    pub(crate) what: String,
    /// Exactly this.
    pub(crate) content: Verbatim,
}

fn reads_key(owner: OwnerId, client: ClientId) -> Key {
    Key::new(owner, Space::Setting, format!("client-reads/{client}"))
}

impl Kernel {
    /// What the program that asks brings into a run of an app; nothing where it is no program that asks.
    pub(crate) fn client_carries(&self, caller: &Caller, app: &AppName) -> Result<Carried, Failure> {
        let reads = self.client_reads_now(caller)?;
        Ok(reads.map_or_else(Carried::default, |(reads, now)| Carried {
            all: reads.labels(now),
            sent: reads.sent_to(app, now),
        }))
    }

    /// All that the program that asks has read; nothing where it is no program that asks.
    pub(crate) fn client_gathered(&self, caller: &Caller) -> Result<Labels, Failure> {
        Ok(self.client_reads_now(caller)?.map_or(Labels::NONE, |(reads, now)| reads.labels(now)))
    }

    /// What the program that asks has read, with what runs under way have told it.
    fn client_reads_now(&self, caller: &Caller) -> Result<Option<(Reads, Timestamp)>, Failure> {
        let Some(client) = caller.client else { return Ok(None) };
        let mut reads = self.client_reads(caller.owner, client)?;
        let now = self.clock.now();
        for run in self.live.lock().values() {
            if run.owner() == caller.owner && run.readers.has(client) {
                reads.add(&run.app.record.name, run.lease.gathered(), now);
            }
        }
        Ok(Some((reads, now)))
    }

    /// A run has told those programs what it has read that see it.
    pub(crate) fn clients_read(&self, run: &Run, batch: &mut Batch) -> Result<(), Failure> {
        let readers = run.readers.0.lock().clone();
        for client in readers {
            self.client_read((run.owner(), client), &run.app.record.name, run.lease.gathered(), batch)?;
        }
        Ok(())
    }

    /// A program sees what a run said that has ended.
    pub(crate) fn client_sees(&self, caller: &Caller, app: &AppName, labels: Labels) -> Result<(), Failure> {
        let Some(client) = caller.client else { return Ok(()) };
        let mut batch = Batch::new();
        self.client_read((caller.owner, client), app, labels, &mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        self.store.commit(batch, Durability::Lazy).map(drop).map_err(commit_failure)
    }

    fn client_read(
        &self,
        (owner, client): (OwnerId, ClientId),
        app: &AppName,
        labels: Labels,
        batch: &mut Batch,
    ) -> Result<(), Failure> {
        if labels == Labels::NONE {
            return Ok(());
        }
        let loaded = self.client_reads(owner, client)?;
        let now = self.clock.now();
        let mut clients = self.clients.0.lock();
        if clients.len() >= CLIENTS_MAX {
            clients.retain(|_, reads| reads.until > now);
        }
        let reads = clients.entry((owner, client)).or_insert(loaded);
        if reads.add(app, labels, now) {
            let row = serde_json::to_vec(reads).unwrap_or_default();
            batch.put(&reads_key(owner, client), row, reads.labels(now));
        }
        Ok(())
    }

    fn client_reads(&self, owner: OwnerId, client: ClientId) -> Result<Reads, Failure> {
        if let Some(reads) = self.clients.0.lock().get(&(owner, client)) {
            return Ok(reads.clone());
        }
        let entry = self.store.get(&reads_key(owner, client)).map_err(store_failure)?;
        let reads = match entry {
            None => Reads::default(),
            Some(entry) => serde_json::from_slice(&entry.value).map_err(|error| {
                Failure::new(ErrorCode::StoreDamaged, "what a program outside has read cannot be read back")
                    .log(error.to_string())
            })?,
        };
        Ok(self.clients.0.lock().entry((owner, client)).or_insert(reads).clone())
    }

    /// A run that sends something to a server on the word of a program that has read both: once a person has seen what is sent,
    /// and has said yes.
    pub(crate) fn client_ask(
        self: &Arc<Self>,
        run: Arc<Run>,
        sent: ToServer,
        guest: BoxFuture<'static, GuestEnd>,
    ) -> BoxFuture<'static, GuestEnd> {
        let kernel = self.clone();
        let app = run.app.record.name.clone();
        async move {
            let bytes = Arg::Bytes(sent.content.text().len() as u64);
            let said = sentence::ask_client_content(bytes, &sent.what, app.as_str());
            let line = McpDemand::new(app.as_str(), &*sent.what, "").line();
            let kind = QuestionKind::Permission { line, content: Some(sent.content.in_lines()) };
            let until = "an hour after it has read last, it is not asked about any more";
            if sent.what == COMPLETION {
                return denied(format!("{said}: nobody is asked about what is being typed; {until}"));
            }
            match kernel.ask(&run, said.clone(), kind, None).await {
                Ok(Ok((settled, _))) if settled.is_yes() => guest.await,
                Ok(Ok(_)) => denied(format!("the owner said no: {said}; {until}")),
                Ok(Err(rule)) => denied(format!("{said}: {rule}; {until}")),
                Err(end) => GuestEnd { result: Err(GuestFailure::Ended(end)), memory_bytes: 0 },
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn app(name: &str) -> AppName {
        name.parse().unwrap()
    }

    #[test]
    fn what_was_read_in_different_runs_meets_in_what_is_sent() {
        let (mut reads, now) = (Reads::default(), Timestamp(1_000));
        assert!(!reads.add(&app("dice"), Labels::NONE, now), "what has no label is nothing to remember");
        assert!(reads.add(&app("notes"), Labels::PRIVATE, now));
        assert_eq!(reads.sent_to(&app("mail"), now), Labels::PRIVATE);
        assert!(reads.add(&app("web"), Labels::STRANGER, now));
        assert_eq!(reads.labels(now), BOTH);
        for to in ["mail", "web"] {
            assert_eq!(reads.sent_to(&app(to), now), BOTH, "{to}");
        }
        // What notes told goes back to where it is from.
        assert_eq!(reads.sent_to(&app("notes"), now), Labels::STRANGER);
    }

    #[test]
    fn what_one_server_told_goes_back_to_it_and_to_nobody_else() {
        let (mut reads, now) = (Reads::default(), Timestamp(1_000));
        reads.add(&app("files"), BOTH, now);
        assert_eq!(reads.sent_to(&app("files"), now), Labels::STRANGER);
        assert_eq!(reads.sent_to(&app("mail"), now), BOTH);
    }

    #[test]
    fn an_hour_after_the_last_time_it_is_forgotten() {
        let (mut reads, start) = (Reads::default(), Timestamp(1_000));
        reads.add(&app("notes"), Labels::PRIVATE, start);
        let later = start.plus_ms(KEPT_MS - 1);
        assert_eq!(reads.labels(later), Labels::PRIVATE);
        // Reading anything goes on with all of it.
        assert!(reads.add(&app("web"), Labels::STRANGER, later));
        assert_eq!(reads.labels(later.plus_ms(KEPT_MS)), BOTH);
        let end = later.plus_ms(KEPT_MS + WRITTEN_EVERY_MS);
        assert_eq!(reads.labels(end), Labels::NONE);
        assert!(reads.add(&app("web"), Labels::STRANGER, end));
        assert_eq!(reads.labels(end), Labels::STRANGER, "what was forgotten does not come back");
    }

    #[test]
    fn reading_on_and_on_is_not_written_each_time() {
        let (mut reads, start) = (Reads::default(), Timestamp(1_000));
        let written = (0..600_u64).filter(|second| {
            reads.add(&app("notes"), Labels::PRIVATE, start.plus_ms(second * 1_000)) // ten minutes
        });
        assert!((9..=12).contains(&written.count()));
    }
}
