//! What must hold for any bytes that a stranger calls a signature, a key or a statement. Used by the fuzzers, and by
//! the tests of crates/link, which try the corpus again.

use link::{Fingerprint, MinisignSignature, PublisherKey, PublisherSecret, Secret, Successor};

/// Signatures, keys and statements, whichever the bytes are.
pub(crate) fn minisign(bytes: &[u8]) {
    let key = PublisherKey::read_file(bytes);
    if let Ok((key, name)) = &key {
        let again = PublisherKey::read_file(key.to_file(name.as_ref()).as_bytes());
        assert_eq!(again.as_ref(), Ok(&(*key, name.clone())), "a key has one form");
        assert!(key.is_named_by(&key.to_string()) && key.is_named_by(&key.fingerprint().to_string()));
    }
    if let Ok(signature) = MinisignSignature::read_file(bytes)
        && let Ok(known) = KNOWN.parse::<PublisherKey>()
    {
        assert!(known.verify(b"nobody signed this", &signature).is_err());
    }
    if let Ok(statements) = Successor::read_all(bytes) {
        assert!(statements.iter().all(|said| said.old().key() != said.new_key().key()));
    }
    // A passphrase would make this slow: a key under one is only looked at.
    if let Ok(secret) = PublisherSecret::read_file(bytes, None) {
        let file = secret.to_file(None, &NoEntropy);
        let again = PublisherSecret::read_file(file.expose().as_bytes(), None);
        assert_eq!(again.ok().map(|again| again.public_key()), Some(secret.public_key()));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(fingerprint) = text.parse::<Fingerprint>()
    {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    drop(Secret::new(bytes.to_vec()));
}

/// A public key whose secret half nobody has.
const KNOWN: &str = "RWR52sdFRquRHamFDRVRq8b+90o2qlxieziYgqk+EBE+25lbnwXTFJza";

/// A key without a passphrase is written without randomness.
struct NoEntropy;

impl protocol::Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) {
        unreachable!("nothing random is in a plain key's file");
    }
}
