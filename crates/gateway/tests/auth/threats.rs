//! Each row of the threat catalogue that is about doors: what must happen, and what must go on working beside it.

use crate::house::{HOME, House, OTHER, code, get, head, owner, owner_of};
use gateway::auth::{Credential, FAILURES_FREE, Kind, LOCK_FIRST_MS};
use protocol::{ErrorCode, Right};
use testkit::TestEntropy;

fn wrong(number: u64) -> String {
    Credential::generate(Kind::Key, &TestEntropy::seeded(1_000 + number)).text().expose().to_owned()
}

#[test]
fn a_name_that_was_rebound_to_us_is_refused_even_with_a_right_key() {
    let house = House::new();
    let (_, key) = house.key(&owner(), "script", &[Right::Read], None);
    let mut parts = get(&[("authorization", &format!("Bearer {key}"))]);
    parts.headers.insert("host", "evil.example:7070".parse().unwrap());
    let refusal = house.send(HOME, &parts).unwrap_err();
    assert_eq!((refusal.failure.code, refusal.status().as_u16()), (ErrorCode::HostRefused, 421));
}

#[test]
fn a_page_of_another_site_is_refused_even_with_a_right_key() {
    let house = House::new();
    let (_, key) = house.key(&owner(), "script", &[Right::Read], None);
    let bearer = format!("Bearer {key}");
    for foreign in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "same-site")] {
        let refusal = house.send(HOME, &get(&[("authorization", &bearer), foreign])).unwrap_err();
        assert_eq!((refusal.failure.code, refusal.status().as_u16()), (ErrorCode::OriginRefused, 403));
    }
    assert!(house.send(HOME, &get(&[("authorization", &bearer)])).is_ok());
}

#[test]
fn a_websocket_of_another_page_is_refused() {
    let house = House::new();
    let (_, key) = house.key(&owner(), "script", &[Right::Read], None);
    let bearer = format!("Bearer {key}");
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket"), ("authorization", bearer.as_str())];
    let with = |origin: &'static str| head("GET", "/ws", &[&upgrade[..], &[("origin", origin)]].concat());
    assert_eq!(code(house.send(HOME, &with("http://evil.example"))), ErrorCode::OriginRefused);
    assert!(house.send(HOME, &with("http://localhost:7070")).is_ok());
    assert!(house.send(HOME, &head("GET", "/ws", &upgrade)).is_ok(), "a program has no origin");
}

#[test]
fn a_key_in_an_address_is_refused_though_it_is_right() {
    let house = House::new();
    let (_, key) = house.key(&owner(), "script", &[Right::Read], None);
    let bearer = format!("Bearer {key}");
    for path in [format!("/api/v1/apps?token={key}"), format!("/api/v1/apps/{key}"), format!("/ws?x={key}")] {
        let refusal = house.send(HOME, &head("GET", &path, &[("authorization", &bearer)])).unwrap_err();
        assert_eq!((refusal.failure.code, refusal.status().as_u16()), (ErrorCode::CredentialInUrl, 400));
        assert!(!format!("{refusal:?}").contains(&key[6..18]));
    }
}

#[test]
fn a_thousand_wrong_keys_are_locked_out_and_the_owner_is_not() {
    let house = House::new();
    let (_, known) = house.key(&owner(), "known", &[Right::Read], None);
    let (_, fresh) = house.key(&owner(), "fresh", &[Right::Read], None);
    house.bear(HOME, &known).unwrap();
    let mut answers = std::collections::BTreeMap::new();
    for number in 0..1_000 {
        let refusal = house.bear(HOME, &wrong(number)).unwrap_err();
        assert_eq!(refusal.retry_after_seconds().is_some(), refusal.status() == 429);
        *answers.entry(refusal.failure.code).or_insert(0) += 1;
    }
    let expected = [(ErrorCode::Unauthenticated, FAILURES_FREE), (ErrorCode::RateLimited, 1_000 - FAILURES_FREE)];
    assert_eq!(answers, expected.into());
    // A right one that is new there waits as well: nobody can tell by asking whether a guess is right.
    assert_eq!(code(house.bear(HOME, &fresh)), ErrorCode::RateLimited);
    assert!(house.bear(HOME, &known).is_ok(), "what was right there before goes on");
    assert!(house.bear("192.0.2.9", &fresh).is_ok(), "another address is not concerned");
    house.clock.advance_ms(LOCK_FIRST_MS);
    assert!(house.bear(HOME, &fresh).is_ok());
    assert_eq!(
        house.kept().matches("wrong").count() + house.kept().matches("access_locked").count(),
        1,
        "one line says so"
    );
}

#[test]
fn a_thousand_wrong_keys_at_once_are_no_more() {
    let house = House::new();
    let looked_at = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (house, looked_at) = (&house, &looked_at);
            scope.spawn(move || {
                for number in 0..125 {
                    if code(house.bear(HOME, &wrong(thread * 1_000 + number))) == ErrorCode::Unauthenticated {
                        looked_at.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                }
            });
        }
    });
    // Those that were under way when the last free one failed are the only ones more.
    assert!(looked_at.into_inner() <= FAILURES_FREE + 8);
}

/// Whatever is guessed at: as many guesses are looked at as a person needs who mistypes, and no more.
#[test]
fn every_way_in_counts_guesses() {
    const GUESSES: u32 = 1_000;
    let house = House::new();
    house.access.bootstrap_make().unwrap().unwrap();
    let origin = ("origin", "http://127.0.0.1:7070");
    let post = head("POST", "/api/v1/sign-in", &[("content-type", "application/json"), origin]);
    let link = house.access.link(&owner()).unwrap().0;
    let link = link.expose().split_once('#').unwrap().1;
    let signed = house.access.sign_in(&post, HOME.parse().unwrap(), link).unwrap();
    let cookie = format!("oikos-login-7070={}", signed.cookie.expose());
    let page = |page: &str| house.send(HOME, &get(&[("cookie", &cookie), origin, ("oikos-page", page)])).map(drop);
    let login = |login: &str| {
        let cookie = format!("oikos-login-7070={login}");
        house.send(HOME, &get(&[("cookie", &cookie), origin, ("oikos-page", signed.page.expose())])).map(drop)
    };
    let bootstrap = |token: &str| {
        let name = "first".parse().unwrap();
        house.access.bootstrap_use(&post, HOME.parse().unwrap(), token, name, &[Right::Read]).map(drop)
    };
    let link = |link: &str| house.access.sign_in(&post, HOME.parse().unwrap(), link).map(drop);
    let check = |kind: Kind, way: &dyn Fn(&str) -> Result<(), gateway::Refusal>| {
        let mut answers = std::collections::BTreeMap::new();
        for number in 0..GUESSES {
            let guess = Credential::generate(kind, &TestEntropy::seeded(5_000 + u64::from(number))).text();
            *answers.entry(code(way(guess.expose()))).or_insert(0) += 1;
        }
        let looked_at =
            [(ErrorCode::Unauthenticated, FAILURES_FREE), (ErrorCode::RateLimited, GUESSES - FAILURES_FREE)];
        assert_eq!(answers, looked_at.into(), "{kind:?}");
    };
    page(signed.page.expose()).unwrap();
    check(Kind::Page, &page);
    check(Kind::Login, &login);
    check(Kind::Bootstrap, &bootstrap);
    check(Kind::Link, &link);
    assert!(page(signed.page.expose()).is_ok(), "who was right there before goes on");
}

#[test]
fn a_stale_script_does_not_lock_the_owner_out() {
    let house = House::new();
    let (old, stale) = house.key(&owner(), "old", &[Right::Read], None);
    house.access.keys().revoke(&owner(), old.id, &house.clock).unwrap();
    for _ in 0..1_000 {
        house.bear(HOME, &stale).unwrap_err();
    }
    let (_, fresh) = house.key(&owner(), "fresh", &[Right::Read], None);
    assert!(house.bear(HOME, &fresh).is_ok());
}

#[test]
fn a_key_of_one_owner_is_never_another_owners() {
    let house = House::new();
    let (view, key) = house.key(&owner_of(OTHER), "script", &[Right::Read, Right::Manage], None);
    let caller = house.bear(HOME, &key).unwrap().caller;
    assert_eq!(caller.owner, OTHER);
    assert!(house.access.keys().list(&owner()).unwrap().is_empty());
    assert_eq!(house.access.keys().revoke(&owner(), view.id, &house.clock).unwrap_err().code, ErrorCode::NotFound);
    // Naming another owner from a network changes nothing.
    let bearer = format!("Bearer {key}");
    let parts = get(&[("authorization", &bearer), ("oikos-owner", "oikos")]);
    assert_eq!(house.send(HOME, &parts).unwrap().caller.owner, OTHER);
}

#[test]
fn without_a_credential_nothing_is_said_about_what_there_is() {
    let house = House::new();
    let said = |path: &str| house.send(HOME, &head("GET", path, &[])).unwrap_err().failure;
    assert_eq!(said("/api/v1/apps/scribe"), said("/api/v1/nothing"));
    assert_eq!(said("/").code, ErrorCode::Unauthenticated);
}
