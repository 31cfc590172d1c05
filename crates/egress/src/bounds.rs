//! How much, and how long.

/// Headers of an answer: real servers send fewer than half of that.
pub const HEADERS_MAX: usize = 128;
/// Their bytes, names and values together: as much as browsers take.
pub const HEAD_BYTES_MAX: usize = 64 << 10;
/// Redirects in a row: half of what browsers follow, and far more than an honest site has.
pub const REDIRECTS_MAX: u8 = 10;
/// Addresses of a name that are looked at. All of them are checked, so an answer with more is refused.
pub const ADDRESSES_MAX: usize = 32;
/// Of these, as many are tried.
pub(crate) const ADDRESSES_TRIED: usize = 4;

/// A user and a password for a proxy: far more than anybody remembers.
pub(crate) const PROXY_CREDENTIALS_BYTES_MAX: usize = 4 << 10;

/// The bounds of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a body; past them the request fails.
    pub body_bytes: usize,
    /// For a name to be resolved, and for each address to be connected to, TLS included.
    pub connect_ms: u64,
    /// From the request to the head of the answer.
    pub answer_ms: u64,
    /// Between two pieces of the body.
    pub idle_ms: u64,
    /// For everything together, however steadily it comes.
    pub total_ms: u64,
}

impl Bounds {
    /// For an app. The whole stays below the time after which a run without progress is taken for stuck, so that a slow
    /// server fails its request and not the run.
    pub const fn app(body_bytes: usize) -> Self {
        Self { body_bytes, connect_ms: 10_000, answer_ms: 30_000, idle_ms: 15_000, total_ms: 50_000 }
    }

    /// For an MCP server: its answer may be a stream that goes on for as long as a tool works, with questions in it. Whoever
    /// called decides how long silence may last.
    pub const fn server(body_bytes: usize) -> Self {
        Self { body_bytes, connect_ms: 10_000, answer_ms: 1_800_000, idle_ms: 1_800_000, total_ms: 3_600_000 }
    }

    /// For a package that the owner waits for: over a slow line, too.
    pub const fn package(body_bytes: usize) -> Self {
        Self { body_bytes, connect_ms: 10_000, answer_ms: 30_000, idle_ms: 30_000, total_ms: 600_000 }
    }
}

const _: () = assert!(Bounds::app(0).total_ms < protocol::limit::IDLE_MS);
