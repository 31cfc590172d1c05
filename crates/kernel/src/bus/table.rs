//! Who hears what, in which order. Pure.
//!
//! Order is by priority, higher first; then by registration: apps in the order in which they were installed, then what an
//! app registered first. It depends on nothing else, so it is the same after a restart.

use crate::{admission::Whose, runner::GuestExport};
use package::Pattern;
use package::Schedule;
use protocol::{ActionName, AppName, OwnerId, Timestamp, Topic, TopicPattern};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Priorities go from −100 to 100, higher first.
pub(crate) const PRIORITY_MAX: i8 = 100;
/// Handlers that one app may register: a topic each, and some to spare.
pub(crate) const HANDLERS_MAX: usize = 64;
/// How the names of handlers begin among what an image exports; no action's name can.
const HANDLER_PREFIX: &str = "on:";

/// What an app does at an event.
#[derive(Debug)]
pub(crate) enum How {
    /// Calls what `ctx.on` was given.
    Handler { pattern: TopicPattern, export: GuestExport },
    /// Calls the action that the manifest names, with the event.
    Action { pattern: TopicPattern, action: ActionName },
    /// Calls that action if a message matches, with the text and what the pattern's groups caught.
    Message { pattern: Pattern, action: ActionName },
}

impl How {
    /// What it listens to, and in which way: versions of an app that agree in this go on where the one before was.
    fn name(&self) -> String {
        match self {
            Self::Handler { pattern, .. } => format!("on:{pattern}"),
            Self::Action { pattern, .. } => format!("action:{pattern}"),
            Self::Message { .. } => "message".to_owned(),
        }
    }
}

/// One listener.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) app: AppName,
    pub(crate) priority: i8,
    installed_at: Timestamp,
    index: u16,
    /// How many of its app's listeners that were registered before it listen to just the same.
    twins: usize,
    pub(crate) how: How,
}

impl Listener {
    /// Its name, which it keeps in the app's next version if that listens to the same: what was kept for it is heard then.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.app, self.how.name(), self.twins)
    }

    /// Whether it wants to hear of this; of a message, its text decides.
    fn wants(&self, topic: &Topic, text: Option<&str>) -> bool {
        match &self.how {
            How::Handler { pattern, .. } | How::Action { pattern, .. } => pattern.matches(topic),
            How::Message { pattern, .. } => {
                topic.as_str() == Topic::USER_MESSAGE && text.is_some_and(|text| pattern.groups(text).is_some())
            }
        }
    }

    fn order(&self) -> impl Ord + '_ {
        (-i16::from(self.priority), self.installed_at, &self.app, self.index)
    }
}

/// What an image says of one handler.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Handler {
    pub(crate) index: u16,
    pub(crate) priority: i8,
    pub(crate) pattern: TopicPattern,
    pub(crate) export: GuestExport,
}

impl Handler {
    /// Reads the name under which an image exports a handler, as prelude.js makes it: `on:<index>:<priority>:<pattern>`.
    /// `None`: it is not the name of a handler. What does not fit was not made by prelude.js.
    pub(crate) fn read(name: &str) -> Option<Result<Self, String>> {
        let rest = name.strip_prefix(HANDLER_PREFIX)?;
        let read = || {
            let mut parts = rest.splitn(3, ':');
            let index: u16 = parts.next()?.parse().ok()?;
            let priority: i8 = parts.next()?.parse().ok()?;
            let pattern: TopicPattern = parts.next()?.parse().ok()?;
            let fits = usize::from(index) < HANDLERS_MAX && (-PRIORITY_MAX..=PRIORITY_MAX).contains(&priority);
            fits.then(|| Self { index, priority, pattern, export: GuestExport::named(name) })
        };
        Some(read().ok_or_else(|| {
            let shown = protocol::text::shorten(rest.splitn(3, ':').nth(2).unwrap_or(rest), 80);
            format!("it listens to '{shown}', which is not a topic")
        }))
    }
}

/// What one app listens to, and when the clock starts it.
#[derive(Debug, Default)]
pub(crate) struct Registered {
    listeners: Vec<Arc<Listener>>,
    schedule: Option<Arc<(Schedule, ActionName)>>,
}

impl Registered {
    /// Of an app that the clock starts, or does not.
    pub(crate) fn new(schedule: Option<(Schedule, ActionName)>) -> Self {
        Self { listeners: Vec::new(), schedule: schedule.map(Arc::new) }
    }

    /// One listener more. `index` is its place among those that the app registered.
    pub(crate) fn listen(&mut self, app: &AppName, installed_at: Timestamp, index: u16, priority: i8, how: How) {
        let twins = self.listeners.iter().filter(|known| known.how.name() == how.name()).count();
        self.listeners.push(Arc::new(Listener { app: app.clone(), priority, installed_at, index, twins, how }));
    }
}

/// Every app's listeners.
#[derive(Default)]
pub(crate) struct Table {
    apps: BTreeMap<Whose, Registered>,
    /// Listeners in their order, by owner and the first word of what they listen to.
    words: HashMap<(OwnerId, String), Vec<Arc<Listener>>>,
}

impl Table {
    /// What an app listens to from now on.
    pub(crate) fn set(&mut self, whose: Whose, registered: Registered) {
        let owner = whose.0;
        self.apps.insert(whose, registered);
        self.index(owner);
    }

    /// An app listens to nothing any more.
    pub(crate) fn remove(&mut self, whose: &Whose) {
        if self.apps.remove(whose).is_some() {
            self.index(whose.0);
        }
    }

    /// Who hears an event, in their order. `text` is what a message says.
    pub(crate) fn hearing(&self, owner: OwnerId, topic: &Topic, text: Option<&str>) -> Vec<Arc<Listener>> {
        let word = topic.as_str().split('.').next().unwrap_or_default();
        let listeners = self.words.get(&(owner, word.to_owned()));
        listeners.into_iter().flatten().filter(|listener| listener.wants(topic, text)).cloned().collect()
    }

    /// The listener of this name, as the app's version that runs now has it.
    pub(crate) fn named(&self, whose: &Whose, name: &str) -> Option<Arc<Listener>> {
        self.apps.get(whose)?.listeners.iter().find(|listener| listener.name() == name).cloned()
    }

    /// An owner's apps that the clock starts.
    pub(crate) fn schedules(&self, owner: OwnerId) -> Vec<(AppName, Arc<(Schedule, ActionName)>)> {
        let apps = self.apps.iter().filter(|((known, _), _)| *known == owner);
        apps.filter_map(|((_, app), registered)| Some((app.clone(), registered.schedule.clone()?))).collect()
    }

    fn index(&mut self, owner: OwnerId) {
        self.words.retain(|(known, _), _| *known != owner);
        for listener in self.apps.iter().filter(|((known, _), _)| *known == owner).flat_map(|(_, r)| &r.listeners) {
            let pattern = match &listener.how {
                How::Handler { pattern, .. } | How::Action { pattern, .. } => pattern.as_str(),
                How::Message { .. } => Topic::USER_MESSAGE,
            };
            let word = pattern.split('.').next().unwrap_or_default().to_owned();
            self.words.entry((owner, word)).or_default().push(listener.clone());
        }
        for listeners in self.words.values_mut() {
            listeners.sort_by(|a, b| a.order().cmp(&b.order()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use testkit::TestEntropy;

    const ME: OwnerId = OwnerId::LOCAL;

    fn handler(pattern: &str) -> How {
        How::Handler { pattern: pattern.parse().unwrap(), export: GuestExport::named("on:0:0:x") }
    }

    /// As a package brings it.
    fn pattern(regex: &str) -> Pattern {
        let manifest = serde_json::json!({ "id": "search", "name": "Search", "trigger": { "regex": regex } });
        let files = [
            ("manifest.json", manifest.to_string()),
            ("action-schema.json", r#"{ "search": { "input": { "type": "object" } } }"#.to_owned()),
            ("bot-logic.js", "export function search() {}".to_owned()),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.into_bytes())).into();
        let package = package::Package::open(package::pack(&files).unwrap()).unwrap();
        match &package.triggers()[0].cause {
            package::Cause::Message(pattern) => pattern.clone(),
            other => panic!("no pattern: {other:?}"),
        }
    }

    fn add(table: &mut Table, app: &str, installed_at: i64, listeners: Vec<(i8, How)>) {
        let app: AppName = app.parse().unwrap();
        let mut registered = Registered::new(None);
        for (index, (priority, how)) in (0..).zip(listeners) {
            registered.listen(&app, Timestamp(installed_at), index, priority, how);
        }
        table.set((ME, app), registered);
    }

    fn names(table: &Table, topic: &str, text: Option<&str>) -> Vec<String> {
        table.hearing(ME, &topic.parse().unwrap(), text).iter().map(|listener| listener.name()).collect()
    }

    #[test]
    fn priority_then_registration() {
        let mut table = Table::default();
        add(&mut table, "second", 2, vec![(0, handler("user.message")), (0, handler("user.*"))]);
        add(&mut table, "first", 1, vec![(0, handler("user.message")), (-100, handler("user.message"))]);
        add(&mut table, "loud", 3, vec![(100, handler("user.message")), (100, handler("system.tick"))]);
        let expected = [
            "loud/on:user.message/0",
            "first/on:user.message/0",
            "second/on:user.message/0",
            "second/on:user.*/0",
            "first/on:user.message/1",
        ];
        assert_eq!(names(&table, "user.message", None), expected);
        assert_eq!(names(&table, "user.image", None), ["second/on:user.*/0"]);
        assert_eq!(names(&table, "system.tick", None), ["loud/on:system.tick/0"]);
        assert!(names(&table, "system.started", None).is_empty());
        assert!(table.hearing(OwnerId(2), &"user.message".parse().unwrap(), None).is_empty());
        table.remove(&(ME, "first".parse().unwrap()));
        assert_eq!(names(&table, "user.message", None), [expected[0], expected[2], expected[3]]);
    }

    #[test]
    fn a_pattern_hears_only_messages_that_match() {
        let mut table = Table::default();
        let how = How::Message { pattern: pattern("^Search(.*)"), action: "search".parse().unwrap() };
        add(&mut table, "search", 1, vec![(0, how)]);
        assert_eq!(names(&table, "user.message", Some("Search rust")), ["search/message/0"]);
        for (topic, text) in [("user.message", Some("search")), ("user.message", None), ("user.image", Some("Search"))]
        {
            assert!(names(&table, topic, text).is_empty(), "{topic} {text:?}");
        }
    }

    /// A version that registers the same in another order, and one that does not listen any more.
    #[test]
    fn what_listens_to_the_same_has_the_same_name() {
        let mut table = Table::default();
        let whose = (ME, "door".parse().unwrap());
        let index = |table: &Table, name: &str| table.named(&whose, name).map(|listener| listener.index);
        let (bell, lamp) = ("door/on:home.bell/0", "door/on:home.lamp/0");
        add(&mut table, "door", 1, vec![(0, handler("home.bell")), (0, handler("home.lamp"))]);
        assert_eq!((index(&table, bell), index(&table, lamp)), (Some(0), Some(1)));
        add(&mut table, "door", 2, vec![(9, handler("home.*")), (9, handler("home.lamp"))]);
        assert_eq!((index(&table, bell), index(&table, lamp)), (None, Some(1)));
    }

    #[test]
    fn names_of_handlers_read_back() {
        let read = |name: &str| Handler::read(name);
        let expected = Handler {
            index: 3,
            priority: -100,
            pattern: "app.notes.*".parse().unwrap(),
            export: GuestExport::named("on:3:-100:app.notes.*"),
        };
        assert_eq!(read("on:3:-100:app.notes.*"), Some(Ok(expected)));
        assert_eq!(read("generate"), None);
        for bad in ["on:", "on:64:0:a.b", "on:0:101:a.b", "on:0:0:A.b", "on:0:0:*", "on:x:0:a", "on:0:0:a:b"] {
            assert!(matches!(read(bad), Some(Err(_))), "{bad}");
        }
    }

    /// However the apps came into the table: the order is the same.
    #[test]
    fn the_order_is_the_same_over_10_000_seeds() {
        let make = |seed: u64| {
            let entropy = TestEntropy::seeded(seed);
            let mut apps: Vec<u64> = (0..12).collect();
            let mut table = Table::default();
            while !apps.is_empty() {
                let number = apps.remove(usize::try_from(entropy.below(apps.len() as u64)).unwrap());
                let name = format!("app{number:02}");
                // Three priorities, four moments of installing: ties of each kind.
                let priority = i8::try_from(number % 3).unwrap();
                let both = vec![(priority, handler("user.message")), (0, handler("user.message"))];
                if entropy.below(4) == 0 {
                    add(&mut table, &name, 99, vec![(100, handler("user.*"))]);
                }
                add(&mut table, &name, i64::try_from(number % 4).unwrap(), both);
            }
            names(&table, "user.message", None)
        };
        let expected = make(0);
        assert_eq!(expected.len(), 24);
        for seed in 1..10_000 {
            assert_eq!(make(seed), expected, "seed {seed}");
        }
    }
}
