//! The rules that keep cookies and refuse writes during maintenance and read-only.

use std::collections::BTreeSet;

/// The samples by which a rule depends on the lines of another backend.
const SAMPLES: [&str; 2] = ["nbsrv(", "srv_is_up("];

/// What a line asks for: `NAME` of `nbsrv(NAME)`, `NAME/SERVER` of `srv_is_up(NAME/SERVER)`.
pub(super) fn asked_for(line: &[&str], all: &mut BTreeSet<String>) {
    for word in line {
        for sample in SAMPLES {
            let arguments = word.split(sample).skip(1);
            let names = arguments.filter_map(|rest| Some(rest.split_once(')')?.0));
            all.extend(names.map(str::to_owned));
        }
    }
}

/// The line removes the cookie that HAProxy sets.
pub(super) fn keeps_cookies(line: &[&str]) -> bool {
    matches!(line, ["http-after-response", "del-header", name, ..]
        if name.eq_ignore_ascii_case("set-cookie"))
}

#[cfg(test)]
mod tests {
    use crate::haproxy::cfg::file::read;

    #[test]
    fn rules_are_found_in_each_section_and_not_in_comments() {
        for (text, asks, keeps) in [
            (
                "frontend f\n http-request deny if { nbsrv(ro) ge 1 }\n",
                true,
                false,
            ),
            ("frontend f\n acl ro nbsrv(ro) ge 1\n", true, false),
            (
                "listen f\n http-request deny if { nbsrv(ro) ge 1 }\n",
                true,
                false,
            ),
            (
                "defaults\n http-request deny if { nbsrv(ro) ge 1 }\n",
                true,
                false,
            ),
            (
                "frontend f\n # nbsrv(ro)\n use_backend x if { nbsrv(rw) ge 1 }\n",
                false,
                false,
            ),
            (
                "backend b\n http-after-response del-header set-cookie if { status 503 }\n",
                false,
                true,
            ),
            (
                "defaults\n http-after-response del-header Set-Cookie\nbackend b\n",
                false,
                true,
            ),
            (
                "defaults\n http-after-response del-header X\nbackend b\n",
                false,
                false,
            ),
        ] {
            let file = read(text);
            assert_eq!(file.asks_for.contains("ro"), asks, "{text}");
            let mut proxies = file.proxies.iter();
            assert_eq!(
                proxies.any(|proxy| proxy.settings.keeps_cookies),
                keeps,
                "{text}"
            );
        }
    }
}
