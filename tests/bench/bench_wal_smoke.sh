#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the benchmark of the log with tiny loads.  It reads back every log that it wrote and fails
# when one is not valid or not complete, so what is tested here is that, and that nothing is left.
# No figure is looked at.  Called with the name of the program in $BTX_BIN.
set -euo pipefail

bench=$BTX_BIN/$1
folder=$(mktemp -d "$BTX_BIN/../bench-wal-XXXXXX")
trap 'rm -rf "$folder"' EXIT

case $(stat -f -c %T "$folder") in
tmpfs | ramfs)
    echo "skipped: the build folder is in memory, where nothing is durable"
    exit 77
    ;;
esac
free=$(df --output=avail -B 1048576 "$folder" | tail -n 1)
if [ "$free" -lt 2048 ]; then
    echo "skipped: $free MiB free in the build folder, 2048 are needed"
    exit 77
fi

"$bench" --quick --dir "$folder/wal" --json "$folder/wal.json" >"$folder/table"

fail() {
    cat "$folder/table"
    echo "$1"
    exit 1
}

# Every part is in the table, and every line of it has a verdict.
for part in Burst Offered Rotation Sustained Fold 'Floors and goals'; do
    grep -q "^$part" "$folder/table" || fail "the table has no '$part'"
done
python3 -c 'import json, sys
result = json.load(open(sys.argv[1]))
assert len(result["marks"]) == 15, len(result["marks"])
for load in result["loads"]:
    for side in ("plain", "still", "ours", "often"):
        for run in load.get(side, ()):
            assert run["events"] > 0 and run["map_full"] == 0, (load["name"], side, run)
assert any(run["rotations"] for load in result["loads"] for run in load.get("often", ()))' \
    "$folder/wal.json" || fail "the JSON file is not what it should be"
[ -z "$(ls -A "$folder/wal")" ] || fail "files were left behind"
