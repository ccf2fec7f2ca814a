# SPDX-License-Identifier: Apache-2.0
# services.sh - the configuration of services that run here, for this user, with all that they make in
# one folder; and waiting for them.  Sourced by tests and by the demonstration.

# engine_yaml FOLDER [LINE...]: the sections of the engine and of the log; further lines go below
# engine.  The log's section is the last one, so that more of it may follow.
engine_yaml() {
    printf 'engine:\n  hugepages: off\n  socket: %s/engine.sock\n' "$1"
    printf '  admin_user: %s\n  gateway_user: %s\n' "$(id -un)" "$(id -un)"
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@"
    printf '  capacities:\n    accounts: 10000\n    orders: 200000\n    positions: 100000\n'
    printf '    stakes: 500000\n'
    printf 'wal:\n  unsafe_filesystem: true\n  stop_bytes: 0\n  low_space_bytes: 0\n'
}

# services_yaml FOLDER: the sections of the auditor and of the administration.
services_yaml() {
    printf 'shadow:\n  socket: %s/shadow.sock\n' "$1"
    printf 'admin:\n  socket: %s/admin.sock\n' "$1"
    printf '  groups:\n    view: %s\n    operator: %s\n' "$(id -gn)" "$(id -gn)"
}

# until_said FILE TEXT ID: until process ID has written TEXT to FILE.  False when it ends before.
until_said() {
    until grep -q "$2" "$1" 2> /dev/null; do
        kill -0 "$3" 2> /dev/null || {
            printf "it ended before '%s':\n" "$2"
            sed 's/^/  /' "$1"
            return 1
        }
        sleep 0.02
    done
}
