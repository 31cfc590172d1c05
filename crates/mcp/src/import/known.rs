//! What servers that many people have need of a machine, as their own pages say:
//! <https://github.com/modelcontextprotocol/servers> and <https://github.com/modelcontextprotocol/servers-archived>.

/// What a server needs of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    Nothing,
    Hosts(&'static [&'static str]),
    Any(&'static str),
}

/// A server that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Its packages of npm or Python's index, and its images.
    pub(crate) packages: &'static [&'static str],
    pub(crate) network: Network,
    /// Its folders are arguments, to read and write.
    pub(crate) writes_folders: bool,
    /// A variable that names the file in which it keeps what it knows, and that file's name in its own home.
    pub(crate) own_file: Option<(&'static str, &'static str)>,
}

const NOTHING: Known = Known { packages: &[], network: Network::Nothing, writes_folders: false, own_file: None };

const KNOWN: [Known; 18] = [
    Known { packages: &["@modelcontextprotocol/server-filesystem", "mcp/filesystem"], writes_folders: true, ..NOTHING },
    Known {
        packages: &["@modelcontextprotocol/server-memory", "mcp/memory"],
        own_file: Some(("MEMORY_FILE_PATH", "memory.jsonl")),
        ..NOTHING
    },
    Known { packages: &["@modelcontextprotocol/server-everything", "mcp/everything"], ..NOTHING },
    Known { packages: &["@modelcontextprotocol/server-sequential-thinking", "mcp/sequentialthinking"], ..NOTHING },
    Known { packages: &["mcp-server-time", "mcp/time"], ..NOTHING },
    Known {
        packages: &["mcp-server-fetch", "mcp/fetch"],
        network: Network::Any("it fetches the pages that it is asked for"),
        ..NOTHING
    },
    Known { packages: &["mcp-server-git", "mcp/git"], writes_folders: true, ..NOTHING },
    Known { packages: &["mcp-server-sqlite", "mcp/sqlite"], writes_folders: true, ..NOTHING },
    Known {
        packages: &["@modelcontextprotocol/server-github", "mcp/github"],
        network: Network::Hosts(&["api.github.com"]),
        ..NOTHING
    },
    Known {
        packages: &["@modelcontextprotocol/server-gitlab", "mcp/gitlab"],
        network: Network::Hosts(&["gitlab.com"]),
        ..NOTHING
    },
    Known {
        packages: &["@modelcontextprotocol/server-slack", "mcp/slack"],
        network: Network::Hosts(&["slack.com"]),
        ..NOTHING
    },
    Known {
        packages: &["@modelcontextprotocol/server-brave-search", "mcp/brave-search"],
        network: Network::Hosts(&["api.search.brave.com"]),
        ..NOTHING
    },
    Known {
        packages: &["@modelcontextprotocol/server-google-maps", "mcp/google-maps"],
        network: Network::Hosts(&["maps.googleapis.com"]),
        ..NOTHING
    },
    Known {
        packages: &["@modelcontextprotocol/server-gdrive", "mcp/gdrive"],
        network: Network::Hosts(&["www.googleapis.com", "oauth2.googleapis.com"]),
        ..NOTHING
    },
    Known { packages: &["mcp-server-sentry", "mcp/sentry"], network: Network::Hosts(&["sentry.io"]), ..NOTHING },
    Known {
        packages: &["@modelcontextprotocol/server-puppeteer", "mcp/puppeteer"],
        network: Network::Any("it opens the pages that it is asked for"),
        ..NOTHING
    },
    Known { packages: &["@modelcontextprotocol/server-postgres", "mcp/postgres"], ..NOTHING },
    Known { packages: &["@modelcontextprotocol/server-redis", "mcp/redis"], ..NOTHING },
];

/// What is known of a package or image.
pub(crate) fn known(package: &str) -> Option<&'static Known> {
    let bare = package.split('@').next().filter(|head| !head.is_empty()).unwrap_or(package);
    let bare = bare.strip_prefix("docker.io/").unwrap_or(bare);
    let bare = bare.rsplit_once(':').map_or(bare, |(name, _)| name);
    KNOWN.iter().find(|known| known.packages.contains(&bare))
}

/// The package that holds the same server as an image.
pub(crate) fn package_of_image(image: &str) -> Option<&'static str> {
    known(image).map(|known| known.packages[0])
}
