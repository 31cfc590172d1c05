//! `docker run`: which image, and what its flags would give it of this machine.
//!
//! A container is started by a service with all rights, outside of every box that oikos makes: none of the four facts would
//! be ours to keep. So a container is never taken over as an app; what is told is the line as its owner can start it
//! themselves, checked, with the digest of the image in it.

use super::{
    image::Image,
    launch::{OPEN, Resolve, flag_refused, flag_unknown},
    notice::{Notice, quote},
    secret::{Hidden, is_secret_name, is_secret_value},
    variable::{Expanded, Piece},
};
use protocol::{Digest, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// What stands for a word that is not shown: a secret, or what nobody has answered.
const UNSHOWN: &str = "•••";
/// A value that is shorter is found in every word.
const SECRET_BYTES_MIN: usize = 6;

/// What a line starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    /// The image as it is asked for.
    pub image: String,
    /// Folders of this machine that it would see, and whether it may write there.
    pub folders: Vec<(String, bool)>,
    /// The program that would start it.
    #[serde(skip)]
    pub(crate) engine: String,
    /// Variables that the line sets, with a value that may be shown, and those that it takes from the environment.
    #[serde(skip)]
    pub(crate) variables: Vec<(String, Option<String>)>,
    /// What is said to the program in it, as far as it may be shown.
    #[serde(skip)]
    pub(crate) words: Vec<String>,
    /// It has a network.
    pub has_network: bool,
    /// Flags that are kept when the line is made anew, in their order, without variables.
    pub flags: Vec<String>,
}

impl Container {
    /// What has to be found out: which bytes the image is.
    pub(crate) fn resolve(&self) -> Resolve {
        Resolve::Image { reference: self.image.clone() }
    }

    /// The image as its registry knows it.
    pub fn image(&self) -> Result<Image, Notice> {
        Image::read(&self.image)
    }

    /// Whose walls it would be in.
    pub(crate) fn keeper(&self) -> String {
        match self.engine.as_str() {
            "podman" => "podman itself, which makes its own walls and cannot do so within ours".to_owned(),
            engine => format!("{engine}'s own service, which is root on this machine"),
        }
    }

    /// Keeps what is said to its program, without secrets.
    pub(crate) fn say(&mut self, words: &[Expanded], environment: &BTreeMap<String, Hidden>) {
        let is_given = |word: &str| {
            let secrets = environment.iter().filter(|(name, _)| is_secret_name(name)).map(|(_, value)| value.expose());
            secrets.filter(|secret| secret.len() >= SECRET_BYTES_MIN).any(|secret| word.contains(secret))
        };
        let mut follows_name = false;
        for word in words {
            let whole = match word.pieces.as_slice() {
                [] => Some(""),
                [Piece::Text(text)] => Some(text.expose()),
                _ => None,
            };
            let shown = whole.filter(|&word| !follows_name && !is_secret_word(word) && !is_given(word));
            self.words.push(shown.unwrap_or(UNSHOWN).to_owned());
            follows_name = whole.is_some_and(|word| word.starts_with('-') && is_secret_name(word));
        }
    }

    /// The line that starts just these bytes: for its owner, in a shell of theirs. Secrets come from the environment, or are
    /// left out.
    pub fn line(&self, image: &Image, digest: Digest) -> String {
        let mut words = vec![self.engine.clone(), "run".to_owned()];
        words
            .extend(self.flags.iter().map(|word| if is_secret_word(word) { UNSHOWN.to_owned() } else { word.clone() }));
        for (name, value) in &self.variables {
            let said = value.as_ref().map(|value| format!("{name}={value}"));
            words.extend(["-e".to_owned(), said.unwrap_or_else(|| name.clone())]);
        }
        words.push(image.pinned(digest));
        words.extend(self.words.iter().cloned());
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }

    /// Whether something of the line is for its owner to put in.
    pub(crate) fn has_unshown(&self) -> bool {
        self.words.iter().any(|word| word == UNSHOWN) || self.flags.iter().any(|word| is_secret_word(word))
    }
}

/// Whether a word is a secret, or has one behind its `=`.
fn is_secret_word(word: &str) -> bool {
    is_secret_value(word)
        || word.split_once('=').is_some_and(|(name, value)| is_secret_name(name) || is_secret_value(value))
}

/// A word as a shell takes it, and never with a deceptive character.
fn shell_word(word: &str) -> String {
    let word = text::escape(word);
    let is_plain = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "/._-+@%:=,•".contains(c));
    if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Flags without a value.
const PLAIN: [&str; 8] = ["-i", "--interactive", "--rm", "--init", "--read-only", "-q", "--quiet", "--no-healthcheck"];
/// Flags with a value that gives nothing of this machine away.
const HARMLESS: [&str; 19] = [
    "--name",
    "-l",
    "--label",
    "-m",
    "--memory",
    "--memory-swap",
    "--cpus",
    "--pids-limit",
    "--platform",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--cap-drop",
    "--tmpfs",
    "-h",
    "--hostname",
    "--shm-size",
    "--stop-timeout",
];
/// Flags that take the walls down, and which.
const REFUSED: [(&str, &str); 22] = [
    ("--privileged", "it would have all rights on this machine"),
    ("--cap-add", "it would have more rights than a container has"),
    ("--device", "it would have a device of this machine"),
    ("--device-cgroup-rule", "it would have devices of this machine"),
    ("--pid", "it would see other programs"),
    ("--ipc", "it would share memory with other programs"),
    ("--uts", "it would not have a name of its own"),
    ("--userns", "its users would be those of this machine"),
    ("--cgroupns", "it would see the limits of others"),
    ("--volumes-from", "it would have the folders of another container"),
    ("--volume-driver", "its folders would come from elsewhere"),
    ("--add-host", "it would take other names for hosts than the rest"),
    ("--dns", "it would ask another for names"),
    ("-d", "it would not speak over its standard streams"),
    ("--detach", "it would not speak over its standard streams"),
    ("--env-file", "what it holds can change, and secrets belong in the vault"),
    ("--restart", "it would start again by itself"),
    ("-p", "it would open a port of this machine"),
    ("--publish", "it would open a port of this machine"),
    ("-P", "it would open ports of this machine"),
    ("--gpus", "it would have the graphics processor"),
    ("--runtime", "another program than the usual would start it"),
];
/// Folders of which nothing may be handed to a container.
const FORBIDDEN: [&str; 13] = [
    "/etc", "/proc", "/sys", "/dev", "/boot", "/root", "/run", "/var/run", "/var/lib", "/usr", "/bin", "/lib", "/sbin",
];

/// Reads what follows `run`.
pub(crate) fn read_container(engine: &str, args: &[&str], start: usize) -> Result<(Container, usize), Notice> {
    let mut container = Container {
        image: String::new(),
        folders: Vec::new(),
        engine: engine.to_owned(),
        variables: Vec::new(),
        words: Vec::new(),
        has_network: true,
        flags: Vec::new(),
    };
    let mut at = start;
    while let Some(arg) = args.get(at).copied() {
        if !arg.starts_with('-') {
            break;
        }
        // `-it` is `-i -t`; a terminal is no standard stream.
        if matches!(arg, "-it" | "-ti" | "-t" | "--tty") {
            if arg.contains('i') {
                container.flags.push("-i".to_owned());
            }
            at += 1;
            continue;
        }
        let (flag, value) = match arg.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (arg, None),
        };
        if PLAIN.contains(&arg) {
            container.flags.push(arg.to_owned());
            at += 1;
            continue;
        }
        if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == flag) {
            return Err(flag_refused("docker", flag, why));
        }
        let value_at = if value.is_some() { at } else { at + 1 };
        let Some(value) = value.or_else(|| args.get(value_at).copied()) else {
            return Err(flag_refused("docker", flag, "it has no value"));
        };
        if value.contains(OPEN) && !matches!(flag, "-e" | "--env") {
            return Err(flag_refused("docker", flag, "its value is only known when you are asked for it"));
        }
        match flag {
            "-e" | "--env" => match value.split_once('=') {
                Some((name, said)) => {
                    let is_shown = !is_secret_name(name) && !is_secret_value(said) && !said.contains(OPEN);
                    container.variables.push((name.to_owned(), is_shown.then(|| said.to_owned())));
                }
                None => container.variables.push((value.to_owned(), None)),
            },
            "-v" | "--volume" => container.volume(value)?,
            "--mount" => container.mount(value)?,
            "--network" | "--net" => {
                if value == "host" || value.starts_with("container:") {
                    return Err(flag_refused("docker", flag, "it would be on this machine's own network"));
                }
                container.has_network = value != "none";
                container.keep(flag, value);
            }
            "--security-opt" if value.starts_with("no-new-privileges") => container.keep(flag, value),
            "--security-opt" => return Err(flag_refused("docker", flag, "it would take walls down")),
            "--pull" => {}
            "--entrypoint" => {
                return Err(flag_refused(
                    "docker",
                    flag,
                    "another program of the image would be run than its author says",
                ));
            }
            _ if HARMLESS.contains(&flag) => container.keep(flag, value),
            _ => return Err(flag_unknown("docker", flag)),
        }
        at = value_at + 1;
    }
    let Some(image) = args.get(at) else {
        return Err(Notice::new("image_missing", "no image is named"));
    };
    if !is_image(image) {
        return Err(Notice::new("image_refused", format!("{} is no name of an image", quote(image))));
    }
    container.image = (*image).to_owned();
    Ok((container, at + 1))
}

fn is_image(word: &str) -> bool {
    (1..=255).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b))
}

impl Container {
    fn keep(&mut self, flag: &str, value: &str) {
        self.flags.push(flag.to_owned());
        self.flags.push(value.to_owned());
    }

    /// `SOURCE:TARGET[:OPTIONS]`. Windows' drives have a colon of their own.
    fn volume(&mut self, value: &str) -> Result<(), Notice> {
        let is_drive = value.starts_with(|c: char| c.is_ascii_alphabetic())
            && value.get(1..3).is_some_and(|rest| rest == ":\\" || rest == ":/");
        let drive = if is_drive { 2 } else { 0 };
        let Some(end) = value[drive..].find(':').map(|end| end + drive) else {
            return Err(flag_refused("docker", "-v", "it does not say where the folder is put"));
        };
        let is_read_only =
            value.rsplit(':').next().is_some_and(|options| options.split(',').any(|option| option == "ro"));
        self.folder(&value[..end], is_read_only)?;
        self.keep("-v", value);
        Ok(())
    }

    fn mount(&mut self, value: &str) -> Result<(), Notice> {
        let part = |names: &[&str]| {
            value
                .split(',')
                .find_map(|part| part.split_once('=').filter(|(name, _)| names.contains(name)).map(|(_, value)| value))
        };
        match part(&["type"]) {
            Some("bind") => {}
            Some("volume" | "tmpfs") => {
                self.keep("--mount", value);
                return Ok(());
            }
            _ => return Err(flag_refused("docker", "--mount", "only folders, volumes and memory are put into it")),
        }
        let Some(source) = part(&["source", "src"]) else {
            return Err(flag_refused("docker", "--mount", "it does not say which folder"));
        };
        let is_read_only = value.split(',').any(|part| matches!(part, "readonly" | "ro" | "readonly=true" | "ro=true"));
        self.folder(source, is_read_only)?;
        self.keep("--mount", value);
        Ok(())
    }

    fn folder(&mut self, source: &str, is_read_only: bool) -> Result<(), Notice> {
        let is_path = source.starts_with(['/', '.', '~', '\\', '$']) || source.get(1..2) == Some(":");
        if !is_path {
            return Ok(()); // a volume of docker's own
        }
        let clean = source.trim_end_matches('/');
        let is_below = |folder: &str| clean == folder || clean.starts_with(&format!("{folder}/"));
        if clean.is_empty()
            || clean.split('/').any(|part| part == "..")
            || clean.ends_with(".sock")
            || FORBIDDEN.iter().any(|folder| is_below(folder))
        {
            return Err(flag_refused("docker", "-v", "the folder is one that no container may have"));
        }
        if protocol::is_wide_folder(source) {
            return Err(flag_refused("docker", "-v", "the folder holds far more than one server needs"));
        }
        self.folders.push((source.to_owned(), !is_read_only));
        Ok(())
    }
}
