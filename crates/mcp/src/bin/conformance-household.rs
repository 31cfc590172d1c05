//! The official suite's server under test: our server, in front of a household of fixtures. Never shipped.
//!
//! `conformance-household PORT` serves until it is ended.
#![expect(clippy::disallowed_methods, reason = "it composes a household of its own, as assembly does for oikos")]

#[path = "../../tests/server/world.rs"]
mod world;

use world::{door, fixture};

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let (listener, address) = door::listener(port).await;
    #[expect(clippy::print_stdout, reason = "whoever started it reads the address")]
    {
        println!("http://{address}/mcp");
    }
    door::serve(listener, world::server(fixture::Fixture::new(Vec::new()))).await;
}
