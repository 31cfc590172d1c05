//! Nothing without its test, its page, its denial.

use super::{Rule, Tree};
use crate::{codegen::ERRORS_PAGE, mutants::GUARDS};
use protocol::{ErrorCode, ScopeWord};

/// Who may do what, as a table that a person can read: scope × zone × state, ✔ or ✘.
const AUTHORITY: &str = "crates/broker/tests/it/snapshots/authority.txt";
/// One guest program a file or folder; each is run by a test.
const GUESTS: &str = "crates/sandbox/tests/guests/";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "each scope has a denial case",
        fix: "give the scope a row with a ✘ in crates/broker/tests/it/snapshots/authority.txt, by the test that writes it",
        find: scopes_without_denial,
    },
    Rule {
        name: "each error code is on the reference page",
        fix: "run `cargo xtask codegen` and commit docs/reference",
        find: codes_without_row,
    },
    Rule {
        name: "each guest has a test",
        fix: "name the guest in a test under crates/sandbox/tests, or remove it",
        find: guests_without_test,
    },
    Rule {
        name: "each guard that is mutated exists",
        fix: "keep GUARDS in xtask/src/mutants.rs up to date with the files that hold guards",
        find: lost_guards,
    },
];

fn scopes_without_denial(tree: &Tree) -> Vec<String> {
    let Some(table) = tree.text(AUTHORITY) else {
        return vec![format!("{AUTHORITY}: is missing")];
    };
    let denied = |scope: &ScopeWord| {
        let names = |line: &str| line.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == scope.word());
        table.lines().any(|line| line.contains('✘') && names(line))
    };
    let missing = ScopeWord::ALL.iter().filter(|scope| !denied(scope));
    missing.map(|scope| format!("{AUTHORITY}: no ✘ for `{}`", scope.word())).collect()
}

fn codes_without_row(tree: &Tree) -> Vec<String> {
    let page = tree.text(ERRORS_PAGE).unwrap_or_default();
    let missing = ErrorCode::ALL.iter().filter(|code| !page.contains(&format!("| `{}` |", code.word())));
    missing.map(|code| format!("{ERRORS_PAGE}: no row for `{}`", code.word())).collect()
}

fn guests_without_test(tree: &Tree) -> Vec<String> {
    let tests: String = tree
        .under("crates/sandbox/tests/", &[".rs"])
        .filter(|(path, _)| !path.starts_with(GUESTS))
        .map(|(_, text)| text)
        .collect();
    let unnamed = |guest: &&str| {
        let stem = guest.split('.').next().unwrap_or(guest);
        ![*guest, stem].iter().any(|name| tests.contains(&format!("\"{name}\"")))
    };
    tree.entries(GUESTS).into_iter().filter(unnamed).map(|guest| format!("{GUESTS}{guest}: no test names it")).collect()
}

fn lost_guards(tree: &Tree) -> Vec<String> {
    GUARDS.iter().filter(|path| tree.text(path).is_none()).map(|path| format!("{path}: is not there")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn a_scope_without_a_denial_is_found() {
        let rule = "each scope has a denial case";
        let row = |scope: &ScopeWord| format!("{}.x  local  block  ✘\n", scope.word());
        let all: String = ScopeWord::ALL.iter().map(row).collect();
        check(rule, &[(AUTHORITY, &all)], &[]);
        check(rule, &[], &[&format!("{AUTHORITY}: is missing")]);
        let allowed = all.replace("shell.x  local  block  ✘", "shell.x  local  allow  ✔");
        check(rule, &[(AUTHORITY, &allowed)], &[&format!("{AUTHORITY}: no ✘ for `shell`")]);
    }

    #[test]
    fn a_code_without_a_row_is_found() {
        let rule = "each error code is on the reference page";
        let row = |code: &ErrorCode| format!("| `{}` | 1 | x |\n", code.word());
        let page: String = ErrorCode::ALL.iter().skip(1).map(row).collect();
        check(rule, &[(ERRORS_PAGE, &page)], &["docs/reference/errors.md: no row for `internal`"]);
        let page: String = ErrorCode::ALL.iter().map(row).collect();
        check(rule, &[(ERRORS_PAGE, &page)], &[]);
    }

    #[test]
    fn a_guest_without_a_test_is_found() {
        let files = [
            ("crates/sandbox/tests/guests/loop/bot-logic.js", ""),
            ("crates/sandbox/tests/guests/regex.js", ""),
            ("crates/sandbox/tests/guests/alone/bot-logic.js", "\"alone\""),
            ("crates/sandbox/tests/it/attacks.rs", "run(\"loop\"); run(\"regex\"); run(alone);"),
        ];
        check("each guest has a test", &files, &["crates/sandbox/tests/guests/alone: no test names it"]);
    }

    #[test]
    fn a_guard_that_moved_is_found() {
        let files: Vec<_> = GUARDS.iter().skip(1).map(|path| (*path, "")).collect();
        check("each guard that is mutated exists", &files, &[&format!("{}: is not there", GUARDS[0])]);
    }
}
