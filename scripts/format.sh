#!/usr/bin/env bash
# format.sh [--check]: lays out every source by .clang-format, or fails on one that is not.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[[ "${1:-}" == --check ]] && mode=(--dry-run -Werror)
find . -path ./build -prune -o '(' -name '*.[ch]' -o -name '*.[ch]pp' ')' -print0 | sort -z |
    xargs -0 --no-run-if-empty clang-format-19 "${mode[@]}"
