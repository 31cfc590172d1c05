//! Anthropic's `/messages`.

use super::{EVENTS, Target, WHOLE, base64_text, reported};
use crate::{
    ChatRequest, FinishReason, HttpDraft, KeyPlace, ListedModel, ModelError, Output, RequestError, Seal, SealKind,
    ToolChoice, Usage, Wire,
    bounds::{LIST_ITEMS_MAX, MODELS_MAX},
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

/// Where the key goes.
pub(super) const KEY: KeyPlace = KeyPlace { header: "x-api-key", before: "" };

/// The wire's version, which every request names.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// The wire wants a bound; for those who name none.
const TOKENS_DEFAULT: u32 = 8_192;

// What a request becomes.

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    stream: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source,
    },
    ToolUse {
        id: String,
        name: &'a str,
        input: Verbatim,
    },
    ToolResult {
        tool_use_id: String,
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
}

#[derive(Serialize)]
struct Source {
    r#type: &'static str,
    media_type: &'static str,
    data: String,
}

#[derive(Serialize)]
struct Offered<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: &'a RawValue,
}

#[derive(Serialize)]
struct Choice<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    schema: &'a RawValue,
}

pub(super) fn encode(request: &ChatRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
    let mut messages: Vec<Line<'_>> = Vec::new();
    for turn in turns(request)? {
        let line = match turn {
            Turn::User { results, parts } => {
                let results = results.into_iter().map(|paired| Block::ToolResult {
                    tool_use_id: paired.id,
                    content: &paired.result.text,
                    is_error: paired.result.is_error,
                });
                let parts = parts.into_iter().filter_map(|part| match part {
                    Asked::Text(text) => block(text),
                    Asked::Image(image) => {
                        let (media_type, data) = (image.kind.media_type(), base64_text(&image.data));
                        Some(Block::Image { source: Source { r#type: "base64", media_type, data } })
                    }
                });
                Line { role: "user", content: results.chain(parts).collect() }
            }
            Turn::Assistant { parts } => {
                let parts = parts.into_iter().filter_map(|part| match part {
                    Said::Text(text) => block(text),
                    Said::Reasoning(reasoning) => thought(&reasoning.text, reasoning.seal.as_ref()?),
                    Said::Call { id, call } => {
                        Some(Block::ToolUse { id, name: &call.name, input: arguments_object(&call.arguments) })
                    }
                });
                Line { role: "assistant", content: parts.collect() }
            }
        };
        if !line.content.is_empty() {
            messages.push(line);
        }
    }
    trim_last(&mut messages);
    let tools = request.tools.iter().map(|tool| Offered {
        name: &tool.name,
        description: &tool.description,
        input_schema: tool.input.raw(),
    });
    let tools: Vec<_> = tools.collect();
    let format = match &request.output {
        Output::Text => None,
        Output::Json(wanted) => Some(Format { r#type: "json_schema", schema: wanted.schema.raw() }),
    };
    let effort = request.effort.filter(|_| target.dialect.takes_effort).map(crate::Effort::word);
    let body = Body {
        model: target.model,
        max_tokens: request.tokens_max.unwrap_or(TOKENS_DEFAULT),
        system: request.system.as_deref().filter(|text| !text.trim().is_empty()),
        messages,
        tool_choice: if tools.is_empty() { None } else { choice(request) },
        tools,
        output_config: (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format }),
        temperature: request.temperature,
        top_p: request.top_p,
        stop_sequences: &request.stop,
        stream: request.stream,
    };
    let draft = HttpDraft::post("/messages", if request.stream { EVENTS } else { WHOLE }, &body);
    Ok(draft.header(VERSION.0, VERSION.1))
}

/// Texts of nothing but blanks are refused.
fn block(text: &str) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then_some(Block::Text { text })
}

/// A thought goes back with its seal, or not at all.
fn thought<'a>(text: &'a str, seal: &'a Seal) -> Option<Block<'a>> {
    (seal.wire == Wire::Anthropic).then_some(match seal.kind {
        SealKind::Signature => Block::Thinking { thinking: text, signature: &seal.data },
        SealKind::Hidden => Block::RedactedThinking { data: &seal.data },
    })
}

/// Words that the model is to go on with must not end in blanks.
fn trim_last(messages: &mut [Line<'_>]) {
    let last = messages.last_mut().filter(|line| line.role == "assistant");
    if let Some(Block::Text { text }) = last.and_then(|line| line.content.last_mut()) {
        *text = text.trim_end();
    }
}

fn choice(request: &ChatRequest) -> Option<Choice<'_>> {
    let one_by_one = request.parallel_calls.map(|parallel| !parallel).filter(|one_by_one| *one_by_one);
    let (kind, name) = match &request.tool_choice {
        ToolChoice::Auto if one_by_one.is_none() => return None,
        ToolChoice::Auto => ("auto", None),
        ToolChoice::None => return Some(Choice { r#type: "none", name: None, disable_parallel_tool_use: None }),
        ToolChoice::Required => ("any", None),
        ToolChoice::Named(name) => ("tool", Some(name.as_str())),
    };
    Some(Choice { r#type: kind, name, disable_parallel_tool_use: one_by_one })
}

// What an answer says.

#[derive(Deserialize)]
struct Whole {
    id: Option<String>,
    model: Option<String>,
    #[serde(default)]
    content: Few<GivenBlock, LIST_ITEMS_MAX>,
    stop_reason: Option<String>,
    usage: Option<Count>,
}

/// A block of an answer. Not an enum: kinds that we do not know are left alone, and arguments stay as they were written.
#[derive(Deserialize)]
struct GivenBlock {
    r#type: String,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    id: Option<String>,
    name: Option<String>,
    input: Option<Box<RawValue>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Count {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<WrittenDetails>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct WrittenDetails {
    thinking_tokens: Option<u64>,
}

impl Count {
    /// What is known after this count: later ones repeat only what changed.
    fn over(self, before: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.or(before.input_tokens),
            cache_read_input_tokens: self.cache_read_input_tokens.or(before.cache_read_input_tokens),
            cache_creation_input_tokens: self.cache_creation_input_tokens.or(before.cache_creation_input_tokens),
            output_tokens: self.output_tokens.or(before.output_tokens),
            output_tokens_details: self.output_tokens_details.or(before.output_tokens_details),
        }
    }
}

impl From<Count> for Usage {
    /// The wire counts what a cache had apart; here it is part of what was read.
    fn from(count: Count) -> Self {
        let cached = count.cache_read_input_tokens.unwrap_or(0);
        let cache_written = count.cache_creation_input_tokens.unwrap_or(0);
        Self {
            input: count.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(cache_written),
            cached,
            cache_written,
            output: count.output_tokens.unwrap_or(0),
            reasoning: count.output_tokens_details.unwrap_or_default().thinking_tokens.unwrap_or(0),
        }
    }
}

fn finish(word: &str) -> FinishReason {
    match word {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::Refused,
        _ => FinishReason::Other,
    }
}

fn sealed(kind: SealKind, data: Option<String>) -> Option<Seal> {
    let data = data.filter(|data| !data.is_empty())?;
    Some(Seal { wire: Wire::Anthropic, kind, data, id: None })
}

pub(super) fn decode(body: &str, told: &mut Told) -> Result<(), ModelError> {
    let whole: Whole = serde_json::from_str(body)?;
    told.begin(whole.id, whole.model);
    told.usage(whole.usage.unwrap_or_default().into());
    for (place, block) in whole.content.into_iter().enumerate() {
        let key = place as u64;
        match block.r#type.as_str() {
            "text" => told.text(block.text.unwrap_or_default())?,
            "thinking" => {
                told.reasoning(block.thinking.unwrap_or_default())?;
                told.reasoning_end(sealed(SealKind::Signature, block.signature))?;
            }
            "redacted_thinking" => told.reasoning_end(sealed(SealKind::Hidden, block.data))?,
            "tool_use" => {
                told.call_begin(key, block.id, block.name.unwrap_or_default())?;
                told.call_arguments(key, arguments(block.input))?;
                told.call_end(key, None)?;
            }
            _ => {}
        }
    }
    if let Some(word) = whole.stop_reason {
        told.finish(finish(&word));
    }
    Ok(())
}

/// What stands at a call's beginning: in a stream an empty object, that the pieces replace.
fn arguments(input: Option<Box<RawValue>>) -> String {
    let text = input.map(|input| input.get().to_owned()).unwrap_or_default();
    let is_empty = text.chars().all(|letter| letter.is_ascii_whitespace() || matches!(letter, '{' | '}'));
    if is_empty || text == "null" { String::new() } else { text }
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    message: Option<Whole>,
    index: Option<u64>,
    content_block: Option<GivenBlock>,
    delta: Option<Delta>,
    usage: Option<Count>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    stop_reason: Option<String>,
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    count: Count,
    /// What seals the thought that comes.
    seal: Option<(SealKind, String)>,
}

impl Reader for Stream {
    fn piece(&mut self, piece: Piece<'_>, told: &mut Told) -> Result<Flow, ModelError> {
        let event: Event = serde_json::from_str(piece.data)?;
        let key = event.index.unwrap_or(0);
        match event.r#type.as_str() {
            "message_start" => {
                if let Some(message) = event.message {
                    self.counted(message.usage, told);
                    told.begin(message.id, message.model);
                }
            }
            "content_block_start" => {
                if let Some(block) = event.content_block {
                    self.begin(block, key, told)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = event.delta {
                    self.delta(delta, key, told)?;
                }
            }
            "content_block_stop" => {
                let seal = self.seal.take().and_then(|(kind, data)| sealed(kind, Some(data)));
                told.reasoning_end(seal)?;
                told.call_end(key, None)?;
            }
            "message_delta" => {
                self.counted(event.usage, told);
                if let Some(word) = event.delta.and_then(|delta| delta.stop_reason) {
                    told.finish(finish(&word));
                }
            }
            "message_stop" => return Ok(Flow::Done),
            "error" => return Err(reported(event.error.as_deref())),
            // `ping`, and what comes with later versions.
            _ => {}
        }
        Ok(Flow::On)
    }
}

impl Stream {
    fn counted(&mut self, count: Option<Count>, told: &mut Told) {
        if let Some(count) = count {
            self.count = count.over(self.count);
            told.usage(self.count.into());
        }
    }

    fn begin(&mut self, block: GivenBlock, key: u64, told: &mut Told) -> Result<(), ModelError> {
        match block.r#type.as_str() {
            "text" => told.text(block.text.unwrap_or_default()),
            "thinking" => {
                self.seal = Some((SealKind::Signature, block.signature.unwrap_or_default()));
                told.reasoning(block.thinking.unwrap_or_default())
            }
            "redacted_thinking" => {
                self.seal = Some((SealKind::Hidden, block.data.unwrap_or_default()));
                Ok(())
            }
            "tool_use" => {
                told.call_end(key, None)?;
                told.call_begin(key, block.id, block.name.unwrap_or_default())?;
                told.call_arguments(key, arguments(block.input))
            }
            _ => Ok(()),
        }
    }

    fn delta(&mut self, delta: Delta, key: u64, told: &mut Told) -> Result<(), ModelError> {
        told.reasoning(delta.thinking.unwrap_or_default())?;
        told.text(delta.text.unwrap_or_default())?;
        if let (Some((_, seal)), Some(more)) = (&mut self.seal, delta.signature) {
            seal.push_str(&more);
        }
        // Tools of the provider's own stream their arguments too, and are none of ours.
        if told.call_is_open(key) {
            told.call_arguments(key, delta.partial_json.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// `{"type": "error", "error": {…}}`.
pub(super) fn refusal(body: &Value) -> Refusal {
    Refusal::read(&body["error"])
}

// Models.

#[derive(Deserialize)]
struct Listing {
    data: Few<Listed, MODELS_MAX>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    max_input_tokens: Option<u64>,
}

pub(super) fn encode_listing() -> HttpDraft {
    HttpDraft::get("/models?limit=1000").header(VERSION.0, VERSION.1)
}

pub(super) fn decode_listing(body: &str) -> Result<Vec<ListedModel>, ModelError> {
    let listing: Listing = serde_json::from_str(body)?;
    let models =
        listing.data.into_iter().map(|listed| ListedModel { id: listed.id, context_tokens: listed.max_input_tokens });
    Ok(models.collect())
}
