//! A collector of traces for tests: takes what is sent by OTLP over HTTP, or behaves as those do that have trouble.

use crate::tls::Authority;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use rustls::{ServerConnection, StreamOwned};
use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// How a collector behaves.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// It takes what it gets.
    Takes,
    /// It says this status.
    Says(u16),
    /// It listens and says nothing, for ever.
    Silent,
}

/// What was sent to a collector.
#[derive(Clone)]
pub(crate) struct Message {
    /// The first line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A collector, until the process ends.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<Message>>>,
    manner: Arc<Mutex<Manner>>,
}

/// A span as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Told(pub(crate) Span);

impl Told {
    /// What a field says.
    pub(crate) fn field(&self, key: &str) -> Option<String> {
        field(&self.0.attributes, key)
    }
}

/// What a field says.
pub(crate) fn field(fields: &[KeyValue], key: &str) -> Option<String> {
    let found = fields.iter().find(|field| field.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}

impl Collector {
    pub(crate) fn new(manner: Manner) -> Self {
        Self::at(manner, Some)
    }

    /// One that is spoken to by TLS.
    pub(crate) fn secure(authority: &Authority) -> Self {
        let config = authority.server("127.0.0.1");
        Self::at(Manner::Takes, move |stream| {
            Some(StreamOwned::new(ServerConnection::new(config.clone()).ok()?, stream))
        })
    }

    fn at<S: Read + Write>(manner: Manner, open: impl Fn(TcpStream) -> Option<S> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<Message>>>::default();
        let manner = Arc::new(Mutex::new(manner));
        let (hears, behaves) = (heard.clone(), manner.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), hears, behaves) = (stream, hears.clone(), behaves.clone()) else { return };
                let open = open.clone();
                // Whoever sends may go at any time.
                std::thread::spawn(move || {
                    open(stream).map(|stream| drop(answer(BufReader::new(stream), &hears, &behaves)))
                });
            }
        });
        Self { address, heard, manner }
    }

    /// From the next message on.
    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// All that was sent.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.heard.lock().unwrap().clone()
    }

    /// All that was sent, read as it should be.
    pub(crate) fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let messages = self.messages();
        messages.iter().map(|message| ExportTraceServiceRequest::decode(&*message.body).unwrap()).collect()
    }

    /// All spans that were sent.
    pub(crate) fn spans(&self) -> Vec<Told> {
        let requests = self.requests();
        let resources = requests.into_iter().flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).map(Told).collect()
    }
}

fn answer(
    mut reader: BufReader<impl Read + Write>,
    heard: &Mutex<Vec<Message>>,
    manner: &Mutex<Manner>,
) -> std::io::Result<()> {
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        heard.lock().unwrap().push(Message { head, body });
        let manner = *manner.lock().unwrap();
        let stream = reader.get_mut();
        match manner {
            Manner::Takes => write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?,
            Manner::Says(status) => write!(stream, "HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n")?,
            Manner::Silent => {
                // Until the other side has had enough.
                return reader.read_to_end(&mut Vec::new()).map(drop);
            }
        }
    }
}
