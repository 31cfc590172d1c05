//! An author's cases, and inputs that nobody means well with, run by the real kernel and sandbox in an oikos of their
//! own.

use super::{
    example::example,
    hostile::{hostile_files, hostile_inputs},
    workshop::{Scratch, Workshop},
};
use crate::Config;
use package::{
    Callable, Case, Code, Expectation, Package, PackageError, data_difference, read_case_files, read_cases, text_fits,
};
use protocol::{
    AppName, Arg, ErrorCode, Failure, FileAccess, Sentence,
    api::{AppDetail, NamedPath, RunReport},
    text,
};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, time::Instant};

/// Faults of one action after which no further hostile input is tried: each may take as long as a run may.
const FAULTS_MAX: usize = 10;
/// Errors that JavaScript throws by itself: whoever wrote the app did not think of this input.
const ENGINE_ERRORS: [&str; 7] =
    ["TypeError:", "ReferenceError:", "RangeError:", "SyntaxError:", "InternalError:", "URIError:", "EvalError:"];

/// How an app did.
#[derive(Clone, Debug, Serialize)]
pub struct TrialReport {
    /// The app.
    pub app: AppName,
    /// Its version.
    pub version: String,
    /// The author's cases, in the order of files and cases.
    pub cases: Vec<CaseResult>,
    /// What hostile inputs did, by action and tool.
    pub hostile: Vec<HostileResult>,
    /// Cases that failed, and actions that a hostile input broke.
    pub failed: usize,
}

/// How one case went.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// Its file.
    pub file: String,
    /// What it shows.
    pub case: String,
    /// How long it took.
    pub took_ms: u64,
    /// What is not as expected; empty where all is.
    pub wrong: Vec<String>,
}

/// What hostile inputs did to one action or tool.
#[derive(Clone, Debug, Serialize)]
pub struct HostileResult {
    /// It.
    pub action: String,
    /// Inputs that were tried.
    pub inputs: usize,
    /// Of these, refused by its schema: the app never saw them.
    pub refused: usize,
    /// Answered.
    pub answered: usize,
    /// Ended by the app with an error of its own words.
    pub declined: usize,
    /// What broke, with the input that did it.
    pub wrong: Vec<String>,
    /// Why none were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// How long it took.
    pub took_ms: u64,
}

/// Runs what an author wrote in `tests/` and, with `with_hostile`, hostile inputs for each action and tool. `config` is
/// the owner's household; nothing in it is touched.
pub async fn app_test(folder: &Path, config: &Config, with_hostile: bool) -> Result<TrialReport, Failure> {
    let workshop = Workshop::open(config).await?;
    let report = trial(&workshop, folder, with_hostile).await;
    workshop.close().await;
    report
}

/// The same in a workshop that is open already. What it installs it takes away.
pub(super) async fn trial(workshop: &Workshop, folder: &Path, with_hostile: bool) -> Result<TrialReport, Failure> {
    let package = Package::read_folder(folder).map_err(Failure::from)?;
    if let Code::Page(_) = package.code() {
        let message =
            format!("{} has nothing to run on this machine that could be tried: it is a page", package.name());
        return Err(
            Failure::new(ErrorCode::NotAvailable, message).hint("oikos app lint looks at it; oikos up --open opens it")
        );
    }
    let stories = stories(folder, &package)?;
    let mut cases = Vec::new();
    for (file, story) in &stories {
        cases.extend(play(workshop, folder, file, story).await?);
    }
    let mut hostile = Vec::new();
    if with_hostile {
        for callable in package.callables() {
            hostile.push(attack(workshop, folder, &package, callable, &stories).await?);
        }
    }
    let failed = cases.iter().filter(|case| !case.wrong.is_empty()).count()
        + hostile.iter().filter(|result| !result.wrong.is_empty()).count();
    Ok(TrialReport {
        app: package.name().clone(),
        version: package.manifest().version.to_string(),
        cases,
        hostile,
        failed,
    })
}

type Stories = BTreeMap<String, Vec<Case>>;

/// The author's cases by file. All that is wrong in them is said at once.
fn stories(folder: &Path, package: &Package) -> Result<Stories, Failure> {
    let mut stories = Stories::new();
    let mut wrong = Vec::new();
    for (name, bytes) in read_case_files(folder).map_err(PackageError::from).map_err(Failure::from)? {
        match read_cases(&name, &bytes) {
            Ok(cases) => {
                for case in cases.iter().filter(|case| package.callable(&case.run).is_none()) {
                    let names = package.callables().map(|known| known.name().as_str());
                    let near = package::did_you_mean(case.run.as_str(), names)
                        .map_or_else(String::new, |near| format!("; {near}"));
                    wrong.push(format!(
                        "{name}: '{}' runs '{}', which the app does not have{near}",
                        text::shorten(&case.title, 80),
                        case.run
                    ));
                }
                stories.insert(name, cases);
            }
            Err(findings) => wrong.extend(findings.iter().map(ToString::to_string)),
        }
    }
    if wrong.is_empty() {
        return Ok(stories);
    }
    Err(Failure::new(ErrorCode::InvalidInput, wrong.join("\n"))
        .hint("docs/schemas/tests.schema.json says what a case is"))
}

/// The cases of one file, one after the other on one fresh install.
async fn play(workshop: &Workshop, folder: &Path, file: &str, story: &[Case]) -> Result<Vec<CaseResult>, Failure> {
    let app = workshop.install(folder).await?;
    let mut scratch = workshop.scratch()?;
    let mut results = Vec::new();
    for case in story {
        let started = Instant::now();
        let wrong = match case_run(workshop, folder, &app, &mut scratch, case).await {
            Ok(wrong) => wrong,
            Err(failure) => vec![failure.message],
        };
        results.push(CaseResult { file: file.to_owned(), case: case.title.clone(), took_ms: millis(started), wrong });
    }
    workshop.remove(&app.summary.name).await?;
    Ok(results)
}

async fn case_run(
    workshop: &Workshop,
    folder: &Path,
    app: &AppDetail,
    scratch: &mut Scratch,
    case: &Case,
) -> Result<Vec<String>, Failure> {
    if let Some(granted) = &case.folder {
        let copy = scratch.bring(folder, granted, true)?;
        workshop.grant(app, &copy).await?;
    }
    let mut files = Vec::new();
    for (field, path) in &case.files {
        let copy = scratch.bring(folder, path, is_folder_field(app, case, field))?;
        files.push(named(field, &copy)?);
    }
    let ended = workshop.run(&app.summary.name, &case.run, case.input.clone(), files).await;
    Ok(judge(&case.expect, &ended, scratch, case))
}

/// Whether a field of the input is a folder that the person hands over.
fn is_folder_field(app: &AppDetail, case: &Case, field: &str) -> bool {
    let action = app.actions.iter().find(|action| action.name == case.run);
    let format = action.and_then(|action| action.input["properties"][field]["format"].as_str());
    matches!(format, Some("input-folder" | "output-folder"))
}

fn named(field: &str, path: &Path) -> Result<NamedPath, Failure> {
    let path = path.to_str().map(str::to_owned);
    let path = path.ok_or_else(|| Failure::new(ErrorCode::FileUnusable, "the temporary folder's path is not UTF-8"))?;
    Ok(NamedPath { name: field.to_owned(), path })
}

/// What is not as expected.
fn judge(expect: &Expectation, ended: &Result<RunReport, Failure>, scratch: &Scratch, case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let (failure, report) = match ended {
        Ok(report) => (report.summary.failure.as_ref(), Some(report)),
        Err(failure) => (Some(failure), None),
    };
    match (expect.error, failure) {
        (None, None) => {}
        (Some(code), Some(failure)) if failure.code == code => {}
        (None, Some(failure)) => {
            wrong.push(format!("it failed: {} ({})", scratch.shown(&failure.message), failure.code))
        }
        (Some(code), Some(failure)) => {
            wrong.push(format!(
                "expected {code}, but it failed with {}: {}",
                failure.code,
                scratch.shown(&failure.message)
            ));
        }
        (Some(code), None) => wrong.push(format!("expected {code}, but it ended well")),
    }
    let mut look = |what: &str, expected: Option<&String>, found: &str| {
        if let Some(expected) = expected.filter(|expected| !text_fits(expected, found)) {
            wrong.push(format!("{what}: expected {}, found {}", quoted(expected), quoted(found)));
        }
    };
    look(
        "message",
        expect.message.as_ref(),
        &failure.map_or_else(String::new, |failure| scratch.shown(&failure.message)),
    );
    look("summary", expect.summary.as_ref(), report.and_then(|report| report.text.as_deref()).unwrap_or_default());
    if let Some(expected) = &expect.data {
        let found = report.and_then(|report| report.data.as_ref()).unwrap_or(&Value::Null);
        wrong.extend(data_difference(expected, found));
    }
    let effects: Vec<&Sentence> = report.map(|report| report.effects.iter().collect()).unwrap_or_default();
    wrong.extend(effects.iter().filter_map(|effect| undeclared(effect)));
    if let Some(expected) = &expect.effects {
        let found: Vec<String> = effects.iter().map(|effect| scratch.shown(&effect.to_string())).collect();
        for effect in found.iter().filter(|effect| !expected.iter().any(|pattern| text_fits(pattern, effect))) {
            wrong.push(format!("an effect that is not expected: {effect}"));
        }
        for pattern in expected.iter().filter(|pattern| !found.iter().any(|effect| text_fits(pattern, effect))) {
            wrong.push(format!("expected, but it did not: {pattern}"));
        }
    }
    for (path, expected) in &expect.files {
        let within = case.files.get(path).unwrap_or(path);
        if !Path::new(within).components().all(|step| matches!(step, std::path::Component::Normal(_))) {
            wrong.push(format!("{}: this is no path of a file in tests/", quoted(path)));
            continue;
        }
        let found = std::fs::read(scratch.path(within)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        match (expected, found) {
            (None, None) => {}
            (None, Some(_)) => wrong.push(format!("{path}: expected no such file, but it is there")),
            (Some(_), None) => wrong.push(format!("{path}: expected a file, but there is none")),
            (Some(expected), Some(found)) if text_fits(expected, &found) => {}
            (Some(expected), Some(found)) => {
                wrong.push(format!("{path}: expected {}, found {}", quoted(expected), quoted(&found)));
            }
        }
    }
    wrong
}

/// What a run wanted although its app never asked for it.
fn undeclared(effect: &Sentence) -> Option<String> {
    let [Arg::Sentence(what), Arg::Sentence(rule)] = effect.args.as_slice() else { return None };
    let is_undeclared = effect.code == "effect_denied" && rule.code == "rule_not_asked_for";
    is_undeclared.then(|| format!("it wanted to {what}, but {rule}"))
}

fn quoted(found: &str) -> String {
    /// How much of a text a difference shows.
    const SHOWN_CHARS: usize = 200;
    format!("'{}'", text::shorten(found, SHOWN_CHARS))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Scratch {
    /// A text without the place of the copies: as if they lay in the folder where one is.
    fn shown(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.root().display()), "")
    }
}

// ---- hostile ----

/// Tries hostile inputs on one action or tool.
async fn attack(
    workshop: &Workshop,
    folder: &Path,
    package: &Package,
    callable: Callable<'_>,
    stories: &Stories,
) -> Result<HostileResult, Failure> {
    let started = Instant::now();
    let name = callable.name();
    let mut result = HostileResult {
        action: name.to_string(),
        inputs: 0,
        refused: 0,
        answered: 0,
        declined: 0,
        wrong: Vec::new(),
        left_out: None,
        took_ms: 0,
    };
    let schema = match callable {
        Callable::Action(action) => &action.input,
        Callable::Tool(tool) => &tool.parameters,
    };
    // What the author knows to be honest, else what the schema says.
    let known = stories.values().flatten().find(|case| case.run == *name && case.expect.error.is_none());
    let honest = known.map_or_else(|| example(schema), |case| case.input.clone());
    let app = workshop.install(folder).await?;
    let mut scratch = workshop.scratch()?;
    if let Some(granted) = known.and_then(|case| case.folder.as_ref()) {
        let copy = scratch.bring(folder, granted, true)?;
        workshop.grant(&app, &copy).await?;
    }
    let mut files = Vec::new();
    for (number, field) in callable.file_fields().iter().enumerate() {
        let path = known.and_then(|case| case.files.get(&field.name));
        let path = match (path, field.is_required) {
            (Some(path), _) => scratch.bring(folder, path, field.is_folder)?,
            (None, true) => scratch.made(number, field.is_folder, field.access)?,
            (None, false) => continue,
        };
        files.push(named(&field.name, &path)?);
    }
    let first = workshop.run(package.name(), name, honest.clone(), files.clone()).await;
    if let Err(failure) = &first {
        result.left_out = Some(format!("no honest input is known ({}); add a case to tests/", failure.message));
    } else {
        let mut tries: Vec<(String, Value, Vec<NamedPath>)> = hostile_inputs(schema, &honest)
            .into_iter()
            .map(|hostile| (hostile.what, hostile.input, files.clone()))
            .collect();
        for field in callable.file_fields().iter().filter(|field| field.access == FileAccess::Read && !field.is_folder)
        {
            for (what, content) in hostile_files() {
                let path = scratch.written(tries.len(), &content)?;
                let mut files: Vec<NamedPath> = files.iter().filter(|file| file.name != field.name).cloned().collect();
                files.push(named(&field.name, &path)?);
                tries.push((format!("the file '{}': {what}", field.name), honest.clone(), files));
            }
        }
        for (what, input, files) in tries {
            let ended = workshop.run(package.name(), name, input, files).await;
            result.inputs += 1;
            match verdict(&ended) {
                Verdict::Refused => result.refused += 1,
                Verdict::Answered => result.answered += 1,
                Verdict::Declined => result.declined += 1,
                Verdict::Broke(how) => result.wrong.push(format!("{what}: {}", scratch.shown(&how))),
            }
            if result.wrong.len() >= FAULTS_MAX {
                break;
            }
        }
    }
    workshop.remove(package.name()).await?;
    result.took_ms = millis(started);
    Ok(result)
}

/// What a hostile input did.
#[derive(Debug, PartialEq)]
enum Verdict {
    Refused,
    Answered,
    Declined,
    Broke(String),
}

fn verdict(ended: &Result<RunReport, Failure>) -> Verdict {
    let report = match ended {
        Ok(report) => report,
        Err(failure) if matches!(failure.code, ErrorCode::InvalidInput | ErrorCode::TooLarge) => {
            return Verdict::Refused;
        }
        Err(failure) => return Verdict::Broke(format!("{} ({})", failure.message, failure.code)),
    };
    if let Some(wanted) = report.effects.iter().find_map(undeclared) {
        return Verdict::Broke(wanted);
    }
    match &report.summary.failure {
        None => Verdict::Answered,
        Some(failure) => match failure.code {
            ErrorCode::AppFailed if ENGINE_ERRORS.iter().any(|name| failure.message.starts_with(name)) => {
                Verdict::Broke(failure.message.clone())
            }
            // In its own words, or because it may not, has no more room, or was handed what cannot be read: a person can act on these.
            ErrorCode::AppFailed
            | ErrorCode::PermissionDenied
            | ErrorCode::QuotaExceeded
            | ErrorCode::NotAvailable
            | ErrorCode::DocumentUnreadable => Verdict::Declined,
            _ => Verdict::Broke(format!("{} ({})", failure.message, failure.code)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::sentence;

    #[test]
    fn only_what_was_never_asked_for_counts_as_undeclared() {
        let denied = |rule: Sentence| sentence::effect_denied(sentence::ask_file_read("a"), rule);
        let check = |effect: Sentence, expected: Option<&str>| assert_eq!(undeclared(&effect).as_deref(), expected);
        check(
            denied(sentence::rule_not_asked_for("file.read")),
            Some("it wanted to read a, but the app never asked for file.read"),
        );
        check(denied(sentence::rule_no_folder("file.read")), None);
        check(sentence::file_removed("a"), None);
    }
}
