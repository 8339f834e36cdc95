#!/usr/bin/env bash
# Another project can use what is installed: through CMake in C alone and in C++ alone, and through
# pkg-config in both, also after the installed tree has been moved.
set -uo pipefail

if ! command -v pkg-config >/dev/null; then
    echo "skipped: no pkg-config (package pkgconf)"
    exit 77
fi
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
downstream="$AMALGAM_SOURCE_DIR/tests/packages/downstream"
version="$(sed -n 's/^project(amalgam VERSION \([0-9.]*\) .*/\1/p' "$AMALGAM_SOURCE_DIR/CMakeLists.txt")"
failures=0

# succeeds NAME COMMAND...: shows what the command said only where it fails.
succeeds() {
    local name=$1
    shift
    if ! "$@" >"$tree/log" 2>&1; then
        echo "$name fails:" >&2
        cat "$tree/log" >&2
        failures=$((failures + 1))
        return 1
    fi
}

# leads NAME PROGRAM: it ends well and says where its mapping leads.
leads() {
    local output
    output="$("$2")" && [[ "$output" == 0x5234 ]] || {
        echo "$1: wrong answer: $output" >&2
        failures=$((failures + 1))
    }
}

# The library by itself, which needs none of the packages that the programs need.
succeeds "configuring the library" cmake -G Ninja -S "$AMALGAM_SOURCE_DIR" -B "$tree/library" \
    -DAMALGAM_LIBRARY_ONLY=ON -DCMAKE_BUILD_TYPE=Release "-DAMALGAM_C_GEOMETRIES=4K_48" \
    -DCMAKE_INSTALL_PREFIX="$tree/first" || exit 1
succeeds "building the library" cmake --build "$tree/library" -j 2 || exit 1
succeeds "installing the library" cmake --install "$tree/library" || exit 1
mv "$tree/first" "$tree/prefix"

for language in C CXX; do
    build="$tree/$language"
    succeeds "find_package in $language" cmake -G Ninja -S "$downstream" -B "$build" \
        -DLANGUAGE="$language" "-DVERSION=$version" -DCMAKE_PREFIX_PATH="$tree/prefix" -DCMAKE_BUILD_TYPE=Release &&
        succeeds "building with find_package in $language" cmake --build "$build" &&
        leads "find_package in $language" "$build/downstream"
done

export PKG_CONFIG_PATH
PKG_CONFIG_PATH="$(dirname "$(find "$tree/prefix" -name amalgam.pc)")"
succeeds "the version of the .pc file" pkg-config "--exact-version=$version" amalgam
read -ra flags < <(pkg-config --cflags --libs amalgam)
succeeds "pkg-config in C" cc -std=c99 -Wall -Wextra -Wpedantic -Werror "$downstream/main.c" \
    "${flags[@]}" -o "$tree/with_c" && leads "pkg-config in C" "$tree/with_c"
succeeds "pkg-config in C++" c++ -std=c++20 -Wall -Wextra -Werror "$downstream/main.cpp" \
    "${flags[@]}" -o "$tree/with_cpp" && leads "pkg-config in C++" "$tree/with_cpp"
exit $((failures > 0))
