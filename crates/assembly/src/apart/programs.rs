//! Programs that apps run.

use super::{Apart, GRACE, STEP_BYTES};
use broker::{Lease, LeaseEnd};
use effects::{Order, Outcome, Programs, SHELL_OUTPUT_BYTES_MAX};
use isolate::{Bounds, Concern, Confined, Ended, Policy};
use kernel::{effect::EffectError, host_call::GuestError};
use protocol::ErrorCode;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, sleep_until, timeout_at},
};

/// How often whoever waits for a program is told that it still runs.
const WAIT_STEP: Duration = Duration::from_secs(1);
/// What a program may write before it is ended: what is kept of it is a hundredth.
const OUTPUT_BYTES_MAX: u64 = 64 << 20;

/// What one program has. A compiler fits in, and a machine with little memory goes on beside it.
const PROGRAM_BOUNDS: Bounds = Bounds {
    memory_bytes_max: 512 << 20,
    processes_max: 32,
    cpu_seconds_max: Some(120),
    open_files_max: 256,
    file_bytes_max: 256 << 20,
};

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
