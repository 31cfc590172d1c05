//! Secrets in requests: put in for the host that was decided on, told to nobody else, and not handed back.

use crate::{
    http::{granted, page, send_in, serve, to, unframe, with},
    support::Outcome,
};
use kernel::{
    HeldSecrets,
    host_call::{HostAnswer, HttpCall, HttpRedirect},
};
use protocol::{ErrorCode, SecretText};

const CANARY: &str = "canary+se/cret=1";

fn held(pairs: &[(&str, &str)]) -> HeldSecrets {
    HeldSecrets::new(pairs.iter().map(|(name, value)| ((*name).into(), SecretText::new((*value).into()))).collect())
}

fn get(url: &str, headers: &[(&str, &str)]) -> HttpCall {
    let call = HttpCall {
        method: "GET".into(),
        url: url.into(),
        headers: vec![],
        body: vec![],
        redirect: HttpRedirect::Follow,
        hops: 0,
        secrets: held(&[("github", CANARY)]),
    };
    with(headers, call)
}

const BEARER: &[(&str, &str)] = &[("Authorization", "Bearer {{secret:github}}"), ("x-key", "{{secret:github}}")];

#[test]
fn what_speaks_of_a_secret_says_it_to_its_host() {
    let (address, seen) = serve(|_| page("hello"));
    let house = granted(&[address.to_string()]);
    let scene = house.scene(&house.lease());
    send_in(&house, &scene, get(&format!("http://{address}/a"), BEARER)).done();
    let request = seen.recv().expect("a request");
    assert!(request.contains(&format!("authorization: Bearer {CANARY}\r\n")), "{request}");
    assert!(request.contains(&format!("x-key: {CANARY}\r\n")) && !request.contains("{{"), "{request}");
    assert_eq!(*scene.secrets.lock(), [format!("github to {address}")], "it is told once, before it goes");
}

/// A redirect is another request: nothing that was a secret goes along to another origin, whatever the header is called.
#[test]
fn no_secret_follows_a_redirect() {
    let (address, _seen) = serve(|head| match head.contains("GET /same") {
        true => to("/next", 302),
        false => to("http://127.0.0.1:9/next", 307),
    });
    let house = granted(&[address.to_string(), "127.0.0.1:9".to_owned()]);
    let scene = house.scene(&house.lease());
    let next = |path: &str| match send_in(&house, &scene, get(&format!("http://{address}{path}"), BEARER)).done().answer
    {
        HostAnswer::Redirect(next) => *next,
        other => panic!("no redirect: {other:?}"),
    };
    let same = next("/same");
    assert_eq!((same.headers.len(), same.secrets), (2, HeldSecrets::default()), "what it spoke of is decided anew");
    let other = next("/other");
    assert_eq!((other.headers.len(), other.secrets), (0, HeldSecrets::default()));
}

#[test]
fn what_an_answer_says_of_a_secret_is_not_handed_back() {
    const ESCAPED: &str = "canary%2Bse%2Fcret%3D1";
    let (address, _seen) = serve(|head| {
        if head.contains("GET /away") {
            return to(&format!("http://127.0.0.1:9/?key={CANARY}&again={ESCAPED}"), 302);
        }
        let body = format!("you said {CANARY}, which is {ESCAPED}, {CANARY}");
        format!("HTTP/1.1 200 OK\r\nx-echo: <{CANARY}>\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    });
    let house = granted(&[address.to_string(), "127.0.0.1:9".to_owned()]);
    let scene = house.scene(&house.lease());
    let done = send_in(&house, &scene, get(&format!("http://{address}/echo"), BEARER)).done();
    let (head, body) = unframe(&done);
    assert_eq!(body, "you said «secret», which is «secret», «secret»");
    assert_eq!(head["headers"]["x-echo"], "<«secret»>");
    assert!(!format!("{done:?}").contains("canary"));
    let done = send_in(&house, &scene, get(&format!("http://{address}/away"), BEARER)).done();
    let HostAnswer::Redirect(next) = &done.answer else { panic!("{done:?}") };
    assert!(next.url.starts_with("http://127.0.0.1:9/?key=") && !next.url.contains("canary"), "{}", next.url);
    assert!(!format!("{done:?}").contains("canary"));
}

#[test]
fn smuggled_lines_and_foreign_names_are_refused_without_a_word_of_the_secret() {
    let (address, _seen) = serve(|_| page("hello"));
    let house = granted(&[address.to_string()]);
    let scene = house.scene(&house.lease());
    let url = format!("http://{address}/");
    let check = |call: HttpCall, code: ErrorCode, says: &str| match send_in(&house, &scene, call) {
        Outcome::Failed(error) => {
            let told = format!("{error:?}");
            assert!(told.contains(says) && told.contains(&format!("{code:?}")), "{told}");
            assert!(!told.contains("canary"), "{told}");
        }
        other => panic!("{says}: {other:?}"),
    };
    // What is kept as a secret cannot bring a second header along.
    let lines = HttpCall { secrets: held(&[("github", "canary\r\nx-evil: 1")]), ..get(&url, BEARER) };
    check(lines, ErrorCode::InvalidInput, "no header may");
    check(get(&url, &[("host", "{{secret:github}}")]), ErrorCode::InvalidInput, "not an app's to set");
    check(get(&url, &[("x", "{{secret:github}} {{secret:github}}")]), ErrorCode::InvalidInput, "once in");
    check(get(&url, &[("x", "id:pass{{secret:github}}")]), ErrorCode::InvalidInput, "behind a word");
    // What nobody decided on is not sent, and neither is its name in its place.
    check(get(&url, &[("x", "{{secret:other}}")]), ErrorCode::Internal, "oikos failed");
    assert!(scene.sending.lock().is_none());
}
