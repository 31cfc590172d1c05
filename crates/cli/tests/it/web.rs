//! A web server for cases: the folder `web/` among their files, on this machine. `/to/URL` redirects there.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
};

/// Serves until the process ends.
pub(crate) fn serve(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), folder) = (stream, folder.clone()) else { return };
            std::thread::spawn(move || drop(answer(stream, &folder)));
        }
    });
    address
}

fn answer(stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut stream = stream;
    loop {
        let Some(first) = lines.next() else { return Ok(()) };
        let first = first?;
        // No body comes with what is asked here.
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if let Some(to) = path.strip_prefix("/to/") {
            write!(stream, "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        }
        let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
        let (status, body) = match std::fs::read(folder.join(name)) {
            Ok(body) => ("200 OK", body),
            Err(_) => ("404 Not Found", b"there is no such page".to_vec()),
        };
        let kind = if name.ends_with(".html") { "text/html" } else { "application/octet-stream" };
        write!(stream, "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len())?;
        if method != "HEAD" {
            stream.write_all(&body)?;
        }
    }
}
