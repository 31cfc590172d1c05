//! A page's glyphs to its text. Pure.
//!
//! A page says where glyphs stand, and nothing of words or lines. Words are told apart by the room between them, lines by where
//! the next glyph begins; what is drawn one after the other is read one after the other, which is how columns stay apart.

use unicode_normalization::UnicodeNormalization as _;

/// The largest room between two glyphs of one word, in em. Words stand a fifth of one apart or more, letters hardly any.
const WORD_GAP_EM: f64 = 0.15;
/// How far a glyph may stand above or below the one before and still be on its line: an exponent.
const LINE_SHIFT_EM: f64 = 0.5;
/// How far back a glyph may begin without beginning another line: an accent over the letter before.
const BACK_EM: f64 = 0.7;
/// The next line of a paragraph is no further away than this.
const NEXT_LINE_EM: f64 = 2.5;
/// Directions are the same if the cosine between them is as large as this.
const SAME_DIRECTION: f64 = 0.99;

/// One glyph on a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// What it stands for: a letter, several (a ligature), none.
    pub(crate) text: String,
    /// Where it begins.
    pub(crate) start: (f64, f64),
    /// Where the next one would begin.
    pub(crate) end: (f64, f64),
    /// Where it leads, of length 1.
    pub(crate) along: (f64, f64),
    /// The size of its letters.
    pub(crate) em: f64,
}

/// How a mark follows the one before.
enum Step {
    /// In the same word.
    Word,
    /// In another word of the line.
    Space,
    /// On the next line of the same paragraph.
    NextLine,
    /// Elsewhere.
    Elsewhere,
}

/// The text of a page.
pub(crate) fn text_of(marks: &[Mark]) -> String {
    let mut text = String::new();
    let mut last: Option<&Mark> = None;
    let mut marks = marks.iter().peekable();
    while let Some(mark) = marks.next() {
        if let Some(last) = last {
            match step(last, mark) {
                Step::Word => {}
                Step::Space => space(&mut text),
                Step::NextLine if hyphen_take(&mut text, &mark.text) => {}
                Step::NextLine | Step::Elsewhere => {
                    trim_end(&mut text);
                    text.push('\n');
                }
            }
        }
        match (accent(&mark.text), marks.peek()) {
            // Drawn first, and the letter under it.
            (Some(accent), Some(letter)) if is_over(mark, letter) && is_letter(&letter.text) => {
                text.push_str(&undotted(&letter.text));
                text.push(accent);
                last = marks.next();
            }
            (Some(accent), _) if last.is_some_and(|last| is_over(last, mark) && is_letter(&last.text)) => {
                text.push(accent);
            }
            _ => {
                text.push_str(&mark.text);
                last = Some(mark);
            }
        }
    }
    let text = text.trim_matches(['\n', ' ']);
    // Letters with their accents become one; what looks like letters (ligatures) becomes them; all else stays as it is.
    text.chars().flat_map(Letters::of).filter(|c| !is_control(*c)).nfc().collect()
}

fn step(last: &Mark, mark: &Mark) -> Step {
    let way = (mark.start.0 - last.end.0, mark.start.1 - last.end.1);
    let gap = dot(way, last.along);
    let shift = (way.0 * last.along.1 - way.1 * last.along.0).abs();
    let em = last.em.max(mark.em);
    let turns = dot(last.along, mark.along) < SAME_DIRECTION;
    if turns || shift > LINE_SHIFT_EM * em || gap < -BACK_EM * em {
        let goes_on = !turns && gap < 0.0 && shift < NEXT_LINE_EM * em;
        return if goes_on { Step::NextLine } else { Step::Elsewhere };
    }
    if gap > WORD_GAP_EM * last.em.min(mark.em) { Step::Space } else { Step::Word }
}

/// Whether the second begins before the first has ended, on what is one line.
fn is_over(first: &Mark, second: &Mark) -> bool {
    let (way, em) = ((second.start.0 - first.end.0, second.start.1 - first.end.1), first.em.max(second.em));
    let (gap, shift) = (dot(way, first.along), (way.0 * first.along.1 - way.1 * first.along.0).abs());
    dot(first.along, second.along) > SAME_DIRECTION && gap < -0.1 * em && gap > -2.0 * em && shift < em
}

fn dot(one: (f64, f64), other: (f64, f64)) -> f64 {
    one.0 * other.0 + one.1 * other.1
}

fn space(text: &mut String) {
    if !text.ends_with([' ', '\n']) {
        text.push(' ');
    }
}

fn trim_end(text: &mut String) {
    while text.ends_with(' ') {
        text.pop();
    }
}

/// A word that was cut at the end of a line is made whole: the hyphen goes. One that stands behind something else than a letter
/// belongs to it, and so it stays.
fn hyphen_take(text: &mut String, next: &str) -> bool {
    let trimmed = text.trim_end_matches(' ');
    let Some(hyphen) = trimmed.chars().next_back().filter(|c| matches!(c, '-' | '\u{2010}' | '\u{ad}')) else {
        return false;
    };
    let before = &trimmed[..trimmed.len() - hyphen.len_utf8()];
    let is_cut = before.ends_with(char::is_alphabetic) && next.starts_with(char::is_alphabetic);
    if is_cut {
        text.truncate(before.len());
    }
    is_cut
}

fn is_letter(text: &str) -> bool {
    text.chars().all(char::is_alphabetic) && !text.is_empty()
}

/// Under an accent, the letters that have a dot of their own stand without it.
fn undotted(letter: &str) -> String {
    letter.replace('\u{131}', "i").replace('\u{237}', "j")
}

/// An accent that stands for itself, as the one that belongs to a letter.
fn accent(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let (first, None) = (chars.next()?, chars.next()) else { return None };
    Some(match first {
        '`' | '\u{2cb}' | '\u{300}' => '\u{300}',
        '\u{b4}' | '\u{2ca}' | '\u{301}' => '\u{301}',
        '^' | '\u{2c6}' | '\u{302}' => '\u{302}',
        '~' | '\u{2dc}' | '\u{303}' => '\u{303}',
        '\u{af}' | '\u{2c9}' | '\u{304}' => '\u{304}',
        '\u{2d8}' | '\u{306}' => '\u{306}',
        '\u{2d9}' | '\u{307}' => '\u{307}',
        '\u{a8}' | '\u{308}' => '\u{308}',
        '\u{2da}' | '\u{30a}' => '\u{30a}',
        '\u{2dd}' | '\u{30b}' => '\u{30b}',
        '\u{2c7}' | '\u{30c}' => '\u{30c}',
        '\u{b8}' | '\u{327}' => '\u{327}',
        '\u{2db}' | '\u{328}' => '\u{328}',
        _ => return None,
    })
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// A ligature as its letters.
struct Letters;

impl Letters {
    fn of(c: char) -> impl Iterator<Item = char> {
        let letters = match c {
            '\u{fb00}' => "ff",
            '\u{fb01}' => "fi",
            '\u{fb02}' => "fl",
            '\u{fb03}' => "ffi",
            '\u{fb04}' => "ffl",
            '\u{fb05}' | '\u{fb06}' => "st",
            '\u{a0}' => " ",
            _ => "",
        };
        letters.chars().chain(letters.is_empty().then_some(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks of 10 units each, every letter half an em wide; ` ` leaves room, `\n` goes to the next line, `←` goes back.
    fn marks(text: &str) -> Vec<Mark> {
        let (mut x, mut y) = (0.0, 0.0);
        let mut marks = Vec::new();
        for c in text.chars() {
            match c {
                ' ' => x += 3.0,
                '\n' => (x, y) = (0.0, y + 12.0),
                '⇓' => (x, y) = (300.0, 0.0),
                '←' => x -= 5.0,
                c => {
                    let text = c.to_string();
                    marks.push(Mark { text, start: (x, y), end: (x + 5.0, y), along: (1.0, 0.0), em: 10.0 });
                    x += 5.0;
                }
            }
        }
        marks
    }

    #[test]
    fn a_page_reads_as_it_was_drawn() {
        for (drawn, expected) in [
            ("two words\nand a line", "two words\nand a line"),
            ("hyphen-\nated words", "hyphenated words"),
            ("hyphen-\nAted", "hyphenAted"),
            ("an option -\nv", "an option -\nv"),
            ("10-\n12", "10-\n12"),
            ("one\ncolumn⇓and\u{21d3}other", "one\ncolumn\nand\nother"),
            ("o\u{fb03}ce", "office"),
            ("Br¨←oker", "Br\u{f6}ker"),
            ("Mikul´←\u{131}k", "Mikul\u{ed}k"),
            ("Fran\u{e7}ois c←¸a", "Fran\u{e7}ois \u{e7}a"),
            ("a ^ b", "a ^ b"),
            ("x^2", "x^2"),
            ("a\u{0}b\u{a0}c", "ab c"),
            ("", ""),
        ] {
            assert_eq!(text_of(&marks(drawn)), expected, "{drawn:?}");
        }
    }

    #[test]
    fn what_is_turned_is_read_along_its_own_way() {
        let mark = |text: &str, y: f64| Mark {
            text: text.to_owned(),
            start: (0.0, y),
            end: (0.0, y + 5.0),
            along: (0.0, 1.0),
            em: 10.0,
        };
        assert_eq!(text_of(&[mark("u", 0.0), mark("p", 5.0), mark("a", 14.0)]), "up a");
        let flat = Mark { along: (1.0, 0.0), end: (5.0, 20.0), ..mark("b", 20.0) };
        assert_eq!(text_of(&[mark("u", 0.0), flat]), "u\nb");
    }
}
