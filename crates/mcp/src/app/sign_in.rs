//! Signing in to servers elsewhere: whoever keeps tokens and knows where the owner is does that; here is what they are told,
//! and that a run's clocks stand still while a person is at a foreign page.

use crate::client::oauth::{AuthorizationError, Authorize, Authorizer, Grant, Identity, Redirected, TokenStore};
use broker::Lease;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use protocol::{AppName, Clock, Entropy, ErrorCode, Failure, OwnerId, text::shorten};
use std::sync::Arc;
use url::Url;

/// What is shown of an authorization server's own words.
const WORDS_CHARS_MAX: usize = 2_000;

/// Lets runs of servers elsewhere in on behalf of their owners.
pub trait SignIns: Send + Sync {
    /// Who oikos is for this server.
    fn identity(&self, owner: OwnerId, app: &AppName) -> Identity;

    /// Where tokens of this server are kept.
    fn store(&self, owner: OwnerId, app: &AppName) -> Arc<dyn TokenStore>;

    /// Has the owner sign in at `address`, and waits for what comes back with this `state`. `Err` is the reason for people: most
    /// runs are not what an owner sits in front of, and are told how to sign in.
    fn show<'a>(
        &'a self,
        owner: OwnerId,
        app: &'a AppName,
        address: &'a Url,
        state: &'a str,
    ) -> BoxFuture<'a, Result<Redirected, String>>;
}

/// The owner of a server, as its session asks for them: whoever sits in front of the run that began last.
pub(super) struct LastPerson {
    pub(super) sign_ins: Arc<dyn SignIns>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) owner: OwnerId,
    pub(super) app: AppName,
    pub(super) lease: Mutex<Option<Lease>>,
}

impl LastPerson {
    /// What gets tokens for the session.
    pub(super) fn authorizer(self: &Arc<Self>, entropy: Arc<dyn Entropy>) -> Arc<Authorizer> {
        let (identity, store) =
            (self.sign_ins.identity(self.owner, &self.app), self.sign_ins.store(self.owner, &self.app));
        Arc::new(Authorizer::new(identity, Grant::Person(self.clone()), store, self.clock.clone(), entropy))
    }
}

impl Authorize for LastPerson {
    fn authorize<'a>(&'a self, address: &'a Url, state: &'a str) -> BoxFuture<'a, Result<Redirected, String>> {
        let lease = self.lease.lock().clone();
        Box::pin(async move {
            let _standing = lease.map(|lease| Standing::new(lease, &*self.clock));
            self.sign_ins.show(self.owner, &self.app, address, state).await
        })
    }
}

/// A run whose clocks stand still.
struct Standing<'a> {
    lease: Lease,
    clock: &'a dyn Clock,
}

impl<'a> Standing<'a> {
    fn new(lease: Lease, clock: &'a dyn Clock) -> Self {
        lease.pause(clock.monotonic_ns());
        Self { lease, clock }
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.lease.resume(self.clock.monotonic_ns());
    }
}

/// Why a server does not let a run in, with the next step where there is one.
pub(super) fn not_let_in(app: &AppName, error: &AuthorizationError) -> Failure {
    let message = format!("{app}: {}", shorten(&error.to_string(), WORDS_CHARS_MAX));
    match error {
        AuthorizationError::Http(_) | AuthorizationError::Slow { .. } => {
            Failure::new(ErrorCode::NetworkFailed, message)
        }
        AuthorizationError::NotRegistered { .. } => Failure::new(ErrorCode::SignInNeeded, message)
            .hint(format!("oikos mcp sign-in {app} --client-id ID, with the id that you get there")),
        _ => Failure::new(ErrorCode::SignInNeeded, message).hint(format!("oikos mcp sign-in {app}")),
    }
}
