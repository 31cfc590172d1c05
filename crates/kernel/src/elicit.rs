//! What a server wants of the person who started its run: a form to be filled in, or an address to be opened, as a question on our own
//! page and terminals.

use crate::{
    Kernel, form,
    program::{Asker, InputRequest, Introduction},
    run::Run,
    servers::{is_server, place},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use protocol::{Choice, QuestionKind, Sentence, sentence, text::shorten};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Weak};

const ELICIT: &str = "elicitation/create";
const SAMPLING: &str = "sampling/createMessage";
/// A server's own words about what it asks.
const MESSAGE_CHARS_MAX: usize = 2_000;
/// The server's command or address, as the sentence names it.
const PLACE_CHARS_MAX: usize = 200;
/// The longest address that somebody is asked to open.
const URL_BYTES_MAX: usize = 2_000;
/// From which level on a run that a person started hears what its server logs.
const LOG_LEVEL: &str = "info";

/// The person who started a run.
struct Person {
    kernel: Arc<Kernel>,
    /// Weak: the run holds this.
    run: Weak<Run>,
    introduction: Introduction,
}

/// Who can be asked while a server works for its owner: whoever started it and is there, or, where a script of theirs did, somebody who
/// has the page open. `None` where nobody is, or where no server works.
pub(crate) fn person(kernel: &Arc<Kernel>, run: &Arc<Run>) -> Option<Arc<dyn Asker>> {
    let caller = run.lease.caller();
    let is_there = || caller.has_presence() || (caller.door.is_owners_word() && kernel.somebody_is_there(caller.owner));
    if !is_server(&run.app) || !is_there() {
        return None;
    }
    let abilities = json!({ "elicitation": { "form": {}, "url": {} } });
    let introduction = Introduction { abilities, log_level: Some(LOG_LEVEL), meta: Map::new() };
    Some(Arc::new(Person { kernel: kernel.clone(), run: Arc::downgrade(run), introduction }))
}

impl Asker for Person {
    fn introduction(&self) -> &Introduction {
        &self.introduction
    }

    /// One after the other: a person reads one question at a time.
    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, String>> {
        self.answers(requests).boxed()
    }
}

impl Person {
    async fn answers(&self, requests: Vec<InputRequest>) -> Result<Vec<Value>, String> {
        let run = self.run.upgrade().ok_or("its run has ended")?;
        // What cannot be asked at all is known before anybody has answered half of it.
        let questions = requests.iter().map(|request| wanted(&run, request)).collect::<Result<Vec<_>, _>>()?;
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            answers.push(ask(&self.kernel, &run, question).await?);
        }
        Ok(answers)
    }
}

/// A question to be.
struct Wanted {
    said: Sentence,
    kind: QuestionKind,
}

fn wanted(run: &Run, request: &InputRequest) -> Result<Wanted, String> {
    let InputRequest { method, params, .. } = request;
    match method.as_str() {
        ELICIT => {}
        SAMPLING => return Err("oikos has no language model that it could ask: it answers no sampling".to_owned()),
        _ => return Err(format!("nobody here answers {}", shorten(method, 80))),
    }
    let message = form::cut(params["message"].as_str().unwrap_or_default(), MESSAGE_CHARS_MAX);
    match params.get("mode").and_then(Value::as_str).unwrap_or("form") {
        "form" => {
            let schema = form::plain(&params["requestedSchema"])?;
            let server = form::cut(&place(&run.app), PLACE_CHARS_MAX);
            Ok(Wanted { said: sentence::ask_form(server), kind: QuestionKind::Form { message, schema } })
        }
        "url" => {
            let url = params["url"].as_str().unwrap_or_default();
            let host = host_of(url).ok_or("that is no address that a person could be asked to open")?;
            let kind = QuestionKind::Open { message, url: url.to_owned() };
            Ok(Wanted { said: sentence::ask_open(host), kind })
        }
        other => Err(format!("nobody here is asked by the mode {}", shorten(other, 40))),
    }
}

/// The host of an address of the web, with its port. `None` for whatever two readers could understand differently.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let is_plain = url.len() <= URL_BYTES_MAX && url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    (is_plain && !host.is_empty() && host.bytes().all(is_host)).then_some(host)
}

/// Asks, and says what was answered in the words of the protocol.
async fn ask(kernel: &Arc<Kernel>, run: &Arc<Run>, Wanted { said, kind }: Wanted) -> Result<Value, String> {
    let is_form = matches!(kind, QuestionKind::Form { .. });
    let _asking = run.asking.lock().await;
    let settled = match kernel.ask(run, said, kind, None).await {
        Ok(Ok((settled, _))) => settled,
        // Nobody was there after all.
        Ok(Err(_)) => return Ok(json!({ "action": "cancel" })),
        Err(end) => return Err(end.message(run.lease.limits())),
    };
    Ok(match settled.answer() {
        Some(answer) if answer.choice.is_yes() && is_form => json!({ "action": "accept", "content": answer.filled }),
        Some(answer) if answer.choice.is_yes() => json!({ "action": "accept" }),
        Some(answer) if answer.choice == Choice::No => json!({ "action": "decline" }),
        _ => json!({ "action": "cancel" }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_host() {
        assert_eq!(host_of("https://pay.example.org/order?id=7"), Some("pay.example.org"));
        assert_eq!(host_of("http://127.0.0.1:8080#a"), Some("127.0.0.1:8080"));
        assert_eq!(host_of("https://[::1]:1/"), Some("[::1]:1"));
        for odd in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "https://bank.example@evil.example/",
            "https://evil.example\\@bank.example/",
            "https://b\u{430}nk.example/",
            "https://a.example/\n",
            "//a.example",
        ] {
            assert_eq!(host_of(odd), None, "{odd}");
        }
    }
}
