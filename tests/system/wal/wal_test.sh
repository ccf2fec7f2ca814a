#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# wal_test.sh - betex-wal as its user runs it.  Each case is a function and a test:
#
#     BTX_BIN=build/release/bin LOG_MAKER=build/release/tests/wal_log_maker wal_test.sh CASE
set -u
export LC_ALL=C TERM=xterm
unset NO_COLOR
# What a sanitizer finds must not look like damage that was found.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

WAL=${BTX_BIN:?where the programs are}/betex-wal
REPLAY=$BTX_BIN/betex-replay
MAKER=${LOG_MAKER:?the program that writes logs}
SKIPPED=77
PAGE=4096
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

. "$(dirname "$0")/logs.sh"

# --- Running ----------------------------------------------------------------------------------

# run ARGUMENT...: leaves $status and the files out and err.
run() {
    "$WAL" "$@" > "$scratch/out" 2> "$scratch/err"
    status=$?
}

expect_status() {
    [ "$status" -eq "$1" ] ||
        fail "status $status, want $1; stdout: $(cat "$scratch/out") stderr: $(cat "$scratch/err")"
}

# What differs from log to log is replaced by words.
masked() {
    sed -E "s#$scratch#SCRATCH#g"'
            s/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/UUID/g
            s/\b[0-9a-f]{64}\b/HASH/g
            s/\b[0-9a-f]{8}$/SEALHASH/
            s/pid [0-9]+/pid N/g
            s/\([0-9]+ [a-z]+( [0-9]+ [a-z]+)? ago\)/(AGE ago)/'
}

# expect_out: exactly what is on standard input, after masking.
expect_out() {
    cat > "$scratch/want"
    masked < "$scratch/out" > "$scratch/got"
    diff "$scratch/want" "$scratch/got" > "$scratch/diff" ||
        fail "stdout differs: $(cat "$scratch/diff")"
}

# expect_err: the same for standard error.
expect_err() {
    cat > "$scratch/want"
    masked < "$scratch/err" > "$scratch/got"
    diff "$scratch/want" "$scratch/got" > "$scratch/diff" ||
        fail "stderr differs: $(cat "$scratch/diff")"
}

# expect_line TEXT: a line of standard output is this, after masking.
expect_line() {
    masked < "$scratch/out" | grep -qxF -- "$1" || fail "no line '$1' in: $(cat "$scratch/out")"
}

expect_match() {
    grep -qE -- "$1" "$scratch/out" || fail "no line matches '$1' in: $(cat "$scratch/out")"
}

# --- A log as it should be --------------------------------------------------------------------

info() {
    story | make
    run info "$log"
    expect_status 0
    expect_out <<'END'
SCRATCH/log
  uuid       UUID, format 1
  created    2026-09-21 14:13:20 UTC on engine-1
  segments   5, number 1 to 5
  writers    2, epochs 1 to 2
  events     13, seq 1 to 13
  txs        1 to 9
  time       2026-09-21 14:13:20 to 2026-09-21 14:13:21 UTC
  on disk    124 KiB for 3.3 KiB of records (37.43 to 1)
  snapshots  1, the newest at seq 5, 8 events before the end
  end        clean: the writer stopped in order
  lock       not held now; last by log_maker, pid N on engine-1
END
    expect_err < /dev/null
}

# Killed; killed in the middle of a command that takes several txs; and never used.
info_endings() {
    { orders 10; echo die; } | make
    run info "$log"
    expect_status 0
    expect_match '^  end        whole, without a clean stop'
    rm -rf "$log"
    { echo 'group 300'; orders 4200; echo 'group 1'; echo '{"cmd":"CancelOrders","t":5000,"account":1}'; echo die; } | make 4201
    [ "$(tail -2 "$scratch/events" | grep -c Batched)" -eq 2 ] || fail "want two txs"
    rm "$(segment 2)"
    run info "$log"
    expect_status 0
    expect_match '^  end        in the middle of a command: the next start finishes it$'
    run verify "$log"
    expect_status 0
    expect_line 'end         in the middle of a command: the next start finishes it'
    rm -rf "$log"
    echo die | make
    run info "$log"
    expect_status 0
    expect_match '^  end        nothing was ever written$'
    expect_match '^  segments   none$'
}

ls_rows() {
    story | make
    run ls "$log"
    expect_status 0
    expect_out <<'END'
NO    SEQ  BATCHES  RECORDS    FILE  EPOCH         CREATED  SEAL
 1    1-4        5    1 KiB  32 KiB      1  09-21 14:13:20  SEALHASH
 2      5        3    512 B  28 KiB      1  09-21 14:13:20  SEALHASH
 3    6-9        4  1.1 KiB  32 KiB      2  09-21 14:13:20  SEALHASH
 4  10-13        1    448 B  12 KiB      2  09-21 14:13:20  SEALHASH
 5      -        2    192 B  20 KiB      2  09-21 14:13:20  -
    no events
END
    expect_err < /dev/null
}

ls_long() {
    story | make
    run ls --long "$log"
    expect_status 0
    masked < "$scratch/out" | sed -n 1,8p > "$scratch/first"
    diff - "$scratch/first" <<'END' || fail "the first segment differs"
00000000000000000001-0000000001.mdb
  segment  1, epoch 1, created 2026-09-21 14:13:20 UTC
  seq      1 to 4
  records  4 events, 4 commands, 1 note in 5 batches
  bytes    1024 of records, 32768 of the file
  time     2026-09-21 14:13:20 to 2026-09-21 14:13:20 UTC
  sealed   2026-09-21 14:13:20 UTC, in segment 2, not signed
           HASH
END
}

verify() {
    story | make
    run verify "$log"
    expect_status 0
    expect_out <<'END'
checked     13 events, 9 commands, 6 notes in 5 segments
seals       4, 0 of them signed
snapshots   1
executed    9 commands gave the same 13 events
digests     2 of states and 1 of snapshots are right
end         whole
verdict     consistent, unsigned, end not anchored
END
    run verify --no-execute "$log"
    expect_status 0
    expect_line 'executed    no'
    expect_line 'verdict     consistent, unsigned, end not anchored; not executed'
}

# The room that the log was written with decides: a refusal for want of room must come out again,
# and with more room behind it the command that was refused before is taken.
verify_capacities() {
    make <<'END'
start 1
{"cmd":"OpenAccount","t":1,"account":1}
{"cmd":"OpenAccount","t":2,"account":2}
start 2
{"cmd":"OpenAccount","t":3,"account":2}
stop
END
    grep -q CAPACITY "$scratch/events" || fail "nothing was refused: $(cat "$scratch/events")"
    run verify "$log"
    expect_status 0
    expect_line 'executed    3 commands gave the same 3 events'
}

# An empty log, before and after its first engine.
empty() {
    echo die | make
    run ls "$log"
    expect_status 0
    expect_line 'no segments: nothing was ever written'
    run verify "$log"
    expect_status 0
    expect_line 'verdict     empty, unsigned, end not anchored'
    run dump "$log"
    expect_status 0
    expect_out < /dev/null
    rm -rf "$log"
    printf 'start 10\nstop\n' | make
    run verify "$log"
    expect_status 0
    expect_line 'checked     0 events, 0 commands, 2 notes in 1 segment'
    run dump --notes "$log"
    [ "$(wc -l < "$scratch/out")" -eq 2 ] || fail "want two notes: $(cat "$scratch/out")"
}

# --- The lock ---------------------------------------------------------------------------------

lock_free() {
    story | make
    run lock "$log"
    expect_status 0
    masked < "$scratch/out" | sed 's/ (\(this\|an earlier\) boot)$//' > "$scratch/got"
    diff - "$scratch/got" <<'END' || fail "lock differs"
  lock     not held now
  last     log_maker, pid N
  host     engine-1 (not this machine)
  boot     UUID
  since    2026-09-21 14:13:20 UTC (AGE ago)
  epoch    2
  log      UUID
  note     this machine cannot know whether the other one still writes to a
           shared disk; for a copied or moved disk nobody does
END
}

# Held by a living process: the kernel and the record agree, and everything can be looked at.
lock_held() {
    local answer to
    coproc HOLDER { exec "$MAKER" "$log" 4; }
    orders 10 >&"${HOLDER[1]}"
    echo hold >&"${HOLDER[1]}"
    until [ "${answer:-}" = held ]; do
        read -r -t 600 answer <&"${HOLDER[0]}" || fail "the holder does not answer"
    done
    run lock "$log"
    expect_status 0
    expect_line "  lock     HELD NOW, as the kernel says by process $HOLDER_PID"
    grep -qx "  holder   log_maker, pid $HOLDER_PID" "$scratch/out" || fail "$(cat "$scratch/out")"
    run info "$log"
    expect_status 0
    expect_match '^  end        a writer is at work'
    expect_match "^  lock       held now by log_maker, pid $HOLDER_PID on engine-1"
    run ls "$log"
    expect_status 0
    expect_line '    in use: it grows'
    run verify "$log"
    expect_status 0
    expect_line 'verdict     consistent as far as it is written, unsigned, end not anchored'
    run dump --events "$log"
    expect_status 0
    [ "$(wc -l < "$scratch/out")" -eq 10 ] || fail "want 10 events: $(cat "$scratch/out")"
    # The lock was not lost by all this looking.
    run lock --json "$log"
    grep -q '"state":"held"' "$scratch/out" || fail "$(cat "$scratch/out")"
    to=${HOLDER[1]}
    echo stop >&"$to"
    exec {to}>&-
    wait "$HOLDER_PID" || fail "the holder failed"
    run lock "$log"
    expect_line '  lock     not held now'
}

lock_odd() {
    story | make
    rm "$log/.writer.lock"
    run lock "$log"
    expect_status 0
    expect_line '  lock     never opened for writing: there is no lock file'
    head -c 512 /dev/urandom > "$log/.writer.lock"
    run lock "$log"
    expect_status 0
    expect_line '  record   damaged or never written: who it was is not known'
    : > "$log/.writer.lock"
    run lock "$log"
    expect_status 0
    run info "$log"
    expect_status 0
    expect_match 'lock       not held now \(its record cannot be read\)'
}

# --- Records ----------------------------------------------------------------------------------

# Events are the bytes that betex-replay prints; commands, executed again, give them again.
dump_again() {
    story | make
    run dump --events "$log"
    expect_status 0
    cmp "$scratch/out" "$scratch/events" || fail "events differ"
    story | grep '^{' | "$REPLAY" | cmp - "$scratch/out" || fail "betex-replay prints others"
    run dump --commands "$log"
    expect_status 0
    sed 's/.*"command"://; s/}$//' "$scratch/out" > "$scratch/commands"
    story | grep '^{' | cmp - "$scratch/commands" || fail "commands differ"
    "$REPLAY" < "$scratch/commands" | cmp - "$scratch/events" || fail "executed again they differ"
}

# The same for a day of a real market, at full length.
dump_flow() {
    local flow=../shared/data/flows/1.197931750
    [ -f "$flow.commands.jsonl.gz" ] || { echo "SKIPPED: no real order flow at $flow"; exit $SKIPPED; }
    { echo 'group 500'; zcat "$flow.commands.jsonl.gz"; echo stop; } | make 5000
    run dump --events "$log"
    expect_status 0
    cmp "$scratch/out" "$scratch/events" || fail "events differ"
    "$WAL" dump --commands "$log" | sed 's/.*"command"://; s/}$//' | "$REPLAY" |
        cmp - "$scratch/events" || fail "executed again they differ"
    run verify "$log"
    expect_status 0
    expect_line 'verdict     consistent, unsigned, end not anchored'
}

# The log that betex-replay writes, and goes on with in less room.
of_replay() {
    story | grep '^{' | "$REPLAY" --wal "$log" --snapshot --set wal.unsafe_filesystem=true \
        > "$scratch/events" || fail "betex-replay"
    echo '{"cmd":"Deposit","t":1790000002000000000,"account":1,"amount":1}' |
        "$REPLAY" --accounts 2 --wal "$log" --set wal.unsafe_filesystem=true \
            >> "$scratch/events" || fail "betex-replay, going on"
    run dump --events "$log"
    expect_status 0
    cmp "$scratch/out" "$scratch/events" || fail "events differ"
    run verify "$log"
    expect_status 0
    expect_line 'executed    10 commands gave the same 14 events'
    expect_line 'digests     2 of states and 1 of snapshots are right'
    expect_line 'verdict     consistent, unsigned, end not anchored'
    run info "$log"
    expect_status 0
    expect_match '^  writers    2, epochs 1 to 2$'
    expect_match '^  end        clean'
}

# Damage that costs no record is damage of the file all the same, and nothing else.
spare_page() {
    { orders 14; echo stop; } | make
    dd if=/dev/zero of="$(segment 2)" bs=$PAGE seek=0 count=1 conv=notrunc status=none
    run verify "$log"
    expect_status 1
    expect_match '^damage: segments/.*-0000000002.mdb: page 0: '
    expect_line 'executed    14 commands gave the same 14 events'
    expect_line 'verdict     DAMAGED, in 1 place'
    run dump --events "$log"
    cmp "$scratch/out" "$scratch/events" || fail "events differ"
    # A page in the way of several batches is one place.
    rm -rf "$log"
    { orders 120; echo stop; } | make 50
    dd if=/dev/zero of="$(segment 2)" bs=$PAGE seek=3 count=1 conv=notrunc status=none
    run verify "$log"
    expect_line 'executed    120 commands gave the same 120 events'
    [ "$(grep -c '^damage: ' "$scratch/out")" -eq 1 ] || fail "one place: $(cat "$scratch/out")"
}

# Records in the order of the log, each kind told by its member.
dump_order() {
    story | make
    run dump --to 1 "$log"
    expect_status 0
    expect_out <<'END'
{"seq":0,"tx":0,"t":1790000000000000000,"note":"EngineStarted","epoch":1,"rules_version":2,"shard":0,"capacity_accounts":100,"capacity_markets":100,"capacity_runners":1000,"capacity_orders":10000,"capacity_positions":1000,"capacity_stakes":1000,"capacity_description_bytes":100000,"configuration_sha256":"HASH","image":"log_maker","host":"engine-1"}
{"seq":1,"tx":1,"t":1790000000000000001,"producer":0,"incarnation":0,"number":0,"shed":false,"rules":2,"command":{"cmd":"OpenAccount","t":1790000000000000001,"account":1}}
{"seq":1,"tx":1,"t":1790000000000000001,"ev":"AccountOpened","account":1,"end":true}
END
}

# count COUNT ARGUMENT...: the dump has so many lines.
count() {
    local want=$1
    shift
    run dump "$@" "$log"
    expect_status 0
    [ "$(wc -l < "$scratch/out")" -eq "$want" ] ||
        fail "dump $*: $(wc -l < "$scratch/out") lines, want $want: $(cat "$scratch/out")"
}

dump_filters() {
    story | make
    count 28
    count 13 --events
    count 9 --commands
    count 6 --notes
    count 15 --notes --commands
    count 4 --events --from 10
    count 3 --events --from 4 --to 6
    count 0 --from 14
    count 3 --tx 7
    count 6 --account 1 --events
    count 5 --account 2 --events
    count 3 --order 1 --events
    count 9 --market 7 --events --from 1
    count 0 --market 8
    count 0 --account 0
    count 1 --account 1 --order 1 --commands
    count 1 --tx 9 --account 2 --events
}

# What the second stage of the rules made is found by what it names; a runner is no market.
dump_later_rules() {
    later_story | make
    run verify "$log"
    expect_status 0
    expect_line 'executed    15 commands gave the same 17 events'
    expect_line 'verdict     consistent, unsigned, end not anchored'
    count 3 --events --order 1
    count 3 --events --order 2
    count 2 --events --order 3
    run dump --events --order 1 "$log"
    expect_out <<'END'
{"seq":8,"tx":8,"t":2000000000,"ev":"OrderHeld","order":1,"account":1,"market":7,"runner":8,"side":"BACK","price":3,"size":10,"tif":"GTC","persistence":"LAPSE","post_only":false,"stp":"NONE","until":7000000000,"end":true}
{"seq":10,"tx":10,"t":9000000000,"ev":"OrderReleased","order":1,"account":1,"market":7,"end":true}
{"seq":12,"tx":11,"t":9000000000,"ev":"ImpliedMatched","market":7,"runner":9,"size":20,"taker":2,"taker_account":2,"taker_side":"BACK","maker_runner":8,"maker_price":3,"maker_size":10,"maker":1,"maker_account":1,"taker_remaining":0,"maker_remaining":0,"end":true}
END
    # Opened, described, in play; held, released and matched, twice; delay set.
    count 9 --events --market 7
    count 4 --events --market 8
    count 0 --market 9
    count 6 --commands --market 7
    count 3 --commands --market 8
    # Each release is a command of its own.
    run dump --commands --from 10 --to 11 "$log"
    expect_out <<'END'
{"seq":10,"tx":10,"t":9000000000,"producer":0,"incarnation":0,"number":0,"shed":false,"rules":2,"command":{"cmd":"Tick","t":9000000000}}
{"seq":11,"tx":11,"t":9000000000,"producer":0,"incarnation":0,"number":0,"shed":false,"rules":2,"command":{"cmd":"Tick","t":9000000000}}
END
}

# In a file a description is byte for byte what it is; a terminal is not given what would steer it.
dump_terminal() {
    local delete=$'\x7f'
    script -qec true /dev/null < /dev/null > /dev/null 2>&1 ||
        { echo "SKIPPED: script(1) can make no terminal here (is /dev/pts mounted?)"; exit $SKIPPED; }
    later_story | make
    script -qec "'$WAL' dump --events '$log'" /dev/null < /dev/null > "$scratch/out"
    grep -qF '"text":"Holmø\u007f"' "$scratch/out" || fail "$(grep Described "$scratch/out")"
    run dump --events "$log"
    grep -qF "\"text\":\"Holmø$delete\"" "$scratch/out" || fail "$(grep Described "$scratch/out")"
    cmp "$scratch/out" "$scratch/events" || fail "events differ"
}

# Nobody reads any more: that is no damage, and needs no sentence.
dump_reader_gone() {
    { echo 'group 100'; orders 3000; echo stop; } | make 1000
    { "$WAL" dump "$log" 2> "$scratch/err"; echo $? > "$scratch/status"; } | head -1 > /dev/null
    # head may have read it all when it is slow to go: only then is it no failure.
    status=$(cat "$scratch/status")
    : > "$scratch/out"
    expect_status 68
    expect_err < /dev/null
    "$WAL" dump "$log" > /dev/full 2> "$scratch/err"
    status=$?
    expect_status 67
    grep -q 'standard output: cannot write: No space left on device' "$scratch/err" ||
        fail "$(cat "$scratch/err")"
    "$WAL" info "$log" > /dev/full 2> "$scratch/err"
    status=$?
    expect_status 67
}

# --- Damage -----------------------------------------------------------------------------------

# The end that the next start cuts is named, and is no damage.
torn_end() {
    { orders 10; echo die; } | make
    truncate -s $((2 * PAGE)) "$(segment 3)"
    run verify "$log"
    expect_status 0
    expect_match '^end         torn behind seq 8: the next start cuts it$'
    expect_line 'verdict     consistent up to its torn end, unsigned, end not anchored'
    run info "$log"
    expect_status 0
    expect_match '^  end        torn: the next start cuts about [0-9]+ batches behind seq 8$'
    run ls "$log"
    expect_status 0
    expect_match '^    torn end: segments/.*-0000000003.mdb: '
    # And the next start does it.
    printf 'start 100\nstop\n' | make
    run info "$log"
    expect_status 0
    expect_match '^  events     8, seq 1 to 8$'
    expect_match '^  end        clean'
    run verify "$log"
    expect_status 0
    expect_line 'verdict     consistent, unsigned, end not anchored'
}

# A byte in a record of a segment that was sealed: found, told, gone around.
damaged_record() {
    { orders 12; echo stop; } | make
    damage_order "$(segment 2)" 6
    run verify "$log"
    expect_status 1
    expect_match '^damage: segments/.*-0000000002.mdb: .*batch 7, byte 0, seq 6: .*'
    expect_line 'executed    up to seq 5 only: damage, and events are missing behind it'
    expect_match '^verdict     DAMAGED, in [0-9]+ places$'
    expect_match '^advice '
    run dump --events "$log"
    expect_status 1
    grep -q '^betex-wal: damage: segments/.*-0000000002.mdb: ' "$scratch/err" ||
        fail "$(cat "$scratch/err")"
    # All that is intact is still there, before the damage and behind it.
    grep -v '^{"seq":6,' "$scratch/events" | cmp - "$scratch/out" || fail "want all but event 6"
    run ls --long "$log"
    expect_status 1
    expect_match 'DAMAGED: '
}

# What a recovery cut is not part of the log any more, though it still lies in its segment.
cut_records() {
    { orders 10; echo die; } | make
    damage_order "$(segment 3)" 10
    run verify "$log"
    expect_status 0
    expect_line 'end         torn behind seq 9: the next start cuts it'
    printf 'start 100\nstop\n' | make
    run ls "$log"
    expect_status 0
    expect_line '    cut by recovery: 1 batch at its end does not count'
    run ls --long "$log"
    expect_status 0
    expect_line '  records  1 event, 1 command, 0 notes in 1 batch'
    run verify "$log"
    expect_status 0
    expect_line 'checked     9 events, 9 commands, 3 notes in 4 segments'
}

missing_segment() {
    { orders 14; echo stop; } | make
    rm "$(segment 2)"
    run ls "$log"
    expect_status 1
    expect_line '    gap: segment 2 is not here'
    run info "$log"
    expect_status 1
    expect_match 'segments   3, number 1 to 4; 1 missing \(see ls\)'
    expect_match '^There is damage: betex-wal verify lists all of it.$'
    run verify "$log"
    expect_status 1
    expect_match '^damage: .*missing'
    expect_match '^verdict     DAMAGED, in [0-9]+ places?$'
    run dump --events --from 9 "$log"
    expect_match '^{"seq":9,'
}

foreign_segment() {
    { orders 14; echo stop; } | make
    mv "$log" "$scratch/other"
    { orders 14; echo stop; } | make
    cp "$scratch/other/segments/"*-0000000002.mdb "$log/segments/"
    run ls "$log"
    expect_status 1
    expect_line '    DAMAGED: it belongs to another log'
    run verify "$log"
    expect_status 1
    expect_match '^damage: .*of another log'
}

# The identity of the log is lost: its segments can still be looked at.
damaged_identity() {
    { orders 14; echo stop; } | make
    poke "$log/wal.id" 20
    run info "$log"
    expect_status 1
    expect_match '^  identity   DAMAGED: wal.id: '
    run ls "$log"
    expect_status 1
    [ "$(wc -l < "$scratch/out")" -gt 4 ] || fail "no rows: $(cat "$scratch/out")"
    run verify "$log"
    expect_status 1
    expect_match '^damage: .*wal.id'
    expect_line 'checked     14 events, 14 commands, 2 notes in 4 segments'
    run dump "$log"
    expect_status 1
    grep -q 'wal.id' "$scratch/err" || fail "$(cat "$scratch/err")"
    rm "$log/wal.id"
    for verb in info ls verify dump; do
        run $verb "$log"
        expect_status 1
    done
}

# Every CRC is right, but the event is not what the command gives.
forged() {
    {
        orders 6
        echo forge
        echo '{"cmd":"OpenAccount","t":9,"account":8}'
        echo stop
    } | make
    run verify "$log"
    expect_status 1
    expect_line 'executed    DIFFERS behind seq 6: the content is not that of the execution'
    expect_line '  log:       {"seq":7,"tx":7,"t":9,"ev":"AccountOpened","account":9,"end":true}'
    expect_line '  execution: {"seq":7,"tx":7,"t":9,"ev":"AccountOpened","account":8,"end":true}'
    expect_line 'verdict     DAMAGED, and not what its commands give behind seq 6'
    run verify --json "$log"
    expect_status 1
    expect_match '"result":"differs".*"log":{"seq":7,.*"account":9.*"expected":{"seq":7,.*"account":8'
    run verify --no-execute "$log"
    expect_status 0
    rm -rf "$log"
    { orders 6; echo wrong; echo stop; } | make
    run verify "$log"
    expect_status 1
    expect_match '^  log:       \{"seq":6,"tx":6,.*"note":"StateDigest","sha256":"[0-9a-f]{64}"'
    expect_match '^  execution: \{"sha256":"[0-9a-f]{64}"\}$'
}

damaged_snapshot() {
    local file
    story | make
    file=$log/snapshots/00000000000000000005.snap
    poke "$file" 300
    run verify "$log"
    expect_status 1
    expect_match '^damage: .*00000000000000000005.snap'
    expect_line 'executed    9 commands gave the same 13 events'
}

# The beginning was taken away, and a snapshot stands for it.
trimmed() {
    story | make
    rm "$(segment 1)" "$(segment 2)"
    run ls "$log"
    expect_match '^    begins late: segments 1 to 2 are not here$'
    run verify "$log"
    expect_match '^executed    4 commands gave the same 8 events$'
    expect_match '; proves from seq 6$'
    expect_status 0
}

# Every page of a segment zeroed and garbled: no crash, no hang, an honest exit status.
every_page() {
    local file pages page kind verb
    story | make
    cp -r "$log" "$scratch/whole"
    for number in 2 5; do
        file=$(segment $number)
        pages=$(($(stat -c %s "$file") / PAGE))
        for ((page = 0; page < pages; page++)); do
            for kind in zero urandom; do
                rm -rf "$log"
                cp -r "$scratch/whole" "$log"
                dd if=/dev/$kind of="$file" bs=$PAGE seek=$page count=1 conv=notrunc status=none
                for verb in info ls verify dump; do
                    run $verb "$log"
                    [ "$status" -le 1 ] ||
                        fail "$verb: status $status, page $page of segment $number from $kind"
                done
            done
        done
    done
}

# --- What is no log, and what may not be written ----------------------------------------------

no_log() {
    local verb
    for verb in info lock ls verify dump; do
        run $verb "$scratch/nowhere"
        expect_status 2
        expect_out < /dev/null
        grep -q '^betex-wal: .*nowhere' "$scratch/err" || fail "$verb: $(cat "$scratch/err")"
        mkdir -p "$scratch/nothing"
        run $verb "$scratch/nothing"
        expect_status 2
        grep -q '^betex-wal: .*nothing: there is no log here' "$scratch/err" ||
            fail "$verb: $(cat "$scratch/err")"
        : > "$scratch/file"
        run $verb "$scratch/file"
        expect_status 2
    done
}

# Not a byte and not a time changes, whoever looks; and who may only read can look.
read_only() {
    local as=()
    story | make
    (cd "$log" && find . -printf '%p %s %T@ %C@\n' | sort) > "$scratch/before"
    (cd "$log" && find . -type f | sort | xargs sha256sum) >> "$scratch/before"
    chmod -R a+rX,a-w "$log" "$scratch"
    [ "$(id -u)" -eq 0 ] && as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    chmod u+w "$scratch"
    for verb in info lock ls "ls --long" verify dump; do
        # shellcheck disable=SC2086
        "${as[@]}" "$WAL" $verb "$log" > "$scratch/out" 2> "$scratch/err"
        status=$?
        expect_status 0
    done
    chmod -R u+w "$log"
    (cd "$log" && find . -printf '%p %s %T@ %C@\n' | sort) > "$scratch/after"
    (cd "$log" && find . -type f | sort | xargs sha256sum) >> "$scratch/after"
    # The time of the last change of attributes is our own chmod's.
    diff <(sed 's/ [0-9.]*$//' "$scratch/before") <(sed 's/ [0-9.]*$//' "$scratch/after") ||
        fail "looking changed the log"
}

# --- Programs and people ----------------------------------------------------------------------

# What --json prints is JSON, for good and for bad logs.
json() {
    local verb
    story | make
    for number in 0 2 3; do
        [ $number -eq 0 ] || rm "$(segment $number)"
        for verb in info lock ls "ls --long" verify "verify --no-execute" dump sizing; do
            # shellcheck disable=SC2086
            if [ "$verb" = sizing ]; then run sizing --json; else run $verb --json "$log"; fi
            [ "$status" -le 1 ] || fail "$verb: status $status"
            python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines and all(isinstance(line, dict) for line in lines)' < "$scratch/out" ||
                fail "$verb --json is no JSON: $(cat "$scratch/out")"
        done
    done
}

help() {
    local verb
    run --help
    expect_status 0
    expect_err < /dev/null
    grep -q '^Examples:' "$scratch/out" || fail "no examples"
    cp "$scratch/out" "$scratch/all"
    for verb in info lock ls verify dump sizing; do
        grep -q "^  $verb " "$scratch/all" || fail "--help does not name $verb"
        run $verb --help
        expect_status 0
        grep -q "^Usage: betex-wal $verb " "$scratch/out" || fail "$verb: $(cat "$scratch/out")"
        grep -q '^Examples\?:' "$scratch/out" || fail "$verb: no example"
        cat "$scratch/out" >> "$scratch/all"
    done
    awk 'length > 80 { print "too wide: " $0; wide = 1 } END { exit wide }' "$scratch/all" ||
        fail "wider than a terminal"
    run --version
    expect_status 0
    grep -qxE 'betex-wal [0-9]+\.[0-9]+\.[0-9]+' "$scratch/out" || fail "$(cat "$scratch/out")"
}

# refuses SENTENCE ARGUMENT...: status 2 and exactly this sentence.
refuses() {
    local sentence=$1
    shift
    run "$@"
    expect_status 2
    expect_out < /dev/null
    echo "betex-wal: $sentence" | expect_err
}

usage() {
    refuses 'want betex-wal COMMAND [OPTION]... DIR (see --help)'
    refuses "'look': not a command (info, lock, ls, verify, dump, sizing: see --help)" look
    refuses 'info: want betex-wal info DIR' info
    refuses 'info: want betex-wal info DIR' info a b
    refuses '--long: not an option of this command (its --help has them)' info --long a
    refuses '--json: takes no value' info --json=1 a
    refuses '--from: wants a value, --from SEQ' dump a --from
    refuses "--tx: want a number from 0 to 18446744073709551615, got 'x'" dump --tx x a
    refuses "'x': want KEY=VALUE" sizing x
    refuses "'wal.x': not a setting (betex-wal sizing shows all of them)" sizing wal.x=1
    refuses '--rate: want 1..1000000000, got 0' sizing --rate 0
}

# Colour for a person at a terminal who wants it, and for nobody else.
colour() {
    local escape=$'\033'
    script -qec true /dev/null < /dev/null > /dev/null 2>&1 ||
        { echo "SKIPPED: script(1) can make no terminal here (is /dev/pts mounted?)"; exit $SKIPPED; }
    story | make
    script -qec "'$WAL' verify '$log'" /dev/null < /dev/null > "$scratch/out"
    grep -qF "$escape[32mconsistent" "$scratch/out" || fail "no colour: $(cat "$scratch/out")"
    NO_COLOR=1 script -qec "'$WAL' verify '$log'" /dev/null < /dev/null > "$scratch/out"
    grep -qF "$escape" "$scratch/out" && fail "colour in spite of NO_COLOR"
    run verify "$log"
    grep -qF "$escape" "$scratch/out" && fail "colour in a file"
    true
}

sizing() {
    run sizing
    expect_status 0
    expect_err < /dev/null
    expect_line 'wal.max_segment_events       5000     5000  1..1000000000000'
    expect_line '           16 hugepages of 2 MiB for two incarnations'
    expect_line 'rotation   every 5 s: 2500000 events, 457.7 MiB; decided by'
    expect_line '           wal.min_segment_age; 17280 segments a day'
    awk 'length > 80 { print "too wide: " $0; wide = 1 } END { exit wide }' "$scratch/out" ||
        fail "wider than a terminal"
    run sizing --rate 1000 --bytes 128 wal.min_segment_age=0 engine.ring_size=8192
    expect_status 0
    expect_line '           4 hugepages of 2 MiB for two incarnations'
    expect_line 'rotation   every 5 s: 5000 events, 625 KiB; decided by'
    expect_line '           wal.max_segment_events; 17280 segments a day'
}

# With the settings of a configuration file, some of them overruled.
sizing_config() {
    printf 'exchange: {name: x}\nengine:\n  ring_size: 8192\nwal:\n  min_segment_age: 0\n' > "$scratch/betex.yaml"
    run sizing --config "$scratch/betex.yaml"
    expect_status 0
    expect_match '^engine.ring_size +8192 +32768 '
    expect_match '^wal.min_segment_age +0 +5 s '
    run sizing wal.min_segment_age=1s --config "$scratch/betex.yaml"
    expect_status 0
    expect_match '^engine.ring_size +8192 '
    expect_match '^wal.min_segment_age +1 s '
    run sizing --config "$scratch/betex.yaml" engine.ring_size=4096
    expect_status 1
    expect_line "REFUSED: wal.max_commit_bytes: want at most 2 MiB for engine.ring_size 4096, got '4 MiB'"
    printf 'wal:\n  min_segment_age: 5\n' > "$scratch/betex.yaml"
    run sizing --config "$scratch/betex.yaml"
    expect_status 2
    expect_err <<< "betex-wal: SCRATCH/betex.yaml:2:20: wal.min_segment_age: want 0..1 d, got '5'"
    refuses "'engine.hugepages': not a setting (betex-wal sizing shows all of them)" sizing engine.hugepages=off
    refuses "'wal.': not a setting (betex-wal sizing shows all of them)" sizing wal.=1
    refuses "'engine.ring_size': want KEY=VALUE" sizing engine.ring_size
    refuses '--config: wants a value, --config FILE' sizing --config
}

# Each setting alone may be right, and together they are not: the number that would do is said.
sizing_refused() {
    run sizing wal.max_commit_bytes=64MiB
    expect_status 1
    expect_line "REFUSED: wal.max_commit_bytes: want at most 16 MiB for engine.ring_size 32768, got '64 MiB'"
    run sizing --json wal.max_commit_bytes=64MiB
    expect_status 1
    expect_match '"refused":"wal.max_commit_bytes: want at most 16 MiB'
    run sizing wal.max_commit_bytes=1
    expect_status 2
    grep -q '^betex-wal: wal.max_commit_bytes: want ' "$scratch/err" || fail "$(cat "$scratch/err")"
}

if [ $# -ne 1 ] || [ "$(type -t "$1")" != function ]; then
    echo "Usage: wal_test.sh CASE"
    exit 2
fi
"$1"
echo "$1: ok"
