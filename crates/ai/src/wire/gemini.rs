//! Google's `generateContent` and `streamGenerateContent`.

use super::{EVENTS, Target, WHOLE, base64_text, no_answer, reported};
use crate::{
    ChatRequest, EmbeddingAnswer, EmbeddingRequest, FinishReason, HttpDraft, KeyPlace, ListedModel, ModelError, Output,
    RequestError, Seal, SealKind, ToolChoice, Usage, Wire,
    bounds::{DIMENSIONS_MAX, LIST_ITEMS_MAX, MODELS_MAX, VECTORS_MAX},
    decoder::Reader,
    draft::in_path,
    few::Few,
    frames::{Flow, Piece},
    history::{Asked, Said, Turn, arguments_object, turns},
    refusal::{Refusal, seconds_ms},
    told::Told,
};
use protocol::Verbatim;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// Where the key goes.
pub(super) const KEY: KeyPlace = KeyPlace { header: "x-goog-api-key", before: "" };

/// What Google documents for calls in a history that another model made: newer models refuse calls without a seal.
const SEAL_OF_OTHERS: &str = "skip_thought_signature_validator";

// What a request becomes.

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<System<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    generation_config: Generation<'a>,
}

#[derive(Serialize)]
struct System<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_data: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response: Option<Response<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    mime_type: &'static str,
    data: String,
}

#[derive(Serialize)]
struct Call<'a> {
    id: String,
    name: &'a str,
    args: Verbatim,
}

#[derive(Serialize)]
struct Response<'a> {
    id: String,
    name: &'a str,
    response: Responded<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Responded<'a> {
    Output(&'a str),
    Error(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Offered<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Offered<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    parameters_json_schema: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    include_thoughts: bool,
    thinking_level: &'static str,
}

pub(super) fn encode(request: &ChatRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
    let mut contents = Vec::new();
    let history = turns(request)?;
    for turn in &history {
        let content = match turn {
            Turn::User { results, parts } => {
                let results = results.iter().map(|paired| {
                    let text = paired.result.text.as_str();
                    let response =
                        if paired.result.is_error { Responded::Error(text) } else { Responded::Output(text) };
                    let response = Response { id: paired.id.clone(), name: &paired.call.name, response };
                    Part { function_response: Some(response), ..Part::default() }
                });
                let parts = parts.iter().map(|part| match part {
                    Asked::Text(text) => Part { text: Some(text), ..Part::default() },
                    Asked::Image(image) => {
                        let blob = Blob { mime_type: image.kind.media_type(), data: base64_text(&image.data) };
                        Part { inline_data: Some(blob), ..Part::default() }
                    }
                });
                Content { role: "user", parts: results.chain(parts).collect() }
            }
            Turn::Assistant { parts } => Content { role: "model", parts: said(parts) },
        };
        if !content.parts.is_empty() {
            contents.push(content);
        }
    }
    let declared = request.tools.iter().map(|tool| Offered {
        name: &tool.name,
        description: &tool.description,
        parameters_json_schema: tool.input.raw(),
    });
    let function_declarations: Vec<_> = declared.collect();
    let tools = if function_declarations.is_empty() { Vec::new() } else { vec![Tools { function_declarations }] };
    let schema = match &request.output {
        Output::Text => None,
        Output::Json(wanted) => Some(wanted.schema.raw()),
    };
    let system = request.system.as_deref().filter(|text| !text.is_empty());
    let body = Body {
        contents,
        system_instruction: system.map(|text| System { parts: [Part { text: Some(text), ..Part::default() }] }),
        tool_config: if tools.is_empty() { None } else { choice(&request.tool_choice) },
        tools,
        generation_config: Generation {
            max_output_tokens: request.tokens_max,
            temperature: request.temperature,
            top_p: request.top_p,
            stop_sequences: &request.stop,
            seed: request.seed,
            response_mime_type: schema.map(|_| "application/json"),
            response_json_schema: schema,
            thinking_config: request.effort.filter(|_| target.dialect.takes_effort).map(|effort| Thinking {
                include_thoughts: true,
                thinking_level: match effort {
                    crate::Effort::Low => "LOW",
                    crate::Effort::Medium => "MEDIUM",
                    crate::Effort::High => "HIGH",
                },
            }),
        },
    };
    let (method, accept) = match request.stream {
        true => ("streamGenerateContent?alt=sse", EVENTS),
        false => ("generateContent", WHOLE),
    };
    Ok(HttpDraft::post(path(target.model, method), accept, &body))
}

/// `models/` in a name is what listings say, and stands in the path already.
fn path(model: &str, method: &str) -> String {
    format!("/models/{}:{method}", in_path(model.strip_prefix("models/").unwrap_or(model)))
}

fn said<'a>(parts: &'a [Said<'a>]) -> Vec<Part<'a>> {
    let own =
        |seal: &'a Option<Seal>| seal.as_ref().filter(|seal| seal.wire == Wire::Gemini).map(|seal| seal.data.as_str());
    // Of calls that came together only the first has a seal.
    let mut has_seal = parts.iter().any(|part| matches!(part, Said::Call { call, .. } if own(&call.seal).is_some()));
    let parts = parts.iter().filter_map(|part| match part {
        Said::Text(text) => Some(Part { text: Some(text), ..Part::default() }),
        Said::Reasoning(reasoning) => {
            own(&reasoning.seal).map(|seal| Part { text: Some(""), thought_signature: Some(seal), ..Part::default() })
        }
        Said::Call { id, call } => {
            let others = (!std::mem::replace(&mut has_seal, true)).then_some(SEAL_OF_OTHERS);
            let args = arguments_object(&call.arguments);
            Some(Part {
                function_call: Some(Call { id: id.clone(), name: &call.name, args }),
                thought_signature: own(&call.seal).or(others),
                ..Part::default()
            })
        }
    });
    parts.collect()
}

fn choice(choice: &ToolChoice) -> Option<ToolConfig<'_>> {
    let (mode, allowed_function_names) = match choice {
        ToolChoice::Auto => return None,
        ToolChoice::None => ("NONE", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Named(name) => ("ANY", Some([name.as_str()])),
    };
    Some(ToolConfig { function_calling_config: Calling { mode, allowed_function_names } })
}

// What an answer says. A streamed one is made of whole ones.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    response_id: Option<String>,
    model_version: Option<String>,
    #[serde(default)]
    candidates: Few<Candidate, LIST_ITEMS_MAX>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Count>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    index: u64,
    content: Option<GivenContent>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct GivenContent {
    #[serde(default)]
    parts: Few<GivenPart, LIST_ITEMS_MAX>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenPart {
    text: Option<String>,
    thought: Option<bool>,
    thought_signature: Option<String>,
    function_call: Option<GivenCall>,
}

#[derive(Deserialize)]
struct GivenCall {
    id: Option<String>,
    name: Option<String>,
    args: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Count {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
}

impl From<Count> for Usage {
    /// The wire counts thoughts apart; here they are part of what was written.
    fn from(count: Count) -> Self {
        let reasoning = count.thoughts_token_count.unwrap_or(0);
        let tools = count.tool_use_prompt_token_count.unwrap_or(0);
        Self {
            input: count.prompt_token_count.unwrap_or(0).saturating_add(tools),
            cached: count.cached_content_token_count.unwrap_or(0),
            cache_written: 0,
            output: count.candidates_token_count.unwrap_or(0).saturating_add(reasoning),
            reasoning,
        }
    }
}

fn finish(word: &str) -> FinishReason {
    match word {
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "MODEL_ARMOR" => FinishReason::Refused,
        _ => FinishReason::Other,
    }
}

pub(super) fn decode(body: &str, told: &mut Told) -> Result<(), ModelError> {
    whole(serde_json::from_str(body)?, told)
}

fn whole(whole: Whole, told: &mut Told) -> Result<(), ModelError> {
    if whole.error.is_some() {
        return Err(reported(whole.error.as_deref()));
    }
    if !told.has_begun() {
        told.begin(whole.response_id, whole.model_version);
    }
    if let Some(count) = whole.usage_metadata {
        told.usage(count.into());
    }
    if let Some(reason) = whole.prompt_feedback.and_then(|feedback| feedback.block_reason) {
        return Err(no_answer(&reason));
    }
    for candidate in whole.candidates.into_iter().filter(|candidate| candidate.index == 0) {
        for part in candidate.content.into_iter().flat_map(|content| content.parts) {
            self::part(part, told)?;
        }
        if let Some(word) = candidate.finish_reason.filter(|word| !word.is_empty()) {
            told.finish(finish(&word));
        }
    }
    Ok(())
}

fn part(part: GivenPart, told: &mut Told) -> Result<(), ModelError> {
    let seal = part.thought_signature.filter(|data| !data.is_empty());
    let seal = seal.map(|data| Seal { wire: Wire::Gemini, kind: SealKind::Signature, data, id: None });
    if let Some(call) = part.function_call {
        // Calls come whole.
        let key = told.calls() as u64;
        let arguments = call.args.map(|args| args.get().to_owned()).filter(|args| args != "null");
        told.call_begin(key, call.id, call.name.unwrap_or_default())?;
        told.call_arguments(key, arguments.unwrap_or_default())?;
        return told.call_end(key, seal);
    }
    let text = part.text.unwrap_or_default();
    match part.thought {
        Some(true) => told.reasoning(text)?,
        _ => told.text(text)?,
    }
    match seal {
        Some(seal) => told.reasoning_end(Some(seal)),
        None => Ok(()),
    }
}

/// Reads a streamed answer. It has no last piece of its own: it ends with its body, and is whole if its reason to end was said.
#[derive(Debug, Default)]
pub(super) struct Stream;

impl Reader for Stream {
    fn piece(&mut self, piece: Piece<'_>, told: &mut Told) -> Result<Flow, ModelError> {
        decode(piece.data, told)?;
        Ok(Flow::On)
    }
}

/// `{"error": {…}}`, with more about it in a list of details; streams that fail at once put it into a list.
pub(super) fn refusal(body: &Value) -> Refusal {
    let body = body.get(0).unwrap_or(body);
    let mut refusal = Refusal::read(&body["error"]);
    for detail in body["error"]["details"].as_array().into_iter().flatten() {
        if let Some(reason) = detail["reason"].as_str() {
            refusal.words.insert(0, reason.to_owned());
        }
        if let Some(delay) = detail["retryDelay"].as_str() {
            refusal.retry_after_ms = seconds_ms(delay);
        }
    }
    refusal
}

// Vectors.

#[derive(Serialize)]
struct EmbeddingBody<'a> {
    requests: Vec<EmbeddingOne<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmbeddingOne<'a> {
    model: String,
    content: System<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Embeddings {
    embeddings: Few<Embedding, VECTORS_MAX>,
    usage_metadata: Option<Count>,
}

#[derive(Deserialize)]
struct Embedding {
    values: Few<f32, DIMENSIONS_MAX>,
}

pub(super) fn encode_embeddings(request: &EmbeddingRequest, target: Target<'_>) -> HttpDraft {
    let model = format!("models/{}", target.model.strip_prefix("models/").unwrap_or(target.model));
    let requests = request.texts.iter().map(|text| EmbeddingOne {
        model: model.clone(),
        content: System { parts: [Part { text: Some(text), ..Part::default() }] },
        output_dimensionality: request.dimensions,
    });
    let body = EmbeddingBody { requests: requests.collect() };
    HttpDraft::post(path(target.model, "batchEmbedContents"), WHOLE, &body)
}

pub(super) fn decode_embeddings(body: &str) -> Result<EmbeddingAnswer, ModelError> {
    let found: Embeddings = serde_json::from_str(body)?;
    let vectors = found.embeddings.into_iter().map(|embedding| embedding.values.0).collect();
    Ok(EmbeddingAnswer { vectors, usage: found.usage_metadata.map(Usage::from) })
}

// Models.

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    models: Few<Listed, MODELS_MAX>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    input_token_limit: Option<u64>,
}

pub(super) fn encode_listing() -> HttpDraft {
    HttpDraft::get("/models?pageSize=1000")
}

pub(super) fn decode_listing(body: &str) -> Result<Vec<ListedModel>, ModelError> {
    let listing: Listing = serde_json::from_str(body)?;
    let models = listing.models.into_iter().map(|listed| {
        let id = listed.name.strip_prefix("models/").unwrap_or(&listed.name).to_owned();
        ListedModel { id, context_tokens: listed.input_token_limit }
    });
    Ok(models.collect())
}
