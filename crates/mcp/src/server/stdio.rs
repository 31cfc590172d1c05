//! The server over a program's pipes: one client, one line for each message, both kinds of revisions.

use super::{
    dispatch::{Attached, From, Inner, Reply, Server},
    household::{Client, ProtocolError},
    http::{MESSAGE_BYTES_MAX, cancelled_id, notified},
    json::Members,
    listen,
    message::{self, INVALID_REQUEST, Id, Incoming},
    revision::{CAPABILITIES_KEY, VERSION_KEY, meta_of},
    running::Next,
    session::Session,
};
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use std::{collections::HashMap, io, sync::Arc};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

/// Messages that wait to be written. A client that does not read holds up its own calls, which wait here.
const WRITES_MAX: usize = 64;
/// Requests that are being answered at once.
const RUNNING_MAX: usize = 256;

impl Server {
    /// Serves one client until it closes its end, or its credential is revoked.
    pub async fn serve_pipes<R, W>(&self, client: Client, input: R, output: W) -> io::Result<()>
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(WRITES_MAX);
        let writer = tokio::spawn(write(output, receiver));
        let over = client.revoked.child_token();
        let pipe = Pipe {
            inner: Arc::clone(&self.inner),
            client: Client { revoked: over.clone(), ..client },
            sender,
            alone: Arc::default(),
            session: None,
        };
        let ended = over.clone();
        let served = tokio::select! {
            served = pipe.serve(BufReader::new(input)) => served,
            () = ended.cancelled() => Ok(()),
        };
        // What is still being done for this client is over with it; answers that were given are written.
        over.cancel();
        let written = writer.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        served.and(written)
    }
}

async fn write<W: AsyncWrite + Unpin>(mut output: W, mut messages: mpsc::Receiver<Bytes>) -> io::Result<()> {
    while let Some(message) = messages.recv().await {
        let is_one_line = !message.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        if is_one_line {
            output.write_all(&message).await?;
        } else {
            // Between the tokens of JSON an end of line is a space, and within them there is none.
            let line: Vec<u8> =
                message.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
            output.write_all(&line).await?;
        }
        output.write_all(b"\n").await?;
        if messages.is_empty() {
            output.flush().await?;
        }
    }
    output.flush().await
}

/// A line without its end. `Ok(None)`: there are no more. `Err`: it was too long, and is skipped.
async fn line<R: AsyncBufRead + Unpin>(input: &mut R, line: &mut Vec<u8>) -> io::Result<Option<Result<(), ()>>> {
    line.clear();
    let mut is_too_long = false;
    loop {
        let available = input.fill_buf().await?;
        if available.is_empty() {
            return Ok((!line.is_empty()).then_some(Ok(())));
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let piece = &available[..end.unwrap_or(available.len())];
        if line.len() + piece.len() > MESSAGE_BYTES_MAX {
            is_too_long = true;
            line.clear();
        } else if !is_too_long {
            line.extend_from_slice(piece);
        }
        let taken = end.map_or(available.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() {
            return Ok(Some(if is_too_long { Err(()) } else { Ok(()) }));
        }
    }
}

struct Pipe {
    inner: Arc<Inner>,
    client: Client,
    sender: mpsc::Sender<Bytes>,
    /// Requests that stand alone and are being answered, so that they can be given up.
    alone: Arc<Mutex<HashMap<Id, CancellationToken>>>,
    session: Option<Arc<Session>>,
}

impl Pipe {
    async fn serve<R: AsyncBufRead + Unpin>(mut self, mut input: R) -> io::Result<()> {
        let mut bytes = Vec::new();
        while let Some(read) = line(&mut input, &mut bytes).await? {
            let sent = match read {
                Err(()) => {
                    let error = ProtocolError::new(INVALID_REQUEST, "a message has at most 4 MiB");
                    self.send(message::failure(None, &error)).await
                }
                Ok(()) if bytes.iter().all(u8::is_ascii_whitespace) => Ok(()),
                Ok(()) => self.received(&bytes).await,
            };
            if sent.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn send(&self, message: Bytes) -> Result<(), ()> {
        self.sender.send(message).await.map_err(|_| ())
    }

    async fn received(&mut self, bytes: &[u8]) -> Result<(), ()> {
        match message::read(bytes) {
            Err((id, error)) => self.send(message::failure(id.as_ref(), &error)).await,
            Ok(Incoming::Response { id, result }) => {
                if let Some(session) = &self.session {
                    session.answered(&id, result);
                }
                Ok(())
            }
            Ok(Incoming::Notification { method, params }) => {
                if let Some(session) = &self.session {
                    notified(session, &method, params);
                }
                if method == "notifications/cancelled"
                    && let Some(cancel) = cancelled_id(params).and_then(|id| self.alone.lock().remove(&id))
                {
                    cancel.cancel();
                }
                Ok(())
            }
            Ok(Incoming::Request { id, method, params }) => self.requested(id, &method, params).await,
        }
    }

    async fn requested(&mut self, id: Id, method: &str, params: Option<&RawValue>) -> Result<(), ()> {
        let meta = match meta_of(params) {
            Ok(meta) => meta,
            Err(error) => return self.send(message::failure(Some(&id), &error)).await,
        };
        let says_all = |meta: &Members| meta.get(VERSION_KEY).is_some() || meta.get(CAPABILITIES_KEY).is_some();
        let is_alone = meta.as_ref().is_some_and(says_all) || method == "server/discover";
        if method == "initialize" && !is_alone {
            return self.initialize(&id, params).await;
        }
        if !is_alone && self.session.is_none() {
            let error = ProtocolError::new(INVALID_REQUEST, "a session begins with initialize");
            return self.send(message::failure(Some(&id), &error)).await;
        }
        if self.alone.lock().contains_key(&id) {
            let error = ProtocolError::new(INVALID_REQUEST, "a request with this id is being answered");
            return self.send(message::failure(Some(&id), &error)).await;
        }
        let session = self.session.as_ref().filter(|_| !is_alone);
        if method == "completion/complete" {
            return self.complete(id, params, meta, session.cloned()).await;
        }
        let from = From { client: &self.client, session, headers: None };
        match self.inner.answer(from, &id, method, params, meta).await {
            Reply::Now(result) => self.send(message::answer(&id, &result)).await,
            Reply::Running(attached) => {
                if let Err(error) = self.note(&id, session, attached.running.cancel.clone()) {
                    attached.running.cancel.cancel();
                    return self.send(message::failure(Some(&id), &error)).await;
                }
                tokio::spawn(forward(Forwarding {
                    inner: Arc::clone(&self.inner),
                    client: self.client.clone(),
                    session: session.cloned(),
                    alone: Arc::clone(&self.alone),
                    sender: self.sender.clone(),
                    id,
                    attached,
                }));
                Ok(())
            }
            Reply::Listening(mut listening) => {
                let cancel = self.client.revoked.child_token();
                if let Err(error) = self.note(&id, None, cancel.clone()) {
                    return self.send(message::failure(Some(&id), &error)).await;
                }
                let (sender, alone) = (self.sender.clone(), Arc::clone(&self.alone));
                self.send(listening.acknowledged()).await?;
                tokio::spawn(async move {
                    let telling = async {
                        while let Some(told) = listening.next().await {
                            for message in told {
                                if sender.send(message).await.is_err() {
                                    return;
                                }
                            }
                        }
                    };
                    tokio::select! {
                        () = telling => {}
                        () = cancel.cancelled() => {}
                    }
                    alone.lock().remove(&id);
                });
                Ok(())
            }
        }
    }

    /// An app's server may take its time for it: the line stays open for others.
    async fn complete(
        &self,
        id: Id,
        params: Option<&RawValue>,
        meta: Option<Members>,
        session: Option<Arc<Session>>,
    ) -> Result<(), ()> {
        let cancel = self.client.revoked.child_token();
        if let Err(error) = self.note(&id, None, cancel.clone()) {
            return self.send(message::failure(Some(&id), &error)).await;
        }
        let (inner, client, sender) = (Arc::clone(&self.inner), self.client.clone(), self.sender.clone());
        let (params, alone) = (params.map(ToOwned::to_owned), Arc::clone(&self.alone));
        tokio::spawn(async move {
            let from = From { client: &client, session: session.as_ref(), headers: None };
            let answering = inner.answer(from, &id, "completion/complete", params.as_deref(), meta);
            let reply = tokio::select! {
                reply = answering => Some(reply),
                () = cancel.cancelled() => None,
            };
            alone.lock().remove(&id);
            if let Some(Reply::Now(result)) = reply {
                // Who does not read any more gets no answer.
                let _gone = sender.send(message::answer(&id, &result)).await.is_err();
            }
        });
        Ok(())
    }

    /// Remembers what stands alone by its id.
    fn note(&self, id: &Id, session: Option<&Arc<Session>>, cancel: CancellationToken) -> Result<(), ProtocolError> {
        if session.is_some() {
            return Ok(());
        }
        let mut alone = self.alone.lock();
        if alone.len() >= RUNNING_MAX {
            return Err(ProtocolError::new(INVALID_REQUEST, "too many requests are being answered"));
        }
        alone.insert(id.clone(), cancel);
        Ok(())
    }

    async fn initialize(&mut self, id: &Id, params: Option<&RawValue>) -> Result<(), ()> {
        if self.session.is_some() {
            let error = ProtocolError::new(INVALID_REQUEST, "there is a session already");
            return self.send(message::failure(Some(id), &error)).await;
        }
        match self.inner.initialized(params) {
            Err(error) => self.send(message::failure(Some(id), &error)).await,
            Ok((version, capabilities, result)) => {
                let changes = self.inner.household.changes(&self.client);
                let session = Session::new(String::new(), self.client.clone(), version, capabilities, changes);
                self.send(message::response(id, &result)).await?;
                let (sender, told) = (self.sender.clone(), Arc::clone(&session));
                tokio::spawn(async move {
                    let telling = async {
                        let mut changes = told.changes.lock().await;
                        while let Some(changed) = listen::next(&mut changes).await {
                            let messages = listen::in_session(&changed, &told.watches.lock());
                            for message in messages {
                                if sender.send(message).await.is_err() {
                                    return;
                                }
                            }
                        }
                    };
                    tokio::select! {
                        () = telling => {}
                        () = told.ended.cancelled() => {}
                    }
                });
                self.session = Some(session);
                Ok(())
            }
        }
    }
}

struct Forwarding {
    inner: Arc<Inner>,
    client: Client,
    session: Option<Arc<Session>>,
    alone: Arc<Mutex<HashMap<Id, CancellationToken>>>,
    sender: mpsc::Sender<Bytes>,
    id: Id,
    attached: Attached,
}

/// Writes what happens in a call, until its answer.
async fn forward(of: Forwarding) {
    let Forwarding { inner, client, session, alone, sender, id, attached } = of;
    let running = Arc::clone(&attached.running);
    let telling = async {
        let mut from = attached.from;
        loop {
            let next = attached.running.next(from).await;
            if let Next::Message(at, bytes) = next {
                from = at + 1;
                if sender.send(bytes).await.is_err() {
                    return;
                }
            } else if running.cancel.is_cancelled() && matches!(next, Next::Done(Err(_))) {
                // Given up by the client itself, which wants no answer any more.
                return;
            } else if let Some(result) = inner.settle(&client, &attached, next) {
                // The id is free before its answer is out: the client may use it again as soon as it has read that.
                alone.lock().remove(&id);
                if let Some(session) = &session {
                    session.end(&id);
                }
                // Who does not read any more gets no answer.
                let _gone = sender.send(message::answer(&id, &result)).await.is_err();
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = telling => {}
        () = running.cancel.cancelled() => {}
    }
    alone.lock().remove(&id);
}
