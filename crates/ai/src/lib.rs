//! What model providers say and hear: one request and one answer for all of them, and a wire for each.
//!
//! Everything here is pure. A wire turns a [`ChatRequest`] into an [`HttpDraft`] and bytes into [`StreamEvent`]s; who sends the one and
//! receives the other, with which key and under which permit, is decided elsewhere. No key ever comes here, no clock is read,
//! and nothing waits. Whatever a provider sends ends in an answer or a [`ModelError`], within the [`bounds`].
//!
//! ```
//! use ai::{Accumulator, ChatRequest, Dialect, Message, Target, Wire};
//!
//! let request = ChatRequest { messages: vec![Message::user("Hello?")], stream: true, ..ChatRequest::default() };
//! let target = Target { model: "some-model", dialect: &Dialect::COMPATIBLE };
//! let draft = Wire::OpenaiChat.encode(&request, target).unwrap();
//! assert_eq!(draft.path, "/chat/completions");
//!
//! // What comes back, in whatever pieces it comes.
//! let mut decoder = Wire::OpenaiChat.decoder();
//! let mut answer = Accumulator::new();
//! let pieces: [&[u8]; 3] = [
//!     b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel",
//!     b"lo.\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
//!     b"data: [DONE]\n\n",
//! ];
//! for event in pieces.into_iter().flat_map(|piece| decoder.feed(piece)) {
//!     answer.push(&event).unwrap();
//! }
//! assert!(decoder.is_over());
//! assert_eq!(answer.finish().unwrap().text(), "Hello.");
//! ```

mod answer; // what a model answered
pub mod bounds; // how much is taken in
mod continuation; // one answer from several tries
mod decoder; // an answer while it comes
mod dialect; // where servers of one wire differ
mod draft; // what is to be sent
mod error; // why there is no answer
mod event; // the pieces of an answer
mod few; // lists of strangers
mod fold; // from the pieces to the whole
mod frames; // how streams are cut into pieces
mod health; // whether a provider is worth asking
mod history; // a conversation made ready for wires
mod message; // what was said so far
mod price; // what it costs
mod provider; // who can be asked, and where
mod refusal; // what a provider means when it says no
mod request; // what is asked
mod retry; // when to ask again
mod told; // what a wire has said so far
mod wire; // what each provider calls things

pub use answer::{Answer, EmbeddingAnswer, FinishReason, ListedModel, Usage};
pub use continuation::{Continuation, Plan, may_go_on};
pub use decoder::Decoder;
pub use dialect::{Dialect, Prefill, TokensWord};
pub use draft::{HttpDraft, KeyPlace};
pub use error::{ModelError, ModelFault};
pub use event::StreamEvent;
pub use fold::Accumulator;
pub use health::{Breaker, Condition, Health, NotNow, Ticket};
pub use message::{
    AssistantPart, Image, ImageKind, Message, Reasoning, Seal, SealKind, Tool, ToolCall, ToolResult, UserPart,
};
pub use price::{Cost, Price, PriceError, PriceTable};
pub use provider::{Model, Provider, ProviderError};
pub use request::{ChatRequest, Effort, EmbeddingRequest, Output, OutputSchema, RequestError, ToolChoice};
pub use retry::{Backoff, Step};
pub use wire::{Target, Wire};
