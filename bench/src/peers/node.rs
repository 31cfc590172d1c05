//! Node's `worker_threads`: a new worker for each run, one message in, one out, then terminated. Measured by the script
//! itself, because Node's own start is not part of a run.

use super::{APP_ACTION, INPUT, bench_folder, check};
use crate::measure::{Contender, Samples};
use anyhow::{Context as _, Result, bail, ensure};
use std::process::Command;

pub struct WorkerThreads {
    version: String,
}

impl WorkerThreads {
    /// Looks for Node on this machine.
    pub fn find() -> Result<Self> {
        let Ok(output) = Command::new("node").arg("--version").output() else { bail!("node is not installed") };
        ensure!(output.status.success(), "node does not start");
        Ok(Self { version: String::from_utf8_lossy(&output.stdout).trim().to_owned() })
    }
}

impl Contender for WorkerThreads {
    fn name(&self) -> String {
        format!("Node {} worker_threads, new worker + terminate", self.version)
    }

    fn runs(&self) -> usize {
        40
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        let output = Command::new("node")
            .arg(bench_folder().join("peers/worker_threads.mjs"))
            .arg(bench_folder().join("app/bot-logic.js"))
            .args([APP_ACTION, INPUT, &runs.to_string()])
            .output()?;
        ensure!(output.status.success(), "the script failed: {}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).context("the script's report")?;
        check(report["answer"].as_str().unwrap_or_default())?;
        let numbers = report["wall_ns"].as_array().context("no samples")?;
        Ok(Samples {
            wall_ns: numbers.iter().filter_map(serde_json::Value::as_u64).collect(),
            cpu_ns: report["cpu_ns"].as_u64().context("no CPU time")?,
            faults: report["faults"].as_u64().context("no faults")?,
        })
    }
}
