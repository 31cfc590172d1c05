//! What servers send, and what they send on purpose.

use crate::house::{House, PATIENT, QUICK, Server, request_read};
use broker::LeaseEnd;
use egress::{Bounds, EgressError, HeaderMap, HeaderValue, Outgoing};
use protocol::OwnerId;
use std::{
    io::Write as _,
    net::{Shutdown, TcpStream},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// What a person reads when a server does this with each connection.
async fn said(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    said_within(&QUICK, serve).await
}

async fn said_within(bounds: &Bounds, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let server = Server::new(serve);
    let house = House::new(&[&server.target()]);
    let said = match house.get_within(&house.lease(), &server.url("/"), bounds).await {
        Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
        Err(error) => error.to_string(),
    };
    said.replace(&server.target(), "HOST")
}

#[tokio::test]
async fn a_request_is_what_the_permit_says() {
    let (heads, seen) = mpsc::channel();
    let heads = Mutex::new(heads);
    let server = Server::new(move |mut stream| {
        loop {
            let head = request_read(&mut stream);
            if head.is_empty() {
                return;
            }
            heads.lock().unwrap().send(head).unwrap();
            stream.write_all(HELLO.as_bytes()).unwrap();
        }
    });
    let house = House::new(&[&server.target()]);
    let lease = house.lease();
    let permit = house.permit(&lease, "POST", &server.url("/a%20b?c=d#e"), b"tea");
    let mut headers = HeaderMap::new();
    // What says how a message is moved is not the caller's word, whoever calls.
    for name in ["host", "content-length", "transfer-encoding", "connection", "accept-encoding"] {
        headers.insert(name, HeaderValue::from_static("evil"));
    }
    headers.insert("x-own", HeaderValue::from_static("1"));
    let outgoing = Outgoing { headers, body: "tea".into() };
    let answer = house.client.send(&permit, outgoing, &QUICK).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), b"hello");
    let head = seen.recv().unwrap();
    assert!(head.starts_with("POST /a%20b?c=d HTTP/1.1\r\n"), "{head}");
    for line in [
        &*format!("host: {}", server.target()),
        "content-length: 3",
        "accept-encoding: identity",
        "x-own: 1",
        concat!("user-agent: oikos/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(head.lines().any(|known| known == line), "{line}: {head}");
    }
    assert!(!head.contains("evil") && !head.contains("transfer-encoding"), "{head}");
    // A body that was not decided on is not sent.
    let outgoing = Outgoing { body: "coffee".into(), ..Outgoing::default() };
    assert!(!house.client.send(&permit, outgoing, &QUICK).await.err().unwrap().may_have_sent);
    let usage = house.client.usage(OwnerId::LOCAL, &house.app);
    assert_eq!(usage.requests, 1);
    assert!(usage.bytes_in >= 5 && usage.bytes_out > 3, "{usage:?}");
    assert_eq!(lease.host_bytes(), usage.bytes_in + usage.bytes_out);
    assert_eq!(house.client.usages().len(), 1);
    let exchanged = lease.exchanged();
    assert_eq!(exchanged.len(), 1, "by host as well");
    assert_eq!(exchanged[0].host.as_deref(), Some(&*server.target()));
    let used = (exchanged[0].requests, exchanged[0].bytes_out, exchanged[0].bytes_in);
    assert_eq!(used, (1, usage.bytes_out, usage.bytes_in));
}

/// One connection serves the requests of one run, and no other run's.
#[tokio::test]
async fn connections_are_of_one_run() {
    let server = Server::saying(HELLO);
    let house = House::new(&[&server.target()]);
    let (one, other) = (house.lease(), house.lease());
    for _ in 0..3 {
        house.get_in(&one, &server.url("/")).await.unwrap();
    }
    assert_eq!((server.visits(), house.client.waiting()), (1, 1));
    house.get_in(&other, &server.url("/")).await.unwrap();
    assert_eq!((server.visits(), house.client.waiting()), (2, 2));
    house.client.run_end(one.run());
    assert_eq!(house.client.waiting(), 1);
    house.get_in(&one, &server.url("/")).await.unwrap();
    assert_eq!(server.visits(), 3);
}

/// A connection that the other side closed meanwhile costs nobody an answer.
#[tokio::test]
async fn a_connection_that_went_is_opened_again() {
    let server = Server::new(|mut stream| {
        request_read(&mut stream);
        stream.write_all(HELLO.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    });
    let house = House::new(&[&server.target()]);
    let lease = house.lease();
    for _ in 0..5 {
        assert_eq!(house.get_in(&lease, &server.url("/")).await.unwrap().1, b"hello");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_refused_in_our_words() {
    let plain = |answer: &'static str| {
        said(move |mut stream| {
            request_read(&mut stream);
            drop(stream.write_all(answer.as_bytes()));
        })
    };
    assert_eq!(plain(HELLO).await, "200 hello");
    assert_eq!(
        plain("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await,
        "HOST does not answer as HTTP wants it: it ended the connection before its answer was complete"
    );
    assert_eq!(
        plain("").await,
        "HOST does not answer as HTTP wants it: it ended the connection before its answer was complete"
    );
    assert_eq!(plain("SSH-2.0-OpenSSH\r\n").await, "HOST does not answer as HTTP wants it: what it sends is not HTTP");
    for odd in [
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header: \u{0}\r\n\r\n",
    ] {
        let said = plain(odd).await;
        assert!(said.starts_with("HOST does not answer as HTTP wants it"), "{odd:?}: {said}");
    }
    // Half-closed: it says that it will hear no more, and still answers.
    let half = said(|mut stream| {
        request_read(&mut stream);
        stream.shutdown(Shutdown::Read).unwrap();
        stream.write_all(HELLO.as_bytes()).unwrap();
    });
    assert_eq!(half.await, "200 hello");
    // An answer that nobody asked for, and one that comes before the question.
    let early = said(|mut stream| {
        drop(stream.write_all(HELLO.as_bytes()));
        drop(stream.write_all(HELLO.as_bytes()));
        request_read(&mut stream);
    });
    let early = early.await;
    assert!(early.starts_with("200 hello") || early.starts_with("HOST does not"), "{early}");
}

#[tokio::test]
async fn floods_end_at_their_bounds() {
    let endless_headers = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n"));
        while stream.write_all(b"x-flood: 0123456789012345678901234567890123456789\r\n").is_ok() {}
    });
    assert_eq!(endless_headers.await, "HOST sends headers of more than 64.0 KiB");
    let many_headers = said(|mut stream| {
        request_read(&mut stream);
        let headers: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
        drop(stream.write_all(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n").as_bytes()));
    });
    assert!(many_headers.await.starts_with("HOST sends headers of more than"));
    let announced = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"));
    });
    assert_eq!(announced.await, "HOST sends a body of more than 1.0 MiB");
    let endless = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
        let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).is_ok() {}
    });
    assert_eq!(endless.await, "HOST sends a body of more than 1.0 MiB");
    let without_end = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
        while stream.write_all(&[b'a'; 0x10000]).is_ok() {}
    });
    assert_eq!(without_end.await, "HOST sends a body of more than 1.0 MiB");
}

/// Heads that are no answer yet are heads all the same.
#[tokio::test]
async fn heads_before_the_answer_count() {
    let server = Server::new(|mut stream| {
        request_read(&mut stream);
        let head = format!("HTTP/1.1 103 Early Hints\r\nlink: {}\r\n\r\n", "a".repeat(1_000));
        while stream.write_all(head.as_bytes()).is_ok() {}
    });
    let house = House::new(&[&server.target()]);
    let lease = house.lease();
    let error = house.get_in(&lease, &server.url("/")).await.unwrap_err();
    assert_eq!(
        error.to_string().replace(&server.target(), "HOST"),
        "HOST sends headers before its answer of more than 128.0 KiB"
    );
    let usage = house.client.usage(OwnerId::LOCAL, &house.app);
    assert!(usage.bytes_in >= 64 << 10, "{usage:?}");
    assert_eq!(lease.host_bytes(), usage.bytes_in + usage.bytes_out, "and it is the app's to answer for");
    // A few of them are what servers say.
    let early = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"));
        drop(stream.write_all(HELLO.as_bytes()));
    });
    assert_eq!(early.await, "200 hello");
}

/// Ten bytes that are ten megabytes, to whoever undoes the compression. Nobody here does.
#[tokio::test]
async fn what_is_compressed_stays_so() {
    // gzip of a megabyte of zeros begins like this; that it is cut off does not matter to who does not look.
    let bomb = [0x1f_u8, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 1, 1];
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 14\r\n\r\n".to_vec();
    answer.extend_from_slice(&bomb);
    let server = Server::saying(answer);
    let house = House::new(&[&server.target()]);
    assert_eq!(house.get(&server.url("/")).await.unwrap().1, bomb);
}

#[tokio::test]
async fn slowness_ends() {
    let silent = said(|mut stream| {
        request_read(&mut stream);
        // Keeps the connection until the other side goes.
        request_read(&mut stream);
    });
    assert_eq!(silent.await, "HOST took longer than 1 s to answer");
    let stalls = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"));
        request_read(&mut stream);
    });
    assert_eq!(stalls.await, "HOST took longer than 500 ms to go on");
    // One byte now and then: each in time, all together not.
    let (_keep, never) = mpsc::channel::<()>();
    let never = Arc::new(Mutex::new(never));
    let all_together = Bounds { total_ms: 2_000, ..PATIENT };
    let drips = said_within(&all_together, move |mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n"));
        while stream.write_all(b"a").is_ok() {
            // Nobody ever says anything there: it is a pause that can be ended.
            assert!(never.lock().unwrap().recv_timeout(Duration::from_millis(50)).is_err());
        }
    });
    assert_eq!(drips.await, "HOST took longer than 2 s in all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_request_wherever_it_is() {
    let (reached, at) = mpsc::channel();
    let reached = Mutex::new(reached);
    let server = Server::new(move |mut stream| {
        let head = request_read(&mut stream);
        if head.starts_with("GET /body") {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"));
        }
        reached.lock().unwrap().send(()).unwrap();
        request_read(&mut stream);
    });
    for path in ["/head", "/body"] {
        let house = Arc::new(House::new(&[&server.target()]));
        let lease = house.lease();
        let (asking, asked, url) = (house.clone(), lease.clone(), server.url(path));
        let request = tokio::spawn(async move { asking.get_within(&asked, &url, &PATIENT).await });
        let at = &at;
        tokio::task::block_in_place(|| at.recv().unwrap());
        lease.end(LeaseEnd::Stopped);
        assert_eq!(request.await.unwrap(), Err(EgressError::Ended(LeaseEnd::Stopped)), "{path}");
        // A permit of a run that has ended sends nothing.
        assert_eq!(house.client.waiting(), 0);
    }
}

#[tokio::test]
async fn it_is_said_whether_something_may_have_arrived() {
    let cut = Server::new(|mut stream| drop(request_read(&mut stream)));
    let house = House::new(&[&cut.target()]);
    assert!(house.post(&cut.url("/"), b"tea").await.unwrap_err().may_have_sent);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::new(&[&free.to_string()]);
    assert!(!house.post(&format!("http://{free}/"), b"tea").await.unwrap_err().may_have_sent);
}
