//! How it ends: by itself, by us, with us. Whatever the way, nothing is left.

use crate::scene::{PATIENCE, Scene, helper, processes_with, program, said, until};
use isolate::{
    Adapter::{self, Bubblewrap, Namespaces},
    Ended, Launcher, Network, Policy, SpawnError, plan, spawn,
};
use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const WAYS: &[&[Adapter]] = &[&[], &[Namespaces], &[Namespaces, Bubblewrap]];

/// How soon nothing is left after oikos was killed.
const GONE_MS_MAX: u64 = 2_000;

#[tokio::test]
async fn it_ends_by_itself_and_its_code_is_told() {
    let scene = Scene::new().await;
    for way in WAYS.iter().filter(|way| scene.has_way(way)) {
        for code in [0, 7, 255] {
            let (_, ended) = scene.run(way, &["code", &code.to_string()]).await;
            assert_eq!(ended, Ended::Exit { code }, "{way:?}");
        }
    }
    assert_eq!(Ended::Exit { code: 7 }.to_string(), "it ended by itself, with code 7");
}

#[tokio::test]
async fn it_talks_and_ends_with_what_it_hears() {
    let scene = Scene::new().await;
    for way in WAYS.iter().filter(|way| scene.has_way(way)) {
        let mut confined = scene.start(way, &["echo"]).await;
        let mut stdin = confined.stdin.take().expect("once");
        let mut lines = BufReader::new(confined.stdout.take().expect("once")).lines();
        for word in ["one", "two"] {
            stdin.write_all(format!("{word}\n").as_bytes()).await.expect("it listens");
            assert_eq!(lines.next_line().await.expect("it speaks").as_deref(), Some(word), "{way:?}");
        }
        drop(stdin);
        assert_eq!(lines.next_line().await.expect("it speaks").as_deref(), Some("the end"));
        assert_eq!(confined.wait().await, Ended::Exit { code: 0 }, "{way:?}");
        // Again is the same.
        assert_eq!(confined.wait().await, Ended::Exit { code: 0 });
    }
}

/// Starts what starts another one that nobody waits for; both can be found by a word of their own.
async fn two_that_stay(scene: &Scene, way: &[Adapter], word: &str) -> isolate::Confined {
    // Their words are the program's path, of which this is a copy.
    let copy = scene.root.join(word);
    std::fs::copy(program(), &copy).expect("can be copied");
    let mut policy = Policy { program: copy.clone(), arguments: vec!["stay".into()], ..scene.policy.clone() };
    policy.read.push(copy);
    let plan = plan(&policy, &scene.without(way)).expect("can be kept");
    let confined = spawn(&plan, &scene.launcher, Vec::new()).await.expect("starts");
    let both = || processes_with(word).iter().filter(|words| words.contains("stay")).count() >= 2;
    until("both run", PATIENCE, both).await;
    confined
}

#[tokio::test]
async fn kill_stop_and_letting_go_leave_nothing() {
    let scene = Scene::new().await;
    for (number, way) in WAYS.iter().enumerate() {
        let word = format!("stopped-{number}");
        let mut confined = two_that_stay(&scene, way, &word).await;
        assert_eq!(confined.wait_for(Duration::from_millis(20)).await, None);
        assert_eq!(confined.stop(Duration::from_secs(20)).await, Ended::Stopped, "{way:?}");
        assert_eq!(processes_with(&word), [] as [&str; 0], "{way:?}");

        let word = format!("killed-{number}");
        let mut confined = two_that_stay(&scene, way, &word).await;
        assert_eq!(confined.kill().await, Ended::Stopped, "{way:?}");
        assert_eq!(processes_with(&word), [] as [&str; 0], "{way:?}");

        let word = format!("dropped-{number}");
        drop(two_that_stay(&scene, way, &word).await);
        until("all gone", PATIENCE, || processes_with(&word).is_empty()).await;
    }
}

/// Also what detaches itself and outlives the program is gone when the program is.
#[tokio::test]
async fn kill_of_the_program_alone_takes_its_children_along() {
    let scene = Scene::new().await;
    for (number, way) in WAYS.iter().enumerate() {
        let word = format!("orphaned-{number}");
        let mut confined = two_that_stay(&scene, way, &word).await;
        let numbers = std::fs::read_dir("/proc").expect("is there").flatten().filter_map(|folder| {
            let words = std::fs::read_to_string(folder.path().join("cmdline")).ok()?;
            let alone =
                std::fs::read_to_string(folder.path().join("environ")).is_ok_and(|text| text.contains("ALONE="));
            let number = folder.file_name().to_str()?.parse::<i32>().ok()?;
            (words.starts_with(scene.root.join(&word).to_str()?) && !alone).then_some(number)
        });
        let first = numbers.min().and_then(rustix::process::Pid::from_raw).expect("it runs");
        rustix::process::kill_process(first, rustix::process::Signal::KILL).expect("is ours");
        assert_eq!(confined.wait().await, Ended::Signal { number: 9 }, "{way:?}");
        assert_eq!(processes_with(&word), [] as [&str; 0], "{way:?}");
    }
}

/// kill -9 of whoever keeps thirty of them, on each way, leaves nothing.
#[tokio::test]
async fn kill_of_the_household_leaves_nothing() {
    for hidden in ["none", "namespaces", "namespaces,bubblewrap"] {
        let scene = Scene::new().await;
        // Keepers and first processes have the helper's path in their words: this copy's is nobody else's.
        let copy = scene.root.join("helper-of-the-household");
        std::fs::copy(helper(), &copy).expect("can be copied");
        let room = scene.root.join("room");
        std::fs::create_dir(&room).expect("a folder");
        let copy_of_program = scene.root.join("household");
        std::fs::copy(program(), &copy_of_program).expect("can be copied");
        let word = scene.root.join("").to_string_lossy().into_owned();
        let mut household = Command::new(&copy_of_program)
            .args(["household", copy.to_str().expect("is text"), room.to_str().expect("is text"), "30", hidden])
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut said = [0; 7];
        household.stdout.take().expect("once").read_exact(&mut said).expect("it starts all of them");
        assert_eq!(&said, b"all run");
        // The household, and for each a keeper and the program with its child, as a rule with more beside.
        let count = processes_with(&copy.to_string_lossy()).len();
        assert!(count > 30, "{hidden}: {count}");
        let both = || processes_with(&format!("{word}household stay")).len() >= 60;
        until("all have their child", PATIENCE, both).await;
        household.kill().expect("is ours");
        household.wait().expect("is ours");
        let limit = Duration::from_millis(GONE_MS_MAX);
        let started = std::time::Instant::now();
        until("all gone", limit, || processes_with(&word).is_empty()).await;
        eprintln!("{hidden}: {count} processes of ours gone after {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn kill_of_the_keeper_is_told_and_leaves_nothing() {
    let scene = Scene::new().await;
    for (number, way) in WAYS.iter().enumerate() {
        let copy = scene.root.join(format!("helper-{number}"));
        std::fs::copy(helper(), &copy).expect("can be copied");
        let launcher = Launcher::new(&copy, [] as [&str; 0]);
        let mut policy = Policy { arguments: vec!["echo".into()], ..scene.policy.clone() };
        policy.read.push(program());
        let plan = plan(&policy, &scene.without(way)).expect("can be kept");
        let mut confined = spawn(&plan, &launcher, Vec::new()).await.expect("starts");
        let numbers = std::fs::read_dir("/proc").expect("is there").flatten().filter_map(|folder| {
            let words = std::fs::read_to_string(folder.path().join("cmdline")).ok()?;
            words.starts_with(copy.to_str()?).then_some(folder.file_name().to_str()?.parse::<i32>().ok()?)
        });
        let keeper = numbers.min().and_then(rustix::process::Pid::from_raw).expect("it runs");
        rustix::process::kill_process(keeper, rustix::process::Signal::KILL).expect("is ours");
        assert_eq!(confined.wait().await, Ended::Lost, "{way:?}");
        let word = copy.to_string_lossy().into_owned();
        until("all gone", PATIENCE, || processes_with(&word).is_empty()).await;
    }
}

#[tokio::test]
async fn what_cannot_be_started_is_said() {
    let scene = Scene::new().await;
    for way in WAYS.iter().filter(|way| scene.has_way(way)) {
        let missing = scene.root.join("read/missing");
        let policy = Policy { program: missing.clone(), ..scene.policy.clone() };
        let plan_of_missing = plan(&policy, &scene.without(way)).expect("can be kept");
        match spawn(&plan_of_missing, &scene.launcher, Vec::new()).await {
            Err(SpawnError::Step { step, errno, .. }) => {
                assert_eq!((step, errno), (format!("starting {}", missing.display()), Some(2)), "{way:?}");
            }
            other => panic!("{way:?}: {other:?}"),
        }
        // A grant that a link could turn elsewhere is none.
        let link = scene.root.join(format!("link-{}", way.len()));
        std::os::unix::fs::symlink(scene.root.join("secret"), &link).expect("a link");
        let policy = Policy { read: vec![program(), link.clone()], ..scene.policy.clone() };
        let plan_of_link = plan(&policy, &scene.without(way)).expect("can be kept");
        match spawn(&plan_of_link, &scene.launcher, Vec::new()).await {
            Err(SpawnError::Step { step, .. }) => assert_eq!(step, format!("opening {}", link.display()), "{way:?}"),
            other => panic!("{way:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_proxy_is_all_that_there_is_of_the_network() {
    let scene = Scene::new().await;
    for way in [&[] as &[Adapter], &[Namespaces]].into_iter().filter(|way| scene.has_way(way)) {
        let mut policy = Policy { arguments: vec!["proxy".into(), "3128".into()], ..scene.policy.clone() };
        policy.network = Network::OnlyProxy { port: 3128 };
        let plan_of_proxy = plan(&policy, &scene.without(way)).expect("can be kept");
        let mut confined = spawn(&plan_of_proxy, &scene.launcher, Vec::new()).await.expect("starts");
        let listener = confined.proxy.take().expect("asked for");
        listener.set_nonblocking(false).expect("can be changed");
        let answered = tokio::task::spawn_blocking(move || {
            let (mut stream, from) = listener.accept().expect("it asks");
            let mut asked = [0; 64];
            let length = stream.read(&mut asked).expect("it asks");
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").expect("it hears");
            (String::from_utf8_lossy(&asked[..length]).into_owned(), from.ip().to_string())
        });
        let (text, ended) = said(confined).await;
        assert_eq!((text.trim(), ended), ("HTTP/1.1 403 Forbidden", Ended::Exit { code: 0 }), "{way:?}");
        let (asked, from) = answered.await.expect("answers");
        assert_eq!((&*asked, &*from), ("CONNECT example.com:443 HTTP/1.1\r\n\r\n", "127.0.0.1"));

        // And all other attacks are denied as without one.
        policy.arguments = vec!["attack".into(), scene.prey.clone()];
        let plan_of_attack = plan(&policy, &scene.without(way)).expect("can be kept");
        let confined = spawn(&plan_of_attack, &scene.launcher, Vec::new()).await.expect("starts");
        let found: serde_json::Value = serde_json::from_str(&said(confined).await.0).expect("it says what it found");
        let reached = found.as_object().expect("it says each").iter();
        let reached: Vec<_> =
            reached.filter(|(name, what)| name.starts_with("network") && what.get("open").is_some()).collect();
        assert!(reached.is_empty(), "{reached:?}");
    }
}

/// The languages that most servers are written in, where they are installed.
#[tokio::test]
async fn ordinary_languages_run() {
    let scene = Scene::new().await;
    let programs = [
        ("/usr/bin/node", &["-e", "setTimeout(() => console.log(require('os').cpus().length > 0 && 6 * 7), 5)"]),
        ("/usr/bin/python3", &["-c", "import threading, tempfile, subprocess; print(6 * 7)"]),
        ("/bin/sh", &["-c", "echo $((6 * 7))"]),
    ];
    for (program, words) in programs.into_iter().filter(|(program, _)| Path::new(program).exists()) {
        for way in WAYS.iter().filter(|way| scene.has_way(way)) {
            let mut policy = scene.policy.clone();
            policy.program = program.into();
            policy.arguments = words.iter().map(|word| (*word).to_owned()).collect();
            policy.bounds.processes_max = 64;
            policy.bounds.memory_bytes_max = 512 << 20;
            let plan = plan(&policy, &scene.without(way)).expect("can be kept");
            let confined = spawn(&plan, &scene.launcher, Vec::new()).await.expect("starts");
            let (text, ended) = said(confined).await;
            assert_eq!((text.trim(), ended), ("42", Ended::Exit { code: 0 }), "{program} {way:?}");
        }
    }
}
