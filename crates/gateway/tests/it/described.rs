//! The API's description says what the routes do.

use fancy_regex::Regex;
use proptest::prelude::*;
use protocol::{ActionName, AppName, Digest, KeyName, OwnerName, PublisherName, TokenName, Topic};
use serde_json::Value;
use std::collections::BTreeSet;

fn description() -> Value {
    serde_json::to_value(gateway::openapi()).unwrap()
}

/// Every reference leads somewhere, and every operation has a name of its own, a success and a failure.
#[test]
fn it_is_whole() {
    let description = description();
    let text = description.to_string();
    for reference in text.split("\"#/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(description.pointer(&format!("/{reference}")).is_some(), "{reference}");
    }
    let mut names = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        // Prometheus has a place of its own to look at.
        assert!(path.starts_with("/api/v1/") || path == "/metrics", "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
            assert!(answers["default"]["content"]["application/problem+json"].is_object(), "{method} {path}");
        }
    }
    assert!(names.len() >= 26, "{names:?}");
}

#[test]
fn a_reader_sees_at_a_glance_what_there_is() {
    let description = description();
    let mut rows = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            rows.push(format!("{:<7}{path:<36}{name}", method.to_uppercase()));
        }
    }
    rows.sort_by_key(|row| row[7..].to_owned());
    insta::assert_snapshot!(rows.join("\n"));
}

/// What is described is there, with its method.
#[tokio::test]
async fn every_described_route_answers() {
    let house = crate::stage::replies(|| protocol::api::Reply::Ok);
    for (path, item) in description()["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path
                .replace("{app}", "notes")
                .replace("{name}", "table")
                .replace("{offer}", "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a")
                .replace("{run}", "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a")
                .replace("{file}", "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a")
                .replace("{question}", "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a");
            let answer = house.say(&method.to_uppercase(), &path, &[], "").await;
            assert!(!matches!(answer.status.as_u16(), 404 | 405), "{method} {path}: {}", answer.status);
        }
    }
}

proptest! {
    /// A name that the description allows is one, and no other is.
    #[test]
    fn the_patterns_are_the_rules(
        name in prop_oneof![any::<String>(), "[a-zA-Z_0-9.-]{0,66}", "[a-z][a-z0-9-]{0,64}", "[0-9a-fA-F]{62,66}",
            "[a-z]{1,3}([.][a-z0-9_-]{0,9}){0,9}", "(oikos|official|system|developer|you)[a-z]{0,2}", "([a-z]{20}[.]){5,7}[a-z]{1,9}"],
    ) {
        for (kind, pattern) in gateway::PATTERNS {
            let allowed = match *kind {
                "AppName" => name.parse::<AppName>().is_ok(),
                "ActionName" => name.parse::<ActionName>().is_ok(),
                "Digest" => name.parse::<Digest>().is_ok(),
                "KeyName" => name.parse::<KeyName>().is_ok(),
                "OwnerName" => name.parse::<OwnerName>().is_ok(),
                "PublisherName" => name.parse::<PublisherName>().is_ok(),
                "TokenName" => name.parse::<TokenName>().is_ok(),
                "Topic" => name.parse::<Topic>().is_ok(),
                other => panic!("{other} is not held"),
            };
            prop_assert_eq!(Regex::new(pattern).unwrap().is_match(&name).unwrap(), allowed, "{}: {:?}", kind, &name);
        }
    }
}

/// A word that goes over the wire is a word of the description.
#[test]
fn codes_and_events_are_described_by_their_words() {
    let schemas = &description()["components"]["schemas"];
    let codes: Vec<_> = protocol::ErrorCode::ALL.iter().map(|code| serde_json::to_value(code).unwrap()).collect();
    assert_eq!(schemas["ErrorCode"]["enum"], Value::from(codes));
    let frames = schemas["Frame"]["oneOf"].as_array().unwrap().iter();
    let named = |one: &Value| {
        let own = one["properties"]["frame"]["enum"][0].clone();
        if own.is_null() { one["allOf"][1]["properties"]["frame"]["enum"][0].clone() } else { own }
    };
    assert_eq!(schemas["FrameEvent"]["properties"]["event"]["enum"], frames.map(named).collect::<Value>());
}

#[test]
fn every_pattern_is_in_the_description() {
    let description = description();
    for (kind, pattern) in gateway::PATTERNS {
        assert_eq!(description["components"]["schemas"][kind]["pattern"], *pattern);
    }
}
