//! The command line's words. `docs/reference/cli.md` is made from them.

mod approval; // questions of apps
mod key; // secrets in the vault
mod mcp; // servers of others, and oikos as one

pub(crate) use approval::{ApprovalCommand, ChoiceWord};
pub(crate) use key::KeyCommand;
pub(crate) use mcp::{ImportWords, McpCommand};

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::{
    ActionName, AppName, FileId, GrantState, LoginId, OwnerName, PublisherName, Right, RunId, TokenId, TokenName, Topic,
};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  oikos app install csv-insights                         read the card, then say yes or no
  oikos run csv-insights analyze --file data=sales.csv   the file you name is all it can read
  oikos log csv-insights                                 what it did, in plain words
  oikos stop --all                                       now

Exit codes:
  0 done     1 failed            2 usage or invalid input   3 denied
  4 refused  5 limit reached     6 not found                7 stopped by you";

/// Runs AI apps made by strangers on your own machine, and holds them to what you allowed.
#[derive(Debug, Parser)]
#[command(name = "oikos", version, after_help = EXAMPLES, max_term_width = 120, arg_required_else_help = true)]
pub(crate) struct Words {
    /// Print JSON: one object, or one a line for what streams
    #[arg(long, global = true)]
    pub(crate) json: bool,
    // Read from the environment by hand: clap would show it in every usage line as if it had been given.
    /// Where all state lives, instead of OIKOS_HOME
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) home: Option<PathBuf>,
    /// On behalf of this owner, instead of the first one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) owner: Option<OwnerName>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Install, look at and remove apps; pack and sign your own
    #[command(subcommand)]
    App(AppCommand),
    /// Run an app's action
    Run(RunWords),
    /// Files that come as bytes, as a page hands them over: no path is named, and runs use them by their id
    #[command(subcommand)]
    File(FileCommand),
    /// What happened, in plain words
    Log(LogWords),
    /// Stop runs: their next effect fails, their sandbox goes
    #[command(after_help = "\
Examples:
  oikos stop csv-insights      every run of this app
  oikos stop 0193c8a2-…        one run
  oikos stop --all             everything

An app that is stopped does not start by itself (events, schedule) until `oikos app enable APP`.")]
    Stop {
        /// An app or a run
        #[arg(required_unless_present = "all", value_name = "APP|RUN")]
        target: Option<String>,
        /// Everything
        #[arg(long, conflicts_with = "target")]
        all: bool,
    },
    /// Take back what a run did to files; refused where a file changed since
    #[command(after_help = "\
Example:
  oikos undo 0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a    the run's id, as `oikos run` and `oikos log` show it")]
    Undo {
        /// The run
        run: RunId,
    },
    /// See or change what an app may do; holds from its next step on
    #[command(after_help = "\
Examples:
  oikos grant                                          the switches of all apps
  oikos grant scribe                                   those of one app, as they stand
  oikos grant scribe file.read=allow:~/notes           one folder, to read
  oikos grant scribe file=ask:~/notes storage=block    several switches at once
  oikos grant page-watch network=allow:example.com     this host: HOST[:PORT][/PATH]
  oikos grant courier network=allow --only a.org       of its hosts, as shown, none but this one
  oikos grant finder mcp=allow:github/search_code      one tool more of a server: SERVER/TOOL
  oikos grant finder mcp.search=ask:github/search_code what its own name mcp.search stands for")]
    Grant {
        /// The app; all of them without it
        app: Option<AppName>,
        /// A switch and its state: allow, ask or block; for files in a folder, for network at a host, for mcp a tool
        #[arg(value_name = "SWITCH=STATE[:TARGET]", value_parser = grant_word)]
        changes: Vec<GrantWord>,
        /// Of the hosts that it has, none but this one, as they are shown. May be repeated
        #[arg(long, value_name = "HOST", requires = "app")]
        only: Vec<String>,
    },
    /// Keys that sign apps: yours, and those of others whom you trust
    #[command(subcommand)]
    Publisher(PublisherCommand),
    /// Questions that apps are waiting for
    #[command(subcommand)]
    Approval(ApprovalCommand),
    /// Send an event to the apps that listen to it, and say who heard it
    Emit(EmitWords),
    /// What the clock starts
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// MCP servers: their tools, as you accepted them
    #[command(subcommand)]
    Mcp(McpCommand),
    /// Secrets in the vault: apps have them sent to their hosts, and nobody sees them again
    #[command(subcommand)]
    Key(KeyCommand),
    /// API keys: let programs in, with as little as they need
    #[command(subcommand)]
    Token(TokenCommand),
    /// Browsers that are signed in
    #[command(subcommand)]
    Login(LoginCommand),
    /// Owners: each with apps, grants, keys and a log of their own
    #[command(subcommand)]
    Owner(OwnerCommand),
    /// Serve here until Ctrl-C: the page, the HTTP API, events, and what the clock starts
    #[command(after_help = "\
Examples:
  oikos up               other terminals go through this one; events and schedules are followed
  oikos up --open        the same, and the page of it in your browser, signed in
  oikos up --port 0      at any port that is free, which is printed

The configuration file, with what holds where it says nothing:
  zone = \"local\"                 # \"cloud\": only official apps that list it, without files and programs
  time_zone = \"Europe/Berlin\"    # in which schedules are read; the system's
  [supervisor]                   # what fails is started again,
  restarts_max = 5               # at most so often
  window_ms = 60000              # within this time,
  pause_first_ms = 100           # after a pause that doubles
  pause_max_ms = 10000           # up to this,
  jitter_percent = 50            # of which so much is left to chance
  [doors]
  bind = \"127.0.0.1:7070\"        # others only with tls and an API key
  hosts = []                     # names by which others reach it: [\"box.example\"]
  tls = { cert = \"/cert.pem\", key = \"/key.pem\" }    # none
  [egress]
  proxy = \"http://proxy:3128\"    # none; never from the environment
  no_proxy = []                  # hosts that are reached without it: [\"*.corp.example\"]
  proxy_credentials = \"/proxy\"  # none; a file with USER:PASSWORD
  [network]
  authorities = \"/ca.pem\"        # none; a file with authorities that are trusted beside the public ones
  [vault]
  key_file = \"/vault.key\"      # ~/.config/oikos/keys; never in OIKOS_HOME, nor where that is backed up
  passphrase_file = \"/pass\"    # none; sealed under the passphrase in this file instead
  passphrase = true              # the same, asked for in the terminal
  [servers]
  client_document = \"https://box.example/oikos.json\"    # none; describes this oikos where it signs in
  [log]
  format = \"text\"              # \"json\"
  level = \"info\"               # or one for each part: \"gateway=debug,info\"
  [telemetry]
  otlp = \"http://127.0.0.1:4318\" # none; where traces go, docs/guides/observing.md says the rest")]
    Up {
        #[command(flatten)]
        words: UpWords,
        /// Show the page in your browser, signed in; without a browser, print a link that is good once. Where oikos is up
        /// already, it is the page of that one
        #[arg(long, conflicts_with = "no_doors")]
        open: bool,
        /// Tell what happens in the home's log file; OIKOS_LOG says how much (info)
        #[arg(long)]
        log: bool,
        /// Started by `daemon start`, which reads what is handed on
        #[arg(long, hide = true)]
        hand_on: bool,
    },
    /// The same in the background: start, stop, status, logs
    #[command(subcommand)]
    Daemon(DaemonCommand),
    /// Look at everything that could be wrong, and say the next step
    Doctor,
    /// Print what the oikos that is up counts, as Prometheus reads it
    Metrics,
    /// Print the reference of all commands as Markdown
    #[command(hide = true)]
    Reference,
    /// Print the description of the HTTP API (OpenAPI)
    #[command(hide = true)]
    Openapi,
}

/// How to be up.
#[derive(Debug, Args)]
pub(crate) struct UpWords {
    /// Open no door but the local socket
    #[arg(long, conflicts_with = "port")]
    pub(crate) no_doors: bool,
    /// The port of the HTTP API, instead of the configuration's (7070)
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// A configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Begin to serve in the background, and wait until it does
    Start(UpWords),
    /// End it: nothing begins any more, and what runs has a moment to come to its end
    Stop,
    /// Whether it is up, since when, and where its door is
    Status,
    /// The last lines of its log file
    Logs {
        /// How many
        #[arg(long, default_value_t = 100, value_name = "N")]
        lines: usize,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Read an app's card and install it, from a folder or an .aisapp archive
    #[command(after_help = "\
Examples:
  oikos app install notes                    what comes with oikos: oikos app starters
  oikos app install ./notes                  a folder
  oikos app install notes-1.0.0.aisapp --yes
  oikos app install https://example.com/notes-1.0.0.aisapp
  oikos app install scribe/ --yes --grant file.read=allow:~/notes --grant file.write=ask:~/notes
  oikos app install notes-1.0.0.aisapp --trust 0123-4567-89ab-cdef-0123-4567-89ab-cdef

--yes takes the card as it is proposed; every --grant changes one switch. --trust accepts a
publisher by the fingerprint or the public key that you have from them, not from the package.")]
    Install {
        /// A folder, an .aisapp archive, the https:// address of one, or the name of an app that comes with oikos
        #[arg(value_name = "SOURCE|NAME")]
        source: PathBuf,
        /// Take the card as proposed
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        signer: SignerWords,
        /// Set a switch: allow, ask or block; for files, in a folder. May be repeated
        #[arg(long = "grant", value_name = "SWITCH=STATE[:TARGET]", value_parser = grant_word)]
        grants: Vec<GrantWord>,
        /// Of the hosts on the card, none but this one, beside --grant network=STATE. May be repeated
        #[arg(long, value_name = "HOST")]
        only: Vec<String>,
    },
    /// Show an app's card without installing it
    Card {
        /// A folder, an .aisapp archive, the https:// address of one, or the name of an app that comes with oikos
        #[arg(value_name = "SOURCE|NAME")]
        source: PathBuf,
        #[command(flatten)]
        signer: SignerWords,
    },
    /// Let a newer version take over; asks only for what is more than before
    #[command(after_help = "\
Examples:
  oikos app upgrade notes                  from the folder or archive that it was installed from
  oikos app upgrade notes-1.1.0.aisapp
  oikos app upgrade ./notes --yes          also if it asks for more

What asks for nothing more takes over at once. What asks for more waits for your yes to just that.
Where a hook or the health check of the new version fails, the old one goes on as it was.")]
    Upgrade {
        /// An installed app, a folder or an .aisapp archive
        #[arg(value_name = "APP|SOURCE")]
        source: PathBuf,
        /// Take what is new on the card as proposed
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        signer: SignerWords,
        /// Set a switch: allow, ask or block; for files, in a folder. May be repeated
        #[arg(long = "grant", value_name = "SWITCH=STATE[:TARGET]", value_parser = grant_word)]
        grants: Vec<GrantWord>,
        /// Of the hosts on the card, none but this one, beside --grant network=STATE. May be repeated
        #[arg(long, value_name = "HOST")]
        only: Vec<String>,
    },
    /// Go back to the version before the last upgrade
    #[command(after_help = "\
Examples:
  oikos app rollback notes                      its storage stays as the newer version left it
  oikos app rollback notes --restore-storage    its storage goes back too")]
    Rollback {
        /// The app
        app: AppName,
        /// Bring its storage back too: what it stored since the upgrade is lost
        #[arg(long)]
        restore_storage: bool,
    },
    /// Turn MCP servers that other programs have set up into apps, each looked at first
    #[command(after_help = "\
Examples:
  oikos app import --scan                     what Claude Desktop, Claude Code, Cursor, VS Code, Windsurf and Zed have set up
  oikos app import files memory               these two
  oikos app import --all --yes                all, with their cards as proposed
  oikos app import ./server.mcpb              a bundle, or a server.json

A package is pinned to one version with its digests and installed in a box, without its scripts. Secrets move to the
vault. What is imported is switched off until you have looked at its tools. Nothing is changed where it was found.")]
    Import(ImportWords),
    /// Installed apps
    List,
    /// Apps that come with oikos; `oikos app install NAME` takes their names
    Starters,
    /// One app in full: what it can do, what it may do, what it takes
    Info {
        /// The app
        app: AppName,
    },
    /// The address that lets a browser in where an app answers requests: once, within a minute
    #[command(after_help = "\
Examples:
  oikos app open notes                  its first page
  oikos app open notes /notes/7         another one
  oikos app open notes --browser        in your browser, at once

The browser stays let in for twelve hours, or until oikos starts again.")]
    Open {
        /// The app
        app: AppName,
        /// Where the browser then goes; `oikos app info APP` shows what the app answers
        path: Option<String>,
        /// Open it in the browser of this machine
        #[arg(long)]
        browser: bool,
    },
    /// An app's settings: shown without values, changed with them
    #[command(after_help = "\
Examples:
  oikos app settings weather                      what there is to set, and what holds now
  oikos app settings weather city=Graz days=3     from its next run on
  oikos app settings weather --unset days         as the package says, again
  oikos app settings weather --secret token       asks for it; it goes into the vault, and is not shown again
  oikos app settings weather --secret token=deploy    the key of this name, of `oikos key list`")]
    Settings {
        /// The app
        app: AppName,
        /// A setting and its value: text as it is, everything else as JSON
        #[arg(value_name = "KEY=VALUE", value_parser = setting_word)]
        changes: Vec<SettingWord>,
        /// Go back to what the package says. May be repeated
        #[arg(long, value_name = "KEY")]
        unset: Vec<String>,
        /// Set a secret: asked for unseen, or the next line of standard input; or a key that is in the vault. May be repeated
        #[arg(long, value_name = "KEY[=NAME]")]
        secret: Vec<SecretWord>,
    },
    /// Let an app run
    Enable {
        /// The app
        app: AppName,
    },
    /// Keep an app installed, do not let it run
    Disable {
        /// The app
        app: AppName,
    },
    /// Remove an app; its stored data stays unless --erase
    Remove {
        /// The app
        app: AppName,
        /// Erase its stored data too
        #[arg(long)]
        erase: bool,
    },
    /// Make a folder with an app that works, to begin from
    #[command(after_help = "\
Examples:
  oikos app new word-count                    manifest.json, action-schema.json, bot-logic.js
  oikos app new word-count --form plugin      package.json, kimai.json, llm-tool.yaml, src/index.js
  oikos app new word-count --form browser     manifest.json, index.html")]
    New {
        /// The app's name, and that of its folder here
        name: AppName,
        /// How its source is written; the first two can do the same
        #[arg(long, value_enum, default_value_t = FormWord::MiniApp)]
        form: FormWord,
    },
    /// Run the app of a folder in an oikos of its own, anew after each change, until Ctrl-C
    #[command(after_help = "\
Example:
  oikos app dev word-count     prints the --home by which another terminal runs it")]
    Dev {
        /// The folder
        folder: PathBuf,
    },
    /// Look at an app's folder for what should be mended before others see it
    #[command(after_help = "\
Looks for what an install would refuse, permissions that are too wide, not used or missing, advice to pipe
downloads into a shell, characters that nobody sees, and names that look like those of installed apps.
The exit code is 2 where there is an error or a warning; a note changes nothing.")]
    Lint {
        /// The folder
        folder: PathBuf,
    },
    /// Run an app's cases (tests/*.json), and inputs that nobody means well with, in an oikos of its own
    #[command(after_help = "\
Example of a file in tests/:
  [ { \"case\": \"greets\", \"run\": \"greet\", \"input\": { \"name\": \"Ada\" },
      \"expect\": { \"summary\": \"Hello, Ada[..]\" } } ]

A run also fails where the app wants something that its permissions do not ask for.")]
    Test {
        /// The folder
        folder: PathBuf,
        /// The author's cases only
        #[arg(long)]
        cases_only: bool,
    },
    /// Pack an app's folder into one archive, the same bytes each time
    #[command(after_help = "\
Example:
  oikos app pack apps/notes --out notes.aisapp")]
    Pack {
        /// The folder
        folder: PathBuf,
        /// The archive; default NAME-VERSION.aisapp here
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Sign an app's folder or archive with a publisher's key of yours
    #[command(after_help = "\
Examples:
  oikos app sign apps/notes --publisher ada
  oikos app sign notes.aisapp --publisher ada --out signed.aisapp")]
    Sign {
        /// A folder or an .aisapp archive
        source: PathBuf,
        /// Your key: oikos publisher list shows yours
        #[arg(long, value_name = "NAME")]
        publisher: PublisherName,
        /// The archive; default NAME-VERSION.aisapp here
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// What the owner says about who signed.
#[derive(Debug, Args)]
pub(crate) struct SignerWords {
    /// Accept the publisher with this fingerprint or public key
    #[arg(long, value_name = "FINGERPRINT|KEY")]
    pub(crate) trust: Option<String>,
    /// An older version than you had is fine
    #[arg(long)]
    pub(crate) downgrade: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PublisherCommand {
    /// Make a key to sign your apps with
    #[command(after_help = "\
Examples:
  oikos publisher new ada
  oikos publisher new ada --passphrase     asks for one; without it, only the mode of the file protects the key

The files are minisign's: what stock minisign makes can be put beside them.")]
    New {
        /// How you call it, and how others will
        name: PublisherName,
        /// Protect the file with a passphrase: asked for, or the first line of standard input
        #[arg(long)]
        passphrase: bool,
    },
    /// Your keys, and the publishers whom you trust
    List,
    /// Trust a publisher from now on
    #[command(after_help = "\
Examples:
  oikos publisher trust RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3 --name ada
  oikos publisher trust ada.pub
  oikos publisher trust 0123-4567-89ab-cdef-0123-4567-89ab-cdef")]
    Trust {
        /// A public key, its file, or a fingerprint
        #[arg(value_name = "KEY|FILE|FINGERPRINT")]
        publisher: String,
        /// How to call it here
        #[arg(long)]
        name: Option<PublisherName>,
    },
    /// Name the key that comes after another one of yours; packages that it signs carry the statement
    #[command(after_help = "\
Example:
  oikos publisher new ada-2027
  oikos publisher succeed ada ada-2027 --out ada.successor")]
    Succeed {
        /// The old key, which signs the statement
        old: PublisherName,
        /// The new key
        new: PublisherName,
        /// Write the statement into a file too, for those who do not get it with a package
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Learn from a successor statement that a publisher changed keys
    Import {
        /// The file with the statement
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make an API key; it is shown once
    #[command(after_help = "\
Examples:
  oikos token new backup --rights read --expires 30d
  oikos token new home-assistant --rights read,run

  read      see apps, runs, grants and the log
  run       start and stop runs
  manage    enable, disable, set, roll back and remove apps; undo; fetch a package to read its card

A key never answers questions, and never installs, grants or lets others in: that is your word alone.")]
    New {
        /// How you call it
        name: TokenName,
        /// What it may do
        #[arg(long, value_name = "RIGHTS", value_delimiter = ',', default_value = "read,run", value_parser = right_word)]
        rights: Vec<Right>,
        /// For how long, such as 12h, 30d or 1y; else until you revoke it
        #[arg(long, value_name = "TIME", value_parser = life_word)]
        expires: Option<u64>,
    },
    /// Your API keys, with their last four characters
    List,
    /// Revoke an API key: it lets nobody in any more, and what is open by it ends at once; runs that it began go on
    Revoke {
        /// The key's id, as `oikos token list` shows it
        id: TokenId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LoginCommand {
    /// Make a link that signs in a browser: once, within a minute
    Link,
    /// Browsers that are signed in
    List,
    /// Sign a browser out: what it has open ends at once
    Revoke {
        /// The login's id, as `oikos login list` shows it
        id: LoginId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OwnerCommand {
    /// Make an owner
    #[command(after_help = "\
Example:
  oikos owner new ben
  oikos --owner ben token new phone    a key by which Ben comes in")]
    New {
        /// How you call them
        name: OwnerName,
    },
    /// Owners of this oikos
    List,
}

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  oikos run csv-insights analyze --file data=sales.csv
  oikos run notes add --input '{\"text\": \"buy milk\"}'
  oikos run notes export --file to=notes.md
  oikos run notes add --input @note.json --json    one chunk a line, the last is STREAM_END or ERROR
  oikos run --list                                 runs under way, and the last ones

A file or folder that you name is what the run may use, and nothing beside it."
)]
pub(crate) struct RunWords {
    /// The app
    #[arg(required_unless_present_any = ["list", "follow"])]
    pub(crate) app: Option<AppName>,
    /// The action or tool
    #[arg(required_unless_present_any = ["list", "follow"])]
    pub(crate) action: Option<ActionName>,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) input: Option<String>,
    /// Hand over a file or folder for this run; may be repeated
    #[arg(long = "file", value_name = "NAME=PATH", value_parser = file_word)]
    pub(crate) files: Vec<FileWord>,
    /// Hand over a file that `oikos file hand` gave this id; may be repeated
    #[arg(long, value_name = "NAME=ID", value_parser = handed_word)]
    pub(crate) handed: Vec<HandedWord>,
    /// Runs under way, and the last that ended
    #[arg(long, conflicts_with_all = ["app", "action", "input", "files", "handed"])]
    pub(crate) list: bool,
    /// Watch a run that is under way
    #[arg(long, value_name = "RUN", conflicts_with_all = ["app", "action", "input", "files", "handed", "list"])]
    pub(crate) follow: Option<RunId>,
    /// The same id again gives the same run instead of a new one
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<protocol::RequestId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FileCommand {
    /// Hand a file over, at most 64 MB; prints its id
    #[command(after_help = "\
Examples:
  id=$(oikos file hand sales.csv)
  oikos run csv-insights analyze --handed data=$id

At this machine `oikos run … --file NAME=PATH` does the same without a copy. A file that is empty can be handed to
what writes one: `oikos file take ID notes.md` has it afterwards.")]
    Hand {
        /// The file
        path: PathBuf,
    },
    /// Files that were handed over
    List,
    /// Take a file's bytes back, with what a run wrote there
    Take {
        /// The file
        #[arg(value_name = "ID")]
        file: FileId,
        /// Where to write it, a name that is free; without it, standard output
        to: Option<PathBuf>,
    },
    /// Forget a file, unless a run uses it
    Forget {
        /// The file
        #[arg(value_name = "ID")]
        file: FileId,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oikos log                      the last things that happened
  oikos log notes                what this app did
  oikos log --run 0193c8a2-…     what one run did, with the grant behind each step
  oikos log --follow             what happens, as it happens; Ctrl-C ends it
  oikos log --verify             prove that nothing was changed, removed or cut off")]
pub(crate) struct LogWords {
    /// Only this app
    pub(crate) app: Option<AppName>,
    /// Only this run
    #[arg(long)]
    pub(crate) run: Option<RunId>,
    /// Prove the chain instead of showing it
    #[arg(long, conflicts_with_all = ["app", "run"])]
    pub(crate) verify: bool,
    /// Go on with what happens, whoever does it, until Ctrl-C
    #[arg(long, short = 'f', conflicts_with = "verify")]
    pub(crate) follow: bool,
    /// At most this many entries, the newest
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = log_limit)]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  oikos emit home.arrived
  oikos emit home.arrived --payload '{\"who\": \"me\"}'
  oikos emit user.message --text 'Good morning'    what can be answered is answered by the first app that has an answer")]
pub(crate) struct EmitWords {
    /// What it is about, such as home.arrived
    pub(crate) topic: Topic,
    /// What it says: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) payload: Option<String>,
    /// What it says, as a text: the same as --payload '{"text": …}'
    #[arg(long, conflicts_with = "payload")]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Schedules with their next times and how they went last
    List,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormWord {
    /// A manifest.json with an exported function for each action
    MiniApp,
    /// A kimai.json with tools for models
    Plugin,
    /// A manifest.json with one page, which runs in a browser and nowhere else
    Browser,
}

fn right_word(text: &str) -> Result<Right, String> {
    let right: Right = text.parse().map_err(|error: protocol::NameError| error.to_string())?;
    Right::OF_KEYS.contains(&right).then_some(right).ok_or_else(|| "a key is no person: it cannot answer".to_owned())
}

/// `30d` in milliseconds.
fn life_word(text: &str) -> Result<u64, String> {
    let wrong = || "write a number and m, h, d or y, such as 30d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let unit_ms: u64 = match unit {
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'y' => 365 * 86_400_000,
        _ => return Err(wrong()),
    };
    let number = text[..text.len() - unit.len_utf8()].parse::<u32>().map_err(|_| wrong())?;
    u64::from(number).checked_mul(unit_ms).filter(|ms| *ms > 0).ok_or_else(wrong)
}

fn log_limit(text: &str) -> Result<u32, String> {
    /// What fits into one answer.
    const ENTRIES_MAX: u32 = 10_000;
    text.parse()
        .ok()
        .filter(|entries| (1..=ENTRIES_MAX).contains(entries))
        .ok_or_else(|| format!("a number from 1 to {ENTRIES_MAX} is needed"))
}

/// `SWITCH=STATE[:TARGET]`: a folder for files, a host for the network.
#[derive(Clone, Debug)]
pub(crate) struct GrantWord {
    pub(crate) line: String,
    pub(crate) state: GrantState,
    pub(crate) target: Option<PathBuf>,
}

fn grant_word(text: &str) -> Result<GrantWord, String> {
    let (line, rest) = text.split_once('=').ok_or("write SWITCH=allow, SWITCH=ask or SWITCH=block")?;
    let (state, target) = match rest.split_once(':') {
        Some((state, target)) => (state, Some(target)),
        None => (rest, None),
    };
    let state: GrantState = state.parse().map_err(|error: protocol::NameError| error.to_string())?;
    if let Some(target) = target {
        target_check(TargetKind::of(line), state, target)?;
    }
    Ok(GrantWord { line: line.to_owned(), state, target: target.map(PathBuf::from) })
}

/// What a switch is narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// `network`: a host.
    Host,
    /// `mcp`: a tool of a server.
    Tool,
    /// All else: a folder.
    Folder,
}

impl TargetKind {
    /// What this switch is narrowed to.
    pub(crate) fn of(line: &str) -> Self {
        match line {
            "network" => Self::Host,
            line if line == "mcp" || line.starts_with("mcp.") => Self::Tool,
            _ => Self::Folder,
        }
    }
}

/// What is written behind the state is meant: a target that is none would leave the switch wider than that.
fn target_check(kind: TargetKind, state: GrantState, target: &str) -> Result<(), String> {
    let (wanted, example) = match kind {
        TargetKind::Host => ("host", "example.com"),
        TargetKind::Tool => ("tool", "github/search_code"),
        TargetKind::Folder => ("folder", "~/notes"),
    };
    if target.trim().is_empty() {
        return Err(format!(
            "there is no {wanted} behind ':'; name one, such as :{example}, or leave ':' out to change the state alone"
        ));
    }
    if kind != TargetKind::Host {
        return Ok(());
    }
    if state == GrantState::Block {
        let what =
            "no host is blocked by itself; network=block blocks them all, network=allow:HOST names one to talk to";
        return Err(what.to_owned());
    }
    let (host, path) = target.split_once('/').unwrap_or((target, ""));
    let address = host.trim_matches(['[', ']']);
    if address.parse::<std::net::IpAddr>().is_ok() && path.parse::<u8>().is_ok_and(|bits| bits <= 128) {
        return Err(format!(
            "ranges of addresses are not taken; name each host, or write {host}:443/{path} for the path /{path} there"
        ));
    }
    if path.split('/').any(|name| name == "." || name == "..") {
        return Err("a path is written without '.' and '..', as it is asked for".to_owned());
    }
    Ok(())
}

/// `KEY=VALUE`
#[derive(Clone, Debug)]
pub(crate) struct SettingWord {
    pub(crate) name: String,
    pub(crate) value: String,
}

fn setting_word(text: &str) -> Result<SettingWord, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(SettingWord { name: name.to_owned(), value: value.to_owned() }),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

/// `KEY`, or `KEY=NAME` for a key in the vault. What stands there may be a secret that somebody meant to give so, and words
/// that cannot be understood are said again: so this one is looked at later.
#[derive(Clone, Debug)]
pub(crate) struct SecretWord {
    pub(crate) name: String,
    pub(crate) key: Option<String>,
}

impl From<String> for SecretWord {
    fn from(text: String) -> Self {
        let (name, key) = text.split_once('=').map_or((&*text, None), |(name, key)| (name, Some(key)));
        Self { name: name.to_owned(), key: key.map(str::to_owned) }
    }
}

/// `NAME=VALUE`, or `NAME` for what is asked for unseen. Looked at later, as [`SecretWord`] is.
#[derive(Clone, Debug)]
pub(crate) struct GivenWord {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl From<String> for GivenWord {
    fn from(text: String) -> Self {
        let (name, value) = text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(value)));
        Self { name: name.to_owned(), value: value.map(str::to_owned) }
    }
}

/// `NAME=PATH`
#[derive(Clone, Debug)]
pub(crate) struct FileWord {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// A file that was handed over before, named for a run.
#[derive(Clone, Debug)]
pub(crate) struct HandedWord {
    pub(crate) name: String,
    pub(crate) file: FileId,
}

fn handed_word(text: &str) -> Result<HandedWord, String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() => {
            Ok(HandedWord { name: name.to_owned(), file: file.parse().map_err(|error| format!("{error}"))? })
        }
        _ => Err("write NAME=ID, where NAME is a field of the action's input".to_owned()),
    }
}

fn file_word(text: &str) -> Result<FileWord, String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok(FileWord { name: name.to_owned(), path: PathBuf::from(path) })
        }
        _ => Err("write NAME=PATH, where NAME is a field of the action's input".to_owned()),
    }
}
