#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# admin_test.sh - betexctl, betex-admin and an engine (the test double) as operators have them.  Each
# case is a function and a test:
#
#     BTX_BIN=build/release/bin FAKE_ENGINE=build/release/tests/fake-engine admin_test.sh CASE
set -u
# shellcheck source=tests/system/admin/services.sh
. "$(dirname "$0")/services.sh"

# --- Changing ---------------------------------------------------------------------------------

change() {
    all
    expect 0 account open 1001
    out 'AccountOpened, seq 1'
    out '  account 1001'
    expect 0 account deposit 1001 250.5 transfer=1
    out '  account 1001, amount 250.5, balance 250.5, transfer 1'
    expect 0 market open 7 odds runners=1,2 winners=1 min-size=2 commission=0 --json
    json 'lines[0]["ev"] == "MarketOpened" and lines[0]["market"] == 7'
    expect 0 market describe 7 '{"name": "a, \"b\": c"}'
    out '  market 7, text "{\"name\": \"a, \\\"b\\\": c\"}"'
    expect 0 market settle 7 2
    out 'MarketSettled, seq 6'
}

change_refused() {
    all
    expect 1 market suspend 7
    err 'betexctl: refused: there is no such market (UNKNOWN_MARKET)'
    expect 1 market suspend 7 --json
    json 'lines[0]["ev"] == "CommandRejected" and lines[0]["reason"] == "UNKNOWN_MARKET"'
    expect 2 market suspend seven
    err "betexctl: market: want an integer from 0 to 18446744073709551615, got 'seven'"
    expect 2 account deposit 1001 5 stake=3
    err "betexctl: 'stake': Deposit has no such field"
    expect 2 market suspend
    expect 2 market suspend 7 8
    expect 2 market suspend 7 --long
}

# The log says who it was, and what was asked, before each command.
change_noted() {
    all
    expect 0 account open 1001
    "$BIN/betex-wal" dump --notes "$scratch/wal" | grep -q '"who":"'"$(id -un)"'","what":"account open 1001 --socket' ||
        fail "$("$BIN/betex-wal" dump --notes "$scratch/wal")"
}

# --- Looking ----------------------------------------------------------------------------------

look() {
    all
    story
    expect 0 market ls
    out '     7  ODDS  OPEN    no             3       2        0.05        1'
    expect 0 market ls --json
    json 'lines == [{"market": 7, "kind": "ODDS", "status": "OPEN", "in_play": False, "version": 1, "runners": 3, "winners": 1, "live_orders": 2, "min_size": 2, "commission": 0.05, "bet_delay": 0, "name": None}]'
    expect 0 market describe 7 '{"name": "Final"}'
    expect 0 market ls --json
    json 'lines[0]["name"] == "Final"'
    expect 0 market show 7
    out '     2  10 @ 2.5  -  -  10 @ 2  -  -'
    expect 0 market show 7 --json
    json 'lines[0]["books"][1] == {"runner": 2, "removed": False, "BACK": [{"price": 2.5, "size": 10}], "LAY": [{"price": 2, "size": 10}]}'
    expect 0 account show 1001
    out '  available  240.5 EUR'
    expect 0 account show 1001 --json
    json 'lines[0]["available"] == 240.5 and lines[0]["positions"][0]["win"] == -10'
    expect 0 order show 1
    out '  remaining    10'
    expect 0 order show 2 --json
    json 'lines[0]["side"] == "LAY" and lines[0]["price"] == 2'
    expect 1 order show 9
    err 'betexctl: there is no live order 9'
    expect 1 account show 9
    expect 1 market show 9
    expect 2 market show x
}

status() {
    all
    expect 0 status
    grep -q '^  engine    serving' "$scratch/out" || fail "$(cat "$scratch/out")"
    awk 'length > 80 { wide = 1 } END { exit wide || NR != 23 }' "$scratch/out" || fail 'not 80x23'
    expect 0 status --json
    json 'len(lines) == 1'
    expect 0 metrics
    grep -q '^betex_info' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 0 drain
    expect 0 status
    grep -q 'draining' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 1 audit status
}

# betex-admin tells of itself too, and what the kernel says of the lock.
own_status() {
    all
    expect 0 account open 1001
    expect 0 status --json
    json 'lines[0]["figures"]["lock_kernel"] == "agrees"'
    json 'lines[0]["figures"]["lock_kernel_pid"] == '"$engine_pid"
    json 'lines[0]["figures"]["admin_commands"] == 1'
    json 'lines[0]["figures"]["admin_sessions"] == 1'
    json 'lines[0]["figures"]["admin_overruns"] == 0'
    json 'lines[0]["figures"]["admin_seq"] == 1'
    json 'lines[0]["parts"]["admin"]["pid"] == '"$admin_pid"
    stop "$engine_pid"
    engine_pid=''
    expect 0 status --json
    json 'lines[0]["figures"]["lock_kernel"] == "free"'
    rm -r "$scratch/wal" # Of what is not there nothing is known.
    expect 0 status --json
    json 'lines[0]["figures"]["lock_kernel"] is None'
}

log() {
    all
    story
    expect 0 wal segments --json
    json 'lines[0]["last_seq"] == 5'
    expect 0 wal rotate
    grep -q '^noted for ' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 0 account open 1002
    expect 0 wal segments --json
    json 'len(lines) == 2'
    expect 0 wal lock
    grep -q 'HELD NOW' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 0 wal verify
    grep -q '^executed    6 commands gave the same 6 events' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 0 wal sizing --rate 20000
    expect 0 snapshot ls
    out 'no snapshots'
}

tail_of_events() {
    all
    story
    "$BIN/betexctl" events tail --from 2 --socket "$scratch/admin.sock" > "$scratch/tail" &
    local tail_pid=$!
    until_so grep -q '"seq":5,' "$scratch/tail"
    expect 0 account open 1002
    until_so grep -q '"seq":6,' "$scratch/tail"
    stop $tail_pid
    head -1 "$scratch/tail" | grep -q '^{"seq":2,' || fail "$(cat "$scratch/tail")"
    [ "$(wc -l < "$scratch/tail")" -eq 5 ] || fail "$(cat "$scratch/tail")"
}

# --- Roles ------------------------------------------------------------------------------------

# as GROUP ARGUMENT...: betexctl as nobody, with a supplementary group.
as() {
    local group=$1
    shift
    setpriv --reuid=65534 --regid=65534 --groups="$group" "$scratch/betexctl" "$@" \
        --socket "$scratch/admin.sock" > "$scratch/out" 2> "$scratch/err"
    status=$?
}

roles() {
    [ "$(id -u)" -eq 0 ] || { echo 'needs root, to be others'; exit $SKIPPED; }
    chmod 755 "$scratch"
    cp "$BIN/betexctl" "$scratch/betexctl"
    all
    as 65534 status
    [ "$status" -eq 1 ] || fail "a stranger: $status"
    err 'betexctl: status: want the role view, which members of the group daemon have'
    as "$(getent group daemon | cut -d: -f3)" status
    [ "$status" -eq 0 ] || fail "one who may look: $status: $(cat "$scratch/err")"
    as "$(getent group daemon | cut -d: -f3)" account open 1001
    [ "$status" -eq 1 ] || fail "one who may only look changes: $status"
    err 'betexctl: account open <account>: want the role operator, which members of the group bin have'
    as "$(getent group bin | cut -d: -f3)" account open 1001
    [ "$status" -eq 0 ] || fail "an operator: $status: $(cat "$scratch/err")"
}

# --- In the sandbox ---------------------------------------------------------------------------

# Both processes have no capabilities, cannot get any, and have few system calls; and all verbs do
# what they do, with the engine that ships.
notified() {
    admin # Writes the configuration; the one that is looked at comes after it.
    stop "$admin_pid"
    admin_pid=
    # shellcheck disable=SC2086
    "$(dirname "$0")/../services/notified.py" "$BIN/betex-admin" --config "$scratch/betex.yaml" \
        --wal "$scratch/wal" ${BETEXD_OPTIONS:-} 2> "$scratch/admin.log" || fail 'not as it should'
}

sandboxed() {
    if [ -n "${BETEXD_OPTIONS:-}" ]; then
        echo "skipped: this build runs without a sandbox ($BETEXD_OPTIONS)"
        exit $SKIPPED
    fi
    admin
    core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
    sed -i "s/  hugepages: off/&\n  cores: $core/" "$scratch/betex.yaml"
    real_engine
    until_so "$BIN/betexctl" market ls --socket "$scratch/admin.sock"
    for task in /proc/"$admin_pid"/task/* /proc/"$(launcher)"/task/*; do
        for line in 'NoNewPrivs:.1' 'Seccomp:.2' 'CapEff:.0000000000000000'; do
            grep -q "^$line$" "$task/status" || fail "no '$line': $(cat "$task/status")"
        done
    done
    [ "$(grep -c landlock "$scratch/admin.log")" -eq 2 ] || fail 'the log says nothing of landlock'
    story
    expect 0 account withdraw 1001 50.5
    expect 0 account freeze 1001
    expect 0 account unfreeze 1001
    expect 0 account show 1001
    expect 0 market describe 7 'a market'
    expect 0 market suspend 7
    expect 0 market resume 7
    expect 0 market show 7
    expect 0 order place 1001 7 back 3 2 runner=1
    expect 0 order show 3
    expect 0 order cancel 1001 3
    expect 0 order place 1001 7 back 3 2 runner=1
    expect 0 orders cancel market=7
    expect 0 market in-play 7
    expect 0 market settle 7 2
    expect 0 market forget 7
    expect 0 status
    expect 0 status --json
    json 'all(lines[0]["parts"][part]["core"] == '"$core"' for part in ("main", "matcher", "poller", "descriptors", "segments"))'
    json 'lines[0]["figures"]["lock_kernel"] == "agrees" and lines[0]["figures"]["lock"] == "held"'
    expect 0 metrics
    expect 0 wal status
    expect 0 wal lock
    grep -q 'HELD NOW' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 0 wal segments --json
    json 'len(lines) == 1'
    expect 0 wal segments --long
    expect 0 wal sizing --rate 20000
    expect 0 wal verify
    grep -q '^verdict ' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 0 wal rotate
    expect 0 snapshot ls
    expect 0 snapshot now
    expect 1 audit status # Nobody audits here.
    "$BIN/betexctl" events tail --from 1 --socket "$scratch/admin.sock" > "$scratch/tail" &
    until_so grep -q MarketForgotten "$scratch/tail"
    kill $!
    expect 0 drain
    expect 0 shutdown
    wait "$engine_pid" || fail "the engine ended with $?"
    engine_pid=''
    stop "$admin_pid" || fail "betex-admin ended with $?"
    admin_pid=''
}

no_sandbox() {
    BETEXD_OPTIONS=--no-sandbox admin
    grep -q '^Seccomp:.0$' "/proc/$admin_pid/status" "/proc/$(launcher)/status" || fail 'in a sandbox'
    grep -q 'warning: without a sandbox, as the command line says' "$scratch/admin.log" ||
        fail 'the log is not warned'
    expect 68 market ls
}

# What runs betex-wal and betex-admin live and end together.
launcher_gone() {
    local launcher
    engine
    admin
    launcher=$(launcher)
    kill -TERM "$launcher" # Meant for betex-admin, and left to it.
    until_so "$BIN/betexctl" wal verify --socket "$scratch/admin.sock"
    kill -KILL "$launcher"
    wait "$admin_pid"
    status=$?
    [ "$status" -eq 70 ] || fail "betex-admin ended with $status"
    grep -q 'the launcher of betex-wal is gone' "$scratch/admin.log" || fail 'not said why'
    admin
    launcher=$(launcher)
    kill -KILL "$admin_pid"
    wait "$admin_pid" 2> /dev/null
    admin_pid=''
    until_so test ! -e "/proc/$launcher"
}

# --- What goes wrong --------------------------------------------------------------------------

nobody_there() {
    expect 68 status
    err "betexctl: $scratch/admin.sock: nobody answers (is betex-admin up?): No such file or directory"
    admin
    expect 0 status
    grep -q '^! engine    NOT RUNNING' "$scratch/out" || fail "$(cat "$scratch/out")"
    expect 68 market ls
    expect 68 account open 1001
    engine
    until_so "$BIN/betexctl" market ls --socket "$scratch/admin.sock"
    expect 0 account open 1001
}

# The engine comes and goes, betex-admin stays, and nothing is forgotten.
restart() {
    all
    story
    expect 0 shutdown
    wait "$engine_pid"
    until_so grep -q 'engine lost' "$scratch/admin.log"
    expect 68 market ls
    engine
    until_so "$BIN/betexctl" market ls --socket "$scratch/admin.sock"
    expect 0 order show 2
    expect 0 account open 1002
    kill -9 "$engine_pid"
    wait "$engine_pid" 2> /dev/null
    engine
    until_so "$BIN/betexctl" account show 1002 --socket "$scratch/admin.sock"
    expect 0 account open 1003
    stop "$admin_pid" || fail "betex-admin ended with $?"
    admin_pid=''
    [ ! -e "$scratch/admin.sock" ] || fail 'the socket is left'
}

# An engine that dies with a command in its ring: nobody knows what has become of it.
lost_answer() {
    all
    kill -STOP "$engine_pid"
    python3 - "$scratch/admin.sock" > "$scratch/out" <<'END' &
import socket, struct, sys

client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
body = struct.pack("<4H", 1, 0, 0, 3) + b"account\0open\0" + b"1001\0"
client.sendall(struct.pack("<IB3x", len(body), 1) + body)
print("sent", flush=True)
answer = b""
while got := client.recv(4096):
    answer += got
assert b"the engine is gone: whether it was done, only the log tells" in answer, answer
assert answer.endswith(struct.pack("<IB3xB", 1, 4, 68)), answer
END
    local asking=$!
    until_so grep -q sent "$scratch/out"
    expect 0 status # Comes behind it, so that it has been handed in.
    kill -9 "$engine_pid"
    wait "$engine_pid" 2> /dev/null
    engine_pid=''
    wait "$asking" || fail 'not told what nobody knows'
}

second_admin() {
    all
    # shellcheck disable=SC2086
    "$BIN/betex-admin" --config "$scratch/betex.yaml" --wal "$scratch/wal" ${BETEXD_OPTIONS:-} \
        2> "$scratch/err"
    [ $? -eq 65 ] || fail "$(cat "$scratch/err")"
    expect 0 status
    kill -9 "$admin_pid"
    wait "$admin_pid" 2> /dev/null
    admin # What a dead one left at the path is no hindrance.
    expect 0 status
}

# Whatever clients send or do not read, others are answered.
hostile() {
    all
    story
    python3 - "$scratch/admin.sock" <<'END' || fail 'a hostile client got through'
import random, socket, struct, sys

path = sys.argv[1]

def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client

def request(*arguments, version=1):
    body = struct.pack("<4H", version, 0, 80, len(arguments))
    body += b"".join(argument + b"\0" for argument in arguments)
    return struct.pack("<IB3x", len(body), 1) + body

def answer(client):
    bytes = b""
    while True:
        got = client.recv(65536)
        if not got:
            return bytes
        bytes += got

# What is no request is not answered, what is a wrong one is told so.
for header in (b"GET / HT", struct.pack("<IB3x", 16 * 1024 + 1, 1), struct.pack("<IB3x", 0, 1),
               struct.pack("<IB3x", 5, 2), struct.pack("<I4B", 20, 1, 0, 0, 1),
               struct.pack("<IB3x", 0xffffffff, 1)):
    client = connect()
    client.sendall(header)
    assert answer(client) == b"", header
for wrong in (request(b"status", version=9), request(), request(b"no", b"such"), request(b"config")):
    client = connect()
    client.sendall(wrong)
    assert answer(client).endswith(struct.pack("<IB3xB", 1, 4, 2)), wrong
random.seed(1)
for _ in range(300):
    client = connect()
    body = bytearray(request(b"market", b"show", b"7"))
    for _ in range(random.randrange(1, 5)):
        body[random.randrange(8, len(body))] = random.randrange(256)
    try:
        client.sendall(body[:random.randrange(1, len(body) + 1)])
    except OSError:
        pass  # One too many at once was closed.
    client.close()

# A client that goes in the middle of an answer, and one that never asks, and never reads.
silent = [connect() for _ in range(8)]
for _ in range(4):
    client = connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    silent.append(client)
    try:
        client.sendall(request(b"events", b"tail", b"--from", b"1"))
    except OSError:
        pass
client = connect()
try:
    client.sendall(request(b"wal", b"verify"))
except OSError:
    pass
client.close()

def balance_is_shown():
    try:
        client = connect()
        client.sendall(request(b"account", b"show", b"1001"))
        return b"240.5" in answer(client)
    except OSError:
        return False  # Some of those who have gone are still counted.

while not balance_is_shown():
    pass

# More than there is room for: the rest is closed at once, and room comes back.
many = [connect() for _ in range(40)]
for client in many + silent:
    client.close()
END
    until_so "$BIN/betexctl" account show 1001 --socket "$scratch/admin.sock"
    expect 0 account open 1002
}

# --- The prompt, as its user sees it, on a screen of its own ------------------------------------

screen() { tmux -S "$scratch/tmux" capture-pane -p; }
shows() { screen | grep -q -- "$1"; }
type_in() { tmux -S "$scratch/tmux" send-keys "$@"; }
open_prompt() {
    command -v tmux > /dev/null || { echo 'needs tmux'; exit $SKIPPED; }
    echo leak:wcsdup > "$scratch/leaks" # Libedit never gives back the names of its functions.
    export LSAN_OPTIONS=suppressions=$scratch/leaks:print_suppressions=0
    tmux -S "$scratch/tmux" -f /dev/null new-session -d -x 80 -y 24 \
        "$BIN/betexctl; echo \"ended \$?.\"; exec cat"
    until_so shows '^betex>'
}

prompt() {
    all
    story
    open_prompt
    type_in 'mark' Tab 'sh' Tab "7 --socket $scratch/admin.sock" Enter
    until_so shows '10 @ 2.5'
    shows '^betex> market show 7' || fail "$(screen)"
    type_in 'wal s' Tab
    until_so shows '^status  segments  sizing'
    type_in C-u 'nonsense' Enter
    until_so shows "betexctl: 'nonsense': not a verb"
    type_in "market describe 7 'half" Enter
    until_so shows 'betexctl: a quote is not closed'
    type_in C-u 'exit' Enter
    until_so shows '^ended 0.'
}

prompt_history() {
    open_prompt
    type_in 'config explain wal.stop_bytes' Enter
    until_so shows 'With less free space nothing is taken'
    type_in 'nonsense' Enter
    until_so shows "betexctl: 'nonsense': not a verb"
    type_in Up Up
    until_so shows '^betex> config explain wal.stop_bytes$'
    type_in Down
    until_so shows '^betex> nonsense$'
    type_in C-u C-r 'stop'
    until_so shows '^bck:stop'
    type_in Enter
    until_so eval '[ "$(screen | grep -c "With less free space nothing is taken")" -eq 2 ]'
    type_in C-d
    until_so shows '^ended 0.'
}

# Ctrl-C ends what goes on, and not the prompt.
prompt_interrupted() {
    all
    story
    open_prompt
    type_in 'wal sta' C-c
    until_so shows '^betex>$'
    type_in "events tail --from 1 --socket $scratch/admin.sock" Enter
    until_so shows '"seq":5,'
    type_in C-c
    until_so shows 'betexctl: interrupted$'
    type_in "status --watch --socket $scratch/admin.sock" Enter
    until_so shows '^  engine    serving'
    type_in C-c
    until_so shows '^betex>$'
    type_in "console --socket $scratch/admin.sock" Enter
    until_so shows '^.1 dashboard. '
    type_in C-c
    until_so shows '^betex>$'
    type_in "account show 1001 --socket $scratch/admin.sock" Enter
    until_so shows 'available  240.5 EUR'
}

[ $# -eq 1 ] || fail "usage: admin_test.sh CASE"
"$1"
