//! Bytes by digest.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::Disk;
use protocol::{Digest, ErrorCode, sha256};
use state::{BlobError, BlobStore};
use std::{
    fs,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

fn path_of(disk: &Disk, digest: Digest) -> PathBuf {
    let name = digest.to_string();
    disk.home.path().join("blobs").join(&name[..2]).join(name)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_put_is_got_and_private() {
    let disk = Disk::new();
    let lock = disk.lock();
    let blobs = BlobStore::open(&lock).unwrap();
    let large = vec![3; 300_000];
    let digests = [blobs.put(b"").unwrap(), blobs.put(b"abc").unwrap(), blobs.put(&large).unwrap()];
    assert_eq!(digests[1], sha256(b"abc"));
    assert_eq!(blobs.put(b"abc").unwrap(), digests[1]);
    assert_eq!(blobs.get(digests[2]).unwrap(), large);
    let mut copy = Vec::new();
    assert_eq!(blobs.copy_to(digests[2], &mut copy).unwrap(), large.len() as u64);
    assert_eq!(copy, large);
    let mut sorted = digests.to_vec();
    sorted.sort_unstable();
    assert_eq!(blobs.list().unwrap(), sorted);
    let path = path_of(&disk, digests[1]);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert!(blobs.contains(digests[1]));
    blobs.remove(digests[1]).unwrap();
    blobs.remove(digests[1]).unwrap();
    assert!(!blobs.contains(digests[1]));
    assert!(matches!(blobs.get(digests[1]), Err(BlobError::NotFound(_))));
    assert_eq!(fs::read_dir(disk.home.path().join("blobs/staging")).unwrap().count(), 0);
}

#[test]
fn a_changed_blob_is_never_given_and_can_be_put_again() {
    let disk = Disk::new();
    let lock = disk.lock();
    let blobs = BlobStore::open(&lock).unwrap();
    let digest = blobs.put(b"the bytes of a package").unwrap();
    for damage in [&b"the bytes of a pakcage"[..], b"the bytes", b""] {
        fs::write(path_of(&disk, digest), damage).unwrap();
        let error = blobs.get(digest).unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreDamaged, "{error}");
        assert!(blobs.copy_to(digest, &mut io::sink()).is_err());
    }
    blobs.put(b"the bytes of a package").unwrap();
    blobs.get(digest).unwrap();
}

#[test]
fn what_is_unfinished_is_swept() {
    struct Breaks(u8);
    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 > 3 { Err(io::Error::other("the cable")) } else { Ok(buffer.len()) }
        }
    }
    let disk = Disk::new();
    let lock = disk.lock();
    let staging = disk.home.path().join("blobs/staging");
    let blobs = BlobStore::open(&lock).unwrap();
    assert!(matches!(blobs.put_from(&mut Breaks(0)), Err(BlobError::Source(_))));
    assert_eq!(fs::read_dir(&staging).unwrap().count(), 0);
    // Left over from a process that was ended, with the name that the next process begins with.
    fs::write(staging.join("0"), "half").unwrap();
    let blobs = BlobStore::open(&lock).unwrap();
    assert_eq!(fs::read_dir(&staging).unwrap().count(), 0);
    blobs.put(b"whole").unwrap();
    assert_eq!(blobs.list().unwrap(), [sha256(b"whole")]);
}
