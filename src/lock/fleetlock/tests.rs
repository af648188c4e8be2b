use super::*;

#[test]
fn the_request_is_the_protocols() {
    let post = request("/v1/pre-reboot", "web1/web", "web");
    assert_eq!(post.header, Some(("fleet-lock-protocol", "true")));
    let wanted = r#"{"client_params":{"group":"web","id":"web1/web"}}"#;
    assert_eq!(post.body, wanted);
}

fn answered(status: u16, body: &str) -> Result<Asked, String> {
    let body = body.to_owned();
    asked(&Answer { status, body })
}

#[test]
fn only_200_means_that_the_lock_is_ours() {
    let held = Ok(Asked::Held(None));
    // No word of the protocol is for the body of a 200.
    for body in ["", "OK", "{}", r#"{"kind":"failed_lock"}"#] {
        assert_eq!(answered(200, body), held, "{body}");
    }
    let failed = r#"{"kind":"failed_lock","value":"semaphore currently full, all slots are locked already"}"#;
    for (status, body, words) in [
        (
            500,
            failed,
            "500 failed_lock: semaphore currently full, all slots are locked already",
        ),
        (500, "", "500"),
        (423, "", "423"),
        (409, r#"{"kind":"locked"}"#, "409 locked"),
        (202, "wait\nmore", "202 wait"),
        (423, r#"{"kind":1}"#, r#"423 {"kind":1}"#),
        (423, "[1]", "423 [1]"),
    ] {
        let by = format!("another host (the server answers {words})");
        assert_eq!(answered(status, body), Ok(Asked::Full(vec![by])));
    }
}

/// airlock answers 400 for a group that it does not know. No time and no other host changes that.
#[test]
fn an_answer_that_no_other_host_causes_is_a_refusal() {
    for (status, body, words) in [
        (301, "", "301"),
        (404, r#"{"kind":"unknown_group"}"#, "404 unknown_group"),
        (400, r#"{"kind":"#, r#"400 {"kind":"#),
        (401, "", "401"),
    ] {
        let refused = Asked::Refused(format!("the server answers {words}"));
        assert_eq!(answered(status, body), Ok(refused));
    }
}

#[test]
fn what_is_no_answer_of_the_protocol_is_a_server_that_is_away() {
    let page = "<html><h1>503 Service Unavailable</h1></html>";
    for (status, body, words) in [
        (429, "slow down", "the server answers 429 slow down"),
        (502, "", "the server answers 502"),
        (503, "", "the server answers 503"),
        (504, "upstream\n", "the server answers 504 upstream"),
    ] {
        assert_eq!(answered(status, body), Err(words.to_owned()));
    }
    let words =
        |status| format!("it answers {status} with a web page: a proxy, or no FleetLock server");
    for (status, body) in [(503, page), (500, page), (200, page), (202, " \n<?xml ?>")] {
        assert_eq!(answered(status, body), Err(words(status)));
    }
    for status in [404, 401, 423] {
        assert_eq!(answered(status, page), Ok(Asked::Refused(words(status))));
    }
}
