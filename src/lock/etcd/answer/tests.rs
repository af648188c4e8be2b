//! Answers of etcd 3.4.23.

use super::*;

const HEADER: &str = r#""header":{"cluster_id":"324952591200643719","member_id":"3319814642761637952","revision":"2","raft_term":"2"}"#;

fn ok(rest: &str) -> Answer {
    let body = format!("{{{HEADER}{rest}}}");
    Answer { status: 200, body }
}

fn streamed(rest: &str) -> Answer {
    let body = format!("{{\"result\":{{{HEADER}{rest}}}}}\n");
    Answer { status: 200, body }
}

fn gone() -> Answer {
    let body = r#"{"error":"etcdserver: requested lease not found","message":"etcdserver: requested lease not found","code":5}"#;
    Answer {
        status: 404,
        body: body.to_owned(),
    }
}

#[test]
fn a_lease_without_a_ttl_has_expired() {
    let id = 2_324_035_720_561_741_317;
    let text = r#","ID":"2324035720561741317""#;
    let lasts = |ttl| Granted { id, ttl };
    let two = Some(Duration::from_secs(2));
    let with_ttl = format!(r#"{text},"TTL":"2""#);
    assert_eq!(granted(&ok(&with_ttl)), Ok(lasts(two)));
    assert_eq!(kept_alive(&streamed(&with_ttl)), Ok(lasts(two)));
    assert_eq!(kept_alive(&streamed(text)), Ok(lasts(None)));
    let to_live = |ttl: &str| time_to_live(&ok(&format!(r#"{text},"TTL":"{ttl}""#)));
    assert_eq!([to_live("1"), to_live("-1")], [Ok(Some(1)), Ok(None)]);
    assert!(granted(&gone()).is_err());
    assert_eq!(revoked(&ok("")), Ok(()));
    assert_eq!(revoked(&gone()), Ok(()));
}

#[test]
fn a_transaction_without_succeeded_has_changed_nothing() {
    let put = r#","succeeded":true,"responses":[{"response_put":{"header":{"revision":"2"}}}]"#;
    assert_eq!(succeeded(&ok(put)), Ok(true));
    assert_eq!(succeeded(&ok("")), Ok(false));
    assert!(lacks_lease(&succeeded(&gone()).unwrap_err()));
}

#[test]
fn the_keys_of_a_group_may_be_none() {
    let one = r#","kvs":[{"key":"L2hnL3dlYi93ZWIxL3dlYg==","create_revision":"2","mod_revision":"5","version":"1","value":"eyJpZCI6IndlYjEvd2ViIn0=","lease":"2324035720561741319"}],"count":"1""#;
    let key = Key {
        name: "/hg/web/web1/web".to_owned(),
        value: r#"{"id":"web1/web"}"#.to_owned(),
        revision: 5,
        lease: 2_324_035_720_561_741_319,
    };
    assert_eq!(keys(&ok(one)), Ok(vec![key]));
    assert_eq!(keys(&ok("")), Ok(Vec::new()));
}

#[test]
fn what_is_no_answer_of_the_gateway_is_an_error_with_its_words() {
    let answer = |status, body: &str| Answer {
        status,
        body: body.to_owned(),
    };
    let not_found = keys(&answer(404, "Not Found\n")).unwrap_err();
    assert_eq!(not_found, "status 404: Not Found");
    let timed_out = r#"{"error":"etcdserver: request timed out","code":14}"#;
    let timed_out = keys(&answer(503, timed_out)).unwrap_err();
    assert_eq!(timed_out, "status 503: etcdserver: request timed out");
    assert!(keys(&answer(200, "<html>")).is_err());
}
