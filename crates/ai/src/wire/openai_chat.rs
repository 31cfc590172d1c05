//! OpenAI's `/chat/completions`, and everybody's who calls himself compatible.

use super::{EVENTS, Target, WHOLE, data_url, reported, result_text};
use crate::{
    ChatRequest, EmbeddingAnswer, EmbeddingRequest, FinishReason, HttpDraft, ListedModel, ModelError, Output, Prefill,
    RequestError, TokensWord, ToolChoice, Usage,
    bounds::{DIMENSIONS_MAX, LIST_ITEMS_MAX, MODELS_MAX, VECTORS_MAX},
    decoder::Reader,
    few::Few,
    frames::{Flow, Piece},
    history::{Asked, Said, Turn, turns},
    refusal::Refusal,
    told::Told,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

/// What ends a stream. Not JSON.
const DONE: &str = "[DONE]";

// What a request becomes.

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_final_message: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_generation_prompt: Option<bool>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    role: &'static str,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

impl<'a> Line<'a> {
    fn new(role: &'static str, content: Option<Content<'a>>) -> Self {
        Self { role, content, tool_calls: Vec::new(), tool_call_id: None }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<ContentPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct Call<'a> {
    id: String,
    r#type: &'static str,
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Offered<'a> {
    r#type: &'static str,
    function: OfferedFunction<'a>,
}

#[derive(Serialize)]
struct OfferedFunction<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    parameters: &'a RawValue,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Named { r#type: &'static str, function: ChosenFunction<'a> },
}

#[derive(Serialize)]
struct ChosenFunction<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    json_schema: FormatSchema<'a>,
}

#[derive(Serialize)]
struct FormatSchema<'a> {
    name: &'a str,
    schema: &'a RawValue,
    strict: bool,
}

pub(super) fn encode(request: &ChatRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
    let dialect = target.dialect;
    let mut messages = Vec::new();
    messages.extend(request.system.as_deref().map(|text| Line::new("system", Some(Content::Text(text.into())))));
    let turns = turns(request)?;
    let ends_with_own_words = matches!(turns.last(), Some(Turn::Assistant { .. }));
    for turn in turns {
        match turn {
            Turn::User { results, parts } => {
                for paired in results {
                    let text = Content::Text(result_text(paired.result).into());
                    messages.push(Line { tool_call_id: Some(paired.id), ..Line::new("tool", Some(text)) });
                }
                messages.extend(content(parts).map(|content| Line::new("user", Some(content))));
            }
            Turn::Assistant { parts } => messages.extend(said(parts)),
        }
    }
    let continues = (ends_with_own_words && dialect.prefill == Prefill::Flagged).then_some(true);
    let tools = request.tools.iter().map(|tool| Offered {
        r#type: "function",
        function: OfferedFunction { name: &tool.name, description: &tool.description, parameters: tool.input.raw() },
    });
    let tools: Vec<_> = tools.collect();
    let format = match &request.output {
        Output::Text => None,
        Output::Json(_) if !dialect.takes_schema => {
            return Err(RequestError::Unsayable { wire: "openai_chat", what: "the shape of an answer" });
        }
        Output::Json(wanted) => Some(Format {
            r#type: "json_schema",
            // Strict refuses most schemas that people write; who asked checks the answer anyway.
            json_schema: FormatSchema { name: &wanted.name, schema: wanted.schema.raw(), strict: false },
        }),
    };
    let bound = |word| request.tokens_max.filter(|_| dialect.tokens == word);
    let body = Body {
        model: target.model,
        messages,
        tool_choice: if tools.is_empty() { None } else { choice(&request.tool_choice) },
        parallel_tool_calls: request.parallel_calls.filter(|_| dialect.takes_parallel && !tools.is_empty()),
        tools,
        response_format: format,
        max_tokens: bound(TokensWord::MaxTokens),
        max_completion_tokens: bound(TokensWord::MaxCompletionTokens),
        temperature: request.temperature,
        top_p: request.top_p,
        stop: &request.stop,
        seed: request.seed,
        reasoning_effort: request.effort.filter(|_| dialect.takes_effort).map(crate::Effort::word),
        stream: request.stream,
        stream_options: (request.stream && dialect.counts_streams).then_some(StreamOptions { include_usage: true }),
        continue_final_message: continues,
        add_generation_prompt: continues.map(|continues| !continues),
    };
    Ok(HttpDraft::post("/chat/completions", if request.stream { EVENTS } else { WHOLE }, &body))
}

fn choice(choice: &ToolChoice) -> Option<Choice<'_>> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::Word("none")),
        ToolChoice::Required => Some(Choice::Word("required")),
        ToolChoice::Named(name) => Some(Choice::Named { r#type: "function", function: ChosenFunction { name } }),
    }
}

/// A lone text as one, because some templates of local models know nothing else.
fn content(parts: Vec<Asked<'_>>) -> Option<Content<'_>> {
    if let [Asked::Text(text)] = parts[..] {
        return Some(Content::Text(text.into()));
    }
    let parts = parts.into_iter().map(|part| match part {
        Asked::Text(text) => ContentPart::Text { text },
        Asked::Image(image) => ContentPart::ImageUrl { image_url: ImageUrl { url: data_url(image) } },
    });
    Some(parts.collect::<Vec<_>>()).filter(|parts| !parts.is_empty()).map(Content::Parts)
}

/// A model's own message. Its thoughts do not go back: the wire has no place for them.
fn said(parts: Vec<Said<'_>>) -> Option<Line<'_>> {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for part in parts {
        match part {
            Said::Text(more) => text.push_str(more),
            Said::Reasoning(_) => {}
            Said::Call { id, call } => {
                let function = CalledFunction { name: &call.name, arguments: &call.arguments };
                calls.push(Call { id, r#type: "function", function });
            }
        }
    }
    let content = (!text.is_empty()).then(|| Content::Text(text.into()));
    (content.is_some() || !calls.is_empty()).then(|| Line { tool_calls: calls, ..Line::new("assistant", content) })
}

// What an answer says.

#[derive(Deserialize)]
struct Whole {
    id: Option<String>,
    model: Option<String>,
    #[serde(default)]
    choices: Few<WholeChoice, LIST_ITEMS_MAX>,
    usage: Option<Count>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct WholeChoice {
    message: Message,
    finish_reason: Option<String>,
}

/// A whole message, or a piece of one: the names are the same.
#[derive(Default, Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
    /// As DeepSeek, vLLM and llama.cpp call it.
    reasoning_content: Option<String>,
    /// As others do.
    reasoning: Option<String>,
    tool_calls: Option<Few<CallPiece, LIST_ITEMS_MAX>>,
}

#[derive(Deserialize)]
struct CallPiece {
    index: Option<u64>,
    id: Option<String>,
    function: Option<FunctionPiece>,
}

#[derive(Deserialize)]
struct FunctionPiece {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Count {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<ReadDetails>,
    completion_tokens_details: Option<WrittenDetails>,
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
        let read = count.prompt_tokens_details.unwrap_or_default();
        Self {
            input: count.prompt_tokens.unwrap_or(0),
            cached: read.cached_tokens.unwrap_or(0),
            cache_written: read.cache_write_tokens.unwrap_or(0),
            output: count.completion_tokens.unwrap_or(0),
            reasoning: count.completion_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or(0),
        }
    }
}

fn finish(word: &str) -> FinishReason {
    match word {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::Refused,
        _ => FinishReason::Other,
    }
}

pub(super) fn decode(body: &str, told: &mut Told) -> Result<(), ModelError> {
    let whole: Whole = serde_json::from_str(body)?;
    if whole.error.is_some() {
        return Err(reported(whole.error.as_deref()));
    }
    told.begin(whole.id, whole.model);
    if let Some(count) = whole.usage {
        told.usage(count.into());
    }
    let choice = whole.choices.into_iter().next().ok_or_else(|| ModelError::malformed("an answer without a choice"))?;
    let mut stream = Stream::default();
    // The calls of a whole message have no numbers; they are told apart by their place.
    let mut message = choice.message;
    for (place, call) in message.tool_calls.iter_mut().flat_map(|calls| &mut calls.0).enumerate() {
        call.index = Some(place as u64);
    }
    stream.message(message, told)?;
    stream.finish(choice.finish_reason.as_deref(), told);
    Ok(())
}

#[derive(Deserialize)]
struct Chunk {
    id: Option<String>,
    model: Option<String>,
    #[serde(default)]
    choices: Few<ChunkChoice, LIST_ITEMS_MAX>,
    usage: Option<Count>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    delta: Message,
    finish_reason: Option<String>,
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The calls that have begun: their numbers here, and their ids.
    begun: Vec<(u64, String)>,
    is_refused: bool,
}

impl Reader for Stream {
    fn piece(&mut self, piece: Piece<'_>, told: &mut Told) -> Result<Flow, ModelError> {
        if piece.data.trim_start().starts_with(DONE) {
            return Ok(Flow::Done);
        }
        let chunk: Chunk = serde_json::from_str(piece.data)?;
        if chunk.error.is_some() {
            return Err(reported(chunk.error.as_deref()));
        }
        if !told.has_begun() {
            told.begin(chunk.id, chunk.model);
        }
        if let Some(count) = chunk.usage {
            told.usage(count.into());
        }
        // One answer is asked for; whoever sends several gets the first one heard.
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.message(choice.delta, told)?;
            self.finish(choice.finish_reason.as_deref(), told);
        }
        Ok(Flow::On)
    }
}

impl Stream {
    fn message(&mut self, message: Message, told: &mut Told) -> Result<(), ModelError> {
        // Where both are there, they are the same.
        let reasoning = message.reasoning_content.filter(|text| !text.is_empty()).or(message.reasoning);
        told.reasoning(reasoning.unwrap_or_default())?;
        told.text(message.content.unwrap_or_default())?;
        if let Some(refusal) = message.refusal.filter(|refusal| !refusal.is_empty()) {
            self.is_refused = true;
            told.text(refusal)?;
        }
        message.tool_calls.into_iter().flatten().try_for_each(|call| self.call(call, told))
    }

    fn call(&mut self, call: CallPiece, told: &mut Told) -> Result<(), ModelError> {
        let id = call.id.filter(|id| !id.is_empty());
        let function = call.function.unwrap_or(FunctionPiece { name: None, arguments: None });
        let name = function.name.filter(|name| !name.is_empty());
        let last = self.begun.last().map(|(key, _)| *key);
        // Some give no numbers: what has an id begins a call, what has none goes on with the last one.
        let key = match (call.index, last) {
            (Some(index), _) => index,
            (None, Some(last)) if id.is_none() => last,
            (None, _) => self.begun.iter().map(|(key, _)| key.saturating_add(1)).max().unwrap_or(0),
        };
        let known = self.begun.iter().rfind(|(known, _)| *known == key).map(|(_, id)| id);
        // Others give all calls the same number, and only ids tell them apart.
        let is_new = match (known, &id) {
            (None, _) => true,
            (Some(known), Some(id)) => !known.is_empty() && known != id && name.is_some(),
            (Some(_), None) => false,
        };
        if is_new {
            let name = name.ok_or_else(|| ModelError::malformed("a call without the name of a tool"))?;
            told.call_end(key, None)?;
            told.call_begin(key, id.clone(), name)?;
            self.begun.push((key, id.unwrap_or_default()));
        }
        told.call_arguments(key, function.arguments.unwrap_or_default())
    }

    fn finish(&self, word: Option<&str>, told: &mut Told) {
        if let Some(word) = word.filter(|word| !word.is_empty()) {
            told.finish(if self.is_refused { FinishReason::Refused } else { finish(word) });
        }
    }
}

/// `{"error": {…}}`, or what stands in it, as some servers say it.
pub(super) fn refusal(body: &Value) -> Refusal {
    match &body["error"] {
        error @ Value::Object(_) => Refusal::read(error),
        _ => Refusal::read(body),
    }
}

// Vectors.

#[derive(Serialize)]
struct EmbeddingBody<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Few<Embedding, VECTORS_MAX>,
    usage: Option<Count>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Few<f32, DIMENSIONS_MAX>,
}

pub(super) fn encode_embeddings(request: &EmbeddingRequest, target: Target<'_>) -> HttpDraft {
    let (input, dimensions) = (&request.texts[..], request.dimensions);
    let body = EmbeddingBody { model: target.model, input, dimensions, encoding_format: "float" };
    HttpDraft::post("/embeddings", WHOLE, &body)
}

pub(super) fn decode_embeddings(body: &str) -> Result<EmbeddingAnswer, ModelError> {
    let mut found: Embeddings = serde_json::from_str(body)?;
    found.data.0.sort_by_key(|embedding| embedding.index);
    if found.data.0.iter().enumerate().any(|(place, embedding)| embedding.index != place) {
        return Err(ModelError::malformed("vectors whose numbers have gaps"));
    }
    let vectors = found.data.into_iter().map(|embedding| embedding.embedding.0).collect();
    Ok(EmbeddingAnswer { vectors, usage: found.usage.map(Usage::from) })
}

// Models.

#[derive(Deserialize)]
struct Listing {
    data: Few<Listed, MODELS_MAX>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    /// As vLLM says it.
    max_model_len: Option<u64>,
    /// As llama.cpp does.
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    n_ctx: Option<u64>,
    n_ctx_train: Option<u64>,
}

pub(super) fn decode_listing(body: &str) -> Result<Vec<ListedModel>, ModelError> {
    let listing: Listing = serde_json::from_str(body)?;
    let models = listing.data.into_iter().map(|listed| {
        let meta = listed.meta.and_then(|meta| meta.n_ctx.or(meta.n_ctx_train));
        ListedModel { id: listed.id, context_tokens: listed.max_model_len.or(meta) }
    });
    Ok(models.collect())
}
