//! Servers that others have set up for their clients, as apps that an owner can look at.
//!
//! The way of one server: [`scan`] finds it in a client's file ([`clients`] says where those are), [`plan`] says what app it
//! would become, [`settle`] which name and whether it is there already. What is [`Proposal::resolve`]d is pinned by the
//! [`Step`]s, which the caller runs in a box; [`pin_npm`] or [`pin_pypi`] reads what they leave, and [`Proposal::finish`]
//! gives the files of the package.
//!
//! Never here: a file that is opened or a program that is started. What has to be looked up goes through [`Machine`].

mod bundle; // .mcpb and .dxt
mod clients; // where clients keep servers
mod container; // docker run
mod dotenv; // files of variables
mod draft; // words become texts of a manifest
mod found; // what stands in a file
mod given; // arguments and environment
mod known; // what well-known servers need
mod launch; // command lines
mod machine; // the one door to the machine
mod name; // names of apps
mod notice; // what a proposal has to say
mod packaged; // packages of registries, and containers
mod path; // paths and the folders they need
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
pub use launch::Resolve;
pub use machine::{About, LookError, Machine, MachineInMemory};
pub use name::{app_name, other_name};
pub use notice::Notice;
pub use plan::{Facts, plan};
pub use proposal::{Finished, INSTALL_FOLDER, Proposal, Setting, Source};
pub use read::{Read, SERVERS_MAX, read_client_file};
pub use scan::{Scan, scan};
pub use secret::{Hidden, is_secret_name, is_secret_value};
pub use server_json::{SERVER_JSON_BYTES_MAX, read_server_json};
pub use settle::{Action, Imported, Settled, settle};
pub use step::{
    LOCK_BYTES_MAX, Pin, Purpose, PythonTool, Step, manifest_version, pin_npm, pin_pypi, requirements_of_report, steps,
};
pub use text::{DEPTH_MAX, Dialect, FILE_BYTES_MAX, Fault, Place};
pub(crate) use text::{Text, covered};
pub use unzip::{BUNDLE_BYTES_MAX, Bundle, FILES_MAX, UNPACKED_BYTES_MAX};
