//! The bounds of strangers' schemas, each just reached and just passed.

use crate::support::{app, open, told};
use package::Action;
use serde_json::{Map, Value, json};

fn file(input: &Value) -> String {
    json!({ "generate": { "input": input } }).to_string()
}

fn action(input: &Value) -> Action {
    let package = open(&app(&[("action-schema.json", &file(input))])).unwrap_or_else(|error| panic!("{error}"));
    package.actions()[0].clone()
}

/// What the author of this schema is told.
fn schema_told(input: &Value) -> String {
    told(&[("action-schema.json", &file(input))])
}

/// What whoever gives this input is told.
fn input_told(action: &Action, input: &Value) -> String {
    action.check_input(input).map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

/// A schema that is accepted, and one of a step more that is not.
#[track_caller]
fn check_bound(what: &str, accepted: &Value, refused: &Value, expected: &str) {
    let found = schema_told(accepted);
    assert_eq!(found, "ok", "{what}: {found}");
    let found = schema_told(refused);
    assert!(found.contains(expected), "{what}: {found}");
}

/// An object whose one property has an `enum` of so many values. Looking at the property costs one step, and one more
/// for each eight of them.
fn listing(count: usize) -> Value {
    json!({ "type": "object", "properties": { "a": { "enum": (0..count).collect::<Vec<_>>() } } })
}

#[test]
fn steps_for_one_value() {
    check_bound("enum", &listing(79_999), &listing(80_000), "could take forever");
    let with = |keyword: &str, value: Value| json!({ "type": "object", "properties": { "a": { keyword: value } } });
    let keys: Vec<String> = (0..80_000).map(|index| format!("k{index}")).collect();
    let needed = |count: usize| with("required", json!(keys[..count]));
    check_bound("required", &needed(79_999), &needed(80_000), "could take forever");
    // Each key of an object counts, and what is in it.
    let constant = |count: usize| {
        let members: Map<String, Value> = keys[..count].iter().map(|key| (key.clone(), json!(1))).collect();
        with("const", members.into())
    };
    check_bound("const", &constant(39_999), &constant(40_000), "could take forever");
    let dependent = |count: usize| with("dependentRequired", json!({ "a": keys[..count] }));
    check_bound("dependentRequired", &dependent(79_998), &dependent(79_999), "could take forever");
}

#[test]
fn steps_of_several_keywords_add_up() {
    let with = |count: usize| {
        let properties: Map<String, Value> = (0..count).map(|index| (format!("p{index}"), json!({}))).collect();
        json!({ "type": "object", "enum": (0..72_000).collect::<Vec<_>>(), "properties": properties })
    };
    check_bound("enum and properties", &with(7_999), &with(8_000), "could take forever");
}

#[test]
fn a_reference_is_read_in_one_way_only() {
    // In a URI `%20` is a space, in a key it is three characters: whoever checks must not see another schema than we.
    let with = |reference: &str| json!({ "type": "object", "$ref": reference, "$defs": { "a%20b": {}, "a b": { "$ref": "#/$defs/a%20b" } } });
    for reference in ["#/$defs/a%20b", "#/$defs/a b"] {
        let found = schema_told(&with(reference));
        assert!(found.contains("leads to no subschema"), "{found}");
    }
}

#[test]
fn inputs_of_the_worst_schema_stay_small() {
    let worst = action(&listing(79_999));
    let many = |count: usize| Map::from_iter((0..count).map(|index| (format!("k{index}"), json!(1)))).into();
    // The object itself is a value too.
    assert_eq!(input_told(&worst, &many(199)), "ok");
    assert_eq!(input_told(&worst, &many(200)), "input: it has 201 values; this schema takes at most 200");
}

#[test]
fn text_that_patterns_run_over() {
    let patterns: Vec<Value> = (0..8).map(|index| json!({ "pattern": format!("^x|{index}") })).collect();
    let eight = action(&json!({ "type": "object", "properties": { "a": { "allOf": patterns } } }));
    // The key counts with the byte that parts it from others.
    assert_eq!(input_told(&eight, &json!({ "a": "x".repeat((512 << 10) - 2) })), "ok");
    assert_eq!(
        input_told(&eight, &json!({ "a": "x".repeat((512 << 10) - 1) })),
        "input: its text has 524289 bytes; at most 524288 are taken, and larger things as files"
    );
    let keys: Map<String, Value> = (0..8).map(|index| (format!("^x|{index}"), json!({}))).collect();
    let keyed = action(&json!({ "type": "object", "patternProperties": keys }));
    assert!(input_told(&keyed, &json!({ "a": "x".repeat(512 << 10) })).contains("at most 524288"));
    let plain = action(&json!({ "type": "object" }));
    assert_eq!(input_told(&plain, &json!({ "a": "x".repeat((1 << 20) - 2) })), "ok");
    assert!(input_told(&plain, &json!({ "a": "x".repeat((1 << 20) - 1) })).contains("at most 1048576"));
}

#[test]
fn pointers_of_all_values() {
    // (key + 1) for the list and (key + 1 + 8) for each of its 71 items: 16 MiB with a key of 233,008 bytes.
    let plain = action(&json!({ "type": "object" }));
    let with = |key: usize| Value::Object(Map::from_iter([("k".repeat(key), json!(vec![0; 71]))]));
    assert_eq!(input_told(&plain, &with(233_008)), "ok");
    assert_eq!(input_told(&plain, &with(233_009)), "input: its keys are too long for how much is nested in them");
}

#[test]
fn depth_of_an_input() {
    let plain = action(&json!({ "type": "object" }));
    let nested = |depth: usize| (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
    assert_eq!(input_told(&plain, &nested(64)), "ok");
    assert_eq!(input_told(&plain, &nested(65)), "input: it is nested deeper than 64 levels");
    let listed = |depth: usize| json!({ "a": (2..depth).fold(json!([]), |inner, _| json!([inner])) });
    assert_eq!(input_told(&plain, &listed(64)), "ok");
    assert_eq!(input_told(&plain, &listed(65)), "input: it is nested deeper than 64 levels");
}

#[test]
fn errors_of_a_large_input_are_not_all_listed() {
    let numbers =
        action(&json!({ "type": "object", "properties": { "a": { "type": "array", "items": { "type": "number" } } } }));
    let wrong = |count: usize, fill: usize| {
        let items: Vec<Value> = (0..count).map(|_| json!("x")).chain((0..fill).map(|_| json!(1))).collect();
        input_told(&numbers, &json!({ "a": items })).lines().count()
    };
    assert_eq!(wrong(3, 0), 3);
    assert_eq!(wrong(30, 0), 20);
    // One step a value: 100,000 values with the list and the object.
    assert_eq!(wrong(3, 99_995), 3);
    assert_eq!(wrong(3, 99_996), 1);
}

#[test]
fn subschemas_of_one_schema() {
    let with = |count: usize| {
        let lists: Vec<Value> = (0..4)
            .map(|list| {
                let properties: Map<String, Value> = (0..count)
                    .filter(|index| index % 4 == list)
                    .map(|index| (format!("p{index}"), json!({})))
                    .collect();
                json!({ "properties": properties })
            })
            .collect();
        json!({ "type": "object", "$defs": { "a": lists[0], "b": lists[1], "c": lists[2], "d": lists[3] } })
    };
    // The schema itself and its four definitions are five.
    check_bound("subschemas", &with(19_995), &with(19_996), "more than 20000 subschemas");
}

#[test]
fn patterns_of_one_schema() {
    let with = |count: usize| {
        let properties: Map<String, Value> =
            (0..count).map(|index| (format!("p{index}"), json!({ "pattern": format!("^{index}") }))).collect();
        json!({ "type": "object", "properties": properties })
    };
    check_bound("patterns", &with(64), &with(65), "more than 64 patterns");
    // The last one that fits is looked at like the others.
    let mut last = with(63);
    last["properties"]["z"] = json!({ "pattern": "(" });
    assert!(schema_told(&last).contains("the pattern cannot be used"));
    let long = |count: usize| json!({ "type": "object", "properties": { "a": { "pattern": "é".repeat(count) } } });
    check_bound("a pattern", &long(512), &long(513), "longer than 512 characters");
    let key = |count: usize| json!({ "type": "object", "patternProperties": { "é".repeat(count): {} } });
    check_bound("a pattern as key", &key(512), &key(513), "longer than 512 characters");
}

#[test]
fn patterns_of_one_file() {
    let file = |count: usize| {
        let actions: Map<String, Value> = (0..count.div_ceil(64))
            .map(|action| {
                let properties: Map<String, Value> = (0..64.min(count - 64 * action))
                    .map(|index| (format!("p{index}"), json!({ "pattern": format!("^{index}") })))
                    .collect();
                (format!("a{action}"), json!({ "input": { "type": "object", "properties": properties } }))
            })
            .collect();
        told(&[("action-schema.json", &Value::Object(actions).to_string())])
    };
    assert_eq!(file(256), "ok");
    assert!(file(257).contains("the schemas of this file have more than 256 patterns together"));
}

#[test]
fn chains_for_one_value() {
    // The schema itself, and each definition that it leads to.
    let with = |count: usize| {
        let mut definitions: Map<String, Value> = (1..count)
            .map(|index| (format!("d{index}"), json!({ "$ref": format!("#/$defs/d{}", index + 1) })))
            .collect();
        definitions.insert(format!("d{count}"), json!({}));
        json!({ "type": "object", "$ref": "#/$defs/d1", "$defs": definitions })
    };
    check_bound("a chain", &with(15), &with(16), "more than 16 subschemas lead to each other");
    // The longest of several ways counts, and each keyword that stays at the same value is a step.
    for keyword in ["not", "if", "then", "else"] {
        let around = |count: usize| json!({ "type": "object", keyword: with(count), "anyOf": [{}, {}] });
        let mut refused = around(15);
        let definitions = refused[keyword].as_object_mut().unwrap().remove("$defs").unwrap();
        refused["$defs"] = definitions;
        let mut accepted = around(14);
        let definitions = accepted[keyword].as_object_mut().unwrap().remove("$defs").unwrap();
        accepted["$defs"] = definitions;
        check_bound(keyword, &accepted, &refused, "more than 16 subschemas lead to each other");
    }
}

#[test]
fn references_that_lead_down() {
    // Each definition is two levels: itself, and the property that refers to the next.
    let with = |count: usize| {
        let mut definitions: Map<String, Value> = (1..count)
            .map(|index| {
                (format!("d{index}"), json!({ "properties": { "a": { "$ref": format!("#/$defs/d{}", index + 1) } } }))
            })
            .collect();
        definitions.insert(format!("d{count}"), json!({}));
        json!({ "type": "object", "$ref": "#/$defs/d1", "$defs": definitions })
    };
    check_bound("a line", &with(250), &with(251), "levels deep; at most 500 are allowed");
    // What refers to itself in a circle counts once for each of its parts.
    let circle = |count: usize| {
        let definitions: Map<String, Value> = (0..count)
            .map(|index| {
                let next = format!("#/$defs/d{}", (index + 1) % count);
                (format!("d{index}"), json!({ "properties": { "a": { "$ref": next } } }))
            })
            .collect();
        json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": definitions })
    };
    check_bound("a circle", &circle(249), &circle(250), "levels deep; at most 500 are allowed");
}

#[test]
fn what_is_looked_at_again_counts_again() {
    let again = |keywords: &[&str]| {
        let members: Map<String, Value> =
            keywords.iter().map(|keyword| ((*keyword).to_owned(), json!({ "$ref": "#" }))).collect();
        schema_told(&Map::from_iter([("type".to_owned(), json!("object"))]).into_iter().chain(members).collect())
    };
    assert_eq!(again(&["additionalProperties", "items"]), "ok");
    for keywords in [
        &["unevaluatedProperties"][..],
        &["unevaluatedItems"],
        &["unevaluatedItems", "unevaluatedProperties"],
        &["additionalProperties", "unevaluatedItems"],
    ] {
        let found = again(keywords);
        assert!(found.contains("could take forever"), "{keywords:?}: {found}");
    }
    // Of the members that are named one at most applies; of those that match a pattern all may.
    let self_reference = json!({ "$ref": "#" });
    let named: Map<String, Value> = (0..8).map(|index| (format!("p{index}"), self_reference.clone())).collect();
    assert_eq!(schema_told(&json!({ "type": "object", "properties": named.clone() })), "ok");
    let found = schema_told(&json!({ "type": "object", "patternProperties": named.clone() }));
    assert!(found.contains("could take forever"), "{found}");
    let found = schema_told(&json!({ "type": "object", "dependentSchemas": { "a": self_reference } }));
    assert!(found.contains("comes back to itself"), "{found}");
    let items: Vec<Value> = vec![self_reference.clone(); 8];
    assert_eq!(schema_told(&json!({ "type": "object", "prefixItems": items.clone() })), "ok");
    let found = schema_told(&json!({ "type": "object", "prefixItems": items, "contains": self_reference }));
    assert!(found.contains("could take forever"), "{found}");
}

#[test]
fn no_more_is_told_than_can_be_read() {
    let properties: Map<String, Value> = (0..100).map(|index| (format!("p{index}"), json!({ "oops": 1 }))).collect();
    let found = schema_told(&json!({ "type": "object", "properties": properties }));
    let told = found.lines().filter(|line| line.contains("is not a keyword")).count();
    assert_eq!(told, package::FINDINGS_MAX, "{found}");
    assert!(found.ends_with("… and 1 more"), "{found}");
}

#[test]
fn files_are_handed_over_by_fields_of_the_input_itself() {
    let with = |properties: Value| schema_told(&json!({ "type": "object", "properties": properties }));
    let field = json!({ "type": "string", "format": "input-file" });
    assert_eq!(with(json!({ "data": field })), "ok");
    assert_eq!(with(json!({ "when": { "type": "object", "properties": { "a": { "format": "date" } } } })), "ok");
    for nested in [json!({ "properties": { "data": field } }), json!({ "items": field }), json!({ "anyOf": [field] })] {
        let found = with(json!({ "outer": nested }));
        assert!(found.contains("'input-file' is only possible for a property of 'input' itself"), "{found}");
    }
}
