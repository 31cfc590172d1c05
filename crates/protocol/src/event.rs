//! Topics of the bus, and who sends. A topic is lower-case words joined by dots; its first word says whose it is.

use crate::{AppName, NameError, text};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};
use utoipa::ToSchema;

/// Longest topic: as long as the longest app name in a topic of three words, and some.
pub const TOPIC_BYTES_MAX: usize = 128;
/// Most words of a topic.
pub const TOPIC_WORDS_MAX: usize = 8;

const TOPIC_RULE: &str = "1 to 8 lower-case words joined by dots, at most 128 characters, such as user.message";
const PATTERN_RULE: &str = "a topic in which '*' may stand for a word after the first, such as app.notes.*";

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// Whether a text has the form of a topic; `stars`: `*` may stand for a word after the first.
fn is_topic(text: &str, stars: bool) -> bool {
    text.len() <= TOPIC_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('.').count() <= TOPIC_WORDS_MAX
        && text.split('.').enumerate().all(|(place, word)| is_word(word) || (stars && place > 0 && word == "*"))
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $what:literal, $rule:expr, $stars:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String)]
        pub struct $name(Arc<str>);

        impl $name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_topic(text, $stars) {
                    return Ok(Self(text.into()));
                }
                Err(NameError { what: $what, given: text::shorten(text, 80), rule: $rule })
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}

texts! {
    /// What an event is about, such as `user.message`.
    Topic = "topic", TOPIC_RULE, false;
    /// Which topics, such as `app.notes.*`: `*` stands for one word, and as the last for one or more.
    TopicPattern = "topic", PATTERN_RULE, true;
}

impl Topic {
    /// What a person wrote.
    pub const USER_MESSAGE: &str = "user.message";
    /// What a person showed.
    pub const USER_IMAGE: &str = "user.image";
    /// A minute has begun.
    pub const SYSTEM_TICK: &str = "system.tick";

    /// Whether the first listener that has an answer keeps the event from the others. All other events are facts: they
    /// are heard, and nobody asks what was said about them.
    pub fn can_be_answered(&self) -> bool {
        matches!(self.as_str(), Self::USER_MESSAGE | Self::USER_IMAGE)
    }

    /// Whose topic it is.
    pub fn family(&self) -> TopicFamily<'_> {
        let mut words = self.0.split('.');
        match (words.next(), words.next()) {
            (Some("system"), _) => TopicFamily::System,
            (Some("user"), _) => TopicFamily::User,
            (Some("app"), app) => TopicFamily::App(app.unwrap_or_default()),
            _ => TopicFamily::Common,
        }
    }
}

/// Whose a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicFamily<'a> {
    /// `system.*`: oikos alone sends it.
    System,
    /// `user.*`: the owner alone sends it.
    User,
    /// `app.<name>.*`: this app alone sends it.
    App(&'a str),
    /// Anybody who may.
    Common,
}

impl TopicPattern {
    /// Whether a topic is among them.
    pub fn matches(&self, topic: &Topic) -> bool {
        self.covers(topic.as_str())
    }

    /// Whether all topics of another pattern are among those of this one.
    pub fn covers(&self, other: &str) -> bool {
        let mut others = other.split('.').peekable();
        let mut own = self.0.split('.').peekable();
        while let Some(word) = own.next() {
            let Some(other) = others.next() else { return false };
            let (is_last, other_is_last) = (own.peek().is_none(), others.peek().is_none());
            match word {
                "*" if is_last => return true,
                // The other one's last star stands for more words than this one's.
                "*" => {
                    if other == "*" && other_is_last {
                        return false;
                    }
                }
                word => {
                    if word != other {
                        return false;
                    }
                }
            }
        }
        others.next().is_none()
    }
}

/// Who sent an event; set by the kernel, never by the sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sender {
    /// oikos itself.
    System,
    /// The owner.
    Owner,
    /// An app.
    App(AppName),
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.pad("system"),
            Self::Owner => f.pad("owner"),
            Self::App(app) => f.pad(&format!("app.{app}")),
        }
    }
}

impl From<Sender> for String {
    fn from(sender: Sender) -> Self {
        sender.to_string()
    }
}

impl TryFrom<String> for Sender {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        match text.as_str() {
            "system" => Ok(Self::System),
            "owner" => Ok(Self::Owner),
            other => match other.strip_prefix("app.") {
                Some(app) => app.parse().map(Self::App),
                None => Err(NameError {
                    what: "sender",
                    given: text::shorten(other, 80),
                    rule: "one of system, owner, app.<name>",
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn topics_have_a_form() {
        for good in ["a", "user.message", "app.csv-insights.done", "x9.1_2", "a.b.c.d.e.f.g.h"] {
            assert!(good.parse::<Topic>().is_ok() && good.parse::<TopicPattern>().is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "A.b", "9.a", "a b", "a.é", "*", "a.b.c.d.e.f.g.h.i", &"a".repeat(129)]
        {
            assert!(bad.parse::<Topic>().is_err() && bad.parse::<TopicPattern>().is_err(), "{bad}");
        }
        for pattern in ["app.notes.*", "app.*.done", "user.*"] {
            assert!(pattern.parse::<TopicPattern>().is_ok() && pattern.parse::<Topic>().is_err(), "{pattern}");
        }
        assert!("a.b*".parse::<TopicPattern>().is_err());
    }

    #[test]
    fn a_pattern_covers_what_it_says() {
        let check = |pattern: &str, other: &str, expected: bool| {
            assert_eq!(pattern.parse::<TopicPattern>().unwrap().covers(other), expected, "{pattern} {other}");
        };
        check("a.b", "a.b", true);
        check("a.b", "a", false);
        check("a.b", "a.b.c", false);
        check("a.*", "a", false);
        check("a.*", "a.b", true);
        check("a.*", "a.b.c", true);
        check("a.*.c", "a.b.c", true);
        check("a.*.c", "a.b.b.c", false);
        check("a.*", "a.*", true);
        check("a.*", "a.*.c", true);
        check("a.*.c", "a.*", false);
        check("a.*.*", "a.*", false);
        check("a.b", "a.*", false);
    }

    #[test]
    fn senders_read_back() {
        for sender in [Sender::System, Sender::Owner, Sender::App("notes".parse().unwrap())] {
            assert_eq!(Sender::try_from(sender.to_string()).unwrap(), sender);
        }
        // An app of the owner's name is still an app.
        assert_eq!(Sender::try_from("app.owner".to_owned()).unwrap(), Sender::App("owner".parse().unwrap()));
        for bad in ["app.", "notes", ""] {
            assert!(Sender::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    proptest! {
        /// What a pattern covers, it matches in each single case.
        #[test]
        fn covering_is_matching_everything(
            pattern in "a(\\.[ab*]){0,3}", other in "a(\\.[ab*]){0,3}", topic in "a(\\.[ab]){0,4}",
        ) {
            let (pattern, other): (TopicPattern, TopicPattern) = (pattern.parse().unwrap(), other.parse().unwrap());
            let topic: Topic = topic.parse().unwrap();
            if pattern.covers(other.as_str()) && other.matches(&topic) {
                prop_assert!(pattern.matches(&topic));
            }
        }
    }
}
