//! What tools that pin leave behind, read before anything of it counts: one version of everything, with digests.

use super::{
    clients::System,
    launch::Resolve,
    notice::{Notice, quote},
    proposal::INSTALL_FOLDER,
    step::{NPM_REGISTRY, PACKAGES_FOLDER, PythonTool, interpreter, package_json},
};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The largest lock file: some hundreds of packages.
pub const LOCK_BYTES_MAX: usize = 8 << 20;
/// The most packages that one server may bring.
const PACKAGES_MAX: usize = 5_000;

/// One version of everything, with digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// The version of the package that was asked for.
    pub version: String,
    /// The program with which it is started, and its code: paths begin at the folder of the package.
    pub command: Vec<String>,
    /// The files that say just what is installed; the same bytes install the same.
    #[serde(skip)]
    pub lock: BTreeMap<String, String>,
    /// How many packages there are.
    pub packages: usize,
    /// Packages that have a script to be run at install. It is not run; some do not work without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts_left_out: Vec<String>,
}

impl Resolve {
    /// Reads the file that the pinning step has made: it is named by [`Step::makes`](super::Step::makes).
    pub fn pin(&self, made: &[u8], tool: PythonTool, system: System) -> Result<Pin, Notice> {
        match self {
            Self::Npm { name, range, program } => pin_npm(made, name, range, program.as_deref()),
            Self::PyPi { name, program, python, .. } => {
                let list = match tool {
                    PythonTool::Uv => String::from_utf8_lossy(made).into_owned(),
                    PythonTool::Pip => requirements_of_report(made)?,
                };
                pin_pypi(&list, name, program, python.as_deref(), system)
            }
            Self::Image { .. } => refuse("a container is not taken over, so nothing of its image is installed"),
            Self::Bundle { .. } => refuse("a bundle is read as a file once it is fetched"),
        }
    }
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Notice> {
    Err(Notice::new("lock_refused", message))
}

/// Reads npm's lock file: every package has a digest and is from the public registry, and there is the program.
pub fn pin_npm(lock: &[u8], name: &str, range: &str, program: Option<&str>) -> Result<Pin, Notice> {
    if lock.len() > LOCK_BYTES_MAX {
        return refuse("npm's lock file is too large");
    }
    let Ok(read) = serde_json::from_slice::<Value>(lock) else { return refuse("npm's lock file is not JSON") };
    if !matches!(read["lockfileVersion"].as_u64(), Some(2 | 3)) {
        return refuse("npm's lock file has a form that is not known; npm 7 or later writes one that is");
    }
    let Some(packages) = read["packages"].as_object().filter(|packages| packages.len() <= PACKAGES_MAX) else {
        return refuse("npm's lock file lists no packages, or too many");
    };
    let mut scripts_left_out = Vec::new();
    for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        if !path.starts_with("node_modules/") || path.split('/').any(|part| part == "..") || package["link"] == true {
            return refuse(format!("npm's lock file has {}, which is no package of a registry", quote(path)));
        }
        if let Some(from) = package["resolved"].as_str()
            && !from.starts_with(NPM_REGISTRY)
        {
            return refuse(format!("the package {} is from elsewhere than npm's public registry", quote(path)));
        }
        let digest = package["integrity"].as_str().unwrap_or_default();
        if !digest.starts_with("sha512-") && package["inBundle"] != true {
            return refuse(format!("the package {} has no digest", quote(path)));
        }
        if package["hasInstallScript"] == true {
            scripts_left_out.push(path.rsplit("node_modules/").next().unwrap_or(path).to_owned());
        }
    }
    let Some(package) = packages.get(&format!("node_modules/{name}")) else {
        return refuse(format!("npm's lock file does not have {}", quote(name)));
    };
    let Some(version) = package["version"].as_str() else {
        return refuse(format!("npm's lock file does not say the version of {}", quote(name)));
    };
    let code = npm_program(&package["bin"], name, program)?;
    Ok(Pin {
        version: version.to_owned(),
        command: vec!["node".to_owned(), format!("{INSTALL_FOLDER}/node_modules/{name}/{code}")],
        lock: BTreeMap::from([
            ("package.json".to_owned(), package_json(name, range)),
            ("package-lock.json".to_owned(), String::from_utf8_lossy(lock).into_owned()),
        ]),
        packages: packages.len().saturating_sub(1),
        scripts_left_out,
    })
}

/// The file of a package's program, by the rule of npx: the one that is named, the only one, or that of the package's name.
fn npm_program(programs: &Value, name: &str, program: Option<&str>) -> Result<String, Notice> {
    let own = name.rsplit('/').next().unwrap_or(name);
    let path = match programs {
        Value::String(path) if program.is_none_or(|program| program == own) => Some(path.as_str()),
        Value::Object(programs) => {
            let different: BTreeSet<_> = programs.values().filter_map(Value::as_str).collect();
            let only = if different.len() == 1 { different.first().copied() } else { None };
            let named = programs.get(program.unwrap_or(own)).and_then(Value::as_str);
            named.or(if program.is_none() { only } else { None })
        }
        _ => None,
    };
    let Some(path) = path else {
        return refuse(format!("the package {} has no program {}", quote(name), quote(program.unwrap_or(own))));
    };
    let path = path.trim_start_matches("./");
    if path.is_empty()
        || path.starts_with('/')
        || path.contains('\\')
        || path.split('/').any(|part| matches!(part, "" | ".."))
    {
        return refuse("the program of the package leads out of it");
    }
    Ok(path.to_owned())
}

/// Makes `requirements.txt` with digests of what pip says it would install.
pub fn requirements_of_report(report: &[u8]) -> Result<String, Notice> {
    if report.len() > LOCK_BYTES_MAX {
        return refuse("pip's report is too large");
    }
    let Ok(report) = serde_json::from_slice::<Value>(report) else { return refuse("pip's report is not JSON") };
    let Some(installs) = report["install"].as_array().filter(|installs| installs.len() <= PACKAGES_MAX) else {
        return refuse("pip's report lists no packages, or too many");
    };
    let mut lines = Vec::new();
    for install in installs {
        let (Some(name), Some(version)) =
            (install["metadata"]["name"].as_str(), install["metadata"]["version"].as_str())
        else {
            return refuse("pip's report has a package without a name or version");
        };
        let download = &install["download_info"];
        let url = download["url"].as_str().unwrap_or_default();
        if !url.starts_with("https://files.pythonhosted.org/")
            || !url.split('#').next().is_some_and(|url| url.ends_with(".whl"))
        {
            return refuse(format!("the package {} is no wheel of Python's public index", quote(name)));
        }
        let digest = download["archive_info"]["hashes"]["sha256"].as_str().unwrap_or_default();
        if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return refuse(format!("the package {} has no digest", quote(name)));
        }
        lines.push(format!("{}=={version} --hash=sha256:{digest}\n", python_name(name)));
    }
    lines.sort();
    Ok(lines.concat())
}

/// Reads `requirements.txt`: every package has one version and a digest.
pub fn pin_pypi(
    requirements: &str,
    name: &str,
    program: &str,
    python: Option<&str>,
    system: System,
) -> Result<Pin, Notice> {
    if requirements.len() > LOCK_BYTES_MAX {
        return refuse("the list of Python's packages is too large");
    }
    let joined = requirements.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut version = None;
    let mut packages = 0;
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some((package, at)) = words.next().and_then(|word| word.split_once("==")) else {
            return refuse(format!("the line {} of the list is no package with one version", quote(line)));
        };
        let mut rest = words.clone().filter(|word| word.starts_with('-'));
        let is_hash = |word: &str| word.strip_prefix("--hash=sha256:").is_some_and(|digest| digest.len() == 64);
        if rest.clone().next().is_none() || !rest.all(is_hash) {
            return refuse(format!("the package {} has no digest, or a flag of its own", quote(package)));
        }
        let package = package.split('[').next().unwrap_or(package);
        if python_name(package) == python_name(name) {
            version = Some(at.trim_end_matches(';').to_owned());
        }
        packages += 1;
    }
    let Some(version) = version else {
        return refuse(format!("the list of Python's packages does not have {}", quote(name)));
    };
    Ok(Pin {
        version,
        command: python_command(program, python, system),
        lock: BTreeMap::from([("requirements.txt".to_owned(), requirements.to_owned())]),
        packages,
        scripts_left_out: Vec::new(),
    })
}

/// How a program of Python's packages is started: by the interpreter, so that the first line of the program, which holds the
/// folder in which it was made, does not matter.
pub(crate) fn python_command(program: &str, python: Option<&str>, system: System) -> Vec<String> {
    let folder = format!("{INSTALL_FOLDER}/{PACKAGES_FOLDER}/bin");
    let ending = if system == System::Windows { ".exe" } else { "" };
    vec![interpreter(python, system), format!("{folder}/{program}{ending}")]
}

/// A name as Python's index compares it.
fn python_name(name: &str) -> String {
    name.to_ascii_lowercase().split(['-', '_', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A version as manifests have it: three numbers. Python's may have fewer, or more behind them.
pub fn manifest_version(version: &str) -> String {
    if semver::Version::parse(version).is_ok() {
        return version.to_owned();
    }
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (numbers, rest) = version.split_at(end);
    let mut numbers: Vec<u64> = numbers.split('.').map_while(|number| number.parse().ok()).collect();
    let more = numbers.split_off(numbers.len().min(3));
    numbers.resize(3, 0);
    let rest: String = rest.chars().filter(char::is_ascii_alphanumeric).collect();
    let more: Vec<String> = more.iter().map(u64::to_string).collect();
    let build = if more.is_empty() { String::new() } else { format!("+{}", more.join(".")) };
    let before = if rest.is_empty() { String::new() } else { format!("-{rest}") };
    let made = format!("{}.{}.{}{before}{build}", numbers[0], numbers[1], numbers[2]);
    if semver::Version::parse(&made).is_ok() { made } else { "0.0.0".to_owned() }
}
