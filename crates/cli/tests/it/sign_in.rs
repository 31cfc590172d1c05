//! Servers elsewhere that answer only those who signed in: who may begin that, what goes where, what is kept and for how long. The
//! server and its authorization server listen on ports of this machine.

use crate::{
    doors::{say, up},
    kit::Oikos,
    observing::up_with,
    process::Process,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// What the server and its authorization server know.
#[derive(Default)]
struct Known {
    /// Where each is.
    server: Option<SocketAddr>,
    accounts: Option<SocketAddr>,
    /// What was said of the next code: the challenge that its taker has to know the answer to.
    challenge: String,
    /// The token that is good.
    token: Option<String>,
    tokens: usize,
    /// Whether an ended token may be renewed.
    renews: bool,
    /// Kinds of grants that were asked for.
    grants: Vec<String>,
    /// Whether anybody can register.
    registers: bool,
    /// Whether documents are read that say who a client is.
    reads_documents: bool,
    /// Who came, to sign in or for a token.
    clients: Vec<String>,
}

/// An MCP server that lets in whoever signed in, and the place where that is done.
struct Elsewhere(Arc<Mutex<Known>>);

/// A request as the two read it.
struct Asked {
    path: String,
    query: BTreeMap<String, String>,
    bearer: Option<String>,
    body: String,
}

impl Elsewhere {
    fn new() -> Self {
        let known = Arc::new(Mutex::new(Known { renews: true, registers: true, ..Known::default() }));
        let server = listen(known.clone(), server);
        let accounts = listen(known.clone(), accounts);
        {
            let mut known = known.lock().unwrap();
            (known.server, known.accounts) = (Some(server), Some(accounts));
        }
        Self(known)
    }

    fn server(&self) -> SocketAddr {
        self.0.lock().unwrap().server.unwrap()
    }

    fn accounts(&self) -> SocketAddr {
        self.0.lock().unwrap().accounts.unwrap()
    }

    /// No token is good any more.
    fn forget(&self) {
        self.0.lock().unwrap().token = None;
    }

    fn grants(&self) -> Vec<String> {
        self.0.lock().unwrap().grants.clone()
    }

    /// Who came since this was asked last.
    fn clients(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().clients)
    }
}

fn listen(known: Arc<Mutex<Known>>, answer: fn(&mut Known, &Asked) -> (u16, String, Value)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), known) = (stream, known.clone()) else { return };
            // Whoever asks may go at any time.
            std::thread::spawn(move || drop(serve(stream, &known, answer)));
        }
    });
    address
}

fn serve(
    stream: TcpStream,
    known: &Mutex<Known>,
    answer: fn(&mut Known, &Asked) -> (u16, String, Value),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let header = |name: &str| {
            let found = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
            Some(found[name.len() + 2..].to_owned())
        };
        let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let asked = Asked {
            path: path.to_owned(),
            query: form(query),
            bearer: header("authorization").and_then(|said| said.strip_prefix("Bearer ").map(str::to_owned)),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let (status, more, body) = answer(&mut known.lock().unwrap(), &asked);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            reader.get_mut(),
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

fn server(known: &mut Known, asked: &Asked) -> (u16, String, Value) {
    let (here, accounts) = (format!("http://{}", known.server.unwrap()), format!("http://{}", known.accounts.unwrap()));
    let none = String::new();
    if asked.path == "/.well-known/oauth-protected-resource/mcp" {
        return (200, none, json!({ "resource": format!("{here}/mcp"), "authorization_servers": [accounts] }));
    }
    if asked.path != "/mcp" {
        return (404, none, Value::Null);
    }
    if known.token.is_none() || asked.bearer != known.token {
        let more = format!(
            "www-authenticate: Bearer resource_metadata=\"{here}/.well-known/oauth-protected-resource/mcp\"\r\n"
        );
        return (401, more, Value::Null);
    }
    let said: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let result = match said["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "tracker", "version": "1" },
        }),
        "tools/list" => {
            json!({ "tools": [{ "name": "whoami", "description": "Says who asks", "inputSchema": { "type": "object" } }] })
        }
        "tools/call" => json!({ "content": [{ "type": "text", "text": "you are ada" }] }),
        "server/discover" => {
            let error = json!({ "code": -32601, "message": "unknown" });
            return (200, none, json!({ "jsonrpc": "2.0", "id": said["id"], "error": error }));
        }
        _ => return (if asked.body.is_empty() { 405 } else { 202 }, none, Value::Null),
    };
    (200, none, json!({ "jsonrpc": "2.0", "id": said["id"], "result": result }))
}

fn accounts(known: &mut Known, asked: &Asked) -> (u16, String, Value) {
    let here = format!("http://{}", known.accounts.unwrap());
    let none = String::new();
    match asked.path.as_str() {
        "/.well-known/oauth-authorization-server" => {
            let mut said = json!({
                "issuer": here,
                "authorization_endpoint": format!("{here}/authorize"),
                "token_endpoint": format!("{here}/token"),
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
            });
            if known.reads_documents {
                said["client_id_metadata_document_supported"] = true.into();
            }
            if known.registers {
                said["registration_endpoint"] = format!("{here}/register").into();
            }
            (200, none, said)
        }
        "/register" => (201, none, json!({ "client_id": "somebody", "token_endpoint_auth_method": "none" })),
        // A person signs in at once, and is sent back.
        "/authorize" => {
            known.challenge = asked.query["code_challenge"].clone();
            known.clients.push(asked.query["client_id"].clone());
            assert_eq!(asked.query["code_challenge_method"], "S256");
            let back = format!("{}?code=c0de&state={}", asked.query["redirect_uri"], asked.query["state"]);
            (302, format!("location: {back}\r\n"), Value::Null)
        }
        "/token" => {
            let fields = form(&asked.body);
            let grant = fields["grant_type"].clone();
            known.grants.push(grant.clone());
            known.clients.push(fields["client_id"].clone());
            let is_good = match grant.as_str() {
                "authorization_code" => {
                    fields["code"] == "c0de" && base64_url(&fields["code_verifier"]) == known.challenge
                }
                _ => known.renews && fields["refresh_token"] == "r3fresh",
            };
            if !is_good {
                return (400, none, json!({ "error": "invalid_grant" }));
            }
            known.tokens += 1;
            let token = format!("t0ken-{}", known.tokens);
            known.token = Some(token.clone());
            (200, none, json!({ "access_token": token, "token_type": "Bearer", "refresh_token": "r3fresh" }))
        }
        _ => (404, none, Value::Null),
    }
}

/// What PKCE wants to see of a verifier: its digest in the alphabet for addresses.
fn base64_url(verifier: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hex = protocol::sha256(verifier.as_bytes()).to_string();
    let bits: String = hex.chars().map(|digit| format!("{:04b}", digit.to_digit(16).unwrap())).collect();
    let sextets = bits.as_bytes().chunks(6);
    sextets
        .map(|six| {
            let padded = format!("{:0<6}", std::str::from_utf8(six).unwrap());
            char::from(ALPHABET[usize::from_str_radix(&padded, 2).unwrap()])
        })
        .collect()
}

fn form(text: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.replace('+', " ").into_bytes().into_iter();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// A household with that server in it, which may be reached.
struct House {
    oikos: Oikos,
    door: String,
    elsewhere: Elsewhere,
    _up: Process,
}

impl House {
    fn new() -> Self {
        Self::with(up)
    }

    /// With an oikos that was started so.
    fn with(up: impl FnOnce(&Oikos) -> (Process, String)) -> Self {
        let (oikos, elsewhere) = (Oikos::new(), Elsewhere::new());
        let (up, door) = up(&oikos);
        let url = format!("http://{}/mcp", elsewhere.server());
        drop(oikos.run(&["mcp", "add", "tracker", "--url", &url, "--yes"]));
        let house = Self { oikos, door, elsewhere, _up: up };
        house.allow(house.elsewhere.server());
        house
    }

    fn allow(&self, address: SocketAddr) {
        self.oikos.ok(&["grant", "tracker", &format!("network=allow:{address}")]);
    }

    /// Signs in, as a person does with a browser. Gives what the command said at its end.
    #[track_caller]
    fn sign_in(&self, more: &[&str]) -> Value {
        let signing = Process::start(&self.oikos, &[&["mcp", "sign-in", "tracker", "--json"], more].concat());
        signing.wait_for("\"address\"");
        let said: Value = serde_json::from_str(signing.out().lines().next().unwrap()).unwrap();
        let (status, page) = self.browse(said["address"].as_str().unwrap());
        assert!(status == 200 && page.contains("oikos goes on with tracker"), "{status} {page}");
        let end = signing.end();
        assert_eq!(end.code, 0, "{}{}", end.out, end.err);
        serde_json::from_str(end.out.lines().last().unwrap()).unwrap()
    }

    /// A browser that opens an address of the authorization server, and goes where it is sent.
    fn browse(&self, address: &str) -> (u16, String) {
        let back = redirected(address);
        let path = back.strip_prefix(&format!("http://{}", self.door)).unwrap_or_else(|| panic!("it leads to {back}"));
        self.get(path)
    }

    fn get(&self, path: &str) -> (u16, String) {
        let message = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\n\
             sec-fetch-dest: document\r\nconnection: close\r\n\r\n",
            self.door
        );
        say(TcpStream::connect(&self.door).unwrap(), &message)
    }

    fn call(&self) -> (i32, Value) {
        let said = self.oikos.run(&["mcp", "call", "tracker", "whoami", "--json"]);
        (said.code, serde_json::from_str(said.out.lines().last().unwrap_or("null")).unwrap_or_default())
    }
}

/// Where the page of the authorization server sends a browser.
fn redirected(address: &str) -> String {
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "it sends nobody anywhere");
        if let Some(location) = line.strip_prefix("location: ") {
            return location.trim().to_owned();
        }
    }
}

#[test]
fn whoever_signs_in_is_let_in_until_they_sign_out() {
    let house = House::new();
    // Whom the server names is somebody else, who has to be allowed.
    let accounts = house.elsewhere.accounts();
    for act in ["look", "sign-in"] {
        let said = house.oikos.run(&["mcp", act, "tracker"]);
        let allow = format!("oikos grant tracker network=allow:{accounts}");
        assert!(said.code == 1 && said.err.contains(&allow), "{}{}", said.out, said.err);
    }
    house.allow(accounts);
    let said = house.oikos.run(&["mcp", "look", "tracker"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains("hint: oikos mcp sign-in tracker"), "{}", said.err);

    assert_eq!(house.sign_in(&[])["done"], true);
    let server = house.oikos.json(&["mcp", "info", "tracker"]);
    assert!(server["signed_in_at"].is_number(), "{server}");
    house.oikos.ok(&["mcp", "accept", "tracker"]);
    house.oikos.ok(&["app", "enable", "tracker"]);
    assert_eq!(house.call().1["data"]["content"][0]["text"], "you are ada");
    // An ended token is renewed, and nobody notices.
    house.elsewhere.forget();
    assert_eq!(house.call().1["data"]["content"][0]["text"], "you are ada");
    assert_eq!(house.elsewhere.grants(), ["authorization_code", "refresh_token"]);
    // One that cannot be renewed needs its owner again.
    house.elsewhere.0.lock().unwrap().renews = false;
    house.elsewhere.forget();
    let (code, end) = house.call();
    assert_eq!(code, 3, "{end}");
    assert!(end.to_string().contains("oikos mcp sign-in tracker"), "{end}");
    let list = house.oikos.ok(&["mcp", "list"]);
    assert!(list.out.contains("wants a sign-in"), "{}", list.out);
    let info = house.oikos.ok(&["mcp", "info", "tracker"]).out;
    assert!(info.contains("its last run failed") && info.contains("oikos mcp sign-in tracker"), "{info}");
    house.elsewhere.0.lock().unwrap().renews = true;
    assert_eq!(house.sign_in(&[])["done"], true);
    assert_eq!(house.call().0, 0);
    assert!(house.oikos.json(&["mcp", "info", "tracker"])["fault"].is_null());

    let keys = house.oikos.json(&["key", "list"]);
    assert!(keys[0]["name"] == "app/tracker/(sign-in)" && !keys.to_string().contains("t0ken"), "{keys}");
    let server = house.oikos.json(&["mcp", "sign-out", "tracker"]);
    assert!(server["signed_in_at"].is_null(), "{server}");
    assert_eq!(house.oikos.json(&["key", "list"]), json!([]));
    assert_eq!(house.call().0, 3);
    let log = house.oikos.ok(&["log", "tracker"]).out;
    for line in ["you signed in to 127.0.0.1", "you forgot what 127.0.0.1 let oikos in with"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    for secret in ["t0ken", "r3fresh", "c0de"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn what_comes_back_unasked_changes_nothing() {
    let house = House::new();
    house.allow(house.elsewhere.accounts());
    for query in ["", "?", "?state=", "?code=c0de&state=abc", "?error=access_denied&state=abc"] {
        let (status, page) = house.get(&format!("/signed-in{query}"));
        assert!(status == 404 && page.contains("Nobody waits for this"), "{query}: {status} {page}");
    }
    let signing = Process::start(&house.oikos, &["mcp", "sign-in", "tracker", "--json"]);
    signing.wait_for("\"address\"");
    let said: Value = serde_json::from_str(signing.out().lines().next().unwrap()).unwrap();
    // With another's state it is nobody's; with its own, what is no code ends it.
    assert_eq!(house.get("/signed-in?code=c0de&state=guessed").0, 404);
    let address = said["address"].as_str().unwrap();
    let state = form(address.split_once('?').unwrap().1)["state"].clone();
    assert_eq!(house.get(&format!("/signed-in?error=access_denied&state={state}")).0, 200);
    let end = signing.end();
    assert!(
        end.code != 0 && end.err.contains("access_denied") || end.out.contains("access_denied"),
        "{}{}",
        end.out,
        end.err
    );
    // It is over: the same again is nobody's.
    assert_eq!(house.get(&format!("/signed-in?code=c0de&state={state}")).0, 404);
    assert!(house.oikos.json(&["mcp", "info", "tracker"])["signed_in_at"].is_null(), "no token was got");
    assert!(house.elsewhere.grants().is_empty());
}

#[test]
fn where_nobody_can_register_the_owner_says_who_oikos_is() {
    let house = House::new();
    house.allow(house.elsewhere.accounts());
    house.elsewhere.0.lock().unwrap().registers = false;
    let said = house.oikos.run(&["mcp", "sign-in", "tracker"]);
    assert!(said.code == 3 && said.err.contains("--client-id ID"), "{}{}", said.out, said.err);
    assert_eq!(house.sign_in(&["--client-id", "by-hand"])["done"], true);
    assert_eq!(house.elsewhere.clients(), ["by-hand", "by-hand"]);
}

#[test]
fn a_document_of_the_operators_says_who_oikos_is_where_such_are_read() {
    const DOCUMENT: &str = "https://box.example/oikos.json";
    let set_up = format!("[servers]\nclient_document = \"{DOCUMENT}\"\n");
    let house = House::with(|oikos| up_with(oikos, &set_up));
    house.allow(house.elsewhere.accounts());
    house.elsewhere.0.lock().unwrap().reads_documents = true;
    // Nobody registers, though anybody could: to sign in and for the token, oikos is its document.
    assert_eq!(house.sign_in(&[])["done"], true);
    assert_eq!(house.elsewhere.clients(), [DOCUMENT, DOCUMENT]);
    house.oikos.ok(&["mcp", "accept", "tracker"]);
    house.oikos.ok(&["app", "enable", "tracker"]);
    house.elsewhere.forget();
    assert_eq!(house.call().1["data"]["content"][0]["text"], "you are ada");
    assert_eq!(house.elsewhere.clients(), [DOCUMENT], "the token was renewed");
    // What is known by hand goes before that, and where such documents are not read it is made known as ever.
    for (reads_documents, more, client) in
        [(true, &["--client-id", "by-hand"][..], "by-hand"), (false, &[], "somebody")]
    {
        house.oikos.ok(&["mcp", "sign-out", "tracker"]);
        house.elsewhere.0.lock().unwrap().reads_documents = reads_documents;
        assert_eq!(house.sign_in(more)["done"], true);
        assert_eq!(house.elsewhere.clients(), [client, client]);
    }
    // What is no address of a document says so at the start.
    let config = house.oikos.files().join("wrong.toml");
    for wrong in ["http://box.example/oikos.json", "https://box.example/", "https://box.example/oikos.json?a=b"] {
        std::fs::write(&config, format!("[servers]\nclient_document = \"{wrong}\"\n")).unwrap();
        let said = Oikos::new().run(&["up", "--port", "0", "--config", config.to_str().unwrap()]);
        assert!(said.code != 0 && said.err.contains("an https address with a path"), "{}{}", said.out, said.err);
    }
}

#[test]
fn a_server_on_this_machine_has_no_sign_in() {
    let oikos = Oikos::new();
    let (_up, _) = up(&oikos);
    oikos.install("fickle", &[]);
    let said = oikos.run(&["mcp", "sign-in", "fickle"]);
    assert!(said.code == 6 && said.err.contains("nobody signs in to it"), "{}{}", said.out, said.err);
    let said = oikos.run(&["mcp", "sign-in", "nobody"]);
    assert_eq!(said.code, 6, "{}", said.err);
}
