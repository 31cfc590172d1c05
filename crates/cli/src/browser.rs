//! The browser of the person at this machine, if there is one.

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::time::timeout;

/// How long a program may take to say that it cannot. Some stay for as long as the browser does.
const SHOWING_WAIT: Duration = Duration::from_secs(3);

/// The program that shows addresses, in the system of this name with these variables set.
fn shower(system: &str, is_set: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    match system {
        "macos" => Some("open"),
        // Without a screen it would look for a browser in this terminal, and take the terminal for itself.
        _ => (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")).then_some("xdg-open"),
    }
}

/// Shows an address; whether that went well, as far as is known.
pub(crate) async fn show(url: &str) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let Some(program) = shower(std::env::consts::OS, &is_set) else { return false };
    let mut command = Command::new(program);
    // A group of its own: Ctrl-C at this terminal is not meant for the browser.
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let Ok(mut child) = command.spawn() else { return false };
    let ended = tokio::task::spawn_blocking(move || child.wait().is_ok_and(|status| status.success()));
    // What takes its time is taken to go well.
    timeout(SHOWING_WAIT, ended).await.map_or(true, |ended| ended.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_where_there_is_no_screen() {
        for (system, set, expected) in [
            ("linux", &[][..], None),
            ("linux", &["DISPLAY"], Some("xdg-open")),
            ("linux", &["WAYLAND_DISPLAY"], Some("xdg-open")),
            ("freebsd", &["DISPLAY"], Some("xdg-open")),
            ("macos", &[], Some("open")),
        ] {
            assert_eq!(shower(system, &|name| set.contains(&name)), expected, "{system} {set:?}");
        }
    }
}
