//! Doctor and questions.

use super::moment;
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use protocol::{Question, QuestionKind, api::DoctorCheck, text};

/// Prints checks, a row each.
pub(crate) fn doctor(terminal: &Terminal, checks: &[DoctorCheck]) {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in checks {
        let mark = match (check.ok, &check.hint) {
            (true, None) => styled(GOOD, "ok  "),
            (true, Some(_)) => styled(CARE, "note"),
            (false, _) => styled(BAD.bold(), "BAD "),
        };
        terminal.line(format_args!("{mark} {:width$}  {}", check.name, terminal.step(&check.finding)));
        if let Some(hint) = &check.hint {
            terminal.line(format_args!(
                "     {:width$}  {}",
                "",
                styled(STRONG, format_args!("→ {}", terminal.step(hint)))
            ));
        }
    }
}

/// Prints the exact content that a yes would let out, where that is the point.
pub(crate) fn content(terminal: &Terminal, kind: &QuestionKind) {
    if let QuestionKind::Permission { content: Some(content), .. } = kind {
        terminal.note(format_args!("    {}", text::escape(content)));
    }
}

/// Prints open questions.
pub(crate) fn questions(terminal: &Terminal, questions: &[Question]) {
    if questions.is_empty() {
        terminal.line("no app is waiting for an answer");
        return;
    }
    for question in questions {
        terminal.line(format_args!(
            "{}  {} wants to {}",
            question.id,
            styled(STRONG, &question.app),
            styled(CARE, &question.sentence)
        ));
        content(terminal, &question.kind);
        let how = match question.kind {
            QuestionKind::Permission { .. } => format!("oikos approval answer {} once|hour|always|no", question.id),
            QuestionKind::Pick { .. } => format!("oikos approval answer {} once --path PATH", question.id),
        };
        let (how, expires) = (terminal.step(how), moment(question.expires_at));
        terminal.line(styled(QUIET, format_args!("    {how}   (no answer until {expires} is a no)")));
    }
}
