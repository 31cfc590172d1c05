//! A run's end, as it is told and as it is kept.

use crate::{run::Run, runner::GuestValue};
use protocol::{
    Failure,
    api::{RunReport, RunUsage},
};

/// A report as it is kept: what is too large to keep is left out.
pub(crate) fn report_kept(report: &RunReport) -> Vec<u8> {
    /// Sentences about effects in a report that would be too large otherwise: paths can be long.
    const SAID_KEPT: usize = 20;
    let mut kept = report.clone();
    let is_large = |bytes: usize| bytes > crate::REPORT_BYTES_KEPT;
    kept.data = kept.data.filter(|data| !is_large(crate::stream::value_bytes(data)));
    kept.text = kept.text.filter(|text| !is_large(text.len()));
    kept.renderer = kept.renderer.filter(|renderer| !is_large(renderer.len()));
    let bytes = serde_json::to_vec(&kept).unwrap_or_default();
    if bytes.len() <= crate::REPORT_VALUE_BYTES_MAX {
        return bytes;
    }
    kept.effects.truncate(SAID_KEPT);
    let kept = RunReport { data: None, text: None, renderer: None, ..kept };
    serde_json::to_vec(&kept).unwrap_or_default()
}

/// What is told of a run's end.
pub(crate) fn report_of(run: &Run, result: &Result<GuestValue, Failure>, usage: RunUsage) -> RunReport {
    let mut summary = run.summary();
    let value = match result {
        Ok(value) => value.clone(),
        Err(failure) => {
            summary.failure = Some(failure.clone());
            GuestValue::default()
        }
    };
    RunReport {
        summary,
        data: value.data,
        text: value.summary,
        renderer: value.renderer,
        usage,
        network: run.notes.exchanged(),
        facts: run.notes.kept(),
        effects: run.notes.said(),
        undoable: run.notes.changes() > 0,
    }
}
