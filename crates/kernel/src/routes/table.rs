//! Which of an app's routes a request is for. Pure.

use crate::runner::GuestExport;
use package::{Package, RoutePiece};
use percent_encoding::percent_decode_str;
use protocol::{ErrorCode, Failure, text};
use std::collections::BTreeMap;

/// How the names of what answers requests begin among what an image exports; no action's name can.
const ROUTE_PREFIX: &str = "route:";
/// Pieces of paths that begin so are oikos' own.
const OWN: &str = ".oikos";

/// What an app answers.
#[derive(Debug)]
pub(crate) struct Table(Vec<Answering>);

/// One route.
#[derive(Debug)]
pub(crate) struct Answering {
    route: package::Route,
    /// What answers it, if the app's code registered anything.
    pub(crate) export: Option<GuestExport>,
}

/// What a request is for.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// This route, with what its names stand for.
    Route(&'a Answering, BTreeMap<String, String>),
    /// A path that is answered by other methods.
    Methods(Vec<&'a str>),
    /// Nothing.
    Nothing,
}

impl Table {
    /// Of a package, by what its image exports. Fails if the code answers something that the manifest does not name: the
    /// card would not show it.
    pub(crate) fn of(package: &Package, exports: &[String]) -> Result<Self, Failure> {
        let app = package.name();
        let declared = || package.routes().iter().map(ToString::to_string);
        let mut answering: Vec<Answering> =
            package.routes().iter().map(|route| Answering { route: route.clone(), export: None }).collect();
        for export in exports {
            let Some(rest) = export.strip_prefix(ROUTE_PREFIX) else { continue };
            let said = rest.split_once(':').map_or(rest, |(_, said)| said);
            let Some(known) = answering.iter_mut().find(|known| known.text() == said) else {
                let shown = text::shorten(said, 240);
                let message =
                    format!("{app}: its code answers {shown}, and its manifest does not name that in `routes`");
                let names: Vec<String> = declared().collect();
                let hint = match names.is_empty() {
                    true => "the manifest names none".to_owned(),
                    false => format!("the manifest names: {}", names.join(", ")),
                };
                return Err(Failure::new(ErrorCode::PackageCodeInvalid, message).hint(hint));
            };
            known.export = Some(GuestExport::named(export));
        }
        Ok(Self(answering))
    }

    /// Looks a request up. What is asked by HEAD is answered by GET, unless the app does that itself.
    pub(crate) fn find(&self, method: &str, path: &str) -> Found<'_> {
        let Some(pieces) = pieces(path) else { return Found::Nothing };
        let mut fitting: Vec<(&Answering, Fit)> =
            self.0.iter().filter_map(|known| Some((known, known.fit(&pieces)?))).collect();
        // A text before a name, from the left.
        fitting.sort_by(|(_, one), (_, other)| one.named.cmp(&other.named));
        let by = |wanted: &str| fitting.iter().position(|(known, _)| known.route.method == wanted);
        let place = by(method).or_else(|| (method == "HEAD").then(|| by("GET")).flatten());
        match place {
            Some(place) => {
                let (known, fit) = fitting.swap_remove(place);
                Found::Route(known, fit.parameters)
            }
            None if fitting.is_empty() => Found::Nothing,
            None => {
                let mut methods: Vec<&str> = fitting.iter().map(|(known, _)| known.route.method.as_str()).collect();
                if methods.contains(&"GET") {
                    methods.push("HEAD");
                }
                methods.sort_unstable();
                methods.dedup();
                Found::Methods(methods)
            }
        }
    }

    /// The path that a browser is shown first: the first that can be asked for without knowing more.
    pub(crate) fn first_page(&self) -> Option<&str> {
        let is_plain = |route: &package::Route| route.pieces().all(|piece| matches!(piece, RoutePiece::Literal(_)));
        let pages = self.0.iter().map(|known| &known.route);
        pages.filter(|route| route.method == "GET" && is_plain(route)).map(|route| route.path.as_str()).next()
    }
}

/// How a path fits a route.
#[derive(Debug)]
struct Fit {
    parameters: BTreeMap<String, String>,
    /// Of each piece whether it is one that a name stands for.
    named: Vec<bool>,
}

impl Answering {
    /// As the manifest names it.
    pub(crate) fn text(&self) -> String {
        self.route.to_string()
    }

    /// What its runs are called in lists.
    pub(crate) fn action_text(&self) -> String {
        let mut name = format!("route_{}", self.route.method.to_ascii_lowercase());
        for piece in self.route.pieces() {
            let (RoutePiece::Literal(text) | RoutePiece::Parameter(text)) = piece;
            name.push('_');
            name.extend(text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
        }
        name.truncate(64);
        name
    }

    fn fit(&self, given: &[String]) -> Option<Fit> {
        let (mut parameters, mut named, mut given) = (BTreeMap::new(), Vec::new(), given.iter());
        for piece in self.route.pieces() {
            let text = given.next()?;
            match piece {
                RoutePiece::Literal(wanted) if wanted == text => named.push(false),
                RoutePiece::Literal(_) => return None,
                RoutePiece::Parameter(name) => {
                    parameters.insert(name.to_owned(), text.clone());
                    named.push(true);
                }
            }
        }
        given.next().is_none().then_some(Fit { parameters, named })
    }
}

/// The pieces of a path, each as the text that it stands for. `None`: nobody means that as a path, and where one piece ends
/// and another begins would depend on who reads it.
fn pieces(path: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix('/')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let pieces: Vec<String> = rest
        .split('/')
        .map(|piece| {
            let text = percent_decode_str(piece).decode_utf8().ok()?;
            let is_plain = !text.is_empty()
                && !matches!(&*text, "." | "..")
                && !text.chars().any(|c| matches!(c, '/' | '\\') || c.is_control());
            is_plain.then(|| text.into_owned())
        })
        .collect::<Option<_>>()?;
    (pieces[0] != OWN).then_some(pieces)
}

/// Whether a text is the path of a page of an app, perhaps with a question behind it: somewhere to go to on the app's own
/// origin, and nowhere else.
pub(crate) fn is_place(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    text.len() <= super::PLACE_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic()) && pieces(path).is_some()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn table(routes: &[&str]) -> Table {
        let route = |text: &&str| {
            let (method, path) = text.split_once(' ').unwrap();
            let route = package::Route { method: method.to_owned(), path: path.to_owned() };
            Answering { route, export: None }
        };
        Table(routes.iter().map(route).collect())
    }

    fn check(table: &Table, request: &str, expected: &str) {
        let (method, path) = request.split_once(' ').unwrap();
        let found = match table.find(method, path) {
            Found::Route(known, parameters) => {
                let told: Vec<String> = parameters.iter().map(|(name, text)| format!(" {name}={text}")).collect();
                known.text() + &told.concat()
            }
            Found::Methods(methods) => methods.join(" "),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(found, expected, "{request}");
    }

    #[test]
    fn a_request_is_for_the_route_that_says_most() {
        let table =
            table(&["GET /:any", "GET /notes", "GET /notes/:id", "POST /notes", "GET /", "HEAD /own", "GET /own"]);
        for (request, expected) in [
            ("GET /", "GET /"),
            ("GET /notes", "GET /notes"),
            ("HEAD /notes", "GET /notes"),
            ("HEAD /own", "HEAD /own"),
            ("POST /notes", "POST /notes"),
            ("GET /else", "GET /:any any=else"),
            ("GET /notes/7", "GET /notes/:id id=7"),
            ("GET /notes/a%20b%C3%A9", "GET /notes/:id id=a b\u{e9}"),
            ("GET /n%6ftes", "GET /notes"),
            ("DELETE /notes", "GET HEAD POST"),
            ("OPTIONS /notes", "GET HEAD POST"),
            ("get /notes", "GET HEAD POST"),
            ("DELETE /nowhere/at/all", "nothing"),
        ] {
            check(&table, request, expected);
        }
    }

    #[test]
    fn what_is_no_path_is_for_nobody() {
        let table = table(&["GET /:a", "GET /:a/:b", "GET /:a/:b/:c"]);
        for path in [
            "",
            "*",
            "notes",
            "//",
            "//notes",
            "/notes/",
            "/a//b",
            "/.",
            "/..",
            "/a/../b",
            "/%2e%2e/b",
            "/%2E/b",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/a%0d%0ab",
            "/%ff",
            "/.oikos/enter",
            "/%2eoikos/enter",
            "/.oikos",
        ] {
            check(&table, &format!("GET {path}"), "nothing");
        }
        check(&table, "GET /a/.oikos", "GET /:a/:b a=a b=.oikos");
        check(&table, "GET /%", "GET /:a a=%");
    }

    #[test]
    fn a_browser_is_shown_a_page_and_sent_nowhere_else() {
        assert_eq!(table(&["POST /a", "GET /:id", "GET /b", "GET /"]).first_page(), Some("/b"));
        assert_eq!(table(&["POST /a", "GET /:id"]).first_page(), None);
        for place in ["/", "/notes", "/notes/7?x=//y#z", "/a%20b"] {
            assert!(is_place(place), "{place}");
        }
        for other in
            ["", "notes", "//evil.example", "/\\evil.example", "/a b", "/é", "http://evil.example", "/.oikos/enter"]
        {
            assert!(!is_place(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_found_or_not(path in "[/a.%0-9:~\\\\]{0,30}") {
            let table = table(&["GET /:a", "GET /a/:b", "GET /"]);
            drop(table.find("GET", &path));
            let _ = is_place(&path);
        }
    }
}
