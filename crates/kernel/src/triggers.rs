//! What may start an app without a person: read from its manifest, checked, and put into the card's terms.

use crate::bus::table::{HANDLERS_MAX, Handler, How, Registered};
use package::{Cause, Package, Pattern, Schedule};
use protocol::{ActionName, ErrorCode, Failure, Scope, ScopeRequest, Timestamp, TopicPattern};

/// What starts an app, checked. What would call nothing is left out: the package has warned of it.
#[derive(Default)]
pub(crate) struct Triggers {
    /// Topics that it may listen to, as declared.
    listens: Vec<TopicPattern>,
    /// Topics that the manifest's trigger names, with what is called for those that the app does not hear itself.
    events: Vec<TopicPattern>,
    events_target: Option<ActionName>,
    message: Option<(Pattern, ActionName)>,
    schedule: Option<(Schedule, ActionName)>,
}

impl Triggers {
    /// Reads and checks what a package says.
    pub(crate) fn of(package: &Package) -> Result<Self, Failure> {
        let invalid = |what: &str, message: String| {
            let name = package.name();
            Failure::new(ErrorCode::PackageInvalid, format!("{name}: its {what} cannot be used: {message}"))
        };
        let patterns = |topics: &[String], what: &str| {
            let read = topics.iter().map(|topic| topic.parse::<TopicPattern>());
            read.collect::<Result<Vec<_>, _>>().map_err(|error| invalid(what, error.to_string()))
        };
        let mut found = Self::default();
        for trigger in package.triggers() {
            match (&trigger.cause, trigger.target.clone()) {
                (Cause::Events(topics), target) => {
                    found.events = patterns(topics, "trigger.events")?;
                    found.events_target = target;
                }
                (Cause::Message(pattern), Some(target)) => found.message = Some((pattern.clone(), target)),
                (Cause::Schedule(schedule), Some(target)) => found.schedule = Some((schedule.clone(), target)),
                (Cause::Message(_) | Cause::Schedule(_), None) => {}
            }
        }
        found.listens = found.events.clone();
        for asked in package.requests() {
            if let Scope::Event { listen, publish } = &asked.request.scope {
                found.listens.extend(patterns(listen, "permission event.listen")?);
                patterns(publish, "permission event.publish")?;
            }
        }
        Ok(found)
    }

    /// Whether the clock starts it.
    pub(crate) fn is_scheduled(&self) -> bool {
        self.schedule.is_some()
    }

    /// When the clock starts it, and what.
    pub(crate) fn schedule(self) -> Option<(Schedule, ActionName)> {
        self.schedule
    }

    /// What the package asks for, with what its triggers ask for: a switch on the card for each kind of start.
    pub(crate) fn requests(&self, package: &Package) -> Vec<ScopeRequest> {
        let mut requests = Vec::new();
        let mut listen: Vec<String> = Vec::new();
        let mut reason = None;
        for asked in package.requests() {
            for scope in asked.request.scope.clone().switches() {
                match scope {
                    Scope::Event { listen: topics, publish } if publish.is_empty() => {
                        listen.extend(topics);
                        reason = reason.or_else(|| asked.request.reason.clone());
                    }
                    scope => requests.push(ScopeRequest { scope, reason: asked.request.reason.clone() }),
                }
            }
        }
        for topic in &self.events {
            if !listen.iter().any(|known| known == topic.as_str()) {
                listen.push(topic.to_string());
            }
        }
        let event = Scope::Event { publish: Vec::new(), listen };
        requests.extend(event.switches().into_iter().map(|scope| ScopeRequest { scope, reason: reason.clone() }));
        let regex = self
            .message
            .as_ref()
            .map(|(pattern, _)| Scope::Trigger { regex: pattern.as_str().to_owned(), reads_all: pattern.reads_all() });
        let schedule = self.schedule.as_ref().map(|(cron, _)| Scope::Schedule { cron: cron.to_string() });
        let starts = regex.into_iter().chain(schedule).map(|scope| ScopeRequest { scope, reason: None });
        requests.extend(starts);
        requests
    }

    /// What the app listens to, from what its image exports. Fails if it listens to something that it did not declare:
    /// the card would not show it.
    pub(crate) fn registered(
        &self,
        package: &Package,
        installed_at: Timestamp,
        exports: &[String],
    ) -> Result<Registered, Failure> {
        let app = package.name();
        let invalid = |message: String| Failure::new(ErrorCode::PackageCodeInvalid, format!("{app}: {message}"));
        let mut registered = Registered::new(self.schedule.clone());
        let mut handled: Vec<TopicPattern> = Vec::new();
        let mut add = |index: usize, priority: i8, how: How| {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            registered.listen(app, installed_at, index, priority, how);
        };
        for handler in exports.iter().filter_map(|name| Handler::read(name)) {
            let Handler { index, priority, pattern, export } = handler.map_err(invalid)?;
            if !self.listens.iter().any(|declared| declared.covers(pattern.as_str())) {
                let message = format!("it listens to '{pattern}', but does not declare it");
                let hint = format!("add \"{pattern}\" to trigger.events of the manifest, or to `event.listen`");
                return Err(invalid(message).hint(hint));
            }
            handled.push(pattern.clone());
            add(usize::from(index), priority, How::Handler { pattern, export });
        }
        if let Some(action) = &self.events_target {
            for (place, pattern) in self.events.iter().enumerate() {
                if !handled.iter().any(|known| known.covers(pattern.as_str()) || pattern.covers(known.as_str())) {
                    let how = How::Action { pattern: pattern.clone(), action: action.clone() };
                    add(HANDLERS_MAX + 1 + place, 0, how);
                }
            }
        }
        if let Some((pattern, action)) = &self.message {
            add(HANDLERS_MAX, 0, How::Message { pattern: pattern.clone(), action: action.clone() });
        }
        Ok(registered)
    }
}
