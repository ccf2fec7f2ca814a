#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ctl_test.sh - betexctl as its user runs it.  Each case is a function and a test:
#
#     BTX_BIN=build/release/bin ctl_test.sh CASE
#
# Runs from the top of the checkout, because some cases compare files of it.
set -u
export LC_ALL=C TERM=xterm
unset NO_COLOR
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

CTL=$(realpath "${BTX_BIN:?where the programs are}")/betexctl
EXAMPLE=engine/settings/betex.yaml.example
README=engine/settings/README.md
keys=$(grep -c '^| `' $README) # how many there are
SKIPPED=77
top=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# run ARGUMENT...: in the scratch folder; leaves $status and the files out and err.
run() {
    (cd "$scratch" && "$CTL" "$@") > "$scratch/out" 2> "$scratch/err"
    status=$?
}

expect_status() {
    [ "$status" -eq "$1" ] ||
        fail "status $status, want $1; stdout: $(cat "$scratch/out") stderr: $(cat "$scratch/err")"
}

# expect_out, expect_err: exactly what is on standard input.
expect_out() {
    diff - "$scratch/out" > "$scratch/diff" || fail "stdout differs: $(cat "$scratch/diff")"
}

expect_err() {
    diff - "$scratch/err" > "$scratch/diff" || fail "stderr differs: $(cat "$scratch/diff")"
}

expect_line() {
    grep -qxF -- "$1" "$scratch/out" || fail "no line '$1' in: $(cat "$scratch/out")"
}

# file: writes betex.yaml from standard input.
file() {
    cat > "$scratch/betex.yaml"
}

# json EXPRESSION: of the objects `lines` on standard output.
json() {
    python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert '"$1"', lines' < "$scratch/out" || fail "not so: $1: $(cat "$scratch/out")"
}

right() {
    file <<'END'
exchange:
  name: "Exchange: the first"
engine:
  cores: [2, 3]
  capacities: {accounts: 5000}
wal:
  max_segment_age: 10 min
END
}

wrong() {
    file <<'END'
engine:
  hugepages: off
  ring_size: 30000
wal:
  max_comit_bytes: 4 MiB
  max_segment_age: 10
  max_segment_age: 10 min
  ring_size: 4096
END
}

# --- config check -----------------------------------------------------------------------------

check() {
    right
    run config check betex.yaml
    expect_status 0
    expect_err < /dev/null
    expect_out <<< "betex.yaml: fine: 4 keys set, $((keys - 4)) at their defaults"
    wrong
    run config check betex.yaml
    expect_status 64
    expect_out < /dev/null
    expect_err <<'END'
betex.yaml:3:14: engine.ring_size: want a power of two, 4096..4194304, got '30000'
betex.yaml:5:3: wal.max_comit_bytes: there is no such key (is wal.max_commit_bytes meant?)
betex.yaml:6:20: wal.max_segment_age: want off or 1 s..366 d, got '10'
betex.yaml:7:3: wal.max_segment_age: repeated: line 6 has it already
betex.yaml:8:3: wal.ring_size: there is no such key (is engine.ring_size meant?)
END
    file <<'END'
wal:
  max_commit_bytes: 64 MiB
END
    run config check betex.yaml
    expect_status 64
    expect_err <<'END'
betex.yaml:2:21: wal.max_commit_bytes: want at most 16 MiB for engine.ring_size 32768, got '64 MiB'
END
}

check_json() {
    right
    run config check --json betex.yaml
    expect_status 0
    json 'lines == [{"file": "betex.yaml", "fine": True, "keys": '"$keys"', "keys_set": 4, "errors": [], "errors_left_out": 0}]'
    wrong
    run config check betex.yaml --json
    expect_status 64
    expect_err < /dev/null
    json 'len(lines) == 1 and not lines[0]["fine"] and len(lines[0]["errors"]) == 5'
    json 'lines[0]["errors"][0] == {"line": 3, "column": 14, "key": "engine.ring_size", "why": "want a power of two, 4096..4194304, got \x2730000\x27"}'
}

# More mistakes than a screen has lines.
check_many() {
    for i in {1..30}; do echo "key$i: $i"; done | file
    run config check betex.yaml
    expect_status 64
    [ "$(wc -l < "$scratch/err")" -eq 21 ] || fail "$(cat "$scratch/err")"
    [ "$(tail -1 "$scratch/err")" = 'betex.yaml: and 10 errors more' ] || fail "$(cat "$scratch/err")"
}

# Nothing of a file can steer the terminal of who looks at its mistakes.
check_hostile() {
    printf 'log: "\\e[2J"\n"a\\e]0;x\\ab": 5\nexchange:\n  name: "\\e[31m"\n' | file
    run config check betex.yaml
    expect_status 64
    expect_err <<'END'
betex.yaml:1:1: log: there is no such key (betexctl config explain lists all)
betex.yaml:2:1: a?]0;x?b: there is no such key (betexctl config explain lists all)
betex.yaml:4:9: exchange.name: want 1..64 characters of printable ASCII, got '?[31m'
END
    printf 'wal:\n  \e[2J: 5\n' | file
    run config check betex.yaml
    expect_status 64
    expect_err <<< 'betex.yaml:2:3: a control character (first byte 0x1b)'
    head -c 40000 /dev/urandom | file
    run config check betex.yaml
    expect_status 64
    [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "$(cat "$scratch/err")"
}

# What a program makes needs no file.
check_pipe() {
    run config check <(echo 'wal: {stop_bytes: 0}')
    expect_status 0
}

check_unreadable() {
    run config check none.yaml
    expect_status 64
    expect_out < /dev/null
    expect_err <<< 'betexctl: none.yaml: cannot open: No such file or directory'
    run config check .
    expect_status 68
    expect_err <<< 'betexctl: .: cannot read: Is a directory'
}

# --- config show ------------------------------------------------------------------------------

show() {
    right
    run config show betex.yaml
    expect_status 0
    expect_err < /dev/null
    [ "$(wc -l < "$scratch/out")" -eq $((keys + 1)) ] || fail "$(cat "$scratch/out")"
    expect_line 'KEY                                     VALUE                         FROM'
    expect_line 'exchange.name                           Exchange: the first           line 2'
    expect_line 'exchange.currency                       EUR                           default'
    expect_line 'engine.cores                            2,3                           line 4'
    expect_line 'engine.capacities.accounts              5000                          line 5'
    expect_line 'wal.max_segment_age                     10 min                        line 7'
    expect_line 'snapshot.interval                       1 min                         default'
}

show_json() {
    right
    run config show --json betex.yaml
    expect_status 0
    json "len(lines) == $keys"
    json 'lines[0] == {"key": "exchange.name", "value": "Exchange: the first", "from": "file", "line": 2}'
    json 'lines[1] == {"key": "exchange.currency", "value": "EUR", "from": "default"}'
}

show_wrong() {
    wrong
    run config show betex.yaml
    expect_status 64
    expect_out < /dev/null
    [ "$(wc -l < "$scratch/err")" -eq 5 ] || fail "$(cat "$scratch/err")"
    run config show none.yaml
    expect_status 64
    expect_err <<< 'betexctl: none.yaml: cannot open: No such file or directory'
}

# --- config explain ---------------------------------------------------------------------------

explain() {
    run config explain engine.ring_size
    expect_status 0
    expect_out <<'END'
engine.ring_size
  The event ring, in events of 512 bytes.
  type     number
  range    a power of two, 4096..4194304
  default  32768
  changes  at the next start
END
    run config explain admin.groups
    expect_status 0
    [ "$(grep -c '^admin.groups' "$scratch/out")" -eq 2 ] || fail "$(cat "$scratch/out")"
    run config explain wal.min_segment_age
    expect_line '  type     duration, in ns, us, ms, s, min, h, d'
    run config explain
    expect_status 0
    [ "$(grep -c '^  default ' "$scratch/out")" -eq "$keys" ] || fail "$(cat "$scratch/out")"
    awk 'length > 80 { print "too wide: " $0; wide = 1 } END { exit wide }' "$scratch/out" ||
        fail "wider than a terminal"
}

explain_json() {
    run config explain --json
    expect_status 0
    json "len(lines) == $keys"
    run config explain --json engine.ring_size
    json 'lines == [{"key": "engine.ring_size", "type": "number", "units": "", "range": "a power of two, 4096..4194304", "minimum": 4096, "maximum": 4194304, "default": "32768", "reloadable": False, "help": "The event ring, in events of 512 bytes."}]'
}

explain_unknown() {
    run config explain wal.max_comit_bytes
    expect_status 2
    expect_err <<< "betexctl: 'wal.max_comit_bytes': there is no such key (is wal.max_commit_bytes meant?)"
    run config explain quorum
    expect_status 2
    expect_err <<< "betexctl: 'quorum': there is no such key (betexctl config explain lists all)"
    run config explain wa
    expect_status 2
    run config explain ''
    expect_status 2
}

# --- What is kept in the tree -----------------------------------------------------------------

# The example in the tree is what the table says, and is right.
example() {
    run config example
    expect_status 0
    expect_out < "$EXAMPLE"
    awk 'length > 86 { print "too wide: " $0; wide = 1 } END { exit wide }' "$scratch/out" ||
        fail "wider than a terminal"
    run config check "$top/$EXAMPLE"
    expect_status 0
    expect_out <<< "$top/$EXAMPLE: fine: $keys keys set, 0 at their defaults"
}

readme() {
    grep '^|' "$README" > "$scratch/table"
    run config explain --markdown
    expect_status 0
    expect_out < "$scratch/table"
}

# --- The program ------------------------------------------------------------------------------

help() {
    local verb
    run --help
    expect_status 0
    expect_err < /dev/null
    grep -q '^Examples:' "$scratch/out" || fail "no examples"
    cp "$scratch/out" "$scratch/all"
    for verb in 'config check' 'config example' 'config explain' 'config show'; do
        grep -q "^  $verb " "$scratch/all" || fail "--help does not name $verb"
        # shellcheck disable=SC2086
        run $verb --help
        expect_status 0
        grep -q "^Usage: betexctl $verb " "$scratch/out" || fail "$verb: $(cat "$scratch/out")"
        grep -q '^Examples\?:' "$scratch/out" || fail "$verb: no example"
        cat "$scratch/out" >> "$scratch/all"
    done
    awk 'length > 80 { print "too wide: " $0; wide = 1 } END { exit wide }' "$scratch/all" ||
        fail "wider than a terminal"
    run config --help
    expect_status 0
    [ "$(grep -c '^  config ' "$scratch/out")" -eq 4 ] || fail "$(cat "$scratch/out")"
    run --version
    expect_status 0
    grep -qxE 'betexctl [0-9]+\.[0-9]+\.[0-9]+' "$scratch/out" || fail "$(cat "$scratch/out")"
}

# refuses SENTENCE ARGUMENT...: status 2 and exactly this sentence.
refuses() {
    local sentence=$1
    shift
    run "$@"
    expect_status 2
    expect_out < /dev/null
    expect_err <<< "betexctl: $sentence"
}

usage() {
    local all='betexctl config check <file>; betexctl config example; betexctl config explain [key]; betexctl config show <file>'
    refuses 'want betexctl VERB... (see --help)'
    refuses "'look': not a verb (see --help)" look
    refuses "'--json': not a verb (see --help)" --json
    refuses "config: want more: $all" config
    refuses "'chek': not a verb of config: want $all" config chek betex.yaml
    refuses "'nothing': not a verb (see --help)" nothing --help
    refuses 'want betexctl config check <file>' config check
    refuses 'want betexctl config check <file>' config check a b
    refuses 'want betexctl config explain [key]' config explain a b
    refuses 'want betexctl config example' config example a
    refuses '--markdown: not an option of this command (its --help has them)' config check --markdown a
    refuses '--json: takes no value' config check --json=1 a
}

# Colour for a person at a terminal who wants it, and for nobody else.
colour() {
    local escape=$'\033'
    script -qec true /dev/null < /dev/null > /dev/null 2>&1 ||
        { echo "SKIPPED: script(1) can make no terminal here (is /dev/pts mounted?)"; exit $SKIPPED; }
    right
    script -qec "'$CTL' config check '$scratch/betex.yaml'" /dev/null < /dev/null > "$scratch/out"
    grep -qF "$escape[32mfine" "$scratch/out" || fail "no colour: $(cat "$scratch/out")"
    NO_COLOR=1 script -qec "'$CTL' config check '$scratch/betex.yaml'" /dev/null < /dev/null > "$scratch/out"
    grep -qF "$escape" "$scratch/out" && fail "colour in spite of NO_COLOR"
    run config check betex.yaml
    grep -qF "$escape" "$scratch/out" && fail "colour in a file"
    true
}

output_full() {
    "$CTL" config explain > /dev/full 2> "$scratch/err"
    status=$?
    expect_status 67
    expect_err <<< 'betexctl: standard output: cannot write: No space left on device'
    "$CTL" config example >&- 2> "$scratch/err"
    status=$?
    expect_status 68
    { "$CTL" config explain; echo $? > "$scratch/status"; } 2> "$scratch/err" | true
    expect_err < /dev/null
}

if [ $# -ne 1 ] || [ "$(type -t "$1")" != function ]; then
    echo "Usage: $(basename "$0") CASE"
    exit 2
fi
"$1"
echo "$1: ok"
