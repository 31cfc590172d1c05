//! What a program says to its proxy, and first to a host, read. Pure: bytes come in, and what they mean goes out, or that more of them is
//! needed, or what is wrong with them. Where two readers could differ, nothing is read.

mod connect; // CONNECT of HTTP
mod head; // lines of HTTP
mod hello; // TLS: for whom it is
mod plain; // HTTP: for whom it is
mod socks; // SOCKS5
mod target; // a host and a port

pub use connect::{CONNECT_HEAD_BYTES_MAX, ConnectFault, connect_read};
pub use hello::{Answered, HELLO_BYTES_MAX, Hello, HelloFault, answer_read, hello_read};
pub use plain::{Forward, Plain, PlainFault, forward_read, plain_read};
pub use socks::{SocksFault, greeting_read, request_read, socks_reply};
pub use target::Target;
