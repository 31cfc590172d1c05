//! Lets the suite in. It knows of no keys, so each of its requests gets one on the way, and meets the port of the door where it
//! names the one that it knows. Nothing else is changed: what is wrong in a request is there to be refused.

use crate::shell::Result;
use std::{
    io::{self, BufRead as _, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// Longest line of a request's head: the suite's longest headers are far below.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// Where the suite asks.
pub(super) struct Forwarder {
    address: SocketAddr,
}

/// Whom requests go to, and as whom.
struct Way {
    mine: u16,
    door: String,
    key: String,
}

impl Forwarder {
    /// Listens until this process ends. `door` is a host and a port.
    pub(super) fn start(door: &str, key: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let way = Arc::new(Way { mine: address.port(), door: door.to_owned(), key: key.to_owned() });
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let way = way.clone();
                // What breaks here is for the suite to see.
                thread::spawn(move || drop(way.pass(client)));
            }
        });
        Ok(Self { address })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }
}

impl Way {
    /// One connection, request by request, until one of both leaves; the other one sees that.
    fn pass(&self, client: TcpStream) -> io::Result<()> {
        let door = TcpStream::connect(&self.door)?;
        client.set_nodelay(true)?;
        door.set_nodelay(true)?;
        let (mut answers, mut back) = (door.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            drop(io::copy(&mut answers, &mut back));
            drop(back.shutdown(Shutdown::Both));
        });
        let mut asks = BufReader::new(client);
        let passed = loop {
            match self.request(&mut asks, &mut &door) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(door.shutdown(Shutdown::Both));
        passed
    }

    /// One request; `false` where there is none any more.
    fn request(&self, from: &mut BufReader<impl Read>, to: &mut impl Write) -> io::Result<bool> {
        let first = line(from)?;
        if first.is_empty() {
            return Ok(false);
        }
        let mut head = first;
        head.extend_from_slice(format!("authorization: Bearer {}\r\n", self.key).as_bytes());
        let mut length = Length::Known(0);
        loop {
            let line = line(from)?;
            if line.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let is_last = line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            length = Length::said(&line).unwrap_or(length);
            head.extend_from_slice(&self.line(line));
            if is_last {
                break;
            }
        }
        to.write_all(&head)?;
        match length {
            Length::Known(length) => drop(io::copy(&mut from.take(length), to)?),
            Length::Chunked => chunks(from, to)?,
        }
        Ok(true)
    }

    /// A line of a head as it goes on.
    fn line(&self, line: Vec<u8>) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(&line) else { return line };
        let Some((name, value)) = text.split_once(':') else { return line };
        let is_named = ["host", "origin"].iter().any(|known| name.eq_ignore_ascii_case(known));
        let (Some(host), true) = (value.trim_end().strip_suffix(&format!(":{}", self.mine)), is_named) else {
            return line;
        };
        let port = self.door.rsplit_once(':').map_or("", |(_, port)| port);
        format!("{name}:{host}:{port}\r\n").into_bytes()
    }
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Known(u64),
    Chunked,
}

impl Length {
    fn said(line: &[u8]) -> Option<Self> {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            return value.trim().parse().ok().map(Self::Known);
        }
        let is_chunked = name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked");
        is_chunked.then_some(Self::Chunked)
    }
}

/// A line with its end; empty where there is none any more.
fn line(from: &mut BufReader<impl Read>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if line.len() as u64 == LINE_BYTES_MAX {
        return Err(io::Error::other("a line of a head is longer than any that the suite writes"));
    }
    Ok(line)
}

/// A body in pieces, with the lines that say how long each is.
fn chunks(from: &mut BufReader<impl Read>, to: &mut impl Write) -> io::Result<()> {
    loop {
        let said = line(from)?;
        to.write_all(&said)?;
        let digits = String::from_utf8_lossy(&said);
        let digits = digits.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16).map_err(io::Error::other)?;
        if length == 0 {
            loop {
                let trailer = line(from)?;
                to.write_all(&trailer)?;
                if trailer.len() <= 2 {
                    return Ok(());
                }
            }
        }
        // With the end of its line.
        io::copy(&mut from.take(length + 2), to)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_pass_with_a_key_and_otherwise_as_they_are() {
        let way = Way { mine: 5000, door: "127.0.0.1:7070".to_owned(), key: "secret".to_owned() };
        let check = |asked: &str, expected: &str| {
            let mut from = BufReader::new(asked.as_bytes());
            let mut to = Vec::new();
            while way.request(&mut from, &mut to).expect("is whole") {}
            assert_eq!(String::from_utf8_lossy(&to), expected);
        };
        check(
            "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nContent-Length: 3\r\n\r\nabcGET /mcp HTTP/1.1\r\nhost: evil.example:80\r\nX: \u{e9}\r\n\r\n",
            "POST /mcp HTTP/1.1\r\nauthorization: Bearer secret\r\nHost: 127.0.0.1:7070\r\nContent-Length: 3\r\n\r\nabc\
             GET /mcp HTTP/1.1\r\nauthorization: Bearer secret\r\nhost: evil.example:80\r\nX: \u{e9}\r\n\r\n",
        );
        let chunked = "POST /mcp HTTP/1.1\r\nOrigin: http://localhost:5000\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n";
        check(
            chunked,
            &chunked
                .replace("1.1\r\n", "1.1\r\nauthorization: Bearer secret\r\n")
                .replace("localhost:5000", "localhost:7070"),
        );
    }
}
