//! The door for pages that keep a line open: a WebSocket that carries envelopes. Many messages at once, each answered by
//! its own id; a reader that is slow slows its own answers down.

mod answers; // answers by the id of their question
mod asked; // what the owner is asked, told without being asked for
mod handshake; // from a request to a WebSocket
mod orders; // what messages ask for, and what is said to it
mod places; // how many lines there may be

pub(crate) use answers::Answers;
pub(crate) use places::Lines;

use crate::{Doors, auth::Admitted, doors::revoked, envelope::encode, serve::Ending};
use futures_util::{SinkExt as _, StreamExt as _};
use handshake::{Opened, Socket};
use orders::Line;
use protocol::{ErrorCode, Failure};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt as _,
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{
    self, Bytes, Message, Utf8Bytes,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

/// Longest message: an input of 4 MiB with what stands around it. The route takes an input whose escapes make it longer.
pub(crate) const MESSAGE_BYTES_MAX: usize = 5 << 20;
/// What is written at a time. A longer message goes out in parts of this, so that a line which said something long once
/// does not hold that much for as long as it is open.
const PART_BYTES: usize = 32 << 10;
/// Messages of one line that are being read and answered at once, runs aside. Further ones wait their turn unread.
const ORDERS_MAX: usize = 8;
/// Messages that wait for a slow reader.
const MESSAGES_WAITING_MAX: usize = 16;
/// How often the other end is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long it may say nothing at all, not even that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(75);
/// Pings and pongs that are taken between two of ours: ten a second are many.
const PINGS_MAX: u32 = 300;
/// How long it may take to say why a line ends.
const FAREWELL_WAIT: Duration = Duration::from_secs(1);
/// What is still on its way is taken and thrown away up to this, or the system would throw away the farewell with it.
const LINGER_BYTES_MAX: usize = 64 << 20;

pub(crate) use handshake::open;

/// Why a line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parting {
    /// Who was at the other end has gone, or took nothing for too long.
    Gone,
    /// What they came in by holds no longer.
    Revoked,
    /// The door closes.
    Ending,
    /// They said nothing, not even that they are there.
    Silent,
    /// A message was larger than one may be.
    TooLarge,
    /// They did not keep to the protocol.
    Broken(CloseCode, &'static str),
}

/// Talks until one of both has had enough.
async fn serve(opened: Opened, doors: Doors, admitted: Admitted, mut ending: Ending) {
    let Opened { mut socket, arrival, place: _place, line: _line } = opened;
    let Ok(access) = doors.access() else { return };
    let over = access.over(&admitted);
    drop(access);
    let device = admitted.caller.device;
    let (out, waiting) = mpsc::channel(MESSAGES_WAITING_MAX);
    let line = Arc::new(Line::new(doors, admitted.clone(), arrival, out));
    let parting = tokio::select! {
        biased;
        // Nothing more is told to whoever came in by what is revoked, however much there is to tell.
        () = over => Parting::Revoked,
        () = ending.come() => Parting::Ending,
        parting = converse(&mut socket, &line, waiting) => parting,
    };
    tracing::debug!(owner = admitted.caller.owner.0, ?parting, "a line ended");
    drop(line);
    let failure = match &parting {
        Parting::Revoked => Some(revoked()),
        Parting::TooLarge => {
            let most = protocol::Arg::Bytes(MESSAGE_BYTES_MAX as u64);
            let failure = Failure::new(ErrorCode::TooLarge, format!("the message is larger than {most}"));
            Some(failure.hint("files are named by their paths, and not sent"))
        }
        _ => None,
    };
    let mut last = failure.map(|failure| orders::error(None, device, &failure));
    if parting == Parting::Ending {
        last = Some(encode("EVENT", None, device, &json!({ "event": "ending" })));
    }
    drop(timeout(FAREWELL_WAIT, farewell(&mut socket, &parting, last)).await);
}

async fn converse(socket: &mut Socket, line: &Arc<Line>, mut waiting: mpsc::Receiver<String>) -> Parting {
    let places = Arc::new(Semaphore::new(ORDERS_MAX));
    let (mut heard, mut ping_at, mut pings) = (Instant::now(), Instant::now() + PING_EVERY, 0);
    // For the next message: without one, nothing is read.
    let mut place = None;
    let mut asked = line.attend();
    loop {
        let (said, began) = tokio::select! {
            free = places.clone().acquire_owned(), if place.is_none() => {
                // What could not be read meanwhile is no silence.
                (place, heard) = (free.ok(), Instant::now());
                continue;
            }
            said = waiting.recv() => (said.map(Message::text), Instant::now()),
            () = asked.changed() => {
                let began = Instant::now();
                for news in asked.news(line) {
                    if say(socket, Message::text(news)).await.is_err() {
                        return Parting::Gone;
                    }
                }
                heard += began.elapsed();
                continue;
            }
            read = socket.next(), if place.is_some() => {
                heard = Instant::now();
                match read {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(place) = place.take() {
                            line.take(text.as_str(), place);
                        }
                        continue;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                        pings += 1;
                        if pings > PINGS_MAX {
                            return Parting::Broken(CloseCode::Policy, "too many pings");
                        }
                        continue;
                    }
                    Some(Ok(Message::Binary(_))) => {
                        let failure = Failure::new(ErrorCode::InvalidInput, "messages are text");
                        (Some(Message::text(orders::error(None, line.device(), &failure))), heard)
                    }
                    Some(Ok(Message::Close(_))) | None => return Parting::Gone,
                    Some(Err(error)) => return broken(&error),
                }
            }
            () = sleep_until(ping_at) => {
                if place.is_some() && heard.elapsed() > SILENCE_MAX {
                    return Parting::Silent;
                }
                (ping_at, pings) = (Instant::now() + PING_EVERY, 0);
                (Some(Message::Ping(Bytes::new())), Instant::now())
            }
        };
        let Some(said) = said else { return Parting::Gone };
        if say(socket, said).await.is_err() {
            return Parting::Gone;
        }
        // Nor is it silence while they read: who takes nothing at all for a minute is cut off below.
        heard += began.elapsed();
    }
}

/// Says something, a part at a time.
async fn say(socket: &mut Socket, said: Message) -> Result<(), tungstenite::Error> {
    let text = match said {
        Message::Text(text) if text.len() > PART_BYTES => Bytes::from(text),
        other => return socket.send(other).await,
    };
    let mut parts = text.len().div_ceil(PART_BYTES);
    let mut rest = text;
    let mut kind = Data::Text;
    while parts > 0 {
        parts -= 1;
        let part = rest.split_to(PART_BYTES.min(rest.len()));
        socket.send(Message::Frame(Frame::message(part, OpCode::Data(kind), parts == 0))).await?;
        kind = Data::Continue;
    }
    Ok(())
}

fn broken(error: &tungstenite::Error) -> Parting {
    use tungstenite::Error as E;
    match error {
        E::Capacity(_) => Parting::TooLarge,
        E::Utf8(_) => Parting::Broken(CloseCode::Invalid, "a text that is none"),
        E::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => Parting::Gone,
        E::Protocol(_) => Parting::Broken(CloseCode::Protocol, "not as RFC 6455 says"),
        _ => Parting::Gone,
    }
}

/// Says why the line ends, and waits until that was heard.
async fn farewell(socket: &mut Socket, parting: &Parting, last: Option<String>) -> Result<(), tungstenite::Error> {
    let (code, reason) = match parting {
        // Whoever said goodbye is answered by being read on.
        Parting::Gone => {
            while let Some(Ok(_)) = socket.next().await {}
            return Ok(());
        }
        // Registered with IANA as "Unauthorized" and "Timeout".
        Parting::Revoked => (CloseCode::Library(3000), "unauthenticated"),
        Parting::Silent => (CloseCode::Library(3008), "silent for too long"),
        Parting::Ending => (CloseCode::Away, "ending"),
        Parting::TooLarge => (CloseCode::Size, "too_large"),
        Parting::Broken(code, why) => (*code, *why),
    };
    if let Some(last) = last {
        say(socket, Message::text(last)).await?;
    }
    let reason = Utf8Bytes::from_static(reason);
    socket.close(Some(CloseFrame { code, reason })).await?;
    if !matches!(parting, Parting::TooLarge | Parting::Broken(..)) {
        // What they still say is not for us any more, until they say that they heard it.
        while let Some(Ok(_)) = socket.next().await {}
        return Ok(());
    }
    // What comes now makes no sense, or would not fit.
    let (mut bytes, mut lingered) = (vec![0; 8 << 10], 0);
    let io = socket.get_mut();
    while lingered < LINGER_BYTES_MAX {
        match io.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(read) => lingered += read,
        }
    }
    Ok(())
}
