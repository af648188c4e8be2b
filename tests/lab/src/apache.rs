//! The real Apache httpd (mpm_event) on port 1000, with its own folder. POSTs are really in flight
//! while their body arrives: mod_reflector sends it back.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::daemon::{Daemon, argv};
use super::site::Host;

pub fn start(host: &Host) -> Daemon {
    let dir = host.dir.join("apache");
    let htdocs = dir.join("htdocs");
    fs::create_dir_all(&htdocs).expect("a folder for Apache");
    fs::write(htdocs.join("index.html"), host.name() + "\n").expect("a page");
    fs::write(htdocs.join("healthz"), "healthy\n").expect("a page");
    fs::write(dir.join("apache2.conf"), config(host, &dir)).expect("apache2.conf");
    // Debian's apachectl creates the folders in this file.
    let run = format!("APACHE_RUN_DIR={0}\nAPACHE_LOCK_DIR={0}\n", dir.display());
    fs::write(dir.join("envvars"), run + "APACHE_RUN_USER=www-data\n").expect("envvars");
    let dir = dir.display().to_string();
    let start = argv(&["apache2", "-d", &dir, "-DFOREGROUND"]);
    Daemon::start(&host.namespace, "apache2", start, graceful(&dir))
}

/// How often Apache has restarted gracefully.
pub fn graceful_restarts(host: &Host) -> usize {
    let log = fs::read_to_string(host.dir.join("apache/error.log"));
    let log = log.unwrap_or_default();
    log.matches("Doing graceful restart").count()
}

fn graceful(dir: &str) -> Value {
    let confdir = format!("APACHE_CONFDIR={dir}");
    let command = ["env", &confdir, "apachectl", "-k", "graceful"];
    let mut restart = Table::new();
    restart.insert("command".into(), argv(&command).into());
    restart.into()
}

fn config(host: &Host, dir: &Path) -> String {
    let (name, dir) = (host.name(), dir.display());
    format!(
        "\
ServerName {name}
ServerRoot {dir}
DefaultRuntimeDir {dir}
PidFile {dir}/pid
ErrorLog {dir}/error.log
LogLevel notice
Listen 1000
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule reflector_module /usr/lib/apache2/modules/mod_reflector.so
User www-data
Group www-data
DocumentRoot {dir}/htdocs
DirectoryIndex index.html
# Longer than HAProxy keeps an idle connection, so that HAProxy is the one to close it.
KeepAliveTimeout 60
MaxKeepAliveRequests 0
<Directory {dir}/htdocs>
    Require all granted
</Directory>
<Location /post>
    SetHandler reflector
</Location>
"
    )
}
