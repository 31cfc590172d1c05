//! `oikos publisher`: keys that sign apps, one's own and those of others.

use super::{Session, publishers, shown, unexpected};
use crate::{
    show,
    terminal::{STRONG, Terminal, styled},
    words::PublisherCommand,
};
use assembly::{Secret, file_write, publisher_new, publisher_succeed, publishers_own};
use protocol::{
    ErrorCode, Failure, PublisherName,
    api::{Reply, Request},
};
use std::{io::Read as _, path::Path, process::ExitCode};

/// The longest file of keys or statements that is read: several times what any has.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// What concerns the author's own keys only, and needs no household.
pub(super) fn perform_own(terminal: &Terminal, command: &PublisherCommand) -> Result<(), Failure> {
    match command {
        PublisherCommand::New { name, passphrase } => {
            let passphrase = if *passphrase { Some(passphrase_new(terminal, name)?) } else { None };
            let made = publisher_new(&publishers()?, name, passphrase.as_ref())?;
            if terminal.json {
                terminal.value(&made);
                return Ok(());
            }
            terminal.line(format_args!("made the publisher's key {}", styled(STRONG, &made.name)));
            show::own_publisher(terminal, 2, &made);
            terminal.line("  keep a copy of the secret key where only you can get at it: nobody can make it again");
            terminal.line(terminal.step(format_args!("  try: oikos app sign FOLDER --publisher {name}")));
        }
        PublisherCommand::Succeed { old, new, out } => {
            let said = publisher_succeed(&publishers()?, old, new, &|name| Ok(passphrase_of(terminal, name)))?;
            if let Some(out) = out {
                file_write(out, said.statement.as_bytes())?;
            }
            if terminal.json {
                terminal.value(&said);
                return Ok(());
            }
            terminal.line(format_args!("{old} ({}) named {new} ({}) as its successor", said.old, said.new));
            terminal.line(format_args!("  packages that {new} signs carry the statement from now on"));
            if let Some(out) = out {
                terminal
                    .line(format_args!("  it is in {} too; others read it with: oikos publisher import", shown(out)));
            }
        }
        // They ask the household.
        PublisherCommand::List | PublisherCommand::Trust { .. } | PublisherCommand::Import { .. } => {}
    }
    Ok(())
}

pub(super) async fn perform(session: &Session, command: PublisherCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    let request = match command {
        PublisherCommand::List => {
            let own = publishers_own(&publishers()?)?;
            let Reply::Publishers { publishers } = session.reply(Request::PublisherList).await? else {
                return Err(unexpected());
            };
            if terminal.json {
                terminal.value(&serde_json::json!({ "own": own, "known": publishers }));
            } else {
                show::publishers(terminal, &own, &publishers);
            }
            return Ok(ExitCode::SUCCESS);
        }
        PublisherCommand::Trust { publisher, name } => {
            let publisher = if is_file(&publisher) { read(Path::new(&publisher))? } else { publisher };
            Request::PublisherTrust { publisher, name }
        }
        PublisherCommand::Import { file } => Request::PublisherImport { statements: read(&file)? },
        // Performed before there was a session.
        PublisherCommand::New { .. } | PublisherCommand::Succeed { .. } => return Ok(ExitCode::SUCCESS),
    };
    let Reply::Publisher { publisher } = session.reply(request).await? else { return Err(unexpected()) };
    if terminal.json {
        terminal.value(&publisher);
    } else {
        show::publisher(terminal, &publisher);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a word means a file: one that is there, or what neither a key nor a fingerprint can be. A key may have '/' in
/// it, but never begins with one.
fn is_file(word: &str) -> bool {
    Path::new(word).exists() || word.contains('.') || word.starts_with(['/', '~'])
}

fn read(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(ErrorCode::FileUnusable, format!("{} cannot be read: {error}", shown(path)))
    };
    let mut text = String::new();
    std::fs::File::open(path).map_err(failed)?.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// The passphrase of a key that has one.
pub(super) fn passphrase_of(terminal: &Terminal, name: &PublisherName) -> Option<Secret<String>> {
    terminal.ask_secret(format_args!("Passphrase of {}:", styled(STRONG, name)))
}

/// A new passphrase, twice where a person types it: nobody sees a slip.
fn passphrase_new(terminal: &Terminal, name: &PublisherName) -> Result<Secret<String>, Failure> {
    let missing =
        || Failure::new(ErrorCode::PassphraseWrong, format!("no key was made: there is no passphrase for {name}"));
    let first = terminal.ask_secret(format_args!("Passphrase for {}:", styled(STRONG, name))).ok_or_else(missing)?;
    if terminal.has_person() {
        let again = terminal.ask_secret("The same again:").ok_or_else(missing)?;
        if first.expose() != again.expose() {
            return Err(Failure::new(ErrorCode::PassphraseWrong, "no key was made: the two passphrases differ"));
        }
    }
    Ok(first)
}
