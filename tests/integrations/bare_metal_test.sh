#!/usr/bin/env bash
# The library as shipped on emulated CPUs: builds integrations/bare-metal and runs it on several CPU
# models, granules and exception levels, the two CPUs in turns, and on some of them at once.
set -uo pipefail

tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
failures=0

skip() {
    echo "skipped: $*"
    exit 77
}

command -v aarch64-linux-gnu-g++ >/dev/null || skip "no aarch64-linux-gnu-g++ (package g++-aarch64-linux-gnu)"
command -v qemu-system-aarch64 >/dev/null || skip "no qemu-system-aarch64 (package qemu-system-arm)"
models="$(qemu-system-aarch64 -M virt -cpu help)"

# on CPU REGIME GRANULE [race]: one run; its whole output where it fails. REGIME is EL1 or EL2 for
# stage 1 there, guest for stage 2 at EL2.
on() {
    local cpu=$1 regime=$2 granule=$3 mode=${4:-turns} machine=virt,gic-version=2 threads=single arguments status
    if ! grep -qw -- "$cpu" <<<"$models"; then
        echo "left out: this QEMU has no $cpu"
        return
    fi
    [[ $regime == EL1 ]] || machine+=,virtualization=on
    [[ $mode == race ]] && threads=multi
    arguments="arg=$granule,arg=$regime,arg=$mode"
    timeout 120 qemu-system-aarch64 -M "$machine" -cpu "$cpu" -accel "tcg,thread=$threads" -smp 2 -m 2G \
        -display none -nodefaults -serial stdio -semihosting-config "enable=on,target=native,$arguments" \
        -kernel "$tree/bare-metal.elf" >"$tree/output" 2>&1 </dev/null
    status=$?
    printf '%-12s %-5s %-3s %-5s %-16s %s\n' "$cpu" "$regime" "$granule" "$mode" \
        "$(grep -om1 'FEAT_BBM level [0-9]' "$tree/output")" "$(tail -n 1 "$tree/output")"
    if ((status != 0)) || ! grep -q '^bare-metal: .* passed, 0 failed$' "$tree/output"; then
        echo "exit status $status" && cat "$tree/output"
        failures=$((failures + 1))
    fi
}

"$AMALGAM_SOURCE_DIR/integrations/bare-metal/build.sh" "$tree" || exit 1

# Each granule at each stage and level somewhere; all of them where FEAT_BBM has most to offer.
on cortex-a57 EL1 4K
on cortex-a57 EL1 64K
for regime in EL1 EL2 guest; do
    on cortex-a76 $regime 16K
    on neoverse-n1 $regime 4K
    on max $regime 4K
    on max $regime 64K
done
on max EL1 16K
on cortex-a57 EL1 4K race
on max EL1 4K race
exit $((failures > 0))
