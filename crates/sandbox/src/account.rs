//! A guest's future with its account: what it computes is charged, and it is dropped where its lease ends.

use broker::{Lease, LeaseEnd, LeaseEnded};
use futures_util::future::BoxFuture;
use rustix::time::{ClockId, clock_gettime};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::oneshot;

/// CPU time of this thread.
fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Why a guest was dropped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its lease ended.
    Lease(LeaseEnd),
    /// It used up the CPU time of an activation.
    Cpu,
}

/// Who pays.
pub(crate) enum Account {
    /// A run's lease.
    Lease(Lease, LeaseEnded),
    /// An activation: microseconds that are left, and parts of one.
    Activation { left_ns: u64 },
}

impl Account {
    pub(crate) fn lease(lease: Lease) -> Self {
        let ended = lease.ended();
        Self::Lease(lease, ended)
    }

    fn charge(&mut self, ns: u64, fraction_ns: &mut u64) -> Result<(), Cut> {
        match self {
            Self::Lease(lease, _) => {
                let ns = ns + *fraction_ns;
                *fraction_ns = ns % 1_000;
                lease.charge_guest_cpu_us(ns / 1_000).map_err(Cut::Lease)
            }
            Self::Activation { left_ns } => {
                *left_ns = left_ns.saturating_sub(ns);
                if *left_ns == 0 { Err(Cut::Cpu) } else { Ok(()) }
            }
        }
    }
}

/// What is still to be done on the guest's thread when whoever waits knows how it ended.
pub(crate) type Afterwards = Box<dyn FnOnce() + Send>;

/// A guest on its threads. Sends how it ended, after everything that it had of its host is gone.
pub(crate) struct Accounted<T> {
    guest: Option<BoxFuture<'static, (T, Option<Afterwards>)>>,
    account: Account,
    fraction_ns: u64,
    sender: Option<oneshot::Sender<Result<T, Cut>>>,
}

impl<T> Accounted<T> {
    pub(crate) fn new(
        guest: BoxFuture<'static, (T, Option<Afterwards>)>,
        account: Account,
    ) -> (Self, oneshot::Receiver<Result<T, Cut>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { guest: Some(guest), account, fraction_ns: 0, sender: Some(sender) }, receiver)
    }

    /// Whether it must not go on: nobody waits for it, or its lease has ended.
    fn cut(&mut self, cx: &mut Context<'_>) -> Option<Result<(), Cut>> {
        if self.sender.as_mut().is_none_or(|sender| sender.poll_closed(cx).is_ready()) {
            return Some(Ok(()));
        }
        match &mut self.account {
            Account::Lease(_, ended) => match Pin::new(ended).poll(cx) {
                Poll::Ready(end) => Some(Err(Cut::Lease(end))),
                Poll::Pending => None,
            },
            Account::Activation { .. } => None,
        }
    }

    fn end(&mut self, how: Result<T, Cut>) -> Poll<()> {
        self.guest = None;
        if let Some(sender) = self.sender.take() {
            // Nobody may wait any more; then nobody needs to know.
            drop(sender.send(how));
        }
        Poll::Ready(())
    }
}

// Nothing in it is pinned but what is boxed.
impl<T> Unpin for Accounted<T> {}

impl<T: Send> Future for Accounted<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.cut(cx) {
            Some(Err(cut)) => return self.end(Err(cut)),
            Some(Ok(())) => {
                self.guest = None;
                self.sender = None;
                return Poll::Ready(());
            }
            None => {}
        }
        let Some(guest) = self.guest.as_mut() else { return Poll::Ready(()) };
        let before_ns = thread_cpu_ns();
        let polled = guest.as_mut().poll(cx);
        let used_ns = thread_cpu_ns().saturating_sub(before_ns);
        let this = &mut *self;
        let charged = this.account.charge(used_ns, &mut this.fraction_ns);
        match (polled, charged) {
            // What has come to its end has come to its end, even if it took too long at the last.
            (Poll::Ready((ended, afterwards)), _) => {
                let over = self.end(Ok(ended));
                if let Some(afterwards) = afterwards {
                    afterwards();
                }
                over
            }
            (Poll::Pending, Err(cut)) => self.end(Err(cut)),
            (Poll::Pending, Ok(())) => Poll::Pending,
        }
    }
}
