//! Workers and programs that effects ask for: each a process in a box of its own, started, fed, heard and ended here.
//!
//! One process for each document and none kept for the next: what a document does to the process that reads it ends with it, whoever
//! it belonged to. A start with its end costs some ten milliseconds, which is what a page or two of reading costs; a pool would save
//! that, and would have to prove of each process that the last document is out of it.

use crate::boxes::Boxes;
use broker::{Lease, LeaseEnd, ProtectedFolder};
use effects::{
    Frames, Order, Outcome, Programs, SHELL_OUTPUT_BYTES_MAX, Task, WORKER_MEMORY_BYTES, WORKER_SECONDS, Work, Workers,
    frame_write,
};
use isolate::{Bounds, Concern, Confined, Ended, Policy, Refusal, SpawnError, spawn};
use kernel::{effect::EffectError, host_call::GuestError};
use protocol::{ErrorCode, text::shorten};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    runtime::Handle,
    time::{Instant, sleep_until, timeout_at},
};

/// The first word of a process that reads a foreign file, instead of being an oikos.
const WORKER: &str = "--worker";
/// What is moved at once between this process and one in a box.
const STEP_BYTES: usize = 64 << 10;
/// How often whoever waits for a program is told that it still runs.
const WAIT_STEP: Duration = Duration::from_secs(1);
/// What a program may write before it is ended: what is kept of it is a hundredth.
const OUTPUT_BYTES_MAX: u64 = 64 << 20;
/// How long a program has to end by itself where its time is over.
const GRACE: Duration = Duration::from_millis(200);

/// What one program has. A compiler fits in, and a machine with little memory goes on beside it.
const PROGRAM_BOUNDS: Bounds = Bounds {
    memory_bytes_max: 512 << 20,
    processes_max: 32,
    cpu_seconds_max: Some(120),
    open_files_max: 256,
    file_bytes_max: 256 << 20,
};

/// For the first line of `main`, beside [`keeper_main`](crate::keeper_main): reads a foreign file, if that is what this process was
/// started for. `words` are those behind the program's own name.
pub fn worker_main(words: impl IntoIterator<Item = std::ffi::OsString>) -> Option<std::process::ExitCode> {
    let mut words = words.into_iter();
    (words.next()? == WORKER).then(|| effects::worker_main(words))
}

/// Who starts them.
pub(crate) struct Apart {
    boxes: Arc<Boxes>,
    /// Where their homes are made.
    rooms: PathBuf,
    /// What none of them ever sees.
    never: Vec<PathBuf>,
    runtime: Handle,
}

impl Apart {
    pub(crate) fn new(boxes: Arc<Boxes>, rooms: PathBuf, protected: &[ProtectedFolder], runtime: Handle) -> Self {
        let never = protected.iter().map(|folder| PathBuf::from(&folder.path)).collect();
        Self { boxes, rooms, never, runtime }
    }

    /// A home for one of them: gone with it.
    fn room(&self) -> Result<TempDir, EffectError> {
        let made = std::fs::create_dir_all(&self.rooms).and_then(|()| tempfile::Builder::new().tempdir_in(&self.rooms));
        made.map_err(|error| {
            tracing::error!(%error, "a folder for a program cannot be made");
            EffectError::guest(ErrorCode::HomeUnusable, "a folder for the program could not be made in OIKOS_HOME")
        })
    }

    async fn start(&self, policy: Policy) -> Result<Confined, EffectError> {
        let what = policy.program.display().to_string();
        let (plan, keeper) = self.boxes.plan(&policy).await.map_err(|refused| refusal(&what, &refused))?;
        spawn(&plan, &keeper, Vec::new()).await.map_err(|error| {
            tracing::warn!(%error, "a program was not started");
            let failed = format!("{what} could not be started in its box: {error}");
            EffectError::guest(if is_missing(&error) { ErrorCode::NotFound } else { ErrorCode::BoxRefused }, failed)
        })
    }
}

/// Why there is no box.
pub(crate) enum NoBox {
    /// Whoever put this oikos together gave it no way to start one.
    Nobody,
    /// What this machine keeps could not be found out.
    NotFound(io::Error),
    /// It is not kept here.
    Refused(Refusal),
}

fn refusal(what: &str, refused: &NoBox) -> EffectError {
    let message = match refused {
        NoBox::Nobody => format!("{what} is not started: this oikos has no way to keep a program in a box"),
        NoBox::NotFound(error) => {
            format!("{what} is not started: what this machine keeps a program to could not be found out ({error})")
        }
        NoBox::Refused(refusal) => {
            let fixes: Vec<_> = refusal.fixes().iter().map(ToString::to_string).collect();
            let fix = if fixes.is_empty() { String::new() } else { format!("; to change that: {}", fixes.join(", ")) };
            format!("{what} is not started: {refusal}{fix}")
        }
    };
    EffectError::guest(ErrorCode::BoxRefused, shorten(&message, 600))
}

fn is_missing(error: &SpawnError) -> bool {
    matches!(error, SpawnError::Step { errno: Some(errno), .. } if *errno == rustix::io::Errno::NOENT.raw_os_error())
}

// ---- workers ----

impl Workers for Apart {
    fn work(&self, work: Work<'_>, lease: &Lease, on_frame: &mut effects::OnFrame<'_>) -> Result<(), EffectError> {
        let room = self.room()?;
        let policy = self.worker_policy(work.task, room.path())?;
        self.runtime.block_on(async {
            let mut worker = self.start(policy).await?;
            let deadline = Instant::now() + Duration::from_secs(u64::from(WORKER_SECONDS));
            let heard = tokio::select! {
                heard = timeout_at(deadline, hear(&mut worker, work, on_frame)) => heard.unwrap_or(Err(Broken::Late)),
                end = lease.ended() => Err(Broken::Lease(end)),
            };
            let ended = match &heard {
                Ok(()) => match timeout_at(deadline, worker.wait()).await {
                    Ok(ended) => ended,
                    Err(_) => worker.kill().await,
                },
                Err(Broken::Cut) => worker.wait_for(GRACE).await.unwrap_or(Ended::Lost),
                Err(_) => Ended::Stopped,
            };
            // Nothing of it is left when this comes back.
            if worker.ended().is_none() {
                worker.kill().await;
            }
            outcome(heard, ended)
        })
    }
}

impl Apart {
    fn worker_policy(&self, task: Task, room: &Path) -> Result<Policy, EffectError> {
        let program = this_program().map_err(|why| EffectError::guest(ErrorCode::BoxRefused, why))?;
        let mut policy = Policy::new(&program, room);
        policy.arguments = vec![WORKER.to_owned(), task.word().to_owned()];
        policy.arguments.extend(ill());
        policy.read = vec![program];
        policy.never.clone_from(&self.never);
        policy.in_full = vec![Concern::Files, Concern::Network];
        policy.bounds = Bounds {
            memory_bytes_max: WORKER_MEMORY_BYTES,
            processes_max: 1,
            cpu_seconds_max: Some(WORKER_SECONDS),
            open_files_max: 16,
            // It writes none.
            file_bytes_max: 1,
        };
        Ok(policy)
    }
}

/// Where the file lies that this process was made from. Another one at its path could speak another language.
fn this_program() -> Result<PathBuf, String> {
    let replaced =
        "oikos was replaced on the disk since it was started, so nothing can be read apart from it: restart it";
    let same = |one: &std::fs::Metadata, other: &std::fs::Metadata| {
        use std::os::unix::fs::MetadataExt as _;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    };
    let path = std::env::current_exe().map_err(|_| replaced.to_owned())?;
    match (std::fs::metadata(&path), std::fs::metadata("/proc/self/exe")) {
        (Ok(one), Ok(other)) if same(&one, &other) => Ok(path),
        _ => Err(replaced.to_owned()),
    }
}

/// What a test has a worker do instead of its work.
fn ill() -> Option<String> {
    fail::fail_point!("worker::ill", |word| word);
    None
}

/// Why a worker was not heard to its end.
enum Broken {
    Late,
    Lease(LeaseEnd),
    /// What it said was cut off, or cannot be taken apart.
    Cut,
    /// Whoever takes its frames wants no more of them.
    Taken(EffectError),
}

/// Gives it its order and the document, and takes what it says until it says no more.
async fn hear(worker: &mut Confined, work: Work<'_>, on_frame: &mut effects::OnFrame<'_>) -> Result<(), Broken> {
    // Nobody reads what it complains of; then it is told so.
    worker.stderr = None;
    let (stdin, stdout) = (worker.stdin.take(), worker.stdout.as_mut());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err(Broken::Cut) };
    let Work { order, document, .. } = work;
    let giving = async {
        let mut head = Vec::new();
        frame_write(&mut head, order)?;
        stdin.write_all(&head).await?;
        let mut step = vec![0; STEP_BYTES];
        loop {
            match document.read(&mut step)? {
                0 => break,
                bytes => stdin.write_all(&step[..bytes]).await?,
            }
        }
        drop(stdin);
        Ok::<(), io::Error>(())
    };
    let taking = async {
        let (mut frames, mut step) = (Frames::default(), vec![0; STEP_BYTES]);
        loop {
            let bytes = stdout.read(&mut step).await.map_err(|_| Broken::Cut)?;
            if bytes == 0 {
                return if frames.is_empty() { Ok(()) } else { Err(Broken::Cut) };
            }
            frames.add(&step[..bytes]);
            while let Some(frame) = frames.take().map_err(|_| Broken::Cut)? {
                on_frame(&frame).map_err(Broken::Taken)?;
            }
        }
    };
    tokio::pin!(giving, taking);
    tokio::select! {
        biased;
        heard = &mut taking => heard,
        // A worker that has seen enough reads no more; what it then says counts. What ends the reading of the file is known to
        // whoever reads it.
        given = &mut giving => match given {
            Ok(()) => taking.await,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => taking.await,
            Err(_) => Err(Broken::Cut),
        },
    }
}

fn outcome(heard: Result<(), Broken>, ended: Ended) -> Result<(), EffectError> {
    let failed = |code, why: String| Err(EffectError::guest(code, format!("what reads the document {why}")));
    match (heard, ended) {
        (Err(Broken::Lease(end)), _) => Err(end.into()),
        (Err(Broken::Taken(error)), _) => Err(error),
        (Err(Broken::Late), _) | (_, Ended::Cpu { .. }) => {
            failed(ErrorCode::HostLimit, format!("took longer than {WORKER_SECONDS} s, so it was ended"))
        }
        (_, Ended::Memory { .. }) => {
            let mebibytes = WORKER_MEMORY_BYTES >> 20;
            failed(ErrorCode::HostLimit, format!("needed more memory than the {mebibytes} MiB it may use"))
        }
        (Ok(()), Ended::Exit { code: 0 }) => Ok(()),
        (_, ended) => failed(ErrorCode::WorkerFailed, format!("broke down on it: {}", ended.sentence())),
    }
}

// ---- programs ----

impl Programs for Apart {
    fn run(&self, order: Order<'_>, lease: &Lease, on_wait: &mut dyn FnMut()) -> Result<Outcome, EffectError> {
        let room = self.room()?;
        let policy = self.program_policy(&order, room.path());
        self.runtime.block_on(async {
            let mut program = self.start(policy).await?;
            let deadline = Instant::now() + order.timeout;
            let heard = tokio::select! {
                heard = timeout_at(deadline, attend(&mut program, order.input, on_wait)) => heard.unwrap_or(Err(Halt::Late)),
                end = lease.ended() => Err(Halt::Lease(end)),
            };
            let unknown = |code, message: String| Err(EffectError::Unknown(GuestError::new(code, message)));
            match heard {
                Ok((printed, ended)) => exit(printed, ended),
                Err(halt) => {
                    program.stop(if matches!(halt, Halt::Late) { GRACE } else { Duration::ZERO }).await;
                    match halt {
                        Halt::Late => unknown(
                            ErrorCode::HostLimit,
                            format!("the program took longer than {} ms, so it was ended", order.timeout.as_millis()),
                        ),
                        Halt::Much => unknown(
                            ErrorCode::HostLimit,
                            format!("the program wrote more than {} MiB, so it was ended", OUTPUT_BYTES_MAX >> 20),
                        ),
                        Halt::Lease(end) => unknown(end.code(), format!("the program was ended: {}", end.message(lease.limits()))),
                    }
                }
            }
        })
    }
}

impl Apart {
    fn program_policy(&self, order: &Order<'_>, room: &Path) -> Policy {
        let mut policy = Policy::new(order.program, room);
        policy.arguments = order.arguments.to_vec();
        policy.folder = order.start.unwrap_or(room).to_owned();
        policy.environment = BTreeMap::from([("LANG".to_owned(), "C.UTF-8".to_owned())]);
        policy.read.clone_from(&order.read);
        // One that is no part of the system is seen, and nothing beside it.
        let is_seen = ["/usr", "/bin", "/sbin"].iter().map(Path::new).chain(order.read.iter().map(PathBuf::as_path));
        if !is_seen.chain(order.write.iter().map(PathBuf::as_path)).any(|folder| order.program.starts_with(folder)) {
            policy.read.push(order.program.to_owned());
        }
        policy.write.clone_from(&order.write);
        policy.never.clone_from(&self.never);
        policy.in_full = vec![Concern::Files, Concern::Network];
        policy.bounds = PROGRAM_BOUNDS;
        policy
    }
}

/// Why a program was not left to its end.
enum Halt {
    Late,
    Much,
    Lease(LeaseEnd),
}

/// What is kept of what it writes.
#[derive(Default)]
struct Printed {
    kept: Vec<u8>,
    bytes: u64,
}

impl Printed {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let room = SHELL_OUTPUT_BYTES_MAX - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn is_whole(&self) -> bool {
        self.kept.len() as u64 == self.bytes
    }
}

/// Gives it what it reads, takes what it writes, until it has ended.
async fn attend(
    program: &mut Confined,
    input: &[u8],
    on_wait: &mut dyn FnMut(),
) -> Result<([Printed; 2], Ended), Halt> {
    let (stdin, stdout, stderr) = (program.stdin.take(), program.stdout.take(), program.stderr.take());
    let giving = async {
        if let Some(mut stdin) = stdin {
            // One that does not want it closes its end, or has ended.
            stdin.write_all(input).await.ok();
        }
    };
    let taking = async {
        let mut printed = [Printed::default(), Printed::default()];
        let (mut stdout, mut stderr) = (stdout, stderr);
        let (mut one, mut other) = (vec![0; STEP_BYTES], vec![0; STEP_BYTES]);
        while stdout.is_some() || stderr.is_some() {
            tokio::select! {
                bytes = take(&mut stdout, &mut one) => printed[0].add(&one[..bytes]),
                bytes = take(&mut stderr, &mut other) => printed[1].add(&other[..bytes]),
            }
            if printed[0].bytes + printed[1].bytes > OUTPUT_BYTES_MAX {
                return Err(Halt::Much);
            }
        }
        Ok(printed)
    };
    let telling = async {
        let mut next = Instant::now();
        loop {
            next += WAIT_STEP;
            sleep_until(next).await;
            on_wait();
        }
    };
    let working = async {
        let ((), printed) = tokio::join!(giving, taking);
        Ok((printed?, program.wait().await))
    };
    tokio::select! {
        done = working => done,
        never = telling => never,
    }
}

/// The next bytes of one of its files; none, and the file with them, at its end. Waits for ever where there is no file.
async fn take(file: &mut Option<tokio::net::unix::pipe::Receiver>, step: &mut [u8]) -> usize {
    let Some(open) = file else { return std::future::pending().await };
    match open.read(step).await {
        Ok(bytes) if bytes > 0 => bytes,
        _ => {
            *file = None;
            0
        }
    }
}

fn exit([stdout, stderr]: [Printed; 2], ended: Ended) -> Result<Outcome, EffectError> {
    let exit_code = match ended {
        Ended::Exit { code } => u32::from(code),
        Ended::Signal { number } => 128 + u32::from(number),
        Ended::Memory { .. } | Ended::Cpu { .. } | Ended::FileSize { .. } => {
            let message = format!("the program was ended: {}", ended.sentence());
            return Err(EffectError::Unknown(GuestError::new(ErrorCode::HostLimit, message)));
        }
        Ended::Filter | Ended::Stopped | Ended::Lost => {
            let message = format!("the program did not come to its end: {}", ended.sentence());
            return Err(EffectError::Unknown(GuestError::new(ErrorCode::WorkerFailed, message)));
        }
    };
    let is_truncated = !(stdout.is_whole() && stderr.is_whole());
    Ok(Outcome { exit_code, stdout: stdout.kept, stderr: stderr.kept, is_truncated })
}
