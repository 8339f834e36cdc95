#!/usr/bin/env bash
# build.sh DIRECTORY: builds the bare-metal program as DIRECTORY/bare-metal.elf, with
# $AMALGAM_CROSS, aarch64-linux-gnu-g++ by default. Compilation goes through ccache where that is
# installed.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
directory=$1
compiler="${AMALGAM_CROSS:-aarch64-linux-gnu-g++}"
mkdir -p "$directory"

command -v ccache >/dev/null && compiler="ccache $compiler"
export compiler directory here
export flags="-std=c++20 -O1 -ffreestanding -fno-exceptions -fno-rtti -nostdlib -mgeneral-regs-only
    -mno-outline-atomics -mstrict-align -fno-stack-protector -fno-pic -fno-threadsafe-statics
    -Wall -Wextra -Wshadow -Werror -I$here/../../include"

compile() {
    local extra=
    # Or the functions would be compiled into calls of themselves.
    [[ "$1" == memory_functions.cpp ]] && extra=-fno-builtin
    # shellcheck disable=SC2086
    $compiler $flags $extra -c "$here/$1" -o "$directory/$1.o"
}
export -f compile

cd "$here"
printf '%s\0' *.cpp start.S | xargs -0 -P "$(nproc)" -I{} bash -c 'compile {}'
aarch64-linux-gnu-ld -static -nostdlib --fatal-warnings -z max-page-size=65536 --no-warn-rwx-segments \
    -T virt.ld "$directory"/*.o -o "$directory/bare-metal.elf"
