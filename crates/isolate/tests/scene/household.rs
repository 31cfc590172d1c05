//! Programs that stay, and a household that keeps many of them, to be killed.

use isolate::{Abilities, Adapter, Bounds, Ended, Launcher, Policy, plan, spawn};
use std::{
    io::{BufRead, Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    time::Duration,
};
use tokio::io::AsyncReadExt;

/// Two processes that would stay for ever, the second of which nobody waits for.
pub(crate) fn stay() {
    if let Ok(itself) = std::env::current_exe()
        && std::env::var_os("ALONE").is_none()
    {
        // Detached as far as it goes: a child of its own, with nothing of its parent's.
        let marker = std::env::var("MARKER").unwrap_or_default();
        drop(Command::new(itself).args(["stay"]).env("ALONE", "1").env("MARKER", marker).spawn());
    }
    println!("stays");
    loop {
        std::thread::park_timeout(Duration::from_secs(3600));
    }
}

/// Says again what it hears, until there is an end of it.
pub(crate) fn echo() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        println!("{line}");
    }
    println!("the end");
}

/// Asks whoever is the proxy, and says what it answered.
pub(crate) fn ask_proxy(port: &str) {
    let port: u16 = port.parse().expect("is a port");
    let mut answer = String::new();
    match TcpStream::connect(("127.0.0.1", port)) {
        Ok(mut stream) => {
            let asked = stream.write_all(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n");
            let read = asked.and_then(|()| stream.read_to_string(&mut answer));
            println!("{}", read.map_or_else(|error| error.to_string(), |_| answer));
        }
        Err(error) => println!("{error}"),
    }
}

/// Starts and ends one after the other, and says after each how large this process is and how many files it has open.
pub(crate) fn cycles(words: &[&str]) {
    let [helper, room, count] = words else { return };
    let count: usize = count.parse().expect("is a count");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        let launcher = Launcher::new(*helper, [] as [&str; 0]);
        let room = Path::new(room);
        let abilities = Abilities::probe(&launcher, room).await.expect("can be found out");
        let program = std::env::current_exe().expect("is a program");
        let mut policy = Policy::new(&program, room);
        policy.arguments = vec!["echo".into()];
        policy.read = vec![program];
        let plan = plan(&policy, &abilities).expect("can be kept");
        for cycle in 0..count {
            let mut confined = spawn(&plan, &launcher, Vec::new()).await.expect("starts");
            if cycle % 2 == 0 {
                confined.stdin = None;
                let mut text = String::new();
                confined.stdout.take().expect("once").read_to_string(&mut text).await.expect("it speaks");
                assert_eq!((&*text, confined.wait().await), ("the end\n", Ended::Exit { code: 0 }));
            } else {
                assert_eq!(confined.kill().await, Ended::Stopped);
            }
            drop(confined);
            let text = std::fs::read_to_string("/proc/self/status").expect("is there");
            let resident = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("is there");
            let files = std::fs::read_dir("/proc/self/fd").expect("is there").count();
            println!("{} {files}", resident.trim().trim_end_matches(" kB"));
        }
    });
}

/// Starts as many as it is told, says so, and waits to be killed.
pub(crate) fn keep(words: &[&str]) {
    let [helper, room, count, base] = words else { return };
    let count: usize = count.parse().expect("is a count");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        let launcher = Launcher::new(*helper, [] as [&str; 0]);
        let room = Path::new(room);
        let mut abilities = Abilities::probe(&launcher, room).await.expect("can be found out");
        for adapter in Adapter::ALL.iter().filter(|adapter| base.split(',').any(|hidden| hidden == adapter.name())) {
            abilities = abilities.without(*adapter);
        }
        let mut all = Vec::new();
        for number in 0..count {
            let home = room.join(format!("home-{number}"));
            std::fs::create_dir_all(&home).expect("a home");
            let program = std::env::current_exe().expect("is a program");
            let mut policy = Policy::new(&program, &home);
            policy.arguments = vec!["stay".into()];
            policy.read = vec![program];
            policy.bounds = Bounds { memory_bytes_max: 64 << 20, processes_max: 8, ..Bounds::default() };
            let plan = plan(&policy, &abilities).expect("can be kept");
            all.push(spawn(&plan, &launcher, Vec::new()).await.expect("starts"));
        }
        println!("all run");
        std::future::pending::<()>().await;
        drop(all);
    });
}
