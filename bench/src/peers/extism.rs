//! QuickJS-NG as an Extism plugin, built from source by `peers/extism/build.sh`: compiled once, then a new `Plugin`
//! for each run, which is what Extism offers for isolation between runs. Two lines: the guest as built, which evaluates
//! the app in each run, and the guest as a snapshot with the app loaded, which is how Extism's own JavaScript kit ships.

use super::{INPUT, bench_folder, check};
use crate::measure::{Contender, Samples};
use anyhow::{Context as _, Result, ensure};
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use std::{fs, process::Command};

struct Guest {
    name: &'static str,
    runs: usize,
    plugin: CompiledPlugin,
}

/// Builds the guest if it is not there, and compiles both forms of it.
pub fn contenders() -> Result<Vec<Box<dyn Contender>>> {
    let wasm = bench_folder().join(".peers/extism/guest.wasm");
    if !wasm.exists() {
        eprintln!("building the Extism guest");
        let status = Command::new("sh").arg(bench_folder().join("peers/extism/build.sh")).status()?;
        ensure!(status.success(), "peers/extism/build.sh failed");
    }
    let plain = fs::read(&wasm).context("the guest could not be read")?;
    let snapshot = snapshot(&plain).context("the guest could not be snapshotted")?;
    let guest = |name, runs, wasm: Vec<u8>| -> Result<Box<dyn Contender>> {
        eprintln!("compiling: {name}");
        let manifest = Manifest::new([Wasm::data(wasm)]);
        let plugin = PluginBuilder::new(manifest).with_wasi(true).with_cache_disabled().compile()?;
        Ok(Box::new(Guest { name, runs, plugin }))
    };
    Ok(vec![
        guest("Extism 1.41, new Plugin, app in a snapshot", 1_500, snapshot)?,
        guest("Extism 1.41, new Plugin, app evaluated", 800, plain)?,
    ])
}

/// Loads the app inside the guest and keeps its memory as the guest's initial data.
fn snapshot(wasm: &[u8]) -> Result<Vec<u8>> {
    let engine = wasmtime::Engine::default();
    let mut linker = wasmtime::Linker::new(&engine);
    // Loading reads the clock once to seed `Math.random`; anything else that it calls is a mistake.
    linker.func_wrap("wasi_snapshot_preview1", "clock_time_get", |_: i32, _: i64, _: i32| 0_i32)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let wizer = wasmtime_wizer::Wizer::new();
    let snapshot = wizer.run(&mut store, wasm, async |store, module| {
        linker.define_unknown_imports_as_traps(module)?;
        linker.instantiate_async(store, module).await
    });
    Ok(tokio::runtime::Builder::new_current_thread().build()?.block_on(snapshot)?)
}

impl Contender for Guest {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn runs(&self) -> usize {
        self.runs
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        Samples::take(runs, |_| {
            let mut plugin = Plugin::new_from_compiled(&self.plugin)?;
            check(plugin.call::<&str, &str>("invoke", INPUT)?)
        })
    }
}
