//! The file of signed heads.

#![expect(clippy::unwrap_used, reason = "tests")]

use link::{DeviceKey, HEAD_FILE_BYTES_MAX, HeadFile};
use protocol::{AuditHead, ChainHash, OwnerId, Timestamp, sha256};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use testkit::{TempHome, TestEntropy};

struct Heads {
    home: TempHome,
    key: DeviceKey,
    file: HeadFile,
}

impl Heads {
    fn new() -> Self {
        let home = TempHome::new();
        let key = DeviceKey::open_or_create(home.path(), &TestEntropy::new()).unwrap();
        let file = HeadFile::new(home.path());
        Self { home, key, file }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("audit-heads.jsonl")
    }

    fn head(&self, owner: u32, seq: u64) -> AuditHead {
        self.key.sign_head(OwnerId(owner), seq, ChainHash(sha256(&seq.to_le_bytes())), Timestamp(seq as i64))
    }

    #[track_caller]
    fn check(&self, seqs: &[u64], lines_refused: &[usize]) {
        let found = self.file.read(&self.key.public_key()).unwrap();
        let found_seqs: Vec<_> = found.heads.iter().map(|head| head.seq).collect();
        assert_eq!((&found_seqs[..], &found.lines_refused[..]), (seqs, lines_refused));
    }
}

#[test]
fn heads_are_read_back_and_a_torn_line_is_forgiven() {
    let heads = Heads::new();
    heads.check(&[], &[]);
    for seq in [3, 5] {
        heads.file.append(&heads.head(1, seq)).unwrap();
    }
    heads.check(&[3, 5], &[]);
    assert_eq!(fs::metadata(heads.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let whole = fs::read(heads.path()).unwrap();
    // A power cut anywhere in the last line, and the next head after it.
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [first + 1, first + 50, whole.len() - 1] {
        fs::write(heads.path(), &whole[..cut]).unwrap();
        heads.check(&[3], &[]);
        heads.file.append(&heads.head(1, 7)).unwrap();
        heads.check(&[3, 7], &[]);
    }
    // A torn line that is longer than one look.
    fs::write(heads.path(), [&whole[..first], &[b'x'; 10_000]].concat()).unwrap();
    heads.file.append(&heads.head(1, 9)).unwrap();
    heads.check(&[3, 9], &[]);
    fs::write(heads.path(), "torn").unwrap();
    heads.file.append(&heads.head(1, 9)).unwrap();
    heads.check(&[9], &[]);
}

#[test]
fn lines_of_others_are_refused_by_number() {
    let (heads, other) = (Heads::new(), Heads::new());
    heads.file.append(&heads.head(1, 1)).unwrap();
    heads.file.append(&other.head(1, 2)).unwrap();
    let mut changed = heads.head(1, 3);
    changed.seq = 4;
    heads.file.append(&changed).unwrap();
    let mut no_signature = heads.head(1, 5);
    no_signature.signature = "«secret»".to_owned();
    heads.file.append(&no_signature).unwrap();
    let text = fs::read_to_string(heads.path()).unwrap();
    fs::write(heads.path(), text + "{}\n\nnot even json\n").unwrap();
    heads.file.append(&heads.head(1, 6)).unwrap();
    heads.check(&[1, 6], &[2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_long_file_is_thinned_and_every_owner_keeps_an_end() {
    let heads = Heads::new();
    heads.file.append(&heads.head(2, 1)).unwrap();
    heads.file.append(&heads.head(1, 1)).unwrap();
    let line = fs::read_to_string(heads.path()).unwrap().lines().nth(1).unwrap().to_owned() + "\n";
    let filler = line.repeat(usize::try_from(HEAD_FILE_BYTES_MAX).unwrap() / line.len() - 2);
    let text = fs::read_to_string(heads.path()).unwrap();
    fs::write(heads.path(), text + "evidence\n" + &filler).unwrap();
    for seq in 2..6 {
        heads.file.append(&heads.head(1, seq)).unwrap();
    }
    assert!(fs::metadata(heads.path()).unwrap().len() < HEAD_FILE_BYTES_MAX * 2 / 3);
    let found = heads.file.read(&heads.key.public_key()).unwrap();
    assert_eq!(found.heads[0], heads.head(2, 1));
    assert_eq!(found.heads.last(), Some(&heads.head(1, 5)));
    assert_eq!(found.lines_refused, [2]);
}
