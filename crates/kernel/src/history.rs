//! What happened, read back and proven.

use crate::{Kernel, run::store_failure};
use protocol::{
    AppName, AuditEntry, AuditHead, AuditRecord, Caller, Failure, OwnerId, Right, RunId,
    api::{ChainBreak, ChainReport},
};
use state::{ChainCheck, ChainFault, LogRow};

/// Entries that one answer carries at most.
pub const LOG_LIMIT_MAX: usize = 10_000;
/// Rows read at a time.
const PAGE: usize = 1_000;

/// Which entries of the log.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Only this app.
    pub app: Option<AppName>,
    /// Only this run.
    pub run: Option<RunId>,
    /// At most this many.
    pub limit: usize,
}

impl LogFilter {
    fn takes(&self, entry: &AuditEntry) -> bool {
        let Some(record) = &entry.record else { return self.app.is_none() && self.run.is_none() };
        self.app.as_ref().is_none_or(|app| record.app.as_ref() == Some(app))
            && self.run.is_none_or(|run| record.run == Some(run))
    }
}

fn entry(row: LogRow) -> AuditEntry {
    let record = row.body.as_deref().and_then(|body| serde_json::from_slice::<AuditRecord>(body).ok());
    AuditEntry { seq: row.seq, hash: row.hash, record }
}

impl Kernel {
    /// The newest entries that a filter takes, oldest first.
    pub fn log(&self, caller: &Caller, filter: &LogFilter) -> Result<Vec<AuditEntry>, Failure> {
        self.require(caller, Right::Read)?;
        let limit = filter.limit.clamp(1, LOG_LIMIT_MAX);
        let Some((mut upper, _)) = self.store.log_tail(caller.owner).map_err(store_failure)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        while upper > 0 && found.len() < limit {
            let from = upper.saturating_sub(PAGE as u64 - 1).max(1);
            let count = usize::try_from(upper - from + 1).unwrap_or(PAGE);
            let mut rows = self.store.log_read(caller.owner, from, count).map_err(store_failure)?;
            rows.retain(|row| row.seq <= upper);
            found.extend(rows.into_iter().rev().map(entry).filter(|entry| filter.takes(entry)));
            upper = from - 1;
        }
        found.truncate(limit);
        found.reverse();
        Ok(found)
    }

    /// The next entries behind one that is known, oldest first, and the entry up to which the log was looked through:
    /// that is where the next look begins. Looks through a bounded part of the log, so that little may be found in it.
    pub fn log_after(
        &self,
        caller: &Caller,
        filter: &LogFilter,
        after_seq: u64,
    ) -> Result<(Vec<AuditEntry>, u64), Failure> {
        self.require(caller, Right::Read)?;
        let limit = filter.limit.clamp(1, LOG_LIMIT_MAX);
        let from_seq = after_seq.saturating_add(1);
        let rows = self.store.log_read(caller.owner, from_seq, PAGE).map_err(store_failure)?;
        let mut through = after_seq;
        let mut found = Vec::new();
        for row in rows {
            if found.len() >= limit {
                break;
            }
            through = row.seq;
            found.extend(Some(entry(row)).filter(|entry| filter.takes(entry)));
        }
        Ok((found, through))
    }

    /// Entries behind one that is known, oldest first.
    pub fn log_behind(&self, caller: &Caller, filter: &LogFilter, after_seq: u64) -> Result<Vec<AuditEntry>, Failure> {
        let limit = filter.limit.clamp(1, LOG_LIMIT_MAX);
        let (mut found, mut through) = (Vec::new(), after_seq);
        loop {
            let (more, next) = self.log_after(caller, filter, through)?;
            found.extend(more);
            if next == through || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
            through = next;
        }
    }

    /// The last entry of the caller's log; 0 while it is empty.
    pub fn log_end(&self, caller: &Caller) -> Result<u64, Failure> {
        self.require(caller, Right::Read)?;
        let tail = self.store.log_tail(caller.owner).map_err(store_failure)?;
        Ok(tail.map_or(0, |(seq, _)| seq))
    }

    /// Proves an owner's chain from its first entry to its last, and against heads that this device signed and that
    /// were kept outside the store. Reports every place where it does not hold.
    pub fn log_verify(&self, owner: OwnerId, heads: &[AuditHead]) -> Result<ChainReport, Failure> {
        let signed = heads.iter().filter(|head| head.owner == owner).map(|head| (head.seq, head.hash));
        let signed_seq = signed.clone().map(|(seq, _)| seq).max();
        let mut check = ChainCheck::new(owner, signed);
        let mut report = ChainReport { entries: 0, pruned: 0, signed_seq, breaks: Vec::new() };
        let mut from_seq = 1;
        loop {
            let rows = self.store.log_read(owner, from_seq, PAGE).map_err(store_failure)?;
            let Some(last) = rows.last() else { break };
            from_seq = last.seq + 1;
            for row in &rows {
                report.entries += 1;
                report.pruned += u64::from(row.body.is_none());
                if let Err(fault) = check.row(row) {
                    report.breaks.push(chain_break(fault));
                }
            }
        }
        if let Err(fault) = check.end() {
            report.breaks.push(chain_break(fault));
        }
        Ok(report)
    }
}

fn chain_break(fault: ChainFault) -> ChainBreak {
    match fault {
        ChainFault::Gap { expected, found } if found > expected => {
            ChainBreak::Missing { from_seq: expected, to_seq: found - 1 }
        }
        ChainFault::Gap { found: seq, .. } | ChainFault::HashChanged { seq } => ChainBreak::HashMismatch { seq },
        ChainFault::BodyChanged { seq } => ChainBreak::BodyChanged { seq },
        ChainFault::TailCut { expected, found } => ChainBreak::TailCut { last_seq: found, signed_seq: expected },
        ChainFault::HeadDiffers { seq } => ChainBreak::HeadMismatch { seq },
    }
}
