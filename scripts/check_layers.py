#!/usr/bin/env python3
"""check_layers.py [ROOT]: fails on an #include that the plan of the rooms forbids.

The table below is the plan. A room is named by include/amalgam/ROOM or src/ROOM; a file says which
room it takes a header from ("model/program.hpp", <amalgam/arch/change.hpp>), never by "../". The
tests of a room, tests/ROOM, may include what the room may; those of no room, such as
tests/scenarios, every room.
"""

import re
import sys
from pathlib import Path

# Room: the rooms it may include besides itself.
MAY_INCLUDE = {
    "arch": (),
    "pgtable": ("arch",),
    "capi": ("pgtable", "arch"),
    "model": ("arch",),
    "explore": ("model", "pgtable", "arch"),
    "monitor": ("arch",),
    "lang": ("model", "arch"),
    "plan": ("model", "arch"),
    "hvo": ("pgtable", "arch"),
    "report": ("hvo", "plan", "monitor", "lang", "model", "pgtable", "arch"),
    "cli": ("report", "hvo", "plan", "monitor", "lang", "model", "pgtable", "arch"),
}

# The library ships into kernels: of the standard headers, only what needs no heap, no exceptions and
# no operating system.
FREESTANDING = frozenset(
    "algorithm array bit compare concepts cstddef cstdint initializer_list iterator limits numeric "
    "optional ranges source_location span string_view tuple type_traits utility variant "
    "version".split()
)

INPUT_AND_OUTPUT = frozenset("cstdio filesystem fstream iostream istream ostream stdio.h".split())

# What the C interface may use besides: the headers of C, and placement in memory of the caller's.
FREESTANDING_C = frozenset("stdbool.h stddef.h stdint.h new".split())

# Room: the standard headers it may use, where that is a short list.
ONLY_STANDARD = {
    "arch": FREESTANDING,
    "pgtable": FREESTANDING,
    "capi": FREESTANDING | FREESTANDING_C,
}

# The header of a room that does not carry the room's name.
ROOM_OF_HEADER = {"pgtable.h": "capi"}

# Room: standard headers it may not use.
FORBIDDEN_STANDARD = {"model": INPUT_AND_OUTPUT, "lang": INPUT_AND_OUTPUT}

# Room: what it may not take from a room that is otherwise open to it, by the start of the path.
FORBIDDEN_PREFIXES = {"lang": ("model/explore",)}

SOURCE_SUFFIXES = {".hpp", ".cpp", ".h", ".c"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of_file(path):
    """The room, or the directory of tests, that a path under the root belongs to."""
    parts = path.parts
    if parts[0] == "tests":
        return parts[1] if len(parts) > 2 else ""
    depth = 2 if parts[0] == "include" else 1
    if parts[depth] in ROOM_OF_HEADER:
        return ROOM_OF_HEADER[parts[depth]]
    return parts[depth].removesuffix(path.suffix) if len(parts) > depth else ""


def room_of_header(header, quoted):
    """The room that an included header belongs to; None for a header that is not ours."""
    parts = header.split("/")
    if parts[0] == "amalgam":
        return ROOM_OF_HEADER.get(parts[1], parts[1].removesuffix(".hpp"))
    if parts[0] in MAY_INCLUDE and len(parts) > 1:
        return parts[0]
    return "" if quoted else None


def complaint(room, header, quoted):
    """What is wrong with `room` including `header`, or None."""
    if ".." in header.split("/"):
        return "leaves its directory: name the room"
    if header in FORBIDDEN_STANDARD.get(room, ()) or header.startswith(
            FORBIDDEN_PREFIXES.get(room, ())):
        return f"{room} may not use it"
    target = room_of_header(header, quoted)
    if target is None:
        allowed = ONLY_STANDARD.get(room)
        return None if allowed is None or header in allowed else f"{room} is freestanding"
    if target not in MAY_INCLUDE:
        return "names no room"
    if target != room and target not in MAY_INCLUDE[room]:
        return f"{room} may not include {target}"
    return None


def complaint_of_test(directory, header, quoted):
    """What is wrong with a test of `directory` including `header`, or None."""
    if ".." in header.split("/"):
        return "leaves its directory: name the room"
    if "/" not in header or (quoted and header.split("/")[0] == directory):
        return None
    target = room_of_header(header, quoted)
    allowed = (directory, *MAY_INCLUDE.get(directory, MAY_INCLUDE))
    if target is None or target in allowed:
        return None
    if target not in MAY_INCLUDE:
        return "names no room"
    return f"tests of {directory} may not include {target}"


def check_file(root, path):
    """The complaints about one file, as lines of text."""
    relative = path.relative_to(root)
    room = room_of_file(relative)
    is_test = relative.parts[0] == "tests"
    if not room or (room not in MAY_INCLUDE and not is_test):
        return [f"{relative}:1: {room or relative.name} is not a room"]
    judge = complaint_of_test if is_test else complaint
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match is None:
            continue
        problem = judge(room, match[2], match[1] == '"')
        if problem is not None:
            found.append(f"{relative}:{number}: #include {match[2]}: {problem}")
    return found


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    files = sorted(path for top in ("include", "src", "tests") for path in (root / top).rglob("*")
                   if path.suffix in SOURCE_SUFFIXES)
    complaints = [line for path in files for line in check_file(root, path)]
    for line in complaints:
        print(line)
    print(f"{len(files)} files, {len(complaints)} forbidden includes")
    return 1 if complaints or not files else 0


if __name__ == "__main__":
    sys.exit(main())
