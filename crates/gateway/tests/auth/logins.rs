//! Browsers: signed in by a link, let in by two secrets, signed out. And the first key of a household without a person.

use crate::house::{HOME, House, OTHER, code, get, head, owner, owner_of};
use gateway::Refusal;
use gateway::auth::{
    Admitted, BOOTSTRAP_LIFE_MS, FAILURES_FREE, LINK_LIFE_MS, LOGIN_LIFE_MS, LOGINS_MAX, SignedIn, Used,
};
use http::request::Parts;
use protocol::{Caller, Door, ErrorCode, OwnerId, Right, Rights};

const OURS: (&str, &str) = ("origin", "http://127.0.0.1:7070");

/// What our page sends to sign in.
fn post(headers: &[(&str, &str)]) -> Parts {
    let all = [&[("content-type", "application/json"), ("user-agent", "Firefox 150")], headers].concat();
    head("POST", "/api/v1/login", &all)
}

impl House {
    /// A link, as the owner's terminal shows it.
    fn link(&self, owner: OwnerId) -> String {
        let (url, _) = self.access.link(&owner_of(owner)).unwrap();
        let (page, secret) = url.expose().split_once('#').unwrap();
        assert_eq!(page, "http://127.0.0.1:7070/");
        secret.to_owned()
    }

    fn sign_in(&self, link: &str) -> Result<SignedIn, Refusal> {
        self.access.sign_in(&post(&[OURS]), HOME.parse().unwrap(), link)
    }

    /// A request of a page: the cookie, and what it holds.
    fn page(&self, method: &str, cookie: &str, page: Option<&str>) -> Result<Admitted, Refusal> {
        let cookie = format!("oikos-login-7070={cookie}");
        let mut headers = vec![("cookie", cookie.as_str()), OURS];
        headers.extend(page.map(|page| ("oikos-page", page)));
        self.send(HOME, &head(method, "/api/v1/apps", &headers))
    }
}

#[test]
fn a_link_signs_one_browser_in_and_its_page_is_a_person() {
    let mut house = House::new();
    let link = house.link(OTHER);
    let made = house.sign_in(&link).unwrap();
    assert_eq!((made.login.browser.as_str(), made.cookie.expose() == made.page.expose()), ("Firefox 150", false));
    assert_eq!(code(house.sign_in(&link)), ErrorCode::Unauthenticated, "a link is good for one");
    let (cookie, page) = (made.cookie.expose(), made.page.expose());
    for _ in 0..2 {
        let admitted = house.page("POST", cookie, Some(page)).unwrap();
        assert_eq!(admitted.caller, Caller { door: Door::Page, rights: Rights::OWNER, ..owner_of(OTHER) });
        assert_eq!(admitted.credential, Used::Login(made.login.id));
        assert!(admitted.caller.has_presence());
        house.again();
    }
}

#[test]
fn a_cookie_without_its_page_lets_nobody_in() {
    let house = House::new();
    let first = house.sign_in(&house.link(OwnerId::LOCAL)).unwrap();
    let second = house.sign_in(&house.link(OwnerId::LOCAL)).unwrap();
    let (cookie, page) = (first.cookie.expose(), first.page.expose());
    let refused = |cookie: &str, page: Option<&str>| code(house.page("GET", cookie, page));
    assert_eq!(refused(cookie, None), ErrorCode::Unauthenticated);
    assert_eq!(refused(cookie, Some("")), ErrorCode::Unauthenticated);
    assert_eq!(refused(cookie, Some(second.page.expose())), ErrorCode::Unauthenticated);
    assert_eq!(refused(cookie, Some(cookie)), ErrorCode::Unauthenticated);
    assert_eq!(refused(page, Some(cookie)), ErrorCode::Unauthenticated);
    assert!(house.page("GET", cookie, Some(page)).is_ok());
    // What a listener at another port of this host has seen is worth nothing as a key either.
    assert_eq!(code(house.bear(HOME, cookie)), ErrorCode::Unauthenticated);
    assert_eq!(code(house.bear(HOME, page)), ErrorCode::Unauthenticated);
    // A WebSocket cannot send the header, but it can name it among its protocols.
    let (cookie, words) = (format!("oikos-login-7070={cookie}"), format!("oikos.v1, {page}"));
    let upgrade = [("connection", "Upgrade"), ("upgrade", "websocket"), ("cookie", &cookie), OURS];
    let ws = |words: &str| {
        house.send(HOME, &head("GET", "/ws", &[&upgrade[..], &[("sec-websocket-protocol", words)]].concat()))
    };
    assert!(ws(&words).is_ok());
    assert_eq!(code(ws("oikos.v1")), ErrorCode::Unauthenticated);
}

#[test]
fn a_link_is_used_by_our_page_only_and_soon() {
    let house = House::new();
    let link = house.link(OwnerId::LOCAL);
    let from = HOME.parse().unwrap();
    for foreign in [&[("origin", "http://evil.example")][..], &[], &[OURS, ("sec-fetch-site", "cross-site")]] {
        assert_eq!(code(house.access.sign_in(&post(foreign), from, &link)), ErrorCode::OriginRefused);
    }
    let form = head("POST", "/api/v1/login", &[OURS, ("content-type", "text/plain")]);
    assert_eq!(code(house.access.sign_in(&form, from, &link)), ErrorCode::ContentTypeRefused);
    let in_address = head("POST", &format!("/api/v1/login?link={link}"), &[OURS]);
    assert_eq!(code(house.access.sign_in(&in_address, from, &link)), ErrorCode::CredentialInUrl);
    assert_eq!(code(house.bear(HOME, &link)), ErrorCode::Unauthenticated, "a link is no key");
    house.clock.advance_ms(LINK_LIFE_MS - 1);
    let late = house.link(OwnerId::LOCAL);
    assert!(house.sign_in(&link).is_ok(), "what was refused did not use it up");
    house.clock.advance_ms(LINK_LIFE_MS);
    assert_eq!(code(house.sign_in(&late)), ErrorCode::Unauthenticated);
    // Links of one owner do not push out those of another.
    let theirs = house.link(OTHER);
    let mine: Vec<_> = (0..20).map(|_| house.link(OwnerId::LOCAL)).collect();
    assert!(house.sign_in(&theirs).is_ok());
    // The newest first: what was forgotten counts as wrong.
    assert_eq!(mine.iter().rev().filter(|link| house.sign_in(link).is_ok()).count(), 4);
}

#[test]
fn two_that_use_one_link_at_once_are_one_login() {
    let house = House::new();
    let link = house.link(OwnerId::LOCAL);
    let signed_in: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| usize::from(house.sign_in(&link).is_ok()))).collect();
        tries.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(signed_in, 1);
}

#[test]
fn a_thousand_wrong_links_are_locked_out() {
    let house = House::new();
    let looked_at = (0..1_000)
        .filter(|number| code(house.sign_in(&format!("oikoslink_{number:072x}"))) == ErrorCode::Unauthenticated)
        .count();
    assert_eq!(looked_at, FAILURES_FREE as usize);
    // Keys go their own way.
    let (_, key) = house.key(&owner(), "script", &[Right::Read], None);
    assert!(house.bear(HOME, &key).is_ok());
}

#[test]
fn a_browser_is_signed_out_by_its_owner_by_time_and_by_newer_ones() {
    let mut house = House::new();
    let made = house.sign_in(&house.link(OwnerId::LOCAL)).unwrap();
    let (cookie, page) = (made.cookie.expose().to_owned(), made.page.expose().to_owned());
    let open = house.page("GET", &cookie, Some(&page)).unwrap().revocation;
    let logins = house.access.logins();
    assert_eq!(logins.revoke(&owner_of(OTHER), made.login.id, &house.clock).unwrap_err().code, ErrorCode::NotFound);
    let by_key = Caller { door: Door::Key, ..owner() };
    assert_eq!(logins.revoke(&by_key, made.login.id, &house.clock).unwrap_err().code, ErrorCode::PermissionDenied);
    logins.revoke(&owner(), made.login.id, &house.clock).unwrap();
    use protocol::Clock as _;
    assert!(open.is_over(house.clock.now()));
    assert_eq!(code(house.page("GET", &cookie, Some(&page))), ErrorCode::Unauthenticated);

    let made = house.sign_in(&house.link(OwnerId::LOCAL)).unwrap();
    let (cookie, page) = (made.cookie.expose().to_owned(), made.page.expose().to_owned());
    house.clock.advance_ms(LOGIN_LIFE_MS);
    assert_eq!(code(house.page("GET", &cookie, Some(&page))), ErrorCode::Unauthenticated);
    assert!(house.access.logins().list(&owner(), house.clock.now()).unwrap().is_empty());

    let first = house.sign_in(&house.link(OwnerId::LOCAL)).unwrap();
    for _ in 0..LOGINS_MAX {
        house.clock.advance_ms(1);
        house.sign_in(&house.link(OwnerId::LOCAL)).unwrap();
    }
    assert_eq!(house.access.logins().list(&owner(), house.clock.now()).unwrap().len(), LOGINS_MAX);
    assert_eq!(code(house.page("GET", first.cookie.expose(), Some(first.page.expose()))), ErrorCode::Unauthenticated);
    house.again();
    assert_eq!(house.access.logins().list(&owner(), house.clock.now()).unwrap().len(), LOGINS_MAX);
}

#[test]
fn no_secret_of_a_login_is_in_what_is_kept_or_said() {
    let house = House::new();
    let link = house.link(OwnerId::LOCAL);
    let made = house.sign_in(&link).unwrap();
    let (cookie, page) = (made.cookie.expose().to_owned(), made.page.expose().to_owned());
    house.page("GET", &cookie, Some(&page)).unwrap();
    let said = format!("{made:?} {:?} {}", house.sign_in(&link), house.kept());
    for secret in [&link, &cookie, &page] {
        let body = secret.split_once('_').unwrap().1;
        assert!(!said.contains(&body[..12]), "{said}");
    }
}

#[test]
fn the_bootstrap_token_makes_one_key_once_in_the_life_of_a_household() {
    let mut house = House::new();
    let token = house.access.bootstrap_make().unwrap().unwrap().expose().to_owned();
    house.again();
    assert!(house.access.bootstrap_make().unwrap().is_none(), "there is one already");
    let used = |house: &House, token: &str, name: &str, rights: &[Right]| {
        let parts = head("POST", "/api/v1/bootstrap", &[("content-type", "application/json")]);
        house.access.bootstrap_use(&parts, HOME.parse().unwrap(), token, name.parse().unwrap(), rights)
    };
    assert_eq!(code(used(&house, "oikosfirst_x", "first", Right::OF_KEYS)), ErrorCode::Unauthenticated);
    assert_eq!(code(house.bear(HOME, &token)), ErrorCode::Unauthenticated, "it lets nobody in by itself");
    assert_eq!(code(used(&house, &token, "first", &[Right::Answer])), ErrorCode::InvalidInput);
    let (_, key) = used(&house, &token, "first", Right::OF_KEYS).unwrap();
    assert_eq!(house.bear(HOME, key.expose()).unwrap().caller.owner, OwnerId::LOCAL);
    assert_eq!(code(used(&house, &token, "second", Right::OF_KEYS)), ErrorCode::Unauthenticated);
    let id = house.access.keys().list(&owner()).unwrap()[0].id;
    house.access.keys().revoke(&owner(), id, &house.clock).unwrap();
    house.again();
    assert!(house.access.bootstrap_make().unwrap().is_none(), "never a second one");
    assert!(!house.kept().contains(&token["oikosfirst_".len()..][..12]));
}

#[test]
fn a_bootstrap_token_that_nobody_used_is_over_after_a_day() {
    let house = House::new();
    let token = house.access.bootstrap_make().unwrap().unwrap().expose().to_owned();
    house.clock.advance_ms(BOOTSTRAP_LIFE_MS);
    let parts = head("POST", "/api/v1/bootstrap", &[]);
    let late =
        house.access.bootstrap_use(&parts, HOME.parse().unwrap(), &token, "first".parse().unwrap(), &[Right::Read]);
    assert_eq!(code(late), ErrorCode::Unauthenticated);
    // Who has a key already needs none.
    let other = House::new();
    other.key(&owner(), "script", &[Right::Read], None);
    assert!(other.access.bootstrap_make().unwrap().is_none());
    assert_eq!(code(other.send(HOME, &get(&[]))), ErrorCode::Unauthenticated);
}
