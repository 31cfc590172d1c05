//! The one HTTP client, and the way out for programs: check, connect to what was checked, account.
//!
//! A request goes where a [`Permit`](broker::Permit) of the broker says and nowhere else. Its host is resolved once, each
//! address is shown to the permit, and the connection goes to an address that was; whoever answers a name with another
//! address the next moment is not asked again. A redirect is an answer like any other: [`redirect`] says what would be
//! asked next, and that needs a permit of its own.
//!
//! Nothing here reads the environment, keeps cookies, undoes a compression or hands a connection from one run to another. A
//! proxy is followed where the operator's configuration names one, and then to the address that was checked. Everything is bounded: see [`Bounds`].
//!
//! A program that runs in a box of its own speaks its protocols by itself. What it reaches is decided and reached the same way,
//! through [`Tunnels`] that its proxy opens for it; of plain HTTP, its proxy sends on one request at a time.
//!
//! Bodies come as they are sent. The client asks for no compression (`accept-encoding: identity`) and undoes none: what apps
//! read is small, and a decoder would be one more parser of hostile bytes whose output somebody has to bound.
//!
//! ```
//! use egress::redirect;
//! use broker::WebUrl;
//!
//! let here = WebUrl::parse("https://example.com/a").unwrap();
//! let next = redirect("POST", &here, 303, "/b").unwrap().unwrap();
//! assert_eq!((next.method.as_str(), next.url.as_str()), ("GET", "https://example.com/b"));
//! assert!(!next.keeps_body && !next.leaves_origin);
//! ```

mod bounds; // how much, how long
mod client; // one request
mod connect; // resolve, check, connect to what was checked
mod error; // why there is no answer
mod leash; // how long a step may take, and whether the run goes on
mod meter; // what comes in, as it comes
mod next; // what a redirect asks for
mod pool; // open connections of a run
mod proxy; // the operator's proxy
mod resolver; // from a name to addresses
mod tunnel; // ways out for programs
mod usage; // what was moved for whom
pub mod wire; // what programs say on such a way, read

pub use bounds::{ADDRESSES_MAX, Bounds, HEAD_BYTES_MAX, HEADERS_MAX, REDIRECTS_MAX};
pub use client::{Answer, Client, ClientConfig, Outgoing};
pub use error::{EgressError, Failed};
pub use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
pub use next::{Next, is_credential, redirect};
pub use proxy::{Proxy, ProxyError, ProxyFault};
pub use resolver::{Resolver, Resolving, SystemResolver};
pub use tunnel::{
    Asking, Dialect, Line, Listen, Misspoken, Noting, Speech, TunnelBounds, TunnelOutcome, TunnelRecord, Tunnels,
    Warden,
};
pub use usage::Usage;
