//! What must hold for any head of a request that a stranger sends. Used by the fuzzers, and by the tests of
//! crates/gateway, which try the corpus again.

use gateway::{
    auth::{Credential, Guards, Kind, Presented},
    envelope::{Message, Order, decode},
};
use http::{HeaderName, HeaderValue, Request};
use protocol::{
    ErrorCode,
    api::{Request as Asked, StopTarget},
};
use serde_json::{Value, json};

/// A message of a WebSocket.
pub(crate) fn envelope(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let message = match decode(&text) {
        Ok(message) => message,
        Err(misunderstood) => {
            let failure = misunderstood.failure;
            assert_eq!(failure.code, ErrorCode::InvalidInput);
            assert!(failure.message.len() < 2_000, "{}", failure.message.len());
            assert!(!failure.message.chars().any(char::is_control), "{:?}", failure.message);
            return;
        }
    };
    // The plain form is one step deeper, and fractions are not always read as they were written.
    let steps = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if steps > 100 || has_fraction(&text) {
        return;
    }
    // Said in the plain form, it is the same again.
    let Message { request_id, device_id, order } = &message;
    let (kind, payload) = said(order);
    let again = json!({ "type": kind, "requestId": request_id, "deviceId": device_id, "payload": payload });
    assert_eq!(decode(&again.to_string()).ok().as_ref(), Some(&message), "{text}");
}

fn has_fraction(text: &str) -> bool {
    fn is_in(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(is_in),
            Value::Object(fields) => fields.values().any(is_in),
            _ => false,
        }
    }
    serde_json::from_str(text).is_ok_and(|value| is_in(&value))
}

/// What says this. Nothing else than these can be asked by a message: no key, no login, no owner.
fn said(order: &Order) -> (&'static str, Value) {
    match order {
        Order::Status => ("GET_STATUS", Value::Null),
        Order::Cancel(of) => ("CANCEL", json!({ "requestId": of })),
        Order::Stream { request: Asked::RunStart { id, app, action, input, files }, after_seq } => {
            assert!(id.is_some() && files.is_empty(), "no path of this machine is named by a message");
            ("EXECUTE_ACTION", json!({ "app": app, "action": action, "input": input, "afterSeq": after_seq }))
        }
        Order::Stream { request: Asked::RunFollow { run, after_seq }, .. } => {
            ("GET_STATUS", json!({ "run": run, "afterSeq": after_seq }))
        }
        Order::Ask(Asked::AppOffer { source, trust, downgrade }) => {
            ("INSTALL_APP", json!({ "source": source, "trust": trust, "downgrade": downgrade }))
        }
        Order::Ask(Asked::AppInstall { offer, choices }) => ("APPROVE", json!({ "offer": offer, "choices": choices })),
        Order::Ask(Asked::ApprovalAnswer { question, answer }) => {
            let mut payload = json!(answer);
            payload["question"] = json!(question);
            ("APPROVE", payload)
        }
        Order::Ask(Asked::AppRemove { app, erase }) => ("UNINSTALL_APP", json!({ "app": app, "erase": erase })),
        Order::Ask(Asked::RunStop { target: StopTarget::Run(run) }) => ("CANCEL", json!({ "run": run })),
        other => panic!("{other:?} cannot be asked by a message"),
    }
}

/// The first line is a method and an address, each line after it a header.
pub(crate) fn doors(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (method, uri) = first.split_once(' ').unwrap_or(("GET", &first));
    let Ok(request) = Request::builder().method(method).uri(uri).body(()) else { return };
    let mut parts = request.into_parts().0;
    for line in lines {
        let mut pair = line.splitn(2, |byte| *byte == b':');
        let name = pair.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = pair.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            parts.headers.append(name, value);
        }
    }
    let guards = Guards::new(7070, false);
    let said = guards.check(&parts);
    if let Err(refusal) = &said {
        assert!(refusal.status().is_client_error());
    }
    if said.is_ok() {
        let all = |name: &str| parts.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        let named = all("host").first().map(|host| host.as_bytes().to_ascii_lowercase());
        let named = named.or_else(|| Some(parts.uri.authority()?.as_str().to_ascii_lowercase().into_bytes()));
        let ours = ["127.0.0.1:7070", "[::1]:7070", "localhost:7070"];
        assert!(ours.iter().any(|host| Some(host.as_bytes()) == named.as_deref()), "meant for us");
        assert!(
            all("origin")
                .iter()
                .all(|origin| guards.origins().iter().any(|known| known.as_bytes() == origin.as_bytes()))
        );
    }
    match guards.presented(&parts) {
        Ok(Presented::Bearer(text)) => {
            assert!(Credential::read(Kind::Key, text).is_ok_and(|key| key.text().expose() == text) || !text.is_empty());
        }
        Ok(Presented::Login { page, .. }) => assert!(page.is_none_or(|page| !page.contains('\n'))),
        Ok(Presented::Nothing) | Err(_) => {}
    }
}
