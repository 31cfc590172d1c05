//! `oikos key`: secrets go into the vault, and never come out. None is ever a word of a command line.

use super::{Session, shown, unexpected};
use crate::{
    next_step::Carried,
    show,
    terminal::{STRONG, Terminal, styled},
    words::KeyCommand,
};
use assembly::AskVaultPassphrase;
use protocol::{
    ErrorCode, Failure, SecretText, ShownOnce,
    api::{Reply, Request},
};
use std::{
    io::{IsTerminal as _, Read},
    path::Path,
    process::ExitCode,
};

/// As much of a file or standard input is read: more than a secret may have, so that what is too long is seen to be.
const READ_BYTES_MAX: u64 = 64 << 10;

pub(super) async fn perform(session: &Session, command: KeyCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        KeyCommand::Add { name, hosts, note, stdin, file, replace } => {
            let value = match (stdin, file) {
                (true, _) => read("standard input", std::io::stdin())?,
                (_, Some(path)) => {
                    let path = super::absolute(&path)?;
                    read(&shown(&path), std::fs::File::open(&path).map_err(|error| unreadable(&path, &error))?)?
                }
                (false, None) => asked(terminal, name.as_str())?,
            };
            let request = Request::KeyAdd { name, value, hosts, note, replace };
            let Reply::Key { key } = session.reply(request).await? else { return Err(unexpected()) };
            if terminal.json {
                terminal.value(&key);
                return Ok(ExitCode::SUCCESS);
            }
            terminal.line(format_args!(
                "put the key {} into the vault; nobody is shown it again",
                styled(STRONG, &key.name)
            ));
            match key.hosts.is_empty() {
                false => terminal.line(format_args!(
                    "  it goes to {}; an app that asks for the secret {} has it sent there",
                    key.hosts.join(", "),
                    key.name
                )),
                true => terminal.line(terminal.step(format_args!(
                    "  it goes to no host; to give it to an app: oikos app settings APP --secret SETTING={}",
                    key.name
                ))),
            }
        }
        KeyCommand::List => {
            let Reply::Keys { keys } = session.reply(Request::KeyList).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&keys) } else { show::keys(terminal, &keys) }
        }
        KeyCommand::Remove { name } => {
            session.reply(Request::KeyRemove { name: name.clone() }).await?;
            if terminal.json {
                terminal.value(&serde_json::json!({ "done": true }));
            } else {
                terminal.line(format_args!("took the key {name} out of the vault"));
                terminal.line("  whoever had it before has it still: where it comes from it can be made invalid");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A secret from whoever types it, or from the next line of what a script hands in.
pub(super) fn asked(terminal: &Terminal, name: &str) -> Result<ShownOnce, Failure> {
    let given = terminal.ask_secret(format_args!("{}:", styled(STRONG, name)));
    let given = given.ok_or_else(|| {
        Failure::new(ErrorCode::Usage, format!("nothing was kept: nobody gave '{name}'"))
            .hint("type it in a terminal, or hand it in on standard input")
    })?;
    Ok(ShownOnce::new(given.expose().clone()))
}

/// A secret as it stands in a file, without the line end that an editor puts behind it.
fn read(what: &str, source: impl Read) -> Result<ShownOnce, Failure> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut text = String::with_capacity(READ_BYTES_MAX as usize + 1);
    let result = source.take(READ_BYTES_MAX).read_to_string(&mut text);
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    let secret = ShownOnce::new(text);
    match result {
        Ok(_) => Ok(secret),
        Err(error) => Err(Failure::new(ErrorCode::FileUnusable, format!("{what} cannot be read as text: {error}"))),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(ErrorCode::FileUnusable, format!("{} cannot be read: {error}", shown(path)))
}

/// Asks for the passphrase of the vault, where a person sits; a script's input is for something else.
pub(super) fn passphrase_asked() -> AskVaultPassphrase {
    AskVaultPassphrase::new(|is_new| {
        let terminal = Terminal::new(false, Carried::default());
        if !std::io::stdin().is_terminal() || !terminal.has_person() {
            return None;
        }
        let ask = |prompt: &str| terminal.ask_secret(prompt).map(|given| SecretText::new(given.expose().clone()));
        if !is_new {
            return ask("Passphrase of the vault:");
        }
        let first = ask("New passphrase for the vault:")?;
        let again = ask("The same again:")?;
        if first.expose() != again.expose() {
            terminal.note("the two differ");
            return None;
        }
        Some(first)
    })
}
