//! Servers at an address.

use super::{
    draft::{Spot, is_private},
    found::{Remote, Transport},
    launch::{Launch, flag_unknown},
    manifest::{Emit, Start},
    name::shown,
    notice::Notice,
    plan::Plan,
    secret::{Hidden, has_url_secret},
    variable::Expanded,
};
use std::collections::BTreeMap;

impl Plan<'_> {
    /// A program that only passes on: what it would call is called.
    pub(super) fn bridge(&mut self, args: &[Expanded], words: &[&str], url: usize, headers: &[usize], is_old: bool) {
        self.draft.warnings.push(Notice::new(
            "bridge_left_out",
            "mcp-remote only passes on: oikos calls the address itself, so nothing is installed and nothing is started",
        ));
        let mut map = BTreeMap::new();
        for at in headers {
            let Some((name, value)) = words[*at].split_once(':') else {
                return self
                    .refuse(Notice::new("header_refused", "a header has no ':' between its name and its value"));
            };
            map.insert(name.trim().to_owned(), Hidden::new(value.trim()));
        }
        let transport = if is_old { Transport::Sse } else { Transport::Any };
        let url = args[url].text().unwrap_or_default();
        self.remote(&Remote { url, transport, headers: map });
    }

    /// An address with its headers.
    pub(super) fn remote(&mut self, remote: &Remote) {
        let Some(word) = self.scope.expand(&remote.url).into_iter().next() else { return };
        let start = word.literal_start();
        if !["https://", "http://"]
            .iter()
            .any(|scheme| start.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
        {
            return self.refuse(
                Notice::new("address_refused", "the address of a server begins with https:// or http://")
                    .hint("sockets and pipes of other programs are not reached from here"),
            );
        }
        let spot = Spot { place: "address", name: "", may_write: false };
        let text = word.text();
        let is_open = word.pieces.len() > 1 || text.is_none();
        let whole = text.as_ref().map_or(start.as_str(), Hidden::expose);
        if text.is_none() && start.splitn(4, '/').count() < 4 {
            return self.refuse(
                Notice::new("address_open", "which host is called depends on a value that is not known here")
                    .hint("write the whole address in the entry, or add the server by its address"),
            );
        }
        let Ok(url) = url::Url::parse(whole) else {
            return self.refuse(Notice::new("address_refused", "the address cannot be read"));
        };
        let Some(host) = url.host_str().map(str::to_owned) else {
            return self.refuse(Notice::new("address_refused", "the address names no host"));
        };
        if url.scheme() == "http" && !is_private(&host) {
            self.draft.warnings.push(
                Notice::new(
                    "address_unencrypted",
                    "what is said to the server and by it can be read on the way: its address is not https",
                )
                .hint("try the same address with https"),
            );
        }
        self.draft.address(whole, spot);
        let emitted = if is_open || has_url_secret(whole) {
            self.draft.emit(&word, spot)
        } else {
            Emit::Literal(url.to_string())
        };
        let is_old = remote.transport == Transport::Sse;
        self.proposal.parts.start = Start::Address { url: emitted, is_old };
        self.is_known = true;
        for (name, value) in &remote.headers {
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let is_own = ["host", "content-length", "transfer-encoding", "connection", "mcp-session-id"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own));
            if !is_name || is_own {
                self.refuse(
                    Notice::new("header_refused", format!("the header '{}' is none that may be set", shown(name)))
                        .hint("a header's name is of letters, digits and '-', and is none that oikos sets itself: leave it out if the server works without"),
                );
                continue;
            }
            let Some(word) = self.scope.expand(value).into_iter().next() else { continue };
            if word.text().is_some_and(|text| text.expose().contains(['\r', '\n'])) {
                self.refuse(Notice::new(
                    "header_refused",
                    format!("the header '{}' goes over a line's end", shown(name)),
                ));
                continue;
            }
            let emitted = self.draft.emit(&word, Spot { place: "header", name, may_write: false });
            self.proposal.parts.environment.insert(name.clone(), emitted);
        }
    }
}

/// `mcp-remote`: a program that only passes on. oikos calls the address itself, so nothing is installed, and an answer of
/// the other side reaches no command line (CVE-2025-6514).
pub(super) fn read_bridge(args: &[&str], start: usize) -> Result<Launch, Notice> {
    let mut url = None;
    let mut headers = Vec::new();
    let mut is_old = false;
    let mut at = start;
    while let Some(arg) = args.get(at) {
        match *arg {
            "--header" => {
                headers.push(at + 1);
                at += 1;
            }
            "--transport" => {
                is_old = args.get(at + 1) == Some(&"sse-only");
                at += 1;
            }
            "--allow-http" | "--debug" | "--silent" | "--enable-proxy" => {}
            "--host"
            | "--static-oauth-client-metadata"
            | "--static-oauth-client-info"
            | "--resource"
            | "--auth-timeout"
            | "--ignore-tool" => at += 1,
            flag if flag.starts_with('-') => return Err(flag_unknown("mcp-remote", flag)),
            // The second is the port on which it waits for the sign-in, which oikos does itself.
            _ if url.is_some() => {}
            _ => url = Some(at),
        }
        at += 1;
    }
    headers.retain(|at| *at < args.len());
    let url = url.ok_or_else(|| Notice::new("address_missing", "mcp-remote is given no address"))?;
    Ok(Launch::Bridge { url, headers, is_old })
}
