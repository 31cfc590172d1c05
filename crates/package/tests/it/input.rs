//! Inputs of actions, and the schemas that strangers check them with.

use crate::support::{app, open, told};
use package::Action;
use serde_json::{Value, json};
use std::time::Instant;

fn with_input(input: &Value) -> String {
    json!({ "generate": { "input": input } }).to_string()
}

fn action(input: &Value) -> Action {
    let package = open(&app(&[("action-schema.json", &with_input(input))])).unwrap_or_else(|error| panic!("{error}"));
    package.actions()[0].clone()
}

fn input_told(action: &Action, input: &Value) -> String {
    action.check_input(input).map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

#[test]
fn inputs_are_checked_with_pointer_and_expectation() {
    let package = open(&app(&[])).unwrap();
    let action = &package.actions()[0];
    for (input, expected) in [
        (json!({"topic": "x"}), "ok"),
        (json!({"topic": "x", "tone": "formal", "data": "a.csv"}), "ok"),
        (json!({}), "input: the key 'topic' is missing"),
        (json!({"topic": ""}), "input/topic: expected some text, found none"),
        (json!({"topic": 7}), "input/topic: expected a string, found an integer"),
        (
            json!({"topic": "x", "tone": "forml"}),
            "input/tone: expected 'plain' or 'formal', found 'forml'; did you mean 'formal'?",
        ),
        (json!({"topic": "x", "x\u{202e}": 1}), "input: unknown key 'x\\u{202e}'"),
        (json!([]), "input: expected an object, found an array"),
        (json!(null), "input: expected an object, found null"),
    ] {
        assert_eq!(input_told(action, &input), expected, "{input}");
    }
}

#[test]
fn bombs_in_schemas_are_refused_with_the_place() {
    let doubling: Value = (0..40)
        .map(|index| {
            let next = format!("#/$defs/d{}", index + 1);
            (format!("d{index}"), json!({ "allOf": [{ "$ref": next }, { "$ref": next }] }))
        })
        .chain([("d40".to_owned(), json!({}))])
        .collect::<serde_json::Map<_, _>>()
        .into();
    // Below the limit of a chain, but doubling at each step into the value.
    let doubling_below = json!({ "properties": { "a": { "allOf": [{ "$ref": "#" }, { "$ref": "#" }] } } });
    let chain: Value = (0..3000)
        .map(|index| {
            (format!("d{index}"), json!({ "properties": { "a": { "$ref": format!("#/$defs/d{}", index + 1) } } }))
        })
        .chain([("d3000".to_owned(), json!({}))])
        .collect::<serde_json::Map<_, _>>()
        .into();
    let in_place_chain: Value = (0..3000)
        .map(|index| (format!("d{index}"), json!({ "$ref": format!("#/$defs/d{}", index + 1) })))
        .chain([("d3000".to_owned(), json!({}))])
        .collect::<serde_json::Map<_, _>>()
        .into();
    let many_patterns: Value =
        (0..100).map(|index| (format!("p{index}"), json!({ "pattern": format!("^{index}") }))).collect();
    for (what, extra, expected) in [
        ("self", json!({ "$ref": "#" }), "comes back to itself"),
        ("self by allOf", json!({ "allOf": [{ "$ref": "#" }] }), "comes back to itself"),
        (
            "a circle",
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "not": { "$ref": "#/$defs/a" } } } }),
            "comes back to itself",
        ),
        ("remote", json!({ "$ref": "https://evil.example/x" }), "nothing is fetched"),
        ("file", json!({ "$ref": "file:///etc/passwd" }), "nothing is fetched"),
        ("relative", json!({ "$ref": "permissions.schema.json" }), "nothing is fetched"),
        ("metaschema", json!({ "$ref": "https://json-schema.org/draft/2020-12/schema" }), "nothing is fetched"),
        ("anchor", json!({ "$ref": "#name" }), "nothing is fetched"),
        ("id", json!({ "$id": "https://evil.example/x" }), "'$id' is not taken"),
        ("dynamic", json!({ "$dynamicRef": "#x" }), "'$dynamicRef' is not taken"),
        ("vocabulary", json!({ "$vocabulary": {} }), "'$vocabulary' is not taken"),
        ("dialect", json!({ "$schema": "https://evil.example/x" }), "only JSON Schema 2020-12"),
        ("nowhere", json!({ "$ref": "#/$defs/tpic", "$defs": { "topic": {} } }), "did you mean '#/$defs/topic'?"),
        (
            "into an annotation",
            json!({ "$ref": "#/default", "default": { "$ref": "#/default" } }),
            "leads to no subschema",
        ),
        ("doubling", json!({ "$ref": "#/$defs/d0", "$defs": doubling }), "lead to each other"),
        ("doubling below", doubling_below, "take forever"),
        ("doubling by unevaluated", json!({ "unevaluatedProperties": { "$ref": "#" } }), "take forever"),
        ("a chain", json!({ "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": chain }), "levels deep"),
        ("a chain in place", json!({ "$ref": "#/$defs/d0", "$defs": in_place_chain }), "lead to each other"),
        (
            "a pattern bomb",
            json!({ "properties": { "a": { "pattern": "((a{1000}){1000}){1000}" } } }),
            "cannot be used",
        ),
        ("a Unicode bomb", json!({ "properties": { "a": { "pattern": r"(\p{L}{500}){50}" } } }), "cannot be used"),
        ("look-around", json!({ "properties": { "a": { "pattern": "(?=a)b" } } }), "no look-around"),
        ("a back-reference", json!({ "properties": { "a": { "pattern": r"(a)\1" } } }), "no look-around"),
        ("a broken pattern", json!({ "patternProperties": { "(": {} } }), "cannot be used"),
        ("a long pattern", json!({ "properties": { "a": { "pattern": "a".repeat(600) } } }), "longer than 512"),
        ("many patterns", json!({ "properties": many_patterns }), "more than 64 patterns"),
        (
            "a huge enum below a list of lists",
            json!({ "properties": { "a": { "enum": (0..100_000).collect::<Vec<_>>() } } }),
            "take forever",
        ),
        ("an unknown keyword", json!({ "requird": ["a"] }), "did you mean 'required'?"),
        ("a wrong keyword", json!({ "required": "a" }), "expected an array"),
        ("a string as schema", json!({ "properties": { "a": "string" } }), "expected a"),
    ] {
        let started = Instant::now();
        let mut input = json!({ "type": "object" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let told = told(&[("action-schema.json", &with_input(&input))]);
        assert!(told.contains(expected) && told.contains("action-schema.json:1:"), "{what}\n{told}");
        assert!(started.elapsed().as_secs() < 20, "{what} took {:?}", started.elapsed());
    }
}

#[test]
fn what_is_accepted_is_harmless_on_a_small_stack() {
    // The deepest things that are still accepted, on a quarter of the stack that threads have.
    let check = || {
        let tree = json!({ "type": "object", "properties": { "next": { "$ref": "#" }, "list": { "type": "array", "items": { "$ref": "#" } } } });
        let tree = action(&tree);
        let mut deep = json!({});
        for _ in 0..62 {
            deep = json!({ "next": deep });
        }
        assert_eq!(input_told(&tree, &deep), "ok");
        for _ in 0..5_000 {
            deep = Value::Object([("next".to_owned(), deep)].into_iter().collect());
        }
        assert!(input_told(&tree, &deep).contains("nested deeper"));
        // Taken apart by hand: dropping it at once would recurse.
        while let Some(inner) = deep.get_mut("next").map(Value::take) {
            deep = inner;
        }

        // Chains of the longest length, at every level of the input.
        let mut chain = serde_json::Map::new();
        for index in 0..6 {
            chain.insert(format!("d{index}"), json!({ "allOf": [{ "$ref": format!("#/$defs/d{}", index + 1) }] }));
        }
        chain.insert(
            "d6".to_owned(),
            json!({ "properties": { "next": { "$ref": "#/$defs/d0" } }, "required": ["end"] }),
        );
        let chained = action(&json!({ "type": "object", "$ref": "#/$defs/d0", "$defs": chain }));
        let mut deep = json!({});
        for _ in 0..60 {
            deep = json!({ "next": deep });
        }
        assert!(input_told(&chained, &deep).contains("the key 'end' is missing"));

        // Everything refers to everything.
        let all: serde_json::Map<String, Value> = (0..21)
            .map(|index| {
                let properties: serde_json::Map<String, Value> =
                    (0..21).map(|to| (format!("p{to}"), json!({ "$ref": format!("#/$defs/d{to}") }))).collect();
                (format!("d{index}"), json!({ "properties": properties, "additionalProperties": false }))
            })
            .collect();
        let all = action(&json!({ "type": "object", "$ref": "#/$defs/d0", "$defs": all }));
        assert_eq!(input_told(&all, &json!({ "p3": { "p13": { "p1": {} } } })), "ok");
        assert_eq!(input_told(&all, &json!({ "p3": { "p13": { "p21": {} } } })), "input/p3/p13: unknown key 'p21'");

        // The longest line of references that is accepted.
        let line: serde_json::Map<String, Value> = (0..245)
            .map(|index| {
                (format!("d{index}"), json!({ "properties": { "a": { "$ref": format!("#/$defs/d{}", index + 1) } } }))
            })
            .chain([("d245".to_owned(), json!({ "type": "string" }))])
            .collect();
        let line = action(&json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": line }));
        let mut deep = json!(7);
        for _ in 0..60 {
            deep = json!({ "a": deep });
        }
        assert_eq!(input_told(&line, &deep), "ok"); // the line goes on where the input ends
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(check).unwrap().join().unwrap();
}

#[test]
fn large_and_hostile_inputs_end_soon() {
    let list = json!({ "type": "object", "properties": { "a": { "type": "array", "uniqueItems": true, "items": {
        "anyOf": [{ "type": "string", "pattern": "^(a+)+$" }, { "oneOf": [{ "type": "boolean" }, { "type": "null" }] }]
    } } } });
    let list = action(&list);
    let started = Instant::now();
    for input in [
        json!({ "a": vec!["a"; 50_000] }),
        json!({ "a": (0..100_000).collect::<Vec<_>>() }),
        json!({ "a": vec![json!([[[]]]); 30_000] }),
        json!({ "a": [format!("{}!", "a".repeat(500_000))] }),
        json!({ "a": ["a".repeat(2 << 20)] }),
        json!({ "k".repeat(900_000): vec![0; 1000] }),
        json!({ "a": vec![0; 3_000_000] }),
    ] {
        let told = input_told(&list, &input);
        assert_ne!(told, "ok");
        assert!(told.len() < 10_000, "{}", told.len());
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert_eq!(input_told(&list, &json!({ "a": ["aaa", true, null] })), "ok");
}

#[test]
fn bounds_leave_room_for_honest_schemas() {
    let countries: Vec<String> = (0..250).map(|index| format!("country-{index}")).collect();
    let form: serde_json::Map<String, Value> = (0..60)
        .map(|index| (format!("field{index}"), json!({ "type": "string", "pattern": "^[a-z]+$", "enum": countries })))
        .collect();
    let told_form = told(&[("action-schema.json", &with_input(&json!({ "type": "object", "properties": form })))]);
    assert_eq!(told_form, "ok");
    let rows =
        action(&json!({ "type": "object", "properties": { "rows": { "type": "array", "items": { "type": "object",
        "properties": { "x": { "type": "number" }, "y": { "type": "number" } }, "required": ["x", "y"] } } } }));
    let many = json!({ "rows": (0..30_000).map(|x| json!({ "x": x, "y": 1.5 })).collect::<Vec<_>>() });
    assert_eq!(input_told(&rows, &many), "ok");
    let closed =
        action(&json!({ "type": "object", "allOf": [{ "properties": { "a": {} } }], "unevaluatedProperties": false }));
    assert_eq!(input_told(&closed, &json!({ "a": 1 })), "ok");
    assert_eq!(input_told(&closed, &json!({ "b": 1 })), "input: unknown key 'b'");
}
