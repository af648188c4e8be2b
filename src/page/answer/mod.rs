//! Which answer a request gets.

use super::health::HealthAnswer;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, VARY};
use hyper::{Response, StatusCode};
use std::time::Duration;

/// The part of a request that decides. The method does not: each one gets the same answer, and hyper
/// leaves out the body of the answer to HEAD.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Without the query.
    pub path: &'a str,
    /// The `Accept` headers, joined by commas.
    pub accept: &'a str,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The page, with status 503.
    Page,
    /// The same as JSON, for a program.
    Json,
    /// This status, to a health check.
    Healthy(u16),
    /// The page with this status, because users and the health check ask for the same path.
    HealthyPage(u16),
}

/// The answer to this request. None as `health`: the check of the app needs no answer.
pub fn answer(asked: Asked<'_>, health: Option<&HealthAnswer>) -> Answer {
    match health {
        Some(health) if health.is_check(asked.path) => match health.is_users_path() {
            true => Answer::HealthyPage(health.status),
            false => Answer::Healthy(health.status),
        },
        _ if wants_only_json(asked.accept) => Answer::Json,
        _ => Answer::Page,
    }
}

/// Whether an `Accept` header has JSON and neither HTML nor anything.
fn wants_only_json(accept: &str) -> bool {
    let ranges = accept.split(',').filter(|range| !is_refused(range));
    let kinds: Vec<String> = ranges
        .map(|range| {
            range
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_lowercase()
        })
        .collect();
    let is_json = |kind: &String| kind == "application/json" || kind.ends_with("+json");
    let html = ["*/*", "text/*", "text/html", "application/xhtml+xml"];
    let is_html = |kind: &String| html.contains(&kind.as_str());
    kinds.iter().any(is_json) && !kinds.iter().any(is_html)
}

/// A range with the quality 0 is one that the client does not want.
fn is_refused(range: &str) -> bool {
    let parameters = range.split(';').skip(1);
    let mut qualities = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let quality: f32 = value.trim().parse().ok()?;
        name.trim().eq_ignore_ascii_case("q").then_some(quality)
    });
    qualities.any(|quality| quality == 0.0)
}

/// The seconds of `Retry-After`: until the maintenance ends, else as configured. At least one. A
/// maintenance whose time is over goes on until the app is healthy.
pub fn retry_after(configured: Duration, ends: Option<u64>, now: u64) -> u64 {
    let seconds = match ends.filter(|ends| *ends > now) {
        Some(ends) => ends - now,
        None => configured
            .as_millis()
            .div_ceil(1000)
            .try_into()
            .unwrap_or(u64::MAX),
    };
    seconds.max(1)
}

/// The answer as HTTP. No cache may keep it, because the app comes back.
pub fn response(answer: Answer, page: &Bytes, retry_after: u64) -> Response<Full<Bytes>> {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let (status, kind, body) = match answer {
        Answer::Page => (503, html, page.clone()),
        Answer::HealthyPage(status) => (status, html, page.clone()),
        Answer::Json => {
            let body = serde_json::json!({"error": "maintenance", "retry_after_s": retry_after});
            let kind = HeaderValue::from_static("application/json");
            (503, kind, Bytes::from(format!("{body}\n")))
        }
        Answer::Healthy(status) => {
            let kind = HeaderValue::from_static("text/plain; charset=utf-8");
            (status, kind, Bytes::from_static(b"ok\n"))
        }
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A connection that came by a parked port of the app would show the page to users of the app, once
    // that port is not parked any more.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    if matches!(answer, Answer::Page | Answer::Json) {
        headers.insert(RETRY_AFTER, retry_after.into());
    }
    response
}

#[cfg(test)]
mod tests;
