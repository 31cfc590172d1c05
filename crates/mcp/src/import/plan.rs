//! From what stands in a configuration to the app that an owner is asked about. Pure: what has to be known of the machine
//! is looked up through [`Machine`].

use super::{
    clients::{Roots, System},
    draft::Draft,
    found::{FILE_CHARS_MAX, Form, Found, Origin, Program, SCOPE_CHARS_MAX},
    known::{Network, known},
    launch::{Launch, OPEN, Resolve, program_word, read_launch},
    machine::Machine,
    manifest::{Emit, Parts, Start},
    name::{app_name, shown},
    notice::Notice,
    path::{Paths, Wanted},
    pin::python_command,
    program::judge_program,
    proposal::{INSTALL_FOLDER, Proposal, Question, Source},
    secret::Hidden,
    step::{PACKAGES_FOLDER, PythonTool, Step, steps},
    text::Fault,
    variable::{Expanded, Scope},
};
use protocol::{FileAccess, Scope as Asked, ScopeRequest, sha256, text};
use std::collections::{BTreeMap, BTreeSet};

/// The most texts of a manifest's command.
const COMMAND_WORDS_MAX: usize = 64;
/// The longest reason and description of a manifest.
const REASON_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// As much of a secret is one.
const SECRET_PART_BYTES_MIN: usize = 6;
/// The longest name of a question.
const TITLE_CHARS_MAX: usize = 80;
/// The most folders and hosts that one permission may name.
const FOLDERS_MAX: usize = 32;
const HOSTS_MAX: usize = 64;

/// What is known of the machine that the app would run on.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Its folders.
    pub roots: &'a Roots,
    /// The door to it.
    pub machine: &'a dyn Machine,
    /// What would install Python's packages.
    pub python: PythonTool,
}

/// Thinks about one server.
pub fn plan(found: &Found, facts: &Facts<'_>) -> Proposal {
    let scope = Scope {
        origin: found.origin,
        roots: facts.roots,
        machine: facts.machine,
        project: found.project.as_deref(),
        folder: found.folder.as_deref(),
        inputs: &found.inputs,
    };
    let base = match &found.form {
        Form::Program(Program { folder: Some(folder), .. }) => {
            scope.expand(folder).first().and_then(Expanded::text).map(|folder| folder.expose().to_owned())
        }
        _ => found.project.clone(),
    };
    let mut plan = Plan {
        found,
        facts,
        scope: &scope,
        draft: Draft {
            paths: Paths { roots: facts.roots, machine: facts.machine, base },
            settings: Vec::new(),
            folders: BTreeMap::new(),
            hosts: BTreeMap::new(),
            warnings: Vec::new(),
            refusals: Vec::new(),
        },
        proposal: empty(found),
        network: Network::Nothing,
        is_known: false,
        home_file: None,
    };
    for fault in &found.faults {
        plan.draft.refusals.push(of_fault("entry_invalid", fault));
    }
    for remark in &found.remarks {
        plan.draft.warnings.push(of_fault("entry_remark", remark));
    }
    match &found.form {
        Form::Nothing => {}
        Form::Program(program) => plan.program(program),
        Form::Remote(remote) => plan.remote(remote),
        Form::Packaged(packaged) => plan.packaged(packaged),
    }
    plan.finish()
}

fn of_fault(code: &'static str, fault: &Fault) -> Notice {
    let line = fault.place.as_ref().map(|place| format!("line {}: ", place.line)).unwrap_or_default();
    Notice { code, message: format!("{line}{}", fault.message), hint: fault.hint.clone() }
}

fn empty(found: &Found) -> Proposal {
    let (app, is_name_same) = app_name(&found.name);
    let said = found.description.as_deref().map(|text| text::shorten(text, DESCRIPTION_CHARS_MAX - 200));
    let mut description = match said {
        Some(said) if !said.is_empty() => said,
        _ => format!("The MCP server {}", shown(&found.name)),
    };
    if !is_name_same && found.description.is_some() {
        description.push_str(&format!(" (MCP server {})", shown(&found.name)));
    }
    Proposal {
        app,
        name: shown(&found.name),
        sources: vec![Source {
            client: found.client,
            file: text::shorten(&found.file, FILE_CHARS_MAX),
            line: found.place.line,
            scope: text::shorten(&found.scope, SCOPE_CHARS_MAX),
        }],
        is_disabled_there: found.is_disabled,
        kimai_json: String::new(),
        resolve: None,
        steps: Vec::new(),
        container: None,
        program: None,
        program_folders: Vec::new(),
        settings: Vec::new(),
        questions: questions(found),
        asks: Vec::new(),
        warnings: Vec::new(),
        refusals: Vec::new(),
        content: sha256(b""),
        parts: Parts {
            version: found.version.clone(),
            bundle: found.bundle,
            is_signed: found.is_signed,
            answers: found.answers.clone(),
            description,
            ..Parts::default()
        },
    }
}

/// What a person is asked for, as they are asked. A client's file has one list of questions for all of its servers.
fn questions(found: &Found) -> Vec<Question> {
    let is_own = |name: &str| match found.origin {
        Origin::Client(_) => found.form.says(&format!("${{input:{name}}}")),
        Origin::Bundle | Origin::Registry => true,
    };
    let inputs = found.inputs.iter().filter(|(name, _)| is_own(name));
    inputs
        .map(|(name, input)| Question {
            name: name.clone(),
            title: text::shorten(input.title.as_deref().unwrap_or(name), TITLE_CHARS_MAX),
            description: input.description.as_deref().map(|said| text::shorten(said, REASON_CHARS_MAX)),
            path: input.path,
            is_secret: input.is_secret,
            is_required: input.is_required,
            takes_many: input.takes_many,
            has_answer: input.given.is_some() || (!input.is_secret && !input.default.is_empty()),
            answer: if input.is_secret { Vec::new() } else { input.default.clone() },
        })
        .collect()
}

pub(super) struct Plan<'a> {
    pub(super) found: &'a Found,
    pub(super) facts: &'a Facts<'a>,
    pub(super) scope: &'a Scope<'a>,
    pub(super) draft: Draft<'a>,
    pub(super) proposal: Proposal,
    pub(super) network: Network,
    /// It is a server of which the table says what it needs.
    pub(super) is_known: bool,
    pub(super) home_file: Option<(&'static str, &'static str)>,
}

impl Plan<'_> {
    pub(super) fn refuse(&mut self, notice: Notice) {
        self.draft.refusals.push(notice);
    }

    fn program(&mut self, program: &Program) {
        let mut environment =
            program.environment_file.as_ref().map(|file| self.environment_file(file)).unwrap_or_default();
        environment.extend(program.environment.clone());
        let Some(command) = self.scope.expand(&program.command).first().and_then(Expanded::text) else {
            return self.refuse(Notice::new("command_open", "the program that is started is not known"));
        };
        let command = command.expose().to_owned();
        if command.trim().is_empty() || command.chars().any(char::is_control) {
            return self.refuse(Notice::new(
                "command_refused",
                "the program that is started has no name, or one that is none",
            ));
        }
        let args: Vec<(Expanded, bool)> = program
            .args
            .iter()
            .flat_map(|arg| {
                let is_flag = arg.expose().starts_with('-');
                self.scope.expand(arg).into_iter().map(move |word| (word, is_flag))
            })
            .collect();
        for (word, is_flag) in &args {
            if !is_flag && word.literal_start().starts_with('-') {
                return self.refuse(
                    Notice::new(
                        "value_became_flag",
                        "a value that was put in begins with '-', so the program would take it for a flag",
                    )
                    .hint("set the variable to what is meant, and scan again"),
                );
            }
        }
        let args: Vec<Expanded> = args.into_iter().map(|(word, _)| word).collect();
        self.command_line(&command, &args, &environment);
    }

    /// A program with its arguments, whoever named it.
    pub(super) fn command_line(&mut self, command: &str, args: &[Expanded], environment: &BTreeMap<String, Hidden>) {
        // What is open cannot be part of what is run, only of what that is given.
        let texts: Vec<Option<Hidden>> =
            args.iter().map(|word| word.text().filter(|_| word.pieces.len() == 1)).collect();
        let words: Vec<&str> = texts.iter().map(|text| text.as_ref().map_or(OPEN, Hidden::expose)).collect();
        if self.looks_like_a_shells_line(command, &words) {
            return;
        }
        if self.packed() && matches!(program_word(command).as_str(), "uv" | "uvx") {
            return self.refuse(
                Notice::new(
                    "uv_of_bundle",
                    "the bundle has uv make its environment each time it starts, from packages that are fetched then",
                )
                .hint("if its author publishes a package of Python, import that: oikos mcp add NAME -- uvx PACKAGE"),
            );
        }
        match read_launch(command, &words) {
            Err(notice) => self.refuse(notice),
            Ok(Launch::Package { resolve, rest }) => {
                self.package(resolve, &args[rest.min(args.len())..], environment);
            }
            Ok(Launch::Bridge { url, headers, is_old }) => self.bridge(args, &words, url, &headers, is_old),
            Ok(Launch::Container { container, rest }) => {
                self.container(container, &args[rest.min(args.len())..], environment);
            }
            Ok(Launch::Direct { script, is_interpreter }) => {
                let before = script.map_or(0, |at| at + 1);
                let judged = judge_program(command, &words, script, is_interpreter, &self.draft.paths, self.packed());
                self.draft.refusals.extend(judged.refusals);
                self.draft.warnings.extend(judged.warnings);
                for folder in judged.folders.iter().filter(|folder| Some(*folder) != judged.shown.as_ref()) {
                    let source = "its own code is there".to_owned();
                    self.draft.folders.insert(folder.clone(), Wanted { writes: false, source });
                }
                self.proposal.program = judged.shown;
                self.proposal.program_folders = judged.folders;
                self.proposal.parts.start = Start::Command(judged.words);
                self.args(&args[before.min(args.len())..]);
                self.environment(environment);
                self.paths_of_python(judged.python_paths);
            }
        }
    }

    /// A bundle that is not unpacked yet: its paths begin at the folder of the install.
    fn packed(&self) -> bool {
        self.found.origin == Origin::Bundle && self.found.folder.is_none()
    }

    /// A command that only a shell would understand.
    fn looks_like_a_shells_line(&mut self, command: &str, words: &[&str]) -> bool {
        let has_spaces = command.contains(' ') && !command.contains(['/', '\\']);
        let is_shell_word = |word: &&&str| matches!(**word, "&&" | "||" | "|" | ">" | ">>" | "<" | ";" | "2>&1" | "&");
        if has_spaces || words.iter().any(|word| is_shell_word(&word)) || command.contains("$(") {
            self.refuse(
                Notice::new("shell_refused", "the entry is a line for a shell, and no program with its arguments")
                    .hint("name the program alone under \"command\", and each argument as a text of \"args\""),
            );
            return true;
        }
        false
    }

    pub(super) fn package(&mut self, resolve: Resolve, args: &[Expanded], environment: &BTreeMap<String, Hidden>) {
        let system = self.facts.roots.system;
        let (name, start, range) = match &resolve {
            Resolve::Npm { name, range, program } => {
                let own = program.as_deref().unwrap_or_else(|| name.rsplit('/').next().unwrap_or(name));
                (
                    name.clone(),
                    vec!["node".to_owned(), format!("{INSTALL_FOLDER}/node_modules/.bin/{own}")],
                    range.clone(),
                )
            }
            Resolve::PyPi { name, program, requirement, python, .. } => {
                (name.clone(), python_command(program, python.as_deref(), system), requirement[name.len()..].to_owned())
            }
            _ => return,
        };
        let is_one_version = semver::Version::parse(range.trim_start_matches(['=', '~'])).is_ok();
        if !is_one_version {
            self.draft.warnings.push(Notice::new(
                "version_pinned",
                format!(
                    "the entry takes {} each time it starts; the app keeps the one that is there now",
                    if range.is_empty() || range == "latest" {
                        "the latest version".to_owned()
                    } else {
                        format!("any version that fits {}", shown(&range))
                    }
                ),
            ));
        }
        self.known(&name);
        let is_python = matches!(resolve, Resolve::PyPi { .. });
        self.proposal.steps = steps(&resolve, self.facts.python, system);
        self.proposal.resolve = Some(resolve);
        self.proposal.parts.start = Start::Command(start);
        self.args(args);
        self.environment(environment);
        if is_python {
            self.paths_of_python(vec![format!("{INSTALL_FOLDER}/{PACKAGES_FOLDER}")]);
        }
    }

    /// Where Python looks for packages, before what the entry says itself.
    fn paths_of_python(&mut self, mut paths: Vec<String>) {
        const NAME: &str = "PYTHONPATH";
        if paths.is_empty() {
            return;
        }
        if let Some(Emit::Literal(more)) = self.proposal.parts.environment.get(NAME) {
            paths.push(more.clone());
        }
        let separator = if self.facts.roots.system == System::Windows { ";" } else { ":" };
        self.proposal.parts.environment.insert(NAME.to_owned(), Emit::Literal(paths.join(separator)));
    }

    pub(super) fn known(&mut self, package: &str) {
        let Some(known) = known(package) else { return };
        self.is_known = true;
        self.network = known.network;
        self.home_file = known.own_file;
    }

    fn finish(mut self) -> Proposal {
        self.ask();
        if self.proposal.parts.args.len() + 4 > COMMAND_WORDS_MAX {
            self.refuse(Notice::new(
                "command_too_long",
                format!("the entry has more than {} arguments", COMMAND_WORDS_MAX - 4),
            ));
        }
        let mut proposal = self.proposal;
        // What turned out to be a secret stands nowhere but in the vault, whatever its author called it.
        let secrets: Vec<&Hidden> = {
            let secrets = self.draft.settings.iter().filter(|setting| setting.is_secret);
            secrets.filter_map(|setting| setting.value.as_ref()).collect()
        };
        let is_seen = |value: &String| {
            !secrets.iter().map(|secret| secret.expose()).any(|secret| {
                secret == value
                    || value.contains(secret)
                    || (value.len() >= SECRET_PART_BYTES_MIN && secret.contains(value.as_str()))
            })
        };
        proposal.parts.answers.retain(|_, values| values.iter().all(is_seen));
        for question in &mut proposal.questions {
            question.answer.retain(is_seen);
        }
        proposal.settings = self.draft.settings;
        proposal.warnings = self.draft.warnings;
        proposal.refusals = self.draft.refusals;
        for list in [&mut proposal.warnings, &mut proposal.refusals] {
            let mut seen = Vec::new();
            list.retain(|notice| {
                !seen.contains(notice) && {
                    seen.push(notice.clone());
                    true
                }
            });
        }
        proposal.steps.extend(proposal.parts.bundle.map(Step::unpack));
        proposal.close();
        proposal
    }

    fn ask(&mut self) {
        let mut folders: [Vec<(String, String)>; 2] = [Vec::new(), Vec::new()];
        for (folder, wanted) in &self.draft.folders {
            let said = (folder.clone(), wanted.source.clone());
            if wanted.writes {
                folders[1].push(said.clone());
            }
            folders[0].push(said);
        }
        if folders[0].len() > FOLDERS_MAX {
            self.refuse(Notice::new("folders_many", format!("the entry names more than {FOLDERS_MAX} folders")));
            return;
        }
        for (access, folders) in [FileAccess::Read, FileAccess::Write].into_iter().zip(folders) {
            if folders.is_empty() {
                continue;
            }
            let reason = reason(folders.iter().map(|(_, source)| source.as_str()));
            let folders = folders.iter().map(|(folder, _)| folder.clone()).collect();
            self.proposal.asks.push(ScopeRequest { scope: Asked::File { access, folders }, reason: Some(reason) });
        }
        if let Network::Hosts(hosts) = self.network {
            for host in hosts {
                self.draft.host(host, None, "it is the service that this server is for");
            }
        }
        let secret = self.draft.settings.iter().find(|setting| setting.is_secret).map(|setting| setting.title.clone());
        let named = reason(self.draft.hosts.values().map(String::as_str));
        let is_run = !matches!(self.proposal.parts.start, Start::Nothing);
        let (rules, reason) = match (self.network, secret) {
            (Network::Any(why), _) => (Vec::new(), why.to_owned()),
            _ if self.draft.hosts.len() > HOSTS_MAX => {
                return self.refuse(Notice::new("hosts_many", format!("the entry names more than {HOSTS_MAX} hosts")));
            }
            _ if !self.draft.hosts.is_empty() => (self.draft.rules(), named),
            (_, Some(secret)) if !self.is_known && is_run => {
                self.draft.warnings.push(
                    Notice::new(
                        "network_any",
                        format!(
                            "it holds '{secret}', so it speaks with a service, and the entry does not say with which"
                        ),
                    )
                    .hint("name the service's host on the card instead of any host"),
                );
                (Vec::new(), format!("it holds a key, {secret}, for a service that the entry does not name"))
            }
            _ if !self.is_known && is_run => {
                self.draft.warnings.push(
                    Notice::new(
                        "network_nothing",
                        "nothing in the entry says that it needs the network, so it gets none",
                    )
                    .hint("if it does not work without, name its hosts on the card"),
                );
                return;
            }
            _ => return,
        };
        let reason = Some(text::shorten(&reason, REASON_CHARS_MAX));
        self.proposal.asks.push(ScopeRequest { scope: Asked::Network { rules }, reason });
    }
}

/// Several reasons as one, each said once.
fn reason<'r>(sources: impl Iterator<Item = &'r str>) -> String {
    let sources: BTreeSet<&str> = sources.collect();
    text::shorten(&sources.into_iter().collect::<Vec<_>>().join("; "), REASON_CHARS_MAX)
}
