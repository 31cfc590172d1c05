//! A request as HTTP: the other half of the routes. That each says what the other hears is held by a test over every
//! request there is.

use crate::{
    asked::EVENT_STREAM,
    auth::{OWNER_HEADER, PRESENCE_HEADER},
    bodies::{
        ChoicesBody, ClientBody, DecideBody, EntryBody, EventBody, FileBody, ImportBody, ImportOfferBody, KeyBody,
        OfferBody, OwnerBody, RollbackBody, RunBody, ServerSignInBody, SettingsBody, StatementsBody, TokenBody,
        TrustBody, ViewAskBody,
    },
    extract::OCTET_STREAM,
};
use http_body_util::Full;
use hyper::{Method, Request as Message, body::Bytes, header};
use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use protocol::{
    AppName, ErrorCode, Failure, RunId,
    api::{Envelope, Request, StopTarget},
};
use serde::Serialize;

/// A request as HTTP. Names and ids are such that a path takes them as they are.
pub fn encode(envelope: &Envelope) -> Result<Message<Full<Bytes>>, Failure> {
    let (method, path, body) = parts(&envelope.request)?;
    let mut message = Message::builder()
        .method(method)
        .uri(match path.starts_with('/') {
            // What others have a place of their own for stands there.
            true => path,
            false => format!("/api/v1/{path}"),
        })
        .header(header::HOST, super::HOST)
        .header(header::ACCEPT, format!("{EVENT_STREAM}, application/json"));
    if envelope.presence {
        message = message.header(PRESENCE_HEADER, "yes");
    }
    if let Some(owner) = &envelope.owner {
        message = message.header(OWNER_HEADER, owner.as_str());
    }
    if body.is_some() {
        let kind = match &envelope.request {
            Request::FileAppend { .. } => OCTET_STREAM,
            _ => "application/json",
        };
        message = message.header(header::CONTENT_TYPE, kind);
    }
    message.body(Full::from(body.unwrap_or_default())).map_err(unsayable)
}

fn unsayable(error: impl std::error::Error) -> Failure {
    Failure::new(ErrorCode::Internal, "the request cannot be said").log(error.to_string())
}

type Parts = (Method, String, Option<Vec<u8>>);

fn parts(request: &Request) -> Result<Parts, Failure> {
    use Request as R;
    let get = |path: String| Ok((Method::GET, path, None));
    let post = |path: String| Ok((Method::POST, path, None));
    let delete = |path: String| Ok((Method::DELETE, path, None));
    match request {
        R::Hello => get("status".to_owned()),
        R::Doctor => get("doctor".to_owned()),
        R::Metrics => get("/metrics".to_owned()),
        R::AppOffer { source, trust, downgrade } => {
            let body = OfferBody { source: source.clone(), trust: trust.clone(), downgrade: *downgrade };
            say(Method::POST, "offers".to_owned(), &body)
        }
        R::AppInstall { offer, choices } => {
            say(Method::POST, format!("offers/{offer}/install"), &ChoicesBody { choices: choices.clone() })
        }
        R::AppDecline { offer } => delete(format!("offers/{offer}")),
        R::AppList => get("apps".to_owned()),
        R::AppStarters => get("starters".to_owned()),
        R::AppInfo { app } => get(format!("apps/{app}")),
        R::AppView { app, path } => get(format!("apps/{app}/view?path={}", within(path))),
        R::ViewAsk { app, view, method, params } => {
            let (view, method, params) = (view.clone(), method.clone(), params.clone());
            say(Method::POST, format!("apps/{app}/view"), &ViewAskBody { view, method, params })
        }
        R::AppEntry { app, path } => say(Method::POST, format!("apps/{app}/entry"), &EntryBody { path: path.clone() }),
        R::View { name } => get(format!("views/{}", within(name))),
        R::AppRollback { app, restore_storage } => {
            let body = RollbackBody { restore_storage: *restore_storage };
            say(Method::POST, format!("apps/{app}/rollback"), &body)
        }
        R::ServerList => get("servers".to_owned()),
        R::ServerInfo { app } => get(format!("servers/{app}")),
        R::ServerLook { app } => post(format!("servers/{app}/look")),
        R::ServerSignIn { app, client } => {
            say(Method::POST, format!("servers/{app}/sign-in"), &ServerSignInBody { client: client.clone() })
        }
        R::ServerSignInWait { app } => get(format!("servers/{app}/sign-in")),
        R::ServerSignOut { app } => delete(format!("servers/{app}/sign-in")),
        R::ServerDecide { app, tool, accept, state, seen } => {
            let body = DecideBody { tool: tool.clone(), accept: *accept, state: *state, seen: *seen };
            say(Method::PATCH, format!("servers/{app}/tools"), &body)
        }
        R::ImportList { source, answers } => {
            say(Method::POST, "imports".to_owned(), &ImportBody { source: source.clone(), answers: answers.clone() })
        }
        R::ImportOffer { source, answers, app } => {
            let body = ImportOfferBody { source: source.clone(), answers: answers.clone(), app: app.clone() };
            say(Method::POST, "imports/offer".to_owned(), &body)
        }
        R::ClientList => get("clients".to_owned()),
        R::ClientConnect { client, disconnect, dry_run } => {
            let body = ClientBody { disconnect: *disconnect, dry_run: *dry_run };
            say(Method::POST, format!("clients/{}", within(client)), &body)
        }
        R::ServerLog { app } => get(format!("servers/{app}/log")),
        R::AppEnable { app } => post(format!("apps/{app}/enable")),
        R::AppDisable { app } => post(format!("apps/{app}/disable")),
        R::AppRemove { app, erase } => delete(format!("apps/{app}?erase={erase}")),
        R::RunStart { id, app, action, input, files } => {
            let body = RunBody {
                request_id: *id,
                app: app.clone(),
                action: action.clone(),
                input: input.clone(),
                files: files.clone(),
            };
            say(Method::POST, "runs".to_owned(), &body)
        }
        R::FileHand { name, size_bytes } => {
            say(Method::POST, "files".to_owned(), &FileBody { name: name.clone(), size_bytes: *size_bytes })
        }
        R::FileAppend { file, at, bytes } => {
            Ok((Method::POST, format!("files/{file}/pieces?at={at}"), Some(bytes.clone())))
        }
        R::FileList => get("files".to_owned()),
        R::FileTake { file } => get(format!("files/{file}")),
        R::FileForget { file } => delete(format!("files/{file}")),
        R::RunFollow { run, after_seq } => get(format!("runs/{run}/stream?after_seq={after_seq}")),
        R::RunList => get("runs".to_owned()),
        R::RunStop { target: StopTarget::Run(run) } => post(format!("runs/{run}/stop")),
        R::RunStop { target: StopTarget::App(app) } => post(format!("apps/{app}/stop")),
        R::RunStop { target: StopTarget::All } => post("stop".to_owned()),
        R::Log { app, run, after_seq, limit } => {
            get(format!("log?limit={limit}{}", log_part(app.as_ref(), *run, *after_seq)))
        }
        R::LogFollow { app, run, after_seq, limit } => {
            get(format!("log/stream?limit={limit}{}", log_part(app.as_ref(), *run, *after_seq)))
        }
        R::LogVerify => get("log/verify".to_owned()),
        R::Undo { run } => post(format!("runs/{run}/undo")),
        R::GrantList { app } => get(format!("apps/{app}/grants")),
        R::GrantListAll => get("grants".to_owned()),
        R::GrantSet { app, choices } => {
            say(Method::PATCH, format!("apps/{app}/grants"), &ChoicesBody { choices: choices.clone() })
        }
        R::SettingList { app } => get(format!("apps/{app}/settings")),
        R::SettingSet { app, changes } => {
            say(Method::PATCH, format!("apps/{app}/settings"), &SettingsBody { settings: changes.clone() })
        }
        R::KeyAdd { name, value, hosts, note, replace } => {
            let body = KeyBody {
                name: name.clone(),
                value: value.clone(),
                hosts: hosts.clone(),
                note: note.clone(),
                replace: *replace,
            };
            say(Method::POST, "keys".to_owned(), &body)
        }
        R::KeyList => get("keys".to_owned()),
        R::KeyRemove { name } => delete(format!("keys/{name}")),
        R::ApprovalList => get("approvals".to_owned()),
        R::ApprovalAnswer { question, answer } => say(Method::POST, format!("approvals/{question}"), answer),
        R::PublisherList => get("publishers".to_owned()),
        R::PublisherTrust { publisher, name } => {
            let body = TrustBody { publisher: publisher.clone(), name: name.clone() };
            say(Method::POST, "publishers".to_owned(), &body)
        }
        R::PublisherImport { statements } => {
            say(Method::POST, "publishers/import".to_owned(), &StatementsBody { statements: statements.clone() })
        }
        R::EventEmit { topic, payload } => {
            say(Method::POST, "events".to_owned(), &EventBody { topic: topic.clone(), payload: payload.clone() })
        }
        R::ScheduleList => get("schedules".to_owned()),
        R::TokenNew { name, rights, expires_in_ms } => {
            let body = TokenBody { name: name.clone(), rights: rights.clone(), expires_in_ms: *expires_in_ms };
            say(Method::POST, "tokens".to_owned(), &body)
        }
        R::TokenList => get("tokens".to_owned()),
        R::TokenRevoke { token } => delete(format!("tokens/{token}")),
        R::LoginLink => post("logins/link".to_owned()),
        R::LoginList => get("logins".to_owned()),
        R::LoginRevoke { login } => delete(format!("logins/{login}")),
        R::OwnerNew { name } => say(Method::POST, "owners".to_owned(), &OwnerBody { name: name.clone() }),
        R::OwnerList => get("owners".to_owned()),
    }
}

/// Which part of the log, as a query says it.
fn log_part(app: Option<&AppName>, run: Option<RunId>, after_seq: Option<u64>) -> String {
    let app = app.map(|app| format!("&app={app}")).unwrap_or_default();
    let run = run.map(|run| format!("&run={run}")).unwrap_or_default();
    let after_seq = after_seq.map(|seq| format!("&after_seq={seq}")).unwrap_or_default();
    format!("{app}{run}{after_seq}")
}

/// A text of any kind, as a part of an address.
fn within(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

fn say(method: Method, path: String, body: &impl Serialize) -> Result<Parts, Failure> {
    Ok((method, path, Some(serde_json::to_vec(body).map_err(unsayable)?)))
}
