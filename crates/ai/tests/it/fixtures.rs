//! Each wire's words for one conversation. A file names the types that it was written from; the vendors' own Python SDKs parse all
//! of them.

use ai::{
    Answer, AssistantPart, ChatRequest, Dialect, Effort, FinishReason, Image, ImageKind, Message, Output, OutputSchema,
    Reasoning, Seal, StreamEvent, Target, Tool, ToolCall, ToolResult, UserPart, Wire,
};
use protocol::Verbatim;
use serde_json::{Value, json};

/// The pieces in which streams say the answer's words.
pub(crate) const TEXT: [&str; 3] = ["It is 12 °C. ", "🌧 Grü", "ße"];
const ARGUMENTS: &str = r#"{"city":"Zürich \"Oslo\"","days":2}"#;

pub(crate) struct Fixture {
    pub(crate) wire: Wire,
    pub(crate) dialect: Dialect,
    pub(crate) value: Value,
}

pub(crate) fn all() -> Vec<Fixture> {
    let files = [
        include_str!("fixtures/openai_chat.json"),
        include_str!("fixtures/openai_responses.json"),
        include_str!("fixtures/anthropic.json"),
        include_str!("fixtures/gemini.json"),
        include_str!("fixtures/ollama.json"),
    ];
    let fixtures: Vec<_> = files.into_iter().map(Fixture::read).collect();
    assert_eq!(fixtures.iter().map(|fixture| fixture.wire).collect::<Vec<_>>(), Wire::ALL);
    fixtures
}

pub(crate) fn of(wire: Wire) -> Fixture {
    all().into_iter().find(|fixture| fixture.wire == wire).unwrap()
}

impl Fixture {
    fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap();
        let wire = serde_json::from_value(value["wire"].clone()).unwrap();
        let dialect = Dialect::named(value["dialect"].as_str().unwrap()).unwrap();
        Self { wire, dialect, value }
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target { model: "some-model", dialect: &self.dialect }
    }

    /// One piece of a stream, as bytes.
    pub(crate) fn piece(&self, kind: &str, data: &Value) -> Vec<u8> {
        let line = match (self.wire, kind) {
            (Wire::Ollama, _) => format!("{data}\n"),
            (_, "") => format!("data: {data}\n\n"),
            (_, kind) => format!("event: {kind}\ndata: {data}\n\n"),
        };
        line.into_bytes()
    }

    /// The pieces of the streamed answer.
    pub(crate) fn pieces(&self) -> Vec<Vec<u8>> {
        let said = self.value["stream"].as_array().unwrap().iter();
        let mut pieces: Vec<_> = said.map(|said| self.piece(said[0].as_str().unwrap(), &said[1])).collect();
        if let Some(done) = self.value["done"].as_str() {
            pieces.push(format!("data: {done}\n\n").into_bytes());
        }
        pieces
    }

    /// The streamed answer.
    pub(crate) fn stream(&self) -> Vec<u8> {
        self.pieces().concat()
    }

    /// The whole answer.
    pub(crate) fn body(&self) -> Vec<u8> {
        self.value["answer"].to_string().into_bytes()
    }

    /// The same answer in other words, in its three pieces.
    pub(crate) fn with_text(mut self, text: [&str; 3]) -> Self {
        let mut known: Vec<_> = TEXT.iter().zip(text).map(|(old, new)| ((*old).to_owned(), new.to_owned())).collect();
        known.push((TEXT.concat(), text.concat()));
        replace(&mut self.value, &known);
        self
    }

    /// What the answer says, whoever says it.
    pub(crate) fn says(&self) -> Answer {
        let says = &self.value["says"];
        let seal = |name: &str| serde_json::from_value::<Option<Seal>>(says[name].clone()).unwrap();
        let id = |place: usize| says["calls"][place].as_str().unwrap().to_owned();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let call = |place: usize, name: &str, arguments: &str, seal| {
            AssistantPart::ToolCall(ToolCall { id: id(place), name: name.into(), arguments: arguments.into(), seal })
        };
        Answer {
            id: text(&says["id"]),
            model: text(&says["model"]),
            parts: vec![
                AssistantPart::Reasoning(Reasoning { text: "They ask twice.".into(), seal: seal("seal") }),
                AssistantPart::Text { text: TEXT.concat() },
                call(0, "weather_get", ARGUMENTS, seal("callSeal")),
                call(1, "notes_add", "{}", None),
            ],
            usage: serde_json::from_value(says["usage"].clone()).unwrap(),
            finish: FinishReason::ToolCalls,
        }
    }
}

fn replace(value: &mut Value, known: &[(String, String)]) {
    match value {
        Value::String(text) => {
            if let Some((_, new)) = known.iter().find(|(old, _)| old == text) {
                text.clone_from(new);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, known)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, known)),
        _ => {}
    }
}

pub(crate) fn schema(value: Value) -> Verbatim {
    Verbatim::from(&value)
}

pub(crate) fn tools() -> Vec<Tool> {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]});
    let nothing = json!({"type": "object", "properties": {}});
    vec![
        Tool { name: "weather_get".into(), description: "The weather of a city.".into(), input: schema(city) },
        Tool { name: "notes_add".into(), description: String::new(), input: schema(nothing) },
    ]
}

pub(crate) fn call(id: &str, arguments: &str) -> AssistantPart {
    AssistantPart::ToolCall(ToolCall {
        id: id.into(),
        name: "weather_get".into(),
        arguments: arguments.into(),
        seal: None,
    })
}

pub(crate) fn result(id: &str, text: &str, is_error: bool) -> UserPart {
    UserPart::ToolResult(ToolResult { id: id.into(), text: text.into(), is_error })
}

/// The conversation that each fixture's request says.
pub(crate) fn conversation() -> ChatRequest {
    let ask = "What is on this picture, and how is the weather in Zürich and Oslo?";
    ChatRequest {
        system: Some("Answer shortly.".into()),
        messages: vec![
            Message::User(vec![
                UserPart::Text { text: ask.into() },
                UserPart::Image(Image { kind: ImageKind::Png, data: vec![0x89, b'P', b'N', b'G'] }),
            ]),
            Message::Assistant(vec![
                AssistantPart::Reasoning(Reasoning { text: "Without a seal, it stays here.".into(), seal: None }),
                AssistantPart::Text { text: "Let me look. 🌍".into() },
                call("call_1", r#"{"city":"Zürich"}"#),
                call("call_2", r#"{"city":"Oslo"}"#),
            ]),
            Message::User(vec![
                result("call_1", "12°, rain", false),
                result("call_2", "no such city", true),
                UserPart::Text { text: "And in °F?".into() },
            ]),
        ],
        tools: tools(),
        parallel_calls: Some(true),
        tokens_max: Some(500),
        temperature: Some(0.2),
        top_p: Some(0.9),
        effort: Some(Effort::Low),
        stream: true,
        ..ChatRequest::default()
    }
}

/// A request for an answer of a shape.
pub(crate) fn shaped() -> ChatRequest {
    let shape = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false});
    ChatRequest {
        messages: vec![Message::user("Which city?")],
        output: Output::Json(OutputSchema { name: "city".into(), schema: schema(shape) }),
        ..ChatRequest::default()
    }
}

/// What a decoder says to a stream in pieces, its end included.
pub(crate) fn events<'a>(wire: Wire, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<StreamEvent> {
    let mut decoder = wire.decoder();
    let mut events: Vec<_> = pieces.into_iter().flat_map(|piece| decoder.feed(piece)).collect();
    events.extend(decoder.end());
    assert!(decoder.is_over());
    let last = events.iter().filter(|event| event.is_last()).count();
    assert!(last == 1 && events.last().unwrap().is_last(), "{wire}: {events:?}");
    events
}

/// Puts them together.
pub(crate) fn fold(events: &[StreamEvent]) -> Result<Answer, ai::ModelError> {
    let mut answer = ai::Accumulator::new();
    for event in events {
        answer.push(event).unwrap();
    }
    answer.finish()
}

/// The words among them.
pub(crate) fn words(events: &[StreamEvent]) -> String {
    let words = events.iter().filter_map(|event| match event {
        StreamEvent::Text { text } => Some(text.as_str()),
        _ => None,
    });
    words.collect()
}
