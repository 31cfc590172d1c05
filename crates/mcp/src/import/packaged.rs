//! Packages as a registry names them, and containers.

use super::{
    container::Container,
    found::{Packaged, Registry},
    known::package_of_image,
    launch::Resolve,
    name::shown,
    notice::Notice,
    plan::Plan,
    proposal::Proposal,
    requirement::{read_npm_package, read_requirement},
    secret::Hidden,
    step::steps,
    variable::{Expanded, Piece, is_variable},
};
use protocol::Digest;
use std::collections::BTreeMap;

/// The word for a container in place of a program.
const CONTAINER: &str = "container_outside";
/// What can be done with one that is no known package.
const UNBOXED: &str = "if its author publishes a package of npm or Python, import that; else start it outside of oikos";

fn boxed(package: &str) -> String {
    format!("the same server is the package {package}, which runs in a box: import that")
}

impl Proposal {
    /// The container, where nothing speaks against it but that it is one: then its registry may be asked which bytes its
    /// image is, and [`outside`](Self::outside) is the answer.
    pub fn only_a_container(&self) -> Option<&Container> {
        let is_all = self.refusals.iter().all(|refusal| refusal.code == CONTAINER);
        self.container.as_ref().filter(|_| is_all)
    }

    /// Why a container is refused, with the line that starts just the bytes that its image is now; or with why those are
    /// not known.
    pub fn outside(&self, found: Result<Digest, String>) -> Notice {
        let refusal = self.refusals.iter().find(|refusal| refusal.code == CONTAINER);
        let message = refusal.map(|refusal| refusal.message.clone()).unwrap_or_default();
        let before = match self.container.as_ref().and_then(|container| package_of_image(&container.image)) {
            Some(package) => format!("{}; or start it outside of oikos", boxed(package)),
            None => UNBOXED.to_owned(),
        };
        let pinned = self.container.as_ref().and_then(|container| Some((container, container.image().ok()?)));
        let hint = match (pinned, found) {
            (Some((container, image)), Ok(digest)) => {
                let put_in =
                    if container.has_unshown() { " (what stands as ••• is yours to put in)" } else { "" };
                format!("{before}, as just these bytes{put_in}: {}", container.line(&image, digest))
            }
            (_, Err(why)) => format!("{before}. Which bytes the image is now was not found out: {why}"),
            (None, Ok(_)) => before,
        };
        Notice::new(CONTAINER, message).hint(hint)
    }
}

impl Plan<'_> {
    /// A container is told, and not taken over.
    pub(super) fn container(
        &mut self,
        mut container: Container,
        words: &[Expanded],
        environment: &BTreeMap<String, Hidden>,
    ) {
        let image = container.image.clone();
        for (name, _) in &container.variables {
            if !environment.contains_key(name) && !is_variable(name) {
                self.refuse(Notice::new("variable_refused", "a variable of the container has a name that is none"));
            }
        }
        let notice = Notice::new(
            CONTAINER,
            format!(
                "the image {} is started by {}, outside of any box of ours: oikos could keep none of its files, network, \
                 processes and memory",
                shown(&image),
                container.keeper()
            ),
        );
        self.refuse(match package_of_image(&image) {
            Some(package) => notice.hint(boxed(package)),
            None => notice.hint(format!(
                "{UNBOXED}. 'oikos app import' with its name asks the registry which bytes the image is now, and shows the \
                 line that starts those"
            )),
        });
        container.say(words, environment);
        self.known(&image);
        self.proposal.resolve = Some(container.resolve());
        self.proposal.container = Some(container);
        self.environment(environment);
    }

    /// A package with what its author says of how it is run.
    pub(super) fn packaged(&mut self, packaged: &Packaged) {
        let expand = |words: &[Hidden]| words.iter().flat_map(|word| self.scope.expand(word)).collect::<Vec<_>>();
        let (runtime, args) = (expand(&packaged.runtime_args), expand(&packaged.args));
        let version = packaged.version.as_deref();
        let resolve = match packaged.registry {
            Registry::Npm => {
                let spec = format!(
                    "{}{}",
                    packaged.identifier,
                    version.map(|version| format!("@{version}")).unwrap_or_default()
                );
                read_npm_package(&spec).map(|(name, range)| Resolve::Npm { name, range, program: None })
            }
            Registry::Pypi => {
                let spec = format!(
                    "{}{}",
                    packaged.identifier,
                    version.map(|version| format!("=={version}")).unwrap_or_default()
                );
                read_requirement(&spec).map(|(requirement, name)| Resolve::PyPi {
                    requirement,
                    program: name.clone(),
                    name,
                    with: Vec::new(),
                    python: None,
                    with_prereleases: false,
                })
            }
            Registry::Oci => {
                let has_version = packaged.identifier.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
                let image = match version {
                    Some(version) if !has_version => format!("{}:{version}", packaged.identifier),
                    _ => packaged.identifier.clone(),
                };
                let mut line: Vec<Expanded> = ["run", "-i", "--rm"].iter().map(|word| literal(word)).collect();
                line.extend(runtime);
                for name in packaged.environment.keys() {
                    line.extend([literal("-e"), literal(name)]);
                }
                line.push(literal(&image));
                line.extend(args);
                return self.command_line("docker", &line, &packaged.environment);
            }
            Registry::Mcpb => return self.bundle_elsewhere(packaged),
        };
        let flags: Vec<String> =
            runtime.iter().filter_map(Expanded::text).map(|word| word.expose().to_owned()).collect();
        if flags.len() != runtime.len()
            || flags.iter().any(|flag| !matches!(flag.as_str(), "-y" | "--yes" | "-q" | "--quiet"))
        {
            return self.refuse(Notice::new(
                "flag_unknown",
                "the package wants flags of what runs it that are not known here",
            ));
        }
        match resolve {
            Ok(resolve) => self.package(resolve, &args, &packaged.environment),
            Err(notice) => self.refuse(notice),
        }
    }

    fn bundle_elsewhere(&mut self, packaged: &Packaged) {
        let is_digest = |digest: &str| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let url = url::Url::parse(&packaged.identifier).ok().filter(|url| url.scheme() == "https" && url.has_host());
        let (Some(url), Some(sha256)) = (url, packaged.sha256.clone().filter(|digest| is_digest(digest))) else {
            return self.refuse(Notice::new(
                "bundle_refused",
                "the bundle has no https address, or no SHA-256 to check it by",
            ));
        };
        let resolve = Resolve::Bundle { url: url.into(), sha256: Some(sha256) };
        self.proposal.steps = steps(&resolve, self.facts.python, self.facts.roots.system);
        self.proposal.resolve = Some(resolve);
        self.draft.warnings.push(
            Notice::new("bundle_to_fetch", "what the bundle would touch is known when it was fetched")
                .hint("it is looked at again then, as a file"),
        );
        self.environment(&packaged.environment);
    }
}

fn literal(word: &str) -> Expanded {
    Expanded { pieces: vec![Piece::Text(Hidden::new(word))], unknown: Vec::new() }
}
