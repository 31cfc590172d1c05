//! macOS: a policy as the text that `sandbox-exec -p` reads. **Written, never run here**: the text is held by a snapshot, and
//! nobody has seen a Mac take it.

use crate::{Network, Policy};
use std::{fmt::Write, path::Path};

/// What the system's own programs need to start, as the profiles that come with macOS have it.
const SYSTEM: &[&str] = &[
    "/System",
    "/usr",
    "/bin",
    "/sbin",
    "/Library/Apple",
    "/Library/Frameworks",
    "/opt/homebrew",
    "/private/etc/ssl",
    "/private/etc/localtime",
    "/private/var/db/timezone",
];

/// The rules for one policy: everything is refused but what is listed.
pub fn profile(policy: &Policy) -> String {
    let mut text = String::from("(version 1)\n(deny default)\n(allow process-fork)\n(allow process-exec)\n");
    text.push_str("(allow signal (target same-sandbox))\n(allow process-info* (target same-sandbox))\n");
    text.push_str("(allow sysctl-read)\n(allow mach-lookup (global-name \"com.apple.system.logger\"))\n");
    text.push_str("(allow file-read-metadata)\n(allow file-read* (literal \"/\"))\n");
    let system = SYSTEM.iter().map(Path::new);
    for path in
        system.chain(policy.read.iter().chain(&policy.code).map(AsRef::as_ref)).chain([policy.program.as_path()])
    {
        line(&mut text, "file-read*", path);
    }
    for path in policy.write.iter().chain([&policy.home]) {
        line(&mut text, "file-read* file-write*", path);
    }
    for device in ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"] {
        writeln!(text, "(allow file-read* file-write-data (literal \"{device}\"))").ok();
    }
    if let Network::OnlyProxy { port } = policy.network {
        writeln!(text, "(allow network-outbound (remote ip \"localhost:{port}\"))").ok();
    }
    text
}

fn line(text: &mut String, what: &str, path: &Path) {
    writeln!(text, "(allow {what} (subpath {}))", quoted(&path.to_string_lossy())).ok();
}

/// As a string of its language: a path must not end the rule that it stands in.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let mut policy = Policy::new("/opt/homebrew/bin/node", "/srv/oikos/homes/files");
        policy.read = vec!["/srv/photos".into()];
        policy.write = vec!["/srv/no\"tes".into()];
        policy
    }

    #[test]
    fn the_rules_are_those_that_were_read() {
        insta::assert_snapshot!("seatbelt", profile(&policy()));
    }

    #[test]
    fn a_path_stays_in_its_quotes() {
        assert!(profile(&policy()).contains("(subpath \"/srv/no\\\"tes\")"));
        assert_eq!(quoted("a\\\")(allow default"), "\"a\\\\\\\")(allow default\"");
    }

    #[test]
    fn the_network_is_one_port_or_none() {
        assert!(!profile(&policy()).contains("network"));
        let text = profile(&Policy { network: Network::OnlyProxy { port: 3128 }, ..policy() });
        assert!(text.ends_with("(allow network-outbound (remote ip \"localhost:3128\"))\n"));
    }
}
