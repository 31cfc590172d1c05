//! `ctx.tools.pdf`: the text of PDF files, read by a worker.
//!
//! A PDF file is a stranger's program for drawing pages, and what reads it is large. So none of it is read here: the bytes go to a
//! process that has nothing but them, and what comes back is checked as if a stranger said it, which they may.

mod document;
mod text;

use crate::{
    common::{Meter, STEP_BYTES, permitted, system_error, wrong_permit},
    file::walk::{Stat, Walker},
    work::{DOCUMENT_BYTES_MAX, Task, Work, Workers, frame_write},
};
use broker::{FileDemand, FileVerb, Lease, Permit};
use document::{Fault, Order, Said};
use kernel::{
    effect::{Done, Effect, EffectError, Said as Told, Scene},
    host_call::{GuestError, HostAnswer, PdfCall},
};
use protocol::{ErrorCode, Labels, limit::HOST_RESULT_BYTES_MAX, sentence, text::shorten};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    sync::Arc,
};

/// What a page costs of an answer beside its text.
const PAGE_FRAME_BYTES: usize = 64;

/// The family.
pub(crate) struct PdfEffect {
    walker: Walker,
    workers: Arc<dyn Workers>,
}

impl PdfEffect {
    pub(crate) fn new(walker: Walker, workers: Arc<dyn Workers>) -> Self {
        Self { walker, workers }
    }
}

impl Effect for PdfEffect {
    type Demand = FileDemand;
    type Call = PdfCall;

    fn demand(&self, _: &Lease, call: &PdfCall) -> Result<Option<FileDemand>, GuestError> {
        Ok(Some(FileDemand::new(FileVerb::Read, &call.path)))
    }

    fn perform(
        &self,
        permit: Option<Permit<FileDemand>>,
        call: PdfCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permitted(permit)?;
        if permit.demand().path != call.path || permit.demand().verb != FileVerb::Read {
            return Err(wrong_permit());
        }
        let named = shorten(&call.path, 300);
        if call.from == Some(0) || call.to.is_some_and(|to| to < call.from.unwrap_or(1)) {
            let message = format!("{named}: pages count from 1, and the last one wanted is not before the first");
            return Err(EffectError::guest(ErrorCode::InvalidInput, message));
        }
        let target = crate::file::target(&permit)?;
        let root = &target.root.folder;
        let (file, stat) =
            self.walker.file(root, &target.names).map_err(|error| error.guest(&call.path, &root.path))?;
        if stat.bytes > DOCUMENT_BYTES_MAX {
            return Err(unreadable(&named, Fault::Large));
        }
        let shown = target.shown();
        let told = sentence::progress_reading(&shown);
        let mut document = Document {
            file: &file,
            meter: Meter::start(permit.lease()),
            rest: stat.bytes,
            on_step: &mut |done| scene.progress(told.clone(), done, Some(stat.bytes)),
            total: stat.bytes,
            ended: None,
        };
        let order = serde_json::to_vec(&Order { from: call.from, to: call.to }).unwrap_or_default();
        let mut reading = Reading { named: &named, wanted: (call.from, call.to), ..Reading::default() };
        let work = Work { task: Task::Pdf, order: &order, document: &mut document };
        let worked = self.workers.work(work, permit.lease(), &mut |frame| reading.take(frame, permit.lease()));
        if let Some(end) = document.ended {
            return Err(end.into());
        }
        worked?;
        let now = Stat::of_file(&file).map_err(|error| system_error(&call.path, &error))?;
        if !now.is_same_content(&stat) {
            return Err(EffectError::guest(ErrorCode::Conflict, format!("{named}: it changed while it was read")));
        }
        let answer = reading.answer()?;
        Ok(Done {
            answer: HostAnswer::Json(answer),
            said: Some(Told::Read { what: shown, bytes: stat.bytes }),
            change: None,
            // Hardly anybody writes their own PDF files.
            labels: Labels::STRANGER,
        })
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut state::Batch) {
        // Nothing stays open between two calls.
    }
}

/// The file, as the worker is given it.
struct Document<'a> {
    file: &'a File,
    meter: Meter<'a>,
    rest: u64,
    total: u64,
    on_step: &'a mut dyn FnMut(u64),
    ended: Option<broker::LeaseEnd>,
}

impl Read for Document<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One that grows meanwhile is cut where it ended, and found out after.
        let most = usize::try_from(self.rest).unwrap_or(usize::MAX).min(STEP_BYTES).min(buffer.len());
        let bytes = self.file.read(&mut buffer[..most])?;
        self.rest -= bytes as u64;
        if let Err(end) = self.meter.step(bytes as u64) {
            self.ended = Some(end);
            return Err(io::Error::other("the run has ended"));
        }
        (self.on_step)(self.total - self.rest);
        Ok(bytes)
    }
}

/// What a worker has said so far, which may be anything.
#[derive(Default)]
struct Reading<'a> {
    named: &'a str,
    wanted: (Option<u32>, Option<u32>),
    facts: Option<(u32, BTreeMap<String, String>)>,
    pages: Vec<(u32, String)>,
    bytes: usize,
    is_done: bool,
}

impl Reading<'_> {
    fn take(&mut self, frame: &[u8], lease: &Lease) -> Result<(), EffectError> {
        let said = serde_json::from_slice(frame).map_err(|_| self.nonsense())?;
        match (said, &self.facts) {
            _ if self.is_done => return Err(self.nonsense()),
            (Said::Fault(fault), _) => return Err(unreadable(self.named, fault)),
            (Said::Document { page_count, metadata }, None) if page_count > 0 => {
                self.bytes += metadata.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>();
                self.facts = Some((page_count, metadata));
            }
            (Said::Page { page, text }, Some((page_count, _))) => {
                let expected = self.pages.last().map_or(self.wanted.0.unwrap_or(1), |(last, _)| last + 1);
                if page != expected || page > self.last(*page_count) {
                    return Err(self.nonsense());
                }
                // As JSON, in which some characters are several.
                let bytes = serde_json::to_string(&text).map_or(usize::MAX, |text| text.len());
                self.bytes = self.bytes.saturating_add(bytes).saturating_add(PAGE_FRAME_BYTES);
                if self.bytes > HOST_RESULT_BYTES_MAX {
                    return Err(self.too_much(page));
                }
                lease.charge_host_bytes(bytes as u64)?;
                self.pages.push((page, text));
            }
            (Said::Done { cpu_us }, Some((page_count, _))) => {
                let last = self.pages.last().map(|(page, _)| *page);
                if last != Some(self.last(*page_count)) {
                    return Err(self.nonsense());
                }
                lease.charge_host_cpu_us(cpu_us)?;
                self.is_done = true;
            }
            _ => return Err(self.nonsense()),
        }
        Ok(())
    }

    fn last(&self, page_count: u32) -> u32 {
        self.wanted.1.unwrap_or(page_count).min(page_count)
    }

    fn answer(self) -> Result<Value, EffectError> {
        let nonsense = self.nonsense();
        let (Some((page_count, metadata)), true) = (self.facts, self.is_done) else { return Err(nonsense) };
        let pages: Vec<_> = self.pages.into_iter().map(|(page, text)| json!({ "page": page, "text": text })).collect();
        Ok(json!({ "pages": pages, "pageCount": page_count, "metadata": metadata }))
    }

    fn nonsense(&self) -> EffectError {
        let message = format!("{}: what reads it broke down on it and answered nonsense", self.named);
        EffectError::guest(ErrorCode::WorkerFailed, message)
    }

    fn too_much(&self, page: u32) -> EffectError {
        let named = self.named;
        let message = match self.pages.first() {
            Some((first, _)) => {
                let last = page - 1;
                format!("{named}: its text is more than one answer carries; ask for fewer pages: {first} to {last} fit")
            }
            None => format!("{named}: the text of page {page} alone is more than one answer carries"),
        };
        EffectError::guest(ErrorCode::TooLarge, message)
    }
}

fn unreadable(named: &str, fault: Fault) -> EffectError {
    let (code, why) = match fault {
        Fault::Damaged => (ErrorCode::DocumentUnreadable, "it is no PDF file, or one that is damaged".to_owned()),
        Fault::Locked => (ErrorCode::DocumentUnreadable, "it opens with a password only".to_owned()),
        Fault::Unknown => {
            (ErrorCode::DocumentUnreadable, "it is locked in a way that this version does not know".to_owned())
        }
        Fault::Empty => {
            (ErrorCode::DocumentUnreadable, "there is no page in it that can be found: it is damaged".to_owned())
        }
        Fault::Beyond { page_count: 1 } => (ErrorCode::InvalidInput, "it has one page only".to_owned()),
        Fault::Beyond { page_count } => (ErrorCode::InvalidInput, format!("it has {page_count} pages only")),
        Fault::Large => (ErrorCode::TooLarge, format!("a document may have at most {} MiB", DOCUMENT_BYTES_MAX >> 20)),
        Fault::PageLarge { page } => (ErrorCode::TooLarge, format!("page {page} has more on it than can be read")),
    };
    EffectError::guest(code, format!("{named}: {why}"))
}

/// What a worker does: the document comes, its pages go.
pub(crate) fn work(order: &[u8], input: &mut dyn Read, output: &mut dyn Write) -> io::Result<()> {
    let order: Order = serde_json::from_slice(order)?;
    let mut say = |said: Said| {
        frame_write(output, &serde_json::to_vec(&said)?)?;
        output.flush()
    };
    let mut bytes = Vec::new();
    input.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return say(Said::Fault(Fault::Large));
    }
    let mut is_read = true;
    document::read(bytes, order, &mut |said| {
        is_read &= !matches!(said, Said::Fault(_));
        say(said)
    })?;
    if is_read {
        say(Said::Done { cpu_us: crate::common::thread_cpu_us() })?;
    }
    Ok(())
}
