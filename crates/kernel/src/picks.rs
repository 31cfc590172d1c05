//! What a person hands over for one run, checked against what is called takes.

use crate::{Kernel, run::internal};
use broker::Picked;
use package::Callable;
use protocol::{ErrorCode, Failure, FileAccess, api::NamedPath};
use std::sync::Arc;

impl Kernel {
    /// What a person handed over on the command line, checked against what is called takes.
    pub(crate) async fn pick_named(
        self: &Arc<Self>,
        called: Callable<'_>,
        files: &[NamedPath],
    ) -> Result<Vec<Picked>, Failure> {
        let mut wanted: Vec<(String, String, FileAccess, bool)> = Vec::with_capacity(files.len());
        for file in files {
            let fields = called.file_fields();
            let field = fields.iter().find(|field| field.name == file.name).ok_or_else(|| {
                let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let failure = Failure::new(
                    ErrorCode::InvalidInput,
                    format!("{} takes no file named '{}'", called.name(), protocol::text::shorten(&file.name, 60)),
                );
                if known.is_empty() { failure } else { failure.hint(format!("it takes: {}", known.join(", "))) }
            })?;
            if wanted.iter().any(|(name, ..)| *name == field.name) {
                let failure = Failure::new(ErrorCode::InvalidInput, format!("'{}' is named twice", field.name));
                return Err(failure.hint("each name takes one path"));
            }
            wanted.push((field.name.clone(), file.path.clone(), field.access, field.is_folder));
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            wanted.into_iter().map(|(name, path, access, folder)| kernel.picked(name, &path, access, folder)).collect()
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
        Ok(Picked { name, folder: place, file, access })
    }
}
