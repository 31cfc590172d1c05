//! How much a server may send, and how long it may take.

/// Bounds of one session. A server that goes beyond one gets an error that names it; the session goes on where it can.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bounds {
    /// One message, as it is read: a line of a program, an event or a body of HTTP.
    pub message_bytes: usize,
    /// Pages of one list.
    pub pages: usize,
    /// Entries of one list, over all pages.
    pub entries: usize,
    /// Bytes of one list, over all pages.
    pub list_bytes: usize,
    /// Rounds of questions and answers in one call.
    pub rounds: usize,
    /// Questions of one call, over all rounds.
    pub questions: usize,
    /// Questions that are open at one time in one session.
    pub questions_open: usize,
    /// Calls that are open at one time in one session.
    pub calls_open: usize,
    /// Lines in a row that are no message, before a program is taken for one that does not speak the protocol.
    pub garbage_lines: usize,
    /// Times that one answer's stream is taken up again after it broke off.
    pub resumptions: usize,
    /// Times that a call may be sent again for a new session, a new token or more scopes.
    pub repeats: usize,
    /// What is not taken in time is counted and left out.
    pub changes_waiting: usize,
    /// How long the first answer may take, in which a program may still be starting.
    pub open_ms: u64,
    /// How long to wait for an answer to the question whether a program speaks the newest revision. Some old ones never answer it.
    pub probe_ms: u64,
    /// How long a call may be silent: no answer, no progress, no question of its own.
    pub silent_ms: u64,
    /// How long a call may take altogether, without the time in which people think about its questions.
    pub call_ms: u64,
    /// How long a question may stay open.
    pub question_ms: u64,
    /// How long it may take until a message has been written.
    pub write_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            // As much as the largest result of a host call, with room for base64 and for what is around it.
            message_bytes: 16 << 20,
            pages: 256,
            entries: 4_096,
            list_bytes: 32 << 20,
            rounds: 16,
            questions: 64,
            questions_open: 16,
            calls_open: 256,
            garbage_lines: 64,
            resumptions: 8,
            repeats: 3,
            changes_waiting: 64,
            open_ms: 60_000,
            probe_ms: 10_000,
            silent_ms: 120_000,
            call_ms: 1_800_000,
            question_ms: 1_800_000,
            write_ms: 30_000,
        }
    }
}
