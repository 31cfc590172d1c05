//! A household that answers what it is told to, and notes what it was asked.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request as Message, StatusCode},
};
use gateway::{
    Arrival, Attendance, Doors, FrameSender, Household, Listen, PageFile, PageFiles, Router, TcpDoor,
    auth::{Authenticator, AuthenticatorParts, Guards, SignedIn},
};
use http_body_util::BodyExt as _;
use protocol::{
    AppName, Caller, DeviceId, Door, Failure, OwnerId, Question, Right, Rights, RouteAnswer, RouteCall, RouteEnd,
    TokenId,
    api::{Frame, Reply, Request},
};
use serde_json::Value;
use state::{MemoryStore, Store as _};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use testkit::{TestClock, TestEntropy};
use tokio::{sync::watch, time::timeout};
use tower::ServiceExt as _;

type Script = Box<dyn Fn(&Request) -> Vec<Frame> + Send + Sync>;

pub(crate) struct Stage {
    script: Script,
    /// What the first owner is asked.
    pub(crate) questions: watch::Sender<Arc<[Question]>>,
    pub(crate) heard: Mutex<Vec<(Caller, Request)>>,
    /// What its one app, `notes`, was sent, and how it answers.
    pub(crate) sent: Mutex<Vec<(Caller, RouteCall)>>,
    pub(crate) end: Mutex<Result<RouteEnd, Failure>>,
    /// Requests to the app that nobody waits for any more.
    pub(crate) given_up: Arc<AtomicUsize>,
}

struct Waited(Arc<AtomicUsize>);

impl Drop for Waited {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Household for Stage {
    fn answer(
        self: Arc<Self>,
        caller: Caller,
        request: Request,
        frames: FrameSender,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let answer = (self.script)(&request);
            self.heard.lock().unwrap().push((caller, request));
            for frame in answer {
                let is_last = matches!(frame, Frame::Done { .. } | Frame::Failed { .. });
                if frames.send(frame).await.is_err() || is_last {
                    return;
                }
            }
            // Nothing more, for ever.
            frames.closed().await;
        })
    }

    fn attend(&self, caller: &Caller) -> Option<Attendance> {
        let may_see = caller.owner == OwnerId::LOCAL && caller.rights.has(Right::Read);
        may_see.then(|| Attendance { questions: self.questions.subscribe(), presence: None })
    }

    fn route(
        self: Arc<Self>,
        caller: Caller,
        call: RouteCall,
    ) -> Pin<Box<dyn Future<Output = Result<RouteEnd, Failure>> + Send>> {
        Box::pin(async move {
            let is_slow = call.path == "/slow";
            self.sent.lock().unwrap().push((caller, call));
            if is_slow {
                let _waited = Waited(self.given_up.clone());
                std::future::pending::<()>().await;
            }
            self.end.lock().unwrap().clone()
        })
    }

    fn app_names(&self, owner: OwnerId) -> Vec<AppName> {
        if owner == OwnerId::LOCAL { vec!["notes".parse().unwrap()] } else { vec![] }
    }

    fn readiness(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The port that the door would have.
pub(crate) const PORT: u16 = 7070;

pub(crate) struct House {
    pub(crate) stage: Arc<Stage>,
    pub(crate) access: Arc<Authenticator>,
    store: Arc<MemoryStore>,
    pub(crate) clock: TestClock,
    pub(crate) router: Router,
}

/// A household that answers each request with these frames, and has no page.
pub(crate) fn house(script: impl Fn(&Request) -> Vec<Frame> + Send + Sync + 'static) -> House {
    house_with_page(script, |_| None)
}

/// The same with these files as its page.
pub(crate) fn house_with_page(
    script: impl Fn(&Request) -> Vec<Frame> + Send + Sync + 'static,
    page: PageFiles,
) -> House {
    let stage = Arc::new(Stage {
        script: Box::new(script),
        questions: watch::Sender::new(Arc::new([])),
        heard: Mutex::default(),
        sent: Mutex::default(),
        end: Mutex::new(Ok(RouteEnd::Answered(RouteAnswer { status: 200, ..RouteAnswer::default() }))),
        given_up: Arc::default(),
    });
    let household: Arc<dyn Household> = stage.clone();
    let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(1));
    clock.advance_ms(1);
    let store = Arc::new(MemoryStore::new());
    let access = Authenticator::open(AuthenticatorParts {
        store: store.clone(),
        owners: vec![OwnerId::LOCAL],
        owner_of: Box::new(|name| (name.as_str() == "ben").then_some(OwnerId(2))),
        device: DeviceId(uuid::Uuid::nil()),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(entropy),
    });
    let access = Arc::new(access.unwrap());
    access.guards_set(Guards::new(PORT, false));
    let doors = Doors::new(Arc::downgrade(&household), Arc::downgrade(&access)).with_page(page).with_views(views);
    let router = gateway::router(doors);
    House { stage, access, store, clock, router }
}

/// The frame around views. What is in it is not looked at here.
fn views(path: &str) -> Option<PageFile> {
    (path == "frame.html").then(|| PageFile { bytes: Bytes::from_static(FRAME), sha256: [9; 32] })
}

pub(crate) const FRAME: &[u8] = b"<!doctype html><title>view</title>";

/// A household that answers each request with this reply.
pub(crate) fn replies(reply: impl Fn() -> Reply + Send + Sync + 'static) -> House {
    house(move |_| vec![Frame::Done { reply: reply() }])
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl House {
    /// Says a message through a door.
    pub(crate) async fn through(&self, arrival: Arrival, mut message: Message<Body>) -> Answer {
        message.extensions_mut().insert(arrival);
        let response = self.router.clone().oneshot(message).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn say(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut message = Message::builder().method(method).uri(path);
        for (name, value) in headers {
            message = message.header(*name, *value);
        }
        if !body.is_empty() {
            message = message.header("content-type", "application/json");
        }
        self.through(Arrival::Process, message.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.say("GET", path, &[], "").await
    }

    /// The owner's log, as text.
    pub(crate) fn log(&self) -> Vec<String> {
        let rows = self.store.log_read_last(OwnerId::LOCAL, 10_000).unwrap();
        rows.into_iter().map(|row| String::from_utf8(row.body.unwrap_or_default()).unwrap()).collect()
    }

    pub(crate) fn last(&self) -> (Caller, Request) {
        self.stage.heard.lock().unwrap().last().unwrap().clone()
    }
}

/// The owner at a terminal.
pub(crate) fn owner() -> Caller {
    Caller {
        owner: OwnerId::LOCAL,
        device: DeviceId(uuid::Uuid::nil()),
        door: Door::Terminal,
        rights: Rights::OWNER,
        client: None,
    }
}

/// A household with its door open.
pub(crate) struct Open {
    pub(crate) house: House,
    pub(crate) door: TcpDoor,
    pub(crate) key: TokenId,
    pub(crate) bearer: String,
}

impl Open {
    pub(crate) async fn new(script: impl Fn(&Request) -> Vec<Frame> + Send + Sync + 'static) -> Self {
        let house = house(script);
        let listen = Listen { address: ([127, 0, 0, 1], 0).into(), tls: None };
        let door = TcpDoor::open(listen, house.router.clone()).await.unwrap();
        house.access.guards_set(Guards::new(door.address().port(), false));
        let rights = [Right::Read, Right::Run, Right::Manage];
        let entropy = testkit::TestEntropy::seeded(9);
        let made = house.access.keys().make(&owner(), "test".parse().unwrap(), &rights, None, &house.clock, &entropy);
        let (view, secret) = made.unwrap();
        Self { house, door, key: view.id, bearer: format!("Bearer {}", secret.expose()) }
    }

    pub(crate) fn signed_in(&self) -> (String, SignedIn) {
        let (link, _) = self.house.access.link(&owner()).unwrap();
        let link = link.expose().split_once('#').unwrap().1;
        let address = self.door.address();
        let request = http::Request::post("/api/v1/sign-in").header("host", address.to_string());
        let request = request.header("origin", format!("http://{address}")).header("content-type", "application/json");
        let parts = request.body(()).unwrap().into_parts().0;
        let signed = self.house.access.sign_in(&parts, address.ip(), link).unwrap();
        (format!("{}={}", self.house.access.guards().cookie(), signed.cookie.expose()), signed)
    }

    /// Waits until all connections have ended.
    pub(crate) async fn is_left(&self) {
        let left = async {
            while self.door.connections() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), left).await.expect("all have left");
    }
}
