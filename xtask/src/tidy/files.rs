//! What lies where, and how.

use super::{Rule, Tree};

/// Everything that stands at the root. The list is short on purpose: the root is the first thing that a newcomer reads.
const ROOT: &[&str] = &[
    ".cargo",
    ".ci",
    ".config",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "apps",
    "bench",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "fuzz",
    "renderers",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "sdk",
    "ui",
    "xtask",
];

/// Past this a file tells more than one story. Generated files do not live in `src`.
const LINES_MAX: usize = 900;

/// What marks work that was not finished, or a test that does not run.
const UNFINISHED: &[&str] = &[
    concat!("#[", "ignore"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X:"),
];

/// Places on somebody's machine.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/main"), concat!("/wo", "rk/shared")];

/// Homes of nobody, for cards and tests that need one.
const INVENTED_HOMES: &[&str] = &[concat!("/ho", "me/me"), concat!("/ho", "me/ada")];

/// Where packages come from is the business of each machine's own configuration.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("deb.deb", "ian.org"),
    concat!("files.python", "hosted.org"),
    concat!("index.cra", "tes.io"),
    concat!("proxy.go", "lang.org"),
    concat!("py", "pi.org"),
    concat!("registry-1.dock", "er.io"),
    concat!("registry.npm", "js.org"),
    concat!("static.cra", "tes.io"),
];

/// Where oikos itself says which registries it sends for packages of imported servers: the one way out of that box.
const REGISTRIES_NAMED: &[&str] = &["crates/mcp/src/import/", "crates/mcp/tests/import/"];

/// Endings of files that people write.
const WRITTEN: &[&str] = &[
    ".css",
    ".html",
    ".js",
    ".json",
    ".md",
    ".mjs",
    ".py",
    ".rs",
    ".sh",
    ".snap",
    ".svg",
    ".toml",
    ".ts",
    ".tsx",
    ".txt",
    ".webmanifest",
    ".yaml",
    ".yml",
    "run",
];

/// Endings of code.
const CODE: &[&str] = &[".rs", ".css", ".js", ".mjs", ".ts", ".tsx", ".py", ".sh", ".toml"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "the root holds only what is listed",
        fix: "move it to the folder it belongs to, or add it to ROOT in xtask/src/tidy/files.rs",
        find: strange_root_entries,
    },
    Rule {
        name: "each crate says what it is for",
        fix: "begin lib.rs (main.rs of a binary) with `//!`: what the crate is for, what it never does, one example",
        find: silent_crates,
    },
    Rule {
        name: "a file tells one story",
        fix: "split it along its stories: `name.rs` beside `name/`",
        find: long_files,
    },
    Rule {
        name: "nothing is left unfinished",
        fix: "finish it, or leave it out and say so in the issue",
        find: unfinished,
    },
    Rule {
        name: "no file knows a machine",
        fix: "use a path from the root of the checkout, a temporary folder or one of INVENTED_HOMES",
        find: machine_paths,
    },
    Rule {
        name: "no file knows a registry",
        fix: "name the package and its version; the machine's own configuration knows where it comes from",
        find: registry_hosts,
    },
];

fn strange_root_entries(tree: &Tree) -> Vec<String> {
    let strange = tree.entries("").into_iter().filter(|name| !ROOT.contains(name));
    strange.map(|name| format!("{name}: is not in the list")).collect()
}

fn silent_crates(tree: &Tree) -> Vec<String> {
    let crates = tree.entries("crates/").into_iter().map(|name| format!("crates/{name}")).chain(["xtask".to_owned()]);
    let mut found = Vec::new();
    for folder in crates.filter(|folder| tree.holds(&format!("{folder}/Cargo.toml"))) {
        let path = ["lib", "main"].map(|name| format!("{folder}/src/{name}.rs"));
        match path.iter().find_map(|path| Some((path, tree.text(path)?))) {
            Some((_, text)) if text.starts_with("//! ") => {}
            Some((path, _)) => found.push(format!("{path}: does not begin with `//!`")),
            None => found.push(format!("{folder}/src: has neither lib.rs nor main.rs")),
        }
    }
    found
}

fn long_files(tree: &Tree) -> Vec<String> {
    let sources = tree.under("crates/", &[".rs"]).filter(|(path, _)| path.contains("/src/"));
    let long = sources.map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(path, lines)| format!("{path}: has {lines} lines, {LINES_MAX} are the most")).collect()
}

fn unfinished(tree: &Tree) -> Vec<String> {
    containing(tree, CODE, UNFINISHED, &|_, _| false)
}

fn machine_paths(tree: &Tree) -> Vec<String> {
    containing(tree, WRITTEN, MACHINE_PATHS, &|line, place| is_invented(&line[place..]) || is_inside(&line[..place]))
}

fn registry_hosts(tree: &Tree) -> Vec<String> {
    let found = containing(tree, WRITTEN, REGISTRY_HOSTS, &|_, _| false);
    found.into_iter().filter(|place| !REGISTRIES_NAMED.iter().any(|named| place.starts_with(named))).collect()
}

/// Whether a path goes on here that began before: `{root}/home` is no place on somebody's machine.
fn is_inside(before: &str) -> bool {
    before.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '}' | ']' | ')' | '.' | '_' | '-'))
}

fn is_invented(place: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_'));
    INVENTED_HOMES.iter().any(|home| place.strip_prefix(home).is_some_and(ends))
}

/// Lines that hold one of the patterns, but for places that `fine` knows.
fn containing(tree: &Tree, endings: &[&str], patterns: &[&str], fine: &dyn Fn(&str, usize) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.under("", endings) {
        for (index, line) in text.lines().enumerate() {
            let holds = |pattern: &&&str| line.match_indices(**pattern).any(|(place, _)| !fine(line, place));
            if let Some(pattern) = patterns.iter().find(holds) {
                found.push(format!("{path}:{}: {pattern}", index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn a_stranger_at_the_root_is_found() {
        let files = [("README.md", ""), ("crates/a/Cargo.toml", ""), ("notes.txt", "")];
        check("the root holds only what is listed", &files, &["notes.txt: is not in the list"]);
    }

    #[test]
    fn a_crate_without_a_first_sentence_is_found() {
        let files = [
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", "//! Does one thing.\n"),
            ("crates/b/Cargo.toml", ""),
            ("crates/b/src/lib.rs", "mod x;\n"),
            ("crates/c/Cargo.toml", ""),
        ];
        let found = ["crates/b/src/lib.rs: does not begin with `//!`", "crates/c/src: has neither lib.rs nor main.rs"];
        check("each crate says what it is for", &files, &found);
    }

    #[test]
    fn a_long_file_is_found() {
        let (fits, long) = ("\n".repeat(LINES_MAX), "\n".repeat(LINES_MAX + 1));
        let files =
            [("crates/a/src/fits.rs", &*fits), ("crates/a/src/long.rs", &*long), ("crates/a/tests/t.rs", &*long)];
        check("a file tells one story", &files, &["crates/a/src/long.rs: has 901 lines, 900 are the most"]);
    }

    #[test]
    fn each_mark_of_unfinished_work_is_found() {
        for mark in UNFINISHED {
            let text = format!("fine\n// {mark}\n");
            let found = format!("crates/a/src/lib.rs:2: {mark}");
            check("nothing is left unfinished", &[("crates/a/src/lib.rs", &text)], &[&found]);
        }
    }

    #[test]
    fn each_machine_path_is_found() {
        for path in MACHINE_PATHS {
            let text = format!("see {path}x\n");
            check("no file knows a machine", &[("docs/a.md", &text)], &[&format!("docs/a.md:1: {path}")]);
        }
    }

    #[test]
    fn a_home_of_nobody_is_fine_and_one_beside_it_is_not() {
        let rule = "no file knows a machine";
        for home in INVENTED_HOMES {
            check(rule, &[("a.md", &format!("{home} \"{home}/notes\" {home}"))], &[]);
            check(rule, &[("a.md", &format!("{home}/x {home}lia/x"))], &[&format!("a.md:1: {}", MACHINE_PATHS[0])]);
        }
    }

    #[test]
    fn a_path_that_goes_on_is_no_place_on_a_machine() {
        let text = format!("{{root}}{0}x [FILES]{0}x a{0}x", MACHINE_PATHS[0]);
        check("no file knows a machine", &[("a.md", &text)], &[]);
    }

    #[test]
    fn each_registry_is_found() {
        for host in REGISTRY_HOSTS {
            let text = format!("from https://{host}/x\n");
            check("no file knows a registry", &[(".ci/run", &text)], &[&format!(".ci/run:1: {host}")]);
        }
    }
}
