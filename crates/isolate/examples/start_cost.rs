//! What a start costs with each adapter, from the call to the end of a program that does nothing:
//! `cargo run --release -p isolate --example start_cost HELPER [COUNT]`, with the built `isolate-helper`.

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "figures are what it is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use isolate::{Abilities, Adapter, Launcher, Policy, plan, spawn};
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    const PROGRAM: &str = "/bin/true";
    let mut words = std::env::args().skip(1);
    let helper = words.next().ok_or("name the helper")?;
    let count: usize = words.next().map_or(Ok(200), |word| word.parse())?;
    let room = tempfile::tempdir()?;
    let launcher = Launcher::new(helper, [] as [&str; 0]);
    let abilities = Abilities::probe(&launcher, room.path()).await?;
    let mut policy = Policy::new(std::fs::canonicalize(PROGRAM)?, room.path().canonicalize()?);
    policy.bounds.processes_max = 16;

    let show = |name: &str, mut all: Vec<Duration>| {
        all.sort();
        let at = |part: usize| all[(all.len() - 1) * part / 100].as_secs_f64() * 1_000.0;
        println!("{name:<40} p50 {:>7.2} ms  p99 {:>7.2} ms  min {:>7.2} ms", at(50), at(99), at(0));
    };
    let mut bare = Vec::new();
    for _ in 0..count {
        let started = Instant::now();
        Command::new(PROGRAM).status()?;
        bare.push(started.elapsed());
    }
    show("bare", bare);
    let ways: &[(&str, &[Adapter])] = &[
        ("all", &[]),
        ("without cgroup", &[Adapter::Cgroup]),
        ("without Landlock", &[Adapter::Landlock]),
        ("without seccomp", &[Adapter::Seccomp]),
        ("without cgroup, Landlock", &[Adapter::Cgroup, Adapter::Landlock]),
        ("bubblewrap", &[Adapter::Namespaces]),
        ("Landlock, seccomp", &[Adapter::Namespaces, Adapter::Bubblewrap]),
    ];
    for (name, hidden) in ways {
        let abilities = hidden.iter().fold(abilities.clone(), |abilities, adapter| abilities.without(*adapter));
        let plan = match plan(&policy, &abilities) {
            Ok(plan) => plan,
            Err(refusal) => {
                println!("{name:<40} refused: {refusal}");
                continue;
            }
        };
        let (mut starts, mut wholes) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let started = Instant::now();
            let mut confined = spawn(&plan, &launcher, Vec::new()).await?;
            starts.push(started.elapsed());
            confined.wait().await;
            wholes.push(started.elapsed());
        }
        show(&format!("{name}: runs"), starts);
        show(&format!("{name}: all gone"), wholes);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
