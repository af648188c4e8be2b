//! The lines of pages, the marker with its rule, and what does not fit them.

use super::*;

const PAGE: &str = "[app.web.page]\nport = 1009\nstatus_port = 2009\n";
const MARKER: &str = "[app.web.readonly]\nstatus_port = 2010\n";

fn with(tables: &str) -> Settings {
    read(Path::new("agent.toml"), &format!("{APPS}{tables}")).unwrap()
}

fn hosts(list: &str) -> Vec<Host> {
    list.split(' ').map(|host| host.parse().unwrap()).collect()
}

fn printed(
    settings: &Settings,
    list: &str,
    change: impl for<'a> Fn(Wanted<'a>) -> Wanted<'a>,
) -> Result<String, String> {
    print(settings, &change(wanted(settings, &hosts(list))))
}

fn pages(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("    server "));
    lines.filter(|line| line.contains("-page ")).collect()
}

/// Also for one with several targets, and in the layout without twins.
#[test]
fn each_host_has_one_page_line_without_a_cookie() {
    let lines = [
        "web1-page 10.0.0.11:1009 port 2009 backup",
        "web2-page [2001:db8::2]:1009 port 2009 backup",
    ];
    let two = "web1=10.0.0.11 web2=2001:db8::2";
    let one = with(PAGE);
    for layout in [Layout::TwoStage, Layout::Classic, Layout::Single] {
        let text = printed(&one, two, |wanted| Wanted {
            layout: Some(layout),
            ..wanted
        });
        let text = text.unwrap();
        assert_eq!(pages(&text), lines);
        assert!(text.contains("keeps users on the page"));
        // Where no line has a cookie, HAProxy removes none.
        let keeps = text.ends_with(
            "\n    http-after-response del-header Set-Cookie if { status 503 } { \
             res.hdr(retry-after) -m found }\n",
        );
        assert_eq!(keeps, layout != Layout::Single);
        assert_eq!(keeps, text.contains("    cookie SRV insert "));
    }
    let targets = APPS.replace(
        "port = 1000\n    status_port = 2000\n    backup_status_port = 3000\n    restart = { systemd \
         = \"web\" }",
        "[app.web.target.blue]\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"blue\" }\n\
         [app.web.target.green]\nport = 1002\nstatus_port = 2002\nrun = { systemd = \"green\" }",
    );
    let targets = read(Path::new("agent.toml"), &format!("{targets}{PAGE}")).unwrap();
    let text = printed(&targets, two, |wanted| wanted).unwrap();
    assert_eq!(pages(&text), lines);
    assert_eq!(text.matches("\n    server ").count(), 6);
}

#[test]
fn a_page_undoes_what_the_lines_of_the_app_speak() {
    for (proxy, ssl, words) in [
        (None, true, "no-ssl no-check-ssl"),
        (Some(Proxy::V1), false, "no-send-proxy no-check-send-proxy"),
        (
            Some(Proxy::V2),
            true,
            "no-ssl no-check-ssl no-send-proxy-v2 no-check-send-proxy",
        ),
    ] {
        let text = printed(&with(PAGE), TWO, |wanted| Wanted {
            transport: Transport {
                ssl,
                proxy,
                ..Transport::default()
            },
            ..wanted
        });
        let first = format!("web1-page 10.0.0.11:1009 {words} port 2009 backup");
        assert_eq!(pages(&text.unwrap())[0], first);
    }
}

/// The rule is in the frontend of a whole configuration, and in the comment above the backend.
#[test]
fn the_marker_has_a_backend_and_a_rule() {
    let settings = with(MARKER);
    let rule = "http-request return status 503 hdr Retry-After 60 if !{ method GET HEAD OPTIONS } { \
                nbsrv(readonly) ge 1 } !{ srv_is_up(readonly/checked) }\n";
    let text = |whole, readonly| {
        let text = printed(&settings, TWO, |wanted| Wanted {
            whole,
            readonly,
            ..wanted
        });
        text.unwrap()
    };
    let (whole, section) = (text(true, true), text(false, true));
    assert_eq!(
        (whole.matches(rule).count(), section.matches(rule).count()),
        (2, 1)
    );
    let (frontend, _) = whole.split_once("    default_backend srvs\n").unwrap();
    assert!(frontend.ends_with(&format!("\n    {rule}")), "{frontend}");
    assert!(whole.contains("#   agent haproxy-config web --whole --readonly \\\n"));
    let (_, marker) = section.split_once("\nbackend readonly\n").unwrap();
    let servers: Vec<&str> = marker
        .lines()
        .filter(|line| line.contains(" server "))
        .collect();
    let lines = [
        "    server web1 10.0.0.11:2010",
        "    server web2 10.0.0.12:2010",
        "    server checked 127.0.0.1:1 fastinter 300ms",
    ];
    assert_eq!(servers, lines);
    assert!(!text(true, false).contains("readonly"));
    let other = printed(&settings, TWO, |wanted| Wanted {
        backend: Some("api"),
        readonly: true,
        ..wanted
    });
    assert!(
        other
            .unwrap()
            .contains("nbsrv(api-readonly) ge 1 } !{ srv_is_up(api-readonly/checked)")
    );
}

#[test]
fn what_fits_no_page_and_no_marker_is_reported_with_its_fix() {
    let readonly = |settings: &Settings, mode, list: &str| {
        printed(settings, list, |wanted| Wanted {
            mode,
            readonly: true,
            ..wanted
        })
    };
    for (settings, mode, list, what) in [
        (
            with(MARKER),
            Mode::Tcp,
            TWO,
            "mode tcp has no requests to refuse: leave out --readonly",
        ),
        (
            with(MARKER),
            Mode::Http,
            "web1=10.0.0.11 api1=10.0.0.11,app=api",
            "app.api has no marker: add [app.api.readonly] with a `status_port`, or leave out \
             --readonly",
        ),
        (
            with(&format!("{PAGE}{MARKER}")),
            Mode::Http,
            "a=10.0.0.11 a-page=10.0.0.12",
            "a-page is the name of a line of a-page already, and of the page of another host: use other names",
        ),
    ] {
        assert_eq!(readonly(&settings, mode, list), Err(what.to_owned()));
    }
    let settings = with(PAGE);
    let hosts = hosts(TWO);
    let tcp = Wanted {
        mode: Mode::Tcp,
        ..wanted(&settings, &hosts)
    };
    assert!(pages(&print(&settings, &tcp).unwrap()).is_empty());
    assert!(notices(&settings, &tcp).unwrap()[0].starts_with("app.web: mode tcp has no line"));
}
