//! One call of an MCP client, as a run.

use super::asking::ClientAsker;
use crate::Oikos;
use kernel::{Kernel, RunRequest, Seen, Viewer, program::Asker, servers::ServerRequest};
use mcp::{
    app::REFUSAL_KEY,
    server::{
        CallError, CallEvents, Client, Completion, Json, Level, Members, Outcome, ProtocolError, RESOURCE_NOT_FOUND,
        VIEW_KIND, VIEWS, VIEWS_APP, Waiting, Work, contents_named, json,
    },
};
use protocol::{
    ActionName, AppName, Arg, Chunk, ErrorCode, Failure, LogLevel, Sentence, Verbatim,
    api::{RunReport, StopTarget},
};
use serde_json::{Map, Value, json as value};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Where questions are answered.
const PAGE: &str = "approvals";

pub(super) async fn perform(
    oikos: &Arc<Oikos>,
    client: Client,
    work: Work,
    events: Arc<dyn CallEvents>,
    cancel: CancellationToken,
) -> Result<Outcome, CallError> {
    let kernel = oikos.kernel();
    let has_page = oikos.page_address(PAGE).is_some();
    let asked = |meta: &Members| Some(Arc::new(ClientAsker::new(events.clone(), meta, has_page)) as Arc<dyn Asker>);
    let mut promised = None;
    let (viewer, is_verbatim) = match work {
        Work::Tool { app, tool, arguments, meta } => {
            let action: ActionName = tool
                .parse()
                .map_err(|error: protocol::NameError| Failure::from_error(ErrorCode::ActionNotFound, &error))?;
            let exact = Verbatim::from(arguments);
            let input = exact.value();
            let is_verbatim = kernel.is_server(client.caller.owner, &app).await?;
            promised = (!is_verbatim).then(|| (app.clone(), action.clone()));
            let request = RunRequest { id: None, app, action, input, files: Vec::new() };
            (kernel.run_start_asked(client.caller, request, asked(&meta), Some(exact)).await?, is_verbatim)
        }
        Work::Resource { app: None, uri, .. } => return Err(CallError::Protocol(nowhere(&uri))),
        Work::Resource { app: Some(app), uri, .. } if app.as_str() == VIEWS_APP => return view(&uri),
        Work::Resource { app: Some(app), uri, named, meta } => {
            let params = Map::from_iter([("uri".to_owned(), uri.clone().into())]);
            let viewer = request(kernel, &client, app, "resources/read", params, asked(&meta)).await?;
            let read = follow(oikos, &client, viewer, &*events, &cancel).await?;
            return Ok(match (read.outcome(true)?, named) {
                (Outcome::Verbatim(read), Some(named)) => Outcome::Verbatim(contents_named(read, &uri, &named)),
                (read, _) => read,
            });
        }
        Work::Prompt { app, prompt, arguments, meta } => {
            let mut params = Map::from_iter([("name".to_owned(), prompt.into())]);
            if let Some(arguments) = arguments.and_then(|arguments| serde_json::from_str(arguments.get()).ok()) {
                params.insert("arguments".to_owned(), arguments);
            }
            (request(kernel, &client, app, "prompts/get", params, asked(&meta)).await?, true)
        }
    };
    let came = follow(oikos, &client, viewer, &*events, &cancel).await?;
    let outcome = came.outcome(is_verbatim)?;
    if let Some((app, tool)) = promised {
        kernel.output_check(client.caller.owner, &app, &tool, came.report.data.as_ref()).await?;
    }
    Ok(outcome)
}

/// What a run came to.
struct Came {
    report: Arc<RunReport>,
    /// What it returned, as that was written.
    exact: Option<Verbatim>,
}

pub(super) async fn complete(
    kernel: &Arc<Kernel>,
    client: &Client,
    completion: Completion,
    cancel: CancellationToken,
) -> Result<Json, CallError> {
    let Completion { app, reference, argument, context } = completion;
    let read = |part: &Json| serde_json::from_str::<Value>(part.get()).unwrap_or_default();
    let mut params = Map::from_iter([("ref".to_owned(), read(&reference)), ("argument".to_owned(), read(&argument))]);
    params.extend(context.map(|context| ("context".to_owned(), read(&context))));
    let mut viewer = request(kernel, client, app, "completion/complete", params, None).await?;
    let report = loop {
        tokio::select! {
            seen = viewer.next() => if let Seen::End(report) = seen { break report },
            () = cancel.cancelled() => return Err(stop(kernel, client, &viewer)),
        }
    };
    match (Came { report, exact: viewer.exact() }).outcome(true)? {
        Outcome::Verbatim(answer) => Ok(answer),
        Outcome::Shown { .. } => Err(Failure::new(ErrorCode::Internal, "a completion came as something else").into()),
    }
}

async fn request(
    kernel: &Arc<Kernel>,
    client: &Client,
    app: AppName,
    method: &str,
    params: Map<String, Value>,
    asker: Option<Arc<dyn Asker>>,
) -> Result<Viewer, Failure> {
    let request = ServerRequest { app, method: method.to_owned(), params, id: None };
    kernel.server_request(client.caller, request, asker).await
}

/// Watches a run to its end, and tells the client what it hears.
async fn follow(
    oikos: &Arc<Oikos>,
    client: &Client,
    mut viewer: Viewer,
    events: &dyn CallEvents,
    cancel: &CancellationToken,
) -> Result<Came, CallError> {
    let mut waiting: Vec<String> = Vec::new();
    let mut open = oikos.kernel().questions_open(client.caller.owner);
    loop {
        let seen = tokio::select! {
            seen = viewer.next() => seen,
            // Whoever comes back for the answer finds the call under way, however long its server then takes.
            Ok(()) = open.changed(), if !waiting.is_empty() => {
                let now = open.borrow_and_update().clone();
                let (still, answered): (Vec<String>, Vec<String>) =
                    waiting.into_iter().partition(|id| now.iter().any(|question| question.id.to_string() == *id));
                answered.iter().for_each(|id| events.question_ended(id));
                waiting = still;
                continue;
            }
            () = cancel.cancelled() => return Err(stop(oikos.kernel(), client, &viewer)),
        };
        match seen {
            Seen::End(report) => {
                waiting.iter().for_each(|id| events.question_ended(id));
                return Ok(Came { report, exact: viewer.exact() });
            }
            Seen::Chunk(chunk) if !matches!(chunk.chunk, Chunk::Ask { .. }) => {
                // A run that goes on has its answer.
                waiting.drain(..).for_each(|id| events.question_ended(&id));
                tell(events, &chunk.chunk);
            }
            Seen::Chunk(chunk) => {
                if let Chunk::Ask { question } = &chunk.chunk {
                    let id = question.id.to_string();
                    let message = format!("{} wants to {}", question.app, question.sentence);
                    // Where it is answered has nothing secret in it: whoever opens it signs in. Without a door the terminal is
                    // where it is answered, and the call waits for that.
                    if let Some(url) = oikos.page_address(PAGE) {
                        events.question_waits(Waiting { id: id.clone(), message, url });
                        waiting.push(id);
                    }
                }
            }
        }
    }
}

/// What a client hears of a run that goes on.
fn tell(events: &dyn CallEvents, chunk: &Chunk) {
    match chunk {
        Chunk::Progress { sentence, done, total } => {
            let mut params = Members::new().with("progress", done);
            if let Some(total) = total {
                params = params.with("total", total);
            }
            let message = said(sentence);
            events.progress(if message.is_empty() { params } else { params.with("message", &message) });
        }
        Chunk::Log { level, text } => {
            let level = level_of(*level);
            if events.log_level().is_some_and(|wanted| level >= wanted) {
                events.log(json(&value!({ "level": level, "data": text })));
            }
        }
        _ => {}
    }
}

/// In whose words it is: what a program says of its progress is handed on as it said it.
fn said(sentence: &Sentence) -> String {
    match (&*sentence.code, &sentence.args[..]) {
        ("program_progress", [Arg::Text(said)]) => said.clone(),
        _ => sentence.to_string(),
    }
}

fn stop(kernel: &Arc<Kernel>, client: &Client, viewer: &Viewer) -> CallError {
    // It may have ended meanwhile.
    drop(kernel.run_stop(&client.caller, &StopTarget::Run(viewer.run())));
    Failure::new(ErrorCode::Stopped, "whoever asked for this has gone").into()
}

fn level_of(level: LogLevel) -> Level {
    match level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warn => Level::Warning,
        LogLevel::Error => Level::Error,
    }
}

impl Came {
    /// As the client gets it.
    fn outcome(&self, is_verbatim: bool) -> Result<Outcome, CallError> {
        let Self { report, exact } = self;
        if let Some(failure) = &report.summary.failure {
            return Err(failure.clone().into());
        }
        let data = report.data.as_ref();
        if !is_verbatim {
            let summary = report.text.clone().unwrap_or_default();
            return Ok(Outcome::Shown { data: data.map(json), summary, renderer: report.renderer.clone() });
        }
        if let Some(exact) = exact {
            return Ok(Outcome::Verbatim(exact.raw().to_owned()));
        }
        let large = || Failure::new(ErrorCode::TooLarge, "the server's answer was too large to be kept");
        let data = data.ok_or_else(large)?;
        match data.get(REFUSAL_KEY) {
            Some(refusal) => Err(serde_json::from_value::<ProtocolError>(refusal.clone())
                .map_or_else(|_| Failure::new(ErrorCode::AppFailed, "the server refused").into(), CallError::Protocol)),
            None => Ok(Outcome::Verbatim(json(data))),
        }
    }
}

/// No app has it: said as the protocol says it, with the address.
fn nowhere(uri: &str) -> ProtocolError {
    ProtocolError::new(RESOURCE_NOT_FOUND, unknown_resource(uri).message).with_data(json(&value!({ "uri": uri })))
}

pub(super) fn unknown_resource(uri: &str) -> Failure {
    Failure::new(ErrorCode::NotFound, format!("there is no resource {}", protocol::text::shorten(uri, 200)))
}

/// One of oikos' own views, as a document that other hosts draw.
fn view(uri: &str) -> Result<Outcome, CallError> {
    let name = uri.trim_start_matches(VIEWS);
    let html = gateway::view_built(name)?;
    let contents = value!({ "contents": [{ "uri": uri, "mimeType": VIEW_KIND, "text": html }] });
    Ok(Outcome::Verbatim(json(&contents)))
}
