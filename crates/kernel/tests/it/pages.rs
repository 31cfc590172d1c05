//! Apps of the browser: installed, opened, upgraded and removed as others, and nothing of them runs here.

use crate::{
    House,
    house::{app, choice, owner},
};
use kernel::RunRequest;
use package::pack;
use protocol::{ErrorCode, Failure, GrantState, Zone, api::AppDetail};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An archive of `dice`, with keys beside the usual ones in its manifest.
fn dice(house: &House, version: &str, html: &str, more: &Value) -> std::path::PathBuf {
    let mut manifest = json!({ "id": "dice", "name": "Dice", "version": version, "runtime": ["browser"] });
    manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let files: BTreeMap<String, Vec<u8>> = [("manifest.json", manifest.to_string()), ("index.html", html.to_owned())]
        .map(|(path, text)| (path.to_owned(), text.into_bytes()))
        .into();
    house.archive(&format!("dice-{version}"), &pack(&files).unwrap())
}

async fn install(house: &House, version: &str, html: &str) -> Result<AppDetail, Failure> {
    let (offer, _) = house.offer(owner(), &dice(house, version, html, &json!({}))).await?;
    house.kernel.app_install(owner(), offer, vec![]).await
}

async fn open(house: &House) -> Result<String, Failure> {
    house.kernel.app_view(owner(), app("dice"), "index.html").await.map(|view| view.html)
}

/// What the log says, newest last.
fn told(house: &House) -> Vec<String> {
    house.log().iter().map(|record| record.sentence.to_string()).collect()
}

#[tokio::test]
async fn its_card_says_where_it_runs_and_that_nothing_runs_here() {
    let house = House::new();
    let (_, card) = house.offer(owner(), &dice(&house, "1.0.0", "one", &json!({}))).await.unwrap();
    let lines: Vec<(String, String)> =
        card.lines.iter().map(|line| (line.line.to_string(), line.sentence.to_string())).collect();
    assert_eq!(lines, [("view".to_owned(), "run in your browser, in a frame that reaches nothing".to_owned())]);
    assert_eq!(card.lines[0].state, GrantState::Allow);
    assert_eq!(
        card.limits.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["none of its code runs on this machine"]
    );
    assert!(card.unavailable.is_empty() && card.missing.is_empty(), "{card:?}");
}

#[tokio::test]
async fn it_is_opened_and_that_is_written_down() {
    let house = House::new();
    let installed = install(&house, "1.0.0", "one").await.unwrap();
    assert_eq!((installed.summary.opens.as_deref(), installed.summary.enabled), (Some("index.html"), true));
    assert_eq!(installed.grants[0].line.sentence.to_string(), "run in your browser, in a frame that reaches nothing");
    assert_eq!(house.kernel.app_list(&owner()).unwrap()[0].opens.as_deref(), Some("index.html"));
    assert_eq!(house.kernel.grant_list_all(&owner()).unwrap()[0].grants.as_ref(), Some(&installed.grants));
    assert_eq!(open(&house).await.unwrap(), "one");
    assert_eq!(told(&house).last().unwrap(), "you opened its page index.html (version 1.0.0)");
}

#[tokio::test]
async fn what_takes_its_page_away_says_by_what_it_would_be_opened() {
    let house = House::new();
    install(&house, "1.0.0", "one").await.unwrap();
    let before = told(&house).len();
    house.kernel.grant_set(owner(), app("dice"), vec![choice("view", GrantState::Block, None)]).await.unwrap();
    let refused = open(&house).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PermissionDenied);
    assert_eq!(refused.message, "dice may not run in your browser, in a frame that reaches nothing: view is block");
    assert_eq!(refused.hint.as_deref(), Some("oikos grant dice view=allow"));
    assert_eq!(told(&house).len(), before + 1, "the grant, and no opening");
    house.kernel.app_set_enabled(owner(), app("dice"), false).await.unwrap();
    assert_eq!(open(&house).await.unwrap_err().code, ErrorCode::AppDisabled);
}

#[tokio::test]
async fn nothing_of_it_is_run_here() {
    let house = House::new();
    install(&house, "1.0.0", "one").await.unwrap();
    let request =
        RunRequest { id: None, app: app("dice"), action: "roll".parse().unwrap(), input: json!({}), files: vec![] };
    let Err(refused) = house.kernel.run_start(owner(), request).await else { panic!() };
    assert_eq!(refused.code, ErrorCode::NotAvailable);
    assert_eq!(refused.message, "dice has nothing to run on this machine: it is a page in your browser");
    assert_eq!(refused.hint.as_deref(), Some("oikos up --open, then open it there"));
}

#[tokio::test]
async fn it_is_upgraded_and_rolled_back_as_others() {
    let mut house = House::new();
    install(&house, "1.0.0", "one").await.unwrap();
    let (_, card) = house.offer(owner(), &dice(&house, "1.1.0", "two", &json!({}))).await.unwrap();
    assert!(!card.change.unwrap().needs_consent());
    install(&house, "1.1.0", "two").await.unwrap();
    assert_eq!(open(&house).await.unwrap(), "two");
    // One that has no page any more is no package: the version before goes on.
    let broken = dice(&house, "1.2.0", "three", &json!({ "entry": "other.html" }));
    assert_eq!(house.offer(owner(), &broken).await.unwrap_err().code, ErrorCode::PackageInvalid);
    assert_eq!(open(&house).await.unwrap(), "two");
    house.kernel.app_rollback(owner(), app("dice"), true).await.unwrap();
    assert_eq!(open(&house).await.unwrap(), "one");
    house.restart();
    assert_eq!(open(&house).await.unwrap(), "one");
    house.kernel.app_set_enabled(owner(), app("dice"), false).await.unwrap();
    house.kernel.app_set_enabled(owner(), app("dice"), true).await.unwrap();
    assert_eq!(open(&house).await.unwrap(), "one");
    house.kernel.app_remove(owner(), app("dice"), true).await.unwrap();
    assert_eq!(open(&house).await.unwrap_err().code, ErrorCode::AppNotFound);
    assert!(house.blobs().is_empty());
}

#[tokio::test]
async fn code_on_this_machine_is_a_change_to_agree_to() {
    let house = House::new();
    install(&house, "1.0.0", "one").await.unwrap();
    let files: BTreeMap<String, Vec<u8>> = [
        ("manifest.json", json!({ "id": "dice", "name": "Dice", "version": "2.0.0" }).to_string()),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("permissions.json", json!({ "view": true, "ai": false, "storage": false }).to_string()),
        ("bot-logic.js", "export async function go(payload, ctx) {}\n".to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .into();
    let archive = house.archive("dice-2", &pack(&files).unwrap());
    let (_, card) = house.offer(owner(), &archive).await.unwrap();
    let change = card.change.unwrap();
    assert!(change.needs_consent(), "{change:?}");
    assert_eq!(
        change.more.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["runs code on this machine, in a sandbox, where until now it was a page in your browser"]
    );
}

#[tokio::test]
async fn on_somebody_elses_servers_there_is_none_of_it() {
    let mut house = House::new();
    install(&house, "1.0.0", "one").await.unwrap();
    house.restart_in(Zone::Cloud);
    assert!(house.kernel.app_list(&owner()).unwrap().is_empty());
    assert!(house.kernel.grant_list_all(&owner()).unwrap().is_empty());
    assert_eq!(open(&house).await.unwrap_err().code, ErrorCode::PackageZoneRefused);
    let refused = house.offer(owner(), &dice(&house, "1.1.0", "two", &json!({}))).await.unwrap_err();
    assert_eq!(refused.message, "dice does not run in zone cloud: its author lists browser");
    house.restart_in(Zone::Local);
    assert_eq!(open(&house).await.unwrap(), "one");
}
