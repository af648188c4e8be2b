//! The page with the HAProxy of other Debians, from the root folders of `scripts/debian-root`.
//! `scripts/test` leaves a release out by its name here.

use super::on_and_off;
use lab::release::Release;

#[test]
fn sid_users_meet_the_page_and_then_the_app_again() {
    on_and_off(Release::Sid, "page_sid", 1);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn sid_ten_times() {
    on_and_off(Release::Sid, "page_ten_sid", 10);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_ten_times() {
    on_and_off(Release::Debian13, "page_ten_trixie", 10);
}
