//! The examples of a key, and what the operator gave within them.

use toml::Value;
use toml::de::DeValue;

/// The given table with one more key of an example: all that the operator gave stays.
pub(super) fn completed(example: &str, given: &Value) -> Vec<String> {
    let (Some(given), Ok(parsed)) = (given.as_table(), DeValue::parse(example)) else {
        return Vec::new();
    };
    let Some(keys) = parsed.get_ref().as_table() else {
        return Vec::new();
    };
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort_by_key(|(_, value)| value.span().start);
    let own: Vec<String> = given
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    let lacking = keys
        .into_iter()
        .filter(|(key, _)| !own.is_empty() && !given.contains_key(key.get_ref().as_ref()));
    let with = lacking.map(|(key, value)| {
        let added = format!("{} = {}", key.get_ref(), &example[value.span()]);
        format!("{{ {}, {added} }}", own.join(", "))
    });
    with.collect()
}

/// An example with the given values of the keys that it has.
pub(super) fn filled(example: &str, given: &Value) -> Option<String> {
    let parsed = DeValue::parse(example).ok()?;
    let mut keys: Vec<_> = parsed.get_ref().as_table()?.iter().collect();
    keys.sort_by_key(|(_, value)| value.span().start);
    let mut new = example.to_owned();
    for (key, value) in keys.into_iter().rev() {
        if let Some(given) = given.get(key.get_ref().as_ref()) {
            new.replace_range(value.span(), &given.to_string());
        }
    }
    Some(new)
}

/// The examples that share most with the value first.
pub(super) fn by_likeness(value: &Value, examples: &[String]) -> Vec<String> {
    let unlike = |example: &&String| {
        let example: Value = example.parse().unwrap_or(Value::Boolean(false));
        match (value, &example) {
            (Value::Table(value), Value::Table(example)) => {
                usize::MAX
                    - value
                        .keys()
                        .filter(|key| example.contains_key(*key))
                        .count()
            }
            (Value::String(value), Value::String(example)) => {
                let is_path = |text: &str| text.contains('/') && !text.contains("://");
                usize::MAX - usize::from(is_path(value) == is_path(example))
            }
            _ => usize::MAX,
        }
    };
    let mut sorted: Vec<&String> = examples.iter().collect();
    sorted.sort_by_key(unlike);
    sorted.into_iter().cloned().collect()
}
