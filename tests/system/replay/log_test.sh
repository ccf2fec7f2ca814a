#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# log_test.sh - betex-replay with a log: --wal, --from-wal, --at, --snapshot, --set.  Each case is
# a function and a test:
#
#     BTX_BIN=build/release/bin log_test.sh CASE
#
# Runs from the top of the checkout, because some cases use the data beside it.
. "$(dirname "$0")/common.sh"

WAL=$BTX_BIN/betex-wal
LOG=$scratch/log
# Wherever temporary files are, and however little room there is.
HERE=(--set wal.unsafe_filesystem=true --set wal.stop_bytes=0 --set wal.low_space_bytes=0)
# A segment for every commit, and commits as small as they can be.
SMALL=("${HERE[@]}" --set wal.max_segment_events=1 --set wal.min_segment_age=0
    --set wal.max_commit_bytes=576KiB)

need() {
    [ -e "$DATA/$1" ] || { echo "SKIPPED: no $DATA/$1"; exit $SKIPPED; }
}

# wal INPUT OPTION...: run with the log.
wal() {
    local input=$1
    shift
    run "$input" --wal "$LOG" "${HERE[@]}" "$@"
}

# from_wal INPUT OPTION...: run on the state of the log.
from_wal() {
    local input=$1
    shift
    run "$input" --from-wal "$LOG" "$@"
}

# digest_of INPUT: the line that a run without a log prints.
digest_of() {
    "$REPLAY" --quiet --digest < "$1"
}

# expect_state INPUT: the log says the state that the commands of INPUT lead to.
expect_state() {
    from_wal /dev/null --digest
    expect_status 0
    expect_out "$(digest_of "$1")"
}

# segment NUMBER: its path; there is exactly one.
segment() {
    local found
    found=("$LOG"/segments/*-"$(printf %010d "$1")".mdb)
    [ ${#found[@]} -eq 1 ] && [ -f "${found[0]}" ] || fail "segment $1: ${found[*]}"
    echo "${found[0]}"
}

# A flow of events and its commands in $scratch/flow and $scratch/events.
prepare_flow() {
    need "flows/1.197931750.commands.jsonl.gz"
    zcat "$DATA/flows/1.197931750.commands.jsonl.gz" > "$scratch/flow" || fail "zcat"
    "$REPLAY" < "$scratch/flow" > "$scratch/events" || fail "run without a log"
}

# With a log and without one, the same commands give the same events and the same state.
log_examples() {
    local number commands
    need examples
    for number in 01 02 03 04 05 06 07 08 09 10; do
        commands=$(ls "$DATA/examples/$number"-*.commands.jsonl) || fail "no example $number"
        rm -rf "$LOG"
        wal "$commands"
        expect_status 0
        expect_err
        cmp "$scratch/out" "${commands%.commands.jsonl}.events.jsonl" || fail "example $number"
        expect_state "$commands"
    done
}

# The log of a real flow, copied elsewhere: every event and the state can be had from it again,
# and its re-execution finds no difference.
log_flows() {
    local name hash
    need flows/1.185781277.commands.jsonl.gz
    for name in 1.185781277 1.197931750 1.241629436; do
        zcat "$DATA/flows/$name.commands.jsonl.gz" > "$scratch/flow" || fail "zcat"
        rm -rf "$LOG"
        run "$scratch/flow" --wal "$scratch/first" "${SMALL[@]}"
        expect_status 0
        expect_err
        read -r hash _ < "$DATA/flows/$name.events.sha256" || fail "no hash of $name"
        [ "$(sha256sum < "$scratch/out")" = "$hash  -" ] || fail "$name: other events"
        cp -r "$scratch/first" "$LOG" && rm -r "$scratch/first" || fail "copy"
        [ "$(ls "$LOG/segments" | wc -l)" -gt 5 ] || fail "want several segments"
        "$WAL" dump "$LOG" | grep '"ev":' | sha256sum > "$scratch/out"
        [ "$(cat "$scratch/out")" = "$hash  -" ] || fail "$name: other events in the log"
        expect_state "$scratch/flow"
        "$WAL" verify "$LOG" > "$scratch/out" || fail "$name: verify: $(cat "$scratch/out")"
        grep -q '^executed .* gave the same' "$scratch/out" || fail "$(cat "$scratch/out")"
    done
}

# Several runs are one: the events, one behind the other, and the state.  Snapshots or not.
log_continued() {
    local keep part
    prepare_flow
    split -n l/4 "$scratch/flow" "$scratch/part."
    for keep in no yes; do
        rm -rf "$LOG"
        : > "$scratch/all"
        for part in "$scratch"/part.*; do
            wal "$part" --snapshot
            expect_status 0
            expect_err
            cat "$scratch/out" >> "$scratch/all"
            [ $keep = yes ] || rm "$LOG"/snapshots/*
        done
        cmp "$scratch/all" "$scratch/events" || fail "other events"
        expect_state "$scratch/flow"
    done
    [ "$(ls "$LOG/snapshots" | wc -l)" -eq 4 ] || fail "want a snapshot for each run"
    "$WAL" verify "$LOG" > "$scratch/out" || fail "verify: $(cat "$scratch/out")"
}

# Killed at any moment: what was answered is in the log, and sending again what is not there leads
# to the same events and state as without the kill.
log_killed() {
    local sent answered there round pid
    prepare_flow
    mkfifo "$scratch/in" "$scratch/answers"
    for round in 1 2 3 4 5 6; do
        rm -rf "$LOG"
        sent=$((round * 997))
        answered=$((round * 331))
        "$REPLAY" --wal "$LOG" "${SMALL[@]}" < "$scratch/in" > "$scratch/answers" &
        pid=$!
        exec 3> "$scratch/in" 4< "$scratch/answers"
        head -n $sent "$scratch/flow" >&3 &
        head -n $answered <&4 > "$scratch/got"
        kill -9 $pid
        wait $pid 2> /dev/null
        exec 3>&- 4<&-
        wait
        head -n $answered "$scratch/events" | cmp - "$scratch/got" || fail "round $round: answers"
        "$WAL" dump "$LOG" | grep '"ev":' > "$scratch/got"
        there=$(wc -l < "$scratch/got")
        [ "$there" -ge $answered ] || fail "round $round: $answered answered, $there in the log"
        head -n "$there" "$scratch/events" | cmp - "$scratch/got" || fail "round $round: events"
        # Each command of this flow is one tx.
        there=$(grep -c '"end":true}$' "$scratch/got")
        tail -n +$((there + 1)) "$scratch/flow" > "$scratch/again"
        wal "$scratch/again"
        expect_status 0
        expect_err
        tail -n +$(($(wc -l < "$scratch/got") + 1)) "$scratch/events" | cmp - "$scratch/out" ||
            fail "round $round: events after it"
        expect_state "$scratch/flow"
    done
}

# An answer is a promise: who has read it may pull the plug.
log_conversation() {
    local answer
    coproc PEER { exec "$REPLAY" --wal "$LOG" "${HERE[@]}" 2> "$scratch/err"; }
    lines "$OPEN" >&"${PEER[1]}"
    read -r -t 600 answer <&"${PEER[0]}" || fail "no answer to the first command"
    [ "$answer" = "$OPENED" ] || fail "first answer: $answer"
    # Others read the log while it is written.
    from_wal /dev/null --digest
    expect_status 0
    lines "$OPEN" > "$scratch/in"
    expect_out "$(digest_of "$scratch/in")"
    lines "$DEPOSIT" >&"${PEER[1]}"
    read -r -t 600 answer <&"${PEER[0]}" || fail "no answer to the second command"
    [ "$answer" = "$DEPOSITED" ] || fail "second answer: $answer"
    kill -9 "$PEER_PID"
    wait "$PEER_PID" 2> /dev/null
    lines "$OPEN" "$DEPOSIT" > "$scratch/in"
    expect_state "$scratch/in"
}

# At every event that ends a tx there is the state of the commands up to it; inside a tx there is
# none, and the nearest ones are named.
log_at() {
    local commands line seq tx first=1 inside=0
    need examples
    commands=$(ls "$DATA"/examples/05-*.commands.jsonl) || fail "no example"
    wal "$commands"
    expect_status 0
    cp "$scratch/out" "$scratch/events"
    : > "$scratch/in"
    from_wal /dev/null --digest --at 0
    expect_out "$(digest_of /dev/null)"
    while read -r line; do
        [[ $line =~ ^\{\"seq\":([0-9]+),\"tx\":([0-9]+), ]] || fail "$line"
        seq=${BASH_REMATCH[1]}
        tx=${BASH_REMATCH[2]}
        from_wal /dev/null --digest --at "$seq"
        if [[ $line == *'"end":true}' ]]; then
            head -n "$tx" "$commands" > "$scratch/in"
            expect_status 0
            expect_err
            expect_out "$(digest_of "$scratch/in")"
            first=$((seq + 1))
        else
            expect_status 2
            expect_out
            expect_err_matches "betex-replay: log $LOG: event $seq is inside a tx, of the events $first to [0-9]+: there is a state at $((first - 1)) and at [0-9]+"
            inside=1
        fi
    done < "$scratch/events"
    [ $inside -eq 1 ] || fail "want a tx of several events in the example"
    from_wal /dev/null --at $((seq + 1))
    expect_status 2
    expect_err "betex-replay: log $LOG: event $((seq + 1)) is not in the log, which ends at event $seq"
}

# What would have happened: commands on top of a state that was, and the log is as before.
log_what_if() {
    lines "$OPEN" "$DEPOSIT" > "$scratch/in"
    wal "$scratch/in"
    expect_status 0
    find "$LOG" -type f -exec sha256sum {} + | sort > "$scratch/before"
    lines "$DEPOSIT" > "$scratch/in"
    from_wal "$scratch/in" --at 1
    expect_status 0
    expect_out "$DEPOSITED"
    from_wal "$scratch/in"
    expect_out '{"seq":3,"tx":3,"t":2,"ev":"FundsDeposited","account":7,"amount":12.5,"balance":25,"end":true}'
    find "$LOG" -type f -exec sha256sum {} + | sort | cmp - "$scratch/before" ||
        fail "reading changed the log"
}

# A bad line ends the run; what was before it is durable and answered, and the log goes on.
log_bad_line() {
    lines "$OPEN" nonsense "$DEPOSIT" > "$scratch/in"
    wal "$scratch/in" --digest
    expect_status 2
    expect_out "$OPENED"
    expect_err_matches "betex-replay: line 2: .+"
    "$WAL" dump "$LOG" | grep -q CleanStop && fail "a clean stop is in the log"
    lines "$DEPOSIT" > "$scratch/in"
    wal "$scratch/in"
    expect_status 0
    expect_out "$DEPOSITED"
}

# The log says who wrote it, by which rules, and that it ended in order, with the digest.
log_notes() {
    lines "$OPEN" > "$scratch/in"
    wal "$scratch/in" --orders 77
    wal /dev/null --digest
    expect_status 0
    "$WAL" dump "$LOG" | grep '"note":' | sed 's/"t":[0-9]*,//' > "$scratch/notes"
    sed -n 's/.*"note":"\([A-Za-z]*\)".*/\1/p' "$scratch/notes" | tr '\n' ' ' > "$scratch/names"
    [ "$(cat "$scratch/names")" = "EngineStarted StateDigest CleanStop EngineStarted StateDigest CleanStop " ] ||
        fail "$(cat "$scratch/notes")"
    head -1 "$scratch/notes" | grep -q '^{"seq":0,"tx":0,"note":"EngineStarted","epoch":1,"rules_version":2,.*"capacity_orders":77,.*"image":"betex-replay ' ||
        fail "$(cat "$scratch/notes")"
    sed -n 4p "$scratch/notes" | grep -q '^{"seq":1,"tx":1,"note":"EngineStarted","epoch":2,' ||
        fail "$(cat "$scratch/notes")"
    tail -2 "$scratch/notes" | grep -q "\"sha256\":\"$(sed 's/digest //' "$scratch/out")\"" ||
        fail "another digest: $(cat "$scratch/notes")"
}

# One writer: the second one is told who it is, at once, and readers need not care.
log_locked() {
    local answer
    coproc PEER { exec "$REPLAY" --wal "$LOG" "${HERE[@]}" 2> "$scratch/first"; }
    lines "$OPEN" >&"${PEER[1]}"
    read -r -t 600 answer <&"${PEER[0]}" || fail "no answer"
    lines "$DEPOSIT" > "$scratch/in"
    wal "$scratch/in"
    expect_status 65
    expect_out
    expect_err_matches "betex-replay: log $LOG: .*$PEER_PID.*"
    from_wal "$scratch/in"
    expect_status 0
    expect_out "$DEPOSITED"
    kill -9 "$PEER_PID"
    wait "$PEER_PID" 2> /dev/null
    wal "$scratch/in"
    expect_status 0
    expect_out "$DEPOSITED"
}

# Somebody takes away the lock file: the next segment is not begun, and what could not be made
# durable is not shown.
log_lock_lost() {
    local answer pid
    coproc PEER { exec "$REPLAY" --wal "$LOG" "${SMALL[@]}" 2> "$scratch/err"; }
    exec 3<&"${PEER[0]}" 4>&"${PEER[1]}"
    pid=$PEER_PID # Bash forgets it when the process ends.
    lines "$OPEN" >&4
    read -r -t 600 answer <&3 || fail "no answer"
    rm "$LOG/.writer.lock"
    lines "$DEPOSIT" >&4
    cat <&3 > "$scratch/out"
    wait "$pid"
    status=$?
    expect_status 65
    expect_out
    expect_err_matches "betex-replay: log $LOG: .+"
    lines "$OPEN" > "$scratch/in"
    expect_state "$scratch/in"
}

# A folder that is no log, or was one.
log_none() {
    from_wal /dev/null
    expect_status 64
    expect_out
    expect_err_matches "betex-replay: log $LOG: .*No such file or directory"
    [ ! -e "$LOG" ] || fail "reading made a folder"
    mkdir "$LOG"
    from_wal /dev/null
    expect_status 64
    expect_err_matches "betex-replay: log $LOG: there is no log here: .*"
    lines "$OPEN" > "$scratch/in"
    wal "$scratch/in"
    expect_status 0
    rm "$LOG/wal.id"
    wal "$scratch/in"
    expect_status 66
    expect_out
    expect_err_matches "betex-replay: log $LOG: .+"
    run "$scratch/in" --wal "$scratch/in" "${HERE[@]}"
    expect_status 64
    run "$scratch/in" --wal "$scratch/no/such" "${HERE[@]}"
    expect_status 68
    expect_err_matches "betex-replay: log $scratch/no/such: .*No such file or directory"
}

# A log that nobody may write to can be read, and writing to it is a fault with a sentence.
log_read_only() {
    local script
    lines "$OPEN" > "$scratch/in"
    wal "$scratch/in" --snapshot
    expect_status 0
    # As a mount: root may write wherever a mode forbids it.
    script="mount --bind '$LOG' '$LOG' && mount -o remount,ro,bind '$LOG' || exit 77; exec \"\$@\""
    unshare --mount --map-root-user bash -c "$script" - true 2> /dev/null ||
        { echo "SKIPPED: cannot mount a folder read-only here"; exit $SKIPPED; }
    unshare --mount --map-root-user bash -c "$script" - \
        "$REPLAY" --from-wal "$LOG" --digest < /dev/null > "$scratch/out" 2> "$scratch/err"
    status=$?
    expect_status 0
    expect_out "$(digest_of "$scratch/in")"
    unshare --mount --map-root-user bash -c "$script" - \
        "$REPLAY" --wal "$LOG" "${HERE[@]}" < "$scratch/in" > "$scratch/out" 2> "$scratch/err"
    status=$?
    expect_status 68
    expect_out
    expect_err_matches "betex-replay: log $LOG: .*Read-only file system"
}

# Damage where the log goes on behind it is nobody's to cut: it is named, and nothing is done.
log_damaged() {
    local path before
    prepare_flow
    run "$scratch/flow" --wal "$LOG" "${SMALL[@]}"
    expect_status 0
    path=$(segment 3)
    before=$(sha256sum < "$path")
    printf 'damage' | dd of="$path" bs=1 seek=$((64 * 4096)) conv=notrunc status=none
    [ "$(sha256sum < "$path")" != "$before" ] || fail "nothing was damaged"
    from_wal /dev/null --digest
    expect_status 66
    expect_out
    expect_err_matches "betex-replay: log $LOG: segments/$(basename "$path"): .*batch .*"
    # Before it all can still be had.
    from_wal /dev/null --digest --at 100
    expect_status 0
}

# What a crash tears off the end was never answered: it is cut, and that is said.
log_torn() {
    local path
    lines "$OPEN" > "$scratch/in"
    wal "$scratch/in"
    lines "$DEPOSIT" > "$scratch/in"
    wal "$scratch/in"
    path=$(segment 2)
    truncate -s 8192 "$path" # Both meta pages, and nothing of what they lead to.
    lines "$OPEN" > "$scratch/in"
    from_wal /dev/null --digest
    expect_status 0
    expect_out "$(digest_of "$scratch/in")"
    expect_err_matches "betex-replay: $LOG: the end was torn: it is cut behind event 1: segments/.+"
    lines "$DEPOSIT" > "$scratch/in"
    wal "$scratch/in"
    expect_status 0
    expect_out "$DEPOSITED"
    expect_err_matches "betex-replay: $LOG: the end was torn: it is cut behind event 1: segments/.+"
    from_wal /dev/null
    expect_status 0
    expect_err
}

# A log with a command of two txs at its end, which cancels 5000 orders; the second tx, which is
# also in the file rest, stands in a commit of its own.
prepare_pending() {
    local i
    {
        lines '{"cmd":"OpenAccount","t":1,"account":1}' \
            '{"cmd":"Deposit","t":1,"account":1,"amount":1000000}' \
            '{"cmd":"OpenMarket","t":1,"market":1,"kind":"BINARY","tick":0.01,"min_size":1,"commission":0}'
        for ((i = 1; i <= 5000; i++)); do
            lines '{"cmd":"PlaceOrder","t":1,"account":1,"market":1,"side":"BUY","outcome":"YES","price":0.5,"size":1}'
        done
    } > "$scratch/orders"
    # 2160 deposits of 256 bytes leave room for the first tx in a commit of 576 KiB, not for both.
    {
        for ((i = 1; i <= 2160; i++)); do
            lines '{"cmd":"Deposit","t":1,"account":1,"amount":1}'
        done
        lines '{"cmd":"CancelOrders","t":2,"account":1}'
    } > "$scratch/cancel"
    cat "$scratch/orders" "$scratch/cancel" > "$scratch/all"
    lines nonsense >> "$scratch/cancel" # So that no note stands behind it.
    run "$scratch/orders" --wal "$LOG" "${SMALL[@]}"
    expect_status 0
    run "$scratch/cancel" --wal "$LOG" "${HERE[@]}" --set wal.max_commit_bytes=576KiB
    expect_status 2
    tail -1 "$scratch/out" > "$scratch/rest"
    [ "$(wc -l < "$scratch/out")" -eq 2162 ] || fail "want two txs of cancellation"
    grep -q '^{"seq":7165,.*"OrderCancelledBatched".*,"end":true}$' "$scratch/rest" ||
        fail "$(cut -c 1-80 "$scratch/rest")"
}

# Read only: it stays as it is until the first command comes, which finds it finished.
log_pending_read() {
    prepare_pending
    from_wal /dev/null --at 7164
    expect_status 0
    expect_out
    lines '{"cmd":"OpenAccount","t":9,"account":2}' > "$scratch/in"
    from_wal "$scratch/in" --at 7164
    expect_status 0
    expect_out "$(cat "$scratch/rest")" \
        '{"seq":7166,"tx":7166,"t":9,"ev":"AccountOpened","account":2,"end":true}'
    lines nonsense > "$scratch/in"
    from_wal "$scratch/in" --at 7164
    expect_status 2
    expect_out
}

# Writing: it is finished first, before and without any command, and answered.
log_pending_finished() {
    local path at
    prepare_pending
    # Tear the second tx: where it names the orders 4097 and 4098.
    path=$(ls "$LOG"/segments/*.mdb | tail -1)
    at=$(grep -obUaP '\x01\x10\x00{6}\x02\x10\x00{6}' "$path" | cut -d : -f 1)
    [[ $at =~ ^[0-9]+$ ]] || fail "want one place where the orders are named: $at"
    printf 'torn' | dd of="$path" bs=1 seek="$at" conv=notrunc status=none
    wal /dev/null
    expect_status 0
    expect_out "$(cat "$scratch/rest")"
    expect_err_matches "betex-replay: $LOG: the end was torn: it is cut behind event 7164: .+"
    expect_state "$scratch/all"
    "$WAL" verify "$LOG" > "$scratch/out" || fail "verify: $(cat "$scratch/out")"
}

# A snapshot is used when it can be; when not, that is said, and nothing is lost.
log_snapshots() {
    local snapshot
    prepare_flow
    wal "$scratch/flow" --snapshot
    expect_status 0
    snapshot=$(ls "$LOG"/snapshots/*.snap)
    expect_state "$scratch/flow"
    expect_err
    printf 'damage' | dd of="$snapshot" bs=1 seek=1000 conv=notrunc status=none
    expect_state "$scratch/flow"
    expect_err "betex-replay: $LOG: 1 snapshot not used: snapshot $(basename "$snapshot"): its state has another digest than its header says"
}

# Too little room for what is in the log: which room, how much, and how much there was.
log_capacity() {
    lines "$OPEN" '{"cmd":"OpenAccount","t":2,"account":8}' > "$scratch/in"
    wal "$scratch/in" --accounts 5
    expect_status 0
    from_wal /dev/null --accounts 1
    expect_status 73
    expect_out
    expect_err_matches "betex-replay: log $LOG: segments/.*: seq 2: AccountOpened: more accounts than the capacity, which is 1 accounts \(the log was written with 5\)"
    wal "$scratch/in" --accounts 1
    expect_status 73
    from_wal /dev/null --accounts 2
    expect_status 0
}

# With too little room on the disk nothing is taken, and nothing is lost.
log_little_room() {
    lines "$OPEN" > "$scratch/in"
    wal "$scratch/in" --set wal.low_space_bytes=1024TiB --set wal.stop_bytes=1024TiB
    expect_status 67
    expect_out
    expect_err_matches "betex-replay: line 1: not executed: log $LOG: only [0-9]+ bytes are left on its filesystem, less than wal.stop_bytes"
    wal "$scratch/in"
    expect_status 0
    expect_out "$OPENED"
}

# Answers that cannot be written end the run; the log is whole all the same.
log_output_full() {
    prepare_flow
    "$REPLAY" --wal "$LOG" "${SMALL[@]}" < "$scratch/flow" > /dev/full 2> "$scratch/err"
    status=$?
    expect_status 67
    expect_err "betex-replay: standard output: cannot write: No space left on device"
    from_wal /dev/null
    expect_status 0
    expect_err
}

log_options() {
    local value option
    run /dev/null --wal "$LOG" --from-wal "$LOG"
    expect_status 2
    expect_err_matches "betex-replay: --wal and --from-wal: want one of them .*"
    run /dev/null --at 5
    expect_status 2
    expect_err "betex-replay: --at: goes with --from-wal"
    run /dev/null --from-wal "$LOG" --snapshot
    expect_status 2
    expect_err "betex-replay: --snapshot: goes with --wal"
    for value in '' x -1 +1 0x1 1.0 ' 1' 18446744073709551615 99999999999999999999; do
        run /dev/null --from-wal "$LOG" "--at=$value"
        expect_status 2
        expect_err "betex-replay: --at: want the seq of an event, got '$value'"
    done
    for value in '' wal.stop_bytes wal.nothing=1 =1; do
        run /dev/null --wal "$LOG" "--set=$value"
        expect_status 2
        expect_err "betex-replay: --set: want KEY=VALUE with a key that --help lists, got '$value'"
    done
    run /dev/null --wal "$LOG" --set wal.max_commit_bytes=3
    expect_status 64
    expect_err_matches "betex-replay: --set: wal.max_commit_bytes: want .*, got '3'"
    run /dev/null --wal "$LOG" --set wal.max_commit_bytes=1GiB
    expect_status 64
    expect_err_matches "betex-replay: .*wal.segment_map_size_bytes.*"
    [ ! -e "$LOG" ] || fail "a folder was made"
    for option in wal from-wal at set config; do
        run /dev/null "--$option"
        expect_status 2
        expect_err "betex-replay: --$option: wants a value (see --help)"
    done
    run /dev/null --help
    grep -q '^  wal.max_segment_events ' "$scratch/out" || fail "the settings are not listed"
}

# The settings of the log from a file, and by options as if they were in it.
log_config() {
    local i
    for i in 1 2 3; do echo "{\"cmd\":\"OpenAccount\",\"t\":$i,\"account\":$i}"; done > "$scratch/in"
    printf 'wal: {unsafe_filesystem: true, stop_bytes: 0, low_space_bytes: 0,\n' > "$scratch/betex.yaml"
    printf '  max_segment_events: 1, min_segment_age: 0}\n' >> "$scratch/betex.yaml"
    for i in 1 2 3; do
        run <(sed -n "${i}p" "$scratch/in") --config "$scratch/betex.yaml" --wal "$LOG"
        expect_status 0
        expect_err
    done
    "$WAL" dump --notes "$LOG" | grep EngineStarted | sed 's/.*"configuration_sha256":"\([0-9a-f]*\)".*/\1/' | sort -u > "$scratch/digests"
    [ "$(wc -l < "$scratch/digests")" -eq 1 ] || fail "digests: $(cat "$scratch/digests")"
    wal "$scratch/in" --set wal.max_segment_events=1 --set wal.min_segment_age=0
    expect_status 0
    "$WAL" dump --notes "$LOG" | grep EngineStarted | sed 's/.*"configuration_sha256":"\([0-9a-f]*\)".*/\1/' | sort -u |
        cmp - "$scratch/digests" || fail "the same settings have another digest"
    run "$scratch/in" --config "$scratch/betex.yaml" --wal "$LOG" --set wal.low_space_bytes=1024TiB --set wal.stop_bytes=1024TiB
    expect_status 67
}

run_case "$@"
