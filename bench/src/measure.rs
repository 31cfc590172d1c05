//! How things are timed: every contender runs the same number of times in interleaved rounds, so a noisy neighbour
//! hits all of them; wall percentiles are exact (all samples kept) and CPU time covers every thread of the process.

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::time::Instant;

/// Rounds over all contenders.
const ROUNDS: usize = 3;

/// CPU time of the whole process so far, in nanoseconds.
pub fn process_cpu_ns() -> u64 {
    let at = clock_gettime(ClockId::ProcessCPUTime);
    at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
}

/// Something that performs runs.
pub trait Contender {
    /// What its line in the table says.
    fn name(&self) -> String;
    /// Runs per round that suit its speed.
    fn runs(&self) -> usize;
    /// Performs runs after a warm-up of its own.
    fn round(&mut self, runs: usize) -> Result<Samples>;
}

/// What was measured of one contender.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Wall time of each run.
    pub wall_ns: Vec<u64>,
    /// CPU time of all runs together.
    pub cpu_ns: u64,
    /// Minor page faults of all runs together; they are what a fresh heap costs the operating system.
    pub faults: u64,
}

impl Samples {
    /// Times `run` after a tenth as many warm-up runs.
    pub fn take(runs: usize, mut run: impl FnMut(usize) -> Result<()>) -> Result<Self> {
        for i in 0..runs / 10 + 1 {
            run(i)?;
        }
        Self::take_unwarmed(runs, run)
    }

    /// Times `run` from its first call on.
    pub fn take_unwarmed(runs: usize, mut run: impl FnMut(usize) -> Result<()>) -> Result<Self> {
        let mut meter = Meter::start(runs);
        for i in 0..runs {
            let start = Instant::now();
            run(i)?;
            meter.note(start);
        }
        Ok(meter.end())
    }

    /// Adds another round.
    pub fn join(&mut self, other: Self) {
        self.wall_ns.extend(other.wall_ns);
        self.cpu_ns += other.cpu_ns;
        self.faults += other.faults;
    }

    /// The wall time that this share of runs did not exceed, in microseconds.
    pub fn percentile_us(&self, share: f64) -> f64 {
        let mut sorted = self.wall_ns.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(rank.max(1) - 1).map_or(f64::NAN, |ns| *ns as f64 / 1_000.0)
    }

    /// CPU time per run in microseconds.
    pub fn cpu_us(&self) -> f64 {
        self.cpu_ns as f64 / self.wall_ns.len().max(1) as f64 / 1_000.0
    }

    /// Faults per run.
    pub fn faults_per_run(&self) -> f64 {
        self.faults as f64 / self.wall_ns.len().max(1) as f64
    }
}

/// Measures a stretch of runs, for loops that are not [`Samples::take`]'s.
pub struct Meter {
    wall_ns: Vec<u64>,
    cpu_before_ns: u64,
    faults_before: u64,
}

impl Meter {
    /// From here on.
    pub fn start(runs: usize) -> Self {
        let wall_ns = Vec::with_capacity(runs);
        Self { wall_ns, cpu_before_ns: process_cpu_ns(), faults_before: crate::machine::minor_faults() }
    }

    /// A run that began at `start` has ended.
    pub fn note(&mut self, start: Instant) {
        self.wall_ns.push(start.elapsed().as_nanos() as u64);
    }

    /// What was measured.
    pub fn end(self) -> Samples {
        let cpu_ns = process_cpu_ns() - self.cpu_before_ns;
        let faults = crate::machine::minor_faults() - self.faults_before;
        Samples { wall_ns: self.wall_ns, cpu_ns, faults }
    }
}

/// Lets every contender run in turn and hands back what each took, in their order.
pub fn compete(contenders: &mut [Box<dyn Contender>]) -> Result<Vec<(String, Samples)>> {
    let mut all: Vec<_> = contenders.iter().map(|contender| (contender.name(), Samples::default())).collect();
    for round in 1..=ROUNDS {
        for (contender, (name, samples)) in contenders.iter_mut().zip(&mut all) {
            eprintln!("round {round} of {ROUNDS}: {name}");
            let runs = contender.runs();
            samples.join(contender.round(runs)?);
        }
    }
    Ok(all)
}

/// A table of contenders; ratios are against the first line.
pub fn table_of(title: &str, all: &[(String, Samples)]) -> Table {
    let mut table = Table::new(
        title,
        &[
            "fresh per run",
            "runs",
            "p50 µs",
            "p90 µs",
            "p99 µs",
            "CPU µs/run",
            "runs/CPU-s",
            "faults/run",
            "× p50",
            "× CPU",
        ],
    );
    let Some((_, first)) = all.first() else { return table };
    let (base_p50_us, base_cpu_us) = (first.percentile_us(0.5), first.cpu_us());
    for (name, samples) in all {
        let p50_us = samples.percentile_us(0.5);
        table.row(vec![
            Cell::text(name),
            Cell::number(samples.wall_ns.len() as f64, 0),
            Cell::number(p50_us, 1),
            Cell::number(samples.percentile_us(0.9), 1),
            Cell::number(samples.percentile_us(0.99), 1),
            Cell::number(samples.cpu_us(), 1),
            Cell::number(1e6 / samples.cpu_us(), 0),
            Cell::number(samples.faults_per_run(), 1),
            Cell::number(p50_us / base_p50_us, 2),
            Cell::number(samples.cpu_us() / base_cpu_us, 2),
        ]);
    }
    table
}

/// One value of a table.
pub enum Cell {
    /// Words, aligned to the left.
    Text(String),
    /// A number with that many decimals, aligned to the right.
    Number(f64, usize),
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number.
    pub fn number(value: f64, decimals: usize) -> Self {
        Self::Number(value, decimals)
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value, decimals) => grouped(*value, *decimals),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(value, _) => json!(value),
        }
    }
}

/// A number with its thousands apart.
fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), String::new()), |(w, r)| (w, format!(".{r}")));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain;
    }
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + &rest
}

/// Rows under headings, printed aligned or as JSON.
pub struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new(title: &str, head: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            head: head.iter().map(|word| (*word).to_owned()).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Adds a line below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// As a person reads it.
    pub fn print(&self) {
        let shown: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        let widths: Vec<usize> = (0..self.head.len())
            .map(|i| {
                shown.iter().map(|row| row[i].chars().count()).chain([self.head[i].chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let line = |cells: &[String]| {
            let mut text = String::new();
            for (i, cell) in cells.iter().enumerate() {
                let pad = " ".repeat(widths[i] - cell.chars().count());
                // The first column holds words.
                text += &if i == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
            }
            println!("{}", text.trim_end());
        };
        println!("\n{}", self.title);
        line(&self.head);
        println!("{}", "-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
        shown.iter().for_each(|row| line(row));
        self.notes.iter().for_each(|note| println!("  {note}"));
    }

    /// As a program reads it.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| Value::Object(self.head.iter().cloned().zip(row.iter().map(Cell::json)).collect()))
            .collect();
        json!({ "title": self.title, "rows": rows, "notes": self.notes })
    }
}
