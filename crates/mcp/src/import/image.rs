//! Images as registries have them: what is asked of one to learn which bytes a name means now, and what its answers have to
//! be. Pure: whoever asks does it over the one HTTP client. The protocol is that of
//! <https://github.com/opencontainers/distribution-spec>, with the tokens of
//! <https://distribution.github.io/distribution/spec/auth/token/> for those whom nobody knows.

use super::{
    notice::{Notice, quote},
    secret::Hidden,
};
use crate::client::oauth::bearer;
use protocol::{Digest, sha256, text};
use serde_json::Value;

/// Where images are that name no registry, and what that one is called in a name.
const USUAL_HOST: &str = "registry-1.docker.io";
const USUAL_NAMES: [&str; 2] = ["docker.io", "index.docker.io"];
/// Images of that registry that nobody in particular publishes are below this.
const USUAL_FOLDER: &str = "library";
/// What is asked for where nothing is said.
const USUAL_TAG: &str = "latest";

/// The forms that are understood: one image for several machines, and one for one. Without them a registry may answer with
/// an older form, whose digest is another one.
pub const IMAGE_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";
/// The largest list of an image's parts: what the specification has every registry take.
pub const MANIFEST_OF_IMAGE_BYTES_MAX: usize = 4 << 20;
/// The largest answer with a token.
pub const TOKEN_BYTES_MAX: usize = 64 << 10;
/// The longest token: it has to fit a header.
const TOKEN_CHARS_MAX: usize = 16 << 10;
/// The longest tag, by the specification.
const TAG_CHARS_MAX: usize = 128;

/// An image by its whole name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The registry as names have it.
    registry: String,
    repository: String,
    tag: String,
    digest: Option<Digest>,
}

impl Image {
    /// Reads a name as people write it: `mcp/time`, `ghcr.io/org/name:tag`, `name@sha256:…`.
    pub fn read(reference: &str) -> Result<Self, Notice> {
        let refused = |why: &str| {
            Err(Notice::new("image_refused", format!("{} is no name of an image: {why}", quote(reference))))
        };
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) => match digest.strip_prefix("sha256:").map(str::parse::<Digest>) {
                Some(Ok(digest)) => (name, Some(digest)),
                _ => return refused("its digest is no SHA-256"),
            },
            None => (reference, None),
        };
        let (registry, path) = match name.split_once('/') {
            // As docker decides it: a first part that can be no folder is a host.
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => (USUAL_NAMES[0], name),
        };
        if !is_host(registry) {
            return refused("its registry is no host");
        }
        let (path, tag) = path.rsplit_once(':').unwrap_or((path, USUAL_TAG));
        let is_tag = (1..=TAG_CHARS_MAX).contains(&tag.len())
            && !tag.starts_with(['.', '-'])
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !is_tag {
            return refused("its tag is none");
        }
        if !path.split('/').all(is_part) {
            return refused("its parts are small letters and numbers, with '.', '_' and '-' between them");
        }
        let is_usual = USUAL_NAMES.contains(&registry);
        let repository =
            if is_usual && !path.contains('/') { format!("{USUAL_FOLDER}/{path}") } else { path.to_owned() };
        let registry = if is_usual { USUAL_NAMES[0] } else { registry };
        Ok(Self { registry: registry.to_owned(), repository, tag: tag.to_owned(), digest })
    }

    /// Its digest, where its name says it: then no registry is asked.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Its name for just these bytes, whatever becomes of the tag.
    pub fn pinned(&self, digest: Digest) -> String {
        format!("{}/{}@sha256:{digest}", self.registry, self.repository)
    }

    /// Where its registry says what it is now.
    pub fn manifest_url(&self) -> String {
        let host = if self.registry == USUAL_NAMES[0] { USUAL_HOST } else { &self.registry };
        format!("{}://{host}/v2/{}/manifests/{}", self.scheme(), self.repository, self.tag)
    }

    /// A registry of this machine has no certificate: engines ask it without.
    fn scheme(&self) -> &'static str {
        let host = self.registry.split(':').next().unwrap_or_default();
        if is_this_machine(host) { "http" } else { "https" }
    }

    /// Where a token for those whom nobody knows is, from what the registry answers one that has none (`WWW-Authenticate`).
    /// It is asked for this image alone, and to read it, whatever the registry would have asked for.
    pub fn token_url(&self, challenge: &str) -> Result<String, Notice> {
        let refused = |why: &str| Notice::new("registry_refused", format!("{}: {why}", shown(&self.registry)));
        let said = bearer(challenge).ok_or_else(|| refused("it lets in only those whom it knows by a password"))?;
        let value = |name: &str| said.iter().find(|(said, _)| said.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let realm = value("realm").and_then(|realm| url::Url::parse(realm).ok());
        let mut realm = realm.ok_or_else(|| refused("it does not say where it gives tokens"))?;
        let is_plain =
            self.scheme() == "http" && realm.scheme() == "http" && realm.host_str().is_some_and(is_this_machine);
        if realm.scheme() != "https" && !is_plain {
            return Err(refused("where it gives tokens is not reached over https"));
        }
        realm.set_fragment(None);
        let scope = format!("repository:{}:pull", self.repository);
        let service = value("service").map(|service| ("service", service.as_str()));
        realm.query_pairs_mut().extend_pairs(service.into_iter().chain([("scope", scope.as_str())]));
        Ok(realm.into())
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn is_host(word: &str) -> bool {
    let (host, port) = word.split_once(':').map_or((word, None), |(host, port)| (host, Some(port)));
    !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
        })
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// One part of a path. It begins and ends with a letter or number, so none is `..`.
fn is_part(part: &str) -> bool {
    let is_inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    part.bytes().all(|b| is_inside(b) || b"._-".contains(&b))
        && part.bytes().next().is_some_and(is_inside)
        && part.bytes().last().is_some_and(is_inside)
}

fn shown(word: &str) -> String {
    text::shorten(word, 100)
}

/// The token of an answer.
pub fn read_token(answer: &[u8]) -> Result<Hidden, Notice> {
    let refused = || Notice::new("registry_refused", "what the registry gives as a token is none");
    let said: Value = serde_json::from_slice(answer).map_err(|_| refused())?;
    // Two names for one thing; the second is that of OAuth.
    let token = said["token"].as_str().or_else(|| said["access_token"].as_str()).unwrap_or_default();
    let is_token = (1..=TOKEN_CHARS_MAX).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if is_token { Ok(Hidden::new(token)) } else { Err(refused()) }
}

/// The digest of what an image is made of: that of the very bytes that came. `said` is what the registry says that it is
/// (`Docker-Content-Digest`), which has to be the same.
pub fn read_image_manifest(bytes: &[u8], said: Option<&str>) -> Result<Digest, Notice> {
    let refused = |why: &str| Err(Notice::new("image_refused", format!("what the registry says of the image {why}")));
    let Ok(manifest) = serde_json::from_slice::<Value>(bytes) else { return refused("is not JSON") };
    let is_known =
        manifest["schemaVersion"] == 2 && (manifest["manifests"].is_array() || manifest["layers"].is_array());
    if !is_known {
        return refused("has a form that is not known here");
    }
    let digest = sha256(bytes);
    match said.map(str::trim).and_then(|said| said.strip_prefix("sha256:")) {
        Some(said) if !said.eq_ignore_ascii_case(&digest.to_string()) => {
            refused("is not what it says by its digest, so something on the way has changed it")
        }
        _ => Ok(digest),
    }
}
