#!/usr/bin/env bash
# The examples run to their end and say what they are there to show.
set -uo pipefail

examples="${AMALGAM_BINARY%/*}/examples"
failures=0

# says NAME LINE...: the example ends with status 0, and its output holds what each line begins with,
# in this order.
says() {
    local name=$1 output status rest line
    shift
    output="$("$examples/$name")"
    status=$?
    rest=$'\n'"$output"
    for line in "$@"; do
        if [[ "$rest" != *$'\n'"$line"* ]]; then
            echo "$name does not say: $line" >&2
            failures=$((failures + 1))
        fi
        rest="${rest#*$'\n'"$line"}"
    done
    if ((status != 0 || failures != 0)); then
        printf '%s: exit status %s, output:\n%s\n' "$name" "$status" "$output" >&2
        failures=$((failures + 1))
    fi
}

says hypervisor "map: done" \
    "0x0000000080000000-0x0000000080400000 -> 0x0000040000000 L2 rwx" \
    "without a fault window: strategy: in place; to split: refused" \
    "with one: strategy: in place; to split: break-before-make" \
    "protect: done" \
    "0x0000000080000000-0x0000000080004000 -> 0x0000040000000 L3 rwx" \
    "0x0000000080004000-0x0000000080006000 -> 0x0000040004000 L3 r-x" \
    "0x0000000080006000-0x0000000080200000 -> 0x0000040006000 L3 rwx" \
    "0x0000000080200000-0x0000000080400000 -> 0x0000040200000 L2 rwx" \
    "unmap: done" "1 tables freed"
says kernel "init: done" "map: done" \
    "0xfffffdffc0000000-0xfffffdffc0008000 -> 0x0000000030000 L3 rw-" \
    "plan: strategy: read-only staging; leaves 7; changed 7" \
    "share: done" "7 pages freed, by 14 stores and 2 flushes" \
    "0xfffffdffc0000000-0xfffffdffc0001000 -> 0x0000000030000 L3 rw-" \
    "0xfffffdffc0007000-0xfffffdffc0008000 -> 0x0000000020000 L3 r--" \
    "restore: done" \
    "0xfffffdffc0001000-0xfffffdffc0008000 -> 0x0000000028000 L3 rw-" \
    "unmap: done"
exit $((failures > 0))
