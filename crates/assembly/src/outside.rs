//! What can be seen of an oikos from outside, without asking it: whether one is up, whether it answers, and whether its
//! door is what its set-up says. First of all checks: who hangs says nothing about itself.

use crate::{
    Config, Doors, Service,
    doctor::check,
    files::pem,
    service::{HELLO_WAIT, hello, noted},
};
use gateway::{
    auth::{PemFile, certificate_facts, tls_config},
    client::{ProbeError, probe},
};
use protocol::{Clock as _, Timestamp, api::DoctorCheck, text};
use state::last_holder;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// A certificate that ends sooner than this should have been renewed: renewing by itself begins a month before.
const CERTIFICATE_MS_LEAST: i64 = 14 * 86_400_000;

/// What was seen from outside.
#[derive(Debug)]
pub struct Outside {
    /// All checks, each a row.
    pub checks: Vec<DoctorCheck>,
    /// Whether it makes sense to ask further: nobody holds the home, or whoever does answers.
    pub answers: bool,
}

/// Looks at a household from outside.
pub async fn doctor_outside(config: &Config) -> Outside {
    let Ok(home) = fs::canonicalize(&config.home) else {
        // There is none yet: whoever asks further makes it, or says why that cannot be.
        return Outside { checks: Vec::new(), answers: true };
    };
    let noted = noted(&home);
    if !state::is_held(&home) {
        let finding = match noted {
            None => "none is up: each command holds the home by itself",
            Some(_) => "none is up: the last one was killed; oikos daemon start",
        };
        return Outside { checks: vec![check("service", true, finding, None)], answers: true };
    }
    let holder = last_holder(&home).map_or_else(String::new, |holder| format!(" (pid {})", holder.pid));
    let Ok(Some(pid)) = tokio::time::timeout(HELLO_WAIT, hello(&home)).await else {
        let finding = format!("the oikos that holds the home{holder} does not answer at its socket");
        let end = last_holder(&home).map_or("end it".to_owned(), |holder| format!("kill -9 {}", holder.pid));
        let hint = format!("oikos daemon logs says what it did last; {end} ends it, then oikos daemon start");
        return Outside { checks: vec![check("service", false, finding, Some(&hint))], answers: false };
    };
    let Some(service) = noted.filter(|service| service.pid == pid) else {
        let finding = format!("none is up: a command holds the home (pid {pid}), and answers at its socket");
        return Outside { checks: vec![check("service", true, finding, None)], answers: true };
    };
    let finding = format!("up (pid {pid}), and answers at its socket");
    let mut checks = vec![check("service", true, finding, None)];
    let doors = match &service.config {
        None => Doors::default(),
        Some(path) => match doors_of(config, path) {
            Ok(doors) => doors,
            Err((finding, hint)) => {
                checks.push(check("set-up", false, finding, Some(&hint)));
                Doors::default()
            }
        },
    };
    let leaf = certificate(&doors, crate::SystemClock::new().now(), &mut checks);
    checks.extend(door(&service, leaf.as_deref()).await);
    Outside { checks, answers: true }
}

/// The doors of the set-up that the service was started with, as its file says now.
fn doors_of(config: &Config, path: &Path) -> Result<Doors, (String, String)> {
    let mut config = Config { doors: Doors::default(), ..config.clone() };
    config.read_file(path).map_err(|failure| {
        (failure.message, failure.hint.unwrap_or_else(|| "mend it: the next start needs it".to_owned()))
    })?;
    Ok(config.doors)
}

/// Looks at the certificate, and gives it in the form in which the door shows it.
fn certificate(doors: &Doors, now: Timestamp, checks: &mut Vec<DoctorCheck>) -> Option<Vec<u8>> {
    let files = doors.tls.as_ref()?;
    let shown = |path: &Path| text::escape(&path.to_string_lossy());
    let (cert_name, key_name) = (shown(&files.cert), shown(&files.key));
    let looked = pem(&files.cert).and_then(|cert| {
        let key = pem(&files.key)?;
        let cert_file = PemFile { name: &cert_name, bytes: &cert };
        tls_config(cert_file, PemFile { name: &key_name, bytes: &key })?;
        certificate_facts(cert_file)
    });
    let facts = match looked {
        Ok(facts) => facts,
        Err(failure) => {
            let hint = failure.hint.unwrap_or_else(|| "[doors] tls in the configuration file names it".to_owned());
            checks.push(check("certificate", false, failure.message, Some(&hint)));
            return None;
        }
    };
    let life = (facts.not_before, facts.not_after);
    let missing = doors.hosts.iter().find(|host| !facts.is_for(host));
    checks.push(certificate_check(&cert_name, life, missing.map(String::as_str), now));
    Some(facts.der)
}

/// `life` is from when to when it is valid, `missing` a name that it should be for and is not.
fn certificate_check(name: &str, life: (Timestamp, Timestamp), missing: Option<&str>, now: Timestamp) -> DoctorCheck {
    const RENEW: &str = "renew the certificate, then oikos daemon stop and oikos daemon start";
    let left_ms = life.1.0 - now.0;
    let days = text::count(left_ms.unsigned_abs() / 86_400_000, "day");
    if now.0 < life.0.0 {
        let hint = "look at the clock of this machine; else wait, or take the certificate before it";
        return check("certificate", false, format!("{name} is not valid yet"), Some(hint));
    }
    if left_ms <= 0 {
        return check("certificate", false, format!("{name} has expired, {days} ago"), Some(RENEW));
    }
    if let Some(host) = missing {
        let finding = format!("{name} is not for {host}, which [doors] hosts names: browsers refuse it there");
        return check("certificate", false, finding, Some("make one for all names, or take the name from the file"));
    }
    if left_ms < CERTIFICATE_MS_LEAST {
        return check("certificate", false, format!("{name} expires in {days}"), Some(RENEW));
    }
    check("certificate", true, format!("{name}, with its key, valid for another {days}"), None)
}

async fn door(service: &Service, leaf: Option<&[u8]>) -> Option<DoctorCheck> {
    let url = service.url.as_ref()?;
    let is_tls = url.starts_with("https://");
    let address = url.rsplit('/').next().and_then(|address| address.parse::<SocketAddr>().ok())?;
    let again = "oikos daemon logs; then oikos daemon stop, and oikos daemon start";
    if is_tls && leaf.is_none() {
        // What is wrong with the files was said.
        let finding = format!("{url} goes on with the certificate that it began with; the next start cannot");
        return Some(check(
            "door",
            false,
            finding,
            Some("mend what is said of the certificate before oikos daemon stop"),
        ));
    }
    let leaf = leaf.filter(|_| is_tls);
    let address = reached(address);
    let alive = probe(address, leaf, "/livez").await;
    let ready = probe(address, leaf, "/readyz").await;
    Some(match (alive, ready) {
        (Ok(200), Ok(200)) => check("door", true, format!("{url} answers: alive and ready"), None),
        (Ok(200), Ok(_)) => check("door", false, format!("{url} answers: alive, but not ready"), Some(again)),
        (Err(ProbeError::OtherCertificate), _) | (_, Err(ProbeError::OtherCertificate)) => {
            let finding = format!("{url} answers with another certificate than its file has now");
            let hint = "a new certificate is taken at a start: oikos daemon stop; oikos daemon start";
            check("door", false, finding, Some(hint))
        }
        (Err(why), _) | (_, Err(why)) => check("door", false, format!("{url} does not answer: {why}"), Some(again)),
        (Ok(status), _) => {
            let hint = "another program may answer there; oikos daemon status says where the door is";
            check("door", false, format!("{url} answers, but not as oikos does (status {status})"), Some(hint))
        }
    })
}

/// Where a door that listens everywhere is reached from here.
fn reached(address: SocketAddr) -> SocketAddr {
    let here: IpAddr = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(here, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_good_for_its_names_and_its_time() {
        const DAY: i64 = 86_400_000;
        for (from, to, missing, says) in [
            (0, 200, None, Ok("valid for another 100 days")),
            (101, 200, None, Err("is not valid yet")),
            (0, 99, None, Err("has expired, 1 day ago")),
            (0, 113, None, Err("expires in 13 days")),
            (0, 200, Some("other.example"), Err("is not for other.example")),
        ] {
            let life = (Timestamp(from * DAY), Timestamp(to * DAY));
            let row = certificate_check("cert.pem", life, missing, Timestamp(100 * DAY));
            let (is_ok, says) = says.map_or_else(|says| (false, says), |says| (true, says));
            assert_eq!((row.ok, row.hint.is_none()), (is_ok, is_ok), "{row:?}");
            assert!(row.finding.contains(says), "{row:?}");
        }
    }

    #[test]
    fn a_door_that_listens_everywhere_is_looked_at_here() {
        let at = |text: &str| reached(text.parse().expect("is an address")).to_string();
        assert_eq!((at("0.0.0.0:443"), at("[::]:443")), ("127.0.0.1:443".into(), "[::1]:443".into()));
        assert_eq!(at("192.168.1.5:80"), "192.168.1.5:80");
    }
}
