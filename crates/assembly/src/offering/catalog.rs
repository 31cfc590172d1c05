//! What one client is offered: the tools of enabled apps, the resources and prompts of those that are servers, and oikos' views.

use kernel::Kernel;
use mcp::server::{
    Client, Credential, Members, NameMap, OfferedPrompt, OfferedResource, OfferedTool, Offers, VIEW_KIND, VIEWS,
    VIEWS_APP,
};
use protocol::{AppName, Failure, Verbatim, api::AppOffers};
use serde_json::json;
use std::sync::Arc;

/// Under which name the map of a client's names is kept.
fn names_key(client: &Client) -> String {
    match client.credential {
        Credential::Machine => "machine".to_owned(),
        Credential::Program(name) => format!("program/{name}"),
        Credential::Key(key) => format!("key/{key}"),
        // Browsers come and go; what one of them calls a tool the next one does too.
        Credential::Login(_) => "browser".to_owned(),
    }
}

pub(super) fn names_read(kernel: &Kernel, client: &Client) -> Result<NameMap, Failure> {
    let kept = kernel.client_names(client.caller.owner, &names_key(client))?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default())
}

pub(super) async fn names_keep(kernel: &Arc<Kernel>, client: &Client, names: &NameMap) -> Result<(), Failure> {
    let (kernel, owner, key) = (kernel.clone(), client.caller.owner, names_key(client));
    let names = serde_json::to_vec(names).unwrap_or_default();
    crate::api::blocking(move || kernel.client_names_keep(owner, &key, names)).await
}

/// Everything that is offered, in the order of the apps' names.
pub(super) async fn offers(kernel: &Arc<Kernel>, client: &Client) -> Result<Offers, Failure> {
    let mut offers = Offers::default();
    let drawn = gateway::view_names();
    for app in kernel.app_offers(&client.caller).await? {
        let AppOffers { app, tools, prompts, resources, templates } = app;
        for tool in tools {
            offers.tools.push(OfferedTool {
                app: app.clone(),
                tool: tool.name.to_string(),
                state: tool.state,
                definition: definition(&tool.definition),
                renderer: tool.renderer.filter(|renderer| drawn.contains(renderer)),
            });
        }
        for prompt in &prompts {
            let definition = definition(prompt);
            let Some(name) = definition.text("name") else { continue };
            offers.prompts.push(OfferedPrompt { app: app.clone(), prompt: name, definition });
        }
        let offered = |definitions: &[Verbatim]| -> Vec<OfferedResource> {
            let each = definitions.iter().map(|one| OfferedResource { app: app.clone(), definition: definition(one) });
            each.collect()
        };
        offers.resources.extend(offered(&resources));
        offers.templates.extend(offered(&templates));
    }
    offers.resources.extend(views(&client.caller)?);
    Ok(offers)
}

fn definition(said: &Verbatim) -> Members {
    Members::parse(said.text()).unwrap_or_default()
}

/// oikos' own views, which other hosts draw.
fn views(_caller: &protocol::Caller) -> Result<Vec<OfferedResource>, Failure> {
    let app: AppName = VIEWS_APP
        .parse()
        .map_err(|error: protocol::NameError| Failure::from_error(protocol::ErrorCode::Internal, &error))?;
    let views = gateway::view_names().into_iter().map(|name| {
        let said = json!({
            "uri": format!("{VIEWS}{name}"),
            "name": name,
            "mimeType": VIEW_KIND,
        });
        OfferedResource { app: app.clone(), definition: definition(&Verbatim::from(&said)) }
    });
    Ok(views.collect())
}
