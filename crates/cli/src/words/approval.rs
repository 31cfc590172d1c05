//! `oikos approval`: questions of apps, and answers to them.

use clap::{Subcommand, ValueEnum};
use protocol::QuestionId;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// Open questions
    List,
    /// Answer one
    #[command(after_help = "\
Examples:
  oikos approval answer 0193c8a2-… once
  oikos approval answer 0193c8a2-… no
  oikos approval answer 0193c8a2-… once --path ~/notes.md    when a file is asked for
  oikos approval answer 0193c8a2-… once --filled '{\"city\": \"Wien\"}'    when a server asks")]
    Answer {
        /// The question
        question: QuestionId,
        /// What you say
        choice: ChoiceWord,
        /// The file or folder, when one is asked for
        #[arg(long)]
        path: Option<PathBuf>,
        /// What goes into the fields of a server's form: JSON, @FILE, or - for standard input
        #[arg(long, value_name = "JSON|@FILE|-")]
        filled: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ChoiceWord {
    /// This once
    Once,
    /// For an hour
    Hour,
    /// From now on
    Always,
    /// No
    No,
    /// Neither: a server is told that nobody answered
    Cancel,
}
