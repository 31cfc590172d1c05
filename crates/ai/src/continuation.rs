//! One answer from several tries: what was said stays said, and nothing is said twice.
//!
//! A stream that breaks has words that a person has read. The next try, of another provider perhaps, gets them as its own and
//! goes on; where it cannot be given them, it answers anew, unheard until it has said the same, and is heard from there on. If it
//! says something else, that is an error and no guess. Half a call is never gone on with: calls and thoughts of a try that broke are void.

use crate::{
    ChatRequest, Dialect, Message, ModelError, ModelFault, Output, Prefill, StreamEvent, Usage, bounds::ATTEMPTS_MAX,
};

/// How the next try is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// As the first one: nobody has read a word.
    Afresh,
    /// To go on after these words.
    GoOn {
        /// What it is given as its own.
        text: String,
    },
    /// As the first one, unheard until it has said what was said.
    Unheard,
}

impl Plan {
    /// The request of that try.
    pub fn request(&self, first: &ChatRequest) -> ChatRequest {
        let mut request = first.clone();
        if let Self::GoOn { text } = self {
            request.messages.push(Message::assistant(text.clone()));
        }
        request
    }
}

/// Whether a server goes on with words that it is given as its own, in this request. Not where the answer has a shape: what
/// keeps it to the shape would begin anew.
pub fn may_go_on(request: &ChatRequest, dialect: &Dialect) -> bool {
    dialect.prefill != Prefill::Never
        && request.output == Output::Text
        && request.effort.is_none()
        && matches!(request.messages.last(), Some(Message::User(_)))
}

/// What is heard of the present try.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hearing {
    /// All of it.
    All,
    /// What comes after these bytes of what was said; they have to come first.
    After { heard: usize },
    /// All but blanks that were said already: they may come again or not.
    AfterBlanks { heard: usize },
}

/// One answer, whatever number of tries it takes. Events of the present try in, events for the viewers out.
#[derive(Clone, Debug)]
pub struct Continuation {
    /// The words that viewers have.
    said: String,
    /// Whether they have more than words of the present try.
    has_more: bool,
    hearing: Hearing,
    attempt: u32,
    /// What the tries before took, as far as they told.
    spent: Usage,
    taken: Option<Usage>,
    is_over: bool,
}

impl Default for Continuation {
    fn default() -> Self {
        Self {
            said: String::new(),
            has_more: false,
            hearing: Hearing::All,
            attempt: 0,
            spent: Usage::default(),
            taken: None,
            is_over: false,
        }
    }
}

impl Continuation {
    /// The first try.
    pub fn new() -> Self {
        Self::default()
    }

    /// The words so far.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// What all tries took, as far as they told. One that broke may have told nothing, and cost something all the same.
    pub fn usage(&self) -> Usage {
        self.spent.plus(self.taken.unwrap_or_default())
    }

    /// Takes an event of the present try: what viewers are told, if anything. An error is the end of the try, and of the answer only if
    /// nobody [tries again](Self::again).
    pub fn pass(&mut self, event: StreamEvent) -> Result<Option<StreamEvent>, ModelError> {
        if self.is_over {
            return Ok(None);
        }
        match event {
            StreamEvent::Text { text } => {
                let text = self.unheard(text)?;
                self.said.push_str(&text);
                Ok((!text.is_empty()).then_some(StreamEvent::Text { text }))
            }
            StreamEvent::Usage(usage) => {
                self.taken = Some(usage);
                Ok(Some(StreamEvent::Usage(self.usage())))
            }
            StreamEvent::Error { error } => Err(error),
            StreamEvent::Finish { reason } => {
                self.all_said()?;
                self.is_over = true;
                Ok(Some(StreamEvent::Finish { reason }))
            }
            StreamEvent::CallBegin { .. } => {
                self.all_said()?;
                self.has_more = true;
                Ok(Some(event))
            }
            StreamEvent::Reasoning { .. } | StreamEvent::ReasoningEnd { .. } => {
                self.has_more = true;
                Ok(Some(event))
            }
            StreamEvent::Begin { .. } | StreamEvent::CallArguments { .. } | StreamEvent::CallEnd { .. } => {
                Ok(Some(event))
            }
            // Only we say so.
            StreamEvent::Restart { .. } => Ok(None),
        }
    }

    /// The present try broke; here is how the next one is asked, and what viewers are told. None where there were enough.
    pub fn again(&mut self, may_go_on: bool) -> Option<(Plan, Option<StreamEvent>)> {
        if self.is_over || self.attempt + 1 >= ATTEMPTS_MAX {
            return None;
        }
        self.attempt += 1;
        self.spent = self.usage();
        self.taken = None;
        let has_told = std::mem::take(&mut self.has_more) || !self.said.is_empty();
        // Some refuse words that end in blanks, and none needs them.
        let text = self.said.trim_end();
        let (plan, hearing) = match text.is_empty() {
            _ if self.said.is_empty() => (Plan::Afresh, Hearing::All),
            false if may_go_on => (Plan::GoOn { text: text.to_owned() }, Hearing::AfterBlanks { heard: text.len() }),
            _ => (Plan::Unheard, Hearing::After { heard: 0 }),
        };
        self.hearing = hearing;
        Some((plan, has_told.then_some(StreamEvent::Restart { attempt: self.attempt })))
    }

    /// Of words that come, those that were not said yet.
    fn unheard(&mut self, text: String) -> Result<String, ModelError> {
        let (heard, must_match) = match self.hearing {
            Hearing::All => return Ok(text),
            Hearing::After { heard } => (heard, true),
            Hearing::AfterBlanks { heard } => (heard, false),
        };
        let rest = &self.said[heard..];
        let same = common(rest, &text);
        if same == text.len() && same < rest.len() {
            let heard = heard + same;
            self.hearing = if must_match { Hearing::After { heard } } else { Hearing::AfterBlanks { heard } };
            return Ok(String::new());
        }
        if must_match && same < rest.len() {
            return Err(ModelError::new(ModelFault::Diverged));
        }
        self.hearing = Hearing::All;
        Ok(text[same..].to_owned())
    }

    /// Whether the present try has said what was said before: calls and an end come after it.
    fn all_said(&self) -> Result<(), ModelError> {
        match self.hearing {
            Hearing::After { heard } if heard < self.said.len() => Err(ModelError::new(ModelFault::Diverged)),
            _ => Ok(()),
        }
    }
}

/// Bytes that two texts begin with alike, in whole characters.
fn common(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).map(|(letter, _)| letter.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FinishReason;
    use proptest::prelude::*;

    const BROKE: ModelFault = ModelFault::Truncated;

    fn text(text: &str) -> StreamEvent {
        StreamEvent::Text { text: text.to_owned() }
    }

    fn heard(answer: &mut Continuation, pieces: &[&str]) -> Result<String, ModelError> {
        let mut heard = String::new();
        for piece in pieces {
            if let Some(StreamEvent::Text { text }) = answer.pass(text(piece))? {
                heard.push_str(&text);
            }
        }
        Ok(heard)
    }

    fn finish(answer: &mut Continuation) -> Result<Option<StreamEvent>, ModelError> {
        answer.pass(StreamEvent::Finish { reason: FinishReason::Stop })
    }

    #[test]
    fn nothing_said_is_asked_afresh_and_nobody_hears_of_it() {
        let mut answer = Continuation::new();
        let error = answer.pass(StreamEvent::Error { error: ModelError::new(BROKE) }).expect_err("is an error");
        assert_eq!(error.fault, BROKE);
        assert_eq!(answer.again(true), Some((Plan::Afresh, None)));
        assert_eq!(heard(&mut answer, &["Hello"]), Ok("Hello".to_owned()));
        assert!(finish(&mut answer).expect("ends").is_some());
        assert_eq!(answer.again(true), None, "an answer that is over is not tried again");
    }

    #[test]
    fn who_can_goes_on_where_the_other_stopped() {
        let mut answer = Continuation::new();
        heard(&mut answer, &["Hel", "lo wor"]).expect("is heard");
        let (plan, told) = answer.again(true).expect("another try");
        assert_eq!(plan, Plan::GoOn { text: "Hello wor".to_owned() });
        assert_eq!(told, Some(StreamEvent::Restart { attempt: 1 }));
        assert_eq!(heard(&mut answer, &["ld", "!"]), Ok("ld!".to_owned()));
        assert_eq!(answer.said(), "Hello world!");
    }

    #[test]
    fn blanks_at_the_break_are_said_once() {
        for again in ["\nworld", "world", " world"] {
            let mut answer = Continuation::new();
            heard(&mut answer, &["Hello \n"]).expect("is heard");
            let (plan, _) = answer.again(true).expect("another try");
            assert_eq!(plan, Plan::GoOn { text: "Hello".to_owned() });
            heard(&mut answer, &[again]).expect("is heard");
            assert!(answer.said().split_whitespace().eq(["Hello", "world"]), "{:?}", answer.said());
        }
    }

    #[test]
    fn who_says_something_else_is_not_heard() {
        let mut answer = Continuation::new();
        heard(&mut answer, &["Hello wor"]).expect("is heard");
        assert_eq!(answer.again(false).expect("another try").0, Plan::Unheard);
        assert_eq!(heard(&mut answer, &["Hello "]), Ok(String::new()));
        assert_eq!(heard(&mut answer, &["you"]).expect_err("differs").fault, ModelFault::Diverged);
        // One that ends too early has said something else too, and so has one that calls a tool instead.
        for event in [
            StreamEvent::Finish { reason: FinishReason::Stop },
            StreamEvent::CallBegin { index: 0, id: "a".to_owned(), name: "b".to_owned() },
        ] {
            answer.again(false).expect("another try");
            assert_eq!(heard(&mut answer, &["Hello"]), Ok(String::new()));
            assert_eq!(answer.pass(event).expect_err("differs").fault, ModelFault::Diverged);
        }
    }

    #[test]
    fn there_is_an_end_to_trying() {
        let mut answer = Continuation::new();
        let tries = std::iter::from_fn(|| answer.again(true)).count();
        assert_eq!(tries as u32, ATTEMPTS_MAX - 1);
    }

    #[test]
    fn what_each_try_took_is_added_up() {
        let mut answer = Continuation::new();
        let took = |input, output| StreamEvent::Usage(Usage { input, output, ..Usage::default() });
        answer.pass(took(5, 1)).expect("is told");
        answer.pass(took(5, 3)).expect("is told");
        answer.again(true).expect("another try");
        assert_eq!(answer.pass(took(7, 2)), Ok(Some(took(12, 5))));
    }

    proptest! {
        /// Wherever a stream breaks, however often and however it is cut, nothing is lost and nothing doubled.
        #[test]
        fn no_word_is_lost_or_doubled(
            whole in "[aä😀 \n]{0,40}",
            breaks in prop::collection::vec((0_usize..60, 1_usize..5, any::<bool>()), 0..6),
        ) {
            let letters: Vec<_> = whole.chars().collect();
            let mut answer = Continuation::new();
            let mut viewer = String::new();
            let mut from = 0;
            for (until, step, may_go_on) in breaks {
                let until = until.clamp(from, letters.len().max(from)).min(letters.len());
                for piece in letters[from.min(until)..until].chunks(step) {
                    viewer += &heard(&mut answer, &[&piece.iter().collect::<String>()]).expect("is the same");
                }
                let (plan, _) = answer.again(may_go_on).expect("another try");
                from = match plan {
                    Plan::GoOn { text } => text.chars().count(),
                    Plan::Afresh | Plan::Unheard => 0,
                };
            }
            let rest: String = letters[from..].iter().collect();
            viewer += &heard(&mut answer, &[&rest]).expect("is the same");
            prop_assert!(finish(&mut answer).is_ok());
            prop_assert_eq!(&viewer, &whole);
            prop_assert_eq!(answer.said(), whole);
        }
    }
}
