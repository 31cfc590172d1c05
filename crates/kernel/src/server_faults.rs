//! Servers that cannot be had: why the last run of one came to nothing, kept until one ends well, so that whoever looks at a
//! server sees it before they call it.

use crate::{
    Kernel,
    run::{Run, commit_failure},
    runner::GuestValue,
    servers::{ServerRow, is_server, server_key},
};
use protocol::{AppName, ErrorCode, Failure, Labels, OwnerId};
use state::{Batch, Durability};
use std::sync::Arc;

/// What is kept of why: it may be the last words of a program.
const WORDS_CHARS_MAX: usize = 2_000;

/// How a run ended, as far as that says something of its server.
#[derive(Debug, PartialEq)]
enum Said {
    /// It answered.
    Answered,
    /// It could not be started or reached, or wants to know who asks.
    Fault(Failure),
    /// Nothing: the run was stopped, or not let.
    Nothing,
}

impl Said {
    fn of(result: Result<(), &Failure>) -> Self {
        let failure = match result {
            Ok(()) => return Self::Answered,
            Err(failure) => failure,
        };
        match failure.code {
            ErrorCode::ToolFailed => Self::Answered,
            ErrorCode::ProgramFailed | ErrorCode::BoxRefused | ErrorCode::NetworkFailed | ErrorCode::SignInNeeded => {
                let message = failure.message.chars().take(WORDS_CHARS_MAX).collect();
                Self::Fault(Failure { message, log: None, ..failure.clone() })
            }
            _ => Self::Nothing,
        }
    }
}

impl Kernel {
    /// Keeps what a run's end says of its server. Nothing is written as long as that is what was known.
    pub(crate) async fn server_run_ended(self: &Arc<Self>, run: &Run, result: &Result<GuestValue, Failure>) {
        if !is_server(&run.app) {
            return;
        }
        let fault = match Said::of(result.as_ref().map(|_| ())) {
            Said::Answered => None,
            Said::Fault(failure) => Some(failure),
            Said::Nothing => return,
        };
        let (owner, app) = (run.owner(), run.app.record.name.clone());
        if self.server_row(owner, &app).is_ok_and(|row| row.fault == fault) {
            return;
        }
        let kernel = self.clone();
        let kept = tokio::task::spawn_blocking(move || kernel.server_fault_keep(owner, &app, fault)).await;
        if !matches!(kept, Ok(Ok(()))) {
            // The run has its own end, which is told; only lists do not have it.
            tracing::warn!(app = %run.app.record.name, "how a run of a server ended could not be kept with the server");
        }
    }

    fn server_fault_keep(&self, owner: OwnerId, app: &AppName, fault: Option<Failure>) -> Result<(), Failure> {
        let _changing = self.changing.lock();
        let key = (owner, app.clone());
        if !self.apps.read().contains_key(&key) {
            // It was removed meanwhile, with all that was known of it.
            return Ok(());
        }
        let mut row = ServerRow::clone(&*self.server_row(owner, app)?);
        row.fault = fault;
        let mut batch = Batch::new();
        batch.put(&server_key(owner, app), serde_json::to_vec(&row).unwrap_or_default(), Labels::STRANGER);
        self.store.commit(batch, Durability::Saved).map_err(commit_failure)?;
        self.servers.write().insert(key, Arc::new(row));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_is_to_blame_for_is_kept() {
        let said = |code| Said::of(Err(&Failure::new(code, "why").log("secret")));
        let fault = |code| Said::Fault(Failure::new(code, "why"));
        assert_eq!(Said::of(Ok(())), Said::Answered);
        assert_eq!(said(ErrorCode::ToolFailed), Said::Answered);
        for code in [ErrorCode::ProgramFailed, ErrorCode::BoxRefused, ErrorCode::NetworkFailed, ErrorCode::SignInNeeded]
        {
            assert_eq!(said(code), fault(code));
        }
        for code in [ErrorCode::Stopped, ErrorCode::PermissionDenied, ErrorCode::Timeout, ErrorCode::InvalidInput] {
            assert_eq!(said(code), Said::Nothing);
        }
    }

    #[test]
    fn of_a_long_message_the_beginning_is_kept() {
        let long = Failure::new(ErrorCode::ProgramFailed, "x".repeat(WORDS_CHARS_MAX * 2));
        let Said::Fault(kept) = Said::of(Err(&long)) else { panic!("it is a fault") };
        assert_eq!(kept.message.len(), WORDS_CHARS_MAX);
    }
}
