//! Our server in a client's configuration, written and taken out again without touching anything else of the file: comments,
//! order, indentation, line ends and byte order mark stay as they are.
//!
//! Bytes in, bytes out. Whoever calls this writes the backup first, and the new bytes beside the file before they take its
//! place.

mod diff; // what a person is shown
mod edit; // the file's text
mod style; // how it is written

use crate::import::{Client, Fault, Hidden, Holding, connected};
use edit::Ours;
use protocol::sha256;

/// The name that our server has in clients.
pub const SERVER_NAME: &str = "oikos";

/// How a client is to reach us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It starts a program, which speaks over its standard streams.
    Program {
        /// The program's whole path.
        command: String,
        /// Its arguments: `mcp serve` and what goes with it.
        args: Vec<String>,
    },
    /// It calls an address with a key of its own.
    Address {
        /// The address.
        url: String,
        /// The key.
        key: Hidden,
    },
}

/// A file as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its bytes; none where there is to be no file.
    pub bytes: Option<Vec<u8>>,
    /// The lines that change, as they may be shown: our own as they are but for the key, and of all others only the keys.
    pub diff: String,
    /// The name, beside the file, for a copy of what was there. None where there was nothing, or nothing changes.
    pub backup_name: Option<String>,
}

impl Edited {
    /// Whether anything is to be written.
    pub fn is_changed(&self) -> bool {
        !self.diff.is_empty()
    }
}

/// What is known of the file before it was connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before<'a> {
    /// Nothing is known.
    Unknown,
    /// There was no file.
    Nothing,
    /// There was this: the backup.
    Bytes(&'a [u8]),
}

/// Puts our server into a client's file. A file that the client could not read itself is left alone.
pub fn connect(client: Client, file: &str, bytes: Option<&[u8]>, entry: &Entry) -> Result<Edited, Fault> {
    let ours = ours(client, file, entry)?;
    let after = edit::put(file, bytes, &ours)?;
    Ok(edited(file, bytes, Some(after), &ours))
}

/// Takes our server out of a client's file. What was there before is given back byte by byte where only `connect` changed the
/// file since; else our server goes, and all else stays.
pub fn disconnect(
    client: Client,
    file: &str,
    bytes: &[u8],
    before: Before<'_>,
    entry: &Entry,
) -> Result<Edited, Fault> {
    let ours = ours(client, file, entry)?;
    let is_before = |before: Option<&[u8]>| edit::put(file, before, &ours).is_ok_and(|made| made == bytes);
    let after = match before {
        Before::Bytes(before) if is_before(Some(before)) => Some(before.to_vec()),
        Before::Nothing if is_before(None) => None,
        _ => {
            let ways = edit::take(file, bytes, &ours)?;
            // The way back that leads here again is the way that was come.
            let known = ways.iter().position(|way| is_before(Some(way))).unwrap_or(0);
            ways.into_iter().nth(known)
        }
    };
    Ok(edited(file, Some(bytes), after, &ours))
}

/// Whether our server is in a client's file, in whatever form.
pub fn is_connected(client: Client, file: &str, bytes: &[u8]) -> Result<bool, Fault> {
    edit::is_there(file, bytes, connected(client).dialect, servers_key(client))
}

fn edited(file: &str, before: Option<&[u8]>, after: Option<Vec<u8>>, ours: &Ours) -> Edited {
    let is_changed = before != after.as_deref();
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    Edited {
        diff: if is_changed { diff::show(file, before, after.as_deref(), ours) } else { String::new() },
        backup_name: before
            .filter(|_| is_changed)
            .map(|before| format!("{name}.before-oikos-{}", sha256(before).short())),
        bytes: after,
    }
}

fn servers_key(client: Client) -> &'static str {
    match connected(client).holding {
        Holding::File(key) | Holding::Folders(_, key) => key,
        Holding::Bundles => unreachable!("no client is connected by a bundle; a test says so"),
    }
}

/// Our server in the words of a client.
fn ours(client: Client, file: &str, entry: &Entry) -> Result<Ours, Fault> {
    use style::Value::{Map, Text, Texts};
    let text = |text: &str| Text(text.to_owned());
    let value = match entry {
        Entry::Program { command, args } => {
            let mut members = vec![("command", text(command)), ("args", Texts(args.clone()))];
            if matches!(client, Client::ClaudeCode | Client::VsCode) {
                members.insert(0, ("type", text("stdio")));
            }
            members
        }
        Entry::Address { url, key } => {
            let headers = ("headers", Map(vec![("Authorization", Text(format!("Bearer {}", key.expose())))]));
            match client {
                Client::ClaudeDesktop => {
                    let message =
                        "Claude Desktop starts the servers of this file as programs; it reads no addresses from it";
                    return Err(
                        Fault::new(file, None, message).hint("leave out the address: it starts 'oikos mcp serve'")
                    );
                }
                Client::ClaudeCode | Client::VsCode => vec![("type", text("http")), ("url", text(url)), headers],
                Client::Cursor | Client::Zed => vec![("url", text(url)), headers],
                Client::Windsurf => vec![("serverUrl", text(url)), headers],
            }
        }
    };
    let key = match entry {
        Entry::Address { key, .. } => Some(key.clone()),
        Entry::Program { .. } => None,
    };
    Ok(Ours { servers_key: servers_key(client), dialect: connected(client).dialect, value: Map(value), key })
}
