//! What is wrong in a file, with line, caret and nearest word, as a person reads it.

use protocol::{ErrorCode, text};
use std::{fmt, ops::Range};
use unicode_width::UnicodeWidthStr as _;

/// Findings shown at once: a page that a person still reads.
pub const FINDINGS_MAX: usize = 20;
/// Known words that a mistyped one is compared with. Comparing is quadratic in their length, and a hostile file could
/// bring thousands of both.
const WORDS_COMPARED_MAX: usize = 500;
/// How much of a long line is shown around the caret.
const LINE_CHARS_MAX: usize = 100;
/// Characters shown before the caret when a line is cut.
const LINE_CHARS_BEFORE: usize = 40;
/// How much foreign text a message repeats.
pub(crate) const QUOTE_CHARS_MAX: usize = 60;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: ErrorCode,
    /// The file of the package.
    pub file: String,
    /// Where in the file, if it is about one place.
    pub place: Option<Place>,
    /// What is wrong; escaped, may be shown as it is.
    pub message: String,
    /// The next step, such as the nearest known word.
    pub suggestion: Option<String>,
}

/// A place in a text file, with the line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text, escaped and cut around the caret.
    shown: String,
    caret_at: usize,
    caret_width: usize,
}

impl Place {
    /// The place of a range of bytes. Ranges that do not fit the text are moved into it.
    pub(crate) fn of(text: &str, range: &Range<usize>) -> Self {
        let start = floor_char(text, range.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let start_in_line = (start - line_start).min(line.len());
        let end_in_line = floor_char(line, range.end.saturating_sub(line_start)).max(start_in_line);

        let column = line[..start_in_line].chars().count();
        let (mut head, tail) = (&line[..start_in_line], &line[start_in_line..]);
        let mut cut_head = false;
        if column > LINE_CHARS_BEFORE && line.chars().nth(LINE_CHARS_MAX).is_some() {
            let from = head.char_indices().rev().nth(LINE_CHARS_BEFORE - 1).map_or(0, |(at, _)| at);
            head = &head[from..];
            cut_head = true;
        }
        let room = LINE_CHARS_MAX.saturating_sub(head.chars().count());
        let tail_end = tail.char_indices().nth(room).map_or(tail.len(), |(at, _)| at);
        let cut_tail = tail_end < tail.len();
        let marked = (end_in_line - start_in_line).min(tail_end);

        let mut shown = String::new();
        if cut_head {
            shown.push('…');
        }
        shown.push_str(&text::escape(head));
        let caret_at = shown.width();
        shown.push_str(&text::escape(&tail[..tail_end]));
        if cut_tail {
            shown.push('…');
        }
        let caret_width = text::escape(&tail[..marked]).width().max(1);
        let line_number = text[..line_start].bytes().filter(|b| *b == b'\n').count() + 1;
        Self { line: line_number, column: column + 1, shown, caret_at, caret_width }
    }
}

impl Place {
    /// The line with its number, and below it the caret.
    pub(crate) fn excerpt(&self) -> String {
        let number = self.line.to_string();
        let gutter = number.len().max(3);
        let caret = format!("{}{}", " ".repeat(self.caret_at), "^".repeat(self.caret_width));
        format!("{number:>gutter$} | {}\n{:gutter$} | {caret}", self.shown, "")
    }
}

/// The last character boundary at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = &self.place else {
            write!(f, "{}: {}", self.file, self.message)?;
            if let Some(suggestion) = &self.suggestion {
                write!(f, "\n  {suggestion}")?;
            }
            return Ok(());
        };
        writeln!(f, "{}:{}:{}: {}", self.file, place.line, place.column, self.message)?;
        f.write_str(&place.excerpt())?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, " {suggestion}")?;
        }
        Ok(())
    }
}

/// All that was found wrong, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
    more: usize,
}

impl Findings {
    /// From a list: `Ok` when it is empty, else the first [`FINDINGS_MAX`] and how many more there are.
    pub(crate) fn none_or(mut list: Vec<Finding>) -> Result<(), Self> {
        if list.is_empty() {
            return Ok(());
        }
        let more = list.len().saturating_sub(FINDINGS_MAX);
        list.truncate(FINDINGS_MAX);
        Err(Self { list, more })
    }

    /// What was found, in the order of the files and lines.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// The code of the first.
    pub fn code(&self) -> ErrorCode {
        self.list.first().map_or(ErrorCode::PackageInvalid, |finding| finding.code)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        if self.more > 0 {
            write!(f, "\n… and {} more", self.more)?;
        }
        Ok(())
    }
}

/// The nearest of the known words, if one is near enough to be meant.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Distance is quadratic in length; nobody mistypes a word of this length.
    if given.len() > 80 {
        return None;
    }
    let lower = given.to_lowercase();
    known
        .into_iter()
        .filter(|word| word.len() <= 80)
        .take(WORDS_COMPARED_MAX)
        .map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// "did you mean …", when there is a near word.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, known).map(|word| format!("did you mean '{}'?", text::escape(word)))
}

/// Foreign text in quotes: escaped and short.
pub(crate) fn quote(foreign: &str) -> String {
    format!("'{}'", text::shorten(foreign, QUOTE_CHARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, range: Range<usize>, expected: &str) {
        let finding = Finding {
            code: ErrorCode::PackageInvalid,
            file: "f.json".to_owned(),
            place: Some(Place::of(text, &range)),
            message: "wrong".to_owned(),
            suggestion: None,
        };
        assert_eq!(finding.to_string(), expected);
    }

    #[test]
    fn carets_stand_below_what_they_mean() {
        check("{\n  \"ab\": 1\n}", 4..8, "f.json:2:3: wrong\n  2 |   \"ab\": 1\n    |   ^^^^");
        check("a\tbc", 2..4, "f.json:1:3: wrong\n  1 | a\\tbc\n    |    ^^");
        check("文字 x", 7..8, "f.json:1:4: wrong\n  1 | 文字 x\n    |      ^");
        check("a\u{202e}b", 4..5, "f.json:1:3: wrong\n  1 | a\\u{202e}b\n    |          ^");
        check("x\r\ny\r\n", 3..4, "f.json:2:1: wrong\n  2 | y\n    | ^");
        check("", 5..9, "f.json:1:1: wrong\n  1 | \n    | ^");
        check("ab\ncd", 0..5, "f.json:1:1: wrong\n  1 | ab\n    | ^^");
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let text = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        let place = Place::of(&text, &(500..504));
        assert_eq!((place.line, place.column), (1, 501));
        assert_eq!(place.shown.chars().count(), LINE_CHARS_MAX + 2);
        assert_eq!(place.shown.chars().skip(place.caret_at).take(4).collect::<String>(), "HERE");
    }

    #[test]
    fn only_near_words_are_proposed() {
        assert_eq!(nearest("descripton", ["description", "name"]), Some("description"));
        assert_eq!(nearest("Name", ["description", "name"]), Some("name"));
        assert_eq!(nearest("colour", ["description", "name"]), None);
        assert_eq!(nearest(&"x".repeat(10_000), ["description"]), None);
    }
}
