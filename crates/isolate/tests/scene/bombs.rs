//! Programs that take more than they may. Each takes until it is stopped, or tells how far it came; all have an end of their own,
//! so that a bound that does not hold fails a test and not a machine.

#![expect(unsafe_code, reason = "attackers call the kernel as they like")]

use std::{
    fs,
    hint::black_box,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

/// Where a bomb without a bound stops by itself.
const BYTES_END: usize = 1 << 30;
const STEP: usize = 8 << 20;
const PROCESSES_END: usize = 2_000;

pub(crate) fn set_off(kind: &str) {
    let got = match kind {
        "memory" => memory(),
        "memory-of-many" => memory_of_many(),
        "memory-of-nobody" => memory_of_nobody(),
        "memory-shared" => memory_shared(),
        "scratch" => scratch("/tmp"),
        "scratch-shared" => scratch("/dev/shm"),
        "root" => scratch("/"),
        "processes" => processes(),
        "threads" => threads(),
        "processor" => processor(),
        "file" => file(),
        "files" => files(),
        "memory-part" => return part(),
        "second-way" => second_way(),
        _ => "no such bomb".to_owned(),
    };
    println!("{got}");
}

/// Takes memory and writes to it, as much as it gets.
fn take(bytes_end: usize) -> usize {
    (take_and_keep(bytes_end).len() * STEP) >> 20
}

fn take_and_keep(bytes_end: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    while all.len() * STEP < bytes_end {
        let mut more = Vec::new();
        if more.try_reserve_exact(STEP).is_err() {
            break;
        }
        more.resize(STEP, 1);
        all.push(black_box(more));
    }
    all
}

fn memory() -> String {
    format!("{} MiB", take(BYTES_END))
}

/// Each of its children takes a part, and keeps it.
fn memory_of_many() -> String {
    let itself = std::env::current_exe().expect("is a program");
    let part =
        || Command::new(&itself).args(["bomb", "memory-part"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut children: Vec<_> = (0..16).filter_map(|_| part().ok()).collect();
    // Each says that it has its part, or ends; then all that have it still have it.
    for child in &mut children {
        child.stdout.as_mut().and_then(|stdout| stdout.read(&mut [0; 1]).ok());
    }
    let kept = children.iter_mut().filter_map(|child| child.try_wait().ok()).filter(Option::is_none).count();
    for mut child in children {
        drop(child.stdin.take());
        drop(child.wait());
    }
    format!("{kept} children kept 40 MiB each")
}

fn memory_of_nobody() -> String {
    // SAFETY: makes a file in memory; its name is a C string.
    let number = unsafe { libc::memfd_create(c"bomb".as_ptr(), 0) };
    if number == -1 {
        return "refused".to_owned();
    }
    // SAFETY: the number was just made, and is nobody else's.
    let mut file = unsafe { <fs::File as std::os::fd::FromRawFd>::from_raw_fd(number) };
    fill(&mut file)
}

fn memory_shared() -> String {
    // SAFETY: maps new memory, which nobody else has.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            BYTES_END,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return "refused".to_owned();
    }
    for place in (0..BYTES_END).step_by(4096) {
        // SAFETY: within what was mapped.
        unsafe { memory.cast::<u8>().add(place).write_volatile(1) };
    }
    format!("{} MiB", BYTES_END >> 20)
}

fn scratch(folder: &str) -> String {
    match fs::File::create(PathBuf::from(folder).join("bomb")) {
        Ok(mut file) => fill(&mut file),
        Err(_) => "refused".to_owned(),
    }
}

fn fill(file: &mut fs::File) -> String {
    let block = vec![1; STEP];
    let mut sum = 0;
    while sum < BYTES_END && file.write_all(&block).is_ok() {
        sum += STEP;
    }
    format!("{} MiB", sum >> 20)
}

fn processes() -> String {
    let mut count = 0;
    while count < PROCESSES_END {
        // SAFETY: one thread; the child only sleeps and ends.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: waits, then ends this process.
                unsafe {
                    libc::sleep(60);
                    libc::_exit(0)
                }
            }
            -1 => break,
            _ => count += 1,
        }
    }
    format!("{count} processes")
}

fn threads() -> String {
    let mut count = 0;
    while count < PROCESSES_END {
        let sleep = || std::thread::park_timeout(Duration::from_secs(60));
        match std::thread::Builder::new().stack_size(64 << 10).spawn(sleep) {
            Ok(_) => count += 1,
            Err(_) => break,
        }
    }
    format!("{count} threads")
}

fn processor() -> String {
    let mut number = 1_u64;
    for step in 0..60_000_000_000_u64 {
        number = black_box(number.wrapping_mul(31).wrapping_add(step));
    }
    number.to_string()
}

fn file() -> String {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    match fs::File::create(home.join("bomb")) {
        Ok(mut file) => fill(&mut file),
        Err(error) => error.to_string(),
    }
}

fn files() -> String {
    let all: Vec<_> = (0..PROCESSES_END).map_while(|_| fs::File::open("/dev/null").ok()).collect();
    format!("{} files", all.len())
}

/// The kernel's other way in: getpid by its x32 number.
fn second_way() -> String {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: getpid, by whatever number, touches nothing.
    let answer = unsafe { libc::syscall(0x4000_0000 | libc::SYS_getpid) };
    #[cfg(not(target_arch = "x86_64"))]
    let answer = -1;
    format!("answered {answer}")
}

/// What one of the children of [`memory_of_many`] does.
fn part() {
    let _kept = take_and_keep(40 << 20);
    println!("has it");
    std::io::stdin().read_exact(&mut [0; 1]).ok();
}
