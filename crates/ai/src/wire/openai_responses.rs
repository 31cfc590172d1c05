//! OpenAI's `/responses`. Nothing is kept there: each request holds the whole conversation, as on every other wire.

use super::{EVENTS, Target, WHOLE, data_url, reported, result_text};
use crate::{
    ChatRequest, FinishReason, HttpDraft, ModelError, Output, RequestError, Seal, SealKind, ToolChoice, Usage, Wire,
    bounds::LIST_ITEMS_MAX,
    decoder::Reader,
    few::Few,
    frames::{Flow, Piece},
    history::{Asked, Said, Turn, turns},
    refusal::Refusal,
    told::Told,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// Between the paragraphs of a thought, which the wire sends one by one.
const PARAGRAPH: &str = "\n\n";

// What a request becomes.

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Thinking>,
    store: bool,
    stream: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item<'a> {
    Message { role: &'static str, content: Contents<'a> },
    FunctionCall { call_id: String, name: &'a str, arguments: &'a str },
    FunctionCallOutput { call_id: String, output: String },
    Reasoning { id: &'a str, summary: Vec<Content<'a>>, encrypted_content: &'a str },
}

/// A model's own words go back as a text: as parts they would need the names that were only kept there.
#[derive(Serialize)]
#[serde(untagged)]
enum Contents<'a> {
    Text(&'a str),
    Parts(Vec<Content<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    InputText { text: &'a str },
    InputImage { image_url: String, detail: &'static str },
    SummaryText { text: &'a str },
}

#[derive(Serialize)]
struct Offered<'a> {
    r#type: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    parameters: &'a RawValue,
    strict: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Named { r#type: &'static str, name: &'a str },
}

#[derive(Serialize)]
struct TextConfig<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    name: &'a str,
    schema: &'a RawValue,
    strict: bool,
}

#[derive(Serialize)]
struct Thinking {
    effort: &'static str,
    summary: &'static str,
}

pub(super) fn encode(request: &ChatRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
    if !request.stop.is_empty() {
        return Err(RequestError::Unsayable { wire: "openai_responses", what: "words to stop at" });
    }
    let mut input = Vec::new();
    for turn in turns(request)? {
        match turn {
            Turn::User { results, parts } => {
                let results = results
                    .into_iter()
                    .map(|paired| Item::FunctionCallOutput { call_id: paired.id, output: result_text(paired.result) });
                input.extend(results);
                let content = parts.into_iter().map(|part| match part {
                    Asked::Text(text) => Content::InputText { text },
                    Asked::Image(image) => Content::InputImage { image_url: data_url(image), detail: "auto" },
                });
                let content: Vec<_> = content.collect();
                if !content.is_empty() {
                    input.push(Item::Message { role: "user", content: Contents::Parts(content) });
                }
            }
            Turn::Assistant { parts } => input.extend(parts.into_iter().filter_map(said)),
        }
    }
    let tools = request.tools.iter().map(|tool| Offered {
        r#type: "function",
        name: &tool.name,
        description: &tool.description,
        parameters: tool.input.raw(),
        strict: false,
    });
    let tools: Vec<_> = tools.collect();
    let format = match &request.output {
        Output::Text => None,
        Output::Json(wanted) => Some(Format {
            r#type: "json_schema",
            name: &wanted.name,
            schema: wanted.schema.raw(),
            // Strict refuses most schemas that people write; who asked checks the answer anyway.
            strict: false,
        }),
    };
    let effort = request.effort.filter(|_| target.dialect.takes_effort).map(crate::Effort::word);
    let body = Body {
        model: target.model,
        instructions: request.system.as_deref(),
        input,
        tool_choice: if tools.is_empty() { None } else { choice(&request.tool_choice) },
        parallel_tool_calls: request.parallel_calls.filter(|_| target.dialect.takes_parallel && !tools.is_empty()),
        tools,
        text: format.map(|format| TextConfig { format }),
        max_output_tokens: request.tokens_max,
        temperature: request.temperature,
        top_p: request.top_p,
        reasoning: effort.map(|effort| Thinking { effort, summary: "auto" }),
        store: false,
        stream: request.stream,
    };
    Ok(HttpDraft::post("/responses", if request.stream { EVENTS } else { WHOLE }, &body))
}

fn said(part: Said<'_>) -> Option<Item<'_>> {
    Some(match part {
        Said::Text(text) => Item::Message { role: "assistant", content: Contents::Text(text) },
        Said::Call { id, call } => Item::FunctionCall { call_id: id, name: &call.name, arguments: &call.arguments },
        // A thought goes back with its seal, or not at all.
        Said::Reasoning(reasoning) => {
            let seal = reasoning.seal.as_ref().filter(|seal| seal.wire == Wire::OpenaiResponses)?;
            let text = Some(reasoning.text.as_str()).filter(|text| !text.is_empty());
            let summary = text.map(|text| Content::SummaryText { text }).into_iter().collect();
            Item::Reasoning { id: seal.id.as_deref()?, summary, encrypted_content: &seal.data }
        }
    })
}

fn choice(choice: &ToolChoice) -> Option<Choice<'_>> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::Word("none")),
        ToolChoice::Required => Some(Choice::Word("required")),
        ToolChoice::Named(name) => Some(Choice::Named { r#type: "function", name }),
    }
}

// What an answer says.

#[derive(Deserialize)]
struct Whole {
    id: Option<String>,
    model: Option<String>,
    status: Option<String>,
    #[serde(default)]
    output: Few<Given, LIST_ITEMS_MAX>,
    incomplete_details: Option<Incomplete>,
    error: Option<Box<RawValue>>,
    usage: Option<Count>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

/// An item of an answer. Not an enum: kinds that we do not know are left alone.
#[derive(Deserialize)]
struct Given {
    r#type: String,
    id: Option<String>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    content: Option<Few<GivenContent, LIST_ITEMS_MAX>>,
    summary: Option<Few<GivenContent, LIST_ITEMS_MAX>>,
    encrypted_content: Option<String>,
}

#[derive(Deserialize)]
struct GivenContent {
    text: Option<String>,
    refusal: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Count {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    input_tokens_details: Option<ReadDetails>,
    output_tokens_details: Option<WrittenDetails>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct ReadDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct WrittenDetails {
    reasoning_tokens: Option<u64>,
}

impl From<Count> for Usage {
    fn from(count: Count) -> Self {
        let read = count.input_tokens_details.unwrap_or_default();
        Self {
            input: count.input_tokens.unwrap_or(0),
            cached: read.cached_tokens.unwrap_or(0),
            cache_written: read.cache_write_tokens.unwrap_or(0),
            output: count.output_tokens.unwrap_or(0),
            reasoning: count.output_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or(0),
        }
    }
}

/// What its maker wants back of a thought.
fn seal(item: &mut Given) -> Option<Seal> {
    let data = item.encrypted_content.take().filter(|data| !data.is_empty())?;
    Some(Seal { wire: Wire::OpenaiResponses, kind: SealKind::Signature, data, id: item.id.take() })
}

pub(super) fn decode(body: &str, told: &mut Told) -> Result<(), ModelError> {
    let mut whole: Whole = serde_json::from_str(body)?;
    told.begin(whole.id.take(), whole.model.take());
    let mut is_refused = false;
    for (place, mut item) in std::mem::take(&mut whole.output).into_iter().enumerate() {
        let key = place as u64;
        match item.r#type.as_str() {
            "message" => {
                for content in item.content.into_iter().flatten() {
                    is_refused |= content.refusal.is_some();
                    told.text(content.text.or(content.refusal).unwrap_or_default())?;
                }
            }
            "reasoning" => {
                for (place, content) in item.summary.take().into_iter().flatten().enumerate() {
                    let text = content.text.unwrap_or_default();
                    told.reasoning(if place == 0 { text } else { format!("{PARAGRAPH}{text}") })?;
                }
                for content in item.content.take().into_iter().flatten() {
                    told.reasoning(content.text.unwrap_or_default())?;
                }
                told.reasoning_end(seal(&mut item))?;
            }
            "function_call" => {
                told.call_begin(key, item.call_id, item.name.unwrap_or_default())?;
                told.call_arguments(key, item.arguments.unwrap_or_default())?;
                told.call_end(key, None)?;
            }
            _ => {}
        }
    }
    over(whole, is_refused, told)
}

/// How it ended, as the last state of an answer says it.
fn over(whole: Whole, is_refused: bool, told: &mut Told) -> Result<(), ModelError> {
    if let Some(count) = whole.usage {
        told.usage(count.into());
    }
    match whole.status.as_deref() {
        Some("completed") if is_refused => told.finish(FinishReason::Refused),
        Some("completed") => told.finish(FinishReason::Stop),
        Some("incomplete") => {
            let reason = whole.incomplete_details.and_then(|details| details.reason);
            told.finish(match reason.as_deref() {
                Some("max_output_tokens") => FinishReason::Length,
                Some("content_filter") => FinishReason::Refused,
                _ => FinishReason::Other,
            });
        }
        Some("failed" | "cancelled") => return Err(reported(whole.error.as_deref())),
        _ => return Err(ModelError::malformed("an answer that is not over")),
    }
    Ok(())
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    #[serde(default)]
    output_index: u64,
    #[serde(default)]
    summary_index: u64,
    item: Option<Given>,
    delta: Option<String>,
    response: Option<Whole>,
    error: Option<Box<RawValue>>,
    code: Option<String>,
    message: Option<String>,
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    is_refused: bool,
}

impl Reader for Stream {
    fn piece(&mut self, piece: Piece<'_>, told: &mut Told) -> Result<Flow, ModelError> {
        // OpenAI does not end this wire so, but some who follow it do; by then all is said.
        if piece.data.starts_with("[DONE]") {
            return Ok(Flow::Done);
        }
        let event: Event = serde_json::from_str(piece.data)?;
        let (key, delta) = (event.output_index, event.delta.unwrap_or_default());
        match event.r#type.as_str() {
            "response.created" => {
                if let Some(response) = event.response {
                    told.begin(response.id, response.model);
                }
            }
            "response.output_text.delta" => told.text(delta)?,
            "response.refusal.delta" => {
                self.is_refused = true;
                told.text(delta)?;
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => told.reasoning(delta)?,
            "response.reasoning_summary_part.added" if event.summary_index > 0 => {
                told.reasoning(PARAGRAPH.to_owned())?
            }
            "response.output_item.added" => {
                if let Some(item) = event.item.filter(|item| item.r#type == "function_call") {
                    told.call_begin(key, item.call_id, item.name.unwrap_or_default())?;
                    told.call_arguments(key, item.arguments.unwrap_or_default())?;
                }
            }
            "response.function_call_arguments.delta" => told.call_arguments(key, delta)?,
            "response.output_item.done" => {
                if let Some(item) = event.item {
                    done(item, key, told)?;
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                let response = event.response.ok_or_else(|| ModelError::malformed("an end without an answer"))?;
                over(response, self.is_refused, told)?;
                return Ok(Flow::Done);
            }
            "error" if event.error.is_some() => return Err(reported(event.error.as_deref())),
            "error" => {
                let words = event.code.into_iter().collect();
                let refusal = Refusal { words, message: event.message.unwrap_or_default(), ..Refusal::default() };
                return Err(refusal.error(None));
            }
            _ => {}
        }
        Ok(Flow::On)
    }
}

/// An item is whole. Its pieces were told as they came; what has none is told now.
fn done(mut item: Given, key: u64, told: &mut Told) -> Result<(), ModelError> {
    match item.r#type.as_str() {
        "reasoning" => told.reasoning_end(seal(&mut item)),
        "function_call" => {
            if !told.call_is_open(key) {
                told.call_begin(key, item.call_id, item.name.unwrap_or_default())?;
            }
            if !told.call_has_arguments(key) {
                told.call_arguments(key, item.arguments.unwrap_or_default())?;
            }
            told.call_end(key, None)
        }
        _ => Ok(()),
    }
}

/// As on OpenAI's other wire.
pub(super) fn refusal(body: &Value) -> Refusal {
    super::openai_chat::refusal(body)
}
