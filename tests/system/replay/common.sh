# SPDX-License-Identifier: Apache-2.0
# common.sh - what the test scripts of betex-replay share; each sources it first and ends with
# run_case "$@".
set -u
export LC_ALL=C

REPLAY=${BTX_BIN:?where the programs are}/betex-replay
DATA=../shared/data
SKIPPED=77
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

OPEN='{"cmd":"OpenAccount","t":1,"account":7}'
OPENED='{"seq":1,"tx":1,"t":1,"ev":"AccountOpened","account":7,"end":true}'
DEPOSIT='{"cmd":"Deposit","t":2,"account":7,"amount":12.5}'
DEPOSITED='{"seq":2,"tx":2,"t":2,"ev":"FundsDeposited","account":7,"amount":12.5,"balance":12.5,"end":true}'

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# run INPUT OPTION...: runs on a file; leaves $status and the files out and err.
run() {
    local input=$1
    shift
    "$REPLAY" "$@" < "$input" > "$scratch/out" 2> "$scratch/err"
    status=$?
}

lines() {
    printf '%s\n' "$@"
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "status $status, want $1; stderr: $(cat "$scratch/err")"
}

# expect_out LINE...: exactly these lines on stdout.
expect_out() {
    if [ $# -eq 0 ]; then : > "$scratch/want"; else lines "$@" > "$scratch/want"; fi
    cmp -s "$scratch/out" "$scratch/want" ||
        fail "stdout differs: $(diff "$scratch/want" "$scratch/out" | head -5)"
}

# expect_err LINE: exactly this line on stderr; without LINE nothing.
expect_err() {
    if [ $# -eq 0 ]; then : > "$scratch/want"; else lines "$@" > "$scratch/want"; fi
    cmp -s "$scratch/err" "$scratch/want" ||
        fail "stderr differs: $(diff "$scratch/want" "$scratch/err" | head -5)"
}

# expect_err_matches PATTERN: one line on stderr, matched whole.
expect_err_matches() {
    [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "want one line on stderr: $(cat "$scratch/err")"
    grep -qxE "$1" "$scratch/err" || fail "stderr is '$(cat "$scratch/err")', want '$1'"
}

# run_case CASE: the function of that name is the test.
run_case() {
    if [ $# -ne 1 ] || [ "$(type -t "$1")" != function ]; then
        echo "Usage: $(basename "$0") CASE"
        exit 2
    fi
    "$1"
    echo "$1: ok"
}
