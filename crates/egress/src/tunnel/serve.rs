//! One connection of a program, from its first byte to its last: where to, whether it may, what it says first, then bytes.

use super::{
    Dialect, Line, Misspoken, Speech, TunnelBounds, TunnelOutcome, TunnelRecord, Warden,
    bounds::{EARLY_BYTES_MAX, PIECE_BYTES},
    carry::carry,
    exchange::exchange,
    first::{TLS_BEGINS, again, first, first_of, wants_again},
    line::Held,
    live::{Live, Moved, Open},
    program::{Asked, Program},
};
use crate::{
    EgressError,
    connect::{Way, addresses, reach},
    leash::Leash,
    usage::Book,
    wire::{Target, plain_read},
};
use broker::{Decision, Demand as _, Denied, Lease, LeaseEnd, NetworkDemand, Permit};
use protocol::{ErrorCode, Labels, Sentence, sentence};
use std::{future::Future, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

/// What all connections of one program share.
pub(super) struct Core {
    pub(super) way: Arc<Way>,
    pub(super) book: Arc<Book>,
    pub(super) warden: Arc<dyn Warden>,
    pub(super) bounds: TunnelBounds,
    pub(super) live: Live,
    pub(super) stop: watch::Receiver<bool>,
}

/// What is known of a connection so far.
#[derive(Default)]
struct Notes {
    lease: Option<Lease>,
    dialect: Option<Dialect>,
    target: Option<Target>,
    shown: Option<String>,
    address: Option<IpAddr>,
    speech: Option<Speech>,
    rule: Option<Sentence>,
    /// What the run held when it was decided, with what comes from the host.
    labels: Labels,
    moved: Arc<Moved>,
    /// Whether the program hears an answer to its request.
    is_answered: bool,
}

impl Core {
    /// Comes back when everything has to stop.
    pub(super) async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // Whoever could say it is gone: that says it too.
        drop(stop.wait_for(|stop| *stop).await);
    }

    /// Serves one connection, and writes down what it was.
    pub(super) async fn serve(&self, line: impl Line) {
        let clock = self.warden.clock();
        let (began_at, began_ns) = (clock.now(), clock.monotonic_ns());
        let mut notes = Notes::default();
        let outcome = tokio::select! {
            biased;
            () = self.stopped() => TunnelOutcome::Stopped,
            outcome = self.talk(Program::new(line), &mut notes) => outcome,
        };
        self.book.tunnel_end(&outcome);
        self.warden.record(TunnelRecord {
            lease: notes.lease,
            dialect: notes.dialect,
            target: notes.shown,
            host: notes.target.as_ref().map(|target| target.host.to_string()),
            port: notes.target.as_ref().map(|target| target.port),
            address: notes.address,
            speech: notes.speech,
            rule: notes.rule,
            began_at,
            took_ms: clock.monotonic_ns().saturating_sub(began_ns) / 1_000_000,
            bytes_up: notes.moved.up(),
            bytes_down: notes.moved.down(),
            outcome,
        });
    }

    async fn talk<L: Line>(&self, mut program: Program<L>, notes: &mut Notes) -> TunnelOutcome {
        let greeted = within(self.bounds.greeting_ms, program.greet(&mut notes.dialect)).await;
        let slow = || Err(TunnelOutcome::Misspoken(Misspoken::Slow));
        let opened = match greeted.unwrap_or_else(slow) {
            Ok(asked) => {
                notes.target = Some(asked.target().clone());
                self.open(&asked, &mut program, notes).await.map(|(permit, host)| (asked, permit, host))
            }
            Err(outcome) => Err(outcome),
        };
        let (asked, permit, host) = match opened {
            Ok(opened) => opened,
            Err(outcome) => {
                program.refuse(notes.dialect, &outcome).await;
                return outcome;
            }
        };
        let gone = self.go(&asked, &permit, &mut program, host, notes).await;
        match &gone {
            Ok(()) if notes.speech == Some(Speech::Http) => {
                program.part().await;
                program.held.is_whole = true;
            }
            Err(TunnelOutcome::Denied(denied)) => program.refuse_first(&denied.message()).await,
            Err(failed @ TunnelOutcome::Failed(_)) if notes.speech == Some(Speech::Http) && !notes.is_answered => {
                program.refuse(Some(Dialect::Forward), failed).await;
            }
            _ => {}
        }
        gone.err().unwrap_or(TunnelOutcome::Closed)
    }

    /// Asks for the way, finds the host, and connects to it, for as long as the program waits.
    async fn open<L: Line>(
        &self,
        asked: &Asked,
        program: &mut Program<L>,
        notes: &mut Notes,
    ) -> Result<(Permit<NetworkDemand>, Held<TcpStream>), TunnelOutcome> {
        tokio::select! {
            biased;
            opened = self.open_waited_for(asked, notes) => opened,
            () = program.gone() => Err(TunnelOutcome::Broken),
        }
    }

    async fn open_waited_for(
        &self,
        asked: &Asked,
        notes: &mut Notes,
    ) -> Result<(Permit<NetworkDemand>, Held<TcpStream>), TunnelOutcome> {
        let demand = asked.demand().map_err(|_| TunnelOutcome::Misspoken(Misspoken::Target))?;
        let host = demand.target();
        notes.shown = Some(host.clone());
        let lease = self.warden.lease();
        notes.lease = Some(lease.clone());
        if let Some(said) = asked.forward().and_then(|forward| forward.host.as_ref())
            && said != asked.target()
        {
            return Err(not_for_it(&demand, sentence::rule_connection_other(&host, said.to_string())));
        }
        lease.join_labels(self.warden.labels());
        // Before the decision: what is read from now on may be what the decision did not see.
        notes.labels = lease.labels().join(demand.labels());
        let permit = match self.warden.broker().decide(&lease, demand, self.warden.clock().now()) {
            Decision::Permit(permit) => permit,
            Decision::Denied(denied) => return Err(no(denied, &lease)),
            Decision::Ask(ask) => {
                let mut leash = Leash::new(&lease, host.clone(), self.bounds.ask_ms);
                let asked = leash.hold("to be decided on", self.bounds.ask_ms, self.warden.ask(*ask)).await;
                asked.map_err(failed)?.map_err(|denied| no(denied, &lease))?
            }
        };
        notes.rule = Some(permit.basis().rule());
        let mut leash = Leash::new(permit.lease(), host, self.bounds.open_ms);
        let connect_ms = self.bounds.connect_ms;
        let found = addresses(&permit, &*self.way.resolver, connect_ms, &mut leash).await.map_err(failed)?;
        let (address, stream) = reach(&permit, &self.way, found, connect_ms, &mut leash).await.map_err(failed)?;
        notes.address = Some(address);
        Ok((permit, Held::new(stream)))
    }

    /// There is a way: what is said on it first is looked at, then it is carried, or exchanged.
    async fn go<L: Line>(
        &self,
        asked: &Asked,
        permit: &Permit<NetworkDemand>,
        program: &mut Program<L>,
        mut host: Held<TcpStream>,
        notes: &mut Notes,
    ) -> Result<(), TunnelOutcome> {
        let (demand, lease) = (permit.demand(), permit.lease());
        let (speech, bytes) = match asked {
            Asked::Forward(_) => (Speech::Http, 0),
            Asked::Way(_) => self.hear_first(permit, program, notes.dialect).await?,
        };
        notes.speech = Some(speech);
        let will = sentence::connection_will_open(demand.target());
        let noted = within(self.bounds.connect_ms, self.warden.intent(permit, will)).await;
        if noted != Some(true) {
            let why = "what was about to happen could not be written down";
            return Err(TunnelOutcome::Failed(EgressError::Broken { host: demand.target(), why }));
        }
        let address = notes.address.ok_or(TunnelOutcome::Broken)?;
        let open = Arc::new(Open::new(permit, address, notes.labels, notes.moved.clone()));
        let entered = self.live.enter(open, &self.book);
        let open = &*entered.open;
        // The program may have waited with its first words, and what allowed it not.
        open.look(&*self.warden)?;
        let (first_ms, idle_ms) = (self.bounds.first_ms, self.bounds.idle_ms);
        let passed = async {
            if speech == Speech::Http {
                let path = asked.forward().map(|forward| forward.url.path_and_query());
                let watch = (open, &*self.warden);
                let (is_answered, passed) = exchange(program, &mut host.line, watch, path, idle_ms).await;
                notes.is_answered = is_answered;
                return passed;
            }
            let said = self.say_first(permit, program, &mut host, open, (speech, bytes));
            within(first_ms, said).await.ok_or(TunnelOutcome::Idle { after_ms: first_ms })??;
            carry(&mut program.held.line, &mut host.line, open, &*self.warden, idle_ms).await
        };
        let passed = tokio::select! {
            biased;
            why = open.was_cut() => Err(why),
            end = lease.ended() => Err(TunnelOutcome::Ended(end)),
            passed = passed => passed,
        };
        // Cut off, both sides hear that something is missing.
        program.held.is_whole = passed.is_ok();
        host.is_whole = passed.is_ok();
        passed
    }

    /// Says that there is a way, and hears for whom it is used.
    async fn hear_first<L: Line>(
        &self,
        permit: &Permit<NetworkDemand>,
        program: &mut Program<L>,
        dialect: Option<Dialect>,
    ) -> Result<(Speech, usize), TunnelOutcome> {
        let (demand, lease) = (permit.demand(), permit.lease());
        let dialect = dialect.ok_or(TunnelOutcome::Broken)?;
        let begin = async {
            program.accept(dialect).await?;
            Ok::<_, TunnelOutcome>(first_of(program, demand, first).await)
        };
        let first_ms = self.bounds.first_ms;
        let said = tokio::select! {
            biased;
            end = lease.ended() => return Err(TunnelOutcome::Ended(end)),
            said = within(first_ms, begin) => said.ok_or(TunnelOutcome::Idle { after_ms: first_ms })??,
        };
        let (speech, bytes) = match said {
            Some(said) => said.map_err(|rule| not_for_it(demand, rule))?,
            None => return Err(TunnelOutcome::Broken),
        };
        if let Some(denied) = self.denied_credentials(permit, speech, program) {
            return Err(TunnelOutcome::Denied(denied));
        }
        Ok((speech, bytes))
    }

    /// On a way that was asked for, the decision did not see who the program says that it is. In plain HTTP it shows now.
    fn denied_credentials<L: Line>(
        &self,
        permit: &Permit<NetworkDemand>,
        speech: Speech,
        program: &Program<L>,
    ) -> Option<Box<Denied>> {
        let said = (speech == Speech::Http).then(|| plain_read(&program.said))?.ok()??.0;
        let mut demand = permit.demand().clone();
        demand.has_credentials = said.has_credentials;
        match self.warden.broker().decide(permit.lease(), demand, self.warden.clock().now()) {
            Decision::Denied(denied) if denied.rule.code == "rule_brokered" => Some(denied),
            _ => None,
        }
    }

    /// Sends what was looked at. A server that wants another hello gets one that was looked at too.
    async fn say_first<L: Line>(
        &self,
        permit: &Permit<NetworkDemand>,
        program: &mut Program<L>,
        host: &mut Held<TcpStream>,
        open: &Open,
        (speech, bytes): (Speech, usize),
    ) -> Result<(), TunnelOutcome> {
        self.say(program, host, open, bytes).await?;
        if speech != Speech::Http && hear_answer(program, host, open).await? {
            let mut early = 0;
            loop {
                let is_hello = |program: &Program<L>| program.said.first() == Some(&TLS_BEGINS);
                let bytes = match first_of(program, permit.demand(), again).await {
                    // Nothing honest is sealed for the first time in a second hello, and nobody would write it down.
                    Some(Ok((Speech::Sealed, _))) if speech != Speech::Sealed => {
                        let rule = sentence::rule_connection_hidden(permit.demand().target());
                        return Err(not_for_it(permit.demand(), rule));
                    }
                    Some(Ok((_, bytes))) => bytes,
                    Some(Err(rule)) => return Err(not_for_it(permit.demand(), rule)),
                    None => return Err(TunnelOutcome::Broken),
                };
                early += bytes;
                let is_last = is_hello(program);
                self.say(program, host, open, bytes).await?;
                if is_last {
                    break;
                }
                if early > EARLY_BYTES_MAX {
                    return Err(TunnelOutcome::Broken);
                }
            }
        }
        let rest = program.said.len();
        self.say(program, host, open, rest).await
    }

    /// Sends so many bytes of what the program said.
    async fn say<L: Line>(
        &self,
        program: &mut Program<L>,
        host: &mut Held<TcpStream>,
        open: &Open,
        bytes: usize,
    ) -> Result<(), TunnelOutcome> {
        if bytes == 0 {
            return Ok(());
        }
        open.goes_up(bytes, &*self.warden)?;
        host.line.write_all(&program.said[..bytes]).await.map_err(|_| TunnelOutcome::Broken)?;
        program.said.drain(..bytes);
        Ok(())
    }
}

/// What was said first is not for the host that was asked for. No command would change that.
fn not_for_it(demand: &NetworkDemand, rule: Sentence) -> TunnelOutcome {
    let what = demand.sentence();
    TunnelOutcome::Denied(Box::new(Denied { what, rule, command: None, code: ErrorCode::PermissionDenied }))
}

/// Hears what the host says first, and whether it wants to be greeted again. The program hears it too.
async fn hear_answer<L: Line>(
    program: &mut Program<L>,
    host: &mut Held<TcpStream>,
    open: &Open,
) -> Result<bool, TunnelOutcome> {
    let mut answered = Vec::with_capacity(PIECE_BYTES);
    let is_again = loop {
        if let Some(is_again) = wants_again(&answered) {
            break is_again;
        }
        tokio::select! {
            read = host.line.read_buf(&mut answered) => match read {
                Ok(0) => break false,
                Ok(count) => open.came_down(count)?,
                Err(_) => return Err(TunnelOutcome::Broken),
            },
            () = program.gone() => return Err(TunnelOutcome::Broken),
        }
    };
    program.answer(&answered).await?;
    Ok(is_again)
}

async fn within<T>(ms: u64, future: impl Future<Output = T>) -> Option<T> {
    timeout(Duration::from_millis(ms), future).await.ok()
}

fn no(denied: Box<Denied>, lease: &Lease) -> TunnelOutcome {
    match denied.code {
        ErrorCode::LeaseRevoked => TunnelOutcome::Ended(lease.check().err().unwrap_or(LeaseEnd::Finished)),
        _ => TunnelOutcome::Denied(denied),
    }
}

fn failed(error: EgressError) -> TunnelOutcome {
    match error {
        EgressError::Denied(denied) => TunnelOutcome::Denied(denied),
        EgressError::Ended(end) => TunnelOutcome::Ended(end),
        error => TunnelOutcome::Failed(error),
    }
}
