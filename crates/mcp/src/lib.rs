//! The Model Context Protocol, both ways: servers that others wrote become apps here, and what apps here can do is offered to
//! clients that others wrote.
//!
//! Never here: a program that is started, a file that is opened, a connection that is made other than through what the caller
//! hands in. What a server may touch is its app's card, and the broker's to decide.

pub mod app; // a server as an app
pub mod client; // what we say to a server
pub mod connect; // our server in a client's configuration
pub mod import; // servers that a client's configuration names
pub mod server; // what we say to a client
