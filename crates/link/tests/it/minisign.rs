//! minisign's forms: what stock minisign made is read, what is made here it would read, and nothing else holds.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stdout, reason = "which input it was, and what was left out")]

use link::{
    Fingerprint, MinisignFault, MinisignSignature, PublisherKey, PublisherKeyError, PublisherSecret, Secret,
    SecretKeyFault, Successor, SuccessorError,
};
use proptest::prelude::*;
use std::{fs, path::Path, process::Command};
use testkit::{TempHome, TestEntropy};

const COMMENT: &str = "notes 1.0.0";

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/minisign").join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

fn passphrase(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn stock_key() -> PublisherKey {
    PublisherKey::read_file(&fixture("plain.pub")).unwrap().0
}

fn stock_secret() -> PublisherSecret {
    PublisherSecret::read_file(&fixture("plain.key"), None).unwrap()
}

#[test]
fn what_stock_minisign_made_is_read() {
    for name in ["plain", "encrypted"] {
        let (key, called) = PublisherKey::read_file(&fixture(&format!("{name}.pub"))).unwrap();
        let signature = MinisignSignature::read_file(&fixture(&format!("{name}.sig"))).unwrap();
        assert_eq!((key.verify(&fixture("message.txt"), &signature), called), (Ok(()), None));
        assert_eq!(signature.trusted_comment(), COMMENT);
        let line = text(&format!("{name}.pub")).lines().nth(1).unwrap().to_owned();
        assert_eq!((key.to_string(), line.parse()), (line, Ok(key)));
        // The number as minisign shows it.
        assert!(text(&format!("{name}.pub")).contains(&format!("public key {}", key.id())));
    }
    assert_eq!(stock_secret().public_key(), stock_key());
}

#[test]
fn a_key_under_a_passphrase_opens_with_it_and_with_no_other() {
    let read = |given: Option<&str>| {
        let given = given.map(passphrase);
        PublisherSecret::read_file(&fixture("encrypted.key"), given.as_ref()).map(|secret| secret.public_key())
    };
    let (key, _) = PublisherKey::read_file(&fixture("encrypted.pub")).unwrap();
    assert_eq!(read(Some("secret")), Ok(key));
    assert_eq!(read(Some("Secret")), Err(SecretKeyFault::PassphraseWrong));
    assert_eq!(read(None), Err(SecretKeyFault::PassphraseMissing));
}

#[test]
fn the_same_key_signs_the_same_bytes_as_stock_minisign() {
    let made = stock_secret().sign(&fixture("message.txt"), "signature from minisign secret key", COMMENT);
    assert_eq!(made, text("plain.sig"));
}

#[test]
fn a_second_reader_takes_what_is_made_here() {
    let secret = PublisherSecret::generate(&TestEntropy::seeded(7));
    let name = "ada".parse().unwrap();
    let file = secret.public_key().to_file(Some(&name));
    assert_eq!(PublisherKey::read_file(file.as_bytes()), Ok((secret.public_key(), Some(name))));
    let theirs = minisign_verify::PublicKey::decode(&file).unwrap();
    let signature = secret.sign(b"list of digests", "untrusted", COMMENT);
    let signature = minisign_verify::Signature::decode(&signature).unwrap();
    theirs.verify(b"list of digests", &signature, false).unwrap();
    assert_eq!(signature.trusted_comment(), COMMENT);
    assert!(theirs.verify(b"another list", &signature, false).is_err());
}

#[test]
fn secret_keys_go_through_their_file() {
    let entropy = TestEntropy::seeded(3);
    let secret = PublisherSecret::generate(&entropy);
    let key = secret.public_key();
    let plain = secret.to_file(None, &entropy);
    assert_eq!(PublisherSecret::read_file(plain.expose().as_bytes(), None).unwrap().public_key(), key);
    let covered = secret.to_file(Some(&passphrase("correct horse")), &entropy);
    let read = |given: Option<&Secret<String>>| {
        PublisherSecret::read_file(covered.expose().as_bytes(), given).map(|secret| secret.public_key())
    };
    assert_eq!(read(Some(&passphrase("correct horse"))), Ok(key));
    assert_eq!(read(Some(&passphrase("correct house"))), Err(SecretKeyFault::PassphraseWrong));
    assert_eq!(read(None), Err(SecretKeyFault::PassphraseMissing));
    // A flipped digit of a plain key is found by its checksum.
    let mut damaged = plain.expose().clone().into_bytes();
    let place = damaged.len() - 60;
    damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
    assert!(matches!(PublisherSecret::read_file(&damaged, None), Err(SecretKeyFault::Unreadable(_))));
}

#[test]
fn a_secret_key_that_asks_for_too_much_work_is_refused_at_once() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let file = text("encrypted.key");
    let (comment, line) = file.trim_end().split_once('\n').unwrap();
    let mut bytes = STANDARD.decode(line).unwrap();
    for (at, value) in [(38, u64::MAX), (46, 1 << 31), (46, u64::MAX)] {
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let file = format!("{comment}\n{}\n", STANDARD.encode(&bytes));
        let found = PublisherSecret::read_file(file.as_bytes(), Some(&passphrase("secret"))).map(drop);
        assert!(matches!(found, Err(SecretKeyFault::Unreadable(_))), "{found:?}");
    }
}

#[test]
fn whatever_is_changed_in_a_signature_is_told() {
    let (key, message, good) = (stock_key(), fixture("message.txt"), text("plain.sig"));
    let check = |what: &str, file: &str, message: &[u8], expected: Result<(), MinisignFault>| {
        let found = MinisignSignature::read_file(file.as_bytes()).and_then(|read| key.verify(message, &read));
        match expected {
            Err(MinisignFault::Unreadable(_)) => {
                assert!(matches!(found, Err(MinisignFault::Unreadable(_))), "{what}: {found:?}");
            }
            expected => assert_eq!(found, expected, "{what}"),
        }
    };
    let unreadable = Err(MinisignFault::Unreadable(""));
    let line = |number: usize, to: &str| {
        let mut lines: Vec<&str> = good.lines().collect();
        lines[number] = to;
        lines.join("\n") + "\n"
    };
    check("as it was", &good, &message, Ok(()));
    check("other bytes", &good, b"hallo\n", Err(MinisignFault::Invalid));
    check("the old kind", &text("legacy.sig"), &message, Err(MinisignFault::Legacy));
    check("another key", &text("encrypted.sig"), &message, Err(MinisignFault::OtherKey));
    check("another comment", &line(2, "trusted comment: notes 2.0.0"), &message, Err(MinisignFault::CommentChanged));
    check("a shorter comment", &line(2, "trusted comment: notes 1.0."), &message, Err(MinisignFault::CommentChanged));
    let others = text("encrypted.sig");
    let other_comment = others.lines().nth(3).unwrap();
    check("the signature of another comment", &line(3, other_comment), &message, Err(MinisignFault::CommentChanged));
    check("another untrusted comment", &line(0, "untrusted comment: whatever"), &message, Ok(()));
    check("ends of lines as on Windows", &good.replace('\n', "\r\n"), &message, Ok(()));
    check("no last line's end", good.trim_end(), &message, Ok(()));
    check("one line more", &format!("{good}more\n"), &message, unreadable);
    check("three lines", &good.lines().take(3).collect::<Vec<_>>().join("\n"), &message, unreadable);
    check("nothing", "", &message, unreadable);
    check("no untrusted comment", &line(0, "signature"), &message, unreadable);
    check("no trusted comment", &line(2, "comment: notes 1.0.0"), &message, unreadable);
    check("no base64", &line(1, "RUQ!"), &message, unreadable);
    check("base64 with spaces", &line(1, &format!(" {}", good.lines().nth(1).unwrap())), &message, unreadable);
    check("too short", &line(1, "RUQc"), &message, unreadable);
    check("too long", &line(0, &format!("untrusted comment: {}", "x".repeat(5_000))), &message, unreadable);
}

#[test]
fn a_key_of_the_same_number_is_another_key() {
    // Whoever wants to be taken for somebody takes their number, which is in every signature.
    let signature = MinisignSignature::read_file(&fixture("plain.sig")).unwrap();
    let (other, _) = PublisherKey::read_file(&fixture("encrypted.pub")).unwrap();
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (mut forged, real) = (STANDARD.decode(other.to_string()).unwrap(), STANDARD.decode(stock_key().to_string()));
    forged[..10].copy_from_slice(&real.unwrap()[..10]);
    let forged: PublisherKey = STANDARD.encode(&forged).parse().unwrap();
    assert_eq!(forged.id(), stock_key().id());
    assert_eq!(forged.verify(&fixture("message.txt"), &signature), Err(MinisignFault::Invalid));
    assert_ne!(forged.fingerprint(), stock_key().fingerprint());
    assert_eq!(forged.fingerprint(), other.fingerprint());
}

#[test]
fn keys_that_are_none_say_why() {
    let read = |text: &str| PublisherKey::read_file(text.as_bytes()).map(drop);
    let line = stock_key().to_string();
    assert_eq!(read(&format!("untrusted comment: x\n{line}\n")), Ok(()));
    for text in ["", "x", &line, &format!("x\n{line}"), &format!("untrusted comment: x\n{line}\nx")] {
        assert!(matches!(read(text), Err(PublisherKeyError::Unreadable(_))), "{text}");
    }
    for name in ["official", "system", "oikos", "oikos-project", "Ada", "a", "", "a b", "\u{202e}ada"] {
        let found = read(&format!("untrusted comment: publisher {name}\n{line}\n"));
        let Err(PublisherKeyError::Name { given, .. }) = &found else { panic!("{name}: {found:?}") };
        assert!(!given.contains('\u{202e}'));
    }
    for text in ["RW", "RWTIMnHPC7BfJ", &line[1..], &format!("{line}A"), &line.replacen("RW", "RX", 1)] {
        assert!(text.parse::<PublisherKey>().is_err(), "{text}");
    }
}

#[test]
fn fingerprints_are_of_the_key_and_read_as_people_write_them() {
    let key = stock_key();
    let shown = key.fingerprint().to_string();
    assert_eq!(shown.len(), 39);
    assert!(shown.replace('-', "").bytes().eq(hex::encode(&key.key().digest().0[..16]).bytes()));
    for text in
        [&shown, &shown.replace('-', ""), &shown.to_uppercase(), &shown.replace('-', " "), &shown.replace('-', ":")]
    {
        assert_eq!(text.parse::<Fingerprint>(), Ok(key.fingerprint()), "{text}");
        assert!(key.is_named_by(text));
    }
    assert!(key.is_named_by(&key.to_string()));
    for text in ["", &shown[..38], &format!("{shown}0"), "ada", &key.id().to_string()] {
        assert!(text.parse::<Fingerprint>().is_err() && !key.is_named_by(text), "{text}");
    }
}

#[test]
fn statements_hold_only_as_the_old_key_signed_them() {
    let entropy = TestEntropy::seeded(5);
    let [old, new, third] = [(); 3].map(|()| PublisherSecret::generate(&entropy));
    let (one, two) = (Successor::write(&old, &new.public_key()), Successor::write(&new, &third.public_key()));
    let read = |text: &str| {
        let read = Successor::read_all(text.as_bytes())?;
        Ok::<_, SuccessorError>(read.iter().map(|said| (*said.old(), *said.new_key())).collect::<Vec<_>>())
    };
    let keys = [&old, &new, &third].map(PublisherSecret::public_key);
    assert_eq!(read(&one), Ok(vec![(keys[0], keys[1])]));
    assert_eq!(read(&format!("{one}{two}")), Ok(vec![(keys[0], keys[1]), (keys[1], keys[2])]));

    let refused = |what: &str, text: &str| assert!(read(text).is_err(), "{what}: {text}");
    refused("nothing", "");
    refused("cut", &one[..one.len() - 10]);
    refused("another new key", &one.replace(&keys[1].to_string(), &keys[2].to_string()));
    refused("another old key", &one.replace(&keys[0].to_string(), &keys[2].to_string()));
    let said = one.lines().take(3).fold(String::new(), |text, line| text + line + "\n");
    let by = |secret: &PublisherSecret, comment: &str| format!("{said}{}", secret.sign(said.as_bytes(), "x", comment));
    assert_eq!(read(&by(&old, "oikos successor statement 1")), Ok(vec![(keys[0], keys[1])]));
    refused("signed by the new key", &by(&new, "oikos successor statement 1"));
    refused("itself", &Successor::write(&old, &keys[0]));
    refused("another kind", &one.replace("statement 1", "statement 2"));
    refused("too many", &one.repeat(9));
    refused("a line between", &format!("{one}\n{two}"));
    // What the old key signed for another purpose is no statement.
    refused("another purpose", &by(&old, "notes 1.0.0"));
    assert!(matches!(
        read(&one.replace(&keys[1].to_string(), &keys[2].to_string())),
        Err(SuccessorError::Signature(MinisignFault::Invalid))
    ));
}

#[test]
fn stock_minisign_reads_what_is_made_here() {
    let stock = |words: &[&str], home: &TempHome| {
        Command::new("minisign").args(words).current_dir(home.beside()).output().map(|output| output.status.success())
    };
    let (home, entropy) = (TempHome::new(), TestEntropy::seeded(11));
    if stock(&["-v"], &home).is_err() {
        println!("left out: minisign is not installed");
        return;
    }
    let (old, new) = (PublisherSecret::generate(&entropy), PublisherSecret::generate(&entropy));
    let put = |name: &str, text: &str| fs::write(home.beside().join(name), text).unwrap();
    put("m", "message");
    put("m.minisig", &old.sign(b"message", "u", "t"));
    put("old.pub", &old.public_key().to_file(None));
    put("old.key", old.to_file(None, &entropy).expose());
    assert!(stock(&["-V", "-p", "old.pub", "-m", "m"], &home).unwrap());
    // Our secret key in its hands.
    assert!(stock(&["-S", "-s", "old.key", "-m", "m", "-x", "theirs", "-t", "t"], &home).unwrap());
    let theirs = MinisignSignature::read_file(&fs::read(home.beside().join("theirs")).unwrap()).unwrap();
    assert_eq!(old.public_key().verify(b"message", &theirs), Ok(()));
    // A statement, taken apart.
    let statement = Successor::write(&old, &new.public_key());
    let lines: Vec<&str> = statement.split_inclusive('\n').collect();
    put("s", &lines[..3].concat());
    put("s.minisig", &lines[3..].concat());
    assert!(stock(&["-V", "-p", "old.pub", "-m", "s"], &home).unwrap());
    put("s", &lines[..3].concat().replace("1\n", "2\n"));
    assert!(!stock(&["-V", "-p", "old.pub", "-m", "s"], &home).unwrap());
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        drop(MinisignSignature::read_file(&bytes));
        drop(PublisherKey::read_file(&bytes));
        drop(Successor::read_all(&bytes));
        drop(PublisherSecret::read_file(&bytes, None));
    }

    #[test]
    fn a_signature_with_any_character_changed_holds_only_in_its_untrusted_comment(
        place in any::<prop::sample::Index>(),
        to in proptest::char::range(' ', '~'),
    ) {
        let good = text("plain.sig");
        let first_line = good.find('\n').unwrap();
        let at = first_line + 1 + place.index(good.len() - first_line - 2);
        let mut changed = good.clone().into_bytes();
        prop_assume!(changed[at] != to as u8 && changed[at] != b'\n');
        changed[at] = to as u8;
        let holds = MinisignSignature::read_file(&changed)
            .and_then(|signature| stock_key().verify(&fixture("message.txt"), &signature));
        prop_assert!(holds.is_err());
    }

    #[test]
    fn what_is_signed_holds_for_these_bytes_only(
        seed in any::<u64>(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        other in prop::collection::vec(any::<u8>(), 0..200),
        comment in "[ -~]{0,60}",
    ) {
        let secret = PublisherSecret::generate(&TestEntropy::seeded(seed));
        let signature = MinisignSignature::read_file(secret.sign(&bytes, "", &comment).as_bytes()).unwrap();
        prop_assert_eq!(secret.public_key().verify(&bytes, &signature), Ok(()));
        prop_assert_eq!(signature.trusted_comment(), &comment);
        prop_assert_eq!(secret.public_key().verify(&other, &signature).is_ok(), bytes == other);
    }
}
