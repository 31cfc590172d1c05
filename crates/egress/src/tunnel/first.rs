//! What a program says first on its way to a host: looked at before a byte of it goes on. It says that it is for this host, or
//! nothing of it is sent.

use super::{Line, Speech, program::Program};
use crate::wire::{Answered, HelloFault, PlainFault, Target, answer_read, hello_read, plain_read};
use broker::{NetworkDemand, WebHost};
use protocol::{Sentence, sentence};

/// What TLS begins with: a record of its handshake.
pub(super) const TLS_BEGINS: u8 = 22;
/// What TLS itself says: another record than a message for the host.
const TLS_CHANGE: u8 = 20;
const TLS_ALERT: u8 = 21;
const TLS_DATA: u8 = 23;

/// What comes next of what a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// So many bytes of it may go on.
    May(Speech, usize),
    /// Nothing of it may, by this rule.
    Not(Sentence),
    /// There is more to come.
    More,
}

/// What is said first, as far as it has come.
pub(super) fn first(said: &[u8], demand: &NetworkDemand) -> First {
    match said.first() {
        None => First::More,
        Some(&TLS_BEGINS) => hello(said, demand),
        // At the port of https there is nothing else.
        Some(_) if demand.url.is_https() && demand.url.has_usual_port() => unclear(demand),
        Some(_) => request(said, demand),
    }
}

fn unclear(demand: &NetworkDemand) -> First {
    let forms: &[&str] = match (demand.url.is_https(), demand.url.has_usual_port()) {
        (true, true) => &["TLS"],
        _ => &["TLS", "HTTP/1.1"],
    };
    let forms: Vec<String> = forms.iter().map(|form| (*form).to_owned()).collect();
    First::Not(sentence::rule_connection_unclear(demand.target(), forms))
}

fn hello(said: &[u8], demand: &NetworkDemand) -> First {
    let hello = match hello_read(said) {
        Ok(None) => return First::More,
        Ok(Some(hello)) => hello,
        Err(HelloFault::Unclear | HelloFault::TooLarge) => return unclear(demand),
    };
    let host = demand.url.host();
    let speech = if hello.is_hidden { Speech::Sealed } else { Speech::Tls };
    let rule = match (host, hello.name) {
        // What is sealed inside is for whom it likes, and a server that many share opens it. Browsers send something that
        // looks the same for show, so that nobody can refuse the one and not the other (RFC 9849).
        _ if hello.is_hidden && !demand.is_any_public() => sentence::rule_connection_hidden(demand.target()),
        (WebHost::Name(host), Some(name)) if *host == name => return First::May(speech, hello.bytes),
        // TLS has no names for addresses (RFC 6066); they were granted as what they are.
        (WebHost::Address(_), None) => return First::May(speech, hello.bytes),
        (_, Some(name)) => sentence::rule_connection_other(demand.target(), name),
        (WebHost::Name(_), None) => sentence::rule_connection_nameless(demand.target()),
    };
    First::Not(rule)
}

fn request(said: &[u8], demand: &NetworkDemand) -> First {
    let host = Target { host: demand.url.host().clone(), port: demand.url.port() };
    match plain_read(said) {
        Ok(None) => First::More,
        Ok(Some((plain, bytes))) if plain.target == host => First::May(Speech::Http, bytes),
        Ok(Some((plain, _))) => First::Not(sentence::rule_connection_other(demand.target(), plain.target.to_string())),
        Err(PlainFault::Nameless) => First::Not(sentence::rule_connection_nameless(demand.target())),
        Err(PlainFault::Unclear | PlainFault::Address | PlainFault::TooLarge) => unclear(demand),
    }
}

/// What a program says after a server wanted another hello: what belongs to TLS goes on, and the hello is looked at again.
pub(super) fn again(said: &[u8], demand: &NetworkDemand) -> First {
    match said {
        [] => First::More,
        [TLS_BEGINS, ..] => hello(said, demand),
        [TLS_CHANGE | TLS_ALERT | TLS_DATA, 3, _, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if rest.len() < length { First::More } else { First::May(Speech::Tls, 5 + length) }
        }
        [TLS_CHANGE | TLS_ALERT | TLS_DATA, ..] if said.len() < 5 => First::More,
        _ => unclear(demand),
    }
}

/// Whether a server wants another hello; `None` if it has not said enough.
pub(super) fn wants_again(answered: &[u8]) -> Option<bool> {
    answer_read(answered).map(|answered| answered == Answered::Again)
}

/// Waits until what is said first can be looked at.
pub(super) async fn first_of<L: Line>(
    program: &mut Program<L>,
    demand: &NetworkDemand,
    look: fn(&[u8], &NetworkDemand) -> First,
) -> Option<Result<(Speech, usize), Sentence>> {
    loop {
        match look(&program.said, demand) {
            First::May(speech, bytes) => return Some(Ok((speech, bytes))),
            First::Not(rule) => return Some(Err(rule)),
            First::More if program.more().await => {}
            First::More => return None,
        }
    }
}
