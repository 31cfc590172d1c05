//! What two hundred starts and ends leave behind in the process that made them: nothing.

use crate::scene::Scene;
use isolate::Ended;
use tokio::io::AsyncReadExt;

const CYCLES: usize = 200;
/// The first ones fill what is filled once: the allocator's arenas, the runtime's queues.
const WARM: usize = 50;
const SLOPE_BYTES_MAX: f64 = 10.0 * 1024.0;

#[tokio::test]
async fn kill_two_hundred_times_and_nothing_is_left() {
    let scene = Scene::new().await;
    let plan = scene.plan(&[], &["echo"]);
    let mut sizes = Vec::new();
    let mut files = Vec::new();
    for cycle in 0..CYCLES {
        let mut confined = isolate::spawn(&plan, &scene.launcher, Vec::new()).await.expect("starts");
        if cycle % 2 == 0 {
            confined.stdin = None;
            let mut text = String::new();
            confined.stdout.take().expect("once").read_to_string(&mut text).await.expect("it speaks");
            assert_eq!((&*text, confined.wait().await), ("the end\n", Ended::Exit { code: 0 }));
        } else {
            assert_eq!(confined.kill().await, Ended::Stopped);
        }
        drop(confined);
        if cycle >= WARM {
            sizes.push(resident_bytes());
            files.push(open_files());
        }
    }
    assert!(files.iter().all(|count| *count == files[0]), "{files:?}");
    let slope = slope(&sizes);
    eprintln!("{:.0} bytes per cycle over {} cycles, {} files", slope, sizes.len(), files[0]);
    assert!(slope <= SLOPE_BYTES_MAX, "{slope} bytes per cycle: {sizes:?}");
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("is there").count()
}

fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("is there");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("is there");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("is a number") * 1024.0
}

/// By least squares: one size more or less says nothing.
fn slope(sizes: &[f64]) -> f64 {
    let count = sizes.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = sizes.iter().sum::<f64>() / count;
    let pairs = || sizes.iter().enumerate().map(|(at, size)| (at as f64 - middle, size - mean));
    pairs().map(|(at, size)| at * size).sum::<f64>() / pairs().map(|(at, _)| at * at).sum::<f64>()
}
