//! What holds for every family, each asked in the same way.

use crate::support::{House, Outcome, TestScene};
use broker::{Demand, FileDemand, FileVerb, Lease, LeaseEnd, Resolve, StorageDemand, StorageVerb};
use kernel::{
    effect::{Effect, EffectError, Scene},
    host_call::{CsvAggregate, CsvCall, CsvOptions, FileCall, StorageCall},
};
use protocol::{AppName, ErrorCode, Limits};
use std::fs;

/// Every call that demands something, with a demand for something else.
struct Family<'a, D, C> {
    house: &'a House,
    effect: &'a dyn Effect<Demand = D, Call = C>,
    calls: Vec<C>,
    other: D,
}

impl<D: Demand + Resolve, C: Clone + std::fmt::Debug + Send + 'static> Family<'_, D, C> {
    fn check(&self, lease: &Lease) {
        for call in &self.calls {
            self.ends_with_its_lease(lease, call);
            self.needs_its_permit(lease, call);
            self.is_denied_without_grant(call);
        }
    }

    /// A permit that was given before the end is worth nothing after it.
    fn ends_with_its_lease(&self, lease: &Lease, call: &C) {
        let demand = self.effect.demand(lease, call).expect("a known call").expect("a demand");
        let other = self.house.lease();
        let ended = self.house.lease();
        // The demand of the one run's handle, under a lease that ends in between.
        let permit = self.house.permit(&ended, demand);
        ended.end(LeaseEnd::Stopped);
        let result = self.effect.perform(Some(permit), call.clone(), &self.house.scene(&ended));
        assert_eq!(result.map(drop), Err(EffectError::Ended(LeaseEnd::Stopped)), "{call:?}");
        self.house.run_end(&ended, false);
        self.house.run_end(&other, false);
    }

    /// Without a permit, or with that of another call, nothing happens.
    fn needs_its_permit(&self, lease: &Lease, call: &C) {
        let scene = self.house.scene(lease);
        for permit in [None, Some(self.house.permit(lease, self.other.clone()))] {
            let result = self.effect.perform(permit, call.clone(), &scene);
            match result {
                Err(EffectError::Guest(error)) => assert_eq!(error.code, ErrorCode::PermissionDenied, "{call:?}"),
                other => panic!("{call:?}: {other:?}"),
            }
        }
        assert!(scene.intents.lock().is_empty());
    }

    fn is_denied_without_grant(&self, call: &C) {
        let nobody: AppName = "nobody".parse().expect("a name");
        let lease = self.house.lease_of(&nobody, Limits::default());
        match self.house.call(self.effect, call.clone(), &self.house.scene(&lease)) {
            Outcome::Denied(denied) => assert_eq!(denied.code, ErrorCode::PermissionDenied),
            // A table of another run cannot even be named.
            Outcome::Failed(EffectError::Guest(error)) => assert_eq!(error.code, ErrorCode::NotFound, "{call:?}"),
            other => panic!("{call:?}: {other:?}"),
        }
        self.house.run_end(&lease, false);
    }
}

#[test]
fn every_family_needs_its_permit_and_its_lease() {
    let house = House::new();
    fs::write(house.folder.join("a"), "x,y\n1,2\n").expect("a file");
    let path = || "work/a".to_owned();
    let lease = house.lease();
    Family {
        house: &house,
        effect: &*house.effects.file,
        calls: vec![
            FileCall::Read { path: path(), from: None, to: None },
            FileCall::ReadText { path: path() },
            FileCall::Write { path: path(), body: b"changed".to_vec() },
            FileCall::Remove { path: path() },
            FileCall::Move { path: path(), to: "work/c".into() },
            FileCall::List { path: "work".into() },
        ],
        other: FileDemand::new(FileVerb::Read, "work/b"),
    }
    .check(&lease);
    Family {
        house: &house,
        effect: &*house.effects.storage,
        calls: vec![
            StorageCall::Get { key: "k".into() },
            StorageCall::Set { key: "k".into(), value: b"1".to_vec() },
            StorageCall::Delete { key: "k".into() },
            StorageCall::List { prefix: String::new(), after: None, limit: None },
        ],
        other: StorageDemand { verb: StorageVerb::Get, key: "other".into() },
    }
    .check(&lease);
    let open = || CsvCall::Open { path: path(), options: CsvOptions::default() };
    let table = house.csv(&lease, open()).json()["table"].as_u64().expect("a handle") as u32;
    Family {
        house: &house,
        effect: &*house.effects.csv,
        calls: vec![
            open(),
            CsvCall::Rows { table, limit: None },
            CsvCall::Statistics { table, columns: None },
            CsvCall::Aggregate { table, request: CsvAggregate::default() },
        ],
        other: FileDemand::new(FileVerb::Read, "work/b"),
    }
    .check(&lease);
    assert_eq!(fs::read(house.folder.join("a")).expect("untouched"), b"x,y\n1,2\n");
    house.run_end(&lease, true);
    assert!(house.trash().is_empty());
}

#[test]
fn handles_are_given_back() {
    let house = House::new();
    fs::write(house.folder.join("a"), "x\n1\n").expect("a file");
    let lease = house.lease_with(Limits { handles: 2, ..Limits::default() });
    let open = || CsvCall::Open { path: "work/a".into(), options: CsvOptions::default() };
    let first = house.csv(&lease, open()).json()["table"].as_u64().expect("a handle") as u32;
    house.csv(&lease, open()).done();
    assert_eq!(house.csv(&lease, open()).code(), ErrorCode::OperationLimit);
    assert_eq!(house.csv(&lease, CsvCall::Close { table: first }).json(), true);
    assert_eq!(house.csv(&lease, CsvCall::Close { table: first }).json(), false);
    assert_eq!(house.csv(&lease, CsvCall::Rows { table: first, limit: None }).code(), ErrorCode::NotFound);
    house.csv(&lease, open()).done();
    let other = house.lease();
    assert_eq!(house.csv(&other, CsvCall::Rows { table: first, limit: None }).code(), ErrorCode::NotFound);
    house.run_end(&lease, true);
    assert!(lease.take_handle().is_some() && lease.take_handle().is_some(), "all handles are back");
}

#[test]
fn a_grant_that_was_taken_back_ends_open_handles() {
    let house = House::new();
    fs::write(house.folder.join("a"), "x\n1\n").expect("a file");
    let lease = house.lease();
    let open = CsvCall::Open { path: "work/a".into(), options: CsvOptions::default() };
    let table = house.csv(&lease, open).json()["table"].as_u64().expect("a handle") as u32;
    house.grant(vec![]);
    for call in [CsvCall::Rows { table, limit: None }, CsvCall::Statistics { table, columns: None }] {
        assert!(matches!(house.csv(&lease, call), Outcome::Denied(_)));
    }
    assert_eq!(house.csv(&lease, CsvCall::Close { table }).json(), true);
}

#[test]
fn limits_of_the_host_end_the_run() {
    let house = House::new();
    fs::write(house.folder.join("a"), "x\n".repeat(1 << 20)).expect("a file");
    let check = |limits: Limits, work: &dyn Fn(&Lease) -> Outcome| {
        let lease = house.lease_with(limits);
        let outcome = work(&lease);
        assert!(matches!(outcome, Outcome::Failed(EffectError::Ended(LeaseEnd::HostLimit))), "{outcome:?}");
        assert_eq!(lease.check(), Err(LeaseEnd::HostLimit));
        house.run_end(&lease, false);
    };
    let few_bytes = || Limits { host_bytes: 1 << 20, ..Limits::default() };
    check(few_bytes(), &|lease| house.read(lease, "work/a"));
    check(few_bytes(), &|lease| house.write(lease, "work/a", b"x"));
    check(few_bytes(), &|lease| house.remove(lease, "work/a"));
    check(few_bytes(), &|lease| house.rename(lease, "work/a", "work/b"));
    check(Limits { host_bytes: 10, ..Limits::default() }, &|lease| {
        house.storage(lease, StorageCall::Set { key: "k".into(), value: b"\"0123456789\"".to_vec() })
    });
    let statistics = |lease: &Lease| {
        match house.csv(lease, CsvCall::Open { path: "work/a".into(), options: CsvOptions::default() }) {
            Outcome::Done(_) => house.csv(lease, CsvCall::Statistics { table: 1, columns: None }),
            // Opening was too much already.
            failed => failed,
        }
    };
    check(few_bytes(), &statistics);
    check(Limits { host_cpu_ms: 1, ..Limits::default() }, &statistics);
    assert_eq!(fs::metadata(house.folder.join("a")).expect("untouched").len(), 2 << 20);
    assert_eq!(house.names(), ["a"]);
}

#[test]
fn a_stop_ends_a_pass_in_its_middle() {
    /// Stops the run once the pass has begun.
    struct Stops(TestScene);
    impl Scene for Stops {
        fn lease(&self) -> &Lease {
            self.0.lease()
        }
        fn now(&self) -> protocol::Timestamp {
            self.0.now()
        }
        fn monotonic_ns(&self) -> u64 {
            self.0.monotonic_ns()
        }
        fn fresh_name(&self) -> String {
            self.0.fresh_name()
        }
        fn storage_quota_bytes(&self) -> u64 {
            0
        }
        fn intent(&self, sentence: protocol::Sentence, change: &kernel::effect::Change) -> Result<(), EffectError> {
            self.0.intent(sentence, change)
        }
        fn intent_send(&self, _: protocol::Sentence, _: protocol::Digest) -> Result<(), EffectError> {
            Ok(())
        }
        fn secret_sending(&self, _: &str, _: &str) -> Result<(), EffectError> {
            Ok(())
        }
        fn refuse(&self, denied: broker::Denied) -> EffectError {
            EffectError::guest(denied.code, denied.message())
        }
        fn is_still_allowed(&self, _: &broker::NetworkDemand) -> bool {
            true
        }
        fn progress(&self, sentence: protocol::Sentence, done: u64, total: Option<u64>) {
            self.0.progress(sentence, done, total);
            if done > 3 << 20 {
                self.lease().end(LeaseEnd::Stopped);
            }
        }
    }
    let house = House::new();
    fs::write(house.folder.join("a"), "x,y\n".repeat(4 << 20)).expect("a file");
    let lease = house.lease();
    let open = CsvCall::Open { path: "work/a".into(), options: CsvOptions::default() };
    let table = house.csv(&lease, open).json()["table"].as_u64().expect("a handle") as u32;
    let scene = Stops(house.scene(&lease));
    let permit = house.permit(&lease, FileDemand::new(FileVerb::Read, "work/a"));
    let result = house.effects.csv.perform(Some(permit), CsvCall::Statistics { table, columns: None }, &scene);
    assert_eq!(result.map(drop), Err(EffectError::Ended(LeaseEnd::Stopped)));
    let last = scene.0.progress.lock().last().map(|progress| progress.0).expect("it had begun");
    assert!(last <= 5 << 20, "it went on for {last} bytes");
}
