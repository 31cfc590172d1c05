//! A program that nobody here wrote: curl, where there is one.

use crate::{
    house::Server,
    program::Program,
    tls::{Authority, serve},
};
use base64::Engine as _;
use rcgen::{CertificateParams, DnType};
use std::process::Command;
use testkit::TempHome;

/// What curl says, and its number. `None` where there is no curl.
async fn curl(words: Vec<String>) -> Option<(String, i32)> {
    let run = move || {
        let mut curl = Command::new("curl");
        curl.env_clear().args(["-sS", "--max-time", "20"]).args(words);
        curl.output().ok()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap()?;
    let said = [output.stdout, output.stderr].concat();
    Some((String::from_utf8_lossy(&said).into_owned(), output.status.code().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_finds_its_way_by_both_languages() {
    let authority = Authority::new();
    // Of one who is called as the authority is, OpenSSL says that they signed themselves.
    let called = |params: &mut CertificateParams| params.distinguished_name.push(DnType::CommonName, "a.example");
    let (server, _) = serve(authority.issue("a.example", called), &[b"h2", b"http/1.1"]).await;
    let plain = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nplain");
    let program = Program::of(server).await;
    let home = TempHome::new();
    let roots = home.beside().join("roots.pem");
    let der = base64::engine::general_purpose::STANDARD.encode(authority.der());
    std::fs::write(&roots, format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n")).unwrap();
    let targets = [format!("a.example:{}", server.port()), server.to_string(), plain.target()];
    program.guard.house.grant(&targets.iter().map(String::as_str).collect::<Vec<_>>());
    let ask = async |proxy: &str, url: String| {
        let words = ["--cacert", &roots.to_string_lossy(), proxy, &program.proxy.to_string(), &url].map(str::to_owned);
        curl(words.into()).await
    };
    let https = format!("https://a.example:{}/x", server.port());
    let Some((_, 0)) = curl(vec!["--version".to_owned()]).await else { return };
    for proxy in ["--proxy", "--socks5-hostname"] {
        let (said, code) = ask(proxy, https.clone()).await.unwrap();
        assert_eq!((said.starts_with("HTTP/"), code), (true, 0), "{proxy}: {said}");
    }
    let (said, code) = ask("--socks5", format!("http://{}/", plain.address)).await.unwrap();
    assert_eq!((said.as_str(), code), ("plain", 0));
    let words = ["--proxytunnel", "--proxy", &program.proxy.to_string(), &format!("http://{}/", plain.address)];
    let (said, code) = curl(words.map(str::to_owned).into()).await.unwrap();
    assert_eq!((said.as_str(), code), ("plain", 0));

    // What `http_proxy` makes of a plain address; two of them, and each by itself.
    let url = format!("http://{}/", plain.address);
    let words = ["--proxy", &program.proxy.to_string(), &url, &url, "-d", "tea"];
    let visits = plain.visits();
    let (said, code) = curl(words.map(str::to_owned).into()).await.unwrap();
    assert_eq!((said.as_str(), code, plain.visits() - visits), ("plainplain", 0, 2));
    let (said, code) = ask("--proxy", "http://b.example/".to_owned()).await.unwrap();
    assert!(code == 0 && said.contains("not allowed to read http://b.example/"), "{code} {said}");

    // Not granted: said as HTTP and SOCKS5 say it.
    let (said, code) = ask("--proxy", "https://b.example/".to_owned()).await.unwrap();
    assert!(code == 56 && said.contains("403"), "{code} {said}");
    let (said, code) = ask("--socks5-hostname", "https://b.example/".to_owned()).await.unwrap();
    assert!(code == 97 && said.contains("(2)"), "{code} {said}");
    // Another name on the way to the host that was granted.
    let to = format!("b.example:{0}:a.example:{0}", server.port());
    let words = ["--connect-to", &to, "-k", "--proxy", &program.proxy.to_string()];
    let mut words: Vec<String> = words.map(str::to_owned).into();
    words.push(format!("https://b.example:{}/", server.port()));
    let (said, code) = curl(words).await.unwrap();
    assert!(code == 35 && said.contains("access denied"), "{code} {said}");
}
