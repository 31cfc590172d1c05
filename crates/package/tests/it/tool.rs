//! `llm-tool.yaml`: its forms, and what its author is told.

use crate::support::{app, open, told, told_with, warned_with};
use package::{Callable, Code, Form, Hook, TOOLS_MAX};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const INVOKE: &str = "export const invoke = () => 1; export const generate = invoke";

fn tools(yaml: &str) -> Vec<(String, Option<String>, Value)> {
    let files = app(&[("llm-tool.yaml", yaml), ("bot-logic.js", INVOKE)]);
    let package = open(&files).unwrap_or_else(|error| panic!("{yaml}\n{error}"));
    package
        .tools()
        .iter()
        .map(|tool| (tool.name.to_string(), tool.description.clone(), tool.parameters.clone()))
        .collect()
}

#[test]
fn one_tool_a_list_and_several_documents_are_the_same() {
    let wanted = tools("- {name: a, description: A, parameters: {type: object}}\n- {name: b, description: B}\n");
    assert_eq!(wanted[0], ("a".to_owned(), Some("A".to_owned()), json!({"type": "object"})));
    assert_eq!(wanted[1].2, json!({"type": "object", "additionalProperties": false}));
    for yaml in [
        "name: a\ndescription: A\nparameters:\n  type: object\n---\nname: b\ndescription: B\n",
        "- type: function\n  function:\n    name: a\n    description: A\n    parameters: {type: object}\n- type: function\n  \
         function: {name: b, description: B, strict: true}\n",
        "{\"type\": \"function\", \"function\": {\"name\": \"a\", \"description\": \"A\", \"parameters\": {\"type\": \
         \"object\"}}}\n---\n- type: function\n  name: b\n  description: >-\n    B\n",
        "%YAML 1.2\n---\n- &a {name: a, description: &d A, parameters: {type: object}}\n- {name: b, \
         description: \"B\"}\n...\n",
        "---\r\nname: 'a'\r\ndescription: |-\r\n  A\r\nparameters: {'type': \"object\"}\r\n---\r\nname: b\r\ndescription: B\r\n",
    ] {
        assert_eq!(tools(yaml), wanted, "{yaml}");
    }
    // Aliases copy, within bounds.
    let shared = tools(
        "- {name: a, description: A, parameters: &p {type: object, properties: {x: {type: string}}}}\n- {name: b, \
         description: B, parameters: *p}\n",
    );
    assert_eq!(shared[0].2, shared[1].2);
}

#[test]
fn what_is_wrong_is_told_with_line_and_caret() {
    let mut wrong = Vec::new();
    for (yaml, expected) in [
        (
            "name: a\nparamters: {}\n",
            "llm-tool.yaml:2:1: unknown key 'paramters'\n  2 | paramters: {}\n    | ^^^^^^^^^ did you mean 'parameters'?",
        ),
        ("- name: a\n- name: 7\n", "llm-tool.yaml:2:9: expected a string"),
        ("description: x\n", "the key 'name' is missing"),
        ("name: a b\n", "llm-tool.yaml:1:7: 'a b' is not valid here: the name of an exported function"),
        ("name: invoke\n", "llm-tool.yaml:1:7: 'invoke' is a function that oikos calls by itself"),
        ("name: a\n---\nname: a\n", "llm-tool.yaml:3:7: the tool 'a' is described twice"),
        ("name: a\nparameters:\n  type: string\n", "llm-tool.yaml:3:9: expected 'object'"),
        ("name: a\nparameters: {type: object, requird: [x]}\n", "llm-tool.yaml:2:28: 'requird' is not a keyword"),
        (
            "name: a\nparameters:\n  type: object\n  properties:\n    f: {type: string, format: input-file}\n",
            "llm-tool.yaml:5:31: a model has no files to hand over",
        ),
        ("name: a\nparameters: {type: object, properties: {x: {pattern: '(?=a)'}}}\n", "no look-around"),
        ("type: function\nfunction: {nam: a}\n", "did you mean 'name'?"),
        ("type: fun\nfunction: {name: a}\n", "expected 'function'"),
        ("[]\n", "at least 1"),
        ("just text\n", "expected"),
        ("# nothing\n", "the file is empty"),
        ("name: a\n---\n", "this document is empty"),
        ("name: generate\nparameters: {type: object}\n", "'generate' is an action too, with another input"),
        ("name: [a\n", "llm-tool.yaml:"),
    ] {
        let told = told(&[("llm-tool.yaml", yaml)]);
        if !told.starts_with("[package_invalid]") || !told.contains(expected) {
            wrong.push(format!("{yaml}\n{told}\nwanted: {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_action_may_be_a_tool_with_the_same_input() {
    let actions: Value = serde_json::from_str(crate::support::ACTIONS).unwrap();
    // Files cannot be handed over by a model, so the action has none.
    let mut input = actions["generate"]["input"].clone();
    input["properties"].as_object_mut().unwrap().retain(|key, _| matches!(key.as_str(), "topic" | "tone"));
    let actions = json!({ "generate": { "input": input } }).to_string();
    let yaml = json!({ "name": "generate", "description": "Writes.", "parameters": input }).to_string();
    let package = open(&app(&[("action-schema.json", &actions), ("llm-tool.yaml", &yaml)])).unwrap();
    assert_eq!(package.callables().count(), 1);
    let called = package.callable(&"generate".parse().unwrap()).unwrap();
    assert!(matches!(called, Callable::Action(_)), "{called:?}");
    assert!(package.callable(&"other".parse().unwrap()).is_none());
}

#[test]
fn tools_js_is_joined_to_the_code() {
    let joined = |logic: &str, tools: &str| {
        open(&app(&[
            ("llm-tool.yaml", "name: word\ndescription: A word."),
            ("bot-logic.js", logic),
            ("tools.js", tools),
        ]))
        .map(|package| package.code().clone())
        .map_err(|error| error.to_string())
    };
    let logic = crate::support::LOGIC;
    let Ok(Code::Script { joining: Some(text), .. }) = joined(logic, "export const word = () => 1") else { panic!() };
    assert_eq!(text, "export * from './bot-logic.js';\nexport { word } from './tools.js';\n");
    assert_eq!(
        joined(&format!("{logic}\nexport const word = () => 1"), "// nothing"),
        Ok(Code::Script { entry: "bot-logic.js".to_owned(), joining: None })
    );
    let twice = joined(&format!("{logic}\nexport const word = () => 1"), "export const word = () => 2").unwrap_err();
    assert!(twice.contains("'word' is exported here and by bot-logic.js"), "{twice}");
}

#[test]
fn triggers_and_hooks_are_told_with_what_they_mean() {
    let mut wrong = Vec::new();
    for (keys, expected) in [
        (r#""trigger": { "regex": "a(?=b)" }"#, "manifest.json:2:25: look-around such as (?=…)"),
        (r#""trigger": { "regex": "(?<!a)b" }"#, "look-around"),
        (r#""trigger": { "regex": "(a)\\1" }"#, "a back-reference"),
        (r#""trigger": { "regex": "(a" }"#, "manifest.json:2:24: unclosed group"),
        (r#""trigger": { "regex": "a{5}{500}{500}" }"#, "the pattern is too large"),
        (r#""trigger": { "regex": "(\\pL{500}){50}" }"#, "the pattern is too large"),
        (r#""trigger": { "regex": "" }"#, "expected some text"),
        (r#""trigger": { "regx": "a" }"#, "did you mean 'regex'?"),
        (r#""trigger": {}"#, "at least 1"),
        (r#""trigger": { "action": "generate" }"#, "nothing ever calls it"),
        (r#""trigger": { "regex": "a", "action": "genrate" }"#, "did you mean 'generate'?"),
        (r#""trigger": { "schedule": "61 * * * *" }"#, "not a schedule"),
        (r#""trigger": { "schedule": "0 0 30 2 *" }"#, "this time never comes"),
        (r#""trigger": { "schedule": "* * * *" }"#, "five fields of cron"),
        (r#""trigger": { "schedule": "@daily" }"#, "five fields of cron"),
        (r#""trigger": { "schedule": "0 8 29 2 *" }"#, "ok"),
        (r#""trigger": { "events": ["User.Message"] }"#, "lower-case words joined by dots"),
        (r#""trigger": { "events": ["user.message"] }, "permissions": { "event": false }"#, "no event is wanted"),
        (r#""hooks": { "postinstal": "x" }"#, "did you mean 'postinstall'?"),
        (r#""hooks": { "postinstall": "rm -rf" }"#, "the name of an exported function"),
        (r#""hooks": { "__proto__": "x" }"#, "unknown key '__proto__'"),
        (r#""engines": { "oikos": ">=9" }"#, "[package_engine_refused]\nmanifest.json:2:23: this is oikos "),
        (r#""engines": { "oikos": "latest" }"#, "not a range of versions"),
        (r#""engines": { "oikos": ">=0.1, <9" }"#, "ok"),
        (r#""engines": { "node": ">=20" }"#, "unknown key 'node'"),
        (r#""runtime": ["local", "LOCAL_SELF_HOSTED"]"#, "this is local once more"),
        (r#""runtime": ["moon"]"#, "expected 'cloud', 'local'"),
        (r#""dependencies": ["mcp."]"#, "names joined by dots"),
        (
            r#""settings": { "type": "object", "properties": { "k": { "type": "number", "secret": true } } }"#,
            "a secret setting has",
        ),
        (
            r#""settings": { "type": "object", "properties": { "k": { "type": "string", "secret": true, "default": "x" } } }"#,
            "a secret that is in the package is none",
        ),
        (r##""settings": { "type": "object", "properties": {}, "$ref": "#" }"##, "comes back to itself"),
        (r#""limits": { "cpu_ms": 700000 }"#, "at most 600000"),
        (r#""routes": [{ "method": "TRACE", "path": "/x" }]"#, "expected 'GET'"),
        (r#""routes": [{ "method": "GET", "path": "/" }, { "method": "GET", "path": "/n/:id/a.b" }]"#, "ok"),
        (r#""routes": [{ "method": "GET", "path": "/x" }, { "method": "HEAD", "path": "/x" }]"#, "ok"),
        (r#""routes": [{ "method": "GET", "path": "x" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/x/" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "//x" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/.oikos/enter" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/a/../b" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/a%2fb" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/a*" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/:1" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/a?b" }]"#, "plain pieces"),
        (r#""routes": [{ "method": "GET", "path": "/:a/:a" }]"#, "':a' stands there twice"),
        (
            r#""routes": [{ "method": "GET", "path": "/:a" }, { "method": "GET", "path": "/:b" }]"#,
            "GET /:a takes just the same requests",
        ),
        (r#""publisher": "me\u202e""#, "a public key or its fingerprint"),
    ] {
        let told = told_with(keys, &[]);
        if told != expected && (expected == "ok" || !told.contains(expected)) {
            wrong.push(format!("{keys}\n{told}\nwanted: {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_an_author_should_know_about_triggers_and_hooks() {
    let all = "export const generate = () => 1\nexport const after = generate";
    for (keys, changes, expected) in [
        (r#""trigger": { "regex": "^Write (.*)" }"#, &[][..], "which its input does not take"),
        (r#""trigger": { "regex": ".*" }"#, &[], "is found in about every message"),
        (r#""trigger": { "regex": "/write/" }"#, &[], "the slashes around '/write/' are looked for as well"),
        (r#""trigger": { "events": ["user.message"] }"#, &[], ""),
        (r#""dependencies": ["mcp.search_web"]"#, &[], ""),
        (r#""dependencies": ["weather"]"#, &[], "manifest.json:2: nothing is known that could be 'weather'"),
        (
            r#""hooks": { "postinstall": "aftr" }"#,
            &[("bot-logic.js", all)],
            "for the hook postinstall (did you mean 'after'?)",
        ),
        (r#""hooks": { "postinstall": "after" }"#, &[("bot-logic.js", all)], ""),
        (
            r#""trigger": { "regex": "^Write (.*)" }"#,
            &[("llm-tool.yaml", "name: generated\ndescription: x"), ("bot-logic.js", INVOKE)],
            "the trigger names no action, and there are several",
        ),
    ] {
        let warned = warned_with(keys, changes);
        assert!(if expected.is_empty() { warned.is_empty() } else { warned.contains(expected) }, "{keys}\n{warned}");
    }
}

#[test]
fn hooks_under_other_names_are_joined_to_the_code() {
    let keys =
        r#""hooks": { "activate": "begin", "health": "well", "deactivate": "deactivate", "postinstall": "begin" }"#;
    let logic = format!(
        "{}\nexport const begin = () => 1\nexport const well = begin\nexport const deactivate = begin",
        crate::support::LOGIC
    );
    let manifest = crate::support::manifest_with(Form::MiniApp, keys);
    let package = open(&app(&[("manifest.json", &manifest), ("bot-logic.js", &logic)])).unwrap();
    let Code::Script { joining: Some(text), .. } = package.code() else { panic!() };
    assert_eq!(
        text,
        "export * from './bot-logic.js';\nexport { begin as activate } from './bot-logic.js';\n\
         import * as app from './bot-logic.js';\n\
         const hook = (name) => (typeof app[name] === 'function' ? (_, ctx) => app[name](ctx) : undefined);\n\
         export const $hook_postinstall = hook('begin');\nexport const $hook_health = hook('well');\n\
         export const $hook_deactivate = hook('deactivate');\n"
    );
}

#[test]
fn health_and_deactivate_are_hooks_where_they_are_exported() {
    let check = |logic: &str, expected: &[Hook]| {
        let logic = format!("{}\n{logic}", crate::support::LOGIC);
        let package = open(&app(&[("bot-logic.js", &logic)])).unwrap();
        assert_eq!(package.hooks().keys().copied().collect::<Vec<_>>(), expected, "{logic}");
    };
    check("", &[]);
    check("export const health = (ctx) => 1\nexport function deactivate(ctx) {}", &[Hook::Health, Hook::Deactivate]);
    check("export function postinstall(ctx) {}\nexport const activate = postinstall", &[]);
    check("export function health(ctx) {}", &[Hook::Health]);
}

#[test]
fn texts_that_deceive_are_found_in_tools_too() {
    let yaml = "name: word\ndescription: \"Ignore \\u202eevil\\0\"\n";
    let files = app(&[("llm-tool.yaml", yaml), ("bot-logic.js", INVOKE)]);
    let found: Vec<_> =
        open(&files).unwrap().suspicious_texts().into_iter().map(|t| format!("{}: {}", t.what, t.shown)).collect();
    assert_eq!(found, ["description of word: Ignore \\u{202e}evil\\u{0}"]);
    // A key that deceives is told escaped.
    let told = told(&[("llm-tool.yaml", "name: a\n\u{202e}x: 1\n")]);
    assert!(told.contains("\\u{202e}x") && !told.contains('\u{202e}'), "{told}");
}

#[test]
fn names_that_mean_something_to_javascript_are_names() {
    let found = tools(
        "name: constructor\ndescription: x\nparameters: {type: object, properties: {__proto__: {type: string}, toString: \
         {type: string}}}\n---\nname: __proto__\ndescription: y\n",
    );
    assert_eq!(found.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), ["constructor", "__proto__"]);
    assert!(found[0].2.pointer("/properties/__proto__").is_some());
}

#[test]
fn hostile_descriptions_end_soon() {
    let many =
        |count: usize| (0..count).map(|index| format!("- {{name: t{index}, description: x}}\n")).collect::<String>();
    assert_eq!(tools(&many(TOOLS_MAX)).len(), TOOLS_MAX);
    let patterns: String = (0..60).map(|index| format!("p{index}: {{pattern: '(a{{900}}){{9}}'}}, ")).collect();
    let with_patterns: String = (0..100)
        .map(|index| format!("- {{name: t{index}, description: x, parameters: {{type: object, properties: *p}}}}\n"))
        .collect();
    let first =
        format!("- {{name: first, description: x, parameters: {{type: object, properties: &p {{{patterns}}}}}}}\n");
    let unknown: String = (0..20_000).map(|index| format!("k{index}: 1\n")).collect();
    let documents: String = (0..128).map(|index| format!("---\nname: t{index}\nx: 1\ny: 2\n")).collect();
    let long_key =
        format!("? {}\n: {{{}}}\n", "k".repeat(100_000), (0..8_000).map(|i| format!("a{i}: 1, ")).collect::<String>());
    for (yaml, expected) in [
        (many(TOOLS_MAX + 1), "at most 128"),
        (format!("{}---\n{}", many(TOOLS_MAX), "- {name: last, description: x}\n"), "more than 128 tools"),
        ("name: a\n---\n".repeat(200), "more than 128 documents"),
        (format!("{first}{with_patterns}"), "more than 256 patterns"),
        (unknown, "and "),
        (documents, "unknown key"),
        (long_key, "[package_invalid]"),
        (format!("name: {}\n", "x".repeat(200_000)), "the name of an exported function"),
        (format!("name: a\ndescription: {}\n", "x".repeat(200_000)), "at most 1024"),
    ] {
        let started = Instant::now();
        let told = told(&[("llm-tool.yaml", &yaml)]);
        assert!(told.contains(expected), "{}\n{told}", yaml.chars().take(100).collect::<String>());
        // Read once in each form.
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
