//! Our server in a client's configuration.
