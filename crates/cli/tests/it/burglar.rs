//! A program that tries everything around it, as an app and as an MCP server that another client has set up. It gets nothing, and
//! each thing that it tried stands in the log of its run, in plain words.

use crate::{kit::Oikos, process::Process};
use serde_json::{Value, json};
use std::{
    fs,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    path::{Path, PathBuf},
};
use testkit::{wait_until, wait_until_some};

const APP: &str = "burglar";
/// Another server in its own box, with something in its environment.
const OTHER: &str = "neighbour";
const TOKEN: &str = "TOKEN=another's";
/// Where its interpreter is looked for: not among scripts that choose one by rules that lie elsewhere.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A household with things to get: a key, a socket without a name, another server with something in its environment.
struct House {
    oikos: Oikos,
    shared: PathBuf,
    secret: PathBuf,
    name: String,
    /// The process of the other server.
    other: u32,
    _listening: UnixListener,
    _up: Process,
    is_server: bool,
}

impl House {
    fn new(is_server: bool) -> Self {
        let oikos = Oikos::new();
        // A server has the folder that it lies in.
        let shared = oikos.files().join(if is_server { "server/shared" } else { "shared" });
        let secret = oikos.person().join(".ssh/id_ed25519");
        fs::create_dir_all(&shared).unwrap();
        fs::write(shared.join("a.txt"), "shared").unwrap();
        fs::create_dir_all(secret.parent().unwrap()).unwrap();
        fs::write(&secret, "key").unwrap();
        let name = format!("oikos-burglar-{}", oikos.home().display());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listening = UnixListener::bind_addr(&address).unwrap();
        if is_server {
            let server = oikos.files().join("server/main.py");
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps/burglar/src/main.py");
            fs::copy(source, &server).unwrap();
            // What says that the folder is a program's own.
            fs::write(server.with_file_name("pyproject.toml"), "").unwrap();
            let entry = json!({ "command": "python3", "args": [server] });
            let config = oikos.person().join(".config/Claude/claude_desktop_config.json");
            fs::create_dir_all(config.parent().unwrap()).unwrap();
            fs::write(config, json!({ "mcpServers": { APP: entry } }).to_string()).unwrap();
        }
        let mut command = oikos.command(&["up", "--no-doors", "--json"]);
        command.env("HOME", oikos.person()).env("PATH", PATH);
        let up = Process::start_as(command);
        up.wait_for("pid");
        let mut house = Self { oikos, shared, secret, name, other: 0, _listening: listening, _up: up, is_server };
        house.other = house.settle();
        if is_server {
            house.ok(&["app", "import", APP, "--yes"]);
            house.ok(&["mcp", "look", APP]);
            house.ok(&["app", "enable", APP]);
        } else {
            let grant = format!("file.read=allow:{}", house.shared.display());
            house.oikos.install(APP, &[&grant, "network=allow:example.com"]);
        }
        house
    }

    /// Brings the other server, and gives the number of its process.
    fn settle(&self) -> u32 {
        let folder = self.oikos.files().join(OTHER);
        fs::create_dir_all(folder.join("src")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps/burglar/src/main.py");
        fs::copy(source, folder.join("src/main.py")).unwrap();
        let (key, value) = TOKEN.split_once('=').unwrap();
        let entry = json!({ "command": ["python3", "src/main.py"], "protocol": "mcp", "environment": { key: value } });
        let manifest = json!({
            "name": OTHER, "version": "1.0.0", "description": "Is tried to be broken into", "entry": entry, "permissions": {},
        });
        fs::write(folder.join("kimai.json"), manifest.to_string()).unwrap();
        self.ok(&["app", "install", folder.to_str().unwrap(), "--yes"]);
        self.ok(&["mcp", "look", OTHER]);
        wait_until_some("the other server", || {
            let numbers = fs::read_dir("/proc").unwrap().flatten();
            let mut numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            numbers.find(|number| self.is_other(*number))
        })
    }

    /// Whether this is the process of the other server, with what it has.
    fn is_other(&self, number: u32) -> bool {
        let home = format!("HOME={}", self.oikos.home().join("programs/1").join(OTHER).join("home").display());
        let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        let environment = String::from_utf8_lossy(&environment);
        [TOKEN, &*home].iter().all(|entry| environment.split('\0').any(|set| set == *entry))
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let mut command = self.oikos.command(words);
        let output = command.env("HOME", self.oikos.person()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Has it try something: what came of it, and which run that was.
    #[track_caller]
    fn tried(&self, what: &str, at: &str, number: u32) -> (Value, String) {
        let input = json!({ "what": what, "at": at, "number": number }).to_string();
        let words: &[&str] = match self.is_server {
            true => &["mcp", "call", APP, "attempt", "--input", &input, "--json"],
            false => &["run", APP, "attempt", "--input", &input, "--json"],
        };
        let output = self.oikos.command(words).env("HOME", self.oikos.person()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let end: Value = serde_json::from_str(said.lines().last().unwrap_or("null")).unwrap_or(Value::Null);
        let came = match end["data"]["content"][0]["text"].as_str() {
            Some(text) => serde_json::from_str(text).unwrap(),
            None => end["data"].clone(),
        };
        let run = end["run"].as_str().unwrap_or_else(|| panic!("{what} {at}: {said}"));
        (came, run.to_owned())
    }

    /// The same, with the log of that run.
    #[track_caller]
    fn attempt(&self, what: &str, at: &str, number: u32) -> (Value, String) {
        let (came, run) = self.tried(what, at, number);
        (came, self.ok(&["log", "--run", &run]))
    }

    /// It does not get it, and the log says that it tried.
    #[track_caller]
    fn is_refused(&self, what: &str, at: &str, number: u32, told: &str) {
        let (came, log) = self.attempt(what, at, number);
        assert!(came.get("done").is_none(), "{what} {at}: {came}");
        let line = log.lines().find(|line| line.contains("BLOCKED: ") && line.contains(told));
        assert!(line.is_some(), "{what} {at}: no line says '{told}':\n{log}");
    }

    /// What a group counts is told when it is looked at, which may be just after the run.
    fn is_told_of(&self, run: &str, told: &str) {
        let told = format!("BLOCKED: wanted to {told}");
        wait_until(&told, || self.ok(&["log", "--run", run]).contains(&told));
    }

    fn burgle(&self) {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        // The folder that it was granted is listed, the first time, and the log has nothing to say of it.
        let (came, log) = self.attempt("list", &text(&self.shared), 0);
        assert_eq!(came["done"], json!(["a.txt"]), "{came}");
        assert!(!log.contains("BLOCKED"), "{log}");

        let (secret, ssh) = (text(&self.secret), text(self.secret.parent().unwrap()));
        let command = format!("to allow it: oikos grant {APP} file.read=allow:{ssh}");
        self.is_refused(
            "read",
            &secret,
            0,
            &format!("wanted to read {secret}; {secret} is outside what file.read was granted for; {command}"),
        );
        self.is_refused("list", &ssh, 0, &format!("wanted to list {ssh}; "));
        let new = text(&self.secret.with_file_name("new"));
        self.is_refused("write", &new, 0, &format!("wanted to write to {new}; "));
        let new = text(&self.shared.join("b.txt"));
        self.is_refused("write", &new, 0, &format!("wanted to write to {new}; "));
        let own = text(&self.shared.join("a.txt"));
        self.is_refused("remove", &own, 0, &format!("wanted to change, move or remove {own}; "));
        self.is_refused("write", "/usr/bin/evil", 0, "wanted to write to /usr/bin/evil; ");
        self.is_refused("read", "/etc/shadow", 0, "wanted to read /etc/shadow; its box shows only");
        let store = text(&self.oikos.home().join("store.db"));
        let never = format!("wanted to read {store}; {store} belongs to oikos itself and can never be granted");
        self.is_refused("read", &store, 0, &never);

        self.is_refused("connect", "192.0.2.1", 80, "wanted to connect to 192.0.2.1:80; its box leads to others only");
        let socket = text(&self.oikos.home().join("socket"));
        self.is_refused("local", &socket, 0, &format!("wanted to connect to {socket}; "));
        self.is_refused("abstract", &self.name, 0, &format!("wanted to connect to @{}; ", self.name));

        let other = self.other;
        let process = format!("wanted to look into the process {other}; its box holds no processes but its own");
        self.is_refused("environment", "", other, &process);
        self.is_refused("signal", "", other, &format!("wanted to send a signal to the process {other}; "));
        self.is_refused("trace", "", other, "wanted to trace another process, or read or change its memory; ");
        self.is_refused("mount", "", 0, "wanted to mount a file system; no program in a box may do that");
        self.is_refused("keyring", "", 0, "wanted to use the kernel's keyring; ");
        self.is_refused("io_uring", "", 0, "wanted to use io_uring; ");

        if self.ok(&["doctor"]).contains("cgroup (version") {
            let (came, run) = self.tried("fork", "", 0);
            assert!(came["done"].as_str().is_some_and(|came| came.starts_with("EAGAIN after ")), "{came}");
            self.is_told_of(&run, "have more than 128 processes at once; its box holds it to that");
            let (came, run) = self.tried("memory", "", 0);
            assert!(came.get("done").is_none(), "{came}");
            self.is_told_of(&run, "use more memory than 512.0 MiB; its box holds it to that");
        }
        // And whoever asks it for something honest after that has an honest log.
        let (came, log) = self.attempt("list", &text(&self.shared), 0);
        assert_eq!(came["done"], json!(["a.txt"]), "{came}");
        assert!(!log.contains("BLOCKED"), "{log}");
        assert_eq!(fs::read_to_string(&self.secret).unwrap(), "key");
        assert!(self.is_other(self.other), "the other server is not there any more");
    }
}

#[test]
fn a_program_that_breaks_out_of_nothing_and_whose_log_says_all_of_it() {
    House::new(false).burgle();
}

#[test]
fn a_server_that_breaks_out_of_nothing_and_whose_log_says_all_of_it() {
    House::new(true).burgle();
}
