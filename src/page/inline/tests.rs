use super::*;

#[test]
fn an_address_is_a_file_beside_the_page_or_it_is_not() {
    let beside = |path: &str, fragment: &str| Reference::Beside(path.into(), fragment.to_owned());
    for (address, expected) in [
        (" logo.png ", beside("logo.png", "")),
        ("img/logo.png?v=2", beside("img/logo.png", "")),
        ("sprite.svg?v=2#cup", beside("sprite.svg", "#cup")),
        ("../logo.png", beside("../logo.png", "")),
        ("./a:b.png", beside("./a:b.png", "")),
        ("", Reference::Nothing),
        ("#top", Reference::Nothing),
        ("data:image/png;base64,AA", Reference::Nothing),
        ("about:blank", Reference::Nothing),
        ("https://cdn.example/a.png", Reference::Elsewhere),
        ("HTTP://cdn.example/a.png", Reference::Elsewhere),
        ("//cdn.example/a.png", Reference::Elsewhere),
        ("/logo.png", Reference::Rooted),
        ("\\logo.png", Reference::Rooted),
        ("file:///etc/passwd", Reference::Rooted),
    ] {
        assert_eq!(Reference::of(address), expected, "{address:?}");
    }
}

#[test]
fn the_addresses_of_a_style_sheet_are_found() {
    for (css, expected) in [
        ("a { background: url(a.png) }", &["a.png"][..]),
        (
            "a{b:URL( 'a b.png' ) url(\"c.png\")}",
            &["a b.png", "c.png"],
        ),
        ("/* url(no.png) */ a{b:url( c.png )}", &["c.png"]),
        ("@import 'a.css'; @import url(b.css);", &["a.css", "b.css"]),
        ("@import\"a.css\";é{b:url(ü.png)}", &["a.css", "ü.png"]),
        ("a{b:url(a.png", &["a.png"]),
        ("a{b:url(", &[""]),
        ("/* url(no.png)", &[]),
        ("a{b:curl; c:é}", &[]),
    ] {
        let found = urls(css);
        let found: Vec<&str> = found.into_iter().map(|at| &css[at]).collect();
        assert_eq!(found, expected, "{css}");
    }
}

/// The attribute, the text of the place, and the address there.
fn addresses(html: &str) -> Vec<(String, &str, String)> {
    let address = |spot: Spot| match spot.found {
        Found::Address { attribute, value } => Some((attribute, &html[spot.at], value)),
        _ => None,
    };
    spots(html).into_iter().filter_map(address).collect()
}

#[test]
fn what_a_browser_fetches_is_found() {
    for (html, expected) in [
        ("<img src=\"a.png\">", &[("src", "\"a.png\"", "a.png")][..]),
        (
            "<IMG alt='a' SRC = 'a&amp;b.png' x>",
            &[("src", "'a&amp;b.png'", "a&b.png")],
        ),
        (
            "<img src=a.png><img src=b.png />",
            &[("src", "a.png", "a.png"), ("src", "b.png", "b.png")],
        ),
        (
            "<link rel='shortcut ICON' href=\"i.ico\">",
            &[("href", "\"i.ico\"", "i.ico")],
        ),
        ("<link rel=canonical href=/shop><a href=b.html>b</a>", &[]),
        (
            "<video poster=p.png></video>",
            &[("poster", "p.png", "p.png")],
        ),
        (
            "<svg><image href='a.png'/></svg>",
            &[("href", "'a.png'", "a.png")],
        ),
        (
            "<!-- <img src=no.png> --><title><img src=no.png></title>",
            &[],
        ),
        ("<script>let a = '<img src=no.png>'</script>", &[]),
        ("<img src><img src=''>", &[("src", "''", "")]),
        (
            "<img title='src=no.png' src='é.png'>",
            &[("src", "'é.png'", "é.png")],
        ),
    ] {
        let found = addresses(html);
        let found: Vec<(&str, &str, &str)> = found
            .iter()
            .map(|(attribute, raw, value)| (attribute.as_str(), *raw, value.as_str()))
            .collect();
        assert_eq!(found, expected, "{html}");
    }
}

#[test]
fn style_sheets_are_found() {
    let html = "<style media=all>a{b:url(c)}</style><p style=\"d:url(&quot;e&quot;)\">url(f)</p>";
    let found: Vec<(&str, Found)> = spots(html)
        .into_iter()
        .map(|spot| (&html[spot.at], spot.found))
        .collect();
    let attribute = Found::StyleAttribute("d:url(\"e\")".to_owned());
    let expected = [
        ("a{b:url(c)}", Found::StyleSheet),
        ("\"d:url(&quot;e&quot;)\"", attribute),
    ];
    assert_eq!(found, expected);
    assert_eq!(escaped("a&\"b\""), "\"a&amp;&quot;b&quot;\"");
}

/// Any text has its places within itself.
#[test]
fn a_torn_text_is_no_crash() {
    let whole = "<style>@import 'é'; a{b:url(\"ü\")}</style><img src = 'é.png' style=\"a:url(é)\">";
    let ends = (0..=whole.len()).filter(|end| whole.is_char_boundary(*end));
    for end in ends {
        let text = &whole[..end];
        let parts = spots(text).into_iter().map(|spot| (spot.at, String::new()));
        assert!(replace(text, parts.collect()).len() <= text.len());
        urls(text).into_iter().for_each(|at| _ = &text[at]);
    }
}
