//! Numbers drawn: the `chart` renderer's data as bars of characters.

use crate::terminal::{QUIET, STRONG, styled};
use protocol::text;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// Bars that fit on a screen; a chart with more is told with its data instead.
const BARS_MAX: usize = 40;
/// Longest label.
const LABEL_CHARS_MAX: usize = 28;
/// Parts of a character's width that a bar can fill.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// Draws `{ title?, labels, values, texts? }`. `None` if the data is not of this form.
pub(super) fn draw(payload: &Value, columns: usize) -> Option<String> {
    let labels: Vec<String> = payload["labels"].as_array()?.iter().map(label).collect();
    let values: Vec<f64> = payload["values"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let is_drawable = !values.is_empty()
        && values.len() == labels.len()
        && values.len() <= BARS_MAX
        && values.iter().all(|value| value.is_finite() && *value >= 0.0);
    if !is_drawable {
        return None;
    }
    let texts = payload["texts"].as_array();
    let shown: Vec<String> = (0..values.len())
        .map(|index| match texts.and_then(|texts| texts.get(index)) {
            Some(text) => label(text),
            None => values[index].to_string(),
        })
        .collect();
    let label_width = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let text_width = shown.iter().map(|text| text.width()).max().unwrap_or(0);
    let bar_width = columns.saturating_sub(label_width + text_width + 6).clamp(8, 60);
    let most = values.iter().copied().fold(0.0, f64::max);
    let mut out = String::new();
    if let Some(title) = payload["title"].as_str() {
        out.push_str(&format!("{}\n", styled(STRONG, text::shorten(title, 100))));
    }
    for ((label, value), shown) in labels.iter().zip(&values).zip(&shown) {
        let pad = label_width - label.width();
        let bar = bar(if most > 0.0 { value / most } else { 0.0 }, bar_width);
        out.push_str(&format!("  {}{label}  {bar} {shown}\n", " ".repeat(pad)));
    }
    if let Some(unit) = payload["unit"].as_str() {
        out.push_str(&styled(QUIET, format_args!("  ({})", text::shorten(unit, 40))));
    }
    Some(out.trim_end().to_owned())
}

fn label(value: &Value) -> String {
    match value {
        Value::String(label) => text::shorten(label, LABEL_CHARS_MAX),
        other => text::shorten(&other.to_string(), LABEL_CHARS_MAX),
    }
}

/// A bar that fills this part of the width.
fn bar(part: f64, width: usize) -> String {
    let eighths = (part * width as f64 * 8.0).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bars_are_drawn_to_scale() {
        let drawn = draw(&json!({ "labels": ["a", "bb"], "values": [4, 1] }), 20).expect("it is a chart");
        assert_eq!(drawn, "   a  ███████████ 4\n  bb  ██▊ 1");
    }

    #[test]
    fn what_is_no_chart_is_not_drawn() {
        for payload in [
            json!(null),
            json!({ "labels": [], "values": [] }),
            json!({ "labels": ["a"], "values": ["1"] }),
            json!({ "labels": ["a"], "values": [-1] }),
            json!({ "labels": ["a"], "values": [1, 2] }),
        ] {
            assert_eq!(draw(&payload, 80), None, "{payload}");
        }
    }
}
