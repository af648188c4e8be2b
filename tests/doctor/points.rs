//! Every point has a broken set-up that fires it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A definition is `NAME "id":` in a `checks!` of src/doctor. A test that fires it has the id and
/// the verdict behind it, as in `expect("id", "error"` or in a row of a table.
#[test]
fn each_point_is_fired_by_a_broken_set_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defined: BTreeSet<String> = sources(&root.join("src/doctor"))
        .iter()
        .flat_map(|source| source.lines().filter_map(id).collect::<Vec<_>>())
        .map(str::to_owned)
        .collect();
    assert!(defined.len() > 50, "{defined:?}");
    let tests: String = sources(&root.join("tests/doctor")).concat();
    let tests: String = tests.split_whitespace().collect();
    let fires = |id: &&String| {
        ["warning", "error"]
            .iter()
            .any(|verdict| tests.contains(&format!("\"{id}\",\"{verdict}\"")))
    };
    let never: Vec<&String> = defined.iter().filter(|id| !fires(id)).collect();
    assert!(never.is_empty(), "no broken set-up fires {never:?}");
}

/// `same-port` of `    PORT "same-port":`
fn id(line: &str) -> Option<&str> {
    let (name, rest) = line.trim().split_once(" \"")?;
    let (id, _) = rest.split_once("\":")?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_name.then_some(id)
}

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => texts.extend(sources(&path)),
            false => texts.push(fs::read_to_string(&path).expect("a source")),
        }
    }
    texts
}
