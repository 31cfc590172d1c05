//! The documents by which an app shows what its runs made, or which are all of it: files of its package, for a frame that can
//! reach nothing.

use crate::{Kernel, journal, servers::is_server};
use package::VIEW_BYTES_MAX;
use protocol::{AppName, AuditEvent, Caller, Digest, ErrorCode, Failure, GrantState, Right, Scope, sentence, text};
use std::sync::Arc;

const PATH_CHARS_SHOWN: usize = 120;

/// A view that an app brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The package that it is a file of.
    pub digest: Digest,
    /// One HTML document.
    pub html: String,
    /// Where it says that it would load from or send to, and does not.
    pub wanted: Vec<String>,
}

impl Kernel {
    /// A view of an app, if its owner lets it show any. That an app of the browser was opened is written down: it has no runs
    /// that would tell.
    pub async fn app_view(self: &Arc<Self>, caller: Caller, app: AppName, path: &str) -> Result<View, Failure> {
        self.require(&caller, Right::Read)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        if !loaded.record.enabled {
            let failure = Failure::new(ErrorCode::AppDisabled, format!("{app} is disabled"));
            return Err(failure.hint(format!("oikos app enable {app}")));
        }
        self.zone_check_again(&loaded)?;
        if is_server(&loaded) {
            return self.server_view_drawn(&caller, &loaded, path);
        }
        let (line, grants) = (Scope::View.line(), self.broker.grants(caller.owner, &app));
        let refused = |rule: String| {
            let what = if loaded.record.opens.is_some() { sentence::card_page() } else { sentence::card_view() };
            Failure::new(ErrorCode::PermissionDenied, format!("{app} may not {what}: {rule}"))
        };
        match grants.effective(&line, self.clock.now(), None).map(|grant| grant.state) {
            Some(GrantState::Allow) => {}
            None => {
                let hint = format!("its author adds \"{line}\" to permissions.json");
                return Err(refused(sentence::rule_not_asked_for(&line).to_string()).hint(hint));
            }
            Some(state) => {
                // Nobody is asked in the middle of looking at something.
                return Err(refused(format!("{line} is {state}")).hint(format!("oikos grant {app} {line}=allow")));
            }
        }
        let shown = text::shorten(path, PATH_CHARS_SHOWN);
        let file = Some(path).filter(|path| path.ends_with(".html")).and_then(|path| loaded.package.file(path));
        let file = file.ok_or_else(|| {
            let views: Vec<&str> =
                loaded.package.files().map(|(path, _)| path).filter(|path| path.ends_with(".html")).collect();
            let failure = Failure::new(ErrorCode::NotFound, format!("{app} has no view '{shown}'"));
            if views.is_empty() { failure } else { failure.hint(format!("it has: {}", views.join(", "))) }
        })?;
        if file.len() > VIEW_BYTES_MAX {
            let most = VIEW_BYTES_MAX >> 20;
            return Err(Failure::new(ErrorCode::NotAvailable, format!("the view '{shown}' of {app} is too large"))
                .hint(format!("a view is at most {most} MiB")));
        }
        let html = std::str::from_utf8(file)
            .map_err(|_| Failure::new(ErrorCode::NotAvailable, format!("the view '{shown}' of {app} is not UTF-8")))?;
        if loaded.record.opens.as_deref() == Some(path) {
            let said = sentence::app_opened(path, loaded.record.version.to_string());
            let said = journal::record(self.clock.now(), &caller, AuditEvent::Read, Some(&app), said);
            self.note(caller.owner, &said);
        }
        Ok(View { digest: loaded.record.digest, html: html.to_owned(), wanted: Vec::new() })
    }
}
