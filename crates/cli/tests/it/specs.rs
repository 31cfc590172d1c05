//! Cases that anyone can write without Rust. A case is a folder `tests/specs/<area>/<case>/`:
//!
//! * `steps.txt`: commands one after the other, and what each says:
//!   ```text
//!   # What this case shows.
//!
//!   $ oikos app list
//!   | a line of standard output
//!   ! a line of standard error
//!   ? 0
//!   ```
//!   A command goes to `sh`, in a folder of its own, with an empty OIKOS_HOME for each case. `$APPS` holds the official
//!   apps, `$TEST_APPS` the tests' own; `$RUN1`, `$RUN2` … are the runs in the order in which they showed up, `$NOTE1` … the notes,
//!   `$KEY1` … and `$PRINT1` … publishers' keys and their fingerprints.
//! * `files/`: copied into that folder, if there is one. What is in its `web/` is also served, at `http://$WEB/`.
//!
//! A case whose first line is `# needs: PROGRAM…` is left out, with a printed line, where one of them is not installed.
//!
//! What differs from time to time is shown as `[RUN1]`, `[ID1]`, `[DIGEST1]`, `[KEY1]`, `[PRINT1]`, `[TIME]`, `[TOOK]`, `[FILES]` …; equal
//! numbers stand for equal things. `[..]` in a line stands for anything, a line `...` for any lines.
//!
//! `UPDATE_SPECS=1` writes what the commands say now (steps that fit stay as they are); `SPECS=notes/` runs the cases
//! whose name has this in it.

use crate::kit::{Oikos, Said};
use regex::Regex;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};

macro_rules! areas {
    ($($name:ident: $what:literal;)*) => {
        $(#[doc = $what] #[test] fn $name() { area(stringify!($name)); })*
        /// A folder that no test reads would prove nothing.
        #[test]
        fn every_area_is_run() {
            let known = [$(stringify!($name)),*];
            for area in folders(&specs()) {
                let area = name(&area);
                assert!(known.contains(&area.as_str()), "specs/{area} is in no line of `areas!`");
            }
        }
    };
}

areas! {
    help: "Help of every command, and words that cannot be understood.";
    card: "What a person reads before installing.";
    install: "Installing, and what an app is after it.";
    refused: "Packages that are turned away, each with its own code, leaving nothing but a line in the log.";
    run: "Runs, their answers, and how they fail.";
    grants: "Switches: denied, allowed by the one command that the denial names, revoked.";
    files: "Files handed over, and what cannot be.";
    notes: "The notes app, as somebody uses it.";
    samples: "Apps as the documents that oikos was made from show them.";
    undo: "Taking back what a run did.";
    log: "What happened, told and proved.";
    signing: "Who signed a package, and who may.";
    lifecycle: "What happens to an app between its install and its removal.";
    events: "What starts apps by itself: events, messages, the clock.";
    zones: "Where oikos runs decides what it shows and runs.";
    daemon: "An oikos in the background.";
    author: "Making an app: new, lint, test.";
    apps: "The official apps, as somebody uses them.";
    key: "Secrets in the vault: kept, listed, given, and nowhere else.";
    servers: "MCP servers of others: found, imported, looked at; and oikos in the configurations of clients.";
    access: "Who may come in: API keys, browsers, owners.";
}

// ---- one case ----

struct Step {
    /// Comments and empty lines before the command, as they are.
    before: String,
    command: String,
    expected: String,
}

fn area(area: &str) {
    let only = std::env::var("SPECS").unwrap_or_default();
    let mut wrong = String::new();
    let cases = folders(&specs().join(area));
    assert!(!cases.is_empty(), "specs/{area} has no case");
    for case in cases.iter().filter(|case| format!("{area}/{}", name(case)).contains(&only)) {
        if let Err(difference) = play(case) {
            writeln!(wrong, "\n=== specs/{area}/{}\n{difference}", name(case)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nUPDATE_SPECS=1 writes what was said; read it before you commit it");
}

fn play(case: &Path) -> Result<(), String> {
    let file = case.join("steps.txt");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let needs = text.lines().next().and_then(|line| line.strip_prefix("# needs: ")).unwrap_or_default();
    if let Some(missing) = needs.split(' ').find(|program| !is_installed(program)) {
        println!("{} is left out: {missing} is not installed", case.display());
        return Ok(());
    }
    let (steps, after) = parse(&text)?;
    let oikos = Oikos::new();
    seed(&oikos.home());
    std::fs::create_dir(oikos.person()).unwrap();
    if case.join("files").exists() {
        copy(&case.join("files"), &oikos.files());
    }
    let mut redactions = Redactions::new(&oikos);
    if case.join("files/web").exists() {
        redactions.serve(oikos.files().join("web"));
    }
    let (mut written, mut wrong) = (String::new(), String::new());
    for step in steps {
        let said = Said::of(shell(&oikos, &step.command, &redactions).output().unwrap());
        let said = format!("{}{}? {}\n", marked("|", &said.out), marked("!", &said.err), said.code);
        let said = redactions.apply(&said);
        let fits = fits(&step.expected, &said);
        if !fits {
            writeln!(wrong, "$ {}\n--- expected\n{}--- said\n{said}", step.command, step.expected).unwrap();
        }
        let kept = if fits { &step.expected } else { &said };
        write!(written, "{}$ {}\n{kept}", step.before, step.command).unwrap();
    }
    written.push_str(&after);
    if std::env::var_os("UPDATE_SPECS").is_some() {
        std::fs::write(&file, written).unwrap();
        return Ok(());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.is_empty() || std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn shell(oikos: &Oikos, command: &str, redactions: &Redactions) -> std::process::Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_oikos")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(binary).chain(std::env::split_paths(&path))).unwrap();
    let mut shell = oikos.program("sh");
    shell.args(["-c", command]).env("PATH", path).env("HOME", oikos.person());
    shell.env("APPS", official()).env("TEST_APPS", own());
    if let Some(web) = &redactions.web {
        shell.env("WEB", web);
    }
    let Redactions { runs, notes, keys, prints, .. } = redactions;
    for (name, values) in [("RUN", runs), ("NOTE", notes), ("KEY", keys), ("PRINT", prints)] {
        for (index, value) in values.iter().enumerate() {
            shell.env(format!("{name}{}", index + 1), value);
        }
    }
    shell
}

fn parse(text: &str) -> Result<(Vec<Step>, String), String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut before = String::new();
    for (index, line) in text.lines().enumerate() {
        match line.chars().next() {
            None | Some('#') => writeln!(before, "{line}").unwrap(),
            Some('$') => {
                let command = line[1..].trim().to_owned();
                steps.push(Step { before: std::mem::take(&mut before), command, expected: String::new() });
            }
            Some('|' | '!' | '?' | '.') if before.is_empty() => match steps.last_mut() {
                Some(step) => writeln!(step.expected, "{line}").unwrap(),
                None => return Err(format!("line {}: an answer before the first command", index + 1)),
            },
            Some(_) => return Err(format!("line {}: lines begin with # $ | ! ? or are '...'", index + 1)),
        }
    }
    Ok((steps, before))
}

fn marked(mark: &str, text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        writeln!(out, "{}", format!("{mark} {line}").trim_end()).unwrap();
        out
    })
}

// ---- wildcards ----

fn fits(expected: &str, said: &str) -> bool {
    let expected: Vec<&str> = expected.lines().collect();
    let said: Vec<&str> = said.lines().collect();
    lines_fit(&expected, &said)
}

fn lines_fit(expected: &[&str], said: &[&str]) -> bool {
    match expected.split_first() {
        None => said.is_empty(),
        Some((&"...", rest)) => (0..=said.len()).any(|skipped| lines_fit(rest, &said[skipped..])),
        Some((line, rest)) => {
            said.split_first().is_some_and(|(first, others)| line_fits(line, first) && lines_fit(rest, others))
        }
    }
}

fn line_fits(expected: &str, said: &str) -> bool {
    let Some((head, tail)) = expected.split_once("[..]") else { return expected == said };
    let Some(rest) = said.strip_prefix(head) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| line_fits(tail, &rest[at..]))
}

#[test]
fn wildcards_stand_for_anything_and_nothing_else_does() {
    let check = |expected: &str, said: &str, fit: bool| assert_eq!(fits(expected, said), fit, "{expected:?} {said:?}");
    check("a\n", "a\n", true);
    check("a\n", "a\nb\n", false);
    check("a[..]c\n", "abbc\n", true);
    check("a[..]c\n", "ac\n", true);
    check("a[..]c[..]\n", "abcd\n", true);
    check("a[..]c\n", "abcd\n", false);
    check("a\n...\nz\n", "a\nz\n", true);
    check("a\n...\nz\n", "a\nb\nc\nz\n", true);
    check("a\n...\n", "b\n", false);
}

// ---- guides ----

/// What a guide shows is what the commands say: each command of its `console` blocks is a step of the case, in this order,
/// with this answer. Whoever wrote it used a home folder of their own, which is `/home/ada` there.
fn guide(page: &str, case: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides").join(page);
    let text = std::fs::read_to_string(page).unwrap();
    let blocks: String = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let shown = Redactions::new(&Oikos::new()).apply(&format!("\n{}", blocks.replace("/home/ada", "[HOME]")));
    let (steps, _) = parse(&std::fs::read_to_string(specs().join(case).join("steps.txt")).unwrap()).unwrap();
    let variables = Regex::new(r"\$((?:PRINT|KEY|RUN)\d+)").unwrap();
    let mut steps = steps.iter();
    let mut count = 0;
    for shown in shown.split("\n$ ").skip(1) {
        count += 1;
        let (command, expected) = shown.split_once('\n').unwrap();
        let same = |step: &&Step| variables.replace_all(&step.command, "[$1]") == command;
        let step = steps.find(same).unwrap_or_else(|| panic!("no further step of {case} is: {command}"));
        let unmarked = |line: &str| line.strip_prefix(['|', '!']).map(|line| line.trim_start_matches(' ').to_owned());
        let said: Vec<String> = step.expected.lines().filter_map(unmarked).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let expected: Vec<&str> = expected.lines().map(str::trim_start).filter(|line| !line.is_empty()).collect();
        let said: Vec<&str> = said.into_iter().filter(|line| !line.is_empty()).collect();
        assert!(lines_fit(&expected, &said), "$ {command}\n--- the guide\n{expected:#?}\n--- said\n{said:#?}");
    }
    assert!(count > 5, "the guide shows {count} commands");
}

#[test]
fn the_guide_to_signing_shows_what_is_said() {
    guide("signing-an-app.md", "signing/guide");
}

#[test]
fn the_guide_to_a_first_app_shows_what_is_said() {
    guide("your-first-app.md", "author/guide");
    // What it says to write is what the case writes.
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/your-first-app.md");
    let page = std::fs::read_to_string(page).unwrap();
    let written = specs().join("author/guide/files/edited");
    for file in ["action-schema.json", "bot-logic.js", "permissions.json", "tests/count.json", "tests/poem.txt"] {
        let text = std::fs::read_to_string(written.join(file)).unwrap();
        let kind = file.rsplit('.').next().unwrap();
        assert!(page.contains(&format!("`{file}`\n\n```{kind}\n{text}```\n")), "{file} is not in the guide as it is");
    }
}

// ---- what differs from time to time ----

struct Redactions {
    /// Where a case's pages are served.
    web: Option<String>,
    paths: Vec<(String, &'static str)>,
    runs: Vec<String>,
    ids: Vec<String>,
    digests: Vec<String>,
    notes: Vec<String>,
    keys: Vec<String>,
    prints: Vec<String>,
}

fn pattern(place: &'static OnceLock<Regex>, text: &str) -> &'static Regex {
    place.get_or_init(|| Regex::new(text).unwrap())
}

impl Redactions {
    fn new(oikos: &Oikos) -> Self {
        let mut paths = Vec::new();
        for (path, shown) in [
            (oikos.home(), "[OIKOS_HOME]"),
            (oikos.files(), "[FILES]"),
            (oikos.person(), "[HOME]"),
            (official(), "[APPS]"),
            (own(), "[TEST_APPS]"),
        ] {
            paths.push((path.to_str().unwrap().to_owned(), shown));
            // As the system resolves it, where the temporary folder is a link.
            if let Ok(path) = path.canonicalize() {
                paths.push((path.to_str().unwrap().to_owned(), shown));
            }
        }
        Self {
            web: None,
            paths,
            runs: Vec::new(),
            ids: Vec::new(),
            digests: Vec::new(),
            notes: Vec::new(),
            keys: Vec::new(),
            prints: Vec::new(),
        }
    }

    fn serve(&mut self, folder: PathBuf) {
        let web = crate::web::serve(folder).to_string();
        self.paths.push((web.clone(), "[WEB]"));
        self.web = Some(web);
    }

    fn apply(&mut self, text: &str) -> String {
        static ID: OnceLock<Regex> = OnceLock::new();
        static RUN: OnceLock<Regex> = OnceLock::new();
        static NOTE: OnceLock<Regex> = OnceLock::new();
        static DIGEST: OnceLock<Regex> = OnceLock::new();
        static KEY: OnceLock<Regex> = OnceLock::new();
        static PRINT: OnceLock<Regex> = OnceLock::new();
        static REST: OnceLock<Vec<(Regex, &'static str)>> = OnceLock::new();
        let mut text = text.to_owned();
        for (path, shown) in &self.paths {
            text = text.replace(path, shown);
        }
        let id = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
        for found in pattern(&RUN, &format!(r#"(?:run |undo |"run":"|\| )({id})"#)).captures_iter(&text) {
            numbered(&mut self.runs, &found[1]);
        }
        let text = pattern(&ID, id).replace_all(&text, |found: &regex::Captures<'_>| {
            match self.runs.iter().position(|run| *run == found[0]) {
                Some(index) => format!("[RUN{}]", index + 1),
                None => format!("[ID{}]", numbered(&mut self.ids, &found[0])),
            }
        });
        let mut text = text.into_owned();
        for found in pattern(&NOTE, r"Added ([0-9a-z]{5,20})\b").captures_iter(&text) {
            numbered(&mut self.notes, &found[1]);
        }
        for (index, note) in self.notes.iter().enumerate() {
            text = text.replace(note, &format!("[NOTE{}]", index + 1));
        }
        // Publishers' keys and their fingerprints.
        for (place, form, seen, shown) in [
            (&KEY, r"RW[A-Za-z0-9+/]{54}", &mut self.keys, "KEY"),
            (&PRINT, r"[0-9a-f]{4}(?:-[0-9a-f]{4}){7}", &mut self.prints, "PRINT"),
        ] {
            let replaced = pattern(place, form)
                .replace_all(&text, |found: &regex::Captures<'_>| format!("[{shown}{}]", numbered(seen, &found[0])));
            text = replaced.into_owned();
        }
        // A digest and its beginning are one thing.
        let text = pattern(&DIGEST, r#"([0-9a-f]{64}|(?:sha256 |archive |"text":")[0-9a-f]{12}\b)"#).replace_all(
            &text,
            |found: &regex::Captures<'_>| {
                let at = found[0].rfind([' ', '"']).map_or(0, |at| at + 1);
                format!("{}[DIGEST{}]", &found[0][..at], numbered(&mut self.digests, &found[0][at..][..12]))
            },
        );
        let rest = REST.get_or_init(|| {
            let took = r"(?:\d+ min(?: \d+ s)?|\d+(?:\.\d+)? m?s)";
            [
                (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d".to_owned(), "[TIME]"),
                (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z".to_owned(), "[TIME]"),
                (r"\b20\d\d-\d\d-\d\d\b".to_owned(), "[DAY]"),
                (r"\b[0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}\b".to_owned(), "[FINGERPRINT]"),
                (format!(r"(\[RUN\d+\]) · {took} · {took} computing · [0-9.]+ [KM]iB memory"), "$1 · [TOOK]"),
                // Where in an app's code, and how large an app is, changes with the app.
                (r"\(at (.+?) \(([\w./-]+):\d+:\d+\)\)".to_owned(), "(at $1 ($2:[N]))"),
                (r"\b(\d+ files), [0-9.]+ [KM]iB".to_owned(), "$1, [SIZE]"),
                (r"from byte \d+".to_owned(), "from byte [N]"),
                (r"number [0-9A-F]{16}\b".to_owned(), "number [NUMBER]"),
                (r#"("digest":"[^"]*","bytes"):\d+"#.to_owned(), "$1:[N]"),
                (format!(r"(finished|failed|stopped by you) after {took}"), "$1 after [TOOK]"),
                (format!(r"\({took} of computing\)"), "([TOOK] of computing)"),
                (format!(r"(?m)\({took}\)$"), "([TOOK])"),
                (
                    r#""([a-z_]*_at|at|millis|took_ms|wall_ms|cpu_us|host_cpu_us|memory_bytes|host_ms|host_us|waited_ms)":\d+"#
                        .to_owned(),
                    r#""$1":[N]"#,
                ),
            ]
            .map(|(text, shown)| (Regex::new(&text).unwrap(), shown))
            .into()
        });
        rest.iter().fold(text.into_owned(), |text, (pattern, shown)| pattern.replace_all(&text, *shown).into_owned())
    }
}

/// The place of this among those that were seen, from 1.
fn numbered(seen: &mut Vec<String>, this: &str) -> usize {
    if let Some(index) = seen.iter().position(|known| known == this) {
        return index + 1;
    }
    seen.push(this.to_owned());
    seen.len()
}

// ---- folders ----

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs")
}

fn official() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps").canonicalize().unwrap()
}

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps")
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

/// Gives a home what takes long to make and is the same for all: the device's keys and the compiled engine. All else
/// about it is new.
fn seed(home: &Path) {
    static SEED: OnceLock<Oikos> = OnceLock::new();
    let seed = SEED.get_or_init(|| {
        let oikos = Oikos::new();
        oikos.install("counter", &[]);
        oikos
    });
    copy(&seed.home().join("keys"), &home.join("keys"));
    copy(&seed.home().join("cache"), &home.join("cache"));
    #[cfg(unix)]
    private(home);
}

#[cfg(unix)]
fn private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    for folder in folders(folder) {
        private(&folder);
    }
}
