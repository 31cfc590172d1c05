//! Landlock: which files the program opens, and that signals and abstract sockets stay inside. The second wall behind a machine
//! of its own, the first one where everybody's is shared.

use super::{
    place,
    system::{MACHINE_FILES, PROGRAMS, SETTINGS, devices},
    wire::{Fault, Step},
};
use crate::Plan;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::{io, os::fd::OwnedFd};

/// The newest rules that we ask for; an older kernel keeps those it knows, and `Abilities` says which.
const NEWEST: ABI = ABI::V10;

/// Lays the rules upon this process and all that comes from it.
pub(crate) fn restrict(plan: &Plan) -> Result<(), Fault> {
    let mut rules = ruleset(plan).step("making Landlock's rules")?;
    for (file, is_folder, access) in grants(plan)? {
        let access = if is_folder { access } else { access & AccessFs::from_file(NEWEST) };
        rules =
            rules.add_rule(PathBeneath::new(file, access)).map_err(io::Error::other).step("adding a Landlock rule")?;
    }
    let status = rules.restrict_self().map_err(io::Error::other).step("laying Landlock's rules")?;
    match status.ruleset {
        RulesetStatus::NotEnforced => {
            Err(io::Error::other("the kernel did not take them")).step("laying Landlock's rules")
        }
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn ruleset(plan: &Plan) -> io::Result<RulesetCreated> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)));
    // On a network of its own it may do what it likes; on everybody's, nothing: no rule allows a port.
    let rules = match plan.base.is_apart() {
        true => rules,
        false => rules.and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST))),
    };
    rules.and_then(Ruleset::create).map_err(io::Error::other)
}

fn grants(plan: &Plan) -> Result<Vec<(OwnedFd, bool, BitFlags<AccessFs>)>, Fault> {
    let (read, all) = (AccessFs::from_read(NEWEST), AccessFs::from_all(NEWEST));
    let mut grants = Vec::new();
    let policy = &plan.policy;
    for (paths, access) in [(&policy.read, read), (&policy.code, read), (&policy.write, all)] {
        for path in paths {
            let (file, is_folder) = place::open(path)?;
            grants.push((file, is_folder, access));
        }
    }
    let (home, _) = place::open(&policy.home)?;
    grants.push((home, true, all));
    let devices = devices(plan).map(|(path, written)| {
        (path, if written { AccessFs::ReadFile | AccessFs::WriteFile } else { AccessFs::ReadFile.into() })
    });
    let system = PROGRAMS.iter().chain(SETTINGS).map(|path| (*path, read));
    // A machine of its own has a /proc of its own, and room that is nobody else's. On everybody's, its own process is all of
    // /proc that it opens.
    let own: &[(&str, BitFlags<AccessFs>)] = match plan.base.is_apart() {
        true => &[("/proc", read), ("/etc", read), ("/tmp", all), ("/dev", read), ("/dev/shm", all)],
        false => &[("/proc/self", read)],
    };
    let machine = MACHINE_FILES.iter().filter(|_| !plan.base.is_apart()).map(|path| (*path, read));
    for (path, access) in system.chain(devices).chain(own.iter().copied()).chain(machine) {
        if let Some((file, is_folder)) = place::open_if_there(path)? {
            grants.push((file, is_folder, access));
        }
    }
    Ok(grants)
}
