//! Working on an app while it runs: each saved change is installed anew in an oikos of its own, and its cases are run.

use super::{
    LintReport, app_lint,
    trial::{TrialReport, trial},
    workshop::Workshop,
};
use crate::Config;
use notify::{RecursiveMode, Watcher};
use package::{read_case_files, read_folder};
use protocol::{Digest, ErrorCode, Failure, api::AppDetail, sha256, text};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};

/// A folder is looked at this often even if the system tells of no change: some file systems never do.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Editors save in several steps; one look after them is enough.
const SETTLE: Duration = Duration::from_millis(30);

/// What happens while somebody works on an app.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DevEvent {
    /// From now on changes are seen.
    Watching {
        /// OIKOS_HOME of the oikos that has the app.
        home: PathBuf,
    },
    /// Files changed.
    Changed {
        /// Their paths in the folder.
        paths: Vec<String>,
    },
    /// What is in the folder now runs.
    Reloaded(Box<Reloaded>),
    /// It could not be loaded; what ran before still does.
    Refused {
        /// Why, with file, line and caret.
        failure: Failure,
    },
}

/// What runs now.
#[derive(Debug, Serialize)]
pub struct Reloaded {
    /// The app.
    pub app: AppDetail,
    /// From the look that saw the change to the app that runs; the look follows a change within 30 ms.
    pub took_ms: u64,
    /// What its author should mend.
    pub lint: LintReport,
    /// How its cases went.
    pub trial: TrialReport,
}

/// Installs the app of a folder in an oikos of its own, and again after each change, until the receiver goes. Events come
/// in order; nobody waits for their reader but the next look.
pub async fn app_dev(folder: &Path, config: &Config, events: mpsc::Sender<DevEvent>) -> Result<(), Failure> {
    let folder = folder.canonicalize().map_err(|error| {
        let shown = text::escape(&folder.to_string_lossy());
        Failure::new(ErrorCode::FileUnusable, format!("{shown} cannot be watched: {error}"))
    })?;
    let changed = Arc::new(Notify::new());
    let _watcher = watch(&folder, changed.clone())?;
    let (serving, trying) = (Workshop::open(config).await?, Workshop::open(config).await?);
    let work = async {
        // A reader that has gone ends it below.
        drop(events.send(DevEvent::Watching { home: serving.home() }).await);
        let mut seen: Option<Seen> = None;
        loop {
            let began = Instant::now();
            let now = look(&folder);
            if seen.as_ref() != Some(&now) {
                if let Some(seen) = &seen {
                    drop(events.send(DevEvent::Changed { paths: differing(seen, &now) }).await);
                }
                let event = reload(&serving, &trying, &folder, began).await;
                drop(events.send(event).await);
                seen = Some(now);
            }
            // Whichever comes first; a change during the work above is remembered.
            if tokio::time::timeout(LOOK_EVERY, changed.notified()).await.is_ok() {
                tokio::time::sleep(SETTLE).await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = events.closed() => {}
    }
    serving.close().await;
    trying.close().await;
    Ok(())
}

fn watch(folder: &Path, changed: Arc<Notify>) -> Result<impl Watcher, Failure> {
    let deaf = |error: notify::Error| {
        Failure::new(ErrorCode::FileUnusable, format!("the folder cannot be watched: {error}"))
            .hint("the system may watch no more folders: fs.inotify.max_user_watches")
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the folder is told as well, and would go on for ever.
        if event.map_or(true, |event| !event.kind.is_access()) {
            changed.notify_one();
        }
    })
    .map_err(deaf)?;
    watcher.watch(folder, RecursiveMode::Recursive).map_err(deaf)?;
    Ok(watcher)
}

/// What is in a folder: a digest for each file, or why it cannot be read.
type Seen = Result<BTreeMap<String, Digest>, String>;

fn look(folder: &Path) -> Seen {
    let files = read_folder(folder).map_err(|error| error.to_string())?.files;
    let cases = read_case_files(folder).map_err(|error| error.to_string())?;
    Ok(files.into_iter().chain(cases).map(|(path, bytes)| (path, sha256(&bytes))).collect())
}

/// The paths that are not as they were.
fn differing(before: &Seen, now: &Seen) -> Vec<String> {
    let nothing = BTreeMap::new();
    let (before, now) = (before.as_ref().unwrap_or(&nothing), now.as_ref().unwrap_or(&nothing));
    let mut paths: Vec<String> =
        now.iter().filter(|(path, digest)| before.get(*path) != Some(digest)).map(|(path, _)| path.clone()).collect();
    paths.extend(before.keys().filter(|path| !now.contains_key(*path)).cloned());
    paths.sort();
    paths
}

async fn reload(serving: &Workshop, trying: &Workshop, folder: &Path, began: Instant) -> DevEvent {
    let reloaded = async {
        // All of its files, before anything is installed: what is wrong in the cases is said too.
        let lint = app_lint(folder, &[])?;
        let app = serving.install(folder).await?;
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let trial = trial(trying, folder, false).await?;
        Ok::<_, Failure>(Reloaded { app, took_ms, lint, trial })
    };
    match reloaded.await {
        Ok(reloaded) => DevEvent::Reloaded(Box::new(reloaded)),
        Err(failure) => DevEvent::Refused { failure },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_or_changed_is_told() {
        let seen = |files: &[(&str, &str)]| -> Seen {
            Ok(files.iter().map(|(path, text)| ((*path).to_owned(), sha256(text.as_bytes()))).collect())
        };
        let check = |before: &Seen, now: &Seen, expected: &[&str]| assert_eq!(differing(before, now), expected);
        let before = seen(&[("a", "1"), ("b", "1")]);
        check(&before, &seen(&[("a", "1"), ("b", "2"), ("c", "1")]), &["b", "c"]);
        check(&before, &seen(&[("b", "1")]), &["a"]);
        check(&before, &Err("gone".to_owned()), &["a", "b"]);
        check(&before, &before, &[]);
    }
}
