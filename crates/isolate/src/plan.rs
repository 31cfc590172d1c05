//! From a policy and a machine's abilities to a plan or a refusal. Pure: the same in tests, on the card and at the start.
//!
//! Nothing is traded: a policy is kept with what the machine has, or refused with what it lacks. What is kept with an
//! exception says so, and a policy can insist ([`Policy::in_full`]).

use crate::{
    Abilities, Adapter, Concern, Fact, Facts, Hold, Network, Policy, Refusal, System, Unkept,
    abilities::{CgroupPlace, LANDLOCK_SCOPES},
    facts::{names, told},
};
use protocol::{Arg, BoxFact, BoxHold, Sentence, sentence};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the program sees as its machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Base {
    /// One made for it, by us.
    Namespaces,
    /// One made for it, by `bwrap`.
    Bubblewrap { program: PathBuf },
    /// The one that everybody sees, behind rules.
    Shared,
    /// macOS's own rules.
    Seatbelt,
}

impl Base {
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self, Self::Namespaces | Self::Bubblewrap { .. })
    }
}

/// A policy, and how it is kept here. Only [`plan`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub(crate) policy: Policy,
    pub(crate) base: Base,
    pub(crate) landlock: bool,
    pub(crate) seccomp: bool,
    /// What it tries and is refused is told.
    pub(crate) watch: bool,
    pub(crate) cgroup: Option<CgroupPlace>,
    pub(crate) facts: Facts,
}

impl Plan {
    /// What is kept, by what, how far: for the card before, and the record of the run after.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether what it tries and is refused is told.
    pub fn is_watched(&self) -> bool {
        self.watch
    }

    /// The policy that is kept.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// One of the four on a machine: as far as it is kept, and what would keep it further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Which.
    pub concern: Concern,
    /// How it is kept, or that it is not.
    pub fact: Result<Fact, Unkept>,
    /// What to do to have it in full, where it is kept partly.
    pub better: Option<Sentence>,
}

impl Outlook {
    /// As people and programs are told of it.
    pub fn told(self) -> BoxFact {
        match self.fact {
            Ok(fact) => told(self.concern, &fact, self.better),
            Err(unkept) => {
                BoxFact { concern: self.concern, hold: BoxHold::None, sentence: unkept.sentence, fix: Some(unkept.fix) }
            }
        }
    }
}

/// How each of the four is kept on a machine, also where one of them is refused: for a person who looks at the machine, not
/// for a start. A fault of the policy itself is not looked for.
pub fn outlook(policy: &Policy, abilities: &Abilities) -> [Outlook; 4] {
    let base = base(abilities);
    let of = Machine { policy, abilities, base: base.as_ref() };
    let look = |concern, fact: Result<Fact, Unkept>| {
        let is_partly = fact.as_ref().is_ok_and(|fact| fact.hold == Hold::Partly);
        Outlook { concern, fact, better: is_partly.then(|| of.fix_in_full(concern)) }
    };
    [
        look(Concern::Files, of.files()),
        look(Concern::Network, of.network()),
        look(Concern::Processes, of.processes()),
        look(Concern::Memory, of.memory()),
    ]
}

/// How a policy is kept on a machine, or what cannot be and the fix.
pub fn plan(policy: &Policy, abilities: &Abilities) -> Result<Plan, Refusal> {
    if let Some(fault) = policy.fault() {
        return Err(Refusal::Policy(fault));
    }
    let mut unkept = Vec::new();
    let mut keep = |look: Outlook| match (look.fact, look.better) {
        (Ok(fact), Some(fix)) if policy.in_full.contains(&look.concern) => {
            unkept.push(Unkept { concern: look.concern, sentence: fact.sentence, fix });
            None
        }
        (Ok(fact), _) => Some(fact),
        (Err(reason), _) => {
            unkept.push(reason);
            None
        }
    };
    let [files, network, processes, memory] = outlook(policy, abilities).map(&mut keep);
    match (files, network, processes, memory, base(abilities)) {
        (Some(files), Some(network), Some(processes), Some(memory), Some(base)) => Ok(Plan {
            policy: policy.clone(),
            landlock: abilities.landlock > 0,
            seccomp: abilities.seccomp,
            watch: policy.watched && abilities.seccomp && abilities.watch,
            cgroup: abilities.cgroup.clone(),
            base,
            facts: Facts { files, network, processes, memory },
        }),
        _ => Err(Refusal::Unkept(unkept)),
    }
}

/// The strongest that works: what we make ourselves starts faster than what `bwrap` makes.
fn base(abilities: &Abilities) -> Option<Base> {
    match abilities.system {
        System::Linux if abilities.namespaces.works() => Some(Base::Namespaces),
        System::Linux if abilities.bubblewrap.works() => {
            abilities.bubblewrap_program.clone().map(|program| Base::Bubblewrap { program })
        }
        // Each of the two has holes that only the other closes.
        System::Linux if abilities.landlock >= LANDLOCK_SCOPES && abilities.seccomp => Some(Base::Shared),
        System::MacOs => Some(Base::Seatbelt),
        _ => None,
    }
}

struct Machine<'a> {
    policy: &'a Policy,
    abilities: &'a Abilities,
    base: Option<&'a Base>,
}

impl Machine<'_> {
    /// What makes a world of its own, where something does.
    fn wall(&self) -> Option<Adapter> {
        match self.base? {
            Base::Namespaces => Some(Adapter::Namespaces),
            Base::Bubblewrap { .. } => Some(Adapter::Bubblewrap),
            Base::Shared | Base::Seatbelt => None,
        }
    }

    /// The first wall, and those of the others that stand behind it here.
    fn walls(&self, first: Adapter, others: &[Adapter]) -> Vec<Adapter> {
        let behind = others.iter().copied().filter(|other| self.abilities.has(*other));
        [first].into_iter().chain(behind).collect()
    }

    fn files(&self) -> Result<Fact, Unkept> {
        let (hold, by) = match (self.wall(), self.base) {
            (Some(wall), _) => (Hold::InFull, self.walls(wall, &[Adapter::Landlock])),
            (None, Some(Base::Shared)) => (Hold::Partly, vec![Adapter::Landlock]),
            (None, Some(Base::Seatbelt)) => (Hold::Partly, vec![Adapter::Seatbelt]),
            (None, _) => return Err(self.unkept(Concern::Files, sentence::isolate_unkept_files())),
        };
        let sentence = match hold {
            Hold::InFull => sentence::isolate_files_apart(names(&by)),
            Hold::Partly => sentence::isolate_files_ruled(names(&by)),
        };
        Ok(Fact { hold, by, sentence })
    }

    fn network(&self) -> Result<Fact, Unkept> {
        let by = match (self.policy.network, self.wall(), self.base) {
            (_, Some(wall), _) => self.walls(wall, &[Adapter::Seccomp]),
            (Network::None, None, Some(Base::Shared)) => vec![Adapter::Seccomp, Adapter::Landlock],
            (_, None, Some(Base::Seatbelt)) => vec![Adapter::Seatbelt],
            // Rules over ports do not say whose: without a network of its own, who may speak to the proxy may speak to all.
            (Network::OnlyProxy { .. }, None, _) => {
                return Err(self.unkept(Concern::Network, sentence::isolate_unkept_proxy()));
            }
            (Network::None, None, _) => {
                return Err(self.unkept(Concern::Network, sentence::isolate_unkept_network()));
            }
        };
        let sentence = match self.policy.network {
            Network::None => sentence::isolate_network_none(names(&by)),
            Network::OnlyProxy { .. } => sentence::isolate_network_proxy(names(&by)),
        };
        // Sockets between a virtual machine and its host belong to no network, and only the filter knows them.
        if self.base.is_some_and(Base::is_apart) && !self.abilities.seccomp {
            return Ok(Fact { hold: Hold::Partly, by, sentence: sentence::isolate_network_unfiltered(sentence) });
        }
        Ok(Fact { hold: Hold::InFull, by, sentence })
    }

    fn processes(&self) -> Result<Fact, Unkept> {
        let count = self.policy.bounds.processes_max;
        let grouped = self.abilities.cgroup.as_ref().is_some_and(CgroupPlace::bounds_processes);
        // The kernel does not count the processes of root, and without a user namespace it counts those of the owner's other
        // programs too.
        let counter = match (grouped, self.abilities.is_root) {
            (true, _) => Adapter::Cgroup,
            (false, false) => Adapter::Rlimits,
            (false, true) => {
                let fix = sentence::isolate_fix_not_root();
                return Err(Unkept {
                    concern: Concern::Processes,
                    sentence: sentence::isolate_unkept_count(count),
                    fix,
                });
            }
        };
        match (self.wall(), self.base) {
            (Some(wall), _) => {
                let mut by = self.walls(wall, &[Adapter::Seccomp, Adapter::Landlock]);
                by.push(counter);
                // Without a filter it can ask the kernel for rare things that its own walls do not need.
                let (hold, sentence) = match self.abilities.seccomp {
                    true => (Hold::InFull, sentence::isolate_processes_apart(count, names(&by))),
                    false => (Hold::Partly, sentence::isolate_processes_unfiltered(count, names(&by))),
                };
                Ok(Fact { hold, by, sentence })
            }
            (None, Some(Base::Shared)) => {
                let by = vec![Adapter::Landlock, Adapter::Seccomp, counter];
                let sentence = match counter {
                    Adapter::Cgroup => sentence::isolate_processes_ruled(count, names(&by)),
                    _ => sentence::isolate_processes_together(count, names(&by)),
                };
                Ok(Fact { hold: Hold::Partly, by, sentence })
            }
            (None, Some(Base::Seatbelt)) => {
                let by = vec![Adapter::Seatbelt, Adapter::Rlimits];
                let sentence = sentence::isolate_processes_ruled(count, names(&by));
                Ok(Fact { hold: Hold::Partly, by, sentence })
            }
            (None, _) => Err(self.unkept(Concern::Processes, sentence::isolate_unkept_processes())),
        }
    }

    fn memory(&self) -> Result<Fact, Unkept> {
        let bytes = Arg::Bytes(self.policy.bounds.memory_bytes_max);
        let count = self.policy.bounds.processes_max;
        if self.abilities.cgroup.as_ref().is_some_and(CgroupPlace::bounds_memory) {
            let by = vec![Adapter::Cgroup];
            return Ok(Fact { hold: Hold::InFull, sentence: sentence::isolate_memory_all(bytes, names(&by)), by });
        }
        match self.base {
            // Memory that no process owns (files in memory, shared pieces) is only closed off by the filter. What is written and
            // then closed to writing counts as nobody's data all the same, which the sentence says.
            Some(Base::Namespaces | Base::Bubblewrap { .. } | Base::Shared) if self.abilities.seccomp => {
                let by = vec![Adapter::Rlimits, Adapter::Seccomp];
                let sentence = sentence::isolate_memory_each(count, bytes, names(&by));
                Ok(Fact { hold: Hold::Partly, by, sentence })
            }
            _ => {
                let fix = self.fix_in_full(Concern::Memory);
                Err(Unkept { concern: Concern::Memory, sentence: sentence::isolate_unkept_memory(), fix })
            }
        }
    }

    fn unkept(&self, concern: Concern, sentence: Sentence) -> Unkept {
        let fix = match self.abilities.system {
            System::Linux => self.abilities.namespaces_fix(),
            System::MacOs | System::Windows | System::Other => sentence::isolate_fix_linux(),
        };
        Unkept { concern, sentence, fix }
    }

    /// What would make a partly kept fact a whole one.
    fn fix_in_full(&self, concern: Concern) -> Sentence {
        match (self.abilities.system, concern) {
            (System::MacOs | System::Windows | System::Other, _) => sentence::isolate_fix_linux(),
            (System::Linux, Concern::Memory) => sentence::isolate_fix_cgroup(),
            (System::Linux, Concern::Processes | Concern::Network) if self.wall().is_some() => {
                sentence::isolate_fix_seccomp()
            }
            (System::Linux, _) => self.abilities.namespaces_fix(),
        }
    }
}

#[cfg(target_os = "linux")]
impl Plan {
    /// Whether memory is bounded for all processes together.
    pub(crate) fn counts_all_memory(&self) -> bool {
        self.cgroup.as_ref().is_some_and(CgroupPlace::bounds_memory)
    }

    /// Whether a control group counts the processes.
    pub(crate) fn groups_processes(&self) -> bool {
        self.cgroup.as_ref().is_some_and(CgroupPlace::bounds_processes)
    }

    /// How many processes of ours stand among those of the program, and are counted with them.
    pub(crate) fn processes_beside(&self) -> u64 {
        match self.base {
            Base::Namespaces | Base::Bubblewrap { .. } => 1,
            Base::Shared | Base::Seatbelt => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ability, Obstacle};

    fn machine() -> Abilities {
        Abilities {
            namespaces: Ability::Works,
            landlock: LANDLOCK_SCOPES,
            seccomp: true,
            ..Abilities::none(System::Linux)
        }
    }

    fn planned(network: Network, abilities: &Abilities) -> Result<Plan, Refusal> {
        let policy = Policy { network, ..Policy::new("/usr/bin/node", "/srv/oikos/homes/files") };
        plan(&policy, abilities)
    }

    #[test]
    fn rules_alone_are_enough_from_the_first_landlock_that_keeps_signals_in() {
        let shared = |landlock, seccomp| {
            let abilities = Abilities { landlock, seccomp, ..machine() }.without(Adapter::Namespaces);
            planned(Network::None, &abilities).map(|plan| plan.base)
        };
        assert_eq!(shared(LANDLOCK_SCOPES, true), Ok(Base::Shared));
        assert!(shared(LANDLOCK_SCOPES - 1, true).is_err() && shared(LANDLOCK_SCOPES, false).is_err());
    }

    #[test]
    fn what_there_is_is_used_behind_the_first_wall() {
        for landlock in [0, 1, LANDLOCK_SCOPES] {
            let plan = planned(Network::None, &Abilities { landlock, ..machine() }).expect("can be kept");
            assert_eq!((plan.landlock, plan.seccomp, &plan.base), (landlock > 0, true, &Base::Namespaces));
        }
        // The one that was installed later is taken where ours may not.
        let bubblewrap = Some(PathBuf::from("/usr/bin/bwrap"));
        let wrapped = Abilities {
            namespaces: Ability::Fails(Obstacle::AppArmor),
            bubblewrap: Ability::Works,
            bubblewrap_program: bubblewrap,
            ..machine()
        };
        let plan = planned(Network::OnlyProxy { port: 1 }, &wrapped).expect("can be kept");
        assert_eq!(plan.base, Base::Bubblewrap { program: "/usr/bin/bwrap".into() });
        assert!(planned(Network::OnlyProxy { port: 1 }, &wrapped.without(Adapter::Bubblewrap)).is_err());
    }

    #[test]
    fn an_outlook_is_what_a_plan_would_say_also_beside_a_refusal() {
        let policy = Policy { network: Network::OnlyProxy { port: 1 }, ..Policy::new("/usr/bin/node", "/srv/home") };
        let shared = machine().without(Adapter::Namespaces);
        let [files, network, processes, memory] = outlook(&policy, &shared);
        let bubblewrap = Some(sentence::isolate_fix_command("sudo apt install bubblewrap"));
        assert_eq!((files.fact.map(|fact| fact.hold), &files.better), (Ok(Hold::Partly), &bubblewrap));
        assert_eq!((network.fact.map_err(|unkept| Some(unkept.fix)), network.better), (Err(bubblewrap.clone()), None));
        assert_eq!((processes.fact.map(|fact| fact.hold), processes.better), (Ok(Hold::Partly), bubblewrap));
        assert_eq!(memory.better, Some(sentence::isolate_fix_cgroup()));
        let [files, network, processes, _] = outlook(&policy, &machine().without(Adapter::Seccomp));
        let filter = Some(sentence::isolate_fix_seccomp());
        assert_eq!((files.better, network.better, processes.better), (None, filter.clone(), filter));
        let plan = plan(&policy, &machine()).expect("can be kept");
        let facts = outlook(&policy, &machine()).map(|look| (look.concern, look.fact.expect("is kept")));
        assert_eq!(plan.facts().each().map(|(concern, fact)| (concern, fact.clone())), facts);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_group_counts_what_its_place_bounds_and_one_of_ours_beside() {
        let place = |memory, processes| CgroupPlace::V2 { folder: "/sys/fs/cgroup/oikos".into(), memory, processes };
        for (memory, processes) in [(true, true), (true, false), (false, true)] {
            let abilities = Abilities { cgroup: Some(place(memory, processes)), ..machine() };
            let plan = planned(Network::None, &abilities).expect("can be kept");
            assert_eq!((plan.counts_all_memory(), plan.groups_processes()), (memory, processes));
            assert_eq!(plan.processes_beside(), 1);
        }
        let shared = planned(Network::None, &machine().without(Adapter::Namespaces)).expect("can be kept");
        assert_eq!(
            (shared.counts_all_memory(), shared.groups_processes(), shared.processes_beside()),
            (false, false, 0)
        );
    }
}
