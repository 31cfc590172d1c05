//! A program that is there already: which file it is, where its code is, and whether others could have put it there.

use super::{
    clients::System,
    launch::program_word,
    machine::About,
    notice::{Notice, quote},
    path::{Paths, is_absolute, split},
    proposal::INSTALL_FOLDER,
};

/// How far above its file the folder of a program's code is looked for.
const FOLDERS_ABOVE_MAX: usize = 6;
/// Folders whose programs come with the system or were installed by its owner.
const OF_THE_SYSTEM: [&str; 12] = [
    "/usr/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/lib64/",
    "/opt/homebrew/",
    "/opt/local/",
    "/nix/store/",
    "/snap/",
    "/System/",
    "C:\\Program Files",
    "C:\\Windows",
];

/// What is said of a program.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The program, and its code where it is an interpreter: what is started.
    pub(crate) words: Vec<String>,
    /// The file to tell.
    pub(crate) shown: Option<String>,
    /// Folders with its code; its file alone where that lies among things that are none of its own.
    pub(crate) folders: Vec<String>,
    /// Where the interpreter of an environment of Python's looks for packages: by its own path it would find them, but what
    /// is started is the file that this path leads to.
    pub(crate) python_paths: Vec<String>,
    pub(crate) warnings: Vec<Notice>,
    pub(crate) refusals: Vec<Notice>,
}

/// Looks at a program. `script` is the word that is its code; `is_packed` says that its paths begin at an install.
pub(crate) fn judge_program(
    command: &str,
    words: &[&str],
    script: Option<usize>,
    is_interpreter: bool,
    paths: &Paths<'_>,
    is_packed: bool,
) -> Judged {
    let mut judged = Judged::default();
    if is_packed {
        // What a bundle brings is judged as the bundle; an interpreter is one of this machine.
        judged.words.push(command.to_owned());
        judged.words.extend(words[..script.map_or(0, |at| at + 1)].iter().map(|word| (*word).to_owned()));
        judged.shown = Some(script.map_or(command, |at| words[at]).to_owned());
        let is_inside = command.strip_prefix(INSTALL_FOLDER).is_some_and(|rest| {
            rest.starts_with('/') && rest[1..].split('/').all(|part| !matches!(part, "" | "." | ".."))
        });
        if command.contains(['/', '\\']) && !is_inside {
            judged.refusals.push(
                Notice::new(
                    "program_of_bundle",
                    format!("the bundle starts a program that it does not bring: {}", quote(command)),
                )
                .hint("ask its author for one that brings what it starts, or add the server by its command"),
            );
        }
        return judged;
    }
    let file = if let Some(path) = paths.absolute(command) {
        Some(path)
    } else if command.contains(['/', '\\']) {
        judged.refusals.push(
            Notice::new(
                "program_relative",
                format!("where {} is depends on the folder in which it is started", quote(command)),
            )
            .hint("write its whole path"),
        );
        None
    } else {
        let file = paths.machine.program(command);
        if file.is_none() {
            judged.refusals.push(
                Notice::new("program_missing", format!("the program {} is not found on this machine", quote(command)))
                    .hint("install it, or write its whole path"),
            );
        }
        file
    };
    if let Some(file) = &file {
        look(&mut judged, file, paths);
        judged.words.push(file.clone());
        judged.shown = Some(file.clone());
        if !is_of_the_system(file) {
            judged.folders.extend(code_folder(file, paths));
        }
        if let Some(environment) = environment_of(file, paths) {
            if is_interpreter {
                judged.python_paths = environment.packages;
            }
            judged.folders.extend(environment.folders);
        }
    }
    let before = script.unwrap_or(0);
    judged.words.extend(words[..before].iter().map(|word| (*word).to_owned()));
    if let Some(at) = script {
        match paths.absolute(words[at]).or_else(|| {
            // Beside what the entry says it is started in.
            paths.base.as_ref().map(|base| paths.roots.join(base, words[at]))
        }) {
            Some(path) => {
                look(&mut judged, &path, paths);
                let folder = code_folder(&path, paths);
                if folder.as_ref() == Some(&path) {
                    judged.refusals.push(
                        Notice::new(
                            "script_alone",
                            format!("the file {} lies among things that are none of its own, and its box would see them all", quote(&path)),
                        )
                        .hint("put it in a folder of its own and change the entry"),
                    );
                }
                judged.folders.extend(folder);
                judged.words.push(path.clone());
                judged.shown = Some(path);
            }
            None => judged.refusals.push(
                Notice::new(
                    "program_relative",
                    format!("where {} is depends on the folder in which it is started", quote(words[at])),
                )
                .hint("write its whole path"),
            ),
        }
    } else if is_interpreter && program_word(command).starts_with("py") && file.as_deref().is_some_and(is_of_the_system)
    {
        judged.warnings.push(
            Notice::new(
                "module_of_the_system",
                "its module is looked for among those of the system's Python, which others change too",
            )
            .hint("install it in an environment of its own, or with uvx"),
        );
    }
    judged.folders.sort();
    // What lies in one of them is seen with it.
    let mut whole: Vec<String> = Vec::new();
    for folder in std::mem::take(&mut judged.folders) {
        let is_seen = |seen: &String| {
            folder.strip_prefix(seen.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        };
        if !whole.iter().any(is_seen) {
            whole.push(folder);
        }
    }
    judged.folders = whole;
    judged
}

fn is_of_the_system(file: &str) -> bool {
    OF_THE_SYSTEM.iter().any(|folder| file.starts_with(folder)) && !file.starts_with("/usr/local/share/")
}

/// Whether the file may be trusted to be the one that is meant.
fn look(judged: &mut Judged, file: &str, paths: &Paths<'_>) {
    match paths.machine.about(file) {
        None => judged.refusals.push(
            Notice::new("program_missing", format!("the file {} is not there", quote(file)))
                .hint("if it was moved, write its new path and scan again"),
        ),
        Some(About { is_folder: true, .. }) => {
            judged.refusals.push(Notice::new("program_missing", format!("{} is a folder", quote(file))));
        }
        Some(About { is_open_to_all: true, .. }) => judged.refusals.push(
            Notice::new("program_open_to_all", format!("anybody on this machine may change the file {}", quote(file)))
                .hint("take that right away (chmod go-w), after looking at what is in it"),
        ),
        Some(_) => {}
    }
    if is_passing(file, paths) {
        judged.warnings.push(
            Notice::new(
                "program_in_passing",
                format!("the file {} is where downloads or passing files are", quote(file)),
            )
            .hint("if you mean to keep it, put it in a folder of its own and change the entry"),
        );
    }
}

/// Whether a file is where things come and go.
fn is_passing(file: &str, paths: &Paths<'_>) -> bool {
    let lower = file.to_ascii_lowercase().replace('\\', "/");
    let home = paths.roots.home.to_ascii_lowercase().replace('\\', "/");
    let below_home = lower.strip_prefix(&home).unwrap_or_default();
    ["/tmp/", "/var/tmp/", "/private/tmp/", "/private/var/folders/", "/var/folders/", "/dev/shm/"]
        .iter()
        .any(|folder| lower.starts_with(folder))
        || ["/downloads/", "/appdata/local/temp/", "/desktop/", "/.cache/", "/library/caches/"]
            .iter()
            .any(|folder| below_home.starts_with(folder))
}

/// The folder that holds all of a program's code: the nearest above its file that says it is a project or environment. The
/// file itself where it lies among things that are none of its own.
fn code_folder(file: &str, paths: &Paths<'_>) -> Option<String> {
    const MARKS: [&str; 4] = ["package.json", "pyvenv.cfg", "pyproject.toml", "manifest.json"];
    let own = split(file, paths.roots.system).0.to_owned();
    if !is_absolute(file, paths.roots.system) {
        return None;
    }
    let mut folder = own.clone();
    for _ in 0..FOLDERS_ABOVE_MAX {
        if folder.len() <= paths.roots.home.len().max(1) && paths.roots.home.starts_with(&folder) {
            break;
        }
        if MARKS.iter().any(|mark| paths.machine.about(&paths.roots.join(&folder, mark)).is_some()) {
            return Some(folder);
        }
        folder = split(&folder, paths.roots.system).0.to_owned();
    }
    // Alone among other things, the file is all that its box has to see.
    if own.is_empty() || own == paths.roots.home || is_passing(file, paths) {
        return Some(file.to_owned());
    }
    Some(own)
}

/// An environment of Python's.
struct Environment {
    /// Where its packages are, and those that are only pointed at.
    packages: Vec<String>,
    /// What it is made of beside its own folder.
    folders: Vec<String>,
}

/// The environment that a program is of, if it is of one.
fn environment_of(program: &str, paths: &Paths<'_>) -> Option<Environment> {
    const NOTE_BYTES_MAX: usize = 64 << 10;
    let system = paths.roots.system;
    let folder = split(split(program, system).0, system).0.to_owned();
    let text = |path: &str| {
        let bytes = paths.machine.file(path, NOTE_BYTES_MAX).ok().flatten()?;
        String::from_utf8(bytes).ok()
    };
    let note = text(&paths.roots.join(&folder, "pyvenv.cfg"))?;
    let mut environment = Environment { packages: Vec::new(), folders: Vec::new() };
    let home = note.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| key.trim() == "home");
    if let Some((_, home)) = home
        && is_absolute(home.trim(), system)
        && !is_of_the_system(&format!("{}/", home.trim()))
    {
        let home = home.trim();
        let base = if home.ends_with("bin") { split(home, system).0 } else { home };
        environment.folders.push(base.to_owned());
    }
    let library = match system {
        System::Windows => Some("Lib/site-packages".to_owned()),
        _ => {
            let names = paths.machine.names(&paths.roots.join(&folder, "lib")).unwrap_or_default();
            names.iter().find(|name| name.starts_with("python")).map(|name| format!("lib/{name}/site-packages"))
        }
    };
    let library = paths.roots.join(&folder, &library?);
    for name in paths.machine.names(&library).unwrap_or_default().iter().filter(|name| name.ends_with(".pth")) {
        // Each line is a folder, but for those that are code.
        let note = text(&paths.roots.join(&library, name)).unwrap_or_default();
        let pointed = note.lines().map(str::trim).filter(|line| is_absolute(line, system));
        let is_folder = |line: &&str| paths.machine.about(line).is_some_and(|about| about.is_folder);
        for line in pointed.filter(is_folder) {
            environment.packages.push(line.to_owned());
            environment.folders.push(line.to_owned());
        }
    }
    environment.packages.insert(0, library);
    Some(environment)
}
