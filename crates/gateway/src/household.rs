//! Who stands behind the doors, and who in front of them.

use crate::{
    auth::{Admitted, Authenticator, Peer},
    mcp::McpLines,
};
use protocol::{
    AppName, Caller, ErrorCode, Failure, OwnerId, Question, RouteCall, RouteEnd,
    api::{Frame, Request},
};
use std::{net::SocketAddr, pin::Pin, sync::Arc};
use tokio::sync::{mpsc, watch};

/// Where the frames of an answer go. Bounded: a slow reader slows its own answer down and nobody else.
pub type FrameSender = mpsc::Sender<Frame>;

/// What answers requests. The doors know nothing else of it.
pub trait Household: Send + Sync + 'static {
    /// Answers a request: any number of chunks and steps, then one `Done` or `Failed`. A reader that has gone does not
    /// end what it began.
    fn answer(
        self: Arc<Self>,
        caller: Caller,
        request: Request,
        frames: FrameSender,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// What an owner is asked, for whoever stays on a line: the answer to `ApprovalList`, again each time it changes.
    /// `None` for whoever may not see that.
    fn attend(&self, _caller: &Caller) -> Option<Attendance> {
        None
    }

    /// Has an app answer a request. Dropping the future ends what the app does for it.
    fn route(
        self: Arc<Self>,
        _caller: Caller,
        _call: RouteCall,
    ) -> Pin<Box<dyn Future<Output = Result<RouteEnd, Failure>> + Send>> {
        let failure = Failure::new(ErrorCode::NotAvailable, "no app answers requests here");
        Box::pin(std::future::ready(Err(failure)))
    }

    /// Answers a message of an MCP client that was let in.
    fn mcp(
        self: Arc<Self>,
        _admitted: Admitted,
        _access: Arc<Authenticator>,
        _request: axum::extract::Request,
    ) -> Pin<Box<dyn Future<Output = Result<axum::response::Response, Failure>> + Send>> {
        let failure = Failure::new(ErrorCode::NotAvailable, "no MCP client is answered here");
        Box::pin(std::future::ready(Err(failure)))
    }

    /// Talks with an MCP client that was let in and sends lines, until it has gone.
    fn mcp_lines(
        self: Arc<Self>,
        _admitted: Admitted,
        _access: Arc<Authenticator>,
        _lines: McpLines,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }

    /// Somebody comes back from signing in to a server elsewhere, with this. The app that waited for it, if one did.
    fn signed_in(&self, _query: &str) -> Option<AppName> {
        None
    }

    /// The names of an owner's apps.
    fn app_names(&self, _owner: OwnerId) -> Vec<AppName> {
        Vec::new()
    }

    /// Whether requests can be answered now; if not, why, for the log. Anybody may ask.
    fn readiness(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

    /// A caller who was let in says of which trace their request is a part, as the W3C's Trace Context has it. Who keeps no
    /// traces makes nothing of it.
    fn trace_join(&self, _request: &tracing::Span, _traceparent: &str) {}
}

/// Somebody who stays on a line.
pub struct Attendance {
    /// What is open now, oldest first, and each time it changes. Not each change: whoever is slow sees the last.
    pub questions: watch::Receiver<Arc<[Question]>>,
    /// Held as long as they stay: a person who is there can be asked.
    pub presence: Option<Box<dyn Send + Sync>>,
}

/// The way a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// From this very process.
    Process,
    /// Through the home's socket: from a process of the same user, as the system says.
    Socket,
    /// Through TCP.
    Tcp {
        /// From where.
        peer: SocketAddr,
    },
}

impl Arrival {
    /// Where a request that came this way comes from.
    pub(crate) fn peer(self) -> Peer {
        match self {
            // Whoever can open the socket is the owner's own process, by the system's word.
            Self::Process | Self::Socket => Peer::Socket,
            Self::Tcp { peer } => Peer::Address(peer.ip()),
        }
    }
}
