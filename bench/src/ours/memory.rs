//! What apps and runs hold. Measured in a process of its own, where nothing was compiled before: freed memory of a
//! compiler would hide what is taken afterwards.

use super::{APPS, House, runtime, source, source_of};
use crate::{
    machine::Memory,
    measure::{Cell, Table},
    own_process,
};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::{BoxFuture, FutureExt};
use kernel::{
    host_call::{HostAnswer, HostCall, HostError},
    runner::{GuestHost, GuestPiece, Push, Runner},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// Runs alive at once beyond the hot slots.
const MANY: usize = 200;

/// A host whose answer comes when it is let go.
struct SlowHost {
    waiting: AtomicUsize,
    gate: Arc<Semaphore>,
}

impl GuestHost for SlowHost {
    fn call(&self, _call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        self.waiting.fetch_add(1, SeqCst);
        let gate = self.gate.clone();
        async move {
            // A closed gate is an open one too: nobody waits for ever.
            drop(gate.acquire().await);
            Ok(HostAnswer::Json(json!("the letter")))
        }
        .boxed()
    }

    fn stream(&self, _piece: GuestPiece) -> Push {
        Push::Taken
    }
}

/// The table, measured by a child over a cache that holds the engine and a thousand images.
pub fn table(cache: &Path) -> Result<Table> {
    let found: Value = own_process(&["memory-of", cache.to_str().context("a folder without a name")?])?;
    let mut table = Table::new("What is held", &["state", "how many", "KiB each, private", "KiB each, on disk"]);
    for row in found.as_array().context("no rows")? {
        table.row(vec![
            Cell::text(row["state"].as_str().unwrap_or_default()),
            Cell::number(row["count"].as_f64().unwrap_or(f64::NAN), 0),
            row["private_kib"].as_f64().map_or_else(|| Cell::text("-"), |kib| Cell::number(kib, 1)),
            row["disk_kib"].as_f64().map_or_else(|| Cell::text("-"), |kib| Cell::number(kib, 1)),
        ]);
    }
    Ok(table)
}

/// What the child does: prints rows as JSON.
pub fn child(cache: &Path) -> Result<Value> {
    let mut rows = Vec::new();
    let mut row = |state: &str, count: usize, private_kib: Option<f64>, disk_kib: Option<f64>| {
        rows.push(json!({ "state": state, "count": count, "private_kib": private_kib, "disk_kib": disk_kib }));
    };
    let before = Memory::read();
    let house = House::open(cache, |_| {})?;
    let slots = house.runner.status().hot_slots_free as usize;
    let opened = Memory::read();
    row("the sandbox itself, nothing run yet", 1, Some(opened.private_kib - before.private_kib), None);

    let sources: Vec<_> = (0..APPS).map(source).collect();
    let files = fs::read_dir(cache)?.filter_map(Result::ok);
    let disk: Vec<u64> = files
        .filter(|file| file.file_name().to_string_lossy().ends_with(".image"))
        .map(|file| file.metadata().map(|metadata| metadata.len()))
        .collect::<Result<_, _>>()?;
    let disk_kib = disk.iter().sum::<u64>() as f64 / 1_024.0 / disk.len().max(1) as f64;
    row("parked app, image in its file only", disk.len(), Some(0.0), Some(disk_kib));

    let before = Memory::read();
    let images: Vec<_> = sources.iter().map(|source| house.runner.prepare(source)).collect::<Result<_, _>>()?;
    let each =
        |after: Memory, before: Memory, count: usize| Some((after.private_kib - before.private_kib) / count as f64);
    row("parked app, image in memory", APPS, each(Memory::read(), before, APPS), Some(disk_kib));

    let runtime = runtime()?;
    for image in &images {
        runtime.block_on(house.run(&**image))?;
    }
    row("parked app, image in memory, after each ran once", APPS, each(Memory::read(), before, APPS), Some(disk_kib));

    let waits = house.runner.prepare(&source_of(include_str!("../../app/waits.js")))?;
    for (state, count) in [
        ("live run in a hot slot, suspended in a host call", slots),
        ("live run, hot slots and overflow together", MANY),
        ("the same, slots used before", MANY),
    ] {
        let host = Arc::new(SlowHost { waiting: AtomicUsize::new(0), gate: Arc::new(Semaphore::new(0)) });
        let before = Memory::read();
        let after = runtime.block_on(async {
            let mut runs = Vec::new();
            for _ in 0..count {
                let call = house.call("wait")?;
                let lease = call.lease.clone();
                runs.push((lease, tokio::spawn(waits.start(call, host.clone()))));
            }
            while host.waiting.load(SeqCst) < count {
                ensure!(!runs.iter().any(|(_, run)| run.is_finished()), "a run ended before it was let go");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let after = Memory::read();
            host.gate.close();
            for (lease, run) in runs {
                let end = run.await?;
                ensure!(end.result.is_ok(), "a run failed: {:?}", end.result);
                house.broker.lease_close(lease.run());
            }
            anyhow::Ok(after)
        })?;
        row(state, count, each(after, before, count), None);
        let rest = Memory::read();
        row("  what stays of it after the end", count, each(rest, before, count), None);
    }
    Ok(Value::Array(rows))
}
