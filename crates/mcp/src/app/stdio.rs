//! Servers that are programs: the sandbox starts them, this speaks with them.

use super::{host::OwnHost, serving::Conversation};
use crate::client::{Abilities, Bounds, ClientName, Known, Nobody, OpenError, Options, Session, Way};
use futures_util::{FutureExt as _, future::BoxFuture};
use kernel::{
    program::{Dialect, ProgramSource, ServerNews, Spoken, Streams},
    runner::{GuestCall, GuestEnd, GuestHost},
};
use protocol::Clock;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What is spoken with them.
pub struct Stdio {
    version: String,
    clock: Arc<dyn Clock>,
}

impl Stdio {
    /// As this version of oikos.
    pub fn new(version: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { version: version.into(), clock }
    }
}

/// How a session is opened, by a program or over HTTP.
pub(super) fn options(version: &str, clock: &Arc<dyn Clock>, known: Option<Known>) -> Options {
    Options {
        client: ClientName { name: "oikos".to_owned(), title: Some("oikos".to_owned()), version: version.to_owned() },
        // Who can be asked what is known call by call; what nobody can answer is refused then.
        abilities: Abilities {
            elicitation_form: true,
            elicitation_url: true,
            // No model is here that could be asked.
            sampling: false,
            sampling_tools: false,
            roots: true,
            extensions: extensions(),
        },
        bounds: Bounds::default(),
        known,
        host: Arc::new(Nobody),
        clock: clock.clone(),
    }
}

/// What we can do beside that: draw the views of tools.
pub(super) fn extensions() -> Map<String, Value> {
    let kinds = json!({ "mimeTypes": [crate::server::VIEW_KIND] });
    Map::from_iter([("io.modelcontextprotocol/ui".to_owned(), kinds)])
}

impl Dialect for Stdio {
    fn open(
        &self,
        streams: Streams,
        source: Arc<ProgramSource>,
    ) -> BoxFuture<'static, Result<Arc<dyn Spoken>, String>> {
        let own = Arc::new(OwnHost(streams.log));
        let options = Options { host: own, ..options(&self.version, &self.clock, None) };
        async move {
            let way = Way::Program { output: streams.from, input: streams.to };
            let session = Session::open(way, options).await.map_err(|error| match error {
                OpenError::Failed(error) => error.to_string(),
                error => error.to_string(),
            })?;
            let conversation = Conversation::new(session.clone(), source.app.clone());
            tokio::spawn(async move {
                if let Err(error) = session.listen().await {
                    tracing::debug!(%error, "a server does not tell when what it offers changes");
                }
            });
            Ok(Arc::new(Talk(conversation)) as Arc<dyn Spoken>)
        }
        .boxed()
    }
}

struct Talk(Arc<Conversation>);

impl Spoken for Talk {
    fn call(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        let conversation = self.0.clone();
        async move { conversation.serve(call, host, None).await }.boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        // A program is told by the end of what it reads.
        std::future::ready(()).boxed()
    }

    fn closed(&self) -> BoxFuture<'static, Option<String>> {
        // What ends it is its end, which the sandbox sees.
        std::future::pending().boxed()
    }

    fn is_awaited(&self) -> bool {
        self.0.session.is_watching()
    }

    fn over(&self) {
        self.0.tell(ServerNews::Gone);
    }
}
