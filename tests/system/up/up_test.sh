#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# up_test.sh - ./run up behind its build: started, looked at, interrupted, and with an engine that
# ends.  Each case is a function and a test:
#
#     BTX_BIN=build/release/bin up_test.sh CASE
set -u
export LC_ALL=C
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

. "$(dirname "$0")/../../services.sh"

BIN=$(realpath "${BTX_BIN:?where the programs are}") || exit 1
UP=$(realpath "$(dirname "$0")/../../demo/up.sh") || exit 1
scratch=$(mktemp -d) || exit 1
up=''
trap 'end; rm -rf "$scratch"' EXIT

# What is left of a test that failed: the script and what it started, by their ids.
end() {
    [ -z "$up" ] || kill -9 "$up" $(children) 2> /dev/null
}

fail() {
    printf 'FAILED: %s\n' "$*"
    sed 's/^/up: /' "$scratch/said" 2> /dev/null
    exit 1
}

configure() {
    {
        engine_yaml "$scratch"
        services_yaml "$scratch"
    } > "$scratch/betex.yaml"
}

# children [NAME]: the ids of what the script has started, or of the one of that name.
children() {
    grep -lE "^PPid:.$up$" /proc/[0-9]*/status 2> /dev/null | cut -d / -f 3 |
        while read -r id; do
            [ -n "${1:-}" ] && [ "$(cat "/proc/$id/comm" 2> /dev/null)" != "$1" ] || echo "$id"
        done
}

# until_up_said TEXT
until_up_said() {
    until_said "$scratch/said" "$1" "$up" || fail "it ended before '$1'"
}

# begin: in a process group of its own, as a terminal would have it; ^C is a signal to the group.
begin() {
    set -m
    "$UP" "$BIN" "$scratch/betex.yaml" > "$scratch/said" 2>&1 &
    up=$!
    set +m
}

# ended STATUS: the script has ended with it, and nothing is left but the log, which is right.
ended() {
    local services
    services=$(children)
    wait "$up"
    local status=$?
    up=''
    [ "$status" -eq "$1" ] || fail "status $status, want $1"
    for id in $services; do
        [ ! -e "/proc/$id" ] || fail "$(cat "/proc/$id/comm") is left"
    done
    [ ! -e "$scratch/admin.sock" ] || fail "betex-admin's socket is left"
    "$BIN/betex-wal" verify "$scratch/wal" > "$scratch/verify" || fail "$(cat "$scratch/verify")"
}

# line TEXT: the number of the first line with it.
line() {
    local number
    number=$(grep -n -m 1 "$1" "$scratch/said" | cut -d : -f 1)
    [ -n "$number" ] || fail "nobody said '$1'"
    echo "$number"
}

# ---- Cases ----

# What it says how to look works; ^C stops the auditor before the engine, and all in order.
interrupted() {
    configure
    begin
    until_up_said 'operators:'
    until_up_said 'audit begins'
    [ "$(children | wc -l)" -eq 3 ] || fail "not three services: $(children)"
    for id in $(children); do
        [ "$(cut -d ' ' -f 5 "/proc/$id/stat")" -ne "$up" ] || fail "^C would reach $id by itself"
    done
    $(sed -n 's/^up: operators: *//p' "$scratch/said") > "$scratch/status" || fail 'no status'
    grep -q '^  engine    serving' "$scratch/status" || fail "$(cat "$scratch/status")"
    kill -INT -- "-$up"
    ended 0
    [ "$(line 'auditor ends')" -lt "$(line 'stopped in order')" ] || fail 'the engine ended first'
    "$BIN/betex-wal" dump "$scratch/wal" | tail -1 | grep -q CleanStop || fail 'no clean stop'
}

# Also before anybody could look.
interrupted_early() {
    configure
    begin
    until [ -n "$(children betexd)" ]; do
        kill -0 "$up" 2> /dev/null || fail 'it ended'
        sleep 0.01
    done
    kill -INT -- "-$up"
    wait "$up"
    up=''
    ! grep -qE 'betex(d|-admin|-shadow): error' "$scratch/said" || fail 'a service failed'
    [ ! -e "$scratch/admin.sock" ] || fail "betex-admin's socket is left"
}

# An operator ends the engine: all of it ends, and well.
shutdown() {
    configure
    begin
    until_up_said 'operators:'
    until_up_said 'audit begins'
    "$BIN/betexctl" shutdown --socket "$scratch/admin.sock" > /dev/null || fail 'no shutdown'
    ended 0
}

# An engine that is killed is what it ends with, and the others do not stay.
engine_killed() {
    configure
    begin
    until_up_said 'operators:'
    until_up_said 'audit begins'
    kill -9 "$(children betexd)"
    ended 137
}

# What cannot be begun: what the engine or the configuration says, with its status.
refused() {
    configure
    sed -i 's/hugepages: off/hugepages: perhaps/' "$scratch/betex.yaml"
    begin
    wait "$up"
    [ $? -eq 64 ] || fail 'a wrong value'
    grep -q 'betex.yaml:2:14: engine.hugepages' "$scratch/said" || fail 'not said where'
    configure
    begin
    until_up_said 'operators:'
    sed -E 's/(engine|shadow|admin)\.sock/other-&/' "$scratch/betex.yaml" > "$scratch/other.yaml"
    "$UP" "$BIN" "$scratch/other.yaml" "$scratch/wal" > "$scratch/other" 2>&1
    [ $? -eq 65 ] || fail "a log that is in use: $(cat "$scratch/other")"
    sed "s/engine.sock/other.sock/" "$scratch/betex.yaml" > "$scratch/other.yaml"
    "$UP" "$BIN" "$scratch/other.yaml" "$scratch/other-wal" > "$scratch/other" 2>&1
    [ $? -eq 65 ] || fail "a socket that is in use: $(cat "$scratch/other")"
    grep -q 'somebody answers at' "$scratch/other" || fail "$(cat "$scratch/other")"
    [ ! -e "$scratch/other-wal" ] || fail 'a log was begun'
    sed "s/engine.sock/other.sock/; s|admin.sock|nowhere/admin.sock|" "$scratch/betex.yaml" \
        > "$scratch/other.yaml"
    "$UP" "$BIN" "$scratch/other.yaml" "$scratch/other-wal" > "$scratch/other" 2>&1
    [ $? -eq 68 ] || fail "no folder for the socket: $(cat "$scratch/other")"
    grep -q 'betex-admin does not run' "$scratch/other" || fail "$(cat "$scratch/other")"
    kill -TERM "$up"
    ended 0
}

[ $# -eq 1 ] || fail "usage: up_test.sh CASE"
"$1"
