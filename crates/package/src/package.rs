//! A package: what its files say, checked, with the files themselves.

use crate::{
    action::{Action, FileField, add_ui, read_actions},
    archive::{Archive, ArchiveError, Verified},
    author_schema::InputError,
    code::{Code, Hooks, check_code, read_code},
    document::{Document, Part},
    finding::{FINDINGS_MAX, Finding, Findings, did_you_mean},
    form::Form,
    json::read_json,
    manifest::{Dependency, Hook, Manifest, Route},
    npm::Npm,
    page::{check_page, is_page},
    permission::{Asked, Request, read_permissions},
    schema::{Schema, schemas},
    settings::Settings,
    source::SourceError,
    tool::{Tool, message_input, read_tools},
    trigger::{Cause, Trigger},
    warning::Warning,
    yaml::read_yaml,
};
use protocol::{ActionName, AppName, Digest, ErrorCode, Failure, ScopeWord, text};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

const NPM_FILE: &str = "package.json";
pub(crate) const ACTIONS_FILE: &str = "action-schema.json";
pub(crate) const UI_FILE: &str = "ui-schema.json";
const PERMISSIONS_FILE: &str = "permissions.json";
/// The description of the app's tools.
pub const TOOLS_FILE: &str = "llm-tool.yaml";

/// Why something is not a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The archive is not one.
    #[error(transparent)]
    Archive(ArchiveError),
    /// The disk did not give it.
    #[error(transparent)]
    Source(SourceError),
    /// Neither source form, or both.
    #[error("{0}")]
    Form(&'static str),
    /// Its files do not say what they must.
    #[error("{0}")]
    Content(Findings),
}

impl PackageError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Archive(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::Form(_) => ErrorCode::PackageFormUnknown,
            Self::Content(findings) => findings.code(),
        }
    }

    /// The next step.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Archive(error) => error.hint(),
            Self::Source(error) => error.hint(),
            Self::Form(_) | Self::Content(_) => None,
        }
    }
}

impl From<PackageError> for Failure {
    fn from(error: PackageError) -> Self {
        let failure = Self::from_error(error.code(), &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<Vec<Finding>> for PackageError {
    fn from(list: Vec<Finding>) -> Self {
        match Findings::none_or(list) {
            Err(findings) => Self::Content(findings),
            Ok(()) => Self::Form("the package was refused without a reason; this is a fault of oikos"),
        }
    }
}

/// A package that was verified and understood. There is no other way to one than through [`Verified`] bytes.
#[derive(Clone, Debug)]
pub struct Package {
    verified: Verified,
    form: Form,
    manifest: Manifest,
    npm: Option<Npm>,
    requests: Vec<Request>,
    actions: Vec<Action>,
    tools: Vec<Tool>,
    code: Code,
    hooks: Hooks,
    warnings: Vec<Warning>,
}

/// What a run can be of: an action that a person starts, or a tool that a model calls. One name is one of them, or both
/// with the same input.
#[derive(Clone, Copy, Debug)]
pub enum Callable<'a> {
    /// An action.
    Action(&'a Action),
    /// A tool.
    Tool(&'a Tool),
}

impl<'a> Callable<'a> {
    /// The exported function, or the name that `invoke` gets.
    pub fn name(self) -> &'a ActionName {
        match self {
            Self::Action(action) => &action.name,
            Self::Tool(tool) => &tool.name,
        }
    }

    /// The properties by which a person hands over files. A tool has none: a model has no files.
    pub fn file_fields(self) -> &'a [FileField] {
        match self {
            Self::Action(action) => &action.file_fields,
            Self::Tool(_) => &[],
        }
    }

    /// Checks an input against its schema.
    pub fn check_input(self, input: &Value) -> Result<(), InputError> {
        match self {
            Self::Action(action) => action.check_input(input),
            Self::Tool(tool) => tool.check_input(input),
        }
    }
}

/// A text of the author that holds characters which change how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspiciousText {
    /// Which text, such as "title" or "reason for file.read".
    pub what: String,
    /// The text, escaped.
    pub shown: String,
}

impl Package {
    /// Opens, verifies and reads an archive.
    pub fn open(bytes: impl Into<Arc<[u8]>>) -> Result<Self, PackageError> {
        Self::load(Archive::open(bytes)?.verify()?)
    }

    /// Reads a verified archive. Runs nothing of it.
    pub fn load(verified: Verified) -> Result<Self, PackageError> {
        let archive = verified.archive();
        let form = form_of(archive)?;
        let mut warnings = Vec::new();
        let mut findings = Vec::new();

        let npm_file = parse(archive, NPM_FILE, Schema::Npm, &mut findings);
        let npm = npm_file.as_ref().map(|file| Npm::read(file, &mut warnings));
        let manifest_file = parse(archive, form.manifest(), form.schema(), &mut findings);
        let manifest = manifest_file.as_ref().and_then(|file| {
            keep(Manifest::read(form, file, npm_file.as_ref().zip(npm.as_ref()), &mut warnings), &mut findings)
        });
        let permissions_file = parse(archive, PERMISSIONS_FILE, Schema::Permissions, &mut findings);
        let mut asked = read_asked(manifest_file.as_ref(), permissions_file.as_ref(), &mut findings);
        // Also where the rest of the manifest is wrong: what it needs not have is not missing then.
        let is_page = match &manifest_file {
            Some(file) => is_page(file),
            None => archive
                .file(form.manifest())
                .is_some_and(|bytes| read_json(form.manifest(), bytes).is_ok_and(|file| is_page(&file))),
        };
        let (mut actions, mut tools) = (Vec::new(), Vec::new());
        if !is_page {
            actions = read_all_actions(form, archive, &mut findings);
            tools = read_all_tools(archive, &actions, &mut warnings, &mut findings);
        } else if let Some(file) = &manifest_file {
            findings.extend(check_page(form, archive, file, permissions_file.as_ref()));
        }
        let (Some(mut manifest), Some(manifest_file)) = (manifest, manifest_file.as_ref()) else {
            findings.extend(check_code(form, archive, manifest_file.as_ref()).err().unwrap_or_default());
            return Err(PackageError::from(findings));
        };
        ask_to_listen(&manifest, manifest_file, &mut asked, &mut findings);
        asked.depend(&manifest.aliases());
        aim_triggers(&mut manifest, manifest_file, &actions, &tools, &mut warnings, &mut findings);
        warn_of_dependencies(&manifest, manifest_file, &mut warnings);
        let is_empty = actions.is_empty() && tools.is_empty() && findings.is_empty();
        if is_empty && !is_page && !manifest.entry.is_server() {
            let message = format!("nothing of it can be started: it has neither {ACTIONS_FILE} nor {TOOLS_FILE}");
            warnings.push(Warning::in_file(form.manifest(), message));
        }
        let code = keep(read_code(form, archive, &manifest, &actions, &tools, &mut warnings), &mut findings);
        match (code, findings.is_empty()) {
            (Some((code, hooks)), true) => {
                let requests = asked.with_implied(form, is_page);
                Ok(Self { form, manifest, npm, requests, actions, tools, code, hooks, warnings, verified })
            }
            _ => Err(PackageError::from(findings)),
        }
    }

    /// How its source is written.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The app's name.
    pub fn name(&self) -> &AppName {
        &self.manifest.name
    }

    /// What the manifest says.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What it asks for, one request per line of the card, sorted by line.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// What a person can start, in the order of the file.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The action of this name.
    pub fn action(&self, name: &ActionName) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == *name)
    }

    /// What a model can call, in the order of the file.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool of this name.
    pub fn tool(&self, name: &ActionName) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == *name)
    }

    /// The action or tool of this name. Where both have it they are one function with one input, and it is the action.
    pub fn callable(&self, name: &ActionName) -> Option<Callable<'_>> {
        self.action(name).map(Callable::Action).or_else(|| self.tool(name).map(Callable::Tool))
    }

    /// Everything that can be called, actions first.
    pub fn callables(&self) -> impl Iterator<Item = Callable<'_>> {
        let is_new = |tool: &&Tool| self.action(&tool.name).is_none();
        self.actions.iter().map(Callable::Action).chain(self.tools.iter().filter(is_new).map(Callable::Tool))
    }

    /// The code to start.
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// What starts it beside a person.
    pub fn triggers(&self) -> &[Trigger] {
        &self.manifest.triggers
    }

    /// Functions to call at the steps of its life: those that the manifest names, and `health` and `deactivate` where they
    /// are exported.
    pub fn hooks(&self) -> &BTreeMap<Hook, ActionName> {
        &self.hooks
    }

    /// Requests that it answers.
    pub fn routes(&self) -> &[Route] {
        &self.manifest.routes
    }

    /// What the owner can set.
    pub fn settings(&self) -> Option<&Settings> {
        self.manifest.settings.as_ref()
    }

    /// What else has to be there.
    pub fn dependencies(&self) -> &[Dependency] {
        &self.manifest.dependencies
    }

    /// What `package.json` says, if there is one.
    pub fn npm(&self) -> Option<&Npm> {
        self.npm.as_ref()
    }

    /// What its author should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// SHA-256 of the archive.
    pub fn digest(&self) -> Digest {
        self.verified.digest()
    }

    /// The archive's bytes.
    pub fn archive_bytes(&self) -> &Arc<[u8]> {
        self.verified.archive().bytes()
    }

    /// A file's bytes, read in place.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.verified.archive().file(path)
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.verified.archive().files()
    }

    /// The signature as it is in the archive. Nothing here says that it is valid.
    pub fn signature(&self) -> Option<&[u8]> {
        self.verified.signature()
    }

    /// The verified archive it was read from.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// The author's texts that hold invisible or direction-changing characters.
    pub fn suspicious_texts(&self) -> Vec<SuspiciousText> {
        let manifest = &self.manifest;
        let mut texts: Vec<(String, &str)> = vec![("title".to_owned(), &manifest.title)];
        for (what, optional) in [
            ("description", &manifest.description),
            ("developer", &manifest.developer),
            ("category", &manifest.category),
        ] {
            texts.extend(optional.as_deref().map(|value| (what.to_owned(), value)));
        }
        for Request { request, .. } in &self.requests {
            texts
                .extend(request.reason.as_deref().map(|value| (format!("reason for {}", request.scope.line()), value)));
        }
        for action in &self.actions {
            texts.push((format!("title of {}", action.name), &action.title));
            texts.extend(action.description.as_deref().map(|value| (format!("description of {}", action.name), value)));
        }
        for tool in &self.tools {
            texts.extend(tool.description.as_deref().map(|value| (format!("description of {}", tool.name), value)));
        }
        texts
            .into_iter()
            .filter(|(_, value)| value.chars().any(|c| text::is_deceptive(c) && c != '\n' && c != '\t'))
            .map(|(what, value)| SuspiciousText { what, shown: text::shorten(value, 200) })
            .collect()
    }

    /// Adds what the source noticed.
    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

fn form_of(archive: &Archive) -> Result<Form, PackageError> {
    let mut there = Form::ALL.into_iter().filter(|form| archive.file(form.manifest()).is_some());
    match (there.next(), there.next()) {
        (Some(form), None) => Ok(form),
        (Some(_), Some(_)) => Err(PackageError::Form(
            "the package has both manifest.json and kimai.json; it can only be of one form, so remove one of them",
        )),
        (None, _) => Err(PackageError::Form(
            "this is not an app: it has neither manifest.json (a mini-app) nor kimai.json (a plugin)",
        )),
    }
}

/// The value, or nothing and the findings more.
fn keep<T>(result: Result<T, Vec<Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    result.map_err(|found| findings.extend(found)).ok()
}

/// Parses a file and checks its schema. Absent if it is not there or not as it must be.
fn parse<'a>(archive: &'a Archive, path: &'a str, schema: Schema, findings: &mut Vec<Finding>) -> Option<Document<'a>> {
    let file = keep(read_json(path, archive.file(path)?), findings)?;
    let found = schemas().check(schema, &file);
    let is_valid = found.is_empty();
    findings.extend(found);
    is_valid.then_some(file)
}

/// What the author asks for, in the manifest or in `permissions.json`; in both only if they say the same.
fn read_asked(
    manifest: Option<&Document<'_>>,
    permissions: Option<&Document<'_>>,
    findings: &mut Vec<Finding>,
) -> Asked {
    let in_manifest = manifest
        .filter(|file| file.value.get("permissions").is_some())
        .and_then(|file| Some((file, keep(read_permissions(file, "/permissions"), findings)?)));
    let in_file = permissions.and_then(|file| keep(read_permissions(file, ""), findings));
    match (in_manifest, in_file) {
        (Some((file, one)), Some(other)) if one != other => {
            findings.push(file.finding_with(
                "/permissions",
                Part::Key,
                "permissions.json asks for something else",
                Some("keep one of the two".to_owned()),
            ));
            one
        }
        (Some((_, asked)), _) | (None, Some(asked)) => asked,
        (None, None) => Asked::default(),
    }
}

/// The actions with their hints. Only a mini-app needs some.
fn read_all_actions(form: Form, archive: &Archive, findings: &mut Vec<Finding>) -> Vec<Action> {
    if form == Form::MiniApp && archive.file(ACTIONS_FILE).is_none() {
        findings.push(missing_file(form, ACTIONS_FILE, archive));
    }
    let actions = parse(archive, ACTIONS_FILE, Schema::Actions, findings);
    let ui = parse(archive, UI_FILE, Schema::Ui, findings);
    let mut actions = actions.and_then(|file| keep(read_actions(&file), findings)).unwrap_or_default();
    if let Some(file) = ui.filter(|_| !actions.is_empty()) {
        findings.extend(add_ui(&file, &mut actions));
    }
    actions
}

fn read_all_tools(
    archive: &Archive,
    actions: &[Action],
    warnings: &mut Vec<Warning>,
    findings: &mut Vec<Finding>,
) -> Vec<Tool> {
    let Some(bytes) = archive.file(TOOLS_FILE) else { return Vec::new() };
    let Some(documents) = keep(read_yaml(TOOLS_FILE, bytes), findings) else { return Vec::new() };
    let wrong: Vec<Finding> =
        documents.iter().flat_map(|document| schemas().check(Schema::Tools, document)).take(FINDINGS_MAX + 1).collect();
    if !wrong.is_empty() {
        findings.extend(wrong);
        return Vec::new();
    }
    keep(read_tools(&documents, actions, warnings), findings).unwrap_or_default()
}

/// What `trigger.events` names is asked for as well.
fn ask_to_listen(manifest: &Manifest, file: &Document<'_>, asked: &mut Asked, findings: &mut Vec<Finding>) {
    for trigger in &manifest.triggers {
        let Cause::Events(topics) = &trigger.cause else { continue };
        if asked.is_declined(ScopeWord::Event) {
            findings.push(file.finding_with(
                "/trigger/events",
                Part::Key,
                "the permissions say that no event is wanted",
                Some("remove \"event\": false, or these topics".to_owned()),
            ));
        } else {
            asked.listen(topics);
        }
    }
}

/// Finds what triggers call: what `action` names, or else the only thing that can be called.
fn aim_triggers(
    manifest: &mut Manifest,
    file: &Document<'_>,
    actions: &[Action],
    tools: &[Tool],
    warnings: &mut Vec<Warning>,
    findings: &mut Vec<Finding>,
) {
    const AT: &str = "/trigger/action";
    let mut names: Vec<&ActionName> = actions.iter().map(|action| &action.name).collect();
    names
        .extend(tools.iter().map(|tool| &tool.name).filter(|name| !actions.iter().any(|action| action.name == **name)));
    for (index, trigger) in manifest.triggers.iter_mut().enumerate() {
        match &trigger.target {
            // Said once: all triggers have the same target.
            Some(target) if !names.contains(&target) => {
                if index == 0 && findings.is_empty() {
                    let message = format!("there is no action or tool '{target}'");
                    let near = did_you_mean(target.as_str(), names.iter().map(|name| name.as_str()));
                    findings.push(file.finding_with(AT, Part::Value, message, near));
                }
                return;
            }
            Some(_) => {}
            // Listeners that the app registers itself need no target.
            None if matches!(trigger.cause, Cause::Events(_)) => continue,
            None => match names[..] {
                [only] => trigger.target = Some(only.clone()),
                _ if findings.is_empty() => {
                    let why = if names.is_empty() { "there is no action or tool" } else { "there are several" };
                    let message = format!("the trigger names no action, and {why}, so it calls nothing");
                    let place = file.line("/trigger");
                    warnings.push(Warning::in_file(&place, message).hint("add \"action\" to it"));
                }
                _ => {}
            },
        }
        let Some(target) = &trigger.target else { continue };
        let Cause::Message(pattern) = &trigger.cause else { continue };
        let input = message_input(pattern.groups_count());
        let refused = match (
            actions.iter().find(|action| action.name == *target),
            tools.iter().find(|tool| tool.name == *target),
        ) {
            (Some(action), _) => action.check_input(&input).is_err(),
            (None, Some(tool)) => tool.check_input(&input).is_err(),
            (None, None) => false,
        };
        if refused {
            let message =
                format!("the trigger calls '{target}' with {{ text, groups }}, which its input does not take");
            let hint = "let its input have \"text\" and \"groups\", or name another action";
            warnings.push(Warning::in_file(&file.line("/trigger"), message).hint(hint));
        }
    }
}

fn warn_of_dependencies(manifest: &Manifest, file: &Document<'_>, warnings: &mut Vec<Warning>) {
    for (index, dependency) in manifest.dependencies.iter().enumerate() {
        if let Dependency::Other(written) = dependency {
            let message = format!("nothing is known that could be '{written}'");
            let place = file.line(&format!("/dependencies/{index}"));
            warnings.push(Warning::in_file(&place, message).hint("tools of MCP servers are called mcp.NAME"));
        }
    }
}

/// The finding about a file that a form needs.
pub(crate) fn missing_file(form: Form, path: &str, archive: &Archive) -> Finding {
    let near = did_you_mean(path, archive.files().map(|(path, _)| path));
    Finding {
        code: ErrorCode::PackageInvalid,
        file: path.to_owned(),
        place: None,
        message: format!("this file is missing, and a {form} needs it"),
        suggestion: near,
    }
}
