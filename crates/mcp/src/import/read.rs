//! A client's file as the servers that it names.

use super::{
    clients::{Client, Location},
    found::{Form, Found, Input, Origin, Program, Remote, Transport},
    secret::Hidden,
    text::{FILE_BYTES_MAX, Fault, Place, Text, shown_key},
};
use jsonc_parser::{ast, common::Ranged};
use protocol::text;
use std::collections::{BTreeMap, BTreeSet};

/// The most servers of one file. A person who has more is not a person.
pub const SERVERS_MAX: usize = 500;
/// The most arguments, variables or headers of one server.
const PARTS_MAX: usize = 256;

/// What one file says.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The servers, in the order of the file.
    pub found: Vec<Found>,
    /// What is wrong with the file as a whole.
    pub faults: Vec<Fault>,
}

impl Read {
    pub(crate) fn fault(fault: Fault) -> Self {
        Self { found: Vec::new(), faults: vec![fault] }
    }
}

/// Reads a file of a client. `key` is that under which it has its servers, `project` the folder that it is for.
pub fn read_client_file(location: &Location, key: &str, file: &str, project: Option<&str>, bytes: &[u8]) -> Read {
    let read = || -> Result<Read, Fault> {
        let source = Text::read(file, bytes, FILE_BYTES_MAX)?;
        let root = match source.parse(location.dialect)? {
            None => return Ok(Read::default()),
            Some(ast::Value::Object(root)) => root,
            Some(other) => return Err(source.fault_at(&other, "the file does not hold an object")),
        };
        let mut read = Reader { source, location, out: Read::default(), inputs: BTreeMap::new() };
        read.inputs(&root)?;
        if let Some(servers) = source.object(&root, key)? {
            let disabled = read.names(&root, "disabledMcpServers")?;
            read.servers(servers, project, location.scope.to_owned(), &disabled);
        }
        if location.client == Client::ClaudeCode && location.scope == "user" {
            read.claude_projects(&root, key)?;
        }
        Ok(read.out)
    };
    read().unwrap_or_else(Read::fault)
}

struct Reader<'a> {
    source: Text<'a>,
    location: &'a Location,
    out: Read,
    inputs: BTreeMap<String, Input>,
}

impl<'a> Reader<'a> {
    /// Claude Code keeps the servers that are a person's own in a project beside its other notes on the project.
    fn claude_projects(&mut self, root: &ast::Object<'a>, key: &str) -> Result<(), Fault> {
        let Some(projects) = self.source.object(root, "projects")? else { return Ok(()) };
        if let Some(fault) = self.source.double(projects) {
            return Err(fault);
        }
        for project in &projects.properties {
            let ast::Value::Object(notes) = &project.value else { continue };
            let path = project.name.as_str();
            let servers = self.source.object(notes, key)?;
            let disabled = self.names(notes, "disabledMcpServers")?;
            if let Some(servers) = servers {
                let scope = format!("local, {}", text::shorten(path, 200));
                self.servers(servers, Some(path), scope, &disabled);
            }
        }
        Ok(())
    }

    fn names(&self, object: &ast::Object<'a>, key: &str) -> Result<BTreeSet<String>, Fault> {
        let Some(member) = self.source.member(object, key)? else { return Ok(BTreeSet::new()) };
        let names = member.value.as_array().map(|list| list.elements.as_slice()).unwrap_or_default();
        Ok(names.iter().filter_map(ast::Value::as_string_lit).map(|name| name.value.to_string()).collect())
    }

    /// What VS Code asks a person for.
    fn inputs(&mut self, root: &ast::Object<'a>) -> Result<(), Fault> {
        if self.location.client != Client::VsCode {
            return Ok(());
        }
        let Some(member) = self.source.member(root, "inputs")? else { return Ok(()) };
        let Some(list) = member.value.as_array() else {
            return Err(self.source.fault_at(&member.value, "\"inputs\" is not a list here"));
        };
        for input in list.elements.iter().take(PARTS_MAX) {
            let ast::Value::Object(input) = input else { continue };
            if let Some(fault) = self.source.double(input) {
                return Err(fault);
            }
            let Some(id) = text_of(input, "id") else { continue };
            let is_secret = input.get_boolean("password").is_some_and(|password| password.value);
            let default: Vec<String> = text_of(input, "default").into_iter().collect();
            let description = text_of(input, "description");
            let is_required = default.is_empty();
            let read = Input { description, is_secret, is_required, default, ..Input::default() };
            if self.inputs.insert(id, read).is_some() {
                return Err(self.source.fault_at(input, "this input has the id of another"));
            }
        }
        Ok(())
    }

    fn servers(
        &mut self,
        servers: &ast::Object<'a>,
        project: Option<&str>,
        scope: String,
        disabled: &BTreeSet<String>,
    ) {
        if let Some(fault) = self.source.double(servers) {
            self.out.faults.push(fault.hint("keep one of them"));
            return;
        }
        for server in &servers.properties {
            if self.out.found.len() >= SERVERS_MAX {
                let message = format!("there are more than {SERVERS_MAX} servers; the rest is not read");
                self.out.faults.push(self.source.fault_at(&server.name, message));
                return;
            }
            let name = server.name.as_str().to_owned();
            let mut entry = Entry { source: self.source, faults: Vec::new(), remarks: Vec::new() };
            let (form, is_off) = entry.read(self.location.client, &server.value);
            self.out.found.push(Found {
                origin: Origin::Client(self.location.client),
                client: Some(self.location.client),
                file: self.source.file.to_owned(),
                place: Place::of(self.source.text, &(server.name.start()..server.name.end())),
                scope: scope.clone(),
                project: project.map(str::to_owned),
                is_disabled: is_off || disabled.contains(&name),
                name,
                version: None,
                description: None,
                form,
                inputs: self.inputs.clone(),
                folder: None,
                bundle: None,
                is_signed: false,
                answers: BTreeMap::new(),
                faults: entry.faults,
                remarks: entry.remarks,
            });
        }
    }
}

fn text_of(object: &ast::Object<'_>, key: &str) -> Option<String> {
    object.get_string(key).map(|text| text.value.to_string())
}

/// Keys that say nothing about how a server is started: names for people, switches of the client's own.
const QUIET_KEYS: [&str; 21] = [
    "type",
    "name",
    "title",
    "description",
    "disabled",
    "enabled",
    "source",
    "autoApprove",
    "alwaysAllow",
    "disabledTools",
    "enabledTools",
    "timeout",
    "gallery",
    "version",
    "dev",
    "alwaysLoad",
    "icon",
    "tools",
    "startupTimeout",
    "remote",
    "note",
];

/// One server's object.
struct Entry<'a> {
    source: Text<'a>,
    faults: Vec<Fault>,
    remarks: Vec<Fault>,
}

impl<'a> Entry<'a> {
    fn read(&mut self, client: Client, value: &ast::Value<'a>) -> (Form, bool) {
        let ast::Value::Object(object) = value else {
            self.faults.push(self.source.fault_at(value, "a server is an object here"));
            return (Form::Nothing, false);
        };
        if let Some(fault) = self.source.double(object) {
            self.faults.push(fault.hint("keep one of them"));
            return (Form::Nothing, false);
        }
        let switch = |key: &str| object.get_boolean(key).map(|switch| switch.value);
        let is_off = switch("disabled") == Some(true) || switch("enabled") == Some(false);
        // Zed once had the command as an object of its own.
        let command = object.get("command").map(|member| &member.value);
        let (holder, command_key) = match command {
            Some(ast::Value::Object(inner)) if client == Client::Zed => (inner, "path"),
            _ => (object, "command"),
        };
        if holder.get(command_key).is_some() && command_key == "path" {
            self.faults.extend(self.source.double(holder));
        }
        let url = ["serverUrl", "url"].into_iter().find_map(|key| Some((key, self.text(object, key)?)));
        let form = match (self.text(holder, command_key), url) {
            (Some(_), Some((key, _))) => {
                let message = format!("it has both \"command\" and \"{key}\"");
                self.faults.push(self.source.fault_at(object, message).hint("keep the one that is meant"));
                Form::Nothing
            }
            (Some(command), None) => Form::Program(Program {
                command,
                args: self.list(holder, "args"),
                environment: self.map(holder, "env"),
                environment_file: self.text(object, "envFile"),
                folder: self.text(object, "cwd"),
            }),
            (None, Some((_, url))) => {
                let kind = self.text(object, "type").or_else(|| self.text(object, "transport"));
                let transport = match kind.as_ref().map(Hidden::expose) {
                    Some("sse") => Transport::Sse,
                    None | Some("http" | "streamable-http" | "streamableHttp" | "streamable_http") => Transport::Any,
                    Some(other) => {
                        let message = format!("\"{}\" is no way to speak to a server that is known", shown_key(other));
                        self.faults.push(self.source.fault_at(object, message).hint("http and sse are"));
                        Transport::Any
                    }
                };
                Form::Remote(Remote { url, transport, headers: self.map(object, "headers") })
            }
            (None, None) if self.faults.is_empty() => {
                let fault = self.source.fault_at(object, "it names neither a program nor an address");
                self.faults.push(match object.get("source").or_else(|| object.get("settings")) {
                    Some(_) if client == Client::Zed => {
                        fault.hint("an extension of Zed starts it; import the program that the extension runs")
                    }
                    _ => fault.hint("\"command\" with \"args\", or \"url\""),
                });
                Form::Nothing
            }
            (None, None) => Form::Nothing,
        };
        self.other_keys(object);
        (form, is_off)
    }

    /// What else is there: what runs or sends something more is refused, what is unknown is told.
    fn other_keys(&mut self, object: &ast::Object<'a>) {
        const READ_KEYS: [&str; 9] =
            ["command", "args", "env", "envFile", "cwd", "url", "serverUrl", "headers", "transport"];
        for member in &object.properties {
            let key = member.name.as_str();
            match key {
                "headersHelper" => self.faults.push(
                    self.source
                        .fault_at(&member.name, "a program is started to make its headers, with all of your rights")
                        .hint("put the header under \"headers\"; its secret goes to the vault"),
                ),
                "oauth" | "auth" => self.remarks.push(self.source.fault_at(
                    &member.name,
                    "its sign-in is not taken over: oikos signs in itself when the server is enabled",
                )),
                "sandbox" | "sandboxEnabled" => self.remarks.push(self.source.fault_at(
                    &member.name,
                    "the client's own sandbox is not taken over: the app's card says what it may touch",
                )),
                _ if READ_KEYS.contains(&key) || QUIET_KEYS.contains(&key) => {}
                _ => {
                    let message = format!("the key \"{}\" is not known and not taken over", shown_key(key));
                    self.remarks.push(self.source.fault_at(&member.name, message));
                }
            }
        }
    }

    fn text(&mut self, object: &ast::Object<'a>, key: &str) -> Option<Hidden> {
        match object.get(key).map(|member| &member.value)? {
            ast::Value::StringLit(text) => Some(Hidden::new(text.value.as_ref())),
            ast::Value::NullKeyword(_) => None,
            other => {
                self.faults.push(self.source.fault_at(other, format!("\"{key}\" is not a text here")));
                None
            }
        }
    }

    fn list(&mut self, object: &ast::Object<'a>, key: &str) -> Vec<Hidden> {
        let items = match object.get(key).map(|member| &member.value) {
            None | Some(ast::Value::NullKeyword(_)) => return Vec::new(),
            Some(ast::Value::Array(list)) if list.elements.len() <= PARTS_MAX => &list.elements,
            Some(ast::Value::Array(list)) => {
                self.faults.push(self.source.fault_at(list, format!("there are more than {PARTS_MAX} of them")));
                return Vec::new();
            }
            Some(other) => {
                self.faults.push(self.source.fault_at(other, format!("\"{key}\" is not a list of texts here")));
                return Vec::new();
            }
        };
        items.iter().filter_map(|item| self.scalar(item)).collect()
    }

    fn map(&mut self, object: &ast::Object<'a>, key: &str) -> BTreeMap<String, Hidden> {
        let members = match object.get(key).map(|member| &member.value) {
            None | Some(ast::Value::NullKeyword(_)) => return BTreeMap::new(),
            Some(ast::Value::Object(map)) if map.properties.len() <= PARTS_MAX => map,
            Some(other) => {
                let message = format!("\"{key}\" is not an object of at most {PARTS_MAX} texts here");
                self.faults.push(self.source.fault_at(other, message));
                return BTreeMap::new();
            }
        };
        if let Some(fault) = self.source.double(members) {
            self.faults.push(fault.hint("keep one of them"));
        }
        let mut map = BTreeMap::new();
        for member in &members.properties {
            // VS Code: a variable that is taken away.
            if matches!(member.value, ast::Value::NullKeyword(_)) {
                continue;
            }
            if let Some(value) = self.scalar(&member.value) {
                map.insert(member.name.as_str().to_owned(), value);
            }
        }
        map
    }

    /// A text; numbers and switches are taken as they are written.
    fn scalar(&mut self, value: &ast::Value<'a>) -> Option<Hidden> {
        match value {
            ast::Value::StringLit(text) => Some(Hidden::new(text.value.as_ref())),
            ast::Value::NumberLit(number) => Some(Hidden::new(number.value)),
            ast::Value::BooleanLit(switch) => Some(Hidden::new(if switch.value { "true" } else { "false" })),
            other => {
                self.faults.push(self.source.fault_at(other, "a text is expected here"));
                None
            }
        }
    }
}
