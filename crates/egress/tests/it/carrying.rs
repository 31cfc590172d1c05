//! Bytes both ways: whole, counted, bounded, and cut off where what allowed them is gone.

use crate::{
    hello::{HEARD, hello, hello_heard},
    house::Server,
    program::{Program, heard, names, quick},
};
use broker::LeaseEnd;
use egress::{TunnelBounds, TunnelOutcome};
use protocol::{Choice, Labels, Limits, OwnerId};
use std::{
    io::{Read as _, Write as _},
    net::Shutdown,
    sync::mpsc,
    time::{Duration, Instant},
};
use testkit::wait_until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Tells how it ended: what came after the head, and whether the end was one.
fn listener() -> (Server, mpsc::Receiver<(Vec<u8>, bool)>) {
    let (ended, seen) = mpsc::channel();
    let ended = std::sync::Mutex::new(ended);
    let server = Server::new(move |mut stream| {
        hello_heard(&mut stream);
        let mut all = Vec::new();
        let is_end = stream.read_to_end(&mut all).is_ok();
        drop(stream.write_all(format!("{} bytes", all.len()).as_bytes()));
        drop(ended.lock().unwrap().send((all, is_end)));
    });
    (server, seen)
}

/// Sends for as long as it is taken.
fn flood() -> Server {
    Server::new(|mut stream| {
        hello_heard(&mut stream);
        while stream.write_all(&[7; 16 << 10]).is_ok() {}
    })
}

fn name(server: &Server) -> String {
    format!("a.example:{}", server.address.port())
}

/// A way on which the first words were heard.
async fn begun(program: &Program, name: &str) -> TcpStream {
    let mut stream = program.connect(name).await.unwrap();
    stream.write_all(&hello(Some("a.example"), &[])).await.unwrap();
    let mut heard = [0; HEARD.len()];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, HEARD);
    stream
}

async fn next<T: Send + 'static>(seen: mpsc::Receiver<T>) -> T {
    let next = move || seen.recv_timeout(Duration::from_secs(20)).unwrap();
    tokio::task::spawn_blocking(next).await.unwrap()
}

/// Reads until it ends, and says whether it was broken off.
async fn is_broken_off(stream: &mut TcpStream) -> bool {
    let mut piece = vec![0; 16 << 10];
    let end = async {
        loop {
            match stream.read(&mut piece).await {
                Ok(0) => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), end).await.unwrap()
}

#[tokio::test]
async fn who_says_no_more_still_hears() {
    let (server, seen) = listener();
    let program = Program::of(server.address).await;
    let mut stream = begun(&program, &name(&server)).await;
    stream.write_all(&[9; 300_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(heard(&mut stream).await, b"300000 bytes");
    assert_eq!(next(seen).await, (vec![9; 300_000], true));
    let record = program.record().await;
    assert_eq!((record.outcome, record.bytes_down), (TunnelOutcome::Closed, (HEARD.len() + 12) as u64));
}

#[tokio::test]
async fn who_hears_no_more_still_says() {
    let (ended, seen) = mpsc::channel();
    let ended = std::sync::Mutex::new(ended);
    let server = Server::new(move |mut stream| {
        hello_heard(&mut stream);
        stream.write_all(b"all there is").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        ended.lock().unwrap().send(all).unwrap();
    });
    let program = Program::of(server.address).await;
    let mut stream = begun(&program, &name(&server)).await;
    assert_eq!(heard(&mut stream).await, b"all there is");
    stream.write_all(&[9; 300_000]).await.unwrap();
    drop(stream);
    assert_eq!(next(seen).await, vec![9; 300_000]);
    assert_eq!(program.outcome().await, TunnelOutcome::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_at_once_are_whole_and_none_stays() {
    const BYTES: usize = 200_000;
    let server = Server::new(|mut stream| {
        hello_heard(&mut stream);
        let mut piece = [0; 4 << 10];
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            if stream.write_all(&piece[..count]).is_err() {
                return;
            }
        }
    });
    let name = name(&server);
    // A hundred take their time on a busy machine, and how long is not what is looked at.
    let (targets, config) = ([&*name, &server.target()], names(&[("a.example", "127.0.0.1")]));
    let program = Program::within(&targets, config, TunnelBounds::default(), Limits::default()).await;
    let one = async |number: u8| {
        let mut stream = begun(&program, &name).await;
        let (mut from, mut to) = stream.split();
        let said: Vec<u8> = (0..BYTES).map(|place| number.wrapping_add(place as u8)).collect();
        let mut heard = Vec::new();
        let say = async {
            to.write_all(&said).await.unwrap();
            to.shutdown().await.unwrap();
        };
        tokio::join!(say, async { from.read_to_end(&mut heard).await.unwrap() });
        assert!(heard == said, "{number}: {} bytes", heard.len());
    };
    futures_util::future::join_all((0..100).map(one)).await;
    for _ in 0..100 {
        assert_eq!(program.outcome().await, TunnelOutcome::Closed);
    }
    assert_eq!(program.tunnels.count(), 0);
    let guard = &program.guard;
    let usage = guard.house.client.usage(OwnerId::LOCAL, &guard.house.app);
    assert_eq!((usage.requests, usage.bytes_in), (100, 100 * (BYTES + HEARD.len()) as u64));
    assert_eq!(guard.lease.host_bytes(), usage.bytes_in + usage.bytes_out);
    assert!(program.tunnels.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_cuts_everything_at_once() {
    let (server, seen) = listener();
    let source = flood();
    let targets = [name(&server), server.target(), name(&source), source.target()];
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let program = Program::new(&targets, names(&[("a.example", "127.0.0.1")])).await;
    let mut sending = begun(&program, &name(&server)).await;
    sending.write_all(b"half of it").await.unwrap();
    let mut hearing = begun(&program, &name(&source)).await;
    hearing.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
    let mut asking = program.dial().await;
    asking.write_all(b"CONNECT ").await.unwrap();
    wait_until("all of it", || program.tunnels.count() == 2);
    let begun_at = Instant::now();
    assert!(program.tunnels.stop().await);
    assert!(begun_at.elapsed() < Duration::from_secs(1), "{:?}", begun_at.elapsed());
    assert!(is_broken_off(&mut sending).await && is_broken_off(&mut hearing).await);
    assert_eq!(heard(&mut asking).await, b"");
    // The host does not take half of it for the whole.
    assert!(!next(seen).await.1);
    let stopped = program.guard.records.lock().unwrap().clone();
    let stopped = stopped.iter().filter(|record| record.outcome == TunnelOutcome::Stopped);
    let said: Vec<_> = stopped.filter_map(egress::TunnelRecord::sentence).map(|said| said.to_string()).collect();
    assert_eq!(said.len(), 2, "who had not said where to is nothing to tell");
    assert!(said.iter().all(|said| said.ends_with("; cut off: the program was stopped")), "{said:?}");
    assert_eq!(program.tunnels.count(), 0);
    // And nobody comes in any more.
    assert!(!program.tunnels.take(tokio::io::duplex(1).0));
    assert!(TcpStream::connect(program.proxy).await.is_err());
}

#[tokio::test]
async fn who_is_dropped_is_stopped() {
    let server = flood();
    let program = Program::of(server.address).await;
    let mut stream = begun(&program, &name(&server)).await;
    stream.read_exact(&mut vec![0; 1 << 10]).await.unwrap();
    let Program { tunnels, guard, .. } = program;
    drop(tunnels);
    assert!(is_broken_off(&mut stream).await);
    let seen = guard.clone();
    let is_there = move || wait_until("a record", || !seen.records.lock().unwrap().is_empty());
    tokio::task::spawn_blocking(is_there).await.unwrap();
    assert_eq!(guard.records.lock().unwrap()[0].outcome, TunnelOutcome::Stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_is_taken_back_cuts_its_tunnels_and_no_others() {
    let (one, other) = (flood(), flood());
    let of_one = [name(&one), one.target()];
    let of_other = [name(&other), other.target()];
    let all: Vec<&str> = of_one.iter().chain(&of_other).map(String::as_str).collect();
    let rest: Vec<&str> = of_other.iter().map(String::as_str).collect();
    let program = Program::new(&all, names(&[("a.example", "127.0.0.1")])).await;
    let mut lost = begun(&program, &name(&one)).await;
    let mut kept = begun(&program, &name(&other)).await;
    for stream in [&mut lost, &mut kept] {
        stream.read_exact(&mut vec![0; 1 << 10]).await.unwrap();
    }
    program.guard.house.grant(&rest);
    let begun_at = Instant::now();
    assert!(is_broken_off(&mut lost).await);
    assert!(begun_at.elapsed() < Duration::from_secs(1), "{:?}", begun_at.elapsed());
    let record = program.record().await;
    assert!(matches!(record.outcome, TunnelOutcome::Withdrawn(_)), "{:?}", record.outcome);
    let said = record.sentence().unwrap().to_string();
    assert!(said.ends_with("; cut off: network was taken back while it was under way"), "{said}");
    kept.read_exact(&mut vec![0; 4 << 20]).await.unwrap();

    // The name stays, and the address behind it does not.
    program.guard.house.grant(&rest[..1]);
    program.tunnels.look();
    assert!(is_broken_off(&mut kept).await);
    assert!(matches!(program.outcome().await, TunnelOutcome::Withdrawn(_)));
}

/// Between the yes and the first word nothing is open that could be cut.
#[tokio::test]
async fn a_grant_that_is_taken_back_before_the_first_word_counts() {
    let (server, seen) = listener();
    let name = name(&server);
    let program = Program::of(server.address).await;
    let mut stream = program.connect(&name).await.unwrap();
    program.guard.house.grant(&["other.example"]);
    stream.write_all(&[&hello(Some("a.example"), &[])[..], b"more"].concat()).await.unwrap();
    assert!(is_broken_off(&mut stream).await);
    assert_eq!(next(seen).await.0, b"");
    let record = program.record().await;
    assert!(matches!(record.outcome, TunnelOutcome::Withdrawn(_)), "{:?}", record.outcome);
    assert_eq!(record.bytes_up, 0);
}

#[tokio::test]
async fn the_end_of_the_run_is_the_end_of_its_tunnels() {
    let server = flood();
    let program = Program::of(server.address).await;
    let mut stream = begun(&program, &name(&server)).await;
    stream.read_exact(&mut vec![0; 1 << 10]).await.unwrap();
    program.guard.lease.end(LeaseEnd::Stopped);
    assert!(is_broken_off(&mut stream).await);
    assert_eq!(program.outcome().await, TunnelOutcome::Ended(LeaseEnd::Stopped));
}

/// What came from the host is no reason against it; what is yours, read meanwhile, is.
#[tokio::test]
async fn what_the_run_reads_decides_what_it_may_still_send() {
    let (server, seen) = listener();
    let program = Program::of(server.address).await;
    let mut stream = begun(&program, &name(&server)).await;
    stream.write_all(b"before").await.unwrap();
    let guard = program.guard.clone();
    let bytes = (hello(Some("a.example"), &[]).len() + HEARD.len() + "before".len()) as u64;
    let all_sent = move || wait_until("it is sent", || guard.lease.host_bytes() == bytes);
    tokio::task::spawn_blocking(all_sent).await.unwrap();
    assert!(program.guard.lease.labels().contains(Labels::STRANGER), "what comes from outside is a stranger's");
    program.tunnels.look();
    assert_eq!(program.tunnels.count(), 1);
    program.guard.lease.join_labels(Labels::PRIVATE);
    drop(stream.write_all(b"what is yours").await);
    assert!(is_broken_off(&mut stream).await);
    assert!(program.rule().await.starts_with("the run has read private data and the words of strangers"));
    let (there, is_end) = next(seen).await;
    assert_eq!((String::from_utf8(there).unwrap().as_str(), is_end), ("before", false));
    // Nor is there another way now.
    let said = program.connect_said(&name(&server)).await;
    assert!(said.starts_with("HTTP/1.1 403 "), "{said}");
}

/// On a connection nobody sees what is sent, and what comes back may say what to send: a run that has read what is yours
/// gets one if you say yes to it, and with what comes back there is no second. What is read between the decision and the
/// first byte counts.
#[tokio::test]
async fn what_the_run_held_before_is_told_to_a_person() {
    let (server, seen) = listener();
    let program = Program::of(server.address).await;
    program.guard.lease.join_labels(Labels::PRIVATE);
    let said = program.connect_said(&name(&server)).await;
    assert!(said.starts_with("HTTP/1.1 403 ") && said.ends_with("you said no\n"), "{said}");
    assert_eq!(server.visits(), 0);
    *program.guard.choice.lock().unwrap() = Some(Choice::Once);
    let mut stream = begun(&program, &name(&server)).await;
    let asked = format!("connect to {} after private data was read: what is sent there, nobody sees", name(&server));
    assert_eq!(*program.guard.questions.lock().unwrap(), [&*asked, &asked]);
    stream.write_all(b"yours").await.unwrap();
    // It stays, with what came from the host.
    program.tunnels.look();
    stream.shutdown().await.unwrap();
    assert_eq!(heard(&mut stream).await, b"5 bytes");
    assert!(next(seen).await.1);
    let said = program.connect_said(&name(&server)).await;
    assert!(said.starts_with("HTTP/1.1 403 ") && said.contains("private data and the words of strangers"), "{said}");

    let (server, seen) = listener();
    let program = Program::of(server.address).await;
    let name = name(&server);
    let mut stream = program.connect(&name).await.unwrap();
    program.guard.lease.join_labels(Labels::PRIVATE);
    stream.write_all(&[&hello(Some("a.example"), &[])[..], b"yours"].concat()).await.unwrap();
    assert!(is_broken_off(&mut stream).await);
    assert_eq!(next(seen).await.0, b"");
    let record = program.record().await;
    assert!(matches!(record.outcome, TunnelOutcome::Withdrawn(_)), "{:?}", record.outcome);
    assert_eq!(record.bytes_up, 0);
}

/// A program that serves several runs may say in one of them what it heard in another.
#[tokio::test]
async fn what_the_program_has_heard_of_other_runs_counts() {
    for is_sending in [true, false] {
        let (server, seen) = listener();
        let program = Program::of(server.address).await;
        let mut stream = begun(&program, &name(&server)).await;
        *program.guard.labels.lock().unwrap() = Labels::PRIVATE;
        if is_sending {
            drop(stream.write_all(b"of another run").await);
        }
        let begun_at = Instant::now();
        assert!(is_broken_off(&mut stream).await);
        assert!(begun_at.elapsed() < Duration::from_secs(1), "{:?}", begun_at.elapsed());
        assert_eq!(next(seen).await.0, b"");
        assert!(program.rule().await.starts_with("the run has read private data and the words of strangers"));
        assert!(program.guard.lease.labels().contains(Labels::PRIVATE), "what it answers the run with is that too");
    }
    // Before a way is opened, it is as if the run had read it.
    let (server, _) = listener();
    let program = Program::of(server.address).await;
    *program.guard.labels.lock().unwrap() = Labels::PRIVATE;
    let said = program.connect_said(&name(&server)).await;
    assert!(said.starts_with("HTTP/1.1 403 ") && said.contains("after private data was read"), "{said}");
}

#[tokio::test]
async fn silence_and_floods_have_an_end() {
    let (quiet, _seen) = listener();
    let bounds = TunnelBounds { idle_ms: 400, ..quick() };
    let config = || names(&[("a.example", "127.0.0.1")]);
    let program = Program::within(&[&name(&quiet), &quiet.target()], config(), bounds, Limits::default()).await;
    let mut stream = begun(&program, &name(&quiet)).await;
    // Whoever says something now and then is not silent.
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        stream.write_all(b".").await.unwrap();
    }
    assert!(is_broken_off(&mut stream).await);
    let record = program.record().await;
    assert_eq!(record.outcome, TunnelOutcome::Idle { after_ms: 400 });
    assert!(record.sentence().unwrap().to_string().ends_with("; cut off: nothing was said for 400 ms"));

    let source = flood();
    let limits = Limits { host_bytes: 1 << 20, ..Limits::default() };
    let program = Program::within(&[&name(&source), &source.target()], config(), quick(), limits).await;
    let mut stream = begun(&program, &name(&source)).await;
    assert!(is_broken_off(&mut stream).await);
    let record = program.record().await;
    assert_eq!(record.outcome, TunnelOutcome::Ended(LeaseEnd::HostLimit));
    assert!(record.bytes_down < 2 << 20, "{}", record.bytes_down);
}

/// A host that breaks it off has not come to its end.
#[tokio::test]
async fn who_breaks_it_off_is_heard_to() {
    let server = Server::new(|mut stream| {
        hello_heard(&mut stream);
        stream.write_all(b"half of").unwrap();
        stream.read_exact(&mut [0; 4]).unwrap();
        // Unread words make this a break, and not an end.
        std::thread::park_timeout(Duration::from_millis(200));
    });
    let program = Program::of(server.address).await;
    let mut stream = begun(&program, &name(&server)).await;
    stream.read_exact(&mut [0; 7]).await.unwrap();
    stream.write_all(b"and more than is read").await.unwrap();
    assert!(is_broken_off(&mut stream).await);
    assert_eq!(program.outcome().await, TunnelOutcome::Broken);
}

/// A socket in the program's folders, and a connection that was made elsewhere.
#[cfg(unix)]
#[tokio::test]
async fn other_lines_than_tcp() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let name = name(&server);
    let program = Program::of(server.address).await;
    let home = testkit::TempHome::new();
    let path = home.beside().join("proxy");
    program.tunnels.listen(tokio::net::UnixListener::bind(&path).unwrap());
    let asked = format!("CONNECT {name} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nhost: {name}\r\n\r\n");
    let answers =
        "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let mut answer = String::new();
    let mut line = tokio::net::UnixStream::connect(&path).await.unwrap();
    line.write_all(asked.as_bytes()).await.unwrap();
    line.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, answers);
    let (mut ours, theirs) = tokio::io::duplex(1 << 10);
    assert!(program.tunnels.take(theirs));
    ours.write_all(asked.as_bytes()).await.unwrap();
    answer.clear();
    ours.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, answers);
    drop((line, ours));
    for _ in 0..2 {
        assert_eq!(program.outcome().await, TunnelOutcome::Closed);
    }
    assert!(program.connect(&name).await.is_ok(), "nor does one of them keep the others away");
}
