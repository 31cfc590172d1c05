//! Why there is no answer.

use crate::ProxyFault;
use broker::{Denied, LeaseEnd};
use protocol::{Arg, ErrorCode};

/// Why there is no answer. Texts are ours: never a server's words, never the system's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the message says")]
pub enum EgressError {
    /// The broker said no to an address.
    #[error("{}", .0.message())]
    Denied(Box<Denied>),
    /// The run is over.
    #[error("the run has ended")]
    Ended(LeaseEnd),
    /// The name leads nowhere.
    #[error("{host} cannot be found: no address is known for that name")]
    Unresolved { host: String },
    /// Nobody can be connected to there.
    #[error("{host} cannot be reached: {why}")]
    Unreachable { host: String, why: &'static str },
    /// The other side could not prove who it is.
    #[error("{host} could not prove that it is {host}: {why}")]
    Tls { host: String, why: &'static str },
    /// The operator's proxy opens no way there. Which proxy that is, is nothing for apps.
    #[error("{host} cannot be reached: {fault}")]
    Proxy { host: String, fault: ProxyFault },
    /// A step took too long.
    #[error("{host} took longer than {} {step}", Arg::Millis(*.after_ms))]
    Slow { host: String, step: &'static str, after_ms: u64 },
    /// More than its bound.
    #[error("{host} sends {what} of more than {}", Arg::Bytes(*.most as u64))]
    TooLarge { host: String, what: &'static str, most: usize },
    /// Not HTTP, or cut off.
    #[error("{host} does not answer as HTTP wants it: {why}")]
    Broken { host: String, why: &'static str },
}

impl EgressError {
    /// What the kinds are called where they are counted.
    pub(crate) const WORDS: [&'static str; 9] =
        ["denied", "ended", "unresolved", "unreachable", "tls", "slow", "too_large", "broken", "proxy"];

    /// The place of its kind in [`EgressError::WORDS`].
    pub(crate) fn place(&self) -> usize {
        match self {
            Self::Denied(_) => 0,
            Self::Ended(_) => 1,
            Self::Unresolved { .. } => 2,
            Self::Unreachable { .. } => 3,
            Self::Tls { .. } => 4,
            Self::Slow { .. } => 5,
            Self::TooLarge { .. } => 6,
            Self::Broken { .. } => 7,
            Self::Proxy { .. } => 8,
        }
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Denied(denied) => denied.code,
            Self::Ended(end) => end.code(),
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Unresolved { .. }
            | Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::Proxy { .. }
            | Self::Slow { .. }
            | Self::Broken { .. } => ErrorCode::NetworkFailed,
        }
    }
}

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// Why.
    #[source]
    pub error: EgressError,
    /// Whether something may have arrived at the other side.
    pub may_have_sent: bool,
}

impl Failed {
    pub(crate) fn before(error: EgressError) -> Self {
        Self { error, may_have_sent: false }
    }

    pub(crate) fn after(error: EgressError) -> Self {
        Self { error, may_have_sent: true }
    }
}
