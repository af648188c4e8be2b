#!/bin/bash
# In place of the agent, for tests of the callers: it notes each call.
say() { echo "$(date +%s.%N) $*" >>/work/log; }
say "agent $*"
case "$*" in
    "run --dry-run") grep -q good /etc/haproxy-gate/agent.toml ;;
    run)
        # Longer than anything that must wait for it.
        trap 'say draining; sleep 2; say drained; exit 0' TERM
        trap 'say "renewed $$"' USR2
        trap 'say "read again"' HUP
        # Before the start is over, so that no note of it comes later.
        say "running $$"
        systemd-notify --ready
        while :; do sleep 0.05; done
        ;;
    open*)
        sleep "$(cat /work/open-takes 2>/dev/null || echo 0)" &
        wait $!
        say opened
        exit "$(cat /work/open-exits 2>/dev/null || echo 0)"
        ;;
    close*)
        sleep 0.5
        say closed
        ;;
esac
