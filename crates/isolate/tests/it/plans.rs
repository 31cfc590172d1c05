//! Which facts are kept by what as adapters are hidden, and what is refused with which fix: a table for people to read.

use isolate::{
    Abilities, Ability, Adapter, CgroupPlace, Concern, Hold, Network, Obstacle, Policy, Refusal, System, plan,
};
use std::fmt::Write;

fn whole() -> Abilities {
    Abilities {
        namespaces: Ability::Works,
        bubblewrap: Ability::Works,
        bubblewrap_program: Some("/usr/bin/bwrap".into()),
        landlock: 7,
        seccomp: true,
        cgroup: Some(CgroupPlace::V2 { folder: "/sys/fs/cgroup/oikos".into(), memory: true, processes: true }),
        ..Abilities::none(System::Linux)
    }
}

fn policy(network: Network) -> Policy {
    let mut policy = Policy::new("/usr/bin/node", "/srv/oikos/homes/files");
    policy.write = vec!["/srv/notes".into()];
    policy.network = network;
    policy
}

fn told(policy: &Policy, abilities: &Abilities) -> String {
    let mut text = String::new();
    match plan(policy, abilities) {
        Ok(plan) => {
            for (concern, fact) in plan.facts().each() {
                let hold = if fact.hold == Hold::InFull { "in full" } else { "partly " };
                writeln!(text, "  {:<9} {hold}  {}", format!("{concern:?}"), fact.sentence).ok();
            }
        }
        Err(Refusal::Policy(fault)) => {
            writeln!(text, "  refused: {fault}").ok();
        }
        Err(Refusal::Unkept(unkept)) => {
            for one in unkept {
                writeln!(text, "  {:<9} refused  {}; fix: {}", format!("{:?}", one.concern), one.sentence, one.fix)
                    .ok();
            }
        }
    }
    text
}

#[test]
fn the_facts_change_with_what_is_hidden() {
    use Adapter::{Bubblewrap, Cgroup, Landlock, Namespaces, Seccomp};
    let hidden: &[&[Adapter]] = &[
        &[],
        &[Landlock],
        &[Seccomp],
        &[Cgroup],
        &[Namespaces],
        &[Namespaces, Landlock, Seccomp],
        &[Namespaces, Bubblewrap],
        &[Namespaces, Bubblewrap, Cgroup],
        &[Namespaces, Bubblewrap, Seccomp],
        &[Namespaces, Bubblewrap, Landlock],
        &[Seccomp, Cgroup],
        &[Namespaces, Bubblewrap, Landlock, Seccomp, Cgroup],
    ];
    let mut text = String::new();
    for (what, network) in [("no network", Network::None), ("the proxy only", Network::OnlyProxy { port: 3128 })] {
        for hidden in hidden {
            let names: Vec<_> = hidden.iter().map(|adapter| adapter.name()).collect();
            let abilities = hidden.iter().fold(whole(), |abilities, adapter| abilities.without(*adapter));
            let without =
                if names.is_empty() { "all adapters".to_owned() } else { format!("without {}", names.join(", ")) };
            write!(text, "{what}, {without}\n{}\n", told(&policy(network), &abilities)).ok();
        }
    }
    insta::assert_snapshot!("facts", text);
}

#[test]
fn other_systems_say_what_they_cannot_keep() {
    let mut text = String::new();
    for system in [System::MacOs, System::Windows, System::Other] {
        write!(text, "{system:?}\n{}\n", told(&policy(Network::None), &Abilities::none(system))).ok();
    }
    insta::assert_snapshot!("other_systems", text);
}

#[test]
fn what_must_be_kept_in_full_is_or_is_refused() {
    let abilities = whole().without(Adapter::Cgroup);
    let mut policy = policy(Network::None);
    assert!(plan(&policy, &abilities).is_ok());
    policy.in_full = vec![Concern::Memory];
    assert!(plan(&policy, &whole()).is_ok());
    let refused = plan(&policy, &abilities).expect_err("is only kept for each");
    assert_eq!(refused.fixes()[0].to_string(), "give oikos a control group of its own (systemd: Delegate=yes)");
    policy.in_full = vec![Concern::Files, Concern::Processes, Concern::Network];
    assert!(plan(&policy, &abilities).is_ok());
    let shared = abilities.without(Adapter::Namespaces).without(Adapter::Bubblewrap);
    let Err(Refusal::Unkept(unkept)) = plan(&policy, &shared) else { panic!("is kept partly") };
    assert_eq!(unkept.iter().map(|one| one.concern).collect::<Vec<_>>(), [Concern::Files, Concern::Processes]);
}

#[test]
fn the_fix_is_for_what_is_in_the_way() {
    let bare = Abilities { bubblewrap_program: None, ..Abilities::none(System::Linux) };
    let with = |obstacle: Obstacle, bubblewrap: bool| {
        let mut abilities = bare.clone();
        abilities.namespaces = Ability::Fails(obstacle);
        abilities.bubblewrap_program = bubblewrap.then(|| "/usr/bin/bwrap".into());
        plan(&policy(Network::None), &abilities).expect_err("nothing works").fixes()[0].to_string()
    };
    assert_eq!(with(Obstacle::CloneOff, false), "run sudo sysctl -w kernel.unprivileged_userns_clone=1");
    assert_eq!(with(Obstacle::NoneLeft, true), "run sudo sysctl -w user.max_user_namespaces=15000");
    assert_eq!(with(Obstacle::AppArmor, false), "run sudo apt install bubblewrap");
    assert_eq!(with(Obstacle::AppArmor, true), "run sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
    assert_eq!(with(Obstacle::At("EPERM".into()), false), "run sudo apt install bubblewrap");
    assert_eq!(with(Obstacle::At("EPERM".into()), true), "let the container that oikos runs in make user namespaces");
}

#[test]
fn root_without_a_group_is_not_counted_and_is_refused() {
    let abilities = Abilities { is_root: true, ..whole().without(Adapter::Cgroup) };
    let refused = plan(&policy(Network::None), &abilities).expect_err("nobody counts root's processes");
    assert!(refused.to_string().contains("cannot be held to 128 processes"), "{refused}");
    assert!(plan(&policy(Network::None), &Abilities { is_root: true, ..whole() }).is_ok());
}

#[test]
fn what_nobody_has_run_says_so() {
    let written: Vec<_> =
        Adapter::ALL.iter().filter(|adapter| !adapter.was_run()).map(|adapter| adapter.name()).collect();
    assert_eq!(written, ["Seatbelt", "Job Objects"]);
}
