//! What a run costs in the sandbox alone: `cargo run --release -p sandbox --example cold`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to read")]

use broker::{Broker, Lease};
use futures_util::future::{BoxFuture, FutureExt};
use kernel::{
    host_call::{HostAnswer, HostCall, HostError},
    runner::{GuestCall, GuestExport, GuestHost, GuestImage, GuestPiece, GuestSource, Push, Runner, ScriptSource},
};
use protocol::{Caller, Clock, DeviceId, Door, Limits, OwnerId, Rights, RunId, Timestamp, Zone};
use rustix::time::{ClockId, clock_gettime};
use sandbox::{JsRunner, JsRunnerConfig};
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use testkit::TestEntropy;

struct RealClock(Instant);

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_767_225_600_000)
    }
    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap()
    }
}

struct NoHost;

impl GuestHost for NoHost {
    fn call(&self, _: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        std::future::pending().boxed()
    }
    fn stream(&self, _: GuestPiece) -> Push {
        Push::Taken
    }
}

fn source(number: usize) -> GuestSource {
    let code = format!(
        "const app = {number};
        export function echo(payload) {{ return payload; }}
        export async function wait() {{ await new Promise((go) => setTimeout(go, 1e6)); }}"
    );
    let modules = BTreeMap::from([("bot-logic.js".to_owned(), Arc::from(code.as_bytes()))]);
    GuestSource::Script(ScriptSource {
        package: protocol::sha256(code.as_bytes()),
        entry: "bot-logic.js".to_owned(),
        modules,
    })
}

struct Bench {
    clock: Arc<RealClock>,
    broker: Broker,
    entropy: TestEntropy,
    host: Arc<NoHost>,
}

impl Bench {
    fn call(&self, action: &str) -> GuestCall {
        let caller = Caller {
            owner: OwnerId::LOCAL,
            device: DeviceId(Default::default()),
            door: Door::Socket,
            rights: Rights::OWNER,
            client: None,
        };
        let run = RunId::new(&*self.clock, &self.entropy);
        let app = "bench".parse().unwrap();
        let lease: Lease = self.broker.lease_open(caller, &app, run, Limits::default(), self.clock.monotonic_ns());
        GuestCall {
            export: GuestExport::named(action),
            input: br#"{"op":"echo","n":7}"#.to_vec(),
            env: Vec::new(),
            seed: [7; 32],
            now_ms: 1_767_225_600_000,
            lease,
            terms: None,
        }
    }

    /// Runs `count` times; prints wall time as the caller sees it, and CPU time of the guest thread per run.
    fn measure(&self, what: &str, images: &[Arc<dyn GuestImage>], count: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut wall_ns, mut cpu_ns, mut inside_ns) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..count + 200 {
            let call = self.call("echo");
            let (lease, run) = (call.lease.clone(), call.lease.run());
            let (before, cpu_before) = (Instant::now(), process_cpu_ns());
            let end = runtime.block_on(images[round % images.len()].start(call, self.host.clone()));
            let (wall, cpu) = (before.elapsed(), process_cpu_ns() - cpu_before);
            assert!(end.result.is_ok(), "{:?}", end.result);
            self.broker.lease_close(run);
            if round >= 200 {
                wall_ns.push(wall.as_nanos() as u64);
                cpu_ns.push(cpu);
                inside_ns.push(lease.guest_cpu_us() * 1000);
            }
        }
        print_row(&format!("{what}: wall with thread handoff"), &mut wall_ns);
        print_row(&format!("{what}: CPU of the guest thread (charged)"), &mut inside_ns);
        let mean_us = cpu_ns.iter().sum::<u64>() as f64 / cpu_ns.len() as f64 / 1000.0;
        println!("    CPU of the process per run {mean_us:.1} us = {:.0} runs per CPU-second", 1e6 / mean_us);
    }
}

fn print_row(what: &str, ns: &mut [u64]) {
    ns.sort_unstable();
    let at = |part: f64| ns[((ns.len() as f64 * part) as usize).min(ns.len() - 1)] as f64 / 1000.0;
    println!("{what:<52} p50 {:>7.1}  p90 {:>7.1}  p99 {:>7.1} us", at(0.5), at(0.9), at(0.99));
}

fn process_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn main() {
    let clock = Arc::new(RealClock(Instant::now()));
    let folder = tempfile::tempdir().unwrap();
    let config = JsRunnerConfig::new(folder.path().join("cache"), [1; 32], clock.clone());
    let started = Instant::now();
    drop(JsRunner::new(config.clone()).unwrap());
    println!("start, engine compiled: {:?}", started.elapsed());
    let started = Instant::now();
    let runner = JsRunner::new(config).unwrap();
    println!("start, engine cached: {:?}", started.elapsed());
    let bench = Bench {
        clock,
        broker: Broker::new(Zone::Local, vec![]),
        entropy: TestEntropy::seeded(1),
        host: Arc::new(NoHost),
    };

    let sources: Vec<_> = (0..1000).map(source).collect();
    let mut build_ns = Vec::new();
    let held_before = resident_kb();
    let images: Vec<_> = sources
        .iter()
        .map(|source| {
            let before = Instant::now();
            let image = runner.prepare(source).unwrap();
            build_ns.push(before.elapsed().as_nanos() as u64);
            image
        })
        .collect();
    print_row("image made and cached", &mut build_ns);
    println!("    loaded image: {} KB of anonymous memory each", (resident_kb() - held_before) as f64 / 1000.0);
    let image_bytes = runner.image_bytes(&sources[0]).unwrap().len();
    println!("    image on disk: {} bytes", image_bytes + 32);

    bench.measure("hot app", &images[..1], 20_000);
    bench.measure("any of 1,000 apps", &images, 20_000);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let before = resident_kb();
    let runs: Vec<_> = (0..500)
        .map(|_| {
            let call = bench.call("wait");
            let lease = call.lease.clone();
            (lease, runtime.spawn(images[0].start(call, bench.host.clone())))
        })
        .collect();
    while runs.iter().any(|(lease, _)| lease.guest_cpu_us() == 0) {
        std::thread::yield_now();
    }
    println!("live run: {:.0} KB of anonymous memory each (500 waiting)", (resident_kb() - before) as f64 / 500.0);
    for (lease, run) in runs {
        lease.end(broker::LeaseEnd::Stopped);
        runtime.block_on(run).unwrap();
    }

    for threads in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let config = JsRunnerConfig {
            guest_threads: threads,
            ..JsRunnerConfig::new(folder.path().to_owned(), [1; 32], bench.clock.clone())
        };
        let runner = JsRunner::new(config).unwrap();
        let image = runner.prepare(&sources[0]).unwrap();
        let (before, cpu_before) = (Instant::now(), process_cpu_ns());
        const RUNS: usize = 40_000;
        let mut under_way = std::collections::VecDeque::new();
        for _ in 0..RUNS {
            if under_way.len() >= 8 {
                let run: tokio::task::JoinHandle<_> = under_way.pop_front().unwrap();
                runtime.block_on(run).unwrap();
            }
            let call = bench.call("echo");
            let id = call.lease.run();
            under_way.push_back(runtime.spawn(image.start(call, bench.host.clone())));
            // The lease lives on in the run; the broker's list must not grow.
            let _id = id;
        }
        for run in under_way {
            runtime.block_on(run).unwrap();
        }
        let (wall, cpu) = (before.elapsed().as_secs_f64(), (process_cpu_ns() - cpu_before) as f64 / 1e9);
        println!(
            "{threads} guest thread(s): {:.0} runs/s, {:.0} runs per CPU-second",
            RUNS as f64 / wall,
            RUNS as f64 / cpu
        );
    }
}
