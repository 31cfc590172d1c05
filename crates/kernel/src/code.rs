//! From a package's files to what a sandbox can start, or to nothing, where a browser runs them.

use crate::{
    Kernel,
    program::{ProgramSource, ServerSource},
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost, GuestImage, GuestSource, PrepareError, ScriptSource},
};
use futures_util::future::BoxFuture;
use package::{Cause, Code, Hook, INVOKE, Package};
use protocol::{ErrorCode, Failure};
use std::{collections::BTreeMap, sync::Arc};

impl Kernel {
    /// The image that runs of a package start from. Blocks for milliseconds.
    pub(crate) fn prepare(&self, package: &Package) -> Result<Arc<dyn GuestImage>, Failure> {
        let Some(source) = guest_source(package)? else { return Ok(Arc::new(NoGuest)) };
        self.runner.prepare(&source).map_err(|error| match error {
            PrepareError::Code { .. } | PrepareError::Limit { .. } => {
                let failure = Failure::from_error(ErrorCode::PackageCodeInvalid, &error);
                Failure {
                    message: protocol::text::escape_lines(&failure.message.replace("OikosError: ", "")),
                    ..failure
                }
            }
            PrepareError::Sandbox { message } => {
                Failure::new(ErrorCode::Internal, "the sandbox could not be prepared").log(message)
            }
        })
    }
}

/// What runs of an app of the browser would start from: it has no function that could be called. That its page is there and
/// whole was seen when its package was read.
struct NoGuest;

impl GuestImage for NoGuest {
    fn start(&self, _call: GuestCall, _host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        Box::pin(async { GuestEnd { result: Err(GuestFailure::NoSuchExport), memory_bytes: 0 } })
    }

    fn exports(&self) -> &[String] {
        &[]
    }
}

/// What a sandbox is given. `None`: nothing of the package runs here.
fn guest_source(package: &Package) -> Result<Option<GuestSource>, Failure> {
    let (entry, joining) = match package.code() {
        Code::Script { entry, joining } => (entry, joining),
        Code::Page(_) => return Ok(None),
        Code::Program(program) => {
            let hooks = package.manifest().hooks.iter().filter(|(hook, _)| **hook != Hook::Activate);
            return Ok(Some(GuestSource::Program(ProgramSource {
                package: package.digest(),
                app: package.name().clone(),
                version: package.manifest().version.to_string(),
                command: program.command.clone(),
                speaks: program.speaks,
                files: package.files().map(|(path, bytes)| (path.to_owned(), Arc::from(bytes))).collect(),
                hooks: hooks.map(|(hook, function)| (hook.export(), function.to_string())).collect(),
                topics: topics_heard(package),
            })));
        }
        Code::Server(server) => {
            return Ok(Some(GuestSource::Server(ServerSource {
                package: package.digest(),
                app: package.name().clone(),
                url: server.url.clone(),
                is_older: server.is_older,
            })));
        }
        Code::Component(_) => {
            let what = crate::card::other_code(package).map(|said| said.to_string()).unwrap_or_default();
            return Err(Failure::new(ErrorCode::NotAvailable, format!("{}: {what}", package.name())));
        }
    };
    let mut modules: BTreeMap<String, Arc<[u8]>> = package
        .files()
        .filter(|(path, _)| path.ends_with(".js") || path.ends_with(".mjs"))
        .map(|(path, bytes)| (path.to_owned(), Arc::from(bytes)))
        .collect();
    if let Some(text) = joining {
        modules.insert(entry.clone(), Arc::from(text.as_bytes()));
    }
    Ok(Some(GuestSource::Script(ScriptSource { package: package.digest(), entry: entry.clone(), modules })))
}

/// What a program hears by itself: a script registers that while it is activated, a program has its manifest say it, and names no
/// action for it there.
fn topics_heard(package: &Package) -> Vec<String> {
    let by_itself = package.triggers().iter().filter(|trigger| trigger.target.is_none());
    let topics = by_itself.filter_map(|trigger| match &trigger.cause {
        Cause::Events(topics) => Some(topics.clone()),
        Cause::Message(_) | Cause::Schedule(_) => None,
    });
    topics.flatten().collect()
}

/// Whether the code has a function for each action and tool: one of its name, or `invoke` for all; and the hooks that the
/// manifest names.
pub(crate) fn check_exports(package: &Package, image: &dyn GuestImage) -> Result<(), Failure> {
    let has = |name: &str| image.exports().iter().any(|export| export == name);
    let mut hooks = package.manifest().hooks.iter().filter(|(hook, _)| **hook != Hook::Activate);
    if let Some((hook, function)) = hooks.find(|(hook, _)| !has(&hook.export())) {
        let name = package.name();
        let message =
            format!("{name}: the hook {hook} names '{function}', but the code exports no function of this name");
        return Err(Failure::new(ErrorCode::PackageCodeInvalid, message));
    }
    if has(INVOKE) {
        return Ok(());
    }
    let described = [
        ("action-schema.json", package.actions().iter().map(|action| &action.name).collect::<Vec<_>>()),
        (package::TOOLS_FILE, package.tools().iter().map(|tool| &tool.name).collect()),
    ];
    for (file, names) in described {
        if let Some(name) = names.into_iter().find(|name| !has(name.as_str())) {
            let message = format!(
                "{}: {file} describes '{name}', but the code exports no function of this name and no '{INVOKE}'",
                package.name()
            );
            return Err(Failure::new(ErrorCode::PackageCodeInvalid, message));
        }
    }
    Ok(())
}
