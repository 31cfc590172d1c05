//! What a person hands over for one run, checked against what is called takes.

use crate::{Kernel, run::internal, shelf::HandedUse};
use broker::Picked;
use package::Callable;
use protocol::{ErrorCode, Failure, FileAccess, OwnerId, api::NamedFile};
use std::sync::Arc;

impl Kernel {
    /// What a person handed over, checked against what is called takes; with it, that files are used whose bytes they
    /// handed over.
    pub(crate) async fn pick_named(
        self: &Arc<Self>,
        owner: OwnerId,
        called: Callable<'_>,
        files: &[NamedFile],
    ) -> Result<(Vec<Picked>, Vec<HandedUse>), Failure> {
        let mut wanted: Vec<(String, NamedFile, FileAccess, bool)> = Vec::with_capacity(files.len());
        for file in files {
            let fields = called.file_fields();
            let field = fields.iter().find(|field| field.name == file.name()).ok_or_else(|| {
                let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let failure = Failure::new(
                    ErrorCode::InvalidInput,
                    format!("{} takes no file named '{}'", called.name(), protocol::text::shorten(file.name(), 60)),
                );
                if known.is_empty() { failure } else { failure.hint(format!("it takes: {}", known.join(", "))) }
            })?;
            if wanted.iter().any(|(name, ..)| *name == field.name) {
                let failure = Failure::new(ErrorCode::InvalidInput, format!("'{}' is named twice", field.name));
                return Err(failure.hint("each name takes one path"));
            }
            wanted.push((field.name.clone(), file.clone(), field.access, field.is_folder));
        }
        if wanted.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            let (mut picked, mut used) = (Vec::with_capacity(wanted.len()), Vec::new());
            for (name, file, access, folder) in wanted {
                match file {
                    NamedFile::Path(named) => picked.push(kernel.picked(name, &named.path, access, folder)?),
                    NamedFile::Handed(named) => {
                        let (file, use_of_it) = kernel.file_pick(owner, name, named.handed, access, folder)?;
                        picked.push(file);
                        used.push(use_of_it);
                    }
                }
            }
            Ok((picked, used))
        })
        .await
        .map_err(|_| internal("the files could not be looked at"))?
    }

    fn picked(&self, name: String, path: &str, access: FileAccess, folder: bool) -> Result<Picked, Failure> {
        let (place, file) = self
            .effects
            .places
            .picked(path, access, folder)
            .map_err(|error| Failure::new(error.code, error.message))?;
        Ok(Picked { name, folder: place, file, access, called: None })
    }
}
