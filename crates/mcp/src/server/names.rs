//! The names under which a client knows tools and prompts: `<app>_<tool>`, and who has such a name has it for good.
//!
//! A name is remembered by models, by settings of clients and by people who allowed it there. One that meant another tool
//! tomorrow would carry that trust to where nobody put it. So names are never freed: the map of a client only grows, and is
//! kept with what else is known of the client.

use protocol::{AppName, WIRE_NAME_BYTES_MAX, sha256};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Names that a client's map holds. A tool that comes after is not offered: it takes thousands of tools that the owner agreed
/// to and that are gone again.
pub const NAMES_MAX: usize = 8_192;
/// Digits of the hash in a name that is not simply `<app>_<tool>`: 64 bits, so that nobody makes a second tool with the same.
const HASH_DIGITS: usize = 16;
/// Names that are ours.
const RESERVED: &[&str] = &[super::search::SEARCH, super::search::CALL];

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Meaning {
    /// The app.
    pub app: AppName,
    /// The tool or prompt, as the app calls it.
    pub own: String,
}

/// The names that one client knows, of tools or of prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names {
    by_name: BTreeMap<String, Meaning>,
}

/// What a client knows everything by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameMap {
    /// Tools.
    #[serde(default)]
    pub tools: Names,
    /// Prompts.
    #[serde(default)]
    pub prompts: Names,
    /// Addresses of views.
    #[serde(default)]
    pub views: Names,
    /// What servers with views call their tools: a view calls its server's tools by these names.
    #[serde(default)]
    pub aliases: Names,
}

impl NameMap {
    /// The names of tools. None of them is what a view means by another.
    pub fn tools_assign(&mut self, wanted: &[Meaning]) -> Vec<Option<String>> {
        let aliases = &self.aliases;
        let is_free = |name: &String, meaning: &Meaning| aliases.meaning(name).is_none_or(|known| known == meaning);
        self.tools.assign_from(wanted, |meaning| {
            let meaning = meaning.clone();
            candidates(&meaning).filter(move |name| is_free(name, &meaning))
        })
    }

    /// Has the views of these tools' servers call them by what their servers call them, where no other is called so.
    pub fn aliases_assign(&mut self, mut wanted: Vec<(String, Meaning)>) {
        wanted.sort();
        for (name, meaning) in wanted {
            let is_free = !self.tools.by_name.contains_key(&name) && !RESERVED.contains(&name.as_str());
            if is_free && self.aliases.len() < NAMES_MAX {
                self.aliases.by_name.entry(name).or_insert(meaning);
            }
        }
    }
}

impl Names {
    /// What a name means, whether or not that is offered now.
    pub fn meaning(&self, name: &str) -> Option<&Meaning> {
        self.by_name.get(name)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The names of these, in their order; those that had none get one. `None`: the map is full.
    ///
    /// What is new is named in the order of its meaning and not of the list, so that the same apps get the same names
    /// whoever came first.
    pub fn assign(&mut self, wanted: &[Meaning]) -> Vec<Option<String>> {
        self.assign_from(wanted, candidates)
    }

    /// The same with other names, the best first. There is no end of them.
    pub(crate) fn assign_from<I: Iterator<Item = String>>(
        &mut self,
        wanted: &[Meaning],
        candidates: impl Fn(&Meaning) -> I,
    ) -> Vec<Option<String>> {
        let known: HashMap<&Meaning, &String> = self.by_name.iter().map(|(name, meaning)| (meaning, name)).collect();
        let mut new: Vec<&Meaning> = wanted.iter().filter(|meaning| !known.contains_key(meaning)).collect();
        new.sort_unstable();
        new.dedup();
        drop(known);
        for meaning in new {
            if self.by_name.len() >= NAMES_MAX {
                break;
            }
            let free = candidates(meaning).find(|name| !self.by_name.contains_key(name));
            self.by_name.insert(free.expect("of names without end one is free"), meaning.clone());
        }
        let known: HashMap<&Meaning, &String> = self.by_name.iter().map(|(name, meaning)| (meaning, name)).collect();
        wanted.iter().map(|meaning| known.get(meaning).map(|name| (*name).clone())).collect()
    }

    /// All names, each with what it means.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Meaning)> {
        self.by_name.iter()
    }
}

/// The names that a tool or prompt may have, the best first.
fn candidates(meaning: &Meaning) -> impl Iterator<Item = String> + use<> {
    let (plain, meaning) = (plain(meaning), meaning.clone());
    let first = std::iter::once(plain.clone()).filter(|name| name.len() <= WIRE_NAME_BYTES_MAX);
    let others = (0u32..).map(move |attempt| hashed(&plain, &meaning, attempt));
    first.chain(others).filter(|name| !RESERVED.contains(&name.as_str()))
}

/// `<app>_<tool>`. What the tool calls itself by its app's name already is not said twice.
fn plain(meaning: &Meaning) -> String {
    let app = meaning.app.as_str();
    let own: String =
        meaning.own.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let is_said = own.strip_prefix(app).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    if is_said { own } else { format!("{app}_{own}") }
}

fn hashed(plain: &str, meaning: &Meaning, attempt: u32) -> String {
    let whole = format!("{}\0{}\0{attempt}", meaning.app, meaning.own);
    let hash = &sha256(whole.as_bytes()).to_string()[..HASH_DIGITS];
    let kept: String = plain.chars().take(WIRE_NAME_BYTES_MAX - HASH_DIGITS - 1).collect();
    format!("{kept}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meaning(app: &str, own: &str) -> Meaning {
        Meaning { app: app.parse().expect("an app's name"), own: own.to_owned() }
    }

    fn names(wanted: &[(&str, &str)]) -> Vec<String> {
        let wanted: Vec<Meaning> = wanted.iter().map(|(app, own)| meaning(app, own)).collect();
        Names::default().assign(&wanted).into_iter().map(|name| name.expect("there is room")).collect()
    }

    #[test]
    fn names_are_what_people_expect() {
        assert_eq!(names(&[("greeter", "greet")]), ["greeter_greet"]);
        assert_eq!(names(&[("github", "github_search")]), ["github_search"]);
        assert_eq!(names(&[("files", "read.text")]), ["files_read_text"]);
        assert_eq!(names(&[("translate", "translate")]), ["translate"]);
        // Ours stay ours, also where an app is called so.
        assert!(names(&[("search", "tools")])[0].starts_with("search_tools-"));
    }

    #[test]
    fn two_tools_never_share_a_name() {
        let taken = names(&[("ab", "c.d"), ("ab", "c_d"), ("ab", "c/d"), ("ab", "ab_c_d")]);
        let distinct: std::collections::HashSet<&String> = taken.iter().collect();
        assert_eq!(distinct.len(), 4, "{taken:?}");
    }

    fn any_meaning() -> impl Strategy<Value = Meaning> {
        // Few letters, so that names meet.
        ("[ab][ab-]{1,3}", prop_oneof![8 => "[ab_./ä-]{0,5}", 1 => ".{0,90}"])
            .prop_map(|(app, own)| meaning(&app, &own))
    }

    proptest! {
        #[test]
        fn a_name_never_changes_its_meaning(rounds in proptest::collection::vec(proptest::collection::vec(any_meaning(), 0..12), 1..8)) {
            let mut map = Names::default();
            let mut told: HashMap<String, Meaning> = HashMap::new();
            for wanted in rounds {
                let given = map.assign(&wanted);
                for (meaning, name) in wanted.iter().zip(&given) {
                    let name = name.as_ref().expect("there is room");
                    prop_assert!((1..=64).contains(&name.len()), "{name}");
                    prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{name}");
                    prop_assert!(!RESERVED.contains(&name.as_str()));
                    prop_assert_eq!(map.meaning(name), Some(meaning));
                    prop_assert_eq!(told.entry(name.clone()).or_insert_with(|| meaning.clone()), meaning);
                }
                // It is kept as JSON, and means the same when it is read again.
                let kept = serde_json::to_string(&map).expect("JSON");
                prop_assert_eq!(&serde_json::from_str::<Names>(&kept).expect("a map"), &map);
                // Whoever came first: the same set gives the same names.
                let mut turned: Vec<Meaning> = wanted.clone();
                turned.reverse();
                let mut first = Names::default();
                let mut second = Names::default();
                first.assign(&wanted);
                second.assign(&turned);
                prop_assert_eq!(first, second);
            }
        }
    }
}
