//! All tunnels of one program, and what stops them.

use super::{
    Line, Listen, TunnelBounds, Warden,
    bounds::{ACCEPT_PAUSE_MS, LOOK_EVERY_MS, STOP_MS},
    live::Live,
    serve::Core,
};
use crate::{connect::Way, usage::Book};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// The tunnels of one program. Dropped, it closes them all.
pub struct Tunnels {
    core: Arc<Core>,
    stop: watch::Sender<bool>,
    /// A place for each connection at once.
    places: Arc<Semaphore>,
}

impl Tunnels {
    pub(crate) fn new(way: Arc<Way>, book: Arc<Book>, warden: Arc<dyn Warden>, bounds: TunnelBounds) -> Self {
        let (stop, stopped) = watch::channel(false);
        let places = Arc::new(Semaphore::new(bounds.connections as usize));
        let core = Arc::new(Core { way, book, warden, bounds, live: Live::default(), stop: stopped });
        tokio::spawn(look_again(core.clone()));
        Self { core, stop, places }
    }

    /// Lets in what comes from a listener, until everything stops.
    pub fn listen(&self, listener: impl Listen) {
        tokio::spawn(let_in(self.core.clone(), self.places.clone(), listener));
    }

    /// Takes a connection that was made elsewhere. `false`: there is no place for it, and it is closed.
    pub fn take(&self, line: impl Line) -> bool {
        if *self.stop.borrow() {
            return false;
        }
        let place = self.places.clone().try_acquire_owned();
        place.map(|place| begin(&self.core, line, place)).is_ok()
    }

    /// Looks at once whether all that is open would still be allowed. It is looked at again and again anyway; whoever takes
    /// a grant back need not wait for that.
    pub fn look(&self) {
        self.core.live.look(&*self.core.warden, &self.core.book);
    }

    /// Tunnels that are open.
    pub fn count(&self) -> usize {
        self.core.live.count()
    }

    /// Cuts everything off, and comes back when all of it is recorded. `false`: something has not ended in time.
    pub async fn stop(&self) -> bool {
        self.stop.send_replace(true);
        let all = self.places.acquire_many(self.core.bounds.connections);
        timeout(Duration::from_millis(STOP_MS), all).await.is_ok()
    }
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn begin(core: &Arc<Core>, line: impl Line, place: OwnedSemaphorePermit) {
    let core = core.clone();
    tokio::spawn(async move {
        core.serve(line).await;
        drop(place);
    });
}

async fn let_in(core: Arc<Core>, places: Arc<Semaphore>, listener: impl Listen) {
    let accept = async {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut begun = 0;
        loop {
            if begun >= core.bounds.begun_per_second {
                second.tick().await;
                begun = 0;
            }
            // Further ones wait at the door. It is closed never: who holds the semaphore holds it open.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok(line) => begin(&core, line, place),
                Err(error) => {
                    tracing::debug!(%error, "a program could not be let in to its proxy");
                    sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
            begun += 1;
        }
    };
    tokio::select! {
        biased;
        () = core.stopped() => {}
        () = accept => {}
    }
}

async fn look_again(core: Arc<Core>) {
    let look = async {
        loop {
            core.live.some().await;
            sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
            core.live.look(&*core.warden, &core.book);
        }
    };
    tokio::select! {
        biased;
        () = core.stopped() => {}
        () = look => {}
    }
}
