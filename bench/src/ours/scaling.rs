//! What a second thread brings. Every line runs in processes of its own for the same time. CPU per run shows contention
//! whatever else the machine does: if two threads in one process cost more per run than two processes of one thread,
//! they wait for or disturb each other; if they cost the same, only the machine is shared.

use super::{House, runtime, source};
use crate::{
    machine::{context_switches, minor_faults, process_times_s},
    measure::{Cell, Table, process_cpu_ns},
    own_process_start,
};
use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use kernel::runner::Runner;
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

/// How long each line runs.
const SPIN: Duration = Duration::from_secs(3);
/// Runs under way per thread that starts runs, so that guest threads never wait for work.
const IN_FLIGHT: usize = 4;

/// One line: how many processes, guest threads in each, and whether runs are kept in flight or started one by one.
const LINES: [(&str, usize, usize, usize, usize); 5] = [
    ("1 process × 1 guest thread, one run at a time", 1, 1, 1, 1),
    ("1 process × 1 guest thread", 1, 1, 1, IN_FLIGHT),
    ("1 process × 2 guest threads", 1, 2, 1, 2 * IN_FLIGHT),
    ("1 process × 2 guest threads, 2 starting threads", 1, 2, 2, IN_FLIGHT),
    ("2 processes × 1 guest thread", 2, 1, 1, IN_FLIGHT),
];

/// The table.
pub fn table(cache: &Path) -> Result<Table> {
    let mut table = Table::new(
        "What a second thread brings",
        &["hot app", "runs/s", "CPU µs/run", "of it system", "cores used", "faults/run", "switches/run"],
    );
    let cache = cache.to_str().context("a folder without a name")?;
    for (name, processes, guest_threads, starters, in_flight) in LINES {
        eprintln!("scaling: {name}");
        let numbers = [guest_threads, starters, in_flight].map(|n| n.to_string());
        let arguments = ["scaling-of", cache, &numbers[0], &numbers[1], &numbers[2]];
        let children: Vec<_> = (0..processes).map(|_| own_process_start(&arguments)).collect::<Result<_>>()?;
        let found: Vec<Value> = children.into_iter().map(|child| child.finish()).collect::<Result<_>>()?;
        let sum = |key: &str| found.iter().filter_map(|one| one[key].as_f64()).sum::<f64>();
        let runs = sum("runs");
        let seconds = sum("wall_s") / processes as f64;
        table.row(vec![
            Cell::text(name),
            Cell::number(runs / seconds, 0),
            Cell::number(sum("cpu_ns") / 1e3 / runs, 1),
            Cell::number(sum("system_s") * 1e6 / runs, 1),
            Cell::number(sum("cpu_ns") / 1e9 / seconds, 2),
            Cell::number(sum("faults") / runs, 2),
            Cell::number(sum("switches") / runs, 2),
        ]);
    }
    Ok(table)
}

/// What a child does: runs for a while and prints what it took.
pub fn child(cache: &Path, guest_threads: usize, starters: usize, in_flight: usize) -> Result<Value> {
    let house = Arc::new(House::open(cache, |config| config.guest_threads = guest_threads)?);
    let image = house.runner.prepare(&source(0))?;
    let warm = runtime()?;
    for _ in 0..1_000 {
        warm.block_on(house.run(&*image))?;
    }
    let (cpu_before_ns, faults_before, switches_before) = (process_cpu_ns(), minor_faults(), context_switches());
    let system_before_s = process_times_s().1;
    let ended = Arc::new(Barrier::new(starters + 1));
    let start = Instant::now();
    let threads: Vec<_> = (0..starters)
        .map(|_| {
            let (house, image, ended) = (house.clone(), image.clone(), ended.clone());
            thread::spawn(move || -> Result<u64> {
                let loops = (0..in_flight).map(|_| async {
                    let mut runs = 0_u64;
                    while start.elapsed() < SPIN {
                        house.run(&*image).await?;
                        runs += 1;
                    }
                    anyhow::Ok(runs)
                });
                let runs = runtime().and_then(|runtime| runtime.block_on(try_join_all(loops)));
                ended.wait();
                ended.wait();
                Ok(runs?.into_iter().sum())
            })
        })
        .collect();
    // Between the two the threads have done their work and are still there: their switches go when they go.
    ended.wait();
    let switches = context_switches() - switches_before;
    ended.wait();
    let mut runs = 0;
    for thread in threads {
        runs += thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
    }
    Ok(json!({
        "runs": runs,
        "wall_s": start.elapsed().as_secs_f64(),
        "cpu_ns": process_cpu_ns() - cpu_before_ns,
        "system_s": process_times_s().1 - system_before_s,
        "faults": minor_faults() - faults_before,
        "switches": switches,
    }))
}
