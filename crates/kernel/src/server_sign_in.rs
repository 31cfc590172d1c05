//! Signing in to servers elsewhere, as the kernel has a part in it: who may, what is asked of the server then, and what the
//! log and the vault have of it. How a token is got is the protocol's business.

use crate::{
    Kernel,
    apps::LoadedApp,
    journal,
    run::{commit_failure, internal},
    servers::is_server,
    vault::vault_failure,
};
use broker::WebUrl;
use package::Code;
use protocol::{AppName, AuditEvent, Caller, ErrorCode, Failure, OwnerId, Right, Sentence, api::ServerView, sentence};
use state::{Batch, Durability, VaultChange, VaultName};
use std::sync::Arc;

/// What the vault calls a sign-in, among the secret settings of its app. No setting of an imported server can be called so: these
/// are names of headers.
const SIGN_IN: &str = "(sign-in)";

/// What a sign-in to a server is called in the vault.
pub fn sign_in_name(app: &AppName) -> VaultName {
    VaultName::setting(app, SIGN_IN)
}

/// Where a server is, if it is elsewhere.
fn elsewhere(app: &LoadedApp) -> Option<&str> {
    match app.package.code() {
        Code::Server(server) => Some(&server.url),
        Code::Program(_) | Code::Script { .. } | Code::Component(_) | Code::Page(_) => None,
    }
}

/// The server as the log names it: without what may stand in its address beside that.
fn host(url: &str) -> String {
    WebUrl::parse(url).map_or_else(|_| url.to_owned(), |url| url.host().to_string())
}

impl Kernel {
    pub(crate) async fn is_elsewhere(self: &Arc<Self>, owner: OwnerId, app: &AppName) -> bool {
        self.app_load(owner, app).await.is_ok_and(|app| elsewhere(&app).is_some())
    }

    /// Whether the caller may sign in to this server or out of it, and whether there is anything to sign in to.
    pub async fn server_sign_in_check(self: &Arc<Self>, caller: &Caller, app: &AppName) -> Result<(), Failure> {
        self.require_word(caller, Right::Manage)?;
        let loaded = self.app_load(caller.owner, app).await?;
        if elsewhere(&loaded).is_some() {
            return Ok(());
        }
        let message = match is_server(&loaded) {
            true => format!("{app} runs on this machine: nobody signs in to it"),
            false => format!("{app} is no MCP server"),
        };
        Err(Failure::new(ErrorCode::NotFound, message).hint("oikos mcp list shows where each server is"))
    }

    /// Asks a server elsewhere what it has, from the beginning, so that it says whether it wants to know on whose behalf. Ends when
    /// the owner has signed in, or does not.
    pub async fn server_sign_in(self: &Arc<Self>, caller: Caller, app: AppName) -> Result<ServerView, Failure> {
        self.server_sign_in_check(&caller, &app).await?;
        let loaded = self.app_load(caller.owner, &app).await?;
        let server = host(elsewhere(&loaded).unwrap_or_default());
        // Whatever it was spoken to with until now is not what it is to be spoken to with.
        self.programs_end(caller.owner, &app);
        let view = self.server_look(caller, app.clone()).await?;
        self.server_sign_in_note(caller, app, move |is_signed_in| {
            is_signed_in.then(|| sentence::server_signed_in(server))
        })
        .await?;
        Ok(view)
    }

    /// Forgets what a server elsewhere let oikos in with.
    pub async fn server_sign_out(self: &Arc<Self>, caller: Caller, app: AppName) -> Result<ServerView, Failure> {
        self.server_sign_in_check(&caller, &app).await?;
        let loaded = self.app_load(caller.owner, &app).await?;
        let server = host(elsewhere(&loaded).unwrap_or_default());
        let (kernel, name) = (self.clone(), app.clone());
        tokio::task::spawn_blocking(move || kernel.server_forget_sign_in(caller.owner, &name))
            .await
            .map_err(|_| internal("the vault could not be changed"))??;
        self.programs_end(caller.owner, &app);
        self.server_sign_in_note(caller, app.clone(), move |_| Some(sentence::server_signed_out(server))).await?;
        self.server_info(&caller, &app).await
    }

    /// Takes it out of the vault, if it is there.
    pub(crate) fn server_forget_sign_in(&self, owner: OwnerId, app: &AppName) -> Result<(), Failure> {
        self.vault.change(owner, vec![VaultChange::Remove(sign_in_name(app))]).map(drop).map_err(vault_failure)
    }

    /// Writes down how it stands now. A server that asks nobody in needs no line.
    async fn server_sign_in_note(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        say: impl FnOnce(bool) -> Option<Sentence> + Send + 'static,
    ) -> Result<(), Failure> {
        let kernel = self.clone();
        let write = move || {
            let name = sign_in_name(&app);
            let known = kernel.vault.list(caller.owner).map_err(vault_failure)?;
            let Some(said) = say(known.iter().any(|entry| entry.name == name)) else { return Ok(()) };
            let mut batch = Batch::new();
            let record = journal::record(kernel.clock.now(), &caller, AuditEvent::Access, Some(&app), said);
            journal::append(&mut batch, caller.owner, &record);
            kernel.store.commit(batch, Durability::Synced).map(drop).map_err(commit_failure)
        };
        tokio::task::spawn_blocking(write).await.map_err(|_| internal("the log could not be written"))?
    }
}
