//! The threads that guests run on, and nobody else: an endless loop can slow other guests, never a door or a Stop.
//!
//! A small executor with one queue. A guest that used up its tick goes to the end of the queue, so that any number of
//! endless loops leave room for the next run.

use crate::ticker::Ticker;
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

type GuestFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long a thread that ran out of guests looks for the next one before it rests. To rest and be woken costs a run more
/// than this on a virtual machine, and runs come in rows: a person's click is several, a loop is thousands.
const LINGER: Duration = Duration::from_micros(30);

/// Waits for someone to wake it.
const RESTING: u8 = 0;
/// In the queue.
const QUEUED: u8 = 1;
/// Being polled.
const POLLED: u8 = 2;
/// Being polled, and woken meanwhile.
const POLLED_AND_WOKEN: u8 = 3;
/// Done.
const OVER: u8 = 4;

struct Task {
    future: Mutex<Option<GuestFuture>>,
    state: AtomicU8,
    queue: Arc<Queue>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        loop {
            let (from, to) = match self.state.load(SeqCst) {
                RESTING => (RESTING, QUEUED),
                POLLED => (POLLED, POLLED_AND_WOKEN),
                _ => return,
            };
            if self.state.compare_exchange(from, to, SeqCst, SeqCst).is_ok() {
                if to == QUEUED {
                    let queue = self.queue.clone();
                    queue.push(self);
                }
                return;
            }
        }
    }
}

impl Task {
    fn poll(self: Arc<Self>) {
        self.state.store(POLLED, SeqCst);
        let waker = Waker::from(self.clone());
        let mut slot = self.future.lock();
        let Some(future) = slot.as_mut() else { return };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker))));
        match polled {
            Ok(polled) if polled.is_pending() => {
                drop(slot);
                if self.state.compare_exchange(POLLED, RESTING, SeqCst, SeqCst).is_err() {
                    self.state.store(QUEUED, SeqCst);
                    let queue = self.queue.clone();
                    queue.push(self);
                }
            }
            over => {
                self.state.store(OVER, SeqCst);
                // Whoever waits for the end sees that its sender is gone.
                let future = slot.take();
                drop(slot);
                if over.is_err() {
                    tracing::error!("a guest's host code panicked; the guest is dropped");
                }
                drop(catch_unwind(AssertUnwindSafe(|| drop(future))));
            }
        }
    }
}

#[derive(Default)]
struct Waiting {
    tasks: VecDeque<Arc<Task>>,
    /// Threads that rest, the last to rest on top: it is the one with a guest's memory still in its core's cache.
    resting: Vec<Arc<Condvar>>,
    closing: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    /// How many tasks wait, to be read without the lock.
    length: AtomicUsize,
    /// A thread looks for the next guest; it is the only one that does.
    lingering: AtomicBool,
}

impl Queue {
    fn push(&self, task: Arc<Task>) {
        let mut waiting = self.waiting.lock();
        if !waiting.closing {
            waiting.tasks.push_back(task);
            self.length.store(waiting.tasks.len(), SeqCst);
            // A thread that lingers takes one guest. It looks once more, with the lock held, before it rests.
            let is_expected = waiting.tasks.len() == 1 && self.lingering.load(SeqCst);
            let thread = if is_expected { None } else { waiting.resting.pop() };
            drop(waiting);
            if let Some(thread) = thread {
                thread.notify_one();
            }
        }
    }

    fn take(&self, waiting: &mut Waiting) -> Option<Arc<Task>> {
        let task = waiting.tasks.pop_front();
        self.length.store(waiting.tasks.len(), SeqCst);
        task
    }

    /// Looks for the next guest for a moment, if no other thread does.
    fn linger(&self) {
        if self.lingering.swap(true, SeqCst) {
            return;
        }
        // A thread waits for itself here and decides nothing, so the clock is the machine's.
        let began = Instant::now();
        while self.length.load(SeqCst) == 0 && began.elapsed() < LINGER {
            std::hint::spin_loop();
        }
        self.lingering.store(false, SeqCst);
    }

    fn turn(&self, ticker: &Ticker) {
        let rest = Arc::new(Condvar::new());
        loop {
            self.linger();
            let task = {
                let mut waiting = self.waiting.lock();
                loop {
                    if let Some(task) = self.take(&mut waiting) {
                        break task;
                    }
                    if waiting.closing {
                        return;
                    }
                    // Woken for nothing, it may still be among the resting.
                    if !waiting.resting.iter().any(|thread| Arc::ptr_eq(thread, &rest)) {
                        waiting.resting.push(rest.clone());
                    }
                    rest.wait(&mut waiting);
                }
            };
            let _computing = ticker.compute();
            task.poll();
        }
    }
}

/// The threads.
pub(crate) struct GuestThreads {
    queue: Arc<Queue>,
    handles: Vec<thread::JoinHandle<()>>,
}

/// Starts guests on the threads; does not keep them alive.
#[derive(Clone)]
pub(crate) struct GuestSpawner(Arc<Queue>);

impl GuestThreads {
    pub(crate) fn start(count: usize, ticker: &Arc<Ticker>) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let mut handles = Vec::with_capacity(count);
        for number in 0..count.max(1) {
            let (queue, ticker) = (queue.clone(), ticker.clone());
            let thread = thread::Builder::new().name(format!("guest-{number}"));
            handles.push(thread.spawn(move || queue.turn(&ticker))?);
        }
        Ok(Self { queue, handles })
    }

    pub(crate) fn spawner(&self) -> GuestSpawner {
        GuestSpawner(self.queue.clone())
    }

    /// Ends the threads after what is in the queue was polled once more.
    pub(crate) fn close(&mut self) {
        let resting = {
            let mut waiting = self.queue.waiting.lock();
            waiting.closing = true;
            std::mem::take(&mut waiting.resting)
        };
        for thread in resting {
            thread.notify_one();
        }
        for handle in self.handles.drain(..) {
            // One of them may be the one that drops the last runner.
            if handle.thread().id() != thread::current().id() && handle.join().is_err() {
                tracing::error!("a guest thread panicked");
            }
        }
    }
}

impl GuestSpawner {
    /// Puts a guest at the end of the queue.
    pub(crate) fn spawn(&self, future: GuestFuture) {
        let task = Task { future: Mutex::new(Some(future)), state: AtomicU8::new(QUEUED), queue: self.0.clone() };
        self.0.push(Arc::new(task));
    }
}
