#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shadow_test.sh - betex-shadow as a process.  Each case is a function and a test:
#
#     BTX_BIN=build/release/bin LOG_MAKER=... SHADOW_STATUS=... shadow_test.sh CASE
set -u
export LC_ALL=C
# What a sanitizer finds must not look like a difference that was found.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

# A sanitizer needs what a sandbox takes away: SHADOW_OPTIONS says so.
SHADOW=("${BTX_BIN:?where the programs are}/betex-shadow" ${SHADOW_OPTIONS:-})
WAL=$BTX_BIN/betex-wal
REPLAY=$BTX_BIN/betex-replay
MAKER=${LOG_MAKER:?the program that writes logs}
STATUS=${SHADOW_STATUS:?the program that shows a status}
SKIPPED=77
PAGE=4096
scratch=$(mktemp -d) || exit 1
pids=()
cleanup() {
    local pid
    for pid in "${pids[@]}"; do kill -9 "$pid" 2> /dev/null; done
    rm -rf "$scratch"
}
trap cleanup EXIT
log=$scratch/log
socket=$scratch/shadow.sock

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

. "$(dirname "$0")/../wal/logs.sh"

# --- Running ----------------------------------------------------------------------------------

# once [ARGUMENT...]: one run over $log; leaves $status and the files out and err.
once() {
    "${SHADOW[@]}" --wal "$log" --once "$@" > "$scratch/out" 2> "$scratch/err"
    status=$?
}

expect_status() {
    [ "$status" -eq "$1" ] ||
        fail "status $status, want $1; stdout: $(cat "$scratch/out") stderr: $(cat "$scratch/err")"
}

expect_err() {
    grep -qE -- "$1" "$scratch/err" || fail "no '$1' in: $(cat "$scratch/err")"
}

expect_no_err() {
    ! grep -qE -- "$1" "$scratch/err" || fail "'$1' in: $(cat "$scratch/err")"
}

# snapshots: the seqs of all snapshots, without zeros, in one line.
snapshots() {
    ls "$log/snapshots" | sed -E 's/^0*([0-9]+)\.snap$/\1/' | tr '\n' ' '
}

expect_snapshots() {
    [ "$(snapshots)" = "$1" ] || fail "snapshots: $(snapshots), want $1"
}

expect_clean() {
    "$WAL" verify "$log" > "$scratch/verified" || fail "verify: $(cat "$scratch/verified")"
}

# start [ARGUMENT...]: follows $log in the background, as $shadow; await reads what it says.
start() {
    [ -p "$scratch/said" ] || mkfifo "$scratch/said"
    exec 8<> "$scratch/said" # Both ways, so that nobody waits for the other.
    "${SHADOW[@]}" --wal "$log" --status-socket "$socket" "$@" 2>&8 &
    shadow=$!
    pids+=("$shadow")
}

# await PATTERN: reads lines that the shadow says, to the first that matches.
await() {
    local line
    while IFS= read -r line <&8; do
        echo "$line" >> "$scratch/err"
        [[ $line =~ $1 ]] && return
    done
    fail "it ended without '$1': $(cat "$scratch/err")"
}

# end SIGNAL STATUS: ends it, and it ends with that status.
end() {
    kill -s "$1" "$shadow" || fail "it is gone"
    wait "$shadow"
    status=$?
    [ "$status" -eq "$2" ] || fail "status $status, want $2"
}

# figure NAME: of the status.
figure() {
    "$STATUS" "$socket" > "$scratch/status" || fail "no status"
    python3 -c 'import json, sys
def find(tree, name):
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == name or key.startswith(name + "_") and not isinstance(value, dict):
                return value
            found = find(value, name)
            if found is not None:
                return found
    return None
print(find(json.load(open(sys.argv[1])), sys.argv[2]))' "$scratch/status" "$1"
}

expect_figure() {
    local value
    value=$(figure "$1")
    [ "$value" = "$2" ] || fail "$1 is $value, want $2: $(cat "$scratch/status")"
}

# write: begins a writer that goes on while others read; say hands it lines.
write() {
    mkfifo "$scratch/lines" "$scratch/answers"
    "$MAKER" "$log" 1000000 < "$scratch/lines" > "$scratch/answers" &
    pids+=($!)
    exec 6> "$scratch/lines" 7< "$scratch/answers"
}

# say LINE...: and wait until the writer has done it.
say() {
    local answer
    printf '%s\n' "$@" hold >&6
    while IFS= read -r answer <&7; do
        [ "$answer" = held ] && return
    done
    fail "the writer ended"
}

# --- Cases ------------------------------------------------------------------------------------

# Every segment that is sealed is compared, and a start begins with what the shadow wrote.
of_replay() {
    local state
    for i in 1 2 3; do
        orders 60 | grep '^{' | sed "s/\"account\":1\b/\"account\":$i/; s/\"market\":7/\"market\":$i/" |
            "$REPLAY" --wal "$log" --set wal.unsafe_filesystem=true --quiet \
                --set wal.max_segment_events=20 --set wal.min_segment_age=0 \
                --set wal.stop_bytes=0 --set wal.low_space_bytes=0 || fail "betex-replay"
    done
    once
    expect_status 0
    expect_err 'auditor ends: all that it compared is as the rules decide seq=[0-9]+ events=[0-9]+'
    [ -n "$(snapshots)" ] || fail "no snapshot"
    expect_clean
    grep -qE '^digests .* [1-9] of snapshots are right' "$scratch/verified" ||
        fail "$(cat "$scratch/verified")"
    state=$("$REPLAY" --from-wal "$log" --digest --quiet < /dev/null) || fail "recovery"
    rm -r "$log/snapshots"
    [ "$("$REPLAY" --from-wal "$log" --digest --quiet < /dev/null)" = "$state" ] ||
        fail "another state without snapshots"
}

# A writer goes on while the shadow follows: segments are compared as they are sealed, snapshots
# are written, a difference is told; and from there on nothing is.
followed() {
    local line
    echo 'snapshot: {interval: 1 s}' > "$scratch/betex.yaml"
    write
    mapfile -t lines < <(orders 20)
    say "${lines[@]}" rotate
    start --config "$scratch/betex.yaml"
    await 'audit begins behind this event seq=0$'
    say '{"cmd":"OpenAccount","t":30,"account":2}' rotate
    await 'snapshot written seq=20 segment=1$'
    say '{"cmd":"OpenAccount","t":31,"account":3}' rotate
    await 'snapshot written seq=2[0-9] segment=[0-9]+$'
    expect_clean
    expect_figure audit clean
    say forge '{"cmd":"OpenAccount","t":40,"account":8}' rotate \
        '{"cmd":"OpenAccount","t":41,"account":18}' rotate
    await 'AUDIT FAILED: the log is not what the rules decide seq=23 segment=4'
    expect_err 'in_log=.*"account.*9.* in_execution=.*account.*8'
    say '{"cmd":"OpenAccount","t":50,"account":20}' rotate \
        '{"cmd":"OpenAccount","t":51,"account":21}' rotate
    expect_figure audit failed
    expect_figure audit_failed_seq 23
    expect_figure audit_differences 1
    end TERM 66
    [ ! -e "$socket" ] || fail "the socket is left"
    [[ $(snapshots) =~ ^([0-9]|1[0-9]|2[0-2]|\ )*$ ]] || fail "behind the difference: $(snapshots)"
    # Started anew it begins before the difference and finds it again.
    once
    expect_status 66
    expect_err 'audit begins behind this event seq=2[0-2]'
    expect_err 'AUDIT FAILED: the log is not what the rules decide seq=23'
}

forged() {
    { orders 6; echo forge; echo '{"cmd":"OpenAccount","t":9,"account":8}'; orders 12 | tail -4
        echo stop; } | make 3
    once
    expect_status 66
    expect_err 'error: AUDIT FAILED: the log is not what the rules decide seq=7 segment=3 '
    expect_err 'error: auditor ends: the audit FAILED seq=6 '
    expect_snapshots '3 '
}

wrong_digest() {
    { orders 6; echo wrong; orders 12 | tail -6; echo stop; } | make 3
    once
    expect_status 66
    expect_err 'AUDIT FAILED: the log is not what .* why="?the StateDigest is not that of the execution'
}

damaged_record() {
    { orders 16; echo stop; } | make
    damage_order "$(segment 2)" 6
    once
    expect_status 66
    expect_err 'AUDIT FAILED: the log is damaged seq=6 segment=2 why=.*segments/.*-0000000002.mdb'
    expect_snapshots '4 '
}

# Another segment than the one that was sealed: nothing stands on that seal.
wrong_seal() {
    { orders 16; echo stop; } | make
    python3 -c 'import sys
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for bit in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff
data = bytearray(open(sys.argv[1], "rb").read())
at = data.find(b"BTXWSEAL")
while at >= 0:
    data[at + 104] ^= 1  # its hash
    data[at + 252:at + 256] = crc32c(data[at:at + 252]).to_bytes(4, "little")
    at = data.find(b"BTXWSEAL", at + 1)
open(sys.argv[1], "wb").write(data)' "$(segment 2)"
    once
    expect_status 66
    expect_err 'damaged seq=0 segment=1 why="the seal of the segment is not that of the records'
    expect_snapshots ''
}

# A segment that is gone but for its meta pages has the seal of the one before it no more: that is
# not one that is not sealed yet.
damaged_page() {
    { orders 16; echo stop; } | make
    truncate -s $((2 * PAGE)) "$(segment 3)"
    once
    expect_status 66
    expect_err 'AUDIT FAILED: the log is damaged seq=0 segment=2 why="?the log has no seal'
}

# The last segment is not sealed: nothing of it is looked at.
unsealed() {
    { orders 6; echo forge; echo '{"cmd":"OpenAccount","t":9,"account":8}'; echo stop; } | make 6
    once
    expect_status 0
    expect_err 'ends: all that it compared is as the rules decide seq=6 events=6$'
    expect_snapshots '6 '
}

# Room for two accounts, then for three: what was refused for lack of room is refused again, also
# when the audit begins with a snapshot behind the note that says so.
capacities() {
    {
        echo 'start 2' # The house takes none of it.
        for i in 1 2 3 4 5 6 7 8; do printf '{"cmd":"OpenAccount","t":1,"account":%d}\n' $i; done
        echo rotate
        for i in 11 12 13 14; do printf '{"cmd":"OpenAccount","t":1,"account":%d}\n' $i; done
        echo rotate
        echo '{"cmd":"OpenAccount","t":1,"account":21}'
        echo stop
    } | make 100
    grep -q CAPACITY "$scratch/events" || fail "nothing was refused"
    once
    expect_status 0
    expect_snapshots '8 12 '
    rm "$log"/snapshots/*12.snap
    once
    expect_status 0
    expect_err 'audit begins behind this event seq=8 '
    expect_err 'decide seq=12 events=4$'
}

# The note of an engine that went on stands right behind the last event of the one before, and the
# snapshot between them.
differs_after_a_start() {
    {
        echo 'start 100'
        for i in 1 2 3; do printf '{"cmd":"OpenAccount","t":1,"account":%d}\n' $i; done
        echo snapshot
        echo 'start 4'
        for i in 4 5 6; do printf '{"cmd":"OpenAccount","t":1,"account":%d}\n' $i; done
        echo rotate
        echo '{"cmd":"OpenAccount","t":1,"account":7}'
        echo stop
    } | make 100
    grep -q CAPACITY "$scratch/events" || fail "nothing was refused"
    once
    expect_status 0
    expect_err 'audit begins behind this event seq=3 '
    expect_err 'decide seq=6 events=3$'
}

# What is wrong with a snapshot is told, and the one before it is taken.
snapshot_refused() {
    { orders 16; echo stop; } | make
    once
    expect_status 0
    expect_snapshots '4 16 '
    poke "$log"/snapshots/*16.snap 300
    once
    expect_status 0
    expect_err 'warning: snapshot is not used to begin with seq=16 .*digest'
    expect_err 'audit begins behind this event seq=4 '
    expect_snapshots '4 16 '
    expect_clean
    cp "$log"/snapshots/*16.snap "$log/snapshots/00000000000000000017.snap"
    once
    expect_err 'not used to begin with seq=17 .*name of another'
    expect_status 0
}

# The newest few stay.
old_snapshots() {
    echo 'snapshot: {interval: 1 s}' > "$scratch/betex.yaml"
    { for i in 4 5 6 7 8; do orders $i | { [ $i = 4 ] && cat || tail -1; }; echo snapshot; done
        echo '{"cmd":"OpenAccount","t":9,"account":2}'; echo rotate
        echo '{"cmd":"OpenAccount","t":9,"account":3}'; echo stop; } | make 100
    expect_snapshots '4 5 6 7 8 '
    once
    expect_status 0
    expect_err 'old snapshot removed seq=4 '
    expect_snapshots '7 8 9 '
    expect_clean
}

# A log whose first segments are gone: begun with its snapshot, which is never removed.
trimmed() {
    { orders 4; echo snapshot; for i in 5 6 7 8 9; do orders $i | tail -1; echo snapshot; done
        orders 12 | tail -3; echo rotate; orders 13 | tail -1; echo stop; } | make 100
    rm "$(segment 1)"
    once
    expect_status 0
    expect_snapshots '4 8 9 12 '
    expect_clean
    rm "$log"/snapshots/*
    once
    expect_status 66
    expect_err 'the log begins with segment 2, and no snapshot that is good'
}

# A log on which nothing may be written is audited all the same.
read_only() {
    { orders 16; echo stop; } | make
    rmdir "$log/snapshots" # Root may write anywhere, but makes no folder.
    chmod -R a-w "$log"
    start
    await 'warning: snapshot could not be written seq=4 '
    expect_figure snapshot_failures 1
    end TERM 0
    await 'decide seq=16 events=16$'
    chmod -R u+w "$log"
}

# many_orders: a log whose state is larger than 200 KiB.
many_orders() {
    { echo 'group 500'; orders 9000; echo rotate; echo '{"cmd":"OpenAccount","t":9001,"account":2}'
        echo stop; } | make 1000000
}

# A full disk: the snapshot is not there, and nothing of it is left.
no_room_for_a_snapshot() {
    many_orders
    (ulimit -f 200; trap '' XFSZ; once; exit $status)
    status=$?
    expect_status 0
    expect_err 'warning: snapshot could not be written seq=9000 '
    expect_snapshots ''
    once
    expect_status 0
    expect_snapshots '9000 '
}

# Killed by the kernel while a snapshot is written: what is there of it is no snapshot, and the
# next one takes its place.
killed_in_snapshot() {
    many_orders
    (ulimit -c 0 -f 200; exec "${SHADOW[@]}" --wal "$log" --once) > "$scratch/out" 2>&1
    status=$?
    [ "$status" -eq $((128 + 25)) ] || fail "status $status, want that of SIGXFSZ"
    ls "$log/snapshots" | grep -q '\.tmp$' || fail "it was not within a snapshot"
    expect_clean
    "$REPLAY" --from-wal "$log" --digest --quiet < /dev/null > "$scratch/before" || fail "recovery"
    once
    expect_status 0
    expect_snapshots '9000 '
    expect_clean
    "$REPLAY" --from-wal "$log" --digest --quiet < /dev/null | cmp - "$scratch/before" ||
        fail "another state"
}

# kill -9: the socket that is left is replaced, and the audit goes on from the snapshot.
killed() {
    { orders 16; echo stop; } | make
    start
    await 'snapshot written seq=4 segment=1$'
    kill -9 "$shadow"
    wait "$shadow" 2> /dev/null
    [ -S "$socket" ] || fail "no socket is left"
    start
    await 'audit begins behind this event seq=4 '
    expect_figure snapshot_seq 4
    end INT 0
    await 'auditor ends: all that it compared is as the rules decide'
    [ ! -e "$socket" ] || fail "the socket is left"
}

# While it audits it has no capabilities, cannot get any, and has few system calls.
sandboxed() {
    local line
    if [ -n "${SHADOW_OPTIONS:-}" ]; then
        echo "skipped: this build runs without a sandbox ($SHADOW_OPTIONS)"
        exit $SKIPPED
    fi
    { orders 16; echo stop; } | make
    start
    await 'snapshot written'
    expect_err 'landlock'
    for line in 'NoNewPrivs:.1' 'Seccomp:.2' 'CapEff:.0000000000000000'; do
        grep -q "^$line$" "/proc/$shadow/status" || fail "no '$line': $(cat "/proc/$shadow/status")"
    done
    expect_figure snapshots 1
    expect_no_err 'without a sandbox'
    end TERM 0
    once --no-sandbox
    expect_status 0
    expect_err 'warning: without a sandbox, as the command line says: not for production'
}

notified() {
    { orders 16; echo stop; } | make
    "$(dirname "$0")/../services/notified.py" "${SHADOW[@]}" --wal "$log" \
        --status-socket "$socket" 2> "$scratch/err" || fail "$(cat "$scratch/err")"
}

second_shadow() {
    { orders 16; echo stop; } | make
    start
    await 'snapshot written'
    once --status-socket "$socket"
    expect_status 65
    expect_err "another process hands out its status at"
    expect_figure snapshots 1
    end TERM 0
}

config() {
    { orders 16; echo stop; } | make
    printf 'shadow: {socket: %s}\nsnapshot: {interval: 1 h}\n' "$socket" > "$scratch/betex.yaml"
    mkfifo "$scratch/said"
    exec 8<> "$scratch/said"
    "${SHADOW[@]}" --wal "$log" --config "$scratch/betex.yaml" 2>&8 &
    shadow=$!
    pids+=("$shadow")
    await 'snapshot written'
    expect_figure snapshots 1
    end TERM 0
    echo 'snapshot: {intervall: 1 h}' > "$scratch/betex.yaml"
    once --config "$scratch/betex.yaml"
    expect_status 64
    expect_err 'is snapshot.interval meant'
}

no_log() {
    once
    expect_status 64
    expect_err 'auditor cannot go on'
    mkdir "$log"
    once
    expect_status 64
}

usage() {
    "${SHADOW[@]}" > "$scratch/out" 2> "$scratch/err"
    status=$?
    expect_status 2
    expect_err '^betex-shadow: --wal: wants the folder of a log'
    for wrong in --nothing -x --wal --once=1 more; do
        "${SHADOW[@]}" "$wrong" > "$scratch/out" 2> "$scratch/err"
        status=$?
        expect_status 2
    done
    once --status-socket "$(printf '/%0200d' 0)"
    expect_status 2
}

help() {
    "${SHADOW[@]}" --help | grep -q '^Usage: betex-shadow --wal DIR' || fail "--help"
    "${SHADOW[@]}" --version | grep -qE '^betex-shadow [0-9.]+, rules version [0-9]+$' ||
        fail "--version"
}

if [ $# -ne 1 ] || [ "$(type -t "$1")" != function ]; then
    echo "Usage: shadow_test.sh CASE"
    exit 2
fi
"$1"
echo "$1: ok"
