//! How much, and how long, for the tunnels of one program.

/// How often tunnels are looked at again: a grant that was taken back closes them within a second.
pub(super) const LOOK_EVERY_MS: u64 = 250;
/// Bytes that are held of each direction: what `tokio` and kernels move at once, and 8 MiB for all tunnels of a program.
pub(super) const PIECE_BYTES: usize = 16 << 10;
/// Bytes that a program may say before it was answered. They are held in memory: the largest hello, and a request after it.
pub(super) const AHEAD_BYTES_MAX: usize = 64 << 10;
/// What a program may send between two hellos: data for a server that knows it (TLS 1.3, at most 16 KiB of most servers).
pub(super) const EARLY_BYTES_MAX: usize = 128 << 10;
/// After a no, how long the program may take to hear it, and how much of what it still says is read meanwhile.
pub(super) const FAREWELL_MS: u64 = 1_000;
/// After a listener failed, such as for want of descriptors, how long nobody is let in.
pub(super) const ACCEPT_PAUSE_MS: u64 = 100;
/// For everything to close after a stop. Nothing waits for the network then.
pub(super) const STOP_MS: u64 = 2_000;

/// The bounds of the tunnels of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelBounds {
    /// Connections to the proxy at once; further ones wait to be let in. Browsers open 256 in all.
    pub connections: u32,
    /// Connections that begin within a second: far more than honest programs, and few enough to be written down.
    pub begun_per_second: u32,
    /// To say where to. It is on the same machine.
    pub greeting_ms: u64,
    /// For a person to answer, where the grant says so; a little more than they are given.
    pub ask_ms: u64,
    /// For a name to be resolved, and for each address to be connected to.
    pub connect_ms: u64,
    /// For both together.
    pub open_ms: u64,
    /// From the answer that there is a way to the end of what is said first: programs may open a way ahead of its use.
    pub first_ms: u64,
    /// Without a byte in either direction: servers that push say something each minute or two.
    pub idle_ms: u64,
}

impl Default for TunnelBounds {
    fn default() -> Self {
        Self {
            connections: 256,
            begun_per_second: 200,
            greeting_ms: 10_000,
            ask_ms: 610_000,
            connect_ms: 10_000,
            open_ms: 30_000,
            first_ms: 30_000,
            idle_ms: 600_000,
        }
    }
}
