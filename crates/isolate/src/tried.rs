//! What a program tried and was refused, as it is told. Plain data, and never what keeps anything: that is kept already.

use serde::{Deserialize, Serialize};

/// The longest name of what was tried: a path, an address.
#[cfg(target_os = "linux")]
const TARGET_CHARS_MAX: usize = 200;

/// What kind of thing it tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// To read a file that its box does not show.
    Read,
    /// To list a folder that its box does not show.
    List,
    /// To write to a file where it may not.
    Write,
    /// To remove, move or make something where it may not.
    Change,
    /// To look into a process that is not its own.
    Process,
    /// To send a signal to one.
    Signal,
    /// To reach an address past its proxy, or a socket that its box does not show.
    Connect,
    /// To open a kind of socket that leads out of its box.
    Socket,
    /// To trace another process, or to read or change its memory.
    Trace,
    /// To mount something, or to change what is mounted.
    Mount,
    /// To use keys that the kernel keeps.
    Keyring,
    /// To use `io_uring`.
    IoUring,
    /// To make or enter a namespace.
    Namespace,
    /// To reach far into the kernel, by this call.
    Kernel,
    /// To change the machine, by this call.
    Machine,
    /// To type into somebody's terminal.
    Terminal,
    /// To have more processes than it may.
    Processes,
    /// To use more memory than it may: one of its processes was ended.
    Memory,
}

/// Something that a program tried and was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// What kind of thing.
    pub deed: Deed,
    /// Which path, process, address or call, where it is about one. Of the program's own words: on one line, and bounded.
    pub target: Option<String>,
    /// How often, since it was told last.
    pub times: u64,
}

#[cfg(target_os = "linux")]
impl Tried {
    /// A program's own words, as they are told.
    pub(crate) fn plain(words: &str) -> String {
        protocol::text::shorten(words, TARGET_CHARS_MAX)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn its_words_are_one_line_and_bounded() {
        assert_eq!(Tried::plain("/a\n/b\u{1b}[2J"), "/a\\n/b\\u{1b}[2J");
        assert_eq!(Tried::plain(&"x".repeat(5_000)).chars().count(), TARGET_CHARS_MAX);
    }
}
