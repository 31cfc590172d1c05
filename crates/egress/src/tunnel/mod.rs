//! The way out for a program that has a network of its own, on which nobody is but its proxy.
//!
//! The program asks its proxy for a way, in the words of HTTP (`CONNECT`) or of SOCKS5. A way is a demand like any other:
//! the broker decides, the name is resolved here, each address is shown to the permit, and the connection goes to an address
//! that was. Then the program speaks with the host by itself. What it says first has to name the host that was
//! allowed, in TLS by the server's name and in plain HTTP by `Host`, or none of it is sent: many servers share an address, and
//! who was let in for one of them was not let in for all. What it says after that nobody reads.
//!
//! Nothing waits without an end, everything is counted, and everything ends with the run, with its grants, and with
//! [`Tunnels`].

mod bounds; // how much, how long
mod carry; // bytes, both ways
mod first; // what is said first
mod line; // what is spoken over
mod live; // what is open
mod program; // the program's end
mod record; // who decides, and what is written down
mod serve; // one connection
mod tunnels; // all of them

pub use bounds::TunnelBounds;
pub use line::{Line, Listen};
pub use record::{Asking, Dialect, Misspoken, Noting, Speech, TunnelOutcome, TunnelRecord, Warden};
pub use tunnels::Tunnels;
