//! The page checks inputs while they are typed, the server before a run. Both are asked the same here: the official
//! suite, pairs made to trip checkers up, and random ones (`ui/test/suite`). Where the page has said "valid" or
//! "invalid" (`verdicts.txt`, kept by `ui/test/unit/forms/agreement.test.ts`), the server says so too; where the suite
//! knows the answer, that is the server's.

use crate::support::{app, open};
use jsonschema::{Draft, PatternOptions};
use package::Action;
use serde_json::{Map, Value, json};
use std::{collections::HashMap, fmt, fs, path::Path};

/// Where the schema is put that is no object's.
const PLACE: &str = "/properties/value";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Valid,
    Invalid,
    Unchecked,
}

impl Verdict {
    fn of(is_valid: bool) -> Self {
        if is_valid { Self::Valid } else { Self::Invalid }
    }

    fn from_letter(letter: char) -> Self {
        match letter {
            'v' => Self::Valid,
            'i' => Self::Invalid,
            'u' => Self::Unchecked,
            other => panic!("{other:?} is no verdict"),
        }
    }
}

/// What answers for the server.
enum Server {
    /// An app's action: the way of every run's input.
    Action { action: Box<Action>, is_wrapped: bool },
    /// No app may bring this schema, so nothing is ever run with it. Its engine, set up alike, is asked all the same.
    Engine(Box<jsonschema::Validator>),
    /// Nor can the engine read it.
    Nothing,
}

impl Server {
    fn new(schema: &Value) -> Self {
        // An action's input is an object.
        let is_wrapped = schema.get("type") != Some(&json!("object"));
        let input = if is_wrapped {
            json!({ "type": "object", "properties": { "value": moved(schema) } })
        } else {
            schema.clone()
        };
        let actions = json!({ "generate": { "input": input } }).to_string();
        if let Ok(package) = open(&app(&[("action-schema.json", &actions)])) {
            return Self::Action { action: Box::new(package.actions()[0].clone()), is_wrapped };
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(false);
        match options.with_pattern_options(PatternOptions::regex()).build(schema) {
            Ok(engine) => Self::Engine(Box::new(engine)),
            Err(_) => Self::Nothing,
        }
    }

    fn verdict(&self, value: &Value) -> Verdict {
        match self {
            Self::Action { action, is_wrapped: true } => {
                Verdict::of(action.check_input(&json!({ "value": value })).is_ok())
            }
            Self::Action { action, .. } => Verdict::of(action.check_input(value).is_ok()),
            Self::Engine(engine) => Verdict::of(engine.is_valid(value)),
            Self::Nothing => Verdict::Unchecked,
        }
    }
}

/// The schema with its references as they are at [`PLACE`].
fn moved(schema: &Value) -> Value {
    let Some(members) = schema.as_object() else { return schema.clone() };
    let each = |map: &Map<String, Value>| map.iter().map(|(key, inner)| (key.clone(), moved(inner))).collect();
    let member = |(keyword, value): (&String, &Value)| {
        let value = match (keyword.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                json!(reference.strip_prefix('#').map_or(reference.clone(), |rest| format!("#{PLACE}{rest}")))
            }
            ("properties" | "patternProperties" | "dependentSchemas" | "$defs", Value::Object(map)) => {
                Value::Object(each(map))
            }
            ("const" | "enum" | "default" | "examples", value) => value.clone(),
            (_, Value::Array(list)) => list.iter().map(moved).collect(),
            (_, value) => moved(value),
        };
        (keyword.clone(), value)
    };
    Value::Object(members.iter().map(member).collect())
}

/// One question, for a message.
struct Asked<'a> {
    file: &'a str,
    group: &'a Value,
    test: &'a Value,
    index: usize,
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = self.group["description"].as_str().unwrap_or_default();
        write!(f, "{}, {group:?}, ", self.file)?;
        match self.test["description"].as_str() {
            Some(description) => write!(f, "{description:?}")?,
            None => write!(f, "test {}", self.index)?,
        }
        let value = self.test.get("data").or(self.test.get("text"));
        write!(f, " (schema {}, value {})", self.group["schema"], value.unwrap_or(&Value::Null))
    }
}

#[derive(Default)]
struct Tally {
    /// Where the page decides: with an action's answer, and with the engine's.
    by_action: usize,
    by_engine: usize,
    /// Where the suite, or whoever wrote the pair, knows the answer.
    known: usize,
    /// Where the page leaves it to the server.
    left: usize,
    faults: Vec<String>,
}

impl Tally {
    fn ask(&mut self, asked: &Asked<'_>, page: Verdict, server: &Server) {
        let value = match asked.test["text"].as_str() {
            // As a request's body is read.
            Some(text) => serde_json::from_str(text).ok(),
            None => Some(asked.test["data"].clone()),
        };
        let said = value.map_or(Verdict::Invalid, |value| server.verdict(&value));
        match (page, server) {
            (Verdict::Unchecked, _) => self.left += 1,
            (_, Server::Action { .. }) => self.by_action += 1,
            (_, Server::Engine(_) | Server::Nothing) => self.by_engine += 1,
        }
        if page != Verdict::Unchecked && page != said {
            self.faults.push(format!("{asked}: the page says {page:?}, the server {said:?}"));
        }
        if let Some(is_valid) = asked.test["valid"].as_bool()
            && matches!(server, Server::Action { .. })
        {
            self.known += 1;
            let wanted = Verdict::of(is_valid);
            if said != wanted {
                self.faults.push(format!("{asked}: it is {wanted:?}, the server says {said:?}"));
            }
        }
    }
}

#[test]
fn page_and_server_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/test/suite");
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let verdicts = read("verdicts.txt");
    let mut files: HashMap<&str, Vec<Value>> = HashMap::new();
    let mut tally = Tally::default();
    for line in verdicts.lines() {
        let [file, index, letters] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line:?} is no verdict") };
        let groups = files.entry(file).or_insert_with(|| serde_json::from_str(&read(file)).unwrap());
        let group = &groups[index.parse::<usize>().unwrap()];
        let tests = group["tests"].as_array().unwrap();
        assert_eq!(letters.len(), tests.len(), "{line}");
        let server = Server::new(&group["schema"]);
        for (index, (test, letter)) in tests.iter().zip(letters.chars()).enumerate() {
            tally.ask(&Asked { file, group, test, index }, Verdict::from_letter(letter), &server);
        }
    }
    // A schema without a line was never judged by the page.
    let groups: usize = files.values().map(Vec::len).sum();
    assert_eq!(groups, verdicts.lines().count());
    println!(
        "{} files: page and server both decide {} by an action and {} by the engine; {} are left to the server; the \
         answer is known of {}",
        files.len(),
        tally.by_action,
        tally.by_engine,
        tally.left,
        tally.known,
    );
    assert!(tally.by_action >= 5_200 && tally.by_engine >= 30 && tally.known >= 1_900, "hardly anything was compared");
    assert!(tally.faults.is_empty(), "{} disagreements:\n{}", tally.faults.len(), tally.faults.join("\n"));
}
