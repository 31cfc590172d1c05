//! What two hundred starts and ends leave behind in the process that made them: nothing.

use crate::scene::{Scene, helper, processes_with, program};
use std::process::Command;

const CYCLES: usize = 200;
/// The first ones fill what is filled once: the allocator's arenas, the runtime's queues.
const WARM: usize = 50;
const SLOPE_BYTES_MAX: f64 = 10.0 * 1024.0;

/// In a process of its own, where nobody else opens files.
#[tokio::test]
async fn kill_two_hundred_times_and_nothing_is_left() {
    let scene = Scene::new().await;
    let room = scene.root.join("room");
    std::fs::create_dir(&room).expect("a folder");
    let copy = scene.root.join("helper-of-the-cycles");
    std::fs::copy(helper(), &copy).expect("can be copied");
    let mut command = Command::new(program());
    command.arg("cycles").args([&copy, &room]).arg(CYCLES.to_string());
    let output = command.output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("is text");
    let lines = text.lines().map(|line| {
        let (kilobytes, files) = line.split_once(' ').expect("two numbers");
        (kilobytes.parse::<f64>().expect("is a number") * 1024.0, files)
    });
    let (sizes, files): (Vec<_>, Vec<_>) = lines.skip(WARM).unzip();
    assert_eq!(sizes.len(), CYCLES - WARM);
    assert!(files.iter().all(|count| *count == files[0]), "{files:?}");
    let slope = slope(&sizes);
    eprintln!("{slope:.0} bytes per cycle over {} cycles, {} files", sizes.len(), files[0]);
    assert!(slope <= SLOPE_BYTES_MAX, "{slope} bytes per cycle: {sizes:?}");
    assert_eq!(processes_with(&copy.to_string_lossy()), [] as [&str; 0]);
}

/// By least squares: one size more or less says nothing.
fn slope(sizes: &[f64]) -> f64 {
    let count = sizes.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = sizes.iter().sum::<f64>() / count;
    let pairs = || sizes.iter().enumerate().map(|(at, size)| (at as f64 - middle, size - mean));
    pairs().map(|(at, size)| at * size).sum::<f64>() / pairs().map(|(at, _)| at * at).sum::<f64>()
}
