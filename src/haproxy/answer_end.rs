//! Where one answer of the stats socket ends. HAProxy ends each with an empty line, and texts of
//! others in it may have empty lines, too: a description, or what a check expected.

/// The place of the two line ends that end the first answer in `rest`. None: it is cut short, or
/// its quotes are wrong.
pub(super) fn answer_end(rest: &str) -> Option<usize> {
    let begins = rest.trim_start_matches('\n');
    if begins.starts_with("# pxname,") {
        let end = empty_line(begins).ok()??;
        return Some(rest.len() - begins.len() + end);
    }
    match begins.starts_with("Name: ") {
        true => before_a_table(rest),
        false => rest.find("\n\n"),
    }
}

/// A quote is not where HAProxy writes one, or is still open at the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrongQuotes;

/// The first empty line of a table that is no part of a text. HAProxy quotes a text with line ends,
/// commas or quotes, and doubles the quotes in it (its `csv_enc_append`).
pub(super) fn empty_line(table: &str) -> Result<Option<usize>, WrongQuotes> {
    let bytes = table.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match byte {
            b'"' if quoted && next == Some(&b'"') => at += 1,
            b'"' if quoted && !matches!(next, None | Some(b',' | b'\n')) => {
                return Err(WrongQuotes);
            }
            b'"' if quoted => quoted = false,
            b'"' if at > 0 && !matches!(bytes[at - 1], b',' | b'\n') => return Err(WrongQuotes),
            b'"' => quoted = true,
            b'\n' if !quoted && next == Some(&b'\n') => return Ok(Some(at)),
            _ => {}
        }
        at += 1;
    }
    match quoted {
        true => Err(WrongQuotes),
        false => Ok(None),
    }
}

/// `show info` quotes nothing, and the description is in it. A table follows, a refusal, or
/// nothing.
fn before_a_table(rest: &str) -> Option<usize> {
    let follows = |at: &usize| {
        let after = rest[at + 2..].trim_start_matches('\n');
        let begins = ["# pxname,", "1\n# ", "Permission denied"];
        after.is_empty() || begins.iter().any(|begin| after.starts_with(begin))
    };
    let ends = || rest.match_indices("\n\n").map(|(at, _)| at);
    ends().find(follows).or_else(|| ends().next())
}
