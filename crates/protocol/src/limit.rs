//! The bounds of a run. Every bound is named and says why it has its value.

use crate::Zone;
use serde::{Deserialize, Serialize};

/// CPU time that guest code may use in one run: enough for a few MB of JSON work in the interpreter.
pub const GUEST_CPU_MS: u64 = 5_000;
/// Wall time of a run in zone local: long host work (a 1 GB file) fits, a forgotten run does not.
pub const WALL_MS_LOCAL: u64 = 600_000;
/// Wall time of a run in zone cloud (S0).
pub const WALL_MS_CLOUD: u64 = 5_000;
/// A run that neither streamed, nor asked, nor finished a host call for this long is taken for stuck.
pub const IDLE_MS: u64 = 60_000;
/// Linear memory of one run.
pub const MEMORY_BYTES: u64 = 128 << 20;
/// No answer of the host to the guest is larger; bigger things go by ranges and batches.
pub const HOST_RESULT_BYTES_MAX: usize = 4 << 20;
/// No argument of the guest to the host is larger: it is held in host memory while the call runs.
pub const HOST_ARGUMENT_BYTES_MAX: usize = 4 << 20;
/// Most that a request for an app may bring along: a form with a picture.
pub const ROUTE_BODY_BYTES_MAX: usize = 1 << 20;
/// Longest piece of a file that is handed over: it is held in memory until it is written, by each who hands one over.
pub const FILE_PIECE_BYTES_MAX: usize = 4 << 20;
/// Largest file that is handed over: what a page or a phone holds too. Larger ones are named by their path.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// Longest name of one: as long as file systems have them.
pub const FILE_NAME_CHARS_MAX: usize = 255;
/// What a run may stream in all. Past it the run ends: nobody reads more, and every viewer has to store it.
pub const STREAM_BYTES: u64 = 64 << 20;
/// What a run may log. Past it further lines are dropped and counted; the run goes on.
pub const LOG_BYTES: u64 = 1 << 20;
/// Host calls that a run may have under way at once, timers included.
pub const OPERATIONS: u32 = 256;
/// Files and tables that a run may have open at once.
pub const HANDLES: u32 = 64;
/// Host CPU spent on behalf of a run (parsing, hashing): generous for a 1 GB file, finite for a loop.
pub const HOST_CPU_MS: u64 = 300_000;
/// Bytes that effects may move for one run (read and written together).
pub const HOST_BYTES: u64 = 16 << 30;
/// What an app may keep in `storage` unless its card grants more.
pub const STORAGE_BYTES: u64 = 10 << 20;
/// The most an app may ask for: CPU of one run.
pub const GUEST_CPU_MS_MAX: u64 = 600_000;
/// The most an app may ask for: memory of one run. wasm32 with room for the host.
pub const MEMORY_BYTES_MAX: u64 = 512 << 20;

/// The bounds of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Guest CPU in milliseconds.
    pub cpu_ms: u64,
    /// Wall time in milliseconds; stands still while a person is asked.
    pub wall_ms: u64,
    /// Wall time without progress in milliseconds.
    pub idle_ms: u64,
    /// Linear memory in bytes.
    pub memory_bytes: u64,
    /// Streamed bytes in all.
    pub stream_bytes: u64,
    /// Logged bytes in all.
    pub log_bytes: u64,
    /// Host calls under way at once.
    pub operations: u32,
    /// Open files and tables at once.
    pub handles: u32,
    /// Host CPU in milliseconds.
    pub host_cpu_ms: u64,
    /// Bytes moved by effects.
    pub host_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_ms: GUEST_CPU_MS,
            wall_ms: WALL_MS_LOCAL,
            idle_ms: IDLE_MS,
            memory_bytes: MEMORY_BYTES,
            stream_bytes: STREAM_BYTES,
            log_bytes: LOG_BYTES,
            operations: OPERATIONS,
            handles: HANDLES,
            host_cpu_ms: HOST_CPU_MS,
            host_bytes: HOST_BYTES,
        }
    }
}

impl Limits {
    /// These bounds in a zone: on somebody else's servers a run has no more than this, whatever its manifest asks for (S0).
    pub fn within(self, zone: Zone) -> Self {
        match zone {
            Zone::Local => self,
            Zone::Cloud | Zone::Browser => Self {
                cpu_ms: self.cpu_ms.min(GUEST_CPU_MS),
                wall_ms: self.wall_ms.min(WALL_MS_CLOUD),
                memory_bytes: self.memory_bytes.min(MEMORY_BYTES),
                ..self
            },
        }
    }
}

/// What a manifest asks for beside the defaults (`limits`); shown on the card, held once granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitChanges {
    /// Guest CPU in milliseconds, at most [`GUEST_CPU_MS_MAX`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// Wall time in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// Linear memory in bytes, at most [`MEMORY_BYTES_MAX`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

impl LimitChanges {
    /// The defaults with these changes.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            cpu_ms: self.cpu_ms.unwrap_or(default.cpu_ms).min(GUEST_CPU_MS_MAX),
            wall_ms: self.wall_ms.unwrap_or(default.wall_ms).min(WALL_MS_LOCAL),
            memory_bytes: self.memory_bytes.unwrap_or(default.memory_bytes).min(MEMORY_BYTES_MAX),
            ..default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_that_the_reference_names() {
        assert_eq!((MEMORY_BYTES, MEMORY_BYTES_MAX), (134_217_728, 536_870_912));
        assert_eq!((HOST_RESULT_BYTES_MAX, HOST_ARGUMENT_BYTES_MAX), (4_194_304, 4_194_304));
        assert_eq!((STREAM_BYTES, LOG_BYTES), (67_108_864, 1_048_576));
        assert_eq!((HOST_BYTES, STORAGE_BYTES), (17_179_869_184, 10_485_760));
    }

    #[test]
    fn an_app_gets_what_it_asks_for_up_to_the_most() {
        assert_eq!(LimitChanges::default().limits(), Limits::default());
        let some = LimitChanges { cpu_ms: Some(7), wall_ms: Some(8), memory_bytes: Some(9) };
        let expected = Limits { cpu_ms: 7, wall_ms: 8, memory_bytes: 9, ..Limits::default() };
        assert_eq!(some.limits(), expected);
        let all = LimitChanges { cpu_ms: Some(u64::MAX), wall_ms: Some(u64::MAX), memory_bytes: Some(u64::MAX) };
        let expected = Limits {
            cpu_ms: GUEST_CPU_MS_MAX,
            wall_ms: WALL_MS_LOCAL,
            memory_bytes: MEMORY_BYTES_MAX,
            ..Limits::default()
        };
        assert_eq!(all.limits(), expected);
    }

    #[test]
    fn the_cloud_gives_no_more_than_its_own() {
        let asked = LimitChanges { cpu_ms: Some(60_000), wall_ms: None, memory_bytes: Some(MEMORY_BYTES_MAX) }.limits();
        assert_eq!(asked.clone().within(Zone::Local), asked);
        let cloud = asked.within(Zone::Cloud);
        assert_eq!((cloud.cpu_ms, cloud.wall_ms, cloud.memory_bytes), (5_000, 5_000, 128 << 20));
        let modest = LimitChanges { wall_ms: Some(100), ..LimitChanges::default() }.limits().within(Zone::Cloud);
        assert_eq!(modest.wall_ms, 100);
    }
}
