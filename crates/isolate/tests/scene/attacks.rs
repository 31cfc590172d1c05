//! Everything that a program could try against its surroundings, each by itself. What is said is what happened, never what was
//! expected: `open` with what came of it, or `denied` with the system's answer.

#![expect(unsafe_code, reason = "attackers call the kernel as they like")]

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::{SocketAddr, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// What there is to get, made by the test.
#[derive(Deserialize)]
struct Prey {
    /// A file that was not granted.
    secret: PathBuf,
    /// A file in OIKOS_HOME.
    oikos: PathBuf,
    /// A file in another server's home.
    neighbour: PathBuf,
    /// A folder that may be read.
    read: PathBuf,
    /// A folder that may be written.
    write: PathBuf,
    /// A socket with a name in a folder that was not granted.
    socket: PathBuf,
    /// A socket without one.
    abstract_socket: String,
    /// A TCP port of this machine, and a UDP one.
    tcp: u16,
    udp: u16,
    /// A process of the owner, with something in its environment.
    process: i32,
    /// A queue of messages, a set of semaphores and a piece of memory of the owner, by their numbers.
    queue: i64,
    semaphores: i64,
    segment: i64,
    /// Another queue, by its name.
    queue_name: String,
}

type Tried = io::Result<String>;

pub(crate) fn all(prey: &str) {
    let prey: Prey = serde_json::from_str(prey).expect("the test says what there is");
    let mut found = Map::new();
    let mut attack = |name: &str, tried: Tried| {
        let what = match tried {
            Ok(got) => json!({"open": got}),
            Err(error) => json!({"denied": error.raw_os_error().map_or(error.to_string(), |code| format!("{code}"))}),
        };
        found.insert(name.to_owned(), what);
    };
    // First: attacks leave files open.
    attack(
        "honest: its open files",
        fs::read_dir("/proc/self/fd").map(|all| {
            let mut numbers: Vec<_> = all.flatten().map(|one| one.file_name().to_string_lossy().into_owned()).collect();
            numbers.sort();
            // The last one is the folder that is being read.
            numbers.pop();
            numbers.join(" ")
        }),
    );
    files(&prey, &mut attack);
    processes(&prey, &mut attack);
    numbered(&prey, &mut attack);
    network(&prey, &mut attack);
    kernel(&mut attack);
    honest(&prey, &mut attack);
    println!("{}", Value::Object(found));
}

/// The same refused call, or the same hidden file, again and again; says how long all of it took.
pub(crate) fn flood(what: &str, count: &str) {
    let count: u64 = count.parse().expect("is a count");
    let started = std::time::Instant::now();
    for number in 0..count {
        let tried = match what {
            "keys" => call(libc::SYS_keyctl, [0; 6]).map(|_| ()),
            "files" => fs::File::open(format!("/home/ada/of/{number}")).map(|_| ()),
            "for-ever" => loop {
                drop(call(libc::SYS_keyctl, [0; 6]));
            },
            shown => fs::File::open(shown).map(|_| ()),
        };
        drop(tried);
    }
    println!("{}", started.elapsed().as_micros());
}

fn files(prey: &Prey, attack: &mut dyn FnMut(&str, Tried)) {
    attack("files: read what was not granted", fs::read_to_string(&prey.secret));
    attack("files: list its folder", list(prey.secret.parent().expect("is in a folder")));
    attack("files: read OIKOS_HOME", fs::read_to_string(&prey.oikos));
    attack("files: read another server's home", fs::read_to_string(&prey.neighbour));
    attack("files: write elsewhere", write(&prey.secret.with_file_name("new")));
    attack("files: change what was not granted", append(&prey.secret));
    attack("files: write where only reading was granted", write(&prey.read.join("new")));
    attack("files: change what may be read", append(&prey.read.join("note")));
    attack("files: remove what may be read", fs::remove_file(prey.read.join("note")).map(|()| String::new()));
    let mode = fs::Permissions::from_mode(0o777);
    attack(
        "files: change rights of what may be read",
        fs::set_permissions(prey.read.join("note"), mode).map(|()| "".into()),
    );
    let link = prey.write.join("link");
    attack("files: through a link", symlink(&prey.secret, &link).and_then(|()| fs::read_to_string(&link)));
    let hard = prey.write.join("hard");
    attack("files: by a second name", fs::hard_link(&prey.secret, &hard).and_then(|()| fs::read_to_string(&hard)));
    let upwards = prey.write.join("../..").join(prey.secret.strip_prefix("/tmp").unwrap_or(&prey.secret));
    attack("files: upwards out of a grant", fs::read_to_string(upwards));
    attack("files: the passwords of the system", fs::read_to_string("/etc/shadow"));
    for (name, place) in [("core_pattern", "/proc/sys/kernel/core_pattern"), ("sysrq", "/proc/sysrq-trigger")] {
        attack(&format!("files: write {name}"), fs::File::options().write(true).open(place).map(|_| String::new()));
    }
    for place in ["/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/vda", "/dev/sda", "/dev/fuse", "/dev/net/tun"] {
        attack(&format!("files: open {place}"), fs::File::open(place).map(|_| String::new()));
    }
    attack("files: make a device", {
        let path = format!("{}\0", prey.write.join("disk").display());
        call(libc::SYS_mknodat, [-100, path.as_ptr() as i64, i64::from(libc::S_IFBLK | 0o600), 0x0800, 0, 0])
    });
    attack("files: open what is in a program's hands", {
        // As root it sees the numbers; what counts is what is behind them.
        fs::read_dir("/proc/1/fd").and_then(|all| {
            let mut behind = all
                .flatten()
                .map(|one| fs::read_link(one.path()).or_else(|_| fs::File::open(one.path()).map(|_| one.path())));
            behind
                .find_map(Result::ok)
                .map(|what| what.display().to_string())
                .ok_or_else(|| io::Error::other("nothing opens"))
        })
    });
}

fn processes(prey: &Prey, attack: &mut dyn FnMut(&str, Tried)) {
    let number = prey.process;
    // Inside, the number may be somebody else's: what counts is whose environment comes out.
    let is_prey = |text: String| {
        if text.contains("PREY=") { Ok(text) } else { Err(io::Error::other("it is not that process")) }
    };
    let of = |what: &str| format!("/proc/{number}/{what}");
    attack("processes: read another's environment", fs::read_to_string(of("environ")).and_then(is_prey));
    attack(
        "processes: read another's words",
        fs::read_to_string(of("cmdline")).and_then(|text| {
            if text.contains("stay") { Ok(text) } else { Err(io::Error::other("it is not that process")) }
        }),
    );
    attack("processes: files through another's root", {
        fs::read_to_string(format!("/proc/{number}/root{}", prey.secret.display()))
    });
    attack(
        "processes: files through the first one's root",
        fs::read_to_string(format!("/proc/1/root{}", prey.secret.display())),
    );
    attack("processes: count those of others", {
        let numbers = fs::read_dir("/proc")
            .map(|all| all.flatten().filter(|one| one.file_name().to_string_lossy().parse::<u32>().is_ok()).count());
        numbers.and_then(|count| if count > 3 { Ok(count.to_string()) } else { Err(io::Error::other("only its own")) })
    });
    attack("processes: signal another", call(libc::SYS_kill, [i64::from(number), 0, 0, 0, 0, 0]));
    attack("processes: signal its keeper", {
        // SAFETY: getppid has no arguments and touches nothing.
        let parent = unsafe { libc::getppid() };
        call(libc::SYS_kill, [i64::from(parent), i64::from(libc::SIGKILL), 0, 0, 0, 0]).and_then(|_| {
            // To the first process of its own machine a signal can be said, and does nothing.
            std::thread::park_timeout(Duration::from_millis(20));
            Err(io::Error::other("it was said, and nothing happened"))
        })
    });
    let there = is_there(number);
    attack("processes: trace another", {
        call(libc::SYS_ptrace, [i64::from(libc::PTRACE_SEIZE), i64::from(number), 0, 0, 0, 0]).and_then(&there)
    });
    attack("processes: read another's memory", {
        let mut byte = [0_u8; 1];
        let here = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        let there = libc::iovec { iov_base: 0x0040_0000 as *mut _, iov_len: 1 };
        let at = [i64::from(number), &raw const here as i64, 1, &raw const there as i64, 1, 0];
        call(libc::SYS_process_vm_readv, at)
    });
    attack("processes: hold another", call(libc::SYS_pidfd_open, [i64::from(number), 0, 0, 0, 0, 0]).and_then(&there));
    attack("processes: memory that others find by number", {
        let found = call(libc::SYS_shmget, [0x6f69_6b6f, 1, 0, 0, 0, 0]);
        found.map(|id| format!("segment {id}"))
    });
}

/// What belongs to the owner's programs, and is found by nothing but its number.
fn numbered(prey: &Prey, attack: &mut dyn FnMut(&str, Tried)) {
    let dont_wait = i64::from(libc::IPC_NOWAIT);
    let (state, value) = (i64::from(libc::IPC_STAT), i64::from(libc::SETVAL));
    let mut room = [0_u64; 64];
    let at = room.as_mut_ptr() as i64;
    let message = [1_u64, 7];
    let raise = [libc::sembuf { sem_num: 0, sem_op: 1, sem_flg: 0 }];
    let (raise, at_once) = (raise.as_ptr() as i64, [0_i64; 2]);
    for (name, number, with) in [
        ("send to another's queue", libc::SYS_msgsnd, [prey.queue, message.as_ptr() as i64, 8, dont_wait, 0, 0]),
        ("take from another's queue", libc::SYS_msgrcv, [prey.queue, at, 8, 0, dont_wait, 0]),
        ("look at another's queue", libc::SYS_msgctl, [prey.queue, state, at, 0, 0, 0]),
        ("set another's semaphore", libc::SYS_semctl, [prey.semaphores, 0, value, 1, 0, 0]),
        ("raise another's semaphore", libc::SYS_semop, [prey.semaphores, raise, 1, 0, 0, 0]),
        (
            "raise another's semaphore in time",
            libc::SYS_semtimedop,
            [prey.semaphores, raise, 1, at_once.as_ptr() as i64, 0, 0],
        ),
        ("map another's memory", libc::SYS_shmat, [prey.segment, 0, 0, 0, 0, 0]),
        ("look at another's memory", libc::SYS_shmctl, [prey.segment, state, at, 0, 0, 0]),
    ] {
        attack(&format!("processes: {name}"), call(number, with));
    }
    let name = format!("{}\0", prey.queue_name);
    let name = name.as_ptr() as i64;
    let open = i64::from(libc::O_RDWR);
    attack("processes: open another's queue by its name", call(libc::SYS_mq_open, [name, open, 0, 0, 0, 0]));
    attack("processes: remove another's queue by its name", call(libc::SYS_mq_unlink, [name, 0, 0, 0, 0, 0]));
}

/// Whether what was reached under this number is a process of somebody else: its own it may reach.
fn is_there(number: i32) -> impl Fn(String) -> Tried {
    move |answer| {
        let own = fs::read_to_string(format!("/proc/{number}/cmdline")).is_ok_and(|words| words.contains("attack"));
        if own { Err(io::Error::other("it is its own")) } else { Ok(answer) }
    }
}

fn network(prey: &Prey, attack: &mut dyn FnMut(&str, Tried)) {
    let wait = Duration::from_millis(300);
    for host in ["127.0.0.1", "::1", "192.0.2.1", "1.1.1.1"] {
        let address = std::net::SocketAddr::new(host.parse().expect("is an address"), prey.tcp);
        attack(
            &format!("network: connect to {host}"),
            TcpStream::connect_timeout(&address, wait).map(|_| String::new()),
        );
    }
    attack("network: send to this machine", {
        UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
            socket.connect(("127.0.0.1", prey.udp))?;
            socket.send(b"prey")?;
            // Nobody is there: the next word comes back as refused.
            socket.set_read_timeout(Some(wait))?;
            match socket.recv(&mut [0; 8]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok("sent, unanswered".to_owned()),
                answer => answer.map(|_| "answered".to_owned()),
            }
        })
    });
    attack("network: send to the world", {
        UdpSocket::bind("0.0.0.0:0")
            .and_then(|socket| socket.send_to(b"prey", ("192.0.2.1", 53)))
            .map(|_| String::new())
    });
    attack("network: a socket with a name", UnixStream::connect(&prey.socket).map(|_| String::new()));
    attack("network: a socket without a name", {
        use std::os::linux::net::SocketAddrExt;
        SocketAddr::from_abstract_name(&prey.abstract_socket)
            .and_then(|address| UnixStream::connect_addr(&address))
            .map(|_| String::new())
    });
    attack("network: a datagram from a pair to a name", {
        let mut ends = [0_i32; 2];
        let pair = [i64::from(libc::AF_UNIX), i64::from(libc::SOCK_DGRAM), 0, ends.as_mut_ptr() as i64, 0, 0];
        call(libc::SYS_socketpair, pair).and_then(|_| {
            // SAFETY: all zero is an address; its family and path are set below.
            let mut to: libc::sockaddr_un = unsafe { std::mem::zeroed() };
            to.sun_family = libc::AF_UNIX as libc::sa_family_t;
            for (place, byte) in
                to.sun_path.iter_mut().zip(prey.socket.with_extension("dgram").to_string_lossy().bytes())
            {
                *place = byte as libc::c_char;
            }
            let size = std::mem::size_of_val(&to) as i64;
            call(libc::SYS_sendto, [i64::from(ends[0]), b"prey".as_ptr() as i64, 4, 0, &raw const to as i64, size])
        })
    });
    for (name, family, kind) in [
        ("packets", libc::AF_PACKET, libc::SOCK_RAW),
        ("raw", libc::AF_INET, libc::SOCK_RAW),
        ("virtual machines'", libc::AF_VSOCK, libc::SOCK_STREAM),
        ("the kernel's ciphers'", libc::AF_ALG, libc::SOCK_SEQPACKET),
        ("bluetooth", libc::AF_BLUETOOTH, libc::SOCK_RAW),
    ] {
        let socket = call(libc::SYS_socket, [i64::from(family), i64::from(kind), 0, 0, 0, 0]);
        attack(&format!("network: {name} sockets"), socket);
    }
    attack("network: netlink beyond addresses", {
        call(
            libc::SYS_socket,
            [i64::from(libc::AF_NETLINK), i64::from(libc::SOCK_RAW), i64::from(libc::NETLINK_NETFILTER), 0, 0, 0],
        )
    });
}

fn kernel(attack: &mut dyn FnMut(&str, Tried)) {
    let nothing = c"none".as_ptr() as i64;
    let at = c"/tmp".as_ptr() as i64;
    let tmpfs = c"tmpfs".as_ptr() as i64;
    attack("kernel: mount", call(libc::SYS_mount, [nothing, at, tmpfs, 0, 0, 0]));
    attack("kernel: mount over the root", {
        let again = libc::MS_REMOUNT | libc::MS_BIND;
        call(libc::SYS_mount, [nothing, c"/".as_ptr() as i64, tmpfs, again as i64, 0, 0])
    });
    attack(
        "kernel: unmount",
        call(libc::SYS_umount2, [c"/usr".as_ptr() as i64, i64::from(libc::MNT_DETACH), 0, 0, 0, 0]),
    );
    attack("kernel: change the root", call(libc::SYS_chroot, [at, 0, 0, 0, 0, 0]));
    attack("kernel: a new file system", call(libc::SYS_fsopen, [tmpfs, 0, 0, 0, 0, 0]));
    attack("kernel: another's namespace", {
        fs::File::open("/proc/1/ns/net").and_then(|file| {
            use std::os::fd::AsRawFd;
            call(libc::SYS_setns, [i64::from(file.as_raw_fd()), 0, 0, 0, 0, 0])
        })
    });
    // In processes of their own: what works changes the one that did it.
    attack(
        "kernel: a user namespace",
        apart(|| call(libc::SYS_unshare, [i64::from(libc::CLONE_NEWUSER), 0, 0, 0, 0, 0])),
    );
    attack("kernel: a user namespace by clone", {
        apart(|| call(libc::SYS_clone, [i64::from(libc::CLONE_NEWUSER | libc::SIGCHLD), 0, 0, 0, 0, 0]))
    });
    attack("kernel: a user namespace by clone3", {
        apart(|| {
            let words = [libc::CLONE_NEWUSER as u64, 0, 0, 0, libc::SIGCHLD as u64, 0, 0, 0, 0, 0, 0];
            call(libc::SYS_clone3, [words.as_ptr() as i64, std::mem::size_of_val(&words) as i64, 0, 0, 0, 0])
        })
    });
    attack("kernel: keys of the session", {
        let mut text = [0_u8; 256];
        const DESCRIBE: i64 = 6;
        const READ: i64 = 11;
        const SEARCH: i64 = 10;
        const SESSION: i64 = -3;
        let key = call(
            libc::SYS_keyctl,
            [SEARCH, SESSION, c"user".as_ptr() as i64, c"oikos-test-prey".as_ptr() as i64, 0, 0],
        );
        key.and_then(|key| {
            let key: i64 = key.parse().map_err(io::Error::other)?;
            call(libc::SYS_keyctl, [DESCRIBE, key, text.as_mut_ptr() as i64, 256, 0, 0])?;
            call(libc::SYS_keyctl, [READ, key, text.as_mut_ptr() as i64, 256, 0, 0])
        })
    });
    attack("kernel: new keys", {
        let (kind, name) = (c"user".as_ptr() as i64, c"left-behind".as_ptr() as i64);
        call(libc::SYS_add_key, [kind, name, b"x".as_ptr() as i64, 1, -4, 0])
    });
    attack("kernel: io_uring", {
        let mut parameters = [0_u8; 120];
        call(libc::SYS_io_uring_setup, [1, parameters.as_mut_ptr() as i64, 0, 0, 0, 0])
    });
    attack("kernel: bpf", {
        let words = [2_u32, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        call(libc::SYS_bpf, [0, words.as_ptr() as i64, std::mem::size_of_val(&words) as i64, 0, 0, 0])
    });
    attack("kernel: userfaultfd", call(libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]));
    attack("kernel: performance counters", {
        let mut words = [0_u64; 16];
        words[0] = 1 | (128 << 32);
        call(libc::SYS_perf_event_open, [words.as_ptr() as i64, 0, -1, -1, 0, 0])
    });
    attack("kernel: modules", call(libc::SYS_finit_module, [0, c"".as_ptr() as i64, 0, 0, 0, 0]));
    attack("kernel: another kernel", call(libc::SYS_kexec_load, [0, 0, 0, 0, 0, 0]));
    attack("kernel: restart", call(libc::SYS_reboot, [0xfee1_dead_u32 as i64, 672_274_793, 0, 0, 0, 0]));
    attack("kernel: its log", call(libc::SYS_syslog, [10, 0, 0, 0, 0, 0]));
    attack("kernel: the clock", {
        let now = [0_i64; 2];
        call(libc::SYS_clock_settime, [i64::from(libc::CLOCK_REALTIME), now.as_ptr() as i64 | 1, 0, 0, 0, 0])
    });
    attack("kernel: the machine's name", call(libc::SYS_sethostname, [c"prey".as_ptr() as i64, 4, 0, 0, 0, 0]));
    attack("kernel: old execution domains", call(libc::SYS_personality, [0x0040_0000, 0, 0, 0, 0, 0]));
    attack(
        "kernel: type into the terminal",
        call(libc::SYS_ioctl, [0, libc::TIOCSTI as i64, c"x".as_ptr() as i64, 0, 0, 0]),
    );
    attack("kernel: another user", apart(|| call(libc::SYS_setresuid, [12_345, 12_345, 12_345, 0, 0, 0])));
    attack("kernel: rights of its own", {
        let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let held = text.lines().find(|line| {
            ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"].iter().any(|name| line.starts_with(name))
                && !line.ends_with("0000000000000000")
        });
        held.map(str::to_owned).ok_or_else(|| io::Error::other(if text.is_empty() { "cannot be read" } else { "none" }))
    });
    attack("kernel: new rights by a program", {
        let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("NoNewPrivs:")).unwrap_or("NoNewPrivs:\t1");
        if line.ends_with('1') { Err(io::Error::other("none")) } else { Ok(line.to_owned()) }
    });
}

/// What an honest program does: each of these has to be open.
fn honest(prey: &Prey, attack: &mut dyn FnMut(&str, Tried)) {
    attack("honest: read a granted file", fs::read_to_string(prey.read.join("note")));
    attack("honest: list a granted folder", list(&prey.read));
    attack(
        "honest: write in a granted folder",
        write(&prey.write.join("new")).and_then(|_| fs::read_to_string(prey.write.join("new"))),
    );
    attack("honest: move within a granted folder", {
        fs::create_dir_all(prey.write.join("deep"))
            .and_then(|()| fs::rename(prey.write.join("new"), prey.write.join("deep/old")))
            .map(|()| String::new())
    });
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let temporary = PathBuf::from(std::env::var_os("TMPDIR").unwrap_or_default());
    attack("honest: write at home", write(&home.join("mine")));
    attack("honest: write for a moment", write(&temporary.join("mine")));
    attack("honest: stay where it was started", std::env::current_dir().map(|path| path.display().to_string()));
    attack("honest: random numbers", {
        let mut bytes = [0; 8];
        fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map(|()| String::new())
    });
    attack(
        "honest: write to nothing",
        fs::File::options()
            .write(true)
            .open("/dev/null")
            .and_then(|mut file| file.write_all(b"x"))
            .map(|()| String::new()),
    );
    attack("honest: start a program of the system", {
        Command::new("/bin/sh").args(["-c", "echo from inside"]).stdin(Stdio::null()).output().and_then(|said| {
            if said.stdout == b"from inside\n" { Ok(String::new()) } else { Err(io::Error::other(format!("{said:?}"))) }
        })
    });
    attack("honest: start itself", {
        std::env::current_exe().and_then(|itself| {
            let status = Command::new(itself).args(["code", "7"]).status()?;
            if status.code() == Some(7) { Ok(String::new()) } else { Err(io::Error::other(status.to_string())) }
        })
    });
    attack("honest: threads", {
        let all: Vec<_> = (0..4).map(|number| std::thread::Builder::new().spawn(move || number)).collect();
        all.into_iter().try_fold(0, |sum, thread| Ok(sum + thread?.join().unwrap_or(0))).map(|sum| sum.to_string())
    });
    attack("honest: talk to a child", UnixStream::pair().map(|_| String::new()));
    attack("honest: listen on its own machine", {
        TcpListener::bind("127.0.0.1:0").and_then(|listener| {
            let address = listener.local_addr()?;
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).map(|_| String::new())
        })
    });
    attack("honest: who it is", fs::read_to_string("/proc/self/cmdline"));
    let mut names: Vec<_> = std::env::vars().map(|(name, _)| name).collect();
    names.sort();
    attack("honest: its environment", Ok(names.join(" ")));
}

fn list(folder: &Path) -> Tried {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.join(" "))
}

fn write(path: &Path) -> Tried {
    fs::write(path, "mine").map(|()| String::new())
}

fn append(path: &Path) -> Tried {
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(b"changed"))
        .map(|()| String::new())
}

/// A system call by its number.
fn call(number: i64, with: [i64; 6]) -> Tried {
    // SAFETY: none is claimed. This is an attack: if the kernel lets it through, this process is what it harms.
    let answer = unsafe { libc::syscall(number, with[0], with[1], with[2], with[3], with[4], with[5]) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(answer.to_string()) }
}

/// The same in a process of its own, whose code says whether it was let.
fn apart(attack: impl FnOnce() -> Tried) -> Tried {
    // SAFETY: this process has one thread here; the child only makes system calls and ends.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let code = match attack() {
                Ok(_) => 0,
                Err(error) => error.raw_os_error().unwrap_or(255),
            };
            // SAFETY: ends this process at once.
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child and writes to a number of ours.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            match libc::WEXITSTATUS(status) {
                0 if libc::WIFEXITED(status) => Ok(String::new()),
                code => Err(io::Error::from_raw_os_error(code)),
            }
        }
    }
}
