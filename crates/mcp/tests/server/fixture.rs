//! A household with the fixtures of the official suite, all in this process: an app `test` whose tools say what they do in
//! their names, and an app `json` with one schema.

use super::tools;
use mcp::server::{
    Answering, CallError, CallEvents, Catalog, Change, Client, Completion, Household, Json, Members, NameMap,
    OfferedPrompt, OfferedResource, OfferedTool, Offers, Outcome, ProtocolError, Resource, Watch, Work, json,
};
use protocol::{AppName, ErrorCode, Failure, GrantState};
use serde_json::{Value, json as value};
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// One red pixel.
pub(crate) const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// The household.
pub(crate) struct Fixture {
    catalog: Arc<Catalog>,
    pub(crate) changes: broadcast::Sender<Change>,
}

fn app(name: &str) -> AppName {
    name.parse().expect("an app's name")
}

pub(crate) fn members(value: &Value) -> Members {
    Members::parse(&value.to_string()).expect("an object")
}

impl Fixture {
    /// With further tools beside those of the suite.
    pub(crate) fn new(more: Vec<OfferedTool>) -> Arc<Self> {
        let mut offers = Offers { tools: tools::offered(), ..Offers::default() };
        offers.tools.extend(more);
        let argument = |name: &str| value!({"name": name, "description": name, "required": true});
        for (name, arguments) in [
            ("test_simple_prompt", value!([])),
            ("test_prompt_with_arguments", value!([argument("arg1"), argument("arg2")])),
            ("test_prompt_with_embedded_resource", value!([argument("resourceUri")])),
            ("test_prompt_with_image", value!([])),
            ("test_input_required_result_prompt", value!([])),
        ] {
            let definition = members(&value!({"description": name, "arguments": arguments}));
            offers.prompts.push(OfferedPrompt { app: app("test"), prompt: name.to_owned(), definition });
        }
        for (uri, kind) in [
            ("test://static-text", "text/plain"),
            ("test://static-binary", "image/png"),
            ("test://watched-resource", "text/plain"),
        ] {
            let definition = members(&value!({"uri": uri, "name": uri, "mimeType": kind}));
            offers.resources.push(OfferedResource { app: app("test"), definition });
        }
        let template =
            value!({"uriTemplate": "test://template/{id}/data", "name": "template", "mimeType": "application/json"});
        offers.templates.push(OfferedResource { app: app("test"), definition: members(&template) });
        let catalog = Arc::new(Catalog::new(offers, &mut NameMap::default()));
        Arc::new(Self { catalog, changes: broadcast::channel(16).0 })
    }

    async fn done(
        &self,
        work: Work,
        events: Arc<dyn CallEvents>,
        cancel: CancellationToken,
    ) -> Result<Outcome, CallError> {
        let said = |result: Value| Ok(Outcome::Verbatim(json(&result)));
        match work {
            Work::Tool { tool, arguments, .. } => {
                let arguments: Value = serde_json::from_str(arguments.get()).unwrap_or_default();
                tools::call(&self.changes, &tool, &arguments, &*events, &cancel).await
            }
            Work::Resource { uri, .. } => {
                let text =
                    |text: &str, kind: &str| value!({"contents": [{"uri": uri, "mimeType": kind, "text": text}]});
                let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
                match (uri.as_str(), id) {
                    ("test://static-text", _) => {
                        said(text("This is the content of the static text resource.", "text/plain"))
                    }
                    ("test://watched-resource", _) => said(text("Watched.", "text/plain")),
                    ("test://static-binary", _) => {
                        said(value!({"contents": [{"uri": uri, "mimeType": "image/png", "blob": PIXEL}]}))
                    }
                    (_, Some(id)) => {
                        let data = value!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
                        said(text(&data.to_string(), "application/json"))
                    }
                    _ => Err(CallError::Protocol(
                        ProtocolError::new(-32002, "Resource not found").with_data(json(&value!({"uri": uri}))),
                    )),
                }
            }
            Work::Prompt { prompt, arguments, .. } => {
                let arguments: Value = arguments
                    .map(|arguments| serde_json::from_str(arguments.get()).unwrap_or_default())
                    .unwrap_or_default();
                let text = |text: String| value!({"role": "user", "content": {"type": "text", "text": text}});
                match prompt.as_str() {
                    "test_simple_prompt" => {
                        said(value!({"messages": [text("This is a simple prompt for testing.".to_owned())]}))
                    }
                    "test_prompt_with_arguments" => {
                        let argument = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
                        let said_text =
                            format!("Prompt with arguments: arg1='{}', arg2='{}'", argument("arg1"), argument("arg2"));
                        said(value!({"messages": [text(said_text)]}))
                    }
                    "test_prompt_with_embedded_resource" => said(value!({"messages": [
                        {"role": "user", "content": {"type": "resource", "resource": {
                            "uri": arguments["resourceUri"], "mimeType": "text/plain",
                            "text": "Embedded resource content for testing."}}},
                        text("Please process the embedded resource above.".to_owned()),
                    ]})),
                    "test_prompt_with_image" => said(value!({"messages": [
                        {"role": "user", "content": {"type": "image", "data": PIXEL, "mimeType": "image/png"}},
                        text("Please analyze the image above.".to_owned()),
                    ]})),
                    _ => {
                        let asked = tools::form("user_context", "What context should the prompt use?", "context");
                        let answers = tools::ask(&*events, vec![asked]).await?;
                        said(value!({"messages": [text(format!("With: {}", answers[0]))]}))
                    }
                }
            }
        }
    }
}

impl Household for Fixture {
    fn catalog<'a>(&'a self, _client: &'a Client) -> Answering<'a, Result<Arc<Catalog>, Failure>> {
        Box::pin(std::future::ready(Ok(Arc::clone(&self.catalog))))
    }

    fn changes(&self, _client: &Client) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    fn perform(
        self: Arc<Self>,
        _client: Client,
        work: Work,
        events: Arc<dyn CallEvents>,
        cancel: CancellationToken,
    ) -> Answering<'static, Result<Outcome, CallError>> {
        Box::pin(async move { self.done(work, events, cancel).await })
    }

    fn complete<'a>(
        &'a self,
        _client: &'a Client,
        _completion: Completion,
        _cancel: CancellationToken,
    ) -> Answering<'a, Result<Json, CallError>> {
        let found = value!({"completion": {"values": ["paris", "park", "party"], "total": 150, "hasMore": false}});
        Box::pin(std::future::ready(Ok(json(&found))))
    }

    fn watch<'a>(
        &'a self,
        _client: &'a Client,
        app: Option<AppName>,
        uri: &'a str,
    ) -> Answering<'a, Result<Watch, Failure>> {
        let known = app.map(|_| Box::new(()) as Watch);
        let missing = || Failure::new(ErrorCode::NotFound, format!("there is no resource {uri}"));
        Box::pin(std::future::ready(known.ok_or_else(missing)))
    }
}

/// What a resource of the app `test` holds has changed.
pub(crate) fn resource_change(uri: &str) -> Change {
    Change::Resource(Resource { app: app("test"), uri: uri.into() })
}

/// A tool of the app `test`, allowed.
pub(crate) fn tool(of: &str, name: &str, definition: &Value) -> OfferedTool {
    OfferedTool {
        app: app(of),
        tool: name.to_owned(),
        state: GrantState::Allow,
        definition: members(definition),
        renderer: None,
    }
}
