//! What must hold for any text that an app calls an address, and any that somebody calls a rule. Used by the fuzzers, and
//! by the tests of crates/broker, which try the corpus again.

use broker::{WebHost, WebUrl, host_covers, rule_read};

/// A rule, and on the lines after it addresses.
pub(crate) fn hosts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let rule = lines.next().unwrap_or_default();
    for line in lines {
        check_host(rule, line);
    }
}

/// One rule and one address.
pub(crate) fn check_host(rule: &str, text: &str) {
    let read = rule_read(rule);
    if let Ok(read) = &read {
        // What is shown of it is read as the same again.
        let port = read.port.map_or(String::new(), |port| format!(":{port}"));
        let again = rule_read(&format!("{}{port}{}", read.host, read.paths.concat()));
        assert_eq!(again.as_ref(), Ok(read), "{rule:?}");
    }
    let Ok(url) = WebUrl::parse(text) else { return };
    let again = WebUrl::parse(url.as_str());
    assert_eq!(again.as_ref(), Ok(&url), "{text:?} is read as one thing");
    assert!(!url.as_str().contains(['@', '#']) || url.path_and_query().contains('@'), "{}", url.as_str());
    assert!(!url.shown().chars().any(|c| c.is_control()), "{}", url.shown());
    if let WebHost::Name(name) = url.host() {
        assert!(name.parse::<std::net::IpAddr>().is_err(), "{name} would be taken for a machine's number");
        assert!(!name.ends_with('.') && *name == name.to_ascii_lowercase(), "{name}");
    }
    for rule in [rule, read.as_ref().map_or("", |read| &read.host)] {
        if host_covers(rule, url.host()) {
            let host = url.host().to_string();
            match rule.strip_prefix("*.") {
                // Everything that may be compared was lower case, IDNA and without a last dot before.
                Some(above) => {
                    let above = WebUrl::parse(&format!("https://{above}/")).expect("it covers something");
                    assert!(host.ends_with(&format!(".{}", above.host())), "{rule:?} {host}");
                }
                None => {
                    let named = WebUrl::parse(&format!("https://{rule}/")).expect("it covers something");
                    assert_eq!(named.host(), url.host(), "{rule:?}");
                }
            }
        }
    }
}
