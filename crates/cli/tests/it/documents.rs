//! PDF files through the whole of oikos: what Debian packages beside what poppler reads, damaged ones, hostile ones, and workers
//! that do not do their work.

use crate::{kit::Oikos, process::Process};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use testkit::wait_until;
use unicode_normalization::UnicodeNormalization as _;

/// Where `cargo xtask test` has them.
const DEBIAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/documents");
/// Ours.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents");
/// Of the words of a page, as many are the same.
const SAME_WORDS: f64 = 0.98;

fn own(name: &str) -> PathBuf {
    Path::new(OWN).join(name)
}

fn reader() -> Oikos {
    let oikos = Oikos::new();
    oikos.install("pdf-reader", &[]);
    oikos
}

fn read(oikos: &Oikos, document: &Path) -> Value {
    let file = format!("document={}", document.display());
    oikos.json(&["run", "pdf-reader", "text", "--file", &file])["data"].clone()
}

/// Reads a document that cannot be read; gives the code.
#[track_caller]
fn failed(oikos: &Oikos, document: &Path) -> String {
    let file = format!("document={}", document.display());
    let said = oikos.run(&["run", "pdf-reader", "text", "--file", &file, "--json"]);
    assert_ne!(said.code, 0, "{}: {}", document.display(), said.out);
    let end: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!(end["type"], "ERROR", "{end}");
    end["failure"]["code"].as_str().unwrap_or_else(|| panic!("no code: {end}")).to_owned()
}

/// Processes that were started in a box of this oikos and are there still.
pub(crate) fn boxed(oikos: &Oikos) -> Vec<String> {
    let rooms = oikos.home().join("cache/apart");
    let rooms = rooms.to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let environments = entries.filter_map(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        String::from_utf8_lossy(&environment).contains(rooms).then(|| entry.file_name().to_string_lossy().into_owned())
    });
    environments.collect()
}

#[track_caller]
pub(crate) fn nothing_is_left(oikos: &Oikos) {
    wait_until("the box to be empty", || boxed(oikos).is_empty());
    let rooms = || std::fs::read_dir(oikos.home().join("cache/apart")).map_or(0, Iterator::count);
    wait_until("the homes to be gone", || rooms() == 0);
}

// ---- beside poppler ----

/// What stands between spaces, letter for letter, after both are brought to one form (NFKC), with how often it stands there.
fn words(text: &str) -> BTreeMap<String, usize> {
    let mut words = BTreeMap::new();
    for word in text.nfkc().collect::<String>().split_whitespace() {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

/// How many words two texts have in common, of those that the one with more words has.
fn share(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    let most = one.values().sum::<usize>().max(other.values().sum());
    let common: usize = one.iter().map(|(word, count)| other.get(word).copied().unwrap_or_default().min(*count)).sum();
    if most == 0 { 1.0 } else { common as f64 / most as f64 }
}

#[test]
fn words_in_common_are_counted_with_how_often_they_stand_there() {
    for (one, other, expected) in [
        ("a b c d", "d c b a", 1.0),
        ("a a a a", "a a", 0.5),
        ("of\u{fb01}ce", "office", 1.0),
        ("two words", "twowords", 0.0),
        ("", "", 1.0),
        ("a", "", 0.0),
    ] {
        assert!((share(one, other) - expected).abs() < 1e-9, "{one} {other}");
    }
}

#[test]
fn five_documents_of_debian_have_the_pages_and_words_that_poppler_finds() {
    let documents = [
        ("bash-doc", "usr/share/doc/bash/bash.pdf", 50),
        ("debian-policy", "usr/share/doc/debian-policy/policy.pdf.gz", 100),
        ("debian-policy", "usr/share/doc/debian-policy/fhs/fhs-3.0.pdf.gz", 40),
        ("developers-reference", "usr/share/developers-reference/developers-reference.pdf", 50),
        ("debian-refcard", "usr/share/doc/debian-refcard/refcard-ru-a4.pdf.gz", 2),
    ];
    let has_poppler = Command::new("pdftotext").arg("-v").output().is_ok();
    if !has_poppler || documents.iter().any(|(package, ..)| !Path::new(DEBIAN).join(package).is_dir()) {
        println!("left out: Debian's documents or poppler are not here; `cargo xtask test` fetches them");
        return;
    }
    let oikos = reader();
    let mut wrong = Vec::new();
    for (package, path, pages_min) in documents {
        let packed = Path::new(DEBIAN).join(package).join(path);
        let name = packed.file_stem().unwrap().to_string_lossy().trim_end_matches(".pdf").to_owned();
        let document = oikos.files().join(format!("{name}.pdf"));
        match packed.extension().is_some_and(|extension| extension == "gz") {
            true => {
                let unpacked = Command::new("gzip").args(["-dc".as_ref(), packed.as_os_str()]).output().unwrap();
                assert!(unpacked.status.success(), "{}", packed.display());
                std::fs::write(&document, unpacked.stdout).unwrap();
            }
            false => _ = std::fs::copy(&packed, &document).unwrap(),
        }
        let poppler = Command::new("pdftotext").args(["-enc", "UTF-8"]).arg(&document).arg("-").output().unwrap();
        let poppler = String::from_utf8(poppler.stdout).unwrap();
        let theirs: Vec<&str> = poppler.strip_suffix('\u{c}').unwrap().split('\u{c}').collect();
        let ours = read(&oikos, &document);
        let pages = ours["pages"].as_array().unwrap();
        assert_eq!((ours["pageCount"].as_u64().unwrap() as usize, pages.len()), (theirs.len(), theirs.len()), "{name}");
        assert!(theirs.len() >= pages_min, "{name} is another document: {} pages", theirs.len());
        let shares = theirs.iter().zip(pages).map(|(theirs, ours)| share(theirs, ours["text"].as_str().unwrap()));
        let (mut least, mut sum) = (1.0_f64, 0.0);
        for (place, share) in shares.enumerate() {
            (least, sum) = (least.min(share), sum + share);
            if share < SAME_WORDS {
                wrong.push(format!("{name}, page {}: {share:.3}", place + 1));
            }
        }
        let mean = sum / theirs.len() as f64;
        println!("{name}: {} pages, words in common {mean:.4} a page, at least {least:.4}", theirs.len());
    }
    assert!(wrong.is_empty(), "too few words in common:\n{}", wrong.join("\n"));
}

// ---- ours ----

#[test]
fn a_small_document_reads_as_it_looks() {
    let oikos = reader();
    for name in ["small.pdf", "unlocked.pdf"] {
        let data = read(&oikos, &own(name));
        let texts: Vec<_> =
            data["pages"].as_array().unwrap().iter().map(|page| page["text"].as_str().unwrap()).collect();
        let first = "Two words and a hyphenated one. Caf\u{e9} \u{201c}quoted\u{201d}.\nKerned, and apart.\ninvoice";
        assert_eq!(texts, [first, "left one\nleft two\nright one\nright two\nturned", ""], "{name}");
        assert_eq!(data["title"], "A small document");
    }
    nothing_is_left(&oikos);
}

/// Ten ways in which a file arrives broken, and one that asks for more than it may have.
#[test]
fn a_damaged_document_is_an_error_and_nothing_else() {
    let oikos = reader();
    let up = Process::start(&oikos, &["up", "--no-doors"]);
    wait_until("oikos to be up", || oikos.run(&["daemon", "status"]).code == 0);
    let whole = std::fs::read(own("small.pdf")).unwrap();
    let damage = |name: &str, bytes: Vec<u8>| {
        let path = oikos.files().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let without = |word: &str, other: &str| {
        assert_eq!(word.len(), other.len());
        let text: Vec<u8> = whole.clone();
        let mut damaged = text.clone();
        let mut at = 0;
        while let Some(found) = damaged[at..].windows(word.len()).position(|window| window == word.as_bytes()) {
            damaged[at + found..at + found + word.len()].copy_from_slice(other.as_bytes());
            at += found + word.len();
        }
        assert_ne!(damaged, text, "{word} is not in it");
        damaged
    };
    let mut seed = 7_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let noise: Vec<u8> = (0..40_000).map(|_| random() as u8).collect();
    let mut spoiled = whole.clone();
    for byte in &mut spoiled {
        if random() % 3 == 0 {
            *byte = random() as u8;
        }
    }
    let documents = [
        damage("empty.pdf", vec![]),
        damage("cut.pdf", whole[..60].to_vec()),
        damage("head.pdf", b"%PDF-1.7\n".to_vec()),
        damage("zeros.pdf", [&whole[..9], &[0; 30_000]].concat()),
        damage("noise.pdf", noise),
        damage("spoiled.pdf", spoiled),
        damage("text.pdf", b"Dear reader, this is no PDF file.\n".repeat(100)),
        damage("pages.pdf", without("/Pages", "/Pigs_")),
        damage("objects.pdf", without(" obj", " ebj")),
        own("circle.pdf"),
        own("locked.pdf"),
    ];
    for document in &documents {
        assert_eq!(failed(&oikos, document), "document_unreadable", "{}", document.display());
    }
    // One that unfolds to a gigabyte and more.
    assert_eq!(failed(&oikos, &own("bomb.pdf")), "host_limit");
    // A great many brackets are nothing but brackets.
    assert_eq!(read(&oikos, &own("deep.pdf"))["pages"][0]["text"], "");
    assert_eq!(read(&oikos, &own("small.pdf"))["pageCount"], 3);
    assert_eq!(oikos.run(&["daemon", "status"]).code, 0, "it is well");
    nothing_is_left(&oikos);
    drop(up);
}

#[test]
fn bytes_that_nobody_thought_of_never_do_more_than_fail() {
    let oikos = reader();
    let whole = std::fs::read(own("small.pdf")).unwrap();
    let mut seed = 99_u64;
    let mut random = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most
    };
    for round in 0..40 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random(40) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => _ = bytes.drain(at..(at + random(60)).min(bytes.len())),
                _ => {
                    _ = bytes.splice(
                        at..at,
                        whole[at.min(whole.len() - 1)..].iter().copied().take(random(90)).collect::<Vec<_>>(),
                    )
                }
            }
        }
        let path = oikos.files().join("fuzzed.pdf");
        std::fs::write(&path, &bytes).unwrap();
        let file = format!("document={}", path.display());
        let said = oikos.run(&["run", "pdf-reader", "text", "--file", &file, "--json"]);
        let end: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        let code = end["failure"]["code"].as_str().unwrap_or("none");
        let expected = ["none", "document_unreadable"].contains(&code);
        assert!(expected && (said.code == 0) == (code == "none"), "round {round}: {end}");
    }
    nothing_is_left(&oikos);
}

// ---- workers that do not do their work ----

#[test]
fn a_worker_that_goes_wrong_costs_one_run_an_error() {
    let oikos = reader();
    let file = format!("document={}", own("small.pdf").display());
    for (ill, code, word) in [
        ("bomb", "host_limit", "256 MiB"),
        ("crash", "worker_failed", "signal 11"),
        ("garbage", "worker_failed", "nonsense"),
        ("huge", "worker_failed", "broke down"),
        ("cut", "worker_failed", "broke down"),
        ("flood", "worker_failed", "nonsense"),
        ("silence", "worker_failed", "nonsense"),
    ] {
        let mut command = oikos.command(&["run", "pdf-reader", "text", "--file", &file]);
        let said = command.env("FAILPOINTS", format!("worker::ill=return({ill})")).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.contains(&format!("code: {code}")) && said.contains(word), "{ill}: {said}");
        nothing_is_left(&oikos);
    }
    assert_eq!(read(&oikos, &own("small.pdf"))["pageCount"], 3);
}

#[test]
fn a_worker_that_does_not_end_is_ended() {
    let oikos = reader();
    let file = format!("document={}", own("small.pdf").display());
    for ill in ["hang", "spin"] {
        let started = Instant::now();
        let mut command = oikos.command(&["run", "pdf-reader", "text", "--file", &file]);
        let said = command.env("FAILPOINTS", format!("worker::ill=return({ill})")).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.contains("code: host_limit") && said.contains("took longer than 20 s"), "{ill}: {said}");
        assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
        nothing_is_left(&oikos);
    }
}

#[test]
fn a_worker_ends_with_its_run_and_may_be_killed_by_anybody() {
    let oikos = reader();
    let file = format!("document={}", own("small.pdf").display());
    let words = ["run", "pdf-reader", "text", "--file", &file];
    let begin = || {
        let mut command = oikos.command(&words);
        command.env("FAILPOINTS", "worker::ill=return(hang)");
        let process = Process::start_as(command);
        wait_until("the worker to be there", || !boxed(&oikos).is_empty());
        process
    };
    let stopped = begin();
    oikos.ok(&["stop", "pdf-reader"]);
    let since = Instant::now();
    nothing_is_left(&oikos);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(stopped.end().code, 7);
    let killed = begin();
    for number in boxed(&oikos) {
        let number = rustix::process::Pid::from_raw(number.parse().unwrap()).unwrap();
        rustix::process::kill_process(number, rustix::process::Signal::KILL).ok();
    }
    let said = killed.end();
    assert!(said.err.contains("code: worker_failed"), "{}", said.err);
    nothing_is_left(&oikos);
    assert_eq!(read(&oikos, &own("small.pdf"))["pageCount"], 3);
}
