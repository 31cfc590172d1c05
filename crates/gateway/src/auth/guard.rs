//! Is a request meant for us, and does it come from our page? Pure: looks at the head of a request and at nothing else.
//!
//! A page of somebody else can make a browser send requests to an address of this machine. What it cannot do is make the
//! browser lie about where it comes from (`Origin`, `Sec-Fetch-Site`), about whom it believes to talk to (`Host`, which
//! shows a name that was pointed at us), or read what only our page holds. Each of these is looked at by itself, so that no
//! one of them has to hold.

mod app; // the same of requests for apps

pub(crate) use app::Way;

use super::credential;
use crate::{Refusal, page::is_label, serve::Reached};
use http::{
    HeaderMap, HeaderName, Method,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL,
        TRANSFER_ENCODING, UPGRADE,
    },
    request::Parts,
};
use percent_encoding::percent_decode_str;
use protocol::ErrorCode;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Where a page sends the secret that it holds beside the cookie.
pub const PAGE_HEADER: HeaderName = HeaderName::from_static("oikos-page");
/// Cookies of our name that are looked at.
pub const COOKIES_MAX: usize = 4;
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Names of parameters by which credentials are put into addresses. Letters and digits only: `access-token`,
/// `access_token` and `accessToken` are one.
const CREDENTIAL_PARAMETERS: &[&str] = &[
    "accesstoken",
    "apikey",
    "apitoken",
    "auth",
    "authorization",
    "authtoken",
    "bearer",
    "credential",
    "credentials",
    "idtoken",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "refreshtoken",
    "secret",
    "sessiontoken",
    "token",
    "xapikey",
];

/// What a request has to agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// `name:port`, and the name alone where the port is the scheme's own.
    hosts: Vec<String>,
    /// The same with the scheme before it.
    origins: Vec<String>,
    /// The origin that people are told of.
    shown: Option<String>,
    cookie: String,
    port: Option<u16>,
    is_tls: bool,
}

/// What a request brought to show who sends it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presented<'a> {
    /// Nothing.
    Nothing,
    /// An API key.
    Bearer(&'a str),
    /// A browser's cookie, and the secret of its page, if the page sent it.
    Login {
        /// The cookie. There are several where somebody else, who also has a port or a name at this host, put one beside
        /// ours; the first [`COOKIES_MAX`] of them.
        logins: [Option<&'a str>; COOKIES_MAX],
        /// The page's secret.
        page: Option<&'a str>,
    },
}

impl Guards {
    /// Of a listener at a port of this machine: by the names that only this machine has for itself.
    pub fn new(port: u16, is_tls: bool) -> Self {
        let cookie = match is_tls {
            // A browser takes a cookie of such a name only from a host itself, and only over TLS.
            true => format!("__Host-oikos-login-{port}"),
            // Cookies know no ports: two households at one machine must not sign each other out.
            false => format!("oikos-login-{port}"),
        };
        let mut guards = Self { hosts: Vec::new(), origins: Vec::new(), shown: None, cookie, port: Some(port), is_tls };
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            guards.add(host, port);
        }
        guards
    }

    /// Of no listener: nothing is meant for us.
    pub fn closed() -> Self {
        Self { hosts: Vec::new(), origins: Vec::new(), shown: None, cookie: String::new(), port: None, is_tls: false }
    }

    /// Also by this name or address, which its operator gave it. People are told of the first of them.
    #[must_use]
    pub fn host(mut self, host: &str, port: u16) -> Self {
        let first = self.origins.len();
        match host.parse::<Ipv6Addr>() {
            // As it is written in an address.
            Ok(address) => self.add(&format!("[{address}]"), port),
            Err(_) => self.add(host, port),
        }
        // The shortest form, where the port goes without saying.
        self.shown = self.shown.take().or_else(|| self.origins.get(first..)?.last().cloned());
        self
    }

    fn add(&mut self, host: &str, port: u16) {
        let (scheme, usual) = self.scheme();
        let host = host.to_ascii_lowercase();
        let mut names = vec![format!("{host}:{port}")];
        if port == usual {
            names.push(host);
        }
        for name in names {
            self.origins.push(format!("{scheme}://{name}"));
            self.hosts.push(name);
        }
    }

    /// What addresses begin with, and the port that goes without saying.
    fn scheme(&self) -> (&'static str, u16) {
        if self.is_tls { ("https", 443) } else { ("http", 80) }
    }

    /// The origins of our own page, as browsers write them.
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// The origin of our own page, as people are told of it.
    pub fn page(&self) -> Option<&str> {
        self.shown.as_ref().or(self.origins.first()).map(String::as_str)
    }

    /// From where our page may show views of apps, as a policy of content says it: names that only this machine has, each
    /// an origin of its own, so that a view shares nothing with the page.
    pub(crate) fn views(&self) -> String {
        match self.port {
            Some(port) => format!("{}://*.localhost:{port}", self.scheme().0),
            None => "'none'".to_owned(),
        }
    }

    /// The origin on which the views of a package live, see [`crate::view_label`].
    pub fn view_origin(&self, label: &str) -> Option<String> {
        let port = self.port?;
        Some(format!("{}://{label}.localhost:{port}", self.scheme().0))
    }

    /// Whether a request was sent to an origin of views. Nothing of ours is there but the frame around them.
    pub(crate) fn is_for_views(&self, parts: &Parts) -> bool {
        self.label(parts, is_label).is_some()
    }

    /// The first part of the name of the origin that a request was sent to, where that is one of a kind.
    fn label<'a>(&self, parts: &'a Parts, is_one: fn(&str) -> bool) -> Option<&'a str> {
        let port = self.port?;
        let label_of = |name: &'a str| {
            let (label, rest) = name.split_once(".localhost")?;
            let is_port = rest.strip_prefix(':').is_some_and(|text| text == port.to_string());
            (is_one(label) && (is_port || (rest.is_empty() && port == self.scheme().1))).then_some(label)
        };
        let label = label_of(one(&parts.headers, &HOST).ok()??)?;
        let named = parts.uri.authority().map(|authority| authority.as_str());
        named.is_none_or(|name| label_of(name) == Some(label)).then_some(label)
    }

    /// The origins of our own page, as a policy of content says who may hold a frame. Policies know no addresses in
    /// brackets: a page at such a one draws no views.
    pub(crate) fn pages(&self) -> String {
        let pages: Vec<&str> = self.origins.iter().map(String::as_str).filter(|origin| !origin.contains('[')).collect();
        if pages.is_empty() { "'none'".to_owned() } else { pages.join(" ") }
    }

    /// Whether a host is the very address at which the request came in. A name that was pointed at us is none.
    fn is_reached(&self, host: &str, parts: &Parts) -> bool {
        let Some(Reached(at)) = parts.extensions.get() else { return false };
        let at = SocketAddr::new(at.ip().to_canonical(), at.port());
        let short = || match at.ip() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        host == at.to_string() || (at.port() == self.scheme().1 && host == short())
    }

    /// The name of the cookie of a login.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The head of an answer that signs a browser in, or out where there is no text.
    pub fn cookie_set(&self, text: &str, seconds: u64) -> String {
        let secure = if self.is_tls { "; Secure" } else { "" };
        format!("{}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", self.cookie)
    }

    /// Looks at a request. Nothing of it is used before this said yes.
    pub fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        self.host_check(parts)?;
        self.address_check(parts)?;
        self.origin_check(parts)?;
        body_check(parts)
    }

    /// Looks at a request for the page, which holds nothing and changes nothing: a link to it may stand anywhere. Nobody may
    /// build anything of ours into a page of theirs.
    pub(crate) fn check_page(&self, parts: &Parts) -> Result<(), Refusal> {
        let is = |name: &HeaderName, word: &str| one(&parts.headers, name) == Ok(Some(word));
        let is_followed_link =
            is(&FETCH_MODE, "navigate") && is(&FETCH_DEST, "document") && !parts.headers.contains_key(ORIGIN);
        self.host_check(parts)?;
        self.address_check(parts)?;
        if is_followed_link { Ok(()) } else { self.origin_check(parts) }
    }

    fn host_check(&self, parts: &Parts) -> Result<(), Refusal> {
        let refused = || {
            Refusal::new(
                ErrorCode::HostRefused,
                "this oikos does not answer to the host that the request names",
                "use one of its own names, such as 127.0.0.1 or localhost, with its port; others are named in the \
                 configuration",
            )
        };
        let is_ours =
            |name: &str| self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name)) || self.is_reached(name, parts);
        let mut headers = parts.headers.get_all(HOST).iter();
        let header = headers.next().map(|value| value.to_str().unwrap_or_default());
        let named = parts.uri.authority().map(|authority| authority.as_str());
        let is_one = headers.next().is_none() && (header.is_some() || named.is_some());
        let agree = header.into_iter().chain(named).all(is_ours);
        if is_one && agree { Ok(()) } else { Err(refused()) }
    }

    fn origin_check(&self, parts: &Parts) -> Result<(), Refusal> {
        let refused = |what: &str| {
            Refusal::new(
                ErrorCode::OriginRefused,
                what,
                "programs use an API key: oikos token new NAME; pages are served \
                 by oikos itself",
            )
        };
        if let Some(origin) = one(&parts.headers, &ORIGIN).map_err(|()| refused("the request has several origins"))?
            && !self.origins.iter().any(|ours| ours.as_bytes() == origin.as_bytes())
            && !origin
                .strip_prefix(self.scheme().0)
                .and_then(|rest| rest.strip_prefix("://"))
                .is_some_and(|host| self.is_reached(host, parts))
        {
            return Err(refused("the request comes from a page of another origin"));
        }
        let site = one(&parts.headers, &FETCH_SITE).map_err(|()| refused("the request comes from several sites"))?;
        // `same-site` is another port of this machine: whose that is nobody knows.
        if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return Err(refused("the browser says that another site caused the request"));
        }
        Ok(())
    }

    fn address_check(&self, parts: &Parts) -> Result<(), Refusal> {
        let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let query = parts.uri.query().unwrap_or_default();
        let named = query.split(['&', ';']).any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name: String =
                decoded(name).chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
            CREDENTIAL_PARAMETERS.contains(&name.as_str()) || decoded(value).to_ascii_lowercase().starts_with("bearer ")
        });
        let within = [parts.uri.path(), query].iter().any(|text| credential::is_within(&decoded(text)));
        if named || within {
            return Err(Refusal::new(
                ErrorCode::CredentialInUrl,
                "a credential stands in the address, where histories, logs and other sites get to see it",
                "send it as a header: Authorization: Bearer KEY; a key that was in an address is better revoked: oikos \
                 token revoke ID",
            ));
        }
        Ok(())
    }

    /// What a request brought. Of a browser it is only taken where the browser says that it comes from our page.
    pub fn presented<'a>(&self, parts: &'a Parts) -> Result<Presented<'a>, Refusal> {
        if let Some(text) = bearer(parts)? {
            return Ok(Presented::Bearer(text));
        }
        let mut sent = cookies(parts, &self.cookie);
        let logins = std::array::from_fn(|_| sent.next());
        if logins[0].is_none() {
            return Ok(Presented::Nothing);
        }
        let is_upgrade = is_websocket(parts);
        if (is_upgrade || is_unsafe(&parts.method)) && !parts.headers.contains_key(ORIGIN) {
            return Err(Refusal::new(
                ErrorCode::OriginRefused,
                "the request has a browser's cookie and no origin",
                "a program uses an API key instead of a cookie: oikos token new NAME",
            ));
        }
        let page = one(&parts.headers, &PAGE_HEADER).map_err(|()| unclear("the request has several page secrets"))?;
        // A page cannot set headers of a WebSocket, but it can name protocols.
        let offered = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter(|_| is_upgrade);
        let mut offered = offered.flat_map(|value| value.to_str().unwrap_or_default().split(',')).map(str::trim);
        let page = page.or_else(|| offered.find(|word| word.starts_with(credential::Kind::Page.word())));
        Ok(Presented::Login { logins, page })
    }
}

fn unclear(what: &str) -> Refusal {
    Refusal::new(ErrorCode::Unauthenticated, what, "send one header: Authorization: Bearer KEY")
}

/// The API key that a request brought.
fn bearer(parts: &Parts) -> Result<Option<&str>, Refusal> {
    let said = one(&parts.headers, &AUTHORIZATION).map_err(|()| unclear("the request has several credentials"))?;
    let Some(value) = said else { return Ok(None) };
    let (scheme, text) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || text.is_empty() || text.contains(' ') {
        return Err(unclear("the header Authorization is not of the form Bearer KEY"));
    }
    Ok(Some(text))
}

/// What a request brought as cookies of a name.
fn cookies<'a, 'b: 'a>(parts: &'b Parts, name: &'a str) -> impl Iterator<Item = &'b str> + 'a {
    let all = parts.headers.get_all(COOKIE).iter().flat_map(|value| value.to_str().unwrap_or_default().split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).filter(move |(known, _)| *known == name).map(|(_, text)| text)
}

/// The one value of a header. `Err`: it is there more than once, or is no text.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match values.next() {
        None => value.to_str().map(Some).map_err(|_| ()),
        Some(_) => Err(()),
    }
}

/// Whether a method may change something.
fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a request wants to become a WebSocket.
pub fn is_websocket(parts: &Parts) -> bool {
    let has = |name: &HeaderName, word: &str| {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    has(&CONNECTION, "upgrade") && has(&UPGRADE, "websocket")
}

/// Whether a path takes a piece of a file.
fn takes_bytes(path: &str) -> bool {
    let within = path.strip_prefix("/api/v1/files/").and_then(|rest| rest.strip_suffix("/pieces"));
    within.is_some_and(|file| !file.contains('/'))
}

/// What changes something is JSON, or where a file comes bytes, and says so: no page of another origin can send either
/// without asking first, and nobody answers that it may.
fn body_check(parts: &Parts) -> Result<(), Refusal> {
    if !is_unsafe(&parts.method) {
        return Ok(());
    }
    let mut lengths = parts.headers.get_all(CONTENT_LENGTH).iter();
    let has_body = parts.headers.contains_key(TRANSFER_ENCODING) || lengths.any(|length| length.as_bytes() != b"0");
    let of = one(&parts.headers, &CONTENT_TYPE);
    let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_fine = match of {
        Ok(Some(value)) if takes_bytes(parts.uri.path()) => essence(value) == "application/octet-stream",
        Ok(Some(value)) => essence(value) == "application/json",
        Ok(None) => !has_body,
        Err(()) => false,
    };
    match (is_fine, takes_bytes(parts.uri.path())) {
        (true, _) => Ok(()),
        (false, false) => Err(Refusal::new(
            ErrorCode::ContentTypeRefused,
            "the body of the request is not said to be JSON",
            "Content-Type: application/json",
        )),
        (false, true) => Err(Refusal::new(
            ErrorCode::ContentTypeRefused,
            "a piece of a file is bytes, and not said to be such",
            "Content-Type: application/octet-stream",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::Request;
    use proptest::prelude::*;

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// What the guards say to a request with these lines beside the right host.
    fn check(method: &str, uri: &str, headers: &[(&str, &str)], expected: Result<(), ErrorCode>) {
        let all = [&[("host", "127.0.0.1:7070")], headers].concat();
        let said = Guards::new(7070, false).check(&parts(method, uri, &all));
        assert_eq!(said.map_err(|refusal| refusal.failure.code), expected, "{method} {uri} {headers:?}");
    }

    fn check_host(hosts: &[&str], is_ours: bool) {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let said = Guards::new(7070, false).check(&parts("GET", "/api/v1/apps", &headers));
        assert_eq!(said.is_ok(), is_ours, "{hosts:?}");
        assert!(said.is_ok() || said.unwrap_err().status() == 421);
    }

    #[test]
    fn a_name_that_was_pointed_at_us_is_not_ours() {
        for ours in ["127.0.0.1:7070", "localhost:7070", "LOCALHOST:7070", "[::1]:7070"] {
            check_host(&[ours], true);
        }
        for foreign in [
            "evil.example",
            "evil.example:7070",
            "127.0.0.1",
            "127.0.0.1:7071",
            "127.0.0.1:07070",
            "127.1:7070",
            "0.0.0.0:7070",
            "2130706433:7070",
            "localhost.:7070",
            "localhost.evil.example:7070",
            "127.0.0.1:7070.evil.example",
            "evil.example#127.0.0.1:7070",
            "user@127.0.0.1:7070",
            "127.0.0.1:7070,evil.example",
            "[::ffff:127.0.0.1]:7070",
            "::1:7070",
            "",
            " ",
        ] {
            check_host(&[foreign], false);
        }
        check_host(&[], false);
        check_host(&["127.0.0.1:7070", "evil.example"], false);
        check_host(&["127.0.0.1:7070", "127.0.0.1:7070"], false);
        // The address line may name a host too, and both have to be ours.
        let said =
            |uri: &str, host: &str| Guards::new(7070, false).check(&parts("GET", uri, &[("host", host)])).is_ok();
        assert!(said("http://127.0.0.1:7070/x", "127.0.0.1:7070"));
        assert!(!said("http://evil.example/x", "127.0.0.1:7070"));
        assert!(!said("http://127.0.0.1:7070/x", "evil.example"));
        assert!(!said("http://me:pw@127.0.0.1:7070/x", "127.0.0.1:7070"));
    }

    #[test]
    fn a_name_that_the_operator_gave_is_ours_with_its_port_only() {
        let guards = Guards::new(443, true).host("Box.example", 443);
        let said = |host: &str| guards.check(&parts("GET", "/", &[("host", host)])).is_ok();
        assert!(said("box.example") && said("box.example:443") && said("localhost"));
        assert!(!said("box.example:80") && !said("other.example"));
        assert!(guards.origins().contains(&"https://box.example".to_owned()));
        assert!(!guards.origins().iter().any(|origin| origin.starts_with("http://")));
        assert!(guards.cookie().starts_with("__Host-") && guards.cookie_set("x", 5).ends_with("Max-Age=5; Secure"));
        assert_ne!(Guards::new(7070, false).cookie(), Guards::new(7071, false).cookie());
    }

    #[test]
    fn views_live_under_names_of_their_own_that_lead_to_nothing_else() {
        let guards = Guards::new(7070, false);
        let label = "0123456789abcdef0123456789abcdef";
        let host = format!("{label}.localhost:7070");
        assert_eq!(guards.view_origin(label), Some(format!("http://{host}")));
        let is_for_views = |hosts: &[&str]| {
            let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            guards.is_for_views(&parts("GET", "/frame", &headers))
        };
        assert!(is_for_views(&[&host]));
        for other in [
            "127.0.0.1:7070",
            "localhost:7070",
            "x.localhost:7070",
            &host[1..],
            &format!("0{host}"),
            &format!("a.{host}"),
            &host.to_uppercase(),
            &host.replace(":7070", ""),
            &host.replace(":7070", ":7071"),
            &host.replace(":7070", ":07070"),
            &host.replace(":7070", ".:7070"),
            &host.replace(":7070", ":7070.evil.example"),
            &host.replace("localhost", "localhost.evil.example"),
        ] {
            assert!(!is_for_views(&[other]), "{other}");
        }
        assert!(!is_for_views(&[]) && !is_for_views(&[&host, &host]) && !is_for_views(&[&host, "127.0.0.1:7070"]));
        // What is for the views is never for us.
        for path in ["/", "/frame", "/api/v1/apps"] {
            let parts = parts("GET", path, &[("host", &host)]);
            let refused = |said: Result<(), Refusal>| said.unwrap_err().failure.code == ErrorCode::HostRefused;
            assert!(refused(guards.check(&parts)) && refused(guards.check_page(&parts)), "{path}");
        }
        assert_eq!(guards.pages(), "http://127.0.0.1:7070 http://localhost:7070");
        let named = Guards::new(443, true).host("box.example", 443);
        assert!(named.is_for_views(&parts("GET", "/frame", &[("host", &host.replace(":7070", ""))])));
        assert!(named.pages().ends_with(" https://box.example:443 https://box.example"));
        assert_eq!((Guards::closed().pages().as_str(), Guards::closed().view_origin(label)), ("'none'", None));
        assert!(!Guards::closed().is_for_views(&parts("GET", "/frame", &[("host", &host)])));
    }

    #[test]
    fn a_page_of_another_origin_gets_nothing() {
        let json = ("content-type", "application/json");
        let refused = Err(ErrorCode::OriginRefused);
        for origin in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:3000",
            "https://127.0.0.1:7070",
            "http://127.0.0.1",
            "http://localhost:7070.evil.example",
            "HTTP://127.0.0.1:7070",
            "http://127.0.0.1:7070/",
            "",
        ] {
            check("POST", "/api/v1/runs", &[("origin", origin), json], refused);
            check("GET", "/api/v1/apps", &[("origin", origin)], refused);
            check("GET", "/ws", &[("origin", origin), ("connection", "Upgrade"), ("upgrade", "websocket")], refused);
            check("OPTIONS", "/api/v1/runs", &[("origin", origin), ("access-control-request-method", "POST")], refused);
        }
        check("POST", "/api/v1/runs", &[("origin", "http://127.0.0.1:7070"), json], Ok(()));
        check("POST", "/api/v1/runs", &[("origin", "http://localhost:7070"), json], Ok(()));
        let twice = [("origin", "http://127.0.0.1:7070"), ("origin", "http://evil.example"), json];
        check("POST", "/api/v1/runs", &twice, refused);
    }

    #[test]
    fn the_browsers_word_on_who_caused_a_request_counts() {
        for site in ["cross-site", "same-site", "whatever", "", "Same-Origin"] {
            check("GET", "/api/v1/apps", &[("sec-fetch-site", site)], Err(ErrorCode::OriginRefused));
        }
        for site in ["same-origin", "none"] {
            check("GET", "/api/v1/apps", &[("sec-fetch-site", site)], Ok(()));
        }
        check("GET", "/api/v1/apps", &[], Ok(()));
    }

    #[test]
    fn a_link_to_the_page_may_stand_anywhere_and_nothing_of_it_is_built_into_another() {
        let said = |host: &str, uri: &str, site: &str, mode: &str, dest: &str, more: &[(&str, &str)]| {
            let own = [("host", host), ("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
            let headers: Vec<_> = own.into_iter().filter(|(_, value)| !value.is_empty()).chain(more.to_vec()).collect();
            let said = Guards::new(7070, false).check_page(&parts("GET", uri, &headers));
            said.map_err(|refusal| refusal.failure.code)
        };
        let (ours, refused) = ("127.0.0.1:7070", Err(ErrorCode::OriginRefused));
        assert_eq!(said(ours, "/", "", "", "", &[]), Ok(()), "no browser");
        assert_eq!(said(ours, "/", "none", "navigate", "document", &[]), Ok(()), "typed");
        assert_eq!(said(ours, "/apps", "cross-site", "navigate", "document", &[]), Ok(()), "a link");
        assert_eq!(said(ours, "/begin.js", "same-origin", "no-cors", "script", &[]), Ok(()));
        for (mode, dest) in [("no-cors", "script"), ("navigate", "iframe"), ("navigate", ""), ("cors", "empty")] {
            assert_eq!(said(ours, "/", "cross-site", mode, dest, &[]), refused, "{mode} {dest}");
            assert_eq!(said(ours, "/", "same-site", mode, dest, &[]), refused, "{mode} {dest}");
        }
        let origin = [("origin", "http://evil.example")];
        assert_eq!(said(ours, "/", "cross-site", "navigate", "document", &origin), refused);
        let twice = [("sec-fetch-dest", "document")];
        assert_eq!(said(ours, "/", "cross-site", "navigate", "document", &twice), refused);
        let elsewhere = said("evil.example", "/", "none", "navigate", "document", &[]);
        assert_eq!(elsewhere, Err(ErrorCode::HostRefused));
        let told = said(ours, "/?token=x", "none", "navigate", "document", &[]);
        assert_eq!(told, Err(ErrorCode::CredentialInUrl));
    }

    #[test]
    fn what_any_page_can_send_changes_nothing() {
        for simple in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
        {
            check("POST", "/api/v1/runs", &[("content-type", simple)], Err(ErrorCode::ContentTypeRefused));
        }
        let refused = Err(ErrorCode::ContentTypeRefused);
        check("POST", "/api/v1/runs", &[("content-length", "5")], refused);
        check("POST", "/api/v1/runs", &[("transfer-encoding", "chunked")], refused);
        check("POST", "/x", &[("content-type", "application/json"), ("content-type", "text/plain")], refused);
        check("POST", "/x", &[("content-type", "text/plain;application/json"), ("content-length", "5")], refused);
        check("POST", "/x", &[("content-type", "Application/JSON; charset=utf-8"), ("content-length", "5")], Ok(()));
        // Bytes only where a file comes, and there nothing else. No page sends these without asking either.
        let pieces = "/api/v1/files/0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a/pieces?at=0";
        let bytes = ("content-type", "application/octet-stream");
        check("POST", pieces, &[bytes, ("content-length", "5")], Ok(()));
        check("POST", pieces, &[("content-type", "application/json"), ("content-length", "5")], refused);
        check("POST", pieces, &[("content-type", "text/plain"), ("content-length", "5")], refused);
        check("POST", pieces, &[("content-length", "5")], refused);
        for elsewhere in ["/api/v1/runs", "/api/v1/files", "/api/v1/files/a/b/pieces", "/api/v1/files/pieces", "/x"] {
            check("POST", elsewhere, &[bytes, ("content-length", "5")], refused);
        }
        check("DELETE", "/x", &[], Ok(()));
        check("POST", "/x", &[("content-length", "0")], Ok(()));
        check("GET", "/x", &[("content-type", "text/plain")], Ok(()));
    }

    #[test]
    fn no_credential_stands_in_an_address() {
        let refused = Err(ErrorCode::CredentialInUrl);
        let key = "oikos_0123456789abcdef0123456789abcdef";
        for uri in [
            "/x?token=1",
            "/x?a=1&access_token=2",
            "/x?a=1;ToKeN=2",
            "/x?api-key",
            "/x?%74oken=1",
            "/x?Authorization=x",
            "/x?q=Bearer+abc",
            "/x?q=bearer%20abc",
        ] {
            check("GET", uri, &[], refused);
        }
        check("GET", &format!("/x?q={key}"), &[], refused);
        check("GET", &format!("/x/{key}/y"), &[], refused);
        check("GET", &format!("/x?q=oikos%5f{}", &key[6..]), &[], refused);
        check("GET", "/x?q=bearers&tokens=5&gatewayUrl=ws://evil.example", &[], Ok(()));
        let said = Guards::new(7070, false)
            .check(&parts("GET", &format!("/x?q={key}"), &[("host", "127.0.0.1:7070")]))
            .unwrap_err();
        assert!(!format!("{said:?}").contains(key), "a refusal does not repeat it");
    }

    /// What a request presents, in short.
    fn presented(method: &str, headers: &[(&str, &str)]) -> String {
        match Guards::new(7070, false).presented(&parts(method, "/x", headers)) {
            Ok(Presented::Nothing) => "nothing".to_owned(),
            Ok(Presented::Bearer(text)) => format!("bearer {text}"),
            Ok(Presented::Login { logins, page }) => {
                let logins: Vec<_> = logins.into_iter().flatten().collect();
                format!("login {} {}", logins.join("+"), page.unwrap_or("-"))
            }
            Err(refusal) => refusal.failure.code.word().to_owned(),
        }
    }

    #[test]
    fn what_is_presented_is_read_without_doubt_or_not_at_all() {
        let ours = ("origin", "http://127.0.0.1:7070");
        let cookie = ("cookie", "a=b; oikos-login-7070=abc; c=d");
        assert_eq!(presented("GET", &[]), "nothing");
        assert_eq!(presented("GET", &[("authorization", "Bearer abc")]), "bearer abc");
        assert_eq!(presented("GET", &[("authorization", "bearer abc"), cookie]), "bearer abc");
        for odd in ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "abc", "Bearer  abc"] {
            assert_eq!(presented("GET", &[("authorization", odd), cookie]), "unauthenticated", "{odd}");
        }
        let twice = [("authorization", "Bearer abc"), ("authorization", "Bearer def")];
        assert_eq!(presented("GET", &twice), "unauthenticated");
        assert_eq!(presented("GET", &[cookie]), "login abc -");
        assert_eq!(presented("GET", &[cookie, ("oikos-page", "p")]), "login abc p");
        assert_eq!(presented("POST", &[cookie, ("oikos-page", "p"), ours]), "login abc p");
        assert_eq!(presented("POST", &[cookie, ("oikos-page", "p")]), "origin_refused");
        // The cookie of another household at this machine, and one that somebody put beside ours.
        assert_eq!(presented("GET", &[("cookie", "oikos-login-7071=abc")]), "nothing");
        assert_eq!(presented("GET", &[cookie, ("cookie", "oikos-login-7070=evil")]), "login abc+evil -");
        let many = "oikos-login-7070=evil; ".repeat(9);
        assert_eq!(presented("GET", &[("cookie", &many), cookie]), "login evil+evil+evil+evil -");
        let upgrade = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        let words = ("sec-websocket-protocol", "oikos.v1, oikospage_77");
        assert_eq!(presented("GET", &[&upgrade[..], &[cookie, words]].concat()), "origin_refused");
        assert_eq!(presented("GET", &[&upgrade[..], &[cookie, words, ours]].concat()), "login abc oikospage_77");
        assert_eq!(presented("GET", &[cookie, words]), "login abc -", "only where it becomes a WebSocket");
    }

    fn any_headers() -> impl Strategy<Value = Vec<(String, String)>> {
        const NAMES: &[&str] =
            &["host", "origin", "sec-fetch-site", "content-type", "cookie", "authorization", "oikos-page", "upgrade"];
        let values = prop_oneof![
            "[ -~]{0,40}",
            Just("127.0.0.1:7070".to_owned()),
            Just("http://127.0.0.1:7070".to_owned()),
            Just("http://evil.example".to_owned()),
            Just("application/json".to_owned()),
            Just("same-origin".to_owned()),
            Just("oikos-login-7070=abc".to_owned()),
        ];
        prop::collection::vec((prop::sample::select(NAMES).prop_map(str::to_owned), values), 0..6)
    }

    proptest! {
        /// Whatever else a request says: what passes has one host, ours, and no origin but ours.
        #[test]
        fn what_passes_is_meant_for_us(method in "GET|POST|PUT|DELETE|OPTIONS|FOO", query in "[a-z=&%0-9]{0,20}", headers in any_headers()) {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let parts = parts(&method, &format!("/x?{query}"), &headers);
            let guards = Guards::new(7070, false);
            drop(guards.presented(&parts));
            if guards.check(&parts).is_ok() {
                let all = |name: &str| headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value).collect::<Vec<_>>();
                prop_assert_eq!(all("host").len(), 1);
                prop_assert!(guards.hosts.iter().any(|host| host.eq_ignore_ascii_case(all("host")[0])));
                prop_assert!(all("origin").iter().all(|origin| guards.origins.iter().any(|ours| ours == origin)));
                prop_assert!(all("sec-fetch-site").iter().all(|site| ["same-origin", "none"].contains(site)));
                if is_unsafe(&parts.method) {
                    prop_assert!(all("content-type").iter().all(|value| value.to_lowercase().trim().starts_with("application/json")));
                }
                if let Ok(Presented::Login { .. }) = guards.presented(&parts) && is_unsafe(&parts.method) {
                    prop_assert_eq!(all("origin").len(), 1);
                }
            }
        }

        #[test]
        fn any_bytes_in_a_header_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let Ok(value) = http::HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            for name in [HOST, ORIGIN, COOKIE, AUTHORIZATION, CONTENT_TYPE, UPGRADE, SEC_WEBSOCKET_PROTOCOL] {
                let mut parts = parts("POST", "/x", &[]);
                parts.headers.insert(name, value.clone());
                let guards = Guards::new(7070, false);
                drop(guards.check(&parts));
                drop(guards.presented(&parts));
            }
        }
    }
}
