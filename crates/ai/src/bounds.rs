//! How much of a provider's words is taken in: whoever sends more is stopped, with an error that says so.

/// One event or line of a stream. The last event of OpenAI's responses holds the whole answer and the whole request.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A whole stream, with all that frames it.
pub const STREAM_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// A whole answer in one body.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What an answer may say, all its parts together.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Items of one list in an answer: parts, choices, items.
pub const LIST_ITEMS_MAX: usize = 1_024;
/// A fault, as a provider tells it. What is longer is known by its status only.
pub const FAULT_BYTES_MAX: usize = 64 * 1024;
/// Calls in one answer.
pub const CALLS_MAX: usize = 128;
/// Characters of a provider's own words in an error.
pub const SAID_CHARS_MAX: usize = 400;
/// The longest a provider may ask us to stay away; whoever says more is as good as gone.
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// Targets that one answer is tried on.
pub const ATTEMPTS_MAX: u32 = 8;
/// Models that one listing names.
pub const MODELS_MAX: usize = 4_096;
/// Vectors in one answer, and numbers in one of them.
pub const VECTORS_MAX: usize = 4_096;
/// Numbers in one vector.
pub const DIMENSIONS_MAX: usize = 16_384;
/// Entries of a price table.
pub const PRICES_MAX: usize = 10_000;
