//! Reads the imports of `src/`: no file imports in a circle, and the pure rooms import nothing that
//! opens a socket, a file or a clock.
//!
//! An arrow goes from the file that names an item to the file that *defines* it. The test follows
//! re-exports. So `mod x;` and `pub use x::Y;` in a parent are no arrows: they only say where an
//! item is. A parent that defines a type for its child must not call that child: the type needs its
//! own file. The test does not follow methods, nor items that only tests use.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Token, UseTree, Visibility};

/// Rooms that decide and have no effects.
const PURE: [&str; 2] = ["restart", "haproxy::model"];

/// Items of other crates that a pure room may name: values without effects.
const VALUES: [&str; 8] = [
    "serde",
    "std::collections",
    "std::fmt",
    "std::iter",
    "std::net::IpAddr",
    "std::ops::Add",
    "std::option",
    "std::time::Duration",
];

/// Macros of the standard library with effects.
const PRINTS: [&str; 5] = ["dbg", "eprint", "eprintln", "print", "println"];

/// The standard library, and the crates in Cargo.toml.
static CRATES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let text = include_str!("../Cargo.toml");
    let manifest: toml::Table = text.parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap().keys();
    let dependencies = dependencies.map(|name| name.replace('-', "_"));
    let standard = ["std", "core", "alloc"].map(str::to_owned);
    dependencies.chain(standard).collect()
});

/// A path in this crate or in another one: `restart::phase::Phase`.
type Name = Vec<String>;

/// One file: the items that it names, and the items that it re-exports.
#[derive(Default)]
struct File {
    module: Name,
    children: BTreeSet<String>,
    aliases: BTreeMap<String, Name>,
    /// Those of names in other crates.
    aliases_outside: BTreeMap<String, Name>,
    handed_on: BTreeMap<String, Name>,
    named: BTreeSet<Name>,
    outside: BTreeSet<Name>,
}

impl File {
    fn read(module: Name, text: &str, all: &BTreeSet<Name>) -> File {
        let here = |name: &Name| name.len() == module.len() + 1 && name.starts_with(&module);
        let mut file = File {
            children: all
                .iter()
                .filter(|it| here(it))
                .map(|it| it[module.len()].clone())
                .collect(),
            module,
            ..File::default()
        };
        let parsed = syn::parse_file(text).unwrap();
        // Imports come first, then the paths that begin with an imported name.
        for pass in [Pass::Imports, Pass::Paths] {
            Reader {
                file: &mut file,
                pass,
            }
            .visit_file(&parsed);
        }
        file
    }

    /// The path from the root of the crate. None: another crate, or this file itself.
    fn absolute(&self, name: &[String]) -> Option<Name> {
        let (first, rest) = name.split_first()?;
        let within = |module: &[String]| Some([module, rest].concat());
        match first.as_str() {
            "crate" => within(&[]),
            "self" => within(&self.module),
            "super" => {
                let ups = name.iter().take_while(|it| *it == "super").count();
                let above = self.module.len().checked_sub(ups)?;
                Some([&self.module[..above], &name[ups..]].concat())
            }
            child if self.children.contains(child) => Some([&self.module[..], name].concat()),
            alias => Some([&self.aliases.get(alias)?[..], rest].concat()),
        }
    }

    /// The whole name in another crate.
    fn outside(&self, name: &[String]) -> Name {
        match self.aliases_outside.get(&name[0]) {
            Some(start) => [&start[..], &name[1..]].concat(),
            None => name.to_vec(),
        }
    }
}

#[derive(PartialEq)]
enum Pass {
    Imports,
    Paths,
}

struct Reader<'a> {
    file: &'a mut File,
    pass: Pass,
}

impl Reader<'_> {
    fn import(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let with = |one: &syn::Ident| [before, &[one.to_string()]].concat();
        let (name, alias) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident), public),
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.import(tree, before, public));
            }
            // A name of its own, so that it names the module.
            UseTree::Glob(_) => ([before, &["*".to_owned()]].concat(), "*".to_owned()),
            UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().unwrap().clone())
            }
            UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            UseTree::Rename(name) => (with(&name.ident), name.rename.to_string()),
        };
        match self.file.absolute(&name) {
            None => {
                let name = self.file.outside(&name);
                self.file.aliases_outside.insert(alias, name.clone());
                self.file.outside.insert(name);
            }
            Some(name) if public => _ = self.file.handed_on.insert(alias, name),
            Some(name) => {
                self.file.aliases.insert(alias, name.clone());
                self.file.named.insert(name);
            }
        }
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item(&mut self, item: &'a syn::Item) {
        let attributes = match item {
            syn::Item::Mod(it) => &it.attrs,
            syn::Item::Fn(it) => &it.attrs,
            syn::Item::Use(it) => &it.attrs,
            syn::Item::Impl(it) => &it.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        if self.pass == Pass::Imports {
            self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let name: Name = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        if self.pass == Pass::Paths && name.len() > 1 {
            match self.file.absolute(&name) {
                Some(name) => _ = self.file.named.insert(name),
                None => _ = self.file.outside.insert(self.file.outside(&name)),
            }
        }
        visit::visit_path(self, path);
    }

    /// Reads tokens that look like arguments as arguments.
    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.visit_path(&call.path);
        if let Some(name) = call.path.get_ident().map(ToString::to_string)
            && PRINTS.contains(&name.as_str())
        {
            self.file.outside.insert(vec!["std".to_owned(), name]);
        }
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(arguments) = call.parse_body_with(arguments) {
            arguments.iter().for_each(|it| {
                Reader {
                    file: self.file,
                    pass: Pass::Paths,
                }
                .visit_expr(it);
            });
        }
    }
}

fn is_test(attribute: &Attribute) -> bool {
    let text = |list: &syn::MetaList| list.tokens.to_string();
    attribute.path().is_ident("cfg")
        && attribute
            .meta
            .require_list()
            .is_ok_and(|it| text(it) == "test")
}

/// Maps each file, or room, to the files whose items it names.
type Arrows = BTreeMap<Name, BTreeSet<Name>>;

struct House {
    files: BTreeMap<Name, File>,
    arrows: Arrows,
}

impl House {
    /// Takes texts by their paths below `src`.
    fn of(texts: &[(PathBuf, String)]) -> House {
        let modules: BTreeSet<Name> = texts.iter().map(|(path, _)| module(path)).collect();
        let read = |(path, text): &(PathBuf, String)| {
            (module(path), File::read(module(path), text, &modules))
        };
        let mut house = House {
            files: texts.iter().map(read).collect(),
            arrows: Arrows::new(),
        };
        let files = house.files.keys();
        let arrows = files.map(|from| (from.clone(), house.arrows_of(from)));
        house.arrows = arrows.collect();
        house
    }

    /// Reads the source once for all tests.
    fn read() -> &'static House {
        static HOUSE: LazyLock<House> = LazyLock::new(House::from_source);
        &HOUSE
    }

    fn from_source() -> House {
        let mut texts = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut directories = vec![source.clone()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                match path.extension().and_then(OsStr::to_str) {
                    None => directories.push(path),
                    Some("rs") => {
                        let text = std::fs::read_to_string(&path).unwrap();
                        texts.push((path.strip_prefix(&source).unwrap().to_owned(), text));
                    }
                    Some(_) => {}
                }
            }
        }
        House::of(&texts)
    }

    /// The file that defines it.
    fn defines(&self, name: &[String]) -> Option<&Name> {
        let longest = (0..=name.len())
            .rev()
            .find(|end| self.files.contains_key(&name[..*end]))?;
        let (module, rest) = name.split_at(longest);
        let (file, first) = (&self.files[module], rest.first()?);
        match file.handed_on.get(first) {
            Some(to) => self.defines(&[to, &rest[1..]].concat()),
            None => Some(&file.module),
        }
    }

    fn arrows_of(&self, from: &Name) -> BTreeSet<Name> {
        let named = self.files[from].named.iter();
        let to = named.filter_map(|name| self.defines(name));
        to.filter(|to| *to != from && !is_of_tests(to))
            .cloned()
            .collect()
    }

    /// The circles of files.
    fn circles(&self) -> Vec<BTreeSet<Name>> {
        circles(&self.arrows)
    }

    /// The circles of rooms: the directories and files right below `src`.
    fn circles_of_rooms(&self) -> Vec<BTreeSet<Name>> {
        let room = |file: &Name| file.iter().take(1).cloned().collect::<Name>();
        let mut arrows = Arrows::new();
        for (from, to) in &self.arrows {
            let to = to.iter().map(room).filter(|to| *to != room(from));
            arrows.entry(room(from)).or_default().extend(to);
        }
        circles(&arrows)
    }

    /// Items that the pure rooms name although they may not.
    fn effects(&self) -> Vec<String> {
        let pure = |name: &Name| PURE.iter().any(|room| is_in(name, room));
        let mut found = Vec::new();
        for file in self
            .files
            .values()
            .filter(|it| pure(&it.module) && !is_of_tests(&it.module))
        {
            let at = file.module.join("::");
            let others = self.arrows[&file.module].iter().filter(|to| !pure(to));
            found.extend(others.map(|to| format!("{at} -> {}", to.join("::"))));
            let forbidden = |name: &&Name| {
                CRATES.contains(&name[0]) && !VALUES.iter().any(|value| is_in(name, value))
            };
            let outside = file.outside.iter().filter(forbidden);
            found.extend(outside.map(|name| format!("{at} -> {}", name.join("::"))));
        }
        found
    }

    fn shown(&self, circle: &BTreeSet<Name>) -> String {
        let line = |file: &Name| {
            let to = self.arrows[file].iter().filter(|to| circle.contains(*to));
            let to: Vec<_> = to.map(|to| to.join("::")).collect();
            format!("  {} -> {}\n", file.join("::"), to.join(", "))
        };
        circle.iter().map(line).collect()
    }
}

/// Every circle, as the set of nodes that reach each other.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<Name>> {
    let reached = |from: &Name| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            let to = arrows.get(at).into_iter().flatten();
            next.extend(to.filter(|to| seen.insert((*to).clone())));
        }
        seen
    };
    let reached: BTreeMap<&Name, BTreeSet<Name>> =
        arrows.keys().map(|from| (from, reached(from))).collect();
    let mut circles: Vec<BTreeSet<Name>> = Vec::new();
    for (file, to) in &reached {
        let back = |other: &&Name| reached.get(other).is_some_and(|to| to.contains(*file));
        let circle: BTreeSet<Name> = to.iter().filter(back).cloned().collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn module(path: &Path) -> Name {
    let path = path.with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
    parts
        .filter(|part| !["lib", "mod"].contains(&part.as_str()))
        .collect()
}

fn is_in(name: &[String], room: &str) -> bool {
    name.iter()
        .map(String::as_str)
        .zip(room.split("::"))
        .filter(|(a, b)| a == b)
        .count()
        == room.split("::").count()
}

fn is_of_tests(module: &[String]) -> bool {
    module
        .iter()
        .any(|part| part == "tests" || part == "properties")
}

#[test]
fn no_file_imports_in_a_circle() {
    let house = House::read();
    assert!(house.files.len() > 200, "the source is not found");
    let circles = house.circles();
    let shown: Vec<String> = circles.iter().map(|circle| house.shown(circle)).collect();
    assert!(
        circles.is_empty(),
        "{} circles:\n{}",
        circles.len(),
        shown.join("\n")
    );
}

#[test]
fn no_room_imports_in_a_circle() {
    let circles = House::read().circles_of_rooms();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_pure_rooms_open_no_socket_no_file_and_no_clock() {
    let house = House::read();
    for room in PURE {
        assert!(
            house.files.keys().any(|file| is_in(file, room)),
            "no room {room}"
        );
    }
    let effects = house.effects();
    assert!(effects.is_empty(), "{effects:#?}");
}

fn house(texts: &[(&str, &str)]) -> House {
    let owned = |(path, text): &(&str, &str)| (PathBuf::from(path), (*text).to_owned());
    House::of(&texts.iter().map(owned).collect::<Vec<_>>())
}

#[test]
fn a_circle_is_found_through_a_re_export_and_in_a_macro() {
    let parent = ("a/mod.rs", "mod b; pub use b::B;");
    for c in [
        "use crate::a::B;",
        "fn f() { crate::a::b::g(); }",
        "use crate::a; fn f() { println!(\"{}\", a::B); }",
    ] {
        let house = house(&[parent, ("a/b.rs", "use crate::c::C;"), ("c.rs", c)]);
        let circles = house.circles();
        assert_eq!(circles.len(), 1, "{c}");
        assert_eq!(house.shown(&circles[0]), "  a::b -> c\n  c -> a::b\n");
    }
}

#[test]
fn only_a_parent_that_defines_is_in_a_circle() {
    let child = ("a/b.rs", "use super::A; pub fn b(_: A) {}");
    let own = house(&[
        ("a/mod.rs", "mod b; pub struct A; fn f() { b::b(A); }"),
        child,
    ]);
    assert_eq!(own.circles().len(), 1);
    let hands_on = [
        ("a/mod.rs", "mod b; mod c; pub use c::A; pub use b::b;"),
        ("a/c.rs", "pub struct A;"),
        child,
    ];
    assert!(house(&hands_on).circles().is_empty());
    let test = "mod b; pub struct A; #[cfg(test)] mod tests { use super::b::b; }";
    assert!(house(&[("a/mod.rs", test), child]).circles().is_empty());
}

#[test]
fn an_effect_in_a_pure_room_is_found() {
    for (text, found) in [
        ("use std::time::{Duration, Instant};", "std::time::Instant"),
        (
            "use std::time; fn f() { time::Instant::now(); }",
            "std::time",
        ),
        ("use std::time::*;", "std::time::*"),
        (
            "use std::net as n; fn f() { n::TcpStream::connect(1); }",
            "std::net",
        ),
        ("fn f() { std::fs::read(\"x\"); }", "std::fs::read"),
        ("fn f() { println!(\"x\"); }", "std::println"),
        ("fn f() { tracing::info!(\"x\"); }", "tracing::info"),
        ("use crate::lock::Lock;", "lock"),
        ("use crate::lock::*;", "lock"),
        ("use tokio::net::TcpStream;", "tokio::net::TcpStream"),
        ("use zbus::Connection as C;", "zbus::Connection"),
    ] {
        let house = house(&[("restart/x.rs", text), ("lock.rs", "pub struct Lock;")]);
        let first = house.effects().into_iter().next();
        assert_eq!(first, Some(format!("restart::x -> {found}")), "{text}");
    }
}

/// The rows of `lib.rs` that lead through the files: `file.rs`: `name`, `name`; `other.rs`: `name`.
#[test]
fn each_file_has_what_the_map_of_the_house_names() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let text = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("//! |"));
    let mut named = 0;
    for row in rows.filter(|row| row.contains(".rs`")) {
        let mut file = String::new();
        for word in row.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                let path = source.join(word);
                file = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{word}: {error}"));
                continue;
            }
            let has = ["fn ", "struct ", "enum "].iter().any(|kind| {
                let definition = format!("{kind}{word}");
                let mut found = file.match_indices(&definition);
                let end = definition.len();
                found.any(|(at, _)| {
                    !file[at + end..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            });
            assert!(has, "`{word}` is not there: {row}");
            named += 1;
        }
    }
    assert!(named > 40, "the map is not found: {named} names");
}
