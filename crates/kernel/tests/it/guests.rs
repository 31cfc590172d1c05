//! Guests that are told what to do, in Rust.

use futures_util::{FutureExt, future::BoxFuture};
use kernel::{
    host_call::{FileCall, GuestError, HostAnswer, HostCall, HostError, StorageCall},
    runner::{
        GuestCall, GuestEnd, GuestFailure, GuestHost, GuestImage, GuestPiece, GuestSource, GuestValue, PrepareError,
        Push, Runner,
    },
};
use parking_lot::Mutex;
use protocol::{AppName, Digest, ErrorCode, FileAccess, OwnerId};
use std::{collections::HashMap, sync::Arc};

/// What a guest returns.
pub(crate) type Returned = Result<GuestValue, GuestFailure>;
type Script = Arc<dyn Fn(Guest) -> BoxFuture<'static, Returned> + Send + Sync>;

/// A guest at work.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) call: Arc<GuestCall>,
    pub(crate) host: Arc<dyn GuestHost>,
}

impl Guest {
    pub(crate) async fn call(&self, call: HostCall) -> Result<HostAnswer, HostError> {
        self.host.call(call).await
    }

    pub(crate) async fn write(&self, path: &str, text: &str) -> Result<HostAnswer, HostError> {
        self.call(HostCall::File(FileCall::Write { path: path.to_owned(), body: text.as_bytes().to_vec() })).await
    }

    pub(crate) async fn remove(&self, path: &str) -> Result<HostAnswer, HostError> {
        self.call(HostCall::File(FileCall::Remove { path: path.to_owned() })).await
    }

    pub(crate) async fn rename(&self, path: &str, to: &str) -> Result<HostAnswer, HostError> {
        self.call(HostCall::File(FileCall::Move { path: path.to_owned(), to: to.to_owned() })).await
    }

    pub(crate) async fn read(&self, path: &str) -> Result<String, HostError> {
        match self.call(HostCall::File(FileCall::ReadText { path: path.to_owned() })).await? {
            HostAnswer::Bytes(bytes) => Ok(String::from_utf8(bytes).unwrap()),
            other => panic!("not bytes: {other:?}"),
        }
    }

    pub(crate) async fn set(&self, key: &str, value: &str) -> Result<HostAnswer, HostError> {
        self.call(HostCall::Storage(StorageCall::Set { key: key.to_owned(), value: value.as_bytes().to_vec() })).await
    }

    pub(crate) async fn get(&self, key: &str) -> Result<HostAnswer, HostError> {
        self.call(HostCall::Storage(StorageCall::Get { key: key.to_owned() })).await
    }

    pub(crate) async fn pick(&self, purpose: &str) -> Result<String, HostError> {
        let call = FileCall::Pick { access: FileAccess::Read, folder: false, purpose: purpose.to_owned() };
        match self.call(HostCall::File(call)).await? {
            HostAnswer::Json(handle) => Ok(handle.as_str().unwrap().to_owned()),
            other => panic!("no handle: {other:?}"),
        }
    }

    pub(crate) async fn emit(&self, topic: &str, payload: serde_json::Value) -> Result<HostAnswer, HostError> {
        self.call(HostCall::Emit { topic: topic.parse().unwrap(), payload: payload.to_string() }).await
    }

    /// What `ctx.env.trigger` shows.
    pub(crate) fn trigger(&self) -> serde_json::Value {
        self.env()["trigger"].clone()
    }

    /// What `ctx.env` shows.
    pub(crate) fn env(&self) -> serde_json::Value {
        serde_json::from_slice(&self.call.env).unwrap()
    }

    /// Streams a piece and rests as long as it should.
    pub(crate) async fn text(&self, text: &str) -> Result<(), GuestFailure> {
        match self.host.stream(GuestPiece::Text(text.to_owned())) {
            Push::Taken => Ok(()),
            Push::Wait(rest) => {
                rest.await;
                Ok(())
            }
            Push::Ended(end) => Err(GuestFailure::Ended(end)),
        }
    }

    pub(crate) fn input(&self) -> serde_json::Value {
        serde_json::from_slice(&self.call.input).unwrap()
    }
}

/// The code and words of an error that a guest may see.
pub(crate) fn seen(error: HostError) -> GuestError {
    match error {
        HostError::Guest(error) => error,
        HostError::Ended(end) => GuestError::new(end.code(), format!("ended: {end:?}")),
    }
}

/// An error that a guest did not catch.
pub(crate) fn threw(error: HostError) -> GuestFailure {
    match error {
        HostError::Guest(GuestError { code, message }) => {
            GuestFailure::Threw { message, stack: None, code: Some(code) }
        }
        HostError::Ended(end) => GuestFailure::Ended(end),
    }
}

pub(crate) fn said(text: impl Into<String>) -> Returned {
    Ok(GuestValue { summary: Some(text.into()), ..GuestValue::default() })
}

/// Runs scripts. What an image exports is what its source declares.
#[derive(Default)]
pub(crate) struct Scripts {
    scripts: Mutex<HashMap<String, (Script, bool)>>,
    pub(crate) prepared: Mutex<Vec<Digest>>,
    pub(crate) forgotten: Mutex<Vec<Digest>>,
    /// Apps whose programs had to go because of a secret.
    pub(crate) taken_back: Mutex<Vec<String>>,
}

impl Scripts {
    pub(crate) fn set<F, R>(&self, export: &str, obeys: bool, script: F)
    where
        F: Fn(Guest) -> R + Send + Sync + 'static,
        R: Future<Output = Returned> + Send + 'static,
    {
        let script: Script = Arc::new(move |guest| script(guest).boxed());
        self.scripts.lock().insert(export.to_owned(), (script, obeys));
    }
}

pub(crate) struct ScriptRunner(pub(crate) Arc<Scripts>);

struct ScriptImage {
    scripts: Arc<Scripts>,
    exports: Vec<String>,
    is_program: bool,
}

impl Runner for ScriptRunner {
    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError> {
        let source = match source {
            GuestSource::Script(source) => source,
            // What a script says stands for what a program does.
            GuestSource::Program(source) => {
                self.0.prepared.lock().push(source.package);
                let exports = ["invoke".to_owned()].into_iter().chain(source.hooks.keys().cloned()).collect();
                return Ok(Arc::new(ScriptImage { scripts: self.0.clone(), exports, is_program: true }));
            }
            GuestSource::Server(_) => panic!("no server is written here"),
        };
        // The entry is the app's own module, or what joins its hooks to it.
        let texts = source.modules.values().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        let text = texts.collect::<Vec<_>>().join("\n");
        let functions = text.split("function ").skip(1).filter_map(|rest| rest.split('(').next());
        let hooks = text.lines().filter_map(|line| line.strip_prefix("export const $"));
        let hooks = hooks.filter_map(|rest| rest.split(' ').next()).map(|name| format!("${name}"));
        // What a real one registers while it is activated stands in a comment of its own line.
        let handlers = text.lines().filter_map(|line| line.strip_prefix("// "));
        let handlers = handlers.filter(|name| name.starts_with("on:") || name.starts_with("route:"));
        let exports = functions.chain(handlers).map(str::to_owned).chain(hooks).collect();
        self.0.prepared.lock().push(source.package);
        Ok(Arc::new(ScriptImage { scripts: self.0.clone(), exports, is_program: false }))
    }

    fn forget(&self, package: Digest) {
        self.0.forgotten.lock().push(package);
    }

    fn take_back(&self, _: OwnerId, app: &AppName) {
        self.0.taken_back.lock().push(app.to_string());
    }
}

impl GuestImage for ScriptImage {
    fn start(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        let found = self.scripts.scripts.lock().get(call.export.as_str()).cloned();
        let lease = call.lease.clone();
        async move {
            let result = match found {
                None => Err(GuestFailure::NoSuchExport),
                Some((script, obeys)) => {
                    let work = script(Guest { call: Arc::new(call), host });
                    if obeys {
                        tokio::select! {
                            biased;
                            end = lease.ended() => Err(GuestFailure::Ended(end)),
                            returned = work => returned,
                        }
                    } else {
                        work.await
                    }
                }
            };
            GuestEnd { result, memory_bytes: 1 }
        }
        .boxed()
    }

    fn exports(&self) -> &[String] {
        &self.exports
    }

    fn is_on_terms(&self) -> bool {
        self.is_program
    }
}

/// What a guest is told of a denial.
pub(crate) const DENIED: ErrorCode = ErrorCode::PermissionDenied;
