//! Told, heard, answered: by whom, in which order, how often, and what becomes of a flood, a circle and a crash.

use crate::{
    House,
    guests::{Guest, said, seen, threw},
    house::{app, choice, ended, owner, script},
};
use kernel::{EVENTS_BURST, EVENTS_WAITING_MAX, HOPS_MAX, RestartPolicy, TRIES_MAX};
use parking_lot::Mutex;
use protocol::{
    ErrorCode, Failure, GrantState, OwnerId, Sender,
    api::{EventHeard, StopTarget},
};
use serde_json::{Value, json};
use state::Space;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::task::JoinHandle;

const ME: OwnerId = OwnerId::LOCAL;

fn sends(topics: &[&str]) -> Value {
    json!({ "event": { "publish": topics }, "ai": false })
}

fn hears(topics: &[&str]) -> Value {
    json!({ "event": { "listen": topics }, "ai": false })
}

/// What was heard: who, and what of it.
type Heard = Arc<Mutex<Vec<String>>>;

fn heard(list: &Heard) -> Vec<String> {
    std::mem::take(&mut *list.lock())
}

impl House {
    /// What is up follows events until the handle is aborted.
    fn up(&self) -> JoinHandle<Result<(), Failure>> {
        let kernel = self.kernel.clone();
        tokio::spawn(async move { kernel.work(ME, &RestartPolicy::default()).await })
    }

    /// Apps of these names listen to a topic and note who they are, who sent it and what it says.
    async fn listeners(&self, names: &[&str], topic: &str) -> Heard {
        let list = Heard::default();
        for name in names {
            self.listening(name, &hears(&[topic]), None, &[&format!("on:0:0:{topic}")], vec![]).await.unwrap();
        }
        let noted = list.clone();
        self.script(&format!("on:0:0:{topic}"), move |guest| {
            let noted = noted.clone();
            async move {
                let event = guest.input();
                let line = format!("{} {} {}", guest.call.lease.app(), event["sender"], event["payload"]);
                noted.lock().push(line.replace('"', ""));
                said("")
            }
        });
        list
    }

    /// An app whose action `go` does this.
    async fn sender<F, R>(&self, name: &str, topics: &[&str], go: F)
    where
        F: Fn(Guest) -> R + Send + Sync + 'static,
        R: Future<Output = crate::guests::Returned> + Send + 'static,
    {
        self.listening(name, &sends(topics), None, &[], vec![]).await.unwrap();
        self.script("go", go);
    }

    async fn go(&self, name: &str) -> Arc<protocol::api::RunReport> {
        ended(self.start_as(owner(), name, "go", json!({}), None, &[]).await.unwrap()).await.1
    }

    async fn emit(&self, topic: &str, payload: Value) -> Result<EventHeard, Failure> {
        self.kernel.event_emit(owner(), topic.parse().unwrap(), payload).await
    }

    /// Nothing waits and nothing runs.
    async fn quiet(&self) {
        let is_quiet = || self.kernel.live_runs() == 0 && self.store.keys(ME, Space::Event).is_empty();
        self.until("every event to be heard", is_quiet).await;
    }
}

#[tokio::test]
async fn an_event_is_heard_by_those_who_listen_and_the_kernel_says_who_sent_it() {
    let house = House::new();
    let list = house.listeners(&["first", "second"], "app.teller.news").await;
    house
        .sender("teller", &["app.teller.*"], |guest| async move {
            guest.emit("app.teller.news", json!({ "sender": "owner" })).await.unwrap();
            guest.emit("app.teller.other", json!("nobody")).await.unwrap();
            said("")
        })
        .await;
    let up = house.up();
    let run = house.go("teller").await;
    house.quiet().await;
    let mut told = heard(&list);
    told.sort();
    assert_eq!(told, ["first app.teller {sender:owner}", "second app.teller {sender:owner}"]);
    let said: Vec<String> = run.effects.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["sent 1 event to app.teller.news (18 bytes)", "sent 1 event to app.teller.other (8 bytes)"]);
    // Who was started says why.
    let runs = house.kernel.run_list(&owner(), 10).unwrap();
    let cause = runs.iter().find(|run| run.app == app("first")).unwrap().cause.as_ref().unwrap().to_string();
    assert_eq!(cause, "event app.teller.news from app.teller");
    let started = house.told(runs.iter().find(|run| run.app == app("first")).unwrap().run);
    assert_eq!(
        started[0],
        "started on_app_teller_news (version 1.0.0) by itself: event app.teller.news from app.teller"
    );
    up.abort();
}

/// Several that hear the same at once: the last that is written down lets go of the event, whichever began first.
#[tokio::test(flavor = "multi_thread")]
async fn what_many_hear_at_once_leaves_nothing_behind() {
    let house = House::new();
    let names: Vec<String> = (0..8).map(|place| format!("listener{place}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let list = house.listeners(&names, "home.door").await;
    let up = house.up();
    for time in 0..40 {
        assert_eq!(house.emit("home.door", json!(time)).await.unwrap().runs.len(), names.len());
        house.quiet().await;
        assert_eq!(heard(&list).len(), names.len());
    }
    up.abort();
}

#[tokio::test]
async fn a_run_that_fails_has_told_nothing() {
    let house = House::new();
    let list = house.listeners(&["listener"], "home.door").await;
    house
        .sender("teller", &["home.*"], |guest| async move {
            guest.emit("home.door", json!(1)).await.unwrap();
            guest.emit("other.door", json!(1)).await.map_err(threw)?;
            said("")
        })
        .await;
    let up = house.up();
    assert_eq!(house.go("teller").await.summary.failure.as_ref().unwrap().code, ErrorCode::PermissionDenied);
    house.quiet().await;
    assert_eq!(heard(&list), [] as [&str; 0]);
    up.abort();
}

#[tokio::test]
async fn what_is_not_allowed_is_not_heard() {
    let house = House::new();
    let list = house.listeners(&["listener"], "home.door").await;
    assert_eq!(house.emit("home.door", json!(1)).await.unwrap().runs.len(), 1);
    assert_eq!(heard(&list), ["listener owner 1"]);
    let block = vec![choice("event.listen", GrantState::Block, None)];
    house.kernel.grant_set(owner(), app("listener"), block).await.unwrap();
    assert!(house.emit("home.door", json!(2)).await.unwrap().runs.is_empty());
    // Nobody is there to be asked when an app starts by itself.
    let ask = vec![choice("event.listen", GrantState::Ask, None)];
    let refused = house.kernel.grant_set(owner(), app("listener"), ask).await.unwrap_err();
    assert_eq!((refused.code, refused.message.contains("cannot ask")), (ErrorCode::Usage, true), "{refused:?}");
    // Chats are read only by those whom the owner let.
    let chats = house.listeners(&["reader"], "user.message").await;
    assert!(house.emit("user.message", json!({ "text": "hello" })).await.unwrap().runs.is_empty());
    let allow = vec![choice("event.chat", GrantState::Allow, None)];
    house.kernel.grant_set(owner(), app("reader"), allow).await.unwrap();
    assert_eq!(house.emit("user.message", json!({ "text": "hello" })).await.unwrap().runs.len(), 1);
    assert_eq!(heard(&chats), ["reader owner {text:hello}"]);
    assert_eq!(heard(&list), [] as [&str; 0]);
}

#[tokio::test]
async fn whose_a_topic_is_nobody_changes() {
    let house = House::new();
    for topic in ["system.tick", "app.notes.saved"] {
        let refused = house.emit(topic, json!(1)).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::PermissionDenied, "{topic}: {refused:?}");
    }
    // A script of the owner speaks for the owner.
    house.kernel.event_emit(script(), "user.message".parse().unwrap(), json!("hi")).await.unwrap();
    let denied: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = denied.clone();
    house
        .sender("liar", &["system.tick", "user.message", "app.other.done", "app.liar.done"], move |guest| {
            let noted = noted.clone();
            async move {
                for topic in ["system.tick", "user.message", "app.other.done"] {
                    let refused = seen(guest.emit(topic, json!(1)).await.unwrap_err());
                    noted.lock().push(refused.message);
                }
                guest.emit("app.liar.done", json!(1)).await.unwrap();
                said("")
            }
        })
        .await;
    assert_eq!(house.go("liar").await.summary.failure, None);
    assert_eq!(
        *denied.lock(),
        [
            "not allowed to send an event to system.tick: only oikos itself sends system.tick",
            "not allowed to send an event to user.message: only you send user.message, never an app",
            "not allowed to send an event to app.other.done: only the app in its name sends app.other.done",
        ]
    );
}

#[tokio::test]
async fn an_app_that_listens_to_what_it_does_not_declare_is_refused() {
    let house = House::new();
    let check = async |asks: Value, trigger: Option<Value>, handlers: &[&str], expected: &str| {
        let refused = house.listening("sly", &asks, trigger, handlers, vec![]).await.unwrap_err();
        assert!(refused.message.contains(expected), "{refused:?}");
        assert!(house.kernel.app_list(&owner()).unwrap().is_empty());
    };
    let none = json!({ "ai": false });
    let undeclared = "listens to 'user.message', but does not declare it";
    check(none.clone(), None, &["on:0:0:user.message"], undeclared).await;
    check(hears(&["home.*"]), None, &["on:0:0:user.message"], undeclared).await;
    check(hears(&["user.message"]), None, &["on:0:0:user.*"], "listens to 'user.*', but").await;
    check(hears(&["home.*"]), None, &["on:0:0:Home!"], "which is not a topic").await;
    check(none.clone(), Some(json!({ "regex": "(a" })), &[], "unclosed group").await;
    check(none.clone(), Some(json!({ "regex": "(?=a)b" })), &[], "look-around").await;
    check(none.clone(), Some(json!({ "regex": "((a{1,100}){1,100}){1,100}" })), &[], "the pattern is too large").await;
    check(none.clone(), Some(json!({ "schedule": "61 * * * *" })), &[], "not a schedule").await;
    check(none.clone(), Some(json!({ "schedule": "0 0 30 2 *" })), &[], "never comes").await;
    check(none, Some(json!({ "schedule": "0 8 * * *", "action": "stop" })), &[], "there is no action or tool 'stop'")
        .await;
}

/// The first that has an answer keeps it from the others; the order is the same each time.
#[tokio::test]
async fn what_a_person_says_has_one_answer() {
    let house = House::new();
    let list = Heard::default();
    // Installed in another order than they come in, with ties.
    for (name, priority) in [("late", -5), ("tie-a", 10), ("tie-b", 10), ("early", 100), ("silent", 100)] {
        let handler = format!("on:0:{priority}:user.message");
        let allow = vec![choice("event.chat", GrantState::Allow, None)];
        house.listening(name, &hears(&["user.message"]), None, &[&handler], allow).await.unwrap();
        house.clock.advance_ms(1_000);
        let noted = list.clone();
        house.script(&handler, move |guest| {
            let noted = noted.clone();
            async move {
                let name = guest.call.lease.app().to_string();
                noted.lock().push(name.clone());
                match (name.as_str(), guest.input()["payload"]["text"].as_str().unwrap()) {
                    ("early", "broken") => {
                        Err(threw(kernel::host_call::GuestError::new(ErrorCode::Internal, "on purpose").into()))
                    }
                    ("tie-a", "for b") | ("early" | "silent", _) => Ok(kernel::runner::GuestValue::default()),
                    _ => said(format!("I am {name}")),
                }
            }
        });
    }
    for _ in 0..20 {
        for (text, asked, answer) in [
            ("hello", &["early", "silent", "tie-a"][..], "I am tie-a"),
            ("for b", &["early", "silent", "tie-a", "tie-b"][..], "I am tie-b"),
            ("broken", &["early", "silent", "tie-a"][..], "I am tie-a"),
        ] {
            let answered = house.emit("user.message", json!({ "text": text })).await.unwrap();
            assert_eq!(heard(&list), asked, "{text}");
            assert_eq!(answered.answer.unwrap().text.as_deref(), Some(answer));
            // The owner's own words are not slowed down by the tests' clock.
            house.clock.advance_ms(10_000);
        }
    }
}

#[tokio::test]
async fn a_pattern_starts_an_action_with_what_it_caught() {
    let house = House::new();
    let trigger = json!({ "regex": "^Search (\\w+)(?: in (\\w+))?", "action": "go" });
    house.listening("search", &json!({ "ai": false }), Some(trigger), &[], vec![]).await.unwrap();
    house.script("go", |guest| async move { said(guest.input().to_string()) });
    let answer = async |text: &str| {
        let heard = house.emit("user.message", json!({ "text": text })).await.unwrap();
        heard.answer.map(|answer| (answer.text.clone().unwrap(), answer.summary.cause.unwrap().to_string()))
    };
    let (text, cause) = answer("Search rust in books, please").await.unwrap();
    assert_eq!(text, r#"{"groups":["rust","books"],"text":"Search rust in books, please"}"#);
    assert_eq!(cause, r"a message that matches ^Search (\w+)(?: in (\w+))?");
    assert_eq!(answer("Search rust").await.unwrap().0, r#"{"groups":["rust",null],"text":"Search rust"}"#);
    assert_eq!(answer("Find rust").await, None);
    // A pattern that takes about everything is off until the owner turns it on.
    let trigger = json!({ "regex": "." });
    house.listening("greedy", &json!({ "ai": false }), Some(trigger), &[], vec![]).await.unwrap();
    assert_eq!(answer("Find rust").await, None);
    let allow = vec![choice("event.trigger", GrantState::Allow, None)];
    house.kernel.grant_set(owner(), app("greedy"), allow).await.unwrap();
    assert!(answer("Find rust").await.is_some());
}

#[tokio::test]
async fn a_circle_ends_by_its_hops() {
    let house = House::new();
    let refused: Arc<Mutex<Vec<String>>> = Arc::default();
    let hops = Arc::new(AtomicUsize::new(0));
    for (name, hears_of, tells) in [("ping", "ball.left", "ball.right"), ("pong", "ball.right", "ball.left")] {
        let asks = json!({ "event": { "publish": [tells], "listen": [hears_of] }, "ai": false });
        let handler = format!("on:0:0:{hears_of}");
        house.listening(name, &asks, None, &[&handler], vec![]).await.unwrap();
        let (refused, hops) = (refused.clone(), hops.clone());
        house.script(&handler, move |guest| {
            let (refused, hops) = (refused.clone(), hops.clone());
            async move {
                hops.fetch_add(1, SeqCst);
                if let Err(error) = guest.emit(tells, json!("hit")).await {
                    let error = seen(error);
                    refused.lock().push(format!("{} {}", error.code, error.message));
                }
                said("")
            }
        });
    }
    let up = house.up();
    house.emit("ball.left", json!("serve")).await.unwrap();
    house.quiet().await;
    // The owner's serve, and as many events from events as there may be.
    assert_eq!(hops.load(SeqCst), usize::from(HOPS_MAX) + 1);
    assert_eq!(
        *refused.lock(),
        ["event_limit not allowed to send an event to ball.right: the event comes from an event that comes from an \
          event, 8 times over: this is a circle"]
    );
    assert!(house.log().iter().any(|record| record.sentence.to_string().contains("this is a circle")));
    up.abort();
}

/// A million events at top priority: others are heard at once, what waits is bounded, and the sender is told.
#[tokio::test]
async fn a_flood_is_told_and_holds_nobody_up() {
    const FLOOD: usize = 1_000_000;
    let house = House::new();
    let list = house.listeners(&["modest"], "home.door").await;
    // Whoever hears the flood is slow, and at the top.
    house.listening("slow", &hears(&["flood.drop"]), None, &["on:0:100:flood.drop"], vec![]).await.unwrap();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let shut = gate.clone();
    house.script("on:0:100:flood.drop", move |_| {
        let shut = shut.clone();
        async move {
            drop(shut.acquire().await);
            said("")
        }
    });
    let (taken, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let (counted, noted) = (taken.clone(), told.clone());
    house
        .sender("flooder", &["flood.*"], move |guest| {
            let (counted, noted) = (counted.clone(), noted.clone());
            async move {
                for number in 0..FLOOD {
                    match guest.emit("flood.drop", json!(number)).await {
                        Ok(_) => {
                            counted.fetch_add(1, SeqCst);
                        }
                        Err(error) => {
                            let error = seen(error);
                            assert_eq!(error.code, ErrorCode::EventLimit);
                            *noted.lock() = error.message;
                        }
                    }
                    if number % 1_000 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                said("")
            }
        })
        .await;
    let up = house.up();
    let flooding = house.start_as(owner(), "flooder", "go", json!({}), None, &[]).await.unwrap();
    house.until("the flood to be told", || !told.lock().is_empty()).await;
    // In the middle of it.
    assert_eq!(house.emit("home.door", json!(1)).await.unwrap().runs.len(), 1);
    let report = ended(flooding).await.1;
    assert_eq!(report.summary.failure, None);
    assert_eq!(taken.load(SeqCst), EVENTS_BURST as usize);
    assert!(told.lock().contains("it has sent 1000 events at once, and may send 100 a second"), "{}", told.lock());
    // It waits in the store and in memory, and no more than may.
    house.until("the slow one to listen", || house.kernel.live_runs() == 1).await;
    assert!(house.store.keys(ME, Space::Event).len() <= EVENTS_WAITING_MAX);
    // While all of that waits.
    assert_eq!(house.emit("home.door", json!(2)).await.unwrap().runs.len(), 1);
    assert_eq!(heard(&list), ["modest owner 1", "modest owner 2"]);
    // The log has a line for what was sent, one for what was refused, and not a million.
    let said = house.told(report.summary.run);
    assert!(said.len() < 10, "{said:?}");
    assert!(said.iter().any(|line| line.contains("sent 1000 events to flood.drop")), "{said:?}");
    gate.add_permits(2_000);
    house.quiet().await;
    up.abort();
}

#[tokio::test]
async fn what_waits_is_heard_after_a_restart_and_each_hears_it_once() {
    let mut house = House::new();
    let list = house.listeners(&["quick"], "home.door").await;
    house.listening("stuck", &hears(&["home.door"]), None, &["on:0:1:home.door"], vec![]).await.unwrap();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    house.stubborn("on:0:1:home.door", move |_| {
        counted.fetch_add(1, SeqCst);
        std::future::pending()
    });
    house
        .sender("teller", &["home.*"], |guest| async move {
            guest.emit("home.door", json!("opened")).await.unwrap();
            said("")
        })
        .await;
    let up = house.up();
    house.go("teller").await;
    house.until("both to have begun", || tries.load(SeqCst) == 1 && !list.lock().is_empty()).await;
    let is_noted = || house.store.keys(ME, Space::Event).iter().any(|key| key.starts_with("heard/"));
    house.until("one to have heard it", is_noted).await;
    assert_eq!(heard(&list), ["quick app.teller opened"]);
    up.abort();
    // It is tried again by those who have not heard it, and given up in the end: it may be the reason.
    for again in 1..=TRIES_MAX {
        house.restart();
        house.kernel.recover(ME).unwrap();
        let up = house.up();
        let expected = again as usize + 1;
        house.until("the other one to begin again", || tries.load(SeqCst) == expected).await;
        up.abort();
    }
    house.restart();
    house.kernel.recover(ME).unwrap();
    assert_eq!(heard(&list), [] as [&str; 0]);
    assert_eq!(house.store.keys(ME, Space::Event), [] as [&str; 0]);
    let said = format!("the event home.door was given up after oikos ended {TRIES_MAX} times while it was heard");
    assert!(house.log().iter().any(|record| record.sentence.to_string() == said));
}

/// What waits when another version takes over is heard by what listens to the same there, wherever that stands.
#[tokio::test]
async fn what_waits_is_heard_by_the_version_that_runs() {
    let house = House::new();
    let asks = hears(&["home.*"]);
    let (before, after) = (["on:0:0:home.bell", "on:1:0:home.door"], ["on:0:0:home.lamp", "on:1:0:home.bell"]);
    house.listening("ear", &asks, None, &before, vec![]).await.unwrap();
    let (list, release) = (Heard::default(), Arc::new(tokio::sync::Notify::new()));
    for handler in before.into_iter().chain(after) {
        let (noted, held) = (list.clone(), release.clone());
        house.script(handler, move |guest| {
            let (noted, held) = (noted.clone(), held.clone());
            async move {
                noted.lock().push(format!("{handler} {}", guest.input()["payload"]));
                if guest.input()["payload"] == "first" {
                    held.notified().await;
                }
                said("")
            }
        });
    }
    let up = house.up();
    house
        .sender("teller", &["home.*"], |guest| async move {
            for (topic, payload) in [("home.bell", "first"), ("home.door", "second"), ("home.bell", "third")] {
                guest.emit(topic, json!(payload)).await.unwrap();
            }
            said("")
        })
        .await;
    house.go("teller").await;
    house.until("the first to be heard", || !list.lock().is_empty()).await;
    house.listening("ear", &asks, None, &after, vec![]).await.unwrap();
    release.notify_one();
    house.quiet().await;
    assert_eq!(heard(&list), [r#"on:0:0:home.bell "first""#, r#"on:1:0:home.bell "third""#]);
    assert_eq!(house.store.keys(ME, Space::Event), [] as [&str; 0]);
    let told = house.log().iter().filter(|record| record.sentence.to_string().contains("does not listen")).count();
    assert_eq!(told, 1);
    up.abort();
}

#[tokio::test]
async fn nobody_is_up_and_the_event_waits() {
    let mut house = House::new();
    let list = house.listeners(&["listener"], "home.door").await;
    house
        .sender("teller", &["home.*"], |guest| async move {
            guest.emit("home.door", json!("opened")).await.unwrap();
            guest.emit("home.window", json!("nobody listens")).await.unwrap();
            said("")
        })
        .await;
    house.restart();
    house.kernel.recover(ME).unwrap();
    for _ in 0..2 {
        house.go("teller").await;
    }
    house.idle().await;
    assert_eq!(heard(&list), [] as [&str; 0]);
    assert_eq!(house.store.keys(ME, Space::Event).len(), 2, "what nobody listens to is not kept");
    house.restart();
    house.kernel.recover(ME).unwrap();
    let up = house.up();
    house.quiet().await;
    assert_eq!(heard(&list), ["listener app.teller opened", "listener app.teller opened"]);
    up.abort();
}

#[tokio::test]
async fn stop_keeps_an_app_from_starting_by_itself_until_it_is_enabled() {
    let mut house = House::new();
    let list = house.listeners(&["first", "second"], "home.door").await;
    let stop = StopTarget::App(app("first"));
    assert_eq!(house.kernel.stop(&owner(), &stop).unwrap().paused, [app("first")]);
    assert_eq!(house.kernel.stop(&owner(), &stop).unwrap().paused, [], "once is enough");
    for _ in 0..2 {
        assert_eq!(house.emit("home.door", json!(1)).await.unwrap().runs.len(), 1);
        assert_eq!(heard(&list), ["second owner 1"]);
        // It stays so.
        house.restart();
        house.kernel.recover(ME).unwrap();
    }
    // A person may still start it.
    house.script("go", |_| async { said("") });
    assert_eq!(house.go("first").await.summary.failure, None);
    assert!(house.kernel.app_list(&owner()).unwrap()[0].paused);
    house.kernel.app_set_enabled(owner(), app("first"), true).await.unwrap();
    assert_eq!(house.emit("home.door", json!(2)).await.unwrap().runs.len(), 2);
    heard(&list);
    // Disabled and removed apps hear nothing.
    house.kernel.app_set_enabled(owner(), app("first"), false).await.unwrap();
    house.kernel.app_remove(owner(), app("second"), false).await.unwrap();
    assert!(house.emit("home.door", json!(3)).await.unwrap().runs.is_empty());
    house.kernel.app_set_enabled(owner(), app("first"), true).await.unwrap();
    assert_eq!(house.emit("home.door", json!(4)).await.unwrap().runs.len(), 1);
    assert_eq!(heard(&list), ["first owner 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_tick_comes_once_a_minute_and_does_not_pile_up() {
    let house = House::new();
    let ticks: Arc<Mutex<Vec<i64>>> = Arc::default();
    house.listening("ticker", &hears(&["system.tick"]), None, &["on:0:0:system.tick"], vec![]).await.unwrap();
    let noted = ticks.clone();
    house.script("on:0:0:system.tick", move |guest| {
        let event = guest.input();
        assert_eq!(event["sender"], Sender::System.to_string());
        noted.lock().push(event["payload"]["minute"].as_i64().unwrap());
        async { said("") }
    });
    let up = house.up();
    let start = testkit::TestClock::START.0;
    for minute in 0..3_i64 {
        let expected = usize::try_from(minute).unwrap() + 1;
        while ticks.lock().len() < expected {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        // Looking again within a minute tells nothing.
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        assert_eq!(ticks.lock().last(), Some(&(start + minute * 60_000)));
        assert_eq!(ticks.lock().len(), expected);
        house.clock.advance_ms(60_000);
    }
    up.abort();
}

#[tokio::test]
async fn labels_go_with_what_is_told() {
    let house = House::new();
    house.world.put("/work/letter.txt", "dear");
    let asks = json!({ "event": { "publish": ["home.*"] }, "file": { "read": true }, "ai": false });
    let choices = vec![choice("file.read", GrantState::Allow, Some(crate::house::WORK))];
    house.listening("teller", &asks, None, &[], choices).await.unwrap();
    house.script("go", |guest| async move {
        guest.read("work/letter.txt").await.unwrap();
        guest.emit("home.door", json!(1)).await.unwrap();
        said("")
    });
    let labels = Arc::new(Mutex::new(None));
    house.listening("listener", &hears(&["home.door"]), None, &["on:0:0:home.door"], vec![]).await.unwrap();
    let noted = labels.clone();
    house.script("on:0:0:home.door", move |guest| {
        *noted.lock() = Some(guest.call.lease.labels());
        async { said("") }
    });
    let up = house.up();
    house.go("teller").await;
    house.quiet().await;
    assert!(labels.lock().unwrap().contains(protocol::Labels::PRIVATE));
    up.abort();
}
