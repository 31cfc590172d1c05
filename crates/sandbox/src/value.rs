//! What a guest hands out, made into what the kernel knows. Pure.

use kernel::runner::GuestValue;
use protocol::text::shorten;
use serde_json::Value;

/// Reads JSON that a guest wrote. JavaScript's strings may hold halves of characters (lone surrogates), which JSON can
/// spell and Unicode text cannot hold; they become U+FFFD.
pub(crate) fn json_read(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).or_else(|first| {
        let whole = surrogates_replace(bytes);
        if whole == bytes {
            return Err(format!("it is not JSON that the host can hold: {}", shorten(&first.to_string(), 200)));
        }
        serde_json::from_slice(&whole).map_err(|error| shorten(&error.to_string(), 200))
    })
}

/// A guest's result.
pub(crate) fn value_read(
    data: Option<&[u8]>,
    summary: Option<&[u8]>,
    renderer: Option<&[u8]>,
) -> Result<GuestValue, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let data = data.map(json_read).transpose()?;
    Ok(GuestValue { data, summary: summary.map(text), renderer: renderer.map(text), exact: None })
}

/// Replaces `\uD800`…`\uDFFF` that make no pair by `\uFFFD`, inside of JSON text.
fn surrogates_replace(json: &[u8]) -> Vec<u8> {
    let unit = |at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while at < json.len() {
        if json[at] != b'\\' {
            out.push(json[at]);
            at += 1;
            continue;
        }
        let (keep, length): (bool, usize) = match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (true, 12),
            (Some(0xd800..0xe000), _) => (false, 6),
            (Some(_), _) => (true, 6),
            // Any other escape: the backslash and what it escapes.
            (None, _) => (true, 2),
        };
        let end = (at + length).min(json.len());
        out.extend_from_slice(if keep { &json[at..end] } else { b"\\ufffd" });
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(json: &str, expected: Result<Value, &str>) {
        match (json_read(json.as_bytes()), expected) {
            (Ok(value), Ok(wanted)) => assert_eq!(value, wanted),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{problem}"),
            (got, wanted) => panic!("{json}: {got:?}, not {wanted:?}"),
        }
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        check(r#""a""#, Ok("a".into()));
        check(r#""\ud83d\ude00""#, Ok("😀".into()));
        check(r#""\ud83d""#, Ok("\u{fffd}".into()));
        check(r#""\ude00\ud83dx\ud83d\ude00""#, Ok("\u{fffd}\u{fffd}x😀".into()));
        check(r#""\\ud83d""#, Ok("\\ud83d".into()));
        check(r#"{"\ud800":"\n"}"#, Ok(serde_json::json!({ "\u{fffd}": "\n" })));
        check("{", Err("not JSON"));
        check(&"[".repeat(100_000), Err("recursion"));
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _value = json_read(&bytes);
        }

        #[test]
        fn whole_text_stays_as_it_is(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("text is JSON");
            prop_assert_eq!(surrogates_replace(json.as_bytes()), json.as_bytes());
            prop_assert_eq!(json_read(json.as_bytes()), Ok(Value::String(text)));
        }
    }
}
