//! Our sandbox through the interfaces that the kernel uses: `Runner::prepare`, `GuestImage::start` and leases of a
//! broker, with a host that has nothing to give. What is timed is opening the lease, the run, and closing the lease.

pub mod doors;
pub mod memory;
pub mod scaling;
pub mod whole;

use crate::{
    measure::{Contender, Samples},
    peers::{APP_ACTION, APP_ENTRY, APP_SOURCE, DATA, INPUT},
};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use broker::{Broker, LeaseEnd};
use futures_util::future::{BoxFuture, FutureExt};
use kernel::{
    host_call::{HostAnswer, HostCall, HostError},
    runner::{GuestCall, GuestHost, GuestImage, GuestPiece, GuestSource, Push, Runner, ScriptSource},
};
use protocol::{
    ActionName, AppName, Caller, Clock, DeviceId, Door, Entropy, Limits, OwnerId, Rights, RunId, Timestamp, Zone,
};
use sandbox::{JsRunner, JsRunnerConfig};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::runtime::Runtime;

/// How many apps the rotation goes through.
pub const APPS: usize = 1_000;

/// The system's time.
struct SystemClock(Instant);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The system's randomness.
struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

/// A host that answers nothing and drops the stream.
struct EmptyHost;

impl GuestHost for EmptyHost {
    fn call(&self, _call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        async { Err(HostError::Ended(LeaseEnd::HostLimit)) }.boxed()
    }

    fn stream(&self, _piece: GuestPiece) -> Push {
        Push::Taken
    }
}

/// A sandbox, and all that a run needs beside it.
pub struct House {
    pub runner: JsRunner,
    pub broker: Broker,
    clock: Arc<dyn Clock>,
    app: AppName,
    caller: Caller,
    host: Arc<dyn GuestHost>,
}

impl House {
    /// Starts the sandbox over a cache folder; compiles the engine if it is not in there.
    pub fn open(cache: &Path, change: impl FnOnce(&mut JsRunnerConfig)) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock(Instant::now()));
        // The key only has to be the same for all processes of one measurement.
        let mut config = JsRunnerConfig::new(cache.to_owned(), [7; 32], clock.clone());
        change(&mut config);
        let device = DeviceId(Default::default());
        Ok(Self {
            runner: JsRunner::new(config)?,
            broker: Broker::new(Zone::Local, Vec::new()),
            clock,
            app: "echo".parse()?,
            caller: Caller { owner: OwnerId::LOCAL, device, door: Door::Socket, rights: Rights::OWNER, client: None },
            host: Arc::new(EmptyHost),
        })
    }

    /// What a run is started with.
    pub fn call(&self, action: &str) -> Result<GuestCall> {
        let run = RunId::new(&*self.clock, &SystemEntropy);
        let now_ns = self.clock.monotonic_ns();
        let lease = self.broker.lease_open(self.caller, &self.app, run, Limits::default(), now_ns);
        let mut seed = [0; 32];
        SystemEntropy.fill(&mut seed);
        let export: ActionName = action.parse()?;
        Ok(GuestCall {
            export: export.into(),
            input: INPUT.into(),
            env: b"{}".to_vec(),
            seed,
            now_ms: self.clock.now().0,
            lease,
            terms: None,
        })
    }

    /// A whole run of the echo action. Returns the guest's CPU time in microseconds.
    pub async fn run(&self, image: &dyn GuestImage) -> Result<u64> {
        let call = self.call(APP_ACTION)?;
        let lease = call.lease.clone();
        let end = image.start(call, self.host.clone()).await;
        self.broker.lease_close(lease.run());
        let value = end.result.map_err(|failure| anyhow!("the run failed: {failure:?}"))?;
        let data = value.data.context("the run returned no data")?;
        ensure!(data["runs"] == 1 && DATA.contains(data["text"].as_str().unwrap_or("?")), "not a fresh answer: {data}");
        Ok(lease.guest_cpu_us())
    }
}

/// The echo app, as one of many: each has its own constant, so its own package and image.
pub fn source(number: usize) -> GuestSource {
    source_of(&format!("{APP_SOURCE}\nconst number = {number};\n"))
}

/// An app of one module.
pub fn source_of(code: &str) -> GuestSource {
    GuestSource::Script(ScriptSource {
        package: protocol::sha256(code.as_bytes()),
        entry: APP_ENTRY.to_owned(),
        modules: BTreeMap::from([(APP_ENTRY.to_owned(), Arc::from(code.as_bytes()))]),
    })
}

/// A runtime like that of a door: one thread that waits for runs.
pub fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Which app a run is of.
enum Which {
    /// Always the same, its image at hand.
    Hot(Arc<dyn GuestImage>),
    /// Another one each time, out of many that were prepared before.
    Any(Vec<GuestSource>),
    /// Another one each time, whose image is not in memory but in a file.
    Parked { cache: std::path::PathBuf, sources: Vec<GuestSource> },
}

struct Ours {
    name: String,
    house: House,
    runtime: Runtime,
    which: Which,
    runs: usize,
}

/// Ours in three forms: hot, any of a thousand, any of a thousand from its file.
pub fn contenders(cache: &Path) -> Result<Vec<Box<dyn Contender>>> {
    let ours = |name: &str, runs, which: &dyn Fn(&House) -> Result<Which>| -> Result<Box<dyn Contender>> {
        let house = House::open(cache, |_| {})?;
        let which = which(&house)?;
        Ok(Box::new(Ours { name: name.to_owned(), house, runtime: runtime()?, which, runs }))
    };
    let sources: Vec<_> = (0..APPS).map(source).collect();
    Ok(vec![
        ours("oikos, hot app", 10_000, &|house| Ok(Which::Hot(house.runner.prepare(&source(0))?)))?,
        ours("oikos, any of 1,000 apps", 10_000, &|house| {
            sources.iter().try_for_each(|source| house.runner.prepare(source).map(drop))?;
            Ok(Which::Any(sources.clone()))
        })?,
        ours("oikos, any of 1,000 apps, image from its file", APPS, &|_| {
            Ok(Which::Parked { cache: cache.to_owned(), sources: sources.clone() })
        })?,
    ])
}

impl Contender for Ours {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn runs(&self) -> usize {
        self.runs
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        if let Which::Parked { cache, .. } = &self.which {
            // A new sandbox has no image in memory.
            self.house = House::open(cache, |_| {})?;
        }
        let (house, runtime) = (&self.house, &self.runtime);
        match &self.which {
            Which::Hot(image) => Samples::take(runs, |_| runtime.block_on(house.run(&**image)).map(drop)),
            // A step that shares no factor with the number of apps visits all, and no two neighbours in a row.
            Which::Any(sources) => Samples::take(runs, |i| {
                let image = house.runner.prepare(&sources[i * 7 % sources.len()])?;
                runtime.block_on(house.run(&*image)).map(drop)
            }),
            Which::Parked { sources, .. } => {
                for source in (0..100).map(|i| source_of(&format!("{APP_SOURCE}\nconst warm = {i};\n"))) {
                    runtime.block_on(house.run(&*house.runner.prepare(&source)?))?;
                }
                Samples::take_unwarmed(runs, |i| {
                    let image = house.runner.prepare(&sources[i * 7 % sources.len()])?;
                    runtime.block_on(house.run(&*image)).map(drop)
                })
            }
        }
    }
}

/// Making an app's image, which is the sandbox's part of an install.
pub struct ImageBuild {
    house: House,
    next: usize,
}

impl ImageBuild {
    /// Over a cache folder.
    pub fn new(cache: &Path) -> Result<Self> {
        Ok(Self { house: House::open(cache, |_| {})?, next: 1_000_000 })
    }
}

impl Contender for ImageBuild {
    fn name(&self) -> String {
        "oikos, image of a new app made and cached".to_owned()
    }

    fn runs(&self) -> usize {
        200
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        let mut made = Vec::new();
        let samples = Samples::take(runs, |_| {
            self.next += 1;
            let source = source(self.next);
            let image = self.house.runner.prepare(&source)?;
            if !image.exports().iter().any(|name| name == APP_ACTION) {
                bail!("the image has no {APP_ACTION}");
            }
            made.push(source.package());
            Ok(())
        })?;
        made.into_iter().for_each(|package| self.house.runner.forget(package));
        Ok(samples)
    }
}

/// What of a hot run is the guest's own CPU time, in microseconds, as the sandbox charges it.
pub fn guest_cpu_us(cache: &Path) -> Result<f64> {
    const RUNS: u32 = 5_000;
    let house = House::open(cache, |_| {})?;
    let image = house.runner.prepare(&source(0))?;
    let runtime = runtime()?;
    let mut total_us = 0;
    for _ in 0..RUNS {
        total_us += runtime.block_on(house.run(&*image))?;
    }
    Ok(total_us as f64 / f64::from(RUNS))
}
