//! What changes, told to whoever listens: each change once, however often it happened while nobody read.

use super::{
    household::{Change, Client, Household, ProtocolError, Watch},
    json::Json,
    message::{self, Id},
    result::{Kind, Shape},
    revision::SUBSCRIPTION_KEY,
};
use bytes::Bytes;
use protocol::AppName;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

/// Resources that one client may listen to on one connection.
pub(crate) const WATCHES_MAX: usize = 256;

/// What a client wants to hear of, in the revision without sessions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tools_list_changed: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    prompts_list_changed: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    resources_list_changed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resource_subscriptions: Vec<String>,
}

/// What changed since it was last told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    tools: bool,
    prompts: bool,
    resources: bool,
    updated: BTreeSet<Arc<str>>,
}

impl Changed {
    fn add(&mut self, change: Change) {
        match change {
            Change::Tools => self.tools = true,
            Change::Prompts => self.prompts = true,
            Change::Resources => self.resources = true,
            Change::Resource(uri) => {
                self.updated.insert(uri);
            }
        }
    }

    /// Where changes were missed nobody knows which: every list may have changed.
    fn everything(&mut self) {
        (self.tools, self.prompts, self.resources) = (true, true, true);
    }

    /// What may have changed for a client of whose last stream nobody knows how far it was read.
    pub(crate) fn unknown<'a>(watched: impl Iterator<Item = &'a String>) -> Self {
        let mut changed = Self { updated: watched.map(|uri| Arc::from(uri.as_str())).collect(), ..Self::default() };
        changed.everything();
        changed
    }
}

/// Waits for a change, and takes all that have come until then. `None`: none will ever come.
pub(crate) async fn next(changes: &mut Receiver<Change>) -> Option<Changed> {
    let mut changed = Changed::default();
    match changes.recv().await {
        Ok(change) => changed.add(change),
        Err(RecvError::Lagged(_)) => changed.everything(),
        Err(RecvError::Closed) => return None,
    }
    loop {
        match changes.try_recv() {
            Ok(change) => changed.add(change),
            Err(TryRecvError::Lagged(_)) => changed.everything(),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(changed),
        }
    }
}

/// The notifications in a session, where a client hears of all lists and of the resources that it subscribed to.
pub(crate) fn in_session(changed: &Changed, is_subscribed: impl Fn(&str) -> bool) -> Vec<Bytes> {
    let wants = Filter {
        tools_list_changed: true,
        prompts_list_changed: true,
        resources_list_changed: true,
        resource_subscriptions: Vec::new(),
    };
    told(changed, &wants, is_subscribed, None)
}

fn told(
    changed: &Changed,
    wants: &Filter,
    is_subscribed: impl Fn(&str) -> bool,
    subscription: Option<&Id>,
) -> Vec<Bytes> {
    let params = |uri: Option<&str>| {
        let mut params = value!({});
        if let Some(uri) = uri {
            params["uri"] = value!(uri);
        }
        if let Some(id) = subscription {
            params["_meta"] = value!({SUBSCRIPTION_KEY: id});
        }
        params.as_object().is_some_and(|params| !params.is_empty()).then_some(params)
    };
    let lists = [
        (changed.tools && wants.tools_list_changed, "notifications/tools/list_changed"),
        (changed.prompts && wants.prompts_list_changed, "notifications/prompts/list_changed"),
        (changed.resources && wants.resources_list_changed, "notifications/resources/list_changed"),
    ];
    let lists = lists
        .iter()
        .filter(|(is_told, _)| *is_told)
        .map(|(_, method)| message::notification(method, params(None).as_ref()));
    let updated = changed.updated.iter().filter(|uri| is_subscribed(uri));
    lists
        .chain(updated.map(|uri| message::notification("notifications/resources/updated", params(Some(uri)).as_ref())))
        .collect()
}

/// A client without a session that listens.
pub(crate) struct Listening {
    pub(crate) id: Id,
    filter: Filter,
    changes: Receiver<Change>,
    _watches: Vec<Watch>,
}

impl Listening {
    /// Begins to listen. What happens from here on is told, also what happens before the first is read.
    pub(crate) async fn new(
        household: &dyn Household,
        client: &Client,
        id: Id,
        mut filter: Filter,
        app_of: impl Fn(&str) -> Option<AppName>,
    ) -> Result<Self, ProtocolError> {
        if filter.resource_subscriptions.len() > WATCHES_MAX {
            return Err(ProtocolError::params(format!("at most {WATCHES_MAX} resources can be listened to at once")));
        }
        let changes = household.changes(client);
        let mut watches = Vec::new();
        let mut accepted = Vec::new();
        for uri in std::mem::take(&mut filter.resource_subscriptions) {
            // What cannot be watched is left out of what is acknowledged, as the protocol has it.
            if let Ok(watch) = household.watch(client, app_of(&uri), &uri).await {
                watches.push(watch);
                accepted.push(uri);
            }
        }
        filter.resource_subscriptions = accepted;
        Ok(Self { id, filter, changes, _watches: watches })
    }

    /// What is said first.
    pub(crate) fn acknowledged(&self) -> Bytes {
        let params = value!({"notifications": self.filter, "_meta": {SUBSCRIPTION_KEY: self.id}});
        message::notification("notifications/subscriptions/acknowledged", Some(&params))
    }

    /// What is said next. `None`: nothing any more.
    pub(crate) async fn next(&mut self) -> Option<Vec<Bytes>> {
        let changed = next(&mut self.changes).await?;
        let is_subscribed = |uri: &str| self.filter.resource_subscriptions.iter().any(|wanted| wanted == uri);
        Some(told(&changed, &self.filter, is_subscribed, Some(&self.id)))
    }

    /// What is said last, where the end is ours.
    pub(crate) fn ended(&self) -> Bytes {
        let result: Json = super::json::json(&value!({"resultType": "complete", "_meta": {SUBSCRIPTION_KEY: self.id}}));
        message::response(&self.id, &result)
    }
}

/// The error where a resource cannot be listened to.
pub(crate) fn unwatched(failure: &protocol::Failure) -> ProtocolError {
    Shape { kind: Kind::Resource, is_stateless: false }.refused(failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast;

    #[tokio::test]
    async fn a_change_is_told_once_and_only_to_who_asked() {
        let (sender, mut changes) = broadcast::channel(4);
        for change in [Change::Tools, Change::Tools, Change::Resource("a:b".into())] {
            sender.send(change).expect("somebody listens");
        }
        let changed = next(&mut changes).await.expect("a change");
        let texts =
            |told: Vec<Bytes>| told.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect::<Vec<_>>();
        assert_eq!(
            texts(in_session(&changed, |uri| uri == "a:b")),
            [
                r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}}"#,
            ]
        );
        let prompts = Filter { prompts_list_changed: true, ..Filter::default() };
        assert!(told(&changed, &prompts, |_| false, Some(&Id::Number(1))).is_empty());
        // Who missed some is told that everything may have changed.
        for _ in 0..9 {
            sender.send(Change::Tools).expect("somebody listens");
        }
        assert_eq!(texts(in_session(&next(&mut changes).await.expect("a change"), |_| true)).len(), 3);
        drop(sender);
        assert_eq!(next(&mut changes).await, None);
    }
}
