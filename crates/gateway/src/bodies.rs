//! What goes over the wire, as types: what a request says in its path, query and body, and what an answer has in its
//! body. Both ends use the same ones, so what one writes the other reads.

use protocol::{
    ActionName, AppName, AuditEntry, Card, Digest, ErrorCode, Failure, GrantState, KeyName, OfferId, OwnerName,
    PublisherName, Question, RequestId, Right, RunId, Sentence, ShownOnce, Timestamp, TokenName, Topic,
    api::{
        AppDetail, AppGrantsView, AppSummary, ChainReport, ClientChange, ClientView, DoctorCheck, EventHeard, FileView,
        GrantView, ImportAnswers, ImportOffered, ImportSource, ImportsView, KeyView, LineChoice, LoginView, NamedFile,
        OwnerView, PublisherView, Reply, RunReport, RunSummary, ScheduleView, ServerView, SettingView, SignInClient,
        SignInView, StarterView, TokenView,
    },
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Number, Value};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ArrayBuilder, KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

/// An answer's body: one kind of [`Reply`].
pub(crate) trait AnswerBody: Serialize + DeserializeOwned + Send {
    /// The reply's content, if it is of this kind.
    fn of(reply: Reply) -> Option<Self>;

    /// The reply again.
    fn into_reply(self) -> Reply;

    /// Keeps one page of a list. What comes after it begins behind the key that is returned.
    fn turn(&mut self, _page: &Page) -> Result<Option<String>, Failure> {
        Ok(None)
    }
}

/// One page of a list. Without it the whole list is the answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// At most this many.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
    /// Begin behind this one: an app's name, a run's id, a question's id. `Link: <…>; rel="next"` of the page before
    /// has it.
    #[param(min_length = 1)]
    pub(crate) after: Option<String>,
}

/// Longest page.
const PAGE_ITEMS_MAX: usize = 1_000;

/// Cuts a list to a page.
fn cut<T>(items: &mut Vec<T>, page: &Page, key: impl Fn(&T) -> String) -> Result<Option<String>, Failure> {
    if let Some(after) = &page.after {
        let place = items.iter().position(|item| key(item) == *after).ok_or_else(|| {
            let after = protocol::text::shorten(after, 80);
            Failure::new(ErrorCode::Conflict, format!("'{after}' is not in the list, or not any more"))
                .hint("begin again without after")
        })?;
        items.drain(..=place);
    }
    let Some(limit) = page.limit else { return Ok(None) };
    if !(1..=PAGE_ITEMS_MAX).contains(&limit) {
        return Err(Failure::new(ErrorCode::InvalidInput, format!("limit is from 1 to {PAGE_ITEMS_MAX}")));
    }
    if items.len() <= limit {
        return Ok(None);
    }
    items.truncate(limit);
    Ok(items.last().map(key))
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident = $reply:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    } $(by $list:ident |$item:ident| $key:expr)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, ToSchema)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
        }

        impl AnswerBody for $name {
            fn of(reply: Reply) -> Option<Self> {
                match reply {
                    Reply::$reply { $($field),* } => Some(Self { $($field),* }),
                    _ => None,
                }
            }

            fn into_reply(self) -> Reply {
                Reply::$reply { $($field: self.$field),* }
            }

            $(fn turn(&mut self, page: &Page) -> Result<Option<String>, Failure> {
                cut(&mut self.$list, page, |$item| $key)
            })?
        }
    )*};
}

answers! {
    /// Who answers.
    Status = Hello {
        /// oikos' version.
        version: String,
        /// The answering process.
        pid: u32,
    };
    /// A package that was verified and waits for the owner's yes.
    Offered = Offer {
        /// The offer, to install or to decline.
        offer: OfferId,
        /// What the owner should read before.
        card: Box<Card>,
    };
    /// An app that was installed.
    Installed = Installed {
        /// The app as it is now.
        app: Box<AppDetail>,
    };
    /// Installed apps.
    Apps = Apps {
        /// By name.
        apps: Vec<AppSummary>,
    } by apps |item| item.name.to_string();
    /// MCP servers.
    Servers = Servers {
        /// By name.
        servers: Vec<ServerView>,
    };
    /// An MCP server.
    Server = Server {
        /// The server.
        server: Box<ServerView>,
    };
    /// A sign-in to a server elsewhere.
    ServerSignIn = SignIn {
        /// How it stands.
        sign_in: SignInView,
    };
    /// What an import would do.
    Imports = Imports {
        /// Server by server.
        imports: ImportsView,
    };
    /// A server that is ready to be installed.
    Imported = Imported {
        /// Its offer and its card.
        imported: Box<ImportOffered>,
    };
    /// MCP clients of this machine.
    Clients = Clients {
        /// Each as it stands.
        clients: Vec<ClientView>,
    };
    /// A client's configuration.
    Client = Client {
        /// What was done to it, or would be.
        change: ClientChange,
    };
    /// The last that a server wrote on its standard error.
    ServerLog = ServerLog {
        /// Lines, oldest first.
        lines: Vec<String>,
    };
    /// Apps that come with oikos.
    Starters = Starters {
        /// By name.
        starters: Vec<StarterView>,
    };
    /// One app.
    App = App {
        /// The app.
        app: Box<AppDetail>,
    };
    /// A view of results.
    View = View {
        /// Where its frame is served, at `/frame`.
        origin: String,
        /// One HTML document.
        html: String,
        /// Where it says that it would load from or send to, and does not.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wanted: Vec<String>,
    };
    /// What a view's server answered.
    ViewAnswer = ViewAnswer {
        /// JSON, as the server wrote it.
        answer: String,
    };
    /// A file that was handed over.
    File = File {
        /// The file as it is now.
        file: FileView,
    };
    /// Files that were handed over.
    Files = Files {
        /// In the order in which they came.
        files: Vec<FileView>,
    };
    /// A run that has ended.
    RunEnd = RunEnd {
        /// How it ended.
        run: Box<RunReport>,
    };
    /// Runs under way, and the last ended ones.
    Runs = Runs {
        /// Newest first.
        runs: Vec<RunSummary>,
    } by runs |item| item.run.to_string();
    /// What was stopped.
    Stopped = Stopped {
        /// The runs that were stopped.
        runs: Vec<RunId>,
        /// Apps that do not start by themselves until they are enabled again.
        paused: Vec<AppName>,
    };
    /// What happened.
    Log = Log {
        /// Oldest first.
        entries: Vec<AuditEntry>,
    };
    /// Whether the log holds.
    Verified = Verified {
        /// What was found.
        report: ChainReport,
    };
    /// What was taken back.
    Undone = Undone {
        /// In words, newest change first.
        steps: Vec<Sentence>,
    };
    /// An app's settings.
    Settings = Settings {
        /// The app.
        app: AppName,
        /// In the order of the package.
        settings: Vec<SettingView>,
    };
    /// An app's switches.
    Grants = Grants {
        /// The app.
        app: AppName,
        /// Its switches.
        grants: Vec<GrantView>,
    };
    /// The switches of all apps.
    GrantsOfAll = GrantsOfAll {
        /// By name.
        apps: Vec<AppGrantsView>,
    } by apps |item| item.app.to_string();
    /// Open questions.
    Questions = Questions {
        /// Oldest first.
        questions: Vec<Question>,
    } by questions |item| item.id.to_string();
    /// Publishers that the owner knows.
    Publishers = Publishers {
        /// The project's own key first, then by name.
        publishers: Vec<PublisherView>,
    };
    /// One publisher.
    Publisher = Publisher {
        /// The publisher as it is known now.
        publisher: PublisherView,
    };
    /// An event that was sent.
    Emitted = Emitted {
        /// How it was heard.
        heard: EventHeard,
    };
    /// What the clock starts.
    Schedules = Schedules {
        /// By app.
        schedules: Vec<ScheduleView>,
    };
    /// An API key that was made.
    Token = Token {
        /// It.
        token: TokenView,
        /// The key itself. Nobody can see it again.
        secret: ShownOnce,
    };
    /// API keys.
    Tokens = Tokens {
        /// By name.
        tokens: Vec<TokenView>,
    };
    /// A secret in the vault, without its value.
    StoredKey = Key {
        /// It.
        key: KeyView,
    };
    /// Secrets in the vault, without their values.
    Keys = Keys {
        /// By name.
        keys: Vec<KeyView>,
    };
    /// A link that signs in a browser, or lets one in where an app answers.
    Link = Link {
        /// The address with the secret after its `#`. Nobody can see it again.
        url: ShownOnce,
        /// Until when it can be used.
        expires_at: Timestamp,
    };
    /// Browsers that are signed in.
    Logins = Logins {
        /// Newest first.
        logins: Vec<LoginView>,
    };
    /// An owner who was made.
    Owner = Owner {
        /// It.
        owner: OwnerView,
    };
    /// Owners of this oikos.
    Owners = Owners {
        /// In the order in which they came.
        owners: Vec<OwnerView>,
    };
    /// Everything that could be wrong.
    Checks = Doctor {
        /// One row a check.
        checks: Vec<DoctorCheck>,
    };
}

/// Nothing to say.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Nothing;

impl AnswerBody for Nothing {
    fn of(reply: Reply) -> Option<Self> {
        matches!(reply, Reply::Ok).then_some(Self)
    }

    fn into_reply(self) -> Reply {
        Reply::Ok
    }
}

/// What the answering process counts. Goes over the wire as the text that it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Metrics(String);

impl From<Metrics> for String {
    fn from(Metrics(text): Metrics) -> Self {
        text
    }
}

impl AnswerBody for Metrics {
    fn of(reply: Reply) -> Option<Self> {
        match reply {
            Reply::Metrics { text } => Some(Self(text)),
            _ => None,
        }
    }

    fn into_reply(self) -> Reply {
        Reply::Metrics { text: self.0 }
    }
}

/// A package to read, verify and stage.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferBody {
    /// A folder or an archive, by its absolute path on the answering machine; the address of an archive; or the name of an
    /// app that comes with oikos.
    pub(crate) source: String,
    /// The fingerprint or the public key of a publisher whom the owner accepts with this package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trust: Option<String>,
    /// An older version than was there before is fine.
    #[serde(default)]
    pub(crate) downgrade: bool,
}

/// The owner's choices for switches.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoicesBody {
    /// What is not named stays as it is; in an offer, as its card proposes.
    #[serde(default)]
    pub(crate) choices: Vec<LineChoice>,
}

/// New values of settings.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    /// By name. What is not named stays as it is; null goes back to what the package says. Of a secret, a text is kept in
    /// the vault, and `{"key": NAME}` names a key that is there already; no API key changes one.
    pub(crate) settings: serde_json::Map<String, Value>,
}

/// What the owner decides about tools of a server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideBody {
    /// The tool; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<String>,
    /// Accept it as it is offered now.
    #[serde(default)]
    pub(crate) accept: bool,
    /// Whether others than a person here may call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<GrantState>,
    /// What was seen of its tools, their `pin`: where they are something else by now, nothing is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<Digest>,
}

/// Where servers are read from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBody {
    /// Where.
    pub(crate) source: ImportSource,
    /// What a person says to what stands open there, by its name.
    #[serde(default, skip_serializing_if = "ImportAnswers::is_empty")]
    pub(crate) answers: ImportAnswers,
}

/// One of the servers that were found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportOfferBody {
    /// Where it is read from.
    pub(crate) source: ImportSource,
    /// What a person says to what stands open there, by its name.
    #[serde(default, skip_serializing_if = "ImportAnswers::is_empty")]
    pub(crate) answers: ImportAnswers,
    /// The app that it would become.
    pub(crate) app: AppName,
}

/// What is to be done with a client's configuration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientBody {
    /// Take oikos out of it.
    #[serde(default)]
    pub(crate) disconnect: bool,
    /// Only say what would change.
    pub(crate) dry_run: bool,
}

/// How to go back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackBody {
    /// Bring the app's storage back as well: what was stored since the upgrade is lost.
    #[serde(default)]
    pub(crate) restore_storage: bool,
}

/// A run to start.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunBody {
    /// Asking twice with the same id gives the stored answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<RequestId>,
    /// The app.
    pub(crate) app: AppName,
    /// The action or tool.
    pub(crate) action: ActionName,
    /// Its input; named files are filled in as handles.
    #[serde(default)]
    pub(crate) input: Value,
    /// Files and folders that the person hands over: each *is* the grant, for this run. A path is of the answering machine,
    /// and named by who sits at it; who does not hands a file over first.
    #[serde(default)]
    pub(crate) files: Vec<NamedFile>,
}

/// A file to hand over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileBody {
    /// How it is called. It is shown, and never a path.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) name: String,
    /// How large it is. Nothing, or absent, makes a new, empty file.
    #[serde(default, deserialize_with = "whole_if_said")]
    #[schema(minimum = 0, maximum = 67_108_864_u64)]
    pub(crate) size_bytes: u64,
}

/// Which piece of a file.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PieceQuery {
    /// How many bytes of the file come before it.
    #[param(minimum = 0, maximum = 67_108_864_u64)]
    pub(crate) at: u64,
}

/// Bytes as they are. `Vec<u8>` would be described as a list of numbers.
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into()
    }
}

impl ToSchema for Binary {}

/// A publisher to trust.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustBody {
    /// A minisign public key, in one line or as its file, or a fingerprint.
    pub(crate) publisher: String,
    /// How to call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<PublisherName>,
}

/// A secret to keep in the vault. No answer ever has it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// How its owner calls it.
    pub(crate) name: KeyName,
    /// It.
    pub(crate) value: ShownOnce,
    /// Where it may be sent: `HOST[:PORT]`, `*.` and a name for all names below it. None: it is for settings of apps only.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// What its owner wants to remember of it.
    #[serde(default)]
    pub(crate) note: String,
    /// Whether it may take the place of one that is there.
    #[serde(default)]
    pub(crate) replace: bool,
}

/// A sign-in to a server elsewhere.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSignInBody {
    /// Who oikos is there, where the server's authorization server lets nobody in whom it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<SignInClient>,
}

/// An API key to make.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// How to call it.
    pub(crate) name: TokenName,
    /// What it may do; never answer.
    #[schema(schema_with = rights_of_keys)]
    pub(crate) rights: Vec<Right>,
    /// For how long; absent means until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 3_162_240_000_000_u64)]
    pub(crate) expires_in_ms: Option<u64>,
}

/// The rights that an API key may have, at least one of them.
fn rights_of_keys() -> Schema {
    let words = Right::OF_KEYS.iter().map(|right| right.word());
    let right = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
    let rights = ArrayBuilder::new().items(right).min_items(Some(1));
    rights.description(Some("What it may do; never answer.")).into()
}

/// A link, as a page got it behind the `#` of its address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    /// What stands behind the `#`.
    pub(crate) link: ShownOnce,
}

/// A browser that was signed in. The other half of its secret is a cookie that no script can read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignIn {
    /// The login, as it is listed.
    pub(crate) login: LoginView,
    /// For the page, which sends it as the header `oikos-page`.
    pub(crate) page: ShownOnce,
}

/// The bootstrap token, and the first key to make with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BootstrapBody {
    /// What was shown when oikos was started for the first time.
    pub(crate) token: ShownOnce,
    /// How to call the key.
    pub(crate) name: TokenName,
    /// What it may do; never answer.
    #[schema(schema_with = rights_of_keys)]
    pub(crate) rights: Vec<Right>,
}

/// An owner to make.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerBody {
    /// How to call them.
    pub(crate) name: OwnerName,
}

/// Statements of publishers that changed their keys.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementsBody {
    /// The statements, each signed by the old key.
    pub(crate) statements: String,
}

/// An event to send.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventBody {
    /// What it is about.
    pub(crate) topic: Topic,
    /// What it says.
    #[serde(default)]
    pub(crate) payload: Value,
}

/// How to remove an app.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveQuery {
    /// Erase its stored data too.
    #[serde(default)]
    #[param(required = false)]
    pub(crate) erase: bool,
}

/// Where a browser is let in.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryBody {
    /// Where it then goes, on the app's own origin; the first page of it without that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub(crate) path: Option<String>,
}

/// Which view of an app.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViewQuery {
    /// The file of the package, which ends with `.html`; of a server, the address of the view that a tool names (`ui://…`).
    #[param(min_length = 1, max_length = 1024)]
    pub(crate) path: String,
}

/// What a view asks of its server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewAskBody {
    /// The view's address.
    #[schema(max_length = 1024)]
    pub(crate) view: String,
    /// `tools/call` or `resources/read`.
    #[schema(max_length = 64)]
    pub(crate) method: String,
    /// The parameters, as the view wrote them.
    #[serde(default)]
    pub(crate) params: Value,
}

/// Which part of the log.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// Only this app.
    pub(crate) app: Option<AppName>,
    /// Only this run.
    pub(crate) run: Option<RunId>,
    /// Only what came after this entry, its oldest first; without it, the newest. In a stream: entries up to this one are
    /// known already; without it, what the header `Last-Event-ID` says, else the newest entries come first.
    #[serde(default, deserialize_with = "seq")]
    #[param(maximum = 9_223_372_036_854_775_807_u64)]
    pub(crate) after_seq: Option<u64>,
    /// At most this many entries; in a stream, at most this many of the newest come first.
    #[serde(default = "log_limit")]
    #[param(required = false, default = 100, maximum = 4_294_967_295_u32)]
    pub(crate) limit: u32,
}

/// Entries of the log where nobody says how many.
fn log_limit() -> u32 {
    100
}

/// From where to stream a run.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Chunks up to this one are known already. Without it, what the header `Last-Event-ID` says; else all.
    #[serde(default, deserialize_with = "seq")]
    #[param(maximum = 9_223_372_036_854_775_807_u64)]
    pub(crate) after_seq: Option<u64>,
}

/// The largest number that anything in a log or a stream can have: what others count with goes no further.
pub(crate) const SEQ_MAX: u64 = i64::MAX.unsigned_abs();

/// A place in a log or a stream. Behind the last place that there can be, nothing would ever come.
fn seq<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let said = Option::<u64>::deserialize(from)?;
    match said {
        Some(seq) if seq > SEQ_MAX => Err(D::Error::custom(format_args!("after_seq is at most {SEQ_MAX}"))),
        said => Ok(said),
    }
}

/// A whole number, however JSON writes it: to many programs, and to the description, `1000.0` is one as well.
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Option::<Number>::deserialize(from)?.map(whole_number).transpose()
}

/// The same where there is a number, or no word of it.
fn whole_if_said<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    whole_number(Number::deserialize(from)?)
}

fn whole_number<E: serde::de::Error>(said: Number) -> Result<u64, E> {
    let in_words = |number: f64| if number.fract() == 0.0 { format!("{:.0}", number + 0.0).parse().ok() } else { None };
    let number = said.as_u64().or_else(|| said.as_f64().and_then(in_words));
    number.ok_or_else(|| E::custom(format_args!("{said} is no whole number from 0 on")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::KEY_LIFE_MS_MAX;
    use protocol::limit::{FILE_BYTES_MAX, FILE_NAME_CHARS_MAX};

    #[test]
    fn a_file_is_as_large_as_is_described() {
        let described = serde_json::to_value(FileBody::schema()).expect("is JSON");
        let said = |pointer: &str| described.pointer(pointer).and_then(Value::as_u64);
        assert_eq!(said("/properties/size_bytes/maximum"), Some(FILE_BYTES_MAX));
        assert_eq!(said("/properties/name/maxLength"), Some(FILE_NAME_CHARS_MAX as u64));
        let size = |said: &str| serde_json::from_str::<FileBody>(said).map(|body| body.size_bytes).ok();
        assert_eq!(size(r#"{ "name": "a" }"#), Some(0));
        assert_eq!(size(r#"{ "name": "a", "size_bytes": 5.0 }"#), Some(5));
        for wrong in ["null", "-1", "0.5", "\"5\""] {
            assert_eq!(size(&format!(r#"{{ "name": "a", "size_bytes": {wrong} }}"#)), None, "{wrong}");
        }
        let binary = serde_json::to_value(Binary::schema()).expect("is JSON");
        assert_eq!(binary, serde_json::json!({ "type": "string", "format": "binary" }));
    }

    #[test]
    fn a_key_lives_as_long_as_is_described() {
        let described = serde_json::to_value(TokenBody::schema()).expect("is JSON");
        let said = described.pointer("/properties/expires_in_ms/maximum").and_then(Value::as_u64);
        assert_eq!(said, Some(KEY_LIFE_MS_MAX));
    }

    #[test]
    fn numbers_are_taken_as_they_are_described() {
        let token = |number: &str| {
            serde_json::from_str::<TokenBody>(&format!(r#"{{ "name": "a", "rights": [], "expires_in_ms": {number} }}"#))
        };
        let whole = [
            ("null", None),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("44061.0", Some(44_061)),
            ("1e16", Some(10_u64.pow(16))),
        ];
        for (said, number) in whole {
            assert_eq!(token(said).expect("is read").expires_in_ms, number, "{said}");
        }
        for said in ["-1", "0.5", "1e40", "true", "\"7\""] {
            assert!(token(said).is_err(), "{said}");
        }
        let from = |seq: u64| serde_json::from_str::<StreamQuery>(&format!(r#"{{ "after_seq": {seq} }}"#));
        assert_eq!(from(SEQ_MAX).expect("is read").after_seq, Some(SEQ_MAX));
        assert!(from(SEQ_MAX + 1).is_err());
    }

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        let all: Vec<String> = (0..7).map(|number| format!("app-{number}")).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let mut items = all.clone();
            let page = Page { limit: Some(3), after: after.clone() };
            after = cut(&mut items, &page, String::clone).expect("is cut");
            seen.extend(items);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        let page = |limit, after: &str| Page { limit, after: Some(after.to_owned()) };
        assert!(cut(&mut all.clone(), &page(Some(0), "app-1"), String::clone).is_err());
        assert!(cut(&mut all.clone(), &page(Some(1_001), "app-1"), String::clone).is_err());
        let gone = cut(&mut all.clone(), &page(None, "app-9"), String::clone).expect_err("gone");
        assert_eq!(gone.code, ErrorCode::Conflict);
        let mut rest = all.clone();
        assert_eq!(cut(&mut rest, &page(None, "app-5"), String::clone), Ok(None));
        assert_eq!(rest, ["app-6"]);
    }
}
