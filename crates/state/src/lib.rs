//! What oikos remembers: keys and values, the audit log, blobs, secrets, and the home folder they are in.
//!
//! A change is one [`Batch`] over keys and log together: it happens as a whole or not at all, and the log's hash chain
//! is made by the store in that same transaction, so table and evidence cannot disagree. How long a caller waits for
//! a batch is its [`Durability`].
//!
//! This crate never decides what may be written, never reads a value's meaning, and never runs on a home folder that
//! another process holds.
//!
//! ```
//! use protocol::{Labels, OwnerId};
//! use state::{Batch, Durability, Key, MemoryStore, Space, Store};
//! let store = MemoryStore::new();
//! let key = Key::new(OwnerId::LOCAL, Space::Storage, "notes/first");
//! let mut batch = Batch::new();
//! batch.expect(&key, None).put(&key, b"milk".to_vec(), Labels::PRIVATE).append(OwnerId::LOCAL, b"wrote".to_vec());
//! let committed = store.commit(batch, Durability::Saved)?;
//! assert_eq!(committed.log[0].0, 1);
//! assert_eq!(store.get(&key)?.expect("it was put").value, b"milk");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch; // keys, spaces, and changes that belong together
mod blob; // bytes by their digest
mod chain; // does a log still tell what it told?
mod disk; // is there room to write?
mod error; // what can go wrong, with code and hint
mod files; // private files and folders that survive a power cut
mod home; // the home folder, and who holds it
mod memory; // the store for tests and comparisons
mod sqlite; // the store on disk
mod store; // what every store does
mod vault; // secrets, which have a place and a key of their own

pub use batch::{Batch, Durability, KEY_BYTES_MAX, Key, Space, VALUE_BYTES_MAX};
pub use blob::{BLOB_BYTES_MAX, BLOB_IN_MEMORY_BYTES_MAX, BlobError, BlobStore};
pub use chain::{ChainCheck, ChainFault};
pub use disk::{DISK_RESERVE_BYTES, free_space_ok};
pub use error::{CommitError, StoreError};
pub use home::{Holder, HomeLock, LockError, is_held, last_holder};
pub use memory::MemoryStore;
pub use sqlite::{LAZY_WAIT_MS, STORE_VERSION, SYNC_WAIT_MS, SqliteStore, StoreOptions};
pub use store::{Committed, Entry, LogRow, Store};
pub use vault::{
    MemoryVault, PassphraseFor, PassphraseSource, SEALED_BYTES_MAX, SECRET_BYTES_MAX, SECRET_HOSTS_MAX,
    SECRET_NOTE_BYTES_MAX, SealedVault, VAULT_ENTRIES_MAX, Vault, VaultChange, VaultEntry, VaultError, VaultLock,
    VaultName, VaultSetup, VaultState, rows_check, seal_check,
};
