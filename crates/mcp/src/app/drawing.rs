//! Views of a server's tools, read when it is looked at: what is drawn later is what was there then.

use crate::{
    client::{Call, Listed, Session},
    server::{Json, Members, is_view_kind, view_of},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::collections::BTreeSet;

/// Views of one server that are read.
const VIEWS_MAX: usize = 32;
/// A document that is larger is not drawn by anybody here.
const VIEW_BYTES_MAX: usize = 4 << 20;

/// The address of the view that draws what a tool answers.
pub(super) fn view_of_tool(tool: &Listed) -> Option<String> {
    view_of(&Members::parse(tool.said().raw().get()).ok()?)
}

/// The views of these tools, each with its address. One that cannot be read is left out: its tool is called all the same.
pub(super) async fn views(session: &Session, tools: &[Listed], call: &Call) -> Vec<Json> {
    let uris: BTreeSet<String> = tools.iter().filter_map(view_of_tool).collect();
    let mut views = Vec::new();
    for uri in uris.into_iter().take(VIEWS_MAX) {
        match session.read_resource(&uri, call).await {
            Ok(said) => match view(&uri, said.raw().get()) {
                Some(view) => views.push(view),
                None => tracing::info!("what a server has for the view of a tool is none"),
            },
            Err(error) => tracing::info!(%error, "the view of a tool could not be read"),
        }
    }
    views
}

/// The document in what was read, with what is said of it.
fn view(uri: &str, read: &str) -> Option<Json> {
    let contents: Vec<Members> = serde_json::from_str(Members::parse(read).ok()?.get("contents")?.get()).ok()?;
    let view = contents.into_iter().find(|one| one.text("mimeType").is_some_and(|kind| is_view_kind(&kind)))?;
    let html = match view.text("text") {
        Some(text) => text,
        None => String::from_utf8(BASE64_STANDARD.decode(view.text("blob")?).ok()?).ok()?,
    };
    if html.len() > VIEW_BYTES_MAX {
        return None;
    }
    let kept = Members::new().with("uri", &uri).with("html", &html);
    let ui = view.object("_meta").and_then(|meta| meta.get("ui").map(ToOwned::to_owned));
    Some(match ui {
        Some(ui) => kept.with("ui", &ui).to_json(),
        None => kept.to_json(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_of_the_right_kind_is_a_view() {
        let read = |kind: &str, more: &str| {
            let said = format!(r#"{{"contents":[{{"uri":"ui://a","mimeType":"{kind}",{more}}}]}}"#);
            view("ui://a", &said).map(|view| view.get().to_owned())
        };
        let kind = "text/html;profile=mcp-app";
        assert_eq!(
            read(kind, r#""text":"<p>","_meta":{"ui":{"csp":{},"b":1.0}}"#).as_deref(),
            Some(r#"{"uri":"ui://a","html":"<p>","ui":{"csp":{},"b":1.0}}"#)
        );
        assert_eq!(read(kind, r#""blob":"PHA+""#).as_deref(), Some(r#"{"uri":"ui://a","html":"<p>"}"#));
        assert_eq!(
            read("text/html; profile=\\\"mcp-app\\\"", r#""text":"""#).as_deref(),
            Some(r#"{"uri":"ui://a","html":""}"#)
        );
        assert_eq!(read("text/html", r#""text":"<p>""#), None);
        assert_eq!(read(kind, r#""blob":"/w==""#), None);
        assert_eq!(view("ui://a", "{}").map(|view| view.get().to_owned()), None);
    }
}
