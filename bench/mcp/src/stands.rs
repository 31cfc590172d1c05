//! Where a tool can be called: a server by itself, and whoever stands before one. Everybody stands before the same server, but for
//! the app in the sandbox, which has none.

use crate::{
    Peers,
    client::{Calls, Lines, Web},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a peer may take until it is there: Python loads thousands of files.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The app that is this server, in oikos.
const BARE: &str = "bare";

/// A tool that can be called.
pub struct Stand {
    /// What its line in the table says.
    pub name: String,
    /// Calls in a round, which suit its speed.
    pub calls: usize,
    pub client: Box<dyn Calls>,
    pub tool: String,
    /// The program that all of it hangs on.
    pub root: u32,
    /// Ends with this.
    _held: Held,
}

#[expect(dead_code, reason = "they are held until the end, and nobody asks for them")]
enum Held {
    Nothing,
    Program(Program),
    Household(Household),
}

/// A program that ends when it is dropped.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// All that can be called here, the bare server first, and a line for each peer that is not here.
pub fn all(peers: &Peers) -> Result<(Vec<Stand>, Vec<String>)> {
    let mut stands = vec![bare(peers)?, lines(peers)?, server(peers)?, sandboxed(peers)?];
    let mut left_out = Vec::new();
    match &peers.mcp_proxy {
        Some(script) => stands.push(mcp_proxy(peers, script)?),
        None => left_out.push("left out: npm's mcp-proxy, because --mcp-proxy does not name it".to_owned()),
    }
    match &peers.fastmcp {
        Some(python) => stands.push(fastmcp(peers, python)?),
        None => left_out.push("left out: FastMCP's proxy, because --fastmcp names no Python that has it".to_owned()),
    }
    Ok((stands, left_out))
}

fn bare(peers: &Peers) -> Result<Stand> {
    let mut child = Command::new(&peers.server).arg("http").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let port = first_line(child.stdout.take())?;
    let program = Program(child);
    let client = Web::open(&format!("127.0.0.1:{port}"), None)?;
    stand("rmcp 3.11, bare, over HTTP", 3_000, client, "echo", program)
}

fn lines(peers: &Peers) -> Result<Stand> {
    let client = Lines::open(stdio(peers))?;
    let (root, tool) = (client.id(), "echo".to_owned());
    let name = "rmcp 3.11, bare, over its standard streams".to_owned();
    Ok(Stand { name, calls: 3_000, client: Box::new(client), tool, root, _held: Held::Nothing })
}

fn mcp_proxy(peers: &Peers, script: &Path) -> Result<Stand> {
    let port = free_port()?;
    let mut command = Command::new("node");
    command.arg(script).args(["--host", "127.0.0.1", "--port", &port.to_string(), "--server", "stream", "--"]);
    before("npm mcp-proxy 6.7, before the server", 1_000, command.arg(&peers.server).arg("stdio"), port)
}

fn fastmcp(peers: &Peers, python: &Path) -> Result<Stand> {
    let port = free_port()?;
    let mut command = Command::new(python);
    command.arg(crate::here().join("peers/fastmcp_proxy.py")).arg(port.to_string()).arg(&peers.server).arg("stdio");
    before("FastMCP 4.1, its proxy before the server", 300, &mut command, port)
}

/// A proxy that listens at this port sooner or later.
fn before(name: &str, calls: usize, command: &mut Command, port: u16) -> Result<Stand> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let program = Program(child.with_context(|| format!("{name} does not start"))?);
    let address = format!("127.0.0.1:{port}");
    let begun = Instant::now();
    while TcpStream::connect(&address).is_err() {
        ensure!(begun.elapsed() < READY_WITHIN, "{name} does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    stand(name, calls, Web::open(&address, None)?, "echo", program)
}

fn stand(name: &str, calls: usize, client: Web, tool: &str, program: Program) -> Result<Stand> {
    let (name, root, tool) = (name.to_owned(), program.0.id(), tool.to_owned());
    Ok(Stand { name, calls, client: Box::new(client), tool, root, _held: Held::Program(program) })
}

fn server(peers: &Peers) -> Result<Stand> {
    let household = Household::open(peers)?;
    household.install_server(peers)?;
    household.stand("oikos /mcp, before the server in its box", BARE)
}

fn sandboxed(peers: &Peers) -> Result<Stand> {
    let household = Household::open(peers)?;
    let app = crate::here().join("app");
    household.oikos(&["app", "install", path(&app)?, "--yes"])?;
    household.stand("oikos /mcp, an app in the sandbox instead", "bench")
}

/// The server, spoken with over its standard streams.
pub fn stdio(peers: &Peers) -> Command {
    let mut command = Command::new(&peers.server);
    command.arg("stdio");
    command
}

/// An oikos that is up, in a home of its own.
pub struct Household {
    /// Ends before its folder goes.
    up: Program,
    binary: PathBuf,
    folder: tempfile::TempDir,
    address: String,
}

impl Household {
    /// Starts one.
    pub fn open(peers: &Peers) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Self::command(&peers.oikos, folder.path(), &["up", "--port", "0", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("oikos does not start")?;
        let line = first_line(child.stdout.take());
        let up = Program(child);
        let said: Value = serde_json::from_str(&line?)?;
        let address =
            said["url"].as_str().and_then(|url| url.strip_prefix("http://")).context("no address")?.to_owned();
        Ok(Self { up, binary: peers.oikos.clone(), folder, address })
    }

    fn command(binary: &Path, folder: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.args(words).current_dir(folder).stdin(Stdio::null()).env_remove("FAILPOINTS");
        command.env("OIKOS_HOME", folder.join("home")).env("XDG_CONFIG_HOME", folder.join("config"));
        command.env("HOME", folder.join("person"));
        command
    }

    /// A command of it that has to succeed.
    pub fn oikos(&self, words: &[&str]) -> Result<Value> {
        let output = Self::command(&self.binary, self.folder.path(), words).arg("--json").output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "oikos {words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_str(said.lines().last().unwrap_or("null"))?)
    }

    /// The bare server as an app.
    pub fn install_server(&self, peers: &Peers) -> Result<()> {
        let folder = self.folder.path().join(BARE);
        fs::create_dir(&folder)?;
        let entry = json!({ "command": [path(&peers.server)?, "stdio"], "protocol": "mcp" });
        let manifest =
            json!({ "name": BARE, "version": "1.0.0", "description": "Echo", "permissions": {}, "entry": entry });
        fs::write(folder.join("kimai.json"), manifest.to_string())?;
        self.oikos(&["app", "install", path(&folder)?, "--yes"])?;
        self.oikos(&["mcp", "look", BARE])?;
        self.oikos(&["mcp", "accept", BARE]).map(drop)
    }

    /// The app's server ends, and may be started again.
    pub fn restart_server(&self) -> Result<()> {
        self.oikos(&["app", "disable", BARE])?;
        self.oikos(&["app", "enable", BARE]).map(drop)
    }

    /// A client of it, and the name of the app's tool for it.
    pub fn client(&self, app: &str) -> Result<(Web, String)> {
        let key = self.oikos(&["token", "new", "bench", "--rights", "read,run"])?;
        let mut client = Web::open(&self.address, key["secret"].as_str())?;
        let said: Value = serde_json::from_str(&client.ask("tools/list", &json!({}))?)?;
        let tools = said["result"]["tools"].as_array().with_context(|| format!("no tools: {said}"))?;
        let is_echo = |name: &&str| name.starts_with(app) && name.ends_with("echo");
        let name = tools.iter().filter_map(|tool| tool["name"].as_str()).find(is_echo);
        let name = name.with_context(|| format!("the tool is not there: {said}"))?.to_owned();
        Ok((client, name))
    }

    fn stand(self, name: &str, app: &str) -> Result<Stand> {
        let (client, tool) = self.client(app)?;
        let (name, root) = (name.to_owned(), self.up.0.id());
        Ok(Stand { name, calls: 3_000, client: Box::new(client), tool, root, _held: Held::Household(self) })
    }
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// What is said first; the rest is read and forgotten.
fn first_line(out: Option<ChildStdout>) -> Result<String> {
    let mut out = BufReader::new(out.context("its output is not ours")?);
    let mut line = String::new();
    out.read_line(&mut line)?;
    thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    Ok(line.trim().to_owned())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
