//! What apps offer to programs that call tools: which there are, and the names under which each caller knows them.

use crate::{
    Kernel,
    apps::LoadedApp,
    run::{commit_failure, store_failure},
    servers::is_server,
};
use protocol::{AppName, Caller, Failure, Labels, OwnerId, Right, api::AppOffers};
use state::{Batch, Durability, Key, Space};
use std::sync::Arc;
use tokio::sync::watch;

/// The key of the names that a caller knows.
fn names_key(owner: OwnerId, client: &str) -> Key {
    Key::new(owner, Space::Setting, format!("mcp-names/{client}"))
}

impl Kernel {
    /// Grows whenever apps offer something else than before.
    pub fn offers_changed(&self) -> watch::Receiver<u64> {
        self.offers_generation.subscribe()
    }

    /// Apps, or what one of them offers, are not as they were.
    pub(crate) fn offers_change(&self) {
        self.offers_generation.send_modify(|generation| *generation += 1);
    }

    /// Whether an app is an MCP server: what it answers is handed on as it is.
    pub async fn is_server(self: &Arc<Self>, owner: OwnerId, app: &AppName) -> Result<bool, Failure> {
        Ok(is_server(&*self.app_load(owner, app).await?))
    }

    /// What each enabled app offers. An app that cannot be loaded offers nothing, and hides no other.
    pub async fn app_offers(self: &Arc<Self>, caller: &Caller) -> Result<Vec<AppOffers>, Failure> {
        self.require(caller, Right::Run)?;
        let mut offers = Vec::new();
        for record in self.app_records(caller.owner)? {
            if !record.enabled || !self.zone_shows(&record) {
                continue;
            }
            let app = match self.app_load(caller.owner, &record.name).await {
                Ok(app) => app,
                Err(failure) => {
                    tracing::warn!(app = %record.name, code = %failure.code, "an app that cannot be loaded offers nothing");
                    continue;
                }
            };
            offers.push(self.offers_of(caller.owner, &app)?);
        }
        Ok(offers)
    }

    fn offers_of(&self, owner: OwnerId, app: &LoadedApp) -> Result<AppOffers, Failure> {
        if is_server(app) {
            return self.server_offers(owner, &app.record.name);
        }
        let tools = self.own_offers(owner, app)?;
        Ok(AppOffers { app: app.record.name.clone(), tools, prompts: vec![], resources: vec![], templates: vec![] })
    }

    /// The names that a caller knows tools by, as they were kept.
    pub fn client_names(&self, owner: OwnerId, client: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.store.get(&names_key(owner, client)).map_err(store_failure)?.map(|entry| entry.value))
    }

    /// Keeps them. What was given a name keeps it for good.
    pub fn client_names_keep(&self, owner: OwnerId, client: &str, names: Vec<u8>) -> Result<(), Failure> {
        let mut batch = Batch::new();
        batch.put(&names_key(owner, client), names, Labels::NONE);
        self.store.commit(batch, Durability::Saved).map(drop).map_err(commit_failure)
    }
}
