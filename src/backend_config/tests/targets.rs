//! Apps with targets: their lines, names and cookies, and what does not fit.

use super::*;

/// Listed with green first: the order of the file counts.
const TARGETS: &str = r#"
    [app.web.target.green]
    port = 1001
    status_port = 2001
    backup_status_port = 3001
    run = { systemd = "web@green" }
    [app.web.target.blue]
    port = 1000
    status_port = 2000
    backup_status_port = 3000
    run = { systemd = "web@blue" }
    [app.api]
    port = 1005
    status_port = 2005
    backup_status_port = 3005
    restart = { systemd = "api" }
    [[haproxy]]
    socket = "tcp://10.0.0.1:9999"
"#;

const HOSTS: &str = "web1=10.0.0.11,cookie=w1,twin=bkp1 web2=10.0.0.12";

fn settings(top: &str) -> Settings {
    read(
        Path::new("agent.toml"),
        &format!("[app.web]\n{top}\n{TARGETS}"),
    )
    .unwrap()
}

fn hosts(hosts: &str) -> Vec<Host> {
    hosts.split(' ').map(|host| host.parse().unwrap()).collect()
}

fn printed(
    hosts: &[Host],
    change: impl for<'a> Fn(Wanted<'a>) -> Wanted<'a>,
) -> Result<String, String> {
    let settings = settings("");
    print(&settings, &change(wanted(&settings, hosts)))
}

fn servers(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter_map(|line| line.strip_prefix("    server "))
        .collect()
}

#[test]
fn the_main_lines_of_all_targets_come_before_all_twins() {
    let text = printed(&hosts(HOSTS), |wanted| wanted).unwrap();
    assert_eq!(
        servers(&text),
        [
            "web1-green 10.0.0.11:1001 cookie w1 port 2001",
            "web1-blue 10.0.0.11:1000 cookie w1 port 2000",
            "web2-green 10.0.0.12:1001 cookie web2 port 2001",
            "web2-blue 10.0.0.12:1000 cookie web2 port 2000",
            "bkp1-green 10.0.0.11:1001 cookie w1 port 3001 backup",
            "bkp1-blue 10.0.0.11:1000 cookie w1 port 3000 backup",
            "web2-green-twin 10.0.0.12:1001 cookie web2 port 3001 backup",
            "web2-blue-twin 10.0.0.12:1000 cookie web2 port 3000 backup",
        ]
    );
    assert!(text.contains("keep their cookie") && !text.contains("cookie of its own"));
}

/// No master socket shows the connections that came by a parked port.
#[test]
fn idle_connections_are_purged_also_beside_a_master_socket() {
    let purges = |app: &str| {
        let socket = r#"socket = "tcp://10.0.0.1:9999""#;
        let master = format!("{socket}\n    master = \"tcp://10.0.0.1:9998\"");
        let text = format!("[app.web]\n{}", TARGETS.replace(socket, &master));
        let settings = read(Path::new("agent.toml"), &text).unwrap();
        let hosts = hosts(&format!("a=10.0.0.11,app={app} b=10.0.0.12,app={app}"));
        let printed = print(&settings, &wanted(&settings, &hosts)).unwrap();
        printed.contains("parked. A later drain") && printed.contains("pool-purge-delay 1s\n")
    };
    assert!(purges("web"));
    assert!(!purges("api"));
}

#[test]
fn each_target_may_have_a_cookie_of_its_own() {
    let hosts = hosts(HOSTS);
    let settings = settings("");
    let per_target = Wanted {
        cookie_per: CookiePer::Target,
        whole: true,
        ..wanted(&settings, &hosts)
    };
    let text = print(&settings, &per_target).unwrap();
    for line in [
        "    server web1-green 10.0.0.11:1001 cookie w1-green port 2001\n",
        "    server bkp1-blue 10.0.0.11:1000 cookie w1-blue port 3000 backup\n",
        "    server web2-blue-twin 10.0.0.12:1000 cookie web2-blue port 3000 backup\n",
        "    # Each target has a cookie of its own",
        "# Each host has several targets (green, blue)",
        "#   agent haproxy-config web --whole --cookie-per target \\\n",
        "#       --host web1=10.0.0.11,cookie=w1,twin=bkp1 \\\n#       --host web2=10.0.0.12\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn targets_may_be_single_or_mode_tcp_and_stand_beside_another_app() {
    let two = hosts("web1=10.0.0.11 web2=10.0.0.12");
    let single = |mode| {
        let text = printed(&two, |wanted| Wanted {
            layout: Some(Layout::Single),
            mode,
            ..wanted
        });
        let text = text.unwrap();
        assert!(text.contains("Only that of the current target is UP"));
        servers(&text).join("; ")
    };
    let lines = "web1-green 10.0.0.11:1001 port 2001; web1-blue 10.0.0.11:1000 port 2000; \
                 web2-green 10.0.0.12:1001 port 2001; web2-blue 10.0.0.12:1000 port 2000";
    assert_eq!(
        (single(Mode::Http), single(Mode::Tcp)),
        (lines.into(), lines.into())
    );
    let classic = printed(&two, |wanted| Wanted {
        layout: Some(Layout::Classic),
        ..wanted
    });
    assert_eq!(
        servers(&classic.unwrap())[4],
        "web1-green-twin 10.0.0.11:1001 cookie web1 backup"
    );
    let apps = hosts("web1=10.0.0.11 api1=10.0.0.11,app=api");
    let text = printed(&apps, |wanted| wanted).unwrap();
    assert_eq!(servers(&text).len(), 6);
    assert_eq!(
        servers(&text)[2],
        "api1 10.0.0.11:1005 cookie api1 port 2005"
    );
}

#[test]
fn what_does_not_fit_targets_is_reported_with_its_fix() {
    for (list, layout, mode, what) in [
        (
            "a=10.0.0.11 a-blue=10.0.0.12,app=api",
            None,
            Mode::Http,
            "a-blue is the name of a line of a already",
        ),
        (
            "a=10.0.0.11 b=10.0.0.12,cookie=a",
            None,
            Mode::Http,
            "b and a have the same cookie a-green: each host needs its own",
        ),
        (
            "a=10.0.0.11 b=10.0.0.11",
            None,
            Mode::Http,
            "b and a are both 10.0.0.11, port 1001",
        ),
        (
            "a=10.0.0.11 b=10.0.0.12",
            Some(Layout::Single),
            Mode::Http,
            "the single layout has no cookies: leave out --cookie-per target",
        ),
        (
            "a=10.0.0.11 b=10.0.0.12",
            Some(Layout::Classic),
            Mode::Http,
            "the classic layout keeps the users of a target's cookie on its twin until that target \
             stops, which cuts their requests: leave out --cookie-per target",
        ),
        (
            "a=10.0.0.11 b=10.0.0.12",
            None,
            Mode::Tcp,
            "mode tcp has no cookies: leave out --cookie-per target",
        ),
        (
            "a=10.0.0.11,app=api b=10.0.0.12,app=api",
            None,
            Mode::Http,
            "app.api has no targets: leave out --cookie-per target",
        ),
    ] {
        let error = printed(&hosts(list), |wanted| Wanted {
            layout,
            mode,
            cookie_per: CookiePer::Target,
            ..wanted
        });
        assert_eq!(
            error.map_err(|e| e.split(": name each").next().unwrap().to_owned()),
            Err(what.to_owned())
        );
    }
}

/// A switch of the only host needs no other one.
#[test]
fn one_host_is_enough_for_a_switch() {
    let one = hosts("web1=10.0.0.11");
    for (top, noticed) in [
        (
            "",
            &[
                "app.web: min_available is 1, and without one host 0 are left: the agent refuses each \
               restart, and `agent switch web` works",
            ][..],
        ),
        ("min_available = 0", &[]),
    ] {
        let settings = settings(top);
        let wanted = wanted(&settings, &one);
        assert_eq!(notices(&settings, &wanted).unwrap(), noticed);
        assert_eq!(servers(&print(&settings, &wanted).unwrap()).len(), 4);
    }
    let settings = settings("min_available = 0");
    let wanted = Wanted {
        layout: Some(Layout::Classic),
        ..wanted(&settings, &one)
    };
    let last = "no line of the classic layout checks the backup_status_port of app.web.target.blue: \
                take it out of agent.toml";
    let notices = notices(&settings, &wanted).unwrap();
    assert_eq!((notices.len(), notices[1].as_str()), (2, last));
}
