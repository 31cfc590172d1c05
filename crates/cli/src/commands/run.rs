//! `oikos run`: start a run, watch it, answer its questions, stop it with Ctrl-C.

use super::{Session, form, json_word, path_text, unexpected};
use crate::{
    exit, show,
    terminal::{CARE, styled},
    words::{FileWord, HandedWord, RunWords},
};
use assembly::Answers;
use protocol::{
    Answer, Choice, Chunk, ErrorCode, Failure, Question, QuestionKind, RunId,
    api::{Frame, NamedFile, NamedHanded, NamedPath, Reply, Request, RunReport, StopTarget},
    text,
};
use serde_json::Value;
use std::{collections::VecDeque, pin::Pin, process::ExitCode};

/// A question being put to the person, and its answer on the way.
type Conversation<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

pub(super) async fn perform(session: &Session, words: RunWords) -> Result<ExitCode, Failure> {
    if words.list {
        let Reply::Runs { runs } = session.reply(Request::RunList).await? else { return Err(unexpected()) };
        if session.terminal.json {
            session.terminal.value(&runs);
        } else {
            show::runs(&session.terminal, &runs);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let request = match (words.follow, words.app, words.action) {
        (Some(run), ..) => Request::RunFollow { run, after_seq: 0 },
        (None, Some(app), Some(action)) => Request::RunStart {
            id: words.request_id,
            app,
            action,
            input: json_word(words.input.as_deref(), "--input")?,
            files: files(&words.files, words.handed)?,
        },
        _ => return Err(Failure::new(ErrorCode::Usage, "name an app and an action")),
    };
    let answers = session.ask(request).await?;
    watch(session, answers).await
}

/// What is handed over for the run: by path, and by id what was handed over before.
fn files(paths: &[FileWord], handed: Vec<HandedWord>) -> Result<Vec<NamedFile>, Failure> {
    let named = paths.iter().map(|file| {
        let path = path_text(&file.path)?;
        Ok(NamedFile::Path(NamedPath { name: file.name.clone(), path }))
    });
    let handed =
        handed.into_iter().map(|HandedWord { name, file }| Ok(NamedFile::Handed(NamedHanded { name, handed: file })));
    named.chain(handed).collect()
}

pub(super) async fn watch(session: &Session, mut answers: Answers) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    let mut run: Option<RunId> = None;
    let mut printer = show::RunPrinter::default();
    let mut stops = 0;
    // A person may think while the run, an answer at another terminal, or Ctrl-C goes on.
    let mut asking: Option<Conversation<'_>> = None;
    let mut waiting: VecDeque<Question> = VecDeque::new();
    loop {
        if asking.is_none()
            && let Some(question) = waiting.pop_front()
        {
            asking = Some(Box::pin(question_ask(session, question)));
        }
        let frame = tokio::select! {
            frame = answers.next() => frame,
            answered = answer(&mut asking) => {
                asking = None;
                answered?;
                continue;
            }
            _ = tokio::signal::ctrl_c() => {
                stops += 1;
                if stops > 1 {
                    return Ok(ExitCode::from(ErrorCode::Stopped.exit()));
                }
                match run {
                    Some(run) => drop(session.ask(Request::RunStop { target: StopTarget::Run(run) }).await?.reply().await),
                    None => return Ok(ExitCode::from(ErrorCode::Stopped.exit())),
                }
                continue;
            }
        };
        match frame {
            Frame::Run { run: started } => run = Some(started),
            Frame::Chunk(chunk) => match &chunk.chunk {
                _ if terminal.json => terminal.value(&serde_json::json!(chunk)),
                Chunk::Progress { sentence, done, total } => terminal.progress(sentence, *done, *total),
                Chunk::Ask { question } => waiting.push_back(question.as_ref().clone()),
                chunk => printer.chunk(terminal, chunk),
            },
            Frame::Step { sentence, done, total } => terminal.progress(&sentence, done, total),
            Frame::Done { reply: Reply::RunEnd { run } } => {
                terminal.clear();
                return Ok(ended(session, &mut printer, &run));
            }
            Frame::LogAfter { .. } | Frame::Entry(_) | Frame::Piece(_) | Frame::Done { .. } => return Err(unexpected()),
            Frame::Failed { failure } => return Err(failure),
        }
    }
}

/// Waits for what a person says to the question that is shown; for ever if there is none.
async fn answer(asking: &mut Option<impl Future<Output = Result<(), Failure>> + Unpin>) -> Result<(), Failure> {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

fn ended(session: &Session, printer: &mut show::RunPrinter, run: &RunReport) -> ExitCode {
    let terminal = &session.terminal;
    let failure = run.summary.failure.as_ref();
    if terminal.json {
        let kind = if failure.is_some() { "ERROR" } else { "STREAM_END" };
        let mut last = serde_json::json!(run);
        if let Some(fields) = last.as_object_mut() {
            fields.insert("type".to_owned(), kind.into());
            if let Some(failure) = failure {
                fields.insert("failure".to_owned(), serde_json::json!(terminal.failure_told(failure)));
            }
        }
        terminal.value(&last);
        return failure.map_or(ExitCode::SUCCESS, |failure| ExitCode::from(failure.code.exit()));
    }
    printer.end(terminal, run);
    match failure {
        Some(failure) => exit::failed(terminal, failure),
        None => ExitCode::SUCCESS,
    }
}

/// Shows a question and, if a person is here, takes the answer.
async fn question_ask(session: &Session, question: Question) -> Result<(), Failure> {
    let terminal = &session.terminal;
    let asks = styled(CARE.bold(), format_args!("{} wants to {}", question.app, question.sentence));
    if !terminal.has_person() {
        let how = terminal.step(show::answer_with(&question));
        terminal.note(format_args!("{asks}\n  answer from a terminal: {how}"));
        return Ok(());
    }
    terminal.note(&asks);
    if matches!(question.kind, QuestionKind::Permission { .. }) {
        show::content(terminal, &question.kind);
    }
    let answer = match &question.kind {
        QuestionKind::Pick { .. } => {
            let path = terminal.ask("  path (empty: no):").await.filter(|path| !path.is_empty());
            match path.map(|path| path_text(std::path::Path::new(&path))).transpose()? {
                Some(path) => Answer { path: Some(path), ..Choice::Once.into() },
                None => Choice::No.into(),
            }
        }
        QuestionKind::Form { message, schema } => return form_ask(session, &question, message, schema).await,
        QuestionKind::Open { message, url } => {
            terminal.note(format_args!("    {}\n    {}", text::escape(message), text::escape(url)));
            let said = terminal.ask("  [o]pened it, [n]o, or leave it unanswered (Enter):").await;
            match said.as_deref() {
                Some("o" | "opened" | "y" | "yes") => Choice::Once.into(),
                Some("n" | "no") => Choice::No.into(),
                _ => Choice::Cancel.into(),
            }
        }
        QuestionKind::Permission { .. } => {
            let said = terminal.ask("  [o]nce, for an [h]our, [a]lways, [N]o:").await;
            let choice = match said.as_deref() {
                Some("o" | "once" | "y" | "yes") => Choice::Once,
                Some("h" | "hour") => Choice::Hour,
                Some("a" | "always") => Choice::Always,
                _ => Choice::No,
            };
            choice.into()
        }
    };
    answered(session, &question, answer).await
}

/// Asks with a server's form, again where what was filled in does not fit.
async fn form_ask(session: &Session, question: &Question, message: &str, schema: &Value) -> Result<(), Failure> {
    loop {
        let answer = form::answer(&session.terminal, message, schema).await;
        match answered(session, question, answer).await {
            Err(failure) if failure.code == ErrorCode::InvalidInput => session.terminal.failure(&failure),
            other => return other,
        }
    }
}

async fn answered(session: &Session, question: &Question, answer: Answer) -> Result<(), Failure> {
    match session.reply(Request::ApprovalAnswer { question: question.id, answer }).await {
        // Somebody at another terminal was quicker.
        Err(failure) if failure.code == ErrorCode::NotFound => Ok(()),
        other => other.map(|_| ()),
    }
}
