//! There and back with the HAProxy of other Debians, from the root folders of `scripts/debian-root`.
//! `scripts/test` leaves a release out by its name here.

use lab::release::Release;
use lab::targets::Lines;

use crate::rolls::there_and_back;

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_with_twins() {
    there_and_back(Release::Debian13, "deb13_twins", 1, Lines::with_twins());
}

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_without_twins() {
    there_and_back(Release::Debian13, "deb13_single", 3, Lines::without_twins());
}

#[test]
fn sid_with_twins() {
    there_and_back(Release::Sid, "sid_twins", 1, Lines::with_twins());
}

#[test]
#[ignore = "scripts/soak runs it"]
fn sid_without_twins() {
    there_and_back(Release::Sid, "sid_single", 3, Lines::without_twins());
}
