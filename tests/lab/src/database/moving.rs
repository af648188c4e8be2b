//! The move of the database, step by step, as the runbook has it (haproxy/database.md). Both databases
//! are frozen from the first step to the last: a write that reaches an app all the same, as during a
//! reload of HAProxy, is refused and not lost.

use std::time::Instant;

use super::postgres::LIMIT;
use super::{Postgres, Shop, app_folder};
use crate::agent::Running;
use crate::fleet::NUMBERS;
use crate::wait_for;

impl Shop {
    /// From the old database to the new one. `say` gets each step, with its seconds.
    pub fn move_database(&self, say: impl Fn(&str, f64)) {
        step(&say, "read-only on, on all hosts", || self.read_only("on"));
        step(&say, "the old database frozen", || self.old.freeze());
        step(&say, "the replica has all writes", || {
            self.new.wait_for_all_of(&self.old)
        });
        step(&say, "the replica frozen and promoted", || {
            self.new.freeze();
            self.new.promote();
        });
        // Without the freeze, the writes that pass now would be in the old database alone.
        step(&say, "HAProxy reloaded meanwhile", || self.haproxy.reload());
        step(&say, "each app restarted on it", || {
            self.restart_on_the_new()
        });
        step(&say, "the new database writable", || self.new.thaw());
        step(&say, "read-only off, on all hosts", || {
            self.read_only("off")
        });
    }

    /// The same without read-only, as a show of what is lost: users write to the old database until
    /// their host's app has restarted.
    pub fn move_while_users_write(&self, say: impl Fn(&str, f64)) {
        step(&say, "the replica has all writes so far", || {
            self.new.wait_for_all_of(&self.old);
        });
        step(&say, "the replica promoted", || self.new.promote());
        step(&say, "each app restarted on it", || {
            self.restart_on_the_new();
        });
    }

    fn read_only(&self, to: &str) {
        self.on_all_hosts(&["readonly", to, "web"]);
    }

    /// Two hosts at a time, because one other is enough for `min_available`. Each agent writes the new
    /// address after the drain, and would go back to the old one.
    fn restart_on_the_new(&self) {
        let [old, new] = [&self.old.address, &self.new.address];
        let start = |number: &usize| {
            let file = app_folder(&self.site.hosts[number - 1]).join("database");
            let line = |from: &str, to: &str| format!("sed -i s/{from}/{to}/ {}", file.display());
            let [with, rollback] = [line(old, new), line(new, old)];
            let words = ["restart", "web", "--with", &with, "--rollback", &rollback];
            self.agent(*number).start_words(&words)
        };
        for hosts in NUMBERS.chunks(2) {
            let running: Vec<Running> = hosts.iter().map(start).collect();
            for one in running {
                one.wait().expect_exit(0);
            }
        }
    }
}

fn step(say: impl Fn(&str, f64), what: &str, act: impl FnOnce()) {
    let began = Instant::now();
    act();
    say(what, began.elapsed().as_secs_f64());
}

impl Postgres {
    /// Refuses writes, and returns after the last transaction that may still write. The setting is in
    /// a file of this server: a replica does not get it.
    fn freeze(&self) {
        self.set("SET default_transaction_read_only = on", "on");
        let now = self.sql("SELECT now()");
        let older = format!(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND xact_start < '{now}'"
        );
        wait_for("the last writes", LIMIT, || {
            (self.sql(&older) == "0").then_some(())
        });
    }

    fn thaw(&self) {
        self.set("RESET default_transaction_read_only", "off");
    }

    fn set(&self, what: &str, value: &str) {
        self.sql(&format!("ALTER SYSTEM {what}"));
        self.sql("SELECT pg_reload_conf()");
        // A connection that begins after the reload has the new value, and each older one has the
        // signal for it.
        wait_for(what, LIMIT, || {
            let shown = self.sql("SHOW default_transaction_read_only");
            (shown == value).then_some(())
        });
    }

    /// Compares the end of the log (LSN) of the frozen server with what this replica has replayed.
    fn wait_for_all_of(&self, primary: &Postgres) {
        let end = primary.sql("SELECT pg_current_wal_lsn()");
        let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{end}'");
        wait_for("the replica", LIMIT, || {
            (self.sql(&replayed) == "t").then_some(())
        });
    }

    fn promote(&self) {
        assert_eq!(self.sql("SELECT pg_promote()"), "t", "promoted");
        assert_eq!(self.sql("SELECT pg_is_in_recovery()"), "f", "a primary");
    }
}
