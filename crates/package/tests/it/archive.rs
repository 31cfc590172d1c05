//! The archive: what Python and coreutils make of it, and what tampering is told.

use crate::support::{app, open};
use package::{ARCHIVE_BYTES_MAX, Archive, ENTRIES_MAX, Package, SUMS_FILE, pack, read_folder};
use proptest::prelude::*;
use protocol::ErrorCode;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// A second packer, as small as the format promises.
const PYTHON_PACKER: &str = r#"
import hashlib, os, sys, zipfile
root, out = sys.argv[1:]
files = {}
for folder, _, names in os.walk(root):
    for name in names:
        path = os.path.join(folder, name)
        files[os.path.relpath(path, root)] = open(path, "rb").read()
sums = "".join(f"{hashlib.sha256(files[p]).hexdigest()}  {p}\n" for p in sorted(files) if p not in ("SHA256SUMS", "signature.sig"))
files["SHA256SUMS"] = sums.encode()
with zipfile.ZipFile(out, "w") as archive:
    for path in sorted(files):
        entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        entry.create_system = 3
        archive.writestr(entry, files[path])
"#;

/// Runs Python, or says that there is none.
fn python(script: &str, arguments: &[&Path]) -> bool {
    let run = Command::new("python3").arg("-c").arg(script).args(arguments).status();
    match run {
        Ok(status) => {
            assert!(status.success(), "the script failed");
            true
        }
        Err(_) => false,
    }
}

#[test]
fn python_packs_the_same_bytes_and_sha256sum_agrees() {
    let home = tempfile::tempdir().unwrap();
    let (source, theirs, unpacked) = (home.path().join("app"), home.path().join("app.aisapp"), home.path().join("out"));
    fs::create_dir_all(source.join("lib/deep")).unwrap();
    let mut files =
        app(&[("lib/deep/a_b-c.js", "export const x = 1"), ("README.md", "# é"), ("Z.txt", "z"), ("data.bin", "d")]);
    files.insert("empty.txt".to_owned(), Vec::new());
    files.insert("data.bin".to_owned(), (0..=255).cycle().take(100_000).collect());
    for (path, bytes) in &files {
        fs::write(source.join(path), bytes).unwrap();
    }
    if !python(PYTHON_PACKER, &[&source, &theirs]) {
        return;
    }
    let ours = pack(&read_folder(&source).unwrap().files).unwrap();
    assert!(ours == fs::read(&theirs).unwrap(), "Python writes other bytes");
    assert_eq!(Package::read(&theirs).unwrap().digest(), Package::read(&source).unwrap().digest());

    let extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
    assert!(python(extract, &[&theirs, &unpacked]));
    let sum = Command::new("sha256sum")
        .args(["--check", "--strict", SUMS_FILE])
        .current_dir(&unpacked)
        .stdout(Stdio::null())
        .status();
    assert!(sum.is_ok_and(|status| status.success()), "sha256sum --check refuses");
    // What was unpacked packs to the same bytes again.
    assert!(pack(&read_folder(&unpacked).unwrap().files).unwrap() == ours);
}

/// Bytes with each occurrence of some replaced by as many others.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

/// What opening these bytes is told.
fn told(bytes: Vec<u8>) -> String {
    match Package::open(bytes) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

/// Whatever a hostile or careless packer could make: zips as Python writes them, one for each of these bodies, all of
/// them by one Python.
fn zips_by_python<'a>(bodies: impl Iterator<Item = &'a str> + Clone) -> Option<Vec<Vec<u8>>> {
    let home = tempfile::tempdir().unwrap();
    let mut script = String::from(
        "import sys, zipfile, warnings\nwarnings.simplefilter('ignore')\n\
         def entry(name, **more):\n    e = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)); e.external_attr = 0o644 << 16; e.create_system = 3\n    \
         for k, v in more.items(): setattr(e, k, v)\n    return e\n",
    );
    for (number, body) in bodies.clone().enumerate() {
        script.extend([format!("with zipfile.ZipFile(sys.argv[1] + '/{number}', 'w') as z:\n")]);
        script.extend(body.lines().map(|line| format!("    {line}\n")));
    }
    let made = |number: usize| fs::read(home.path().join(number.to_string())).unwrap();
    python(&script, &[home.path()]).then(|| (0..bodies.count()).map(made).collect())
}

#[test]
fn tampered_archives_are_refused_by_name() {
    let cases = [
        (
            "z.writestr(entry('../x'), b'')",
            "package_unsafe_path: the entry '../x' is refused: its path has a '.' or '..' component",
        ),
        ("z.writestr(entry('../../.config/autostart/x'), b'')", "package_unsafe_path"),
        (
            "z.writestr(entry('/etc/passwd'), b'')",
            "package_unsafe_path: the entry '/etc/passwd' is refused: its path starts at the root",
        ),
        ("z.writestr(entry('C:x'), b'')", "package_unsafe_path"),
        ("z.writestr(entry(''), b'')", "package_unsafe_path"),
        ("z.writestr(entry('a..'), b'')", "ends with a dot"),
        ("z.writestr(entry('lib/nul.js'), b'')", "device name"),
        ("z.writestr(entry('-rf'), b'')", "take for an option"),
        ("z.writestr(entry('é'), b'')", "package_unsafe_path"),
        ("z.writestr(entry('a\\u202eb'), b'')", "package_unsafe_path: the entry 'a\\u{202e}b'"),
        (
            "z.writestr(entry('a/'), b'')",
            "package_not_canonical: the archive is not in its one valid form: the entry 'a/' is a folder",
        ),
        ("z.writestr(entry('a', external_attr=0o120777 << 16), b'/')", "the entry 'a' is a link"),
        ("z.writestr(entry('a', external_attr=0o010644 << 16), b'/')", "the entry 'a' is not a plain file"),
        ("z.writestr(entry('a', external_attr=0o755 << 16), b'')", "other attributes"),
        ("z.writestr(entry('a', external_attr=0o100644 << 16), b'')", "other attributes"),
        ("z.writestr(entry('a', compress_type=8), b'a' * 100)", "the entry 'a' is compressed"),
        ("z.writestr(entry('a', compress_type=8), bytes(50_000_000))", "the entry 'a' is compressed"),
        ("z.writestr(entry('a', date_time=(2024, 1, 1, 0, 0, 0)), b'')", "has a time"),
        ("z.writestr(entry('a', extra=b'\\x01\\x00\\x00\\x00'), b'')", "extra field or comment"),
        ("z.writestr(entry('a', comment=b'hi'), b'')", "extra field or comment"),
        ("z.writestr(entry('a', create_system=0), b'')", "another zip version"),
        ("z.comment = b'hi'\nz.writestr(entry('a'), b'')", "bytes follow its end record"),
        ("z.writestr(entry('a'), b'')\nz.writestr(entry('a'), b'')", "the entry 'a' is there twice"),
        ("z.writestr(entry('b'), b'')\nz.writestr(entry('a'), b'')", "the entry 'a' is not in the order of the paths"),
        ("z.writestr(entry('A'), b'')\nz.writestr(entry('a'), b'')", "upper and lower case"),
        ("z.writestr(entry('a'), b'')\nz.writestr(entry('a/x'), b'')", "lies inside another entry"),
        ("for i in range(5000): z.writestr(entry(f'f{i:05}'), b'')", "package_too_large"),
        ("for i in range(70000): z.writestr(entry(f'f{i:05}'), b'')", "package_too_large"),
        ("z.writestr(entry('x' * 256), b'')", "longer than 255"),
        (
            "z.writestr(entry('a'), b'')",
            "package_sums_malformed: the package's SHA256SUMS cannot be used: it is missing",
        ),
        ("z.writestr(entry('SHA256SUMS'), b'')\nz.writestr(entry('a'), b'')", "it does not list 'a'"),
        (
            "z.writestr(entry('SHA256SUMS'), b'0' * 64 + b'  a\\n')\nz.writestr(entry('a'), b'')",
            "'a' is not the file that was packed",
        ),
        ("z.writestr(entry('SHA256SUMS'), b'0' * 64 + b'  gone\\n')", "it lists 'gone', which is not there"),
        (
            "import hashlib\nsums = hashlib.sha256(b'').hexdigest() + '  a\\n' + '0' * 64 + '  gone\\n'\n\
             z.writestr(entry('SHA256SUMS'), sums.encode())\nz.writestr(entry('a'), b'')",
            "it lists 'gone', which is not there",
        ),
        ("z.writestr(entry('SHA256SUMS'), b'\\xff')\nz.writestr(entry('a'), b'')", "it is not text"),
        ("z.writestr(entry('SHA256SUMS'), b'\\n')", "not in the form"),
        ("z.writestr(entry('SHA256SUMS'), b'')", "package_form_unknown"),
    ];
    let Some(zips) = zips_by_python(cases.iter().map(|(body, _)| *body)) else { return };
    for ((body, expected), bytes) in cases.into_iter().zip(zips) {
        let told = told(bytes);
        assert!(told.contains(expected), "{body}\n  told:   {told}\n  wanted: {expected}");
    }
}

#[test]
fn lying_numbers_are_refused_in_bounded_memory() {
    let good = pack(&app(&[])).unwrap();
    assert_eq!(told(good.clone()), "ok");
    let end = good.len() - 22;
    let central = u32::from_le_bytes(good[end + 16..end + 20].try_into().unwrap()) as usize;
    let put = |at: usize, value: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        told(bytes)
    };
    for (what, found, expected) in [
        ("a million entries (zip64)", put(end + 8, &[0xff; 4]), "package_too_large"),
        ("4,097 entries", put(end + 10, &4097_u16.to_le_bytes()), "package_too_large"),
        ("more entries than there are", put(end + 10, &9_u16.to_le_bytes()), "stops in the middle"),
        ("fewer entries than there are", put(end + 10, &1_u16.to_le_bytes()), "more entries"),
        ("an index of 4 GiB", put(end + 12, &[0xff; 4]), "package_unreadable"),
        ("an index elsewhere", put(end + 16, &[0; 4]), "package_unreadable"),
        ("a second disk", put(end + 4, &[1]), "package_not_canonical"),
        ("an entry of 4 GiB", put(central + 20, &[0xff; 8]), "bytes that are not there"),
        ("two sizes", put(central + 20, &[0xff; 4]), "two sizes"),
        ("a name of 65,535 bytes", put(central + 28, &[0xff; 2]), "stops in the middle"),
        ("an entry at 4 GiB", put(central + 42, &[0xff; 4]), "bytes that are not there"),
        ("an entry over another", put(central + 42, &[1, 0, 0, 0]), "package_not_canonical"),
        ("another checksum", put(central + 16, &[0xaa; 4]), "package_not_canonical"),
        ("another local name", put(30, b"X"), "package_not_canonical"),
        ("encryption", put(central + 8, &[1, 0]), "is encrypted"),
        ("flags", put(central + 8, &[0, 8]), "has flags"),
        ("a changed byte of a file", put(central - 1, b"~"), "package_not_canonical"),
        ("bytes in front", told([b"#!/bin/sh\n".as_slice(), &good].concat()), "package_unreadable"),
        ("bytes behind", told([good.as_slice(), b"x"].concat()), "bytes follow"),
        ("nothing", told(Vec::new()), "too short"),
        ("another file", told(vec![b'x'; 1000]), "not a zip archive"),
        ("only an end", told(good[end..].to_vec()), "package_unreadable"),
        ("too large", told(vec![0; ARCHIVE_BYTES_MAX + 1]), "package_too_large"),
    ] {
        assert!(found.contains(expected), "{what}: {found}");
    }
}

#[test]
fn the_largest_archive_opens_and_one_byte_more_does_not() {
    let with = |bytes: usize| pack(&BTreeMap::from([("data".to_owned(), vec![7; bytes])]));
    // What is not the file: two headers and names for each entry, the sums, the end.
    let around = with(0).unwrap().len();
    let largest = with(ARCHIVE_BYTES_MAX - around).unwrap();
    assert_eq!(largest.len(), ARCHIVE_BYTES_MAX);
    assert_eq!(Archive::open(largest).and_then(Archive::verify).unwrap().archive().files().count(), 2);
    let error = with(ARCHIVE_BYTES_MAX - around + 1).unwrap_err();
    assert_eq!(error.to_string(), "the package is too large: its archive would have 67108865 bytes");
}

#[test]
fn the_most_files_fit_and_one_more_does_not() {
    let with = |count: usize| pack(&(0..count).map(|index| (format!("f{index:05}"), Vec::new())).collect());
    // One more is SHA256SUMS.
    let most = with(ENTRIES_MAX - 1).unwrap();
    assert_eq!(Archive::open(most).and_then(Archive::verify).unwrap().archive().files().count(), ENTRIES_MAX);
    let error = with(ENTRIES_MAX).unwrap_err();
    assert_eq!(error.to_string(), "the package is too large: it has 4097 files");
}

#[test]
fn a_refusal_says_what_to_do() {
    let hint = |bytes: Vec<u8>| Archive::open(bytes).and_then(Archive::verify).unwrap_err().hint();
    let good = pack(&app(&[])).unwrap();
    let cut_off = "if it is an .aisapp archive, it was cut off or damaged on its way: fetch it again";
    assert_eq!(hint(Vec::new()).as_deref(), Some(cut_off));
    assert_eq!(hint(pack(&app(&[])).unwrap().split_last().unwrap().1.to_vec()).as_deref(), Some(cut_off));
    let behind = [good.as_slice(), b"x"].concat();
    assert_eq!(hint(behind).as_deref(), Some("pack the app's folder with 'oikos app pack'"));
    let too_large = hint(vec![0; ARCHIVE_BYTES_MAX + 1]);
    assert_eq!(too_large.as_deref(), Some("a package holds at most 4096 files and 64 MiB"));
    let unsafe_path = pack(&BTreeMap::from([("../x".to_owned(), Vec::new())])).unwrap_err();
    assert_eq!(unsafe_path.hint().as_deref(), Some("use letters, digits, '.', '_', '-' and '/' in file names"));
    // In its one form, with the checksums of zip, but a file is not the one that was listed.
    let file = Archive::open(good.clone()).unwrap().file("manifest.json").unwrap().to_vec();
    let mut other = file.clone();
    other[0] = b'[';
    let changed = replace(&good, &file, &other);
    let changed = replace(&changed, &crc32fast::hash(&file).to_le_bytes(), &crc32fast::hash(&other).to_le_bytes());
    let said = hint(changed).unwrap();
    assert!(said.starts_with("somebody changed it after it was packed"), "{said}");
}

#[test]
fn a_comment_is_found_as_far_back_as_one_can_reach() {
    let good = pack(&app(&[])).unwrap();
    let with = |bytes: usize| told([good.as_slice(), &vec![b'x'; bytes]].concat());
    assert!(with(65_535).contains("bytes follow its end record"));
    assert!(with(65_536).contains("it is not a zip archive, or its end is missing"));
}

#[test]
fn a_signature_has_its_place_and_is_not_part_of_the_sums() {
    let unsigned = open(&app(&[])).unwrap();
    assert_eq!(unsigned.signature(), None);
    assert_eq!(Some(unsigned.verified().sums()), unsigned.file("SHA256SUMS"));
    let signed = unsigned.verified().with_signature(b"untrusted comment: x\n").unwrap();
    let package = Package::open(signed).unwrap();
    assert_eq!(package.signature(), Some(b"untrusted comment: x\n".as_slice()));
    assert_eq!(package.verified().sums(), unsigned.verified().sums());
    assert_ne!(package.digest(), unsigned.digest());

    // Unpacked and packed again it stays; with a file changed it cannot be valid and goes.
    let mut files: BTreeMap<String, Vec<u8>> =
        package.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    assert!(Package::open(pack(&files).unwrap()).unwrap().signature().is_some());
    files.insert("bot-logic.js".to_owned(), b"export function generate() {}".to_vec());
    assert!(Package::open(pack(&files).unwrap()).unwrap().signature().is_none());
}

#[test]
fn folders_are_read_strictly() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    for (path, bytes) in app(&[("lib/x.js", "export {}")]) {
        fs::create_dir_all(root.join(&path).parent().unwrap()).unwrap();
        fs::write(root.join(path), bytes).unwrap();
    }
    for left in [".git", "node_modules/lodash", "lib/node_modules"] {
        fs::create_dir_all(root.join(left)).unwrap();
        fs::write(root.join(left).join("evil name \u{202e}"), "").unwrap();
    }
    fs::write(root.join(".DS_Store"), "").unwrap();
    fs::write(root.join("lib/.x.js.swp"), "").unwrap();
    let package = Package::read(root).unwrap();
    assert_eq!(package.files().count(), 5);
    assert_eq!(
        package.warnings().last().unwrap().to_string(),
        "left out of the package: .DS_Store, .git/, lib/.x.js.swp, lib/node_modules/, node_modules/"
    );
    assert_eq!(package.file("lib/x.js"), Some(b"export {}".as_slice()));
    assert_eq!(package.file("lib/y.js"), None);

    let refused = |expected: &str, code: ErrorCode| {
        let error = Package::read(root).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.code(), code);
    };
    fs::write(root.join("bad name.txt"), "").unwrap();
    refused("'bad name.txt' is refused", ErrorCode::PackageUnsafePath);
    fs::remove_file(root.join("bad name.txt")).unwrap();

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", root.join("data")).unwrap();
        refused("is a link", ErrorCode::PackageUnreadable);
        fs::remove_file(root.join("data")).unwrap();
        std::os::unix::fs::symlink("/", root.join("data")).unwrap();
        refused("is a link", ErrorCode::PackageUnreadable);
        fs::remove_file(root.join("data")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(root.join("sock")).unwrap();
        refused("a socket, pipe or device", ErrorCode::PackageUnreadable);
        drop(socket);
        fs::remove_file(root.join("sock")).unwrap();
    }
    fs::File::create(root.join("big")).unwrap().set_len(ARCHIVE_BYTES_MAX as u64 + 1).unwrap();
    refused("more than 64 MiB", ErrorCode::PackageTooLarge);
    fs::remove_file(root.join("big")).unwrap();
    let missing = Package::read(&root.join("nothing")).unwrap_err();
    assert_eq!(missing.code(), ErrorCode::PackageUnreadable);
    assert!(missing.hint().unwrap().contains("manifest.json"));
    let through_a_file = Package::read(&root.join("manifest.json/nothing")).unwrap_err();
    assert_eq!((through_a_file.code(), through_a_file.hint()), (ErrorCode::PackageUnreadable, None));
}

#[test]
fn only_leftovers_are_left_out() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    for (path, bytes) in app(&[("disk.swp", "kept"), ("notes.txt", "kept")]) {
        fs::write(root.join(path), bytes).unwrap();
    }
    let told = || Package::read(root).unwrap().warnings().last().map(ToString::to_string);
    assert_eq!(told(), None);
    (0..10).for_each(|number| fs::write(root.join(format!("{number}~")), "").unwrap());
    let ten = "left out of the package: 0~, 1~, 2~, 3~, 4~, 5~, 6~, 7~, 8~, 9~";
    assert_eq!(told().as_deref(), Some(ten));
    fs::write(root.join("a~"), "").unwrap();
    fs::write(root.join("b~"), "").unwrap();
    assert_eq!(told(), Some(format!("{ten} …")));
}

#[test]
fn a_folder_may_be_as_large_as_a_package() {
    let root = tempfile::tempdir().unwrap();
    fs::File::create(root.path().join("all")).unwrap().set_len(ARCHIVE_BYTES_MAX as u64).unwrap();
    assert_eq!(read_folder(root.path()).unwrap().files["all"].len(), ARCHIVE_BYTES_MAX);
    fs::write(root.path().join("more"), "x").unwrap();
    let error = read_folder(root.path()).unwrap_err();
    assert_eq!(error.to_string(), "the folder is too large for a package: it has more than 64 MiB");
}

#[test]
fn folders_are_bounded() {
    let root = tempfile::tempdir().unwrap();
    let file = |name: String| fs::write(root.path().join(name), "").unwrap();
    (0..ENTRIES_MAX).for_each(|index| file(format!("f{index}")));
    assert_eq!(read_folder(root.path()).unwrap().files.len(), ENTRIES_MAX);
    file("one-more".to_owned());
    let error = read_folder(root.path()).unwrap_err();
    assert_eq!(error.to_string(), "the folder is too large for a package: it has more than 4096 files");

    // Leftovers are looked at too, though they are left out.
    let root = tempfile::tempdir().unwrap();
    (0..4 * ENTRIES_MAX).for_each(|index| fs::write(root.path().join(format!("f{index}~")), "").unwrap());
    assert_eq!(read_folder(root.path()).unwrap().ignored.len(), 4 * ENTRIES_MAX);
    fs::write(root.path().join("one-more~"), "").unwrap();
    let error = read_folder(root.path()).unwrap_err();
    assert_eq!(error.to_string(), "the folder is too large for a package: it has more than 16384 files and folders");

    // A path has at most 255 bytes, so a folder in a folder ends soon by itself.
    let root = tempfile::tempdir().unwrap();
    let deep = |depth: usize| ["a"].repeat(depth).join("/");
    fs::create_dir_all(root.path().join(deep(127))).unwrap();
    fs::write(root.path().join(deep(127)).join("x"), "").unwrap();
    assert_eq!(read_folder(root.path()).unwrap().files.len(), 1);
    fs::create_dir_all(root.path().join(deep(129))).unwrap();
    let error = read_folder(root.path()).unwrap_err();
    assert!(error.to_string().contains("is longer than 255 characters"), "{error}");
    assert_eq!(error.code(), ErrorCode::PackageUnsafePath);
}

fn legal_path() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{0,8}(/[a-z_][a-z0-9_.]{0,8}[a-z0-9_]){0,3}"
}

proptest! {
    #[test]
    fn what_is_packed_opens_to_the_same(
        files in proptest::collection::btree_map(legal_path(), proptest::collection::vec(any::<u8>(), 0..300), 0..20)
    ) {
        match pack(&files) {
            Err(error) => prop_assert_eq!(error.code(), ErrorCode::PackageUnsafePath),
            Ok(packed) => {
                let archive = Archive::open(packed.clone()).unwrap();
                prop_assert_eq!(archive.bytes().as_ref(), packed.as_slice());
                let again: BTreeMap<String, Vec<u8>> = archive
                    .files()
                    .filter(|(path, _)| *path != SUMS_FILE)
                    .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
                    .collect();
                prop_assert_eq!(&again, &files);
                prop_assert!(archive.verify().is_ok());
            }
        }
    }

    #[test]
    fn a_changed_archive_never_opens(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let good = pack(&app(&[])).unwrap();
        let mut bytes = good.clone();
        for (index, mask) in flips {
            let at = index.index(bytes.len());
            bytes[at] ^= mask;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if bytes != good {
            prop_assert!(Archive::open(bytes).and_then(Archive::verify).is_err());
        }
    }

    #[test]
    fn any_bytes_are_refused_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Archive::open(bytes.clone()).is_err());
        // The same with an end record that leads into them.
        let length = bytes.len() as u32;
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
        bytes.extend_from_slice(&(length / 2).to_le_bytes());
        bytes.extend_from_slice(&(length - length / 2).to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        prop_assert!(Archive::open(bytes).is_err());
    }
}
