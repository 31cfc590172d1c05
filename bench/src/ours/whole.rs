//! Whole runs, as a door starts them: the kernel finds the app and checks the input, opens the lease, the guest runs,
//! the broker decides on its effects, chunks go to a viewer, the log gets its lines, and the viewer sees the end.

use crate::{
    measure::{Contender, Meter, Samples},
    peers::{INPUT, bench_folder},
};
use anyhow::{Result, anyhow, ensure};
use assembly::{Config, Oikos};
use kernel::{RunRequest, Seen};
use protocol::{AppName, Failure};
use std::{fs, path::Path, sync::Arc, time::Instant};
use tokio::runtime::Runtime;

/// A household with the bench's app in it.
pub struct Household {
    runtime: Runtime,
    oikos: Arc<Oikos>,
}

impl Household {
    /// Opens a home and installs the app from its folder, with what its card proposes.
    pub fn open(home: &Path) -> Result<Arc<Self>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let oikos = {
            let _inside = runtime.enter();
            Oikos::open(&Config::new(home)).map_err(failed)?
        };
        let household = Arc::new(Self { runtime, oikos });
        household.install(&bench_folder().join("whole-app"))?;
        Ok(household)
    }

    /// From a folder to an app that can run: read, verify, card, image, commit.
    fn install(&self, folder: &Path) -> Result<()> {
        let (kernel, caller) = (self.oikos.kernel(), self.oikos.caller(true));
        self.runtime
            .block_on(async {
                let (offer, _card) = kernel.app_offer(caller, folder.display().to_string(), None, false).await?;
                kernel.app_install(caller, offer, Vec::new()).await.map(drop)
            })
            .map_err(failed)
    }

    async fn run(&self, action: &str) -> Result<()> {
        let request = RunRequest {
            id: None,
            app: "whole-run".parse()?,
            action: action.parse()?,
            input: serde_json::from_str(INPUT)?,
            files: Vec::new(),
        };
        let (kernel, caller) = (self.oikos.kernel(), self.oikos.caller(true));
        let mut viewer = kernel.run_start(caller, request).await.map_err(failed)?;
        let report = loop {
            if let Seen::End(report) = viewer.next().await {
                break report;
            }
        };
        ensure!(report.data.as_ref().is_some_and(|data| data["runs"] == 1), "not a fresh answer: {report:?}");
        Ok(())
    }

    /// Removes an app and its data.
    fn remove(&self, app: AppName) -> Result<()> {
        let removing = self.oikos.kernel().app_remove(self.oikos.caller(true), app, true);
        self.runtime.block_on(removing).map_err(failed)
    }
}

pub(super) fn failed(failure: Failure) -> anyhow::Error {
    anyhow!("{failure:?}")
}

struct WholeRun {
    household: Arc<Household>,
    name: &'static str,
    action: &'static str,
    runs: usize,
}

impl Contender for WholeRun {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn runs(&self) -> usize {
        self.runs
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        // On a thread of the runtime, as a door's connection would be.
        let (household, action) = (self.household.clone(), self.action);
        let measuring = async move {
            for _ in 0..runs / 10 + 1 {
                household.run(action).await?;
            }
            let mut meter = Meter::start(runs);
            for _ in 0..runs {
                let start = Instant::now();
                household.run(action).await?;
                meter.note(start);
            }
            anyhow::Ok(meter.end())
        };
        self.household.runtime.block_on(self.household.runtime.spawn(measuring))?
    }
}

/// The kinds of runs.
pub fn contenders(household: &Arc<Household>) -> Vec<Box<dyn Contender>> {
    let whole = |name, action, runs| -> Box<dyn Contender> {
        Box::new(WholeRun { household: household.clone(), name, action, runs })
    };
    vec![
        whole("class A: echo, no effect", "echo", 3_000),
        whole("class A: one storage read, one chunk", "look", 3_000),
        whole("class S: one storage write", "keep", 1_000),
    ]
}

/// A whole install: another app each time.
pub struct Install {
    household: Arc<Household>,
    next: usize,
}

impl Install {
    /// Into a household.
    pub fn new(household: &Arc<Household>) -> Self {
        Self { household: household.clone(), next: 0 }
    }
}

impl Contender for Install {
    fn name(&self) -> String {
        "oikos, whole install from a folder".to_owned()
    }

    fn runs(&self) -> usize {
        100
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        let folder = tempfile::tempdir()?;
        let apps: Vec<String> = (0..runs).map(|i| format!("whole-run-{}", self.next + i)).collect();
        self.next += runs;
        for app in &apps {
            let copy = folder.path().join(app);
            fs::create_dir(&copy)?;
            for file in fs::read_dir(bench_folder().join("whole-app"))? {
                let file = file?;
                let text = fs::read_to_string(file.path())?;
                fs::write(copy.join(file.file_name()), text.replace("\"whole-run\"", &format!("\"{app}\"")))?;
            }
        }
        let samples = Samples::take_unwarmed(runs, |i| self.household.install(&folder.path().join(&apps[i])))?;
        for app in apps {
            self.household.remove(app.parse()?)?;
        }
        Ok(samples)
    }
}
