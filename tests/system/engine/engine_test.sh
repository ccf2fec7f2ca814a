#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# engine_test.sh - betexd as a process: started, traded with through its rings, stopped, killed.
# Each case is a function and a test:
#
#     BTX_BIN=build/release/bin engine_test.sh CASE
set -u
export LC_ALL=C
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

BIN=$(realpath "${BTX_BIN:?where the programs are}")
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
    {
        printf 'engine:\n  hugepages: off\n  socket: %s/engine.sock\n' "$scratch"
        printf '  admin_user: %s\n  gateway_user: %s\n' "$(id -un)" "$(id -un)"
        [ $# -eq 0 ] || printf '  %s\n' "$@"
        printf '  capacities:\n    accounts: 10000\n    orders: 200000\n    positions: 100000\n'
        printf '    stakes: 500000\n'
        printf 'wal:\n  unsafe_filesystem: true\n  stop_bytes: 0\n  low_space_bytes: 0\n'
    } > "$scratch/betex.yaml"
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
    until grep -q serving "$scratch/engine.err"; do
        kill -0 "$engine" 2> /dev/null || fail "the engine ended before it served"
        sleep 0.02
    done
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

# ---- Cases ----

# A day is traded; what readers of the ring saw is what the log has, in all bytes; the log ends in
# order and executes again to the same.
trade() {
    configure
    day
    start
    produce "$scratch/day.jsonl" || fail "not all was answered: $(cat "$scratch/figures")"
    stop
    verify
    grep -q '^executed .* gave the same' "$scratch/verify" || fail "not executed again"
    events_of_log > "$scratch/log" || fail "no events"
    cmp "$scratch/events" "$scratch/log" || fail "the ring showed other events than the log has"
    [ "$(wc -l < "$scratch/log")" -gt 50000 ] || fail "only $(wc -l < "$scratch/log") events"
    "$BIN/betex-wal" dump "$scratch/wal" | tail -1 | grep -q '"note":"CleanStop"' ||
        fail "the log does not say that it ends in order"
}

# Killed in the middle, five times, and started again: every event that a reader of the ring saw is
# in the log, at its place, and the engine goes on behind it.
killed() {
    local round lines
    configure
    day
    : > "$scratch/seen"
    for round in 1 2 3 4 5; do
        start
        produce "$scratch/day.jsonl" --rate 100000 &
        sleep "0.$((RANDOM % 3 + 1))$((RANDOM % 10))"
        kill -9 "$engine"
        wait "$engine" 2> /dev/null
        engine=
        wait
        # A reader's last line may lack its end: it was not written, but it was durable.
        cat "$scratch/events" >> "$scratch/seen"
    done
    start
    stop
    verify
    events_of_log > "$scratch/log" || fail "no events"
    lines=$(wc -l < "$scratch/seen")
    [ "$lines" -gt 1000 ] || fail "only $lines events were seen in all rounds: nothing was tried"
    python3 - "$scratch/seen" "$scratch/log" <<'END' || fail "something acknowledged is lost"
import json, sys
log = {}
for line in open(sys.argv[2]):
    log[json.loads(line)["seq"]] = line
wrong = [line for line in open(sys.argv[1]) if log.get(json.loads(line)["seq"]) != line]
print(len(log), "events in the log,", len(wrong), "seen and not there")
sys.exit(1 if wrong else 0)
END
    [ "$("$BIN/betex-wal" dump "$scratch/wal" | grep -c EngineStarted)" -eq 6 ] ||
        fail "not every start is in the log"
}

# The second engine on a log is told who has it, and the first goes on.
locked() {
    configure
    start
    sed "s|engine.sock|other.sock|" "$scratch/betex.yaml" > "$scratch/other.yaml"
    betexd --config "$scratch/other.yaml" --wal "$scratch/wal"
    [ $? -eq 65 ] || fail "the second engine was not refused with 65: $(cat "$scratch/err")"
    grep -q "pid $engine" "$scratch/err" || fail "it was not told who: $(cat "$scratch/err")"
    stop
}

# Once it serves it has no capabilities, cannot get any, and has few system calls.
sandboxed() {
    if [ -n "${BETEXD_OPTIONS:-}" ]; then
        echo "skipped: this build runs without a sandbox ($BETEXD_OPTIONS)"
        exit 77
    fi
    configure
    start
    for line in 'NoNewPrivs:.1' 'Seccomp:.2' 'CapEff:.0000000000000000'; do
        for task in /proc/"$engine"/task/*; do
            grep -q "^$line$" "$task/status" ||
                fail "no '$line' in thread $(cat "$task/comm"): $(cat "$task/status")"
        done
    done
    stop
}

# What is not right is said, with its exit status, before anything is begun.
refused() {
    configure
    sed -i 's/hugepages: off/hugepages: perhaps/' "$scratch/betex.yaml"
    betexd --config "$scratch/betex.yaml" --wal "$scratch/wal"
    [ $? -eq 64 ] || fail "a wrong value: $(cat "$scratch/err")"
    grep -q 'betex.yaml:2:14: engine.hugepages: want' "$scratch/err" || fail "$(cat "$scratch/err")"
    [ ! -e "$scratch/wal" ] || fail "a log was begun"
    configure
    sed -i 's/admin_user: .*/admin_user: nobody-of-that-name/' "$scratch/betex.yaml"
    betexd --config "$scratch/betex.yaml" --wal "$scratch/wal"
    [ $? -eq 64 ] || fail "a user that is not there: $(cat "$scratch/err")"
    grep -q "no user 'nobody-of-that-name'" "$scratch/err" || fail "$(cat "$scratch/err")"
    configure 'cores: 1000'
    betexd --config "$scratch/betex.yaml" --wal "$scratch/wal"
    [ $? -eq 64 ] || fail "a core that is not there: $(cat "$scratch/err")"
    betexd --wal "$scratch/wal"
    [ $? -eq 2 ] || fail "no configuration: $(cat "$scratch/err")"
}

# A state that the log says is the one that goes on: ids, balances, books.
restart() {
    configure
    printf '%s\n' '{"cmd":"OpenAccount","t":1,"account":1}' '{"cmd":"OpenAccount","t":1,"account":2}' \
        '{"cmd":"Deposit","t":1,"account":1,"amount":100}' \
        '{"cmd":"Deposit","t":1,"account":2,"amount":100}' \
        '{"cmd":"OpenMarket","t":1,"market":7,"kind":"ODDS","runners":[1,2],"winners":1,"min_size":1,"commission":0.02}' \
        '{"cmd":"PlaceOrder","t":1,"account":1,"market":7,"runner":1,"side":"BACK","price":2,"size":10}' \
        > "$scratch/first"
    printf '%s\n' \
        '{"cmd":"PlaceOrder","t":1,"account":2,"market":7,"runner":1,"side":"LAY","price":2,"size":4}' \
        > "$scratch/second"
    start
    produce "$scratch/first" || fail "$(cat "$scratch/figures")"
    stop
    start
    produce "$scratch/second" || fail "$(cat "$scratch/figures")"
    stop
    grep -q '"seq":8,.*"ev":"TradeMatched".*"taker":2,.*"maker":1,.*"maker_remaining":6' \
        "$scratch/events" || fail "no trade with the order from before: $(cat "$scratch/events")"
    verify
}

# Orders whose moment comes while nobody asks for anything: the engine's own time brings it.
expiry() {
    local soon
    configure
    start
    soon=$(($(date +%s%N) + 700000000))
    printf '%s\n' '{"cmd":"OpenAccount","t":1,"account":1}' \
        '{"cmd":"Deposit","t":1,"account":1,"amount":100}' \
        '{"cmd":"OpenMarket","t":1,"market":7,"kind":"ODDS","runners":[1,2],"winners":1,"min_size":1,"commission":0.02}' \
        "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":7,\"runner\":1,\"side\":\"BACK\",\"price\":2,\"size\":10,\"expires\":$soon}" \
        > "$scratch/commands"
    produce "$scratch/commands" || fail "$(cat "$scratch/figures")"
    for _ in $(seq 200); do
        events_of_log | grep -q '"cause":"EXPIRED"' && break
        sleep 0.02
    done
    events_of_log | grep -q '"cause":"EXPIRED"' || fail "it did not expire: $(events_of_log)"
    stop
    verify
}

if [ $# -ne 1 ] || [ "$(type -t "$1")" != function ]; then
    echo "Usage: $(basename "$0") CASE"
    exit 2
fi
"$1"
echo "$1: ok"
