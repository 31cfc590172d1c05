//! The lines that change in a client's file, as they may be shown: the file is a person's, and holds secrets.

use super::{SERVER_NAME, edit::Ours};
use crate::import::{Text, covered};
use jsonc_parser::{ast, common::Ranged};
use protocol::text;
use std::ops::Range;

/// Unchanged lines that are shown around those that change.
const LINES_AROUND: usize = 2;

/// One side of the comparison.
struct Side<'a> {
    lines: Vec<&'a str>,
    /// The lines that are our server's.
    ours: Range<usize>,
}

impl<'a> Side<'a> {
    fn of(file: &'a str, bytes: Option<&'a [u8]>, ours: &Ours) -> Self {
        let Some(source) = bytes.and_then(|bytes| Text::read(file, bytes, usize::MAX).ok()) else {
            return Self { lines: Vec::new(), ours: 0..0 };
        };
        let range = source.parse(ours.dialect).ok().flatten().and_then(|root| {
            let ast::Value::Object(root) = root else { return None };
            let member = root.get_object(ours.servers_key)?.get(SERVER_NAME)?.range();
            let line = |at: usize| source.text[..at].matches('\n').count();
            // Lines that hold something else too are not only ours.
            let begins = source.text[..member.start].rsplit('\n').next().is_none_or(|head| head.trim().is_empty());
            Some(line(member.start) + usize::from(!begins)..line(member.end) + 1)
        });
        Self { lines: source.text.lines().collect(), ours: range.unwrap_or(0..0) }
    }

    fn shown(&self, at: usize, key: Option<&str>) -> String {
        let line = self.lines[at];
        if self.ours.contains(&at) {
            let line = key.map_or_else(|| line.to_owned(), |key| line.replace(key, "•••"));
            return text::escape_lines(&line);
        }
        text::escape_lines(&covered(line).into_iter().collect::<String>())
    }
}

/// The lines that change, each with `+` or `-`, and some around them.
pub(super) fn show(file: &str, before: Option<&[u8]>, after: Option<&[u8]>, ours: &Ours) -> String {
    let (old, new) = (Side::of(file, before, ours), Side::of(file, after, ours));
    let key = ours.key.as_ref().map(crate::import::Hidden::expose);
    let head = old.lines.iter().zip(&new.lines).take_while(|(old, new)| old == new).count();
    let rest = old.lines.len().min(new.lines.len()) - head;
    let tail =
        old.lines.iter().rev().zip(new.lines.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let mut out = format!("{}\n", text::shorten(file, 300));
    let mut line = |sign: char, shown: String| out.push_str(&format!("{sign} {shown}\n"));
    for at in head.saturating_sub(LINES_AROUND)..head {
        line(' ', old.shown(at, key));
    }
    for at in head..old.lines.len() - tail {
        line('-', old.shown(at, key));
    }
    for at in head..new.lines.len() - tail {
        line('+', new.shown(at, key));
    }
    for at in (new.lines.len() - tail)..(new.lines.len() - tail + LINES_AROUND).min(new.lines.len()) {
        line(' ', new.shown(at, key));
    }
    out
}
