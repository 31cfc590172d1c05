//! The stable error codes: the same word in CLI JSON, socket, envelopes and audit. `docs/reference/errors.md` is made
//! from this table.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

macro_rules! codes {
    ($($name:ident = $word:literal, exit $exit:literal, $meaning:literal;)*) => {
        /// What went wrong, as a stable word. The set only grows; a word never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $(#[doc = $meaning] #[serde(rename = $word)] $name,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The exit code of the command line.
            pub const fn exit(self) -> u8 {
                match self { $(Self::$name => $exit,)* }
            }

            /// One sentence for the reference page.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    Internal = "internal", exit 1, "A fault of oikos itself; the log has the details.";
    AppFailed = "app_failed", exit 1, "The app's own code threw an error.";
    AppDisabled = "app_disabled", exit 1, "The app is installed but not enabled.";
    AppStopped = "app_stopped", exit 1, "The app's code cannot be loaded any more; the reason is in the message.";
    ToolNotAccepted = "tool_not_accepted", exit 3, "A tool of an MCP server is not what the owner accepted: it is new, or changed, or gone; it is called once they say yes.";
    ToolFailed = "tool_failed", exit 1, "A tool of an MCP server says that it failed; the message has its own words.";
    ProgramFailed = "program_failed", exit 1, "The app's program could not be started, ended by itself or gave no answer; the message has its last words.";
    HookFailed = "hook_failed", exit 1, "A function that the app has called at a step of its life failed; the message says at which.";
    UpgradeFailed = "upgrade_failed", exit 1, "A hook or the health check of the new version failed, so the old version went on as it was.";
    Conflict = "conflict", exit 1, "Something changed in between, so going on would lose work.";
    DiskFull = "disk_full", exit 1, "There is no room to write; reading and stopping still work.";
    HomeLocked = "home_locked", exit 1, "Another process holds this OIKOS_HOME and does not answer.";
    HomeUnusable = "home_unusable", exit 1, "OIKOS_HOME cannot be read or written.";
    HostBusy = "host_busy", exit 1, "The machine had no room for this run before its deadline.";
    NetworkFailed = "network_failed", exit 1, "A host cannot be found or reached, could not prove who it is, or did not answer as it should.";
    NotAvailable = "not_available", exit 1, "This part of oikos is not in this version; the message names it.";
    StoreDamaged = "store_damaged", exit 1, "The store cannot be read as it should; nothing was changed.";
    StoreNewer = "store_newer", exit 1, "The store was written by a newer oikos; this one refuses to open it.";
    VaultLocked = "vault_locked", exit 1, "The vault cannot be opened: its key is not there, is another one, or is not private.";
    VaultDamaged = "vault_damaged", exit 1, "The vault's file is not what was written; nothing was changed.";
    PublisherExists = "publisher_exists", exit 1, "There is a key of this name already, and a key is never written over.";
    OwnerExists = "owner_exists", exit 1, "There is an owner of this name already.";
    DocumentUnreadable = "document_unreadable", exit 1, "A document is damaged, locked with a password, or not of the kind it was taken for.";
    WorkerFailed = "worker_failed", exit 1, "The process that reads foreign files for oikos broke down on this one or answered nonsense; nothing else was harmed.";
    BoxRefused = "box_refused", exit 1, "This machine cannot keep a program to what it may have, so it was not started; the message says what would change that.";
    FileUnusable = "file_unusable", exit 1, "A file or folder cannot be used: missing, not a regular file, or refused by the system.";
    InvalidInput = "invalid_input", exit 2, "The input does not fit what the action asks for.";
    Usage = "usage", exit 2, "The command line could not be understood.";
    BindRefused = "bind_refused", exit 2, "An address that others can reach is served only with TLS and a credential.";
    PassphraseWrong = "passphrase_wrong", exit 2, "The passphrase is missing, or does not open the key.";
    KeyUnreadable = "key_unreadable", exit 2, "This is no minisign key, or one of a kind that is not used.";
    Unauthenticated = "unauthenticated", exit 3, "No credential came with the request, or none that is valid any more.";
    SignInNeeded = "sign_in_needed", exit 3, "A server elsewhere answers only those who sign in there, and the owner has not, or not any more.";
    PermissionDenied = "permission_denied", exit 3, "The broker said no: not granted, blocked, or nobody answered.";
    NotInActivation = "not_in_activation", exit 3, "Effects, randomness and time do not exist while an app is being activated.";
    HostRefused = "host_refused", exit 3, "The request was meant for a host that this oikos is not; a page may have been tricked into sending it.";
    OriginRefused = "origin_refused", exit 3, "The request comes from a page of another origin.";
    CredentialInUrl = "credential_in_url", exit 3, "A credential stood in the address, where logs and histories keep it.";
    ContentTypeRefused = "content_type_refused", exit 3, "A request that changes something has a body of a type that any page could send.";
    RateLimited = "rate_limited", exit 3, "Too many wrong credentials from there; Retry-After says when to try again.";
    LeaseRevoked = "lease_revoked", exit 3, "The run has lost its right to go on.";
    PackageInvalid = "package_invalid", exit 4, "A file of the package is not what its schema says.";
    PackageFormUnknown = "package_form_unknown", exit 4, "The folder or archive is neither source form of an app.";
    PackageUnsafePath = "package_unsafe_path", exit 4, "An entry's path could lead out of the package.";
    PackageNotCanonical = "package_not_canonical", exit 4, "Packing the archive's entries again gives other bytes, so it is refused.";
    PackageTooLarge = "package_too_large", exit 4, "The package is larger than a package may be.";
    PackageChecksumMismatch = "package_checksum_mismatch", exit 4, "A file differs from what SHA256SUMS says.";
    PackageFileUnlisted = "package_file_unlisted", exit 4, "A file is in the package that SHA256SUMS does not list.";
    PackageFileMissing = "package_file_missing", exit 4, "SHA256SUMS lists a file that is not in the package.";
    PackageSumsMalformed = "package_sums_malformed", exit 4, "SHA256SUMS is missing, or not in its one form: sorted lines of digest and path.";
    PackageDowngrade = "package_downgrade", exit 4, "The package is older than what was installed under its name before.";
    SignatureMissing = "signature_missing", exit 4, "The name belongs to a publisher, and this package is not signed.";
    SignatureUnreadable = "signature_unreadable", exit 4, "signature.sig is no minisign signature.";
    SignatureLegacy = "signature_legacy", exit 4, "The signature is of minisign's old kind, which is not prehashed.";
    SignatureInvalid = "signature_invalid", exit 4, "The key that the signature names did not sign this SHA256SUMS.";
    SignatureCommentMismatch = "signature_comment_mismatch", exit 4, "The signature's trusted comment is not this package's name and version.";
    PublisherKeyInvalid = "publisher_key_invalid", exit 4, "The package's publisher.pub is no minisign public key, or calls itself what nobody may.";
    PublisherUnknown = "publisher_unknown", exit 4, "The key that signed the package is neither known here nor in the package.";
    PublisherUntrusted = "publisher_untrusted", exit 4, "Only the package itself names the key that signed it; the owner has not accepted its fingerprint.";
    PublisherMismatch = "publisher_mismatch", exit 4, "The name belongs to another publisher.";
    PublisherClaimMismatch = "publisher_claim_mismatch", exit 4, "The package says that one key signs it, and another one did.";
    PublisherNameTaken = "publisher_name_taken", exit 4, "A new key calls itself like a publisher that is known already.";
    PublisherSuperseded = "publisher_superseded", exit 4, "The publisher has named another key as successor of the one that signed this.";
    SuccessorInvalid = "successor_invalid", exit 4, "A successor statement cannot be read, is not signed by the old key, or contradicts an earlier one.";
    PackageBareImport = "package_bare_import", exit 4, "The code imports something that is not in the package.";
    PackageCodeInvalid = "package_code_invalid", exit 4, "The code does not load: a syntax error, or an error while it was activated.";
    PackageUnreadable = "package_unreadable", exit 4, "The folder or archive cannot be read.";
    PackageZoneRefused = "package_zone_refused", exit 4, "The package may not run in this zone.";
    PackageEngineRefused = "package_engine_refused", exit 4, "The package does not work with this version of oikos.";
    ConsentMissing = "consent_missing", exit 4, "Nobody agreed to the card.";
    Timeout = "timeout", exit 5, "The run took longer than its wall-clock limit, or made no progress for too long.";
    CpuLimit = "cpu_limit", exit 5, "The run used up its CPU time.";
    MemoryLimit = "memory_limit", exit 5, "The run used up its memory.";
    StreamLimit = "stream_limit", exit 5, "The run streamed more than it may.";
    OperationLimit = "operation_limit", exit 5, "Too many host calls or open handles at once.";
    TooLarge = "too_large", exit 5, "An argument or answer is larger than one call may carry.";
    QuotaExceeded = "quota_exceeded", exit 5, "The app's storage is full.";
    FilesFull = "files_full", exit 5, "No more files can be handed over until some of those that were are forgotten.";
    HostLimit = "host_limit", exit 5, "The work done for the run by the host reached its limit.";
    EventLimit = "event_limit", exit 5, "More events than an app may send: too fast, too many that still wait, or in a circle.";
    OwnerNotFound = "owner_not_found", exit 6, "There is no owner of this name.";
    NotFound = "not_found", exit 6, "There is no such thing: key, file, question or grant.";
    AppNotFound = "app_not_found", exit 6, "No app of this name is installed.";
    ActionNotFound = "action_not_found", exit 6, "The app has no action or tool of this name.";
    DependencyMissing = "dependency_missing", exit 6, "The app needs an MCP server, or a tool of one, and its owner has not said yet which; the hint has the command.";
    PublisherNotFound = "publisher_not_found", exit 6, "There is no publisher or publisher's key of this name.";
    RunNotFound = "run_not_found", exit 6, "There is no such run.";
    Stopped = "stopped", exit 7, "The owner stopped it.";
}

/// Deriving it would describe the names that the variants have here, not the words: the derive does not see into the table.
impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "What went wrong, as a stable word. The set only grows; a word never changes its meaning.",
            ))
            .enum_values(Some(Self::ALL.iter().map(|code| code.word())))
            .into()
    }
}

impl ToSchema for ErrorCode {}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
