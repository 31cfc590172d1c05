//! The same of requests for the origins on which apps answer. What is there is a stranger's: a page of it may ask for more
//! of the same app, in any form, and nobody else's page may.

use super::{
    COOKIES_MAX, FETCH_DEST, FETCH_MODE, FETCH_SITE, Guards, Presented, bearer, cookies, credential_in_address,
    has_credential, is_unsafe, one,
};
use crate::{Refusal, page::is_app_label};
use http::{HeaderName, Method, header::ORIGIN, request::Parts};
use protocol::ErrorCode;

/// What a browser says that fetches the script of a service worker.
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

/// How a request came to the origin of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the app's own page, from a person who typed it, or from a program.
    Own,
    /// By a link that stood elsewhere: who let them in is not asked, because a browser does not say so then.
    Link,
}

impl Guards {
    /// The first part of the name of the origin that a request was sent to, where that is one on which an app answers.
    pub(crate) fn app_label<'a>(&self, parts: &'a Parts) -> Option<&'a str> {
        self.label(parts, is_app_label)
    }

    /// The name of the cookie of a browser that was let in where an app answers.
    pub(crate) fn app_cookie(&self) -> String {
        let port = self.port.unwrap_or_default();
        if self.is_tls { format!("__Host-oikos-app-{port}") } else { format!("oikos-app-{port}") }
    }

    /// The head of an answer that lets a browser in.
    pub(crate) fn app_cookie_set(&self, text: &str, seconds: u64) -> String {
        let secure = if self.is_tls { "; Secure" } else { "" };
        format!("{}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", self.app_cookie())
    }

    /// Looks at a request for the origin of an app.
    pub(crate) fn app_check(&self, parts: &Parts, label: &str) -> Result<Way, Refusal> {
        let refused = |what: &str| {
            Refusal::new(
                ErrorCode::OriginRefused,
                what,
                "open the app from oikos; a program sends an API key: Authorization: Bearer KEY",
            )
        };
        // By which names an app calls what it is asked for is its own matter.
        if has_credential(parts) {
            return Err(credential_in_address());
        }
        if parts.headers.contains_key(SERVICE_WORKER) {
            return Err(refused("nothing of an app stands between its pages and oikos"));
        }
        let origin = one(&parts.headers, &ORIGIN).map_err(|()| refused("the request has several origins"))?;
        if origin.is_some_and(|origin| self.view_origin(label).is_none_or(|ours| ours != origin)) {
            return Err(refused("the request comes from a page of another origin"));
        }
        let site = one(&parts.headers, &FETCH_SITE).map_err(|()| refused("the request comes from several sites"))?;
        let is = |name: &HeaderName, word: &str| one(&parts.headers, name) == Ok(Some(word));
        match site {
            None | Some("same-origin" | "none") => Ok(Way::Own),
            Some(_)
                if matches!(parts.method, Method::GET | Method::HEAD)
                    && is(&FETCH_MODE, "navigate")
                    && is(&FETCH_DEST, "document")
                    && origin.is_none() =>
            {
                Ok(Way::Link)
            }
            Some(_) => Err(refused("the browser says that another site caused the request")),
        }
    }

    /// What a request for the origin of an app brought.
    pub(crate) fn app_presented<'a>(&self, parts: &'a Parts) -> Result<Presented<'a>, Refusal> {
        if let Some(text) = bearer(parts)? {
            return Ok(Presented::Bearer(text));
        }
        let name = self.app_cookie();
        let mut sent = cookies(parts, &name);
        let logins: [_; COOKIES_MAX] = std::array::from_fn(|_| sent.next());
        if logins[0].is_none() {
            return Ok(Presented::Nothing);
        }
        if is_unsafe(&parts.method) && !parts.headers.contains_key(ORIGIN) {
            return Err(Refusal::new(
                ErrorCode::OriginRefused,
                "the request has a browser's cookie and no origin",
                "a program uses an API key instead of a cookie: oikos token new NAME",
            ));
        }
        Ok(Presented::Login { logins, page: None })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::Request;

    const LABEL: &str = "app-0123456789abcdef0123456789abcdef";

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn an_origin_of_an_app_is_one_in_one_spelling() {
        let guards = Guards::new(7070, false);
        let label = |hosts: &[&str]| {
            let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            guards.app_label(&parts("GET", "/", &headers)).map(str::to_owned)
        };
        let host = format!("{LABEL}.localhost:7070");
        assert_eq!(label(&[&host]).as_deref(), Some(LABEL));
        for other in [
            String::new(),
            "localhost:7070".to_owned(),
            format!("{LABEL}.localhost"),
            format!("{LABEL}.localhost:7071"),
            format!("{LABEL}.localhost.:7070"),
            format!("{LABEL}.localhost.evil.example:7070"),
            format!("x.{LABEL}.localhost:7070"),
            format!("{}.localhost:7070", LABEL.to_uppercase()),
            format!("{}.localhost:7070", &LABEL[4..]),
            format!("{LABEL}0.localhost:7070"),
        ] {
            assert_eq!(label(&[&other]), None, "{other}");
        }
        assert_eq!(label(&[&host, &host]), None);
        let absolute = parts("GET", "http://evil.example/", &[("host", &host)]);
        assert_eq!(guards.app_label(&absolute), None);
        assert!(!guards.is_for_views(&parts("GET", "/", &[("host", &host)])));
    }

    fn check(method: &str, uri: &str, headers: &[(&str, &str)], expected: Result<Way, ErrorCode>) {
        let said = Guards::new(7070, false).app_check(&parts(method, uri, headers), LABEL);
        assert_eq!(said.map_err(|refusal| refusal.failure.code), expected, "{method} {uri} {headers:?}");
    }

    #[test]
    fn only_its_own_pages_ask_an_app_for_anything() {
        let refused = Err(ErrorCode::OriginRefused);
        let own = format!("http://{LABEL}.localhost:7070");
        let own = ("origin", own.as_str());
        check("GET", "/", &[], Ok(Way::Own));
        check("POST", "/", &[own, ("sec-fetch-site", "same-origin")], Ok(Way::Own));
        check("GET", "/", &[("sec-fetch-site", "none")], Ok(Way::Own));
        for origin in [
            "null",
            "http://127.0.0.1:7070",
            "http://app-1123456789abcdef0123456789abcdef.localhost:7070",
            "https://app-0123456789abcdef0123456789abcdef.localhost:7070",
            "http://app-0123456789abcdef0123456789abcdef.localhost:7071",
        ] {
            check("GET", "/", &[("origin", origin)], refused);
            check("POST", "/", &[("origin", origin), ("sec-fetch-site", "same-origin")], refused);
        }
        check("POST", "/", &[own, own], refused);
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        check("GET", "/", &link, Ok(Way::Link));
        check("POST", "/", &link, refused);
        check("GET", "/", &[&link[..], &[own]].concat(), refused);
        for (mode, dest) in [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe"), ("cors", "empty")] {
            for site in ["cross-site", "same-site", "whatever", ""] {
                let said = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
                check("GET", "/", &said, refused);
            }
        }
        check("GET", "/sw.js", &[("service-worker", "script"), ("sec-fetch-site", "same-origin")], refused);
        let key = format!("/?q=oikos_{}", "0".repeat(72));
        check("GET", &key, &[], Err(ErrorCode::CredentialInUrl));
        check("GET", "/?token=x&apikey=y", &[], Ok(Way::Own));
    }
}
