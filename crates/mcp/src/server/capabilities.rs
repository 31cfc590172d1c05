//! What a client says that it can. It is never asked for anything else.

use super::json::{Json, Members, empty_object, json};
use serde_json::json as value;

/// The extension of a client that takes tasks for what takes long.
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// What a client says that it can.
#[derive(Clone, Debug)]
pub struct Capabilities {
    declared: Json,
    elicitation_form: bool,
    elicitation_url: bool,
    sampling: bool,
    sampling_tools: bool,
    roots: bool,
    tasks: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::of(empty_object()).expect("it is an object")
    }
}

impl Capabilities {
    /// From `capabilities`, as the client wrote it. `None`: that is no object.
    pub fn of(declared: Json) -> Option<Self> {
        let said = Members::parse(declared.get()).ok()?;
        // A member that is no object says nothing, as it does to every other reader.
        let elicitation = said.object("elicitation");
        let sampling = said.object("sampling");
        let has = |of: &Option<Members>, name: &str| of.as_ref().is_some_and(|of| of.object(name).is_some());
        let elicitation_url = has(&elicitation, "url");
        // Before there were two modes, an empty object meant forms.
        let elicitation_form = has(&elicitation, "form") || elicitation.as_ref().is_some_and(|_| !elicitation_url);
        Some(Self {
            elicitation_form,
            elicitation_url,
            sampling: sampling.is_some(),
            sampling_tools: has(&sampling, "tools"),
            roots: said.object("roots").is_some(),
            tasks: has(&said.object("extensions"), TASKS),
            declared,
        })
    }

    /// As the client wrote it.
    pub fn declared(&self) -> &serde_json::value::RawValue {
        &self.declared
    }

    /// Whether it can open an address for a person.
    pub fn opens_urls(&self) -> bool {
        self.elicitation_url
    }

    /// Whether it takes a task for what takes long.
    pub fn takes_tasks(&self) -> bool {
        self.tasks
    }

    /// Whether the client may be asked this. If not, what it would have to say.
    pub fn allow(&self, method: &str, params: Option<&serde_json::value::RawValue>) -> Result<(), Json> {
        let params = params.and_then(|params| Members::parse(params.get()).ok()).unwrap_or_default();
        let needed = match method {
            "elicitation/create" if params.text("mode").as_deref() == Some("url") => {
                (!self.elicitation_url).then(|| value!({"elicitation": {"url": {}}}))
            }
            "elicitation/create" => (!self.elicitation_form).then(|| value!({"elicitation": {"form": {}}})),
            "sampling/createMessage" if params.get("tools").is_some() || params.get("toolChoice").is_some() => {
                (!self.sampling_tools).then(|| value!({"sampling": {"tools": {}}}))
            }
            "sampling/createMessage" => (!self.sampling).then(|| value!({"sampling": {}})),
            "roots/list" => (!self.roots).then(|| value!({"roots": {}})),
            // No revision has another question.
            _ => Some(value!({})),
        };
        needed.map_or(Ok(()), |needed| Err(json(&needed)))
    }
}
