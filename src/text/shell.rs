//! A command line that can be pasted into a shell.

/// The words as a shell reads them, each quoted if it must be.
pub fn shell_line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words = words.into_iter().map(quoted);
    words.collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_same_words() {
        let words = ["curl", "http://[::1]/a?x=1&y=2", "a b", "", "it's", "$(x)"];
        let shell = std::process::Command::new("/bin/sh")
            .args(["-c", &format!("printf '%s\\n' {}", shell_line(words))])
            .output();
        let read = String::from_utf8(shell.unwrap().stdout).unwrap();
        assert_eq!(read.lines().collect::<Vec<_>>(), words);
        assert_eq!(
            shell_line(["agent", "--config", "/a/b-c.toml"]),
            "agent --config /a/b-c.toml"
        );
    }
}
