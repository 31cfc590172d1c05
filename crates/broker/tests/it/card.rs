//! What the owner is shown.

use broker::{CardSource, CardSubject, card_build};
use protocol::{Badge, Card, Digest, FileAccess, GrantState, HostRule, LimitChanges, Scope, ScopeRequest, Zone};
use std::fmt::Write;

fn request(scope: Scope) -> ScopeRequest {
    ScopeRequest { scope, reason: None }
}

fn greedy() -> Vec<ScopeRequest> {
    vec![
        request(Scope::File { access: FileAccess::Read, folders: vec!["~".into(), "/home/me/notes/deep".into()] }),
        request(Scope::File { access: FileAccess::Write, folders: vec!["/".into()] }),
        request(Scope::Network { rules: vec![] }),
        request(Scope::Shell { commands: vec![vec!["git".into(), "*".into()]] }),
        request(Scope::Clipboard { access: FileAccess::Read }),
        request(Scope::Ai { models: vec![], budget_micros: None }),
        request(Scope::Storage { quota_bytes: 10 << 20 }),
        request(Scope::Mcp { server: "mail".into(), tools: vec!["send".into()], alias: false }),
        request(Scope::Event { publish: vec!["app.tester.*".into()], listen: vec![] }),
        request(Scope::Event { publish: vec![], listen: vec!["system.tick".into()] }),
        request(Scope::Event { publish: vec![], listen: vec!["user.message".into()] }),
        request(Scope::Trigger { regex: "^Search(.*)".into(), reads_all: false }),
        request(Scope::Schedule { cron: "0 8 * * 1-5".into() }),
        request(Scope::Secret { name: "token".into(), hosts: vec!["api.example.com".into()] }),
        request(Scope::Gpu),
        request(Scope::View),
    ]
}

fn card(requests: &[ScopeRequest], zone: Zone, title: &str) -> Card {
    card_from(CardSource::Folder, requests, zone, title)
}

fn card_from(source: CardSource<'_>, requests: &[ScopeRequest], zone: Zone, title: &str) -> Card {
    let subject = CardSubject {
        app: &"tester".parse().unwrap(),
        version: "1.0.0".into(),
        title,
        description: None,
        developer: None,
        badge: Badge::LocalDeveloper { fingerprint: "0123 4567".into() },
        source,
        digest: Digest([0; 32]),
        files: 3,
        zones: &[Zone::Local],
        requests,
        limits: &LimitChanges { cpu_ms: Some(60_000), ..LimitChanges::default() },
        deceptive: &[],
        takes_files: false,
        upgrade_from: None,
    };
    card_build(&subject, zone)
}

fn text(card: &Card) -> String {
    let mut out = String::new();
    for line in &card.lines {
        writeln!(out, "{:<6} {:<16} {:?} {}", line.state, line.line, line.severity, line.sentence).unwrap();
    }
    for (word, sentences) in
        [("NEVER", &card.never), ("LIMIT", &card.limits), ("!", &card.warnings), ("LATER", &card.unavailable)]
    {
        for sentence in sentences {
            writeln!(out, "{word:<6} {sentence}").unwrap();
        }
    }
    out
}

#[test]
fn a_card_shows_everything_that_is_asked_for() {
    insta::assert_snapshot!("card_greedy_local", text(&card(&greedy(), Zone::Local, "Tester")));
    insta::assert_snapshot!("card_greedy_cloud", text(&card(&greedy(), Zone::Cloud, "Tester")));
    insta::assert_snapshot!("card_nothing", text(&card(&[], Zone::Local, "Tester")));
}

#[test]
fn grouping_loses_nothing() {
    let requests = greedy();
    let lines = card(&requests, Zone::Local, "Tester").lines;
    assert_eq!(lines.len(), requests.len());
    for request in &requests {
        assert!(lines.iter().any(|line| line.scope == request.scope), "{request:?}");
    }
    let rule = HostRule {
        host: "api.example.com".into(),
        port: Some(8443),
        methods: vec!["GET".into()],
        paths: vec!["/v1/".into()],
        by_owner: false,
    };
    let shown = card(&[request(Scope::Network { rules: vec![rule] })], Zone::Local, "T").lines[0].sentence.to_string();
    assert_eq!(shown, "talk to api.example.com:8443 /v1/ (GET)");
}

#[test]
fn what_can_send_change_or_spend_starts_by_asking() {
    for line in card(&greedy(), Zone::Local, "Tester").lines {
        let is_harmless = matches!(line.scope, Scope::Storage { .. } | Scope::View | Scope::Gpu | Scope::Ai { .. })
            // What starts an app can do no more than the app may; only reading all chats is off at first.
            || matches!(line.line.as_str(), "event.publish" | "event.listen" | "event.trigger" | "event.schedule");
        assert_eq!(line.state == GrantState::Allow, is_harmless, "{}", line.line);
    }
}

#[test]
fn reading_all_chats_is_off_until_somebody_turns_it_on() {
    let both = Scope::Event { publish: vec!["a.b".into()], listen: vec!["user.*".into(), "system.tick".into()] };
    let all = Scope::Trigger { regex: ".*".into(), reads_all: true };
    let states = |requests: &[ScopeRequest]| {
        let lines = card(requests, Zone::Local, "Tester").lines;
        lines.iter().map(|line| format!("{} {}", line.line, line.state)).collect::<Vec<_>>()
    };
    assert_eq!(states(&[request(both)]), ["event.chat block", "event.listen allow", "event.publish allow"]);
    assert_eq!(states(&[request(all)]), ["event.trigger block"]);
}

#[test]
fn invisible_characters_are_pointed_out() {
    let shown = text(&card(&[], Zone::Local, "Nice\u{202e}gnp.exe"));
    assert!(shown.contains("its title holds invisible or direction-changing characters"), "{shown}");
}

/// Of what nobody signed, the card says at least where it came from.
#[test]
fn what_nobody_signed_says_where_it_came_from() {
    let check = |source: CardSource<'_>, says: &str| {
        let card = card_from(source, &[], Zone::Local, "Tester");
        assert!(card.warnings.iter().any(|said| said.to_string() == says), "{says}: {:?}", card.warnings);
        assert_eq!(card.warnings.iter().filter(|said| said.to_string().ends_with("says who made it")).count(), 1);
    };
    check(CardSource::Folder, "nobody but the folder it came from says who made it");
    check(CardSource::File, "nobody but the file it came in says who made it");
    let (named, sender) = ("a.example", "a.example");
    check(CardSource::Web { named, sender }, "nobody but a.example, where it came from, says who made it");
    let sender = "files.b.example:8443";
    check(
        CardSource::Web { named, sender },
        "nobody but files.b.example:8443, to which a.example led, says who made it",
    );
}
