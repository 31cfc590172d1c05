//! The wires: what each provider calls things. Each file is one wire and has the same parts: what a request becomes, what a whole
//! answer says, what a streamed one says, and how it says no. None of them sends anything.

mod anthropic; // api.anthropic.com, /messages
mod gemini; // generativelanguage.googleapis.com
mod ollama; // Ollama's own, /api/chat
mod openai_chat; // OpenAI's /chat/completions, and everybody's
mod openai_responses; // OpenAI's /responses

use crate::{
    Accumulator, Answer, ChatRequest, Decoder, Dialect, EmbeddingAnswer, EmbeddingRequest, HttpDraft, KeyPlace,
    ListedModel, ModelError, ModelFault, RequestError,
    bounds::{BODY_BYTES_MAX, FAULT_BYTES_MAX},
    frames::Framing,
    refusal::{Refusal, retry_after},
    told::Told,
};
use http::HeaderMap;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// A way to say requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// OpenAI's `/chat/completions`; also vLLM, llama.cpp, LM Studio and whoever calls itself compatible.
    OpenaiChat,
    /// OpenAI's `/responses`.
    OpenaiResponses,
    /// Anthropic's `/messages`.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// Ollama's `/api/chat`.
    Ollama,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model, as the provider calls it.
    pub model: &'a str,
    /// What the server makes of the wire.
    pub dialect: &'a Dialect,
}

/// Whether an answer comes piece by piece or as a whole.
pub(crate) const WHOLE: &str = "application/json";
/// The type of server-sent events.
pub(crate) const EVENTS: &str = "text/event-stream";
/// The type of lines of JSON.
pub(crate) const LINES: &str = "application/x-ndjson";

impl Wire {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::OpenaiChat, Self::OpenaiResponses, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// The word that configurations have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai_chat",
            Self::OpenaiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Where the key goes.
    pub fn key_place(self) -> KeyPlace {
        match self {
            Self::OpenaiChat | Self::OpenaiResponses | Self::Ollama => KeyPlace::BEARER,
            Self::Anthropic => anthropic::KEY,
            Self::Gemini => gemini::KEY,
        }
    }

    /// What a request becomes.
    pub fn encode(self, request: &ChatRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
        match self {
            Self::OpenaiChat => openai_chat::encode(request, target),
            Self::OpenaiResponses => openai_responses::encode(request, target),
            Self::Anthropic => anthropic::encode(request, target),
            Self::Gemini => gemini::encode(request, target),
            Self::Ollama => ollama::encode(request, target),
        }
    }

    /// What a whole answer says.
    pub fn decode(self, body: &[u8]) -> Result<Answer, ModelError> {
        let body = within_bound(body)?;
        let mut told = Told::default();
        match self {
            Self::OpenaiChat => openai_chat::decode(body, &mut told),
            Self::OpenaiResponses => openai_responses::decode(body, &mut told),
            Self::Anthropic => anthropic::decode(body, &mut told),
            Self::Gemini => gemini::decode(body, &mut told),
            Self::Ollama => ollama::decode(body, &mut told),
        }?;
        told.end();
        let mut answer = Accumulator::new();
        for event in told.take() {
            answer.push(&event)?;
        }
        answer.finish()
    }

    /// Reads an answer while it comes.
    pub fn decoder(self) -> Decoder {
        match self {
            Self::OpenaiChat => Decoder::new(Framing::Events, Box::<openai_chat::Stream>::default()),
            Self::OpenaiResponses => Decoder::new(Framing::Events, Box::<openai_responses::Stream>::default()),
            Self::Anthropic => Decoder::new(Framing::Events, Box::<anthropic::Stream>::default()),
            Self::Gemini => Decoder::new(Framing::Events, Box::<gemini::Stream>::default()),
            Self::Ollama => Decoder::new(Framing::Lines, Box::<ollama::Stream>::default()),
        }
    }

    /// Whether the head of an answer is one: of a model, and of the kind that was asked for. Checked before the body is read, because
    /// a page that says "sign in to this network" has one too.
    pub fn check_head(self, status: u16, headers: &HeaderMap, is_stream: bool) -> Result<(), ModelError> {
        if status != 200 {
            return Err(Refusal::default().error(Some(status)));
        }
        let Some(given) = headers.get(http::header::CONTENT_TYPE) else { return Ok(()) };
        let given = given.to_str().unwrap_or_default();
        let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let wanted: &[&str] = match (is_stream, self) {
            (false, _) => &[WHOLE],
            // Some proxies call lines of JSON simply JSON.
            (true, Self::Ollama) => &[LINES, WHOLE],
            (true, _) => &[EVENTS],
        };
        if wanted.contains(&kind.as_str()) {
            return Ok(());
        }
        Err(ModelError::malformed(&format!("{given} came where {} was asked for", wanted[0])).status(status))
    }

    /// What an answer means that is not [200](Self::check_head).
    pub fn error(self, status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> ModelError {
        let body = if body.len() > FAULT_BYTES_MAX { &body[..0] } else { body };
        let mut refusal = match serde_json::from_slice::<Value>(body) {
            Ok(value) => match self {
                Self::OpenaiChat => openai_chat::refusal(&value),
                Self::OpenaiResponses => openai_responses::refusal(&value),
                Self::Anthropic => anthropic::refusal(&value),
                Self::Gemini => gemini::refusal(&value),
                Self::Ollama => ollama::refusal(&value),
            },
            // A proxy between us says it in its own way. A page is not worth repeating.
            Err(_) => Refusal::default(),
        };
        refusal.retry_after_ms = retry_after(headers, now).or(refusal.retry_after_ms);
        refusal.error(Some(status))
    }

    /// What a request for vectors becomes.
    pub fn encode_embeddings(self, request: &EmbeddingRequest, target: Target<'_>) -> Result<HttpDraft, RequestError> {
        if request.texts.is_empty() {
            return Err(RequestError::Empty);
        }
        match self {
            Self::OpenaiChat | Self::OpenaiResponses => Ok(openai_chat::encode_embeddings(request, target)),
            Self::Anthropic => Err(RequestError::Unsayable { wire: self.word(), what: "embeddings" }),
            Self::Gemini => Ok(gemini::encode_embeddings(request, target)),
            Self::Ollama => Ok(ollama::encode_embeddings(request, target)),
        }
    }

    /// The vectors of so many texts, in their order.
    pub fn decode_embeddings(self, body: &[u8], texts: usize) -> Result<EmbeddingAnswer, ModelError> {
        let body = within_bound(body)?;
        let answer = match self {
            Self::OpenaiChat | Self::OpenaiResponses => openai_chat::decode_embeddings(body),
            Self::Anthropic => Err(ModelError::malformed("this wire has no embeddings")),
            Self::Gemini => gemini::decode_embeddings(body),
            Self::Ollama => ollama::decode_embeddings(body),
        }?;
        let vectors = &answer.vectors;
        let length = vectors.first().map_or(0, Vec::len);
        let is_even = length > 0 && vectors.iter().all(|vector| vector.len() == length);
        let is_finite = vectors.iter().flatten().all(|number| number.is_finite());
        match vectors.len() == texts && is_even && is_finite {
            true => Ok(answer),
            false => Err(ModelError::malformed("vectors that are not one for each text, of one length, of numbers")),
        }
    }

    /// Asks which models there are. It costs nothing, so it also shows whether a key is taken and a server is there.
    pub fn encode_listing(self) -> HttpDraft {
        match self {
            Self::OpenaiChat | Self::OpenaiResponses => HttpDraft::get("/models"),
            Self::Anthropic => anthropic::encode_listing(),
            Self::Gemini => gemini::encode_listing(),
            Self::Ollama => HttpDraft::get("/api/tags"),
        }
    }

    /// Which models there are.
    pub fn decode_listing(self, body: &[u8]) -> Result<Vec<ListedModel>, ModelError> {
        let body = within_bound(body)?;
        match self {
            Self::OpenaiChat | Self::OpenaiResponses => openai_chat::decode_listing(body),
            Self::Anthropic => anthropic::decode_listing(body),
            Self::Gemini => gemini::decode_listing(body),
            Self::Ollama => ollama::decode_listing(body),
        }
    }
}

impl std::fmt::Display for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

fn within_bound(body: &[u8]) -> Result<&str, ModelError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(ModelError::too_much("one body"));
    }
    std::str::from_utf8(body).map_err(|_| ModelError::malformed("a body that is not UTF-8"))
}

/// A tool's answer where a wire has no place for whether it failed.
pub(crate) fn result_text(result: &crate::ToolResult) -> String {
    if result.is_error { format!("error: {}", result.text) } else { result.text.clone() }
}

/// Bytes as an address that holds them.
pub(crate) fn data_url(image: &crate::Image) -> String {
    format!("data:{};base64,{}", image.kind.media_type(), base64_text(&image.data))
}

pub(crate) fn base64_text(bytes: &[u8]) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}

/// A fault that a provider reports in the middle of a stream, or with a status that says all is well.
pub(crate) fn reported(error: Option<&RawValue>) -> ModelError {
    let text = error.map(RawValue::get).filter(|text| text.len() <= FAULT_BYTES_MAX);
    let value: Value = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Refusal::read(&value).error(None)
}

/// What was asked is not answered at all.
pub(crate) fn no_answer(why: &str) -> ModelError {
    ModelError::new(ModelFault::Refused).said(why)
}
