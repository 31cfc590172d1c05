//! Sent, heard, and whose a topic is.

use crate::{Scene, scene::NOW};
use broker::{Decision, EventDemand, Start};
use protocol::{GrantDuration, GrantState, Labels, OwnerId, Scope, Timestamp, Topic, Zone};

fn topics(topics: &[&str]) -> Vec<String> {
    topics.iter().map(|topic| (*topic).to_owned()).collect()
}

fn publishing(state: GrantState, publish: &[&str]) -> Scene {
    let mut scene = Scene::new(Zone::Local);
    let scope = Scope::Event { publish: topics(publish), listen: vec![] };
    scene.grant(scope, state, &[], GrantDuration::Always);
    scene
}

fn demand(topic: &str) -> EventDemand {
    EventDemand::new(topic.parse().unwrap(), r#"{"secret":"tea"}"#.to_owned())
}

#[test]
fn what_may_be_sent_and_what_not() {
    let check = |scene: &Scene, topic: &str, expected: &str| {
        assert_eq!(scene.decide(demand(topic)), expected, "{topic}");
    };
    let allowed = publishing(GrantState::Allow, &["app.tester.*", "home.*.opened", "system.tick", "user.*", "app.*"]);
    check(&allowed, "app.tester.done", "yes: grant event.publish");
    check(&allowed, "app.tester.done.twice", "yes: grant event.publish");
    check(&allowed, "home.door.opened", "yes: grant event.publish");
    check(
        &allowed,
        "home.door.closed",
        "no: not allowed to send an event to home.door.closed: home.door.closed is not among the topics of event.publish",
    );
    // Whatever was granted: whose a topic is stays, and no command is named that would not help.
    for (topic, rule) in [
        ("system.tick", "only oikos itself sends system.tick"),
        ("system.anything", "only oikos itself sends system.anything"),
        ("user.message", "only you send user.message, never an app"),
        ("app.other.done", "only the app in its name sends app.other.done"),
        ("app.tester2.done", "only the app in its name sends app.tester2.done"),
        ("app", "only the app in its name sends app"),
    ] {
        check(&allowed, topic, &format!("no: not allowed to send an event to {topic}: {rule}"));
    }
    let asks = publishing(GrantState::Ask, &["app.tester.*"]);
    check(&asks, "app.tester.done", "ask: send an event to app.tester.done");
    let blocked = publishing(GrantState::Block, &["app.tester.*"]);
    check(
        &blocked,
        "app.tester.done",
        "no: not allowed to send an event to app.tester.done: event.publish is blocked; to allow it: oikos grant tester \
         event.publish=allow",
    );
    let nothing = Scene::new(Zone::Local);
    nothing.load();
    check(
        &nothing,
        "app.tester.done",
        "no: not allowed to send an event to app.tester.done: the app never asked for event.publish",
    );
    let browser = Scene::new(Zone::Browser);
    browser.load();
    assert!(browser.decide(demand("app.tester.done")).starts_with("no: "));
    // Hearing is not sending.
    let mut hears = Scene::new(Zone::Local);
    let scope = Scope::Event { publish: vec![], listen: topics(&["home.door"]) };
    hears.grant(scope, GrantState::Allow, &[], GrantDuration::Always);
    assert!(hears.decide(demand("home.door")).starts_with("no: "));
}

/// What came from a stranger and what is private stand together in what would be sent: a person sees it first.
#[test]
fn with_both_labels_a_person_sees_the_exact_content() {
    let scene = publishing(GrantState::Allow, &["app.tester.*"]);
    scene.lease.join_labels(Labels::PRIVATE);
    assert_eq!(scene.decide(demand("app.tester.done")), "yes: grant event.publish");
    scene.lease.join_labels(Labels::STRANGER);
    let asked = scene.decide(demand("app.tester.done"));
    assert_eq!(asked, "ask: send what it has read to app.tester.done (16 bytes) (each time)");
    let Decision::Ask(ask) = scene.broker.decide(&scene.lease, demand("app.tester.done"), NOW) else { panic!("asks") };
    use broker::Demand as _;
    assert_eq!(ask.demand().content().as_deref(), Some(r#"{"secret":"tea"}"#));
}

#[test]
fn what_may_start_an_app() {
    let start = |scene: &Scene, start: Start<'_>, now: Timestamp| {
        let app = scene.lease.app();
        scene.broker.start(OwnerId::LOCAL, app, start, now).map_or_else(|rule| rule.to_string(), |_| "yes".to_owned())
    };
    let topic = |topic: &str| topic.parse::<Topic>().unwrap();
    let mut scene = Scene::new(Zone::Local);
    scene.load();
    let (tick, message, door) = (topic("system.tick"), topic("user.message"), topic("home.door"));
    assert_eq!(start(&scene, Start::Event(&tick), NOW), "the app never asked for event.listen");
    assert_eq!(start(&scene, Start::Event(&message), NOW), "the app never asked for event.chat");
    assert_eq!(start(&scene, Start::Message, NOW), "the app never asked for event.trigger");
    assert_eq!(start(&scene, Start::Schedule, NOW), "the app never asked for event.schedule");

    let listen = Scope::Event { publish: vec![], listen: topics(&["system.tick"]) };
    scene.grant(listen, GrantState::Allow, &[], GrantDuration::Always);
    assert_eq!(start(&scene, Start::Event(&tick), NOW), "yes");
    assert_eq!(start(&scene, Start::Event(&door), NOW), "home.door is not among the topics of event.listen");
    // Hearing some events is not reading chats.
    assert_eq!(start(&scene, Start::Event(&message), NOW), "the app never asked for event.chat");
    // A yes for some time ends.
    let schedule = Scope::Schedule { cron: "* * * * *".into() };
    scene.grant(schedule, GrantState::Allow, &[], GrantDuration::Until(Timestamp(NOW.0 + 1)));
    assert_eq!(start(&scene, Start::Schedule, NOW), "yes");
    assert_ne!(start(&scene, Start::Schedule, Timestamp(NOW.0 + 1)), "yes");
}
