//! The words of `oikos mcp` and `oikos app import`.

use super::{GivenWord, GrantWord, SettingWord, grant_word, setting_word};
use clap::{Args, Subcommand};
use protocol::{AppName, ClientName};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ImportWords {
    /// The servers, by the names that --scan shows; or one file, and which of the servers in it
    #[arg(value_name = "NAME|FILE")]
    pub(crate) servers: Vec<String>,
    /// Only show what there is and what would be done
    #[arg(long, conflicts_with_all = ["all", "yes", "grants"])]
    pub(crate) scan: bool,
    /// All that can be imported and are not switched off where they were found
    #[arg(long, conflicts_with = "servers")]
    pub(crate) all: bool,
    /// Only what this client has set up: claude-desktop, claude-code, cursor, vscode, windsurf, zed. May be repeated
    #[arg(long, value_name = "CLIENT")]
    pub(crate) client: Vec<String>,
    /// Look for a project's own servers in this folder too. May be repeated
    #[arg(long, value_name = "FOLDER")]
    pub(crate) project: Vec<PathBuf>,
    /// Answer what a configuration leaves open. May be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting_word)]
    pub(crate) answer: Vec<SettingWord>,
    /// Take the cards as proposed
    #[arg(long)]
    pub(crate) yes: bool,
    /// Set a switch: allow, ask or block; for files, in a folder. May be repeated
    #[arg(long = "grant", value_name = "SWITCH=STATE[:TARGET]", value_parser = grant_word)]
    pub(crate) grants: Vec<GrantWord>,
    /// Of the hosts on the card, none but this one, beside --grant network=STATE. May be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum McpCommand {
    /// Add one server: a command, which is pinned and installed, or an address
    #[command(after_help = "\
Examples:
  oikos mcp add files -- npx -y @modelcontextprotocol/server-filesystem ~/notes
  oikos mcp add clock -- uvx mcp-server-time
  oikos mcp add issues --given GITHUB_TOKEN -- npx -y @modelcontextprotocol/server-github
  oikos mcp add tracker --yes --url https://mcp.example.com/mcp --given Authorization < header
  oikos mcp add clock --given TZ=Europe/Berlin -- uvx mcp-server-time

A secret is named alone and never a word of the command line, which other programs can read: it is asked
for unseen, or is the next line of standard input, and goes to the vault.")]
    Add {
        /// What it is to be called
        app: String,
        /// Its address
        #[arg(long)]
        url: Option<String>,
        /// What it is given: a variable of its environment, a header of its requests. A secret, by its name alone, is asked for
        /// unseen, or is the next line of standard input. May be repeated
        #[arg(long, value_name = "NAME[=VALUE]")]
        given: Vec<GivenWord>,
        /// Take its card as proposed
        #[arg(long)]
        yes: bool,
        /// Set a switch: allow, ask or block; for files, in a folder. May be repeated
        #[arg(long = "grant", value_name = "SWITCH=STATE[:TARGET]", value_parser = grant_word)]
        grants: Vec<GrantWord>,
        /// The command and its arguments
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// All MCP servers, and how many of their tools wait for your yes
    List,
    /// One server: what is kept of it, and its tools as you accepted them
    Info {
        /// The server
        app: AppName,
    },
    /// Ask a server what it has, starting it if need be; what is new or changed waits for your yes
    Look {
        /// The server
        app: AppName,
    },
    /// Sign in to a server elsewhere that answers only those whom it knows
    #[command(
        name = "sign-in",
        after_help = "\
It opens the page of whoever keeps the server's accounts. What that gives oikos goes to the vault, is renewed by itself, and is
sent to this server only. Signing in reaches the hosts that the server names; each needs a grant, as all that it reaches.

Examples:
  oikos mcp sign-in tracker
  oikos mcp sign-in tracker --client-id 3f1a…        where oikos has to be registered by hand"
    )]
    SignIn {
        /// The server
        app: AppName,
        /// Who oikos is there, where it was registered by hand
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
        /// Ask for the secret that belongs to that id, or read it from standard input's next line
        #[arg(long, requires = "client_id")]
        client_secret: bool,
    },
    /// Forget what a server elsewhere let oikos in with
    #[command(name = "sign-out")]
    SignOut {
        /// The server
        app: AppName,
    },
    /// Accept tools as they are offered now
    #[command(after_help = "\
Examples:
  oikos mcp look files                 what waits, with each difference
  oikos mcp accept files read_file     this tool
  oikos mcp accept files               all that wait")]
    Accept {
        /// The server
        app: AppName,
        /// The tool; all of them without it
        tool: Option<String>,
    },
    /// Let others than you call tools
    Allow {
        /// The server, or an app with tools of its own
        app: AppName,
        /// The tool; all of them without it
        tool: Option<String>,
    },
    /// Have others ask you before each call
    Ask {
        /// The server, or an app with tools of its own
        app: AppName,
        /// The tool; all of them without it
        tool: Option<String>,
    },
    /// Have nobody call tools
    Block {
        /// The server, or an app with tools of its own
        app: AppName,
        /// The tool; all of them without it
        tool: Option<String>,
    },
    /// Answer an MCP client on standard input and output: it gets the tools of every enabled app
    #[command(after_help = "\
A client starts this by itself; oikos mcp connect CLIENT tells it to. While it runs it goes through the oikos that is up, or
holds the home itself. A call is a run: it stands in the log, and what asks is asked in the page or by oikos approval.

Examples:
  claude mcp add oikos -- oikos mcp serve --client claude-code")]
    Serve {
        /// Who the client is: what it has read, its names for tools and its runs in the log are its own
        #[arg(long, value_name = "NAME")]
        client: Option<ClientName>,
    },
    /// Call a tool, by the name that its server gives it or the one it has here; a call is a run
    #[command(after_help = "\
Examples:
  oikos mcp call everything get-sum --input '{\"a\": 2, \"b\": 3}'
  oikos mcp call everything get_sum --input @numbers.json --json")]
    Call {
        /// The server
        app: AppName,
        /// The tool
        tool: String,
        /// The arguments: JSON, @FILE, or - for standard input
        #[arg(long, value_name = "JSON|@FILE|-")]
        input: Option<String>,
        /// The same id again gives the same run instead of a new one
        #[arg(long, value_name = "ID")]
        request_id: Option<protocol::RequestId>,
    },
    /// Let a server be called
    Enable {
        /// The server
        app: AppName,
    },
    /// Keep a server, do not let it be called; what runs of it ends
    Disable {
        /// The server
        app: AppName,
    },
    /// Remove a server
    Remove {
        /// The server
        app: AppName,
        /// Erase what it has stored as well
        #[arg(long)]
        erase: bool,
    },
    /// MCP clients of this machine, and which of them know oikos
    Clients,
    /// Put oikos into a client's configuration; a copy of the file is kept beside it
    #[command(after_help = "\
Examples:
  oikos mcp clients                          which there are
  oikos mcp connect cursor --dry-run         what would change
  oikos mcp connect claude-desktop
  oikos mcp connect cursor --undo            oikos goes from it again")]
    Connect {
        /// The client: claude-desktop, claude-code, cursor, vscode, windsurf, zed
        client: String,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
        /// Take oikos out of it again
        #[arg(long)]
        undo: bool,
    },
    /// The last that a server wrote on its standard error
    Logs {
        /// The server
        app: AppName,
    },
}
