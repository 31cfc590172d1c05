//! `ctx.tools.shell` through the whole of oikos: what is granted runs the first time, and what runs sees nothing but its folders.

use crate::{
    documents::nothing_is_left,
    kit::{Oikos, Said},
    process::Process,
};
use serde_json::{Value, json};
use std::{net::TcpListener, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration, time::Instant};
use testkit::wait_until;

/// An oikos with an app that runs what it is told, among these commands; what is in `tools` are scripts beside its folders.
struct House {
    oikos: Oikos,
    folder: PathBuf,
    tools: PathBuf,
}

impl House {
    fn new(commands: &Value, scripts: &[(&str, &str)]) -> Self {
        let oikos = Oikos::new();
        let (folder, tools) = (oikos.files().join("work"), oikos.files().join("tools"));
        for made in [&folder, &tools, &oikos.files().join("app"), &oikos.person().join(".ssh")] {
            std::fs::create_dir_all(made).unwrap();
        }
        std::fs::write(oikos.person().join(".ssh/id_ed25519"), "a private key").unwrap();
        std::fs::write(folder.join("notes.txt"), "milk\neggs\n").unwrap();
        for (name, script) in scripts {
            let path = tools.join(name);
            std::fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let commands: Value =
            serde_json::from_str(&commands.to_string().replace("$TOOLS", tools.to_str().unwrap())).unwrap();
        let manifest = json!({ "id": "runner", "name": "Runner", "version": "1.0.0", "description": "Runs programs." });
        let permissions = json!({ "shell": { "commands": commands }, "file": { "read": true, "write": true }, "ai": false, "storage": false });
        let actions = json!({ "go": { "title": "Go", "input": { "type": "object" } } });
        let code = "export async function go({ command, options }, ctx) {\n\
                    \x20 const result = await ctx.tools.shell.run(command, options);\n\
                    \x20 return { data: result, summary: result.stdout };\n}\n";
        let files = [
            ("manifest.json", manifest.to_string()),
            ("permissions.json", permissions.to_string()),
            ("action-schema.json", actions.to_string()),
            ("bot-logic.js", code.to_owned()),
        ];
        for (name, text) in files {
            std::fs::write(oikos.files().join("app").join(name), text).unwrap();
        }
        let house = Self { oikos, folder, tools };
        let folder = format!("file.read=allow:{}", house.folder.display());
        house.oikos.ok(&["app", "install", "app", "--yes", "--grant", "shell=allow", "--grant", &folder]);
        house
    }

    fn go(&self, command: &[&str], options: Value) -> Said {
        let tools = self.tools.to_str().unwrap();
        let command: Vec<String> = command.iter().map(|word| word.replace("$TOOLS", tools)).collect();
        let input = json!({ "command": command, "options": options }).to_string();
        self.oikos.run(&["run", "runner", "go", "--input", &input, "--json"])
    }

    #[track_caller]
    fn ran(&self, command: &[&str], options: Value) -> Value {
        let said = self.go(command, options);
        let end: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        assert_eq!(said.code, 0, "{end}");
        end["data"].clone()
    }

    /// What it fails with: the code, and the words.
    #[track_caller]
    fn failed(&self, command: &[&str], options: Value) -> (String, String) {
        let said = self.go(command, options);
        assert_ne!(said.code, 0, "{}", said.out);
        let end = said.out.lines().last().unwrap().to_owned();
        let value: Value = serde_json::from_str(&end).unwrap();
        (value["failure"]["code"].as_str().unwrap_or_default().to_owned(), end)
    }
}

#[test]
fn what_is_granted_runs_the_first_time() {
    let commands =
        json!([["cat", "*"], ["tr", "a-z", "A-Z"], ["sort"], ["false"], ["seq", "*"], ["pwd"], ["printenv"]]);
    let house = House::new(&commands, &[]);
    let read = house.ran(&["cat", "notes.txt"], json!({ "folder": "work" }));
    assert_eq!(read, json!({ "exitCode": 0, "stdout": "milk\neggs\n", "stderr": "", "truncated": false }));
    assert_eq!(house.ran(&["tr", "a-z", "A-Z"], json!({ "input": "shout" }))["stdout"], "SHOUT");
    assert_eq!(house.ran(&["false"], json!({}))["exitCode"], 1);
    let missing = house.ran(&["cat", "missing"], json!({ "folder": "work" }));
    assert_eq!((&missing["exitCode"], missing["stderr"].as_str().unwrap().is_empty()), (&json!(1), false));
    assert_eq!(house.ran(&["pwd"], json!({ "folder": "work" }))["stdout"], format!("{}\n", house.folder.display()));
    let environment = house.ran(&["printenv"], json!({}))["stdout"].as_str().unwrap().to_owned();
    let mut names: Vec<_> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TMPDIR"], "{environment}");
    let much = house.ran(&["seq", "1000000"], json!({}));
    assert_eq!((much["stdout"].as_str().unwrap().len(), &much["truncated"]), (512 << 10, &json!(true)));
    let log = house.oikos.ok(&["log", "runner"]);
    assert!(log.out.contains("ran tr a-z A-Z, which ended with code 0"), "{}", log.out);
    nothing_is_left(&house.oikos);
}

#[test]
fn what_is_not_listed_is_denied_with_its_rule() {
    let house = House::new(&json!([["cat", "*"], ["git", "log", "--max-count=*"], ["sh", "-c", "*"]]), &[]);
    for command in [
        &["cat", "--help"][..],
        &["cat", "-"],
        &["cat", "notes.txt", "/etc/passwd"],
        &["git", "log", "--output=/tmp/x"],
        &["git", "log", "--max-count", "1"],
        &["id"],
        &["cat notes.txt; id"],
    ] {
        let (code, why) = house.failed(command, json!({ "folder": "work" }));
        let found = command[0].contains(' ') || why.contains("is not among the commands of shell");
        assert!(found && (code == "permission_denied" || code == "app_failed"), "{command:?}: {why}");
    }
    // One that does whatever it is told is asked each time, and nobody is there.
    let (code, why) = house.failed(&["sh", "-c", "id"], json!({}));
    let said = "run sh -c id (the program /usr/bin/dash), which does whatever these words say";
    assert!(code == "permission_denied" && (why.contains(said) || why.contains("which does whatever")), "{why}");
    assert!(why.contains("nobody was there to be asked"), "{why}");
    // Nothing is relative to anything.
    let (_, why) = house.failed(&["./cat", "x"], json!({}));
    assert!(why.contains("a name alone, or a full and plain path"), "{why}");
    // What reads like words of a shell is a file's name.
    for hostile in ["$(id)", "a; id", "`id`", "a && id", "|id"] {
        let read = house.ran(&["cat", hostile], json!({ "folder": "work" }));
        assert!(
            read["exitCode"] == 1 && read["stdout"] == "" && !read["stderr"].as_str().unwrap().contains("uid="),
            "{read}"
        );
    }
}

#[test]
fn a_denial_names_the_one_command_that_allows_it() {
    let house = House::new(&json!([["cat", "*"]]), &[]);
    house.oikos.ok(&["grant", "runner", "shell=block"]);
    let (code, why) = house.failed(&["cat", "notes.txt"], json!({ "folder": "work" }));
    let allows = "oikos grant runner shell=allow";
    assert!(code == "permission_denied" && why.contains("shell is blocked") && why.contains(allows), "{why}");
    house.oikos.ok(&allows.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(house.ran(&["cat", "notes.txt"], json!({ "folder": "work" }))["exitCode"], 0);
}

#[test]
fn a_program_behind_a_link_is_the_file_that_it_leads_to() {
    let house = House::new(&json!([["$TOOLS/link", "-c", "*"]]), &[]);
    std::os::unix::fs::symlink("/bin/sh", house.tools.join("link")).unwrap();
    let (code, why) = house.failed(&["$TOOLS/link", "-c", "id"], json!({}));
    assert!(code == "permission_denied" && why.contains("which does whatever these words say"), "{why}");
}

#[test]
fn what_runs_sees_nothing_but_its_folders() {
    // Each attempt says what it got; nothing of it may be anything.
    let attempts = r#"
cat "$1/person/.ssh/id_ed25519" 2>/dev/null && echo GOT the key
[ "$(cd "$1/home" && find . -type f 2>/dev/null)" = "" ] || echo GOT the home of oikos
echo x 2>/dev/null >"$1/files/written"
echo x 2>/dev/null >notes.txt && echo GOT a file of the folder
(exec 3<>/dev/tcp/127.0.0.1/$2) 2>/dev/null && echo GOT the network
[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 12 ] && echo GOT other processes
kill -0 $3 2>/dev/null && echo GOT a signal
cat /etc/shadow 2>/dev/null && echo GOT the shadow
echo end"#;
    let house = House::new(&json!([["$TOOLS/try", "*", "*", "*"]]), &[("try", attempts)]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let beside = house.oikos.home().parent().unwrap().to_str().unwrap().to_owned();
    let number = std::process::id().to_string();
    let tried = house.ran(&["$TOOLS/try", &beside, &port, &number], json!({ "folder": "work" }));
    assert_eq!((&tried["stdout"], &tried["exitCode"]), (&json!("end\n"), &json!(0)), "{tried}");
    assert_eq!(std::fs::read_to_string(house.folder.join("notes.txt")).unwrap(), "milk\neggs\n");
    assert!(
        !house.oikos.files().join("written").exists(),
        "what it wrote beside its folder was in a machine of its own"
    );
    nothing_is_left(&house.oikos);
}

#[test]
fn what_takes_too_much_is_ended() {
    let house = House::new(
        &json!([["yes"], ["sleep", "*"], ["$TOOLS/fork"], ["$TOOLS/hoard"]]),
        &[("fork", "f() { f | f & }; f; sleep 60"), ("hoard", "x=x; while :; do x=$x$x$x$x; done")],
    );
    for (command, options, word) in [
        (&["yes"][..], json!({}), "wrote more than 64 MiB"),
        (&["sleep", "60"], json!({ "timeoutMs": 300 }), "took longer than 300 ms"),
        (&["$TOOLS/fork"], json!({ "timeoutMs": 1500 }), "took longer than 1500 ms"),
    ] {
        let started = Instant::now();
        let (code, why) = house.failed(command, options);
        assert!(code == "host_limit" && why.contains(word), "{command:?}: {why}");
        assert!(started.elapsed() < Duration::from_secs(30), "{command:?} {:?}", started.elapsed());
        nothing_is_left(&house.oikos);
    }
    // Either it is told that there is no more memory, or it is ended.
    let hoarded = house.go(&["$TOOLS/hoard"], json!({ "timeoutMs": 20_000 }));
    assert!(hoarded.code != 0 || hoarded.out.contains("\"exitCode\":"), "{}", hoarded.out);
    assert!(!hoarded.out.contains("took longer"), "{}", hoarded.out);
    nothing_is_left(&house.oikos);
}

#[test]
fn a_program_ends_with_its_run() {
    let house = House::new(&json!([["sleep", "*"]]), &[]);
    let input = json!({ "command": ["sleep", "100"], "options": {} }).to_string();
    let run = Process::start(&house.oikos, &["run", "runner", "go", "--input", &input]);
    wait_until("the program to be there", || !crate::documents::boxed(&house.oikos).is_empty());
    house.oikos.ok(&["stop", "runner"]);
    let since = Instant::now();
    nothing_is_left(&house.oikos);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(run.end().code, 7);
    let log = house.oikos.ok(&["log", "runner"]).out;
    assert!(log.contains("sleep 100"), "{log}");
}
