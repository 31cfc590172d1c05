//! An app answers requests: each is a run of its own, like any other.
//!
//! Where a request comes from, and who let it in, is the door's matter. What was sent along is kept outside of the run's
//! input, and what is answered outside of its result: neither is text, and neither stays in the run's record.

mod answer; // what an app may say in an answer
mod request; // what an app sees of a request
mod table; // which route a request is for

use crate::{
    Kernel,
    bus::deliver::ended,
    host_call::{AnswerPart, GuestError, HostAnswer},
    run::{Begin, Call, Cause, Run, commit_failure, internal, store_failure},
};
use broker::LeaseEnd;
use parking_lot::Mutex;
use protocol::{
    AppName, Caller, ErrorCode, Failure, Labels, OwnerId, Right, RouteAnswer, RouteCall, RouteEnd, RunId,
    limit::ROUTE_BODY_BYTES_MAX, sentence, text,
};
use serde_json::json;
use state::{Batch, Durability, Key, Space};
use std::sync::Arc;
use table::Found;
pub(crate) use table::Table;

/// Requests that one app answers at once: a browser has six under way, and other apps want to run as well.
pub const ROUTE_CALLS_MAX: usize = 8;
/// Longest address within an app that a browser is sent to.
pub(crate) const PLACE_BYTES_MAX: usize = 1_024;

/// What a run was sent, and what it answers.
#[derive(Debug)]
pub(crate) struct Exchange {
    body: Mutex<Option<Vec<u8>>>,
    answer: Mutex<Option<(RouteAnswer, Labels)>>,
    /// All that the run had seen when it ended: what a failure says may come from any of it.
    ended: Mutex<Labels>,
}

impl Exchange {
    pub(crate) fn end(&self, labels: Labels) {
        *self.ended.lock() = labels;
    }
}

/// The door that waits for an answer. When it waits no more, the run has nobody to answer.
struct Waiting<'a>(&'a Kernel, RunId);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // One that has ended is not among them.
        if let Some(run) = self.0.live.lock().get(&self.1) {
            run.lease.end(LeaseEnd::Stopped);
        }
    }
}

/// What of an app's data was told on its own origin: a page may hand it in again.
fn told_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Setting, format!("told/{app}"))
}

impl Kernel {
    /// Has an app answer a request. Whoever drops the future takes the run with it.
    pub async fn route_call(self: &Arc<Self>, caller: Caller, call: RouteCall) -> Result<RouteEnd, Failure> {
        self.require(&caller, Right::Run)?;
        if call.body.len() > ROUTE_BODY_BYTES_MAX {
            let message = format!("a request for an app brings at most {} MiB", ROUTE_BODY_BYTES_MAX >> 20);
            return Err(Failure::new(ErrorCode::TooLarge, message));
        }
        let (owner, name) = (caller.owner, call.app.clone());
        let app = self.app_enabled(owner, &name).await?;
        if self.bus.is_paused(&(owner, name.clone())) {
            let failure = Failure::new(ErrorCode::Stopped, format!("{name} was stopped, and answers no requests"));
            return Err(failure.hint(format!("oikos app enable {name}")));
        }
        let image = self.image(&app).await?;
        let table = Table::of(&app.package, image.exports())?;
        let shown = text::shorten(&call.path, 120);
        let (answering, parameters) = match table.find(&call.method, &call.path) {
            Found::Route(answering, parameters) => (answering, parameters),
            Found::Methods(methods) => return Ok(RouteEnd::Answered(other_method(&methods))),
            Found::Nothing => {
                return Err(Failure::new(ErrorCode::NotFound, format!("{name} answers nothing at {shown}"))
                    .hint(format!("oikos app info {name} shows what it answers")));
            }
        };
        let route = answering.text();
        let Some(export) = answering.export.clone() else {
            let message = format!("{name} names {route} in its manifest, and its code does not answer that");
            return Err(Failure::new(ErrorCode::NotAvailable, message).hint("its author calls ctx.route in activate"));
        };
        let action = answering.action_text();
        let action = action.parse().map_err(|error| Failure::from_error(ErrorCode::Internal, &error))?;
        let _place = app.route_places.try_acquire().map_err(|_| {
            let message = format!("{name} is answering {ROUTE_CALLS_MAX} requests already");
            Failure::new(ErrorCode::HostBusy, message).hint("try again in a moment")
        })?;
        let input = request::input(&call, parameters);
        let body = Mutex::new(Some(call.body));
        let exchange = Arc::new(Exchange { body, answer: Mutex::default(), ended: Mutex::default() });
        let cause = Cause {
            said: sentence::cause_route(route.as_str()),
            basis: None,
            labels: self.told(owner, &name)?,
            hops: 0,
            trigger: json!({ "kind": "route", "route": route }),
            delivery: None,
        };
        let call = Call::Route { action, export, exchange: exchange.clone() };
        let begin = Begin {
            asked: None,
            app: name.clone(),
            call,
            input,
            files: Vec::new(),
            cause: Some(cause),
            wall_ms_max: None,
            asker: None,
            exact: None,
        };
        let viewer = self.run_begin(caller, begin).await?;
        let waiting = Waiting(self, viewer.run());
        let report = ended(viewer).await;
        drop(waiting);
        if let Some(failure) = report.summary.failure.clone() {
            // The page reads why, in the app's own words.
            let labels = *exchange.ended.lock();
            self.tell(owner, &name, labels).await?;
            return Ok(RouteEnd::Failed(failure));
        }
        let answered = exchange.answer.lock().take();
        let Some((answer, labels)) = answered else {
            let failure = Failure::new(ErrorCode::AppFailed, format!("{name} came to its end without an answer"));
            return Ok(RouteEnd::Failed(failure));
        };
        self.tell(owner, &name, labels).await?;
        Ok(RouteEnd::Answered(answer))
    }

    /// Whether a browser may be let in where an app answers, and to which place of it.
    pub async fn route_entry(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        place: Option<String>,
    ) -> Result<String, Failure> {
        self.require(&caller, Right::Run)?;
        let loaded = self.app_enabled(caller.owner, &app).await?;
        if loaded.package.routes().is_empty() {
            let failure = Failure::new(ErrorCode::NotFound, format!("{app} answers no requests"));
            return Err(failure.hint(format!("oikos app info {app} shows what it does")));
        }
        let image = self.image(&loaded).await?;
        let table = Table::of(&loaded.package, image.exports())?;
        match place {
            Some(place) if table::is_place(&place) => Ok(place),
            Some(place) => {
                let message = format!("'{}' is no path of a page of {app}", text::shorten(&place, 80));
                Err(Failure::new(ErrorCode::InvalidInput, message).hint("such as /notes or /notes?id=7"))
            }
            None => table.first_page().map(str::to_owned).ok_or_else(|| {
                Failure::new(ErrorCode::InvalidInput, format!("{app} has no page to begin with"))
                    .hint(format!("name a path: oikos app info {app} shows what it answers"))
            }),
        }
    }

    /// The names of an owner's apps, for whoever looks for the one that a request is for.
    pub fn app_names(&self, owner: OwnerId) -> Vec<AppName> {
        let records = self.app_records(owner).unwrap_or_default();
        records.into_iter().map(|record| record.name).collect()
    }

    /// A file of an app's package; none where it has none of this path.
    pub async fn package_file(
        self: &Arc<Self>,
        owner: OwnerId,
        app: &AppName,
        path: &str,
    ) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.app_load(owner, app).await?.package.file(path).map(<[u8]>::to_vec))
    }

    /// Where what a page of an app hands in comes from: all that was ever answered there.
    fn told(&self, owner: OwnerId, app: &AppName) -> Result<Labels, Failure> {
        let entry = self.store.get(&told_key(owner, app)).map_err(store_failure)?;
        Ok(entry.map_or(Labels::NONE, |entry| entry.labels))
    }

    /// Keeps where an answer comes from, before anybody reads it.
    async fn tell(self: &Arc<Self>, owner: OwnerId, app: &AppName, labels: Labels) -> Result<(), Failure> {
        if self.told(owner, app)?.contains(labels) {
            return Ok(());
        }
        let (kernel, app) = (self.clone(), app.clone());
        tokio::task::spawn_blocking(move || {
            // Of two answers at once neither forgets what the other one said.
            let _telling = kernel.telling.lock();
            let labels = kernel.told(owner, &app)?.join(labels);
            let mut batch = Batch::new();
            batch.put(&told_key(owner, &app), Vec::new(), labels);
            kernel.store.commit(batch, Durability::Synced).map(drop).map_err(commit_failure)
        })
        .await
        .map_err(|_| internal("where an answer comes from could not be kept"))?
    }
}

/// Part of a run's exchange with whoever asked.
pub(crate) fn exchange(run: &Run, call: AnswerPart) -> Result<HostAnswer, GuestError> {
    let exchange = run.exchange.get().ok_or_else(|| {
        GuestError::new(ErrorCode::InvalidInput, "there is no request to answer: nobody sent this run one")
    })?;
    match call {
        AnswerPart::Body => Ok(HostAnswer::Bytes(exchange.body.lock().take().unwrap_or_default())),
        AnswerPart::Answer(call) => {
            let answer = answer::checked(call)?;
            let kind = answer.headers.iter().find(|(name, _)| name == "content-type").map(|(_, kind)| kind.as_str());
            let said = json!({ "status": answer.status, "type": kind, "bytes": answer.body.len() });
            let mut place = exchange.answer.lock();
            if place.is_some() {
                return Err(GuestError::new(ErrorCode::InvalidInput, "the request is answered already"));
            }
            *place = Some((answer, run.lease.labels()));
            Ok(HostAnswer::Json(said))
        }
    }
}

/// The path is there, and is asked in another way.
fn other_method(methods: &[&str]) -> RouteAnswer {
    let allow = methods.join(", ");
    RouteAnswer {
        status: 405,
        body: format!("this is asked by {allow}\n").into_bytes(),
        headers: vec![("allow".to_owned(), allow), ("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())],
    }
}
