//! The real binary, as its users meet it: through a terminal, from scripts, killed, full, and attacked.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "a kill comes at a moment of its own, and a seed from somewhere")]
#![expect(clippy::print_stdout, reason = "figures and seeds of a test are for whoever reads its output")]

mod asking; // what servers and clients have their people asked
mod authors; // working on an app while it runs
mod big_csv;
mod boxes; // the product's main job on a real file
mod bundles; // files of strangers that hold a server
mod burglar; // a program and a server that try everything, and what the log says of it
mod calling; // the guide to the API, as copied
mod collector; // traces are sent there
mod containers; // what only an engine of containers could start
mod crashes; // kill -9 at every moment
mod documents; // PDF files: whole, damaged and hostile
mod doors; // the port and the socket, from outside
mod elsewhere; // a server of the tests' own that is reached by an address
mod follow; // the log, as it is written
mod kit; // a home, the binary, a terminal
mod limits; // endless loops, stop, several terminals
mod mcp_clients; // what clients of `/mcp` hear of servers in their boxes
mod observing; // what a service tells, and what it never tells
mod page; // the page of `oikos up`
mod process; // a command that is under way, at a terminal or not
mod program_apps; // apps that are programs
mod program_secrets; // what a program is given and does not pass on
mod program_talk; // what oikos and a program say to each other
mod programs; // what runs in a box, and what it cannot
mod secrets; // a planted secret is nowhere but where it was sent
mod server_crowd; // many at once, and one many times
mod server_names; // by which names clients know their tools
mod server_views; // views of servers, and every value on the way
mod servers;
mod servers_alive; // how long their programs live
mod service; // a hundred runs under way when the service ends
mod sign_in; // servers elsewhere that want to know who asks
mod specs; // cases that anyone can write
mod tls; // certificates of the test's own, and a door that has them
mod tools; // an app calls the tools of a server
mod tools_aliases; // by a name of its own
mod traces; // what is told to a collector of traces
mod upgrades; // a version that takes over beside fifty runs
mod web; // pages for cases
