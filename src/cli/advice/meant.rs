//! The words that were meant, each rule for one kind of slip.

/// A command line, the place of its verb, and the word that is unknown after that.
pub(super) struct Given<'a> {
    pub(super) words: &'a [String],
    pub(super) verb: usize,
    pub(super) unknown: &'a str,
}

/// Other words with the same meaning. None: it is another slip. They need not parse.
type Rule = fn(&Given<'_>) -> Option<Vec<String>>;

pub(super) const RULES: [Rule; 4] = [of_another_verb, by_its_option, in_order, only_asked];

/// Verbs, each with the verb that has the options of its targets.
const OF_TARGETS: [(&str, &str); 2] = [("restart", "switch"), ("open", "switch")];

/// Verbs that take the name of a target by this option.
const TAKES_TARGET: [(&str, &str); 2] = [("switch", "--to"), ("open", "--to")];

/// Verbs with verbs of their own, and the one of these that changes nothing.
const WITH_VERBS: [(&str, &str); 2] = [("maintenance", "status"), ("readonly", "status")];

impl Given<'_> {
    fn of<'a>(&self, table: &[(&str, &'a str)]) -> Option<&'a str> {
        let mut rows = table.iter();
        let row = rows.find(|(verb, _)| self.words[self.verb] == *verb)?;
        Some(row.1)
    }

    fn is_option(&self) -> bool {
        self.unknown.starts_with('-')
    }
}

/// `restart --to green`.
fn of_another_verb(given: &Given<'_>) -> Option<Vec<String>> {
    let other = given.of(&OF_TARGETS).filter(|_| given.is_option())?;
    let mut words = given.words.to_vec();
    other.clone_into(&mut words[given.verb]);
    Some(words)
}

/// `switch web green`.
fn by_its_option(given: &Given<'_>) -> Option<Vec<String>> {
    let option = given.of(&TAKES_TARGET).filter(|_| !given.is_option())?;
    let mut words = given.words.to_vec();
    let at = words.iter().rposition(|word| word == given.unknown)?;
    words.insert(at, option.to_owned());
    Some(words)
}

/// `maintenance web on`.
fn in_order(given: &Given<'_>) -> Option<Vec<String>> {
    given.of(&WITH_VERBS)?;
    let mut words = given.words.to_vec();
    let is_verb = |word: &String| ["on", "off", "status"].contains(&word.as_str());
    let at = words.iter().rposition(is_verb)?;
    let verb = words.remove(at);
    words.insert(given.verb + 1, verb);
    Some(words)
}

/// `maintenance web`.
fn only_asked(given: &Given<'_>) -> Option<Vec<String>> {
    let asks = given.of(&WITH_VERBS)?;
    let mut words = given.words.to_vec();
    words.insert(given.verb + 1, asks.to_owned());
    Some(words)
}
