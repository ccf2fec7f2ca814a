# SPDX-License-Identifier: Apache-2.0
# engine.sh - betexd with a log of its own, started, traded with and stopped; sourced by the tests of
# the engine and of all services together.
set -u
export LC_ALL=C
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

. "$(dirname "${BASH_SOURCE[0]}")/../../services.sh"

BIN=$(realpath "${BTX_BIN:?where the programs are}") || exit 1
scratch=$(mktemp -d) || exit 1
engine=
trap 'end_engine; rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*"
    sed 's/^/engine: /' "$scratch"/engine.err 2> /dev/null
    exit 1
}

end_engine() {
    [ -z "$engine" ] || kill -9 "$engine" 2> /dev/null
}

# configure [LINE...]: betex.yaml for this machine; further lines go below engine.
configure() {
    engine_yaml "$scratch" "$@" > "$scratch/betex.yaml"
}

# betexd ARGUMENT...: in the foreground.  A sanitizer needs what a sandbox takes away:
# BETEXD_OPTIONS says so.
betexd() {
    # shellcheck disable=SC2086
    "$BIN/betexd" ${BETEXD_OPTIONS:-} "$@" 2> "$scratch/err"
}

# start [ARGUMENT...]: the engine, until it serves; its id is in $engine.
start() {
    : > "$scratch/engine.err"
    # shellcheck disable=SC2086
    "$BIN/betexd" ${BETEXD_OPTIONS:-} --config "$scratch/betex.yaml" --wal "$scratch/wal" "$@" \
        2> "$scratch/engine.err" &
    engine=$!
    until_said "$scratch/engine.err" serving "$engine" || fail "the engine ended before it served"
}

# stop: in order; its exit status must be 0.
stop() {
    local status
    kill -TERM "$engine"
    wait "$engine"
    status=$?
    engine=
    [ $status -eq 0 ] || fail "the engine ended with $status"
}

# produce FILE [OPTION...]: hand the commands in; what is durable is in $scratch/events.
produce() {
    local commands=$1
    shift
    "$BIN/betex-produce" "$scratch/engine.sock" "$@" < "$commands" \
        > "$scratch/events" 2> "$scratch/figures"
}

# until_seen COUNT ID: until the producer ID has seen so many events, or all.
until_seen() {
    while [ "$(wc -l < "$scratch/events")" -lt "$1" ] && kill -0 "$2" 2> /dev/null; do
        sleep 0.01
    done
}

verify() {
    "$BIN/betex-wal" verify "$scratch/wal" > "$scratch/verify" ||
        fail "the log is not consistent: $(cat "$scratch/verify")"
}

# events_of_log: the events of the log as betex-replay prints them.
events_of_log() {
    "$BIN/betex-wal" dump --events "$scratch/wal"
}

day() {
    "$BIN/betex-market-day" > "$scratch/day.jsonl" || fail "no market day"
}
