//! `oikos approval`: questions that apps are waiting for.

use super::{Session, json_word, path_text, unexpected};
use crate::{
    show,
    words::{ApprovalCommand, ChoiceWord},
};
use protocol::{
    Answer, Choice, ErrorCode, Failure,
    api::{Reply, Request},
};
use serde_json::Value;
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
        ApprovalCommand::Answer { question, choice, path, filled } => {
            let choice = match choice {
                ChoiceWord::Once => Choice::Once,
                ChoiceWord::Hour => Choice::Hour,
                ChoiceWord::Always => Choice::Always,
                ChoiceWord::No => Choice::No,
                ChoiceWord::Cancel => Choice::Cancel,
            };
            let path = path.as_deref().map(path_text).transpose()?;
            let filled = match json_word(filled.as_deref(), "--filled")? {
                Value::Null => None,
                Value::Object(fields) => Some(fields),
                _ => {
                    return Err(Failure::new(ErrorCode::Usage, "--filled takes a JSON object: a value for each field"));
                }
            };
            session.reply(Request::ApprovalAnswer { question, answer: Answer { choice, path, filled } }).await?;
            if terminal.json {
                terminal.value(&serde_json::json!({ "answered": question }));
            } else {
                terminal.line("answered");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
