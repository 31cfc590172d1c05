//! A household's set-up as an operator writes it. Pure: who calls has read the file.

use crate::Config;
use jiff::tz::TimeZone;
use kernel::RestartPolicy;
use protocol::{ErrorCode, Failure, Zone, text};
use serde::Deserialize;

/// What the file may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    time_zone: Option<String>,
    zone: Option<String>,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    supervisor: Supervisor,
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
        restarts_check(&restarts).map_err(|what| wrong(format!("[supervisor] {what}")))?;
        self.authorities = written.network.authorities.or(self.authorities.take());
        self.time_zone = time_zone;
        self.zone = zone;
        self.restarts = restarts;
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
    fn a_zone_has_both_its_names() {
        for (word, zone) in [("cloud", Zone::Cloud), ("CLOUD_HOSTED", Zone::Cloud), ("LOCAL_SELF_HOSTED", Zone::Local)]
        {
            let mut config = Config::new("/nowhere");
            config.read("oikos.toml", &format!("zone = \"{word}\"")).unwrap();
            assert_eq!(config.zone, zone);
        }
    }
}
