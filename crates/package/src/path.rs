//! Which names a file of a package may have: the same everywhere, harmless on every file system, never an option of
//! a program, never a way out.

use std::collections::HashSet;

/// The longest path. File systems stop at 255 bytes per name; a package path has to fit as a whole.
pub const PATH_BYTES_MAX: usize = 255;

/// Checks one path. The error is the rule that it breaks, in words that follow the path.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.len() > PATH_BYTES_MAX {
        return Err("is longer than 255 characters");
    }
    if path.starts_with('/') {
        return Err("starts at the root");
    }
    if path.contains('\\') {
        return Err("contains a backslash");
    }
    if !path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/')) {
        return Err("has a character other than A-Z a-z 0-9 . _ - /");
    }
    path.split('/').try_for_each(check_component)
}

fn check_component(component: &str) -> Result<(), &'static str> {
    match component {
        "" => return Err("has an empty component"),
        "." | ".." => return Err("has a '.' or '..' component"),
        _ => {}
    }
    if component.ends_with('.') {
        return Err("has a component that ends with a dot, which Windows drops");
    }
    if component.starts_with('-') {
        return Err("has a component that starts with '-', which programs take for an option");
    }
    // Windows opens the device whatever extension follows the name.
    let stem = component.split('.').next().unwrap_or(component).to_ascii_lowercase();
    let is_numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || is_numbered("com") || is_numbered("lpt") {
        return Err("has a component that is a device name on Windows");
    }
    Ok(())
}

/// Checks paths against each other: none is another's folder, none differs only by case. The error is the path and
/// the rule that it breaks.
pub(crate) fn check_paths<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Result<(), (&'a str, &'static str)> {
    let mut files = HashSet::new();
    for path in paths.clone() {
        if !files.insert(path.to_ascii_lowercase()) {
            return Err((path, "is there twice, or differs from another path only by upper and lower case"));
        }
    }
    for path in paths {
        let lower = path.to_ascii_lowercase();
        for (at, _) in lower.match_indices('/') {
            if files.contains(&lower[..at]) {
                return Err((path, "lies inside another entry that is a file"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_paths_pass() {
        for path in [
            "manifest.json",
            "SHA256SUMS",
            "lib/a-b_c.js",
            ".well-known/x",
            "a",
            "console.js",
            "com10.txt",
            "nullable.js",
            &"a".repeat(255),
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn every_way_out_is_refused() {
        for (path, rule) in [
            ("", "empty"),
            ("/etc/passwd", "root"),
            ("../x", "'..'"),
            ("a/../b", "'..'"),
            ("./a", "'.'"),
            ("a/.", "'.'"),
            ("a//b", "empty component"),
            ("a/", "empty component"),
            ("a\\b", "backslash"),
            ("C:/x", "character"),
            ("a b", "character"),
            ("a\0b", "character"),
            ("é", "character"),
            ("a./b", "dot"),
            ("...", "dot"),
            ("-", "'-'"),
            ("lib/-rf", "'-'"),
            ("con", "device"),
            ("lib/NUL.js", "device"),
            ("Com1.txt", "device"),
            ("lpt9", "device"),
            (&"a".repeat(256), "255"),
        ] {
            let found = check_path(path).expect_err(path);
            assert!(found.contains(rule), "{path}: {found}");
        }
    }

    #[test]
    fn paths_do_not_collide() {
        assert_eq!(check_paths(["a", "b/c", "b/d"].into_iter()), Ok(()));
        assert!(check_paths(["a", "a"].into_iter()).is_err());
        assert!(check_paths(["README.md", "readme.MD"].into_iter()).is_err());
        assert!(check_paths(["lib", "lib/a.js"].into_iter()).is_err());
        assert!(check_paths(["Lib/a/b.js", "lib/A"].into_iter()).is_err());
    }
}
