//! An app calls a server by a name of its own: what that stands for is its owner's word, and it leads nowhere else.

use crate::{
    kit::app_folder,
    process::Process,
    tools::{House, SERVER, person},
};
use serde_json::{Value, json};
use std::fs;

const OTHER: &str = "other";

/// With two servers and the app, which has these grants.
fn house(grants: &[&str]) -> House {
    let house = House::with_servers(&[SERVER, OTHER]);
    house.oikos.install("searcher", grants);
    house
}

/// The app calls what it means. What came of it, in words.
fn search(house: &House, input: &Value) -> (i32, String) {
    let said = house.say(&["run", "searcher", "search", "--input", &input.to_string()]);
    (said.code, said.out + &said.err)
}

/// That the app has said something through its server.
#[track_caller]
fn assert_found(house: &House, input: &Value) {
    let (code, said) = search(house, input);
    assert!(code == 0 && said.contains("found"), "{said}");
}

#[test]
fn a_name_that_its_owner_has_said_leads_to_the_tool_and_both_are_told() {
    let house = house(&[]);
    let list = house.ok(&["app", "list"]);
    assert!(list.contains("enabled, needs mcp.search"), "{list}");
    let info = house.ok(&["app", "info", "searcher"]);
    assert!(info.contains("needs      mcp.search, a tool of an MCP server"), "{info}");
    let (code, said) = search(&house, &json!({}));
    assert!(code == 6 && said.contains("dependency_missing"), "{said}");
    assert!(said.contains("oikos grant searcher mcp.search=allow:SERVER/TOOL"), "{said}");
    assert_eq!(house.json(&["run", "searcher", "list"])["data"], json!([]));

    let granted = house.ok(&["grant", "searcher", "mcp.search=allow:callee/echo"]);
    assert!(granted.contains("call echo of your MCP server callee, as search"), "{granted}");
    assert!(!granted.contains("needs a server"), "{granted}");
    assert_found(&house, &json!({}));
    let log = house.ok(&["log", "searcher"]);
    assert!(log.contains("you set mcp.search to allow for callee/echo"), "{log}");
    assert!(log.contains("called the tool echo of the MCP server callee"), "{log}");
    assert!(log.contains("grant mcp.search for callee/echo"), "{log}");
    let log = house.ok(&["log", SERVER]);
    assert!(log.contains("because searcher called it in its run of search"), "{log}");
    assert_eq!(house.json(&["run", "searcher", "list"])["text"], "search/echo");
    let summary = &house.json(&["app", "info", "searcher"]);
    assert!(summary.to_string().contains(r#""bound":"callee/echo""#), "{summary}");
    let list = house.ok(&["app", "list"]);
    assert!(!list.contains("needs mcp.search"), "{list}");

    // A whole server, by the names that it has for its tools, and by the long form of the app's name for it.
    house.ok(&["grant", "searcher", "mcp.search=allow:other"]);
    for tool in ["echo", "say-more", "say_more"] {
        assert_found(&house, &json!({ "tool": tool }));
        assert_found(&house, &json!({ "tool": tool, "server": "mcp.search" }));
    }
    let (code, said) = search(&house, &json!({ "tool": "find" }));
    assert!(code == 1 && said.contains("other has no tool 'find'"), "{said}");
    house.ok(&["log", "--verify"]);
}

#[test]
fn what_it_is_said_to_be_at_the_install_holds_from_the_first_run_on_and_through_an_upgrade() {
    let house = house(&["mcp.search=allow:callee/say-more"]);
    let (code, said) = search(&house, &json!({ "said": "found" }));
    assert!(code == 0 && said.contains("found found"), "{said}");
    let newer = house.oikos.files().join("newer");
    fs::create_dir_all(&newer).unwrap();
    for entry in fs::read_dir(app_folder("searcher")).unwrap() {
        let from = entry.unwrap().path();
        let text = fs::read_to_string(&from).unwrap().replace("1.0.0", "1.1.0");
        fs::write(newer.join(from.file_name().unwrap()), text).unwrap();
    }
    let newer = newer.to_str().unwrap();
    let card = house.ok(&["app", "card", newer]);
    assert!(card.contains("nothing that it may not do already"), "{card}");
    assert!(!card.contains("NEEDS"), "{card}");
    let upgraded = house.ok(&["app", "upgrade", newer]);
    assert!(!upgraded.contains("stands for no server yet"), "{upgraded}");
    let (code, said) = search(&house, &json!({ "said": "found" }));
    assert!(code == 0 && said.contains("found found"), "{said}");
    // Whoever asks for tools by name asks for something else, and what the name stands for is still the owner's word.
    fs::write(
        house.oikos.files().join("newer/permissions.json"),
        r#"{ "ai": false, "mcp": { "server": "search", "tools": ["find"] } }"#,
    )
    .unwrap();
    let manifest = house.oikos.files().join("newer/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap().replace("1.1.0", "1.2.0");
    fs::write(&manifest, text).unwrap();
    house.ok(&["app", "upgrade", newer, "--yes"]);
    let grants = house.json(&["grant", "searcher"]).to_string();
    assert!(grants.contains(r#""bound":"callee/say_more""#), "{grants}");
}

#[test]
fn a_word_that_names_nothing_is_answered_with_what_there_is() {
    let house = house(&[]);
    let refused = |word: &str| {
        let said = house.say(&["grant", "searcher", word]);
        (said.code, said.out + &said.err)
    };
    house.ok(&["app", "disable", OTHER]);
    for (word, code, told) in [
        ("mcp.search=allow:calle/echo", 6, "there is no MCP server 'calle'"),
        ("mcp.search=allow:calle", 6, "did you mean 'callee'?"),
        ("mcp.search=allow:callee/echoo", 6, "did you mean 'echo'?"),
        ("mcp.search=allow:other/echo", 1, "oikos app enable other"),
        ("mcp.search=allow:searcher", 6, "searcher is an app, and no MCP server"),
        ("mcp.search=allow:callee/", 2, "write SERVER or SERVER/TOOL"),
        ("mcp.search=allow:", 2, "leave ':' out"),
        ("mcp.search=block:callee", 2, "leave out ':callee'"),
        ("mcp.find=allow:callee", 6, "it asks for: mcp.search"),
        ("mcp=allow:callee/echo", 6, "does not ask for 'mcp.callee'"),
    ] {
        let (is, said) = refused(word);
        assert!(is == code && said.contains(told), "{word}: {is} {said}");
    }
    // A word without a server is for whatever that will be.
    house.ok(&["grant", "searcher", "mcp=allow"]);
    assert_eq!(search(&house, &json!({})).0, 6);
    house.ok(&["grant", "searcher", "mcp.search=allow:callee/echo"]);
    assert_found(&house, &json!({}));
    // Nor has an app whose card names a server by its own name anything that could stand for another one.
    house.oikos.install("caller", &[]);
    let said = house.say(&["grant", "caller", "mcp.callee=allow:other/echo"]);
    assert!(said.code == 2 && said.err.contains("name one as callee/TOOL"), "{}", said.err);
}

#[test]
fn it_leads_to_no_other_tool_and_no_other_server() {
    let house = house(&["mcp.search=allow:callee/echo"]);
    let runs = || (house.runs_of(SERVER).len(), house.runs_of(OTHER).len());
    let before = runs();
    for tool in ["say-more", "say_more", "large"] {
        let (code, said) = search(&house, &json!({ "tool": tool }));
        let shown = tool.replace('-', "_");
        let rule = format!("{shown} is not what mcp.search stands for: that is callee/echo");
        assert!(code == 3 && said.contains(&rule), "{said}");
    }
    for server in [SERVER, OTHER, "mcp.callee", "mcp.other", "search/../other", "searcher"] {
        let (code, said) = search(&house, &json!({ "server": server, "tool": "echo" }));
        assert!(code == 3 && said.contains("never asked for"), "{server}: {said}");
    }
    assert_eq!(runs(), before);
    let log = house.ok(&["log", "searcher"]);
    assert!(log.contains("BLOCKED: wanted to call the tool say_more of the MCP server callee"), "{log}");
    // The command of a denial does what it says, and nothing beside it.
    let (_, said) = search(&house, &json!({ "tool": "say-more" }));
    house.allow_as_told(&said);
    assert_found(&house, &json!({ "tool": "say-more" }));
    let (code, said) = search(&house, &json!({ "tool": "echo" }));
    assert!(code == 3 && said.contains("that is callee/say_more"), "{said}");
}

#[test]
fn a_run_under_way_gets_nothing_by_what_its_owner_says_meanwhile() {
    let house = house(&[]);
    let newest = || house.runs_of(SERVER).first().map(|run| run["run"].clone());
    let other = "something else than when the run began";
    for (word, why) in [
        ("mcp.search=allow:other", other),
        ("mcp.search=allow:other/echo", other),
        ("mcp.search=allow:callee", other),
        ("mcp.search=block", "mcp.search is blocked"),
    ] {
        house.ok(&["grant", "searcher", "mcp.search=allow:callee/echo"]);
        let before = newest();
        let watching = Process::start_as(person(&house.oikos, &["run", "searcher", "watch"]));
        testkit::wait_until("a call", || newest() != before);
        house.ok(&["grant", "searcher", word]);
        let said = watching.end();
        let refused = said.out.contains("permission_denied: ") && said.out.contains(why);
        assert!(said.code == 0 && refused, "{word}: {}{}", said.out, said.err);
        assert!(!house.ok(&["log", OTHER]).contains("searcher"), "{word}");
    }
    // The next one has it.
    house.ok(&["grant", "searcher", "mcp.search=allow:other/echo"]);
    assert_found(&house, &json!({}));
    assert!(house.ok(&["log", OTHER]).contains("because searcher called it"));
}

#[test]
fn what_is_taken_back_or_removed_says_what_to_do() {
    let house = house(&["mcp.search=allow:callee/echo"]);
    house.ok(&["grant", "searcher", "mcp.search=block"]);
    let (code, said) = search(&house, &json!({}));
    assert!(code == 3 && said.contains("mcp.search is blocked"), "{said}");
    house.allow_as_told(&said);
    assert_found(&house, &json!({}));
    house.ok(&["app", "disable", SERVER]);
    let (code, said) = search(&house, &json!({}));
    assert!(code != 0 && said.contains("oikos app enable callee"), "{said}");
    // Nothing is left of it, also for a server that is called the same.
    house.ok(&["app", "remove", SERVER]);
    for _ in 0..2 {
        let (code, said) = search(&house, &json!({}));
        assert!(code == 6 && said.contains("oikos grant searcher mcp.search=allow:SERVER/TOOL"), "{said}");
        let info = house.ok(&["app", "info", "searcher"]);
        assert!(info.contains("needs      mcp.search"), "{info}");
        if house.say(&["mcp", "info", SERVER]).code != 0 {
            house.import(SERVER);
        }
    }
    house.ok(&["grant", "searcher", "mcp.search=allow:callee/echo"]);
    assert_found(&house, &json!({}));
}
