//! Text for people, folded into lines of a terminal.

/// Columns that every terminal has.
pub const WIDTH: usize = 80;

/// Words behind a head, on lines of [`WIDTH`] columns. Lines after the first begin under its
/// words; where that leaves no room, at column 9. A word that is wider stays whole.
pub fn wrapped(head: &str, words: &str) -> Vec<String> {
    let indent = match head.chars().count() {
        wide if wide > WIDTH / 3 => 9,
        indent => indent,
    };
    let mut lines = vec![head.trim_end().to_owned()];
    let mut first = true;
    for word in words.split_whitespace() {
        let line = lines.last_mut().map(|line| (line.chars().count(), line));
        match line {
            Some((_, line)) if first && head.chars().count() + word.chars().count() <= WIDTH => {
                *line = format!("{head}{word}");
            }
            Some((length, line)) if !first && length + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{:indent$}{word}", "")),
        }
        first = false;
    }
    lines
}
