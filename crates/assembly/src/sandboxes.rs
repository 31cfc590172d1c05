//! The sandbox, made when the first app needs it: `oikos log` does not wait for a compiler.

use kernel::runner::{GuestImage, GuestSource, PrepareError, Runner};
use parking_lot::Mutex;
use protocol::Digest;
use sandbox::{JsRunner, JsRunnerConfig, JsRunnerStatus};
use std::sync::Arc;

/// A [`JsRunner`] that is made at its first use.
pub(crate) struct LazyJsRunner {
    config: JsRunnerConfig,
    made: Mutex<Option<Arc<JsRunner>>>,
}

impl LazyJsRunner {
    pub(crate) fn new(config: JsRunnerConfig) -> Self {
        Self { config, made: Mutex::default() }
    }

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

impl LazyJsRunner {
    /// What the sandbox holds, if there is one by now.
    pub(crate) fn status(&self) -> Option<JsRunnerStatus> {
        // While it is being made nobody waits to hear that it is empty.
        self.made.try_lock()?.as_ref().map(|runner| runner.status())
    }
}

impl Runner for LazyJsRunner {
    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError> {
        self.runner()?.prepare(source)
    }

    fn forget(&self, package: Digest) {
        if let Ok(runner) = self.runner() {
            runner.forget(package);
        }
    }
}
