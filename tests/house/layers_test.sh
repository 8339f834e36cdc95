#!/usr/bin/env bash
# The layer check accepts what the plan allows and names each line that it forbids.
set -euo pipefail

tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
check="$AMALGAM_SOURCE_DIR/scripts/check_layers.py"
failures=0

# file PATH LINE...: writes a file of the made-up tree.
file() {
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n' "${@:2}" >"$tree/$1"
}

fresh_tree() {
    rm -rf "${tree:?}"/*
    file include/amalgam/arch/change.hpp '#include <cstdint>' '#include "amalgam/arch/tlbi.hpp"'
    file include/amalgam/pgtable.hpp '#include "amalgam/pgtable/map.hpp"'
    file include/amalgam/pgtable/map.hpp '#include <amalgam/arch/change.hpp>'
    file include/amalgam/pgtable.h '#include <stdint.h>'
    file src/capi/pgtable.cpp '#include "amalgam/pgtable.h"' '#include <new>' \
        '#include "amalgam/pgtable/map.hpp"'
    file src/model/program.cpp '#include "model/program.hpp"' '#include <vector>'
    file src/report/text.cpp '#include <fmt/format.h>' '#include "lang/parse.hpp"'
    file tests/model/fields.hpp '#include <iostream>' '#include "amalgam/arch/change.hpp"'
    file tests/model/state_test.cpp '#include <gtest/gtest.h>' '#include "model/fields.hpp"'
    file tests/scenarios/a_test.cpp '#include "scenarios/files.hpp"' '#include "model/fields.hpp"' \
        '#include "lang/parse.hpp"' '#include "beside.hpp"'
}

# rejects NAME FILE LINE: the tree with this line added is refused, by file and line number.
rejects() {
    fresh_tree
    file "$2" '#pragma once' "$3"
    local output
    if output="$("$check" "$tree")" || ! grep -q "^$2:[12]: " <<<"$output"; then
        echo "not refused: $1: $3 in $2" >&2
        failures=$((failures + 1))
    fi
}

fresh_tree
"$check" "$tree" >/dev/null || {
    echo "refused a tree that keeps the plan:" >&2
    "$check" "$tree" >&2 || true
    failures=$((failures + 1))
}

rejects "an arrow that points up" src/model/a.hpp '#include "lang/parse.hpp"'
rejects "the library taking the model" include/amalgam/pgtable/a.hpp '#include "model/program.hpp"'
rejects "facts that know the library" include/amalgam/arch/a.hpp '#include <amalgam/pgtable/map.hpp>'
rejects "facts that allocate" include/amalgam/arch/a.hpp '#include <vector>'
rejects "facts in C" include/amalgam/arch/a.hpp '#include "amalgam/pgtable.h"'
rejects "the library on its own C interface" include/amalgam/pgtable/a.hpp \
    '#include "amalgam/pgtable.h"'
rejects "a C interface that needs a C library" include/amalgam/pgtable.h '#include <stdio.h>'
rejects "a C interface that allocates" src/capi/a.cpp '#include <memory>'
rejects "a machine that prints" src/model/a.cpp '#include <iostream>'
rejects "a language that explores" src/lang/a.cpp '#include "model/explorer.hpp"'
rejects "two rooms side by side" src/monitor/a.cpp '#include "model/program.hpp"'
rejects "a way around the room's name" src/lang/a.cpp '#include "../model/program.hpp"'
rejects "a header of no room" src/lang/a.cpp '#include "parse.hpp"'
rejects "a test of the machine that reads text" tests/model/a.cpp '#include "lang/parse.hpp"'
rejects "a test of the machine that leans on other tests" tests/model/a.cpp \
    '#include "scenarios/files.hpp"'
rejects "a test of two rooms side by side" tests/monitor/a.cpp '#include "model/program.hpp"'
rejects "a test that names another directory's" tests/scenarios/a.cpp '#include "fuzz/main.hpp"'
rejects "a way around in a test" tests/model/a.cpp '#include "../lang/program_text.hpp"'
rejects "a test of nothing" tests/a.cpp '#include <vector>'
rejects "a directory that is no room" src/util/a.hpp '#include <vector>'

rm -rf "${tree:?}"/*
if "$check" "$tree" >/dev/null; then
    echo "passed a tree with nothing in it" >&2
    failures=$((failures + 1))
fi
exit $((failures > 0))
