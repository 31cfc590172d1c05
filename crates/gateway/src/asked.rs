//! One request on its way through: dispatch, and the answer as JSON or as events.

use crate::{
    Arrival, Doors, FRAMES_WAITING_MAX, Refusal,
    auth::Admitted,
    bodies::{AnswerBody, Link, Page, SEQ_MAX},
    doors::revoked,
    extract::OCTET_STREAM,
    serve::Place,
    stream::{STILL_HERE, event, is_last},
};
use axum::{
    body::{Body, Bytes},
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use protocol::{
    ErrorCode, Failure,
    api::{Frame, Request},
    sha256,
};
use std::{convert::Infallible, future::pending, pin::Pin, time::Duration};
use tokio::sync::mpsc;

/// How often a stream without news says that it is still there.
const STILL_HERE_EVERY: Duration = Duration::from_secs(15);
/// What a stream of events is called.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// The last event that a client got before its stream broke off.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Who asks, how, and what for an answer they understand.
pub(crate) struct Asked {
    doors: Doors,
    admitted: Admitted,
    arrival: Arrival,
    place: Option<Place>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl FromRequestParts<Doors> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, doors: &Doors) -> Result<Self, Refusal> {
        // Put there before any route is looked at.
        let (Some(admitted), Some(arrival)) = (parts.extensions.get::<Admitted>(), parts.extensions.get()) else {
            return Err(Failure::new(ErrorCode::Unauthenticated, "nobody said who asks").into());
        };
        Ok(Self {
            doors: doors.clone(),
            admitted: admitted.clone(),
            arrival: *arrival,
            place: parts.extensions.get().cloned(),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
        })
    }
}

impl Asked {
    /// The last event that the client got before its stream broke off. What is no number was never the id of an event:
    /// whoever says it would get everything again, and take it for new.
    pub(crate) fn last_event_id(&self) -> Result<Option<u64>, Refusal> {
        let Some(said) = self.headers.get(LAST_EVENT_ID) else { return Ok(None) };
        let text = said.to_str().unwrap_or_default().trim();
        text.parse().ok().filter(|seq| *seq <= SEQ_MAX).map(Some).ok_or_else(|| {
            Failure::new(ErrorCode::InvalidInput, format!("Last-Event-ID is a number from 0 to {SEQ_MAX}"))
                .hint("the id of the last event that came, or no such header")
                .into()
        })
    }

    /// Asks, and answers with what comes at the end, as JSON.
    pub(crate) async fn answer<B: AnswerBody>(self, request: Request) -> Response {
        self.page::<B>(request, &Page::default()).await
    }

    /// Asks for a list, and answers with a page of it.
    pub(crate) async fn page<B: AnswerBody>(self, request: Request, page: &Page) -> Response {
        let answered = async {
            let over = self.over()?;
            let (frames, _watcher) = self.ask(request)?;
            tokio::select! {
                // First: with it, what is asked comes to no end of its own.
                biased;
                () = over => Err(revoked().into()),
                answer = whole::<B>(frames) => answer,
            }
        };
        match answered.await {
            Ok(body) => self.json(body, page).unwrap_or_else(IntoResponse::into_response),
            Err(refusal) => refusal.into_response(),
        }
    }

    /// Asks for an address that lets a browser in, and has it end with what the caller came in by.
    pub(crate) async fn entry(self, request: Request) -> Response {
        let answered = async {
            let (frames, _watcher) = self.ask(request)?;
            let link = whole::<Link>(frames).await?;
            self.doors.access()?.entry_bind(&link.url, &self.admitted);
            self.json(link, &Page::default())
        };
        answered.await.unwrap_or_else(IntoResponse::into_response)
    }

    /// Asks, and answers with a text that has a form of its own.
    pub(crate) async fn text<B: AnswerBody + Into<String>>(self, request: Request, kind: &'static str) -> Response {
        let answered = async {
            let over = self.over()?;
            let (frames, _watcher) = self.ask(request)?;
            tokio::select! {
                // First: with it, what is asked comes to no end of its own.
                biased;
                () = over => Err(revoked().into()),
                answer = whole::<B>(frames) => answer,
            }
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        match answered.await {
            Ok(body) => (headers, body.into()).into_response(),
            Err(refusal) => refusal.into_response(),
        }
    }

    /// Asks, and answers with bytes as they come. Whoever shows them gets no page of ours: they are foreign.
    pub(crate) async fn bytes(self, request: Request) -> Response {
        let asked = self.over().and_then(|over| Ok((self.ask(request)?, over)));
        let ((mut frames, watcher), mut over) = match asked {
            Ok(asked) => asked,
            Err(refusal) => return refusal.into_response(),
        };
        // What is refused at once is refused with a status.
        let first = tokio::select! {
            biased;
            () = &mut over => return Refusal::from(revoked()).into_response(),
            first = frames.recv() => first,
        };
        let first = match first {
            Some(Frame::Failed { failure }) => return Refusal::from(failure).into_response(),
            Some(frame) => frame,
            None => return Refusal::from(no_end()).into_response(),
        };
        let pieces = futures_util::stream::unfold(Some((Some(first), frames, over)), move |state| {
            // Held until the stream is dropped.
            let _held = &watcher;
            async move {
                let (first, mut frames, mut over) = state?;
                let next = match first {
                    Some(first) => Some(first),
                    None => tokio::select! {
                        biased;
                        () = &mut over => Some(Frame::Failed { failure: revoked() }),
                        next = frames.recv() => next,
                    },
                };
                match next {
                    Some(Frame::Piece(bytes)) => Some((Ok(Bytes::from(bytes)), Some((None, frames, over)))),
                    Some(Frame::Done { .. }) => None,
                    // The connection breaks off: less than all must not look like all.
                    _ => Some((Err(std::io::Error::other("the bytes broke off")), None)),
                }
            }
        });
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(OCTET_STREAM)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (headers, Body::from_stream(pieces)).into_response()
    }

    /// Asks, and answers with each step as it comes, if the client understands events; else as JSON with the end.
    pub(crate) async fn stream_or<B: AnswerBody>(self, request: Request) -> Response {
        let said = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match said.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == EVENT_STREAM) {
            true => self.stream(request).await,
            false => self.answer::<B>(request).await,
        }
    }

    /// Asks, and answers with each step as it comes.
    pub(crate) async fn stream(self, request: Request) -> Response {
        let is_hello = matches!(request, Request::Hello);
        let asked = self.over().and_then(|over| Ok((self.ask(request)?, over)));
        let ((mut frames, watcher), mut over) = match asked {
            Ok(asked) => asked,
            Err(refusal) => return refusal.into_response(),
        };
        // What is refused at once is refused with a status.
        let first = tokio::select! {
            biased;
            () = &mut over => return Refusal::from(revoked()).into_response(),
            first = frames.recv() => first,
        };
        let first = match first {
            Some(Frame::Failed { failure }) => return Refusal::from(failure).into_response(),
            Some(frame) => frame,
            None => return Refusal::from(no_end()).into_response(),
        };
        // A client that is about to ask stays in sight: whoever serves does not go away under it. It takes no place
        // among the requests meanwhile, or visitors could keep each other from asking.
        let visit = match (&self.place, is_hello && self.arrival == Arrival::Socket) {
            (Some(place), true) => {
                place.leave();
                self.doors.visit()
            }
            _ => None,
        };
        let stays = visit.is_some();
        let events = futures_util::stream::unfold(Some((Some(first), frames, over)), move |state| {
            // Held until the stream is dropped.
            let _held = (&watcher, &visit);
            async move {
                let (first, mut frames, mut over) = state?;
                let next = match first {
                    Some(first) => Ok(Some(first)),
                    None => tokio::select! {
                        biased;
                        // Nothing more is told to whoever came in by what is revoked, however much there is to tell.
                        () = &mut over => {
                            (frames, over) = (silent(), Box::pin(pending()));
                            Ok(Some(Frame::Failed { failure: revoked() }))
                        }
                        next = tokio::time::timeout(STILL_HERE_EVERY, frames.recv()) => next,
                    },
                };
                match next {
                    Err(_) => Some((Ok::<_, Infallible>(Bytes::from_static(STILL_HERE)), Some((None, frames, over)))),
                    Ok(None) => None,
                    Ok(Some(frame)) => {
                        let is_last = is_last(&frame);
                        let bytes = event(&frame).unwrap_or_else(|error| {
                            tracing::error!(%error, "a frame could not be written");
                            STILL_HERE.to_vec()
                        });
                        // A visit ends with the client, that is, with its process at the latest.
                        let frames = if is_last && stays { silent() } else { frames };
                        let rest = Some((None, frames, over));
                        let rest = if is_last && !stays { None } else { rest };
                        Some((Ok(bytes.into()), rest))
                    }
                }
            }
        });
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, Body::from_stream(events)).into_response()
    }

    /// Comes back when what the caller came in by holds no longer.
    fn over(&self) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, Refusal> {
        let access = self.doors.access()?;
        Ok(access.over(&self.admitted))
    }

    /// Hands the request on.
    fn ask(
        &self,
        request: Request,
    ) -> Result<(mpsc::Receiver<Frame>, Option<tokio::sync::OwnedSemaphorePermit>), Refusal> {
        let watcher = self.doors.watcher(&request, self.arrival)?;
        let (frames, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
        self.doors.ask(&self.admitted, request, frames)?;
        Ok((waiting, watcher))
    }

    fn json<B: AnswerBody>(&self, mut body: B, page: &Page) -> Result<Response, Refusal> {
        let next = body.turn(page)?;
        let bytes = serde_json::to_vec(&body).map_err(|error| {
            Failure::new(ErrorCode::Internal, "the answer could not be made").log(error.to_string())
        })?;
        if bytes == b"null" {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let mut headers = HeaderMap::new();
        if let Some(next) = next {
            let limit = page.limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
            let link = format!("<{}?after={next}{limit}>; rel=\"next\"", self.uri.path());
            headers.extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        if matches!(self.method, Method::GET | Method::HEAD) {
            let tag = format!("\"{}\"", sha256(&bytes).short());
            let known = self.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
            let is_known =
                known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag || one.trim() == "*"));
            headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
            if is_known {
                return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
            }
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok((headers, bytes).into_response())
    }
}

/// Waits for the end of an answer.
async fn whole<B: AnswerBody>(mut frames: mpsc::Receiver<Frame>) -> Result<B, Refusal> {
    loop {
        match frames.recv().await {
            Some(Frame::Done { reply }) => {
                return B::of(reply).ok_or_else(|| {
                    Failure::new(ErrorCode::Internal, "the answer was of another kind than the question").into()
                });
            }
            Some(Frame::Failed { failure }) => return Err(failure.into()),
            // All others come before it.
            Some(_) => {}
            None => return Err(no_end().into()),
        }
    }
}

fn no_end() -> Failure {
    Failure::new(ErrorCode::Internal, "the answer ended before its end").hint("oikos doctor")
}

/// A stream on which nothing is ever said, and which never ends.
fn silent() -> mpsc::Receiver<Frame> {
    let (sender, receiver) = mpsc::channel(1);
    // Kept by a task that ends when the stream is dropped.
    tokio::spawn(async move { sender.closed().await });
    receiver
}
