//! One way of writing each value: JSON Canonicalization Scheme (RFC 8785).

use serde_json::{Number, Value};

/// Up to here a whole number is the same in every reader.
const SAFE: u64 = (1 << 53) - 1;

/// A value's canonical text. Whole numbers that no double holds exactly, which the scheme does not know, are written digit by
/// digit: two that differ are never written the same.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            text.push('{');
            for (place, (key, value)) in entries.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                quote(key, text);
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(all) => {
            text.push('[');
            for (place, value) in all.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::String(string) => quote(string, text),
        Value::Number(given) => number(given, text),
        Value::Bool(_) | Value::Null => text.push_str(&value.to_string()),
    }
}

fn quote(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            control if control < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

/// A number as ECMAScript writes it.
fn number(given: &Number, text: &mut String) {
    let whole = given.as_i64().map(i64::unsigned_abs).or_else(|| given.as_u64());
    match (whole, given.as_f64()) {
        (Some(0), _) => text.push('0'),
        (Some(whole), _) if whole > SAFE => text.push_str(&given.to_string()),
        (_, Some(0.0)) => text.push('0'),
        _ => decimal(&given.to_string(), text),
    }
}

/// A number in its shortest digits, which is how it is given, with its point where ECMAScript puts it.
fn decimal(shortest: &str, text: &mut String) {
    let (sign, shortest) = shortest.strip_prefix('-').map_or(("", shortest), |shortest| ("-", shortest));
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let ahead = i32::try_from(whole.len()).expect("a number is short")
        - i32::try_from(all.len() - digits.len()).expect("it is short");
    let place = ahead + exponent.parse::<i32>().expect("an exponent is a number");
    let digits = digits.trim_end_matches('0');
    let count = i32::try_from(digits.len()).expect("a double has few digits");
    text.push_str(sign);
    let exponent = place - 1;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if (count..=21).contains(&place) {
        text.push_str(digits);
        text.push_str(&zeros(place - count));
    } else if (1..=21).contains(&place) {
        let (before, after) = digits.split_at(usize::try_from(place).unwrap_or(0));
        text.extend([before, ".", after]);
    } else if (-5..=0).contains(&place) {
        text.extend(["0.", &zeros(-place), digits]);
    } else {
        let (first, rest) = digits.split_at(1);
        text.push_str(first);
        if !rest.is_empty() {
            text.extend([".", rest]);
        }
        text.push_str(&format!("e{exponent:+}"));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn check(given: &str, expected: &str) {
        assert_eq!(canonical(&serde_json::from_str(given).unwrap()), expected, "{given}");
    }

    #[test]
    fn the_standards_own_examples_are_written() {
        check(
            r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
        );
        check(
            r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}"#,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\
             \"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
        );
        // Appendix B, those that JSON can say.
        for (given, expected) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("5e-324", "5e-324"),
            ("-5e-324", "-5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("9007199254740992.0", "9007199254740992"),
            ("295147905179352830000.0", "295147905179352830000"),
            ("9.999999999999997e22", "9.999999999999997e+22"),
            ("1e23", "1e+23"),
            ("1.0000000000000001e23", "1.0000000000000001e+23"),
            ("999999999999999700000.0", "999999999999999700000"),
            ("1e21", "1e+21"),
            ("9.999999999999997e-7", "9.999999999999997e-7"),
            ("0.000001", "0.000001"),
            ("333333333.3333332", "333333333.3333332"),
            ("-0.0000033333333333333333", "-0.0000033333333333333333"),
            ("1424953923781206.2", "1424953923781206.2"),
            ("1.0", "1"),
        ] {
            check(given, expected);
        }
        check("[9007199254740993, 9007199254740992]", "[9007199254740993,9007199254740992]");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(double in any::<f64>().prop_filter("JSON has no others", |double| double.is_finite())) {
            let text = canonical(&Value::from(double));
            prop_assert_eq!(text.parse::<f64>().unwrap(), double);
        }
    }
}
