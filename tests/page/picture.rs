//! The example page in a real browser, on a phone and on a desk.

use crate::browser::{dom, picture};
use haproxy_gate::page::Content;
use std::path::Path;

/// The colours of the example, light and dark.
const PAPER: [[u8; 3]; 2] = [[0xf5, 0xf7, 0xfa], [0x11, 0x15, 0x1a]];
const CARD: [[u8; 3]; 2] = [[0xff, 0xff, 0xff], [0x1a, 0x20, 0x27]];
const MARK: [[u8; 3]; 2] = [[0x2f, 0x6f, 0xde], [0x7d, 0xaa, 0xf7]];
const INK: [[u8; 3]; 2] = [[0x1b, 0x24, 0x30], [0xe9, 0xed, 0xf2]];

/// HAPROXY_GATE_KEEP_PAGE names a folder for the pictures.
#[test]
fn the_example_page_fits_a_phone_and_a_desk_in_light_and_dark() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("haproxy/maintenance.html");
    let content = Content::load(&example).unwrap();
    // It is one small file, and names no other one.
    assert!(content.included.is_empty() && content.elsewhere.is_empty());
    assert!(content.text.len() < 8 * 1024, "{}", content.text.len());
    let kept = std::env::var_os("HAPROXY_GATE_KEEP_PAGE");
    let folder = tempfile::tempdir().unwrap();
    let folder = kept.as_deref().map_or(folder.path(), Path::new);
    for (scheme, name) in [(0, "light"), (1, "dark")] {
        let file = folder.join(format!("{name}.html"));
        std::fs::write(&file, &content.text).unwrap();
        for size in [(360, 740), (1280, 800)] {
            let seen = picture(&file, size, scheme == 1);
            let pixels = f64::from(size.0 * size.1);
            assert_eq!(
                (seen.width, seen.height),
                (size.0 as usize, size.1 as usize)
            );
            let share = |colour: [[u8; 3]; 2]| seen.count(colour[scheme]) as f64 / pixels;
            let (paper, card) = (share(PAPER), share(CARD));
            // Paper is all around the card, which has text and a button of some size.
            assert!(
                (0.2..0.9).contains(&paper),
                "{name} {size:?}: paper {paper}"
            );
            assert!((0.1..0.7).contains(&card), "{name} {size:?}: card {card}");
            assert!(seen.count(MARK[scheme]) > 4000, "{name} {size:?}");
            assert!(seen.count(INK[scheme]) > 300, "{name} {size:?}");
            assert_eq!(seen.count(MARK[1 - scheme]), 0, "the other scheme's");
        }
    }
}

/// Colours do not show text that is cut off. A window is at least 500 pixels wide, so a frame has the
/// width of the phone.
#[test]
fn nothing_on_the_example_page_is_wider_than_a_phone() {
    let folder = tempfile::tempdir().unwrap();
    let width = |html: &str| {
        let script =
            "<script>parent.document.title = document.documentElement.scrollWidth</script>";
        let framed = format!("{html}{script}").replace('&', "&amp;");
        let framed = framed.replace('"', "&quot;");
        let file = folder.path().join("frame.html");
        let frame = format!("<!doctype html><title></title><iframe width=360 srcdoc=\"{framed}\">");
        std::fs::write(&file, frame).unwrap();
        let dom = dom(&file);
        let (_, title) = dom.split_once("<title>").unwrap();
        title.split_once('<').unwrap().0.parse::<u32>().unwrap()
    };
    let example = include_str!("../../haproxy/maintenance.html");
    assert_eq!(width(example), 360);
    let wide = example.replace("<h1", "<h1 style=\"white-space: nowrap; font-size: 5rem\"");
    assert!(width(&wide) > 360);
}

/// A picture beside the page is drawn from the page alone.
#[test]
fn a_browser_shows_the_pictures_of_a_page_that_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100'>\
               <rect width='200' height='100' fill='#12c83c'/></svg>";
    std::fs::write(folder.path().join("a.svg"), svg).unwrap();
    std::fs::write(
        folder.path().join("b.css"),
        "body{margin:0;background:url(a.svg)}",
    )
    .unwrap();
    let page = folder.path().join("m.html");
    let html = "<!doctype html><link rel=stylesheet href=b.css><img src='a.svg' alt=''>";
    std::fs::write(&page, html).unwrap();
    let content = Content::load(&page).unwrap();
    let alone = tempfile::tempdir().unwrap();
    let alone = alone.path().join("page.html");
    std::fs::write(&alone, content.text).unwrap();
    assert!(dom(&alone).contains("data:image/svg+xml;base64,"));
    let seen = picture(&alone, (400, 300), false);
    assert_eq!(seen.count([0x12, 0xc8, 0x3c]), 400 * 300);
}
