#!/usr/bin/env bash
# The built program: its exit status for each kind of outcome, and what it prints where.
set -uo pipefail

directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
failures=0

# status WANTED ARGUMENT...: the program exits with this status; its output is left in out and err.
status() {
    local wanted=$1 got
    shift
    "$AMALGAM_BINARY" "$@" >"$directory/out" 2>"$directory/err" </dev/null
    got=$?
    if ((got != wanted)); then
        echo "status $got instead of $wanted: amalgam $*" >&2
        cat "$directory/out" "$directory/err" >&2
        failures=$((failures + 1))
    fi
}

# prints FILE TEXT: the last output (out or err) has this text.
prints() {
    if ! grep -qF -- "$2" "$directory/$1"; then
        echo "std$1 lacks: $2" >&2
        cat "$directory/$1" >&2
        failures=$((failures + 1))
    fi
}

cat >"$directory/broken.scn" <<'END'
case      "One store"
machine   arm64, granule 4K, va 48, bbm 0..3, cpus 2
frame     a, b contents distinct
map       x = a rw
agent update on cpu 0
    set   pte x = b ro
observer writer on cpu 1
    add   x may fault or be lost
END
cp "$directory/broken.scn" "$directory/expected.scn"
printf 'expect\n    bbm 0..3: clean\n' >>"$directory/expected.scn"
printf 'case "x"\n    frame a\n' >"$directory/malformed.scn"

cat >"$directory/reading.litmus" <<'END'
AArch64 reading
{
 0:X0=x;
}
 P0          ;
 LDR W1,[X0] ;
exists (0:X1=0)
END
printf 'file,kind\nreading.litmus,Forbidden\n' >"$directory/published.csv"
printf 'AArch64 malformed\n{\n}\n P0 ;\n FROB ;\nexists (0:X1=0)\n' >"$directory/malformed.litmus"

status 0 --help
prints out "Exit status, every command"
status 0 --version
prints out "amalgam "
status 0 rules
status 0 explain 0x60000080000703 --level 3
status 0 change 0x60000080000703 0x60000080001783 --level 3
prints out "BBM 0 1 2 3: break-before-make required"
status 0 hvo --memory 1G --page 2M
prints out "read-only staging"
status 1 hvo --memory 1G --page 2M --vmemmap blocks
prints out "legal by  --vmemmap pages"
status 2 hvo --memory 1G --page 3M
prints err "huge pages of this granule are 64K, 2M, 32M, 1G"
status 1 check "$directory/broken.scn"
prints out "broken.scn:6:5: violation at BBM 0 1 2 3"
status 1 check "$directory/expected.scn"
prints out "NOT as the file says"
status 2
status 2 check
status 2 check "$directory/malformed.scn"
prints err "malformed.scn:2:"
status 2 check "$directory/absent.scn"
prints err "absent.scn: error: cannot be read"
status 2 change 0xxx 0 --level 3
prints err "is not a hexadecimal descriptor"
status 2 explain 0 --level 7
status 0 litmus "$directory/reading.litmus" --engine both
prints out "engines agree on 1"
status 1 litmus "$directory/reading.litmus" --expect "$directory/published.csv"
prints out "NOT as published"
status 2 litmus "$directory"
prints err "malformed.litmus:5:2: error: "
prints out "2 tests: 1 allowed, 0 forbidden, 1 that cannot be used"
sed 's/LDR W1/C: LDR W1/; s/^exists.*/ CBZ W1,C     ;\nexists (0:X1=1)/' "$directory/reading.litmus" >"$directory/spinning"
status 3 litmus "$directory/spinning"
prints out "loops cut"
status 3 check "$directory/broken.scn" --max-states 3
prints out "not decided at BBM 0 1 2 3"

# Standard input, and an endless one.
"$AMALGAM_BINARY" check - <"$directory/broken.scn" >"$directory/out" 2>&1
[[ $? == 1 ]] || { echo "standard input is not checked" >&2; failures=$((failures + 1)); }
"$AMALGAM_BINARY" check /dev/zero >"$directory/out" 2>"$directory/err"
[[ $? == 2 ]] || { echo "endless input is not refused" >&2; failures=$((failures + 1)); }
prints err "is larger than 16 MiB"

# No colour into a pipe; the same bytes every time.
"$AMALGAM_BINARY" check "$directory/broken.scn" >"$directory/first"
"$AMALGAM_BINARY" check "$directory/broken.scn" --jobs 1 >"$directory/second"
cmp "$directory/first" "$directory/second" || failures=$((failures + 1))
if grep -q $'\x1b' "$directory/first"; then
    echo "colour into a file" >&2
    failures=$((failures + 1))
fi

if [[ -e /dev/full ]]; then
    "$AMALGAM_BINARY" rules >/dev/full 2>"$directory/err"
    [[ $? == 2 ]] || { echo "a full disk goes unseen" >&2; failures=$((failures + 1)); }
fi
exit $((failures > 0))
