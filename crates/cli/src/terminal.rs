//! Where to print, whether a person is there, and asking them. Colour only on a terminal; nothing here fails because
//! nobody reads any more.

use crate::next_step::Carried;
use anstream::{AutoStream, stream::AsLockedWrite};
use anstyle::{AnsiColor, Color, Style};
use assembly::Secret;
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use protocol::{Failure, Sentence};
use std::{
    borrow::Cow,
    fmt::Display,
    io::{BufRead, IsTerminal, Read, Stderr, Stdout, Write},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

/// Room for a passphrase: read into one buffer, so that no copies stay behind.
const SECRET_BYTES: usize = 1024;

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

/// Said yes to.
pub(crate) const GOOD: Style = colour(AnsiColor::Green);
/// Asks.
pub(crate) const CARE: Style = colour(AnsiColor::Yellow);
/// Never, or wrong.
pub(crate) const BAD: Style = colour(AnsiColor::Red);
/// Beside the point.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Headings.
pub(crate) const STRONG: Style = Style::new().bold();

/// A text in a style, for `format!`.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The terminal, or what stands in its place.
pub(crate) struct Terminal {
    pub(crate) json: bool,
    carried: Carried,
    bar: Mutex<Option<ProgressBar>>,
    columns: usize,
    /// Nobody reads the answer any more.
    is_alone: AtomicBool,
}

impl Terminal {
    pub(crate) fn new(json: bool, carried: Carried) -> Self {
        /// Where no terminal says how wide it is.
        const COLUMNS_DEFAULT: u16 = 100;
        /// Longer lines are hard to read.
        const COLUMNS_MAX: u16 = 120;
        let columns = rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| size.ws_col);
        let columns = columns.filter(|columns| *columns >= 40).unwrap_or(COLUMNS_DEFAULT).min(COLUMNS_MAX);
        let columns = usize::from(columns);
        Self { json, carried, bar: Mutex::default(), columns, is_alone: AtomicBool::new(false) }
    }

    /// How wide a line may be.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Whether a person sits here who can read a question and answer it.
    pub(crate) fn has_person(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// A line of the answer, on standard output.
    pub(crate) fn line(&self, line: impl Display) {
        self.quieted(|| {
            if !put(&mut AutoStream::auto(std::io::stdout()), format_args!("{line}\n")) {
                self.is_alone.store(true, Relaxed);
            }
        });
    }

    /// Whether nobody reads the answer any more, as far as is known: for what would go on for ever.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone.load(Relaxed)
    }

    /// A piece of the answer, without a line's end.
    pub(crate) fn piece(&self, piece: impl Display) {
        self.quieted(|| {
            put(&mut AutoStream::auto(std::io::stdout()), format_args!("{piece}"));
        });
    }

    /// A line about the answer, on standard error.
    pub(crate) fn note(&self, line: impl Display) {
        if !self.json {
            self.quieted(|| {
                put(&mut AutoStream::auto(std::io::stderr()), format_args!("{line}\n"));
            });
        }
    }

    /// A text of oikos' own that names a next step, so that the step can be copied. Never for what apps say.
    pub(crate) fn step(&self, text: impl Display) -> String {
        self.carried.told(&text.to_string()).into_owned()
    }

    /// A denial, so that the command at its end can be copied.
    pub(crate) fn denial(&self, text: impl Display) -> String {
        self.carried.denial(&text.to_string()).into_owned()
    }

    /// A failure whose next steps can be copied.
    pub(crate) fn failure_told(&self, failure: &Failure) -> Failure {
        self.carried.failure(failure)
    }

    /// An answer as JSON on one line.
    pub(crate) fn value(&self, value: &impl serde::Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(json_escape(&text)),
            Err(error) => self.note(format_args!("the answer has no JSON form: {error}")),
        }
    }

    /// A failure: the message, and the next step.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.clear();
        let failure = self.failure_told(failure);
        if self.json {
            return self.value(&serde_json::json!({ "type": "ERROR", "error": failure }));
        }
        self.note(format_args!("{} {}", styled(BAD.bold(), "error:"), failure.message));
        self.note(format_args!("  {}", styled(QUIET, format_args!("code: {}", failure.code))));
        if let Some(hint) = &failure.hint {
            self.note(format_args!("\n{} {hint}", styled(STRONG, "hint:")));
        }
    }

    /// How far something long has come. Drawn only for a person.
    pub(crate) fn progress(&self, sentence: &Sentence, done: u64, total: Option<u64>) {
        if self.json || !std::io::stderr().is_terminal() {
            return;
        }
        let mut bar = self.bar.lock();
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let template = match total {
            Some(total) if total > 0 => {
                bar.set_length(total);
                "{spinner} {msg} {bar:24} {bytes}/{total_bytes} ({bytes_per_sec}, {eta} left)"
            }
            _ => "{spinner} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(done);
        bar.set_message(sentence.to_string());
    }

    /// Takes the progress away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.bar.lock().take() {
            bar.finish_and_clear();
        }
    }

    /// Asks the person for a line. `None`: nobody answered.
    pub(crate) async fn ask(&self, prompt: impl Display) -> Option<String> {
        self.clear();
        put(&mut AutoStream::auto(std::io::stderr()), format_args!("{prompt} "));
        tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            match std::io::stdin().read_line(&mut line) {
                Ok(0) | Err(_) => None,
                Ok(_) => Some(line.trim().to_owned()),
            }
        })
        .await
        .ok()
        .flatten()
    }

    /// Asks for a secret: unseen on a terminal, else the first line of standard input. `None`: nobody answered.
    pub(crate) fn ask_secret(&self, prompt: impl Display) -> Option<Secret<String>> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        self.clear();
        let input = std::io::stdin();
        let before = input.is_terminal().then(|| tcgetattr(&input).ok()).flatten();
        if let Some(before) = &before {
            let mut unseen = before.clone();
            unseen.local_modes.remove(LocalModes::ECHO);
            let is_unseen = tcsetattr(&input, OptionalActions::Flush, &unseen).is_ok();
            let care = if is_unseen { "" } else { " (it will be seen)" };
            put(&mut AutoStream::auto(std::io::stderr()), format_args!("{prompt}{care} "));
        }
        let mut line = String::with_capacity(SECRET_BYTES);
        let read = input.lock().take(SECRET_BYTES as u64).read_line(&mut line);
        if let Some(before) = &before {
            let is_seen_again = tcsetattr(&input, OptionalActions::Flush, before).is_ok();
            put(&mut AutoStream::auto(std::io::stderr()), format_args!("\n"));
            if !is_seen_again {
                self.note("this terminal hides what you type; 'stty echo' shows it again");
            }
        }
        while line.ends_with(['\n', '\r']) {
            line.pop();
        }
        let secret = Secret::new(line);
        matches!(read, Ok(1..)).then_some(secret).filter(|secret| !secret.expose().is_empty())
    }

    /// Prints with the progress out of the way.
    fn quieted(&self, print: impl FnOnce()) {
        match &*self.bar.lock() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

/// JSON whose strings move no cursor and turn no line around: the same value, with the characters escaped that only a
/// terminal acts on. Outside of strings JSON has none of them.
fn json_escape(json: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
    };
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            c if acts(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Writes, and does not mind if nobody reads; says whether somebody may.
fn put<S: anstream::stream::RawStream + AsLockedWrite>(
    stream: &mut AutoStream<S>,
    text: std::fmt::Arguments<'_>,
) -> bool {
    stream.write_fmt(text).and_then(|()| stream.flush()).is_ok()
}

// The two streams that `put` is made for.
const _: fn(&mut AutoStream<Stdout>, std::fmt::Arguments<'_>) -> bool = put::<Stdout>;
const _: fn(&mut AutoStream<Stderr>, std::fmt::Arguments<'_>) -> bool = put::<Stderr>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_moves_no_cursor_and_stays_the_same_value() {
        let value =
            serde_json::json!({ "a\u{9b}b": "x\u{202e}y\u{2028}\u{7f}\u{1b}[31m é 文 \\u202e \u{200f}\u{2069}" });
        let plain = value.to_string();
        let escaped = json_escape(&plain);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("it is JSON"), value);
        assert!(escaped.contains(r"a\u009bb") && escaped.contains(r"x\u202ey\u2028\u007f"), "{escaped}");
        assert!(escaped.contains("é 文"), "{escaped}");
        assert!(matches!(json_escape(r#"{"a":"größe"}"#), Cow::Borrowed(_)));
    }
}
