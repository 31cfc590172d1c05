//! A run's stream and its end.

use crate::terminal::{BAD, CARE, QUIET, Terminal, styled};
use protocol::{Arg, BoxFact, BoxHold, Chunk, LogLevel, api::RunReport, text};

/// Prints a run's chunks; remembers whether the last piece of text ended its line.
#[derive(Debug, Default)]
pub(crate) struct RunPrinter {
    is_in_line: bool,
}

impl RunPrinter {
    /// Prints one chunk.
    pub(crate) fn chunk(&mut self, terminal: &Terminal, chunk: &Chunk) {
        match chunk {
            Chunk::Text { text } => {
                terminal.piece(text::escape_lines(text));
                self.is_in_line = !text.ends_with('\n') && (self.is_in_line || !text.is_empty());
            }
            Chunk::Data { payload, renderer: Some(renderer), .. }
                if renderer == "chart"
                    && let Some(drawn) = super::chart::draw(payload, terminal.columns()) =>
            {
                self.line_end(terminal);
                terminal.line(drawn);
            }
            Chunk::Data { topic, payload, .. } => {
                self.line_end(terminal);
                // Bidirectional and invisible characters are legal inside JSON strings.
                terminal.line(format_args!(
                    "{} {}",
                    styled(QUIET, text::escape(topic)),
                    text::escape(&payload.to_string())
                ));
            }
            Chunk::Log { level, text } => {
                self.line_end(terminal);
                let style = match level {
                    LogLevel::Debug | LogLevel::Info => QUIET,
                    LogLevel::Warn => CARE,
                    LogLevel::Error => BAD,
                };
                terminal.note(styled(style, format_args!("[app] {}", text::escape_lines(text))));
            }
            Chunk::Tool { name, sentence } => terminal.note(styled(QUIET, format_args!("{name}: {sentence}"))),
            Chunk::Progress { .. } | Chunk::Ask { .. } | Chunk::Usage { .. } => {}
        }
    }

    fn line_end(&mut self, terminal: &Terminal) {
        if std::mem::take(&mut self.is_in_line) {
            terminal.line("");
        }
    }

    /// Prints how the run ended: its answer on standard output, what it used and did on standard error.
    pub(crate) fn end(&mut self, terminal: &Terminal, run: &RunReport) {
        self.line_end(terminal);
        match (&run.text, &run.data) {
            (Some(text), _) => terminal.line(text::escape_lines(text)),
            (None, Some(data)) => {
                let shown = serde_json::to_string_pretty(data).unwrap_or_default();
                terminal.line(text::escape_lines(&shown));
            }
            (None, None) => {}
        }
        for effect in run.effects.iter().take(EFFECTS_SHOWN_MAX) {
            terminal.note(styled(QUIET, format_args!("  · {effect}")));
        }
        if let Some(more) = run.effects.len().checked_sub(EFFECTS_SHOWN_MAX).filter(|more| *more > 0) {
            terminal.note(styled(QUIET, format_args!("  · and {more} more")));
        }
        let usage = &run.usage;
        let mut facts = vec![Arg::Millis(usage.wall_ms).to_string()];
        // A program serves many runs, and what it uses is no single one's.
        if run.facts.is_empty() {
            facts.push(format!("{} computing", Arg::Millis(usage.cpu_us / 1_000)));
            facts.push(format!("{} memory", Arg::Bytes(usage.memory_bytes)));
        } else {
            terminal.note(styled(QUIET, format_args!("  · {}", kept(&run.facts))));
        }
        if usage.log_dropped > 0 {
            facts.push(format!("{} log lines dropped", usage.log_dropped));
        }
        let undo = match run.undoable {
            true => terminal.step(format_args!(" · oikos undo {}", run.summary.run)),
            false => String::new(),
        };
        terminal.note(styled(QUIET, format_args!("run {} · {}{undo}", run.summary.run, facts.join(" · "))));
    }
}

/// How the program was kept, in one line; `oikos app info` and the card have the sentences.
fn kept(facts: &[BoxFact]) -> String {
    let of = |hold: BoxHold| -> Vec<&str> {
        facts.iter().filter(|fact| fact.hold == hold).map(|fact| fact.concern.word()).collect()
    };
    match of(BoxHold::Part) {
        part if part.is_empty() => format!("kept in its box: {}", of(BoxHold::Full).join(", ")),
        part => format!("kept in its box: {}; partly: {}", of(BoxHold::Full).join(", "), part.join(", ")),
    }
}

/// Effects that are listed at the end of a run; `oikos log --run` has them all.
const EFFECTS_SHOWN_MAX: usize = 20;
