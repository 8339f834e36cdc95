#!/usr/bin/env bash
# The C library ships into kernels: it compiles for AArch64 as a kernel is compiled, its header as
# C99, and all of it links with nothing but the four memory functions that compilers call by
# themselves. With each cross compiler that is here.
set -uo pipefail

tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
room="$AMALGAM_SOURCE_DIR/src/capi"
start="$AMALGAM_SOURCE_DIR/tests/capi/freestanding/start.c"
runtime="$AMALGAM_SOURCE_DIR/integrations/bare-metal/memory_functions.cpp"
common=(-ffreestanding -nostdlib -mgeneral-regs-only -Wall -Wextra -Wshadow -Werror
    "-I$AMALGAM_SOURCE_DIR/include" "-I$AMALGAM_SOURCE_DIR/src")
c_flags=("${common[@]}" -std=c99 -Wpedantic)
# Two geometries stand for all: the others are the same code.
cpp_flags=("${common[@]}" -std=c++20 -fno-exceptions -fno-rtti
    "-DAMALGAM_C_GEOMETRIES=(1U << AMALGAM_4K_48 | 1U << AMALGAM_STAGE2_4K_40)")
failures=0

# compiler COMMAND...: runs with ccache where it is installed.
compiler() {
    if command -v ccache >/dev/null; then
        ccache "$@"
    else
        "$@"
    fi
}

# links LEVEL C_COMPILER CPP_COMPILER [OPTION...]
links() {
    local level=$1 c=$2 cpp=$3 source objects=()
    shift 3
    rm -f "$tree"/*.o
    compiler "$c" "$@" "${c_flags[@]}" "$level" -c "$start" -o "$tree/start.o" &&
        compiler "$cpp" "$@" "${cpp_flags[@]}" "$level" -fno-builtin -c "$runtime" -o "$tree/runtime.o" || {
        echo "$c $level: does not compile" >&2
        failures=$((failures + 1))
        return
    }
    for source in "$room"/*.cpp; do
        objects+=("$tree/$(basename "$source").o")
        compiler "$cpp" "$@" "${cpp_flags[@]}" "$level" -c "$source" -o "${objects[-1]}" &
    done
    wait
    aarch64-linux-gnu-ld -static -e start "$tree/start.o" "${objects[@]}" "$tree/runtime.o" \
        -o "$tree/linked" || {
        echo "$cpp $level: does not link" >&2
        failures=$((failures + 1))
    }
}

gnu=aarch64-linux-gnu
if ! command -v "$gnu-gcc" "$gnu-g++" "$gnu-ld" >/dev/null; then
    echo "skipped: no $gnu-g++ (package g++-aarch64-linux-gnu)"
    exit 77
fi
links -O2 "$gnu-gcc" "$gnu-g++"
links -O0 "$gnu-gcc" "$gnu-g++"
if command -v clang++-19 clang-19 >/dev/null; then
    links -O2 clang-19 clang++-19 --target=aarch64-linux-gnu
else
    echo "left out: no clang++-19 (package clang-19)"
fi
exit $((failures > 0))
