//! A file of variables, `NAME=value` on each line, as clients read it. Nothing in a value is put in for anything.

use super::{secret::Hidden, variable::is_variable};
use std::collections::BTreeMap;

/// The largest file.
pub(crate) const ENVIRONMENT_BYTES_MAX: usize = 64 << 10;
/// The most variables.
const VARIABLES_MAX: usize = 256;

/// The variables, or the line that is none.
pub(crate) fn read_environment(bytes: &[u8]) -> Result<BTreeMap<String, Hidden>, usize> {
    if bytes.len() > ENVIRONMENT_BYTES_MAX {
        return Err(0);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| 0_usize)?;
    let mut variables = BTreeMap::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or(number + 1)?;
        let (name, value) = (name.trim(), value.trim());
        if !is_variable(name) || variables.len() >= VARIABLES_MAX {
            return Err(number + 1);
        }
        let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
        let value = match quoted {
            Some((value, rest)) if rest.trim().is_empty() || rest.trim_start().starts_with('#') => value,
            // Behind a space, `#` begins a comment.
            _ => value.split(" #").next().unwrap_or_default().trim_end(),
        };
        variables.insert(name.to_owned(), Hidden::new(value));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_line_by_line() {
        let check = |text: &str, expected: Result<&[(&str, &str)], usize>| {
            let read = read_environment(text.as_bytes());
            let read = read
                .as_ref()
                .map(|read| read.iter().map(|(name, value)| (name.as_str(), value.expose())).collect::<Vec<_>>());
            assert_eq!(read.as_deref().map_err(|line| **line), expected, "{text}");
        };
        check("", Ok(&[]));
        check(
            "# c\nA=1\nexport B = two words # c\r\nC=\"x # y\" # c\nD='$A'\nE=\n",
            Ok(&[("A", "1"), ("B", "two words"), ("C", "x # y"), ("D", "$A"), ("E", "")]),
        );
        check("A=1\nnothing\n", Err(2));
        check("A B=1\n", Err(1));
        check(&"A=1\n".repeat(20_000), Err(0));
    }
}
