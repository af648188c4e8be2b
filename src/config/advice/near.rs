//! Which of the known names was meant.

/// The names that are near, nearest first. Hyphens, spaces and capitals do not count.
pub(crate) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let name = plain(name);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (distance(&name, &plain(known)), known))
        .filter(|(distance, known)| *distance <= 1.max(known.len() / 4))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.dedup_by_key(|(_, known)| *known);
    near.into_iter().map(|(_, known)| known).collect()
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// How many letters to add, to remove, to replace, or to swap with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 3 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (l, a) in left.iter().enumerate() {
        let mut row = vec![l + 1];
        for (r, b) in right.iter().enumerate() {
            let replaced = rows[l][r] + usize::from(a != b);
            let mut least = replaced.min(rows[l][r + 1] + 1).min(row[r] + 1);
            if l > 0 && r > 0 && *a == right[r - 1] && left[l - 1] == *b {
                least = least.min(rows[l - 1][r - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_slip_of_the_hand_is_near_and_another_word_is_not() {
        let known = [
            "port",
            "status_port",
            "sticky",
            "timeouts",
            "drain",
            "restart",
        ];
        for (name, meant) in [
            ("statusport", Some("status_port")),
            ("status-port", Some("status_port")),
            ("Status Port", Some("status_port")),
            ("drian", Some("drain")),
            ("timeout", Some("timeouts")),
            ("prot", Some("port")),
            ("ports", Some("port")),
            ("reboot", None),
            ("http", None),
            ("", None),
        ] {
            assert_eq!(near(name, known).first().copied(), meant, "{name}");
        }
    }
}
