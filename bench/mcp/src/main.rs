//! What a call of an MCP tool costs through oikos, beside the bare server and beside what else can stand before it. Prints tables;
//! asserts nothing about time.

mod client; // an ordinary client
#[path = "../../src/machine.rs"]
#[allow(dead_code, reason = "the bench beside this one uses all of it")]
mod machine;
#[path = "../../src/measure.rs"]
#[allow(dead_code, reason = "the bench beside this one uses all of it")]
mod measure;
mod processes; // what programs take
mod stands; // where a tool can be called

use anyhow::{Context as _, Result};
use clap::Parser;
use client::{Calls as _, Lines};
use measure::{Cell, Samples, Table};
use processes::Taken;
use stands::{Household, Stand};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// Rounds over all of them, in turns, so that other load hits all.
const ROUNDS: usize = 3;
/// Starts of a server in a round.
const STARTS: usize = 30;

/// Calls the same tool everywhere. `cargo xtask bench -- mcp` builds and fetches what it needs.
#[derive(Parser)]
struct Options {
    /// The oikos that is measured.
    #[arg(long)]
    oikos: PathBuf,
    /// npm's mcp-proxy: its script.
    #[arg(long)]
    mcp_proxy: Option<PathBuf>,
    /// A Python that has FastMCP.
    #[arg(long)]
    fastmcp: Option<PathBuf>,
    /// Print one JSON document instead of tables.
    #[arg(long)]
    json: bool,
}

/// Whom it is measured beside.
pub struct Peers {
    pub oikos: PathBuf,
    /// The server that everybody stands before.
    pub server: PathBuf,
    pub mcp_proxy: Option<PathBuf>,
    pub fastmcp: Option<PathBuf>,
}

/// This folder.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn main() -> Result<()> {
    let options = Options::parse();
    let server = std::env::current_exe()?.with_file_name("bare-server").canonicalize();
    let server = server.context("bare-server is built beside this: cargo build --release --bins")?;
    let Options { oikos, mcp_proxy, fastmcp, json } = options;
    let peers = Peers { oikos: oikos.canonicalize().context("--oikos is not there")?, server, mcp_proxy, fastmcp };
    let machine = machine::Machine::read();
    let tables = [calls(&peers)?, starts(&peers)?];
    if json {
        let tables: Vec<_> = tables.iter().map(Table::json).collect();
        let document =
            serde_json::json!({ "machine": machine.json(), "tables": tables, "load_after": machine::load() });
        println!("{document:#}");
        return Ok(());
    }
    machine.print();
    tables.iter().for_each(Table::print);
    println!("\nload average at the end {}", machine::load());
    Ok(())
}

/// A server that runs, asked again and again.
fn calls(peers: &Peers) -> Result<Table> {
    let (mut stands, left_out) = stands::all(peers)?;
    let mut all = vec![Samples::default(); stands.len()];
    for round in 1..=ROUNDS {
        for (stand, samples) in stands.iter_mut().zip(&mut all) {
            eprintln!("round {round} of {ROUNDS}: {}", stand.name);
            samples.join(calls_of(stand)?);
        }
    }
    let mut table = Table::new(
        "A call of a tool, one at a time",
        &[
            "who answers",
            "calls",
            "p50 µs",
            "p90 µs",
            "p99 µs",
            "added p50 µs",
            "CPU µs/call",
            "faults/call",
            "processes",
            "RSS MiB",
            "PSS MiB",
        ],
    );
    let base_us = all[0].percentile_us(0.5);
    for (stand, samples) in stands.iter().zip(&all) {
        let held = Taken::by(stand.root);
        let p50_us = samples.percentile_us(0.5);
        table.row(vec![
            Cell::text(&stand.name),
            Cell::number(samples.wall_ns.len() as f64, 0),
            Cell::number(p50_us, 1),
            Cell::number(samples.percentile_us(0.9), 1),
            Cell::number(samples.percentile_us(0.99), 1),
            Cell::number(p50_us - base_us, 1),
            Cell::number(samples.cpu_us(), 1),
            Cell::number(samples.faults_per_run(), 1),
            Cell::number(held.processes as f64, 0),
            Cell::number(held.resident_mib, 1),
            Cell::number(held.shared_out_mib, 1),
        ]);
    }
    table.note("added: to the p50 of the first line. CPU, faults and memory: of all processes but the client");
    left_out.into_iter().for_each(|note| table.note(note));
    Ok(table)
}

fn calls_of(stand: &mut Stand) -> Result<Samples> {
    stand.client.come_back()?;
    for number in 0..stand.calls / 10 {
        stand.client.echo(&stand.tool, number)?;
    }
    let before = Taken::by(stand.root);
    let mut wall_ns = Vec::with_capacity(stand.calls);
    for number in 0..stand.calls {
        let begun = Instant::now();
        stand.client.echo(&stand.tool, number)?;
        wall_ns.push(begun.elapsed().as_nanos() as u64);
    }
    let after = Taken::by(stand.root);
    let since = |later: u64, earlier: u64| later.saturating_sub(earlier);
    Ok(Samples { wall_ns, cpu_ns: since(after.cpu_ns, before.cpu_ns), faults: since(after.faults, before.faults) })
}

/// A server that does not run yet, until it has answered.
fn starts(peers: &Peers) -> Result<Table> {
    let household = Household::open(peers)?;
    household.install_server(peers)?;
    let (mut client, tool) = household.client("bare")?;
    let (mut alone, mut boxed) = (Samples::default(), Samples::default());
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS}: starts");
        alone.join(Samples::take_unwarmed(STARTS, |number| Lines::open(stands::stdio(peers))?.echo("echo", number))?);
        for number in 0..STARTS {
            household.restart_server()?;
            client.come_back()?;
            let begun = Instant::now();
            client.echo(&tool, number)?;
            boxed.wall_ns.push(begun.elapsed().as_nanos() as u64);
        }
    }
    let mut table =
        Table::new("A call whose server does not run yet", &["who answers", "starts", "p50 ms", "p90 ms", "p99 ms"]);
    let names =
        ["rmcp 3.11, started, greeted, called, ended", "oikos /mcp: started in its box, greeted, listed, called"];
    for (name, samples) in names.into_iter().zip([&alone, &boxed]) {
        let at = |share: f64| Cell::number(samples.percentile_us(share) / 1_000.0, 2);
        let count = Cell::number(samples.wall_ns.len() as f64, 0);
        table.row(vec![Cell::text(name), count, at(0.5), at(0.9), at(0.99)]);
    }
    Ok(table)
}
