//! Who may come in. A request over a network passes the [`Guards`] (is it meant for us, does it come from our page?), then
//! its credential is looked up among the [`Keys`]; wrong ones are counted by the [`Limiter`]. What comes of it is a
//! `Caller` with an end that can be waited for, because a stream that is open when its key is revoked has to close.

mod authenticator; // from a request to a caller
mod bind; // where doors may be opened
mod bootstrap; // the first key of a household that nobody sits at
mod credential; // the text form of every secret that is handed out
mod entry; // browsers that are let in where an app answers
mod guard; // is it meant for us, and does it come from our page?
mod key; // API keys, as they are kept
mod limit; // how often one may be wrong
mod login; // browsers that are signed in
mod revocation; // an end that can be waited for
mod strange; // requests that were not meant for us
mod tls; // what makes a listener speak TLS

pub use authenticator::{
    Admitted, Authenticator, AuthenticatorParts, CLIENT_HEADER, OWNER_HEADER, OwnerLookup, PRESENCE_HEADER, Peer, Used,
    local_caller,
};
pub use bind::Bind;
pub use bootstrap::BOOTSTRAP_LIFE_MS;
pub use credential::{Credential, CredentialFault, Kind};
pub(crate) use entry::LetIn;
pub use entry::{ENTRY_LIFE_MS, VISIT_LIFE_MS, VISITS_MAX};
pub(crate) use guard::Way;
pub use guard::{COOKIES_MAX, Guards, PAGE_HEADER, Presented, is_websocket};
pub use key::{KEY_LIFE_MS_MAX, KEYS_MAX, Keys};
pub use limit::{FAILURES_FREE, LOCK_FIRST_MS, LOCK_MAX_MS, Limiter, PREFIX_FAILURES_FREE, Try, peer_of};
pub use login::{LINK_LIFE_MS, LOGIN_LIFE_MS, LOGINS_MAX, Logins, SignedIn};
pub use revocation::{Revocation, Revoker};
pub use tls::{CertificateFacts, PEM_BYTES_MAX, PemFile, certificate_facts, tls_config};

use protocol::{AuditEvent, AuditRecord, Caller, Labels, Sentence, Timestamp};
use state::Batch;

/// Adds a line about who may come in to the log of the caller's owner.
fn note(batch: &mut Batch, at: Timestamp, caller: &Caller, said: Sentence) {
    let record = AuditRecord {
        at,
        event: AuditEvent::Access,
        sentence: said,
        door: caller.door,
        run: None,
        app: None,
        grant: None,
        rule: None,
        arguments: None,
        labels: Labels::NONE,
    };
    // A record is made of texts, numbers and ids: it always has a JSON form.
    batch.append(caller.owner, serde_json::to_vec(&record).unwrap_or_default());
}
