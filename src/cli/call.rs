//! The command line of this process, to repeat it with another option.

/// The command line of this process.
pub(super) fn call() -> Vec<String> {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    std::iter::once("agent".to_owned()).chain(words).collect()
}
