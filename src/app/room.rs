//! Whether there is memory for a second copy of an app. Pure.

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The memory that a second copy needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// In bytes.
    pub bytes: u64,
    /// Its origin, in words: `the memory that web@blue.service uses now`.
    pub origin: String,
}

/// The memory that is available at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In bytes.
    pub bytes: u64,
    /// The place, in words: `on this host`, `in web.slice (MemoryMax=)`.
    pub name: String,
}

/// Decides whether each place has room. Err: a sentence with the figures, and what to do.
pub fn room(need: &Need, places: &[Place]) -> Result<(), String> {
    let Some(least) = places.iter().min_by_key(|place| place.bytes) else {
        return Ok(());
    };
    if need.bytes <= least.bytes {
        return Ok(());
    }
    let (needs, has) = figures(need.bytes, least.bytes);
    let (origin, name) = (&need.origin, &least.name);
    Err(format!(
        "a second copy needs {needs} ({origin}), and {has} are available {name}: free some memory, \
         or correct `memory` if a second copy needs less"
    ))
}

/// Both in the largest unit in which they differ.
fn figures(more: u64, less: u64) -> (String, String) {
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / GIB as f64);
    let mib = |bytes: u64| format!("{} MiB", bytes / MIB);
    let bytes = |bytes: u64| format!("{bytes} bytes");
    let both = |text: &dyn Fn(u64) -> String| (text(more), text(less));
    let units: [&dyn Fn(u64) -> String; 2] = [&gib, &mib];
    let differ = |(more, less): &(String, String)| more != less;
    let mut shown = units.into_iter().map(both);
    shown.find(differ).unwrap_or_else(|| both(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(bytes: u64) -> Need {
        let origin = "the memory that web@blue.service uses now".to_owned();
        Need { bytes, origin }
    }

    fn place(bytes: u64, name: &str) -> Place {
        let name = name.to_owned();
        Place { bytes, name }
    }

    #[test]
    fn each_place_must_have_room() {
        let host = place(2 * GIB, "on this host");
        let slice = place(GIB, "in web.slice (MemoryMax=)");
        for (bytes, places, fits) in [
            (GIB, vec![], true),
            (2 * GIB, vec![host.clone()], true),
            (2 * GIB + 1, vec![host.clone()], false),
            (GIB, vec![host.clone(), slice.clone()], true),
            (GIB + 1, vec![host.clone(), slice.clone()], false),
            (GIB + 1, vec![slice.clone(), host.clone()], false),
        ] {
            let judged = room(&need(bytes), &places);
            assert_eq!(judged.is_ok(), fits, "{bytes} {places:?}: {judged:?}");
        }
    }

    #[test]
    fn the_figures_differ_and_the_scarcest_place_is_named() {
        for (needs, has, wanted) in [
            (6 * GIB / 5, 4 * GIB / 5, ("1.2 GiB", "0.8 GiB")),
            (GIB + 20 * MIB, GIB, ("1044 MiB", "1024 MiB")),
            (5 * MIB, 4 * MIB, ("5 MiB", "4 MiB")),
            (4097, 4096, ("4097 bytes", "4096 bytes")),
        ] {
            let places = [
                place(has, "in web.slice (MemoryMax=)"),
                place(64 * GIB, "on this host"),
            ];
            let said = room(&need(needs), &places).unwrap_err();
            let wanted = format!(
                "a second copy needs {} (the memory that web@blue.service uses now), and {} are \
                 available in web.slice (MemoryMax=): ",
                wanted.0, wanted.1
            );
            assert!(said.starts_with(&wanted), "{said}");
        }
    }
}
