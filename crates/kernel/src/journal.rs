//! Writes what happens into the owner's log: records in words, chained by the store.

use broker::{Basis, Lease};
use protocol::{AppName, AuditEvent, AuditRecord, Caller, Digest, Labels, OwnerId, RunId, Sentence, Timestamp};
use state::Batch;

/// A record about an owner's own act, outside any run.
pub(crate) fn record(
    at: Timestamp,
    caller: &Caller,
    event: AuditEvent,
    app: Option<&AppName>,
    said: Sentence,
) -> AuditRecord {
    AuditRecord {
        at,
        event,
        sentence: said,
        door: caller.door,
        run: None,
        app: app.cloned(),
        grant: None,
        rule: None,
        arguments: None,
        labels: Labels::NONE,
    }
}

/// A record about a run.
pub(crate) fn run_record(at: Timestamp, lease: &Lease, event: AuditEvent, said: Sentence) -> AuditRecord {
    AuditRecord {
        run: Some(lease.run()),
        labels: lease.labels(),
        ..record(at, lease.caller(), event, Some(lease.app()), said)
    }
}

/// A record about an effect, with what allowed it.
pub(crate) fn effect_record(
    at: Timestamp,
    lease: &Lease,
    event: AuditEvent,
    said: Sentence,
    basis: Option<&Basis>,
    arguments: Option<Digest>,
) -> AuditRecord {
    AuditRecord {
        grant: basis.and_then(Basis::grant),
        rule: basis.map(Basis::rule),
        arguments,
        ..run_record(at, lease, event, said)
    }
}

/// Adds a record to a batch.
pub(crate) fn append(batch: &mut Batch, owner: OwnerId, record: &AuditRecord) {
    // A record is made of texts, numbers and ids: it always has a JSON form.
    let body = serde_json::to_vec(record).unwrap_or_default();
    batch.append(owner, body);
}

/// The key of something that belongs to one effect of a run.
pub(crate) fn effect_key(run: RunId, effect: u64) -> String {
    format!("{run}/{effect:08}")
}
