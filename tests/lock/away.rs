//! No answer of the lock server, a full lock, and TLS.

use crate::{agent, locked, status};
use lab::agent::Agent;
use lab::etcd::{Etcd, cut_off};
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::stats::Line;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use std::path::Path;

/// Two hosts are cut off from etcd: one may not go, the other one may.
#[test]
fn a_host_without_a_way_to_etcd_begins_nothing_unless_it_may_claim() {
    let fleet = Fleet::of_hosts("lock_away", 4);
    let etcd = Etcd::start(&fleet.site, 1);
    let boots = fleet.boots();
    for number in [1, 2] {
        cut_off(&fleet.host(number).namespace);
    }
    let refuses = agent(&fleet, &etcd, 1).start("restart", "web");
    let may_claim = |settings: Settings| locked(settings, &etcd, 2).set("lock.when_away", "claims");
    let claims = fleet.agent(2, may_claim).start("restart", "web");
    full_for_a_whole_turn(&fleet, &etcd);
    let refused = refuses.wait().expect(11, "the lock server is away: ");
    assert_eq!(refused.report().outcome, "lock_away");
    let report = claims.wait().expect_exit(0).report();
    assert!(
        report.phases.iter().any(|one| one.phase == "claim"),
        "{report:?}"
    );
    let notices = report.notices.join("\n");
    assert!(notices.contains("goes on without the lock"), "{notices}");
    assert_eq!(
        fleet.boots(),
        [boots[0], boots[1] + 1, boots[2] + 1, boots[3]]
    );
    // A dry run ends as the operation would.
    let dry = ["restart", "web", "--dry-run"];
    let hurried =
        |settings: Settings| locked(settings, &etcd, 1).set("app.web.timeouts.turn", "1s");
    let refuses = fleet.agent(1, hurried).start_words(&dry);
    let claims = fleet.agent(2, may_claim).start_words(&dry);
    let status = agent(&fleet, &etcd, 1)
        .words(&["lock", "status"])
        .expect_exit(11);
    let said = refuses.wait().expect_exit(11).err;
    assert!(
        said.contains("refused: the lock server is away: "),
        "{said}"
    );
    let plan = claims.wait().expect_exit(0).out;
    let away = "the lock of group web: the lock server is away: ";
    assert!(plan.contains(away), "{plan}");
    assert!(
        status.out.contains("the lock server is away"),
        "{}",
        status.out
    );
}

/// Host 3 has the lock for all of host 4's turn.
fn full_for_a_whole_turn(fleet: &Fleet, etcd: &Etcd) {
    let slow = fleet.slow_request(3, 12_000);
    let holds = agent(fleet, etcd, 3).start("restart", "web");
    fleet.host(3).wait_for_phase("drain");
    let other = fleet.agent(4, |settings| {
        locked(settings, etcd, 4).set("app.web.timeouts.turn", "1s")
    });
    let plan = other
        .words(&["restart", "web", "--dry-run"])
        .expect_exit(0)
        .out;
    assert!(
        plan.contains("the lock of group web: web3 (agent restart web"),
        "{plan}"
    );
    let full = other
        .run("restart", "web")
        .expect(12, "web3 (agent restart web");
    assert_eq!(full.report().outcome, "lock_full");
    needs_none_with_a_failed_app(fleet, &other);
    holds.wait().expect_exit(0);
    assert_eq!(slow.answer().status, 200);
}

/// Host 4 serves no user. The holder may wait for it.
fn needs_none_with_a_failed_app(fleet: &Fleet, other: &Agent<'_>) {
    fleet.app(4).set_sick(true);
    fleet.haproxy.wait_until("the app is DOWN", |lines| {
        let ours = |line: &&Line| matches!(line.get("svname"), "web4" | "bkp4");
        let mut ours = lines.iter().filter(ours);
        ours.all(|line| line.get("status") == "DOWN")
    });
    let report = other.run("close", "web").expect_exit(0).report();
    let notices = report.notices.join("\n");
    assert!(notices.contains("takes no group's lock"), "{notices}");
    let [holders, _] = status(other);
    assert_eq!(holders, ["web3/web"]);
    fleet.app(4).set_sick(false);
    other.run("open", "web").expect_exit(0);
}

/// etcd that wants certificates of its clients.
#[test]
fn a_host_shows_its_certificate() {
    let fleet = Fleet::of_hosts("lock_tls", 3);
    let dir = &fleet.site.dir;
    make_certificates(dir);
    let file = |name: &str| dir.join(name).display().to_string();
    let (ca, cert, key) = (file("ca.pem"), file("one.pem"), file("one.key"));
    let tls = [
        "--client-cert-auth",
        "--trusted-ca-file",
        &ca,
        "--cert-file",
        &cert,
        "--key-file",
        &key,
    ];
    let etcd = Etcd::with(&fleet.site, 1, &tls);
    let endpoint = etcd.endpoints()[0].replace("http:", "https:");
    let with_ca = |settings: Settings| {
        let settings = locked(settings, &etcd, 1).set("lock.etcd", vec![endpoint.clone()]);
        settings.set("lock.ca", ca.clone())
    };
    let without = fleet
        .agent(1, with_ca)
        .words(&["lock", "status"])
        .expect_exit(11);
    assert!(
        without.out.contains("set `cert` and `key`"),
        "{}",
        without.out
    );
    let with = |settings| {
        let settings = with_ca(settings).set("lock.cert", cert.clone());
        settings.set("lock.key", key.clone())
    };
    let agent = fleet.agent(1, with);
    agent.words(&["lock", "status"]).expect_exit(0);
    agent.run("restart", "web").expect_exit(0);
}

/// A CA, and a certificate for the server and for its clients.
fn make_certificates(dir: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(lab::site::BALANCER.parse().unwrap())];
    let one = params.signed_by(&key, &ca).unwrap();
    for (name, text) in [
        ("ca.pem", ca.pem()),
        ("one.pem", one.pem()),
        ("one.key", key.serialize_pem()),
    ] {
        std::fs::write(dir.join(name), text).unwrap();
    }
}
