//! What the owner is asked, told to a line without being asked for: also by runs that others began, or the clock. What is
//! told is what is open, not what happened: a new line hears all that is open, a slow one what is left when it looks, and
//! none keeps a queue.

use super::orders::Line;
use crate::{Attendance, envelope::encode};
use protocol::{Question, QuestionId, RunId};
use serde_json::json;

/// What a line was told.
pub(super) struct Asked {
    attendance: Option<Attendance>,
    told: Vec<(QuestionId, RunId)>,
}

impl Asked {
    pub(super) fn new(attendance: Option<Attendance>) -> Self {
        let attendance = attendance.map(|mut attendance| {
            // What is open already is news to a new line.
            attendance.questions.mark_changed();
            attendance
        });
        Self { attendance, told: Vec::new() }
    }

    /// Waits until there may be news. For whoever may not hear them, for ever.
    pub(super) async fn changed(&mut self) {
        if let Some(attendance) = &mut self.attendance
            && attendance.questions.changed().await.is_ok()
        {
            return;
        }
        // Whoever asked has gone, or nobody may say anything.
        std::future::pending().await
    }

    /// What is to be said: questions that are new, and which of those that were told need no answer any more. A question of
    /// a run whose stream this line hears comes there.
    pub(super) fn news(&mut self, line: &Line) -> Vec<String> {
        let Some(attendance) = &mut self.attendance else { return Vec::new() };
        let open = attendance.questions.borrow_and_update().clone();
        let mut news = Vec::new();
        self.told.retain(|(id, run)| {
            let is_open = open.iter().any(|question| question.id == *id);
            if !is_open {
                let payload = json!({ "event": "settled", "question": id, "run": run });
                news.push(encode("EVENT", None, line.device(), &payload));
            }
            is_open
        });
        for question in open.iter() {
            let Question { id, run, .. } = question;
            if self.told.iter().any(|(told, _)| told == id) {
                continue;
            }
            self.told.push((*id, *run));
            if !line.watches(*run) {
                let payload = json!({ "run": run, "question": question });
                news.push(encode("APPROVAL_REQUEST", None, line.device(), &payload));
            }
        }
        if self.told.is_empty() {
            // An idle line holds nothing.
            self.told = Vec::new();
        }
        news
    }
}
