//! What a run costs, beside what else could have run it. Prints tables; asserts nothing about time.

mod machine;
mod measure;
mod ours;
mod peers;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use measure::{Contender, Table};
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// Measures oikos beside its peers, in one process and at one time.
#[derive(Parser)]
struct Options {
    /// Print one JSON document instead of tables.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A fresh run of one action in the sandbox and in every peer, what apps and runs hold, what a second thread brings.
    Sandbox,
    /// Whole runs, and a whole install.
    Run,
    /// Requests through the doors, and a service where nothing happens.
    Doors,
    /// The peers only.
    Peers,
    /// Everything.
    All,
    /// Used by this program itself.
    #[command(hide = true)]
    MemoryOf { cache: PathBuf },
    /// Used by this program itself.
    #[command(hide = true)]
    IdleOf { home: PathBuf },
    /// Used by this program itself.
    #[command(hide = true)]
    ScalingOf { cache: PathBuf, guest_threads: usize, starters: usize, in_flight: usize },
}

fn main() -> Result<()> {
    let options = Options::parse();
    let machine = machine::Machine::read();
    let tables = match options.what {
        What::Sandbox => sandbox()?,
        What::Run => whole()?,
        What::Doors => doors()?,
        What::All => sandbox()?.into_iter().chain(whole()?).chain(doors()?).collect(),
        What::Peers => {
            let (mut peers, left_out) = peers::all();
            vec![with_notes(measure::table_of("Fresh run of one action", &measure::compete(&mut peers)?), left_out)]
        }
        What::IdleOf { home } => return answer(ours::doors::idle_child(&home)?),
        What::MemoryOf { cache } => return answer(ours::memory::child(&cache)?),
        What::ScalingOf { cache, guest_threads, starters, in_flight } => {
            return answer(ours::scaling::child(&cache, guest_threads, starters, in_flight)?);
        }
    };
    if options.json {
        let tables: Vec<_> = tables.iter().map(Table::json).collect();
        let load = machine::load();
        return answer(serde_json::json!({ "machine": machine.json(), "tables": tables, "load_after": load }));
    }
    machine.print();
    tables.iter().for_each(Table::print);
    println!("\nload average at the end {}", machine::load());
    Ok(())
}

fn sandbox() -> Result<Vec<Table>> {
    let folder = tempfile::tempdir()?;
    let cache = folder.path().join("js");
    eprintln!("compiling the engine and making {} images", ours::APPS);
    let mut contenders = ours::contenders(&cache)?;
    let memory = ours::memory::table(&cache)?;
    let scaling = ours::scaling::table(&cache)?;
    let guest_cpu_us = ours::guest_cpu_us(&cache)?;

    let (peers, left_out) = peers::all();
    contenders.extend(peers);
    let mut runs = measure::table_of("Fresh run of one action", &measure::compete(&mut contenders)?);
    runs.note(format!("of a hot run, {guest_cpu_us:.1} µs are the guest's own CPU time, as charged to its lease"));
    drop(contenders);

    let mut building: [Box<dyn Contender>; 1] = [Box::new(ours::ImageBuild::new(&cache)?)];
    let building = measure::table_of("Install, the sandbox's part", &measure::compete(&mut building)?);
    Ok(vec![with_notes(runs, left_out), building, memory, scaling])
}

fn whole() -> Result<Vec<Table>> {
    let home = tempfile::tempdir()?;
    let household = ours::whole::Household::open(&home.path().join("home"))?;
    let runs = measure::table_of("Whole run", &measure::compete(&mut ours::whole::contenders(&household))?);
    let mut installing: [Box<dyn Contender>; 1] = [Box::new(ours::whole::Install::new(&household))];
    Ok(vec![runs, measure::table_of("Install after download", &measure::compete(&mut installing)?)])
}

fn doors() -> Result<Vec<Table>> {
    let folder = tempfile::tempdir()?;
    let household = ours::doors::Household::open(&folder.path().join("home"))?;
    let mut contenders = ours::doors::contenders(&household)?;
    let requests = measure::table_of("Requests through the doors", &measure::compete(&mut contenders)?);
    drop(contenders);
    household.close()?;
    Ok(vec![requests, ours::doors::idle(folder.path())?])
}

fn with_notes(mut table: Table, notes: Vec<String>) -> Table {
    notes.into_iter().for_each(|note| table.note(note));
    table
}

fn answer(json: serde_json::Value) -> Result<()> {
    println!("{json:#}");
    Ok(())
}

/// This program in another process, which prints one JSON document.
pub struct OwnProcess(Child);

/// Starts this program with other words.
pub fn own_process_start(arguments: &[&str]) -> Result<OwnProcess> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(OwnProcess(command.args(arguments).stdout(Stdio::piped()).spawn()?))
}

/// The same, and waits for its answer.
pub fn own_process(arguments: &[&str]) -> Result<serde_json::Value> {
    own_process_start(arguments)?.finish()
}

impl OwnProcess {
    /// Waits for its answer.
    pub fn finish(self) -> Result<serde_json::Value> {
        let output = self.0.wait_with_output()?;
        ensure!(output.status.success(), "a process of this measurement failed");
        serde_json::from_slice(&output.stdout).context("the answer of a process of this measurement")
    }
}
