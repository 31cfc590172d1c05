//! How a package is pinned and installed, as data: what is fetched, what is unpacked, and commands with the files that they
//! read and the hosts that they reach. Whoever runs them does it in a box, in an empty folder, with an environment from
//! nothing; no script of a package is ever run. What they leave is read again before anything counts.

use super::{clients::System, launch::Resolve, unzip::BUNDLE_BYTES_MAX};
use protocol::Digest;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) const NPM_REGISTRY: &str = "https://registry.npmjs.org/";
const NPM_HOSTS: &[&str] = &["registry.npmjs.org"];
const PYPI_INDEX: &str = "https://pypi.org/simple/";
const PYPI_HOSTS: &[&str] = &["pypi.org", "files.pythonhosted.org"];
/// Where Python's packages are, in the folder of the install.
pub(crate) const PACKAGES_FOLDER: &str = "site";

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Finds the one version of everything, with digests. Nothing is installed.
    Pin,
    /// Installs just what was pinned.
    Install,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is for.
    pub purpose: Purpose,
    /// What is done.
    #[serde(flatten)]
    pub act: Act,
    /// What is there afterwards.
    pub makes: &'static str,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Starts a program in a box. To pin, that is an empty folder; to install, it is the folder `install` of the package.
    Run {
        /// The program and its arguments.
        argv: Vec<String>,
        /// Files to put there before.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, String>,
        /// The hosts that it has to reach, on port 443; no others.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        hosts: &'static [&'static str],
    },
    /// Fetches a bundle, which is then read as a file: [`read_bundle`](super::read_bundle), and planned anew.
    Fetch {
        /// From where.
        url: String,
        /// What its SHA-256 has to be.
        #[serde(skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        /// Its largest size.
        bytes_max: usize,
    },
    /// Puts the files of a bundle into the folder `install` of the package.
    Unpack {
        /// Which bundle: the SHA-256 of its bytes.
        sha256: Digest,
    },
}

impl Step {
    fn run(purpose: Purpose, argv: Vec<String>, hosts: &'static [&'static str], makes: &'static str) -> Self {
        Self { purpose, act: Act::Run { argv, files: BTreeMap::new(), hosts }, makes }
    }

    fn with_file(mut self, name: &str, text: String) -> Self {
        if let Act::Run { files, .. } = &mut self.act {
            files.insert(name.to_owned(), text);
        }
        self
    }

    /// Puts a bundle's files in place.
    pub(crate) fn unpack(bundle: Digest) -> Self {
        Self { purpose: Purpose::Install, act: Act::Unpack { sha256: bundle }, makes: "the files of the bundle" }
    }
}

/// Which tool installs Python's packages. Both give the same result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PythonTool {
    /// uv, where it is there: faster.
    Uv,
    /// pip of 22.2 or later.
    Pip,
}

/// The steps that pin and install a package, in order.
pub fn steps(resolve: &Resolve, tool: PythonTool, system: System) -> Vec<Step> {
    match resolve {
        Resolve::Npm { name, range, .. } => {
            let registry = format!("--registry={NPM_REGISTRY}");
            let common = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", &registry];
            let pin = [words(&["npm", "install", "--package-lock-only"]), words(&common)].concat();
            let install = [words(&["npm", "ci", "--omit=dev"]), words(&common)].concat();
            vec![
                Step::run(Purpose::Pin, pin, NPM_HOSTS, "package-lock.json")
                    .with_file("package.json", package_json(name, range)),
                Step::run(Purpose::Install, install, NPM_HOSTS, "node_modules"),
            ]
        }
        Resolve::PyPi { requirement, with, python, with_prereleases, .. } => {
            let wanted: String = std::iter::once(requirement).chain(with).map(|line| format!("{line}\n")).collect();
            let python = interpreter(python.as_deref(), system);
            let (pin, install, makes) = match tool {
                PythonTool::Uv => uv(&python, *with_prereleases),
                PythonTool::Pip => pip(&python, *with_prereleases),
            };
            vec![
                Step::run(Purpose::Pin, pin, PYPI_HOSTS, makes).with_file("requirements.in", wanted),
                Step::run(Purpose::Install, install, PYPI_HOSTS, PACKAGES_FOLDER),
            ]
        }
        // Its registry is asked for the digest; nothing of it is fetched.
        Resolve::Image { .. } => Vec::new(),
        Resolve::Bundle { url, sha256 } => vec![Step {
            purpose: Purpose::Pin,
            act: Act::Fetch { url: url.clone(), sha256: sha256.clone(), bytes_max: BUNDLE_BYTES_MAX },
            makes: "the bundle",
        }],
    }
}

fn uv(python: &str, with_prereleases: bool) -> (Vec<String>, Vec<String>, &'static str) {
    let index = format!("--default-index={PYPI_INDEX}");
    let python = format!("--python={python}");
    // It would fetch another Python by itself, which no box would show the server.
    let common = ["--no-config", "--no-python-downloads", &python, &index];
    let mut pin = [words(&["uv", "pip", "compile"]), words(&common)].concat();
    pin.extend(words(&["--generate-hashes", "--only-binary=:all:", "--no-header", "--no-annotate"]));
    if with_prereleases {
        pin.push("--prerelease=allow".to_owned());
    }
    pin.extend(words(&["--output-file=requirements.txt", "requirements.in"]));
    let mut install = [words(&["uv", "pip", "install"]), words(&common)].concat();
    install.extend(words(&["--require-hashes", "--no-deps", "--no-build"]));
    install.extend([format!("--target={PACKAGES_FOLDER}"), "--requirement=requirements.txt".to_owned()]);
    (pin, install, "requirements.txt")
}

fn pip(python: &str, with_prereleases: bool) -> (Vec<String>, Vec<String>, &'static str) {
    let index = format!("--index-url={PYPI_INDEX}");
    let common = [python, "-m", "pip", "install", "--isolated", "--no-input", "--disable-pip-version-check", &index];
    let mut pin = words(&common);
    pin.extend(words(&["--dry-run", "--ignore-installed", "--only-binary=:all:"]));
    if with_prereleases {
        pin.push("--pre".to_owned());
    }
    pin.extend(words(&["--report=report.json", "--requirement=requirements.in"]));
    let mut install = words(&common);
    install.extend(words(&["--require-hashes", "--no-deps", "--only-binary=:all:"]));
    install.extend([format!("--target={PACKAGES_FOLDER}"), "--requirement=requirements.txt".to_owned()]);
    (pin, install, "report.json")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The Python that installs and that runs: packages with machine code fit just one.
pub(crate) fn interpreter(python: Option<&str>, system: System) -> String {
    let bare = if system == System::Windows { "python" } else { "python3" };
    match python.and_then(|version| version.split_once('.')) {
        Some((major, rest)) => format!("python{major}.{}", rest.split('.').next().unwrap_or_default()),
        None => bare.to_owned(),
    }
}

pub(crate) fn package_json(name: &str, range: &str) -> String {
    let package = json!({ "private": true, "dependencies": { name: range } });
    format!("{package:#}\n")
}
