//! An author's side of signatures: keys of their own, signing a package, naming a successor. Needs no household; the
//! keys lie in a folder of their own and outlive each home.

use crate::{
    pack::{Packed, file_write, packed},
    system::SystemEntropy,
};
use link::{PublisherFolder, PublisherFolderError, PublisherKey, PublisherSecret, SecretKeyFault, Successor};
use package::{PUBLISHER_FILE, Package, SIGNATURE_FILE, SUCCESSORS_FILE, pack};
use protocol::{ErrorCode, Failure, PublisherName, text};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub use link::Secret;

/// The project's own public key: what it signed is official. ADR 0003 says where its secret half is.
pub const OFFICIAL_KEY: &str = "RWR52sdFRquRHamFDRVRq8b+90o2qlxieziYgqk+EBE+25lbnwXTFJza";

/// The project's own key.
pub(crate) fn official_key() -> Result<PublisherKey, Failure> {
    OFFICIAL_KEY.parse().map_err(|error: link::PublisherKeyError| Failure::from_error(ErrorCode::Internal, &error))
}

/// Asks a person for the passphrase of a key.
pub type AskPassphrase<'a> = &'a dyn Fn(&PublisherName) -> Result<Option<Secret<String>>, Failure>;

/// One of an author's own keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnPublisher {
    /// How its author calls it.
    pub name: PublisherName,
    /// What people compare.
    pub fingerprint: String,
    /// The public key, in minisign's form.
    pub key: String,
    /// Where its secret half is.
    pub secret: PathBuf,
}

/// What was signed.
#[derive(Clone, Debug, Serialize)]
pub struct Signed {
    /// The archive.
    #[serde(flatten)]
    pub packed: Packed,
    /// Who signed.
    pub publisher: PublisherName,
    /// The fingerprint of the key.
    pub fingerprint: String,
}

/// A statement that was made.
#[derive(Clone, Debug, Serialize)]
pub struct Succeeded {
    /// The fingerprint of the old key.
    pub old: String,
    /// The fingerprint of the key that comes after it.
    pub new: String,
    /// The statement, for those who keep it elsewhere than in packages.
    pub statement: String,
}

fn own(folder: &PublisherFolder, name: PublisherName, key: &PublisherKey) -> OwnPublisher {
    OwnPublisher {
        fingerprint: key.fingerprint().to_string(),
        key: key.to_string(),
        secret: folder.secret_path(&name),
        name,
    }
}

/// Makes a key. `passphrase` protects its file; without one the file's mode does.
pub fn publisher_new(
    publishers: &Path,
    name: &PublisherName,
    passphrase: Option<&Secret<String>>,
) -> Result<OwnPublisher, Failure> {
    let folder = PublisherFolder::new(publishers);
    let key = folder.create(name, passphrase, &SystemEntropy).map_err(|error| failure(&error))?;
    Ok(own(&folder, name.clone(), &key))
}

/// An author's keys, by name.
pub fn publishers_own(publishers: &Path) -> Result<Vec<OwnPublisher>, Failure> {
    let folder = PublisherFolder::new(publishers);
    let keys = folder.list().map_err(|error| failure(&error))?;
    Ok(keys.into_iter().map(|found| own(&folder, found.name, &found.key)).collect())
}

/// Makes the statement that the key `new` comes after `old`. From then on packages that `new` signs carry it.
pub fn publisher_succeed(
    publishers: &Path,
    old: &PublisherName,
    new: &PublisherName,
    ask: AskPassphrase<'_>,
) -> Result<Succeeded, Failure> {
    let folder = PublisherFolder::new(publishers);
    let new_key = folder.public(new).map_err(|error| failure(&error))?;
    let old_key = open(&folder, old, ask)?;
    if old_key.public_key().key() == new_key.key() {
        return Err(Failure::new(ErrorCode::Usage, format!("'{old}' and '{new}' are the same key"))
            .hint(format!("make the key that comes after it: oikos publisher new {new}")));
    }
    let statement = folder.succeed(old, &old_key, new).map_err(|error| failure(&error))?;
    Ok(Succeeded {
        old: old_key.public_key().fingerprint().to_string(),
        new: new_key.fingerprint().to_string(),
        statement,
    })
}

/// Signs a folder or an archive: writes an archive that carries the key, the statements that led to it, and the
/// signature. `out` defaults to `NAME-VERSION.aisapp` in the present folder. It appears whole or not at all.
pub fn app_sign(
    source: &Path,
    publishers: &Path,
    name: &PublisherName,
    out: Option<&Path>,
    ask: AskPassphrase<'_>,
) -> Result<Signed, Failure> {
    let package = Package::read(source).map_err(Failure::from)?;
    let folder = PublisherFolder::new(publishers);
    let key = folder.public(name).map_err(|error| failure(&error))?;
    if let Some(claim) = package.manifest().publisher.as_deref().filter(|claim| !key.is_named_by(claim)) {
        let (app, claim) = (package.name(), text::shorten(claim, 80));
        let message = format!(
            "{app} was not signed: its manifest says that {claim} signs it, and {name} is {}",
            key.fingerprint()
        );
        return Err(Failure::new(ErrorCode::PublisherClaimMismatch, message)
            .hint("sign with that key, or correct \"publisher\" in the manifest"));
    }
    let successors = folder.successors(name).map_err(|error| failure(&error))?;
    if let Some(bytes) = &successors {
        Successor::read_all(bytes).map_err(|error| {
            Failure::from_error(ErrorCode::SuccessorInvalid, &error).hint(format!(
                "put {} back from where you keep a copy",
                folder.path().join(format!("{name}.successor")).display()
            ))
        })?;
    }
    let secret = open(&folder, name, ask)?;
    if secret.public_key().key() != key.key() {
        let message = format!("'{name}' was not used: its .pub and its .key file are not of one key");
        return Err(Failure::new(ErrorCode::KeyUnreadable, message).hint("put the two back from where you keep a copy"));
    }

    let mut files: BTreeMap<String, Vec<u8>> =
        package.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    for path in [SIGNATURE_FILE, PUBLISHER_FILE, SUCCESSORS_FILE] {
        files.remove(path);
    }
    files.insert(PUBLISHER_FILE.to_owned(), key.to_file(Some(name)).into_bytes());
    files.extend(successors.map(|bytes| (SUCCESSORS_FILE.to_owned(), bytes)));
    let unsigned = open_packed(pack(&files).map_err(|error| Failure::from(package::PackageError::from(error)))?)?;
    let comment = format!("{} {}", unsigned.name(), unsigned.manifest().version);
    let signature = secret.sign(unsigned.verified().sums(), &format!("signature of publisher {name}"), &comment);
    let signed = unsigned.verified().with_signature(signature.as_bytes());
    let signed = open_packed(signed.map_err(|error| Failure::from(package::PackageError::from(error)))?)?;

    let out = out.map_or_else(
        || PathBuf::from(format!("{}-{}.aisapp", signed.name(), signed.manifest().version)),
        Path::to_path_buf,
    );
    crate::crash_point("sign::before_write");
    file_write(&out, signed.archive_bytes())?;
    let mut packed = packed(&signed, out);
    packed.warnings = package.warnings().iter().map(ToString::to_string).collect();
    Ok(Signed { packed, publisher: name.clone(), fingerprint: key.fingerprint().to_string() })
}

fn open_packed(bytes: Vec<u8>) -> Result<Package, Failure> {
    Package::open(bytes).map_err(Failure::from)
}

/// Reads a secret key; asks for its passphrase only if it has one.
fn open(folder: &PublisherFolder, name: &PublisherName, ask: AskPassphrase<'_>) -> Result<PublisherSecret, Failure> {
    match folder.open(name, None) {
        Err(PublisherFolderError::Secret { fault: SecretKeyFault::PassphraseMissing, .. }) => {
            let passphrase = ask(name)?;
            folder.open(name, passphrase.as_ref()).map_err(|error| failure(&error))
        }
        other => other.map_err(|error| failure(&error)),
    }
}

fn failure(error: &PublisherFolderError) -> Failure {
    Failure::from_error(error.code(), error).hint(error.hint())
}
