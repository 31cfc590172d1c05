//! Secrets go where their owner, the card and the switch all say, and nowhere else.

use crate::scene::Scene;
use broker::{SecretBound, SecretDemand, WebUrl, secret_host_read};
use protocol::{GrantDuration, GrantState, Scope, Zone};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn asking(state: GrantState, hosts: &[&str]) -> Scene {
    let mut scene = Scene::new(Zone::Local);
    scene.grant(Scope::Secret { name: "key".into(), hosts: texts(hosts) }, state, &[], GrantDuration::Always);
    scene
}

fn bound(hosts: &[&str]) -> SecretBound {
    SecretBound::Hosts(texts(hosts))
}

#[track_caller]
fn check(scene: &Scene, name: &str, url: &str, bound: SecretBound, expected: &str) {
    let url = WebUrl::parse(url).unwrap();
    assert_eq!(scene.decide(SecretDemand { name: name.into(), url, bound }), expected);
}

#[test]
fn all_three_have_to_say_yes() {
    let scene = asking(GrantState::Allow, &["api.a.org", "*.b.org"]);
    let yes = "yes: grant secret.key";
    check(&scene, "key", "https://api.a.org/v1?x=y", bound(&["api.a.org"]), yes);
    check(&scene, "key", "https://API.a.org./", bound(&["*.a.org"]), yes);
    check(&scene, "key", "https://x.b.org/", bound(&["c.org", "x.b.org"]), yes);
    check(&scene, "key", "https://api.a.org/", SecretBound::Card, yes);
    let no = |host: &str, rule: &str| format!("no: not allowed to have your secret key sent to {host}: {rule}");
    let outside = |host: &str| no(host, &format!("{host} is not among the hosts that the app names for key"));
    check(&scene, "key", "https://a.org/", bound(&["*.a.org", "a.org"]), &outside("a.org"));
    check(&scene, "key", "https://api.a.org.evil.org/", bound(&["api.a.org"]), &outside("api.a.org.evil.org"));
    check(&scene, "key", "https://evil.org/api.a.org", SecretBound::Card, &outside("evil.org"));
    // Of ports, the owner says which: the usual one, or the one that they name.
    check(&scene, "key", "https://api.a.org:8443/", bound(&["api.a.org:8443"]), yes);
    check(&scene, "key", "https://api.a.org:8443/", SecretBound::Card, &outside("api.a.org:8443"));
    let elsewhere = "your secret key goes to api.a.org and nowhere else, and api.a.org:8443 is not there";
    check(&scene, "key", "https://api.a.org:8443/", bound(&["api.a.org"]), &no("api.a.org:8443", elsewhere));
    check(
        &scene,
        "key",
        "https://x.b.org/",
        bound(&["api.a.org"]),
        &no("x.b.org", "your secret key goes to api.a.org and nowhere else, and x.b.org is not there"),
    );
    let open = asking(GrantState::Allow, &["api.a.org", "192.168.1.5"]);
    check(
        &open,
        "key",
        "http://api.a.org/",
        bound(&["api.a.org:80"]),
        &no("api.a.org:80", "what is sent to api.a.org:80 over http:// can be read on the way"),
    );
    // One's own network is one's own.
    check(&open, "key", "http://192.168.1.5/", bound(&["192.168.1.5:80"]), yes);
    check(&open, "key", "http://192.168.1.5:8080/", SecretBound::Card, yes);
}

#[test]
fn without_a_host_a_secret_goes_nowhere() {
    let scene = asking(GrantState::Allow, &[]);
    check(&scene, "key", "https://a.org/", bound(&["a.org"]), "yes: grant secret.key");
    let unbound =
        "no: not allowed to have your secret key sent to a.org: your secret key names no host, so it is sent to none";
    check(&scene, "key", "https://a.org/", bound(&[]), unbound);
    check(&scene, "key", "https://a.org/", SecretBound::Card, unbound);
}

#[test]
fn the_switch_counts_and_what_was_not_asked_for_is_refused() {
    let url = "https://a.org/";
    check(
        &asking(GrantState::Block, &["a.org"]),
        "key",
        url,
        bound(&["a.org"]),
        "no: not allowed to have your secret key sent to a.org: secret.key is blocked; to allow it: oikos grant tester \
         secret.key=allow",
    );
    check(
        &asking(GrantState::Ask, &["a.org"]),
        "key",
        url,
        bound(&["a.org"]),
        "ask: have your secret key sent to a.org",
    );
    check(
        &asking(GrantState::Allow, &["a.org"]),
        "other",
        url,
        bound(&["a.org"]),
        "no: not allowed to have your secret other sent to a.org: the app never asked for secret.other",
    );
    let browser = Scene::new(Zone::Browser);
    let demand = SecretDemand { name: "key".into(), url: WebUrl::parse(url).unwrap(), bound: bound(&["a.org"]) };
    assert!(browser.decide(demand).starts_with("no"));
}

#[test]
fn hosts_of_a_secret_have_one_form() {
    for (given, expected) in [
        ("API.GitHub.com", Ok("api.github.com")),
        ("https://api.github.com", Ok("api.github.com")),
        ("*.example.com", Ok("*.example.com")),
        ("127.0.0.1:8080", Ok("127.0.0.1:8080")),
        ("[::1]:8080", Ok("[::1]:8080")),
        ("a.org/path", Err("leave the path out")),
        ("*", Err("")),
        ("*.com", Err("stands before a name")),
        ("", Err("")),
        ("a.org?x", Err("")),
    ] {
        match (secret_host_read(given), expected) {
            (Ok(host), Ok(expected)) => assert_eq!(host, expected),
            (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{given}: {error}"),
            (found, _) => panic!("{given}: {found:?}"),
        }
    }
}
