//! An app's own view: of its package, and only where its owner lets it show one.

use crate::{
    House,
    house::{choice, owner, owner_of},
};
use package::VIEW_BYTES_MAX;
use protocol::{AppName, Caller, Door, ErrorCode, Failure, GrantState, OwnerId, Right, Rights};
use serde_json::json;
use std::collections::BTreeMap;

const HTML: &str = "<!doctype html><p>here</p>";

async fn install(house: &House, permissions: serde_json::Value) {
    let files: BTreeMap<String, Vec<u8>> = [
        ("manifest.json", json!({ "id": "weather", "name": "Weather", "version": "1.0.0" }).to_string()),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("permissions.json", permissions.to_string()),
        ("bot-logic.js", "export async function go(payload, ctx) {}\n".to_owned()),
        ("views/sky.html", HTML.to_owned()),
        ("views/sky.txt", HTML.to_owned()),
        ("views/large.html", "x".repeat(VIEW_BYTES_MAX + 1)),
    ]
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .into_iter()
    .chain([("views/odd.html".to_owned(), b"\xff\xfe".to_vec())])
    .collect();
    let archive = house.archive("weather", &package::pack(&files).unwrap());
    let (offer, _) = house.offer(owner(), &archive).await.unwrap();
    house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
}

fn weather() -> AppName {
    "weather".parse().unwrap()
}

async fn view(house: &House, caller: Caller, path: &str) -> Result<String, Failure> {
    house.kernel.app_view(caller, weather(), path).await.map(|view| view.html)
}

async fn set(house: &House, state: GrantState) {
    house.kernel.grant_set(owner(), weather(), vec![choice("view", state, None)]).await.unwrap();
}

#[tokio::test]
async fn a_view_is_shown_where_the_owner_allows_it() {
    let house = House::new();
    install(&house, json!({ "view": true, "ai": false })).await;
    set(&house, GrantState::Allow).await;
    assert_eq!(view(&house, owner(), "views/sky.html").await.unwrap(), HTML);
    for state in [GrantState::Block, GrantState::Ask] {
        set(&house, state).await;
        let refused = view(&house, owner(), "views/sky.html").await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::PermissionDenied);
        assert_eq!(refused.message, format!("weather may not show its own page in a frame: view is {state}"));
        assert_eq!(refused.hint.as_deref(), Some("oikos grant weather view=allow"));
    }
    set(&house, GrantState::Allow).await;
    assert!(view(&house, owner(), "views/sky.html").await.is_ok(), "at once");
    house.kernel.app_set_enabled(owner(), weather(), false).await.unwrap();
    assert_eq!(view(&house, owner(), "views/sky.html").await.unwrap_err().code, ErrorCode::AppDisabled);
}

#[tokio::test]
async fn who_never_asked_for_it_shows_nothing() {
    let house = House::new();
    install(&house, json!({ "storage": true, "ai": false })).await;
    let refused = view(&house, owner(), "views/sky.html").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PermissionDenied);
    assert!(refused.message.ends_with(": the app never asked for view"), "{}", refused.message);
}

#[tokio::test]
async fn only_documents_of_the_package_are_views() {
    let house = House::new();
    install(&house, json!({ "view": true, "ai": false })).await;
    set(&house, GrantState::Allow).await;
    for (path, code) in [
        ("", ErrorCode::NotFound),
        ("views/none.html", ErrorCode::NotFound),
        ("views/sky.txt", ErrorCode::NotFound),
        ("bot-logic.js", ErrorCode::NotFound),
        ("/views/sky.html", ErrorCode::NotFound),
        ("views/../views/sky.html", ErrorCode::NotFound),
        ("../../etc/passwd", ErrorCode::NotFound),
        ("views/large.html", ErrorCode::NotAvailable),
        ("views/odd.html", ErrorCode::NotAvailable),
    ] {
        assert_eq!(view(&house, owner(), path).await.unwrap_err().code, code, "{path}");
    }
    let lost = view(&house, owner(), "views/none.html").await.unwrap_err();
    assert_eq!(lost.hint.as_deref(), Some("it has: views/large.html, views/odd.html, views/sky.html"));
}

#[tokio::test]
async fn it_takes_the_right_to_read_and_an_app_of_ones_own() {
    let house = House::new();
    install(&house, json!({ "view": true, "ai": false })).await;
    set(&house, GrantState::Allow).await;
    let runs_only = Caller { door: Door::Key, rights: Rights::of(&[Right::Run]), ..owner() };
    assert_eq!(view(&house, runs_only, "views/sky.html").await.unwrap_err().code, ErrorCode::PermissionDenied);
    let other = view(&house, owner_of(OwnerId(2)), "views/sky.html").await.unwrap_err();
    assert_eq!(other.code, ErrorCode::AppNotFound);
}
