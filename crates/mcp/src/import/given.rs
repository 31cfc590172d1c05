//! What a program is given: its arguments and its environment.

use super::{
    dotenv::{ENVIRONMENT_BYTES_MAX, read_environment},
    draft::Spot,
    known::known,
    launch::Resolve,
    manifest::Emit,
    name::shown,
    notice::{Notice, quote},
    plan::Plan,
    secret::{Hidden, words_of},
    variable::{Expanded, Piece, is_variable},
};
use std::collections::BTreeMap;

impl Plan<'_> {
    /// The arguments of the server itself.
    pub(super) fn args(&mut self, args: &[Expanded]) {
        let may_write_folders = match &self.proposal.resolve {
            Some(Resolve::Npm { name, .. } | Resolve::PyPi { name, .. }) => {
                known(name).is_some_and(|known| known.writes_folders)
            }
            _ => false,
        };
        let mut flag = String::new();
        for word in args {
            let start = word.literal_start();
            let is_flag = start.starts_with('-');
            let emitted = match start.split_once('=').filter(|_| is_flag) {
                // `--flag=value`: the value is what is looked at.
                Some((name, _)) => {
                    let value = without_start(word, name.len() + 1);
                    let spot = Spot { place: "argument", name, may_write: may_write_folders || writes(name) };
                    let start = format!("{name}=");
                    match self.draft.emit(&value, spot) {
                        Emit::Literal(value) => Emit::Literal(format!("{start}{value}")),
                        Emit::Setting { setting, prefix } => {
                            Emit::Setting { setting, prefix: format!("{start}{prefix}") }
                        }
                        home @ Emit::Home { .. } => home,
                    }
                }
                None => {
                    let name = if is_flag { "" } else { flag.as_str() };
                    let spot = Spot { place: "argument", name, may_write: may_write_folders || writes(name) };
                    self.draft.emit(word, spot)
                }
            };
            flag = if is_flag && !start.contains('=') { start } else { String::new() };
            self.proposal.parts.args.push(emitted);
        }
    }

    /// The variables that it is given.
    pub(super) fn environment(&mut self, environment: &BTreeMap<String, Hidden>) {
        /// Variables by which other code is loaded than the one that is named.
        const LOADING: [&str; 14] = [
            "LD_PRELOAD",
            "LD_AUDIT",
            "DYLD_INSERT_LIBRARIES",
            "NODE_OPTIONS",
            "BASH_ENV",
            "ENV",
            "PYTHONSTARTUP",
            "PYTHONINSPECT",
            "PERL5OPT",
            "RUBYOPT",
            "JAVA_TOOL_OPTIONS",
            "GIT_SSH_COMMAND",
            "GIT_EXEC_PATH",
            "PROMPT_COMMAND",
        ];
        /// Variables that the box sets itself.
        const OF_THE_BOX: [&str; 13] = [
            "PATH",
            "HOME",
            "USERPROFILE",
            "TMPDIR",
            "TEMP",
            "TMP",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "APPDATA",
        ];
        for (name, value) in environment {
            let upper = name.to_ascii_uppercase();
            if !is_variable(name) {
                self.refuse(Notice::new("variable_refused", format!("'{}' is no name of a variable", shown(name))));
                continue;
            }
            if LOADING.contains(&upper.as_str()) {
                self.refuse(
                    Notice::new(
                        "variable_refused",
                        format!("the variable {name} makes the program run other code than the one that is named"),
                    )
                    .hint("leave it out"),
                );
                continue;
            }
            if OF_THE_BOX.contains(&upper.as_str()) {
                self.draft.warnings.push(Notice::new(
                    "variable_of_the_box",
                    format!("the variable {name} is not taken over: the box sets it"),
                ));
                continue;
            }
            let Some(word) = self.scope.expand(value).into_iter().next() else { continue };
            let spot = Spot { place: "environment", name, may_write: self.is_written(name) };
            let emitted = self.draft.emit(&word, spot);
            self.proposal.parts.environment.insert(name.clone(), emitted);
        }
        if let Some((name, file)) = self.home_file.filter(|(name, _)| !environment.contains_key(*name)) {
            self.proposal.parts.environment.insert(name.to_owned(), Emit::Home { home: file.to_owned() });
        }
    }

    fn is_written(&self, variable: &str) -> bool {
        writes(variable) || self.home_file.is_some_and(|(name, _)| name == variable)
    }

    /// The variables of a file that the entry names.
    pub(super) fn environment_file(&mut self, file: &Hidden) -> BTreeMap<String, Hidden> {
        let written = self.scope.expand(file).first().and_then(Expanded::text);
        let path = written.and_then(|written| {
            let written = written.expose().to_owned();
            let below = || self.draft.paths.base.as_ref().map(|base| self.facts.roots.join(base, &written));
            self.draft.paths.absolute(&written).or_else(below)
        });
        let read = path.as_ref().map(|path| self.facts.machine.file(path, ENVIRONMENT_BYTES_MAX));
        let shown = path.as_deref().map_or_else(|| "'envFile'".to_owned(), quote);
        let (why, hint) = match read {
            Some(Ok(Some(bytes))) => match read_environment(&bytes) {
                Ok(variables) => return variables,
                Err(0) => (format!("the file {shown} is too large, or no text"), "put the variables under \"env\""),
                Err(line) => (format!("line {line} of the file {shown} is no variable"), "write NAME=value"),
            },
            Some(Err(error)) => {
                (format!("the file {shown} cannot be read: {error}"), "put the variables under \"env\"")
            }
            Some(Ok(None)) | None => {
                (format!("the file {shown} with its variables is not there"), "put the variables under \"env\"")
            }
        };
        self.refuse(Notice::new("environment_file", why).hint(format!("{hint}, and scan again")));
        BTreeMap::new()
    }
}

/// Whether what goes by this name is written to.
fn writes(name: &str) -> bool {
    const WRITTEN: [&str; 17] = [
        "db",
        "database",
        "sqlite",
        "out",
        "output",
        "log",
        "logs",
        "data",
        "store",
        "storage",
        "memory",
        "cache",
        "vault",
        "save",
        "workspace",
        "repository",
        "repo",
    ];
    words_of(name).iter().any(|word| WRITTEN.contains(&word.as_str()))
}

/// A word without its first bytes, which are literal.
fn without_start(word: &Expanded, length: usize) -> Expanded {
    let mut word = word.clone();
    if let Some(Piece::Text(text)) = word.pieces.first_mut() {
        *text = Hidden::new(text.expose().get(length..).unwrap_or_default());
        if text.expose().is_empty() && word.pieces.len() > 1 {
            word.pieces.remove(0);
        }
    }
    word
}
