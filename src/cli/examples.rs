//! What `--help` prints below the options of each verb: examples, and exit codes of its own.

pub(super) const AFTER_HELP: &str = "\
Examples:
  agent doctor                  check the whole set-up, change nothing
  agent status --watch          show what the kernel, HAProxy and the app report
  agent restart web --dry-run   print the preflight and the plan, change nothing
  agent restart web             take the host out, restart the app, put it back
  agent switch web              start the other target, move all users to it
  agent maintenance on web      let users meet the page instead of the app
  agent close web               take the host out until `agent open web`
  agent recover                 repair all apps after a crash or a rule flush
  agent history                 list past operations: when, by which user, why
  agent report --html web.html  draw the last operation as an HTML report

Exit codes, the state of the host after each, and `outcome` of --json:
";

pub(super) const DOCTOR_HELP: &str = "\
Examples:
  agent doctor
  ssh lb1 cat /etc/haproxy/haproxy.cfg | agent doctor web --haproxy-cfg -
  agent doctor web --haproxy-cfg haproxy.cfg --haproxy-cfg conf.d
  agent doctor --all
  agent doctor --json | jq '.points[] | select(.verdict != \"ok\")'
";

pub(super) const RESTART: &str = "\
Examples:
  agent restart web --dry-run
  agent restart web --with 'apt-get install -y web=2.1'
  agent restart web --turn 10m       if other hosts may be out now
  agent restart web --stay-closed    if `agent close` holds the gates closed
  agent restart web --outside-window --reason 'a leak'";

pub(super) const SWITCH: &str = "\
Examples:
  agent switch web --dry-run
  agent switch web --to green --with 'web-install 2.1 \"$AGENT_TARGET\"'
  agent switch web --keep 10m
  agent switch web --back            while the old target is ready
  agent switch web --finish          stop the old target now";

pub(super) const OPEN: &str = "\
Examples:
  agent open web
  agent open web --to green   the first time, if several targets run";

pub(super) const READONLY: &str = "\
Examples:
  agent readonly on web --dry-run
  agent readonly on web --for 30m --reason 'the database moves'
  agent readonly status web
  agent readonly off web";

pub(super) const PROBE: &str = "\
Exit codes:
  0   it runs, is healthy and verified; of a page: users get it
  15  it is not: the step that failed, and why
  2   usage or configuration

Examples:
  agent probe web/green
  agent probe web/page
  agent probe web --json | jq '.steps[] | select(.ok | not)'";

pub(super) const MAINTENANCE: &str = "\
Examples:
  agent maintenance on web --dry-run
  agent maintenance on web --for 2h --reason 'the database moves'
  agent maintenance status web
  agent maintenance off web";

pub(super) const LOCK: &str = "\
Exit codes:
  0   shown, or given back
  11  the lock server is away

Examples:
  agent lock status
  agent lock status --json | jq '.holders[].host'
  agent lock release web2/web --force --reason 'web2 is dead'";

pub(super) const STATUS: &str = "\
Exit codes:
  0   each app is well, or an operation on it is under way
  1   an app is not well; each reason is one line, and data in --json:
      the gates are open, and HAProxy sends no new users to a main line
      (DOWN, MAINT, DRAIN, NOLB, weight 0); a twin is DOWN behind its open gate;
      gates are closed or broken without a hold; a restart or an upgrade
      has failed and left them closed; an operation was cut short; a gate
      of an idle target is open, or its port is not parked; in maintenance
      the page does not answer, or users can't meet it, or a gate of the app
      is open; the page's gate is open without a maintenance; the app is
      not healthy; a balancer can't be seen; a foreign rule or
      another process has a status port; the sidecar has older settings
      than the file; another user than root asks, who can't see the gates
  2   usage or configuration
While an operator or a unit holds the gates closed, or in maintenance, the app
may be down: that is 0. So is a twin that an operator of HAProxy has taken out.
With several apps, 1 if one of them is not well. With --watch it is 0.
Right after the gates have opened, it is 1 until HAProxy's checks pass.

Examples:
  agent status --watch=2s
  agent status --json | jq '.apps[] | select(.well | not) | .app'
";
