//! Servers that a client's configuration names.
