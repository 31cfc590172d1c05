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

/// Prints what is asked about beyond the sentence: the exact content that a yes would let out, or a server's own words.
pub(crate) fn content(terminal: &Terminal, kind: &QuestionKind) {
    match kind {
        QuestionKind::Permission { content: Some(content), .. } => {
            terminal.note(format_args!("    {}", text::escape(content)));
        }
        QuestionKind::Form { message, schema } => {
            terminal.note(format_args!("    {}", text::escape(message)));
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                let kind = field["type"].as_str().unwrap_or_default();
                terminal.note(format_args!("      {} ({kind})", text::escape(name)));
            }
        }
        QuestionKind::Open { message, url } => {
            terminal.note(format_args!("    {}\n    {}", text::escape(message), text::escape(url)));
        }
        QuestionKind::Permission { content: None, .. } | QuestionKind::Pick { .. } => {}
    }
}

/// The command that answers a question.
pub(crate) fn answer_with(question: &Question) -> String {
    let id = question.id;
    match question.kind {
        QuestionKind::Permission { .. } => format!("oikos approval answer {id} once|hour|always|no"),
        QuestionKind::Pick { .. } => format!("oikos approval answer {id} once --path PATH"),
        QuestionKind::Form { .. } => {
            format!("oikos approval answer {id} once --filled '{{\"NAME\": …}}', or {id} no|cancel")
        }
        QuestionKind::Open { .. } => format!("oikos approval answer {id} once|no|cancel"),
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
        let how = answer_with(question);
        let (how, expires) = (terminal.step(how), moment(question.expires_at));
        terminal.line(styled(QUIET, format_args!("    {how}   (no answer until {expires} is a no)")));
    }
}
