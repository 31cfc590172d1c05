//! What a caller asks oikos and what it answers: the same words over the socket, in process and, with the doors, over
//! HTTP. Everything the command line can do is a [`Request`].

use crate::{
    ActionName, Answer, AppName, Arg, AuditEntry, Badge, BoxFact, Digest, EventId, Failure, FileId, GrantState,
    KeyName, LoginId, OfferId, OwnerName, PublisherName, QuestionId, RequestId, Right, RunId, Sentence, SequencedChunk,
    ShownOnce, Timestamp, TokenId, TokenName, Topic, Zone, sentence,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

mod access; // who is let in: API keys, browsers, owners
mod client; // MCP clients on this machine
mod file; // files for a run: by path, and handed over as bytes
mod grant; // an app's switches: how they stand, what the owner says of them
mod import; // servers that other programs have set up
mod key; // secrets in the vault, without their values
mod reply; // answers
mod server; // MCP servers and their tools
mod setting; // what can be set for an app

pub use crate::audit::{ChainBreak, ChainReport};
pub use access::{LoginView, OwnerView, TokenView};
pub use client::{ClientChange, ClientView};
pub use file::{FileView, NamedFile, NamedHanded, NamedPath};
pub use grant::{AppGrantsView, GrantView, LineChoice};
pub use import::{
    ImportAction, ImportAnswers, ImportAsk, ImportNotice, ImportOffered, ImportQuestion, ImportQuestionKind,
    ImportSetting, ImportSource, ImportView, ImportsView,
};
pub use key::KeyView;
pub use reply::Reply;
pub use server::{
    AppOffers, ServerPromptView, ServerResourceView, ServerRunning, ServerToolView, ServerView, SignInClient,
    SignInView, ToolDifference, ToolOffer, ToolStanding,
};
pub use setting::SettingView;

/// One request of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Whether a person sits at the other end and can answer.
    pub presence: bool,
    /// On whose behalf, where that is not the first owner. Only over the socket, which belongs to who sits at the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerName>,
    /// What is asked.
    pub request: Request,
}

/// What a caller can ask for. Paths are absolute: the answering process may live elsewhere in the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Who is there?
    Hello,
    /// Read, verify and stage a package; answers with its card. Nothing is installed.
    AppOffer {
        /// A folder or an archive, or the name of an app that comes with oikos.
        source: String,
        /// The fingerprint or the public key of a publisher whom the owner accepts with this package.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust: Option<String>,
        /// An older version than was there before is fine.
        #[serde(default)]
        downgrade: bool,
    },
    /// Install what was offered, with the owner's choices for its switches.
    AppInstall {
        /// The offer.
        offer: OfferId,
        /// Choices; a switch without one gets the card's proposal.
        choices: Vec<LineChoice>,
    },
    /// Forget an offer.
    AppDecline {
        /// The offer.
        offer: OfferId,
    },
    /// All installed apps.
    AppList,
    /// Apps that come with oikos.
    AppStarters,
    /// One app in full.
    AppInfo {
        /// The app.
        app: AppName,
    },
    /// A view that it brings along, or that it has for a tool of its server.
    AppView {
        /// The app.
        app: AppName,
        /// The file of its package; of a server, the address.
        path: String,
    },
    /// What a view of a server asks of that server.
    ViewAsk {
        /// The app.
        app: AppName,
        /// The view's address.
        view: String,
        /// `tools/call` or `resources/read`.
        method: String,
        /// The parameters, as the view wrote them.
        params: Value,
    },
    /// Let a browser in where an app answers requests: once, within a minute.
    AppEntry {
        /// The app.
        app: AppName,
        /// Where the browser then goes, on the app's own origin; the first page of it without that.
        path: Option<String>,
    },
    /// A view of oikos' own, for any host of views.
    View {
        /// The renderer that it is of.
        name: String,
    },
    /// Go back to the version before the last upgrade.
    AppRollback {
        /// The app.
        app: AppName,
        /// Bring its storage back as well: what was stored since the upgrade is lost.
        restore_storage: bool,
    },
    /// Let it run.
    AppEnable {
        /// The app.
        app: AppName,
    },
    /// Keep it installed, do not let it run.
    AppDisable {
        /// The app.
        app: AppName,
    },
    /// Remove it.
    AppRemove {
        /// The app.
        app: AppName,
        /// Erase its stored data too.
        erase: bool,
    },
    /// Start a run and stream it.
    RunStart {
        /// Asking twice with the same id gives the stored answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The app.
        app: AppName,
        /// The action or tool.
        action: ActionName,
        /// Its input; named files are filled in as handles.
        input: Value,
        /// Files and folders that the person hands over: each *is* the grant, for this run.
        files: Vec<NamedFile>,
    },
    /// Hand a file over whose bytes follow: for who has no path here, such as a page.
    FileHand {
        /// How its owner calls it. Shown, and never a path.
        name: String,
        /// How large it is; nothing makes a new, empty file, for a run to write.
        size_bytes: u64,
    },
    /// The next bytes of a file that is handed over. The same bytes again at the same place change nothing.
    FileAppend {
        /// The file.
        file: FileId,
        /// How many bytes come before these.
        at: u64,
        /// They.
        bytes: Vec<u8>,
    },
    /// Files that were handed over.
    FileList,
    /// The bytes of a file that was handed over, as they are now, piece by piece.
    FileTake {
        /// The file.
        file: FileId,
    },
    /// Forget a file that was handed over.
    FileForget {
        /// The file.
        file: FileId,
    },
    /// Stream a run that somebody started, from a place in its stream.
    RunFollow {
        /// The run.
        run: RunId,
        /// Chunks up to this one are known already.
        after_seq: u64,
    },
    /// Runs under way, and the last ended ones.
    RunList,
    /// Stop runs: their next effect fails, their sandbox goes.
    RunStop {
        /// Which.
        target: StopTarget,
    },
    /// What happened.
    Log {
        /// Only this app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app: Option<AppName>,
        /// Only this run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Only what came after this entry, its oldest first; without it, the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_seq: Option<u64>,
        /// At most this many entries.
        limit: u32,
    },
    /// What happens, as it happens. Ends when the answering process is about to.
    LogFollow {
        /// Only this app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app: Option<AppName>,
        /// Only this run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Entries up to this one are known already. Without it, the newest entries come first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_seq: Option<u64>,
        /// At most this many of the newest entries come first.
        limit: u32,
    },
    /// Prove the chain from its first entry to its last, and against the signed heads.
    LogVerify,
    /// Take back what a run did to files.
    Undo {
        /// The run.
        run: RunId,
    },
    /// An app's switches.
    GrantList {
        /// The app.
        app: AppName,
    },
    /// The switches of all apps.
    GrantListAll,
    /// Change an app's switches.
    GrantSet {
        /// The app.
        app: AppName,
        /// The changes.
        choices: Vec<LineChoice>,
    },
    /// An app's settings.
    SettingList {
        /// The app.
        app: AppName,
    },
    /// Change some of an app's settings: all of it, or nothing.
    SettingSet {
        /// The app.
        app: AppName,
        /// New values by name; null goes back to what the package says. Of a secret, a text is kept in the vault, and
        /// `{"key": NAME}` names a key that is there already.
        changes: serde_json::Map<String, Value>,
    },
    /// MCP servers.
    ServerList,
    /// One of them, with its tools as the owner knows them.
    ServerInfo {
        /// The app that it is.
        app: AppName,
    },
    /// Ask a server what it has, starting it if need be. What is not as it was accepted waits for a yes from then on.
    ServerLook {
        /// The app that it is.
        app: AppName,
    },
    /// Sign in to a server elsewhere, or go on with that. Answers once there is a page to sign in on, or none is needed.
    ServerSignIn {
        /// The app that it is.
        app: AppName,
        /// Who oikos is there, where the server's authorization server lets nobody in whom it does not know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<SignInClient>,
    },
    /// How that stands. Waits a while for it to end.
    ServerSignInWait {
        /// The app that it is.
        app: AppName,
    },
    /// Forget what a server elsewhere let oikos in with.
    ServerSignOut {
        /// The app that it is.
        app: AppName,
    },
    /// Decide about one tool of a server, or about all.
    ServerDecide {
        /// The app that it is.
        app: AppName,
        /// The tool; absent means all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// Accept it as it is offered now.
        #[serde(default)]
        accept: bool,
        /// Whether others than a person here may call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<GrantState>,
        /// What was seen of its tools, their `pin`: where they are something else by now, nothing is decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Digest>,
    },
    /// What an import of servers would do. Nothing is done.
    ImportList {
        /// Where they are read from.
        source: ImportSource,
        /// What a person says to what stands open there.
        #[serde(default, skip_serializing_if = "ImportAnswers::is_empty")]
        answers: ImportAnswers,
    },
    /// Make one of them ready: its package is pinned and packed, and its card is shown. Nothing is installed.
    ImportOffer {
        /// Where it is read from.
        source: ImportSource,
        /// What a person says to what stands open there.
        #[serde(default, skip_serializing_if = "ImportAnswers::is_empty")]
        answers: ImportAnswers,
        /// The app that it would become.
        app: AppName,
    },
    /// MCP clients of this machine.
    ClientList,
    /// Put oikos into a client's configuration, or take it out again.
    ClientConnect {
        /// The client's word.
        client: String,
        /// Take it out.
        #[serde(default)]
        disconnect: bool,
        /// Only say what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// The last that a server's program wrote on its standard error.
    ServerLog {
        /// The app that it is.
        app: AppName,
    },
    /// Keep a secret in the vault. No answer ever has it.
    KeyAdd {
        /// How its owner calls it.
        name: KeyName,
        /// It.
        value: ShownOnce,
        /// Where it may be sent: `HOST[:PORT]`, `*.` and a name for all names below it. None: it is for settings of apps
        /// only.
        #[serde(default)]
        hosts: Vec<String>,
        /// What its owner wants to remember of it.
        #[serde(default)]
        note: String,
        /// Whether it may take the place of one that is there.
        #[serde(default)]
        replace: bool,
    },
    /// Secrets in the vault, without their values.
    KeyList,
    /// Forget a secret.
    KeyRemove {
        /// Which.
        name: KeyName,
    },
    /// Open questions.
    ApprovalList,
    /// Answer one.
    ApprovalAnswer {
        /// The question.
        question: QuestionId,
        /// The answer.
        answer: Answer,
    },
    /// Publishers that the owner knows.
    PublisherList,
    /// Trust a publisher from now on.
    PublisherTrust {
        /// A minisign public key, in one line or as its file, or a fingerprint.
        publisher: String,
        /// How to call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<PublisherName>,
    },
    /// Learn from successor statements that publishers changed their keys.
    PublisherImport {
        /// The statements, each signed by the old key.
        statements: String,
    },
    /// Send an event, as the owner. Answers once it was heard.
    EventEmit {
        /// What it is about.
        topic: Topic,
        /// What it says.
        payload: Value,
    },
    /// What the clock starts, with next times and last results.
    ScheduleList,
    /// Make an API key. The answer has the secret, once.
    TokenNew {
        /// How to call it.
        name: TokenName,
        /// What it may do; never answer.
        rights: Vec<Right>,
        /// For how long; absent means until it is revoked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in_ms: Option<u64>,
    },
    /// API keys, by their names.
    TokenList,
    /// Revoke an API key: it lets nobody in any more, and what is open by it ends at once; runs that it began go on.
    TokenRevoke {
        /// The key.
        token: TokenId,
    },
    /// Make a link that signs in a browser, once, within a minute.
    LoginLink,
    /// Browsers that are signed in.
    LoginList,
    /// Sign a browser out.
    LoginRevoke {
        /// Which.
        login: LoginId,
    },
    /// Make an owner, with data, grants and keys of their own.
    OwnerNew {
        /// How to call them.
        name: OwnerName,
    },
    /// Owners of this oikos.
    OwnerList,
    /// Look at everything that could be wrong.
    Doctor,
    /// What the answering process counts, as Prometheus reads it. For the first owner: it is about all of them.
    Metrics,
}

/// What to stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopTarget {
    /// One run.
    Run(RunId),
    /// All runs of an app.
    App(AppName),
    /// Every run.
    All,
}

/// One frame of an answer. An answer is any number of chunks and steps, then exactly one `Done` or `Failed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum Frame {
    /// The run that follows, before its first chunk: what `RunStop` would name.
    Run {
        /// It.
        run: RunId,
    },
    /// A run's next chunk.
    Chunk(SequencedChunk),
    /// The log follows from behind this entry: before the first that is told, and after others that were not asked for.
    LogAfter {
        /// It.
        seq: u64,
    },
    /// The next entry of the log.
    Entry(Box<AuditEntry>),
    /// The next bytes of a file. They go over the wire as they are, never as an event.
    #[serde(skip)]
    Piece(Vec<u8>),
    /// How far something long has come.
    Step {
        /// What is being done.
        sentence: Sentence,
        /// Units done.
        done: u64,
        /// Units in all, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// The answer.
    Done {
        /// It.
        reply: Reply,
    },
    /// It failed.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// An installed app in one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppSummary {
    /// Its name.
    pub name: AppName,
    /// The author's title.
    pub title: String,
    /// The version that runs.
    pub version: String,
    /// Whether it may run.
    pub enabled: bool,
    /// Whether Stop keeps it from starting by itself until it is enabled again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Whether it cannot be enabled because its hook `postinstall` has not ended well yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unready: bool,
    /// What it needs of MCP servers and the owner has not named yet, such as `mcp.search`: until then calls to it fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Why its code cannot be loaded, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// The file of its package that a browser opens, where that is all of the app: `app_view` gives it, and nothing of it runs
    /// on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Whose signature it carries.
    #[serde(flatten)]
    pub badge: Badge,
    /// When this version was installed.
    pub installed_at: Timestamp,
}

/// An app that comes with oikos: its name is enough to have it offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StarterView {
    /// Its name.
    pub name: AppName,
    /// Its title.
    pub title: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version that comes with this oikos.
    pub version: String,
    /// The version that is installed under this name, whoever it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
}

/// A request that an app answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteView {
    /// The method, upper case.
    pub method: String,
    /// The path; `:name` stands for any one piece of it.
    pub path: String,
}

/// An installed app in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppDetail {
    /// The row.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// The author's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who the package says made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer: Option<String>,
    /// SHA-256 of the archive.
    pub digest: Digest,
    /// The folder or archive it was installed from, or the name of what came with oikos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The version before the last upgrade, to which a rollback goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Where it runs.
    pub zones: Vec<Zone>,
    /// What a person can start.
    pub actions: Vec<ActionView>,
    /// What a model can call; a person can as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolView>,
    /// Requests that it answers, at an address of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteView>,
    /// What it needs beside itself and is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Sentence>,
    /// Its switches.
    pub grants: Vec<GrantView>,
    /// Its bounds, in words.
    pub limits: Vec<Sentence>,
    /// Bytes in its storage.
    pub storage_bytes: u64,
}

/// A publisher that the owner knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublisherView {
    /// How the owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PublisherName>,
    /// What identifies it: the first half of the SHA-256 of its key.
    pub fingerprint: String,
    /// Its public key in minisign's form; absent while only the fingerprint is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether it is the project's own key, which is in the binary.
    pub official: bool,
    /// Names of apps that belong to it on this device, also of apps that were removed.
    pub apps: Vec<AppName>,
    /// The fingerprint of the key that came after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded_by: Option<String>,
    /// Since when it is trusted; absent for the project's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// An action, as a form or the command line shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    /// The name to run it by.
    pub name: ActionName,
    /// The author's title.
    pub title: String,
    /// The author's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its input.
    pub input: Value,
    /// `ui-schema.json`'s hints for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui: Option<Value>,
}

/// A tool, as models and the command line see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToolView {
    /// The name within its app, to run it by.
    pub name: ActionName,
    /// The name that models see: `<app>.<tool>`.
    pub visible: String,
    /// The same for wires that allow no dot.
    pub wire: String,
    /// The author's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its input.
    pub parameters: Value,
}

/// A run in one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// The app.
    pub app: AppName,
    /// The action.
    pub action: ActionName,
    /// What started it, where that was no person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Sentence>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunReport {
    /// The row.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// What the action returned, for a screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// What it returned, in a sentence or two, for a person or a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Which renderer should draw `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renderer: Option<String>,
    /// What it used.
    pub usage: RunUsage,
    /// What it exchanged with hosts of the network. What is beyond the first 32 comes last, in one row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<HostUse>,
    /// How the program that served it was kept: files, network, processes and memory. Empty where none did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<BoxFact>,
    /// What it did outside its sandbox, in words.
    pub effects: Vec<Sentence>,
    /// Whether `oikos undo` has something to take back.
    pub undoable: bool,
}

/// What a run exchanged with a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostUse {
    /// The host, with its port where that is unusual; absent for all further ones together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Requests that went there.
    pub requests: u64,
    /// Bytes of their heads and bodies.
    pub bytes_out: u64,
    /// Bytes that came from there, as they came.
    pub bytes_in: u64,
}

impl HostUse {
    /// In words.
    pub fn sentence(&self) -> Sentence {
        let (sent, received) = (Arg::Bytes(self.bytes_out), Arg::Bytes(self.bytes_in));
        match &self.host {
            Some(host) => sentence::network_used(host, self.requests, sent, received),
            None => sentence::network_used_beyond(self.requests, sent, received),
        }
    }
}

/// How an event was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventHeard {
    /// The event.
    pub event: EventId,
    /// The runs that it started and that have ended by now, in the order of their starts.
    pub runs: Vec<RunSummary>,
    /// The run that answered it, for what can be answered: the first whose result is not null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Box<RunReport>>,
    /// Whether it is still being heard: the deadline for telling was over first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pending: bool,
}

/// What the clock starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleView {
    /// The app.
    pub app: AppName,
    /// The action that is called.
    pub action: ActionName,
    /// Five fields of cron.
    pub cron: String,
    /// The zone they are read in, as IANA names it.
    pub time_zone: String,
    /// Whether it runs, or why not.
    pub state: Sentence,
    /// The next times; empty while it does not run.
    pub next: Vec<Timestamp>,
    /// The last time it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<ScheduleRun>,
}

/// A run that the clock started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleRun {
    /// The time it was meant for.
    pub slot: Timestamp,
    /// When it was started.
    pub started_at: Timestamp,
    /// The run; absent where none could be started, or where oikos ended first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// What a run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunUsage {
    /// Wall time in milliseconds, without waiting for people.
    pub wall_ms: u64,
    /// Guest CPU in microseconds.
    pub cpu_us: u64,
    /// Host CPU on its behalf in microseconds.
    pub host_cpu_us: u64,
    /// Largest linear memory in bytes.
    pub memory_bytes: u64,
    /// Bytes moved by effects.
    pub host_bytes: u64,
    /// Chunks streamed.
    pub chunks: u64,
    /// Log lines dropped over the limit.
    pub log_dropped: u64,
}

/// One check of `oikos doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorCheck {
    /// What was looked at.
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// What was found.
    pub finding: String,
    /// The next step, where there is one; where all is well, what would make it better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
