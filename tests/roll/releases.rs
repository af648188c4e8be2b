//! The same rolls and the same reload with the HAProxy of other Debians, from the root
//! folders of `scripts/debian-root`. `scripts/test` leaves a release out by its name here.

use crate::leaving::{by_the_master, counted};
use crate::{layouts, leaving, reload};
use lab::fleet::Layout;
use lab::release::Release;

#[test]
fn debian_13_two_stage() {
    layouts::roll_two_stage(Release::Debian13, "deb13_two_stage");
}

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_classic() {
    layouts::roll_classic(Release::Debian13, "deb13_classic");
}

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_single() {
    layouts::roll_single(Release::Debian13, "deb13_single");
}

#[test]
fn debian_13_reload() {
    reload::show_the_leaving_worker(Release::Debian13, "deb13_reload");
}

#[test]
fn debian_13_long_requests() {
    reload::finish_the_long_requests(Release::Debian13, "deb13_long", Layout::TwoStage);
}

#[test]
fn debian_13_leaving() {
    leaving::wait_for_all_kinds(Release::Debian13, "deb13_leaving", 1, counted);
}

#[test]
fn sid_two_stage() {
    layouts::roll_two_stage(Release::Sid, "sid_two_stage");
}

#[test]
#[ignore = "scripts/soak runs it"]
fn sid_classic() {
    layouts::roll_classic(Release::Sid, "sid_classic");
}

#[test]
#[ignore = "scripts/soak runs it"]
fn sid_single() {
    layouts::roll_single(Release::Sid, "sid_single");
}

#[test]
fn sid_reload() {
    reload::show_the_leaving_worker(Release::Sid, "sid_reload");
}

#[test]
fn sid_long_requests() {
    reload::finish_the_long_requests(Release::Sid, "sid_long", Layout::TwoStage);
}

#[test]
fn sid_leaving() {
    leaving::wait_for_all_kinds(Release::Sid, "sid_leaving", 2, counted);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn installed_every_combination_counted() {
    leaving::wait_in_every_combination(Release::Installed, "every_counted", counted);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn installed_every_combination_by_the_master() {
    leaving::wait_in_every_combination(Release::Installed, "every_master", by_the_master);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_every_combination_counted() {
    leaving::wait_in_every_combination(Release::Debian13, "every_deb13_counted", counted);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn debian_13_every_combination_by_the_master() {
    leaving::wait_in_every_combination(Release::Debian13, "every_deb13_master", by_the_master);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn sid_every_combination_counted() {
    leaving::wait_in_every_combination(Release::Sid, "every_sid_counted", counted);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn sid_every_combination_by_the_master() {
    leaving::wait_in_every_combination(Release::Sid, "every_sid_master", by_the_master);
}
