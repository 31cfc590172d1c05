//! The log, read back and proven.

use crate::{
    House,
    guests::{said, threw},
    house::{app, owner},
};
use kernel::{LOG_LIMIT_MAX, LogFilter};
use protocol::{AuditHead, ChainHash, Digest, OwnerId, api::ChainBreak, sha256};
use state::{Batch, Durability, Store as _};

const ME: OwnerId = OwnerId::LOCAL;

#[tokio::test]
async fn the_newest_that_a_filter_takes_oldest_first_over_many_pages() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.set("a", "1").await.map_err(threw)?;
        said("")
    });
    let early = house.run("go").await.summary.run;
    house.idle().await;
    let mut batch = Batch::new();
    for _ in 0..3_500 {
        let record = serde_json::json!({
            "at": 1, "event": "housekeeping", "sentence": { "code": "app_enabled" }, "door": "kernel",
        });
        batch.append(ME, serde_json::to_vec(&record).unwrap());
    }
    house.store.commit(batch, Durability::Saved).unwrap();
    let late = house.run("go").await.summary.run;
    house.idle().await;
    let log = |filter: LogFilter| house.kernel.log(&owner(), &filter).unwrap();
    let all = log(LogFilter { limit: LOG_LIMIT_MAX + 1, ..LogFilter::default() });
    let total = house.store.log_tail(ME).unwrap().unwrap().0;
    assert_eq!(all.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=total).collect::<Vec<_>>());
    let last: Vec<u64> =
        log(LogFilter { limit: 2_345, ..LogFilter::default() }).iter().map(|entry| entry.seq).collect();
    assert_eq!(last, (total - 2_344..=total).collect::<Vec<_>>());
    assert_eq!(log(LogFilter { limit: 0, ..LogFilter::default() }).len(), 1);
    for run in [early, late] {
        let of_run = log(LogFilter { run: Some(run), limit: 100, ..LogFilter::default() });
        assert_eq!(of_run.len(), 3);
        assert!(of_run.iter().all(|entry| entry.record.as_ref().unwrap().run == Some(run)));
    }
    let of_app = log(LogFilter { app: Some(app("scribe")), limit: 4, ..LogFilter::default() });
    assert!(of_app.len() == 4 && of_app.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert!(of_app[0].seq < 100 && of_app[3].seq == total);
    assert!(log(LogFilter { app: Some(app("nobody")), limit: 4, ..LogFilter::default() }).is_empty());
}

fn head(seq: u64, hash: ChainHash) -> AuditHead {
    // Signatures were looked at when the heads were read.
    AuditHead { owner: ME, seq, hash, at: protocol::Timestamp(0), signature: String::new() }
}

#[tokio::test]
async fn the_chain_is_proven_to_its_signed_end() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |_| async { said("") });
    for _ in 0..5 {
        house.run("go").await;
    }
    house.idle().await;
    let rows = house.store.log_read(ME, 1, 100).unwrap();
    let (seq, hash) = house.store.log_tail(ME).unwrap().unwrap();
    let check = |heads: &[AuditHead]| house.kernel.log_verify(ME, heads).unwrap();
    let proven = check(&[head(3, rows[2].hash), head(seq, hash)]);
    assert_eq!((proven.entries, proven.signed_seq, proven.breaks), (seq, Some(seq), vec![]));
    let wrong = ChainHash(Digest([7; 32]));
    assert_eq!(check(&[head(4, wrong)]).breaks, [ChainBreak::HeadMismatch { seq: 4 }]);
    assert_eq!(check(&[head(seq + 3, hash)]).breaks, [ChainBreak::TailCut { last_seq: seq, signed_seq: seq + 3 }]);
    // Another owner's head says nothing about this chain.
    let others = AuditHead { owner: OwnerId(2), ..head(4, wrong) };
    assert_eq!(check(&[others]).breaks, []);
    // Pruned bodies leave their digests.
    let mut batch = Batch::new();
    batch.prune_log(ME, 4);
    house.store.commit(batch, Durability::Saved).unwrap();
    let pruned = check(&[head(seq, hash)]);
    assert_eq!((pruned.entries, pruned.pruned, pruned.breaks), (seq, 4, vec![]));
    assert!(rows.iter().all(|row| row.body_digest == sha256(row.body.as_ref().unwrap())));
}
