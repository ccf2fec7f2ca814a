#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# services.sh - an engine (the test double), betex-admin and betexctl for the tests of the
# administration and of the console, which source it.
set -u
export LC_ALL=C TERM=xterm
unset NO_COLOR
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

. "$(dirname "${BASH_SOURCE[0]}")/../../services.sh"

BIN=$(realpath "${BTX_BIN:?where the programs are}")
ENGINE=$(realpath "${FAKE_ENGINE:?the engine of these tests}")
SKIPPED=77
scratch=$(mktemp -d) || exit 1
engine_pid='' admin_pid=''

stop() { # PID: end it and wait for it; leaves its status
    kill "$1" 2> /dev/null
    wait "$1"
}
finish() {
    [ -z "$admin_pid" ] || stop "$admin_pid"
    [ -z "$engine_pid" ] || stop "$engine_pid"
    for terminal in "$scratch"/tmux*; do
        [ ! -S "$terminal" ] || tmux -S "$terminal" kill-server 2> /dev/null
    done
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    printf 'FAILED: %s\n' "$*"
    sed 's/^/admin: /' "$scratch/admin.log" 2> /dev/null
    exit 1
}

# until_so COMMAND...: waits for as long as it takes; ctest ends what takes for ever.
until_so() {
    while ! "$@" > /dev/null 2>&1; do sleep 0.02; done
}

engine() {
    "$ENGINE" "$scratch/engine.sock" "$scratch/wal" &
    engine_pid=$!
    until_so test -S "$scratch/engine.sock"
}

# The engine that ships; its configuration is written.
real_engine() {
    # shellcheck disable=SC2086
    "$BIN/betexd" --config "$scratch/betex.yaml" --wal "$scratch/wal" ${BETEXD_OPTIONS:-} \
        2> "$scratch/engine.log" &
    engine_pid=$!
    until_said "$scratch/engine.log" serving "$engine_pid" || fail 'no engine'
}

admin() {
    cat > "$scratch/betex.yaml" <<END
engine:
  hugepages: off
  admin_user: $(id -un)
  gateway_user: $(id -un)
  socket: $scratch/engine.sock
  ring_size: 4096
  capacities:
    accounts: 1000
    orders: 1000
    positions: 1000
    stakes: 1000
wal:
  max_commit_bytes: 1 MiB
  unsafe_filesystem: true
  stop_bytes: 0
  low_space_bytes: 0
shadow:
  socket: $scratch/shadow.sock
admin:
  socket: $scratch/admin.sock
  groups:
    view: daemon
    operator: bin
END
    start_admin
}

# With a configuration that is written.  A sanitizer needs what a sandbox takes away: BETEXD_OPTIONS
# says so, of both programs.
start_admin() {
    rm -f "$scratch/admin.log" # What an earlier one wrote says nothing about this one.
    # shellcheck disable=SC2086
    "$BIN/betex-admin" --config "$scratch/betex.yaml" --wal "$scratch/wal" ${BETEXD_OPTIONS:-} \
        2> "$scratch/admin.log" &
    admin_pid=$!
    until_said "$scratch/admin.log" answering "$admin_pid" ||
        fail 'betex-admin ended before it answered'
}

# launcher: the process id of betex-admin's.
launcher() {
    grep -lE "^PPid:.$admin_pid$" /proc/[0-9]*/status 2> /dev/null | cut -d / -f 3
}

# run ARGUMENT...: betexctl; leaves $status and the files out and err.
run() {
    "$BIN/betexctl" "$@" --socket "$scratch/admin.sock" > "$scratch/out" 2> "$scratch/err"
    status=$?
}

expect() { # STATUS ARGUMENT...
    local want=$1
    shift
    run "$@"
    [ "$status" -eq "$want" ] ||
        fail "$*: status $status, want $want: $(cat "$scratch/out" "$scratch/err")"
}

out() { # a line, exactly
    grep -qxF -- "$1" "$scratch/out" || fail "no line '$1' in: $(cat "$scratch/out")"
}
err() {
    diff - "$scratch/err" <<< "$1" > "$scratch/diff" || fail "stderr: $(cat "$scratch/diff")"
}
json() {
    python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert '"$1"', lines' < "$scratch/out" || fail "not so: $1: $(cat "$scratch/out")"
}

all() {
    engine
    admin
    until_so "$BIN/betexctl" market ls --socket "$scratch/admin.sock"
}

# A market with two orders in its book.
story() {
    expect 0 account open 1001
    expect 0 account deposit 1001 250.5 transfer=1
    expect 0 market open 7 odds runners=1,2,3 winners=1 min-size=2 commission=0.05
    expect 0 order place 1001 7 back 2.5 10 runner=2
    expect 0 order place 1001 7 lay 2 10 runner=2
}
