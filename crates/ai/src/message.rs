//! What was said so far: messages and their parts.

use crate::Wire;
use protocol::Verbatim;
use serde::{Deserialize, Serialize};

/// One message. Who may say what is in the type: a model asks for tools, and what they answered comes from our side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", content = "parts", rename_all = "snake_case")]
pub enum Message {
    /// From our side: a person's words, and what tools answered.
    User(Vec<UserPart>),
    /// From the model.
    Assistant(Vec<AssistantPart>),
}

impl Message {
    /// A person's words.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User(vec![UserPart::Text { text: text.into() }])
    }

    /// A model's words.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::Assistant(vec![AssistantPart::Text { text: text.into() }])
    }
}

/// A part of what our side says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserPart {
    /// Words.
    Text {
        /// They.
        text: String,
    },
    /// A picture.
    Image(Image),
    /// What a tool answered.
    ToolResult(ToolResult),
}

/// A part of what a model says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AssistantPart {
    /// Words.
    Text {
        /// They.
        text: String,
    },
    /// What it said to itself.
    Reasoning(Reasoning),
    /// A tool that it wants called.
    ToolCall(ToolCall),
}

/// The kinds of picture that every wire takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageKind {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/gif`
    Gif,
    /// `image/webp`
    Webp,
}

impl ImageKind {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// A picture, by its bytes. Never by an address: the provider would fetch it, and nobody here would have decided that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Its kind.
    pub kind: ImageKind,
    /// Its bytes; base64 in JSON.
    #[serde(with = "in_base64")]
    pub data: Vec<u8>,
}

mod in_base64 {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map_err(|_| D::Error::custom("a picture's data is not base64"))
    }
}

/// What a model said to itself before it answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reasoning {
    /// As far as it is shown; often a summary, sometimes nothing.
    pub text: String,
    /// What its maker wants back unchanged with the next request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
}

/// Opaque bytes by which a provider recognises what it said. They go back to the wire they came from, and nowhere else: to
/// another maker they mean nothing, and it refuses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seal {
    /// Which wire it came on.
    pub wire: Wire,
    /// What kind it is, where a wire has several.
    pub kind: SealKind,
    /// The bytes, as text.
    pub data: String,
    /// The name of the part that it belongs to, where the wire gives it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What a seal seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealKind {
    /// The words beside it.
    Signature,
    /// Words that are not shown; the seal is all there is of them.
    Hidden,
}

/// A tool that a model wants called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    /// What its result names. Unique within one answer; [encoding](crate::Wire::encode) makes it unique within a request.
    pub id: String,
    /// The tool, by its name on wires.
    pub name: String,
    /// The arguments as the model wrote them. Meant to be a JSON object, and not always one: whoever calls the tool says so to the model.
    pub arguments: String,
    /// What its maker wants back with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult {
    /// Which call it answers.
    pub id: String,
    /// What the model reads.
    pub text: String,
    /// Whether the call failed.
    #[serde(default)]
    pub is_error: bool,
}

/// A tool that a model may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// Its name on wires, as [`ToolName::wire`](protocol::ToolName::wire) makes it.
    pub name: String,
    /// What it does, for the model.
    #[serde(default)]
    pub description: String,
    /// What it takes: a JSON Schema of an object, as its author wrote it.
    pub input: Verbatim,
}
