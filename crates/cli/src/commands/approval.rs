//! `oikos approval`: questions that apps are waiting for.

use super::{Session, path_text, unexpected};
use crate::{
    show,
    words::{ApprovalCommand, ChoiceWord},
};
use protocol::{
    Answer, Choice, Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session, command: ApprovalCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        ApprovalCommand::List => {
            let Reply::Questions { questions } = session.reply(Request::ApprovalList).await? else {
                return Err(unexpected());
            };
            if terminal.json {
                terminal.value(&questions);
            } else {
                show::questions(terminal, &questions);
            }
        }
        ApprovalCommand::Answer { question, choice, path } => {
            let choice = match choice {
                ChoiceWord::Once => Choice::Once,
                ChoiceWord::Hour => Choice::Hour,
                ChoiceWord::Always => Choice::Always,
                ChoiceWord::No => Choice::No,
            };
            let path = path.as_deref().map(path_text).transpose()?;
            session.reply(Request::ApprovalAnswer { question, answer: Answer { choice, path } }).await?;
            if terminal.json {
                terminal.value(&serde_json::json!({ "answered": question }));
            } else {
                terminal.line("answered");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
