//! What is answered.

#[cfg(doc)]
use super::Request;
use super::{
    AppDetail, AppGrantsView, AppSummary, ChainReport, ClientChange, ClientView, DoctorCheck, EventHeard, FileView,
    GrantView, ImportOffered, ImportsView, KeyView, LoginView, OwnerView, PublisherView, RunReport, RunSummary,
    ScheduleView, ServerView, SettingView, SignInView, StarterView, TokenView,
};
use crate::{AppName, AuditEntry, Card, OfferId, Question, RunId, Sentence, ShownOnce, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// To `Hello`.
    Hello {
        /// oikos' version.
        version: String,
        /// The answering process.
        pid: u32,
    },
    /// To `AppOffer`.
    Offer {
        /// The offer.
        offer: OfferId,
        /// Its card.
        card: Box<Card>,
    },
    /// To `AppInstall`.
    Installed {
        /// The app as it is now.
        app: Box<AppDetail>,
    },
    /// To `AppList`.
    Apps {
        /// By name.
        apps: Vec<AppSummary>,
    },
    /// To `AppStarters`.
    Starters {
        /// By name.
        starters: Vec<StarterView>,
    },
    /// To `AppInfo`, `AppRollback`, `AppEnable`, `AppDisable`.
    App {
        /// The app.
        app: Box<AppDetail>,
    },
    /// To `KeyAdd`.
    Key {
        /// It, without its value.
        key: KeyView,
    },
    /// To `KeyList`.
    Keys {
        /// By name.
        keys: Vec<KeyView>,
    },
    /// To `ServerList`.
    Servers {
        /// By name.
        servers: Vec<ServerView>,
    },
    /// To `ServerInfo`, `ServerLook`, `ServerDecide`, `ServerSignOut`.
    Server {
        /// The server.
        server: Box<ServerView>,
    },
    /// To `ServerSignIn`, `ServerSignInWait`.
    SignIn {
        /// How it stands.
        sign_in: SignInView,
    },
    /// To `ImportList`.
    Imports {
        /// What would be done.
        imports: ImportsView,
    },
    /// To `ImportOffer`.
    Imported {
        /// What is ready.
        imported: Box<ImportOffered>,
    },
    /// To `ClientList`.
    Clients {
        /// The clients.
        clients: Vec<ClientView>,
    },
    /// To `ClientConnect`.
    Client {
        /// What was done.
        change: ClientChange,
    },
    /// To `ServerLog`.
    ServerLog {
        /// Lines, oldest first.
        lines: Vec<String>,
    },
    /// To `AppView` and `View`.
    View {
        /// Where its frame is served, at `/frame`.
        origin: String,
        /// One HTML document.
        html: String,
        /// Where it says that it would load from or send to, and does not.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wanted: Vec<String>,
    },
    /// To `ViewAsk`.
    ViewAnswer {
        /// JSON, as the server wrote it.
        answer: String,
    },
    /// To `FileHand` and `FileAppend`: the file as it is now.
    File {
        /// It.
        file: FileView,
    },
    /// To `FileList`.
    Files {
        /// In the order in which they came.
        files: Vec<FileView>,
    },
    /// To `RunStart` and `RunFollow`, after the last chunk.
    RunEnd {
        /// How it ended.
        run: Box<RunReport>,
    },
    /// To `RunList`.
    Runs {
        /// Newest first.
        runs: Vec<RunSummary>,
    },
    /// To `RunStop`.
    Stopped {
        /// The runs that were stopped.
        runs: Vec<RunId>,
        /// Apps that do not start by themselves until they are enabled again.
        paused: Vec<AppName>,
    },
    /// To `Log`.
    Log {
        /// Oldest first.
        entries: Vec<AuditEntry>,
    },
    /// To `LogVerify`.
    Verified {
        /// What was found.
        report: ChainReport,
    },
    /// To `Undo`.
    Undone {
        /// What was taken back, in words, newest change first.
        steps: Vec<Sentence>,
    },
    /// To `GrantList` and `GrantSet`.
    Grants {
        /// The app.
        app: AppName,
        /// Its switches.
        grants: Vec<GrantView>,
    },
    /// To `GrantListAll`.
    GrantsOfAll {
        /// By name.
        apps: Vec<AppGrantsView>,
    },
    /// To `SettingList` and `SettingSet`.
    Settings {
        /// The app.
        app: AppName,
        /// In the order of the package.
        settings: Vec<SettingView>,
    },
    /// To `ApprovalList`.
    Questions {
        /// Oldest first.
        questions: Vec<Question>,
    },
    /// To `PublisherList`.
    Publishers {
        /// The project's own key first, then by name.
        publishers: Vec<PublisherView>,
    },
    /// To `PublisherTrust` and `PublisherImport`: the publisher as it is known now.
    Publisher {
        /// It.
        publisher: PublisherView,
    },
    /// To `EventEmit`.
    Emitted {
        /// How it was heard.
        heard: EventHeard,
    },
    /// To `ScheduleList`.
    Schedules {
        /// By app.
        schedules: Vec<ScheduleView>,
    },
    /// To `TokenNew`.
    Token {
        /// It.
        token: TokenView,
        /// The key itself. Nobody can see it again.
        secret: ShownOnce,
    },
    /// To `TokenList`.
    Tokens {
        /// By name.
        tokens: Vec<TokenView>,
    },
    /// To `LoginLink` and `AppEntry`.
    Link {
        /// The address with the secret after its `#`. Nobody can see it again.
        url: ShownOnce,
        /// Until when it can be used.
        expires_at: Timestamp,
    },
    /// To `LoginList`.
    Logins {
        /// Newest first.
        logins: Vec<LoginView>,
    },
    /// To `OwnerNew`.
    Owner {
        /// It.
        owner: OwnerView,
    },
    /// To `OwnerList`.
    Owners {
        /// In the order in which they came.
        owners: Vec<OwnerView>,
    },
    /// To `Doctor`.
    Doctor {
        /// One row a check.
        checks: Vec<DoctorCheck>,
    },
    /// To `Metrics`.
    Metrics {
        /// Prometheus' text format, version 0.0.4.
        text: String,
    },
    /// Done, with nothing to say.
    Ok,
}
