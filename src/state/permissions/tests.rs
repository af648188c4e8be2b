//! As root, on files given to another user.

use super::*;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use tempfile::TempDir;

const OTHER: u32 = 4321;

/// A folder of root's with a file of root's in `inner`.
fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inner/file");
    fs::create_dir(folder.path().join("inner")).unwrap();
    fs::write(&file, "text").unwrap();
    mode(&folder.path().join("inner"), 0o755);
    mode(&file, 0o644);
    (folder, file)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn said(path: &Path) -> String {
    let untrusted = check(path).expect_err("others may write it").to_string();
    assert_eq!(open(path).unwrap_err().to_string(), untrusted);
    untrusted
}

#[test]
fn what_root_alone_may_write_is_read() {
    let (folder, file) = folder();
    assert_eq!(read(&file).unwrap(), "text");
    for path in ["/", "/etc/passwd", "/bin/sh", "/dev/null/x"] {
        assert_eq!(check(Path::new(path)), Ok(()), "{path}");
    }
    let missing = folder.path().join("no/such");
    assert_eq!(check(&missing), Ok(()));
    assert_eq!(open(&missing).unwrap_err().kind(), io::ErrorKind::NotFound);
    mode(&file, 0o664); // Group root.
    assert_eq!(check(&file), Ok(()));
}

#[test]
fn each_way_to_write_is_reported_with_its_fix() {
    let (_folder, file) = folder();
    let shown = file.display();
    mode(&file, 0o646);
    assert_eq!(
        said(&file),
        format!(
            "{shown} is writable by users other than root (mode 0646); fix: chmod go-w \
            {shown}"
        )
    );
    mode(&file, 0o664);
    chown(&file, None, Some(OTHER)).unwrap();
    assert!(said(&file).contains("mode 0664"));
    mode(&file, 0o644);
    assert_eq!(check(&file), Ok(()));
    chown(&file, Some(OTHER), None).unwrap();
    assert_eq!(
        said(&file),
        format!("{shown} belongs to uid {OTHER}, not to root; fix: chown root:root {shown}")
    );
}

#[test]
fn the_mask_of_an_acl_is_not_taken_for_roots_group() {
    let (_folder, file) = folder();
    // user::rw-, user:4321:rw-, group::r--, mask::rw-, other::r--
    let no_uid = u32::MAX;
    let entries = [
        (1_u16, 6_u16, no_uid),
        (2, 6, OTHER),
        (4, 4, no_uid),
        (16, 6, no_uid),
        (32, 4, no_uid),
    ];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, may, who) in entries {
        acl.extend([tag.to_le_bytes(), may.to_le_bytes()].concat());
        acl.extend(who.to_le_bytes());
    }
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&file, "system.posix_acl_access", &acl, flags).unwrap();
    assert!(said(&file).contains("mode 0664"));
}

#[test]
fn a_directory_on_the_way_counts_unless_it_is_sticky() {
    let (_folder, file) = folder();
    let inner = file.parent().unwrap();
    mode(inner, 0o777);
    assert!(said(&file).starts_with(&format!("{} is writable", inner.display())));
    assert!(said(&inner.join("missing")).contains("chmod go-w"));
    mode(inner, 0o1777);
    assert_eq!(check(&file), Ok(()));
    assert!(
        check(inner).is_err(),
        "others may put files of their own there"
    );
    assert!(check(&inner.join("file/..")).is_err());
    chown(inner, Some(OTHER), None).unwrap();
    assert!(said(&file).contains("belongs to uid"));
}

/// `chmod go-w /tmp` would take `/tmp` away from every other program of the host.
#[test]
fn a_directory_that_others_use_keeps_its_mode_and_its_owner() {
    let (_folder, file) = folder();
    let inner = file.parent().unwrap();
    let fix = |default: &str| {
        let untrusted = check(inner).expect_err("others may write it");
        untrusted.of_setting("state_dir", default).fix
    };
    let default = "/run/haproxy-gate";
    let line = format!("state_dir = \"{default}\"");
    let shown = inner.display();
    mode(inner, 0o777);
    assert_eq!(fix(default), format!("chmod go-w {shown}"));
    mode(inner, 0o1777);
    assert_eq!(fix(default), line);
    assert_eq!(
        check(inner).unwrap_err().fix,
        "name a directory in which only root may write"
    );
    assert_eq!(fix(&shown.to_string()), format!("chmod go-w {shown}"));
    mode(inner, 0o775);
    chown(inner, None, Some(OTHER)).unwrap();
    assert_eq!(fix(default), line);
    mode(inner, 0o755);
    chown(inner, Some(OTHER), None).unwrap();
    assert_eq!(fix(default), line);
    for (path, shared) in [
        ("/tmp", true),
        ("/home/web", true),
        ("/var/log", true),
        ("/srv/data", false),
        (default, false),
    ] {
        assert_eq!(is_shared(Path::new(path), 0o777), shared, "{path}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_reported_with_their_line() {
    let (_folder, file) = folder();
    let utf16: Vec<u8> = "\u{feff}[app]"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, what) in [
        (
            &b"a\nb\xe9c"[..],
            "line 2 has a byte that is no UTF-8 (0xe9): save it as UTF-8",
        ),
        (&utf16, "it is UTF-16: save it as UTF-8"),
    ] {
        fs::write(&file, bytes).unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::InvalidData, what)
        );
    }
}

#[test]
fn only_a_file_of_the_agent_is_to_be_removed() {
    let (directory, _) = folder();
    let error = open(directory.path()).unwrap_err();
    assert_eq!(error.to_string(), "not a regular file");
    assert_eq!(
        of_the_agent(error).to_string(),
        "not a regular file: remove it"
    );
}

#[test]
fn symlinks_are_followed_step_by_step() {
    let (folder, file) = folder();
    let (link, far) = (folder.path().join("link"), folder.path().join("far"));
    symlink("inner/../inner/file", &link).unwrap();
    symlink(&link, &far).unwrap();
    assert_eq!(read(&far).unwrap(), "text");
    mode(file.parent().unwrap(), 0o777);
    assert!(said(&far).starts_with(&format!("{} is writable", file.parent().unwrap().display())));
    mode(file.parent().unwrap(), 0o755);
    std::os::unix::fs::lchown(&link, Some(OTHER), None).unwrap();
    assert!(said(&far).ends_with(&format!("chown -h root:root {}", link.display())));
    let round = folder.path().join("round");
    symlink("round", &round).unwrap();
    assert!(open(&round).is_err());
}
