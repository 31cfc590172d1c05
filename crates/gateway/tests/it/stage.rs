//! A household that answers what it is told to, and notes what it was asked.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request as Message, StatusCode, request::Parts},
};
use gateway::{Arrival, Doors, FrameSender, Guard, Household, PRESENCE_HEADER, Router};
use http_body_util::BodyExt as _;
use protocol::{
    Caller, DeviceId, Door, ErrorCode, Failure, OwnerId, Rights,
    api::{Frame, Reply, Request},
};
use serde_json::Value;
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};
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
                if frames.send(frame).await.is_err() {
                    return;
                }
            }
        })
    }

    fn readiness(&self) -> Result<(), String> {
        Ok(())
    }
}

/// As at home: the owner's own processes come in, nobody else does.
struct Porter;

impl Guard for Porter {
    fn authenticate(&self, parts: &Parts, arrival: &Arrival) -> Result<Caller, Failure> {
        if !arrival.is_own() {
            return Err(Failure::new(ErrorCode::Unauthenticated, "who is there?"));
        }
        let door = if parts.headers.contains_key(PRESENCE_HEADER) { Door::Terminal } else { Door::Socket };
        Ok(Caller { owner: OwnerId::LOCAL, device: DeviceId(uuid::Uuid::nil()), door, rights: Rights::OWNER })
    }
}

pub(crate) struct House {
    pub(crate) stage: Arc<Stage>,
    pub(crate) router: Router,
}

/// A household that answers each request with these frames.
pub(crate) fn house(script: impl Fn(&Request) -> Vec<Frame> + Send + Sync + 'static) -> House {
    let stage = Arc::new(Stage { script: Box::new(script), heard: Mutex::default() });
    let household: Arc<dyn Household> = stage.clone();
    let router = gateway::router(Doors::new(Arc::downgrade(&household), Arc::new(Porter)));
    House { stage, router }
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
