//! What a program and all that it has started take of the machine.

use std::{collections::HashMap, fs};

/// Sums over a program and its descendants that live.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// CPU time, with that of those that have ended and were waited for. Counted in ticks of 10 ms.
    pub cpu_ns: u64,
    /// Minor page faults.
    pub faults: u64,
    /// Pages in memory, those that several have counted for each of them.
    pub resident_mib: f64,
    /// The same with those that several have shared out among them.
    pub shared_out_mib: f64,
    /// How many they are.
    pub processes: usize,
}

impl Taken {
    /// By the program of this number and all below it.
    pub fn by(root: u32) -> Self {
        let stats = stats();
        let mut taken = Self::default();
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            waiting.extend(stats.iter().filter(|(_, fields)| fields[1] == u64::from(number)).map(|(child, _)| *child));
            let Some(fields) = stats.get(&number) else { continue };
            taken.cpu_ns += fields[11..15].iter().sum::<u64>() * 10_000_000;
            taken.faults += fields[7];
            taken.resident_mib += kib(number, "Rss:") / 1_024.0;
            taken.shared_out_mib += kib(number, "Pss:") / 1_024.0;
            taken.processes += 1;
        }
        taken
    }
}

/// The fields of every process's status line behind its name, those that are no numbers as 0.
fn stats() -> HashMap<u32, Vec<u64>> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let read = |number: u32| {
        let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let fields = text.rsplit_once(") ")?.1.split_whitespace().map(|word| word.parse().unwrap_or(0));
        Some((number, fields.collect::<Vec<_>>())).filter(|(_, fields)| fields.len() > 15)
    };
    numbers.filter_map(read).collect()
}

fn kib(number: u32, key: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{number}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}
