#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# services_test.sh - engine, auditor and administration together, as operators have them: rotated
# under load, killed, frozen, out of disk.  Each case is a function and a test:
#
#     BTX_BIN=build/release/bin services_test.sh CASE
#
# With BTX_SOAK killed goes on for 100 rounds instead of 6.
. "$(dirname "$0")/../engine/engine.sh"

ROUNDS=$([ -n "${BTX_SOAK:-}" ] && echo 100 || echo 6)
shadow='' admin=''
trap 'end_all; rm -rf "$scratch"' EXIT

end_all() {
    local id
    for id in "$engine" "$shadow" "$admin"; do
        [ -z "$id" ] || kill -9 "$id" 2> /dev/null
    done
    [ -z "${BTX_SMALL_DISK:-}" ] || umount --lazy "$scratch/wal"
}

# configure_services [LINE...]: as configure, with segments that close quickly; lines go below engine.
configure_services() {
    configure "$@"
    {
        printf '  min_segment_age: 0\n  segment_map_size_bytes: 64 MiB\n'
        printf 'snapshot:\n  interval: 1 s\n'
        services_yaml "$scratch"
    } >> "$scratch/betex.yaml"
}

start_shadow() {
    : > "$scratch/shadow.err"
    # shellcheck disable=SC2086
    "$BIN/betex-shadow" ${BETEXD_OPTIONS:-} --config "$scratch/betex.yaml" --wal "$scratch/wal" \
        2> "$scratch/shadow.err" &
    shadow=$!
    until_said "$scratch/shadow.err" 'audit begins' "$shadow" || fail "no auditor"
}

start_admin() {
    : > "$scratch/admin.err"
    # shellcheck disable=SC2086
    "$BIN/betex-admin" ${BETEXD_OPTIONS:-} --config "$scratch/betex.yaml" \
        --wal "$scratch/wal" 2> "$scratch/admin.err" &
    admin=$!
    until_said "$scratch/admin.err" answering "$admin" || fail "no administration"
}

operator() {
    "$BIN/betexctl" "$@" --socket "$scratch/admin.sock"
}

# day_of_orders: the day in two parts, what the administration opens before it is there, and what
# gateways hand in.
day_of_orders() {
    day
    grep -E '^\{"cmd":"(OpenAccount|Deposit|OpenMarket)"' "$scratch/day.jsonl" > "$scratch/opening"
    grep -E '^\{"cmd":"(Place|Cancel|Replace|Update)Order"' "$scratch/day.jsonl" > "$scratch/orders"
}

# open_exchange: the engine, with accounts, money and markets of the day, then the others.
open_exchange() {
    day_of_orders
    start
    produce "$scratch/opening" || fail "the opening was not answered: $(cat "$scratch/figures")"
    cp "$scratch/events" "$scratch/seen"
    start_shadow
    start_admin
    eventually operator market ls # Before it has read the log it says so.
}

# eventually COMMAND...: until it succeeds; ctest ends what takes for ever.
eventually() {
    until "$@" > "$scratch/eventually" 2>&1; do
        sleep 0.05
    done
}

# figure_of NAME: out of status --json.
figure_of() {
    python3 -c 'import json, sys; print(json.load(sys.stdin)["figures"][sys.argv[1]])' "$1"
}

# audit_is_clean: the auditor has compared something and found no difference.
audit_is_clean() {
    operator status --json > "$scratch/status.json" &&
        [ "$(figure_of audit < "$scratch/status.json")" = clean ] &&
        [ "$(figure_of audit_events < "$scratch/status.json")" -gt 0 ]
}

# end_service NAME: in order.
end_service() {
    local -n id=$1
    kill -TERM "$id"
    wait "$id" || fail "$1 ended with $?: $(cat "$scratch/$1.err")"
    id=
}

# seen_is_in_log FILE: each whole line of it is an event of the log, byte for byte.
seen_is_in_log() {
    events_of_log | sort > "$scratch/log.sorted"
    grep '}$' "$1" | sort -u > "$scratch/seen.sorted"
    [ -s "$scratch/seen.sorted" ] || fail "nothing was seen"
    comm -23 "$scratch/seen.sorted" "$scratch/log.sorted" > "$scratch/lost"
    [ ! -s "$scratch/lost" ] ||
        fail "$(wc -l < "$scratch/lost") events were shown and are not in the log: $(head -3 "$scratch/lost")"
}

# ---- Cases ----

# An operator rotates again and again while a day is traded: nothing is lost or late, each segment
# is sealed and audited, and the log says who did it.
rotate() {
    local producer i rotations=5
    configure_services
    open_exchange
    produce "$scratch/orders" --rate 40000 &
    producer=$!
    for i in $(seq $rotations); do
        operator wal rotate > "$scratch/rotated" 2>&1 || fail "rotation $i: $(cat "$scratch/rotated")"
    done
    wait "$producer" || fail "not all was answered: $(cat "$scratch/figures")"
    operator wal rotate > "$scratch/rotated" || fail "the last rotation: $(cat "$scratch/rotated")"
    eventually audit_is_clean
    end_service admin
    stop
    end_service shadow
    verify
    "$BIN/betex-wal" ls "$scratch/wal" > "$scratch/ls" || fail "no list"
    [ "$("$BIN/betex-wal" dump "$scratch/wal" | grep -c '"note":"OperatorAction"')" -eq 6 ] ||
        fail "not every rotation is noted"
    seen_is_in_log "$scratch/events"
    [ "$(wc -l < "$scratch/events")" -gt 50000 ] || fail "only $(wc -l < "$scratch/events") events"
}

# Engine, auditor and administration are killed in turn, at any moment, with rings full of orders.
# What was shown is in the log; the engine goes on with the state that the log says; the auditor
# finds no difference; the administration answers again.
killed() {
    local round victim producer
    configure_services
    open_exchange
    for round in $(seq "$ROUNDS"); do
        : > "$scratch/events"
        produce "$scratch/orders" --rate 60000 &
        producer=$!
        until_seen $((RANDOM % 40000 + 1)) $producer
        case $((round % 3)) in
        0) victim=admin ;;
        1) victim=engine ;;
        2) victim=shadow ;;
        esac
        kill -9 "${!victim}"
        wait "${!victim}" 2> /dev/null
        wait "$producer"
        cat "$scratch/events" >> "$scratch/seen"
        case $victim in
        admin) start_admin ;;
        engine) start ;;
        shadow) start_shadow ;;
        esac
    done
    eventually operator market ls
    operator wal rotate > "$scratch/rotated" || fail "no rotation: $(cat "$scratch/rotated")"
    eventually audit_is_clean
    end_service admin
    stop
    end_service shadow
    verify
    seen_is_in_log "$scratch/seen"
    [ "$(wc -l < "$scratch/seen.sorted")" -gt 10000 ] || fail "too little happened"
    ! grep -q 'difference' "$scratch/shadow.err" || fail "a difference: $(cat "$scratch/shadow.err")"
}

# The administration is ended and started again while the engine trades: nobody else notices, and
# it knows everything again.
admin_restart() {
    local producer i
    configure_services
    open_exchange
    produce "$scratch/orders" --rate 40000 &
    producer=$!
    for i in 1 2 3; do
        end_service admin
        start_admin
        eventually operator market ls
    done
    kill -0 "$producer" 2> /dev/null || fail "the orders were over before it was restarted"
    wait "$producer" || fail "not all was answered: $(cat "$scratch/figures")"
    end_service admin
    stop
    end_service shadow
    verify
}

# The administration stands still for so long that the ring goes over it: it takes the rest from
# the log, and whoever follows the events there misses none.
overrun() {
    local tail
    configure_services 'ring_size: 4096'
    sed -i 's/^wal:/wal:\n  max_commit_bytes: 1 MiB/' "$scratch/betex.yaml"
    open_exchange
    operator events tail --from 1 > "$scratch/tailed" 2> "$scratch/tail.err" &
    tail=$!
    until [ -s "$scratch/tailed" ]; do # It follows.
        kill -0 "$tail" 2> /dev/null || fail "it ended: $(cat "$scratch/tail.err")"
        sleep 0.02
    done
    kill -STOP "$admin"
    produce "$scratch/orders" || fail "not all was answered: $(cat "$scratch/figures")"
    kill -CONT "$admin"
    until [ "$(tail -1 "$scratch/tailed")" = "$(tail -1 "$scratch/events")" ]; do
        kill -0 "$tail" 2> /dev/null || fail "it ended: $(cat "$scratch/tail.err")"
        sleep 0.05
    done
    kill "$tail"
    wait "$tail" 2> /dev/null
    cat "$scratch/events" >> "$scratch/seen"
    cmp "$scratch/seen" "$scratch/tailed" || fail "the tail has other events"
    eventually operator market ls
    end_service admin
    stop
    end_service shadow
    verify
}

# on_small_disk CASE: goes on in a mount namespace of its own, with the log's folder on a disk of
# 256 MiB that can be filled.
on_small_disk() {
    if [ -z "${BTX_SMALL_DISK:-}" ]; then
        unshare --mount true 2> /dev/null || {
            echo "skipped: no mount namespace is to be had here"
            exit 77
        }
        BTX_SMALL_DISK=1 exec unshare --mount "$0" "$1"
    fi
    mkdir "$scratch/wal"
    mount -t tmpfs -o size=256M tmpfs "$scratch/wal" || fail "no small disk"
}

# leave_free BYTES: fill the disk but for that.
leave_free() {
    local free
    rm -f "$scratch/wal/filler"
    free=$(df --output=avail -B1 "$scratch/wal" | tail -1)
    fallocate -l $((free - $1)) "$scratch/wal/filler" || fail "the disk cannot be filled"
}

# space_is WORD: what status says that the free space allows.
space_is() {
    operator status --json > "$scratch/status.json" &&
        [ "$(figure_of space < "$scratch/status.json")" = "$1" ]
}

# With little space new orders are answered BUSY and the rest goes on; with less nothing is taken;
# and when there is space again, all is as before.
low_space() {
    local producer
    on_small_disk low_space
    configure_services
    sed -i 's/low_space_bytes: 0/low_space_bytes: 64 MiB/; s/stop_bytes: 0/stop_bytes: 32 MiB/' \
        "$scratch/betex.yaml"
    open_exchange
    {
        grep -m 100 '"cmd":"PlaceOrder"' "$scratch/orders"
        grep -m 20 '"cmd":"CancelOrder"' "$scratch/orders"
    } > "$scratch/some"
    eventually space_is ok
    leave_free $((48 << 20))
    eventually space_is low
    produce "$scratch/some" || fail "not answered: $(cat "$scratch/figures")"
    grep -q '"cmd":"PlaceOrder".*"reason":"BUSY"' "$scratch/events" ||
        fail "new orders were taken: $(head -3 "$scratch/events")"
    ! grep -q '"ev":"OrderAccepted"' "$scratch/events" || fail "a new order was accepted"
    grep -q '"cmd":"CancelOrder".*"reason":"UNKNOWN_ORDER"' "$scratch/events" ||
        fail "cancels were not looked at: $(tail -3 "$scratch/events")"
    leave_free $((16 << 20))
    eventually space_is stop
    produce "$scratch/some" &
    producer=$!
    sleep 0.5 # It gets no answer in this time, nor later, until there is space.
    kill -0 "$producer" || fail "something was answered: $(cat "$scratch/events")"
    rm "$scratch/wal/filler"
    wait "$producer" || fail "not answered: $(cat "$scratch/figures")"
    grep -q '"ev":"OrderAccepted"' "$scratch/events" || fail "no order was accepted again"
    end_service admin
    stop
    end_service shadow
    verify
}

# The disk is full all of a sudden: the engine ends with 67 before anything is shown that is not in
# the log, says so, and goes on when there is space.
disk_full() {
    local status producer
    on_small_disk disk_full
    configure_services
    open_exchange
    : > "$scratch/events"
    produce "$scratch/orders" --rate 40000 &
    producer=$!
    until_seen 5000 $producer
    while kill -0 "$engine" 2> /dev/null && kill -0 "$producer" 2> /dev/null; do
        cat /dev/zero >> "$scratch/wal/filler" 2> /dev/null
        sleep 0.05
    done
    wait "$engine"
    status=$?
    wait "$producer"
    [ $status -eq 67 ] || fail "the engine ended with $status"
    cat "$scratch/events" >> "$scratch/seen"
    rm "$scratch/wal/filler"
    start
    eventually operator market ls
    end_service admin
    stop
    end_service shadow
    verify
    seen_is_in_log "$scratch/seen"
}

if [ $# -ne 1 ] || [ "$(type -t "$1")" != function ]; then
    echo "Usage: $(basename "$0") CASE"
    exit 2
fi
"$1"
echo "$1: ok"
