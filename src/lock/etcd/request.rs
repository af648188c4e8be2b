//! The requests to etcd's JSON gateway. Keys and values are base64, and numbers of 64 bits are strings.

use crate::lock::http::Post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

fn post(path: &'static str, body: &Value) -> Post {
    Post {
        path,
        header: None,
        body: body.to_string(),
    }
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// A lease of this time.
pub(super) fn grant(ttl: Duration) -> Post {
    let ttl = ttl.as_secs().max(1).to_string();
    post("/v3/lease/grant", &json!({ "TTL": ttl }))
}

/// The lease begins its time anew.
pub(super) fn keep_alive(lease: i64) -> Post {
    post("/v3/lease/keepalive", &json!({ "ID": lease.to_string() }))
}

/// The lease ends now, and its keys with it.
pub(super) fn revoke(lease: i64) -> Post {
    post("/v3/lease/revoke", &json!({ "ID": lease.to_string() }))
}

/// How long the lease still lasts.
pub(super) fn time_to_live(lease: i64) -> Post {
    post("/v3/lease/timetolive", &json!({ "ID": lease.to_string() }))
}

/// All keys that begin so, the oldest first. `prefix` ends with a slash.
pub(super) fn list(prefix: &str) -> Post {
    let end = format!("{}0", prefix.trim_end_matches('/'));
    post(
        "/v3/kv/range",
        &json!({
            "key": base64(prefix),
            "range_end": base64(&end),
            "sort_order": "ASCEND",
            "sort_target": "CREATE",
        }),
    )
}

/// This key alone.
pub(super) fn get(key: &str) -> Post {
    post("/v3/kv/range", &json!({ "key": base64(key) }))
}

/// Puts the key if it is still of this revision; 0: if there is none.
pub(super) fn put_if(key: &str, revision: i64, value: &str, lease: i64) -> Post {
    let key = base64(key);
    let put = json!({ "key": key, "value": base64(value), "lease": lease.to_string() });
    transaction(&key, revision, &json!({ "request_put": put }))
}

/// Removes the key if it is still of this revision.
pub(super) fn remove_if(key: &str, revision: i64) -> Post {
    let key = base64(key);
    let removed = json!({ "request_delete_range": { "key": key } });
    transaction(&key, revision, &removed)
}

fn transaction(key: &str, revision: i64, done: &Value) -> Post {
    let compare = json!({
        "key": key,
        "target": "MOD",
        "result": "EQUAL",
        "mod_revision": revision.to_string(),
    });
    post(
        "/v3/kv/txn",
        &json!({ "compare": [compare], "success": [done] }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_ends_behind_the_last_key_of_the_group() {
        let body: Value = serde_json::from_str(&list("/a/web/").body).unwrap();
        assert_eq!(body["key"], base64("/a/web/"));
        assert_eq!(body["range_end"], base64("/a/web0"));
    }

    #[test]
    fn a_key_is_put_by_its_revision() {
        let put = put_if("k", 0, "v", 7);
        assert_eq!(put.path, "/v3/kv/txn");
        let body: Value = serde_json::from_str(&put.body).unwrap();
        assert_eq!(body["compare"][0]["mod_revision"], "0");
        assert_eq!(body["success"][0]["request_put"]["lease"], "7");
    }
}
