//! The engine's program taken apart: code that every guest shares, and what its memory begins with. Pure.
//!
//! A module's data segments would be copied by the runtime at every instantiation. Without them the host decides what
//! is in memory when a guest begins: the base image and an app's delta.

use std::ops::Range;

/// Ids of WebAssembly's sections that we look at.
const SECTION_MEMORY: u8 = 5;
const SECTION_GLOBAL: u8 = 6;
const SECTION_DATA: u8 = 11;
const SECTION_DATA_COUNT: u8 = 12;
/// Magic and version.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// A program without its data, and the data.
#[derive(Debug)]
pub(crate) struct EngineParts {
    /// A module with the same code and the same memory, which begins with zeros.
    pub(crate) code: Vec<u8>,
    /// Where which bytes of the program go.
    pub(crate) segments: Vec<(usize, Range<usize>)>,
    /// The C stack is `0..stack_end` of the memory; no data lies there.
    pub(crate) stack_end: usize,
}

/// Why a program is not one that we can take apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SplitError {
    #[error("the engine is cut off or not WebAssembly")]
    Malformed,
    #[error("the engine's memory is not the one memory of its own that it should be")]
    Memory,
    #[error("the engine has other state than its memory and its stack pointer, so its memory alone is no image")]
    Globals,
    #[error("the engine's data is not at fixed places above its stack")]
    Data,
}

/// Takes a program apart.
pub(crate) fn engine_split(wasm: &[u8]) -> Result<EngineParts, SplitError> {
    let mut reader = Reader { bytes: wasm, at: 0 };
    if reader.take(HEADER.len())? != HEADER {
        return Err(SplitError::Malformed);
    }
    let mut code = HEADER.to_vec();
    let (mut segments, mut stack_end, mut memory_bytes) = (Vec::new(), None, None);
    while reader.at < wasm.len() {
        let start = reader.at;
        let id = reader.byte()?;
        let length = reader.unsigned()?;
        let body = reader.at;
        reader.take(length)?;
        let mut section = Reader { bytes: &wasm[..reader.at], at: body };
        match id {
            SECTION_DATA => segments = data_section(&mut section)?,
            SECTION_DATA_COUNT => {}
            _ => {
                match id {
                    SECTION_MEMORY => memory_bytes = Some(memory_section(&mut section)?),
                    SECTION_GLOBAL => stack_end = Some(global_section(&mut section)?),
                    _ => {}
                }
                code.extend_from_slice(&wasm[start..reader.at]);
            }
        }
    }
    let stack_end = stack_end.ok_or(SplitError::Globals)?;
    let memory_bytes = memory_bytes.ok_or(SplitError::Memory)?;
    let fits = |(to, from): &(usize, Range<usize>)| {
        *to >= stack_end && to.checked_add(from.len()).is_some_and(|end| end <= memory_bytes)
    };
    if !segments.iter().all(fits) {
        return Err(SplitError::Data);
    }
    Ok(EngineParts { code, segments, stack_end })
}

/// One memory with a fixed beginning; answers its size in bytes.
fn memory_section(section: &mut Reader<'_>) -> Result<usize, SplitError> {
    let count = section.unsigned()?;
    let flags = section.byte()?;
    let pages = section.unsigned()?;
    // Bit 0: it has a maximum. Shared and 64-bit memories are something else.
    if count != 1 || flags & !1 != 0 {
        return Err(SplitError::Memory);
    }
    pages.checked_mul(1 << 16).ok_or(SplitError::Memory)
}

/// One global, `(mut i32) (i32.const N)`: the stack pointer; answers where it begins.
fn global_section(section: &mut Reader<'_>) -> Result<usize, SplitError> {
    if section.unsigned()? != 1 || section.take(3)? != [0x7f, 0x01, 0x41] {
        return Err(SplitError::Globals);
    }
    let start = section.signed()?;
    usize::try_from(start).map_err(|_| SplitError::Globals)
}

fn data_section(section: &mut Reader<'_>) -> Result<Vec<(usize, Range<usize>)>, SplitError> {
    let mut segments = Vec::new();
    for _ in 0..section.unsigned()? {
        // Active, in memory 0, at `i32.const N; end`.
        if section.take(2)? != [0x00, 0x41] {
            return Err(SplitError::Data);
        }
        let to = usize::try_from(section.signed()?).map_err(|_| SplitError::Data)?;
        if section.byte()? != 0x0b {
            return Err(SplitError::Data);
        }
        let length = section.unsigned()?;
        let from = section.at;
        section.take(length)?;
        segments.push((to, from..from + length));
    }
    Ok(segments)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], SplitError> {
        let end = self.at.checked_add(count).ok_or(SplitError::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(SplitError::Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, SplitError> {
        Ok(self.take(1)?[0])
    }

    fn unsigned(&mut self) -> Result<usize, SplitError> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return usize::try_from(value).map_err(|_| SplitError::Malformed);
            }
            if shift > 28 {
                return Err(SplitError::Malformed);
            }
        }
    }

    fn signed(&mut self) -> Result<i64, SplitError> {
        let (mut value, mut shift) = (0i64, 0);
        loop {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(if byte & 0x40 != 0 { value - (1 << shift) } else { value });
            }
            if shift > 28 {
                return Err(SplitError::Malformed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A module of a memory, a stack pointer at 64 and one byte of data at `to`.
    fn module(memory: &[u8], global: &[u8], data: &[u8]) -> Vec<u8> {
        let mut wasm = HEADER.to_vec();
        for (id, body) in [(SECTION_MEMORY, memory), (SECTION_GLOBAL, global), (SECTION_DATA, data)] {
            wasm.push(id);
            wasm.push(u8::try_from(body.len()).expect("sections of tests are short"));
            wasm.extend_from_slice(body);
        }
        wasm
    }

    const MEMORY: &[u8] = &[1, 1, 2, 4];
    const GLOBAL: &[u8] = &[1, 0x7f, 1, 0x41, 0xc0, 0x00, 0x0b];
    const DATA: &[u8] = &[1, 0, 0x41, 0xc0, 0x00, 0x0b, 1, 0xee];

    fn check(wasm: &[u8], expected: Result<(), SplitError>) {
        assert_eq!(engine_split(wasm).map(drop), expected);
    }

    #[test]
    fn takes_only_what_it_understands() {
        let wasm = module(MEMORY, GLOBAL, DATA);
        let parts = engine_split(&wasm).expect("this is such a program");
        assert_eq!(parts.stack_end, 64);
        assert_eq!(parts.segments.len(), 1);
        assert_eq!((parts.segments[0].0, &wasm[parts.segments[0].1.clone()]), (64, &[0xee][..]));
        assert_eq!(parts.code, &wasm[..wasm.len() - DATA.len() - 2]);

        check(b"MZ", Err(SplitError::Malformed));
        check(&wasm[..wasm.len() - 1], Err(SplitError::Malformed));
        check(&module(&[2, 1, 2, 4, 0, 1], GLOBAL, DATA), Err(SplitError::Memory));
        check(&module(&[1, 3, 2, 4], GLOBAL, DATA), Err(SplitError::Memory));
        check(&module(MEMORY, &[2, 0x7f, 1, 0x41, 0, 0x0b, 0x7f, 1, 0x41, 0, 0x0b], DATA), Err(SplitError::Globals));
        // Data in the stack, and data behind the end.
        check(&module(MEMORY, GLOBAL, &[1, 0, 0x41, 0x20, 0x0b, 1, 0xee]), Err(SplitError::Data));
        check(&module(MEMORY, GLOBAL, &[1, 0, 0x41, 0x80, 0x80, 0x08, 0x0b, 1, 0xee]), Err(SplitError::Data));
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_refused_and_nothing_else(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut wasm = HEADER.to_vec();
            wasm.extend(bytes);
            let _parts = engine_split(&wasm);
        }
    }
}
