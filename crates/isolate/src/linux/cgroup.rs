//! Control groups, of both versions behind one face: make one, put a process in, ask what happened, end all, remove.

use super::wire::{Fault, Step};
use crate::{Plan, abilities::CgroupPlace};
use rustix::process::Pid;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A group of our own, or two of the old kind. Removed with [`remove`](Self::remove): it outlives us otherwise.
pub(crate) struct Cgroup {
    folders: Vec<PathBuf>,
    memory: Option<PathBuf>,
    processes: Option<PathBuf>,
    is_second: bool,
}

impl Cgroup {
    /// Makes the group that the plan asks for, with its bounds set and nobody in it. `name` is nobody else's.
    pub(crate) fn make(plan: &Plan, name: &str) -> Result<Option<Self>, Fault> {
        let bounds = &plan.policy.bounds;
        let count = (u64::from(bounds.processes_max) + plan.processes_beside()).to_string();
        let bytes = bounds.memory_bytes_max.to_string();
        let group = match &plan.cgroup {
            None => return Ok(None),
            Some(CgroupPlace::V2 { folder, memory, processes }) => {
                let folder = folder.join(name);
                let mut group = Self { folders: vec![folder.clone()], memory: None, processes: None, is_second: true };
                group.filled(|| {
                    fs::create_dir(&folder)?;
                    if *memory {
                        fs::write(folder.join("memory.max"), &bytes)?;
                        // Memory that goes to disk would be no bound; where there is no swap there is no such file.
                        optional(fs::write(folder.join("memory.swap.max"), "0"))?;
                        optional(fs::write(folder.join("memory.oom.group"), "1"))?;
                    }
                    if *processes {
                        fs::write(folder.join("pids.max"), &count)?;
                    }
                    Ok(())
                })?;
                group.memory = memory.then(|| folder.clone());
                group.processes = processes.then_some(folder);
                group
            }
            Some(CgroupPlace::V1 { memory, processes }) => {
                let memory = memory.as_ref().map(|folder| folder.join(name));
                let processes = processes.as_ref().map(|folder| folder.join(name));
                // With both controllers in one tree it is one group.
                let mut folders: Vec<PathBuf> = memory.iter().chain(&processes).cloned().collect();
                folders.dedup();
                let group = Self { folders, memory: memory.clone(), processes: processes.clone(), is_second: false };
                group.filled(|| {
                    for folder in &group.folders {
                        fs::create_dir(folder)?;
                    }
                    if let Some(folder) = &memory {
                        fs::write(folder.join("memory.limit_in_bytes"), &bytes)?;
                        optional(fs::write(folder.join("memory.memsw.limit_in_bytes"), &bytes))?;
                    }
                    if let Some(folder) = &processes {
                        fs::write(folder.join("pids.max"), &count)?;
                    }
                    Ok(())
                })?;
                group
            }
        };
        Ok(Some(group))
    }

    fn filled(&self, fill: impl FnOnce() -> io::Result<()>) -> Result<(), Fault> {
        let filled = fill().step("making a control group");
        if filled.is_err() {
            self.remove();
        }
        filled
    }

    /// Puts a process in; what it starts from then on is in it too.
    pub(crate) fn enter(&self, process: Pid) -> Result<(), Fault> {
        let number = process.as_raw_nonzero().to_string();
        self.folders
            .iter()
            .try_for_each(|folder| fs::write(folder.join("cgroup.procs"), &number))
            .step("entering the control group")
    }

    /// Whether somebody in it was ended for want of memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        self.ended_for_memory() > 0
    }

    /// How many in it were ended for want of memory.
    pub(crate) fn ended_for_memory(&self) -> u64 {
        let file = if self.is_second { "memory.events" } else { "memory.oom_control" };
        self.memory.as_ref().map_or(0, |folder| count(&folder.join(file), "oom_kill "))
    }

    /// How often somebody in it was refused another process.
    pub(crate) fn refused_processes(&self) -> u64 {
        self.processes.as_ref().map_or(0, |folder| count(&folder.join("pids.events"), "max "))
    }

    /// Files that are ready whenever one of these numbers has changed, where the kernel has such files.
    pub(crate) fn events(&self) -> Vec<fs::File> {
        let memory = self.memory.as_ref().filter(|_| self.is_second).map(|folder| folder.join("memory.events"));
        let processes = self.processes.as_ref().map(|folder| folder.join("pids.events"));
        memory.into_iter().chain(processes).filter_map(|path| fs::File::open(path).ok()).collect()
    }

    /// Ends all that is in it, at once where the kernel can do that.
    pub(crate) fn end(&self) {
        for folder in &self.folders {
            if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
                continue;
            }
            for process in members(folder) {
                rustix::process::kill_process(process, rustix::process::Signal::KILL).ok();
            }
        }
    }

    /// Whether nobody is in it any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.folders.iter().all(|folder| members(folder).is_empty())
    }

    /// Removes it; fails only while somebody is in it.
    pub(crate) fn remove(&self) -> bool {
        self.folders.iter().all(|folder| match fs::remove_dir(folder) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        })
    }
}

/// The number on the line that begins with this.
fn count(file: &Path, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let number = text.lines().find_map(|line| line.strip_prefix(name));
    number.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

fn members(folder: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok().and_then(Pid::from_raw)).collect()
}

fn optional(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // The kernel has the file and does not do it.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(()),
        written => written,
    }
}
