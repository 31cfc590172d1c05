//! Packing an author's folder: needs no household, only the package's own rules.

use package::Package;
use protocol::{AppName, Digest, ErrorCode, Failure, text};
use serde::Serialize;
use std::{
    fs::Permissions,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What is packed is for others to read, as far as the author's own mask lets them.
const FILE_MODE: u32 = 0o666;

/// What was packed.
#[derive(Clone, Debug, Serialize)]
pub struct Packed {
    /// Where the archive is.
    pub archive: PathBuf,
    /// The app.
    pub app: AppName,
    /// Its version.
    pub version: String,
    /// SHA-256 of the archive.
    pub digest: Digest,
    /// Size of the archive.
    pub bytes: u64,
    /// Files in it, `SHA256SUMS` among them.
    pub files: usize,
    /// What its author should know.
    pub warnings: Vec<String>,
}

/// Packs a folder into one archive, the same bytes each time. `out` defaults to `NAME-VERSION.aisapp` in the present
/// folder. The archive appears whole or not at all.
pub fn app_pack(folder: &Path, out: Option<&Path>) -> Result<Packed, Failure> {
    let package = Package::read_folder(folder).map_err(Failure::from)?;
    let manifest = package.manifest();
    let out =
        out.map_or_else(|| PathBuf::from(format!("{}-{}.aisapp", manifest.name, manifest.version)), Path::to_path_buf);
    file_write(&out, package.archive_bytes())?;
    Ok(packed(&package, out))
}

/// What was packed, for whoever asked.
pub(crate) fn packed(package: &Package, archive: PathBuf) -> Packed {
    Packed {
        app: package.name().clone(),
        version: package.manifest().version.to_string(),
        digest: package.digest(),
        bytes: package.archive_bytes().len() as u64,
        files: package.files().count(),
        warnings: package.warnings().iter().map(ToString::to_string).collect(),
        archive,
    }
}

/// Writes a file whole or not at all.
pub fn file_write(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(out, bytes).map_err(|error| {
        let shown = text::escape(&out.to_string_lossy());
        Failure::new(ErrorCode::FileUnusable, format!("{shown} cannot be written: {error}"))
    })
}

fn write(out: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let permissions = Permissions::from_mode(FILE_MODE);
    let mut staged = tempfile::Builder::new().prefix(".unfinished-").permissions(permissions).tempfile_in(folder)?;
    staged.write_all(bytes)?;
    staged.as_file().sync_all()?;
    crate::crash_point("file_out::after_stage");
    staged.persist(out)?;
    crate::crash_point("file_out::after_rename");
    Ok(())
}
