//! A command line as what it does: fetch a package and run it, run a program, run a container, or pass on to an address.
//! Flags are known or refused: one that is not understood could change all that is said of the rest.

use super::{
    container::{Container, read_container},
    notice::{Notice, quote},
    remote::read_bridge,
    requirement::{Python, read_npm_package, read_python_package},
};
use serde::Serialize;

/// Stands for a word that is only known when a person is asked: no program, package or flag is one.
pub(crate) const OPEN: &str = "\u{1}";

/// What a command line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Launch {
    /// Runs a package's program; the arguments from `rest` on are its own.
    Package { resolve: Resolve, rest: usize },
    /// Runs a container.
    Container { container: Container, rest: usize },
    /// Runs a program that is there. `script` is the argument that is its code.
    Direct { script: Option<usize>, is_interpreter: bool },
    /// Passes everything on to an address, so the address can be called itself.
    Bridge { url: usize, headers: Vec<usize>, is_old: bool },
}

/// A package that has to be pinned before anything of it is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Resolve {
    /// A package of npm's public registry.
    Npm {
        /// Its name.
        name: String,
        /// The versions that are asked for, as npm writes them: `latest`, `^1.2.0`, `1.2.3`.
        range: String,
        /// Which of its programs is run; its only one, or that of its own name, where none is said.
        #[serde(skip_serializing_if = "Option::is_none")]
        program: Option<String>,
    },
    /// A package of Python's public index.
    PyPi {
        /// What is asked for, as PEP 508 writes it: `mcp-server-time`, `markitdown-mcp[all]==0.0.1`.
        requirement: String,
        /// Its name.
        name: String,
        /// Which of its programs is run.
        program: String,
        /// What is installed beside it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        with: Vec<String>,
        /// The version of Python that is asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        python: Option<String>,
        /// Versions before a release are wanted too.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        with_prereleases: bool,
    },
    /// An image of a container.
    Image {
        /// What is asked for: `mcp/time`, `ghcr.io/org/name:tag`.
        reference: String,
    },
    /// A bundle at an address.
    Bundle {
        /// The address.
        url: String,
        /// The file's SHA-256, where its author says it.
        #[serde(skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
}

/// Programs that take a shell's language.
const SHELLS: [&str; 9] = ["sh", "bash", "zsh", "dash", "fish", "ksh", "csh", "powershell", "pwsh"];
/// Programs that start another with other rights, another environment or elsewhere.
const WRAPPERS: [&str; 20] = [
    "env",
    "sudo",
    "doas",
    "su",
    "ssh",
    "wsl",
    "nohup",
    "nice",
    "timeout",
    "xargs",
    "setsid",
    "dotenv",
    "dotenvx",
    "direnv",
    "doppler",
    "op",
    "mise",
    "asdf",
    "systemd-run",
    "osascript",
];

/// A program's name without its folder and the ending that Windows gives it, lower case.
pub(crate) fn program_word(command: &str) -> String {
    let name = command.rsplit(['/', '\\']).next().unwrap_or(command).to_ascii_lowercase();
    let bare = [".exe", ".cmd", ".bat", ".ps1"].iter().find_map(|ending| name.strip_suffix(ending));
    bare.unwrap_or(&name).to_owned()
}

/// Reads a command line.
pub(crate) fn read_launch(command: &str, args: &[&str]) -> Result<Launch, Notice> {
    let word = program_word(command);
    match word.as_str() {
        "cmd" => windows_command(args),
        "npx" => npm(args, 0),
        "bunx" => npm(args, 0),
        "npm" | "bun" | "pnpm" | "yarn" => match (word.as_str(), args.first()) {
            ("npm", Some(&"exec" | &"x")) | ("bun", Some(&"x")) | ("pnpm" | "yarn", Some(&"dlx")) => npm(args, 1),
            ("bun", Some(first)) if *first != "run" && is_script(first) => Ok(direct(Some(0))),
            _ => Err(Notice::new(
                "script_of_a_project",
                format!("{word} runs a script of a project, which is a shell's line"),
            )
            .hint("name the program that the script starts, such as 'node' with its file")),
        },
        "uvx" => python(args, 0, Python::Uv),
        "uv" => uv(args),
        "pipx" => match args.first() {
            Some(&"run") => python(args, 1, Python::Pipx),
            _ => Err(unknown_word("pipx", args.first().copied())),
        },
        "docker" | "podman" | "nerdctl" => {
            let start = match args {
                ["container", "run", ..] => 2,
                ["run", ..] => 1,
                _ => return Err(unknown_word(&word, args.first().copied())),
            };
            let (container, rest) = read_container(&word, args, start)?;
            Ok(Launch::Container { container, rest })
        }
        "node" | "nodejs" => {
            script(&word, args, &["--no-warnings", "--enable-source-maps", "--experimental-strip-types"], &[])
        }
        "deno" => {
            Err(Notice::new("launcher_unknown", "deno gives rights by flags of its own, which are not read here")
                .hint("install the server with npm, or name a program that is compiled"))
        }
        "python" | "python3" | "py" | "pypy3" => {
            script(&word, args, &["-u", "-I", "-s", "-E", "-B", "-O", "-3"], &["-X", "-W"])
        }
        _ if word.starts_with("python3.") => script(&word, args, &["-u", "-I", "-s", "-E", "-B", "-O"], &["-X", "-W"]),
        "ruby" | "php" | "perl" => script(&word, args, &[], &[]),
        "java" => match args.iter().position(|arg| *arg == "-jar") {
            Some(at)
                if at + 1 < args.len()
                    && args[..at].iter().all(|arg| arg.starts_with("-X") || arg.starts_with("-D")) =>
            {
                Ok(direct(Some(at + 1)))
            }
            _ => Err(Notice::new("flag_unknown", "of java only '-jar' with a file is read")
                .hint("name the file with '-jar'")),
        },
        "dotnet" => match args.first() {
            Some(file) if file.ends_with(".dll") => Ok(direct(Some(0))),
            _ => Err(unknown_word("dotnet", args.first().copied())),
        },
        _ if SHELLS.contains(&word.as_str()) => match args.first() {
            Some(first) if !first.starts_with(['-', '/']) => Ok(direct(Some(0))),
            Some(first) if first.starts_with('/') && !first.eq_ignore_ascii_case("/c") && args.len() == 1 => {
                Ok(direct(Some(0)))
            }
            _ => Err(shell_refused(&word)),
        },
        _ if WRAPPERS.contains(&word.as_str()) => Err(Notice::new(
            "wrapper_refused",
            format!("'{word}' starts another program in a way of its own, so what it may touch could not be said"),
        )
        .hint("name that program itself; variables go under \"env\", secrets to the vault")),
        _ => Ok(Launch::Direct { script: None, is_interpreter: false }),
    }
}

fn direct(script: Option<usize>) -> Launch {
    Launch::Direct { script, is_interpreter: true }
}

fn shell_refused(word: &str) -> Notice {
    Notice::new(
        "shell_refused",
        format!("'{word}' is given a line of text to run: it can be any program, and no card could say what it does"),
    )
    .hint("name the program with its arguments as separate texts; what it needs of the environment goes under \"env\"")
}

fn unknown_word(program: &str, word: Option<&str>) -> Notice {
    let word = word.map_or_else(|| "nothing".to_owned(), quote);
    Notice::new("launcher_unknown", format!("what '{program}' does with {word} is not read here"))
        .hint("npx, uvx, uv tool run, pipx run, bunx, pnpm dlx and docker run are")
}

/// `cmd /c npx …`: how npx is started on Windows, where it is no program but a script.
fn windows_command(args: &[&str]) -> Result<Launch, Notice> {
    let at = args.iter().position(|arg| arg.eq_ignore_ascii_case("/c"));
    let Some(at) =
        at.filter(|at| args[..*at].iter().all(|arg| matches!(arg.to_ascii_lowercase().as_str(), "/d" | "/s" | "/q")))
    else {
        return Err(shell_refused("cmd"));
    };
    let Some((program, rest)) = args[at + 1..].split_first() else { return Err(shell_refused("cmd")) };
    let is_plain = |word: &str| !word.contains(['&', '|', '<', '>', '^', '%', '"', '\n', '\r']);
    let is_launcher =
        matches!(program_word(program).as_str(), "npx" | "npm" | "pnpm" | "yarn" | "bunx" | "uvx" | "uv" | "pipx");
    if !is_launcher || !is_plain(program) || !rest.iter().all(|word| is_plain(word)) {
        return Err(shell_refused("cmd"));
    }
    let before = at + 2;
    Ok(match read_launch(program, rest)? {
        Launch::Package { resolve, rest } => Launch::Package { resolve, rest: rest + before },
        Launch::Bridge { url, headers, is_old } => {
            Launch::Bridge { url: url + before, headers: headers.into_iter().map(|at| at + before).collect(), is_old }
        }
        other => other,
    })
}

fn is_script(word: &str) -> bool {
    !word.starts_with('-') && [".js", ".mjs", ".cjs", ".ts", ".mts"].iter().any(|ending| word.ends_with(ending))
}

/// An interpreter with its script. Code on the command line is a shell's line by another name.
fn script(word: &str, args: &[&str], flags: &[&str], with_value: &[&str]) -> Result<Launch, Notice> {
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        match *arg {
            "-m" if word.starts_with("py") => {
                return match args.get(at + 1) {
                    Some(module) if module.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b)) => {
                        Ok(Launch::Direct { script: None, is_interpreter: true })
                    }
                    _ => Err(Notice::new("flag_unknown", "'-m' has no module's name behind it")),
                };
            }
            "-c" | "-e" | "-p" | "-r" | "-pe" | "--eval" | "--print" | "-" | "--require" | "--import" | "--loader" => {
                return Err(shell_refused(word));
            }
            flag if flags.contains(&flag) => at += 1,
            flag if with_value.contains(&flag) => at += 2,
            "--" => at += 1,
            flag if flag.starts_with('-') => return Err(flag_unknown(word, flag)),
            _ => return Ok(direct(Some(at))),
        }
    }
    Err(Notice::new("program_missing", format!("'{word}' is given no file to run"))
        .hint("name the file as its first argument"))
}

pub(crate) fn flag_unknown(program: &str, flag: &str) -> Notice {
    Notice::new(
        "flag_unknown",
        format!("the flag {} of {program} is not known here, so what it changes cannot be said", quote(flag)),
    )
    .hint("leave it out if the server works without")
}

pub(crate) fn flag_refused(program: &str, flag: &str, why: &str) -> Notice {
    Notice::new("flag_refused", format!("the flag {} of {program} is refused: {why}", quote(flag)))
}

/// `npx` and what is like it.
fn npm(args: &[&str], start: usize) -> Result<Launch, Notice> {
    const PLAIN: [&str; 17] = [
        "-y",
        "--yes",
        "--no",
        "--no-install",
        "-q",
        "--quiet",
        "-s",
        "--silent",
        "--ignore-scripts",
        "--prefer-online",
        "--prefer-offline",
        "--offline",
        "--bun",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--verbose",
    ];
    let mut packages: Vec<&str> = Vec::new();
    let mut at = start;
    while let Some(arg) = args.get(at) {
        let (flag, value) = arg.split_once('=').map_or((*arg, None), |(flag, value)| (flag, Some(value)));
        match flag {
            _ if PLAIN.contains(arg) => {}
            "--yes" if value == Some("true") => {}
            "-p" | "--package" => {
                let value = value.or_else(|| {
                    at += 1;
                    args.get(at).copied()
                });
                packages.push(value.ok_or_else(|| flag_refused("npx", flag, "it has no value"))?);
            }
            "-c" | "--call" | "--shell" | "--script-shell" | "--node-options" | "--shell-auto-fallback" => {
                return Err(shell_refused("npx"));
            }
            "--registry" => return Err(flag_refused("npx", flag, "only npm's public registry is asked")),
            "--allow-build" | "--foreground-scripts" => {
                return Err(flag_refused("npx", flag, "scripts of packages are never run"));
            }
            "--loglevel" => at += usize::from(value.is_none()),
            "--" => {
                at += 1;
                break;
            }
            flag if flag.starts_with('-') => return Err(flag_unknown("npx", flag)),
            _ => break,
        }
        at += 1;
    }
    let first = args.get(at).copied();
    let (name, range, program) = match (packages.as_slice(), first) {
        ([], Some(spec)) => {
            let (name, range) = read_npm_package(spec)?;
            (name, range, None)
        }
        ([spec], program) => {
            let (name, range) = read_npm_package(spec)?;
            let program =
                program.ok_or_else(|| Notice::new("program_missing", "no program of the package is named"))?;
            if !is_program_name(program) {
                return Err(Notice::new("program_missing", format!("{} is no program of a package", quote(program))));
            }
            (name, range, Some(program.to_owned()))
        }
        ([], None) => return Err(Notice::new("package_missing", "no package is named")),
        _ => {
            return Err(Notice::new("packages_many", "more than one package is named")
                .hint("name the one whose program is run; what it needs comes with it"));
        }
    };
    if name == "mcp-remote" && program.as_deref().is_none_or(|program| program == "mcp-remote") {
        return read_bridge(args, at + 1);
    }
    Ok(Launch::Package { resolve: Resolve::Npm { name, range, program }, rest: at + 1 })
}

pub(crate) fn is_program_name(word: &str) -> bool {
    (1..=128).contains(&word.len())
        && !word.starts_with(['-', '.'])
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn uv(args: &[&str]) -> Result<Launch, Notice> {
    match args {
        ["tool", "run", ..] => python(args, 2, Python::Uv),
        ["x", ..] => python(args, 1, Python::Uv),
        _ if args.contains(&"run") => Err(Notice::new(
            "project_not_installed",
            "'uv run' makes the environment of a project each time it starts, with what its files say at that moment",
        )
        .hint("run 'uv sync' in the project once, then name its program: PROJECT/.venv/bin/python with the file or '-m' and the module")),
        _ => Err(unknown_word("uv", args.first().copied())),
    }
}

/// `uvx` and `pipx run`.
fn python(args: &[&str], start: usize, kind: Python) -> Result<Launch, Notice> {
    let (resolve, rest) = read_python_package(args, start, kind)?;
    Ok(Launch::Package { resolve, rest })
}
