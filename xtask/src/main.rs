//! All automation of the house: `cargo xtask` without a word lists what there is.
//!
//! Every check that CI makes is a word here, so a person and CI do the same. Nothing here downloads or installs
//! anything unless its word says so.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line for the people who build oikos")]

mod api; // does a running oikos answer as the API is described?
mod api_page; // the page of the HTTP API, from its description
mod bench; // the numbers of DESIGN, beside their peers
mod bubblewrap; // what makes the box where oikos may not
mod chromium; // the browser that the page is looked at in
mod claude_code; // a client that reads what oikos wrote into its file
mod codegen; // reference pages made from code
mod conformance; // the official suite of the Model Context Protocol
mod debian; // programs that Debian packages
mod documents; // PDF files that Debian packages, and who else reads them
mod engine; // the sandbox's WebAssembly, from pinned sources with a pinned compiler
mod fuzz; // does anything break on bytes that nobody thought of?
mod imports; // servers that others published, from a client's file to an answer
mod mutants; // do the tests notice when a guard is broken?
mod node; // what builds the page
mod python; // tools that are written in Python
mod served; // an oikos of its own that is up
mod shell; // starts programs, measures them, keeps their closing lines
mod suite; // everything that CI checks
mod tidy; // what the house promises about itself
mod ui; // the page, built and looked at
mod up; // from a clone to a working binary

use shell::{House, Result};
use std::process::ExitCode;

/// One word of `cargo xtask`.
struct Word {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&House, Arguments) -> Result<()>,
}

const WORDS: &[Word] = &[
    Word {
        name: "up",
        arguments: "[-- WORDS…]",
        about: "build oikos with its page, look whether all is well, lead into it; WORDS go to oikos instead",
        run: |house, mut arguments| {
            let rest = arguments.rest();
            arguments.finish()?;
            up::run(house, &rest)
        },
    },
    Word {
        name: "test",
        arguments: "[--quick]",
        about: "everything that CI checks; --quick leaves out the rebuild of the engine, the asking of the API, the browser",
        run: |house, mut arguments| {
            let quick = arguments.flag("--quick");
            arguments.finish()?;
            suite::run(house, quick)
        },
    },
    Word {
        name: "tidy",
        arguments: "",
        about: "what the house promises about itself: crate edges, docs, denials, dependencies",
        run: |house, arguments| {
            arguments.finish()?;
            tidy::run(house)
        },
    },
    Word {
        name: "codegen",
        arguments: "[--check]",
        about: "write docs/reference and the page's sentences from code; --check only says whether all is up to date",
        run: |house, mut arguments| {
            let check = arguments.flag("--check");
            arguments.finish()?;
            codegen::run(house, check, codegen::Binary::Build)
        },
    },
    Word {
        name: "ui",
        arguments: "[--build | --browser]",
        about: "build the page and check it; --build only builds it, --browser tells its stories in Chromium",
        run: |house, mut arguments| {
            let (build, browser) = (arguments.flag("--build"), arguments.flag("--browser"));
            arguments.finish()?;
            let outcome = match (build, browser) {
                (false, false) => ui::check(house)?,
                (true, false) => ui::build(house)?,
                (false, true) => ui::browse_built(house)?,
                (true, true) => return Err("--build and --browser are two ways, not one".into()),
            };
            match outcome {
                ui::Outcome::Done => Ok(()),
                ui::Outcome::NotReached(why) => Err(why.into()),
            }
        },
    },
    Word {
        name: "api",
        arguments: "",
        about: "ask a running oikos everything that docs/openapi.json allows and forbids; fetches schemathesis once",
        run: |house, arguments| {
            arguments.finish()?;
            codegen::build(house)?;
            match api::run(house)? {
                api::Outcome::Held => Ok(()),
                api::Outcome::NotReached(why) => Err(api::not_reached(&why).into()),
            }
        },
    },
    Word {
        name: "conformance",
        arguments: "[server | client] [--revision REVISION]",
        about: "go through the official MCP suite, with a running oikos or its client; fetches the suite once",
        run: |house, mut arguments| {
            let revision = arguments.value("--revision")?;
            let side = arguments.word().map(|word| conformance::Side::parse(&word).ok_or(word));
            let side = side.transpose().map_err(|word| format!("`{word}` is neither server nor client"))?;
            arguments.finish()?;
            conformance::build(house)?;
            match conformance::run(house, side, revision.as_deref())? {
                conformance::Outcome::Held => Ok(()),
                conformance::Outcome::NotReached(why) => Err(conformance::not_reached(&why).into()),
            }
        },
    },
    Word {
        name: "imports",
        arguments: "",
        about: "import servers that others published and call them, and be called by Claude Code; needs npm and PyPI",
        run: |house, arguments| {
            arguments.finish()?;
            codegen::build(house)?;
            match imports::run(house)? {
                imports::Outcome::Held => Ok(()),
                imports::Outcome::NotReached(why) => Err(imports::not_reached(&why).into()),
            }
        },
    },
    Word {
        name: "engine",
        arguments: "[--check]",
        about: "rebuild the sandbox's engine.wasm; --check only says whether the committed one comes out",
        run: |house, mut arguments| {
            let check = arguments.flag("--check");
            arguments.finish()?;
            Ok(engine::run(check, house.root())?)
        },
    },
    Word {
        name: "mutants",
        arguments: "[--install] [-- OPTIONS…]",
        about: "break each guard and see whether a test notices; --install gets cargo-mutants first",
        run: |house, mut arguments| {
            let rest = arguments.rest();
            let install = arguments.flag("--install");
            arguments.finish()?;
            mutants::run(house, install, &rest)
        },
    },
    Word {
        name: "fuzz",
        arguments: "[TARGET…] [--seconds N]",
        about: "try what reads foreign bytes with random ones (a workspace of its own)",
        run: |house, arguments| fuzz::run(house, &arguments.0),
    },
    Word {
        name: "bench",
        arguments: "[-- OPTIONS…]",
        about: "measure the numbers to hold, beside their peers: OPTIONS begin with sandbox, run, doors, peers, all, mcp or starts",
        run: |house, mut arguments| {
            let rest = arguments.rest();
            arguments.finish()?;
            bench::run(house, &rest)
        },
    },
];

/// What stands behind the word.
struct Arguments(Vec<String>);

impl Arguments {
    /// Takes a flag out; whether it was there.
    fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|argument| argument != name);
        self.0.len() < before
    }

    /// Takes a flag with its value out.
    fn value(&mut self, name: &str) -> Result<Option<String>> {
        let Some(place) = self.0.iter().position(|argument| argument == name) else { return Ok(None) };
        if place + 1 == self.0.len() {
            return Err(format!("{name} needs a value").into());
        }
        let value = self.0.remove(place + 1);
        self.0.remove(place);
        Ok(Some(value))
    }

    /// Takes the first word out that is no flag.
    fn word(&mut self) -> Option<String> {
        let place = self.0.iter().position(|argument| !argument.starts_with('-'))?;
        Some(self.0.remove(place))
    }

    /// Takes everything behind `--` out.
    fn rest(&mut self) -> Vec<String> {
        match self.0.iter().position(|argument| argument == "--") {
            Some(place) => {
                let rest = self.0.split_off(place + 1);
                self.0.pop();
                rest
            }
            None => Vec::new(),
        }
    }

    /// Nothing may be left.
    fn finish(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some(unknown) => Err(format!("nobody here knows `{unknown}`; `cargo xtask` lists what there is").into()),
        }
    }
}

fn help() -> String {
    let usage: Vec<_> = WORDS.iter().map(|word| format!("{} {}", word.name, word.arguments)).collect();
    let width = usage.iter().map(|usage| usage.chars().count()).max().unwrap_or_default();
    let mut text = "cargo xtask WORD\n\n".to_owned();
    for (word, usage) in WORDS.iter().zip(usage) {
        text.push_str(&format!("  {usage:width$}  {}\n", word.about));
    }
    text.push_str("\nNew here? `cargo xtask up` ends in a working oikos; `cargo xtask test` proves it.\n");
    text
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        print!("{}", help());
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(word) = WORDS.iter().find(|word| word.name == name) else {
        eprintln!("error: no word `{name}`\n\n{}", help());
        return ExitCode::from(2);
    };
    match House::find().and_then(|house| (word.run)(&house, Arguments(arguments.collect()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Arguments {
        Arguments(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn what_stands_behind_the_dashes_is_passed_on() {
        let mut given = arguments(&["--install", "--", "--list", "--", "x"]);
        assert_eq!(given.rest(), ["--list", "--", "x"]);
        assert!(given.flag("--install"));
        assert!(given.finish().is_ok());
    }

    #[test]
    fn a_value_goes_with_its_flag() {
        let mut given = arguments(&["--revision", "2025-11-25", "server"]);
        assert_eq!(given.value("--revision").expect("is there").as_deref(), Some("2025-11-25"));
        assert_eq!((given.word().as_deref(), given.word()), (Some("server"), None));
        assert!(arguments(&["--revision"]).value("--revision").is_err());
    }

    #[test]
    fn an_unknown_flag_is_an_error() {
        let mut given = arguments(&["--quik"]);
        assert!(!given.flag("--quick"));
        assert!(given.finish().expect_err("is refused").to_string().contains("--quik"));
    }

    #[test]
    fn help_names_every_word() {
        let text = help();
        for word in WORDS {
            assert!(text.contains(word.about), "{}", word.name);
        }
    }
}
