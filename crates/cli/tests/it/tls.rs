//! Certificates of the test's own authority, a door that has one, and what doctor says of doors that have the wrong one.

use crate::{
    kit::Oikos,
    observing::{rows, up_with},
    process::Process,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
    pki_types::{PrivateKeyDer, ServerName},
};
use serde_json::Value;
use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
};
use testkit::wait_until;

/// Whom the test's clients trust.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Leaves a certificate for these names, and its key, in a folder.
    pub(crate) fn issue_files(
        &self,
        folder: &Path,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> (PathBuf, PathBuf) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &*self.0).unwrap();
        let files = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }

    /// Leaves the certificate of the authority itself in a folder.
    pub(crate) fn file(&self, folder: &Path) -> PathBuf {
        let file = folder.join("authority.pem");
        std::fs::write(&file, self.0.pem()).unwrap();
        file
    }

    /// A server that has a certificate of this authority.
    pub(crate) fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &*self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }

    /// Through TLS to whoever has a certificate of this authority.
    pub(crate) fn connect(&self, address: &str) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (host, _) = address.rsplit_once(':').unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(connection, TcpStream::connect(address).unwrap())
    }
}

fn set_up(cert: &Path, key: &Path, hosts: &str) -> String {
    format!("[doors]\nhosts = [{hosts}]\ntls = {{ cert = \"{}\", key = \"{}\" }}\n", cert.display(), key.display())
}

/// What doctor says about a door and its certificate, in the words of the row.
fn row<'a>(rows: &'a std::collections::BTreeMap<String, Value>, name: &str) -> (bool, &'a str, &'a str) {
    let row = rows.get(name).unwrap_or_else(|| panic!("{name} is not among {rows:?}"));
    (row["ok"] == true, row["finding"].as_str().unwrap(), row["hint"].as_str().unwrap_or_default())
}

/// A row that is not well, in words that say what was looked at, what was found and what comes next.
#[track_caller]
fn check(oikos: &Oikos, name: &str, finds: &[&str], hints: &str) {
    let (code, rows) = rows(oikos);
    let (is_well, finding, hint) = row(&rows, name);
    assert!(code == 1 && !is_well, "{rows:?}");
    for says in finds {
        assert!(finding.contains(says), "{says:?} is not in: {finding}");
    }
    assert!(hint.contains(hints), "{hints:?} is not in: {hint}");
}

#[test]
fn doctor_says_what_is_wrong_with_a_certificate_and_what_comes_next() {
    let oikos = Oikos::new();
    let authority = Authority::new();
    let files = oikos.files();
    let (cert, key) = authority.issue_files(&files, &["127.0.0.1", "box.example"], |_| ());
    let (up, address) = up_with(&oikos, &set_up(&cert, &key, "\"box.example\""));
    // Well: whoever trusts the authority gets in, and doctor finds the very certificate of the file.
    let hello = format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    assert_eq!(crate::doors::say(authority.connect(&address), &hello), (200, "alive\n".to_owned()));
    let (code, found) = rows(&oikos);
    assert_eq!(code, 0, "{found:?}");
    let (is_well, finding, _) = row(&found, "certificate");
    assert!(is_well && finding.contains("cert.pem, with its key, valid for another"), "{finding}");
    let (is_well, finding, _) = row(&found, "door");
    assert!(is_well && finding.contains(&format!("https://{address} answers: alive and ready")), "{finding}");

    // Renewed, and not taken yet.
    authority.issue_files(&files, &["127.0.0.1", "box.example"], |_| ());
    check(
        &oikos,
        "door",
        &[&address, "another certificate than its file has"],
        "oikos daemon stop; oikos daemon start",
    );
    // For another name than the set-up has.
    authority.issue_files(&files, &["127.0.0.1", "other.example"], |_| ());
    check(&oikos, "certificate", &["cert.pem is not for box.example", "[doors] hosts"], "make one for all names");
    // Over.
    authority.issue_files(&files, &["127.0.0.1", "box.example"], |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    check(&oikos, "certificate", &["cert.pem has expired", "days ago"], "renew the certificate");
    // Not yet.
    authority.issue_files(&files, &["127.0.0.1", "box.example"], |params| {
        params.not_before = date_time_ymd(3020, 1, 1);
        params.not_after = date_time_ymd(3021, 1, 1);
    });
    check(&oikos, "certificate", &["cert.pem is not valid yet"], "clock");
    // The key of another certificate.
    let (good_cert, good_key) = (std::fs::read(&cert).unwrap(), std::fs::read(&key).unwrap());
    authority.issue_files(&files, &["127.0.0.1", "box.example"], |_| ());
    std::fs::write(&key, &good_key).unwrap();
    check(&oikos, "certificate", &["cert.pem", "key.pem", "do not belong together"], "the key is of");
    // Each in the other's place; half of one; nothing.
    std::fs::write(&cert, &good_cert).unwrap();
    std::fs::write(&key, &good_cert).unwrap();
    check(&oikos, "certificate", &["key.pem:1: there is no private key"], "that is a certificate");
    std::fs::write(&key, &good_key[..good_key.len() / 2]).unwrap();
    check(&oikos, "certificate", &["key.pem:1: "], "copy it again");
    std::fs::write(&cert, "").unwrap();
    check(&oikos, "certificate", &["cert.pem:1: there is no certificate"], "-----BEGIN CERTIFICATE-----");
    // Nobody may read it, or it is not there. (A folder in its place: who tests may be allowed to read everything.)
    std::fs::remove_file(&cert).unwrap();
    check(&oikos, "certificate", &["cert.pem cannot be read", "No such file"], "[doors] tls");
    std::fs::create_dir(&cert).unwrap();
    check(&oikos, "certificate", &["cert.pem cannot be read", "directory"], "[doors] tls");
    // The door goes on with what it began with, and doctor still says so.
    assert_eq!(crate::doors::say(authority.connect(&address), &hello).0, 200);
    check(&oikos, "door", &[&address, "goes on with the certificate that it began with"], "before oikos daemon stop");

    // And the next start says the same, instead of opening the door.
    up.interrupt();
    assert_eq!(up.end().code, 0);
    let config = files.join("oikos.toml");
    let said = oikos.run(&["up", "--port", "0", "--config", config.to_str().unwrap()]);
    assert_ne!(said.code, 0);
    assert!(said.err.contains("cert.pem cannot be read") && said.err.contains("hint:"), "{}", said.err);
}

/// Who starts a service may be gone before it is up. It is up all the same, and what they were not told lets nobody in:
/// the next one who starts it is told.
#[test]
fn a_bootstrap_token_that_nobody_was_told_is_made_anew() {
    let oikos = Oikos::new();
    let (cert, key) = Authority::new().issue_files(&oikos.files(), &["127.0.0.1"], |_| ());
    let config = oikos.files().join("oikos.toml");
    let text = set_up(&cert, &key, "").replace("[doors]\n", "[doors]\nbind = \"0.0.0.0:7070\"\n");
    std::fs::write(&config, text).unwrap();
    let words = ["--port", "0", "--config", config.to_str().unwrap()];
    let up = Process::start_unheard(&oikos, &[&["up", "--log", "--hand-on"], &words[..]].concat());
    wait_until("it is up", || oikos.run(&["daemon", "status"]).code == 0);
    oikos.ok(&["daemon", "stop"]);
    assert_eq!(up.end().code, 0);

    let start = [&["daemon", "start"], &words[..]].concat();
    let said = oikos.ok(&start).out;
    oikos.ok(&["daemon", "stop"]);
    assert!(said.contains("oikosfirst_"), "{said}");
    let said = oikos.ok(&start).out;
    oikos.ok(&["daemon", "stop"]);
    assert!(!said.contains("oikosfirst_"), "{said}");
}
