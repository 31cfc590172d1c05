//! Demands on the bus: sending an event. Hearing events is no effect of a run but the start of one, and is decided by
//! [`crate::Broker::start`].

use super::Demand;
use crate::{AppGrants, Basis, Lease};
use protocol::{
    AppName, Arg, GrantState, Labels, Line, Scope, ScopeWord, Sender, Sentence, Timestamp, Topic, TopicFamily,
    TopicPattern, sentence,
};

/// A demand to send an event. Who sends it is the run's app, whatever the app says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDemand {
    /// What it is about.
    pub topic: Topic,
    /// What it says, as JSON: shown to the person who has to approve it.
    pub payload: String,
    /// Labels of everything that the run had read when it was decided; set by the decision.
    labels: Labels,
}

/// What stands in both: nobody else may know of it without a person's yes.
const BOTH: Labels = Labels::PRIVATE.join(Labels::STRANGER);

impl EventDemand {
    /// Sending `payload` to `topic`.
    pub fn new(topic: Topic, payload: String) -> Self {
        Self { topic, payload, labels: Labels::NONE }
    }

    fn scope(&self) -> Scope {
        Scope::Event { publish: vec![self.topic.to_string()], listen: Vec::new() }
    }

    pub(crate) fn resolve(&mut self, lease: &Lease) -> Result<(), Sentence> {
        self.labels = lease.labels();
        may_send(&Sender::App(lease.app().clone()), &self.topic)
    }
}

/// Whose topics are whose: the first words of a topic say it, and nobody can grant it away.
pub fn may_send(sender: &Sender, topic: &Topic) -> Result<(), Sentence> {
    let name = topic.as_str();
    match (topic.family(), sender) {
        (_, Sender::System) | (TopicFamily::User, Sender::Owner) | (TopicFamily::Common, _) => Ok(()),
        (TopicFamily::App(app), Sender::App(own)) if app == own.as_str() => Ok(()),
        (TopicFamily::System, _) => Err(sentence::rule_topic_kernel(name)),
        (TopicFamily::User, _) => Err(sentence::rule_topic_owner(name)),
        (TopicFamily::App(_), _) => Err(sentence::rule_topic_other(name)),
    }
}

/// Whether a rule is one that no switch changes: whose a topic is, and what the manifest does not name.
pub(crate) fn is_final(rule: &Sentence) -> bool {
    matches!(&*rule.code, "rule_topic_kernel" | "rule_topic_owner" | "rule_topic_other" | "rule_topic_outside")
}

/// Whether a topic is among those of a scope. A pattern that cannot be read covers nothing.
pub(crate) fn is_among(patterns: &[String], topic: &Topic) -> bool {
    patterns.iter().any(|pattern| pattern.parse::<TopicPattern>().is_ok_and(|pattern| pattern.matches(topic)))
}

impl Demand for EventDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::Event
    }

    fn line(&self) -> Line {
        self.scope().line()
    }

    fn sentence(&self) -> Sentence {
        let topic = self.topic.as_str();
        match self.content() {
            Some(content) => sentence::ask_event_content(topic, Arg::Bytes(content.len() as u64)),
            None => sentence::ask_event(topic),
        }
    }

    fn labels(&self) -> Labels {
        Labels::NONE
    }

    fn always_asks(&self) -> Option<Sentence> {
        self.labels.contains(BOTH).then(|| self.sentence())
    }

    fn content(&self) -> Option<String> {
        self.labels.contains(BOTH).then(|| self.payload.clone())
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let grant =
            grants.effective(&line, now, Some(lease.run())).ok_or_else(|| sentence::rule_not_asked_for(&line))?;
        match &grant.scope {
            Scope::Event { publish, .. } if is_among(publish, &self.topic) => {
                Ok((grant.state, Basis::Grant { id: grant.id, rule: sentence::rule_grant_plain(&line) }))
            }
            _ => Err(sentence::rule_topic_outside(self.topic.as_str(), &line)),
        }
    }

    fn command(&self, lease: &Lease) -> String {
        command(lease.app(), &self.line())
    }
}

fn command(app: &AppName, line: &Line) -> String {
    format!("oikos grant {app} {line}=allow")
}

/// What would start an app without a person.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// An event on this topic.
    Event(&'a Topic),
    /// A message that matches the app's pattern.
    Message,
    /// The clock.
    Schedule,
}

impl Start<'_> {
    /// The switch that governs it.
    pub(crate) fn line(self) -> Line {
        match self {
            Self::Event(topic) => Scope::Event { publish: Vec::new(), listen: vec![topic.to_string()] }.line(),
            Self::Message => Scope::Trigger { regex: String::new(), reads_all: false }.line(),
            Self::Schedule => Scope::Schedule { cron: String::new() }.line(),
        }
    }

    /// Whether it is among what a scope covers.
    pub(crate) fn is_within(self, scope: &Scope) -> bool {
        match (self, scope) {
            (Self::Event(topic), Scope::Event { listen, .. }) => is_among(listen, topic),
            (Self::Message, Scope::Trigger { .. }) | (Self::Schedule, Scope::Schedule { .. }) => true,
            _ => false,
        }
    }
}
