//! The four facts: what of a policy is kept, by what, and how far. Said in sentences of the catalogue.

use crate::Adapter;
use protocol::{BoxFact, BoxHold, Concern, Sentence, sentence};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a fact is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// As the policy says.
    InFull,
    /// With the exception that its sentence names.
    Partly,
}

/// One fact, kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// How far.
    pub hold: Hold,
    /// By what, the first wall first.
    pub by: Vec<Adapter>,
    /// In words.
    pub sentence: Sentence,
}

/// The four of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What it sees and changes of the owner's files.
    pub files: Fact,
    /// Whom it reaches.
    pub network: Fact,
    /// Other programs, and its own number.
    pub processes: Fact,
    /// How much memory it takes.
    pub memory: Fact,
}

impl Facts {
    /// Each with what it is about.
    pub fn each(&self) -> [(Concern, &Fact); 4] {
        [
            (Concern::Files, &self.files),
            (Concern::Network, &self.network),
            (Concern::Processes, &self.processes),
            (Concern::Memory, &self.memory),
        ]
    }
}

impl Facts {
    /// As people and programs are told of them.
    pub fn told(&self) -> Vec<BoxFact> {
        self.each().into_iter().map(|(concern, fact)| told(concern, fact, None)).collect()
    }
}

pub(crate) fn told(concern: Concern, fact: &Fact, fix: Option<Sentence>) -> BoxFact {
    let hold = match fact.hold {
        Hold::InFull => BoxHold::Full,
        Hold::Partly => BoxHold::Part,
    };
    BoxFact { concern, hold, sentence: fact.sentence.clone(), fix }
}

/// One fact that cannot be kept here, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unkept {
    /// Which.
    pub concern: Concern,
    /// What cannot be kept, in words.
    pub sentence: Sentence,
    /// What to do about it: one command, as a rule.
    pub fix: Sentence,
}

/// Why nothing is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The policy makes no sense, on whatever machine.
    Policy(Sentence),
    /// This machine cannot keep it.
    Unkept(Vec<Unkept>),
}

impl Refusal {
    /// What to do about it.
    pub fn fixes(&self) -> Vec<Sentence> {
        let mut fixes = Vec::new();
        if let Self::Unkept(unkept) = self {
            for one in unkept {
                if !fixes.contains(&one.fix) {
                    fixes.push(one.fix.clone());
                }
            }
        }
        fixes
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(fault) => write!(f, "{fault}"),
            Self::Unkept(unkept) => {
                for (place, one) in unkept.iter().enumerate() {
                    let semicolon = if place == 0 { "" } else { "; " };
                    write!(f, "{semicolon}{}", one.sentence)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Refusal {}

pub(crate) fn names(by: &[Adapter]) -> Vec<String> {
    by.iter().map(|adapter| adapter.name().to_owned()).collect()
}

/// How a confined program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// By itself, with this code.
    Exit {
        /// The code; 0 is success, as a rule.
        code: u8,
    },
    /// By a signal that was none of ours.
    Signal {
        /// Its number.
        number: u8,
    },
    /// It took more memory than it may.
    Memory {
        /// How much it may.
        bytes_max: u64,
    },
    /// It used up its time of a processor.
    Cpu {
        /// How much it had.
        seconds_max: u32,
    },
    /// It wrote a larger file than it may.
    FileSize {
        /// How large it may be.
        bytes_max: u64,
    },
    /// It spoke to the kernel in another machine's language, which nothing honest does.
    Filter,
    /// We ended it: it was asked to, or killed.
    Stopped,
    /// What kept it is gone, and it with that: somebody killed the keeper, or the system ran out of memory.
    Lost,
}

impl Ended {
    /// In words.
    pub fn sentence(&self) -> Sentence {
        match *self {
            Self::Exit { code } => sentence::isolate_ended_exit(u32::from(code)),
            Self::Signal { number } => sentence::isolate_ended_signal(u32::from(number)),
            Self::Memory { bytes_max } => sentence::isolate_ended_memory(protocol::Arg::Bytes(bytes_max)),
            Self::Cpu { seconds_max } => {
                sentence::isolate_ended_cpu(protocol::Arg::Millis(u64::from(seconds_max) * 1_000))
            }
            Self::FileSize { bytes_max } => sentence::isolate_ended_file(protocol::Arg::Bytes(bytes_max)),
            Self::Filter => sentence::isolate_ended_filter(),
            Self::Stopped => sentence::isolate_ended_stopped(),
            Self::Lost => sentence::isolate_ended_lost(),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sentence())
    }
}
