//! What others notice of an app that tells a million events: `cargo run --release -p assembly --example flood`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to read")]

use assembly::{Config, Oikos};
use kernel::RunRequest;
use protocol::{Caller, Topic};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Instant};

/// Events that the flooding app tells.
const FLOOD: u64 = 1_000_000;
/// Events of the owner in each phase.
const SAMPLES: usize = 300;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let oikos = Oikos::open(&Config::new(folder.path().join("home"))).unwrap();
    let caller = oikos.caller(true);
    // Whoever hears the flood is first in every order, and slow.
    let slow = r#"export function activate(ctx) {
        ctx.on("flood.drop", () => { for (let n = 0; n < 1_000_000; n++); }, { priority: 100 });
    }
    export function go() {}"#;
    let modest = r#"export function activate(ctx) { ctx.on("home.door", () => "heard", { priority: -100 }); }
    export function go() {}"#;
    let flooder = format!(
        r#"export async function go(_, ctx) {{
            let taken = 0, told = "";
            for (let n = 0; n < {FLOOD}; n++) {{
                try {{ await ctx.emit("flood.drop", n); taken++; }} catch (error) {{ told = `${{error.code}}: ${{error.message}}`; }}
            }}
            return {{ data: {{ taken, told }} }};
        }}"#
    );
    install(&oikos, caller, folder.path(), "slow", json!({ "listen": ["flood.drop"] }), slow).await;
    install(&oikos, caller, folder.path(), "modest", json!({ "listen": ["home.door"] }), modest).await;
    install(&oikos, caller, folder.path(), "flooder", json!({ "publish": ["flood.*"] }), &flooder).await;
    let working = oikos.clone();
    let work = tokio::spawn(async move { working.work().await });

    println!(
        "{:<44}{:>8}{:>10}{:>10}{:>10}{:>12}",
        "an event of the owner, heard by `modest`", "events", "p50 ms", "p90 ms", "p99 ms", "memory MiB"
    );
    sample(&oikos, caller, "nothing else happens").await;
    let request = RunRequest {
        id: None,
        app: "flooder".parse().unwrap(),
        action: "go".parse().unwrap(),
        input: json!({}),
        files: Vec::new(),
    };
    let started = Instant::now();
    let mut flood = oikos.kernel().run_start(caller, request).await.unwrap();
    sample(&oikos, caller, "while `flooder` tells a million").await;
    let is_over = oikos
        .kernel()
        .run_list(&caller, 500)
        .unwrap()
        .iter()
        .any(|run| run.run == flood.run() && run.ended_at.is_some());
    let report = loop {
        if let kernel::Seen::End(report) = flood.next().await {
            break report;
        }
    };
    let took = started.elapsed();
    sample(&oikos, caller, "while `slow` hears what was taken of them").await;
    println!();
    println!(
        "the flood took {:.1} s; it was {} when the second line was measured",
        took.as_secs_f64(),
        if is_over { "over" } else { "still going on" }
    );
    println!("`flooder` was told: {}", report.data.as_ref().unwrap_or(&Value::Null));
    for said in &report.effects {
        println!("  its log says: {said}");
    }
    work.abort();
    oikos.close().await;
}

/// Tells as the owner, one event after the other, and prints how long it took until each was heard.
async fn sample(oikos: &Arc<Oikos>, caller: Caller, phase: &str) {
    let topic: Topic = "home.door".parse().unwrap();
    let mut took = Vec::with_capacity(SAMPLES);
    for number in 0..SAMPLES {
        let started = Instant::now();
        let heard = oikos.kernel().event_emit(caller, topic.clone(), json!(number)).await.unwrap();
        assert_eq!(heard.runs.len(), 1);
        took.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(SAMPLES * percent / 100).min(SAMPLES - 1)];
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory_kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or_default();
    println!("{phase:<44}{SAMPLES:>8}{:>10.2}{:>10.2}{:>10.2}{:>12.1}", at(50), at(90), at(99), memory_kib / 1024.0);
}

async fn install(oikos: &Arc<Oikos>, caller: Caller, folder: &Path, name: &str, event: Value, code: &str) {
    let source = folder.join(name);
    std::fs::create_dir(&source).unwrap();
    let limits = json!({ "cpu_ms": 600_000, "wall_ms": 600_000 });
    let mut manifest = json!({ "id": name, "name": name, "version": "1.0.0" });
    if name == "flooder" {
        manifest["limits"] = limits;
    }
    for (file, text) in [
        ("manifest.json", manifest.to_string()),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("permissions.json", json!({ "event": event, "ai": false }).to_string()),
        ("bot-logic.js", code.to_owned()),
    ] {
        std::fs::write(source.join(file), text).unwrap();
    }
    let kernel = oikos.kernel();
    let (offer, _) = kernel.app_offer(caller, source.to_str().unwrap().to_owned(), None, false).await.unwrap();
    kernel.app_install(caller, offer, Vec::new()).await.unwrap();
}
