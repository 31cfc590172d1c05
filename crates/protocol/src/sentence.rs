//! Everything oikos says about an app's rights and doings, as a code and arguments, through one catalogue: the same
//! words in terminal, web and log, and translatable without touching a record. Arguments are foreign text and are
//! shown escaped.

use crate::text;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};
use utoipa::ToSchema;

/// An argument of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// Foreign text, shown escaped.
    Text(String),
    /// A count.
    Number(u64),
    /// A size in bytes, shown as KiB, MiB …
    Bytes(u64),
    /// A duration in milliseconds, shown as s, min …
    Millis(u64),
    /// Another sentence.
    #[schema(no_recursion)]
    Sentence(Box<Sentence>),
    /// Several texts, shown with commas.
    List(Vec<String>),
}

macro_rules! arg_from {
    ($($type:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$type> for Arg { fn from($value: $type) -> Self { $make } }
    )*};
}
arg_from! {
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    u64 => |value| Self::Number(value);
    u32 => |value| Self::Number(value.into());
    usize => |value| Self::Number(value as u64);
    Sentence => |value| Self::Sentence(Box::new(value));
    Vec<String> => |value| Self::List(value);
    &crate::AppName => |value| Self::Text(value.to_string());
    &crate::Line => |value| Self::Text(value.to_string());
    crate::GrantState => |value| Self::Text(value.to_string());
    crate::ErrorCode => |value| Self::Text(value.word().to_owned());
    crate::Zone => |value| Self::Text(value.to_string());
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(value) => f.write_str(&text::escape(value)),
            Self::Number(value) => write!(f, "{value}"),
            Self::Bytes(value) => write_bytes(f, *value),
            Self::Millis(value) => write_millis(f, *value),
            Self::Sentence(value) => write!(f, "{value}"),
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", text::escape(value))?;
                }
                Ok(())
            }
        }
    }
}

fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: u64) -> fmt::Result {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes == 1 {
        return f.write_str("1 byte");
    }
    if bytes < 1024 {
        return write!(f, "{bytes} bytes");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    write!(f, "{value:.1} {}", UNITS[unit])
}

fn write_millis(f: &mut fmt::Formatter<'_>, ms: u64) -> fmt::Result {
    match ms {
        0..1_000 => write!(f, "{ms} ms"),
        1_000..60_000 if ms.is_multiple_of(1_000) => write!(f, "{} s", ms / 1_000),
        1_000..60_000 => write!(f, "{:.1} s", ms as f64 / 1_000.0),
        _ if ms.is_multiple_of(60_000) => write!(f, "{} min", ms / 60_000),
        _ => write!(f, "{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// A sentence: its code in the catalogue and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sentence {
    /// Which sentence.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// Its arguments, in the catalogue's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Arg>,
}

impl fmt::Display for Sentence {
    /// The English text. A sentence of a newer version, whose code is unknown here, shows its code and arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(entry) = CATALOGUE.iter().find(|entry| entry.code == self.code) else {
            write!(f, "{}", text::escape(&self.code))?;
            for arg in &self.args {
                write!(f, " {arg}")?;
            }
            return Ok(());
        };
        let mut rest = entry.english;
        while let Some((before, after)) = rest.split_once('{') {
            f.write_str(before)?;
            let Some((name, after)) = after.split_once('}') else { break };
            // `{times:time|times}` is a word in the number of an argument.
            let (name, words) =
                name.split_once(':').map_or((name, None), |(name, words)| (name, words.split_once('|')));
            let arg = entry.args.iter().position(|known| *known == name).and_then(|place| self.args.get(place));
            match (arg, words) {
                (Some(Arg::Number(1)), Some((one, _))) => f.write_str(one)?,
                (_, Some((_, many))) => f.write_str(many)?,
                (Some(arg), None) => write!(f, "{arg}")?,
                (None, None) => f.write_str("?")?,
            }
            rest = after;
        }
        f.write_str(rest)
    }
}

/// One sentence of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Its stable code.
    pub code: &'static str,
    /// The names of its arguments, in order.
    pub args: &'static [&'static str],
    /// The English text, with `{argument}` in place; `{argument:one|many}` is a word in the argument's number.
    pub english: &'static str,
}

macro_rules! sentences {
    ($($name:ident($($arg:ident),*) = $english:literal;)*) => {
        /// Every sentence, for translators and for the reference page.
        pub const CATALOGUE: &[Entry] = &[$(
            Entry { code: stringify!($name), args: &[$(stringify!($arg)),*], english: $english },
        )*];
        $(
            #[doc = concat!("“", $english, "”")]
            pub fn $name($($arg: impl Into<Arg>),*) -> Sentence {
                Sentence { code: Cow::Borrowed(stringify!($name)), args: vec![$($arg.into()),*] }
            }
        )*
    };
}

sentences! {
    // The card: what an app may do.
    card_file_read(folders) = "read files in {folders}";
    card_file_read_any() = "read files in the folders you choose";
    card_file_write(folders) = "create, change and remove files in {folders} (changed and removed files go to a trash)";
    card_file_write_any() = "create, change and remove files in the folders you choose (changed and removed files go to a trash)";
    card_storage(quota) = "keep up to {quota} of its own data on this device";
    card_network(hosts) = "talk to {hosts}";
    card_network_any() = "talk to any public host";
    card_shell(programs) = "run programs: {programs}";
    card_shell_any() = "run programs";
    card_clipboard_read() = "read the clipboard";
    card_clipboard_write() = "change the clipboard";
    card_gpu() = "use the graphics processor";
    card_ai() = "use your language models within your default budget, never seeing your keys";
    card_ai_models(models) = "use {models} within your budget, never seeing your keys";
    card_mcp(server) = "call tools of the MCP server {server}";
    card_mcp_tools(server, tools) = "call {tools} of the MCP server {server}";
    card_mcp_alias(name) = "call the server, or the tool of one, that you name for {name}";
    card_mcp_alias_tools(name, tools) = "call {tools} of the server that you name for {name}";
    card_mcp_bound(server, name) = "call tools of your MCP server {server}, as {name}";
    card_mcp_bound_tools(server, tools, name) = "call {tools} of your MCP server {server}, as {name}";
    card_needs_server() = "needs a server from you";
    card_event_publish(topics) = "send events that other apps can hear: {topics}";
    card_event_listen(topics) = "start by itself at events, and read them: {topics}";
    card_event_chat(topics) = "read everything you write or show in a chat ({topics}), and answer in place of the model";
    card_trigger(pattern) = "start by itself when you write something that matches {pattern}, and read that message";
    card_trigger_all(pattern) = "start by itself at nearly everything you write in a chat, and read it (pattern {pattern})";
    card_schedule(cron) = "start by itself on the schedule {cron}";
    card_secret(name, hosts) = "have your secret {name} sent to {hosts}, never seeing it";
    card_view() = "show its own page in a frame";
    card_page() = "run in your browser, in a frame that reaches nothing";
    card_routes(routes) = "answer requests of your browser and of programs with your keys, at an address of its own: {routes}";
    card_secret_settings(settings) = "have secrets that you set for it sent to hosts that you allow it, never seeing them: {settings}";
    card_secret_program(settings) = "read secrets that you set for it: {settings}";
    card_secret_server(host, settings) = "have secrets that you set for it sent to {host}: {settings}";
    card_picked_files() = "use the files that you hand it yourself, each for one run";

    // The card: what it can never do, what limits it, what to look at twice.
    card_never_file() = "see any of your files";
    card_never_file_other() = "see any other of your files";
    card_never_file_write_other() = "create, change or remove any other file";
    card_never_file_write() = "create, change or remove any file";
    card_never_network() = "reach the network";
    card_never_shell() = "run programs";
    card_never_clipboard() = "touch the clipboard";
    card_never_secrets() = "see your keys and secrets";
    card_never_secrets_other() = "see any other of your keys and secrets";
    card_never_other_apps() = "see other apps or their data";
    card_never_ai() = "use your language models";
    card_never_mcp() = "call tools of your MCP servers";
    card_limit_time(cpu, wall) = "{cpu} of computing and {wall} in all per run";
    card_limit_memory(memory) = "{memory} of memory per run";
    card_program(command) = "its code is the program {command}, kept in a box; it stays for up to 5 min after a run";
    card_server(url) = "its code is the server {url}, which sees all that is sent to it";
    card_limit_program(memory, wall) = "{memory} of memory for its program; {wall} in all per run";
    card_limit_page() = "none of its code runs on this machine";
    card_limit_raised(what, asked, default) = "asks for more {what} than usual: {asked} instead of {default}";
    card_needs_folder() = "needs a folder from you";
    card_unavailable(lines) = "not in this version of oikos yet, so calls to it fail: {lines}";
    card_later_tools(tools) = "not in this version of oikos yet: models that call its tools {tools}; oikos run does";
    card_later_component(file) = "its code, {file}, is a WebAssembly component, which this version of oikos does not run";
    card_missing_mcp(dependency, command) = "{dependency}, a tool of an MCP server: calls to it fail until you say which ({command})";
    card_missing(dependency) = "{dependency}: nothing is known by that name";
    card_warning_read_and_send() = "reads your files AND can send data out";
    card_warning_write_executable() = "can change files that other programs run, so those always ask";
    card_warning_wide_folder(folder) = "asks for {folder}, which holds far more than one app needs";
    card_warning_shell() = "running programs gives an app most of what you can do yourself";
    card_signed_official(fingerprint) = "signed by the oikos project with the key that is in this program ({fingerprint})";
    card_system() = "comes with oikos: it is inside this program";
    card_signed_pinned(publisher, app) = "signed by {publisher}, to whom the name {app} belongs on this device";
    card_signed_known(publisher, app) = "signed by {publisher}, whom you trust; from this install on only they can update {app}";
    card_signed_new(publisher, app) = "signed by {publisher}, new here and accepted by its fingerprint; from this install on only they can update {app}";
    card_signed_successor(publisher, before) = "signed by {publisher}, which {before} named as successor with a statement of its own";
    card_warning_publisher_new() = "you have nothing else from this publisher: compare the fingerprint with one that did not come with the package";
    card_warning_publisher_changed(before) = "its publisher's key changes with this install; {before} can no longer update it";
    card_warning_downgrade(newest) = "you had version {newest} already; what it mended comes back";
    card_change_nothing() = "nothing that it may not do already";
    card_change_gone(lines) = "no longer asks for {lines}";
    card_change_signed(publisher) = "comes from {publisher}, and until now nobody said who made it: what you granted does not go over to them, so all of it is asked again";
    card_change_system() = "comes with oikos, and until now it came from somebody else: what you granted does not go over to it, so all of it is asked again";
    card_change_from_system() = "does not come with oikos, as the version does that is installed: what you granted does not go over to it, so all of it is asked again";
    card_change_dependency(dependency) = "needs {dependency}";
    card_change_hook(hook) = "runs code of its own at one more step of its life: {hook}";
    card_change_code() = "runs code on this machine, in a sandbox, where until now it was a page in your browser";
    card_change_routes(routes) = "answers more requests: {routes}";
    card_change_limit(what, asked, before) = "may use more {what} in a run: {asked} instead of {before}";
    card_warning_unsigned() = "nobody but the folder it came from says who made it";
    card_warning_unsigned_file() = "nobody but the file it came in says who made it";
    card_warning_unsigned_web(host) = "nobody but {host}, where it came from, says who made it";
    card_warning_unsigned_redirected(host, named) = "nobody but {host}, to which {named} led, says who made it";
    card_warning_text(what) = "its {what} holds invisible or direction-changing characters, shown here escaped";

    // Rules: why something was allowed or refused.
    rule_grant(line, targets) = "grant {line} for {targets}";
    rule_grant_plain(line) = "grant {line}";
    rule_picked(name) = "you handed it over as {name}";
    rule_asked() = "you said yes when asked";
    rule_blocked(line) = "{line} is blocked";
    rule_not_asked_for(line) = "the app never asked for {line}";
    rule_outside(path, line) = "{path} is outside what {line} was granted for";
    rule_no_folder(line) = "{line} has no folder yet";
    rule_zone(zone, word) = "zone {zone} never allows {word}";
    rule_protected(path) = "{path} belongs to oikos itself and can never be granted";
    rule_executable(path) = "{path} is something other programs execute or load";
    rule_nobody_there() = "nobody was there to be asked";
    rule_no_answer(after) = "nobody answered within {after}";
    rule_said_no() = "you said no";
    rule_lease(reason) = "the run has ended: {reason}";
    rule_changed(path) = "{path} is no longer the folder that was granted";
    rule_topic_kernel(topic) = "only oikos itself sends {topic}";
    rule_topic_owner(topic) = "only you send {topic}, never an app";
    rule_topic_other(topic) = "only the app in its name sends {topic}";
    rule_topic_outside(topic, line) = "{topic} is not among the topics of {line}";
    rule_tool_blocked(tool, server) = "you blocked the tool {tool} of {server}";
    rule_mcp_outside(tool, line) = "{tool} is not among the tools of {line}";
    rule_mcp_unbound(line) = "you have not said which server {line} stands for";
    rule_mcp_rebound(line) = "{line} stands for something else than when the run began; the next run calls that";
    rule_mcp_bound_outside(tool, line, bound) = "{tool} is not what {line} stands for: that is {bound}";
    rule_mcp_hops(hops) = "the call comes from a call that comes from a call, {hops} times over: this is a circle";
    rule_shell_outside(command, line) = "{command} is not among the commands of {line}";
    rule_shell_own(program, folder) = "{program} lies in {folder}, where the app itself may write, so it could be anything";
    rule_shell_folder(folder) = "a program has only folders that need no question each time, and {folder} is none of them";
    rule_shell_protected(folder) = "{folder} holds what belongs to oikos itself, so no program can have all of it";
    rule_event_rate(burst, rate) = "it has sent {burst} events at once, and may send {rate} a second";
    rule_event_waiting(events) = "{events} of its events still wait to be heard";
    rule_event_hops(hops) = "the event comes from an event that comes from an event, {hops} times over: this is a circle";
    rule_host_outside(host, line) = "{host} is not among the hosts of {line}";
    rule_port_outside(port, line) = "{line} is for the usual ports, and port {port} is none of them";
    rule_method_outside(method, host, line) = "{method} is not among what {line} is for at {host}";
    rule_path_outside(path, host, line) = "{path} is not among the paths of {line} at {host}";
    rule_path_unclear(path, line) = "{path} can be read in more than one way, so no path of {line} covers it";
    rule_private(host) = "{host} lies on your own machine or network, and only you can name it";
    rule_private_answer(host, address) = "{host} leads to {address}, which is not out in the public, and only you can name it";
    rule_both_labels() = "the run has read private data and the words of strangers, and what it would send then cannot be shown to you yet";
    rule_brokered(host) = "oikos itself sends your secret to {host}, so the app may send no credentials of its own there";
    rule_secret_outside(name, host) = "{host} is not among the hosts that the app names for {name}";
    rule_secret_bound(name, host, hosts) = "your secret {name} goes to {hosts} and nowhere else, and {host} is not there";
    rule_secret_unbound(name) = "your secret {name} names no host, so it is sent to none";
    rule_secret_open(host) = "what is sent to {host} over http:// can be read on the way";
    rule_withdrawn(line) = "{line} was taken back while it was under way";
    rule_address_outside(address, line) = "{line} is for hosts by their names, and {address} is none";
    rule_connection_other(host, said) = "what it says first is for {said}, and this is a connection to {host}";
    rule_connection_nameless(host) = "what it says first does not say that it is for {host}";
    rule_connection_hidden(host) = "what it says first is sealed (encrypted ClientHello), so nobody can see that it is for {host}: only where any public host is granted may it be";
    rule_connection_unclear(host, forms) = "what it says first to {host} is not what can be looked at: {forms}";
    rule_errand() = "you asked for it yourself";
    rule_picked_access(name, access) = "{name} was handed over for {access} only";
    rule_box_files() = "its box shows only its own folder and what you granted";
    rule_box_closed() = "no program in a box may do that";
    rule_box_processes() = "its box holds no processes but its own";
    rule_box_network() = "its box leads to others only through oikos, host by host";
    rule_box_bounds() = "its box holds it to that";
    rule_unless(rule, command) = "{rule}; to allow it: {command}";

    // Denials: what was refused, and the one command that would allow it.
    denied(what, rule) = "not allowed to {what}: {rule}";

    // Questions.
    ask_file_write(path) = "write to {path}";
    ask_file_write_executable(path) = "write to {path}, which other programs execute or load";
    ask_file_remove(path) = "remove {path}";
    ask_file_move(path, to) = "move {path} to {to}";
    ask_file_move_executable(path, to) = "move {path} to {to}, where other programs execute or load one of the two";
    ask_file_read(path) = "read {path}";
    ask_tool(tool, app) = "call the tool {tool} of {app}";
    ask_form(server) = "know something from you: what you fill in goes to its server, {server}, for a stranger to read";
    ask_open(host) = "have you open a page of {host} in your browser, which is a stranger's";
    ask_room_read(path) = "let its program read all of {path} while it runs";
    ask_room_write(path) = "let its program read and change all of {path} while it runs";
    ask_storage(line) = "use {line}";
    ask_http_read(url) = "read {url}";
    ask_http_send(bytes, url, method) = "send {bytes} to {url} ({method})";
    ask_http_send_shared(bytes, url, method, what) = "send {bytes} to {url} ({method}), {what} where anybody can have a place";
    ask_connect(host) = "connect to {host}";
    ask_connect_shared(host, what) = "connect to {host}, {what} where anybody can have a place";
    ask_connect_private(host) = "connect to {host} after private data was read: what is sent there, nobody sees";
    ask_connect_shared_private(host, what) = "connect to {host}, {what} where anybody can have a place, after private data was read: what is sent there, nobody sees";
    ask_shell(command, program) = "run {command} (the program {program})";
    ask_shell_open(command, program) = "run {command} (the program {program}), which does whatever these words say";
    ask_shell_write(command, program, folders) = "run {command} (the program {program}), which may change what is in {folders}, and nothing of that can be undone";
    ask_feature(feature) = "use {feature}";
    ask_mcp(tool, server) = "call the tool {tool} of the MCP server {server}";
    ask_mcp_content(bytes, tool, server) = "send what it has read ({bytes}) to the tool {tool} of the MCP server {server}";
    ask_client_content(bytes, what, server) = "send {bytes} to {what} of the MCP server {server}, on the word of a program that has read private data and a stranger's words";
    ask_secret(name, host) = "have your secret {name} sent to {host}";
    ask_event(topic) = "send an event to {topic}";
    ask_event_content(topic, bytes) = "send what it has read to {topic} ({bytes})";
    ask_pick_file_read(purpose) = "have a file to read: {purpose}";
    ask_pick_file_write(purpose) = "have a file to write: {purpose}";
    ask_pick_folder_read(purpose) = "have a folder to read: {purpose}";
    ask_pick_folder_write(purpose) = "have a folder to write in: {purpose}";

    // What a program tried in its box, behind "wanted to".
    tried_list(path) = "list {path}";
    tried_change(path) = "change, move or remove {path}";
    tried_files() = "open or change further files";
    tried_process(number) = "look into the process {number}";
    tried_processes() = "look into further processes";
    tried_signal(number) = "send a signal to the process {number}";
    tried_signals() = "send signals to further processes";
    tried_connect() = "connect to further addresses";
    tried_socket(kind) = "open a {kind} socket";
    tried_trace() = "trace another process, or read or change its memory";
    tried_mount() = "mount a file system";
    tried_keyring() = "use the kernel's keyring";
    tried_io_uring() = "use io_uring";
    tried_namespace() = "make or enter a namespace";
    tried_kernel(call) = "reach deep into the kernel ({call})";
    tried_machine(call) = "change the machine ({call})";
    tried_terminal() = "type into a terminal";
    tried_count(count) = "have more than {count} {count:process|processes} at once";
    tried_memory(bytes) = "use more memory than {bytes}";

    // What a run did.
    run_started(action, version) = "started {action} (version {version})";
    run_started_for(action, version, client) = "started {action} (version {version}) for the client {client}";
    run_triggered(action, version, why) = "started {action} (version {version}) by itself: {why}";
    run_called(action, version, why) = "started {action} (version {version}) because {why}";
    run_ended(wall, cpu) = "finished after {wall} ({cpu} of computing)";
    run_failed(wall, code, message) = "failed after {wall}: {message} ({code})";
    run_requested(action, version, route) = "started {action} (version {version}) to answer {route}";
    run_stopped(wall) = "stopped by you after {wall}";
    run_lost() = "was cut off: oikos itself ended while it ran";
    run_ended_many(reads) = "{reads} further {reads:read is|reads are} not listed one by one";
    file_read(path, bytes) = "read {bytes} from {path}";
    file_read_times(path, bytes, times) = "read {bytes} from {path} in {times} {times:step|steps}";
    file_listed(path, entries) = "listed {path} ({entries} {entries:entry|entries})";
    file_created(path, bytes) = "created {path} ({bytes})";
    file_overwrote(path, bytes) = "overwrote {path} ({bytes}); the old file is in the trash";
    file_removed(path) = "removed {path}; it is in the trash";
    file_moved(path, to) = "moved {path} to {to}";
    file_will_write(path, bytes) = "about to write {bytes} to {path}";
    file_will_remove(path) = "about to remove {path}";
    file_will_move(path, to) = "about to move {path} to {to}";
    file_not_written(path, why) = "did not write {path}: {why}";
    file_not_removed(path, why) = "did not remove {path}: {why}";
    file_unknown(what) = "cut off while it was {what}: look at the file before you rely on it";
    storage_read(keys) = "read from its storage ({keys} {keys:value|values})";
    storage_wrote(keys, bytes) = "wrote to its storage ({keys} {keys:value|values}, {bytes})";
    storage_deleted(keys) = "deleted from its storage ({keys} {keys:value|values})";
    csv_scanned(path, rows, bytes) = "went through {path}: {rows} {rows:row|rows}, {bytes}";
    event_sent(topic, events, bytes) = "sent {events} {events:event|events} to {topic} ({bytes})";
    shell_will_run(command) = "about to run {command}";
    shell_ran(command, code) = "ran {command}, which ended with code {code}";
    mcp_calling(bytes, tool, server) = "about to call the tool {tool} of the MCP server {server}, with {bytes}";
    mcp_called(bytes, tool, server, received) = "called the tool {tool} of the MCP server {server}: {bytes} sent, {received} received";
    mcp_failed(bytes, tool, server, why) = "called the tool {tool} of the MCP server {server} with {bytes}, which failed: {why}";
    http_will_send(bytes, url, method) = "about to send {bytes} to {url} ({method})";
    http_sent(bytes, url, method, status) = "sent {bytes} to {url} ({method}), which answered {status}";
    secret_sending(name, host) = "had your secret {name} sent to {host}";
    secret_given(settings) = "was given its secret settings {settings}";
    connection_will_open(host) = "about to connect to {host}";
    connection_closed(host, took, sent, received) = "was connected to {host} for {took}: {sent} sent, {received} received";
    connection_cut(host, took, sent, received, why) = "was connected to {host} for {took}: {sent} sent, {received} received; cut off: {why}";
    connection_sealed(what) = "{what}; what it said first was sealed, so it may have been for another public host at that address";
    connection_failed(host, why) = "did not connect to {host}: {why}";
    connection_why_stopped() = "the program was stopped";
    connection_why_idle(after) = "nothing was said for {after}";
    connection_why_broken() = "one of the two broke it off";
    network_used(host, requests, sent, received) = "exchanged with {host}: {requests} {requests:request|requests}, {sent} sent, {received} received";
    network_used_beyond(requests, sent, received) = "exchanged with further hosts: {requests} {requests:request|requests}, {sent} sent, {received} received";
    sending_unknown(what) = "cut off when it was {what}: nobody knows whether that arrived";
    effect_denied(what, rule) = "BLOCKED: wanted to {what}; {rule}";
    room_had(path, line) = "its program had {path} while it ran, by {line}";
    program_progress(said) = "its program says: {said}";
    effect_done() = "done";
    effect_not_done(why) = "not done: {why}";
    effect_unknown(why) = "cut off half-way: {why}";
    denied_again(times) = "BLOCKED: {times} further {times:try|tries} of the same kind";
    asked(what) = "asked you whether it may {what}";
    answered_once() = "you said yes, this once";
    answered_hour() = "you said yes, for an hour";
    answered_always() = "you said yes, from now on";
    answered_no() = "you said no";
    answered_filled() = "you filled it in, and it was sent";
    answered_open() = "you said that you open it";
    answered_cancel() = "you left it unanswered";
    answered_picked(path) = "you picked {path}";

    // What the owner did.
    app_opened(file, version) = "you opened its page {file} (version {version})";
    app_installed(version, digest) = "you installed version {version} (archive {digest})";
    app_upgraded(from, version, digest) = "you upgraded from version {from} to {version} (archive {digest})";
    upgrade_hook_failed(hook, why) = "its hook {hook} failed: {why}";
    upgrade_health_failed(why) = "its health check failed: {why}";
    upgrade_unanswered(why) = "its code does not answer: {why}";
    upgrade_unwritten(why) = "it could not be written: {why}";
    app_upgrade_failed(from, version, why) = "version {from} goes on as it was: {version} did not take over, because {why}";
    app_rolled_back(from, version) = "you went back from version {from} to {version}; its storage stays as it is";
    app_rolled_back_restored(from, version) = "you went back from version {from} to {version}, and its storage to what it was before the upgrade";
    app_not_ready(why) = "it is installed and not enabled, because its hook postinstall failed: {why}";
    app_ready() = "its hook postinstall has ended well, and it is enabled";
    hook_failed(hook, why) = "its hook {hook} failed, and that went on without it: {why}";
    app_enabled() = "you enabled it";
    server_tools_wait(tools) = "its server offers what you did not accept, which waits for your yes: {tools}";
    server_signed_in(server) = "you signed in to {server}, and it lets oikos in on your behalf";
    server_signed_out(server) = "you forgot what {server} let oikos in with";
    server_tools_accepted(tools) = "you accepted its tools {tools}";
    server_tools_set(tools, state) = "you set its tools {tools} to {state}";
    app_disabled() = "you disabled it";
    app_removed() = "you removed it and kept its data";
    app_removed_erased() = "you removed it and erased its data";
    settings_changed(settings) = "you changed its settings {settings}";
    key_added(name, hosts) = "you put the key {name} into the vault, for {hosts}";
    key_added_plain(name) = "you put the key {name} into the vault, for settings of apps";
    key_replaced(name, hosts) = "you put another value of the key {name} into the vault, for {hosts}";
    key_replaced_plain(name) = "you put another value of the key {name} into the vault, for settings of apps";
    key_removed(name) = "you took the key {name} out of the vault";
    vault_unerased(why) = "its secrets could not be taken out of the vault: {why}";
    publisher_pinned(publisher) = "from now on only {publisher} can update it";
    publisher_trusted(publisher) = "you trusted the publisher {publisher}";
    publisher_succeeded(old, new) = "{old} named {new} as its successor";
    app_refused(source, code) = "refused to install {source} ({code})";
    token_made(name, rights) = "you made the API key {name} ({rights})";
    token_made_until(name, rights, until) = "you made the API key {name} ({rights}), valid until {until}";
    token_made_first(name, rights) = "the bootstrap token was used up: it made the API key {name} ({rights})";
    token_revoked(name) = "you revoked the API key {name}";
    bootstrap_made() = "a bootstrap token was made, for one use";
    login_made(browser) = "you signed in a browser ({browser})";
    login_revoked(browser) = "you signed out a browser ({browser})";
    access_locked(address, failures) = "{address} sent {failures} wrong {failures:credential|credentials} and is locked out for a while";
    access_host_refused(address, host) = "{address} asked for {host}, which is no name of this oikos: it was told nothing";
    access_page_refused(address, page) = "a page of {page} at {address} tried to speak to this oikos: it was told nothing";
    owner_made(name) = "you made the owner {name}";
    owner_begun(name) = "you are {name}, an owner of this oikos from now on";
    granted(line, state) = "you set {line} to {state}";
    granted_for(line, state, targets) = "you set {line} to {state} for {targets}";
    grant_carried(line, state) = "your {state} for {line} goes as far as this version asks, and no further";
    stop_requested(what) = "you stopped {what}";
    triggers_paused() = "you paused what starts it by itself";
    triggers_resumed() = "you let it start by itself again";
    event_emitted(topic, bytes) = "you sent an event to {topic} ({bytes})";
    undoing(what) = "about to take back: {what}";
    undone(what) = "you took back: {what}";
    undo_restore(path) = "put back the old {path}";
    undo_move_back(path, to) = "moved {to} back to {path}";
    undo_remove_created(path) = "removed {path}, which the run had created";
    undo_sent_stays(what) = "what was sent cannot be taken back: {what}";
    recovered(runs, effects) = "after an abrupt end: {runs} {runs:run was|runs were} cut off, {effects} {effects:effect has|effects have} an unknown end";

    // What starts an app by itself.
    cause_event(topic, sender) = "event {topic} from {sender}";
    cause_route(route) = "the request {route}";
    cause_message(pattern) = "a message that matches {pattern}";
    cause_called(app, action) = "{app} called it in its run of {action}";
    cause_installed() = "it was installed";
    cause_disabled() = "you disable it";
    cause_removed() = "you remove it";
    cause_upgraded(from) = "the upgrade from version {from}";
    cause_server_changed() = "its server said that what it offers has changed";
    cause_view() = "a view of its server asked for it";
    cause_watched() = "a client watches one of its resources";
    cause_unwatched() = "no client watches that resource any more";
    cause_schedule(slot) = "its schedule at {slot}";
    cause_schedule_late(slot) = "its schedule at {slot}, caught up";
    trigger_failed(why, message) = "could not be started by {why}: {message}";
    event_dropped(topic, tries) = "the event {topic} was given up after oikos ended {tries} times while it was heard";
    part_restarted(part, why) = "the part {part} failed and was started again: {why}";
    part_given_up(part, times) = "the part {part} failed {times} times in a row and was given up";

    // Schedules, as they stand.
    schedule_on() = "on";
    schedule_disabled() = "off: the app is disabled";
    schedule_blocked() = "off: event.schedule is not allowed";
    schedule_paused() = "paused by stop";

    // A program in a box: what is kept, and how it ended.
    isolate_files_apart(walls) = "sees its own folder and what you granted, and no other file of yours ({walls})";
    isolate_files_ruled(walls) = "opens its own folder and what you granted, and no other file of yours; it can find out that one exists, and how large it is ({walls})";
    isolate_network_none(walls) = "reaches no network ({walls})";
    isolate_network_proxy(walls) = "reaches the network only through oikos ({walls})";
    isolate_network_unfiltered(fact) = "{fact}; where this is a virtual machine, it can speak to its host";
    isolate_processes_apart(count, walls) = "sees none of your programs, starts at most {count} {count:process|processes}, and ends with oikos ({walls})";
    isolate_processes_unfiltered(count, walls) = "sees none of your programs, starts at most {count} {count:process|processes}, and ends with oikos; rare calls of the kernel stay open to it ({walls})";
    isolate_processes_ruled(count, walls) = "reads and stops none of your programs, starts at most {count} {count:process|processes}, and ends with oikos; it can find out that they run ({walls})";
    isolate_processes_together(count, walls) = "reads and stops none of your programs, and ends with oikos; it can find out that they run, and there can be {count} {count:process|processes} more of both together than when it started ({walls})";
    isolate_memory_all(bytes, walls) = "uses at most {bytes} of memory in all ({walls})";
    isolate_memory_each(count, bytes, walls) = "uses at most {bytes} of memory in each of at most {count} {count:process|processes}, without a bound on all together; one that sets out to take more can ({walls})";
    isolate_unkept_files() = "your files cannot be kept from it on this machine";
    isolate_unkept_network() = "it cannot be kept from the network on this machine";
    isolate_unkept_proxy() = "on this machine it can have the whole network or none, and not only the hosts that you allow";
    isolate_unkept_processes() = "your other programs cannot be kept from it on this machine";
    isolate_unkept_count(count) = "it cannot be held to {count} {count:process|processes} on this machine";
    isolate_unkept_memory() = "its memory cannot be bounded on this machine";
    isolate_fix_command(command) = "run {command}";
    isolate_fix_container() = "let the container that oikos runs in make user namespaces";
    isolate_fix_not_root() = "run oikos as an ordinary user, or give it a control group of its own (systemd: Delegate=yes)";
    isolate_fix_cgroup() = "give oikos a control group of its own (systemd: Delegate=yes)";
    isolate_fix_seccomp() = "use a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)";
    isolate_fix_linux() = "run it with an oikos on Linux";
    isolate_fault_path(path) = "{path} is no full and plain path";
    isolate_fault_never(path) = "{path} can never be granted";
    isolate_fault_much(what, most) = "more {what} than {most}";
    isolate_fault_word(word) = "{word} cannot be an argument or the name of a setting";
    isolate_fault_bounds() = "one of its bounds leaves no room to run, or its proxy has no port";
    isolate_ended_exit(code) = "it ended by itself, with code {code}";
    isolate_ended_signal(number) = "signal {number} ended it";
    isolate_ended_memory(bytes) = "it needed more memory than the {bytes} it may use";
    isolate_ended_cpu(time) = "it used up its {time} of processor time";
    isolate_ended_file(bytes) = "it wrote a file larger than the {bytes} it may write";
    isolate_ended_filter() = "it spoke to the kernel as another kind of machine does, which is not allowed";
    isolate_ended_stopped() = "oikos ended it";
    isolate_ended_lost() = "it was ended from outside: what keeps it was killed, or the system ran out of memory";

    // Progress.
    progress_reading(path) = "reading {path}";
    progress_verifying() = "checking the package";
    progress_fetching(app) = "fetching {app}";
    progress_pinning(app) = "finding the one version of everything that {app} needs";
    progress_packages(app) = "putting the packages of {app} in place, without running their scripts";
    progress_snapshot() = "loading the app's code";
    progress_engine() = "preparing the sandbox (once per version)";
    progress_waiting() = "waiting for room to run";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_is_used_and_every_placeholder_exists() {
        for entry in CATALOGUE {
            for arg in entry.args {
                assert!(entry.english.contains(&format!("{{{arg}}}")), "{}: {arg} is not used", entry.code);
            }
            for piece in entry.english.split('{').skip(1) {
                let name = piece.split(['}', ':']).next().unwrap_or_default();
                assert!(entry.args.contains(&name), "{}: no argument {name}", entry.code);
            }
        }
    }

    #[test]
    fn words_follow_their_number() {
        assert_eq!(storage_read(1_u64).to_string(), "read from its storage (1 value)");
        assert_eq!(storage_read(0_u64).to_string(), "read from its storage (0 values)");
        assert_eq!(
            recovered(1_u64, 2_u64).to_string(),
            "after an abrupt end: 1 run was cut off, 2 effects have an unknown end"
        );
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = CATALOGUE.iter().map(|entry| entry.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CATALOGUE.len());
    }

    #[test]
    fn arguments_are_escaped_and_sizes_readable() {
        let line = file_read("a\u{202e}\nb{bytes}", Arg::Bytes(1536));
        assert_eq!(line.to_string(), "read 1.5 KiB from a\\u{202e}\\nb{bytes}");
        assert_eq!(Arg::Bytes(1_048_575).to_string(), "1.0 MiB");
        assert_eq!(Arg::Millis(90_000).to_string(), "1 min 30 s");
        assert_eq!(Arg::Millis(5_000).to_string(), "5 s");
    }

    #[test]
    fn a_newer_sentence_is_not_lost() {
        let line: Sentence =
            serde_json::from_str(r#"{"code":"from_the_future","args":[{"text":"x"}]}"#).expect("reads");
        assert_eq!(line.to_string(), "from_the_future x");
    }
}
