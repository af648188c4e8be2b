//! The names of apps and of their targets.

use super::mistake::Mistake;
use toml::Spanned;

/// The rule's comment separates them by `:`, and the `iptables` crate splits it at quotes.
pub(super) fn check_name(of: &str, name: &Spanned<String>) -> Result<(), Mistake> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let given = name.get_ref();
    match (1..=64).contains(&given.len()) && given.chars().all(harmless) {
        true => Ok(()),
        false => {
            let what = format!(
                "{of} name is 1 to 64 letters, digits, `_`, `.` or `-`: the rule's comment \
                 contains it"
            );
            Err(Mistake::new(name.span(), what))
        }
    }
}
