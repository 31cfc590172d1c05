//! Who gets the traces, and the way there: the one HTTP client, by a permit for just that address.
//!
//! The client is not the one of the apps: what oikos says of itself is not among the figures of what they send.

use super::words;
use crate::{Config, SystemClock, SystemEntropy, TelemetrySetup, oikos::client};
use broker::{Broker, WebUrl};
use egress::{Bounds, EgressError, HeaderMap, HeaderValue, Outgoing};
use protocol::{AppName, Caller, Clock as _, ErrorCode, Failure, RunId};

/// What is read of an answer: how many spans were not taken, and why.
pub(super) const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Under which name it is counted; what an app of that name sends goes through another client.
const NAME: &str = "telemetry";

/// Who gets the traces.
pub(super) struct Collector {
    client: egress::Client,
    broker: Broker,
    clock: SystemClock,
    caller: Caller,
    name: AppName,
    /// By which the client knows that a connection is still ours.
    id: RunId,
    url: WebUrl,
    headers: HeaderMap,
}

/// What became of a message.
#[derive(Debug)]
pub(super) enum Posted {
    /// The collector has it, but for some spans.
    Taken {
        /// How many it did not want.
        rejected: u64,
    },
    /// It does not want it, and will not if it is sent again.
    Refused {
        /// Why, in words.
        why: String,
        /// What an operator does about it.
        hint: &'static str,
    },
    /// It may take it later.
    Later {
        /// What is in the way.
        why: String,
        /// What an operator does about it.
        hint: &'static str,
    },
}

const START: &str = "start the collector, or mend [telemetry] otlp in the configuration file; runs go on without it";
const PROXY: &str = "[egress] proxy in the configuration file says which way the traces go";
const TRUST: &str = "[network] authorities in the configuration file names whom to trust beside the public authorities";
const CREDENTIALS: &str =
    "[telemetry] headers_file in the configuration file names the file of what the collector wants to see";
const ADDRESS: &str =
    "look at the host, the port and the path of [telemetry] otlp: OTLP over HTTP, mostly at port 4318";

impl Collector {
    pub(super) fn new(
        config: &Config,
        setup: &TelemetrySetup,
        mut headers: HeaderMap,
        caller: Caller,
    ) -> Result<Self, Failure> {
        let clock = SystemClock::new();
        let id = RunId::new(&clock, &SystemEntropy);
        let below = setup.otlp.as_str().trim_end_matches('/');
        let url = WebUrl::parse(&format!("{below}/v1/traces"))
            .map_err(|error| Failure::new(ErrorCode::Usage, format!("[telemetry] otlp: {error}")))?;
        headers.insert("content-type", HeaderValue::from_static("application/x-protobuf"));
        let name = NAME.parse().map_err(|_| Failure::new(ErrorCode::Internal, "telemetry has no name"))?;
        let broker = Broker::new(config.zone, Vec::new());
        Ok(Self { client: client(config)?, broker, clock, caller, name, id, url, headers })
    }

    /// Its address, as it is shown.
    pub(super) fn shown(&self) -> String {
        self.url.shown()
    }

    /// Sends a message, and waits for what becomes of it.
    pub(super) async fn post(&self, message: impl Into<bytes::Bytes>, bounds: &Bounds) -> Posted {
        let body = message.into();
        let now_ns = self.clock.monotonic_ns();
        let permit = self.broker.report(self.caller, &self.name, self.id, self.url.clone(), body.len() as u64, now_ns);
        let outgoing = Outgoing { headers: self.headers.clone(), body };
        let answer = match self.client.send(&permit, outgoing, bounds).await {
            Ok(answer) => answer,
            Err(failed) => {
                let hint = match failed.error {
                    EgressError::Tls { .. } => TRUST,
                    EgressError::Proxy { .. } => PROXY,
                    _ => START,
                };
                return Posted::Later { why: failed.error.to_string(), hint };
            }
        };
        let why = format!("it answers with status {}", answer.status);
        match answer.status {
            // It has it, whatever it says further.
            200..300 => Posted::Taken { rejected: answer.bytes().await.map_or(0, |said| words::rejected(&said)) },
            // What the protocol names as worth another try.
            429 | 502..=504 => Posted::Later { why, hint: START },
            401 | 403 => Posted::Refused { why, hint: CREDENTIALS },
            _ => Posted::Refused { why, hint: ADDRESS },
        }
    }
}
