//! Which tools of which servers are called, and when a person is asked.

use crate::{Scene, scene::NOW};
use broker::{
    Bound, Decision, Demand as _, Grant, LeaseEnd, McpDemand, bound_target, tool_read, tools_left, tools_with,
};
use protocol::{GrantDuration, GrantState, Labels, Limits, RunId, Scope, Timestamp, Zone};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn scope(tools: &[&str]) -> Scope {
    Scope::Mcp { server: "github".into(), tools: texts(tools), alias: false }
}

fn granted(state: GrantState, tools: &[&str]) -> Scene {
    let mut scene = Scene::new(Zone::Local);
    scene.grant(scope(tools), state, &[], GrantDuration::Always);
    scene
}

fn call(tool: &str) -> McpDemand {
    McpDemand::new("github", tool, r#"{"said":"hi"}"#)
}

#[test]
fn a_granted_tool_is_called_and_no_other() {
    let scene = granted(GrantState::Allow, &["search-code", "read"]);
    assert_eq!(scene.decide(call("read")), "yes: grant mcp.github for read");
    // By each name that stands for it.
    assert_eq!(
        scene.decide(call("search_code").known_as(texts(&["search-code"]))),
        "yes: grant mcp.github for search_code"
    );
    let outside = "no: not allowed to call the tool push of the MCP server github: push is not among the tools of \
                   mcp.github; to allow it: oikos grant tester mcp=allow:github/push";
    assert_eq!(scene.decide(call("push")), outside);
    assert_eq!(granted(GrantState::Allow, &[]).decide(call("push")), "yes: grant mcp.github");
    // Another server is another switch, and nobody grants what the manifest does not name.
    let other = "no: not allowed to call the tool read of the MCP server gitlab: the app never asked for mcp.gitlab";
    assert_eq!(scene.decide(McpDemand::new("gitlab", "read", "{}")), other);
}

#[test]
fn the_states_of_the_switch() {
    let what = "call the tool read of the MCP server github";
    assert_eq!(granted(GrantState::Ask, &["read"]).decide(call("read")), format!("ask: {what}"));
    // A switch has one word for all of its tools: one more is asked about as the others are.
    let beside = granted(GrantState::Ask, &["search"]).decide(call("read"));
    assert!(beside.ends_with("oikos grant tester mcp=ask:github/read"), "{beside}");
    for tools in [&["read"][..], &["search"]] {
        let blocked = granted(GrantState::Block, tools).decide(call("read"));
        let rule = "mcp.github is blocked; to allow it: oikos grant tester mcp=allow:github/read";
        assert_eq!(blocked, format!("no: not allowed to {what}: {rule}"));
    }
    let mut cloud = Scene::new(Zone::Cloud);
    cloud.grant(scope(&[]), GrantState::Allow, &[], GrantDuration::Always);
    assert_eq!(cloud.decide(call("read")), "yes: grant mcp.github");
    let mut browser = Scene::new(Zone::Browser);
    browser.grant(scope(&[]), GrantState::Allow, &[], GrantDuration::Always);
    assert!(browser.decide(call("read")).contains("zone browser never allows mcp"));
}

#[test]
fn what_was_read_and_what_a_stranger_said_are_shown_before_they_leave() {
    let scene = granted(GrantState::Allow, &[]);
    scene.lease.join_labels(Labels::PRIVATE);
    assert_eq!(scene.decide(call("read")), "yes: grant mcp.github");
    // What came back is a stranger's.
    assert!(scene.lease.labels().contains(Labels::STRANGER));
    let asked = "send what it has read (13 bytes) to the tool read of the MCP server github";
    assert_eq!(scene.decide(call("read")), format!("ask: {asked} (each time)"));
    match scene.broker.decide(&scene.lease, call("read").asked(true), NOW) {
        Decision::Ask(ask) => {
            assert_eq!(ask.demand().content().as_deref(), Some(r#"{"said":"hi"}"#));
            // No switch lets that through unseen.
            assert_eq!(ask.refused(protocol::sentence::rule_said_no()).command, None);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tool_that_its_owner_wants_to_be_asked_about_asks_each_time() {
    let scene = granted(GrantState::Allow, &[]);
    match scene.broker.decide(&scene.lease, call("read-it").asked(true), NOW) {
        Decision::Ask(ask) => {
            assert!(!ask.may_last);
            let refused = ask.refused(protocol::sentence::rule_said_no());
            assert_eq!(refused.command.as_deref(), Some("oikos mcp allow github read-it"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_yes_that_lasts_is_to_one_tool() {
    let mut scene = granted(GrantState::Ask, &[]);
    let lasting = call("read").lasting(&scope(&[]));
    assert_eq!(lasting, scope(&["read"]));
    scene.grant(lasting, GrantState::Allow, &[], GrantDuration::Until(Timestamp(NOW.0 + 1)));
    assert_eq!(scene.decide(call("read")), "yes: grant mcp.github for read");
    // What it says nothing of is as it was.
    assert_eq!(scene.decide(call("push")), "ask: call the tool push of the MCP server github");
}

#[test]
fn tools_add_up_and_an_upgrade_makes_none_of_them_wider() {
    assert_eq!(tool_read("github/search_code"), Ok(("github", "search_code")));
    assert_eq!(tool_read("github/a/b"), Ok(("github", "a/b")));
    for wrong in ["github", "github/", "/x", ""] {
        assert!(tool_read(wrong).is_err(), "{wrong}");
    }
    assert_eq!(tools_with(Some(&scope(&["a"])), "b"), texts(&["a", "b"]));
    assert_eq!(tools_with(Some(&scope(&["a"])), "a"), texts(&["a"]));
    assert_eq!(tools_with(Some(&scope(&[])), "b"), texts(&[]));
    assert_eq!(tools_with(None, "b"), texts(&["b"]));
    let left =
        |granted: &[&str], before: &[&str], asked: &[&str]| tools_left(&texts(granted), &texts(before), &texts(asked));
    // All that it asked for is all that it still asks for.
    assert_eq!(left(&[], &[], &["a"]), Some(texts(&["a"])));
    // What was taken out stays out, and what the owner named stays in.
    assert_eq!(left(&["a", "own"], &["a", "b", "c"], &["a", "b"]), Some(texts(&["a", "own"])));
    assert_eq!(left(&["a", "b"], &["a", "b"], &["a"]), Some(texts(&["a"])));
    assert_eq!(left(&["b"], &["a", "b"], &["a"]), None);
    assert_eq!(left(&["b"], &[], &["a"]), None);
    assert_eq!(left(&["b"], &[], &[]), Some(texts(&["b"])));
}

fn bound(target: &str) -> Bound {
    let (server, tool) = bound_target(target).unwrap();
    Bound { server: server.parse().unwrap(), tool: tool.map(str::to_owned) }
}

fn alias(tools: &[&str]) -> Scope {
    Scope::Mcp { server: "code".into(), tools: texts(tools), alias: true }
}

/// An app that calls a server `code`, and its owner's word for what that is.
fn aliased(state: GrantState, tools: &[&str], target: Option<&str>) -> Scene {
    let mut scene = Scene::new(Zone::Local);
    scene.grant(alias(tools), state, &[], GrantDuration::Always);
    bind(&mut scene, target);
    scene
}

fn bind(scene: &mut Scene, target: Option<&str>) {
    for grant in &mut scene.grants.grants {
        grant.bound = target.map(bound);
    }
    scene.load();
}

/// The app says `code`, which was this when its run began.
fn through(tool: &str, target: Option<&str>) -> McpDemand {
    call(tool).through("code", target.map(bound).as_ref())
}

#[test]
fn a_name_of_the_apps_own_leads_to_what_its_owner_says_and_nowhere_else() {
    let all = aliased(GrantState::Allow, &[], Some("github"));
    // What the app says and what that is, both.
    assert_eq!(all.decide(through("read", Some("github"))), "yes: grant mcp.code for github/read");
    let one = Some("github/read");
    let only = aliased(GrantState::Allow, &[], one);
    assert_eq!(only.decide(through("read", one)), "yes: grant mcp.code for github/read");
    // By the server's own name for it too.
    assert_eq!(only.decide(through("re-ad", one).known_as(texts(&["read"]))), "yes: grant mcp.code for github/re-ad");
    assert_eq!(
        only.decide(through("push", one)),
        "no: not allowed to call the tool push of the MCP server github: push is not what mcp.code stands for: that is \
         github/read; to allow it: oikos grant tester mcp.code=allow:github/push"
    );
    let elsewhere = McpDemand::new("gitlab", "read", "{}").through("code", Some(&bound("github")));
    assert!(all.decide(elsewhere).contains("read is not what mcp.code stands for: that is github;"));
    // Neither the server's own name nor another name of the app's is asked for.
    assert!(all.decide(call("read")).ends_with("the app never asked for mcp.github"));
    let other = call("read").through("other", Some(&bound("github")));
    assert!(all.decide(other).ends_with("the app never asked for mcp.other"));
    // What the app names of its tools is all that it gets of a whole server, and of one tool nothing depends on that.
    let named = aliased(GrantState::Allow, &["search"], Some("github"));
    assert!(named.decide(through("push", Some("github"))).ends_with("oikos grant tester mcp.code=allow:github/push"));
    let named = aliased(GrantState::Allow, &["search"], one);
    assert_eq!(named.decide(through("read", one)), "yes: grant mcp.code for github/read");
}

#[test]
fn a_run_gets_nothing_that_its_name_did_not_stand_for_when_it_began() {
    let mut scene = aliased(GrantState::Allow, &[], Some("github/read"));
    let began = || through("read", Some("github/read"));
    assert_eq!(scene.decide(began()), "yes: grant mcp.code for github/read");
    // More, something else, or nothing: the run that is under way hears no.
    for target in [Some("github"), Some("github/push"), Some("gitlab/read"), None] {
        bind(&mut scene, target);
        let said = scene.decide(began());
        let rule = "mcp.code stands for something else than when the run began; the next run calls that";
        assert_eq!(
            said,
            format!("no: not allowed to call the tool read of the MCP server github: {rule}"),
            "{target:?}"
        );
        assert!(!scene.broker.is_open(&scene.lease, &began(), NOW));
    }
    // Nor does one that began before it stood for anything.
    bind(&mut scene, Some("github"));
    assert!(scene.decide(through("read", None)).contains("something else than when the run began"));
    bind(&mut scene, None);
    assert_eq!(
        scene.decide(through("read", None)),
        "no: not allowed to call the tool read of the MCP server github: you have not said which server mcp.code stands \
         for; to allow it: oikos grant tester mcp.code=allow:SERVER/TOOL"
    );
}

#[test]
fn the_states_of_a_name_of_the_apps_own() {
    let target = Some("github");
    let asking = aliased(GrantState::Ask, &[], target);
    assert_eq!(asking.decide(through("read", target)), "ask: call the tool read of the MCP server github");
    match asking.broker.decide(&asking.lease, through("read", target), NOW) {
        Decision::Ask(ask) => {
            let refused = ask.refused(protocol::sentence::rule_said_no());
            assert_eq!(refused.command.as_deref(), Some("oikos grant tester mcp.code=allow"));
        }
        other => panic!("{other:?}"),
    }
    let blocked = aliased(GrantState::Block, &[], target).decide(through("read", target));
    assert!(blocked.ends_with("mcp.code is blocked; to allow it: oikos grant tester mcp.code=allow"), "{blocked}");
    let nothing = aliased(GrantState::Block, &[], None).decide(through("read", None));
    assert!(nothing.ends_with("oikos grant tester mcp.code=allow:SERVER/TOOL"), "{nothing}");
    // A yes that lasts is to one tool, and what it left out is one command away.
    let lasting = through("read", target).lasting(&alias(&[]));
    assert_eq!(lasting, alias(&["read"]));
    let mut narrowed = aliased(GrantState::Ask, &[], target);
    for grant in &mut narrowed.grants.grants {
        (grant.scope, grant.state) = (lasting.clone(), GrantState::Allow);
    }
    narrowed.load();
    assert_eq!(narrowed.decide(through("read", target)), "yes: grant mcp.code for github/read");
    let outside = narrowed.decide(through("push", target));
    assert!(
        outside.ends_with(
            "push is not among the tools of mcp.code; to allow it: oikos grant tester mcp.code=allow:github"
        ),
        "{outside}"
    );
    assert_eq!(through("read", Some("github/read")).lasting(&alias(&["find"])), alias(&["find"]));
}

#[test]
fn what_was_written_before_names_could_stand_for_something_is_still_read() {
    let scope = serde_json::json!({ "scope": "mcp", "server": "github", "tools": ["read"] });
    assert_eq!(serde_json::from_value::<Scope>(scope.clone()).unwrap(), self::scope(&["read"]));
    assert_eq!(serde_json::to_value(self::scope(&["read"])).unwrap(), scope);
    let mut scene = granted(GrantState::Allow, &["read"]);
    let written = serde_json::to_value(&scene.grants.grants[0]).unwrap();
    assert!(written.get("bound").is_none(), "{written}");
    scene.grants.grants = vec![serde_json::from_value::<Grant>(written).unwrap()];
    scene.load();
    assert_eq!(scene.decide(call("read")), "yes: grant mcp.github for read");
    for (target, expected) in [("github", "github"), ("github/a/b", "github/a/b")] {
        assert_eq!(bound(target).to_string(), expected);
    }
    for wrong in ["", "/x", "github/"] {
        assert!(bound_target(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_call_has_the_labels_and_the_time_of_who_makes_it() {
    let scene = granted(GrantState::Allow, &[]);
    scene.lease.join_labels(Labels::PRIVATE);
    let open = |now_ms: u64| {
        let run = RunId::new(&scene.clock, &scene.entropy);
        scene.broker.lease_open_for(
            &scene.lease,
            &"github".parse().unwrap(),
            run,
            Limits::default(),
            now_ms * 1_000_000,
        )
    };
    let called = open(100_000);
    assert!(called.labels().contains(Labels::PRIVATE));
    assert_eq!(called.caller(), scene.lease.caller());
    assert_eq!(called.limits().wall_ms, Limits::default().wall_ms - 100_000);
    // While a person is asked about it, the clocks of both stand still.
    called.pause(100_000 * 1_000_000);
    assert_eq!(scene.lease.wall_ms(400_000 * 1_000_000), 100_000);
    called.resume(400_000 * 1_000_000);
    assert_eq!((scene.lease.wall_ms(500_000 * 1_000_000), called.wall_ms(500_000 * 1_000_000)), (200_000, 100_000));
    // What it reads is not yet read by who called it.
    called.join_labels(Labels::STRANGER);
    assert!(!scene.lease.labels().contains(Labels::STRANGER));
    assert_eq!(called.end(LeaseEnd::CallerEnded), LeaseEnd::CallerEnded);
    assert!(scene.lease.check().is_ok());
}
