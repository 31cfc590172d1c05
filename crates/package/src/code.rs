//! What a package runs: its modules, and where the functions of its actions and tools are.

use crate::{
    action::Action,
    archive::Archive,
    document::Document,
    finding::{Finding, did_you_mean},
    form::Form,
    manifest::{Entry, Hook, Manifest, Program, Server},
    package::missing_file,
    page::{PAGE_ENTRY, is_page, read_page},
    script::{Exports, check_modules},
    tool::Tool,
    warning::Warning,
};
use protocol::{ActionName, ErrorCode};
use serde_json::Value;
use std::collections::BTreeMap;

/// The module whose exports are tools, where `llm-tool.yaml` describes them; beside the module that is started.
pub const TOOLS_MODULE: &str = "tools.js";
/// Under which the module is known that puts the two together. No file of a package can have this name.
const JOINING_MODULE: &str = "oikos:entry.js";
/// The function that is called for every name that has no function of its own (S1).
pub const INVOKE: &str = "invoke";

/// The code of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// JavaScript: the module whose exports are called, and its text where it is not a file of the package.
    Script {
        /// Its name.
        entry: String,
        /// Its text.
        joining: Option<String>,
    },
    /// A WebAssembly component: a file of the package.
    Component(String),
    /// A program.
    Program(Program),
    /// An MCP server at an address.
    Server(Server),
    /// None on this machine: a document of the package, which runs in the owner's browser.
    Page(String),
}

/// Functions that are called at the steps of an app's life.
pub(crate) type Hooks = BTreeMap<Hook, ActionName>;

/// Checks the modules of a package and says what is to be started, and what is called at the steps of its life.
pub(crate) fn read_code(
    form: Form,
    archive: &Archive,
    manifest: &Manifest,
    actions: &[Action],
    tools: &[Tool],
    warnings: &mut Vec<Warning>,
) -> Result<(Code, Hooks), Vec<Finding>> {
    let entry = match &manifest.entry {
        Entry::Module(entry) => entry,
        Entry::Component(path) => {
            return match archive.file(path) {
                Some(_) => Ok((Code::Component(path.clone()), manifest.hooks.clone())),
                None => Err(vec![missing_file(form, path, archive)]),
            };
        }
        Entry::Program(program) => {
            check_program(form, program, archive)?;
            return Ok((Code::Program(program.clone()), manifest.hooks.clone()));
        }
        Entry::Server(server) => return Ok((Code::Server(server.clone()), Hooks::new())),
        Entry::Page(path) => {
            read_page(form, path, archive, warnings)?;
            return Ok((Code::Page(path.clone()), Hooks::new()));
        }
    };
    if archive.file(entry).is_none() {
        return Err(vec![missing_file(form, entry, archive)]);
    }
    let paths: Vec<&str> = archive.files().map(|(path, _)| path).collect();
    let [main, beside] = check_modules([entry, TOOLS_MODULE], |path| archive.file(path), &paths, warnings)?;
    let has_tools_module = archive.file(TOOLS_MODULE).is_some() && entry != TOOLS_MODULE;
    let mut findings = Vec::new();
    let mut joined: Vec<&ActionName> = Vec::new();
    for tool in tools.iter().filter(|_| has_tools_module) {
        let name = tool.name.as_str();
        if main.has(name) && beside.has(name) {
            findings.push(Finding {
                code: ErrorCode::PackageCodeInvalid,
                file: TOOLS_MODULE.to_owned(),
                place: None,
                message: format!("'{name}' is exported here and by {entry}, and a name is one function"),
                suggestion: Some("export it from one of the two".to_owned()),
            });
        } else if beside.has(name) || (beside.may_have(name) && !main.may_have(name)) {
            joined.push(&tool.name);
        }
    }
    let is_there =
        |name: &str| main.may_have(name) || main.may_have(INVOKE) || joined.iter().any(|known| known.as_str() == name);
    for (what, name) in actions
        .iter()
        .map(|action| ("action", &action.name))
        .chain(tools.iter().map(|tool| ("tool", &tool.name)))
        .filter(|(_, name)| !is_there(name.as_str()))
    {
        let message = format!("no exported function '{name}' was found for the {what} of this name");
        let hint = did_you_mean(name.as_str(), main.names())
            .unwrap_or_else(|| format!("write export async function {name}(payload, ctx) {{ … }}"));
        warnings.push(Warning::in_file(entry, message).hint(hint));
    }
    warn_of_hooks(&manifest.hooks, entry, &main, warnings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut hooks = manifest.hooks.clone();
    for hook in [Hook::Health, Hook::Deactivate] {
        // No action and no tool has one of these names.
        let is_there = main.may_have(hook.word()) && !hooks.contains_key(&hook);
        hooks.extend(hook.word().parse().ok().filter(|_| is_there).map(|name| (hook, name)));
    }
    let is_plain = hooks.iter().all(|(hook, function)| *hook == Hook::Activate && function.as_str() == hook.word());
    if joined.is_empty() && is_plain {
        return Ok((Code::Script { entry: entry.clone(), joining: None }, hooks));
    }
    let joining = Some(join(entry, &joined, &hooks));
    Ok((Code::Script { entry: JOINING_MODULE.to_owned(), joining }, hooks))
}

/// What says that a package is installed with the files of a bundle, and the folder in which those are then.
const BUNDLE_FILE: &str = "install/bundle.sha256";
const BUNDLE_FOLDER: &str = "install/";

/// Whether a program of the package is in it. Others are looked for on the machine that it runs on; so is one of a bundle, which
/// lies beside the package and is put in place by its digest.
fn check_program(form: Form, program: &Program, archive: &Archive) -> Result<(), Vec<Finding>> {
    let path = program.command.first().map(String::as_str).unwrap_or_default();
    let is_ours = path.contains('/') && !path.starts_with('/');
    let is_bundles = path.starts_with(BUNDLE_FOLDER) && archive.file(BUNDLE_FILE).is_some();
    match is_ours && !is_bundles && archive.file(path.trim_start_matches("./")).is_none() {
        true => Err(vec![missing_file(form, path, archive)]),
        false => Ok(()),
    }
}

/// Checks the modules of a package whose manifest says something wrong, so that all is told at once. `file` is the manifest
/// if it fits its schema; without one nobody knows whether the code is at its usual place.
pub(crate) fn check_code(form: Form, archive: &Archive, file: Option<&Document<'_>>) -> Result<(), Vec<Finding>> {
    if let Some(file) = file.filter(|file| is_page(file)) {
        let entry = file.value.get("entry").and_then(Value::as_str).unwrap_or(PAGE_ENTRY);
        return read_page(form, entry, archive, &mut Vec::new());
    }
    let is_module = |path: &&str| ![".wasm", ".html"].iter().any(|ending| path.ends_with(ending));
    let entry = match file.map(|file| file.value.get("entry")) {
        Some(Some(entry)) => entry.as_str().filter(is_module),
        Some(None) => Some(form.entry()),
        None => Some(form.entry()).filter(|path| archive.file(path).is_some()),
    };
    let Some(entry) = entry else { return Ok(()) };
    if archive.file(entry).is_none() {
        return Err(vec![missing_file(form, entry, archive)]);
    }
    let paths: Vec<&str> = archive.files().map(|(path, _)| path).collect();
    check_modules([entry, TOOLS_MODULE], |path| archive.file(path), &paths, &mut Vec::new()).map(|_| ())
}

/// A module that exports everything of the one that is started, these functions of the other, and the hooks under names of
/// their own: called with `ctx` alone. `activate` keeps its name, because the sandbox calls it.
fn join(entry: &str, functions: &[&ActionName], hooks: &Hooks) -> String {
    let mut text = format!("export * from './{entry}';\n");
    for name in functions {
        text.push_str(&format!("export {{ {name} }} from './{TOOLS_MODULE}';\n"));
    }
    if let Some(function) = hooks.get(&Hook::Activate).filter(|function| function.as_str() != Hook::Activate.word()) {
        text.push_str(&format!("export {{ {function} as {} }} from './{entry}';\n", Hook::Activate));
    }
    let mut called = hooks.iter().filter(|(hook, _)| **hook != Hook::Activate).peekable();
    if called.peek().is_some() {
        text.push_str(&format!("import * as app from './{entry}';\n"));
        text.push_str(
            "const hook = (name) => (typeof app[name] === 'function' ? (_, ctx) => app[name](ctx) : undefined);\n",
        );
    }
    for (hook, function) in called {
        text.push_str(&format!("export const {} = hook('{function}');\n", hook.export()));
    }
    text
}

fn warn_of_hooks(hooks: &Hooks, entry: &str, exports: &Exports, warnings: &mut Vec<Warning>) {
    for (hook, function) in hooks.iter().filter(|(_, function)| !exports.may_have(function.as_str())) {
        let message = format!("no exported function '{function}' was found for the hook {hook}");
        let warning = Warning::in_file(entry, message);
        warnings.push(match did_you_mean(function.as_str(), exports.names()) {
            Some(near) => warning.hint(near),
            None => warning.hint(format!("write export async function {function}(ctx) {{ … }}")),
        });
    }
}
