#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# console_test.sh - betexctl console as its user sees it: on a screen of its own, in tmux.  Each case
# is a function and a test:
#
#     BTX_BIN=build/release/bin FAKE_ENGINE=build/release/tests/fake-engine console_test.sh CASE
set -u
# shellcheck source=tests/system/admin/services.sh
. "$(dirname "$0")/../admin/services.sh"

command -v tmux > /dev/null || { echo 'needs tmux'; exit $SKIPPED; }
windows=0
echo leak:new_prescr > "$scratch/leaks" # Ncurses loses some bytes where a terminal is not known.
export LSAN_OPTIONS=suppressions=$scratch/leaks:print_suppressions=0

# on COLUMNS ROWS COMMAND: a terminal in which it runs; what it left is seen until it is closed.
on() {
    windows=$((windows + 1))
    window=$scratch/tmux$windows # One that ends does so in its own time.
    tmux -S "$window" -f /dev/null new-session -d -x "$1" -y "$2" "$3; echo \"ended \$?.\"; exec cat"
}
# console [TERM [VARIABLE=VALUE]]: on a screen of 80x24, until there are figures.
console() {
    on 80 24 "env TERM=${1:-xterm-256color} ${2:-} $BIN/betexctl console --socket $scratch/admin.sock"
    until_so shows ' old'
}
close() { tmux -S "$window" kill-server; }
screen() { tmux -S "$window" capture-pane -p "$@"; }
shows() { screen | grep -q -- "$1"; }
shows_not() { ! shows "$1"; }
# Messages about what went well pass by: no case waits for one.
press() { tmux -S "$window" send-keys "$@"; }
# want PATTERN: it is there, or comes when all is drawn: a screen may be seen half drawn.
want() {
    local deadline=$((SECONDS + 120))
    until shows "$1"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "no '$1' on: $(screen)"
        sleep 0.02
    done
}
notes() { "$BIN/betex-wal" dump --notes "$scratch/wal"; }

look() {
    all
    story
    console
    want '^\[1 dashboard\]  2 log '
    want '^  engine    serving, up '
    [ "$(screen | wc -l)" -eq 24 ] || fail 'not 24 rows'
    press '?'
    until_so shows 'somebody must act'
    press x # Any key goes back, and does nothing else.
    until_so shows '^\[1 dashboard'
    press F4
    until_so shows 'VERIFY: not asked for'
    want '^ 1 dashboard   2 log   3 markets  \[4 audit\]  5 account   ? help   q quit'
    press v
    until_so shows 'Verify the whole log?'
    press y
    until_so shows 'VERIFY: the log is right'
    want 'executed *5 commands gave the same 5 events'
}

log() {
    all
    story
    console
    press 2
    until_so shows 'held; kernel and record agree'
    until_so shows 'unsealed'
    press r
    until_so shows 'Rotate the log?'
    press n
    until_so shows_not 'Rotate the log?'
    press r y
    until_so eval 'notes | grep -q "\"what\":\"wal rotate\""'
    expect 0 account open 1002 # So that there is something to rotate before.
    until_so shows '^>  *2  *6-6 '
    want '^   *1  *1-5 '
}

markets() {
    all
    story
    expect 0 market describe 7 '{"name":"Cup Ø final","runners":{"2":"Rovers"}}'
    console
    press 3
    until_so shows '^>  *7  Cup ? final .* ODDS  *OPEN  *2$'
    press Enter
    until_so shows '^  2 Rovers  *2.5  *2$'
    press Down
    until_so shows '^> 2 Rovers'
    want '^  1 .* 10  *2.5 |  *2  *10$' # The book stands beside the list.
    press s y
    until_so shows 'ODDS, SUSPENDED, version 2'
    press s y
    until_so shows 'market suspend 7: refused: it is so already (NO_CHANGE)'
    press Escape
    until_so shows '^>  *7  Cup ? final .* SUSPENDED '
}

# What cannot be taken back wants to be typed, and the log says who did it.
change() {
    all
    story
    console
    press 3 g 7 Enter
    until_so shows 'market 7'
    press t
    until_so shows 'Settle market 7?'
    press 2 Enter
    until_so shows 'Settle market 7: 2?'
    press y Enter
    until_so shows_not 'type 7 and Enter'
    expect 0 market ls
    out '     7  ODDS  OPEN    no             3       2        0.05        1'
    press t 2 Enter 7 Enter
    until_so shows 'ODDS, CLOSED'
    notes | grep -q '"who":"'"$(id -un)"'","what":"market settle 7 2"' || fail "$(notes)"
}

account() {
    all
    story
    console
    press 5 g
    until_so shows 'Open an account?'
    press 1001 Enter
    until_so shows '^  balance  *250.5$'
    want '^  available  *240.5$'
    press f
    until_so shows 'Freeze account 1001?'
    press 1001 Enter
    until_so shows '^  account 1001  *FROZEN'
    want '^  available  *250.5$'
    press u y
    until_so shows 'account unfreeze 1001: AccountUnfrozen'
    until_so shows_not FROZEN
}

# betex-admin goes and comes, the engine goes: it is said, with what is old marked, and tried on.
away() {
    on 80 24 "env TERM=xterm-256color $BIN/betexctl console --socket $scratch/admin.sock"
    until_so shows 'nobody answers'
    want 'NOTHING IS KNOWN YET'
    all
    story
    until_so shows '^  engine    serving'
    stop "$admin_pid"
    admin_pid=''
    until_so shows 'NOT KNOWN NOW'
    want '^! .*admin.sock: nobody answers'
    want '^! what stands below is .* old'
    want '^? engine    serving'
    press 3
    until_so shows 'asking on'
    admin
    until_so shows '^>  *7 '
    until_so shows_not 'nobody answers'
    kill -9 "$engine_pid"
    wait "$engine_pid" 2> /dev/null
    engine_pid=''
    until_so shows '^?  *7 '
    want '^! this is .* old: '
    press 1
    until_so shows '^! engine    NOT RUNNING'
    press 2
    until_so shows 'NOT HELD'
    engine
    until_so shows 'held; kernel and record agree'
}

# It leaves the terminal as it was, whatever ends it.
leave() {
    all
    local way
    for way in q C-c TERM HUP; do
        on 80 24 "stty -g; sh -c 'echo \$\$ > $scratch/pid; exec $BIN/betexctl console --socket \
            $scratch/admin.sock'; echo \"ended \$?.\"; stty -g"
        until_so shows ' old'
        case $way in
        TERM | HUP) kill "-$way" "$(cat "$scratch/pid")" ;;
        *) press "$way" ;;
        esac
        until_so shows 'ended 0.'
        until_so eval '[ "$(screen | grep -c "^[0-9a-f]*:[0-9a-f:]*")" -ge 2 ]'
        [ "$(screen -J | grep '^[0-9a-f]*:[0-9a-f:]*' | sort -u | wc -l)" -eq 1 ] ||
            fail "$way: the terminal is another one: $(screen)"
        shows_not dashboard || fail "$way: figures stay: $(screen)"
        close
    done
    # A terminal that has no second screen.
    console vt100
    press q
    until_so shows 'ended 0.'
    shows_not dashboard || fail "figures stay: $(screen)"
}

# What is no terminal for it is refused in words.
terminals() {
    "$BIN/betexctl" console < /dev/null > "$scratch/out" 2> "$scratch/err"
    [ $? -eq 2 ] || fail "no terminal: $(cat "$scratch/err")"
    err 'betexctl: console: this is no terminal (on a command line: betexctl status)'
    on 80 24 "TERM=nonsense $BIN/betexctl console"
    until_so shows 'ended 2.'
    screen -J | grep -q "the terminal 'nonsense' is not known here (TERM=vt220 or" || fail "$(screen)"
    close
    on 80 24 "TERM=dumb $BIN/betexctl console"
    until_so shows 'ended 2.'
    screen -J | grep -q "the terminal 'dumb' cannot place its cursor" || fail "$(screen)"
    close
    on 80 24 "env -u TERM $BIN/betexctl console"
    until_so shows 'ended 2.'
    shows 'TERM is not set' || fail "$(screen)"
    close
    all
    local name
    for name in vt100 vt220 linux xterm screen; do
        console $name
        want '^  engine    serving'
        press 3
        until_so shows 'there are no markets'
        close
    done
}

# The same cells with and without a locale; colours where there are any and nobody minds them.
colours() {
    all
    console xterm-256color LC_ALL=C.UTF-8
    press '?'
    until_so shows 'somebody must act'
    screen | sed 1d > "$scratch/utf8"
    close
    console xterm-256color LC_ALL=C
    press '?'
    until_so shows 'somebody must act'
    screen | sed 1d | diff "$scratch/utf8" - > "$scratch/diff" || fail "$(cat "$scratch/diff")"
    press 1
    until_so shows '^\*'
    screen -e | grep -q $'\e\\[[0-9;]*3[0-7]m' || fail "no colours: $(screen -e)"
    close
    for way in 'vt100' 'xterm-256color NO_COLOR=1'; do
        # shellcheck disable=SC2086
        console $way
        until_so shows '^\*'
        screen -e | grep -q $'\e\\[[0-9;]*[34][0-7]m' && fail "$way: colours: $(screen -e)"
        screen -e | grep -q $'\e\\[[0-9;]*7m' || fail "$way: nothing stands out: $(screen -e)"
        close
    done
}

# A terminal grows and shrinks under it.
sizes() {
    all
    console
    tmux -S "$window" resize-window -x 60 -y 12
    until_so shows '^60x12 is too small$'
    want '^want 80x24$'
    tmux -S "$window" resize-window -x 132 -y 43
    until_so shows '  CAPACITY  '
    want '^  engine  .*'
    want '^\[1 dashboard\]'
    tmux -S "$window" resize-window -x 80 -y 24
    until_so shows_not 'CAPACITY  '
    until_so shows '^  engine    serving'
}

# A minute of figures is far less than a minute of screens: a serial line can follow.
only_what_changed() {
    all
    console vt220
    local sent=$scratch/sent clock
    tmux -S "$window" pipe-pane "cat > $sent"
    for _ in 1 2 3 4 5; do
        clock=$(screen | head -1)
        until_so eval '[ "$(screen | head -1)" != "$clock" ]'
    done
    [ -s "$sent" ] || fail 'nothing was sent'
    [ "$(wc -c < "$sent")" -lt 1920 ] || fail "$(wc -c < "$sent") bytes, more than a screen"
    press C-l # What is on the screen may be anything: all of it, once.
    until_so eval '[ "$(wc -c < "$sent")" -gt 1000 ]'
}

# Who may only look is told so.
roles() {
    [ "$(id -u)" -eq 0 ] || { echo 'needs root, to be others'; exit $SKIPPED; }
    chmod 755 "$scratch"
    cp "$BIN/betexctl" "$scratch/betexctl"
    all
    on 80 24 "TERM=xterm setpriv --reuid=65534 --regid=65534 --groups=$(getent group daemon | cut -d: -f3) \
        $scratch/betexctl console --socket $scratch/admin.sock"
    until_so shows ' nobody '
    press 2 r
    until_so shows 'this wants the role operator; nobody has view'
    press 1
    until_so shows '^  engine    serving'
}

# What the engine refuses, and what nobody knows.
refused() {
    all
    console
    press 3 g 9 Enter
    until_so shows '^! there is no market 9'
    press s y
    until_so shows 'market suspend 9: refused: there is no such market (UNKNOWN_MARKET)'
    press g
    press g x Enter
    press Escape
    until_so shows 'there are no markets'
}

# With the engine itself, and its auditor beside it.
betexd() {
    local account
    {
        engine_yaml "$scratch"
        printf '  min_segment_age: 0\n'
        services_yaml "$scratch"
    } > "$scratch/betex.yaml"
    real_engine
    start_admin
    until_so "$BIN/betexctl" market ls --socket "$scratch/admin.sock"
    story
    console
    until_so shows '^  commits '
    press 2
    until_so shows 'held; kernel and record agree on process '"$engine_pid"
    press r y
    until_so eval 'notes | grep -q "\"what\":\"wal rotate\""'
    expect 0 account open 1002
    until_so shows '^>  *2 '
    account=1003
    until shows '^   *1  *1-5 .* [0-9a-f]\{8\}$'; do # The seal comes with a commit behind it.
        expect 0 account open $account
        account=$((account + 1))
        sleep 0.5
    done
    until_so shows '^  rotation .* ago in '
    press 1 x
    until_so shows 'End the engine?'
    press s h u t d o w n Enter
    until_so shows '^! engine    NOT RUNNING'
    wait "$engine_pid" || fail "the engine ended with $?"
    engine_pid=''
}

[ $# -eq 1 ] || fail "usage: console_test.sh CASE"
"$1"
