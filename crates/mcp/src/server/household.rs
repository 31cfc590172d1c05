//! What stands behind the server: who may ask, what they are offered, who answers.

use super::{
    catalog::Catalog,
    events::CallEvents,
    json::{Json, Members},
};
use protocol::{AppName, Caller, ClientName, Failure, LoginId, TokenId};
use std::{any::Any, pin::Pin, sync::Arc};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// An answer that comes later.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// By what a client was let in. Sessions and what waits belong to it: another key of the same owner is another client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Nothing: the system says that it is who sits at the machine.
    Machine,
    /// The same, of a program there that has a name.
    Program(ClientName),
    /// An API key.
    Key(TokenId),
    /// A browser's login.
    Login(LoginId),
}

/// Who is at the other end. The door puts it into the request's extensions; a request without one is answered by nobody.
#[derive(Clone, Debug)]
pub struct Client {
    /// Who asks, by which door, with which rights.
    pub caller: Caller,
    /// By what they were let in.
    pub credential: Credential,
    /// Over when the credential is revoked: then everything that is open for this client ends.
    pub revoked: CancellationToken,
}

impl Client {
    /// Whether something that belongs to one belongs to the other. Rights are not compared: they may have changed since.
    pub fn is(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// What makes a client this one.
    pub fn identity(&self) -> Identity {
        Identity { owner: self.caller.owner, credential: self.credential }
    }
}

/// What makes a client this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Whose things it is about.
    pub owner: protocol::OwnerId,
    /// By what they were let in.
    pub credential: Credential,
}

/// What is asked of an app, or of one of its servers.
#[derive(Debug)]
pub enum Work {
    /// A tool is called.
    Tool {
        /// The app.
        app: AppName,
        /// The tool, as the app calls it.
        tool: String,
        /// The arguments: an object, as the client wrote it.
        arguments: Json,
        /// The request's `_meta`, without what belongs to our own wire.
        meta: Members,
    },
    /// A resource is read. The answer is a `ReadResourceResult`.
    Resource {
        /// The app that lists it, or has a template for it. Of neither: whoever knows it.
        app: Option<AppName>,
        /// The address, as its app knows it.
        uri: String,
        /// As the client wrote it, where that is another: then what is read bears it.
        named: Option<String>,
        /// As above.
        meta: Members,
    },
    /// A prompt is read. The answer is a `GetPromptResult`.
    Prompt {
        /// The app.
        app: AppName,
        /// The prompt, as the app calls it.
        prompt: String,
        /// The arguments, as the client wrote them.
        arguments: Option<Json>,
        /// As above.
        meta: Members,
    },
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// From an app of ours: what its action or tool returned.
    Shown {
        /// For a screen.
        data: Option<Json>,
        /// For a model.
        summary: String,
        /// The renderer that draws the data.
        renderer: Option<String>,
    },
    /// From an app that is a server: the result of its method, as it was written.
    Verbatim(Json),
}

/// Why there is no result.
#[derive(Debug)]
pub enum CallError {
    /// oikos or the app says no. A tool's becomes a result with `isError`, so that the model reads it.
    Failure(Failure),
    /// The app's server answered with an error of the protocol; it is handed on as it is.
    Protocol(ProtocolError),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// An error of JSON-RPC.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct ProtocolError {
    /// What kind.
    pub code: i64,
    /// In words.
    pub message: String,
    /// What belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// Something is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of resources, or of templates.
    Resources,
    /// The list of prompts.
    Prompts,
    /// What a resource holds.
    Resource(Resource),
}

/// A resource, where it is: servers that know nothing of each other may have the same address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// The app that has it.
    pub app: AppName,
    /// Its address there.
    pub uri: Arc<str>,
}

/// What a client wants completed.
#[derive(Debug)]
pub struct Completion {
    /// The app.
    pub app: AppName,
    /// `ref`, with the prompt's name as the app has it.
    pub reference: Json,
    /// `argument`, as the client wrote it.
    pub argument: Json,
    /// `context`, as the client wrote it.
    pub context: Option<Json>,
}

/// Held as long as somebody wants to hear of a resource.
pub type Watch = Box<dyn Any + Send + Sync>;

/// What stands behind the server. The server knows nothing else of oikos.
pub trait Household: Send + Sync + 'static {
    /// What a client is offered now. It is asked before each call: keep it, and make a new one when something changes.
    fn catalog<'a>(&'a self, client: &'a Client) -> Answering<'a, Result<Arc<Catalog>, Failure>>;

    /// What changes for a client from now on. A change is told after [`Household::catalog`] has it.
    fn changes(&self, client: &Client) -> broadcast::Receiver<Change>;

    /// Does something. Once `cancel` is over nobody waits for it any more, and it should end; an answer that comes anyway is
    /// dropped.
    fn perform(
        self: Arc<Self>,
        client: Client,
        work: Work,
        events: Arc<dyn CallEvents>,
        cancel: CancellationToken,
    ) -> Answering<'static, Result<Outcome, CallError>>;

    /// Completes an argument. The answer is a `CompleteResult`, as it was written.
    fn complete<'a>(
        &'a self,
        client: &'a Client,
        completion: Completion,
        cancel: CancellationToken,
    ) -> Answering<'a, Result<Json, CallError>>;

    /// Has [`Change::Resource`] told of a resource, until what is returned is dropped.
    fn watch<'a>(
        &'a self,
        client: &'a Client,
        app: Option<AppName>,
        uri: &'a str,
    ) -> Answering<'a, Result<Watch, Failure>>;
}
