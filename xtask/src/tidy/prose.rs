//! Documents that hold, dependencies that say why.

use super::{Rule, Tree};

/// Dependencies that every reader of Rust knows, and the second half of a pair whose first half says why.
const SELF_EVIDENT: &[&str] = &[
    "anstyle",
    "cap-fs-ext",
    "futures-util",
    "hex",
    "insta",
    "lru",
    "parking_lot",
    "proptest",
    "rustix",
    "semver",
    "serde",
    "serde_json",
    "sha2",
    "tempfile",
    "thiserror",
    "tokio",
    "tracing",
    "tracing-subscriber",
    "trybuild",
    "trycmd",
    "unicode-width",
    "uuid",
    "zeroize",
];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "links between documents lead somewhere", fix: "correct the link or its target", find: dead_links },
    Rule {
        name: "each dependency says why it is here",
        fix: "put a comment right above it in [workspace.dependencies]: why this and not our own code",
        find: silent_dependencies,
    },
    Rule {
        name: "versions live in one place",
        fix: "write `name.workspace = true` and put the version into the root Cargo.toml",
        find: scattered_versions,
    },
];

fn dead_links(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.under("", &[".md"]) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, target) in links(text) {
            let target = target.split('#').next().unwrap_or(target);
            let elsewhere = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !elsewhere && !resolve(folder, target).is_some_and(|file| tree.holds(&file)) {
                found.push(format!("{path}:{line}: {target} is not there"));
            }
        }
    }
    found
}

/// Targets of links outside of code, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if !in_code {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
            links.extend(targets.map(|target| (index + 1, target)));
        }
    }
    links
}

/// The path from the root of the checkout; `None` where it leads out of it.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn silent_dependencies(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_table = false;
    let mut explained = false;
    for (index, line) in tree.text("Cargo.toml").unwrap_or_default().lines().enumerate() {
        if line.starts_with('[') {
            in_table = line == "[workspace.dependencies]";
        }
        if let Some((name, _)) = line.split_once('=').filter(|_| in_table && !line.starts_with('#')) {
            let name = name.trim();
            let ours = line.contains("path = ");
            if !ours && !explained && !SELF_EVIDENT.contains(&name) {
                found.push(format!("Cargo.toml:{}: {name} does not say why it is here", index + 1));
            }
        }
        explained = line.starts_with('#');
    }
    found
}

fn scattered_versions(tree: &Tree) -> Vec<String> {
    // Only members of the workspace: a program that a crate merely builds has a manifest of its own.
    let is_member = |path: &str| path == "xtask/Cargo.toml" || path.matches('/').count() == 2;
    let manifests = ["crates/", "xtask/"].into_iter().flat_map(|folder| tree.under(folder, &["/Cargo.toml"]));
    let manifests = manifests.filter(|(path, _)| is_member(path));
    let mut found = Vec::new();
    for (path, text) in manifests {
        let mut in_table = false;
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('[') {
                in_table = line.ends_with("dependencies]");
            } else if in_table && line.contains('=') && !line.starts_with('#') && !line.contains("workspace = true") {
                found.push(format!("{path}:{}: {line}", index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let text = "[a](../README.md) [b](c.md#there) [c](https://example.org/x) [d](#here)\n\
                    ```\n[code](nowhere.md)\n```\n[gone](gone.md) and [out](../../x)\n";
        let files = [("README.md", ""), ("docs/a.md", text), ("docs/c.md", "")];
        check(
            "links between documents lead somewhere",
            &files,
            &["docs/a.md:5: gone.md is not there", "docs/a.md:5: ../../x is not there"],
        );
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\nkernel = { path = \"crates/kernel\" }\n# Why.\nfail = \"0.5\"\n\
                    serde = \"1\"\nleftpad = \"1\"\n[profile.dev]\ndebug = true\n";
        check(
            "each dependency says why it is here",
            &[("Cargo.toml", text)],
            &["Cargo.toml:6: leftpad does not say why it is here"],
        );
    }

    #[test]
    fn a_version_outside_of_the_root_is_found() {
        let text = "[package]\nversion = \"1\"\n[dependencies]\nserde.workspace = true\nserde_json = \"1\"\n\
                    insta = { workspace = true, features = [\"json\"] }\n[dev-dependencies]\n# why\nx = \"2\"\n";
        let found = ["crates/a/Cargo.toml:5: serde_json = \"1\"", "crates/a/Cargo.toml:9: x = \"2\""];
        let files = [("crates/a/Cargo.toml", text), ("crates/a/engine/source/Cargo.toml", text)];
        check("versions live in one place", &files, &found);
    }
}
