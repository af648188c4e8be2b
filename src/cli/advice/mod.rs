//! Advice for a command line that clap refuses: the words that were meant, or what another tool's word
//! is here. Words that are suggested are parsed first. Pure.

mod meant;
mod other_tools;

use super::arguments::command;
use crate::text::shell_line;
use clap::error::{ContextKind, ContextValue};
use meant::{Given, RULES};

/// The same error, with our tip in the place of clap's.
pub(super) fn advise(mut error: clap::Error, words: &[String]) -> clap::Error {
    if let Some(tip) = tip(&error, words) {
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tips);
        error.remove(ContextKind::SuggestedSubcommand);
        // clap's usage has the option that it would have suggested.
        if error.remove(ContextKind::SuggestedArg).is_some() {
            error.remove(ContextKind::Usage);
        }
    } else if unknown(&error).is_some_and(|word| word.starts_with("--")) {
        // "to pass '--fro' as a value, use '-- --fro'": no app or target has such a name.
        error.remove(ContextKind::Suggested);
    }
    error
}

fn tip(error: &clap::Error, words: &[String]) -> Option<String> {
    let unknown = unknown(error)?;
    let Some(verb) = verb(words) else {
        return other_tools::tip(unknown).map(str::to_owned);
    };
    let given = Given {
        words,
        verb,
        unknown,
    };
    let meant = RULES.iter().filter_map(|rule| rule(&given));
    let meant = meant.map(|words| [vec!["agent".to_owned()], words].concat());
    let mut parsed = meant.filter(|words| command().try_get_matches_from(words).is_ok());
    let line = shell_line(parsed.next()?.iter().map(String::as_str));
    Some(format!("did you mean `{line}`?"))
}

/// The word that clap does not know there.
fn unknown(error: &clap::Error) -> Option<&str> {
    let places = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
    places.iter().find_map(|place| match error.get(*place) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    })
}

/// The place of the verb.
fn verb(words: &[String]) -> Option<usize> {
    let command = command();
    let is_verb = |at: usize| {
        let is_value = at > 0 && words[at - 1] == "--config";
        !is_value && command.find_subcommand(&words[at]).is_some()
    };
    (0..words.len()).find(|at| is_verb(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tip_of(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let all = std::iter::once("agent").chain(words.iter().map(String::as_str));
        let error = command().try_get_matches_from(all).expect_err(line);
        let shown = advise(error, &words).to_string();
        let mut tips = shown
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tip: "));
        let tip = tips.next().map(str::to_owned);
        assert_eq!(tips.next(), None, "one tip: {shown}");
        tip
    }

    #[test]
    fn words_that_were_meant() {
        for (line, meant) in [
            ("restart --to green", "switch --to green"),
            ("restart web --back", "switch web --back"),
            ("-v restart web --to=green", "-v switch web --to=green"),
            ("open web --finish", "switch web --finish"),
            ("switch web green", "switch web --to green"),
            (
                "switch web green --keep 10m",
                "switch web --to green --keep 10m",
            ),
            ("open web green", "open web --to green"),
            ("maintenance web on", "maintenance on web"),
            ("maintenance web on --for 2h", "maintenance on web --for 2h"),
            ("maintenance web --for 2h on", "maintenance on web --for 2h"),
            ("readonly web off", "readonly off web"),
            ("readonly web", "readonly status web"),
            (
                "--config /a/b maintenance web off",
                "--config /a/b maintenance off web",
            ),
        ] {
            let meant = format!("did you mean `agent {meant}`?");
            assert_eq!(tip_of(line).as_deref(), Some(meant.as_str()), "{line}");
        }
        let near = tip_of("switch web --kep 10m").expect("a tip");
        assert!(near.contains("'--keep'"), "{near}");
        assert_eq!(tip_of("maintenance off web --for 2h"), None);
        let of_clap = tip_of("statsu").expect("a tip");
        assert!(of_clap.contains("'status'"), "{of_clap}");
        // Nothing that parses is near.
        for line in ["restart web green blue", "close web red", "restart --to"] {
            let tip = tip_of(line);
            assert!(
                !tip.is_some_and(|tip| tip.contains("did you mean")),
                "{line}"
            );
        }
    }
}
