//! The families of effects that this version has: `file`, `storage`, `csv`, `http`, `pdf`, `shell`; siblings of one shape.
//!
//! Each does exactly what its permit says, by the way its permit says, and says what it did. Nothing here decides
//! whether something is allowed, follows a link, destroys a file (what is overwritten or removed goes to the trash), or
//! holds more memory than its bounds name. Processes are started by whoever is handed in for that.
//!
//! ```
//! # use std::sync::Arc;
//! # use protocol::Entropy;
//! # use effects::{OnFrame, Order, Outcome, Programs, Work, Workers};
//! # use kernel::{effect::EffectError, host_call::GuestError};
//! # struct Nobody;
//! # fn refused() -> EffectError { GuestError::new(protocol::ErrorCode::BoxRefused, "nobody starts anything here").into() }
//! # impl Workers for Nobody { fn work(&self, _: Work<'_>, _: &broker::Lease, _: &mut OnFrame<'_>) -> Result<(), EffectError> { Err(refused()) } }
//! # impl Programs for Nobody { fn run(&self, _: Order<'_>, _: &broker::Lease, _: &mut dyn FnMut()) -> Result<Outcome, EffectError> { Err(refused()) } }
//! # struct Fixed; impl Entropy for Fixed { fn fill(&self, bytes: &mut [u8]) { bytes.fill(4); } }
//! let runtime = tokio::runtime::Runtime::new().unwrap();
//! let home = std::env::temp_dir().join("oikos-effects-example");
//! let families = effects::build(effects::EffectsConfig {
//!     trash: home.join("trash"),
//!     scratch: home.join("scratch"),
//!     shelf: home.join("handed"),
//!     protected: vec![],
//!     store: Arc::new(state::MemoryStore::new()),
//!     entropy: Arc::new(Fixed),
//!     client: Arc::new(egress::Client::new(egress::ClientConfig::default()).unwrap()),
//!     runtime: runtime.handle().clone(),
//!     workers: Arc::new(Nobody),
//!     programs: Arc::new(Nobody),
//! });
//! // What a person means by a path: the folder with its identity.
//! let folder = families.places.folder("/usr").unwrap();
//! assert_eq!(folder.path, "/usr");
//! assert!(families.places.folder("usr").is_err());
//! ```

mod common; // what the families share
mod csv; // tables in CSV files, gone through by the host
mod file; // files and folders, and taking changes back
mod http; // requests to hosts, through the one client
#[cfg(feature = "failpoints")]
mod ill; // what a worker could do at worst
mod pdf; // text of PDF files, read by a worker
mod shell; // programs, each in a box
mod storage; // the app's own keys and values
mod work; // processes that read foreign files

pub use file::protected_folder;
pub use shell::{Order, Outcome, Programs, SHELL_OUTPUT_BYTES_MAX};
pub use work::{
    DOCUMENT_BYTES_MAX, FRAME_BYTES_MAX, FrameTooLarge, Frames, OnFrame, Task, WORKER_MEMORY_BYTES, WORKER_SECONDS,
    Work, Workers, frame_write, worker_main,
};

use broker::ProtectedFolder;
use kernel::effect::Effects;
use protocol::Entropy;
use state::Store;
use std::{path::PathBuf, sync::Arc};

/// What the families need.
pub struct EffectsConfig {
    /// Where old files are kept. Made when it is needed.
    pub trash: PathBuf,
    /// Where a pass over a large table writes what does not fit into memory: files without names. Made when it is
    /// needed.
    pub scratch: PathBuf,
    /// Where files lie whose bytes were handed over. Made when it is needed.
    pub shelf: PathBuf,
    /// Folders that no path may lead through; see [`protected_folder`].
    pub protected: Vec<ProtectedFolder>,
    /// Where `storage` is.
    pub store: Arc<dyn Store>,
    /// Makes the key of hash tables.
    pub entropy: Arc<dyn Entropy>,
    /// The way to the network.
    pub client: Arc<egress::Client>,
    /// Where its connections are moved.
    pub runtime: tokio::runtime::Handle,
    /// Who starts workers.
    pub workers: Arc<dyn Workers>,
    /// Who starts programs.
    pub programs: Arc<dyn Programs>,
}

/// The families, ready for the kernel.
pub fn build(config: EffectsConfig) -> Effects {
    let walker = file::walk::Walker::new(config.protected);
    let writer = file::Writer { walker: walker.clone(), trash: file::Trash::new(config.trash) };
    let http = http::HttpEffect::new(config.client, config.runtime);
    Effects {
        file: Box::new(file::FileEffect::new(writer.clone())),
        storage: Box::new(storage::StorageEffect::new(config.store)),
        csv: Box::new(csv::CsvEffect::new(walker.clone(), config.scratch, &*config.entropy)),
        pdf: Box::new(pdf::PdfEffect::new(walker.clone(), config.workers)),
        shell: Box::new(shell::ShellEffect::new(walker, config.programs)),
        http: Box::new(http.clone()),
        errand: Box::new(http),
        undo: Box::new(writer),
        places: Box::new(file::Finder),
        shelf: Box::new(file::KeptShelf::new(config.shelf)),
    }
}
