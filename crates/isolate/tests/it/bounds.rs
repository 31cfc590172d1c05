//! Programs that take more than they may, with each way of counting.

use crate::scene::Scene;
use isolate::{
    Adapter::{self, Bubblewrap, Cgroup, Landlock, Namespaces, Seccomp},
    Ended, Policy, plan, spawn,
};

const WAYS: &[&[Adapter]] = &[&[], &[Namespaces], &[Namespaces, Bubblewrap], &[Landlock]];

/// The first number that it said.
fn number(text: &str) -> Option<u64> {
    text.split(' ').next()?.trim().parse().ok()
}

/// Each way of keeping it, with groups where there are some and without where that is allowed.
fn ways(scene: &Scene) -> Vec<Vec<Adapter>> {
    let mut ways: Vec<Vec<Adapter>> = Vec::new();
    for way in WAYS.iter().filter(|way| scene.has_way(way)) {
        if scene.abilities.has(Cgroup) {
            ways.push(way.to_vec());
        }
        if !scene.abilities.is_root {
            ways.push([*way, &[Cgroup]].concat());
        }
    }
    assert!(!ways.is_empty(), "{:?}", scene.abilities);
    ways
}

fn is_grouped(scene: &Scene, way: &[Adapter]) -> bool {
    scene.abilities.has(Cgroup) && !way.contains(&Cgroup)
}

#[tokio::test]
async fn attack_on_memory() {
    let scene = Scene::new().await;
    let limit = scene.policy.bounds.memory_bytes_max;
    for way in ways(&scene) {
        for kind in ["memory", "memory-of-nobody", "memory-shared", "scratch", "scratch-shared", "root"] {
            let (text, ended) = scene.run(&way, &["bomb", kind]).await;
            match ended {
                // Ended by the group, in the middle of it.
                Ended::Memory { bytes_max } => {
                    assert!(bytes_max == limit && is_grouped(&scene, &way), "{way:?} {kind}")
                }
                // Or refused more, and told how much it got. Files in `/tmp` of a shared machine are the owner's disk.
                Ended::Exit { code: 0 } => {
                    let got = if text.trim() == "refused" { Some(0) } else { number(&text) };
                    assert!(got.is_some_and(|got| got <= limit >> 20), "{way:?} {kind}: {text}");
                }
                // Its own runtime gave up.
                Ended::Signal { number: 6 | 25 } => {}
                Ended::FileSize { .. } => {}
                other => panic!("{way:?} {kind}: {other:?} {text}"),
            }
        }
    }
}

#[tokio::test]
async fn attack_on_memory_by_many() {
    let scene = Scene::new().await;
    for way in ways(&scene).iter().filter(|way| is_grouped(&scene, way)) {
        let (text, ended) = scene.run(way, &["bomb", "memory-of-many"]).await;
        // Sixteen times 40 MiB in 96: some were ended, whoever it was.
        let kept = number(&text).unwrap_or(0);
        assert!(kept <= 2, "{way:?}: {text} {ended:?}");
    }
}

/// Processes and threads of whoever runs this.
fn tasks_of_user() -> u64 {
    let user = format!("Uid:\t{}\t", rustix::process::getuid().as_raw());
    let folders = std::fs::read_dir("/proc").expect("is there").flatten();
    let texts = folders.filter_map(|folder| std::fs::read_to_string(folder.path().join("status")).ok());
    let threads = texts.filter(|text| text.contains(&user)).filter_map(|text| {
        text.lines().find_map(|line| line.strip_prefix("Threads:")).and_then(|count| count.trim().parse::<u64>().ok())
    });
    threads.sum()
}

#[tokio::test]
async fn attack_by_processes_and_threads() {
    let scene = Scene::new().await;
    for way in ways(&scene) {
        for kind in ["processes", "threads"] {
            let before = tasks_of_user();
            let (text, ended) = scene.run(&way, &["bomb", kind]).await;
            assert_eq!(ended, Ended::Exit { code: 0 }, "{way:?} {kind}: {text}");
            let got = number(&text).expect("it says how many");
            // Where they are counted together with the owner's, as many more as the owner's have ended since.
            let together = way.contains(&Namespaces) && way.contains(&Bubblewrap) && !is_grouped(&scene, &way);
            let most = if together { 20 + before } else { 20 };
            assert!((1..=most).contains(&got), "{way:?} {kind}: {text}");
        }
    }
}

#[tokio::test]
async fn attack_on_processor_files_and_disk() {
    let scene = Scene::new().await;
    let mut policy: Policy = scene.policy.clone();
    policy.bounds.cpu_seconds_max = Some(1);
    for way in ways(&scene) {
        policy.arguments = vec!["bomb".into(), "processor".into()];
        let plan = plan(&policy, &scene.without(&way)).expect("can be kept");
        let confined = spawn(&plan, &scene.launcher, Vec::new()).await.expect("starts");
        assert_eq!(crate::scene::said(confined).await.1, Ended::Cpu { seconds_max: 1 }, "{way:?}");

        let (_, ended) = scene.run(&way, &["bomb", "file"]).await;
        assert_eq!(ended, Ended::FileSize { bytes_max: 16 << 20 }, "{way:?}");
        let written = scene.policy.home.join("bomb").metadata().expect("is there").len();
        assert!(written <= 16 << 20, "{written}");

        let (text, _) = scene.run(&way, &["bomb", "files"]).await;
        assert!(number(&text).is_some_and(|files| (1..64).contains(&files)), "{way:?}: {text}");
    }
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn attack_by_the_second_way_in() {
    let scene = Scene::new().await;
    assert_eq!(scene.run(&[], &["bomb", "second-way"]).await.1, Ended::Filter);
    // A kernel without that way says so; either way the program goes on.
    if !scene.abilities.has(Cgroup) {
        return;
    }
    let (text, ended) = scene.run(&[Seccomp], &["bomb", "second-way"]).await;
    assert!(text.starts_with("answered") && ended == Ended::Exit { code: 0 }, "{text} {ended:?}");
}
