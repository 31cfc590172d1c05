//! What is asked of a server: calls with their questions, lists with their pages.

use super::{
    Arguments, AskRefused, Call, CallError, InputRequest, Listed, Refusal, Said, Session, Style,
    carrier::Outcome,
    door::broken,
    message::ARGUMENTS,
    mirrored::Mirrored,
    said::{self, Members},
    session::Server,
};
use http::HeaderName;
use protocol::Verbatim;
use serde_json::{Map, Value, json, value::RawValue};
use std::collections::HashSet;

const ELICIT: &str = "elicitation/create";
const COMPLETE: &str = "complete";
const STRANGE: &str = "it is of a kind that was not agreed on";

/// Whether a request only reads, so that asking it twice does nothing twice.
pub(super) fn is_reading(method: &str) -> bool {
    method.ends_with("/list")
        || matches!(method, "resources/read" | "resources/templates/list" | "prompts/get" | "completion/complete")
}

impl Session {
    /// All tools. Those whose definition the newest HTTP transport forbids are left out, as it demands.
    pub async fn tools(&self, call: &Call) -> Result<Vec<Listed>, CallError> {
        let tools = self.list("tools", "tools/list", "tools", call).await?;
        let server = self.server();
        if !(server.revision.is_stateless() && server.style == Style::Streamable) {
            return Ok(tools);
        }
        let mut known = self.inner.mirrored.lock();
        known.clear();
        let valid = tools.into_iter().filter(|tool| {
            let name = tool["name"].as_str().unwrap_or_default();
            match Mirrored::of(&tool["inputSchema"]) {
                Ok(mirrored) => {
                    known.insert(name.to_owned(), mirrored);
                    true
                }
                Err(why) => {
                    tracing::warn!(why, "a tool of a server is left out");
                    false
                }
            }
        });
        Ok(valid.collect())
    }

    /// All resources.
    pub async fn resources(&self, call: &Call) -> Result<Vec<Listed>, CallError> {
        self.list("resources", "resources/list", "resources", call).await
    }

    /// All patterns of resources.
    pub async fn resource_templates(&self, call: &Call) -> Result<Vec<Listed>, CallError> {
        match self.list("resources", "resources/templates/list", "resourceTemplates", call).await {
            // Many that have resources never heard of patterns.
            Err(CallError::Refused { refusal, .. }) if refusal.code == Refusal::METHOD_NOT_FOUND => Ok(Vec::new()),
            listed => listed,
        }
    }

    /// All prompts.
    pub async fn prompts(&self, call: &Call) -> Result<Vec<Listed>, CallError> {
        self.list("prompts", "prompts/list", "prompts", call).await
    }

    /// Calls a tool: the whole `CallToolResult`, as it was said. A tool's own error is a result with `isError`.
    pub async fn call_tool(&self, name: &str, arguments: impl Into<Arguments>, call: &Call) -> Result<Said, CallError> {
        let (arguments, written) = match arguments.into() {
            Arguments::Values(values) => (Value::Object(values), None),
            Arguments::Written(written) => (written.value(), Some(written)),
        };
        let written = written.as_ref();
        let params = Map::from_iter([("name".into(), name.into()), (ARGUMENTS.into(), arguments.clone())]);
        match self.rounds("tools/call", params.clone(), written, call, &self.headers_for(name, &arguments)).await {
            // It wants arguments in headers that we know nothing of yet: nothing has been done.
            Err(CallError::Refused { refusal, .. }) if refusal.code == Refusal::HEADER_MISMATCH => {
                self.tools(call).await?;
                self.rounds("tools/call", params, written, call, &self.headers_for(name, &arguments)).await
            }
            outcome => outcome,
        }
    }

    /// Reads a resource: the whole `ReadResourceResult`.
    pub async fn read_resource(&self, uri: &str, call: &Call) -> Result<Said, CallError> {
        self.rounds("resources/read", Map::from_iter([("uri".into(), uri.into())]), None, call, &[]).await
    }

    /// Gets a prompt: the whole `GetPromptResult`.
    pub async fn get_prompt(&self, name: &str, arguments: Map<String, Value>, call: &Call) -> Result<Said, CallError> {
        let params = Map::from_iter([("name".into(), name.into()), ("arguments".into(), arguments.into())]);
        self.rounds("prompts/get", params, None, call, &[]).await
    }

    /// Completes an argument: `params` are `ref`, `argument` and `context` as the protocol has them.
    pub async fn complete(&self, params: Map<String, Value>, call: &Call) -> Result<Said, CallError> {
        let outcome = self.request("completion/complete", params, None, call, &[]).await?;
        finished("completion/complete", outcome)
    }

    fn headers_for(&self, name: &str, arguments: &Value) -> Vec<(HeaderName, String)> {
        let known = self.inner.mirrored.lock();
        known.get(name).into_iter().flatten().filter_map(|one| one.header(arguments)).collect()
    }

    /// A call with all its questions. On the newest wire a server asks by answering, and is asked again with what it wanted.
    async fn rounds(
        &self,
        method: &str,
        params: Map<String, Value>,
        arguments: Option<&Verbatim>,
        call: &Call,
        mirrored: &[(HeaderName, String)],
    ) -> Result<Said, CallError> {
        let bounds = &self.inner.core.options.bounds;
        let too_much = |what, most| CallError::AsksTooMuch { method: method.to_owned(), what, most };
        let (mut asked, mut round) = (0, params.clone());
        for _ in 0..=bounds.rounds {
            let result = match self.request(method, round, arguments, call, mirrored).await? {
                Ok(result) => result,
                Err(refusal) => {
                    let addresses = addresses_first(&refusal);
                    asked += addresses.len();
                    if asked > bounds.questions {
                        return Err(too_much("questions", bounds.questions));
                    }
                    if addresses.is_empty() || !self.opened(method, addresses, call).await? {
                        return Err(CallError::Refused { method: method.to_owned(), refusal });
                    }
                    round = params.clone();
                    continue;
                }
            };
            let Some(Wanted { requests: wanted, state }) = Wanted::of(method, &result)? else { return Ok(result) };
            round = params.clone();
            if let Some(wanted) = wanted {
                asked += wanted.len();
                if asked > bounds.questions {
                    return Err(too_much("questions", bounds.questions));
                }
                round.insert("inputResponses".into(), self.answers(method, wanted, call).await?.into());
            }
            if let Some(state) = state {
                round.insert("requestState".into(), state);
            }
        }
        Err(too_much("rounds", bounds.rounds))
    }

    /// Whether a person agreed to open all addresses that have to be opened first.
    async fn opened(&self, method: &str, addresses: Map<String, Value>, call: &Call) -> Result<bool, CallError> {
        let stood = self.stand_in(call)?;
        let offered =
            addresses.values().all(|one| stood.core.abilities(Some(&stood.open)).answers(ELICIT, &one["params"]));
        drop(stood);
        if !offered {
            return Ok(false);
        }
        let answers = self.answers(method, addresses, call).await?;
        Ok(answers.values().all(|answer| answer["action"] == "accept"))
    }

    /// Puts all of a round's questions to whoever stands behind the call.
    async fn answers(
        &self,
        method: &str,
        wanted: Map<String, Value>,
        call: &Call,
    ) -> Result<Map<String, Value>, CallError> {
        let stood = self.stand_in(call)?;
        let mut requests = Vec::with_capacity(wanted.len());
        for (key, mut request) in wanted {
            let asks = request["method"].as_str().unwrap_or_default().to_owned();
            let params = request.get_mut("params").map(Value::take).unwrap_or_default();
            if !stood.core.abilities(Some(&stood.open)).answers(&asks, &params) {
                return Err(broken(method, "it asks for what this client does not offer"));
            }
            requests.push(InputRequest { method: asks, params, key: Some(key), certain: true });
        }
        if requests.is_empty() {
            return Ok(Map::new());
        }
        let answers = tokio::select! {
            biased;
            () = call.cancel.cancelled() => return Err(CallError::Cancelled { method: method.to_owned() }),
            answers = stood.core.ask(Some(&stood.open), requests.clone()) => answers,
        };
        let answers = match answers {
            Ok(answers) => answers,
            Err(why) => match requests.iter().find(|request| request.method != ELICIT) {
                Some(InputRequest { method: asks, .. }) => {
                    return Err(CallError::Unanswered { method: method.to_owned(), asks: asks.clone(), why });
                }
                // A form has a word for that, and the server may go on without.
                None => vec![json!({ "action": "cancel" }); requests.len()],
            },
        };
        Ok(requests.into_iter().filter_map(|request| request.key).zip(answers).collect())
    }

    /// All pages of a list. A server that does not say that it has such things has none.
    async fn list(
        &self,
        offer: &'static str,
        method: &str,
        field: &str,
        call: &Call,
    ) -> Result<Vec<Listed>, CallError> {
        if !Server::offers(&self.server(), offer) {
            return Ok(Vec::new());
        }
        let bounds = &self.inner.core.options.bounds;
        let (mut entries, mut count, mut bytes, mut seen) = (Vec::new(), 0, 0, HashSet::new());
        let mut cursor = None::<String>;
        for _ in 0..bounds.pages {
            let params = cursor.iter().map(|cursor| ("cursor".to_owned(), cursor.as_str().into())).collect();
            let outcome = self.request(method, params, None, call, &[]).await?;
            let result = finished(method, outcome)?;
            let members = members(method, &result)?;
            let page: Option<Vec<&RawValue>> = members.get(field).and_then(|page| said::read(page));
            let page = page.ok_or_else(|| broken(method, format!("it has no {field}")))?;
            count += page.len();
            bytes += page.iter().map(|entry| entry.get().len()).sum::<usize>();
            if count > bounds.entries {
                return Err(CallError::TooMuch { what: "entries of a list", most: bounds.entries });
            }
            if bytes > bounds.list_bytes {
                return Err(CallError::TooMuch { what: "bytes of a list", most: bounds.list_bytes });
            }
            let read = page.iter().filter_map(|entry| {
                let read = Listed::read(entry);
                if read.is_none() {
                    tracing::warn!(field, "an entry of a list that no value can hold is left out");
                }
                read
            });
            entries.extend(read);
            match said::value(&members, "nextCursor") {
                Ok(None | Some(Value::Null)) => return Ok(entries),
                Ok(Some(Value::String(next))) if seen.insert(next.clone()) => cursor = Some(next),
                Ok(Some(Value::String(_))) => return Err(broken(method, "its pages go round in a circle")),
                Ok(Some(_)) | Err(()) => return Err(broken(method, "its next page is no text")),
            }
        }
        Err(CallError::TooMuch { what: "pages of a list", most: bounds.pages })
    }
}

/// The addresses that an error of 2025-11-25 names, as questions.
fn addresses_first(refusal: &Refusal) -> Map<String, Value> {
    let data = refusal.data.as_ref().filter(|_| refusal.code == Refusal::ADDRESSES_FIRST);
    let all = data.and_then(|data| data["elicitations"].as_array()).into_iter().flatten();
    let question = |params: &Value| json!({ "method": ELICIT, "params": params });
    all.enumerate().map(|(place, params)| (place.to_string(), question(params))).collect()
}

/// What a server wants to know before it goes on.
struct Wanted {
    requests: Option<Map<String, Value>>,
    state: Option<Value>,
}

impl Wanted {
    /// What a result wants; none where it is complete.
    fn of(method: &str, result: &Said) -> Result<Option<Self>, CallError> {
        let members = members(method, result)?;
        match kind(&members).as_deref() {
            None | Some(COMPLETE) => return Ok(None),
            Some("input_required") => {}
            Some(_) => return Err(broken(method, STRANGE)),
        }
        let unread = |()| broken(method, "its questions cannot be read");
        let requests = match said::value(&members, "inputRequests").map_err(unread)? {
            None => None,
            Some(Value::Object(requests)) => Some(requests),
            Some(_) => return Err(broken(method, "its questions are no object")),
        };
        let state = said::value(&members, "requestState").map_err(unread)?;
        if requests.is_none() && state.is_none() {
            return Err(broken(method, "it wants input and does not say which"));
        }
        Ok(Some(Self { requests, state }))
    }
}

/// Of which kind a result is; the revisions before the newest do not say. Whatever is no text is no kind that anybody knows.
fn kind(members: &Members<'_>) -> Option<String> {
    members.contains_key("resultType").then(|| said::word(members, "resultType").unwrap_or_default())
}

fn members<'a>(method: &str, result: &'a Said) -> Result<Members<'a>, CallError> {
    result.read().ok_or_else(|| broken(method, "it is no object"))
}

/// A result that has to be complete.
fn finished(method: &str, outcome: Outcome) -> Result<Said, CallError> {
    let result = outcome.map_err(|refusal| CallError::Refused { method: method.to_owned(), refusal })?;
    let kind = kind(&members(method, &result)?);
    match kind.as_deref() {
        None | Some(COMPLETE) => Ok(result),
        Some(_) => Err(broken(method, STRANGE)),
    }
}

impl CallError {
    /// Why a question of the server has no answer, where that ended the call.
    pub fn unanswered(&self) -> Option<&AskRefused> {
        match self {
            Self::Unanswered { why, .. } => Some(why),
            _ => None,
        }
    }
}
