//! What a wire has said so far, kept in the order that [`StreamEvent`] promises whatever order the wire has.

use crate::{
    FinishReason, ModelError, ModelFault, Seal, StreamEvent, Usage,
    bounds::{ANSWER_BYTES_MAX, CALLS_MAX},
};

/// What a wire has said so far. Readers of wires tell it what they read; it numbers the calls, closes what was left open, and puts the
/// end at the end.
#[derive(Debug, Default)]
pub(crate) struct Told {
    events: Vec<StreamEvent>,
    calls: Vec<Call>,
    has_begun: bool,
    is_thinking: bool,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    bytes: usize,
}

#[derive(Debug)]
struct Call {
    /// What the wire calls it: its index there, which may have gaps and be of any size.
    key: u64,
    is_open: bool,
    has_arguments: bool,
}

impl Told {
    /// What was said since the last time.
    pub(crate) fn take(&mut self) -> Vec<StreamEvent> {
        std::mem::take(&mut self.events)
    }

    /// Who answers; the first time counts.
    pub(crate) fn begin(&mut self, id: Option<String>, model: Option<String>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            let [id, model] = [id, model].map(|text| text.filter(|text| !text.is_empty()));
            self.events.push(StreamEvent::Begin { id, model });
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    pub(crate) fn text(&mut self, text: String) -> Result<(), ModelError> {
        if text.is_empty() {
            return Ok(());
        }
        self.grow(text.len())?;
        self.thought_close();
        self.events.push(StreamEvent::Text { text });
        Ok(())
    }

    pub(crate) fn reasoning(&mut self, text: String) -> Result<(), ModelError> {
        if text.is_empty() {
            return Ok(());
        }
        self.grow(text.len())?;
        self.is_thinking = true;
        self.events.push(StreamEvent::Reasoning { text });
        Ok(())
    }

    /// A thought ends. Without a seal it is only said where one was open.
    pub(crate) fn reasoning_end(&mut self, seal: Option<Seal>) -> Result<(), ModelError> {
        if !self.is_thinking && seal.is_none() {
            return Ok(());
        }
        self.grow(seal.as_ref().map_or(0, |seal| seal.data.len()))?;
        self.is_thinking = false;
        self.events.push(StreamEvent::ReasoningEnd { seal });
        Ok(())
    }

    /// A call begins under the wire's own number.
    pub(crate) fn call_begin(&mut self, key: u64, id: Option<String>, name: String) -> Result<(), ModelError> {
        if name.is_empty() {
            return Err(ModelError::malformed("a call without the name of a tool"));
        }
        if self.calls.len() >= CALLS_MAX {
            return Err(ModelError::too_much("calls in one answer"));
        }
        self.thought_close();
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}"));
        self.grow(id.len() + name.len())?;
        self.calls.push(Call { key, is_open: true, has_arguments: false });
        self.events.push(StreamEvent::CallBegin { index, id, name });
        Ok(())
    }

    /// Whether a call of this number is open.
    pub(crate) fn call_is_open(&self, key: u64) -> bool {
        self.place(key).is_some()
    }

    /// Whether an open call has arguments already.
    pub(crate) fn call_has_arguments(&self, key: u64) -> bool {
        self.place(key).is_some_and(|place| self.calls[place].has_arguments)
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn call_arguments(&mut self, key: u64, text: String) -> Result<(), ModelError> {
        if text.is_empty() {
            return Ok(());
        }
        let place = self.place(key).ok_or_else(|| ModelError::malformed("arguments of a call that is not open"))?;
        self.grow(text.len())?;
        self.calls[place].has_arguments = true;
        self.events.push(StreamEvent::CallArguments { index: place as u32, text });
        Ok(())
    }

    /// A call is whole. One that is not open is none: some wires say it twice.
    pub(crate) fn call_end(&mut self, key: u64, seal: Option<Seal>) -> Result<(), ModelError> {
        let Some(place) = self.place(key) else { return Ok(()) };
        self.grow(seal.as_ref().map_or(0, |seal| seal.data.len()))?;
        self.close(place, seal);
        Ok(())
    }

    /// What it took so far.
    pub(crate) fn usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Why it ends; the first time counts. More may come: a count of tokens, say.
    pub(crate) fn finish(&mut self, reason: FinishReason) {
        self.finish.get_or_insert(reason);
    }

    pub(crate) fn has_finish(&self) -> bool {
        self.finish.is_some()
    }

    /// It is over: closes what is open, then the count, then why. An end that nobody gave a reason for is none.
    pub(crate) fn end(&mut self) {
        let Some(reason) = self.finish else { return self.fail(ModelError::new(ModelFault::Truncated)) };
        self.thought_close();
        for place in 0..self.calls.len() {
            if self.calls[place].is_open {
                self.close(place, None);
            }
        }
        let waits_for_tools = reason == FinishReason::Stop && !self.calls.is_empty();
        let reason = if waits_for_tools { FinishReason::ToolCalls } else { reason };
        self.events.extend(self.usage.map(StreamEvent::Usage));
        self.events.push(StreamEvent::Finish { reason });
    }

    /// It broke off: what it took is told all the same, for whoever pays.
    pub(crate) fn fail(&mut self, error: ModelError) {
        self.events.extend(self.usage.map(StreamEvent::Usage));
        self.events.push(StreamEvent::Error { error });
    }

    fn thought_close(&mut self) {
        if std::mem::take(&mut self.is_thinking) {
            self.events.push(StreamEvent::ReasoningEnd { seal: None });
        }
    }

    fn close(&mut self, place: usize, seal: Option<Seal>) {
        let index = place as u32;
        let call = &mut self.calls[place];
        call.is_open = false;
        // Some say nothing where a tool takes nothing; an object without members is what that means.
        if !std::mem::replace(&mut call.has_arguments, true) {
            self.events.push(StreamEvent::CallArguments { index, text: "{}".to_owned() });
        }
        self.events.push(StreamEvent::CallEnd { index, seal });
    }

    /// The newest open call of this number.
    fn place(&self, key: u64) -> Option<usize> {
        self.calls.iter().rposition(|call| call.key == key && call.is_open)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), ModelError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > ANSWER_BYTES_MAX { Err(ModelError::too_much("one answer")) } else { Ok(()) }
    }
}
