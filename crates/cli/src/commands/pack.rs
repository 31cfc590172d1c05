//! `oikos app pack`: a folder into one archive, the same bytes each time.

use crate::terminal::{QUIET, Terminal, styled};
use assembly::app_pack;
use protocol::{Arg, Failure};
use std::path::Path;

pub(super) fn perform(terminal: &Terminal, folder: &Path, out: Option<&Path>) -> Result<(), Failure> {
    let packed = app_pack(folder, out)?;
    if terminal.json {
        terminal.value(&packed);
        return Ok(());
    }
    for warning in &packed.warnings {
        terminal.note(warning);
    }
    terminal.line(format_args!("packed {} {} into {}", packed.app, packed.version, super::shown(&packed.archive)));
    let bytes = Arg::Bytes(packed.bytes);
    terminal.line(styled(QUIET, format_args!("{} files, {bytes}, sha256 {}", packed.files, packed.digest)));
    Ok(())
}
