//! Bundles: `.mcpb`, once `.dxt`, and the folders that Claude Desktop unpacks them to. Their form:
//! <https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md>, versions 0.1 to 0.4.

use super::{
    clients::{Client, System},
    found::{Form, Found, Input, Origin, PathKind, Program},
    secret::Hidden,
    text::{Dialect, Fault, Text, shown_key},
    unzip::Bundle,
};
use jsonc_parser::ast;
use protocol::sha256;
use std::collections::BTreeMap;

/// The largest manifest: it may carry its tools' descriptions.
pub const MANIFEST_BYTES_MAX: usize = 1 << 20;
/// The file of a bundle that says what it is.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The most things that a person is asked for.
const INPUTS_MAX: usize = 64;
/// The most arguments or variables.
const PARTS_MAX: usize = 256;

/// Reads a packed bundle: the server that it holds, with the files beside it.
pub fn read_bundle(file: &str, bytes: &[u8], system: System) -> Result<(Found, Bundle), Fault> {
    let bundle = Bundle::open(file, bytes)?;
    let Some(manifest) = bundle.file(MANIFEST_FILE) else {
        return Err(Fault::new(file, None, format!("it holds no {MANIFEST_FILE}")));
    };
    let shown = format!("{file}/{MANIFEST_FILE}");
    let mut found = read_manifest(&shown, manifest, system, None)?;
    found.bundle = Some(sha256(bytes));
    found.is_signed = bundle.is_signed;
    check_entry_point(&mut found, |path| bundle.file(path).is_some());
    Ok((found, bundle))
}

/// A program of the bundle that is named and not there.
fn check_entry_point(found: &mut Found, is_there: impl Fn(&str) -> bool) {
    let Form::Program(program) = &found.form else { return };
    let inside = |word: &Hidden| word.expose().strip_prefix("${__dirname}/").map(str::to_owned);
    let is_code = |path: &String| [".js", ".mjs", ".cjs", ".py"].iter().any(|end| path.ends_with(end));
    let code = program.args.iter().filter_map(inside).filter(is_code);
    let missing = inside(&program.command).into_iter().chain(code).find(|path| !is_there(path));
    if let Some(missing) = missing {
        let message = format!("its program \"{}\" is not in the bundle", shown_key(&missing));
        found.faults.push(Fault::new(&found.file.clone(), None, message));
    }
}

/// Reads a bundle's manifest. `folder` is where its files are, if it is unpacked.
pub fn read_manifest(file: &str, bytes: &[u8], system: System, folder: Option<&str>) -> Result<Found, Fault> {
    let source = Text::read(file, bytes, MANIFEST_BYTES_MAX)?;
    let root = match source.parse(Dialect::Strict)? {
        Some(ast::Value::Object(root)) => root,
        Some(other) => return Err(source.fault_at(&other, "the file does not hold an object")),
        None => return Err(Fault::new(file, None, "the file is empty")),
    };
    for part in [Some(&root), root.get_object("server"), root.get_object("user_config")].into_iter().flatten() {
        if let Some(fault) = source.double(part) {
            return Err(fault);
        }
    }
    let version = root.get_string("manifest_version").or_else(|| root.get_string("dxt_version"));
    match version.map(|version| version.value.as_ref()) {
        Some("0.1" | "0.2" | "0.3" | "0.4") => {}
        Some(other) => {
            let message = format!("manifests of version \"{}\" are not known", shown_key(other));
            return Err(source.fault_at(&root, message).hint("0.1 to 0.4 are"));
        }
        None => return Err(source.fault_at(&root, "it has no \"manifest_version\"")),
    }
    let Some(name) = root.get_string("name") else {
        return Err(source.fault_at(&root, "it has no \"name\""));
    };
    let Some(server) = root.get_object("server") else {
        return Err(source.fault_at(&root, "it has no \"server\""));
    };
    let mut reader = Reader { source, system, faults: Vec::new() };
    let form = reader.server(server);
    reader.platforms(&root);
    Ok(Found {
        origin: Origin::Bundle,
        client: folder.map(|_| Client::ClaudeDesktop),
        file: file.to_owned(),
        place: source.place(&root.get("name").expect("it was just read").name),
        scope: if folder.is_some() { "extension" } else { "bundle" }.to_owned(),
        project: None,
        name: name.value.to_string(),
        version: root.get_string("version").map(|version| version.value.to_string()),
        description: root.get_string("description").map(|text| text.value.to_string()),
        is_disabled: false,
        form,
        inputs: reader.inputs(&root),
        folder: folder.map(str::to_owned),
        bundle: None,
        is_signed: false,
        answers: BTreeMap::new(),
        faults: reader.faults,
        remarks: Vec::new(),
    })
}

struct Reader<'a> {
    source: Text<'a>,
    system: System,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn server(&mut self, server: &ast::Object<'a>) -> Form {
        let kind = server.get_string("type").map(|kind| kind.value.as_ref());
        let entry_point = server.get_string("entry_point").map(|path| path.value.to_string());
        if let Some(path) = &entry_point
            && (path.starts_with(['/', '\\']) || path.split(['/', '\\']).any(|part| part == "..") || path.contains(':'))
        {
            self.faults.push(self.source.fault_at(server, "its \"entry_point\" leads out of the bundle"));
            return Form::Nothing;
        }
        let Some(config) = server.get_object("mcp_config") else {
            return match (kind, entry_point) {
                (Some("uv"), Some(path)) => Form::Program(Program {
                    command: Hidden::new("uv"),
                    args: ["run", "--directory", "${__dirname}", &path].map(Hidden::new).to_vec(),
                    ..Program::default()
                }),
                (Some("node" | "python"), Some(path)) => Form::Program(Program {
                    command: Hidden::new(if kind == Some("node") { "node" } else { "python3" }),
                    args: vec![Hidden::new(format!("${{__dirname}}/{path}"))],
                    ..Program::default()
                }),
                (Some("binary"), Some(path)) => Form::Program(Program {
                    command: Hidden::new(format!("${{__dirname}}/{}", path.trim_start_matches("./"))),
                    ..Program::default()
                }),
                _ => {
                    self.faults.push(self.source.fault_at(server, "it has no \"mcp_config\""));
                    Form::Nothing
                }
            };
        };
        let overrides =
            config.get_object("platform_overrides").and_then(|overrides| overrides.get_object(self.system.platform()));
        let layers: Vec<&ast::Object<'a>> = std::iter::once(config).chain(overrides).collect();
        for layer in &layers {
            self.faults.extend(self.source.double(layer));
        }
        let Some(command) = layers.iter().rev().find_map(|layer| layer.get_string("command")) else {
            self.faults.push(self.source.fault_at(config, "it has no \"command\""));
            return Form::Nothing;
        };
        let args = layers.iter().rev().find_map(|layer| layer.get_array("args"));
        let args = args.map(|args| self.args(args)).unwrap_or_default();
        let mut environment = BTreeMap::new();
        for layer in &layers {
            let Some(env) = layer.get_object("env") else { continue };
            self.faults.extend(self.source.double(env));
            for member in env.properties.iter().take(PARTS_MAX) {
                match &member.value {
                    ast::Value::StringLit(text) => {
                        environment.insert(member.name.as_str().to_owned(), Hidden::new(text.value.as_ref()));
                    }
                    other => self.faults.push(self.source.fault_at(other, "a text is expected here")),
                }
            }
        }
        Form::Program(Program {
            command: self.inside(command.value.as_ref(), kind),
            args,
            environment,
            environment_file: None,
            folder: None,
        })
    }

    fn args(&mut self, args: &ast::Array<'a>) -> Vec<Hidden> {
        if args.elements.len() > PARTS_MAX {
            self.faults.push(self.source.fault_at(args, format!("there are more than {PARTS_MAX} of them")));
            return Vec::new();
        }
        let mut words = Vec::with_capacity(args.elements.len());
        for arg in &args.elements {
            match arg {
                ast::Value::StringLit(text) => words.push(self.inside(text.value.as_ref(), None)),
                other => self.faults.push(self.source.fault_at(other, "a text is expected here")),
            }
        }
        words
    }

    /// A path within the bundle that is written without `${__dirname}`: `server/index.js`. A program of a binary bundle is
    /// one too.
    fn inside(&self, word: &str, kind: Option<&str>) -> Hidden {
        let is_path = word.contains('/') && !word.starts_with(['/', '-', '$', '@']) && !word.contains("://");
        let is_file = kind == Some("binary") || [".js", ".mjs", ".cjs", ".py"].iter().any(|end| word.ends_with(end));
        if is_path && is_file {
            return Hidden::new(format!("${{__dirname}}/{}", word.trim_start_matches("./")));
        }
        Hidden::new(word)
    }

    fn platforms(&mut self, root: &ast::Object<'a>) {
        let list = root.get_object("compatibility").and_then(|compatibility| compatibility.get_array("platforms"));
        let Some(list) = list else { return };
        let mut names = list.elements.iter().filter_map(ast::Value::as_string_lit);
        if !names.any(|name| name.value == self.system.platform()) {
            self.faults.push(self.source.fault_at(list, "its author says it does not work on this system"));
        }
    }

    fn inputs(&mut self, root: &ast::Object<'a>) -> BTreeMap<String, Input> {
        let Some(config) = root.get_object("user_config") else { return BTreeMap::new() };
        if config.properties.len() > INPUTS_MAX {
            self.faults.push(self.source.fault_at(config, format!("it asks for more than {INPUTS_MAX} things")));
            return BTreeMap::new();
        }
        let mut inputs = BTreeMap::new();
        for member in &config.properties {
            let ast::Value::Object(option) = &member.value else {
                self.faults.push(self.source.fault_at(&member.value, "an object is expected here"));
                continue;
            };
            let text = |key: &str| option.get_string(key).map(|text| text.value.to_string());
            let switch = |key: &str| option.get_boolean(key).is_some_and(|switch| switch.value);
            let default = match option.get("default").map(|member| &member.value) {
                Some(ast::Value::Array(list)) => list
                    .elements
                    .iter()
                    .filter_map(ast::Value::as_string_lit)
                    .map(|text| text.value.to_string())
                    .collect(),
                Some(ast::Value::StringLit(text)) => vec![text.value.to_string()],
                Some(ast::Value::NumberLit(number)) => vec![number.value.to_owned()],
                Some(ast::Value::BooleanLit(switch)) => vec![switch.value.to_string()],
                _ => Vec::new(),
            };
            let input = Input {
                title: text("title"),
                description: text("description"),
                is_secret: switch("sensitive"),
                is_required: switch("required"),
                default,
                path: match text("type").as_deref() {
                    Some("directory") => Some(PathKind::Folder),
                    Some("file") => Some(PathKind::File),
                    _ => None,
                },
                takes_many: switch("multiple"),
                given: None,
            };
            inputs.insert(member.name.as_str().to_owned(), input);
        }
        inputs
    }
}
