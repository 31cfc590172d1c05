//! From a package's files to what a sandbox can start.

use crate::{
    Kernel,
    runner::{GuestImage, GuestSource, PrepareError},
};
use package::{Code, Hook, INVOKE, Package};
use protocol::{ErrorCode, Failure};
use std::{collections::BTreeMap, sync::Arc};

impl Kernel {
    /// The image that runs of a package start from. Blocks for milliseconds.
    pub(crate) fn prepare(&self, package: &Package) -> Result<Arc<dyn GuestImage>, Failure> {
        self.runner.prepare(&guest_source(package)?).map_err(|error| match error {
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

fn guest_source(package: &Package) -> Result<GuestSource, Failure> {
    let (entry, joining) = match package.code() {
        Code::Script { entry, joining } => (entry, joining),
        Code::Component(_) | Code::Program(_) => {
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
    Ok(GuestSource { package: package.digest(), entry: entry.clone(), modules })
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
