//! Where names lead, and when: what was checked is what is connected to.

use crate::house::{House, NameServer, QUICK, Server};
use broker::WebUrl;
use egress::{EgressError, Outgoing};
use std::net::{IpAddr, Ipv4Addr};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A server at an address, that says which it is.
fn at(text: &str, port: u16) -> Server {
    let IpAddr::V4(address) = ip(text) else { panic!("IPv4") };
    let said = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    Server::on(address, port, move |mut stream| {
        while !crate::house::request_read(&mut stream).is_empty() {
            std::io::Write::write_all(&mut stream, said.as_bytes()).unwrap();
        }
    })
}

/// The name leads to an address that may be reached, and the next moment to one that may not. A client that asks once to
/// check and again to connect would end at the second.
#[tokio::test]
async fn a_name_that_leads_elsewhere_the_next_moment_leads_nowhere() {
    let open = at("127.0.0.2", 0);
    let port = open.address.port();
    let closed = at("127.0.0.1", port);
    let names = NameServer::new(vec![vec![ip("127.0.0.2")], vec![ip("127.0.0.1")]]);
    let house = House::with(&[&format!("evil.example:{port}"), &format!("127.0.0.2:{port}")], names.config());
    let url = format!("http://evil.example:{port}/");
    assert_eq!(house.why(&url).await, "200 127.0.0.2");
    assert_eq!(names.questions(), 1, "a name is asked for once a connection");
    assert_eq!(
        house.why(&url).await,
        format!(
            "not allowed to read {url}: evil.example leads to 127.0.0.1, which is not out in the public, and only you can \
             name it; to allow it: oikos grant tester network=allow:evil.example:{port} network=allow:127.0.0.1:{port}"
        )
    );
    assert_eq!((open.visits(), closed.visits()), (1, 0));
}

/// As an attacker does it: first an address out in the public, then this machine.
#[tokio::test]
async fn public_first_and_private_then() {
    let closed = at("127.0.0.1", 0);
    let port = closed.address.port();
    // Public by its number, and no network here has a way to it.
    let names = NameServer::new(vec![vec![ip("2000::1")], vec![ip("127.0.0.1")]]);
    let house = House::with(&[&format!("evil.example:{port}")], names.config());
    let url = format!("http://evil.example:{port}/");
    let first = house.get(&url).await.unwrap_err();
    assert!(matches!(first, EgressError::Unreachable { .. } | EgressError::Slow { .. }), "{first}");
    assert_eq!(names.questions(), 1);
    assert!(matches!(house.get(&url).await, Err(EgressError::Denied(_))));
    assert_eq!(closed.visits(), 0);
}

/// One address that may not be reached refuses the name, wherever it stands among others.
#[tokio::test]
async fn every_address_is_looked_at() {
    let open = at("127.0.0.2", 0);
    let port = open.address.port();
    let check = async |found: &[&str], expected: bool| {
        let names = NameServer::new(vec![found.iter().map(|text| ip(text)).collect()]);
        let house = House::with(&[&format!("a.example:{port}"), &format!("127.0.0.2:{port}")], names.config());
        let said = house.get(&format!("http://a.example:{port}/")).await;
        assert_eq!(said.is_ok(), expected, "{found:?}: {said:?}");
        if !expected {
            assert!(matches!(said, Err(EgressError::Denied(_))), "{found:?}: {said:?}");
        }
    };
    check(&["127.0.0.2"], true).await;
    for closed in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.2",
        "64:ff9b::7f00:2",
        "2002:7f00:2::",
        "fe80::1",
        "fd00:ec2::254",
        "224.0.0.1",
    ] {
        check(&["127.0.0.2", closed], false).await;
        check(&[closed, "127.0.0.2"], false).await;
    }
}

#[tokio::test]
async fn names_without_addresses_and_addresses_without_names() {
    let server = Server::saying(HELLO);
    let port = server.address.port();
    let names = NameServer::new(vec![vec![]]);
    let house =
        House::with(&[&format!("a.example:{port}"), &server.target(), &format!("localhost:{port}")], names.config());
    assert_eq!(
        house.why(&format!("http://a.example:{port}/")).await,
        format!("a.example:{port} cannot be found: no address is known for that name")
    );
    let asked = names.questions();
    // Numbers in any notation are the number; `localhost` is this machine whatever a resolver would say.
    for host in ["127.0.0.1", "0x7f.1", "2130706433", "127.0.0.1.", "localhost", "LOCALHOST."] {
        assert_eq!(house.why(&format!("http://{host}:{port}/")).await, "200 hello", "{host}");
    }
    assert_eq!(names.questions(), asked);
    let closed = Ipv4Addr::LOCALHOST;
    let free = std::net::TcpListener::bind((closed, 0)).unwrap().local_addr().unwrap();
    let house = House::new(&[&free.to_string()]);
    assert_eq!(house.why(&format!("http://{free}/")).await, format!("{free} cannot be reached: nobody listens there"));
}

/// An address that may be reached answers with a name that leads inside.
#[tokio::test]
async fn a_redirect_to_a_name_that_leads_inside() {
    let closed = at("127.0.0.1", 0);
    let port = closed.address.port();
    let to = format!("http://evil.example:{port}/inside");
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let open = Server::on(Ipv4Addr::new(127, 0, 0, 2), 0, move |mut stream| {
        while !crate::house::request_read(&mut stream).is_empty() {
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        }
    });
    let names = NameServer::new(vec![vec![ip("127.0.0.1")]]);
    let house = House::with(&[&open.target(), &format!("evil.example:{port}")], names.config());
    let lease = house.lease();
    let permit = house.permit(&lease, "GET", &open.url("/"), &[]);
    let answer = house.client.send(&permit, egress::Outgoing::default(), &crate::house::QUICK).await.unwrap();
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let url = broker::WebUrl::parse(&open.url("/")).unwrap();
    let next = egress::redirect("GET", &url, answer.status, &location).unwrap().unwrap().url;
    assert_eq!(next.as_str(), to);
    let error = house.get_in(&lease, next.as_str()).await.unwrap_err();
    assert!(matches!(error, EgressError::Denied(_)), "{error}");
    assert_eq!((open.visits(), closed.visits()), (1, 0));
}

/// A connection that waits is asked about again: whoever may not reach its end any more gets another one, or none.
#[tokio::test]
async fn a_connection_is_asked_again() {
    let server = at("127.0.0.2", 0);
    let port = server.address.port();
    let names = NameServer::new(vec![vec![ip("127.0.0.2")]]);
    let name = format!("a.example:{port}");
    let house = House::with(&[&name, &server.target()], names.config());
    let lease = house.lease();
    let url = format!("http://{name}/");
    assert_eq!(house.get_in(&lease, &url).await.unwrap().0, 200);
    assert_eq!(house.client.waiting(), 1);
    house.grant(&[&name]);
    let error = house.get_in(&lease, &url).await.unwrap_err();
    assert!(matches!(error, EgressError::Denied(_)), "{error}");
    assert_eq!((server.visits(), house.client.usage(protocol::OwnerId::LOCAL, &house.app).requests), (1, 1));
}

/// What the set-up has oikos say of itself goes where that name leads, also into the owner's own network; it was no app that
/// named it, and the permit is for that address and no other.
#[tokio::test]
async fn what_the_set_up_names_is_reached_wherever_its_name_leads() {
    let own = at("127.0.0.1", 0);
    let names = NameServer::new(vec![vec![ip("127.0.0.1")]]);
    let house = House::with(&[], names.config());
    let url = WebUrl::parse(&format!("http://collector.example:{}/v1/traces", own.address.port())).unwrap();
    let lease = house.lease();
    let permit = house.broker.report(*lease.caller(), &house.app, lease.run(), url, 4, 0);
    assert_eq!((permit.demand().method.as_str(), permit.demand().body_bytes), ("POST", 4));
    let sent = |body: &'static [u8]| {
        let outgoing = Outgoing { body: body.into(), ..Outgoing::default() };
        house.client.send(&permit, outgoing, &QUICK)
    };
    assert_eq!(sent(b"said").await.unwrap().bytes().await.unwrap(), b"127.0.0.1");
    // No more than what was decided on.
    assert!(matches!(sent(b"more than that").await.map(drop).unwrap_err().error, EgressError::Broken { .. }));
    assert_eq!(own.visits(), 1);
}
