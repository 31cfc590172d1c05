//! A household's set-up as an operator writes it. Pure: who calls has read the file.

use crate::{Config, LogFormat, ProxySetup, TelemetrySetup, TlsFiles};
use broker::{WebUrl, is_private_host};
use jiff::tz::TimeZone;
use kernel::RestartPolicy;
use protocol::{ErrorCode, Failure, Zone, text};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

/// What the file may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    time_zone: Option<String>,
    zone: Option<String>,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    egress: EgressWritten,
    #[serde(default)]
    supervisor: Supervisor,
    #[serde(default)]
    doors: DoorsWritten,
    #[serde(default)]
    log: LogWritten,
    telemetry: Option<TelemetryWritten>,
    #[serde(default)]
    vault: VaultWritten,
    #[serde(default)]
    servers: ServersWritten,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServersWritten {
    client_document: Option<ClientDocument>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ClientDocument(WebUrl);

impl TryFrom<String> for ClientDocument {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        const LIKE: &str = "for example \"https://box.example/oikos.json\"";
        let url = WebUrl::parse(&text).map_err(|error| format!("{error}; {LIKE}"))?;
        // It is our name there, and is compared letter by letter.
        if !url.is_https() || url.path() == "/" || text.contains(['#', '?']) {
            return Err(format!("a document that describes a client has an https address with a path; {LIKE}"));
        }
        Ok(Self(url))
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultWritten {
    key_file: Option<AbsolutePath>,
    passphrase_file: Option<AbsolutePath>,
    passphrase: Option<bool>,
}

#[derive(Deserialize)]
#[serde(try_from = "TelemetryKeys")]
struct TelemetryWritten(TelemetrySetup);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TelemetryKeys {
    otlp: Collector,
    #[serde(default)]
    service: ServiceName,
    headers_file: Option<AbsolutePath>,
    #[serde(default)]
    sample: Sample,
}

impl TryFrom<TelemetryKeys> for TelemetryWritten {
    type Error = &'static str;
    fn try_from(keys: TelemetryKeys) -> Result<Self, Self::Error> {
        let TelemetryKeys { otlp: Collector(otlp), service: ServiceName(service), headers_file, sample } = keys;
        let headers_file = headers_file.map(|AbsolutePath(path)| path);
        // On one's own network it is for whoever owns that to say how things go there.
        if headers_file.is_some() && !otlp.is_https() && !is_private_host(otlp.host()) {
            return Err("headers_file has secrets, and http:// would show them on the way: https://, or a collector \
                        on this machine that passes on what it gets");
        }
        Ok(Self(TelemetrySetup { otlp, service, headers_file, sample: sample.0 }))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Collector(WebUrl);

impl TryFrom<String> for Collector {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        const LIKE: &str = "for example \"http://127.0.0.1:4318\"";
        let url = WebUrl::parse(&text).map_err(|error| format!("{error}; {LIKE}"))?;
        if text.contains(['?', '#']) {
            return Err(format!("a collector is found by host, port and path, without ? and #; {LIKE}"));
        }
        Ok(Self(url))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ServiceName(String);

impl Default for ServiceName {
    fn default() -> Self {
        Self("oikos".to_owned())
    }
}

impl TryFrom<String> for ServiceName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        /// As long as collectors commonly take.
        const NAME_CHARS_MAX: usize = 255;
        if (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.contains(char::is_control) {
            return Ok(Self(text));
        }
        Err(format!("a service is called by 1 to {NAME_CHARS_MAX} characters"))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "f64")]
struct Sample(f64);

impl Default for Sample {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for Sample {
    type Error = &'static str;
    fn try_from(part: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&part) { Ok(Self(part)) } else { Err("a part of all traces, from 0.0 to 1.0") }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EgressWritten {
    proxy: Option<ProxyAddress>,
    #[serde(default)]
    no_proxy: Vec<ProxyException>,
    proxy_credentials: Option<AbsolutePath>,
}

/// Read as they are written, so that a mistake shows its place.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ProxyAddress(String);

impl TryFrom<String> for ProxyAddress {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        egress::Proxy::new(&text, Vec::new()).map(|_| Self(text)).map_err(|error| error.to_string())
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ProxyException(String);

impl TryFrom<String> for ProxyException {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let read = egress::Proxy::new("http://proxy.invalid", vec![text.clone()]);
        read.map(|_| Self(text)).map_err(|error| error.to_string())
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogWritten {
    format: Option<LogFormat>,
    level: Option<LogLevel>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct LogLevel(String);

impl TryFrom<String> for LogLevel {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        crate::log_file::filter_check(&text).map(|()| Self(text))
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DoorsWritten {
    bind: Option<SocketAddr>,
    #[serde(default)]
    hosts: Vec<HostName>,
    tls: Option<TlsWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsWritten {
    cert: AbsolutePath,
    key: AbsolutePath,
}

/// Read as they are written, so that a mistake shows its place.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct HostName(String);

impl TryFrom<String> for HostName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        /// What the name system allows.
        const NAME_BYTES_MAX: usize = 253;
        let is_label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_name = text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label);
        let is_address = text.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok();
        if is_name || is_address {
            return Ok(Self(text));
        }
        Err("a host is a name or an address, without scheme, port or '*': box.example, 192.168.1.5".to_owned())
    }
}

#[derive(Deserialize)]
#[serde(try_from = "PathBuf")]
struct AbsolutePath(PathBuf);

impl TryFrom<PathBuf> for AbsolutePath {
    type Error = &'static str;
    fn try_from(path: PathBuf) -> Result<Self, Self::Error> {
        // A service is started anywhere.
        if path.is_absolute() { Ok(Self(path)) } else { Err("the path has to begin at the root of the file system") }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    authorities: Option<std::path::PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Supervisor {
    restarts_max: Option<u32>,
    window_ms: Option<u64>,
    pause_first_ms: Option<u64>,
    pause_max_ms: Option<u64>,
    jitter_percent: Option<u64>,
}

impl Config {
    /// Takes over what a configuration file says. Where that is wrong, nothing changes.
    pub fn read(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let wrong = |what: String| Failure::new(ErrorCode::Usage, format!("{name}: {what}"));
        let written: Written =
            toml::from_str(text).map_err(|error| wrong(text::escape_lines(error.to_string().trim_end())))?;
        let time_zone = match &written.time_zone {
            Some(zone) => TimeZone::get(zone).map_err(|_| {
                wrong(format!("time_zone '{}' is not known", text::shorten(zone, 80)))
                    .hint("a name of the IANA list, such as Europe/Berlin or UTC")
            })?,
            None => self.time_zone.clone(),
        };
        let zone = match written.zone.as_deref().map(str::parse::<Zone>) {
            None => self.zone,
            // Apps of the browser run in the page and nowhere else.
            Some(Ok(zone)) if zone != Zone::Browser => zone,
            Some(_) => {
                let given = text::shorten(written.zone.as_deref().unwrap_or_default(), 40);
                return Err(wrong(format!("zone '{given}' is none that oikos can be")).hint("local or cloud"));
            }
        };
        let Supervisor { restarts_max, window_ms, pause_first_ms, pause_max_ms, jitter_percent } = written.supervisor;
        let known = &self.restarts;
        let restarts = RestartPolicy {
            restarts_max: restarts_max.unwrap_or(known.restarts_max),
            window_ms: window_ms.unwrap_or(known.window_ms),
            pause_first_ms: pause_first_ms.unwrap_or(known.pause_first_ms),
            pause_max_ms: pause_max_ms.unwrap_or(known.pause_max_ms),
            jitter_percent: jitter_percent.unwrap_or(known.jitter_percent),
        };
        let EgressWritten { proxy, no_proxy, proxy_credentials } = written.egress;
        let proxy = match proxy {
            Some(ProxyAddress(address)) => Some(ProxySetup {
                address,
                exceptions: no_proxy.into_iter().map(|ProxyException(host)| host).collect(),
                credentials: proxy_credentials.map(|path| path.0),
            }),
            None if no_proxy.is_empty() && proxy_credentials.is_none() => self.proxy.clone(),
            None => {
                return Err(wrong(
                    "[egress] no_proxy and proxy_credentials are for a proxy, and none is named".to_owned(),
                ));
            }
        };
        let VaultWritten { key_file, passphrase_file, passphrase } = written.vault;
        if passphrase == Some(false) && passphrase_file.is_some() {
            return Err(wrong(
                "[vault] passphrase_file is for a vault under a passphrase, and passphrase = false".into(),
            ));
        }
        // Whoever names a key means one, and whoever names a file with a passphrase means that.
        let named = if passphrase_file.is_some() { Some(true) } else { key_file.as_ref().map(|_| false) };
        restarts_check(&restarts).map_err(|what| wrong(format!("[supervisor] {what}")))?;
        self.vault.is_under_passphrase = passphrase.or(named).or(self.vault.is_under_passphrase);
        self.vault.key_file = key_file.map(|path| path.0).or(self.vault.key_file.take());
        self.vault.passphrase_file = passphrase_file.map(|path| path.0).or(self.vault.passphrase_file.take());
        self.client_document =
            written.servers.client_document.map(|ClientDocument(url)| url).or(self.client_document.take());
        self.proxy = proxy;
        self.authorities = written.network.authorities.or(self.authorities.take());
        self.time_zone = time_zone;
        self.zone = zone;
        self.restarts = restarts;
        self.log.format = written.log.format.unwrap_or(self.log.format);
        self.log.level = written.log.level.map(|LogLevel(level)| level).or(self.log.level.take());
        self.telemetry = written.telemetry.map(|TelemetryWritten(setup)| setup).or(self.telemetry.take());
        let DoorsWritten { bind, hosts, tls } = written.doors;
        self.doors.bind = bind.unwrap_or(self.doors.bind);
        self.doors.hosts.extend(hosts.into_iter().map(|HostName(host)| host));
        self.doors.tls = tls.map(|tls| TlsFiles { cert: tls.cert.0, key: tls.key.0 }).or(self.doors.tls.take());
        Ok(())
    }
}

fn restarts_check(restarts: &RestartPolicy) -> Result<(), String> {
    /// More would be a part that never works.
    const RESTARTS_MAX: u32 = 1_000;
    /// A day: a longer window or pause is a mistake of units.
    const WAIT_MS_MAX: u64 = 86_400_000;
    let between = |name: &str, value: u64, least: u64, most: u64| {
        let fits = (least..=most).contains(&value);
        fits.then_some(()).ok_or_else(|| format!("{name} is from {least} to {most}, not {value}"))
    };
    between("restarts_max", restarts.restarts_max.into(), 0, RESTARTS_MAX.into())?;
    between("window_ms", restarts.window_ms, 1, WAIT_MS_MAX)?;
    between("pause_max_ms", restarts.pause_max_ms, 1, WAIT_MS_MAX)?;
    between("pause_first_ms", restarts.pause_first_ms, 1, restarts.pause_max_ms)?;
    between("jitter_percent", restarts.jitter_percent, 0, 100)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn check(text: &str, expected: Result<(&str, u32), &str>) {
        let mut config = Config { time_zone: TimeZone::UTC, ..Config::new("/nowhere") };
        let read = config.read("oikos.toml", text);
        match expected {
            Ok((zone, restarts_max)) => {
                read.unwrap();
                assert_eq!((config.time_zone.iana_name(), config.restarts.restarts_max), (Some(zone), restarts_max));
            }
            Err(says) => {
                let failure = read.unwrap_err();
                assert!(failure.message.contains(says), "{text}: {}", failure.message);
                assert_eq!((config.time_zone.iana_name(), &config.restarts), (Some("UTC"), &RestartPolicy::default()));
            }
        }
    }

    #[test]
    fn what_the_file_says_holds_and_mistakes_show_their_place() {
        check("", Ok(("UTC", 5)));
        check("time_zone = \"Europe/Berlin\"\n[supervisor]\nrestarts_max = 0", Ok(("Europe/Berlin", 0)));
        check("[supervisor]\nrestart_max = 3", Err("oikos.toml: TOML parse error at line 2, column 1"));
        check("[supervisor]\nrestart_max = 3", Err("^^^^^^^^^^^"));
        check("[supervisor]\nrestarts_max = -3", Err("line 2, column 16"));
        check("time_zone = \"Mars/Olympus\"", Err("time_zone 'Mars/Olympus' is not known"));
        check("time_zone = 5", Err("line 1"));
        check("[supervisor]\npause_first_ms = 20000", Err("pause_first_ms is from 1 to 10000, not 20000"));
        check("[supervisor]\njitter_percent = 101", Err("jitter_percent is from 0 to 100, not 101"));
        check("[supervisor", Err("line 1"));
        check("zone = \"browser\"", Err("zone 'browser' is none that oikos can be"));
        check("zone = \"moon\"", Err("zone 'moon'"));
    }

    #[test]
    fn doors_are_where_the_file_says_and_mistakes_show_their_place() {
        let read = |text: &str| {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", text).map(|()| config.doors).map_err(|failure| failure.message)
        };
        assert_eq!(read("").unwrap(), crate::Doors::default());
        let doors = read(
            "[doors]\nbind = \"0.0.0.0:443\"\nhosts = [\"box.example\", \"192.168.1.5\", \"[fd00::1]\"]\n\
             tls = { cert = \"/etc/oikos/cert.pem\", key = \"/etc/oikos/key.pem\" }",
        );
        let doors = doors.unwrap();
        assert_eq!((doors.bind.port(), doors.hosts.len(), doors.tls.is_some()), (443, 3, true));
        for (text, says) in [
            ("[doors]\nbind = \"everywhere\"", "line 2, column 8"),
            ("[doors]\nbind = \"0.0.0.0\"", "invalid socket address"),
            ("[doors]\nhosts = [\"ok\", \"*.example\"]", "line 2, column 9"),
            ("[doors]\nhosts = [\"http://box.example\"]", "without scheme"),
            ("[doors]\nhosts = [\"box.example:7070\"]", "without scheme"),
            ("[doors]\ntls = { cert = \"cert.pem\", key = \"/key.pem\" }", "begin at the root"),
            ("[doors]\ntls = { cert = \"/cert.pem\" }", "missing field `key`"),
            ("[doors]\ncors = \"*\"", "unknown field `cors`"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(says) && message.contains('^'), "{text}: {message}");
        }
    }

    #[test]
    fn the_way_out_is_as_the_file_says_and_mistakes_show_their_place() {
        let read = |text: &str| {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", text).map(|()| config.proxy).map_err(|failure| failure.message)
        };
        assert_eq!(read("").unwrap(), None);
        let proxy = read(
            "[egress]\nproxy = \"http://proxy.example:3128\"\nno_proxy = [\"*.corp.example\", \"192.0.2.9\"]\n\
             proxy_credentials = \"/etc/oikos/proxy\"",
        );
        let proxy = proxy.unwrap().unwrap();
        assert_eq!((proxy.address.as_str(), proxy.exceptions.len()), ("http://proxy.example:3128", 2));
        assert_eq!(proxy.credentials, Some(PathBuf::from("/etc/oikos/proxy")));
        for (text, says) in [
            ("[egress]\nproxy = \"proxy.example:3128\"", "http://HOST:PORT"),
            ("[egress]\nproxy = \"http://user:word@proxy.example:3128\"", "without user, password"),
            ("[egress]\nproxy = \"http://p:1\"\nno_proxy = [\"10.0.0.0/8\"]", "'10.0.0.0/8' is no host"),
            ("[egress]\nproxy = \"http://p:1\"\nproxy_credentials = \"proxy\"", "begin at the root"),
            ("[egress]\nproxies = []", "unknown field `proxies`"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(says) && message.contains('^'), "{text}: {message}");
        }
        assert!(read("[egress]\nno_proxy = [\"a.example\"]").unwrap_err().contains("none is named"));
    }

    #[test]
    fn the_vault_is_opened_as_the_file_says_and_mistakes_show_their_place() {
        let read = |text: &str| {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", text).map(|()| config.vault).map_err(|failure| failure.message)
        };
        let check = |text: &str, under: Option<bool>, key_file: Option<&str>, passphrase_file: Option<&str>| {
            let vault = read(text).unwrap();
            let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_str().unwrap().to_owned());
            assert_eq!(vault.is_under_passphrase, under, "{text}");
            assert_eq!(path(&vault.key_file).as_deref(), key_file, "{text}");
            assert_eq!(path(&vault.passphrase_file).as_deref(), passphrase_file, "{text}");
        };
        check("", None, None, None);
        check("[vault]\nkey_file = \"/etc/oikos/vault.key\"", Some(false), Some("/etc/oikos/vault.key"), None);
        check("[vault]\npassphrase_file = \"/run/vault\"", Some(true), None, Some("/run/vault"));
        check("[vault]\npassphrase = true", Some(true), None, None);
        check("[vault]\npassphrase = true\nkey_file = \"/k\"", Some(true), Some("/k"), None);
        for (text, says) in [
            ("[vault]\nkey_file = \"vault.key\"", "begin at the root"),
            ("[vault]\npassphrase = \"secret\"", "line 2, column 14"),
            ("[vault]\nkey = \"secret\"", "unknown field `key`"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(says) && message.contains('^'), "{text}: {message}");
        }
        assert!(read("[vault]\npassphrase = false\npassphrase_file = \"/p\"").unwrap_err().contains("[vault]"));
    }

    #[test]
    fn the_log_is_as_the_file_says_and_mistakes_show_their_place() {
        let read = |text: &str| {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", text).map(|()| config.log).map_err(|failure| failure.message)
        };
        assert_eq!(read("").unwrap(), crate::LogSetup::default());
        let log = read("[log]\nformat = \"json\"\nlevel = \"gateway=debug,info\"").unwrap();
        assert_eq!((log.format, log.level.as_deref()), (LogFormat::Json, Some("gateway=debug,info")));
        for (text, says) in [
            ("[log]\nformat = \"xml\"", "unknown variant `xml`"),
            ("[log]\nlevel = \"a=b=c\"", "line 2, column 9"),
            ("[log]\nfile = \"/tmp/x\"", "unknown field `file`"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(says) && message.contains('^'), "{text}: {message}");
        }
    }

    #[test]
    fn traces_go_nowhere_unless_the_file_says_where_and_mistakes_show_their_place() {
        let read = |text: &str| {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", text).map(|()| config.telemetry).map_err(|failure| failure.message)
        };
        assert_eq!(read("").unwrap(), None);
        let plain = read("[telemetry]\notlp = \"http://127.0.0.1:4318\"").unwrap().unwrap();
        assert_eq!((plain.otlp.as_str(), plain.service.as_str()), ("http://127.0.0.1:4318/", "oikos"));
        assert_eq!((plain.headers_file, plain.sample), (None, 1.0));
        let full = read(
            "[telemetry]\notlp = \"https://otlp.example/otlp\"\nservice = \"at home\"\n\
             headers_file = \"/etc/oikos/otlp.headers\"\nsample = 0.25",
        );
        let full = full.unwrap().unwrap();
        assert_eq!((full.service.as_str(), full.sample, full.headers_file.is_some()), ("at home", 0.25, true));
        assert!(read("[telemetry]\notlp = \"http://collector:4318\"\nheaders_file = \"/h\"").is_ok());
        assert!(read("[telemetry]\notlp = \"http://otlp.example\"\nsample = 1").is_ok());
        for (text, says) in [
            ("[telemetry]\nservice = \"x\"", "missing field `otlp`"),
            ("[telemetry]\notlp = \"127.0.0.1:4318\"", "line 2, column 8"),
            ("[telemetry]\notlp = \"grpc://127.0.0.1:4317\"", "neither https:// nor http://"),
            ("[telemetry]\notlp = \"http://me:secret@127.0.0.1\"", "belong into headers"),
            ("[telemetry]\notlp = \"http://127.0.0.1/?key=x\"", "without ? and #"),
            ("[telemetry]\notlp = \"http://a\"\nsample = 1.5", "line 3, column 10"),
            ("[telemetry]\notlp = \"http://a\"\nsample = nan", "from 0.0 to 1.0"),
            ("[telemetry]\notlp = \"http://a\"\nservice = \"\"", "1 to 255 characters"),
            ("[telemetry]\notlp = \"http://a\"\nheaders_file = \"otlp.headers\"", "begin at the root"),
            ("[telemetry]\notlp = \"http://a\"\nheaders = { x-key = \"y\" }", "unknown field `headers`"),
            ("[telemetry]\notlp = \"http://otlp.example\"\nheaders_file = \"/h\"", "would show them on the way"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(says) && message.contains('^'), "{text}: {message}");
        }
    }

    #[test]
    fn a_zone_has_both_its_names() {
        for (word, zone) in [("cloud", Zone::Cloud), ("CLOUD_HOSTED", Zone::Cloud), ("LOCAL_SELF_HOSTED", Zone::Local)]
        {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", &format!("zone = \"{word}\"")).unwrap();
            assert_eq!(config.zone, zone);
        }
    }
}
