//! Each attack under each set of adapters: what is open is listed, and everything else is denied.

use crate::scene::Scene;
use isolate::{
    Adapter::{self, Bubblewrap, Cgroup, Landlock, Namespaces, Seccomp},
    Ended,
};
use rustix::net::{AddressFamily, SocketType, netlink};
use serde_json::{Map, Value};

/// Runs all attacks without these adapters, and compares the attacks that got through and the honest things that did not.
async fn check(hidden: &[Adapter], open: &[&str], lost: &[&str]) {
    let scene = Scene::new().await;
    if !scene.has_way(hidden) {
        return;
    }
    if hidden.contains(&Seccomp) && !scene.abilities.has(Cgroup) {
        // Memory that no process owns is bounded by a group or refused by the filter.
        let refused = isolate::plan(&scene.policy, &scene.without(hidden)).expect_err("nothing bounds its memory");
        assert_eq!(refused.to_string(), "its memory cannot be bounded on this machine");
        return;
    }
    let (text, ended) = scene.run(hidden, &["attack", &scene.prey]).await;
    assert_eq!(ended, Ended::Exit { code: 0 }, "{text}");
    let found: Map<String, Value> = serde_json::from_str(&text).expect("it says what it found");
    let is_open = |name: &str| found.get(name).is_some_and(|what| what.get("open").is_some());
    let (honest, attacks): (Vec<_>, Vec<_>) =
        found.keys().map(String::as_str).partition(|name| name.starts_with("honest"));
    assert!(attacks.len() > 60 && honest.len() > 15, "{found:#?}");
    let got_through: Vec<_> = attacks.into_iter().filter(|name| is_open(name)).collect();
    let failed: Vec<_> = honest.into_iter().filter(|name| !is_open(name)).collect();
    assert_eq!((&*got_through, &*failed), (open, lost), "{found:#?}");
    assert_eq!(found["honest: its environment"]["open"], "GREETING HOME PATH TMPDIR");
    assert_eq!(found["honest: its open files"]["open"], "0 1 2");
    // What it did is where it may be, and nowhere else.
    let text = |name: &str| std::fs::read_to_string(scene.root.join(name)).expect("is there");
    assert_eq!((text("secret/id"), text("read/note")), ("private key".to_owned(), "a note".to_owned()));
    assert_eq!(text("oikos/homes/app/mine") + &text("write/deep/old"), "minemine");
    assert_eq!(std::fs::read_dir(scene.root.join("secret")).expect("is there").count(), 3);
}

#[tokio::test]
async fn attack_with_all_adapters() {
    check(&[], &[], &[]).await;
}

#[tokio::test]
async fn attack_without_landlock() {
    check(&[Landlock], &[], &[]).await;
}

#[tokio::test]
async fn attack_without_cgroups() {
    let scene = Scene::new().await;
    if scene.abilities.is_root {
        // Nothing counts the processes of root but a group.
        assert!(isolate::plan(&scene.policy, &scene.without(&[Cgroup])).is_err());
        return;
    }
    check(&[Cgroup], &[], &[]).await;
}

#[tokio::test]
async fn attack_without_seccomp() {
    check(&[Seccomp], &rare(), &[]).await;
}

#[tokio::test]
async fn attack_in_bubblewrap() {
    check(&[Namespaces], &[], &[]).await;
}

#[tokio::test]
async fn attack_in_bubblewrap_alone() {
    check(&[Namespaces, Landlock, Seccomp], &rare(), &[]).await;
}

#[tokio::test]
async fn attack_without_namespaces() {
    // A handle of a process that it can do nothing with: that others run is what it can find out, as its fact says.
    check(&[Namespaces, Bubblewrap], &["processes: hold another"], &["honest: listen on its own machine"]).await;
}

/// What only the filter refuses, as the facts say without it: calls of the kernel that reach nobody else's things and have been
/// ways into it, and sockets that belong to no network.
fn rare() -> Vec<&'static str> {
    let mut rare = vec!["kernel: io_uring", "kernel: new keys", "kernel: old execution domains", "kernel: userfaultfd"];
    // Not every kernel has these; where one has not, there is nothing to refuse.
    let has = |family, kind, protocol| rustix::net::socket(family, kind, protocol).is_ok();
    if has(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::NETFILTER)) {
        rare.push("network: netlink beyond addresses");
    }
    if has(AddressFamily::VSOCK, SocketType::STREAM, None) {
        rare.push("network: virtual machines' sockets");
    }
    rare
}
