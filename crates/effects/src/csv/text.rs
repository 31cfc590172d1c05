//! Small texts: rows from text and text from rows.

use super::{
    dialect::{BYTE_ORDER_MARK, column_names},
    split::{SplitError, Splitter, Step},
};
use serde_json::{Value, json};

/// A text's rows as an answer. With a header the rows have its width: missing fields are null, further ones are
/// dropped and counted. Without, they are as they are.
pub(crate) fn parse(text: &str, delimiter: u8, has_header: bool) -> Result<Value, SplitError> {
    let mut splitter = Splitter::new(delimiter);
    let mut input = text.as_bytes().strip_prefix(BYTE_ORDER_MARK).unwrap_or(text.as_bytes());
    let mut columns: Option<Vec<String>> = None;
    let mut rows: Vec<Value> = Vec::new();
    let mut ragged = super::statistics::Ragged::default();
    while let Step::Record = splitter.next(&mut input, true)? {
        let record = splitter.record();
        if has_header && columns.is_none() {
            columns = Some(column_names(record));
            continue;
        }
        let width = columns.as_ref().map_or(record.len(), Vec::len);
        ragged.add(&record, width);
        // The text is UTF-8, and a delimiter never cuts a character.
        let field = |index| record.get(index).map(String::from_utf8_lossy);
        rows.push((0..width).map(|index| field(index).map_or(Value::Null, Value::from)).collect());
    }
    Ok(json!({ "columns": columns, "rows": rows, "ragged": ragged }))
}

/// A value that has no place in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, field {field}: a list or an object cannot be a field; turn it into text first")]
pub(crate) struct NotAField {
    row: usize,
    field: usize,
}

/// Rows as text. What it writes, [`parse`] reads back; `null` becomes an empty field, a row without fields an empty
/// line. With `escape_formulas`, texts that a spreadsheet would compute get an apostrophe in front.
pub(crate) fn stringify(rows: &[Vec<Value>], delimiter: u8, escape_formulas: bool) -> Result<String, NotAField> {
    let mut out = String::new();
    for (row_index, row) in rows.iter().enumerate() {
        for (field_index, value) in row.iter().enumerate() {
            if field_index > 0 {
                out.push(char::from(delimiter));
            }
            match value {
                Value::Null => {}
                Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
                Value::Number(number) => out.push_str(&number.to_string()),
                Value::String(text) => {
                    let is_formula = escape_formulas && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
                    let is_alone = row.len() == 1 && text.is_empty();
                    field_write(&mut out, text, delimiter, is_formula, is_alone);
                }
                Value::Array(_) | Value::Object(_) => {
                    return Err(NotAField { row: row_index + 1, field: field_index + 1 });
                }
            }
        }
        out.push('\n');
    }
    Ok(out)
}

fn field_write(out: &mut String, text: &str, delimiter: u8, is_formula: bool, is_alone: bool) {
    let needs_quotes = is_alone
        || (out.is_empty() && text.as_bytes().starts_with(BYTE_ORDER_MARK))
        || text.bytes().any(|byte| matches!(byte, b'"' | b'\n' | b'\r') || byte == delimiter);
    if needs_quotes {
        out.push('"');
    }
    if is_formula {
        out.push('\'');
    }
    for part in text.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    if needs_quotes {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_texts_become_rows() {
        let answer = parse("\u{feff}a,a\n1\n1,2,3\n", b',', true).expect("short");
        assert_eq!(
            answer,
            json!({ "columns": ["a", "a_2"], "rows": [["1", null], ["1", "2"]], "ragged": { "short": 1, "long": 1, "blank": 0 } })
        );
        assert_eq!(parse("", b',', true).expect("short")["rows"], json!([]));
        assert_eq!(parse("a;b", b';', false).expect("short")["rows"], json!([["a", "b"]]));
    }

    #[test]
    fn rows_become_text() {
        let check = |rows: Value, expected: &str| {
            let rows: Vec<Vec<Value>> = serde_json::from_value(rows).expect("rows");
            assert_eq!(stringify(&rows, b',', false).expect("fields"), expected);
        };
        check(json!([["a", 1, 2.5, true, null, "x,y", "q\"q", "l\nl"]]), "a,1,2.5,true,,\"x,y\",\"q\"\"q\",\"l\nl\"\n");
        check(json!([[""], [null], []]), "\"\"\n\n\n");
        assert_eq!(stringify(&[vec![json!(1), json!([])]], b',', false), Err(NotAField { row: 1, field: 2 }));
        let formula = [vec![json!("=cmd()"), json!(-1), json!("-1"), json!("+\"")]];
        assert_eq!(stringify(&formula, b',', true).expect("fields"), "'=cmd(),-1,'-1,\"'+\"\"\"\n");
        assert_eq!(stringify(&formula, b',', false).expect("fields"), "=cmd(),-1,-1,\"+\"\"\"\n");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(rows in proptest::collection::vec(
            proptest::collection::vec("[a,;\"\r\n \u{feff}é=]{0,6}", 1..5), 0..6), delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t')]) {
            let values: Vec<Vec<Value>> = rows.iter().map(|row| row.iter().map(|field| json!(field)).collect()).collect();
            let text = stringify(&values, delimiter, false).expect("texts");
            prop_assert_eq!(&parse(&text, delimiter, false).expect("short")["rows"], &json!(rows));
        }

        #[test]
        fn nothing_panics(text in any::<String>(), has_header in any::<bool>()) {
            drop(parse(&text, b',', has_header));
        }
    }
}
