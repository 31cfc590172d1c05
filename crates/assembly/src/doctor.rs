//! Looks at everything that could be wrong, and says the next step.

use crate::{Oikos, vault};
use protocol::{
    AuditRecord, Caller,
    api::{AppSummary, ChainBreak, DoctorCheck},
    text,
};
use state::Space;

/// All checks, each a row.
pub(crate) fn checks(oikos: &Oikos, caller: &Caller, apps: &[AppSummary]) -> Vec<DoctorCheck> {
    let mut checks = vec![home(oikos), room(oikos)];
    checks.extend(files(oikos));
    checks.extend([clock(oikos, caller), store(oikos), log(oikos, caller), intents(oikos, caller)]);
    checks.push(recovered(oikos, caller));
    checks.push(vault::row(oikos, caller));
    checks.extend(keys(oikos, caller));
    checks.extend(apps.iter().map(|app| self::app(oikos, caller, app)));
    checks
}

/// A row.
pub(crate) fn check(name: &str, ok: bool, finding: impl Into<String>, hint: Option<&str>) -> DoctorCheck {
    DoctorCheck { name: name.to_owned(), ok, finding: finding.into(), hint: hint.map(str::to_owned) }
}

fn home(oikos: &Oikos) -> DoctorCheck {
    let path = text::escape(&oikos.home.display().to_string());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        /// What other users of the machine may do.
        const OTHERS: u32 = 0o077;
        let mode = oikos.home.metadata().map_or(0, |found| found.permissions().mode() & 0o777);
        if mode & OTHERS != 0 {
            let finding = format!("{path} can be looked into by other users (mode {mode:03o})");
            return check("home", false, finding, Some(&format!("chmod 700 {path}")));
        }
    }
    check("home", true, format!("{path}, private and held by this process"), None)
}

fn room(oikos: &Oikos) -> DoctorCheck {
    if state::free_space_ok(&oikos.home, state::DISK_RESERVE_BYTES) {
        return check("room", true, "enough free space to write", None);
    }
    let finding = "nearly no free space: writing is refused, reading and stopping go on";
    check("room", false, finding, Some("make room on the disk of OIKOS_HOME"))
}

/// As many files as this may be open for as many connections as a door takes, and for what oikos has open beside them.
const FILES_WANTED: u64 = gateway::CONNECTIONS_MAX as u64 + 1_024;

/// Lets this process open as many files as it may want, as far as the system allows that. Says nothing where it does
/// not: doctor does.
pub fn files_raise() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let known = getrlimit(Resource::Nofile);
    let wanted = FILES_WANTED.min(known.maximum.unwrap_or(FILES_WANTED));
    if known.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), ..known };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "no more files can be opened than the system says");
        }
    }
}

/// Of interest where a door is open: whoever is at the terminal needs a few.
fn files(oikos: &Oikos) -> Option<DoctorCheck> {
    oikos.gauges.lock().tcp.as_ref()?;
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    Some(match most.filter(|most| *most < FILES_WANTED) {
        None => check("files", true, "as many may be open as there may be connections", None),
        Some(most) => {
            let finding = format!("only {most} may be open, connections among them; {FILES_WANTED} may be needed");
            check("files", false, finding, Some("ulimit -Hn 16384 before the start, or LimitNOFILE=16384 in its unit"))
        }
    })
}

fn clock(oikos: &Oikos, caller: &Caller) -> DoctorCheck {
    const HINT: &str = "set the clock of this machine: schedules, keys and grants that end go by it";
    /// When this was written: no clock is earlier.
    const NOT_BEFORE_MS: i64 = 1_735_689_600_000;
    /// Clocks are put right by some seconds now and then.
    const BACK_MS_MAX: i64 = 300_000;
    let now = oikos.clock.now().0;
    if now < NOT_BEFORE_MS {
        return check("clock", false, "says a time before oikos was written", Some(HINT));
    }
    let last = oikos.store.log_read_last(caller.owner, 1).unwrap_or_default();
    let last = last.first().and_then(|row| serde_json::from_slice::<AuditRecord>(row.body.as_deref()?).ok());
    match last.map(|record| record.at.0 - now).filter(|ahead| *ahead > BACK_MS_MAX) {
        Some(ahead) => {
            let ahead = protocol::Arg::Millis(ahead.unsigned_abs());
            check("clock", false, format!("is {ahead} behind the last entry of the log"), Some(HINT))
        }
        None => check("clock", true, "goes on from the last entry of the log", None),
    }
}

/// Keys that end soon, while there is time to make new ones.
fn keys(oikos: &Oikos, caller: &Caller) -> Vec<DoctorCheck> {
    /// As long as somebody may be away.
    const SOON_MS: i64 = 7 * 86_400_000;
    let now = oikos.clock.now();
    let keys = oikos.access().keys().list(caller).unwrap_or_default();
    let ending = keys.into_iter().filter_map(|key| Some((key.expires_at?.0 - now.0, key)));
    let ending = ending.filter(|(left, _)| *left < SOON_MS).map(|(left, key)| {
        let finding = match left > 0 {
            true => format!("ends in {}", protocol::Arg::Millis(left.unsigned_abs())),
            false => "has ended".to_owned(),
        };
        let hint = format!("oikos token new makes another; oikos token revoke {} removes this one", key.id);
        check(&format!("key {}", key.name), false, finding, Some(&hint))
    });
    ending.collect()
}

fn store(oikos: &Oikos) -> DoctorCheck {
    match oikos.store.lazy_failures() {
        0 => match oikos.store.fault() {
            Ok(None) => check("store", true, "whole, nothing lost since the start", None),
            Ok(Some(fault)) => {
                let finding = format!("damaged: {}", text::shorten(&fault, 200));
                check("store", false, finding, Some("end oikos, keep a copy of OIKOS_HOME, and look at the disk"))
            }
            Err(error) => {
                check("store", false, text::escape(&error.to_string()), Some("look at the disk of OIKOS_HOME"))
            }
        },
        lost => check(
            "store",
            false,
            format!("{lost} records could not be written since the start"),
            Some("look at free space, then restart oikos"),
        ),
    }
}

fn log(oikos: &Oikos, caller: &Caller) -> DoctorCheck {
    match oikos.log_verify(caller.owner) {
        Ok(report) if report.breaks.is_empty() => {
            let signed = match report.signed_seq {
                Some(seq) => format!("signed up to entry {seq}"),
                None => "not signed yet".to_owned(),
            };
            check("log", true, format!("{}, chain holds, {signed}", text::count(report.entries, "entry")), None)
        }
        Ok(report) => {
            let places: Vec<String> = report.breaks.iter().take(3).map(break_text).collect();
            check(
                "log",
                false,
                format!("the chain does not hold: {}", places.join("; ")),
                Some("oikos log --verify shows every place"),
            )
        }
        Err(failure) => {
            let hint = failure.hint.unwrap_or_else(|| "look at the disk of OIKOS_HOME".to_owned());
            check("log", false, failure.message, Some(&hint))
        }
    }
}

/// A break of the chain, in words.
pub fn break_text(found: &ChainBreak) -> String {
    match found {
        ChainBreak::BodyChanged { seq } => format!("entry {seq} was changed: its body is not what its digest says"),
        ChainBreak::HashMismatch { seq } => format!("entry {seq} does not follow from the one before it"),
        ChainBreak::Missing { from_seq, to_seq } if from_seq == to_seq => format!("entry {from_seq} is missing"),
        ChainBreak::Missing { from_seq, to_seq } => format!("entries {from_seq} to {to_seq} are missing"),
        ChainBreak::TailCut { last_seq, signed_seq } => {
            format!("the log was cut off: it ends at entry {last_seq}, but entry {signed_seq} was signed")
        }
        ChainBreak::HeadMismatch { seq } => format!("entry {seq} is not the one that this device signed"),
        ChainBreak::HeadRefused { line } => {
            format!("line {line} of audit-heads.jsonl is not one that this device signed")
        }
    }
}

fn intents(oikos: &Oikos, caller: &Caller) -> DoctorCheck {
    let running = oikos.kernel.live_runs_of(caller.owner);
    match oikos.store.scan(caller.owner, Space::Intent, "", None, 100) {
        Ok(open) if open.is_empty() || running > 0 => {
            check("effects", true, format!("{} under way, no effect left open", text::count(running, "run")), None)
        }
        Ok(open) => check(
            "effects",
            false,
            format!("{} announced and never settled", text::count(open.len(), "effect")),
            Some("restart oikos: it settles them"),
        ),
        Err(error) => check("effects", false, text::escape(&error.to_string()), Some("look at the disk of OIKOS_HOME")),
    }
}

fn recovered(oikos: &Oikos, caller: &Caller) -> DoctorCheck {
    let found = oikos.recovered_of(caller.owner);
    if found == kernel::Recovered::default() {
        return check("last end", true, "the last process ended properly", None);
    }
    let finding = format!(
        "the last process ended abruptly; settled {}, {}, {}, {}",
        text::count(found.runs, "run"),
        text::count(found.effects, "effect"),
        text::count(found.questions, "question"),
        text::count(found.archives, "half-done install")
    );
    check("last end", true, finding, None)
}

fn app(oikos: &Oikos, caller: &Caller, app: &AppSummary) -> DoctorCheck {
    let name = format!("app {}", app.name);
    match oikos.kernel.app_check(caller, &app.name) {
        Ok(()) if app.unready => {
            let finding = format!("version {} is not set up: its hook postinstall has not ended well", app.version);
            check(&name, false, finding, Some(&format!("oikos app enable {} calls it again", app.name)))
        }
        Ok(()) => check(&name, true, format!("version {}, archive and grants hold", app.version), None),
        Err(failure) => {
            let hint = failure.hint.unwrap_or_else(|| format!("oikos app install {} installs it again", app.name));
            check(&name, false, failure.message, Some(&hint))
        }
    }
}
