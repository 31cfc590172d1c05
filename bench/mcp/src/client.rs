//! An ordinary client: one connection that is kept, without waiting to fill packets (TCP_NODELAY), a session, one call at a time. Each
//! answer is read to its end and has to hold what was said.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

/// A peer that has not answered by then does not work.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const REVISION: &str = "2025-11-25";

/// Somebody who calls a tool.
pub trait Calls {
    /// Asks, and gives what was answered, as it stands on the wire.
    fn ask(&mut self, method: &str, params: &Value) -> Result<String>;

    /// Before it asks again after a while: servers close what was silent for some seconds.
    fn come_back(&mut self) -> Result<()> {
        Ok(())
    }

    /// Calls a tool that says again what it is told.
    fn echo(&mut self, tool: &str, number: usize) -> Result<()> {
        let text = format!("line {number} that comes back");
        let said = self.ask("tools/call", &json!({ "name": tool, "arguments": { "text": text } }))?;
        ensure!(said.contains(&text) && !said.contains("\"isError\":true"), "not the answer to {text:?}: {said}");
        Ok(())
    }
}

fn greeting() -> Value {
    json!({ "protocolVersion": REVISION, "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" } })
}

/// Over HTTP.
pub struct Web {
    address: String,
    stream: BufReader<TcpStream>,
    head: String,
    last: u64,
}

impl Web {
    /// Greets the server at `/mcp` of this address.
    pub fn open(address: &str, key: Option<&str>) -> Result<Self> {
        let stream = connect(address)?;
        let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {address}\r\naccept: application/json, text/event-stream\r\n\
             content-type: application/json\r\n{key}"
        );
        let mut client = Self { address: address.to_owned(), stream, head, last: 1 };
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": greeting() });
        let (head, said) = client.exchange(&message)?;
        let session = field(&head, "mcp-session-id").with_context(|| format!("no session: {head}{said}"))?;
        let spoken = [REVISION, "2025-06-18"].into_iter().find(|revision| said.contains(revision));
        let spoken = spoken.with_context(|| format!("it speaks something else: {said}"))?;
        client.head += &format!("mcp-session-id: {session}\r\nmcp-protocol-version: {spoken}\r\n");
        client.exchange(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(client)
    }

    /// Sends a message; the head of the answer, and its body.
    fn exchange(&mut self, message: &Value) -> Result<(String, String)> {
        let body = message.to_string();
        let whole = format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len());
        self.stream.get_mut().write_all(whole.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.stream.read_line(&mut head)? > 0, "it hung up: {head}");
        }
        let mut body = Vec::new();
        if let Some(length) = field(&head, "content-length") {
            body.resize(length.parse()?, 0);
            self.stream.read_exact(&mut body)?;
        } else if field(&head, "transfer-encoding") == Some("chunked") {
            self.chunks(&mut body)?;
        }
        let body = String::from_utf8(body)?;
        match head.split(' ').nth(1).unwrap_or_default() {
            "200" | "202" | "204" => Ok((head, body)),
            _ => bail!("{message} was refused: {head}{body}"),
        }
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).with_context(|| format!("no length: {line:?}"))?;
            let from = body.len();
            // With the end of its line, which is taken off again.
            body.resize(from + length + 2, 0);
            self.stream.read_exact(&mut body[from..])?;
            body.truncate(from + length);
            if length == 0 {
                return Ok(());
            }
        }
    }
}

impl Calls for Web {
    fn ask(&mut self, method: &str, params: &Value) -> Result<String> {
        self.last += 1;
        let message = json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params });
        Ok(self.exchange(&message)?.1)
    }

    fn come_back(&mut self) -> Result<()> {
        self.stream = connect(&self.address)?;
        Ok(())
    }
}

fn connect(address: &str) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).with_context(|| format!("nobody is at {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    Ok(BufReader::new(stream))
}

/// What a line of a head says.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
    found.next()
}

/// Over the standard streams of a program that it has started.
pub struct Lines {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
}

impl Lines {
    /// Starts it, and greets it.
    pub fn open(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let (to, from) = (child.stdin.take().context("no input")?, child.stdout.take().context("no output")?);
        let mut client = Self { child, to, from: BufReader::new(from), last: 0 };
        client.ask("initialize", &greeting())?;
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(client)
    }

    /// The program's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        Ok(self.to.write_all(format!("{message}\n").as_bytes())?)
    }
}

impl Calls for Lines {
    fn ask(&mut self, method: &str, params: &Value) -> Result<String> {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let mut line = String::new();
        ensure!(self.from.read_line(&mut line)? > 0, "it ended");
        ensure!(line.contains(&format!("\"id\":{id}")), "not the answer to {id}: {line}");
        Ok(line)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
