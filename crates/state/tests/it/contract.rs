//! One suite for both stores: random operations against a plain map, with the store opened again in between.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Disk, chain_length};
use proptest::prelude::*;
use protocol::{Labels, OwnerId, sha256};
use state::{Batch, CommitError, Durability, HomeLock, Key, MemoryStore, Space, SqliteStore, Store};
use std::collections::BTreeMap;

const OWNERS: [OwnerId; 2] = [OwnerId(1), OwnerId(70_000)];
const SPACES: [Space; 2] = [Space::Storage, Space::Run];
const DURABILITIES: [Durability; 3] = [Durability::Lazy, Durability::Saved, Durability::Synced];

#[derive(Clone, Debug)]
enum Step {
    Put(Key, Vec<u8>, u8),
    Delete(Key),
    DeletePrefix(OwnerId, Space, String),
    /// From the first of the two spaces into the other, or back.
    CopyPrefix(OwnerId, bool, String),
    Append(OwnerId, Vec<u8>),
    Prune(OwnerId, u64),
    /// Expect what the model says, or something else.
    Expect(Key, bool),
}

#[derive(Clone, Debug)]
enum Act {
    Commit(Vec<Step>, Durability),
    Scan(OwnerId, Space, String, Option<String>, usize),
    Reopen,
}

fn key_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("/".to_owned()), "(ab?|notes)/[\0-\u{3}a-c/é\u{10ffff}]{0,3}"]
}

fn key() -> impl Strategy<Value = Key> {
    (0..2usize, 0..2usize, key_text()).prop_map(|(owner, space, key)| Key::new(OWNERS[owner], SPACES[space], key))
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop::collection::vec(any::<u8>(), 0..20);
    let large = (0..3000usize).prop_map(|length| vec![7; length]);
    let owner = (0..2usize).prop_map(|owner| OWNERS[owner]);
    prop_oneof![
        6 => (key(), prop_oneof![value.clone(), large], any::<u8>()).prop_map(|(key, value, bits)| Step::Put(key, value, bits)),
        2 => key().prop_map(Step::Delete),
        1 => key().prop_map(|key| Step::DeletePrefix(key.owner, key.space, key.key)),
        2 => (key(), any::<bool>()).prop_map(|(key, is_back)| Step::CopyPrefix(key.owner, is_back, key.key)),
        4 => (owner.clone(), value).prop_map(|(owner, body)| Step::Append(owner, body)),
        1 => (owner, 0..6u64).prop_map(|(owner, seq)| Step::Prune(owner, seq)),
        2 => (key(), prop::bool::weighted(0.8)).prop_map(|(key, is_right)| Step::Expect(key, is_right)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let limit = prop_oneof![0..4usize, Just(100)];
    prop_oneof![
        8 => (prop::collection::vec(step(), 0..5), 0..3usize).prop_map(|(steps, durability)| Act::Commit(steps, DURABILITIES[durability])),
        3 => (key(), prop::option::of(key_text()), limit)
            .prop_map(|(key, after, limit)| Act::Scan(key.owner, key.space, key.key, after, limit)),
        1 => Just(Act::Reopen),
    ]
}

/// Bytes, labels, revision.
type Value = (Vec<u8>, u8, u64);

#[derive(Clone, Default)]
struct Model {
    values: BTreeMap<(OwnerId, Space, String), Value>,
    logs: BTreeMap<OwnerId, Vec<Option<Vec<u8>>>>,
    revision: u64,
}

impl Model {
    /// What the batch should do, or the key whose precondition fails.
    fn batch(&mut self, steps: &[Step]) -> (Batch, Result<u64, Key>) {
        let (mut batch, mut failed, mut next) = (Batch::new(), None, self.clone());
        let mut revision = 0;
        for step in steps {
            match step.clone() {
                Step::Put(key, value, bits) => {
                    batch.put(&key, value.clone(), Labels::from_bits(bits));
                    if revision == 0 {
                        next.revision += 1;
                        revision = next.revision;
                    }
                    next.values.insert((key.owner, key.space, key.key), (value, bits, revision));
                }
                Step::Delete(key) => {
                    batch.delete(&key);
                    next.values.remove(&(key.owner, key.space, key.key));
                }
                Step::DeletePrefix(owner, space, prefix) => {
                    batch.delete_prefix(owner, space, &prefix);
                    next.values.retain(|key, _| (key.0, key.1) != (owner, space) || !key.2.starts_with(&prefix));
                }
                Step::CopyPrefix(owner, is_back, prefix) => {
                    let (from, to) = if is_back { (SPACES[1], SPACES[0]) } else { (SPACES[0], SPACES[1]) };
                    batch.copy_prefix(owner, from, to, &prefix);
                    if revision == 0 {
                        next.revision += 1;
                        revision = next.revision;
                    }
                    let is_ours = |key: &(OwnerId, Space, String), space| {
                        (key.0, key.1) == (owner, space) && key.2.starts_with(&prefix)
                    };
                    let copies: Vec<_> = next.values.iter().filter(|(key, _)| is_ours(key, from)).collect();
                    let copies: Vec<_> = copies
                        .into_iter()
                        .map(|(key, (value, bits, _))| ((owner, to, key.2.clone()), (value.clone(), *bits, revision)))
                        .collect();
                    next.values.retain(|key, _| !is_ours(key, to));
                    next.values.extend(copies);
                }
                Step::Append(owner, body) => {
                    batch.append(owner, body.clone());
                    next.logs.entry(owner).or_default().push(Some(body));
                }
                Step::Prune(owner, seq) => {
                    batch.prune_log(owner, seq);
                    let log = next.logs.entry(owner).or_default().iter_mut();
                    log.take(usize::try_from(seq).unwrap()).for_each(|body| *body = None);
                }
                Step::Expect(key, is_right) => {
                    // Preconditions look at what was there before the batch.
                    let found = self.values.get(&(key.owner, key.space, key.key.clone())).map(|value| value.2);
                    batch.expect(&key, if is_right { found } else { Some(found.unwrap_or(0) + 1) });
                    if !is_right {
                        failed.get_or_insert(key);
                    }
                }
            }
        }
        match failed {
            Some(key) => (batch, Err(key)),
            None => {
                *self = next;
                (batch, Ok(revision))
            }
        }
    }

    fn check(&self, store: &dyn Store) {
        for owner in OWNERS {
            for space in SPACES {
                let found = store.scan(owner, space, "", None, usize::MAX).unwrap();
                let found: Vec<_> =
                    found.into_iter().map(|(key, e)| (key, (e.value, e.labels.bits(), e.revision))).collect();
                let expected = self.values.iter().filter(|(key, _)| (key.0, key.1) == (owner, space));
                assert_eq!(found, expected.map(|(key, value)| (key.2.clone(), value.clone())).collect::<Vec<_>>());
                for prefix in ["", "a", "a/", "ab/", "ab/a/", "notes/", "none/", "/"] {
                    let found = found.iter().filter(|(key, _)| key.starts_with(prefix));
                    let bytes: usize = found.map(|(key, value)| key.len() + value.0.len()).sum();
                    assert_eq!(store.sum_bytes(owner, space, prefix).unwrap(), bytes as u64, "{prefix}");
                }
            }
            let rows = store.log_read(owner, 0, usize::MAX).unwrap();
            let bodies: Vec<_> = rows.iter().map(|row| row.body.clone()).collect();
            assert_eq!(
                Some(&bodies).filter(|bodies| !bodies.is_empty()),
                self.logs.get(&owner).filter(|log| !log.is_empty())
            );
            let last = store.log_read_last(owner, 3).unwrap();
            assert_eq!(last, rows[rows.len().saturating_sub(3)..]);
        }
        chain_length(store);
    }
}

enum Subject {
    Memory(MemoryStore),
    Sqlite(Disk, Option<(SqliteStore, HomeLock)>),
}

impl Subject {
    fn store(&self) -> &dyn Store {
        match self {
            Self::Memory(store) => store,
            Self::Sqlite(_, open) => &open.as_ref().unwrap().0,
        }
    }

    fn reopen(&mut self) {
        if let Self::Sqlite(disk, open) = self {
            drop(open.take());
            *open = Some(disk.open());
        }
    }
}

fn check(mut subject: Subject, acts: &[Act]) {
    let mut model = Model::default();
    for act in acts {
        match act {
            Act::Commit(steps, durability) => {
                let (batch, expected) = model.batch(steps);
                let is_waited = *durability != Durability::Lazy || steps.iter().any(|s| matches!(s, Step::Expect(..)));
                match (subject.store().commit(batch, *durability), expected) {
                    (Ok(committed), Ok(revision)) if is_waited => {
                        assert_eq!(committed.revision, revision);
                        for (seq, hash) in &committed.log {
                            let found = OWNERS.iter().flat_map(|o| subject.store().log_read(*o, *seq, 1).unwrap());
                            assert!(found.into_iter().any(|row| row.hash == *hash && row.seq == *seq));
                        }
                    }
                    (Ok(committed), Ok(_)) => assert_eq!(committed, state::Committed::default()),
                    (Err(CommitError::PreconditionFailed { key }), Err(expected)) => assert_eq!(key, expected),
                    (found, expected) => panic!("{found:?} instead of {expected:?}"),
                }
                // What was written is seen, lazy or not.
                if let Some(Step::Put(key, ..)) = steps.last() {
                    let found = subject
                        .store()
                        .get(key)
                        .unwrap()
                        .map(|entry| (entry.value, entry.labels.bits(), entry.revision));
                    let expected = model.values.get(&(key.owner, key.space, key.key.clone()));
                    assert_eq!(found.as_ref(), expected);
                }
                for owner in OWNERS {
                    let tail = subject.store().log_tail(owner).unwrap().map_or(0, |(seq, _)| seq);
                    assert_eq!(tail, model.logs.get(&owner).map_or(0, Vec::len) as u64);
                }
            }
            Act::Scan(owner, space, prefix, after, limit) => {
                let found = subject.store().scan(*owner, *space, prefix, after.as_deref(), *limit).unwrap();
                let expected = model.values.keys().filter(|key| {
                    (key.0, key.1) == (*owner, *space)
                        && key.2.starts_with(prefix)
                        && after.as_ref().is_none_or(|after| key.2 > *after)
                });
                let expected: Vec<_> = expected.take(*limit).map(|key| key.2.clone()).collect();
                assert_eq!(found.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), expected);
            }
            Act::Reopen => subject.reopen(),
        }
    }
    model.check(subject.store());
    subject.reopen();
    model.check(subject.store());
    assert_eq!(subject.store().lazy_failures(), 0);
    if let Subject::Sqlite(_, open) = &subject {
        assert_eq!(open.as_ref().unwrap().0.check().unwrap(), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_does_what_the_model_does(acts in prop::collection::vec(act(), 0..30)) {
        check(Subject::Memory(MemoryStore::new()), &acts);
    }

    #[test]
    fn sqlite_does_what_the_model_does(acts in prop::collection::vec(act(), 0..30)) {
        let disk = Disk::new();
        let open = Some(disk.open());
        check(Subject::Sqlite(disk, open), &acts);
    }
}

#[test]
fn a_removed_key_that_comes_back_is_at_another_revision() {
    let disk = Disk::new();
    let key = Key::new(OWNERS[0], Space::Grant, "a");
    let put = |store: &dyn Store| {
        let mut batch = Batch::new();
        batch.put(&key, vec![], Labels::NONE);
        store.commit(batch, Durability::Saved).unwrap().revision
    };
    let (store, lock) = disk.open();
    let first = put(&store);
    let mut batch = Batch::new();
    batch.delete(&key);
    store.commit(batch, Durability::Saved).unwrap();
    drop((store, lock));
    let (store, _lock) = disk.open();
    assert!(put(&store) > first);
    let mut batch = Batch::new();
    batch.expect(&key, Some(first)).delete(&key);
    let error = store.commit(batch, Durability::Saved).unwrap_err();
    assert_eq!((error.code().word(), error.to_string()), ("conflict", "owner-1/grant/a was changed in between".into()));
}

#[test]
fn too_much_is_refused_before_it_waits() {
    let disk = Disk::new();
    let (sqlite, _lock) = disk.open();
    let memory = MemoryStore::new();
    for store in [&sqlite as &dyn Store, &memory] {
        for durability in DURABILITIES {
            let mut long_key = Batch::new();
            long_key.put(&Key::new(OWNERS[0], Space::Storage, "k".repeat(1025)), vec![], Labels::NONE);
            let mut large_value = Batch::new();
            large_value.put(
                &Key::new(OWNERS[0], Space::Storage, "k"),
                vec![0; state::VALUE_BYTES_MAX + 1],
                Labels::NONE,
            );
            let mut large_body = Batch::new();
            large_body.append(OWNERS[0], vec![0; state::VALUE_BYTES_MAX + 1]);
            for batch in [long_key, large_value, large_body] {
                let error = store.commit(batch, durability).unwrap_err();
                assert_eq!(error.code(), protocol::ErrorCode::TooLarge, "{error}");
            }
        }
    }
}

#[test]
fn a_pruned_log_still_proves_the_rest() {
    let disk = Disk::new();
    let (store, _lock) = disk.open();
    let mut batch = Batch::new();
    for body in [b"one", b"two", b"six"] {
        batch.append(OwnerId::LOCAL, body.to_vec());
    }
    batch.prune_log(OwnerId::LOCAL, 2);
    store.commit(batch, Durability::Saved).unwrap();
    let rows = store.log_read(OwnerId::LOCAL, 1, 10).unwrap();
    assert_eq!(rows.iter().map(|row| row.body.as_deref()).collect::<Vec<_>>(), [None, None, Some(&b"six"[..])]);
    assert_eq!(rows[0].body_digest, sha256(b"one"));
    assert_eq!(chain_length(&store), 3);
}
