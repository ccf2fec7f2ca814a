#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# golden_test.sh - logs of older builds: read, verified, executed and gone on with.
#
#     BTX_BIN=build/release/bin RECORDS=build/release/tests/golden_records \
#         GOLDEN=tests/golden/wal golden_test.sh CASE LOG
set -u
export LC_ALL=C
# What a sanitizer finds must not look like damage that was found.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

WAL=${BTX_BIN:?where the programs are}/betex-wal
REPLAY=$BTX_BIN/betex-replay
GOLDEN=${GOLDEN:?where the logs are}
RECORDS=${RECORDS:?the program that reads records}
case_name=$1
name=$2
facts=$GOLDEN/$name.facts
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/$name
settings=(--set wal.unsafe_filesystem=true --set wal.stop_bytes=0 --set wal.low_space_bytes=0)

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# The rest of the line of the facts that begins with the word $1.
fact() {
    local rest
    rest=$(sed -n "s/^$1 //p" "$facts")
    [ -n "$rest" ] || fail "$facts says nothing of '$1'"
    printf '%s\n' "$rest"
}

expect_equal() {
    [ "$2" = "$3" ] || fail "$1: want '$3', got '$2'"
}

# The digest that --from-wal gives for $log, with the arguments $@.
digest() {
    "$REPLAY" --from-wal "$log" --digest "$@" < /dev/null | sed -n 's/^digest //p'
}

verify() {
    "$WAL" verify "$log" > "$scratch/verify" || fail "verify: $(cat "$scratch/verify")"
}

# verify executes every command again, and compares events and StateDigests.
verifies() {
    verify
    for word in verdict executed digests; do
        expect_equal "$word" "$(sed -n "s/^$word  *//p" "$scratch/verify")" "$(fact $word)"
    done
}

dumps() {
    "$WAL" dump "$log" > "$scratch/dump" || fail "dump ended with $?"
    expect_equal records "$(wc -l < "$scratch/dump")" "$(fact records)"
    expect_equal events "$(grep '"ev":' "$scratch/dump" | sha256sum | cut -d' ' -f1)" "$(fact events)"
}

# The wire library understands every record, and all their bytes are as they were.
records() {
    expect_equal raw "$("$RECORDS" "$log" 2>&1)" "$(fact raw)"
}

# expect_states FROM: the recorded states right after the events from FROM on.
expect_states() {
    local seq want
    while read -r seq want; do
        [ "$seq" -lt "$1" ] || expect_equal "at $seq" "$(digest --at "$seq")" "$want"
    done < <(sed -n 's/^at //p' "$facts")
}

# Each state once by way of the snapshots and once from the first event.
folds() {
    for _ in 1 2; do
        expect_states 0
        expect_equal end "$(digest)" "$(fact end)"
        rm -f "$log"/snapshots/*.snap
    done
}

# Without the segments before it the snapshot is all there is of what was before it.
stands_on_snapshot() {
    local seq path
    seq=$(basename "$log"/snapshots/*.snap .snap)
    for path in "$log"/segments/*.mdb; do
        [[ $(basename "$path") > $seq ]] || rm "$path"
    done
    [ ! -e "$log/segments/00000000000000000001-0000000001.mdb" ] || fail "the first one is there"
    expect_states "$((10#$seq))"
    expect_equal end "$(digest)" "$(fact end)"
}

# This build goes on where the old one ended; the whole still verifies, and a start without an event
# leaves the digest what it was.
goes_on() {
    local before after
    "$REPLAY" --wal "$log" "${settings[@]}" < /dev/null > "$scratch/finished" || fail "start: $?"
    verify
    before=$(digest)
    # An exchange in which nothing has happened is of the rules of its last start.
    [ -s "$scratch/finished" ] || [ "$name" = empty ] ||
        expect_equal "digest after a start" "$before" "$(fact end)"
    printf '%s\n' '{"cmd":"OpenAccount","t":1,"account":4711}' \
        '{"cmd":"Deposit","t":1,"account":4711,"amount":20}' \
        '{"cmd":"OpenMarket","t":1,"market":4711,"kind":"ODDS","runners":[1,2,3],"winners":1,"min_size":1,"commission":0,"reductions":true,"bet_delay":5}' \
        '{"cmd":"PlaceOrder","t":1,"account":4711,"market":4711,"runner":1,"side":"BACK","price":2,"size":3}' \
        '{"cmd":"RemoveRunner","t":1,"market":4711,"runner":3,"factor":10}' |
        "$REPLAY" --wal "$log" "${settings[@]}" --snapshot --quiet --digest > "$scratch/out" || fail "new commands: $?"
    verify
    after=$(digest)
    expect_equal "digest after new commands" "$after" "$(sed 's/^digest //' "$scratch/out")"
    [ "$after" != "$before" ] || fail "new commands changed nothing"
    rm -f "$log"/snapshots/*.snap
    expect_equal "digest from the first event" "$(digest)" "$after"
    expect_states 0
}

# The command that the old build left unfinished is finished as it would have done, for who only reads
# when the first new command comes.
finishes() {
    local rest
    rest=$(fact rest)
    echo '{"cmd":"OpenAccount","t":1900000000000000000,"account":4711}' |
        "$REPLAY" --from-wal "$log" > "$scratch/read" || fail "reading: $?"
    expect_equal "read" "$(sed '$d' "$scratch/read" | sha256sum | cut -d' ' -f1)" "$rest"
    "$REPLAY" --wal "$log" "${settings[@]}" < /dev/null > "$scratch/finished" || fail "start: $?"
    expect_equal "written" "$(sha256sum < "$scratch/finished" | cut -d' ' -f1)" "$rest"
    verify
    "$REPLAY" --wal "$log" "${settings[@]}" < /dev/null > "$scratch/finished" || fail "start: $?"
    [ ! -s "$scratch/finished" ] || fail "finished twice: $(head -c 200 "$scratch/finished")"
}

command -v xz > /dev/null || fail "xz is not installed (xz-utils)"
archive=$GOLDEN/$name.tar.xz
[ -e "$archive" ] || archive=$GOLDEN/stories.tar.xz
tar -xJf "$archive" -C "$scratch" "$name" || fail "cannot unpack $name"
"$case_name"
