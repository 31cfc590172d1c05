//! The module graph of an app's JavaScript: what is imported, from where, and what CommonJS was left in.
//!
//! The engine is the judge of the language. This reads just enough of it (strings, templates, comments, regular
//! expressions) to find imports and exports and to say in words what the engine would say in its own; it runs in
//! linear time over any bytes.

use crate::{
    finding::{FINDINGS_MAX, Finding, Place, did_you_mean, quote},
    warning::Warning,
};
use protocol::ErrorCode;
use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
};

/// The largest module: a bundle with its dependencies.
pub const SCRIPT_BYTES_MAX: usize = 16 << 20;

/// What a package's modules export, as far as it can be read.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    names: HashSet<String>,
    /// Something is exported whose name cannot be read here, such as `export *`.
    is_open: bool,
}

impl Exports {
    /// Whether a function of this name may be exported.
    pub(crate) fn may_have(&self, name: &str) -> bool {
        self.is_open || self.names.contains(name)
    }

    /// Whether this name was read.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The names that were read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Follows the imports from `roots` through the package. Returns the exports of each root; a root that is not there
/// exports nothing.
pub(crate) fn check_modules<'a, const ROOTS: usize>(
    roots: [&str; ROOTS],
    file: impl Fn(&str) -> Option<&'a [u8]>,
    paths: &[&str],
    warnings: &mut Vec<Warning>,
) -> Result<[Exports; ROOTS], Vec<Finding>> {
    let known: HashSet<&str> = paths.iter().copied().collect();
    let mut findings = Vec::new();
    let mut exports = [const { None }; ROOTS];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut waiting: Vec<String> = roots.iter().rev().map(|root| (*root).to_owned()).collect();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Some(bytes) = file(&path) else { continue };
        let text = match read_script(&path, bytes) {
            Ok(text) => text,
            Err(finding) => {
                findings.push(*finding);
                continue;
            }
        };
        let module = read_module(text);
        for import in &module.imports {
            match resolve(&path, import, &known) {
                Ok(target) if seen.contains(&target) => {}
                Ok(target) => waiting.push(target),
                // Telling a place reads the file, so no more is told than is shown.
                Err(_) if findings.len() > FINDINGS_MAX => {}
                Err((message, suggestion)) => findings.push(Finding {
                    code: ErrorCode::PackageBareImport,
                    file: path.clone(),
                    place: Some(Place::of(text, &import.range)),
                    message,
                    suggestion: suggestion.or_else(|| {
                        let scripts = paths.iter().copied().filter(|known| known.ends_with(".js"));
                        did_you_mean(import.specifier.as_deref()?.trim_start_matches(['.', '/']), scripts)
                    }),
                }),
            }
        }
        if let Some((what, at)) = module.common_js {
            let place = Place::of(text, &at);
            warnings.push(
                Warning::in_file(&format!("{path}:{}", place.line), format!("'{what}' is not there when an app runs"))
                    .hint(match what {
                        "require" => "write import { name } from './file.js' at the top",
                        _ => "write export before the function, such as export async function name(payload, ctx)",
                    }),
            );
        }
        if let Some(root) = roots.iter().position(|root| *root == path) {
            exports[root] = Some(module.exports);
        }
    }
    if findings.is_empty() { Ok(exports.map(Option::unwrap_or_default)) } else { Err(findings) }
}

fn read_script<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Finding>> {
    let refuse = |message: String| {
        Box::new(Finding {
            code: ErrorCode::PackageCodeInvalid,
            file: path.to_owned(),
            place: None,
            message,
            suggestion: None,
        })
    };
    if bytes.len() > SCRIPT_BYTES_MAX {
        return Err(refuse(format!("the module is larger than {} MiB", SCRIPT_BYTES_MAX >> 20)));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        refuse(format!("line {line} is not UTF-8; save the file as UTF-8"))
    })
}

/// The path that an import means. The error is a message with a next step.
fn resolve(from: &str, import: &Import, known: &HashSet<&str>) -> Result<String, (String, Option<String>)> {
    let Some(specifier) = &import.specifier else {
        return Err((
            "import() with a computed name cannot be checked and is not possible".to_owned(),
            Some("import every module at the top".to_owned()),
        ));
    };
    if !(specifier.starts_with("./") || specifier.starts_with("../")) {
        let message = format!("{} is imported, but is not a file of this package", quote(specifier));
        let with_extension = format!("{specifier}.js");
        let near = [specifier.as_str(), &with_extension].into_iter().find(|path| known.contains(path));
        let suggestion = match near {
            Some(path) => format!("did you mean './{path}'?"),
            None => "bundle it into the package; only './file.js' can be imported".to_owned(),
        };
        return Err((message, Some(suggestion)));
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err((format!("{} leads out of the package", quote(specifier)), None));
                }
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if known.contains(path.as_str()) {
        return Ok(path);
    }
    let with_extension = format!("{path}.js");
    let suggestion = known
        .contains(with_extension.as_str())
        .then(|| format!("did you mean {}? The extension is needed", quote(&format!("{specifier}.js"))));
    Err((format!("{} is imported, but the package has no file {}", quote(specifier), quote(&path)), suggestion))
}

struct Import {
    /// What is imported; absent where it is computed.
    specifier: Option<String>,
    range: Range<usize>,
}

#[derive(Default)]
struct Module {
    imports: Vec<Import>,
    exports: Exports,
    /// The first trace of CommonJS and where it is.
    common_js: Option<(&'static str, Range<usize>)>,
}

/// Imports that are looked at; more are left to the engine.
const IMPORTS_MAX: usize = 10_000;

fn read_module(text: &str) -> Module {
    let mut module = Module::default();
    let mut scanner = Scanner::new(text);
    let mut before = Token { kind: Kind::End, range: 0..0 };
    let mut token = scanner.next();
    while token.kind != Kind::End && module.imports.len() < IMPORTS_MAX {
        let mut next = scanner.next();
        let is_member = before.is(text, ".") || before.is(text, "?.");
        if token.kind == Kind::Word && !is_member {
            match &text[token.range.clone()] {
                "import" if next.is(text, "(") => {
                    let argument = scanner.next();
                    let after = scanner.next();
                    let is_plain = argument.kind == Kind::Text && (after.is(text, ")") || after.is(text, ","));
                    // A method may be called import: its parameters are followed by a body, never by a string.
                    let is_method = before.is(text, "{") || before.is(text, ",");
                    if !is_method || argument.kind == Kind::Text {
                        let specifier = is_plain.then(|| string_value(&text[argument.range.clone()])).flatten();
                        module.imports.push(Import { specifier, range: argument.range.clone() });
                    }
                    before = argument;
                    token = after;
                    continue;
                }
                "import" if scanner.is_top_level_before(&next, text) => {
                    let (specifier, last) = read_clause(&mut scanner, text, next);
                    module.imports.extend(specifier);
                    before = Token { kind: Kind::Other, range: last.range.clone() };
                    token = if last.kind == Kind::Text { scanner.next() } else { last };
                    continue;
                }
                "export" if next.is(text, "*") => {
                    module.exports.is_open = true;
                    let (specifier, last) = read_clause(&mut scanner, text, next);
                    module.imports.extend(specifier);
                    before = Token { kind: Kind::Other, range: last.range.clone() };
                    token = if last.kind == Kind::Text { scanner.next() } else { last };
                    continue;
                }
                "export" if next.is(text, "{") => {
                    token = read_export_list(&mut scanner, text, &mut module);
                    before = Token { kind: Kind::Other, range: 0..0 };
                    continue;
                }
                "export" if next.kind == Kind::Word => {
                    // export [default] [async] function [*] name · class name · const, let, var name
                    while next.kind == Kind::Word
                        && matches!(&text[next.range.clone()], "async" | "function" | "class" | "const" | "let" | "var")
                        || next.is(text, "*")
                    {
                        next = scanner.next();
                    }
                    if next.kind == Kind::Word {
                        module.exports.names.insert(text[next.range.clone()].to_owned());
                    } else {
                        module.exports.is_open = true;
                    }
                }
                "require" if next.is(text, "(") && !before.is(text, "function") => {
                    module.common_js.get_or_insert(("require", token.range.clone()));
                }
                "module" if next.is(text, ".") => {
                    let name = scanner.next();
                    if name.is(text, "exports") {
                        module.common_js.get_or_insert(("module.exports", token.range.start..name.range.end));
                    }
                    before = next;
                    token = name;
                    continue;
                }
                _ => {}
            }
        }
        before = token;
        token = next;
    }
    module
}

/// Reads on to the string after `from`, or the string itself. Gives the last token read, which is that string or
/// one that cannot be in an import.
fn read_clause(scanner: &mut Scanner<'_>, text: &str, first: Token) -> (Option<Import>, Token) {
    let mut token = first;
    let mut braces = 0_usize;
    loop {
        match token.kind {
            Kind::Text if braces == 0 => {
                let specifier = string_value(&text[token.range.clone()]);
                return (Some(Import { specifier, range: token.range.clone() }), token);
            }
            Kind::Text | Kind::Word => {}
            _ if token.is(text, "{") => braces += 1,
            _ if token.is(text, "}") && braces > 0 => braces -= 1,
            _ if token.is(text, ",") || token.is(text, "*") => {}
            _ => return (None, token),
        }
        token = scanner.next();
    }
}

/// Reads `{ a, b as c } [from "…"]` after its brace. Gives the first token behind it.
fn read_export_list(scanner: &mut Scanner<'_>, text: &str, module: &mut Module) -> Token {
    let mut name: Option<Token> = None;
    let mut token = scanner.next();
    loop {
        let is_end = token.is(text, "}");
        if is_end || token.is(text, ",") {
            if let Some(name) = name.take() {
                let name = &text[name.range];
                module.exports.names.insert(name.trim_matches(['"', '\'']).to_owned());
            }
            if is_end {
                break;
            }
        } else if matches!(token.kind, Kind::Word | Kind::Text) {
            name = Some(token); // the last one before the comma is the exported name
        } else {
            return token;
        }
        token = scanner.next();
    }
    let from = scanner.next();
    if !from.is(text, "from") {
        return from;
    }
    let source = scanner.next();
    if source.kind != Kind::Text {
        return source;
    }
    module.imports.push(Import { specifier: string_value(&text[source.range.clone()]), range: source.range });
    scanner.next()
}

/// The value of a string literal. Absent if it has escapes: nobody writes a module's name that way honestly.
fn string_value(literal: &str) -> Option<String> {
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    (!inner.contains('\\')).then(|| inner.to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An identifier or keyword.
    Word,
    /// A string literal, or a template without anything inserted.
    Text,
    /// Punctuation: one character, but for `=>`, `++`, `--`, `?.` and `...`.
    Mark,
    /// Numbers, templates, regular expressions.
    Other,
    End,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    range: Range<usize>,
}

impl Token {
    fn is(&self, text: &str, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark) && text.get(self.range.clone()) == Some(word)
    }
}

/// What an open bracket was opened for, which decides whether a `/` behind its end divides or begins a regular
/// expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// `(` after `if`, `while`, `for` or `with`: a statement follows.
    Condition,
    /// Any other `(`.
    Paren,
    Square,
    /// `{` of statements.
    Block,
    /// `{` of an object.
    Object,
    /// `${` in a template.
    Insertion,
}

/// Splits a script into tokens.
struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open>,
    /// A value ended just before, so `/` divides.
    is_after_value: bool,
    last: Range<usize>,
    last_kind: Kind,
    /// No regular expression begins before here: one was looked for and did not end on its line. Looking again for
    /// each slash of the line would take quadratic time.
    no_regex_before: usize,
    /// The word before the last token, for `for await (`.
    before_last: Range<usize>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        let mut scanner = Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            open: Vec::new(),
            is_after_value: false,
            last: 0..0,
            last_kind: Kind::End,
            before_last: 0..0,
            no_regex_before: 0,
        };
        if text.starts_with("#!") {
            scanner.skip_line();
        }
        scanner
    }

    /// Whether the token read last, which opened at most one brace, stands outside all brackets.
    fn is_top_level_before(&self, token: &Token, text: &str) -> bool {
        let opened = usize::from(token.is(text, "{"));
        self.open.len() <= opened
            && (token.kind == Kind::Text || token.kind == Kind::Word || opened == 1 || token.is(text, "*"))
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && !self.is_line_end() {
            self.at += 1;
        }
    }

    /// At a line terminator: LF, CR, or U+2028 and U+2029 in UTF-8.
    fn is_line_end(&self) -> bool {
        matches!(self.peek(0), b'\n' | b'\r')
            || (self.peek(0) == 0xE2 && self.peek(1) == 0x80 && matches!(self.peek(2), 0xA8 | 0xA9))
    }

    fn skip_space(&mut self) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => self.at += 1,
                b'/' if self.peek(1) == b'/' => self.skip_line(),
                b'/' if self.peek(1) == b'*' => {
                    let rest = &self.bytes[self.at + 2..];
                    let end = rest.windows(2).position(|pair| pair == b"*/");
                    self.at = end.map_or(self.bytes.len(), |end| self.at + 2 + end + 2);
                }
                // Non-ASCII: white space is skipped, all else begins a word.
                0x80.. => {
                    let c = self.text[self.at..].chars().next().unwrap_or('a');
                    if !(c.is_whitespace() || c == '\u{feff}') {
                        return;
                    }
                    self.at += c.len_utf8();
                }
                _ => return,
            }
        }
    }

    fn next(&mut self) -> Token {
        self.skip_space();
        let start = self.at;
        if start >= self.bytes.len() {
            return Token { kind: Kind::End, range: start..start };
        }
        let kind = match self.peek(0) {
            b'"' | b'\'' => {
                self.read_string();
                self.is_after_value = true;
                Kind::Text
            }
            b'`' => {
                self.at += 1;
                let is_whole = self.read_template();
                if is_whole { Kind::Text } else { Kind::Other }
            }
            b'0'..=b'9' => self.read_number(),
            b'.' if self.peek(1).is_ascii_digit() => self.read_number(),
            b'/' if !self.is_after_value && self.read_regex() => {
                self.is_after_value = true;
                Kind::Other
            }
            byte if is_word(byte) => {
                while self.at < self.bytes.len() && is_word(self.peek(0)) && !self.is_line_end() {
                    self.at += 1;
                }
                // A line separator inside a run of other characters: always go on.
                self.at = self.at.max(start + 1);
                while !self.text.is_char_boundary(self.at) {
                    self.at += 1;
                }
                let is_member = self.last_kind == Kind::Mark && matches!(&self.text[self.last.clone()], "." | "?.");
                self.is_after_value = is_member || !is_before_value(&self.text[start..self.at]);
                Kind::Word
            }
            byte => self.read_mark(byte),
        };
        self.before_last = std::mem::replace(&mut self.last, start..self.at);
        self.last_kind = kind;
        Token { kind, range: start..self.at }
    }

    fn read_string(&mut self) {
        let quote = self.peek(0);
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.skip_escaped(),
                byte if byte == quote => {
                    self.at += 1;
                    return;
                }
                b'\n' | b'\r' => return, // not closed: the engine will say so
                _ => self.at += 1,
            }
        }
    }

    /// Skips a backslash and the whole character behind it, so that `at` stays on a boundary.
    fn skip_escaped(&mut self) {
        self.at += 1;
        let skipped = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.at += skipped;
    }

    /// Reads a template up to its end or the next insertion. Says whether it had no insertion.
    fn read_template(&mut self) -> bool {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.skip_escaped(),
                b'`' => {
                    self.at += 1;
                    self.is_after_value = true;
                    return true;
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 2;
                    self.open.push(Open::Insertion);
                    self.is_after_value = false;
                    return false;
                }
                _ => self.at += 1,
            }
        }
        false
    }

    fn read_number(&mut self) -> Kind {
        while self.peek(0).is_ascii_alphanumeric() || matches!(self.peek(0), b'.' | b'_') {
            self.at += 1;
        }
        self.is_after_value = true;
        Kind::Other
    }

    /// Reads a regular expression. Where none ends on this line it was a division after all.
    fn read_regex(&mut self) -> bool {
        let start = self.at;
        if start < self.no_regex_before {
            return false;
        }
        let mut is_in_class = false;
        self.at += 1;
        while self.at < self.bytes.len() && !self.is_line_end() {
            match self.peek(0) {
                b'\\' => {
                    self.at += 1;
                    if !self.is_line_end() && self.at < self.bytes.len() {
                        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
                    }
                }
                b'[' => {
                    is_in_class = true;
                    self.at += 1;
                }
                b']' => {
                    is_in_class = false;
                    self.at += 1;
                }
                b'/' if !is_in_class => {
                    self.at += 1;
                    while self.peek(0).is_ascii_alphabetic() {
                        self.at += 1;
                    }
                    return true;
                }
                _ => self.at += 1,
            }
        }
        self.no_regex_before = self.at;
        self.at = start;
        false
    }

    fn read_mark(&mut self, byte: u8) -> Kind {
        self.at += 1;
        match byte {
            b'(' => {
                let mut word = self.last.clone();
                if self.last_kind == Kind::Word && &self.text[word.clone()] == "await" {
                    word = self.before_last.clone();
                }
                let is_condition = matches!(&self.text[word], "if" | "while" | "for" | "with");
                self.open.push(if is_condition { Open::Condition } else { Open::Paren });
                self.is_after_value = false;
            }
            b'[' => {
                self.open.push(Open::Square);
                self.is_after_value = false;
            }
            b'{' => {
                let kind = if self.is_block() { Open::Block } else { Open::Object };
                self.open.push(kind);
                self.is_after_value = false;
            }
            b')' => self.is_after_value = self.open.pop() != Some(Open::Condition),
            b']' => {
                self.open.pop();
                self.is_after_value = true;
            }
            b'}' => match self.open.pop() {
                Some(Open::Insertion) => {
                    self.read_template();
                    return Kind::Other;
                }
                Some(Open::Object) => self.is_after_value = true,
                _ => self.is_after_value = false,
            },
            b'+' | b'-' if self.peek(0) == byte => {
                self.at += 1; // behind a value it belongs to it, before one it does not change what follows
            }
            b'=' if self.peek(0) == b'>' => {
                self.at += 1;
                self.is_after_value = false;
            }
            b'?' if self.peek(0) == b'.' && !self.peek(1).is_ascii_digit() => {
                self.at += 1;
                self.is_after_value = false;
            }
            b'.' if self.peek(0) == b'.' && self.peek(1) == b'.' => {
                self.at += 2;
                self.is_after_value = false;
            }
            _ => self.is_after_value = false,
        }
        Kind::Mark
    }

    /// Whether a `{` here begins statements, and not an object.
    fn is_block(&self) -> bool {
        let last = &self.text[self.last.clone()];
        match self.last_kind {
            Kind::End => true,
            Kind::Word => !is_before_value(last) || matches!(last, "else" | "do"),
            Kind::Mark => match last {
                ";" | ")" | "}" | "{" | "=>" => true,
                // In an object or call a value follows the colon; else it ends a label or a case.
                ":" => !matches!(self.open.last(), Some(Open::Object | Open::Paren | Open::Square)),
                _ => false,
            },
            Kind::Text | Kind::Other => true,
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\' | b'@') || byte >= 0x80
}

/// Keywords that a value follows, so a `/` behind them begins a regular expression.
fn is_before_value(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "typeof"
            | "instanceof"
            | "in"
            | "of"
            | "new"
            | "delete"
            | "void"
            | "throw"
            | "case"
            | "do"
            | "else"
            | "await"
            | "yield"
            | "default"
            | "extends"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[&str]) {
        let module = read_module(text);
        let found: Vec<_> =
            module.imports.iter().map(|import| import.specifier.as_deref().unwrap_or("?").to_owned()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn imports_are_found() {
        check("import x from 'a'", &["a"]);
        check("import x, { y as z } from \"a\"; import 'b'", &["a", "b"]);
        check("import * as ns from './c.js'\nimport { 'odd name' as d } from 'd'", &["./c.js", "d"]);
        check("import a from 'a' with { type: 'json' }; import 'b'", &["a", "b"]);
        check(
            "export * from 'a'; export * as b from 'b'; export { c, d as e } from 'c'; export { f }",
            &["a", "b", "c"],
        );
        check("const x = await import('a'); import(`b`); import(name); import('./' + x)", &["a", "b", "?", "?"]);
        check("import.meta.url; x.import('a'); x?.import('b'); ({ import(a) {} })", &[]);
        check("import/**/x/* from 'no' */from// from 'no'\n'a'", &["a"]);
        check("import {\n a,\n b,\n} from 'a'\nimport b from 'b'", &["a", "b"]);
        check("#!/usr/bin/env node\nimport 'a'", &["a"]);
        check("const f = () => { return import('deep') }", &["deep"]);
    }

    #[test]
    fn what_only_looks_like_an_import_is_none() {
        check("'import x from \"a\"'", &[]);
        check("`import x from 'a' ${`import 'b'`} import 'c'`", &[]);
        check("/import 'a'/.test(x)", &[]);
        check("x = /[/]import 'a'/g", &[]);
        check("if (x) /import 'a'/.test(y)", &[]);
        check("// import 'a'\n/* import 'b' */", &[]);
        check("return /import 'a'/", &[]);
        check("'it\\'s import'; \"\\\\\"", &[]);
    }

    #[test]
    fn division_is_not_a_regular_expression() {
        check("a = b / c; import 'x'; d = e / f", &["x"]);
        check("a = (b) / c; import 'x' /* / */", &["x"]);
        check("a = b[0] / c; import 'x'; '/'", &["x"]);
        check("a = b++ / c; import 'x'; '/'", &["x"]);
        check("a = 1 / c; import 'x'; '/'", &["x"]);
        check("a = `t` / c; import 'x'; '/'", &["x"]);
        check("a = {} / c; import 'x'; '/'", &["x"]);
        check("a.return / c; import 'x'; '/'", &["x"]);
        check("`${a / b}${ {c: 1}.c / d }`; import 'x'; '/'", &["x"]);
        check("x = a\n/ b\nimport 'x'", &["x"]);
        check("for await (const x of y) /import 'no'/.test(x); import 'x'", &["x"]);
    }

    #[test]
    fn exports_are_read() {
        let exports = read_module(
            "export async function generate(p, ctx) {}\nexport function* stream() {}\nexport const run = 1\n\
             export { a, b as c, d as 'e' }\nexport class K {}\nfunction hidden() {}\nexport default function () {}",
        )
        .exports;
        for name in ["generate", "stream", "run", "a", "c", "e", "K", "default"] {
            assert!(exports.names.contains(name), "{name}: {:?}", exports.names);
        }
        for name in ["hidden", "b", "d", "p"] {
            assert!(!exports.names.contains(name), "{name}");
        }
        assert!(!exports.is_open);
        assert!(read_module("export * from './x.js'").exports.is_open);
        assert!(read_module("export const { a, b } = x").exports.is_open);
    }

    #[test]
    fn common_js_is_noticed() {
        let found = |text: &str| read_module(text).common_js.map(|(what, _)| what);
        assert_eq!(found("const fs = require('fs')"), Some("require"));
        assert_eq!(found("module.exports = { run }"), Some("module.exports"));
        assert_eq!(found("x.require('a'); function require(y) {}; 'module.exports'; module.id"), None);
    }

    #[test]
    fn endless_input_takes_linear_time() {
        for piece in
            ["(", "{", "`${", "/", "/*", "import", "import{", "import(", "export{a,", "a/", "[/", "\\", "\u{2028}"]
        {
            let text = piece.repeat(200_000);
            let _ = read_module(&text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = read_module(&text);
        }

        #[test]
        fn script_like_text_is_read_without_panic(
            parts in proptest::collection::vec(
                prop::sample::select(vec![
                    "import", "export", "from", "'a'", "\"", "`", "${", "}", "{", "(", ")", "/", "*", "//", "\n", "\\",
                    "é", "\u{2028}", " ", "a", ".", "=>", "++", "1", "module", "exports", "require", ",", "as", "[", "]",
                ]),
                0..60,
            )
        ) {
            let text = parts.concat();
            for import in read_module(&text).imports {
                prop_assert!(text.get(import.range).is_some());
            }
        }
    }
}
