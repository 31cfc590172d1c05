//! From one step of an app's life to the next: hooks, upgrades beside runs in flight, rollbacks.

use crate::{
    House,
    guests::{Guest, Returned, said, threw},
    house::{ASKS, allowed, app, choice, ended, next, owner},
};
use kernel::{Seen, Viewer};
use link::PublisherSecret;
use package::{Archive, pack};
use protocol::{
    CardChange, Choice, Chunk, ErrorCode, Failure, GrantState, Labels, OwnerId, Scope,
    api::{AppDetail, LineChoice, RunReport, StopTarget},
};
use serde_json::{Value, json};
use state::{Batch, Durability, Key, Space, Store as _};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use testkit::TestEntropy;
use tokio::sync::{Notify, watch};

/// Runs that are under way while something happens.
const IN_FLIGHT: usize = 50;

/// A version of `scribe`: what its manifest says beside the usual, and what it asks for.
struct Version {
    version: &'static str,
    more: Value,
    asks: Value,
    functions: Vec<&'static str>,
}

impl Version {
    fn new(version: &'static str) -> Self {
        let asks = serde_json::from_str(ASKS).unwrap();
        Self { version, more: json!({}), asks, functions: vec!["go", "also"] }
    }

    /// With hooks, each a function of its own.
    fn hooks(mut self, hooks: &[&'static str]) -> Self {
        self.more["hooks"] = hooks.iter().map(|hook| ((*hook).to_owned(), json!(format!("on_{hook}")))).collect();
        for hook in hooks {
            let names = ["postinstall", "preupgrade", "postupgrade", "health", "deactivate", "preuninstall"];
            let place = names.iter().position(|name| name == hook).unwrap();
            self.functions.push(
                ["on_postinstall", "on_preupgrade", "on_postupgrade", "on_health", "on_deactivate", "on_preuninstall"]
                    [place],
            );
        }
        self
    }

    fn more(mut self, key: &str, value: Value) -> Self {
        self.more[key] = value;
        self
    }

    fn asks(self, asks: Value) -> Self {
        Self { asks, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut manifest = json!({ "id": "scribe", "name": "scribe", "version": self.version });
        manifest.as_object_mut().unwrap().extend(self.more.as_object().unwrap().clone());
        let input = json!({ "input": { "type": "object" } });
        let logic: String =
            self.functions.iter().map(|name| format!("export async function {name}(payload, ctx) {{}}\n")).collect();
        let files: BTreeMap<String, Vec<u8>> = [
            ("manifest.json", manifest.to_string()),
            ("action-schema.json", json!({ "go": input, "also": input }).to_string()),
            ("permissions.json", self.asks.to_string()),
            ("bot-logic.js", logic),
        ]
        .map(|(path, text)| (path.to_owned(), text.into_bytes()))
        .into();
        pack(&files).unwrap()
    }

    fn signed(&self, secret: &PublisherSecret) -> Vec<u8> {
        let verified = Archive::open(self.bytes()).unwrap().verify().unwrap();
        let signature = secret.sign(verified.sums(), "made in a test", &format!("scribe {}", self.version));
        verified.with_signature(signature.as_bytes()).unwrap()
    }
}

impl House {
    fn file(&self, version: &Version) -> PathBuf {
        self.archive("scribe", &version.bytes())
    }

    async fn put(&self, version: &Version, choices: Vec<LineChoice>) -> Result<AppDetail, Failure> {
        let (offer, _) = self.offer(owner(), &self.file(version)).await?;
        self.kernel.app_install(owner(), offer, choices).await
    }

    /// What the card of a version says that is different.
    async fn change(&self, version: &Version) -> CardChange {
        let (offer, card) = self.offer(owner(), &self.file(version)).await.unwrap();
        self.kernel.app_decline(&owner(), offer).unwrap();
        card.change.unwrap()
    }

    fn value(&self, key: &str) -> Option<String> {
        let key = Key::new(OwnerId::LOCAL, Space::Storage, format!("scribe/{key}"));
        self.store.get(&key).unwrap().map(|entry| String::from_utf8(entry.value).unwrap())
    }

    fn set_value(&self, key: &str, value: &str) {
        let mut batch = Batch::new();
        let key = Key::new(OwnerId::LOCAL, Space::Storage, format!("scribe/{key}"));
        batch.put(&key, value.as_bytes().to_vec(), Labels::NONE);
        self.store.commit(batch, Durability::Saved).unwrap();
    }

    async fn detail(&self) -> AppDetail {
        self.kernel.app_info(owner(), app("scribe")).await.unwrap()
    }

    fn told_all(&self) -> String {
        let told: Vec<String> = self.log().iter().map(|record| record.sentence.to_string()).collect();
        told.join("\n")
    }

    async fn rollback(&self, restore_storage: bool) -> Result<AppDetail, Failure> {
        self.kernel.app_rollback(owner(), app("scribe"), restore_storage).await
    }
}

fn env(guest: &Guest) -> Value {
    serde_json::from_slice(&guest.call.env).unwrap()
}

fn version(guest: &Guest) -> String {
    env(guest)["version"].as_str().unwrap().to_owned()
}

fn code(report: &RunReport) -> Option<ErrorCode> {
    report.summary.failure.as_ref().map(|failure| failure.code)
}

/// `postupgrade` that gives the value another form.
async fn migrate(guest: Guest) -> Returned {
    guest.set("value", "\"new\"").await.map_err(threw)?;
    said("")
}

#[tokio::test]
async fn postinstall_comes_before_the_app_is_enabled() {
    let house = House::new();
    house.script("$hook_postinstall", |guest| async move {
        assert_eq!(env(&guest)["trigger"], json!({ "kind": "hook", "hook": "postinstall" }));
        guest.set("ready", "true").await.map_err(threw)?;
        said("")
    });
    let detail = house.put(&Version::new("1.0.0").hooks(&["postinstall"]), allowed()).await.unwrap();
    assert!(detail.summary.enabled && !detail.summary.unready);
    assert_eq!(house.value("ready").as_deref(), Some("true"));
    let told = house.told_all();
    assert!(told.contains("started postinstall (version 1.0.0) by itself: it was installed"), "{told}");
}

#[tokio::test]
async fn a_failed_postinstall_leaves_the_app_installed_and_not_enabled() {
    let mut house = House::new();
    house.script("$hook_postinstall", |guest| async move {
        guest.set("half", "1").await.map_err(threw)?;
        Err(kernel::runner::GuestFailure::Threw { message: "no".into(), stack: None, code: None })
    });
    house.script("go", |_| async { said("ran") });
    let failed = house.put(&Version::new("1.0.0").hooks(&["postinstall"]), allowed()).await.unwrap_err();
    assert_eq!(failed.code, ErrorCode::HookFailed);
    assert!(failed.message.contains("installed and not enabled: its hook postinstall failed: no"), "{failed}");
    let start = |house: &House| {
        let kernel = house.kernel.clone();
        async move {
            let request = kernel::RunRequest {
                id: None,
                app: app("scribe"),
                action: "go".parse().unwrap(),
                input: json!({}),
                files: vec![],
            };
            kernel.run_start(owner(), request).await
        }
    };
    assert_eq!(start(&house).await.map(drop).unwrap_err().code, ErrorCode::AppDisabled);
    assert_eq!(house.value("half"), None);
    assert!(house.detail().await.summary.unready);
    // A failure is no abrupt end: a start does not try again, the owner does.
    house.restart();
    house.kernel.recover(OwnerId::LOCAL).unwrap();
    house.kernel.lives_resume(OwnerId::LOCAL).await;
    assert!(house.detail().await.summary.unready);
    let again = house.kernel.app_set_enabled(owner(), app("scribe"), true).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::HookFailed);
    house.script("$hook_postinstall", |_| async { said("") });
    assert!(house.kernel.app_set_enabled(owner(), app("scribe"), true).await.unwrap().summary.enabled);
    assert_eq!(ended(start(&house).await.unwrap()).await.1.text.as_deref(), Some("ran"));
}

#[tokio::test]
async fn a_postinstall_that_was_cut_off_is_called_again() {
    let mut house = House::new();
    house.script("$hook_postinstall", |_| std::future::pending());
    let path = house.file(&Version::new("1.0.0").hooks(&["postinstall"]));
    let (offer, _) = house.offer(owner(), &path).await.unwrap();
    let kernel = house.kernel.clone();
    let installing = tokio::spawn(async move { kernel.app_install(owner(), offer, allowed()).await });
    house.until("the hook to run", || house.kernel.live_runs() == 1).await;
    // The process ends here.
    installing.abort();
    house.restart();
    house.kernel.recover(OwnerId::LOCAL).unwrap();
    assert!(house.detail().await.summary.unready);
    house.script("$hook_postinstall", |guest| async move {
        guest.set("ready", "true").await.map_err(threw)?;
        said("")
    });
    house.kernel.lives_resume(OwnerId::LOCAL).await;
    assert!(house.detail().await.summary.enabled);
    assert_eq!(house.value("ready").as_deref(), Some("true"));
}

#[tokio::test]
async fn hooks_at_the_end_are_called_and_stop_nothing() {
    let house = House::new();
    let version = Version::new("1.0.0").hooks(&["deactivate", "preuninstall"]);
    house.put(&version, allowed()).await.unwrap();
    for hook in ["$hook_deactivate", "$hook_preuninstall"] {
        house.script(hook, |guest| async move {
            guest.write("work/bye.txt", &env(&guest)["trigger"]["hook"].to_string()).await.map_err(threw)?;
            Err(kernel::runner::GuestFailure::Threw { message: "sulking".into(), stack: None, code: None })
        });
    }
    let disabled = house.kernel.app_set_enabled(owner(), app("scribe"), false).await.unwrap();
    assert!(!disabled.summary.enabled);
    assert_eq!(house.world.text("/work/bye.txt").as_deref(), Some("\"deactivate\""), "they do what they are granted");
    house.kernel.app_remove(owner(), app("scribe"), true).await.unwrap();
    assert_eq!(house.world.text("/work/bye.txt").as_deref(), Some("\"preuninstall\""));
    assert!(house.blobs().is_empty());
    let told = house.told_all();
    for hook in ["deactivate", "preuninstall"] {
        assert!(told.contains(&format!("its hook {hook} failed, and that went on without it: sulking")), "{told}");
    }
}

/// Runs that wait until they are told to go on, and then say their version; every other one stores something first.
async fn in_flight(house: &House) -> (watch::Sender<bool>, Vec<Viewer>) {
    let (go, wait) = watch::channel(false);
    house.script("go", move |guest| {
        let mut wait = wait.clone();
        async move {
            if guest.input()["stores"].as_bool().unwrap() {
                guest.set("value", "\"of a run\"").await.map_err(threw)?;
            }
            guest.text("here").await?;
            wait.wait_for(|go| *go).await.unwrap();
            said(version(&guest))
        }
    });
    let mut viewers = Vec::new();
    for place in 0..IN_FLIGHT {
        let input = json!({ "stores": place % 2 == 0 });
        let mut viewer = house.start_as(owner(), "scribe", "go", input, None, &[]).await.unwrap();
        assert!(matches!(next(&mut viewer).await.chunk, Chunk::Text { .. }));
        viewers.push(viewer);
    }
    (go, viewers)
}

/// How they ended: those that stored something, then those that did not.
async fn landed((go, viewers): (watch::Sender<bool>, Vec<Viewer>)) -> (Vec<Arc<RunReport>>, Vec<Arc<RunReport>>) {
    go.send(true).unwrap();
    let (mut stored, mut others) = (Vec::new(), Vec::new());
    for (place, viewer) in viewers.into_iter().enumerate() {
        let report = ended(viewer).await.1;
        if place % 2 == 0 { &mut stored } else { &mut others }.push(report);
    }
    (stored, others)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upgrade_without_hooks_is_a_swap_beside_runs_in_flight() {
    let house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    let flight = in_flight(&house).await;
    house.put(&Version::new("2.0.0"), vec![]).await.unwrap();
    let (stored, others) = landed(flight).await;
    for report in stored.iter().chain(&others) {
        assert_eq!((report.text.as_deref(), code(report)), (Some("1.0.0"), None));
    }
    assert_eq!(house.value("value").as_deref(), Some("\"of a run\""));
    house.script("go", |guest| async move { said(version(&guest)) });
    assert_eq!(house.run("go").await.text.as_deref(), Some("2.0.0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upgrade_that_migrates_and_its_rollback_never_mix_the_storage() {
    let house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    house.set_value("value", "\"old\"");
    let flight = in_flight(&house).await;
    house.script("$hook_postupgrade", migrate);
    house.put(&Version::new("2.0.0").hooks(&["postupgrade"]), vec![]).await.unwrap();
    assert_eq!(house.value("value").as_deref(), Some("\"new\""));
    let (stored, others) = landed(flight).await;
    for report in &others {
        assert_eq!((report.text.as_deref(), code(report)), (Some("1.0.0"), None), "it ends on its version");
    }
    for report in &stored {
        assert_eq!(code(report), Some(ErrorCode::Conflict), "{report:?}");
    }
    assert_eq!(house.value("value").as_deref(), Some("\"new\""), "nothing of the old form came back");

    // And back, beside as many runs of the new version.
    let flight = in_flight(&house).await;
    let back = house.rollback(true).await.unwrap();
    assert_eq!((back.summary.version.as_str(), back.previous), ("1.0.0", None));
    assert_eq!(house.value("value").as_deref(), Some("\"old\""));
    let (stored, others) = landed(flight).await;
    assert!(others.iter().all(|report| report.text.as_deref() == Some("2.0.0")), "{others:?}");
    assert!(stored.iter().all(|report| code(report) == Some(ErrorCode::Conflict)), "{stored:?}");
    assert_eq!(house.value("value").as_deref(), Some("\"old\""));
    assert!(house.store.keys(OwnerId::LOCAL, Space::Checkpoint).is_empty());
    assert_eq!(house.rollback(false).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(house.blobs().len(), 1);
}

/// A run that is late and only now looks at the storage hears that it is of another version.
#[tokio::test]
async fn a_run_of_before_does_not_read_what_came_after() {
    let house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    let go = Arc::new(Notify::new());
    let wait = go.clone();
    house.script("go", move |guest| {
        let wait = wait.clone();
        async move {
            wait.notified().await;
            guest.get("value").await.map_err(threw)?;
            said("")
        }
    });
    let viewer = house.start("go").await;
    house.script("$hook_postupgrade", migrate);
    house.put(&Version::new("2.0.0").hooks(&["postupgrade"]), vec![]).await.unwrap();
    go.notify_one();
    let report = ended(viewer).await.1;
    let failure = report.summary.failure.as_ref().unwrap();
    assert!(failure.message.contains("its storage is of another version now"), "{failure}");
}

#[tokio::test]
async fn both_hooks_and_the_health_check_see_one_storage_and_are_one_commit() {
    let house = House::new();
    house.put(&Version::new("1.0.0").hooks(&["preupgrade"]), allowed()).await.unwrap();
    house.script("$hook_preupgrade", |guest| async move {
        assert_eq!((version(&guest).as_str(), env(&guest)["trigger"]["to"].as_str()), ("1.0.0", Some("2.0.0")));
        guest.set("a", "1").await.map_err(threw)?;
        said("")
    });
    house.script("$hook_postupgrade", |guest| async move {
        assert_eq!(version(&guest), "2.0.0");
        assert!(format!("{:?}", guest.get("a").await.map_err(threw)?).contains("49"), "what the one before wrote");
        guest.set("b", "2").await.map_err(threw)?;
        // Nothing that could not be taken back.
        let denied = crate::guests::seen(guest.write("work/a.txt", "x").await.unwrap_err());
        assert_eq!(denied.code, ErrorCode::PermissionDenied);
        said("")
    });
    let store = house.store.clone();
    house.script("$hook_health", move |guest| {
        let key = Key::new(OwnerId::LOCAL, Space::Storage, "scribe/b");
        let is_committed = store.get(&key).unwrap().is_some();
        async move {
            assert!(!is_committed, "nothing is committed before it is known to work");
            assert!(format!("{:?}", guest.get("b").await.map_err(threw)?).contains("50"));
            // An ordinary run in all else.
            guest.write("work/healthy.txt", "yes").await.map_err(threw)?;
            said("")
        }
    });
    let hooks = Version::new("2.0.0").hooks(&["postupgrade", "health"]);
    let detail = house.put(&hooks, vec![]).await.unwrap();
    assert_eq!((detail.summary.version.as_str(), detail.previous.as_deref()), ("2.0.0", Some("1.0.0")));
    assert_eq!((house.value("a").as_deref(), house.value("b").as_deref()), (Some("1"), Some("2")));
    assert_eq!(house.world.text("/work/healthy.txt").as_deref(), Some("yes"));
    let told = house.told_all();
    assert!(told.contains("started upgrade (version 2.0.0) by itself: the upgrade from version 1.0.0"), "{told}");
    assert!(told.contains("you upgraded from version 1.0.0 to 2.0.0"), "{told}");
}

/// What makes a version fail.
type Fault = Box<dyn Fn(&House)>;

#[tokio::test]
async fn a_version_whose_hook_or_health_check_fails_does_not_take_over() {
    let house = House::new();
    house.put(&Version::new("1.0.0").hooks(&["preupgrade"]), allowed()).await.unwrap();
    house.set_value("value", "\"old\"");
    let threw = |message: &'static str| {
        Err(kernel::runner::GuestFailure::Threw { message: message.into(), stack: None, code: None })
    };
    let fine = |house: &House| {
        house.script("$hook_preupgrade", |_| async { said("") });
        house.script("$hook_postupgrade", migrate);
        house.script("$hook_health", |_| async { said("") });
    };
    let hooks = Version::new("2.0.0").hooks(&["postupgrade", "health"]);
    let before = (house.stored(), house.blobs());
    let cases: Vec<(&str, &str, ErrorCode, Fault)> = vec![
        (
            "preupgrade throws",
            "its hook preupgrade failed: not now",
            ErrorCode::UpgradeFailed,
            Box::new(move |house| house.script("$hook_preupgrade", move |_| async move { threw("not now") })),
        ),
        (
            "postupgrade throws after it wrote",
            "its hook postupgrade failed: broken",
            ErrorCode::UpgradeFailed,
            Box::new(move |house| {
                house.script("$hook_postupgrade", move |guest| async move {
                    migrate(guest).await?;
                    threw("broken")
                });
            }),
        ),
        (
            "postupgrade loops",
            "its hook postupgrade failed: it used up its 5 s of computing",
            ErrorCode::UpgradeFailed,
            Box::new(|house| {
                house.script("$hook_postupgrade", |guest| async move {
                    let end = guest.call.lease.charge_guest_cpu_us(6_000_000).unwrap_err();
                    Err(kernel::runner::GuestFailure::Ended(end))
                });
            }),
        ),
        (
            "the health check says no",
            "its health check failed: the app says that it does not work",
            ErrorCode::UpgradeFailed,
            Box::new(|house| {
                house.script("$hook_health", |_| async {
                    Ok(kernel::runner::GuestValue { data: Some(json!(false)), ..Default::default() })
                });
            }),
        ),
        (
            "the disk is full",
            "",
            ErrorCode::DiskFull,
            Box::new(|house| house.store.refuse(|durability| durability == Durability::Synced)),
        ),
    ];
    for (what, said, expected, break_it) in cases {
        fine(&house);
        break_it(&house);
        let failed = house.put(&hooks, vec![]).await.map(drop).expect_err(what);
        house.store.heal();
        assert_eq!(failed.code, expected, "{what}: {failed}");
        assert!(failed.message.contains(said), "{what}: {failed}");
        assert!(said.is_empty() || house.told_all().contains(said), "{what}: {}", house.told_all());
        let after = house.stored().into_iter().filter(|(space, ..)| *space != Space::Run).collect::<Vec<_>>();
        assert_eq!((after, house.blobs()), before, "{what}");
        assert_eq!(house.detail().await.summary.version, "1.0.0", "{what}");
        house.script("go", |guest| async move { crate::guests::said(version(&guest)) });
        assert_eq!(house.run("go").await.text.as_deref(), Some("1.0.0"), "{what}");
        house.idle().await;
    }
    fine(&house);
    house.put(&hooks, vec![]).await.unwrap();
    assert_eq!(house.value("value").as_deref(), Some("\"new\""));
}

#[tokio::test]
async fn an_upgrade_can_be_stopped_and_cut_off() {
    let mut house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    house.set_value("value", "\"old\"");
    let hooks = Version::new("2.0.0").hooks(&["postupgrade"]);
    let hang = |house: &House| {
        house.script("$hook_postupgrade", |guest| async move {
            migrate(guest).await?;
            std::future::pending::<()>().await;
            said("")
        });
    };
    hang(&house);
    for is_stopped in [true, false] {
        let (offer, _) = house.offer(owner(), &house.file(&hooks)).await.unwrap();
        let kernel = house.kernel.clone();
        let upgrading = tokio::spawn(async move { kernel.app_install(owner(), offer, vec![]).await });
        house.until("the hook to run", || house.kernel.live_runs() == 1).await;
        if is_stopped {
            house.kernel.run_stop(&owner(), &StopTarget::App(app("scribe"))).unwrap();
            assert_eq!(upgrading.await.unwrap().unwrap_err().code, ErrorCode::Stopped);
            assert_eq!(house.blobs().len(), 1);
        } else {
            upgrading.abort();
            house.restart();
            assert_eq!(house.kernel.recover(OwnerId::LOCAL).unwrap().archives, 1);
        }
        assert_eq!(house.value("value").as_deref(), Some("\"old\""));
        assert_eq!(house.detail().await.summary.version, "1.0.0");
    }
}

#[tokio::test]
async fn an_open_question_survives_an_upgrade_and_a_rollback() {
    let house = House::new();
    let mut choices = allowed();
    choices[1].state = GrantState::Ask;
    house.put(&Version::new("1.0.0"), choices).await.unwrap();
    let _person = house.kernel.presence_enter(&owner());
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "x").await.map_err(threw)?;
        said(version(&guest))
    });
    let mut viewer = house.start("go").await;
    let question = match next(&mut viewer).await.chunk.clone() {
        Chunk::Ask { question } => question.id,
        other => panic!("no question: {other:?}"),
    };
    house.script("$hook_postupgrade", migrate);
    house.put(&Version::new("2.0.0").hooks(&["postupgrade"]), vec![]).await.unwrap();
    house.rollback(true).await.unwrap();
    let open: Vec<_> = house.kernel.approval_list(&owner()).unwrap().into_iter().map(|open| open.id).collect();
    assert_eq!(open, [question]);
    house.kernel.approval_answer(&owner(), question, Choice::Once.into()).unwrap();
    let report = loop {
        if let Seen::End(report) = viewer.next().await {
            break report;
        }
    };
    assert_eq!(report.text.as_deref(), Some("1.0.0"));
    assert_eq!(house.world.text("/work/a.txt").as_deref(), Some("x"));
}

#[tokio::test]
async fn the_card_of_an_upgrade_shows_what_is_more_and_nothing_else() {
    let house = House::new();
    let network = |hosts: &[&str]| json!({ "network": { "hosts": hosts }, "storage": true, "ai": false });
    house.put(&Version::new("1.0.0").asks(network(&["a.org", "b.org"])), vec![]).await.unwrap();
    let check = async |what: &str, version: Version, lines: &[&str], more: &[&str]| {
        let change = house.change(&version).await;
        let found: Vec<&str> = change.lines.iter().map(protocol::Line::as_str).collect();
        assert_eq!(found, lines, "{what}");
        assert_eq!(change.more.len(), more.len(), "{what}: {:?}", change.more);
        for (said, expected) in change.more.iter().zip(more) {
            assert!(said.to_string().contains(expected), "{what}: {said}");
        }
        assert_eq!(change.needs_consent(), !lines.is_empty() || !more.is_empty(), "{what}");
        assert!(!change.is_anew);
    };
    let next = || Version::new("1.1.0").asks(network(&["a.org", "b.org"]));
    check("the same", next(), &[], &[]).await;
    check("fewer hosts", next().asks(network(&["a.org"])), &[], &[]).await;
    check("one more host", next().asks(network(&["a.org", "b.org", "c.org"])), &["network"], &[]).await;
    check("any host", next().asks(json!({ "network": true, "storage": true, "ai": false })), &["network"], &[]).await;
    let folder = json!({ "file": { "read": true, "folders": ["~/x"] }, "storage": true, "ai": false });
    check("a folder", next().asks(folder), &["file.read"], &[]).await;
    let chat = json!({ "event": { "listen": ["user.message"] }, "storage": true, "ai": false });
    check("all chats", next().asks(chat), &["event.chat"], &[]).await;
    let trigger = next().more("trigger", json!({ "regex": "^go", "action": "go" }));
    check("a pattern", trigger, &["event.trigger"], &[]).await;
    let schedule = next().more("trigger", json!({ "schedule": "0 8 * * *", "action": "go" }));
    check("a schedule", schedule, &["event.schedule"], &[]).await;
    check("more storage", next().asks(json!({ "storage": { "quota": "20 MiB" }, "ai": false })), &["storage"], &[])
        .await;
    check("models", next().asks(json!({ "storage": true })), &["ai"], &[]).await;
    check("a dependency", next().more("dependencies", json!(["mcp.x"])), &["mcp.x"], &["needs mcp.x"]).await;
    let older = Version::new("0.9.0").asks(network(&["a.org", "b.org"]));
    check("an older version", older, &[], &["you had version 1.0.0 already"]).await;
    check("a hook", next().hooks(&["preuninstall"]), &[], &["preuninstall"]).await;
    let limits = json!({ "memory_bytes": 268_435_456, "cpu_ms": 6000 });
    check("limits", next().more("limits", limits), &[], &["6 s instead of 5 s", "256.0 MiB instead of"]).await;
    let change = house.change(&next().asks(json!({ "storage": true, "ai": false }))).await;
    assert_eq!(change.gone.iter().map(protocol::Line::as_str).collect::<Vec<_>>(), ["network"]);
    assert!(!change.needs_consent());
}

#[tokio::test]
async fn what_it_needs_of_servers_is_missed_until_its_owner_has_a_word_for_it() {
    let house = House::new();
    let version = || Version::new("1.0.0").more("dependencies", json!(["mcp.x"]));
    let needs = || house.kernel.app_list(&owner()).unwrap()[0].needs.clone();
    let detail = house.put(&version(), vec![]).await.unwrap();
    assert_eq!((detail.summary.needs, needs()), (vec!["mcp.x".to_owned()], vec!["mcp.x".to_owned()]));
    assert_eq!(detail.missing.len(), 1);
    assert_eq!(detail.missing[0].code, "card_missing_mcp");
    let set = |state, target| house.kernel.grant_set(owner(), app("scribe"), vec![choice("mcp.x", state, target)]);
    for (target, code) in
        [("nobody", ErrorCode::AppNotFound), ("scribe", ErrorCode::NotFound), ("nobody/", ErrorCode::Usage)]
    {
        let refused = set(GrantState::Allow, Some(target)).await.unwrap_err();
        assert_eq!(refused.code, code, "{target}: {refused:?}");
    }
    // Allowed is not yet said which.
    set(GrantState::Allow, None).await.unwrap();
    assert_eq!(needs(), ["mcp.x"]);
    // What its owner does not want is not missed.
    set(GrantState::Block, None).await.unwrap();
    assert!(needs().is_empty());
    let newer = Version::new("1.1.0").more("dependencies", json!(["mcp.x"]));
    let detail = house.put(&newer, vec![]).await.unwrap();
    assert!(detail.summary.needs.is_empty() && detail.missing.is_empty(), "a no stays a no");
}

#[tokio::test]
async fn what_was_granted_holds_for_what_is_left_and_comes_back_with_a_rollback() {
    let house = House::new();
    let hosts = |hosts: &[&str]| json!({ "network": { "hosts": hosts }, "storage": true, "ai": false });
    house.put(&Version::new("1.0.0").asks(hosts(&["a.org", "b.org"])), vec![]).await.unwrap();
    house.kernel.grant_set(owner(), app("scribe"), vec![choice("network", GrantState::Block, None)]).await.unwrap();
    let states = |detail: &AppDetail| -> Vec<(String, GrantState, usize)> {
        let rules = |scope: &Scope| if let Scope::Network { rules } = scope { rules.len() } else { 0 };
        let views = detail.grants.iter();
        views.map(|view| (view.line.line.to_string(), view.line.state, rules(&view.line.scope))).collect()
    };
    let less = house.put(&Version::new("1.1.0").asks(hosts(&["a.org"])), vec![]).await.unwrap();
    let network = |state, rules| ("network".to_owned(), state, rules);
    let storage = || ("storage".to_owned(), GrantState::Allow, 0);
    assert_eq!(states(&less), [network(GrantState::Block, 1), storage()], "a no stays a no");
    let told = house.told_all();
    assert!(told.contains("your block for network goes as far as this version asks"), "{told}");
    assert_eq!(told.matches("you set network").count(), 2, "at install and when it was set: {told}");
    house.put(&Version::new("1.2.0").asks(json!({ "storage": true, "ai": false })), vec![]).await.unwrap();
    let set = choice("storage", GrantState::Block, None);
    house.kernel.grant_set(owner(), app("scribe"), vec![set]).await.unwrap();
    let back = house.rollback(false).await.unwrap();
    let blocked = ("storage".to_owned(), GrantState::Block, 0);
    assert_eq!(states(&back), [network(GrantState::Block, 1), blocked], "the owner's last word, where there is one");
}

#[tokio::test]
async fn what_nobody_signed_does_not_leave_its_grants_to_a_publisher() {
    let house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    let ada = PublisherSecret::generate(&TestEntropy::seeded(1));
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), Some("ada".parse().unwrap())).unwrap();
    let path = house.archive("scribe", &Version::new("1.1.0").signed(&ada));
    let (offer, card) = house.offer(owner(), &path).await.unwrap();
    let change = card.change.unwrap();
    assert!(change.is_anew && change.needs_consent());
    assert_eq!(change.lines.len(), 3, "all of it is asked again");
    assert!(change.more[0].to_string().starts_with("comes from ada ("), "{:?}", change.more);
    let detail = house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
    assert_eq!(detail.grants[1].line.state, GrantState::Ask, "as the card proposes, not as it was allowed");
    assert!(detail.grants[0].line.needs.is_some(), "the folder was not handed over");
    // The next one of hers takes over what she was granted.
    house.kernel.grant_set(owner(), app("scribe"), allowed()).await.unwrap();
    let path = house.archive("scribe", &Version::new("1.2.0").signed(&ada));
    let (offer, card) = house.offer(owner(), &path).await.unwrap();
    assert!(!card.change.unwrap().needs_consent());
    let detail = house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
    assert_eq!(detail.grants[1].line.state, GrantState::Allow);
}

#[tokio::test]
async fn a_card_counts_only_for_the_version_it_was_made_beside() {
    let house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    let (late, _) = house.offer(owner(), &house.file(&Version::new("1.1.0"))).await.unwrap();
    house.put(&Version::new("1.2.0"), vec![]).await.unwrap();
    let refused = house.kernel.app_install(owner(), late, vec![]).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert_eq!(house.detail().await.summary.version, "1.2.0");
}

#[tokio::test]
async fn a_disabled_app_stays_disabled_through_upgrade_and_rollback() {
    let mut house = House::new();
    house.put(&Version::new("1.0.0"), allowed()).await.unwrap();
    house.kernel.app_set_enabled(owner(), app("scribe"), false).await.unwrap();
    assert!(!house.put(&Version::new("1.1.0"), vec![]).await.unwrap().summary.enabled);
    house.restart();
    assert!(!house.rollback(false).await.unwrap().summary.enabled, "also where nothing of it was loaded");
    house.restart();
    assert!(house.kernel.app_check(&owner(), &app("scribe")).is_ok());
    house.kernel.app_remove(owner(), app("scribe"), false).await.unwrap();
    assert!(house.blobs().is_empty());
}

#[tokio::test]
async fn the_cloud_shows_and_runs_official_apps_that_list_it_and_holds_them_shorter() {
    let mut house = House::new();
    house.script("go", |guest| async move {
        let limits = guest.call.lease.limits().clone();
        let denied = crate::guests::seen(guest.write("work/a.txt", "x").await.unwrap_err());
        said(format!("{} {} {}", limits.wall_ms, limits.memory_bytes, denied.message))
    });
    let both = || Version::new("1.0.0").more("runtime", json!(["local", "cloud"]));
    house.put(&both(), allowed()).await.unwrap();
    house.restart_in(protocol::Zone::Cloud);
    assert!(house.kernel.app_list(&owner()).unwrap().is_empty(), "nobody signed it");
    let start = || house.start_as(owner(), "scribe", "go", json!({}), None, &[]);
    assert_eq!(start().await.map(drop).unwrap_err().code, ErrorCode::PackageZoneRefused);
    let ada = PublisherSecret::generate(&TestEntropy::seeded(1));
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), None).unwrap();
    let official = crate::house::official();
    for (version, signer, said) in [
        (both(), &ada, "only apps that the oikos project signed do"),
        (Version::new("1.0.0"), &official, "its author lists local"),
    ] {
        let refused =
            house.offer(owner(), &house.archive("scribe", &version.signed(signer))).await.map(drop).unwrap_err();
        assert_eq!(refused.code, ErrorCode::PackageZoneRefused);
        assert!(refused.message.contains(said), "{refused}");
    }
    let more = both().more("limits", json!({ "memory_bytes": 268_435_456 }));
    let (offer, card) = house.offer(owner(), &house.archive("scribe", &more.signed(&official))).await.unwrap();
    assert!(card.lines.iter().all(|line| line.line.matches("storage") || line.state == GrantState::Block));
    assert!(card.limits[0].to_string().contains("5 s in all"), "{:?}", card.limits);
    house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
    assert_eq!(house.kernel.app_list(&owner()).unwrap().len(), 1);
    let report = ended(house.start("go").await).await.1;
    let text = report.text.as_deref().unwrap();
    assert!(text.starts_with("5000 134217728 ") && text.contains("zone cloud never allows file"), "{text}");
}
