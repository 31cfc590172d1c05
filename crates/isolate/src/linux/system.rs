//! What every program finds, whoever it belongs to: the system's own files, some of `/etc`, a few devices. Nothing of it is
//! anybody's. Pure.

/// Where the system keeps its programs. Where one of them is a link (`/bin` to `usr/bin`), the link is made again.
pub(crate) const PROGRAMS: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

/// What programs read of `/etc` to be what they are: where libraries lie, whom certificates may come from, what time it is.
/// Neither the names of users nor addresses nor anything that an administrator wrote about this machine.
pub(crate) const SETTINGS: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/terminfo",
    "/etc/timezone",
];

/// Devices that hold nothing, and whether they are written too.
pub(crate) const DEVICES: &[(&str, bool)] =
    &[("/dev/null", true), ("/dev/zero", true), ("/dev/full", true), ("/dev/random", false), ("/dev/urandom", false)];

/// What of `/proc` tells about the machine what programs ask at their start, where the rest of it is closed.
pub(crate) const MACHINE_FILES: &[&str] =
    &["/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/sys/vm/overcommit_memory"];

/// What of a fresh `/proc` is about others than the processes in it. Most is closed to who has no rights anyway; with these
/// nothing is left to chance.
pub(crate) const PROC_COVERED: &[&str] = &[
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/slabinfo",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
    "/proc/vmallocinfo",
];

/// Room for what a program keeps in `/tmp` and `/dev/shm` of a machine of its own. It is memory, and bounded as such where
/// there is a control group; elsewhere this is the bound.
pub(crate) const SCRATCH_BYTES_MAX: u64 = 64 << 20;

/// What stands in `/etc` of a machine of its own: one user, no host, no resolver.
pub(crate) fn made_settings(user: u32, group: u32, home: &str) -> [(&'static str, String); 6] {
    [
        ("/etc/passwd", format!("app:x:{user}:{group}::{home}:/usr/sbin/nologin\n")),
        ("/etc/group", format!("app:x:{group}:\n")),
        ("/etc/hosts", "127.0.0.1 localhost\n".to_owned()),
        ("/etc/hostname", format!("{HOST_NAME}\n")),
        ("/etc/resolv.conf", String::new()),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
    ]
}

/// What a machine of its own is called.
pub(crate) const HOST_NAME: &str = "oikos";

/// Where programs are looked for that a program starts, if its policy says nothing else.
pub(crate) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
