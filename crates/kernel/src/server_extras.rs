//! What a server has beside its tools, for its owner to read: in the server's words, each no longer than somebody reads.

use protocol::{
    Verbatim,
    api::{ServerPromptView, ServerResourceView},
    text,
};
use serde_json::Value;

const NAME_CHARS_MAX: usize = 200;
const URI_CHARS_MAX: usize = 1_000;
const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// Of one prompt.
const ARGUMENTS_MAX: usize = 100;

/// A prompt, unless it has no name.
pub(crate) fn prompt(said: &Verbatim) -> Option<ServerPromptView> {
    let said = said.value();
    let arguments = said["arguments"].as_array().into_iter().flatten().take(ARGUMENTS_MAX);
    Some(ServerPromptView {
        name: words(&said["name"], NAME_CHARS_MAX)?,
        description: words(&said["description"], DESCRIPTION_CHARS_MAX),
        arguments: arguments.filter_map(|argument| words(&argument["name"], NAME_CHARS_MAX)).collect(),
    })
}

/// A resource, unless it has no address.
pub(crate) fn resource(said: &Verbatim) -> Option<ServerResourceView> {
    at(said, "uri")
}

/// A pattern of resources, unless it has none.
pub(crate) fn template(said: &Verbatim) -> Option<ServerResourceView> {
    at(said, "uriTemplate")
}

fn at(said: &Verbatim, address: &str) -> Option<ServerResourceView> {
    let said = said.value();
    Some(ServerResourceView {
        uri: words(&said[address], URI_CHARS_MAX)?,
        name: words(&said["name"], NAME_CHARS_MAX).unwrap_or_default(),
        description: words(&said["description"], DESCRIPTION_CHARS_MAX),
    })
}

fn words(said: &Value, chars_max: usize) -> Option<String> {
    said.as_str().filter(|text| !text.is_empty()).map(|text| text::shorten(text, chars_max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(value: &Value) -> Verbatim {
        serde_json::from_value(value.clone()).expect("is JSON")
    }

    #[test]
    fn what_is_no_prompt_is_left_out_and_long_words_are_cut() {
        let long = "x".repeat(DESCRIPTION_CHARS_MAX * 2);
        let shown = prompt(&said(&json!({
            "name": "greet", "description": long, "arguments": [{ "name": "whom" }, {}, 3],
        })));
        let shown = shown.expect("is one");
        assert_eq!((&*shown.name, shown.arguments), ("greet", vec!["whom".to_owned()]));
        assert_eq!(shown.description.map(|text| text.chars().count()), Some(DESCRIPTION_CHARS_MAX));
        assert_eq!(prompt(&said(&json!({ "description": "nameless" }))), None);
        assert_eq!(prompt(&said(&json!("greet"))), None);
    }

    #[test]
    fn resources_and_patterns_are_told_by_their_addresses() {
        let shown = resource(&said(&json!({ "uri": "file:///a\u{202e}b", "name": "a" }))).expect("is one");
        assert_eq!((&*shown.uri, &*shown.name, shown.description), (r"file:///a\u{202e}b", "a", None));
        let shown = template(&said(&json!({ "uriTemplate": "file:///{path}", "description": "any" }))).expect("is one");
        assert_eq!((&*shown.uri, &*shown.name, shown.description.as_deref()), ("file:///{path}", "", Some("any")));
        assert_eq!(resource(&said(&json!({ "name": "a" }))), None);
    }
}
