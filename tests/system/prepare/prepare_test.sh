#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# prepare_test.sh - betex-prepare over a folder that looks like the kernel's files.  Each case is a
# function and a test:
#
#     BTX_BIN=build/release/bin prepare_test.sh CASE
#
# What the kernel makes of these writes is the image's boot test's to see.
set -u
export LC_ALL=C
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:exitcode=99

PREPARE=$(realpath "${BTX_BIN:?where the programs are}")/betex-prepare
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
hugepages=$scratch/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
slice=$scratch/sys/fs/cgroup/betexengine.slice

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# machine COUNT: with so many hugepages reserved.
machine() {
    mkdir -p "$(dirname "$hugepages")" "$slice"
    echo "$1" > "$hugepages"
    : > "$slice/cpuset.cpus"
    : > "$slice/cpuset.cpus.partition"
}

# run CONFIGURATION: leaves $status and the file err.
run() {
    printf '%b' "$1" > "$scratch/betex.yaml"
    "$PREPARE" --config "$scratch/betex.yaml" --root "$scratch" 2> "$scratch/err"
    status=$?
}

expect() {
    [ "$2" = "$3" ] || fail "$1: want '$3', got '$2'; stderr: $(cat "$scratch/err")"
}

expect_err() {
    grep -qF -- "$1" "$scratch/err" || fail "stderr: want '$1', got '$(cat "$scratch/err")'"
}

# 32 768 events of 512 bytes are 8 hugepages; two incarnations of the ring.
case_hugepages_default() {
    machine 3
    run ''
    expect status "$status" 0
    expect hugepages "$(cat "$hugepages")" 16
    expect cores "$(cat "$slice/cpuset.cpus")" ''
    expect partition "$(cat "$slice/cpuset.cpus.partition")" ''
}

case_hugepages_of_the_ring() {
    machine 0
    run 'engine:\n  ring_size: 65536\n'
    expect status "$status" 0
    expect hugepages "$(cat "$hugepages")" 32
}

# What somebody else has reserved is not ours to give back.
case_hugepages_enough() {
    machine 500
    run ''
    expect status "$status" 0
    expect hugepages "$(cat "$hugepages")" 500
}

case_hugepages_off() {
    machine 3
    run 'engine:\n  hugepages: off\n'
    expect status "$status" 0
    expect hugepages "$(cat "$hugepages")" 3
}

# A file that is no number, which no kernel has.
case_hugepages_unreadable() {
    machine many
    run ''
    expect status "$status" 68
    expect_err "want a number, got 'many'"
}

# A kernel that takes the number and has not so many: it answers 3 twice, whatever was written.
case_hugepages_missing() {
    machine 3
    rm "$hugepages"
    mkfifo "$hugepages"
    (
        echo 3 > "$hugepages"
        cat "$hugepages" > "$scratch/written"
        echo 3 > "$hugepages"
    ) &
    run ''
    wait
    expect status "$status" 71
    expect written "$(cat "$scratch/written")" 16
    expect_err '16 hugepages of 2 MiB are needed for two event rings, the kernel has 3'
}

case_cores() {
    machine 16
    run 'engine:\n  cores: 2,3,5\n'
    expect status "$status" 0
    expect cores "$(cat "$slice/cpuset.cpus")" 2,3,5
    expect partition "$(cat "$slice/cpuset.cpus.partition")" isolated
    expect_err 'cores are isolated'
}

# The unit has not made the cgroup.
case_cores_without_cgroup() {
    machine 16
    rm -r "$slice"
    run 'engine:\n  cores: 2,3\n'
    expect status "$status" 68
    expect_err 'cpuset.cpus'
}

case_configuration_wrong() {
    machine 3
    run 'engine:\n  ring_size: 5\n'
    expect status "$status" 64
    expect_err 'engine.ring_size'
    expect hugepages "$(cat "$hugepages")" 3
}

case_usage() {
    "$PREPARE" 2> "$scratch/err"
    expect status $? 2
    expect_err '--config FILE is missing'
    "$PREPARE" --config x y 2> "$scratch/err"
    expect status $? 2
    "$PREPARE" --bogus 2> "$scratch/err"
    expect status $? 2
    expect_err '--bogus: not an option'
    "$PREPARE" --help > "$scratch/err"
    expect status $? 0
    expect_err 'Usage: betex-prepare --config FILE'
}

"case_${1:?which case}" || fail "no case $1"
