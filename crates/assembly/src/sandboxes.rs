//! The sandboxes: one for scripts, made when the first app needs it (`oikos log` does not wait for a compiler), one for programs
//! and one for servers elsewhere.

use futures_util::future::BoxFuture;
use kernel::{
    program::Rooms,
    runner::{BoxBounds, GuestImage, GuestSource, PrepareError, Runner},
};
use mcp::app::ServerRunner;
use parking_lot::Mutex;
use protocol::{AppName, BoxFact, Digest, OwnerId};
use sandbox::{JsRunner, JsRunnerConfig, JsRunnerStatus, ProgramRunner};
use std::sync::Arc;

/// All of them, each for the code that it runs.
pub(crate) struct Sandboxes {
    scripts: LazyJsRunner,
    /// Absent where this process cannot keep programs.
    programs: Option<Arc<ProgramRunner>>,
    servers: Arc<ServerRunner>,
}

impl Sandboxes {
    pub(crate) fn new(
        scripts: JsRunnerConfig,
        programs: Option<Arc<ProgramRunner>>,
        servers: Arc<ServerRunner>,
    ) -> Self {
        Self { scripts: LazyJsRunner { config: scripts, made: Mutex::default() }, programs, servers }
    }

    /// What the sandbox for scripts holds, if there is one by now.
    pub(crate) fn status(&self) -> Option<JsRunnerStatus> {
        // While it is being made nobody waits to hear that it is empty.
        self.scripts.made.try_lock()?.as_ref().map(|runner| runner.status())
    }

    /// Programs, where this process can keep them.
    pub(crate) fn programs(&self) -> Option<&Arc<ProgramRunner>> {
        self.programs.as_ref()
    }

    fn runner_of(&self, source: &GuestSource) -> Result<Arc<dyn Runner>, PrepareError> {
        match source {
            GuestSource::Script(_) => Ok(self.scripts.runner()?),
            GuestSource::Program(_) => match &self.programs {
                Some(programs) => Ok(programs.clone()),
                None => Err(PrepareError::Sandbox { message: "this process cannot keep programs in a box".to_owned() }),
            },
            GuestSource::Server(_) => Ok(self.servers.clone()),
        }
    }
}

impl Runner for Sandboxes {
    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError> {
        self.runner_of(source)?.prepare(source)
    }

    fn facts(&self, bounds: BoxBounds) -> BoxFuture<'_, Vec<BoxFact>> {
        match &self.programs {
            Some(programs) => programs.facts(bounds),
            None => Box::pin(std::future::ready(Vec::new())),
        }
    }

    fn forget(&self, package: Digest) {
        if let Ok(runner) = self.scripts.runner() {
            runner.forget(package);
        }
        if let Some(programs) = &self.programs {
            programs.forget(package);
        }
        self.servers.forget(package);
    }

    fn let_go(&self, owner: OwnerId, app: &AppName, still: &Rooms) {
        if let Some(programs) = &self.programs {
            programs.let_go(owner, app, still);
        }
        self.servers.let_go(owner, app, still);
    }

    fn end(&self, owner: OwnerId, app: &AppName) {
        if let Some(programs) = &self.programs {
            programs.end(owner, app);
        }
        self.servers.end(owner, app);
    }

    fn take_back(&self, owner: OwnerId, app: &AppName) {
        if let Some(programs) = &self.programs {
            programs.take_back(owner, app);
        }
    }

    fn erase(&self, owner: OwnerId, app: &AppName) {
        if let Some(programs) = &self.programs {
            programs.erase(owner, app);
        }
    }
}

/// A [`JsRunner`] that is made at its first use.
struct LazyJsRunner {
    config: JsRunnerConfig,
    made: Mutex<Option<Arc<JsRunner>>>,
}

impl LazyJsRunner {
    fn runner(&self) -> Result<Arc<JsRunner>, PrepareError> {
        let mut made = self.made.lock();
        if let Some(runner) = &*made {
            return Ok(runner.clone());
        }
        let runner =
            JsRunner::new(self.config.clone()).map_err(|error| PrepareError::Sandbox { message: error.to_string() })?;
        Ok(made.insert(Arc::new(runner)).clone())
    }
}
