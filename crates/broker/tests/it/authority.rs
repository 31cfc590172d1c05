//! Scope × zone × state, as a table that a person can read. It is made from the broker's own verdicts.

#![expect(clippy::disallowed_methods, reason = "the table is a file")]

use crate::{Scene, scene::NOW};
use broker::{Start, Verdict, may_send, verdict};
use protocol::{GrantDuration, GrantState, OwnerId, Scope, ScopeWord, Sender, Topic, Zone};
use std::{fmt::Write, path::Path};

#[test]
fn the_authority_table_is_as_reviewed() {
    let mut table = String::from(
        "Who may do what: every scope in every zone under every state of its switch.\n\
         ✔ goes ahead   ? a person is asked each time   ✘ denied by the switch   ⊘ denied by the zone, whatever the switch says\n\n",
    );
    let states = [None, Some(GrantState::Allow), Some(GrantState::Ask), Some(GrantState::Block)];
    writeln!(table, "{:<11}{:<9}{:>9}{:>7}{:>6}{:>8}", "scope", "zone", "no grant", "allow", "ask", "block").unwrap();
    for word in ScopeWord::ALL {
        for zone in [Zone::Local, Zone::Cloud, Zone::Browser] {
            let marks = states.map(|state| match verdict(word, zone, state) {
                Verdict::Allow => '✔',
                Verdict::Ask => '?',
                Verdict::Deny => '✘',
                Verdict::ZoneDenies => '⊘',
            });
            let [none, allow, ask, block] = marks;
            writeln!(table, "{:<11}{:<9}{none:>9}{allow:>7}{ask:>6}{block:>8}", word.word(), zone).unwrap();
        }
    }
    table.push_str(&starts());
    table.push_str(&senders());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/authority.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(reviewed == table, "the table changed; UPDATE_SNAPSHOTS=1 writes it for review:\n{table}");
}

/// What may start an app without a person. Nobody is there to be asked, so a switch that asks is a no.
fn starts() -> String {
    let mut table = String::from("\nWhat may start an app by itself, under every state of the switch for it.\n\n");
    writeln!(table, "{:<20}{:<16}{:>9}{:>7}{:>6}{:>8}", "start", "switch", "no grant", "allow", "ask", "block")
        .unwrap();
    let (tick, message): (Topic, Topic) = ("system.tick".parse().unwrap(), "user.message".parse().unwrap());
    let listen = |topic: &Topic| Scope::Event { publish: vec![], listen: vec![topic.to_string()] };
    let trigger = Scope::Trigger { regex: "^Search".into(), reads_all: false };
    let rows = [
        ("event system.tick", Start::Event(&tick), listen(&tick)),
        ("event user.message", Start::Event(&message), listen(&message)),
        ("matching message", Start::Message, trigger),
        ("schedule", Start::Schedule, Scope::Schedule { cron: "* * * * *".into() }),
    ];
    for (name, start, scope) in rows {
        let mark = |state: Option<GrantState>| {
            let mut scene = Scene::new(Zone::Local);
            if let Some(state) = state {
                scene.grant(scope.clone(), state, &[], GrantDuration::Always);
            }
            let app = scene.lease.app();
            scene.broker.start(OwnerId::LOCAL, app, start, NOW).map_or('✘', |_| '✔')
        };
        let [none, allow, ask, block] =
            [None, Some(GrantState::Allow), Some(GrantState::Ask), Some(GrantState::Block)].map(mark);
        let line = scope.line();
        writeln!(table, "{name:<20}{:<16}{none:>9}{allow:>7}{ask:>6}{block:>8}", line.as_str()).unwrap();
    }
    table
}

/// Whose topics are whose; no switch changes it.
fn senders() -> String {
    let mut table = String::from("\nWho may send to which topics, whatever a switch says.\n\n");
    let senders = [Sender::System, Sender::Owner, Sender::App("tester".parse().unwrap())];
    writeln!(table, "{:<20}{:>8}{:>8}{:>13}", "topic", "oikos", "owner", "app tester").unwrap();
    for topic in ["system.tick", "user.message", "app.tester.done", "app.other.done", "app", "home.arrived"] {
        let topic: Topic = topic.parse().unwrap();
        let [system, owner, app] = senders.each_ref().map(|sender| may_send(sender, &topic).map_or('✘', |()| '✔'));
        writeln!(table, "{:<20}{system:>8}{owner:>8}{app:>13}", topic.as_str()).unwrap();
    }
    table
}

#[test]
fn nothing_is_allowed_that_nobody_granted() {
    for word in ScopeWord::ALL {
        for zone in [Zone::Local, Zone::Cloud, Zone::Browser] {
            for state in [None, Some(GrantState::Block)] {
                assert!(matches!(verdict(word, zone, state), Verdict::Deny | Verdict::ZoneDenies), "{word:?} {zone}");
            }
        }
    }
}

#[test]
fn a_broker_decides_for_its_own_zone() {
    for zone in [Zone::Local, Zone::Cloud, Zone::Browser] {
        let scene = crate::Scene::new(zone);
        assert_eq!((scene.broker.zone(), scene.lease.zone()), (zone, zone));
    }
}
