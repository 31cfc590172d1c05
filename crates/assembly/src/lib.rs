//! Puts the parts of oikos together for a mode: home, lock, store, keys, broker, sandbox, effects, kernel, and the
//! socket by which other processes come in. The embeddable library; the command line is a thin client of it.
//!
//! Nothing here decides, performs or renders: it composes, by plain constructors, without globals. Beside that stands what
//! authors do with folders of their own: make, look at, try, pack and sign an app.
//!
//! ```no_run
//! # async fn example() -> Result<(), protocol::Failure> {
//! use assembly::{Client, Config};
//! use protocol::api::{Envelope, Request};
//! let client = Client::connect(&Config::new("/tmp/household")).await?;
//! let answer = client.ask(Envelope { presence: false, owner: None, request: Request::AppList }).await?;
//! println!("{:?}", answer.reply().await?);
//! client.close().await;
//! # Ok(())
//! # }
//! ```

mod apart; // workers and programs, each in its box
mod api; // from a request to the kernel and back
mod author; // what authors do with a folder
mod authorities; // whom an operator trusts beside the public authorities
mod boxes; // what this machine keeps programs to
mod client; // how a process reaches an oikos
mod config; // what a household is set up with
mod config_file; // the same, as an operator writes it
mod connecting; // oikos in the configuration of MCP clients
mod doctor; // everything that could be wrong
mod door; // the door that others reach, as the set-up says
mod exposition; // figures as Prometheus reads them
mod files; // the files of an operator
mod follow; // what happens, told as it happens
mod importing; // servers that other programs have set up
mod log_file; // what a service tells its operator
mod metrics; // what a service counts
mod observe; // to whom a service tells what it does
mod offering; // apps, for MCP clients
mod oikos; // one oikos, put together
mod outside; // what can be seen without asking
mod pack; // an author's folder into an archive
mod proxy; // what leads out of the operator's network
mod readiness; // whether requests can be answered now
mod sandboxes; // the sandbox, made when it is needed
mod servers; // MCP servers, as the API tells of them
mod service; // a process that is up for long
mod sign_ins; // signing in to servers elsewhere
mod signing; // an author's keys, and what they sign
mod socket; // the way in for other processes
mod starters; // apps that come with oikos
mod system; // the system's clock and randomness
mod telemetry; // traces, for a collector
mod vault; // what opens the household's secrets

pub use apart::worker_main;
pub use author::{
    CaseResult, DevEvent, Gravity, HostileResult, LintReport, Reloaded, Remark, SourceForm, TrialReport, app_dev,
    app_lint, app_new, app_test,
};
pub use boxes::{keeper, keeper_main};
pub use client::{Answers, Client};
pub use config::{
    Config, Doors, LogFormat, LogSetup, PORT, Person, ProxySetup, TelemetrySetup, TlsFiles, default_home, default_keys,
    default_publishers,
};
pub use doctor::{break_text, files_raise};
pub use door::Door;
pub use gateway::openapi;
pub use kernel::RestartPolicy;
pub use log_file::log_tail;
pub use observe::{LogWanted, observe};
pub use oikos::Oikos;
pub use outside::{Outside, doctor_outside};
pub use pack::{Packed, app_pack, file_write};
pub use service::{Service, ServiceNote, service, service_noted, service_words};
pub use signing::{
    AskPassphrase, OFFICIAL_KEY, OwnPublisher, Secret, Signed, Succeeded, app_sign, publisher_new, publisher_succeed,
    publishers_own,
};
pub use socket::{SocketPath, SocketServer};
pub use state::{Holder, last_holder};
pub use system::{SystemClock, SystemEntropy};
pub use telemetry::Telemetry;
pub use vault::{AskVaultPassphrase, VaultKeys};

/// Arms the fail points that the environment variable FAILPOINTS names, until the answer is dropped. Does nothing
/// unless built with the feature `failpoints`, which only the crash tests do.
#[must_use]
pub fn fail_points_arm() -> Option<impl Sized> {
    fail::has_failpoints().then(fail::FailScenario::setup)
}

/// Where a test ends the process on purpose. Nothing unless built with the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), expect(unused_variables, reason = "the macro is empty without the feature"))]
fn crash_point(name: &'static str) {
    fail::fail_point!(name, |_| std::process::abort());
}
