//! A container in place of a program: refused, with the line that starts just the bytes that its registry has now.

use crate::{
    elsewhere::person,
    kit::{Oikos, Said},
    process::Process,
};
use protocol::sha256;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// What the registry has of each of its images.
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
/// What it gives those whom it does not know.
const TOKEN: &str = "for-anybody";

/// A registry of images that lets in nobody without a token.
struct Registry {
    address: SocketAddr,
    /// The first line of each request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), asked) = (stream, shared.clone()) else { return };
                std::thread::spawn(move || drop(serve(stream, address, &asked)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn serve(stream: TcpStream, address: SocketAddr, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    asked.lock().unwrap().push(line.clone());
    let head = head.to_ascii_lowercase();
    let is_let_in =
        head.contains(&format!("authorization: bearer {TOKEN}\r\n")) && head.contains("image.index.v1+json");
    let challenge = format!("www-authenticate: Bearer realm=\"http://{address}/token?a=b\",service=\"here\"\r\n");
    let digest = match line.contains("/lying/") {
        true => sha256(b"something else"),
        false => sha256(MANIFEST.as_bytes()),
    };
    let (status, more, body) = if line.starts_with("GET /token?") {
        ("200 OK", String::new(), format!("{{\"token\":\"{TOKEN}\"}}"))
    } else if !is_let_in {
        ("401 Unauthorized", challenge, String::new())
    } else if line.contains("/gone/") {
        ("404 Not Found", String::new(), String::new())
    } else {
        ("200 OK", format!("docker-content-digest: sha256:{digest}\r\n"), MANIFEST.to_owned())
    };
    write!(
        reader.get_mut(),
        "HTTP/1.1 {status}\r\n{more}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_container_is_refused_with_the_line_that_starts_just_its_bytes() {
    let oikos = Oikos::new();
    fs::create_dir_all(oikos.person()).unwrap();
    let up = Process::start_as(person(&oikos, &["up", "--no-doors", "--json"]));
    up.wait_for("pid");
    let registry = Registry::start();
    let add = |image: &str| {
        let image = format!("{}/{image}", registry.address);
        let words = ["mcp", "add", "clock", "--yes", "--", "docker", "run", "-i", "--rm", &image, "--utc"];
        let said = Said::of(person(&oikos, &words).output().unwrap());
        assert_ne!(said.code, 0, "{}", said.out);
        assert!(said.err.contains("root on this machine"), "{}", said.err);
        said.err
    };
    let digest = sha256(MANIFEST.as_bytes());
    let line = format!("docker run -i --rm {}/tools/clock@sha256:{digest} --utc", registry.address);
    let said = add("tools/clock:1");
    assert!(said.contains(&line), "{said}");
    let asked = [
        "GET /v2/tools/clock/manifests/1",
        "GET /token?a=b&service=here&scope=repository%3Atools%2Fclock%3Apull",
        "GET /v2/tools/clock/manifests/1",
    ];
    assert_eq!(registry.asked(), asked);
    // One that says its digest is asked about nowhere.
    let said = add(&format!("tools/clock:1@sha256:{digest}"));
    assert!(said.contains(&line) && registry.asked().is_empty(), "{said}");
    // What came is not what the registry says that it is.
    let said = add("tools/lying:1");
    assert!(said.contains("has changed it") && !said.contains("@sha256"), "{said}");
    let said = add("tools/gone:1");
    assert!(said.contains("there is no such image"), "{said}");
    assert_eq!(oikos.json(&["app", "list"]), serde_json::json!([]));
}
