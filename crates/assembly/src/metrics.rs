//! What a service counts, gathered when somebody asks. Each part counts for itself; nothing is told here about an app, a
//! host, a run or an owner.

use crate::{
    Oikos,
    exposition::{Kind, Page},
};
use kernel::RUN_US_BOUNDS;
use std::{fs, sync::Arc};

const MICRO: f64 = 1e-6;

/// All figures, as Prometheus reads them.
pub(crate) fn page(oikos: &Arc<Oikos>) -> String {
    let mut page = Page::default();
    let version = env!("CARGO_PKG_VERSION");
    page.family("oikos_build_info", Kind::Gauge, "Always 1; the version stands in the label.").sample(
        "",
        &[("version", version)],
        1,
    );
    page.one("oikos_uptime_seconds", Kind::Gauge, "Since when this process holds its home.", oikos.uptime_seconds());
    runs(&mut page, oikos);
    doors(&mut page, oikos);
    network(&mut page, oikos);
    sandbox(&mut page, oikos);
    page.one(
        "oikos_store_batches_waiting",
        Kind::Gauge,
        "Changes that wait to be written.",
        oikos.store.batches_waiting(),
    );
    page.one(
        "oikos_store_lost_batches_total",
        Kind::Counter,
        "Records that could not be written; anything but 0 is worth a look.",
        oikos.store.lazy_failures(),
    );
    telemetry(&mut page, oikos);
    process(&mut page);
    page.text()
}

fn runs(page: &mut Page, oikos: &Oikos) {
    let figures = oikos.kernel.figures();
    let count = figures.runs();
    page.family("oikos_runs_total", Kind::Counter, "Ended runs, by their end: done, or the code of the failure.")
        .by("end", figures.ends);
    let within = RUN_US_BOUNDS.iter().zip(figures.within).map(|(bound, within)| (seconds(*bound), within));
    page.family("oikos_run_duration_seconds", Kind::Histogram, "How long runs took, without waiting for people.")
        .histogram(within, count, seconds(figures.run_us));
    page.one(
        "oikos_guest_cpu_seconds_total",
        Kind::Counter,
        "What apps' code took of the processor.",
        seconds(figures.guest_cpu_us),
    );
    page.family("oikos_limits_hit_total", Kind::Counter, "Limits that were run into, by kind.")
        .by("limit", figures.limits);
    page.family("oikos_denials_total", Kind::Counter, "What apps were not allowed, by the rule that said no.")
        .by("rule", figures.denials);
    page.one("oikos_runs_live", Kind::Gauge, "Runs under way.", figures.runs_live);
    page.one("oikos_runs_waiting", Kind::Gauge, "Runs that wait for room.", figures.runs_waiting);
    page.one("oikos_events_waiting", Kind::Gauge, "Events that not all have heard.", figures.events_waiting);
    page.one("oikos_hearings_live", Kind::Gauge, "Events that are being heard.", figures.hearings);
}

fn doors(page: &mut Page, oikos: &Oikos) {
    let gauges = oikos.gauges.lock();
    if let Some(figures) = gauges.doors.as_ref().map(gateway::Doors::figures) {
        page.family(
            "oikos_http_requests_total",
            Kind::Counter,
            "Requests that were answered, by the class of their status.",
        )
        .by("status", figures.answers);
        page.family("oikos_streams_open", Kind::Gauge, "Runs, events and logs that are being watched, by door.")
            .by("door", figures.streams.map(|(door, open)| (door, open as u64)));
        page.family(
            "oikos_websockets_open",
            Kind::Gauge,
            "WebSockets, whether or not anything is watched by them, by door.",
        )
        .by("door", figures.lines.map(|(door, open)| (door, open as u64)));
    }
    let tcp = gauges.tcp.as_ref().map_or(0, gateway::Crowd::connections);
    let socket = gauges.socket.as_ref().map_or(0, |count| count());
    page.family("oikos_connections_open", Kind::Gauge, "Connections, by door.")
        .by("door", [("socket", socket as u64), ("tcp", tcp as u64)]);
}

fn network(page: &mut Page, oikos: &Oikos) {
    let usages = oikos.egress.usages();
    let sum = |pick: fn(&egress::Usage) -> u64| usages.iter().map(|(_, usage)| pick(usage)).sum::<u64>();
    page.one(
        "oikos_egress_requests_total",
        Kind::Counter,
        "Requests that apps sent to the network.",
        sum(|usage| usage.requests),
    );
    page.family("oikos_egress_bytes_total", Kind::Counter, "Bytes of heads and bodies, by direction.")
        .by("direction", [("in", sum(|usage| usage.bytes_in)), ("out", sum(|usage| usage.bytes_out))]);
    page.family(
        "oikos_egress_failures_total",
        Kind::Counter,
        "Requests without a whole answer, by kind; denied: refused.",
    )
    .by("kind", oikos.egress.failures());
    page.one(
        "oikos_egress_connections_idle",
        Kind::Gauge,
        "Connections kept for a further request.",
        oikos.egress.waiting(),
    );
}

fn sandbox(page: &mut Page, oikos: &Oikos) {
    let status = oikos.runner.status();
    let (memory, guests, slots) = status
        .map_or((0, 0, 0), |status| (status.guest_memory_bytes, status.live_runs, status.hot_slots_free as usize));
    page.one("oikos_guest_memory_bytes", Kind::Gauge, "Memory of all guests together.", memory);
    page.one("oikos_guests_live", Kind::Gauge, "Guests in the sandbox.", guests);
    page.one("oikos_guest_slots_free", Kind::Gauge, "Hot slots that are free.", slots);
}

/// Where traces go somewhere.
fn telemetry(page: &mut Page, oikos: &Oikos) {
    let Some(destination) = oikos.telemetry.get() else { return };
    let counts = destination.counts();
    page.family("oikos_telemetry_spans_total", Kind::Counter, "Spans of traces, by what became of them.")
        .by("end", counts.ends());
    page.one("oikos_telemetry_spans_waiting", Kind::Gauge, "Spans that wait to be sent.", counts.waiting());
}

/// Under the names that every exporter has for them. What the system does not tell is left out.
fn process(page: &mut Page) {
    let resident = fs::read_to_string("/proc/self/statm").ok().and_then(|text| {
        let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    });
    if let Some(bytes) = resident {
        page.one(
            "process_resident_memory_bytes",
            Kind::Gauge,
            "Memory of the process, as the system counts it.",
            bytes,
        );
    }
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let used = used.tv_sec as f64 + used.tv_nsec as f64 / 1e9;
    page.one("process_cpu_seconds_total", Kind::Counter, "What the process took of the processor.", used);
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        page.one("process_open_fds", Kind::Gauge, "Open files and connections.", open.count());
    }
    if let Some(most) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        page.one("process_max_fds", Kind::Gauge, "How many files and connections may be open.", most);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a chart; exact for the first 285 years")]
fn seconds(us: u64) -> f64 {
    us as f64 * MICRO
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{Config, exposition::tests::read};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn all_that_is_told_can_be_read_and_stays_little() {
        let folder = tempfile::tempdir().unwrap();
        let oikos = Oikos::open(&Config::new(folder.path().join("home"))).unwrap();
        let samples = read(&page(&oikos));
        assert_eq!(samples["oikos_runs_total{end=\"done\"}"], 0.0);
        // What labels there may be is said by the code; a page is read every few seconds, for years.
        assert!(samples.len() < 120, "{}", samples.len());
        oikos.close().await;
    }
}
