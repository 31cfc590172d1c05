//! HTTP to a server: each request is decided for the run that it is for, said before it goes, and counted.

use crate::client::{HttpBody, HttpError, HttpSender};
use broker::{NetworkDemand, WebUrl};
use bytes::Bytes;
use egress::{Bounds, Client, Outgoing};
use futures_util::{StreamExt as _, future::BoxFuture, stream};
use http::{Method, Request, Response};
use kernel::program::{WayEnd, WayOut};
use parking_lot::Mutex;
use protocol::{Arg, sentence};
use std::sync::Arc;

/// Bytes of one answer, which may be a stream of many messages.
const BODY_BYTES_MAX: usize = 64 << 20;

/// The header that says what is asked for, and what asks for news.
const METHOD_HEADER: &str = "mcp-method";
const LISTEN: &str = "subscriptions/listen";

/// Sends for one run.
pub(super) struct RunSender {
    pub(super) client: Arc<Client>,
    pub(super) way: Arc<dyn WayOut>,
}

/// Sends what belongs to no call in particular: for the run that began last, and what the server tells by itself for the app, as
/// that goes on when all runs have ended.
#[derive(Default)]
pub(super) struct LastSender {
    last: Mutex<Option<Arc<RunSender>>>,
    standing: Mutex<Option<Arc<RunSender>>>,
}

impl LastSender {
    pub(super) fn set(&self, sender: Arc<RunSender>) {
        *self.last.lock() = Some(sender);
    }

    /// The sender of the app itself, which is made anew where the one before has come to its end.
    fn standing(&self) -> Option<Arc<RunSender>> {
        let mut standing = self.standing.lock();
        if standing.as_ref().is_none_or(|known| known.way.lease().check().is_err()) {
            let known = standing.take().or_else(|| self.last.lock().clone())?;
            let way = known.way.standing()?;
            *standing = Some(Arc::new(RunSender { client: known.client.clone(), way }));
        }
        standing.clone()
    }
}

/// Whether it is asked for what the server has to tell, as long as it has.
fn is_listening(request: &Request<Bytes>) -> bool {
    let method = request.headers().get(METHOD_HEADER);
    request.method() == Method::GET || method.is_some_and(|method| method == LISTEN)
}

impl HttpSender for LastSender {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        let last = self.last.lock().clone();
        let is_over = last.as_ref().is_none_or(|last| last.way.lease().check().is_err());
        let standing = if is_listening(&request) || is_over { self.standing() } else { None };
        Box::pin(async move {
            let none = || HttpError { why: "there is no run that it would be for".to_owned(), unheard: true };
            let Some(standing) = standing else { return last.ok_or_else(none)?.send(request).await };
            let again = request.clone();
            match standing.send(request).await {
                // An app that is switched off may still be looked at, and a person be asked: then it is heard as long as the run goes on.
                Err(HttpError { unheard: true, .. }) if !is_over => last.ok_or_else(none)?.send(again).await,
                sent => sent,
            }
        })
    }
}

impl HttpSender for RunSender {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        Box::pin(self.send_one(request))
    }
}

impl RunSender {
    async fn send_one(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let unheard = |why: String| HttpError { why, unheard: true };
        let (head, body) = request.into_parts();
        let url = WebUrl::parse(&head.uri.to_string()).map_err(|error| unheard(error.to_string()))?;
        let demand = NetworkDemand::new(head.method.as_str(), url, &body, false);
        let permit = match self.way.permit(demand).await {
            Ok(permit) => permit,
            Err(denied) => {
                let why = denied.message();
                self.way.ended(None, WayEnd::Denied(denied));
                return Err(unheard(why));
            }
        };
        let (target, shown) = (permit.demand().target(), permit.demand().url.shown());
        let bytes = Arg::Bytes(body.len() as u64);
        let is_sending = !permit.demand().is_reading();
        if is_sending {
            let said = sentence::http_will_send(bytes.clone(), &shown, head.method.as_str());
            if !self.way.intent(&permit, said).await {
                return Err(unheard("what was about to be sent could not be written down".to_owned()));
            }
        }
        let outgoing = Outgoing { headers: head.headers, body };
        let answered = self.client.send(&permit, outgoing, &Bounds::server(BODY_BYTES_MAX)).await;
        if is_sending {
            let end = match &answered {
                Ok(answer) => {
                    WayEnd::Done(sentence::http_sent(bytes, &shown, head.method.as_str(), u32::from(answer.status)))
                }
                Err(failed) if failed.may_have_sent => {
                    WayEnd::Unknown(sentence::connection_failed(&target, failed.error.to_string()))
                }
                Err(failed) => WayEnd::NotDone(sentence::connection_failed(&target, failed.error.to_string())),
            };
            self.way.ended(Some(&target), end);
        }
        let answer =
            answered.map_err(|failed| HttpError { why: failed.error.to_string(), unheard: !failed.may_have_sent })?;
        let mut response = Response::builder().status(answer.status);
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers.clone();
        }
        let pieces = stream::unfold(Some((answer, permit)), |state| async {
            let (mut answer, permit) = state?;
            match answer.piece().await {
                Ok(None) => None,
                Ok(Some(piece)) => Some((Ok(piece), Some((answer, permit)))),
                Err(error) => Some((Err(HttpError::new(error.to_string())), None)),
            }
        });
        response.body(pieces.boxed()).map_err(|error| HttpError::new(error.to_string()))
    }
}
