//! What `haproxy -c` says of the files. Pure.

/// The answer of a HAProxy on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The version, as HAProxy writes it.
    Accepted(String),
    /// The version, and what is wrong, each with file and line where HAProxy names them.
    Refused(String, Vec<String>),
    /// The same of a HAProxy that may have another version than the balancer.
    OfAnother(Box<Said>),
    /// Why its word does not count.
    Unknown(String),
}

/// Parts of messages about what only the balancer has: users, files, names. They say nothing of the
/// files that were given.
const OF_THE_MACHINE: [&str; 12] = [
    "no such file",
    "permission denied",
    "cannot find user id",
    "cannot find group id",
    "could not resolve",
    "unable to ",
    "cannot open",
    "can't open",
    "couldn't open",
    "error opening",
    "failed to open",
    "failed to load",
];

/// It refuses the files, or can't check them.
const FAILED: i32 = 1;
const SILENT: &str = "`haproxy -c` ends with exit code 1, and gives no reason; with `quiet` in `global` it never does";

/// Its last words, which name nothing.
const SUMMARIES: [&str; 2] = [
    "Error(s) found in configuration",
    "Fatal errors found in configuration",
];

impl Said {
    /// The same, while the version of the balancer is not known.
    pub fn of_another(self) -> Said {
        match self {
            Said::Accepted(_) | Said::Refused(..) => Said::OfAnother(Box::new(self)),
            Said::OfAnother(_) | Said::Unknown(_) => self,
        }
    }

    /// Reads what HAProxy printed before it ended with `code`. `files`: the names that it knows the files by, and their own.
    pub fn read(version: &str, code: i32, errors: &str, files: &[(String, String)]) -> Said {
        let alerts: Vec<String> = errors
            .lines()
            .filter_map(|line| alert(line, files))
            .collect();
        let is_of_file = |alert: &&String| {
            let alert = alert.to_lowercase();
            !OF_THE_MACHINE.iter().any(|part| alert.contains(part))
        };
        let of_file: Vec<String> = alerts.iter().filter(is_of_file).cloned().collect();
        match (alerts.first(), of_file.is_empty()) {
            (None, _) if code == FAILED => Said::Unknown(SILENT.to_owned()),
            (None, _) => Said::Accepted(version.to_owned()),
            (Some(first), true) => {
                Said::Unknown(format!("`haproxy -c` lacks what the balancer has: {first}"))
            }
            (Some(_), false) => Said::Refused(version.to_owned(), of_file),
        }
    }
}

/// `[ALERT]    (7) : config : parsing [haproxy.cfg:12] : unknown keyword`
fn alert(line: &str, files: &[(String, String)]) -> Option<String> {
    let line = line.strip_prefix("[ALERT]")?;
    let text = line
        .split_once(") : ")
        .map_or(line, |(_, text)| text)
        .trim();
    let text = text.strip_prefix("config : ").unwrap_or(text);
    let text = text.strip_prefix("parsing ").unwrap_or(text);
    if SUMMARIES.iter().any(|summary| text.starts_with(summary)) {
        return None;
    }
    let named = files.iter().fold(text.to_owned(), |text, (known, own)| {
        text.replace(&format!("{known}:"), &format!("{own}:"))
    });
    Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by 2.6.12, 3.0.11 and 3.2.26.
    #[test]
    #[rustfmt::skip]
    fn only_a_word_about_the_file_counts() {
        let head = "[NOTICE]   (7) : haproxy version is 2.6.12\n[WARNING]  (7) : config : missing timeouts for frontend 'f'.\n   | While not properly invalid\n";
        let lf = "[ALERT]    (2050) : config : parsing [/proc/self/fd/5:13]: Missing LF on last line, file might have been truncated at position 50.\n";
        let word = "[ALERT]    (29091) : config : [/proc/self/fd/5:16] : 'server b/b' : unknown keyword 'chekc'; did you mean 'check' maybe ?\n";
        let user = "[ALERT]    (29091) : config : parsing [/proc/self/fd/5:2] : cannot find user id for 'nosuch' (0:Success)\n";
        let crt = "[ALERT]    (29091) : config : parsing [/proc/self/fd/5:11] : 'bind 127.0.0.1:40099' in section 'frontend' : unable to stat SSL certificate from file '/nowhere.pem' : No such file or directory.\n";
        let ca = "[ALERT]    (29091) : config : 'ca-file' : unable to load /nowhere.pem.\n";
        let end = "[ALERT]    (7) : config : Error(s) found in configuration file : /proc/self/fd/5\n[ALERT]    (7) : config : Fatal errors found in configuration.\n";
        let files = [("/proc/self/fd/5".to_owned(), "a.cfg".to_owned())];
        let of_lf = "[a.cfg:13]: Missing LF on last line, file might have been truncated at position 50.";
        let of_word = "[a.cfg:16] : 'server b/b' : unknown keyword 'chekc'; did you mean 'check' maybe ?";
        let refused = |alerts: &[&str]| Said::Refused("2.6".into(), alerts.iter().map(|&alert| alert.to_owned()).collect());
        let silent = || Said::Unknown(SILENT.into());
        for (code, text, said) in [
            (1, String::new(), silent()),
            (1, end.to_owned(), silent()),
            (2, String::new(), Said::Accepted("2.6".into())),
            (0, "Configuration file is valid\n".to_owned(), Said::Accepted("2.6".into())),
            (0, head.to_owned(), Said::Accepted("2.6".into())),
            (1, format!("{head}{lf}{end}"), refused(&[of_lf])),
            (1, format!("{head}{user}{crt}{word}{ca}{lf}{end}"), refused(&[of_word, of_lf])),
            (1, format!("{head}{crt}{user}{ca}{end}"), Said::Unknown(
                "`haproxy -c` lacks what the balancer has: [a.cfg:11] : 'bind 127.0.0.1:40099' in section 'frontend' : \
                 unable to stat SSL certificate from file '/nowhere.pem' : No such file or directory.".into(),
            )),
        ] {
            assert_eq!(Said::read("2.6", code, &text, &files), said, "{code} {text}");
        }
    }
}
