#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# engine_test.sh - betexd as a process: started, traded with through its rings, stopped, killed.
# Each case is a function and a test:
#
#     BTX_BIN=build/release/bin engine_test.sh CASE
. "$(dirname "$0")/engine.sh"

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
    local round lines producer
    configure
    day
    : > "$scratch/seen"
    for round in 1 2 3 4 5; do
        start
        : > "$scratch/events"
        produce "$scratch/day.jsonl" --rate 100000 &
        producer=$!
        until_seen $((RANDOM % 30000 + 1)) $producer
        kill -9 "$engine"
        wait "$engine" 2> /dev/null
        engine=
        wait $producer
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

# All that a command touches is locked; where that is not allowed it is said what to do, and is no
# reason not to start on a developer's machine.
locked_memory() {
    local locked_kib
    configure
    if (ulimit -l unlimited) 2> /dev/null; then
        ulimit -l unlimited
        start
    elif [ "$(id -u)" -eq 0 ]; then
        start --no-sandbox # Root may lock all he likes, unless he gives that up.
    else
        echo 'skipped: may not lock so much'
        exit 77
    fi
    # The state has room for GiB, of which little is used here; all rings are some 20 MiB.
    locked_kib=$(awk '/^VmLck:/ { print $2 }' "/proc/$engine/status")
    stop
    [ "$locked_kib" -gt 65536 ] || fail "only $locked_kib KiB are locked"
    ! grep -q 'not locked' "$scratch/engine.err" || fail 'told that it is not locked'
    [ -z "${BETEXD_OPTIONS:-}" ] || exit 0 # Who keeps all rights cannot be limited.
    ulimit -l 64
    start
    stop
    grep -q 'warning: memory is not locked.*raise RLIMIT_MEMLOCK (LimitMEMLOCK= of the unit' \
        "$scratch/engine.err" || fail 'not told'
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

# Each key, empty and beyond its bound: said with its name and place, and nothing is begun.
every_key() {
    local file key tried=0
    "$BIN/betexctl" config explain --json > "$scratch/keys" || fail "no keys"
    mkdir "$scratch/wrong"
    python3 - "$scratch/keys" "$scratch/wrong" <<'END' || fail "no wrong configurations"
import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    values = ["''"]
    if row["type"] in ("number", "bytes"):
        values.append(row["maximum"] + 1)
    for i, value in enumerate(values):
        with open(f"{sys.argv[2]}/{row['key']},{i}", "w") as file:
            parts = row["key"].split(".")
            for depth, part in enumerate(parts):
                file.write("  " * depth + part + ":")
                file.write(f" {value}\n" if depth == len(parts) - 1 else "\n")
END
    for file in "$scratch"/wrong/*; do
        key=$(basename "$file")
        key=${key%,*}
        betexd --config "$file" --wal "$scratch/wal"
        [ $? -eq 64 ] || fail "$(cat "$file"): $(cat "$scratch/err")"
        grep -qE ":[1-3]:[0-9]+: $key: want " "$scratch/err" ||
            fail "$(cat "$file"): $(cat "$scratch/err")"
        [ ! -e "$scratch/wal" ] || fail "$(cat "$file"): a log was begun"
        tried=$((tried + 1))
    done
    [ $tried -ge 40 ] || fail "only $tried mistakes were tried"
}

# More hugepages than there are: said how many, and how to get them; no log is begun for that.
hugepages() {
    configure 'ring_size: 4194304'
    sed -i 's/hugepages: off/hugepages: required/' "$scratch/betex.yaml"
    if [ "$(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo)" -ge 1024 ]; then
        echo "skipped: this machine has hugepages for the largest ring"
        exit 77
    fi
    betexd --config "$scratch/betex.yaml" --wal "$scratch/wal"
    [ $? -eq 71 ] || fail "not refused with 71: $(cat "$scratch/err")"
    grep -q 'vm.nr_hugepages' "$scratch/err" || fail "not told what to do: $(cat "$scratch/err")"
}

# Who writes noise into its ring, lies about it, tears it, asks for ever or for nothing harms nobody:
# beside them somebody trades a day, has all answered, and has seen what the log has.
hostile() {
    local way producer tried=0
    configure
    day
    start
    produce "$scratch/day.jsonl" --rate 20000 &
    producer=$!
    until [ -s "$scratch/events" ]; do # It has the ring that may do everything.
        kill -0 "$producer" || fail "$(cat "$scratch/figures")"
        sleep 0.02
    done
    while kill -0 "$producer" 2> /dev/null; do
        for way in noise race lie truncate holes mute talk torn endless; do
            "$RING_PEER" "$scratch/engine.sock" "$way" $tried > /dev/null 2>&1 &
            sleep 0.0$((RANDOM % 10))
            kill -9 $! 2> /dev/null
            wait $! 2> /dev/null
            tried=$((tried + 1))
        done
    done
    wait "$producer" || fail "not all was answered: $(cat "$scratch/figures")"
        [ $tried -ge 18 ] || fail "only $tried hostile peers were there"
    grep -q 'warning: ring revoked .* why=' "$scratch/engine.err" || fail "no peer was found out"
    stop
    verify
    events_of_log > "$scratch/log" || fail "no events"
    [ -z "$(comm -23 <(sort "$scratch/events") <(sort "$scratch/log") | head -1)" ] ||
        fail "something was shown that is not in the log"
    [ "$(wc -l < "$scratch/events")" -gt 50000 ] || fail "only $(wc -l < "$scratch/events") events"
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
