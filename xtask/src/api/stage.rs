//! An oikos of its own with at least one of everything in it, so that what is asked about is there.

use super::http::{Answer, ask, question};
use crate::{
    served::{START_WAIT, Served, text},
    shell::Result,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed, mpsc},
    thread,
    time::Duration,
};

/// Apps with what they are granted. The one that asks wants a page of a host that there can never be, so that nothing
/// leaves this machine whatever is answered.
const APPS: &[(&str, &[&str])] = &[
    ("csv-insights", &[]),
    ("daily-note", &[]),
    ("folder-tidy", &["file=allow:{files}"]),
    ("greeter", &[]),
    ("notes", &[]),
    ("page-watch", &["network=ask:oikos.invalid"]),
    ("tip-split", &[]),
];
/// A run that waits for an answer: to ask, it needs an input that nobody else thinks of.
const ASKING: &str = r#"{ "app": "page-watch", "action": "watch", "input": { "url": "https://oikos.invalid/" } }"#;

/// An oikos that is up, and what is in it.
pub(super) struct Stage {
    served: Served,
    key: String,
    page: Page,
    /// Ids of what there is, and of what may be taken away.
    runs: Vec<String>,
    question: String,
    offers: [String; 2],
    files: [String; 2],
    spare_login: String,
    spare_token: String,
    is_over: Arc<AtomicBool>,
}

/// A browser that is signed in.
#[derive(Default)]
pub(super) struct Page {
    /// What its cookie is called.
    pub(super) cookie: String,
    /// What stands in it.
    pub(super) login: String,
    /// The other half.
    pub(super) secret: String,
}

impl Stage {
    pub(super) fn set(binary: &Path, apps: &Path) -> Result<Self> {
        let mut stage = Self {
            served: Served::start(binary, "api")?,
            key: String::new(),
            page: Page::default(),
            runs: Vec::new(),
            question: String::new(),
            offers: Default::default(),
            files: Default::default(),
            spare_login: String::new(),
            spare_token: String::new(),
            is_over: Arc::default(),
        };
        stage.fill(apps)?;
        Ok(stage)
    }

    fn fill(&mut self, apps: &Path) -> Result<()> {
        let files = self.folder().join("files");
        for (app, grants) in APPS {
            let (app, files) = (shown(&apps.join(app)), shown(&files));
            let grants: Vec<_> = grants.iter().map(|grant| grant.replace("{files}", &files)).collect();
            let mut words = vec!["app", "install", &app, "--yes"];
            words.extend(grants.iter().flat_map(|grant| ["--grant", grant]));
            self.oikos(&words)?;
        }
        fs::write(files.join("a.txt"), "a\n")?;
        fs::write(files.join("a.csv"), "name,size\na,1\nb,2\n")?;
        for place in 0..self.files.len() {
            self.files[place] = text(&self.oikos(&["file", "hand", "a.csv"])?, "/id")?;
        }
        let data = format!("data={}", shown(&files.join("a.csv")));
        for words in [
            &["csv-insights", "analyze", "--file", &data][..],
            &["daily-note", "add", "--input", r#"{ "text": "A line." }"#],
            &["folder-tidy", "tidy"],
            &["greeter", "greet", "--input", r#"{ "name": "Ada" }"#],
            &["notes", "add", "--input", r#"{ "text": "A note." }"#],
        ] {
            self.oikos(&[&["run"], words].concat())?;
        }
        let handed = format!("data={}", self.files[0]);
        self.oikos(&["run", "csv-insights", "preview", "--handed", &handed])?;
        // One that was refused.
        drop(self.oikos(&["run", "daily-note", "write"]));
        self.oikos(&["owner", "new", "ben"])?;
        self.key = text(&self.oikos(&["token", "new", "asks", "--rights", "read,run,manage"])?, "/secret")?;
        self.spare_token = text(&self.oikos(&["token", "new", "spare", "--rights", "read"])?, "/token/id")?;
        self.page = self.signed_in()?.0;
        self.spare_login = self.signed_in()?.1;
        for place in 0..self.offers.len() {
            let source = json!({ "source": shown(&apps.join("greeter")) });
            let offered = ask(self.socket()?, &question("POST", "/api/v1/offers", &self.present(), &source))?;
            self.offers[place] = text(&offered.body, "/offer")?;
        }
        let runs = self.oikos(&["run", "--list"])?;
        self.runs = runs.as_array().into_iter().flatten().map(|run| text(run, "/run")).collect::<Result<_>>()?;
        self.question = self.keep_asking()?;
        Ok(())
    }

    /// Has one app ask, and ask again whenever its run was stopped, until all is over.
    #[expect(clippy::disallowed_methods, reason = "nobody waits for the pause between two of its questions")]
    fn keep_asking(&self) -> Result<String> {
        let (socket, is_over) = (self.folder().join("home/socket"), self.is_over.clone());
        let headers = [("host", "oikos"), ("oikos-presence", "yes"), ("accept", "text/event-stream")];
        let said = question("POST", "/api/v1/runs", &headers, &serde_json::from_str(ASKING)?);
        let (asked, first) = mpsc::channel();
        thread::spawn(move || {
            while !is_over.load(Relaxed) {
                let Ok(mut door) = UnixStream::connect(&socket) else { return };
                drop(door.write_all(said.as_bytes()));
                for line in BufReader::new(door).lines().map_while(std::io::Result::ok) {
                    let frame: Value =
                        serde_json::from_str(line.strip_prefix("data: ").unwrap_or_default()).unwrap_or_default();
                    if let Some(id) = frame.pointer("/question/id").and_then(Value::as_str) {
                        // Only the first one is waited for.
                        drop(asked.send(id.to_owned()));
                    }
                }
                // Where the app was stopped for good, it is refused at once, each time.
                thread::sleep(Duration::from_millis(100));
            }
        });
        Ok(first.recv_timeout(START_WAIT).map_err(|_| "no app asked anything")?)
    }

    /// A browser that signs in, and its login's id.
    fn signed_in(&self) -> Result<(Page, String)> {
        let link = ask(self.socket()?, &question("POST", "/api/v1/logins/link", &self.present(), &Value::Null))?;
        let link = text(&link.body, "/url")?;
        let (_, link) = link.split_once('#').ok_or("a link has no secret")?;
        let host = self.host();
        let headers = [("host", host), ("origin", self.url())];
        let answer: Answer =
            ask(self.door()?, &question("POST", "/api/v1/sign-in", &headers, &json!({ "link": link })))?;
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).ok_or("no cookie")?;
        let (cookie, login) = cookie.split_once('=').ok_or("a cookie has no name")?;
        let secret = text(&answer.body, "/page")?;
        Ok((Page { cookie: cookie.to_owned(), login: login.to_owned(), secret }, text(&answer.body, "/login/id")?))
    }

    fn socket(&self) -> Result<UnixStream> {
        let socket = UnixStream::connect(self.folder().join("home/socket"))?;
        socket.set_read_timeout(Some(START_WAIT))?;
        Ok(socket)
    }

    fn door(&self) -> Result<TcpStream> {
        let door = TcpStream::connect(self.host())?;
        door.set_read_timeout(Some(START_WAIT))?;
        Ok(door)
    }

    fn present(&self) -> [(&'static str, &'static str); 2] {
        [("host", "oikos"), ("oikos-presence", "yes")]
    }

    fn host(&self) -> &str {
        self.served.host()
    }

    fn oikos(&self, words: &[&str]) -> Result<Value> {
        self.served.oikos(words)
    }

    pub(super) fn url(&self) -> &str {
        self.served.url()
    }

    pub(super) fn folder(&self) -> &Path {
        self.served.folder()
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn page(&self) -> &Page {
        &self.page
    }

    /// What is there, by the places in which it is named.
    pub(super) fn things(&self) -> Vec<(&'static str, Vec<String>)> {
        let apps: Vec<_> = ["csv-insights", "folder-tidy", "greeter", "notes"].map(str::to_owned).into();
        vec![
            ("path.run", self.runs.clone()),
            ("path.app", apps.clone()),
            ("path.file", vec![self.files[0].clone()]),
            ("query.app", apps.clone()),
            ("query.path", vec!["index.html".to_owned()]),
            ("query.run", self.runs.clone()),
            ("body.app", apps),
            ("body.action", ["analyze", "propose", "greet", "list"].map(str::to_owned).into()),
        ]
    }

    /// An example for what an operation names.
    pub(super) fn example(&self, operation: &str, parameter: &str) -> Option<String> {
        let text = match (operation, parameter) {
            ("app_remove" | "app_rollback", "app") => "csv-insights",
            ("app_stop" | "app_disable" | "app_enable", "app") => "folder-tidy",
            ("app_view", "app") => "tip-split",
            ("app_view", "path") => "index.html",
            ("view", "name") => "table",
            (_, "app") => "notes",
            ("undo", "run") => return self.runs.iter().rev().nth(2).cloned(),
            (_, "run") => return self.runs.first().cloned(),
            (_, "question") => &self.question,
            ("file_forget", "file") => &self.files[1],
            (_, "file") => &self.files[0],
            ("app_decline", "offer") => &self.offers[0],
            (_, "offer") => &self.offers[1],
            (_, "login") => &self.spare_login,
            (_, "token") => &self.spare_token,
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// An example for what an operation is told.
    pub(super) fn body(&self, operation: &str) -> Option<Value> {
        Some(match operation {
            "app_offer" => json!({ "source": shown(&self.folder().join("files")) }),
            "approval_answer" => json!({ "choice": "no" }),
            "event_emit" => json!({ "topic": "user.message", "payload": { "text": "hello, I am Ada" } }),
            "file_hand" => json!({ "name": "a.csv", "size_bytes": 12 }),
            "grant_set" => json!({ "choices": [{ "line": "storage", "state": "allow" }] }),
            "run_start" => json!({ "app": "greeter", "action": "greet", "input": { "name": "Ada" } }),
            "token_new" => json!({ "name": "more", "rights": ["read"], "expires_in_ms": 60_000 }),
            _ => return None,
        })
    }

    /// Whether what asked could still ask at the end, and oikos came through it whole. Nothing stays behind.
    pub(super) fn end(self) -> Result<()> {
        let bearer = format!("Bearer {}", self.key);
        let cookie = format!("{}={}", self.page.cookie, self.page.login);
        let by_key = vec![("host", self.host()), ("authorization", &*bearer)];
        let by_page = vec![("host", self.host()), ("cookie", &*cookie), ("oikos-page", &*self.page.secret)];
        for (who, headers) in [("key", by_key), ("page", by_page)] {
            ask(self.door()?, &question("GET", "/api/v1/status", &headers, &Value::Null))
                .map_err(|error| format!("the {who} was taken away, so the rest was not tried: {error}"))?;
        }
        self.is_over.store(true, Relaxed);
        let Self { served, .. } = self;
        served.end()
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
