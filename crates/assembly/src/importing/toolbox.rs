//! Programs that pin and install packages, each in a box: an empty folder, an environment from nothing, a way out to the
//! package registry's hosts alone, and no script of a package is ever run.

use crate::{Oikos, apart::NoBox};
use broker::{AppGrants, Ask, Broker, Grant, Lease, NetworkDemand, Permit};
use egress::{Asking, Noting, TunnelBounds, TunnelRecord, Warden};
use isolate::{Bounds, Concern, Confined, Ended, Network, Policy, spawn};
use protocol::{
    AppName, Caller, Clock, ErrorCode, Failure, GrantDuration, GrantId, GrantState, HostRule, Labels, RunId, Scope,
    Sentence, sentence, text,
};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, net::TcpListener, time::timeout};

/// Where the box's proxy listens, in a network that has nobody else in it.
const PROXY_PORT: u16 = 8118;
/// How long one of them may take: some packages are large, and some lines slow.
const TOOL_MS_MAX: u64 = 600_000;
/// What one may use: installers of packages hold their whole tree in memory.
const BOUNDS: Bounds = Bounds {
    memory_bytes_max: 2 << 30,
    processes_max: 64,
    cpu_seconds_max: Some(600),
    open_files_max: 4_096,
    file_bytes_max: 1 << 30,
};
/// The last of what one complained of, which is shown when it fails.
const SAID_BYTES_MAX: usize = 2_000;
/// Where systems keep the authorities that they trust. Installers bring lists of their own, and know nothing of a company's.
const AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// Interpreters that installers need beside themselves.
const INTERPRETERS: [&str; 3] = ["node", "python3", "uv"];

/// One program to run.
pub(super) struct Tool<'a> {
    pub(super) argv: &'a [String],
    /// The hosts that it reaches, on port 443.
    pub(super) hosts: &'a [&'a str],
    /// A folder of its own: its home, with what it works on beneath.
    pub(super) room: &'a Path,
    /// Where it starts, beneath that.
    pub(super) folder: &'a Path,
}

/// Runs one to its end, for whoever asked for the import.
pub(super) async fn run(oikos: &Arc<Oikos>, caller: Caller, name: &AppName, tool: &Tool<'_>) -> Result<(), Failure> {
    let word = tool.argv.first().map(String::as_str).unwrap_or_default();
    let policy = policy(oikos, tool)?;
    let (plan, keeper) = oikos.boxes.plan(&policy).await.map_err(|refused| unkept(word, &refused))?;
    let mut confined = spawn(&plan, &keeper, Vec::new())
        .await
        .map_err(|error| Failure::new(ErrorCode::BoxRefused, format!("{word} was not started in its box: {error}")))?;
    let errand = Errand::begin(oikos, caller, name, tool.hosts);
    // Its way out ends with this.
    let _tunnels = confined
        .proxy
        .take()
        .map(|listener| {
            let tunnels = oikos.egress.tunnels(errand.clone(), TunnelBounds::default());
            tunnels.listen(TcpListener::from_std(listener)?);
            Ok(tunnels)
        })
        .transpose()
        .map_err(|error: std::io::Error| {
            Failure::new(ErrorCode::Internal, format!("{word} got no way out")).log(error.to_string())
        })?;
    let ended = timeout(Duration::from_millis(TOOL_MS_MAX), attend(&mut confined)).await;
    let Ok((said, ended)) = ended else {
        confined.kill().await;
        return Err(Failure::new(ErrorCode::Timeout, format!("{word} took longer than {} min", TOOL_MS_MAX / 60_000))
            .hint("try again; oikos doctor says whether the network is reached"));
    };
    if ended == (Ended::Exit { code: 0 }) {
        return Ok(());
    }
    let refused = errand.refused.lock().take();
    let said = text::shorten(said.trim(), SAID_BYTES_MAX);
    let message = format!("{word} did not do it: {}; its last words: {said}", ended.sentence());
    let failure = Failure::new(ErrorCode::ProgramFailed, message);
    Err(match refused {
        Some(why) => failure.hint(why),
        None => failure,
    })
}

fn unkept(word: &str, refused: &NoBox) -> Failure {
    let (why, fix) = match refused {
        NoBox::Nobody => ("this oikos has no way to keep a program in a box".to_owned(), String::new()),
        NoBox::NotFound(error) => (format!("what this machine keeps could not be found out ({error})"), String::new()),
        NoBox::Refused(refusal) => {
            let fixes: Vec<String> = refusal.fixes().iter().map(ToString::to_string).collect();
            (refusal.to_string(), fixes.join("; or "))
        }
    };
    let failure = Failure::new(ErrorCode::BoxRefused, format!("{word} is not started: {why}"));
    if fix.is_empty() { failure } else { failure.hint(fix) }
}

fn policy(oikos: &Oikos, tool: &Tool<'_>) -> Result<Policy, Failure> {
    let (word, arguments) = tool.argv.split_first().ok_or_else(|| Failure::new(ErrorCode::Internal, "no program"))?;
    let found = sandbox::find_program(word, &oikos.program_folders).map_err(|lacking| {
        let failure = Failure::new(ErrorCode::NotAvailable, lacking);
        match word.as_str() {
            "npm" => failure.hint("install Node.js with npm: nodejs.org, or your system's packages"),
            _ => failure.hint("install Python 3 with pip, or uv"),
        }
    })?;
    let mut policy = Policy::new(&found.program, tool.room);
    policy.arguments = arguments.to_vec();
    tool.folder.clone_into(&mut policy.folder);
    policy.never.clone_from(&oikos.never);
    let mut path: Vec<PathBuf> = found.program.parent().map(Path::to_owned).into_iter().collect();
    policy.read.extend(found.beside);
    for word in INTERPRETERS {
        let Ok(found) = sandbox::find_program(word, &oikos.program_folders) else { continue };
        policy.read.extend(found.beside.filter(|beside| !policy.read.contains(beside)));
        path.extend(found.program.parent().map(Path::to_owned));
    }
    path.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from));
    let path: Vec<String> = path.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
    let mut set = |name: &str, value: String| policy.environment.insert(name.to_owned(), value);
    set("PATH", path.join(":"));
    set("LANG", "C.UTF-8".to_owned());
    set("NODE_USE_ENV_PROXY", "1".to_owned());
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        set(name, format!("http://127.0.0.1:{PROXY_PORT}"));
    }
    if let Some(authorities) = AUTHORITIES.iter().find(|path| Path::new(path).exists()) {
        for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
            set(name, (*authorities).to_owned());
        }
    }
    policy.network = if tool.hosts.is_empty() { Network::None } else { Network::OnlyProxy { port: PROXY_PORT } };
    policy.in_full = vec![Concern::Files, Concern::Network];
    policy.bounds = BOUNDS;
    Ok(policy)
}

/// Waits for its end, and keeps the last of what it says.
async fn attend(confined: &mut Confined) -> (String, Ended) {
    drop(confined.stdin.take());
    let (mut stdout, mut stderr) = (confined.stdout.take(), confined.stderr.take());
    let (mut one, mut other) = (vec![0; 8 << 10], vec![0; 8 << 10]);
    let mut said = VecDeque::new();
    while stdout.is_some() || stderr.is_some() {
        tokio::select! {
            read = read(&mut stdout, &mut one) => keep(&mut said, &one[..read]),
            read = read(&mut stderr, &mut other) => keep(&mut said, &other[..read]),
        }
    }
    let ended = confined.wait().await;
    (String::from_utf8_lossy(said.make_contiguous()).into_owned(), ended)
}

async fn read(pipe: &mut Option<tokio::net::unix::pipe::Receiver>, into: &mut [u8]) -> usize {
    let Some(open) = pipe else { return std::future::pending().await };
    let read = open.read(into).await.unwrap_or(0);
    if read == 0 {
        *pipe = None;
    }
    read
}

fn keep(said: &mut VecDeque<u8>, bytes: &[u8]) {
    said.extend(bytes);
    said.drain(..said.len().saturating_sub(SAID_BYTES_MAX));
}

/// Whose connections they are: the owner's, who asked for the import, to these hosts and no others.
struct Errand {
    oikos: Arc<Oikos>,
    lease: Lease,
    /// What it wanted and did not get.
    refused: parking_lot::Mutex<Option<String>>,
}

impl Errand {
    fn begin(oikos: &Arc<Oikos>, caller: Caller, name: &AppName, hosts: &[&str]) -> Arc<Self> {
        let run = RunId::new(&*oikos.clock, &*oikos.entropy);
        let rule = |host: &&str| HostRule { host: (*host).to_owned(), ..HostRule::default() };
        let scope = Scope::Network { rules: hosts.iter().map(rule).collect() };
        let grant = Grant {
            id: GrantId::new(&*oikos.clock, &*oikos.entropy),
            line: scope.line(),
            scope: scope.clone(),
            state: GrantState::Allow,
            duration: GrantDuration::Always,
            folders: Vec::new(),
            bound: None,
            at: oikos.clock.now(),
        };
        let grants = AppGrants { requested: vec![scope], grants: vec![grant] };
        let now_ns = oikos.clock.monotonic_ns();
        let lease = oikos.kernel.broker().errand_open(caller, name, run, now_ns, grants);
        Arc::new(Self { oikos: oikos.clone(), lease, refused: parking_lot::Mutex::default() })
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.oikos.kernel.broker().lease_close(self.lease.run());
    }
}

impl Warden for Errand {
    fn broker(&self) -> &Broker {
        self.oikos.kernel.broker()
    }

    fn labels(&self) -> Labels {
        Labels::NONE
    }

    fn clock(&self) -> &dyn Clock {
        &*self.oikos.clock
    }

    fn lease(&self) -> Lease {
        self.lease.clone()
    }

    fn ask(&self, ask: Ask<NetworkDemand>) -> Asking<'_> {
        Box::pin(std::future::ready(Err(Box::new(ask.refused(sentence::rule_nobody_there())))))
    }

    fn intent<'a>(&'a self, _permit: &'a Permit<NetworkDemand>, said: Sentence) -> Noting<'a> {
        tracing::info!(%said, "an import sends for packages");
        Box::pin(std::future::ready(true))
    }

    fn record(&self, record: TunnelRecord) {
        if let Some(code) = record.outcome.code() {
            let said = record.sentence().map(|said| said.to_string()).unwrap_or_default();
            tracing::warn!(%code, target = ?record.target, said, "an import did not get what it sent for");
            *self.refused.lock() = Some(said).filter(|said| !said.is_empty());
        }
    }
}
