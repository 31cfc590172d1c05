//! The way out for a program that has a network of its own, on which nobody is but its proxy.
//!
//! The program asks its proxy for a way, in the words of HTTP (`CONNECT`) or of SOCKS5, or hands it a request with a whole
//! address (`GET http://…`) to be sent on. Each is a demand like any other: the broker decides, the name is resolved here, each
//! address is shown to the permit, and the connection goes to an address that was.
//!
//! **Over TLS** the program speaks with the host by itself. What it says first has to name the host that was allowed by the
//! server's name, also where the host wants to hear it again, or none of it is sent: many servers share an address, and who was
//! let in for one of them was not let in for all. What it says after that nobody reads. So a run that has read what is private
//! gets such a way only from a person.
//!
//! **A sealed first word** (encrypted ClientHello) may be for any host that the server behind the address answers for, and what
//! browsers send for show looks the same, on purpose. It passes where any public host was granted, since then it makes no
//! difference, and the log says so; where hosts were named it is refused, with the outer name looked at in both cases. A browser
//! with a few hosts has to be started without it.
//!
//! **Plain HTTP** is one request and its answer, whichever way it came: on a way that stayed open, the next request could name
//! another host behind the same address, and would be decided on by nobody. Both messages are read and written anew, so that
//! the host hears what was understood here: the `Host` that was allowed, one body, nothing that is for a proxy, and that the
//! line ends with the answer. What the program says after that goes nowhere; programs open another line for it. Other
//! protocols on top of HTTP (`Upgrade`, such as `ws:`) do not come to be; over TLS they do.
//!
//! What the program holds of other runs that it serves is its [`Warden`]'s to know. A way is looked at again whenever that, or
//! what its own run has read, is no longer what was decided on.
//!
//! Nothing waits without an end, everything is counted, and everything ends with the run, with its grants, and with
//! [`Tunnels`].

mod bounds; // how much, how long
mod carry; // bytes, both ways
mod exchange; // one request of plain HTTP, and its answer
mod first; // what is said first
mod line; // what is spoken over
mod live; // what is open
mod program; // the program's end
mod record; // who decides, and what is written down
mod serve; // one connection
mod tunnels; // all of them
mod watched; // the host's end of an exchange

pub use bounds::TunnelBounds;
pub use line::{Line, Listen};
pub use record::{Asking, Dialect, Misspoken, Noting, Speech, TunnelOutcome, TunnelRecord, Warden};
pub use tunnels::Tunnels;
