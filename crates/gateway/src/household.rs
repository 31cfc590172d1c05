//! Who stands behind the doors, and who in front of them.

use axum::http::request::Parts;
use protocol::{
    Caller, Failure,
    api::{Frame, Request},
};
use std::{net::SocketAddr, pin::Pin, sync::Arc};
use tokio::sync::mpsc;

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

    /// Whether requests can be answered now; if not, why, for the log.
    fn readiness(&self) -> Result<(), String>;
}

/// Says who asks, from what a request says before its body, or refuses it. There is one for all doors, and no route
/// behind the doors is reached around it.
pub trait Guard: Send + Sync + 'static {
    /// Who asks; or why they may not.
    fn authenticate(&self, parts: &Parts, arrival: &Arrival) -> Result<Caller, Failure>;
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
    /// Whether the other end is the owner's own process, by the system's word.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Process | Self::Socket)
    }
}
