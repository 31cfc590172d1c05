//! What must hold for any head of a request that a stranger sends. Used by the fuzzers, and by the tests of
//! crates/gateway, which try the corpus again.

use gateway::auth::{Credential, Guards, Kind, Presented};
use http::{HeaderName, HeaderValue, Request};

/// The first line is a method and an address, each line after it a header.
pub(crate) fn doors(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (method, uri) = first.split_once(' ').unwrap_or(("GET", &first));
    let Ok(request) = Request::builder().method(method).uri(uri).body(()) else { return };
    let mut parts = request.into_parts().0;
    for line in lines {
        let mut pair = line.splitn(2, |byte| *byte == b':');
        let name = pair.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = pair.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            parts.headers.append(name, value);
        }
    }
    let guards = Guards::new(7070, false);
    let said = guards.check(&parts);
    if let Err(refusal) = &said {
        assert!(refusal.status().is_client_error());
    }
    if said.is_ok() {
        let all = |name: &str| parts.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        let named = all("host").first().map(|host| host.as_bytes().to_ascii_lowercase());
        let named = named.or_else(|| Some(parts.uri.authority()?.as_str().to_ascii_lowercase().into_bytes()));
        let ours = ["127.0.0.1:7070", "[::1]:7070", "localhost:7070"];
        assert!(ours.iter().any(|host| Some(host.as_bytes()) == named.as_deref()), "meant for us");
        assert!(
            all("origin")
                .iter()
                .all(|origin| guards.origins().iter().any(|known| known.as_bytes() == origin.as_bytes()))
        );
    }
    match guards.presented(&parts) {
        Ok(Presented::Bearer(text)) => {
            assert!(Credential::read(Kind::Key, text).is_ok_and(|key| key.text().expose() == text) || !text.is_empty());
        }
        Ok(Presented::Login { page, .. }) => assert!(page.is_none_or(|page| !page.contains('\n'))),
        Ok(Presented::Nothing) | Err(_) => {}
    }
}
