//! The decision: grant ∧ zone ∧ labels ∧ lease → a permit, a denial that names its rule, or a question.

use crate::{
    AppGrants, Basis, FileDemand, Lease, Permit, ProtectedFolder, QuestionBoard, Settled, Verdict,
    scopes::{
        Demand,
        event::{Start, is_final},
        file::is_beneath,
        mcp, network, refusal, secret, shell, verdict,
    },
};
use parking_lot::RwLock;
use protocol::{AppName, Caller, ErrorCode, Limits, OwnerId, RunId, Sentence, Timestamp, Zone, sentence};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What the broker says to a demand.
#[derive(Debug)]
pub enum Decision<D> {
    /// Go ahead.
    Permit(Permit<D>),
    /// No.
    Denied(Box<Denied>),
    /// A person decides; [`Broker::settle`] turns their answer into a permit or a denial.
    Ask(Box<Ask<D>>),
}

/// A no, with its rule and the one command that would allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was wanted.
    pub what: Sentence,
    /// The rule that refuses it.
    pub rule: Sentence,
    /// The one command that would allow it; `None` where nothing would.
    pub command: Option<String>,
    /// The stable code.
    pub code: ErrorCode,
}

impl Denied {
    /// What the app and the person read.
    pub fn message(&self) -> String {
        let denied = sentence::denied(self.what.clone(), self.rule.clone());
        match &self.command {
            Some(command) => format!("{denied}; to allow it: {command}"),
            None => denied.to_string(),
        }
    }
}

/// A demand that waits for a person.
#[derive(Debug)]
pub struct Ask<D> {
    demand: D,
    lease: Lease,
    /// What to ask, exactly.
    pub sentence: Sentence,
    /// Whether the answer may hold for longer than this once. A write that other programs execute is asked each time.
    pub may_last: bool,
}

impl<D: Demand> Ask<D> {
    /// The demand.
    pub fn demand(&self) -> &D {
        &self.demand
    }

    /// The run that wants it.
    pub fn run(&self) -> RunId {
        self.lease.run()
    }

    /// The denial if nobody says yes.
    pub fn refused(self, rule: Sentence) -> Denied {
        let command = if self.may_last {
            Some(self.demand.command(&self.lease))
        } else {
            self.demand.command_once_asked(&self.lease)
        };
        Denied { what: self.demand.sentence(), rule, command, code: ErrorCode::PermissionDenied }
    }
}

/// Decides. One per process; everything in it can be rebuilt from the store.
#[derive(Debug)]
pub struct Broker {
    zone: Zone,
    protected: Vec<ProtectedFolder>,
    apps: RwLock<HashMap<(OwnerId, AppName), Arc<AppGrants>>>,
    leases: RwLock<BTreeMap<RunId, Lease>>,
    questions: QuestionBoard,
}

impl Broker {
    /// A broker for a zone. Nothing is granted yet.
    pub fn new(zone: Zone, protected: Vec<ProtectedFolder>) -> Self {
        Self {
            zone,
            protected,
            apps: RwLock::default(),
            leases: RwLock::default(),
            questions: QuestionBoard::default(),
        }
    }

    /// The zone.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Open questions and their answers.
    pub fn questions(&self) -> &QuestionBoard {
        &self.questions
    }

    /// What belongs to oikos itself.
    pub fn protected(&self) -> &[ProtectedFolder] {
        &self.protected
    }

    /// Whether a folder may never be granted: it is oikos' own, or lies inside of what is. (A folder *around* it may
    /// be granted; the way into OIKOS_HOME stays closed for each single path.)
    pub fn is_protected(&self, path: &str, device: u64, inode: u64) -> bool {
        self.protected
            .iter()
            .any(|folder| is_beneath(path, &folder.path) || (folder.device == device && folder.inode == inode))
    }

    /// Sets what an app asks for and was granted, as the store has it. Holds from the next decision on, also for runs
    /// under way.
    pub fn grants_load(&self, owner: OwnerId, app: &AppName, grants: AppGrants) {
        self.apps.write().insert((owner, app.clone()), Arc::new(grants));
    }

    /// Forgets an app.
    pub fn grants_drop(&self, owner: OwnerId, app: &AppName) {
        self.apps.write().remove(&(owner, app.clone()));
    }

    /// What an app asks for and was granted.
    pub fn grants(&self, owner: OwnerId, app: &AppName) -> Arc<AppGrants> {
        self.apps.read().get(&(owner, app.clone())).cloned().unwrap_or_default()
    }

    /// Opens a run's lease, within what the zone gives. The wall clock starts at `now_ns`.
    pub fn lease_open(&self, caller: Caller, app: &AppName, run: RunId, limits: Limits, now_ns: u64) -> Lease {
        let lease = Lease::new(caller, app.clone(), run, self.zone, limits.within(self.zone), now_ns);
        self.leases.write().insert(run, lease.clone());
        lease
    }

    /// As [`Broker::lease_open`], for a run of a version that has not taken over yet: these grants decide, as they will
    /// once it has, while those of the app go on for all other runs.
    pub fn lease_open_under(
        &self,
        caller: Caller,
        app: &AppName,
        run: RunId,
        limits: Limits,
        now_ns: u64,
        grants: AppGrants,
    ) -> Lease {
        let lease = Lease::new(caller, app.clone(), run, self.zone, limits.within(self.zone), now_ns).under(grants);
        self.leases.write().insert(run, lease.clone());
        lease
    }

    /// As [`Broker::lease_open_under`], for the owner's own errand and no app: a program that they have sent for things, to
    /// hosts that oikos names. That anybody has a place there is why they are asked for by name and digest; and a name of
    /// those may lead to a mirror in the owner's own network, which TLS still says is the host.
    pub fn errand_open(&self, caller: Caller, name: &AppName, run: RunId, now_ns: u64, grants: AppGrants) -> Lease {
        let lease =
            Lease::new(caller, name.clone(), run, self.zone, Limits::default(), now_ns).under(grants).on_errand();
        self.leases.write().insert(run, lease.clone());
        lease
    }

    /// As [`Broker::lease_open`], for a run that another run calls and waits for: on behalf of the same caller, with the labels
    /// of what was read there, and never with more time than is left there.
    pub fn lease_open_for(&self, caller: &Lease, app: &AppName, run: RunId, limits: Limits, now_ns: u64) -> Lease {
        let left_ms = caller.limits().wall_ms.saturating_sub(caller.wall_ms(now_ns));
        let limits = Limits { wall_ms: limits.wall_ms.min(left_ms), ..limits };
        let lease = Lease::new(*caller.caller(), app.clone(), run, self.zone, limits.within(self.zone), now_ns)
            .called_by(caller);
        self.leases.write().insert(run, lease.clone());
        lease
    }

    /// What decides for a run: what its app was granted, unless it has grants of its own.
    pub fn grants_of(&self, lease: &Lease) -> Arc<AppGrants> {
        lease.grants().cloned().unwrap_or_else(|| self.grants(lease.caller().owner, lease.app()))
    }

    /// Closes a run's lease: it is ended, if it was not, and forgotten.
    pub fn lease_close(&self, run: RunId) {
        if let Some(lease) = self.leases.write().remove(&run) {
            lease.end(crate::LeaseEnd::Finished);
        }
    }

    /// A person handed something over for one run: what they named *is* the grant. Only called with a person's own
    /// words: the command line's `--file`, the answer to a pick, and the id of a file whose bytes they handed over. That
    /// one lies beneath what belongs to oikos, and is one file; nothing else there is ever handed over.
    pub fn hand_over(&self, lease: &Lease, picked: crate::Picked) -> Result<(), Sentence> {
        let folder = &picked.folder;
        let is_kept_here = picked.called.is_some() && picked.file.is_some();
        if !is_kept_here && self.is_protected(&folder.path, folder.device, folder.inode) {
            return Err(sentence::rule_protected(&folder.path));
        }
        lease.hand_over(picked);
        Ok(())
    }

    /// Leases that are open.
    pub fn leases(&self) -> Vec<Lease> {
        self.leases.read().values().cloned().collect()
    }

    /// Decides on a demand.
    pub fn decide<D: Demand + Resolve>(&self, lease: &Lease, mut demand: D, now: Timestamp) -> Decision<D> {
        let grants = self.grants_of(lease);
        let denied = |demand: &D, rule: Sentence, allowable: bool| {
            let command = allowable.then(|| demand.command(lease));
            Decision::Denied(Box::new(Denied {
                what: demand.sentence(),
                rule,
                command,
                code: ErrorCode::PermissionDenied,
            }))
        };
        if let Err(end) = lease.check() {
            return Decision::Denied(Box::new(Denied {
                what: demand.sentence(),
                rule: sentence::rule_lease(end.message(lease.limits())),
                command: None,
                code: ErrorCode::LeaseRevoked,
            }));
        }
        let (word, line) = (demand.word(), demand.line());
        // The zone speaks first: what it forbids is not even looked up.
        if verdict(word, self.zone, Some(protocol::GrantState::Allow)) == Verdict::ZoneDenies {
            return denied(&demand, refusal(Verdict::ZoneDenies, word, self.zone, &line), false);
        }
        if let Err(rule) = demand.resolve(lease, &grants, &self.protected, now) {
            let allowable = rule.code != "rule_protected"
                && !is_final(&rule)
                && !network::is_final(&rule)
                && !secret::is_final(&rule)
                && !shell::is_final(&rule)
                && grants.asks_for(&line);
            return denied(&demand, rule, allowable);
        }
        let (state, basis) = match demand.basis(lease, &grants, now) {
            Ok(found) => found,
            Err(rule) => {
                let allowable = !is_final(&rule) && !mcp::is_final(&rule) && grants.asks_for(&line);
                return denied(&demand, rule, allowable);
            }
        };
        match verdict(word, self.zone, Some(state)) {
            Verdict::Allow => match demand.always_asks() {
                Some(_) => self.ask(lease, demand, false),
                None => Decision::Permit(self.permit(lease, demand, basis)),
            },
            Verdict::Ask => {
                let may_last = demand.always_asks().is_none();
                self.ask(lease, demand, may_last)
            }
            refused @ (Verdict::Deny | Verdict::ZoneDenies) => {
                denied(&demand, refusal(refused, word, self.zone, &line), refused == Verdict::Deny)
            }
        }
    }

    /// Whether a demand is worth making: its switch covers it, and is not off. Decides nothing.
    pub fn is_open<D: Demand>(&self, lease: &Lease, demand: &D, now: Timestamp) -> bool {
        let basis = demand.basis(lease, &self.grants_of(lease), now);
        let is_open = |state| matches!(verdict(demand.word(), self.zone, Some(state)), Verdict::Allow | Verdict::Ask);
        basis.is_ok_and(|(state, _)| is_open(state))
    }

    /// Turns a person's answer into a permit or a denial. The answer must be to a question of the same run.
    pub fn settle<D: Demand>(
        &self,
        ask: Ask<D>,
        settled: &Settled,
        answer_after_ms: u64,
    ) -> Result<Permit<D>, Box<Denied>> {
        if let Err(end) = ask.lease.check() {
            let rule = sentence::rule_lease(end.message(ask.lease.limits()));
            return Err(Box::new(ask.refused(rule)));
        }
        if settled.run != ask.lease.run() || settled.answer.is_none() {
            return Err(Box::new(ask.refused(sentence::rule_no_answer(protocol::Arg::Millis(answer_after_ms)))));
        }
        if !settled.is_yes() {
            return Err(Box::new(ask.refused(sentence::rule_said_no())));
        }
        let basis = Basis::Asked { question: settled.question };
        Ok(self.permit(&ask.lease.clone(), ask.demand, basis))
    }

    /// The owner's own act: they send for something at an address that they named, or that it answers is elsewhere. No app
    /// has a part in it; `app` is the name under which it is counted. The lease is nobody's run and is not kept. What lies
    /// in the owner's own network only they name themselves: a key can be copied, and another owner's network it is not.
    pub fn errand(
        &self,
        caller: Caller,
        app: &AppName,
        run: RunId,
        url: crate::WebUrl,
        is_named: bool,
        now_ns: u64,
    ) -> Result<Permit<crate::NetworkDemand>, Box<Denied>> {
        let what = sentence::ask_http_read(url.shown());
        let demand = crate::NetworkDemand::of_owner(url, is_named && caller.may_name_paths())
            .map_err(|rule| Box::new(Denied { what, rule, command: None, code: ErrorCode::PermissionDenied }))?;
        let lease = Lease::new(caller, app.clone(), run, self.zone, Limits::default(), now_ns);
        Ok(Permit::new(demand, lease, Basis::Picked { rule: sentence::rule_errand() }))
    }

    /// What the set-up has oikos say of itself, at the address that stands there. No app and no owner has a part in it:
    /// nothing that could be sent for anybody is decided here. `id` and `name` stand for who says it, and the lease is
    /// nobody's run and is not kept.
    pub fn report(
        &self,
        caller: Caller,
        name: &AppName,
        id: RunId,
        url: crate::WebUrl,
        body_bytes: u64,
        now_ns: u64,
    ) -> Permit<crate::NetworkDemand> {
        let demand = crate::NetworkDemand::of_operator(url, body_bytes);
        let lease = Lease::new(caller, name.clone(), id, self.zone, Limits::default(), now_ns);
        Permit::new(demand, lease, Basis::Picked { rule: sentence::rule_errand() })
    }

    /// Whether an app may be started without a person, and by which grant. Nobody is there to be asked, so a switch that
    /// asks is a no.
    pub fn start(&self, owner: OwnerId, app: &AppName, start: Start<'_>, now: Timestamp) -> Result<Basis, Sentence> {
        let grants = self.grants(owner, app);
        let line = start.line();
        let grant = grants.effective(&line, now, None).ok_or_else(|| sentence::rule_not_asked_for(&line))?;
        if let refused @ (Verdict::Ask | Verdict::Deny | Verdict::ZoneDenies) =
            verdict(protocol::ScopeWord::Event, self.zone, Some(grant.state))
        {
            return Err(refusal(refused, protocol::ScopeWord::Event, self.zone, &line));
        }
        if !start.is_within(&grant.scope) {
            return Err(match start {
                Start::Event(topic) => sentence::rule_topic_outside(topic.as_str(), &line),
                Start::Message | Start::Schedule => sentence::rule_not_asked_for(&line),
            });
        }
        Ok(Basis::Grant { id: grant.id, rule: sentence::rule_grant_plain(&line) })
    }

    fn ask<D: Demand>(&self, lease: &Lease, demand: D, may_last: bool) -> Decision<D> {
        let sentence = demand.sentence();
        Decision::Ask(Box::new(Ask { demand, lease: lease.clone(), sentence, may_last }))
    }

    fn permit<D: Demand>(&self, lease: &Lease, demand: D, basis: Basis) -> Permit<D> {
        lease.join_labels(demand.labels());
        Permit::new(demand, lease.clone(), basis)
    }
}

/// Demands that have to find what they are about before they can be decided.
pub trait Resolve {
    /// Finds it, or the rule that refuses.
    fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        protected: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence>;
}

impl Resolve for FileDemand {
    fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        protected: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence> {
        Self::resolve(self, lease, grants, protected, now)
    }
}

impl Resolve for crate::StorageDemand {
    fn resolve(&mut self, _: &Lease, _: &AppGrants, _: &[ProtectedFolder], _: Timestamp) -> Result<(), Sentence> {
        Ok(())
    }
}

impl Resolve for crate::RoomDemand {
    fn resolve(
        &mut self,
        _: &Lease,
        _: &AppGrants,
        protected: &[ProtectedFolder],
        _: Timestamp,
    ) -> Result<(), Sentence> {
        let path = &self.folder().path;
        // From both sides: whoever has a folder whole has what lies in it.
        let meets = |folder: &&ProtectedFolder| is_beneath(path, &folder.path) || is_beneath(&folder.path, path);
        match protected.iter().any(|folder| meets(&folder)) {
            true => Err(sentence::rule_protected(path)),
            false => Ok(()),
        }
    }
}

impl Resolve for crate::NetworkDemand {
    fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        _: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence> {
        Self::resolve(self, lease, grants, now)
    }
}

impl Resolve for crate::SecretDemand {
    fn resolve(&mut self, _: &Lease, grants: &AppGrants, _: &[ProtectedFolder], _: Timestamp) -> Result<(), Sentence> {
        Self::resolve(self, grants)
    }
}

impl Resolve for crate::ShellDemand {
    fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        protected: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence> {
        Self::resolve(self, lease, grants, protected, now)
    }
}

impl Resolve for crate::McpDemand {
    fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        _: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence> {
        Self::resolve(self, lease, grants, now)
    }
}

impl Resolve for crate::EventDemand {
    fn resolve(&mut self, lease: &Lease, _: &AppGrants, _: &[ProtectedFolder], _: Timestamp) -> Result<(), Sentence> {
        Self::resolve(self, lease)
    }
}
