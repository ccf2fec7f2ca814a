# SPDX-License-Identifier: Apache-2.0
# services.sh - the part of the demonstration in which the real processes run; sourced by demo.sh.
#
# The engine is started with a log of its own, and the day handed in through a command ring; it is
# killed in the middle and started again, and the day handed in once more; an operator looks, and
# rotates the log; then the log proves that nothing that anybody was shown is lost.
# Uses $bin, $scratch, $commands, $bold, $plain, now_ms and count of demo.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../services.sh"

services=()

end_services() {
    local id
    for id in "${services[@]}"; do
        kill -9 "$id" 2> /dev/null || true
    done
}

configure_services() {
    cat > "$scratch/betex.yaml" <<END
engine:
  hugepages: off
  socket: $scratch/engine.sock
  admin_user: $(id -un)
  gateway_user: $(id -un)
wal:
  unsafe_filesystem: true
  low_space_bytes: 0
  stop_bytes: 0
snapshot:
  interval: 1 s
END
    services_yaml "$scratch" >> "$scratch/betex.yaml"
}

start_engine() {
    : > "$scratch/betexd.log"
    # shellcheck disable=SC2086
    "$bin/betexd" --config "$scratch/betex.yaml" --wal "$scratch/live" ${BETEXD_OPTIONS:-} \
        2> "$scratch/betexd.log" &
    engine=$!
    disown "$engine" # So that its end by a signal is not announced here.
    services+=("$engine")
    until_said "$scratch/betexd.log" serving "$engine"
}

start_beside() {
    # shellcheck disable=SC2086
    "$bin/betex-shadow" --config "$scratch/betex.yaml" --wal "$scratch/live" ${BETEXD_OPTIONS:-} \
        2> "$scratch/shadow.log" &
    services+=("$!")
    disown "$!"
    until_said "$scratch/shadow.log" 'audit begins' "${services[-1]}" || return 1
    # shellcheck disable=SC2086
    "$bin/betex-admin" --config "$scratch/betex.yaml" --wal "$scratch/live" ${BETEXD_OPTIONS:-} \
        2> "$scratch/admin.log" &
    services+=("$!")
    disown "$!"
    until_said "$scratch/admin.log" 'answering' "${services[-1]}"
}

# What an operator would type, with the socket of this demonstration left out.
operator() {
    printf '\n  %s$ betexctl %s%s\n' "$bold" "$*" "$plain"
    "$bin/betexctl" "$@" --socket "$scratch/admin.sock" | sed 's/^/  /'
}

figure() {
    sed -E "s/.*\b$1=([0-9.]+).*/\1/" "$scratch/figures"
}

thousands() {
    printf '%s\n' "$1" | sed -E 's/\..*//; :again; s/^([0-9]+)([0-9]{3})/\1,\2/; t again'
}

# All of the day, answered; in $scratch/figures how fast.
trade() {
    "$bin/betex-produce" "$scratch/engine.sock" "$@" < "$commands" 2> "$scratch/figures"
}

# Whether each event of $scratch/seen is in the log, byte for byte.
seen_is_there() {
    "$bin/betex-wal" dump --events "$scratch/live" | LC_ALL=C sort > "$scratch/log.sorted"
    LC_ALL=C sort "$scratch/seen" > "$scratch/seen.sorted"
    [ -z "$(LC_ALL=C comm -23 "$scratch/seen.sorted" "$scratch/log.sorted" | head -c 1)" ]
}

# Trade until the engine is killed in the middle, and start it again.
kill_and_start() {
    local killed_ms producer
    printf '  %s$ betexd --config betex.yaml --wal live &%s\n' "$bold" "$plain"
    start_engine || return 1
    trade --rate 100000 > "$scratch/seen" &
    producer=$!
    sleep 0.4
    printf '  The day goes through a command ring, 100,000 commands a second, and in the middle\n'
    printf '  of it %s$ kill -9 betexd%s\n' "$bold" "$plain"
    kill -9 "$engine"
    killed_ms=$(now_ms)
    wait "$producer" || true # It says so when the engine has ended.
    printf '  %s events had been shown by then. The engine is started again:\n' \
        "$(count "$scratch/seen")"
    start_engine || return 1
    printf '    %s\n' \
        "$(sed -nE 's/.*(log recovered).*( seq=[0-9]+).*( duration.*)/\1:\2\3/p' "$scratch/betexd.log")"
    printf '  and serves %d ms after the kill.\n' $(($(now_ms) - killed_ms))
}

run_services() {
    printf '\n%sThe services%s\n' "$bold" "$plain"
    configure_services
    kill_and_start || return 1
    trade >> "$scratch/seen" || return 1
    printf '  Who does not know what became of a command sends it again: the whole day, as fast\n'
    printf '  as the ring takes it. %s commands answered, %s events, each on the disk\n' \
        "$(thousands "$(figure answered)")" "$(thousands "$(figure events)")"
    printf '  before it was shown: %s commands/s, %s events/s.\n' \
        "$(thousands "$(figure commands_per_s)")" "$(thousands "$(figure events_per_s)")"

    start_beside || return 1
    # Its read model begins with the log; until then it says STARTING.
    until "$bin/betexctl" market ls --socket "$scratch/admin.sock" > /dev/null 2>&1; do
        sleep 0.05
    done
    printf '\n  The administration and the auditor are started; an operator looks.\n'
    operator wal rotate || return 1
    sleep 1.2 # The auditor looks each second whether a segment has been closed.
    operator status || return 1
    operator wal segments || return 1
    operator shutdown || return 1
    while kill -0 "$engine" 2> /dev/null; do
        sleep 0.02
    done

    printf '\n  %s$ betex-wal verify live%s\n' "$bold" "$plain"
    "$bin/betex-wal" verify "$scratch/live" | sed 's/^/    /' || return 1
    seen_is_there || return 1
    printf '  Every event that was shown is in the log, byte for byte, also those before the\n'
    printf '  kill; what was executed again gave the same events and the same digests.\n'
}
