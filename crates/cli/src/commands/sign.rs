//! `oikos app sign`: a folder or archive into an archive that says who vouches for it.

use super::{publisher::passphrase_of, publishers, shown};
use crate::terminal::{QUIET, STRONG, Terminal, styled};
use assembly::app_sign;
use protocol::{Arg, Failure, PublisherName};
use std::path::Path;

pub(super) fn perform(
    terminal: &Terminal,
    source: &Path,
    publisher: &PublisherName,
    out: Option<&Path>,
) -> Result<(), Failure> {
    let signed = app_sign(source, &publishers()?, publisher, out, &|name| Ok(passphrase_of(terminal, name)))?;
    if terminal.json {
        terminal.value(&signed);
        return Ok(());
    }
    let packed = &signed.packed;
    for warning in &packed.warnings {
        terminal.note(warning);
    }
    terminal.line(format_args!("signed {} {} into {}", packed.app, packed.version, shown(&packed.archive)));
    let bytes = Arg::Bytes(packed.bytes);
    terminal.line(styled(QUIET, format_args!("{} files, {bytes}, sha256 {}", packed.files, packed.digest)));
    terminal.line(format_args!("tell people your fingerprint: {}", styled(STRONG, &signed.fingerprint)));
    Ok(())
}
