//! Containers: which image a name means, what its registry may answer, and the line that an owner is told.

use crate::{launching::found, support::planned};
use mcp::import::{Image, Proposal, read_image_manifest, read_token};
use protocol::{Digest, sha256};
use serde_json::json;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn digest() -> Digest {
    HEX.parse().unwrap()
}

fn container(engine: &str, args: &[&str], environment: &[(&str, &str)]) -> Proposal {
    let environment: serde_json::Map<_, _> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    planned(&found(&json!({ "command": engine, "args": args, "env": environment })))
}

#[test]
fn names_are_read_as_engines_read_them() {
    let check = |name: &str, url: &str, pinned: &str| {
        let image = Image::read(name).unwrap();
        assert_eq!(image.manifest_url(), url, "{name}");
        assert_eq!(image.pinned(digest()), format!("{pinned}@sha256:{HEX}"), "{name}");
        assert_eq!(image.digest(), None);
    };
    let usual = "https://registry-1.docker.io/v2";
    check("alpine", &format!("{usual}/library/alpine/manifests/latest"), "docker.io/library/alpine");
    check("alpine:3.20", &format!("{usual}/library/alpine/manifests/3.20"), "docker.io/library/alpine");
    check("mcp/time", &format!("{usual}/mcp/time/manifests/latest"), "docker.io/mcp/time");
    check("docker.io/mcp/time:1", &format!("{usual}/mcp/time/manifests/1"), "docker.io/mcp/time");
    check("index.docker.io/alpine", &format!("{usual}/library/alpine/manifests/latest"), "docker.io/library/alpine");
    check("ghcr.io/org/a_b/c-d:v1.2", "https://ghcr.io/v2/org/a_b/c-d/manifests/v1.2", "ghcr.io/org/a_b/c-d");
    check("example.com:5000/name", "https://example.com:5000/v2/name/manifests/latest", "example.com:5000/name");
    check("localhost:5000/name", "http://localhost:5000/v2/name/manifests/latest", "localhost:5000/name");
    check("127.0.0.1:5000/name", "http://127.0.0.1:5000/v2/name/manifests/latest", "127.0.0.1:5000/name");
    let pinned = Image::read(&format!("ghcr.io/org/name:1@sha256:{HEX}")).unwrap();
    assert_eq!(pinned.digest(), Some(digest()));
    for name in [
        "",
        "/name",
        "Name",
        "a//b",
        "../etc",
        "ghcr.io/../x",
        "ghcr.io/org/..",
        "name:",
        "name:-x",
        "name:a/b",
        "name@sha256:12",
        "name@md5:0123",
        "a b",
        "x.:5000/name",
        "example.com:0/name",
        "example.com:99999/name",
        "user:pass@example.com/name",
        "example.com?x/name",
    ] {
        assert!(Image::read(name).is_err(), "{name}");
    }
}

#[test]
fn a_token_is_asked_for_to_read_this_image_and_nothing_else() {
    let image = Image::read("mcp/time:1").unwrap();
    let url = |challenge: &str| image.token_url(challenge);
    let usual =
        r#"Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:other:push""#;
    let expected = "https://auth.example.com/token?service=registry.example.com&scope=repository%3Amcp%2Ftime%3Apull";
    assert_eq!(url(usual).unwrap(), expected);
    assert_eq!(
        url(r#"Basic realm="x", bearer Realm="https://a.example/t?a=b#c""#).unwrap(),
        "https://a.example/t?a=b&scope=repository%3Amcp%2Ftime%3Apull"
    );
    for challenge in [
        "",
        "Basic realm=\"https://a.example\"",
        "Bearer",
        "Bearer realm=\"nowhere\"",
        "Bearer realm=\"file:///etc/passwd\"",
        "Bearer realm=\"http://a.example/token\"",
        "Bearer realm=\"http://127.0.0.1/token\"",
    ] {
        assert!(url(challenge).is_err(), "{challenge}");
    }
    // A registry of this machine may send to this machine, and to nobody else without TLS.
    let here = Image::read("localhost:5000/name").unwrap();
    assert!(here.token_url("Bearer realm=\"http://127.0.0.1:5001/token\"").is_ok());
    assert!(here.token_url("Bearer realm=\"http://a.example/token\"").is_err());
}

#[test]
fn answers_of_registries_are_read_before_they_count() {
    assert_eq!(read_token(br#"{"token":"abc"}"#).unwrap().expose(), "abc");
    assert_eq!(read_token(br#"{"access_token":"abc","expires_in":60}"#).unwrap().expose(), "abc");
    for answer in [&b"{}"[..], b"abc", br#"{"token":""}"#, br#"{"token":"a b"}"#, br#"{"token":"a\r\nx: y"}"#] {
        assert!(read_token(answer).is_err(), "{}", String::from_utf8_lossy(answer));
    }
    let index = json!({ "schemaVersion": 2, "manifests": [] }).to_string();
    let own = sha256(index.as_bytes());
    assert_eq!(read_image_manifest(index.as_bytes(), None).unwrap(), own);
    assert_eq!(read_image_manifest(index.as_bytes(), Some(&format!("sha256:{own}"))).unwrap(), own);
    let other = read_image_manifest(index.as_bytes(), Some(&format!("sha256:{HEX}"))).unwrap_err();
    assert!(other.message.contains("changed it"), "{other}");
    let one = json!({ "schemaVersion": 2, "config": {}, "layers": [] }).to_string();
    assert!(read_image_manifest(one.as_bytes(), None).is_ok());
    // The digest of the oldest form is not that of the bytes that come.
    for other in [json!({ "schemaVersion": 1, "layers": [] }), json!({ "schemaVersion": 2 }), json!([])] {
        assert!(read_image_manifest(other.to_string().as_bytes(), None).is_err(), "{other}");
    }
    assert!(read_image_manifest(b"<html>", None).is_err());
}

#[test]
fn an_owner_is_told_the_line_that_starts_just_these_bytes() {
    let check = |proposal: &Proposal, line: &str| {
        assert!(proposal.only_a_container().is_some() && proposal.steps.is_empty(), "{:?}", proposal.refusals);
        let told = proposal.outside(Ok(digest()));
        assert_eq!(told.code, "container_outside");
        let hint = told.hint.unwrap();
        let found = hint.split_once("bytes").unwrap().1.split_once(": ").unwrap().1;
        assert_eq!(found, line.replace("DIGEST", &format!("sha256:{HEX}")));
        hint
    };
    let plain = container("docker", &["run", "-i", "--rm", "ghcr.io/org/name:1", "serve", "a b"], &[]);
    let hint = check(&plain, "docker run -i --rm ghcr.io/org/name@DIGEST serve 'a b'");
    assert!(hint.starts_with("if its author publishes"), "{hint}");
    let podman = container("podman", &["run", "--rm", "-it", "--network=none", "org/name"], &[]);
    check(&podman, "podman run --rm -i --network none docker.io/org/name@DIGEST");
    assert!(podman.refusals[0].message.contains("podman itself"), "{:?}", podman.refusals);
    // The same server as a package comes first.
    let known = container("docker", &["run", "-i", "mcp/time"], &[]);
    let hint = check(&known, "docker run -i docker.io/mcp/time@DIGEST");
    assert!(hint.starts_with("the same server is the package mcp-server-time"), "{hint}");
    // What a line may say of itself stays; secrets come from the environment, or are left out.
    let secret = "CANARYinTheEnvironment0123";
    let args = [
        "run",
        "-i",
        "-e",
        "LEVEL=debug",
        "-e",
        "API_TOKEN=CANARYinTheLine012345",
        "-e",
        "KEY",
        "org/name",
        "--token",
        "CANARYbehindItsName01",
        "--api-key=CANARYbehindItsSign01",
        secret,
        "it's",
    ];
    let secrets = container("docker", &args, &[("SECRET_KEY", secret)]);
    let line =
        "docker run -i -e LEVEL=debug -e API_TOKEN -e KEY docker.io/org/name@DIGEST --token ••• ••• ••• 'it'\\''s'";
    let hint = check(&secrets, line);
    assert!(hint.contains("yours to put in") && !format!("{secrets:?}{hint}").contains("CANARY"), "{hint}");
    // Nobody is asked about one that is refused for more than that, nor about what is none.
    assert!(container("docker", &["run", "--privileged", "x"], &[]).only_a_container().is_none());
    assert!(container("npx", &["-y", "name"], &[]).only_a_container().is_none());
    let unknown = plain.outside(Err("the registry is away".to_owned())).hint.unwrap();
    assert!(unknown.ends_with("was not found out: the registry is away"), "{unknown}");
}
