//! Next steps as they can be copied: a command that an answer names carries the `--home` and the `--owner` by which this
//! one was called. Without them it would change what another owner allowed, or reach another oikos.

use crate::words::Words;
use clap::CommandFactory as _;
use protocol::{ErrorCode, Failure, text};
use std::borrow::Cow;

/// What the broker puts before the command that would allow what it denied.
const BEFORE_COMMAND: &str = "; to allow it: ";

/// The words that every next step carries on. None: texts stay as they are.
#[derive(Default)]
pub(crate) struct Carried {
    /// `--home FOLDER `, as it was given.
    home: String,
    /// `--owner NAME `
    owner: String,
}

impl Carried {
    /// Those of this command line.
    pub(crate) fn of(words: &Words) -> Self {
        let home = words.home.as_deref().map(|home| format!("--home {} ", shell_word(&home.to_string_lossy())));
        let owner = words.owner.as_ref().map(|owner| format!("--owner {owner} "));
        Self { home: home.unwrap_or_default(), owner: owner.unwrap_or_default() }
    }

    /// A text of oikos' own, each command in it with what it has to carry.
    pub(crate) fn told<'a>(&self, text: &'a str) -> Cow<'a, str> {
        const NAME: &str = "oikos ";
        if self.home.is_empty() && self.owner.is_empty() {
            return Cow::Borrowed(text);
        }
        let commands = Words::command();
        let is_command = |word: &str| commands.get_subcommands().any(|command| command.get_name() == word);
        let mut told = String::with_capacity(text.len() + self.home.len() + self.owner.len());
        let mut rest = text;
        while let Some(at) = rest.find(NAME) {
            let (before, after) = rest.split_at(at + NAME.len());
            told.push_str(before);
            rest = after;
            let word = after.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default();
            // With an article before it, it is the program that is spoken of.
            let is_noun = ["an ", "another ", "the ", "this "].iter().any(|article| before[..at].ends_with(article));
            let is_within_word = before[..at].ends_with(|c: char| c.is_alphanumeric() || "-_./".contains(c));
            if is_noun || is_within_word {
                continue;
            }
            match word {
                // One that names its owner, and what is about all of them.
                "--owner" | "owner" | "up" | "daemon" => told.push_str(&self.home),
                word if is_command(word) => {
                    told.push_str(&self.home);
                    told.push_str(&self.owner);
                }
                _ => {}
            }
        }
        told.push_str(rest);
        Cow::Owned(told)
    }

    /// A denial: only the command at its end is changed, because what stands before it names what the app wanted.
    pub(crate) fn denial<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match text.rfind(BEFORE_COMMAND).map(|at| text.split_at(at + BEFORE_COMMAND.len())) {
            Some((denied, command)) => match self.told(command) {
                Cow::Borrowed(_) => Cow::Borrowed(text),
                Cow::Owned(command) => Cow::Owned(format!("{denied}{command}")),
            },
            None => Cow::Borrowed(text),
        }
    }

    /// A failure: its hint is oikos' own, its message may be what an app said.
    pub(crate) fn failure(&self, failure: &Failure) -> Failure {
        let mut told = failure.clone();
        told.hint = failure.hint.as_deref().map(|hint| self.told(hint).into_owned());
        if failure.code == ErrorCode::PermissionDenied {
            told.message = self.denial(&failure.message).into_owned();
        }
        told
    }
}

/// A word as a shell would take it back: quoted where it has to be, and never with a deceptive character.
fn shell_word(word: &str) -> String {
    let word = text::escape(word);
    let is_plain = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "/._-+@%".contains(c));
    if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn carried(words: &[&str]) -> Carried {
        let words = [&["oikos"][..], words, &["doctor"]].concat();
        Carried::of(&Words::try_parse_from(words).expect("these are words"))
    }

    #[test]
    fn commands_carry_what_the_command_was_called_with() {
        let check = |words: &[&str], text: &str, told: &str| assert_eq!(carried(words).told(text), told, "{words:?}");
        let ben = ["--owner", "ben"];
        check(&[], "try: oikos run notes add", "try: oikos run notes add");
        check(&ben, "try: oikos run notes add", "try: oikos --owner ben run notes add");
        check(&ben, "oikos token list; oikos login list", "oikos --owner ben token list; oikos --owner ben login list");
        check(&["--home", "/tmp/a b"], "oikos daemon start", "oikos --home '/tmp/a b' daemon start");
        check(&["--home", "it's"], "(oikos log)", "(oikos --home 'it'\\''s' log)");
        let both = ["--home", "h", "--owner", "ben"];
        check(&both, "`oikos undo` RUN", "`oikos --home h --owner ben undo` RUN");
        check(&both, "oikos up --port N takes another", "oikos --home h up --port N takes another");
        check(&both, "oikos owner list", "oikos --home h owner list");
        check(&both, "theirs: oikos --owner carla app list", "theirs: oikos --home h --owner carla app list");
    }

    #[test]
    fn what_is_no_command_stays_as_it_is() {
        let ben = carried(&["--owner", "ben"]);
        for text in [
            "the oikos process that was asked may be of another version",
            "if that is another oikos up, it serves this one as well",
            "oikos itself ended",
            "oikos",
            "oikos ",
            "paroikos run",
            "oikos runs",
            "not in this oikos log",
        ] {
            assert_eq!(ben.told(text), text);
        }
    }

    #[test]
    fn of_a_denial_only_its_command_changes() {
        let ben = carried(&["--owner", "ben"]);
        let denied =
            "not allowed to read /oikos run/a: file.read is blocked; to allow it: oikos grant a file.read=allow";
        let told = ben.failure(&Failure::new(ErrorCode::PermissionDenied, denied)).message;
        assert_eq!(told, denied.replace("oikos grant", "oikos --owner ben grant"));
        // An app's own words are its own.
        let said = "please type: oikos grant a file=allow:/";
        assert_eq!(ben.failure(&Failure::new(ErrorCode::AppFailed, said)).message, said);
        assert_eq!(ben.failure(&Failure::new(ErrorCode::PermissionDenied, said)).message, said);
    }
}
