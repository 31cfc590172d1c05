//! Secrets in what a program is given: there while a run needs them, asked back when they go, and not said again.

use crate::{
    House,
    guests::said,
    house::{app, ended, owner},
};
use kernel::runner::{GuestFailure, GuestPiece, GuestValue};
use protocol::{ErrorCode, Failure, ShownOnce};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CANARY: &str = "canary-canary-canary";
const COURIER: &str = "courier";

/// A program that gets a secret, a part of its address and a word of its own. Its action is `go`.
async fn install(house: &House, is_required: bool) {
    let settings = json!({
        "type": "object",
        "required": if is_required { vec!["token"] } else { vec![] },
        "properties": {
            "token": { "type": "string", "secret": true },
            "unnamed": { "type": "string", "secret": true },
            "city": { "type": "string", "default": "Graz" },
        }
    });
    let environment = json!({
        "TOKEN": { "setting": "token", "prefix": "Bearer " },
        "CITY": { "setting": "city" },
        "MODE": "plain",
    });
    let manifest = json!({
        "name": COURIER,
        "version": "1.0.0",
        "entry": { "command": ["node", "main.js"], "environment": environment },
        "permissions": { "storage": true },
        "hooks": { "preuninstall": "leave" },
        "settings": settings,
    });
    let files: BTreeMap<String, Vec<u8>> = [
        ("kimai.json", manifest.to_string()),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("main.js", "// a program\n".to_owned()),
    ]
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .into();
    let archive = house.archive(COURIER, &package::pack(&files).unwrap());
    let (offer, _) = house.offer(owner(), &archive).await.unwrap();
    house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
}

/// Says what it was given.
fn tells_all(house: &House) {
    house.script("go", |guest| async move {
        let terms = guest.call.terms.clone().unwrap();
        let given: BTreeMap<&str, &str> =
            terms.given.iter().map(|(name, text)| (name.as_str(), text.expose())).collect();
        said(json!(given).to_string())
    });
}

async fn set(house: &House, changes: Value) -> Result<(), Failure> {
    let Value::Object(changes) = changes else { panic!("an object") };
    house.kernel.setting_set(owner(), app(COURIER), changes).await.map(drop)
}

fn key_add(house: &House, name: &str, value: &str, hosts: &[&str]) {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let value = ShownOnce::new(value.to_owned());
    house.kernel.key_add(&owner(), name.parse().unwrap(), value, &hosts, String::new(), true).unwrap();
}

/// What a run says, or how it failed.
async fn go(house: &House) -> Result<Value, Failure> {
    let viewer = house.start_as(owner(), COURIER, "go", json!({}), None, &[]).await?;
    let report = ended(viewer).await.1;
    match &report.summary.failure {
        Some(failure) => Err(failure.clone()),
        None => Ok(serde_json::from_str(report.text.as_deref().unwrap()).unwrap()),
    }
}

fn kept(house: &House) -> String {
    let stored: Vec<String> = house
        .stored()
        .into_iter()
        .map(|(space, key, value)| format!("{space:?} {key} {}", String::from_utf8_lossy(&value)))
        .collect();
    format!("{stored:?} {:?}", house.log())
}

#[tokio::test]
async fn a_program_gets_the_secrets_that_its_manifest_names() {
    let house = House::new();
    tells_all(&house);
    install(&house, true).await;
    let refused = go(&house).await.unwrap_err();
    assert!(refused.message.contains("token") && refused.hint.unwrap().contains("--secret token"));
    // Its length is what tells that it came: what is said of it is how to speak of it.
    house.script("go", |guest| async move {
        let terms = guest.call.terms.clone().unwrap();
        let lengths: BTreeMap<&String, usize> =
            terms.given.iter().map(|(name, text)| (name, text.expose().len())).collect();
        assert!(terms.has_secrets && !format!("{terms:?}").contains("canary"), "{terms:?}");
        said(json!({ "lengths": lengths, "token": terms.given["TOKEN"].expose() }).to_string())
    });
    set(&house, json!({ "token": CANARY, "unnamed": "another" })).await.unwrap();
    assert_eq!(
        go(&house).await.unwrap(),
        json!({ "lengths": { "CITY": 4, "MODE": 5, "TOKEN": 7 + CANARY.len() }, "token": "Bearer {{secret:token}}" })
    );
    let told: Vec<String> = house.log().iter().map(|record| record.sentence.to_string()).collect();
    assert_eq!(told.iter().filter(|told| *told == "was given its secret settings token").count(), 1, "{told:?}");
    let keys = house.kernel.key_list(&owner()).unwrap();
    let used: Vec<(&str, bool)> = keys.iter().map(|key| (key.name.as_str(), key.used_at.is_some())).collect();
    assert_eq!(used, [("app/courier/token", true), ("app/courier/unnamed", false)]);
    assert!(!kept(&house).contains("canary"));
}

#[tokio::test]
async fn what_goes_is_asked_back_and_said_to_be_missing() {
    let house = House::new();
    tells_all(&house);
    install(&house, false).await;
    assert_eq!(go(&house).await.unwrap(), json!({ "CITY": "Graz", "MODE": "plain" }), "it need not be set");
    let taken_back = || std::mem::take(&mut *house.scripts.taken_back.lock()).len();
    key_add(&house, "deploy", CANARY, &[]);
    set(&house, json!({ "token": { "key": "deploy" } })).await.unwrap();
    assert_eq!((taken_back(), go(&house).await.unwrap()["TOKEN"].clone()), (0, json!("Bearer {{secret:token}}")));
    // Another value, and none.
    key_add(&house, "deploy", "another-canary", &[]);
    assert_eq!((taken_back(), go(&house).await.is_ok()), (1, true));
    house.kernel.key_remove(&owner(), &"deploy".parse().unwrap()).unwrap();
    assert_eq!(taken_back(), 1);
    let gone = go(&house).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert!(gone.message.contains("the key deploy, which is its setting 'token', is not in the vault"), "{gone:?}");
    assert_eq!(gone.hint.as_deref(), Some("put it there again: oikos key add deploy"));
    key_add(&house, "deploy", CANARY, &[]);
    assert!(go(&house).await.is_ok());
    // Bound to hosts, it is no program's any more.
    key_add(&house, "deploy", CANARY, &["a.org"]);
    assert_eq!((taken_back(), go(&house).await.unwrap_err().code), (2, ErrorCode::PermissionDenied));
    // One of its own, and without it again.
    set(&house, json!({ "token": CANARY })).await.unwrap();
    assert_eq!((taken_back(), go(&house).await.is_ok()), (1, true));
    set(&house, json!({ "city": "Wien" })).await.unwrap();
    assert_eq!(taken_back(), 0, "of what is no secret nothing is asked back");
    set(&house, json!({ "token": null })).await.unwrap();
    assert_eq!((taken_back(), go(&house).await.unwrap()), (1, json!({ "CITY": "Wien", "MODE": "plain" })));
    assert!(!kept(&house).contains("canary"));
}

/// Whatever way it takes.
#[tokio::test]
async fn what_a_program_says_of_a_secret_is_how_to_speak_of_it() {
    let house = House::new();
    tells_all(&house);
    install(&house, true).await;
    set(&house, json!({ "token": CANARY })).await.unwrap();
    house.script("go", |guest| async move {
        guest.text(CANARY).await?;
        guest.host.stream(GuestPiece::Log { level: protocol::LogLevel::Error, text: format!("at {CANARY}") });
        guest.host.stream(GuestPiece::Progress { said: CANARY.to_owned(), done: 1, total: None });
        guest.host.stream(GuestPiece::Data { topic: "t".into(), payload: json!({ CANARY: [CANARY] }), renderer: None });
        guest.set(CANARY, &json!(CANARY).to_string()).await.unwrap();
        drop(guest.read(&format!("notes/{CANARY}.md")).await);
        match guest.input()["fails"].as_str() {
            Some("threw") => Err(GuestFailure::Threw {
                message: format!("no way with {CANARY}"),
                stack: Some(format!("main.js {CANARY}")),
                code: None,
            }),
            Some(_) => Err(GuestFailure::Failed(Box::new(
                Failure::new(ErrorCode::ProgramFailed, format!("its last words: {CANARY}")).hint(CANARY).log(CANARY),
            ))),
            None => Ok(GuestValue { data: Some(json!({ "said": CANARY })), ..GuestValue::default() }),
        }
    });
    for input in [json!({}), json!({ "fails": "threw" }), json!({ "fails": "died" })] {
        let viewer = house.start_as(owner(), COURIER, "go", input.clone(), None, &[]).await.unwrap();
        let (chunks, report) = ended(viewer).await;
        let told = format!("{chunks:?} {report:?}");
        assert!(!told.contains("canary") && told.contains("{{secret:token}}"), "{told}");
        assert_eq!(report.summary.failure.is_some(), input != json!({}));
    }
    let kept = kept(&house);
    assert!(!kept.contains("canary") && kept.contains("{{secret:token}}"), "{kept}");
}

/// What a hook has to do is done without what is not there.
#[tokio::test]
async fn a_hook_is_called_whatever_is_missing() {
    let house = House::new();
    tells_all(&house);
    let (telling, told) = std::sync::mpsc::channel();
    house.script("$hook_preuninstall", move |guest| {
        let terms = guest.call.terms.clone().unwrap();
        telling.send(terms.given.keys().cloned().collect::<Vec<_>>()).unwrap();
        async { said("") }
    });
    key_add(&house, "deploy", CANARY, &[]);
    install(&house, false).await;
    set(&house, json!({ "token": { "key": "deploy" } })).await.unwrap();
    house.kernel.key_remove(&owner(), &"deploy".parse().unwrap()).unwrap();
    assert!(go(&house).await.is_err());
    house.kernel.app_remove(owner(), app(COURIER), true).await.unwrap();
    assert_eq!(told.try_recv().unwrap(), ["CITY", "MODE"]);
}
