//! Offered, installed, upgraded, removed.

use crate::{
    House,
    guests::{said, threw},
    house::{ASKS, HOME, WORK, allowed, app, choice, ended, owner},
};
use protocol::{AuditEvent, ErrorCode, GrantState, OwnerId, api::GrantView};
use serde_json::json;
use state::Space;

fn states(grants: &[GrantView]) -> Vec<(&str, GrantState)> {
    grants.iter().map(|view| (view.line.line.as_str(), view.line.state)).collect()
}

#[tokio::test]
async fn an_offer_installs_nothing_and_is_used_once() {
    let house = House::new();
    let package = house.packed("scribe", "1.0.0", ASKS);
    let (offer, card) = house.offer(owner(), &package).await.unwrap();
    assert_eq!((card.app.as_str(), card.upgrade_from), ("scribe", None));
    assert!(house.kernel.app_list(&owner()).unwrap().is_empty());
    house.kernel.app_decline(&owner(), offer).unwrap();
    let gone = house.kernel.app_install(owner(), offer, vec![]).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    let (offer, _) = house.offer(owner(), &package).await.unwrap();
    house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
    assert!(house.kernel.app_install(owner(), offer, vec![]).await.is_err());
    // Older offers are forgotten, the newer ones stay.
    let (first, _) = house.offer(owner(), &package).await.unwrap();
    let mut last = first;
    for _ in 0..16 {
        last = house.offer(owner(), &package).await.unwrap().0;
    }
    assert!(house.kernel.app_install(owner(), first, vec![]).await.is_err());
    assert!(house.kernel.app_install(owner(), last, vec![]).await.is_ok());
}

#[tokio::test]
async fn what_is_no_package_is_refused_with_one_line_in_the_log() {
    let house = House::new();
    let whole = std::fs::read(house.packed("scribe", "1.0.0", ASKS)).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let cut = &whole[..whole.len() - 1];
    for bytes in [&flipped[..], cut, b"", b"PK"] {
        let path = house.archive("broken", bytes);
        let refused = house.offer(owner(), &path).await.map(drop).unwrap_err();
        assert_eq!(refused.code.exit(), 4, "{refused:?}");
    }
    assert_eq!(house.log().iter().filter(|record| record.event == AuditEvent::Refused).count(), 4);
    assert!(house.kernel.app_list(&owner()).unwrap().is_empty());
}

#[tokio::test]
async fn choices_are_checked_before_anything_is_installed() {
    let house = House::new();
    let package = house.packed("scribe", "1.0.0", ASKS);
    let cases = [
        (choice("network", GrantState::Allow, None), ErrorCode::NotFound),
        (choice("storage", GrantState::Allow, Some(WORK)), ErrorCode::Usage),
        (choice("file", GrantState::Allow, Some(HOME)), ErrorCode::PermissionDenied),
        (choice("file.read", GrantState::Allow, Some("/oikos-home/trash")), ErrorCode::PermissionDenied),
        (choice("file.read", GrantState::Allow, Some("/missing")), ErrorCode::FileUnusable),
    ];
    for (wrong, code) in cases {
        let (offer, _) = house.offer(owner(), &package).await.unwrap();
        let refused = house.kernel.app_install(owner(), offer, vec![wrong.clone()]).await.unwrap_err();
        assert_eq!(refused.code, code, "{wrong:?}");
    }
    assert!(house.store.keys(OwnerId::LOCAL, Space::App).is_empty());
    assert!(house.scripts.prepared.lock().is_empty(), "no code was even loaded");
}

#[tokio::test]
async fn an_upgrade_keeps_what_was_granted_for_the_same_and_asks_anew_for_the_rest() {
    let asks_more = r#"{ "file": { "read": true, "write": true }, "storage": { "quota": "20 MiB" }, "ai": false }"#;
    for after_a_restart in [false, true] {
        let mut house = House::new();
        let old = house.scribe().await;
        house.kernel.grant_set(owner(), app("scribe"), vec![choice("storage", GrantState::Block, None)]).await.unwrap();
        if after_a_restart {
            // Nothing of the app has been loaded yet.
            house.restart();
        }
        let (offer, card) = house.offer(owner(), &house.packed("scribe", "1.1.0", asks_more)).await.unwrap();
        assert_eq!(card.upgrade_from.as_deref(), Some("1.0.0"));
        let new = house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
        let kept: Vec<_> = new.grants.iter().map(|view| view.line.sentence.to_string()).collect();
        assert_eq!(
            states(&new.grants),
            [
                ("file.read", GrantState::Allow),
                ("file.write", GrantState::Allow),
                // The owner had said no to less; for more, the card's proposal holds until they say so again.
                ("storage", GrantState::Allow),
            ]
        );
        assert!(kept[0].contains(WORK), "{kept:?}");
        assert_ne!(old.digest, new.digest);
        assert!(house.scripts.forgotten.lock().is_empty(), "the old archive is kept for a rollback");
        // The next upgrade releases it.
        house.install_as(owner(), "scribe", "1.2.0", asks_more, vec![]).await.unwrap();
        assert_eq!(*house.scripts.forgotten.lock(), [old.digest]);
    }
}

/// A version that asks for none of the hosts any more that the owner left it gets none, where nothing would stand for any.
#[tokio::test]
async fn an_upgrade_opens_no_host_that_was_taken_out() {
    let house = House::new();
    let asks = |hosts: &str| format!(r#"{{ "network": {{ "hosts": [{hosts}] }}, "storage": false, "ai": false }}"#);
    let only = protocol::api::LineChoice {
        only: Some(vec!["b.org".to_owned()]),
        ..choice("network", GrantState::Allow, None)
    };
    house.install_as(owner(), "scribe", "1.0.0", &asks(r#""a.org", "b.org""#), vec![only]).await.unwrap();
    let new = house.install_as(owner(), "scribe", "1.1.0", &asks(r#""a.org""#), vec![]).await.unwrap();
    assert_eq!(states(&new.grants), [("network", GrantState::Block)]);
}

#[tokio::test]
async fn a_run_under_way_ends_on_the_version_it_began_with() {
    let house = House::new();
    house.scribe().await;
    let go = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = go.clone();
    house.script("go", move |guest| {
        let wait = wait.clone();
        async move {
            wait.notified().await;
            guest.set("a", "1").await.map_err(threw)?;
            let env: serde_json::Value = serde_json::from_slice(&guest.call.env).unwrap();
            said(env["version"].as_str().unwrap())
        }
    });
    let viewer = house.start("go").await;
    house.install_as(owner(), "scribe", "2.0.0", ASKS, allowed()).await.unwrap();
    go.notify_one();
    assert_eq!(ended(viewer).await.1.text.as_deref(), Some("1.0.0"));
    go.notify_one();
    assert_eq!(house.run("go").await.text.as_deref(), Some("2.0.0"));
}

#[tokio::test]
async fn the_same_again_keeps_its_archive() {
    let mut house = House::new();
    house.scribe().await;
    house.scribe().await;
    assert!(house.scripts.forgotten.lock().is_empty());
    house.restart();
    assert!(house.kernel.app_check(&owner(), &app("scribe")).is_ok());
}

#[tokio::test]
async fn an_app_whose_archive_is_gone_stops_and_the_others_go_on() {
    let mut house = House::new();
    let digest = house.scribe().await.digest;
    house.install_as(owner(), "modest", "1.0.0", ASKS, allowed()).await.unwrap();
    house.script("go", |_| async { said("fine") });
    house.restart();
    house.blob_lose(digest);
    let list = house.kernel.app_list(&owner()).unwrap();
    let broken: Vec<_> = list.iter().map(|app| (app.name.as_str(), app.broken.is_some())).collect();
    assert_eq!(broken, [("modest", false), ("scribe", true)]);
    let stopped = house.start_as(owner(), "scribe", "go", json!({}), None, &[]).await.map(drop).unwrap_err();
    assert_eq!(stopped.code, ErrorCode::AppStopped);
    let fine = house.start_as(owner(), "modest", "go", json!({}), None, &[]).await.unwrap();
    assert_eq!(ended(fine).await.1.text.as_deref(), Some("fine"));
    // It can be installed again, and it can be removed.
    house.scribe().await;
    assert!(house.run("go").await.summary.failure.is_none());
    house.restart();
    house.blob_lose(digest);
    house.kernel.app_remove(owner(), app("scribe"), false).await.unwrap();
}

#[tokio::test]
async fn grants_that_cannot_be_read_stop_the_app() {
    let mut house = House::new();
    house.scribe().await;
    house.script("go", |_| async { said("") });
    house.restart();
    let mut batch = state::Batch::new();
    let key = state::Key::new(OwnerId::LOCAL, Space::Grant, "scribe");
    batch.put(&key, b"{ \"requested\": 7 }".to_vec(), protocol::Labels::NONE);
    state::Store::commit(&*house.store, batch, state::Durability::Saved).unwrap();
    let stopped = house.start_as(owner(), "scribe", "go", json!({}), None, &[]).await.map(drop).unwrap_err();
    assert_eq!(stopped.code, ErrorCode::AppStopped);
    assert_eq!(house.kernel.app_check(&owner(), &app("scribe")).unwrap_err().code, ErrorCode::AppStopped);
}

#[tokio::test]
async fn the_switches_of_all_apps_are_those_of_each() {
    let mut house = House::new();
    house.scribe().await;
    house.install_as(owner(), "modest", "1.0.0", ASKS, vec![]).await.unwrap();
    house.kernel.app_set_enabled(owner(), app("modest"), false).await.unwrap();
    let block = vec![choice("storage", GrantState::Block, None)];
    house.kernel.grant_set(owner(), app("scribe"), block).await.unwrap();
    let each = ["modest", "scribe"].map(|name| house.kernel.grant_list(&owner(), &app(name)).unwrap());
    assert_ne!(states(&each[0]), states(&each[1]));
    let told = |house: &House| {
        let all = house.kernel.grant_list_all(&owner()).unwrap();
        all.into_iter().map(|row| (row.app.to_string(), row.enabled, row.grants)).collect::<Vec<_>>()
    };
    let [modest, scribe] = each.map(Some);
    let expected = vec![("modest".to_owned(), false, modest.clone()), ("scribe".to_owned(), true, scribe)];
    assert_eq!(told(&house), expected);
    // Also before anybody looked at one of them.
    house.restart();
    assert_eq!(told(&house), expected);

    // One whose grants are torn does not hide the others, and does not look like one that asks for nothing.
    house.restart();
    let mut batch = state::Batch::new();
    let key = state::Key::new(OwnerId::LOCAL, Space::Grant, "scribe");
    batch.put(&key, b"{ \"requested\": 7 }".to_vec(), protocol::Labels::NONE);
    state::Store::commit(&*house.store, batch, state::Durability::Saved).unwrap();
    assert_eq!(told(&house), [("modest".to_owned(), false, modest), ("scribe".to_owned(), true, None)]);
}

#[tokio::test]
async fn an_install_is_one_commit_on_disk() {
    let house = House::new();
    let before = house.store.commits().len();
    house.scribe().await;
    let commits = house.store.commits();
    assert_eq!(commits.len(), before + 1);
    assert_eq!(commits.last().unwrap().durability, state::Durability::Synced);
    let told: Vec<_> = house.log().iter().map(|record| record.sentence.to_string()).collect();
    assert!(told[0].starts_with("you installed version 1.0.0"), "{told:?}");
    assert_eq!(
        told[1..],
        ["you set file.read to allow for /work", "you set file.write to allow for /work", "you set storage to allow"]
    );
}

#[tokio::test]
async fn choices_for_a_line_add_up_and_a_line_named_alone_keeps_its_folders() {
    let house = House::new();
    house.scribe().await;
    let set = |choices| house.kernel.grant_set(owner(), app("scribe"), choices);
    let two =
        vec![choice("file.read", GrantState::Allow, Some("/a")), choice("file.read", GrantState::Allow, Some("/b"))];
    let grants = set(two).await.unwrap();
    assert!(grants[0].line.sentence.to_string().contains("/a, /b"), "{}", grants[0].line.sentence);
    let grants = set(vec![choice("file", GrantState::Ask, None)]).await.unwrap();
    assert_eq!(states(&grants)[..2], [("file.read", GrantState::Ask), ("file.write", GrantState::Ask)]);
    assert!(grants[0].line.sentence.to_string().contains("/a, /b"));
    let refused = set(vec![choice("file", GrantState::Allow, Some(HOME))]).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PermissionDenied);
    assert_eq!(states(&house.kernel.grant_list(&owner(), &app("scribe")).unwrap())[0].1, GrantState::Ask);
}
