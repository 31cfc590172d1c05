//! Every effect a guest can ask for, on one screen. The wire form is a name and JSON arguments, with bytes beside them
//! where a call carries a body.

use crate::handles::HeldSecrets;
use broker::LeaseEnd;
use protocol::{Arg, ErrorCode, FileAccess, Topic, limit::HOST_ARGUMENT_BYTES_MAX};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An effect, decoded and bounded, not yet allowed.
#[derive(Clone, Debug, PartialEq)]
pub enum HostCall {
    /// Files and folders.
    File(FileCall),
    /// The app's own key-value store.
    Storage(StorageCall),
    /// Tables in CSV files, computed by the host.
    Csv(CsvCall),
    /// Requests to hosts.
    Http(HttpCall),
    /// Text of PDF files.
    Pdf(PdfCall),
    /// Programs.
    Shell(ShellCall),
    /// Tools of the owner's MCP servers.
    Mcp(McpCall),
    /// `ctx.emit`: tells what happened.
    Emit {
        /// What it is about.
        topic: Topic,
        /// What it says: JSON text, valid, bounded.
        payload: String,
    },
    /// What an app that answers a request gets of it, and gives.
    Answer(AnswerPart),
    /// A timer: resolves after some milliseconds.
    Timer {
        /// How long.
        ms: u64,
    },
    /// Something that a later version has.
    NotAvailable {
        /// Its name, such as `ai.generateText`.
        feature: String,
    },
}

/// `ctx.tools.file.*`. A path is `folder/inside/it`, an absolute path beneath a granted folder, or the handle of
/// something that a person picked.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in `ctx`")]
pub enum FileCall {
    /// Bytes `from..to` of a file; an open end means as much as one answer may carry.
    Read { path: String, from: Option<u64>, to: Option<u64> },
    /// A whole file as UTF-8 text.
    ReadText { path: String },
    /// Creates or replaces a file.
    Write { path: String, body: Vec<u8> },
    /// The entries of a folder.
    List { path: String },
    /// Moves a file to the trash.
    Remove { path: String },
    /// Gives a file another name, in the same folder or another one. Folders that are missing on the way are made.
    Move { path: String, to: String },
    /// Asks a person for a file or folder; answers with a handle for this run.
    Pick { access: FileAccess, folder: bool, purpose: String },
}

/// `ctx.storage.*`. Values are JSON text.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in `ctx`")]
pub enum StorageCall {
    /// A value, or null.
    Get { key: String },
    /// Stores a value.
    Set { key: String, value: Vec<u8> },
    /// Forgets a value; answers whether there was one.
    Delete { key: String },
    /// Keys with a prefix, in order, at most `limit`, after a key.
    List { prefix: String, after: Option<String>, limit: Option<u32> },
}

/// `ctx.tools.csv.*`. `Open` answers with a table handle; each other call is one pass over the file by the host.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in `ctx`")]
pub enum CsvCall {
    /// Opens a file as a table.
    Open { path: String, options: CsvOptions },
    /// The next rows of a cursor.
    Rows { table: u32, limit: Option<u32> },
    /// Statistics of columns.
    Statistics { table: u32, columns: Option<Vec<String>> },
    /// Groups and measures.
    Aggregate { table: u32, request: CsvAggregate },
    /// Lets go of the file.
    Close { table: u32 },
    /// Small text to rows.
    Parse { text: String, options: CsvOptions },
    /// Rows to text.
    Stringify { rows: Vec<Vec<Value>>, options: CsvOptions },
}

/// `ctx.tools.http.fetch`: one request.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCall {
    /// Upper case.
    pub method: String,
    /// Where to, as the app wrote it.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: Vec<u8>,
    /// What is done when the answer is that it is elsewhere.
    pub redirect: HttpRedirect,
    /// How many redirects led here.
    pub hops: u8,
    /// What its headers call secrets. The kernel's own: no guest sees them, and none of them follows a redirect.
    pub secrets: HeldSecrets,
}

/// What is done with a redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpRedirect {
    /// It is decided like a request of the app's own, and followed.
    #[default]
    Follow,
    /// It is the answer.
    Manual,
    /// It is an error.
    Error,
}

/// `ctx.tools.pdf.text`: pages of a document, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct PdfCall {
    /// The document.
    pub path: String,
    /// The first page, from 1; absent means the first there is.
    pub from: Option<u32>,
    /// The last page, which is among them; absent means the last there is.
    pub to: Option<u32>,
}

/// `ctx.tools.shell.run`: one program with its arguments, each as it is. No shell reads them.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellCall {
    /// The program, and its arguments.
    pub command: Vec<String>,
    /// What it reads.
    pub input: Vec<u8>,
    /// The granted folder that it starts in; absent means an empty one of its own.
    pub folder: Option<String>,
    /// Whether it may change what is in the folders that the app may write to.
    pub write: bool,
    /// How long it may take.
    pub timeout_ms: Option<u64>,
}

/// `ctx.tools.mcp.*`.
#[derive(Clone, Debug, PartialEq)]
pub enum McpCall {
    /// Calls a tool.
    Call {
        /// What the app calls its server.
        server: String,
        /// The tool.
        tool: String,
        /// What is sent to it.
        arguments: Map<String, Value>,
    },
    /// The tools that the app may call.
    List,
}

/// One side of a request to the app.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerPart {
    /// What was sent along.
    Body,
    /// The answer.
    Answer(AnswerCall),
}

/// What an app answers, not yet looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnswerCall {
    /// Absent means 200.
    pub status: Option<u16>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// What it is, unless a header says so.
    pub kind: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// How a CSV text is written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CsvOptions {
    /// One character; absent means `,`, or found from the first line when a file is opened.
    pub delimiter: Option<String>,
    /// Whether the first row names the columns; absent means yes.
    pub header: Option<bool>,
    /// For `stringify`: texts that a spreadsheet would compute (`=…`, `+…`, `-…`, `@…`) get an apostrophe in front.
    pub escape_formulas: bool,
}

/// A group-by: measures of columns, for each distinct combination of other columns.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CsvAggregate {
    /// The columns that make the groups; none means one group.
    pub group_by: Vec<String>,
    /// What to compute for each.
    pub measures: Vec<CsvMeasure>,
    /// At most this many groups in the answer, largest first by the first measure; absent means 1,000.
    pub limit: Option<u32>,
}

/// One measure of an aggregate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CsvMeasure {
    /// `count`, `sum`, `min`, `max` or `mean`.
    pub measure: CsvMeasureKind,
    /// The column; not needed for `count`.
    pub column: Option<String>,
}

/// What can be computed for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CsvMeasureKind {
    /// Rows, or fields that are there if a column is named.
    Count,
    /// Sum of the numeric fields.
    Sum,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Mean of the numeric fields.
    Mean,
}

/// What an effect answers.
#[derive(Clone, Debug, PartialEq)]
pub enum HostAnswer {
    /// A JSON value.
    Json(Value),
    /// JSON text that is already serialized; valid.
    JsonText(Vec<u8>),
    /// Bytes: a `Uint8Array` in the guest.
    Bytes(Vec<u8>),
    /// Not the answer yet: it is at the end of another request, which is decided afresh. The kernel's own, no guest sees it.
    Redirect(Box<HttpCall>),
}

/// Why an effect did not answer. What the guest may see and what ends the guest never mix.
#[derive(Clone, Debug, PartialEq)]
pub enum HostError {
    /// The guest gets an `Error` with this code and message and may go on.
    Guest(GuestError),
    /// The run is over.
    Ended(LeaseEnd),
}

/// An error that a guest may see: never a path outside its grants, never a system's own words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct GuestError {
    /// The stable code.
    pub code: ErrorCode,
    /// What was wrong, and for a denial the one command that would allow it.
    pub message: String,
}

impl GuestError {
    /// An error with a code and a message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<GuestError> for HostError {
    fn from(error: GuestError) -> Self {
        Self::Guest(error)
    }
}

impl From<LeaseEnd> for HostError {
    fn from(end: LeaseEnd) -> Self {
        Self::Ended(end)
    }
}

/// Longest text a key of `storage` may have: it is an index key, not a document.
pub const STORAGE_KEY_BYTES_MAX: usize = 512;
/// Headers that a request may have: more than any interface asks for.
pub const HTTP_HEADERS_MAX: usize = 64;
/// Longest method name that any interface knows, with room.
const HTTP_METHOD_BYTES_MAX: usize = 16;
/// Words of a command: as many as a pattern may have.
pub const SHELL_WORDS_MAX: usize = 64;
/// All words of a command together: a question shows them.
const SHELL_WORDS_BYTES_MAX: usize = 16 << 10;
/// Most that is sent to a tool of a server: a person may have to look at it.
pub const MCP_ARGUMENT_BYTES_MAX: usize = 1 << 20;
/// Longest name of a server or tool: twice what the protocol advises.
const MCP_NAME_BYTES_MAX: usize = 256;
/// Longest path that a guest may name; longer ones exist on no system we run on.
pub const PATH_BYTES_MAX: usize = 4096;

impl HostCall {
    /// What family of effects it belongs to, for records that say nothing of what is in it.
    pub(crate) fn family(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Storage(_) => "storage",
            Self::Csv(_) => "csv",
            Self::Http(_) => "http",
            Self::Pdf(_) => "pdf",
            Self::Shell(_) => "shell",
            Self::Mcp(_) => "mcp",
            Self::Emit { .. } => "emit",
            Self::Answer(_) => "answer",
            Self::Timer { .. } => "timer",
            Self::NotAvailable { .. } => "not_available",
        }
    }

    /// Decodes a call from the guest's wire form. Names that no version knows are errors; names that a later version
    /// brings decode to [`HostCall::NotAvailable`].
    pub fn decode(name: &str, arguments: &[u8], body: Vec<u8>) -> Result<Self, GuestError> {
        if arguments.len() > HOST_ARGUMENT_BYTES_MAX || body.len() > HOST_ARGUMENT_BYTES_MAX {
            return Err(GuestError::new(
                ErrorCode::TooLarge,
                format!("{}: a call may carry at most {} bytes", short(name), HOST_ARGUMENT_BYTES_MAX),
            ));
        }
        let call = match name {
            "file.read" => {
                let Range { path, from, to } = read(name, arguments)?;
                Self::File(FileCall::Read { path: checked_path(path)?, from, to })
            }
            "file.readText" => Self::File(FileCall::ReadText { path: path(name, arguments)? }),
            "file.write" => Self::File(FileCall::Write { path: path(name, arguments)?, body }),
            "file.list" => Self::File(FileCall::List { path: path(name, arguments)? }),
            "file.remove" => Self::File(FileCall::Remove { path: path(name, arguments)? }),
            "file.move" => {
                let Move { path, to } = read(name, arguments)?;
                Self::File(FileCall::Move { path: checked_path(path)?, to: checked_path(to)? })
            }
            "file.pick" => {
                let Pick { access, folder, purpose } = read(name, arguments)?;
                Self::File(FileCall::Pick {
                    access: access.unwrap_or(FileAccess::Read),
                    folder: folder.unwrap_or(false),
                    purpose: protocol::text::shorten(&purpose.unwrap_or_default(), 200),
                })
            }
            "storage.get" => Self::Storage(StorageCall::Get { key: key(name, arguments)? }),
            "storage.set" => Self::Storage(StorageCall::Set { key: key(name, arguments)?, value: body }),
            "storage.delete" => Self::Storage(StorageCall::Delete { key: key(name, arguments)? }),
            "storage.list" => {
                let List { prefix, after, limit } = read(name, arguments)?;
                Self::Storage(StorageCall::List { prefix, after, limit })
            }
            "csv.open" => {
                let Open { path, options } = read(name, arguments)?;
                Self::Csv(CsvCall::Open { path: checked_path(path)?, options })
            }
            "csv.rows" => {
                let Rows { table, limit } = read(name, arguments)?;
                Self::Csv(CsvCall::Rows { table, limit })
            }
            "csv.statistics" => {
                let Statistics { table, columns } = read(name, arguments)?;
                Self::Csv(CsvCall::Statistics { table, columns })
            }
            "csv.aggregate" => {
                let Aggregate { table, request } = read(name, arguments)?;
                Self::Csv(CsvCall::Aggregate { table, request })
            }
            "csv.close" => Self::Csv(CsvCall::Close { table: read::<Table>(name, arguments)?.table }),
            "csv.parse" => {
                let Parse { text, options } = read(name, arguments)?;
                Self::Csv(CsvCall::Parse { text, options })
            }
            "csv.stringify" => {
                let Stringify { rows, options } = read(name, arguments)?;
                Self::Csv(CsvCall::Stringify { rows, options })
            }
            "http.fetch" => {
                let Fetch { url, method, headers, redirect } = read(name, arguments)?;
                let method = method.unwrap_or_else(|| "GET".to_owned());
                let method = protocol::text::shorten(&method, HTTP_METHOD_BYTES_MAX).to_ascii_uppercase();
                if headers.len() > HTTP_HEADERS_MAX {
                    let message = format!("a request may have at most {HTTP_HEADERS_MAX} headers");
                    return Err(GuestError::new(ErrorCode::TooLarge, message));
                }
                let redirect = redirect.unwrap_or_default();
                let (headers, secrets) = (headers.into_iter().collect(), HeldSecrets::default());
                Self::Http(HttpCall { method, url, headers, body, redirect, hops: 0, secrets })
            }
            "pdf.text" => {
                let Pages { path, from, to } = read(name, arguments)?;
                Self::Pdf(PdfCall { path: checked_path(path)?, from, to })
            }
            "shell.run" => {
                let Program { command, folder, write, timeout_ms } = read(name, arguments)?;
                if command.is_empty() || command.len() > SHELL_WORDS_MAX {
                    let message =
                        format!("shell.run: a command is a program and at most {} arguments", SHELL_WORDS_MAX - 1);
                    return Err(GuestError::new(ErrorCode::InvalidInput, message));
                }
                if command.iter().any(|word| word.contains('\0')) {
                    let message = "shell.run: no word of a command has a NUL character in it";
                    return Err(GuestError::new(ErrorCode::InvalidInput, message));
                }
                if command.iter().map(String::len).sum::<usize>() > SHELL_WORDS_BYTES_MAX {
                    let message = format!("shell.run: a command has at most {SHELL_WORDS_BYTES_MAX} bytes");
                    return Err(GuestError::new(ErrorCode::TooLarge, message));
                }
                let folder = folder.map(checked_path).transpose()?;
                Self::Shell(ShellCall { command, input: body, folder, write: write.unwrap_or(false), timeout_ms })
            }
            "mcp.call" => {
                if arguments.len() > MCP_ARGUMENT_BYTES_MAX {
                    let most = Arg::Bytes(MCP_ARGUMENT_BYTES_MAX as u64);
                    let message = format!("mcp.call: at most {most} are sent to a tool");
                    return Err(GuestError::new(ErrorCode::TooLarge, message));
                }
                let Tool { server, tool, arguments } = read(name, arguments)?;
                if [&server, &tool].iter().any(|name| name.is_empty() || name.len() > MCP_NAME_BYTES_MAX) {
                    let message =
                        format!("mcp.call: a server and a tool have names of 1 to {MCP_NAME_BYTES_MAX} bytes");
                    return Err(GuestError::new(ErrorCode::InvalidInput, message));
                }
                Self::Mcp(McpCall::Call { server, tool, arguments: arguments.unwrap_or_default() })
            }
            "mcp.list" => Self::Mcp(McpCall::List),
            "emit" => {
                let Emit { topic, payload } = read(name, arguments)?;
                Self::Emit { topic, payload: crate::bus::emit::payload_text(&payload)? }
            }
            "route.body" => Self::Answer(AnswerPart::Body),
            "route.answer" => {
                let Answer { status, headers, kind } = read(name, arguments)?;
                if headers.len() > HTTP_HEADERS_MAX {
                    let message = format!("an answer may have at most {HTTP_HEADERS_MAX} headers");
                    return Err(GuestError::new(ErrorCode::TooLarge, message));
                }
                let headers = headers.into_iter().collect();
                Self::Answer(AnswerPart::Answer(AnswerCall { status, headers, kind, body }))
            }
            "timer" => Self::Timer { ms: read::<Timer>(name, arguments)?.ms },
            "ai.generateText" | "ai.generateObject" | "ai.embed" | "clipboard.read" | "clipboard.write"
            | "knowledge.add" | "knowledge.search" => Self::NotAvailable { feature: name.to_owned() },
            other => {
                return Err(GuestError::new(ErrorCode::NotFound, format!("there is no host call '{}'", short(other))));
            }
        };
        Ok(call)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    path: String,
    from: Option<u64>,
    to: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    path: String,
    from: Option<u32>,
    to: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Program {
    command: Vec<String>,
    folder: Option<String>,
    write: Option<bool>,
    timeout_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    path: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pick {
    access: Option<FileAccess>,
    folder: Option<bool>,
    purpose: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct List {
    prefix: String,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    path: String,
    #[serde(default)]
    options: CsvOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    table: u32,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statistics {
    table: u32,
    columns: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Aggregate {
    table: u32,
    #[serde(default)]
    request: CsvAggregate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    table: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parse {
    text: String,
    #[serde(default)]
    options: CsvOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stringify {
    rows: Vec<Vec<Value>>,
    #[serde(default)]
    options: CsvOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fetch {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    redirect: Option<HttpRedirect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    server: String,
    tool: String,
    arguments: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Emit {
    topic: Topic,
    payload: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timer {
    ms: u64,
}

fn read<'a, T: Deserialize<'a>>(name: &str, arguments: &'a [u8]) -> Result<T, GuestError> {
    serde_json::from_slice(arguments).map_err(|error| {
        GuestError::new(
            ErrorCode::InvalidInput,
            format!("{}: {}", short(name), protocol::text::shorten(&error.to_string(), 200)),
        )
    })
}

fn path(name: &str, arguments: &[u8]) -> Result<String, GuestError> {
    checked_path(read::<Path>(name, arguments)?.path)
}

fn checked_path(path: String) -> Result<String, GuestError> {
    if path.len() > PATH_BYTES_MAX {
        return Err(GuestError::new(ErrorCode::TooLarge, format!("a path may have at most {PATH_BYTES_MAX} bytes")));
    }
    Ok(path)
}

fn key(name: &str, arguments: &[u8]) -> Result<String, GuestError> {
    let Key { key } = read(name, arguments)?;
    if key.is_empty() || key.len() > STORAGE_KEY_BYTES_MAX {
        return Err(GuestError::new(
            ErrorCode::InvalidInput,
            format!("a storage key has 1 to {STORAGE_KEY_BYTES_MAX} bytes"),
        ));
    }
    Ok(key)
}

fn short(name: &str) -> String {
    protocol::text::shorten(name, 60)
}
