//! From a request to the kernel and back: the same words for every door.

use crate::servers;
use crate::{Oikos, doctor, follow::follow, metrics, telemetry};
use gateway::{Attendance, FrameSender, Household};
use kernel::{LogFilter, RunRequest, Seen, Viewer, server_views::ViewAsk, servers::ToolDecision};
use protocol::{
    AppName, Caller, Failure, FileId, OwnerId, Right, RouteCall, RouteEnd,
    api::{Frame, Reply, Request},
    sentence,
};
use std::{pin::Pin, sync::Arc};
use tokio::sync::{Semaphore, oneshot};

/// Runs that a list shows.
const RUNS_SHOWN: usize = 50;

impl Household for Oikos {
    fn answer(
        self: Arc<Self>,
        caller: Caller,
        request: Request,
        frames: FrameSender,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let last = match self.route(caller, request, &frames).await {
                Ok(reply) => Frame::Done { reply },
                Err(failure) => {
                    match &failure.log {
                        // What went wrong in oikos itself. Of all else the details may be the caller's own words.
                        Some(log) if failure.code == protocol::ErrorCode::Internal => {
                            tracing::error!(%log, "a request failed");
                        }
                        _ => tracing::debug!(code = %failure.code, "a request was refused"),
                    }
                    Frame::Failed { failure }
                }
            };
            // Nobody may be listening any more; then there is nobody to tell.
            drop(frames.send(last).await);
        })
    }

    fn attend(&self, caller: &Caller) -> Option<Attendance> {
        let kernel::Attendance { questions, presence } = self.kernel.attend(caller)?;
        Some(Attendance { questions, presence: presence.map(|presence| Box::new(presence) as Box<dyn Send + Sync>) })
    }

    fn route(
        self: Arc<Self>,
        caller: Caller,
        call: RouteCall,
    ) -> Pin<Box<dyn Future<Output = Result<RouteEnd, Failure>> + Send>> {
        Box::pin(async move {
            self.begin().await;
            self.kernel.route_call(caller, call).await
        })
    }

    fn signed_in(&self, query: &str) -> Option<AppName> {
        self.sign_ins.came_back(query)
    }

    fn mcp(
        self: Arc<Self>,
        admitted: gateway::auth::Admitted,
        access: Arc<gateway::auth::Authenticator>,
        request: gateway::McpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<gateway::McpResponse, Failure>> + Send>> {
        Box::pin(async move {
            self.begin().await;
            Ok(self.offering().answer(admitted, access, request).await)
        })
    }

    fn mcp_lines(
        self: Arc<Self>,
        admitted: gateway::auth::Admitted,
        access: Arc<gateway::auth::Authenticator>,
        lines: gateway::McpLines,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            self.begin().await;
            self.offering().talk(admitted, access, lines).await;
        })
    }

    fn app_names(&self, owner: OwnerId) -> Vec<AppName> {
        self.kernel.app_names(owner)
    }

    fn readiness(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        if self.kernel.is_ending() {
            return Box::pin(std::future::ready(Err("oikos is about to end".to_owned())));
        }
        let store = self.store.clone();
        Box::pin(
            self.readiness.seen(move || store.log_tail(OwnerId::LOCAL).map(drop).map_err(|error| error.to_string())),
        )
    }

    fn trace_join(&self, request: &tracing::Span, traceparent: &str) {
        if self.telemetry.get().is_some() {
            telemetry::join(request, traceparent);
        }
    }
}

impl Oikos {
    /// A view, with the origin on which its frame is served.
    fn view(&self, label: &str, html: String, wanted: Vec<String>) -> Result<Reply, Failure> {
        let origin = self.access().guards().view_origin(label).ok_or_else(|| {
            let message = "there is no frame to draw a view in: no door is open";
            Failure::new(protocol::ErrorCode::NotAvailable, message).hint("oikos up")
        })?;
        Ok(Reply::View { origin, html, wanted })
    }

    async fn route(self: Arc<Self>, caller: Caller, request: Request, frames: &FrameSender) -> Result<Reply, Failure> {
        let kernel = &self.kernel;
        if waits_for_beginning(&request) {
            self.begin().await;
        }
        Ok(match request {
            Request::Hello => Reply::Hello { version: env!("CARGO_PKG_VERSION").to_owned(), pid: std::process::id() },
            Request::AppOffer { source, trust, downgrade } => {
                step(frames, sentence::progress_verifying()).await;
                let (offer, card) = tokio::select! {
                    biased;
                    offered = kernel.app_offer(caller, source, trust.as_deref(), downgrade) => offered?,
                    // Nobody is left to see the card: a slow source is not waited for.
                    () = frames.closed() => return Err(gone()),
                };
                Reply::Offer { offer, card: Box::new(card) }
            }
            Request::AppInstall { offer, choices } => {
                let tell = telling(frames);
                Reply::Installed { app: Box::new(self.install(caller, offer, choices, &tell).await?) }
            }
            Request::AppDecline { offer } => {
                kernel.app_decline(&caller, offer)?;
                Reply::Ok
            }
            Request::AppList => Reply::Apps { apps: kernel.app_list(&caller)? },
            Request::AppStarters => {
                let oikos = self.clone();
                Reply::Starters { starters: blocking(move || oikos.kernel.app_starters(&caller)).await? }
            }
            Request::AppInfo { app } => Reply::App { app: Box::new(kernel.app_info(caller, app).await?) },
            Request::AppView { app, path } => {
                let view = kernel.app_view(caller, app.clone(), &path).await?;
                self.view(&gateway::view_label(&app, view.digest), view.html, view.wanted)?
            }
            Request::ViewAsk { app, view, method, params } => {
                let _presence = kernel.presence_enter(&caller);
                let answer = kernel.server_view_ask(caller, ViewAsk { app, view, method, params }).await?;
                Reply::ViewAnswer { answer: answer.text().to_owned() }
            }
            Request::AppEntry { app, path } => {
                let place = kernel.route_entry(caller, app.clone(), path).await?;
                let (url, expires_at) = self.access().entry(&caller, &app, place)?;
                Reply::Link { url, expires_at }
            }
            Request::View { name } => {
                require(&caller, Right::Read)?;
                self.view(&gateway::view_label_built(&name), gateway::view_built(&name)?, Vec::new())?
            }
            Request::ServerList => Reply::Servers { servers: servers::list(&self, &caller).await? },
            Request::ServerInfo { app } => Reply::Server {
                server: Box::new(servers::told(&self, &caller, kernel.server_info(&caller, &app).await?).await),
            },
            Request::ServerLook { app } => Reply::Server {
                server: Box::new(servers::told(&self, &caller, kernel.server_look(caller, app).await?).await),
            },
            Request::ServerSignIn { app, client } => {
                Reply::SignIn { sign_in: self.sign_in(caller, app, client).await? }
            }
            Request::ServerSignInWait { app } => Reply::SignIn { sign_in: self.sign_in_wait(caller, app).await? },
            Request::ServerSignOut { app } => Reply::Server {
                server: Box::new(servers::told(&self, &caller, kernel.server_sign_out(caller, app).await?).await),
            },
            Request::ServerDecide { app, tool, accept, state, seen } => {
                let decided = kernel.server_decide(caller, app, tool, ToolDecision { accept, state, seen }).await?;
                Reply::Server { server: Box::new(servers::told(&self, &caller, decided).await) }
            }
            Request::ImportList { source, answers } => {
                Reply::Imports { imports: self.import_list(caller, source, answers).await? }
            }
            Request::ImportOffer { source, answers, app } => {
                let tell = telling(frames);
                let imported = tokio::select! {
                    imported = self.import_offer(caller, source, answers, app, &tell) => imported?,
                    // Nobody is left to see the card.
                    () = frames.closed() => return Err(gone()),
                };
                Reply::Imported { imported: Box::new(imported) }
            }
            Request::ClientList => Reply::Clients { clients: self.client_list(caller).await? },
            Request::ClientConnect { client, disconnect, dry_run } => {
                Reply::Client { change: self.client_connect(caller, client, disconnect, dry_run).await? }
            }
            Request::ServerLog { app } => {
                let known = kernel.server_info(&caller, &app).await?;
                Reply::ServerLog { lines: servers::log(&self, &caller, &known.app) }
            }
            Request::AppRollback { app, restore_storage } => {
                Reply::App { app: Box::new(kernel.app_rollback(caller, app, restore_storage).await?) }
            }
            Request::AppEnable { app } => {
                Reply::App { app: Box::new(kernel.app_set_enabled(caller, app, true).await?) }
            }
            Request::AppDisable { app } => {
                Reply::App { app: Box::new(kernel.app_set_enabled(caller, app, false).await?) }
            }
            Request::AppRemove { app, erase } => {
                kernel.app_remove(caller, app, erase).await?;
                Reply::Ok
            }
            Request::RunStart { id, app, action, input, files } => {
                let _presence = kernel.presence_enter(&caller);
                let request = RunRequest { id, app, action, input, files };
                let viewer = kernel.run_start(caller, request).await?;
                watch(viewer, frames).await
            }
            Request::FileHand { name, size_bytes } => {
                let oikos = self.clone();
                Reply::File { file: blocking(move || oikos.kernel.file_hand(&caller, &name, size_bytes)).await? }
            }
            Request::FileAppend { file, at, bytes } => {
                let oikos = self.clone();
                Reply::File { file: blocking(move || oikos.kernel.file_append(&caller, file, at, &bytes)).await? }
            }
            Request::FileList => {
                let oikos = self.clone();
                Reply::Files { files: blocking(move || oikos.kernel.file_list(&caller)).await? }
            }
            Request::FileTake { file } => return self.file_take(caller, file, frames).await,
            Request::FileForget { file } => {
                let oikos = self.clone();
                blocking(move || oikos.kernel.file_forget(&caller, file)).await?;
                Reply::Ok
            }
            Request::RunFollow { run, after_seq } => {
                let _presence = kernel.presence_enter(&caller);
                let viewer = kernel.run_follow(&caller, run, after_seq)?;
                watch(viewer, frames).await
            }
            Request::RunList => Reply::Runs { runs: kernel.run_list(&caller, RUNS_SHOWN)? },
            Request::RunStop { target } => {
                let kernel::Stopped { runs, paused } = kernel.stop(&caller, &target)?;
                Reply::Stopped { runs, paused }
            }
            Request::EventEmit { topic, payload } => {
                Reply::Emitted { heard: kernel.event_emit(caller, topic, payload).await? }
            }
            Request::ScheduleList => Reply::Schedules { schedules: kernel.schedule_list(&caller).await? },
            Request::Log { app, run, after_seq, limit } => {
                let filter = LogFilter { app, run, limit: limit as usize };
                let oikos = self.clone();
                let read = move || match after_seq {
                    Some(after_seq) => oikos.kernel.log_behind(&caller, &filter, after_seq),
                    None => oikos.kernel.log(&caller, &filter),
                };
                Reply::Log { entries: blocking(read).await? }
            }
            Request::LogFollow { app, run, after_seq, limit } => {
                let filter = LogFilter { app, run, limit: limit as usize };
                return follow(self, caller, filter, after_seq, frames).await;
            }
            Request::LogVerify => {
                require(&caller, Right::Read)?;
                let oikos = self.clone();
                Reply::Verified { report: blocking(move || oikos.log_verify(caller.owner)).await? }
            }
            Request::Undo { run } => Reply::Undone { steps: kernel.undo(caller, run).await? },
            Request::GrantList { app } => {
                // Grants are read with the app: the first look after a start loads both.
                kernel.app_info(caller, app.clone()).await?;
                let grants = kernel.grant_list(&caller, &app)?;
                Reply::Grants { app, grants }
            }
            Request::GrantListAll => {
                let oikos = self.clone();
                Reply::GrantsOfAll { apps: blocking(move || oikos.kernel.grant_list_all(&caller)).await? }
            }
            Request::GrantSet { app, choices } => {
                let grants = kernel.grant_set(caller, app.clone(), choices).await?;
                Reply::Grants { app, grants }
            }
            Request::SettingList { app } => {
                let settings = kernel.setting_list(&caller, &app).await?;
                Reply::Settings { app, settings }
            }
            Request::SettingSet { app, changes } => {
                let settings = kernel.setting_set(caller, app.clone(), changes).await?;
                Reply::Settings { app, settings }
            }
            Request::KeyAdd { name, value, hosts, note, replace } => {
                let oikos = self.clone();
                let add = move || oikos.kernel.key_add(&caller, name, value, &hosts, note, replace);
                Reply::Key { key: blocking(add).await? }
            }
            Request::KeyList => {
                let oikos = self.clone();
                Reply::Keys { keys: blocking(move || oikos.kernel.key_list(&caller)).await? }
            }
            Request::KeyRemove { name } => {
                let oikos = self.clone();
                blocking(move || oikos.kernel.key_remove(&caller, &name)).await?;
                Reply::Ok
            }
            Request::ApprovalList => Reply::Questions { questions: kernel.approval_list(&caller)? },
            Request::ApprovalAnswer { question, answer } => {
                kernel.approval_answer(&caller, question, answer)?;
                Reply::Ok
            }
            Request::PublisherList => {
                let oikos = self.clone();
                let publishers = blocking(move || oikos.kernel.publisher_list(&caller)).await?;
                Reply::Publishers { publishers }
            }
            Request::PublisherTrust { publisher, name } => {
                let oikos = self.clone();
                let publisher = blocking(move || oikos.kernel.publisher_trust(&caller, &publisher, name)).await?;
                Reply::Publisher { publisher }
            }
            Request::PublisherImport { statements } => {
                let oikos = self.clone();
                let publisher = blocking(move || oikos.kernel.publisher_import(&caller, &statements)).await?;
                Reply::Publisher { publisher }
            }
            Request::TokenNew { name, rights, expires_in_ms } => {
                let oikos = self.clone();
                let make = move || {
                    oikos.access().keys().make(&caller, name, &rights, expires_in_ms, &*oikos.clock, &*oikos.entropy)
                };
                let (token, secret) = blocking(make).await?;
                Reply::Token { token, secret }
            }
            Request::TokenList => Reply::Tokens { tokens: self.access().keys().list(&caller)? },
            Request::TokenRevoke { token } => {
                let oikos = self.clone();
                promptly(move || oikos.access().keys().revoke(&caller, token, &*oikos.clock)).await?;
                Reply::Ok
            }
            Request::LoginLink => {
                let (url, expires_at) = self.access().link(&caller)?;
                Reply::Link { url, expires_at }
            }
            Request::LoginList => Reply::Logins { logins: self.access().logins().list(&caller, self.clock.now())? },
            Request::LoginRevoke { login } => {
                let oikos = self.clone();
                promptly(move || oikos.access().logins().revoke(&caller, login, &*oikos.clock)).await?;
                Reply::Ok
            }
            Request::OwnerNew { name } => {
                let oikos = self.clone();
                Reply::Owner { owner: blocking(move || oikos.kernel.owner_new(&caller, name)).await? }
            }
            Request::OwnerList => Reply::Owners { owners: kernel.owner_list(&caller)? },
            Request::Metrics => {
                require(&caller, Right::Read)?;
                if caller.owner != OwnerId::LOCAL {
                    return Err(not_theirs());
                }
                let oikos = self.clone();
                Reply::Metrics { text: blocking(move || Ok(metrics::page(&oikos))).await? }
            }
            Request::Doctor => {
                require(&caller, Right::Read)?;
                let oikos = self.clone();
                let apps = kernel.app_list(&caller)?;
                for app in &apps {
                    // Loading verifies the archive, its signature and its grants; what fails shows in the checks.
                    drop(kernel.app_info(caller, app.name.clone()).await);
                }
                let mut checks = blocking(move || Ok(doctor::checks(&oikos, &caller, &apps))).await?;
                checks.extend(self.boxes.checks().await);
                if let Some(destination) = self.telemetry.get() {
                    checks.extend(destination.check(&caller).await);
                }
                Reply::Doctor { checks }
            }
        })
    }
}

impl Oikos {
    /// Passes a file's bytes on, piece by piece, as fast as the reader takes them.
    async fn file_take(self: Arc<Self>, caller: Caller, file: FileId, frames: &FrameSender) -> Result<Reply, Failure> {
        /// Of these, as many as frames may wait are held for a slow reader.
        const PIECE_BYTES: usize = 64 << 10;
        let oikos = self.clone();
        let mut open = blocking(move || oikos.kernel.file_take(&caller, file)).await?;
        let mut at = 0;
        loop {
            let (piece, rest) = blocking(move || {
                let piece = open.read(at, PIECE_BYTES).map_err(|error| Failure::new(error.code, error.message))?;
                Ok((piece, open))
            })
            .await?;
            open = rest;
            at += piece.len() as u64;
            if piece.is_empty() || frames.send(Frame::Piece(piece)).await.is_err() {
                return Ok(Reply::Ok);
            }
        }
    }
}

/// Whether a request is about what an abrupt end may have cut off. Stopping and answering never wait.
fn waits_for_beginning(request: &Request) -> bool {
    !matches!(
        request,
        Request::Hello
            | Request::RunStop { .. }
            | Request::RunFollow { .. }
            | Request::ApprovalList
            | Request::ApprovalAnswer { .. }
            | Request::Log { .. }
            | Request::LogFollow { .. }
            | Request::Metrics
    )
}

pub(crate) fn require(caller: &Caller, right: Right) -> Result<(), Failure> {
    if caller.rights.has(right) { Ok(()) } else { Err(kernel::right_missing(right)) }
}

fn not_theirs() -> Failure {
    let message = "the figures are about all owners together, so only the first one reads them";
    Failure::new(protocol::ErrorCode::PermissionDenied, message)
}

async fn step(frames: &FrameSender, said: protocol::Sentence) {
    drop(frames.send(Frame::Step { sentence: said, done: 0, total: None }).await);
}

/// Tells how far something is. Where nobody takes it, the next step says it too.
fn telling(frames: &FrameSender) -> impl Fn(protocol::Sentence) + Send + Sync + use<> {
    let frames = frames.clone();
    move |said| drop(frames.try_send(Frame::Step { sentence: said, done: 0, total: None }))
}

/// Passes a run's chunks on until it ends. A reader that has gone is not waited for.
async fn watch(mut viewer: Viewer, frames: &FrameSender) -> Reply {
    drop(frames.send(Frame::Run { run: viewer.run() }).await);
    loop {
        let seen = tokio::select! {
            seen = viewer.next() => seen,
            // Also where nothing is said: leaving the stream lets a guest go on that waits for this viewer, and a
            // person who has gone is not there to be asked.
            () = frames.closed() => return Reply::Ok,
        };
        match seen {
            Seen::Chunk(chunk) => {
                if frames.send(Frame::Chunk(chunk.as_ref().clone())).await.is_err() {
                    return Reply::Ok;
                }
            }
            Seen::End(report) => return Reply::RunEnd { run: Box::new(report.as_ref().clone()) },
        }
    }
}

fn gone() -> Failure {
    Failure::new(protocol::ErrorCode::Stopped, "whoever asked for this has gone")
}

/// Does what waits for the disk, on a thread of its own: it ends what somebody else may be flooding the others with.
async fn promptly<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    /// Threads of this kind at once. Each is done within one write to the disk.
    const AT_ONCE: usize = 4;
    static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);
    let failed = |error: &dyn std::error::Error| {
        Failure::new(protocol::ErrorCode::Internal, "the answer could not be made").log(error.to_string())
    };
    let _place = PLACES.acquire().await.map_err(|error| failed(&error))?;
    let (done, answer) = oneshot::channel();
    let work = move || drop(done.send(work()));
    std::thread::Builder::new().name("promptly".to_owned()).spawn(work).map_err(|error| failed(&error))?;
    answer.await.map_err(|error| failed(&error))?
}

/// Does what waits for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Failure::new(protocol::ErrorCode::Internal, "the answer could not be made").log(error.to_string())
    })?
}
