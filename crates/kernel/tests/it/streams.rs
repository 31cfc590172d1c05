//! Viewers, fast and slow.

use crate::{
    House,
    guests::{said, threw},
    house::{ended, next, owner, texts},
};
use kernel::{
    Seen, Viewer,
    runner::{GuestFailure, GuestPiece, Push},
    stream::WINDOW_BYTES,
};
use protocol::{Chunk, ErrorCode, LogLevel, limit::STREAM_BYTES};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// A piece of which a window holds eight.
const PIECE: usize = WINDOW_BYTES / 8;

/// An app that streams this many pieces and counts how far it has come.
async fn streaming(house: &House, pieces: u64) -> Arc<AtomicU64> {
    house.scribe().await;
    let pushed = Arc::new(AtomicU64::new(0));
    let counter = pushed.clone();
    house.script("go", move |guest| {
        let counter = counter.clone();
        async move {
            for number in 0..pieces {
                guest.text(&format!("{}{number}", " ".repeat(PIECE))).await?;
                counter.fetch_add(1, SeqCst);
            }
            said("done")
        }
    });
    pushed
}

fn number(chunk: &Chunk) -> u64 {
    match chunk {
        Chunk::Text { text } => text.trim().parse().unwrap(),
        other => panic!("no text: {other:?}"),
    }
}

#[tokio::test]
async fn two_viewers_read_at_their_own_pace_and_resume_by_number() {
    let house = House::new();
    streaming(&house, 6).await;
    let mut first = house.start("go").await;
    let second = house.kernel.run_follow(&owner(), first.run(), 0).unwrap();
    for seq in 1..=3 {
        let chunk = next(&mut first).await;
        assert_eq!((chunk.seq, number(&chunk.chunk)), (seq, seq - 1));
    }
    let run = first.run();
    drop(first);
    let (all, report) = ended(second).await;
    assert_eq!(all.iter().map(|chunk| chunk.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    // Where the first one was when it lost its line.
    let (rest, again) = ended(house.kernel.run_follow(&owner(), run, 3).unwrap()).await;
    assert_eq!(rest.iter().map(|chunk| chunk.seq).collect::<Vec<_>>(), [4, 5, 6]);
    assert_eq!(report, again);
}

#[tokio::test]
async fn a_place_beyond_the_end_is_the_end() {
    let house = House::new();
    streaming(&house, 3).await;
    let report = house.run("go").await;
    for after in [3, 4, u64::MAX] {
        let (chunks, again) = ended(house.kernel.run_follow(&owner(), report.summary.run, after).unwrap()).await;
        assert_eq!((chunks.len(), &again), (0, &report));
    }
}

#[tokio::test]
async fn who_comes_late_sees_what_is_kept_and_after_a_restart_the_end() {
    let mut house = House::new();
    streaming(&house, 3).await;
    let report = house.run("go").await;
    house.idle().await;
    let (chunks, again) = ended(house.kernel.run_follow(&owner(), report.summary.run, 0).unwrap()).await;
    assert_eq!((chunks.len(), &again), (3, &report));
    house.restart();
    let (chunks, again) = ended(house.kernel.run_follow(&owner(), report.summary.run, 0).unwrap()).await;
    assert_eq!((chunks.len(), &again), (0, &report));
}

#[tokio::test(start_paused = true)]
async fn a_slow_viewer_suspends_the_guest_and_reading_frees_it() {
    let house = House::new();
    let pushed = streaming(&house, 40).await;
    let mut viewer = house.start("go").await;
    // The window fills, then the guest rests.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let rested_at = pushed.load(SeqCst);
    assert!((7..=9).contains(&rested_at), "{rested_at}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(pushed.load(SeqCst), rested_at);
    for _ in 0..4 {
        next(&mut viewer).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let further = pushed.load(SeqCst);
    assert!(further > rested_at && further <= rested_at + 5, "{rested_at} {further}");
    let (rest, report) = ended(viewer).await;
    assert_eq!((rest.len(), report.usage.chunks), (36, 40), "nothing was lost");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_that_leaves_frees_the_guest() {
    let house = House::new();
    let pushed = streaming(&house, 40).await;
    let viewer = house.start("go").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(pushed.load(SeqCst) < 40);
    drop(viewer);
    house.idle().await;
    assert_eq!(pushed.load(SeqCst), 40);
}

#[tokio::test(start_paused = true)]
async fn the_slowest_viewer_counts() {
    let house = House::new();
    let pushed = streaming(&house, 40).await;
    let quick = house.start("go").await;
    let slow = house.kernel.run_follow(&owner(), quick.run(), 0).unwrap();
    let reading = tokio::spawn(ended(quick));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(pushed.load(SeqCst) < 12);
    drop(slow);
    assert_eq!(reading.await.unwrap().0.len(), 40);
}

#[tokio::test]
async fn without_viewers_nothing_waits_and_memory_stays_bounded() {
    let house = House::new();
    streaming(&house, 200).await;
    let viewer = house.start("go").await;
    let run = viewer.run();
    drop(viewer);
    house.idle().await;
    let (kept, report) = ended(house.kernel.run_follow(&owner(), run, 0).unwrap()).await;
    assert_eq!(report.usage.chunks, 200);
    assert!(kept.len() <= 16, "{} pieces of {PIECE} bytes are kept", kept.len());
    let first = kept[0].seq;
    assert!(kept.iter().zip(first..).all(|(chunk, seq)| chunk.seq == seq) && kept.last().unwrap().seq == 200);
}

#[tokio::test]
async fn only_the_last_ended_streams_are_kept() {
    let house = House::new();
    streaming(&house, 1).await;
    let mut runs = Vec::new();
    for _ in 0..20 {
        runs.push(house.run("go").await.summary.run);
    }
    house.idle().await;
    let mut kept = Vec::new();
    for run in runs {
        kept.push(ended(house.kernel.run_follow(&owner(), run, 0).unwrap()).await.0.len());
    }
    assert_eq!((kept[..4].iter().sum::<usize>(), kept[4..].iter().sum::<usize>()), (0, 16));
}

#[tokio::test]
async fn past_its_limit_a_stream_ends_the_run() {
    let house = House::new();
    house.scribe().await;
    // Also for a guest that does not listen.
    house.stubborn("go", |guest| async move {
        for _ in 0..STREAM_BYTES / (1 << 20) + 1 {
            drop(guest.text(&"x".repeat(1 << 20)).await);
        }
        said("I do not care")
    });
    house.script("also", |guest| async move {
        let mut pieces = 0_u64;
        loop {
            match guest.host.stream(GuestPiece::Text(String::new())) {
                Push::Ended(end) => return Err(GuestFailure::Ended(end)),
                Push::Wait(rest) => rest.await,
                Push::Taken => {}
            }
            pieces += 1;
            assert!(pieces < STREAM_BYTES / 16, "empty pieces are not free");
        }
    });
    for action in ["go", "also"] {
        let viewer = house.start(action).await;
        let run = viewer.run();
        drop(viewer);
        house.idle().await;
        let report = ended(house.kernel.run_follow(&owner(), run, u64::MAX).unwrap()).await.1;
        assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::StreamLimit, "{action}");
    }
}

#[tokio::test]
async fn log_lines_over_the_limit_are_dropped_and_counted() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        for _ in 0..2_000 {
            let line = GuestPiece::Log { level: LogLevel::Info, text: "y".repeat(1 << 10) };
            if let Push::Wait(rest) = guest.host.stream(line) {
                rest.await;
            }
        }
        said("done")
    });
    let (chunks, report) = ended(house.start("go").await).await;
    assert_eq!(chunks.len() as u64 + report.usage.log_dropped, 2_000);
    assert_eq!(chunks.len(), 1_024);
    assert!(report.summary.failure.is_none());
}

#[tokio::test]
async fn everything_of_a_run_stands_in_one_order() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/work/a.txt", "a");
    house.script("go", |guest| async move {
        guest.text("before").await?;
        guest.read("work/a.txt").await.map_err(threw)?;
        guest.text("after").await?;
        let data =
            GuestPiece::Data { topic: "t".into(), payload: serde_json::json!([1]), renderer: Some("table".into()) };
        assert!(matches!(guest.host.stream(data), Push::Taken));
        said("done")
    });
    let (chunks, _) = ended(house.start("go").await).await;
    let kinds: Vec<_> = chunks
        .iter()
        .map(|chunk| match &chunk.chunk {
            Chunk::Text { text } => text.as_str(),
            Chunk::Progress { .. } => "progress",
            Chunk::Data { topic, .. } => topic.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["before", "progress", "after", "t"]);
    assert_eq!(texts(&chunks), ["before", "after"]);
}

#[tokio::test]
async fn a_viewer_can_be_cancelled_between_two_chunks() {
    let house = House::new();
    streaming(&house, 5).await;
    let mut viewer: Viewer = house.start("go").await;
    let mut seen = Vec::new();
    loop {
        // Polled once and dropped, again and again: a chunk counts as read when it is returned.
        let polled = futures_util::FutureExt::now_or_never(viewer.next());
        match polled {
            Some(Seen::Chunk(chunk)) => seen.push(chunk.seq),
            Some(Seen::End(_)) => break,
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}
