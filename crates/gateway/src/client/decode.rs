//! An answer as frames, whether it came as events, as JSON or as a problem.

use crate::{
    EventReader, FRAME_BYTES_MAX, Problem,
    asked::EVENT_STREAM,
    bodies::{
        AnswerBody, App, Apps, Checks, Client, Clients, Emitted, File, Files, Grants, GrantsOfAll, Imported, Imports,
        Installed, Keys, Link, Log, Logins, Nothing, Offered, Owner, Owners, Publisher, Publishers, Questions, RunEnd,
        Runs, Schedules, Server, ServerLog, ServerSignIn, Servers, Settings, Starters, Status, Stopped, StoredKey,
        Token, Tokens, Undone, Verified, View, ViewAnswer,
    },
    extract::OCTET_STREAM,
    stream::is_last,
};
use http_body_util::BodyExt as _;
use hyper::{Response, StatusCode, body::Body, header};
use protocol::{
    ErrorCode, Failure,
    api::{Frame, Reply, Request},
};
use tokio::sync::mpsc;

/// Reads the body of an answer.
pub(super) type AnswerOf = fn(&[u8]) -> serde_json::Result<Reply>;

fn read<B: AnswerBody>(bytes: &[u8]) -> serde_json::Result<Reply> {
    // What has nothing to say says it without a body.
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice::<B>(bytes).map(AnswerBody::into_reply)
}

/// How the answer to a request is read.
pub(super) fn answer_of(request: &Request) -> AnswerOf {
    use Request as R;
    match request {
        R::Hello => read::<Status>,
        R::AppOffer { .. } => read::<Offered>,
        R::AppInstall { .. } => read::<Installed>,
        R::AppList => read::<Apps>,
        R::AppStarters => read::<Starters>,
        R::AppInfo { .. } | R::AppRollback { .. } | R::AppEnable { .. } | R::AppDisable { .. } => read::<App>,
        R::ServerList => read::<Servers>,
        R::ServerInfo { .. } | R::ServerLook { .. } | R::ServerDecide { .. } | R::ServerSignOut { .. } => {
            read::<Server>
        }
        R::ServerSignIn { .. } | R::ServerSignInWait { .. } => read::<ServerSignIn>,
        R::ImportList { .. } => read::<Imports>,
        R::ImportOffer { .. } => read::<Imported>,
        R::ClientList => read::<Clients>,
        R::ClientConnect { .. } => read::<Client>,
        R::ServerLog { .. } => read::<ServerLog>,
        R::AppView { .. } | R::View { .. } => read::<View>,
        R::ViewAsk { .. } => read::<ViewAnswer>,
        R::AppDecline { .. } | R::AppRemove { .. } | R::ApprovalAnswer { .. } | R::LogFollow { .. } => read::<Nothing>,
        R::RunStart { .. } | R::RunFollow { .. } => read::<RunEnd>,
        R::FileHand { .. } | R::FileAppend { .. } => read::<File>,
        R::FileList => read::<Files>,
        R::FileTake { .. } | R::FileForget { .. } => read::<Nothing>,
        R::RunList => read::<Runs>,
        R::RunStop { .. } => read::<Stopped>,
        R::Log { .. } => read::<Log>,
        R::LogVerify => read::<Verified>,
        R::Undo { .. } => read::<Undone>,
        R::GrantList { .. } | R::GrantSet { .. } => read::<Grants>,
        R::GrantListAll => read::<GrantsOfAll>,
        R::SettingList { .. } | R::SettingSet { .. } => read::<Settings>,
        R::KeyAdd { .. } => read::<StoredKey>,
        R::KeyList => read::<Keys>,
        R::KeyRemove { .. } => read::<Nothing>,
        R::ApprovalList => read::<Questions>,
        R::PublisherList => read::<Publishers>,
        R::PublisherTrust { .. } | R::PublisherImport { .. } => read::<Publisher>,
        R::EventEmit { .. } => read::<Emitted>,
        R::ScheduleList => read::<Schedules>,
        R::TokenNew { .. } => read::<Token>,
        R::TokenList => read::<Tokens>,
        R::TokenRevoke { .. } | R::LoginRevoke { .. } => read::<Nothing>,
        R::LoginLink | R::AppEntry { .. } => read::<Link>,
        R::LoginList => read::<Logins>,
        R::OwnerNew { .. } => read::<Owner>,
        R::OwnerList => read::<Owners>,
        R::Doctor => read::<Checks>,
        R::Metrics => |bytes| Ok(Reply::Metrics { text: String::from_utf8_lossy(bytes).into_owned() }),
    }
}

/// Whoever waits for an answer, and how it is read.
pub(super) struct Listener {
    pub(super) frames: mpsc::Sender<Frame>,
    pub(super) answer: AnswerOf,
}

/// Why an answer is not passed on any more.
enum Silence {
    /// Nobody waits for it.
    Alone,
    /// It broke off: whoever waits sees that there is no end.
    Broken,
}

impl Listener {
    /// Passes an answer on until its end, or until nobody waits for it.
    pub(super) async fn listen<B>(self, response: Response<B>)
    where
        B: Body<Data = hyper::body::Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let (is_stream, is_bytes) = (kind.starts_with(EVENT_STREAM), kind.starts_with(OCTET_STREAM));
        let status = response.status();
        let body = response.into_body();
        // Whether somebody was told is theirs to know.
        drop(match () {
            () if is_stream => self.events(body).await,
            () if is_bytes => self.bytes(body).await,
            () => self.whole(status, body).await,
        });
    }

    /// The next piece of a body; `None` at its end.
    async fn piece<B>(&self, body: &mut B) -> Result<Option<hyper::body::Bytes>, Silence>
    where
        B: Body<Data = hyper::body::Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = self.frames.closed() => return Err(Silence::Alone),
            };
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "an answer broke off");
                    return Err(Silence::Broken);
                }
            }
        }
    }

    async fn events<B>(&self, mut body: B) -> Result<(), Silence>
    where
        B: Body<Data = hyper::body::Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let mut reader = EventReader::default();
        while let Some(piece) = self.piece(&mut body).await? {
            let frames = reader.read(&piece).map_err(|error| {
                tracing::debug!(%error, "an answer cannot be read");
                Silence::Broken
            })?;
            for frame in frames {
                let is_hello = matches!(frame, Frame::Done { reply: Reply::Hello { .. } });
                let ends = is_last(&frame) && !is_hello;
                self.tell(frame).await?;
                if ends {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A file, as its pieces come. What breaks off has no end.
    async fn bytes<B>(&self, mut body: B) -> Result<(), Silence>
    where
        B: Body<Data = hyper::body::Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        while let Some(piece) = self.piece(&mut body).await? {
            self.tell(Frame::Piece(piece.into())).await?;
        }
        self.tell(Frame::Done { reply: Reply::Ok }).await
    }

    async fn whole<B>(&self, status: StatusCode, mut body: B) -> Result<(), Silence>
    where
        B: Body<Data = hyper::body::Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece(&mut body).await? {
            if bytes.len() + piece.len() > FRAME_BYTES_MAX {
                return Err(Silence::Broken);
            }
            bytes.extend_from_slice(&piece);
        }
        let last = match status.is_success() {
            true => (self.answer)(&bytes).map(|reply| Frame::Done { reply }),
            false => {
                serde_json::from_slice(&bytes).map(|problem: Problem| Frame::Failed { failure: problem.into_failure() })
            }
        };
        self.tell(last.unwrap_or_else(|error| {
            Frame::Failed {
                failure: Failure::new(ErrorCode::Internal, format!("the answer cannot be read (status {status})"))
                    .hint("the oikos process that was asked may be of another version: end it, then try again")
                    .log(error.to_string()),
            }
        }))
        .await
    }

    async fn tell(&self, frame: Frame) -> Result<(), Silence> {
        self.frames.send(frame).await.map_err(|_| Silence::Alone)
    }
}
