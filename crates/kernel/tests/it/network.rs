//! Requests to hosts: decided one by one, written down, and never taken back.

use crate::{
    House,
    guests::{DENIED, Guest, said, seen, threw},
    house::{app, choice, ended, owner, owner_of, script},
};
use kernel::{
    effect::EffectError,
    host_call::{GuestError, HostAnswer, HostCall, HostError},
};
use protocol::{
    AuditEvent, Caller, ClientId, Door, EffectState, ErrorCode, GrantState, OwnerId, Right, Rights, api::LineChoice,
};
use state::Space;

const ASKS_NETWORK: &str =
    r#"{ "network": true, "file": { "read": true, "write": true }, "storage": true, "ai": false }"#;

fn allow(target: Option<&str>) -> LineChoice {
    choice("network", GrantState::Allow, target)
}

async fn fetch(guest: &Guest, method: &str, url: &str) -> Result<String, HostError> {
    let arguments = serde_json::json!({ "method": method, "url": url }).to_string();
    let body = if method == "GET" { Vec::new() } else { b"tea".to_vec() };
    match guest.call(HostCall::decode("http.fetch", arguments.as_bytes(), body).unwrap()).await? {
        HostAnswer::Bytes(bytes) => Ok(String::from_utf8(bytes).unwrap()),
        other => panic!("no answer: {other:?}"),
    }
}

/// What a run with these grants gets for each request, one after the other.
async fn answers(
    house: &House,
    grants: Vec<LineChoice>,
    requests: &'static [(&'static str, &'static str)],
) -> Vec<String> {
    house.install_as(owner(), "scribe", "1.0.0", ASKS_NETWORK, grants).await.unwrap();
    house.script("go", move |guest| async move {
        let mut lines = Vec::new();
        for (method, url) in requests {
            lines.push(fetch(&guest, method, url).await.unwrap_or_else(|error| seen(error).message));
        }
        said(lines.join("\n"))
    });
    let report = house.run("go").await;
    report.text.as_deref().unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_request_is_told_and_a_redirect_is_decided_like_any_other() {
    let house = House::new();
    let found = answers(
        &house,
        vec![allow(Some("a.org")), allow(Some("b.org/in"))],
        &[
            ("GET", "https://a.org/x"),
            ("GET", "https://a.org/to/b.org/in/y"),
            ("GET", "https://a.org/to/b.org/out"),
            ("GET", "https://a.org/to/169.254.169.254/latest"),
            ("GET", "https://a.org/to/127.0.0.1/"),
            ("POST", "https://a.org/to/c.org/z"),
        ],
    )
    .await;
    assert_eq!(found[..2], ["GET https://a.org/x", "GET https://b.org/in/y"]);
    let denied = |what: &str, rule: &str, target: &str| {
        format!("not allowed to {what}: {rule}; to allow it: oikos grant scribe network=allow:{target}")
    };
    let outside = |host: &str| format!("{host} is not among the hosts of network");
    assert_eq!(
        found[2..],
        [
            denied("read https://b.org/out", "/out is not among the paths of network at b.org", "b.org"),
            denied("read https://169.254.169.254/latest", &outside("169.254.169.254"), "169.254.169.254"),
            denied("read https://127.0.0.1/", &outside("127.0.0.1"), "127.0.0.1"),
            denied("send 3 bytes to https://c.org/z (POST)", &outside("c.org"), "c.org"),
        ]
    );
    // Each hop that happened is told, the first half of what went wrong as well.
    let run = house.kernel.run_list(&owner(), 1).unwrap()[0].run;
    let told = house.told(run).join("\n");
    for line in [
        "read 2 bytes from https://a.org/x",
        "read 1 byte from https://b.org/in/y",
        "about to send 3 bytes to https://a.org/to/c.org/z (POST)",
        "sent 3 bytes to https://a.org/to/c.org/z (POST), which answered 200",
        "BLOCKED: wanted to read https://169.254.169.254/latest; 169.254.169.254 is not among the hosts of network",
    ] {
        let line = line.replace("read 2 bytes", "read 1 byte");
        assert!(told.contains(&line), "{line}\n{told}");
    }
    let gone = house.kernel.undo(owner(), run).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::Conflict);
    assert!(gone.message.starts_with("what was sent cannot be taken back: sent 3 bytes to https://a.org"), "{gone}");
}

/// Hosts that the owner names add up while the word is the same, and a new word begins anew.
#[tokio::test]
async fn hosts_are_granted_one_by_one_and_taken_back() {
    let house = House::new();
    let asks: &[_] = &[("GET", "https://a.org/"), ("GET", "http://127.0.0.1:8080/"), ("GET", "https://b.org/")];
    let first = answers(&house, vec![allow(Some("a.org"))], asks).await;
    assert_eq!(first[0], "GET https://a.org/");
    let command = "to allow it: oikos grant scribe network=allow:127.0.0.1:8080";
    assert!(first[1].ends_with(command), "{}", first[1]);
    let again = async || house.run("go").await.text.clone().unwrap();
    let grant = async |choice: LineChoice| {
        house.kernel.grant_set(owner(), app("scribe"), vec![choice]).await.map(|views| {
            let view = views.into_iter().find(|view| view.line.line.as_str() == "network").unwrap();
            format!("{} {}", view.line.state, view.line.sentence)
        })
    };
    assert_eq!(grant(allow(Some("127.0.0.1:8080"))).await.unwrap(), "allow talk to a.org, 127.0.0.1:8080");
    let all = again().await;
    assert!(
        all.starts_with("GET https://a.org/\nGET http://127.0.0.1:8080/\nnot allowed to read https://b.org/"),
        "{all}"
    );
    assert_eq!(grant(choice("network", GrantState::Block, None)).await.unwrap(), "block talk to any public host");
    assert!(again().await.lines().all(|line| line.contains("network is blocked") || line.contains("your own machine")));
    assert_eq!(grant(allow(Some("b.org"))).await.unwrap(), "allow talk to b.org");
    assert!(again().await.ends_with("GET https://b.org/"));
    let refused = grant(choice("network", GrantState::Block, Some("b.org"))).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    // A word about the switch alone makes it no wider.
    assert_eq!(grant(choice("network", GrantState::Ask, None)).await.unwrap(), "ask talk to b.org");
    let only = |hosts: &[&str]| LineChoice {
        only: Some(hosts.iter().map(|host| (*host).to_owned()).collect()),
        ..allow(None)
    };
    assert_eq!(grant(allow(Some("b.org"))).await.unwrap(), "allow talk to b.org");
    assert_eq!(grant(allow(Some("c.org"))).await.unwrap(), "allow talk to b.org, c.org");
    assert_eq!(grant(only(&["c.org"])).await.unwrap(), "allow talk to c.org");
    let again = again().await;
    assert!(again.contains("not allowed to read https://b.org/"), "{again}");
    let refused = grant(only(&[])).await.unwrap_err();
    assert_eq!((refused.code, refused.hint.is_some()), (ErrorCode::Usage, true));
    let refused = grant(LineChoice { target: Some("d.org".to_owned()), ..only(&["c.org"]) }).await.unwrap_err();
    assert!(refused.message.contains("not both at once"), "{}", refused.message);
    // Who looked before somebody else changed it changes nothing.
    let view = house.kernel.grant_list(&owner(), &app("scribe")).unwrap();
    let of = view.iter().find(|view| view.line.line.as_str() == "network").unwrap().grant;
    assert!(of.is_some());
    grant(LineChoice { of, ..choice("network", GrantState::Ask, None) }).await.unwrap();
    let stale = grant(LineChoice { of, ..only(&["any public host"]) }).await.unwrap_err();
    assert_eq!(stale.code, ErrorCode::Conflict);
    let refused = grant(allow(Some("http://user@b.org"))).await.unwrap_err();
    assert!(refused.message.contains("names no host"), "{}", refused.message);
}

/// What a run read of the owner's and of strangers does not leave together.
#[tokio::test]
async fn with_both_labels_nothing_is_sent() {
    let house = House::new();
    house.world.put("/work/diary.txt", "private");
    let mut grants = crate::house::allowed();
    grants.push(allow(Some("a.org")));
    house.install_as(owner(), "scribe", "1.0.0", ASKS_NETWORK, grants).await.unwrap();
    house.script("go", |guest| async move {
        guest.read("work/diary.txt").await.map_err(threw)?;
        // Its own word to a host that was granted: nothing a stranger said had a part in it.
        fetch(&guest, "GET", "https://a.org/").await.map_err(threw)?;
        let mut refused = Vec::new();
        for (method, url) in [("GET", "https://a.org/?q=diary"), ("POST", "https://a.org/")] {
            let error = seen(fetch(&guest, method, url).await.unwrap_err());
            assert_eq!(error.code, DENIED);
            refused.push(error.message);
        }
        said(refused.join("\n"))
    });
    let report = house.run("go").await;
    let text = report.text.as_deref().unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| line.ends_with("cannot be shown to you yet")), "{text}");
    assert!(!text.contains("diary"), "a query may hold what nobody should read");
}

/// A run of `scribe` that somebody starts: what it says.
async fn run_by(house: &House, caller: Caller, action: &str) -> String {
    let viewer = house.start_as(caller, "scribe", action, serde_json::json!({}), None, &[]).await.unwrap();
    ended(viewer).await.1.text.clone().unwrap()
}

#[tokio::test]
async fn what_a_program_has_read_in_one_run_counts_in_its_next_for_an_hour() {
    let mut house = House::new();
    house.world.put("/work/diary.txt", "private");
    let mut grants = crate::house::allowed();
    grants.push(allow(Some("a.org")));
    house.install_as(owner(), "scribe", "1.0.0", ASKS_NETWORK, grants).await.unwrap();
    house.script("go", |guest| async move {
        guest.read("work/diary.txt").await.map_err(threw)?;
        said("read")
    });
    house.script("also", |guest| async move {
        said(match fetch(&guest, "GET", "https://a.org/").await {
            Ok(_) => "sent".to_owned(),
            Err(error) => seen(error).message,
        })
    });
    let program = |name: &str| Caller {
        door: Door::Key,
        rights: Rights::of(&[Right::Read, Right::Run]),
        client: Some(ClientId::Program(name.parse().unwrap())),
        ..owner()
    };
    let (one, two) = (program("one"), program("two"));
    let is_refused = |said: String| said.ends_with("cannot be shown to you yet");
    assert_eq!(run_by(&house, one, "also").await, "sent");
    assert_eq!(run_by(&house, one, "go").await, "read");
    assert!(is_refused(run_by(&house, one, "also").await));
    for free in [two, owner()] {
        assert_eq!(run_by(&house, free, "also").await, "sent");
    }
    // What it has read it has read, whichever process knows it. The grant is written behind what the runs have left.
    house.kernel.grant_set(owner(), app("scribe"), vec![allow(Some("a.org"))]).await.unwrap();
    house.restart();
    house.clock.advance_ms(55 * 60_000);
    assert!(is_refused(run_by(&house, one, "also").await));
    // To be refused is to read nothing.
    house.clock.advance_ms(7 * 60_000);
    assert_eq!(run_by(&house, one, "also").await, "sent");
    // Who looks at what another one's run said has read it too.
    let viewer = house.start_as(owner(), "scribe", "go", serde_json::json!({}), None, &[]).await.unwrap();
    let run = viewer.run();
    ended(viewer).await;
    house.kernel.run_follow(&one, run, 0).unwrap();
    assert!(is_refused(run_by(&house, one, "also").await));
    assert_eq!(run_by(&house, two, "also").await, "sent");
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_with_the_next_request() {
    let house = House::new();
    house.install_as(owner(), "scribe", "1.0.0", ASKS_NETWORK, vec![allow(Some("a.org"))]).await.unwrap();
    let kernel = house.kernel.clone();
    house.script("go", move |guest| {
        let kernel = kernel.clone();
        async move {
            fetch(&guest, "GET", "https://a.org/").await.map_err(threw)?;
            kernel.grant_set(owner(), app("scribe"), vec![choice("network", GrantState::Block, None)]).await.unwrap();
            let error = seen(fetch(&guest, "GET", "https://a.org/").await.unwrap_err());
            assert_eq!(error.code, DENIED);
            kernel.grant_set(owner(), app("scribe"), vec![allow(Some("a.org"))]).await.unwrap();
            said(fetch(&guest, "GET", "https://a.org/").await.map_err(threw)?)
        }
    });
    assert_eq!(house.run("go").await.text.as_deref(), Some("GET https://a.org/"));
}

#[tokio::test]
async fn what_is_sent_is_announced_and_its_end_is_told() {
    let cases = [
        (EffectError::Guest(GuestError::new(ErrorCode::NetworkFailed, "nobody listens")), EffectState::NotDone),
        (EffectError::Unknown(GuestError::new(ErrorCode::NetworkFailed, "it was cut")), EffectState::Unknown),
    ];
    for (how, state) in cases {
        let house = House::new();
        let store = house.store.clone();
        house.world.between(move || {
            assert_eq!(
                store.keys(OwnerId::LOCAL, Space::Intent).len(),
                1,
                "the intent is there before anything is sent"
            );
            Some(how)
        });
        let found = answers(&house, vec![allow(Some("a.org"))], &[("DELETE", "https://a.org/x")]).await;
        assert!(["nobody listens", "it was cut"].contains(&found[0].as_str()));
        let run = house.kernel.run_list(&owner(), 1).unwrap()[0].run;
        let events: Vec<_> = house
            .events(run)
            .into_iter()
            .filter(|event| matches!(event, AuditEvent::Intent { .. } | AuditEvent::Outcome { .. }))
            .collect();
        assert_eq!(events, [AuditEvent::Intent { effect: 1 }, AuditEvent::Outcome { effect: 1, state }]);
        assert!(house.store.keys(OwnerId::LOCAL, Space::Intent).is_empty());
        let kept = house.store.keys(OwnerId::LOCAL, Space::Trash).len();
        assert_eq!(kept, usize::from(state == EffectState::Unknown), "that it cannot be taken back is known");
    }
}

/// The owner's own act goes where they said, and not where an answer says, if that is their own network.
#[tokio::test]
async fn an_install_from_the_web_is_the_owners_own_errand() {
    let house = House::new();
    let offer = async |source: &str| {
        house.kernel.app_offer(owner(), source.to_owned(), None, false).await.map(drop).unwrap_err().message
    };
    assert_eq!(offer("https://a.org/x.aisapp").await, "there is no network in this house");
    assert_eq!(offer("http://127.0.0.1:8080/x.aisapp").await, "there is no network in this house");
    assert!(offer("https://").await.contains("no web address"));
    // In the owner's own network, only they name anything: whoever has a key need not be them, nor is another owner.
    let key = Caller { door: Door::Key, ..script() };
    for caller in [key, Caller { door: Door::Page, ..owner_of(OwnerId(2)) }] {
        for source in
            ["http://127.0.0.1:8080/x", "http://localhost/x", "https://169.254.169.254/x", "http://[fd00::1]/"]
        {
            let refused = house.kernel.app_offer(caller, source.to_owned(), None, false).await.map(drop).unwrap_err();
            assert_eq!(refused.code, DENIED, "{source}");
            assert!(refused.message.contains("only you can name it"), "{}", refused.message);
        }
        let public = house.kernel.app_offer(caller, "https://a.org/x".to_owned(), None, false).await;
        assert_eq!(public.map(drop).unwrap_err().message, "there is no network in this house");
    }
    let refused = house.log().into_iter().filter(|record| record.event == AuditEvent::Refused).count();
    assert_eq!(refused, 8, "each of the owner's own with one line");
}

/// What is on this machine and its network is opened to an app by who sits at it, and not by another owner in a browser.
#[tokio::test]
async fn another_owner_opens_nothing_of_this_network() {
    let house = House::new();
    house.kernel.owner_new(&owner(), "ben".parse().unwrap()).unwrap();
    let page = Caller { door: Door::Page, ..owner_of(OwnerId(2)) };
    let asks = r#"{ "network": true, "ai": false }"#;
    let allow = |target| vec![allow(Some(target))];
    let near = [
        "127.0.0.1:7070",
        "localhost:80",
        "169.254.169.254:80",
        "10.0.0.1",
        "[::1]:80",
        "[fd00::1]",
        "printer",
        "nas.local",
        "*.home.lan",
        "http://0x7f.1/",
        "[::ffff:192.168.0.1]",
    ];
    house.install_as(owner_of(OwnerId(2)), "fetcher", "1.0.0", asks, vec![]).await.unwrap();
    for target in near {
        let refused = house.kernel.grant_set(page, app("fetcher"), allow(target)).await.unwrap_err();
        assert_eq!(refused.code, DENIED, "{target}: {}", refused.message);
        let package = house.packed("other", "1.0.0", asks);
        let (offer, _) = house.offer(owner_of(OwnerId(2)), &package).await.unwrap();
        let refused = house.kernel.app_install(page, offer, allow(target)).await.map(drop).unwrap_err();
        assert_eq!(refused.code, DENIED, "{target}: {}", refused.message);
    }
    house.kernel.grant_set(page, app("fetcher"), allow("example.org")).await.unwrap();
    house.install_as(owner(), "fetcher", "1.0.0", asks, vec![]).await.unwrap();
    for caller in [owner(), Caller { door: Door::Page, ..owner() }] {
        house.kernel.grant_set(caller, app("fetcher"), allow("127.0.0.1:7070")).await.unwrap();
    }
    // Where they sit at the machine, it is theirs as well.
    house.kernel.grant_set(owner_of(OwnerId(2)), app("fetcher"), allow("127.0.0.1:7070")).await.unwrap();
}
