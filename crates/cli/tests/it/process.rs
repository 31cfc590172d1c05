//! A command that is under way: what it has said so far, at a pipe or at a terminal.

use crate::kit::{Oikos, Said};
use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Instant,
};
use testkit::{wait_until, wait_until_some};

type Heard = Arc<Mutex<Vec<u8>>>;

/// A command under way. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    out: Heard,
    err: Heard,
    listeners: Vec<JoinHandle<()>>,
    /// The other side of its terminal, if it has one.
    keyboard: Option<File>,
}

impl Process {
    /// A command of a script: nobody is there.
    pub(crate) fn start(oikos: &Oikos, words: &[&str]) -> Self {
        Self::start_as(oikos.command(words))
    }

    /// The same in other surroundings.
    pub(crate) fn start_as(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (Heard::default(), Heard::default());
        let listeners = vec![listen(child.stdout.take().unwrap(), &out), listen(child.stderr.take().unwrap(), &err)];
        Self { child, out, err, listeners, keyboard: None }
    }

    /// A command whose words nobody takes: whoever started it has gone.
    pub(crate) fn start_unheard(oikos: &Oikos, words: &[&str]) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = oikos.command(words).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (Heard::default(), Heard::default());
        let listeners = vec![listen(child.stderr.take().unwrap(), &err)];
        Self { child, out, err, listeners, keyboard: None }
    }

    /// A command at a terminal of its own, with a person in front of it.
    pub(crate) fn at_terminal(oikos: &Oikos, words: &[&str]) -> Self {
        Self::at_terminal_as(oikos.command(words))
    }

    /// The same in other surroundings.
    pub(crate) fn at_terminal_as(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let stdio = || Stdio::from(terminal.try_clone().unwrap());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
        let master = File::from(master);
        let heard = Heard::default();
        let listeners = vec![listen(master.try_clone().unwrap(), &heard)];
        Self { child, out: heard.clone(), err: heard, listeners, keyboard: Some(master) }
    }

    /// Waits until it has said this.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(&format!("{text:?}; it said: {}{}", self.out(), self.err()), || {
            self.out().contains(text) || self.err().contains(text)
        });
    }

    /// Types a line at its terminal.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.keyboard.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn out(&self) -> String {
        text(&self.out)
    }

    fn err(&self) -> String {
        text(&self.err)
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// As Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    }

    /// It stands still, and answers nobody.
    pub(crate) fn pause(&self) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
    }

    /// And goes on.
    pub(crate) fn resume(&self) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::CONT).unwrap();
    }

    /// As kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, with the deadline of every wait. Gives when that was, too.
    #[track_caller]
    pub(crate) fn end_at(mut self) -> (Said, Instant) {
        let status = wait_until_some("the end of a command", || self.child.try_wait().unwrap());
        let ended = Instant::now();
        self.listen_to_end();
        (Said { code: status.code().unwrap_or(-1), out: self.out(), err: self.err() }, ended)
    }

    #[track_caller]
    pub(crate) fn end(self) -> Said {
        self.end_at().0
    }

    /// Waits for its end however long that takes: the limits of what it does are what ends it.
    pub(crate) fn end_whenever(mut self) -> Said {
        let status = self.child.wait().unwrap();
        self.listen_to_end();
        Said { code: status.code().unwrap_or(-1), out: self.out(), err: self.err() }
    }

    fn listen_to_end(&mut self) {
        for listener in self.listeners.drain(..) {
            listener.join().unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn text(heard: &Heard) -> String {
    String::from_utf8_lossy(&heard.lock().unwrap()).replace("\r\n", "\n")
}

fn listen(mut from: impl Read + Send + 'static, heard: &Heard) -> JoinHandle<()> {
    let heard = heard.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // A terminal whose other side has ended says so with an error.
        while let Ok(count) = from.read(&mut buffer)
            && count > 0
        {
            heard.lock().unwrap().extend_from_slice(&buffer[..count]);
        }
    })
}
