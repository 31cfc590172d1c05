//! A guest's future with its account: what it computes is charged, and it is dropped where its lease ends.

use broker::{Lease, LeaseEnd, LeaseEnded};
use futures_util::future::BoxFuture;
use rustix::time::{ClockId, clock_gettime};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;

/// CPU time of this thread.
fn thread_cpu_ns() -> u64 {
    let time = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
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
    /// An activation, and what is left for it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use broker::Broker;
    use futures_util::{FutureExt as _, future::pending};
    use protocol::{Caller, DeviceId, Door, Limits, OwnerId, Rights, RunId, Zone};
    use std::{sync::Arc, task::Waker};
    use testkit::{TestClock, TestEntropy};

    fn lease() -> (Broker, Lease) {
        let broker = Broker::new(Zone::Local, vec![]);
        let (owner, device) = (OwnerId::LOCAL, DeviceId(Default::default()));
        let caller = Caller { owner, device, door: Door::Terminal, rights: Rights::OWNER, client: None };
        let run = RunId::new(&TestClock::new(), &TestEntropy::seeded(1));
        let lease = broker.lease_open(caller, &"tester".parse().expect("a name"), run, Limits::default(), 0);
        (broker, lease)
    }

    fn poll<T: Send>(guest: &mut Accounted<T>) -> Poll<()> {
        Pin::new(guest).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_lease_is_charged_to_the_microsecond() {
        let (_broker, lease) = lease();
        let mut account = Account::lease(lease.clone());
        let mut fraction_ns = 0;
        for (ns, us, left_ns) in [(1_500, 1, 500), (499, 1, 999), (1, 2, 0), (3_000, 5, 0)] {
            account.charge(ns, &mut fraction_ns).expect("far below the limit");
            assert_eq!((lease.guest_cpu_us(), fraction_ns), (us, left_ns));
        }
    }

    #[test]
    fn an_activation_has_what_it_has() {
        let mut account = Account::Activation { left_ns: 10 };
        assert_eq!(account.charge(9, &mut 0), Ok(()));
        assert_eq!(account.charge(1, &mut 0), Err(Cut::Cpu));
        assert_eq!(account.charge(u64::MAX, &mut 0), Err(Cut::Cpu));
    }

    #[test]
    fn what_computes_too_long_is_dropped() {
        let held = Arc::new(());
        let holds = held.clone();
        let guest = pending::<()>().map(move |()| drop(holds)).map(|()| ((), None));
        let (mut guest, mut ended) = Accounted::new(guest.boxed(), Account::Activation { left_ns: 1_000_000 });
        let polls = (0..10_000_000).position(|_| poll(&mut guest).is_ready()).expect("each poll takes its time");
        assert!(polls > 1);
        assert_eq!(ended.try_recv().expect("told"), Err(Cut::Cpu));
        assert_eq!(Arc::strong_count(&held), 1, "the guest is gone");
    }

    #[test]
    fn what_it_says_is_sent_before_what_is_left_to_do() {
        let (mut guest, mut ended) = {
            let (said, heard) = std::sync::mpsc::channel();
            let afterwards: Afterwards = Box::new(move || said.send("done").expect("somebody listens"));
            let guest = async move { (heard, Some(afterwards)) };
            Accounted::new(guest.boxed(), Account::Activation { left_ns: 1_000_000_000 })
        };
        assert_eq!(poll(&mut guest), Poll::Ready(()));
        let heard = ended.try_recv().expect("told").expect("in time");
        assert_eq!(heard.try_recv(), Ok("done"));
        assert_eq!(poll(&mut guest), Poll::Ready(()), "and that was all");
    }

    #[test]
    fn a_guest_ends_with_its_lease() {
        let (broker, lease) = lease();
        let (mut guest, mut ended) = Accounted::new(pending::<((), _)>().boxed(), Account::lease(lease.clone()));
        assert!(poll(&mut guest).is_pending());
        broker.lease_close(lease.run());
        assert!(poll(&mut guest).is_ready());
        assert_eq!(ended.try_recv().expect("told"), Err(Cut::Lease(LeaseEnd::Finished)));
    }

    #[test]
    fn a_guest_that_nobody_waits_for_ends() {
        let (mut guest, ended) =
            Accounted::new(pending::<((), _)>().boxed(), Account::Activation { left_ns: 1_000_000_000 });
        assert!(poll(&mut guest).is_pending());
        drop(ended);
        assert!(poll(&mut guest).is_ready());
    }
}
