//! What a run did, gathered until its end: many small reads become one sentence, a flood of denials becomes a count.

use crate::{effect::Said, journal};
use broker::{Basis, Lease, StorageVerb};
use parking_lot::Mutex;
use protocol::{Arg, AuditEvent, AuditRecord, BoxFact, EffectState, Sentence, Timestamp, api::HostUse, sentence};
use std::collections::{BTreeMap, BTreeSet};

/// Different things whose reads are told one by one; the rest is counted.
const READS_TOLD_MAX: usize = 200;
/// Sentences about effects that a run's report carries.
const SAID_MAX: usize = 500;
/// After so many noes a run is not asked for any more: a person who is nagged says yes in the end.
const REFUSED_MAX: usize = 8;
/// Different denials that are recorded; the same again is counted.
const DENIALS_TOLD_MAX: usize = 100;

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    reads: BTreeMap<String, Read>,
    reads_untold: u64,
    stored: BTreeMap<u8, Stored>,
    sent: BTreeMap<String, Stored>,
    denials: BTreeMap<String, u64>,
    said: Vec<Sentence>,
    once: Vec<(Sentence, Option<Basis>)>,
    changes: u64,
    exchanged: Vec<HostUse>,
    /// What a person said no to, or did not answer.
    refused: BTreeSet<String>,
    /// Secrets that were sent, and where to.
    secrets: BTreeSet<String>,
    /// How the program that served it was kept.
    kept: Vec<BoxFact>,
}

#[derive(Debug)]
struct Read {
    bytes: u64,
    times: u64,
    basis: Option<Basis>,
}

#[derive(Debug, Default)]
struct Stored {
    keys: u64,
    bytes: u64,
    basis: Option<Basis>,
}

impl Notes {
    /// How the program that serves the run is kept: the last that did, where one took over from another.
    pub(crate) fn keep(&self, facts: &[BoxFact]) {
        self.0.lock().kept = facts.to_vec();
    }

    /// How the program that served it was kept.
    pub(crate) fn kept(&self) -> Vec<BoxFact> {
        self.0.lock().kept.clone()
    }

    /// An effect that only read or stored.
    pub(crate) fn add(&self, said: Said, basis: Option<&Basis>) {
        let mut inner = self.0.lock();
        match said {
            Said::Once(sentence) => {
                if inner.once.len() < SAID_MAX {
                    inner.once.push((sentence, basis.cloned()));
                } else {
                    inner.reads_untold += 1;
                }
            }
            Said::Read { what, bytes } => {
                if let Some(read) = inner.reads.get_mut(&what) {
                    read.bytes += bytes;
                    read.times += 1;
                } else if inner.reads.len() < READS_TOLD_MAX {
                    inner.reads.insert(what, Read { bytes, times: 1, basis: basis.cloned() });
                } else {
                    inner.reads_untold += 1;
                }
            }
            Said::Event { topic, bytes } => {
                // What an app may send is bounded, and with it how many topics there are.
                let sent = inner.sent.entry(topic).or_default();
                sent.keys += 1;
                sent.bytes += bytes;
                sent.basis = sent.basis.take().or_else(|| basis.cloned());
            }
            Said::Storage { verb, keys, bytes } => {
                // Looking at keys and at values is told as one thing; an empty look is not told.
                let verb = if verb == StorageVerb::List { StorageVerb::Get } else { verb };
                if keys == 0 {
                    return;
                }
                let stored = inner.stored.entry(verb as u8).or_default();
                stored.keys += keys;
                stored.bytes += bytes;
                stored.basis = stored.basis.take().or_else(|| basis.cloned());
            }
        }
    }

    /// What was exchanged with hosts, at the run's end.
    pub(crate) fn add_exchanged(&self, exchanged: Vec<HostUse>) {
        self.0.lock().exchanged = exchanged;
    }

    /// The same again.
    pub(crate) fn exchanged(&self) -> Vec<HostUse> {
        self.0.lock().exchanged.clone()
    }

    /// An effect that was announced: it has its own records already.
    pub(crate) fn add_settled(&self, said: Sentence, state: EffectState, can_be_undone: bool) {
        let mut inner = self.0.lock();
        inner.changes += u64::from(can_be_undone && state != EffectState::NotDone);
        if inner.said.len() < SAID_MAX {
            inner.said.push(said);
        }
    }

    /// A secret is about to be sent. Whether that is the first time in this run: that is told, and the same again is not.
    pub(crate) fn add_secret(&self, said: &Sentence) -> bool {
        let mut inner = self.0.lock();
        // As many as there are secrets and hosts; an app cannot make more of either.
        let is_first = inner.secrets.insert(said.to_string());
        if is_first && inner.said.len() < SAID_MAX {
            inner.said.push(said.clone());
        }
        is_first
    }

    /// A person said no to this, or did not answer.
    pub(crate) fn add_refused(&self, said: &Sentence) {
        self.0.lock().refused.insert(said.to_string());
    }

    /// Whether a person need not be asked: they said no to just this, or to many things.
    pub(crate) fn is_refused(&self, said: &Sentence) -> bool {
        let inner = self.0.lock();
        inner.refused.len() >= REFUSED_MAX || inner.refused.contains(&said.to_string())
    }

    /// Whether a denial is told now; the same one again is only counted.
    pub(crate) fn add_denial(&self, said: &Sentence) -> bool {
        self.add_denials(said, 1)
    }

    /// The same of what was refused so often.
    pub(crate) fn add_denials(&self, said: &Sentence, times: u64) -> bool {
        let mut inner = self.0.lock();
        let text = said.to_string();
        if let Some(count) = inner.denials.get_mut(&text) {
            *count += times;
            return false;
        }
        let is_told = inner.denials.len() < DENIALS_TOLD_MAX;
        if is_told {
            inner.denials.insert(text, times);
            if inner.said.len() < SAID_MAX {
                inner.said.push(said.clone());
            }
        } else {
            *inner.denials.entry(String::new()).or_default() += times;
        }
        is_told
    }

    /// How many changes there were that could be taken back.
    pub(crate) fn changes(&self) -> u64 {
        self.0.lock().changes
    }

    /// Everything in words, for the report.
    pub(crate) fn said(&self) -> Vec<Sentence> {
        let inner = self.0.lock();
        let mut said = inner.said.clone();
        said.extend(inner.gathered().map(|(sentence, _)| sentence));
        said.truncate(SAID_MAX);
        said
    }

    /// The records that are written at the end of the run.
    pub(crate) fn records(&self, at: Timestamp, lease: &Lease) -> Vec<AuditRecord> {
        let inner = self.0.lock();
        let mut records: Vec<AuditRecord> = inner
            .gathered()
            .map(|(said, basis)| journal::effect_record(at, lease, AuditEvent::Read, said, basis, None))
            .collect();
        let repeated: u64 =
            inner.denials.iter().map(|(text, count)| if text.is_empty() { *count } else { count - 1 }).sum();
        if repeated > 0 {
            let said = sentence::denied_again(repeated);
            records.push(journal::run_record(at, lease, AuditEvent::Denied, said));
        }
        records
    }
}

impl Inner {
    fn gathered(&self) -> impl Iterator<Item = (Sentence, Option<&Basis>)> {
        let once = self.once.iter().map(|(sentence, basis)| (sentence.clone(), basis.as_ref()));
        let reads = self.reads.iter().map(|(what, read)| {
            let said = match read.times {
                1 => sentence::file_read(what, Arg::Bytes(read.bytes)),
                times => sentence::file_read_times(what, Arg::Bytes(read.bytes), times),
            };
            (said, read.basis.as_ref())
        });
        let stored = self.stored.iter().map(|(verb, stored)| {
            let said = match *verb {
                verb if verb == StorageVerb::Set as u8 => {
                    sentence::storage_wrote(stored.keys, Arg::Bytes(stored.bytes))
                }
                verb if verb == StorageVerb::Delete as u8 => sentence::storage_deleted(stored.keys),
                _ => sentence::storage_read(stored.keys),
            };
            (said, stored.basis.as_ref())
        });
        let sent = self
            .sent
            .iter()
            .map(|(topic, sent)| (sentence::event_sent(topic, sent.keys, Arg::Bytes(sent.bytes)), sent.basis.as_ref()));
        let untold = (self.reads_untold > 0).then(|| (sentence::run_ended_many(self.reads_untold), None));
        let exchanged = self.exchanged.iter().map(|used| (used.sentence(), None));
        once.chain(reads).chain(stored).chain(sent).chain(untold).chain(exchanged)
    }
}
