//! What evaluation and activation may do, and what is kept of it.

use crate::house::{FakeHost, House, RUNTIME, cache_dir, config, guest_source, source_text};
use kernel::runner::{GuestSource, PrepareError, Runner, ScriptSource};
use protocol::Limits;
use sandbox::JsRunnerConfig;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path, sync::Arc};
use testkit::TempHome;

/// Prepares one module of code in a house of its own.
fn prepare(code: &str) -> Result<Vec<String>, PrepareError> {
    prepare_source(&source_text(code))
}

fn prepare_source(source: &GuestSource) -> Result<Vec<String>, PrepareError> {
    let house = House::new();
    let prepared = house.runner.prepare(source).map(|image| image.exports().to_vec());
    house.is_well();
    prepared
}

#[track_caller]
fn check_code(code: &str, expected: &str) {
    match prepare(code) {
        Err(PrepareError::Code { message }) => assert!(message.contains(expected), "{message}"),
        other => panic!("{code}: {other:?}"),
    }
}

#[track_caller]
fn check_limit(code: &str) {
    let prepared = prepare(code);
    assert!(matches!(prepared, Err(PrepareError::Limit { .. })), "{code}: {prepared:?}");
}

#[test]
fn mistakes_of_the_author_say_where() {
    check_code("export function f( {", "SyntaxError");
    check_code("export function f( {", "bot-logic.js:1");
    check_code("\n\nthrow new Error('at load')", "Error: at load (at <anonymous> (bot-logic.js:3");
    check_code("export function activate() { throw new RangeError('activating') }", "RangeError: activating");
    check_code("export async function activate() { await null; throw new Error('later') }", "Error: later");
    check_code("import './missing.js'", "'missing.js' is not in the package");
    check_code("import 'fs'", "'fs' is not in the package (imported by bot-logic.js)");
    check_code("import '../../etc/passwd'", "leads out of the package");
    check_code("import '/etc/passwd'", "'/etc/passwd' is not in the package");
    check_code("module.exports = {}", "module is not defined");
    check_code("await new Promise(() => {})", "never settles");
    check_code("export function activate() { return new Promise(() => {}) }", "never settles");
    check_code("throw new Proxy({}, { get() { throw 1 } })", "cannot be shown");
}

#[test]
fn a_missing_entry_is_a_mistake_of_the_author() {
    let GuestSource::Script(script) = source_text("1") else { panic!("it is a script") };
    let source = GuestSource::Script(ScriptSource { entry: "absent.js".to_owned(), ..script });
    assert!(matches!(prepare_source(&source), Err(PrepareError::Code { .. })));
}

#[test]
fn activation_has_no_effects_no_time_and_no_randomness() {
    let code = r#"
        const codes = [];
        const look = async (what) => { try { await what(); codes.push("worked"); } catch (e) { codes.push(e.code); } };
        export async function activate(ctx) {
            await look(() => ctx.storage.get("k"));
            await look(() => ctx.tools.file.read("x"));
            await look(() => ctx.tools.csv.open("x"));
            await look(() => ctx.push_stream("t", 1));
            await look(() => ctx.emit("t", 1));
            await look(() => ctx.env.secret);
            await look(() => setTimeout(() => {}, 0));
            await look(() => setInterval(() => {}, 0));
            await look(() => crypto.getRandomValues(new Uint8Array(1)));
            await look(() => crypto.randomUUID());
            codes.push(Date.now());
        }
        export function seen() { return codes; }
    "#;
    let house = House::new();
    let image = house.runner.prepare(&source_text(code)).unwrap();
    let run = house.start(&image, house.call("seen", &json!(null), Limits::default()), FakeHost::new());
    let no = "not_in_activation";
    assert_eq!(RUNTIME.block_on(run).data(), json!([no, no, no, no, no, no, no, no, no, no, 0]));
    check_code("crypto.randomUUID()", "crypto.randomUUID does not exist while an app is being activated");
}

#[test]
fn a_key_minted_at_load_is_no_secret_and_says_so() {
    // Math.random at load follows the package, so that nobody takes it for a secret and images are equal.
    let code = "const key = Math.random(); export function show() { return [key, Math.random()] }";
    let house = House::new();
    let image = house.runner.prepare(&source_text(code)).unwrap();
    let runs: BTreeSet<_> = (0..3)
        .map(|_| {
            let call = house.call("show", &json!(null), Limits::default());
            let data = RUNTIME.block_on(house.start(&image, call, FakeHost::new())).data();
            (data[0].to_string(), data[1].to_string())
        })
        .collect();
    assert_eq!(runs.iter().map(|(key, _)| key).collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(runs.iter().map(|(_, random)| random).collect::<BTreeSet<_>>().len(), 3);
    check_code("const key = crypto.getRandomValues(new Uint8Array(32))", "does not exist while");
}

#[test]
fn activation_is_bounded() {
    check_limit("for (;;);");
    check_limit("export function activate() { for (;;); }");
    check_limit("/^(a+)+$/.test('a'.repeat(40) + 'b')");
    check_limit("await (async () => { for (;;) await null; })()");
    check_limit("const all = []; for (;;) all.push(new Uint8Array(1 << 20))");
    // It fits in memory, and each run would copy it.
    check_limit("globalThis.kept = new Uint8Array(20 << 20).fill(7)");
    let many: String = (0..2000).map(|n| format!("export const f{n} = () => {n};")).collect();
    assert_eq!(prepare(&many).unwrap().len(), 1024);
}

#[test]
fn odd_exports_are_looked_at_without_being_run() {
    let code = r#"
        const f = () => 1;
        export default { get x() { throw new Error("looked") } };
        export const proxy = new Proxy(f, { get() { throw new Error("looked") } });
        export const trap = new Proxy({}, { get() { throw new Error("looked") }, ownKeys() { throw new Error("looked") } });
        export { f as __proto__, f as then, f as "not an identifier" };
        export const number = 1;
    "#;
    assert_eq!(prepare(code).unwrap(), ["__proto__", "not an identifier", "proxy", "then"]);
}

#[test]
fn two_evaluations_of_one_package_are_byte_equal() {
    let (first, second) = (House::new(), House::new());
    for guest in ["echo", "modules", "clock", "effects"] {
        let source = guest_source(guest);
        let image = first.runner.image_bytes(&source).unwrap();
        assert_eq!(image, first.runner.image_bytes(&source).unwrap(), "{guest}");
        // Another sandbox made its world anew.
        assert_eq!(image, second.runner.image_bytes(&source).unwrap(), "{guest}");
        // Another process wrote this file, or this one did; the seal is in front.
        first.runner.prepare(&source).unwrap();
        let cached = cached_file(&cache_dir(), &source);
        assert_eq!(fs::read(cached).unwrap()[32..], image, "{guest}");
    }
}

fn cached_file(cache: &Path, source: &GuestSource) -> std::path::PathBuf {
    let prefix = source.package().to_string();
    let mut files = fs::read_dir(cache).unwrap().flatten().map(|entry| entry.path());
    files
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&prefix) && name.ends_with(".image")
        })
        .expect("the image was cached")
}

#[test]
fn damaged_and_foreign_cache_files_are_made_again() {
    // The compiled engine comes from the shared cache, so that only what is damaged here is made again.
    let home = TempHome::new();
    fs::create_dir(home.path()).unwrap();
    House::new().is_well();
    for entry in fs::read_dir(cache_dir()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().ends_with(".cwasm") {
            fs::copy(entry.path(), home.path().join(entry.file_name())).unwrap();
        }
    }
    let house = || House::with(JsRunnerConfig { cache_dir: home.path().to_owned(), ..config() });
    let source = guest_source("echo");
    house().is_well();
    let image = cached_file(home.path(), &source);
    let good = fs::read(&image).unwrap();
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes[100] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.clear(),
        |bytes| bytes.extend_from_slice(b"more"),
    ];
    for damage in damages {
        let mut bytes = good.clone();
        damage(&mut bytes);
        fs::write(&image, bytes).unwrap();
        house().is_well();
        assert_eq!(fs::read(&image).unwrap(), good, "it was made again, and the same");
    }
    // A file of the same package under another key: a cache that was copied from another device.
    let foreign = House::with(JsRunnerConfig { mac_key: [6; 32], cache_dir: home.path().to_owned(), ..config() });
    foreign.is_well();
    drop(foreign);
    house().is_well();
    assert_eq!(fs::read(&image).unwrap(), good);
}

#[test]
fn the_cache_of_another_version_is_cleared() {
    House::new().is_well();
    let home = TempHome::new();
    fs::create_dir(home.path()).unwrap();
    for entry in fs::read_dir(cache_dir()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().ends_with(".cwasm") {
            fs::copy(entry.path(), home.path().join(entry.file_name())).unwrap();
        }
    }
    fs::write(home.path().join("engine.00000000000000000000000000000000.cwasm"), b"old").unwrap();
    let house = House::with(JsRunnerConfig { cache_dir: home.path().to_owned(), ..config() });
    house.is_well();
    let names: Vec<_> = fs::read_dir(home.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn an_image_is_small_beside_the_engine() {
    let house = House::new();
    for (guest, bytes_max) in [("echo", 60_000), ("effects", 120_000)] {
        let bytes = house.runner.image_bytes(&guest_source(guest)).unwrap().len();
        assert!(bytes < bytes_max, "{guest}: {bytes} bytes");
    }
}

#[test]
fn every_guest_has_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let tests: String = ["honest.rs", "hostile.rs", "images.rs", "limits.rs"]
        .iter()
        .map(|file| fs::read_to_string(folder.join("it").join(file)).unwrap())
        .collect();
    for entry in fs::read_dir(folder.join("guests")).unwrap().flatten() {
        let guest = entry.file_name().into_string().unwrap();
        assert!(tests.contains(&format!("\"{guest}\"")), "the guest {guest} has no test");
    }
}

#[test]
fn the_committed_engine_is_the_one_its_lock_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("engine");
    let lock = fs::read_to_string(folder.join("engine.lock")).unwrap();
    let named: Vec<_> = lock.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(named.len() >= 5);
    for line in named {
        let (digest, name) = line.split_once("  ").unwrap();
        let bytes = fs::read(folder.join(name)).unwrap();
        assert_eq!(protocol::sha256(&bytes).to_string(), digest, "{name} changed; run `cargo xtask engine`");
    }
}

#[test]
fn prepared_twice_is_prepared_once() {
    let house = House::new();
    let source = guest_source("echo");
    let (first, second) = (house.runner.prepare(&source).unwrap(), house.runner.prepare(&source).unwrap());
    assert!(Arc::ptr_eq(&first, &second));
}
