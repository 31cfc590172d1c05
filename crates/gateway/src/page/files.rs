//! The files of the page, as `cargo xtask ui` built them: text with its compressed form beside it.

use axum::body::Bytes;
use std::borrow::Cow;

/// A file of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFile {
    /// What is in it.
    pub bytes: Bytes,
    /// Its hash, which tells one version of it from all others.
    pub sha256: [u8; 32],
}

/// Where the files of a page are, by path without a slash before it.
pub type PageFiles = fn(&str) -> Option<PageFile>;

/// In debug builds too, so that what is tried is what is shipped.
#[derive(rust_embed::Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Built;

/// The page that was there when this was built. Without one there is no file.
pub fn built(path: &str) -> Option<PageFile> {
    let file = <Built as rust_embed::Embed>::get(path)?;
    let bytes = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Some(PageFile { bytes, sha256: file.metadata.sha256_hash() })
}
