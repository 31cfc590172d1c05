//! Whether requests can be answered now. Anybody may ask, so one look at the store is under way at a time, nobody waits long
//! for it, and what it saw serves for a moment.

use parking_lot::Mutex;
use std::{future::Future, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

/// How long a look serves: whoever watches over a process asks every few seconds.
const SERVES: Duration = Duration::from_secs(1);
/// How long a look may take: a disk that needs longer answers nobody either.
const LOOK_WAIT: Duration = Duration::from_secs(2);

type Seen = Option<(Instant, Result<(), String>)>;

/// The last look, or the one that is under way.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<watch::Receiver<Seen>>>);

impl Readiness {
    /// What is seen now. `look` may wait for the disk.
    pub(crate) fn seen(
        &self,
        look: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> impl Future<Output = Result<(), String>> + Send + 'static {
        let mut last = self.0.lock();
        let serves = last.as_ref().filter(|seen| match &*seen.borrow() {
            Some((at, _)) => at.elapsed() < SERVES,
            // Under way, unless whoever looked broke off.
            None => seen.has_changed().is_ok(),
        });
        let mut seen = serves.cloned().unwrap_or_else(|| {
            let (sender, seen) = watch::channel(None);
            tokio::task::spawn_blocking(move || {
                let looked = look();
                sender.send_replace(Some((Instant::now(), looked)))
            });
            last.insert(seen).clone()
        });
        drop(last);
        async move {
            let seen = timeout(LOOK_WAIT, seen.wait_for(Option::is_some)).await;
            let seen = seen.map_err(|_| "the store does not answer in time".to_owned())?;
            let seen = seen.map_err(|_| "nobody could look at the store".to_owned())?;
            seen.as_ref().map_or(Ok(()), |(_, seen)| seen.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    };

    #[tokio::test]
    async fn a_disk_that_stands_still_takes_one_thread_and_nobody_waits_for_it() {
        let (readiness, looks) = (Readiness::default(), Arc::new(AtomicUsize::new(0)));
        let (go_on, stands_still) = mpsc::channel::<()>();
        let stands_still = Arc::new(Mutex::new(stands_still));
        let look = || {
            let (looks, stands_still) = (looks.clone(), stands_still.clone());
            move || {
                looks.fetch_add(1, SeqCst);
                stands_still.lock().recv().map_err(|error| error.to_string())
            }
        };
        let all = futures_util::future::join_all((0..100).map(|_| readiness.seen(look()))).await;
        assert!(all.iter().all(|seen| seen == &Err("the store does not answer in time".to_owned())), "{all:?}");
        assert_eq!(looks.load(SeqCst), 1);
        go_on.send(()).expect("is heard");
        assert_eq!(readiness.seen(look()).await, Ok(()), "the same look, which has come to its end");
        assert_eq!(looks.load(SeqCst), 1);
    }
}
