//! A run as the host of a call: progress and log lines go to its stream, questions to whoever started it.

use crate::client::{AskRefused, CallHost, InputRequest, LogLine, Progress};
use futures_util::future::BoxFuture;
use kernel::{
    program::{self, ProgramLog},
    runner::{GuestHost, GuestPiece},
};
use protocol::LogLevel;
use serde_json::Value;
use std::sync::Arc;

/// Progress that says 0.25 of 1 is 250 of 1,000 here: counts are whole.
const PARTS: f64 = 1_000.0;

/// A run.
pub(super) struct RunHost(pub(super) Arc<dyn GuestHost>);

impl CallHost for RunHost {
    fn progress(&self, progress: Progress) {
        let Progress { progress: done, total, message } = progress;
        let (done, total) = whole(done, total);
        drop(self.0.stream(GuestPiece::Progress { said: message.unwrap_or_default(), done, total }));
    }

    fn log(&self, line: LogLine) {
        let level = level(&line.level);
        drop(self.0.stream(GuestPiece::Log { level, text: text(line) }));
    }

    fn ask(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        let asked = |InputRequest { method, params, key, certain: _ }| program::InputRequest { key, method, params };
        let asking = self.0.input(requests.into_iter().map(asked).collect());
        Box::pin(async move { asking.await.map_err(AskRefused::Refused) })
    }
}

/// Nobody in particular: what a server logs for no call, or for one of several of which it does not say which, is its own.
pub(super) struct OwnHost(pub(super) Arc<dyn ProgramLog>);

impl CallHost for OwnHost {
    fn log(&self, line: LogLine) {
        let level = line.level.clone();
        self.0.say(&format!("{level}: {}", text(line)));
    }

    fn ask(&self, _requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        Box::pin(async { Err(AskRefused::NotSupported) })
    }
}

fn text(line: LogLine) -> String {
    let text = match line.data {
        Value::String(text) => text,
        data => data.to_string(),
    };
    match line.logger {
        Some(logger) => format!("{logger}: {text}"),
        None => text,
    }
}

fn level(word: &str) -> LogLevel {
    match word {
        "debug" => LogLevel::Debug,
        "warning" => LogLevel::Warn,
        "error" | "critical" | "alert" | "emergency" => LogLevel::Error,
        _ => LogLevel::Info,
    }
}

/// How far, in whole numbers of the same proportion.
fn whole(done: f64, total: Option<f64>) -> (u64, Option<u64>) {
    let is_whole = |value: f64| value.fract() == 0.0 && value.abs() < 1e15;
    let scale = if is_whole(done) && total.is_none_or(is_whole) { 1.0 } else { PARTS };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is no count becomes the nearest one"
    )]
    let count = |value: f64| (value * scale).round().clamp(0.0, 1e15) as u64;
    (count(done), total.map(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_counts() {
        assert_eq!(whole(50.0, Some(100.0)), (50, Some(100)));
        assert_eq!(whole(0.25, Some(1.0)), (250, Some(1_000)));
        assert_eq!(whole(3.0, None), (3, None));
        assert_eq!(whole(-1.0, Some(f64::NAN)), (0, Some(0)));
        assert_eq!(whole(f64::INFINITY, None), (1_000_000_000_000_000, None));
    }
}
