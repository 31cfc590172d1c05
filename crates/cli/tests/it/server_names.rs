//! By which names clients know the tools of servers: two tools in place of very many, and names that mean tomorrow what they mean
//! today.

use crate::{
    kit::{Oikos, app_folder},
    process::Process,
    servers::McpClient,
};
use serde_json::{Value, json};
use std::fs;

const APP: &str = "chest";
/// The same server under a name that comes before it.
const OTHER: &str = "attic";

/// A household that is up.
struct House {
    oikos: Oikos,
    up: Process,
}

impl House {
    fn new() -> Self {
        let oikos = Oikos::new();
        let up = up(&oikos);
        Self { oikos, up }
    }

    /// The server under this name, installed and accepted: with its own tools, or with these.
    fn settle(&self, name: &str, tools: Option<&[&str]>) {
        let (from, folder) = (app_folder(APP), self.oikos.files().join(name));
        fs::create_dir_all(folder.join("src")).unwrap();
        for file in ["src/main.mjs", "src/tools.json"] {
            fs::copy(from.join(file), folder.join(file)).unwrap();
        }
        if let Some(tools) = tools {
            fs::write(folder.join("src/tools.json"), json!(tools).to_string()).unwrap();
        }
        let mut manifest: Value = serde_json::from_slice(&fs::read(from.join("kimai.json")).unwrap()).unwrap();
        manifest["name"] = json!(name);
        fs::write(folder.join("kimai.json"), manifest.to_string()).unwrap();
        self.oikos.ok(&["app", "install", folder.to_str().unwrap(), "--yes"]);
        self.accept(name);
    }

    /// Looks at what it has now, and says yes to that.
    fn accept(&self, name: &str) {
        self.oikos.ok(&["mcp", "look", name]);
        self.oikos.ok(&["mcp", "accept", name]);
    }

    /// From now on the server has these tools.
    fn change(&self, tools: &[&str]) {
        let home = self.oikos.home().join("programs/1").join(APP).join("home");
        fs::write(home.join("tools.json"), json!(tools).to_string()).unwrap();
    }

    /// oikos ends, and begins again.
    fn restarted(self) -> Self {
        let Self { oikos, up: before } = self;
        before.interrupt();
        let end = before.end();
        assert_eq!(end.code, 0, "{}{}", end.out, end.err);
        let up = up(&oikos);
        Self { oikos, up }
    }

    fn client(&self) -> McpClient {
        McpClient::with(&self.oikos, &json!({}))
    }
}

fn up(oikos: &Oikos) -> Process {
    let up = Process::start(oikos, &["up", "--no-doors", "--json"]);
    up.wait_for("pid");
    up
}

/// The tools that a client is shown.
fn names(client: &mut McpClient) -> Vec<String> {
    let listed = client.ask("tools/list", &json!({}))["result"]["tools"].clone();
    let tools = listed.as_array().unwrap_or_else(|| panic!("no tools: {listed}")).iter();
    tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// What a tool answered, and whether it says that it failed.
fn answer(result: &Value) -> (&str, bool) {
    (result["content"][0]["text"].as_str().unwrap_or_default(), result["isError"] == true)
}

fn called(client: &mut McpClient, name: &str) -> Value {
    client.call("call_tool", &json!({ "name": name, "arguments": { "politely": true } }))
}

fn found(client: &mut McpClient, query: &str) -> (Vec<String>, Value) {
    let said = client.call("search_tools", &json!({ "query": query }));
    let found = said["structuredContent"].clone();
    let tools = found["tools"].as_array().unwrap_or_else(|| panic!("nothing was searched: {said}")).iter();
    (tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect(), found)
}

#[test]
fn of_more_than_forty_tools_a_client_finds_one_and_calls_it() {
    const TOOLS: usize = 43;
    let house = House::new();
    house.settle(APP, None);
    house.oikos.ok(&["mcp", "block", APP, "fetch_zither"]);
    let mut client = house.client();
    assert_eq!(names(&mut client), ["search_tools", "call_tool"]);
    // What is blocked is not there to be found, and is not called by who knows its name all the same.
    let (tools, said) = found(&mut client, "fetch the anvil");
    assert_eq!((tools[0].as_str(), &said["total"]), ("chest_fetch_anvil", &json!(TOOLS - 1)), "{said}");
    assert!(said["tools"][0]["inputSchema"]["properties"]["politely"].is_object(), "{said}");
    assert_eq!(answer(&called(&mut client, &tools[0])), ("chest fetch_anvil, please", false));
    assert!(found(&mut client, "zither").0.is_empty());
    let blocked = |client: &mut McpClient, tool: &str| {
        let name = format!("chest_{tool}");
        let direct = client.call(&name, &json!({}));
        for said in [called(client, &name), direct] {
            let (text, is_error) = answer(&said);
            assert!(is_error && text.contains(&format!("oikos mcp allow chest {tool}")), "{said}");
        }
    };
    blocked(&mut client, "fetch_zither");
    // One that asks, asks: here nobody is there.
    house.oikos.ok(&["mcp", "ask", APP, "fetch_basket"]);
    blocked(&mut client, "fetch_basket");
    // Nor is one that was found before it was blocked: one more than forty are left.
    house.oikos.ok(&["mcp", "block", APP, "fetch_anvil"]);
    assert_eq!(names(&mut client), ["search_tools", "call_tool"]);
    blocked(&mut client, "fetch_anvil");
    // A name that is none has those that are near.
    let said = called(&mut client, "chest_fetch_candel");
    let (text, is_error) = answer(&said);
    assert!(is_error && text.contains("chest_fetch_candle"), "{said}");
    // It stands in the log as any run does, and what is blocked was not begun.
    let log = house.oikos.ok(&["log", APP]).out;
    assert!(log.contains("started fetch_anvil") && !log.contains("started fetch_zither"), "{log}");

    // Forty are shown as they are, and nothing is there to find them by.
    house.oikos.ok(&["mcp", "block", APP, "fetch_candle"]);
    let shown = names(&mut client);
    assert!(shown.len() == TOOLS - 3 && shown.iter().all(|name| name.starts_with("chest_fetch_")), "{shown:?}");
    let said = client.ask("tools/call", &json!({ "name": "call_tool", "arguments": { "name": "chest_fetch_dial" } }));
    assert!(said["error"].is_object(), "{said}");
    assert_eq!(answer(&client.call("chest_fetch_dial", &json!({}))), ("chest fetch_dial", false));
}

#[test]
fn a_name_means_after_a_restart_what_it_meant_before() {
    let house = House::new();
    house.settle(APP, Some(&["lid"]));
    let mut client = house.client();
    assert_eq!(names(&mut client), ["chest_lid"]);
    assert_eq!(answer(&client.call("chest_lid", &json!({}))), ("chest lid", false));
    drop(client);
    // Another app comes, whose tool its server calls the same; and of its own server, a tool that is called what that one is
    // called here, and comes before it.
    house.settle(OTHER, Some(&["lid", "chest_lid"]));
    house.change(&["chest_lid", "lid"]);
    house.accept(APP);

    let house = house.restarted();
    let mut client = house.client();
    let before = names(&mut client);
    let other =
        before.iter().find(|name| name.starts_with("chest_lid-")).unwrap_or_else(|| panic!("{before:?}")).clone();
    let expected = [
        ("chest_lid", "chest lid"),
        (other.as_str(), "chest chest_lid"),
        ("attic_lid", "attic lid"),
        ("attic_chest_lid", "attic chest_lid"),
    ];
    assert_eq!(before.len(), expected.len(), "{before:?}");
    for (name, said) in expected {
        assert_eq!(answer(&client.call(name, &json!({}))), (said, false), "{before:?}");
    }
    drop(client);
    // Nor is a name free when what it meant is gone.
    house.change(&["chest_lid"]);
    house.oikos.ok(&["mcp", "look", APP]);
    let house = house.restarted();
    let mut client = house.client();
    assert!(!names(&mut client).contains(&"chest_lid".to_owned()));
    let said = client.ask("tools/call", &json!({ "name": "chest_lid", "arguments": {} }));
    assert!(said["error"].is_object(), "{said}");
    assert_eq!(answer(&client.call(&other, &json!({}))), ("chest chest_lid", false));
    house.change(&["chest_lid", "lid"]);
    house.oikos.ok(&["mcp", "look", APP]);
    assert_eq!(answer(&client.call("chest_lid", &json!({}))), ("chest lid", false));
}
