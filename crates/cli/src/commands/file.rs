//! `oikos file`: files that come as bytes, as a page hands them over.

use super::{Session, absolute, shown, unexpected};
use crate::{show, words::FileCommand};
use protocol::{
    Arg, ErrorCode, Failure, FileId,
    api::{FileView, Frame, Reply, Request},
    limit::FILE_PIECE_BYTES_MAX,
    text::escape,
};
use serde_json::json;
use std::{
    fs::File,
    io::{Read as _, Write},
    path::Path,
    process::ExitCode,
};

pub(super) async fn perform(session: &Session, command: FileCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        FileCommand::Hand { path } => {
            let file = hand(session, &path).await?;
            if terminal.json {
                terminal.value(&file);
            } else {
                let size = Arg::Bytes(file.size_bytes);
                terminal.note(format_args!(
                    "handed over {} ({size}); it goes an hour after its last use",
                    escape(&file.name)
                ));
                // Alone on standard output, so that a script can take it from there.
                terminal.line(file.id);
            }
        }
        FileCommand::List => {
            let Reply::Files { files } = session.reply(Request::FileList).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&files) } else { show::files(terminal, &files) }
        }
        FileCommand::Take { file, to: None } => {
            let mut out = std::io::stdout().lock();
            take(session, file, &mut out, "standard output").await?;
        }
        FileCommand::Take { file, to: Some(to) } => {
            let (path, name) = (absolute(&to)?, shown(&to));
            // What is there is somebody's.
            let mut out = File::create_new(&path).map_err(|error| unusable(&name, &error))?;
            let taken = take(session, file, &mut out, &name).await;
            let bytes =
                match taken.and_then(|bytes| out.sync_all().map(|()| bytes).map_err(|error| unusable(&name, &error))) {
                    Ok(bytes) => bytes,
                    Err(failure) => {
                        // Less than all must not look like all.
                        drop(std::fs::remove_file(&path));
                        return Err(failure);
                    }
                };
            if terminal.json {
                terminal.value(&json!({ "file": file, "bytes": bytes }));
            } else {
                terminal.line(format_args!("wrote {name} ({})", Arg::Bytes(bytes)));
            }
        }
        FileCommand::Forget { file } => {
            session.reply(Request::FileForget { file }).await?;
            if terminal.json {
                terminal.value(&json!({ "done": true }));
            } else {
                terminal.line(format_args!("forgot {file}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn hand(session: &Session, path: &Path) -> Result<FileView, Failure> {
    let name = shown(path);
    let mut file = File::open(absolute(path)?).map_err(|error| unusable(&name, &error))?;
    let found = file.metadata().map_err(|error| unusable(&name, &error))?;
    if !found.is_file() {
        return Err(Failure::new(ErrorCode::FileUnusable, format!("'{name}' is not a file")));
    }
    let called = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let request = Request::FileHand { name: called, size_bytes: found.len() };
    let Reply::File { file: handed } = session.reply(request).await? else { return Err(unexpected()) };
    match hand_all(session, &mut file, &name, &handed).await {
        Ok(handed) => Ok(handed),
        Err(failure) => {
            // Half of it is of no use to anybody.
            drop(session.reply(Request::FileForget { file: handed.id }).await);
            Err(failure)
        }
    }
}

async fn hand_all(session: &Session, file: &mut File, name: &str, handed: &FileView) -> Result<FileView, Failure> {
    let mut view = handed.clone();
    while view.received_bytes < view.size_bytes {
        let mut bytes = Vec::new();
        let most = (view.size_bytes - view.received_bytes).min(FILE_PIECE_BYTES_MAX as u64);
        file.take(most).read_to_end(&mut bytes).map_err(|error| unusable(name, &error))?;
        if bytes.is_empty() {
            let message = format!("'{name}' became shorter while it was handed over");
            return Err(Failure::new(ErrorCode::Conflict, message).hint("try again"));
        }
        let request = Request::FileAppend { file: view.id, at: view.received_bytes, bytes };
        let Reply::File { file } = session.reply(request).await? else { return Err(unexpected()) };
        view = file;
    }
    Ok(view)
}

/// Writes the bytes of a file as they come, and says how many there were.
async fn take(session: &Session, file: FileId, out: &mut impl Write, name: &str) -> Result<u64, Failure> {
    let mut answers = session.ask(Request::FileTake { file }).await?;
    let mut bytes = 0;
    loop {
        match answers.next().await {
            Frame::Piece(piece) => {
                out.write_all(&piece).map_err(|error| unusable(name, &error))?;
                bytes += piece.len() as u64;
            }
            Frame::Done { .. } => {
                out.flush().map_err(|error| unusable(name, &error))?;
                return Ok(bytes);
            }
            Frame::Failed { failure } => return Err(failure),
            _ => return Err(unexpected()),
        }
    }
}

fn unusable(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(ErrorCode::FileUnusable, format!("'{name}' cannot be used: {error}"))
}
