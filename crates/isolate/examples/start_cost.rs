//! What a start in the box costs, beside a plain start and a plain `bwrap`: from the call to the first byte that the program
//! writes, to the end of all of it, and the processor time of everything in between.
//! `cargo run --release -p isolate --example start_cost HELPER [COUNT]`; HELPER is the built `isolate-helper`, or `oikos --keeper`.

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    linux::main().await
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use isolate::{Abilities, Adapter, Launcher, Plan, Policy, plan, spawn};
    use std::{
        io::Read,
        path::Path,
        process::{Command, Stdio},
        time::{Duration, Instant},
    };
    use tokio::io::AsyncReadExt;

    type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

    /// The smallest program that says something.
    const PROGRAM: &str = "/bin/echo";
    const WORD: &str = "x";
    const ROUNDS: usize = 3;
    const COUNT: usize = 100;

    /// A way to start it.
    enum Way {
        Plain,
        /// `bwrap` as a person would type it for the same facts, without filter, bounds or keeper.
        Wrap,
        Box(Box<Plan>),
    }

    /// What the starts of one way took.
    #[derive(Default)]
    struct Times {
        first_byte: Vec<Duration>,
        whole: Vec<Duration>,
        cpu: Duration,
    }

    pub(super) async fn main() -> Result<()> {
        let mut words = std::env::args().skip(1);
        let helper = words.next().ok_or("name the helper")?;
        let (mut keeper, mut count) = (Vec::new(), COUNT);
        for word in words {
            match word.parse() {
                Ok(number) => count = number,
                Err(_) => keeper.push(word),
            }
        }
        let room = tempfile::tempdir()?;
        let launcher = Launcher::new(std::fs::canonicalize(helper)?, keeper);
        let abilities = Abilities::probe(&launcher, room.path()).await?;
        let mut ways = vec![("plain start".to_owned(), Way::Plain, Times::default())];
        if abilities.bubblewrap_program.is_some() {
            ways.push(("bwrap alone".to_owned(), Way::Wrap, Times::default()));
        }
        for hidden in HIDDEN {
            let abilities = hidden.iter().fold(abilities.clone(), |abilities, adapter| abilities.without(*adapter));
            let has = Adapter::ALL.iter().filter(|adapter| abilities.has(**adapter) && **adapter != Adapter::Rlimits);
            let mut names: Vec<_> = has.map(|adapter| adapter.name()).collect();
            if names.first() == Some(&"namespaces") {
                names.retain(|name| *name != "bubblewrap");
            }
            let mut policy = Policy::new(std::fs::canonicalize(PROGRAM)?, room.path().canonicalize()?);
            policy.arguments = vec![WORD.into()];
            policy.bounds.processes_max = 16;
            if ways.iter().any(|(known, ..)| *known == names.join(", ")) {
                continue;
            }
            match plan(&policy, &abilities) {
                Ok(plan) => ways.push((names.join(", "), Way::Box(Box::new(plan)), Times::default())),
                Err(refusal) => say(&format!("{}: refused: {refusal}", names.join(", "))),
            }
        }
        // In turns, so that other load hits all of them.
        for _ in 0..ROUNDS {
            for (_, way, times) in &mut ways {
                let before = cpu();
                for _ in 0..count {
                    start(way, &launcher, room.path(), times).await?;
                }
                times.cpu += cpu() - before;
            }
        }
        show(&mut ways);
        Ok(())
    }

    const HIDDEN: &[&[Adapter]] = &[
        &[],
        &[Adapter::Cgroup],
        &[Adapter::Landlock],
        &[Adapter::Seccomp],
        &[Adapter::Landlock, Adapter::Seccomp],
        &[Adapter::Namespaces],
        &[Adapter::Namespaces, Adapter::Bubblewrap],
    ];

    async fn start(way: &Way, launcher: &Launcher, room: &Path, times: &mut Times) -> Result<()> {
        let started = Instant::now();
        let first_byte = match way {
            Way::Plain => run(Command::new(PROGRAM).arg(WORD), started)?,
            Way::Wrap => {
                let mut command = Command::new("bwrap");
                command.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]);
                command.args(["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"]);
                command.args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
                command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind"]);
                command.args([room, room]).args(["--", PROGRAM, WORD]);
                run(&mut command, started)?
            }
            Way::Box(plan) => {
                let mut confined = spawn(plan, launcher, Vec::new()).await?;
                let mut byte = [0];
                confined.stdout.as_mut().ok_or("it has one")?.read_exact(&mut byte).await?;
                let first_byte = started.elapsed();
                confined.wait().await;
                first_byte
            }
        };
        times.first_byte.push(first_byte);
        times.whole.push(started.elapsed());
        Ok(())
    }

    fn run(command: &mut Command, started: Instant) -> Result<Duration> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut byte = [0];
        child.stdout.as_mut().ok_or("it has one")?.read_exact(&mut byte)?;
        let first_byte = started.elapsed();
        child.wait()?;
        Ok(first_byte)
    }

    /// Of this process and of all that it waited for, and they for theirs.
    fn cpu() -> Duration {
        let micros = |text: &str| -> u64 {
            let fields: Vec<u64> = text
                .rsplit(") ")
                .next()
                .unwrap_or_default()
                .split(' ')
                .map(|field| field.parse().unwrap_or(0))
                .collect();
            // utime, stime, cutime, cstime, in ticks of 10 ms.
            fields.get(11..15).map_or(0, |times| times.iter().sum::<u64>() * 10_000)
        };
        Duration::from_micros(micros(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default()))
    }

    fn show(ways: &mut [(String, Way, Times)]) {
        let width = ways.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        say(&format!(
            "{:width$}  first byte p50 ms   p99 ms  all gone p50 ms   p99 ms  CPU ms/start",
            "start of /bin/echo"
        ));
        for (name, _, times) in ways {
            let at = |all: &mut Vec<Duration>, part: usize| {
                all.sort();
                all[(all.len() - 1) * part / 100].as_secs_f64() * 1_000.0
            };
            let (byte, late) = (at(&mut times.first_byte, 50), at(&mut times.first_byte, 99));
            let (whole, whole_late) = (at(&mut times.whole, 50), at(&mut times.whole, 99));
            let cpu = times.cpu.as_secs_f64() * 1_000.0 / times.whole.len() as f64;
            say(&format!("{name:width$}  {byte:17.2} {late:8.2} {whole:16.2} {whole_late:8.2} {cpu:13.2}"));
        }
    }

    #[expect(clippy::print_stdout, reason = "figures are what it is for")]
    fn say(line: &str) {
        println!("{line}");
    }
}
