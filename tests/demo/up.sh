#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# up.sh BIN CONFIG [WAL] - what ./run up does: the services in the foreground, on a machine of a
# developer, where no systemd starts and stops them.  The log is in the folder WAL, by default in
# "wal" beside CONFIG, and stays.  ^C stops them in order; ends with the status of the engine.
set -euo pipefail

bin=$1 config=$2
wal=${3:-$(dirname "$config")/wal}
# Each program with its process id, in the order of their starts.
names=() ids=()
stopping=

say() {
    printf 'up: %s\n' "$1" >&2
}

# With a process group of its own, so that ^C on the terminal reaches only us.  A sanitizer needs what
# a sandbox takes away: BETEXD_OPTIONS says so.
start() {
    set -m
    # shellcheck disable=SC2086
    "$bin/$1" --config "$config" --wal "$wal" ${BETEXD_OPTIONS:-} < /dev/null &
    set +m
    names+=("$1")
    ids+=("$!")
}

# stop_last: what was started last, in order; its exit status is in $status.
stop_last() {
    local last=$((${#ids[@]} - 1))
    kill -TERM "${ids[last]}" 2> /dev/null || true # It may have ended already.
    status=0
    wait "${ids[last]}" || status=$?
    [ "$status" -eq 0 ] || say "${names[last]} ended with $status"
    unset "names[last]" "ids[last]"
}

# Those that stand on the engine first, so that they see it whole to their end.
stop_all() {
    trap '' INT TERM HUP # It is on its way.
    while [ ${#ids[@]} -gt 0 ]; do
        stop_last
    done
}

# The one path that people and programs need: where betex-admin answers.
find_socket() {
    "$bin/betexctl" config show --json "$config" |
        sed -n 's/^{"key":"admin\.socket","value":"\([^"]*\)".*/\1/p'
}

# ask: whether betex-admin can be looked at; the exit status of who asks is in $asked.  68: nobody is
# there, or it has not read the log yet; 1: it answers, but this user may not look.
ask() {
    asked=0
    "$bin/betexctl" market ls --socket "$socket" > /dev/null 2>&1 || asked=$?
}

# Until the engine serves and the administration has read its log.  False when one of them has ended,
# or the user has had enough.
await_services() {
    local id
    while [ -z "$stopping" ]; do
        ask
        case $asked in
        0 | 1) return 0 ;;
        68) ;;
        *) return 1 ;;
        esac
        for id in "${ids[@]}"; do
            kill -0 "$id" 2> /dev/null || return 1
        done
        sleep 0.05
    done
    return 1
}

tell_how_to_reach() {
    cat <<END

up: serving, with the log in $wal; ^C stops all in order
up: operators:  $bin/betexctl status --socket $socket
up:             $bin/betexctl console --socket $socket
up: the log:    $bin/betex-wal info $wal

END
}

"$bin/betexctl" config check "$config" > /dev/null
socket=$(find_socket)
ask
if [ "$asked" -ne 68 ]; then
    say "somebody answers at $socket already: is it up twice? (admin.socket of $config)"
    exit 65
fi
trap 'stopping=yes' INT TERM HUP
start betexd
start betex-admin
if await_services; then
    start betex-shadow
    tell_how_to_reach
    # Ends with the engine, or by a signal to us.
    wait "${ids[0]}" 2> /dev/null || true
elif [ -z "$stopping" ] && kill -0 "${ids[0]}" 2> /dev/null; then
    say 'betex-admin does not run, so nobody could look: stopping'
    stop_last
    admin_status=$status
fi
stop_all
[ "${admin_status:-0}" -eq 0 ] || exit "$admin_status"
exit "$status"
