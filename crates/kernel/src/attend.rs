//! Who stays is told what an owner is asked, without asking for it.

use crate::{Kernel, Presence};
use parking_lot::Mutex;
use protocol::{Caller, OwnerId, Question, Right};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::watch;

/// All open questions of an owner, oldest first. As a whole, each time: whoever was slow looks at the last and has missed
/// nothing that is still of interest.
pub type OpenQuestions = Arc<[Question]>;

/// Of each owner for whom somebody stays, what is open.
pub(crate) type Attended = Mutex<HashMap<OwnerId, watch::Sender<OpenQuestions>>>;

/// Somebody who stays.
pub struct Attendance {
    /// What is open now, and each time it changes.
    pub questions: watch::Receiver<OpenQuestions>,
    /// That a person is there who can answer, if it is one.
    pub presence: Option<Presence>,
}

impl Kernel {
    /// Tells whoever stays what is asked; the same as in [`Kernel::approval_list`], so `None` for whoever may not see
    /// that. A person who stays is there to be asked.
    pub fn attend(self: &Arc<Self>, caller: &Caller) -> Option<Attendance> {
        if !caller.rights.has(Right::Read) {
            return None;
        }
        Some(Attendance { questions: self.questions_open(caller.owner), presence: self.presence_enter(caller) })
    }

    /// What an owner is asked, for a part of oikos that waits with a run for its answer: nobody is there because of that.
    pub fn questions_open(&self, owner: OwnerId) -> watch::Receiver<OpenQuestions> {
        let mut attended = self.attended.lock();
        // Of whom nobody hears any more, nothing is kept.
        attended.retain(|_, questions| questions.receiver_count() > 0);
        let open = || watch::Sender::new(self.broker.questions().open(owner).into());
        attended.entry(owner).or_insert_with(open).subscribe()
    }

    /// Something was asked, or needs no answer any more. What is told is looked up with the lock held, so that what is told
    /// last is what is so.
    pub(crate) fn questions_changed(&self, owner: OwnerId) {
        let attended = self.attended.lock();
        if let Some(questions) = attended.get(&owner) {
            questions.send_replace(self.broker.questions().open(owner).into());
        }
    }
}
