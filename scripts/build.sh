#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures the preset where that is due, and builds it.
# Says nothing on standard output: that belongs to the program that is built.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
if [[ ! -f build/$preset/build.ninja || CMakePresets.json -nt build/$preset/build.ninja ]]; then
    cmake --preset "$preset" >&2
fi
cmake --build --preset "$preset" ${1:+--target "$@"} >&2
