//! HTTP to a server: each request is decided for the run that it is for, said before it goes, and counted.

use crate::client::{HttpBody, HttpError, HttpSender};
use broker::{NetworkDemand, WebUrl};
use bytes::Bytes;
use egress::{Bounds, Client, Outgoing};
use futures_util::{StreamExt as _, future::BoxFuture, stream};
use http::{Request, Response};
use kernel::program::{WayEnd, WayOut};
use parking_lot::Mutex;
use protocol::{Arg, sentence};
use std::sync::Arc;

/// Bytes of one answer, which may be a stream of many messages.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Sends for one run.
pub(super) struct RunSender {
    pub(super) client: Arc<Client>,
    pub(super) way: Arc<dyn WayOut>,
}

/// Sends for the run that began last: what belongs to no call in particular.
#[derive(Default)]
pub(super) struct LastSender(Mutex<Option<Arc<RunSender>>>);

impl LastSender {
    pub(super) fn set(&self, sender: Arc<RunSender>) {
        *self.0.lock() = Some(sender);
    }
}

impl HttpSender for LastSender {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        let sender = self.0.lock().clone();
        Box::pin(async move {
            match sender {
                Some(sender) => sender.send(request).await,
                None => Err(HttpError { why: "there is no run that it would be for".to_owned(), unheard: true }),
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
