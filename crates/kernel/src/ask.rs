//! Asking a person: the question is durable, the run's clocks stand still, and no answer is a no.

use crate::{
    Kernel, form, journal,
    run::{Run, commit_failure, internal, store_failure},
};
use broker::{LeaseEnd, Settled};
use protocol::{
    Answer, AuditEvent, Caller, Choice, Chunk, ErrorCode, Failure, GrantDuration, GrantState, Labels, Question,
    QuestionId, QuestionKind, Right, Scope, Sentence, sentence,
};
use state::{Batch, Durability, Key, Space};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// How long a person has to answer.
pub const ANSWER_WAIT_MS: u64 = 600_000;
/// How long "for an hour" is.
const HOUR_MS: u64 = 3_600_000;

impl Kernel {
    /// Asks, and waits for the answer with what it took. `Ok(Err(rule))`: nobody is asked, because nobody is there and nobody can
    /// be fetched, or because the same was refused before. `Err`: the run ended
    /// meanwhile. An answer that holds for longer than once becomes a grant of the scope that `may_last`.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        run: &Arc<Run>,
        said: Sentence,
        kind: QuestionKind,
        may_last: Option<Scope>,
    ) -> Result<Result<(Settled, u64), Sentence>, LeaseEnd> {
        let can_fetch = run.asker.get().is_some_and(|asker| asker.can_fetch());
        if !can_fetch && !self.somebody_is_there(run.owner()) {
            return Ok(Err(sentence::rule_nobody_there()));
        }
        // What a server asks of a person differs though the sentence does not, and the server hears each answer.
        let is_a_servers = matches!(kind, QuestionKind::Form { .. } | QuestionKind::Open { .. });
        if !is_a_servers && run.notes.is_refused(&said) {
            return Ok(Err(sentence::rule_said_no()));
        }
        // On a task of its own: a guest that goes while a person thinks leaves no question behind.
        let (waiting, gone) = oneshot::channel();
        let (kernel, asking) = (self.clone(), run.clone());
        let task = self.runtime.spawn(async move { kernel.ask_settle(&asking, said, kind, may_last, gone).await });
        let settled = task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a question failed");
            Ok(Err(sentence::rule_nobody_there()))
        });
        drop(waiting);
        settled
    }

    /// Commits where it may block.
    async fn commit_aside(self: &Arc<Self>, batch: Batch) -> Result<(), Failure> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.commit(batch, Durability::Saved))
            .await
            .map_err(|_| internal("a question could not be written"))?
            .map(drop)
            .map_err(commit_failure)
    }

    async fn ask_settle(
        self: &Arc<Self>,
        run: &Arc<Run>,
        said: Sentence,
        kind: QuestionKind,
        may_last: Option<Scope>,
        gone: oneshot::Receiver<()>,
    ) -> Result<Result<(Settled, u64), Sentence>, LeaseEnd> {
        // The run's end waits for this guard, so that the answer stands in the log before the end.
        let _settling = run.under_way.read().await;
        run.lease.check()?;
        let caller = *run.lease.caller();
        let now = self.clock.now();
        let question = Question {
            id: QuestionId::new(&*self.clock, &*self.entropy),
            run: run.id(),
            app: run.lease.app().clone(),
            sentence: said.clone(),
            kind,
            asked_at: now,
            expires_at: now.plus_ms(ANSWER_WAIT_MS),
        };
        let id = question.id;
        let is_address = matches!(question.kind, QuestionKind::Open { .. });
        let key = Key::new(caller.owner, Space::Question, id.to_string());
        let mut batch = Batch::new();
        batch.put(&key, serde_json::to_vec(&question).unwrap_or_default(), Labels::NONE);
        let record = journal::run_record(now, &run.lease, AuditEvent::Asked, sentence::asked(said.clone()));
        journal::append(&mut batch, caller.owner, &record);
        if let Err(failure) = self.commit_aside(batch).await {
            tracing::error!(error = %failure, "a question could not be kept");
            return Ok(Err(sentence::rule_nobody_there()));
        }
        let asking = self.broker.questions().ask(caller.owner, question.clone());
        self.questions_changed(caller.owner);
        let started_ns = self.clock.monotonic_ns();
        run.lease.pause(started_ns);
        // Whether the log is full does not matter: the guest waits anyway.
        run.stream.push(Chunk::Ask { question: Box::new(question) });
        let settled = tokio::select! {
            settled = asking => Ok(settled),
            () = tokio::time::sleep(Duration::from_millis(ANSWER_WAIT_MS)) => Ok(Settled::unanswered(id, run.id())),
            end = run.lease.ended() => Err(end),
            _ = gone => Err(run.lease.check().err().unwrap_or(LeaseEnd::Finished)),
        };
        // Also where the run ended: it is off the board by now.
        self.questions_changed(caller.owner);
        let now_ns = self.clock.monotonic_ns();
        run.lease.resume(now_ns);
        if settled.as_ref().is_ok_and(|settled| !settled.is_yes()) {
            run.notes.add_refused(&said);
        }
        let said = match &settled {
            Ok(settled) => match settled.answer() {
                Some(Answer { choice: Choice::No, .. }) => sentence::answered_no(),
                Some(Answer { choice: Choice::Cancel, .. }) => sentence::answered_cancel(),
                Some(Answer { filled: Some(_), .. }) => sentence::answered_filled(),
                Some(_) if is_address => sentence::answered_open(),
                Some(Answer { path: Some(path), .. }) => sentence::answered_picked(path),
                Some(Answer { choice: Choice::Once, .. }) => sentence::answered_once(),
                Some(Answer { choice: Choice::Hour, .. }) => sentence::answered_hour(),
                Some(Answer { choice: Choice::Always, .. }) => sentence::answered_always(),
                None => sentence::rule_no_answer(protocol::Arg::Millis(ANSWER_WAIT_MS)),
            },
            Err(end) => sentence::rule_lease(end.message(run.lease.limits())),
        };
        let mut batch = Batch::new();
        batch.delete(&key);
        let record = journal::run_record(self.clock.now(), &run.lease, AuditEvent::Answered, said);
        journal::append(&mut batch, caller.owner, &record);
        if let Err(failure) = self.commit_aside(batch).await {
            tracing::error!(error = %failure, "an answer could not be written to the log");
        }
        if let (Some(scope), Ok(Some(answer))) = (may_last, settled.as_ref().map(Settled::answer)) {
            let (kernel, run, choice) = (self.clone(), run.clone(), answer.choice);
            let granting = tokio::task::spawn_blocking(move || kernel.grant_from_answer(&run, scope, choice));
            if let Err(error) = granting.await {
                tracing::error!(%error, "an answer could not be kept as a grant");
            }
        }
        settled.map(|settled| Ok((settled, now_ns.saturating_sub(started_ns) / 1_000_000)))
    }

    /// An answer that holds for longer than once becomes a grant of what was asked about, allowed.
    fn grant_from_answer(&self, run: &Run, scope: Scope, choice: Choice) {
        let line = scope.line();
        let duration = match choice {
            Choice::Hour => GrantDuration::Until(self.clock.now().plus_ms(HOUR_MS)),
            Choice::Always => GrantDuration::Always,
            Choice::Once | Choice::No | Choice::Cancel => return,
        };
        let caller = *run.lease.caller();
        let app = run.lease.app();
        let _changing = self.changing.lock();
        if !self.apps.read().contains_key(&(caller.owner, app.clone())) {
            return;
        }
        let mut grants = self.broker.grants(caller.owner, app).as_ref().clone();
        let now = self.clock.now();
        grants.prune(now);
        let Some(standing) = grants.effective(&line, now, None).cloned() else { return };
        if let Scope::Mcp { server: alias, alias: true, .. } = &scope
            && run.bounds.get().and_then(|bounds| bounds.get(alias)) != grants.bound(&line)
        {
            // The yes was to what the name stood for, and by now it stands for something else.
            return;
        }
        grants.set(broker::Grant {
            id: protocol::GrantId::new(&*self.clock, &*self.entropy),
            scope,
            state: GrantState::Allow,
            duration,
            at: now,
            ..standing
        });
        let record =
            journal::record(now, &caller, AuditEvent::Granted, Some(app), sentence::granted(&line, GrantState::Allow));
        if let Err(failure) = self.grants_write(caller.owner, app, &grants, &[record]) {
            tracing::error!(error = %failure, "an answer could not be kept as a grant");
        }
    }

    /// Open questions.
    pub fn approval_list(&self, caller: &Caller) -> Result<Vec<Question>, Failure> {
        self.require(caller, Right::Read)?;
        Ok(self.broker.questions().open(caller.owner))
    }

    /// Answers a question: only the owner, only with a person present.
    pub fn approval_answer(&self, caller: &Caller, id: QuestionId, mut answer: Answer) -> Result<(), Failure> {
        self.require_paths(caller, answer.path.is_some())?;
        if caller.has_presence() {
            self.fit(caller, id, &mut answer)?;
        }
        let answered = self.broker.questions().answer(caller, id, answer);
        self.questions_changed(caller.owner);
        answered.map(drop).map_err(|error| {
            let (code, hint) = match error {
                broker::AnswerError::NotFound => (ErrorCode::NotFound, "oikos approval list shows what is open"),
                broker::AnswerError::NoPresence => (ErrorCode::PermissionDenied, "answer from an interactive terminal"),
                broker::AnswerError::PathMissing => {
                    (ErrorCode::InvalidInput, "oikos approval answer ID once --path FILE")
                }
                broker::AnswerError::FieldsMissing => {
                    (ErrorCode::InvalidInput, "oikos approval answer ID once --filled '{\"NAME\": …}'")
                }
            };
            Failure::from_error(code, &error).hint(hint)
        })
    }

    /// What a server asks is answered for once, and what goes into its form has to fit: what does not is said to whoever typed it.
    fn fit(&self, caller: &Caller, id: QuestionId, answer: &mut Answer) -> Result<(), Failure> {
        let open = self.broker.questions().open(caller.owner).into_iter().find(|question| question.id == id);
        let schema = match open.map(|question| question.kind) {
            Some(QuestionKind::Form { schema, .. }) => Some(schema),
            Some(QuestionKind::Open { .. }) => None,
            _ => {
                answer.filled = None;
                return Ok(());
            }
        };
        if answer.choice.is_yes() {
            answer.choice = Choice::Once;
        }
        let (Some(schema), true) = (schema, answer.choice.is_yes()) else {
            answer.filled = None;
            return Ok(());
        };
        match answer.filled.as_ref().map(|filled| form::check(&schema, filled)) {
            Some(Err(why)) => Err(Failure::new(ErrorCode::InvalidInput, format!("this does not fit the form: {why}"))),
            Some(Ok(())) | None => Ok(()),
        }
    }

    /// Questions that a process left open when it ended: nobody waits for their answer any more.
    pub(crate) fn questions_recover(&self, owner: protocol::OwnerId, batch: &mut Batch) -> Result<usize, Failure> {
        let open = self.store.scan(owner, Space::Question, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        for (key, _) in &open {
            batch.delete(&Key::new(owner, Space::Question, key.clone()));
        }
        Ok(open.len())
    }

    /// Writes an app's grants with the records that say so, and lets them hold. Called with `changing` held.
    pub(crate) fn grants_write(
        &self,
        owner: protocol::OwnerId,
        app: &protocol::AppName,
        grants: &broker::AppGrants,
        records: &[protocol::AuditRecord],
    ) -> Result<(), Failure> {
        let mut batch = Batch::new();
        let key = Key::new(owner, Space::Grant, app.as_str());
        batch.put(&key, serde_json::to_vec(grants).unwrap_or_default(), Labels::NONE);
        for record in records {
            journal::append(&mut batch, owner, record);
        }
        crate::crash_point("grant::before_commit");
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        crate::crash_point("grant::after_commit");
        self.broker.grants_load(owner, app, grants.clone());
        self.programs_look(owner, app);
        Ok(())
    }
}
