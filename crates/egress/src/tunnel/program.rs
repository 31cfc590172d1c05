//! The program's end of a connection: what it has said that nobody took yet, and what it is answered.

use super::{
    Dialect, Line, Misspoken, TunnelOutcome,
    bounds::{AHEAD_BYTES_MAX, FAREWELL_MS},
    first::TLS_BEGINS,
    line::Held,
};
use crate::{
    EgressError,
    connect::{NO_WAY, NOBODY_LISTENS},
    wire::{
        ConnectFault, Forward, PlainFault, SocksFault, Target, connect_read, forward_read, greeting_read, request_read,
        socks_reply,
    },
};
use broker::{NetworkDemand, UrlError};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

const SOCKS5_BEGINS: u8 = 5;
const SOCKS_DONE: u8 = 0;
const SOCKS_FAILED: u8 = 1;
const SOCKS_DENIED: u8 = 2;
const SOCKS_NO_NETWORK: u8 = 3;
const SOCKS_NO_HOST: u8 = 4;
const SOCKS_REFUSED: u8 = 5;
const SOCKS_SLOW: u8 = 6;
const SOCKS_COMMAND: u8 = 7;
const SOCKS_KIND: u8 = 8;
/// "access denied", fatal, as TLS says it before anything is sealed.
const TLS_DENIED: [u8; 7] = [21, 3, 3, 0, 2, 2, 49];

/// What a program wants of its proxy.
pub(super) enum Asked {
    /// A way, to say on it what it likes.
    Way(Target),
    /// That a request is sent on.
    Forward(Forward),
}

impl Asked {
    pub(super) fn target(&self) -> &Target {
        match self {
            Self::Way(target) => target,
            Self::Forward(forward) => &forward.target,
        }
    }

    pub(super) fn forward(&self) -> Option<&Forward> {
        match self {
            Self::Way(_) => None,
            Self::Forward(forward) => Some(forward),
        }
    }

    /// A request that only reads is all there: paths and methods of a grant count. Of any other, nobody here sees what is
    /// sent, so it takes what a way takes.
    pub(super) fn demand(&self) -> Result<NetworkDemand, UrlError> {
        match self {
            Self::Forward(Forward { method, url, has_body: false, has_credentials, .. })
                if matches!(&**method, "GET" | "HEAD") =>
            {
                Ok(NetworkDemand::new(&**method, url.clone(), &[], *has_credentials))
            }
            Self::Forward(forward) => {
                let mut demand = NetworkDemand::connection(&forward.target.host, forward.target.port)?;
                demand.has_credentials = forward.has_credentials;
                Ok(demand)
            }
            Self::Way(target) => NetworkDemand::connection(&target.host, target.port),
        }
    }
}

pub(super) struct Program<L: Line> {
    pub(super) held: Held<L>,
    /// What it said and nobody took.
    pub(super) said: Vec<u8>,
}

impl<L: Line> Program<L> {
    pub(super) fn new(line: L) -> Self {
        Self { held: Held::new(line), said: Vec::new() }
    }

    /// Hears more. `false`: there is no more, or it is more than can be held.
    pub(super) async fn more(&mut self) -> bool {
        if self.said.len() >= AHEAD_BYTES_MAX {
            return false;
        }
        matches!(self.held.line.read_buf(&mut self.said).await, Ok(count) if count > 0)
    }

    /// Comes back when it has gone. What it says meanwhile is kept.
    pub(super) async fn gone(&mut self) {
        while self.more().await {}
        if self.said.len() >= AHEAD_BYTES_MAX {
            std::future::pending::<()>().await;
        }
    }

    /// What it wants.
    pub(super) async fn greet(&mut self, dialect: &mut Option<Dialect>) -> Result<Asked, TunnelOutcome> {
        while self.said.is_empty() {
            if !self.more().await {
                return Err(TunnelOutcome::Broken);
            }
        }
        if self.said[0] != SOCKS5_BEGINS {
            // Whoever speaks neither would not understand a no either.
            *dialect = self.said[0].is_ascii_uppercase().then_some(Dialect::Connect);
            return match self.understand(connect_read).await? {
                Ok(target) => Ok(Asked::Way(target)),
                Err(ConnectFault::Method) => {
                    *dialect = Some(Dialect::Forward);
                    self.forward().await
                }
                Err(fault) => Err(TunnelOutcome::Misspoken(match fault {
                    ConnectFault::Unclear | ConnectFault::Method => Misspoken::Language,
                    ConnectFault::Target => Misspoken::Target,
                    ConnectFault::Body => Misspoken::Body,
                    ConnectFault::TooLarge => Misspoken::TooLarge,
                })),
            };
        }
        let greeting = |bytes: &[u8]| greeting_read(bytes).map(|read| read.map(|bytes| ((), bytes)));
        *dialect = Some(Dialect::Socks5);
        self.understand(greeting).await?.map_err(misspoken_socks)?;
        self.answer(&[SOCKS5_BEGINS, 0]).await?;
        self.understand(request_read).await?.map_err(misspoken_socks).map(Asked::Way)
    }

    /// A request to be sent on. It stays said: whoever sends it reads it once more.
    async fn forward(&mut self) -> Result<Asked, TunnelOutcome> {
        loop {
            match forward_read(&self.said) {
                Ok(Some((forward, _))) => return Ok(Asked::Forward(forward)),
                Ok(None) if self.more().await => {}
                Ok(None) => return Err(TunnelOutcome::Broken),
                Err(fault) => {
                    return Err(TunnelOutcome::Misspoken(match fault {
                        PlainFault::Unclear => Misspoken::Language,
                        PlainFault::Nameless => Misspoken::Nameless,
                        PlainFault::Address => Misspoken::Address,
                        PlainFault::TooLarge => Misspoken::TooLarge,
                    }));
                }
            }
        }
    }

    /// Hears as much as it takes to understand it, and takes that away.
    async fn understand<T, E>(
        &mut self,
        read: impl Fn(&[u8]) -> Result<Option<(T, usize)>, E>,
    ) -> Result<Result<T, E>, TunnelOutcome> {
        loop {
            match read(&self.said) {
                Ok(Some((understood, bytes))) => {
                    self.said.drain(..bytes);
                    return Ok(Ok(understood));
                }
                Ok(None) if self.more().await => {}
                Ok(None) => return Err(TunnelOutcome::Broken),
                Err(fault) => return Ok(Err(fault)),
            }
        }
    }

    /// Says something to it.
    pub(super) async fn answer(&mut self, bytes: &[u8]) -> Result<(), TunnelOutcome> {
        let said = async {
            self.held.line.write_all(bytes).await?;
            self.held.line.flush().await
        };
        said.await.map_err(|_| TunnelOutcome::Broken)
    }

    /// There is a way. Whoever wants a request sent on hears its answer.
    pub(super) async fn accept(&mut self, dialect: Dialect) -> Result<(), TunnelOutcome> {
        match dialect {
            Dialect::Forward => Ok(()),
            Dialect::Connect => self.answer(b"HTTP/1.1 200 Connection established\r\n\r\n").await,
            Dialect::Socks5 => self.answer(&socks_reply(SOCKS_DONE)).await,
        }
    }

    /// There is none, and why.
    pub(super) async fn refuse(&mut self, dialect: Option<Dialect>, outcome: &TunnelOutcome) {
        let Some((status, code, text)) = refusal(outcome) else { return };
        match dialect {
            Some(Dialect::Connect | Dialect::Forward) => self.farewell(http_answer(status, &text).as_bytes()).await,
            // Said before a request was: no method that it offers will do.
            Some(Dialect::Socks5) if *outcome == TunnelOutcome::Misspoken(Misspoken::Credentials) => {
                self.farewell(&[SOCKS5_BEGINS, 0xff]).await;
            }
            Some(Dialect::Socks5) => self.farewell(&socks_reply(code)).await,
            None => {}
        }
    }

    /// What it said first may not go on: said in the language that it spoke.
    pub(super) async fn refuse_first(&mut self, text: &str) {
        match self.said.first() {
            Some(&TLS_BEGINS) => self.farewell(&TLS_DENIED).await,
            Some(byte) if byte.is_ascii_uppercase() => {
                self.farewell(http_answer("403 Forbidden", text).as_bytes()).await
            }
            _ => {}
        }
    }

    /// The last thing that it hears.
    async fn farewell(&mut self, bytes: &[u8]) {
        let said = async {
            self.held.line.write_all(bytes).await?;
            self.held.line.shutdown().await
        };
        let said = timeout(Duration::from_millis(FAREWELL_MS), said).await;
        if matches!(said, Ok(Ok(()))) {
            self.part().await;
        }
    }

    /// What it still says is read for a moment: who closes on unread words takes back their own.
    pub(super) async fn part(&mut self) {
        let line = &mut self.held.line;
        let heard = timeout(Duration::from_millis(FAREWELL_MS), async {
            let (mut piece, mut rest) = ([0; 1 << 10], AHEAD_BYTES_MAX);
            while rest > 0 {
                match line.read(&mut piece).await? {
                    0 => break,
                    count => rest = rest.saturating_sub(count),
                }
            }
            Ok::<_, std::io::Error>(())
        });
        self.held.is_whole = matches!(heard.await, Ok(Ok(())));
    }
}

fn misspoken_socks(fault: SocksFault) -> TunnelOutcome {
    TunnelOutcome::Misspoken(match fault {
        SocksFault::Unclear => Misspoken::Language,
        SocksFault::Credentials => Misspoken::Credentials,
        SocksFault::Command => Misspoken::Command,
        SocksFault::Kind => Misspoken::Kind,
        SocksFault::Target => Misspoken::Target,
    })
}

/// A no in both languages. None for what nobody waits for.
fn refusal(outcome: &TunnelOutcome) -> Option<(&'static str, u8, String)> {
    const FORBIDDEN: &str = "403 Forbidden";
    const BAD_GATEWAY: &str = "502 Bad Gateway";
    const UNAVAILABLE: &str = "503 Service Unavailable";
    const TIMEOUT: &str = "504 Gateway Timeout";
    Some(match outcome {
        TunnelOutcome::Denied(denied) => (FORBIDDEN, SOCKS_DENIED, denied.message()),
        TunnelOutcome::Failed(error) => {
            let (status, code) = match error {
                EgressError::Unresolved { .. } => (BAD_GATEWAY, SOCKS_NO_HOST),
                EgressError::Unreachable { why: NOBODY_LISTENS, .. } => (BAD_GATEWAY, SOCKS_REFUSED),
                EgressError::Unreachable { why: NO_WAY, .. } => (BAD_GATEWAY, SOCKS_NO_NETWORK),
                EgressError::Slow { .. } => (TIMEOUT, SOCKS_SLOW),
                EgressError::Unreachable { .. } => (BAD_GATEWAY, SOCKS_NO_HOST),
                _ => (BAD_GATEWAY, SOCKS_FAILED),
            };
            (status, code, error.to_string())
        }
        TunnelOutcome::Misspoken(misspoken) => {
            let (status, code) = match misspoken {
                Misspoken::TooLarge => ("431 Request Header Fields Too Large", SOCKS_FAILED),
                Misspoken::Slow => ("408 Request Timeout", SOCKS_FAILED),
                Misspoken::Command => ("400 Bad Request", SOCKS_COMMAND),
                Misspoken::Kind => ("400 Bad Request", SOCKS_KIND),
                Misspoken::Language
                | Misspoken::Address
                | Misspoken::Nameless
                | Misspoken::Target
                | Misspoken::Body
                | Misspoken::Credentials => ("400 Bad Request", SOCKS_FAILED),
            };
            (status, code, misspoken.to_string())
        }
        TunnelOutcome::Ended(_) | TunnelOutcome::Stopped => {
            (UNAVAILABLE, SOCKS_FAILED, EgressError::Ended(broker::LeaseEnd::Stopped).to_string())
        }
        TunnelOutcome::Closed | TunnelOutcome::Withdrawn(_) | TunnelOutcome::Idle { .. } | TunnelOutcome::Broken => {
            return None;
        }
    })
}

fn http_answer(status: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n\
         {text}\n",
        text.len() + 1
    )
}
