//! Bytes that come in and go out as they are.

use crate::stage::{House, house, replies};
use axum::{body::Body, http::Request as Message};
use gateway::{Arrival, client::ask_here};
use http_body_util::BodyExt as _;
use protocol::{
    Failure, FileId,
    api::{Envelope, FileView, Frame, NamedFile, Reply, Request},
    limit::FILE_PIECE_BYTES_MAX,
};
use serde_json::json;

const FILE: &str = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";

fn id() -> FileId {
    FILE.parse().unwrap()
}

fn handed() -> House {
    let file = FileView {
        id: id(),
        name: "a.csv".to_owned(),
        size_bytes: 9,
        received_bytes: 9,
        is_used: false,
        handed_at: protocol::Timestamp(5),
        expires_at: protocol::Timestamp(7),
    };
    replies(move || Reply::File { file: file.clone() })
}

async fn append(house: &House, query: &str, kind: Option<&str>, body: Vec<u8>) -> crate::stage::Answer {
    let mut message = Message::builder().method("POST").uri(format!("/api/v1/files/{FILE}/pieces{query}"));
    if let Some(kind) = kind {
        message = message.header("content-type", kind);
    }
    house.through(Arrival::Process, message.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_piece_is_taken_as_it_is() {
    const BYTES: Option<&str> = Some("application/octet-stream");
    let house = handed();
    for body in [vec![], vec![0, 255, b'\r', b'\n'], b"{ not JSON".to_vec(), vec![7; FILE_PIECE_BYTES_MAX]] {
        let answer = append(&house, "?at=5", BYTES, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["file"]["id"].as_str()), (200, Some(FILE)));
        assert_eq!(house.last().1, Request::FileAppend { file: id(), at: 5, bytes: body });
    }
    let asked = house.stage.heard.lock().unwrap().len();
    let check = async |query: &str, kind: Option<&str>, bytes: usize, status: u16, code: &str| {
        let answer = append(&house, query, kind, vec![b'1'; bytes]).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{query} {kind:?}");
    };
    check("?at=0", BYTES, FILE_PIECE_BYTES_MAX + 1, 413, "too_large").await;
    check("?at=0", Some("application/json"), 1, 415, "invalid_input").await;
    check("?at=0", None, 1, 415, "invalid_input").await;
    for wrong in ["", "?at=", "?at=-1", "?at=x", "?at=18446744073709551616", "?at=0&to=5", "?at=0&at=1", "?from=0"] {
        check(wrong, BYTES, 1, 400, "invalid_input").await;
    }
    assert_eq!(house.stage.heard.lock().unwrap().len(), asked, "nothing of that was asked");
}

#[tokio::test]
async fn a_file_goes_out_as_it_is_and_is_no_page() {
    let house = house(|_| {
        vec![Frame::Piece(b"<script>".to_vec()), Frame::Piece(vec![0, 255]), Frame::Done { reply: Reply::Ok }]
    });
    let answer = house.get(&format!("/api/v1/files/{FILE}")).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"<script>\0\xff"[..]));
    let head = |name| answer.header(name);
    assert_eq!((head("content-type"), head("content-disposition")), ("application/octet-stream", "attachment"));
    assert_eq!((head("x-content-type-options"), head("cache-control")), ("nosniff", "no-store"));
    assert!(head("content-security-policy").contains("sandbox"));
}

#[tokio::test]
async fn one_of_nothing_goes_out_and_what_is_refused_is_a_problem() {
    let empty = replies(|| Reply::Ok).get(&format!("/api/v1/files/{FILE}")).await;
    assert_eq!((empty.status.as_u16(), empty.body.len()), (200, 0));
    let gone = Failure::new(protocol::ErrorCode::NotFound, "gone");
    let house = house(move |_| vec![Frame::Failed { failure: gone.clone() }]);
    let answer = house.get(&format!("/api/v1/files/{FILE}")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (404, "application/problem+json"));
    assert_eq!(house.get("/api/v1/files/../../etc/passwd").await.status.as_u16(), 404);
    assert_eq!(house.get("/api/v1/files/passwd").await.status.as_u16(), 400);
}

/// Less than all never looks like all: neither to a browser nor to our own client.
#[tokio::test]
async fn what_breaks_off_has_no_end() {
    let failed = Failure::new(protocol::ErrorCode::FileUnusable, "the disk is gone");
    let house = house(move |_| vec![Frame::Piece(b"half".to_vec()), Frame::Failed { failure: failed.clone() }]);
    let mut message = Message::builder().uri(format!("/api/v1/files/{FILE}")).body(Body::empty()).unwrap();
    message.extensions_mut().insert(Arrival::Process);
    let response = tower::ServiceExt::oneshot(house.router.clone(), message).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    let envelope = Envelope { presence: false, owner: None, request: Request::FileTake { file: id() } };
    let mut frames = ask_here(&house.router, &envelope).unwrap();
    assert_eq!(frames.recv().await, Some(Frame::Piece(b"half".to_vec())));
    assert_eq!(frames.recv().await, None);
}

#[tokio::test]
async fn the_client_hears_the_pieces_and_the_end() {
    let house = house(|_| vec![Frame::Piece(vec![1; 9]), Frame::Piece(vec![2; 9]), Frame::Done { reply: Reply::Ok }]);
    let envelope = Envelope { presence: false, owner: None, request: Request::FileTake { file: id() } };
    let mut frames = ask_here(&house.router, &envelope).unwrap();
    let (mut bytes, mut is_done) = (Vec::new(), false);
    while let Some(frame) = frames.recv().await {
        match frame {
            Frame::Piece(piece) => bytes.extend(piece),
            Frame::Done { .. } => is_done = true,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((bytes, is_done), ([[1; 9], [2; 9]].concat(), true));
}

#[tokio::test]
async fn a_run_is_handed_a_path_or_a_file_and_never_both() {
    let house = replies(|| Reply::Ok);
    let body = |file| json!({ "app": "notes", "action": "export", "files": [file] }).to_string();
    drop(house.say("POST", "/api/v1/runs", &[], &body(json!({ "name": "to", "handed": FILE }))).await);
    let Request::RunStart { files, .. } = house.last().1 else { panic!("a run") };
    assert!(matches!(&files[..], [NamedFile::Handed(named)] if named.name == "to" && named.handed == id()));
    for wrong in [
        json!({ "name": "to" }),
        json!({ "name": "to", "handed": FILE, "path": "/a" }),
        json!({ "name": "to", "handed": "/etc/passwd" }),
        json!({ "handed": FILE }),
        json!({ "name": "to", "handed": FILE, "access": "write" }),
    ] {
        let answer = house.say("POST", "/api/v1/runs", &[], &body(wrong.clone())).await;
        assert_eq!(answer.status.as_u16(), 400, "{wrong}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("a file has a name"), "{}", answer.json());
    }
}
