//! Which fields are numbers, and what they are worth.
//!
//! The rule is that of `sqlite3` for a column of numeric affinity: decimal digits with an optional sign, point and
//! exponent, and white space around. `0x10`, `1_000`, `1,5`, `inf` and `nan` are text. Two things differ: whole
//! numbers stay exact up to 38 digits (there: 19), and a number beyond the range of a double is text (there: infinite).

use std::io::Write;

/// What a field is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// A whole number.
    Integer(i64),
    /// A whole number of up to 38 digits that does not fit into 64 bits.
    Wide(i128),
    /// Everything else; finite.
    Float(f64),
}

impl Number {
    /// The nearest double.
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Wide(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// How the field is related to the one text that stands for its value, so that `1.50` and `1.5` count as one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canonical {
    /// The field is that text.
    Same,
    /// That text is a shorter beginning of the field: zeros behind the point.
    Prefix(usize),
    /// It has to be written: see [`canonical_write`].
    Other,
}

/// A field that is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) number: Number,
    pub(crate) canonical: Canonical,
}

const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Digits that fit into 64 bits whatever they are.
const DIGITS_U64: usize = 19;
/// Digits that fit into 128 signed bits whatever they are.
const DIGITS_I128: usize = 38;
/// Decimals of up to this many digits and doubles are one to one.
const DIGITS_F64: usize = 15;

/// Reads a field as a number.
#[inline]
pub(crate) fn parse(field: &[u8]) -> Option<Parsed> {
    let first = *field.first()?;
    // Most fields of text columns end here.
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.') || is_space(first)) {
        return None;
    }
    let mut text = field;
    let mut is_plain = true;
    if is_space(first) || field.last().is_some_and(|last| is_space(*last)) {
        text = trim(field);
        is_plain = false;
    }
    let (is_negative, unsigned) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => {
            is_plain = false;
            (false, &text[1..])
        }
        _ => (false, text),
    };
    let mut mantissa: u64 = 0;
    let mut place = 0;
    while let Some(digit) = unsigned.get(place).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        place += 1;
    }
    let whole_digits = place;
    if whole_digits > 1 && unsigned[0] == b'0' {
        is_plain = false;
    }
    if place == unsigned.len() {
        if whole_digits == 0 {
            return None;
        }
        return integer(text, is_negative, unsigned, mantissa, is_plain);
    }
    let mut fraction_digits = 0;
    let mut zeros = 0;
    if unsigned[place] == b'.' {
        place += 1;
        while let Some(digit) = unsigned.get(place).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            zeros = if digit == 0 { zeros + 1 } else { 0 };
            fraction_digits += 1;
            place += 1;
        }
    }
    if whole_digits + fraction_digits == 0 {
        return None;
    }
    let mut exponent: i32 = 0;
    if place < unsigned.len() {
        if !matches!(unsigned[place], b'e' | b'E') {
            return None;
        }
        exponent = exponent_of(&unsigned[place + 1..])?;
        is_plain = false;
    }
    let digits = whole_digits + fraction_digits;
    let scale = exponent.saturating_sub(i32::try_from(fraction_digits).unwrap_or(i32::MAX));
    let value = if digits <= DIGITS_U64 && mantissa < 1 << 53 && scale.unsigned_abs() <= 22 {
        // Both are exact doubles, so one operation rounds once: Clinger's fast path.
        let power = POWERS_OF_TEN[scale.unsigned_abs() as usize];
        let value = if scale < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
        if is_negative { -value } else { value }
    } else {
        std::str::from_utf8(text).ok()?.parse::<f64>().ok().filter(|value| value.is_finite())?
    };
    let canonical = if !is_plain || whole_digits == 0 || fraction_digits == 0 || digits > DIGITS_F64 {
        Canonical::Other
    } else if zeros == 0 {
        Canonical::Same
    } else if zeros < fraction_digits {
        Canonical::Prefix(field.len() - zeros)
    } else if mantissa == 0 {
        Canonical::Other // -0.0
    } else {
        Canonical::Prefix(field.len() - zeros - 1)
    };
    Some(Parsed { number: Number::Float(value), canonical })
}

#[inline]
fn integer(text: &[u8], is_negative: bool, digits: &[u8], mantissa: u64, is_plain: bool) -> Option<Parsed> {
    let canonical = if is_plain && !(is_negative && mantissa == 0) { Canonical::Same } else { Canonical::Other };
    if digits.len() < DIGITS_U64 {
        let value = mantissa as i64;
        return Some(Parsed { number: Number::Integer(if is_negative { -value } else { value }), canonical });
    }
    let significant = &digits[digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len() - 1)..];
    if significant.len() > DIGITS_I128 {
        let value = std::str::from_utf8(text).ok()?.parse::<f64>().ok().filter(|value| value.is_finite())?;
        return Some(Parsed { number: Number::Float(value), canonical: Canonical::Other });
    }
    let value = significant.iter().fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    let value = if is_negative { -value } else { value };
    let number = i64::try_from(value).map_or(Number::Wide(value), Number::Integer);
    let canonical = if value == 0 { Canonical::Other } else { canonical };
    Some(Parsed { number, canonical })
}

fn exponent_of(text: &[u8]) -> Option<i32> {
    let (is_negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Beyond a million every double is zero or infinite, whatever its digits.
    let value = digits.iter().fold(0_i32, |value, digit| (value * 10 + i32::from(digit - b'0')).min(1_000_000));
    Some(if is_negative { -value } else { value })
}

/// Writes the one text that stands for a number's value.
pub(crate) fn canonical_write(number: Number, out: &mut Vec<u8>) {
    out.clear();
    let written = match number {
        Number::Integer(value) => write!(out, "{value}"),
        Number::Wide(value) => write!(out, "{value}"),
        // A whole double below 2^63 is the same value as that integer.
        Number::Float(value) if value.fract() == 0.0 && value.abs() < 9.2e18 => write!(out, "{}", value as i64),
        Number::Float(value) => write!(out, "{value}"),
    };
    debug_assert!(written.is_ok(), "writing to memory");
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

fn trim(field: &[u8]) -> &[u8] {
    let start = field.iter().position(|byte| !is_space(*byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !is_space(*byte)).map_or(start, |last| last + 1);
    &field[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        let parsed = parse(text.as_bytes())?;
        Some(match parsed.canonical {
            Canonical::Same => text.to_owned(),
            Canonical::Prefix(bytes) => text[..bytes].to_owned(),
            Canonical::Other => {
                let mut out = Vec::new();
                canonical_write(parsed.number, &mut out);
                String::from_utf8(out).expect("digits")
            }
        })
    }

    fn check(text: &str, expected: Option<(Number, &str)>) {
        let found = parse(text.as_bytes()).map(|parsed| parsed.number);
        assert_eq!(found, expected.map(|(number, _)| number), "{text:?}");
        assert_eq!(canonical(text).as_deref(), expected.map(|(_, canonical)| canonical), "{text:?}");
    }

    #[test]
    fn numbers_are_what_sqlite_takes_for_numbers() {
        use Number::{Float, Integer, Wide};
        for text in [
            "", " ", "-", "+", ".", "e5", "1e", "1e+", "-.", "0x10", "1_000", "1,5", "inf", "nan", "1 2", "12abc",
            "--1", "1.2.3", "1e999", "∞",
        ] {
            check(text, None);
        }
        check("0", Some((Integer(0), "0")));
        check("-0", Some((Integer(0), "0")));
        check("007", Some((Integer(7), "7")));
        check("+5", Some((Integer(5), "5")));
        check(" 12\t", Some((Integer(12), "12")));
        check("9223372036854775807", Some((Integer(i64::MAX), "9223372036854775807")));
        check("-9223372036854775808", Some((Integer(i64::MIN), "-9223372036854775808")));
        check("9223372036854775808", Some((Wide(1 << 63), "9223372036854775808")));
        check("00000000000000000000000000000000000000000042", Some((Integer(42), "42")));
        check("1.5", Some((Float(1.5), "1.5")));
        check("1.50", Some((Float(1.5), "1.5")));
        check("12.00", Some((Float(12.0), "12")));
        check("-0.0", Some((Float(-0.0), "0")));
        check("5.", Some((Float(5.0), "5")));
        check(".5", Some((Float(0.5), "0.5")));
        check("1e3", Some((Float(1000.0), "1000")));
        check("1.5E-3", Some((Float(0.0015), "0.0015")));
        check("-100.10", Some((Float(-100.1), "-100.1")));
    }

    proptest! {
        #[test]
        fn floats_are_rounded_as_the_standard_library_does(text in "-?[0-9]{1,20}\\.[0-9]{0,20}([eE][-+]?[0-9]{1,3})?") {
            let expected = text.parse::<f64>().ok().filter(|value| value.is_finite());
            let found = parse(text.as_bytes()).map(|parsed| parsed.number.as_f64());
            prop_assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits));
        }

        #[test]
        fn equal_values_have_one_canonical_text(text in "-?[0-9]{1,3}(\\.[0-9]{0,4})?(e[0-2])?") {
            let value = text.parse::<f64>().expect("a number");
            let canonical = canonical(&text).expect("a number");
            prop_assert_eq!(canonical.parse::<f64>().expect("a number"), value);
            let mut out = Vec::new();
            canonical_write(Number::Float(value), &mut out);
            prop_assert_eq!(canonical.as_bytes(), &out[..], "{} is {}", text, value);
        }

        #[test]
        fn nothing_panics(field in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(parse(&field).is_none_or(|parsed| parsed.number.as_f64().is_finite()));
        }
    }
}
