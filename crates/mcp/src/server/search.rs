//! Two tools in place of very many: one finds, one calls. What is found depends on the words alone, never on a model.

use super::{
    json::{Json, Members, json},
    views::is_visible_to,
};
use serde::Deserialize;
use serde_json::json as value;
use std::collections::{HashMap, HashSet};

/// The name of the tool that finds tools.
pub const SEARCH: &str = "search_tools";
/// The name of the tool that calls one.
pub const CALL: &str = "call_tool";

/// Tools in one answer, if nothing else is asked for.
const FOUND_USUAL: usize = 8;
/// Tools in one answer at most: more is no answer to a question.
const FOUND_MAX: usize = 20;
/// Bytes of definitions in one answer. A schema of its own that is larger is left out, and said to be.
const FOUND_BYTES_MAX: usize = 64 * 1024;
/// Words of a question that are looked at.
const QUERY_WORDS_MAX: usize = 32;
/// Words of a tool's text that are looked at.
const TEXT_WORDS_MAX: usize = 400;

/// How much a word counts where it stands in a name, in a title, or in what else a tool says of itself.
const WEIGHTS: [f64; 3] = [6.0, 3.0, 1.0];
/// Of that, for a word that only begins so.
const BEGUN: f64 = 0.4;

/// What can be found.
#[derive(Debug)]
pub(crate) struct Index {
    entries: Vec<Entry>,
    /// In how many tools a word stands.
    spread: HashMap<String, usize>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    definition: Json,
    brief: Json,
    words: [HashSet<String>; 3],
}

/// The arguments of [`SEARCH`].
#[derive(Debug, Deserialize)]
pub(crate) struct Search {
    query: String,
    #[serde(default)]
    limit: Option<usize>,
}

impl Index {
    /// Of the tools that a client is offered, with the names it knows.
    pub(crate) fn new(tools: &[(String, Members)]) -> Self {
        let mut spread: HashMap<String, usize> = HashMap::new();
        let entries = tools
            .iter()
            // Some are only for their server's own view.
            .filter(|(_, definition)| is_visible_to(definition, "model"))
            .map(|(name, definition)| {
                let description = definition.text("description").unwrap_or_default();
                let parameters = definition.object("inputSchema").and_then(|schema| schema.object("properties"));
                let parameters: Vec<String> =
                    parameters.iter().flat_map(Members::iter).map(|(name, _)| name.to_owned()).collect();
                let entry = Entry {
                    name: name.clone(),
                    definition: definition.to_json(),
                    brief: json(&value!({"name": name, "description": protocol::text::shorten(&description, 400)})),
                    words: [
                        words(name).collect(),
                        words(&definition.text("title").unwrap_or_default()).collect(),
                        words(&description)
                            .chain(parameters.iter().flat_map(|name| words(name)))
                            .take(TEXT_WORDS_MAX)
                            .collect(),
                    ],
                };
                let all: HashSet<&String> = entry.words.iter().flatten().collect();
                for word in all {
                    *spread.entry(word.clone()).or_default() += 1;
                }
                entry
            })
            .collect();
        Self { entries, spread }
    }

    /// The tools that fit best, the best first.
    pub(crate) fn find(&self, search: &Search) -> Json {
        let limit = search.limit.unwrap_or(FOUND_USUAL).clamp(1, FOUND_MAX);
        let asked: Vec<String> = words(&search.query).take(QUERY_WORDS_MAX).collect();
        let mut ranked: Vec<(f64, &Entry)> = self
            .entries
            .iter()
            .map(|entry| (self.score(entry, &asked), entry))
            .filter(|(score, _)| *score > 0.0)
            .collect();
        ranked.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.name.cmp(&right.name)));
        let mut bytes = 0;
        let found: Vec<&Json> = ranked
            .iter()
            .take(limit)
            .map(|(_, entry)| {
                bytes += entry.definition.get().len();
                if bytes > FOUND_BYTES_MAX { &entry.brief } else { &entry.definition }
            })
            .collect();
        let said = Members::new().with("tools", &found).with("total", &self.entries.len());
        said.with("matching", &ranked.len()).to_json()
    }

    /// The names nearest to one that is none.
    pub(crate) fn nearest(&self, name: &str) -> Vec<&str> {
        let mut near: Vec<(f64, &str)> =
            self.entries.iter().map(|entry| (strsim::jaro_winkler(name, &entry.name), entry.name.as_str())).collect();
        near.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.cmp(right)));
        near.into_iter().take_while(|(score, _)| *score > 0.7).take(3).map(|(_, name)| name).collect()
    }

    fn score(&self, entry: &Entry, asked: &[String]) -> f64 {
        let tools = self.entries.len() as f64;
        asked
            .iter()
            .map(|word| {
                // A word that stands everywhere says little.
                let rarity = (1.0 + tools / (1.0 + *self.spread.get(word).unwrap_or(&0) as f64)).ln();
                let places = entry.words.iter().zip(WEIGHTS).map(|(known, weight)| {
                    let begins = || word.len() > 2 && known.iter().any(|known| known.starts_with(word.as_str()));
                    weight
                        * if known.contains(word) {
                            1.0
                        } else if begins() {
                            BEGUN
                        } else {
                            0.0
                        }
                });
                rarity * places.fold(0.0, f64::max)
            })
            .sum()
    }
}

/// Words as people write them: letters and digits, `camelCase` and `snake_case` taken apart, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()) {
        let mut word = String::new();
        let mut was_small = false;
        for c in part.chars() {
            if c.is_uppercase() && was_small {
                found.push(std::mem::take(&mut word));
            }
            was_small = c.is_lowercase() || c.is_numeric();
            word.extend(c.to_lowercase());
        }
        found.push(word);
    }
    found.into_iter().filter(|word| !word.is_empty()).map(|word| stem(&word))
}

/// `files` and `file` are one word to whoever looks for them.
fn stem(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(singular) if singular.len() > 2 && !singular.ends_with('s') => singular.to_owned(),
        _ => word.to_owned(),
    }
}

/// The two tools, as they stand in the list.
pub(crate) fn definitions() -> Vec<Members> {
    let search = value!({
        "name": SEARCH,
        "title": "Find tools",
        "description": "Finds tools of this household by what they do. There are too many to list; describe what you want to do in a \
                        few words. Each result has the name and the input schema that call_tool needs.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "What the tool should do, in a few words."},
                "limit": {"type": "integer", "minimum": 1, "maximum": FOUND_MAX, "description": "How many to show."}
            },
            "required": ["query"],
            "additionalProperties": false
        },
        "outputSchema": {
            "type": "object",
            "properties": {"tools": {"type": "array"}, "total": {"type": "integer"}, "matching": {"type": "integer"}},
            "required": ["tools", "total", "matching"]
        },
        "annotations": {"readOnlyHint": true, "openWorldHint": false}
    });
    let call = value!({
        "name": CALL,
        "title": "Call a tool",
        "description": "Calls a tool that search_tools found, with arguments that fit its input schema. The answer is that tool's own.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "The tool's name."},
                "arguments": {"type": "object", "description": "The tool's arguments."}
            },
            "required": ["name"],
            "additionalProperties": false
        }
    });
    [search, call].iter().map(|tool| Members::parse(&tool.to_string()).expect("it is an object")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let tool = |name: &str, description: &str| {
            (
                name.to_owned(),
                Members::new()
                    .with("name", &name)
                    .with("description", &description)
                    .with("inputSchema", &value!({"type": "object", "properties": {"path": {}}})),
            )
        };
        Index::new(&[
            tool("files_read_text", "Read a text file from disk"),
            tool("files_write", "Write a file"),
            tool("weather_forecast", "The forecast for a city: rain, wind, temperature"),
            tool("mail_sendMessage", "Send a message to somebody"),
        ])
    }

    fn found(query: &str, limit: Option<usize>) -> Vec<String> {
        let answer = index().find(&Search { query: query.to_owned(), limit });
        let answer: serde_json::Value = serde_json::from_str(answer.get()).expect("JSON");
        let tools = answer["tools"].as_array().expect("a list");
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    #[test]
    fn the_tool_that_was_meant_comes_first() {
        assert_eq!(found("what is the weather in Kassel", None)[0], "weather_forecast");
        assert_eq!(found("reading files", None)[0], "files_read_text");
        assert_eq!(found("send mail", None)[0], "mail_sendMessage");
        assert_eq!(found("file", Some(1)).len(), 1);
        assert!(found("", None).is_empty());
        assert!(found("quantum", None).is_empty());
    }

    #[test]
    fn an_answer_is_bounded() {
        let tools: Vec<(String, Members)> = (0..100)
            .map(|n| {
                (
                    format!("big_{n}"),
                    Members::new().with("name", &format!("big_{n}")).with("description", &"big ".repeat(10_000)),
                )
            })
            .collect();
        let answer = Index::new(&tools).find(&Search { query: "big ".repeat(10_000), limit: Some(1_000) });
        assert!(answer.get().len() < FOUND_BYTES_MAX + FOUND_MAX * 1_000, "{}", answer.get().len());
    }
}
