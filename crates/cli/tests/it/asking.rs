//! Who is asked what while a server works: clients are sent to our page, where only an answer counts, and people fill in what a
//! server wants to know, in both revisions of its protocol.

use crate::{doors::up, kit::Oikos, process::Process, servers::McpClient};
use serde_json::{Value, json};

const ASKER: &str = "asker";
const INQUIRER: &str = "inquirer";

/// A household whose page can be opened and is not, with servers that ask.
struct House {
    oikos: Oikos,
    address: String,
    _up: Process,
}

impl House {
    fn new(servers: &[&str]) -> Self {
        let oikos = Oikos::new();
        let (up, address) = up(&oikos);
        for server in servers {
            oikos.install(server, &[]);
            oikos.ok(&["mcp", "look", server]);
            oikos.ok(&["mcp", "accept", server]);
        }
        Self { oikos, address, _up: up }
    }

    fn open(&self) -> Vec<Value> {
        self.oikos.json(&["approval", "list"]).as_array().unwrap().clone()
    }

    /// The question that is open, once there is one.
    fn question(&self) -> Value {
        testkit::wait_until_some("the question", || self.open().first().cloned())
    }

    /// Answers at a terminal of its own.
    #[track_caller]
    fn answer(&self, question: &Value, words: &[&str]) -> (i32, String) {
        let words = [&["approval", "answer", question["id"].as_str().unwrap()], words].concat();
        let said = Process::at_terminal(&self.oikos, &words).end();
        (said.code, said.out)
    }

    /// A person runs a tool at a terminal.
    fn run(&self, server: &str, tool: &str) -> Process {
        Process::at_terminal(&self.oikos, &["run", server, tool])
    }

    /// What the tool was told in the newest run of a server, which is what it answers.
    #[track_caller]
    fn told(&self) -> Value {
        let runs = self.oikos.json(&["run", "--list"]);
        let mut runs = runs.as_array().unwrap().iter();
        let run = runs.find(|run| run["app"] == ASKER || run["app"] == INQUIRER).unwrap()["run"].as_str().unwrap();
        let run = self.oikos.json(&["run", "--follow", run]);
        let text = run["data"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no answer: {run}"));
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

#[test]
fn a_client_opens_our_page_for_its_owner_and_its_own_yes_is_none() {
    let house = House::new(&[ASKER]);
    house.oikos.ok(&["mcp", "ask", ASKER, "echo"]);
    let mut client = McpClient::with(&house.oikos, &json!({ "elicitation": { "url": {} } }));
    // Nobody is there: no page is open, and nobody sits at a terminal.
    client.send(&call(70, "asker_echo", &json!({ "said": "please" })));
    let asked = client.hear(|message| message["method"] == "elicitation/create");
    assert_eq!(asked["params"]["mode"], "url", "{asked}");
    assert_eq!(asked["params"]["url"], format!("http://{}/approvals", house.address), "{asked}");
    assert!(asked["params"]["message"].as_str().unwrap().contains("call the tool echo of asker"), "{asked}");
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "action": "accept" } }));
    // Its own yes has let nothing through: the question is open as before.
    assert_eq!(client.ask("ping", &json!({}))["result"], json!({}));
    let question = house.question();
    assert!(question["content"].as_str().unwrap().contains("please"), "{question}");
    let log = house.oikos.ok(&["log", ASKER]).out;
    assert!(!log.contains("you said yes"), "{log}");
    assert_eq!(house.answer(&question, &["once"]).0, 0);
    let complete = client.hear(|message| message["method"] == "notifications/elicitation/complete");
    assert_eq!(complete["params"]["elicitationId"], asked["params"]["elicitationId"]);
    let answer = client.hear(|message| message["id"] == 70);
    assert_eq!(answer["result"]["content"][0]["text"], "please", "{answer}");
    // A no there is a no.
    client.send(&call(71, "asker_echo", &json!({ "said": "again" })));
    client.hear(|message| message["method"] == "elicitation/create");
    assert_eq!(house.answer(&house.question(), &["no"]).0, 0);
    let answer = client.hear(|message| message["id"] == 71);
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(answer["result"]["isError"] == true && text.contains("the owner said no"), "{answer}");
    // Who declines for its owner gives up, and the question is gone.
    client.send(&call(72, "asker_echo", &json!({ "said": "never" })));
    let asked = client.hear(|message| message["method"] == "elicitation/create");
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "action": "decline" } }));
    let answer = client.hear(|message| message["id"] == 72);
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    testkit::wait_until("the question to be gone", || house.open().is_empty());
}

#[test]
fn a_client_that_opens_nothing_is_told_where_and_calls_again() {
    let house = House::new(&[ASKER]);
    house.oikos.ok(&["mcp", "ask", ASKER, "echo"]);
    let mut client = McpClient::with(&house.oikos, &json!({}));
    let said = client.call("asker_echo", &json!({ "said": "please" }));
    let text = said["content"][0]["text"].as_str().unwrap_or_default();
    let address = format!("http://{}/approvals", house.address);
    assert!(said["isError"] == true && text.contains(&address), "{said}");
    // The call waits, and is not called twice by whoever repeats it.
    client.call("asker_echo", &json!({ "said": "please" }));
    assert_eq!(house.open().len(), 1);
    assert_eq!(house.answer(&house.question(), &["once"]).0, 0);
    let said = testkit::wait_until_some("the call that was let through", || {
        let said = client.call("asker_echo", &json!({ "said": "please" }));
        (said["isError"] != true).then_some(said)
    });
    assert_eq!(said["content"][0]["text"], "please", "{said}");
}

#[test]
fn a_person_fills_in_what_a_server_wants_to_know() {
    let house = House::new(&[ASKER]);
    let mut run = house.run(ASKER, "order");
    run.wait_for("asker wants to know something from you: what you fill in goes to its server, node src/main.mjs");
    run.wait_for("What shall it be?");
    // What does not fit is said, and asked for again: the name is too short.
    for line in ["f", "A", "2", "", "", "y", "y"] {
        run.type_line(line);
    }
    run.wait_for("'Your name' has to be at least 2 characters long");
    for line in ["f", "Ada", "Large", "3", "ada@example.org", "n", "y"] {
        run.type_line(line);
    }
    let said = run.end();
    assert_eq!(said.code, 0, "{}", said.out);
    let content = json!({ "name": "Ada", "size": "l", "count": 3, "email": "ada@example.org", "gift": false });
    assert_eq!(house.told(), json!({ "action": "accept", "content": content }));
    // The log has that something was asked, and nothing of what was typed.
    let log = house.oikos.ok(&["log", ASKER]).out;
    assert!(log.contains("asked you whether it may know something from you"), "{log}");
    assert!(log.contains("you filled it in, and it was sent") && !log.contains("ada@example.org"), "{log}");

    for (line, action) in [("n", "decline"), ("", "cancel")] {
        let mut run = house.run(ASKER, "order");
        run.wait_for("leave it unanswered");
        run.type_line(line);
        assert_eq!(run.end().code, 0);
        assert_eq!(house.told(), json!({ "action": action }));
    }
}

#[test]
fn a_form_is_answered_by_a_person_at_any_terminal_and_by_nobody_else() {
    let house = House::new(&[ASKER]);
    // Somebody is there: what a script starts is put to them, and the script is told what they are asked.
    house.oikos.install("looper", &[]);
    let somebody = Process::at_terminal(&house.oikos, &["run", "looper", "wait"]);
    somebody.wait_for("waiting");
    let run = Process::start(&house.oikos, &["run", ASKER, "order", "--json"]);
    let question = house.question();
    run.wait_for("\"kind\":\"form\"");
    assert!(run.out().contains("Your name"), "{}", run.out());
    assert_eq!((&question["kind"], &question["message"]), (&json!("form"), &json!("What shall it be?")), "{question}");
    assert_eq!(question["schema"]["required"], json!(["name", "size"]), "{question}");
    let shown = house.oikos.ok(&["approval", "list"]).out;
    assert!(shown.contains("once --filled"), "{shown}");
    let good = r#"{"name": "Ada", "size": "s"}"#;
    let script = house.oikos.run(&["approval", "answer", question["id"].as_str().unwrap(), "once", "--filled", good]);
    assert!(script.code == 3 && script.err.contains("a script cannot"), "{}", script.err);
    for (bad, why) in [
        (None, "needs what goes into its fields"),
        (Some(r#"{"name": "Ada"}"#), "'Size' is needed"),
        (Some(r#"{"name": "Ada", "size": "xl"}"#), "'Size' has to be one of its choices"),
        (Some(r#"{"name": "Ada", "size": "s", "count": 99}"#), "'How many' has to be at most 9"),
        (Some(r#"{"name": "Ada", "size": "s", "email": "ada"}"#), "'E-mail' has to be an e-mail address"),
        (Some(r#"{"name": "Ada", "size": "s", "key": "x"}"#), "the form has no field 'key'"),
    ] {
        let words: Vec<&str> = bad.map_or(vec!["once"], |bad| vec!["once", "--filled", bad]);
        let (code, said) = house.answer(&question, &words);
        assert!(code == 2 && said.contains(why), "{code} {said}");
    }
    assert_eq!(house.answer(&question, &["always", "--filled", good]).0, 0);
    assert_eq!(run.end().code, 0);
    assert_eq!(house.told(), json!({ "action": "accept", "content": { "name": "Ada", "size": "s" } }));
    house.oikos.ok(&["stop", "looper"]);
    somebody.end();
    // Where nobody is there who could be asked, the server hears that at once.
    let said = house.oikos.run(&["run", ASKER, "order"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(house.told()["error"]["code"], -32601);
    assert!(house.open().is_empty());
}

#[test]
fn an_address_is_shown_with_its_host_and_what_cannot_be_asked_is_refused() {
    let house = House::new(&[ASKER]);
    let mut run = house.run(ASKER, "visit");
    run.wait_for("asker wants to have you open a page of pay.example.org in your browser");
    run.wait_for("https://pay.example.org/order?id=7");
    let question = house.question();
    assert_eq!((&question["kind"], &question["url"]), (&json!("open"), &json!("https://pay.example.org/order?id=7")));
    run.type_line("o");
    assert_eq!(run.end().code, 0);
    assert_eq!(house.told(), json!({ "action": "accept" }));
    for (tool, why) in [("think", "does not answer that"), ("odd", "of a kind that no form has")] {
        assert_eq!(house.run(ASKER, tool).end().code, 0);
        let told = house.told();
        assert!(told["error"]["message"].as_str().unwrap_or_default().contains(why), "{told}");
    }
    assert_eq!(house.run(ASKER, "abilities").end().code, 0);
    let told = house.told();
    assert!(told["elicitation"]["form"].is_object() && told.get("sampling").is_none(), "{told}");
}

#[test]
fn on_the_newest_wire_the_call_comes_again_with_the_answers() {
    let house = House::new(&[INQUIRER]);
    let mut run = house.run(INQUIRER, "order");
    run.wait_for("Where to?");
    let question = house.question();
    let filled = r#"{"city": "Wien", "toppings": ["dill", "rye"]}"#;
    assert_eq!(house.answer(&question, &["once", "--filled", filled]).0, 0);
    // The prompt that nobody needs any more takes a line, and the other question follows: one is asked after the other.
    run.type_line("");
    run.wait_for("open a page of pay.example.org");
    let next =
        testkit::wait_until_some("the next question", || house.open().into_iter().find(|open| open["kind"] == "open"));
    assert_eq!(house.answer(&next, &["no"]).0, 0);
    run.type_line("");
    assert_eq!(run.end().code, 0);
    let content = json!({ "city": "Wien", "toppings": ["dill", "rye"] });
    let what = json!({ "action": "accept", "content": content });
    assert_eq!(house.told(), json!({ "requestState": "round 1", "what": what, "where": { "action": "decline" } }));
    assert_eq!(house.run(INQUIRER, "abilities").end().code, 0);
    let told = house.told();
    assert!(told["elicitation"]["url"].is_object() && told.get("sampling").is_none(), "{told}");
}
