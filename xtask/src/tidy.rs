//! What the house promises about itself. Each rule is one function over the files of the checkout, with a name and the
//! fix; each has a test that proves it can fail. There are no exemption comments: a rule that is wrong is changed here.

mod calls; // what only a few files may do
mod coverage; // nothing without its test, its page, its denial
mod edges; // which crate may use which
mod files; // what lies where, and how
mod prose; // documents that hold, dependencies that say why

use crate::shell::{House, Result};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// The files of a checkout, by their path from its root, and what cargo knows about our crates.
#[derive(Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
    metadata: Value,
}

/// One rule.
struct Rule {
    name: &'static str,
    fix: &'static str,
    /// What breaks it, one line each; a line begins with the place.
    find: fn(&Tree) -> Vec<String>,
}

const RULES: &[&[Rule]] = &[edges::RULES, calls::RULES, files::RULES, coverage::RULES, prose::RULES];

/// No file that a person wrote is larger; larger ones are listed without being read.
const READ_BYTES_MAX: u64 = 4 << 20;

pub(crate) fn run(house: &House) -> Result<()> {
    let mut tree = Tree { metadata: house.metadata()?, ..Tree::default() };
    tree.read(house.root(), "", &ignored(house.root()))?;
    let (mut rules, mut broken) = (0, 0);
    for rule in RULES.iter().copied().flatten() {
        rules += 1;
        let found = (rule.find)(&tree);
        if found.is_empty() {
            continue;
        }
        broken += 1;
        println!("broken: {}", rule.name);
        for line in &found {
            println!("  {line}");
        }
        println!("  fix: {}\n", rule.fix);
    }
    if broken > 0 {
        return Err(format!("{broken} of {rules} rules of the house are broken").into());
    }
    println!("{rules} rules hold over {} files", tree.files.len());
    Ok(())
}

/// What `.gitignore` leaves out. Ours names folders from the root only, one a line.
fn ignored(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix('/')).map(str::to_owned).chain([".git".to_owned()]).collect()
}

impl Tree {
    fn read(&mut self, root: &Path, folder: &str, ignored: &[String]) -> Result<()> {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if ignored.contains(&path) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.read(root, &path, ignored)?;
            } else if entry.metadata()?.len() > READ_BYTES_MAX {
                self.files.insert(path, String::new());
            } else {
                // Bytes that are no text have nothing that a rule could look for.
                let text = String::from_utf8(fs::read(entry.path())?).unwrap_or_default();
                self.files.insert(path, text);
            }
        }
        Ok(())
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Files beneath a folder, with one of these endings.
    fn under<'a>(&'a self, folder: &'a str, endings: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .filter(move |(path, _)| path.starts_with(folder) && endings.iter().any(|ending| path.ends_with(ending)))
    }

    /// Whether there is a file or a folder of this path.
    fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.files.keys().any(|file| within(file, path))
    }

    /// Names of the entries of a folder.
    fn entries(&self, folder: &str) -> Vec<&str> {
        let mut names: Vec<_> = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(folder))
            .map(|rest| rest.split('/').next().unwrap_or(rest))
            .collect();
        names.dedup();
        names
    }
}

fn within(file: &str, folder: &str) -> bool {
    folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// What the tests of rules share.
#[cfg(test)]
mod testing {
    use super::*;

    /// Runs the named rule over these files and compares what it finds.
    pub(super) fn check(rule: &str, files: &[(&str, &str)], found: &[&str]) {
        check_with(rule, files, Value::Null, found);
    }

    /// The same, with what cargo would say.
    pub(super) fn check_with(rule: &str, files: &[(&str, &str)], metadata: Value, found: &[&str]) {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let rule = RULES.iter().copied().flatten().find(|known| known.name == rule).expect("the rule exists");
        assert_eq!((rule.find)(&Tree { files, metadata }), found);
    }

    #[test]
    fn rules_have_names_of_their_own_and_a_fix() {
        let mut names: Vec<_> = RULES.iter().copied().flatten().map(|rule| rule.name).collect();
        assert!(RULES.iter().copied().flatten().all(|rule| !rule.fix.is_empty()));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn folders_and_files_are_found() {
        let files = [("docs/a/b.md", ""), ("docs/c.md", "")];
        let tree =
            Tree { files: files.map(|(path, text)| (path.to_owned(), text.to_owned())).into(), metadata: Value::Null };
        assert!(tree.holds("docs/a") && tree.holds("docs/c.md") && !tree.holds("doc") && !tree.holds("docs/c"));
        assert_eq!(tree.entries("docs/"), ["a", "c.md"]);
    }
}
