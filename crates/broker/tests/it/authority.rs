//! Scope × zone × state, as a table that a person can read. It is made from the broker's own verdicts.

#![expect(clippy::disallowed_methods, reason = "the table is a file")]

use broker::{Verdict, verdict};
use protocol::{GrantState, ScopeWord, Zone};
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/authority.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(reviewed == table, "the table changed; UPDATE_SNAPSHOTS=1 writes it for review:\n{table}");
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
