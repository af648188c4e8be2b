//! The same with the HAProxy of another Debian. `scripts/test` leaves a release out by its name here.

use super::refuses;
use lab::release::Release;

#[test]
fn sid_writes_are_refused_and_reads_go_on() {
    refuses(Release::Sid, "readonly_sid");
}
