//! `cargo xtask engine`: builds `crates/sandbox/engine/engine.wasm` from its pinned sources with its pinned compiler.
//!
//! The engine is committed, so nobody needs this to build oikos; it is here so that anybody can see that the committed
//! bytes come from the sources they say. The C files come out of a crate whose checksum is locked, the compiler out of
//! a Python package whose hash is locked; every file that goes in is named in `engine.lock`.

use crate::python::{self, Environment};
use protocol::sha256;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is ours, beside the C files of the engine.
const FOLDER: &str = "crates/sandbox/engine";
/// The C files that make the engine; quickjs-libc.c, which would bring files and processes, is not among them.
const SOURCES: [&str; 4] = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
/// Room for C frames in linear memory. Small, because every run gets a zeroed one; deep enough for some thousand
/// frames of JavaScript.
const STACK_BYTES: u32 = 256 << 10;
/// What a guest begins with: 256 KiB stack, 333 KiB world, and room for an ordinary app, so that an ordinary run never
/// grows. Not more, because all of it is zeroed after each run.
const MEMORY_BYTES: u32 = 11 << 16;
/// The most a guest can ever have; `protocol::limit::MEMORY_BYTES_MAX`.
const MEMORY_BYTES_MAX: u64 = protocol::limit::MEMORY_BYTES_MAX;

/// Rebuilds the engine; with `check_only` says whether the committed one is what comes out, and writes nothing.
pub(crate) fn run(check_only: bool, repo_root: &Path) -> Result<(), String> {
    let ours = repo_root.join(FOLDER);
    let work = repo_root.join("target/engine");
    make_folder(&work)?;
    let quickjs = source_fetch(&ours, &work)?;
    let compiler = compiler_install(&ours, &work)?;
    // Two folders of different names: what comes out must not know where it was made.
    let build = work.join(if check_only { "build-check" } else { "build" });
    let wasm = compile(&ours, &quickjs, &compiler, &build)?;
    let lock = lock_text(&ours, &wasm)?;
    let targets = [(ours.join("engine.wasm"), wasm), (ours.join("engine.lock"), lock.into_bytes())];
    for (path, bytes) in targets {
        let committed = fs::read(&path).unwrap_or_default();
        if committed == bytes {
            continue;
        }
        if check_only {
            return Err(format!(
                "{} is not what its sources make (committed {}, built {}): run `cargo xtask engine` and commit",
                path.display(),
                sha256(&committed),
                sha256(&bytes)
            ));
        }
        fs::write(&path, bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    Ok(())
}

/// The C sources of the locked crate. Cargo checks them against the lock's checksum.
fn source_fetch(ours: &Path, work: &Path) -> Result<PathBuf, String> {
    let vendor = work.join("vendor");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("vendor").arg("--locked").arg("--quiet").arg("--manifest-path").arg(ours.join("source/Cargo.toml"));
    run_program(command.arg(&vendor), "fetch the engine's source")?;
    Ok(vendor.join("rquickjs-sys/quickjs"))
}

/// The Python that has the locked compiler.
fn compiler_install(ours: &Path, work: &Path) -> Result<PathBuf, String> {
    match python::environment(&work.join("venv"), &ours.join("compiler.txt")).map_err(|error| error.to_string())? {
        Environment::Ready(programs) => Ok(programs.join("python")),
        Environment::NotReached(why) => Err(format!("the compiler cannot be fetched:\n{why}")),
    }
}

fn compile(ours: &Path, quickjs: &Path, python: &Path, build: &Path) -> Result<Vec<u8>, String> {
    if build.exists() {
        fs::remove_dir_all(build).map_err(|error| format!("{} cannot be emptied: {error}", build.display()))?;
    }
    make_folder(build)?;
    for entry in fs::read_dir(quickjs).map_err(|error| format!("{} cannot be read: {error}", quickjs.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".h") || SOURCES.contains(&name.as_str()) {
            copy(&path, &build.join(name))?;
        }
    }
    copy(&ours.join("shim.c"), &build.join("shim.c"))?;
    for patch in patches(ours)? {
        patch_apply(&read_text(&patch)?, build).map_err(|problem| format!("{}: {problem}", patch.display()))?;
    }
    let mut zig = Command::new(python);
    // Relative names only, so that no folder of this machine gets into the result; and a cache of its own, so that
    // nothing of an earlier build does.
    let cache = build.join("cache");
    zig.current_dir(build).env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
    zig.args(["-m", "ziglang", "cc", "-target", "wasm32-wasi", "-mexec-model=reactor", "-O2", "-s", "-w"]);
    zig.args(["-DNDEBUG", "-D_GNU_SOURCE", "-DQUICKJS_NG_BUILD", "-D_WASI_EMULATED_PROCESS_CLOCKS"]);
    zig.args(["-D_WASI_EMULATED_SIGNAL", "-fno-strict-aliasing", "-funsigned-char", "-fno-sanitize=undefined"]);
    zig.arg(format!("-DSTACK_SIZE={STACK_BYTES}")).args(SOURCES).arg("shim.c");
    zig.args(["-lwasi-emulated-process-clocks", "-lwasi-emulated-signal", "-Wl,--gc-sections"]);
    // The host sets it back between runs.
    zig.arg("-Wl,--export=__stack_pointer");
    zig.arg(format!("-Wl,-z,stack-size={STACK_BYTES}"));
    zig.arg(format!("-Wl,--initial-memory={MEMORY_BYTES}")).arg(format!("-Wl,--max-memory={MEMORY_BYTES_MAX}"));
    run_program(zig.args(["-o", "engine.wasm"]), "compile the engine")?;
    let built = build.join("engine.wasm");
    fs::read(&built).map_err(|error| format!("{} cannot be read: {error}", built.display()))
}

fn patches(ours: &Path) -> Result<Vec<PathBuf>, String> {
    let folder = ours.join("patches");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.sort();
    Ok(paths)
}

/// Applies a patch of one file. Its hunks (`@@`) carry no line numbers: what a hunk takes away, with the lines around
/// it, must stand in the file exactly once, else a new source is trying to pass with an old patch.
fn patch_apply(patch: &str, build: &Path) -> Result<(), String> {
    let name = patch.lines().find_map(|line| line.strip_prefix("+++ b/")).ok_or("no line '+++ b/FILE'")?;
    let path = build.join(name);
    let mut text = read_text(&path)?;
    for hunk in patch.split("\n@@\n").skip(1) {
        let (mut old, mut new) = (String::new(), String::new());
        for line in hunk.lines() {
            let (mark, rest) = line.split_at(line.len().min(1));
            for (side, here) in [(&mut old, mark != "+"), (&mut new, mark != "-")] {
                if here {
                    side.push_str(rest);
                    side.push('\n');
                }
            }
        }
        if text.matches(&old).count() != 1 {
            return Err(format!("this is not exactly once in {name}:\n{old}"));
        }
        text = text.replacen(&old, &new, 1);
    }
    fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// What `engine.lock` says: the result, and everything that went in.
fn lock_text(ours: &Path, wasm: &[u8]) -> Result<String, String> {
    let mut text = String::from("# Made by `cargo xtask engine`: SHA-256 of the engine and of all it is made from.\n");
    text.push_str(&format!("{}  engine.wasm\n", sha256(wasm)));
    let mut inputs = vec![ours.join("compiler.txt"), ours.join("shim.c"), ours.join("source/Cargo.lock")];
    inputs.extend(patches(ours)?);
    for path in inputs {
        let bytes = fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let name = path.strip_prefix(ours).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        text.push_str(&format!("{}  {name}\n", sha256(&bytes)));
    }
    Ok(text)
}

fn run_program(command: &mut Command, what: &str) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("could not {what}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("could not {what}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn read_text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|error| format!("{} cannot be copied: {error}", from.display()))
}

fn make_folder(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| format!("{} cannot be made: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, patch: &str, expected: Result<&str, &str>) {
        let folder =
            std::env::temp_dir().join(format!("oikos-patch-{}-{}", std::process::id(), sha256(patch.as_bytes())));
        make_folder(&folder).expect("a temporary folder can be made");
        fs::write(folder.join("a.c"), text).expect("a file can be written");
        let done = patch_apply(patch, &folder);
        let after = read_text(&folder.join("a.c")).expect("the file is there");
        fs::remove_dir_all(&folder).expect("the folder can be removed");
        match expected {
            Ok(wanted) => assert_eq!((done, after.as_str()), (Ok(()), wanted)),
            Err(part) => {
                let problem = done.expect_err("the patch does not fit");
                assert!(problem.contains(part), "{problem}");
                assert_eq!(after, text);
            }
        }
    }

    #[test]
    fn patches_fit_exactly_or_not_at_all() {
        let patch = "Why.\n--- a/a.c\n+++ b/a.c\n@@\n one\n-two\n+2\n three\n";
        check("one\ntwo\nthree\n", patch, Ok("one\n2\nthree\n"));
        check("one\nTWO\nthree\n", patch, Err("not exactly once"));
        check("one\ntwo\nthree\none\ntwo\nthree\n", patch, Err("not exactly once"));
    }
}
