//! The page and the views, built, checked and looked at in a browser. Their own words are in `ui/package.json` and
//! `renderers/package.json`; this finds what they need.

use crate::{
    chromium, codegen,
    node::{self, Found, Node, Packages},
    shell::{self, House, Result, oikos_file},
};
use std::{fs, path::Path, time::SystemTime};

/// Folders of the page that are not its sources.
const MADE: &[&str] = &["dist", "node_modules", "tools", "measure"];
/// Tests change nothing of what is built.
const TESTS: &str = "test";
/// The page.
const PAGE: &str = "ui";
/// What else goes into it: how results are shown, in the page and, as views, out of it.
const VIEWS: &str = "renderers";
/// Somebody else's view and host, which ours are tried against.
const PAIRS: &str = "renderers/test";
/// The last file that a build writes.
const STAMP: &str = "dist/build.json";

/// What came of it.
pub(crate) enum Outcome {
    Done,
    /// Not done: something it needs could not be had.
    NotReached(String),
}

/// Builds the page and makes every check of it that needs no browser.
pub(crate) fn check(house: &House) -> Result<Outcome> {
    with_packages(house, &[PAGE, VIEWS], |node| {
        npm(house, node, VIEWS, &["run", "ci"])?;
        npm(house, node, PAGE, &["run", "ci"])
    })
}

/// Builds the views and the page.
pub(crate) fn build(house: &House) -> Result<Outcome> {
    with_packages(house, &[PAGE, VIEWS], |node| {
        npm(house, node, VIEWS, &["run", "build"])?;
        npm(house, node, PAGE, &["run", "build"])
    })
}

/// The stories that are told in a browser, with the binary of the tests.
pub(crate) fn browse(house: &House) -> Result<Outcome> {
    let oikos = house.target()?.join("debug").join(oikos_file());
    let chromium = match chromium::find(house)? {
        chromium::Found::Program(program) => program,
        chromium::Found::NotReached(why) => return Ok(Outcome::NotReached(why)),
    };
    with_packages(house, &[PAGE, VIEWS, PAIRS], |node| {
        let mut command = node.npm(house, &house.root().join(PAGE), &["run", "e2e"])?;
        command.env("OIKOS", &oikos).env("CHROMIUM", &chromium);
        shell::run(command)
    })
}

/// The same by the word of a person: the binary has the page of now.
pub(crate) fn browse_built(house: &House) -> Result<Outcome> {
    match build(house)? {
        Outcome::Done => {}
        not_reached => return Ok(not_reached),
    }
    codegen::build(house)?;
    browse(house)
}

/// Whether the page is missing or older than what it is made of.
pub(crate) fn is_stale(house: &House) -> Result<bool> {
    let folder = house.root().join(PAGE);
    let Ok(built) = fs::metadata(folder.join(STAMP)).and_then(|stamp| stamp.modified()) else { return Ok(true) };
    let views = newest(&house.root().join(VIEWS), true)?;
    Ok(newest(&folder, true)?.max(views).is_some_and(|changed| changed > built))
}

/// When something in a folder was changed last.
fn newest(folder: &Path, is_root: bool) -> Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_root && (MADE.iter().any(|made| name == *made) || name == TESTS) {
            continue;
        }
        let changed = match entry.file_type()?.is_dir() {
            true => self::newest(&entry.path(), false)?,
            false => Some(entry.metadata()?.modified()?),
        };
        newest = newest.max(changed);
    }
    Ok(newest)
}

fn npm(house: &House, node: &Node, package: &str, words: &[&str]) -> Result<()> {
    shell::run(node.npm(house, &house.root().join(package), words)?)
}

/// Does something with what these packages need in place.
fn with_packages(house: &House, packages: &[&str], work: impl FnOnce(&Node) -> Result<()>) -> Result<Outcome> {
    let node = match node::find(house)? {
        Found::Node(node) => node,
        Found::NotReached(why) => return Ok(Outcome::NotReached(format!("Node could not be fetched:\n{why}"))),
    };
    for package in packages {
        match node.packages(house, &house.root().join(package))? {
            Packages::Here => {}
            Packages::NotReached(why) => {
                return Ok(Outcome::NotReached(format!("the packages of {package} could not be fetched:\n{why}")));
            }
        }
    }
    work(&node)?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn sources_make_a_page_old_and_what_was_made_of_them_does_not() {
        let root = std::env::temp_dir().join(format!("oikos-xtask-ui-{}", std::process::id()));
        for folder in ["src/pages", "node_modules/react", "dist", "test"] {
            fs::create_dir_all(root.join(folder)).expect("is made");
        }
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (file, seconds) in [
            ("index.html", 10),
            ("src/pages/home.tsx", 20),
            ("node_modules/react/index.js", 30),
            ("dist/build.json", 40),
            ("test/home.test.tsx", 50),
        ] {
            let file = fs::File::create(root.join(file)).expect("is made");
            file.set_modified(at(seconds)).expect("is set");
        }
        assert_eq!(newest(&root, true).expect("is read"), Some(at(20)));
        fs::remove_dir_all(&root).expect("is removed");
    }
}
