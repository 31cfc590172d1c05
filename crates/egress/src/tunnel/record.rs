//! Who decides on tunnels, and what they hear of each.

use crate::EgressError;
use broker::{Ask, Broker, Denied, Lease, LeaseEnd, NetworkDemand, Permit};
use protocol::{Arg, Clock, ErrorCode, Labels, Sentence, Timestamp, sentence};
use std::{future::Future, net::IpAddr, pin::Pin};

/// A person's answer that is on its way.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Permit<NetworkDemand>, Box<Denied>>> + Send + 'a>>;
/// A note that is on its way to the disk. `false`: it could not be written, so nothing may be done.
pub type Noting<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Who stands for a program where it wants out: its run, its grants, its record.
pub trait Warden: Send + Sync + 'static {
    /// Who decides.
    fn broker(&self) -> &Broker;

    /// What the program holds of what any run has told it, beside what the lease's run has read: a program that serves
    /// several runs forgets nothing between them. Joined to the run's labels before each decision, and looked at again with
    /// each piece that goes out.
    fn labels(&self) -> Labels;

    /// What time it is.
    fn clock(&self) -> &dyn Clock;

    /// The run that a connection which begins now is for. Whatever ends its lease ends the connection.
    fn lease(&self) -> Lease;

    /// The broker wants a person to decide. Given up where the program does not wait.
    fn ask(&self, ask: Ask<NetworkDemand>) -> Asking<'_>;

    /// About to send what nobody can take back. Called at most once a connection, before its first byte goes out.
    fn intent<'a>(&'a self, permit: &'a Permit<NetworkDemand>, said: Sentence) -> Noting<'a>;

    /// A connection has ended, or never came to be. Called once for each; must not wait.
    fn record(&self, record: TunnelRecord);
}

/// How a program asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `CONNECT` of HTTP.
    Connect,
    /// SOCKS5.
    Socks5,
    /// A request of HTTP with its whole address, to be sent on.
    Forward,
}

/// What is spoken with the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// TLS, for the host's name.
    Tls,
    /// TLS, for the host's name and for one inside that nobody sees, if there is one.
    Sealed,
    /// Plain HTTP, for the host's name.
    Http,
}

/// One connection of a program, as the log wants it.
#[derive(Clone, Debug)]
pub struct TunnelRecord {
    /// The run, if it came to a decision.
    pub lease: Option<Lease>,
    /// How it was asked for.
    pub dialect: Option<Dialect>,
    /// Host and port, as an owner writes them for a grant.
    pub target: Option<String>,
    /// The host: a name, or the address that a notation meant.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The address behind it that was checked and connected to.
    pub address: Option<IpAddr>,
    /// What was spoken.
    pub speech: Option<Speech>,
    /// What allowed it.
    pub rule: Option<Sentence>,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it was open.
    pub took_ms: u64,
    /// Bytes that went to the host, as far as they may have arrived.
    pub bytes_up: u64,
    /// Bytes that came from the host.
    pub bytes_down: u64,
    /// How it ended.
    pub outcome: TunnelOutcome,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TunnelOutcome {
    /// Both sides came to their end.
    Closed,
    /// The answer was no, or what was said first was for another host; that was not sent.
    Denied(Box<Denied>),
    /// The host was not reached. Nothing was sent to it.
    Failed(EgressError),
    /// What the program said to its proxy is nothing that it does.
    Misspoken(Misspoken),
    /// What had allowed it was taken back, or the run has read what may not go there.
    Withdrawn(Box<Denied>),
    /// The run is over.
    Ended(LeaseEnd),
    /// The program was stopped.
    Stopped,
    /// Nothing was said for so long.
    Idle {
        /// How long.
        after_ms: u64,
    },
    /// One side broke it off, or the program gave up before there was a way.
    Broken,
}

/// What a program says and no proxy like this one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Misspoken {
    #[error("this proxy speaks HTTP and SOCKS5")]
    Language,
    #[error("this proxy opens ways (CONNECT HOST:PORT) and sends requests on (METHOD http://HOST/PATH)")]
    Address,
    #[error("a request says by Host for whom it is")]
    Nameless,
    #[error("a way is asked for by HOST:PORT")]
    Target,
    #[error("who asks for a way sends no body along")]
    Body,
    #[error("the head of the request is too long")]
    TooLarge,
    #[error("this proxy knows no users and no passwords")]
    Credentials,
    #[error("of SOCKS5, this proxy does CONNECT")]
    Command,
    #[error("a way is asked for by a name, an IPv4 or an IPv6 address")]
    Kind,
    #[error("nobody said where to")]
    Slow,
}

impl TunnelOutcome {
    /// The stable code; none for what came to its own end.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Closed => None,
            Self::Denied(denied) | Self::Withdrawn(denied) => Some(denied.code),
            Self::Failed(error) => Some(error.code()),
            Self::Misspoken(_) => Some(ErrorCode::InvalidInput),
            Self::Ended(end) => Some(end.code()),
            Self::Stopped => Some(ErrorCode::Stopped),
            Self::Idle { .. } => Some(ErrorCode::Timeout),
            Self::Broken => Some(ErrorCode::NetworkFailed),
        }
    }

    /// Why it was cut off, of a connection that was open.
    fn why(&self, lease: &Lease) -> Option<Sentence> {
        match self {
            Self::Withdrawn(denied) => Some(denied.rule.clone()),
            Self::Ended(end) => Some(sentence::rule_lease(end.message(lease.limits()))),
            Self::Stopped => Some(sentence::connection_why_stopped()),
            Self::Idle { after_ms } => Some(sentence::connection_why_idle(Arg::Millis(*after_ms))),
            Self::Broken => Some(sentence::connection_why_broken()),
            Self::Closed | Self::Denied(_) | Self::Failed(_) | Self::Misspoken(_) => None,
        }
    }
}

impl TunnelRecord {
    /// What the log says of it; `None` where nothing was asked for that could be told.
    pub fn sentence(&self) -> Option<Sentence> {
        let (lease, host) = (self.lease.as_ref()?, self.target.as_ref()?);
        let took = Arg::Millis(self.took_ms);
        let (sent, received) = (Arg::Bytes(self.bytes_up), Arg::Bytes(self.bytes_down));
        let seen = |what: Sentence| match self.speech {
            Some(Speech::Sealed) => sentence::connection_sealed(what),
            _ => what,
        };
        Some(match &self.outcome {
            TunnelOutcome::Denied(denied) => sentence::effect_denied(denied.what.clone(), denied.rule.clone()),
            TunnelOutcome::Failed(error) => sentence::connection_failed(host, error.to_string()),
            outcome => match outcome.why(lease) {
                None => seen(sentence::connection_closed(host, took, sent, received)),
                Some(why) if self.bytes_up == 0 => sentence::connection_failed(host, why),
                Some(why) => seen(sentence::connection_cut(host, took, sent, received, why)),
            },
        })
    }
}
