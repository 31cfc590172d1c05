//! `package.json`: what npm knows of an app. Its scripts are never run; what is not read here is kept as it is.

use crate::{
    document::{Document, Part},
    finding::Finding,
    warning::Warning,
};
use serde_json::{Map, Value};

/// The longest description that is taken over from npm's, as a manifest may have.
const DESCRIPTION_CHARS_MAX: usize = 1000;
/// The longest author.
const AUTHOR_CHARS_MAX: usize = 120;

/// What `package.json` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Npm {
    fields: Map<String, Value>,
}

impl Npm {
    /// Reads a file that fits its schema.
    pub(crate) fn read(file: &Document<'_>, warnings: &mut Vec<Warning>) -> Self {
        let fields = file.value.as_object().cloned().unwrap_or_default();
        let scripts: Vec<&str> = fields
            .get("scripts")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        // These would run by themselves under npm, so somebody may count on them.
        let counted_on: Vec<&str> = ["preinstall", "install", "postinstall", "prepare"]
            .into_iter()
            .filter(|key| scripts.contains(key))
            .collect();
        if !counted_on.is_empty() {
            let message = format!("npm scripts are never run: {}", counted_on.join(", "));
            warnings.push(
                Warning::in_file(&file.line("/scripts"), message)
                    .hint("name a function of your code under \"hooks\" of the manifest instead"),
            );
        }
        Self { fields }
    }

    /// Every field, as it is written.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The name without npm's scope.
    pub(crate) fn name(&self) -> Option<&str> {
        self.text("name").map(|name| name.rsplit('/').next().unwrap_or(name))
    }

    pub(crate) fn version(&self) -> Option<&str> {
        self.text("version")
    }

    pub(crate) fn description(&self) -> Option<String> {
        self.text("description")
            .filter(|text| !text.is_empty())
            .map(|text| text.chars().take(DESCRIPTION_CHARS_MAX).collect())
    }

    /// Who made it: a claim. Without the address and page that npm allows behind the name.
    pub(crate) fn author(&self) -> Option<String> {
        let author = self.fields.get("author")?;
        let name = author.as_str().or_else(|| author.get("name").and_then(Value::as_str))?;
        let name = name.split(['<', '(']).next().unwrap_or_default().trim();
        (!name.is_empty()).then(|| name.chars().take(AUTHOR_CHARS_MAX).collect())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str)
    }
}

/// Where two files say one thing, they agree: the finding if they do not.
pub(crate) fn disagreement(
    manifest: &Document<'_>,
    manifest_key: &str,
    npm: Option<(&Document<'_>, Option<&str>)>,
    npm_key: &str,
) -> Option<Finding> {
    let said = manifest.value.get(manifest_key).and_then(Value::as_str)?;
    let (file, given) = npm?;
    if given? == said {
        return None;
    }
    let message = format!("{} says {}", manifest.name, crate::finding::quote(said));
    let hint = Some("make the two agree, or keep one".to_owned());
    Some(file.finding_with(&format!("/{npm_key}"), Part::Value, message, hint))
}
