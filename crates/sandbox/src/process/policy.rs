//! From what a run's terms give to the policy that the box keeps. Pure.

use super::find::Found;
use isolate::{Bounds, Network, Policy};
use kernel::{program::Terms, runner::BoxBounds};
use std::path::{Path, PathBuf};

/// Where its proxy listens, in a network that has nobody else in it.
const PROXY_PORT: u16 = 8118;
/// What shells and libraries look for programs in, in the box.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where things lie for one program.
pub(crate) struct Places<'a> {
    /// The files of its package.
    pub(crate) code: &'a Path,
    /// What it is installed with.
    pub(crate) tree: Option<&'a Path>,
    /// Its own folder.
    pub(crate) home: &'a Path,
    /// What no grant may hold.
    pub(crate) never: &'a [PathBuf],
}

/// The policy of a program on these terms.
pub(crate) fn policy(found: &Found, arguments: &[String], terms: &Terms, places: &Places<'_>) -> Policy {
    let mut policy = Policy::new(&found.program, places.home);
    policy.arguments = arguments.to_vec();
    policy.folder = places.code.to_owned();
    policy.code = [Some(places.code), places.tree].into_iter().flatten().map(Path::to_owned).collect();
    policy.never = places.never.to_vec();
    // The log of a run says what its program tried.
    policy.watched = true;
    // Of its package, or of what that was installed with.
    let is_own = |path: &Path| [Some(places.code), places.tree].into_iter().flatten().any(|own| path.starts_with(own));
    policy.read.extend(found.beside.iter().filter(|beside| !is_own(beside)).cloned());
    if found.beside.is_none() && !is_own(&found.program) && !is_the_systems(&found.program) {
        policy.read.push(found.program.clone());
    }
    let (read, write) = (&terms.rooms.read, &terms.rooms.write);
    policy.write.extend(write.iter().map(|folder| PathBuf::from(&folder.path)));
    // What is granted both ways is had once.
    let read = read.iter().map(|folder| PathBuf::from(&folder.path));
    policy.read.extend(read.filter(|path| !policy.write.contains(path)));
    let mut path = PATH.to_owned();
    if let Some(folder) = found.program.parent() {
        path = format!("{}:{path}", folder.display());
    }
    policy.environment.insert("PATH".to_owned(), path);
    for (name, value) in [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")] {
        policy.environment.insert(name.to_owned(), value.to_owned());
    }
    if terms.rooms.has_way_out {
        policy.network = Network::OnlyProxy { port: PROXY_PORT };
        let proxy = format!("http://127.0.0.1:{PROXY_PORT}");
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            policy.environment.insert(name.to_owned(), proxy.clone());
        }
        for name in ["ALL_PROXY", "all_proxy"] {
            policy.environment.insert(name.to_owned(), format!("socks5h://127.0.0.1:{PROXY_PORT}"));
        }
        // Node's own `fetch` looks at the others only if it is told to.
        policy.environment.insert("NODE_USE_ENV_PROXY".to_owned(), "1".to_owned());
    }
    for (name, given) in &terms.given {
        policy.environment.insert(name.clone(), given.expose().to_owned());
    }
    policy.bounds = Bounds { memory_bytes_max: terms.memory_bytes_max, ..Bounds::default() };
    policy
}

/// A policy with these bounds, of a program that is not there yet: what it is called and where it lies changes no fact.
pub(crate) fn of_bounds(bounds: BoxBounds) -> Policy {
    let mut policy = Policy::new("/program", "/home");
    if bounds.has_way_out {
        policy.network = Network::OnlyProxy { port: PROXY_PORT };
    }
    policy.bounds = Bounds { memory_bytes_max: bounds.memory_bytes_max, ..Bounds::default() };
    policy
}

fn is_the_systems(program: &Path) -> bool {
    ["/usr", "/bin", "/sbin", "/nix/store", "/gnu/store"].iter().any(|system| program.starts_with(system))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use broker::Folder;
    use kernel::program::Rooms;
    use protocol::{OwnerId, SecretText, sha256};
    use std::sync::Arc;

    fn terms(rooms: Rooms) -> Terms {
        Terms {
            owner: OwnerId(1),
            app: "files".parse().unwrap(),
            rooms,
            given: [("TOKEN".to_owned(), SecretText::new("x".to_owned()))].into(),
            unsaid: Arc::default(),
            has_secrets: false,
            memory_bytes_max: 64 << 20,
            digest: sha256(b""),
        }
    }

    fn folder(path: &str) -> Folder {
        Folder { path: path.to_owned(), device: 1, inode: 2 }
    }

    #[test]
    fn it_has_what_its_terms_say_and_what_it_is_made_of() {
        let found = Found { program: "/home/ada/node/bin/node".into(), beside: Some("/home/ada/node".into()) };
        let never = [PathBuf::from("/srv/oikos")];
        let (code, home) = (Path::new("/srv/oikos/code/x"), Path::new("/srv/oikos/homes/x"));
        let places = Places { code, tree: None, home, never: &never };
        let rooms = Rooms {
            read: vec![folder("/home/ada/notes"), folder("/home/ada/both")],
            write: vec![folder("/home/ada/both")],
            has_way_out: false,
        };
        let made = policy(&found, &["main.js".to_owned()], &terms(rooms.clone()), &places);
        assert_eq!(made.read, [PathBuf::from("/home/ada/node"), "/home/ada/notes".into()]);
        assert_eq!(made.write, [PathBuf::from("/home/ada/both")]);
        assert_eq!((made.code, made.folder), (vec!["/srv/oikos/code/x".into()], "/srv/oikos/code/x".into()));
        assert_eq!(made.network, Network::None);
        assert_eq!(made.environment["TOKEN"], "x");
        assert_eq!(made.environment["PATH"], "/home/ada/node/bin:/usr/local/bin:/usr/bin:/bin");
        assert!(!made.environment.keys().any(|name| name.to_lowercase().contains("proxy")));

        let made = policy(&found, &[], &terms(Rooms { has_way_out: true, ..rooms }), &places);
        assert_eq!(made.network, Network::OnlyProxy { port: PROXY_PORT });
        assert_eq!(made.environment["HTTPS_PROXY"], "http://127.0.0.1:8118");
    }
}
