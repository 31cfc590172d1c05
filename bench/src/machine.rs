//! The machine a table was measured on, and what this process takes of it.

use serde_json::{Value, json};
use std::{fs, process::Command};

/// What a reader needs to judge the figures.
pub struct Machine {
    cpu: String,
    cores: usize,
    memory_gib: f64,
    kernel: String,
    load: String,
    rustc: String,
    node: String,
    at: String,
}

impl Machine {
    /// Reads it.
    pub fn read() -> Self {
        Self {
            cpu: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: number(&field("/proc/meminfo", "MemTotal")) / f64::from(1 << 20),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: load(),
            rustc: answer("rustc", &["--version"]),
            node: answer("node", &["--version"]),
            at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }

    /// As a person reads it.
    pub fn print(&self) {
        println!(
            "{} · {} · {} cores · {:.0} GiB · kernel {}",
            self.at, self.cpu, self.cores, self.memory_gib, self.kernel
        );
        println!("{} · node {} · load average at start {}", self.rustc, self.node, self.load);
    }

    /// As a program reads it.
    pub fn json(&self) -> Value {
        json!({
            "at": self.at, "cpu": self.cpu, "cores": self.cores, "memory_gib": self.memory_gib,
            "kernel": self.kernel, "load": self.load, "rustc": self.rustc, "node": self.node,
        })
    }
}

/// The load averages of 1, 5 and 15 minutes.
pub fn load() -> String {
    text("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Minor page faults of this process so far.
pub fn minor_faults() -> u64 {
    stat_field(7)
}

/// CPU time of this process so far in user and system mode, in seconds; counted by ticks of 10 ms.
pub fn process_times_s() -> (f64, f64) {
    (stat_field(11) as f64 / 100.0, stat_field(12) as f64 / 100.0)
}

/// Context switches of all threads that are alive.
pub fn context_switches() -> u64 {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return 0 };
    let status = tasks.flatten().map(|task| fs::read_to_string(task.path().join("status")).unwrap_or_default());
    status
        .flat_map(|status| {
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).collect::<Vec<_>>()
        })
        .sum()
}

/// A field of the process's status line, counted from the one after its name.
fn stat_field(number: usize) -> u64 {
    // The name stands in brackets and may hold spaces.
    let stat = text("/proc/self/stat");
    let fields = stat.rsplit(')').next();
    fields.and_then(|rest| rest.split_whitespace().nth(number)).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Memory of this process in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Private and written: what only this process holds and the system cannot drop.
    pub private_kib: f64,
    /// All of its pages that are in memory, also those of files that others have mapped too.
    pub resident_kib: f64,
}

impl Memory {
    /// Reads it.
    pub fn read() -> Self {
        let of = |key| number(&field("/proc/self/smaps_rollup", key));
        Self { private_kib: of("Private_Dirty"), resident_kib: of("Rss") }
    }
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field(path: &str, key: &str) -> String {
    text(path)
        .lines()
        .find(|line| line.starts_with(key))
        .and_then(|line| line.split_once(':'))
        .map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn number(value: &str) -> f64 {
    value.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

fn answer(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "missing".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
