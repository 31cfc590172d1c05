//! The official suite's client under test: our client, with a person who says yes to everything. Never shipped.
//!
//! The suite starts it once for each scenario, with the server's address as the last argument, and looks at what it does.
#![expect(clippy::disallowed_methods, reason = "it composes a household of its own, as assembly does for oikos")]

#[path = "../../../tests/client/household.rs"]
mod household;
mod sender; // HTTP over a socket

use futures_util::future::BoxFuture;
use household::{SystemClock, SystemEntropy, Vault};
use mcp::client::{
    Abilities, AskRefused, Bounds, Call, CallHost, ClientName, HttpSender as _, InputRequest, Listed, Options, Session,
    Way, Web,
    oauth::{Authorize, Authorizer, Grant, Identity, Redirected, Registered},
};
use sender::Sender;
use serde_json::{Map, Value, json};
use std::{error::Error, process::ExitCode, sync::Arc};
use url::Url;

/// What the suite expects a client to be described by.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
/// The tool that says back what was understood of a schema.
const ECHO: &str = "json_schema_echo";
const REDIRECT: &str = "http://localhost:3000/callback";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the scenario was not gone through");
            #[expect(clippy::print_stderr, reason = "the suite shows it")]
            {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let url = Url::parse(&std::env::args().next_back().unwrap_or_default())?;
    let scenario = std::env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
    let context = std::env::var("MCP_CONFORMANCE_CONTEXT").ok();
    let context: Value = context.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
    let clock = Arc::new(SystemClock::new());
    let authorizer = Authorizer::new(
        identity(&context)?,
        if scenario.starts_with("auth/client-credentials") { Grant::Client } else { Grant::Person(Arc::new(Person)) },
        Arc::new(Vault::default()),
        clock.clone(),
        Arc::new(SystemEntropy),
    );
    let options = Options {
        client: ClientName { name: "oikos-conformance".into(), title: None, version: env!("CARGO_PKG_VERSION").into() },
        abilities: Abilities { elicitation_form: true, ..Abilities::default() },
        bounds: Bounds::default(),
        known: None,
        host: Arc::new(Agreeable),
        clock,
    };
    let (headers, sender, authorizer) = (http::HeaderMap::new(), Arc::new(Sender), Some(Arc::new(authorizer)));
    let way = Way::Web(Web { url, headers, sender, authorizer, sse_only: false });
    let session = Session::open(way, options).await?;
    let went = go_through(&session, &context).await;
    session.close().await;
    went
}

/// Lists everything, and uses each thing once, or as the scenario wants it.
async fn go_through(session: &Session, context: &Value) -> Result<(), Box<dyn Error>> {
    let call = Call::new(Arc::new(Agreeable));
    let tools = session.tools(&call).await?;
    let wanted = context["toolCalls"].as_array();
    if let Some(wanted) = wanted {
        for one in wanted {
            let arguments = one["arguments"].as_object().cloned().unwrap_or_default();
            session.call_tool(one["name"].as_str().unwrap_or_default(), arguments, &call).await?;
        }
    } else {
        for tool in &tools {
            let name = tool["name"].as_str().unwrap_or_default();
            let arguments = match name {
                ECHO => echoed(&tools),
                _ => arguments(&tool["inputSchema"]),
            };
            session.call_tool(name, arguments, &call).await?;
        }
    }
    for resource in session.resources(&call).await? {
        session.read_resource(resource["uri"].as_str().unwrap_or_default(), &call).await?;
    }
    for prompt in session.prompts(&call).await? {
        session.get_prompt(prompt["name"].as_str().unwrap_or_default(), Map::new(), &call).await?;
    }
    Ok(())
}

/// The schemas of the tools beside the echo, as they came.
fn echoed(tools: &[Listed]) -> Map<String, Value> {
    let others = tools.iter().filter(|tool| tool["name"] != ECHO);
    others.map(|tool| ("schema".to_owned(), tool["inputSchema"].clone())).collect()
}

/// Something of each type that a tool demands.
fn arguments(schema: &Value) -> Map<String, Value> {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let demanded = properties.filter(|(name, _)| required.contains(&name.as_str()));
    demanded
        .map(|(name, property)| {
            let value = match property["type"].as_str().unwrap_or_default() {
                "number" | "integer" => json!(5),
                "boolean" => json!(true),
                "array" => json!([]),
                "object" => json!({}),
                _ => json!("text"),
            };
            (name.clone(), value)
        })
        .collect()
}

fn identity(context: &Value) -> Result<Identity, Box<dyn Error>> {
    let word = |name: &str| context[name].as_str().map(str::to_owned);
    let registered = word("client_id").map(|id| {
        let secret = word("client_secret").map(zeroize::Zeroizing::new);
        Registered { issuer: word("issuer"), id, secret }
    });
    let (redirect, document) = (Url::parse(REDIRECT)?, Some(Url::parse(DOCUMENT)?));
    Ok(Identity { name: "oikos-conformance".into(), redirect, document, registered })
}

/// Accepts every form with what it proposes.
struct Agreeable;

impl CallHost for Agreeable {
    fn ask(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        Box::pin(async move { requests.iter().map(accepted).collect() })
    }
}

fn accepted(request: &InputRequest) -> Result<Value, AskRefused> {
    if request.method != "elicitation/create" {
        return Err(AskRefused::NotSupported);
    }
    let properties = request.params["requestedSchema"]["properties"].as_object();
    let proposed = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())));
    Ok(json!({ "action": "accept", "content": proposed.collect::<Map<_, _>>() }))
}

/// Goes to the page and comes back with what it says, as a browser would.
struct Person;

impl Authorize for Person {
    fn authorize<'a>(&'a self, address: &'a Url, _state: &'a str) -> BoxFuture<'a, Result<Redirected, String>> {
        Box::pin(async move {
            let request = http::Request::get(address.as_str()).body(bytes::Bytes::new());
            let response = Sender.send(request.map_err(|error| error.to_string())?).await;
            let response = response.map_err(|error| error.to_string())?;
            let location = response.headers().get(http::header::LOCATION).and_then(|value| value.to_str().ok());
            let back = location.and_then(|text| Url::parse(text).ok()).ok_or("the page leads nowhere")?;
            Ok(Redirected(back.query().unwrap_or_default().to_owned()))
        })
    }
}
