//! What only a few files may do: leave the compiler's guarantees, and start programs.

use super::{Rule, Tree};

/// Files with unsafe code. Everywhere else the compiler denies it; here stands which files may say otherwise.
const UNSAFE: &[&str] = &[
    "crates/isolate/src/linux/raw.rs",
    "crates/isolate/tests/it/scene.rs",
    "crates/isolate/tests/scene/attacks.rs",
    "crates/isolate/tests/scene/bombs.rs",
    "crates/sandbox/src/deserialize.rs",
];

/// Files of the product that start programs: the browser of a person, oikos itself in the background, and the box.
const STARTERS: &[&str] = &[
    "crates/cli/src/browser.rs",
    "crates/cli/src/commands/daemon.rs",
    "crates/isolate/src/linux/enter.rs",
    "crates/isolate/src/linux/keeper.rs",
    "crates/isolate/src/linux/spawn.rs",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unsafe code stands in listed files",
        fix: "find a safe form, or decide it: UNSAFE in xtask/src/tidy/calls.rs, with the reason in the commit",
        find: unsafe_code,
    },
    Rule {
        name: "programs are started by listed files",
        fix: "start it by crates/isolate, or decide it: STARTERS in xtask/src/tidy/calls.rs, with the reason in the commit",
        find: starters,
    },
];

fn unsafe_code(tree: &Tree) -> Vec<String> {
    // In two pieces: this file has none.
    let marks = ["allow", "expect", "warn"].map(|level| format!("{level}(unsafe_code"));
    differ(tree.under("", &[".rs"]), UNSAFE, |text| marks.iter().any(|mark| text.contains(mark)))
}

fn starters(tree: &Tree) -> Vec<String> {
    let sources = tree.under("crates/", &[".rs"]).filter(|(path, _)| path.contains("/src/"));
    differ(sources, STARTERS, |text| text.contains("Command::new("))
}

/// Files that do it and are not listed, and the other way round: a list that says too much is not read.
fn differ<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    listed: &[&str],
    does: impl Fn(&str) -> bool,
) -> Vec<String> {
    let doing: Vec<_> = files.filter(|(_, text)| does(text)).map(|(path, _)| path).collect();
    let strange = doing.iter().filter(|path| !listed.contains(path)).map(|path| format!("{path}: is not in the list"));
    let idle = listed.iter().filter(|path| !doing.contains(path)).map(|path| format!("{path}: is listed and does not"));
    strange.chain(idle).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn unsafe_code_elsewhere_is_found_and_so_is_a_line_too_many() {
        let rule = "unsafe code stands in listed files";
        let marked = concat!("#![expect", "(unsafe_code, reason = \"x\")]\n");
        let mut files: Vec<_> = UNSAFE.iter().map(|path| (*path, marked)).collect();
        check(rule, &files, &[]);
        files.push(("fuzz/src/main.rs", concat!("#[allow", "(unsafe_code)]")));
        files[0].1 = "";
        check(
            rule,
            &files,
            &["fuzz/src/main.rs: is not in the list", &format!("{}: is listed and does not", UNSAFE[0])],
        );
    }

    #[test]
    fn a_program_started_elsewhere_is_found() {
        let rule = "programs are started by listed files";
        let starts = "std::process::Command::new(program)";
        let mut files: Vec<_> = STARTERS.iter().map(|path| (*path, starts)).collect();
        files.push(("crates/kernel/tests/it/main.rs", starts));
        check(rule, &files, &[]);
        files.push(("crates/kernel/src/run.rs", starts));
        check(rule, &files, &["crates/kernel/src/run.rs: is not in the list"]);
    }
}
