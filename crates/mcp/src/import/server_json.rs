//! `server.json`, as the official registry describes a server: packages, addresses, and what a person is asked for. Its
//! form: <https://github.com/modelcontextprotocol/registry/blob/main/docs/reference/server-json/generic-server-json.md>

use super::{
    found::{Form, Found, Input, Origin, Packaged, PathKind, Registry, Remote, Transport},
    read::Read,
    secret::Hidden,
    text::{Dialect, Fault, Text, shown_key},
};
use jsonc_parser::ast;
use std::collections::BTreeMap;

/// The largest file; the registry's own bound is far below.
pub const SERVER_JSON_BYTES_MAX: usize = 1 << 20;
/// The most packages and addresses together.
const WAYS_MAX: usize = 32;
/// The most arguments or variables of one of them.
const PARTS_MAX: usize = 128;

/// Reads a `server.json`: one entry for each way to run or reach the server, in its author's order.
pub fn read_server_json(file: &str, bytes: &[u8]) -> Read {
    read(file, bytes).unwrap_or_else(Read::fault)
}

fn read(file: &str, bytes: &[u8]) -> Result<Read, Fault> {
    let source = Text::read(file, bytes, SERVER_JSON_BYTES_MAX)?;
    let root = match source.parse(Dialect::Strict)? {
        Some(ast::Value::Object(root)) => root,
        Some(other) => return Err(source.fault_at(&other, "the file does not hold an object")),
        None => return Err(Fault::new(file, None, "the file is empty")),
    };
    if let Some(fault) = source.double(&root) {
        return Err(fault);
    }
    // An answer of the registry wraps it.
    if let Some(ast::Value::Object(server)) = root.get("server").map(|member| &member.value)
        && root.get("packages").is_none()
    {
        return read_server(source, server);
    }
    read_server(source, &root)
}

fn read_server(source: Text<'_>, root: &ast::Object<'_>) -> Result<Read, Fault> {
    let Some(name) = root.get_string("name") else {
        return Err(source.fault_at(root, "it has no \"name\""));
    };
    let old = root.get_object("version_detail").and_then(|detail| detail.get_string("version"));
    let version = root.get_string("version").or(old).map(|version| version.value.to_string());
    let status = root.get_string("status").map(|status| status.value.as_ref());
    let mut out = Read::default();
    for (key, is_package) in [("packages", true), ("remotes", false)] {
        for item in root.get_array(key).map(|list| list.elements.as_slice()).unwrap_or_default() {
            if out.found.len() >= WAYS_MAX {
                return Err(source.fault_at(item, format!("there are more than {WAYS_MAX} ways to run it")));
            }
            let mut way = Way { source, inputs: BTreeMap::new(), faults: Vec::new() };
            let (form, scope) = match item {
                ast::Value::Object(item) if is_package => way.package(item),
                ast::Value::Object(item) => way.remote(item),
                other => {
                    out.faults.push(source.fault_at(other, "an object is expected here"));
                    continue;
                }
            };
            if status == Some("deleted") {
                way.faults.push(source.fault_at(item, "its author has withdrawn it"));
            }
            let remarks = match status {
                Some("deprecated") => vec![source.fault_at(item, "its author says not to use it any more")],
                _ => Vec::new(),
            };
            out.found.push(Found {
                origin: Origin::Registry,
                client: None,
                file: source.file.to_owned(),
                place: source.place(item),
                scope,
                project: None,
                name: name.value.to_string(),
                version: version.clone(),
                description: root.get_string("description").map(|text| text.value.to_string()),
                is_disabled: false,
                form,
                inputs: way.inputs,
                folder: None,
                bundle: None,
                is_signed: false,
                answers: BTreeMap::new(),
                faults: way.faults,
                remarks,
            });
        }
    }
    if out.found.is_empty() && out.faults.is_empty() {
        return Err(source.fault_at(&name.clone(), "it names no package and no address"));
    }
    Ok(out)
}

/// One way to run or reach the server.
struct Way<'a> {
    source: Text<'a>,
    inputs: BTreeMap<String, Input>,
    faults: Vec<Fault>,
}

/// A text by its name of today, or that before 2025-09.
fn text<'v>(object: &'v ast::Object<'_>, key: &str, old: &str) -> Option<&'v str> {
    object.get_string(key).or_else(|| object.get_string(old)).map(|text| text.value.as_ref())
}

fn switch(object: &ast::Object<'_>, key: &str, old: &str) -> bool {
    object.get_boolean(key).or_else(|| object.get_boolean(old)).is_some_and(|switch| switch.value)
}

impl<'a> Way<'a> {
    fn package(&mut self, object: &ast::Object<'a>) -> (Form, String) {
        if let Some(fault) = self.source.double(object) {
            self.faults.push(fault);
        }
        let kind = text(object, "registryType", "registry_type").unwrap_or_default();
        let registry = match kind {
            "npm" => Registry::Npm,
            "pypi" => Registry::Pypi,
            "oci" => Registry::Oci,
            "mcpb" => Registry::Mcpb,
            other => {
                let message = format!("packages of the kind \"{}\" cannot be installed", shown_key(other));
                self.faults.push(self.source.fault_at(object, message).hint("npm, pypi, oci and mcpb can"));
                return (Form::Nothing, "package".to_owned());
            }
        };
        let transport = object.get_object("transport").and_then(|transport| transport.get_string("type"));
        if transport.is_some_and(|kind| kind.value != "stdio") {
            let message =
                "the package serves a port of this machine; only those that speak over standard streams are run";
            self.faults.push(self.source.fault_at(object, message));
        }
        self.own_registry(object, registry);
        let Some(identifier) = text(object, "identifier", "name") else {
            self.faults.push(self.source.fault_at(object, "it has no \"identifier\""));
            return (Form::Nothing, "package".to_owned());
        };
        let packaged = Packaged {
            registry,
            identifier: identifier.to_owned(),
            version: text(object, "version", "version").filter(|version| !version.is_empty()).map(str::to_owned),
            sha256: text(object, "fileSha256", "file_sha256").map(str::to_owned),
            runtime_args: self.arguments(object, "runtimeArguments", "runtime_arguments"),
            args: self.arguments(object, "packageArguments", "package_arguments"),
            environment: self.named(object, "environmentVariables", "environment_variables"),
        };
        (Form::Packaged(packaged), format!("package of {kind}"))
    }

    /// A package from elsewhere is none of the registry whose name it has.
    fn own_registry(&mut self, object: &ast::Object<'a>, registry: Registry) {
        const KNOWN: [(Registry, &[&str]); 2] =
            [(Registry::Npm, &["https://registry.npmjs.org"]), (Registry::Pypi, &["https://pypi.org"])];
        let Some(base) = text(object, "registryBaseUrl", "registry_base_url") else { return };
        let Some((_, known)) = KNOWN.iter().find(|(kind, _)| *kind == registry) else { return };
        if !known.contains(&base.trim_end_matches('/')) {
            let message = "the package is from another registry than the public one";
            self.faults.push(self.source.fault_at(object, message).hint(format!("only {} is asked", known[0])));
        }
    }

    fn remote(&mut self, object: &ast::Object<'a>) -> (Form, String) {
        if let Some(fault) = self.source.double(object) {
            self.faults.push(fault);
        }
        let Some(url) = text(object, "url", "url") else {
            self.faults.push(self.source.fault_at(object, "it has no \"url\""));
            return (Form::Nothing, "address".to_owned());
        };
        let url = self.with_variables(url, object);
        let transport = match text(object, "type", "transport_type") {
            Some("sse") => Transport::Sse,
            _ => Transport::Any,
        };
        let headers = self.named(object, "headers", "headers");
        (Form::Remote(Remote { url, transport, headers }), "address".to_owned())
    }

    fn items<'v>(&mut self, object: &'v ast::Object<'a>, key: &str, old: &str) -> &'v [ast::Value<'a>] {
        let Some(list) = object.get_array(key).or_else(|| object.get_array(old)) else { return &[] };
        if list.elements.len() > PARTS_MAX {
            self.faults.push(self.source.fault_at(list, format!("there are more than {PARTS_MAX} of them")));
            return &[];
        }
        &list.elements
    }

    fn named(&mut self, object: &ast::Object<'a>, key: &str, old: &str) -> BTreeMap<String, Hidden> {
        let mut map = BTreeMap::new();
        for item in self.items(object, key, old) {
            let ast::Value::Object(item) = item else { continue };
            let Some(name) = text(item, "name", "name") else { continue };
            if let Some(word) = self.word(item, name) {
                map.insert(name.to_owned(), word);
            }
        }
        map
    }

    fn arguments(&mut self, object: &ast::Object<'a>, key: &str, old: &str) -> Vec<Hidden> {
        let mut words = Vec::new();
        for item in self.items(object, key, old) {
            let ast::Value::Object(item) = item else { continue };
            let name = text(item, "name", "name");
            match (text(item, "type", "type"), name) {
                (Some("named"), Some(flag)) if flag.starts_with('-') => {
                    let has_value = ["value", "default"].iter().any(|key| item.get(key).is_some());
                    let is_asked = switch(item, "isRequired", "is_required");
                    if !has_value && !is_asked && item.get("variables").is_none() && item.get("format").is_none() {
                        words.push(Hidden::new(flag));
                    } else if let Some(word) = self.word(item, flag.trim_start_matches('-')) {
                        words.push(Hidden::new(flag));
                        words.push(word);
                    }
                }
                (Some("named"), _) => {
                    self.faults.push(self.source.fault_at(item, "a named argument has a name that begins with '-'"));
                }
                (Some("positional"), _) => {
                    let hint = text(item, "valueHint", "value_hint").unwrap_or("argument");
                    words.extend(self.word(item, hint));
                }
                _ => self.faults.push(self.source.fault_at(item, "an argument is positional or named")),
            }
        }
        words
    }

    /// The word that an input makes; none where it has no value and need not have one.
    fn word(&mut self, item: &ast::Object<'a>, name: &str) -> Option<Hidden> {
        if let Some(value) = text(item, "value", "value") {
            return Some(self.with_variables(value, item));
        }
        let input = input(item);
        if input.default.is_empty() && !input.is_required && !input.is_secret {
            return None;
        }
        self.inputs.insert(name.to_owned(), input);
        Some(Hidden::new(format!("${{input:{name}}}")))
    }

    /// A text with `{name}` for each of its variables.
    fn with_variables(&mut self, value: &str, item: &ast::Object<'a>) -> Hidden {
        let Some(variables) = item.get_object("variables") else { return Hidden::new(value) };
        let mut out = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, following)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            match variables.get_object(name) {
                Some(variable) => {
                    self.inputs.insert(name.to_owned(), input(variable));
                    out.push_str(&format!("${{input:{name}}}"));
                    rest = following;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Hidden::new(out)
    }
}

fn input(item: &ast::Object<'_>) -> Input {
    Input {
        title: None,
        description: text(item, "description", "description").map(str::to_owned),
        is_secret: switch(item, "isSecret", "is_secret"),
        is_required: switch(item, "isRequired", "is_required"),
        default: text(item, "default", "default").into_iter().map(str::to_owned).collect(),
        path: (text(item, "format", "format") == Some("filepath")).then_some(PathKind::File),
        takes_many: switch(item, "isRepeated", "is_repeated"),
        given: None,
    }
}
