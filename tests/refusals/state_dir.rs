//! A state directory without space or write access: the agent refuses before it touches anything.

use super::*;

#[test]
fn a_full_or_read_only_state_directory_is_refused() {
    if !inside("state_dir::a_full_or_read_only_state_directory_is_refused") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    // The locks and the history of the refusal may remain.
    let files = || sh("cd /run/state && ls -A | grep -v -e 'lock$' -e '^history'; true");
    let all_refused = |says: &str| {
        let before = files();
        for arguments in [["restart", "web"].as_slice(), &["close"], &["open"]] {
            refused(GOOD, arguments, 11, says);
        }
        assert_eq!(files(), before, "litter");
    };
    let free = "No space left on device (os error 28); free space or inodes there, or choose \
                another [agent] state_dir";

    // Neither the lock's text nor the journal fits. The missing text does not matter.
    sh("mount -t tmpfs -o size=8k,mode=755 none /run/state");
    sh("cat /dev/zero >/run/state/big 2>/dev/null; true");
    all_refused(&format!("/run/state: {free}"));
    // The lock's text fits, the journal does not.
    sh("rm /run/state/big && head -c 4096 /dev/zero >/run/state/big");
    all_refused(&format!("/run/state: {free}"));
    // Without an inode for the host's lock; with one for that, without one for the app's.
    sh(
        "umount /run/state && mount -t tmpfs -o nr_inodes=2,mode=755 none /run/state && : >/run/state/big",
    );
    all_refused(&format!("/run/state/lock: {free}"));
    sh("rm /run/state/big");
    all_refused(&format!("/run/state/web.lock: {free}"));
    sh("umount /run/state");

    sh("mount --bind /run/state /run/state && mount -o remount,bind,ro /run/state");
    let read_only = "Read-only file system (os error 30); mount it for writing, or choose another [agent] state_dir";
    all_refused(&format!("/run/state/lock: {read_only}"));
    sh("umount /run/state");
    good(&["close"]);
    good(&["open"]);
}
