//! `ctx.tools.csv`: tables in CSV files, gone through by the host.
//!
//! The engine beneath is pure: blocks of bytes in, records and sums out. This file opens, reads, charges and answers.
//! A table keeps its file open, so what it says is of that file, whatever its name stands for later; a file that
//! changes while it is read is a conflict.

mod aggregate;
mod column;
mod dialect;
mod distinct;
mod number;
mod numeric;
mod split;
mod statistics;
mod text;
mod turnstile;
mod values;

use crate::{
    common::{Meter, STEP_BYTES, permitted, system_error, wrong_permit},
    file::walk::{self, Stat, Walker},
};
use aggregate::{Aggregate, GROUPS_MAX, GROUPS_SHOWN, Measure, TooManyGroups};
use broker::{FileDemand, FileVerb, Lease, LeaseEnd, Permit, Slot, Target};
use dialect::{BYTE_ORDER_MARK, Dialect, SAMPLE_BYTES};
use distinct::Spill;
use kernel::{
    effect::{Done, Effect, EffectError, Said, Scene},
    host_call::{CsvAggregate, CsvCall, CsvMeasure, CsvMeasureKind, CsvOptions, GuestError, HostAnswer},
};
use parking_lot::Mutex;
use protocol::{Arg, Entropy, ErrorCode, Labels, RunId, limit::HOST_RESULT_BYTES_MAX, sentence};
use serde_json::{Value, json};
use split::{COLUMNS_MAX, Record, Resume, SplitError, Splitter, Step};
use statistics::{FirstPass, SecondPass};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    sync::Arc,
};
use turnstile::Turnstile;

/// Rows in one answer, unless the call says otherwise.
const ROWS_LIMIT: u32 = 1_000;
/// Most rows in one answer.
const ROWS_LIMIT_MAX: u32 = 10_000;
/// What one read for `rows` takes from the file: an answer of 4 MiB needs a few.
const ROWS_BLOCK_BYTES: usize = 256 << 10;
/// Passes under way at once on this machine: each may hold 64 MiB of marks, 32 of values and 16 of samples.
const PASSES_MAX: usize = 4;

/// The family.
pub(crate) struct CsvEffect {
    walker: Walker,
    scratch: PathBuf,
    /// Secret, so that nobody can choose values that collide.
    key: [u8; 16],
    tables: Mutex<HashMap<RunId, RunTables>>,
    turnstile: Turnstile,
}

/// A run's open tables.
#[derive(Default)]
struct RunTables {
    last: u32,
    open: HashMap<u32, Arc<Table>>,
}

/// An open table.
struct Table {
    /// The path as the app named it: what later calls demand again.
    path: String,
    target: Target,
    file: File,
    stat: Stat,
    dialect: Dialect,
    columns: Vec<String>,
    /// Where the rows begin.
    start: Cursor,
    cursor: Mutex<Cursor>,
    _handle: Slot,
}

/// A place between two records.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    offset: u64,
    place: Resume,
    is_done: bool,
}

impl CsvEffect {
    pub(crate) fn new(walker: Walker, scratch: PathBuf, entropy: &dyn Entropy) -> Self {
        let mut key = [0; 16];
        entropy.fill(&mut key);
        Self { walker, scratch, key, tables: Mutex::default(), turnstile: Turnstile::new(PASSES_MAX) }
    }

    fn table(&self, run: RunId, table: u32) -> Result<Arc<Table>, GuestError> {
        let tables = self.tables.lock();
        let found = tables.get(&run).and_then(|tables| tables.open.get(&table)).cloned();
        found.ok_or_else(|| GuestError::new(ErrorCode::NotFound, "this table is closed, or was never opened"))
    }
}

impl Effect for CsvEffect {
    type Demand = FileDemand;
    type Call = CsvCall;

    fn demand(&self, lease: &Lease, call: &CsvCall) -> Result<Option<FileDemand>, GuestError> {
        let path = match call {
            CsvCall::Open { path, .. } => path.clone(),
            CsvCall::Rows { table, .. } | CsvCall::Statistics { table, .. } | CsvCall::Aggregate { table, .. } => {
                self.table(lease.run(), *table)?.path.clone()
            }
            // Letting go of a file and working on what the guest itself sent needs nobody's leave.
            CsvCall::Close { .. } | CsvCall::Parse { .. } | CsvCall::Stringify { .. } => return Ok(None),
        };
        Ok(Some(FileDemand::new(FileVerb::Read, path)))
    }

    fn perform(
        &self,
        permit: Option<Permit<FileDemand>>,
        call: CsvCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        match call {
            CsvCall::Open { path, options } => {
                let permit = permitted(permit)?;
                if permit.demand().path != path {
                    return Err(wrong_permit());
                }
                self.open(&permit, &options)
            }
            CsvCall::Rows { table, limit } => {
                let (permit, table) = self.on_table(permit, table)?;
                rows(&permit, &table, limit.unwrap_or(ROWS_LIMIT).clamp(1, ROWS_LIMIT_MAX))
            }
            CsvCall::Statistics { table, columns } => {
                let (permit, table) = self.on_table(permit, table)?;
                self.statistics(&permit, &table, columns.as_deref(), scene)
            }
            CsvCall::Aggregate { table, request } => {
                let (permit, table) = self.on_table(permit, table)?;
                self.aggregate(&permit, &table, &request, scene)
            }
            CsvCall::Close { table } => {
                let mut tables = self.tables.lock();
                let was_open = tables.get_mut(&scene.lease().run()).and_then(|tables| tables.open.remove(&table));
                Ok(Done::quiet(HostAnswer::Json(Value::Bool(was_open.is_some()))))
            }
            CsvCall::Parse { text, options } => parse(&text, &options, scene.lease()),
            CsvCall::Stringify { rows, options } => stringify(&rows, &options, scene.lease()),
        }
    }

    fn run_end(&self, lease: &Lease, _: bool, _: &mut state::Batch) {
        self.tables.lock().remove(&lease.run());
    }
}

// ---- opening ----

impl CsvEffect {
    fn open(&self, permit: &Permit<FileDemand>, options: &CsvOptions) -> Result<Done, EffectError> {
        let lease = permit.lease();
        let named = &permit.demand().path;
        let target = crate::file::target(permit)?;
        let handle = lease.take_handle().ok_or_else(|| {
            let message = format!("a run may have {} tables open at once; close one first", lease.limits().handles);
            EffectError::guest(ErrorCode::OperationLimit, message)
        })?;
        let given = options.delimiter.as_deref().map(delimiter_read).transpose()?;
        let root = &target.root.folder;
        let opened = self.walker.file(root, &target.names);
        let (file, stat) = opened.map_err(|error| error.guest(named, &root.path))?;
        let mut meter = Meter::start(lease);
        let mut sample = vec![0; SAMPLE_BYTES];
        let read = read_at(&file, &mut sample, 0).map_err(|error| system_error(named, &error))?;
        sample.truncate(read);
        meter.step(read as u64)?;
        let mark_bytes = if sample.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let is_whole = read as u64 == stat.bytes;
        let delimiter = given.unwrap_or_else(|| dialect::delimiter_find(&sample[mark_bytes..], is_whole));
        let dialect = Dialect { delimiter, has_header: options.header.unwrap_or(true) };

        // The first record names the columns, or at least says how many there are.
        let begin = Cursor { offset: mark_bytes as u64, place: Resume::default(), is_done: false };
        let mut start = begin;
        let mut columns = Vec::new();
        let mut source = Source::new(&file, begin, ROWS_BLOCK_BYTES);
        let mut splitter = Splitter::new(delimiter);
        if source.next(&mut splitter, &mut |bytes| meter.step(bytes)).map_err(|error| error.effect(named))? {
            let record = splitter.record();
            if dialect.has_header {
                columns = dialect::column_names(record);
                start = Cursor { offset: source.offset(), place: splitter.place(), is_done: false };
            } else {
                columns = (0..record.len()).map(dialect::column_name).collect();
            }
        }
        drop(source);
        let answer = json!({
            "columns": columns,
            "delimiter": char::from(delimiter).to_string(),
            "header": dialect.has_header,
            "bytes": stat.bytes,
        });
        let table = Table {
            path: named.clone(),
            target: target.clone(),
            file,
            stat,
            dialect,
            columns,
            start,
            cursor: Mutex::new(start),
            _handle: handle,
        };
        let id = self.table_add(lease, table)?;
        let mut answer = answer;
        answer["table"] = json!(id);
        Ok(Done {
            answer: checked_answer(answer)?,
            said: Some(Said::Read { what: target.shown(), bytes: read as u64 }),
            change: None,
            labels: Labels::NONE,
        })
    }

    fn table_add(&self, lease: &Lease, table: Table) -> Result<u32, EffectError> {
        let mut tables = self.tables.lock();
        // A call that comes after the end of its run would leave the file open for ever.
        lease.check()?;
        let tables = tables.entry(lease.run()).or_default();
        tables.last += 1;
        tables.open.insert(tables.last, Arc::new(table));
        Ok(tables.last)
    }

    /// A call on an open table: the permit must be for what the table was opened from.
    fn on_table(
        &self,
        permit: Option<Permit<FileDemand>>,
        table: u32,
    ) -> Result<(Permit<FileDemand>, Arc<Table>), EffectError> {
        let permit = permitted(permit)?;
        let table = self.table(permit.lease().run(), table)?;
        if permit.demand().verb != FileVerb::Read || permit.demand().path != table.path {
            return Err(wrong_permit());
        }
        if permit.demand().target() != Some(&table.target) {
            let shown = protocol::text::shorten(&table.path, 300);
            let message = format!("{shown} stands for another file now; open it again");
            return Err(EffectError::guest(ErrorCode::Conflict, message));
        }
        Ok((permit, table))
    }
}

fn delimiter_read(text: &str) -> Result<u8, EffectError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | 0) => Ok(*byte),
        _ => Err(EffectError::guest(
            ErrorCode::InvalidInput,
            format!(
                "the delimiter '{}' has to be one ASCII character, neither a quote nor a line break",
                protocol::text::shorten(text, 20)
            ),
        )),
    }
}

/// An answer, if it is not larger than one may be.
fn checked_answer(answer: impl serde::Serialize) -> Result<HostAnswer, EffectError> {
    let text = serde_json::to_vec(&answer)
        .map_err(|_| EffectError::guest(ErrorCode::Internal, "the answer could not be written"))?;
    if text.len() > HOST_RESULT_BYTES_MAX {
        let (bytes, most) = (Arg::Bytes(text.len() as u64), Arg::Bytes(HOST_RESULT_BYTES_MAX as u64));
        let message = format!("the answer would have {bytes}, and may have {most}; ask for less at once");
        return Err(EffectError::guest(ErrorCode::TooLarge, message));
    }
    Ok(HostAnswer::JsonText(text))
}

// ---- reading ----

/// Why a pass ended early.
#[derive(Debug)]
enum PassError {
    System(io::Error),
    Split(SplitError),
    Ended(LeaseEnd),
    TooManyGroups(TooManyGroups),
    /// Writing or reading the scratch file failed.
    Scratch(io::Error),
    /// The file changed meanwhile.
    Changed,
}

impl From<LeaseEnd> for PassError {
    fn from(end: LeaseEnd) -> Self {
        Self::Ended(end)
    }
}

impl PassError {
    fn effect(self, named: &str) -> EffectError {
        let shown = protocol::text::shorten(named, 300);
        match self {
            Self::System(error) => system_error(named, &error).into(),
            Self::Split(error) => EffectError::guest(ErrorCode::TooLarge, format!("{shown}: {error}")),
            Self::Ended(end) => end.into(),
            Self::TooManyGroups(error) => EffectError::guest(ErrorCode::TooLarge, format!("{shown}: {error}")),
            Self::Scratch(error) => system_error("the scratch folder", &error).into(),
            Self::Changed => EffectError::guest(ErrorCode::Conflict, format!("{shown}: it changed while it was read")),
        }
    }
}

/// Reads at a place until the buffer is full or the file ends.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Feeds a file to a splitter, block by block.
struct Source<'a> {
    file: &'a File,
    block: Vec<u8>,
    filled: usize,
    used: usize,
    /// Where the block ends in the file.
    end: u64,
    is_last: bool,
}

impl<'a> Source<'a> {
    fn new(file: &'a File, from: Cursor, block_bytes: usize) -> Self {
        Self { file, block: vec![0; block_bytes], filled: 0, used: 0, end: from.offset, is_last: false }
    }

    /// Where the next record begins.
    fn offset(&self) -> u64 {
        self.end - (self.filled - self.used) as u64
    }

    /// The next record, if there is one. `step` is called after each block with its bytes.
    #[inline]
    fn next(
        &mut self,
        splitter: &mut Splitter,
        step: &mut dyn FnMut(u64) -> Result<(), LeaseEnd>,
    ) -> Result<bool, PassError> {
        loop {
            let mut input = &self.block[self.used..self.filled];
            let found = splitter.next(&mut input, self.is_last).map_err(PassError::Split)?;
            self.used = self.filled - input.len();
            match found {
                Step::Record => return Ok(true),
                Step::End => return Ok(false),
                Step::More => {
                    self.filled = read_at(self.file, &mut self.block, self.end).map_err(PassError::System)?;
                    self.used = 0;
                    self.end += self.filled as u64;
                    self.is_last = self.filled == 0;
                    step(self.filled as u64)?;
                }
            }
        }
    }
}

/// Goes through all rows of a table, and makes sure that the file is the same at the end as it was when it was opened.
/// `earlier_bytes` of `total_bytes` were read by passes before this one.
fn pass(
    permit: &Permit<FileDemand>,
    table: &Table,
    scene: &dyn Scene,
    (earlier_bytes, total_bytes): (u64, u64),
    mut each: impl FnMut(&Record<'_>) -> Result<(), PassError>,
) -> Result<(), PassError> {
    let mut meter = Meter::start(permit.lease());
    let mut splitter = Splitter::resume(table.dialect.delimiter, table.start.place);
    let mut source = Source::new(&table.file, table.start, STEP_BYTES);
    let shown = table.target.shown();
    let mut done = earlier_bytes + table.start.offset;
    let mut step = |bytes| {
        permit.check()?;
        meter.step(bytes)?;
        done += bytes;
        scene.progress(sentence::progress_reading(&shown), done, Some(total_bytes.max(done)));
        Ok(())
    };
    while source.next(&mut splitter, &mut step)? {
        each(&splitter.record())?;
    }
    step(0)?;
    check_unchanged(table)?;
    if source.offset() == table.stat.bytes { Ok(()) } else { Err(PassError::Changed) }
}

fn check_unchanged(table: &Table) -> Result<(), PassError> {
    let now = Stat::of_file(&table.file).map_err(PassError::System)?;
    if now.is_same_content(&table.stat) { Ok(()) } else { Err(PassError::Changed) }
}

// ---- rows ----

fn rows(permit: &Permit<FileDemand>, table: &Table, limit: u32) -> Result<Done, EffectError> {
    /// Brackets, commas and the rest of the answer.
    const FRAME_BYTES: usize = 64;
    let effect = |error: PassError| error.effect(&table.path);
    // Two readers at once get different rows, each whole.
    let mut cursor = table.cursor.lock();
    let mut meter = Meter::start(permit.lease());
    check_unchanged(table).map_err(effect)?;
    let mut splitter = Splitter::resume(table.dialect.delimiter, cursor.place);
    let mut source = Source::new(&table.file, *cursor, ROWS_BLOCK_BYTES);
    let mut text = br#"{"rows":["#.to_vec();
    let mut row = Vec::new();
    let mut count = 0;
    let mut is_done = cursor.is_done;
    let mut next = *cursor;
    while count < limit && !is_done {
        let mut step = |bytes| {
            permit.check()?;
            meter.step(bytes)
        };
        if !source.next(&mut splitter, &mut step).map_err(effect)? {
            is_done = true;
            break;
        }
        row_write(&mut row, &splitter.record(), table.columns.len());
        let after = Cursor { offset: source.offset(), place: splitter.place(), is_done: false };
        if row.len() + FRAME_BYTES > HOST_RESULT_BYTES_MAX {
            if count > 0 {
                break;
            }
            // Said once; the next call goes on behind it.
            *cursor = after;
            let bytes = Arg::Bytes(row.len() as u64);
            let shown = protocol::text::shorten(&table.path, 300);
            let message = format!("{shown}: a row of {bytes} is more than one answer may carry; it is passed over");
            return Err(EffectError::guest(ErrorCode::TooLarge, message));
        }
        if text.len() + row.len() + FRAME_BYTES > HOST_RESULT_BYTES_MAX {
            break;
        }
        if count > 0 {
            text.push(b',');
        }
        text.extend_from_slice(&row);
        count += 1;
        next = after;
    }
    meter.step(0)?;
    check_unchanged(table).map_err(effect)?;
    let bytes = next.offset.saturating_sub(cursor.offset);
    *cursor = Cursor { is_done, ..next };
    text.extend_from_slice(if is_done { br#"],"done":true}"# } else { br#"],"done":false}"# });
    Ok(Done {
        answer: HostAnswer::JsonText(text),
        said: Some(Said::Read { what: table.target.shown(), bytes }),
        change: None,
        labels: Labels::NONE,
    })
}

/// A row as JSON, with the table's width. One that is too long for any answer is not written to its end.
fn row_write(out: &mut Vec<u8>, record: &Record<'_>, width: usize) {
    out.clear();
    out.push(b'[');
    for index in 0..width {
        if index > 0 {
            out.push(b',');
        }
        match record.get(index) {
            Some(field) => {
                // Writing to memory does not fail.
                drop(serde_json::to_writer(&mut *out, &String::from_utf8_lossy(field)));
            }
            None => out.extend_from_slice(b"null"),
        }
        if out.len() > HOST_RESULT_BYTES_MAX {
            break;
        }
    }
    out.push(b']');
}

// ---- passes ----

impl CsvEffect {
    fn statistics(
        &self,
        permit: &Permit<FileDemand>,
        table: &Table,
        names: Option<&[String]>,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let effect = |error: PassError| error.effect(&table.path);
        let columns = match names {
            Some(names) => names.iter().map(|name| column(table, name)).collect::<Result<Vec<_>, _>>()?,
            None => (0..table.columns.len()).collect(),
        };
        if columns.len() > COLUMNS_MAX {
            let message = format!("statistics of more than {COLUMNS_MAX} columns at once are too many");
            return Err(EffectError::guest(ErrorCode::InvalidInput, message));
        }
        let _turn = self.turnstile.enter(permit.lease(), scene)?;
        let bytes = table.stat.bytes;
        let scratch = Scratch::new(&self.scratch, permit.lease().clone());
        let mut first = FirstPass::new(&columns, table.columns.len(), &self.key, scratch);
        pass(permit, table, scene, (0, bytes * 2), |record| first.add(record)).map_err(effect)?;
        let mut meter = Meter::start(permit.lease());
        let summary = first.finish(&table.columns).map_err(effect)?;
        meter.step(0)?;
        let mut second = SecondPass::new(summary);
        if second.is_needed() {
            pass(permit, table, scene, (bytes, bytes * 2), |record| {
                second.add(record);
                Ok(())
            })
            .map_err(effect)?;
        }
        let summary = second.finish();
        scanned(table, summary.rows, checked_answer(summary)?)
    }

    fn aggregate(
        &self,
        permit: &Permit<FileDemand>,
        table: &Table,
        request: &CsvAggregate,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let effect = |error: PassError| error.effect(&table.path);
        if request.group_by.len() > COLUMNS_MAX || request.measures.len() > COLUMNS_MAX {
            let message = format!("more than {COLUMNS_MAX} columns or measures at once are too many");
            return Err(EffectError::guest(ErrorCode::InvalidInput, message));
        }
        let group_by = request.group_by.iter().map(|name| column(table, name)).collect::<Result<Vec<_>, _>>()?;
        let mut measures =
            request.measures.iter().map(|measure| measure_read(table, measure)).collect::<Result<Vec<_>, _>>()?;
        if measures.is_empty() {
            measures.push(Measure::Count(None));
        }
        let limit = request.limit.map_or(GROUPS_SHOWN, |limit| (limit as usize).min(GROUPS_MAX));
        let _turn = self.turnstile.enter(permit.lease(), scene)?;
        let mut aggregate = Aggregate::new(group_by, measures, table.columns.len(), &self.key);
        pass(permit, table, scene, (0, table.stat.bytes), |record| {
            aggregate.add(record).map_err(PassError::TooManyGroups)
        })
        .map_err(effect)?;
        let mut meter = Meter::start(permit.lease());
        let groups = aggregate.finish(limit);
        meter.step(0)?;
        scanned(table, groups.rows, checked_answer(groups)?)
    }
}

fn scanned(table: &Table, rows: u64, answer: HostAnswer) -> Result<Done, EffectError> {
    let said = sentence::csv_scanned(table.target.shown(), rows, Arg::Bytes(table.stat.bytes));
    Ok(Done { answer, said: Some(Said::Once(said)), change: None, labels: Labels::NONE })
}

fn column(table: &Table, name: &str) -> Result<usize, EffectError> {
    table.columns.iter().position(|known| known == name).ok_or_else(|| {
        let names = protocol::text::shorten(&table.columns.join(", "), 300);
        let name = protocol::text::shorten(name, 100);
        EffectError::guest(ErrorCode::NotFound, format!("the table has no column '{name}'; it has: {names}"))
    })
}

fn measure_read(table: &Table, measure: &CsvMeasure) -> Result<Measure, EffectError> {
    let place = measure.column.as_deref().map(|name| column(table, name)).transpose()?;
    Ok(match (measure.measure, place) {
        (CsvMeasureKind::Count, place) => Measure::Count(place),
        (CsvMeasureKind::Sum, Some(place)) => Measure::Sum(place),
        (CsvMeasureKind::Min, Some(place)) => Measure::Min(place),
        (CsvMeasureKind::Max, Some(place)) => Measure::Max(place),
        (CsvMeasureKind::Mean, Some(place)) => Measure::Mean(place),
        (_, None) => {
            return Err(EffectError::guest(ErrorCode::InvalidInput, "every measure but 'count' needs a column"));
        }
    })
}

// ---- small texts ----

fn parse(text: &str, options: &CsvOptions, lease: &Lease) -> Result<Done, EffectError> {
    let mut meter = Meter::start(lease);
    let delimiter = options.delimiter.as_deref().map(delimiter_read).transpose()?.unwrap_or(b',');
    let answer = text::parse(text, delimiter, options.header.unwrap_or(true))
        .map_err(|error| EffectError::guest(ErrorCode::TooLarge, error.to_string()))?;
    meter.step(text.len() as u64)?;
    Ok(Done::quiet(checked_answer(answer)?))
}

fn stringify(rows: &[Vec<Value>], options: &CsvOptions, lease: &Lease) -> Result<Done, EffectError> {
    let mut meter = Meter::start(lease);
    let delimiter = options.delimiter.as_deref().map(delimiter_read).transpose()?.unwrap_or(b',');
    let text = text::stringify(rows, delimiter, options.escape_formulas)
        .map_err(|error| EffectError::guest(ErrorCode::InvalidInput, error.to_string()))?;
    meter.step(text.len() as u64)?;
    Ok(Done::quiet(checked_answer(text)?))
}

// ---- scratch ----

/// A file without a name for what does not fit into memory. It is gone with its last handle, also after a crash.
struct Scratch<'a> {
    folder: &'a std::path::Path,
    file: Option<File>,
    lease: Lease,
}

impl<'a> Scratch<'a> {
    fn new(folder: &'a std::path::Path, lease: Lease) -> Self {
        Self { folder, file: None, lease }
    }
}

impl Spill for Scratch<'_> {
    type Error = PassError;

    fn append(&mut self, bytes: &[u8]) -> Result<(), PassError> {
        self.lease.charge_host_bytes(bytes.len() as u64)?;
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                drop(walk::own_folder(self.folder).map_err(PassError::Scratch)?);
                self.file.insert(tempfile::tempfile_in(self.folder).map_err(PassError::Scratch)?)
            }
        };
        file.write_all(bytes).map_err(PassError::Scratch)
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), PassError> {
        self.lease.charge_host_bytes(bytes.len() as u64)?;
        let file = self.file.as_ref().ok_or_else(|| PassError::Scratch(io::ErrorKind::NotFound.into()))?;
        file.read_exact_at(bytes, offset).map_err(PassError::Scratch)
    }
}
