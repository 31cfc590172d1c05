//! The words of `oikos key`.

use clap::Subcommand;
use protocol::KeyName;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Put a secret into the vault: asked for unseen, or from a file
    #[command(after_help = "\
Examples:
  oikos key add github --host api.github.com            asks for it, unseen
  oikos key add github --host api.github.com --stdin < token
  oikos key add deploy --file ~/.ssh/deploy             for settings of apps: it goes to no host
  oikos key add github --host api.github.com --replace  another value in its place

A secret is never a word of the command line, which other programs can read. An app that asks
for `secret` by this name has it sent to these hosts, in a header, and never sees it.")]
    Add {
        /// How you call it
        name: KeyName,
        /// Where it may be sent: HOST, HOST:PORT or *.HOST. May be repeated
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
        /// What you want to remember of it
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        /// Read it from standard input, to its end
        #[arg(long)]
        stdin: bool,
        /// Read it from a file
        #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
        file: Option<PathBuf>,
        /// Put it in the place of the one that is there
        #[arg(long)]
        replace: bool,
    },
    /// Secrets by name: where they go, which apps use them, when they were used last
    List,
    /// Forget a secret
    Remove {
        /// Which
        name: KeyName,
    },
}
