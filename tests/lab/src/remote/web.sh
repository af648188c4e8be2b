#!/bin/sh
# The app as a service of this host, or one of its targets: web start|stop|restart [TARGET]
set -e
# shellcheck source=/dev/null
. "/etc/default/web${2:+-$2}"
: "${dir:?}" "${program:?}" "${name:?}" "${port:?}" "${cold:?}" "${signal:?}"

start() {
    # A broken upgrade does this: the app is healthy until its next start.
    [ ! -e "$dir/sick-next" ] || mv "$dir/sick-next" "$dir/sick"
    # Detached from this shell: a reader of its output must not wait for the app.
    exec </dev/null >>"$dir/log" 2>&1
    setsid "$program" --name "$name" --listen "[::]:$port" --dir "$dir" --cold-ms "$cold" &
}

stop() {
    [ -e "$dir/pid" ] || return 0
    pid=$(cat "$dir/pid")
    kill -s "$signal" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.02
    done
    rm -f "$dir/pid"
}

case $1 in
    start) start ;;
    stop) stop ;;
    restart) stop && start ;;
esac
