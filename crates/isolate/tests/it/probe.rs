//! What a machine can do is found out for each way by itself: what is in the way of one is not put down to another.

use crate::scene::{Scene, helper, program};
use isolate::{Abilities, Ability, Launcher, Obstacle};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

/// What a program of its own finds on this machine, started with these words before its own.
fn found(scene: &Scene, before: &[&str], refused: &[&str]) -> Abilities {
    let mut words: Vec<_> = before.iter().map(Into::into).collect();
    words.extend([program(), "look-behind".into(), helper(), scene.policy.home.clone()]);
    words.extend(refused.iter().map(Into::into));
    let output = Command::new(&words[0]).args(&words[1..]).output().expect("starts");
    let complained = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{before:?} {refused:?}: {error}; {complained}"))
}

#[tokio::test]
async fn a_rule_that_is_refused_is_none_and_stands_in_no_other_way() {
    let scene = Scene::new().await;
    let whole = &scene.abilities;
    assert!(whole.landlock > 0 && whole.seccomp, "{whole:?}");
    assert_eq!(&found(&scene, &[], &[]), whole);
    assert_eq!(found(&scene, &[], &["landlock"]), Abilities { landlock: 0, ..whole.clone() });
    let unfiltered = Abilities { seccomp: false, watch: false, ..whole.clone() };
    assert_eq!(found(&scene, &[], &["seccomp"]), unfiltered);
    assert_eq!(found(&scene, &[], &["landlock", "seccomp"]), Abilities { landlock: 0, ..unfiltered });
}

/// Nothing counts the processes of root there, so that nothing is started. That is not the ways' fault.
#[tokio::test]
async fn root_without_groups_has_the_ways_that_it_has() {
    let scene = Scene::new().await;
    if !scene.abilities.is_root {
        return;
    }
    let script = "umount --lazy --recursive /sys/fs/cgroup && exec \"$@\"";
    let groupless = ["unshare", "--mount", "sh", "-c", script, "sh"];
    assert_eq!(found(&scene, &groupless, &[]), Abilities { cgroup: None, ..scene.abilities.clone() });
}

#[tokio::test]
async fn a_try_that_fails_is_said_as_one() {
    let scene = Scene::new().await;
    // Keeps programs as the helper does; the one that does nothing ends with a code.
    let odd = scene.root.join("odd");
    let script = format!("#!/bin/sh\n[ \"$1\" = nothing ] && exit 3\nexec {} \"$@\"\n", helper().display());
    fs::write(&odd, script).expect("a file");
    fs::set_permissions(&odd, fs::Permissions::from_mode(0o755)).expect("is ours");
    let launcher = Launcher::new(&odd, [] as [&str; 0]);
    let abilities = Abilities::probe(&launcher, &scene.policy.home).await.expect("can be found out");
    let at = |ability: &Ability| match ability {
        Ability::Fails(Obstacle::At(said)) => Some(said.clone()),
        _ => None,
    };
    let said: Vec<_> = [&abilities.namespaces, &abilities.bubblewrap].into_iter().filter_map(at).collect();
    assert!(said.contains(&"trying it: it ended by itself, with code 3".to_owned()), "{abilities:?}");
    assert!(said.iter().all(|said| !said.contains("keeper")), "{said:?}");
}
