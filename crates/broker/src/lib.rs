//! Decides who may do what, and says why not. Pure and synchronous.
//!
//! An effect demands a [`Permit`]; only [`Broker::decide`] and [`Broker::settle`] make one. An app gets what its
//! manifest asks for *and* its owner granted *and* its zone allows, for as long as the run's [`Lease`] holds. Nothing
//! here performs an effect, reads a file or a clock, or waits for a person: a decision that needs one comes back as a
//! [`Decision::Ask`], and the kernel waits.
//!
//! ```
//! use broker::{Broker, Decision, StorageDemand, StorageVerb};
//! use protocol::*;
//!
//! let broker = Broker::new(Zone::Local, vec![]);
//! let caller = Caller { owner: OwnerId::LOCAL, device: DeviceId(Default::default()), door: Door::Socket, rights: Rights::OWNER, client: None };
//! let app: AppName = "notes".parse().unwrap();
//! # struct Fixed; impl Clock for Fixed { fn now(&self) -> Timestamp { Timestamp(0) } fn monotonic_ns(&self) -> u64 { 0 } }
//! # impl Entropy for Fixed { fn fill(&self, _: &mut [u8]) {} }
//! let run = RunId::new(&Fixed, &Fixed);
//! let lease = broker.lease_open(caller, &app, run, Limits::default(), 0);
//! let demand = StorageDemand { verb: StorageVerb::Get, key: "a".into() };
//! // Nobody granted storage, so the answer is a no that names its rule.
//! assert!(matches!(broker.decide(&lease, demand, Timestamp(0)), Decision::Denied(_)));
//! ```

mod broker; // the decision
mod card; // what the owner sees before an install
mod covers; // whether one scope holds all of another
mod grants; // what owners allowed
mod lease; // a run's right to go on
mod permit; // the proof that an effect demands
mod questions; // what persons are asked, and their answers
pub mod scopes; // what can be demanded, one file per family

pub use broker::{Ask, Broker, Decision, Denied, Resolve};
pub use card::{CardSource, CardSubject, card_build, card_lines};
pub use covers::covers;
pub use grants::{AppGrants, Bound, Folder, Grant, GrantError};
pub use lease::{Lease, LeaseEnd, LeaseEnded, Slot};
pub use permit::{Basis, Permit};
pub use questions::{AnswerError, Asking, QuestionBoard, Settled};
pub use scopes::{
    Demand, Verdict,
    event::{EventDemand, Start, may_send},
    file::{FileDemand, FileVerb, Picked, ProtectedFolder, Root, RootKind, Target},
    mcp::{McpDemand, bind_command, bound_target, tool_read, tools_left, tools_with},
    network::{
        NetworkDemand, host_covers, is_near, is_private_host, rule_read, rule_text, rules_left, rules_only, rules_with,
        url::{UrlError, WebHost, WebUrl},
    },
    room::RoomDemand,
    secret::{SecretBound, SecretDemand, secret_host_read},
    shell::{Program, Room, ShellDemand},
    storage::{StorageDemand, StorageVerb},
    verdict,
};
