//! Servers that others have set up for their clients, as apps that an owner can look at. Pure: what has to be known of the
//! machine is looked up through [`Machine`], and what has to be done is data, which the caller does.
//!
//! The way of one server, from somebody's configuration to an app that is installed and switched off:
//!
//! 1. [`scan`] reads the clients' files ([`clients`] says where they are); [`read_bundle`] and [`read_server_json`] read one.
//! 2. [`propose`] says of each server which app it would become, and whether it is there already: `installed` has each app's
//!    [`Imported`], read from [`IMPORT_FILE`] of its package. A [`Settled`] can be shown as it is; no secret is in it.
//! 3. What is open is answered by [`Found::answer`], and proposed anew. What is wrong is in [`Proposal::refusals`].
//!    A container is: its [`Image`] says what its registry is asked, and [`Proposal::outside`] the line for its owner.
//! 4. The [`Step`]s whose purpose is [`Purpose::Pin`] are done: a command in a box in an empty folder, with a way out to its
//!    hosts alone; a bundle is fetched, checked, and read as in 1. [`Proposal::pin`] reads the file that the step makes.
//! 5. [`Proposal::finish`] gives the files of the package, to be packed and looked at on the card, with its note beside it.
//! 6. The values of [`Proposal::settings`] are offered to the vault, and to the app's settings those that are no secret.
//! 7. Where the package is unpacked, [`Finished::install`] is done in its folder `install`: before the app is first started,
//!    and again whenever that folder is made anew. The same lock files give the same code. The app starts in the folder
//!    above, so all paths of its manifest begin there.
//!
//! ```
//! use mcp::import::{Action, Facts, MachineInMemory, PythonTool, Roots, System, propose, scan};
//! use std::collections::BTreeMap;
//!
//! let mut machine = MachineInMemory::default();
//! let entry = r#"{"mcpServers": {"clock": {"command": "uvx", "args": ["mcp-server-time"], "env": {"API_KEY": "s3cret"}}}}"#;
//! machine.files.insert("/home/ada/.config/Claude/claude_desktop_config.json".to_owned(), entry.into());
//! let roots = Roots { system: System::Linux, home: "/home/ada".to_owned(), config: None, projects: vec![] };
//! let facts = Facts { roots: &roots, machine: &machine, python: PythonTool::Uv };
//!
//! let found = scan(&machine, &roots, &[]).found;
//! let clock = propose(&found, &facts, &BTreeMap::new()).remove(0);
//! assert_eq!((clock.action, clock.proposal.app.as_str()), (Action::Install, "clock"));
//! assert_eq!(clock.proposal.settings[0].value.as_ref().unwrap().expose(), "s3cret"); // for the vault
//!
//! // What the pinning step's command has made: one version of everything, with digests.
//! assert_eq!(clock.proposal.steps[0].makes, "requirements.txt");
//! let made = format!("mcp-server-time==2026.10.19 --hash=sha256:{}", "a".repeat(64));
//! let pin = clock.proposal.pin(made.as_bytes(), &facts).unwrap();
//! let finished = clock.proposal.finish(Some(&pin), "/srv/oikos/homes/0/clock/home").unwrap();
//! assert_eq!(finished.version, "2026.10.19");
//! assert!(finished.files.contains_key("kimai.json") && finished.files.contains_key("install/requirements.txt"));
//! assert!(!finished.files.values().any(|file| String::from_utf8_lossy(file).contains("s3cret")));
//! assert_eq!(finished.install.len(), 1); // in `install`, before its first start
//!
//! // Once it is there, the same entry is the same app.
//! let installed = BTreeMap::from([(finished.app, Some(mcp::import::Imported::of(&clock.proposal)))]);
//! assert_eq!(propose(&found, &facts, &installed)[0].action, Action::Keep);
//! ```

mod bundle; // .mcpb and .dxt
mod clients; // where clients keep servers
mod container; // docker run
mod dotenv; // files of variables
mod draft; // words become texts of a manifest
mod found; // what stands in a file
mod given; // arguments and environment
mod image; // which bytes the name of an image means
mod known; // what well-known servers need
mod launch; // command lines
mod machine; // the one door to the machine
mod manifest; // what an app of it says of itself
mod name; // names of apps
mod notice; // what a proposal has to say
mod packaged; // packages of registries, and containers
mod path; // paths and the folders they need
mod pin; // what tools that pin leave behind
mod plan; // from what was found to a proposal
mod program; // programs that are there
mod proposal; // what an owner is shown
mod read; // files of clients
mod remote; // addresses
mod requirement; // names of packages
mod scan; // all places of the table
mod secret; // what must not be seen
mod server_json; // the registry's description
mod settle; // one list
mod step; // how a package is pinned and installed
mod text; // files as values with places
mod unzip; // the zip of a bundle
mod variable; // ${…}

pub use bundle::{MANIFEST_BYTES_MAX, MANIFEST_FILE, read_bundle, read_manifest};
pub use clients::{Base, Client, Holding, Location, Roots, System, clients, connected, page};
pub use container::Container;
pub use found::{Form, Found, Input, Origin, Packaged, PathKind, Program, Registry, Remote, Transport};
pub use image::{IMAGE_TYPES, Image, MANIFEST_OF_IMAGE_BYTES_MAX, TOKEN_BYTES_MAX, read_image_manifest, read_token};
pub use launch::Resolve;
pub use machine::{About, LookError, Machine, MachineInMemory};
pub use name::{app_name, other_name};
pub use notice::Notice;
pub use pin::{LOCK_BYTES_MAX, Pin, manifest_version, pin_npm, pin_pypi, requirements_of_report};
pub use plan::{Facts, plan};
pub use proposal::{Finished, INSTALL_FOLDER, Proposal, Question, Setting, Source};
pub use read::{Read, SERVERS_MAX, read_client_file};
pub use scan::{Scan, propose, scan};
pub use secret::{Hidden, is_secret_name, is_secret_value};
pub use server_json::{SERVER_JSON_BYTES_MAX, read_server_json};
pub use settle::{Action, IMPORT_FILE, Imported, Settled, settle};
pub use step::{Act, Purpose, PythonTool, Step, steps};
pub use text::{DEPTH_MAX, Dialect, FILE_BYTES_MAX, Fault, Place};
pub(crate) use text::{Text, covered};
pub use unzip::{BUNDLE_BYTES_MAX, Bundle, FILES_MAX, UNPACKED_BYTES_MAX};
