//! What there is around a confined program: things to get, and a policy that grants two folders.

#![expect(unsafe_code, reason = "a key for the session can be made by no other call")]

use isolate::{Abilities, Adapter, Bounds, Confined, Ended, Launcher, Plan, Policy, plan, spawn};
use std::{
    fs,
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram, UnixListener},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Scene {
    pub(crate) root: PathBuf,
    pub(crate) launcher: Launcher,
    pub(crate) abilities: Abilities,
    pub(crate) policy: Policy,
    /// What an attacker is told.
    pub(crate) prey: String,
    process: Child,
    _kept: (TempDir, TcpListener, UdpSocket, UnixListener, UnixListener, UnixDatagram),
}

/// Where the two programs are, when they were built where whoever runs this may not enter.
pub(crate) const PROGRAMS: &str = "ISOLATE_TEST_PROGRAMS";

pub(crate) fn helper() -> PathBuf {
    built(env!("CARGO_BIN_EXE_isolate-helper"))
}

pub(crate) fn program() -> PathBuf {
    built(env!("CARGO_BIN_EXE_isolate-scene"))
}

fn built(place: &str) -> PathBuf {
    let place = Path::new(place);
    let elsewhere = std::env::var_os(PROGRAMS).and_then(|folder| Some(Path::new(&folder).join(place.file_name()?)));
    elsewhere.as_deref().unwrap_or(place).canonicalize().expect("was built")
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let root = folder.path().canonicalize().expect("is there");
        for name in ["secret", "oikos/homes/app", "oikos/homes/neighbour", "read", "write"] {
            fs::create_dir_all(root.join(name)).expect("a folder");
        }
        let files = [("secret/id", "private key"), ("oikos/key", "our key"), ("oikos/homes/neighbour/mine", "theirs")];
        for (name, text) in files.into_iter().chain([("read/note", "a note")]) {
            fs::write(root.join(name), text).expect("a file");
        }
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let socket = UnixListener::bind(root.join("secret/socket")).expect("a socket");
        let datagrams = UnixDatagram::bind(root.join("secret/socket.dgram")).expect("a socket");
        // Nobody else's, though all tests are in one network.
        let name = format!("oikos-prey-{}", root.display());
        let hidden = SocketAddr::from_abstract_name(&name).and_then(|name| UnixListener::bind_addr(&name));
        let process = Command::new(program())
            .arg("stay")
            .env_clear()
            .envs([("PREY", "its secret"), ("ALONE", "1")])
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        key_make();
        let prey = serde_json::json!({
            "secret": root.join("secret/id"),
            "oikos": root.join("oikos/key"),
            "neighbour": root.join("oikos/homes/neighbour/mine"),
            "read": root.join("read"),
            "write": root.join("write"),
            "socket": root.join("secret/socket"),
            "abstract_socket": name,
            "tcp": tcp.local_addr().expect("has one").port(),
            "udp": udp.local_addr().expect("has one").port(),
            "process": process.id(),
        });
        let launcher = Launcher::new(helper(), [] as [&str; 0]);
        let home = root.join("oikos/homes/app");
        let abilities = Abilities::probe(&launcher, &home).await.expect("can be found out");
        let mut policy = Policy::new(program(), &home);
        policy.read = vec![program(), root.join("read")];
        policy.write = vec![root.join("write")];
        policy.never = vec![root.join("oikos")];
        policy.environment = [("GREETING".to_owned(), "hello".to_owned())].into();
        policy.bounds = Bounds {
            memory_bytes_max: 96 << 20,
            processes_max: 20,
            cpu_seconds_max: None,
            open_files_max: 64,
            file_bytes_max: 16 << 20,
        };
        let hidden = hidden.expect("a socket");
        Self {
            root,
            launcher,
            abilities,
            policy,
            prey: prey.to_string(),
            process,
            _kept: (folder, tcp, udp, socket, hidden, datagrams),
        }
    }

    /// Whether this way can be tried. One that leads through bubblewrap is left out where there is none, and says so; CI has it,
    /// and a machine of CI without it fails.
    pub(crate) fn has_way(&self, hidden: &[Adapter]) -> bool {
        let wants = hidden.contains(&Adapter::Namespaces) && !hidden.contains(&Adapter::Bubblewrap);
        if !wants || self.abilities.has(Adapter::Bubblewrap) {
            return true;
        }
        let why = format!("bubblewrap does not work here: {:?}", self.abilities.bubblewrap);
        assert!(std::env::var_os("CI").is_none(), "{why}");
        eprintln!("LEFT OUT, without {hidden:?}: {why}; sudo apt install bubblewrap");
        false
    }

    /// What this machine can do, without these.
    pub(crate) fn without(&self, hidden: &[Adapter]) -> Abilities {
        hidden.iter().fold(self.abilities.clone(), |abilities, adapter| abilities.without(*adapter))
    }

    pub(crate) fn plan(&self, hidden: &[Adapter], words: &[&str]) -> Plan {
        let arguments = words.iter().map(|word| (*word).to_owned()).collect();
        let policy = Policy { arguments, ..self.policy.clone() };
        match plan(&policy, &self.without(hidden)) {
            Ok(plan) => plan,
            Err(refusal) => panic!("refused: {refusal}; {:?}", self.abilities),
        }
    }

    pub(crate) async fn start(&self, hidden: &[Adapter], words: &[&str]) -> Confined {
        let plan = self.plan(hidden, words);
        match spawn(&plan, &self.launcher, Vec::new()).await {
            Ok(confined) => confined,
            Err(error) => panic!("{error}"),
        }
    }

    /// Lets it run to its end: what it wrote, and how it ended.
    pub(crate) async fn run(&self, hidden: &[Adapter], words: &[&str]) -> (String, Ended) {
        said(self.start(hidden, words).await).await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) async fn said(mut confined: Confined) -> (String, Ended) {
    let (mut text, mut complaints) = (String::new(), String::new());
    let (mut stdout, mut stderr) = (confined.stdout.take().expect("once"), confined.stderr.take().expect("once"));
    let all = async {
        tokio::join!(stdout.read_to_string(&mut text), stderr.read_to_string(&mut complaints), confined.wait())
    };
    let ended = match tokio::time::timeout(PATIENCE, all).await {
        Ok((Ok(_), Ok(_), ended)) => ended,
        other => panic!("{other:?}"),
    };
    if !complaints.is_empty() {
        eprintln!("it complained: {complaints}");
    }
    (text, ended)
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + limit;
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The processes of this machine in whose words this stands.
pub(crate) fn processes_with(word: &str) -> Vec<String> {
    let folders = fs::read_dir("/proc").expect("there is one").flatten();
    let words = folders.filter_map(|folder| fs::read(folder.path().join("cmdline")).ok());
    words.map(|words| String::from_utf8_lossy(&words).replace('\0', " ")).filter(|words| words.contains(word)).collect()
}

/// A key for whoever has this session's.
fn key_make() {
    let (kind, name) = (c"user".as_ptr(), c"oikos-test-prey".as_ptr());
    // SAFETY: two C strings and one byte of text, with its length; -3 is the keyring of the session.
    let key = unsafe { libc::syscall(libc::SYS_add_key, kind, name, c"x".as_ptr(), 1_usize, -3_i64) };
    assert_ne!(key, -1, "{}", std::io::Error::last_os_error());
}
