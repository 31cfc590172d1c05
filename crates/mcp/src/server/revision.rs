//! The revisions of the protocol that are spoken here, and what a request says of itself in the newest.

use super::{
    capabilities::Capabilities,
    events::Level,
    household::ProtocolError,
    json::{Json, Members},
    message::{UNSUPPORTED_VERSION, params},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};

/// The revision without sessions: each request says everything of itself.
pub(crate) const STATELESS: &str = "2026-07-28";
/// Those with `initialize`, the newest first.
pub(crate) const WITH_SESSIONS: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// From here on a stream may be left and found again, and begins with an event that holds nothing.
pub(crate) const POLLING_SINCE: &str = "2025-11-25";

pub(crate) const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
pub(crate) const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
pub(crate) const CLIENT_KEY: &str = "io.modelcontextprotocol/clientInfo";
pub(crate) const LOG_LEVEL_KEY: &str = "io.modelcontextprotocol/logLevel";
pub(crate) const SUBSCRIPTION_KEY: &str = "io.modelcontextprotocol/subscriptionId";
pub(crate) const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";
const PROGRESS_KEY: &str = "progressToken";

/// Every revision that is spoken here.
pub(crate) fn spoken() -> Vec<&'static str> {
    std::iter::once(STATELESS).chain(WITH_SESSIONS.iter().copied()).collect()
}

/// The revision for a client that offers one: that one, if it has sessions and is known, or else the newest that has.
pub(crate) fn negotiate(offered: &str) -> &'static str {
    WITH_SESSIONS.iter().copied().find(|known| *known == offered).unwrap_or(WITH_SESSIONS[0])
}

/// What a request of the stateless revision says of itself, or what goes with a request in a session.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) capabilities: Arc<Capabilities>,
    pub(crate) log_level: Option<Level>,
    pub(crate) progress_token: Option<Json>,
    /// What of `_meta` is for whoever answers: without what belongs to this wire.
    pub(crate) rest: Members,
}

#[derive(Deserialize)]
struct WithMeta<'a> {
    #[serde(rename = "_meta", borrow, default)]
    meta: Option<&'a RawValue>,
}

/// `_meta` of a request, as it was written.
pub(crate) fn meta_of(of: Option<&RawValue>) -> Result<Option<Members>, ProtocolError> {
    // Looking for the word first: most requests of a session have none.
    if !of.is_some_and(|of| of.get().contains("_meta")) {
        return Ok(None);
    }
    let meta = params::<WithMeta<'_>>(of)?.meta;
    meta.map(|meta| Members::parse(meta.get()).map_err(|_| ProtocolError::params("`_meta` has to be an object")))
        .transpose()
}

impl Said {
    /// Of a request in a session.
    pub(crate) fn in_session(
        meta: Option<Members>,
        capabilities: Arc<Capabilities>,
        log_level: Option<Level>,
    ) -> Result<Self, ProtocolError> {
        let mut rest = meta.unwrap_or_default();
        let progress_token = progress_token(&mut rest)?;
        Ok(Self { capabilities, log_level, progress_token, rest })
    }

    /// Of a request that stands alone: everything that it has to say.
    pub(crate) fn alone(meta: Option<Members>) -> Result<Self, ProtocolError> {
        let missing = |names: &[&str]| {
            ProtocolError::params(format!("`_meta` is missing, or has not as it should be: {}", names.join(", ")))
        };
        let Some(mut meta) = meta else { return Err(missing(&[VERSION_KEY, CAPABILITIES_KEY])) };
        let Some(version) = meta.text(VERSION_KEY) else { return Err(missing(&[VERSION_KEY])) };
        if version != STATELESS {
            return Err(unsupported(&version));
        }
        let capabilities = meta.get(CAPABILITIES_KEY).and_then(|declared| Capabilities::of(declared.to_owned()));
        let Some(capabilities) = capabilities else { return Err(missing(&[CAPABILITIES_KEY])) };
        let log_level = match meta.get(LOG_LEVEL_KEY) {
            None => None,
            Some(level) => Some(serde_json::from_str(level.get()).map_err(|_| missing(&[LOG_LEVEL_KEY]))?),
        };
        let progress_token = progress_token(&mut meta)?;
        for ours in [VERSION_KEY, CAPABILITIES_KEY, CLIENT_KEY, LOG_LEVEL_KEY] {
            meta.remove(ours);
        }
        Ok(Self { capabilities: Arc::new(capabilities), log_level, progress_token, rest: meta })
    }
}

fn progress_token(meta: &mut Members) -> Result<Option<Json>, ProtocolError> {
    let token = meta.remove(PROGRESS_KEY);
    let is_fine = |token: &Json| {
        serde_json::from_str::<i64>(token.get()).is_ok()
            || serde_json::from_str::<Cow<'_, str>>(token.get()).is_ok_and(|token| token.len() <= 256)
    };
    match token {
        Some(token) if !is_fine(&token) => {
            Err(ProtocolError::params("a progress token is a short text or a whole number"))
        }
        token => Ok(token),
    }
}

/// The error for a revision that is not spoken here.
pub(crate) fn unsupported(requested: &str) -> ProtocolError {
    ProtocolError::new(UNSUPPORTED_VERSION, "this revision of the protocol is not spoken here")
        .with(&serde_json::json!({"requested": requested, "supported": spoken()}))
}
