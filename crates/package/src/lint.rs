//! What an author should mend before others see the app: what would be refused, what asks for more than it needs, and
//! what looks like something else than it is. Looks at texts, runs nothing.

use crate::{
    archive::pack,
    code::Code,
    document::Part,
    finding::{Finding, Findings, Place},
    form::Form,
    json::read_json,
    package::{Package, PackageError},
    permission::Request,
    trigger::Cause,
    warning::Warning,
};
use protocol::{ErrorCode, Scope, ScopeWord, TopicPattern, is_wide_folder, text};
use regex::Regex;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, sync::LazyLock};

/// Remarks about texts (not about the package's own form): more of them say nothing new.
const REMARKS_MAX: usize = 100;
/// Names shorter than this differ from each other by one letter without anybody taking one for the other.
const SIMILAR_NAME_CHARS_MIN: usize = 4;
/// Longest text in which pipes are looked for; a bundle has no advice for people.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// How much a remark weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// It would be refused, or it deceives.
    Error,
    /// It should be mended.
    Warning,
    /// It is good to know.
    Note,
}

impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing that was noticed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remark {
    /// How much it weighs.
    pub gravity: Gravity,
    /// What kind it is, as a stable word.
    pub rule: &'static str,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What was noticed; escaped.
    pub message: String,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line with its caret.
    #[serde(skip)]
    excerpt: Option<String>,
}

impl Remark {
    fn new(gravity: Gravity, rule: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { gravity, rule, file: None, line: None, column: None, message, hint: None, excerpt: None }
    }

    /// A remark about what a finding is about. A finding without a place is about its file, if it names one.
    fn of(gravity: Gravity, rule: &'static str, finding: &Finding) -> Self {
        Self {
            file: Some(finding.file.clone()).filter(|file| !file.is_empty()),
            line: finding.place.as_ref().map(|place| place.line),
            column: finding.place.as_ref().map(|place| place.column),
            hint: finding.suggestion.clone(),
            excerpt: finding.place.as_ref().map(Place::excerpt),
            ..Self::new(gravity, rule, &finding.message)
        }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A remark at a range of bytes of a file.
    fn at(gravity: Gravity, rule: &'static str, file: &Text<'_>, from: usize, to: usize, message: String) -> Self {
        let place = Some(Place::of(file.text, &(from..to)));
        let code = ErrorCode::PackageInvalid;
        Self::of(gravity, rule, &Finding { code, file: file.path.to_owned(), place, message, suggestion: None })
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", text::shorten(file, 200))?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, ":{number}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}: {} [{}]", self.gravity, self.message, self.rule)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// A file that is text.
struct Text<'a> {
    path: &'a str,
    text: &'a str,
}

/// Looks at the files of an app. `installed` are the names of apps beside which it will stand.
pub fn lint(files: &BTreeMap<String, Vec<u8>>, installed: &[&str]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let opened = pack(files).map_err(PackageError::from).and_then(Package::open);
    match &opened {
        Ok(package) => {
            remarks.extend(package.warnings().iter().map(of_warning));
            let asked = Asked { package, files };
            asked.topics(&mut remarks);
            asked.too_wide(&mut remarks);
            asked.unused(&mut remarks);
            asked.undeclared(&mut remarks);
            remarks.extend(look_alike(package.form(), package.name().as_str(), installed));
        }
        Err(error) => remarks.extend(of_error(error)),
    }
    let texts: Vec<Text<'_>> =
        files.iter().filter_map(|(path, bytes)| Some(Text { path, text: std::str::from_utf8(bytes).ok()? })).collect();
    let mut of_texts = Vec::new();
    for text in &texts {
        unseen(text, &mut of_texts);
        piped(text, &mut of_texts);
    }
    let more = of_texts.len().saturating_sub(REMARKS_MAX);
    of_texts.truncate(REMARKS_MAX);
    remarks.extend(of_texts);
    if more > 0 {
        remarks.push(Remark::new(Gravity::Note, "more", format!("… and {more} more of the last kinds")));
    }
    remarks.sort_by(|one, other| one.gravity.cmp(&other.gravity).then_with(|| one.place().cmp(&other.place())));
    remarks
}

impl Remark {
    fn place(&self) -> (Option<&str>, Option<usize>, Option<usize>) {
        (self.file.as_deref(), self.line, self.column)
    }

    /// What is wrong in a file of cases, or in a file that cannot be read.
    pub fn of_findings(findings: &[Finding]) -> Vec<Self> {
        findings.iter().map(|finding| Self::of(Gravity::Error, finding.code.word(), finding)).collect()
    }
}

/// Why there is no package.
fn of_error(error: &PackageError) -> Vec<Remark> {
    if let PackageError::Content(findings) = error {
        return Remark::of_findings(Findings::list(findings));
    }
    let remark = Remark::new(Gravity::Error, error.code().word(), error.to_string());
    vec![Remark { hint: error.hint(), ..remark }]
}

fn of_warning(warning: &Warning) -> Remark {
    let (file, line) = match warning.place.as_deref().map(|place| (place, place.rsplit_once(':'))) {
        None => (None, None),
        Some((_, Some((file, line)))) if line.parse::<usize>().is_ok() => (Some(file.to_owned()), line.parse().ok()),
        Some((file, _)) => (Some(file.to_owned()), None),
    };
    let remark = Remark::new(Gravity::Warning, "advice", &warning.message);
    Remark { file, line, hint: warning.hint.clone(), ..remark }
}

// ---- what it asks for ----

/// A package and the files that say what it asks for.
struct Asked<'a> {
    package: &'a Package,
    files: &'a BTreeMap<String, Vec<u8>>,
}

impl Asked<'_> {
    /// A remark at the place where a family is asked for; where it is only implied, at the manifest.
    fn remark(&self, gravity: Gravity, rule: &'static str, family: ScopeWord, message: String) -> Remark {
        let manifest = self.package.form().manifest();
        for (file, base) in [("permissions.json", ""), (manifest, "/permissions")] {
            let Some(document) = self.files.get(file).and_then(|bytes| read_json(file, bytes).ok()) else { continue };
            let key = match document.value.pointer(base) {
                Some(serde_json::Value::Object(words)) => {
                    words.keys().find(|word| ScopeWord::from_word(word) == Some(family)).cloned()
                }
                Some(serde_json::Value::Array(words)) => words
                    .iter()
                    .position(|word| word.as_str().and_then(ScopeWord::from_word) == Some(family))
                    .map(|index| index.to_string()),
                _ => None,
            };
            if let Some(key) = key {
                return Remark::of(gravity, rule, &document.finding(&format!("{base}/{key}"), Part::Key, message));
            }
        }
        Remark { file: Some(manifest.to_owned()), ..Remark::new(gravity, rule, message) }
    }

    /// A remark at the trigger.
    fn remark_trigger(&self, gravity: Gravity, rule: &'static str, key: &str, message: String) -> Remark {
        let manifest = self.package.form().manifest();
        let document = self.files.get(manifest).and_then(|bytes| read_json(manifest, bytes).ok());
        match document {
            Some(document) => {
                Remark::of(gravity, rule, &document.finding(&format!("/trigger/{key}"), Part::Key, message))
            }
            None => Remark { file: Some(manifest.to_owned()), ..Remark::new(gravity, rule, message) },
        }
    }

    /// Topics that an install would refuse.
    fn topics(&self, remarks: &mut Vec<Remark>) {
        let wrong = |topic: &String| topic.parse::<TopicPattern>().err().map(|error| error.to_string());
        for trigger in self.package.triggers() {
            if let Cause::Events(topics) = &trigger.cause {
                remarks.extend(topics.iter().filter_map(wrong).map(|message| {
                    self.remark_trigger(Gravity::Error, ErrorCode::PackageInvalid.word(), "events", message)
                }));
            }
        }
        for Request { request, .. } in self.package.requests() {
            let Scope::Event { publish, listen } = &request.scope else { continue };
            let declared = self.package.triggers().iter().any(|trigger| match &trigger.cause {
                Cause::Events(topics) => topics == listen && publish.is_empty(),
                _ => false,
            });
            let topics = publish.iter().chain(listen).filter(|_| !declared);
            remarks.extend(topics.filter_map(wrong).map(|message| {
                self.remark(Gravity::Error, ErrorCode::PackageInvalid.word(), ScopeWord::Event, message)
            }));
        }
    }

    /// What asks for more than one app needs. A reason answers it: then it is only noted.
    fn too_wide(&self, remarks: &mut Vec<Remark>) {
        for Request { request, is_implied } in self.package.requests() {
            let Some((what, hint)) = wide(&request.scope).filter(|_| !is_implied) else { continue };
            let has_reason = request.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
            let gravity = if has_reason { Gravity::Note } else { Gravity::Warning };
            let remark = self.remark(gravity, "wide_scope", request.scope.word(), format!("asks for {what}"));
            let hint = if has_reason { hint.to_owned() } else { format!("{hint}; or say the \"reason\" on the card") };
            // Reading and writing are two lines of one word.
            if !remarks.iter().any(|known| known.message == remark.message) {
                remarks.push(remark.hint(hint));
            }
        }
    }

    /// The text of all modules, if they are JavaScript.
    fn scripts(&self) -> Option<Vec<Text<'_>>> {
        let Code::Script { .. } = self.package.code() else { return None };
        let is_script = |path: &str| [".js", ".mjs"].iter().any(|ending| path.ends_with(ending));
        let texts = self.files.iter().filter(|(path, _)| is_script(path));
        texts.map(|(path, bytes)| Some(Text { path, text: std::str::from_utf8(bytes).ok()? })).collect()
    }

    /// What is asked for and cannot be used, because no module has the word for it.
    fn unused(&self, remarks: &mut Vec<Remark>) {
        let Some(scripts) = self.scripts() else { return };
        let mut told: Vec<ScopeWord> = Vec::new();
        for Request { request, is_implied } in self.package.requests() {
            let family = request.scope.word();
            let words = words_of(family);
            let publishes = !matches!(&request.scope, Scope::Event { publish, .. } if publish.is_empty());
            let is_used = words.is_empty()
                || !publishes
                || scripts.iter().any(|script| words.iter().any(|word| has_word(script.text, word)));
            if is_used || told.contains(&family) {
                continue;
            }
            told.push(family);
            let word = family.word();
            let (message, hint) = match is_implied {
                true => (
                    format!("asks for {word}, as every mini-app that does not decline it, but no module mentions it"),
                    format!("say \"{word}\": false in permissions.json"),
                ),
                false => (
                    format!("asks for {word}, but no module mentions {}", words.join(" or ")),
                    "do not ask for what is not used".to_owned(),
                ),
            };
            remarks.push(self.remark(Gravity::Warning, "unused_scope", family, message).hint(hint));
        }
    }

    /// What is used and not asked for: it will be denied.
    fn undeclared(&self, remarks: &mut Vec<Remark>) {
        static USES: LazyLock<Vec<(ScopeWord, Regex)>> = LazyLock::new(|| {
            [
                (ScopeWord::Network, r"\btools\.http\b"),
                (ScopeWord::Shell, r"\btools\.shell\b"),
                (ScopeWord::Clipboard, r"\btools\.clipboard\b"),
                (ScopeWord::Mcp, r"\btools\.mcp\b"),
                (ScopeWord::Ai, r"\bctx\.ai\b"),
                (ScopeWord::Storage, r"\bctx\.storage\b"),
                (ScopeWord::Event, r"\bctx\.emit\("),
            ]
            .map(|(family, pattern)| (family, Regex::new(pattern).expect("our own patterns are patterns")))
            .into()
        });
        let Some(scripts) = self.scripts() else { return };
        let asks = |family: ScopeWord| self.package.requests().iter().any(|asked| asked.request.scope.word() == family);
        for (family, pattern) in USES.iter().filter(|(family, _)| !asks(*family)) {
            let Some((script, found)) = scripts.iter().find_map(|script| Some((script, pattern.find(script.text)?)))
            else {
                continue;
            };
            let message =
                format!("uses {}, but does not ask for {}", found.as_str().trim_end_matches('('), family.word());
            let remark = Remark::at(Gravity::Warning, "undeclared_use", script, found.start(), found.end(), message);
            remarks.push(
                remark.hint(format!("add \"{}\" to the permissions: without it the call is denied", family.word())),
            );
        }
    }
}

/// What a scope asks for, where that is more than one app needs, and what to ask for instead.
fn wide(scope: &Scope) -> Option<(String, &'static str)> {
    match scope {
        Scope::Network { rules } if rules.is_empty() => {
            Some(("any host of the network".to_owned(), "name the hosts: { \"hosts\": [\"api.example.com\"] }"))
        }
        Scope::File { folders, .. } if folders.iter().any(|folder| is_wide_folder(folder)) => {
            let folder = folders.iter().find(|folder| is_wide_folder(folder)).map(String::as_str).unwrap_or_default();
            Some((
                format!("the folder '{}', which holds far more than one app needs", text::shorten(folder, 80)),
                "name the folder that it works in, or none: then the owner picks one",
            ))
        }
        Scope::Shell { commands } if commands.is_empty() => {
            Some(("any program".to_owned(), "name the programs: { \"commands\": [[\"git\", \"status\"]] }"))
        }
        Scope::Shell { commands } => {
            let open = commands
                .iter()
                .find(|command| protocol::runs_anything(&command[0]) && command[1..].iter().any(|word| word == "*"))?;
            let message = format!("'{}' with any words: that runs anything", text::shorten(&open[0], 80));
            Some((message, "name the one thing that it runs, word by word"))
        }
        // Which server that is, and which tool, the owner says.
        Scope::Mcp { alias: true, .. } => None,
        Scope::Mcp { server, tools, .. } if tools.is_empty() => {
            Some((format!("every tool of the MCP server {}", text::shorten(server, 80)), "name the tools"))
        }
        Scope::Secret { name, hosts } if hosts.is_empty() => {
            Some((format!("the secret {} for any host", text::shorten(name, 80)), "name the hosts that it is for"))
        }
        Scope::Event { listen, .. } if listen.iter().any(|topic| topic.starts_with("user.")) => Some((
            "all that is said in a chat".to_owned(),
            "use trigger.regex: then the app gets only the messages that match",
        )),
        _ => None,
    }
}

/// The words of `ctx` by which a family is used; none where it is not used by a word.
fn words_of(family: ScopeWord) -> &'static [&'static str] {
    match family {
        ScopeWord::Network => &["http"],
        ScopeWord::File => &["file", "csv", "pdf"],
        ScopeWord::Shell => &["shell"],
        ScopeWord::Clipboard => &["clipboard"],
        ScopeWord::Ai => &["ai"],
        ScopeWord::Storage => &["storage"],
        ScopeWord::Mcp => &["mcp"],
        ScopeWord::Event => &["emit"],
        ScopeWord::Gpu | ScopeWord::Secret | ScopeWord::View => &[],
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

// ---- what looks like something else ----

/// Names that a person takes for that of another app.
fn look_alike(form: Form, name: &str, installed: &[&str]) -> Vec<Remark> {
    let similar = |other: &&&str| {
        **other != name
            && (skeleton(name) == skeleton(other)
                || (name.len().min(other.len()) >= SIMILAR_NAME_CHARS_MIN
                    && strsim::damerau_levenshtein(name, other) == 1))
    };
    installed
        .iter()
        .filter(similar)
        .map(|other| {
            let message = format!("the name '{name}' looks like that of '{}', which is installed", text::escape(other));
            let remark = Remark::new(Gravity::Warning, "look_alike_name", message);
            let file = Some(form.manifest().to_owned());
            Remark { file, ..remark }.hint("choose a name that nobody takes for another one")
        })
        .collect()
}

/// A name with everything alike that looks alike.
fn skeleton(name: &str) -> String {
    let mut skeleton = name.replace("rn", "m").replace("vv", "w").replace("cl", "d").replace('-', "");
    for (from, to) in [('0', 'o'), ('1', 'l'), ('i', 'l'), ('5', 's'), ('2', 'z'), ('8', 'b')] {
        skeleton = skeleton.replace(from, &to.to_string());
    }
    skeleton
}

/// Characters that nobody sees, or that turn a line around: one remark for each line that has some.
fn unseen(file: &Text<'_>, remarks: &mut Vec<Remark>) {
    let is_code = [".js", ".mjs", ".json", ".yaml", ".yml"].iter().any(|ending| file.path.ends_with(ending));
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let mut before = None;
        let mut chars = line.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let after = chars.peek().map(|(_, c)| *c);
            if text::is_deceptive(c) && !matches!(c, '\n' | '\r' | '\t') && !is_joining(before, c, after) {
                let turns = matches!(u32::from(c), 0x061C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069);
                let (what, rule) = match turns {
                    true => ("changes the direction of what follows", "bidi_character"),
                    false => ("cannot be seen", "invisible_character"),
                };
                let gravity = if turns || is_code { Gravity::Error } else { Gravity::Warning };
                let message = format!("the character U+{:04X} {what}", u32::from(c));
                let from = start + at;
                let remark = Remark::at(gravity, rule, file, from, from + c.len_utf8(), message);
                remarks.push(match is_code {
                    true => remark.hint(format!("remove it, or write it as an escape: {}", c.escape_unicode())),
                    false => remark.hint("remove it"),
                });
                break;
            }
            before = Some(c);
        }
        start += line.len();
    }
}

/// Whether an invisible character has its proper place: it joins letters of a script that needs it, or chooses the
/// colours of a sign.
fn is_joining(before: Option<char>, c: char, after: Option<char>) -> bool {
    let is_foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !text::is_deceptive(c));
    match c {
        '\u{200c}' | '\u{200d}' => (is_foreign(before) || before == Some('\u{fe0f}')) && is_foreign(after),
        '\u{fe0e}' | '\u{fe0f}' => is_foreign(before),
        _ => false,
    }
}

/// Advice to run what was just fetched: whoever follows it gives the network's word the rights of a person.
fn piped(file: &Text<'_>, remarks: &mut Vec<Remark>) {
    const SHELL: &str = r"(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\S*/)?(?:ba|z|da|k|fi)?sh\b|(?:sudo\s+)?(?:python[0-9.]*|perl|ruby|node|php|iex|invoke-expression|powershell|pwsh)\b";
    const FETCH: &str = r"\b(?:curl|wget|fetch|iwr|irm|invoke-webrequest|invoke-restmethod)\b";
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            // curl … | sh
            format!(r"(?i){FETCH}[^|]*\|\s*(?:{SHELL})"),
            // bash <(curl …), sh -c "$(curl …)", eval "$(wget …)"
            r#"(?i)\b(?:(?:ba|z|da|k|fi)?sh|source|eval)\s+(?:-\S+\s+)*["'\\]*(?:<\(|\$\(|`)\s*(?:curl|wget)\b"#
                .to_owned(),
            // iex (iwr …)
            format!(r"(?i)\b(?:iex|invoke-expression)\b[\s\S]*(?:{FETCH}|downloadstring)"),
            // echo … | base64 -d | sh
            format!(r"(?i)\bbase64\s+(?:-d|-D|--decode)\b[^|]*\|\s*(?:{SHELL})"),
            // curl -o x … && sh x
            r"(?i)\b(?:curl|wget)\b[\s\S]*(?:&&|;)\s*(?:sudo\s+)?(?:(?:ba|z|da|k|fi)?sh\s|chmod\s+(?:a|u)?\+x)"
                .to_owned(),
        ]
        .map(|pattern| Regex::new(&pattern).expect("our own patterns are patterns"))
        .into()
    });
    if file.text.len() > TEXT_BYTES_MAX {
        return;
    }
    let mut start = 0;
    for line in logical_lines(file.text) {
        if let Some(found) = PATTERNS.iter().find_map(|pattern| pattern.find(line)) {
            let message = "tells people to run what was just fetched from the network".to_owned();
            let (from, to) = (start + found.start(), start + found.end());
            let remark = Remark::at(Gravity::Warning, "pipe_to_shell", file, from, to, message);
            remarks.push(remark.hint("let them fetch it, look at it or check its signature, and run it then"));
        }
        start += line.len();
    }
}

/// Lines with their ends, where one that ends with a backslash goes on in the next, as shells read them.
fn logical_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            let line_end = rest[end..].find('\n').map_or(rest.len(), |at| end + at + 1);
            let is_continued = rest[end..line_end].trim_end_matches(['\n', '\r']).ends_with('\\');
            end = line_end;
            if !is_continued || end >= rest.len() {
                break;
            }
        }
        let (line, others) = rest.split_at(end);
        rest = others;
        (!line.is_empty()).then_some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of an honest app with these changes; an empty text removes the file.
    fn check(changes: &[(&str, &str)], expected: &[&str]) {
        let mut files: BTreeMap<String, Vec<u8>> = [
            ("manifest.json", "{ \"id\": \"hello\", \"name\": \"Hello\", \"version\": \"1.0.0\" }"),
            ("action-schema.json", "{ \"greet\": { \"input\": { \"type\": \"object\" } } }"),
            ("permissions.json", "{ \"storage\": true, \"ai\": false }"),
            ("bot-logic.js", "export const greet = (payload, ctx) => ctx.storage.get('a')\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .into();
        for (path, text) in changes {
            match text.is_empty() {
                true => drop(files.remove(*path)),
                false => drop(files.insert((*path).to_owned(), text.as_bytes().to_vec())),
            }
        }
        let said: Vec<String> = lint(&files, &["notes", "csv-insights"])
            .iter()
            .map(|remark| {
                let place = [remark.line, remark.column].into_iter().flatten().map(|number| format!(":{number}"));
                let place: String = remark.file.iter().cloned().chain(place).collect();
                format!("{} {place} {}: {}", remark.gravity, remark.rule, remark.message)
            })
            .collect();
        assert_eq!(said, expected, "{changes:?}");
    }

    #[test]
    fn an_honest_app_has_nothing_to_mend() {
        check(&[], &[]);
    }

    #[test]
    fn what_an_install_would_refuse_is_an_error() {
        check(
            &[("manifest.json", "{ \"id\": \"hello\",\n \"nam\": \"Hello\", \"version\": \"1.0.0\" }")],
            &[
                "error manifest.json:1:1 package_invalid: the key 'name' is missing here",
                "error manifest.json:2:2 package_invalid: unknown key 'nam'",
            ],
        );
        check(
            &[("manifest.json", "")],
            &["error  package_form_unknown: this is not an app: it has neither manifest.json \
             (a mini-app) nor kimai.json (a plugin)"],
        );
        let regex = |pattern: &str| {
            format!(
                "{{ \"id\": \"hello\", \"name\": \"Hello\", \"version\": \"1.0.0\",\n \"trigger\": {{ \"regex\": \"{pattern}\" }} }}"
            )
        };
        check(
            &[("manifest.json", &regex("(?=x)y"))],
            &["error manifest.json:2:25 package_invalid: look-around such as (?=…) or (?<!…) is not possible"],
        );
        check(
            &[("manifest.json", &regex(".*"))],
            &[
                "warning manifest.json:2 advice: '.*' is found in about every message, so the app would answer all of them",
            ],
        );
    }

    #[test]
    fn scopes_that_are_too_wide_are_told() {
        let network = "export const greet = (payload, ctx) => ctx.tools.http.fetch('https://x.example', ctx.storage)\n";
        let with = |permissions: &'static str, expected: &[&str]| {
            check(&[("permissions.json", permissions), ("bot-logic.js", network)], expected);
        };
        with(
            "{ \"storage\": true, \"ai\": false,\n  \"network\": true }",
            &["warning permissions.json:2:3 wide_scope: asks for any host of the network"],
        );
        with(
            "{ \"storage\": true, \"ai\": false,\n  \"network\": { \"reason\": \"Checks any link.\" } }",
            &["note permissions.json:2:3 wide_scope: asks for any host of the network"],
        );
        with("{ \"storage\": true, \"ai\": false, \"network\": { \"hosts\": [\"x.example\"] } }", &[]);
        let other = |permissions: &'static str, expected: &str| {
            let code = "export const greet = (p, { tools: { file, shell, mcp }, storage }) => 1\n";
            let expected = format!("warning permissions.json:1:3 wide_scope: asks for {expected}");
            check(&[("permissions.json", permissions), ("bot-logic.js", code)], &[&expected]);
        };
        other(
            "{ \"fs\": { \"read\": true, \"write\": true, \"folders\": [\"~\"] }, \"ai\": false }",
            "the folder '~', which holds far more than one app needs",
        );
        other("{ \"shell\": true, \"ai\": false }", "any program");
        other(
            "{ \"shell\": { \"commands\": [[\"/bin/bash\", \"-c\", \"*\"]] }, \"ai\": false }",
            "'/bin/bash' with any words: that runs anything",
        );
        other("{ \"mcp\": { \"server\": \"github\" }, \"ai\": false }", "every tool of the MCP server github");
    }

    #[test]
    fn what_is_asked_and_not_used_or_used_and_not_asked_is_told() {
        check(
            &[("permissions.json", ""), ("bot-logic.js", "export const greet = () => 'aim of storages'\n")],
            &[
                "warning manifest.json unused_scope: asks for ai, as every mini-app that does not decline it, but no module mentions it",
                "warning manifest.json unused_scope: asks for storage, as every mini-app that does not decline it, but no module mentions it",
            ],
        );
        check(
            &[("permissions.json", "{ \"storage\": true, \"ai\": false, \"file\": { \"read\": true } }")],
            &["warning permissions.json:1:33 unused_scope: asks for file, but no module mentions file or csv or pdf"],
        );
        check(
            &[("permissions.json", "{ \"storage\": false, \"ai\": false }")],
            &["warning bot-logic.js:1:40 undeclared_use: uses ctx.storage, but does not ask for storage"],
        );
    }

    #[test]
    fn advice_to_pipe_into_a_shell_is_told() {
        let told = |line: &str, expected: bool| {
            let text = format!("# Hello\n\n{line}\n");
            let mut found = Vec::new();
            piped(&Text { path: "README.md", text: &text }, &mut found);
            assert_eq!(!found.is_empty(), expected, "{line}");
            assert!(found.iter().all(|remark| remark.line == Some(3)), "{line}");
        };
        for line in [
            "curl -fsSL https://x.example/install.sh | sh",
            "wget -qO- https://x.example | sudo -E bash -s --",
            "curl https://x.example \\\n  | /bin/sh",
            "bash <(curl -s https://x.example)",
            "sh -c \"$(wget -O- https://x.example)\"",
            "eval \"$(curl https://x.example)\"",
            "iwr https://x.example | iex",
            "iex ((New-Object Net.WebClient).DownloadString('https://x.example'))",
            "echo aGk= | base64 -d | sh",
            "curl -o i.sh https://x.example && sh i.sh",
            "wget https://x.example/i; chmod +x i",
        ] {
            told(line, true);
        }
        for line in [
            "curl -fsSL https://x.example/install.sh -o install.sh",
            "curl https://x.example | jq .name",
            "cat words | sort",
            "oikos run hello greet | less",
            "the shape | shell of things, wget",
        ] {
            told(line, false);
        }
    }

    #[test]
    fn what_nobody_sees_is_told() {
        check(
            &[("bot-logic.js", "// x\nexport const greet = (p, ctx) => ctx.storage /*\u{202e} */\n")],
            &["error bot-logic.js:2:48 bidi_character: the character U+202E changes the direction of what follows"],
        );
        check(
            &[("bot-logic.js", "export const greet = (p, ctx) => ctx.storage.get('a\u{200b}')\n")],
            &["error bot-logic.js:1:52 invisible_character: the character U+200B cannot be seen"],
        );
        check(
            &[("README.md", "fine\nzero\u{200b}width and \u{200b} again\n")],
            &["warning README.md:2:5 invisible_character: the character U+200B cannot be seen"],
        );
        // What joins the parts of a sign or of a script has its place.
        check(&[("README.md", "👩\u{200d}🚀 ❤\u{fe0f} می\u{200c}خواهم\n")], &[]);
        check(
            &[("README.md", "a\u{200d}b\n")],
            &["warning README.md:1:2 invisible_character: the character U+200D cannot be seen"],
        );
    }

    #[test]
    fn names_that_look_alike_are_told() {
        let told = |name: &str, expected: bool| {
            let found = look_alike(Form::MiniApp, name, &["notes", "csv-insights", "rain"]);
            assert_eq!(!found.is_empty(), expected, "{name}");
        };
        for name in ["n0tes", "note", "notse", "csvinsights", "csv-1nsights", "ra1n", "rian"] {
            told(name, true);
        }
        for name in ["notes", "greeter", "knots", "csv"] {
            told(name, false);
        }
    }
}
