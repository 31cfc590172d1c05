//! One request of plain HTTP and its answer. Both are read and written anew: what the host hears is what was understood here, with
//! the `Host` that was allowed, and the line ends with the answer. Whatever the program says after its request goes nowhere: it
//! opens another way, and that is decided on like the first.

use super::{Line, TunnelOutcome, Warden, carry::stillness, live::Open, program::Program, watched::Watched};
use crate::{EgressError, HEAD_BYTES_MAX, HEADERS_MAX, client::http_error};
use hyper::{
    HeaderMap, Request, Response, Version,
    body::Incoming,
    client::conn::http1 as to_host,
    header::{CONNECTION, EXPECT, HOST, HeaderName, HeaderValue},
    server::conn::http1 as to_program,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::{
    convert::Infallible,
    io::{self, Cursor},
};
use tokio::{
    io::{AsyncReadExt as _, join, split},
    net::TcpStream,
};

/// Headers that say how a message is moved, or that are for a proxy: none of them goes from one side to the other.
const HEADERS_OF_A_LINE: [&str; 11] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Sends the request that the program has begun to say, and says the answer to it. `path`: where to at the host, if the
/// request says it with the host. Ends with whether the answer has begun, and how it went.
pub(super) async fn exchange<L: Line>(
    program: &mut Program<L>,
    host: &mut TcpStream,
    (open, warden): (&Open, &dyn Warden),
    path: Option<&str>,
    idle_ms: u64,
) -> (bool, Result<(), TunnelOutcome>) {
    let mut builder = to_host::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX).preserve_header_case(true);
    let line = TokioIo::new(Watched { line: host, open, warden });
    let (sender, host_side) = match builder.handshake::<_, Incoming>(line).await {
        Ok(both) => both,
        Err(error) => return (false, Err(failed(open, &error))),
    };
    // There is one request; whoever finds nobody to send by is another one.
    let (sender, ended) = (Mutex::new(Some(sender)), Mutex::new(Ended::default()));
    let service = service_fn(|request: Request<Incoming>| {
        let (sender, ended) = (sender.lock().take(), &ended);
        async move {
            let (Some(mut sender), Some(request)) = (sender, request_for_host(request, path, open)) else {
                return Err(no_answer());
            };
            let answer = sender.send_request(request).await;
            answer
                .map_err(|error| failed(open, &error))
                .and_then(|answer| answer_for_program(answer, open))
                .map_or_else(
                    |outcome| {
                        ended.lock().why = Some(outcome);
                        Err(no_answer())
                    },
                    |answer| {
                        ended.lock().is_answered = true;
                        Ok(answer)
                    },
                )
        }
    });
    let mut builder = to_program::Builder::new();
    // Who says no more still hears. A head that is there as a whole was looked at already.
    builder.keep_alive(false).half_close(true).auto_date_header(false).preserve_header_case(true);
    builder.max_buf_size(2 * HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let said = Cursor::new(std::mem::take(&mut program.said));
    let (from_program, to_program) = split(&mut program.held.line);
    let line = TokioIo::new(join(said.chain(from_program), to_program));
    let program_side = builder.serve_connection(line, service);
    let host_side = async {
        // Whatever ends it is heard of by whoever waits for the answer.
        drop(host_side.await);
        std::future::pending::<Infallible>().await
    };
    let passed = tokio::select! {
        served = program_side => served.map_err(|_| TunnelOutcome::Broken),
        never = host_side => match never {},
        () = stillness(open, idle_ms) => Err(TunnelOutcome::Idle { after_ms: idle_ms }),
    };
    let Ended { why, is_answered } = ended.into_inner();
    match why {
        Some(why) => (false, Err(why)),
        None if !is_answered => (false, passed.and(Err(TunnelOutcome::Broken))),
        None => (true, passed),
    }
}

#[derive(Default)]
struct Ended {
    why: Option<TunnelOutcome>,
    is_answered: bool,
}

fn no_answer() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

fn failed(open: &Open, error: &hyper::Error) -> TunnelOutcome {
    // The program's own body came to no end.
    if error.is_user() { TunnelOutcome::Broken } else { TunnelOutcome::Failed(http_error(open.authority(), error)) }
}

/// The request as the host hears it, for the host that was allowed.
fn request_for_host(request: Request<Incoming>, path: Option<&str>, open: &Open) -> Option<Request<Incoming>> {
    let (mut head, body) = request.into_parts();
    if let Some(path) = path {
        head.uri = path.parse().ok()?;
    }
    head.version = Version::HTTP_11;
    between_lines(&mut head.headers);
    // Its body is taken at once, which the program is told.
    head.headers.remove(EXPECT);
    head.headers.insert(HOST, HeaderValue::try_from(open.authority()).ok()?);
    Some(Request::from_parts(head, body))
}

fn answer_for_program(answer: Response<Incoming>, open: &Open) -> Result<Response<Incoming>, TunnelOutcome> {
    let (mut head, body) = answer.into_parts();
    // Nobody asked for another protocol.
    if head.status.is_informational() {
        let why = "what it sends is not HTTP";
        return Err(TunnelOutcome::Failed(EgressError::Broken { host: open.authority(), why }));
    }
    head.version = Version::HTTP_11;
    between_lines(&mut head.headers);
    Ok(Response::from_parts(head, body))
}

/// Takes away what is about the line that a message came by, and says that the next line ends with this message.
fn between_lines(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HEADERS_OF_A_LINE {
        headers.remove(HeaderName::from_static(name));
    }
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}
