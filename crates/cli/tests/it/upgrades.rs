//! A version takes over beside fifty runs of the one before, in the real sandbox: what each of them sees and leaves.

use crate::{
    kit::{Oikos, Said},
    process::Process,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Runs that are under way while a version takes over.
const IN_FLIGHT: usize = 50;
/// Values that are there before.
const VALUES: usize = 200;

/// A version of an app that keeps values in the form that the version has. `work` ends once the file `gate` is there.
fn shelf(oikos: &Oikos, version: u32, hooks: &str, more: &str) -> PathBuf {
    let folder = oikos.files().join(format!("shelf-{version}"));
    let manifest = json!({
        "id": "shelf", "name": "Shelf", "version": format!("{version}.0.0"), "description": "Keeps values in a form.",
        "developer": "oikos tests", "hooks": serde_json::from_str::<Value>(hooks).unwrap(),
    });
    let input = json!({ "input": { "type": "object" } });
    let logic = format!(
        r#"
const FORM = {version};

export async function seed({{ values }}, ctx) {{
  for (let at = 0; at < values; at += 1) await ctx.storage.set(`value-${{at}}`, FORM);
  return "seeded";
}}

export async function work({{ folder, slot }}, ctx) {{
  const before = await ctx.storage.get("value-0");
  await ctx.push_stream("work", "begun");
  const isThere = async () => (await ctx.tools.file.list(folder)).entries.some((entry) => entry.name === "gate");
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 250));
  try {{
    await ctx.storage.set(`slot-${{slot}}`, FORM);
    return `${{FORM}} saw ${{before}}, stored`;
  }} catch (error) {{
    return `${{FORM}} saw ${{before}}, ${{error.code}}`;
  }}
}}

export async function forms(payload, ctx) {{
  const forms = {{}};
  for (const key of await ctx.storage.list()) {{
    const form = `${{key.split("-")[0]}} ${{await ctx.storage.get(key)}}`;
    forms[form] = (forms[form] ?? 0) + 1;
  }}
  return {{ data: forms, summary: `version ${{FORM}}` }};
}}
{more}
"#
    );
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in [
        ("manifest.json", manifest.to_string()),
        ("action-schema.json", json!({ "seed": input, "work": input, "forms": input }).to_string()),
        ("permissions.json", json!({ "fileSystem": { "read": true }, "storage": true, "ai": false }).to_string()),
        ("bot-logic.js", logic),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// Moves each value to the form of the version that comes.
const MIGRATE: &str = r#"
export async function migrate(ctx) {
  for (const key of await ctx.storage.list()) await ctx.storage.set(key, FORM);
}
"#;

/// Fifty runs of the version that runs now, each past its first look at the storage.
fn in_flight(oikos: &Oikos, folder: &Path) -> Vec<Process> {
    drop(fs::remove_file(folder.join("gate")));
    let begin = |slot| {
        let input = json!({ "folder": folder, "slot": slot }).to_string();
        Process::start(oikos, &["run", "shelf", "work", "--json", "--input", &input])
    };
    let runs: Vec<Process> = (0..IN_FLIGHT).map(begin).collect();
    runs.iter().for_each(|run| run.wait_for("begun"));
    runs
}

/// Lets them go on; gives what they said, each once, with how many said it.
fn landed(runs: Vec<Process>, folder: &Path) -> Vec<(String, usize)> {
    fs::write(folder.join("gate"), "").unwrap();
    let mut said: Vec<String> = runs.into_iter().map(|run| summary(&run.end())).collect();
    said.sort();
    said.chunk_by(|a, b| a == b).map(|same| (same[0].clone(), same.len())).collect()
}

/// What a run said at its end, or why it failed.
fn summary(said: &Said) -> String {
    let last = said.out.lines().last().unwrap_or_default();
    let last: Value = serde_json::from_str(last).unwrap_or_default();
    let why = || last["failure"].to_string();
    last["text"].as_str().map_or_else(why, str::to_owned)
}

fn upgrade(oikos: &Oikos, folder: &Path) -> Said {
    oikos.run(&["app", "upgrade", folder.to_str().unwrap(), "--yes"])
}

/// The version that answers, and how many values of which form there are.
#[track_caller]
fn forms(oikos: &Oikos) -> (String, Value) {
    let found = oikos.json(&["run", "shelf", "forms"]);
    (found["text"].as_str().unwrap().to_owned(), found["data"].clone())
}

#[test]
fn fifty_runs_end_on_the_version_they_began_with() {
    let oikos = Oikos::new();
    let watched = oikos.files().join("watched");
    fs::create_dir(&watched).unwrap();
    let first = shelf(&oikos, 1, "{}", "");
    let grant = format!("file=allow:{}", watched.display());
    oikos.ok(&["app", "install", first.to_str().unwrap(), "--yes", "--grant", &grant]);
    oikos.ok(&["run", "shelf", "seed", "--input", &json!({ "values": VALUES }).to_string()]);
    let _up = Process::start(&oikos, &["up", "--no-doors"]);
    let version = |version: u32| format!("version {version}");

    // One that only swaps: they store, and what they store is theirs.
    let runs = in_flight(&oikos, &watched);
    let said = upgrade(&oikos, &shelf(&oikos, 2, "{}", ""));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(forms(&oikos), (version(2), json!({ "value 1": VALUES })));
    assert_eq!(landed(runs, &watched), [("1 saw 1, stored".to_owned(), IN_FLIGHT)]);
    assert_eq!(forms(&oikos), (version(2), json!({ "value 1": VALUES, "slot 1": IN_FLIGHT })));

    // One that migrates: it does not wait for them for ever, and they leave nothing in what it made.
    let runs = in_flight(&oikos, &watched);
    let said = upgrade(&oikos, &shelf(&oikos, 3, r#"{ "postupgrade": "migrate" }"#, MIGRATE));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let moved = (version(3), json!({ "value 3": VALUES, "slot 3": IN_FLIGHT }));
    assert_eq!(forms(&oikos), moved);
    assert_eq!(landed(runs, &watched), [("2 saw 1, conflict".to_owned(), IN_FLIGHT)]);
    assert_eq!(forms(&oikos), moved);

    // Hooks that fail, and that loop, after they wrote: nothing of it is there, and the runs go on as if nothing was.
    let throws =
        r#"export async function migrate(ctx) { await ctx.storage.set("value-0", 9); throw new Error("no"); }"#;
    let loops = r#"export async function migrate(ctx) { await ctx.storage.set("value-0", 9); for (;;) {} }"#;
    for (number, hook, why) in [(4, throws, "no"), (5, loops, "5 s of computing")] {
        let runs = in_flight(&oikos, &watched);
        let said = upgrade(&oikos, &shelf(&oikos, number, r#"{ "postupgrade": "migrate" }"#, hook));
        assert!(said.code == 1 && said.err.contains(why) && said.err.contains("did not take over"), "{}", said.err);
        assert_eq!(forms(&oikos), moved);
        assert_eq!(landed(runs, &watched), [("3 saw 3, stored".to_owned(), IN_FLIGHT)]);
        assert_eq!(forms(&oikos), moved);
    }
    let log = oikos.ok(&["log", "shelf", "--limit", "10000"]).out;
    assert_eq!(log.matches("did not take over").count(), 2, "{log}");

    // And back, with the storage of then.
    let runs = in_flight(&oikos, &watched);
    oikos.ok(&["app", "rollback", "shelf", "--restore-storage"]);
    let back = (version(2), json!({ "value 1": VALUES, "slot 1": IN_FLIGHT }));
    assert_eq!(forms(&oikos), back);
    assert_eq!(landed(runs, &watched), [("3 saw 3, conflict".to_owned(), IN_FLIGHT)]);
    assert_eq!(forms(&oikos), back);
}
