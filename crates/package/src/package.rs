//! A package: what its files say, checked, with the files themselves.

use crate::{
    action::{Action, add_ui, read_actions},
    archive::{Archive, ArchiveError, Verified},
    author_schema::InputSchema,
    finding::{Finding, Findings, did_you_mean},
    json::JsonFile,
    manifest::Manifest,
    permission::{Asked, Request, read_permissions},
    schema::{Schema, schemas},
    script::check_modules,
    source::SourceError,
    warning::Warning,
};
use protocol::{ActionName, AppName, Digest, ErrorCode, Failure, text};
use std::sync::Arc;

const MANIFEST_FILE: &str = "manifest.json";
const PLUGIN_FILE: &str = "kimai.json";
const ACTIONS_FILE: &str = "action-schema.json";
const UI_FILE: &str = "ui-schema.json";
const PERMISSIONS_FILE: &str = "permissions.json";
/// The module whose exports are the app's actions.
pub const MAIN_MODULE: &str = "bot-logic.js";
/// The module whose exports are the app's tools.
pub const TOOLS_MODULE: &str = "tools.js";
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
    manifest: Manifest,
    requests: Vec<Request>,
    actions: Vec<Action>,
    warnings: Vec<Warning>,
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
        check_form(archive)?;
        let mut warnings = Vec::new();
        let mut findings = Vec::new();

        let manifest_file = read_json(archive, MANIFEST_FILE, Schema::Manifest, &mut findings);
        let permissions_file = read_json(archive, PERMISSIONS_FILE, Schema::Permissions, &mut findings);
        let actions_file = read_json(archive, ACTIONS_FILE, Schema::Actions, &mut findings);
        let ui_file = read_json(archive, UI_FILE, Schema::Ui, &mut findings);

        let manifest = manifest_file.as_ref().and_then(|file| keep(Manifest::read(file, &mut warnings), &mut findings));
        if let Some(file) = manifest_file.as_ref().filter(|file| file.value.get("settings").is_some())
            && let Err(found) = InputSchema::compile(file, "/settings")
        {
            findings.extend(found);
        }
        let asked = read_asked(manifest_file.as_ref(), permissions_file.as_ref(), &mut findings);
        let mut actions =
            actions_file.as_ref().and_then(|file| keep(read_actions(file), &mut findings)).unwrap_or_default();
        if let Some(file) = ui_file.as_ref().filter(|_| !actions.is_empty()) {
            findings.extend(add_ui(file, &mut actions));
        }
        for missing in [ACTIONS_FILE, MAIN_MODULE].into_iter().filter(|path| archive.file(path).is_none()) {
            findings.push(missing_file(missing, archive));
        }
        if let Some(exports) = keep(read_scripts(archive, &mut warnings), &mut findings) {
            for action in actions.iter().filter(|action| !exports.may_have(action.name.as_str())) {
                let message = format!("no exported function '{}' was found for the action of this name", action.name);
                let hint = did_you_mean(action.name.as_str(), exports.names())
                    .unwrap_or_else(|| format!("write export async function {}(payload, ctx) {{ … }}", action.name));
                warnings.push(Warning::in_file(MAIN_MODULE, message).hint(hint));
            }
        }
        Findings::none_or(findings).map_err(PackageError::Content)?;
        let Some(manifest) = manifest else {
            return Err(PackageError::Form("the package has no manifest.json that can be read"));
        };
        Ok(Self { manifest, requests: asked.with_implied(), actions, warnings, verified })
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
        texts
            .into_iter()
            .filter(|(_, value)| value.chars().any(text::is_deceptive))
            .map(|(what, value)| SuspiciousText { what, shown: text::shorten(value, 200) })
            .collect()
    }

    /// Adds what the source noticed.
    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

fn check_form(archive: &Archive) -> Result<(), PackageError> {
    match (archive.file(MANIFEST_FILE).is_some(), archive.file(PLUGIN_FILE).is_some()) {
        (true, false) => Ok(()),
        (true, true) => Err(PackageError::Form(
            "the package has both manifest.json and kimai.json; it can only be of one form, so remove one of them",
        )),
        (false, true) => Err(PackageError::Form(
            "the package has a kimai.json: plugin folders are understood by a later version of oikos; \
             this one reads mini-apps, which have a manifest.json",
        )),
        (false, false) => Err(PackageError::Form(
            "this is not an app: it has neither manifest.json (a mini-app) nor kimai.json (a plugin)",
        )),
    }
}

/// The value, or nothing and one finding more.
fn keep<T>(result: Result<T, Vec<Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    result.map_err(|found| findings.extend(found)).ok()
}

/// Parses a file and checks its schema. Absent if it is not there or not as it must be.
fn read_json<'a>(
    archive: &'a Archive,
    path: &'a str,
    schema: Schema,
    findings: &mut Vec<Finding>,
) -> Option<JsonFile<'a>> {
    let file = keep(JsonFile::parse(path, archive.file(path)?), findings)?;
    let found = schemas().check(schema, &file);
    let is_valid = found.is_empty();
    findings.extend(found);
    is_valid.then_some(file)
}

/// What the author asks for, in the manifest or in `permissions.json`; in both only if they say the same.
fn read_asked(
    manifest: Option<&JsonFile<'_>>,
    permissions: Option<&JsonFile<'_>>,
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
                crate::json::Part::Key,
                "permissions.json asks for something else",
                Some("keep one of the two".to_owned()),
            ));
            one
        }
        (Some((_, asked)), _) | (None, Some(asked)) => asked,
        (None, None) => Asked::default(),
    }
}

fn read_scripts(archive: &Archive, warnings: &mut Vec<Warning>) -> Result<crate::script::Exports, Vec<Finding>> {
    let paths: Vec<&str> = archive.files().map(|(path, _)| path).collect();
    check_modules(&[MAIN_MODULE, TOOLS_MODULE], |path| archive.file(path), &paths, warnings)
}

fn missing_file(path: &str, archive: &Archive) -> Finding {
    let near = did_you_mean(path, archive.files().map(|(path, _)| path));
    Finding {
        code: ErrorCode::PackageInvalid,
        file: path.to_owned(),
        place: None,
        message: "this file is missing, and a mini-app needs it".to_owned(),
        suggestion: near,
    }
}
