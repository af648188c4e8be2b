//! A real browser without a window.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};

/// A picture of the page, in pixels.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<[u8; 3]>,
}

fn chromium(arguments: &[&str], page: &Path) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .args([
            "-k",
            "5",
            "50",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
        ])
        .args([
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .expect("chromium runs (scripts/test installs it)");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let err = text(&output.stderr);
    assert!(output.status.success(), "{}: {err}", output.status);
    text(&output.stdout)
}

/// The page as the browser parsed it.
pub fn dom(page: &Path) -> String {
    chromium(&["--dump-dom"], page)
}

/// A picture of the page at this size.
pub fn picture(page: &Path, (width, height): (u32, u32), dark: bool) -> Picture {
    let file = page.with_extension(format!("{width}.png"));
    let size = format!("--window-size={width},{height}");
    let screenshot = format!("--screenshot={}", file.display());
    let scheme = format!("--blink-settings=preferredColorScheme={}", u8::from(!dark));
    chromium(&[&size, &screenshot, &scheme], page);
    read(&file)
}

fn read(file: &Path) -> Picture {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(file).unwrap()));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    let samples = frame.color_type.samples();
    let pixels = bytes.chunks_exact(samples).map(|it| [it[0], it[1], it[2]]);
    Picture {
        width: frame.width as usize,
        height: frame.height as usize,
        pixels: pixels.collect(),
    }
}

impl Picture {
    /// The number of pixels with this colour, within a small tolerance.
    pub fn count(&self, colour: [u8; 3]) -> usize {
        let near = |pixel: &&[u8; 3]| {
            let mut pairs = pixel.iter().zip(colour);
            pairs.all(|(a, b)| a.abs_diff(b) <= 3)
        };
        self.pixels.iter().filter(near).count()
    }
}
