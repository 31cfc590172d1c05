//! Foreign text made safe to show: nothing an author or a file writes can move a cursor, hide a word or turn a
//! line around.

/// Replaces control, bidirectional and invisible characters by a visible `\u{…}` form. Line breaks and tabs become
/// `\n` and `\t`, so the text stays on one line.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_deceptive(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// As [`escape`], but keeps line breaks and tabs: for text that a run prints over several lines.
pub fn escape_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if is_deceptive(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// [`escape`], then at most `chars_max` characters, with `…` where something was cut.
pub fn shorten(text: &str, chars_max: usize) -> String {
    let head: String = text.chars().take(chars_max.saturating_add(1)).collect();
    let mut out = escape(&head);
    if out.chars().count() > chars_max {
        out = out.chars().take(chars_max.saturating_sub(1)).collect();
        out.push('…');
    }
    out
}

/// A number with its word: `1 run`, `2 runs`, `3 entries`.
pub fn count(number: impl TryInto<u64>, one: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    // An entry, two entries; a day, two days.
    match one.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        _ if number == 1 => format!("1 {one}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {one}s"),
    }
}

/// Characters that change how other text looks, or that nobody sees: C0 and C1 controls, bidirectional controls,
/// zero-width and other default-ignorable characters, private use, tags, line and paragraph separators.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE000..=0xF8FF | 0xE0000..=0xE0FFF
            | 0xF0000..=0x10FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_become_visible() {
        assert_eq!(escape("a\u{202e}b\u{200b}c\x1b[31m"), "a\\u{202e}b\\u{200b}c\\u{1b}[31m");
        assert_eq!(escape("two\nlines"), "two\\nlines");
        assert_eq!(escape("a\r\tb"), "a\\r\\tb");
        assert_eq!(escape_lines("two\nlines\x07\t\r"), "two\nlines\\u{7}\t\\u{d}");
        assert!(is_deceptive('\x07') && is_deceptive('\u{85}') && is_deceptive('\u{200d}') && !is_deceptive('é'));
        assert_eq!(escape("größe 文字 🙂"), "größe 文字 🙂");
    }

    #[test]
    fn shortening_says_so() {
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
        // What is escaped is longer than what was given.
        assert_eq!(shorten("a\u{202e}", 4), "a\\u…");
    }

    #[test]
    fn words_follow_their_number() {
        assert_eq!(count(1_usize, "run"), "1 run");
        assert_eq!(count(0_u64, "run"), "0 runs");
        assert_eq!(count(2_u64, "entry"), "2 entries");
        assert_eq!(count(1_u64, "entry"), "1 entry");
    }
}
