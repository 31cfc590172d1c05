//! Every way in from outside: who may come in, and by what right. Decodes, dispatches, encodes; never decides what a
//! caller may do with an app (that is the broker's), and never performs anything.
//!
//! ```
//! use gateway::auth::{Credential, Kind};
//! use testkit::TestEntropy;
//! let key = Credential::generate(Kind::Key, &TestEntropy::seeded(1));
//! let text = key.text();
//! assert!(text.expose().starts_with("oikos_"));
//! assert_eq!(Credential::read(Kind::Key, text.expose())?.digest(), key.digest());
//! assert_eq!(format!("{key:?} {text}"), "Credential(Key, «secret») «secret»");
//! # Ok::<(), gateway::auth::CredentialFault>(())
//! ```

pub mod auth; // who may come in
