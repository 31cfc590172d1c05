//! A server with a household of fixtures behind it.

#[path = "door.rs"]
pub(crate) mod door;
#[path = "fixture.rs"]
pub(crate) mod fixture;
#[path = "tools.rs"]
pub(crate) mod tools;

use mcp::server::{About, Household, OfferedTool, Server, ServerParts};
use std::sync::Arc;

/// A result with everything that a reader might lose: members that it does not know, numbers that no machine number holds.
pub(crate) const ODD: &str = r#"{"content":[{"type":"hologram","x":1.000000000000000000001,"y":1e400}],"structuredContent":{"z":18446744073709551616,"a":[ 1 ]},"x-own":{"b":1,"a":2},"_meta":{"ui":{"resourceUri":"ui://other/view"}}}"#;

/// A server in front of a household.
pub(crate) fn server(household: Arc<dyn Household>) -> Server {
    let about = About {
        name: "oikos".to_owned(),
        title: "oikos".to_owned(),
        version: "0.1.0".to_owned(),
        instructions: Some("Fixtures of a test.".to_owned()),
    };
    let (clock, entropy) = (Arc::new(door::SystemClock::default()), Arc::new(door::SystemEntropy));
    Server::new(ServerParts { household, about, clock, entropy })
}

/// A tool of the app `test` that takes anything.
#[allow(dead_code, reason = "the program for the suite has none beside the suite's own")]
pub(crate) fn plain(name: &str) -> OfferedTool {
    fixture::tool("test", name, &serde_json::json!({"description": name, "inputSchema": {"type": "object"}}))
}
