//! A conversation made ready for wires: checked, and each call paired with its result.

use crate::{
    AssistantPart, ChatRequest, Image, Message, Output, Reasoning, RequestError, ToolCall, ToolChoice, ToolResult,
    UserPart,
};
use protocol::{Verbatim, WIRE_NAME_BYTES_MAX, text::shorten};
use std::collections::HashSet;

/// The longest id of a call that every wire takes.
const ID_BYTES_MAX: usize = 40;
/// Characters of a foreign name that an error repeats.
const NAMED_CHARS_MAX: usize = 80;

/// One message, ready for a wire. Ids are those that go out: valid on every wire, each once in a request. Calls that different
/// providers made may well have the same one, `call_0` say, and some wires refuse that.
pub(crate) enum Turn<'a> {
    /// From our side: first what tools answered, then what was said.
    User { results: Vec<Paired<'a>>, parts: Vec<Asked<'a>> },
    /// From the model.
    Assistant { parts: Vec<Said<'a>> },
}

/// A result and the call that it answers.
pub(crate) struct Paired<'a> {
    pub(crate) id: String,
    pub(crate) call: &'a ToolCall,
    pub(crate) result: &'a ToolResult,
}

/// What our side says.
pub(crate) enum Asked<'a> {
    Text(&'a str),
    Image(&'a Image),
}

/// What a model said.
pub(crate) enum Said<'a> {
    Text(&'a str),
    Reasoning(&'a Reasoning),
    Call { id: String, call: &'a ToolCall },
}

/// The conversation; an error where no wire can say it.
pub(crate) fn turns(request: &ChatRequest) -> Result<Vec<Turn<'_>>, RequestError> {
    check(request)?;
    let mut ids = Ids::default();
    let mut turns = Vec::with_capacity(request.messages.len());
    let mut waiting: Vec<(&ToolCall, String)> = Vec::new();
    for message in &request.messages {
        match message {
            Message::User(said) => {
                let (mut results, mut parts) = (Vec::new(), Vec::new());
                for part in said {
                    match part {
                        UserPart::Text { text } if text.is_empty() => {}
                        UserPart::Text { text } => parts.push(Asked::Text(text)),
                        UserPart::Image(image) => parts.push(Asked::Image(image)),
                        UserPart::ToolResult(result) => {
                            let place = waiting.iter().position(|(call, _)| call.id == result.id);
                            let place = place.ok_or_else(|| RequestError::Uncalled { id: named(&result.id) })?;
                            let (call, id) = waiting.remove(place);
                            results.push(Paired { id, call, result });
                        }
                    }
                }
                all_answered(&waiting)?;
                turns.push(Turn::User { results, parts });
            }
            Message::Assistant(said) => {
                all_answered(&waiting)?;
                let mut parts = Vec::with_capacity(said.len());
                for part in said {
                    match part {
                        AssistantPart::Text { text } if text.is_empty() => {}
                        AssistantPart::Text { text } => parts.push(Said::Text(text)),
                        AssistantPart::Reasoning(reasoning) => parts.push(Said::Reasoning(reasoning)),
                        AssistantPart::ToolCall(call) => {
                            let id = ids.free(&call.id);
                            waiting.push((call, id.clone()));
                            parts.push(Said::Call { id, call });
                        }
                    }
                }
                turns.push(Turn::Assistant { parts });
            }
        }
    }
    all_answered(&waiting)?;
    Ok(turns)
}

fn all_answered(waiting: &[(&ToolCall, String)]) -> Result<(), RequestError> {
    match waiting.first() {
        Some((call, _)) => Err(RequestError::Unanswered { id: named(&call.id) }),
        None => Ok(()),
    }
}

fn check(request: &ChatRequest) -> Result<(), RequestError> {
    if request.messages.is_empty() {
        return Err(RequestError::Empty);
    }
    let mut names = HashSet::new();
    for tool in &request.tools {
        name("a tool", &tool.name)?;
        schema(&tool.name, &tool.input)?;
        if !names.insert(tool.name.as_str()) {
            return Err(RequestError::Twice { name: tool.name.clone() });
        }
    }
    match &request.tool_choice {
        ToolChoice::Named(wanted) if !names.contains(wanted.as_str()) => {
            return Err(RequestError::NotOffered { name: named(wanted) });
        }
        ToolChoice::Required if names.is_empty() => {
            return Err(RequestError::NotOffered { name: "any".to_owned() });
        }
        _ => {}
    }
    if let Output::Json(wanted) = &request.output {
        name("an answer's shape", &wanted.name)?;
        schema(&wanted.name, &wanted.schema)?;
    }
    Ok(())
}

fn name(what: &'static str, given: &str) -> Result<(), RequestError> {
    if is_word(given, WIRE_NAME_BYTES_MAX) { Ok(()) } else { Err(RequestError::Name { what, given: named(given) }) }
}

fn schema(name: &str, schema: &Verbatim) -> Result<(), RequestError> {
    if is_object(schema.text()) { Ok(()) } else { Err(RequestError::Schema { name: named(name) }) }
}

/// Of a text that is JSON, whether it is an object.
pub(crate) fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

fn named(text: &str) -> String {
    shorten(text, NAMED_CHARS_MAX)
}

fn is_word(text: &str, most: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=most).contains(&text.len()) && text.bytes().all(is_letter)
}

/// Ids that stand in a request already.
#[derive(Default)]
struct Ids {
    taken: HashSet<String>,
}

impl Ids {
    fn free(&mut self, own: &str) -> String {
        let mut id = own.to_owned();
        let mut number = self.taken.len();
        while !is_word(&id, ID_BYTES_MAX) || self.taken.contains(&id) {
            id = format!("call_{number}");
            number += 1;
        }
        self.taken.insert(id.clone());
        id
    }
}

/// A model's arguments where a wire takes objects only. What is none goes as a text under one name, so that the model sees in its
/// history what it wrote.
pub(crate) fn arguments_object(arguments: &str) -> Verbatim {
    let parsed = Verbatim::parse(arguments.to_owned()).filter(|json| is_object(json.text()));
    parsed.unwrap_or_else(|| Verbatim::from(&serde_json::json!({ "unreadable": arguments })))
}
