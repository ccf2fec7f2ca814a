#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# replay_test.sh - betex-replay as its user runs it.  Each case is a function and a test:
#
#     BTX_BIN=build/release/bin replay_test.sh CASE
#
# Runs from the top of the checkout, because some cases use the data beside it.
. "$(dirname "$0")/common.sh"

# What is printed is what the worked examples of the rules say, byte for byte.
examples() {
    local number commands
    if [ ! -d "$DATA/examples" ]; then
        echo "SKIPPED: no worked examples at $DATA/examples"
        exit $SKIPPED
    fi
    for number in 01 02 03 04 05 06 07 08 09 10; do
        commands=$(ls "$DATA/examples/$number"-*.commands.jsonl) || fail "no example $number"
        run "$commands"
        expect_status 0
        expect_err
        cmp "$scratch/out" "${commands%.commands.jsonl}.events.jsonl" || fail "example $number"
    done
}

# The same for the flow of real markets, through pipes.
flows() {
    local hash name got
    if [ ! -d "$DATA/flows" ]; then
        echo "SKIPPED: no real order flow at $DATA/flows"
        exit $SKIPPED
    fi
    for name in 1.185781277 1.197931750 1.241629436; do
        read -r hash _ < "$DATA/flows/$name.events.sha256" || fail "no hash of $name"
        got=$(zcat "$DATA/flows/$name.commands.jsonl.gz" | "$REPLAY" | sha256sum)
        [ "${got%% *}" = "$hash" ] || fail "$name: SHA-256 is ${got%% *}, want $hash"
    done
}

# A bad line ends the run: all lines before it are answered, nothing behind it is done.
bad_line() {
    lines "$OPEN" "$DEPOSIT" '{"cmd":"Deposit","t":3,"account":7}' "$DEPOSIT" > "$scratch/in"
    run "$scratch/in" --digest
    expect_status 2
    expect_out "$OPENED" "$DEPOSITED"
    expect_err_matches "betex-replay: line 3: .*amount.*"
}

# Also when the bad line is the first, and through a pipe.
first_line() {
    lines 'OpenAccount 7' "$OPEN" | "$REPLAY" > "$scratch/out" 2> "$scratch/err"
    status=$?
    expect_status 2
    expect_out
    expect_err_matches "betex-replay: line 1: .+"
}

# What the rules refuse is no bad line.
refused_is_answered() {
    lines "$OPEN" "$OPEN" "$DEPOSIT" > "$scratch/in"
    run "$scratch/in"
    expect_status 0
    expect_out "$OPENED" \
        '{"seq":2,"tx":2,"t":1,"ev":"CommandRejected","cmd":"OpenAccount","account":7,"reason":"ACCOUNT_EXISTS","end":true}' \
        '{"seq":3,"tx":3,"t":2,"ev":"FundsDeposited","account":7,"amount":12.5,"balance":12.5,"end":true}'
}

# The longest line that is allowed, with and without its newline.
longest_line() {
    { printf '%s%*s\n' "$OPEN" $((65536 - ${#OPEN})) ''; lines "$DEPOSIT"; } > "$scratch/in"
    run "$scratch/in"
    expect_status 0
    expect_out "$OPENED" "$DEPOSITED"
    printf '%s%*s' "$OPEN" $((65536 - ${#OPEN})) '' > "$scratch/in"
    run "$scratch/in"
    expect_status 0
    expect_out "$OPENED"
}

# One byte more, and a line that never ends.
huge_line() {
    { lines "$OPEN"; printf '%s%*s\n' "$DEPOSIT" $((65537 - ${#DEPOSIT})) ''; lines "$DEPOSIT"; } \
        > "$scratch/in"
    run "$scratch/in"
    expect_status 2
    expect_out "$OPENED"
    expect_err "betex-replay: line 2: longer than 65536 bytes"
    head -c 50000000 /dev/zero | tr '\0' '[' > "$scratch/in"
    run "$scratch/in"
    expect_status 2
    expect_out
    expect_err "betex-replay: line 1: longer than 65536 bytes"
}

# Not text at all: one readable sentence, and no byte of it goes to the terminal.
binary_garbage() {
    run "$REPLAY"
    expect_status 2
    expect_out
    expect_err_matches "betex-replay: line 1: [ -~]+"
    printf '%s\0\n' "$OPEN" > "$scratch/in"
    run "$scratch/in"
    expect_status 2
    expect_out
    expect_err_matches "betex-replay: line 1: [ -~]+"
    printf '\033[31m\377\n' > "$scratch/in"
    run "$scratch/in"
    expect_status 2
    expect_err_matches "betex-replay: line 1: [ -~]+"
}

# The last line needs no newline.
last_line() {
    printf '%s\n%s' "$OPEN" "$DEPOSIT" > "$scratch/in"
    run "$scratch/in"
    expect_status 0
    expect_out "$OPENED" "$DEPOSITED"
}

empty_input() {
    run /dev/null
    expect_status 0
    expect_out
    expect_err
    run /dev/null --digest
    expect_status 0
    grep -qxE 'digest [0-9a-f]{64}' "$scratch/out" || fail "no digest: $(cat "$scratch/out")"
}

# Each line is answered before the next is written, without an end of the input.
conversation() {
    local answer to
    coproc PEER { exec "$REPLAY" 2> "$scratch/err"; }
    lines "$OPEN" >&"${PEER[1]}"
    read -r -t 600 answer <&"${PEER[0]}" || fail "no answer to the first command"
    [ "$answer" = "$OPENED" ] || fail "first answer: $answer"
    printf '%s' "${DEPOSIT:0:20}" >&"${PEER[1]}"
    printf '%s\n' "${DEPOSIT:20}" >&"${PEER[1]}"
    read -r -t 600 answer <&"${PEER[0]}" || fail "no answer to the second command"
    [ "$answer" = "$DEPOSITED" ] || fail "second answer: $answer"
    to=${PEER[1]}
    exec {to}>&-
    wait "$PEER_PID"
    status=$?
    expect_status 0
}

# The same on a terminal, where a person is told what to do and Ctrl-D ends the input.
interactive() {
    local answer
    script -qec true /dev/null < /dev/null > /dev/null 2>&1 ||
        { echo "SKIPPED: script(1) can make no terminal here (is /dev/pts mounted?)"; exit $SKIPPED; }
    mkfifo "$scratch/keys"
    script -qec "'$REPLAY' --quiet --digest" /dev/null < "$scratch/keys" > "$scratch/out" &
    exec 3> "$scratch/keys"
    lines "$OPEN" >&3
    printf '\004' >&3
    wait $!
    status=$?
    exec 3>&-
    answer=$(tr -d '\r' < "$scratch/out")
    [ "$status" -eq 0 ] || fail "status $status: $answer"
    [[ $answer == *"Ctrl-D ends"* ]] || fail "nobody was told what to do: $answer"
    [[ $answer == *"digest "* ]] || fail "no digest: $answer"
}

# The digest is of the state: not of options, capacities, compilers or machines.
digest() {
    local want="digest 25a097d72e7e603950f0bf1c267e9b864f83fe6f49ad1b7f6bbc3149f5b84657"
    lines "$OPEN" "$DEPOSIT" > "$scratch/in"
    run "$scratch/in" --digest
    expect_status 0
    expect_out "$OPENED" "$DEPOSITED" "$want"
    run "$scratch/in" --quiet --digest --accounts 1 --markets 8000000 --orders 3
    expect_status 0
    expect_out "$want"
    run "$scratch/in" --quiet
    expect_status 0
    expect_out
}

# A command that takes several txs; its longest line names 4096 orders.
batches() {
    local i
    {
        lines '{"cmd":"OpenAccount","t":1,"account":1}' \
            '{"cmd":"Deposit","t":1,"account":1,"amount":1000000}' \
            '{"cmd":"OpenMarket","t":1,"market":1,"kind":"BINARY","tick":0.01,"min_size":1,"commission":0}'
        for ((i = 1; i <= 5000; i++)); do
            lines '{"cmd":"PlaceOrder","t":1,"account":1,"market":1,"side":"BUY","outcome":"YES","price":0.5,"size":1}'
        done
        lines '{"cmd":"CancelOrders","t":2,"account":1}'
    } > "$scratch/in"
    run "$scratch/in"
    expect_status 0
    tail -n +5004 "$scratch/out" > "$scratch/batches"
    {
        printf '{"seq":5004,"tx":5004,"t":2,"ev":"OrderCancelledBatched","market":1,"cause":"CLIENT","orders":['
        seq -s , 1 4096 | tr -d '\n'
        printf '],"end":true}\n'
        printf '{"seq":5005,"tx":5005,"t":2,"ev":"OrderCancelledBatched","market":1,"cause":"CLIENT","orders":['
        seq -s , 4097 5000 | tr -d '\n'
        printf '],"end":true}\n'
    } | cmp - "$scratch/batches" || fail "the batches differ"
}

# A full exchange refuses; capacities out of range are usage errors.
capacities() {
    local value option
    lines "$OPEN" '{"cmd":"OpenAccount","t":2,"account":8}' > "$scratch/in"
    run "$scratch/in" --accounts 1
    expect_status 0
    expect_out "$OPENED" \
        '{"seq":2,"tx":2,"t":2,"ev":"CommandRejected","cmd":"OpenAccount","account":8,"reason":"CAPACITY","end":true}'
    for option in accounts markets runners orders positions; do
        for value in 0 8000001 99999999999999999999 -1 +1 5k '' ' 5' 0x10 1.0; do
            run /dev/null "--$option=$value"
            expect_status 2
            expect_out
            expect_err "betex-replay: --$option: want a number from 1 to 8000000, got '$value'"
        done
        run /dev/null "--$option" 8000000
        expect_status 0
    done
}

# From a file, which options overrule wherever they stand; what else is in it is for others.
config() {
    lines "$OPEN" '{"cmd":"OpenAccount","t":2,"account":8}' > "$scratch/in"
    local full='{"seq":2,"tx":2,"t":2,"ev":"CommandRejected","cmd":"OpenAccount","account":8,"reason":"CAPACITY","end":true}'
    local room='{"seq":2,"tx":2,"t":2,"ev":"AccountOpened","account":8,"end":true}'
    printf 'engine:\n  ring_size: 4096\n  capacities:\n    accounts: 1\n' > "$scratch/betex.yaml"
    printf 'wal:\n  max_commit_bytes: 1 MiB\nadmin:\n  socket: /x\n' >> "$scratch/betex.yaml"
    run "$scratch/in" --config "$scratch/betex.yaml"
    expect_status 0
    expect_err
    expect_out "$OPENED" "$full"
    run "$scratch/in" --config "$scratch/betex.yaml" --accounts 2
    expect_out "$OPENED" "$room"
    run "$scratch/in" --set engine.capacities.accounts=2 --config "$scratch/betex.yaml"
    expect_out "$OPENED" "$room"
    run "$scratch/in" --set engine.capacities.accounts=1
    expect_out "$OPENED" "$full"
    run "$scratch/in" --config engine/settings/betex.yaml.example
    expect_status 0
    expect_out "$OPENED" "$room"
}

# Nothing is executed by half of a configuration.
config_wrong() {
    lines "$OPEN" > "$scratch/in"
    printf 'engine:\n  capacities:\n    accounts: 0\n' > "$scratch/betex.yaml"
    run "$scratch/in" --config "$scratch/betex.yaml"
    expect_status 64
    expect_out
    expect_err "betex-replay: $scratch/betex.yaml:3:15: engine.capacities.accounts: want 1..8000000, got '0'"
    run "$scratch/in" --config "$scratch/betex.yaml" --accounts 2
    expect_status 64
    printf 'engine:\n  capacity:\n    accounts: 1\nwall:\n' > "$scratch/betex.yaml"
    run "$scratch/in" --config "$scratch/betex.yaml"
    expect_status 64
    expect_err "betex-replay: $scratch/betex.yaml:2:3: engine.capacity: there is no such key (is engine.capacities meant?) (and 1 more: betexctl config check FILE tells all)"
    printf 'wal:\n  stop_bytes: 5 GiB\n' > "$scratch/betex.yaml"
    run "$scratch/in" --config "$scratch/betex.yaml"
    expect_status 64
    expect_err "betex-replay: $scratch/betex.yaml:2:15: wal.stop_bytes: want at most 4 GiB for wal.low_space_bytes 4 GiB, got '5 GiB'"
    run "$scratch/in" --config "$scratch/none.yaml"
    expect_status 64
    expect_err "betex-replay: $scratch/none.yaml: cannot open: No such file or directory"
    run "$scratch/in" --config "$scratch"
    expect_status 68
    expect_out
    run "$scratch/in" --set engine.ring_size=4096
    expect_status 2
    expect_err "betex-replay: --set: want KEY=VALUE with a key that --help lists, got 'engine.ring_size=4096'"
}

# Nobody reads: a fault with a sentence, not a silent death, and not a success.
reader_gone() {
    lines "$OPEN" > "$scratch/in"
    { "$REPLAY" < "$scratch/in" 2> "$scratch/err"; echo $? > "$scratch/status"; } | true
    # The pipe may still take the answer when the reader has not gone yet: then it is no fault.
    while [ "$(cat "$scratch/status")" -eq 0 ]; do
        { "$REPLAY" < "$scratch/in" 2> "$scratch/err"; echo $? > "$scratch/status"; } | true
    done
    status=$(cat "$scratch/status")
    expect_status 68
    expect_err "betex-replay: standard output: cannot write: Broken pipe"
}

closed_stdout() {
    lines "$OPEN" > "$scratch/in"
    "$REPLAY" < "$scratch/in" >&- 2> "$scratch/err"
    status=$?
    expect_status 68
    expect_err "betex-replay: standard output: cannot write: Bad file descriptor"
}

disk_full() {
    lines "$OPEN" bad > "$scratch/in"
    "$REPLAY" < "$scratch/in" > /dev/full 2> "$scratch/err"
    status=$?
    expect_status 67
    expect_err "betex-replay: standard output: cannot write: No space left on device"
    "$REPLAY" --help > /dev/full 2> "$scratch/err"
    status=$?
    expect_status 67
    "$REPLAY" --quiet < /dev/null > /dev/full
    status=$?
    expect_status 0
}

no_stdin() {
    "$REPLAY" <&- > "$scratch/out" 2> "$scratch/err"
    status=$?
    expect_status 68
    expect_err "betex-replay: standard input: cannot read: Bad file descriptor"
    run /
    expect_status 68
    expect_err "betex-replay: standard input: cannot read: Is a directory"
}

# The help fits a terminal, shows examples, and they work.
help() {
    run /dev/null --help
    expect_status 0
    expect_err
    grep -q '^Examples:' "$scratch/out" || fail "no examples"
    grep -q '^Exit status:' "$scratch/out" || fail "no exit status"
    awk 'length > 80 { print "too wide: " $0; wide = 1 } END { exit wide }' "$scratch/out" ||
        fail "wider than a terminal"
    sed -n "s/^  \(echo .*| \)betex-replay$/\1'XX'/p" "$scratch/out" |
        sed "s|'XX'|\"$REPLAY\"|" > "$scratch/example.sh"
    [ "$(wc -l < "$scratch/example.sh")" -eq 1 ] || fail "the example with echo is not there"
    bash "$scratch/example.sh" > "$scratch/out"
    expect_out "$OPENED"
}

version() {
    run /dev/null --version
    expect_status 0
    expect_err
    grep -qxE 'betex-replay [0-9]+\.[0-9]+\.[0-9]+, rules version [0-9]+' "$scratch/out" ||
        fail "$(cat "$scratch/out")"
}

usage() {
    run /dev/null --nonsense
    expect_status 2
    expect_out
    expect_err "betex-replay: --nonsense: not an option, or one that takes no value (see --help)"
    run /dev/null --quiet=yes
    expect_status 2
    expect_err "betex-replay: --quiet=yes: not an option, or one that takes no value (see --help)"
    run /dev/null -q
    expect_status 2
    expect_err "betex-replay: -q: not an option (see --help)"
    run /dev/null --accounts
    expect_status 2
    expect_err "betex-replay: --accounts: wants a value (see --help)"
    run /dev/null day.jsonl
    expect_status 2
    expect_err "betex-replay: day.jsonl: not an option (commands are read from standard input: betex-replay < FILE)"
}

run_case "$@"
