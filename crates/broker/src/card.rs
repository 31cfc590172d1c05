//! What the owner sees before an install. Everything a package asks for becomes exactly one line; what the card does
//! not show is blocked.

use crate::scopes::{
    Verdict,
    network::{is_private_rule, rule_text},
    verdict,
};
use protocol::{
    AppName, Arg, Badge, Card, CardLine, Digest, FileAccess, GrantState, LimitChanges, Limits, RiskySeverity, Scope,
    ScopeRequest, ScopeWord, Sentence, Zone, is_wide_folder, sentence, text,
};

/// What a card is made from: a verified package, in the card's terms.
#[derive(Clone, Debug)]
pub struct CardSubject<'a> {
    /// The app's name.
    pub app: &'a AppName,
    /// The version.
    pub version: String,
    /// The author's title.
    pub title: &'a str,
    /// The author's description.
    pub description: Option<&'a str>,
    /// Who the package says made it.
    pub developer: Option<&'a str>,
    /// Whose signature it carries.
    pub badge: Badge,
    /// From where it came.
    pub source: CardSource<'a>,
    /// SHA-256 of the archive.
    pub digest: Digest,
    /// Files in the package.
    pub files: usize,
    /// Where it runs.
    pub zones: &'a [Zone],
    /// What it asks for.
    pub requests: &'a [ScopeRequest],
    /// What it asks for beside the usual limits.
    pub limits: &'a LimitChanges,
    /// Which further texts of the author hold characters that deceive, such as "description of greet".
    pub deceptive: &'a [String],
    /// Whether an action takes a file that the person hands over.
    pub takes_files: bool,
    /// The installed version, for an upgrade.
    pub upgrade_from: Option<String>,
}

/// From where a package came: of one that nobody signed, that is all there is to judge it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardSource<'a> {
    /// A folder.
    Folder,
    /// An archive on this machine.
    File,
    /// It came with oikos.
    Inside,
    /// An address on the web.
    Web {
        /// The host that the owner named.
        named: &'a str,
        /// The host that sent it: another one where the first led there.
        sender: &'a str,
    },
}

/// Families that this version can perform; the others show on the card as not available yet.
const AVAILABLE: [ScopeWord; 8] = [
    ScopeWord::File,
    ScopeWord::Storage,
    ScopeWord::Event,
    ScopeWord::Network,
    ScopeWord::Secret,
    ScopeWord::Shell,
    ScopeWord::Mcp,
    ScopeWord::View,
];

/// Makes the card.
pub fn card_build(subject: &CardSubject<'_>, zone: Zone) -> Card {
    let lines = card_lines(subject.requests, zone);
    let missing: Vec<String> =
        lines.iter().filter(|line| !AVAILABLE.contains(&line.scope.word())).map(|line| line.line.to_string()).collect();
    let unavailable = if missing.is_empty() { Vec::new() } else { vec![sentence::card_unavailable(missing)] };
    Card {
        app: subject.app.clone(),
        version: subject.version.clone(),
        upgrade_from: subject.upgrade_from.clone(),
        change: None,
        title: subject.title.to_owned(),
        description: subject.description.map(str::to_owned),
        developer: subject.developer.map(str::to_owned),
        badge: subject.badge.clone(),
        signed: None,
        digest: subject.digest,
        files: subject.files,
        zones: subject.zones.to_vec(),
        never: never(&lines, subject.takes_files),
        handed: subject.takes_files.then(sentence::card_picked_files),
        answers: None,
        secrets: None,
        limits: limits(subject.limits, zone),
        warnings: warnings(subject, &lines),
        facts: Vec::new(),
        unavailable,
        missing: Vec::new(),
        notes: Vec::new(),
        lines,
    }
}

/// The switches of a package, as `--yes` would set them.
pub fn card_lines(requests: &[ScopeRequest], zone: Zone) -> Vec<CardLine> {
    let switches = requests.iter().flat_map(|request| {
        let reason = request.reason.clone();
        request.scope.clone().switches().into_iter().map(move |scope| ScopeRequest { scope, reason: reason.clone() })
    });
    let mut lines: Vec<CardLine> = switches.map(|request| card_line(&request, zone)).collect();
    lines.sort_by(|a, b| a.line.cmp(&b.line));
    lines
}

fn card_line(request: &ScopeRequest, zone: Zone) -> CardLine {
    let scope = request.scope.clone();
    let severity = severity(&scope);
    let mut state = match (&scope, severity) {
        // Reads all chats, and nobody could be asked each time: off until the owner turns it on.
        (scope, RiskySeverity::High) if scope.is_start() => GrantState::Block,
        // Anything that can send, change or spend starts by asking, whatever the author says of it.
        (_, RiskySeverity::High) => GrantState::Ask,
        (Scope::File { access: FileAccess::Write, .. }, _) => GrantState::Ask,
        _ => GrantState::Allow,
    };
    if verdict(scope.word(), zone, Some(GrantState::Allow)) == Verdict::ZoneDenies {
        state = GrantState::Block;
    }
    // A folder that the author proposes is not yet one that the owner chose.
    let needs = match scope {
        Scope::File { .. } => Some(sentence::card_needs_folder()),
        Scope::Mcp { alias: true, .. } => Some(sentence::card_needs_server()),
        _ => None,
    };
    CardLine {
        line: scope.line(),
        sentence: line_sentence(&scope),
        scope,
        state,
        severity,
        needs,
        reason: request.reason.clone(),
    }
}

/// The severity of a scope: what it could do at worst.
fn severity(scope: &Scope) -> RiskySeverity {
    match scope {
        Scope::Storage { .. } | Scope::View => RiskySeverity::Low,
        Scope::Event { .. } if scope.line().as_str() == "event.publish" => RiskySeverity::Low,
        Scope::Event { .. } if scope.line().as_str() == "event.listen" => RiskySeverity::Low,
        Scope::Event { .. } | Scope::Trigger { reads_all: true, .. } => RiskySeverity::High,
        Scope::Trigger { reads_all: false, .. } => RiskySeverity::Medium,
        Scope::Schedule { .. } => RiskySeverity::Low,
        Scope::File { folders, .. } if folders.iter().any(|folder| is_wide_folder(folder)) => RiskySeverity::High,
        Scope::File { access: FileAccess::Read, .. } => RiskySeverity::Medium,
        Scope::File { access: FileAccess::Write, .. } => RiskySeverity::High,
        Scope::Network { rules } if rules.is_empty() => RiskySeverity::High,
        // On the owner's own network are things that trust whoever stands there.
        Scope::Network { rules } if rules.iter().any(is_private_rule) => RiskySeverity::High,
        Scope::Network { .. } | Scope::Ai { .. } | Scope::Gpu => RiskySeverity::Medium,
        Scope::Shell { .. } | Scope::Clipboard { .. } | Scope::Mcp { .. } | Scope::Secret { .. } => RiskySeverity::High,
    }
}

/// What a scope means, in words.
fn line_sentence(scope: &Scope) -> Sentence {
    let list = |items: &[String]| Arg::List(items.to_vec());
    match scope {
        Scope::File { access: FileAccess::Read, folders } if folders.is_empty() => sentence::card_file_read_any(),
        Scope::File { access: FileAccess::Read, folders } => sentence::card_file_read(list(folders)),
        Scope::File { access: FileAccess::Write, folders } if folders.is_empty() => sentence::card_file_write_any(),
        Scope::File { access: FileAccess::Write, folders } => sentence::card_file_write(list(folders)),
        Scope::Storage { quota_bytes } => sentence::card_storage(Arg::Bytes(*quota_bytes)),
        Scope::Network { rules } if rules.is_empty() => sentence::card_network_any(),
        Scope::Network { rules } => sentence::card_network(Arg::List(rules.iter().map(rule_text).collect())),
        Scope::Shell { commands } if commands.is_empty() => sentence::card_shell_any(),
        Scope::Shell { commands } => {
            sentence::card_shell(Arg::List(commands.iter().map(|command| command.join(" ")).collect()))
        }
        Scope::Clipboard { access: FileAccess::Read } => sentence::card_clipboard_read(),
        Scope::Clipboard { access: FileAccess::Write } => sentence::card_clipboard_write(),
        Scope::Gpu => sentence::card_gpu(),
        Scope::Ai { models, .. } if models.is_empty() => sentence::card_ai(),
        Scope::Ai { models, .. } => sentence::card_ai_models(list(models)),
        Scope::Mcp { server, tools, alias: true } if tools.is_empty() => sentence::card_mcp_alias(server),
        Scope::Mcp { server, tools, alias: true } => sentence::card_mcp_alias_tools(server, list(tools)),
        Scope::Mcp { server, tools, .. } if tools.is_empty() => sentence::card_mcp(server),
        Scope::Mcp { server, tools, .. } => sentence::card_mcp_tools(server, list(tools)),
        Scope::Event { publish, listen } if listen.is_empty() => sentence::card_event_publish(list(publish)),
        Scope::Event { listen, .. } if scope.line().as_str() == "event.listen" => {
            sentence::card_event_listen(list(listen))
        }
        Scope::Event { listen, .. } => sentence::card_event_chat(list(listen)),
        Scope::Trigger { regex, reads_all: false } => sentence::card_trigger(regex),
        Scope::Trigger { regex, reads_all: true } => sentence::card_trigger_all(regex),
        Scope::Schedule { cron } => sentence::card_schedule(cron),
        Scope::Secret { name, hosts } => sentence::card_secret(name, list(hosts)),
        Scope::View => sentence::card_view(),
    }
}

/// What the app can never do, because it does not even ask.
fn never(lines: &[CardLine], takes_files: bool) -> Vec<Sentence> {
    let asks = |word: ScopeWord| lines.iter().any(|line| line.scope.word() == word && line.state != GrantState::Block);
    let writes = lines.iter().any(|line| {
        matches!(line.scope, Scope::File { access: FileAccess::Write, .. }) && line.state != GrantState::Block
    });
    let reads = lines.iter().any(|line| {
        matches!(line.scope, Scope::File { access: FileAccess::Read, .. }) && line.state != GrantState::Block
    });
    let mut never = Vec::new();
    match (reads, takes_files) {
        (true, _) => {}
        (false, true) => never.push(sentence::card_never_file_other()),
        (false, false) => never.push(sentence::card_never_file()),
    }
    match (writes, takes_files) {
        (true, _) => {}
        (false, true) => never.push(sentence::card_never_file_write_other()),
        (false, false) => never.push(sentence::card_never_file_write()),
    }
    let rest = [
        (ScopeWord::Network, sentence::card_never_network as fn() -> Sentence),
        (ScopeWord::Shell, sentence::card_never_shell),
        (ScopeWord::Clipboard, sentence::card_never_clipboard),
        (ScopeWord::Ai, sentence::card_never_ai),
        (ScopeWord::Mcp, sentence::card_never_mcp),
    ];
    never.extend(rest.into_iter().filter(|(word, _)| !asks(*word)).map(|(_, say)| say()));
    never.push(sentence::card_never_secrets());
    never.push(sentence::card_never_other_apps());
    never
}

fn limits(changes: &LimitChanges, zone: Zone) -> Vec<Sentence> {
    let (default, asked) = (Limits::default(), changes.limits().within(zone));
    let mut limits = vec![
        sentence::card_limit_time(Arg::Millis(asked.cpu_ms), Arg::Millis(asked.wall_ms)),
        sentence::card_limit_memory(Arg::Bytes(asked.memory_bytes)),
    ];
    if asked.cpu_ms > default.cpu_ms {
        limits.push(sentence::card_limit_raised("computing", Arg::Millis(asked.cpu_ms), Arg::Millis(default.cpu_ms)));
    }
    if asked.memory_bytes > default.memory_bytes {
        let (asked, default) = (Arg::Bytes(asked.memory_bytes), Arg::Bytes(default.memory_bytes));
        limits.push(sentence::card_limit_raised("memory", asked, default));
    }
    limits
}

fn warnings(subject: &CardSubject<'_>, lines: &[CardLine]) -> Vec<Sentence> {
    let mut warnings = Vec::new();
    let has = |test: fn(&Scope) -> bool| lines.iter().any(|line| test(&line.scope) && line.state != GrantState::Block);
    let reads = has(|scope| {
        matches!(scope, Scope::File { access: FileAccess::Read, .. } | Scope::Clipboard { access: FileAccess::Read })
    });
    let sends = has(|scope| matches!(scope, Scope::Network { .. } | Scope::Mcp { .. } | Scope::Shell { .. }));
    if (reads || subject.takes_files) && sends {
        warnings.push(sentence::card_warning_read_and_send());
    }
    if has(|scope| matches!(scope, Scope::File { access: FileAccess::Write, .. })) {
        warnings.push(sentence::card_warning_write_executable());
    }
    for line in lines {
        if let Scope::File { folders, .. } = &line.scope {
            for folder in folders.iter().filter(|folder| is_wide_folder(folder)) {
                let warning = sentence::card_warning_wide_folder(folder);
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
    }
    if has(|scope| matches!(scope, Scope::Shell { .. })) {
        warnings.push(sentence::card_warning_shell());
    }
    if let Badge::LocalDeveloper { .. } = &subject.badge {
        warnings.push(match subject.source {
            CardSource::Folder => sentence::card_warning_unsigned(),
            CardSource::File | CardSource::Inside => sentence::card_warning_unsigned_file(),
            CardSource::Web { named, sender } if named == sender => sentence::card_warning_unsigned_web(sender),
            CardSource::Web { named, sender } => sentence::card_warning_unsigned_redirected(sender, named),
        });
    }
    let texts =
        [("title", Some(subject.title)), ("description", subject.description), ("developer", subject.developer)];
    for (what, given) in texts {
        if given.is_some_and(|given| given.chars().any(|c| text::is_deceptive(c) && c != '\n' && c != '\t')) {
            warnings.push(sentence::card_warning_text(what));
        }
    }
    if lines.iter().any(|line| line.reason.as_deref().is_some_and(|reason| reason.chars().any(text::is_deceptive))) {
        warnings.push(sentence::card_warning_text("reason"));
    }
    warnings.extend(subject.deceptive.iter().map(sentence::card_warning_text));
    warnings
}
