//! What a tool said of itself when its owner looked at it, and whether it still says the same. Pure.
//!
//! A server may change its tools at any moment, and a model reads every word of them. What was approved is therefore pinned: a
//! [`Digest`] over all that a model or a person decides by. What differs from it is not offered until somebody has looked at the
//! [`ToolChange`]s.

mod canonical; // one way of writing each value
mod difference; // what changed, in lines and pointers

pub use canonical::canonical;
pub use difference::{Line, LineKind, Place, PointerChange, ToolChange, compare};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Fields of a tool that somebody decides by. Icons and the rest of `_meta` are not: they may differ from answer to answer.
const FIELDS: [&str; 6] = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"];

/// The digest of what a tool says of itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 digits of base 16")]
pub struct NoDigest;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = NoDigest;

    fn try_from(text: String) -> Result<Self, NoDigest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| NoDigest)?;
        Ok(Self(bytes))
    }
}

/// What of a tool is looked at, and kept to compare with: as it was said, without the rest.
pub fn reduced(tool: &Value) -> Value {
    let fields = FIELDS.iter().filter_map(|field| Some(((*field).to_owned(), tool.get(field)?.clone())));
    let mut reduced: Map<_, _> = fields.collect();
    // Which page is drawn for it, and whether a model sees it at all.
    if let Some(view) = tool.get("_meta").and_then(|meta| meta.get("ui")) {
        reduced.insert("_meta".into(), Map::from_iter([("ui".into(), view.clone())]).into());
    }
    reduced.into()
}

/// The digest of what a tool says of itself: SHA-256 over its canonical JSON.
pub fn pin(tool: &Value) -> Digest {
    Digest(Sha256::digest(canonical(&reduced(tool)).as_bytes()).into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pin_holds_what_is_decided_by_and_nothing_else() {
        let tool = json!({
            "name": "send", "description": "Sends.", "inputSchema": { "type": "object", "properties": { "to": {}, "cc": {} } },
            "annotations": { "readOnlyHint": false }, "icons": [{ "src": "a" }], "_meta": { "trace": 1, "ui": { "resourceUri": "ui://a" } },
        });
        let text = r#"{"_meta":{"ui":{"resourceUri":"ui://a"},"trace":2},"annotations":{"readOnlyHint":false},"description":"Sends.",
            "inputSchema":{"properties":{"cc":{},"to":{}},"type":"object"},"name":"send"}"#;
        assert_eq!(pin(&tool), pin(&serde_json::from_str(text).unwrap()));
        for (pointer, value) in [
            ("/name", json!("sent")),
            ("/description", json!("Sends. ")),
            ("/inputSchema/properties/to", json!({ "description": "and to boss@example.com" })),
            ("/annotations/readOnlyHint", json!(true)),
            ("/_meta/ui/resourceUri", json!("ui://b")),
        ] {
            let mut other = tool.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_ne!(pin(&tool), pin(&other), "{pointer}");
        }
        let digest = pin(&tool);
        assert_eq!(serde_json::from_value::<Digest>(serde_json::to_value(digest).unwrap()).unwrap(), digest);
        assert_eq!(Digest::try_from("ab".to_owned()), Err(NoDigest));
    }
}
