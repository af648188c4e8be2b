use super::*;

fn settings(state_dir: &Path) -> Settings {
    let text = format!(
        "[agent]\nstate_dir = {state_dir:?}\n[app.web]\nport = 1000\nstatus_port = 2000\n\
         restart = {{ command = [\"true\"] }}\n[[haproxy]]\nsocket = \"/s\"\n"
    );
    let path = Path::new("/agent.toml").to_path_buf();
    let settings = read(&path, &text).unwrap();
    Settings {
        from: LoadedFrom { path, text },
        ..settings
    }
}

#[test]
fn another_state_directory_does_not_hide_the_sidecar() {
    let [default, a, b] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let owner = Owner::new("agent run");
    for (before, now) in [(&default, &a), (&a, &default), (&a, &b), (&b, &a)] {
        let lock = Lock::take(&directory::sidecar(before.path()), &owner).unwrap();
        let loaded = Loaded::new(&owner, &settings(before.path()), None);
        loaded.write_in(before.path(), default.path()).unwrap();
        let older = || Loaded::older_in(default.path(), &settings(now.path())).unwrap();
        let found = older().unwrap();
        assert!(
            found.found().ends_with("agent.state_dir differs"),
            "{found:?}"
        );
        assert_eq!(found.command(), "systemctl restart haproxy-gate");
        drop(lock);
        assert_eq!(older(), None);
    }
}

#[test]
fn a_file_that_can_not_be_removed_is_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let loaded = Loaded::new(&Owner::new("agent run"), &settings(dir.path()), None);
    let missing = dir.path().join("none");
    let error = |dir: &Path| loaded.write(dir).unwrap_err().to_string();
    assert!(!error(&missing).contains("can't be removed"));
    fs::create_dir(directory::loaded(dir.path())).unwrap();
    assert!(error(dir.path()).contains("may refuse restarts, but can't be removed: "));
}

#[test]
fn it_describes_what_older_settings_mean() {
    let [a, b] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let owner = Owner::new("agent run");
    let _lock = Lock::take(&directory::sidecar(a.path()), &owner).unwrap();
    let means = "; it may set gates by those, so `agent restart`, `switch` and \
                 `maintenance` refuse: ";
    for (refused, found, what) in [
        (
            None,
            "agent.state_dir differs",
            "run `systemctl restart haproxy-gate`",
        ),
        (
            Some("no such app".to_owned()),
            "its last reload kept them: no such app",
            "correct that, then run `systemctl restart haproxy-gate`",
        ),
    ] {
        let loaded = Loaded::new(&owner, &settings(a.path()), refused);
        let text = loaded.older_than(&settings(b.path())).unwrap().describe();
        assert!(text.ends_with(&format!("{found}{means}{what}")), "{text}");
    }
}

#[test]
fn settings_that_move_no_gate_refuse_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let owner = Owner::new("agent run");
    let _lock = Lock::take(&directory::sidecar(dir.path()), &owner).unwrap();
    let before = settings(dir.path());
    let text = before.from.text.clone() + "[lock]\netcd = [\"http://10.0.0.5:2379\"]\n";
    let now = read(&before.from.path, &text).unwrap();
    let loaded = Loaded::new(&owner, &before, None);
    let now = Settings {
        from: LoadedFrom {
            text,
            ..before.from
        },
        ..now
    };
    let text = loaded.older_than(&now).unwrap().describe();
    let means =
        "; it uses those until it reads the file again: run `systemctl reload haproxy-gate`";
    assert!(text.ends_with(means), "{text}");
}
