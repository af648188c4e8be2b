use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder with a page of this text and the picture, and beside the folder a secret.
fn folder(html: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("page");
    fs::create_dir_all(folder.join("img")).unwrap();
    fs::write(directory.path().join("secret.png"), "secret").unwrap();
    fs::write(folder.join("logo.png"), "logo").unwrap();
    fs::write(folder.join("img/in.gif"), "in").unwrap();
    let file = folder.join("m.html");
    fs::write(&file, html).unwrap();
    (directory, file)
}

fn loaded(html: &str) -> Content {
    let (_directory, file) = folder(html);
    Content::load(&file).unwrap()
}

/// What is wrong, with FOLDER for the page's folder.
fn fault(html: &str, change: impl Fn(&Path)) -> String {
    let (_directory, file) = folder(html);
    let folder = file.parent().unwrap();
    change(folder);
    let fault = Content::load(&file).unwrap_err().to_string();
    fault.replace(&folder.display().to_string(), "FOLDER")
}

const LOGO: &str = "data:image/png;base64,bG9nbw==";

#[test]
fn the_files_beside_the_page_are_in_it() {
    let html = "<link rel=icon href=logo.png><style>a { b: url('img/in.gif') }</style>\n\
                <p style='c: url(logo.png)'><img alt=é src='img/../logo.png#x'></p>";
    let content = loaded(html);
    let expected = format!(
        "<link rel=icon href=\"{LOGO}\"><style>a {{ b: url('data:image/gif;base64,aW4=') }}</style>\n\
         <p style=\"c: url({LOGO})\"><img alt=é src=\"{LOGO}#x\"></p>"
    );
    assert_eq!(content.text, expected);
    let sizes: Vec<usize> = content.included.iter().map(|file| file.bytes).collect();
    assert_eq!(sizes, [4, 2, 4, 4]);
}

#[test]
fn the_files_of_a_style_sheet_are_beside_that() {
    let (_directory, file) = folder("<link rel=stylesheet href=img/a.css>");
    let folder = file.parent().unwrap();
    fs::write(
        folder.join("img/a.css"),
        "a{b:url(in.gif) url(../logo.png)}",
    )
    .unwrap();
    let content = Content::load(&file).unwrap();
    let (_, encoded) = content.text.split_once("data:text/css;base64,").unwrap();
    let encoded = encoded.trim_end_matches("\">");
    use base64::prelude::{BASE64_STANDARD, Engine};
    let css = BASE64_STANDARD.decode(encoded).unwrap();
    let expected = format!("a{{b:url(data:image/gif;base64,aW4=) url({LOGO})}}");
    assert_eq!(String::from_utf8(css).unwrap(), expected);
}

#[test]
fn other_addresses_stay_as_they_are() {
    let html = "<img src=https://cdn.example/a.png><a href=b.html>b</a><img src='data:,x'>";
    let content = loaded(html);
    assert_eq!(content.text, html);
    assert_eq!(content.elsewhere, ["https://cdn.example/a.png"]);
}

#[test]
fn no_file_outside_of_the_folder_is_read() {
    let out = "it leads out of FOLDER: copy the file into that folder, and write its name";
    let nothing = |_: &Path| {};
    let link = |folder: &Path| symlink("../secret.png", folder.join("link.png")).unwrap();
    let whole = |folder: &Path| symlink("/etc/passwd", folder.join("link.png")).unwrap();
    let above = |folder: &Path| symlink("..", folder.join("up")).unwrap();
    assert_eq!(
        fault("\n<img src=../secret.png>", nothing),
        format!("FOLDER/m.html:2: src=\"../secret.png\": {out}")
    );
    for (html, change) in [
        ("<img src=link.png>", &link as &dyn Fn(&Path)),
        ("<img src=link.png>", &whole),
        ("<img src=up/secret.png>", &above),
        ("<style>\na{b:url(img/../../secret.png)}</style>", &nothing),
    ] {
        let fault = fault(html, change);
        assert!(fault.ends_with(out), "{html}: {fault}");
    }
    // The page itself may be a link, and its files are beside the real one.
    let (directory, file) = folder("<img src=logo.png>");
    let link = directory.path().join("now.html");
    symlink(&file, &link).unwrap();
    assert!(Content::load(&link).unwrap().text.contains(LOGO));
}

#[test]
fn a_fault_has_its_place_and_what_to_write() {
    let nothing = |_: &Path| {};
    let sheet = |folder: &Path| fs::write(folder.join("a.css"), "\n\na{b:url(no.png)}").unwrap();
    let round = |folder: &Path| fs::write(folder.join("a.css"), "@import 'a.css';").unwrap();
    let folder = |folder: &Path| fs::create_dir(folder.join("a.png")).unwrap();
    for (html, change, expected) in [
        (
            "<img\nsrc='no.png'>",
            &nothing as &dyn Fn(&Path),
            "FOLDER/m.html:2: src=\"no.png\": there is no FOLDER/no.png: put the file there, or \
             correct the name",
        ),
        (
            "<script src=/js/a.js></script>",
            &nothing,
            "FOLDER/m.html:1: src=\"/js/a.js\": the page's server has no other file than the page: \
             put the file beside the page, and write a.js",
        ),
        (
            "<style>\n\na{b:url(no.png)}</style>",
            &nothing,
            "FOLDER/m.html:3: url(no.png): there is no FOLDER/no.png: put the file there, or correct \
             the name",
        ),
        (
            "<link rel=stylesheet href=a.css>",
            &sheet,
            "FOLDER/m.html:1: href=\"a.css\": FOLDER/a.css:3: url(no.png): there is no \
             FOLDER/no.png: put the file there, or correct the name",
        ),
        (
            "<img src=a.png>",
            &folder,
            "FOLDER/m.html:1: src=\"a.png\": FOLDER/a.png: is a directory",
        ),
        (
            "<img src=a.png srcset='a.png 2x'>",
            &nothing,
            "FOLDER/m.html:1: srcset names several files: write src with one of them",
        ),
    ] {
        // The attributes of a tag are in no order.
        let html = html.replace("src=a.png srcset", "srcset");
        assert_eq!(fault(&html, change), expected);
    }
    let fault = fault("<link rel=stylesheet href=a.css>", round);
    assert!(
        fault.ends_with("FOLDER/a.css is named too deep: by 4 others"),
        "{fault}"
    );
}

#[test]
fn a_page_that_is_too_large_is_refused() {
    let large = |folder: &Path| fs::write(folder.join("hero.jpg"), vec![0; LIMIT / 2]).unwrap();
    let image = "<img src=hero.jpg>";
    // Half of the limit fits once, but base64 makes it a third larger.
    let found = fault(&image.repeat(2), large);
    let expected = "FOLDER/m.html: the page with its files has 2.7 MiB, more than the limit of 2.0 \
                    MiB: make them smaller, hero.jpg first (1.0 MiB)";
    assert_eq!(found, expected);
    // It stops before it has read them all.
    let found = fault(&image.repeat(50), large);
    assert!(
        found.contains(": the page with its files has 3.0 MiB, more than"),
        "{found}"
    );
    let found = fault(&"x".repeat(LIMIT + 1), |_| {});
    let expected = "FOLDER/m.html: larger than 2.0 MiB, the limit of a page: make it smaller";
    assert_eq!(found, expected);
    let found = fault("", |folder| {
        fs::write(folder.join("m.html"), b"\xff").unwrap();
    });
    assert_eq!(found, "FOLDER/m.html: not UTF-8: save it as UTF-8");
    let found = fault("", |folder| fs::remove_file(folder.join("m.html")).unwrap());
    assert!(
        found.starts_with("FOLDER/m.html: no such file: write the page there"),
        "{found}"
    );
}
