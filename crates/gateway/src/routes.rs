//! One handler a route: what it is called in the API's description, and the one request that it makes.

pub(crate) mod access; // who may come in
pub(crate) mod apps; // packages, cards, switches
pub(crate) mod events; // what starts apps
pub(crate) mod files; // files that come as bytes
pub(crate) mod household; // who answers, and whether all is well
pub(crate) mod imports; // servers that others have set up, and clients
pub(crate) mod keys; // secrets in the vault
pub(crate) mod log; // what happened
pub(crate) mod people; // questions to the owner, keys of publishers
pub(crate) mod runs; // start, watch, stop, take back
pub(crate) mod servers; // MCP servers and their tools
