//! The real nginx on port 1000, with its own folder. It reads a POST's whole body before it asks a
//! second server of its own, so POSTs are really in flight.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::daemon::{Daemon, argv};
use super::site::Host;

pub fn start(host: &Host) -> Daemon {
    let dir = host.dir.join("nginx");
    fs::create_dir_all(&dir).expect("a folder for nginx");
    let config_file = dir.join("nginx.conf").display().to_string();
    fs::write(&config_file, config(host, &dir)).expect("nginx.conf");
    let error_log = dir.join("error.log").display().to_string();
    let start = argv(&["nginx", "-e", &error_log, "-c", &config_file]);
    let mut reload = start.clone();
    reload.extend(argv(&["-s", "reload"]));
    let mut restart = Table::new();
    restart.insert("command".into(), reload.into());
    Daemon::start(&host.namespace, "nginx", start, Value::Table(restart))
}

/// How often nginx has reloaded.
pub fn reloads(host: &Host) -> usize {
    let log = fs::read_to_string(host.dir.join("nginx/error.log"));
    log.unwrap_or_default().matches(", reconfiguring").count()
}

fn config(host: &Host, dir: &Path) -> String {
    let (name, dir) = (host.name(), dir.display());
    format!(
        "\
daemon off;
user www-data;
worker_processes 1;
pid {dir}/pid;
error_log {dir}/error.log notice;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 1000;
        location / {{ return 200 \"{name}\\n\"; }}
        location /post {{ proxy_pass http://127.0.0.1:1099; }}
    }}
    server {{
        listen 127.0.0.1:1099;
        location / {{ return 200 \"taken\\n\"; }}
    }}
}}
"
    )
}
