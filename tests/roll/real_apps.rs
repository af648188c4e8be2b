//! Real apps from the field: Apache with `apachectl -k graceful`, nginx with `nginx -s reload`, and
//! an app that starts slowly.

use std::time::Duration;

use lab::fleet::NUMBERS;
use lab::mixed::Mixed;
use lab::traffic::RATE;
use lab::{apache, nginx};

#[test]
fn apache_nginx_and_a_slow_app_restart_unnoticed() {
    let mixed = Mixed::start("real_apps", Duration::from_secs(1));
    mixed.open_gates();
    let trouble = mixed.haproxy.trouble();
    let traffic = mixed.traffic(RATE);
    for number in NUMBERS {
        mixed.agent(number).run("restart", "web").expect_exit(0);
    }
    traffic.stop().assert_unnoticed();
    assert_eq!(apache::graceful_restarts(mixed.host(1)), 1);
    assert_eq!(nginx::reloads(mixed.host(3)), 1);
    assert_eq!(mixed.haproxy.trouble(), trouble);
}
