//! The envelope that pages and, through the relay, phones speak: one message each way, as text. Pure.
//!
//! `{ "type", "requestId", "deviceId", "payload" }`, with app and action in the payload; the older form, with `appId` and
//! `action` beside it, is understood too. Nothing is installed before an `APPROVE` of the card that `INSTALL_APP` gave.
//!
//! ```
//! use gateway::envelope::{Order, decode};
//! let said = r#"{ "type": "CANCEL", "requestId": "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a" }"#;
//! assert!(matches!(decode(said).unwrap().order, Order::Cancel(_)));
//! assert!(decode("hello").is_err());
//! ```

use crate::{Problem, bodies::ChoicesBody};
use protocol::{
    ActionName, Answer, AppName, Chunk, DeviceId, ErrorCode, Failure, OfferId, QuestionId, RequestId, RunId,
    api::{Frame, Reply, Request, StopTarget},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// What a message asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// One request that changes something, or ends something.
    Ask(Request),
    /// A run's stream: of a run to start, or of one that somebody started.
    Stream {
        /// `RunStart` or `RunFollow`.
        request: Request,
        /// Chunks up to this one are known already.
        after_seq: u64,
    },
    /// How this device is: who answers, which apps, which runs.
    Status,
    /// Stop the run that an earlier message of this connection began.
    Cancel(RequestId),
}

impl Order {
    /// What it is called: the type of the message.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Stream { request: Request::RunStart { .. }, .. } => "EXECUTE_ACTION",
            Self::Stream { .. } | Self::Status => "GET_STATUS",
            Self::Cancel(_) | Self::Ask(Request::RunStop { .. }) => "CANCEL",
            Self::Ask(Request::AppOffer { .. }) => "INSTALL_APP",
            Self::Ask(Request::AppRemove { .. }) => "UNINSTALL_APP",
            Self::Ask(_) => "APPROVE",
        }
    }
}

/// A message that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The sender's own id of it; what answers carries it too.
    pub request_id: RequestId,
    /// The device it is for, if it says.
    pub device_id: Option<String>,
    /// What it asks for.
    pub order: Order,
}

/// A message that was not understood.
#[derive(Clone, Debug)]
pub struct Misunderstood {
    /// Its id, as far as it has one.
    pub request_id: Option<RequestId>,
    /// What is wrong with it.
    pub failure: Failure,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    request_id: RequestId,
    #[serde(default)]
    device_id: Option<String>,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    app_id: Option<Value>,
    #[serde(default)]
    action: Option<Value>,
    #[serde(default)]
    after_seq: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Execute {
    app: AppName,
    action: ActionName,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    after_seq: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Status {
    #[serde(default)]
    run: Option<RunId>,
    #[serde(default)]
    after_seq: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Install {
    source: String,
    #[serde(default)]
    trust: Option<String>,
    #[serde(default)]
    downgrade: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Uninstall {
    app: AppName,
    #[serde(default)]
    erase: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancel {
    #[serde(default)]
    request_id: Option<RequestId>,
    #[serde(default)]
    run: Option<RunId>,
}

#[derive(Deserialize)]
struct Approve {
    #[serde(default)]
    offer: Option<OfferId>,
    #[serde(default)]
    question: Option<QuestionId>,
    #[serde(flatten)]
    rest: Value,
}

/// Reads a message.
pub fn decode(text: &str) -> Result<Message, Misunderstood> {
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| {
        // Whoever said it should find the answer, where that is possible.
        let request_id =
            serde_json::from_str::<Value>(text).ok().and_then(|value| value.get("requestId")?.as_str()?.parse().ok());
        Misunderstood { request_id, failure: unreadable("the message", &error) }
    })?;
    let request_id = envelope.request_id;
    let device_id = envelope.device_id.clone();
    match order(envelope) {
        Ok(order) => Ok(Message { request_id, device_id, order }),
        Err(failure) => Err(Misunderstood { request_id: Some(request_id), failure }),
    }
}

fn unreadable(what: &str, error: &serde_json::Error) -> Failure {
    let text = format!("{what} cannot be read: {error}");
    Failure::new(ErrorCode::InvalidInput, protocol::text::shorten(&text, 300))
}

fn order(envelope: Envelope) -> Result<Order, Failure> {
    let Envelope { kind, request_id, payload, app_id, action, after_seq, .. } = envelope;
    let asked = match kind.as_str() {
        "EXECUTE_ACTION" => {
            // In the older form the payload is the input itself.
            let payload = match (app_id, action) {
                (Some(app), Some(action)) => {
                    json!({ "app": app, "action": action, "input": payload, "afterSeq": after_seq })
                }
                _ => payload,
            };
            let Execute { app, action, input, after_seq } = read(payload)?;
            let request = Request::RunStart { id: Some(request_id), app, action, input, files: Vec::new() };
            return Ok(Order::Stream { request, after_seq: after_seq.unwrap_or_default() });
        }
        "INSTALL_APP" => {
            let Install { source, trust, downgrade } = read(payload)?;
            Request::AppOffer { source, trust, downgrade }
        }
        "APPROVE" => {
            let Approve { offer, question, rest } = read(payload)?;
            match (offer, question) {
                (Some(offer), None) => {
                    let ChoicesBody { choices } = read(rest)?;
                    Request::AppInstall { offer, choices }
                }
                (None, Some(question)) => Request::ApprovalAnswer { question, answer: read::<Answer>(rest)? },
                _ => {
                    let failure = Failure::new(ErrorCode::InvalidInput, "an APPROVE names an offer or a question");
                    return Err(failure.hint("one of them, not both"));
                }
            }
        }
        "UNINSTALL_APP" => {
            let payload = match app_id {
                Some(app) => json!({ "app": app, "erase": payload.get("erase").cloned().unwrap_or(false.into()) }),
                None => payload,
            };
            let Uninstall { app, erase } = read(payload)?;
            Request::AppRemove { app, erase }
        }
        "GET_STATUS" => {
            let Status { run, after_seq } = read_some(payload)?;
            let Some(run) = run else { return Ok(Order::Status) };
            let after_seq = after_seq.unwrap_or_default();
            return Ok(Order::Stream { request: Request::RunFollow { run, after_seq }, after_seq });
        }
        "CANCEL" => match read_some(payload)? {
            Cancel { run: Some(run), .. } => Request::RunStop { target: StopTarget::Run(run) },
            // In the older form it is what it cancels that a message has the id of.
            Cancel { request_id: begun, run: None } => return Ok(Order::Cancel(begun.unwrap_or(request_id))),
        },
        other => {
            let other = protocol::text::shorten(other, 40);
            let failure = Failure::new(ErrorCode::InvalidInput, format!("messages of type '{other}' are not known"));
            return Err(failure.hint("EXECUTE_ACTION, INSTALL_APP, APPROVE, UNINSTALL_APP, GET_STATUS or CANCEL"));
        }
    };
    Ok(Order::Ask(asked))
}

fn read<T: DeserializeOwned>(payload: Value) -> Result<T, Failure> {
    serde_json::from_value(payload).map_err(|error| unreadable("the payload", &error))
}

/// The same where there need not be a payload.
fn read_some<T: Default + DeserializeOwned>(payload: Value) -> Result<T, Failure> {
    if payload.is_null() { Ok(T::default()) } else { read(payload) }
}

/// A message that goes out.
pub(crate) fn encode(kind: &str, request_id: Option<RequestId>, device: DeviceId, payload: &Value) -> String {
    let device = device.to_string();
    json!({ "type": kind, "requestId": request_id, "deviceId": device, "payload": payload }).to_string()
}

/// A frame as the message that it becomes. What has a number in a run's stream is a chunk of it, or a question with that
/// number; what has none is an event.
pub(crate) fn message(frame: Frame) -> (&'static str, Value) {
    match frame {
        Frame::Run { run } => ("EVENT", json!({ "event": "run", "run": run })),
        Frame::Chunk(chunk) => match &chunk.chunk {
            Chunk::Ask { .. } => ("APPROVAL_REQUEST", json!(chunk)),
            _ => ("STREAM_CHUNK", json!(chunk)),
        },
        Frame::Step { sentence, done, total } => {
            ("EVENT", json!({ "event": "step", "sentence": sentence, "done": done, "total": total }))
        }
        // No message asks for the log or for a file yet.
        Frame::Piece(bytes) => ("EVENT", json!({ "event": "piece", "bytes": bytes.len() })),
        Frame::LogAfter { seq } => ("EVENT", json!({ "event": "log", "after_seq": seq })),
        Frame::Entry(entry) => ("EVENT", json!({ "event": "entry", "entry": entry })),
        Frame::Done { reply: Reply::RunEnd { run } } => match &run.summary.failure {
            None => ("STREAM_END", json!({ "run": run })),
            Some(failure) => {
                let mut problem = json!(Problem::new(failure));
                if let Some(fields) = problem.as_object_mut() {
                    fields.insert("run".to_owned(), json!(run));
                }
                ("ERROR", problem)
            }
        },
        Frame::Done { reply } => {
            let mut payload = json!(reply);
            if let Some(fields) = payload.as_object_mut() {
                fields.remove("reply");
            }
            ("STREAM_END", payload)
        }
        Frame::Failed { failure } => ("ERROR", json!(Problem::new(&failure))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";

    fn message_of(kind: &str, payload: Value) -> String {
        json!({ "type": kind, "requestId": ID, "payload": payload }).to_string()
    }

    #[test]
    fn both_forms_of_an_action_are_one_request() {
        let input = json!({ "topic": "bread" });
        let canonical =
            message_of("EXECUTE_ACTION", json!({ "app": "seo-writer", "action": "generate", "input": input }));
        let older = json!({ "type": "EXECUTE_ACTION", "requestId": ID, "deviceId": "device-123", "appId": "seo-writer",
            "action": "generate", "payload": input });
        let (canonical, older) = (decode(&canonical).expect("is read"), decode(&older.to_string()).expect("is read"));
        assert_eq!(canonical.order, older.order);
        assert_eq!(older.device_id.as_deref(), Some("device-123"));
        let Order::Stream { request: Request::RunStart { id, app, input: given, .. }, after_seq: 0 } = canonical.order
        else {
            panic!("no run")
        };
        assert_eq!((id, app.as_str(), given), (Some(ID.parse().expect("is an id")), "seo-writer", input));
        let canonical = message_of("EXECUTE_ACTION", json!({ "app": "a-b", "action": "go", "afterSeq": 7 }));
        let older = json!({ "type": "EXECUTE_ACTION", "requestId": ID, "appId": "a-b", "action": "go", "afterSeq": 7 });
        let (canonical, older) = (decode(&canonical).expect("is read"), decode(&older.to_string()).expect("is read"));
        assert_eq!(canonical.order, older.order);
        assert!(matches!(canonical.order, Order::Stream { after_seq: 7, .. }));
        let older = json!({ "type": "UNINSTALL_APP", "requestId": ID, "appId": "notes", "payload": {} });
        let canonical = message_of("UNINSTALL_APP", json!({ "app": "notes" }));
        assert_eq!(decode(&canonical).expect("is read").order, decode(&older.to_string()).expect("is read").order);
    }

    #[test]
    fn each_type_is_its_request() {
        let check = |kind: &str, payload: Value, expected: Value| {
            let message = decode(&message_of(kind, payload)).expect("is read");
            let Order::Ask(request) = message.order else { panic!("{kind}") };
            assert_eq!(json!(request), expected);
        };
        check(
            "INSTALL_APP",
            json!({ "source": "/apps/notes" }),
            json!({ "request": "app_offer", "source": "/apps/notes", "downgrade": false }),
        );
        check(
            "APPROVE",
            json!({ "offer": ID, "choices": [{ "line": "file", "state": "block" }] }),
            json!({ "request": "app_install", "offer": ID, "choices": [{ "line": "file", "state": "block" }] }),
        );
        check(
            "APPROVE",
            json!({ "question": ID, "choice": "once" }),
            json!({ "request": "approval_answer", "question": ID, "answer": { "choice": "once" } }),
        );
        check(
            "UNINSTALL_APP",
            json!({ "app": "notes", "erase": true }),
            json!({ "request": "app_remove", "app": "notes", "erase": true }),
        );
        check("CANCEL", json!({ "run": ID }), json!({ "request": "run_stop", "target": { "run": ID } }));
        for payload in [Value::Null, json!({})] {
            assert_eq!(decode(&message_of("GET_STATUS", payload)).expect("is read").order, Order::Status);
        }
        let run = ID.parse().expect("is an id");
        let followed = decode(&message_of("GET_STATUS", json!({ "run": ID, "afterSeq": 3 }))).expect("is read");
        let request = Request::RunFollow { run, after_seq: 3 };
        assert_eq!(followed.order, Order::Stream { request, after_seq: 3 });
        for payload in [json!({ "requestId": ID }), json!({}), Value::Null] {
            let cancel = decode(&message_of("CANCEL", payload)).expect("is read");
            assert_eq!(cancel.order, Order::Cancel(ID.parse().expect("is an id")));
        }
    }

    #[test]
    fn what_is_no_message_is_refused_in_words_with_its_id_where_it_has_one() {
        for (text, has_id) in [
            (String::new(), false),
            ("null".to_owned(), false),
            ("[".repeat(10_000), false),
            (json!({ "type": "GET_STATUS" }).to_string(), false),
            (json!({ "type": "GET_STATUS", "requestId": "7" }).to_string(), false),
            (json!({ "requestId": ID }).to_string(), true),
            (json!({ "type": 7, "requestId": ID }).to_string(), true),
            (message_of("SELF_DESTRUCT", Value::Null), true),
            (message_of("EXECUTE_ACTION", Value::Null), true),
            (message_of("EXECUTE_ACTION", json!({ "app": "../etc", "action": "x" })), true),
            (message_of("APPROVE", json!({})), true),
            (message_of("APPROVE", json!({ "offer": ID, "question": ID })), true),
            (message_of("CANCEL", json!({ "run": "that one" })), true),
            (message_of("GET_STATUS", json!({ "run": ID, "afterSeq": -1 })), true),
        ] {
            let refused = decode(&text).expect_err("is refused");
            assert_eq!(refused.request_id.is_some(), has_id, "{text}");
            assert_eq!(refused.failure.code, ErrorCode::InvalidInput);
            assert!(refused.failure.message.len() < 400);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), kind in "[A-Z_]{0,20}", payload in any::<String>()) {
            drop(decode(&text));
            drop(decode(&message_of(&kind, Value::String(payload))));
        }
    }
}
