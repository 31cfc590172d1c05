//! Packages: what an app is made of, in which form it travels, and what it asks for.
//!
//! A folder is packed into an archive of one exact form; an archive is proven to have that form, every file is
//! checked against `SHA256SUMS`, and only then a [`Package`] is read from it. Whatever is wrong is said with file,
//! line, caret and the nearest known word. Nothing here runs an app's code, fetches anything, writes to disk, or
//! decides what an app may do; nothing is unpacked.
//!
//! ```
//! use std::collections::BTreeMap;
//! let files: BTreeMap<String, Vec<u8>> = [
//!     ("manifest.json", r#"{ "id": "hello", "name": "Hello", "version": "1.0.0" }"#),
//!     ("action-schema.json", r#"{ "greet": { "input": { "type": "object" } } }"#),
//!     ("bot-logic.js", "export async function greet(payload, ctx) { return 'hello' }"),
//! ]
//! .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
//! .into();
//! let package = package::Package::open(package::pack(&files)?)?;
//! assert_eq!(package.name().as_str(), "hello");
//! assert_eq!(package.requests().len(), 2); // a mini-app implies ai and storage
//! # Ok::<(), package::PackageError>(())
//! ```

mod action; // what a person can start, and which files they hand over
mod archive; // the one form of zip, SHA256SUMS, the place of the signature
mod author_schema; // schemas that strangers write, proven harmless
mod case; // what an author expects of a run
mod code; // what is run, and where its functions are
mod document; // a file as a value with places
mod finding; // errors with file, line, caret, nearest word
mod form; // mini-app or plugin
mod json; // strict JSON
mod lint; // what an author should mend
mod manifest; // manifest.json and kimai.json as one type
mod multiple; // `multipleOf`, as people divide
mod npm; // package.json
mod package; // the whole
mod page; // apps of the browser
mod path; // legal names of files
mod permission; // what is asked for, as scopes
mod schema; // the published schemas, and what breaking them sounds like
mod script; // imports and exports of the modules
mod settings; // what the owner can set
mod source; // folders and archive files: the only I/O
mod tool; // what a model can call
mod trigger; // what starts an app beside a person
mod warning; // what stops nothing
mod yaml; // strict YAML

pub use action::{Action, FileField};
pub use archive::{
    ARCHIVE_BYTES_MAX, Archive, ArchiveError, ENTRIES_MAX, PUBLISHER_FILE, SIGNATURE_FILE, SUCCESSORS_FILE, SUMS_FILE,
    Verified, pack,
};
pub use author_schema::{InputError, InputFault};
pub use case::{ANYTHING, Case, Expectation, data_difference, read_cases, text_fits};
pub use code::{Code, INVOKE, TOOLS_MODULE};
pub use finding::{FINDINGS_MAX, Finding, Findings, Place, did_you_mean};
pub use form::Form;
pub use json::{JSON_BYTES_MAX, JSON_DEPTH_MAX};
pub use lint::{Gravity, Remark, lint};
pub use manifest::{Dependency, Entry, Given, Hook, Manifest, Program, Route, RoutePiece, Server, Speaks};
pub use npm::Npm;
pub use package::{Callable, Package, PackageError, SuspiciousText, TOOLS_FILE};
pub use page::VIEW_BYTES_MAX;
pub use path::{PATH_BYTES_MAX, check_path};
pub use permission::{Request, STORAGE_BYTES_MAX};
pub use schema::SCHEMAS;
pub use script::SCRIPT_BYTES_MAX;
pub use settings::{SettingField, Settings};
pub use source::{CASES_FOLDER, Folder, SourceError, is_packed, read_case_files, read_folder};
pub use tool::{TOOLS_MAX, Tool};
pub use trigger::{Cause, Pattern, Schedule, ScheduleError, Trigger};
pub use warning::Warning;
pub use yaml::YAML_BYTES_MAX;
