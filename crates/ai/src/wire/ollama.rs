//! Ollama's own `/api/chat`. Its other wire is OpenAI's, but there the window of a model cannot be seen, nor what it thinks.

use super::{LINES, Target, WHOLE, base64_text, reported, result_text};
use crate::{
    ChatRequest, EmbeddingAnswer, EmbeddingRequest, FinishReason, HttpDraft, ListedModel, ModelError, Output,
    RequestError, ToolChoice, Usage,
    bounds::{DIMENSIONS_MAX, LIST_ITEMS_MAX, MODELS_MAX, VECTORS_MAX},
    decoder::Reader,
    few::Few,
    frames::{Flow, Piece},
    history::{Asked, Said, Turn, arguments_object, turns},
    refusal::Refusal,
    told::Told,
};
use protocol::Verbatim;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

// What a request becomes.

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    options: Options<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<&'static str>,
    stream: bool,
}

#[derive(Default, Serialize)]
struct Line<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
}

#[derive(Serialize)]
struct Call<'a> {
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: Verbatim,
}

#[derive(Serialize)]
struct Offered<'a> {
    r#type: &'static str,
    function: OfferedFunction<'a>,
}

#[derive(Serialize)]
struct OfferedFunction<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a RawValue,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
}

pub(super) fn encode(request: &ChatRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
    let mut messages = Vec::new();
    let system = request.system.as_deref();
    messages.extend(system.map(|text| Line { role: "system", content: text.into(), ..Line::default() }));
    for turn in turns(request)? {
        match turn {
            Turn::User { results, parts } => {
                let results = results.into_iter().map(|paired| Line {
                    role: "tool",
                    content: result_text(paired.result).into(),
                    tool_name: Some(&paired.call.name),
                    ..Line::default()
                });
                messages.extend(results);
                messages.extend(asked(parts));
            }
            Turn::Assistant { parts } => messages.extend(said(parts)),
        }
    }
    // The wire has no choice: all tools, or none.
    let offered = match &request.tool_choice {
        ToolChoice::Auto => &request.tools[..],
        ToolChoice::None => &[],
        ToolChoice::Required | ToolChoice::Named(_) => {
            return Err(RequestError::Unsayable { wire: "ollama", what: "that a tool has to be called" });
        }
    };
    let tools = offered.iter().map(|tool| Offered {
        r#type: "function",
        function: OfferedFunction { name: &tool.name, description: &tool.description, parameters: tool.input.raw() },
    });
    let body = Body {
        model: target.model,
        messages,
        tools: tools.collect(),
        format: match &request.output {
            Output::Text => None,
            Output::Json(wanted) => Some(wanted.schema.raw()),
        },
        options: Options {
            num_predict: request.tokens_max,
            temperature: request.temperature,
            top_p: request.top_p,
            stop: &request.stop,
            seed: request.seed,
        },
        think: request.effort.filter(|_| target.dialect.takes_effort).map(crate::Effort::word),
        stream: request.stream,
    };
    Ok(HttpDraft::post("/api/chat", if request.stream { LINES } else { WHOLE }, &body))
}

/// One message holds one text and its pictures.
fn asked(parts: Vec<Asked<'_>>) -> Option<Line<'_>> {
    let (mut content, mut images) = (Cow::Borrowed(""), Vec::new());
    for part in parts {
        match part {
            Asked::Text(text) if content.is_empty() => content = text.into(),
            Asked::Text(text) => {
                let joined = content.to_mut();
                joined.push('\n');
                joined.push_str(text);
            }
            Asked::Image(image) => images.push(base64_text(&image.data)),
        }
    }
    let is_empty = content.is_empty() && images.is_empty();
    (!is_empty).then(|| Line { role: "user", content, images, ..Line::default() })
}

fn said(parts: Vec<Said<'_>>) -> Option<Line<'_>> {
    let (mut text, mut tool_calls) = (String::new(), Vec::new());
    for part in parts {
        match part {
            Said::Text(more) => text.push_str(more),
            Said::Reasoning(_) => {}
            Said::Call { call, .. } => {
                let function = CalledFunction { name: &call.name, arguments: arguments_object(&call.arguments) };
                tool_calls.push(Call { function });
            }
        }
    }
    let is_empty = text.is_empty() && tool_calls.is_empty();
    (!is_empty).then(|| Line { role: "assistant", content: text.into(), tool_calls, ..Line::default() })
}

// What an answer says. Whole or in lines, it has one form.

#[derive(Deserialize)]
struct Whole {
    model: Option<String>,
    message: Option<Message>,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    thinking: Option<String>,
    tool_calls: Option<Few<GivenCall, LIST_ITEMS_MAX>>,
}

#[derive(Deserialize)]
struct GivenCall {
    id: Option<String>,
    function: GivenFunction,
}

#[derive(Deserialize)]
struct GivenFunction {
    name: Option<String>,
    arguments: Option<Box<RawValue>>,
}

pub(super) fn decode(body: &str, told: &mut Told) -> Result<(), ModelError> {
    line(serde_json::from_str(body)?, told)?;
    Ok(())
}

fn line(whole: Whole, told: &mut Told) -> Result<Flow, ModelError> {
    if whole.error.is_some() {
        return Err(reported(whole.error.as_deref()));
    }
    told.begin(None, whole.model);
    if let Some(message) = whole.message {
        told.reasoning(message.thinking.unwrap_or_default())?;
        told.text(message.content.unwrap_or_default())?;
        for call in message.tool_calls.into_iter().flatten() {
            // Calls come whole.
            let key = told.calls() as u64;
            let arguments = call.function.arguments.map(|arguments| arguments.get().to_owned());
            told.call_begin(key, call.id, call.function.name.unwrap_or_default())?;
            told.call_arguments(key, arguments.filter(|arguments| arguments != "null").unwrap_or_default())?;
            told.call_end(key, None)?;
        }
    }
    if !whole.done {
        return Ok(Flow::On);
    }
    if let (input, Some(output)) = (whole.prompt_eval_count, whole.eval_count) {
        // What its cache held is not counted, and costs nothing here.
        told.usage(Usage { input: input.unwrap_or(0), output, ..Usage::default() });
    }
    told.finish(match whole.done_reason.as_deref() {
        None | Some("stop" | "") => FinishReason::Stop,
        Some("length") => FinishReason::Length,
        Some(_) => FinishReason::Other,
    });
    Ok(Flow::Done)
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream;

impl Reader for Stream {
    fn piece(&mut self, piece: Piece<'_>, told: &mut Told) -> Result<Flow, ModelError> {
        line(serde_json::from_str(piece.data)?, told)
    }
}

/// `{"error": "…"}`: prose only.
pub(super) fn refusal(body: &Value) -> Refusal {
    Refusal::read(body)
}

// Vectors.

#[derive(Serialize)]
struct EmbeddingBody<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    truncate: bool,
}

#[derive(Deserialize)]
struct Embeddings {
    embeddings: Few<Few<f32, DIMENSIONS_MAX>, VECTORS_MAX>,
    prompt_eval_count: Option<u64>,
}

pub(super) fn encode_embeddings(request: &EmbeddingRequest, target: Target<'_>) -> HttpDraft {
    // A text that was cut in silence has a vector that means something else.
    let (input, dimensions) = (&request.texts[..], request.dimensions);
    let body = EmbeddingBody { model: target.model, input, dimensions, truncate: false };
    HttpDraft::post("/api/embed", WHOLE, &body)
}

pub(super) fn decode_embeddings(body: &str) -> Result<EmbeddingAnswer, ModelError> {
    let found: Embeddings = serde_json::from_str(body)?;
    let usage = found.prompt_eval_count.map(|input| Usage { input, ..Usage::default() });
    Ok(EmbeddingAnswer { vectors: found.embeddings.into_iter().map(|vector| vector.0).collect(), usage })
}

// Models.

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    models: Few<Listed, MODELS_MAX>,
}

#[derive(Deserialize)]
struct Listed {
    model: String,
}

pub(super) fn decode_listing(body: &str) -> Result<Vec<ListedModel>, ModelError> {
    let listing: Listing = serde_json::from_str(body)?;
    Ok(listing.models.into_iter().map(|listed| ListedModel { id: listed.model, context_tokens: None }).collect())
}
