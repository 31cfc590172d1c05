//! What ours is compared with. Every peer runs the same action of `app/bot-logic.js` on the same input, fresh each
//! time, and its answer is checked each time: a peer that leaks state from run to run is not a peer.

mod extism;
mod node;
mod rquickjs;

use crate::measure::Contender;
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};

/// The app that every contender runs.
pub const APP_SOURCE: &str = include_str!("../app/bot-logic.js");
/// The module's name inside the app.
pub const APP_ENTRY: &str = "bot-logic.js";
/// The exported function.
pub const APP_ACTION: &str = "echo";
/// What is handed to it.
pub const INPUT: &str = r#"{"text":"a line that comes back"}"#;
/// What it must return when started fresh.
pub const DATA: &str = r#"{"text":"a line that comes back","runs":1}"#;

/// This folder, where scripts and built guests lie.
pub fn bench_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// All peers that can run here, and a line for each that cannot.
pub fn all() -> (Vec<Box<dyn Contender>>, Vec<String>) {
    let mut peers: Vec<Box<dyn Contender>> = vec![Box::new(rquickjs::InProcess)];
    let mut left_out = Vec::new();
    match extism::contenders() {
        Ok(both) => peers.extend(both),
        Err(why) => left_out.push(format!("left out: Extism, because {why:#}")),
    }
    match node::WorkerThreads::find() {
        Ok(node) => peers.push(Box::new(node)),
        Err(why) => left_out.push(format!("left out: Node worker_threads, because {why:#}")),
    }
    (peers, left_out)
}

/// Fails unless this is the JSON answer of a fresh run.
fn check(answer: &str) -> Result<()> {
    ensure!(answer.contains(DATA), "not the answer of a fresh run: {answer}");
    Ok(())
}
