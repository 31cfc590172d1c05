//! Who comes in by which door.

use crate::Oikos;
use gateway::{Arrival, Guard, PRESENCE_HEADER, auth::OWNER_HEADER};
use protocol::{Caller, ErrorCode, Failure};
use std::sync::Weak;

/// Lets the owner's own processes in, and nobody else.
pub(crate) struct HomeGuard(pub(crate) Weak<Oikos>);

impl Guard for HomeGuard {
    fn authenticate(&self, parts: &http::request::Parts, arrival: &Arrival) -> Result<Caller, Failure> {
        if !arrival.is_own() {
            return Err(Failure::new(ErrorCode::Unauthenticated, "nobody is let in through this door yet")
                .hint("use the command line: it comes in through the home's own socket"));
        }
        let oikos = self.0.upgrade().ok_or_else(|| {
            Failure::new(ErrorCode::HomeLocked, "the oikos process that was asked is about to end").hint("try again")
        })?;
        // Whoever can open the socket is the owner's own process: its word is taken, also for whom it speaks.
        let owner = parts.headers.get(OWNER_HEADER).map(|name| name.to_str().unwrap_or_default().parse());
        let owner = owner.transpose().map_err(|error: protocol::NameError| {
            Failure::from_error(ErrorCode::OwnerNotFound, &error).hint("oikos owner list")
        })?;
        oikos.caller_for(parts.headers.contains_key(PRESENCE_HEADER), owner.as_ref())
    }
}
