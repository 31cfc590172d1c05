//! What a redirect asks for. Pure: whether that may be asked is decided afresh.

use broker::{UrlError, WebUrl};

/// The request that an answer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where.
    pub url: WebUrl,
    /// How.
    pub method: String,
    /// Whether the body goes along; headers that describe it go with it.
    pub keeps_body: bool,
    /// Whether it is another origin, which gets no credentials.
    pub leaves_origin: bool,
}

/// What an answer with this status and `Location` asks for, as browsers understand it; `None` if it is no redirect.
pub fn redirect(method: &str, url: &WebUrl, status: u16, location: &str) -> Option<Result<Next, UrlError>> {
    let becomes_get = match status {
        301 | 302 => method == "POST",
        303 => !matches!(method, "GET" | "HEAD"),
        307 | 308 => false,
        _ => return None,
    };
    Some(url.join(location).map(|next| Next {
        method: if becomes_get { "GET".to_owned() } else { method.to_owned() },
        keeps_body: !becomes_get,
        leaves_origin: !url.is_same_origin(&next),
        url: next,
    }))
}

/// Whether a header says who is asking: it goes to nobody but the origin that it was meant for.
pub fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "cookie", "token", "secret", "api-key", "apikey", "api_key", "password", "signature", "credential"]
        .iter()
        .any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn redirects_are_understood_as_browsers_do() {
        let check = |method: &str, status: u16, location: &str, expected: Option<(&str, &str, bool, bool)>| {
            let here = WebUrl::parse("https://a.org/x/y").unwrap();
            let found = redirect(method, &here, status, location);
            let found = found.map(|next| next.unwrap());
            let found = found
                .as_ref()
                .map(|next| (next.method.as_str(), next.url.as_str(), next.keeps_body, next.leaves_origin));
            assert_eq!(found, expected, "{method} {status} {location}");
        };
        check("GET", 200, "/z", None);
        check("GET", 304, "/z", None);
        check("GET", 300, "/z", None);
        for status in [301, 302, 303, 307, 308] {
            check("GET", status, "/z", Some(("GET", "https://a.org/z", true, false)));
            check("HEAD", status, "z", Some(("HEAD", "https://a.org/x/z", true, false)));
        }
        for status in [301, 302, 303] {
            check("POST", status, "/z", Some(("GET", "https://a.org/z", false, false)));
        }
        for status in [307, 308] {
            check("POST", status, "/z", Some(("POST", "https://a.org/z", true, false)));
        }
        check("PUT", 301, "/z", Some(("PUT", "https://a.org/z", true, false)));
        check("DELETE", 303, "/z", Some(("GET", "https://a.org/z", false, false)));
        check("GET", 302, "http://a.org/x", Some(("GET", "http://a.org/x", true, true)));
        check("GET", 302, "https://a.org:444/", Some(("GET", "https://a.org:444/", true, true)));
        check("GET", 302, "//b.org", Some(("GET", "https://b.org/", true, true)));
        let here = WebUrl::parse("https://a.org/x/y").unwrap();
        for location in ["javascript:1", "file:///etc/passwd", "https://u:p@a.org/", "http://"] {
            assert!(redirect("GET", &here, 302, location).unwrap().is_err(), "{location}");
        }
    }

    #[test]
    fn headers_that_say_who_is_asking() {
        for name in
            ["Authorization", "X-API-Key", "x-auth-token", "Cookie", "Proxy-Authorization", "x-amz-security-token"]
        {
            assert!(is_credential(name), "{name}");
        }
        for name in ["Accept", "Content-Type", "If-None-Match", "User-Agent"] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
