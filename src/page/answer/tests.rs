use super::*;
use crate::app::{Health, HealthCheck};

fn health(path: &str, status: Option<u16>) -> Option<HealthAnswer> {
    let check = HealthCheck::Http {
        path: path.to_owned(),
        status,
        host: None,
        tls: None,
        proxy: None,
    };
    HealthAnswer::of(&Health {
        check,
        ..Health::default()
    })
}

#[test]
fn the_path_and_what_is_accepted_decide() {
    use Answer::{Healthy, HealthyPage, Json, Page};
    let deep = || health("/healthz?deep=1", None);
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    for (health, path, accept, expected) in [
        (deep(), "/", browser, Page),
        (deep(), "/", "", Page),
        (deep(), "/", "*/*", Page),
        (deep(), "/", "image/avif,image/webp", Page),
        (deep(), "/api", "application/json", Json),
        (deep(), "/api", "Application/JSON; charset=utf-8", Json),
        (deep(), "/api", "application/problem+json, text/plain", Json),
        (deep(), "/api", "application/json, text/plain, */*", Page),
        (deep(), "/api", "application/json, text/html;q=0.1", Page),
        (deep(), "/api", "application/json, text/html;q=0", Json),
        (deep(), "/api", "application/json;q=0.0", Page),
        (
            deep(),
            "/api",
            "application/xhtml+xml, application/json",
            Page,
        ),
        (deep(), "/healthz", browser, Healthy(200)),
        (deep(), "/healthz", "application/json", Healthy(200)),
        (deep(), "/healthz/", "", Page),
        (deep(), "/Healthz", "", Page),
        (health("/up", Some(204)), "/up", "", Healthy(204)),
        (health("/", None), "/", browser, HealthyPage(200)),
        (health("/", None), "/other", browser, Page),
        (HealthAnswer::of(&Health::default()), "/healthz", "", Page),
    ] {
        let asked = Asked { path, accept };
        assert_eq!(answer(asked, health.as_ref()), expected, "{path} {accept}");
    }
}

#[test]
fn a_client_may_come_back_at_the_end_of_the_maintenance() {
    let minute = Duration::from_mins(1);
    for (configured, ends, expected) in [
        (minute, None, 60),
        (Duration::from_millis(1), None, 1),
        (Duration::from_millis(1500), None, 2),
        (minute, Some(1_000_600), 600),
        (minute, Some(1_000_001), 1),
        (minute, Some(1_000_000), 60),
        (minute, Some(5), 60),
    ] {
        let seconds = retry_after(configured, ends, 1_000_000);
        assert_eq!(seconds, expected, "{configured:?} {ends:?}");
    }
}

#[test]
fn each_answer_has_its_status_and_no_cache_keeps_it() {
    let page = Bytes::from_static(b"<p>soon</p>");
    for (answer, status, kind, retry) in [
        (Answer::Page, 503, "text/html; charset=utf-8", Some("90")),
        (Answer::Json, 503, "application/json", Some("90")),
        (Answer::Healthy(204), 204, "text/plain; charset=utf-8", None),
        (
            Answer::HealthyPage(200),
            200,
            "text/html; charset=utf-8",
            None,
        ),
    ] {
        let response = response(answer, &page, 90);
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        assert_eq!(response.status(), status);
        assert_eq!(header("content-type"), Some(kind));
        assert_eq!(header("retry-after"), retry);
        assert_eq!(header("cache-control"), Some("no-store"));
    }
}
