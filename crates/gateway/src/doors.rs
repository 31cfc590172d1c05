//! What all doors share: who answers, who lets in, how many may watch.

use crate::{
    Arrival, FrameSender, Household, PageFiles,
    auth::{Admitted, Authenticator},
    built, views_built,
    ws::{Answers, Lines},
};
use axum::http::StatusCode;
use protocol::{ErrorCode, Failure, api::Request};
use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

/// Runs that are watched at once through the socket: several terminals and scripts, not a flood.
const WATCHERS_MAX: usize = 64;
/// Runs that are watched at once through TCP: pages and programs hold many open.
const TCP_WATCHERS_MAX: usize = 1_024;
/// Clients at once that said hello and may ask. More are answered too, but not waited for.
const VISITS_MAX: usize = 256;

/// What all doors of a household share.
#[derive(Clone)]
pub struct Doors {
    shared: Arc<Shared>,
    page: PageFiles,
    views: PageFiles,
}

struct Shared {
    /// Not held: a household ends when whoever opened it says so, however many connections are open.
    household: Weak<dyn Household>,
    access: Weak<Authenticator>,
    watchers: Arc<Semaphore>,
    tcp_watchers: Arc<Semaphore>,
    visits: Arc<Semaphore>,
    lines: Arc<Lines>,
    answers: Arc<Answers>,
    /// Answers by the first digit of their status.
    statuses: [AtomicU64; STATUSES.len()],
}

/// Classes of statuses.
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// How much the doors are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Answers since the start, by the class of their status.
    pub answers: [(&'static str, u64); STATUSES.len()],
    /// What is being watched, by door; by WebSockets too.
    pub streams: [(&'static str, usize); 2],
    /// WebSockets that are open, by door.
    pub lines: [(&'static str, usize); 2],
}

impl Doors {
    /// The doors of a household.
    pub fn new(household: Weak<dyn Household>, access: Weak<Authenticator>) -> Self {
        let shared = Shared {
            household,
            access,
            watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
            tcp_watchers: Arc::new(Semaphore::new(TCP_WATCHERS_MAX)),
            visits: Arc::new(Semaphore::new(VISITS_MAX)),
            lines: Arc::default(),
            answers: Arc::default(),
            statuses: Default::default(),
        };
        Self { shared: Arc::new(shared), page: built, views: views_built }
    }

    /// The same with another page than the one that was built.
    #[must_use]
    pub fn with_page(self, page: PageFiles) -> Self {
        Self { page, ..self }
    }

    /// The same with another frame around views than the one that was built.
    #[must_use]
    pub fn with_views(self, views: PageFiles) -> Self {
        Self { views, ..self }
    }

    /// The frame around views.
    pub(crate) fn views(&self) -> PageFiles {
        self.views
    }

    /// The files of the page.
    pub(crate) fn page(&self) -> PageFiles {
        self.page
    }

    /// Connections that should find a place: those that watch, and some beside them, so that whoever wants to stop
    /// something, answer or look gets in however many watch.
    pub const CONNECTIONS_MAX: usize = WATCHERS_MAX + 16;

    /// Who lets callers in. No route behind the doors is reached around it.
    pub(crate) fn access(&self) -> Result<Arc<Authenticator>, Failure> {
        self.shared.access.upgrade().ok_or_else(ending)
    }

    pub(crate) fn household(&self) -> Result<Arc<dyn Household>, Failure> {
        self.shared.household.upgrade().ok_or_else(ending)
    }

    /// Hands a request on. The answer is made in a task of its own: a client that goes takes nothing with it. Who is let in
    /// no more begins no run, also where it was waiting for its place.
    pub(crate) fn ask(&self, admitted: &Admitted, request: Request, frames: FrameSender) -> Result<(), Failure> {
        let over = matches!(request, Request::RunStart { .. }).then(|| self.access()).transpose()?;
        let answering = self.household()?.answer(admitted.caller, request, frames);
        match over.map(|access| access.over(admitted)) {
            None => drop(tokio::spawn(answering.in_current_span())),
            Some(over) => drop(tokio::spawn(
                async move {
                    tokio::select! {
                        () = answering => {}
                        () = over => {}
                    }
                }
                .in_current_span(),
            )),
        }
        Ok(())
    }

    /// A place among those who watch, where the request needs one. In its own process nobody keeps others out.
    pub(crate) fn watcher(&self, request: &Request, arrival: Arrival) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        use Request::{EventEmit, LogFollow, RunFollow, RunStart};
        if !matches!(request, RunStart { .. } | RunFollow { .. } | EventEmit { .. } | LogFollow { .. }) {
            return Ok(None);
        }
        let (watchers, most) = match arrival {
            Arrival::Process => return Ok(None),
            Arrival::Socket => (&self.shared.watchers, WATCHERS_MAX),
            Arrival::Tcp { .. } => (&self.shared.tcp_watchers, TCP_WATCHERS_MAX),
        };
        let place = watchers.clone().try_acquire_owned().map_err(|_| {
            let other = if arrival == Arrival::Socket { "from other terminals" } else { "through this door" };
            Failure::new(ErrorCode::HostBusy, format!("{most} runs are being watched {other}"))
                .hint("try again when one of them has ended; oikos stop --all ends them")
        })?;
        Ok(Some(place))
    }

    /// The WebSockets that are open.
    pub(crate) fn lines(&self) -> &Arc<Lines> {
        &self.shared.lines
    }

    /// What was answered to messages of theirs.
    pub(crate) fn answers(&self) -> &Arc<Answers> {
        &self.shared.answers
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = self.shared.statuses.get(class) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// How much they are used.
    pub fn figures(&self) -> Figures {
        let shared = &self.shared;
        let mut answers = [("", 0); STATUSES.len()];
        for ((told, word), count) in answers.iter_mut().zip(STATUSES).zip(&shared.statuses) {
            *told = (word, count.load(Relaxed));
        }
        let taken = |most: usize, places: &Semaphore| most.saturating_sub(places.available_permits());
        let socket = taken(WATCHERS_MAX, &shared.watchers);
        let tcp = taken(TCP_WATCHERS_MAX, &shared.tcp_watchers);
        let (socket_lines, tcp_lines) = shared.lines.open();
        let lines = [("socket", socket_lines), ("tcp", tcp_lines)];
        Figures { answers, streams: [("socket", socket), ("tcp", tcp)], lines }
    }

    /// A place among the visitors, if there is one.
    pub(crate) fn visit(&self) -> Option<OwnedSemaphorePermit> {
        self.shared.visits.clone().try_acquire_owned().ok()
    }
}

/// Why something that was open ends before its end.
pub(crate) fn revoked() -> Failure {
    Failure::new(ErrorCode::Unauthenticated, "what this caller came in by was revoked, or has expired")
        .hint("oikos token list; oikos login list")
}

fn ending() -> Failure {
    Failure::new(ErrorCode::HomeLocked, "the oikos process that was asked is about to end").hint("try again")
}
