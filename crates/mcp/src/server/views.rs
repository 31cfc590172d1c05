//! Views of servers: which tool has one, and under which address a client knows it. Pure.
//!
//! An address belongs to the server that says it. A client sees all servers as one, so where two say the same address the second
//! is given another, for good, and everything that names it is told so on the way: the tool, the list, and what is read.

use super::{
    json::{Json, Members, json},
    names::Meaning,
    result::VIEWS,
};
use protocol::sha256;

/// The kind of document that a view is.
pub const VIEW_KIND: &str = "text/html;profile=mcp-app";
/// How every address of a view begins.
const SCHEME: &str = "ui://";
/// Where a tool named its view before `ui` was agreed on.
const FLAT: &str = "ui/resourceUri";
/// Digits of the hash in an address that is not simply `ui://<app>+<rest>`.
const HASH_DIGITS: usize = 16;

/// Whether this is the address of a view.
pub(crate) fn is_view(uri: &str) -> bool {
    uri.starts_with(SCHEME)
}

/// Whether a document of this kind is a view, however its parts are written.
pub(crate) fn is_view_kind(kind: &str) -> bool {
    let plain: String = kind.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
    plain.eq_ignore_ascii_case(VIEW_KIND)
}

/// The address of the view that draws what a tool answers, as its server says it.
pub(crate) fn view_of(tool: &Members) -> Option<String> {
    let meta = tool.object("_meta")?;
    let said = meta.object("ui").and_then(|ui| ui.text("resourceUri")).or_else(|| meta.text(FLAT))?;
    is_view(&said).then_some(said)
}

/// Who may see or call a tool: `model`, or `app`, which is its server's own view. Of one that says nothing, both.
pub(crate) fn is_visible_to(tool: &Members, who: &str) -> bool {
    let ui = tool.object("_meta").and_then(|meta| meta.object("ui"));
    let visibility = ui.and_then(|ui| serde_json::from_str::<Vec<String>>(ui.get("visibility")?.get()).ok());
    visibility.is_none_or(|seen_by| seen_by.iter().any(|seen| seen == who))
}

/// The same tool with another address of its view.
pub(crate) fn with_view(mut tool: Members, uri: &str) -> Members {
    let Some(mut meta) = tool.object("_meta") else { return tool };
    if let Some(mut ui) = meta.object("ui").filter(|ui| ui.get("resourceUri").is_some()) {
        ui.set("resourceUri", json(&uri));
        meta.set("ui", ui.to_json());
    }
    if meta.get(FLAT).is_some() {
        meta.set(FLAT, json(&uri));
    }
    tool.set("_meta", meta.to_json());
    tool
}

/// What was read of a server under its own address, as whoever knows it by another gets it.
pub fn contents_named(result: Json, own: &str, named: &str) -> Json {
    let Ok(mut members) = Members::parse(result.get()) else { return result };
    let contents = members.get("contents").and_then(|all| serde_json::from_str::<Vec<Members>>(all.get()).ok());
    let Some(mut contents) = contents else { return result };
    for one in contents.iter_mut().filter(|one| one.text("uri").as_deref() == Some(own)) {
        one.set("uri", json(&named));
    }
    members.set("contents", json(&contents));
    members.to_json()
}

/// The addresses that a view may have for a client, the best first: its own, unless it is one of ours.
pub(crate) fn addresses(meaning: &Meaning) -> impl Iterator<Item = String> + use<> {
    let Meaning { app, own } = meaning.clone();
    let rest = own.strip_prefix(SCHEME).unwrap_or(&own).to_owned();
    let plain = format!("{SCHEME}{app}+{rest}");
    let hashed = (0_u32..).map(move |attempt| {
        let hash = sha256(format!("{app}\0{rest}\0{attempt}").as_bytes()).to_string();
        format!("{SCHEME}{app}+{}/{rest}", &hash[..HASH_DIGITS])
    });
    std::iter::once(own).filter(|own| !own.starts_with(VIEWS)).chain(std::iter::once(plain)).chain(hashed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Members {
        Members::parse(text).expect("an object")
    }

    #[test]
    fn a_tool_names_its_view_in_the_new_or_in_the_old_way() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(view_of(&members(text)).as_deref(), expected, "{text}");
        check(r#"{"_meta":{"ui":{"resourceUri":"ui://a/b"},"ui/resourceUri":"ui://c"}}"#, Some("ui://a/b"));
        check(r#"{"_meta":{"ui/resourceUri":"ui://c"}}"#, Some("ui://c"));
        check(r#"{"_meta":{"ui":{"visibility":["app"]},"ui/resourceUri":"ui://c"}}"#, Some("ui://c"));
        check(r#"{"_meta":{"ui":{"resourceUri":"https://example.com/"}}}"#, None);
        check(r#"{"_meta":{"ui":{"resourceUri":1}}}"#, None);
        check("{}", None);
    }

    #[test]
    fn another_address_changes_nothing_else() {
        let tool = members(
            r#"{"z":1.0,"_meta":{"b":1e400,"ui":{"csp":{"x":[]},"resourceUri":"ui://a","visibility":["app"]},"ui/resourceUri":"ui://a"},"a":2}"#,
        );
        assert!(is_visible_to(&tool, "app") && !is_visible_to(&tool, "model"));
        assert_eq!(
            with_view(tool, "ui://b").to_json().get(),
            r#"{"z":1.0,"_meta":{"b":1e400,"ui":{"csp":{"x":[]},"resourceUri":"ui://b","visibility":["app"]},"ui/resourceUri":"ui://b"},"a":2}"#
        );
        let read = r#"{"contents":[{"uri":"ui://a","text":"\u00e4","_meta":{"n":1.0}},{"uri":"ui://c"}],"x":1}"#;
        let named = contents_named(members(read).to_json(), "ui://a", "ui://b");
        assert_eq!(named.get(), read.replacen("ui://a", "ui://b", 1));
    }

    #[test]
    fn an_address_of_ours_is_nobody_elses() {
        let meaning = |own: &str| Meaning { app: "osm".parse().expect("a name"), own: own.to_owned() };
        let first = |own: &str, count| addresses(&meaning(own)).take(count).collect::<Vec<_>>();
        assert_eq!(first("ui://map/view.html", 2), ["ui://map/view.html", "ui://osm+map/view.html"]);
        assert_eq!(first("ui://oikos/table", 1), ["ui://osm+oikos/table"]);
        assert!(first("ui://oikos/table", 2)[1].starts_with("ui://osm+"));
    }
}
