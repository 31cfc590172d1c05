//! Names of packages and the versions asked for, exactly: nothing that is an address, a path or a flag passes as one.

use super::{
    launch::{Resolve, flag_refused, flag_unknown, is_program_name},
    notice::{Notice, quote},
};

/// The longest name, of npm's and Python's registries both.
const NAME_BYTES_MAX: usize = 214;
/// The longest range of versions.
const RANGE_BYTES_MAX: usize = 128;

/// `@scope/name@range` as name and range; `latest` where no range is said.
pub(crate) fn read_npm_package(spec: &str) -> Result<(String, String), Notice> {
    let refuse = |why: &str| {
        Err(Notice::new("package_refused", format!("{} {why}", quote(spec)))
            .hint("name a package of npm's public registry"))
    };
    let at = spec.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
    let (name, range) = at.map_or((spec, "latest"), |at| (&spec[..at], &spec[at + 1..]));
    let (scope, own) = match name.strip_prefix('@') {
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, own)) => (Some(scope), own),
            None => return refuse("is no package's name"),
        },
        None => (None, name),
    };
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_', '-'])
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._~".contains(&b))
    };
    if spec.contains("://") || spec.contains(':') || (scope.is_none() && name.contains('/')) {
        return refuse("is an address, a path or a repository, and no package of a registry");
    }
    if name.len() > NAME_BYTES_MAX || !is_part(own) || scope.is_some_and(|scope| !is_part(scope)) {
        return refuse("is no package's name");
    }
    let is_range = !range.is_empty()
        && range.len() <= RANGE_BYTES_MAX
        && range.bytes().all(|b| b.is_ascii_alphanumeric() || b".^~<>=*|+- ".contains(&b))
        && !range.starts_with('-');
    if !is_range {
        return refuse("names no version that npm would know");
    }
    Ok((name.to_owned(), range.trim().to_owned()))
}

/// Who reads the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Python {
    Uv,
    Pipx,
}

impl Python {
    const fn word(self) -> &'static str {
        match self {
            Self::Uv => "uvx",
            Self::Pipx => "pipx",
        }
    }
}

/// What a Python package's runner is asked for.
pub(crate) fn read_python_package(args: &[&str], start: usize, kind: Python) -> Result<(Resolve, usize), Notice> {
    const PLAIN: [&str; 18] = [
        "-q",
        "--quiet",
        "-v",
        "--verbose",
        "--isolated",
        "--refresh",
        "--no-cache",
        "-n",
        "--offline",
        "--no-progress",
        "-U",
        "--upgrade",
        "--reinstall",
        "--no-config",
        "--native-tls",
        "--no-env-file",
        "--fetch-missing-python",
        "--no-path-check",
    ];
    const ELSEWHERE: [&str; 12] = [
        "--index",
        "--default-index",
        "--index-url",
        "-i",
        "--extra-index-url",
        "--find-links",
        "-f",
        "--index-strategy",
        "--allow-insecure-host",
        "--keyring-provider",
        "--pip-args",
        "--no-index",
    ];
    const FILES: [&str; 7] =
        ["--with-editable", "--with-requirements", "--env-file", "--constraints", "-c", "--overrides", "--config-file"];
    let program_word = kind.word();
    let (mut from, mut with, mut python, mut with_prereleases) = (None, Vec::new(), None, false);
    let mut at = start;
    while let Some(arg) = args.get(at) {
        let (flag, value) = match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (*arg, None),
        };
        let mut take = || -> Result<String, Notice> {
            let value = value.or_else(|| {
                at += 1;
                args.get(at).copied()
            });
            value.map(str::to_owned).ok_or_else(|| flag_refused(program_word, flag, "it has no value"))
        };
        match flag {
            "--from" if kind == Python::Uv => from = Some(take()?),
            "--spec" if kind == Python::Pipx => from = Some(take()?),
            "--with" if kind == Python::Uv => {
                for requirement in take()?.split(',') {
                    with.push(read_requirement(requirement)?.0);
                }
            }
            "-p" | "--python" => {
                let version = take()?;
                let bare = version.trim_start_matches("python");
                if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                    return Err(flag_refused(program_word, flag, "only a version such as 3.12 is taken"));
                }
                python = Some(bare.to_owned());
            }
            "--prerelease" => with_prereleases = take()? == "allow",
            _ if PLAIN.contains(arg) => {}
            _ if ELSEWHERE.contains(&flag) => {
                return Err(flag_refused(program_word, flag, "only Python's public index is asked"));
            }
            _ if FILES.contains(&flag) => {
                return Err(flag_refused(program_word, flag, "what it names is read from files that can change"));
            }
            "--" => {
                at += 1;
                break;
            }
            flag if flag.starts_with('-') => return Err(flag_unknown(program_word, flag)),
            _ => break,
        }
        at += 1;
    }
    let Some(first) = args.get(at).copied() else {
        return Err(Notice::new("package_missing", "no package is named"));
    };
    let (requirement, name) = read_requirement(from.as_deref().unwrap_or(first))?;
    let program = if from.is_some() { first.to_owned() } else { name.clone() };
    if !is_program_name(&program) {
        return Err(Notice::new("program_missing", format!("{} is no program of a package", quote(&program))));
    }
    Ok((Resolve::PyPi { requirement, name, program, with, python, with_prereleases }, at + 1))
}

/// `name[extra]==1.2` as PEP 508 writes it, and the bare name. uv's `name@1.2` and `name@latest` too.
pub(crate) fn read_requirement(given: &str) -> Result<(String, String), Notice> {
    let given = given.trim();
    let refuse = |why: &str| {
        Err(Notice::new("package_refused", format!("{} {why}", quote(given)))
            .hint("name a package of Python's public index"))
    };
    let name_end = given.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(given.len());
    let (name, rest) = given.split_at(name_end);
    let is_edge = |c: char| c.is_ascii_alphanumeric();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.starts_with(is_edge) || !name.ends_with(is_edge) {
        return refuse("is no package's name");
    }
    let (extras, rest) = match rest.trim_start().strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((extras, rest))) => (Some(extras), rest),
        Some(None) => return refuse("has extras that do not end"),
        None => (None, rest),
    };
    if extras.is_some_and(|extras| !extras.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-, ".contains(&b))) {
        return refuse("has extras that are none");
    }
    let rest = rest.trim();
    if rest.contains("://") || rest.contains('/') || rest.starts_with("@ ") {
        return refuse("is an address or a path, and no package of an index");
    }
    let range = match rest.strip_prefix('@') {
        Some("latest") => String::new(),
        Some(version) => format!("=={version}"),
        None => rest.to_owned(),
    };
    let is_range = range.is_empty()
        || (range.starts_with(['=', '<', '>', '~', '!'])
            && range.len() <= RANGE_BYTES_MAX
            && range.bytes().all(|b| b.is_ascii_alphanumeric() || b".=<>~!,*+- ".contains(&b)));
    if !is_range {
        return refuse("names no version that an index would know");
    }
    let extras = extras.filter(|extras| !extras.is_empty()).map(|extras| format!("[{extras}]")).unwrap_or_default();
    Ok((format!("{name}{extras}{range}"), name.to_owned()))
}
