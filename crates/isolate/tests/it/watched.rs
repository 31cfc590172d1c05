//! What is told of what a program tries: each refusal once, of a flood a handful of notes, of honest programs nothing.

use crate::scene::{PATIENCE, Scene, said, until};
use isolate::{
    Adapter::{self, Bubblewrap, Landlock, Namespaces},
    Confined, Deed, Ended, Policy, Refused, Tried, plan, spawn,
};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

const WAYS: &[&[Adapter]] = &[&[], &[Landlock], &[Namespaces], &[Namespaces, Bubblewrap]];

/// Starts it, to be told what it tries.
async fn watched(scene: &Scene, way: &[Adapter], words: &[&str]) -> (Confined, Refused) {
    let arguments = words.iter().map(|word| (*word).to_owned()).collect();
    let policy = Policy { arguments, watched: true, ..scene.policy.clone() };
    let plan = plan(&policy, &scene.without(way)).expect("can be kept");
    assert!(plan.is_watched(), "{:?}", scene.abilities);
    let mut confined = spawn(&plan, &scene.launcher, Vec::new()).await.expect("starts");
    let refused = confined.refused.take().expect("is told");
    (confined, refused)
}

fn all(refused: &Refused) -> Vec<Tried> {
    std::iter::from_fn(|| refused.take()).collect()
}

/// Lets it run to its end: what it wrote, and what was told, each thing with how often.
async fn told(scene: &Scene, way: &[Adapter], words: &[&str]) -> (String, BTreeMap<(Deed, Option<String>), u64>) {
    let (confined, refused) = watched(scene, way, words).await;
    let (text, _) = said(confined).await;
    let mut told = BTreeMap::new();
    for tried in all(&refused) {
        *told.entry((tried.deed, tried.target)).or_default() += tried.times;
    }
    (text, told)
}

/// What it says that it was let do.
fn open(text: &str) -> Vec<String> {
    let found: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).expect("it says what it found");
    let open = found.into_iter().filter(|(_, what)| what.get("open").is_some());
    open.map(|(name, _)| name).collect()
}

#[tokio::test]
async fn this_machine_tells() {
    let scene = Scene::new().await;
    assert!(scene.abilities.watch, "{:?}", scene.abilities);
    assert!(!scene.abilities.clone().without(Adapter::Seccomp).watch);
    // Who does not want to be told is not.
    assert!(scene.start(&[], &["code", "0"]).await.refused.is_none());
}

#[tokio::test]
async fn attack_is_told() {
    let scene = Scene::new().await;
    let is_told_of = |name: &str| scene.root.join(name).to_string_lossy().into_owned();
    for way in WAYS.iter().filter(|way| scene.has_way(way)) {
        let (text, told) = told(&scene, way, &["attack", &scene.prey]).await;
        // It is kept from the same as without being told of.
        let (unwatched, _) = scene.run(way, &["attack", &scene.prey]).await;
        assert_eq!(open(&text), open(&unwatched), "{way:?}");
        let is_apart = !way.contains(&Bubblewrap);
        let has = |deed: Deed, target: Option<&str>| {
            assert!(
                told.contains_key(&(deed, target.map(str::to_owned))),
                "{way:?} {deed:?} {target:?}: {told:#?} {text}"
            );
        };
        for (deed, name) in [
            (Deed::Read, "secret/id"),
            (Deed::List, "secret"),
            (Deed::Read, "oikos/key"),
            (Deed::Read, "oikos/homes/neighbour/mine"),
            (Deed::Write, "secret/new"),
            (Deed::Write, "secret/id"),
            (Deed::Write, "read/new"),
            (Deed::Write, "read/note"),
            (Deed::Change, "read/note"),
        ] {
            has(deed, Some(&is_told_of(name)));
        }
        has(Deed::Read, Some("/etc/shadow"));
        has(Deed::Write, Some("/proc/sys/kernel/core_pattern"));
        let prey: serde_json::Value = serde_json::from_str(&scene.prey).expect("is JSON");
        let process = prey["process"].to_string();
        has(Deed::Process, Some(&process));
        has(Deed::Signal, Some(&process));
        for deed in [Deed::Trace, Deed::Mount, Deed::Keyring, Deed::IoUring, Deed::Namespace, Deed::Terminal] {
            has(deed, None);
        }
        for name in ["bpf", "userfaultfd", "perf_event_open", "personality"] {
            has(Deed::Kernel, Some(name));
        }
        for name in ["init_module", "kexec_load", "reboot", "syslog", "clock_settime", "sethostname"] {
            has(Deed::Machine, Some(name));
        }
        has(Deed::Socket, Some("packet"));
        if is_apart {
            has(Deed::Connect, Some(&is_told_of("secret/socket")));
            let name = prey["abstract_socket"].as_str().expect("is text");
            has(Deed::Connect, Some(&format!("@{name}")));
            let tcp = &prey["tcp"];
            has(Deed::Connect, Some(&format!("1.1.1.1:{tcp}")));
            has(Deed::Connect, Some("192.0.2.1:53"));
        }
    }
}

#[tokio::test]
async fn honest_programs_tell_nothing() {
    let scene = Scene::new().await;
    let find = |name: &str| {
        ["/usr/bin", "/bin"].iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| path.exists())
    };
    let programs: &[(&str, &[&str])] = &[
        ("node", &["-e", "require('https'); require('fs').readdirSync(process.env.HOME); console.log('hello')"]),
        ("python3", &["-c", "import json, ssl, asyncio, sqlite3, tempfile; print(tempfile.mkdtemp() and 'hello')"]),
        ("bash", &["-c", "echo hello > $HOME/x; cat $HOME/x; ls /usr > /dev/null"]),
        ("git", &["version"]),
    ];
    for (name, words) in programs {
        let Some(program) = find(name) else { continue };
        for way in WAYS.iter().filter(|way| scene.has_way(way)) {
            let mut policy = Policy { program: program.clone(), watched: true, ..scene.policy.clone() };
            policy.arguments = words.iter().map(|word| (*word).to_owned()).collect();
            policy.bounds.memory_bytes_max = 512 << 20;
            policy.bounds.open_files_max = 512;
            let plan = plan(&policy, &scene.without(way)).expect("can be kept");
            let mut confined = spawn(&plan, &scene.launcher, Vec::new()).await.expect("starts");
            let refused = confined.refused.take().expect("is told");
            let (text, ended) = said(confined).await;
            assert_eq!(all(&refused), [], "{name} {way:?}: {text} {ended:?}");
            assert_eq!(ended, Ended::Exit { code: 0 }, "{name} {way:?}: {text}");
        }
    }
}

#[tokio::test]
async fn a_flood_is_a_handful_of_notes_and_all_of_it_is_counted() {
    let scene = Scene::new().await;
    let (text, told) = told(&scene, &[], &["flood", "keys", "100000"]).await;
    assert_eq!(told, [((Deed::Keyring, None), 100_000)].into(), "{text}");
    eprintln!("100000 refused calls took {} µs", text.trim());
    // Nobody takes what is told: it is still bounded, and the program ends.
    let (confined, refused) = watched(&scene, &[], &["flood", "files", "20000"]).await;
    let (_, ended) = said(confined).await;
    assert_eq!(ended, Ended::Exit { code: 0 });
    assert!(all(&refused).len() < 200);
    // In the middle of one it is ended as soon as ever.
    let (mut confined, refused) = watched(&scene, &[], &["flood", "for-ever", "1"]).await;
    assert!(tokio::time::timeout(PATIENCE, refused.ready()).await.expect("it tries"));
    let started = std::time::Instant::now();
    assert_eq!(confined.stop(Duration::from_millis(200)).await, Ended::Stopped);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn whoever_comes_next_is_told_again() {
    let scene = Scene::new().await;
    let (mut confined, refused) = watched(&scene, &[], &["flood", "for-ever", "1"]).await;
    assert!(tokio::time::timeout(PATIENCE, refused.ready()).await.expect("it tries"));
    // Behind the first such note come only larger ones.
    let doubled = || all(&refused).iter().any(|tried| tried.times >= 16);
    until("it tells only what has doubled", PATIENCE, doubled).await;
    refused.anew();
    let ones = || all(&refused).iter().filter(|tried| tried.times == 1).count() > 0;
    until("it is told again", PATIENCE, ones).await;
    confined.kill().await;
}

#[tokio::test]
async fn bombs_are_told_where_a_group_counts() {
    let scene = Scene::new().await;
    if !scene.abilities.has(Adapter::Cgroup) {
        return;
    }
    for kind in ["processes", "threads"] {
        let (text, told) = told(&scene, &[], &["bomb", kind]).await;
        assert!(told.get(&(Deed::Processes, None)).is_some_and(|times| *times >= 1), "{kind}: {told:?} {text}");
    }
    let (text, told) = told(&scene, &[], &["bomb", "memory"]).await;
    assert!(told.get(&(Deed::Memory, None)).is_some_and(|times| *times >= 1), "{told:?} {text}");
}

#[tokio::test]
async fn opens_cost_little() {
    let scene = Scene::new().await;
    let count = 20_000_u64;
    let words = ["flood", "/dev/null", "20000"];
    let (text, _) = scene.run(&[], &words).await;
    let bare: u64 = text.trim().parse().expect("is a number");
    let (text, _) = told(&scene, &[], &words).await;
    let heard: u64 = text.trim().parse().expect("is a number");
    eprintln!("an open takes {} ns, and {} ns where it is heard", bare * 1000 / count, heard * 1000 / count);
    assert!(heard < count * 1_000, "{heard} µs");
}
