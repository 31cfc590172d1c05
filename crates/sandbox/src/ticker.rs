//! The thread that lets guests be interrupted, and that looks at the clocks of runs.
//!
//! While a guest computes, it raises the engines' epoch every few milliseconds; at each tick a guest gives its thread
//! back. While runs are alive but none computes, it wakes only to look at their wall and idle clocks. With no run at all
//! it does not wake: an idle daemon has nothing to do.

use broker::Lease;
use parking_lot::{Condvar, Mutex};
use protocol::Clock;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};
use wasmtime::Engine;

/// How long a guest may compute before it gives its thread back: short beside what a person notices, long beside what
/// giving back costs (a microsecond).
const TICK: Duration = Duration::from_millis(2);
/// How often wall and idle clocks are looked at; they count in seconds.
const SWEEP: Duration = Duration::from_millis(50);
/// Ticks without a computing guest after which the fast tick ends. Waking this thread costs a run several microseconds,
/// so runs that follow each other find it awake.
const LINGER_TICKS: u32 = 25;

/// What the ticker looks at.
pub(crate) struct Ticker {
    clock: Arc<dyn Clock>,
    engines: Mutex<Vec<Engine>>,
    /// Guests that are being polled right now.
    computing: AtomicU32,
    live: Mutex<HashMap<u64, Lease>>,
    last: AtomicU64,
    /// The fast tick has ended.
    asleep: AtomicBool,
    closing: Mutex<bool>,
    wake: Condvar,
}

impl Ticker {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            engines: Mutex::default(),
            computing: AtomicU32::new(0),
            live: Mutex::default(),
            last: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            closing: Mutex::new(false),
            wake: Condvar::new(),
        })
    }

    /// From now on guests of this engine can be interrupted.
    pub(crate) fn engine_add(&self, engine: Engine) {
        self.engines.lock().push(engine);
    }

    /// A run has begun; its clocks are looked at until the guard goes.
    pub(crate) fn run_watch(self: &Arc<Self>, lease: Lease) -> Watched {
        let number = self.last.fetch_add(1, SeqCst);
        self.live.lock().insert(number, lease);
        Watched { ticker: self.clone(), number }
    }

    /// A guest is being polled until the guard goes.
    pub(crate) fn compute(&self) -> Computing<'_> {
        self.computing.fetch_add(1, SeqCst);
        if self.asleep.load(SeqCst) {
            let _closing = self.closing.lock();
            self.wake.notify_one();
        }
        Computing(self)
    }

    /// Ends every run with `why`.
    pub(crate) fn end_all(&self, why: broker::LeaseEnd) {
        let leases: Vec<_> = self.live.lock().values().cloned().collect();
        for lease in leases {
            lease.end(why);
        }
    }

    /// Runs that are alive.
    pub(crate) fn live(&self) -> usize {
        self.live.lock().len()
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        *self.closing.lock() = true;
        self.wake.notify_one();
    }

    fn sweep(&self) {
        let now_ns = self.clock.monotonic_ns();
        // An ending lease wakes whoever waits for it, so that happens outside of the lock.
        let leases: Vec<_> = self.live.lock().values().cloned().collect();
        for lease in leases {
            lease.sweep(now_ns);
        }
    }

    fn turn(&self) {
        let (mut quiet, mut since_sweep) = (0, Duration::ZERO);
        loop {
            let mut closing = self.closing.lock();
            if *closing {
                return;
            }
            if quiet < LINGER_TICKS {
                self.wake.wait_for(&mut closing, TICK);
                since_sweep += TICK;
                if self.computing.load(SeqCst) > 0 {
                    quiet = 0;
                    for engine in self.engines.lock().iter() {
                        engine.increment_epoch();
                    }
                } else {
                    quiet += 1;
                }
            } else {
                self.asleep.store(true, SeqCst);
                // A guest that began before this line is seen here; one that begins after it sees `asleep`.
                if self.computing.load(SeqCst) == 0 && !*closing {
                    if self.live.lock().is_empty() {
                        self.wake.wait(&mut closing);
                    } else {
                        self.wake.wait_for(&mut closing, SWEEP);
                        since_sweep += SWEEP;
                    }
                }
                self.asleep.store(false, SeqCst);
                if self.computing.load(SeqCst) > 0 {
                    quiet = 0;
                }
            }
            drop(closing);
            if since_sweep >= SWEEP {
                since_sweep = Duration::ZERO;
                self.sweep();
            }
        }
    }
}

/// Starts the thread.
pub(crate) fn ticker_start(ticker: &Arc<Ticker>) -> std::io::Result<thread::JoinHandle<()>> {
    let ticker = ticker.clone();
    thread::Builder::new().name("guest-ticker".to_owned()).spawn(move || ticker.turn())
}

/// A run whose clocks are looked at.
pub(crate) struct Watched {
    ticker: Arc<Ticker>,
    number: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.ticker.live.lock().remove(&self.number);
    }
}

/// A guest that is being polled.
pub(crate) struct Computing<'a>(&'a Ticker);

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        self.0.computing.fetch_sub(1, SeqCst);
    }
}
