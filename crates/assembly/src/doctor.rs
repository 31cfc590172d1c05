//! Looks at everything that could be wrong, and says the next step.

use crate::Oikos;
use protocol::{
    Caller,
    api::{AppSummary, ChainBreak, DoctorCheck},
    text,
};
use state::Space;

/// All checks, each a row.
pub(crate) fn checks(oikos: &Oikos, caller: &Caller, apps: &[AppSummary]) -> Vec<DoctorCheck> {
    let mut checks = vec![home(oikos), room(oikos), store(oikos), log(oikos, caller), intents(oikos, caller)];
    checks.push(recovered(oikos, caller));
    checks.extend(apps.iter().map(|app| self::app(oikos, caller, app)));
    checks
}

fn check(name: &str, ok: bool, finding: impl Into<String>, hint: Option<&str>) -> DoctorCheck {
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

fn store(oikos: &Oikos) -> DoctorCheck {
    match oikos.store.lazy_failures() {
        0 => check("store", true, "open, nothing lost since the start", None),
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
        Err(failure) => check("log", false, failure.message, failure.hint.as_deref()),
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
        Err(error) => check("effects", false, text::escape(&error.to_string()), None),
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
        Err(failure) => check(&name, false, failure.message, failure.hint.as_deref()),
    }
}
