//! A roll by Ansible as in the documentation of `community.general.haproxy`: set MAINT and wait,
//! restart, enable and wait until healthy. It needs a socket at level admin.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use lab::fleet::Fleet;
use lab::namespace;

/// Ansible runs on the balancer: it connects to its own host.
const PLAYBOOK: &str = r#"
- hosts: web
  connection: local
  gather_facts: false
  serial: 1
  tasks:
    - name: Disable server, provide socket file, wait until status reports in maintenance
      community.general.haproxy:
        state: disabled
        host: "{{ inventory_hostname }}"
        socket: "{{ stats }}"
        backend: srvs
        wait: true
    - name: Restart the app
      ansible.builtin.command: "kill -USR2 {{ lookup('ansible.builtin.file', pidfile) }}"
      changed_when: true
    - name: Wait until it answers
      ansible.builtin.uri:
        url: "http://{{ address }}:1000/healthz"
      register: healthy
      until: healthy.status == 200
      retries: 20
      delay: 1
    - name: Enable server in 'www' backend pool wait until healthy
      community.general.haproxy:
        state: enabled
        host: "{{ inventory_hostname }}"
        socket: "{{ stats }}"
        backend: srvs
        wait: true
"#;

pub fn roll(fleet: &Fleet, numbers: &[usize], environment: &Path) {
    let dir = fleet.site.dir.join("ansible");
    fs::create_dir_all(&dir).expect("a folder for Ansible");
    fs::write(dir.join("roll.yml"), PLAYBOOK).expect("a playbook");
    fs::write(dir.join("inventory"), inventory(fleet, numbers)).expect("an inventory");
    // Ignores the caller's Ansible configuration.
    let programs = environment.join("bin");
    let mut command = namespace::command_in(
        &fleet.site.balancer.path(),
        programs.join("ansible-playbook"),
    );
    command
        .args(["-i", "inventory", "roll.yml"])
        .current_dir(&dir);
    command
        .env_clear()
        .env("HOME", &dir)
        .env("LC_ALL", "C.UTF-8");
    command.env(
        "PATH",
        format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs.display()),
    );
    run(&mut command);
}

fn inventory(fleet: &Fleet, numbers: &[usize]) -> String {
    let mut inventory = "[web]\n".to_owned();
    for number in numbers {
        let (host, app) = (fleet.host(*number), fleet.app(*number));
        let (name, address, pidfile) = (host.name(), host.address(), app.pidfile());
        let pidfile = pidfile.display();
        writeln!(inventory, "{name} address={address} pidfile={pidfile}").expect("a string");
    }
    let stats = fleet.haproxy.socket.display();
    write!(
        inventory,
        "[all:vars]\nstats={stats}\nansible_python_interpreter=/usr/bin/python3\n"
    )
    .expect("a string");
    inventory
}

fn run(command: &mut Command) {
    let output = command.output().expect("Ansible starts");
    let [said, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(
        output.status.success(),
        "Ansible's roll failed\n{said}\n{err}"
    );
}
