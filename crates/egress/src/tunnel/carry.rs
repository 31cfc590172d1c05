//! Bytes from one side to the other, both ways at once, until both have said that there is no more.

use super::{Line, TunnelOutcome, Warden, bounds::PIECE_BYTES, live::Open};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, split},
    time::sleep,
};

/// How often, within the time that nothing may move, it is looked whether something did.
const IDLE_LOOKS: u32 = 4;

/// Carries until both ends were reached, or something cuts it off.
pub(super) async fn carry<A: Line, B: Line>(
    program: &mut A,
    host: &mut B,
    open: &Open,
    warden: &dyn Warden,
    idle_ms: u64,
) -> Result<(), TunnelOutcome> {
    let (mut from_program, mut to_program) = split(program);
    let (mut from_host, mut to_host) = split(host);
    let up = async {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = from_program.read(&mut piece).await.map_err(|_| TunnelOutcome::Broken)?;
            if count == 0 {
                // The host may still have something to say.
                drop(to_host.shutdown().await);
                return Ok(());
            }
            open.goes_up(count, warden)?;
            if to_host.write_all(&piece[..count]).await.is_err() {
                // Who listens no more may have said why.
                return Ok(());
            }
        }
    };
    let down = async {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = from_host.read(&mut piece).await.map_err(|_| TunnelOutcome::Broken)?;
            if count == 0 {
                drop(to_program.shutdown().await);
                return Ok(());
            }
            open.came_down(count)?;
            to_program.write_all(&piece[..count]).await.map_err(|_| TunnelOutcome::Broken)?;
        }
    };
    tokio::select! {
        carried = async { tokio::try_join!(up, down) } => carried.map(|((), ())| ()),
        () = stillness(open, idle_ms) => Err(TunnelOutcome::Idle { after_ms: idle_ms }),
    }
}

/// Comes back when nothing has moved for so long.
pub(super) async fn stillness(open: &Open, idle_ms: u64) {
    let moved = || open.moved.up() + open.moved.down();
    let (mut before, mut still) = (moved(), 0);
    while still < IDLE_LOOKS {
        sleep(Duration::from_millis(idle_ms) / IDLE_LOOKS).await;
        let now = moved();
        still = if now == before { still + 1 } else { 0 };
        before = now;
    }
}
