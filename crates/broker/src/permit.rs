//! The proof that an effect demands.

use crate::{Lease, LeaseEnd};
use protocol::{GrantId, QuestionId, Sentence};

/// What a permit rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A grant of the owner.
    Grant {
        /// Which.
        id: GrantId,
        /// In words.
        rule: Sentence,
    },
    /// The person handed the thing over for this run.
    Picked {
        /// Under which name.
        rule: Sentence,
    },
    /// The person said yes when asked.
    Asked {
        /// The question.
        question: QuestionId,
    },
}

impl Basis {
    /// Why it is allowed, in words.
    pub fn rule(&self) -> Sentence {
        match self {
            Self::Grant { rule, .. } | Self::Picked { rule } => rule.clone(),
            Self::Asked { .. } => protocol::sentence::rule_asked(),
        }
    }

    /// The grant, if it was one.
    pub fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Grant { id, .. } => Some(*id),
            Self::Picked { .. } | Self::Asked { .. } => None,
        }
    }
}

/// Proof that exactly this demand is allowed, now, for this run. The fields are private and nothing but the broker can
/// fill them; the effect performs what [`Permit::demand`] says, so what was checked is what is used.
///
/// A permit is worth nothing once its lease has ended: effects call [`Permit::check`] before each step.
#[derive(Debug)]
pub struct Permit<D> {
    demand: D,
    lease: Lease,
    basis: Basis,
}

impl<D> Permit<D> {
    pub(crate) fn new(demand: D, lease: Lease, basis: Basis) -> Self {
        Self { demand, lease, basis }
    }

    /// What is allowed.
    pub fn demand(&self) -> &D {
        &self.demand
    }

    /// The run's right to go on.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// What the permit rests on.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Whether the run may still go on.
    pub fn check(&self) -> Result<(), LeaseEnd> {
        self.lease.check()
    }
}
