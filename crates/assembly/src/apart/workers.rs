//! Workers: this same program, for one document each.

use super::{Apart, GRACE, STEP_BYTES, WORKER};
use broker::{Lease, LeaseEnd};
use effects::{Frames, OnFrame, Task, WORKER_MEMORY_BYTES, WORKER_SECONDS, Work, Workers, frame_write};
use isolate::{Bounds, Concern, Confined, Ended, Policy};
use kernel::effect::EffectError;
use protocol::ErrorCode;
use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout_at},
};

impl Workers for Apart {
    fn work(&self, work: Work<'_>, lease: &Lease, on_frame: &mut OnFrame<'_>) -> Result<(), EffectError> {
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
    let same =
        |one: &std::fs::Metadata, other: &std::fs::Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
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
async fn hear(worker: &mut Confined, work: Work<'_>, on_frame: &mut OnFrame<'_>) -> Result<(), Broken> {
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
