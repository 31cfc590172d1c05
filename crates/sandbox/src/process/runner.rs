//! Programs as the kernel sees them.

use super::{
    find::find,
    memory::Memory,
    plugin::Plugin,
    policy,
    shared::{ProgramConfig, ProgramStatus, Shared},
    source::Prepared,
    unpack,
};
use futures_util::future::BoxFuture;
use isolate::{Outlook, outlook};
use kernel::{
    program::{Dialect, ProgramSource, Rooms, Speaks},
    runner::{BoxBounds, GuestCall, GuestEnd, GuestHost, GuestImage, GuestSource, PrepareError, Runner},
};
use protocol::{AppName, BoxFact, Digest, OwnerId};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The function that is called for every name that has no function of its own. A program hears every name.
const INVOKE: &str = "invoke";

/// Runs programs. Must be used within a tokio runtime that does I/O and time.
pub struct ProgramRunner {
    shared: Arc<Shared>,
    plugin: Arc<dyn Dialect>,
}

impl ProgramRunner {
    /// No program is started before a run needs it.
    pub fn new(config: ProgramConfig) -> Self {
        let plugin = Arc::new(Plugin { oikos: config.version.clone() });
        Self { shared: Shared::new(config), plugin }
    }

    /// The programs that run.
    pub fn status(&self) -> Vec<ProgramStatus> {
        self.shared.status()
    }

    /// The last that an app's programs said to whoever looks after them, whether they run or not: on their standard error, or
    /// logged for no run.
    pub fn log(&self, owner: OwnerId, app: &AppName) -> Vec<String> {
        self.shared.logs.lines(owner, app)
    }

    /// Where an app's program has its own folder, for one owner.
    pub fn home(&self, owner: OwnerId, app: &AppName) -> PathBuf {
        Memory::at(&self.shared.config.homes, owner, app).home().to_owned()
    }

    /// Where what a package is installed with lies: packages that others wrote, which are too many for the package itself.
    /// Whoever imports puts it there before the app is first started; it goes with the package.
    pub fn tree(&self, package: Digest) -> PathBuf {
        self.shared.config.trees.join(package.to_string())
    }

    /// Ends all programs, and comes back when nothing of them is left.
    pub async fn shut_down(&self) {
        self.shared.shut_down().await;
    }

    fn made_ready(&self, source: &ProgramSource) -> Result<Prepared, PrepareError> {
        let config = &self.shared.config;
        let failed = |message: String| PrepareError::Sandbox { message };
        let program = source.command.first().map(String::as_str).unwrap_or_default();
        let own = Some(program).filter(|program| program.contains('/') && !program.starts_with('/'));
        let tree = Some(self.tree(source.package)).filter(|tree| tree.is_dir());
        if tree.is_none() && source.files.keys().any(|path| unpack::LISTS.contains(&path.as_str())) {
            let message = "the packages that it was installed with are gone: remove it, and import it again";
            return Err(PrepareError::Code { message: message.to_owned() });
        }
        let code = unpack::unpack(&config.code, source.package, &source.files, own, tree.as_deref());
        let code = code.map_err(|error| failed(format!("its files could not be unpacked: {error}")))?;
        let found = find(program, &code, &config.folders)
            .map_err(|lacking| PrepareError::Code { message: lacking.to_string() })?;
        let dialect = match source.speaks {
            Speaks::Oikos => self.plugin.clone(),
            Speaks::Mcp => {
                config.mcp.clone().ok_or_else(|| failed("nobody here speaks with MCP servers".to_owned()))?
            }
        };
        // As a script registers them: its place, its priority, what it listens to.
        let heard = source.topics.iter().enumerate().map(|(place, topic)| format!("on:{place}:0:{topic}"));
        let exports = [INVOKE.to_owned()].into_iter().chain(source.hooks.keys().cloned()).chain(heard).collect();
        Ok(Prepared { source: Arc::new(source.clone()), found, code, tree, dialect, exports })
    }
}

impl Runner for ProgramRunner {
    fn facts(&self, bounds: BoxBounds) -> BoxFuture<'_, Vec<BoxFact>> {
        Box::pin(async move {
            match self.shared.config.machine.abilities().await {
                Ok(abilities) => outlook(&policy::of_bounds(bounds), &abilities).map(Outlook::told).into(),
                Err(error) => {
                    tracing::warn!(%error, "what this machine can keep a program to could not be found out");
                    Vec::new()
                }
            }
        })
    }

    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError> {
        let GuestSource::Program(source) = source else {
            return Err(PrepareError::Sandbox { message: "this is no program".to_owned() });
        };
        Ok(Arc::new(ProgramImage { shared: self.shared.clone(), prepared: Arc::new(self.made_ready(source)?) }))
    }

    fn forget(&self, package: Digest) {
        self.shared.forget(package);
        for room in [&self.shared.config.code, &self.shared.config.trees] {
            forget_code(room, package);
        }
    }

    fn let_go(&self, owner: OwnerId, app: &AppName, still: &Rooms) {
        self.shared.let_go(owner, app, still);
    }

    fn end(&self, owner: OwnerId, app: &AppName) {
        self.shared.end(owner, app);
    }

    fn take_back(&self, owner: OwnerId, app: &AppName) {
        self.shared.take_back(owner, app);
    }

    fn erase(&self, owner: OwnerId, app: &AppName) {
        self.shared.logs.forget(owner, app);
        if let Err(error) = Memory::erase(&self.shared.config.homes, owner, app) {
            tracing::warn!(%app, %error, "what a program kept for itself could not be removed");
        }
    }
}

fn forget_code(room: &Path, package: Digest) {
    if let Err(error) = unpack::forget(room, package) {
        tracing::warn!(%error, "the files of a package could not be removed");
    }
}

struct ProgramImage {
    shared: Arc<Shared>,
    prepared: Arc<Prepared>,
}

impl GuestImage for ProgramImage {
    fn start(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        Box::pin(self.shared.clone().serve(self.prepared.clone(), call, host))
    }

    fn exports(&self) -> &[String] {
        &self.prepared.exports
    }

    fn is_on_terms(&self) -> bool {
        true
    }
}
