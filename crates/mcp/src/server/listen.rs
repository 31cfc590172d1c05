//! What changes, told to whoever listens: each change once, however often it happened while nobody read.

use super::{
    catalog::Place,
    household::{Change, Client, Household, ProtocolError, Resource, Watch},
    json::Json,
    message::{self, Id},
    result::{Kind, Shape},
    revision::SUBSCRIPTION_KEY,
};
use bytes::Bytes;
use protocol::Failure;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::collections::{BTreeSet, HashMap};
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
    updated: BTreeSet<Resource>,
    /// What may have changed of what is watched, as the client calls it.
    named: BTreeSet<String>,
}

impl Changed {
    fn add(&mut self, change: Change) {
        match change {
            Change::Tools => self.tools = true,
            Change::Prompts => self.prompts = true,
            Change::Resources => self.resources = true,
            Change::Resource(resource) => {
                self.updated.insert(resource);
            }
        }
    }

    /// Where changes were missed nobody knows which: every list may have changed.
    fn everything(&mut self) {
        (self.tools, self.prompts, self.resources) = (true, true, true);
    }

    /// What may have changed for a client of whose last stream nobody knows how far it was read.
    pub(crate) fn unknown<'a>(watched: impl Iterator<Item = &'a String>) -> Self {
        let mut changed = Self { named: watched.cloned().collect(), ..Self::default() };
        changed.everything();
        changed
    }
}

/// What one client watches on one connection, by what the client calls it.
#[derive(Default)]
pub(crate) struct Watches(HashMap<String, Watched>);

struct Watched {
    resource: Resource,
    _watch: Watch,
}

impl Watches {
    pub(crate) fn has(&self, uri: &str) -> bool {
        self.0.contains_key(uri)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn uris(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub(crate) fn add(&mut self, uri: String, (resource, watch): (Resource, Watch)) {
        self.0.insert(uri, Watched { resource, _watch: watch });
    }

    pub(crate) fn remove(&mut self, uri: &str) {
        self.0.remove(uri);
    }

    /// What the client calls a resource, if it watches it.
    fn names_of<'a>(&'a self, resource: &'a Resource) -> impl Iterator<Item = &'a String> {
        self.0.iter().filter(move |(_, watched)| watched.resource == *resource).map(|(uri, _)| uri)
    }
}

/// Begins to watch what a client knows by an address.
pub(crate) async fn watch(
    household: &dyn Household,
    client: &Client,
    place: Option<Place>,
    uri: &str,
) -> Result<(Resource, Watch), Failure> {
    let (app, own) = place.map_or((None, None), |place| (Some(place.app), place.own));
    let own = own.as_deref().unwrap_or(uri);
    let watch = household.watch(client, app.clone(), own).await?;
    let nowhere = || Failure::new(protocol::ErrorCode::NotFound, "there is no such resource");
    Ok((Resource { app: app.ok_or_else(nowhere)?, uri: own.into() }, watch))
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
pub(crate) fn in_session(changed: &Changed, watches: &Watches) -> Vec<Bytes> {
    let wants = Filter {
        tools_list_changed: true,
        prompts_list_changed: true,
        resources_list_changed: true,
        resource_subscriptions: Vec::new(),
    };
    told(changed, &wants, watches, None)
}

fn told(changed: &Changed, wants: &Filter, watches: &Watches, subscription: Option<&Id>) -> Vec<Bytes> {
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
    let named = changed.named.iter().filter(|uri| watches.has(uri));
    let updated: BTreeSet<&String> =
        changed.updated.iter().flat_map(|resource| watches.names_of(resource)).chain(named).collect();
    lists
        .chain(
            updated
                .into_iter()
                .map(|uri| message::notification("notifications/resources/updated", params(Some(uri)).as_ref())),
        )
        .collect()
}

/// A client without a session that listens.
pub(crate) struct Listening {
    pub(crate) id: Id,
    filter: Filter,
    changes: Receiver<Change>,
    watches: Watches,
}

impl Listening {
    /// Begins to listen. What happens from here on is told, also what happens before the first is read.
    pub(crate) async fn new(
        household: &dyn Household,
        client: &Client,
        id: Id,
        mut filter: Filter,
        place_of: impl Fn(&str) -> Option<Place>,
    ) -> Result<Self, ProtocolError> {
        if filter.resource_subscriptions.len() > WATCHES_MAX {
            return Err(ProtocolError::params(format!("at most {WATCHES_MAX} resources can be listened to at once")));
        }
        let changes = household.changes(client);
        let mut watches = Watches::default();
        let mut accepted = Vec::new();
        for uri in std::mem::take(&mut filter.resource_subscriptions) {
            // What cannot be watched is left out of what is acknowledged, as the protocol has it.
            if let Ok(watched) = watch(household, client, place_of(&uri), &uri).await {
                watches.add(uri.clone(), watched);
                accepted.push(uri);
            }
        }
        filter.resource_subscriptions = accepted;
        Ok(Self { id, filter, changes, watches })
    }

    /// What is said first.
    pub(crate) fn acknowledged(&self) -> Bytes {
        let params = value!({"notifications": self.filter, "_meta": {SUBSCRIPTION_KEY: self.id}});
        message::notification("notifications/subscriptions/acknowledged", Some(&params))
    }

    /// What is said next. `None`: nothing any more.
    pub(crate) async fn next(&mut self) -> Option<Vec<Bytes>> {
        let changed = next(&mut self.changes).await?;
        Some(told(&changed, &self.filter, &self.watches, Some(&self.id)))
    }

    /// What is said last, where the end is ours.
    pub(crate) fn ended(&self) -> Bytes {
        let result: Json = super::json::json(&value!({"resultType": "complete", "_meta": {SUBSCRIPTION_KEY: self.id}}));
        message::response(&self.id, &result)
    }
}

/// The error where a resource cannot be listened to.
pub(crate) fn unwatched(failure: &Failure) -> ProtocolError {
    Shape { kind: Kind::Resource, is_stateless: false }.refused(failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast;

    #[tokio::test]
    async fn a_change_is_told_once_and_only_to_who_asked() {
        let (sender, mut changes) = broadcast::channel(8);
        let of = |app: &str, uri: &str| Resource { app: app.parse().expect("a name"), uri: uri.into() };
        let mut watches = Watches::default();
        watches.add("a:b".to_owned(), (of("one", "a:b"), Box::new(())));
        watches.add("its:own".to_owned(), (of("two", "c:d"), Box::new(())));
        // Of two servers with the same address, the one that is watched is heard.
        let resources = [of("one", "a:b"), of("two", "a:b"), of("two", "c:d"), of("two", "its:own")];
        let resources = resources.into_iter().map(Change::Resource);
        for change in [Change::Tools, Change::Tools].into_iter().chain(resources) {
            sender.send(change).expect("somebody listens");
        }
        let changed = next(&mut changes).await.expect("a change");
        let texts =
            |told: Vec<Bytes>| told.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect::<Vec<_>>();
        assert_eq!(
            texts(in_session(&changed, &watches)),
            [
                r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"its:own"}}"#,
            ]
        );
        let prompts = Filter { prompts_list_changed: true, ..Filter::default() };
        assert!(told(&changed, &prompts, &Watches::default(), Some(&Id::Number(1))).is_empty());
        // Who missed some is told that everything may have changed.
        for _ in 0..9 {
            sender.send(Change::Tools).expect("somebody listens");
        }
        assert_eq!(texts(in_session(&next(&mut changes).await.expect("a change"), &watches)).len(), 3);
        drop(sender);
        assert_eq!(next(&mut changes).await, None);
    }
}
