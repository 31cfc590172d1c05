//! From the pieces of an answer to the whole of it.

use crate::{
    Answer, AssistantPart, FinishReason, ModelError, Reasoning, StreamEvent, ToolCall, bounds::ANSWER_BYTES_MAX,
};

/// Puts an answer together. Fed with what [`Decoder`](crate::Decoder) and [`Continuation`](crate::Continuation) say, it never
/// fails but for size; events from elsewhere may be in disorder, and that is an error and no crash.
#[derive(Clone, Debug, Default)]
pub struct Accumulator {
    answer: Answer,
    /// Where each call stands among the parts, by its index.
    calls: Vec<usize>,
    /// Whether the last part is a thought that goes on.
    is_thinking: bool,
    bytes: usize,
    end: Option<Result<FinishReason, ModelError>>,
}

impl Accumulator {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The answer so far.
    pub fn so_far(&self) -> &Answer {
        &self.answer
    }

    /// Takes the next event.
    pub fn push(&mut self, event: &StreamEvent) -> Result<(), ModelError> {
        if self.end.is_some() {
            return Err(ModelError::malformed("an event after the last one"));
        }
        match event {
            StreamEvent::Begin { id, model } => {
                self.answer.id.clone_from(id);
                self.answer.model.clone_from(model);
            }
            StreamEvent::Text { text } => {
                self.grow(text)?;
                self.is_thinking = false;
                match self.answer.parts.last_mut() {
                    Some(AssistantPart::Text { text: said }) => said.push_str(text),
                    _ => self.answer.parts.push(AssistantPart::Text { text: text.clone() }),
                }
            }
            StreamEvent::Reasoning { text } => {
                self.grow(text)?;
                self.thought().text.push_str(text);
            }
            StreamEvent::ReasoningEnd { seal } => {
                if let Some(seal) = seal {
                    self.grow(&seal.data)?;
                    self.thought().seal = Some(seal.clone());
                }
                self.is_thinking = false;
            }
            StreamEvent::CallBegin { index, id, name } => {
                if *index as usize != self.calls.len() {
                    return Err(ModelError::malformed("a call that begins out of its turn"));
                }
                self.grow(id)?;
                self.grow(name)?;
                self.is_thinking = false;
                self.calls.push(self.answer.parts.len());
                let (id, name) = (id.clone(), name.clone());
                let call = ToolCall { id, name, arguments: String::new(), seal: None };
                self.answer.parts.push(AssistantPart::ToolCall(call));
            }
            StreamEvent::CallArguments { index, text } => {
                self.grow(text)?;
                self.call(*index)?.arguments.push_str(text);
            }
            StreamEvent::CallEnd { index, seal } => {
                self.grow(seal.as_ref().map_or("", |seal| &seal.data))?;
                self.call(*index)?.seal.clone_from(seal);
            }
            StreamEvent::Usage(usage) => self.answer.usage = Some(*usage),
            StreamEvent::Restart { .. } => {
                let text = self.answer.text();
                self.answer.parts.clear();
                self.calls.clear();
                self.is_thinking = false;
                if !text.is_empty() {
                    self.answer.parts.push(AssistantPart::Text { text });
                }
            }
            StreamEvent::Finish { reason } => {
                self.answer.finish = *reason;
                self.end = Some(Ok(*reason));
            }
            StreamEvent::Error { error } => self.end = Some(Err(error.clone())),
        }
        Ok(())
    }

    /// The whole answer; the error where it has none.
    pub fn finish(self) -> Result<Answer, ModelError> {
        match self.end {
            Some(Ok(_)) => Ok(self.answer),
            Some(Err(error)) => Err(error),
            None => Err(ModelError::new(crate::ModelFault::Truncated)),
        }
    }

    fn grow(&mut self, text: &str) -> Result<(), ModelError> {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > ANSWER_BYTES_MAX { Err(ModelError::too_much("one answer")) } else { Ok(()) }
    }

    /// The thought that goes on, or a new one.
    fn thought(&mut self) -> &mut Reasoning {
        if !self.is_thinking || !matches!(self.answer.parts.last(), Some(AssistantPart::Reasoning(_))) {
            self.answer.parts.push(AssistantPart::Reasoning(Reasoning::default()));
            self.is_thinking = true;
        }
        match self.answer.parts.last_mut() {
            Some(AssistantPart::Reasoning(thought)) => thought,
            _ => unreachable!("a thought was just put there"),
        }
    }

    fn call(&mut self, index: u32) -> Result<&mut ToolCall, ModelError> {
        let place = self.calls.get(index as usize).copied();
        match place.and_then(|place| self.answer.parts.get_mut(place)) {
            Some(AssistantPart::ToolCall(call)) => Ok(call),
            _ => Err(ModelError::malformed("a piece of a call that never began")),
        }
    }
}
