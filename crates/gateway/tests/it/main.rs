//! The doors as their clients meet them, with a household behind them that only notes what it is asked.

#![expect(clippy::unwrap_used, reason = "tests")]

mod access; // who is let in, and until when
mod answering; // the origins on which apps answer
mod answers; // JSON, events, problems, pages, tags
mod described; // the API's description
mod every_request; // what the client says, the routes hear
mod files; // bytes in and out
mod frames; // the origins of views
mod guesses; // a door that is guessed at from many connections
mod line; // the WebSocket
mod newcomers; // what strangers can do before they are let in
mod page; // the page, for whoever asks
mod raw; // bytes that are no request, or two
mod stage; // a household that answers what it is told to
