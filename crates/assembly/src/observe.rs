//! How a process that is up for long tells what it does: to its log file, to a collector of traces, or to nobody.

use crate::{Config, Oikos, Telemetry, log_file};
use protocol::{ErrorCode, Failure};
use tracing_subscriber::{Layer, Registry, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// What makes something of records or spans.
pub(crate) type Observer = Box<dyn Layer<Registry> + Send + Sync>;

/// Whether a process writes its log file, and what its operator wants to hear now, whatever the set-up says.
#[derive(Clone, Debug, Default)]
pub struct LogWanted {
    /// As in the set-up: `debug`, or `gateway=debug,info`.
    pub filter: Option<String>,
}

/// From here on this process tells what it does: in the home's log file, if that is wanted, and to the collector of the
/// set-up, if there is one. Once a process.
pub fn observe(oikos: &Oikos, config: &Config, log: Option<&LogWanted>) -> Result<Option<Telemetry>, Failure> {
    let mut layers = Vec::new();
    if let Some(log) = log {
        layers.push(log_file::lines(oikos.home(), &config.log, log.filter.as_deref())?);
    }
    let (telemetry, spans) = Telemetry::open(config, oikos)?.unzip();
    layers.extend(spans);
    if !layers.is_empty() {
        tracing_subscriber::registry().with(layers).try_init().map_err(|error| {
            Failure::new(ErrorCode::Internal, "this process tells already what it does").log(error.to_string())
        })?;
    }
    Ok(telemetry)
}
