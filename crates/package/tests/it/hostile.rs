//! Every archive that `tests/hostile/make.py` makes is refused with its own code, soon, and in bounded memory.

use package::Package;
use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

/// Names the folder of the archives to the process that looks at them.
const FOLDER: &str = "OIKOS_TEST_HOSTILE";
/// What that process may have in all. The largest archive is 64 MiB; it is read once and copied once.
const ADDRESS_SPACE_KIB: u64 = 512 << 10;
/// The most that it may ever have in use: three times the largest archive, of any of them.
const PEAK_KIB_MAX: u64 = 192 << 10;
/// For one archive, in a build without optimisation, on a machine that does other things too.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Fewer would mean that the script does not do its work.
const CASES_MIN: usize = 100;

#[test]
fn attack_by_hostile_archives_is_refused_in_bounded_time_and_memory() {
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/make.py");
    let made = Command::new("python3").arg(script).arg(home.path()).output().expect("python3 is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cases = fs::read_to_string(home.path().join("cases.txt")).unwrap();
    let expected: BTreeMap<&str, &str> =
        cases.lines().map(|line| line.split_once(' ').unwrap()).chain([("honest", "ok")]).collect();
    assert!(expected.len() > CASES_MIN, "{}", expected.len());

    let looked = looked_at(home.path());
    let said = String::from_utf8_lossy(&looked.stdout);
    assert!(looked.status.success(), "{said}{}", String::from_utf8_lossy(&looked.stderr));
    let found: BTreeMap<&str, (&str, u64)> = said
        .lines()
        .filter_map(|line| line.strip_prefix("looked at "))
        .map(|line| {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap();
            (word(), (word(), word().parse().unwrap()))
        })
        .collect();
    let peak_kib: u64 = said.lines().find_map(|line| line.strip_prefix("peak ")).unwrap().parse().unwrap();
    assert!(peak_kib < PEAK_KIB_MAX, "{peak_kib} KiB in use");
    println!("{} archives, at most {peak_kib} KiB in use", found.len());
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(name, code)| found.get(*name).is_none_or(|(found, _)| found != *code))
        .map(|(name, code)| format!("{name}: wanted {code}, found {:?}", found.get(name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, (_, micros)) in found {
        assert!(u128::from(micros) < TIME_MAX.as_micros(), "{name} took {micros} µs");
    }
}

/// The looking is done by a process of its own, which gets no more memory than it may need.
fn looked_at(folder: &Path) -> Output {
    Command::new("sh")
        .args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KIB} && exec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["hostile::looks_at_each_archive_of_a_folder", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .output()
        .unwrap()
}

/// What the process above does. Without a folder there is nothing to look at.
#[test]
fn looks_at_each_archive_of_a_folder() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    println!();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "aisapp") {
            continue;
        }
        let started = Instant::now();
        let code = Package::read(&path).map_or_else(|error| error.code().word(), |_| "ok");
        let name = path.file_stem().unwrap().to_str().unwrap();
        println!("looked at {name} {code} {}", started.elapsed().as_micros());
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak {}", peak.trim().trim_end_matches(" kB"));
}
