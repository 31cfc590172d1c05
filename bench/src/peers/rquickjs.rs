//! QuickJS-NG in this process by rquickjs: a new runtime and context for each run, the module evaluated, the function
//! called. No sandbox at all: the guest shares our address space and a bug in the engine is ours.

use super::{APP_ACTION, APP_ENTRY, APP_SOURCE, INPUT, check};
use crate::measure::{Contender, Samples};
use anyhow::Result;
use rquickjs::{Context, Function, Module, Object, Promise, Runtime, Value};

pub struct InProcess;

impl Contender for InProcess {
    fn name(&self) -> String {
        "rquickjs 0.14, new runtime + context + eval (no sandbox)".to_owned()
    }

    fn runs(&self) -> usize {
        3_000
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        Samples::take(runs, |_| check(&run()?))
    }
}

fn run() -> Result<String> {
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    Ok(context.with(|context| -> rquickjs::Result<String> {
        let (module, evaluated) = Module::declare(context.clone(), APP_ENTRY, APP_SOURCE)?.eval()?;
        evaluated.finish::<()>()?;
        let action: Function<'_> = module.get(APP_ACTION)?;
        let promise: Promise<'_> = action.call((context.json_parse(INPUT)?, Object::new(context.clone())?))?;
        let result: Value<'_> = promise.finish()?;
        let text = context.json_stringify(result)?;
        text.map_or_else(|| Ok(String::new()), |text| text.to_string())
    })?)
}
