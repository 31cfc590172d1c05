//! Which requests are covered, by whose word, and where they may end.

use crate::{Scene, scene::NOW};
use broker::{
    Decision, Demand as _, NetworkDemand, WebUrl, host_covers, rule_read, rules_left, rules_only, rules_with,
};
use proptest::prelude::*;
use protocol::{GrantDuration, GrantState, HostRule, Labels, Scope, Timestamp, Zone};
use std::net::IpAddr;

fn url(text: &str) -> WebUrl {
    WebUrl::parse(text).unwrap()
}

fn get(text: &str) -> NetworkDemand {
    NetworkDemand::new("GET", url(text), &[], false)
}

fn post(text: &str) -> NetworkDemand {
    NetworkDemand::new("POST", url(text), b"tea", false)
}

fn host(host: &str) -> HostRule {
    HostRule { host: host.to_owned(), ..HostRule::default() }
}

fn granted(state: GrantState, rules: Vec<HostRule>) -> Scene {
    let mut scene = Scene::new(Zone::Local);
    scene.grant(Scope::Network { rules }, state, &[], GrantDuration::Always);
    scene
}

/// What the owner allows with `network=allow:TARGET`, one after the other.
fn owner(targets: &[&str]) -> Scene {
    granted(GrantState::Allow, targets.iter().map(|target| rule_read(target).unwrap()).collect())
}

fn is_allowed(scene: &Scene, text: &str) -> bool {
    WebUrl::parse(text).is_ok_and(|url| scene.decide(NetworkDemand::new("GET", url, &[], false)).starts_with("yes"))
}

#[test]
fn a_denial_names_its_rule_and_the_one_command() {
    let check = |scene: &Scene, demand: NetworkDemand, expected: &str| assert_eq!(scene.decide(demand), expected);
    let nothing = Scene::new(Zone::Local);
    check(
        &nothing,
        get("https://example.com/a"),
        "no: not allowed to read https://example.com/a: the app never asked for network",
    );
    let any = granted(GrantState::Allow, vec![]);
    check(&any, get("https://example.com/a"), "yes: grant network");
    check(&any, get("http://example.com/a"), "yes: grant network");
    check(
        &any,
        get("http://127.0.0.1:8080/a"),
        "no: not allowed to read http://127.0.0.1:8080/a: 127.0.0.1:8080 lies on your own machine or network, and only \
         you can name it; to allow it: oikos grant tester network=allow:127.0.0.1:8080",
    );
    check(
        &any,
        get("https://example.com:8443/"),
        "no: not allowed to read https://example.com:8443/: network is for the usual ports, and port 8443 is none of \
         them; to allow it: oikos grant tester network=allow:example.com:8443",
    );
    let one = granted(
        GrantState::Allow,
        vec![HostRule { methods: vec!["GET".into()], paths: vec!["/v1".into()], ..host("api.example.com") }],
    );
    check(&one, get("https://api.example.com/v1/x?q=secret"), "yes: grant network for api.example.com /v1 (GET)");
    check(
        &one,
        post("https://api.example.com/v1/x?q=secret"),
        "no: not allowed to send 3 bytes to https://api.example.com/v1/x?… (POST): POST is not among what network is for \
         at api.example.com; to allow it: oikos grant tester network=allow:api.example.com",
    );
    check(
        &one,
        get("https://api.example.com/v2"),
        "no: not allowed to read https://api.example.com/v2: /v2 is not among the paths of network at api.example.com; \
         to allow it: oikos grant tester network=allow:api.example.com",
    );
    check(
        &one,
        get("https://other.example.com/v1"),
        "no: not allowed to read https://other.example.com/v1: other.example.com is not among the hosts of network; to \
         allow it: oikos grant tester network=allow:other.example.com",
    );
    let asks = granted(GrantState::Ask, vec![]);
    check(&asks, get("https://example.com/"), "ask: read https://example.com/");
    check(&asks, post("https://example.com/"), "ask: send 3 bytes to https://example.com/ (POST)");
    let blocked = granted(GrantState::Block, vec![]);
    check(
        &blocked,
        get("https://example.com/"),
        "no: not allowed to read https://example.com/: network is blocked; to allow it: oikos grant tester \
         network=allow:example.com",
    );
}

/// Each command that a denial names is what allows it.
#[test]
fn the_command_of_a_denial_works() {
    for text in [
        "http://127.0.0.1:8080/a",
        "http://127.1/",
        "https://[::1]:9/x?y",
        "https://EXAMPLE.com./",
        "http://xn--bcher-kva.example/",
        "https://bücher.example:8443/",
        "http://printer/",
        "http://169.254.169.254/latest",
    ] {
        let mut scene = granted(GrantState::Ask, vec![]);
        let demand = get(text);
        let command = demand.command(&scene.lease);
        let target = command.strip_prefix("oikos grant tester network=allow:").unwrap();
        let rules = rules_with(None, rule_read(target).unwrap());
        scene.grants.grants.clear();
        let scope = Scope::Network { rules };
        scene.grants.requested = vec![Scope::Network { rules: vec![] }];
        let before = scene.grants.requested.clone();
        scene.grant(scope, GrantState::Allow, &[], GrantDuration::Always);
        scene.grants.requested = before;
        scene.load();
        assert!(scene.decide(demand).starts_with("yes"), "{text}: {command}");
    }
}

/// What a program says on a connection of its own nobody reads, so only a rule about all of a host and port covers it.
#[test]
fn a_connection_is_covered_by_what_covers_all_of_a_host() {
    let connect = |scene: &Scene, host: &str, port: u16| {
        let url = url(&format!("https://{host}/"));
        scene.decide(NetworkDemand::connection(url.host(), port).unwrap())
    };
    let scene = owner(&["api.example.com", "http://plain.example", "127.0.0.1:8080", "nas.local:5000"]);
    assert_eq!(connect(&scene, "api.example.com", 443), "yes: grant network for api.example.com");
    assert_eq!(connect(&scene, "plain.example", 80), "yes: grant network for plain.example:80");
    assert_eq!(connect(&scene, "0x7f.1", 8080), "yes: grant network for 127.0.0.1:8080");
    assert_eq!(connect(&scene, "nas.local", 5000), "yes: grant network for nas.local:5000");
    assert_eq!(
        connect(&scene, "api.example.com", 8443),
        "no: not allowed to connect to api.example.com:8443: api.example.com:8443 is not among the hosts of network; to \
         allow it: oikos grant tester network=allow:api.example.com:8443"
    );
    for (host, port) in [("evil.example", 443), ("plain.example", 443), ("127.0.0.1", 8081), ("[::1]", 8080)] {
        assert!(connect(&scene, host, port).starts_with("no: not allowed to connect to "), "{host} {port}");
    }

    let some = HostRule { methods: vec!["GET".into()], ..host("a.example") };
    let below = HostRule { paths: vec!["/mine".into()], ..host("b.example") };
    let scene = granted(GrantState::Allow, vec![some, below]);
    assert_eq!(
        connect(&scene, "a.example", 443),
        "no: not allowed to connect to a.example: CONNECT is not among what network is for at a.example; to allow it: \
         oikos grant tester network=allow:a.example"
    );
    assert_eq!(
        connect(&scene, "b.example", 443),
        "no: not allowed to connect to b.example: / is not among the paths of network at b.example; to allow it: oikos \
         grant tester network=allow:b.example"
    );

    let any = granted(GrantState::Allow, vec![]);
    assert_eq!(connect(&any, "example.com", 443), "yes: grant network");
    assert_eq!(connect(&any, "example.com", 80), "yes: grant network");
    assert!(connect(&any, "example.com", 22).contains("port 22 is none of them"));
    assert_eq!(
        connect(&any, "93.184.216.34", 443),
        "no: not allowed to connect to 93.184.216.34: network is for hosts by their names, and 93.184.216.34 is none; to \
         allow it: oikos grant tester network=allow:93.184.216.34"
    );
    assert_eq!(
        connect(&any, "gist.github.com", 443),
        "ask: connect to gist.github.com, a place for pastes where anybody can have a place (each time)"
    );
    any.lease.join_labels(Labels::PRIVATE.join(Labels::STRANGER));
    assert!(connect(&any, "example.com", 443).contains("has read private data and the words of strangers"));
}

/// A request is over when it is answered; on a connection the next words may be what the answer wants to know.
#[test]
fn with_private_data_a_connection_is_asked_for_each_time() {
    let scene = || {
        let scene = owner(&["a.example", "http://gist.github.com"]);
        scene.lease.join_labels(Labels::PRIVATE);
        scene
    };
    let connect = |scene: &Scene, host: &str, port: u16| {
        let url = url(&format!("https://{host}/"));
        scene.decide(NetworkDemand::connection(url.host(), port).unwrap())
    };
    assert_eq!(
        connect(&scene(), "a.example", 443),
        "ask: connect to a.example after private data was read: what is sent there, nobody sees (each time)"
    );
    assert_eq!(
        connect(&scene(), "gist.github.com", 80),
        "ask: connect to gist.github.com:80, a place for pastes where anybody can have a place, after private data was \
         read: what is sent there, nobody sees (each time)"
    );
    assert!(
        connect(&scene(), "b.example", 443).starts_with("no: not allowed to connect to b.example: b.example is not")
    );
    // One that only reads is seen as a whole.
    assert!(scene().decide(get("https://a.example/")).starts_with("yes"));
}

/// Who may reach any public host may reach the one that is meant by a name nobody sees.
#[test]
fn any_public_host_is_a_grant_and_no_answer() {
    let is_any = |scene: &Scene, host: &str| {
        let url = url(&format!("https://{host}/"));
        let demand = NetworkDemand::connection(url.host(), 443).unwrap();
        assert!(!demand.is_any_public(), "nobody has decided");
        match scene.broker.decide(&scene.lease, demand, NOW) {
            Decision::Permit(permit) => permit.demand().is_any_public(),
            Decision::Ask(ask) => ask.demand().is_any_public(),
            Decision::Denied(denied) => panic!("{}", denied.message()),
        }
    };
    assert!(is_any(&granted(GrantState::Allow, vec![]), "a.example"));
    assert!(is_any(&granted(GrantState::Allow, vec![host("b.example"), host("*")]), "a.example"));
    assert!(!is_any(&granted(GrantState::Allow, vec![host("a.example"), host("*")]), "a.example"), "it is named");
    assert!(!is_any(&granted(GrantState::Allow, vec![]), "gist.github.com"), "it is asked about");
    assert!(!is_any(&granted(GrantState::Ask, vec![]), "a.example"), "it is asked about");
    assert!(!is_any(&owner(&["a.example"]), "a.example"));
    assert!(!is_any(&owner(&["*.b.example"]), "a.b.example"));
    let near = HostRule { by_owner: true, ..host("127.0.0.1") };
    assert!(!is_any(&granted(GrantState::Allow, vec![near, host("*")]), "a.example"), "it may lead there");
    let private = granted(GrantState::Allow, vec![]);
    private.lease.join_labels(Labels::PRIVATE);
    assert!(!is_any(&private, "a.example"), "it is asked about");
}

#[test]
fn hosts_are_compared_as_hosts() {
    let check = |rule: &str, text: &str, expected: bool| {
        let url = WebUrl::parse(&format!("https://{text}/"));
        let found = url.is_ok_and(|url| host_covers(rule, url.host()));
        assert_eq!(found, expected, "{rule} {text}");
    };
    for (rule, text, expected) in [
        ("example.com", "example.com", true),
        ("example.com", "EXAMPLE.com", true),
        ("Example.com", "example.com.", true),
        ("example.com", "ex%61mple.com", true),
        ("example.com", "example.com:443", true),
        ("example.com", "ｅｘａｍｐｌｅ。com", true),
        ("bücher.example", "xn--bcher-kva.example", true),
        ("xn--bcher-kva.example", "BÜCHER.example", true),
        ("example.com", "example.com..", false),
        ("example.com", ".example.com", false),
        ("example.com", "www.example.com", false),
        ("example.com", "example.com.evil.org", false),
        ("example.com", "evilexample.com", false),
        ("example.com", "exаmple.com", false), // a Cyrillic letter
        ("example.com", "example.com@evil.org", false),
        ("example.com", "evil.org#example.com", false),
        ("example.com", "evil.org?example.com", false),
        ("example.com", "evil.org\\.example.com", false),
        ("*.example.com", "www.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "evilexample.com", false),
        ("*.com", "example.com", false),
        ("*", "example.com", false),
        ("a.*.com", "a.b.com", false),
        ("*.0.0.1", "127.0.0.1", false),
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "2130706433", true),
        ("127.0.0.1", "0x7f.1", true),
        ("127.0.0.1", "0177.0.0.01", true),
        ("127.0.0.1", "127.0.0.1.", true),
        ("127.0.0.1", "①②⑦.0.0.1", true),
        ("127.0.0.1", "[::ffff:127.0.0.1]", false),
        ("[::1]", "[0:0:0:0:0:0:0:1]", true),
        ("[::1]", "[::0001]", true),
        ("", "example.com", false),
        ("https://example.com", "example.com", false),
        ("example.com:443", "example.com", true),
        ("example.com/path", "example.com", false),
    ] {
        check(rule, text, expected);
    }
}

/// In whatever notation: what is not public is reached only where the owner named it.
#[test]
fn addresses_of_ones_own_network_in_every_notation() {
    let any = granted(GrantState::Allow, vec![]);
    // An app's manifest can name them, but that is not the owner's word.
    let private = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "localhost", "192.168.1.1"];
    let by_app = granted(GrantState::Allow, private.iter().map(|text| host(text)).collect());
    for text in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0x7F.1",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[0000::0001]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "10.0.0.1",
        "012.1",
        "172.16.0.1",
        "192.168.1.1",
        "192.168.257",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "printer",
        "metadata.google.internal",
        "nas.local",
    ] {
        for scheme in ["http", "https"] {
            let text = format!("{scheme}://{text}/latest/meta-data/");
            assert!(!is_allowed(&any, &text), "{text}");
            assert!(!is_allowed(&by_app, &text), "{text}");
        }
    }
    // Not even numbers of machines.
    for text in ["256.1.1.1", "1.2.3.4.5", "0x1ffffffff", "[::1", "[fe80::1%25eth0]", "08.1.1.1"] {
        assert!(WebUrl::parse(&format!("http://{text}/")).is_err(), "{text}");
    }
    assert!(is_allowed(&any, "http://8.8.8.8/"));
    assert!(is_allowed(&any, "https://[2606:4700:4700::1111]/"));
    let own = owner(&["127.0.0.1:8080", "[::1]:8080", "nas.local"]);
    for (text, expected) in [
        ("http://127.0.0.1:8080/", true),
        ("http://0x7f.1:8080/x", true),
        ("https://127.0.0.1:8080/", true),
        ("http://127.0.0.1/", false),
        ("http://127.0.0.1:8081/", false),
        ("http://127.0.0.2:8080/", false),
        ("http://[::ffff:127.0.0.1]:8080/", false),
        ("http://[::1]:8080/", true),
        ("https://nas.local/", true),
        ("http://nas.local/", false),
        ("https://example.com/", false),
    ] {
        assert_eq!(is_allowed(&own, text), expected, "{text}");
    }
}

#[test]
fn paths_have_borders_and_one_reading() {
    let scene = granted(GrantState::Allow, vec![HostRule { paths: vec!["/api/v1/".into()], ..host("a.org") }]);
    for (path, expected) in [
        ("/api/v1", true),
        ("/api/v1/", true),
        ("/api/v1/x/y?z=/../..", true),
        ("/api/v1/a%20b", true),
        ("/api/v1/a;b=c/d", true),
        ("/api/v1/a%2Fb", true),
        ("/api/v1//x", true),
        ("/%61pi/v1/x", true),
        ("/api/v1/x/../y", true),
        ("/api/v10", false),
        ("/api/v", false),
        ("/api", false),
        ("/", false),
        ("/API/v1", false),
        ("//api/v1", false),
        ("/api//v1", false),
        ("/api/v1/..", false),
        ("/api/v1/../admin", false),
        ("/api/v1/%2e%2e/admin", false),
        ("/api/v1/.%2E/admin", false),
        ("/api/v1\\..\\admin", false),
        ("/api\\v1\\..\\..\\admin", false),
        ("/api/v1/..%2fadmin", false),
        ("/api/v1/%2e%2e%2fadmin", false),
        ("/api/v1/..%5cadmin", false),
        ("/api/v1/%252e%252e%252fadmin", false),
        ("/api/v1/%25252e%25252e/admin", false),
        ("/api/v1/%2525252525252e%2e/admin", false),
        ("/api/v1/..;/admin", false),
        ("/api/v1/..;a=b/admin", false),
        ("/api/v1/%2e%2e;x/admin", false),
        ("/api;x/v1", false),
        ("/api/v1/%00", false),
        ("/api/v1/a%0d%0aHost:%20evil", false),
        ("/x/../api/v1", true),
        ("/api%2fv1/x", false),
    ] {
        assert_eq!(is_allowed(&scene, &format!("https://a.org{path}")), expected, "{path}");
    }
}

#[test]
fn addresses_that_mislead_are_none() {
    for text in [
        "ftp://a.org/",
        "file:///etc/passwd",
        "gopher://a.org",
        "javascript:alert(1)",
        "data:,x",
        "a.org",
        "//a.org/",
        "",
        "https://",
        "https:///",
        "https://user@a.org/",
        "https://user:word@a.org/",
        "https://:word@a.org/",
        "https://a.org:0/",
        "https://a.org:65536/",
        "https://a.org:-1/",
        "https://a..org/",
        "https://a.org../",
        "https://a b.org/",
        "https://a%00b.org/",
        "https://a*b.org/",
        "https://a!b.org/",
        "https://a'b.org/",
        "http://[::1]extra/",
        "http://[v1.x]/",
    ] {
        assert!(WebUrl::parse(text).is_err(), "{text}");
    }
    assert!(WebUrl::parse(&format!("https://a.org/{}", "a".repeat(9_000))).is_err());
    // What a text says besides is not sent.
    let check = |text: &str, expected: &str| assert_eq!(url(text).as_str(), expected);
    check("https://a.org/x#secret", "https://a.org/x");
    check("  https://a.org:443\t/\n", "https://a.org/");
    check("https:\\\\a.org\\b", "https://a.org/b");
    check("https://A.ORG.", "https://a.org/");
    assert_eq!(url("https://a.org/p?token=1").shown(), "https://a.org/p?…");
    let base = url("https://a.org/x/y?q");
    let joined = |text: &str| base.join(text).map(|url| url.as_str().to_owned()).unwrap_or_default();
    assert_eq!(joined("../z"), "https://a.org/z");
    assert_eq!(joined("//b.org"), "https://b.org/");
    assert_eq!(joined("http://169.254.169.254/"), "http://169.254.169.254/");
    assert_eq!(joined("javascript:1"), "");
}

/// A name leads where its owner wants: only what was named is connected to.
#[test]
fn a_name_may_lead_to_public_addresses_or_to_those_that_the_owner_named() {
    let may = |scene: &Scene, text: &str, address: &str| {
        let Decision::Permit(permit) = scene.broker.decide(&scene.lease, get(text), NOW) else { panic!("{text}") };
        permit
            .demand()
            .may_connect(address.parse::<IpAddr>().unwrap())
            .map_or_else(|rule| rule.to_string(), |()| "yes".into())
    };
    let any = granted(GrantState::Allow, vec![]);
    assert_eq!(may(&any, "https://a.org/", "93.184.216.34"), "yes");
    assert_eq!(
        may(&any, "https://a.org/", "127.0.0.1"),
        "a.org leads to 127.0.0.1, which is not out in the public, and only you can name it"
    );
    assert_ne!(may(&any, "https://a.org/", "::ffff:10.0.0.1"), "yes");
    // A public name that the owner named may still be somebody else's to lead elsewhere.
    let named = owner(&["a.org"]);
    assert_ne!(may(&named, "https://a.org/", "192.168.1.5"), "yes");
    let both = owner(&["a.org", "192.168.1.5"]);
    assert_eq!(may(&both, "https://a.org/", "192.168.1.5"), "yes");
    assert_ne!(may(&both, "https://a.org/", "192.168.1.6"), "yes");
    let other_port = owner(&["a.org", "192.168.1.5:8080"]);
    assert_ne!(may(&other_port, "https://a.org/", "192.168.1.5"), "yes");
    let own = owner(&["nas.local", "localhost:8080"]);
    assert_eq!(may(&own, "https://nas.local/", "192.168.1.5"), "yes");
    assert_eq!(may(&own, "http://localhost:8080/", "127.0.0.1"), "yes");
    let literal = owner(&["127.0.0.1:8080"]);
    assert_eq!(may(&literal, "http://127.0.0.1:8080/", "127.0.0.1"), "yes");
    assert_ne!(may(&literal, "http://127.0.0.1:8080/", "127.0.0.2"), "yes");
    let permit = match any.broker.decide(&any.lease, get("https://a.org/"), NOW) {
        Decision::Permit(permit) => permit,
        other => panic!("{other:?}"),
    };
    let address = "192.168.1.5".parse().unwrap();
    let rule = permit.demand().may_connect(address).unwrap_err();
    assert_eq!(
        permit.demand().refuse_address(permit.lease(), address, rule).command.as_deref(),
        Some("oikos grant tester network=allow:a.org network=allow:192.168.1.5")
    );
}

#[test]
fn shared_hosts_ask_before_something_is_written_unless_a_path_says_whose() {
    let any = granted(GrantState::Allow, vec![]);
    let check = |scene: &Scene, demand: NetworkDemand, expected: &str| assert_eq!(scene.decide(demand), expected);
    check(&any, get("https://github.com/me/x"), "yes: grant network");
    check(
        &any,
        post("https://api.github.com/repos/me/x/issues"),
        "ask: send 3 bytes to https://api.github.com/repos/me/x/issues (POST), a code forge where anybody can have a \
         place (each time)",
    );
    let path = |text: &str, path: &str| {
        granted(GrantState::Allow, vec![HostRule { paths: vec![path.to_owned()], ..host(text) }])
    };
    // A path that anybody's place begins with says nothing.
    let wide = path("api.github.com", "/repos");
    assert!(wide.decide(post("https://api.github.com/repos/me/x")).starts_with("ask"));
    let narrow = path("api.github.com", "/repos/me");
    assert!(narrow.decide(post("https://api.github.com/repos/me/x")).starts_with("yes"));
    assert!(narrow.decide(post("https://api.github.com/repos/you/x")).starts_with("no"));
    let paste = path("pastebin.com", "/api/api_post.php");
    assert!(paste.decide(post("https://pastebin.com/api/api_post.php")).starts_with("ask"));
    let tenant = granted(GrantState::Allow, vec![host("mine.workers.dev")]);
    assert!(tenant.decide(post("https://mine.workers.dev/")).starts_with("yes"));
    let tenants = granted(GrantState::Allow, vec![host("*.workers.dev")]);
    assert!(tenants.decide(post("https://mine.workers.dev/")).starts_with("ask"));
    // A no says by which command nobody would be asked, and that holds.
    let Decision::Ask(ask) = any.broker.decide(&any.lease, post("https://api.github.com/repos/me/x/issues"), NOW)
    else {
        panic!("asks")
    };
    assert_eq!(
        ask.demand().content().unwrap(),
        "POST https://api.github.com/repos/me/x/issues\n\ntea",
        "what is asked about is shown"
    );
    let denied = ask.refused(protocol::sentence::rule_nobody_there());
    assert_eq!(denied.command.as_deref(), Some("oikos grant tester network=allow:api.github.com/repos/me"));
    let told = owner(&["api.github.com/repos/me"]);
    assert!(told.decide(post("https://api.github.com/repos/me/x/issues")).starts_with("yes"));
}

#[test]
fn what_no_switch_changes() {
    let any = granted(GrantState::Allow, vec![]);
    any.lease.join_labels(Labels::PRIVATE);
    assert!(any.decide(get("https://a.org/")).starts_with("yes"));
    // The answer was a stranger's word: now both stand in the run.
    assert_eq!(
        any.decide(get("https://a.org/?q=everything")),
        "no: not allowed to read https://a.org/?…: the run has read private data and the words of strangers, and what it \
         would send then cannot be shown to you yet"
    );
    let mut keys = granted(GrantState::Allow, vec![]);
    let secret = Scope::Secret { name: "key".into(), hosts: vec!["api.a.org".into()] };
    keys.grant(secret, GrantState::Allow, &[], GrantDuration::Always);
    let with = |text: &str| NetworkDemand::new("GET", url(text), &[], true);
    assert_eq!(
        keys.decide(with("https://API.a.org./")),
        "no: not allowed to read https://api.a.org/: oikos itself sends your secret to api.a.org, so the app may send no \
         credentials of its own there"
    );
    assert!(keys.decide(get("https://api.a.org/")).starts_with("yes"));
    assert!(keys.decide(with("https://b.org/")).starts_with("yes"));
    assert!(Scene::new(Zone::Browser).decide(get("https://a.org/")).starts_with("no"));
}

#[test]
fn what_owners_write_for_a_grant() {
    let check = |text: &str, expected: Result<(&str, Option<u16>, &[&str]), &str>| match (rule_read(text), expected) {
        (Ok(rule), Ok((host, port, paths))) => {
            assert_eq!((&*rule.host, rule.port, rule.by_owner), (host, port, true), "{text}");
            assert_eq!(rule.paths, paths, "{text}");
        }
        (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{text}: {error}"),
        (found, _) => panic!("{text}: {found:?}"),
    };
    check("example.com", Ok(("example.com", None, &[])));
    check("Example.com.:8443", Ok(("example.com", Some(8443), &[])));
    check("127.0.0.1:8080", Ok(("127.0.0.1", Some(8080), &[])));
    check("0x7f.1:8080", Ok(("127.0.0.1", Some(8080), &[])));
    check("[::1]:8080", Ok(("[::1]", Some(8080), &[])));
    check("*.example.com", Ok(("*.example.com", None, &[])));
    check("example.com/a/b", Ok(("example.com", None, &["/a/b"])));
    check("http://example.com/", Ok(("example.com", Some(80), &[])));
    check("https://example.com:444/x", Ok(("example.com", Some(444), &["/x"])));
    check("", Err("names no host"));
    check("*", Err("names no host"));
    check("*.com", Err("'*.' stands before a name"));
    check("*.127.0.0.1", Err("'*.' stands before a name"));
    check("a b", Err("names no host"));
    check("user@a.org", Err("a host, a port"));
    check("a.org?x", Err("a host, a port"));
    check("ftp://a.org", Err("only http and https"));
    check("a.org/%2e%2e%2fb", Err("two ways"));
    check("a.org:99999", Err("names no host"));
}

#[test]
fn hosts_add_up_as_long_as_the_word_is_the_same() {
    let rule = |text: &str| rule_read(text).unwrap();
    let scope = |rules: Vec<HostRule>| Scope::Network { rules };
    let texts = |rules: Vec<HostRule>| rules.iter().map(broker::rule_text).collect::<Vec<_>>();
    assert_eq!(texts(rules_with(None, rule("a.org"))), ["a.org"]);
    let one = scope(vec![rule("a.org")]);
    assert_eq!(texts(rules_with(Some(&one), rule("b.org"))), ["a.org", "b.org"]);
    assert_eq!(texts(rules_with(Some(&one), rule("a.org"))), ["a.org"]);
    let any = rules_with(Some(&scope(vec![])), rule("127.0.0.1:80"));
    assert_eq!(texts(any.clone()), ["any public host", "127.0.0.1:80"]);
    let both = granted(GrantState::Allow, any.clone());
    for text in ["https://a.org/", "http://127.0.0.1/"] {
        assert!(is_allowed(&both, text), "{text}");
    }
    assert!(!is_allowed(&both, "http://127.0.0.2/"));
    // An upgrade that asks for less leaves what the owner named.
    let asked = [host("x.org"), host("y.org")];
    let left = |granted: &[HostRule], asked: &[HostRule]| rules_left(granted, asked).map(texts);
    let told = |rules: &[&str]| Some(rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>());
    assert_eq!(left(&[rule("a.org")], &asked), told(&["a.org"]));
    assert_eq!(left(&any, &asked), told(&["127.0.0.1:80", "x.org", "y.org"]));
    assert_eq!(left(&[host("x.org"), host("z.org")], &asked), told(&["x.org"]));
    // A grant without a rule would stand for any host.
    assert_eq!(left(&[host("z.org")], &asked), None);
    // Of two rules for one host, the one that was taken out does not come back.
    let reading = HostRule { methods: vec!["GET".to_owned()], ..host("x.org") };
    let sending = HostRule { methods: vec!["POST".to_owned()], ..host("x.org") };
    assert_eq!(left(std::slice::from_ref(&reading), &[reading.clone(), sending]), told(&["x.org (GET)"]));
}

#[test]
fn of_its_hosts_only_those_stay_that_the_owner_leaves() {
    let scope = |rules: &[HostRule]| Scope::Network { rules: rules.to_vec() };
    let named = rule_read("192.168.1.5:8080").unwrap();
    let reading = HostRule { methods: vec!["GET".to_owned()], paths: vec!["/v1".to_owned()], ..host("x.org") };
    let asked = scope(&[reading.clone(), host("y.org")]);
    let standing = scope(&[host("y.org"), named.clone()]);
    let check = |only: &[&str], expected: Result<&[HostRule], &str>| {
        let only: Vec<String> = only.iter().map(|text| (*text).to_owned()).collect();
        match (rules_only(&asked, Some(&standing), &only), expected) {
            (Ok(rules), Ok(expected)) => assert_eq!(rules, expected, "{only:?}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (found, _) => panic!("{only:?}: {found:?}"),
        }
    };
    check(&["y.org"], Ok(&[host("y.org")]));
    // With all that the author bound it to, and never as a host that the owner named themselves.
    check(&["x.org /v1 (GET)", "x.org /v1 (GET)"], Ok(std::slice::from_ref(&reading)));
    check(&["192.168.1.5:8080"], Ok(std::slice::from_ref(&named)));
    check(&[], Err("no host is left"));
    check(
        &["x.org"],
        Err("none of the hosts that it may be left with: y.org, 192.168.1.5:8080, x.org /v1 (GET), y.org"),
    );
    check(&["any public host"], Err("none of the hosts"));
    let any = rules_only(&scope(&[]), None, &["any public host".to_owned()]).unwrap();
    assert_eq!(any, []);
}

/// A yes for an hour to one host leaves what stands for the others.
#[test]
fn a_yes_that_lasts_is_to_the_host_that_was_asked_about() {
    let mut scene = granted(GrantState::Ask, vec![]);
    let demand = get("http://127.0.0.1:8080/x");
    let lasting = demand.lasting(&Scope::Network { rules: vec![] });
    scene.grants.grants.push(broker::Grant {
        scope: lasting,
        state: GrantState::Allow,
        duration: GrantDuration::Until(Timestamp(NOW.0 + 1)),
        ..scene.grants.grants[0].clone()
    });
    scene.load();
    assert_eq!(scene.decide(demand), "yes: grant network for 127.0.0.1:8080");
    assert_eq!(scene.decide(get("https://a.org/")), "ask: read https://a.org/");
}

proptest! {
    /// Whatever is written: a rule covers its host and names below it, nothing else; and what was read is read the same
    /// again.
    #[test]
    fn a_host_is_what_its_rule_says(rule in "[a-c.*0-1x%]{0,12}", text in "https?://[a-c.0-1x%@:/\\\\\\[\\]]{0,24}") {
        crate::targets::check_host(&rule, &text);
    }

    #[test]
    fn any_text_is_read_or_refused(rule in ".{0,40}", text in ".{0,80}") {
        crate::targets::check_host(&rule, &text);
    }

    /// No spelling of a path gets out of the path that was granted.
    #[test]
    fn no_path_leaves_its_rule(path in "(/|\\\\|\\.|%2e|%2f|%5c|%25|;|a|b|x){0,14}") {
        let scene = granted(GrantState::Allow, vec![HostRule { paths: vec!["/a/b".into()], ..host("a.org") }]);
        let text = format!("https://a.org/{path}");
        if is_allowed(&scene, &text) {
            let url = url(&text);
            prop_assert!(url.path().to_lowercase().starts_with("/a/b"), "{}", url.path());
            // A server that decodes once and resolves dots.
            let once = url.path().replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\");
            let mut names = Vec::new();
            for part in once.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
                if part == ".." { names.pop(); } else { names.push(part); }
            }
            prop_assert!(names.len() >= 2 && names[0] == "a" && (names[1] == "b" || names[1].starts_with("b;")), "{names:?}");
        }
    }
}

/// The fuzzer's own findings, and what it began with.
#[test]
fn the_corpus_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/hosts");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        crate::targets::hosts(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 10, "{count}");
}
