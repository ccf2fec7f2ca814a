#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the benchmark of the engine with tiny loads, in which many sessions end.  It reads back every
# event from the ring and from the log and fails when one is missing, out of order, or a refusal; so
# what is tested here is that, and that nothing is left.  No time is looked at.
# Called with the name of the program in $BTX_BIN.
set -euo pipefail

bench=$BTX_BIN/$1
folder=$(mktemp -d "$BTX_BIN/../bench-engine-XXXXXX")
trap 'rm -rf "$folder"' EXIT

case $(stat -f -c %T "$folder") in
tmpfs | ramfs)
    echo "skipped: the build folder is in memory, where nothing is durable"
    exit 77
    ;;
esac
free=$(df --output=avail -B 1048576 "$folder" | tail -n 1)
if [ "$free" -lt 4096 ]; then
    echo "skipped: $free MiB free in the build folder, 4096 are needed"
    exit 77
fi

"$bench" --quick --dir "$folder/engine" --json "$folder/engine.json" >"$folder/table" || {
    echo "it ended with status $?"
    exit 1
}

fail() {
    cat "$folder/table"
    echo "$1"
    exit 1
}

for part in saturated 100k 500k 1M 'Floors and goals'; do
    grep -q "^$part" "$folder/table" || fail "the tables have no '$part'"
done
python3 -c 'import json, sys
result = json.load(open(sys.argv[1]))
assert len(result["loads"]) == 4 and len(result["marks"]) == 1, result
for load in result["loads"]:
    engine, plain = load["engine"], load["plain"]
    assert engine["events"] >= engine["commands"] > 0 and engine["commits"] > 0, load
    assert plain["events"] >= plain["commands"] > 0 and plain["commits"] > 0, load
    for side in (engine, plain):
        assert (side["max_us"] >= side["p50_us"] > 0) == (load["offered"] > 0), load' \
    "$folder/engine.json" || fail "the JSON file is not what it should be"
[ -z "$(ls -A "$folder/engine")" ] || fail "files were left behind"
