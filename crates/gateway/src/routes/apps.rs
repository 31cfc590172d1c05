//! Packages, cards, switches.

use crate::{
    asked::Asked,
    bodies::{
        App, Apps, ChoicesBody, EntryBody, Grants, GrantsOfAll, Installed, Link, Nothing, OfferBody, Offered, Page,
        RemoveQuery, RollbackBody, Settings, SettingsBody, Starters, Stopped, View, ViewAnswer, ViewAskBody, ViewQuery,
    },
    extract::{Asking, Named, Said},
    stream::FrameEvent,
};
use axum::response::Response;
use protocol::{
    AppName, OfferId,
    api::{Request, StopTarget},
};

/// Read, verify and stage a package
///
/// Answers with its card. Nothing is installed.
#[utoipa::path(post, path = "/api/v1/offers", tag = "apps", operation_id = "app_offer", request_body = OfferBody,
    responses((status = 200, description = "The card, or each step on the way to it", content(
        (Offered = "application/json"), (FrameEvent = "text/event-stream")))))]
pub(crate) async fn offer(asked: Asked, Said(said): Said<OfferBody>) -> Response {
    let OfferBody { source, trust, downgrade } = said;
    asked.stream_or::<Offered>(Request::AppOffer { source, trust, downgrade }).await
}

/// Install what was offered, with the owner's choices for its switches
#[utoipa::path(post, path = "/api/v1/offers/{offer}/install", tag = "apps", operation_id = "app_install",
    params(("offer" = OfferId, Path, description = "The offer")), request_body = ChoicesBody,
    responses((status = 200, description = "The app, or each step on the way to it", content(
        (Installed = "application/json"), (FrameEvent = "text/event-stream")))))]
pub(crate) async fn install(asked: Asked, Named(offer): Named<OfferId>, Said(said): Said<ChoicesBody>) -> Response {
    asked.stream_or::<Installed>(Request::AppInstall { offer, choices: said.choices }).await
}

/// Forget an offer
#[utoipa::path(delete, path = "/api/v1/offers/{offer}", tag = "apps", operation_id = "app_decline",
    params(("offer" = OfferId, Path, description = "The offer")), responses((status = 204, description = "Forgotten")))]
pub(crate) async fn decline(asked: Asked, Named(offer): Named<OfferId>) -> Response {
    asked.answer::<Nothing>(Request::AppDecline { offer }).await
}

/// All installed apps
#[utoipa::path(get, path = "/api/v1/apps", tag = "apps", operation_id = "app_list", params(Page),
    responses((status = 200, body = Apps), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn list(asked: Asked, Asking(page): Asking<Page>) -> Response {
    asked.page::<Apps>(Request::AppList, &page).await
}

/// Apps that come with oikos
///
/// The name of one is the source of an offer.
#[utoipa::path(get, path = "/api/v1/starters", tag = "apps", operation_id = "app_starters",
    responses((status = 200, body = Starters), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn starters(asked: Asked) -> Response {
    asked.answer::<Starters>(Request::AppStarters).await
}

/// One app in full
#[utoipa::path(get, path = "/api/v1/apps/{app}", tag = "apps", operation_id = "app_info",
    params(("app" = AppName, Path, description = "The app")), responses((status = 200, body = App)))]
pub(crate) async fn info(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<App>(Request::AppInfo { app }).await
}

/// Remove an app
#[utoipa::path(delete, path = "/api/v1/apps/{app}", tag = "apps", operation_id = "app_remove",
    params(("app" = AppName, Path, description = "The app"), RemoveQuery),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(asked: Asked, Named(app): Named<AppName>, Asking(how): Asking<RemoveQuery>) -> Response {
    asked.answer::<Nothing>(Request::AppRemove { app, erase: how.erase }).await
}

/// Go back to the version before the last upgrade
#[utoipa::path(post, path = "/api/v1/apps/{app}/rollback", tag = "apps", operation_id = "app_rollback",
    params(("app" = AppName, Path, description = "The app")), request_body = RollbackBody,
    responses((status = 200, body = App)))]
pub(crate) async fn rollback(asked: Asked, Named(app): Named<AppName>, Said(said): Said<RollbackBody>) -> Response {
    asked.answer::<App>(Request::AppRollback { app, restore_storage: said.restore_storage }).await
}

/// Let an app run
#[utoipa::path(post, path = "/api/v1/apps/{app}/enable", tag = "apps", operation_id = "app_enable",
    params(("app" = AppName, Path, description = "The app")), responses((status = 200, body = App)))]
pub(crate) async fn enable(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<App>(Request::AppEnable { app }).await
}

/// Keep an app installed, do not let it run
#[utoipa::path(post, path = "/api/v1/apps/{app}/disable", tag = "apps", operation_id = "app_disable",
    params(("app" = AppName, Path, description = "The app")), responses((status = 200, body = App)))]
pub(crate) async fn disable(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<App>(Request::AppDisable { app }).await
}

/// Stop all runs of an app
///
/// Their next effect fails, their sandbox goes; it does not start by itself until it is enabled again.
#[utoipa::path(post, path = "/api/v1/apps/{app}/stop", tag = "apps", operation_id = "app_stop",
    params(("app" = AppName, Path, description = "The app")), responses((status = 200, body = Stopped)))]
pub(crate) async fn stop(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<Stopped>(Request::RunStop { target: StopTarget::App(app) }).await
}

/// An app's switches
#[utoipa::path(get, path = "/api/v1/apps/{app}/grants", tag = "apps", operation_id = "grant_list",
    params(("app" = AppName, Path, description = "The app")), responses((status = 200, body = Grants)))]
pub(crate) async fn grants(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<Grants>(Request::GrantList { app }).await
}

/// The switches of all apps
///
/// One answer, where asking for one app at a time would take hundreds.
#[utoipa::path(get, path = "/api/v1/grants", tag = "apps", operation_id = "grant_list_all", params(Page),
    responses((status = 200, body = GrantsOfAll), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn grants_of_all(asked: Asked, Asking(page): Asking<Page>) -> Response {
    asked.page::<GrantsOfAll>(Request::GrantListAll, &page).await
}

/// Change an app's switches
///
/// Holds from its next step on.
#[utoipa::path(patch, path = "/api/v1/apps/{app}/grants", tag = "apps", operation_id = "grant_set",
    params(("app" = AppName, Path, description = "The app")), request_body = ChoicesBody,
    responses((status = 200, body = Grants)))]
pub(crate) async fn grants_change(asked: Asked, Named(app): Named<AppName>, Said(said): Said<ChoicesBody>) -> Response {
    asked.answer::<Grants>(Request::GrantSet { app, choices: said.choices }).await
}

/// An app's settings
#[utoipa::path(get, path = "/api/v1/apps/{app}/settings", tag = "apps", operation_id = "setting_list",
    params(("app" = AppName, Path, description = "The app")), responses((status = 200, body = Settings)))]
pub(crate) async fn settings(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<Settings>(Request::SettingList { app }).await
}

/// A view that an app brings along
///
/// One HTML document of its package, or of its server as it was when its owner accepted it, and the origin on which its frame is
/// served. It is foreign: whoever draws it puts it into that frame and nowhere else.
#[utoipa::path(get, path = "/api/v1/apps/{app}/view", tag = "apps", operation_id = "app_view",
    params(("app" = AppName, Path, description = "The app"), ViewQuery), responses((status = 200, body = View)))]
pub(crate) async fn view(asked: Asked, Named(app): Named<AppName>, Asking(which): Asking<ViewQuery>) -> Response {
    asked.answer::<View>(Request::AppView { app, path: which.path }).await
}

/// Ask a server for its view
///
/// What a view of a server wants of that server: a tool of it, or something to read. It is a document that a stranger wrote, so
/// it is asked for as by a program: what the owner wants to be asked about is asked about first. The answer is the server's own.
#[utoipa::path(post, path = "/api/v1/apps/{app}/view", tag = "apps", operation_id = "view_ask",
    params(("app" = AppName, Path, description = "The app")), request_body = ViewAskBody,
    responses((status = 200, body = ViewAnswer)))]
pub(crate) async fn view_ask(asked: Asked, Named(app): Named<AppName>, Said(said): Said<ViewAskBody>) -> Response {
    let ViewAskBody { view, method, params } = said;
    asked.answer::<ViewAnswer>(Request::ViewAsk { app, view, method, params }).await
}

/// Let a browser in where an app answers requests
///
/// Gives the address that lets one browser in, once, within a minute. What comes in by it ends with what this was asked by,
/// after twelve hours, or when oikos starts again.
#[utoipa::path(post, path = "/api/v1/apps/{app}/entry", tag = "apps", operation_id = "app_entry",
    params(("app" = AppName, Path, description = "The app")), request_body = EntryBody,
    responses((status = 200, body = Link)))]
pub(crate) async fn entry(asked: Asked, Named(app): Named<AppName>, Said(said): Said<EntryBody>) -> Response {
    asked.entry(Request::AppEntry { app, path: said.path }).await
}

/// Change some of an app's settings
///
/// All of it, or nothing. Holds from the next run on.
#[utoipa::path(patch, path = "/api/v1/apps/{app}/settings", tag = "apps", operation_id = "setting_set",
    params(("app" = AppName, Path, description = "The app")), request_body = SettingsBody,
    responses((status = 200, body = Settings)))]
pub(crate) async fn settings_change(
    asked: Asked,
    Named(app): Named<AppName>,
    Said(said): Said<SettingsBody>,
) -> Response {
    asked.answer::<Settings>(Request::SettingSet { app, changes: said.settings }).await
}
