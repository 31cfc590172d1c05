//! Hosts where anybody can have a place to receive what is sent: that a request goes to such a host does not say to whom
//! it goes.

use super::url::WebHost;

/// A shared host.
#[derive(Debug)]
pub struct SharedHost {
    /// Its name; `*.` in front means all names below it.
    pub host: &'static str,
    /// How many segments of a path it takes to say whose place it is; `None` if no path says it.
    pub depth: Option<usize>,
    /// What it is, for the person who is asked.
    pub what: &'static str,
}

const fn shared(host: &'static str, depth: usize, what: &'static str) -> SharedHost {
    SharedHost { host, depth: Some(depth), what }
}

const fn open(host: &'static str, what: &'static str) -> SharedHost {
    SharedHost { host, depth: None, what }
}

/// The hosts. Each is here because somebody who has an account, or nobody in particular, can read what is written to it.
pub const SHARED_HOSTS: &[SharedHost] = &[
    // Code forges: a commit, an issue or a comment is readable by its repository's owner. The path begins with the owner.
    shared("github.com", 1, "a code forge"),
    shared("api.github.com", 2, "a code forge"),
    shared("uploads.github.com", 2, "a code forge"),
    open("gist.github.com", "a place for pastes"),
    shared("gitlab.com", 1, "a code forge"),
    shared("bitbucket.org", 1, "a code forge"),
    shared("api.bitbucket.org", 3, "a code forge"),
    shared("codeberg.org", 1, "a code forge"),
    shared("git.sr.ht", 1, "a code forge"),
    shared("huggingface.co", 1, "a code forge"),
    // Package registries: whoever has an account publishes. In two parts, because nothing here is fetched from them, and a
    // check finds whatever would be.
    open(concat!("registry.npm", "js.org"), "a package registry"),
    open(concat!("upload.py", "pi.org"), "a package registry"),
    // Object stores: whose bucket it is stands in the path, or in the name below the host.
    shared("s3.amazonaws.com", 1, "an object store"),
    open("*.amazonaws.com", "an object store"),
    shared("storage.googleapis.com", 1, "an object store"),
    open("*.storage.googleapis.com", "an object store"),
    open("*.blob.core.windows.net", "an object store"),
    open("*.r2.cloudflarestorage.com", "an object store"),
    open("*.digitaloceanspaces.com", "an object store"),
    open("*.backblazeb2.com", "an object store"),
    shared("firebasestorage.googleapis.com", 3, "an object store"),
    // Files of many people behind one host, where the key says whose: an app may bring its maker's.
    open("api.anthropic.com", "an interface where the key says whose files they are"),
    open("api.openai.com", "an interface where the key says whose files they are"),
    open("www.googleapis.com", "an interface where the key says whose files they are"),
    open("api.dropboxapi.com", "an interface where the key says whose files they are"),
    open("content.dropboxapi.com", "an interface where the key says whose files they are"),
    open("api.notion.com", "an interface where the key says whose files they are"),
    open("api.airtable.com", "an interface where the key says whose files they are"),
    open("docs.google.com", "a place for anybody's forms"),
    // Webhooks and messengers: the path is the mailbox.
    shared("hooks.slack.com", 3, "a messenger's webhooks"),
    open("slack.com", "a messenger"),
    shared("discord.com", 3, "a messenger's webhooks"),
    shared("discordapp.com", 3, "a messenger's webhooks"),
    shared("api.telegram.org", 1, "a messenger's bots"),
    shared("ntfy.sh", 1, "a place for anybody's notes"),
    shared("maker.ifttt.com", 3, "webhooks of anybody"),
    shared("hooks.zapier.com", 4, "webhooks of anybody"),
    shared("webhook.site", 1, "webhooks of anybody"),
    open("*.pipedream.net", "webhooks of anybody"),
    open("*.requestcatcher.com", "webhooks of anybody"),
    // Pastes and drops: anybody who has the link reads it.
    open("pastebin.com", "a place for pastes"),
    open("paste.rs", "a place for pastes"),
    open("dpaste.org", "a place for pastes"),
    open("0x0.st", "a place for pastes"),
    open("transfer.sh", "a place to drop files"),
    open("file.io", "a place to drop files"),
    open("catbox.moe", "a place to drop files"),
    open("*.catbox.moe", "a place to drop files"),
    // Tunnels and pages under anybody's name.
    open("*.ngrok.io", "tunnels to anybody's machine"),
    open("*.ngrok.app", "tunnels to anybody's machine"),
    open("*.ngrok-free.app", "tunnels to anybody's machine"),
    open("*.trycloudflare.com", "tunnels to anybody's machine"),
    open("*.workers.dev", "programs of anybody"),
    open("*.vercel.app", "programs of anybody"),
    open("*.netlify.app", "programs of anybody"),
    open("*.herokuapp.com", "programs of anybody"),
    open("*.web.app", "programs of anybody"),
    open("*.firebaseio.com", "databases of anybody"),
    open("*.supabase.co", "databases of anybody"),
];

/// The entry of a host. A name below a wildcard that a rule names in full is somebody's own place, and not shared.
pub(crate) fn shared_host(host: &WebHost) -> Option<&'static SharedHost> {
    let WebHost::Name(name) = host else { return None };
    // The store itself, in one of its regions: whose bucket it is stands in the path.
    let is_s3 = name.ends_with(".amazonaws.com") && (name.starts_with("s3.") || name.starts_with("s3-"));
    let name = if is_s3 { "s3.amazonaws.com" } else { name };
    SHARED_HOSTS.iter().find(|shared| match shared.host.strip_prefix("*.") {
        Some(above) => name.strip_suffix(above).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => name == shared.host,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::scopes::network::url::parse_host;

    #[test]
    fn each_host_is_named_once_and_as_it_is_compared() {
        for (index, shared) in SHARED_HOSTS.iter().enumerate() {
            let name = shared.host.strip_prefix("*.").unwrap_or(shared.host);
            assert_eq!(parse_host(name), Some(WebHost::Name(name.to_owned())), "{}", shared.host);
            assert!(!SHARED_HOSTS[..index].iter().any(|other| other.host == shared.host), "{}", shared.host);
            assert!(!shared.what.is_empty());
        }
    }

    #[test]
    fn names_below_are_found_and_names_beside_are_not() {
        let check = |host: &str, expected: Option<&str>| {
            let found = shared_host(&parse_host(host).unwrap()).map(|shared| shared.host);
            assert_eq!(found, expected, "{host}");
        };
        check("github.com", Some("github.com"));
        check("GitHub.com.", Some("github.com"));
        check("notgithub.com", None);
        check("a.workers.dev", Some("*.workers.dev"));
        check("a.b.workers.dev", Some("*.workers.dev"));
        check("workers.dev", None);
        check("xworkers.dev", None);
        check("127.0.0.1", None);
        check("s3.eu-west-1.amazonaws.com", Some("s3.amazonaws.com"));
        check("bucket.s3.eu-west-1.amazonaws.com", Some("*.amazonaws.com"));
    }
}
