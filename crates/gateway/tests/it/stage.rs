//! A household that answers what it is told to, and notes what it was asked.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request as Message, StatusCode},
};
use gateway::{
    Arrival, Doors, FrameSender, Household, Router,
    auth::{Authenticator, AuthenticatorParts, Guards},
};
use http_body_util::BodyExt as _;
use protocol::{
    Caller, DeviceId, OwnerId,
    api::{Frame, Reply, Request},
};
use serde_json::Value;
use state::MemoryStore;
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};
use testkit::{TestClock, TestEntropy};
use tower::ServiceExt as _;

type Script = Box<dyn Fn(&Request) -> Vec<Frame> + Send + Sync>;

pub(crate) struct Stage {
    script: Script,
    pub(crate) heard: Mutex<Vec<(Caller, Request)>>,
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

    fn readiness(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The port that the door would have.
pub(crate) const PORT: u16 = 7070;

pub(crate) struct House {
    pub(crate) stage: Arc<Stage>,
    pub(crate) access: Arc<Authenticator>,
    pub(crate) clock: TestClock,
    pub(crate) router: Router,
}

/// A household that answers each request with these frames.
pub(crate) fn house(script: impl Fn(&Request) -> Vec<Frame> + Send + Sync + 'static) -> House {
    let stage = Arc::new(Stage { script: Box::new(script), heard: Mutex::default() });
    let household: Arc<dyn Household> = stage.clone();
    let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(1));
    clock.advance_ms(1);
    let access = Authenticator::open(AuthenticatorParts {
        store: Arc::new(MemoryStore::new()),
        owners: vec![OwnerId::LOCAL],
        owner_of: Box::new(|name| (name.as_str() == "ben").then_some(OwnerId(2))),
        device: DeviceId(uuid::Uuid::nil()),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(entropy),
    });
    let access = Arc::new(access.unwrap());
    access.guards_set(Guards::new(PORT, false));
    let router = gateway::router(Doors::new(Arc::downgrade(&household), Arc::downgrade(&access)));
    House { stage, access, clock, router }
}

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

    pub(crate) fn last(&self) -> (Caller, Request) {
        self.stage.heard.lock().unwrap().last().unwrap().clone()
    }
}
