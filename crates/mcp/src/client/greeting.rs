//! How a session begins: which revision and transport a server speaks, and the greeting of the old ones.

use super::{
    Call, CallError, Known, OpenError, Refusal, Revision, Server, Style,
    attending::{Patience, Running, attend},
    carrier::{Asking, Carrier, Fault},
    core::Core,
    door::{Door, broken},
    message,
    paired::Paired,
    streamable::Streamable,
};
use serde_json::{Map, Value, json};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

const DISCOVER: &str = "server/discover";
/// How often it is asked, where it says that it speaks another revision that stands alone.
const PROBES: usize = 3;
const INITIALIZE: &str = "initialize";

/// A server that was greeted, and what carries messages to it.
pub(crate) struct Link {
    pub(crate) carrier: Arc<dyn Carrier>,
    pub(crate) server: Server,
}

/// What the probe found.
enum Probed {
    Modern(Server),
    /// It speaks, and older revisions.
    Old,
}

/// A program. Whether it speaks the newest revision is asked first; some old ones never answer that, some end.
pub(crate) async fn program(core: &Arc<Core>, lines: Arc<dyn Carrier>) -> Result<Link, OpenError> {
    if core.options.known.is_some_and(|known| !known.revision.is_stateless()) {
        let server = greet(core, lines.as_ref(), Style::Lines).await?;
        return Ok(Link { carrier: lines, server });
    }
    let probe_ms = core.options.bounds.probe_ms;
    let server = {
        let mut probe = pin!(probe(core, lines.as_ref(), Style::Lines, core.options.bounds.open_ms));
        match tokio::time::timeout(Duration::from_millis(probe_ms), &mut probe).await {
            Ok(probed) => match probed {
                Ok(Probed::Modern(server)) => Some(server),
                Ok(Probed::Old) => None,
                Err(OpenError::Failed(CallError::Gone { .. })) => return Err(OpenError::EndedAtProbe),
                Err(error) => return Err(error),
            },
            // Perhaps it is only slow to start: whichever it answers first counts.
            Err(_) => {
                let mut greeting = pin!(greet(core, lines.as_ref(), Style::Lines));
                tokio::select! {
                    biased;
                    Ok(Probed::Modern(server)) = &mut probe => Some(server),
                    greeted = &mut greeting => Some(greeted?),
                }
            }
        }
    };
    let server = match server {
        Some(server) => server,
        None => greet(core, lines.as_ref(), Style::Lines).await?,
    };
    core.settle(server.revision);
    Ok(Link { carrier: lines, server })
}

/// A server behind an address: as it is known, and from the beginning where that has changed.
pub(crate) async fn web(core: &Arc<Core>, door: &Arc<Door>, known: Option<Known>) -> Result<Link, OpenError> {
    match (found(core, door, known).await, known) {
        (Err(OpenError::Failed(CallError::Authorization(error))), _) => Err(CallError::Authorization(error).into()),
        (Err(_), Some(_)) => found(core, door, None).await,
        (found, _) => found,
    }
}

/// The newest way first, then the greeting, then the old transport.
async fn found(core: &Arc<Core>, door: &Arc<Door>, known: Option<Known>) -> Result<Link, OpenError> {
    if door.web.sse_only || known.is_some_and(|known| known.style == Style::Sse) {
        return paired(core, door).await;
    }
    let carrier: Arc<dyn Carrier> = Arc::new(Streamable::new(core, door));
    if known.is_none_or(|known| known.revision.is_stateless()) {
        match probe(core, carrier.as_ref(), Style::Streamable, core.options.bounds.probe_ms).await {
            Ok(Probed::Modern(server)) => {
                core.settle(server.revision);
                return Ok(Link { carrier, server });
            }
            Ok(Probed::Old) => {}
            // What old ones say who never heard of the question, or do not say.
            Err(OpenError::Failed(CallError::Status { status: 400..=499, .. } | CallError::Slow { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    match greet(core, carrier.as_ref(), Style::Streamable).await {
        Ok(server) => {
            core.settle(server.revision);
            carrier.greeted();
            Ok(Link { carrier, server })
        }
        Err(OpenError::Failed(first @ CallError::Status { status: 400 | 404 | 405, .. })) => {
            // What the first way said is the better reason, where the second leads nowhere either.
            paired(core, door).await.map_err(|_| OpenError::Failed(first))
        }
        Err(error) => Err(error),
    }
}

async fn paired(core: &Arc<Core>, door: &Arc<Door>) -> Result<Link, OpenError> {
    let carrier: Arc<dyn Carrier> = Arc::new(Paired::open(core, door).await?);
    let server = greet(core, carrier.as_ref(), Style::Sse).await?;
    core.settle(server.revision);
    Ok(Link { carrier, server })
}

/// Asks which revisions a server speaks, as the newest one has it.
async fn probe(core: &Arc<Core>, carrier: &dyn Carrier, style: Style, patience_ms: u64) -> Result<Probed, OpenError> {
    let mut revision = Revision::LATEST;
    for _ in 0..PROBES {
        let params = json!({ "_meta": core.standing(revision, None) });
        let refusal = match ask(core, carrier, DISCOVER, params, patience_ms).await? {
            Ok(result) => return discovered(&result, style),
            Err(refusal) => refusal,
        };
        if !refusal.is_modern() {
            return Ok(Probed::Old);
        }
        if refusal.code != Refusal::UNSUPPORTED_REVISION {
            return Err(CallError::Refused { method: DISCOVER.to_owned(), refusal }.into());
        }
        let offered = refusal.offered();
        match best(&offered) {
            Some(other) if other.is_stateless() => revision = other,
            Some(_) => return Ok(Probed::Old),
            None => return Err(OpenError::NoRevision { offered }),
        }
    }
    Err(OpenError::NoRevision { offered: Vec::new() })
}

fn discovered(result: &Value, style: Style) -> Result<Probed, OpenError> {
    let offered: Vec<_> = result["supportedVersions"].as_array().into_iter().flatten().collect();
    let offered: Vec<_> = offered.into_iter().filter_map(Value::as_str).map(str::to_owned).collect();
    match best(&offered) {
        // Some old ones answer whatever they do not know with nothing.
        None if offered.is_empty() => Ok(Probed::Old),
        Some(revision) if revision.is_stateless() => Ok(Probed::Modern(said(result, revision, style))),
        Some(_) => Ok(Probed::Old),
        None => Err(OpenError::NoRevision { offered }),
    }
}

fn best(offered: &[String]) -> Option<Revision> {
    offered.iter().filter_map(|word| Revision::parse(word)).max()
}

fn said(result: &Value, revision: Revision, style: Style) -> Server {
    let info = match &result["serverInfo"] {
        Value::Null => &result["_meta"]["io.modelcontextprotocol/serverInfo"],
        info => info,
    };
    Server {
        revision,
        style,
        info: info.clone(),
        capabilities: result["capabilities"].clone(),
        instructions: result["instructions"].as_str().map(str::to_owned),
    }
}

/// The greeting that all revisions but the newest begin with.
async fn greet(core: &Arc<Core>, carrier: &dyn Carrier, style: Style) -> Result<Server, OpenError> {
    let mut params = Map::new();
    params.insert("protocolVersion".into(), Revision::LATEST_GREETED.word().into());
    params.insert("capabilities".into(), core.options.abilities.to_json(Revision::LATEST_GREETED));
    params.insert("clientInfo".into(), core.options.client.to_json());
    let outcome = ask(core, carrier, INITIALIZE, params.into(), core.options.bounds.open_ms).await?;
    let result = outcome.map_err(|refusal| CallError::Refused { method: INITIALIZE.to_owned(), refusal })?;
    let word = result["protocolVersion"].as_str().unwrap_or_default();
    let Some(revision) = Revision::parse(word).filter(|revision| !revision.is_stateless()) else {
        return Err(OpenError::NoRevision { offered: vec![word.to_owned()] });
    };
    core.settle(revision);
    core.in_time(carrier.tell(message::notice("notifications/initialized", Value::Null))).await?;
    Ok(said(&result, revision, style))
}

/// A request before there is a session. It is never taken back: the protocol forbids that for the greeting.
async fn ask(
    core: &Arc<Core>,
    carrier: &dyn Carrier,
    method: &str,
    params: Value,
    patience_ms: u64,
) -> Result<Result<Value, Refusal>, OpenError> {
    let open = core.open(method, &Call::unattended())?;
    let _running = Running { core, open: open.clone(), carrier, answered: true };
    let asking =
        Asking { open, method: method.to_owned(), params, arguments: None, sender: None, mirrored: Vec::new() };
    let patience = Patience { silent_ms: patience_ms, most_ms: patience_ms };
    let answered = attend(core, carrier, &asking, &CancellationToken::new(), patience).await;
    match answered {
        Ok(Ok(said)) => Ok(Ok(said.read().ok_or_else(|| broken(method, "it says what cannot be read"))?)),
        Ok(Err(refusal)) => Ok(Err(refusal)),
        Err(Fault::Call(error)) => Err(error.into()),
        Err(Fault::SessionLost) => Err(CallError::Status { method: method.to_owned(), status: 404 }.into()),
    }
}
