//! Where a target has its memory, by the limits of systemd.

use crate::targets::{start, target};
use crate::{Inside, LIMIT, inside};

#[test]
fn limits_of_the_unit_and_of_its_slices_are_places() {
    let test = "memory::limits_of_the_unit_and_of_its_slices_are_places";
    inside(test, async |machine: Inside| {
        machine.file("room.slice", "[Slice]\nMemoryMax=3G\n");
        machine.file("room-web.slice", "[Slice]\nMemoryMax=2G\n");
        let service = "Slice=room-web.slice\nMemoryMax=1G\nExecStart=/bin/sleep infinity";
        machine.file("room@.service", &format!("[Service]\n{service}\n"));
        let places = async |unit: &str| {
            let places = target(unit).places().await.unwrap();
            println!("{places:?}");
            let named = places
                .into_iter()
                .map(|place| (place.name, place.bytes >> 30));
            named.collect::<Vec<_>>()
        };
        let found = places("room@blue.service").await;
        let blue = target("room@blue.service");
        start(&blue, LIMIT).await.unwrap();
        // A machine with control groups of version 1 does not show it.
        if let Some(need) = blue.memory(1).await {
            assert_eq!(need.origin, "the memory that room@blue.service uses now");
            assert!((1..64 << 20).contains(&need.bytes), "{need:?}");
        }
        assert_eq!(found[0].0, "on this host");
        let limits = [
            ("room@blue.service", 1),
            ("room-web.slice", 2),
            ("room.slice", 3),
        ];
        let limits = limits.map(|(unit, gib)| (format!("in {unit} (MemoryMax=)"), gib));
        assert_eq!(found[1..], limits);
        machine.service("ExecStart=/bin/sleep infinity");
        assert_eq!(places(&machine.unit()).await.len(), 1, "without limits");
    });
}
