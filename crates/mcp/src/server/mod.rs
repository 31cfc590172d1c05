//! What we say to a client.
