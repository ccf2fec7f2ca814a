#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh - the demonstration: a made-up day and a real market, replayed, shown and proved.
#
#     demo.sh BIN      BIN is the folder of the built programs, usually build/bin
#
# Uses no network, keeps nothing, and ends by itself; exit status 0 only when every proof held.
set -euo pipefail
export LC_ALL=C

if [ $# -ne 1 ] || [ ! -x "$1/betex-demo" ]; then
    echo "Usage: demo.sh BIN (the folder with betex-demo, betex-market-day and betex-replay)" >&2
    exit 2
fi
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
flows=$here/../../../shared/data/flows
scratch=$(mktemp -d)
# shellcheck source=services.sh
. "$here/services.sh"
trap 'end_services; rm -rf "$scratch"' EXIT
commands=$scratch/day.commands.jsonl
events=$scratch/day.events.jsonl

bold='' faint='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\033[1m' faint=$'\033[2m' plain=$'\033[0m'
fi

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# 1234567 as 1,234,567.
count() {
    wc -l < "$1" | sed -E ':again; s/^([0-9]+)([0-9]{3})/\1,\2/; t again'
}

# Breaks long lines after a comma, so that they fit a terminal of 80 columns.
wrapped() {
    awk -v faint="$faint" -v plain="$plain" '{
        count = split($0, parts, ",")
        line = "    "
        for (i = 1; i <= count; i++) {
            part = parts[i] (i < count ? "," : "")
            if (length(line) + length(part) > 79) {
                print faint line plain
                line = "      "
            }
            line = line part
        }
        print faint line plain
    }'
}

# A bet that met more than one other order: the third of the day, for no reason.
sample() {
    local time
    time=$(awk -F'[:,]' '/"ev":"TradeMatched"/ {
        if ($4 == last && $4 != shown) { shown = $4; if (++found == 3) { print $6; exit } }
        last = $4
    }' "$events")
    [ -n "$time" ] || return 0
    printf '\n  One of the commands:\n'
    grep -F "\"t\":$time," "$commands" | wrapped
    printf '  and what happened:\n'
    grep -F "\"t\":$time," "$events" | wrapped
}

# A bet in play that met another order when its time had come: the first one.
held_sample() {
    local time order
    read -r time order < <(awk -F'[:,]' '
        /"ev":"OrderReleased"/ { tx = $4; order = $10 }
        /"ev":"TradeMatched"/ && $4 == tx { print held[order], order; exit }
        /"ev":"OrderHeld"/ { held[$10] = $6 }' "$events") || return 0
    printf '\n  A bet in play is held: whoever has seen the goal first gains nothing by it.\n'
    grep -F "\"t\":$time," "$commands" | wrapped
    printf '  and what happened, five seconds apart:\n'
    grep -E "\"(order|taker)\":$order," "$events" | wrapped
}

# A bet that names the state of the market that its app showed, when that was over: the first one.
version_sample() {
    local time
    time=$(awk -F'[:,]' '/"reason":"VERSION_CHANGED"/ { print $6; exit }' "$events")
    [ -n "$time" ] || return 0
    printf '\n  An app says which state of the market its user saw; it is over, so no bet:\n'
    grep -F "\"t\":$time," "$commands" | wrapped
    grep -F "\"t\":$time," "$events" | grep -F VERSION_CHANGED | wrapped
}

# The same day once more, kept in a log: the same events, each durable before it is printed; the log
# proves itself; a copy that lost its end goes on from a whole tx.
keep_log() {
    local log=$scratch/log copy=$scratch/copy began_ms ms segment bytes
    local settings=(--set wal.unsafe_filesystem=true --set wal.low_space_bytes=0
        --set wal.stop_bytes=0 --set wal.max_segment_events=20000 --set wal.min_segment_age=0)

    printf '\n%sThe log%s\n' "$bold" "$plain"
    printf '  %s$ betex-replay --wal log < day.commands.jsonl > again.events.jsonl%s\n' "$bold" "$plain"
    began_ms=$(now_ms)
    "$bin/betex-replay" --wal "$log" "${settings[@]}" < "$commands" > "$scratch/again" || return 1
    ms=$(($(now_ms) - began_ms))
    cmp -s "$events" "$scratch/again" || {
        printf '  the events differ from those without a log\n'
        return 1
    }
    printf '  the same events, each on the disk before it was printed, in %d.%03d s\n' \
        $((ms / 1000)) $((ms % 1000))
    printf '  %s$ betex-wal verify log%s\n' "$bold" "$plain"
    "$bin/betex-wal" verify "$log" | sed 's/^/    /' || return 1
    printf '  (More commands than went in: whatever fell due has one of its own, a Tick.)\n'

    cp -r "$log" "$copy"
    segment=$(find "$copy/segments" -name '*.mdb' | sort | tail -n 1)
    bytes=$(($(stat -c %s "$segment") * 2 / 3))
    truncate -s "$bytes" "$segment"
    printf '  A copy whose last file lost a third, as if a disk had lied: it goes on from\n'
    printf '  the last tx that is whole.\n'
    printf '  %s$ betex-wal verify copy%s\n' "$bold" "$plain"
    "$bin/betex-wal" verify "$copy" | grep -E '^(end|executed|verdict)' | sed 's/^/    /'
    "$bin/betex-replay" --wal "$copy" "${settings[@]}" --quiet < /dev/null 2> /dev/null &&
        "$bin/betex-wal" verify "$copy" > /dev/null
}

began=$(now_ms)
printf '%sbetex: a matching engine for betting exchanges and prediction markets%s\n' "$bold" "$plain"
printf '%s' "
A day is made up: a football match with two markets, a horse race with a late
non-runner and a yes-or-no question, on which 320 accounts bet.  The engine
executes it, and a recorded market if there is one; what happened is shown, and
at the end proved to be what must happen.

  $bold\$ betex-market-day > day.commands.jsonl$plain
"
"$bin/betex-market-day" > "$commands"
printf '  %s$ betex-replay < day.commands.jsonl > day.events.jsonl%s\n' "$bold" "$plain"
replay_began=$(now_ms)
"$bin/betex-replay" < "$commands" > "$events"
replay_ms=$(($(now_ms) - replay_began))
printf '  %s commands in, %s events out, in %d.%03d s from file to file\n' "$(count "$commands")" \
    "$(count "$events")" $((replay_ms / 1000)) $((replay_ms % 1000))
sample
held_sample
version_sample
status=0
keep_log || {
    printf '  THE LOG DID NOT HOLD\n'
    status=1
}

run_services || {
    printf '  THE SERVICES DID NOT HOLD\n'
    status=1
}

arguments=("$here/market_day.sha256" "$commands" "$events")
if [ -d "$flows" ]; then
    arguments+=("$flows")
fi
"$bin/betex-demo" "${arguments[@]}" || status=$?
total_ms=$(($(now_ms) - began))
verdict='All of it held.'
if [ ! -d "$flows" ]; then
    verdict='All that ran held; the real market was skipped.'
fi
if [ "$status" -eq 0 ]; then
    printf '\n%s%s%s %d.%01d s.\n' "$bold" "$verdict" "$plain" $((total_ms / 1000)) \
        $((total_ms % 1000 / 100))
else
    printf '\n%sNot all of it held: see Proofs above.%s\n' "$bold" "$plain"
fi
exit "$status"
