//! Reference pages, and what the page in a browser knows of our words, made from code. They are committed, so that a change
//! of a word shows in review; `--check` fails when one is not what the code says.

use crate::{
    api_page::api_page,
    shell::{House, Result, oikos_file},
};
use protocol::{ErrorCode, sentence};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The error page, from the root of the checkout.
pub(crate) const ERRORS_PAGE: &str = "docs/reference/errors.md";
const SENTENCES_PAGE: &str = "docs/reference/sentences.md";
/// The same for the page in a browser, whose translations are held against them.
const SENTENCES_OF_PAGE: &str = "ui/src/i18n/sentences.json";
const CODES_OF_PAGE: &str = "ui/src/i18n/codes.json";
const COMMANDS_PAGE: &str = "docs/reference/cli.md";
const API_PAGE: &str = "docs/reference/api.md";
const API_DESCRIPTION: &str = "docs/openapi.json";
/// Where `package` keeps the schemas of a package's files, and their copy for authors and editors.
const SCHEMAS: &str = "crates/package/schemas";
const SCHEMAS_COPY: &str = "docs/schemas";

/// Which `oikos` tells about its command line.
#[derive(Clone, Copy)]
pub(crate) enum Binary {
    /// Build it.
    Build,
    /// The one that the tests have just used: building it another way would build half the dependencies again.
    FromTests,
}

pub(crate) fn run(house: &House, check: bool, binary: Binary) -> Result<()> {
    // The pages that need no binary come first: they are right even while the rest does not build.
    let mut pages = vec![
        (ERRORS_PAGE.to_owned(), errors()),
        (SENTENCES_PAGE.to_owned(), sentences()),
        (SENTENCES_OF_PAGE.to_owned(), sentences_of_page()),
        (CODES_OF_PAGE.to_owned(), codes_of_page()),
    ];
    pages.extend(schemas(house.root())?);
    let mut stale = settle(house.root(), &pages, check)?;
    let file = oikos(house, binary)?;
    match told(house, &file, "reference")?.filter(|text| text.starts_with("# ")) {
        Some(text) => stale.extend(settle(house.root(), &[(COMMANDS_PAGE.to_owned(), text)], check)?),
        None if house.root().join(COMMANDS_PAGE).exists() => {
            return Err(format!("`oikos reference` gave nothing, but {COMMANDS_PAGE} is made from it").into());
        }
        None => println!("left out {COMMANDS_PAGE}: this oikos has no `reference` yet"),
    }
    let description = told(house, &file, "openapi")?.ok_or("`oikos openapi` gave nothing")?;
    let page = api_page(&serde_json::from_str(&description)?, NOTICE);
    let pages = [(API_DESCRIPTION.to_owned(), description), (API_PAGE.to_owned(), page)];
    stale.extend(settle(house.root(), &pages, check)?);
    let names = stale.join(", ");
    match stale.is_empty() {
        true => println!("the reference pages are what the code says"),
        false if !check => println!("wrote {names}"),
        false => {
            return Err(format!("{names}: not what the code says\nhint: `cargo xtask codegen`, then commit").into());
        }
    }
    Ok(())
}

/// Brings pages up to date, unless only asked; the names of those that were not.
fn settle(root: &Path, pages: &[(String, String)], check: bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (name, text) in pages {
        let page = root.join(name);
        if fs::read_to_string(&page).is_ok_and(|old| old == *text) {
            continue;
        }
        if !check {
            fs::create_dir_all(page.parent().unwrap_or(root))?;
            fs::write(&page, text)?;
        }
        stale.push(name.clone());
    }
    Ok(stale)
}

fn schemas(root: &Path) -> Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(root.join(SCHEMAS))? {
        let entry = entry?;
        let copy = format!("{SCHEMAS_COPY}/{}", entry.file_name().to_string_lossy());
        pages.push((copy, fs::read_to_string(entry.path())?));
    }
    pages.sort();
    Ok(pages)
}

const NOTICE: &str = "<!-- Made by `cargo xtask codegen`; changes here are lost. -->\n";

fn errors() -> String {
    let mut text = format!(
        "# Error codes\n\n{NOTICE}\n\
         The same word in `--json`, over the socket and in the audit log. The set only grows.\n\n\
         | code | exit | meaning |\n|---|---|---|\n"
    );
    for code in ErrorCode::ALL {
        text.push_str(&format!("| `{}` | {} | {} |\n", code.word(), code.exit(), cell(code.meaning())));
    }
    text.push_str(
        "\nExit codes: 0 done · 1 failed · 2 usage or invalid input · 3 denied by the broker · 4 package refused · \
         5 limit reached · 6 not found · 7 stopped by the owner.\n",
    );
    text
}

fn sentences() -> String {
    let mut text = format!(
        "# Sentences\n\n{NOTICE}\n\
         Everything oikos says about an app's rights and doings, as a code and arguments: the same words in terminal, \
         web and log. Records hold the code, so a translation never touches a record.\n\n\
         | code | English |\n|---|---|\n"
    );
    for entry in sentence::CATALOGUE {
        text.push_str(&format!("| `{}` | {} |\n", entry.code, cell(entry.english)));
    }
    text
}

/// Each sentence by its code: its English, and the names of its arguments in the order in which they come.
fn sentences_of_page() -> String {
    let entry = |text, args| format!("{{ \"text\": {}, \"args\": {} }}", json!(text), json!(args));
    one_a_line(sentence::CATALOGUE.iter().map(|known| (known.code, entry(known.english, known.args))))
}

/// What each stable code of an error means.
fn codes_of_page() -> String {
    one_a_line(ErrorCode::ALL.iter().map(|code| (code.word(), json!(code.meaning()).to_string())))
}

/// An object with one entry a line, in the order of the code: a change shows as the line that it is.
fn one_a_line<'a>(entries: impl Iterator<Item = (&'a str, String)>) -> String {
    let lines: Vec<_> = entries.map(|(key, value)| format!("  {}: {value}", json!(key))).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// Text inside a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Builds oikos. `--workspace` gives the dependencies the features that every other command gives them, so nothing is built
/// twice.
pub(crate) fn build(house: &House) -> Result<()> {
    crate::shell::run(house.cargo(&["build", "--quiet", "--workspace", "--all-features", "--bin", "oikos"]))
}

/// The binary that tells about itself.
fn oikos(house: &House, binary: Binary) -> Result<PathBuf> {
    if matches!(binary, Binary::Build) {
        build(house)?;
    }
    Ok(house.target()?.join("debug").join(oikos_file()))
}

/// What the binary tells about itself at this word; `None` where it cannot.
fn told(house: &House, file: &Path, word: &str) -> Result<Option<String>> {
    if !file.is_file() {
        return Ok(None);
    }
    let output = house.program(file).arg(word).output()?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_code_and_every_sentence_has_a_row() {
        let (errors, sentences) = (errors(), sentences());
        for code in ErrorCode::ALL {
            assert!(errors.contains(&format!("| `{}` | {} |", code.word(), code.exit())));
        }
        for entry in sentence::CATALOGUE {
            assert!(sentences.contains(&format!("| `{}` |", entry.code)));
        }
    }

    #[test]
    fn the_page_knows_every_code_and_every_sentence() {
        let read = |text: String| serde_json::from_str::<Value>(&text).expect("it is JSON");
        let (sentences, codes) = (read(sentences_of_page()), read(codes_of_page()));
        assert_eq!(sentences.as_object().map(|all| all.len()), Some(sentence::CATALOGUE.len()));
        assert_eq!(codes.as_object().map(|all| all.len()), Some(ErrorCode::ALL.len()));
        assert_eq!(sentences["card_file_read"], json!({ "text": "read files in {folders}", "args": ["folders"] }));
        assert_eq!(codes["not_found"], ErrorCode::NotFound.meaning());
    }

    #[test]
    fn a_cell_stays_in_its_row() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }

    #[test]
    fn a_page_that_differs_is_stale_until_it_is_written() {
        let folder = std::env::temp_dir().join(format!("oikos-xtask-{}", std::process::id()));
        let settled =
            |text: &str, check| settle(&folder, &[("docs/a.md".to_owned(), text.to_owned())], check).expect("settles");
        assert_eq!(settled("old", true), ["docs/a.md"]);
        assert_eq!(settled("old", false), ["docs/a.md"]);
        assert!(settled("old", true).is_empty());
        assert_eq!(settled("new", true), ["docs/a.md"]);
        fs::remove_dir_all(&folder).expect("removes");
    }
}
