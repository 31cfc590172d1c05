//! Views of servers' tools: documents in which a server wants to show what its tools answer. They are read when the server is
//! looked at and are part of what its owner says yes to. What is drawn is what was kept then, whatever the server says by now; and
//! what a view asks for goes to its own server alone, as a run that nobody who is there has begun.

use crate::{
    Kernel,
    apps::LoadedApp,
    bus::deliver::ended_exact,
    run::{Begin, Call, Cause, internal, store_failure},
    servers::{ServerRequest, ServerTool, is_server},
    views::View,
};
use package::VIEW_BYTES_MAX;
use protocol::{
    AppName, Caller, Digest, Door, ErrorCode, Failure, GrantState, Labels, OwnerId, Right, Scope, Verbatim, sentence,
    sha256, text,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use state::{Key, Space};
use std::{collections::BTreeMap, sync::Arc};

/// How the address of a view of a server begins. No file of a package is called so.
pub const SCHEME: &str = "ui://";
/// Views that a server may have.
const VIEWS_MAX: usize = 32;
/// What all of them may take.
const VIEWS_OF_SERVER_BYTES_MAX: usize = 4 * VIEW_BYTES_MAX;
/// Places elsewhere that are told of.
const WANTED_MAX: usize = 20;
const URI_CHARS_SHOWN: usize = 200;

/// A view, as a look brings it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LookedView {
    uri: String,
    html: String,
    /// What its server says of how it is to be drawn: `_meta.ui`.
    #[serde(default)]
    ui: Verbatim,
}

/// A view, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptView {
    html: String,
    ui: Verbatim,
}

/// Views of a look, by what stands for each.
#[derive(Default)]
pub(crate) struct LookedViews {
    by_uri: BTreeMap<String, Digest>,
    kept: BTreeMap<Digest, KeptView>,
}

impl LookedViews {
    /// What of them is kept; the rest is too much.
    pub(crate) fn new(looked: Vec<LookedView>) -> Self {
        let mut views = Self::default();
        let mut bytes = 0;
        for LookedView { uri, html, ui } in looked.into_iter().take(VIEWS_MAX) {
            bytes += html.len() + ui.text().len();
            if html.len() > VIEW_BYTES_MAX || bytes > VIEWS_OF_SERVER_BYTES_MAX {
                tracing::info!(bytes = html.len(), "a view of a server is too large to be kept");
                continue;
            }
            let digest = sha256(format!("{html}\0{}", ui.text()).as_bytes());
            views.by_uri.insert(uri, digest);
            views.kept.insert(digest, KeptView { html, ui });
        }
        views
    }

    /// What stands for the view of a tool.
    pub(crate) fn of(&self, tool: &Value) -> Option<Digest> {
        self.by_uri.get(view_of(tool)?).copied()
    }

    /// One of them, as the store has it.
    pub(crate) fn row(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.kept.get(digest).and_then(|view| serde_json::to_vec(view).ok())
    }
}

/// The address of the view that a tool says it has.
pub(crate) fn view_of(tool: &Value) -> Option<&str> {
    let said = |pointer: &str| tool.pointer(pointer).and_then(Value::as_str).filter(|uri| uri.starts_with(SCHEME));
    said("/_meta/ui/resourceUri").or_else(|| said("/_meta/ui~1resourceUri"))
}

/// Whether a server lets its view call a tool.
fn is_for_view(tool: &Value) -> bool {
    let visibility = tool.pointer("/_meta/ui/visibility").and_then(Value::as_array);
    visibility.is_none_or(|seen_by| seen_by.iter().any(|who| who == "app"))
}

/// Where a view of a server is kept.
pub(crate) fn view_key(owner: OwnerId, app: &AppName, digest: &Digest) -> Key {
    Key::new(owner, Space::Server, format!("{app}/{digest}"))
}

/// What a view asks of its server.
#[derive(Clone, Debug)]
pub struct ViewAsk {
    /// The server.
    pub app: AppName,
    /// The view, by its address.
    pub view: String,
    /// `tools/call` or `resources/read`.
    pub method: String,
    /// The parameters, as the view wrote them.
    pub params: Value,
}

impl Kernel {
    /// A view of a server, as its owner accepted it.
    pub(crate) fn server_view_kept(
        &self,
        caller: &Caller,
        app: &LoadedApp,
        uri: &str,
    ) -> Result<(KeptView, Digest), Failure> {
        let name = &app.record.name;
        let (line, grants) = (Scope::View.line(), self.broker.grants(caller.owner, name));
        if let Some(grant) = grants.effective(&line, self.clock.now(), None)
            && grant.state != GrantState::Allow
        {
            let said = format!("{name} may not {}: {line} is {}", sentence::card_view(), grant.state);
            let hint = format!("oikos grant {name} {line}=allow");
            return Err(Failure::new(ErrorCode::PermissionDenied, said).hint(hint));
        }
        let shown = text::shorten(uri, URI_CHARS_SHOWN);
        let row = self.server_row(caller.owner, name)?;
        let digest = row.accepted_view(uri).ok_or_else(|| {
            let failure = Failure::new(ErrorCode::NotFound, format!("{name} has no view '{shown}' that you accepted"));
            failure.hint(format!("oikos mcp look {name} asks it what it has, and oikos mcp info {name} shows it"))
        })?;
        let entry = self.store.get(&view_key(caller.owner, name, &digest)).map_err(store_failure)?;
        let kept = entry.and_then(|entry| serde_json::from_slice::<KeptView>(&entry.value).ok());
        let kept = kept.ok_or_else(|| {
            let failure = Failure::new(ErrorCode::NotFound, format!("the view '{shown}' of {name} was not kept"));
            failure.hint(format!("oikos mcp look {name} reads it again"))
        })?;
        Ok((kept, digest))
    }

    pub(crate) fn server_view_drawn(&self, caller: &Caller, app: &LoadedApp, uri: &str) -> Result<View, Failure> {
        let (KeptView { html, ui }, digest) = self.server_view_kept(caller, app, uri)?;
        Ok(View { digest, html, wanted: wanted(&ui.value()) })
    }

    /// What a view of a server asks of it, and the answer as it was written. It is asked for by a document that a stranger wrote:
    /// what the owner wants to be asked about is asked about, whoever looks at the view.
    pub async fn server_view_ask(self: &Arc<Self>, caller: Caller, ask: ViewAsk) -> Result<Verbatim, Failure> {
        self.require(&caller, Right::Run)?;
        let ViewAsk { app, view, method, params } = ask;
        let loaded = self.app_enabled(caller.owner, &app).await?;
        if !is_server(&loaded) {
            return Err(Failure::new(ErrorCode::NotFound, format!("{app} is no MCP server")));
        }
        self.server_view_kept(&caller, &loaded, &view)?;
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let said = sentence::cause_view();
        let trigger = json!({ "kind": "view" });
        let cause = Cause { said, basis: None, labels: Labels::STRANGER, hops: 0, trigger, delivery: None };
        // The door that programs come by: nobody's presence answers for it.
        let asking = Caller { door: Door::Key, ..caller };
        let viewer = match method.as_str() {
            "tools/call" => {
                let tool = self.view_tool(caller.owner, &app, &text("name"))?;
                let call = Call::Action(tool.action);
                let input = params.get("arguments").cloned().unwrap_or_default();
                let (asked, files, cause) = (None, Vec::new(), Some(cause));
                let begin =
                    Begin { asked, app, call, input, files, cause, wall_ms_max: None, asker: None, exact: None };
                self.run_begin(asking, begin).await?
            }
            "resources/read" => {
                let params = Map::from_iter([("uri".to_owned(), text("uri").into())]);
                let request = ServerRequest { app, method, params, id: None };
                self.server_request_for(asking, request, None, Some(cause)).await?
            }
            _ => return Err(Failure::new(ErrorCode::InvalidInput, "a view asks for no such thing")),
        };
        let (report, exact) = ended_exact(viewer).await;
        if let Some(failure) = &report.summary.failure {
            return Err(failure.clone());
        }
        let answer = exact.or_else(|| report.data.as_ref().map(Verbatim::from));
        answer.ok_or_else(|| internal("what the server answered was not kept"))
    }

    /// A tool by the name that its server's view knows, where it is for views.
    fn view_tool(&self, owner: OwnerId, app: &AppName, name: &str) -> Result<ServerTool, Failure> {
        let row = self.server_row(owner, app)?;
        let shown = text::shorten(name, URI_CHARS_SHOWN);
        let tool = row
            .named(name)
            .ok_or_else(|| Failure::new(ErrorCode::ActionNotFound, format!("{app} has no tool '{shown}'")))?;
        match tool.definition().is_some_and(|said| is_for_view(&said)) {
            true => Ok(tool.clone()),
            false => {
                let message = format!("the tool '{shown}' of {app} is not for its view: its server says so");
                Err(Failure::new(ErrorCode::PermissionDenied, message))
            }
        }
    }
}

/// Where a view wants to load from or send to. It reaches none of them.
fn wanted(ui: &Value) -> Vec<String> {
    let csp = ui.get("csp").and_then(Value::as_object);
    let lists = ["connectDomains", "resourceDomains", "frameDomains", "baseUriDomains"];
    let said = lists.iter().filter_map(|list| csp?.get(*list)?.as_array()).flatten().filter_map(Value::as_str);
    let mut wanted: Vec<String> = said.map(|place| text::shorten(place, URI_CHARS_SHOWN)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted.truncate(WANTED_MAX);
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_view_wants_is_told_once_each() {
        let ui = json!({ "csp": { "connectDomains": ["https://b.example", 1], "resourceDomains": ["https://b.example", "https://a.example"] } });
        assert_eq!(wanted(&ui), ["https://a.example", "https://b.example"]);
        assert_eq!(wanted(&json!({ "csp": [] })), Vec::<String>::new());
        assert_eq!(wanted(&Value::Null), Vec::<String>::new());
    }

    #[test]
    fn a_tool_has_the_view_that_it_names_in_either_way() {
        assert_eq!(view_of(&json!({ "_meta": { "ui": { "resourceUri": "ui://a" } } })), Some("ui://a"));
        assert_eq!(view_of(&json!({ "_meta": { "ui/resourceUri": "ui://b" } })), Some("ui://b"));
        assert_eq!(view_of(&json!({ "_meta": { "ui": { "resourceUri": "file:///etc/passwd" } } })), None);
        assert!(is_for_view(&json!({})));
        assert!(!is_for_view(&json!({ "_meta": { "ui": { "visibility": ["model"] } } })));
    }

    #[test]
    fn what_is_too_much_is_not_kept() {
        let view = |uri: &str, bytes: usize| LookedView {
            uri: uri.to_owned(),
            html: "x".repeat(bytes),
            ui: Verbatim::default(),
        };
        let views = LookedViews::new(vec![view("ui://a", VIEW_BYTES_MAX + 1), view("ui://b", 10)]);
        let tool = |uri: &str| json!({ "_meta": { "ui": { "resourceUri": uri } } });
        assert_eq!(views.of(&tool("ui://a")), None);
        let digest = views.of(&tool("ui://b")).expect("is kept");
        assert!(views.row(&digest).is_some());
    }
}
