//! What we say to a server.
