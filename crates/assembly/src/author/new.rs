//! A folder that works as it is made: installs, passes `lint` and `test`, and has the types beside it.

use protocol::{AppName, ErrorCode, Failure, text};
use std::{fs, io, path::Path};

/// How the source of a new app is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceForm {
    /// `manifest.json`, `action-schema.json`, `bot-logic.js`.
    MiniApp,
    /// `package.json`, `kimai.json`, `llm-tool.yaml`, `src/index.js`.
    Plugin,
    /// `manifest.json`, `index.html`: an app of the browser.
    Browser,
}

/// What stands for the app's name in a template, and for the same as a title.
const NAME: &str = "__name__";
const TITLE: &str = "__title__";

/// Path and text of each file of a template.
type Template = &'static [(&'static str, &'static str)];

macro_rules! template {
    ($form:literal: $($path:literal),* $(,)?) => {
        &[
            $(($path, include_str!(concat!("../../templates/", $form, "/", $path))),)*
            // For editors: what `ctx` has. Never packed.
            ("oikos.d.ts", include_str!("../../../../sdk/ts/oikos.d.ts")),
            ("jsconfig.json", include_str!("../../templates/jsconfig.json")),
        ]
    };
}

const MINI_APP: Template = template!("mini-app": "README.md", "action-schema.json", "bot-logic.js", "manifest.json",
    "permissions.json", "tests/greet.json");
const PLUGIN: Template = template!("plugin": "README.md", "kimai.json", "llm-tool.yaml", "package.json",
    "src/handler.js", "src/index.js", "tests/greet.json");

/// Without types: nothing of it has a `ctx`.
const BROWSER: Template = &[
    ("README.md", include_str!("../../templates/browser/README.md")),
    ("index.html", include_str!("../../templates/browser/index.html")),
    ("manifest.json", include_str!("../../templates/browser/manifest.json")),
];

/// Makes a folder of the app's name in `parent`. It appears whole or not at all, and never in the place of something
/// else. Returns what is in it.
pub fn app_new(parent: &Path, name: &AppName, form: SourceForm) -> Result<Vec<&'static str>, Failure> {
    let folder = parent.join(name.as_str());
    let template = match form {
        SourceForm::MiniApp => MINI_APP,
        SourceForm::Plugin => PLUGIN,
        SourceForm::Browser => BROWSER,
    };
    make(parent, &folder, name, template).map_err(|error| {
        let shown = text::escape(&folder.strip_prefix(".").unwrap_or(&folder).to_string_lossy());
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::new(ErrorCode::FileUnusable, format!("{shown} is there already; nothing was written"))
                    .hint("choose another name, or remove it first")
            }
            _ => Failure::new(ErrorCode::FileUnusable, format!("{shown} could not be made: {error}")),
        }
    })?;
    let mut paths: Vec<&str> = template.iter().map(|(path, _)| *path).collect();
    paths.sort_unstable();
    Ok(paths)
}

fn make(parent: &Path, folder: &Path, name: &AppName, template: Template) -> io::Result<()> {
    // Said before anything is written; the rename below says it for sure.
    if fs::symlink_metadata(folder).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // Beside its place, so that the last step is a rename. It goes away by itself unless it is moved from.
    let staging = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent)?;
    let staged = staging.path().join(name.as_str());
    for (path, text) in template {
        let path = staged.join(path);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(path, text.replace(NAME, name.as_str()).replace(TITLE, &title(name)))?;
    }
    crate::crash_point("new::after_stage");
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, &staged, CWD, folder, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            // A file system that cannot promise it: a folder that came up in between fails unless it is empty.
            fs::rename(&staged, folder)
        }
        done => Ok(done?),
    }
}

/// A name as a title: `word-count` is "Word count".
fn title(name: &AppName) -> String {
    let words = name.as_str().replace('-', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
