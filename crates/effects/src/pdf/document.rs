//! The worker's side of `pdf`: a document's bytes to its pages' texts. Pure but for what it is given.

use super::text::{Mark, text_of};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask,
    font::{Glyph, GlyphRun},
    hayro_cmap::{BfString, WritingMode},
    hayro_syntax::{
        DecryptionError, LoadPdfError, Pdf,
        object::{Dict, String as PdfString, dict::keys},
        page::Page,
    },
    interpret_page,
    kurbo::{Affine, BezPath, Point, Rect, Vec2},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Glyphs of one page: a poster full of small print has a tenth of it.
const MARKS_MAX: usize = 1 << 20;
/// The largest text of a page: one answer carries no more.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// The longest text that a document says of itself.
const FACT_BYTES_MAX: usize = 2_000;
/// Units of a glyph's own in an em.
const UNITS_PER_EM: f64 = 1_000.0;
/// Glyphs of one letter that begin closer than this, in em, are one glyph that was drawn twice to look bold.
const TWICE_EM: f64 = 0.1;

/// Which pages are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The first, from 1.
    pub(crate) from: Option<u32>,
    /// The last.
    pub(crate) to: Option<u32>,
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// First: what the document is.
    Document { page_count: u32, metadata: BTreeMap<String, String> },
    /// Each page that was asked for, in order.
    Page { page: u32, text: String },
    /// Last, and what it took of the processor.
    Done { cpu_us: u64 },
    /// Instead of all that: it cannot be read.
    Fault(Fault),
}

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// It has bytes, and they are no PDF that could be made sense of.
    Damaged,
    /// It does not open without a password.
    Locked,
    /// It is locked in a way that is not known.
    Unknown,
    /// There is no page in it.
    Empty,
    /// It has fewer pages than the first that is wanted.
    Beyond { page_count: u32 },
    /// Larger than a document may be.
    Large,
    /// A page has more on it than is looked at.
    PageLarge { page: u32 },
}

/// Reads it, and hands over what it finds as it finds it.
pub(crate) fn read<E>(bytes: Vec<u8>, order: Order, say: &mut dyn FnMut(Said) -> Result<(), E>) -> Result<(), E> {
    let pdf = match Pdf::new(bytes) {
        Ok(pdf) => pdf,
        Err(error) => return say(Said::Fault(fault(error))),
    };
    let pages = pdf.pages();
    let page_count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let from = order.from.unwrap_or(1).max(1);
    if page_count == 0 {
        return say(Said::Fault(Fault::Empty));
    }
    if from > page_count {
        return say(Said::Fault(Fault::Beyond { page_count }));
    }
    say(Said::Document { page_count, metadata: metadata(&pdf) })?;
    let cache = InterpreterCache::new();
    for number in from..=order.to.unwrap_or(page_count).min(page_count) {
        let Some(page) = pages.get(number as usize - 1) else { break };
        match page_text(page, &cache) {
            Some(text) => say(Said::Page { page: number, text })?,
            None => return say(Said::Fault(Fault::PageLarge { page: number })),
        }
    }
    Ok(())
}

fn fault(error: LoadPdfError) -> Fault {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Fault::Locked,
        LoadPdfError::Decryption(_) => Fault::Unknown,
        LoadPdfError::Invalid => Fault::Damaged,
    }
}

/// The text of a page; none of one that has more on it than there may be.
fn page_text<'a>(page: &Page<'a>, cache: &InterpreterCache<'a>) -> Option<String> {
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let settings = InterpreterSettings::default();
    let turned = Affine::new(page.initial_transform(true).as_coeffs());
    let mut context = Context::new(turned, area, cache, page.xref(), settings);
    let mut reader = Reader { area, ..Reader::default() };
    interpret_page(page, &mut context, &mut reader);
    let text = text_of(&reader.marks);
    (reader.marks.len() < MARKS_MAX && text.len() <= PAGE_BYTES_MAX).then_some(text)
}

/// Takes down glyphs, and of all else nothing.
#[derive(Default)]
struct Reader {
    area: Rect,
    marks: Vec<Mark>,
    /// What was drawn where.
    drawn: HashSet<(String, i64, i64)>,
    /// For each marked part that we are in: what it stands for, where it says so, and whether that was taken down.
    parts: Vec<Option<(String, bool)>>,
}

impl Reader {
    fn glyph(&mut self, glyph: &Glyph<'_>, transform: Affine, is_vertical: bool) {
        if self.marks.len() >= MARKS_MAX {
            return;
        }
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(drawing) => drawing.advance_width(),
        };
        let advance = f64::from(advance.unwrap_or_default());
        let [a, b, c, d, ..] = transform.as_coeffs();
        let (across, up) = (Vec2::new(a, b), Vec2::new(c, d));
        let (way, advance) = if is_vertical { (-up, UNITS_PER_EM) } else { (across, advance) };
        let start = transform * Point::ZERO;
        let end = start + way * advance;
        let em = up.hypot() * UNITS_PER_EM;
        let along = way / way.hypot();
        let is_seen = self.area.inflate(em, em).contains(start);
        let is_sound = along.is_finite() && end.is_finite() && em.is_finite() && em > 0.0;
        if !(is_seen && is_sound) {
            return;
        }
        let text = match self.parts.iter_mut().flatten().next() {
            // What the whole part stands for goes to its first glyph; the others only take room.
            Some((text, is_taken)) if !*is_taken => {
                *is_taken = true;
                text.clone()
            }
            Some(_) => String::new(),
            None => match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                // A drawing has a number and no letter; those that draw letters number them as everybody does.
                None => match (glyph, u8::try_from(glyph.char_code())) {
                    (Glyph::Type3(_), Ok(code @ b'!'..=b'~')) => char::from(code).to_string(),
                    _ => return,
                },
            },
        };
        let step = TWICE_EM * em;
        let place = ((start.x / step).round() as i64, (start.y / step).round() as i64);
        let is_new = self.drawn.insert((text.clone(), place.0, place.1));
        if is_new || text.is_empty() {
            let [start, end] = [start, end].map(|point| (point.x, point.y));
            self.marks.push(Mark { text, start, end, along: (along.x, along.y), em });
        }
    }
}

impl<'a> Device<'a> for Reader {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        let is_vertical = matches!(run.writing_mode(), WritingMode::Vertical);
        for glyph in run.glyphs() {
            self.glyph(glyph, props.transform * glyph.transform(), is_vertical);
        }
    }

    // A picture is not even unfolded.
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}

    fn begin_marked_content(&mut self, _: &[u8], properties: Option<&Dict<'_>>) {
        let text = properties.and_then(|part| part.get::<PdfString<'_>>(keys::ACTUAL_TEXT));
        self.parts.push(text.map(|text| (decoded(text.as_bytes()), false)));
    }

    fn end_marked_content(&mut self) {
        self.parts.pop();
    }
}

// ---- what it says of itself ----

fn metadata(pdf: &Pdf) -> BTreeMap<String, String> {
    let said = pdf.metadata();
    let texts = [
        ("title", &said.title),
        ("author", &said.author),
        ("subject", &said.subject),
        ("keywords", &said.keywords),
        ("creator", &said.creator),
        ("producer", &said.producer),
    ];
    let texts = texts.into_iter().filter_map(|(name, bytes)| Some((name, decoded(bytes.as_deref()?))));
    let times = [("created", &said.creation_date), ("modified", &said.modification_date)];
    let times = times.into_iter().filter_map(|(name, time)| {
        let time = time.as_ref()?;
        let (year, month, day) = (time.year, time.month, time.day);
        let (hour, minute, second) = (time.hour, time.minute, time.second);
        let (sign, hours) = (if time.utc_offset_hour < 0 { '-' } else { '+' }, time.utc_offset_hour.unsigned_abs());
        let offset = format!("{sign}{hours:02}:{:02}", time.utc_offset_minute);
        Some((name, format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}")))
    });
    let facts = texts.chain(times).filter(|(_, text)| !text.is_empty());
    facts.map(|(name, text)| (name.to_owned(), text)).collect()
}

/// A text outside of pages: UTF-16 or UTF-8 if it says so, else PDF's own eight bits.
fn decoded(bytes: &[u8]) -> String {
    let text: String = match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| eight_bits(*byte)).collect(),
    };
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text[..text.floor_char_boundary(FACT_BYTES_MAX)].trim().to_owned()
}

fn utf16(bytes: &[u8], of: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks().0.iter().map(|pair| of(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// PDFDocEncoding, which is Latin-1 but for these.
fn eight_bits(byte: u8) -> char {
    const FROM_18: [char; 8] = ['\u{2d8}', '\u{2c7}', '\u{2c6}', '\u{2d9}', '\u{2dd}', '\u{2db}', '\u{2da}', '\u{2dc}'];
    const FROM_80: &str = "\u{2022}\u{2020}\u{2021}\u{2026}\u{2014}\u{2013}\u{192}\u{2044}\u{2039}\u{203a}\u{2212}\u{2030}\
                           \u{201e}\u{201c}\u{201d}\u{2018}\u{2019}\u{201a}\u{2122}\u{fb01}\u{fb02}\u{141}\u{152}\u{160}\
                           \u{178}\u{17d}\u{131}\u{142}\u{153}\u{161}\u{17e}\u{fffd}\u{20ac}";
    match byte {
        0x18..=0x1f => FROM_18[usize::from(byte - 0x18)],
        0x80..=0xa0 => FROM_80.chars().nth(usize::from(byte - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_in_the_letters_that_they_are_written_in() {
        for (bytes, expected) in [
            (&b"plain"[..], "plain"),
            (b"\xfe\xff\0H\0i\x20\xac", "Hi\u{20ac}"),
            (b"\xff\xfeH\0i\0", "Hi"),
            (b"\xef\xbb\xbfna\xc3\xafve", "na\u{ef}ve"),
            (b"\x80 \x8d\x8e \xa0 \xe9 \x1f", "\u{2022} \u{201c}\u{201d} \u{20ac} \u{e9} \u{2dc}"),
            (b"a\0b\nc", "abc"),
            (b"\xfe\xff\xd8\0\0x", "\u{fffd}x"),
            (b"", ""),
        ] {
            assert_eq!(decoded(bytes), expected, "{bytes:?}");
        }
        assert_eq!(decoded(&[b'x'; 10_000]).len(), FACT_BYTES_MAX);
    }
}
