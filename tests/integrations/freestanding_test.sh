#!/usr/bin/env bash
# The library ships into kernels: every public header compiles for AArch64 freestanding, without
# exceptions and run-time types, and every operation links with nothing but the four memory
# functions that compilers call by themselves. With each cross compiler that is here.
set -uo pipefail

tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
sources="$AMALGAM_SOURCE_DIR/tests/integrations/freestanding"
runtime="$AMALGAM_SOURCE_DIR/integrations/bare-metal/memory_functions.cpp"
flags=(-std=c++20 -ffreestanding -fno-exceptions -fno-rtti -nostdlib -mgeneral-regs-only
    -Wall -Wextra -Wshadow -Werror "-I$AMALGAM_SOURCE_DIR/include")
failures=0

fail() {
    echo "$*" >&2
    failures=$((failures + 1))
}

# compiler COMMAND...: runs with ccache where it is installed.
compiler() {
    if command -v ccache >/dev/null; then
        ccache "$@"
    else
        "$@"
    fi
}
export -f compiler

# headers: the public headers, as they are included.
headers() {
    (cd "$AMALGAM_SOURCE_DIR/include" && find amalgam -name '*.hpp') | sort
}

# each_header COMMAND...: each public header by itself.
each_header() {
    local header
    rm -rf "$tree/headers"
    for header in $(headers); do
        mkdir -p "$tree/headers/${header%/*}"
        echo "#include \"$header\"" >"$tree/headers/$header.cpp"
    done
    # Relative names: a cache does not know the next run's temporary directory.
    (cd "$tree/headers" && find amalgam -name '*.cpp' -print0 |
        xargs -0 -P "$(nproc)" -I{} bash -c 'compiler "$@" -c "$0" -o "$0.o"' {} "$@" "${flags[@]}") ||
        fail "$1: a header does not compile"
}

# all_headers COMMAND...: all public headers in one source.
all_headers() {
    headers | sed 's/.*/#include "&"/' >"$tree/all.cpp"
    "$@" "${flags[@]}" -fsyntax-only "$tree/all.cpp" || fail "$1: the headers do not compile"
}

# links COMMAND...: the library links with the memory functions, and with no symbol besides.
links() {
    compiler "$@" "${flags[@]}" -c "$sources/library.cpp" -o "$tree/library.o" &&
        compiler "$@" "${flags[@]}" -fno-builtin -c "$runtime" -o "$tree/runtime.o" &&
        aarch64-linux-gnu-ld -static -e start "$tree/library.o" "$tree/runtime.o" -o "$tree/linked" ||
        fail "does not link: $*"
}

gnu=aarch64-linux-gnu-g++
clang=clang++-19
if ! command -v "$gnu" aarch64-linux-gnu-ld >/dev/null; then
    echo "skipped: no $gnu (package g++-aarch64-linux-gnu)"
    exit 77
fi
all_headers "$gnu"
links "$gnu" -O0
links "$gnu" -O2 -DONE_GEOMETRY
if command -v "$clang" >/dev/null; then
    each_header "$clang" --target=aarch64-linux-gnu
    links "$clang" --target=aarch64-linux-gnu -O0
    links "$clang" --target=aarch64-linux-gnu -O2 -DONE_GEOMETRY
else
    echo "left out: no $clang (package clang-19)"
fi
exit $((failures > 0))
