//! Which addresses a template means (RFC 6570): only as far as it takes to know whose they are.

/// A template: texts that stand fixed, and between them what is filled in.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    text: String,
    fixed: Vec<String>,
    /// Whether what is filled in after each fixed text may hold a `/`.
    wide: Vec<bool>,
}

impl Template {
    pub(crate) fn new(text: &str) -> Self {
        let mut fixed = vec![String::new()];
        let mut wide = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((expression, behind)) = after.split_once('}') else { break };
            fixed.last_mut().expect("there is one").push_str(before);
            wide.push(expression.starts_with(['+', '#', '/', '?', '&', ';', '.']) || expression.contains(['*', ',']));
            fixed.push(String::new());
            rest = behind;
        }
        fixed.last_mut().expect("there is one").push_str(rest);
        Self { text: text.to_owned(), fixed, wide }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether an address may have come of it. Linear in the address for each gap.
    pub(crate) fn fits(&self, uri: &str) -> bool {
        let Some(mut rest) = uri.strip_prefix(self.fixed[0].as_str()) else { return false };
        let last = self.fixed.len() - 1;
        for (place, wide) in self.wide.iter().enumerate() {
            let next = &self.fixed[place + 1];
            let filled = if place + 1 == last {
                // What stands at the end has to end it.
                match rest.strip_suffix(next.as_str()) {
                    Some(filled) => filled,
                    None => return false,
                }
            } else {
                match rest.find(next.as_str()) {
                    Some(at) => &rest[..at],
                    None => return false,
                }
            };
            if !wide && (filled.is_empty() || filled.contains('/')) {
                return false;
            }
            rest = if place + 1 == last { "" } else { &rest[filled.len() + next.len()..] };
        }
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_what_was_made_of_it() {
        let check = |template: &str, uri: &str, expected: bool| {
            assert_eq!(Template::new(template).fits(uri), expected, "{template} {uri}");
        };
        check("test://template/{id}/data", "test://template/123/data", true);
        check("test://template/{id}/data", "test://template/1/2/data", false);
        check("test://template/{id}/data", "test://template//data", false);
        check("test://template/{id}/data", "test://template/123/data/more", false);
        check("file:///{+path}", "file:///a/b/c", true);
        check("file:///{path}", "file:///a/b", false);
        check("db://{table}/{row}", "db://users/1", true);
        check("db://{table}/{row}", "db://users", false);
        check("plain://x", "plain://x", true);
        check("plain://x", "plain://xy", false);
        check("broken://{x", "broken://{x", true);
        check("q://s{?a,b}", "q://s?a=1&b=2", true);
        check("q://s{?a,b}", "q://s", true);
    }
}
